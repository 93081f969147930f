# --at, --strict, --check, --stats, --contents, --boot-state on the command line.
. tests/cli/lib.inc

# the machine says nothing that depends on the clock
cat >t.trace <<'END'
mmemu-trace 1
1 spawn sh
mark first
1 mmap 0x20000000 8p rw- private anon -> a
1 write a 4p
mark second
1 read a+4p 4p
1 fork 2
2 write a 2p
mark second
1 munmap a 1p
2 exit
END

# ---- points: behind the event, the line, the mark ----
# at POINT LAST: the last line of the log
at() {
	run 0 replay t.trace --at "$1" --outcomes log -r status=1:s -o o
	[ "$(tail -1 log | sed 's/:.*//')" = "$2" ] ||
		fail "--at $1: the last event is on line $(tail -1 log)"
	[ -s o/s ] || fail "--at $1: no report"
}
at 1 2
at 3 5
at 8 12
at line:2 2
at line:3 2
at line:5 5
at line:12 12
at first 2
at second 5
for p in 0 9 line:0 line:13 third second2; do
	run 2 replay t.trace --at $p --outcomes none
	[ -e none ] && fail "--at $p: a log"
done
run 2 replay t.trace --at
run 0 replay t.trace --at second -r maps=1:m -o o
run 0 convert t.trace t.trace.zst
run 0 replay t.trace.zst --at second -r maps=1:m -o p
cmp -s o/m p/m || fail "--at in a compressed trace"

# ---- --check ----
for n in '' =1 =2 =1000000; do
	run 0 replay t.trace --check$n
	[ -s err ] && fail "--check$n: $(cat err)"
done
run 2 replay t.trace --check=0
run 2 replay t.trace --check=-1

# ---- --strict ----
printf '1 spawn\n1 munmap 1 4K\n1 munmap 1 4K !EINVAL\n9 read 0\n1 exit\n' >s.trace
run 0 replay s.trace --outcomes log
says log '1: ok
2: EINVAL
3: EINVAL
4: orphan
5: ok'
run 1 replay s.trace --strict --outcomes log
says log '1: ok
2: EINVAL'
sed -i 2d s.trace
run 1 replay s.trace --strict --outcomes log
says log '1: ok
2: EINVAL
3: orphan'
sed -i 3d s.trace
run 0 replay s.trace --strict

# ---- --stats: what was counted ----
run 0 replay t.trace --stats=counts
cp out once
run 0 replay t.trace --stats=counts --check
cmp -s out once || fail "--stats=counts differs from run to run"
run 0 replay t.trace --stats -o o
grep -q '^8 events in .* a second$' err || fail "--stats: no speed: $(cat err)"
# counted NAME NUMBER
counted() {
	grep -q "^ *$1  *$2\$" once || fail "--stats: no $1 $2: $(cat once)"
}
counted events 8
counted write 2
counted fork 1
counted 'minor faults' 10
counted 'do_anonymous_page (zero page)' 4
counted 'do_anonymous_page (new frame)' 4
counted 'do_wp_page (copied)' 2

# ---- without contents everything but values is the same ----
run 0 replay t.trace --check --contents off --outcomes off.log -r maps=1 -r buddyinfo -r slabinfo -o off
run 0 replay t.trace --check --contents on --outcomes on.log -r maps=1 -r buddyinfo -r slabinfo -o on
diff -r off on >/dev/null || fail "--contents off gives other reports"
printf '1 spawn\n1 mmap 0x20000000 1p rw- private anon\n1 write 0x20000000 = 5\n1 read 0x20000000 = 6\n' >v.trace
run 1 replay v.trace --outcomes log
says err 'v.trace:4: mismatch: expected 0x6, got 0x5'
says log '1: ok
2: ok 0x20000000
3: minflt=1 majflt=0
4: minflt=0 majflt=0 mismatch got=05'

# ---- a machine goes on from its own state ----
cat >k.trace <<'END'
kernel alloc_pages 2 GFP_KERNEL -> a
kernel kmalloc 100 GFP_KERNEL -> b
kernel vmalloc 20K -> c
mark half
kernel kfree b
kernel vfree c
kernel alloc_pages 0 GFP_HIGHUSER_MOVABLE -> d
kernel kmalloc 100 GFP_KERNEL -> e
END
run 0 replay k.trace --save-state half=half.state --save-state end.state --outcomes log
run 0 replay k.trace --boot-state end.state --check --save-state further.state
run 2 replay k.trace --boot-state none.state
run 2 replay k.trace --boot-state k.trace
exit $bad
