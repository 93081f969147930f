/*
 * page_alloc.c - the page allocator: which zone, per-CPU lists, watermarks.
 *
 *   alloc_pages(gfp, order)
 *     ├─ fast path: zones from high to low, mark `low`, each zone in turn
 *     │    gives (high - low) frames, then the next (fair zones)
 *     └─ slow path: wake kswapd, refill the batches, mark `min`, the reserves
 *          if the request may, reclaim, out_of_memory
 *
 *   one zone:   order 0 ◄── per-CPU list of the migrate type
 *                              ▲ empty: `batch` frames at once
 *                              ▼ count == high: `batch` frames, from the tail
 *               order n ◄──► buddy.c
 *
 * A frame on a per-CPU list is not free in any report. The lists are stacks: a
 * hot free goes to the head, an allocation takes the head; a cold free or a
 * cold allocation uses the tail.
 *
 * Fair zones, on a uniprocessor: the kernel tests `batch <= 0` on an unsigned
 * number, so only a batch of exactly 0 skips a zone; one that has jumped below
 * 0 does not, until the slow path sets it back.
 *
 * Of an allocated block only the head is marked, with one reference; whoever
 * asked notes on each frame what it is (owner.c). __GFP_ZERO clears the bytes
 * only where data frames hold bytes (m->contents); who needs cleared page
 * tables clears them.
 *
 * The slow path: alloc_slowpath.c. Invariants: page_alloc_check.c.
 * Linux: mm/page_alloc.c.
 */
#include "core/alloc_internal.h"
#include "core/buddy.h"
#include "core/swap.h"

#include <string.h>

/* ---- zones of a request ---- */

enum zone_type gfp_zone(const struct machine *m, gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return m->zone[ZONE_DMA32].configured ? ZONE_DMA32
						      : ZONE_NORMAL;
	if (!(gfp & __GFP_HIGHMEM))
		return ZONE_NORMAL;
	if (gfp & __GFP_MOVABLE)
		return ZONE_MOVABLE;
	return m->zone[ZONE_HIGHMEM].configured ? ZONE_HIGHMEM : ZONE_NORMAL;
}

/* Linux: allocflags_to_migratetype(). */
static enum migratetype gfp_migratetype(const struct machine *m, gfp_t gfp)
{
	if (m->page_group_by_mobility_disabled)
		return MIGRATE_UNMOVABLE;
	if (gfp & __GFP_MOVABLE)
		return MIGRATE_MOVABLE;
	return gfp & __GFP_RECLAIMABLE ? MIGRATE_RECLAIMABLE
				       : MIGRATE_UNMOVABLE;
}

struct zone *pfn_zone(const struct machine *m, pfn_t pfn)
{
	/* from the top: users' pages are asked for most, and lie there */
	for (const struct zone *z = m->zone + MAX_NR_ZONES; z-- > m->zone;)
		if (zone_spans_pfn(z, pfn))
			return (struct zone *)z;
	return NULL;
}

struct zone *page_zone(const struct machine *m, const struct page *page)
{
	return pfn_zone(m, page_to_pfn(m, page));
}

enum migratetype get_pageblock_migratetype(const struct machine *m, pfn_t pfn)
{
	return *pageblock_type_of(m, pfn_zone(m, pfn), pfn);
}

void set_pageblock_migratetype(struct machine *m, pfn_t pfn,
			       enum migratetype type)
{
	if (unlikely(m->page_group_by_mobility_disabled))
		type = MIGRATE_UNMOVABLE;
	*pageblock_type_of(m, pfn_zone(m, pfn), pfn) = type;
}

/* ---- counters ---- */

void inc_zone_page_state(struct machine *m, const struct page *page,
			 enum zone_stat_item item)
{
	page_zone(m, page)->vm_stat[item]++;
}

void dec_zone_page_state(struct machine *m, const struct page *page,
			 enum zone_stat_item item)
{
	page_zone(m, page)->vm_stat[item]--;
}

int64_t owned_page_state(const struct machine *m, enum zone_stat_item item)
{
	const struct zone *z;
	int64_t sum = 0;

	for_each_zone (z, m)
		sum += z->vm_stat[item];
	return sum;
}

int64_t global_page_state(const struct machine *m, enum zone_stat_item item)
{
	const struct zone *z;
	int64_t sum = 0;

	for_each_zone (z, m)
		sum += zone_page_state(z, item);
	return sum;
}

uint64_t totalram_pages(const struct machine *m)
{
	return m->totalram;
}

uint64_t totalhigh_pages(const struct machine *m)
{
	return m->totalhigh;
}

static void count_zone_alloc(struct machine *m, const struct zone *z,
			     uint64_t n)
{
	static const enum vm_event_item item[MAX_NR_ZONES] = {
		[ZONE_DMA] = PGALLOC_DMA,	  [ZONE_DMA32] = PGALLOC_DMA,
		[ZONE_NORMAL] = PGALLOC_NORMAL,	  [ZONE_HIGHMEM] = PGALLOC_HIGH,
		[ZONE_MOVABLE] = PGALLOC_MOVABLE,
	};

	count_vm_events(m, item[zone_idx(z)], n);
}

/* ---- giving back ---- */

/*
 * The frame forgets its owner. => nobody maps it, no list holds it, the last
 * reference is gone: anything else is a bug of ours.
 */
static void free_pages_prepare(struct machine *m, struct page *page,
			       unsigned order)
{
	mm_assert(!page->_count && !page->_mapcount1);
	mm_assert(!(page->flags &
		    (PG_lru | PG_pcp | PG_writeback | PG_swapcache)));
	observe(m, PAGE_FREE, page_to_pfn(m, page), order, 0, 0);
	if (unlikely(PageCompound(page)))
		for (pfn_t i = 1; i < (pfn_t)1 << order; i++)
			ClearPageCompound(page + i);
	page->flags = 0;
	page->mapping = 0;
	page->index = 0;
	page->private = 0;
	count_vm_events(m, PGFREE, (uint64_t)1 << order);
}

static void free_pcp_page(struct machine *m, struct zone *z,
			  struct page_list *list)
{
	struct page *page = page_list_last(m, list);
	enum migratetype mt = page->index;

	page_list_del(m, list, page);
	ClearPagePcp(page);
	__free_one_page(m, z, page, 0, mt);
}

/*
 * Round robin over the lists, the tail of each, more from each list the more
 * empty ones were passed. Linux: free_pcppages_bulk().
 */
static void free_pcppages_bulk(struct machine *m, struct zone *z, uint32_t n)
{
	struct per_cpu_pages *pcp = &z->pageset;
	uint32_t to_free = n, batch_free = 0;
	unsigned mt = 0;
	story(m, zone_idx(z), n);

	z->pages_scanned = 0;
	while (to_free) {
		struct page_list *list;

		do {
			batch_free++;
			mt = (mt + 1) % MIGRATE_PCPTYPES;
			list = &pcp->lists[mt];
		} while (!list->nr);
		if (batch_free == MIGRATE_PCPTYPES)
			batch_free = to_free;
		do
			free_pcp_page(m, z, list);
		while (--to_free && --batch_free && list->nr);
	}
	pcp->count -= n;
	mod_zone_page_state(z, NR_FREE_PAGES, n);
	observe(m, PCP_DRAIN, zone_idx(z), n, 0, 0);
}

void free_hot_cold_page(struct machine *m, struct page *page, bool cold)
{
	pfn_t pfn = page_to_pfn(m, page);
	struct zone *z = pfn_zone(m, pfn);
	struct per_cpu_pages *pcp = &z->pageset;
	enum migratetype mt = *pageblock_type_of(m, z, pfn);
	story(m, pfn, cold);

	free_pages_prepare(m, page, 0);
	SetPagePcp(page);
	page->index = mt;
	if (mt >= MIGRATE_PCPTYPES)
		mt = MIGRATE_MOVABLE;
	if (cold)
		page_list_add_tail(m, &pcp->lists[mt], page);
	else
		page_list_add(m, &pcp->lists[mt], page);
	pcp->count++;
	observe(m, PCP_PUT, pfn, zone_idx(z), mt, pcp->count);
	if (pcp->count >= pcp->high)
		free_pcppages_bulk(m, z,
				   min_t(uint32_t, pcp->batch, pcp->count));
}

void free_hot_cold_page_list(struct machine *m, struct page *const *pages,
			     unsigned nr, bool cold)
{
	for (unsigned i = 0; i < nr; i++)
		free_hot_cold_page(m, pages[i], cold);
}

static void __free_pages_ok(struct machine *m, struct page *page,
			    unsigned order)
{
	pfn_t pfn = page_to_pfn(m, page);
	struct zone *z = pfn_zone(m, pfn);
	story(m, pfn, order);

	free_pages_prepare(m, page, order);
	z->pages_scanned = 0;
	__free_one_page(m, z, page, order, *pageblock_type_of(m, z, pfn));
	mod_zone_page_state(z, NR_FREE_PAGES, (int64_t)1 << order);
}

void __free_pages(struct machine *m, struct page *page, unsigned order)
{
	story(m, page_to_pfn(m, page), order);

	mm_assert(page->_count > 0);
	if (--page->_count)
		return;
	if (order == 0)
		free_hot_cold_page(m, page, false);
	else
		__free_pages_ok(m, page, order);
}

void put_page(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page), page->_count - 1);

	mm_assert(page->_count > 0);
	if (--page->_count)
		return;
	if (PageLRU(page))
		del_page_from_lru(m, page);
	free_hot_cold_page(m, page, false);
}

void drain_all_pages(struct machine *m)
{
	struct zone *z;
	story(m);

	for_each_zone (z, m)
		if (z->pageset.count)
			free_pcppages_bulk(m, z, z->pageset.count);
}

/* ---- taking from one zone ---- */

static void prep_new_page(struct machine *m, struct page *page,
			  const struct alloc_context *ac)
{
	pfn_t n = (pfn_t)1 << ac->order;

	mm_assert(!page->_count && !page->_mapcount1 && !page->flags);
	page->_count = 1;
	page->index = 0;
	if (ac->order && (ac->gfp & __GFP_COMP))
		for (pfn_t i = 0; i < n; i++)
			page[i].flags = PG_compound;
	if (m->contents && (ac->gfp & __GFP_ZERO))
		memset(page_contents(m, page), 0, (size_t)n * m->page_size);
}

/* The pages in the order got, head first; cold: last first. */
static void rmqueue_bulk(struct machine *m, struct zone *z,
			 struct page_list *list, enum migratetype mt, bool cold)
{
	uint32_t n;
	story(m, zone_idx(z), z->pageset.batch, mt);

	for (n = 0; n < z->pageset.batch; n++) {
		struct page *page = __rmqueue(m, z, 0, mt);

		if (!page)
			break;
		SetPagePcp(page);
		page->index = mt;
		if (cold)
			page_list_add(m, list, page);
		else
			page_list_add_tail(m, list, page);
	}
	z->pageset.count += n;
	mod_zone_page_state(z, NR_FREE_PAGES, -(int64_t)n);
	observe(m, PCP_REFILL, zone_idx(z), n, mt, 0);
}

static struct page *rmqueue_pcp(struct machine *m, struct zone *z,
				enum migratetype mt, bool cold)
{
	struct page_list *list = &z->pageset.lists[mt];
	struct page *page;

	if (!list->nr)
		rmqueue_bulk(m, z, list, mt, cold);
	page = cold ? page_list_last(m, list) : page_list_first(m, list);
	if (!page)
		return NULL;
	page_list_del(m, list, page);
	ClearPagePcp(page);
	z->pageset.count--;
	observe(m, PCP_TAKE, page_to_pfn(m, page), zone_idx(z), mt, list->nr);
	return page;
}

static struct page *buffered_rmqueue(struct machine *m, struct zone *z,
				     const struct alloc_context *ac)
{
	int64_t n = (int64_t)1 << ac->order;
	struct page *page;
	story(m, zone_idx(z), ac->order, ac->mt);

	if (likely(ac->order == 0)) {
		page = rmqueue_pcp(m, z, ac->mt, ac->gfp & __GFP_COLD);
		if (!page)
			return NULL;
	} else {
		page = __rmqueue(m, z, ac->order, ac->mt);
		if (!page)
			return NULL;
		mod_zone_page_state(z, NR_FREE_PAGES, -n);
	}
	mod_zone_page_state(z, NR_ALLOC_BATCH, -n);
	count_zone_alloc(m, z, (uint64_t)n);
	prep_new_page(m, page, ac);
	observe(m, PAGE_ALLOC, page_to_pfn(m, page), ac->order, ac->gfp,
		ac->mt);
	return page;
}

/* ---- choosing the zone ---- */

bool zone_watermark_ok(const struct zone *z, unsigned order, uint64_t mark,
		       enum zone_type classzone, unsigned alloc_flags)
{
	int64_t free = z->vm_stat[NR_FREE_PAGES] - ((int64_t)1 << order) + 1;
	int64_t min = (int64_t)mark;

	if (alloc_flags & ALLOC_HIGH)
		min -= min / 2;
	if (alloc_flags & ALLOC_HARDER)
		min -= min / 4;
	if (free <= min + (int64_t)z->lowmem_reserve[classzone])
		return false;
	for (unsigned o = 0; o < order; o++) {
		free -= (int64_t)z->free_area[o].nr_free << o;
		min >>= 1;
		if (free <= min)
			return false;
	}
	return true;
}

static bool zone_allowed(struct machine *m, const struct zone *z,
			 const struct alloc_context *ac, unsigned alloc_flags)
{
	uint64_t mark;

	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return true;
	if ((alloc_flags & ALLOC_WMARK_LOW) && !z->vm_stat[NR_ALLOC_BATCH]) {
		observe(m, ZONE_SKIPPED, zone_idx(z), 0,
			z->vm_stat[NR_FREE_PAGES], 0);
		return false;
	}
	if ((alloc_flags & ALLOC_WMARK_LOW) && (ac->gfp & __GFP_WRITE) &&
	    !zone_dirty_ok(m, z))
		return false;
	mark = z->watermark[alloc_flags & ALLOC_WMARK_MASK];
	if (!zone_watermark_ok(z, ac->order, mark, ac->preferred->type,
			       alloc_flags)) {
		observe(m, ZONE_SKIPPED, zone_idx(z), 1,
			z->vm_stat[NR_FREE_PAGES], mark);
		return false;
	}
	observe(m, ZONE_CHOSEN, zone_idx(z), z->vm_stat[NR_FREE_PAGES], mark,
		alloc_flags & ALLOC_WMARK_MASK);
	return true;
}

struct page *get_page_from_freelist(struct machine *m,
				    const struct alloc_context *ac,
				    unsigned alloc_flags)
{
	struct zone *z;
	story(m, ac->order, alloc_flags);

	for_each_zone_zonelist(z, m, ac)
	{
		struct page *page;

		if (!zone_allowed(m, z, ac, alloc_flags))
			continue;
		page = buffered_rmqueue(m, z, ac);
		if (page)
			return page;
	}
	return NULL;
}

/* ---- the whole ---- */

static __twin struct page *
__alloc_pages_nodemask(struct machine *m, gfp_t gfp, unsigned order)
{
	struct alloc_context ac = {.gfp = gfp, .order = order};
	struct page *page = NULL;

	ac.high_zoneidx = gfp_zone(m, gfp);
	ac.mt = gfp_migratetype(m, gfp);
	ac.preferred = next_zone(m, m->zone + ac.high_zoneidx + 1);
	if (order < MAX_ORDER && ac.preferred && !should_fail_alloc(m, gfp)) {
		page = get_page_from_freelist(m, &ac,
					      ALLOC_WMARK_LOW | ALLOC_CPUSET);
		if (unlikely(!page))
			page = __alloc_pages_slowpath(m, &ac);
	}
	if (unlikely(!page))
		observe(m, PAGE_ALLOC_FAIL, 0, order, gfp, 0);
	return page;
}

/* A copy of its own for who is watched, so that the other pays nothing. */
__watched static struct page *alloc_pages_told(struct machine *m, gfp_t gfp,
					       unsigned order)
{
	story_pair(m, "alloc_pages", "__alloc_pages_nodemask", gfp, order);

	return __alloc_pages_nodemask(m, gfp, order);
}

struct page *alloc_pages(struct machine *m, gfp_t gfp, unsigned order)
{
	if (unlikely(m->observer != NULL))
		return alloc_pages_told(m, gfp, order);
	return __alloc_pages_nodemask(m, gfp, order);
}

/* ---- the state loader's tools ---- */

void zones_clear_free_lists(struct machine *m)
{
	struct zone *z;

	for_each_zone (z, m) {
		memset(z->free_area, 0, sizeof(z->free_area));
		z->nr_fresh = 0;
		z->fresh_blocks = 0;
		memset(z->pageset.lists, 0, sizeof(z->pageset.lists));
		z->pageset.count = 0;
		memset(z->lruvec.lru, 0, sizeof(z->lruvec.lru));
		memset(z->vm_stat, 0, sizeof(z->vm_stat));
	}
	memset(m->vm_event, 0, sizeof(m->vm_event));
}

void zone_place_pcp_page(struct machine *m, struct zone *z, pfn_t pfn,
			 enum migratetype list, enum migratetype return_to)
{
	struct page *page = pfn_to_page(m, pfn);

	SetPagePcp(page);
	page->index = return_to;
	page_list_add_tail(m, &z->pageset.lists[list], page);
	z->pageset.count++;
}
