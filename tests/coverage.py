#!/usr/bin/env python3
"""Which lines the tests ran, of what gcovr counted.

usage: coverage.py LINES.json [FILE]...

One line a source file that is not covered whole, then one a floor; with FILEs,
their lines that never ran. Exit status 1 if a floor is below 95 %.
"""
import collections
import json
import sys

ENOUGH = 95.0


def lines_of(entry):
    """{number: how often it ran}; a line may be counted more than once."""
    ran = collections.defaultdict(int)
    for line in entry["lines"]:
        if not line.get("gcovr/noncode"):
            ran[line["line_number"]] += line["count"]
    return ran


def missed(path, ran):
    with open(path) as source:
        text = source.read().split("\n")
    for number in sorted(n for n in ran if not ran[n]):
        print("%s:%d:%s" % (path, number, text[number - 1]))


def main():
    files = {f["file"]: lines_of(f)
             for f in json.load(open(sys.argv[1]))["files"]}
    for path in sys.argv[2:]:
        missed(path, files[path])
    if sys.argv[2:]:
        return 0
    floors = {}
    for path, ran in sorted(files.items()):
        floor = floors.setdefault(path.split("/")[0], [0, 0])
        done = sum(1 for n in ran.values() if n)
        floor[0] += done
        floor[1] += len(ran)
        if done < len(ran):
            print("%-32s %5d of %5d lines" % (path, done, len(ran)))
    for name, (done, all_lines) in floors.items():
        print("%-8s %6d of %6d lines, %.1f %%"
              % (name, done, all_lines, 100.0 * done / all_lines))
    return any(100.0 * d < ENOUGH * n for d, n in floors.values())


sys.exit(main())
