/* import.h - between the commands import and record. */
#ifndef MMEMU_CMD_IMPORT_H
#define MMEMU_CMD_IMPORT_H

#include "trace/import.h"

/* What both start from: pids from 100, slices of 10000, PATH, SIGINT. */
void import_defaults(struct import_options *opt);
/*
 * The logs as a trace in the file `output` ("-": standard output), binary if it
 * ends in .mmt (with metadata: lines KEY=VALUE), compressed if in .zst; notes
 * and counts on standard error. An exit status.
 */
int import_file(const struct import_format *format,
		const struct import_options *opt, const char *output,
		const char *metadata, int level, struct import_counts *counts);

#endif
