/*
 * copy.c - fork's copy of the page tables: copy-on-write begins here.
 *
 *   parent's entry   rw D A ─► p      after fork   parent:  r- D A ─┐
 *                                                  child:   r- D  ──┴► p
 *
 * Both lose RW, so that whoever writes first faults and gets a copy
 * (do_wp_page); the child's entry starts not accessed, and in a shared mapping
 * not dirty: the parent's entry already tells that story. The page has one
 * mapping and one reference more. No frame of data is copied.
 *
 * An area that never had a private page (no anon_vma) is skipped: what it maps
 * can be faulted in from its file again, which is cheaper than copying entries
 * that the child may never use. Neither entries nor tables appear in the child.
 *
 * Linux: mm/memory.c copy_page_range(), copy_one_pte().
 */
#include "core/memory.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swap.h"

static int copy_swap_entry(struct mm_struct *dst, pte_t pte)
{
	int err = swap_duplicate(dst->m, pte_to_swp_entry(dst->m->fmt, pte));

	if (!err)
		add_mm_counter(dst, MM_SWAPENTS, 1);
	return err;
}

/* The child's entry; the parent's loses RW on the way. */
static pte_t copy_present_pte(struct mm_struct *dst, struct mm_struct *src,
			      ptep_t src_pte, struct vm_area_struct *vma,
			      vaddr_t addr, pte_t pte)
{
	const struct pg_format *f = src->m->fmt;
	struct page *page;

	if (is_cow_mapping(vma->vm_flags) && pte_write(f, pte)) {
		pte = pte_wrprotect(f, pte);
		set_pte_at(src, addr, src_pte, pte);
	}
	if (vma->vm_flags & VM_SHARED)
		pte = pte_mkclean(f, pte);
	pte = pte_mkold(f, pte);
	page = vm_normal_page(vma, addr, pte);
	if (page) {
		get_page(page);
		page_dup_rmap(page);
		add_mm_counter(dst,
			       PageAnon(page) ? MM_ANONPAGES : MM_FILEPAGES, 1);
	}
	observe(src->m, PTE_COPY, addr, pte.v, pte_pfn(f, pte),
		page ? page_mapcount(page) : 0);
	return pte;
}

static int copy_one_pte(struct mm_struct *dst, struct mm_struct *src,
			ptep_t dst_pte, ptep_t src_pte,
			struct vm_area_struct *vma, vaddr_t addr)
{
	const struct pg_format *f = src->m->fmt;
	pte_t pte = ptep_get(src, src_pte);
	int err;
	story(dst->m, addr, pte.v);

	if (pte_present(f, pte)) {
		pte = copy_present_pte(dst, src, src_pte, vma, addr, pte);
	} else if (!pte_file(f, pte)) {
		err = copy_swap_entry(dst, pte);
		if (err)
			return err;
	}
	set_pte_at(dst, addr, dst_pte, pte);
	src->m->stats.ptes_copied++;
	return 0;
}

/* One table of the parent. The child gets one, even for no entry at all. */
static int copy_pte_range(struct mm_struct *dst, struct mm_struct *src,
			  ptep_t src_pte, struct vm_area_struct *vma,
			  vaddr_t addr, vaddr_t end)
{
	story(dst->m, addr, end);
	ptep_t dst_pte = pte_alloc_at(dst, addr);
	int err;

	if (!dst_pte)
		return -ENOMEM;
	for (; addr < end; addr += PAGE_SIZE(src->m)) {
		if (!pte_none(ptep_get(src, src_pte))) {
			err = copy_one_pte(dst, src, dst_pte, src_pte, vma,
					   addr);
			if (err)
				return err;
		}
		src_pte = ptep_next(src, src_pte);
		dst_pte = ptep_next(dst, dst_pte);
	}
	return 0;
}

/* vma is the parent's area. On -ENOMEM what was copied stays, and counts. */
int copy_page_range(struct mm_struct *dst, struct mm_struct *src,
		    struct vm_area_struct *vma)
{
	vaddr_t next;
	int err;
	story(dst->m, vma->vm_start, vma->vm_end);

	if (!vma->anon_vma &&
	    !(vma->vm_flags &
	      (VM_HUGETLB | VM_NONLINEAR | VM_PFNMAP | VM_MIXEDMAP))) {
		observe(dst->m, NOTHING_TO_COPY, vma->vm_start, vma->vm_end, 0,
			0);
		return 0;
	}
	for (vaddr_t addr = vma->vm_start; addr < vma->vm_end; addr = next) {
		ptep_t src_pte = pte_table_range(src, addr, vma->vm_end, &next);

		if (!src_pte)
			continue;
		err = copy_pte_range(dst, src, src_pte, vma, addr, next);
		if (err)
			return err;
	}
	return 0;
}
