/*
 * slab_check.c - the invariants of slab.c, executed under the same numbers.
 */
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/slab.h"
#include "core/slab_internal.h"
#include "core/subsystems.h"

/* What one cache's slabs add up to. */
struct slab_sums {
	uint32_t slabs, inuse, held, free;
};

static uint32_t held_objects(const struct slab *slabp)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < (slabp->cachep->num + 7) / 8; i++)
		n += (uint32_t)__builtin_popcount(slabp->held[i]);
	return n;
}

static void check_chain(const struct slab *slabp, struct checker *c)
{
	uint32_t num = slabp->cachep->num, n = 0, i = slabp->free;

	while (i != BUFCTL_END && i < num && n <= num) {
		CHECK(c, !slab_held(slabp, i),
		      "slab 2: %s: object %u of the slab at pfn %u is both "
		      "held and free", slabp->cachep->name, i, slabp->pfn);
		n++;
		i = slabp->bufctl[i];
	}
	CHECK(c, i == BUFCTL_END && n == num - slabp->inuse,
	      "slab 2: %s: the slab at pfn %u has %u of %u objects in use but "
	      "%u in its chain", slabp->cachep->name, slabp->pfn, slabp->inuse,
	      num, n);
}

static void check_frames(const struct machine *m, const struct slab *slabp,
			 struct checker *c)
{
	const struct kmem_cache *s = slabp->cachep;

	for (uint32_t i = 0; i < 1u << s->gfporder; i++) {
		const struct page *page = pfn_to_page(m, slabp->pfn + i);

		CHECK(c, PageSlab(page) && page->mapping == slabp->id,
		      "slab 4: %s: frame %u does not name its slab", s->name,
		      slabp->pfn + i);
	}
	CHECK(c, slabp->s_mem == __va(m, pfn_to_phys(m, slabp->pfn)) +
					 slabp->colouroff,
	      "slab 4: %s: s_mem 0x%llx of the slab at pfn %u, colour %u",
	      s->name, (unsigned long long)slabp->s_mem, slabp->pfn,
	      slabp->colouroff);
}

static void check_list(const struct machine *m, const struct kmem_cache *s,
		       const struct list_head *slabs, uint32_t min,
		       uint32_t max, struct slab_sums *sums, struct checker *c)
{
	struct slab *slabp;

	list_for_each_entry (slabp, slabs, list) {
		CHECK(c, slabp->inuse >= min && slabp->inuse <= max,
		      "slab 1: %s: the slab at pfn %u has %u of %u objects in "
		      "use and is on the wrong list", s->name, slabp->pfn,
		      slabp->inuse, s->num);
		CHECK(c, slabp->cachep == s,
		      "slab 1: %s: the slab at pfn %u is of another cache",
		      s->name, slabp->pfn);
		check_chain(slabp, c);
		check_frames(m, slabp, c);
		sums->slabs++;
		sums->inuse += slabp->inuse;
		sums->free += s->num - slabp->inuse;
		sums->held += held_objects(slabp);
	}
}

/* A free object of one of the cache's slabs. */
static bool is_spare(const struct machine *m, const struct kmem_cache *s,
		     kva_t obj)
{
	const struct slab *slabp = virt_to_slab(m, obj);
	uint32_t i;

	if (!slabp || slabp->cachep != s || obj < slabp->s_mem)
		return false;
	i = obj_to_index(slabp, obj);
	return i < s->num && obj == index_to_obj(slabp, i) &&
	       !slab_held(slabp, i);
}

static void check_array(const struct machine *m, const struct kmem_cache *s,
			struct checker *c)
{
	CHECK(c, s->ac.avail <= s->ac.limit, "slab 5: %s: avail %u > limit %u",
	      s->name, s->ac.avail, s->ac.limit);
	for (uint32_t i = 0; i < s->ac.avail && i < s->ac.limit; i++)
		CHECK(c, is_spare(m, s, s->ac.entry[i]),
		      "slab 5: %s: entry %u of the array cache, 0x%llx",
		      s->name, i, (unsigned long long)s->ac.entry[i]);
}

static void check_cache(const struct machine *m, const struct kmem_cache *s,
			struct slab_sums *sums, struct checker *c)
{
	check_list(m, s, &s->slabs_full, s->num, s->num, sums, c);
	check_list(m, s, &s->slabs_partial, 1, s->num - 1, sums, c);
	check_list(m, s, &s->slabs_free, 0, 0, sums, c);
	CHECK(c, sums->free == s->free_objects && sums->slabs == s->nr_slabs,
	      "slab 3: %s: %u free objects, %u counted; %u slabs, %u counted",
	      s->name, s->free_objects, sums->free, s->nr_slabs, sums->slabs);
	check_array(m, s, c);
	CHECK(c, sums->inuse == s->ac.avail + sums->held,
	      "slab 6: %s: %u in use, %u in the array cache, %u held", s->name,
	      sums->inuse, s->ac.avail, sums->held);
}

void slab_check(const struct machine *m, struct checker *c)
{
	const struct kmem_cache *s;
	uint64_t slabs = 0;
	int64_t frames = 0;

	list_for_each_entry (s, &m->slab_caches, list) {
		struct slab_sums sums = {0};

		check_cache(m, s, &sums, c);
		slabs += sums.slabs;
		frames += (int64_t)sums.slabs << s->gfporder;
	}
	CHECK(c, slabs == m->slab_pool.nr_used,
	      "slab 7: %llu slabs on lists, %u made",
	      (unsigned long long)slabs, m->slab_pool.nr_used);
	frames -= owned_page_state(m, NR_SLAB_RECLAIMABLE);
	frames -= owned_page_state(m, NR_SLAB_UNRECLAIMABLE);
	CHECK(c, frames == 0, "slab 7: %lld slab frames are not counted",
	      (long long)frames);
}
