/*
 * import_lackey.h - what valgrind saw of a program, as a trace.
 *
 *	valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes \
 *		--basic-counts=no --trace-children=yes --log-file=prog.%p ./prog
 *
 * writes one log a process; together they become one trace. The program must
 * be a 32-bit one. See import_lackey.c for what is taken over and what is not.
 */
#ifndef MMEMU_TRACE_IMPORT_LACKEY_H
#define MMEMU_TRACE_IMPORT_LACKEY_H

#include "trace/stream.h"
#include "trace/text_lex.h"
#include "trace/text_write.h"

struct lackey_options {
	const char *const *logs; /* one a process, in any order */
	unsigned nr_logs;
	const char *program;	/* ELF file; NULL: as the log's Command says */
	uint32_t first_pid;	/* the first process's; children count up */
	uint32_t slice;		/* accesses until another process runs */
	uint64_t max_accesses;	/* stop recording accesses then; 0: never */
	const volatile sig_atomic_t *stop;
};

struct lackey_counts {
	uint64_t lines, accesses, statements, calls;
	unsigned processes;
};

/*
 * Statements to w (names: w's). 0, or -1 with *log the name of the log at
 * fault and *error one line about it.
 */
int import_lackey(const struct lackey_options *opt, struct names *names,
		  struct text_writer *w, struct lackey_counts *counts,
		  const char **log, struct trace_error *error);

#endif
