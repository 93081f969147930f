/*
 * names.c - the interned strings of a trace.
 *
 * Open addressing with linear probing over ids; the table doubles when it is
 * half full, so a probe ends after a step or two. FNV-1a mixes well enough for
 * labels that differ in their last digits.
 */
#include "trace/names.h"

#include <string.h>

#define FIRST_BUCKETS 64u
#define FIRST_NAMES 32u

void names_init(struct names *names, const struct host_ops *host)
{
	memset(names, 0, sizeof(*names));
	names->host = host ? host : &host_default_ops;
	names->nr = 1;
	names->max = FIRST_NAMES;
	names->tab = host_alloc(names->host, names->max * sizeof(*names->tab));
	names->nr_buckets = FIRST_BUCKETS;
	names->bucket = host_alloc(names->host,
				   FIRST_BUCKETS * sizeof(*names->bucket));
}

void names_destroy(struct names *names)
{
	if (!names->tab)
		return;
	for (uint32_t i = 1; i < names->nr; i++)
		host_free(names->host, names->tab[i].text,
			  names->tab[i].len + 1u);
	host_free(names->host, names->tab, names->max * sizeof(*names->tab));
	host_free(names->host, names->bucket,
		  names->nr_buckets * sizeof(*names->bucket));
	memset(names, 0, sizeof(*names));
}

static uint32_t hash_text(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 16777619u;
	return h;
}

/* Where text stands, or the empty bucket where it would. */
static uint32_t *find_bucket(const struct names *names, const char *text,
			     size_t len, uint32_t hash)
{
	uint32_t mask = names->nr_buckets - 1;

	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t id = names->bucket[i];
		const struct name *n = &names->tab[id];

		if (!id || (n->hash == hash && n->len == len &&
			    !memcmp(n->text, text, len)))
			return &names->bucket[i];
	}
}

static void grow_buckets(struct names *names)
{
	uint32_t old = names->nr_buckets, mask;

	host_free(names->host, names->bucket, old * sizeof(*names->bucket));
	names->nr_buckets = 2 * old;
	names->bucket = host_alloc(names->host, names->nr_buckets *
							sizeof(*names->bucket));
	mask = names->nr_buckets - 1;
	for (uint32_t id = 1; id < names->nr; id++) {
		uint32_t i = names->tab[id].hash & mask;

		while (names->bucket[i])
			i = (i + 1) & mask;
		names->bucket[i] = id;
	}
}

uint32_t names_intern(struct names *names, const char *text, size_t len)
{
	uint32_t hash = hash_text(text, len);
	uint32_t *b = find_bucket(names, text, len, hash);
	struct name *n;

	if (*b)
		return *b;
	if (names->nr == names->max) {
		names->tab = host_realloc(names->host, names->tab,
					  names->max * sizeof(*names->tab),
					  2 * names->max * sizeof(*names->tab));
		names->max *= 2;
	}
	n = &names->tab[names->nr];
	n->text = host_alloc(names->host, len + 1);
	memcpy(n->text, text, len);
	n->len = (uint32_t)len;
	n->hash = hash;
	*b = names->nr++;
	if (2 * names->nr > names->nr_buckets)
		grow_buckets(names);
	return names->nr - 1;
}
