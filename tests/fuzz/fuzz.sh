#!/bin/sh
# fuzz.sh SECONDS TARGET...: each target under libFuzzer for so long, from the
# inputs of tests/fuzz/corpus and those found before (in $B/corpus). A finding is
# left as $B/TARGET-crash-..., -timeout-..., -oom-...; status 1.
B=${B:-build/fuzz}
seconds=$1
shift
bad=0
for t; do
	mkdir -p "$B/corpus/$t"
	log=$B/$t.log
	ASAN_OPTIONS=detect_leaks=1 nice -n 10 "$B/tests/fuzz/fuzz-$t" \
		-max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 \
		-max_len=$([ "$t" = state ] && echo 65536 || echo 4096) -dict=tests/fuzz/trace.dict -print_final_stats=1 \
		-artifact_prefix="$B/$t-" "$B/corpus/$t" \
		"tests/fuzz/corpus/$t" </dev/null >"$log" 2>&1
	status=$?
	n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	cov=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -1)
	printf '%-18s %10s runs, %s\n' "$t" "${n:-0}" "$cov"
	if [ $status != 0 ]; then
		grep -m3 -E 'ERROR|fuzz:|Assertion|runtime error|SUMMARY' "$log"
		grep 'Test unit written' "$log"
		bad=1
	fi
done
exit $bad
