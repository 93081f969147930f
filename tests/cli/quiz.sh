# mmemu quiz: every answer against a computation of the test's own; the same
# seed is the same exercise; the trace of an exercise replays.
. tests/cli/lib.inc

topics=$("$M" quiz --list | sed 's/ .*//')
[ "$(echo "$topics" | wc -l)" = 9 ] || fail "topics: $topics"
python3 "$ROOT/tests/quiz.py" "$M" 25 || fail "answers"

# the checks can fail: a digit of the answers is changed
cat >wrong <<END
#!/bin/sh
"$M" "\$@" | sed '/^Answer/,/mmemu quiz/{/mmemu quiz/!y/3/8/;}'
END
chmod +x wrong
python3 "$ROOT/tests/quiz.py" ./wrong 10 >found && fail "wrong answers pass"
for t in $topics; do
	grep -q "^$t " found || fail "$t: wrong answers pass"
done

# for ever: what seed 1 has been from the first day
for lang in en ja; do
	for t in $topics; do
		"$M" quiz "$t" --answer --lang $lang
	done >$lang.txt
	cmp -s $lang.txt "$ROOT/tests/data/quiz/$lang.txt" ||
		fail "exercises differ: $(diff $lang.txt "$ROOT/tests/data/quiz/$lang.txt" | head -5)"
done
grep -v '^[ -~]*$' en.txt | grep -q . && fail "English that is not ASCII"

for t in $topics; do
	# the exercise alone is the beginning of what --answer prints
	run 0 quiz "$t" --seed 5
	cp out alone
	grep -q '^Answer' out && fail "$t: the answer is given away"
	run 0 quiz "$t" --seed 5 --answer
	head -c "$(stat -c %s alone)" out | cmp -s - alone ||
		fail "$t: --answer changes the exercise"
	run 0 quiz "$t" --seed 6
	cmp -s out alone && fail "$t: seeds 5 and 6 are the same"
	# no line is too wide for a page, none ends in a space
	grep -q '.\{100\}' alone && fail "$t: a long line"
	grep -q ' $' alone && fail "$t: a space at the end of a line"
	# seeds 5 and 6 in one go
	cat alone out >both
	run 0 quiz "$t" --seed 5 --count 2
	cmp -s out both || fail "$t: --count differs from single runs"
	# what its trace says of itself works, and nothing in it is wrong
	run 0 quiz "$t" --seed 5 --trace -o t.trace
	[ -s out ] && fail "$t: -o, and standard output"
	options=$(sed -n '3s/^#   mmemu replay\(.*\) --outcomes - FILE$/\1/p' t.trace)
	[ -n "$options" ] || fail "$t: the trace does not say how to replay it"
	run 0 replay $options t.trace
	# Markdown: fences in pairs, no indented blocks
	run 0 quiz "$t" --seed 5 --answer --format md
	[ $(($(grep -c '^```$' out) % 2)) = 0 ] || fail "$t: fences"
	grep -q '^## ' out || fail "$t: no heading"
done

# the counts of `mmemu policy` are those of the exercise
run 0 quiz replacement --seed 9 --trace -o r.trace
run 0 quiz replacement --seed 9 --answer
frames=$(sed -n 's/^It has \([34]\) frames.*/\1/p' out)
set -- $(sed -n 's/^    [a-z]*: \([0-9]*\) faults/\1/p' out)
run 0 policy --frames "$frames" r.trace
set -- "$@" $(tail -1 out)
[ "$1 $2 $3 $4" = "$6 $7 $8 $9" ] || fail "policy counts otherwise: $*"

# machines of the user's
run 0 quiz translate --set paging=x86-pae
grep -q 'format x86-pae' out || fail "--set paging"
run 0 quiz translate -c riscv-sv39 --answer
grep -q 'format riscv-sv39' out || fail "-c riscv-sv39"
run 0 quiz slab --set slab.cache_line=32
grep -q 'cache line 32' out || fail "--set slab.cache_line"

complains 'mmemu: quiz: there is no topic "nonsense" (mmemu quiz --list)' \
	quiz nonsense
complains 'mmemu: quiz: --seed x: expected a number' quiz cow --seed x
complains 'mmemu: quiz: --count 0: expected 1 to 1000' quiz cow --count 0
complains 'mmemu: quiz: --lang fr: expected en or ja' quiz cow --lang fr
complains 'mmemu: quiz: --format html: expected text or md' \
	quiz cow --format html
complains 'mmemu: quiz: --trace is of one exercise, without --count' \
	quiz cow --trace --count 2
run 2 quiz
run 2 quiz cow maps
run 2 quiz cow --set memory=1
[ -s out ] && fail "a wrong machine, and output"
run 2 quiz cow --set memory=1 -o sheet.txt
[ -e sheet.txt ] && fail "a wrong machine, and a file"
exit $bad
