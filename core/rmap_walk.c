/*
 * rmap_walk.c - visit every entry that maps a frame.
 *
 *   page ── mapping ─► anon_vma ─► chains that cover index ─► area ─► address
 *                  └─► file ─► i_mmap that covers index ──────► area ─► address
 *                                                                        │
 *                          its entry points to the page? then report it ◄┘
 *
 * The trees say which areas *may* map a page; only the entry says whether they
 * do (a child that has copied the page is in the anon_vma's tree all the
 * same). Areas of remap_file_pages keep no order, so all their entries are
 * looked at. Linux: mm/rmap.c rmap_walk_anon(), rmap_walk_file(),
 * page_check_address(), page_mkclean().
 */
#include "core/filemap.h"
#include "core/ksm.h"
#include "core/mmap.h"
#include "core/pgtable.h"
#include "core/rmap.h"

struct walk {
	const struct machine *m;
	pfn_t pfn;
	uint64_t index;
	rmap_fn fn;
	void *ctx;
	bool places; /* whatever the entry holds */
};

/* The entry for address if it maps the page, else 0. */
static ptep_t page_check_address(const struct walk *w,
				 const struct vm_area_struct *vma,
				 vaddr_t address)
{
	const struct pg_format *f = w->m->fmt;
	ptep_t ptep = pte_offset(vma->vm_mm, address);
	pte_t pte;

	if (!ptep || w->places)
		return ptep;
	pte = ptep_get(vma->vm_mm, ptep);
	if (!pte_present(f, pte) || pte_pfn(f, pte) != w->pfn)
		return 0;
	return ptep;
}

/* True to go on. */
static bool walk_at(const struct walk *w, struct vm_area_struct *vma,
		    vaddr_t address)
{
	ptep_t ptep = page_check_address(w, vma, address);

	return !ptep || w->fn(w->ctx, vma, address, ptep);
}

static bool walk_one(const struct walk *w, struct vm_area_struct *vma)
{
	return walk_at(w, vma,
		       vma->vm_start + ((w->index - vma->vm_pgoff)
					<< w->m->page_shift));
}

static void rmap_walk_anon(const struct walk *w, const struct anon_vma *av)
{
	struct anon_vma_chain *avc;

	for (avc = anon_vma_interval_tree_iter_first(av, w->index, w->index);
	     avc;
	     avc = anon_vma_interval_tree_iter_next(avc, w->index, w->index))
		if (!walk_one(w, avc->vma))
			return;
}

/* The areas of one item's anon_vma that have its address: its mm's, or those of
 * the mms that were forked from it. */
static bool walk_item(const struct walk *w, const struct rmap_item *item,
		      bool forks)
{
	struct anon_vma_chain *avc;

	for (avc = anon_vma_interval_tree_iter_first(item->anon_vma, 0,
						     UINT64_MAX);
	     avc;
	     avc = anon_vma_interval_tree_iter_next(avc, 0, UINT64_MAX)) {
		struct vm_area_struct *vma = avc->vma;

		if (item->address < vma->vm_start ||
		    item->address >= vma->vm_end ||
		    (item->mm == vma->vm_mm) == forks)
			continue;
		if (!walk_at(w, vma, item->address))
			return false;
	}
	return true;
}

/* A merged page knows its places by the items of its node; children that ksmd
 * has not met yet are found through their parents, in a second round. */
static void rmap_walk_ksm(const struct walk *w, const struct stable_node *node)
{
	const struct rmap_item *item;

	for (int forks = 0; node && forks < 2; forks++)
		list_for_each_entry(item, &node->items, list)
			if (!walk_item(w, item, forks))
				return;
}

static bool walk_nonlinear(const struct walk *w, struct vm_area_struct *vma)
{
	vaddr_t next;

	for (vaddr_t a = vma->vm_start; a < vma->vm_end; a = next) {
		if (!pte_table_range(vma->vm_mm, a, vma->vm_end, &next))
			continue;
		for (; a < next; a += PAGE_SIZE(w->m)) {
			ptep_t ptep = page_check_address(w, vma, a);

			if (ptep && !w->fn(w->ctx, vma, a, ptep))
				return false;
		}
	}
	return true;
}

static void rmap_walk_file(const struct walk *w, struct address_space *mapping)
{
	struct vm_area_struct *vma;

	for (vma = vma_interval_tree_iter_first(mapping, w->index, w->index);
	     vma; vma = vma_interval_tree_iter_next(vma, w->index, w->index))
		if (!walk_one(w, vma))
			return;
	list_for_each_entry(vma, &mapping->i_mmap_nonlinear, shared.nonlinear)
		if (!walk_nonlinear(w, vma))
			return;
}

static void walk_page(const struct walk *w, const struct page *page)
{
	struct address_space *mapping;

	if (PageKsm(page)) {
		rmap_walk_ksm(w, page_stable_node(w->m, page));
		return;
	}
	if (PageAnon(page)) {
		rmap_walk_anon(w, page_anon_vma(w->m, page));
		return;
	}
	mapping = page_mapping(w->m, page);
	if (mapping)
		rmap_walk_file(w, mapping);
}

void rmap_walk(const struct machine *m, const struct page *page, rmap_fn fn,
	       void *ctx)
{
	struct walk w = {.m = m,
			 .pfn = page_to_pfn(m, page),
			 .index = page->index,
			 .fn = fn,
			 .ctx = ctx};

	walk_page(&w, page);
}

void rmap_walk_places(const struct machine *m, const struct page *page,
		      rmap_fn fn, void *ctx)
{
	struct walk w = {.m = m,
			 .index = page->index,
			 .fn = fn,
			 .ctx = ctx,
			 .places = true};

	walk_page(&w, page);
}

/* ---- write-back ---- */

static int page_mkclean_one(const struct walk *w, struct vm_area_struct *vma)
{
	const struct pg_format *f = w->m->fmt;
	vaddr_t address = vma->vm_start +
			  ((w->index - vma->vm_pgoff) << w->m->page_shift);
	ptep_t ptep = page_check_address(w, vma, address);
	pte_t pte;

	if (!ptep)
		return 0;
	pte = ptep_get(vma->vm_mm, ptep);
	if (!pte_dirty(f, pte) && !pte_write(f, pte))
		return 0;
	set_pte_at(vma->vm_mm, address, ptep,
		   pte_mkclean(f, pte_wrprotect(f, pte)));
	return 1;
}

/*
 * Before a file page is written back: every shared mapping becomes clean and
 * read-only, so that the next write faults and the file hears of it. Nonlinear
 * areas exist only where the file does not ask to hear. Returns the number of
 * entries changed.
 */
int page_mkclean(struct machine *m, struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);
	struct walk w = {.m = m,
			 .pfn = page_to_pfn(m, page),
			 .index = page->index};
	struct vm_area_struct *vma;
	int cleaned = 0;

	if (!page_mapped(page) || !mapping)
		return 0;
	for (vma = vma_interval_tree_iter_first(mapping, w.index, w.index);
	     vma; vma = vma_interval_tree_iter_next(vma, w.index, w.index))
		if (vma->vm_flags & VM_SHARED)
			cleaned += page_mkclean_one(&w, vma);
	return cleaned;
}
