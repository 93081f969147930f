/*
 * table_walk.h - the page-table walk of one address, to look at: which entry of
 * which table the MMU reads, and what each bit of an entry says.
 */
#ifndef MMEMU_FORMATS_TABLE_WALK_H
#define MMEMU_FORMATS_TABLE_WALK_H

#include "core/mm.h"
#include "core/pgtable.h"

struct walk_step {
	paddr_t table; /* physical address of the table */
	uint64_t index;
	ptep_t at; /* of the entry */
	pte_t entry;
};

/* Steps of a walk, root first; the last one may be empty, or a large page. */
struct table_walk {
	unsigned nr;
	struct walk_step step[PG_MAX_LEVELS];
	bool present;	/* the page is mapped */
	bool large;	/* by an upper-level entry */
	paddr_t phys;	/* if present: where the address is */
};

void table_walk(const struct mm_struct *mm, vaddr_t va, struct table_walk *w);

struct entry_flag {
	char letter;
	const char *name; /* as the report `tables` calls it */
};
#define MAX_ENTRY_FLAGS 16
/* The flags that are set in a present entry, in the order of the report. */
unsigned entry_flags(const struct pg_format *f, uint64_t v,
		     struct entry_flag flag[MAX_ENTRY_FLAGS]);

#endif
