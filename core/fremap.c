/*
 * fremap.c - remap_file_pages: other pages of the file in the same area.
 *
 * On a file system that accounts dirty pages (ext2) it is emulated: the range
 * is mapped anew from the other offset, as an area of its own. Elsewhere
 * (tmpfs) the area stays one and becomes VM_NONLINEAR: each entry of the range
 * is set to "file, offset n", and the fault reads the offset from there:
 *
 *   area        0     1     2     3          pages of the file, linear
 *   entries   [ 0 ] [ 7 ] [ 7 ] [ 3 ]        1 and 2 remapped to 7
 *                   file  file
 *
 * Such an area leaves the file's interval tree for the nonlinear list.
 *
 * Linux: mm/fremap.c.
 */
#include "core/filemap.h"
#include "core/memory.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/swap.h"
#include "core/vma.h"

/* What the entry maps goes; the entry is the caller's to overwrite. */
static void zap_pte(struct vm_area_struct *vma, vaddr_t addr, ptep_t ptep)
{
	struct mm_struct *mm = vma->vm_mm;
	struct machine *m = mm->m;
	pte_t pte = ptep_get_and_clear(mm, addr, ptep);
	struct page *page;

	if (pte_present(m->fmt, pte)) {
		page = vm_normal_page(vma, addr, pte);
		if (!page)
			return;
		if (pte_dirty(m->fmt, pte))
			set_page_dirty(m, page);
		update_hiwater_rss(mm);
		add_mm_counter(mm, MM_FILEPAGES, -1);
		page_remove_rmap(m, page);
		put_page(m, page);
	} else if (!pte_file(m->fmt, pte)) {
		update_hiwater_rss(mm);
		free_swap_and_cache(m, pte_to_swp_entry(m->fmt, pte));
		add_mm_counter(mm, MM_SWAPENTS, -1);
	}
}

static int install_file_pte(struct vm_area_struct *vma, vaddr_t addr,
			    uint64_t pgoff)
{
	struct mm_struct *mm = vma->vm_mm;
	ptep_t ptep = pte_alloc_at(mm, addr);

	if (!ptep)
		return -ENOMEM;
	if (!pte_none(ptep_get(mm, ptep)))
		zap_pte(vma, addr, ptep);
	set_pte_at(mm, addr, ptep, pgoff_to_pte(mm->m->fmt, pgoff));
	return 0;
}

static int generic_file_remap_pages(struct vm_area_struct *vma, vaddr_t addr,
				    uint64_t size, uint64_t pgoff)
{
	vaddr_t end = addr + size;
	int err;

	for (; addr < end; addr += PAGE_SIZE(vma->vm_mm->m)) {
		err = install_file_pte(vma, addr, pgoff++);
		if (err)
			return err;
	}
	return 0;
}

static void make_nonlinear(struct vm_area_struct *vma)
{
	unlink_file_vma(vma);
	vma->vm_flags |= VM_NONLINEAR;
	__vma_link_file(vma);
}

/* A linear area from another offset. => pages are accounted when dirty */
static int remap_linear(struct vm_area_struct *vma, vaddr_t start,
			uint64_t size, uint64_t pgoff)
{
	struct mm_struct *mm = vma->vm_mm;
	/* the area may go while its range is mapped anew */
	struct file *file = get_file(vma->vm_file);
	vaddr_t addr = mmap_region(mm, file, start, size, vma->vm_flags, pgoff);

	fput(mm->m, file);
	return IS_ERR_VALUE(addr) ? (int)(int64_t)addr : 0;
}

static int remap_nonlinear(struct vm_area_struct *vma, vaddr_t start,
			   uint64_t size, uint64_t pgoff)
{
	vm_flags_t vm_flags;

	if (!(vma->vm_flags & VM_NONLINEAR))
		make_nonlinear(vma);
	vm_flags = vma->vm_flags;
	if (vm_flags & VM_LOCKED) {
		munlock_vma_pages_range(vma, start, start + size);
		vma->vm_flags = vm_flags;
	}
	return generic_file_remap_pages(vma, start, size, pgoff);
}

/* Shared, remappable, and one area covers the whole range. */
static struct vm_area_struct *find_remappable(struct mm_struct *mm,
					      vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	if (!vma || !(vma->vm_flags & VM_SHARED) || !vma->vm_ops ||
	    !vma->vm_ops->remap_pages)
		return NULL;
	return start < vma->vm_start || end > vma->vm_end ? NULL : vma;
}

int sys_remap_file_pages(struct task_struct *task, vaddr_t start, uint64_t size,
			 uint64_t pgoff, unsigned flags)
{
	struct mm_struct *mm = task->mm;
	const struct machine *m = task->m;
	unsigned max_bits = pte_file_max_bits(m->fmt);
	struct vm_area_struct *vma;
	vm_flags_t vm_flags;
	uint64_t end_pgoff;
	int err = 0;
	story(m, start, size, pgoff);

	start &= PAGE_MASK(m);
	size = to_ulong(m, size) & PAGE_MASK(m);
	end_pgoff = ulong_add(m, pgoff, size >> PAGE_SHIFT(m));
	if (ulong_add(m, start, size) <= start || end_pgoff < pgoff)
		return -EINVAL;
	if (((uint64_t)1 << max_bits) <= ulong_max(m) && end_pgoff >> max_bits)
		return -EINVAL;
	vma = find_remappable(mm, start, start + size);
	if (!vma)
		return -EINVAL;
	vm_flags = vma->vm_flags;
	if ((vm_flags & VM_NONLINEAR) ||
	    pgoff != linear_page_index(vma, start)) {
		if (!(vm_flags & VM_NONLINEAR) &&
		    vma->vm_file->f_inode->i_data.account_dirty)
			err = remap_linear(vma, start, size, pgoff);
		else
			err = remap_nonlinear(vma, start, size, pgoff);
	}
	if (!err && ((vm_flags & VM_LOCKED) || !(flags & MAP_NONBLOCK_EMU)))
		mm_populate(mm, start, size);
	return err;
}
