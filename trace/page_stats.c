/*
 * page_stats.c - one pass, one table of pages.
 *
 * Working set: an access keeps its page in the set of window T for min(gap, T)
 * accesses, gap being the time until the next access to that page (or the end).
 * So the sizes of the set, added up over time, are the sum of min(gap, T) over
 * all accesses, and counts and sums of gaps by powers of two are all it takes.
 *
 * Reuse: sampled pages stand in a row in order of their last access, each in a
 * slot of its own; a Fenwick tree counts those behind one.
 *
 *   slot   1  2  3  4  5  6        a access to the page of slot 2: three
 *          .  x  .  x  x  x        sampled pages since; it moves to slot 7
 *
 * When the slots are used up, the row is numbered anew. When there are more than
 * SAMPLE_PAGES, the threshold falls and pages above it leave the sample; each
 * distance and each access counts 1/rate.
 */
#include "trace/page_stats.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 1024u
#define HASH_TOP (1u << 24)
#define SLOTS (4 * SAMPLE_PAGES)

void page_stats_init(struct page_stats *s, const struct host_ops *host)
{
	memset(s, 0, sizeof(*s));
	s->host = host ? host : &host_default_ops;
	s->room = FIRST_ROOM;
	s->tab = host_alloc(s->host, s->room * sizeof(*s->tab));
	s->tree = host_alloc(s->host, (SLOTS + 1) * sizeof(*s->tree));
	s->threshold = HASH_TOP;
	s->next_slot = 1;
}

void page_stats_destroy(struct page_stats *s)
{
	host_free(s->host, s->tab, s->room * sizeof(*s->tab));
	host_free(s->host, s->tree, (SLOTS + 1) * sizeof(*s->tree));
}

static uint64_t hash_page(uint32_t owner, uint64_t page)
{
	uint64_t x = page ^ (uint64_t)owner << 42;

	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t find_place(const struct page_stats *s, uint32_t owner,
			   uint64_t page)
{
	uint64_t i = hash_page(owner, page) & (s->room - 1);

	while (s->tab[i].last &&
	       (s->tab[i].page != page || s->tab[i].owner != owner))
		i = (i + 1) & (s->room - 1);
	return i;
}

static void grow(struct page_stats *s)
{
	struct page_seen *old = s->tab;
	uint64_t room = s->room;

	s->room = 2 * room;
	s->tab = host_alloc(s->host, s->room * sizeof(*s->tab));
	for (uint64_t i = 0; i < room; i++)
		if (old[i].last)
			s->tab[find_place(s, old[i].owner, old[i].page)] =
				old[i];
	host_free(s->host, old, room * sizeof(*old));
}

/* ---- the sample ---- */

static void tree_add(struct page_stats *s, uint32_t slot, uint32_t n)
{
	for (; slot <= SLOTS; slot += slot & -slot)
		s->tree[slot] += n;
}

static uint32_t tree_sum(const struct page_stats *s, uint32_t slot)
{
	uint32_t sum = 0;

	for (; slot; slot -= slot & -slot)
		sum += s->tree[slot];
	return sum;
}

static bool in_sample(const struct page_stats *s, const struct page_seen *p)
{
	return (hash_page(p->owner, p->page) >> 40) < s->threshold;
}

static int by_slot(const void *a, const void *b)
{
	const struct page_seen *const *x = a, *const *y = b;

	return (*x)->slot < (*y)->slot ? -1 : (*x)->slot > (*y)->slot;
}

/* Slots 1, 2, 3 ... for those that stay in the sample. */
static void number_anew(struct page_stats *s)
{
	size_t room = (s->sampled + 1) * sizeof(struct page_seen *);
	struct page_seen **row = host_alloc(s->host, room);
	uint32_t n = 0;

	for (uint64_t i = 0; i < s->room; i++) {
		struct page_seen *p = &s->tab[i];

		if (!p->last || !p->slot)
			continue;
		if (in_sample(s, p))
			row[n++] = p;
		else
			p->slot = 0;
	}
	qsort(row, n, sizeof(*row), by_slot);
	memset(s->tree, 0, (SLOTS + 1) * sizeof(*s->tree));
	for (uint32_t i = 0; i < n; i++) {
		row[i]->slot = i + 1;
		tree_add(s, i + 1, 1);
	}
	s->sampled = n;
	s->next_slot = n + 1;
	host_free(s->host, row, room);
}

static void keep_sample_small(struct page_stats *s)
{
	while (s->sampled > SAMPLE_PAGES && s->threshold > 1) {
		s->threshold -= (s->threshold + 3) / 4;
		number_anew(s);
	}
	if (s->next_slot > SLOTS)
		number_anew(s);
}

static double scale(const struct page_stats *s)
{
	return (double)HASH_TOP / s->threshold;
}

/* The place in the row of a page that is accessed now. */
static void sample(struct page_stats *s, struct page_seen *p)
{
	double distance;

	if (!in_sample(s, p))
		return;
	if (p->slot) {
		distance = (s->sampled - tree_sum(s, p->slot)) * scale(s);
		s->reuse[fls64((uint64_t)(distance + 0.5))] += scale(s);
		tree_add(s, p->slot, (uint32_t)-1);
	} else {
		s->cold += scale(s);
		s->sampled++;
	}
	p->slot = s->next_slot++;
	tree_add(s, p->slot, 1);
	keep_sample_small(s);
}

/* ---- accesses ---- */

static void count_gap(struct page_stats *s, uint64_t gap)
{
	unsigned k = gap > 1 ? fls64(gap - 1) : 0;

	s->gaps[k]++;
	s->gap_sum[k] += gap;
}

void page_stats_access(struct page_stats *s, uint32_t owner, uint64_t page,
		       unsigned kind)
{
	struct page_seen *p = &s->tab[s->memo];

	s->time++;
	if (p->last && p->page == page && p->owner == owner) {
		count_gap(s, s->time - p->last);
		if (p->last == s->time - 1) { /* distance 0 */
			if (in_sample(s, p))
				s->reuse[0] += scale(s);
		} else {
			sample(s, p);
		}
		p->last = s->time;
		p->kinds |= 1u << kind;
		return;
	}
	s->memo = find_place(s, owner, page);
	p = &s->tab[s->memo];
	if (p->last) {
		count_gap(s, s->time - p->last);
	} else {
		*p = (struct page_seen){.page = page, .owner = owner};
		s->pages++;
	}
	p->last = s->time;
	p->kinds |= 1u << kind;
	sample(s, p);
	if (2 * s->pages > s->room) {
		grow(s);
		s->memo = find_place(s, owner, page);
	}
}

void page_stats_end(struct page_stats *s)
{
	for (uint64_t i = 0; i < s->room; i++) {
		const struct page_seen *p = &s->tab[i];

		if (!p->last)
			continue;
		count_gap(s, s->time - p->last + 1);
		s->by_kinds[p->kinds & 7]++;
	}
}

double page_stats_working_set(const struct page_stats *s, unsigned log)
{
	double sum = 0;

	for (unsigned k = 0; k < LOG_BUCKETS; k++)
		sum += k <= log ? (double)s->gap_sum[k]
				: (double)s->gaps[k] *
					  (double)((uint64_t)1 << log);
	return s->time ? sum / (double)s->time : 0;
}
