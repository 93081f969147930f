#!/bin/sh
# Run the tests. Every part prints its own words; the last line sums up.
#
#   run.sh quick     the modules and the command line
#   run.sh all       everything
#   run.sh asan      like quick, on a build with sanitizers
#   run.sh coverage  what `make coverage` counts: quick, samples, figures
#   run.sh valgrind  the modules under memcheck
#
# B: the build folder. ORACLE: what real kernels answered, may be absent.
B=${B:-build}
what=${1:-all}
passed=0
failed=0
log=$B/tests/modules.log
export B

# part NAME COMMAND...: a test that is its exit status
part() {
	name=$1
	shift
	echo "== $name"
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
	fi
}

# tested LOG: how many tests ran, by the log's own word
tested() {
	sed -n 's/.*Tested: *\([0-9]*\).*/\1/p' "$1" | tail -1
}

# modules COMMAND...: the exit status judges, and that no test was left out: as
# many must have run as stand in the sources
modules() {
	"$@" >"$log" 2>&1
	status=$?
	n=$(tested "$log")
	all=$(cat tests/*/test_*.c | grep -c '^Test(')
	for word; do
		[ "$word" = -x ] && all=$((all - 1))
	done
	if [ $status != 0 ] || [ "${n:-0}" != "$all" ]; then
		cat "$log"
		echo "exit status $status; ${n:-0} tests ran, there are $all"
		return 1
	fi
	echo "$n module tests passed"
	passed=$((passed + n - 1))
}

# control SUITE COMMAND...: tests that must fail, each
control() {
	suite=$1
	shift
	all=$(grep -c "^Test($suite" tests/alone/control.c)
	"$@" "$suite*" >"$B/tests/control.log" 2>&1
	if [ "$(tail -1 "$B/tests/control.log")" != \
		"Tested: $all | Passed: 0 | Failed: $all" ]; then
		tail -1 "$B/tests/control.log"
		echo "errors were made on purpose and not all were found"
		return 1
	fi
	echo "$all errors made on purpose, all found"
}

command_line() {
	for t in tests/cli/*.sh; do
		part "$t" sh "$t"
	done
	part "golden: the scenarios under traces/ and tests/golden/" \
		"$B/mmemu" check traces tests/golden
}

corpora() {
	for dir in tests/fuzz/corpus/*; do
		name=${dir##*/}
		"$B/tests/fuzz/run-$name" "$dir" >"$B/tests/corpus.log" 2>&1 || {
			echo "$name: $(tail -c 600 "$B/tests/corpus.log")"
			return 1
		}
	done
}

random_traces() {
	part "random traces against models, checked at each event" \
		"$B/tests/random" --count "$1"
}

memcheck() {
	valgrind -q --leak-check=full --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite --error-exitcode=9 "$@"
}

case $what in
coverage)
	part "modules" modules "$B/tests/run" -j2
	command_line
	random_traces 120
	part "corpora of the fuzz targets" corpora
	part "samples" sh tests/samples.sh
	part "figures" python3 tests/figures.py
	part "lecture" python3 docs/lecture/lecture.py --check
	part "procfs" sh tests/procfs.sh
	;;
valgrind)
	part "control" control both memcheck "$B/tests/alone/control"
	# memcheck has no address room for machines of 64 GiB
	part "modules under memcheck" modules memcheck \
		"$B/tests/alone/modules" -x bootmem/every_size_boots \
		-x owner/huge_machine
	;;
asan)
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
	UBSAN_OPTIONS=print_stacktrace=1
	export ASAN_OPTIONS UBSAN_OPTIONS
	part "control" control '[ab]' "$B/tests/alone/control"
	part "modules under sanitizers" modules "$B/tests/alone/modules"
	command_line
	random_traces 60
	part "corpora of the fuzz targets" corpora
	;;
*)
	part "modules" modules "$B/tests/run" -j2
	command_line
	part "the host fails: memory, disk, bounds" sh tests/inject/run.sh
	random_traces 360
	part "corpora of the fuzz targets" corpora
	;;
esac
if [ "$what" = all ]; then
	part "samples: every trace under traces/, checked at each event" \
		sh tests/samples.sh
	part "figures: every kind over several traces is legible" \
		python3 tests/figures.py
	part "lecture: its pages and figures are as the program makes them" \
		python3 docs/lecture/lecture.py --check
	part "procfs: tools that read another /proc" sh tests/procfs.sh
	part "conformance with a real kernel" python3 tests/conformance.py
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
