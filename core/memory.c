/*
 * memory.c - taking pages out of address spaces.
 *
 *   unmap_vmas ── area by area ──► zap_pte_range: for each entry
 *                                     present: clear it; rss--; a file page takes
 *                                       over D and A; page_remove_rmap;
 *                                       the frame goes to the gather
 *                                     swap:    the slot loses a user
 *   free_pgtables ─ area by area ─► unlink from rmap, then the tables below, if
 *                                     no other area is near
 *
 * A page-table page is freed when the whole region it covers lies between the
 * end of the area before (floor) and the start of the area behind (ceiling):
 *
 *   region of one table   |<------------ 4 MiB ------------>|
 *   areas                     [ gone ]            [ stays ]      table stays
 *   areas                     [ gone ]                        [  table goes
 *
 * Areas closer together than one region are handled in one call, so that the
 * table they share can go. madvise(DONTNEED) and truncation only zap.
 *
 * Linux: mm/memory.c.
 */
#include "core/memory.h"
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swap.h"
#include "core/vma.h"

/* Zapping pages only, and of those: which. NULL: everything in the range. */
struct zap_details {
	const struct address_space *check_mapping; /* NULL: private copies too */
	uint64_t first_index, last_index;
};

struct page *vm_normal_page(const struct vm_area_struct *vma,
			    vaddr_t addr __unused_arg, pte_t pte)
{
	const struct machine *m = vma->vm_mm->m;
	pfn_t pfn;

	if (pte_special(m->fmt, pte))
		return NULL;
	pfn = pte_pfn(m->fmt, pte);
	if (unlikely(pfn == m->zero_pfn || pfn >= m->max_pfn))
		return NULL;
	return pfn_to_page(m, pfn);
}

/* ---- zapping ---- */

/* What an entry knew of a file page, the page has to know now. */
static void transfer_young_dirty(const struct vm_area_struct *vma,
				 struct page *page, pte_t pte)
{
	struct machine *m = vma->vm_mm->m;

	if (pte_dirty(m->fmt, pte))
		set_page_dirty(m, page);
	if (pte_young(m->fmt, pte) && !(vma->vm_flags & VM_SEQ_READ))
		mark_page_accessed(m, page);
}

static bool page_is_of(const struct machine *m, const struct page *page,
		       const struct address_space *mapping)
{
	return !PageAnon(page) && page_mapping(m, page) == mapping;
}

static void zap_present(struct mmu_gather *tlb, struct vm_area_struct *vma,
			vaddr_t addr, ptep_t ptep, pte_t pte,
			const struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;
	struct machine *m = mm->m;
	struct page *page = vm_normal_page(vma, addr, pte);

	if (details && page) {
		if (details->check_mapping &&
		    !page_is_of(m, page, details->check_mapping))
			return;
		if ((vma->vm_flags & VM_NONLINEAR) &&
		    (page->index < details->first_index ||
		     page->index > details->last_index))
			return;
	}
	ptep_get_and_clear(mm, addr, ptep);
	if (!page)
		return;
	if (details && (vma->vm_flags & VM_NONLINEAR) &&
	    linear_page_index(vma, addr) != page->index)
		set_pte_at(mm, addr, ptep, pgoff_to_pte(m->fmt, page->index));
	if (PageAnon(page)) {
		add_mm_counter(mm, MM_ANONPAGES, -1);
	} else {
		transfer_young_dirty(vma, page, pte);
		add_mm_counter(mm, MM_FILEPAGES, -1);
	}
	page_remove_rmap(m, page);
	tlb_remove_page(tlb, page);
}

static void zap_not_present(struct vm_area_struct *vma, vaddr_t addr,
			    ptep_t ptep, pte_t pte)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!pte_file(mm->m->fmt, pte)) {
		add_mm_counter(mm, MM_SWAPENTS, -1);
		free_swap_and_cache(mm->m, pte_to_swp_entry(mm->m->fmt, pte));
	}
	set_pte_at(mm, addr, ptep, __pte(0));
}

/* Entries of one table, [addr, end). */
static void zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
			  ptep_t ptep, vaddr_t addr, vaddr_t end,
			  const struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;
	story(mm->m, addr, end);

	for (; addr < end; addr += PAGE_SIZE(mm->m), ptep = ptep_next(mm, ptep)) {
		pte_t pte = ptep_get(mm, ptep);

		if (pte_none(pte))
			continue;
		if (pte_present(mm->m->fmt, pte))
			zap_present(tlb, vma, addr, ptep, pte, details);
		else if (!details)
			zap_not_present(vma, addr, ptep, pte);
	}
}

static void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
			     vaddr_t addr, vaddr_t end,
			     const struct zap_details *details)
{
	story(vma->vm_mm->m, addr, end);

	for (vaddr_t next; addr < end; addr = next) {
		ptep_t ptep = pte_table_range(vma->vm_mm, addr, end, &next);

		if (ptep)
			zap_pte_range(tlb, vma, ptep, addr, next, details);
	}
}

static void unmap_single_vma(struct mmu_gather *tlb, struct vm_area_struct *vma,
			     vaddr_t start, vaddr_t end,
			     const struct zap_details *details)
{
	story(vma->vm_mm->m, start, end, vma->vm_start, vma->vm_end);

	start = max_t(vaddr_t, start, vma->vm_start);
	end = min_t(vaddr_t, end, vma->vm_end);
	if (start < end)
		unmap_page_range(tlb, vma, start, end, details);
}

void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma,
		vaddr_t start, vaddr_t end)
{
	story(tlb->mm->m, start, end);

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		unmap_single_vma(tlb, vma, start, end, NULL);
}

static void zap_range(struct vm_area_struct *vma, vaddr_t start, uint64_t size,
		      const struct zap_details *details)
{
	struct mm_struct *mm = vma->vm_mm;
	struct mmu_gather tlb;

	lru_add_drain(mm->m);
	tlb_gather_mmu(&tlb, mm);
	update_hiwater_rss(mm);
	unmap_single_vma(&tlb, vma, start, start + size, details);
	tlb_finish_mmu(&tlb);
}

/* In a nonlinear area, entries go on telling which page belongs there. */
void zap_page_range(struct vm_area_struct *vma, vaddr_t start, uint64_t size)
{
	const struct zap_details all = {.last_index = UINT64_MAX};
	story(vma->vm_mm->m, start, size);

	zap_range(vma, start, size,
		  vma->vm_flags & VM_NONLINEAR ? &all : NULL);
}

/*
 * A file's pages [first, last] leave all address spaces. even_cows: private
 * copies made from them go too (truncation); otherwise they stay.
 */
void unmap_mapping_range(struct address_space *mapping, uint64_t first,
			 uint64_t last, bool even_cows)
{
	struct zap_details details = {.check_mapping =
					      even_cows ? NULL : mapping,
				      .first_index = first,
				      .last_index = last};
	struct vm_area_struct *vma;

	for (vma = vma_interval_tree_iter_first(mapping, first, last); vma;
	     vma = vma_interval_tree_iter_next(vma, first, last)) {
		unsigned shift = vma->vm_mm->m->page_shift;
		uint64_t vba = vma->vm_pgoff, vea = vba + vma_pages(vma) - 1;
		uint64_t zba = max_t(uint64_t, first, vba);
		uint64_t zea = min_t(uint64_t, last, vea);

		zap_range(vma, vma->vm_start + ((zba - vba) << shift),
			  (zea - zba + 1) << shift, &details);
	}
	list_for_each_entry(vma, &mapping->i_mmap_nonlinear, shared.nonlinear)
		zap_range(vma, vma->vm_start, vma->vm_end - vma->vm_start,
			  &details);
}

/* ---- tables ---- */

static void free_table(void *ctx, struct page *page)
{
	tlb_remove_page(ctx, page);
}

/*
 * => no entry is left in the areas' tables; the areas are chained by vm_next
 * and out of the mm's tree. floor: end of the area before; ceiling: start of
 * the one behind, 0 for none.
 */
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma,
		   vaddr_t floor, vaddr_t ceiling)
{
	uint64_t near = pmd_size(tlb->mm->m);
	struct vm_area_struct *next;
	story(tlb->mm->m, floor, ceiling);

	for (; vma; vma = next) {
		vaddr_t addr = vma->vm_start;

		unlink_anon_vmas(vma);
		unlink_file_vma(vma);
		next = vma->vm_next;
		while (next && next->vm_start <= vma->vm_end + near) {
			vma = next;
			next = vma->vm_next;
			unlink_anon_vmas(vma);
			unlink_file_vma(vma);
		}
		free_pgd_range(tlb->mm, addr, vma->vm_end, floor,
			       next ? next->vm_start : ceiling, free_table,
			       tlb);
	}
}
