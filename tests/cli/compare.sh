#!/bin/sh
# compare and sweep: the lecture's answers, threads, plans, formats of output,
# TLB models, custom paging formats, series, reports as JSON.
. tests/cli/lib.inc

L=$ROOT/traces/lecture

# cell FILE KEY COLUMN: of a CSV table
cell() {
	awk -F, -v key="$2" -v c="$3" '$1 == key { print $c }' "$1"
}

# expect WHAT GOT WANT
expect() {
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}

# ---- exercises 204 and 205: three pages under every format ----
run 0 compare "$L/exercise-204.trace" -c lecture-exercise --csv --no-ratios \
	--with paging=flat --with paging=x86-2level --with paging=x86-pae \
	--with paging=lecture-5555 --with paging=x86-64
row() {
	grep "^$1," out | cut -d, -f3-
}
# frames that the kernel takes: PAE's top has a frame, three of four pmds are
# made with it
expect "bytes" "$(row tables.end.bytes)" "4194304,12288,28672,28672,24576"
# tables that hold an entry, by their own size: PAE's top has 32 bytes, a table
# of 5 bits 128
expect "needed" "$(row tables.end.needed)" "4194304,12288,16416,896,24576"

# ---- ratios, and every form ----
run 0 compare "$L/fork.trace" --metrics tables.peak.bytes,faults
says out "metric               linux-3.12-i386  linux-3.12-i386-pae
page tables at peak           36 KiB      72 KiB    2.00x
page faults                        5           5    1.00x"
run 0 compare "$L/fork.trace" --metrics faults --markdown
says out "| metric | linux-3.12-i386 | linux-3.12-i386-pae |
| --- | ---: | ---: |
| page faults | 5 | 5    1.00x |"
run 0 compare "$L/fork.trace" --metrics faults --csv
says out "metric,unit,linux-3.12-i386,linux-3.12-i386-pae,ratio linux-3.12-i386-pae
faults,count,5,5,1"
run 0 compare "$L/fork.trace" --json
python3 -c '
import json
d = json.load(open("out"))
assert d["total"] == 2 and len(d["points"]) == 2
a, b = d["points"]
assert b["metrics"]["tables.peak.bytes"] == 2 * a["metrics"]["tables.peak.bytes"]
assert b["ratios"]["tables.peak.bytes"] == 2
assert a["metrics"]["tables.peak.pmd"] is None' || fail "compare --json"

# ---- whatever the number of threads, the same bytes ----
vary="--vary paging=x86-2level,x86-pae,lecture-5555 --vary tlb.entries=16..64 --vary tlb.ways=1,4"
for j in 1 2 7; do
	# shellcheck disable=SC2086
	run 0 sweep "$L/wp-copy.trace" $vary --csv -j $j -o j$j.csv
done
expect "points" "$(wc -l <j1.csv)" 19
cmp -s j1.csv j2.csv && cmp -s j1.csv j7.csv || fail "threads change the result"
run 0 sweep "$L/fork.trace" --vary config=linux-3.12-i386,x86-64-ia32 --vary memory=32M..128M+32M --metrics walk.refs.pgd
expect "points" "$(wc -l <out)" 9

# ---- a binary trace is the same trace ----
run 0 convert "$L/wp-copy.trace" wp.mmt
# shellcheck disable=SC2086
run 0 sweep wp.mmt $vary --csv
cmp -s out j1.csv || fail "a binary trace gives other results"

# ---- a plan for many hosts, run by GNU parallel, is the sweep ----
# shellcheck disable=SC2086
run 0 sweep "$L/wp-copy.trace" $vary --plan "plan dir"
cp out plan
if command -v parallel >/dev/null; then
	parallel --will-cite -j 3 <plan || fail "parallel failed"
else
	sh plan || fail "the plan failed"
fi
run 0 sweep --collect "plan dir" --csv -o collected.csv
cmp -s j1.csv collected.csv || fail "collected results are not the sweep's"
rm "plan dir/000005.json"
complains "mmemu: sweep --collect: 1 of 18 points are missing, the first is 5" \
	sweep --collect "plan dir"
echo '{"x": 1}' >"plan dir/x.json"
complains "plan dir/x.json:1:1: not a result of mmemu compare --json" \
	sweep --collect "plan dir"

# ---- custom formats ----
cat >wide.yaml <<END
from: linux-3.12-i386
name: wide
paging:
  name: p64k
  levels: [5, 11]
  entry_size: 4
  page_size: 64K
zones: {dma_limit: 64M}
process: {kernel_stack: 64K}
END
run 0 replay -c wide.yaml --check=1 "$L/fork.trace"
printf '1 spawn\n1 mmap 0x20000000 1M rw- private anon\n1 write 0x20000000 1M\n1 fork 2\n' >wide.trace
run 0 compare wide.trace --with wide.yaml --csv --metrics 'tables.peak.bytes,entries.end'
expect "bytes of a 64K format" "$(cell out tables.peak.bytes 3)" "$((4 * 65536))"
expect "its entries" "$(cell out entries.end 3)" 32
run 0 config wide.yaml
cp out again.yaml
run 0 config again.yaml
cmp -s out again.yaml || fail "a custom format is not printed as it is read"
bad_levels() {
	sed "s/levels: .*/levels: $1/" wide.yaml >wrong.yaml
	complains "mmemu: wrong.yaml:$2" compare "$L/fork.trace" --with wrong.yaml
}
bad_levels "[1, 15]" "4:3: paging: p64k: a table does not fit a frame"
bad_levels "[5, 12, 30]" "4:3: paging: p64k: a level has 1 to 24 index bits"
bad_levels "[5, {bits: 11, large: true}]" "4:3: paging: p64k: large pages are for levels above the last"
bad_levels "[5, {bit: 11}]" "5:16: paging: a level is a number of index bits, or {bits: N, large: true}"
bad_levels "[1, 2, 3, 4, 5, 6]" "5:27: paging: levels: a format has one to five"
bad_levels "[]" "4:3: paging: a format needs levels, such as [10, 10], root first"

# ---- addresses of another machine ----
printf 'mmemu-trace 1\n1 spawn\n1 mmap 0x7f0000001000 4K rw- private anon fixed\n1 write 0x7f0000001000\n' >far.trace
run 0 replay -c x86-64 far.trace --strict
complains "far.trace:3: address 0x7f0000001000 does not fit x86-2level, which has 32 bits (--rebase folds it)" \
	replay far.trace
complains "mmemu: paging=x86-pae: far.trace: line 3: address 0x7f0000001000 does not fit x86-pae, which has 32 bits (--rebase folds it)" \
	compare far.trace --with x86-64 --with paging=x86-pae
run 0 replay far.trace --rebase --strict --stats
grep -q 'addresses folded *2' out || fail "two addresses are folded"
run 0 compare far.trace --rebase

# ---- a TLB model's file against arithmetic: 32 pages, 1000 rounds, 16 entries;
# 32 faults and 32 walks when cold, 65 references, 12 of them no more
{
	printf '1 spawn\n1 mmap 0x20000000 128K rw- private anon\n'
	i=0
	while [ $i -lt 1000 ]; do
		echo '1 write 0x20000000 128K stride 4K'
		i=$((i + 1))
	done
} >loop.trace
run 0 compare loop.trace --with linux-3.12-i386 --tlb geode-lx --csv
expect "misses" "$(cell out tlb.dtlb.misses 3)" 32000
expect "second-level misses" "$(cell out tlb.l2.misses 3)" 32
expect "references" "$(cell out walk.refs 3)" 65
expect "cycles" "$(cell out tlb.cycles 3)" $((32000 * 3 + 64 * 1 + 65 * 4))
for m in "$ROOT"/traces/tlb/*.yaml; do
	run 0 compare loop.trace --with linux-3.12-i386 --tlb "$(basename "$m" .yaml)"
	run 0 compare loop.trace --with linux-3.12-i386 --tlb "$m"
done
complains 'mmemu: linux-3.12-i386: there is no TLB model "p7"; expected a YAML file or one of geode-lx, nehalem, p6' \
	compare loop.trace --with linux-3.12-i386 --tlb p7
# which of the machines it is, where the message does not begin with it
complains 'mmemu: linux-3.12-i386: --set memory=64G: memory is more than the paging format can address' \
	compare loop.trace --with linux-3.12-i386 --with linux-3.12-i386-pae --set memory=64G
run 0 replay "$L/tlb.trace" --tlb=geode-lx --check=1
expect "reports" "$(grep -c '^data misses' out)" 4

# ---- series ----
run 0 replay loop.trace --series 100 s.csv --tlb
expect "rows" "$(wc -l <s.csv)" 12
expect "columns" "$(awk -F, '{ print NF }' s.csv | sort -u | wc -l)" 1
complains "mmemu: --series 100: expected a file behind it" replay --series 100
printf '1 spawn\n1 nonsense\n' >bad.trace
run 2 replay bad.trace --series 1 none.csv
[ -e none.csv ] && fail "a series of a wrong trace stays"

# ---- every report as JSON ----
"$M" help replay | sed -n '/^Reports/,$s/^  \([a-z]*\) .*/\1/p' >kinds
[ "$(wc -l <kinds)" -gt 20 ] || fail "kinds of report"
while read -r k; do
	case $("$M" help replay | grep "^  $k ") in
	*"of a process"*) k=$k=100 ;;
	esac
	"$M" replay "$L/exit.trace" --at 6 --json -r $k || echo "FAILED $k"
done <kinds >reports.json
python3 -c '
import json
kinds = open("kinds").read().split()
seen = [json.loads(l) for l in open("reports.json")]
assert [d["report"] for d in seen if "line" not in d] == kinds
by = {d["report"]: d["data"] for d in seen}
assert by["meminfo"]["MemTotal"] == {"value": 256620, "unit": "kB"}
assert by["maps"][0]["range"] == "20000000-20400000"
assert by["smaps"][0]["Rss"]["unit"] == "kB"
assert by["buddyinfo"][0]["zone"] == "DMA" and len(by["buddyinfo"][0]["free"]) == 11
assert any(c["name"] == "task_struct" for c in by["slabinfo"])
' || fail "reports as JSON"

# ---- charts ----
complains "mmemu: --chart a.png: expected a name that ends in .svg or .pdf" \
	compare "$L/fork.trace" --chart a.png
PATH=/nowhere "$M" compare "$L/fork.trace" --chart a.svg >out 2>err &&
	fail "a chart without gnuplot"
says err "mmemu: --chart: gnuplot draws charts, and it is not installed (Debian: apt-get install gnuplot-nox)"
if command -v gnuplot >/dev/null; then
	run 0 compare "$L/fork.trace" --chart a.svg --chart-metric tables.peak.bytes
	grep -q 'page tables at peak, KiB' a.svg || fail "--chart: bytes have a unit"
	run 0 compare "$L/fork.trace" --chart b.svg --chart-metric faults
	grep -q '>page faults<' b.svg || fail "--chart: faults have a unit"
	grep -q '<svg' a.svg || fail "a.svg is no SVG"
	run 0 sweep "$L/fork.trace" --vary tlb.ways=1..4 --chart a.pdf
	head -c 4 a.pdf | grep -q '%PDF' || fail "a.pdf is no PDF"
fi

# a name that tries to be a command of gnuplot's is a name
if command -v gnuplot >/dev/null; then
	run 0 compare "$L/fork.trace" --with linux-3.12-i386 --json -o one.json
	sed 's/"name": "linux-3.12-i386"/"name": "a\\nEND\\nsystem \\"touch owned\\"\\n$d << END"/' one.json >evil.json
	run 0 sweep --collect evil.json --chart evil.svg --chart-metric faults -o table
	[ -s evil.svg ] || fail "no chart of an odd name"
	[ -e owned ] && fail "a name was run by gnuplot"
	complains "mmemu: cannot write /dev/null/x.svg: Not a directory" \
		compare "$L/fork.trace" --chart /dev/null/x.svg -o table
fi

# ---- results of other runs that are none ----
run 0 compare "$L/fork.trace" --with linux-3.12-i386 --json --no-ratios -o one.json
for bad_index in null -1 0 1e30 1.5 nan '"x"'; do
	sed "s/\"index\": 1/\"index\": $bad_index/" one.json >odd.json
	complains "odd.json:6:5: expected a point with index, name, config, set and metrics" \
		sweep --collect odd.json
	sed "s/\"total\": 1/\"total\": $bad_index/" one.json >odd.json
	complains "odd.json:1:1: not a result of mmemu compare --json" \
		sweep --collect odd.json
done
printf '{"mmemu": "compare 1", "trace": "x", "total": 2, "points": []}\n' >odd.json
complains "mmemu: sweep --collect: 2 of 2 points are missing, the first is 1" \
	sweep --collect odd.json
printf '{"mmemu": \n' >odd.json
run 2 sweep --collect odd.json
complains "mmemu: absent.json: No such file or directory" sweep --collect absent.json

# ---- large pages ----
for c in linux-3.12-i386 linux-3.12-i386-pae x86-64 riscv-sv39; do
	run 0 replay -c $c --set large_pages=true --check=1 --tlb --strict "$L/large-pages.trace"
done
run 0 compare "$L/large-pages.trace" --csv --no-ratios --with large_pages=false --with large_pages=true
expect "large pages" "$(cell out large.made 4)" 4
# 4096 pages are written: a fault each, or one for each of 4 MiB; beside them the
# copy in the child and the zero page after madvise
expect "faults" "$(row faults)" "4098,6"

# ---- mistakes ----
complains "mmemu: --vary tlb.entres: unknown key; the nearest known key is tlb.entries" \
	sweep x --vary tlb.entres=1
complains "mmemu: --vary tlb.ways=8..4: expected A..B or A..B+S, A above 0 and at most B, with the same unit" \
	sweep x --vary tlb.ways=8..4
digits=$(printf '%0200d' 1)
complains "mmemu: --vary tlb.ways=$digits.x..5: expected A..B or A..B+S, A above 0 and at most B, with the same unit" \
	sweep x --vary "tlb.ways=$digits.x..5"
complains "mmemu: --vary tlb.ways=1..99999999999999999999: expected A..B or A..B+S, A above 0 and at most B, with the same unit" \
	sweep x --vary tlb.ways=1..99999999999999999999
complains "mmemu: --vary memory=32M: this key is varied already" \
	sweep x --vary memory=16M --vary memory=32M
# the last step ends at 2^64, not behind it
run 0 sweep "$L/fork.trace" --vary rlimit.as=1..18446744073709551615 --plan out
[ "$(wc -l <out)" = 64 ] || fail "--vary to 2^64: $(wc -l <out) points"
# however long its names are
folder=$(printf '%0300d/' 1)$(printf '%0200d' 2)
run 0 sweep "$L/fork.trace" --vary tlb.ways=1,2 --plan "$folder"
[ "$(grep -c -- "-o $folder/00000[12].json\$" out)" = 2 ] || fail "--plan, a long name"
complains "mmemu: --metrics nope: there is no such metric (mmemu compare --list)" \
	compare x --metrics nope
run 2 compare
run 2 compare absent.trace
complains 'bad.trace:2:3: found "nonsense", expected an event of a process (mmap, read, write, fork ...)' compare bad.trace
exit $bad
