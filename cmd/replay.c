/*
 * replay.c - mmemu replay: a trace, a machine, reports.
 *
 *   options ─► configuration ─► machine ─► [boot state]   (live.c)
 *                                  │
 *   trace ─► event ─► replay_event ┴─► outcomes, reports at their statements
 *              └── until the end, --at, an error, SIGINT
 *                                  │
 *                        final reports, saved states, --stats
 *
 * The outcome log and the final reports appear only if the trace was read to
 * its end (or to --at); reports from before an error stay.
 */
#include "cmd/replay.h"
#include "cmd/interactive.h"
#include "core/machine.h"
#include "formats/oom_report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_MESSAGES 20 /* of one kind of trouble; the rest is counted */
#define HOUSEKEEPING 8192u /* statements between looks at clock and SIGINT */

static void clear_progress(struct replay_run *run)
{
	if (run->progress_shown)
		fputs("\r\033[K", stderr);
	run->progress_shown = false;
}

static void on_message(void *ctx, const struct event *ev, const char *text)
{
	struct replay_run *run = ctx;

	if (run->nr_messages++ >= MAX_MESSAGES)
		return;
	clear_progress(run);
	tell_event(trace_name(&run->reader), ev->line, text);
}

static void on_outcome(void *ctx, const struct event *ev,
		       const struct outcome *o)
{
	struct replay_run *run = ctx;

	for (unsigned i = 0; i < ARRAY_SIZE(run->log); i++)
		if (run->log[i].f)
			outcome_write(o, ev->line, run->log[i].f);
}

/* The kernel's report into its log; one line for whoever watches. */
static void on_oom(void *ctx, const struct machine *m,
		   const struct oom_kill *kill)
{
	struct replay_run *run = ctx;

	if (run->kernel_log.f)
		write_oom_report(m, kill, run->kernel_log.f);
	if (run->nr_messages++ >= MAX_MESSAGES)
		return;
	clear_progress(run);
	tell_oom_kill(trace_name(&run->reader), run->line, kill);
}

static void on_report(void *ctx, const struct event *ev,
		      const struct task_struct *task)
{
	struct replay_run *run = ctx;
	const char *kind = name_text(&run->names, ev->name);
	const char *as = ev->name2 ? name_text(&run->names, ev->name2) : NULL;

	clear_progress(run);
	if (write_report(run, kind, task, as, ev->line))
		run->failed = true;
}

static void on_access(void *ctx, const struct task_struct *task, uint64_t addr,
		      uint64_t len, uint64_t stride)
{
	struct replay_run *run = ctx;

	references_access(&run->references, task, addr, len, stride);
}

static void on_mark(void *ctx, const struct event *ev)
{
	struct replay_run *run = ctx;
	const char *name = name_text(&run->names, ev->name);

	save_states(run, name);
	trace_passed_mark(&run->passed, name);
	if (run->opt.at.type == POINT_MARK && !strcmp(run->opt.at.name, name))
		run->reached = true;
}

static void tell_broken(void *ctx, const char *text)
{
	struct replay_run *run = ctx;

	if (run->nr_broken++ >= MAX_MESSAGES)
		return;
	clear_progress(run);
	fprintf(stderr, "%s:%llu: check: %s\n", trace_name(&run->reader),
		(unsigned long long)run->line, text);
}

static void check_machine(struct replay_run *run)
{
	machine_check(run->m, tell_broken, run);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Is it time for another line of progress? */
static bool progress_due(struct replay_run *run)
{
	double t;

	if (!run->terminal || (t = now()) < run->next_progress)
		return false;
	run->next_progress = t + 0.2;
	run->progress_shown = true;
	return true;
}

static void show_progress(struct replay_run *run)
{
	const struct stream *s = &run->reader.text.stream;

	if (!progress_due(run))
		return;
	if (s->raw_size)
		fprintf(stderr, "\r\033[K%3llu%%  %.1f million events",
			(unsigned long long)(s->raw_read * 100 / s->raw_size),
			(double)run->replay.n.events / 1e6);
	else
		fprintf(stderr, "\r\033[K%.1f million events",
			(double)run->replay.n.events / 1e6);
}

/* In the midst of a long event; true: enough of it. */
static bool in_long_event(void *ctx)
{
	struct replay_run *run = ctx;
	const uint64_t *n = run->m->stats.accesses;

	if (progress_due(run))
		fprintf(stderr, "\r\033[Kin line %llu: %.0f million accesses so far",
			(unsigned long long)run->line,
			(double)(n[0] + n[1] + n[2]) / 1e6);
	return interrupted;
}

/* Does the trace stop in front of this line (--at line:N)? */
static inline bool behind_point(const struct replay_run *run, uint64_t line)
{
	return line > run->stop_line;
}

/* What is looked at between events. false: the replay ends here. */
static bool after_events(struct replay_run *run)
{
	struct replay *r = &run->replay;

	if (unlikely(r->n.events >= run->next_check)) {
		run->next_check = r->n.events + run->opt.check;
		check_machine(run);
		show_progress(run); /* a check takes its time */
	}
	if (unlikely(r->n.events >= run->stop_event))
		run->reached = true;
	return !run->reached && likely(!interrupted);
}

static bool do_event(struct replay_run *run, const struct event *ev)
{
	if (unlikely(behind_point(run, ev->line))) {
		run->reached = true;
		return false;
	}
	run->line = ev->line;
	if (unlikely(!replay_event(&run->replay, ev) || run->failed))
		return false;
	if (unlikely(run->series.out.f))
		series_event(&run->series, &run->replay, ev);
	return after_events(run);
}

/* A series looks at every event. */
static bool do_run_singly(struct replay_run *run,
			  const struct access_run *accesses)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	for (uint32_t i = 0; i < accesses->n; i++) {
		run_event(accesses, i, &ev);
		if (!do_event(run, &ev))
			return false;
	}
	return true;
}

/* A run up to the next point where something is to be looked at, and so on. */
static bool do_run(struct replay_run *run, const struct access_run *accesses)
{
	const struct replay *r = &run->replay;
	uint64_t last_line = accesses->line + accesses->n - 1;
	uint32_t at = 0, n = accesses->n, to;

	if (behind_point(run, last_line))
		n = accesses->line > run->stop_line ?
			    0 :
			    (uint32_t)(run->stop_line - accesses->line + 1);
	while (at < n) {
		uint64_t room = min_t(uint64_t, run->next_check,
				      run->stop_event) - r->n.events;

		to = room < n - at ? at + (uint32_t)room : n;
		run->line = accesses->line + to - 1;
		if (replay_run(&run->replay, accesses, at, to) < to ||
		    run->failed || !after_events(run))
			return false;
		at = to;
	}
	run->reached |= n < accesses->n;
	return !run->reached;
}

/* The last lines of a trace may have no statement. */
static bool past_last_line(const struct replay_run *run)
{
	uint64_t line = run->reader.is_binary ? run->line
					      : run->reader.text.line;

	return run->stop_line != UINT64_MAX && line >= run->stop_line;
}

static void tell_end(struct replay_run *run, int ret)
{
	clear_progress(run);
	if (ret < 0) {
		complain_trace(trace_name(&run->reader), &run->reader.error);
		run->failed = true;
	} else if (*trace_salvaged(&run->reader)) {
		fprintf(stderr, "%s: %s; what is before it was used\n",
			trace_name(&run->reader),
			trace_salvaged(&run->reader));
	}
}

static void read_trace(struct replay_run *run)
{
	uint32_t left = HOUSEKEEPING;
	struct access_run accesses;
	const struct event *ev;
	int ret;

	while ((ret = trace_next_run(&run->reader, &ev, &accesses)) > 0) {
		uint32_t n = ev ? 1 : accesses.n;

		if (unlikely(left <= n)) {
			left = HOUSEKEEPING + n;
			show_progress(run);
			if (interrupted)
				return;
		}
		left -= n;
		if (!(ev		  ? do_event(run, ev)
		      : run->series.out.f ? do_run_singly(run, &accesses)
					  : do_run(run, &accesses)))
			return;
	}
	tell_end(run, ret);
	if (!ret && past_last_line(run))
		run->reached = true;
}

/* ---- start and end ---- */

static int open_logs(struct replay_run *run)
{
	const struct replay_options *opt = &run->opt;

	if (opt->folder && make_folders(opt->folder))
		return -1;
	if (opt->outcomes && output_open(&run->log[0], opt->outcomes))
		return -1;
	if (opt->kernel_log && output_open(&run->kernel_log, opt->kernel_log))
		return -1;
	if (opt->series &&
	    series_open(&run->series, opt->series, opt->series_every))
		return -1;
	if (opt->folder) {
		char *path = in_folder(opt->folder, "outcomes");
		int ret = output_open(&run->log[1], path);

		free(path);
		return ret;
	}
	return 0;
}

static void start_replay(struct replay_run *run)
{
	struct replay_hooks hooks = {.ctx = run,
				     .report = on_report,
				     .mark = on_mark,
				     .message = on_message};

	if (run->log[0].f || run->log[1].f)
		hooks.outcome = on_outcome;
	if (has_policy(run->m))
		hooks.access = on_access;
	replay_init(&run->replay, run->m, &run->names, &hooks);
	run->m->cut_short = in_long_event;
	run->m->cut_ctx = run;
	run->m->oom_notify = on_oom;
	run->m->oom_ctx = run;
	run->replay.strict = run->opt.live.strict;
	run->replay.root = run->opt.live.root;
	run->replay.rebase = run->opt.live.rebase;
	run->stop_line = run->opt.at.type == POINT_LINE ? run->opt.at.n
							: UINT64_MAX;
	run->stop_event = run->opt.at.type == POINT_EVENT ? run->opt.at.n
							  : UINT64_MAX;
	run->next_check = run->opt.check ? run->opt.check : UINT64_MAX;
	if (!run->opt.one_thread)
		trace_ahead(&run->reader);
	if (run->opt.salvage)
		trace_salvage(&run->reader);
	run->terminal = isatty(STDERR_FILENO);
	run->started = now();
	run->next_progress = run->started + 0.5;
}

/* Everything that appears only at a good end. */
static void finish(struct replay_run *run)
{
	const struct replay_options *opt = &run->opt;

	for (unsigned i = 0; i < ARRAY_SIZE(run->log); i++)
		if (output_close(&run->log[i], true))
			run->failed = true;
	if (output_close(&run->kernel_log, true))
		run->failed = true;
	if (series_close(&run->series, &run->replay, true))
		run->failed = true;
	for (unsigned i = 0; i < opt->nr_reports; i++)
		if (final_report(run, &opt->reports[i]))
			run->failed = true;
	save_states(run, NULL);
	if (opt->procfs && write_procfs(run))
		run->failed = true;
}

static int exit_status(struct replay_run *run)
{
	if (run->nr_messages > MAX_MESSAGES)
		fprintf(stderr, "%s: ... and %llu more\n",
			trace_name(&run->reader),
			(unsigned long long)(run->nr_messages - MAX_MESSAGES));
	if (run->failed)
		return EXIT_BAD;
	if (run->nr_broken && replay_status(&run->replay) == EXIT_FINE)
		return EXIT_WRONG;
	return replay_status(&run->replay);
}

/* Not among the stats: these are the same for everyone, the time is not. */
static void tell_speed(const struct replay_run *run, double seconds)
{
	double n = (double)run->replay.n.events;

	fflush(stdout);
	fprintf(stderr, "%.0f events in %.3f s, %.2f million a second\n", n,
		seconds, seconds > 0 ? n / seconds / 1e6 : 0);
}

/* One line for those who did not ask for the outcomes and perhaps should: a
 * failed call is no fault of the replay, but it changes a story. */
static void tell_troubles(const struct replay_run *run)
{
	const struct replay_counts *n = &run->replay.n;
	uint64_t deaths = n->signals - n->handled_signals;

	if (run->opt.stats || run->opt.outcomes || run->opt.folder ||
	    replay_found_wrong(&run->replay) || n->not_emulated ||
	    !(n->failed | deaths | n->orphans))
		return;
	fflush(stdout);
	fprintf(stderr,
		"note: %llu failed calls, %llu signals, %llu orphans; "
		"--outcomes - shows each\n",
		(unsigned long long)n->failed, (unsigned long long)deaths,
		(unsigned long long)n->orphans);
}

static int run_replay(struct replay_run *run)
{
	double started = now();

	catch_interrupt();
	run->reader.text.stream.stop = &interrupted;
	start_replay(run);
	read_trace(run);
	clear_progress(run);
	if (interrupted) {
		fprintf(stderr, "interrupted at line %llu\n",
			(unsigned long long)run->line);
		print_stats(run, stderr);
		return EXIT_INTERRUPTED;
	}
	if (run->opt.check && !run->failed)
		check_machine(run);
	if (run->opt.at.type != POINT_NONE && !run->reached && !run->failed &&
	    !run->replay.misfit && !run->replay.stopped) {
		run->passed.event = run->replay.n.events;
		run->passed.line = run->line;
		complain_point(trace_name(&run->reader), &run->opt.at,
			       &run->passed);
		run->failed = true;
	}
	if (!run->failed && !run->replay.misfit)
		finish(run);
	if (run->opt.stats) {
		print_stats(run, stdout);
		if (!run->opt.no_speed)
			tell_speed(run, now() - started);
	}
	tell_troubles(run);
	return exit_status(run);
}

int cmd_replay(int argc, char **argv)
{
	struct replay_run *run = host_alloc(&cmd_host, sizeof(*run));
	int status = replay_parse(&run->opt, argc, argv);

	if (status < 0 && run->opt.interactive)
		status = replay_interactive(&run->opt.live, run->opt.json);
	if (status >= 0) {
		replay_options_free(&run->opt);
		free(run);
		return status;
	}
	names_init(&run->names, &cmd_host);
	references_init(&run->references, &cmd_host);
	status = EXIT_BAD;
	if (trace_open(&run->reader, &cmd_host, &run->names, run->opt.live.trace))
		complain_trace(run->opt.live.trace, &run->reader.error);
	else if (!boot_machine(&run->opt.live, &run->reader, &run->m) &&
		 !open_logs(run))
		status = run_replay(run);
	for (unsigned i = 0; i < ARRAY_SIZE(run->log); i++)
		output_close(&run->log[i], false);
	output_close(&run->kernel_log, false);
	series_close(&run->series, &run->replay, false);
	if (run->replay.m)
		replay_destroy(&run->replay);
	references_destroy(&run->references);
	machine_destroy(run->m);
	trace_close(&run->reader);
	names_destroy(&run->names);
	replay_options_free(&run->opt);
	free(run);
	return status;
}
