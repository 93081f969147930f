/* reader.c - one face for text and binary traces. */
#include "trace/reader.h"

#include <stdio.h>

static int binary_failed(struct trace_reader *t)
{
	t->error.line = 0;
	snprintf(t->error.text, sizeof(t->error.text), "%s", t->binary.error);
	return -1;
}

/* The stream is open: which form is it? */
static int sniff(struct trace_reader *t, const struct host_ops *host,
		 struct names *names)
{
	struct stream *s = &t->text.stream;

	if (!stream_begins(s, BINARY_MAGIC, 8))
		return 0;
	t->is_binary = true;
	return binary_open(&t->binary, host, names, s) ? binary_failed(t) : 0;
}

int trace_open(struct trace_reader *t, const struct host_ops *host,
	       struct names *names, const char *path)
{
	memset(t, 0, sizeof(*t));
	if (text_open(&t->text, host, names, path)) {
		t->error = t->text.error;
		return -1;
	}
	return sniff(t, host, names);
}

int trace_open_memory(struct trace_reader *t, const struct host_ops *host,
		      struct names *names, const char *name, const void *data,
		      size_t size)
{
	memset(t, 0, sizeof(*t));
	text_open_memory(&t->text, host, names, name, data, size);
	return sniff(t, host, names);
}

void trace_close(struct trace_reader *t)
{
	binary_close(&t->binary);
	text_close(&t->text);
}

void trace_page_shift(struct trace_reader *t, unsigned shift)
{
	t->binary.d.page_shift = shift;
}

void trace_ahead(struct trace_reader *t)
{
	t->binary.threaded = true;
}

void trace_salvage(struct trace_reader *t)
{
	t->binary.salvage = true;
}

static int read_text(struct trace_reader *t, const struct event **ev)
{
	int ret = text_read(&t->text, &t->event);

	if (ret < 0)
		t->error = t->text.error;
	*ev = &t->event;
	return ret;
}

int trace_next_run(struct trace_reader *t, const struct event **ev,
		   struct access_run *run)
{
	int ret;

	if (!t->is_binary)
		return read_text(t, ev);
	ret = binary_next(&t->binary, ev, run);
	return ret < 0 ? binary_failed(t) : ret;
}

int trace_read(struct trace_reader *t, const struct event **ev)
{
	int ret;

	if (!t->is_binary)
		return read_text(t, ev);
	if (t->run_at == t->run.n) {
		t->run_at = t->run.n = 0;
		ret = trace_next_run(t, ev, &t->run);
		if (ret <= 0 || *ev)
			return ret;
	}
	run_event(&t->run, t->run_at++, &t->event);
	*ev = &t->event;
	return 1;
}
