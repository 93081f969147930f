/*
 * fragmentation.c - how broken up the free memory of a zone is.
 *
 *   unusable_free_index(order): what part of the free frames lies in blocks
 *      that are too small for the order; 0 none, 1000 all
 *   fragmentation_index(order): if a request of this order failed, why: near 0
 *      lack of memory, near 1000 fragmentation; -1000: it would not fail
 *
 *   free: 8 single frames, order 1 wanted:  1000 - (1000 + 8*1000/2) / 8 = 375
 *
 * Linux: mm/vmstat.c.
 */
#include "core/page_alloc.h"

struct contig_page_info {
	uint64_t free_pages, free_blocks_total, free_blocks_suitable;
};

static struct contig_page_info fill_contig_page_info(const struct zone *z,
						     unsigned suitable_order)
{
	struct contig_page_info info = {0};

	for (unsigned o = 0; o < MAX_ORDER; o++) {
		uint64_t blocks = z->free_area[o].nr_free;

		info.free_blocks_total += blocks;
		info.free_pages += blocks << o;
		if (o >= suitable_order)
			info.free_blocks_suitable += blocks
						     << (o - suitable_order);
	}
	return info;
}

int unusable_free_index(const struct zone *z, unsigned order)
{
	struct contig_page_info info = fill_contig_page_info(z, order);

	if (!info.free_pages)
		return 1000;
	return (int)((info.free_pages - (info.free_blocks_suitable << order)) *
		     1000 / info.free_pages);
}

int fragmentation_index(const struct zone *z, unsigned order)
{
	struct contig_page_info info = fill_contig_page_info(z, order);
	uint64_t requested = (uint64_t)1 << order;

	if (!info.free_blocks_total)
		return 0;
	if (info.free_blocks_suitable)
		return -1000;
	return (int)(1000 - (1000 + info.free_pages * 1000 / requested) /
				    info.free_blocks_total);
}
