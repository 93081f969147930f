/* vmscan_internal.h - between vmscan.c, shrink_page.c and scan_count.c. */
#ifndef MMEMU_CORE_VMSCAN_INTERNAL_H
#define MMEMU_CORE_VMSCAN_INTERNAL_H

#include "core/vmscan.h"

/* GO_ON is shrink_page()'s own: not decided yet. */
enum verdict { KEEP, ACTIVATE, CULL, FREE, GO_ON };

/* => isolated, with the reference of that. FREE: its count is 0. */
enum verdict shrink_page(struct machine *m, struct zone *z, struct page *page,
			 struct scan_control *sc);

static inline bool is_file_lru(enum lru_list lru)
{
	return lru == LRU_INACTIVE_FILE || lru == LRU_ACTIVE_FILE;
}

static inline uint64_t lru_size(const struct lruvec *v, enum lru_list lru)
{
	return v->lru[lru].nr;
}

/* For the machine, not for a memory cgroup at its limit. */
static inline bool global_reclaim(const struct scan_control *sc)
{
	return !sc->target_mem_cgroup;
}

/* Are there fewer inactive pages than there should be, for the active ones? */
bool inactive_anon_is_low(const struct machine *m, const struct zone *z,
			  const struct lruvec *v);
bool inactive_list_is_low(const struct machine *m, const struct zone *z,
			  const struct lruvec *v, enum lru_list lru);
/* How many pages of each list are to be scanned at sc->priority. */
void get_scan_count(struct machine *m, struct zone *z, struct lruvec *v,
		    const struct scan_control *sc, uint64_t nr[NR_LRU_LISTS]);

#endif
