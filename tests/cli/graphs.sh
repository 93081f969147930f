#!/bin/sh
# graphs.sh - figures of two points and of a whole trace.
. tests/cli/lib.inc
COW=$ROOT/traces/lecture/cow.trace

# the event before is the default
run 0 figure cow "$COW" --at after-cow -o a.svg
run 0 figure cow "$COW" --at after-cow --before 11 -o b.svg
cmp -s a.svg b.svg || fail "cow: the default is not the event before"
grep -q 'before: cow.trace, event 11, line 30<' a.svg || fail "cow: no point before"
run 0 figure cow "$COW" --at after-cow --before after-fork --pid 101 -o c.svg
run 0 figure cow "$COW" --at after-cow --before after-fork --pid 100 -o d.svg
cmp -s c.svg d.svg || fail "cow: a child is not drawn with its parent"
complains 'mmemu: --before: this point is not before that of --at' \
	figure cow "$COW" --at after-fork --before after-cow -o e.svg
complains 'mmemu: figure cow: it reads the trace twice, so that cannot be standard input' \
	figure cow - -o e.svg
complains 'mmemu: figure: --before is for cow' \
	figure rbtree "$COW" --before 3 -o e.svg
[ -e e.svg ] && fail "a figure that cannot be drawn left a file"

# in a series things keep their places
# stays KIND ATTRIBUTE WORD: one value of it in all of them that have the word
stays() {
	values=$(cat series/$1-*.svg | grep -e "$3" |
		sed "s/.* $2=\"\([0-9]*\)\".*/\1/" | sort -u | wc -l)
	[ "$values" = 1 ] || fail "$1: \"$3\" has $values places in a series"
}
SPACE=$ROOT/traces/lecture/address-space.trace
for kind in tasks rbtree vma-backing; do
	run 0 figure $kind "$SPACE" --animate 2..10 -o series
done
run 0 figure anon-vma "$ROOT/traces/lecture/fork.trace" --animate 7..10 -o series
stays rbtree x '>b8000000<'
stays rbtree x '>bffde000<'
stays tasks y '>b7fff000-b8000000<'
stays vma-backing y '>b7fff000-b8000000 r-xp<'
stays vma-backing y '>/bin/sh</text>'
stays anon-vma x '>anon_vma A1<'
stays anon-vma y '>avc cf81c340<'

# gnuplot draws over time; names are only words to it
run 0 figure timeline "$COW" -o t.svg
run 0 figure timeline "$COW" -o t2.svg --lang ja
cmp -s t.svg t2.svg && fail "timeline: one language only"
for word in 'Free memory, MiB' '100 sh' '101 sh' '3 after-cow'; do
	grep -q ">.*$word" t.svg || fail "timeline: no \"$word\""
done
cat >evil.trace <<'END'
mmemu-trace 1
1 spawn "`touch x`'\"$(id)"
1 mmap 0x1000 4K rw- private anon fixed
1 write 0x1000
mark a
END
run 0 figure timeline evil.trace -o evil.svg
[ -e x ] && fail "timeline: gnuplot ran a process's name"
grep -q 'touch x' evil.svg || fail "timeline: the name is gone"
mkdir empty # no programs here
PATH=$PWD/empty "$M" figure timeline "$COW" -o t3.svg 2>err
[ $? = 2 ] || fail "timeline without gnuplot: no error"
says err 'mmemu: figure timeline: gnuplot draws it, and it is not installed (Debian: apt-get install gnuplot-nox)'
[ -e t3.svg ] && fail "timeline without gnuplot left a file"
exit $bad
