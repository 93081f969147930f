/*
 * mprotect.c - other rights for a range: areas first, then entries.
 *
 *   area      r--          ┌── rw- ──┐              split, or merged with a
 *   ┌─────────┬─────────┬──┴───────┐ │              neighbour that has become
 *   │  r--    │  rw-    │   r--    │ │              alike
 *   └─────────┴─────────┴──────────┘ │
 *   entries   present ones get the new protection; frame, A and D stay.
 *             Private writable areas get RW only by the next write fault, which
 *             copies or reuses the frame.
 *
 * An area that becomes writable for the first time is charged, VM_ACCOUNT, and
 * stays charged when it is made read-only again: it will not merge with a
 * neighbour that was never writable.
 *
 * Linux: mm/mprotect.c.
 */
#include "core/pgtable.h"
#include "core/vma.h"

/* ---- entries ---- */

/* Entries of one table, [addr, end). Linux: change_pte_range(). */
static uint64_t change_pte_range(struct mm_struct *mm, ptep_t ptep,
				 vaddr_t addr, vaddr_t end, pgprot_t newprot,
				 bool dirty_accountable)
{
	const struct pg_format *fmt = mm->m->fmt;
	uint64_t pages = 0;
	pte_t pte;

	for (; addr < end; addr += PAGE_SIZE(mm->m)) {
		pte = ptep_get(mm, ptep);
		if (pte_present(fmt, pte)) {
			pte = pte_modify(fmt, pte, newprot);
			/* known to be dirty: no need to hear of the write */
			if (dirty_accountable && pte_dirty(fmt, pte))
				pte = pte_mkwrite(fmt, pte);
			set_pte_at(mm, addr, ptep, pte);
			pages++;
		}
		ptep = ptep_next(mm, ptep);
	}
	return pages;
}

uint64_t change_protection(struct vm_area_struct *vma, vaddr_t start,
			   vaddr_t end, pgprot_t newprot,
			   bool dirty_accountable)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t pages = 0;
	vaddr_t next;
	ptep_t ptep;
	story(mm->m, start, end);

	for (; start < end; start = next) {
		ptep = pte_table_range(mm, start, end, &next);
		if (ptep)
			pages += change_pte_range(mm, ptep, start, next,
						  newprot, dirty_accountable);
	}
	return pages;
}

/* ---- areas ---- */

int mprotect_fixup(struct vm_area_struct *vma, struct vm_area_struct **pprev,
		   vaddr_t start, vaddr_t end, vm_flags_t newflags)
{
	struct mm_struct *mm = vma->vm_mm;
	vm_flags_t oldflags = vma->vm_flags;
	int64_t pages = (int64_t)((end - start) >> PAGE_SHIFT(mm->m));
	int64_t charged = 0;
	int err;
	story(mm->m, start, end, newflags);

	if (newflags == oldflags) {
		*pprev = vma;
		return 0;
	}
	if ((newflags & VM_WRITE) &&
	    !(oldflags & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED |
			  VM_NORESERVE))) {
		charged = pages;
		if (security_vm_enough_memory_mm(mm, charged))
			return -ENOMEM;
		newflags |= VM_ACCOUNT;
	}
	err = vma_isolate(&vma, pprev, start, end, newflags);
	if (err) {
		vm_unacct_memory(mm->m, charged);
		return err;
	}
	vma->vm_flags = newflags;
	vma_set_page_prot(vma);
	change_protection(vma, start, end, vma->vm_page_prot,
			  vma->vm_page_prot !=
				  vm_get_page_prot(mm->m->fmt, newflags));
	vm_stat_account(mm, oldflags, vma->vm_file, -pages);
	vm_stat_account(mm, newflags, vma->vm_file, pages);
	return 0;
}

static int mprotect_part(struct vm_area_struct *vma,
			 struct vm_area_struct **prev, vaddr_t start,
			 vaddr_t end, vm_flags_t rights)
{
	const vm_flags_t rwx = VM_READ | VM_WRITE | VM_EXEC;
	vm_flags_t newflags = rights | (vma->vm_flags & ~rwx);

	/* VM_MAYx is four bits above VM_x */
	if (newflags & ~(newflags >> 4) & rwx)
		return -EACCES;
	return mprotect_fixup(vma, prev, start, end, newflags);
}

#define PROT_SEM_EMU 0x8u
#define PROT_GROWSDOWN_EMU 0x01000000u
#define PROT_GROWSUP_EMU 0x02000000u

int sys_mprotect(struct task_struct *task, vaddr_t start, uint64_t len,
		 unsigned prot)
{
	const unsigned grow_bits = PROT_GROWSDOWN_EMU | PROT_GROWSUP_EMU;
	struct mm_struct *mm = task->mm;
	const struct machine *m = mm->m;
	unsigned grows = prot & grow_bits;
	struct vm_area_struct *vma;
	vaddr_t end;
	story(m, start, len, prot);

	prot &= ~grow_bits;
	if (grows == grow_bits || (start & ~PAGE_MASK(m)))
		return -EINVAL;
	if (!len)
		return 0;
	end = ulong_add(m, start, len_align(m, len));
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(PROT_READ_EMU | PROT_WRITE_EMU | PROT_EXEC_EMU |
		     PROT_SEM_EMU))
		return -EINVAL;
	if ((prot & PROT_READ_EMU) && mm->read_implies_exec)
		prot |= PROT_EXEC_EMU;
	vma = find_vma(mm, start);
	if (!vma)
		return -ENOMEM;
	if (grows & PROT_GROWSDOWN_EMU) {
		if (vma->vm_start >= end)
			return -ENOMEM;
		start = vma->vm_start;
		if (!(vma->vm_flags & VM_GROWSDOWN))
			return -EINVAL;
	} else if (vma->vm_start > start) {
		return -ENOMEM;
	} else if (grows) { /* nothing grows up on this architecture */
		return -EINVAL;
	}
	return vma_fixup_range(vma, start, end, mprotect_part,
			       prot & (VM_READ | VM_WRITE | VM_EXEC));
}
