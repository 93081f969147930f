/*
 * vmscan.c - the LRU lists shrink: which pages go, which get another chance.
 *
 *              new anonymous pages        file pages, swapped-in pages
 *                      ▼                              ▼
 *   active   [head ··············· tail]     inactive [head ············ tail]
 *                                   └─ too long? ──►   ▲                   │
 *                                      32 at a time    └── in use: keep ◄──┤
 *   active head ◄────────────── in use: activate ◄─────────────────────────┤
 *                                                                     free ▼
 *
 * What becomes of a page at the tail is decided in shrink_page.c; how many are
 * looked at of which list, in scan_count.c.
 *
 * Memory cgroups have LRU lists of their own in each zone (memcontrol.h). A zone
 * that is short goes through those of all groups; a group at its limit only
 * through its own and its children's, does not ask for what other groups have
 * used, and leaves the machine's counters of scanning alone.
 *
 * Linux: mm/vmscan.c.
 */
#include "core/vmscan.h"
#include "core/compaction.h"
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swapfile.h"
#include "core/vmscan_internal.h"

static bool is_active_lru(enum lru_list lru)
{
	return lru == LRU_ACTIVE_ANON || lru == LRU_ACTIVE_FILE;
}

/* All groups' pages in the zone, and those that are of no list at the moment. */
static uint64_t zone_lru_size(const struct zone *z, enum lru_list lru)
{
	return (uint64_t)z->vm_stat[NR_INACTIVE_ANON + (int)lru];
}

/* PGSTEAL_KSWAPD_DMA and the like: one event a zone. */
static void count_zone_events(struct machine *m, enum vm_event_item dma,
			      const struct zone *z, uint64_t n)
{
	static const uint8_t column[MAX_NR_ZONES] = {
		[ZONE_DMA] = 0,	    [ZONE_DMA32] = 0,	[ZONE_NORMAL] = 1,
		[ZONE_HIGHMEM] = 2, [ZONE_MOVABLE] = 3,
	};

	count_vm_events(m, dma + column[z->type], n);
}

uint64_t zone_reclaimable_pages(const struct machine *m, const struct zone *z)
{
	uint64_t nr = zone_lru_size(z, LRU_ACTIVE_FILE) +
		      zone_lru_size(z, LRU_INACTIVE_FILE);

	if (nr_swap_pages(m))
		nr += zone_lru_size(z, LRU_ACTIVE_ANON) +
		      zone_lru_size(z, LRU_INACTIVE_ANON);
	return nr;
}

bool zone_reclaimable(const struct machine *m, const struct zone *z)
{
	return z->pages_scanned < zone_reclaimable_pages(m, z) * 6;
}

/* ---- a handful of pages ---- */

/* Isolated pages, oldest first. */
struct isolated {
	unsigned nr;
	struct page *pages[SWAP_CLUSTER_MAX];
};

static void acct_isolated_pages(struct zone *z, enum lru_list lru, int64_t n)
{
	mod_zone_page_state(z, is_file_lru(lru) ? NR_ISOLATED_FILE
						: NR_ISOLATED_ANON, n);
}

static void isolate_lru_pages(struct machine *m, struct zone *z,
			      struct lruvec *v, enum lru_list lru,
			      uint64_t nr_to_scan, struct isolated *taken)
{
	mm_assert(nr_to_scan <= SWAP_CLUSTER_MAX);
	taken->nr = 0;
	while (taken->nr < nr_to_scan && v->lru[lru].nr) {
		struct page *page = page_list_last(m, &v->lru[lru]);

		get_page(page);
		del_page_from_lru_list(m, page, v, lru);
		ClearPageLRU(page);
		taken->pages[taken->nr++] = page;
	}
	acct_isolated_pages(z, lru, taken->nr);
}

/* Freed ones go to the tail of the per-CPU list, the last one first. */
static void free_cold_pages(struct machine *m, const struct isolated *gone)
{
	for (unsigned i = gone->nr; i-- > 0;)
		free_hot_cold_page(m, gone->pages[i], true);
}

/* Back on a list's head; true: the isolation held the last reference, so the
 * page is free to go. */
static bool put_back_page(struct machine *m, struct page *page)
{
	lru_list_add(m, page);
	if (--page->_count)
		return false;
	del_page_from_lru(m, page);
	return true;
}

static void putback_inactive_pages(struct machine *m, struct lruvec *v,
				   const struct isolated *kept)
{
	struct isolated gone = {.nr = 0};

	for (unsigned i = 0; i < kept->nr; i++) {
		struct page *page = kept->pages[i];

		if (!page_evictable(page)) {
			putback_lru_page(m, page);
			continue;
		}
		if (PageActive(page))
			v->reclaim_stat
				.recent_rotated[page_is_file_cache(page)]++;
		if (put_back_page(m, page))
			gone.pages[gone.nr++] = page;
	}
	free_cold_pages(m, &gone);
}

/* Pages that stay are left in *list. Number of frames freed. */
static unsigned shrink_page_list(struct machine *m, struct zone *z,
				 struct isolated *list,
				 struct scan_control *sc)
{
	struct isolated gone = {.nr = 0}, kept = {.nr = 0};
	story(m, list->nr);

	for (unsigned i = 0; i < list->nr; i++) {
		struct page *page = list->pages[i];
		enum verdict v = shrink_page(m, z, page, sc);

		observe(m, PAGE_SCANNED, page_to_pfn(m, page), v,
			PageAnon(page) != 0, page_mapcount(page));
		switch (v) {
		case FREE:
			gone.pages[gone.nr++] = page;
			continue;
		case CULL:
			if (PageSwapCache(page))
				try_to_free_swap(m, page);
			putback_lru_page(m, page);
			continue;
		case ACTIVATE:
			if (PageSwapCache(page) && vm_swap_full(m))
				try_to_free_swap(m, page);
			SetPageActive(page);
			count_vm_event(m, PGACTIVATE);
			break;
		default:
			break;
		}
		kept.pages[kept.nr++] = page;
	}
	free_cold_pages(m, &gone);
	*list = kept;
	return gone.nr;
}

static unsigned count_dirty(const struct isolated *list)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < list->nr; i++)
		nr += PageDirty(list->pages[i]) &&
		      page_is_file_cache(list->pages[i]);
	return nr;
}

/* What a group does within its limit does not count for the machine. */
static void count_scanned(struct machine *m, struct zone *z, unsigned nr,
			  const struct scan_control *sc)
{
	if (!global_reclaim(sc))
		return;
	z->pages_scanned += nr;
	count_zone_events(m, sc->kswapd ? PGSCAN_KSWAPD_DMA : PGSCAN_DIRECT_DMA,
			  z, nr);
}

static void count_freed(struct machine *m, struct zone *z, unsigned nr,
			const struct scan_control *sc)
{
	if (global_reclaim(sc))
		count_zone_events(m,
				  sc->kswapd ? PGSTEAL_KSWAPD_DMA
					     : PGSTEAL_DIRECT_DMA,
				  z, nr);
}

static unsigned shrink_inactive_list(struct machine *m, struct zone *z,
				     struct lruvec *v, enum lru_list lru,
				     uint64_t nr_to_scan,
				     struct scan_control *sc)
{
	struct isolated list;
	unsigned nr_taken, nr_dirty, freed;
	story(m, z->type, lru, nr_to_scan);

	lru_add_drain(m);
	isolate_lru_pages(m, z, v, lru, nr_to_scan, &list);
	nr_taken = list.nr;
	count_scanned(m, z, nr_taken, sc);
	if (!nr_taken)
		return 0;
	nr_dirty = count_dirty(&list);
	freed = shrink_page_list(m, z, &list, sc);
	v->reclaim_stat.recent_scanned[is_file_lru(lru)] += nr_taken;
	count_freed(m, z, freed, sc);
	putback_inactive_pages(m, v, &list);
	acct_isolated_pages(z, lru, -(int64_t)nr_taken);
	if (global_reclaim(sc) && nr_dirty == nr_taken)
		z->tail_lru_dirty = true;
	observe(m, LRU_SHRINK, z->type, lru, nr_taken, freed);
	return freed;
}

/* ---- ageing ---- */

/* Program text in use stays active; all else becomes inactive, used or not. */
static bool stays_active(struct machine *m, struct page *page,
			 const struct scan_control *sc, uint64_t *nr_rotated)
{
	vm_flags_t vm_flags;

	if (!page_referenced(m, page, sc->target_mem_cgroup, &vm_flags))
		return false;
	++*nr_rotated;
	return (vm_flags & VM_EXEC) && page_is_file_cache(page);
}

static void move_active_pages(struct machine *m, const struct isolated *list)
{
	struct isolated gone = {.nr = 0};

	for (unsigned i = 0; i < list->nr; i++)
		if (put_back_page(m, list->pages[i]))
			gone.pages[gone.nr++] = list->pages[i];
	free_cold_pages(m, &gone);
}

static void shrink_active_list(struct machine *m, struct zone *z,
			       struct lruvec *v, enum lru_list lru,
			       uint64_t nr_to_scan,
			       const struct scan_control *sc)
{
	struct isolated list, active = {.nr = 0}, inactive = {.nr = 0};
	uint64_t nr_rotated = 0;
	story(m, z->type, lru, nr_to_scan);

	lru_add_drain(m);
	isolate_lru_pages(m, z, v, lru, nr_to_scan, &list);
	if (global_reclaim(sc))
		z->pages_scanned += list.nr;
	v->reclaim_stat.recent_scanned[is_file_lru(lru)] += list.nr;
	count_zone_events(m, PGREFILL_DMA, z, list.nr);
	for (unsigned i = 0; i < list.nr; i++) {
		struct page *page = list.pages[i];

		if (!page_evictable(page)) {
			putback_lru_page(m, page);
		} else if (stays_active(m, page, sc, &nr_rotated)) {
			active.pages[active.nr++] = page;
		} else {
			ClearPageActive(page);
			inactive.pages[inactive.nr++] = page;
		}
	}
	v->reclaim_stat.recent_rotated[is_file_lru(lru)] += nr_rotated;
	count_vm_events(m, PGDEACTIVATE, inactive.nr);
	move_active_pages(m, &active);
	move_active_pages(m, &inactive);
	acct_isolated_pages(z, lru, -(int64_t)list.nr);
	observe(m, LRU_SHRINK, z->type, lru, list.nr, 0);
}

static void age_lruvec(struct machine *m, struct zone *z, struct lruvec *v,
		       const struct scan_control *sc)
{
	if (inactive_anon_is_low(m, z, v))
		shrink_active_list(m, z, v, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX,
				   sc);
}

void age_active_anon(struct machine *m, struct zone *z,
		     struct scan_control *sc)
{
	struct mem_cgroup *memcg = mem_cgroup_iter(m, NULL, NULL, NULL);

	do {
		age_lruvec(m, z, mem_cgroup_zone_lruvec(z, memcg), sc);
		memcg = memcg ? mem_cgroup_iter(m, NULL, memcg, NULL) : NULL;
	} while (memcg);
}

/* ---- a zone ---- */

/*
 * Enough is freed for kswapd, or a group: the kind of which less is left to scan is done
 * with, the other stops where it has been scanned by the same share.
 */
static void adjust_scan(uint64_t nr[], const uint64_t targets[])
{
	uint64_t file = nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE];
	uint64_t anon = nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON];
	int done = file > anon ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
	int other = file > anon ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	uint64_t left = (file > anon ? anon : file) * 100 /
			(targets[done] + targets[done + 1] + 1);

	nr[done] = nr[done + 1] = 0;
	for (int lru = other; lru <= other + 1; lru++) {
		uint64_t scanned = targets[lru] - nr[lru];

		nr[lru] = targets[lru] * (100 - left) / 100;
		nr[lru] -= min_t(uint64_t, nr[lru], scanned);
	}
}

static unsigned shrink_list(struct machine *m, struct zone *z,
			    struct lruvec *v, enum lru_list lru,
			    uint64_t nr_to_scan, struct scan_control *sc)
{
	if (!is_active_lru(lru))
		return shrink_inactive_list(m, z, v, lru, nr_to_scan, sc);
	if (inactive_list_is_low(m, z, v, lru))
		shrink_active_list(m, z, v, lru, nr_to_scan, sc);
	return 0;
}

static void shrink_lruvec(struct machine *m, struct zone *z, struct lruvec *v,
			  struct scan_control *sc)
{
	uint64_t nr[NR_LRU_LISTS], targets[NR_LRU_LISTS], nr_reclaimed = 0;
	bool adjusted = false;
	story(m, z->type, sc->priority);

	get_scan_count(m, z, v, sc, nr);
	for (int lru = 0; lru < LRU_UNEVICTABLE; lru++)
		targets[lru] = nr[lru];
	while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] ||
	       nr[LRU_INACTIVE_FILE]) {
		for (enum lru_list lru = 0; lru < LRU_UNEVICTABLE; lru++) {
			uint64_t n = min_t(uint64_t, nr[lru], SWAP_CLUSTER_MAX);

			nr[lru] -= n;
			if (n)
				nr_reclaimed += shrink_list(m, z, v, lru, n,
							    sc);
		}
		if (nr_reclaimed < sc->nr_to_reclaim || adjusted)
			continue;
		if (global_reclaim(sc) && !sc->kswapd)
			break;
		adjust_scan(nr, targets);
		adjusted = true;
	}
	sc->nr_reclaimed += nr_reclaimed;
	age_lruvec(m, z, v, sc);
}

/* All groups in turn; a group's own reclaim ends when there is enough, and goes
 * on from there next time. */
static void shrink_groups(struct machine *m, struct zone *z,
			  struct scan_control *sc)
{
	struct mem_cgroup_reclaim_cookie cookie = {.zone = z->type,
						   .priority = sc->priority};
	struct mem_cgroup *root = sc->target_mem_cgroup;
	struct mem_cgroup *memcg = mem_cgroup_iter(m, root, NULL, &cookie);

	do {
		shrink_lruvec(m, z, mem_cgroup_zone_lruvec(z, memcg), sc);
		if (!global_reclaim(sc) &&
		    sc->nr_reclaimed >= sc->nr_to_reclaim)
			break;
		if (memcg)
			memcg = mem_cgroup_iter(m, root, memcg, &cookie);
	} while (memcg);
}

/* ---- reclaim for a block: as much as compaction needs ---- */

/* Large orders at once, others when order 0 was not enough for them. */
static bool in_reclaim_compaction(const struct scan_control *sc)
{
	return sc->order && (sc->order > PAGE_ALLOC_COSTLY_ORDER ||
			     sc->priority < DEF_PRIORITY - 2);
}

/* freed, scanned: in the round that is over. */
static bool should_continue_reclaim(const struct machine *m,
				    const struct zone *z, uint64_t freed,
				    uint64_t scanned,
				    const struct scan_control *sc)
{
	uint64_t wanted = (uint64_t)2 << sc->order, inactive;
	enum compact_result suitable;

	if (!in_reclaim_compaction(sc))
		return false;
	if (!freed && (!(sc->gfp & __GFP_REPEAT) || !scanned))
		return false;
	inactive = zone_lru_size(z, LRU_INACTIVE_FILE);
	if (nr_swap_pages(m))
		inactive += zone_lru_size(z, LRU_INACTIVE_ANON);
	if (sc->nr_reclaimed < wanted && inactive > wanted)
		return true;
	suitable = compaction_suitable(z, (int)sc->order);
	return suitable != COMPACT_PARTIAL && suitable != COMPACT_CONTINUE;
}

void shrink_zone(struct machine *m, struct zone *z, struct scan_control *sc)
{
	uint64_t freed, scanned;

	do {
		freed = sc->nr_reclaimed;
		scanned = sc->nr_scanned;
		shrink_groups(m, z, sc);
	} while (should_continue_reclaim(m, z, sc->nr_reclaimed - freed,
					 sc->nr_scanned - scanned, sc));
}
