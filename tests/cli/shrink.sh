# mmemu gen and mmemu shrink: the same trace again, and the least of it.
. tests/cli/lib.inc

# ---- gen ----
for p in vma cow file swap alloc mixed; do
	run 0 gen --profile $p --seed 3 --events 50 -o $p.trace
	[ "$(grep -vc -e '^#' -e '^mmemu-trace' $p.trace)" = 50 ] ||
		fail "$p: not 50 statements"
	run 0 gen -p $p -s 3 -n 50
	cmp -s out $p.trace || fail "$p: another trace for the same seed"
	run 0 gen -p $p -s 4 -n 50
	cmp -s out $p.trace && fail "$p: the same trace for another seed"
done
run 0 gen -n 300 -o mixed.trace.zst
run 0 cat mixed.trace.zst
run 0 replay vma.trace --check --set memory=16M
run 2 gen --profile none
run 2 gen --seed x
run 2 gen more

# ---- shrink: one pair of statements among many ----
{
	cat vma.trace
	echo '7 spawn'
	echo '7 mmap 0x20000000 64K rw- private anon populate'
	echo '7 write 0x20000000 32K'
	echo '7 munmap 0x20000000 4K !ENOMEM'
	echo '7 exit'
} >big.trace
run 0 shrink big.trace --fails "$M replay {} --set memory=16M" -o small.trace
printf 'mmemu-trace 1\n7 spawn\n7 munmap 0x20000000 4096 !ENOMEM\n' |
	cmp -s - small.trace || fail "shrunk to: $(cat small.trace)"
grep -q '^2 of 55 statements are left$' err || fail "$(cat err)"
run 0 shrink small.trace --fails "$M replay {}"
cmp -s out small.trace || fail "standard output"
run 0 shrink big.trace --tries 3 --fails "$M replay {}"
grep -q 'no more tries' err || fail "--tries"
run 2 shrink vma.trace --fails "$M replay {}" -o none.trace
grep -q 'does not fail' err || fail "a trace that does not fail: $(cat err)"
[ -e none.trace ] && fail "output in spite of an error"
run 2 shrink missing.trace --fails 'false {}'
run 2 shrink big.trace --fails false
run 2 shrink big.trace
[ -z "$(ls -A "$TMPDIR")" ] || fail "temporary files stay"

complains "mmemu: --fails: the shell cannot run this command (its status is 127)" \
	shrink big.trace --fails "./nowhere {}" -o none.trace
[ -e none.trace ] && fail "output in spite of a command that is not there"

# ---- SIGINT: the best so far ----
"$M" shrink big.trace --fails 'touch begun; sleep 1; false {}' -o int.trace 2>err &
waits "a first test" [ -e begun ]
interrupt $!
[ -s int.trace ] || fail "SIGINT: nothing written"
exit $bad
