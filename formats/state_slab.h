/*
 * state_slab.h - the slab and vmalloc part of a `state` report.
 */
#ifndef MMEMU_FORMATS_STATE_SLAB_H
#define MMEMU_FORMATS_STATE_SLAB_H

#include "core/machine.h"

#include <stdio.h>

/* `vmalloc START END`: near the top of the file. */
void state_write_vmalloc_range(const struct machine *m, FILE *out);
/* The cache, ac and slab lines, then kpmd and vmap. */
void state_write_slab(const struct machine *m, FILE *out);

#endif
