#!/bin/sh
# fuzz.sh SECONDS TARGET...: each target under libFuzzer for so many seconds of
# CPU time, from the inputs of tests/fuzz/corpus and those found before (in
# $B/corpus). A row each: CPU seconds, inputs executed, edges and features of
# the code covered. A finding is left as $B/TARGET-crash-..., -timeout-...,
# -oom-...; status 1.
B=${B:-build/fuzz}
seconds=$1
shift
bad=0

# look at the clock: $cpu, seconds of CPU time of all children so far. (Not in a
# subshell, which has children of its own.)
look() {
	times >"$B/times"
	cpu=$(sed -n 2p "$B/times" |
		awk '{split($1, u, "[ms]"); split($2, s, "[ms]")
		      print int(60 * (u[1] + s[1]) + u[2] + s[2])}')
}

# fuzz TARGET SECONDS: on for so long by the clock
fuzz() {
	case $1 in
	state | elf) longest=65536 ;;
	*) longest=4096 ;;
	esac
	ASAN_OPTIONS=detect_leaks=1 nice -n 10 "$B/tests/fuzz/fuzz-$1" \
		-max_total_time="$2" -timeout=20 -rss_limit_mb=3000 \
		-max_len=$longest -dict=tests/fuzz/trace.dict \
		-print_final_stats=1 -artifact_prefix="$B/$1-" \
		"$B/corpus/$1" "tests/fuzz/corpus/$1" </dev/null >"$log" 2>&1
}

printf '%-18s %8s %12s %8s %9s\n' target 'CPU s' executed edges features
for t; do
	mkdir -p "$B/corpus/$t"
	log=$B/$t.log
	look
	begin=$cpu
	used=0
	n=0
	status=0
	# a busy host gives less than a second of CPU time in a second
	while [ $status = 0 ] && [ $used -lt "$seconds" ]; do
		left=$((seconds - used))
		fuzz "$t" $((left < 5 ? 5 : left))
		status=$?
		one=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		n=$((n + ${one:-0}))
		look
		used=$((cpu - begin))
	done
	covered=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -1)
	printf '%-18s %8s %12s %8s %9s\n' "$t" $used $n \
		$(echo "${covered:-- - - -}" | awk '{print $2, $4}')
	if [ $status != 0 ]; then
		grep -m3 -E 'ERROR|fuzz:|Assertion|runtime error|SUMMARY' "$log"
		grep 'Test unit written' "$log"
		bad=1
	fi
done
exit $bad
