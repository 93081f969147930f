/* compare.c - mmemu compare: one trace on several machines, side by side. */
#include "cmd/compare.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/strings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu compare TRACE --with SPEC [--with SPEC]... [OPTION]...\n"
	"\n"
	"Replays a trace on several machines and shows what it costs on each: page\n"
	"tables, faults, TLB misses, walks, memory. Ratios are to the first one.\n"
	"\n"
	"      --with SPEC           a machine: a profile, a YAML file, settings on top of\n"
	"                            -c, or both: x86-64  paging=flat  x86-64,memory=1G\n"
	"  -c, --config NAME|FILE    the machine that settings start from\n"
	"      --set KEY=VALUE       one setting for all of them\n"
	"      --tlb MODEL           a CPU's TLBs: geode-lx, nehalem, p6 (default), a file\n"
	"      --no-tlb              without TLBs: faster\n"
	OUTPUT_HELP
	"      --no-ratios           values only\n"
	"      --rebase              fold addresses that a machine cannot hold\n"
	"      --root DIR            exec reads real ELF files under DIR\n"
	"  -j, --jobs N              threads (all CPUs); the result is the same\n"
	"      --point I/N           this is point I of N (sweep --plan writes it)\n"
	"      --list                the metrics\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu compare traces/lecture/fork.trace --with linux-3.12-i386 \\\n"
	"      --with linux-3.12-i386-pae --with x86-64 --markdown\n";

/* ---- options of output, for sweep too ---- */

static int chart_metric(struct output_options *out, const char *key)
{
	int i = metric_find(key);

	if (i < 0)
		return complain("--chart-metric %s: there is no such metric (mmemu compare --list)",
				key);
	out->chart_metric = (unsigned)i;
	return 0;
}

int output_option(struct output_options *out, int opt, const char *arg)
{
	int format;

	switch (opt) {
	case 'f':
		format = table_format_find(arg);
		if (format < 0)
			return complain("--format %s: expected text, md, csv or json",
					arg);
		out->table.format = (enum table_format)format;
		return 0;
	case OUT_JSON:
		out->table.format = TABLE_JSON;
		return 0;
	case OUT_CSV:
		out->table.format = TABLE_CSV;
		return 0;
	case OUT_MARKDOWN:
		out->table.format = TABLE_MARKDOWN;
		return 0;
	case 'o':
		out->path = arg;
		return 0;
	case OUT_METRICS:
		free(out->metric);
		out->metric = metrics_parse(arg, &out->table.nr_metrics);
		out->table.metric = out->metric;
		out->metrics_given = true;
		return out->metric ? 0 : EXIT_BAD;
	case OUT_CHART:
		out->chart = arg;
		return chart_possible(arg);
	case OUT_CHART_METRIC:
		return chart_metric(out, arg);
	default:
		return 1;
	}
}

int output_points(const struct points *ps, struct output_options *out)
{
	struct output file;

	if (output_open(&file, out->path ? out->path : "-"))
		return EXIT_BAD;
	table_write(ps, &out->table, file.f);
	if (output_close(&file, true))
		return EXIT_BAD;
	if (out->chart)
		return chart_write(ps, out->chart_metric, out->chart);
	return EXIT_FINE;
}

/* ---- the machines ---- */

/* Settings for all come first, those of the machine on top. */
static void add_common(const struct compare *c, struct point *p)
{
	if (c->tlb) {
		char *text = text_of("tlb.model=%s", c->tlb);

		point_set(p, text);
		free(text);
	}
	for (unsigned i = 0; i < c->nr_set; i++)
		point_set(p, c->set[i]);
}

/* "NAME", "NAME,K=V,K=V" or "K=V,K=V" */
void compare_add(struct compare *c, const char *spec)
{
	char *copy = host_strdup(&cmd_host, spec), *save = NULL;
	char *word = strtok_r(copy, ",", &save);
	bool named = word && !strchr(word, '=');
	struct point *p = points_add(&c->ps, spec, named ? word : c->config);

	add_common(c, p);
	if (named)
		word = strtok_r(NULL, ",", &save);
	for (; word; word = strtok_r(NULL, ",", &save))
		point_set(p, word);
	free(copy);
}

static int list_metrics(void)
{
	for (unsigned i = 0; i < nr_metrics; i++)
		printf("%-24s %s\n", metrics[i].key, metrics[i].title);
	return OPTIONS_DONE;
}

/* I/N */
static int parse_point(struct compare *c, const char *arg)
{
	uint64_t i, n;

	if (!parse_pair(arg, "/", 1, UINT32_MAX, &i, &n) || i > n)
		return complain("--point %s: expected I/N", arg);
	c->index = (unsigned)i;
	c->total = (unsigned)n;
	return 0;
}

static int parse_jobs(struct run_options *run, const char *arg)
{
	uint64_t n = 0;
	int bad = number_option("-j", arg, 1, 1024,
				"a number of threads, 1 to 1024", &n);

	run->jobs = (unsigned)n;
	return bad;
}

int compare_option(struct compare *c, int o, const char *arg)
{
	switch (o) {
	case 'c':
		c->config = arg;
		return 0;
	case 'j':
		return parse_jobs(&c->run, arg);
	case COMPARE_SET:
		c->set[c->nr_set++] = arg;
		return 0;
	case COMPARE_TLB:
		c->tlb = arg;
		return 0;
	case COMPARE_NO_TLB:
		c->run.no_tlb = true;
		return 0;
	case COMPARE_REBASE:
		c->run.rebase = true;
		return 0;
	case COMPARE_ROOT:
		c->run.root = arg;
		return 0;
	default:
		return output_option(&c->out, o, arg);
	}
}

enum { OPT_WITH = 256, OPT_NO_RATIOS, OPT_POINT, OPT_LIST };

static const struct option options[] = {
	{"with", required_argument, NULL, OPT_WITH},
	{"no-ratios", no_argument, NULL, OPT_NO_RATIOS},
	{"point", required_argument, NULL, OPT_POINT},
	{"list", no_argument, NULL, OPT_LIST},
	{"help", no_argument, NULL, 'h'},
	COMPARE_LONG_OPTIONS,
	{NULL, 0, NULL, 0},
};

static int parse_one(void *ctx, int o, char *arg)
{
	struct compare *c = ctx;

	switch (o) {
	case OPT_WITH:
		c->with[c->nr_with++] = arg;
		return 0;
	case OPT_NO_RATIOS:
		c->out.table.ratios = false;
		return 0;
	case OPT_POINT:
		return parse_point(c, arg);
	case OPT_LIST:
		return list_metrics();
	}
	o = compare_option(c, o, arg);
	return o == 1 ? usage_error("compare") : o;
}

/* -1: go on. */
static int parse(struct compare *c, int argc, char **argv)
{
	static const char *const usual[] = {"linux-3.12-i386",
					    "linux-3.12-i386-pae"};
	int status;

	c->out.table.ratios = true;
	status = parse_options(argc, argv, "c:j:f:o:h", options, help,
			       parse_one, c);
	if (status >= 0)
		return status;
	if (optind + 1 != argc) {
		complain("compare: expected one TRACE");
		return usage_error("compare");
	}
	c->ps.trace = host_strdup(&cmd_host, argv[optind]);
	for (unsigned i = 0; i < c->nr_with; i++)
		compare_add(c, c->with[i]);
	for (unsigned i = 0; !c->nr_with && i < ARRAY_SIZE(usual); i++)
		compare_add(c, usual[i]);
	if (c->total && c->ps.nr != 1)
		return complain("compare: --point is for one machine");
	if (c->total) {
		c->ps.point[0].index = c->index;
		c->ps.total = c->total;
	}
	return -1;
}

void compare_init(struct compare *c, int argc)
{
	size_t n = (size_t)argc;

	memset(c, 0, sizeof(*c));
	c->set = host_alloc(&cmd_host, n * sizeof(*c->set));
	c->with = host_alloc(&cmd_host, n * sizeof(*c->with));
	c->out.chart_metric = (unsigned)metric_find("tables.peak.bytes");
}

void compare_free(struct compare *c)
{
	points_free(&c->ps);
	free(c->out.metric);
	free(c->set);
	free(c->with);
}

int compare_run(struct compare *c)
{
	int status = points_load(&c->ps, &c->run), written;

	if (!status)
		status = points_run(&c->ps, &c->run);
	if (status != EXIT_FINE && status != EXIT_WRONG)
		return status;
	written = output_points(&c->ps, &c->out);
	return written ? written : status;
}

int cmd_compare(int argc, char **argv)
{
	struct compare c;
	int status;

	compare_init(&c, argc);
	status = parse(&c, argc, argv);
	if (status < 0)
		status = compare_run(&c);
	compare_free(&c);
	return status;
}
