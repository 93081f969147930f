/*
 * convert.c - mmemu convert and mmemu cat: traces read and written again.
 *
 * Binary traces have an index, so `cat --from` begins with the block that holds
 * the point; of a text everything in front is read.
 */
#define _GNU_SOURCE /* asprintf */
#include "cmd/command.h"
#include "cmd/output.h"
#include "cmd/trace_output.h"
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
	"      --from N|line:N    begin with that event, or line\n"
	"      --to N|line:N      end with it\n"
	"      --salvage          use a damaged or truncated binary trace up to there\n"
	"  -h, --help             this\n"
	"\n"
	"Example:\n"
	"  mmemu cat traces/recorded/sort.trace.zst --from 1000 --to 1010\n";

/* A number of an event or a line; 0: not given. */
struct point {
	uint64_t n;
	bool line;
};

struct range {
	struct point from, to;
	bool salvage;
};

static bool parse_point(const char *text, struct point *p)
{
	char *end;

	p->line = !strncmp(text, "line:", 5);
	if (p->line)
		text += 5;
	errno = 0;
	p->n = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !errno && !*end && p->n;
}

/* Is the statement (event number `event`, if it is one) in front of p? */
static bool before(const struct point *p, const struct event *ev,
		   uint64_t event)
{
	return p->line ? ev->line < p->n : event < p->n;
}

static bool behind(const struct point *p, const struct event *ev,
		   uint64_t event)
{
	if (!p->n)
		return false;
	if (p->line)
		return ev->line > p->n;
	return event > p->n ||
	       (event == p->n &&
		event_types[ev->kind].actor == ACTOR_NONE);
}

typedef void (*sink_fn)(void *ctx, const struct event *ev);

/* To the block of the range's start, where there is an index; else not. */
static uint64_t seek_range(struct trace_reader *r, const struct range *range)
{
	const struct point *from = &range->from;

	if (!r->is_binary || !from->n || range->salvage ||
	    !r->text.stream.raw_size)
		return 0;
	if (from->line)
		binary_seek_line(&r->binary, from->n);
	else
		binary_seek_event(&r->binary, from->n);
	return r->binary.first_event;
}

/* The statements of an open trace, or a range of them. */
static int read_range(struct trace_reader *r, const struct range *range,
		      sink_fn sink, void *ctx)
{
	const struct event *ev;
	uint64_t event;
	int ret;

	if (range->salvage)
		trace_salvage(r);
	event = seek_range(r, range);
	while ((ret = trace_read(r, &ev)) > 0) {
		if (event_types[ev->kind].actor != ACTOR_NONE)
			event++;
		if (unlikely(behind(&range->to, ev, event)))
			return 0;
		if (!before(&range->from, ev, event))
			sink(ctx, ev);
	}
	if (!ret && *trace_salvaged(r))
		fprintf(stderr, "%s: %s; what is before it was used\n",
			trace_name(r), trace_salvaged(r));
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
	char *text;

	if (asprintf(&text, "%s%s",
		     r->is_binary && r->binary.metadata ? r->binary.metadata
							: "",
		     notes) < 0)
		cmd_host.fail(cmd_host.ctx, 0);
	return text;
}

struct convert_options {
	const char *from, *to;
	enum trace_form form;
	int level;
	struct range range;
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
	ret = read_range(r, &opt->range, to_output, &out);
	if (ret < 0)
		complain_trace(trace_name(r), &r->error);
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
	if (asprintf(&text, "%s%s\n", *notes, note) < 0)
		cmd_host.fail(cmd_host.ctx, 0);
	free(*notes);
	*notes = text;
	return 0;
}

enum { OPT_SALVAGE = 256, OPT_FROM, OPT_TO };

static int convert_option(struct convert_options *opt, int o)
{
	char *end;

	switch (o) {
	case OPT_SALVAGE:
		opt->range.salvage = true;
		return 0;
	case 't':
		return trace_form_parse(optarg, &opt->form) ?
			       0 :
			       complain("--to %s: expected text or binary",
					optarg);
	case 'm':
		return add_note(&opt->notes, optarg);
	case 'l':
		opt->level = (int)strtol(optarg, &end, 10);
		if (*end || opt->level < 1 || opt->level > 19)
			return complain("--level %s: expected 1 to 19", optarg);
		return 0;
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
	struct convert_options opt = {.level = 9, .notes = strdup("")};
	int o, status = EXIT_BAD;

	while ((o = getopt_long(argc, argv, "t:m:l:h", options, NULL)) != -1) {
		if (o == 'h') {
			fputs(convert_help, stdout);
			status = EXIT_FINE;
			goto out;
		}
		if (convert_option(&opt, o))
			goto out;
	}
	if (argc - optind == 2) {
		opt.from = argv[optind];
		opt.to = argv[optind + 1];
		status = convert(&opt);
	} else {
		complain("convert: expected FROM and TO");
		usage_error("convert");
	}
out:
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

static int cat(const char *path, const struct range *range)
{
	struct trace_reader *r = host_alloc(&cmd_host, sizeof(*r));
	struct text_writer w;
	struct names names;
	int ret;

	names_init(&names, &cmd_host);
	ret = trace_open(r, &cmd_host, &names, path);
	if (!ret) {
		text_write_start(&w, &cmd_host, &names, stdout);
		ret = read_range(r, range, range->from.n ? to_text : to_whole,
				 &w);
		text_write_end(&w);
	}
	if (ret < 0)
		complain_trace(path, &r->error);
	trace_close(r);
	names_destroy(&names);
	host_free(&cmd_host, r, sizeof(*r));
	return ret ? EXIT_BAD : EXIT_FINE;
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
	struct range range = {.salvage = false};
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (o == OPT_SALVAGE) {
			range.salvage = true;
		} else if (o == OPT_FROM || o == OPT_TO) {
			if (!parse_point(optarg, o == OPT_FROM ? &range.from
							       : &range.to))
				return complain("--%s %s: expected the number of an event, or line:N",
						o == OPT_FROM ? "from" : "to",
						optarg);
		} else if (o == 'h') {
			fputs(cat_help, stdout);
			return EXIT_FINE;
		} else {
			return usage_error("cat");
		}
	}
	if (optind == argc) {
		complain("cat: expected a TRACE");
		return usage_error("cat");
	}
	for (int i = optind; i < argc; i++)
		if (cat(argv[i], &range))
			return EXIT_BAD;
	return EXIT_FINE;
}
