/*
 * explain.c - collect what the machine tells, as a tree.
 *
 * Nodes stand in one array in the order in which they were told; a node's
 * children are those behind it that are one deeper, up to the next that is not
 * deeper. For each open call the last children are remembered, and when one is
 * complete, the tail is compared with what stands before it:
 *
 *   children    a b c c        period 1: not yet three
 *               a b c c c      the third goes: c (1 more)
 *               a b c c d c c d c c d       period 3: (c c d) (c c d, 1 more)
 *
 * Two things are the same if kind, function and all below them are the same;
 * values may differ, and so may how often something below was folded. A group
 * that goes is the last of the array, so it is cut off there.
 */
#include "formats/explain.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NODES (1u << 20)
#define MAX_ENTRIES (1u << 16)

/* ---- hashes ---- */

static uint32_t hash_mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static uint32_t hash_node(const struct story_node *n)
{
	uint32_t h = n->func ? hash_text(n->func) : 0;

	return hash_mix(h, n->kind);
}

/* ---- folding ---- */

static struct story_node *recent(struct explain *e,
				 const struct story_level *l, uint32_t back)
{
	return &e->node[l->recent[l->nr - 1 - back].node];
}

/* The child `back` before the last and the one `period` before it. */
static bool same_child(struct explain *e, const struct story_level *l,
		       uint32_t back, uint32_t period, bool folded_group)
{
	const struct story_node *a = recent(e, l, back);
	const struct story_node *b = recent(e, l, back + period);

	if (a->hash != b->hash)
		return false;
	if (!back && folded_group) /* b carries the count of its group */
		return !a->more;
	return !a->more == !b->more && a->period == b->period;
}

static bool same_groups(struct explain *e, const struct story_level *l,
			uint32_t from, uint32_t period, bool folded_group)
{
	for (uint32_t back = 0; back < period; back++)
		if (!same_child(e, l, from + back, period,
				folded_group && !from))
			return false;
	return true;
}

/* The last `period` children go; those before them count them. */
static void fold(struct explain *e, struct story_level *l, uint32_t period)
{
	struct story_node *last = recent(e, l, period);

	e->nr = (uint32_t)(recent(e, l, period - 1) - e->node);
	l->nr -= period;
	l->hash = l->recent[l->nr].hash_before;
	if (!last->more++) {
		last->period = (uint8_t)period;
		l->hash = hash_mix(l->hash, period);
	}
}

static void try_to_fold(struct explain *e, struct story_level *l)
{
	for (uint32_t p = 1; p <= STORY_MAX_PERIOD && 2 * p <= l->nr; p++) {
		const struct story_node *last = recent(e, l, p);
		bool folded = last->more && last->period == p;

		if (folded ? same_groups(e, l, 0, p, true) :
			     3 * p <= l->nr && same_groups(e, l, 0, p, false) &&
				     same_groups(e, l, p, p, false)) {
			fold(e, l, p);
			return;
		}
	}
}

/* A child of the innermost open call is complete. */
static void child_done(struct explain *e, uint32_t node)
{
	struct story_level *l = &e->level[e->depth];

	if (l->nr == STORY_RECENT) {
		memmove(l->recent, l->recent + 1,
			(STORY_RECENT - 1) * sizeof(l->recent[0]));
		l->nr--;
	}
	l->recent[l->nr].node = node;
	l->recent[l->nr].hash_before = l->hash;
	l->nr++;
	l->hash = hash_mix(l->hash, e->node[node].hash);
	try_to_fold(e, l);
}

/* ---- what is told ---- */

static struct story_node *node_add(struct explain *e,
				   const struct observation *o)
{
	struct story_node *n;

	if (e->nr == e->max) {
		uint32_t max = e->max ? 2 * e->max : 256;

		e->node = host_realloc(&e->m->host, e->node,
				       e->max * sizeof(*n), max * sizeof(*n));
		e->max = max;
	}
	n = &e->node[e->nr++];
	*n = (struct story_node){.func = o->func,
				 .v = {o->a, o->b, o->c, o->d},
				 .depth = (uint16_t)e->depth,
				 .kind = (uint8_t)o->kind};
	n->hash = hash_node(n);
	return n;
}

static void call_begins(struct explain *e, const struct observation *o)
{
	struct story_node *n = node_add(e, o);
	struct story_level *l = &e->level[++e->depth];

	l->self = (uint32_t)(n - e->node);
	l->hash = n->hash;
	l->nr = 0;
}

static void call_ends(struct explain *e)
{
	struct story_level *l = &e->level[e->depth--];

	e->node[l->self].hash = l->hash;
	child_done(e, l->self);
}

/* Too many, or too deep: true, and counted. */
static bool is_lost(struct explain *e, const struct observation *o)
{
	if (!e->lost_depth && e->nr < MAX_NODES && e->depth < STORY_MAX_DEPTH)
		return false;
	if (o->kind == OBS_RETURN) {
		if (!e->lost_depth)
			return false;
		e->lost_depth--;
		return true;
	}
	e->lost++;
	e->lost_depth += o->kind == OBS_CALL;
	return true;
}

static void note_entry(struct explain *e, const struct observation *o)
{
	if (e->nr_entries == MAX_ENTRIES) {
		e->lost_entries++;
		return;
	}
	if (e->nr_entries == e->max_entries) {
		uint32_t max = e->max_entries ? 2 * e->max_entries : 64;

		e->entry = host_realloc(&e->m->host, e->entry,
					e->max_entries * sizeof(*e->entry),
					max * sizeof(*e->entry));
		e->max_entries = max;
	}
	e->entry[e->nr_entries] = (struct entry_change){
		.mm = o->d,
		.addr = o->a,
		.old = o->c,
		.new = o->b,
		.order = e->nr_entries,
	};
	e->nr_entries++;
}

static void on_told(void *ctx, const struct observation *o)
{
	struct explain *e = ctx;

	if (o->kind == OBS_PTE_SET)
		note_entry(e, o);
	if (is_lost(e, o))
		return;
	if (o->kind == OBS_CALL) {
		call_begins(e, o);
	} else if (o->kind == OBS_RETURN) {
		if (e->depth)
			call_ends(e);
	} else {
		child_done(e, (uint32_t)(node_add(e, o) - e->node));
	}
}

/* ---- start and stop ---- */

void explain_init(struct explain *e, struct machine *m)
{
	memset(e, 0, sizeof(*e));
	e->m = m;
	e->observer = (struct observer){.ctx = e, .tell = on_told};
}

void explain_start(struct explain *e)
{
	e->nr = e->depth = e->lost_depth = e->nr_entries = 0;
	e->lost = e->lost_entries = 0;
	e->level[0].hash = e->level[0].nr = 0;
	snapshot_drop(e->m, e->before);
	snapshot_drop(e->m, e->after);
	e->after = NULL;
	e->before = snapshot_take(e->m);
	e->m->observer = &e->observer;
}

/* First by address, then in the order written. */
static int by_place(const void *a, const void *b)
{
	const struct entry_change *x = a, *y = b;

	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* An entry written several times has changed once; or not at all. */
static void join_entries(struct explain *e)
{
	uint32_t to = 0;

	qsort(e->entry, e->nr_entries, sizeof(*e->entry), by_place);
	for (uint32_t i = 0; i < e->nr_entries; i++) {
		struct entry_change *last = to ? &e->entry[to - 1] : NULL;

		if (last && last->mm == e->entry[i].mm &&
		    last->addr == e->entry[i].addr)
			last->new = e->entry[i].new;
		else
			e->entry[to++] = e->entry[i];
	}
	e->nr_entries = to;
}

void explain_stop(struct explain *e)
{
	e->m->observer = NULL;
	if (e->nr_entries)
		join_entries(e);
	e->after = snapshot_take(e->m);
}

void explain_destroy(struct explain *e)
{
	host_free(&e->m->host, e->node, e->max * sizeof(*e->node));
	host_free(&e->m->host, e->entry, e->max_entries * sizeof(*e->entry));
	snapshot_drop(e->m, e->before);
	snapshot_drop(e->m, e->after);
	memset(e, 0, sizeof(*e));
}
