/*
 * scan_count.c - how many pages reclaim looks at, of which LRU list.
 *
 *   first that holds
 *     no swap, or a group that never swaps     files only
 *     priority 0: the last attempt             both, all there is
 *     files and free frames below the mark     anonymous only
 *     many files are inactive                  files only
 *     else                                     both, by pressure
 *
 *   looked at of a list = its pages / 2^priority * share of its kind
 *
 *                  swappiness              (anonymous)    pages scanned lately
 *   pressure  =                         x  ----------------------------------
 *                  200 - swappiness        (files)        of them, in use
 *
 * A kind that is often found in use is pressed less. The two counts are halved
 * when they outgrow a quarter of the lists, so that what was is forgotten.
 *
 * Linux: mm/vmscan.c get_scan_count().
 */
#include "core/memcontrol.h"
#include "core/swap.h"
#include "core/vmscan_internal.h"

enum { ANON, FILES }; /* index of zone_reclaim_stat */

/* ---- is a list too short? ---- */

/* With memory cgroups, by the size of the group's lists, not of the zone. */
bool inactive_anon_is_low(const struct machine *m, const struct zone *z,
			  const struct lruvec *v)
{
	if (!total_swap_pages(m))
		return false;
	if (!mem_cgroup_disabled(m))
		return mem_cgroup_inactive_anon_is_low(m, v);
	return lru_size(v, LRU_INACTIVE_ANON) * z->inactive_ratio <
	       lru_size(v, LRU_ACTIVE_ANON);
}

bool inactive_list_is_low(const struct machine *m, const struct zone *z,
			  const struct lruvec *v, enum lru_list lru)
{
	if (is_file_lru(lru))
		return lru_size(v, LRU_ACTIVE_FILE) >
		       lru_size(v, LRU_INACTIVE_FILE);
	return inactive_anon_is_low(m, z, v);
}

/* ---- how many of which list ---- */

enum scan_balance { SCAN_EQUAL, SCAN_FRACT, SCAN_ANON, SCAN_FILE };

static uint64_t vmscan_swappiness(const struct machine *m,
				  const struct scan_control *sc)
{
	return global_reclaim(sc) ? m->cfg.swappiness
				  : mem_cgroup_swappiness(
					    m, sc->target_mem_cgroup);
}

static enum scan_balance scan_balance(const struct machine *m,
				      const struct zone *z,
				      const struct lruvec *v,
				      const struct scan_control *sc)
{
	uint64_t file = lru_size(v, LRU_ACTIVE_FILE) +
			lru_size(v, LRU_INACTIVE_FILE);
	uint64_t free = (uint64_t)z->vm_stat[NR_FREE_PAGES];
	uint64_t swappiness = vmscan_swappiness(m, sc);

	if (sc->noswap || !nr_swap_pages(m))
		return SCAN_FILE;
	if (!global_reclaim(sc) && !swappiness)
		return SCAN_FILE; /* a group with 0 never swaps */
	if (!sc->priority && swappiness)
		return SCAN_EQUAL;
	if (global_reclaim(sc) && file + free <= z->watermark[WMARK_HIGH])
		return SCAN_ANON;
	if (!inactive_list_is_low(m, z, v, LRU_INACTIVE_FILE))
		return SCAN_FILE;
	return SCAN_FRACT;
}

/* Pressure on a kind: its priority, less by how much of it was in use. */
static uint64_t scan_pressure(struct lruvec *v, unsigned kind, uint64_t prio)
{
	struct zone_reclaim_stat *stat = &v->reclaim_stat;
	uint64_t size = kind == FILES ? lru_size(v, LRU_ACTIVE_FILE) +
						lru_size(v, LRU_INACTIVE_FILE)
				      : lru_size(v, LRU_ACTIVE_ANON) +
						lru_size(v, LRU_INACTIVE_ANON);

	if (stat->recent_scanned[kind] > size / 4) {
		stat->recent_scanned[kind] /= 2;
		stat->recent_rotated[kind] /= 2;
	}
	return prio * (stat->recent_scanned[kind] + 1) /
	       (stat->recent_rotated[kind] + 1);
}

void get_scan_count(struct machine *m, struct zone *z, struct lruvec *v,
		    const struct scan_control *sc, uint64_t nr[NR_LRU_LISTS])
{
	bool force = !global_reclaim(sc) ||
		     (sc->kswapd && !zone_reclaimable(m, z));
	enum scan_balance balance = scan_balance(m, z, v, sc);
	uint64_t swappiness = vmscan_swappiness(m, sc);
	uint64_t fraction[2] = {0, 0};

	if (balance == SCAN_FRACT) {
		fraction[ANON] = scan_pressure(v, ANON, swappiness);
		fraction[FILES] = scan_pressure(v, FILES, 200 - swappiness);
	}
	for (enum lru_list lru = 0; lru < LRU_UNEVICTABLE; lru++) {
		bool file = is_file_lru(lru);
		uint64_t scan = lru_size(v, lru) >> sc->priority;

		if (!scan && force)
			scan = min_t(uint64_t, lru_size(v, lru),
				     SWAP_CLUSTER_MAX);
		if (balance == SCAN_FRACT)
			scan = scan * fraction[file] /
			       (fraction[ANON] + fraction[FILES] + 1);
		else if (balance != SCAN_EQUAL && (balance == SCAN_FILE) != file)
			scan = 0;
		nr[lru] = scan;
	}
}
