/*
 * state_lists.c - pass 2 of a state file: lists of frames, and counters.
 *
 * A frame on the movable per-CPU list goes back to Reserve if its pageblock is
 * Reserve, to the list's type otherwise; `pcpreturn` names the exceptions.
 *
 * Counters of the captured kernel's pages (anonymous, page cache ...) are sums
 * of all zones, unless `zstat` says more.
 */
#include "core/page_alloc.h"
#include "trace/state_internal.h"

#include <string.h>

int state_read_blocks(struct state_reader *r)
{
	pfn_t step = (pfn_t)1 << r->m->cfg.pageblock_order;
	enum migratetype type;
	uint32_t from, n;
	struct zone *z;
	int err = state_zone(r, &z);

	if (!err)
		err = state_expect(r, "from_pfn");
	if (!err)
		err = state_u32(r, "a frame number", zone_end_pfn(z), &from);
	if (!err)
		err = state_expect(r, "n");
	if (!err)
		err = state_u32(r, "a number of pageblocks", UINT32_MAX, &n);
	if (!err)
		err = state_type(r, MIGRATE_TYPES, &type);
	if (err)
		return err;
	for (; n--; from += step) {
		pfn_t at = from > z->zone_start_pfn ? from : z->zone_start_pfn;

		if (from % step || from + step <= z->zone_start_pfn ||
		    from >= zone_end_pfn(z))
			return state_bad(r, "pfn %u is no pageblock of zone %s",
					 from, z->name);
		set_pageblock_migratetype(r->m, at, type);
	}
	return 0;
}

int state_read_area(struct state_reader *r)
{
	uint32_t order, n;
	struct zone *z;
	int err = state_zone(r, &z);

	if (!err)
		err = state_u32(r, "an order", MAX_ORDER - 1, &order);
	if (!err)
		err = state_expect(r, "nr_free");
	return err ? err : state_u32(r, "nr_free", UINT32_MAX, &n);
}

/* Is the frame in a free block, whose head may lie far before it? */
static bool in_free_block(const struct machine *m, pfn_t pfn)
{
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		pfn_t head = pfn & ~(((pfn_t)1 << order) - 1);
		const struct page *p = pfn_to_page(m, head);

		if (PageBuddy(p) && p->private >= order)
			return true;
	}
	return false;
}

bool state_frames_unsaid(const struct machine *m, pfn_t pfn, pfn_t n,
			 pfn_t *said)
{
	for (*said = pfn; *said < pfn + n; ++*said) {
		const struct page *p = pfn_to_page(m, *said);

		if (p->flags || PageBuddy(p))
			return false;
	}
	/* none begins here: one that begins before holds the first frame too */
	*said = pfn;
	return !in_free_block(m, pfn);
}

/* A frame of the zone that nothing else was said about. */
static int next_frame(struct state_reader *r, const struct zone *z,
		      unsigned order, pfn_t *pfn)
{
	pfn_t n = (pfn_t)1 << order;
	pfn_t said;
	int err = state_u32(r, "a frame number", UINT32_MAX, pfn);

	if (err)
		return err;
	if (*pfn < z->zone_start_pfn || *pfn % n ||
	    *pfn + n > zone_end_pfn(z) || !pfn_present(r->m, *pfn) ||
	    !pfn_present(r->m, *pfn + n - 1))
		return state_bad(r, "pfn %u is no block of order %u in zone %s",
				 *pfn, order, z->name);
	if (state_frames_unsaid(r->m, *pfn, n, &said))
		return 0;
	if (PagePcp(pfn_to_page(r->m, said)) || in_free_block(r->m, said))
		return state_bad(r, "pfn %u is on a list already", said);
	return state_bad(r,
			 "pfn %u is in this machine's kernel image or in a "
			 "slab",
			 said);
}

int state_read_free(struct state_reader *r)
{
	enum migratetype type;
	uint32_t order;
	struct zone *z;
	pfn_t pfn;
	int err = state_zone(r, &z);

	if (!err)
		err = state_u32(r, "an order", MAX_ORDER - 1, &order);
	if (!err)
		err = state_type(r, MIGRATE_TYPES, &type);
	while (!err && !state_at_end(r)) {
		err = next_frame(r, z, order, &pfn);
		if (!err)
			zone_place_free_block(r->m, z, pfn, order, type);
	}
	return err;
}

int state_read_pcplist(struct state_reader *r)
{
	enum migratetype type;
	struct zone *z;
	pfn_t pfn;
	int err = state_zone(r, &z);

	if (!err)
		err = state_type(r, MIGRATE_PCPTYPES, &type);
	while (!err && !state_at_end(r)) {
		enum migratetype back = type;

		err = next_frame(r, z, 0, &pfn);
		if (err)
			break;
		if (type == MIGRATE_MOVABLE &&
		    get_pageblock_migratetype(r->m, pfn) == MIGRATE_RESERVE)
			back = MIGRATE_RESERVE;
		zone_place_pcp_page(r->m, z, pfn, type, back);
	}
	return err;
}

/* Frames of the movable list that the rule above gets wrong. */
int state_read_pcpreturn(struct state_reader *r)
{
	struct zone *z;
	uint32_t pfn;
	int err = state_zone(r, &z);

	while (!err && !state_at_end(r)) {
		struct page *p;

		err = state_u32(r, "a frame number", zone_end_pfn(z) - 1, &pfn);
		if (err)
			break;
		p = pfn_to_page(r->m, pfn);
		if (!PagePcp(p) || p->index < MIGRATE_MOVABLE)
			return state_bad(
				r, "pfn %u is on no movable per-CPU list", pfn);
		p->index = p->index == MIGRATE_RESERVE ? MIGRATE_MOVABLE
						       : MIGRATE_RESERVE;
	}
	return err;
}

/* ---- counters ---- */

static int find_stat(const char *word)
{
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (!strcmp(word, zone_stat_text[i]))
			return i;
	return -1;
}

/* Kernel structures are in lowmem; of user pages the file does not say. */
static struct zone *zone_of_sum(struct machine *m, int item)
{
	bool kernel = item == NR_SLAB_RECLAIMABLE ||
		      item == NR_SLAB_UNRECLAIMABLE || item == NR_PAGETABLE ||
		      item == NR_KERNEL_STACK;
	struct zone *z = &m->zone[kernel ? ZONE_NORMAL : ZONE_MOVABLE];

	while (z > m->zone && !populated_zone(z))
		z--;
	return z;
}

int state_read_stat(struct state_reader *r)
{
	struct machine *m = r->m;
	char name[MAX_WORD];
	int64_t value;
	int item, err;

	memcpy(name, state_word(r), sizeof(name));
	err = state_int(r, "a number", INT64_MIN, UINT64_MAX, &value);
	if (err)
		return err;
	item = find_stat(name);
	if (item > NR_ALLOC_BATCH && !r->have_zstat)
		zone_of_sum(m, item)->vm_stat[item] = value;
	if (item >= 0)
		return 0;
	for (unsigned i = 0; i < NR_VM_EVENT_ITEMS; i++)
		if (!strcmp(name, vm_event_text[i]))
			m->vm_event[i] = (uint64_t)value;
	/* a counter that this kernel version has and the table has not */
	return 0;
}

int state_read_zstat(struct state_reader *r)
{
	struct zone *z;
	int64_t value;
	int item, err = state_zone(r, &z);

	if (err)
		return err;
	item = find_stat(state_word(r));
	if (item <= NR_ALLOC_BATCH)
		return state_bad(r, "'%s' is no counter of a zone", r->word);
	err = state_int(r, "a number", INT64_MIN, UINT64_MAX, &value);
	if (err)
		return err;
	if (!r->have_zstat)
		for (unsigned i = 0; i < MAX_NR_ZONES; i++)
			memset(&r->m->zone[i].vm_stat[NR_ALLOC_BATCH + 1], 0,
			       (NR_VM_ZONE_STAT_ITEMS - NR_ALLOC_BATCH - 1) *
				       sizeof(int64_t));
	r->have_zstat = true;
	z->vm_stat[item] = value;
	return 0;
}
