#!/bin/sh
# The player: its JSON and what a browser shows of it are what replay reports;
# its options; a trace that tries to get out of the page.
. tests/cli/lib.inc
tests=$ROOT/tests/cli
lecture=$ROOT/traces/lecture

# ---- the JSON, step by step

# compare EVERY TRACE OPTION...
compare() {
	every=$1
	trace=$2
	shift 2
	run 0 player "$trace" -o page.html "$@"
	python3 "$tests/player_check.py" "$M" page.html "$trace" "$every" "$@" \
		>checked 2>&1 || fail "$trace $*: $(tail -4 checked)"
}

compare 1 "$lecture/cow.trace"
compare 4 "$lecture/slab.trace"
compare 5 "$lecture/large-pages.trace"
compare 5 "$lecture/cow.trace" -c linux-3.12-i386-pae
compare 5 "$lecture/cow.trace" -c x86-64-5level
compare 5 "$lecture/fork.trace" -c lecture-5555
cat >swap.trace <<'END'
swapon 4M
100 spawn hog
100 mmap 0x20000000 12M rw- private anon -> heap
100 write heap 12M
100 fork 101
100 read heap
101 write heap = "MINE"
100 exit
END
compare 1 swap.trace --set memory=16M
for seed in 3 11; do
	run 0 gen --seed $seed -n 90 -o random.trace
	compare 15 random.trace --set memory=16M
done

# ---- the same bytes, however it is asked for; text and binary, whole and part

run 0 player "$lecture/cow.trace" -o one.html
run 0 player "$lecture/cow.trace" -o - && cp out two.html
cmp -s one.html two.html || fail "two pages of one trace differ"
run 0 convert "$lecture/cow.trace" cow.mmt
run 0 player cow.mmt -o binary.html
run 0 player "$lecture/cow.trace" -o - <"$lecture/cow.trace"
python3 - <<'END' || fail "text and binary: other steps"
import json, re
def steps(path):
    text = open(path, encoding="utf-8").read()
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S).group(1))
    return ([(s["event"], s.get("outcome"), s["d"]) for s in data["steps"]],
            [m[:2] for m in data["marks"]], data["strings"])
assert steps("one.html") == steps("binary.html")
END
grep -q 'https\?://' one.html && fail "the page names an address"

run 0 player "$lecture/cow.trace" -o part.html --limit 5
says err "mmemu: note: $lecture/cow.trace goes on; the page ends at event 5 (line 14), --limit raises that, --from begins later"
grep -q '"stopped":"limit"' part.html || fail "the page does not say that it is a part"
run 0 player "$lecture/cow.trace" -o part.html --from after-fork --lang ja
[ -s err ] && fail "--from: $(cat err)"
grep -q '^"lang":"ja",$' part.html || fail "--lang"
grep -q '"rows":\["mark after-fork",$' part.html || fail "--from: the first row"
grep -q '"marks":\[\["after-fork",0,' part.html || fail "--from: the mark is not the first step"

# ---- what is wrong

complains "mmemu: player: expected TRACE and -o FILE.html
mmemu: \"mmemu help player\" says how to use it" player "$lecture/cow.trace"
complains "mmemu: --limit 0: expected a number of events" \
	player "$lecture/cow.trace" -o x.html --limit 0
complains "mmemu: --lang fr: expected en or ja" \
	player "$lecture/cow.trace" -o x.html --lang fr
complains "mmemu: player: 1572864 frames are too many for a page, 1048576 can be shown: --set memory=SIZE" \
	player "$lecture/cow.trace" -o x.html -c x86-64 --set memory=5G
printf '100 spawn\n100 frobnicate\n' >wrong.trace
run 2 player wrong.trace -o x.html
grep -q '^wrong.trace:2:5: ' err || fail "a wrong line: $(cat err)"
[ -e x.html ] && fail "a page of a trace that cannot be read"
printf '100 spawn\n100 mmap 0x20000000 4K rw- private anon\n100 read 0x20000000 = 7\n' \
	>found.trace
run 1 player found.trace -o x.html
[ -s x.html ] || fail "no page of a trace with a wrong value"

# ---- in a browser

python=python3
$python -c 'import selenium' 2>/dev/null || python=/usr/bin/python3
run 0 gen --seed 3 -n 120 -o walk.trace
sed -i '60a mark middle' walk.trace
cat >hostile.trace <<'END'
mmemu-trace 1
# </script><script>document.title='owned'</script> <!-- <script>
file "/tmp/</script><script>document.title='owned'</script>" size 8192
file "/tmp/<img src=x onerror=\"document.title='owned'\">" size 8192
file "/tmp/\xff\xfe\n'\"&amp;<b>" size 8192
100 spawn "</script><b>"
100 mmap 0x20000000 8K r-- private file "/tmp/</script><script>document.title='owned'</script>" 0
100 mmap 0x20010000 8K r-- private file "/tmp/<img src=x onerror=\"document.title='owned'\">" 0
100 mmap 0x20020000 8K r-- private file "/tmp/\xff\xfe\n'\"&amp;<b>" 0
100 read 0x20000000 8K
100 read 0x20010000 8K
100 read 0x20020000 8K
mark end
kernel kmem_cache_create "<b>'\"&amp;" 64
END
timeout 400 $python "$tests/player_browser.py" "$M" walk.trace middle hostile.trace \
	>browser 2>&1 || fail "browser: $(tail -5 browser)"
exit $bad
