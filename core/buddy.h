/*
 * buddy.h - the buddy system below the page allocator: one zone's free lists.
 *
 * Shared by buddy.c, page_alloc.c, bootmem.c and watermark.c; everybody else
 * asks page_alloc.h. None of these touch NR_FREE_PAGES: the caller counts, as
 * in the kernel. Linux: mm/page_alloc.c.
 */
#ifndef MMEMU_CORE_BUDDY_H
#define MMEMU_CORE_BUDDY_H

#include "core/page_alloc.h"

/* A block of 2^order frames of migrate type mt, or NULL; count still 0. */
struct page *__rmqueue(struct machine *m, struct zone *z, unsigned order,
		       enum migratetype mt);
/* The free block with this head off its list, as it is: its order.
 * Linux: the first half of split_free_page(). */
unsigned take_free_block(struct machine *m, struct zone *z, struct page *page);
/* Give a block back to list mt, merged with free buddies. */
void __free_one_page(struct machine *m, struct zone *z, struct page *page,
		     unsigned order, enum migratetype mt);
/* All free blocks of page's pageblock to the lists of mt: frames moved. */
unsigned move_freepages_block(struct machine *m, struct zone *z,
			      struct page *page, enum migratetype mt);
/* Put a block on a list as it is, without merging. */
void add_to_free_list(struct machine *m, struct zone *z, struct page *page,
		      unsigned order, enum migratetype mt, bool tail);

/* A whole block of the largest order, freed by boot: behind the others. */
void add_fresh_block(struct machine *m, struct zone *z, pfn_t pfn);
/* If the block at pfn is fresh, link it like any other. */
void link_fresh_block(struct machine *m, struct zone *z, pfn_t pfn);
/* The run that pfn lies in, or NULL. */
const struct fresh_run *find_fresh_run(const struct zone *z, pfn_t pfn);

static inline bool zone_spans_pfn(const struct zone *z, pfn_t pfn)
{
	return pfn - z->zone_start_pfn < z->spanned_pages;
}

static inline unsigned zone_idx(const struct zone *z)
{
	return z->type;
}

static inline bool is_highmem(const struct machine *m, const struct zone *z)
{
	return z->type == ZONE_HIGHMEM ||
	       (z->type == ZONE_MOVABLE && z->zone_start_pfn >= m->max_low_pfn);
}

static inline pfn_t pageblock_nr_pages(const struct machine *m)
{
	return (pfn_t)1 << m->cfg.pageblock_order;
}

/*
 * Each zone has its own type for a pageblock that it shares with a neighbour:
 * shifted by the zone's number, no two zones use one byte.
 */
static inline uint8_t *pageblock_type_of(const struct machine *m,
					 const struct zone *z, pfn_t pfn)
{
	return &m->pageblock_type[(pfn >> m->cfg.pageblock_order) +
				  zone_idx(z)];
}

/* Does any frame of [start, end) not exist or belong to boot? */
bool range_has_reserved(const struct machine *m, pfn_t start, pfn_t end);

/* Reserve blocks of a zone as its min watermark asks. */
void setup_zone_migrate_reserve(struct machine *m, struct zone *z);

/* Invariants buddy 1..7 of one zone. */
void buddy_check(const struct machine *m, const struct zone *z,
		 struct checker *c);

#endif
