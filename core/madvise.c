/*
 * madvise.c - advice about a range, area by area.
 *
 *   normal random sequential            how far to read ahead
 *   dontfork dofork                     stay out of a fork's copy
 *   dontdump dodump                     flags, nothing else happens here
 *   mergeable                           ksmd may look for equal pages (ksm.c)
 *   unmergeable                         merged pages are copied now
 *   willneed                            read a file's pages into the cache now,
 *                                       swapped pages into the swap cache
 *   dontneed                            zap the entries; area and charge stay
 *   remove                              punch a hole into a tmpfs file
 *
 * A flag that changes splits and merges areas as mprotect does. Holes in the
 * range do not stop the call: ENOMEM comes at the end.
 *
 * Linux: mm/madvise.c.
 */
#include "core/filemap.h"
#include "core/ksm.h"
#include "core/memory.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swapfile.h"
#include "core/vma.h"

/* ---- flags ---- */

static int advised_flags(struct vm_area_struct *vma, vaddr_t start,
			 vaddr_t end, int advice, vm_flags_t *new_flags)
{
	vm_flags_t flags = vma->vm_flags;

	switch (advice) {
	case MADVISE_NORMAL:
		flags &= ~(VM_RAND_READ | VM_SEQ_READ);
		break;
	case MADVISE_SEQUENTIAL:
		flags = (flags & ~VM_RAND_READ) | VM_SEQ_READ;
		break;
	case MADVISE_RANDOM:
		flags = (flags & ~VM_SEQ_READ) | VM_RAND_READ;
		break;
	case MADVISE_DONTFORK:
		flags |= VM_DONTCOPY;
		break;
	case MADVISE_DOFORK:
		if (flags & VM_IO)
			return -EINVAL;
		flags &= ~VM_DONTCOPY;
		break;
	case MADVISE_DONTDUMP:
		flags |= VM_DONTDUMP;
		break;
	case MADVISE_DODUMP:
		if (flags & VM_SPECIAL)
			return -EINVAL;
		flags &= ~VM_DONTDUMP;
		break;
	case MADVISE_MERGEABLE:
	case MADVISE_UNMERGEABLE:
		if (ksm_madvise(vma, start, end, advice, &flags))
			return -ENOMEM;
		break;
	}
	*new_flags = flags;
	return 0;
}

static int madvise_behavior(struct vm_area_struct *vma,
			    struct vm_area_struct **prev, vaddr_t start,
			    vaddr_t end, int advice)
{
	vm_flags_t new_flags;
	int err = advised_flags(vma, start, end, advice, &new_flags);
	story(vma->vm_mm->m, start, end);

	if (err)
		return err;
	if (new_flags == vma->vm_flags) {
		*prev = vma;
		return 0;
	}
	err = vma_isolate(&vma, prev, start, end, new_flags);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma->vm_flags = new_flags;
	return 0;
}

/* ---- deeds ---- */

/* Entries of one table, which reclaim may change while pages are read. */
static void swapin_walk_table(struct mm_struct *mm, ptep_t ptep, vaddr_t addr,
			      vaddr_t end)
{
	const struct pg_format *f = mm->m->fmt;
	struct page *page;

	for (; addr < end; addr += PAGE_SIZE(mm->m), ptep = ptep_next(mm, ptep)) {
		pte_t pte = ptep_get(mm, ptep);

		if (pte_none(pte) || pte_present(f, pte) || pte_file(f, pte))
			continue;
		page = read_swap_cache_async(mm->m, pte_to_swp_entry(f, pte));
		if (page)
			put_page(mm->m, page);
	}
}

/* Linux: force_swapin_readahead() */
static void force_swapin_readahead(struct vm_area_struct *vma, vaddr_t start,
				   vaddr_t end)
{
	struct mm_struct *mm = vma->vm_mm;

	for (vaddr_t next; start < end; start = next) {
		ptep_t ptep = pte_table_range(mm, start, end, &next);

		if (ptep)
			swapin_walk_table(mm, ptep, start, next);
	}
	lru_add_drain(mm->m);
}

/* Pages that are not in memory are read, but not mapped. */
static int madvise_willneed(struct vm_area_struct *vma, vaddr_t start,
			    vaddr_t end)
{
	story(vma->vm_mm->m, start, end);
	uint64_t first = linear_page_index(vma, start);
	uint64_t last = linear_page_index(vma, end);
	struct machine *m = vma->vm_mm->m;

	if (!vma->vm_file)
		force_swapin_readahead(vma, start, end);
	else if (vma->vm_file->f_inode->fs == FS_TMPFS)
		force_shm_swapin_readahead(m, vma->vm_file->f_inode, first,
					   last);
	else
		force_page_cache_readahead(m, vma->vm_file, first,
					   last - first);
	return 0;
}

static int madvise_dontneed(struct vm_area_struct *vma, vaddr_t start,
			    vaddr_t end)
{
	story(vma->vm_mm->m, start, end);

	if (vma->vm_flags & (VM_LOCKED | VM_HUGETLB | VM_PFNMAP))
		return -EINVAL;
	zap_page_range(vma, start, end - start);
	return 0;
}

static int madvise_remove(struct vm_area_struct *vma, vaddr_t start,
			  vaddr_t end)
{
	struct file *file = vma->vm_file;
	uint64_t first, last;

	if ((vma->vm_flags & (VM_LOCKED | VM_NONLINEAR | VM_HUGETLB)) || !file)
		return -EINVAL;
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EACCES;
	if (file->f_inode->fs != FS_TMPFS) /* ext2 cannot punch holes */
		return -EOPNOTSUPP;
	first = linear_page_index(vma, start);
	last = linear_page_index(vma, end) - 1;
	unmap_mapping_range(&file->f_inode->i_data, first, last, false);
	truncate_inode_pages_range(vma->vm_mm->m, file->f_inode, first, last);
	return 0;
}

static int madvise_vma(struct vm_area_struct *vma, struct vm_area_struct **prev,
		       vaddr_t start, vaddr_t end, int advice)
{
	switch (advice) {
	case MADVISE_REMOVE:
		*prev = vma;
		return madvise_remove(vma, start, end);
	case MADVISE_WILLNEED:
		*prev = vma;
		return madvise_willneed(vma, start, end);
	case MADVISE_DONTNEED:
		*prev = vma;
		return madvise_dontneed(vma, start, end);
	default:
		return madvise_behavior(vma, prev, start, end, advice);
	}
}

/* Transparent huge pages are not configured: their advice is unknown. */
static bool madvise_behavior_valid(int advice)
{
	switch (advice) {
	case MADVISE_NORMAL:
	case MADVISE_RANDOM:
	case MADVISE_SEQUENTIAL:
	case MADVISE_WILLNEED:
	case MADVISE_DONTNEED:
	case MADVISE_REMOVE:
	case MADVISE_DONTFORK:
	case MADVISE_DOFORK:
	case MADVISE_MERGEABLE:
	case MADVISE_UNMERGEABLE:
	case MADVISE_DONTDUMP:
	case MADVISE_DODUMP:
		return true;
	default:
		return false;
	}
}

/* Every area of [start, end); holes are told at the end. */
static int advise_range(struct mm_struct *mm, vaddr_t start, vaddr_t end,
			int advice)
{
	struct vm_area_struct *vma, *prev;
	int err, unmapped = 0;

	vma = find_vma_prev(mm, start, &prev);
	if (vma && start > vma->vm_start)
		prev = vma;
	for (;;) {
		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				return -ENOMEM;
		}
		err = madvise_vma(vma, &prev, start,
				  min_t(vaddr_t, vma->vm_end, end), advice);
		if (err)
			return err;
		/* prev is the area just advised, with whatever it merged */
		start = prev->vm_end;
		if (start >= end)
			return unmapped;
		vma = prev->vm_next;
	}
}

int sys_madvise(struct task_struct *task, vaddr_t start, uint64_t len,
		int advice)
{
	const struct machine *m = task->m;
	uint64_t rounded = len_align(m, len);
	vaddr_t end = ulong_add(m, start, rounded);
	story(m, start, len, advice);

	if (!madvise_behavior_valid(advice) || (start & ~PAGE_MASK(m)))
		return -EINVAL;
	if ((len && !rounded) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	return advise_range(task->mm, start, end, advice);
}
