/* test_slab.c - objects: which one is next, what goes back when. */
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/slab.h"
#include "core/slab_internal.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct machine *m;

static unsigned long broken(void)
{
	struct checker c = {.tell = tell_broken};

	slab_check(m, &c);
	return c.broken;
}

static void boot_with(uint64_t memory)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = memory;
	m = make_machine(&cfg);
}

static void setup(void)
{
	boot_with((uint64_t)64 << 20);
}

static void teardown(void)
{
	cr_expect_eq(broken(), 0);
	machine_destroy(m);
}

TestSuite(slab, .init = setup, .fini = teardown);

static struct kmem_cache *create(const char *name, uint32_t size)
{
	struct kmem_cache *s = kmem_cache_create(m, name, size, 0, 0, false,
						 NULL);

	cr_assert(s);
	return s;
}

static kva_t take(struct kmem_cache *s)
{
	return kmem_cache_alloc(m, s, GFP_KERNEL);
}

static uint32_t index_of(kva_t obj)
{
	return obj_to_index(virt_to_slab(m, obj), obj);
}

static uint32_t list_length(const struct list_head *head)
{
	uint32_t n = 0;

	for (const struct list_head *p = head->next; p != head; p = p->next)
		n++;
	return n;
}

/* ---- order of objects ---- */

/* First refill 16, then a whole batch; each batch is handed out backwards. */
Test(slab, fresh_cache)
{
	struct kmem_cache *s = create("test", 32);
	struct slabinfo si;

	cr_expect_eq(s->num, 113);
	cr_expect_eq(s->nr_slabs, 0);
	for (uint32_t i = 16; i-- > 0;)
		cr_expect_eq(index_of(take(s)), i);
	get_slabinfo(s, &si);
	cr_expect_eq(si.active_objs, 16);
	cr_expect_eq(si.num_objs, 113);
	cr_expect_eq(si.active_slabs, 1);
	for (uint32_t i = 76; i-- > 16;)
		cr_expect_eq(index_of(take(s)), i);
	get_slabinfo(s, &si);
	cr_expect_eq(si.active_objs, 76);
	/* the third batch spans two slabs: 76..112 and 0..22 */
	cr_expect_eq(index_of(take(s)), 112);
	cr_expect_eq(s->ac.avail, 113 - 76 - 1, "no second slab while one "
						"has objects");
	cr_expect_eq(kmem_cache_live(s), 77);
}

Test(slab, last_freed_is_next)
{
	struct kmem_cache *s = create("test", 100);
	kva_t a = take(s), b = take(s);

	kmem_cache_free(m, s, a);
	kmem_cache_free(m, s, b);
	cr_expect_eq(take(s), b);
	cr_expect_eq(take(s), a);
}

/* A full array gives back its oldest batch, oldest first. */
Test(slab, full_array_flushes_the_oldest)
{
	struct kmem_cache *s = create("test", 32);
	kva_t obj[200], kept;
	struct slab *slabp;

	for (int i = 0; i < 200; i++)
		obj[i] = take(s);
	__cache_shrink(m, s); /* what the array still holds */
	cr_assert_eq(s->ac.avail, 0);
	for (int i = 0; i < 120; i++)
		kmem_cache_free(m, s, obj[i]);
	cr_expect_eq(s->ac.avail, 120);
	kept = s->ac.entry[60];
	kmem_cache_free(m, s, obj[120]);
	cr_expect_eq(s->ac.avail, 61);
	cr_expect_eq(s->ac.entry[0], kept);
	cr_expect_eq(s->ac.entry[60], obj[120]);
	/* the last one given back leads its slab's chain */
	slabp = virt_to_slab(m, obj[59]);
	cr_expect_eq(slabp->free, index_of(obj[59]));
	cr_expect_eq(broken(), 0);
}

Test(slab, partial_slabs_before_free_ones)
{
	struct kmem_cache *s = create("test", 1000); /* 4 a slab */
	kva_t obj[40];

	for (int i = 0; i < 40; i++)
		obj[i] = take(s);
	for (int i = 0; i < 40; i += 4)
		kmem_cache_free(m, s, obj[i]);
	kmem_cache_shrink(m, s);
	cr_expect_eq(list_length(&s->slabs_partial), 10);
	cr_expect_eq(list_length(&s->slabs_free), 0);
	take(s);
	cr_expect_eq(s->nr_slabs, 10, "no new slab for it");
}

/* Colours: each new slab starts further in, then again at 0. */
Test(slab, colours)
{
	struct kmem_cache *s = create("test", 932); /* colour 4, off 64 */
	uint32_t at[10];

	cr_assert_eq(s->colour, 4);
	for (int i = 0; i < 10; i++) {
		kva_t obj = 0;

		for (uint32_t k = 0; k < s->num; k++)
			obj = take(s);
		at[i] = (uint32_t)(virt_to_slab(m, obj)->desc % 4096);
	}
	/* refills of 16 grow one slab at a time, only when nothing is left */
	for (int i = 0; i < 10; i++)
		cr_expect_eq(at[i], (uint32_t)(i % 4) * 64);
}

/* ---- slabs go back ---- */

Test(slab, free_limit_destroys_slabs)
{
	struct kmem_cache *s = create("test", 1000);
	kva_t obj[400];

	for (int i = 0; i < 400; i++)
		obj[i] = take(s);
	for (int i = 0; i < 400; i++)
		kmem_cache_free(m, s, obj[i]);
	cr_expect_leq(list_length(&s->slabs_free) * s->num, s->free_limit);
	cr_expect_gt(m->stats.slab_destroyed, 0);
	cr_expect_eq(broken(), 0);
	kmem_cache_shrink(m, s);
	cr_expect_eq(s->nr_slabs, 0);
}

Test(slab, off_slab_descriptor)
{
	struct kmem_cache *s = create("test", 2048);
	kva_t obj = take(s);
	struct slab *slabp = virt_to_slab(m, obj);
	kva_t desc = slabp->desc;

	cr_assert(s->flags & CFLGS_OFF_SLAB);
	cr_expect_eq(s->slabp_cache, kmem_cache_find(m, "kmalloc-64"));
	cr_expect_eq(virt_to_slab(m, desc)->cachep, s->slabp_cache);
	cr_expect_eq(slabp->s_mem, page_address(m, pfn_to_page(m, slabp->pfn)));
	kmem_cache_free(m, s, obj);
	kmem_cache_shrink(m, s);
	cr_expect_eq(slab_verify_free(m, NULL, desc, NULL), -EINVAL,
		     "the descriptor went with the slab");
}

Test(slab, frames_are_counted_and_marked)
{
	int err;
	struct kmem_cache *s = kmem_cache_create(
		m, "test", 200, 0, SLAB_RECLAIM_ACCOUNT, false, &err);
	int64_t before = global_page_state(m, NR_SLAB_RECLAIMABLE);
	kva_t obj = take(s);
	struct page *page = virt_to_page(m, obj);

	cr_expect_eq(global_page_state(m, NR_SLAB_RECLAIMABLE), before + 1);
	cr_expect(PageSlab(page));
	cr_expect_eq(get_pageblock_migratetype(m, page_to_pfn(m, page)),
		     MIGRATE_RECLAIMABLE);
	kmem_cache_free(m, s, obj);
	kmem_cache_shrink(m, s);
	cr_expect_eq(global_page_state(m, NR_SLAB_RECLAIMABLE), before);
	cr_expect(!PageSlab(page));
}

/* ---- caches ---- */

struct event_log {
	char text[512];
};

static void log_slab_event(void *ctx, const struct observation *o)
{
	struct event_log *log = ctx;
	struct slab *slabp;

	if (o->kind != OBS_SLAB_ALLOC && o->kind != OBS_SLAB_FREE)
		return;
	slabp = virt_to_slab(m, o->a);
	snprintf(log->text + strlen(log->text),
		 sizeof(log->text) - strlen(log->text), "%c%s ",
		 o->kind == OBS_SLAB_ALLOC ? '+' : '-', slabp->cachep->name);
}

Test(slab, what_a_cache_costs)
{
	struct event_log log = {""};
	struct observer o = {.ctx = &log, .tell = log_slab_event};
	struct kmem_cache *s;

	/* arrays that need no refill: nothing else shows in between */
	kfree(m, kmalloc(m, 500, GFP_KERNEL));
	kmem_cache_free(m, m->kmem_cache_cache, take(m->kmem_cache_cache));
	m->observer = &o;
	s = create("a_cache_name", 64);
	cr_expect_str_eq(log.text, "+kmem_cache +kmalloc-32 +kmalloc-32 "
				   "+kmalloc-512 -kmalloc-32 +kmalloc-64 ");
	log.text[0] = '\0';
	cr_expect_eq(kmem_cache_destroy(m, s), 0);
	cr_expect_str_eq(log.text,
			 "-kmalloc-512 -kmalloc-64 -kmalloc-32 -kmem_cache ");
	m->observer = NULL;
}

Test(slab, create_refuses)
{
	int err = 0;

	create("test", 64);
	cr_expect_null(kmem_cache_create(m, "test", 64, 0, 0, false, &err));
	cr_expect_eq(err, -EEXIST);
	cr_expect_null(kmem_cache_create(m, "none", 0, 0, 0, false, &err));
	cr_expect_eq(err, -EINVAL);
	cr_expect_null(kmem_cache_create(m, "", 64, 0, 0, false, &err));
	cr_expect_eq(err, -EINVAL);
	cr_expect_null(kmem_cache_create(m, "large", (4 << 20) + 1, 0, 0,
					 false, &err));
	cr_expect_eq(err, -EINVAL);
	cr_expect_null(kmem_cache_find(m, "large"));
	cr_expect_null(kmem_cache_create(m, "aligned", 64, UINT32_MAX, 0, false,
					 &err));
	cr_expect_eq(err, -EINVAL);
	err = 0;
	cr_expect_null(kmem_cache_create(m, "two words", 64, 0, 0, false,
					 &err));
	cr_expect_eq(err, -EINVAL);
}

Test(slab, destroy_refuses_while_objects_live)
{
	struct kmem_cache *s = create("first", 64);
	kva_t obj = take(s);

	create("second", 64);
	cr_expect_eq(kmem_cache_destroy(m, s), -EBUSY);
	cr_expect_eq(kmem_cache_find(m, "first"), s);
	cr_expect_eq(list_first_entry(&m->slab_caches, struct kmem_cache, list),
		     s, "it is put back as the newest");
	kmem_cache_free(m, s, obj);
	cr_expect_eq(kmem_cache_destroy(m, s), 0);
	cr_expect_null(kmem_cache_find(m, "first"));
}

Test(slab, known_caches)
{
	cr_expect_eq(m->caches.vm_area_struct,
		     kmem_cache_find(m, "vm_area_struct"));
	cr_expect_eq(m->caches.ext2_inode,
		     kmem_cache_find(m, "ext2_inode_cache"));
	cr_expect_null(m->caches.pgd, "3.12 has none");
	cr_expect_eq(kmem_cache_destroy(m, m->caches.sigqueue), 0);
	cr_expect_null(m->caches.sigqueue);
}

/* Only what makes the caches is in use: object, name, array and node of each,
 * but kmem_cache itself has neither object nor name; off-slab descriptors. */
Test(slab, boot_uses_what_its_caches_need)
{
	uint32_t live = 0, caches = 0, descriptors = 0;
	struct kmem_cache *s;

	list_for_each_entry (s, &m->slab_caches, list) {
		live += kmem_cache_live(s);
		caches++;
		if (s->flags & CFLGS_OFF_SLAB)
			descriptors += s->nr_slabs;
		cr_expect(s->ac.kobj && s->node_kobj, "%s", s->name);
	}
	cr_expect_eq(live, 4 * caches - 2 + descriptors);
}

/* ---- general caches ---- */

Test(slab, kmalloc_sizes)
{
	/* clang-format off */
	static const struct {
		size_t size;
		const char *name;
	} rows[] = {
		{1, "kmalloc-32"}, {32, "kmalloc-32"}, {33, "kmalloc-64"},
		{64, "kmalloc-64"}, {65, "kmalloc-96"}, {96, "kmalloc-96"},
		{97, "kmalloc-128"}, {129, "kmalloc-192"}, {192, "kmalloc-192"},
		{193, "kmalloc-256"}, {4096, "kmalloc-4096"},
		{4097, "kmalloc-8192"}, {4 << 20, "kmalloc-4194304"},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_str_eq(kmalloc_slab(m, rows[i].size, 0)->name,
				 rows[i].name);
	cr_expect_str_eq(kmalloc_slab(m, 65, GFP_DMA)->name, "dma-kmalloc-96");
	cr_expect_null(kmalloc_slab(m, (4 << 20) + 1, 0));
	cr_expect_eq(kmalloc(m, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	cr_expect_eq(kmalloc(m, (4 << 20) + 1, GFP_KERNEL), 0);
	kfree(m, ZERO_SIZE_PTR);
	kfree(m, 0);
}

Test(slab, dma_objects_lie_in_zone_dma)
{
	kva_t obj = kmalloc(m, 100, GFP_KERNEL | GFP_DMA);

	cr_expect_eq(page_zone(m, virt_to_page(m, obj))->type, ZONE_DMA);
	kfree(m, obj);
}

/* ---- misuse ---- */

Test(slab, misuse_is_told)
{
	struct kmem_cache *s = create("test", 64), *t = create("other", 64);
	kva_t obj = take(s);
	const char *why;

	cr_expect_eq(slab_verify_free(m, s, obj, &why), 0);
	cr_expect_eq(slab_verify_free(m, NULL, obj, &why), 0);
	cr_expect_eq(slab_verify_free(m, NULL, 0, &why), 0);
	cr_expect_eq(slab_verify_free(m, t, obj, &why), -EINVAL);
	cr_expect_str_eq(why, "wrong slab cache");
	cr_expect_eq(slab_verify_free(m, s, obj + 4, &why), -EINVAL);
	cr_expect_str_eq(why, "not the start of an object");
	cr_expect_eq(slab_verify_free(m, s, virt_to_slab(m, obj)->desc, &why),
		     -EINVAL);
	cr_expect_str_eq(why, "not the start of an object");
	cr_expect_eq(slab_verify_free(m, s, 0x1000, &why), -EINVAL);
	cr_expect_eq(slab_verify_free(m, s, ~(kva_t)0, &why), -EINVAL);
	cr_expect_eq(slab_verify_free(m, s, 0, &why), -EINVAL);
	kmem_cache_free(m, s, obj);
	cr_expect_eq(slab_verify_free(m, s, obj, &why), -EINVAL);
	cr_expect_str_eq(why, "double free");
	kmem_cache_shrink(m, s);
	cr_expect_eq(slab_verify_free(m, s, obj, &why), -EINVAL);
	cr_expect_str_eq(why, "not an address of a slab");
}

Test(slab, dma_flag_must_fit)
{
	struct kmem_cache *dma = kmem_cache_create(m, "dma", 64, 0,
						   SLAB_CACHE_DMA, false, NULL);
	struct kmem_cache *s = create("test", 64);
	const char *why;

	cr_expect_eq(slab_verify_alloc(s, GFP_KERNEL, &why), 0);
	cr_expect_eq(slab_verify_alloc(s, GFP_KERNEL | GFP_DMA, &why), -EINVAL);
	cr_expect_eq(slab_verify_alloc(dma, GFP_KERNEL, &why), -EINVAL);
	cr_expect_eq(slab_verify_alloc(dma, GFP_DMA, &why), 0);
}

/* ---- no memory ---- */

static uint64_t free_and_pcp(void)
{
	drain_all_pages(m);
	return (uint64_t)global_page_state(m, NR_FREE_PAGES);
}

Test(slab_memory, exhaustion_and_back)
{
	static kva_t obj[20000];
	struct kmem_cache *s;
	uint64_t before;
	uint32_t n = 0;

	boot_with((uint64_t)16 << 20);
	s = create("test", 2048); /* off-slab: descriptors may fail too */
	before = free_and_pcp();
	while (n < ARRAY_SIZE(obj)) {
		obj[n] = kmem_cache_alloc(m, s, GFP_ATOMIC);
		if (!obj[n])
			break;
		n++;
	}
	cr_assert(n > 1000 && n < ARRAY_SIZE(obj));
	cr_expect_eq(broken(), 0);
	cr_expect_eq(kmalloc(m, 8192, GFP_ATOMIC), 0);
	cr_expect_eq(broken(), 0);
	while (n)
		kmem_cache_free(m, s, obj[--n]);
	kmem_cache_shrink(m, s);
	kmem_cache_shrink(m, kmem_cache_find(m, "kmalloc-64"));
	/* a slab or two of kmalloc-64 may be needed for the cache's node */
	cr_expect_geq(free_and_pcp() + 2, before);
	cr_expect_eq(broken(), 0);
	machine_destroy(m);
}

/* ---- anything, in any order ---- */

#define CACHES 6
#define OBJECTS 600

struct play {
	uint32_t seed;
	struct kmem_cache *cache[CACHES];
	struct {
		kva_t obj;
		int cache; /* -1: kmalloc */
	} held[OBJECTS];
	uint32_t nr_held, made;
};

static uint32_t rnd(struct play *p, uint32_t n)
{
	p->seed = p->seed * 1664525 + 1013904223;
	return (p->seed >> 8) % n;
}

static void play_create(struct play *p, int c)
{
	static const uint32_t flags[] = {0, SLAB_HWCACHE_ALIGN,
					 SLAB_RECLAIM_ACCOUNT,
					 SLAB_DESTROY_BY_RCU};
	char name[32];

	snprintf(name, sizeof(name), "cache-%u", p->made++);
	p->cache[c] = kmem_cache_create(m, name, 4 + rnd(p, rnd(p, 8) ? 600
								: 20000),
					4u << rnd(p, 6), flags[rnd(p, 4)],
					rnd(p, 2), NULL);
	cr_assert(p->cache[c]);
}

static void play_free(struct play *p, uint32_t i)
{
	if (p->held[i].cache < 0)
		kfree(m, p->held[i].obj);
	else
		kmem_cache_free(m, p->cache[p->held[i].cache], p->held[i].obj);
	p->held[i] = p->held[--p->nr_held];
}

static void play_destroy(struct play *p, int c)
{
	bool live = kmem_cache_live(p->cache[c]) != 0;

	cr_expect_eq(kmem_cache_destroy(m, p->cache[c]), live ? -EBUSY : 0);
	if (!live)
		p->cache[c] = NULL;
}

static void play_step(struct play *p)
{
	int c = (int)rnd(p, CACHES);
	uint32_t what = rnd(p, 100);

	if (!p->cache[c]) {
		play_create(p, c);
	} else if (what < 50 && p->nr_held < OBJECTS) {
		bool general = rnd(p, 4) == 0;
		kva_t obj = general ? kmalloc(m, rnd(p, 5000), GFP_KERNEL)
				    : take(p->cache[c]);

		cr_assert(obj);
		p->held[p->nr_held].cache = general ? -1 : c;
		p->held[p->nr_held++].obj = obj;
	} else if (what < 97 && p->nr_held) {
		play_free(p, rnd(p, p->nr_held));
	} else if (what < 99) {
		kmem_cache_shrink(m, p->cache[c]);
	} else {
		play_destroy(p, c);
	}
}

static uint32_t live_objects(void)
{
	struct kmem_cache *s;
	uint32_t n = 0;

	list_for_each_entry (s, &m->slab_caches, list)
		n += kmem_cache_live(s);
	return n;
}

Test(slab_play, random_operations)
{
	for (uint32_t seed = 1; seed <= 3; seed++) {
		struct play p = {.seed = seed};
		uint32_t live;

		boot_with((uint64_t)64 << 20);
		live = live_objects();
		for (int i = 0; i < 4000; i++) {
			play_step(&p);
			if (i % 8 == 0)
				cr_assert_eq(broken(), 0, "seed %u step %d",
					     seed, i);
		}
		while (p.nr_held)
			play_free(&p, p.nr_held - 1);
		for (int c = 0; c < CACHES; c++)
			if (p.cache[c])
				play_destroy(&p, c);
		cr_expect_eq(broken(), 0);
		/* off-slab descriptors of the general caches remain */
		for (unsigned i = KMALLOC_MAX_CACHES; i-- > 1;)
			if (m->kmalloc.normal[i])
				kmem_cache_shrink(m, m->kmalloc.normal[i]);
		cr_expect_leq(live_objects(), live + 4);
		machine_destroy(m);
	}
}

static void count_constructed(void *ctx, const struct observation *o)
{
	if (o->kind == OBS_SLAB_GROW)
		*(uint64_t *)ctx += o->d;
}

/* A constructor runs on each object of a new slab, and never again. */
Test(slab, constructor)
{
	struct kmem_cache *with, *without = create("plain", 100);
	uint64_t constructed = 0;
	struct observer watch = {&constructed, count_constructed};

	with = kmem_cache_create(m, "made", 100, 0, 0, true, NULL);
	cr_assert(with);
	m->observer = &watch;
	take(without);
	cr_expect_eq(constructed, 0);
	kmem_cache_free(m, with, take(with));
	take(with);
	cr_expect_eq(constructed, with->num);
	m->observer = NULL;
}
