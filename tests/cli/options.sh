# Numbers and words behind options: what is none is refused, whoever asks.
. tests/cli/lib.inc

printf 'mmemu-trace 1\n1 spawn\n1 mmap 0x20000000 16K rw- private anon -> a\n1 write a 4p\n' >t.trace
run 0 replay t.trace -r state:s
"$M" convert t.trace t.mmt || fail "convert"

# no_number OPTION ARGUMENTS...: one line that names it, status 2, no file
no_number() {
	option=$1
	shift
	for n in '' -1 1x ' 1' 0x1 1.5 99999999999999999999; do
		run 2 "$@" "$option=$n"
		[ "$(wc -l <err)" = 1 ] || fail "$* $option=$n: $(wc -l <err) lines"
		grep -qF -- "$option" err && grep -q 'expected' err ||
			fail "$* $option=$n: $(cat err)"
		[ -e o ] && fail "$* $option=$n: a file"
	done
}

no_number --seed gen -o o
no_number --events gen -o o
no_number --seed quiz cow -o o
no_number --count quiz cow -o o
no_number --level convert t.trace o
no_number --level cut t.trace o --from 1
no_number --level import dinero t.trace -o o
no_number --level record -o o
no_number --slice import lackey t.trace -o o
no_number --max-accesses record -o o
no_number --first-pid import lackey t.trace -o o
no_number --page-size stat t.trace
no_number --lines diff-state s s
no_number --lines check t.trace
no_number --timeout check t.trace
no_number --jobs check t.trace
no_number --check check t.trace
no_number --check replay t.trace
no_number --tries shrink t.trace --fails 'false {}' -o o
no_number --limit player t.trace -o o
no_number --event explain t.trace
no_number --line explain t.trace
no_number --depth explain t.trace --all
no_number --pid figure buddy-lists t.trace -o o
no_number --font-size figure buddy-lists t.trace -o o
no_number --at replay t.trace
no_number --from cat t.trace
no_number --point compare t.trace -o o
for j in '' -1 1x 0 1025; do
	complains "mmemu: -j $j: expected a number of threads, 1 to 1024" \
		compare t.trace --jobs="$j" -o o
done
for p in 1/0 0/1 2/1 1 /1 1/ 1/-1 1/2/3 4294967296/4294967296; do
	complains "mmemu: --point $p: expected I/N" compare t.trace --point="$p"
done
for s in 599x600 600x599 600 x600 600x 10001x600 600x600x -600x600 slides; do
	complains "mmemu: --size $s: expected slide, slide43, a4, a4-portrait, or WxH of 600 to 10000" \
		figure buddy-lists t.trace --size="$s" -o o
done

# words
complains 'mmemu: --profile all: expected vma, cow, file, swap, alloc or mixed' \
	gen --profile all
complains 'mmemu: --format tex: expected text, tap, junit or json' \
	check --format tex t.trace
complains 'mmemu: --format tex: expected text, md, csv or json' \
	compare --format tex t.trace
complains 'mmemu: --contents yes: expected on, off or auto' \
	replay --contents yes t.trace
exit $bad
