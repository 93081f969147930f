/*
 * mlock.c - memory that stays: VM_LOCKED areas, their pages faulted in.
 *
 *   mlock      areas get VM_LOCKED (split and merged as by mprotect), then
 *              populate: every page is faulted in. Writable private areas take
 *              write faults (so COW is over), others read faults, areas without
 *              any right fail: ENOMEM
 *   munlock    VM_LOCKED goes, and the pages back to the evictable lists
 *   mlockall   all areas, or (FUTURE) those to come: mm->def_flags
 *
 * locked_vm counts pages of VM_LOCKED areas, present or not. The limit test
 * of mlock counts pages that are locked already a second time.
 *
 * Linux: mm/mlock.c.
 */
#include "core/memory.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/swap.h"
#include "core/vma.h"

/* ---- populate ---- */

long __mlock_vma_pages_range(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned gup_flags = FOLL_TOUCH | FOLL_MLOCK;
	story(vma->vm_mm->m, start, end);

	/* a shared mapping has no COW to break, and need not become dirty */
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		gup_flags |= FOLL_WRITE;
	/* any right at all will do */
	if (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC))
		gup_flags |= FOLL_FORCE;
	return __get_user_pages(mm->m->current, mm, start,
				(end - start) >> PAGE_SHIFT(mm->m), gup_flags);
}

/* What POSIX wants mlock to say. */
static int __mlock_posix_error_return(int err)
{
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

int __mm_populate(struct mm_struct *mm, vaddr_t start, uint64_t len,
		  bool ignore_errors)
{
	vaddr_t end = start + len, next;
	struct vm_area_struct *vma;
	long done;
	story(mm->m, start, len);

	for (; start < end; start = next) {
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start >= end)
			break;
		next = min_t(vaddr_t, end, vma->vm_end);
		if (vma->vm_flags & (VM_IO | VM_PFNMAP))
			continue;
		start = max_t(vaddr_t, start, vma->vm_start);
		done = __mlock_vma_pages_range(vma, start, next);
		if (done < 0 && !ignore_errors)
			return __mlock_posix_error_return((int)done);
		if (done >= 0)
			next = start + (uint64_t)done * PAGE_SIZE(mm->m);
	}
	return 0;
}

void mm_populate(struct mm_struct *mm, vaddr_t start, uint64_t len)
{
	__mm_populate(mm, start, len, true);
}

/* ---- unlock ---- */

struct munlock_batch {
	struct page *pages[PAGEVEC_SIZE];
	unsigned nr;
};

static void munlock_flush(struct machine *m, struct munlock_batch *batch)
{
	if (batch->nr)
		__munlock_pagevec(m, batch->pages, batch->nr);
	batch->nr = 0;
}

/* Batches of neighbours: of one zone, below one page-table page. */
void munlock_vma_pages_range(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end)
{
	struct machine *m = vma->vm_mm->m;
	struct munlock_batch batch = {.nr = 0};
	struct page *page;

	vma->vm_flags &= ~VM_LOCKED;
	for (; start < end; start += PAGE_SIZE(m)) {
		page = follow_page(vma, start, 0);
		if (page && page_to_pfn(m, page) == m->zero_pfn)
			page = NULL; /* FOLL_DUMP passes over it */
		if (!page || batch.nr == PAGEVEC_SIZE ||
		    !(start & (pmd_size(m) - 1)) ||
		    (batch.nr &&
		     page_zone(m, batch.pages[0]) != page_zone(m, page)))
			munlock_flush(m, &batch);
		if (page) {
			get_page(page);
			batch.pages[batch.nr++] = page;
		}
	}
	munlock_flush(m, &batch);
}

/* ---- areas ---- */

static int mlock_fixup(struct vm_area_struct *vma, struct vm_area_struct **prev,
		       vaddr_t start, vaddr_t end, vm_flags_t newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t pages = (end - start) >> PAGE_SHIFT(mm->m);
	int err;
	story(mm->m, start, end, newflags);

	if (newflags == vma->vm_flags || (vma->vm_flags & VM_SPECIAL)) {
		*prev = vma;
		return 0;
	}
	err = vma_isolate(&vma, prev, start, end, newflags);
	*prev = vma;
	if (err)
		return err;
	if (newflags & VM_LOCKED) {
		mm->locked_vm += pages;
		vma->vm_flags = newflags;
	} else {
		mm->locked_vm -= pages;
		munlock_vma_pages_range(vma, start, end);
	}
	return 0;
}

/* locked: VM_LOCKED or 0 */
static int mlock_part(struct vm_area_struct *vma, struct vm_area_struct **prev,
		      vaddr_t start, vaddr_t end, vm_flags_t locked)
{
	return mlock_fixup(vma, prev, start, end,
			   (vma->vm_flags & ~VM_LOCKED) | locked);
}

/* => start and len are page aligned */
static int do_mlock(struct mm_struct *mm, vaddr_t start, uint64_t len, bool on)
{
	vaddr_t end = ulong_add(mm->m, start, len);
	struct vm_area_struct *vma;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	vma = find_vma(mm, start);
	if (!vma || vma->vm_start > start)
		return -ENOMEM;
	return vma_fixup_range(vma, start, end, mlock_part, on ? VM_LOCKED : 0);
}

/* ---- system calls ---- */

/* The pages that [start, start+len) touches. */
static uint64_t mlock_len(const struct machine *m, vaddr_t *start, uint64_t len)
{
	len = ulong_add(m, to_ulong(m, len), *start & ~PAGE_MASK(m));
	*start &= PAGE_MASK(m);
	return len_align(m, len);
}

int sys_mlock(struct task_struct *task, vaddr_t start, uint64_t len)
{
	struct machine *m = task->m;
	struct mm_struct *mm = task->mm;
	int err;
	story(m, start, len);

	if (!can_do_mlock(m))
		return -EPERM;
	lru_add_drain(m);
	len = mlock_len(m, &start, len);
	if (!mlock_limit_ok(mm, mm->locked_vm + (len >> PAGE_SHIFT(m))))
		return -ENOMEM;
	err = do_mlock(mm, start, len, true);
	return err ? err : __mm_populate(mm, start, len, false);
}

int sys_munlock(struct task_struct *task, vaddr_t start, uint64_t len)
{
	story(task->m, start, len);

	len = mlock_len(task->m, &start, len);
	return do_mlock(task->mm, start, len, false);
}

static void do_mlockall(struct mm_struct *mm, unsigned flags)
{
	vm_flags_t locked = flags & MCL_CURRENT_EMU ? VM_LOCKED : 0;
	struct vm_area_struct *vma, *prev = NULL;

	if (flags & MCL_FUTURE_EMU)
		mm->def_flags |= VM_LOCKED;
	else
		mm->def_flags &= ~VM_LOCKED;
	if (flags == MCL_FUTURE_EMU)
		return;
	for (vma = mm->mmap; vma; vma = prev->vm_next)
		mlock_part(vma, &prev, vma->vm_start, vma->vm_end, locked);
}

int sys_mlockall(struct task_struct *task, unsigned flags)
{
	struct machine *m = task->m;
	struct mm_struct *mm = task->mm;

	if (!flags || (flags & ~(MCL_CURRENT_EMU | MCL_FUTURE_EMU)))
		return -EINVAL;
	if (!can_do_mlock(m))
		return -EPERM;
	if (flags & MCL_CURRENT_EMU) {
		lru_add_drain(m);
		if (!mlock_limit_ok(mm, mm->total_vm))
			return -ENOMEM;
	}
	do_mlockall(mm, flags);
	if (flags & MCL_CURRENT_EMU)
		mm_populate(mm, 0, m->cfg.task_size);
	return 0;
}

int sys_munlockall(struct task_struct *task)
{
	do_mlockall(task->mm, 0);
	return 0;
}
