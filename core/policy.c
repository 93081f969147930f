/*
 * policy.c - page replacement as textbooks teach it.
 *
 * What the kernel's reclaim approximates (vmscan.c), in its pure forms: one
 * reference at a time, a fixed number of frames, and one question: which page
 * goes when all frames are taken?
 *
 *   fifo   the one that came first
 *   clock  the first that was not used since the hand passed it (second chance)
 *
 *            hand ─► [A 1]  used: one more round, bit cleared
 *                    [B 0]  not used: out, and the new page comes here
 *                    [C 1]
 *
 *   lru    the one whose last use is longest ago
 *   opt    the one whose next use is farthest away (Belady's MIN): needs the
 *          future, so it can only be computed afterwards; no rule does better
 *
 * A page comes in with its bit set (clock): the reference that brought it was a
 * use. Of several pages that opt may choose from (never used again), it makes no
 * difference to the count which goes.
 *
 * More frames never cost lru and opt a fault: what k frames hold, k + 1 hold
 * too. fifo and clock have no such order, which is Belady's anomaly.
 */
#include "core/policy.h"

#include <string.h>

const char *const policy_names[NR_POLICIES] = {"fifo", "clock", "lru", "opt"};

/* ---- the reference string ---- */

#define FIRST_BUCKETS 1024u
#define FIRST_REFERENCES 4096u

void references_init(struct reference_string *s, const struct host_ops *host)
{
	memset(s, 0, sizeof(*s));
	s->host = host;
	s->nr_buckets = FIRST_BUCKETS;
	s->key = host_alloc(host, FIRST_BUCKETS * sizeof(*s->key));
	s->number = host_alloc(host, FIRST_BUCKETS * sizeof(*s->number));
	s->max = FIRST_REFERENCES;
	s->page = host_alloc(host, s->max * sizeof(*s->page));
}

void references_destroy(struct reference_string *s)
{
	if (!s->host)
		return;
	host_free(s->host, s->key, s->nr_buckets * sizeof(*s->key));
	host_free(s->host, s->number, s->nr_buckets * sizeof(*s->number));
	host_free(s->host, s->page, s->max * sizeof(*s->page));
	memset(s, 0, sizeof(*s));
}

/* Where key stands in the table, or should. */
static uint32_t find_bucket(const struct reference_string *s, uint64_t key)
{
	uint32_t mask = s->nr_buckets - 1;
	uint32_t i = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & mask;

	while (s->key[i] && s->key[i] != key + 1)
		i = (i + 1) & mask;
	return i;
}

static void grow_buckets(struct reference_string *s)
{
	struct reference_string old = *s;

	s->nr_buckets = 2 * old.nr_buckets;
	s->key = host_alloc(s->host, s->nr_buckets * sizeof(*s->key));
	s->number = host_alloc(s->host, s->nr_buckets * sizeof(*s->number));
	for (uint32_t i = 0; i < old.nr_buckets; i++) {
		uint32_t to;

		if (!old.key[i])
			continue;
		to = find_bucket(s, old.key[i] - 1);
		s->key[to] = old.key[i];
		s->number[to] = old.number[i];
	}
	host_free(s->host, old.key, old.nr_buckets * sizeof(*old.key));
	host_free(s->host, old.number, old.nr_buckets * sizeof(*old.number));
}

static uint32_t page_number(struct reference_string *s, uint64_t key)
{
	uint32_t i = find_bucket(s, key);

	if (s->key[i])
		return s->number[i];
	if (2 * s->nr_pages >= s->nr_buckets) {
		grow_buckets(s);
		i = find_bucket(s, key);
	}
	s->key[i] = key + 1;
	s->number[i] = ++s->nr_pages;
	return s->nr_pages;
}

void references_add(struct reference_string *s, uint64_t key, uint64_t times)
{
	uint32_t page = page_number(s, key);

	s->nr_repeated += times;
	if (s->nr && s->page[s->nr - 1] == page)
		return;
	s->nr_repeated--;
	if (s->nr == s->max) {
		s->page = host_realloc(s->host, s->page,
				       s->max * sizeof(*s->page),
				       2 * s->max * sizeof(*s->page));
		s->max *= 2;
	}
	s->page[s->nr++] = page;
}

static void tell_fault(const struct policy_watch *watch, size_t at,
		       uint32_t victim)
{
	if (watch)
		watch->fault(watch->ctx, at, victim);
}

/* ---- fifo and clock: frames in a ring ---- */

struct ring {
	uint32_t *frame; /* page in it; 0 = empty */
	bool *resident;	 /* by page */
	bool *used;	 /* by page: the reference bit; NULL: fifo */
	uint32_t frames, hand;
};

/* The page that went, 0 if there was none. */
static uint32_t ring_replace(struct ring *r, uint32_t page)
{
	uint32_t victim;

	while (r->used && r->frame[r->hand] && r->used[r->frame[r->hand]]) {
		r->used[r->frame[r->hand]] = false;
		r->hand = (r->hand + 1) % r->frames;
	}
	victim = r->frame[r->hand];
	r->resident[victim] = false;
	r->frame[r->hand] = page;
	r->resident[page] = true;
	r->hand = (r->hand + 1) % r->frames;
	return victim;
}

static uint64_t ring_faults(const struct reference_string *s, uint32_t frames,
			    bool second_chance,
			    const struct policy_watch *watch)
{
	size_t pages = (size_t)s->nr_pages + 1;
	struct ring r = {.frames = frames};
	uint64_t faults = 0;

	r.frame = host_alloc(s->host, frames * sizeof(*r.frame));
	r.resident = host_alloc(s->host, pages);
	if (second_chance)
		r.used = host_alloc(s->host, pages);
	for (size_t i = 0; i < s->nr; i++) {
		uint32_t page = s->page[i];

		if (!r.resident[page]) {
			tell_fault(watch, i, ring_replace(&r, page));
			faults++;
		}
		if (second_chance)
			r.used[page] = true;
	}
	host_free(s->host, r.frame, frames * sizeof(*r.frame));
	host_free(s->host, r.resident, pages);
	if (second_chance)
		host_free(s->host, r.used, pages);
	return faults;
}

/* ---- lru: resident pages in a list, the latest used first ---- */

struct lru {
	uint32_t *next, *prev; /* by page; [0] is the list's head */
	uint32_t nr;
};

static void lru_unlink(struct lru *l, uint32_t page)
{
	l->next[l->prev[page]] = l->next[page];
	l->prev[l->next[page]] = l->prev[page];
	l->next[page] = l->prev[page] = page;
	l->nr--;
}

static void lru_link(struct lru *l, uint32_t page)
{
	l->next[page] = l->next[0];
	l->prev[page] = 0;
	l->prev[l->next[0]] = page;
	l->next[0] = page;
	l->nr++;
}

static uint64_t lru_faults(const struct reference_string *s, uint32_t frames,
			   const struct policy_watch *watch)
{
	size_t pages = (size_t)s->nr_pages + 1;
	struct lru l = {.nr = 0};
	uint64_t faults = 0;

	l.next = host_alloc(s->host, pages * sizeof(*l.next));
	l.prev = host_alloc(s->host, pages * sizeof(*l.prev));
	for (uint32_t p = 0; p < pages; p++)
		l.next[p] = l.prev[p] = p; /* not in the list */
	for (size_t i = 0; i < s->nr; i++) {
		uint32_t page = s->page[i];

		if (l.next[page] != page) {
			lru_unlink(&l, page);
		} else {
			uint32_t victim = l.nr == frames ? l.prev[0] : 0;

			faults++;
			if (victim)
				lru_unlink(&l, victim);
			tell_fault(watch, i, victim);
		}
		lru_link(&l, page);
	}
	host_free(s->host, l.next, pages * sizeof(*l.next));
	host_free(s->host, l.prev, pages * sizeof(*l.prev));
	return faults;
}

/* ---- opt: a heap of resident pages, the farthest next use on top ---- */

#define NEVER SIZE_MAX

struct opt {
	const struct reference_string *s;
	size_t *next_use;   /* by reference: of the same page, NEVER: none */
	size_t *when;	    /* by page: its next use, as of now */
	uint32_t *heap, nr; /* pages */
	uint32_t *place;    /* by page: in heap + 1, 0 = not resident */
};

static void heap_put(struct opt *o, uint32_t place, uint32_t page)
{
	o->heap[place] = page;
	o->place[page] = place + 1;
}

/* The page at this place has a new next use: up or down to where it belongs. */
static void heap_sift(struct opt *o, uint32_t at)
{
	uint32_t page = o->heap[at], child;

	while (at && o->when[o->heap[(at - 1) / 2]] < o->when[page]) {
		heap_put(o, at, o->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	while ((child = 2 * at + 1) < o->nr) {
		if (child + 1 < o->nr &&
		    o->when[o->heap[child + 1]] > o->when[o->heap[child]])
			child++;
		if (o->when[o->heap[child]] <= o->when[page])
			break;
		heap_put(o, at, o->heap[child]);
		at = child;
	}
	heap_put(o, at, page);
}

static void opt_look_ahead(struct opt *o)
{
	const struct reference_string *s = o->s;

	for (uint32_t p = 0; p <= s->nr_pages; p++)
		o->when[p] = NEVER;
	for (size_t i = s->nr; i-- > 0;) {
		o->next_use[i] = o->when[s->page[i]];
		o->when[s->page[i]] = i;
	}
}

static uint64_t opt_run(struct opt *o, uint32_t frames,
			const struct policy_watch *watch)
{
	uint64_t faults = 0;

	opt_look_ahead(o);
	for (size_t i = 0; i < o->s->nr; i++) {
		uint32_t page = o->s->page[i], at;

		o->when[page] = o->next_use[i];
		if (!o->place[page]) {
			faults++;
			at = o->nr < frames ? o->nr++ : 0;
			tell_fault(watch, i, o->heap[at]);
			if (o->heap[at])
				o->place[o->heap[at]] = 0;
			heap_put(o, at, page);
		}
		heap_sift(o, o->place[page] - 1);
	}
	return faults;
}

static uint64_t opt_faults(const struct reference_string *s, uint32_t frames,
			   const struct policy_watch *watch)
{
	size_t pages = (size_t)s->nr_pages + 1;
	struct opt o = {.s = s};
	uint64_t faults;

	o.next_use = host_alloc(s->host, (s->nr + 1) * sizeof(*o.next_use));
	o.when = host_alloc(s->host, pages * sizeof(*o.when));
	o.heap = host_alloc(s->host, frames * sizeof(*o.heap));
	o.place = host_alloc(s->host, pages * sizeof(*o.place));
	faults = opt_run(&o, frames, watch);
	host_free(s->host, o.next_use, (s->nr + 1) * sizeof(*o.next_use));
	host_free(s->host, o.when, pages * sizeof(*o.when));
	host_free(s->host, o.heap, frames * sizeof(*o.heap));
	host_free(s->host, o.place, pages * sizeof(*o.place));
	return faults;
}

uint64_t policy_run(const struct reference_string *s, enum policy policy,
		    uint32_t frames, const struct policy_watch *watch)
{
	mm_assert(frames > 0);
	if (frames > s->nr_pages) /* more than enough is enough */
		frames = s->nr_pages ? s->nr_pages : 1;
	switch (policy) {
	case POLICY_FIFO:
		return ring_faults(s, frames, false, watch);
	case POLICY_CLOCK:
		return ring_faults(s, frames, true, watch);
	case POLICY_LRU:
		return lru_faults(s, frames, watch);
	default:
		return opt_faults(s, frames, watch);
	}
}

uint64_t policy_faults(const struct reference_string *s, enum policy policy,
		       uint32_t frames)
{
	return policy_run(s, policy, frames, NULL);
}
