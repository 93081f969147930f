/*
 * shrink_page.c - a page at the tail of an inactive list: does it go?
 *
 * A page is found unused when no entry that maps it has A set since the list was
 * last here. shrink_page() decides, in this order:
 *
 *   locked in memory                     to the unevictable list
 *   used, anonymous or shared memory     activate
 *   used, file                           keep; activate if used before, by two,
 *                                        or as program text
 *   anonymous, no slot yet               add_to_swap(); none free: activate
 *   mapped                               try_to_unmap(); used again: activate
 *   dirty file page                      keep, written by the flusher; kswapd
 *                                        writes it itself when all are dirty
 *   dirty otherwise                      write it to swap, then
 *   clean, nobody else has it            out of its cache, freed (cold)
 *
 * Linux: mm/vmscan.c shrink_page_list(), page_check_references(), pageout(),
 * __remove_mapping().
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swapfile.h"
#include "core/vmscan_internal.h"

/* ---- a page: is it in use? ---- */

enum page_references {
	PAGEREF_RECLAIM,
	PAGEREF_RECLAIM_CLEAN,
	PAGEREF_KEEP,
	PAGEREF_ACTIVATE,
};

static enum page_references
page_check_references(struct machine *m, struct page *page,
		      const struct scan_control *sc)
{
	vm_flags_t vm_flags;
	unsigned ptes = page_referenced(m, page, sc->target_mem_cgroup,
					&vm_flags);
	bool referenced = TestClearPageReferenced(page);

	if (vm_flags & VM_LOCKED)
		return PAGEREF_RECLAIM; /* try_to_unmap() will see it */
	if (!ptes)
		return referenced && !PageSwapBacked(page)
			       ? PAGEREF_RECLAIM_CLEAN
			       : PAGEREF_RECLAIM;
	if (PageSwapBacked(page))
		return PAGEREF_ACTIVATE;
	SetPageReferenced(page);
	if (referenced || ptes > 1 || (vm_flags & VM_EXEC))
		return PAGEREF_ACTIVATE;
	return PAGEREF_KEEP;
}

/* ---- a page: write it ---- */

/* Only the isolation, the cache and buffers hold it. */
static bool is_page_cache_freeable(const struct page *page)
{
	return page_count(page) - PagePrivate(page) == 2;
}

static void write_dirty_page(struct machine *m, struct page *page)
{
	if (PageSwapCache(page)) {
		ClearPageDirty(page);
		swap_writepage(m, page);
	} else {
		SetPageReclaim(page);
		write_one_page(m, page);
		ClearPageReclaim(page);
	}
	inc_zone_page_state(m, page, NR_VMSCAN_WRITE);
}

/* The device is synchronous: the page is clean when this returns, or was not
 * written. */
static enum verdict pageout(struct machine *m, struct page *page)
{
	const struct address_space *mapping = page_mapping(m, page);
	story(m, page_to_pfn(m, page));

	if (!is_page_cache_freeable(page))
		return KEEP;
	if (!PageSwapCache(page) && !mapping)
		return KEEP; /* dirty and in no cache: its users left it */
	if (!PageSwapCache(page) && PageSwapBacked(page)) {
		ClearPageDirty(page);
		if (!shmem_writepage(m, page)) {
			SetPageDirty(page);
			return ACTIVATE;
		}
		inc_zone_page_state(m, page, NR_VMSCAN_WRITE);
	} else {
		write_dirty_page(m, page);
	}
	return PageDirty(page) ? KEEP : GO_ON;
}

static bool may_enter_fs(const struct scan_control *sc,
			 const struct page *page)
{
	return (sc->gfp & __GFP_FS) ||
	       (PageSwapCache(page) && (sc->gfp & __GFP_IO));
}

static enum verdict shrink_dirty_page(struct machine *m, struct zone *z,
				      struct page *page,
				      enum page_references references,
				      const struct scan_control *sc)
{
	if (page_is_file_cache(page) && !(sc->kswapd && z->tail_lru_dirty)) {
		inc_zone_page_state(m, page, NR_VMSCAN_IMMEDIATE);
		SetPageReclaim(page);
		return KEEP;
	}
	if (references == PAGEREF_RECLAIM_CLEAN || !may_enter_fs(sc, page))
		return KEEP;
	return pageout(m, page);
}

/* ---- a page: free it ---- */

/* Out of its cache if nobody else has it; its last reference goes too. */
static bool remove_mapping(struct machine *m, struct page *page)
{
	swp_entry_t entry;
	story(m, page_to_pfn(m, page));

	if (page_count(page) != 2 || PageDirty(page))
		return false;
	if (PageSwapCache(page)) {
		entry = page_swp_entry(page);
		__delete_from_swap_cache(m, page);
		swapcache_free(m, entry, page);
		page->_count--;
	} else if (page_mapping(m, page)) {
		delete_from_page_cache(m, page);
	} else {
		return false;
	}
	page->_count = 0;
	return true;
}

/* What try_to_unmap() says. */
static enum verdict unmap_page(struct machine *m, struct page *page)
{
	switch (try_to_unmap(m, page)) {
	case SWAP_FAIL:
		return ACTIVATE;
	case SWAP_AGAIN:
		return KEEP;
	case SWAP_MLOCK:
		return CULL;
	case SWAP_SUCCESS:
		break;
	}
	return GO_ON;
}

enum verdict shrink_page(struct machine *m, struct zone *z, struct page *page,
			 struct scan_control *sc)
{
	enum page_references references;
	enum verdict v = GO_ON;

	sc->nr_scanned++;
	if (!page_evictable(page))
		return CULL;
	if (page_mapped(page) || PageSwapCache(page))
		sc->nr_scanned++;
	references = page_check_references(m, page, sc);
	if (references == PAGEREF_ACTIVATE)
		return ACTIVATE;
	if (references == PAGEREF_KEEP)
		return KEEP;
	if (PageAnon(page) && !PageSwapCache(page)) {
		if (!(sc->gfp & __GFP_IO))
			return KEEP;
		if (!add_to_swap(m, page))
			return ACTIVATE;
	}
	if (page_mapped(page))
		v = unmap_page(m, page);
	if (v == GO_ON && PageDirty(page))
		v = shrink_dirty_page(m, z, page, references, sc);
	if (v != GO_ON)
		return v;
	try_to_free_buffers(m, page);
	return remove_mapping(m, page) ? FREE : KEEP;
}
