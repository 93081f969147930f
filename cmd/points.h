/*
 * points.h - many machines, one trace: what compare and sweep share.
 *
 * A point is a configuration and, after the run, its metrics. Points are
 * independent of each other, so the result does not depend on how many threads
 * ran them.
 */
#ifndef MMEMU_CMD_POINTS_H
#define MMEMU_CMD_POINTS_H

#include "cmd/command.h"
#include "cmd/config.h"
#include "formats/metrics.h"

struct point {
	char *name;	    /* the column's or row's heading */
	char *config;	    /* profile or file; NULL: the default */
	char **sets;	    /* KEY=VALUE, in order */
	unsigned nr_sets;
	unsigned index;	    /* its place among all points, from 1 */
	struct machine_config *cfg;
	double *value;	    /* by metric */
	bool done, misfit;
	uint64_t nr_wrong;  /* mismatches, BUGs */
	uint64_t nr_orphans; /* events of processes that were dead */
	char message[320];  /* the first thing that went wrong */
};

struct points {
	struct point *point;
	unsigned nr;
	unsigned total;	    /* of the whole sweep; nr or more */
	char *trace;
};

struct point *points_add(struct points *ps, const char *name,
			 const char *config);
void point_set(struct point *p, const char *set);
void points_free(struct points *ps);

struct run_options {
	unsigned jobs; /* threads; 0: as many as there are CPUs */
	bool rebase, quiet, no_tlb;
	const char *root;
};

/* Load every configuration, then run them all. EXIT_FINE, EXIT_WRONG,
 * EXIT_BAD or EXIT_INTERRUPTED, after messages. */
int points_load(struct points *ps, const struct run_options *opt);
int points_run(struct points *ps, const struct run_options *opt);

/* ---- results as text (table.c) ---- */
enum table_format { TABLE_TEXT, TABLE_MARKDOWN, TABLE_CSV, TABLE_JSON };

struct table_options {
	enum table_format format;
	bool points_are_rows; /* sweep's way; else a column each */
	bool ratios;	      /* each value divided by the first point's */
	const unsigned *metric; /* which, by number; NULL: all */
	unsigned nr_metrics;
};
/* "text", "md", "csv", "json". -1: no such format. */
int table_format_find(const char *name);
void table_write(const struct points *ps, const struct table_options *opt,
		 FILE *out);
/* "a,b,tlb.*" as numbers of metrics; NULL after a message. free() it. */
unsigned *metrics_parse(const char *list, unsigned *nr);

/* ---- a chart by gnuplot (chart.c) ---- */
/* Is there a gnuplot, and is FILE's ending one it can write? EXIT_BAD after a
 * message. */
int chart_possible(const char *path);
int chart_write(const struct points *ps, unsigned metric, const char *path);

/* ---- merging (collect.c) ---- */
/* Points of JSON files (folders: all that end in .json). EXIT_BAD after a
 * message. */
int points_collect(struct points *ps, char *const *paths, int nr);

#endif
