/*
 * binary.c - the binary reader, as it is and salvaging. What it takes, the
 * writer writes so that the reader takes it again as the same text.
 */
#include "tests/fuzz/fuzz.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/text_write.h"

#include <string.h>

#define MOST_EVENTS 20000u

void fuzz_start(const char *name)
{
	(void)name;
}

/* The trace as text and (out not NULL) as a binary trace again. To be free()d;
 * *good: to its end, which is near enough. */
static char *copy(const void *data, size_t size, bool salvage, FILE *out,
		  bool *good)
{
	struct trace_reader *r = malloc(sizeof(*r));
	struct binary_writer *b = malloc(sizeof(*b));
	const struct event *ev;
	struct text_writer w;
	struct names names;
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);
	unsigned n = 0;
	int ret;

	names_init(&names, NULL);
	text_write_start(&w, NULL, &names, f);
	ret = trace_open_memory(r, &host_default_ops, &names, "fuzz", data,
				size);
	if (out)
		binary_write_start(b, &host_default_ops, &names, out, NULL, 1);
	if (!ret && salvage)
		trace_salvage(r);
	while (!ret && n++ < MOST_EVENTS && (ret = trace_read(r, &ev)) > 0) {
		struct event one = *ev;

		one.line = 0;
		text_write(&w, &one);
		if (out)
			binary_write(b, &one);
		ret = 0;
	}
	fuzz_check(!ret || r->error.text[0], "an error without words");
	*good = !ret && n <= MOST_EVENTS;
	if (out)
		binary_write_end(b);
	text_write_end(&w);
	fclose(f);
	trace_close(r);
	names_destroy(&names);
	free(b);
	free(r);
	return text;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	bool good, again;
	char *bytes, *text, *second;
	size_t len;
	FILE *out;

	if (size < 4)
		return;
	free(copy(data, size, true, NULL, &good));
	out = open_memstream(&bytes, &len);
	text = copy(data, size, false, out, &good);
	fclose(out);
	if (good) {
		second = copy(bytes, len, false, NULL, &again);
		fuzz_check(again, "written, not read again");
		fuzz_check(!strcmp(text, second), "written differently");
		free(second);
	}
	free(text);
	free(bytes);
}
