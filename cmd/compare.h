/* compare.h - between mmemu compare and mmemu sweep: their command lines. */
#ifndef MMEMU_CMD_COMPARE_H
#define MMEMU_CMD_COMPARE_H

#include "cmd/points.h"

struct output_options {
	struct table_options table;
	unsigned *metric; /* table.metric, to be free()d */
	const char *path; /* NULL: standard output */
	const char *chart;
	unsigned chart_metric;
	bool metrics_given;
};
/* -f, -o, --metrics, --chart, --chart-metric. 1: it was none of them. */
int output_option(struct output_options *out, int opt, const char *arg);
int output_points(const struct points *ps, struct output_options *out);
struct compare {
	struct points ps;
	struct run_options run;
	struct output_options out;
	const char *config, *tlb;
	const char **set, **with;
	unsigned nr_set, nr_with;
	unsigned index, total; /* --point */
};

/* The options of both commands, the output's too. 1: it was none of them. */
int compare_option(struct compare *c, int opt, const char *arg);
void compare_init(struct compare *c, int argc);
void compare_free(struct compare *c);
/* A machine as --with has it: "NAME", "NAME,K=V,K=V" or "K=V,K=V". */
void compare_add(struct compare *c, const char *spec);
/* Load, run, write. */
int compare_run(struct compare *c);

#define COMPARE_LONG_OPTIONS                               \
	{"config", required_argument, NULL, 'c'},          \
	{"set", required_argument, NULL, COMPARE_SET},         \
	{"tlb", required_argument, NULL, COMPARE_TLB},         \
	{"no-tlb", no_argument, NULL, COMPARE_NO_TLB},         \
	{"rebase", no_argument, NULL, COMPARE_REBASE},         \
	{"root", required_argument, NULL, COMPARE_ROOT},       \
	{"jobs", required_argument, NULL, 'j'},            \
	{"format", required_argument, NULL, 'f'},          \
	{"json", no_argument, NULL, OUT_JSON},             \
	{"csv", no_argument, NULL, OUT_CSV},               \
	{"markdown", no_argument, NULL, OUT_MARKDOWN},     \
	{"output", required_argument, NULL, 'o'},          \
	{"metrics", required_argument, NULL, OUT_METRICS}, \
	{"chart", required_argument, NULL, OUT_CHART},     \
	{"chart-metric", required_argument, NULL, OUT_CHART_METRIC}
enum {
	OUT_JSON = 512, OUT_CSV, OUT_MARKDOWN, OUT_METRICS, OUT_CHART,
	OUT_CHART_METRIC, COMPARE_SET, COMPARE_TLB, COMPARE_NO_TLB,
	COMPARE_REBASE, COMPARE_ROOT,
};
#define OUTPUT_HELP \
	"  -f, --format text|md|csv|json  how to write the table (--json, --csv, --markdown)\n" \
	"  -o, --output FILE         write it there\n"                      \
	"      --metrics A,B,C*      which metrics (mmemu compare --list)\n" \
	"      --chart FILE.svg|.pdf draw one metric with gnuplot\n"        \
	"      --chart-metric KEY    which one\n"

#endif
