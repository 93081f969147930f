/*
 * strace_line.h - one line of strace, taken apart in place.
 *
 *	28732 12:00:01.5 mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, 3</x>, 0) = 0xf7
 *	pid   time       name  arg[0]                                         result
 */
#ifndef MMEMU_TRACE_STRACE_LINE_H
#define MMEMU_TRACE_STRACE_LINE_H

#include "core/types.h"

#define STRACE_ARGS 8

struct strace_prefix {
	bool has_pid;
	uint32_t pid;
	bool has_time;	  /* of the day, or since 1970 */
	uint64_t time;	  /* us; only to be compared */
	const char *rest; /* the call */
};

/* What stands before a call: "[pid 7] ", "7 ", a time. */
void strace_prefix(const char *line, struct strace_prefix *x);

struct strace_call {
	const char *name;
	char *arg[STRACE_ARGS]; /* each NUL-terminated; "name=" cut off */
	unsigned nr_args;
	char *result; /* behind "= ", NUL-terminated */
};

/* text is cut into pieces. false: it is no complete call. */
bool strace_split(char *text, struct strace_call *c);

/* "0x1000", "-1", "NULL", "3</a>", "PROT_READ|PROT_WRITE": the value, unknown
 * words counted as 0. false: it has none ("\"text\"", "{...}", "?"). */
bool strace_value(const char *text, uint64_t *value);

/* A quoted path, unescaped in place; NULL: the text is no complete string. */
char *strace_string(char *text);

/* "3</etc/passwd>": the path, cut out in place; NULL: none with a name. */
char *strace_fd_path(char *text);

#endif
