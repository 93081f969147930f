/*
 * trace_output.h - a trace being written: text, text in zstd, or binary, by
 * the end of the file's name (.zst, .mmt) or as asked for.
 */
#ifndef MMEMU_CMD_TRACE_OUTPUT_H
#define MMEMU_CMD_TRACE_OUTPUT_H

#include "cmd/output.h"
#include "trace/binary_write.h"
#include "trace/text_write.h"

enum trace_form { FORM_BY_NAME, FORM_TEXT, FORM_BINARY };

struct trace_output {
	struct output o;
	const char *path;
	FILE *f; /* o.f, or a compressor in front of it */
	bool binary;
	struct text_writer text;
	struct binary_writer bin;
};

/* metadata: lines KEY=VALUE for a binary trace, or NULL. 0, or -1 after a
 * message. The structure must stay where it is. */
int trace_output_open(struct trace_output *t, const char *path,
		      enum trace_form form, const struct names *names,
		      const char *metadata, int level);
void trace_output_write(struct trace_output *t, const struct event *ev);
/* Keep it or drop it. 0, or -1 after a message. */
int trace_output_close(struct trace_output *t, bool keep);
/* text or binary; false: neither. */
bool trace_form_parse(const char *word, enum trace_form *form);

#endif
