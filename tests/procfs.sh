#!/bin/sh
# Tools that read /proc read the folder that `replay --procfs` writes: those
# that can be told where (node exporter, psutil), and those that cannot, with
# the folder bound over /proc in a mount namespace of their own. Tools that are
# not installed, or a host that gives no namespace, are passed over and named.
B=${B:-build}
M=$PWD/$B/mmemu
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
bad=0

fail() {
	echo "procfs: $*"
	bad=1
}

have() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "procfs: no $1 here"
	return 1
}

cat >"$T/t.trace" <<'END'
mmemu-trace 1
file /bin/prog size 32K warm ext2
file /data size 1M cold ext2
100 spawn sh
100 mmap 0x08048000 16K r-x private file /bin/prog 0
100 mmap 0x20000000 400K rw- private anon -> data
100 mmap 0x30000000 64K rw- shared anon -> shm
100 mmap 0x31000000 1M r-- shared file /data 0 -> file
100 fetch 0x08048000
100 write data 400K
100 write shm 64K
100 read file+512K
100 fork 101
101 write data 40K
102 spawn short
102 exit
END
"$M" replay "$T/t.trace" -c linux-3.12-i386 --check=1 --procfs "$T/proc" \
	-o "$T/out" || fail "replay"
"$M" replay "$T/t.trace" -c linux-3.12-i386 --procfs "$T/again" \
	-o "$T/out" || fail "second replay"
diff -r "$T/proc" "$T/again" || fail "two replays differ"
"$M" replay "$T/t.trace" -c linux-3.12-i386 --procfs "$T/again" \
	-o "$T/out" || fail "our own folder is not replaced"
for f in $(cd "$T/proc" && find . -type f | sed 's,.*/,,' | sort -u); do
	grep -q "[\`/]$f\`" docs/PROCFS.md || fail "docs/PROCFS.md: no $f"
done
mkdir -p "$T/theirs/x"
"$M" replay "$T/t.trace" --procfs "$T/theirs" -o "$T/out" 2>/dev/null &&
	fail "a folder that is not ours was replaced"
[ -d "$T/theirs/x" ] || fail "a folder that is not ours is gone"
ls -d "$T"/*.tmp.* >/dev/null 2>&1 && fail "a temporary folder stays"

# field FILE WORD: the number behind the word
field() {
	awk -v w="$2" '$1 == w { print $2 }' "$T/proc/$1"
}
total=$(field meminfo MemTotal:)
free=$(field meminfo MemFree:)
[ "$(field meminfo Shmem:)" = 64 ] || fail "Shmem"
[ "$(field vmstat pgmajfault)" = 1 ] || fail "pgmajfault"

# ---- told where ----
if [ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import psutil' 2>/dev/null
then
	/usr/bin/python3 - "$T/proc" "$total" "$free" <<'END' || fail "psutil"
import sys, psutil
psutil.PROCFS_PATH = sys.argv[1]
v = psutil.virtual_memory()
assert v.total == int(sys.argv[2]) * 1024, v
assert v.free == int(sys.argv[3]) * 1024, v
assert psutil.pids() == [100, 101], psutil.pids()
p = psutil.Process(100)
assert p.name() == "sh" and p.ppid() == 1
assert p.memory_info().rss == (1 + 100 + 16 + 1) * 4096, p.memory_info()
rss = {m.addr.split("-")[0]: m.rss for m in p.memory_maps(grouped=False)}
assert rss["20000000"] == 400 * 1024 and rss["31000000"] == 4096, rss
c = psutil.Process(101)
assert c.parent() == p and c.memory_full_info().uss == 40 * 1024
END
else
	echo "procfs: no psutil here"
fi

if have prometheus-node-exporter && have curl; then
	port=$((20000 + $$ % 20000))
	prometheus-node-exporter --path.procfs="$T/proc" \
		--web.listen-address=127.0.0.1:$port --collector.disable-defaults \
		--collector.meminfo --collector.vmstat --collector.stat \
		--collector.loadavg --collector.buddyinfo --collector.filefd \
		>"$T/exporter.log" 2>&1 &
	exporter=$!
	for i in $(seq 100); do
		curl -s "http://127.0.0.1:$port/metrics" >"$T/metrics" && break
		sleep 0.3
	done
	kill $exporter
	grep -q 'collector_success{.*} 0' "$T/metrics" &&
		fail "node exporter: $(grep 'success{.*} 0' "$T/metrics")"
	grep -q '^node_vmstat_pgmajfault 1$' "$T/metrics" ||
		fail "node exporter: pgmajfault"
	grep -q '^node_memory_Shmem_bytes 65536$' "$T/metrics" ||
		fail "node exporter: Shmem"
	grep -q '^node_buddyinfo_blocks{node="0",size="0",zone="DMA"}' \
		"$T/metrics" || fail "node exporter: buddyinfo"
fi

# ---- over /proc ----
inside() {
	unshare -m sh -c 'mount --bind "$0" /proc && exec "$@"' "$T/proc" "$@"
}
if ! inside true 2>/dev/null; then
	echo "procfs: no mount namespace here"
	exit $bad
fi

# expect TOOL... -- PATTERN: some line of what it prints matches
expect() {
	cmd=
	while [ "$1" != -- ]; do
		cmd="$cmd $1"
		shift
	done
	have ${cmd%% *} >/dev/null 2>&1 || have $cmd || return
	LC_ALL=C COLUMNS=200 inside $cmd >"$T/tool" 2>&1
	grep -Eq -e "$2" "$T/tool" ||
		fail "$cmd: no $2 in: $(head -20 "$T/tool")"
}
expect free -- "^Mem: +$total "
expect vmstat -s -- "^ *$total K total memory"
expect vmstat -m -- '^vm_area_struct +[0-9]+ +44 +88 +44'
expect slabtop -o -- 'vm_area_struct'
expect pmap 100 -- '^0000000020000000 +400K rw---'
expect pmap -X 100 -- '^20000000 rw-p .* 400 400 +2[0-9][0-9] '
expect pmap -x 100 -- 'total kB +1504 +472 '
expect top -b -n1 -- '^ *100 root .* 472 .* sh'
expect smem -H -- '^ *101 root .* 40 +220 +400'
expect smem -w -- '^free memory +[0-9]+'
exit $bad
