/*
 * quiz_slab.c - the exercise `slab`: how objects lie on a slab, and what
 * slabinfo says after some calls.
 */
#include "cmd/quiz.h"
#include "core/page_alloc.h"

#include <string.h>

#define CACHE "object"
#define MAX_OBJECTS 60u

struct slab_story {
	unsigned size, allocated, freed;
	bool hwcache_align;
	struct kmem_cache *cache;
	struct slab_layout layout;
};

/* Objects on two or three slabs, of which the first ones go again. */
static bool draw_story(struct quiz *q, struct slab_story *s)
{
	struct slabinfo si;

	s->size = quiz_between(q, 60, 900);
	s->hwcache_align = quiz_chance(q, 2);
	quiz_do(q, "kernel kmem_cache_create " CACHE " %u%s", s->size,
		s->hwcache_align ? " hwcache_align" : "");
	s->cache = kmem_cache_find(q->m, CACHE);
	if (!s->cache)
		return false;
	slab_calculate_layout(q->m, s->size, 0,
			      s->hwcache_align ? SLAB_HWCACHE_ALIGN : 0, false,
			      &s->layout);
	get_slabinfo(s->cache, &si);
	s->allocated = si.objects_per_slab +
		       quiz_between(q, 1, 2 * si.objects_per_slab);
	s->freed = quiz_between(q, s->allocated / 3, s->allocated - 1);
	return si.objects_per_slab > 2 && s->allocated <= MAX_OBJECTS;
}

static void take_objects(struct quiz *q, const struct slab_story *s)
{
	for (unsigned i = 0; i < s->allocated; i++)
		quiz_do(q, "kernel kmem_cache_alloc " CACHE
			" GFP_KERNEL -> o%u", i + 1);
}

static void free_objects(struct quiz *q, const struct slab_story *s)
{
	for (unsigned i = 0; i < s->freed; i++)
		quiz_do(q, "kernel kmem_cache_free " CACHE " o%u", i + 1);
}

static void print_slab(struct quiz *q, const struct slab_story *s)
{
	const struct machine_config *cfg = &q->m->cfg;
	struct slabinfo si;

	get_slabinfo(s->cache, &si);
	quiz_say(q, "The kernel makes a slab cache and uses it:",
		 "カーネルがスラブキャッシュを作り、使う。");
	quiz_begin(q);
	quiz_line(q, "kmem_cache_create(\"" CACHE "\", %u, 0, %s, NULL)",
		  s->size, s->hwcache_align ? "SLAB_HWCACHE_ALIGN" : "0");
	quiz_line(q, "%u x kmem_cache_alloc()", s->allocated);
	quiz_line(q, "%u x kmem_cache_free(), the objects taken first",
		  s->freed);
	quiz_line(q, "kmem_cache_shrink()");
	quiz_end(q);
	quiz_say(q,
		 "Pages have %u bytes, a cache line %u. struct slab has %u bytes, a bufctl %u; both stand on the slab before the objects, but elsewhere for objects of %u bytes and more unless the rest of the slab has room for them. Objects are aligned to %u bytes, with SLAB_HWCACHE_ALIGN to the cache line (small ones to the half, quarter ... of it that still holds them). A slab may take %u page(s) at most if an object fits, and the smallest block is taken that wastes no more than an eighth.",
		 "ページは %u バイト、キャッシュラインは %u バイト。struct slab は %u バイト、bufctl は %u バイトで、どちらもスラブの先頭、オブジェクトの前に置かれる。ただし %u バイト以上のオブジェクトでは、スラブの余りに入らないかぎり、スラブの外に置かれる。オブジェクトは %u バイト境界に、SLAB_HWCACHE_ALIGN ならキャッシュラインに（小さいものは、収まる範囲でその半分、4 分の 1 ...に）整列する。スラブは、オブジェクトが入るかぎり最大 %u ページで、余りが 8 分の 1 以下になる最小のブロックが使われる。",
		 q->m->page_size, cfg->cache_line_size, cfg->slab_header_size,
		 cfg->bufctl_size, q->m->page_size / 8, cfg->slab_min_align,
		 1u << slab_max_order(q->m));
	quiz_say(q,
		 "The array of the CPU holds up to %u objects; %u move at a time, and a new slab is made only when the array and all slabs are empty.",
		 "CPU の配列は最大 %u 個のオブジェクトを持ち、一度に %u 個ずつ移る。新しいスラブは、配列にもどのスラブにも空きがないときにだけ作られる。",
		 si.limit, si.batchcount);
	quiz_say(q,
		 "(a) The size of an object with its alignment, objects and pages of a slab, bytes left over, number of colours? (b) active_objs, num_objs and slabs in slabinfo after the allocations, after the frees, and at the end? (active_objs counts objects in the array of the CPU too.)",
		 "(a) 整列後のオブジェクトの大きさ、スラブのオブジェクト数とページ数、余りのバイト数、カラーの数は？ (b) 割り当ての後、解放の後、最後のそれぞれで、slabinfo の active_objs、num_objs、スラブ数は？（active_objs には CPU の配列にあるオブジェクトも含まれる。）");
}

static void answer_layout(struct quiz *q, const struct slab_story *s)
{
	const struct slab_layout *l = &s->layout;

	quiz_begin(q);
	quiz_line(q, "objsize %u = %u, aligned to %u", l->size, s->size,
		  l->align);
	quiz_line(q, "%s, %u bytes: struct slab and %u bufctls",
		  l->off_slab ? "off-slab" : "on the slab", l->slab_size,
		  l->num);
	quiz_line(q, "objperslab %u, pagesperslab %u", l->num,
		  1u << l->gfporder);
	quiz_line(q, "left over %u bytes, %u colours of %u bytes",
		  l->left_over, l->colour ? l->colour : 1, l->colour_off);
	quiz_end(q);
}

static void answer_row(struct quiz *q, const struct slab_story *s,
		       const char *when)
{
	struct slabinfo si;

	get_slabinfo(s->cache, &si);
	quiz_line(q, "%-11s %11u %9u %6u %8u", when, si.active_objs,
		  si.num_objs, si.num_slabs, kmem_cache_live(s->cache));
}

enum quiz_result quiz_slab(struct quiz *q)
{
	struct slab_story s;
	struct slabinfo si;

	if (quiz_machine(q, NULL, "memory=64M", NULL))
		return QUIZ_BAD;
	if (!draw_story(q, &s))
		return QUIZ_AGAIN;
	print_slab(q, &s);
	quiz_answer(q);
	answer_layout(q, &s);
	take_objects(q, &s);
	quiz_begin(q);
	quiz_line(q, "%-11s %11s %9s %6s %8s", "", "active_objs", "num_objs",
		  "slabs", "(in use)");
	answer_row(q, &s, "allocated");
	get_slabinfo(s.cache, &si);
	free_objects(q, &s);
	answer_row(q, &s, "freed");
	quiz_do(q, "kernel kmem_cache_shrink " CACHE);
	answer_row(q, &s, "shrunk");
	quiz_end(q);
	return si.num_slabs > 1 ? QUIZ_FINE : QUIZ_AGAIN;
}
