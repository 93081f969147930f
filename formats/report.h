/*
 * report.h - the machine as text: one row a report, one function a row.
 *
 * A report is a pure function of a const machine to a stream; the same machine
 * gives the same bytes. Formats are those of Linux 3.12's /proc unless the
 * trace language defines them (docs/TRACE-FORMAT.md).
 */
#ifndef MMEMU_FORMATS_REPORT_H
#define MMEMU_FORMATS_REPORT_H

#include "core/machine.h"
#include "core/task.h"

#include <stdio.h>

/* task is NULL for reports of the whole machine. */
typedef void (*report_fn)(const struct machine *m,
			  const struct task_struct *task, FILE *out);

/* "inactive_anon" ... "unevictable" (lru.c) */
extern const char *const lru_names[NR_LRU_LISTS];

struct report {
	const char *name;
	bool needs_pid;
	report_fn write;
	const char *title; /* one line for --help */
};

/* Text of the trace's in a line of a report: a newline would end it. As
 * seq_path() writes it. */
void write_path(FILE *out, const char *path);

/* What a last-level entry that is not empty says: "frame 0x01234 present ...". */
void write_pte(const struct machine *m, pte_t entry, FILE *out);
/* slabinfo with the row of one cache; false, and nothing, if there is none. */
bool report_slabinfo_of(const struct machine *m, const char *cache, FILE *out);

extern const struct report reports[];
extern const unsigned nr_reports;
const struct report *report_find(const char *name);

#define REPORT(fn, name, needs_pid, title)                           \
	void fn(const struct machine *m, const struct task_struct *task, \
		FILE *out);
#include "formats/reports.def"
#undef REPORT

#endif
