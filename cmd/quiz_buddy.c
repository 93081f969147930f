/*
 * quiz_buddy.c - the exercise `buddy`: 64 frames, some calls, what is free?
 *
 * A real zone is too large to be drawn, so the machine is brought to a state
 * where its buddy system has one block to work with. Requests for reclaimable
 * memory find no pageblock of their type after boot, so the first one takes a
 * pageblock of 1024 frames over; four requests of 512, 256, 128 and 64 frames
 * leave its last 64:
 *
 *	|512 taken          |256 taken|128 t|64 |64 free|
 *
 * Blocks of one frame go through the per-CPU lists, so there are none here. At
 * each request the smallest order that fits has exactly one free block: which
 * of several the kernel takes would be a question of the order of its lists.
 */
#include "cmd/quiz.h"
#include "core/page_alloc.h"

#include <string.h>

#define REGION_ORDER 6u
#define REGION (1u << REGION_ORDER)
#define MAX_CALLS 10u
#define GFP "GFP_KERNEL|__GFP_RECLAIMABLE"

struct block {
	char name;
	unsigned order, frame;
	bool live;
};

/* A call of the story, and the frames after it. */
struct call {
	const struct block *b;
	bool taken;
	char line[REGION + 1];
};

struct region {
	const struct zone *z;
	pfn_t start;
	struct block block[MAX_CALLS];
	struct call call[MAX_CALLS];
	unsigned nr, nr_calls, merges, splits;
};

/* The free blocks of the type, by order; returns frames outside the region. */
static unsigned list_free(const struct quiz *q, const struct region *r,
			  unsigned nr[MAX_ORDER], char *line)
{
	unsigned outside = 0;

	if (line)
		memset(line, '#', REGION);
	for (unsigned o = 0; o < MAX_ORDER; o++) {
		nr[o] = 0;
		for_each_free_block(pfn, q->m, r->z, o, MIGRATE_RECLAIMABLE) {
			if (pfn - r->start >= REGION) {
				outside += 1u << o;
				continue;
			}
			nr[o]++;
			if (!line)
				continue;
			memset(line + (pfn - r->start), '.', (size_t)1 << o);
			line[pfn - r->start] = (char)('0' + o);
		}
	}
	return outside;
}

/* One free block of REGION frames, and no other of its type. */
static bool prepare(struct quiz *q, struct region *r)
{
	unsigned nr[MAX_ORDER];
	const struct zone *z;

	for (unsigned o = MAX_ORDER - 2; o >= REGION_ORDER; o--)
		if (quiz_do(q, "kernel alloc_pages %u " GFP, o)->kind !=
		    OUTCOME_ADDRESS)
			return false;
	r->start = (pfn_t)(q->outcome.address >> q->m->page_shift) + REGION;
	for_each_zone(z, q->m)
		if (r->start - z->zone_start_pfn < z->spanned_pages)
			r->z = z;
	return !list_free(q, r, nr, NULL) && nr[REGION_ORDER] == 1;
}

/* Is it clear where a block of this order comes from? */
static bool is_clear(const unsigned nr[MAX_ORDER], unsigned order)
{
	while (order <= REGION_ORDER && !nr[order])
		order++;
	return order <= REGION_ORDER && nr[order] == 1;
}

static unsigned count_seen(const struct quiz *q, enum observation_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < q->nr_seen; i++)
		n += q->seen[i].kind == kind;
	return n;
}

/* The new block, or NULL: it could come from several places, or from none. */
static struct block *request(struct quiz *q, struct region *r)
{
	struct block *b = &r->block[r->nr];
	unsigned nr[MAX_ORDER];

	list_free(q, r, nr, NULL);
	b->order = quiz_between(q, 1, 4);
	b->name = (char)('a' + r->nr);
	b->live = true;
	if (!is_clear(nr, b->order))
		return NULL;
	quiz_do(q, "kernel alloc_pages %u " GFP " -> %c", b->order, b->name);
	b->frame = (unsigned)((q->outcome.address >> q->m->page_shift) -
			      r->start);
	r->nr++;
	r->splits += count_seen(q, OBS_BUDDY_SPLIT);
	return b;
}

static void give_back(struct quiz *q, struct region *r, struct block *b)
{
	quiz_do(q, "kernel free_pages %c", b->name);
	r->merges += count_seen(q, OBS_BUDDY_MERGE);
	b->live = false;
}

static struct block *any_live(struct quiz *q, struct region *r)
{
	unsigned live[MAX_CALLS], n = 0;

	for (unsigned i = 0; i < r->nr; i++)
		if (r->block[i].live)
			live[n++] = i;
	return n > 1 ? &r->block[live[quiz_below(q, n)]] : NULL;
}

/* false: nothing that one could ask about. */
static bool play(struct quiz *q, struct region *r)
{
	unsigned calls = quiz_between(q, 7, MAX_CALLS), nr[MAX_ORDER];

	while (r->nr_calls < calls) {
		struct block *b = quiz_chance(q, 3) ? any_live(q, r) : NULL;
		struct call *c = &r->call[r->nr_calls++];

		if (b)
			give_back(q, r, b);
		else if (!(b = request(q, r)))
			return false;
		c->b = b;
		c->taken = b->live;
		list_free(q, r, nr, c->line);
	}
	return r->merges > 1 && r->splits > 1;
}

/* ---- the texts ---- */

static void print_buddy(struct quiz *q, const struct region *r, unsigned next)
{
	quiz_say(q,
		 "The buddy system has one free block: %u frames, numbered from 0. The kernel makes these calls:",
		 "バディシステムには空きブロックが 1 つだけある。大きさは %u ページフレームで、0 から番号をつける。カーネルは次の呼び出しを行う。",
		 REGION);
	quiz_begin(q);
	for (unsigned i = 0; i < r->nr_calls; i++) {
		const struct call *c = &r->call[i];

		if (c->taken)
			quiz_line(q, "%c = alloc_pages(%u)", c->b->name,
				  c->b->order);
		else
			quiz_line(q, "free_pages(%c, %u)", c->b->name,
				  c->b->order);
	}
	quiz_end(q);
	quiz_say(q,
		 "alloc_pages(n) takes 2^n frames; a block that is split gives its lower half first. Which frames does each call take? Which blocks are free afterwards, by order? Which frames does alloc_pages(%u) take next, and which block is split for it?",
		 "alloc_pages(n) は 2^n ページフレームを取り、ブロックを分割するときは下半分を使う。それぞれの呼び出しはどのフレームを取るか。すべての呼び出しの後、どのブロックが空いているか、オーダーごとに答えよ。次の alloc_pages(%u) はどのフレームを取り、そのためにどのブロックを分割するか。",
		 next);
}

static void answer_calls(struct quiz *q, const struct region *r)
{
	quiz_say(q,
		 "Frames after each call: # is taken, a digit is the order of the free block that begins there.",
		 "各呼び出しの後のフレーム。# は使用中、数字はそこから始まる空きブロックのオーダー。");
	quiz_begin(q);
	for (unsigned i = 0; i < r->nr_calls; i++) {
		const struct block *b = r->call[i].b;

		quiz_line(q, "%s%c%s frames %u-%u", r->call[i].taken ? "" : "free_pages(",
			  b->name, r->call[i].taken ? " =" : "):", b->frame,
			  b->frame + (1u << b->order) - 1);
		quiz_line(q, "    %s", r->call[i].line);
	}
	quiz_end(q);
}

static void answer_lists(struct quiz *q, const struct region *r)
{
	const char *line = r->call[r->nr_calls - 1].line;

	quiz_say(q, "Free blocks, by their first frame:",
		 "空きブロック（先頭のフレーム）:");
	quiz_begin(q);
	for (unsigned o = 1; o <= REGION_ORDER; o++) {
		char list[160] = " -";
		size_t len = 0;

		for (unsigned f = 0; f < REGION; f++)
			if (line[f] == (char)('0' + o))
				len += (size_t)snprintf(list + len,
							sizeof(list) - len,
							" %u", f);
		quiz_line(q, "order %u:%s", o, list);
	}
	quiz_end(q);
}

/* The request that was asked about, done. */
static void answer_next(struct quiz *q, const struct region *r, unsigned order)
{
	const struct observation *split = NULL;
	unsigned frame;

	quiz_do(q, "kernel alloc_pages %u " GFP, order);
	frame = (unsigned)((q->outcome.address >> q->m->page_shift) - r->start);
	for (unsigned i = 0; i < q->nr_seen && !split; i++)
		if (q->seen[i].kind == OBS_BUDDY_SPLIT)
			split = &q->seen[i];
	quiz_begin(q);
	quiz_line(q, "alloc_pages(%u): frames %u-%u", order, frame,
		  frame + (1u << order) - 1);
	if (split)
		quiz_line(q, "    splits the block of order %llu at %llu",
			  (unsigned long long)split->b,
			  (unsigned long long)split->a - r->start);
	else
		quiz_line(q, "    no block is split");
	quiz_end(q);
}

enum quiz_result quiz_buddy(struct quiz *q)
{
	struct region r = {.nr = 0};
	unsigned nr[MAX_ORDER], next;

	if (quiz_machine(q, NULL, "memory=64M", NULL))
		return QUIZ_BAD;
	if (!prepare(q, &r) || !play(q, &r))
		return QUIZ_AGAIN;
	next = quiz_between(q, 1, 4);
	list_free(q, &r, nr, NULL);
	if (!is_clear(nr, next))
		return QUIZ_AGAIN;
	print_buddy(q, &r, next);
	quiz_answer(q);
	answer_calls(q, &r);
	answer_lists(q, &r);
	answer_next(q, &r, next);
	return QUIZ_FINE;
}
