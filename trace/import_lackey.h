/* import_lackey.h - between the import_lackey*.c files. */
#ifndef MMEMU_TRACE_IMPORT_LACKEY_H
#define MMEMU_TRACE_IMPORT_LACKEY_H

#include "trace/import_internal.h"

/* What one process did until its next exec, or its end. */
struct lackey_part {
	struct im_log log;
	uint32_t real, parent;
	char command[256];
	struct lackey_part *next;
};

/* Who is who. The log stays open if it cannot be opened a second time. */
int lackey_scan(struct import *im, struct lackey_part *log, const char *path);
/* The order of two logs of one process by their names: log.7.1, log.7.2, ...
 * log.7.10, log.7; ".zst" does not count. */
bool lackey_before(const char *a, const char *b);

/* A line that tells of valgrind, not of the program. */
bool lackey_preamble(const char *line);
/* A line that tells an access: kind EV_FETCH, EV_READ or EV_WRITE. */
bool lackey_access(const char *p, unsigned *kind, uint64_t *addr,
		   uint32_t *size);

#endif
