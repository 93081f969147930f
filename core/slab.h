/*
 * slab.h - SLAB: caches of equal objects on slabs of 2^gfporder frames.
 *
 * kmem_cache_alloc() gives the kernel virtual address of an object (0: no
 * memory). The object's bytes are never looked at: the emulator's own
 * structure lives on the host heap beside it. All bookkeeping that the kernel
 * keeps inside the slab (struct slab, bufctl) is kept on the host, at the
 * addresses and sizes the kernel would use. Linux: mm/slab.c, mm/slab_common.c.
 */
#ifndef MMEMU_CORE_SLAB_H
#define MMEMU_CORE_SLAB_H

#include "core/check.h"
#include "core/gfp.h"
#include "core/list.h"
#include "core/config.h"

struct machine;
struct kmem_cache;

/* flags of kmem_cache_create, with the kernel's values */
#define SLAB_HWCACHE_ALIGN 0x00002000u
#define SLAB_CACHE_DMA 0x00004000u
#define SLAB_PANIC 0x00040000u
#define SLAB_RECLAIM_ACCOUNT 0x00020000u
#define SLAB_DESTROY_BY_RCU 0x00080000u
#define SLAB_MEM_SPREAD 0x00100000u
#define SLAB_NOLEAKTRACE 0x00800000u
#define CFLGS_OFF_SLAB 0x80000000u

#define BUFCTL_END UINT32_MAX

/* One slab: 2^gfporder frames with num objects. Linux: struct slab. */
struct slab {
	struct list_head list;	/* slabs_full, slabs_partial or slabs_free */
	struct kmem_cache *cachep;
	uint32_t id;		/* in m->slab_pool */
	pfn_t pfn;		/* first frame */
	uint32_t colouroff;	/* bytes (with the on-slab descriptor) */
	kva_t s_mem;		/* first object */
	kva_t desc;		/* where the kernel keeps the descriptor */
	uint32_t inuse;		/* objects in use or in the array cache */
	uint32_t free;		/* first free object, or BUFCTL_END */
	uint32_t *bufctl;	/* bufctl[i]: free object after i */
	uint8_t *held;		/* bit i: object i is with a user (not free,
				   not in the array cache): finds misuse */
};

struct array_cache {
	uint32_t avail, limit, batchcount, touched;
	kva_t *entry; /* oldest first; the last is handed out next */
	kva_t kobj;   /* its own object */
};

struct kmem_cache {
	struct list_head list; /* m->slab_caches, newest first */
	struct machine *m;
	uint32_t id;	       /* in m->kmem_cache_pool */
	char name[CONFIG_NAME_LEN * 2];
	uint32_t object_size; /* as asked for */
	uint32_t size;	      /* with alignment: slabinfo's objsize */
	uint32_t align;
	uint32_t flags;
	bool has_ctor;
	uint32_t num;	     /* objects a slab */
	uint32_t gfporder;
	gfp_t allocflags;
	uint32_t colour, colour_off, colour_next;
	uint32_t slab_size;  /* bytes of descriptor and bufctl */
	struct kmem_cache *slabp_cache; /* where off-slab descriptors come from */
	uint32_t shared;
	struct array_cache ac;
	/* struct kmem_cache_node */
	struct list_head slabs_full, slabs_partial, slabs_free;
	uint32_t nr_slabs;     /* on all three lists */
	uint32_t free_objects; /* in slabs, not in the array cache */
	uint32_t free_limit;
	uint32_t free_touched;
	kva_t kobj, name_kobj, node_kobj; /* its own objects */
};

#define KMALLOC_MAX_CACHES 26
struct kmalloc_caches {
	struct kmem_cache *normal[KMALLOC_MAX_CACHES]; /* by index: 1: 96, 2: 192, n: 1 << n */
	struct kmem_cache *dma[KMALLOC_MAX_CACHES];
};

/* The caches of kernel structures that the emulated paths use. NULL: the
 * profile has none of that name, and nothing is charged. */
struct known_caches {
	struct kmem_cache *task_struct, *task_xstate, *mm_struct,
		*vm_area_struct, *anon_vma, *anon_vma_chain, *files_cache,
		*fs_cache, *signal_cache, *sighand_cache, *pid, *cred_jar,
		*filp, *dentry, *inode, *shmem_inode, *ext2_inode,
		*radix_tree_node, *buffer_head, *sigqueue,
		*ksm_rmap_item, *ksm_stable_node, *ksm_mm_slot, *names_cache,
		*pgd, *pmd;
};

/* ---- boot ---- */
/* kmem_cache, kmalloc caches, then cfg->caches. 0 or -ENOMEM. */
int kmem_cache_init(struct machine *m);
void slab_destroy_all(struct machine *m); /* host memory only */

/* ---- caches ---- */

/* NULL and *err = -errno: -EINVAL (a name that is no word, a size below 4 or
 * above the largest general cache, such an alignment), -EEXIST (a name in use),
 * -E2BIG (no block holds an object), -ENOMEM. err may be NULL. */
struct kmem_cache *kmem_cache_create(struct machine *m, const char *name,
				     uint32_t size, uint32_t align,
				     uint32_t flags, bool ctor, int *err);
/* -EBUSY when objects remain: the kernel complains and keeps the cache. */
int kmem_cache_destroy(struct machine *m, struct kmem_cache *cachep);
void kmem_cache_shrink(struct machine *m, struct kmem_cache *cachep);
struct kmem_cache *kmem_cache_find(const struct machine *m, const char *name);

/* Pure layout rules, for tests, reports and figures. */
struct slab_layout {
	uint32_t size, align, num, gfporder, left_over, slab_size;
	uint32_t colour, colour_off;
	bool off_slab;
	uint32_t limit, batchcount;
};
void slab_calculate_layout(const struct machine *m, uint32_t object_size,
			   uint32_t align, uint32_t flags, bool early,
			   struct slab_layout *out);
/* Slabs above this order are made only if no smaller one holds an object. */
unsigned slab_max_order(const struct machine *m);

/* ---- objects ---- */
kva_t kmem_cache_alloc(struct machine *m, struct kmem_cache *cachep, gfp_t gfp);
void kmem_cache_free(struct machine *m, struct kmem_cache *cachep, kva_t obj);
/*
 * An emulated kernel structure beside a host structure: charge it to a cache
 * that the profile may not have (cachep NULL: nothing is charged, *obj = 0).
 * 0 or -ENOMEM.
 */
int kobj_alloc(struct machine *m, struct kmem_cache *cachep, gfp_t gfp,
	       kva_t *obj);
void kobj_free(struct machine *m, struct kmem_cache *cachep, kva_t obj);
/* size 0: ZERO_SIZE_PTR (16); too large or no memory: 0. */
kva_t kmalloc(struct machine *m, size_t size, gfp_t gfp);
void kfree(struct machine *m, kva_t obj);
struct kmem_cache *kmalloc_slab(const struct machine *m, size_t size, gfp_t gfp);
#define ZERO_SIZE_PTR ((kva_t)16)

/* Would freeing obj be right? 0, or -EINVAL with *why what the kernel would
 * complain of (double free, not an object of this cache ...). cachep NULL:
 * kfree's question. */
int slab_verify_free(const struct machine *m, const struct kmem_cache *cachep,
		     kva_t obj, const char **why);
/* Would kmem_cache_alloc() with these flags be right? 0, or -EINVAL: zone DMA
 * is asked of a cache of other memory, or the other way round. */
int slab_verify_alloc(const struct kmem_cache *cachep, gfp_t gfp,
		      const char **why);
/* The slab an address lies in, or NULL. */
struct slab *virt_to_slab(const struct machine *m, kva_t obj);

/* ---- numbers: slabinfo's columns ---- */
struct slabinfo {
	uint32_t active_objs, num_objs, active_slabs, num_slabs, shared_avail;
	uint32_t limit, batchcount, shared, objects_per_slab, cache_order;
};
void get_slabinfo(const struct kmem_cache *cachep, struct slabinfo *si);
/* Objects with users: active_objs less those in the array cache. */
uint32_t kmem_cache_live(const struct kmem_cache *cachep);

void slab_check(const struct machine *m, struct checker *c);

#endif
