/*
 * owner.c - the invariant above all: every frame has exactly one owner.
 *
 *   owner        how it is told
 *   buddy        inside a block on a free list (its head has PageBuddy), or in
 *                a run of blocks not touched since boot
 *   per-CPU      PG_pcp
 *   boot         in a range kept by boot; PG_reserved after a state was loaded
 *   slab         PG_slab
 *   page table   PG_table
 *   kernel       PG_kernel: stacks, vmalloc, blocks of alloc_pages events
 *   user         mapping: anonymous (anon_vma) or page cache (inode); or a page
 *                that left the page cache while somebody still held it
 *
 * The walk jumps: over holes, boot's ranges, fresh runs and free blocks, so it
 * costs what is used, not what there is.
 *
 * Invariants (owner_check tests them under the same numbers)
 *  1. A frame that is in no free block and not boot's has exactly one owner's
 *     mark.
 *  2. A frame with a user, and the first of a slab, has a reference; a frame on
 *     a per-CPU list has none.
 *  3. A frame without any mark but with references is mapped, or waits in a
 *     pagevec, or both: a page cut off from its file.
 *  4. Frames met in free blocks are NR_FREE_PAGES, on per-CPU lists the
 *     pageset's count: nothing is lost, nothing is in two places.
 *  5. A frame of users or of a file has one reference for each mapping, each
 *     pagevec it waits in, the page cache, its buffers and the swap cache,
 *     and no more: between events nobody else holds it.
 *  6. A slab's frame names a slab that lies there.
 */
#include "core/owner.h"
#include "core/buddy.h"
#include "core/bootmem.h"
#include "core/subsystems.h"
#include "core/swap.h"

struct owner_walk {
	const struct machine *m;
	const struct zone *z;
	owner_visitor visit;
	void *ctx;
};

struct owner_count {
	const struct machine *m;
	struct checker *c;
	int64_t free, pcp;
};

/* ---- one frame ---- */

static enum frame_owner page_owner(const struct page *p)
{
	enum frame_owner owner = OWNER_NONE;
	const struct {
		bool is;
		enum frame_owner owner;
	} mark[] = {
		{PagePcp(p), OWNER_PCP},
		{PageReserved(p), OWNER_BOOT},
		{PageSlab(p), OWNER_SLAB},
		{PageTable(p), OWNER_TABLE},
		{PageKernel(p), OWNER_KERNEL},
		/* a slab's frames name the slab there */
		{(p->mapping && !PageSlab(p)) || PageSwapCache(p), OWNER_USER},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(mark); i++) {
		if (!mark[i].is)
			continue;
		if (owner != OWNER_NONE)
			return OWNER_SEVERAL;
		owner = mark[i].owner;
	}
	return owner;
}

static int times_in(const struct pagevec *pvec, pfn_t pfn)
{
	int n = 0;

	for (unsigned i = 0; i < pvec->nr; i++)
		n += pvec->pages[i] == pfn;
	return n;
}

/* Number of pagevecs in which the frame waits. */
static int times_waiting(const struct machine *m, pfn_t pfn)
{
	const struct lru_pagevecs *pv = m->pagevecs;

	return pv ? times_in(&pv->lru_add, pfn) + times_in(&pv->lru_rotate, pfn) +
			    times_in(&pv->lru_deactivate, pfn)
		  : 0;
}

/* 5: the references that are known; the pagevecs are asked only when in doubt. */
static bool references_add_up(const struct machine *m, const struct page *p,
			      pfn_t pfn)
{
	int known = page_mapcount(p) + (p->mapping && !PageAnon(p)) +
		    PagePrivate(p) + PageSwapCache(p);

	return p->_count == known || p->_count == known + times_waiting(m, pfn);
}

static bool in_its_slab(const struct machine *m, const struct page *p,
			pfn_t pfn)
{
	const struct slab *slabp;

	if (!p->mapping || p->mapping >= m->slab_pool.next_id)
		return false;
	slabp = hpool_get(&m->slab_pool, p->mapping);
	return slabp->cachep && slabp->pfn <= pfn &&
	       pfn - slabp->pfn < 1u << slabp->cachep->gfporder;
}

/* ---- the walk ---- */

static void walk_run(struct owner_walk *w, pfn_t pfn, pfn_t end,
		     enum frame_owner owner)
{
	if (pfn < end)
		w->visit(w->ctx, pfn, end - pfn, owner);
}

/* [pfn, end): RAM of the zone that boot gave away. */
static void walk_given(struct owner_walk *w, pfn_t pfn, pfn_t end)
{
	while (pfn < end) {
		const struct fresh_run *run =
			w->z->nr_fresh ? find_fresh_run(w->z, pfn) : NULL;
		const struct page *p = pfn_to_page(w->m, pfn);
		pfn_t next = pfn + 1;
		enum frame_owner owner = OWNER_BUDDY;

		if (run)
			next = run->end;
		else if (PageBuddy(p))
			next = pfn + ((pfn_t)1 << p->private);
		else
			owner = page_owner(p);
		walk_run(w, pfn, next, owner);
		pfn = next;
	}
}

/* [pfn, end): RAM of the zone; boot's ranges in between are boot's. */
static void walk_ram(struct owner_walk *w, pfn_t pfn, pfn_t end)
{
	const struct machine *m = w->m;
	unsigned i = range_find(m->boot_range, m->nr_boot_ranges,
				pfn_to_phys(m, pfn));

	for (; i < m->nr_boot_ranges && pfn < end; i++) {
		const struct phys_range *r = &m->boot_range[i];
		pfn_t from = (pfn_t)(r->start >> m->page_shift);
		pfn_t to = (pfn_t)(PAGE_ALIGN(m, r->end) >> m->page_shift);

		from = from < pfn ? pfn : from < end ? from : end;
		to = to < from ? from : to < end ? to : end;
		walk_given(w, pfn, from);
		walk_run(w, from, to, OWNER_BOOT);
		pfn = to;
	}
	walk_given(w, pfn, end);
}

void walk_owners(const struct machine *m, const struct zone *z,
		 owner_visitor visit, void *ctx)
{
	struct owner_walk w = {.m = m, .z = z, .visit = visit, .ctx = ctx};
	pfn_t at = z->zone_start_pfn, end = zone_end_pfn(z);

	for (unsigned i = 0; i < m->nr_ram_ranges && at < end; i++) {
		pfn_t from = (pfn_t)(m->ram_range[i].start >> m->page_shift);
		pfn_t to = (pfn_t)(m->ram_range[i].end >> m->page_shift);

		from = from < at ? at : from < end ? from : end;
		to = to < end ? to : end;
		walk_run(&w, at, from, OWNER_HOLE);
		if (from >= to) {
			at = from;
			continue;
		}
		walk_ram(&w, from, to);
		at = to;
	}
	walk_run(&w, at, end, OWNER_HOLE);
}

/* ---- the check ---- */

static void check_frame(struct owner_count *w, pfn_t pfn,
			enum frame_owner owner)
{
	const struct page *p = pfn_to_page(w->m, pfn);

	CHECK(w->c, owner != OWNER_SEVERAL,
	      "owner 1: pfn %u has several owners (flags %x mapping %x)", pfn,
	      (unsigned)p->flags, p->mapping);
	w->pcp += owner == OWNER_PCP;
	CHECK(w->c,
	      owner == OWNER_PCP ? p->_count == 0
				 : owner != OWNER_USER || p->_count > 0,
	      "owner 2: pfn %u has %d references", pfn, p->_count);
	CHECK(w->c, owner != OWNER_SLAB || in_its_slab(w->m, p, pfn),
	      "owner 6: pfn %u is no slab's", pfn);
	if (owner == OWNER_USER || (owner == OWNER_NONE && page_mapped(p)))
		CHECK(w->c, references_add_up(w->m, p, pfn),
		      "owner 5: pfn %u has %d references, %d mappings", pfn,
		      p->_count, page_mapcount(p));
	if (owner != OWNER_NONE)
		return;
	CHECK(w->c, p->_count > 0, "owner 1: pfn %u has no owner", pfn);
	CHECK(w->c,
	      p->_count <= 0 || page_mapped(p) || times_waiting(w->m, pfn),
	      "owner 3: pfn %u has %d references, but no owner", pfn,
	      p->_count);
}

static void check_run(void *ctx, pfn_t pfn, uint32_t nr,
		      enum frame_owner owner)
{
	struct owner_count *w = ctx;

	if (owner == OWNER_BUDDY)
		w->free += nr;
	else if (owner != OWNER_HOLE && owner != OWNER_BOOT)
		check_frame(w, pfn, owner);
}

void owner_check(const struct machine *m, struct checker *c)
{
	const struct zone *z;

	for_each_zone (z, m) {
		struct owner_count w = {.m = m, .c = c};

		walk_owners(m, z, check_run, &w);
		CHECK(c,
		      w.free == z->vm_stat[NR_FREE_PAGES] &&
			      w.pcp == z->pageset.count,
		      "owner 4: zone %s: met %lld free and %lld per-CPU "
		      "frames, counted %lld and %u",
		      z->name, (long long)w.free, (long long)w.pcp,
		      (long long)z->vm_stat[NR_FREE_PAGES], z->pageset.count);
	}
}
