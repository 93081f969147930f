#!/usr/bin/env python3
"""lecture.py - the lecture's pages run their own commands.

A block of a page whose first line begins with "$ " is a session: each such
line is a command, and what follows it is its output, which this program puts
there. Commands run in an empty folder with `build` and `traces` in it; figures
that they write to docs/lecture/figures belong to the pages.

    python3 docs/lecture/lecture.py          run all, rewrite pages and figures
    python3 docs/lecture/lecture.py --check  run all, say what has changed
    python3 docs/lecture/lecture.py --sheet  draw docs/lecture/contact-sheet.png

What gnuplot draws differs between its versions, so of those figures only the
words are compared. B names the build folder. Exit status: 0 fine, 1 something
has changed (--check), 2 a command failed.
"""

import base64
import difflib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
FIGURES = "docs/lecture/figures"
BY_GNUPLOT = {"timeline.svg"}
TOO_LONG = 60  # lines of output that a page may hold; a command can cut it


class Failed(Exception):
    """A command failed, or wrote what a page cannot hold."""


def make_scratch():
    """A folder in which the pages' commands find what they name."""
    scratch = tempfile.mkdtemp(prefix="lecture-")
    os.symlink(BUILD, os.path.join(scratch, "build"))
    os.symlink(os.path.join(ROOT, "traces"), os.path.join(scratch, "traces"))
    os.makedirs(os.path.join(scratch, FIGURES))
    return scratch


def run(command, scratch, where):
    done = subprocess.run(["sh", "-c", command], cwd=scratch, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    if done.returncode:
        raise Failed(f"{where}: {command}\nexit status {done.returncode}\n"
                     + "\n".join(lines[-5:]))
    if len(lines) > TOO_LONG:
        raise Failed(f"{where}: {command}\nwrites {len(lines)} lines; cut it")
    return lines


def session(block, scratch, where):
    """The lines of a block, with the outputs as they are now."""
    lines, at = [], 0
    while at < len(block):
        if not block[at].startswith("$ "):
            at += 1
            continue
        command = block[at][2:]
        lines.append(block[at])
        while command.endswith("\\"):
            at += 1
            lines.append(block[at])
            command = command[:-1] + block[at]
        lines += run(command, scratch, where)
        at += 1
    return lines


def render(page, scratch):
    """The page's text with all its sessions run."""
    with open(page, encoding="utf-8") as f:
        lines = f.read().split("\n")
    out, at = [], 0
    while at < len(lines):
        out.append(lines[at])
        at += 1
        if out[-1] != "```" or not lines[at].startswith("$ "):
            if out[-1].startswith("```"):  # another block: as it is
                while lines[at] != "```":
                    if lines[at].startswith("$ "):
                        raise Failed(f"{page}:{at + 1}: a command, but its "
                                     "block does not begin with one")
                    out.append(lines[at])
                    at += 1
                out.append(lines[at])
                at += 1
            continue
        end = lines.index("```", at)
        where = f"{os.path.relpath(page, ROOT)}:{at + 1}"
        out += session(lines[at:end], scratch, where)
        out.append("```")
        at = end + 1
    return "\n".join(out)


def words(svg):
    """What a chart says: its texts, without those of the axes."""
    texts = re.findall(r">\s*([^<>]+?)\s*<", svg)
    return [t for t in texts if re.search(r"[A-Za-z]{3}", t)
            and "GNUPLOT" not in t]


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as f:
        return f.read()


def same(name, old, new):
    if os.path.basename(name) in BY_GNUPLOT:
        return bool(old) and words(old) == words(new)
    return old == new


def everything():
    """{file: text as it should be} of all pages and figures."""
    scratch = make_scratch()
    try:
        texts = {page: render(page, scratch)
                 for page in sorted(glob.glob(os.path.join(HERE, "*.md")))}
        for name in sorted(os.listdir(os.path.join(scratch, FIGURES))):
            texts[os.path.join(HERE, "figures", name)] = read(
                os.path.join(scratch, FIGURES, name))
    finally:
        shutil.rmtree(scratch)
    for name in glob.glob(os.path.join(HERE, "figures", "*")):
        texts.setdefault(name, None)  # nobody draws it any more
    return texts


def unshown(texts):
    """Figures that no page shows, and pictures that no command draws."""
    shown = set()
    for name, text in texts.items():
        if name.endswith(".md"):
            shown |= set(re.findall(r"\]\((figures/[^)]+)\)", text))
    drawn = {os.path.relpath(n, HERE) for n, t in texts.items()
             if n.endswith(".svg") and t is not None}
    return sorted(shown ^ drawn)


def check(texts):
    bad = 0
    for name, text in texts.items():
        path = os.path.relpath(name, ROOT)
        old = read(name)
        if text is None:
            print(f"{path}: no page draws it")
        elif not same(name, old, text):
            print(f"{path} has changed (make lecture):")
            diff = difflib.unified_diff(old.split("\n"), text.split("\n"),
                                        "committed", "now", lineterm="", n=1)
            print("\n".join(line[:160] for line in list(diff)[:12]))
        else:
            continue
        bad = 1
    for name in unshown(texts):
        print(f"{name}: drawn and not shown, or shown and not drawn")
        bad = 1
    if not bad:
        print(f"{len(texts)} pages and figures are as the program makes them")
    return bad


def update(texts):
    os.makedirs(os.path.join(HERE, "figures"), exist_ok=True)
    for name, text in texts.items():
        if text is None:
            os.remove(name)
        elif not same(name, read(name), text):
            with open(name, "w", encoding="utf-8") as f:
                f.write(text)
            print(os.path.relpath(name, ROOT))
    return 0


# ---- the contact sheet ----

L = "traces/lecture/"
SHEET = {  # kind: (trace, other options); a row for every kind there is
    "buddy-lists": (L + "buddy.trace", "--at 3"),
    "buddy-linear": (L + "fragmentation.trace",
                     "--set memory=16M --at line:172"),
    "free-list": (L + "slab.trace", "--at 5 --cache story"),
    "slab": (L + "slab.trace", "--at 5 --cache story"),
    "address-space": (L + "address-space.trace", "--at line:22"),
    "tasks": (L + "address-space.trace", "--at line:22"),
    "rbtree": (L + "address-space.trace", "--at line:22"),
    "vma-backing": (L + "address-space.trace", "--at line:22"),
    "address-split": (L + "fork.trace", "-c linux-3.12-i386-pae "
                      "--at line:13 --address 0x20001234"),
    "page-table": (L + "fork.trace", "--at line:13 --address 0x20001234"),
    "anon-vma": (L + "cow.trace", "--at after-cow"),
    "cow": (L + "cow.trace", "--before after-fork --at after-cow"),
    "sharing": (L + "cow.trace", "--at after-cow"),
    "physical-map": (L + "swap.trace", "--at pressed"),
    "timeline": (L + "swap.trace", ""),
}
THUMB_W, THUMB_H, LABEL, GAP, ACROSS = 640, 360, 30, 16, 3


def kinds():
    out = subprocess.run([os.path.join(BUILD, "mmemu"), "figure", "--list"],
                         check=True, text=True, stdout=subprocess.PIPE)
    return out.stdout.split()


def sheet():
    """Every kind of figure on one picture."""
    names = kinds()
    missing = sorted(set(names) ^ set(SHEET))
    if missing:
        raise Failed("kinds of figure without a row, or rows without a kind: "
                     + " ".join(missing))
    down = (len(names) + ACROSS - 1) // ACROSS
    w = ACROSS * (THUMB_W + GAP) + GAP
    h = down * (THUMB_H + LABEL + GAP) + GAP
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" '
           f'height="{h}" xmlns:xlink="http://www.w3.org/1999/xlink">'
           f'<rect width="{w}" height="{h}" fill="#e8eaed"/>']
    with tempfile.TemporaryDirectory() as folder:
        for i, name in enumerate(names):
            trace, options = SHEET[name]
            png = os.path.join(folder, name + ".png")
            run(f"{BUILD}/mmemu figure {name} {trace} {options} -o {png}",
                ROOT, "contact sheet")
            with open(png, "rb") as f:
                data = base64.b64encode(f.read()).decode()
            x = GAP + i % ACROSS * (THUMB_W + GAP)
            y = GAP + i // ACROSS * (THUMB_H + LABEL + GAP)
            svg.append(
                f'<text x="{x}" y="{y + 20}" font-size="18" '
                f'font-family="Liberation Sans, sans-serif" '
                f'font-weight="bold">{name}</text>'
                f'<image x="{x}" y="{y + LABEL}" width="{THUMB_W}" '
                f'height="{THUMB_H}" '
                f'xlink:href="data:image/png;base64,{data}"/>')
        svg.append("</svg>\n")
        path = os.path.join(folder, "sheet.svg")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(svg))
        run(f"rsvg-convert --unlimited {path} -o {HERE}/contact-sheet.png",
            ROOT, "contact sheet")
    return 0


def main():
    try:
        if sys.argv[1:] == ["--sheet"]:
            return sheet()
        if sys.argv[1:] == ["--check"]:
            return check(everything())
        if not sys.argv[1:]:
            return update(everything())
    except Failed as why:
        print(why, file=sys.stderr)
        return 2
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
