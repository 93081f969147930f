/*
 * slab.c - objects: array cache in front, slabs behind.
 *
 *   kmem_cache_alloc ─► array cache (LIFO) ──empty──► refill a batch from the
 *   kmem_cache_free  ─► array cache        ──full───► flush the oldest batch to
 *
 *        slabs_partial ─► [o o . .] ─► [. o . .]     taken from the head first
 *        slabs_full    ─► [o o o o]                  o in use, . free
 *        slabs_free    ─► [. . . .]               then these, then cache_grow
 *
 * An object in the array cache counts as in use for its slab: that is why
 * slabinfo shows 16 active objects after the first allocation of a cache. The
 * first refill of an idle cache takes 16, later ones a whole batch (60 of 120).
 * A slab's free objects are a chain through bufctl: free -> bufctl[free] -> ...
 * A slab that becomes empty is kept, unless free_objects exceeds free_limit.
 *
 *   kmalloc-32, fresh: refill takes 0..15 of the new slab, the caller gets 15,
 *   then 14, 13 ... (the array is a stack).
 *
 * One CPU: there is no shared array behind the array cache (slabinfo's
 * sharedfactor is only shown) and nobody frees from another node.
 *
 * Pages of SLAB_DESTROY_BY_RCU caches go back at once: the machine is at rest
 * between two events, so a grace period has always passed.
 *
 * Invariants (slab_check tests them under the same numbers)
 *  1. Full slabs have inuse == num, partial ones 0 < inuse < num, free ones
 *     inuse == 0.
 *  2. A slab's chain from `free` visits num - inuse objects, none of them held
 *     by a user, and ends in BUFCTL_END.
 *  3. free_objects == sum(num - inuse), nr_slabs == slabs on the three lists.
 *  4. Every frame of a slab is PageSlab and names the slab; s_mem lies
 *     colouroff bytes behind the first frame's address.
 *  5. Each entry of an array cache is an object of a slab of this cache that
 *     no user holds; avail <= limit.
 *  6. sum(inuse) == avail + objects held by users.
 *  7. No slab is on two lists: the pool has as many as the caches count, and
 *     NR_SLAB_RECLAIMABLE + NR_SLAB_UNRECLAIMABLE is the sum of their frames.
 *
 * Linux: mm/slab.c.
 */
#include "core/slab.h"
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/slab_internal.h"

#include <string.h>

#define BATCHREFILL_LIMIT 16u
#define GFP_CONSTRAINT_MASK (__GFP_HARDWALL | __GFP_THISNODE)

/* ---- one slab ---- */

uint32_t obj_to_index(const struct slab *slabp, kva_t obj)
{
	return (uint32_t)(obj - slabp->s_mem) / slabp->cachep->size;
}

struct slab *virt_to_slab(const struct machine *m, kva_t obj)
{
	const struct page *page;

	if (obj < m->cfg.page_offset ||
	    __pa(m, obj) >= pfn_to_phys(m, m->max_low_pfn))
		return NULL;
	page = virt_to_page(m, obj);
	if (!PageSlab(page))
		return NULL;
	return hpool_get(&m->slab_pool, page->mapping);
}

struct slab *slab_new(struct machine *m, struct kmem_cache *cachep, pfn_t pfn)
{
	uint32_t id;
	struct slab *slabp = hpool_alloc(&m->slab_pool, &id);
	struct page *page = pfn_to_page(m, pfn);

	slabp->id = id;
	slabp->cachep = cachep;
	slabp->pfn = pfn;
	slabp->bufctl = host_alloc(&m->host, cachep->num * sizeof(uint32_t));
	slabp->held = host_alloc(&m->host, (cachep->num + 7) / 8);
	for (uint32_t i = 0; i < 1u << cachep->gfporder; i++) {
		SetPageSlab(page + i);
		page[i].mapping = id;
	}
	return slabp;
}

void slab_forget(struct machine *m, struct slab *slabp)
{
	const struct kmem_cache *cachep = slabp->cachep;
	struct page *page = pfn_to_page(m, slabp->pfn);

	for (uint32_t i = 0; i < 1u << cachep->gfporder; i++) {
		ClearPageSlab(page + i);
		page[i].mapping = 0;
	}
	host_free(&m->host, slabp->bufctl, cachep->num * sizeof(uint32_t));
	host_free(&m->host, slabp->held, (cachep->num + 7) / 8);
	hpool_free(&m->slab_pool, slabp->id);
}

static kva_t slab_get_obj(struct slab *slabp)
{
	kva_t obj = index_to_obj(slabp, slabp->free);

	slabp->inuse++;
	slabp->free = slabp->bufctl[slabp->free];
	return obj;
}

static void slab_put_obj(struct slab *slabp, kva_t obj)
{
	uint32_t i = obj_to_index(slabp, obj);

	slabp->bufctl[i] = slabp->free;
	slabp->free = i;
	slabp->inuse--;
}

/* ---- slabs from and to the page allocator ---- */

static void account_slab_pages(struct machine *m,
			       const struct kmem_cache *cachep,
			       const struct page *page, int sign)
{
	enum zone_stat_item item = cachep->flags & SLAB_RECLAIM_ACCOUNT
					   ? NR_SLAB_RECLAIMABLE
					   : NR_SLAB_UNRECLAIMABLE;

	mod_zone_page_state(page_zone(m, page), item,
			    sign * (int64_t)(1u << cachep->gfporder));
}

static struct page *kmem_getpages(struct machine *m, struct kmem_cache *cachep,
				  gfp_t gfp)
{
	struct page *page;
	story(m, cachep->kobj, gfp, cachep->gfporder);

	gfp |= cachep->allocflags | __GFP_NOTRACK;
	if (cachep->flags & SLAB_RECLAIM_ACCOUNT)
		gfp |= __GFP_RECLAIMABLE;
	page = alloc_pages(m, gfp, cachep->gfporder);
	if (page)
		account_slab_pages(m, cachep, page, 1);
	return page;
}

static void kmem_freepages(struct machine *m, struct kmem_cache *cachep,
			   struct page *page)
{
	account_slab_pages(m, cachep, page, -1);
	m->reclaimed_slab += (uint64_t)1 << cachep->gfporder;
	__free_pages(m, page, cachep->gfporder);
}

/* Where the descriptor and the objects stand. false: no memory for an
 * off-slab descriptor. */
static bool alloc_slabmgmt(struct machine *m, struct slab *slabp, kva_t addr,
			   uint32_t colour, gfp_t gfp)
{
	const struct kmem_cache *cachep = slabp->cachep;

	if (cachep->flags & CFLGS_OFF_SLAB) {
		slabp->desc = kmem_cache_alloc(m, cachep->slabp_cache, gfp);
		if (!slabp->desc)
			return false;
	} else {
		slabp->desc = addr + colour;
		colour += cachep->slab_size;
	}
	slabp->colouroff = colour;
	slabp->s_mem = addr + colour;
	return true;
}

static void cache_init_objs(struct slab *slabp)
{
	uint32_t num = slabp->cachep->num;

	for (uint32_t i = 0; i < num; i++)
		slabp->bufctl[i] = i + 1;
	slabp->bufctl[num - 1] = BUFCTL_END;
	slabp->free = 0;
}

/* One more slab, at the tail of slabs_free. false: no memory. */
static bool cache_grow(struct machine *m, struct kmem_cache *cachep, gfp_t gfp)
{
	gfp_t local = gfp & (GFP_CONSTRAINT_MASK | GFP_RECLAIM_MASK);
	uint32_t colour = cachep->colour_next * cachep->colour_off;
	struct page *page;
	struct slab *slabp;
	story(m, cachep->kobj, cachep->gfporder);

	if (++cachep->colour_next >= cachep->colour)
		cachep->colour_next = 0;
	page = kmem_getpages(m, cachep, local);
	if (!page)
		return false;
	slabp = slab_new(m, cachep, page_to_pfn(m, page));
	if (!alloc_slabmgmt(m, slabp, page_address(m, page), colour,
			    local & ~GFP_CONSTRAINT_MASK)) {
		slab_forget(m, slabp);
		kmem_freepages(m, cachep, page);
		return false;
	}
	cache_init_objs(slabp);
	list_add_tail(&slabp->list, &cachep->slabs_free);
	cachep->free_objects += cachep->num;
	cachep->nr_slabs++;
	m->stats.slab_grown++;
	observe(m, SLAB_GROW, cachep->kobj, slabp->pfn, cachep->gfporder,
		cachep->has_ctor ? cachep->num : 0);
	return true;
}

/* => slabp is on no list */
static void slab_destroy(struct machine *m, struct slab *slabp)
{
	struct kmem_cache *cachep = slabp->cachep;
	struct page *page = pfn_to_page(m, slabp->pfn);
	kva_t desc = slabp->desc;
	story(m, cachep->kobj, slabp->pfn);

	observe(m, SLAB_DESTROY, cachep->kobj, slabp->pfn, cachep->gfporder, 0);
	cachep->nr_slabs--;
	m->stats.slab_destroyed++;
	slab_forget(m, slabp);
	kmem_freepages(m, cachep, page);
	if (cachep->flags & CFLGS_OFF_SLAB)
		kmem_cache_free(m, cachep->slabp_cache, desc);
}

/* ---- array cache and slabs ---- */

/* Up to n objects of one slab into the array; the slab changes lists. */
static uint32_t take_from_slab(const struct machine *m,
			       struct kmem_cache *cachep, struct slab *slabp,
			       uint32_t n)
{
	struct array_cache *ac = &cachep->ac;
	uint32_t taken = 0;

	while (slabp->inuse < cachep->num && taken < n) {
		ac->entry[ac->avail++] = slab_get_obj(slabp);
		taken++;
	}
	cachep->free_objects -= taken;
	observe(m, SLAB_TAKE, slabp->pfn, taken, slabp->inuse, cachep->num);
	list_move(&slabp->list, slabp->free == BUFCTL_END
					? &cachep->slabs_full
					: &cachep->slabs_partial);
	return taken;
}

/* A batch from the slabs there are. */
static void refill_from_slabs(const struct machine *m,
			      struct kmem_cache *cachep)
{
	struct array_cache *ac = &cachep->ac;
	uint32_t n = ac->batchcount;

	if (!ac->touched && n > BATCHREFILL_LIMIT)
		n = BATCHREFILL_LIMIT;
	while (n > 0) {
		struct list_head *from = &cachep->slabs_partial;

		if (list_empty(from)) {
			cachep->free_touched = 1;
			from = &cachep->slabs_free;
			if (list_empty(from))
				return;
		}
		n -= take_from_slab(m, cachep,
				    list_first_entry(from, struct slab, list),
				    n);
	}
}

static kva_t cache_alloc_refill(struct machine *m, struct kmem_cache *cachep,
				gfp_t gfp)
{
	struct array_cache *ac = &cachep->ac;
	story(m, cachep->kobj);

	for (;;) {
		refill_from_slabs(m, cachep);
		if (ac->avail)
			break;
		if (!cache_grow(m, cachep, gfp) && !ac->avail)
			return 0;
		if (ac->avail)
			break;
	}
	ac->touched = 1;
	return ac->entry[--ac->avail];
}

kva_t kmem_cache_alloc(struct machine *m, struct kmem_cache *cachep, gfp_t gfp)
{
	struct array_cache *ac = &cachep->ac;
	struct slab *slabp;
	kva_t obj;
	story(m, cachep->kobj, gfp);

	if (should_fail_alloc(m, gfp))
		return 0;
	if (likely(ac->avail)) {
		ac->touched = 1;
		obj = ac->entry[--ac->avail];
	} else {
		obj = cache_alloc_refill(m, cachep, gfp);
		if (!obj)
			return 0;
	}
	slabp = hpool_get(&m->slab_pool, virt_to_page(m, obj)->mapping);
	slab_set_held(slabp, obj_to_index(slabp, obj));
	observe(m, SLAB_ALLOC, obj, cachep->kobj, ac->avail, 0);
	return obj;
}

void free_block(struct machine *m, struct kmem_cache *cachep, const kva_t *obj,
		uint32_t n)
{
	story(m, cachep->kobj, n);

	for (uint32_t i = 0; i < n; i++) {
		struct slab *slabp = virt_to_slab(m, obj[i]);

		list_del(&slabp->list);
		slab_put_obj(slabp, obj[i]);
		cachep->free_objects++;
		if (slabp->inuse) {
			list_add_tail(&slabp->list, &cachep->slabs_partial);
		} else if (cachep->free_objects > cachep->free_limit) {
			cachep->free_objects -= cachep->num;
			slab_destroy(m, slabp);
		} else {
			list_add(&slabp->list, &cachep->slabs_free);
		}
	}
}

static void cache_flusharray(struct machine *m, struct kmem_cache *cachep)
{
	struct array_cache *ac = &cachep->ac;
	story(m, cachep->kobj, cachep->ac.batchcount);

	free_block(m, cachep, ac->entry, ac->batchcount);
	ac->avail -= ac->batchcount;
	memmove(ac->entry, ac->entry + ac->batchcount,
		ac->avail * sizeof(*ac->entry));
}

void kmem_cache_free(struct machine *m, struct kmem_cache *cachep, kva_t obj)
{
	struct array_cache *ac = &cachep->ac;
	struct slab *slabp =
		hpool_get(&m->slab_pool, virt_to_page(m, obj)->mapping);
	uint32_t i = obj_to_index(slabp, obj);
	story(m, cachep->kobj, obj);

	mm_assert(slabp->cachep == cachep && slab_held(slabp, i));
	slab_clear_held(slabp, i);
	observe(m, SLAB_FREE, obj, cachep->kobj, ac->avail, ac->limit);
	if (unlikely(ac->avail == ac->limit))
		cache_flusharray(m, cachep);
	ac->entry[ac->avail++] = obj;
}

/* ---- shrink ---- */

static void drain_freelist(struct machine *m, struct kmem_cache *cachep)
{
	while (!list_empty(&cachep->slabs_free)) {
		struct slab *slabp = list_last_entry(&cachep->slabs_free,
						     struct slab, list);

		list_del(&slabp->list);
		cachep->free_objects -= cachep->num;
		slab_destroy(m, slabp);
	}
}

bool __cache_shrink(struct machine *m, struct kmem_cache *cachep)
{
	struct array_cache *ac = &cachep->ac;

	free_block(m, cachep, ac->entry, ac->avail);
	ac->avail = 0;
	drain_freelist(m, cachep);
	return !list_empty(&cachep->slabs_full) ||
	       !list_empty(&cachep->slabs_partial);
}

void kmem_cache_shrink(struct machine *m, struct kmem_cache *cachep)
{
	__cache_shrink(m, cachep);
}

/* ---- a new cache ---- */

void array_cache_init(struct machine *m, struct array_cache *ac, uint32_t limit,
		      uint32_t batchcount)
{
	ac->avail = ac->touched = 0;
	ac->limit = limit;
	ac->batchcount = batchcount;
	ac->entry = host_alloc(&m->host, limit * sizeof(*ac->entry));
}

void array_cache_release(struct machine *m, struct array_cache *ac)
{
	host_free(&m->host, ac->entry, ac->limit * sizeof(*ac->entry));
	ac->entry = NULL;
}

int __kmem_cache_create(struct machine *m, struct kmem_cache *s, uint32_t align,
			uint32_t flags, bool early)
{
	struct slab_layout l;

	slab_calculate_layout(m, s->object_size, align, flags, early, &l);
	if (!l.num)
		return -E2BIG;
	s->size = l.size;
	s->align = l.align;
	s->num = l.num;
	s->gfporder = l.gfporder;
	s->slab_size = l.slab_size;
	s->colour = l.colour;
	s->colour_off = l.colour_off;
	s->flags = flags | (l.off_slab ? CFLGS_OFF_SLAB : 0);
	s->allocflags = flags & SLAB_CACHE_DMA ? GFP_DMA : 0;
	if (l.off_slab)
		s->slabp_cache = kmalloc_slab(m, l.slab_size, 0);
	return 0;
}

/* ---- misuse ---- */

int slab_verify_alloc(const struct kmem_cache *cachep, gfp_t gfp,
		      const char **why)
{
	if (!(gfp & GFP_DMA) != !(cachep->allocflags & GFP_DMA))
		return misused(why, gfp & GFP_DMA
					   ? "GFP_DMA, but no DMA cache"
					   : "a DMA cache, but no GFP_DMA");
	return 0;
}

int slab_verify_free(const struct machine *m, const struct kmem_cache *cachep,
		     kva_t obj, const char **why)
{
	const struct slab *slabp;

	if (!cachep && (!obj || obj == ZERO_SIZE_PTR))
		return 0;
	slabp = virt_to_slab(m, obj);
	if (!slabp)
		return misused(why, "not an address of a slab");
	if (cachep && slabp->cachep != cachep)
		return misused(why, "wrong slab cache");
	if (obj < slabp->s_mem ||
	    obj >= index_to_obj(slabp, slabp->cachep->num) ||
	    (obj - slabp->s_mem) % slabp->cachep->size)
		return misused(why, "not the start of an object");
	if (!slab_held(slabp, obj_to_index(slabp, obj)))
		return misused(why, "double free");
	return 0;
}

/* ---- numbers ---- */

void get_slabinfo(const struct kmem_cache *cachep, struct slabinfo *si)
{
	struct slab *slabp;
	uint32_t nr_free = 0;

	memset(si, 0, sizeof(*si));
	list_for_each_entry (slabp, &cachep->slabs_free, list)
		nr_free++;
	si->num_slabs = cachep->nr_slabs;
	si->active_slabs = si->num_slabs - nr_free;
	si->num_objs = si->num_slabs * cachep->num;
	si->active_objs = si->num_objs - cachep->free_objects;
	si->limit = cachep->ac.limit;
	si->batchcount = cachep->ac.batchcount;
	si->shared = cachep->shared;
	si->objects_per_slab = cachep->num;
	si->cache_order = cachep->gfporder;
}

uint32_t kmem_cache_live(const struct kmem_cache *cachep)
{
	return cachep->nr_slabs * cachep->num - cachep->free_objects -
	       cachep->ac.avail;
}
