/*
 * unmapped_area.c - where a new mapping goes.
 *
 *   top-down                              bottom-up
 *   0xC0000000 ┌──────────┐               ┌──────────┐
 *              │ stack    │               │ stack    │
 *              │   ▼      │ gap: the      │          │
 *   mmap_base ─┤          │ stack limit   │   ▲      │
 *              │ mmap ▼   │               │ mmap     │
 *              │          │               ├──────────┤ TASK_UNMAPPED_BASE
 *              │ heap ▲   │               │ heap ▲   │ (a third of user space)
 *              └──────────┘               └──────────┘
 *
 * A fixed address is taken as it is, a hint if the room there is free. Else the
 * highest free room below mmap_base (top-down) or the lowest one from
 * TASK_UNMAPPED_BASE on (bottom-up). When top-down finds none, it tries
 * bottom-up.
 *
 * The tree of areas knows for each subtree the largest gap in front of one of
 * its areas, so a search only enters subtrees that can hold the answer: the
 * same result as walking the whole list, in about log n steps.
 *
 * Linux: mm/mmap.c unmapped_area(), unmapped_area_topdown(),
 * get_unmapped_area(); arch/x86/mm/mmap.c.
 */
#include "core/vma.h"

/* ---- gap search ---- */

struct gap_search {
	uint64_t length;
	vaddr_t low, high; /* the room lies in [low, high) */
	vaddr_t found;
};

/* Is there room in [start, end), cut to the limits? */
static bool fits(const struct gap_search *s, vaddr_t *start, vaddr_t *end)
{
	*start = max_t(vaddr_t, *start, s->low);
	*end = min_t(vaddr_t, *end, s->high);
	return *end >= *start && *end - *start >= s->length;
}

static bool lowest_in_gap(struct gap_search *s, vaddr_t start, vaddr_t end)
{
	if (!fits(s, &start, &end))
		return false;
	s->found = start;
	return true;
}

static bool highest_in_gap(struct gap_search *s, vaddr_t start, vaddr_t end)
{
	if (!fits(s, &start, &end))
		return false;
	s->found = end - s->length;
	return true;
}

static vaddr_t gap_start(const struct vm_area_struct *vma)
{
	return vma->vm_prev ? vma->vm_prev->vm_end : 0;
}

static bool lowest_in_tree(struct gap_search *s, const struct rb_node *node)
{
	const struct vm_area_struct *vma;

	if (!node)
		return false;
	vma = rb_vma(node);
	if (vma->rb_subtree_gap < s->length)
		return false;
	/* gaps on the left end below vma->vm_start */
	if (vma->vm_start >= s->low + s->length &&
	    lowest_in_tree(s, node->left))
		return true;
	if (lowest_in_gap(s, gap_start(vma), vma->vm_start))
		return true;
	if (vma->vm_end + s->length > s->high)
		return false;
	return lowest_in_tree(s, node->right);
}

static bool highest_in_tree(struct gap_search *s, const struct rb_node *node)
{
	const struct vm_area_struct *vma;

	if (!node)
		return false;
	vma = rb_vma(node);
	if (vma->rb_subtree_gap < s->length)
		return false;
	/* gaps on the right begin at or behind vma->vm_end */
	if (vma->vm_end + s->length <= s->high &&
	    highest_in_tree(s, node->right))
		return true;
	if (highest_in_gap(s, gap_start(vma), vma->vm_start))
		return true;
	if (vma->vm_start < s->low + s->length)
		return false;
	return highest_in_tree(s, node->left);
}

static vaddr_t unmapped_area(const struct mm_struct *mm, uint64_t length,
			     vaddr_t low, vaddr_t high)
{
	struct gap_search s = {.length = length, .low = low, .high = high};

	s.found = ERR_VALUE(-ENOMEM);
	if (!lowest_in_tree(&s, mm->mm_rb.node))
		lowest_in_gap(&s, mm->highest_vm_end, high);
	story_leaf(mm->m, "unmapped_area", length, low, high, s.found);
	return s.found;
}

static vaddr_t unmapped_area_topdown(const struct mm_struct *mm,
				     uint64_t length, vaddr_t low, vaddr_t high)
{
	struct gap_search s = {.length = length, .low = low, .high = high};

	s.found = ERR_VALUE(-ENOMEM);
	if (!highest_in_gap(&s, mm->highest_vm_end, high))
		highest_in_tree(&s, mm->mm_rb.node);
	story_leaf(mm->m, "unmapped_area_topdown", length, low, high, s.found);
	return s.found;
}

/* ---- layouts ---- */

static vaddr_t task_unmapped_base(const struct machine *m)
{
	return PAGE_ALIGN(m, m->cfg.task_size / 3);
}

/* An endless stack leaves no gap to hang mappings under. */
static bool mmap_is_legacy(const struct machine *m)
{
	return m->cfg.mmap_layout == MMAP_BOTTOMUP ||
	       (!m->cfg.mmap_base &&
		m->cfg.rlimit_stack == RLIM_INFINITY_U64);
}

#define STACK_GAP_MIN ((uint64_t)128 << 20)

static vaddr_t mmap_base(const struct machine *m)
{
	uint64_t task_size = m->cfg.task_size, gap = m->cfg.rlimit_stack;

	gap = max_t(uint64_t, gap, STACK_GAP_MIN);
	gap = min_t(uint64_t, gap, task_size / 6 * 5);
	return PAGE_ALIGN(m, task_size - gap);
}

void arch_pick_mmap_layout(struct mm_struct *mm)
{
	const struct machine *m = mm->m;

	if (m->cfg.mmap_base)
		mm->mmap_base = m->cfg.mmap_base;
	else if (mmap_is_legacy(m))
		mm->mmap_base = task_unmapped_base(m);
	else
		mm->mmap_base = mmap_base(m);
}

/* The layout's answer for a mapping that is not fixed. */
static vaddr_t arch_get_unmapped_area(struct mm_struct *mm, vaddr_t addr,
				      uint64_t len)
{
	const struct machine *m = mm->m;
	vaddr_t task_size = m->cfg.task_size, found;
	const struct vm_area_struct *vma;
	story_as(m, mmap_is_legacy(m) ? "arch_get_unmapped_area" :
					"arch_get_unmapped_area_topdown",
		 addr, len);

	if (addr) {
		addr = PAGE_ALIGN(m, addr);
		vma = find_vma(mm, addr);
		if (addr <= task_size - len &&
		    (!vma || addr + len <= vma->vm_start)) {
			observe(m, HINT_FREE, addr, len, 0, 0);
			return addr;
		}
	}
	if (mmap_is_legacy(m))
		return unmapped_area(mm, len, mm->mmap_base, task_size);
	found = unmapped_area_topdown(mm, len, PAGE_SIZE(m), mm->mmap_base);
	if (IS_ERR_VALUE(found))
		found = unmapped_area(mm, len, task_unmapped_base(m),
				      task_size);
	return found;
}

/* CAP_SYS_RAWIO may map the lowest addresses. */
int security_mmap_addr(const struct machine *m, vaddr_t addr)
{
	return addr < m->cfg.mmap_min_addr && !capable(m) ? -EPERM : 0;
}

vaddr_t get_unmapped_area(struct mm_struct *mm, struct file *file __unused_arg,
			  vaddr_t addr, uint64_t len,
			  uint64_t pgoff __unused_arg, unsigned flags)
{
	const struct machine *m = mm->m;
	int err;
	story(m, addr, len);

	if (len > m->cfg.task_size)
		return ERR_VALUE(-ENOMEM);
	if (!(flags & MAP_FIXED_EMU))
		addr = arch_get_unmapped_area(mm, addr, len);
	if (IS_ERR_VALUE(addr))
		return addr;
	if (addr > m->cfg.task_size - len)
		return ERR_VALUE(-ENOMEM);
	if (addr & ~PAGE_MASK(m))
		return ERR_VALUE(-EINVAL);
	err = security_mmap_addr(m, addr);
	return err ? ERR_VALUE(err) : addr;
}
