/* import_fixture.h - logs in, a trace's text and the notes out. */
#ifndef MMEMU_TESTS_IMPORT_FIXTURE_H
#define MMEMU_TESTS_IMPORT_FIXTURE_H

#include "trace/import.h"
#include "trace/text_write.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct imported {
	int ret;
	char *text;	/* the trace; free() it */
	char notes[2000]; /* one a line */
	struct import_counts counts;
	struct trace_error error;
	char input[200]; /* the log at fault */
};

static inline void fixture_event(void *ctx, const struct event *ev)
{
	text_write(ctx, ev);
}

struct fixture_sink {
	struct text_writer w; /* first: the sink's context is both */
	struct imported *out;
};

static inline void fixture_note(void *ctx, const char *text)
{
	struct fixture_sink *sink = ctx;
	size_t at = strlen(sink->out->notes);

	snprintf(sink->out->notes + at, sizeof(sink->out->notes) - at, "%s\n",
		 text);
}

static inline struct import_options fixture_options(void)
{
	return (struct import_options){.first_pid = 100, .slice = 1000};
}

/* The files as a trace. */
static inline void import_files(struct imported *out, const char *format,
				struct import_options opt, unsigned nr,
				const char *const *files)
{
	struct fixture_sink sink = {.out = out};
	struct import_sink to = {&sink, fixture_event, fixture_note};
	const char *input;
	struct names names;
	size_t size;
	FILE *mem;

	memset(out, 0, sizeof(*out));
	mem = open_memstream(&out->text, &size);
	opt.inputs = files;
	opt.nr_inputs = nr;
	names_init(&names, NULL);
	text_write_start(&sink.w, NULL, &names, mem);
	out->ret = import_run(import_format_find(format), &opt, NULL, &names,
			      &to, &out->counts, &input, &out->error);
	text_write_end(&sink.w);
	fclose(mem);
	names_destroy(&names);
	snprintf(out->input, sizeof(out->input), "%s", input);
	cr_expect_eq(out->ret != 0, out->error.text[0] != '\0');
}

/* One log, given as its bytes. */
static inline void import_bytes(struct imported *out, const char *format,
				struct import_options opt, const void *log,
				size_t size)
{
	char path[] = "/tmp/mmemu-import-XXXXXX";
	const char *files[] = {path};
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, log, size), (ssize_t)size);
	close(fd);
	import_files(out, format, opt, 1, files);
	unlink(path);
}

static inline void import_text(struct imported *out, const char *format,
			       const char *log)
{
	import_bytes(out, format, fixture_options(), log, strlen(log));
}

/* The trace of a log, without its first line. */
#define expect_trace(format, log, want)                                      \
	do {                                                                 \
		struct imported out_;                                        \
		import_text(&out_, format, log);                             \
		cr_expect_str_eq(out_.text, "mmemu-trace 1\n" want,          \
				 "%s\nis:\n%s", out_.error.text, out_.text); \
		free(out_.text);                                             \
	} while (0)

/* An import that ends with that error at that line. */
#define expect_error(format, log, at, message)                               \
	do {                                                                 \
		struct imported out_;                                        \
		import_text(&out_, format, log);                             \
		cr_expect_eq(out_.ret, -1);                                  \
		cr_expect_eq(out_.error.line, (uint64_t)(at), "line %llu",   \
			     (unsigned long long)out_.error.line);           \
		cr_expect_str_eq(out_.error.text, message, "%s",             \
				 out_.error.text);                           \
		free(out_.text);                                             \
	} while (0)

#endif
