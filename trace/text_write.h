/*
 * text_write.h - events as canonical text: what text_read() reads back into
 * the same events, at the same lines.
 */
#ifndef MMEMU_TRACE_TEXT_WRITE_H
#define MMEMU_TRACE_TEXT_WRITE_H

#include "trace/event.h"

#include <stdio.h>

struct text_writer {
	const struct host_ops *host;
	const struct names *names;
	FILE *out;
	uint64_t line; /* of the next statement */
	char *buf;
	size_t at;
};

/* out stays the caller's, who looks at ferror(out) after the end. */
void text_write_start(struct text_writer *w, const struct host_ops *host,
		      const struct names *names, FILE *out);
/*
 * One statement. ev->line: empty lines are put in front so that it stands on
 * that line, if that is still to come; 0: on the next line.
 */
void text_write(struct text_writer *w, const struct event *ev);
/* A comment line; text without newlines. */
void text_write_comment(struct text_writer *w, const char *text);
/* Everything to out; the memory goes. */
void text_write_end(struct text_writer *w);

#endif
