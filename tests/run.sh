#!/bin/sh
# Run the tests: `run.sh quick` the modules and the command line, `run.sh all`
# everything. Every part prints its own words; the last line sums up.
# B: the build folder. ORACLE: what real kernels answered, may be absent.
B=${B:-build}
what=${1:-all}
passed=0
failed=0
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

modules() {
	"$B/tests/run" -j2 --quiet >"$B/tests/modules.log" 2>&1
	status=$?
	n=$(sed -n 's/.*Tested: *\([0-9]*\).*/\1/p' "$B/tests/modules.log")
	[ $status = 0 ] && [ "${n:-0}" -gt 0 ] || {
		cat "$B/tests/modules.log"
		return 1
	}
	echo "$n module tests passed"
	passed=$((passed + n - 1))
}

part "modules" modules
for t in tests/cli/*.sh; do
	[ -e "$t" ] && part "$t" sh "$t"
done
if [ "$what" = all ]; then
	part "samples: every trace under traces/, checked at each event" \
		sh tests/samples.sh
	part "procfs: tools that read another /proc" sh tests/procfs.sh
	part "conformance with a real kernel" python3 tests/conformance.py
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
