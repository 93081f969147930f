/* gen.c - mmemu gen: random traces that check themselves. */
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/trace_output.h"
#include "trace/generate.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu gen [OPTION]...\n"
	"\n"
	"Writes a random trace. It says what its reads must find and which of its events\n"
	"must fail, from a model of its own, so that its replay ends with status 1 if the\n"
	"emulator gets one wrong. The same seed gives the same trace.\n"
	"\n"
	"  -s, --seed S        a number (1)\n"
	"  -p, --profile NAME  vma, cow, file, swap, alloc or mixed (mixed)\n"
	"  -n, --events N      statements (200)\n"
	"  -o, --output FILE   the trace (.zst: compressed, .mmt: binary); default standard output\n"
	"  -h, --help          this\n"
	"\n"
	"Example:\n"
	"  mmemu gen --seed 7 --profile cow --events 500 | mmemu replay - --check --set memory=16M\n";

static const struct option options[] = {
	{"seed", required_argument, NULL, 's'},
	{"profile", required_argument, NULL, 'p'},
	{"events", required_argument, NULL, 'n'},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct gen_options {
	uint64_t seed, events;
	enum generate_profile profile;
	const char *output;
};

static int parse_profile(struct gen_options *opt, const char *text)
{
	int i = find_word(generate_profile_names, NR_GENERATE_PROFILES, text);

	if (i < 0)
		return complain("--profile %s: expected vma, cow, file, swap, alloc or mixed",
				text);
	opt->profile = (enum generate_profile)i;
	return 0;
}

static int parse_one(void *ctx, int o, char *arg)
{
	struct gen_options *opt = ctx;

	switch (o) {
	case 's':
		return number_option("--seed", arg, 0, UINT64_MAX, "a number",
				     &opt->seed);
	case 'n':
		return number_option("--events", arg, 0, UINT64_MAX,
				     "a number", &opt->events);
	case 'p':
		return parse_profile(opt, arg);
	case 'o':
		opt->output = arg;
		return 0;
	default:
		return usage_error("gen");
	}
}

static int generate(const struct gen_options *opt)
{
	static struct trace_output out;
	struct generator g;
	struct names names;
	struct event ev;
	int ret;

	catch_interrupt();
	names_init(&names, &cmd_host);
	generator_init(&g, &cmd_host, &names, opt->profile, opt->seed);
	ret = trace_output_open(&out, opt->output, FORM_BY_NAME, &names, "", 9);
	for (uint64_t i = 0; !ret && i < opt->events && !interrupted; i++) {
		generator_next(&g, &ev);
		trace_output_write(&out, &ev);
	}
	if (!ret)
		ret = trace_output_close(&out, !interrupted);
	generator_destroy(&g);
	names_destroy(&names);
	if (interrupted)
		return EXIT_INTERRUPTED;
	return ret ? EXIT_BAD : EXIT_FINE;
}

int cmd_gen(int argc, char **argv)
{
	struct gen_options opt = {.seed = 1,
				  .events = 200,
				  .profile = GENERATE_MIXED,
				  .output = "-"};
	int status;

	status = parse_options(argc, argv, "s:p:n:o:h", options, help,
			       parse_one, &opt);
	if (status >= 0)
		return status;
	if (optind != argc) {
		complain("gen: expected no \"%s\"", argv[optind]);
		return usage_error("gen");
	}
	return generate(&opt);
}
