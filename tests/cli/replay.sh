#!/bin/sh
# The command line of mmemu replay, cat, convert: files, messages, exit status.
. tests/cli/lib.inc

cat >good.trace <<'END'
mmemu-trace 1
1 spawn sh
1 mmap 0x20000000 16K rw- private anon -> a
report maps 1
1 write a = 5
mark half
report maps 1 as sub/maps
report buddyinfo
1 read a = 5
report status 2
1 exit
END

# ---- where reports go ----
run 0 replay good.trace
[ "$(grep -c '^==> ' out)" = 3 ] || fail "three headings on standard output"
run 0 replay good.trace -o o1 -r frames -r buddyinfo:mine --outcomes log
[ "$(cd o1 && find . -type f | LC_ALL=C sort | tr '\n' ' ')" = \
	"./4.maps.1 ./8.buddyinfo ./frames ./mine ./outcomes ./sub/maps " ] ||
	fail "files of -o: $(find o1 -type f | tr '\n' ' ')"
[ -s out ] && fail "with -o nothing on standard output"
says log "2: ok
3: ok 0x20000000
5: minflt=1 majflt=0
9: minflt=0 majflt=0
11: ok"
cmp -s log o1/outcomes || fail "--outcomes and -o differ"
cmp -s o1/8.buddyinfo o1/mine && fail "buddyinfo should change with exit"

# ---- points ----
run 0 replay good.trace --at half -r maps=1:at -o o2
[ -s o2/at ] || fail "--at MARK: the report"
[ -e o2/8.buddyinfo ] && fail "--at MARK goes on"
run 0 replay good.trace --at 2 -r maps=1 --outcomes log
says log "2: ok
3: ok 0x20000000"
run 0 replay good.trace --at line:5 --outcomes log
[ "$(wc -l <log)" = 3 ] || fail "--at line:5"
run 0 replay good.trace --at line:10 --outcomes log
[ "$(wc -l <log)" = 4 ] || fail "--at line:10"
run 0 replay good.trace --at line:11 --outcomes log
complains "mmemu: good.trace: the trace ends with line 11, before line 12" \
	replay good.trace --at line:12 --outcomes none
complains "mmemu: good.trace: the trace ends with event 5, before event 6" \
	replay good.trace --at 6 --outcomes none
for i in 1 2 3; do echo "mark loop"; echo "mark m$i"; done >marks.trace
complains "mmemu: marks.trace: there is no mark m in it, but loop, m1, m2, m3" \
	replay marks.trace --at m
run 2 replay good.trace --at nowhere --outcomes none
says err "mmemu: good.trace: there is no mark nowhere in it, but half"
[ -e none ] && fail "a log in spite of an error"

# ---- a malformed line ----
cp good.trace bad.trace
printf 'report frames\n1 mmap 0 4K rwx+ private anon\n1 exit\n' >>bad.trace
run 2 replay bad.trace -o o3 -r summary --save-state end.state
says err 'bad.trace:13:13: found "rwx+", expected PROT, three letters such as rw- or r-x'
[ -e o3/12.frames ] || fail "reports from before the error stay"
for f in o3/outcomes o3/summary end.state; do
	[ -e $f ] && fail "$f in spite of an error"
done
ls -A o3 | grep -q 'outcomes\.' && fail "a temporary file stays"

# ---- exit status 1: the trace is contradicted ----
printf '1 spawn\n1 munmap 1 4K !ENOMEM\n1 read 0\n1 read 0\n' >wrong.trace
run 1 replay wrong.trace --outcomes log
says err "wrong.trace:2: mismatch: expected ENOMEM, got EINVAL"
says log "1: ok
2: EINVAL
3: minflt=0 majflt=0 SIGSEGV MAPERR
4: orphan"
run 1 replay wrong.trace --strict --outcomes log
[ "$(tail -1 log)" = "3: minflt=0 majflt=0 SIGSEGV MAPERR" ] || fail "--strict"
printf 'kernel kmalloc 64 GFP_KERNEL -> a\nkernel kfree a\nkernel kfree a\n' >twice.trace
run 1 replay twice.trace
says err "twice.trace:3: BUG: kfree: it is free already"

# ---- a story that went wrong in silence is told of, once ----
printf '1 spawn\n1 read 0x10\n1 read 0x10\n1 fork 2\n' >killed.trace
run 0 replay killed.trace
says err "note: 0 failed calls, 1 signals, 2 orphans; --outcomes - shows each"
run 0 replay killed.trace --outcomes log
[ -s err ] && fail "a note beside the outcomes"

# ---- many of a kind are cut ----
{ echo 1 spawn; seq 100 | sed 's/.*/1 munmap 1 4K !ENOMEM/'; } >many.trace
run 1 replay many.trace
[ "$(wc -l <err)" = 21 ] || fail "messages are not cut"
[ "$(tail -1 err)" = "many.trace: ... and 80 more" ] || fail "the rest is not counted"

# ---- bad input of other kinds ----
run 2 replay missing.trace
says err "mmemu: missing.trace: No such file or directory"
run 2 replay .
says err "mmemu: .: Is a directory"
head -c 100000 /dev/zero >zeros
run 2 replay zeros
says err "zeros:1:1: byte 0x00 is no text, expected UTF-8"
run 2 replay "$M"
[ "$(wc -l <err)" = 1 ] || fail "a program as a trace: one line"
seq 200000 | sed 's/.*/1 read 0x&/' >long.trace
{ echo 1 spawn; cat long.trace; } | zstd -qc >long.trace.zst
head -c 20000 long.trace.zst >cut.trace.zst
run 2 replay cut.trace.zst --outcomes none
grep -q '^cut.trace.zst:[0-9]*:1: truncated zstd data, expected the rest of the frame$' err ||
	fail "truncated: $(cat err)"
{ head -c 5000 long.trace.zst; echo garbage; tail -c 5000 long.trace.zst; } >damaged.zst
run 2 replay damaged.zst
grep -q 'damaged zstd data' err || fail "damaged: $(cat err)"
printf '\050\265\057\375' >magic.zst
run 2 replay magic.zst

# a gigabyte without a newline, in bounded memory
head -c 1073741824 /dev/zero | tr '\0' a | limited "$M" replay - >out 2>err
[ $? = 2 ] || fail "a line of 1 GiB"
says err "<stdin>:1:1: the line is longer than 1 MiB, expected a text trace"

# ---- usage ----
run 2
run 2 frobnicate
run 2 replay
run 2 replay a b
run 2 replay good.trace --at 0
run 2 replay good.trace --check=x
run 2 replay good.trace -r nothing
run 2 replay good.trace -r maps
run 2 replay good.trace -r frames=1
run 2 replay good.trace --contents maybe
run 2 replay good.trace --frobnicate
run 2 replay good.trace -c nowhere
run 2 replay good.trace -o /proc/none/x
run 2 replay good.trace --save-state nomark=x

# ---- the same bytes again ----
run 0 convert good.trace good.trace.zst
run 0 convert good.trace.zst plain.trace
run 0 replay plain.trace -o o4 --check
run 0 replay good.trace -o o5 --check=2 --contents auto
diff -r o4 o5 >/dev/null || fail "a converted trace gives other reports"
"$M" cat good.trace | "$M" cat - | cmp -s - plain.trace || fail "cat"
run 2 convert bad.trace none.zst
[ -e none.zst ] && fail "a trace in spite of an error"

# ---- SIGINT: counters so far, status 130, nothing half-written ----
mkfifo pipe
"$M" replay pipe --outcomes none -o o6 >out 2>err &
exec 3<>pipe
printf '1 spawn\n1 mmap 0x20000000 4K rw- private anon\n' >&3
waits "a handler" catches $!
waits "the third line" sleeps $!
interrupt $!
exec 3>&-
grep -q 'interrupted at line 2' err || fail "SIGINT: $(head -1 err)"
[ -z "$(ls -A o6)" ] || fail "SIGINT: $(ls -A o6) stay"
wait
# a 64-bit program on a 32-bit machine: ENOEXEC, whatever interpreter it wants
if [ "$(od -An -tu1 -j4 -N1 "$M" | tr -d ' ')" = 2 ]; then
	mkdir -p elf
	cp "$M" elf/prog
	printf 'file /prog size 1M\n1 spawn\n1 exec /prog !ENOEXEC\n' >e.trace
	run 0 replay --root elf e.trace
fi

# ---- final reports: of one cache; of a process that is no more ----
run 0 replay good.trace -o one -r slabinfo=task_struct -r slabinfo:all
[ "$(wc -l <one/slabinfo.task_struct)" = 3 ] || fail "slabinfo=CACHE: lines"
grep -v '^task_struct ' one/all | head -2 >want
grep '^task_struct ' one/all >>want
cmp -s want one/slabinfo.task_struct || fail "slabinfo=CACHE: other numbers"
run 0 replay good.trace --json -r slabinfo=dentry
[ "$(tail -1 out | grep -o '"name"' | wc -l)" = 1 ] || fail "slabinfo=CACHE as JSON"
complains "mmemu: -r slabinfo=: expected the name of a cache" \
	replay good.trace -r slabinfo=
printf '%s\n' '1 spawn' '1 fork 2' '2 exit' '1 sp -' >dead.trace
run 0 replay dead.trace -r maps=2
says err "mmemu: -r maps=2: process 2 ended in event 3 (--at 2 shows it before)"
run 0 replay dead.trace -r slabinfo=nope
says err "mmemu: -r slabinfo=nope: there is no cache nope at this point"
run 0 replay dead.trace -r maps=9
says err "mmemu: -r maps=9: there is no process 9 at this point"
run 0 replay dead.trace --at 2 -r status=2
grep -q '^Pid:	2$' out || fail "--at before the end of a process"
exit $bad
