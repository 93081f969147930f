/* pagetables.h - page-table entries in words. */
#ifndef MMEMU_FORMATS_PAGETABLES_H
#define MMEMU_FORMATS_PAGETABLES_H

#include "core/pgformat.h"

#include <stdio.h>

/* " present write user": the bits of an entry by name. */
void write_entry_flags(const struct pg_format *f, uint64_t v, FILE *out);

#endif
