#!/bin/sh
# Binary traces on the command line: convert, cat, replay, damage.
. tests/cli/lib.inc

for t in "$ROOT"/traces/lecture/*.trace; do
	run 0 cat "$t"
	mv out text
	run 0 convert text t.mmt
	run 0 cat t.mmt
	cmp -s out text || fail "$t: text, binary and text again differ"
	run 0 replay "$t" -o o1 --stats=counts
	mv out stats1
	run 0 replay t.mmt -o o2 --stats=counts
	cmp -s out stats1 || fail "$t: stats of text and binary differ"
	diff -r o1 o2 >/dev/null || fail "$t: reports of text and binary differ"
	rm -r o1 o2
done

{
	echo "mmemu-trace 1"
	echo "1 spawn"
	echo "1 mmap 0x20000000 1048576 rw- private anon fixed"
	awk 'BEGIN { for (i = 0; i < 50000; i++)
		printf "1 %s 0x%x 4\n", i % 3 ? "read" : "write",
			536870912 + i * 7919 % 1048576 }'
	echo "1 read 0x20000000 = 1"
} >long.trace

# ---- forms ----
run 0 convert long.trace long.mmt -m program=loop -m "date=2001-02-03"
grep -q "program=loop" long.mmt || fail "metadata"
run 0 convert long.mmt again.mmt
cmp -s long.mmt again.mmt || fail "binary to binary"
run 0 convert long.mmt back.trace.zst
run 0 cat back.trace.zst
cmp -s out long.trace || fail "binary to zstd"
"$M" convert - - --to binary <long.trace >pipe.mmt || fail "convert - -"
"$M" cat - <pipe.mmt | cmp -s - long.trace || fail "cat -"
run 0 cat long.mmt --from line:100 --to line:101
[ "$(cat out)" = "$(sed -n 100,101p long.trace)" ] || fail "cat --from line:"
run 0 cat long.mmt --from 4 --to 5
[ "$(cat out)" = "$(sed -n 5,6p long.trace)" ] || fail "cat --from"
for how in "" --one-thread "--contents on" --check=9999; do
	run 0 replay long.mmt --stats=counts $how
	mv out stats.mmt
	run 0 replay long.trace --stats=counts $how
	cmp -s out stats.mmt || fail "replay $how: text and binary differ"
done
for at in 1 30001 line:30000; do
	run 0 replay long.mmt --at $at -r frames -r pagetables=1
	mv out frames.mmt
	run 0 replay long.trace --at $at -r frames -r pagetables=1
	cmp -s out frames.mmt || fail "replay --at $at: text and binary differ"
done

# ---- damage ----
size=$(wc -c <long.mmt)
head -c $((size / 2)) long.mmt >short.mmt
complains "mmemu: short.mmt: block 1 at offset 61: the file is truncated, expected more bytes here" \
	replay short.mmt
run 0 replay --salvage short.mmt
says err "short.mmt: block 1 at offset 61: the file is truncated, expected more bytes here; what is before it was used"
run 2 convert short.mmt x.trace
[ -e x.trace ] && fail "a damaged trace leaves a file"
run 0 convert --salvage short.mmt x.trace
head -c 20 long.mmt >short.mmt
complains "mmemu: short.mmt: the file is truncated, expected more bytes here" cat short.mmt
complains "mmemu: --meta x: expected KEY=VALUE on one line" convert -m x a b
complains "mmemu: --to pdf: expected text or binary" convert --to pdf a b
complains "mmemu: --from 0: expected the number of an event, line:N, or a mark's name" cat --from 0 a
complains "mmemu: long.trace: there is no mark x in it, nor any other" cat --from x long.trace

exit $bad
