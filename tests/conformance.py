#!/usr/bin/env python3
"""Replay what was measured on a real Linux 3.12 kernel and compare.

ORACLE (environment) is the folder with the measured data and its compare.py, which judges
field by field. Without it the small copy tests/oracle/user.tar.zst is used, and whole files
are compared. Prints a table and the first differences of each set; exit status 1 if anything
disagrees. B is the build folder.
"""
import concurrent.futures, os, re, shutil, subprocess, sys

B = os.environ.get("B", "build")
ORACLE = os.environ.get("ORACLE", "../shared/oracle")
COPY = "tests/oracle/user.tar.zst"
MMEMU = os.path.join(B, "mmemu")
OUT = os.path.join(B, "conformance")
STATUS_LINES = ("VmLck", "VmRSS", "VmPTE", "VmSwap", "VmSize", "VmData")
disagree = False


def replay(out, trace, *options, check=1):
    os.makedirs(out, exist_ok=True)
    r = subprocess.run([MMEMU, "replay", f"--check={check}", *options, "-o", out, trace],
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    if r.returncode not in (0, 1):
        line = (r.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"  replay of {trace} ended with status {r.returncode}: {line}")


def in_parallel(jobs):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for f in [pool.submit(*j) for j in jobs]: f.result()


# What differs and is explained in docs/FIDELITY.md: fields (or, compared with the copy, files).
# One more than these is a failure.
KNOWN = {"i386": 2, "i386-pae": 2, "i386-cold": 2, "i386-tmpfs": 2,
         "i386 (files)": 1, "i386-pae (files)": 1, "i386-cold (files)": 1, "i386-tmpfs (files)": 1}


def row(name, agree, total):
    global disagree
    known = KNOWN.get(name, 0)
    note = f"  ({total - agree} explained in docs/FIDELITY.md)" if 0 < total - agree <= known else ""
    print(f"  {name:<32} {agree:>8} / {total}{note}")
    disagree |= total - agree > known


def user_jobs(data):
    for c in ("i386", "i386-pae", "i386-cold", "i386-tmpfs"):
        for t in sorted(os.listdir(f"{data}/expected/{c}")):
            yield replay, f"{OUT}/{c}/{t}", f"{data}/traces/{t}.trace", "-c", f"oracle-{c}"
    for c in ("i386", "i386-pae"):
        for t in sorted(os.listdir(f"{data}/brkstack/expected/{c}")):
            yield (replay, f"{OUT}/brkstack-{c}/{t}", f"{data}/brkstack/traces/{t}.trace", "-c", f"linux-3.12-{c}",
                   "--root", f"{OUT}/root", "--set", "files.warm=true", "--set", "process.vdso_users=3", "--set", "rlimit.memlock=unlimited")


def make_root(data):
    """The measured programs as /bin/NAME below a folder."""
    os.makedirs(f"{OUT}/root/bin")
    for p in os.listdir(f"{data}/exec"):
        if os.path.exists(f"{data}/exec/{p}/program"):
            shutil.copy(f"{data}/exec/{p}/program", f"{OUT}/root/bin/{p}")
    shutil.copy(f"{data}/exec/interp/ld-tiny.so", f"{OUT}/root/bin/ld-tiny.so")


def programs(data):
    return [p for p in sorted(os.listdir(f"{data}/exec")) if os.path.isdir(f"{data}/exec/{p}")]


AT_EXEC = ("maps", "smaps", "status", "statm", "pagetables")
AFTER = ("maps", "smaps", "status", "statm")


def exec_jobs(data):
    """Each program right after execve, and after its first instruction."""
    for c in ("i386", "i386-pae"):
        for p in programs(data):
            out = f"{OUT}/exec-{c}/{p}"
            os.makedirs(out)
            size = os.path.getsize(f"{data}/exec/{p}/program")
            lines = [f"file /bin/{p} size {size} dev 08:01 inode 100"]
            if p == "interp":
                lines.append(f"file /bin/ld-tiny.so size {os.path.getsize(f'{data}/exec/interp/ld-tiny.so')} dev 08:01 inode 101")
            lines += ["1 spawn", f"1 exec /bin/{p}"] + [f"report {r} 1 as {r}" for r in AT_EXEC]
            with open(f"{out}/exec.trace", "w") as f: f.write("\n".join(lines) + "\n")
            yield (replay, out, f"{out}/exec.trace", "-c", f"linux-3.12-{c}", "--root", f"{OUT}/root",
                   "--set", "files.warm=true")


def exec_rows(data):
    for c in ("i386", "i386-pae"):
        agree = total = 0
        for p in programs(data):
            for r in AT_EXEC:
                want = open(f"{data}/exec/{p}/{c}/at-exec/{r}").read()
                path = f"{OUT}/exec-{c}/{p}/{r}"
                have = open(path).read() if os.path.exists(path) else "missing\n"
                if r == "status":
                    have = "".join(l + "\n" for l in have.splitlines() if re.match("Name|Vm", l))
                w, h = want.splitlines(), have.splitlines()
                total += max(len(w), len(h))
                same = sum(a == b for a, b in zip(w, h))
                agree += same
                if same != max(len(w), len(h)):
                    a, b = next(((a, b) for a, b in zip(w + [""] * 99, h + [""] * 99) if a != b), ("", ""))
                    print(f"    {p}/{c}/{r}: kernel {a!r}, emulator {b!r}")
        row(f"exec {c} (lines)", agree, total)


def compared(name, expected, traces, *options):
    """What compare.py says of one set: a row a class, and the whole."""
    r = subprocess.run([sys.executable, f"{ORACLE}/compare.py", expected, f"{OUT}/{name}", "--traces", traces, "-n", "4",
                        *options], stdout=subprocess.PIPE, text=True)
    lines = r.stdout.splitlines()
    kinds = {}
    for l in lines:
        m = re.match(r"\s*([a-z]+)\S*\s+(\d+)/(\d+)", l)
        if m:
            a, t = kinds.get(m[1], (0, 0))
            kinds[m[1]] = a + int(m[2]), t + int(m[3])
    for k, (a, t) in sorted(kinds.items()): print(f"    {name + ' ' + k:<30} {a:>8} / {t}")
    m = re.match(r"(\d+) of (\d+) agree", lines[-1]) if lines else None
    row(name, int(m[1]) if m else 0, int(m[2]) if m else 1)
    if not m or m[1] != m[2]:
        for l in lines[:4]: print("    " + l[:180])


def alloc_replay(out, trace, *options):
    replay(out, trace, *options, check=2000)
    middle = f"{out}/state.middle"
    if os.path.exists(middle):  # the vmalloc areas were not measured in the middle
        lines = [l for l in open(middle) if not l.startswith("vmap ")]
        open(middle, "w").writelines(lines)


def alloc_jobs():
    for m in sorted(os.listdir(f"{ORACLE}/alloc")):
        for n in sorted(os.listdir(f"{ORACLE}/alloc/{m}")):
            d, out = f"{ORACLE}/alloc/{m}/{n}", f"{OUT}/alloc/{m}/{n}"
            f = lambda x: f"{d}/{x}" if os.path.exists(f"{d}/{x}") else f"{d}/{x}.zst"
            profile = "oracle-i386-pae" if m.startswith("pae") else "oracle-i386"
            save = [f"middle={out}/state.middle"] if os.path.exists(f("state.middle")) else []
            options = ["-c", profile, "--boot-state", f("state.before")]
            for s in save + [f"{out}/state.after"]: options += ["--save-state", s]
            yield alloc_replay, out, f("ops.trace"), *options


SWAP_COUNTERS = ("pswpin", "pswpout", "pgmajfault")
# which pages are out, and so who faults, depends on the measuring programs too
SWAP_IGNORE = ("outcomes.minflt", "outcomes.majflt", "status.VmRSS", "status.VmSwap")


def swap_jobs():
    for c in ("i386", "i386-pae"):
        for t in sorted(os.listdir(f"{ORACLE}/swap/expected/{c}")):
            yield replay, f"{OUT}/swap-{c}/{t}", f"{ORACLE}/swap/traces/{t}.trace", "-c", f"oracle-swap-{c}"


def last_vmstat(folder):
    last = max((f for f in os.listdir(folder) if f.endswith(".vmstat")), key=lambda f: int(f.split(".")[0]))
    with open(f"{folder}/{last}") as f: return {k: int(v) for k, v in map(str.split, f)}


def swap_rows():
    """Values and results exactly; how much was swapped, within a factor of 2. The kernel's counters of a trace
    begin where those of the trace before, in the same boot, ended."""
    for c in ("i386", "i386-pae"):
        compared(f"swap-{c}", f"{ORACLE}/swap/expected/{c}", f"{ORACLE}/swap/traces", "--kind", "outcomes",
                 "--kind", "status", *[o for i in SWAP_IGNORE for o in ("--ignore", i)])
        before = dict.fromkeys(SWAP_COUNTERS, 0)
        for t in sorted(os.listdir(f"{ORACLE}/swap/expected/{c}")):
            kernel = last_vmstat(f"{ORACLE}/swap/expected/{c}/{t}")
            emulator = last_vmstat(f"{OUT}/swap-{c}/{t}")
            ratios = {k: emulator[k] / (kernel[k] - before[k]) for k in SWAP_COUNTERS}
            row(f"swap-{c} {t} within 2x", sum(0.5 <= v <= 2 for v in ratios.values()), len(ratios))
            print("    " + ", ".join(f"{k} {v:.2f} of the kernel's" for k, v in ratios.items()))
            before = kernel


def normalized(text, status):
    """Inodes of shared anonymous memory by appearance; status cut to what was measured."""
    inodes, lines = {}, []
    for l in text.splitlines():
        w = l.split()
        if status and not l.startswith(STATUS_LINES): continue
        if "/dev/zero" in l and len(w) > 4 and not w[0].startswith("frame"):
            w[3:5] = "-", str(inodes.setdefault(w[4], len(inodes)))
        lines.append(" ".join(w))
    return sorted(lines) if status else lines


def copy_rows(name, expected):
    agree = total = shown = 0
    for case in sorted(os.listdir(expected)):
        for f in sorted(os.listdir(f"{expected}/{case}")):
            if f == "raw" or "buddyinfo" in f: continue  # the system's, not the trace's
            status = ".status." in f
            want = normalized(open(f"{expected}/{case}/{f}", errors="replace").read(), status)
            path = f"{OUT}/{name}/{case}/{f}"
            have = normalized(open(path, errors="replace").read(), status) if os.path.exists(path) else None
            total += 1
            agree += want == have
            if want != have and shown < 3:
                shown += 1
                print(f"    differs: {name}/{case}/{f}")
    row(f"{name} (files)", agree, total)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    full = os.path.exists(f"{ORACLE}/compare.py")
    data = ORACLE
    if not full:
        if not os.path.exists(COPY):
            print(f"skipped: no measured data at {ORACLE}, and no {COPY}")
            return 0
        data = f"{OUT}/data"
        os.makedirs(data)
        subprocess.run(f"zstd -dcq {COPY} | tar x -C {data}", shell=True, check=True)
    print(f"compared with {'the measured data' if full else 'our copy of the measured data'}:")
    make_root(data)
    in_parallel([*user_jobs(data), *exec_jobs(data)])
    for c in ("i386", "i386-pae", "i386-cold", "i386-tmpfs"):
        if full: compared(c, f"{ORACLE}/expected/{c}", f"{ORACLE}/traces")
        else: copy_rows(c, f"{data}/expected/{c}")
    for c in ("i386", "i386-pae"):
        if full: compared(f"brkstack-{c}", f"{ORACLE}/brkstack/expected/{c}", f"{ORACLE}/brkstack/traces")
        else: copy_rows(f"brkstack-{c}", f"{data}/brkstack/expected/{c}")
    exec_rows(data)
    if full:
        in_parallel(swap_jobs())
        swap_rows()
        in_parallel(alloc_jobs())
        for m in sorted(os.listdir(f"{ORACLE}/alloc")):
            compared(f"alloc/{m}", f"{ORACLE}/alloc/{m}", f"{ORACLE}/alloc/{m}")
    return int(disagree)


sys.exit(main())
