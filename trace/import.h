/*
 * import.h - what other tools recorded, as events of a trace.
 *
 *	log(s) ──► one importer a tool ──► import_internal.h: processes, areas,
 *	                                   places, system calls ──► sink
 *
 * An importer reads its logs as streams and hands every event on as soon as it
 * is known. What it keeps is what the recorded processes have: areas, open
 * files, names. docs/IMPORT.md says for each tool how to record, what becomes
 * of it, and what cannot be known.
 */
#ifndef MMEMU_TRACE_IMPORT_H
#define MMEMU_TRACE_IMPORT_H

#include "trace/stream.h"
#include "trace/text_lex.h"

struct import_sink {
	void *ctx;
	/* ev is the importer's; ev->line: where it stands in a text trace. */
	void (*event)(void *ctx, const struct event *ev);
	/* One line about the whole: what was left out, what is not known. */
	void (*note)(void *ctx, const char *text);
};

struct import_options {
	const char *const *inputs; /* logs; "-": standard input */
	unsigned nr_inputs;
	const char *program;	 /* ELF file of the first process; NULL: as the
				    log says */
	const char *search_path; /* folders of programs (PATH), or NULL */
	uint32_t first_pid;	 /* the first process's; children count up */
	uint32_t slice;		 /* accesses (calls) of one log until another
				    log has its turn */
	uint64_t max_accesses;	 /* stop taking accesses then; 0: never */
	bool wide;		 /* keep 64-bit addresses as they are */
	bool objects;		 /* kmem: objects instead of frames */
	const char *columns;	 /* csv: what the columns are, or NULL */
	const volatile sig_atomic_t *stop;
};

struct import_counts {
	uint64_t lines;	     /* read */
	uint64_t statements; /* handed on, accesses included */
	uint64_t accesses;   /* taken; many may be one statement */
	uint64_t calls;	     /* statements that are none */
	uint64_t processes;
};

struct import;
struct import_format {
	const char *name, *title;
	int (*run)(struct import *im);
	bool many; /* takes several logs */
};
extern const struct import_format import_formats[];
extern const unsigned nr_import_formats;
const struct import_format *import_format_find(const char *name);

/*
 * All events of the logs to the sink, their names in `names`. 0, or -1 with
 * *input the name of the log at fault and *error one line about it. A set
 * opt->stop ends it early, with 0.
 */
int import_run(const struct import_format *format,
	       const struct import_options *opt, const struct host_ops *host,
	       struct names *names, const struct import_sink *sink,
	       struct import_counts *counts, const char **input,
	       struct trace_error *error);

#endif
