/*
 * mmzone.h - zones, their free lists, per-CPU lists, watermarks, LRU lists.
 *
 *   struct machine ── zone[DMA] ── free_area[order 0..10] ── free_list[type]
 *                  ├─ zone[Normal]    pageset (per-CPU lists, order 0 only)
 *                  └─ zone[HighMem]   watermark[min, low, high], lruvec.lru[...]
 *
 * Linux: include/linux/mmzone.h.
 */
#ifndef MMEMU_CORE_MMZONE_H
#define MMEMU_CORE_MMZONE_H

#include "core/page.h"
#include "core/vmstat.h"

#define MAX_ORDER 11 /* blocks of 1 to 1024 frames */
#define PAGE_ALLOC_COSTLY_ORDER 3

enum zone_type {
	ZONE_DMA,
	ZONE_DMA32, /* 64-bit machines only */
	ZONE_NORMAL,
	ZONE_HIGHMEM, /* i386 only */
	ZONE_MOVABLE,
	MAX_NR_ZONES
};

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_MOVABLE,
	MIGRATE_PCPTYPES, /* types with a per-CPU list */
	MIGRATE_RESERVE = MIGRATE_PCPTYPES,
	MIGRATE_TYPES
};

enum zone_watermarks {
	WMARK_MIN,
	WMARK_LOW,
	WMARK_HIGH,
	NR_WMARK
};

enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,
	NR_LRU_LISTS
};

/*
 * Blocks of the largest order that nobody has touched since boot are not linked
 * but kept as ranges of frames: they follow the linked ones on the Movable
 * list, the highest address first, and are linked one by one when they come to its
 * head. So a machine of 64 GiB boots without touching its mem_map.
 * Readers walk lists with for_each_free_block() (page_alloc.h).
 */
#define MAX_FRESH_RUNS 16
struct fresh_run {
	pfn_t start, end;
};

struct free_area {
	struct page_list free_list[MIGRATE_TYPES]; /* heads of free blocks */
	uint32_t nr_free;			   /* blocks, all types */
};

struct per_cpu_pages {
	uint32_t count; /* frames on the lists */
	uint32_t high;	/* drain a batch at this count */
	uint32_t batch;
	struct page_list lists[MIGRATE_PCPTYPES];
};

/* [0] anonymous, [1] file: pages looked at and pages found in use lately. */
struct zone_reclaim_stat {
	uint64_t recent_scanned[2], recent_rotated[2];
};

/* The LRU lists of a zone, or of a memory cgroup's pages in it. */
struct lruvec {
	struct page_list lru[NR_LRU_LISTS];
	struct zone_reclaim_stat reclaim_stat;
};

struct zone {
	const char *name; /* "DMA", "Normal", "HighMem" ... */
	enum zone_type type;
	bool configured; /* has a column in lowmem_reserve, may be empty */
	pfn_t zone_start_pfn;
	uint32_t spanned_pages; /* end - start, holes too */
	uint32_t present_pages; /* without holes */
	uint32_t managed_pages; /* ever handed to the buddy system; 0: empty */

	uint64_t watermark[NR_WMARK];
	uint64_t lowmem_reserve[MAX_NR_ZONES]; /* by class zone */
	uint32_t inactive_ratio;
	uint64_t pages_scanned; /* since frames were last freed here */

	struct free_area free_area[MAX_ORDER];
	struct fresh_run fresh[MAX_FRESH_RUNS]; /* ascending */
	unsigned nr_fresh;
	uint32_t fresh_blocks; /* counted in nr_free too */
	/* compaction.c: where its scanners begin, how often it is put off */
	pfn_t compact_cached_migrate_pfn, compact_cached_free_pfn;
	uint32_t compact_considered, compact_defer_shift;
	unsigned compact_order_failed;
	bool compact_blockskip_flush; /* forget the skip marks some time */
	struct per_cpu_pages pageset;
	struct lruvec lruvec; /* of pages that belong to no memory cgroup */
	bool tail_lru_dirty; /* ZONE_TAIL_LRU_DIRTY: the oldest files need
				writing; kswapd does it */
	int64_t vm_stat[NR_VM_ZONE_STAT_ITEMS];
	/* Beside vm_stat: frames of a loaded state's own kernel and processes,
	 * which are no objects of this machine. */
	int64_t boot_stat[NR_VM_ZONE_STAT_ITEMS];
};

static inline pfn_t zone_end_pfn(const struct zone *z)
{
	return z->zone_start_pfn + z->spanned_pages;
}

static inline bool populated_zone(const struct zone *z)
{
	return z->present_pages != 0;
}

#endif
