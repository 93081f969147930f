/*
 * check.h - between the check*.c files: scenarios, their runs, their verdicts.
 *
 * A scenario is a trace with its expectations beside it:
 *
 *	DIR/NAME.trace           (or .trace.zst)
 *	DIR/NAME.yaml            may be missing: machine, tags, points ...
 *	DIR/expected/NAME/       the files of its replay: reports, outcomes,
 *	                         stats; messages and exit where there are any
 *
 * With `configs: [a, b]` in its YAML it is two scenarios, NAME@a and NAME@b,
 * with expectations in DIR/expected/NAME/a and .../b.
 */
#ifndef MMEMU_CMD_CHECK_H
#define MMEMU_CMD_CHECK_H

#include "cmd/command.h"
#include "cmd/strings.h"
#include "cmd/text_diff.h"

#include <stdio.h>
#include <sys/types.h>

/* What NAME.yaml says; every string NULL where it says nothing. */
struct scenario_file {
	char *description, *trace, *config, *at, *boot_state, *contents;
	struct strings configs, set, reports, tags, ignore;
	double points; /* < 0: none given */
	uint64_t check;
	bool strict;
};

enum verdict {
	VERDICT_PASS,
	VERDICT_DIFFERS,
	VERDICT_CRASHED, /* the emulator ended by a signal */
	VERDICT_TIMEOUT,
	VERDICT_UPDATED,
	NR_VERDICTS
};
extern const char *const verdict_names[NR_VERDICTS];

struct difference {
	char *file; /* in the folder of expectations */
	struct diff_count lines;
	char *text; /* the diff */
	const char *what; /* "changed", "new", "removed" */
};

struct scenario {
	char *name;	/* DIR/NAME, DIR/NAME@CONFIG */
	char *folder;	/* DIR */
	char *trace;	/* relative to DIR */
	char *config;	/* NULL: the default machine */
	char *expected; /* folder */
	struct scenario_file *file; /* shared by the configs of one */
	/* its run (check_run.c) */
	pid_t pid;
	bool done;
	char *out; /* folder */
	int status; /* of wait() */
	double started, seconds;
	bool timed_out;
	/* what became of it (check_compare.c) */
	enum verdict verdict;
	struct difference *diff;
	unsigned nr_diffs;
};

enum check_format { FORMAT_TEXT, FORMAT_TAP, FORMAT_JUNIT, FORMAT_JSON };

struct check_options {
	bool update, grade, colour;
	enum check_format format;
	unsigned jobs;
	unsigned timeout; /* seconds a scenario */
	unsigned long max_lines; /* of one difference */
	uint64_t check;
	struct strings filters;
	const char *new_name, *config;
	struct strings sets, reports;
};

struct check {
	struct check_options opt;
	struct scenario *scenario;
	unsigned nr, max;
	struct scenario_file **file;
	unsigned nr_files;
	const char *temp; /* folder of all runs */
	double seconds;
	bool failed; /* something could not be written */
};

/* check_yaml.c: 0, or -1 after a message. */
int scenario_read_file(struct scenario_file *f, const char *path);
void scenario_file_free(struct scenario_file *f);

/* check_scenario.c: 0, or -1 after a message. How a scenario's trace may end: */
#define NR_TRACE_SUFFIXES 3
extern const char *const trace_suffixes[NR_TRACE_SUFFIXES];
/* The scenarios at or below path. */
int find_scenarios(struct check *c, const char *path);
bool scenario_wanted(const struct check *c, const struct scenario *s);
void scenarios_free(struct check *c);

/* check_new.c, --new: the trace and its YAML; then it can be found and updated.
 * 0, or -1 after a message. */
int new_scenario(struct check *c, const char *trace);

/* check_run.c: run all; each time the next in order is done, call then().
 * 0, -1 after a message, or EXIT_INTERRUPTED. */
int run_scenarios(struct check *c,
		  void (*then)(struct check *c, struct scenario *s));

/* check_compare.c: the verdict; with --update, expectations are written. 0, or
 * -1 after a message. */
int compare_scenario(struct check *c, struct scenario *s);

/* check_mask.c: text with the fields blanked that a scenario ignores, in *to
 * (to be free()d). false: the whole file is ignored. */
bool mask_text(struct text from, const char *file,
	       const struct strings *ignore, struct text *to);

/* check_print.c */
void print_begin(struct check *c);
void print_scenario(struct check *c, const struct scenario *s, unsigned number);
void print_end(struct check *c);

#endif
