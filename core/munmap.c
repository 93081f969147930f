/*
 * munmap.c - areas and what they map go.
 *
 *        start                 end
 *   ┌──────┼──────┐ ┌────┐ ┌────┼─────┐
 *   │  A   :  B   │ │ C  │ │ D  :  E  │    1. split at start and at end
 *   └──────┼──────┘ └────┘ └────┼─────┘    2. locked pages: unlock
 *              B  ─►  C  ─►  D             3. detach from tree and list
 *   ┌──────┐                    ┌─────┐    4. zap entries, free tables that
 *   │  A   │                    │  E  │       neither A nor E can need
 *   └──────┘                    └─────┘    5. close files, free areas, uncharge
 *
 * Splitting may fail for lack of memory, before anything is lost; from step 2
 * on nothing fails.
 *
 * Linux: mm/mmap.c do_munmap(), exit_mmap().
 */
#include "core/filemap.h"
#include "core/memory.h"
#include "core/swap.h"
#include "core/vma.h"

static void munlock_vma_pages_all(struct vm_area_struct *vma)
{
	munlock_vma_pages_range(vma, vma->vm_start, vma->vm_end);
}

struct vm_area_struct *remove_vma(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma->vm_next;
	story(vma->vm_mm->m, vma->vm_start, vma->vm_end);

	observe(vma->vm_mm->m, VMA_GONE, vma->vm_start, vma->vm_end, 0, 0);
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->vm_file)
		fput(vma->vm_mm->m, vma->vm_file);
	vm_area_free(vma);
	return next;
}

/* Split so that whole areas cover [start, end). *first: the lowest of them. */
static int split_ends(struct mm_struct *mm, vaddr_t start, vaddr_t end,
		      struct vm_area_struct **first)
{
	struct vm_area_struct *vma = *first, *prev = vma->vm_prev, *last;
	int err;

	if (start > vma->vm_start) {
		/* a hole in the middle makes one area more */
		if (end < vma->vm_end &&
		    mm->map_count >= mm->m->cfg.max_map_count)
			return -ENOMEM;
		err = __split_vma(mm, vma, start, false);
		if (err)
			return err;
		prev = vma;
	}
	last = find_vma(mm, end);
	if (last && end > last->vm_start) {
		err = __split_vma(mm, last, end, true);
		if (err)
			return err;
	}
	*first = prev ? prev->vm_next : mm->mmap;
	return 0;
}

static void munlock_range(struct mm_struct *mm, struct vm_area_struct *vma,
			  vaddr_t end)
{
	if (!mm->locked_vm)
		return;
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (!(vma->vm_flags & VM_LOCKED))
			continue;
		mm->locked_vm -= vma_pages(vma);
		munlock_vma_pages_all(vma);
	}
}

/* Out of tree and list; they stay linked among themselves. */
static void detach_vmas_to_be_unmapped(struct mm_struct *mm,
				       struct vm_area_struct *vma,
				       struct vm_area_struct *prev, vaddr_t end)
{
	struct vm_area_struct *tail;
	story(mm->m, vma->vm_start, end);

	vma->vm_prev = NULL;
	do {
		vma_rb_erase(vma);
		mm->map_count--;
		tail = vma;
		vma = vma->vm_next;
	} while (vma && vma->vm_start < end);
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (vma) {
		vma->vm_prev = prev;
		vma_gap_update(vma);
	} else {
		mm->highest_vm_end = prev ? prev->vm_end : 0;
	}
	tail->vm_next = NULL;
	mm->mmap_cache = NULL;
}

static void unmap_region(struct mm_struct *mm, struct vm_area_struct *vma,
			 struct vm_area_struct *prev, vaddr_t start,
			 vaddr_t end)
{
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;
	struct mmu_gather tlb;
	story(mm->m, start, end);

	lru_add_drain(mm->m);
	tlb_gather_mmu(&tlb, mm);
	update_hiwater_rss(mm);
	unmap_vmas(&tlb, vma, start, end);
	free_pgtables(&tlb, vma, prev ? prev->vm_end : 0,
		      next ? next->vm_start : 0);
	tlb_finish_mmu(&tlb);
}

static void remove_vma_list(struct mm_struct *mm, struct vm_area_struct *vma)
{
	int64_t accounted = 0;

	update_hiwater_vm(mm);
	while (vma) {
		int64_t pages = (int64_t)vma_pages(vma);

		if (vma->vm_flags & VM_ACCOUNT)
			accounted += pages;
		vm_stat_account(mm, vma->vm_flags, vma->vm_file, -pages);
		vma = remove_vma(vma);
	}
	vm_unacct_memory(mm->m, accounted);
}

int do_munmap(struct mm_struct *mm, vaddr_t start, uint64_t len)
{
	const struct machine *m = mm->m;
	vaddr_t task_size = m->cfg.task_size, end;
	struct vm_area_struct *vma, *prev;
	int err;
	story(m, start, len);

	if ((start & ~PAGE_MASK(m)) || start > task_size ||
	    len > task_size - start)
		return -EINVAL;
	len = len_align(m, len);
	if (!len)
		return -EINVAL;
	vma = find_vma(mm, start);
	if (!vma)
		return 0;
	end = start + len;
	if (vma->vm_start >= end)
		return 0;
	err = split_ends(mm, start, end, &vma);
	if (err)
		return err;
	prev = vma->vm_prev;
	munlock_range(mm, vma, end);
	detach_vmas_to_be_unmapped(mm, vma, prev, end);
	unmap_region(mm, vma, prev, start, end);
	remove_vma_list(mm, vma);
	return 0;
}

int sys_munmap(struct task_struct *task, vaddr_t addr, uint64_t len)
{
	story(task->m, addr, len);

	return do_munmap(task->mm, addr, len);
}

/* ---- the end of an address space ---- */

static void forget_areas(struct mm_struct *mm)
{
	mm->mmap = mm->mmap_cache = NULL;
	mm->mm_rb = RB_ROOT;
	mm->map_count = 0;
	mm->highest_vm_end = 0;
	mm->total_vm = mm->locked_vm = mm->shared_vm = 0;
	mm->exec_vm = mm->stack_vm = 0;
}

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct mmu_gather tlb;
	int64_t accounted = 0;
	story(mm->m);

	if (mm->locked_vm)
		for_each_vma(vma, mm)
			if (vma->vm_flags & VM_LOCKED)
				munlock_vma_pages_all(vma);
	vma = mm->mmap;
	if (!vma)
		return;
	lru_add_drain(mm->m);
	tlb_gather_mmu(&tlb, mm);
	unmap_vmas(&tlb, vma, 0, UINT64_MAX);
	free_pgtables(&tlb, vma, 0, 0);
	tlb_finish_mmu(&tlb);
	while (vma) {
		if (vma->vm_flags & VM_ACCOUNT)
			accounted += (int64_t)vma_pages(vma);
		vma = remove_vma(vma);
	}
	vm_unacct_memory(mm->m, accounted);
	forget_areas(mm);
}
