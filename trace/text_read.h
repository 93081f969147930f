/*
 * text_read.h - a text trace as events, one a call.
 *
 * A line is an event or an error, never skipped. Memory is bounded by the
 * longest line allowed (TRACE_MAX_LINE) and the names of the trace.
 */
#ifndef MMEMU_TRACE_TEXT_READ_H
#define MMEMU_TRACE_TEXT_READ_H

#include "trace/event.h"
#include "trace/stream.h"
#include "trace/text_lex.h"

struct text_reader {
	const struct host_ops *host;
	struct stream stream;
	struct names *names;
	char *buf;
	size_t at;   /* next line */
	size_t end;  /* behind the last whole line */
	size_t fill; /* behind the last byte */
	uint64_t line;	     /* number of the line that was read last */
	bool eof, started;   /* started: a statement was seen */
	bool ended;	     /* an error or the end was told */
	struct lexer lex;
	struct trace_error error;
};

/* names must live as long as the events. path "-": standard input. On -1
 * r->error says why; text_close() either way. */
int text_open(struct text_reader *r, const struct host_ops *host,
	      struct names *names, const char *path);
/* The same from memory. */
void text_open_memory(struct text_reader *r, const struct host_ops *host,
		      struct names *names, const char *name, const void *data,
		      size_t size);
void text_close(struct text_reader *r);
/* 1: *ev is the next statement; 0: the end; -1: r->error. */
int text_read(struct text_reader *r, struct event *ev);

#endif
