#!/bin/sh
# Every trace under traces/ replays, with the whole machine checked at every
# event (recordings: now and then), on both paging formats.
B=${B:-build}
bad=0
for t in traces/lecture/*.trace; do
	for p in linux-3.12-i386 linux-3.12-i386-pae; do
		if ! "$B/mmemu" replay --check=1 -c $p "$t" >"$B/sample.log" 2>&1; then
			echo "$t ($p): $(tail -1 "$B/sample.log")"
			bad=1
		fi
	done
done
for t in traces/recorded/*.trace.zst; do
	for p in linux-3.12-i386 linux-3.12-i386-pae; do
		if ! "$B/mmemu" replay --check=1000000 -c $p "$t" >"$B/sample.log" 2>&1; then
			echo "$t ($p): $(tail -1 "$B/sample.log")"
			bad=1
		fi
	done
done
exit $bad
