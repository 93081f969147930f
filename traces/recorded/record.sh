#!/bin/sh
# Record sort.c: compile it for i386, run it under valgrind's lackey, import
# the logs. record.sh [ELEMENTS [TRACE]]: by default more than 10 million accesses into
# $B/sort.trace.zst. The trace in this folder was made by
#	sh traces/recorded/record.sh 18000 traces/recorded/sort.trace.zst
set -e
B=${B:-build}
n=${1:-12000}
out=${2:-$B/sort.trace.zst}
level=19
[ "$n" -gt 50000 ] && level=9
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$B"
gcc -m32 -static -no-pie -O1 -g -fno-builtin -o "$dir/sort" traces/recorded/sort.c
# an empty environment: the program reads it, and it should not matter
(cd "$dir" && env -i PATH="$PATH" valgrind --tool=lackey --trace-mem=yes \
	--trace-syscalls=yes --basic-counts=no --trace-children=yes \
	--log-file=log.%p ./sort "$n" sort.out)
"$B/mmemu" import lackey "$dir"/log.* --program "$dir/sort" --level $level -o "$out"
ls -l "$out"
"$B/mmemu" replay "$out" --strict --check=10000000 --stats
