#!/usr/bin/env python3
"""Plant small faults in core/, one at a time, and see whether the tests tell.

usage: mutate.py [--count N] [--seed S] [--jobs N] [--only FILE] [--list]
       mutate.py --these FILE       those of a file, as survivors.txt has them

A sample of N faults is planted in copies of the tree below build/mutation. It
is drawn by seed S from all there are, so that a change of the code changes
little else than those of the lines it touches. For each, the quick tests run and stop at the
first that fails: golden scenarios, random traces, module tests. A fault that
does not build is not counted; one that makes a test hang is caught.

Survivors are printed and kept in build/mutation/survivors.txt. Those that are
listed in tests/mutation/equivalent.txt change nothing and do not count.
"""
import argparse
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(ROOT, "build", "mutation")
TREE = ["core", "trace", "formats", "cmd", "tests", "traces", ".ci", "Makefile"]
MAKE = ["make", "-s", "CFLAGS=-O1", "B=build"]
PRODUCTS = ["build/mmemu", "build/tests/run", "build/tests/random"]
TESTS = [
    (["build/mmemu", "check", "traces", "tests/golden", "-j", "1"], 60),
    (["build/tests/random", "--count", "60", "--shrink", "no"], 60),
    (["build/tests/run", "-j1", "--quiet", "--fail-fast"], 240),
]

# (what to find, what to put there); applied to one place of a line
OPERATORS = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" == ", " != "), (r" != ", " == "),
    (r" && ", " || "), (r" \|\| ", " && "),
    (r"(?<=[\w)\]]) \+ (?=[\w(])", " - "), (r"(?<=[\w)\]]) - (?=[\w(])", " + "),
    (r" \+= ", " -= "), (r" -= ", " += "), (r" \|= ", " &= "),
    (r" & ~", " | ~"), (r" &= ~", " |= "),
    (r"\+\+;", "--;"), (r"--;", "++;"),
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
    (r"\bif \(!", "if ("), (r"\bif \((?!!)(?=\w[\w>.\-]*\))", "if (!"),
    (r"return 0;", "return -22;"), (r"return -E\w+;", "return 0;"),
    (r" >> ", " << "), (r" << ", " >> "),
    (r"(?<=[ (])1(?=[;), ])", "2"), (r"(?<=[ (])0(?=[;),])", "1"),
]
# a statement that is a call or an assignment: left out
STATEMENT = re.compile(r"^\t+[a-z_]\w*(->[\w.\->\[\]]+|\.[\w.\->]+)?"
                       r"(\(.*\)| [|&+\-]?= .*|\+\+|--);$")
SKIP = re.compile(r"CHECK\(|mm_assert|observe\(|^#|^\s*/?\*|\"|static const|"
                  r"^\w.*\($|sizeof|^\s*case |for \(;;\)|unlikely\(!r\b")


def code_lines(path):
    """(number, line) of what is code: no comments, no self-checks."""
    comment = False
    checking = False
    for number, line in enumerate(open(path).read().split("\n")):
        if re.match(r"^[a-z].*\b\w*check\w*\(", line) and ";" not in line:
            checking = True
        if line == "}":
            checking = False
        begins = "/*" in line
        if not comment and not begins and not checking and \
           line.startswith("\t") and not SKIP.search(line):
            yield number, line
        if begins:
            comment = True
        if "*/" in line:
            comment = False


def all_faults(only):
    for path in sorted(glob.glob(os.path.join(ROOT, "core", "*.c"))):
        name = os.path.relpath(path, ROOT)
        if name.endswith("_check.c") or (only and only not in name):
            continue
        for number, line in code_lines(path):
            for pattern, by in OPERATORS:
                for found in re.finditer(pattern, line):
                    yield (name, number, line,
                           line[:found.start()] + by + line[found.end():])
            if STATEMENT.match(line):
                yield (name, number, line, "\t;")


def named_in(path, faults):
    """Those that FILE names: survivors.txt, perhaps of an older tree."""
    wanted = {l.strip() for l in open(path)}
    return [f for f in faults if describe(f) in wanted]


def describe(fault):
    return "%s: %s => %s" % (fault[0], fault[2].strip(), fault[3].strip())


def draw(everything, seed, count):
    """Those with the lowest hashes: no fault's lot depends on another's. The
    same text in one file twice is two faults."""
    seen = {}
    lots = []
    for fault in everything:
        name = describe(fault)
        seen[name] = seen.get(name, 0) + 1
        lot = "%d %s %d" % (seed, name, seen[name])
        lots.append((hashlib.sha256(lot.encode()).digest(), fault))
    return [fault for _, fault in sorted(lots)[:count]]


def known_equivalent():
    path = os.path.join(HERE, "equivalent.txt")
    return {l.strip() for l in open(path)
            if l.strip() and not l.startswith("#")}


def run(command, cwd, limit):
    """The exit status; a hang is a status too."""
    with open(os.path.join(cwd, "log"), "w") as log:
        process = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log,
                                   start_new_session=True,
                                   env=dict(os.environ, B="build"))
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return "hangs"


def prepare(place, model):
    """A copy of the tree, built."""
    if model:
        shutil.copytree(model, place, symlinks=True)
        return
    os.makedirs(place)
    for item in TREE:
        source = os.path.join(ROOT, item)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(place, item))
        else:
            shutil.copy2(source, place)
    if run(MAKE + ["-j2"] + PRODUCTS, place, 1200) != 0:
        sys.exit("mutate: the tree does not build: %s/log" % place)
    for command, limit in TESTS:
        if run(command, place, limit) != 0:
            sys.exit("mutate: the tests fail without a fault: %s"
                     % " ".join(command))


def test(place):
    """How the fault was found; None: it was not."""
    if run(MAKE + PRODUCTS, place, 300) != 0:
        return "build"
    for command, limit in TESTS:
        status = run(command, place, limit)
        if status == "hangs":
            return "hang"
        if status != 0:
            return os.path.basename(command[0]) + \
                (" check" if command[1] == "check" else "")
    return None


def try_fault(place, fault):
    path = os.path.join(place, fault[0])
    with open(path) as source:
        text = source.read()
    lines = text.split("\n")
    lines[fault[1]] = fault[3]
    with open(path, "w") as out:
        out.write("\n".join(lines))
    try:
        return test(place)
    finally:
        with open(path, "w") as out:
            out.write(text)


class Work:
    def __init__(self, faults):
        self.faults = faults
        self.next = 0
        self.lock = threading.Lock()
        self.found = {}
        self.survivors = []

    def take(self):
        with self.lock:
            if self.next == len(self.faults):
                return None
            self.next += 1
            return self.faults[self.next - 1]

    def settle(self, fault, by, seconds):
        with self.lock:
            key = by or "survived"
            self.found[key] = self.found.get(key, 0) + 1
            if not by:
                self.survivors.append(fault)
            print("%-16s %5.1f s  %s:%d" % (key, seconds, fault[0],
                                            fault[1] + 1), flush=True)


def worker(work, place):
    while True:
        fault = work.take()
        if not fault:
            return
        begin = time.time()
        work.settle(fault, try_fault(place, fault), time.time() - begin)


def summary(work, total):
    equivalent = known_equivalent()
    judged = [f for f in work.survivors if describe(f) in equivalent]
    alive = [f for f in work.survivors if describe(f) not in equivalent]
    not_built = work.found.get("build", 0)
    counted = len(work.faults) - not_built - len(judged)
    caught = counted - len(alive)
    with open(os.path.join(WORK, "survivors.txt"), "w") as out:
        for fault in alive:
            out.write("%s:%d\n%s\n\n" % (fault[0], fault[1] + 1,
                                         describe(fault)))
    print("\nsurvivors:" if alive else "")
    for fault in alive:
        print("  line %d of %s" % (fault[1] + 1, describe(fault)))
    print("%d of %d possible faults planted: %d do not build, %d judged "
          "equivalent" % (len(work.faults), total, not_built, len(judged)))
    print("caught: %d of %d (%.1f %%): %s" % (
        caught, counted, 100.0 * caught / max(counted, 1),
        ", ".join("%s %d" % (k, v) for k, v in sorted(work.found.items())
                  if k not in ("build", "survived"))))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only")
    parser.add_argument("--these")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    everything = list(all_faults(options.only))
    if options.these:
        chosen = named_in(options.these, everything)
    else:
        chosen = draw(everything, options.seed, options.count)
    if options.list:
        for fault in chosen:
            print("%d %s" % (fault[1] + 1, describe(fault)))
        return
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    begin = time.time()
    places = [os.path.join(WORK, "w%d" % i) for i in range(options.jobs)]
    for i, place in enumerate(places):
        prepare(place, places[0] if i else None)
    work = Work(chosen)
    threads = [threading.Thread(target=worker, args=(work, place))
               for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    summary(work, len(everything))
    print("%.0f minutes" % ((time.time() - begin) / 60))


main()
