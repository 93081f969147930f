# mmemu check: scenarios, updates, ignored fields, formats, grades, status.
. tests/cli/lib.inc

has() {
	grep -q -- "$2" "$1" || fail "$1 has no \"$2\": $(head -3 "$1")"
}

printf '1 spawn sh\n1 mmap 0x20000000 16K rw- private anon -> a\n1 write a\nreport maps 1\n' >t.trace
printf '1 spawn sh\n1 munmap 1 4K !ENOMEM\n1 read 0\n' >wrong.trace
printf 'report buddyinfo\nnonsense\n' >bad.trace

# ---- new ones, and they pass ----
run 0 check --new set/good t.trace -r slabinfo --set memory=32M
has out '^updated  set/good$'
cmp -s t.trace set/good.trace || fail "--new: the trace"
run 0 check --new set/sub/wrong wrong.trace
run 0 check --new set/sub/bad bad.trace
[ "$(cat set/sub/expected/wrong/exit)" = 1 ] || fail "expected status 1"
[ "$(cat set/sub/expected/bad/exit)" = 2 ] || fail "expected status 2"
has set/sub/expected/bad/messages '^bad.trace:2:1: '
[ -s set/sub/expected/bad/1.buddyinfo ] || fail "reports before an error"
run 0 check set
has out '^3 scenarios: 3 passed ('
run 0 check set/ -j 1 --check
run 0 check set/good.trace set/sub/wrong
has out '^2 scenarios: 2 passed ('
run 0 check --update set
has out '^3 scenarios: 3 passed ('
run 2 check --new set/good t.trace
has err 'is there already'

# ---- differences ----
echo '1 write a+4K' >>set/good.trace
rm set/sub/expected/wrong/messages
run 1 check set
has out '^differs  set/good (2 files)$'
has out '^--- set/expected/good/outcomes$'
has out '^+5: minflt=1 majflt=0$'
has out '^--- /dev/null$'
has out '^3 scenarios: 1 passed, 2 differ ('
run 1 check set --format tap
has out '^1..3$'
has out '^not ok 1 - set/good$'
has out '^ok 2 - set/sub/bad$'
has out '^# +5: minflt=1'
run 1 check set --format junit
has out 'tests="3" failures="2"'
run 1 check set --format json
has out '"verdict": "differs"'
if command -v python3 >/dev/null; then
	python3 -c 'import json, sys; d = json.load(open("out")); assert d["differs"] == 2 and "+5: minflt=1" in d["scenarios"][0]["differences"][0]["diff"]' ||
		fail "JSON"
	"$M" check set --format junit | python3 -c 'import sys, xml.dom.minidom as x
d = x.parse(sys.stdin); assert len(d.getElementsByTagName("failure")) == 2' || fail "XML"
fi
run 1 check set/good --lines 1
has out '^\.\.\. and [0-9]* more lines'

# ---- ignored, filtered, graded ----
printf 'ignore: [outcomes, stats]\ntags: [quick]\npoints: 3\n' >>set/good.yaml
printf 'points: 2.5\n' >>set/sub/wrong.yaml
run 1 check set
has out '^score: 3 of 5.5 points$'
run 1 check set --grade
has out '^pass     set/good  3 of 3$'
has out '^differs  set/sub/wrong (1 file)  0 of 2.5$'
grep -q '^+++' out && fail "--grade shows differences"
run 0 check set -f tag:quick
has out '^1 scenario: 1 passed'
run 0 check set -f '!wrong'
has out '^2 scenarios: 2 passed'
run 0 check set -f 'set/*bad' -f good
has out '^2 scenarios: 2 passed'
run 2 check set -f nothing
has err 'no scenario found'

# ---- updated ----
run 0 check -u set
has out '^  new messages (+1 -0 lines)$'
run 0 check set
touch set/expected/good/stale
run 1 check set
run 0 check -u set
has out '^  removed stale'
[ -e set/expected/good/stale ] && fail "a file that is not made any more stays"

# ---- several machines ----
printf 'configs: [linux-3.12-i386, linux-3.12-i386-pae]\nreports: [zoneinfo, pagetables=1]\n' >two.yaml
cp t.trace two.trace
run 2 check two.trace
has err 'no expectations in ./expected/two (--update makes them)'
run 0 check -u two.trace
has out '^updated  two@linux-3.12-i386-pae$'
cmp -s expected/two/linux-3.12-i386/pagetables.1 \
	expected/two/linux-3.12-i386-pae/pagetables.1 && fail "one machine twice"
run 0 check .
has out '^5 scenarios: 5 passed'

# ---- bad input ----
run 2 check
run 2 check nowhere
run 2 check set --format pdf
run 2 check set --jobs 0
run 2 check --new a b c
run 2 check set -c linux-3.12-i386
run 2 check set -u --grade
echo 'colour: red' >>two.yaml
run 2 check two
has err '^./two.yaml:3:1: unknown key'
printf 'points: many\n' >two.yaml
run 2 check two
has err '^./two.yaml:1:9: points: expected a number'
printf 'a: [\n' >two.yaml
run 2 check two
rm two.yaml two.trace
run 2 check .
has err 'there is no trace ./two.trace'
rm -r expected

# ---- an expectation that cannot be read is not one that is gone ----
mkdir looped
printf '1 spawn\n' >looped/a.trace
mkdir -p looped/expected/a
run 0 check -u looped/a
ln -s itself looped/expected/a/itself
complains 'mmemu: looped/expected/a/itself: Too many levels of symbolic links' \
	check -u looped
[ -h looped/expected/a/itself ] || fail "an expectation that cannot be read is gone"
rm -r looped

# ---- too late; interrupted ----
mkfifo slow.trace
mkdir -p expected/slow
run 1 check --timeout 1 slow
has out '^timeout  slow (not done after'
"$M" check slow >out 2>err &
waits "a scenario's start" sh -c '[ -e "$TMPDIR"/mmemu-check.*/0/messages ]'
interrupt $!
has err '^interrupted$'
[ -z "$(ls -A "$TMPDIR")" ] || fail "SIGINT: temporary files stay"
exit $bad
