/*
 * brk.c - the heap's end, and anonymous areas at a given place.
 *
 *   start_brk          brk              newbrk   must stay free
 *       ├────────────────┼──────────────────┤···│ one page
 *       │      heap      │  grown by do_brk │···│ [next area
 *
 * brk never fails with an errno: it returns the break as it is afterwards, the
 * old one when the kernel refuses.
 *
 * Linux: mm/mmap.c sys_brk(), do_brk().
 */
#include "core/vma.h"

vaddr_t do_brk(struct mm_struct *mm, vaddr_t addr, uint64_t len)
{
	struct machine *m = mm->m;
	vm_flags_t flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE |
			   VM_MAYEXEC | VM_ACCOUNT | mm->def_flags;
	struct vm_area_struct *vma;
	struct vma_place place;
	vaddr_t at;
	uint64_t pages;
	story(m, addr, len);

	len = len_align(m, len);
	if (!len)
		return addr;
	if (mm->read_implies_exec)
		flags |= VM_EXEC;
	at = get_unmapped_area(mm, NULL, addr, len, 0, MAP_FIXED_EMU);
	if (IS_ERR_VALUE(at))
		return at;
	pages = len >> PAGE_SHIFT(m);
	if ((mm->def_flags & VM_LOCKED) &&
	    !mlock_limit_ok(mm, mm->locked_vm + pages))
		return ERR_VALUE(-EAGAIN);
	while (find_vma_links(mm, addr, addr + len, &place))
		if (do_munmap(mm, addr, len))
			return ERR_VALUE(-ENOMEM);
	if (!may_expand_vm(mm, pages) ||
	    mm->map_count > m->cfg.max_map_count ||
	    security_vm_enough_memory_mm(mm, (int64_t)pages))
		return ERR_VALUE(-ENOMEM);
	vma = vma_merge(mm, place.prev, addr, addr + len, flags, NULL, NULL,
			addr >> PAGE_SHIFT(m));
	if (!vma) {
		vma = vm_area_alloc(mm);
		if (!vma) {
			vm_unacct_memory(m, (int64_t)pages);
			return ERR_VALUE(-ENOMEM);
		}
		vma->vm_start = addr;
		vma->vm_end = addr + len;
		vma->vm_pgoff = addr >> PAGE_SHIFT(m);
		vma->vm_flags = flags;
		vma_set_page_prot(vma);
		vma_link(mm, vma, &place);
		observe(m, VMA_NEW, addr, addr + len, flags, 0);
	}
	mm->total_vm += pages;
	if (flags & VM_LOCKED)
		mm->locked_vm += pages;
	return addr;
}

vaddr_t vm_brk(struct mm_struct *mm, vaddr_t addr, uint64_t len)
{
	vaddr_t ret = do_brk(mm, addr, len);

	if (mm->def_flags & VM_LOCKED)
		mm_populate(mm, addr, len);
	return ret;
}

/* RLIMIT_DATA covers initialised data and the heap. */
static bool data_limit_ok(const struct mm_struct *mm, vaddr_t brk)
{
	uint64_t limit = mm->m->cfg.rlimit_data;

	return limit == RLIM_INFINITY_U64 ||
	       (brk - mm->start_brk) + (mm->end_data - mm->start_data) <= limit;
}

vaddr_t sys_brk(struct task_struct *task, vaddr_t brk)
{
	struct mm_struct *mm = task->mm;
	const struct machine *m = mm->m;
	vaddr_t newbrk, oldbrk = PAGE_ALIGN(m, mm->brk);
	story(m, brk, mm->brk);

	if (brk < mm->start_brk || !data_limit_ok(mm, brk))
		return mm->brk;
	newbrk = len_align(m, brk);
	if (newbrk == oldbrk) {
		mm->brk = brk;
		return brk;
	}
	if (brk <= mm->brk) {
		if (!do_munmap(mm, newbrk, oldbrk - newbrk))
			mm->brk = brk;
		return mm->brk;
	}
	if (find_vma_intersection(mm, oldbrk, newbrk + PAGE_SIZE(m)))
		return mm->brk;
	/* newbrk has wrapped for a break at the end of the address space */
	if (do_brk(mm, oldbrk, ulong_add(m, newbrk, -oldbrk)) != oldbrk)
		return mm->brk;
	mm->brk = brk;
	if (mm->def_flags & VM_LOCKED)
		mm_populate(mm, oldbrk, newbrk - oldbrk);
	return brk;
}
