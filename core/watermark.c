/*
 * watermark.c - how much of each zone is kept back, and for whom.
 *
 *   min_free_kbytes = sqrt(16 * lowmem kB), 128 to 65536
 *        │ shared out by size
 *        ▼
 *   zone:  0 ──── min ──── low ──── high ─────────────► managed
 *              │       │        └ kswapd sleeps again
 *              │       └ kswapd is woken (and the fast path ends)
 *              └ only emergencies below
 *
 * HighMem needs little of its own: min is managed/1024, 32 to 128; low and high
 * keep the distances that its full share would give.
 *
 * A request that could be satisfied from a higher zone must leave
 * lowmem_reserve[its class] frames more in a lower one:
 *
 *   zone[i].lowmem_reserve[j] = (managed of zones i+1 .. j) / ratio[i]
 *
 * All from managed_pages as they are when boot's initcalls run: the init
 * sections, freed later, are not in them yet.
 *
 * Linux: mm/page_alloc.c (init_per_zone_wmark_min and below).
 */
#include "core/buddy.h"
#include "core/swap.h"

#define DMA32_RESERVE_RATIO 256
#define DIRTY_RATIO 20 /* percent; sysctl vm.dirty_ratio */

/* ---- per-CPU lists ---- */

unsigned zone_batchsize(const struct machine *m, uint64_t managed)
{
	uint64_t batch = managed / 1024;

	if (batch * m->page_size > 512 * 1024)
		batch = 512 * 1024 / m->page_size;
	batch /= 4;
	if (batch < 1)
		batch = 1;
	/* a power of two less one: neighbours in the cache spread better */
	return (1u << ilog2_u64(batch + batch / 2)) - 1;
}

void zone_pcp_init(struct machine *m, struct zone *z)
{
	unsigned fraction = m->cfg.percpu_pagelist_fraction;
	unsigned batch = zone_batchsize(m, z->managed_pages);

	if (!fraction) {
		z->pageset.high = 6 * batch;
		z->pageset.batch = batch ? batch : 1;
		return;
	}
	z->pageset.high = (uint32_t)(z->managed_pages / fraction);
	z->pageset.batch = z->pageset.high / 4 ? z->pageset.high / 4 : 1;
	if (z->pageset.high / 4 > m->page_shift * 8)
		z->pageset.batch = m->page_shift * 8;
}

/* ---- watermarks ---- */

/* Frames above high in the zones that a request of this class can use. */
static uint64_t nr_free_zone_pages(const struct machine *m, enum zone_type top)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= top; i++) {
		const struct zone *z = &m->zone[i];

		if (populated_zone(z) &&
		    z->managed_pages > z->watermark[WMARK_HIGH])
			sum += z->managed_pages - z->watermark[WMARK_HIGH];
	}
	return sum;
}

static uint64_t computed_min_free_kbytes(const struct machine *m)
{
	uint64_t lowmem_kbytes =
		nr_free_zone_pages(m, ZONE_NORMAL) * (m->page_size / 1024);
	uint64_t kbytes = int_sqrt(lowmem_kbytes * 16);

	if (kbytes < 128)
		return 128;
	return kbytes > 65536 ? 65536 : kbytes;
}

/* ---- reserve blocks ---- */

/* One pageblock: *want more Reserve blocks are wanted before this one. */
static void reserve_block(struct machine *m, struct zone *z, pfn_t pfn,
			  unsigned *want)
{
	pfn_t end = pfn + pageblock_nr_pages(m);
	uint8_t type = *pageblock_type_of(m, z, pfn);

	if (*want) {
		if (range_has_reserved(m, pfn,
				       end < zone_end_pfn(z) ? end
							     : zone_end_pfn(z)))
			return;
		if (type == MIGRATE_RESERVE || type == MIGRATE_MOVABLE)
			--*want;
		if (type == MIGRATE_MOVABLE) {
			set_pageblock_migratetype(m, pfn, MIGRATE_RESERVE);
			move_freepages_block(m, z, pfn_to_page(m, pfn),
					     MIGRATE_RESERVE);
		}
		if (type == MIGRATE_RESERVE || type == MIGRATE_MOVABLE)
			return;
	}
	if (type == MIGRATE_RESERVE) {
		set_pageblock_migratetype(m, pfn, MIGRATE_MOVABLE);
		move_freepages_block(m, z, pfn_to_page(m, pfn),
				     MIGRATE_MOVABLE);
	}
}

/*
 * As many of the zone's first suitable pageblocks as the min watermark fills,
 * two at most, are kept for requests that find nothing else.
 */
void setup_zone_migrate_reserve(struct machine *m, struct zone *z)
{
	uint64_t blocks =
		ALIGN_UP(z->watermark[WMARK_MIN], pageblock_nr_pages(m)) >>
		m->cfg.pageblock_order;
	unsigned want = blocks < 2 ? (unsigned)blocks : 2;
	pfn_t pfn = (pfn_t)ALIGN_UP(z->zone_start_pfn, pageblock_nr_pages(m));

	for (; pfn < zone_end_pfn(z); pfn += pageblock_nr_pages(m))
		reserve_block(m, z, pfn, &want);
}

static void set_zone_wmarks(struct machine *m, struct zone *z,
			    uint64_t pages_min, uint64_t lowmem_pages)
{
	uint64_t share =
		lowmem_pages ? pages_min * z->managed_pages / lowmem_pages : 0;
	uint64_t min = share;

	if (is_highmem(m, z)) {
		min = z->managed_pages / 1024;
		min = min < 32 ? 32 : min > 128 ? 128 : min;
	}
	z->watermark[WMARK_MIN] = min;
	z->watermark[WMARK_LOW] = min + (share >> 2);
	z->watermark[WMARK_HIGH] = min + (share >> 1);
	z->vm_stat[NR_ALLOC_BATCH] = (int64_t)z->watermark[WMARK_HIGH] -
				     (int64_t)z->watermark[WMARK_LOW];
	setup_zone_migrate_reserve(m, z);
}

static void set_inactive_ratio(struct machine *m, struct zone *z)
{
	uint64_t gb = (uint64_t)z->managed_pages >> (30 - m->page_shift);

	z->inactive_ratio = gb ? (uint32_t)int_sqrt(10 * gb) : 1;
}

void setup_per_zone_wmarks(struct machine *m)
{
	uint64_t pages_min, lowmem_pages = 0;
	struct zone *z;

	m->min_free_kbytes = m->cfg.min_free_kbytes
				     ? m->cfg.min_free_kbytes
				     : computed_min_free_kbytes(m);
	pages_min = m->min_free_kbytes >> (m->page_shift - 10);
	for_each_zone (z, m)
		if (!is_highmem(m, z))
			lowmem_pages += z->managed_pages;
	for_each_zone (z, m) {
		if (!populated_zone(z))
			continue;
		set_zone_wmarks(m, z, pages_min, lowmem_pages);
		set_inactive_ratio(m, z);
	}
	calculate_totalreserve_pages(m);
}

/* ---- lowmem_reserve ---- */

static uint32_t reserve_ratio(const struct machine *m, unsigned zone)
{
	uint32_t ratio = zone == ZONE_DMA      ? m->cfg.lowmem_reserve_ratio[0]
			 : zone == ZONE_DMA32  ? DMA32_RESERVE_RATIO
			 : zone == ZONE_NORMAL ? m->cfg.lowmem_reserve_ratio[1]
					       : m->cfg.lowmem_reserve_ratio[2];

	return ratio ? ratio : 1;
}

void setup_per_zone_lowmem_reserve(struct machine *m)
{
	for (unsigned j = 0; j < MAX_NR_ZONES; j++) {
		uint64_t managed = m->zone[j].managed_pages;

		m->zone[j].lowmem_reserve[j] = 0;
		for (unsigned i = j; i-- > 0;) {
			m->zone[i].lowmem_reserve[j] =
				managed / reserve_ratio(m, i);
			managed += m->zone[i].managed_pages;
		}
	}
	calculate_totalreserve_pages(m);
}

/* What no file or anonymous page should ever use of a zone. */
static uint64_t zone_kept_back(const struct zone *z)
{
	uint64_t max = 0;

	for (unsigned j = z->type; j < MAX_NR_ZONES; j++)
		if (z->lowmem_reserve[j] > max)
			max = z->lowmem_reserve[j];
	max += z->watermark[WMARK_HIGH];
	return max > z->managed_pages ? z->managed_pages : max;
}

void calculate_totalreserve_pages(struct machine *m)
{
	const struct zone *z;

	m->totalreserve_pages = 0;
	for_each_zone (z, m)
		m->totalreserve_pages += zone_kept_back(z);
}

/* ---- dirty pages spread over the zones ---- */

bool zone_dirty_ok(const struct machine *m, const struct zone *z)
{
	const int64_t *stat = z->vm_stat;
	int64_t kept = (int64_t)zone_kept_back(z);
	int64_t room = stat[NR_FREE_PAGES] + stat[NR_ACTIVE_FILE] +
		       stat[NR_INACTIVE_FILE];

	if (nr_swap_pages(m))
		room += stat[NR_ACTIVE_ANON] + stat[NR_INACTIVE_ANON];
	room -= room < kept ? room : kept;
	return stat[NR_FILE_DIRTY] + stat[NR_UNSTABLE_NFS] +
		       stat[NR_WRITEBACK] <=
	       room * DIRTY_RATIO / 100;
}
