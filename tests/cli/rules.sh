#!/bin/sh
# rules.sh - rules that no measured set covers, each from the kernel's source, told by
# name: what must come out stands behind the trace.
. tests/cli/lib.inc

# rule NAME EXPECTED OPTION... : a trace on standard input; its outcomes must
# be EXPECTED, words joined by blanks
rule() {
	name=$1 want=$2
	shift 2
	"$M" replay --check "$@" --outcomes "$dir/o" -o "$dir/r" - >/dev/null 2>"$dir/err"
	have=$(sed 's/^[0-9]*: //; s/minflt=\([0-9]*\) majflt=\([0-9]*\)/\1+\2/; s/ok 0x.*/ok/' \
		"$dir/o" | tr '\n' ',')
	if [ "$have" != "$want" ]; then
		fail "$name: expected $want found $have"
	fi
}

# shows NAME FILE PATTERN: a line of a report that the last rule wrote
shows() {
	grep -q -- "$3" "$dir/r/$2" || fail "$1: no line like '$3' in $2"
}

rule "mmap: MAP_POPULATE faults every page in" "ok,ok,0+0," <<'T'
1 spawn
1 mmap 0x20000000 16K rw- private anon populate
1 write 0x20000000 16K
T
rule "mmap: MAP_POPULATE with MAP_NONBLOCK populates nothing" "ok,ok,4+0," <<'T'
1 spawn
1 mmap 0x20000000 16K rw- private anon populate nonblock
1 write 0x20000000 16K
T
rule "mmap: MAP_LOCKED populates, MAP_NONBLOCK or not" "ok,ok,0+0," <<'T'
1 spawn
1 mmap 0x20000000 16K rw- private anon locked nonblock
1 write 0x20000000 16K
T
rule "mmap: MAP_STACK changes nothing: the areas merge" "ok,ok,ok," <<'T'
1 spawn
1 mmap 0x20000000 8K rw- private anon
1 mmap 0x20002000 8K rw- private anon stack
report maps 1 as maps
T
shows "mmap: MAP_STACK" maps '^20000000-20004000 rw-p'
rule "overcommit 0: a request above what is free is ENOMEM, MAP_NORESERVE is not counted" \
	"ok,ENOMEM,ok," <<'T'
1 spawn
1 mmap 0x20000000 1G rw- private anon
1 mmap 0x20000000 1G rw- private anon noreserve
report smaps 1 as smaps
report meminfo as meminfo
T
shows "mmap: VM_NORESERVE" smaps '^VmFlags: rd wr mr mw me nr $'
shows "mmap: VM_NORESERVE is not charged" meminfo '^Committed_AS: *0 kB'
rule "overcommit 2: MAP_NORESERVE is ignored" "ok,ENOMEM," \
	--set vm.overcommit=never <<'T'
1 spawn
1 mmap 0x20000000 1G rw- private anon noreserve
T
rule "overcommit 1: never refused" "ok,ok," --set vm.overcommit=always <<'T'
1 spawn
1 mmap 0x20000000 1G rw- private anon
T
rule "RLIMIT_AS: total_vm counts, a replaced area is credited" "ok,ok,ENOMEM,ok," \
	--set rlimit.as=64K <<'T'
1 spawn
1 mmap 0x20000000 64K rw- private anon
1 mmap 0x30000000 4K rw- private anon
1 mmap 0x20000000 32K r-- private anon fixed
T
rule "RLIMIT_MEMLOCK binds who is not root: mlock ENOMEM, MAP_LOCKED EAGAIN" \
	"ok,ok,ok,ENOMEM,EAGAIN," --set process.uid=1000 --set rlimit.memlock=16K <<'T'
1 spawn
1 mmap 0x20000000 64K rw- private anon
1 mlock 0x20000000 16K
1 mlock 0x20008000 4K
1 mmap 0x30000000 4K rw- private anon locked
T
rule "RLIMIT_MEMLOCK 0: EPERM" "ok,ok,EPERM,EPERM," --set process.uid=1000 \
	--set rlimit.memlock=0 <<'T'
1 spawn
1 mmap 0x20000000 64K rw- private anon
1 mlock 0x20000000 4K
1 mmap 0x30000000 4K rw- private anon locked
T
rule "RLIMIT_STACK: a stack area does not grow beyond it" \
	"ok,ok,1+0,0+0 SIGSEGV MAPERR," --set rlimit.stack=64K <<'T'
1 spawn
1 mmap 0x20010000 16K rw- private anon growsdown fixed
1 write 0x2000f000
1 write 0x20003000 !SIGSEGV
T
rule "RLIMIT_DATA: the break stays" "ok,ok,ok,ENOMEM," --set rlimit.data=64K <<'T'
1 spawn
1 exec /bin/a text 4K data 4K
1 sbrk 32K
1 sbrk 64K
T
rule "max_map_count: one more area than it is refused" "ok,ok,ok,ok,ENOMEM," \
	--set vm.max_map_count=2 <<'T'
1 spawn
1 mmap 0x20000000 4K rw- private anon
1 mmap 0x20010000 4K rw- private anon
1 mmap 0x20020000 4K rw- private anon
1 mmap 0x20030000 4K rw- private anon
T
rule "the lecture's kernel: maps shows vm_pgoff of anonymous areas" "ok,ok," \
	-c lecture-2.6-pae <<'T'
1 spawn
1 mmap 0x20000000 8K rw- private anon
report maps 1 as maps
T
shows "maps: vm_pgoff" maps '^20000000-20002000 rw-p 20000000 00:00 0'
exit $bad
