/*
 * import.c - importers: the program's name says which (import-lackey ...).
 * What an importer hands on, the writer writes and the reader takes. Form feeds
 * stand between several logs. The recorded program is this one, so that its file
 * can be read.
 */
#include "tests/fuzz/fuzz.h"
#include "trace/import.h"
#include "trace/text_read.h"
#include "trace/text_write.h"

#include <string.h>

static const struct import_format *format;

void fuzz_start(const char *name)
{
	const char *dash = strrchr(name, '-');

	format = dash ? import_format_find(dash + 1) : NULL;
	fuzz_check(format, "%s names no importer", name);
}

static void put_event(void *ctx, const struct event *ev)
{
	text_write(ctx, ev);
}

static void put_note(void *ctx, const char *text)
{
	(void)ctx;
	fuzz_check(text[0] && !strchr(text, '\n'), "not one line: %s", text);
}

static void read_again(const char *text, size_t len)
{
	struct text_reader r;
	struct names names;
	struct event ev;
	int ret;

	names_init(&names, NULL);
	text_open_memory(&r, NULL, &names, "imported", text, len);
	while ((ret = text_read(&r, &ev)) > 0)
		;
	fuzz_check(!ret, "line %llu: %s\n%s", (unsigned long long)r.error.line,
		   r.error.text, text);
	text_close(&r);
	names_destroy(&names);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const char *paths[FUZZ_FILES], *input = NULL;
	struct import_options opt = {.inputs = paths, .nr_inputs = 1,
				     .program = "/proc/self/exe",
				     .first_pid = 100, .slice = 100};
	struct import_counts counts;
	struct trace_error error;
	struct text_writer w;
	struct names names;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);
	struct import_sink sink = {&w, put_event, put_note};

	if (format->many)
		opt.nr_inputs = fuzz_files(data, size, paths);
	else
		paths[0] = fuzz_file(data, size);
	memset(&error, 0, sizeof(error));
	names_init(&names, NULL);
	text_write_start(&w, NULL, &names, out);
	if (import_run(format, &opt, &host_default_ops, &names, &sink, &counts,
		       &input, &error))
		fuzz_check(input && error.text[0], "an error without words");
	text_write_end(&w);
	fclose(out);
	read_again(text, len);
	free(text);
	names_destroy(&names);
}
