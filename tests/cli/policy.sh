# Replacement as textbooks teach it: mmemu policy, and `reclaim:` of a machine.
. tests/cli/lib.inc
belady=$ROOT/traces/lecture/belady.trace
fifo=textbook-fifo

run 0 policy --frames 3,4 "$belady"
says out 'references 12, pages 5
  frames         fifo        clock          lru          opt
       3            9            9           10            7
       4           10           10            8            6'
# a trace in binary is the same string
run 0 convert "$belady" b.mmt
mv out text
run 0 policy --frames 3,4 "$belady"
mv out text
run 0 policy --frames 3,4 b.mmt
cmp -s text out || fail "another string in binary: $(cat out)"

# rule and frames of the configuration; options come first
run 0 policy -c "$fifo" "$belady"
says out 'references 12, pages 5
  frames         fifo
       3            9'
run 0 policy -c "$fifo" --policy lru --frames 4 "$belady"
says out 'references 12, pages 5
  frames          lru
       4            8'

# counted beside the machine, by replay, compare and sweep
run 0 replay -c "$fifo" "$belady" --stats
sed -n '/^page replacement/,$p' out >part
says part 'page replacement by fifo
  frames                                        3
  references                                   12
  pages                                         5
  faults                                        9'
run 0 replay "$belady" --stats
grep -q '^page replacement' out && fail "a rule that nobody asked for"
run 0 replay -c "$fifo" --set reclaim_frames=0 b.mmt --stats
frames=$(sed -n '/^page replacement/,$s/^  frames *//p' out)
[ "$frames" -gt 1000 ] || fail "reclaim_frames 0: $frames frames"
grep -q '^  faults  *5$' out || fail "more faults than pages"
run 0 sweep "$belady" --vary reclaim=linux,fifo,clock,lru,opt \
	--vary reclaim_frames=3,4 --metrics replacement.references,replacement.faults --csv
grep -c ',12,' out >n
says n 8
for row in fifo,3,9 fifo,4,10 clock,3,9 clock,4,10 lru,3,10 lru,4,8 opt,3,7 opt,4,6; do
	IFS=, read -r rule frames faults <<END
$row
END
	grep -q "^\"reclaim=$rule,reclaim_frames=$frames\",12,$faults\$" out ||
		fail "sweep: not $row"
done
grep -q '^"reclaim=linux,reclaim_frames=3",,$' out || fail "sweep: linux"
run 2 replay --set reclaim=random "$belady"
grep -q 'linux' err || fail "the rules are not named: $(cat err)"
exit $bad
