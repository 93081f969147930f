#!/usr/bin/env python3
"""Figures are legible: every SVG of every kind over several traces.

Checked on each, by the width estimate of formats/svg.c (its table is read from
there), with a margin:
  1. no text leaves the canvas, nor crosses the edge of a box;
  2. no two texts overlap;
  3. no letter is smaller than 14 pixels;
  4. no line runs through a text, unless a box lies between them;
  5. the same command gives the same bytes.
Charts by gnuplot (timeline) are not ours and not looked at.

usage: figures.py [FOLDER|FILE.svg...]	check these, draw nothing
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

B = os.path.abspath(os.environ.get("B", "build"))
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NS = "{http://www.w3.org/2000/svg}"
MIN_SIZE = 14

# options of mmemu figure --all, the trace last
RUNS = [
    ["--at", "before-fork", "cow"],
    ["--at", "after-fork", "--lang", "ja", "cow"],
    ["--at", "after-cow", "cow"],
    ["--at", "after-cow", "--font-size", "22", "cow"],
    ["--at", "after-cow", "--lang", "ja", "-c", "lecture-5555", "cow"],
    ["--at", "after-cow", "-c", "x86-64-5level", "cow"],
    ["-c", "linux-3.12-i386-pae", "--set", "memory=64G", "fork"],
    ["--lang", "ja", "--set", "memory=4G", "fork"],
    ["--set", "memory=16M", "fragmentation"],
    ["--at", "3", "--size", "a4-portrait", "buddy"],
    ["--at", "10", "--lang", "ja", "--theme", "grey", "address-space"],
    ["-c", "lecture-flat", "exercise-204"],
    ["-c", "x86-64", "--size", "slide43", "demand-paging"],
    ["--at", "6", "slab"],
    ["--at", "6", "--lang", "ja", "--size", "1600x900", "slab"],
    ["--theme", "dark", "ksm"],
    ["--size", "a4-portrait", "ksm"],
    ["swap"],
    ["--lang", "ja", "-c", "riscv-sv39", "demand-paging"],
    ["--at", "450000", "--root", "/", "../recorded/sort.trace.zst"],
    ["--at", "450000", "--lang", "ja", "../recorded/sort.trace.zst"],
]

source = open(os.path.join(ROOT, "formats/svg.c")).read()
table = re.search(r"ascii_width\[\] = \{([^}]*)\}", source).group(1)
WIDTH = [int(n) for n in re.findall(r"\d+", table)]
MONO = int(re.search(r"MONO_WIDTH (\d+)", source).group(1))
BOLD = int(re.search(r"BOLD_PERCENT (\d+)", source).group(1))
assert len(WIDTH) == 95


def width(text, size, mono, bold):
    units = 0
    for c in text:
        w = 1000
        if mono and ord(c) < 128:
            w = MONO
        elif ord(c) < 128:
            w = WIDTH[ord(c) - 32]
        units += w * BOLD // 100 if bold else w
    return units * size / 1000


class Text:
    def __init__(self, element, root_size, order):
        self.words = element.text or ""
        for child in element:
            self.words += child.tail or ""
        self.size = float(element.get("font-size", root_size))
        mono = "Mono" in element.get("font-family", "")
        w = width(self.words, self.size, mono,
                  element.get("font-weight") == "bold")
        x, y = float(element.get("x")), float(element.get("y"))
        anchor = element.get("text-anchor", "start")
        x -= w if anchor == "end" else w / 2 if anchor == "middle" else 0
        self.box = (x, y - 0.72 * self.size, x + w, y + 0.2 * self.size)
        self.order = order


def overlap(a, b, margin=0):
    return (a[0] < b[2] - margin and b[0] < a[2] - margin and
            a[1] < b[3] - margin and b[1] < a[3] - margin)


def inside(a, b, slack=1):
    return (a[0] >= b[0] - slack and a[1] >= b[1] - slack and
            a[2] <= b[2] + slack and a[3] <= b[3] + slack)


def crosses(p, q, box):
    """Does the segment p-q come into the box (shrunk by a pixel)?"""
    x0, y0, x1, y1 = box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1
    t0, t1 = 0.0, 1.0
    for a, d, low, high in ((p[0], q[0] - p[0], x0, x1),
                            (p[1], q[1] - p[1], y0, y1)):
        if d == 0:
            if not low < a < high:
                return False
            continue
        s, e = sorted(((low - a) / d, (high - a) / d))
        t0, t1 = max(t0, s), min(t1, e)
    return t0 < t1


def read(path):
    """Texts, edges (boxes with a stroke), covers (filled), lines."""
    root = ET.parse(path).getroot()
    size = root.get("font-size", "16")
    texts, edges, covers, lines = [], [], [], []
    in_defs = {e for d in root.iter(NS + "defs") for e in d.iter()}
    for order, e in enumerate(root.iter()):
        if e in in_defs:
            continue
        if e.tag == NS + "text":
            texts.append(Text(e, size, order))
        elif e.tag == NS + "rect":
            x, y = float(e.get("x", 0)), float(e.get("y", 0))
            box = (x, y, x + float(e.get("width")),
                   y + float(e.get("height")))
            if e.get("stroke"):
                edges.append(box)
            if e.get("fill", "none") != "none":
                covers.append((order, box))
        elif e.tag == NS + "polyline":
            p = [tuple(map(float, xy.split(",")))
                 for xy in e.get("points").split()]
            lines += [(order, a, b) for a, b in zip(p, p[1:])]
        elif e.tag == NS + "line":
            p = [float(e.get(k)) for k in ("x1", "y1", "x2", "y2")]
            lines.append((order, tuple(p[:2]), tuple(p[2:])))
    view = [float(v) for v in root.get("viewBox").split()]
    return view, [t for t in texts if t.words.strip()], edges, covers, lines


def faults(path):
    view, texts, edges, covers, lines = read(path)
    canvas = (0, 0, view[2], view[3])
    found = []
    for box in edges + [c for _, c in covers]:
        if not inside(box, canvas, 0):
            found.append("beside a box that leaves the canvas: %s" % (box,))
    for i, t in enumerate(texts):
        if not inside(t.box, canvas, 0):
            found.append("leaves the canvas: " + t.words)
        if t.size < MIN_SIZE:
            found.append("is small (%g): %s" % (t.size, t.words))
        for box in edges:
            if overlap(t.box, box, 1) and not inside(t.box, box) and \
               not inside(box, t.box, -1):
                found.append("crosses a box %s: %s" % (box, t.words))
        for other in texts[i + 1:]:
            if overlap(t.box, other.box, 0.5):
                found.append("overlaps \"%s\": %s" % (other.words, t.words))
        for order, p, q in lines:
            if crosses(p, q, t.box) and not any(
                    order < o < t.order and inside(t.box, c)
                    for o, c in covers):
                found.append("a line runs through: " + t.words)
    return found


def ours(path):
    return not os.path.basename(path).startswith("timeline")


def check(paths):
    bad = 0
    for path in paths:
        for what in faults(path):
            print("%s: text %s" % (path, what))
            bad += 1
    return bad


def draw(options, folder):
    name = options[-1]
    if not name.endswith(".zst"):
        name += ".trace"
    trace = os.path.normpath(os.path.join(ROOT, "traces/lecture", name))
    command = [B + "/mmemu", "figure", "--all", trace, "-o", folder]
    done = subprocess.run(command + options[:-1], capture_output=True,
                          text=True)
    if done.returncode:
        print("%s: status %d: %s" % (" ".join(command + options[:-1]),
                                     done.returncode, done.stderr))
    return done.returncode


def same_bytes(a, b):
    return sorted(os.listdir(a)) == sorted(os.listdir(b)) and all(
        open(os.path.join(a, n), "rb").read() ==
        open(os.path.join(b, n), "rb").read() for n in os.listdir(a))


def self_test(folder):
    """What is wrong must be found, or the check is worth nothing."""
    text = '<text x="%d" y="40">%s</text>'
    for body, word in (
            (text % (10, "one") + text % (20, "two"), "overlaps"),
            (text % (195, "out"), "leaves"),
            ('<rect x="0" y="20" width="20" height="30" stroke="red"/>' +
             text % (10, "edge"), "crosses"),
            ('<polyline points="0,36 99,36"/>' + text % (10, "line"), "line"),
            ('<text x="9" y="40" font-size="9">s</text>', "small")):
        path = os.path.join(folder, "wrong.svg")
        with open(path, "w") as f:
            f.write('<svg xmlns="http://www.w3.org/2000/svg" font-size="16" '
                    'viewBox="0 0 200 60">%s</svg>' % body)
        if not any(word in what for what in faults(path)):
            print("the check does not see: " + word)
            return 1
    return 0


def main():
    if sys.argv[1:]:
        paths = []
        for arg in sys.argv[1:]:
            paths += sorted(glob.glob(arg + "/*.svg")) \
                if os.path.isdir(arg) else [arg]
        return 1 if check([p for p in paths if ours(p)]) else 0
    bad = nr = 0
    with tempfile.TemporaryDirectory() as folder:
        bad += self_test(folder)
        for i, options in enumerate(RUNS):
            out = os.path.join(folder, str(i))
            bad += draw(options, out) != 0
            paths = [p for p in sorted(glob.glob(out + "/*.svg")) if ours(p)]
            n = check(paths)
            if n or not paths:
                print("  (%s)" % " ".join(options))
            bad += n + (not paths)
            nr += len(paths)
        again = os.path.join(folder, "again")
        draw(RUNS[1], again)
        if not same_bytes(os.path.join(folder, "1"), again):
            print("two runs drew other bytes")
            bad += 1
    print("%d figures, %d faults" % (nr, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
