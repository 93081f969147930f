#!/bin/sh
# The n-th request for host memory fails, for n = 1, 2, 3 ...; then the n-th
# block of every file that is written. Each time: status 2, one line, and files
# whole or absent.
B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
M=$B/mmemu
here=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
printf 'next 3\nmaps 1\nexplain\ncontinue\n' >commands
mkdir tmp
TMPDIR=$dir/tmp
export TMPDIR
bad=0

fail() {
	echo "$1"
	bad=1
}

cat >t.trace <<'END'
mmemu-trace 1
file /lib/a size 20K
1 spawn sh
1 mmap 0x20000000 64K rw- private anon -> a
1 mmap 0x30000000 16K r-- private file /lib/a 0
1 write a 64K
1 read 0x30000000
1 fork 2
2 write a = "hello"
kernel kmalloc 100 GFP_KERNEL -> k
kernel vmalloc 8K -> v
report slabinfo
report smaps 1
report state
2 exit
END
"$M" convert t.trace t.trace.zst || exit 1
printf 'memory: 16M\nmore_caches:\n  - {name: x, size: 100}\n' >c.yaml
printf '0 1000\n1 1004\n' >din
cp "$here/tests/data/import/strace-fork-32.log" log
"$M" replay t.trace -c c.yaml --save-state a.state --at 3 >/dev/null
"$M" compare t.trace --with memory=16M --json -o p.json
mkdir set && "$M" check --new set/s t.trace >/dev/null || exit 1

# whole: what is below out/ is as in good/, apart from what is absent
whole() {
	(cd out && find . -type f) | while read -r f; do
		cmp -s "out/$f" "good/$f" || echo "$f"
	done >half
	[ -s half ] && fail "$1: not whole: $(head -1 half)"
}

ran() { # ran STATUS WHAT
	[ "$1" = 2 ] || fail "$2: status $1"
	[ "$(wc -l <err)" = 1 ] || fail "$2: $(wc -l <err) lines: $(head -2 err)"
	whole "$2"
	[ -z "$(ls -A tmp)" ] || fail "$2: $(ls -A tmp) stay in TMPDIR"
}

# ---- host memory ----
memory() { # memory NAME COMMAND...
	name=$1
	shift
	rm -rf out good
	mkdir out
	"$@" <commands >good.out 2>good.err || fail "$name does not run: $(cat good.err)"
	mv out good
	n=1
	while [ $n -le 4000 ]; do
		rm -rf out
		mkdir out
		rm -f mark
		FAIL_MARK=$dir/mark FAIL_AT=$n LD_PRELOAD=$B/tests/inject/fail.so "$@" <commands >out.out 2>err
		status=$?
		if [ $status = 0 ] && diff -r out good >/dev/null &&
			cmp -s out.out good.out; then
			# libc does without some, as the buffer of a stream
			[ -e mark ] || break
		else
			ran $status "$name: request $n"
		fi
		[ $bad = 0 ] || return
		# all of the first 256, then more and more apart
		n=$((n + 1 + n / 256))
	done
	echo "$name: the first to the last of $((n - 1)) requests for memory failed"
}

memory replay "$M" replay t.trace.zst -c c.yaml -o out -r frames --stats=counts
memory convert "$M" convert t.trace out/t.zst
memory import "$M" import din din -o out/d.trace
memory gen "$M" gen -n 40 -o out/g.trace
memory config "$M" config c.yaml
memory cut "$M" cut t.trace out/c.trace --from line:9
memory stat "$M" stat t.trace
memory policy "$M" policy t.trace --frames 2,4
memory compare "$M" compare t.trace -j 1 --with linux-3.12-i386 --with x86-64 -o out/table
memory sweep "$M" sweep t.trace -j 1 --vary memory=16M,32M -o out/table
memory strace "$M" import strace log -o out/s.trace
memory check "$M" check set -j 1 --format tap
memory update "$M" check set -j 1 -u --format tap
memory diff-state "$M" diff-state a.state a.state
memory explain "$M" explain t.trace --all --set memory=16M
memory explain-json "$M" explain t.trace --line 9 --json --set memory=16M
memory cat "$M" cat t.trace.zst --from line:6
memory interactive "$M" replay t.trace --interactive --set memory=16M
memory procfs "$M" replay t.trace --set memory=16M --procfs out/proc
memory series "$M" replay t.trace --set memory=16M --series 1 out/s.csv -r slabinfo --json
memory player "$M" player t.trace --set memory=16M -o out/p.html
memory figure "$M" figure page-table t.trace --set memory=16M --address a+4K -o out/f.svg
memory animate "$M" figure slab t.trace --set memory=16M --animate 3..5 -o out/f
memory quiz "$M" quiz cow --answer --lang ja -o out/q
memory collect "$M" sweep --collect p.json --csv -o out/table
memory shrink "$M" shrink t.trace --tries 3 --fails 'false {}' -o out/s.trace

# ---- a full disk: no file may grow beyond n blocks of 512 bytes ----
disk() { # disk NAME COMMAND...
	name=$1
	shift
	rm -rf out good
	mkdir out
	"$@" >/dev/null 2>&1
	mv out good
	n=0
	failed=0
	while [ $n -le 400 ]; do
		rm -rf out
		mkdir out
		# standard error goes through a pipe, so that it can be written
		(
			trap '' XFSZ
			ulimit -f $n
			"$@" 2>&1 >/dev/null
			echo $? >&3
		) 3>&1 2>/dev/null | cat >both
		status=$(tail -1 both)
		sed '$d' both >err
		[ "$status" = 0 ] && break
		ran "$status" "$name: files of $n blocks"
		[ $bad = 0 ] || return
		failed=$((failed + 1))
		n=$((n + 1 + n / 8))
	done
	echo "$name: a full disk at $failed points"
}

disk replay "$M" replay t.trace -c c.yaml -o out -r frames --procfs out/proc
disk convert "$M" convert t.trace out/t.trace
disk compressed "$M" convert -l 1 t.trace out/t.zst
disk gen "$M" gen -n 400 -o out/g.trace
disk state "$M" replay t.trace --save-state out/state

for c in "replay t.trace" "config c.yaml" "gen" "cat t.trace" "check set"; do
	"$M" $c >/dev/full 2>err
	[ $? = 2 ] || fail "mmemu $c > /dev/full: another status"
	grep -q 'standard output' err || fail "mmemu $c > /dev/full: $(cat err)"
done
"$M" gen -o /dev/full 2>err
[ $? = 2 ] || fail "gen -o /dev/full"

# ---- a bound on host memory ----
printf '1 spawn\n' >many.trace
seq 200000 | sed 's/.*/1 mmap - 4K r-- private anon -> long_name_of_an_area_&/' >>many.trace
"$M" replay many.trace --max-host-memory 10M -o out2 >/dev/null 2>err
[ $? = 2 ] || fail "--max-host-memory: another status"
grep -q 'max-host-memory' err && [ "$(wc -l <err)" = 1 ] || fail "$(head -3 err)"
[ -z "$(ls -A out2)" ] || fail "--max-host-memory: $(ls -A out2)"
printf '1 spawn\n1 mmap 0x20000000 1G rw- private anon\n1 write 0x20000000 1G\n' >big.trace
"$M" --max-host-memory 64M replay big.trace --set memory=3G -c linux-3.12-i386-pae >/dev/null 2>err
[ $? = 2 ] || fail "RAM beyond --max-host-memory: another status"
# and is not passed by much: 32 MiB here
most=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
' "$M" replay big.trace --max-host-memory 200M --set memory=3G -c linux-3.12-i386-pae)
[ "$most" -le 232 ] || fail "--max-host-memory 200M: $most MiB were taken"
"$M" replay big.trace --max-host-memory=4K >/dev/null 2>err
[ $? = 2 ] || fail "4K of host memory"
"$M" replay big.trace --max-host-memory lots >/dev/null 2>err
[ $? = 2 ] || fail "a bound that is no number"
"$M" replay t.trace --max-host-memory 1G >/dev/null 2>err || fail "1G of host memory"
cd "$here" || exit 1
exit $bad
