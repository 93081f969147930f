# The examples of docs/TRACE-FORMAT.md and README are samples; the first runs, and
# all it says holds.
. tests/cli/lib.inc

awk '/^## Example/ { on = 1 } on && /^```/ { if (inside++) exit; next }
	inside { print }' "$ROOT/docs/TRACE-FORMAT.md" >example.trace
[ "$(wc -l <example.trace)" = 19 ] || fail "the example of the language is $(wc -l <example.trace) lines long"
grep -v '^# ' "$ROOT/traces/lecture/example.trace" | cmp -s - example.trace ||
	fail "traces/lecture/example.trace is another"
for p in linux-3.12-i386 linux-3.12-i386-pae; do
	run 0 replay example.trace -c $p --check=1 --outcomes log -o o
	says log "3: ok
4: ok 0x20000000
5: minflt=1 majflt=0
6: ok
7: minflt=0 majflt=0
8: minflt=1 majflt=0
9: minflt=0 majflt=0
10: minflt=1 majflt=0
11: ok 0xb7ffe000
12: minflt=0 majflt=1
13: minflt=0 majflt=0 SIGSEGV ACCERR
18: ok
19: ok"
	# two processes, a frame each, and the second page of the file
	says o/15.frames "frame 0: 100:0x20000000 anon
frame 1: 101:0x20000000 anon
frame 2: 101:0xb7fff000 file /etc/motd+0x1000"
	# what was expected is what counts: each wrong word is told
	for change in 's/= "hello"$/= "jello"/' 's/!SIGSEGV/!SIGBUS/' \
		's/write motd !SIGSEGV/read motd !SIGSEGV/'; do
		sed "$change" example.trace | sed '5s/jello/hello/' >wrong.trace
		run 1 replay wrong.trace -c $p
		[ -s err ] || fail "$change: no word"
	done
done

# README's story, as its file has it
sed -n '/^\$ cat .*story.trace/,/^$/p' "$ROOT/README.md" | sed '1d;$d' |
	cmp -s - "$ROOT/traces/lecture/story.trace" ||
	fail "README tells another story than traces/lecture/story.trace"
run 0 replay "$ROOT/traces/lecture/story.trace"
sed -n '/^\$ build.*story.trace/,/^```/p' "$ROOT/README.md" | sed '1d;$d' |
	cmp -s - out || fail "README shows another end of the story"
exit $bad
