"""player_page.py - the state in a player's page, and what mmemu replay reports.

player_check.py compares the two at the same points of a trace; player_browser.py
compares what a browser shows.
"""
import json
import os
import re
import subprocess
import tempfile

KEYS = {"task": 1, "mm": 1, "area": 2, "entry": 2, "frame": 1, "cache": 1,
        "slab": 2, "counter": 1}


def page_json(path):
    """Everything between the tags of the page's data."""
    text = open(path, encoding="utf-8").read()
    begin = '<script type="application/json" id="data">'
    assert text.count(begin) == 1, "the page has its data once"
    text = text[text.index(begin) + len(begin):]
    return json.loads(text[:text.index("</script>")])


def rows(columns):
    """Differences by column -> rows."""
    table = []
    for column in columns or []:
        numbers, last = [], 0
        for d in column:
            by, times = d if isinstance(d, list) else (d, 1)
            for _ in range(times):
                last += by
                numbers.append(last)
        table.append(numbers)
    return list(zip(*table))


def story_lines(data, numbers, language):
    """Lines as `mmemu explain` prints them, from their patterns."""
    lines = []
    for number in numbers:
        *patterns, = data["lines"][number]
        values = patterns[2:]
        if values and isinstance(values[0], list):
            values = values[language]
        holes = iter(values)
        lines.append("".join(str(next(holes)) if c == "\x01" else c
                             for c in data["strings"][patterns[language]]))
    return lines


def explained(mmemu, trace, line, language, options=()):
    """The story, and what changed, of `mmemu explain`."""
    done = subprocess.run([mmemu, "explain", trace, "--line", str(line), "--lang",
                           language, *options], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    text = done.stdout.decode("utf-8", errors="backslashreplace")
    _, story, *changes = text.rstrip("\n").split("\n\n")
    if re.match(r"[.\w]+\(", story.lstrip(" .")) is None and not changes:
        return [], []  # a sentence: nothing was done
    return story.split("\n"), [line.strip() for line in "".join(changes).split("\n")[1:]]


class State:
    def __init__(self, data):
        self.data = data
        self.sections = {name: {} for name in KEYS}
        zones, types = len(data["zones"]), len(data["types"])
        self.per_zone = (data["orders"] + 1) * types
        self.lists = [[] for _ in range(zones * self.per_zone)]

    def apply(self, step):
        d = step["d"]
        for name, keys in KEYS.items():
            for row in rows(d.get("-" + name)):
                del self.sections[name][row]
            for row in rows(d.get(name)):
                self.sections[name][row[:keys]] = row
        for number, start, gone, *pfns in d.get("list", []):
            assert len(self.lists[number]) >= start + gone
            self.lists[number][start:start + gone] = pfns

    def string(self, number):
        return self.data["strings"][number]

    def tasks(self):
        """pid -> mm's serial, 0: a zombie"""
        return {t[0]: t[4] for t in self.sections["task"].values()}

    def maps(self, mm):
        areas = sorted(a for a in self.sections["area"].values() if a[0] == mm)
        return [self.string(a[4]) for a in areas]

    def tables(self, mm):
        """The lines of the report `tables`, from the decoded entries."""
        fmt, shift = self.data["format"], self.data["page_shift"]
        pgd, ptes = self.sections["mm"][(mm,)][1:3]
        lines = [f'{fmt["name"]}: {fmt["levels"][0][0]} table in frame '
                 f'0x{pgd:05x}, {ptes} last-level tables']
        entries = (e for e in self.sections["entry"].values() if e[0] == mm)
        for _, page, high, low, at, kind, number, text in sorted(entries):
            depth, va = page % 8, (page >> 3) << shift
            name, bit, bits = fmt["levels"][depth]
            text = self.string(text)
            zero = " (zero)" if number == self.data["zero"] else ""
            what = [lambda: f'{fmt["levels"][depth + 1][0]} table in frame 0x{number:05x}{text}',
                    lambda: f"frame 0x{number:05x}{zero}{text}",
                    lambda: f"large page of {1 << bit - 10}K, frame 0x{number:05x}{zero}{text}",
                    lambda: f"file page {number}",
                    lambda: f"swap area {text} slot {number}"][kind]()
            index = (va >> bit) & ((1 << bits) - 1)
            lines.append(f'{"  " * (depth + 1)}{name}[{index}] 0x{va:08x} at 0x{at:08x} = '
                         f'0x{high << 32 | low:0{fmt["digits"]}x} {what}')
        if fmt["kernel"] < fmt["entries"]:
            lines.append(f'  {fmt["levels"][0][0]}[{fmt["kernel"]}-{fmt["entries"] - 1}] '
                         "the kernel's, shared by all")
        return lines

    def free(self, zone, order, type_):
        types = len(self.data["types"])
        return self.lists[zone * self.per_zone + order * types + type_]

    def buddyinfo(self):
        types = range(len(self.data["types"]))
        return {z[0]: [sum(len(self.free(i, o, t)) for t in types)
                       for o in range(self.data["orders"])]
                for i, z in enumerate(self.data["zones"]) if z[0]}

    def lists_of_state(self):
        """free and pcplist lines of the report `state`"""
        lines = []
        for i, (name, *_) in enumerate(self.data["zones"]):
            for o in range(self.data["orders"] + 1):
                for t, type_ in enumerate(self.data["types"]):
                    pfns = self.free(i, o, t)
                    kind = "pcplist " + name if o == self.data["orders"] else f"free {name} {o}"
                    if pfns:
                        lines.append(f"{kind} {type_.lower()} " + " ".join(map(str, pfns)))
        return lines

    def slabinfo(self):
        """name -> active_objs num_objs objsize objperslab pagesperslab, active_slabs num_slabs"""
        caches = sorted(self.sections["cache"].values(), key=lambda c: -c[2])
        return [(self.string(c[1]), *c[3:10]) for c in caches]

    def slab_lines(self):
        """cache name -> frame -> objects in use or in the array cache"""
        names = {c[0]: self.string(c[1]) for c in self.sections["cache"].values()}
        result = {}
        for cache, pfn, objects in self.sections["slab"].values():
            runs = re.findall(r"([ucf])(\d+)", self.string(objects))
            used = sum(int(n) for kind, n in runs if kind != "f")
            result[names[cache], pfn] = (used, sum(int(n) for kind, n in runs if kind == "c"))
        return result

    def counters(self, first, last):
        return {self.string(c[1]): c[2] for c in self.sections["counter"].values()
                if first <= c[0] < last}

    def mappings(self):
        """frame -> {(pid, address)} over all processes"""
        pids = {}
        for pid, mm in self.tasks().items():
            pids.setdefault(mm, []).append(pid)
        result = {}
        for e in self.sections["entry"].values():
            if e[5] == 1:
                for pid in pids.get(e[0], []):
                    result.setdefault(e[6], set()).add(
                        (pid, (e[1] >> 3) << self.data["page_shift"]))
        return result

    def frames(self):
        """pfn -> (count, mapcount, mapped by)"""
        by = self.mappings()
        return {f[0]: (f[2], f[3], by.get(f[0], set()))
                for f in self.sections["frame"].values()}


class Replay:
    """What mmemu replay reports at a line of the trace."""

    def __init__(self, mmemu, trace, line, pids, options=()):
        wanted = ["buddyinfo", "slabinfo", "meminfo", "vmstat", "frames", "state"]
        wanted += [f"{kind}={pid}" for pid in pids for kind in ("maps", "tables", "status")]
        self.texts = {}
        with tempfile.TemporaryDirectory() as folder:
            command = [mmemu, "replay", trace, "--at", f"line:{line}", "-o", folder, *options]
            for kind in wanted:
                command += ["-r", kind]
            done = subprocess.run(command, capture_output=True, check=False)
            assert done.returncode in (0, 1), done.stderr.decode()
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), encoding="utf-8",
                          errors="backslashreplace") as f:
                    self.texts[name] = f.read()

    def lines(self, name):
        return self.texts[name].split("\n")[:-1]

    def buddyinfo(self):
        found = {}
        for line in self.lines("buddyinfo"):
            words = line.split()
            found[words[3]] = [int(n) for n in words[4:]]
        return found

    def lists_of_state(self):
        return [line for line in self.lines("state")
                if line.startswith(("free ", "pcplist "))]

    def slabinfo(self):
        found = []
        for line in self.lines("slabinfo")[2:]:
            words = line.split()
            found.append((words[0], *(int(n) for n in words[1:6] + words[-3:-1])))
        return found

    def slab_lines(self, page_offset, page_size):
        found, waiting = {}, {}
        for line in self.lines("state"):
            words = line.split()
            if words[0] == "ac":
                for obj in words[2:]:
                    waiting.setdefault(words[1], []).append(int(obj, 16))
        sizes = {w[1]: (int(w[5]), int(w[11]), int(w[13])) for w in
                 (line.split() for line in self.lines("state")) if w[0] == "cache"}
        for line in self.lines("state"):
            words = line.split()
            if words[0] != "slab":
                continue
            name, s_mem, inuse = words[1], int(words[4], 16), int(words[10])
            pfn = (s_mem - page_offset) // page_size
            size, num, order = sizes[name]
            pfn -= pfn % (1 << order)
            held = [o for o in waiting.get(name, []) if s_mem <= o < s_mem + size * num]
            found[name, pfn] = (inuse, len(held))
        return found

    def counters(self, name):
        found = {}
        for line in self.lines(name):
            words = line.replace(":", " ").split()
            found[words[0]] = int(words[1])
        return found

    def counters_of_status(self, name):
        """Those in kB."""
        return {line.split(":")[0]: int(line.split()[1]) for line in self.lines(name)
                if line.endswith(" kB")}

    def frames(self):
        """{frozenset of (pid, address)} of all mapped frames"""
        return {frozenset((int(p), int(a, 16)) for p, a in
                          re.findall(r" (\d+):(0x[0-9a-f]+)", line))
                for line in self.lines("frames")}
