/*
 * compaction.c - free blocks out of scattered free frames.
 *
 * Two scanners walk a zone towards each other. The one from below takes pages
 * in use off the LRU lists, 32 at a time; the one from above takes free frames
 * off the buddy lists; migrate_pages() moves the first into the second.
 *
 *   zone   [ab.c|.d..|k.e.|..f.|....|g...]      letters: movable pages,
 *           ──►                       ◄──       k: the kernel's, '.' free
 *          [....|....|k...|..f.|edcb|gabc]      what is free at the low end
 *                      migrate ► ◄ free         is now in one piece
 *
 * Neither works everywhere. Migrate scanner: for an asynchronous run only in
 * movable pageblocks; a pageblock without anything to take is marked to be
 * skipped. Free scanner: movable pageblocks, or blocks as large as a pageblock;
 * never Reserve ones; nor does it take more than the low watermark allows.
 *
 * A run ends when the scanners meet (COMPLETE), or for a request, when its
 * zone has a block for it (PARTIAL). It does not begin (SKIPPED) when memory is
 * lacking rather than fragmented: less than low + 2 * 2^order free, or a
 * fragmentation index of 500 or less.
 *
 * The caller of a failed run puts off the next ones: 1, 2, 4 ... 64 requests
 * of that order or higher go without (defer_compaction).
 *
 * Invariants (compaction_check tests them under the same numbers)
 *  1. Outside a run no page is isolated: NR_ISOLATED_ANON and _FILE are 0.
 *  2. The cached positions of the scanners are 0 (never run) or in the zone.
 *  3. compact_defer_shift <= 6, compact_considered <= 2^compact_defer_shift.
 *
 * Linux: mm/compaction.c.
 */
#include "core/compaction.h"
#include "core/buddy.h"
#include "core/filemap.h"
#include "core/migrate.h"
#include "core/subsystems.h"
#include "core/swap.h"

#define COMPACT_CLUSTER_MAX 32
#define COMPACT_MAX_DEFER_SHIFT 6
#define EXTFRAG_THRESHOLD 500 /* sysctl vm.extfrag_threshold */
#define WHOLE_ZONE (-1)

struct compact_control {
	struct machine *m;
	struct zone *z;
	struct page_list freepages, migratepages;
	pfn_t free_pfn, migrate_pfn; /* where the scanners stand */
	int order;		     /* of the request; WHOLE_ZONE */
	enum migratetype mt;
	bool sync;
	bool finished_update_free, finished_update_migrate;
};

/* ---- pageblocks to pass over ---- */

static uint8_t *pageblock_skip(const struct compact_control *cc, pfn_t pfn)
{
	const struct machine *m = cc->m;

	return &m->pageblock_skip[(pfn >> m->cfg.pageblock_order) +
				  zone_idx(cc->z)];
}

static void __reset_isolation_suitable(struct machine *m, struct zone *z)
{
	struct compact_control cc = {.m = m, .z = z};

	z->compact_cached_migrate_pfn = z->zone_start_pfn;
	z->compact_cached_free_pfn =
		zone_end_pfn(z) & ~(pageblock_nr_pages(m) - 1);
	z->compact_blockskip_flush = false;
	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z);
	     pfn += pageblock_nr_pages(m))
		*pageblock_skip(&cc, pfn) = false;
	*pageblock_skip(&cc, zone_end_pfn(z) - 1) = false;
}

void reset_isolation_suitable(struct machine *m)
{
	struct zone *z;

	for_each_zone(z, m)
		if (populated_zone(z) && z->compact_blockskip_flush)
			__reset_isolation_suitable(m, z);
}

/* Nothing was taken from the whole pageblock that begins at pfn. */
static void update_pageblock_skip(struct compact_control *cc, pfn_t pfn,
				  unsigned nr_isolated, bool migrate_scanner)
{
	struct zone *z = cc->z;

	if (nr_isolated || !pfn)
		return;
	*pageblock_skip(cc, pfn) = true;
	if (migrate_scanner && !cc->finished_update_migrate &&
	    pfn > z->compact_cached_migrate_pfn)
		z->compact_cached_migrate_pfn = pfn;
	if (!migrate_scanner && !cc->finished_update_free &&
	    pfn < z->compact_cached_free_pfn)
		z->compact_cached_free_pfn = pfn;
}

/* ---- the scanner from above: free frames ---- */

static bool suitable_migration_target(const struct compact_control *cc,
				      const struct page *page)
{
	const struct machine *m = cc->m;
	enum migratetype mt =
		*pageblock_type_of(m, cc->z, page_to_pfn(m, page));

	if (mt == MIGRATE_RESERVE)
		return false;
	if (PageBuddy(page) && page->private >= m->cfg.pageblock_order)
		return true;
	return mt == MIGRATE_MOVABLE;
}

/* A free block becomes single frames with a reference each; how many. */
static unsigned split_free_page(struct compact_control *cc, struct page *page)
{
	struct machine *m = cc->m;
	unsigned order = page->private, nr = 1u << order;
	pfn_t pfn = page_to_pfn(m, page), end = pfn + nr;

	if (!zone_watermark_ok(cc->z, 0, cc->z->watermark[WMARK_LOW] + nr,
			       ZONE_DMA, 0))
		return 0;
	take_free_block(m, cc->z, page);
	mod_zone_page_state(cc->z, NR_FREE_PAGES, -(int64_t)nr);
	for (unsigned i = 0; i < nr; i++) {
		page[i]._count = 1;
		page_list_add(m, &cc->freepages, &page[i]);
	}
	if (order + 1 >= m->cfg.pageblock_order)
		for (; pfn < end; pfn += pageblock_nr_pages(m))
			*pageblock_type_of(m, cc->z, pfn) = MIGRATE_MOVABLE;
	return nr;
}

/* [pfn, end) of one pageblock; frames taken. */
static unsigned isolate_freepages_block(struct compact_control *cc, pfn_t pfn,
					pfn_t end)
{
	pfn_t start = pfn, block = pfn & ~(((pfn_t)1 << (MAX_ORDER - 1)) - 1);
	unsigned total = 0, scanned = 0, nr;

	link_fresh_block(cc->m, cc->z, block);
	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_page(cc->m, pfn);

		scanned++;
		if (!PageBuddy(page))
			continue;
		if (!suitable_migration_target(cc, page))
			break;
		nr = split_free_page(cc, page);
		total += nr;
		pfn += nr ? nr - 1 : 0;
	}
	count_vm_events(cc->m, COMPACT_FREE_SCANNED, scanned);
	count_vm_events(cc->m, COMPACT_ISOLATED, total);
	if (pfn >= end)
		update_pageblock_skip(cc, start, total, false);
	return total;
}

/* Until there are as many free frames as pages that want one. */
static void isolate_freepages(struct compact_control *cc)
{
	pfn_t block = pageblock_nr_pages(cc->m), pfn = cc->free_pfn;
	pfn_t low = cc->migrate_pfn + block, high = pfn < low ? pfn : low;
	pfn_t zone_end = zone_end_pfn(cc->z);
	story(cc->m);

	for (; pfn > low && cc->migratepages.nr > cc->freepages.nr;
	     pfn -= block) {
		if (pfn < cc->z->zone_start_pfn || pfn >= zone_end ||
		    !suitable_migration_target(cc, pfn_to_page(cc->m, pfn)) ||
		    *pageblock_skip(cc, pfn))
			continue;
		if (isolate_freepages_block(cc, pfn,
					    min_t(pfn_t, pfn + block,
						  zone_end))) {
			cc->finished_update_free = true;
			high = max_t(pfn_t, high, pfn);
		}
	}
	cc->free_pfn = high;
}

/* migrate_pages() wants a frame. */
static struct page *compaction_alloc(struct machine *m,
				     struct page *page __unused_arg, void *ctx)
{
	struct compact_control *cc = ctx;
	struct page *free;

	if (!cc->freepages.nr)
		isolate_freepages(cc);
	free = page_list_first(m, &cc->freepages);
	if (free)
		page_list_del(m, &cc->freepages, free);
	return free;
}

static void release_freepages(struct compact_control *cc)
{
	struct page *page;

	while ((page = page_list_first(cc->m, &cc->freepages))) {
		page_list_del(cc->m, &cc->freepages, page);
		__free_pages(cc->m, page, 0);
	}
}

/* ---- the scanner from below: movable pages ---- */

/*
 * Take the page off its LRU list. Pages that may not be evicted stay where
 * they are. Linux: __isolate_lru_page() and del_page_from_lru_list().
 */
static bool isolate_for_migration(struct compact_control *cc,
				  struct page *page)
{
	if (!PageLRU(page) || PageUnevictable(page))
		return false;
	if (!cc->sync && PageWriteback(page))
		return false;
	if (isolate_lru_page(cc->m, page))
		return false;
	page_list_add(cc->m, &cc->migratepages, page);
	acct_isolated(cc->m, page, 1);
	return true;
}

/* May this pageblock be passed over, whatever is in it? */
static bool skip_pageblock(struct compact_control *cc, pfn_t pfn)
{
	if (*pageblock_skip(cc, pfn))
		return true;
	if (cc->sync ||
	    *pageblock_type_of(cc->m, cc->z, pfn) == MIGRATE_MOVABLE)
		return false;
	cc->finished_update_migrate = true;
	return true;
}

/*
 * [pfn, end) of one pageblock: where the scan stopped. A run of blocks that are
 * free since boot counts as scanned, frame by frame.
 */
static pfn_t isolate_migratepages_range(struct compact_control *cc, pfn_t pfn,
					pfn_t end)
{
	unsigned scanned = 0, isolated = 0;
	pfn_t start = pfn;

	if (skip_pageblock(cc, pfn)) {
		scanned = 1;
		pfn = end;
	} else if (find_fresh_run(cc->z, pfn)) {
		scanned = end - pfn;
		pfn = end;
	}
	while (pfn < end && isolated < COMPACT_CLUSTER_MAX) {
		scanned++;
		isolated += isolate_for_migration(cc,
						  pfn_to_page(cc->m, pfn++));
	}
	if (isolated)
		cc->finished_update_migrate = true;
	if (pfn == end)
		update_pageblock_skip(cc, start, isolated, true);
	count_vm_events(cc->m, COMPACT_MIGRATE_SCANNED, scanned);
	count_vm_events(cc->m, COMPACT_ISOLATED, isolated);
	return pfn;
}

/* The next cluster from one pageblock. false: the scanner only moved on. */
static bool isolate_migratepages(struct compact_control *cc)
{
	pfn_t low = max_t(pfn_t, cc->migrate_pfn, cc->z->zone_start_pfn);
	pfn_t end = (pfn_t)ALIGN_UP(low + 1, pageblock_nr_pages(cc->m));
	story(cc->m);

	if (end > cc->free_pfn) {
		cc->migrate_pfn = end;
		return false;
	}
	cc->migrate_pfn = isolate_migratepages_range(cc, low, end);
	return true;
}

/* ---- one zone ---- */

enum compact_result compaction_suitable(const struct zone *z, int order)
{
	uint64_t watermark;
	int fragindex;

	if (order == WHOLE_ZONE)
		return COMPACT_CONTINUE;
	watermark = z->watermark[WMARK_LOW] + ((uint64_t)2 << order);
	if (!zone_watermark_ok(z, 0, watermark, ZONE_DMA, 0))
		return COMPACT_SKIPPED;
	fragindex = fragmentation_index(z, (unsigned)order);
	if (fragindex >= 0 && fragindex <= EXTFRAG_THRESHOLD)
		return COMPACT_SKIPPED;
	if (fragindex == -1000 &&
	    zone_watermark_ok(z, (unsigned)order, watermark, ZONE_DMA, 0))
		return COMPACT_PARTIAL;
	return COMPACT_CONTINUE;
}

static enum compact_result compact_finished(struct compact_control *cc)
{
	struct zone *z = cc->z;
	unsigned order = (unsigned)cc->order;

	if (cc->free_pfn <= cc->migrate_pfn) {
		if (!cc->m->kswapd.running) /* it flushes by itself, asleep */
			z->compact_blockskip_flush = true;
		return COMPACT_COMPLETE;
	}
	if (cc->order == WHOLE_ZONE)
		return COMPACT_CONTINUE;
	if (!zone_watermark_ok(z, order,
			       z->watermark[WMARK_LOW] + ((uint64_t)1 << order),
			       ZONE_DMA, 0))
		return COMPACT_CONTINUE;
	for (unsigned o = order; o < MAX_ORDER; o++)
		if (free_list_count(z, o, cc->mt) ||
		    (order >= cc->m->cfg.pageblock_order &&
		     z->free_area[o].nr_free))
			return COMPACT_PARTIAL;
	return COMPACT_CONTINUE;
}

/* Scanners begin where the last run stopped taking things. */
static void set_scanners(struct compact_control *cc)
{
	struct zone *z = cc->z;
	pfn_t start = z->zone_start_pfn, end = zone_end_pfn(z);

	cc->migrate_pfn = z->compact_cached_migrate_pfn;
	cc->free_pfn = z->compact_cached_free_pfn;
	if (cc->free_pfn < start || cc->free_pfn > end) {
		cc->free_pfn = end & ~(pageblock_nr_pages(cc->m) - 1);
		z->compact_cached_free_pfn = cc->free_pfn;
	}
	if (cc->migrate_pfn < start || cc->migrate_pfn > end) {
		cc->migrate_pfn = start;
		z->compact_cached_migrate_pfn = start;
	}
}

/* Put off as often as can be, and now tried again. */
static bool compaction_restarting(const struct zone *z, int order)
{
	return order >= (int)z->compact_order_failed &&
	       z->compact_defer_shift == COMPACT_MAX_DEFER_SHIFT &&
	       z->compact_considered >= 1u << COMPACT_MAX_DEFER_SHIFT;
}

/* false: no frames to move to. */
static bool migrate_cluster(struct compact_control *cc)
{
	int err;

	if (!isolate_migratepages(cc) || !cc->migratepages.nr)
		return true;
	err = migrate_pages(cc->m, &cc->migratepages, compaction_alloc, cc);
	putback_movable_pages(cc->m, &cc->migratepages);
	return err != -ENOMEM;
}

static enum compact_result compact_zone(struct compact_control *cc)
{
	enum compact_result ret = compaction_suitable(cc->z, cc->order);
	story(cc->m, zone_idx(cc->z), cc->order);

	if (ret != COMPACT_CONTINUE)
		return ret;
	if (compaction_restarting(cc->z, cc->order) && !cc->m->kswapd.running)
		__reset_isolation_suitable(cc->m, cc->z);
	set_scanners(cc);
	lru_add_drain(cc->m);
	while ((ret = compact_finished(cc)) == COMPACT_CONTINUE) {
		if (!migrate_cluster(cc)) {
			ret = COMPACT_PARTIAL;
			break;
		}
	}
	release_freepages(cc);
	observe(cc->m, COMPACT, zone_idx(cc->z), (uint64_t)cc->order,
		ret, (uint64_t)cc->z->vm_stat[NR_FREE_PAGES]);
	return ret;
}

/* ---- putting off ---- */

void defer_compaction(struct zone *z, unsigned order)
{
	z->compact_considered = 0;
	z->compact_defer_shift++;
	if (order < z->compact_order_failed)
		z->compact_order_failed = order;
	if (z->compact_defer_shift > COMPACT_MAX_DEFER_SHIFT)
		z->compact_defer_shift = COMPACT_MAX_DEFER_SHIFT;
}

bool compaction_deferred(struct zone *z, unsigned order)
{
	uint32_t limit = 1u << z->compact_defer_shift;

	if (order < z->compact_order_failed)
		return false;
	if (++z->compact_considered > limit)
		z->compact_considered = limit;
	return z->compact_considered < limit;
}

void compaction_succeeded(struct zone *z, unsigned order)
{
	z->compact_blockskip_flush = false;
	z->compact_considered = 0;
	z->compact_defer_shift = 0;
	if (order >= z->compact_order_failed)
		z->compact_order_failed = order + 1;
}

/* ---- who asks ---- */

enum compact_result try_to_compact_pages(struct machine *m, struct zone *top,
					 unsigned order, gfp_t gfp,
					 enum migratetype mt,
					 unsigned alloc_flags, bool sync)
{
	enum compact_result best = COMPACT_SKIPPED;
	story(m, order, gfp);

	if (!order || !(gfp & __GFP_FS) || !(gfp & __GFP_IO))
		return COMPACT_SKIPPED;
	count_vm_event(m, COMPACT_STALL);
	for (struct zone *z = top; z >= m->zone; z--) {
		struct compact_control cc = {.m = m,
					     .z = z,
					     .order = (int)order,
					     .mt = mt,
					     .sync = sync};
		enum compact_result ret;

		if (!populated_zone(z))
			continue;
		ret = compact_zone(&cc);
		best = ret > best ? ret : best;
		if (zone_watermark_ok(z, order, z->watermark[WMARK_LOW],
				      ZONE_DMA, alloc_flags))
			break;
	}
	return best;
}

/* Where a block is there now, requests of that order need not be put off. */
void compact_pgdat(struct machine *m, unsigned order)
{
	struct zone *z;

	for_each_zone(z, m) {
		struct compact_control cc = {
			.m = m, .z = z, .order = (int)order};

		if (!populated_zone(z) || !order)
			continue;
		if (!compaction_deferred(z, order))
			compact_zone(&cc);
		if (zone_watermark_ok(z, order, z->watermark[WMARK_LOW],
				      ZONE_DMA, 0) &&
		    order >= z->compact_order_failed)
			z->compact_order_failed = order + 1;
	}
}

void compact_node(struct machine *m)
{
	struct zone *z;

	lru_add_drain(m);
	for_each_zone(z, m) {
		struct compact_control cc = {
			.m = m, .z = z, .order = WHOLE_ZONE, .sync = true};

		if (!populated_zone(z))
			continue;
		__reset_isolation_suitable(m, z);
		compact_zone(&cc);
	}
}

/* ---- the part's life ---- */

int compaction_subsys_init(struct machine *m, const char **why __unused_arg)
{
	m->pageblock_skip = host_alloc(&m->host, m->nr_pageblock_types);
	return 0;
}

void compaction_subsys_destroy(struct machine *m)
{
	if (m->pageblock_skip)
		host_free(&m->host, m->pageblock_skip, m->nr_pageblock_types);
	m->pageblock_skip = NULL;
}

static void check_position(const struct zone *z, pfn_t pfn, struct checker *c)
{
	CHECK(c, !pfn || (pfn >= z->zone_start_pfn && pfn <= zone_end_pfn(z)),
	      "compaction 2: a scanner of zone %s stands at pfn %u", z->name,
	      pfn);
}

void compaction_check(const struct machine *m, struct checker *c)
{
	const struct zone *z;

	for_each_zone(z, m) {
		if (!populated_zone(z))
			continue;
		CHECK(c,
		      !z->vm_stat[NR_ISOLATED_ANON] &&
			      !z->vm_stat[NR_ISOLATED_FILE],
		      "compaction 1: zone %s has isolated pages", z->name);
		check_position(z, z->compact_cached_migrate_pfn, c);
		check_position(z, z->compact_cached_free_pfn, c);
		CHECK(c,
		      z->compact_defer_shift <= COMPACT_MAX_DEFER_SHIFT &&
			      z->compact_considered <=
				      1u << z->compact_defer_shift,
		      "compaction 3: zone %s puts off %u times of 2^%u",
		      z->name, z->compact_considered, z->compact_defer_shift);
	}
}
