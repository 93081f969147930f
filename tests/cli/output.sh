# Outputs appear whole or not at all, where they are asked for and nowhere else.
. tests/cli/lib.inc

cat >t.trace <<'END'
mmemu-trace 1
file /bin/prog size 32K warm
1 spawn sh
1 mmap 0x20000000 16K rw- private anon -> a
1 mmap 0x30000000 8K r-x private file /bin/prog 0
1 write a 4p
1 fetch 0x30000000
mark half
report maps 1
report buddyinfo as deep/er/buddy
1 fork 2
END

# ---- -o ----
run 0 replay t.trace -o o -r maps=1 -r frames -r statm=2:two --outcomes log
files o 9.maps.1 deep/er/buddy frames maps.1 outcomes two
[ -s out ] && fail "-o, and output"
cmp -s log o/outcomes || fail "--outcomes and -o"
# again into the same folder: replaced, nothing more
run 0 replay t.trace -o o -r maps=1
files o 9.maps.1 deep/er/buddy frames maps.1 outcomes two
run 0 replay t.trace -o new/folder/of/folders
files new/folder/of/folders 9.maps.1 deep/er/buddy outcomes

# ---- a name may not lead out of the folder ----
for f in ../../x ../x /x a/../../x .. . '""' a/ a/.. a//../../b; do
	{ cat t.trace; echo "report maps 1 as $f"; } >out.trace
	rm -rf e
	complains 'out.trace:12:18: the file would lie outside of the output folder, expected a relative path without ..' \
		replay out.trace -o e
	files e 9.maps.1 deep/er/buddy
done
[ -e ../x ] || [ -e /x ] && fail "a file outside of the folder"

# ---- places that cannot be written ----
complains 'mmemu: cannot make the folder /dev/null/x: Not a directory' \
	replay t.trace -o /dev/null/x
complains 'mmemu: cannot write t.trace/outcomes: Not a directory' \
	replay t.trace -o t.trace
run 2 replay t.trace --outcomes /dev/null/x/y
run 2 replay t.trace --save-state /dev/null/x
run 2 replay t.trace --procfs /dev/null/x
run 2 convert t.trace /dev/null/x
mkdir taken
run 2 replay t.trace --outcomes taken
[ -d taken ] || fail "a folder in the way is gone"
if [ "$(id -u)" != 0 ]; then
	mkdir closed
	chmod 555 closed
	run 2 replay t.trace -o closed
	complains 'mmemu: cannot write closed/x: Permission denied' \
		replay t.trace --outcomes closed/x
fi

# ---- a full disk ----
if [ -c /dev/full ]; then
	"$M" replay t.trace >/dev/full 2>err
	[ $? = 2 ] || fail "standard output is full: status"
	says err 'mmemu: cannot write to standard output'
	complains 'mmemu: cannot write /dev/full: No space left on device' \
		replay t.trace --outcomes /dev/full
	complains 'mmemu: cannot write /dev/full: No space left on device' \
		replay t.trace --save-state /dev/full
	"$M" config >/dev/full 2>err
	[ $? = 2 ] || fail "config into a full disk"
	"$M" cat t.trace >/dev/full 2>err
	[ $? = 2 ] || fail "cat into a full disk"
	"$M" --help >/dev/full 2>err
	[ $? = 2 ] || fail "help into a full disk"
fi
# a limit on file sizes is a full disk in the middle of a file
awk 'BEGIN { print "1 spawn"; while (i++ < 20000) print "1 munmap " i "p 4K" }' >long.trace
(
	trap '' XFSZ
	ulimit -f 100
	"$M" replay long.trace -o big >out 2>err
	[ $? = 2 ] || fail "file too large: status"
	[ "$(wc -l <err)" = 1 ] || fail "file too large: $(cat err)"
	"$M" convert long.trace big.trace 2>err
	[ $? = 2 ] || fail "file too large: convert's status"
	exit $bad
) || bad=1
files big
[ -e big.trace ] && fail "half a trace"

# ---- a reader that goes away ----
"$M" replay t.trace -r slabinfo 2>err | head -1 >/dev/null

# ---- links and devices are written through, not replaced ----
echo old >real
ln -s real link
run 0 replay t.trace --outcomes link
[ -h link ] && grep -q ok real || fail "a link was replaced"
run 0 replay t.trace --outcomes /dev/null
[ -c /dev/null ] || fail "/dev/null is gone"

# what lies in memory is a file like another
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
	shm=$(mktemp -d /dev/shm/mmemu.XXXXXX)
	run 0 replay t.trace --outcomes "$shm/log"
	run 0 replay t.trace --outcomes "$shm/log"
	cmp -s log "$shm/log" || fail "a second log in /dev/shm"
	rm -r "$shm"
fi

# ---- a signal in the middle of a file: nothing is left ----
mkfifo slow
for signal in INT TERM HUP; do
	mkdir ended
	(exec 9<>slow; cat t.trace >&9; exec sleep 600) &
	feeder=$!
	# whoever runs the tests may ignore them: INT in the background, HUP under nohup
	python3 -c 'import signal, subprocess, sys, time, os
for s in signal.SIGINT, signal.SIGTERM, signal.SIGHUP: signal.signal(s, signal.SIG_DFL)
p = subprocess.Popen(sys.argv[2:])
until = time.time() + 60
while not os.listdir("ended") and time.time() < until: time.sleep(0.01)
assert os.listdir("ended"), "nothing was begun"
p.send_signal(getattr(signal, "SIG" + sys.argv[1]))
try: sys.exit(p.wait(60) != -getattr(signal, "SIG" + sys.argv[1]))
finally: p.kill()
' $signal "$M" convert slow ended/x.trace || fail "SIG$signal: another end"
	kill $feeder
	wait $feeder 2>/dev/null
	files ended
	rm -rf ended
done

# ---- --procfs ----
run 0 replay t.trace --procfs proc
for f in buddyinfo slabinfo meminfo vmstat zoneinfo 1/maps 1/status 1/smaps \
	1/stat 1/statm 2/maps; do
	[ -s proc/$f ] || fail "--procfs: no $f"
done
run 0 replay t.trace -r slabinfo -r maps=1 -o o
cmp -s proc/slabinfo o/slabinfo && cmp -s proc/1/maps o/maps.1 ||
	fail "--procfs and -r differ"

# a folder of ours is replaced whole, another's is left alone
echo stale >proc/stale
run 0 replay t.trace --procfs proc/
[ -s proc/meminfo ] && [ ! -e proc/stale ] || fail "--procfs: not replaced"
mkdir mine && echo keep >mine/file
complains "mmemu: --procfs: mine is not empty and no replay wrote it, expected another folder" \
	replay t.trace --procfs mine
[ "$(cat mine/file)" = keep ] || fail "--procfs: someone else's file is gone"
echo 'Linux version 3.12.0' >mine/version
run 2 replay t.trace --procfs mine
[ -e mine/file ] || fail "--procfs: someone else's version was enough"
mkdir empty
run 0 replay t.trace --procfs empty
[ -s empty/meminfo ] || fail "--procfs: an empty folder was refused"
run 2 replay t.trace --procfs "$(printf '%0990d/%0990d/%0990d/%0990d/%0990d' 0 0 0 0 0)"
[ -z "$(find . -name '*.tmp.*')" ] || fail "--procfs left $(find . -name '*.tmp.*')"

# ---- states ----
run 0 replay t.trace --save-state half=a.state --save-state b.state
run 1 diff-state a.state b.state
run 0 diff-state b.state b.state
run 2 diff-state b.state none
run 0 replay t.trace -r state:c.state -o o
cmp -s o/c.state b.state || fail "report state and --save-state differ"
exit $bad
