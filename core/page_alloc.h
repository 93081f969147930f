/*
 * page_alloc.h - the page allocator: buddy system, per-CPU lists, watermarks.
 *
 * alloc_pages() returns the first frame of a block of 2^order frames, with one
 * reference, or NULL: an emulated outcome, not an error of ours. The caller
 * owns the block until __free_pages() with the same order (order 0: until
 * put_page() drops the last reference). Linux: mm/page_alloc.c.
 */
#ifndef MMEMU_CORE_PAGE_ALLOC_H
#define MMEMU_CORE_PAGE_ALLOC_H

#include "core/check.h"
#include "core/gfp.h"
#include "core/machine.h"

/* ---- take and give back ---- */

/* Linux: alloc_pages(). NULL when the machine cannot satisfy it. */
struct page *alloc_pages(struct machine *m, gfp_t gfp, unsigned order);
static inline struct page *alloc_page(struct machine *m, gfp_t gfp)
{
	return alloc_pages(m, gfp, 0);
}
/* Drop a reference of a block; frees it with the last. */
void __free_pages(struct machine *m, struct page *page, unsigned order);
/* Order 0, reference already 0: to the per-CPU list's head, or tail if cold. */
void free_hot_cold_page(struct machine *m, struct page *page, bool cold);
void free_hot_cold_page_list(struct machine *m, struct page *const *pages,
			     unsigned nr, bool cold);

static inline void get_page(struct page *page)
{
	page->_count++;
}
/*
 * Drop a reference of an order-0 frame; the last one takes it off its LRU list
 * and frees it hot (Linux: mm/swap.c put_page, release_pages).
 */
void put_page(struct machine *m, struct page *page);

/*
 * Tests make the n-th request for frames or objects from here on fail, as if
 * memory were out, by m->fail_alloc = n.
 * Linux: should_fail_alloc_page(), should_failslab() (CONFIG_FAULT_INJECTION)
 */
static inline bool should_fail_alloc(struct machine *m, gfp_t gfp)
{
	return unlikely(m->fail_alloc) && !(gfp & __GFP_NOFAIL) &&
	       !--m->fail_alloc;
}

/* All per-CPU lists to the buddy system. Linux: drain_all_pages(). */
void drain_all_pages(struct machine *m);

/* ---- questions ---- */
bool zone_watermark_ok(const struct zone *z, unsigned order, uint64_t mark,
		       enum zone_type classzone, unsigned alloc_flags);
#define ALLOC_WMARK_MIN WMARK_MIN
#define ALLOC_WMARK_LOW WMARK_LOW
#define ALLOC_WMARK_HIGH WMARK_HIGH
#define ALLOC_NO_WATERMARKS 0x04
#define ALLOC_WMARK_MASK 0x03
#define ALLOC_HARDER 0x10
#define ALLOC_HIGH 0x20
#define ALLOC_CPUSET 0x40

enum migratetype get_pageblock_migratetype(const struct machine *m, pfn_t pfn);
void set_pageblock_migratetype(struct machine *m, pfn_t pfn,
			       enum migratetype type);
extern const char *const migratetype_names[MIGRATE_TYPES];
enum zone_type gfp_zone(const struct machine *m, gfp_t gfp);
struct zone *page_zone(const struct machine *m, const struct page *page);
struct zone *pfn_zone(const struct machine *m, pfn_t pfn);
bool pfn_present(const struct machine *m, pfn_t pfn);  /* RAM, not a hole */
bool pfn_reserved(const struct machine *m, pfn_t pfn); /* kept by boot */

/*
 * Counters as reports show them: what this machine did, and what a loaded state
 * had (zone->boot_stat). Linux: zone_page_state(), global_page_state().
 */
static inline int64_t zone_page_state(const struct zone *z,
				      enum zone_stat_item item)
{
	return z->vm_stat[item] + z->boot_stat[item];
}
int64_t global_page_state(const struct machine *m, enum zone_stat_item item);
/* Without boot_stat: what checks find when they count. */
int64_t owned_page_state(const struct machine *m, enum zone_stat_item item);
/* Linux: totalram_pages, nr_free_highpages() and friends. */
uint64_t totalram_pages(const struct machine *m);
uint64_t totalhigh_pages(const struct machine *m);

static inline void mod_zone_page_state(struct zone *z, enum zone_stat_item item,
				       int64_t delta)
{
	z->vm_stat[item] += delta;
}
void inc_zone_page_state(struct machine *m, const struct page *page,
			 enum zone_stat_item item);
void dec_zone_page_state(struct machine *m, const struct page *page,
			 enum zone_stat_item item);

/* ---- walking the free lists, head first ---- */
uint32_t free_list_count(const struct zone *z, unsigned order,
			 enum migratetype type);
pfn_t first_free_block(const struct zone *z, unsigned order,
		       enum migratetype type);
pfn_t next_free_block(const struct machine *m, const struct zone *z,
		      unsigned order, enum migratetype type, pfn_t pfn);
#define for_each_free_block(pfn, m, z, order, type)             \
	for (pfn_t pfn = first_free_block(z, order, type); pfn; \
	     pfn = next_free_block(m, z, order, type, pfn))

/* Arithmetic, public because figures draw with it. */
static inline pfn_t find_buddy_pfn(pfn_t pfn, unsigned order)
{
	return pfn ^ (1u << order);
}

/*
 * Fragmentation indices per order in thousandths, as debugfs extfrag prints
 * them (mm/vmstat.c): unusable_free_index 0..1000; fragmentation_index -1000
 * when the request would succeed, else 0 (lack of memory) .. 1000 (fragmented).
 */
int unusable_free_index(const struct zone *z, unsigned order);
int fragmentation_index(const struct zone *z, unsigned order);

/* Linux: zone_dirty_ok(): room for another dirty page-cache page. */
bool zone_dirty_ok(const struct machine *m, const struct zone *z);

/* ---- boot ---- */

/*
 * nr frames of the kernel image's own data (swapper_pg_dir and the like): never
 * in the buddy system, zeroed at first, kept for good and across the loading
 * of a state. Returns the lowest pfn.
 */
pfn_t bss_alloc(struct machine *m, unsigned nr);

/*
 * Zones from memory size and layout, mem_map, free lists in the order in which
 * boot frees memory, per-CPU batches, watermarks, reserve blocks.
 * Linux: zone_sizes_init, mem_init, setup_per_cpu_pageset,
 * init_per_zone_wmark_min. machine_create() calls it first. 0 or -EINVAL.
 */
int page_alloc_init(struct machine *m);
void page_alloc_destroy(struct machine *m);
/* Batch and high of the per-CPU lists from managed_pages. */
void zone_pcp_init(struct machine *m, struct zone *z);
unsigned zone_batchsize(const struct machine *m, uint64_t managed);
/* min_free_kbytes 0 = computed. Linux: init_per_zone_wmark_min and below. */
void setup_per_zone_wmarks(struct machine *m);
void setup_per_zone_lowmem_reserve(struct machine *m);
void calculate_totalreserve_pages(struct machine *m);

/*
 * The state loader's tools: forget all free lists and counters of the zones,
 * then place blocks one at a time at the tail of a list.
 */
void zones_clear_free_lists(struct machine *m);
void zone_place_free_block(struct machine *m, struct zone *z, pfn_t pfn,
			   unsigned order, enum migratetype type);
void zone_place_pcp_page(struct machine *m, struct zone *z, pfn_t pfn,
			 enum migratetype list, enum migratetype return_to);

/* Invariants: see the heads of buddy.c and page_alloc.c. */
void page_alloc_check(const struct machine *m, struct checker *c);

#endif
