#!/bin/sh
# The module tests under memcheck. Criterion runs each test in a process of its
# own and does not pass on valgrind's verdict: the logs judge.
B=${B:-build}
rm -f "$B"/vg.*
valgrind -q --trace-children=yes --leak-check=full --show-leak-kinds=definite \
	--errors-for-leak-kinds=definite --log-file="$B/vg.%p" \
	"$B/tests/run" -j2 --quiet >"$B/valgrind.log" 2>&1
status=$?
bad=0
for log in "$B"/vg.*; do
	[ -s "$log" ] || continue
	bad=$((bad + 1))
	[ $bad -le 3 ] && cat "$log"
done
tail -1 "$B/valgrind.log"
echo "$bad processes with complaints of valgrind"
[ $status = 0 ] && [ $bad = 0 ]
