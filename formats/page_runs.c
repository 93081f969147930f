/*
 * page_runs.c - walk an area from one change of kind to the next.
 *
 * Where a table is missing, all its pages have no entry, and only the page
 * cache tells them apart: next_page() finds the next one that is cached. So the
 * cost is that of the pages that exist, not of those that might.
 */
#include "formats/page_runs.h"
#include "core/filemap.h"
#include "core/pgtable.h"
#include "core/rmap.h"

static const struct address_space *mapping_of(const struct vm_area_struct *vma)
{
	return vma->vm_file ? &vma->vm_file->f_inode->i_data : NULL;
}

/* Pages without entries from addr on: cached or not, and how far. */
static struct page_run run_without_table(const struct vm_area_struct *vma,
					 vaddr_t addr, vaddr_t end)
{
	const struct machine *m = vma->vm_mm->m;
	const struct address_space *mapping = mapping_of(vma);
	uint64_t pgoff = linear_page_index(vma, addr), index = pgoff;
	struct page_run run = {addr, end, BACKED_NONE};
	uint64_t pages = (end - addr) >> PAGE_SHIFT(m);

	if (!mapping || !next_page(mapping, &index) || index - pgoff >= pages)
		return run;
	if (index == pgoff) {
		run.kind = BACKED_CACHED;
		run.end = addr + PAGE_SIZE(m);
	} else {
		run.end = addr + ((index - pgoff) << PAGE_SHIFT(m));
	}
	return run;
}

static enum page_backing kind_of_frame(const struct machine *m, pfn_t pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	if (pfn == m->zero_pfn)
		return BACKED_ZERO;
	if (PageAnon(page))
		return BACKED_ANON;
	return page->mapping ? BACKED_FILE : BACKED_KERNEL;
}

static enum page_backing kind_of_entry(const struct vm_area_struct *vma,
				       vaddr_t addr, pte_t pte)
{
	const struct machine *m = vma->vm_mm->m;
	const struct address_space *mapping = mapping_of(vma);
	uint64_t pgoff = linear_page_index(vma, addr);

	if (pte_present(m->fmt, pte))
		return kind_of_frame(m, pte_pfn(m->fmt, pte));
	if (!pte_none(pte) && !pte_file(m->fmt, pte))
		return BACKED_SWAP;
	if (!pte_none(pte))
		pgoff = pte_to_pgoff(m->fmt, pte);
	return mapping && find_page(mapping, pgoff) ? BACKED_CACHED
						    : BACKED_NONE;
}

/* Pages of one kind, but not always as many as there are. */
static struct page_run short_run(const struct vm_area_struct *vma, vaddr_t addr)
{
	const struct mm_struct *mm = vma->vm_mm;
	vaddr_t end = vma->vm_end, next = end;
	ptep_t at = mm->pgd ? pte_table_range(mm, addr, end, &next) : 0;
	struct page_run run = {addr, addr, BACKED_NONE};

	if (!at)
		return run_without_table(vma, addr, next);
	run.kind = kind_of_entry(vma, addr, ptep_get(mm, at));
	do {
		run.end += PAGE_SIZE(mm->m);
		at = ptep_next(mm, at);
	} while (run.end < next &&
		 kind_of_entry(vma, run.end, ptep_get(mm, at)) == run.kind);
	return run;
}

struct page_run page_run(const struct vm_area_struct *vma, vaddr_t addr)
{
	struct page_run run = short_run(vma, addr), more;

	while (run.end < vma->vm_end) {
		more = short_run(vma, run.end);
		if (more.kind != run.kind)
			break;
		run.end = more.end;
	}
	return run;
}

void page_run_counts(const struct vm_area_struct *vma,
		     uint64_t count[NR_PAGE_BACKINGS])
{
	unsigned shift = PAGE_SHIFT(vma->vm_mm->m);
	struct page_run run;

	for (unsigned i = 0; i < NR_PAGE_BACKINGS; i++)
		count[i] = 0;
	for (vaddr_t addr = vma->vm_start; addr < vma->vm_end; addr = run.end) {
		run = short_run(vma, addr);
		count[run.kind] += (run.end - addr) >> shift;
	}
}
