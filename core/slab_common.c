/*
 * slab_common.c - caches: boot, create, destroy, find.
 *
 * A cache is itself made of objects. kmem_cache_create() takes, in this order:
 *
 *   kmem_cache object (kmem_cache)        name (kmalloc)
 *   helper of do_tune_cpucache (12 bytes) array cache (16 + 4 * limit)
 *   ... the helper goes back ...          node (52 bytes: lists and counters)
 *
 * and kmem_cache_destroy() gives back array, node, name, object. The first
 * caches are made before there is anything to take these from:
 *
 *   kmem_cache    static structure, static array of one entry, static node
 *   kmalloc-32    object from kmem_cache; static array, static node
 *   kmalloc-64    object; array from kmalloc-32; static node
 *   then the static arrays and nodes are replaced by kmalloc'ed ones, the other
 *   general caches follow, and at the end every cache, newest first, gets its
 *   array of full size (enable_cpucache).
 *
 * Linux: mm/slab_common.c, mm/slab.c kmem_cache_init(), kmem_cache_init_late(),
 * setup_cpu_cache(), do_tune_cpucache().
 */
#include "core/machine.h"
#include "core/slab.h"
#include "core/slab_internal.h"
#include "core/subsystems.h"

#include <stdio.h>
#include <string.h>

#define MEMBER_SIZE(type, member) sizeof(((type *)NULL)->member)

/* ---- caches of kernel structures, by name ---- */

#define KNOWN(field, name) {name, offsetof(struct known_caches, field)}
static const struct known_name {
	const char *name;
	size_t offset;
} known_names[] = {
	KNOWN(task_struct, "task_struct"),
	KNOWN(task_xstate, "task_xstate"),
	KNOWN(mm_struct, "mm_struct"),
	KNOWN(vm_area_struct, "vm_area_struct"),
	KNOWN(anon_vma, "anon_vma"),
	KNOWN(anon_vma_chain, "anon_vma_chain"),
	KNOWN(files_cache, "files_cache"),
	KNOWN(fs_cache, "fs_cache"),
	KNOWN(signal_cache, "signal_cache"),
	KNOWN(sighand_cache, "sighand_cache"),
	KNOWN(pid, "pid"),
	KNOWN(cred_jar, "cred_jar"),
	KNOWN(filp, "filp"),
	KNOWN(dentry, "dentry"),
	KNOWN(dentry, "dentry_cache"), /* before 2.6.26 */
	KNOWN(inode, "inode_cache"),
	KNOWN(shmem_inode, "shmem_inode_cache"),
	KNOWN(ext2_inode, "ext2_inode_cache"),
	KNOWN(radix_tree_node, "radix_tree_node"),
	KNOWN(buffer_head, "buffer_head"),
	KNOWN(ksm_rmap_item, "ksm_rmap_item"),
	KNOWN(ksm_stable_node, "ksm_stable_node"),
	KNOWN(ksm_mm_slot, "ksm_mm_slot"),
	KNOWN(sigqueue, "sigqueue"),
	KNOWN(names_cache, "names_cache"),
	KNOWN(pgd, "pgd"),
	KNOWN(pmd, "pmd"),
};

static void set_known_cache(struct machine *m, const char *name,
			    struct kmem_cache *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_names); i++)
		if (!strcmp(known_names[i].name, name))
			memcpy((char *)&m->caches + known_names[i].offset, &s,
			       sizeof(s));
}

static void find_kmalloc_caches(struct machine *m)
{
	char name[MEMBER_SIZE(struct kmem_cache, name)];

	memset(&m->kmalloc, 0, sizeof(m->kmalloc));
	for (unsigned i = 1; i < KMALLOC_MAX_CACHES; i++) {
		if (kmalloc_cache_name(m, i, false, name, sizeof(name)))
			m->kmalloc.normal[i] = kmem_cache_find(m, name);
		if (kmalloc_cache_name(m, i, true, name, sizeof(name)))
			m->kmalloc.dma[i] = kmem_cache_find(m, name);
	}
}

void slab_find_known_caches(struct machine *m)
{
	struct kmem_cache *s;

	m->kmem_cache_cache = kmem_cache_find(m, "kmem_cache");
	memset(&m->caches, 0, sizeof(m->caches));
	list_for_each_entry (s, &m->slab_caches, list)
		set_known_cache(m, s->name, s);
	find_kmalloc_caches(m);
}

struct kmem_cache *kmem_cache_find(const struct machine *m, const char *name)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &m->slab_caches, list)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* ---- the structure ---- */

struct kmem_cache *kmem_cache_new(struct machine *m, const char *name)
{
	uint32_t id;
	struct kmem_cache *s = hpool_alloc(&m->kmem_cache_pool, &id);

	s->id = id;
	s->m = m;
	snprintf(s->name, sizeof(s->name), "%s", name);
	INIT_LIST_HEAD(&s->list);
	INIT_LIST_HEAD(&s->slabs_full);
	INIT_LIST_HEAD(&s->slabs_partial);
	INIT_LIST_HEAD(&s->slabs_free);
	return s;
}

static void forget_slabs(struct machine *m, struct list_head *slabs)
{
	struct slab *slabp, *n;

	list_for_each_entry_safe (slabp, n, slabs, list)
		slab_forget(m, slabp);
	INIT_LIST_HEAD(slabs);
}

void kmem_cache_forget(struct machine *m, struct kmem_cache *s)
{
	forget_slabs(m, &s->slabs_full);
	forget_slabs(m, &s->slabs_partial);
	forget_slabs(m, &s->slabs_free);
	array_cache_release(m, &s->ac);
	list_del(&s->list);
	hpool_free(&m->kmem_cache_pool, s->id);
}

/* ---- array cache of full size ---- */

/* Replace the array cache; what the old one held goes to the slabs. */
static int do_tune_cpucache(struct machine *m, struct kmem_cache *s,
			    uint32_t limit, uint32_t batchcount, gfp_t gfp)
{
	struct array_cache old, new = {0};
	kva_t helper = kmalloc(m, SIZEOF_CCUPDATE, gfp);

	if (!helper)
		return -ENOMEM;
	new.kobj = kmalloc(m, SIZEOF_ARRAY_CACHE(limit), gfp);
	if (!new.kobj) {
		kfree(m, helper);
		return -ENOMEM;
	}
	old = s->ac; /* the two kmallocs may have used it */
	array_cache_init(m, &new, limit, batchcount);
	s->ac = new;
	free_block(m, s, old.entry, old.avail);
	kfree(m, old.kobj);
	array_cache_release(m, &old);
	kfree(m, helper);
	return 0;
}

static int enable_cpucache(struct machine *m, struct kmem_cache *s, gfp_t gfp)
{
	struct slab_layout l;
	int err;

	slab_calculate_layout(m, s->object_size, s->align, s->flags, false, &l);
	err = do_tune_cpucache(m, s, l.limit, l.batchcount, gfp);
	if (err)
		return err;
	if (!s->node_kobj) {
		s->node_kobj = kmalloc(m, SIZEOF_KMEM_CACHE_NODE, gfp);
		if (!s->node_kobj)
			return -ENOMEM;
	}
	s->shared = s->size <= PAGE_SIZE(m) ? m->cfg.slab_shared : 0;
	s->free_limit = 2 * l.batchcount + s->num;
	return 0;
}

/* ---- create, destroy ---- */

/* What a cache owns, in the order in which the kernel gives it back. */
static void release_cache_objects(struct machine *m, struct kmem_cache *s)
{
	kfree(m, s->ac.kobj);
	kfree(m, s->node_kobj);
	kfree(m, s->name_kobj);
	kobj_free(m, m->kmem_cache_cache, s->kobj);
	kmem_cache_forget(m, s);
}

static int fill_cache(struct machine *m, struct kmem_cache *s, uint32_t align,
		      uint32_t flags)
{
	int err = kobj_alloc(m, m->kmem_cache_cache, GFP_KERNEL, &s->kobj);

	if (err)
		return err;
	s->name_kobj = kmalloc(m, strlen(s->name) + 1, GFP_KERNEL);
	if (!s->name_kobj)
		return -ENOMEM;
	err = __kmem_cache_create(m, s, align, flags, false);
	if (err)
		return err;
	return enable_cpucache(m, s, GFP_KERNEL);
}

/* Names stand as words in slabinfo and in states. */
static bool cache_name_ok(const char *name)
{
	if (!name[0] || strlen(name) >= MEMBER_SIZE(struct kmem_cache, name))
		return false;
	for (; *name; name++)
		if ((uint8_t)*name <= ' ' || (uint8_t)*name == 0x7f)
			return false;
	return true;
}

static int cache_create_verify(const struct machine *m, const char *name,
			       uint32_t size, uint32_t align)
{
	if (!cache_name_ok(name) || size < sizeof(uint32_t) ||
	    size > m->cfg.kmalloc_max || align > m->cfg.kmalloc_max)
		return -EINVAL;
	return kmem_cache_find(m, name) ? -EEXIST : 0;
}

struct kmem_cache *kmem_cache_create(struct machine *m, const char *name,
				     uint32_t size, uint32_t align,
				     uint32_t flags, bool ctor, int *err)
{
	struct kmem_cache *s;
	int ret = cache_create_verify(m, name, size, align);
	story(m, size, align);

	if (!ret) {
		s = kmem_cache_new(m, name);
		s->object_size = size;
		s->has_ctor = ctor;
		ret = fill_cache(m, s, align, flags);
		if (!ret) {
			list_add(&s->list, &m->slab_caches);
			set_known_cache(m, s->name, s);
			return s;
		}
		release_cache_objects(m, s);
	}
	if (err)
		*err = ret;
	return NULL;
}

int kmem_cache_destroy(struct machine *m, struct kmem_cache *s)
{
	story(m, s->kobj);

	if (__cache_shrink(m, s)) {
		list_move(&s->list, &m->slab_caches);
		return -EBUSY;
	}
	set_known_cache(m, s->name, NULL);
	release_cache_objects(m, s);
	return 0;
}

/* ---- boot ---- */

/* An object of a general cache that may not be there yet. */
static kva_t boot_kmalloc(struct machine *m, size_t size)
{
	return kmalloc_slab(m, size, 0) ? kmalloc(m, size, GFP_NOWAIT) : 0;
}

/* A cache with an array of one entry; array and node from kmalloc if they can
 * be had. */
static struct kmem_cache *create_boot_cache(struct machine *m, const char *name,
					    uint32_t size, uint32_t flags,
					    bool early)
{
	struct kmem_cache *s = kmem_cache_new(m, name);

	if (m->kmem_cache_cache)
		s->kobj = kmem_cache_alloc(m, m->kmem_cache_cache, GFP_NOWAIT);
	s->object_size = size;
	if (__kmem_cache_create(m, s, 0, flags, early)) {
		kmem_cache_forget(m, s);
		return NULL;
	}
	s->ac.kobj = boot_kmalloc(m, SIZEOF_ARRAY_CACHE(1));
	array_cache_init(m, &s->ac, 1, 1);
	s->node_kobj = boot_kmalloc(m, SIZEOF_KMEM_CACHE_NODE);
	list_add(&s->list, &m->slab_caches);
	return s;
}

static struct kmem_cache **kmalloc_slot(struct machine *m, unsigned i, bool dma)
{
	return dma ? &m->kmalloc.dma[i] : &m->kmalloc.normal[i];
}

static void create_kmalloc_cache(struct machine *m, unsigned i, bool dma,
				 bool early)
{
	struct kmem_cache **slot = kmalloc_slot(m, i, dma);
	char name[MEMBER_SIZE(struct kmem_cache, name)];
	kva_t name_kobj = 0;

	if (*slot || !kmalloc_cache_name(m, i, dma, name, sizeof(name)))
		return;
	if (dma)
		name_kobj = kmalloc(m, strlen(name) + 1, GFP_NOWAIT);
	*slot = create_boot_cache(m, name, kmalloc_cache_size(i),
				  SLAB_HWCACHE_ALIGN |
					  (dma ? SLAB_CACHE_DMA : 0),
				  early);
	if (*slot)
		(*slot)->name_kobj = name_kobj;
}

static void create_general_cache(struct machine *m, unsigned i)
{
	create_kmalloc_cache(m, i, false, false);
	if (m->cfg.kmalloc_dma_paired)
		create_kmalloc_cache(m, i, true, false);
}

/* The odd sizes 96 and 192 (indices 1 and 2) come right before 128 and 256. */
static void create_kmalloc_caches(struct machine *m)
{
	for (unsigned i = 5; i < KMALLOC_MAX_CACHES; i++) {
		create_general_cache(m, i);
		if (i == 6)
			create_general_cache(m, 1);
		if (i == 7)
			create_general_cache(m, 2);
	}
	for (unsigned i = 1; i < KMALLOC_MAX_CACHES; i++) {
		struct kmem_cache *s = m->kmalloc.normal[i];

		if (s)
			s->name_kobj = kmalloc(m, strlen(s->name) + 1,
					       GFP_NOWAIT);
	}
	for (unsigned i = 1; i < KMALLOC_MAX_CACHES; i++)
		create_kmalloc_cache(m, i, true, false);
}

/* The static arrays and nodes of the first caches get real objects. */
static void replace_static(struct machine *m)
{
	struct kmem_cache *ac_cache = kmalloc_slab(m, SIZEOF_ARRAY_CACHE(1), 0);
	struct kmem_cache *node_cache =
		kmalloc_slab(m, SIZEOF_KMEM_CACHE_NODE, 0);

	m->kmem_cache_cache->ac.kobj = boot_kmalloc(m, SIZEOF_ARRAY_CACHE(1));
	ac_cache->ac.kobj = boot_kmalloc(m, SIZEOF_ARRAY_CACHE(1));
	m->kmem_cache_cache->node_kobj =
		boot_kmalloc(m, SIZEOF_KMEM_CACHE_NODE);
	ac_cache->node_kobj = boot_kmalloc(m, SIZEOF_KMEM_CACHE_NODE);
	if (node_cache != ac_cache)
		node_cache->node_kobj = boot_kmalloc(m, SIZEOF_KMEM_CACHE_NODE);
}

/* The profile may say how large struct kmem_cache is in its era. */
static uint32_t sizeof_kmem_cache(const struct machine *m)
{
	for (unsigned i = 0; i < m->cfg.nr_caches; i++)
		if (!strcmp(m->cfg.caches[i].name, "kmem_cache"))
			return m->cfg.caches[i].size;
	return SIZEOF_KMEM_CACHE;
}

/* Rows of caches that the boot itself makes (kmem_cache) are passed over. */
static int create_config_caches(struct machine *m)
{
	for (unsigned i = 0; i < m->cfg.nr_caches; i++) {
		const struct config_cache *cc = &m->cfg.caches[i];
		uint32_t size = cc->pae_size && m->fmt->entry_size == 8
					? cc->pae_size
					: cc->size;
		int err;

		if (!kmem_cache_create(m, cc->name, size, cc->align, cc->flags,
				       cc->ctor, &err) &&
		    err != -EEXIST)
			return err;
	}
	return 0;
}

int kmem_cache_init(struct machine *m)
{
	struct kmem_cache *s;

	s = create_boot_cache(m, "kmem_cache", sizeof_kmem_cache(m),
			      SLAB_HWCACHE_ALIGN, true);
	if (!s)
		return -EINVAL;
	m->kmem_cache_cache = s;
	create_kmalloc_cache(m, kmalloc_index(m, SIZEOF_ARRAY_CACHE(1)), false,
			     true);
	create_kmalloc_cache(m, kmalloc_index(m, SIZEOF_KMEM_CACHE_NODE), false,
			     true);
	replace_static(m);
	create_kmalloc_caches(m);
	list_for_each_entry (s, &m->slab_caches, list) {
		int err = enable_cpucache(m, s, GFP_NOWAIT);

		if (err)
			return err;
	}
	return create_config_caches(m);
}

int slab_subsys_init(struct machine *m, const char **why)
{
	int err;

	INIT_LIST_HEAD(&m->slab_caches);
	hpool_init(&m->slab_pool, &m->host, sizeof(struct slab));
	hpool_init(&m->kmem_cache_pool, &m->host, sizeof(struct kmem_cache));
	err = kmem_cache_init(m);
	if (err)
		*why = err == -ENOMEM ? "RAM too small for the slab caches"
				      : "a slab cache of the profile has no "
					"possible layout";
	return err;
}

void slab_destroy_all(struct machine *m)
{
	struct kmem_cache *s, *n;

	list_for_each_entry_safe (s, n, &m->slab_caches, list)
		kmem_cache_forget(m, s);
	memset(&m->kmalloc, 0, sizeof(m->kmalloc));
	memset(&m->caches, 0, sizeof(m->caches));
	m->kmem_cache_cache = NULL;
}

void slab_subsys_destroy(struct machine *m)
{
	if (!m->slab_caches.next)
		return;
	slab_destroy_all(m);
	hpool_destroy(&m->slab_pool);
	hpool_destroy(&m->kmem_cache_pool);
}

/* ---- structures of the emulator, charged to a cache ---- */

int kobj_alloc(struct machine *m, struct kmem_cache *cachep, gfp_t gfp,
	       kva_t *obj)
{
	*obj = 0;
	if (!cachep)
		return 0;
	*obj = kmem_cache_alloc(m, cachep, gfp);
	return *obj ? 0 : -ENOMEM;
}

void kobj_free(struct machine *m, struct kmem_cache *cachep, kva_t obj)
{
	if (cachep && obj)
		kmem_cache_free(m, cachep, obj);
}
