/*
 * sweep.c - mmemu sweep: one trace on every combination of settings.
 *
 *   --vary paging=x86-2level,x86-pae --vary tlb.entries=16..64
 *
 *   x86-2level,16  x86-2level,32  x86-2level,64  x86-pae,16 ...    6 points
 *
 * The last --vary changes fastest. --plan writes a command line a point instead
 * of running them, for other hosts; --collect reads what these wrote.
 */
#define _GNU_SOURCE /* program_invocation_name */
#include "cmd/compare.h"
#include "cmd/options.h"
#include "cmd/strings.h"
#include "formats/memory_stream.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_POINTS 100000u

static const char help[] =
	"usage: mmemu sweep TRACE --vary KEY=VALUES [--vary KEY=VALUES]... [OPTION]...\n"
	"       mmemu sweep --collect FILE.json|DIR... [OPTION]...\n"
	"\n"
	"Replays a trace on every combination of settings; a row each.\n"
	"\n"
	"      --vary KEY=A,B,C      values of a setting (`config`: of profiles)\n"
	"      --vary KEY=A..B       A, 2A, 4A ... B;  A..B+S: A, A+S, A+2S ... B\n"
	"  -c, --config NAME|FILE    the machine that settings start from\n"
	"      --set KEY=VALUE       one setting for all of them\n"
	"      --tlb MODEL, --no-tlb, --rebase, --root DIR, -j N   as for compare\n"
	OUTPUT_HELP
	"      --plan DIR            print a command line for each point, which writes its\n"
	"                            result into DIR: for GNU parallel, make, a cluster\n"
	"      --collect             merge such results, as if they had been run here\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu sweep traces/lecture/fork.trace --vary paging=x86-2level,x86-pae \\\n"
	"      --vary tlb.entries=16..64 --csv\n"
	"  mmemu sweep TRACE --vary tlb.ways=1..8 --plan out | parallel\n"
	"  mmemu sweep --collect out\n";

/* Metrics a sweep shows when nothing else is asked for. */
static const char usual_metrics[] =
	"tables.peak.bytes,entries.utilisation,faults,tlb.itlb.misses,"
	"tlb.dtlb.misses,tlb.l2.misses,walk.refs,tlb.cycles_per_access,"
	"kernel.all";

/* ---- values ---- */

struct axis {
	char *key;
	char **value;
	unsigned nr;
};

struct sweep {
	struct compare c;
	struct axis *axis;
	unsigned nr_axes;
	const char *plan;
	bool collect;
};

static void axis_value(struct axis *a, const char *value)
{
	a->value = host_realloc(&cmd_host, a->value,
				a->nr * sizeof(*a->value),
				(a->nr + 1) * sizeof(*a->value));
	a->value[a->nr++] = host_strdup(&cmd_host, value);
}

/* "16", "4K": a number and its unit. */
static bool number_unit(const char *s, uint64_t *n, char *unit)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*n = strtoull(s, &end, 10);
	*unit = *end;
	return !errno && (!*end || (strchr("KMG", *end) && !end[1]));
}

/* A..B or A..B+S, both with the same unit, taken apart; by 0: no S. */
static bool split_range(char *text, uint64_t *from, uint64_t *last,
			uint64_t *by, char *unit)
{
	char *to = strstr(text, ".."), *step, unit2;

	*to = '\0';
	to += 2;
	step = strchr(to, '+');
	if (step)
		*step++ = '\0';
	*by = 0;
	if (!number_unit(text, from, unit) || !number_unit(to, last, &unit2) ||
	    *unit != unit2 || *from > *last || (!*from && !step))
		return false;
	return !step ||
	       (number_unit(step, by, &unit2) && *by && unit2 == *unit);
}

static int axis_range(struct axis *a, const char *text)
{
	char *copy = host_strdup(&cmd_host, text);
	uint64_t from, last, by;
	char unit;
	bool good = split_range(copy, &from, &last, &by, &unit);

	free(copy);
	if (!good)
		return complain("--vary %s=%s: expected A..B or A..B+S, A above 0 and at most B, with the same unit",
				a->key, text);
	for (uint64_t v = from, next; v <= last; v = next) {
		char value[40];

		if (a->nr == MAX_POINTS)
			return complain("--vary %s=%s: more than %u values",
					a->key, text, MAX_POINTS);
		snprintf(value, sizeof(value), "%" PRIu64 "%.1s", v,
			 unit ? &unit : "");
		axis_value(a, value);
		next = by ? v + by : 2 * v;
		if (next < v)
			break; /* beyond 64 bits */
	}
	return 0;
}

static bool varied(const struct sweep *s, const char *key)
{
	for (unsigned i = 0; i + 1 < s->nr_axes; i++)
		if (!strcmp(s->axis[i].key, key))
			return true;
	return false;
}

static int parse_vary(struct sweep *s, const char *arg)
{
	struct axis *a = &s->axis[s->nr_axes++];
	char *copy = host_strdup(&cmd_host, arg), *save = NULL, *word;
	char *values = strchr(copy, '=');
	int status = 0;

	if (!values || values == copy || !values[1]) {
		free(copy);
		return complain("--vary %s: expected KEY=VALUE,VALUE...", arg);
	}
	*values++ = '\0';
	a->key = host_strdup(&cmd_host, copy);
	if (varied(s, copy)) {
		free(copy);
		return complain("--vary %s: this key is varied already", arg);
	}
	if (strcmp(copy, "config") && strncmp(copy, "objects.", 8) &&
	    !config_key_find(copy)) {
		const char *near = config_key_nearest(copy);

		status = complain("--vary %s: unknown key; %s%s", copy,
				  near ? "the nearest known key is " :
					 "`mmemu config` prints all keys",
				  near ? near : "");
	}
	for (word = strtok_r(values, ",", &save); word && !status;
	     word = strtok_r(NULL, ",", &save)) {
		if (strstr(word, ".."))
			status = axis_range(a, word);
		else
			axis_value(a, word);
	}
	free(copy);
	return status;
}

/* ---- points ---- */

/* What --with would say: "config,key=value,key=value". */
static void add_point(struct sweep *s, unsigned n)
{
	unsigned at[32], rest = n;
	char *spec = NULL;
	size_t len = 0;
	FILE *out = memory_stream(&cmd_host, &spec, &len);
	const char *comma = "";

	for (unsigned i = s->nr_axes; i-- > 0;) {
		at[i] = rest % s->axis[i].nr;
		rest /= s->axis[i].nr;
	}
	for (unsigned i = 0; i < s->nr_axes; i++)
		if (!strcmp(s->axis[i].key, "config")) {
			fputs(s->axis[i].value[at[i]], out);
			comma = ",";
		}
	for (unsigned i = 0; i < s->nr_axes; i++)
		if (strcmp(s->axis[i].key, "config")) {
			fprintf(out, "%s%s=%s", comma, s->axis[i].key,
				s->axis[i].value[at[i]]);
			comma = ",";
		}
	fclose(out);
	compare_add(&s->c, spec);
	free(spec);
}

static int add_points(struct sweep *s)
{
	uint64_t nr = 1;

	if (!s->nr_axes)
		return complain("sweep: expected --vary KEY=VALUES");
	for (unsigned i = 0; i < s->nr_axes; i++) {
		nr *= s->axis[i].nr;
		if (nr > MAX_POINTS)
			return complain("sweep: more than %u points",
					MAX_POINTS);
	}
	for (unsigned n = 0; n < nr; n++)
		add_point(s, n);
	return 0;
}

/* ---- plan ---- */

/* For a shell: whole between quotes. */
static void put_word(const char *word)
{
	putchar(' ');
	if (word[strcspn(word, " \t'\"\\$`*?[]{}()<>|&;!~#=,")] == '\0' &&
	    *word) {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	}
	putchar('\'');
}

static void put_option(const char *option, const char *value)
{
	if (!value)
		return;
	printf(" %s", option);
	put_word(value);
}

static int print_plan(const struct sweep *s, const char *program)
{
	const struct compare *c = &s->c;
	char *text;

	for (unsigned i = 0; i < c->ps.nr; i++) {
		const struct point *p = &c->ps.point[i];

		fputs(program, stdout);
		fputs(" compare", stdout);
		put_word(c->ps.trace);
		put_option("-c", c->config);
		for (unsigned k = 0; k < c->nr_set; k++)
			put_option("--set", c->set[k]);
		put_option("--tlb", c->tlb);
		if (c->run.no_tlb)
			fputs(" --no-tlb", stdout);
		if (c->run.rebase)
			fputs(" --rebase", stdout);
		put_option("--root", c->run.root);
		put_option("--with", p->name);
		printf(" --point %u/%u -j 1 --json", p->index, c->ps.total);
		text = text_of("%s/%06u.json", s->plan, p->index);
		put_option("-o", text);
		free(text);
		putchar('\n');
	}
	return EXIT_FINE;
}

/* ---- options ---- */

enum { OPT_VARY = 256, OPT_PLAN, OPT_COLLECT };

static const struct option options[] = {
	{"vary", required_argument, NULL, OPT_VARY},
	{"plan", required_argument, NULL, OPT_PLAN},
	{"collect", no_argument, NULL, OPT_COLLECT},
	{"help", no_argument, NULL, 'h'},
	COMPARE_LONG_OPTIONS,
	{NULL, 0, NULL, 0},
};

static int parse_one(void *ctx, int o, char *arg)
{
	struct sweep *s = ctx;
	struct compare *c = &s->c;

	switch (o) {
	case OPT_VARY:
		if (s->nr_axes == 32)
			return complain("sweep: more than 32 --vary");
		return parse_vary(s, arg);
	case OPT_PLAN:
		s->plan = arg;
		return 0;
	case OPT_COLLECT:
		s->collect = true;
		return 0;
	}
	o = compare_option(c, o, arg);
	return o == 1 ? usage_error("sweep") : o;
}

/* Text and Markdown show a choice of metrics, files for programs all. */
static int choose_metrics(struct output_options *out)
{
	if (out->metrics_given || out->table.format == TABLE_CSV ||
	    out->table.format == TABLE_JSON)
		return 0;
	return output_option(out, OUT_METRICS, usual_metrics);
}

static int collect(struct sweep *s, char *const *paths, int nr)
{
	int status;

	if (!nr) {
		complain("sweep --collect: expected JSON files or folders");
		return usage_error("sweep");
	}
	status = points_collect(&s->c.ps, paths, nr);
	return status ? status : output_points(&s->c.ps, &s->c.out);
}

static int run_sweep(struct sweep *s, int argc, char **argv)
{
	const char *program = program_invocation_name;
	int status;

	s->c.out.table.points_are_rows = true;
	status = parse_options(argc, argv, "c:j:f:o:h", options, help,
			       parse_one, s);
	if (status >= 0)
		return status;
	if (choose_metrics(&s->c.out))
		return EXIT_BAD;
	if (s->collect)
		return collect(s, argv + optind, argc - optind);
	if (optind + 1 != argc) {
		complain("sweep: expected one TRACE");
		return usage_error("sweep");
	}
	s->c.ps.trace = host_strdup(&cmd_host, argv[optind]);
	if (add_points(s))
		return EXIT_BAD;
	if (!s->plan)
		return compare_run(&s->c);
	/* a mistake shows now, not on every host */
	status = points_load(&s->c.ps, &s->c.run);
	return status ? status : print_plan(s, program);
}

int cmd_sweep(int argc, char **argv)
{
	struct sweep s = {.plan = NULL};
	int status;

	compare_init(&s.c, argc);
	s.axis = host_alloc(&cmd_host, (size_t)argc * sizeof(*s.axis));
	status = run_sweep(&s, argc, argv);
	for (unsigned i = 0; i < s.nr_axes; i++) {
		for (unsigned k = 0; k < s.axis[i].nr; k++)
			free(s.axis[i].value[k]);
		free(s.axis[i].value);
		free(s.axis[i].key);
	}
	free(s.axis);
	compare_free(&s.c);
	return status;
}
