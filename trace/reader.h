/*
 * reader.h - a trace in whatever form it has: text or binary, plain or zstd.
 *
 * The form is known from the first bytes, not from the name.
 */
#ifndef MMEMU_TRACE_READER_H
#define MMEMU_TRACE_READER_H

#include "trace/binary_read.h"
#include "trace/text_read.h"

struct trace_reader {
	struct text_reader text; /* its stream is the binary reader's too */
	struct binary_reader binary;
	bool is_binary;
	struct event event;	 /* of text */
	struct access_run run;	 /* being handed out one by one */
	uint32_t run_at;
	struct trace_error error;
};

/* path "-": standard input. names must live as long as the events. On -1
 * t->error says why; trace_close() either way. */
int trace_open(struct trace_reader *t, const struct host_ops *host,
	       struct names *names, const char *path);
/* The same from memory, which must stay. */
int trace_open_memory(struct trace_reader *t, const struct host_ops *host,
		      struct names *names, const char *name, const void *data,
		      size_t size);
void trace_close(struct trace_reader *t);

/* Before the first event: pages of 1 << shift bytes make a run's turns (12). */
void trace_page_shift(struct trace_reader *t, unsigned shift);
/* Before the first event: decode on a second thread. */
void trace_ahead(struct trace_reader *t);
/* What is damaged or missing ends the trace, trace_read() gives 0 there. */
void trace_salvage(struct trace_reader *t);

/*
 * 1: *ev is the next statement, until the next call; 0: the end; -1: t->error.
 * Not to be mixed with trace_next_run().
 */
int trace_read(struct trace_reader *t, const struct event **ev);
/* The same, but accesses of a binary trace come in runs: *ev is NULL then. */
int trace_next_run(struct trace_reader *t, const struct event **ev,
		   struct access_run *run);

static inline const char *trace_name(const struct trace_reader *t)
{
	return t->text.stream.name;
}
/* No event of it can see what bytes pages hold: they need not be kept. */
static inline bool trace_sees_no_contents(const struct trace_reader *t)
{
	return t->is_binary && (t->binary.hints & HINT_NO_CONTENTS);
}
/* What was passed over under trace_salvage(), "" if nothing. */
static inline const char *trace_salvaged(const struct trace_reader *t)
{
	return t->is_binary && t->binary.salvage ? t->binary.error : "";
}

#endif
