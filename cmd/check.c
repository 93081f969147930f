/*
 * check.c - mmemu check: scenarios against their expectations.
 *
 *   paths ─► scenarios ─► --filter ─► replays, side by side ─► comparison
 *                                                    │ --update: written
 *                                          verdicts, differences, score
 */
#include "cmd/check.h"
#include "cmd/options.h"
#include "cmd/output.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: mmemu check PATH... [OPTION]...\n"
	"       mmemu check --new DIR/NAME TRACE [-c CONFIG] [--set KEY=VALUE] [-r REPORT]\n"
	"\n"
	"Replays the scenarios at or below each PATH and compares what comes out with\n"
	"what is expected. A scenario is DIR/NAME.trace with DIR/expected/NAME/ beside it:\n"
	"reports, outcomes, stats, messages, exit. DIR/NAME.yaml may say more:\n"
	"\n"
	"  config: linux-3.12-i386-pae     the machine; or configs: [a, b] for several\n"
	"  set: [memory=16M]               single settings\n"
	"  reports: [buddyinfo, maps=100]  reports at the end, beside the trace's own\n"
	"  trace, at, boot_state, contents, strict, check  as mmemu replay has them\n"
	"  tags: [fork, lecture]\n"
	"  ignore: [slabinfo.active_objs, meminfo.MemFree, outcomes.minflt, vmstat]\n"
	"  points: 5                       what it is worth\n"
	"\n"
	"  -u, --update         write the expectations anew and say what changed\n"
	"      --new DIR/NAME   make a scenario of TRACE\n"
	"  -f, --filter WORD    only scenarios whose name holds WORD (or matches it, with\n"
	"                       * ? [); tag:TAG: that have the tag; !...: leave out\n"
	"      --format FORMAT  text, tap, junit or json\n"
	"      --grade          points of each scenario, no differences\n"
	"  -j, --jobs N         replays at a time (as many as there are CPUs)\n"
	"      --timeout N      seconds for one scenario (600)\n"
	"      --lines N        of each difference, 0: all (200)\n"
	"      --check[=N]      check the whole machine every N events (1)\n"
	"  -h, --help           this\n"
	"\n"
	"Exit status: 0 all as expected, 1 something differs, 2 bad input.\n"
	"\n"
	"Example:\n"
	"  mmemu check --new mine/cow traces/lecture/cow.trace -r slabinfo\n"
	"  mmemu check mine\n";

enum { OPT_NEW = 256, OPT_FORMAT, OPT_GRADE, OPT_TIMEOUT, OPT_LINES, OPT_CHECK,
       OPT_SET };

static const struct option options[] = {
	{"update", no_argument, NULL, 'u'},
	{"new", required_argument, NULL, OPT_NEW},
	{"filter", required_argument, NULL, 'f'},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"grade", no_argument, NULL, OPT_GRADE},
	{"jobs", required_argument, NULL, 'j'},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"lines", required_argument, NULL, OPT_LINES},
	{"check", optional_argument, NULL, OPT_CHECK},
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPT_SET},
	{"report", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int parse_format(struct check_options *opt, const char *text)
{
	static const char *const names[] = {"text", "tap", "junit", "json"};
	int i = find_word(names, ARRAY_SIZE(names), text);

	if (i < 0)
		return complain("--format %s: expected text, tap, junit or json",
				text);
	opt->format = (enum check_format)i;
	return 0;
}

static int parse_one(void *ctx, int o, char *arg)
{
	struct check_options *opt = ctx;
	uint64_t n = 0;
	int ret = 0;

	switch (o) {
	case 'u':
		opt->update = true;
		break;
	case 'f':
		strings_add(&opt->filters, arg);
		break;
	case 'c':
		opt->config = arg;
		break;
	case 'r':
		strings_add(&opt->reports, arg);
		break;
	case OPT_SET:
		strings_add(&opt->sets, arg);
		break;
	case OPT_NEW:
		opt->new_name = arg;
		break;
	case OPT_FORMAT:
		return parse_format(opt, arg);
	case OPT_GRADE:
		opt->grade = true;
		break;
	case 'j':
		ret = number_option("--jobs", arg, 1, 1024, NULL, &n);
		opt->jobs = (unsigned)n;
		break;
	case OPT_TIMEOUT:
		ret = number_option("--timeout", arg, 1, 1u << 30, NULL, &n);
		opt->timeout = (unsigned)n;
		break;
	case OPT_LINES:
		ret = number_option("--lines", arg, 0, 1u << 30, NULL, &n);
		opt->max_lines = n;
		break;
	case OPT_CHECK:
		opt->check = 1;
		if (arg)
			ret = number_option("--check", arg, 1, UINT64_MAX,
					    NULL, &opt->check);
		break;
	default:
		return usage_error("check");
	}
	return ret;
}

static int bad_mix(const struct check_options *opt, int nr_paths)
{
	if (opt->new_name && (nr_paths != 1 || opt->filters.nr || opt->grade))
		return complain("--new: expected one TRACE and nothing but -c, --set, -r beside it");
	if (!opt->new_name && (opt->config || opt->sets.nr || opt->reports.nr))
		return complain("-c, --set and -r go with --new; the machine of a scenario stands in its YAML");
	if (opt->update && opt->grade)
		return complain("--update and --grade exclude each other");
	if (nr_paths)
		return 0;
	complain("check: expected a PATH");
	return usage_error("check");
}

/* -1: go on, else the exit status. */
static int parse(struct check *c, int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int status;

	c->opt.jobs = cpus > 1 ? (unsigned)cpus : 1;
	c->opt.timeout = 600;
	c->opt.max_lines = 200;
	status = parse_options(argc, argv, "uf:j:c:r:h", options, help,
			       parse_one, &c->opt);
	if (status >= 0)
		return status;
	c->opt.colour = c->opt.format == FORMAT_TEXT && isatty(STDOUT_FILENO);
	return bad_mix(&c->opt, argc - optind) ? EXIT_BAD : -1;
}

static void drop_unwanted(struct check *c)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->nr; i++) {
		struct scenario *s = &c->scenario[i], swap;

		if (!scenario_wanted(c, s))
			continue;
		swap = c->scenario[kept];
		c->scenario[kept++] = *s;
		*s = swap;
	}
	for (unsigned i = kept; i < c->nr; i++) {
		free(c->scenario[i].name);
		free(c->scenario[i].folder);
		free(c->scenario[i].trace);
		free(c->scenario[i].config);
		free(c->scenario[i].expected);
	}
	c->nr = kept;
}

static int find_all(struct check *c, int argc, char **argv)
{
	if (c->opt.new_name) {
		c->opt.update = true;
		return new_scenario(c, argv[optind]);
	}
	for (int i = optind; i < argc; i++)
		if (find_scenarios(c, argv[i]))
			return -1;
	drop_unwanted(c);
	if (c->nr)
		return 0;
	return complain("no scenario found: there is no folder expected/NAME beside a trace"),
	       -1;
}

static void on_done(struct check *c, struct scenario *s)
{
	if (compare_scenario(c, s))
		c->failed = true;
	print_scenario(c, s, (unsigned)(s - c->scenario) + 1);
	fflush(stdout);
}

static int run(struct check *c)
{
	int ret;

	print_begin(c);
	ret = run_scenarios(c, on_done);
	if (ret == EXIT_INTERRUPTED) {
		fflush(stdout);
		fputs("interrupted\n", stderr);
		return ret;
	}
	if (ret || c->failed)
		return EXIT_BAD;
	print_end(c);
	for (unsigned i = 0; i < c->nr; i++)
		if (c->scenario[i].verdict != VERDICT_PASS &&
		    c->scenario[i].verdict != VERDICT_UPDATED)
			return EXIT_WRONG;
	return EXIT_FINE;
}

int cmd_check(int argc, char **argv)
{
	struct check *c = host_alloc(&cmd_host, sizeof(*c));
	int status = parse(c, argc, argv);

	if (status < 0)
		status = find_all(c, argc, argv) ? EXIT_BAD : run(c);
	scenarios_free(c);
	free(c);
	return status;
}
