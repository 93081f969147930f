/*
 * kswapd.c - who takes memory back, when, and until when.
 *
 *   free frames of a zone
 *      high ─────────────────────── kswapd stops
 *      low  ───────── kswapd is woken
 *      min  ── the allocation itself reclaims (direct reclaim), at most 32 frames
 *
 * kswapd (balance_pgdat) looks for the highest zone that is short and reclaims
 * in all zones up to it, the lowest first, harder from round to round (a
 * priority lower each time doubles the part of the lists looked at), until all
 * are at their high marks. Direct reclaim goes through the zones of the request
 * from the highest down, and is content with 32 frames.
 *
 * When does it run? The kernel wakes kswapd in the midst of an allocation and
 * schedules it when the process goes back to user mode, so here it runs when a
 * fault or a call is over, never inside one. Kernel events of a trace go on
 * without it: they stand for one stretch of kernel code. There is no clock: a
 * wake-up after the first comes "soon", which kswapd_low_wmark_hit_quickly
 * counts, and is followed by at most one balance_pgdat(); if that was not enough,
 * kswapd stays awake and has its next turn after the next fault.
 *
 * For a block of several frames reclaim only makes room: as soon as a zone has
 * enough free frames for compaction to build the block, direct reclaim leaves it
 * alone (compaction_ready), kswapd compares it with its mark for single frames
 * (testorder), and compacts all zones itself when no zone had such a block.
 *
 * Reclaim itself may use every last frame (PF_MEMALLOC) and never recurses.
 *
 * Linux: mm/vmscan.c.
 */
#include "core/compaction.h"
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/swap.h"
#include "core/vmscan.h"

#define KSWAPD_ZONE_BALANCE_GAP_RATIO 100

static bool zone_balanced(const struct zone *z, unsigned order,
			  uint64_t balance_gap, enum zone_type classzone)
{
	return zone_watermark_ok(z, order,
				 z->watermark[WMARK_HIGH] + balance_gap,
				 classzone, 0) &&
	       (!order || compaction_suitable(z, (int)order) !=
				  COMPACT_SKIPPED);
}

/* How far above its mark a zone is not to be let alone yet. */
static uint64_t balance_gap_of(const struct zone *z)
{
	return min_t(uint64_t, z->watermark[WMARK_LOW],
		     (z->managed_pages + KSWAPD_ZONE_BALANCE_GAP_RATIO - 1) /
			     KSWAPD_ZONE_BALANCE_GAP_RATIO);
}

/* Zones up to classzone: all of them; for a block, a quarter of the memory. */
static bool pgdat_balanced(const struct machine *m, unsigned order,
			   enum zone_type classzone)
{
	uint64_t managed = 0, balanced = 0;

	for (enum zone_type i = 0; i <= classzone; i++) {
		const struct zone *z = &m->zone[i];

		if (!populated_zone(z))
			continue;
		managed += z->managed_pages;
		if (!zone_reclaimable(m, z) || zone_balanced(z, order, 0, i))
			balanced += z->managed_pages;
		else if (!order)
			return false;
	}
	return !order || balanced >= managed >> 2;
}

/* ---- the flusher ---- */

/* Linux: wakeup_flusher_threads(): oldest file first, up to nr pages. */
static void wakeup_flusher_threads(struct machine *m, uint64_t nr)
{
	struct inode *inode;
	struct page *page;

	list_for_each_entry(inode, &m->inodes, list) {
		if (!inode->i_data.account_dirty)
			continue;
		for (uint64_t i = 0; nr && (page = next_page(&inode->i_data, &i));
		     i++) {
			if (!PageDirty(page))
				continue;
			write_one_page(m, page);
			nr--;
		}
	}
}

/* ---- kswapd ---- */

/* true: enough of the zone was scanned for this priority */
static bool kswapd_shrink_zone(struct machine *m, struct zone *z,
			       enum zone_type classzone,
			       struct scan_control *sc, uint64_t lru_pages,
			       uint64_t *nr_attempted)
{
	unsigned testorder = sc->order;

	sc->nr_to_reclaim = max_t(uint64_t, SWAP_CLUSTER_MAX,
				  z->watermark[WMARK_HIGH]);
	if (sc->order &&
	    compaction_suitable(z, (int)sc->order) != COMPACT_SKIPPED)
		testorder = 0;
	if (zone_balanced(z, testorder, balance_gap_of(z), classzone))
		return true;
	shrink_zone(m, z, sc);
	m->reclaimed_slab = 0;
	shrink_slab(m, sc->gfp, sc->nr_scanned, lru_pages);
	sc->nr_reclaimed += m->reclaimed_slab;
	*nr_attempted += sc->nr_to_reclaim;
	if (zone_reclaimable(m, z) && zone_balanced(z, testorder, 0, classzone))
		z->tail_lru_dirty = false;
	return sc->nr_scanned >= sc->nr_to_reclaim;
}

/* The highest zone that is short; -1: none is. */
static int find_end_zone(struct machine *m, struct scan_control *sc)
{
	for (int i = MAX_NR_ZONES - 1; i >= 0; i--) {
		struct zone *z = &m->zone[i];

		if (!populated_zone(z) || (sc->priority != DEF_PRIORITY &&
					   !zone_reclaimable(m, z)))
			continue;
		age_active_anon(m, z, sc);
		if (!zone_balanced(z, sc->order, 0, 0))
			return i;
		z->tail_lru_dirty = false;
	}
	return -1;
}

/* A zone where such a block is there: nobody has to wait for one. */
static bool needs_compaction(const struct machine *m, unsigned order, int end,
			     enum zone_type classzone)
{
	for (int i = 0; i <= end; i++) {
		const struct zone *z = &m->zone[i];

		if (populated_zone(z) &&
		    zone_watermark_ok(z, order, z->watermark[WMARK_LOW],
				      classzone, 0))
			return false;
	}
	return order > 0;
}

/* One round over the zones up to end. true: look harder next time. */
static bool balance_round(struct machine *m, struct scan_control *sc, int end,
			  uint64_t *nr_attempted)
{
	uint64_t lru_pages = 0;
	bool raise_priority = true;

	for (int i = 0; i <= end; i++)
		lru_pages += zone_reclaimable_pages(m, &m->zone[i]);
	for (int i = 0; i <= end; i++) {
		struct zone *z = &m->zone[i];

		if (!populated_zone(z) || (sc->priority != DEF_PRIORITY &&
					   !zone_reclaimable(m, z)))
			continue;
		sc->nr_scanned = 0;
		if (kswapd_shrink_zone(m, z, (enum zone_type)end, sc,
				       lru_pages, nr_attempted))
			raise_priority = false;
	}
	return raise_priority;
}

static void balance_pgdat(struct machine *m, unsigned order,
			  enum zone_type classzone)
{
	struct scan_control sc = {.gfp = GFP_KERNEL,
				  .order = order,
				  .priority = DEF_PRIORITY,
				  .kswapd = true};
	uint64_t total = 0;
	int end;
	story(m, order);

	count_vm_event(m, PAGEOUTRUN);
	m->memalloc = m->kswapd.running = true;
	do {
		bool raise_priority, compact;
		uint64_t nr_attempted = 0;

		sc.nr_reclaimed = 0;
		end = find_end_zone(m, &sc);
		if (end < 0)
			break;
		compact = needs_compaction(m, sc.order, end, classzone);
		raise_priority = balance_round(m, &sc, end, &nr_attempted);
		total += sc.nr_reclaimed;
		if (sc.order && sc.nr_reclaimed >= 2ull << sc.order)
			sc.order = 0; /* fragmented: order 0 has to do */
		if (compact && sc.nr_reclaimed > nr_attempted)
			compact_pgdat(m, sc.order);
		if (raise_priority || !sc.nr_reclaimed)
			sc.priority--;
	} while (sc.priority >= 1 && !pgdat_balanced(m, sc.order, classzone));
	m->memalloc = m->kswapd.running = false;
	observe(m, KSWAPD, order, total, (uint64_t)sc.priority, 0);
}

void wakeup_kswapd(struct machine *m, struct zone *z, unsigned order,
		   enum zone_type classzone)
{
	struct kswapd *k = &m->kswapd;
	story(m, z->type, order);

	if (k->order < order) {
		k->order = order;
		if (classzone < k->classzone)
			k->classzone = classzone;
	}
	if (m->memalloc || k->woken || zone_balanced(z, order, 0, 0))
		return;
	k->woken = true;
}

void __kswapd_run(struct machine *m)
{
	struct kswapd *k = &m->kswapd;
	enum zone_type classzone = k->classzone;
	unsigned order = k->order;

	if (m->memalloc)
		return;
	if (k->napping)
		count_vm_event(m, KSWAPD_LOW_WMARK_HIT_QUICKLY);
	k->napping = true;
	k->woken = false;
	k->order = 0;
	k->classzone = MAX_NR_ZONES - 1;
	balance_pgdat(m, order, classzone);
	if (!pgdat_balanced(m, order, classzone)) {
		count_vm_event(m, KSWAPD_HIGH_WMARK_HIT_QUICKLY);
		k->woken = true;
		k->napping = false;
	} else {
		reset_isolation_suitable(m); /* it sleeps: memory is new */
	}
}

void kswapd_balance(struct machine *m)
{
	balance_pgdat(m, 0, MAX_NR_ZONES - 1);
	m->kswapd.woken = false;
}

/* ---- direct reclaim ---- */

/* Free frames enough to build a block of: compaction's turn. */
static bool compaction_ready(struct zone *z, const struct scan_control *sc)
{
	uint64_t mark = z->watermark[WMARK_HIGH] + balance_gap_of(z) +
			((uint64_t)2 << sc->order);
	bool enough;

	if (sc->order <= PAGE_ALLOC_COSTLY_ORDER)
		return false;
	enough = zone_watermark_ok(z, 0, mark, ZONE_DMA, 0);
	if (compaction_deferred(z, sc->order))
		return enough;
	return enough &&
	       compaction_suitable(z, (int)sc->order) != COMPACT_SKIPPED;
}

/* true: a zone was left to compaction; going on would not help. */
static bool shrink_zones(struct machine *m, enum zone_type high,
			 struct scan_control *sc)
{
	bool aborted = false;

	for (int i = high; i >= 0; i--) {
		struct zone *z = &m->zone[i];

		if (!populated_zone(z) || (!sc->target_mem_cgroup &&
					   sc->priority != DEF_PRIORITY &&
					   !zone_reclaimable(m, z)))
			continue;
		if (!sc->target_mem_cgroup && compaction_ready(z, sc))
			aborted = true;
		else
			shrink_zone(m, z, sc);
	}
	return aborted;
}

static bool all_unreclaimable(const struct machine *m, enum zone_type high)
{
	for (int i = high; i >= 0; i--)
		if (populated_zone(&m->zone[i]) &&
		    zone_reclaimable(m, &m->zone[i]))
			return false;
	return true;
}

/* Dentries and inodes, by as much as was scanned of the pages. */
static void shrink_slab_too(struct machine *m, enum zone_type high,
			    struct scan_control *sc)
{
	uint64_t lru_pages = 0;

	for (int i = high; i >= 0; i--)
		lru_pages += zone_reclaimable_pages(m, &m->zone[i]);
	m->reclaimed_slab = 0;
	shrink_slab(m, sc->gfp, sc->nr_scanned, lru_pages);
	sc->nr_reclaimed += m->reclaimed_slab;
}

/*
 * Linux: do_try_to_free_pages(). A memory cgroup at its limit has no slabs, and
 * no zone is too short for it.
 */
static uint64_t direct_reclaim_zones(struct machine *m, enum zone_type high,
				     struct scan_control *sc)
{
	bool global = !sc->target_mem_cgroup;
	uint64_t total_scanned = 0;
	bool aborted;

	if (global)
		count_vm_event(m, ALLOCSTALL);
	do {
		sc->nr_scanned = 0;
		aborted = shrink_zones(m, high, sc);
		if (global)
			shrink_slab_too(m, high, sc);
		total_scanned += sc->nr_scanned;
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			return sc->nr_reclaimed;
		if (total_scanned > sc->nr_to_reclaim + sc->nr_to_reclaim / 2)
			wakeup_flusher_threads(m, total_scanned);
	} while (--sc->priority >= 0 && !aborted);
	if (sc->nr_reclaimed || aborted)
		return max_t(uint64_t, sc->nr_reclaimed, 1);
	return global && !all_unreclaimable(m, high);
}

uint64_t try_to_free_pages(struct machine *m, gfp_t gfp, unsigned order)
{
	struct scan_control sc = {.gfp = gfp,
				  .order = order,
				  .priority = DEF_PRIORITY,
				  .nr_to_reclaim = SWAP_CLUSTER_MAX};
	uint64_t progress;
	story(m, gfp, order);

	mm_assert(!m->memalloc);
	m->memalloc = true;
	progress = direct_reclaim_zones(m, gfp_zone(m, gfp), &sc);
	m->memalloc = false;
	observe(m, DIRECT_RECLAIM, order, sc.nr_reclaimed,
		(uint64_t)(int64_t)sc.priority, 0);
	return progress;
}

/* Unlike the machine's, a group's reclaim may not use the last frames. */
uint64_t try_to_free_mem_cgroup_pages(struct machine *m,
				      struct mem_cgroup *memcg, gfp_t gfp,
				      bool noswap)
{
	struct scan_control sc = {
		.gfp = (gfp & GFP_RECLAIM_MASK) |
		       (GFP_HIGHUSER_MOVABLE & ~(gfp_t)GFP_RECLAIM_MASK),
		.target_mem_cgroup = memcg,
		.noswap = noswap,
		.priority = DEF_PRIORITY,
		.nr_to_reclaim = SWAP_CLUSTER_MAX,
	};

	return direct_reclaim_zones(m, gfp_zone(m, sc.gfp), &sc);
}

/* The frames of programs that no event speaks of. */
static int occupy(struct machine *m, uint64_t bytes)
{
	uint64_t nr = bytes >> m->page_shift;

	while (nr--) {
		struct page *page = alloc_page(m, GFP_HIGHUSER_MOVABLE);

		if (!page)
			return -ENOMEM;
		SetPageKernel(page);
	}
	return 0;
}

int reclaim_subsys_init(struct machine *m, const char **why)
{
	m->kswapd.classzone = MAX_NR_ZONES - 1;
	m->reclaim = try_to_free_pages;
	m->wakeup_kswapd = wakeup_kswapd;
	*why = "ram.occupied leaves no memory";
	return occupy(m, m->cfg.occupied);
}
