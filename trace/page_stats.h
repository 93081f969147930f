/*
 * page_stats.h - what a stream of page accesses looks like: footprint, working
 * set, reuse distances.
 *
 * Time is counted in accesses. The working set of a window of T accesses is the
 * pages accessed in the last T (Denning 1968); its average size is exact for
 * every power of two. A reuse distance is the number of other pages accessed
 * since the last access to the same one: an LRU memory of more frames hits. It
 * is exact up to SAMPLE_PAGES pages and sampled by page above (Waldspurger et
 * al., SHARDS, FAST 2015). Memory: 32 bytes a page touched.
 */
#ifndef MMEMU_TRACE_PAGE_STATS_H
#define MMEMU_TRACE_PAGE_STATS_H

#include "core/host.h"

#define SAMPLE_PAGES 8192u
#define LOG_BUCKETS 65

struct page_seen {
	uint64_t page;
	uint64_t last;	 /* time of the last access; 0: an empty place */
	uint32_t owner;	 /* whose address space */
	uint32_t kinds;	 /* bits: accessed in that way */
	uint32_t slot;	 /* in the sample's order; 0: not sampled */
};

struct page_stats {
	const struct host_ops *host;
	struct page_seen *tab; /* open addressing */
	uint64_t room, pages;
	uint64_t time;	       /* accesses so far */
	uint64_t memo;	       /* place of the last page */
	/* gaps between accesses to a page: bucket k: (2^(k-1), 2^k] */
	uint64_t gaps[LOG_BUCKETS], gap_sum[LOG_BUCKETS];
	/* the sample: pages whose hash is below `threshold` (of 2^24) */
	uint32_t threshold, sampled, next_slot;
	uint32_t *tree;	       /* Fenwick: 1 for each sampled page's slot */
	/* reuse distances: bucket 0: 0, bucket k: [2^(k-1), 2^k) */
	double reuse[LOG_BUCKETS], cold;
	uint64_t by_kinds[8];  /* page_stats_end(): pages by their kinds */
};

void page_stats_init(struct page_stats *s, const struct host_ops *host);
void page_stats_destroy(struct page_stats *s);
/* One access of one page; kind 0 to 2. */
void page_stats_access(struct page_stats *s, uint32_t owner, uint64_t page,
		       unsigned kind);
/* Nothing more comes: what stays open is counted. */
void page_stats_end(struct page_stats *s);
/* Average pages of the working set of 2^log accesses. => page_stats_end() */
double page_stats_working_set(const struct page_stats *s, unsigned log);

#endif
