/*
 * import_areas.c - which recorded addresses are mapped, and where in the trace.
 *
 *	recorded   |--- r-x ---|- rw- -|      |---- rw- ----|
 *	              delta a    delta a         delta b
 *
 * A sorted array: programs have tens to thousands of areas, mmap is rare beside
 * accesses, and an access asks the area that the last one fell in first.
 *
 * Invariants: areas are ascending, do not overlap, are not empty; two that
 * touch differ in delta, prot or flags.
 */
#include "trace/import_internal.h"

#include <string.h>

struct im_area *im_area_find(struct im_areas *a, uint64_t addr, unsigned *next)
{
	unsigned lo = 0, hi = a->nr;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (a->tab[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (next)
		*next = lo;
	return lo < a->nr && a->tab[lo].start <= addr ? &a->tab[lo] : NULL;
}

static void insert_at(struct import *im, struct im_areas *a, unsigned i,
		      const struct im_area *area)
{
	if (a->nr == a->max) {
		unsigned max = a->max ? 2 * a->max : 32;

		a->tab = host_realloc(im->host, a->tab,
				      a->max * sizeof(*a->tab),
				      max * sizeof(*a->tab));
		a->max = max;
	}
	memmove(a->tab + i + 1, a->tab + i, (a->nr - i) * sizeof(*a->tab));
	a->tab[i] = *area;
	a->nr++;
}

static void remove_at(struct im_areas *a, unsigned i, unsigned n)
{
	if (!n)
		return;
	memmove(a->tab + i, a->tab + i + n, (a->nr - i - n) * sizeof(*a->tab));
	a->nr -= n;
}

/* Afterwards no area crosses addr. */
static void split(struct import *im, struct im_areas *a, uint64_t addr)
{
	unsigned i;
	struct im_area *area = im_area_find(a, addr, &i), upper;

	if (!area || area->start == addr)
		return;
	upper = *area;
	upper.start = addr;
	area->end = addr;
	insert_at(im, a, i + 1, &upper);
}

static bool alike(const struct im_area *a, const struct im_area *b)
{
	return a->end == b->start && a->delta == b->delta &&
	       a->prot == b->prot && a->flags == b->flags;
}

/* Join the areas around index i. */
static void join(struct im_areas *a, unsigned i)
{
	if (i + 1 < a->nr && alike(&a->tab[i], &a->tab[i + 1])) {
		a->tab[i].end = a->tab[i + 1].end;
		remove_at(a, i + 1, 1);
	}
	if (i && i < a->nr && alike(&a->tab[i - 1], &a->tab[i])) {
		a->tab[i - 1].end = a->tab[i].end;
		remove_at(a, i, 1);
	}
}

void im_areas_unmap(struct import *im, struct im_areas *a, uint64_t start,
		    uint64_t end)
{
	unsigned i, j;

	split(im, a, start);
	split(im, a, end);
	im_area_find(a, start, &i);
	for (j = i; j < a->nr && a->tab[j].start < end; j++)
		;
	remove_at(a, i, j - i);
}

void im_areas_map(struct import *im, struct im_areas *a,
		  const struct im_area *area)
{
	unsigned i;

	im_areas_unmap(im, a, area->start, area->end);
	im_area_find(a, area->start, &i);
	insert_at(im, a, i, area);
	join(a, i);
}

void im_areas_protect(struct import *im, struct im_areas *a, uint64_t start,
		      uint64_t end, unsigned prot)
{
	unsigned i;

	split(im, a, start);
	split(im, a, end);
	for (im_area_find(a, start, &i);
	     i < a->nr && a->tab[i].start < end; i++)
		a->tab[i].prot = (uint8_t)prot;
	while (i-- > 0 && a->tab[i].end >= start)
		join(a, i);
}

void im_areas_copy(struct import *im, struct im_areas *to,
		   const struct im_areas *from)
{
	to->nr = from->nr;
	to->max = from->nr;
	to->tab = from->nr ? host_alloc(im->host, to->max * sizeof(*to->tab))
			   : NULL;
	if (from->nr)
		memcpy(to->tab, from->tab, from->nr * sizeof(*to->tab));
}

void im_areas_free(struct import *im, struct im_areas *a)
{
	host_free(im->host, a->tab, a->max * sizeof(*a->tab));
	memset(a, 0, sizeof(*a));
}
