/*
 * rmap_reclaim.c - reclaim's two questions to the reverse map.
 *
 *   page_referenced()   has anybody used the page since I last asked?
 *                       A is read and cleared in every entry
 *   try_to_unmap()      take it away from all who map it
 *
 *        before                         after
 *   101  rw- D A ─┐                    101  swap entry ─┐
 *   102  r--   A ─┴► frame (slot 7)    102  swap entry ─┴► slot 7, count 2
 *
 * An anonymous page's entries become swap entries (it is in the swap cache
 * already); a file page's become empty, or in a nonlinear area file entries,
 * since the file can be asked again. An entry whose D is set makes the page
 * dirty. One that has been used meanwhile stops the unmapping.
 *
 * Nonlinear areas are searched whole, for this page; the kernel unmaps the 32
 * pages around a cursor. Linux: mm/rmap.c.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/swapfile.h"
#include "core/vma.h"

/* ---- used? ---- */

struct referenced {
	struct machine *m;
	const struct mem_cgroup *memcg;
	int mapcount; /* entries not seen yet */
	unsigned count;
	vm_flags_t vm_flags;
};

static bool page_referenced_one(void *ctx, struct vm_area_struct *vma,
				vaddr_t address, paddr_t ptep)
{
	struct referenced *r = ctx;
	const struct pg_format *f = r->m->fmt;
	pte_t pte = ptep_get(vma->vm_mm, ptep);

	if (vma->vm_flags & VM_NONLINEAR)
		return true; /* the kernel does not look there */
	if (r->memcg && !mm_match_cgroup(vma->vm_mm, r->memcg))
		return true; /* at this group's limit others do not count */
	if (vma->vm_flags & VM_LOCKED) {
		r->vm_flags |= VM_LOCKED;
		return false;
	}
	if (pte_young(f, pte)) {
		set_pte_at(vma->vm_mm, address, ptep, pte_mkold(f, pte));
		if (!(vma->vm_flags & VM_SEQ_READ)) {
			r->count++;
			r->vm_flags |= vma->vm_flags;
		}
	}
	return --r->mapcount > 0;
}

unsigned page_referenced(struct machine *m, struct page *page,
			 const struct mem_cgroup *memcg, vm_flags_t *vm_flags)
{
	struct referenced r = {.m = m,
			       .memcg = memcg,
			       .mapcount = page_mapcount(page)};
	story(m, page_to_pfn(m, page));

	if (page_mapped(page))
		rmap_walk(m, page, page_referenced_one, &r);
	*vm_flags = r.vm_flags;
	return r.count;
}

/* ---- away ---- */

struct unmap {
	struct machine *m;
	struct page *page;
	enum swap_result result;
};

/* What stands where the page was mapped. false: the slot cannot be named. */
static bool set_unmapped_pte(const struct unmap *u, struct vm_area_struct *vma,
			     vaddr_t address, paddr_t ptep, pte_t pte)
{
	const struct pg_format *f = u->m->fmt;
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = u->page;
	swp_entry_t entry;

	if (!PageAnon(page)) {
		if ((vma->vm_flags & VM_NONLINEAR) &&
		    linear_page_index(vma, address) != page->index)
			set_pte_at(mm, address, ptep,
				   pgoff_to_pte(f, page->index));
		add_mm_counter(mm, MM_FILEPAGES, -1);
		return true;
	}
	entry = page_swp_entry(page);
	if (!PageSwapCache(page) || swap_duplicate(u->m, entry)) {
		set_pte_at(mm, address, ptep, pte);
		return false;
	}
	add_mm_counter(mm, MM_ANONPAGES, -1);
	add_mm_counter(mm, MM_SWAPENTS, 1);
	set_pte_at(mm, address, ptep, swp_entry_to_pte(f, entry));
	return true;
}

/* true: go on with the next entry */
static bool try_to_unmap_one(void *ctx, struct vm_area_struct *vma,
			     vaddr_t address, paddr_t ptep)
{
	struct unmap *u = ctx;
	const struct pg_format *f = u->m->fmt;
	struct mm_struct *mm = vma->vm_mm;
	pte_t pte = ptep_get(mm, ptep);
	story(u->m, address);

	if (vma->vm_flags & VM_LOCKED) {
		mlock_vma_page(u->m, u->page);
		u->result = SWAP_MLOCK;
		return false;
	}
	if (pte_young(f, pte)) {
		set_pte_at(mm, address, ptep, pte_mkold(f, pte));
		u->result = SWAP_FAIL;
		return false;
	}
	pte = ptep_get_and_clear(mm, address, ptep);
	if (pte_dirty(f, pte))
		set_page_dirty(u->m, u->page);
	update_hiwater_rss(mm);
	if (!set_unmapped_pte(u, vma, address, ptep, pte)) {
		u->result = SWAP_FAIL;
		return false;
	}
	page_remove_rmap(u->m, u->page);
	put_page(u->m, u->page);
	return page_mapped(u->page);
}

/* => the caller has a reference */
enum swap_result try_to_unmap(struct machine *m, struct page *page)
{
	struct unmap u = {.m = m, .page = page, .result = SWAP_AGAIN};
	story(m, page_to_pfn(m, page));

	rmap_walk(m, page, try_to_unmap_one, &u);
	if (u.result != SWAP_MLOCK && !page_mapped(page))
		return SWAP_SUCCESS;
	return u.result;
}
