#!/bin/sh
# mmemu cut: the machine at the cut, and what comes after, are the same; stat.
. tests/cli/lib.inc

# same TRACE EVENT: cut there, compare the state there and all outcomes behind
same() {
	whole_trace=$1
	n=$2
	run 0 cut "$whole_trace" part.mmt --from "$n"
	run 0 cut "$whole_trace" part.trace --from "$n"
	"$M" cat part.mmt | cmp -s - part.trace ||
		fail "$whole_trace $n: text and binary of a cut differ"
	for r in state frames slabinfo vmstat lru; do
		"$M" replay "$whole_trace" --at $((n - 1)) -r $r 2>err |
			sed -n "/^==> $r <==/,\$p" >whole
		"$M" replay part.mmt --at cut -r $r 2>err |
			sed -n "/^==> $r <==/,\$p" >part
		cmp -s whole part || fail "$whole_trace $n: $r at the cut differs"
	done
	"$M" replay "$whole_trace" --outcomes whole >out 2>err
	"$M" replay part.mmt --outcomes part >out 2>err
	cut=$(grep -n '^mark cut$' part.trace | cut -d: -f1)
	awk -F: -v cut="$cut" '$1 > cut { print $2 }' part >tail
	[ -s tail ] && tail -n "$(wc -l <tail)" whole | sed 's/^[0-9]*://' |
		cmp -s - tail || fail "$whole_trace $n: outcomes behind the cut differ"
}

for t in cow fork demand-paging wp-reuse do-shared-fault address-space; do
	events=$("$M" stat "$ROOT/traces/lecture/$t.trace" |
		awk '$1 == "events" { print $2 }')
	same "$ROOT/traces/lecture/$t.trace" $((events / 2))
	same "$ROOT/traces/lecture/$t.trace" "$events"
done

# contents matter here: each store that changes a byte stays
{
	echo "mmemu-trace 1"
	echo "1 spawn"
	echo "1 mmap 0x20000000 262144 rw- private anon fixed"
	awk 'BEGIN { for (i = 0; i < 3000; i++)
		printf "1 write 0x%x 4\n", 536870912 + i * 7 % 997 * 256 }'
	echo "1 fork 2"
	awk 'BEGIN { for (i = 0; i < 3000; i++)
		printf "%d %s 0x%x 4\n", 1 + i % 2, i % 5 ? "read" : "write",
			536870912 + i * 13 % 991 * 256 }'
	echo "mark here"
	echo "1 read 0x20000100 = 1"
	echo "1 read 0x20000101 = 0"
	echo "2 read 0x20001000 = 1"
} >values.trace
run 0 replay values.trace
same values.trace 6003
lines=$(wc -l <part.trace)
[ "$lines" -lt 2600 ] || fail "the prologue has $lines lines"
run 0 cut values.trace here.trace --from here
cmp -s here.trace part.trace && fail "the mark itself belongs to the part"
[ "$(sed -n '/^mark cut$/,$p' here.trace | sed -n 2p)" = "mark here" ] ||
	fail "--from MARK"
run 0 replay here.trace --strict
complains "mmemu: values.trace: there is no mark nowhere in it, but here" \
	cut values.trace x.mmt --from nowhere
[ -e x.mmt ] && fail "a cut that failed leaves a file"
complains "mmemu: --from -1: expected the number of an event, line:N, or a mark's name" \
	cut values.trace x.mmt --from -1

# ---- stat ----
run 0 convert values.trace values.mmt -m program=values
run 0 stat values.trace
sed '/^==> trace/,/^==> statements/d' out >text
run 0 stat values.mmt
sed '/^==> trace/,/^==> statements/d' out | cmp -s - text ||
	fail "stat of text and binary differ"
grep -q '^program=values$' out || fail "stat: metadata"
grep -Eq '^  pages +125$' out || fail "stat: $(grep ' pages ' out)"
run 0 stat -q values.mmt
grep -Eq '^  fork +1$' out || fail "stat -q"
complains "mmemu: values.trace: a text trace has no index, leave out --quick" \
	stat -q values.trace

exit $bad
