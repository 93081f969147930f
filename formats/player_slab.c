/*
 * player_slab.c - slab caches, their objects, and the counters, for the player.
 *
 * The objects of a slab are told as runs of equal ones:
 *
 *   u12c3f98     12 in use, then 3 in the array cache, then 98 free
 *
 * An object is free if the slab's chain of free ones holds it, in use if a user
 * holds it; what is neither waits in the array cache.
 *
 * Counters are the lines of reports, so that the page says what they say.
 */
#include "core/slab_internal.h"
#include "formats/player_internal.h"
#include "formats/report.h"

#include <stdlib.h>
#include <string.h>

/* ---- slab ---- */

static void mark_free(const struct slab *slabp, bool *is_free)
{
	for (uint32_t i = slabp->free; i != BUFCTL_END; i = slabp->bufctl[i])
		is_free[i] = true;
}

static char object_state(const struct slab *slabp, const bool *is_free,
			 uint32_t i)
{
	if (is_free[i])
		return 'f';
	return slab_held(slabp, i) ? 'u' : 'c';
}

static int64_t objects(struct player *p, const struct slab *slabp)
{
	uint32_t num = slabp->cachep->num, from = 0;
	bool *is_free = host_alloc(&p->m->host, num * sizeof(*is_free));
	FILE *f = player_text_begin(p);

	mark_free(slabp, is_free);
	for (uint32_t i = 1; i <= num; i++) {
		char state = object_state(slabp, is_free, from);

		if (i < num && object_state(slabp, is_free, i) == state)
			continue;
		fprintf(f, "%c%u", state, i - from);
		from = i;
	}
	host_free(&p->m->host, is_free, num * sizeof(*is_free));
	return player_string(p, player_text_end(p, f));
}

static void add_slabs(struct player *p, const struct list_head *slabs)
{
	const struct slab *slabp;

	list_for_each_entry (slabp, slabs, list) {
		struct record *r = player_add(p, PLAYER_SLABS,
					      slabp->cachep->id, slabp->pfn);

		r->word[0] = objects(p, slabp);
	}
}

void player_slabs(struct player *p)
{
	const struct kmem_cache *s;
	int64_t age = 0;

	list_for_each_entry (s, &p->m->slab_caches, list) {
		struct record *r = player_add(p, PLAYER_CACHES, s->id, 0);
		struct slabinfo si;

		get_slabinfo(s, &si);
		r->word[0] = player_string(p, s->name);
		r->word[1] = age--; /* newest first, as slabinfo has them */
		r->word[2] = si.active_objs;
		r->word[3] = si.num_objs;
		r->word[4] = s->size;
		r->word[5] = si.objects_per_slab;
		r->word[6] = (int64_t)1 << si.cache_order;
		r->word[7] = si.active_slabs;
		r->word[8] = si.num_slabs;
		add_slabs(p, &s->slabs_partial);
		add_slabs(p, &s->slabs_full);
		add_slabs(p, &s->slabs_free);
	}
}

/* ---- counters ---- */

/* "Name:  value kB" or "name value". */
static void add_counter(struct player *p, uint64_t key, char *line)
{
	size_t name = strcspn(line, ": ");
	struct record *r = player_add(p, PLAYER_COUNTERS, key, 0);

	r->word[1] = strtoll(line + name + 1, NULL, 10);
	line[name] = '\0';
	r->word[0] = player_string(p, line);
}

static void add_report(struct player *p, report_fn report, uint64_t key)
{
	FILE *f = player_text_begin(p);
	char *line, *next;

	report(p->m, NULL, f);
	player_text_end(p, f);
	for (line = p->text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		add_counter(p, key++, line);
	}
}

/* From 1000 on: vmstat's. */
void player_counters(struct player *p)
{
	add_report(p, report_meminfo, 0);
	add_report(p, report_vmstat, 1000);
}
