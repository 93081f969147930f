/* import.c - mmemu import: what other tools recorded, as traces. */
#include "cmd/command.h"
#include "cmd/output.h"
#include "trace/import_lackey.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu import lackey LOG... [OPTION]...\n"
	"\n"
	"Makes a trace of what valgrind's lackey logged of a 32-bit program, one log a\n"
	"process. A child runs from its fork, the parent goes on; they take turns.\n"
	"\n"
	"  -o, --output FILE     the trace (.zst: compressed); default standard output\n"
	"      --program FILE    the ELF file, if it is not where the log says\n"
	"      --first-pid N     the first process's number; children count up (100)\n"
	"      --slice N         accesses until another process has its turn (10000)\n"
	"      --max-accesses N  leave out the accesses behind the N-th\n"
	"  -l, --level N         how hard zstd tries, 1 to 19 (19)\n"
	"  -h, --help            this\n"
	"\n"
	"Example:\n"
	"  valgrind --tool=lackey --trace-mem=yes --trace-syscalls=yes --basic-counts=no \\\n"
	"      --trace-children=yes --log-file=prog.%p ./prog\n"
	"  mmemu import lackey prog.* -o prog.trace.zst\n";

enum { OPT_PROGRAM = 256, OPT_FIRST_PID, OPT_SLICE, OPT_MAX };

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"program", required_argument, NULL, OPT_PROGRAM},
	{"first-pid", required_argument, NULL, OPT_FIRST_PID},
	{"slice", required_argument, NULL, OPT_SLICE},
	{"max-accesses", required_argument, NULL, OPT_MAX},
	{"level", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct import_options {
	struct lackey_options lackey;
	const char *output;
	int level;
};

static bool parse_number(const char *text, uint64_t max, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !errno && !*end && *n &&
	       *n <= max;
}

static int parse_one(struct import_options *opt, int o, const char *arg)
{
	uint64_t n;

	switch (o) {
	case 'o':
		opt->output = arg;
		return 0;
	case OPT_PROGRAM:
		opt->lackey.program = arg;
		return 0;
	case 'l':
		if (!parse_number(arg, 19, &n))
			return complain("--level %s: expected 1 to 19", arg);
		opt->level = (int)n;
		return 0;
	case OPT_FIRST_PID:
		if (!parse_number(arg, TRACE_PID_MAX, &n))
			return complain("--first-pid %s: expected a process number",
					arg);
		opt->lackey.first_pid = (uint32_t)n;
		return 0;
	case OPT_SLICE:
		if (!parse_number(arg, UINT32_MAX, &n))
			return complain("--slice %s: expected a number of accesses",
					arg);
		opt->lackey.slice = (uint32_t)n;
		return 0;
	case OPT_MAX:
		if (!parse_number(arg, UINT64_MAX, &opt->lackey.max_accesses))
			return complain("--max-accesses %s: expected a number of accesses",
					arg);
		return 0;
	default:
		return usage_error("import");
	}
}

static int import_to(const struct import_options *opt, FILE *out)
{
	struct lackey_counts n;
	struct trace_error error;
	struct text_writer w;
	struct names names;
	const char *log;
	int ret;

	names_init(&names, &cmd_host);
	text_write_start(&w, &cmd_host, &names, out);
	ret = import_lackey(&opt->lackey, &names, &w, &n, &log, &error);
	text_write_end(&w);
	names_destroy(&names);
	if (ret)
		complain_trace(log, &error);
	else if (!interrupted)
		fprintf(stderr, "%u processes, %llu accesses and %llu calls in %llu statements\n",
			n.processes, (unsigned long long)n.accesses,
			(unsigned long long)n.calls,
			(unsigned long long)n.statements);
	return ret;
}

static int import(struct import_options *opt)
{
	struct output o;
	FILE *f;
	int ret;

	catch_interrupt();
	opt->lackey.stop = &interrupted;
	if (output_open(&o, opt->output))
		return EXIT_BAD;
	f = compressing(&o, opt->output, opt->level);
	ret = import_to(opt, f);
	if (!compressed(&o, f) && !ret)
		ret = complain("cannot write %s", opt->output);
	if (output_close(&o, !ret && !interrupted) && !ret && !interrupted)
		ret = -1;
	if (interrupted)
		return EXIT_INTERRUPTED;
	return ret ? EXIT_BAD : EXIT_FINE;
}

int cmd_import(int argc, char **argv)
{
	struct import_options opt = {
		.lackey = {.first_pid = 100, .slice = 10000},
		.output = "-",
		.level = 19,
	};
	int o;

	while ((o = getopt_long(argc, argv, "o:l:h", options, NULL)) != -1) {
		if (o == 'h') {
			fputs(help, stdout);
			return EXIT_FINE;
		}
		if (parse_one(&opt, o, optarg))
			return EXIT_BAD;
	}
	if (argc - optind < 2 || strcmp(argv[optind], "lackey")) {
		complain("import: expected lackey LOG...");
		return usage_error("import");
	}
	opt.lackey.logs = (const char *const *)argv + optind + 1;
	opt.lackey.nr_logs = (unsigned)(argc - optind - 1);
	return import(&opt);
}
