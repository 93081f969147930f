/*
 * buddy.c - free lists of one zone: split on the way down, merge on the way up.
 *
 * alloc(order 0) from sixteen free frames; '#' taken, digit = order of the
 * free block that starts there, '.' = inside a block:
 *
 *   pfn  0 1 2 3 4 5 6 7 8 9 a b c d e f
 *        4 . . . . . . . . . . . . . . .    one block of order 4
 *        3 . . . . . . . 3 . . . . . . .    split; the upper half goes to
 *        2 . . . 2 . . . 3 . . . . . . .    the head of its list
 *        1 . 1 . 2 . . . 3 . . . . . . .
 *        # 0 1 . 2 . . . 3 . . . . . . .    frame 0 is handed out
 *
 * Freeing frame 0 asks its buddy 0^1 = 1: free and order 0, so they merge; the
 * pair asks 0^2 = 2, and so on until the buddy is busy or the block is 4 MiB.
 * A block that could merge once more when its neighbour becomes free (the
 * buddy of its parent is free already) goes to the tail of its list, where it
 * is handed out last.
 *
 * Each pageblock (4 MiB) has a migrate type, each free list too. A request
 * whose lists are empty takes the largest block of another type, so that the
 * mixture stays in few pageblocks; a large or reclaimable request takes all
 * free blocks of that pageblock with it, and the pageblock itself when half of
 * it or more was free.
 *
 * The head of a free block has PageBuddy (in _mapcount), its order in private,
 * its list's type in index, no references and no flags.
 *
 * Invariants (buddy_check tests them under the same numbers)
 *  1. A block on free_area[o] starts at a multiple of 2^o; all its frames are
 *     present frames of its zone.
 *  2. Its head has PageBuddy, private == o, count 0 and no flags, and index is
 *     the type of the list it is on.
 *  3. Two free buddies of one order below MAX_ORDER-1 do not coexist in a zone.
 *  4. nr_free is the sum of the lengths of the area's lists; each list's links
 *     agree in both directions.
 *  5. sum(nr_free[o] << o) == NR_FREE_PAGES.
 *  6. Fresh runs are whole blocks inside the zone, ascend and do not touch;
 *     fresh_blocks counts them.
 *  7. No frame of a free block but the head has PageBuddy, count, mappings or
 *     an owner's flag (looked at for blocks of up to CHECK_ORDER).
 *
 * Linux: mm/page_alloc.c (__rmqueue, __rmqueue_fallback, __free_one_page).
 */
#include "core/buddy.h"

#include <string.h>

#define CHECK_ORDER 3

/* clang-format off */
static const enum migratetype fallbacks[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE]   = {MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE},
	[MIGRATE_RECLAIMABLE] = {MIGRATE_UNMOVABLE,   MIGRATE_MOVABLE},
	[MIGRATE_MOVABLE]     = {MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE},
};

const char *const migratetype_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE]   = "Unmovable",
	[MIGRATE_RECLAIMABLE] = "Reclaimable",
	[MIGRATE_MOVABLE]     = "Movable",
	[MIGRATE_RESERVE]     = "Reserve",
};
/* clang-format on */

/* ---- one block on and off a list ---- */

void add_to_free_list(struct machine *m, struct zone *z, struct page *page,
		      unsigned order, enum migratetype mt, bool tail)
{
	struct free_area *area = &z->free_area[order];

	page->_mapcount1 = PAGE_BUDDY + 1;
	page->private = order;
	page->index = mt;
	if (tail)
		page_list_add_tail(m, &area->free_list[mt], page);
	else
		page_list_add(m, &area->free_list[mt], page);
	area->nr_free++;
}

static void del_from_free_list(struct machine *m, struct zone *z,
			       struct page *page)
{
	struct free_area *area = &z->free_area[page->private];

	page_list_del(m, &area->free_list[page->index], page);
	area->nr_free--;
	page->_mapcount1 = 0;
	page->private = 0;
	page->index = 0;
}

unsigned take_free_block(struct machine *m, struct zone *z, struct page *page)
{
	unsigned order = page->private;

	mm_assert(PageBuddy(page));
	del_from_free_list(m, z, page);
	return order;
}

/* ---- blocks nobody has touched since boot ---- */

#define MAX_BLOCK ((pfn_t)1 << (MAX_ORDER - 1))

const struct fresh_run *find_fresh_run(const struct zone *z, pfn_t pfn)
{
	for (unsigned i = 0; i < z->nr_fresh; i++)
		if (pfn - z->fresh[i].start <
		    z->fresh[i].end - z->fresh[i].start)
			return &z->fresh[i];
	return NULL;
}

static void cut_fresh_run(struct zone *z, unsigned i, pfn_t pfn)
{
	struct fresh_run *r = &z->fresh[i];
	struct fresh_run high = {pfn + MAX_BLOCK, r->end};
	unsigned keep = (pfn > r->start) + (high.start < high.end);

	memmove(r + keep, r + 1, (z->nr_fresh - i - 1) * sizeof(*r));
	z->nr_fresh = z->nr_fresh + keep - 1;
	if (pfn > r->start)
		(r++)->end = pfn;
	if (high.start < high.end)
		*r = high;
}

void link_fresh_block(struct machine *m, struct zone *z, pfn_t pfn)
{
	const struct fresh_run *r = find_fresh_run(z, pfn);

	if (!r)
		return;
	/* no room to cut a run in two: link those above pfn first */
	while (z->nr_fresh == MAX_FRESH_RUNS && pfn > r->start &&
	       pfn + MAX_BLOCK < r->end)
		link_fresh_block(m, z, r->end - MAX_BLOCK);
	cut_fresh_run(z, (unsigned)(r - z->fresh), pfn);
	z->fresh_blocks--;
	z->free_area[MAX_ORDER - 1].nr_free--;
	add_to_free_list(m, z, pfn_to_page(m, pfn), MAX_ORDER - 1,
			 MIGRATE_MOVABLE, true);
}

void add_fresh_block(struct machine *m, struct zone *z, pfn_t pfn)
{
	struct fresh_run *last =
		z->nr_fresh ? &z->fresh[z->nr_fresh - 1] : NULL;

	if (!last || last->end != pfn) {
		if (z->nr_fresh == MAX_FRESH_RUNS) {
			add_to_free_list(m, z, pfn_to_page(m, pfn),
					 MAX_ORDER - 1, MIGRATE_MOVABLE, false);
			return;
		}
		last = &z->fresh[z->nr_fresh++];
		last->start = pfn;
	}
	last->end = pfn + MAX_BLOCK;
	z->fresh_blocks++;
	z->free_area[MAX_ORDER - 1].nr_free++;
}

/* The head of a list; a fresh block is linked when it is the head. */
static inline struct page *free_list_head(struct machine *m, struct zone *z,
				   unsigned order, enum migratetype mt)
{
	const struct page_list *l = &z->free_area[order].free_list[mt];

	if (order == MAX_ORDER - 1 && mt == MIGRATE_MOVABLE && !l->nr &&
	    z->nr_fresh)
		link_fresh_block(m, z,
				 z->fresh[z->nr_fresh - 1].end - MAX_BLOCK);
	return page_list_first(m, l);
}

uint32_t free_list_count(const struct zone *z, unsigned order,
			 enum migratetype type)
{
	bool fresh = order == MAX_ORDER - 1 && type == MIGRATE_MOVABLE;

	return z->free_area[order].free_list[type].nr +
	       (fresh ? z->fresh_blocks : 0);
}

static pfn_t highest_fresh(const struct zone *z, unsigned order,
			   enum migratetype type)
{
	if (order != MAX_ORDER - 1 || type != MIGRATE_MOVABLE || !z->nr_fresh)
		return PFN_NONE;
	return z->fresh[z->nr_fresh - 1].end - MAX_BLOCK;
}

pfn_t first_free_block(const struct zone *z, unsigned order,
		       enum migratetype type)
{
	pfn_t pfn = z->free_area[order].free_list[type].first;

	return pfn ? pfn : highest_fresh(z, order, type);
}

pfn_t next_free_block(const struct machine *m, const struct zone *z,
		      unsigned order, enum migratetype type, pfn_t pfn)
{
	const struct fresh_run *r = find_fresh_run(z, pfn);
	pfn_t next;

	if (!r) {
		next = pfn_to_page(m, pfn)->lru_next;
		return next ? next : highest_fresh(z, order, type);
	}
	if (pfn > r->start)
		return pfn - MAX_BLOCK;
	return r > z->fresh ? r[-1].end - MAX_BLOCK : PFN_NONE;
}

/* ---- down: split ---- */

/* Cut a block of order `high`: upper halves to list mt, 2^low frames stay. */
static void expand(struct machine *m, struct zone *z, struct page *page,
		   unsigned low, unsigned high, enum migratetype mt)
{
	story(m, page_to_pfn(m, page), low, high);

	observe(m, BUDDY_SPLIT, page_to_pfn(m, page), high, low, 0);
	while (high > low) {
		high--;
		add_to_free_list(m, z, page + ((pfn_t)1 << high), high, mt,
				 false);
	}
}

static struct page *__rmqueue_smallest(struct machine *m, struct zone *z,
				       unsigned order, enum migratetype mt)
{
	story(m, order, mt);

	for (unsigned o = order; o < MAX_ORDER; o++) {
		struct page *page = free_list_head(m, z, o, mt);

		if (!page)
			continue;
		del_from_free_list(m, z, page);
		observe(m, BUDDY_TAKE, page_to_pfn(m, page), o, mt,
			z->free_area[o].nr_free);
		if (o > order)
			expand(m, z, page, order, o, mt);
		return page;
	}
	return NULL;
}

/* ---- taking over blocks of another type ---- */

static void move_to_type(struct machine *m, struct zone *z, struct page *page,
			 enum migratetype mt)
{
	struct page_list *lists = z->free_area[page->private].free_list;

	page_list_del(m, &lists[page->index], page);
	page->index = mt;
	page_list_add(m, &lists[mt], page);
}

/* Linux: move_freepages(), move_freepages_block(). */
unsigned move_freepages_block(struct machine *m, struct zone *z,
			      struct page *page, enum migratetype mt)
{
	pfn_t pfn = page_to_pfn(m, page);
	pfn_t start = pfn & ~(pageblock_nr_pages(m) - 1);
	pfn_t end = start + pageblock_nr_pages(m);
	unsigned moved = 0;

	if (!zone_spans_pfn(z, end - 1))
		return 0;
	if (!zone_spans_pfn(z, start))
		start = pfn;
	link_fresh_block(m, z, start);
	for (pfn = start; pfn < end;) {
		struct page *p = pfn_to_page(m, pfn);

		if (!PageBuddy(p)) {
			pfn++;
			continue;
		}
		move_to_type(m, z, p, mt);
		moved += 1u << p->private;
		pfn += (pfn_t)1 << p->private;
	}
	return moved;
}

static void change_pageblock_range(struct machine *m, pfn_t pfn, unsigned order,
				   enum migratetype mt)
{
	pfn_t end = pfn + ((pfn_t)1 << order);

	for (; pfn < end; pfn += pageblock_nr_pages(m))
		set_pageblock_migratetype(m, pfn, mt);
}

static void try_to_steal_freepages(struct machine *m, struct zone *z,
				   struct page *page, enum migratetype start)
{
	unsigned pageblock_order = m->cfg.pageblock_order;
	unsigned order = page->private;
	pfn_t pfn = page_to_pfn(m, page);
	unsigned pages;

	if (order >= pageblock_order) {
		change_pageblock_range(m, pfn, order, start);
		return;
	}
	if (order < pageblock_order / 2 && start != MIGRATE_RECLAIMABLE &&
	    !m->page_group_by_mobility_disabled)
		return;
	pages = move_freepages_block(m, z, page, start);
	if (pages >= 1u << (pageblock_order - 1) ||
	    m->page_group_by_mobility_disabled)
		set_pageblock_migratetype(m, pfn, start);
}

/* The largest block of the other types; the rest of it becomes `start`'s. */
static struct page *__rmqueue_fallback(struct machine *m, struct zone *z,
				       unsigned order, enum migratetype start)
{
	story(m, order, start);

	for (unsigned o = MAX_ORDER; o-- > order;) {
		for (unsigned i = 0; i < ARRAY_SIZE(fallbacks[0]); i++) {
			enum migratetype mt = fallbacks[start][i];
			struct page *page = free_list_head(m, z, o, mt);

			if (!page)
				continue;
			observe(m, BUDDY_FALLBACK, page_to_pfn(m, page), o,
				start, mt);
			try_to_steal_freepages(m, z, page, start);
			del_from_free_list(m, z, page);
			if (o > order)
				expand(m, z, page, order, o, start);
			return page;
		}
	}
	return NULL;
}

struct page *__rmqueue(struct machine *m, struct zone *z, unsigned order,
		       enum migratetype mt)
{
	story(m, order, mt);
	struct page *page = __rmqueue_smallest(m, z, order, mt);

	if (unlikely(!page) && mt != MIGRATE_RESERVE) {
		page = __rmqueue_fallback(m, z, order, mt);
		if (!page)
			page = __rmqueue_smallest(m, z, order, MIGRATE_RESERVE);
	}
	return page;
}

/* ---- up: merge ---- */

/* Is the block at buddy free, whole, of this order and in this zone? */
static bool page_is_buddy(const struct machine *m, const struct zone *z,
			  pfn_t buddy, unsigned order)
{
	const struct page *p = pfn_to_page(m, buddy);

	return PageBuddy(p) && p->private == order && zone_spans_pfn(z, buddy);
}

/*
 * Is the buddy of the parent free? At a zone's edge the parent may begin in the
 * zone below, and then that zone's blocks are asked. Frames of no zone, as
 * pfn 0, have zeros in struct page: the first zone, to the kernel.
 */
static bool may_merge_soon(const struct machine *m, const struct zone *z,
			   pfn_t parent, unsigned order)
{
	if (unlikely(!zone_spans_pfn(z, parent)))
		z = pfn_zone(m, parent);
	if (unlikely(!z))
		z = &m->zone[0];
	return page_is_buddy(m, z, find_buddy_pfn(parent, order), order);
}

void __free_one_page(struct machine *m, struct zone *z, struct page *page,
		     unsigned order, enum migratetype mt)
{
	pfn_t pfn = page_to_pfn(m, page);
	bool tail = false; /* orders 9 and 10: always the head */
	story(m, pfn, order, mt);

	while (order < MAX_ORDER - 1) {
		pfn_t buddy = find_buddy_pfn(pfn, order);

		if (!page_is_buddy(m, z, buddy, order))
			break;
		del_from_free_list(m, z, pfn_to_page(m, buddy));
		pfn &= buddy;
		order++;
		observe(m, BUDDY_MERGE, pfn, order, 0, 0);
	}
	if (order < MAX_ORDER - 2)
		tail = may_merge_soon(m, z, pfn & ~((pfn_t)1 << order),
				      order + 1);
	observe(m, BUDDY_PUT, pfn, order, mt, z->free_area[order].nr_free + 1);
	add_to_free_list(m, z, pfn_to_page(m, pfn), order, mt, tail);
}

/* ---- the state loader's tools ---- */

void zone_place_free_block(struct machine *m, struct zone *z, pfn_t pfn,
			   unsigned order, enum migratetype type)
{
	add_to_free_list(m, z, pfn_to_page(m, pfn), order, type, true);
	mod_zone_page_state(z, NR_FREE_PAGES, (int64_t)1 << order);
}

/* ---- check ---- */

static void check_inside(const struct machine *m, pfn_t pfn, unsigned order,
			 struct checker *c)
{
	pfn_t n = (pfn_t)1 << (order < CHECK_ORDER ? order : CHECK_ORDER);

	for (pfn_t i = 1; i < n; i++) {
		const struct page *p = pfn_to_page(m, pfn + i);

		CHECK(c, !p->_mapcount1 && !p->_count && !p->flags,
		      "buddy 7: pfn %u inside a free block is in use", pfn + i);
	}
}

static void check_block(const struct machine *m, const struct zone *z,
			pfn_t pfn, unsigned order, unsigned type,
			struct checker *c)
{
	const struct page *p = pfn_to_page(m, pfn);
	pfn_t last = pfn + ((pfn_t)1 << order) - 1;

	CHECK(c,
	      !(pfn & (((pfn_t)1 << order) - 1)) && zone_spans_pfn(z, pfn) &&
		      zone_spans_pfn(z, last) && pfn_present(m, pfn) &&
		      pfn_present(m, last),
	      "buddy 1: pfn %u order %u is not a block of zone %s", pfn, order,
	      z->name);
	CHECK(c,
	      PageBuddy(p) && p->private == order && p->index == type &&
		      !p->_count && !p->flags,
	      "buddy 2: pfn %u order %u on list %s: head says otherwise", pfn,
	      order, migratetype_names[type]);
	CHECK(c,
	      order == MAX_ORDER - 1 ||
		      !page_is_buddy(m, z, find_buddy_pfn(pfn, order), order),
	      "buddy 3: pfn %u order %u and its buddy are both free", pfn,
	      order);
	check_inside(m, pfn, order, c);
}

static void check_list(const struct machine *m, const struct zone *z,
		       unsigned order, unsigned type, struct checker *c)
{
	const struct page_list *l = &z->free_area[order].free_list[type];
	uint32_t n = 0;
	pfn_t prev = PFN_NONE;

	for (pfn_t pfn = l->first; pfn && n <= l->nr;
	     pfn = pfn_to_page(m, pfn)->lru_next) {
		CHECK(c, pfn_to_page(m, pfn)->lru_prev == prev,
		      "buddy 4: pfn %u: links disagree", pfn);
		check_block(m, z, pfn, order, type, c);
		prev = pfn;
		n++;
	}
	CHECK(c, n == l->nr && l->last == prev,
	      "buddy 4: zone %s order %u %s: %u blocks, counted %u", z->name,
	      order, migratetype_names[type], l->nr, n);
}

static void check_fresh(const struct zone *z, struct checker *c)
{
	uint32_t blocks = 0;
	pfn_t after = z->zone_start_pfn;

	for (unsigned i = 0; i < z->nr_fresh; i++) {
		const struct fresh_run *r = &z->fresh[i];

		CHECK(c,
		      r->start >= after && r->start < r->end &&
			      r->end <= zone_end_pfn(z) &&
			      !((r->start | r->end) & (MAX_BLOCK - 1)),
		      "buddy 6: zone %s: fresh run %u-%u", z->name, r->start,
		      r->end);
		after = r->end + 1;
		blocks += (r->end - r->start) / MAX_BLOCK;
	}
	CHECK(c, blocks == z->fresh_blocks,
	      "buddy 6: zone %s: %u fresh blocks, counted %u", z->name,
	      z->fresh_blocks, blocks);
}

void buddy_check(const struct machine *m, const struct zone *z,
		 struct checker *c)
{
	int64_t frames = 0;

	for (unsigned o = 0; o < MAX_ORDER; o++) {
		const struct free_area *area = &z->free_area[o];
		uint32_t blocks = 0;

		for (unsigned t = 0; t < MIGRATE_TYPES; t++) {
			check_list(m, z, o, t, c);
			blocks += free_list_count(z, o, t);
		}
		CHECK(c, blocks == area->nr_free,
		      "buddy 4: zone %s order %u: nr_free %u, on lists %u",
		      z->name, o, area->nr_free, blocks);
		frames += (int64_t)area->nr_free << o;
	}
	check_fresh(z, c);
	CHECK(c, frames == z->vm_stat[NR_FREE_PAGES],
	      "buddy 5: zone %s: %lld frames on lists, counter %lld", z->name,
	      (long long)frames, (long long)z->vm_stat[NR_FREE_PAGES]);
}
