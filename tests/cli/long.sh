# One statement that would take hours: SIGINT ends it, with what was done so far.
. tests/cli/lib.inc

cat >stride.trace <<'EOF'
1 spawn x
1 mmap 0x10000000 2800M r-- private anon
1 read 0x10000000 2800M stride 1
1 read 0x10000000 2800M stride 1
1 read 0x10000000 2800M stride 1
1 read 0x10000000 2800M stride 1
1 read 0x10000000 2800M stride 1
EOF
cat >ksm.trace <<'EOF'
1 spawn x
1 mmap 0x10000000 8K rw- private anon
1 madvise 0x10000000 8K mergeable
1 write 0x10000000 8K
ksm scans 18000000000000000000
EOF
printf '1 spawn x\n1 read 0x1000 0xfffffffffffff000\n' >range.trace

# stopped WORDS ARGUMENTS...: goes on, until SIGINT; says so soon
stopped() {
	words=$1
	shift
	"$M" "$@" >out 2>err &
	waits "a handler" catches $!
	waits "work" works $!
	interrupt $!
	[ -z "$words" ] || grep -q "$words" err || fail "mmemu $*: $(head -1 err)"
}

stopped 'interrupted at line [3-7]' replay --set memory=512M --tlb stride.trace
grep -q 'do_anonymous_page (zero page)' err || fail "no counters: $(cat err)"
stopped 'interrupted at line 5' replay ksm.trace
stopped '' compare --tlb p6 --set memory=512M stride.trace
stopped '' policy --frames 10 range.trace
stopped '' stat range.trace

# timeout(1) sends its signal twice at once: that is one interruption
timeout -s INT 2 "$M" replay --set memory=512M --tlb stride.trace >out 2>err
[ $? = 124 ] || fail "timeout: another exit status"
grep -q 'interrupted at line [3-7]' err || fail "timeout: $(head -1 err)"

# ksmd sleeps when no area was advised, however often it is asked
printf '1 spawn x\nksm scans 18000000000000000000\n' >idle.trace
run 0 replay idle.trace
exit $bad
