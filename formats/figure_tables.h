/* figure_tables.h - what the figures of page tables share. */
#ifndef MMEMU_FORMATS_FIGURE_TABLES_H
#define MMEMU_FORMATS_FIGURE_TABLES_H

#include "formats/figure.h"
#include "formats/table_walk.h"

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
