#!/bin/sh
# mmemu explain: the stories of copy on write and fork, and of the other paths.
. tests/cli/lib.inc
LECTURE=$ROOT/traces/lecture

# in_order FILE WORD...: each word begins a line of the story behind the one of
# the word before it (a call as "name(", a told value as it begins)
in_order() {
	file=$1
	shift
	for word; do
		printf '%s\n' "$word"
	done | awk '
		FNR == NR { want[n++] = $0; next }
		{ sub(/^ *(\. )?/, "") }
		at < n && index($0, want[at]) == 1 { at++ }
		END { if (at < n) { print want[at]; exit 1 } }
	' - "$file" >missing || fail "$file: $(cat missing) is not where it belongs"
}

# story LINE-OR-OTHER-OPTION... : explain into the file `story`
story() {
	run 0 explain "$@"
	mv out story
}

# ---- the two stories, word for word ----

for lang in en ja; do
	run 0 explain "$LECTURE/cow.trace" --line 28 --lang $lang
	cmp -s out "$ROOT/tests/data/explain/cow.$lang" ||
		fail "cow.$lang: $(diff "$ROOT/tests/data/explain/cow.$lang" out | head -5)"
	run 0 explain "$LECTURE/cow.trace" --mark before-fork --lang $lang
	cmp -s out "$ROOT/tests/data/explain/fork.$lang" ||
		fail "fork.$lang: $(diff "$ROOT/tests/data/explain/fork.$lang" out | head -5)"
done

# ---- in order, every function that the lecture names on these paths ----

for lang in en ja; do
	story "$LECTURE/cow.trace" --line 28 --lang $lang
	in_order story "do_page_fault(" "__do_page_fault(" "find_vma(" \
		"good_area:" "access_error(" "handle_mm_fault(" \
		"__handle_mm_fault(" "pud_alloc(" "pmd_alloc(" \
		"pte_alloc_map(" "handle_pte_fault(" "do_wp_page(" \
		"anon_vma_prepare(" "alloc_pages(" "cow_user_page(" \
		"page_add_new_anon_rmap(" "__page_set_anon_rmap(" \
		"linear_page_index(" "page_remove_rmap(" "put_page("
	story "$LECTURE/cow.trace" --mark before-fork --lang $lang
	in_order story "do_fork(" "copy_process(" "copy_mm(" "dup_mm(" \
		"dup_mmap(" "anon_vma_fork(" "anon_vma_clone(" \
		"anon_vma_chain_link(" "anon_vma_alloc(" \
		"anon_vma_chain_link(" "copy_page_range(" "copy_pte_range(" \
		"copy_one_pte("
done
run 0 explain "$LECTURE/cow.trace" --line 30
in_order out "do_wp_page(" "reuse_swap_page(" "nobody else maps" \
	"page_move_anon_rmap("
# each area of the parent in turn; one without an anon_vma is left out
story "$LECTURE/fork.trace" --line 17
in_order story "dup_mmap(" "copy_page_range(vma=0x8048000" \
	"no anon_vma" "anon_vma_fork(vma=0x804c000" \
	"copy_page_range(vma=0x804c000" "anon_vma_fork(vma=0x20000000" \
	"copy_page_range(vma=0x20000000"

# ---- the other paths ----

cat >paths.trace <<'EOF'
mmemu-trace 1
file /bin/prog size 64K
100 spawn sh
100 mmap 0x30000000 16K rw- private file /bin/prog 0
100 mmap 0x40000000 64K rw- private anon growsdown -> stack
100 mmap 0x20000000 64K r-- private anon -> ro
100 read 0x30000000
100 read 0x30001000
100 write 0x30002000 = 1
100 write 0x3ffffff0 = 1
100 write ro = 1 !SIGSEGV
100 write 0x10000000 = 1 !SIGSEGV
100 mmap 0x50000000 64K rw- private anon -> big
100 write big 64K
100 munmap big+16K 16K
kernel kmem_cache_create things 3000
kernel kmem_cache_alloc things GFP_KERNEL -> o
kernel alloc_pages 3 GFP_KERNEL -> p
kernel free_pages p
kernel vmalloc 16K -> v
kernel vfree v
100 mmap - 16K rw- shared file /bin/prog 0 -> sh
100 write sh = 1
100 read big
100 exec /bin/prog
100 exit
EOF
# told LINE WORD...: the story of that line has these, in this order
told() {
	line=$1
	shift
	story paths.trace --line "$line"
	in_order story "$@"
}
told 7 "do_linear_fault(" "linear_page_index(" "do_read_fault(" "__do_fault(" \
	"filemap_fault(" "page 0 of inode" "page_add_file_rmap(" \
	"the file's page 0" "done: VM_FAULT_MAJOR" "changed:"
told 8 "filemap_fault(" "page 1 of inode" "done: 0"
told 9 "do_linear_fault(" "do_cow_fault(" "anon_vma_prepare(" "alloc_pages(" \
	"__do_fault(" "copy_user_highpage(" "page_add_new_anon_rmap(" "put_page("
told 10 "find_vma(" "0x3ffffff0 lies below" "expand_stack(" \
	"expand_downwards(" "the stack grows: it begins at 0x3ffff000" \
	"good_area:" "do_anonymous_page("
told 11 "good_area:" "access_error(error_code=6 (write, user, page not present)" \
	"bad_area(address=0x20000000, SIGSEGV)" \
	"the process gets SIGSEGV SEGV_ACCERR"
told 12 "find_vma(" "bad_area(" "the process gets SIGSEGV SEGV_MAPERR"
grep -q "handle_mm_fault" story && fail "a bad area was handled"
told 15 "do_munmap(" "__split_vma(" "the area 0x50000000-0x50010000 is split" \
	"anon_vma_clone(" "unmap_region(" "unmap_vmas(" "zap_pte_range(" \
	"page_remove_rmap(" "free_pgtables(" "tlb_finish_mmu(" \
	"free_hot_cold_page(" "remove_vma(" "changed:" "area of 100:"
told 17 "kmem_cache_alloc(cache=things" "cache_alloc_refill(" "cache_grow(" \
	"kmem_getpages(" "alloc_pages(" "things has a new slab" "object 0x"
told 18 "alloc_pages(gfp=GFP_KERNEL, order=3" "__alloc_pages_nodemask(" \
	"get_page_from_freelist(" "buffered_rmqueue(" "__rmqueue(" \
	"__rmqueue_smallest("
told 19 "__free_pages(" "__free_pages_ok(" "__free_one_page("
told 20 "vmalloc(" "__vmalloc_node(" "alloc_vmap_area(" "map_vm_area("
told 21 "vfree(" "__vunmap("
told 22 "do_mmap_pgoff(" "get_unmapped_area(" "unmapped_area_topdown(" \
	"mmap_region(" "vma_merge(" "vma_link(" "a new area"
told 23 "do_shared_fault(" "__do_fault("
told 25 "do_execve(" "bprm_mm_init(" "load_elf_binary(" "flush_old_exec(" \
	"exit_mmap(" "setup_arg_pages(" "elf_map(" "create_elf_tables("
told 26 "do_exit(" "exit_mm(" "mmput(" "exit_mmap(" "release_task("

# a zone passed over, memory reclaimed and swapped out, read in again
{
	echo "mmemu-trace 1"
	echo "100 spawn sh"
	echo "100 mmap 0x20000000 64M rw- private anon -> a"
	echo "100 write a 12M"
	echo "100 write a+12M 20M"
	echo "100 read a"
} >swap.trace
story -c linux-3.12-i386 --set memory=24M --set swap=64M swap.trace --line 5
in_order story "__alloc_pages_slowpath(" "wakeup_kswapd("
in_order story "shrink_zone(" "shrink_inactive_list(" "shrink_page_list(" \
	"add_to_swap(" "try_to_unmap(" "pageout(" "swap_writepage(" \
	"remove_mapping("
grep -q "passed over" story || fail "no zone was passed over"
story -c linux-3.12-i386 --set memory=24M --set swap=64M swap.trace --line 6
in_order story "handle_pte_fault(" "the entry is not present: a swap slot" \
	"do_swap_page(" "lookup_swap_cache(" "swapin_readahead(" \
	"swap_readpage(" "page_add_anon_rmap(" "swap_free("

# no block of its own type is large enough: one of another type is split
story --set memory=16M "$LECTURE/fragmentation.trace" --line 25
in_order story "alloc_pages(" "__alloc_pages_nodemask(" \
	"get_page_from_freelist(" "buffered_rmqueue(" "__rmqueue(" \
	"__rmqueue_smallest(" "__rmqueue_fallback(" "no Unmovable block:"

# ---- what repeats is counted, what is deep can be cut ----

{
	echo "mmemu-trace 1"
	echo "100 spawn sh"
	echo "100 mmap 0x20000000 8M rw- private anon -> a"
	echo "100 write a 4M"
	echo "100 fork 101"
	echo "101 read a"
} >many.trace
story many.trace --line 5
n=$(sed -n '/copy_one_pte(/,/more of the same/ s/.*\.\.\. \([0-9,]*\) more of the same/\1/p' story |
	head -1 | tr -d ,)
shown=$(sed '/^changed/q' story | grep -c 'copy_one_pte(')
[ "$((n + shown))" = 1024 ] || fail "1024 entries are copied, $n + $shown are told"
grep -q "1,02[0-9] more of the same" story || fail "numbers are not grouped"
run 0 explain many.trace --line 5 --depth 2
in_order out "do_fork(" "copy_process(" "changed:"
grep -q "dup_mm" out && fail "--depth 2 shows a third level"
run 0 explain many.trace --line 6
grep -q "The kernel is not entered" out || fail "a hit of the TLB has a story"
run 0 explain many.trace --all
[ "$(grep -c '^event ' out)" = 5 ] || fail "--all does not tell of every event"

# ---- JSON says the same ----

run 0 explain "$LECTURE/cow.trace" --line 28 --json
python3 - out "$ROOT/tests/data/explain/cow.en" <<'EOF' || fail "--json"
import json, sys
e = json.load(open(sys.argv[1]))
lines = open(sys.argv[2]).read().split("\n")
assert (e["event"], e["line"]) == (9, 28)
assert "event 9, line 28: " + e["statement"] == lines[0]
assert "=> " + e["outcome"] == lines[1]
def walk(nodes, depth):
    for n in nodes:
        assert n["depth"] == depth, n
        mark = "" if n["kind"] == "CALL" else ". "
        yield "  " * depth + mark + n["text"]
        yield from walk(n["children"], depth + 1)
at = lines.index("changed:")
assert list(walk(e["story"], 0)) == lines[3:at - 1]
assert ["  " + c["text"] for c in e["changes"]] == lines[at + 1:-1]
frames = [c for c in e["changes"] if c["kind"] == "frame"]
assert all(c["frames"] == 1 for c in frames) and len(frames) == 2
EOF

# ---- names ----

run 0 explain "$LECTURE/memcg.trace" --line 15
grep -q 'memory cgroup /web is made, child of /$' out || fail "$(cat out)"
run 0 explain "$LECTURE/memcg.trace" --line 20
grep -q 'process 100 moves to memory cgroup /web$' out || fail "$(cat out)"

# ---- what a function tells has words, and the words a function ----

(cd "$ROOT" && cat core/*.c) | tr '\n' ' ' |
	grep -o 'story_[a-z]*([^;]*;\|[[:space:]]story([^;]*;' >calls
for f in $(sed -n 's/^CALL(\([a-z_A-Z0-9]*\),.*/\1/p' "$ROOT/formats/explain_calls.def"); do
	grep -q "\\b$f\\b" "$ROOT"/core/*.c || fail "no function $f tells anything"
done
for f in $(grep -o '"[a-z_0-9]*"' calls | tr -d '"' | sort -u); do
	grep -q "^CALL($f," "$ROOT/formats/explain_calls.def" ||
		fail "what $f tells has no words"
done

# ---- wrong usage ----

complains "mmemu: explain: expected --event, --line, --mark or --all
mmemu: \"mmemu help explain\" says how to use it" explain many.trace
complains "mmemu: --lang de: expected en or ja" explain many.trace --all --lang de
complains "mmemu: --event x: expected a number from 1 on" explain many.trace --event x
complains "mmemu: --line: one of --event, --line, --mark and --all" \
	explain many.trace --all --line 3
complains "mmemu: many.trace: there is no event 9, the trace has 5" \
	explain many.trace --event 9
run 2 explain many.trace --line 1
says err "mmemu: many.trace:1: no statement stands on this line"
complains "mmemu: many.trace: there is no event behind a mark no" \
	explain many.trace --mark no
exit $bad
