/*
 * vma_check.c - address spaces come and go with the machine; what must hold.
 *
 * Invariants (mm_check, mmap_check)
 *  1. Areas are page aligned, not empty, ascending, do not overlap, end at or
 *     below task_size; vm_prev mirrors vm_next.
 *  2. The tree holds the same areas in the same order and is a red-black tree.
 *  3. rb_subtree_gap is the largest gap in front of an area of the subtree.
 *  4. map_count, highest_vm_end; mmap_cache is one of the areas or none.
 *  5. total_vm, locked_vm, shared_vm, exec_vm, stack_vm are sums over areas.
 *  6. vm_page_prot is what the flags say, less RW where writes are notified.
 *  7. An area with an anon_vma has a chain, one without has none.
 *  8. Committed_AS covers all VM_ACCOUNT pages of all address spaces.
 *
 * Linux: mm/mmap.c validate_mm().
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/vma.h"

typedef unsigned long long ull;

static void check_area(const struct vm_area_struct *vma, struct checker *c)
{
	const struct machine *m = vma->vm_mm->m;
	const struct vm_area_struct *prev = vma->vm_prev;
	struct vm_area_struct fresh = *vma;

	CHECK(c, !((vma->vm_start | vma->vm_end) & ~PAGE_MASK(m)) &&
			 vma->vm_start < vma->vm_end &&
			 vma->vm_end <= m->cfg.task_size,
	      "mmap 1: area 0x%llx-0x%llx has impossible bounds",
	      (ull)vma->vm_start, (ull)vma->vm_end);
	CHECK(c, !prev || prev->vm_end <= vma->vm_start,
	      "mmap 1: area 0x%llx overlaps the one before",
	      (ull)vma->vm_start);
	CHECK(c, vma->rb_subtree_gap == vma_compute_subtree_gap(vma),
	      "mmap 3: area 0x%llx has a wrong subtree gap",
	      (ull)vma->vm_start);
	vma_set_page_prot(&fresh);
	CHECK(c, fresh.vm_page_prot == vma->vm_page_prot,
	      "mmap 6: area 0x%llx has protection 0x%llx, should be 0x%llx",
	      (ull)vma->vm_start, (ull)vma->vm_page_prot,
	      (ull)fresh.vm_page_prot);
	CHECK(c, (vma->anon_vma != NULL) ==
			 (vma->anon_vma_chain.next != &vma->anon_vma_chain),
	      "mmap 7: area 0x%llx has anon_vma without chain or the reverse",
	      (ull)vma->vm_start);
}

static void check_list_and_tree(const struct mm_struct *mm, struct checker *c)
{
	const struct rb_node *node = rb_first(&mm->mm_rb);
	const struct vm_area_struct *vma, *prev = NULL;
	bool cached = !mm->mmap_cache;
	uint32_t n = 0;

	CHECK(c, rb_check(&mm->mm_rb) >= 0, "mmap 2: no red-black tree");
	for_each_vma(vma, mm) {
		CHECK(c, vma->vm_prev == prev, "mmap 1: vm_prev of 0x%llx",
		      (ull)vma->vm_start);
		CHECK(c, node == &vma->vm_rb,
		      "mmap 2: list and tree part at 0x%llx",
		      (ull)vma->vm_start);
		check_area(vma, c);
		cached |= vma == mm->mmap_cache;
		node = node ? rb_next(node) : NULL;
		prev = vma;
		n++;
	}
	CHECK(c, !node, "mmap 2: the tree has more areas than the list");
	CHECK(c, n == mm->map_count, "mmap 4: %u areas, map_count %u", n,
	      mm->map_count);
	CHECK(c, mm->highest_vm_end == (prev ? prev->vm_end : 0),
	      "mmap 4: highest_vm_end is 0x%llx", (ull)mm->highest_vm_end);
	CHECK(c, cached, "mmap 4: mmap_cache is not one of the areas");
}

static void check_totals(const struct mm_struct *mm, struct checker *c)
{
	struct mm_struct sum = {.m = mm->m};
	const struct vm_area_struct *vma;

	for_each_vma(vma, mm) {
		vm_stat_account(&sum, vma->vm_flags, vma->vm_file,
				(int64_t)vma_pages(vma));
		if (vma->vm_flags & VM_LOCKED)
			sum.locked_vm += vma_pages(vma);
	}
#define SAME(field)                                       \
	CHECK(c, mm->field == sum.field,                  \
	      "mmap 5: " #field " %llu, areas %llu",      \
	      (ull)mm->field, (ull)sum.field)
	SAME(total_vm);
	SAME(locked_vm);
	SAME(shared_vm);
	SAME(exec_vm);
	SAME(stack_vm);
#undef SAME
}

void mm_check(const struct mm_struct *mm, struct checker *c)
{
	check_list_and_tree(mm, c);
	check_totals(mm, c);
}

void mmap_check(const struct machine *m, struct checker *c)
{
	const struct vm_area_struct *vma;
	const struct mm_struct *mm;
	int64_t accounted = 0;

	list_for_each_entry(mm, &m->mm_list, mmlist) {
		mm_check(mm, c);
		for_each_vma(vma, mm)
			if (vma->vm_flags & VM_ACCOUNT)
				accounted += (int64_t)vma_pages(vma);
	}
	CHECK(c, m->vm_committed_as >= accounted,
	      "mmap 8: %lld pages committed, areas account for %lld",
	      (long long)m->vm_committed_as, (long long)accounted);
}

/* ---- the part's life ---- */

/* Linux: init_admin_reserve(), init_user_reserve(): 3 % of what is free. */
#define ADMIN_RESERVE_MAX_KB ((uint64_t)8 << 10)
#define USER_RESERVE_MAX_KB ((uint64_t)128 << 10)

int mmap_subsys_init(struct machine *m, const char **why __unused_arg)
{
	uint64_t free_kbytes = (uint64_t)global_page_state(m, NR_FREE_PAGES)
			       << (PAGE_SHIFT(m) - 10);

	hpool_init(&m->mm_pool, &m->host, sizeof(struct mm_struct));
	hpool_init(&m->vma_pool, &m->host, sizeof(struct vm_area_struct));
	INIT_LIST_HEAD(&m->mm_list);
	m->admin_reserve_kbytes =
		min_t(uint64_t, free_kbytes / 32, ADMIN_RESERVE_MAX_KB);
	m->user_reserve_kbytes =
		min_t(uint64_t, free_kbytes / 32, USER_RESERVE_MAX_KB);
	return 0;
}

void mmap_subsys_destroy(struct machine *m)
{
	hpool_destroy(&m->mm_pool);
	hpool_destroy(&m->vma_pool);
}
