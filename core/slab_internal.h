/*
 * slab_internal.h - what slab.c, slab_common.c, kmalloc.c and the state files
 * share of a cache's inside. Everybody else: slab.h.
 */
#ifndef MMEMU_CORE_SLAB_INTERNAL_H
#define MMEMU_CORE_SLAB_INTERNAL_H

#include "core/machine.h"
#include "core/slab.h"

/* Bytes of the kernel's own structures on a 32-bit UP machine. */
#define SIZEOF_ARRAY_CACHE(limit) (16u + 4u * (limit))
#define SIZEOF_KMEM_CACHE_NODE 52u
#define SIZEOF_KMEM_CACHE 92u
#define SIZEOF_CCUPDATE 12u /* the helper of do_tune_cpucache() */

/* ---- slab.c ---- */

/* Numbers of a new cache from object_size, align (as asked for) and flags;
 * -E2BIG when no block holds an object. It has no array cache yet. */
int __kmem_cache_create(struct machine *m, struct kmem_cache *s, uint32_t align,
			uint32_t flags, bool early);
/* The host side of an array cache. */
void array_cache_init(struct machine *m, struct array_cache *ac, uint32_t limit,
		      uint32_t batchcount);
void array_cache_release(struct machine *m, struct array_cache *ac);
/* Give back n objects to their slabs, in this order. */
void free_block(struct machine *m, struct kmem_cache *cachep, const kva_t *obj,
		uint32_t n);
/* Empty the array cache and destroy the free slabs; true: objects remain. */
bool __cache_shrink(struct machine *m, struct kmem_cache *cachep);
/* A slab's host side, on no list; its frames are marked as the slab's. */
struct slab *slab_new(struct machine *m, struct kmem_cache *cachep, pfn_t pfn);
void slab_forget(struct machine *m, struct slab *slabp);
uint32_t obj_to_index(const struct slab *slabp, kva_t obj);
static inline kva_t index_to_obj(const struct slab *slabp, uint32_t i)
{
	return slabp->s_mem + (kva_t)i * slabp->cachep->size;
}
static inline bool slab_held(const struct slab *slabp, uint32_t i)
{
	return slabp->held[i / 8] >> (i % 8) & 1;
}
static inline void slab_set_held(struct slab *slabp, uint32_t i)
{
	slabp->held[i / 8] |= (uint8_t)(1u << (i % 8));
}
static inline void slab_clear_held(struct slab *slabp, uint32_t i)
{
	slabp->held[i / 8] &= (uint8_t) ~(1u << (i % 8));
}

/* ---- slab_common.c ---- */

/* An empty cache structure, on no list. */
struct kmem_cache *kmem_cache_new(struct machine *m, const char *name);
/* Host memory of a cache and of its slabs, whatever it holds. */
void kmem_cache_forget(struct machine *m, struct kmem_cache *s);
/* Fill m->caches, m->kmalloc and m->kmem_cache_cache by name. */
void slab_find_known_caches(struct machine *m);

/* ---- kmalloc.c ---- */

/* The name of general cache i, from cfg's pattern. false: there is none. */
bool kmalloc_cache_name(const struct machine *m, unsigned i, bool dma,
			char *name, size_t room);
uint32_t kmalloc_cache_size(unsigned i);
/* Index of the general cache for size bytes, 0 if there is none so large. */
unsigned kmalloc_index(const struct machine *m, size_t size);

#endif
