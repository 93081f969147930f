/*
 * filter.h - another program between two files.
 */
#ifndef MMEMU_CMD_FILTER_H
#define MMEMU_CMD_FILTER_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Run argv[0] (found in PATH) with `in`, from its beginning, as its standard
 * input and with its standard output going to `out`. No shell comes between,
 * so names are only names. true: it ended with status 0.
 */
bool run_filter(const char *const argv[], FILE *in, FILE *out);
/* The same from memory to memory: *text is to be free()d. */
bool filter_text(const char *const argv[], char **text, size_t *size);

#endif
