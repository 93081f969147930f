/* figure_tables.h - what the figures of page tables share. */
#ifndef MMEMU_FORMATS_FIGURE_TABLES_H
#define MMEMU_FORMATS_FIGURE_TABLES_H

#include "formats/figure.h"
#include "formats/table_walk.h"

struct entry {
	uint64_t index;
	pte_t value; /* in a series also empty ones */
};

struct table {
	unsigned depth;
	paddr_t at; /* 0: a series, and it is not made yet */
	vaddr_t va; /* first that it covers */
	struct entry *entry;
	size_t nr, max;
	struct svg_box head; /* where it was drawn; w 0: it was not */
};

/* The tables of a process: a level's by address. */
struct table_set {
	const struct machine *m;
	const struct figure_options *o;
	const struct mm_struct *mm;
	struct table *table;
	size_t nr, max;
	size_t open[PG_MAX_LEVELS]; /* the one each level adds entries to */
};
/* => m, o and mm are set, all else is 0 */
void find_tables(struct table_set *ts);
void free_tables(struct table_set *ts);

/* Where the page of an entry is that is neither empty nor present. */
void describe_absent(const struct machine *m, pte_t entry, char *buf,
		     size_t size);
/* The address of the options; without one the first mapped page's. */
vaddr_t figure_address(const struct machine *m, const struct figure_options *o);
/* "frame 0x01234, present write user": what the entry of step d says. */
void describe_entry(const struct machine *m, const struct figure_options *o,
		    const struct table_walk *w, unsigned d, char *buf,
		    size_t size);
/* Where the walk ends. */
void describe_end(const struct figure_options *o, const struct table_walk *w,
		  char *buf, size_t size);

#endif
