#!/bin/sh
# mmemu replay --interactive: driven by a pipe, and once through a terminal.
. tests/cli/lib.inc
TRACE=$ROOT/traces/lecture/cow.trace

# step STATUS COMMANDS [ARGUMENTS...]: stdout to out, stderr to err
step() {
	want=$1
	commands=$2
	shift 2
	printf "$commands" | "$M" replay --interactive "$@" >out 2>err
	got=$?
	[ $got = "$want" ] ||
		fail "status $got, not $want: $commands: $(head -1 err)"
}

step 0 'next\nn 2\n\nwhere\nquit\nnext\n' "$TRACE"
says out 'event 1, line 10: 100 spawn sh
=> ok
event 2, line 11: 100 mmap 0x20000000 16384 rw- private anon -> heap
=> ok 0x20000000
event 3, line 12: 100 write heap = "parent wrote this"
=> minflt=1 majflt=0
event 4, line 13: 100 write heap+1p = "page 1"
=> minflt=1 majflt=0
event 4, line 13: 100 write heap+1p = "page 1"
=> minflt=1 majflt=0'

# a report at a mark, a line and an event is that of --at
step 0 'continue after-fork\nrmap 101\n' "$TRACE"
sed -n '/^==> rmap 101 <==/,$p' out >stepped
"$M" replay "$TRACE" --at after-fork -r rmap=101 2>err |
	sed -n '/^==> rmap 101 <==/,$p' >replayed
[ -s stepped ] && cmp -s stepped replayed || fail "rmap at a mark differs"
for point in 28 29 30 31; do
	step 0 "line $point\nreport frames\nreport vmstat\n" "$TRACE"
	sed -n '/^==> frames <==/,$p' out >stepped
	"$M" replay "$TRACE" --at line:$point -r frames -r vmstat 2>err |
		sed -n '/^==> frames <==/,$p' >replayed
	[ -s stepped ] && cmp -s stepped replayed || fail "line $point differs"
done
step 0 'event 9\nreport frames\n' "$TRACE"
grep -q '^event 9, line 28: 101 write' out || fail "event 9"

# the reports of the trace itself are written on the way; the end is told
step 0 'continue\n' "$TRACE"
"$M" replay "$TRACE" 2>err | grep '^==>' >replayed
grep '^==>' out | cmp -s - replayed || fail "the trace's reports differ"
grep -q '^the trace ends here$' out || fail "the end is not told"

# explain tells of the last thing done, also behind marks and reports
step 0 'line 28\nexplain\n' "$TRACE"
sed -n '/^event 9/,$p' out | tail -n +3 |
	cmp -s - "$ROOT/tests/data/explain/cow.en" || fail "explain differs"
step 0 'continue after-fork\nexplain ja\nwhere\n' "$TRACE"
sed -n '/^event 7/,/カウンタ: /p' out |
	cmp -s - "$ROOT/tests/data/explain/fork.ja" || fail "explain ja differs"
tail -1 out | grep -q '^line 21: mark after-fork$' || fail "explain moved on"

# help has every command and report
step 0 'help\n' "$TRACE"
for word in next continue line event where explain report help quit maps= slabinfo; do
	grep -q "$word" out || fail "help does not name $word"
done

# exit status as replay's; wrong commands of a script
cat >wrong.trace <<'EOF'
mmemu-trace 1
100 spawn sh
100 mmap 0x20000000 4K rw- private anon -> a
100 write a = "hello"
100 read a 5 = "jello"
EOF
step 0 'next 3\n' wrong.trace
step 1 'continue\n' wrong.trace
step 2 'jump\n' wrong.trace
says err 'jump: no such command (help lists them)'
step 2 'next x\n' wrong.trace
says err 'next x: expected a number of statements'
step 2 'maps 7\n' wrong.trace
says err 'maps 7: expected the pid of a process that runs'
step 2 'report bees\n' wrong.trace
says err 'report: expected one of the reports that help lists'
step 2 'explain\n' wrong.trace
says err 'explain: nothing is done yet'
step 2 'continue no\n' wrong.trace
echo "nonsense" >>wrong.trace
step 2 'continue\n' wrong.trace
run 2 replay --interactive -
says err 'mmemu: --interactive: standard input is for commands, expected a file'
run 2 replay --interactive "$TRACE" --stats
head -1 err >first
says first 'mmemu: --interactive: goes with --json and the options of the machine only'

# a terminal: prompt, completion of a command, a mark and a report, history
python3 - "$M" "$TRACE" <<'EOF' || fail "through a terminal"
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.execv(sys.argv[1], [sys.argv[1], "replay", "--interactive", sys.argv[2]])
seen = b""
def wait_for(text, n=1):
    global seen
    end = time.time() + 20
    while seen.count(text) < n:
        left = end - time.time()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise SystemExit("no %r in %r" % (text, seen))
        try:
            seen += os.read(fd, 4096)
        except OSError:
            raise SystemExit("ended before %r: %r" % (text, seen))
def send(text):
    os.write(fd, text)
wait_for(b"(mmemu) ")
send(b"cont\t")
wait_for(b"continue ")
send(b"before-f\t\n")
wait_for(b"line 16: mark before-fork")
send(b"bud\t\n")
wait_for(b"==> buddyinfo <==")
send(b"\x10\x10\n")         # two lines up in the history: continue again
wait_for(b"no such mark from here on")
send(b"quit\n")
try:
    while os.read(fd, 4096):
        pass
except OSError:
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
raise SystemExit(0 if status == 0 else "exit status %d" % status)
EOF
exit $bad
