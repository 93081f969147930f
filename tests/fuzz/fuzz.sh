#!/bin/sh
# fuzz.sh SECONDS TARGET...: each target under libFuzzer until it has had so many
# seconds of a processor, from the inputs of tests/fuzz/corpus and those found
# before (in $B/corpus). A finding is left as $B/TARGET-crash-..., -timeout-...,
# -oom-...; status 1.
B=${B:-build/fuzz}
seconds=$1
shift
bad=0

# Whole seconds of processor time that this shell's children have had.
cpu() {
	times >"$B/times"
	awk 'NR == 2 { n = 0
		for (i = 1; i <= 2; i++) {
			split($i, t, "[ms]")
			n += t[1] * 60 + t[2]
		}
		printf "%d\n", n }' "$B/times"
}

# One round: the rest of the target's time by the clock, which is less of a
# processor where others want it too.
round() {
	ASAN_OPTIONS=detect_leaks=1 nice -n 10 "$B/tests/fuzz/fuzz-$1" \
		-max_total_time="$2" -timeout=20 -rss_limit_mb=3000 \
		-max_len="$([ "$1" = state ] && echo 65536 || echo 4096)" \
		-dict=tests/fuzz/trace.dict -print_final_stats=1 \
		-artifact_prefix="$B/$1-" "$B/corpus/$1" \
		"tests/fuzz/corpus/$1" </dev/null >"$B/$1.log" 2>&1
}

for t; do
	mkdir -p "$B/corpus/$t"
	from=$(cpu)
	used=0
	total=0
	status=0
	while [ "$status" = 0 ] && [ "$used" -lt "$seconds" ]; do
		round "$t" $((seconds - used))
		status=$?
		n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$B/$t.log")
		total=$((total + ${n:-0}))
		used=$(($(cpu) - from))
	done
	cov=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$B/$t.log" | tail -1)
	printf '%-18s %5d s of CPU %10d runs, %s\n' "$t" "$used" "$total" "$cov"
	if [ "$status" != 0 ]; then
		grep -m3 -E 'ERROR|fuzz:|Assertion|runtime error|SUMMARY' "$B/$t.log"
		grep 'Test unit written' "$B/$t.log"
		bad=1
	fi
done
exit $bad
