/*
 * text.c - the text reader. What it takes, the writer writes so that the reader
 * takes it again, and the second writing is the first.
 * (In tests/fuzz/corpus/text, no-address is a finding: a statement without its
 * address.)
 */
#include "tests/fuzz/fuzz.h"
#include "trace/text_read.h"
#include "trace/text_write.h"

#include <string.h>

void fuzz_start(const char *name)
{
	(void)name;
}

/* The trace as canonical text, to be free()d; *good: to its end. */
static char *copy(const void *data, size_t size, size_t *len, bool *good)
{
	struct text_reader r;
	struct text_writer w;
	struct names names;
	struct event ev;
	char *text;
	FILE *out = open_memstream(&text, len);
	int ret;

	names_init(&names, NULL);
	text_open_memory(&r, NULL, &names, "fuzz", data, size);
	text_write_start(&w, NULL, &names, out);
	while ((ret = text_read(&r, &ev)) > 0) {
		fuzz_check(ev.kind < NR_EVENT_KINDS, "kind %u", ev.kind);
		ev.line = 0;
		text_write(&w, &ev);
	}
	fuzz_check(ret == 0 || (r.error.line && r.error.text[0]),
		   "an error without words");
	*good = ret == 0;
	text_write_end(&w);
	fclose(out);
	text_close(&r);
	names_destroy(&names);
	return text;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	size_t len, again;
	bool good;
	char *text = copy(data, size, &len, &good), *second;

	second = copy(text, len, &again, &good);
	fuzz_check(good, "written, not read again: %s", text);
	fuzz_check(len == again && !memcmp(text, second, len),
		   "written differently: %s\n%s", text, second);
	free(text);
	free(second);
}
