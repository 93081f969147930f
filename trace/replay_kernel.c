/*
 * replay_kernel.c - the kernel's own allocations, and statements about the
 * machine.
 *
 * The kernel would crash, or worse go on, when it is misused. Here a misuse is
 * seen before anything is touched and is the outcome BUG: freeing twice (also
 * when the block has a new owner meanwhile: the label knows), an address that
 * nobody handed out, an object of another cache.
 */
#include "core/compaction.h"
#include "core/filemap.h"
#include "core/ksm.h"
#include "core/page_alloc.h"
#include "core/slab.h"
#include "core/swapfile.h"
#include "core/vmalloc.h"
#include "core/vmscan.h"
#include "trace/replay_internal.h"

static void bug(struct call *c, const char *why)
{
	c->out->kind = OUTCOME_BUG;
	c->out->why = why;
}

static void result(struct call *c, kva_t obj)
{
	outcome_address(c->out, obj ? obj : ERR_VALUE(-ENOMEM));
}

/*
 * The binding that an argument names as a whole, or NULL: `L+4` and numbers
 * are just addresses.
 */
static struct binding *named_block(struct call *c)
{
	const struct quantity *q = &c->ev->x[X_ADDR];

	return q->label && !q->bytes && !q->pages
		       ? replay_binding(c->r, q->label)
		       : NULL;
}

/* true: a BUG, told. Else the block may be given back by that event. */
static bool misuse(struct call *c, struct binding *b)
{
	if (b && b->freed) {
		bug(c, "it is free already");
		return true;
	}
	return false;
}

static bool gives_objects(unsigned kind)
{
	return kind == EV_KMALLOC || kind == EV_CACHE_ALLOC;
}

/*
 * The binding of an object that a number or a sum names. NULL, told: no label
 * has it, so it may be the kernel's own, which would free it a second time.
 */
static struct binding *labelled_object(struct call *c, kva_t obj)
{
	for (uint32_t i = 0; i < c->r->nr_bindings; i++) {
		struct binding *b = &c->r->bindings[i];

		if (b->bound && !b->freed && b->value == obj &&
		    gives_objects(b->kind))
			return b;
	}
	bug(c, "no label has this object: it may be the kernel's own");
	return NULL;
}

/* => it is an object in use. NULL: told. */
static struct binding *object_of(struct call *c, struct binding *named,
				 kva_t obj)
{
	return named && gives_objects(named->kind) ? named
						   : labelled_object(c, obj);
}

/* ---- frames ---- */

static void note_owner(struct page *page, unsigned order, bool taken)
{
	for (unsigned i = 0; i < 1u << order; i++)
		if (taken)
			SetPageKernel(page + i);
		else
			ClearPageKernel(page + i);
}

void call_alloc_pages(struct call *c)
{
	unsigned order = (unsigned)min_t(uint64_t, c->x[X_LEN], MAX_ORDER);
	struct page *page = NULL;

	if (order < MAX_ORDER)
		page = alloc_pages(c->m, c->ev->gfp, order);
	if (!page) {
		outcome_error(c->out, -ENOMEM);
		return;
	}
	note_owner(page, order, true);
	outcome_address(c->out, page_to_phys(c->m, page));
}

void call_free_pages(struct call *c)
{
	struct binding *b = named_block(c);
	struct page *page;

	if (misuse(c, b))
		return;
	if (!b || b->kind != EV_ALLOC_PAGES) {
		bug(c, "this is no block that alloc_pages gave");
		return;
	}
	page = pfn_to_page(c->m, (pfn_t)(b->value >> c->m->page_shift));
	b->freed = true;
	note_owner(page, b->order, false);
	__free_pages(c->m, page, b->order);
}

/* ---- objects ---- */

static bool wrong_gfp(struct call *c)
{
	if (!(c->ev->gfp & (__GFP_HIGHMEM | __GFP_DMA32)))
		return false;
	bug(c, "slab memory from HighMem or DMA32");
	return true;
}

void call_kmalloc(struct call *c)
{
	if (!wrong_gfp(c))
		result(c, kmalloc(c->m, c->x[X_LEN], c->ev->gfp));
}

void call_kfree(struct call *c)
{
	struct binding *b = named_block(c);
	kva_t obj = c->x[X_ADDR];
	const char *why;

	if (!obj || obj == ZERO_SIZE_PTR || misuse(c, b))
		return;
	if (slab_verify_free(c->m, NULL, obj, &why)) {
		bug(c, why);
		return;
	}
	b = object_of(c, b, obj);
	if (!b)
		return;
	b->freed = true;
	kfree(c->m, obj);
}

void call_cache_create(struct call *c)
{
	uint32_t f = c->ev->flags, flags = 0;
	int err = 0;

	if (f & EVF_HWCACHE_ALIGN)
		flags |= SLAB_HWCACHE_ALIGN;
	if (f & EVF_PANIC)
		flags |= SLAB_PANIC;
	if (f & EVF_DMA)
		flags |= SLAB_CACHE_DMA;
	if (c->x[X_LEN] > UINT32_MAX || c->x[X_ARG] > UINT32_MAX)
		err = -EINVAL;
	else if (!kmem_cache_create(c->m, call_name(c),
				    (uint32_t)c->x[X_LEN],
				    (uint32_t)c->x[X_ARG], flags,
				    f & EVF_CTOR, &err) && !err)
		err = -ENOMEM;
	outcome_error(c->out, err);
}

/* NULL: no cache of that name (any more); the event is an orphan. */
static struct kmem_cache *named_cache(struct call *c)
{
	struct kmem_cache *cachep = kmem_cache_find(c->m, call_name(c));

	if (!cachep)
		c->out->kind = OUTCOME_ORPHAN;
	return cachep;
}

void call_cache_alloc(struct call *c)
{
	struct kmem_cache *cachep = named_cache(c);
	const char *why;

	if (!cachep || wrong_gfp(c))
		return;
	if (slab_verify_alloc(cachep, c->ev->gfp, &why)) {
		bug(c, why);
		return;
	}
	result(c, kmem_cache_alloc(c->m, cachep, c->ev->gfp));
}

void call_cache_free(struct call *c)
{
	struct kmem_cache *cachep = named_cache(c);
	struct binding *b = named_block(c);
	const char *why;

	if (!cachep || misuse(c, b))
		return;
	if (slab_verify_free(c->m, cachep, c->x[X_ADDR], &why)) {
		bug(c, why);
		return;
	}
	b = object_of(c, b, c->x[X_ADDR]);
	if (!b)
		return;
	b->freed = true;
	kmem_cache_free(c->m, cachep, c->x[X_ADDR]);
}

void call_cache_shrink(struct call *c)
{
	struct kmem_cache *cachep = named_cache(c);

	if (cachep)
		kmem_cache_shrink(c->m, cachep);
}

/* One of kmalloc's: it would go on using it. */
static bool is_general_cache(const struct machine *m,
			     const struct kmem_cache *cachep)
{
	for (unsigned i = 0; i < KMALLOC_MAX_CACHES; i++)
		if (m->kmalloc.normal[i] == cachep ||
		    m->kmalloc.dma[i] == cachep)
			return true;
	return false;
}

void call_cache_destroy(struct call *c)
{
	struct kmem_cache *cachep = named_cache(c);

	if (!cachep)
		return;
	if (is_general_cache(c->m, cachep))
		bug(c, "kmalloc still needs the cache");
	else if (kmem_cache_live(cachep))
		bug(c, "the cache still has objects");
	else
		outcome_error(c->out, kmem_cache_destroy(c->m, cachep));
}

/* ---- vmalloc ---- */

void call_vmalloc(struct call *c)
{
	result(c, vmalloc(c->m, c->x[X_LEN]));
}

void call_vfree(struct call *c)
{
	struct binding *b = named_block(c);
	const char *why;

	if (!c->x[X_ADDR] || misuse(c, b))
		return;
	if (vfree(c->m, c->x[X_ADDR], &why))
		bug(c, why);
	else if (b)
		b->freed = true;
}

/* ---- statements about the machine ---- */

void call_file(struct call *c)
{
	const struct event *ev = c->ev;
	const struct machine_config *cfg = &c->m->cfg;
	bool warm = ev->flags & EVF_WARM ||
		    (cfg->files_warm && !(ev->flags & EVF_COLD));
	enum fs_kind fs = ev->flags & EVF_TMPFS	 ? FS_TMPFS
			  : ev->flags & EVF_EXT2 ? FS_EXT2
						 : cfg->files_fs;
	bool dev = ev->flags & EVF_DEV;
	struct inode *inode;

	outcome_error(c->out,
		      file_declare(c->m, call_name(c), c->x[X_LEN],
				   dev ? ev->major : 8, dev ? ev->minor : 1,
				   c->x[X_ARG], warm, fs, &inode));
}

void call_swapon(struct call *c)
{
	outcome_error(c->out, sys_swapon(c->m, c->x[X_LEN]));
}

void call_swapoff(struct call *c)
{
	outcome_error(c->out, sys_swapoff(c->m));
}

void call_drop_caches(struct call *c)
{
	drop_caches(c->m, c->ev->choice);
}

void call_compact(struct call *c)
{
	compact_node(c->m);
}

/* Merging compares contents: without them there is nothing to compare. */
void call_ksm(struct call *c)
{
	if (!c->m->contents) {
		outcome_error(c->out, -EOPNOTSUPP);
	} else if (c->ev->choice == KSM_PAGES) {
		ksm_do_scan(c->m, c->x[X_LEN]);
	} else {
		for (uint64_t i = 0; i < c->x[X_LEN] && !ksm_idle(c->m) &&
				     !cut_short(c->m, 1); i++)
			ksm_full_scan(c->m);
	}
}

void call_kswapd(struct call *c)
{
	kswapd_balance(c->m);
}
