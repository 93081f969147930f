/* replay.h - between the replay*.c files of cmd/. */
#ifndef MMEMU_CMD_REPLAY_H
#define MMEMU_CMD_REPLAY_H

#include "cmd/live.h"
#include "cmd/output.h"
#include "cmd/references.h"
#include "cmd/series.h"
#include "cmd/trace_range.h"

/* -r KIND[=PID|=CACHE][:FILE] */
struct final_report {
	const char *kind;
	uint32_t pid;
	const char *cache; /* slabinfo: this row alone; NULL: all of them */
	const char *file; /* NULL: by its name */
};

/* --save-state [MARK=]FILE */
struct saved_state {
	const char *mark; /* NULL: at the end */
	const char *file;
	bool done;
};

struct replay_options {
	struct live_options live; /* the trace and its machine */
	const char *outcomes, *folder, *procfs, *kernel_log;
	struct final_report *reports;
	unsigned nr_reports;
	struct saved_state *states;
	unsigned nr_states;
	struct trace_point at; /* POINT_NONE: the end */
	bool interactive, stats, no_speed, json, salvage, one_thread;
	const char *series; /* file, and how often */
	uint64_t series_every;
	uint64_t check; /* every so many events; 0: never */
};

struct replay_run {
	struct replay_options opt;
	struct names names;
	struct trace_reader reader;
	uint64_t line; /* of the statement replayed last */
	struct trace_passed passed;
	struct machine *m;
	struct replay replay;
	struct output log[2]; /* --outcomes, DIR/outcomes */
	struct output kernel_log;
	struct series series;
	struct reference_string references; /* for has_policy(m) */
	uint64_t stop_line, stop_event, next_check;
	bool reached, failed;
	uint64_t nr_messages, nr_broken;
	bool terminal, progress_shown;
	double started, next_progress;
};

/* replay_options.c: -1: go on, else the exit status. */
int replay_parse(struct replay_options *opt, int argc, char **argv);
void replay_options_free(struct replay_options *opt);

/* replay_output.c: 0, or -1 (EXIT_BAD) after a message. */
char *in_folder(const char *folder, const char *name); /* to be free()d */
/* as NULL: by its name (line 0: KIND[.PID], else LINE.KIND[.PID]). */
int write_report(struct replay_run *run, const char *kind,
		 const struct task_struct *task, const char *as, uint64_t line);
/* To standard output, under its heading; line 0: none is named. */
struct report;
void print_report(const struct machine *m, const struct report *r,
		  const struct task_struct *task, uint64_t line, bool json);
int final_report(struct replay_run *run, const struct final_report *fr);
void save_states(struct replay_run *run, const char *mark);
int write_procfs(struct replay_run *run);
void print_stats(struct replay_run *run, FILE *out);

#endif
