/* import.c - mmemu import: what other tools recorded, as traces. */
#include "cmd/import.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/trace_output.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
	"usage: mmemu import FORMAT LOG... [OPTION]...\n"
	"\n"
	"Makes a trace of what another tool recorded. FORMAT is one of\n";

static const char help_options[] =
	"\n"
	"lackey and strace take several logs, one a process: a child runs from its\n"
	"fork, the parent goes on. \"-\" is standard input; .zst files are unpacked.\n"
	"docs/IMPORT.md says how to record, and what each format cannot know.\n"
	"\n"
	"  -o, --output FILE     the trace (.mmt: binary, .zst: compressed text); default\n"
	"                        standard output\n"
	"      --program FILE    the first process's ELF file, if it is not where the\n"
	"                        log says\n"
	"      --wide            keep 64-bit addresses, for a machine with 64-bit page\n"
	"                        tables; default: bring them below 3 GiB\n"
	"      --objects         kmem: kmalloc and caches instead of frames\n"
	"      --columns LIST    csv: addr, xaddr, ip, xip, kind, size, pid or _, by comma\n"
	"      --first-pid N     the first process's number; children count up (100)\n"
	"      --slice N         accesses until another log has its turn (10000)\n"
	"      --max-accesses N  leave out the accesses behind the N-th\n"
	"  -l, --level N         how hard zstd tries, 1 to 19 (9)\n"
	"  -h, --help            this\n"
	"\n"
	"Example:\n"
	"  strace -f -y -o prog.log ./prog\n"
	"  mmemu import strace prog.log -o prog.trace.zst\n";

enum { OPT_PROGRAM = 256, OPT_FIRST_PID, OPT_SLICE, OPT_MAX, OPT_WIDE,
       OPT_OBJECTS, OPT_COLUMNS };

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"program", required_argument, NULL, OPT_PROGRAM},
	{"first-pid", required_argument, NULL, OPT_FIRST_PID},
	{"slice", required_argument, NULL, OPT_SLICE},
	{"max-accesses", required_argument, NULL, OPT_MAX},
	{"wide", no_argument, NULL, OPT_WIDE},
	{"objects", no_argument, NULL, OPT_OBJECTS},
	{"columns", required_argument, NULL, OPT_COLUMNS},
	{"level", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct command_line {
	struct import_options import;
	const char *output;
	int level;
};

static int print_help(void)
{
	fputs(help, stdout);
	for (unsigned i = 0; i < nr_import_formats; i++)
		printf("  %-10s %s\n", import_formats[i].name,
		       import_formats[i].title);
	fputs(help_options, stdout);
	return OPTIONS_DONE;
}

static int parse_one(void *ctx, int o, char *arg)
{
	struct command_line *c = ctx;
	struct import_options *opt = &c->import;
	uint64_t n = 0;
	int bad = 0;

	switch (o) {
	case 'o':
		c->output = arg;
		break;
	case 'l':
		bad = level_option(arg, &c->level);
		break;
	case OPT_PROGRAM:
		opt->program = arg;
		break;
	case OPT_FIRST_PID:
		bad = number_option("--first-pid", arg, 1, TRACE_PID_MAX,
				    "a process number", &n);
		opt->first_pid = (uint32_t)n;
		break;
	case OPT_SLICE:
		bad = number_option("--slice", arg, 1, UINT32_MAX,
				    "a number of accesses", &n);
		opt->slice = (uint32_t)n;
		break;
	case OPT_MAX:
		bad = number_option("--max-accesses", arg, 1, UINT64_MAX,
				    "a number of accesses",
				    &opt->max_accesses);
		break;
	case OPT_WIDE:
		opt->wide = true;
		break;
	case OPT_OBJECTS:
		opt->objects = true;
		break;
	case OPT_COLUMNS:
		opt->columns = arg;
		break;
	case 'h':
		return print_help();
	default:
		return usage_error("import");
	}
	return bad;
}

/* ---- the trace ---- */

struct trace_out {
	struct trace_output o;
	const struct import_counts *n;
	bool terminal, shown;
	uint64_t events;
	time_t told;
};

/* On a terminal, how far it is; looked at every 2^18 statements. */
static void show_progress(struct trace_out *t)
{
	time_t now = time(NULL);

	if (!t->terminal || now == t->told)
		return;
	t->told = now;
	t->shown = true;
	fprintf(stderr, "\r%llu lines, %llu accesses",
		(unsigned long long)t->n->lines,
		(unsigned long long)t->n->accesses);
}

static void clear_progress(struct trace_out *t)
{
	if (t->shown)
		fputs("\r\033[K", stderr);
	t->shown = false;
}

static void put_event(void *ctx, const struct event *ev)
{
	struct trace_out *t = ctx;

	trace_output_write(&t->o, ev);
	if (!(++t->events & 0x3ffff))
		show_progress(t);
}

static void put_note(void *ctx, const char *text)
{
	clear_progress(ctx);
	fprintf(stderr, "%s\n", text);
}

static void say_counts(const struct import_counts *n)
{
	fprintf(stderr, "%llu processes, %llu accesses and %llu calls in %llu statements\n",
		(unsigned long long)n->processes,
		(unsigned long long)n->accesses, (unsigned long long)n->calls,
		(unsigned long long)n->statements);
}

/* The trace is open. 0, or -1 after a message. */
static int import_to(const struct import_format *format,
		     const struct import_options *opt, struct names *names,
		     struct trace_out *t, struct import_counts *n)
{
	struct import_sink sink = {t, put_event, put_note};
	struct trace_error error;
	const char *input;
	int ret;

	ret = import_run(format, opt, &cmd_host, names, &sink, n, &input,
			 &error);
	clear_progress(t);
	if (ret)
		complain_trace(strcmp(input, "-") ? input : "standard input",
			       &error);
	else if (!interrupted)
		say_counts(n);
	return ret;
}

int import_file(const struct import_format *format,
		const struct import_options *opt, const char *output,
		const char *metadata, int level, struct import_counts *counts)
{
	struct trace_out *t = host_alloc(&cmd_host, sizeof(*t));
	struct names names;
	int ret;

	t->n = counts;
	t->terminal = isatty(STDERR_FILENO);
	t->told = time(NULL);
	names_init(&names, &cmd_host);
	ret = trace_output_open(&t->o, output, FORM_BY_NAME, &names, metadata,
				level);
	if (!ret) {
		ret = import_to(format, opt, &names, t, counts);
		if (trace_output_close(&t->o, !ret && !interrupted) &&
		    !interrupted)
			ret = -1;
	}
	names_destroy(&names);
	host_free(&cmd_host, t, sizeof(*t));
	if (interrupted)
		return EXIT_INTERRUPTED;
	return ret ? EXIT_BAD : EXIT_FINE;
}

void import_defaults(struct import_options *opt)
{
	memset(opt, 0, sizeof(*opt));
	opt->first_pid = 100;
	opt->slice = 10000;
	opt->search_path = getenv("PATH");
	opt->stop = &interrupted;
}

/* ---- the command ---- */

static int run(struct command_line *c, char **args, int nr)
{
	const struct import_format *format;
	struct import_counts counts;
	char metadata[64];

	if (nr < 2) {
		complain("import: expected FORMAT LOG...");
		return usage_error("import");
	}
	format = import_format_find(args[0]);
	if (!format) {
		complain("import: there is no format \"%s\"", args[0]);
		return usage_error("import");
	}
	if (nr > 2 && !format->many)
		return complain("import %s: expected one LOG", format->name);
	c->import.inputs = (const char *const *)args + 1;
	c->import.nr_inputs = (unsigned)nr - 1;
	catch_interrupt();
	snprintf(metadata, sizeof(metadata), "recorder=%s\n", format->name);
	return import_file(format, &c->import, c->output, metadata, c->level,
			   &counts);
}

int cmd_import(int argc, char **argv)
{
	struct command_line c = {.output = "-", .level = 9};
	int status;

	import_defaults(&c.import);
	status = parse_options(argc, argv, "o:l:h", options, NULL, parse_one,
			       &c);
	if (status >= 0)
		return status;
	return run(&c, argv + optind, argc - optind);
}
