/*
 * stack.c - areas that grow down when the page below them is touched.
 *
 *   ┌──────┐      ┌─guard┬────────────┐
 *   │ prev │      │......│ stack      │      the area's lowest page is a guard:
 *   └──────┘ ◄──  └──────┴────────────┘      touching it grows the area by one
 *              expand_stack                  page (fault.c), maps hides it
 *
 * In 3.12 there is no distance to keep: the stack may grow until it meets the
 * area below; only then the guard page is refused. Growth is limited by
 * RLIMIT_AS, RLIMIT_STACK, RLIMIT_MEMLOCK (locked areas) and overcommit.
 *
 * Linux: mm/mmap.c expand_stack(), acct_stack_growth(), find_extend_vma().
 */
#include "core/rmap.h"
#include "core/vma.h"

static int acct_stack_growth(struct vm_area_struct *vma, uint64_t size,
			     uint64_t grow)
{
	struct mm_struct *mm = vma->vm_mm;
	story(mm->m, size, grow);

	if (!may_expand_vm(mm, grow) || size > mm->m->cfg.rlimit_stack)
		return -ENOMEM;
	if ((vma->vm_flags & VM_LOCKED) &&
	    !mlock_limit_ok(mm, mm->locked_vm + grow))
		return -ENOMEM;
	if (security_vm_enough_memory_mm(mm, (int64_t)grow))
		return -ENOMEM;
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, (int64_t)grow);
	return 0;
}

int expand_downwards(struct vm_area_struct *vma, vaddr_t address)
{
	struct machine *m = vma->vm_mm->m;
	uint64_t grow;
	int err;
	story(m, vma->vm_start, address);

	if (anon_vma_prepare(vma))
		return -ENOMEM;
	err = security_mmap_addr(m, address);
	if (err || address >= vma->vm_start)
		return err;
	grow = (vma->vm_start - address) >> PAGE_SHIFT(m);
	if (grow > vma->vm_pgoff)
		return -ENOMEM;
	err = acct_stack_growth(vma, vma->vm_end - address, grow);
	if (err)
		return err;
	observe(m, STACK_GROW, address, vma->vm_start, 0, 0);
	anon_vma_interval_tree_pre_update_vma(vma);
	vma->vm_start = address;
	vma->vm_pgoff -= grow;
	anon_vma_interval_tree_post_update_vma(vma);
	vma_gap_update(vma);
	return 0;
}

int expand_stack(struct vm_area_struct *vma, vaddr_t address)
{
	const struct vm_area_struct *prev = vma->vm_prev;
	story(vma->vm_mm->m, vma->vm_start, address);

	address &= PAGE_MASK(vma->vm_mm->m);
	if (prev && prev->vm_end == address &&
	    !(prev->vm_flags & VM_GROWSDOWN))
		return -ENOMEM;
	return expand_downwards(vma, address);
}

struct vm_area_struct *find_extend_vma(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma;
	vaddr_t start;

	addr &= PAGE_MASK(mm->m);
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start <= addr)
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return NULL;
	start = vma->vm_start;
	if (expand_stack(vma, addr))
		return NULL;
	if (vma->vm_flags & VM_LOCKED)
		__mlock_vma_pages_range(vma, addr, start);
	return vma;
}
