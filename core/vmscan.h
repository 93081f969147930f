/*
 * vmscan.h - taking memory back from those who do not use it.
 * Linux: mm/vmscan.c.
 */
#ifndef MMEMU_CORE_VMSCAN_H
#define MMEMU_CORE_VMSCAN_H

#include "core/machine.h"

#define SWAP_CLUSTER_MAX 32u
#define DEF_PRIORITY 12 /* a scan looks at 1/2^priority of each list */

/* One run of reclaim: what is asked for, and what came of it. */
struct scan_control {
	gfp_t gfp;
	struct mem_cgroup *target_mem_cgroup; /* at its limit; NULL: the machine
						 is short */
	bool noswap;	       /* leave anonymous pages alone */
	unsigned order;
	int priority;
	bool kswapd;
	uint64_t nr_to_reclaim;
	uint64_t nr_scanned;   /* pages looked at; mapped ones count twice */
	uint64_t nr_reclaimed; /* frames freed */
};

/* ---- one zone (vmscan.c) ---- */
void shrink_zone(struct machine *m, struct zone *z, struct scan_control *sc);
/* Give active anonymous pages a chance to be found unused in time. */
void age_active_anon(struct machine *m, struct zone *z,
		     struct scan_control *sc);
/* Pages that could go; and: has scanning them six times over not been tried? */
uint64_t zone_reclaimable_pages(const struct machine *m, const struct zone *z);
bool zone_reclaimable(const struct machine *m, const struct zone *z);

/* ---- dentries and inodes (shrinker.c) ---- */
/*
 * Each shrinker is asked for its share: what nr_scanned is to lru_pages.
 * Number of objects freed.
 */
uint64_t shrink_slab(struct machine *m, gfp_t gfp, uint64_t nr_scanned,
		     uint64_t lru_pages);

/* ---- who reclaims (kswapd.c) ---- */
/* The slow path's own: frames freed, 1: none, but go on trying, 0: hopeless. */
uint64_t try_to_free_pages(struct machine *m, gfp_t gfp, unsigned order);
/* In a memory cgroup that is at its limit, and those below: frames freed. */
uint64_t try_to_free_mem_cgroup_pages(struct machine *m,
				      struct mem_cgroup *memcg, gfp_t gfp,
				      bool noswap);
void wakeup_kswapd(struct machine *m, struct zone *z, unsigned order,
		   enum zone_type classzone);
/* kswapd's turn, if it was woken. => no caller relies on what it may take */
void __kswapd_run(struct machine *m);
static inline void kswapd_run(struct machine *m)
{
	if (unlikely(m->kswapd.woken))
		__kswapd_run(m);
}
/* Balance all zones now, woken or not: the `kswapd` statement. */
void kswapd_balance(struct machine *m);

#endif
