/*
 * state_slab_end.c - a state's caches and slabs, tied together at the end.
 *
 * What no line can know when it is read: the general cache of a cache's off-slab
 * descriptors may follow later, the objects of an array cache lie on slabs that
 * follow it. And caches are made of objects themselves:
 *
 *   cacheobj kioctx object A ─► an object of kmem_cache, in use
 *                   name, array, node A ─► of the general cache for that size
 *   slab ... desc A, off the slab ─► of the general cache for descriptors
 *
 * Whoever destroys the cache or the slab frees these, so each must be there, in
 * use, and be named once.
 */
#include "core/page_alloc.h"
#include "core/slab_internal.h"
#include "trace/state_slab.h"

#include <string.h>

static int bad(struct state_slab_error *e, const struct kmem_cache *s,
	       const char *why)
{
	e->cache = s ? s->name : NULL;
	e->why = why;
	return -EINVAL;
}

/* ---- an object in use, and its owner ---- */

/* An object of the cache, to be looked at; false: that is enough. */
typedef bool object_fn(struct machine *m, struct kmem_cache *s, kva_t obj);

/* The object gets its owner and is marked as not in use: a second owner does
 * not find it. */
static bool claim(struct machine *m, struct kmem_cache *s, kva_t obj)
{
	if (!s || !obj || slab_verify_free(m, s, obj, NULL))
		return false;
	slab_clear_held(virt_to_slab(m, obj),
			obj_to_index(virt_to_slab(m, obj), obj));
	return true;
}

static bool unclaim(struct machine *m, struct kmem_cache *s __unused_arg,
		    kva_t obj)
{
	slab_set_held(virt_to_slab(m, obj),
		      obj_to_index(virt_to_slab(m, obj), obj));
	return true;
}

/* ---- what belongs to what ---- */

/* Objects in the array cache are not with users. */
static bool array_objects_known(struct machine *m, struct kmem_cache *s)
{
	for (uint32_t i = 0; i < s->ac.avail; i++)
		if (!claim(m, s, s->ac.entry[i]))
			return false;
	return true;
}

/* Does a descriptor's slab need a descriptor, and so on without an end? */
static bool descriptors_end(const struct kmem_cache *s)
{
	for (unsigned n = 0; s->flags & CFLGS_OFF_SLAB; s = s->slabp_cache)
		if (n++ == KMALLOC_MAX_CACHES)
			return false;
	return true;
}

static int tie_caches(struct machine *m, struct state_slab_error *e)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &m->slab_caches, list) {
		if (!(s->flags & CFLGS_OFF_SLAB))
			continue;
		s->slabp_cache = kmalloc_slab(m, s->slab_size, 0);
		if (!s->slabp_cache)
			return bad(e, s, "no general cache for its off-slab "
					 "descriptors");
	}
	list_for_each_entry (s, &m->slab_caches, list) {
		if (!descriptors_end(s))
			return bad(e, s, "its off-slab descriptors need "
					 "themselves");
		if (!array_objects_known(m, s))
			return bad(e, s, "its array cache holds what is no "
					 "object of it in use");
	}
	return 0;
}

/* ---- what caches are made of ---- */

/* 0: the file does not say, and nothing is freed. */
static bool cache_objects(struct machine *m, const struct kmem_cache *s,
			  object_fn *f)
{
	const struct {
		struct kmem_cache *from;
		kva_t obj;
	} part[] = {
		{m->kmem_cache_cache, s->kobj},
		{kmalloc_slab(m, strlen(s->name) + 1, 0), s->name_kobj},
		{kmalloc_slab(m, SIZEOF_ARRAY_CACHE(s->ac.limit), 0),
		 s->ac.kobj},
		{kmalloc_slab(m, SIZEOF_KMEM_CACHE_NODE, 0), s->node_kobj},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(part); i++)
		if (part[i].obj && !f(m, part[i].from, part[i].obj))
			return false;
	return true;
}

static bool descriptors(struct machine *m, const struct kmem_cache *s,
			object_fn *f)
{
	const struct list_head *const lists[] = {
		&s->slabs_full, &s->slabs_partial, &s->slabs_free};
	const struct slab *slabp;

	if (!(s->flags & CFLGS_OFF_SLAB))
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
		list_for_each_entry (slabp, lists[i], list)
			if (!f(m, s->slabp_cache, slabp->desc))
				return false;
	return true;
}

/* kmem_cache is not to be destroyed: an object of it stays in use, that of a
 * general cache or of no cache the file tells. */
static bool kmem_cache_stays(const struct machine *m)
{
	const struct kmem_cache *general =
		kmalloc_slab(m, SIZEOF_KMEM_CACHE_NODE, 0);
	const struct kmem_cache *s;
	uint32_t nr = 0;

	if (!m->kmem_cache_cache || (general && general->kobj))
		return true;
	list_for_each_entry (s, &m->slab_caches, list)
		nr += s->kobj != 0;
	return kmem_cache_live(m->kmem_cache_cache) > nr;
}

static int check_owned(struct machine *m, struct state_slab_error *e)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &m->slab_caches, list) {
		if (!cache_objects(m, s, claim))
			return bad(e, s, "expected cacheobj addresses that "
					 "are 0 or an object in use of the "
					 "cache for it, named once");
		if (!descriptors(m, s, claim))
			return bad(e, s, "expected as desc of an off-slab "
					 "slab an object in use of the general "
					 "cache for it, named once");
	}
	list_for_each_entry (s, &m->slab_caches, list) {
		cache_objects(m, s, unclaim);
		descriptors(m, s, unclaim);
	}
	return kmem_cache_stays(m)
		       ? 0
		       : bad(e, m->kmem_cache_cache,
			     "expected an object in use: the general caches' "
			     "own");
}

/* ---- all of it ---- */

/* Slab frames by zone: the file has only the sums. */
static void count_slab_frames(struct machine *m, const struct kmem_cache *s,
			      const struct list_head *slabs)
{
	const struct slab *slabp;

	list_for_each_entry (slabp, slabs, list)
		mod_zone_page_state(pfn_zone(m, slabp->pfn),
				    s->flags & SLAB_RECLAIM_ACCOUNT
					    ? NR_SLAB_RECLAIMABLE
					    : NR_SLAB_UNRECLAIMABLE,
				    1 << s->gfporder);
}

int state_slab_end(struct machine *m, struct state_slab_error *e)
{
	struct kmem_cache *s;
	struct zone *z;
	struct checker c = {0};

	slab_find_known_caches(m);
	if (tie_caches(m, e) || check_owned(m, e))
		return -EINVAL;
	for_each_zone (z, m)
		z->vm_stat[NR_SLAB_RECLAIMABLE] =
			z->vm_stat[NR_SLAB_UNRECLAIMABLE] = 0;
	list_for_each_entry (s, &m->slab_caches, list) {
		count_slab_frames(m, s, &s->slabs_full);
		count_slab_frames(m, s, &s->slabs_partial);
		count_slab_frames(m, s, &s->slabs_free);
	}
	slab_check(m, &c);
	return c.broken ? bad(e, NULL, "the slabs do not fit together") : 0;
}
