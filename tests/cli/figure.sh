#!/bin/sh
# mmemu figure: pictures byte by byte as kept in tests/data/figures, series,
# PDF and PNG, and what cannot be drawn. UPDATE=1: keep the new ones.
. tests/cli/lib.inc
T=$ROOT/traces/lecture

# kept NAME ARGUMENTS...: the figure is the kept one
kept() {
	file=$ROOT/tests/data/figures/$1.svg
	shift
	run 0 figure "$@" -o got.svg
	[ -z "$UPDATE" ] || cp got.svg "$file"
	cmp -s got.svg "$file" || fail "mmemu figure $*: not as in $file"
}

kept buddy-lists buddy-lists "$T/buddy.trace" --at 3
kept buddy-lists-ja buddy-lists "$T/buddy.trace" --at 3 --lang ja --zone DMA
kept buddy-linear buddy-linear "$T/buddy.trace" --at 3 --theme grey
kept free-list free-list "$T/slab.trace" --at 6
kept slab slab "$T/slab.trace" --at 6 --lang ja
kept address-space address-space "$T/address-space.trace" --at 10
kept address-split address-split "$T/cow.trace" --address 0x20001abc
kept address-split-pae address-split "$T/cow.trace" -c linux-3.12-i386-pae \
	--address 0x20001abc --at after-cow
run 0 figure address-split "$T/fork.trace" -c lecture-flat --at line:13 -o flat.svg
grep -q ' × 4<' flat.svg || fail "one table: its index has no room"
kept page-table page-table "$T/cow.trace" --at after-cow --pid 101
kept page-table-5555 page-table "$T/cow.trace" -c lecture-5555 --lang ja \
	--at after-cow --address 0x20003000
kept page-table-hole page-table "$T/cow.trace" --at after-cow \
	--address 0x30000000
kept sharing sharing "$T/cow.trace" --at after-cow
kept physical-map physical-map "$T/cow.trace" --set memory=16M \
	--at after-cow

# without --at: where the last process lived
run 0 figure page-table "$T/cow.trace" -o end.svg
grep -q 'cow.trace, event 14, line 41' end.svg ||
	fail "default point: $(grep -o 'cow.trace[^<]*' end.svg)"
run 0 figure page-table "$T/cow.trace" -o -
cmp -s out end.svg || fail "-o - is not the same"

# sizes, fonts
run 0 figure slab "$T/slab.trace" --at 6 --size 900x700 --font Foo\ \"Bar \
	--font-size 20 -o sized.svg
grep -q 'width="900" height="700"' sized.svg || fail "--size"
grep -q 'font-family="Foo &quot;Bar, ' sized.svg || fail "--font"
grep -q 'font-size="20">' sized.svg || fail "--font-size"

# where there is room, larger, with the same words; not if letters have a size
words() { tr -d ' \n' <"$1" | sed 's/<[^>]*>//g'; }
run 0 figure sharing "$T/cow.trace" --at after-cow -o large.svg
grep -q 'width="1280" height="720" viewBox="0 0 800 450"' large.svg ||
	fail "a small figure is not enlarged"
run 0 figure sharing "$T/cow.trace" --at after-cow --font-size 16 -o plain.svg
grep -q 'width="1280" height="720" viewBox="0 0 1280 720"' plain.svg ||
	fail "--font-size: enlarged"
[ "$(words large.svg)" = "$(words plain.svg)" ] ||
	fail "enlarged: other words"
complains "mmemu: figure anon-vma: it has no room here, expected a larger --size or a smaller --font-size" \
	figure anon-vma "$T/cow.trace" --at after-cow --size 600x600 \
	--font-size 22 -o x.svg

# PDF and PNG; text in a PDF is text: it has fonts
if command -v rsvg-convert >/dev/null; then
	run 0 figure slab "$T/slab.trace" --at 6 -o a.pdf
	[ "$(head -c 5 a.pdf)" = "%PDF-" ] || fail "no PDF"
	grep -aq FontDescriptor a.pdf || fail "the PDF has no fonts"
	run 0 figure slab "$T/slab.trace" --at 6 -o b.pdf
	cmp -s a.pdf b.pdf || fail "two PDFs differ"
	run 0 figure slab "$T/slab.trace" --at 6 --lang ja -o a.png
	[ "$(head -c 4 a.png | od -An -c | tr -d ' ')" = '211PNG' ] ||
		fail "no PNG"
fi
mkdir empty
mm=$M
M=env
complains "mmemu: figure: rsvg-convert makes PDF and PNG, and it is not installed (Debian: apt-get install librsvg2-bin)" \
	PATH="$dir/empty" "$mm" figure slab "$T/slab.trace" -o no.png
cat >empty/rsvg-convert <<'E2'
#!/bin/sh
echo half of a picture
exit 1
E2
chmod +x empty/rsvg-convert
run 2 PATH="$dir/empty:$PATH" "$mm" figure slab "$T/slab.trace" --at 6 -o no.png
says err "mmemu: figure: rsvg-convert could not make no.png"
M=$mm
[ -e no.png ] && fail "a picture that could not be made is there"

# a process that died before the points that are kept has no curve
if command -v gnuplot >/dev/null; then
	run 0 figure timeline "$ROOT/traces/recorded/sort.trace.zst" \
		--at 20000 -c x86-64-5level -o life.svg
	grep -q '100 sort' life.svg && fail "timeline: a curve without points"
fi

# ---- --all ----
run 0 figure --all "$T/cow.trace" --at after-cow -o all --format svg
says out "$(find all -type f | wc -l) figures in all"
for name in buddy-lists buddy-linear-DMA buddy-linear-Normal free-list slab \
	address-space-100 address-space-101 page-table-101 sharing \
	physical-map address-split; do
	[ -s "all/$name.svg" ] || fail "--all made no $name.svg"
done
cmp -s all/sharing.svg "$ROOT/tests/data/figures/sharing.svg" ||
	fail "--all draws another sharing"
run 0 figure --all "$T/buddy.trace" -o none
[ -e none/slab.svg ] && [ ! -e none/page-table.svg ] || fail "--all, no process"

# ---- --animate: things keep their places ----
run 0 figure address-space "$T/address-space.trace" --animate 3..11 -o steps
says out "9 figures in steps"
# place FILE WORD: where the box with that word in its title is
place() {
	grep -A1 "<title>[^<]* $2</title>" "$1" | grep -o '<rect [^/]*height="[0-9]*"' |
		head -1
}
for word in '\[heap\]' '\[stack\]' '\[vdso\]'; do
	first=$(place steps/address-space-0001.svg "$word")
	last=$(place steps/address-space-0009.svg "$word")
	[ -n "$first" ] && [ "$first" = "$last" ] ||
		fail "--animate: $word moves from $first to $last"
done
run 0 figure sharing "$T/cow.trace" --animate before-fork..after-cow -o steps
files steps $(seq -f address-space-%04g.svg 9) $(seq -f sharing-%04g.svg 7)
[ "$(grep -ho 'viewBox="[^"]*"' steps/sharing-*.svg | sort -u)" = \
	'viewBox="0 0 800 450"' ] || fail "--animate: steps of several sizes"
# the list above the slabs grows from 13 to 15 objects, in lines of 5
run 0 figure slab "$T/slab.trace" --animate 3..9 -o chain
grep -q '15  cf810' chain/slab-0007.svg || fail "--animate: the list is cut"
[ "$(grep -h -A1 '<title>slab at frame' chain/*.svg |
	grep -o '<rect x="[0-9]*" y="[0-9]*"' | sort -u | wc -l)" = 1 ] ||
	fail "--animate: a slab moves below its list"
complains "mmemu: $T/cow.trace: there is no mark nowhere in it, but before-fork, after-fork, after-cow, child-gone" \
	figure sharing "$T/cow.trace" --animate 1..nowhere -o nothing
[ -e nothing ] && fail "a series to a point that is not there left files"

# ---- a label of the trace as an address, bound where the figure is ----
run 0 figure address-split "$T/cow.trace" --at after-cow --address 0x20001010 -o number.svg
run 0 figure address-split "$T/cow.trace" --at after-cow --address heap+1p+0x10 -o label.svg
cmp -s number.svg label.svg || fail "--address heap+1p+0x10"
run 0 convert "$T/cow.trace" cow.mmt
run 0 figure address-split cow.mmt --at after-cow --address heap+4112 -o -
sed 's/cow\.mmt/cow.trace/g' out | cmp -s - label.svg || fail "--address, of a binary trace"
run 0 figure cow "$T/cow.trace" --before after-fork --at after-cow --address heap -o label.svg
run 0 figure cow "$T/cow.trace" --before after-fork --at after-cow --address 0x20000000 -o number.svg
cmp -s number.svg label.svg || fail "cow --address heap"
run 0 figure page-table "$T/cow.trace" --address heap --animate 3..5 -o labels
run 0 figure page-table "$T/cow.trace" --address 0x20000000 --animate 3..5 -o numbers
diff -r labels numbers >/dev/null || fail "--animate --address heap"
run 0 figure --all "$T/cow.trace" --at after-cow --address heap -o all-labels
run 0 figure --all "$T/cow.trace" --at after-cow --address 0x20000000 -o all-numbers
diff -r all-labels all-numbers >/dev/null || fail "--all --address heap"
# bound behind the first steps
run 0 figure page-table "$T/cow.trace" --address heap --animate 1..5 -o early
[ "$(ls early | wc -l)" -ge 4 ] || fail "--animate, a label bound later"

# ---- what cannot be drawn ----
complains "mmemu: figure: there is no kind \"circle\" (mmemu figure --list names them)" \
	figure circle "$T/cow.trace" -o x.svg
complains "mmemu: -o x.gif: expected a name that ends in .svg, .pdf or .png" \
	figure slab "$T/cow.trace" -o x.gif
complains "mmemu: figure page-table: there is no process 7 at this point" \
	figure page-table "$T/cow.trace" --at 3 --pid 7 -o x.svg
complains "mmemu: figure address-space: there is no process at this point" \
	figure address-space "$T/buddy.trace" -o x.svg
complains "mmemu: figure slab: there is no slab cache foo" \
	figure slab "$T/cow.trace" --cache foo -o x.svg
complains "mmemu: figure buddy-linear: there is no zone Mars with memory" \
	figure buddy-linear "$T/cow.trace" --zone Mars -o x.svg
complains "mmemu: figure address-split: 0x100000000 is no address of x86-2level (32 bits)" \
	figure address-split "$T/cow.trace" --address 0x100000000 -o x.svg
complains 'mmemu: --address nope: the name "nope" is not bound, expected an earlier line that ends in "-> nope"' \
	figure address-split "$T/cow.trace" --address nope -o x.svg
complains 'mmemu: --address heap: the name "heap" is not bound, expected an earlier line that ends in "-> heap"' \
	figure address-split "$T/cow.trace" --address heap --at 1 -o x.svg
complains 'mmemu: --address heap: the name "heap" is not bound, expected an earlier line that ends in "-> heap"' \
	figure address-split "$T/buddy.trace" --address heap --animate 1..3 -o x
complains 'mmemu: --address heap 4: expected one address' \
	figure address-split "$T/cow.trace" --address 'heap 4' -o x.svg
complains 'mmemu: --address : the line ends here, expected an address, as 0x08048000 or a label'\''s' \
	figure address-split "$T/cow.trace" --address '' -o x.svg
printf '%s\n' 'mmemu-trace 1' '1 spawn' '1 mmap 0x20000000 4K rw- private anon' \
	'1 mmap - 4G rw- private anon -> a !ENOMEM' >failed.trace
complains 'mmemu: --address a: no address has this name at this point' \
	figure address-split failed.trace --address a -o x.svg
complains "mmemu: --theme pink: expected color, grey or dark" \
	figure slab "$T/cow.trace" --theme pink -o x.svg
complains "mmemu: --font-size 50: expected a number from 8 to 22" \
	figure slab "$T/cow.trace" --font-size 50 -o x.svg
complains "mmemu: --lang de: expected en or ja" \
	figure slab "$T/cow.trace" --lang de -o x.svg
complains "mmemu: --size 10x10: expected slide, slide43, a4, a4-portrait, or WxH of 600 to 10000" \
	figure slab "$T/cow.trace" --size 10x10 -o x.svg
complains "mmemu: --animate 1-3: expected FROM..TO, each the number of an event, line:N, or a mark's name" \
	figure slab "$T/cow.trace" --animate 1-3 -o x
complains "mmemu: $T/cow.trace: the trace ends with event 15, before event 99" \
	figure slab "$T/cow.trace" --at 99 -o x.svg
for f in x.svg x.gif x; do
	[ -e $f ] && fail "an error left $f"
done
run 0 figure --list
grep -qx physical-map out || fail "--list"

exit $bad
