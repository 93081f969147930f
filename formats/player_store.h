/*
 * player_store.h - records, lists and strings of one state, and how two
 * successive states differ. Between the player*.c files of formats/.
 */
#ifndef MMEMU_FORMATS_PLAYER_STORE_H
#define MMEMU_FORMATS_PLAYER_STORE_H

#include "core/machine.h"

#include <stdio.h>

#define RECORD_WORDS 9

/* Something with a key; the words are numbers, or numbers of strings. */
struct record {
	uint64_t a, b;
	int64_t word[RECORD_WORDS];
};

struct records {
	struct record *rec;
	size_t nr, max;
};

/* All records of one kind, as they are now and as they were told last. */
struct section {
	struct records now, told, other; /* other: what is being told */
	unsigned keys;	/* that are told: 1: a, 2: a and b */
	unsigned words; /* likewise */
	/* Set further words of a record that is told; may be NULL. */
	void (*more)(void *ctx, struct record *r);
	void *ctx;
};

struct pfns {
	pfn_t *pfn;
	size_t nr, max;
};

/* A list of frames, in order. */
struct frame_list {
	struct pfns now, told;
};

struct string_table {
	char **text; /* by number */
	uint32_t nr, max;
	uint32_t *bucket; /* open addressing: number + 1, 0 = empty */
	uint32_t nr_buckets;
};

/* A new record with this key, words 0, until the next one. */
struct record *section_add(const struct host_ops *host, struct section *s,
			   uint64_t a, uint64_t b);
/*
 * "NAME":[[A...],[B...],[WORD...]...] of what is new or other, by column, and
 * "-NAME":[[A...],[B...]] of what has gone, *comma before each. In a column each
 * number is the difference to the one above; [D,N]: N times D. Then what is now
 * counts as told.
 */
void section_tell(const struct host_ops *host, struct section *s,
		  const char *name, const char **comma, FILE *out);
void section_free(const struct host_ops *host, struct section *s);

void frame_list_add(const struct host_ops *host, struct frame_list *l,
		    pfn_t pfn);
/* [NUMBER, FROM, GONE, PFN...]: at FROM so many go, these come. */
void frame_list_tell(struct frame_list *l, unsigned number, const char **comma,
		     FILE *out);
void frame_list_free(const struct host_ops *host, struct frame_list *l);

/* The number of a text, the same for the same text. */
int64_t string_number(const struct host_ops *host, struct string_table *s,
		      const char *text);
void string_table_free(const struct host_ops *host, struct string_table *s);

#endif
