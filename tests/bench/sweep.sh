#!/bin/sh
# A sweep of 64 machines over the recorded program: two threads against one.
B=${B:-build}
T=${1:-traces/recorded/sort.trace.zst}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
seconds() {
	start=$(date +%s.%N)
	"$B/mmemu" sweep "$T" --vary paging=x86-2level,x86-pae,lecture-5555,x86-64 \
		--vary tlb.entries=16..128 --vary tlb.ways=1..8 --json \
		-j "$1" -o "$dir/$1.json" || exit 1
	awk "BEGIN { print $(date +%s.%N) - $start }"
}
one=$(seconds 1) && two=$(seconds 2) || exit 1
cmp "$dir/1.json" "$dir/2.json" || exit 1
echo "64 machines: $one s with one thread, $two s with two: $(awk "BEGIN { printf \"%.2f\", $one / $two }") times, the same bytes"
