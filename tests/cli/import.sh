#!/bin/sh
# import and record: the command line, real logs replayed, the tools where they
# are installed.
. tests/cli/lib.inc
D=$ROOT/tests/data/import

# ---- every log there is, through the importer and the machine ----
replays() {
	run 0 import "$1" "$D/$2" -o t.trace
	run 0 replay --strict --check=1 t.trace
}
for f in fork-32.log fork-64.log y-pipe.log; do replays strace "strace-$f"; done
for f in faults-64.txt faults-symbols.txt exceptions-32.txt; do
	replays perf "perf-$f"
done
for f in ftrace.txt perf.txt 3.12.txt; do replays kmem "kmem-$f"; done
replays din din.txt
replays dynamorio dynamorio-view.txt
replays dynamorio dynamorio-view-old.txt
replays csv addresses.csv
replays csv champsim-like.txt
run 0 import kmem --objects "$D/kmem-perf.txt" -o t.trace
run 0 replay --check=1 t.trace

# 64-bit addresses kept, for a machine with 64-bit page tables
run 0 import strace --wide "$D/strace-y-pipe.log" -o t.trace
grep -q 'mmap 0x7f' t.trace || fail "--wide did not keep addresses"
run 0 replay --strict --check=1 --set paging=x86-64 \
	--set layout.task_size=0x7ffffffff000 t.trace

# ---- standard input, compressed output, labels of frames ----
"$M" import kmem - -o t.trace.zst <"$D/kmem-3.12.txt" 2>err || fail "import -"
run 0 cat t.trace.zst
grep -q 'kernel alloc_pages 1 GFP_KERNEL|__GFP_NOTRACK -> pfn_12178' out ||
	fail "no label of a frame"

# a binary trace holds the same
run 0 import kmem "$D/kmem-3.12.txt" -o t.mmt
run 0 import kmem "$D/kmem-3.12.txt" -o t.trace
run 0 cat t.mmt
cmp -s out t.trace || fail "text and binary differ"

# ---- what is wrong ----
run 0 import --help
complains 'mmemu: import: expected FORMAT LOG...
mmemu: "mmemu help import" says how to use it' import
complains 'mmemu: import: there is no format "x"
mmemu: "mmemu help import" says how to use it' import x y
complains 'mmemu: import din: expected one LOG' import din a b
complains 'mmemu: --slice 0: expected a number of accesses' import strace a --slice 0
complains 'mmemu: absent: No such file or directory' import strace absent
printf '0 1000\nq\n' >bad.din
complains 'bad.din:2:1: found "q", expected a label: 0 to 4 or r, w, i, m, c, v' \
	import din bad.din -o kept
[ -e kept ] && fail "half a trace was written"

# ---- record ----
# a shell that forks, pipes, and then execs: sh, cat and echo are executed
script='x=$(echo hi | cat); (echo sub >&2); exec /bin/echo done $x'
recorded() {
	run 0 record "$@" -o r.mmt -- sh -c "$script"
	says out "done hi"
	run 0 replay --strict --check=100000 r.mmt --stats
	grep -q '^  orphans  *0$' out || fail "$*: accesses went astray"
	grep -q '^  exec  *3$' out || fail "$*: $(grep '^  exec' out), not 3"
	n=$(sed -n 's/^  v*fork  *\([0-9]*\)$/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
	[ "${n:-0}" -ge 3 ] || fail "$*: $n forks, not 3 or more"
}
run 0 record --help
complains 'mmemu: record: expected -- PROGRAM
mmemu: "mmemu help record" says how to use it' record
(PATH=/nowhere "$M" record -- true) 2>err && fail "recorded without strace"
says err "mmemu: record: strace is not installed, and recording needs it (Debian: apt-get install strace)"
(PATH=/nowhere "$M" record --accesses -- true) 2>err && fail "no valgrind"
says err "mmemu: record: valgrind is not installed, and --accesses needs it (Debian: apt-get install valgrind)"
TMPDIR=$dir/tmp
export TMPDIR
mkdir "$TMPDIR"
no_logs() {
	[ -z "$(ls "$TMPDIR")" ] || fail "logs were left: $(ls "$TMPDIR")"
}
if strace -o /dev/null true 2>/dev/null; then
	complains 'mmemu: record: there is no program "absent" in PATH' \
		record -- absent
	complains 'mmemu: record: --keep: expected a new folder, . is there' \
		record --keep . -- true
	run 0 record -o r.trace -- sh -c 'true | true; exit 3'
	grep -q 'sh ended with status 3' err || fail "the status is not told"
	grep -q 'mmemu replay r.trace --stats' err || fail "no next step"
	no_logs
	run 0 replay --strict r.trace --stats
	grep -q '^  fork  *[2-9]' out || grep -q '^  vfork  *[2-9]' out ||
		fail "no forks were recorded"
	recorded
	"$M" record -o never.trace -- sleep 20 2>err &
	waits "a handler" catches $!
	sleep 1
	interrupt $!
	[ -e never.trace ] && fail "SIGINT: a trace was written"
	no_logs
else
	echo "(strace is not installed or may not run: not tested)"
fi
if valgrind --tool=none true 2>/dev/null; then
	run 0 record --accesses -o r.mmt -- true
	no_logs
	run 0 replay --strict r.mmt --stats
	grep -q 'orphans  *0' out || fail "accesses went astray"
	recorded --accesses --keep parts
	[ "$(ls parts | grep -c '^log\.[0-9]*\.1$')" = 2 ] ||
		fail "not two processes have a log from before an exec: $(ls parts)"
	# the same by import, of logs in any order
	run 0 import lackey $(ls -r parts/*) -o i.trace
	grep -q 'exec /bin/echo' i.trace || fail "the last exec is missing"
	# the recording waits for what the program leaves behind, until SIGINT
	run 0 record --accesses -o r.mmt -- sh -c '(sleep 1; echo late) & exit 0'
	says out late
	no_logs
	"$M" record --accesses -o never.mmt -- sh -c 'sleep 20 & exit 0' 2>err &
	waits "a handler" catches $!
	sleep 3
	interrupt $!
	[ -e never.mmt ] && fail "SIGINT: a trace was written"
	no_logs
	# where nothing can be followed (here: it is already) that is said
	if strace -o /dev/null true 2>/dev/null; then
		# LeakSanitizer cannot work under a tracer
		ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
			strace -f -o /dev/null "$M" record --accesses -o r.mmt -- true 2>err ||
			fail "status $? where ptrace is not allowed"
		grep -q '^record: processes cannot be followed here (ptrace: ' err ||
			fail "it is not said that nothing is followed"
	fi
else
	echo "(valgrind is not installed: not tested)"
fi
exit $bad
