/*
 * compaction.h - free blocks out of scattered free frames.
 * Linux: mm/compaction.c, include/linux/compaction.h.
 */
#ifndef MMEMU_CORE_COMPACTION_H
#define MMEMU_CORE_COMPACTION_H

#include "core/machine.h"

/* In this order, so that the best of several zones is the maximum. */
enum compact_result {
	COMPACT_SKIPPED,  /* would not help, or cannot run */
	COMPACT_CONTINUE, /* should go on */
	COMPACT_PARTIAL,  /* enough: a block is there */
	COMPACT_COMPLETE, /* the scanners have met */
};

/* For a request of 2^order frames: would compacting z help? order -1: yes. */
enum compact_result compaction_suitable(const struct zone *z, int order);
/*
 * Compact zones from `top` down until one could satisfy the request. sync:
 * all pageblocks, not only movable ones.
 */
enum compact_result try_to_compact_pages(struct machine *m, struct zone *top,
					 unsigned order, gfp_t gfp,
					 enum migratetype mt,
					 unsigned alloc_flags, bool sync);
/* kswapd's: blocks of that order in all zones. Linux: compact_pgdat() */
void compact_pgdat(struct machine *m, unsigned order);
/* /proc/sys/vm/compact_memory: every zone from end to end. */
void compact_node(struct machine *m);

/* ---- when it does not help, it is put off: 1, 2, 4 ... 64 times ---- */
void defer_compaction(struct zone *z, unsigned order);
bool compaction_deferred(struct zone *z, unsigned order);
/* A block of that order was found after all. */
void compaction_succeeded(struct zone *z, unsigned order);
/* Forget skip marks where scanners have met. kswapd does so going to sleep. */
void reset_isolation_suitable(struct machine *m);

#endif
