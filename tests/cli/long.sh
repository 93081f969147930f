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

# stopped WORDS ARGUMENTS...: goes on, until SIGINT; says so within 5 seconds
stopped() {
	words=$1
	shift
	timeout -s INT -k 20 1 "$M" "$@" >out 2>err
	got=$?
	[ $got = 124 ] || fail "status $got: mmemu $*: $(head -1 err)"
	[ -z "$words" ] || grep -q "$words" err || fail "mmemu $*: $(head -1 err)"
}

stopped 'interrupted at line [3-7]' replay --set memory=512M --tlb stride.trace
grep -q 'do_anonymous_page (zero page)' err || fail "no counters: $(cat err)"
stopped 'interrupted at line 5' replay ksm.trace
stopped '' compare --tlb p6 --set memory=512M stride.trace
stopped '' policy --frames 10 range.trace
stopped '' stat range.trace

# ksmd sleeps when no area was advised, however often it is asked
printf '1 spawn x\nksm scans 18000000000000000000\n' >idle.trace
run 0 replay idle.trace
exit $bad
