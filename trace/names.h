/*
 * names.h - every name of a trace once: labels, paths, caches, marks.
 *
 * A name is interned to a small number (1 and up, dense, in order of first
 * use), so that events are of fixed size and the replay keeps what it knows of
 * a label in an array. Names live as long as the table: a trace may use any
 * name again on its last line.
 */
#ifndef MMEMU_TRACE_NAMES_H
#define MMEMU_TRACE_NAMES_H

#include "core/host.h"

/* What earlier lines said of a name (the reader's question). */
#define NAME_BOUND 0x01u /* `-> NAME` */
#define NAME_FILE 0x02u	 /* `file NAME`, or declared by exec */

struct name {
	char *text; /* len bytes and a NUL */
	uint32_t len;
	uint32_t hash;
	uint32_t flags; /* NAME_* */
};

struct names {
	const struct host_ops *host;
	struct name *tab; /* by id; tab[0] is not used */
	uint32_t nr, max;
	uint32_t *bucket; /* open addressing: id, 0 = empty */
	uint32_t nr_buckets;
};

/* host NULL: the default. Host memory that runs out ends in host->fail(). */
void names_init(struct names *names, const struct host_ops *host);
void names_destroy(struct names *names);
/* The id of text[0, len), a new one if it was never seen. */
uint32_t names_intern(struct names *names, const char *text, size_t len);
/* => id was handed out by this table */
static inline struct name *name_get(const struct names *names, uint32_t id)
{
	return &names->tab[id];
}
static inline const char *name_text(const struct names *names, uint32_t id)
{
	return names->tab[id].text;
}

#endif
