/*
 * gup.c - the kernel touches user memory: get_user_pages.
 *
 * mlock, populate and exec need pages present before a process has touched
 * them. They look first (follow_page) and fault only for what is not there or
 * not writable; each such fault counts on the caller's task as if it had been
 * taken by an access.
 *
 * Linux: mm/memory.c follow_page_mask(), __get_user_pages(),
 * __access_remote_vm().
 */
#include "core/memory.h"
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/task.h"
#include "core/vmscan.h"

#include <string.h>

static void touch_page(struct machine *m, struct page *page, pte_t pte,
		       unsigned flags)
{
	if ((flags & FOLL_WRITE) && !pte_dirty(m->fmt, pte) && !PageDirty(page))
		set_page_dirty(m, page);
	mark_page_accessed(m, page);
}

/*
 * The page at address if it is present, and writable where FOLL_WRITE asks for
 * that; NULL: a fault is needed. No reference is taken. The zero page is
 * returned as it is.
 */
struct page *follow_page(struct vm_area_struct *vma, vaddr_t address,
			 unsigned flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct machine *m = mm->m;
	ptep_t ptep = pte_offset(mm, address);
	struct page *page;
	pte_t pte;

	if (!ptep)
		return NULL;
	pte = ptep_get(mm, ptep);
	if (!pte_present(m->fmt, pte))
		return NULL;
	if ((flags & FOLL_WRITE) && !pte_write(m->fmt, pte))
		return NULL;
	page = vm_normal_page(vma, address, pte);
	if (!page)
		return pfn_to_page(m, pte_pfn(m->fmt, pte));
	if (flags & FOLL_TOUCH)
		touch_page(m, page, pte, flags);
	if ((flags & FOLL_MLOCK) && (vma->vm_flags & VM_LOCKED) &&
	    page->mapping) {
		lru_add_drain(m); /* mlock moves pages between lists */
		mlock_vma_page(m, page);
	}
	return page;
}

/* The lowest page of a stack area guards it. Linux: stack_guard_page_start */
static bool stack_guard_page(const struct vm_area_struct *vma, vaddr_t addr)
{
	return vma->vm_start == addr && stack_guard_is_hidden(vma);
}

/*
 * Make one page present. 1: done, 0: passed over (guard page), or -errno.
 */
static int faultin_page(struct task_struct *task, struct vm_area_struct *vma,
			vaddr_t address, unsigned flags)
{
	unsigned ret;

	while (!follow_page(vma, address, flags)) {
		if ((flags & FOLL_MLOCK) && stack_guard_page(vma, address))
			return 0;
		ret = handle_mm_fault(vma->vm_mm, vma, address,
				      flags & FOLL_WRITE ? FAULT_FLAG_WRITE :
							   0);
		if (ret & VM_FAULT_OOM)
			return -ENOMEM;
		if (ret & VM_FAULT_SIGBUS)
			return -EFAULT;
		if (task && ret & VM_FAULT_MAJOR)
			task->maj_flt++;
		else if (task)
			task->min_flt++;
		/* COW is broken, but the area may not be written: look only */
		if ((ret & VM_FAULT_WRITE) && !(vma->vm_flags & VM_WRITE))
			flags &= ~FOLL_WRITE;
	}
	return 1;
}

/* May the caller do this here? FOLL_FORCE asks what could be permitted. */
static bool gup_allowed(const struct vm_area_struct *vma, unsigned flags)
{
	vm_flags_t need = flags & FOLL_WRITE ? VM_WRITE | VM_MAYWRITE :
					       VM_READ | VM_MAYREAD;

	need &= flags & FOLL_FORCE ? VM_MAYREAD | VM_MAYWRITE :
				     VM_READ | VM_WRITE;
	return vma && !(vma->vm_flags & (VM_IO | VM_PFNMAP)) &&
	       (vma->vm_flags & need);
}

long __get_user_pages(struct task_struct *task, struct mm_struct *mm,
		      vaddr_t start, uint64_t nr, unsigned gup_flags)
{
	struct vm_area_struct *vma = NULL;
	uint64_t done;
	int ret;
	story(mm->m, start, nr, gup_flags);

	for (done = 0; done < nr; done++, start += PAGE_SIZE(mm->m)) {
		kswapd_run(mm->m);
		if (!vma || start >= vma->vm_end) {
			vma = find_extend_vma(mm, start);
			if (!gup_allowed(vma, gup_flags))
				return done ? (long)done : -EFAULT;
		}
		ret = faultin_page(task, vma, start, gup_flags);
		if (ret < 0)
			return done ? (long)done : ret;
	}
	return (long)done;
}

/*
 * Store len bytes at addr of mm, faulting its pages in for writing.
 * 0, or -EFAULT / -ENOMEM with the pages before the failing one stored.
 */
int copy_to_user_mm(struct task_struct *task, struct mm_struct *mm,
		    vaddr_t addr, const void *bytes, uint64_t len)
{
	const unsigned flags = FOLL_WRITE | FOLL_FORCE | FOLL_TOUCH;
	struct machine *m = mm->m;
	const uint8_t *from = bytes;

	while (len) {
		vaddr_t page_addr = addr & PAGE_MASK(m);
		uint64_t offset = addr - page_addr;
		uint64_t n = min_t(uint64_t, len, PAGE_SIZE(m) - offset);
		long ret = __get_user_pages(task, mm, page_addr, 1, flags);
		struct page *page;

		if (ret < 0)
			return (int)ret;
		page = follow_page(find_vma(mm, page_addr), page_addr, 0);
		if (m->contents)
			memcpy(page_contents(m, page) + offset, from, n);
		addr += n;
		from += n;
		len -= n;
	}
	return 0;
}
