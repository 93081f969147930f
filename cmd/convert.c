/*
 * convert.c - mmemu convert and mmemu cat: traces read and written again.
 *
 * Binary traces have an index, so `cat --from` begins with the block that holds
 * the point; of a text everything in front is read.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/strings.h"
#include "cmd/trace_output.h"
#include "cmd/trace_range.h"
#include "trace/reader.h"
#include "trace/zstd_write.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char convert_help[] =
	"usage: mmemu convert FROM TO [OPTION]...\n"
	"\n"
	"Writes a trace again: binary if TO ends in .mmt, else canonical text, zstd-\n"
	"compressed if TO ends in .zst. FROM may be any of them. Each statement keeps\n"
	"its line, so outcomes and reports of the two traces have the same names;\n"
	"comments are lost. - is standard input or output.\n"
	"\n"
	"  -t, --to text|binary   the form, whatever the name says\n"
	"  -m, --meta KEY=VALUE   a note in a binary trace (program, date, machine ...);\n"
	"                         a binary FROM's notes are kept\n"
	"      --salvage          use a damaged or truncated binary trace up to there\n"
	"  -l, --level N          how hard zstd tries, 1 to 19 (9)\n"
	"  -h, --help             this\n"
	"\n"
	"Example:\n"
	"  mmemu convert traces/recorded/sort.trace.zst sort.mmt -m program=sort\n";

static const char cat_help[] =
	"usage: mmemu cat TRACE... [OPTION]...\n"
	"\n"
	"Prints traces as canonical text on standard output.\n"
	"\n"
	"      --from POINT       begin with that event (a number), line:N, or mark\n"
	"      --to POINT         end with it\n"
	"      --salvage          use a damaged or truncated binary trace up to there\n"
	"  -h, --help             this\n"
	"\n"
	"Example:\n"
	"  mmemu cat traces/recorded/sort.trace.zst --from 1000 --to 1010\n";

typedef void (*sink_fn)(void *ctx, const struct event *ev);

/* To the block of the range's start, where there is an index; else not. */
static void seek_range(struct trace_reader *r, struct trace_range *range)
{
	const struct trace_point *from = &range->from;

	if (!r->is_binary || !r->text.stream.raw_size)
		return;
	if (from->type == POINT_LINE)
		binary_seek_line(&r->binary, from->n);
	else if (from->type == POINT_EVENT)
		binary_seek_event(&r->binary, from->n);
	range->passed.event = r->binary.first_event;
}

/* The statements of an open trace, or a range of them (NULL: all). */
static int read_range(struct trace_reader *r, struct names *names,
		      struct trace_range *range, bool salvage, sink_fn sink,
		      void *ctx)
{
	enum range_place place = RANGE_IN;
	const struct event *ev;
	int ret;

	if (salvage)
		trace_salvage(r);
	else if (range)
		seek_range(r, range);
	while (place != RANGE_BEHIND && (ret = trace_read(r, &ev)) > 0) {
		if (range)
			place = trace_range_place(range, names, ev);
		if (place == RANGE_IN)
			sink(ctx, ev);
	}
	if (place == RANGE_BEHIND)
		return 0;
	if (!ret && *trace_salvaged(r))
		fprintf(stderr, "%s: %s; what is before it was used\n",
			trace_name(r), trace_salvaged(r));
	if (ret < 0)
		complain_trace(trace_name(r), &r->error);
	else if (range && trace_range_complete(range, trace_name(r)))
		ret = -1;
	return ret;
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

/* The stream to write to: o.f itself, or a compressor in front of it. */
FILE *compressing(struct output *o, const char *path, int level)
{
	FILE *f = o->f;

	if (ends_in(path, ".zst")) {
		f = zstd_writer(o->f, level);
		if (!f)
			cmd_host.fail(cmd_host.ctx, 0);
	}
	return f;
}

/* The end of what compressing() gave. true: all was written. */
bool compressed(struct output *o, FILE *f)
{
	return f == o->f || !fclose(f);
}

static void to_output(void *ctx, const struct event *ev)
{
	trace_output_write(ctx, ev);
}

/* The notes of FROM and then those of the command line. */
static char *joined_metadata(const struct trace_reader *r, const char *notes)
{
	bool has = r->is_binary && r->binary.metadata;

	return text_of("%s%s", has ? r->binary.metadata : "", notes);
}

struct convert_options {
	const char *from, *to;
	enum trace_form form;
	int level;
	bool salvage;
	char *notes;
};

static int convert_open(const struct convert_options *opt,
			struct trace_reader *r, struct names *names)
{
	static struct trace_output out;
	char *metadata = joined_metadata(r, opt->notes);
	int ret;

	ret = trace_output_open(&out, opt->to, opt->form, names, metadata,
				opt->level);
	free(metadata);
	if (ret)
		return EXIT_BAD;
	ret = read_range(r, names, NULL, opt->salvage, to_output, &out);
	if (trace_output_close(&out, !ret) || ret)
		return EXIT_BAD;
	return EXIT_FINE;
}

static int convert(const struct convert_options *opt)
{
	struct trace_reader *r = host_alloc(&cmd_host, sizeof(*r));
	struct names names;
	int status;

	names_init(&names, &cmd_host);
	if (trace_open(r, &cmd_host, &names, opt->from))
		status = complain_trace(opt->from, &r->error);
	else
		status = convert_open(opt, r, &names);
	trace_close(r);
	names_destroy(&names);
	host_free(&cmd_host, r, sizeof(*r));
	return status;
}

static int add_note(char **notes, const char *note)
{
	const char *equals = strchr(note, '=');
	char *text;

	if (!equals || equals == note || strchr(note, '\n'))
		return complain("--meta %s: expected KEY=VALUE on one line",
				note);
	text = text_of("%s%s\n", *notes, note);
	free(*notes);
	*notes = text;
	return 0;
}

enum { OPT_SALVAGE = 256, OPT_FROM, OPT_TO };

static int convert_option(void *ctx, int o, char *arg)
{
	struct convert_options *opt = ctx;

	switch (o) {
	case OPT_SALVAGE:
		opt->salvage = true;
		return 0;
	case 't':
		return trace_form_parse(arg, &opt->form) ?
			       0 :
			       complain("--to %s: expected text or binary",
					arg);
	case 'm':
		return add_note(&opt->notes, arg);
	case 'l':
		return level_option(arg, &opt->level);
	default:
		return usage_error("convert");
	}
}

int cmd_convert(int argc, char **argv)
{
	static const struct option options[] = {
		{"to", required_argument, NULL, 't'},
		{"meta", required_argument, NULL, 'm'},
		{"salvage", no_argument, NULL, OPT_SALVAGE},
		{"level", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct convert_options opt = {.level = 9, .notes = text_of("%s", "")};
	int status;

	status = parse_options(argc, argv, "t:m:l:h", options, convert_help,
			       convert_option, &opt);
	if (status < 0 && argc - optind != 2) {
		complain("convert: expected FROM and TO");
		status = usage_error("convert");
	}
	if (status < 0) {
		opt.from = argv[optind];
		opt.to = argv[optind + 1];
		status = convert(&opt);
	}
	free(opt.notes);
	return status;
}

static void to_text(void *ctx, const struct event *ev)
{
	struct text_writer *w = ctx;

	if (!w->line && ev->line > 1)
		w->line = ev->line; /* a range: no empty lines before it */
	text_write(w, ev);
}

static void to_whole(void *ctx, const struct event *ev)
{
	text_write(ctx, ev);
}

struct cat_options {
	struct trace_range range;
	bool salvage;
};

static int cat(const char *path, const struct cat_options *opt)
{
	struct trace_reader *r = host_alloc(&cmd_host, sizeof(*r));
	struct trace_range range = opt->range;
	struct text_writer w;
	struct names names;
	int ret;

	names_init(&names, &cmd_host);
	if (trace_open(r, &cmd_host, &names, path)) {
		ret = complain_trace(path, &r->error);
	} else {
		text_write_start(&w, &cmd_host, &names, stdout);
		ret = read_range(r, &names, &range, opt->salvage,
				 range.from.type == POINT_NONE ? to_whole
							       : to_text,
				 &w);
		text_write_end(&w);
	}
	trace_close(r);
	names_destroy(&names);
	host_free(&cmd_host, r, sizeof(*r));
	return ret ? EXIT_BAD : EXIT_FINE;
}

static int cat_option(void *ctx, int o, char *arg)
{
	struct cat_options *opt = ctx;

	switch (o) {
	case OPT_SALVAGE:
		opt->salvage = true;
		return 0;
	case OPT_FROM:
		return trace_point_parse(&opt->range.from, "--from", arg);
	case OPT_TO:
		return trace_point_parse(&opt->range.to, "--to", arg);
	default:
		return usage_error("cat");
	}
}

int cmd_cat(int argc, char **argv)
{
	static const struct option options[] = {
		{"from", required_argument, NULL, OPT_FROM},
		{"to", required_argument, NULL, OPT_TO},
		{"salvage", no_argument, NULL, OPT_SALVAGE},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct cat_options opt = {.salvage = false};
	int status;

	status = parse_options(argc, argv, "h", options, cat_help,
			       cat_option, &opt);
	if (status >= 0)
		return status;
	if (optind == argc) {
		complain("cat: expected a TRACE");
		return usage_error("cat");
	}
	for (int i = optind; i < argc; i++)
		if (cat(argv[i], &opt))
			return EXIT_BAD;
	return EXIT_FINE;
}
