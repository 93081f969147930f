/*
 * player_store.c - two successive states of a machine, compared.
 *
 * A state is some sections of records, each with a key. Sorted by key, the old
 * and the new are run through side by side, like the two halves of a merge sort:
 *
 *   told   1:a   2:b   4:d          new or other   2:B 3:c
 *   now    1:a   2:B   3:c     ==>  gone           4
 *
 * A list of frames changes at its ends mostly, so it is compared from both: what
 * is left in between goes, and comes.
 *
 *   told   7 8 9 4 5
 *   now    7 8 3 4 5   ==>   from 2 on, 1 goes, 3 comes
 */
#include "formats/player_store.h"

#include <stdlib.h>
#include <string.h>

/* ---- records ---- */

static struct record *records_add(const struct host_ops *host,
				  struct records *r)
{
	if (r->nr == r->max) {
		size_t max = r->max ? 2 * r->max : 64;

		r->rec = host_realloc(host, r->rec, r->max * sizeof(*r->rec),
				      max * sizeof(*r->rec));
		r->max = max;
	}
	return &r->rec[r->nr++];
}

struct record *section_add(const struct host_ops *host, struct section *s,
			   uint64_t a, uint64_t b)
{
	struct record *r = records_add(host, &s->now);

	*r = (struct record){.a = a, .b = b};
	return r;
}

static int by_key(const void *x, const void *y)
{
	const struct record *p = x, *q = y;

	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	return (p->b > q->b) - (p->b < q->b);
}

/* Most collectors meet their things in the order of the keys. */
static void sort_records(struct records *r)
{
	for (size_t i = 1; i < r->nr; i++) {
		if (by_key(&r->rec[i - 1], &r->rec[i]) > 0) {
			qsort(r->rec, r->nr, sizeof(*r->rec), by_key);
			return;
		}
	}
}

/* What is in `from` and not, or otherwise, in `than`; only_gone: not at all. */
static void find_others(const struct host_ops *host, struct section *s,
			const struct records *from, const struct records *than,
			bool only_gone)
{
	size_t i = 0;

	s->other.nr = 0;
	for (size_t n = 0; n < from->nr; n++) {
		const struct record *r = &from->rec[n];
		bool there;

		while (i < than->nr && by_key(&than->rec[i], r) < 0)
			i++;
		there = i < than->nr && !by_key(&than->rec[i], r);
		if (there && (only_gone || !memcmp(than->rec[i].word, r->word,
						   sizeof(r->word))))
			continue;
		*records_add(host, &s->other) = *r;
	}
}

static int64_t column(const struct record *r, unsigned keys, unsigned c)
{
	if (c < keys)
		return (int64_t)(c ? r->b : r->a);
	return r->word[c - keys];
}

/* Differences, equal ones in a row counted: frames and addresses go up by one
 * and by one, so a column of thousands is mostly a pair of numbers. */
static void put_column(const struct section *s, unsigned c, FILE *out)
{
	const struct records *o = &s->other;
	int64_t last = 0, delta;
	size_t from = 0, n;

	putc('[', out);
	for (; from < o->nr; from += n) {
		delta = column(&o->rec[from], s->keys, c) - last;
		last += delta;
		for (n = 1; from + n < o->nr; n++) {
			int64_t v = column(&o->rec[from + n], s->keys, c);

			if (v - last != delta)
				break;
			last = v;
		}
		if (n == 1)
			fprintf(out, "%s%lld", from ? "," : "",
				(long long)delta);
		else
			fprintf(out, "%s[%lld,%zu]", from ? "," : "",
				(long long)delta, n);
	}
	putc(']', out);
}

static void put_columns(const struct section *s, const char *sign,
			const char *name, unsigned columns, const char **comma,
			FILE *out)
{
	if (!s->other.nr)
		return;
	fprintf(out, "%s\"%s%s\":[", *comma, sign, name);
	for (unsigned c = 0; c < columns; c++) {
		if (c)
			putc(',', out);
		put_column(s, c, out);
	}
	putc(']', out);
	*comma = ",";
}

void section_tell(const struct host_ops *host, struct section *s,
		  const char *name, const char **comma, FILE *out)
{
	struct records empty = s->told;

	sort_records(&s->now);
	find_others(host, s, &s->now, &s->told, false);
	for (size_t i = 0; s->more && i < s->other.nr; i++)
		s->more(s->ctx, &s->other.rec[i]);
	put_columns(s, "", name, s->keys + s->words, comma, out);
	find_others(host, s, &s->told, &s->now, true);
	put_columns(s, "-", name, s->keys, comma, out);
	empty.nr = 0;
	s->told = s->now;
	s->now = empty;
}

void section_free(const struct host_ops *host, struct section *s)
{
	host_free(host, s->now.rec, s->now.max * sizeof(*s->now.rec));
	host_free(host, s->told.rec, s->told.max * sizeof(*s->told.rec));
	host_free(host, s->other.rec, s->other.max * sizeof(*s->other.rec));
}

/* ---- lists of frames ---- */

void frame_list_add(const struct host_ops *host, struct frame_list *l,
		    pfn_t pfn)
{
	struct pfns *p = &l->now;

	if (p->nr == p->max) {
		size_t max = p->max ? 2 * p->max : 16;

		p->pfn = host_realloc(host, p->pfn, p->max * sizeof(*p->pfn),
				      max * sizeof(*p->pfn));
		p->max = max;
	}
	p->pfn[p->nr++] = pfn;
}

void frame_list_tell(struct frame_list *l, unsigned number, const char **comma,
		     FILE *out)
{
	struct pfns *now = &l->now, *told = &l->told, empty = *told;
	size_t least = now->nr < told->nr ? now->nr : told->nr;
	size_t from = 0, end = 0;

	while (from < least && now->pfn[from] == told->pfn[from])
		from++;
	while (end < least - from && now->pfn[now->nr - 1 - end] ==
					     told->pfn[told->nr - 1 - end])
		end++;
	if (from + end < now->nr || from + end < told->nr) {
		fprintf(out, "%s[%u,%zu,%zu", *comma, number, from,
			told->nr - from - end);
		for (size_t i = from; i < now->nr - end; i++)
			fprintf(out, ",%u", now->pfn[i]);
		putc(']', out);
		*comma = ",";
	}
	empty.nr = 0;
	*told = *now;
	*now = empty;
}

void frame_list_free(const struct host_ops *host, struct frame_list *l)
{
	host_free(host, l->now.pfn, l->now.max * sizeof(*l->now.pfn));
	host_free(host, l->told.pfn, l->told.max * sizeof(*l->told.pfn));
}

/* ---- strings ---- */

static uint32_t hash_text(const char *text)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h;
}

/* The bucket of a text: where it is, or where it would be put. */
static uint32_t *find_bucket(const struct string_table *s, const char *text)
{
	uint32_t i = hash_text(text) & (s->nr_buckets - 1);

	while (s->bucket[i] && strcmp(s->text[s->bucket[i] - 1], text))
		i = (i + 1) & (s->nr_buckets - 1);
	return &s->bucket[i];
}

static void grow(const struct host_ops *host, struct string_table *s)
{
	uint32_t max = s->max ? 2 * s->max : 256;

	s->text = host_realloc(host, s->text, s->max * sizeof(*s->text),
			       max * sizeof(*s->text));
	s->max = max;
	host_free(host, s->bucket, s->nr_buckets * sizeof(*s->bucket));
	s->nr_buckets = 2 * max;
	s->bucket = host_alloc(host, s->nr_buckets * sizeof(*s->bucket));
	for (uint32_t i = 0; i < s->nr; i++)
		*find_bucket(s, s->text[i]) = i + 1;
}

int64_t string_number(const struct host_ops *host, struct string_table *s,
		      const char *text)
{
	uint32_t *bucket;

	if (s->nr == s->max)
		grow(host, s);
	bucket = find_bucket(s, text);
	if (!*bucket) {
		s->text[s->nr++] = host_strdup(host, text);
		*bucket = s->nr;
	}
	return *bucket - 1;
}

void string_table_free(const struct host_ops *host, struct string_table *s)
{
	for (uint32_t i = 0; i < s->nr; i++)
		host_strfree(host, s->text[i]);
	host_free(host, s->text, s->max * sizeof(*s->text));
	host_free(host, s->bucket, s->nr_buckets * sizeof(*s->bucket));
}
