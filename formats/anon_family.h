/*
 * anon_family.h - a family of forks: the areas whose anon_vmas have one root,
 * those anon_vmas, and the pages that belong to them.
 *
 * family_open() finds the areas; who draws decides how many of them it shows
 * (nr_rows), then family_columns() orders the anon_vmas of these so that every
 * area's list goes from left to right, the root last, and family_pages() finds
 * the pages of the columns that are left.
 */
#ifndef MMEMU_FORMATS_ANON_FAMILY_H
#define MMEMU_FORMATS_ANON_FAMILY_H

#include "core/rmap.h"
#include "formats/figure.h"

#define FAMILY_COLUMNS 24
#define FAMILY_PAGES 4 /* of a column; the others are counted */

/* Places in a series: of families by score, and of a family's areas and
 * anon_vmas. The low bits of these two say which family: that of the area at
 * this page. */
#define FAMILY_SLOTS 19u
#define ROW_SLOTS 0x40000000u
#define COLUMN_SLOTS 0x80000000u
#define FAMILY_BITS 20

struct family_row {
	const struct task_struct *task;
	const struct vm_area_struct *vma;
	unsigned place; /* where it is drawn */
};

struct family_column {
	const struct anon_vma *av;
	unsigned number; /* A0 is the root */
	unsigned place;
	struct family_page {
		pfn_t pfn;
		uint64_t index;
	} page[FAMILY_PAGES];
	unsigned nr_pages;
	uint64_t all_pages;
};

struct family {
	const struct machine *m;
	const struct anon_vma *root;
	uint32_t page;		/* where the area lies that it was chosen for */
	struct family_row *row; /* all areas of the family ... */
	size_t all_rows;
	unsigned nr_rows;	/* ... of which these are drawn */
	struct family_column column[FAMILY_COLUMNS];
	unsigned nr_columns;
	uint8_t *page_seen;	/* by pfn */
};

/* The family that the options ask for. false: there is none. */
bool family_open(struct family *f, const struct machine *m,
		 const struct figure_options *o);
void family_close(struct family *f);
/* The anon_vmas that the first nr_rows areas hang on. */
void family_columns(struct family *f);
/* Too many: the newest go, the root stays. */
void family_drop_columns(struct family *f, unsigned fit);
/* The column of an anon_vma, or -1. */
int family_column_of(const struct family *f, const struct anon_vma *av);
/* anon_vmas of the family that have no column. */
unsigned family_hidden(const struct family *f);
/* The pages of the columns, as any area of the family maps them. */
void family_pages(struct family *f);

#endif
