#!/usr/bin/env python3
"""Answers of `mmemu quiz` against computations that know nothing of the emulator.

usage: quiz.py MMEMU SEEDS   each topic with seeds 1 to SEEDS

Each check reads the exercise as a student would, computes the answer in its own
way (bits of addresses, a bitmap of frames, textbook lists ...) and compares it
with the worked answer.
"""
import re
import subprocess
import sys

HEX = r"0x([0-9a-f]+)"


def answers(mmemu, topic, seeds):
    """(seed, exercise's lines, answer's lines) of each seed."""
    text = subprocess.run(
        [mmemu, "quiz", topic, "--count", str(seeds), "--answer"],
        check=True, capture_output=True, text=True).stdout
    parts = re.split(r"^.*\(mmemu quiz %s --seed (\d+)\)$" % topic, text,
                     flags=re.M)
    for i in range(1, len(parts), 2):
        exercise, answer = parts[i + 1].split("\nAnswer\n")
        yield int(parts[i]), exercise, answer


def equal(got, want, what):
    assert got == want, "%s: answer %s, expected %s" % (what, got, want)


def widths(text):
    """Index bits of each level, root first, of "format x86-pae (2 + 9 + 9 + 12"."""
    joined = " ".join(text.split())
    bits = [int(b) for b in
            re.search(r"format \S+ \((?:table, )?([\d +]+)", joined)[1].split("+")]
    assert bits[-1] == 12
    return bits[:-1]


def split(addr, bits):
    """The index on each level, and the offset."""
    shift = 12 + sum(bits)
    index = []
    for b in bits:
        shift -= b
        index.append(addr >> shift & ((1 << b) - 1))
    return index, addr & 0xfff


# ---- translate: the words of the exercise are all there is of memory

def memory_of(exercise):
    """Entries by their address, and the size of one."""
    words, size, table = {}, 4, 0
    for line in exercise.splitlines():
        if m := re.match(r" +\w+ table at " + HEX, line):
            table = int(m[1], 16)
        elif m := re.match(r" +\[ *(\d+)\] " + HEX, line):
            size = len(m[2]) // 2
            words[table + int(m[1]) * size] = int(m[2], 16)
    return words, size


def translate_one(words, size, root, bits, access, addr):
    """("physical", address) or ("fault", error code)"""
    index, offset = split(addr, bits)
    table, write, execute, pae = root, True, True, bits[0] == 2
    code = 4 | (2 if access == "write" else 0) | (
        16 if access == "fetch" and size == 8 else 0)
    for depth, i in enumerate(index):
        entry = words.get(table + i * size, 0)
        if not entry & 1:
            return "fault", code
        if not (pae and depth == 0):
            write = write and entry & 2
            execute = execute and not entry >> 63
            assert entry & 4
        table = entry & 0x7ffffffffffff000
    if (access == "write" and not write) or (access == "fetch" and not execute):
        return "fault", code | 1
    return "physical", table + offset


def check_translate(exercise, answer):
    words, size = memory_of(exercise)
    joined = " ".join(exercise.split())
    root = int(re.search("topmost table is at " + HEX, joined)[1], 16)
    asked = re.findall(r"^ +\((\w)\) (\w+) +" + HEX, exercise, flags=re.M)
    equal(len(asked), 5, "questions")
    kinds = set()
    for letter, access, addr in asked:
        part = re.search(r"^    \(%s\) .*?(?=^    \(|\Z)" % letter, answer,
                         flags=re.M | re.S)[0]
        index, offset = split(int(addr, 16), widths(exercise))
        for i, n in enumerate(re.findall(r"\w+ (\d+),", part.splitlines()[0])):
            equal(int(n), index[i], "index")
        equal(int(re.search("offset " + HEX, part)[1], 16), offset, "offset")
        if m := re.search("physical address " + HEX, part):
            got = "physical", int(m[1], 16)
        else:
            got = "fault", int(re.search("error code " + HEX, part)[1], 16)
        equal(got, translate_one(words, size, root, widths(exercise), access,
                                 int(addr, 16)), letter)
        kinds.add(got[0])
    equal(kinds, {"physical", "fault"}, "kinds")


# ---- page-table-size, struct-pages

def check_page_table_size(exercise, answer):
    bits = widths(exercise)
    joined = " ".join(exercise.split())
    size = int(re.search(r"an entry has (\d+) bytes", joined)[1])
    pages = [int(a, 16) for a in re.findall(r"^    " + HEX, exercise, flags=re.M)]
    assert len(pages) >= 3 and pages == sorted(set(pages))
    rows = re.findall(r"(\w+) +(\d+) x +(\d+) bytes = +(\d+)", answer)
    equal(len(rows), len(bits), "levels")
    total = 0
    for depth, (_, n, each, all_) in enumerate(rows):
        tables = {tuple(split(p, bits)[0][:depth]) for p in pages}
        bytes_ = size << bits[depth]
        equal((int(n), int(each), int(all_)),
              (len(tables), bytes_, len(tables) * bytes_), "level %d" % depth)
        total += len(tables) * bytes_
    equal(int(re.search(r"sum +(\d+) bytes", answer)[1]), total, "sum")
    assert len(bits) == 1 or int(rows[-1][1]) > 1, "no question"


def check_struct_pages(exercise, answer):
    joined = " ".join(exercise.split())
    n, unit, page, size = re.search(
        r"has (\d+) (\w)iB of memory and pages of (\d+) bytes; struct page "
        r"has (\d+) bytes", joined).groups()
    memory = int(n) << (30 if unit == "G" else 20)
    bytes_ = memory // int(page) * int(size)
    assert "%d bytes\n" % bytes_ in answer, bytes_
    assert "%d frames, %.2f %%" % (-(-bytes_ // 4096),
                                   100 * bytes_ / memory) in answer


# ---- buddy: a bitmap; free blocks are the largest aligned pieces of it

def blocks(free, lo=0, order=6):
    """(order, first frame) of each free block."""
    if all(free[lo:lo + (1 << order)]):
        return [(order, lo)]
    if order == 0:
        return []
    half = 1 << (order - 1)
    return blocks(free, lo, order - 1) + blocks(free, lo + half, order - 1)


def take(free, order):
    """The frames that go, and the block they were part of."""
    fits = [b for b in blocks(free) if b[0] >= order]
    least = min(fits)[0]
    equal(len([b for b in fits if b[0] == least]), 1, "blocks to choose from")
    at = min(fits)
    frames = range(at[1], at[1] + (1 << order))
    for f in frames:
        free[f] = False
    return frames, at


def check_buddy(exercise, answer):
    free, held, steps = [True] * 64, {}, []
    for line in exercise.splitlines():
        if m := re.match(r"    (\w) = alloc_pages\((\d)\)", line):
            held[m[1]], _ = take(free, int(m[2]))
            steps.append("%s = frames %d-%d" % (m[1], held[m[1]][0],
                                                held[m[1]][-1]))
        elif m := re.match(r"    free_pages\((\w), (\d)\)", line):
            for f in held[m[1]]:
                free[f] = True
            steps.append("free_pages(%s): frames %d-%d" % (
                m[1], held[m[1]][0], held[m[1]][-1]))
        else:
            continue
        picture = ["#"] * 64
        for order, at in blocks(free):
            picture[at:at + (1 << order)] = [str(order)] + ["."] * (
                (1 << order) - 1)
        steps.append("    " + "".join(picture))
    assert "".join("    %s\n" % s for s in steps) in answer, steps
    for order in range(1, 7):
        got = re.search(r"order %d:(.*)" % order, answer)[1].split()
        equal([] if got == ["-"] else [int(g) for g in got],
              [at for o, at in blocks(free) if o == order], order)
    order = int(re.search(r"does\s+alloc_pages\((\d)\)\s+take\s+next",
                          exercise)[1])
    frames, at = take(free, order)
    assert "alloc_pages(%d): frames %d-%d" % (order, frames[0],
                                              frames[-1]) in answer
    assert (at[0] == order and "no block is split" in answer) or (
        "splits the block of order %d at %d\n" % at in answer)


# ---- slab: try numbers of objects; the array of the CPU as a list

def up(n, a):
    return -(-n // a) * a


def layout(size, hwalign):
    """objsize, objects, pages, left over, colours"""
    align = 8
    if hwalign:
        line = 64
        while line > 1 and size <= line // 2:
            line //= 2
        align = max(8, line)
    objsize = up(up(size, 4), align)
    off_slab = up(size, 4) >= 512
    for order in (0, 1):
        room = 4096 << order
        num = 0
        while ((0 if off_slab else up(28 + 4 * (num + 1), align)) +
               (num + 1) * objsize <= room):
            num += 1
        head = up(28 + 4 * num, align)
        left = room - num * objsize - (0 if off_slab else head)
        if num and left * 8 <= room:
            break
    if off_slab and left >= head:
        left -= head
    return objsize, num, 1 << order, left, max(1, left // max(64, align))


class Cache:
    def __init__(self, num, limit, batch):
        self.num, self.limit, self.batch = num, limit, batch
        self.array, self.partial, self.empty, self.full = [], [], [], []

    def slabs(self):
        return self.partial + self.empty + self.full

    def refill(self):
        while len(self.array) < self.batch and (self.partial or self.empty):
            s = (self.partial or self.empty)[0]
            (self.partial if self.partial else self.empty).remove(s)
            while s["free"] and len(self.array) < self.batch:
                self.array.append((s, s["free"].pop(0)))
            (self.partial if s["free"] else self.full).append(s)

    def alloc(self):
        if not self.array:
            self.refill()
        if not self.array:
            self.empty.append({"free": list(range(self.num))})
            self.refill()
        return self.array.pop()

    def free(self, obj):
        assert len(self.array) < self.limit
        self.array.append(obj)

    def shrink(self):
        for s, i in self.array:
            s["free"].append(i)
        self.array = []
        self.partial = [s for s in self.slabs() if len(s["free"]) < self.num]
        self.empty, self.full = [], []

    def row(self, live):
        n = self.num * len(self.slabs())
        return (n - sum(len(s["free"]) for s in self.slabs()), n,
                len(self.slabs()), live)


def check_slab(exercise, answer):
    size, flags = re.search(r'"object", (\d+), 0, (\w+)', exercise).groups()
    joined = " ".join(exercise.split())
    limit, batch = map(int, re.search(
        r"holds up to (\d+) objects; (\d+) move", joined).groups())
    taken = int(re.search(r"(\d+) x kmem_cache_alloc", exercise)[1])
    freed = int(re.search(r"(\d+) x kmem_cache_free", exercise)[1])
    want = layout(int(size), flags == "SLAB_HWCACHE_ALIGN")
    got = (re.search(r"objsize (\d+)", answer)[1],
           re.search(r"objperslab (\d+)", answer)[1],
           re.search(r"pagesperslab (\d+)", answer)[1],
           re.search(r"left over (\d+)", answer)[1],
           re.search(r"(\d+) colours", answer)[1])
    equal(tuple(map(int, got)), want, "layout")
    cache = Cache(want[1], limit, batch)
    objects = [cache.alloc() for _ in range(taken)]
    rows = [cache.row(taken)]
    if freed + len(cache.array) <= limit:
        for o in objects[:freed]:
            cache.free(o)
        rows.append(cache.row(taken - freed))
        cache.shrink()
        rows.append(cache.row(taken - freed))
    for name, row in zip(("allocated", "freed", "shrunk"), rows):
        m = re.search(r"%s +(\d+) +(\d+) +(\d+) +(\d+)" % name, answer)
        equal(tuple(map(int, m.groups())), row, name)
    assert rows[0][2] > 1, "one slab is no question"


# ---- maps: a row of pages, and runs of equal ones

PROT = {"PROT_NONE": "---", "PROT_READ": "r--", "PROT_READ|PROT_WRITE": "rw-"}


def runs(pages):
    """Lines as maps would have them."""
    lines, last = [], None
    for at in sorted(pages):
        prot, offset = pages[at]
        if (last and last[1] == at and last[2] == prot and
                (offset is None) == (last[3] is None) and
                (offset is None or last[3] + (at - last[0]) == offset)):
            last[1] = at + 4096
            continue
        last = [at, at + 4096, prot, offset]
        lines.append(last)
    return ["%08x-%08x %sp %08x %s" % (
        lo, hi, prot, offset or 0,
        "00:00 0" if offset is None else "08:01 100        /lib/libc.so")
        for lo, hi, prot, offset in lines]


def check_maps(exercise, answer):
    pages = {}
    for line in exercise.splitlines():
        if not (m := re.match(r"    (\w+)\(%s, (\d+)K(?:, ([A-Z_|]+))?(.*)\)"
                              % HEX, line)):
            continue
        call, addr, size, prot, rest = m.groups()
        where = range(int(addr, 16), int(addr, 16) + int(size) * 1024, 4096)
        for at in where:
            if call == "munmap":
                pages.pop(at, None)
            elif call == "mprotect":
                pages[at] = PROT[prot], pages[at][1]
            else:
                m = re.search("fd, " + HEX, rest)
                pages[at] = PROT[prot], (
                    int(m[1], 16) + at - where[0] if m else None)
    last = answer.strip().split("\n\n")[-1].splitlines()[1:]
    equal([line.strip() for line in last], runs(pages), "maps")
    assert len(last) > 2
    assert re.search(": [1-9] split", answer)
    assert re.search("[1-9] merged", answer)


# ---- faults and cow: pages as Python objects

class Frame:
    def __init__(self, what):
        self.what = what


class Space:
    """What a process maps: (area, page) -> [frame, writable]."""

    def __init__(self):
        self.pte, self.anon_vma = {}, set()

    def fork(self):
        child = Space()
        child.anon_vma = set(self.anon_vma)
        for key, entry in self.pte.items():
            if key[0] in self.anon_vma:  # else the child can fault it in
                if key[0] != "log":
                    entry[1] = False
                child.pte[key] = list(entry)
        return child


ZERO = Frame("zero")


def access(world, files, cold, space, kind, key):
    """Handlers that worked, and whether a file had to be read."""
    area = key[0]
    entry = space.pte.get(key)
    if entry and (kind == "read" or entry[1]):
        return None, False
    if entry:  # do_wp_page
        if area == "log":
            entry[1] = True
            return "do_wp_page (shared)", False
        frame = entry[0]
        users = sum(e[0] is frame for s in world.values()
                    for e in s.pte.values())
        if frame.what == "anon" and users == 1:
            entry[1] = True
            return "do_wp_page (reused)", False
        space.pte[key] = [Frame("anon"), True]
        space.anon_vma.add(area)
        return "do_wp_page (copied)", False
    if area == "heap":
        if kind == "read":
            space.pte[key] = [ZERO, False]
            return "do_anonymous_page (zero page)", False
        space.pte[key] = [Frame("anon"), True]
        space.anon_vma.add(area)
        return "do_anonymous_page (new frame)", False
    major = area in cold
    cold.discard(area)
    if kind == "read":
        space.pte[key] = [files[key], False]
        return "do_read_fault", major
    if area == "log":
        space.pte[key] = [files[key], True]
        return "do_shared_fault", major
    space.pte[key] = [Frame("anon"), True]
    space.anon_vma.add(area)
    return "do_cow_fault", major


BASE = {"heap": 0x20000000, "data": 0x30000000, "log": 0x40000000}
PATH = {"data": "/etc/data", "log": "/var/log"}


def frames_report(world):
    """As the report `frames` has it."""
    frames = {}
    for pid in sorted(world):
        for (area, page), (frame, _) in sorted(
                world[pid].pte.items(), key=lambda e: BASE[e[0][0]] + e[0][1]):
            frames.setdefault(frame, []).append(
                (pid, BASE[area] + page * 4096, area, page))
    lines = []
    for n, (frame, users) in enumerate(frames.items()):
        area, page = users[0][2:]
        what = frame.what
        if what == "file":
            what = "file %s+0x%x" % (PATH[area], page * 4096)
        lines.append("frame %d: %s %s" % (n, " ".join(
            "%d:0x%08x" % u[:2] for u in users), what))
    return lines


def check_faults(exercise, answer):
    cold = {"data"} if "/etc/data is not" in " ".join(exercise.split()) else set()
    files = {(a, p): Frame("file") for a in ("data", "log") for p in range(4)}
    world, want = {100: Space()}, []
    for line in exercise.splitlines():
        if re.match(r"    100 fork 101", line):
            world[101] = world[100].fork()
            want.append("    100 fork 101")
        elif m := re.match(r"    (\d+) (read|write) (\w+)\+(\d)p$", line):
            handler, major = access(world, files, cold, world[int(m[1])], m[2],
                                    (m[3], int(m[4])))
            want.append(line)
            want.append("        minflt=%d majflt=%d%s" % (
                bool(handler) and not major, major,
                ": " + handler if handler else ""))
    parts = answer.split("Frames at the end:")
    equal(parts[0].strip("\n").splitlines(), want, "story")
    equal([line.strip() for line in parts[1].strip().splitlines()],
          frames_report(world), "frames")
    assert "(copied)" in answer


def check_cow(exercise, answer):
    n = int(re.search(r"all (\d) pages", exercise)[1])
    world, want = {100: {p: object() for p in range(n)}}, []
    users = lambda f: sum(g is f for w in world.values() for g in w.values())
    writable = {(100, p) for p in range(n)}
    copies = reuses = 0
    for line in exercise.splitlines():
        if m := re.match(r"    (\d+) fork (\d+)", line):
            world[int(m[2])] = dict(world[int(m[1])])
            writable = {w for w in writable if w[0] != int(m[1])}
            want.append(line)
        elif m := re.match(r"    (\d+) exit", line):
            del world[int(m[1])]
            want.append(line)
        elif m := re.match(r"    (\d+) write heap\+(\d)p$", line):
            pid, page = int(m[1]), int(m[2])
            frame = world[pid][page]
            want.append(line)
            if (pid, page) in writable:
                want.append("        no fault")
                continue
            writable.add((pid, page))
            if users(frame) == 1:
                reuses += 1
                want.append("        reused: the only mapping")
                continue
            copies += 1
            want.append("        copied: %d mappings before" % users(frame))
            world[pid][page] = object()
    want.append("")
    frames = 0
    for page in range(n):
        seen = []
        for pid in sorted(world):
            frame = world[pid][page]
            if any(frame is s for s in seen):
                continue
            seen.append(frame)
            frames += 1
            who = "".join(" %d" % p for p in sorted(world)
                          if world[p][page] is frame)
            want.append("    heap+%dp of%-12s mapcount %d, count %d" % (
                page, who, users(frame), users(frame)))
    want.append("    %d frames, %d copies, %d reused" % (frames, copies, reuses))
    equal(answer.strip("\n").splitlines(), want, "story")
    assert copies and reuses


# ---- replacement: as on paper

def textbook(policy, refs, frames):
    """Indices of the references that fault."""
    held, used, faults, hand = [], set(), [], 0
    for i, page in enumerate(refs):
        if page in held:
            if policy == "lru":
                held.remove(page)
                held.append(page)
            used.add(page)
            continue
        faults.append(i)
        used.add(page)
        if len(held) < frames:
            held.append(page)
            continue
        if policy == "opt":
            later = refs[i + 1:]
            victim = max(held, key=lambda p: later.index(p) if p in later
                         else len(refs))
            held[held.index(victim)] = page
        elif policy == "clock":
            while held[hand] in used:
                used.discard(held[hand])
                hand = (hand + 1) % frames
            held[hand] = page
            hand = (hand + 1) % frames
        else:  # the one that came (fifo) or was used (lru) first
            held.pop(0)
            held.append(page)
    return faults


def check_replacement(exercise, answer):
    refs = re.search(r"^    ([\d ]+)$", exercise, flags=re.M)[1].split()
    frames = int(re.search(r"It has (\d) frames", exercise)[1])
    counts = []
    for policy in ("fifo", "clock", "lru", "opt"):
        want = textbook(policy, refs, frames)
        part = re.search(r"^    %s +\d.*?%s: (\d+) faults" % (policy, policy),
                         answer, flags=re.M | re.S)
        equal(int(part[1]), len(want), policy)
        row = re.search(r"^    fault   (.*)$", part[0], flags=re.M)[1]
        marks = [i for i in range(len(refs)) if row[2 * i + 1:2 * i + 2] == "*"]
        if policy != "opt":
            equal(marks, want, policy + " marks")
        equal(len(marks), len(want), policy + " marks")
        check_columns(part[0], refs, frames, marks)
        counts.append(len(want))
    assert counts[0] != counts[2] and counts[3] < counts[2]


def check_columns(part, refs, frames, marks):
    """Each column holds the page referred to; a fault changes one frame."""
    rows = [re.search(r"^    frame %d (.*)$" % f, part, flags=re.M)[1]
            for f in range(frames)]
    before = [" "] * frames
    for i, page in enumerate(refs):
        now = [r[2 * i + 1:2 * i + 2] or " " for r in rows]
        assert page in now, "column %d" % i
        equal(sum(a != b for a, b in zip(before, now)), int(i in marks),
              "column %d" % i)
        before = now


CHECKS = {
    "translate": check_translate,
    "page-table-size": check_page_table_size,
    "struct-pages": check_struct_pages,
    "buddy": check_buddy,
    "slab": check_slab,
    "maps": check_maps,
    "faults": check_faults,
    "cow": check_cow,
    "replacement": check_replacement,
}


def main():
    mmemu, seeds = sys.argv[1], int(sys.argv[2])
    listed = subprocess.run([mmemu, "quiz", "--list"], check=True,
                            capture_output=True, text=True).stdout
    equal([line.split()[0] for line in listed.splitlines()], list(CHECKS),
          "topics")
    bad = 0
    for topic, check in CHECKS.items():
        n = 0
        for seed, exercise, answer in answers(mmemu, topic, seeds):
            n += 1
            try:
                check(exercise, answer)
            except Exception as e:  # an answer that cannot be read is wrong
                print("%s --seed %d: %s" % (topic, seed, e))
                bad += 1
        equal(n, seeds, topic)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
