/*
 * figure_series.c - mmemu figure --all and --animate: many pictures.
 *
 *   --all      one replay to the point; every kind for the machine, and for
 *              each process and zone of which there can be one:
 *              DIR/slab.svg  DIR/rbtree-100.svg  DIR/buddy-linear-Normal.svg
 *   --animate  the steps are gone through three times: first the figure is only
 *              asked what it would place (figure.h, slots), then how large it
 *              can be, then it is drawn:     DIR/page-table-0001.svg ...
 *
 * What does not apply is left out, not an error: a cache that is not there yet,
 * a process that has gone.
 */
#include "cmd/figure_run.h"
#include "formats/figure_frames.h"
#include "formats/figure_tables.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PROCESSES 16 /* --all draws */

/* ---- --all ---- */

static int to_folder(struct figure_run *run, const struct live *l,
		     const char *suffix)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s%s%s.%s", run->output,
			     run->figure->name, *suffix ? "-" : "", suffix,
			     picture_endings[run->form]) >= sizeof(path))
		return complain("-o %s: the name is too long", run->output);
	if (l)
		return figure_to_file(run, l, path);
	/* a replay of its own */
	{
		const char *folder = run->output;
		struct live own;
		int ret = live_open(&own, &run->live);

		own.quiet = true;
		run->output = path;
		if (!ret)
			ret = figure_at_point(run, &own);
		run->output = folder;
		live_close(&own);
		return ret;
	}
}

/* PIDs of the living, ascending; how many there are. */
static unsigned living(const struct machine *m, uint32_t pid[MAX_PROCESSES])
{
	const struct task_struct *t;
	unsigned n = 0, all = 0;

	for_each_task (t, m) {
		unsigned at = n < MAX_PROCESSES ? n : MAX_PROCESSES - 1;

		if (!t->mm)
			continue;
		all++;
		if (n == MAX_PROCESSES && pid[at] < t->pid)
			continue;
		for (; at && pid[at - 1] > t->pid; at--)
			pid[at] = pid[at - 1];
		pid[at] = t->pid;
		n += n < MAX_PROCESSES;
	}
	return all;
}

static int each_process(struct figure_run *run, const struct live *l,
			bool own_replay)
{
	uint32_t pid[MAX_PROCESSES];
	unsigned n = living(l->m, pid);
	char suffix[16];
	int ret = 0;

	for (unsigned i = 0; !ret && i < n && i < MAX_PROCESSES; i++) {
		if (run->pid && pid[i] != run->pid)
			continue;
		snprintf(suffix, sizeof(suffix), "%u", pid[i]);
		run->fig.task = figure_task(l->m, pid[i]);
		if (own_replay) {
			uint64_t all = run->pid;

			run->pid = pid[i];
			ret = to_folder(run, NULL, suffix);
			run->pid = all;
		} else {
			ret = to_folder(run, l, suffix);
		}
	}
	return ret;
}

static int each_zone(struct figure_run *run, const struct live *l)
{
	const char *only = run->fig.zone;
	const struct zone *z;
	int ret = 0;

	for_each_zone (z, l->m) {
		if (ret || !z->managed_pages || (only && strcmp(only, z->name)))
			continue;
		run->fig.zone = z->name;
		ret = to_folder(run, l, z->name);
	}
	run->fig.zone = only;
	return ret;
}

static int draw_kind(struct figure_run *run, const struct live *l)
{
	if (run->figure->draw == figure_timeline && !in_path("gnuplot"))
		return 0; /* said before */
	if (run->figure->draw == figure_timeline)
		return to_folder(run, NULL, "");
	if (run->figure->needs_pid)
		return each_process(run, l, run->figure->draw == figure_cow);
	if (run->figure->draw == figure_buddy_linear)
		return each_zone(run, l);
	run->fig.task = figure_task(l->m, run->pid);
	return to_folder(run, l, "");
}

static int draw_all(struct figure_run *run, struct live *l)
{
	char where[300];
	uint32_t pid[MAX_PROCESSES];
	int ret = live_to(l, &run->at);
	unsigned n;

	if (!ret)
		ret = figure_find_address(run, l);
	if (ret)
		return ret;
	figure_where(run, l, where, sizeof(where));
	n = living(l->m, pid);
	if (n > MAX_PROCESSES)
		fprintf(stderr, "note: of %u processes the first %u are drawn; --pid names another\n",
			n, MAX_PROCESSES);
	if (!in_path("gnuplot"))
		fprintf(stderr, "note: without timeline, which gnuplot draws (Debian: apt-get install gnuplot-nox)\n");
	run->pass_over = true;
	for (unsigned i = 0; !ret && i < nr_figures; i++) {
		run->figure = &figures[i];
		run->fig.where = where; /* another replay has put its own */
		ret = interrupted ? EXIT_INTERRUPTED : draw_kind(run, l);
	}
	return ret;
}

int figure_all(struct figure_run *run)
{
	struct live l;
	int ret = figure_default_point(run);

	if (ret)
		return ret;
	ret = live_open(&l, &run->live);
	if (!ret)
		ret = draw_all(run, &l);
	if (!ret)
		ret = live_status(&l);
	live_close(&l);
	if (!ret)
		printf("%llu figures in %s\n",
		       (unsigned long long)run->nr_drawn, run->output);
	return ret;
}

/* ---- --animate ---- */

/* The process of the whole series: the first one at its first step; and the
 * address: a label's from where it is bound. */
static void fix_choices(struct figure_run *run, struct live *l)
{
	const struct machine *m = l->m;

	figure_find_address(run, l); /* l is quiet: that it is not yet bound */
	run->fig.task = figure_task(m, run->pid);
	if (!run->pid && run->fig.task)
		run->pid = run->fig.task->pid;
	if (!run->address && !run->fig.has_address &&
	    run->figure->needs_address) {
		run->fig.address = figure_address(m, &run->fig);
		run->fig.has_address = run->fig.address != 0;
	}
}

static bool applies(const struct figure_run *run)
{
	return run->fig.task || !run->figure->needs_pid;
}

/* Drawn to nowhere: what it would place is noted. */
static int note_step(struct figure_run *run, struct live *l)
{
	struct svg s = run->style;
	char *text;

	fix_choices(run, l);
	if (!applies(run))
		return 0;
	figure_draw(run->figure, l->m, &run->fig, &s, 100, &text);
	free(text);
	return 0;
}

/* All steps are shown as large as the one that has the least room. */
static int fit_step(struct figure_run *run, const struct live *l)
{
	struct svg s = run->style;
	int percent;

	run->fig.task = figure_task(l->m, run->pid);
	if (!applies(run))
		return 0;
	percent = figure_zoom(run->figure, l->m, &run->fig, &s, run->enlarge);
	if (percent < 0)
		return complain("%s", s.why);
	run->enlarge = percent;
	return 0;
}

static int draw_step(struct figure_run *run, const struct live *l,
		     uint64_t number)
{
	char where[300], suffix[32];

	figure_where(run, l, where, sizeof(where));
	snprintf(suffix, sizeof(suffix), "%04llu", (unsigned long long)number);
	run->fig.where = where;
	run->fig.task = figure_task(l->m, run->pid);
	return applies(run) ? to_folder(run, l, suffix) : 0;
}

enum pass { NOTE, FIT, DRAW };

/* Once over the steps. */
static int go_through(struct figure_run *run, struct live *l, enum pass pass)
{
	struct trace_range steps = run->steps;
	uint64_t number = 0;
	int ret = 0, more;

	while ((more = live_step(l)) > 0 && !ret && !interrupted) {
		enum range_place place =
			trace_range_place(&steps, &l->names, l->ev);

		if (place == RANGE_BEHIND)
			break;
		if (place == RANGE_BEFORE || !(live_at_event(l) || !number))
			continue;
		number++;
		ret = pass == NOTE  ? note_step(run, l)
		      : pass == FIT ? fit_step(run, l)
				    : draw_step(run, l, number);
	}
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (more < 0)
		return EXIT_BAD;
	return ret ? ret : trace_range_complete(&steps, run->live.trace);
}

static int one_pass(struct figure_run *run, enum pass pass)
{
	struct live l;
	int ret = live_open(&l, &run->live);

	l.quiet = pass != DRAW;
	if (!ret)
		ret = go_through(run, &l, pass);
	l.quiet = false;
	if (!ret) /* never bound: say so */
		ret = figure_find_address(run, &l);
	if (!ret && pass == DRAW)
		ret = live_status(&l);
	live_close(&l);
	return ret;
}

int figure_animate(struct figure_run *run)
{
	struct figure_slots slots = {.host = &cmd_host};
	int ret;

	run->fig.slots = &slots;
	run->pass_over = true;
	ret = one_pass(run, NOTE);
	if (!ret && run->enlarge > 100)
		ret = one_pass(run, FIT);
	if (!ret)
		ret = one_pass(run, DRAW);
	host_free(&cmd_host, slots.slot, slots.max * sizeof(*slots.slot));
	if (!ret && !run->nr_drawn)
		return complain("figure %s: there is nothing to draw from %s to %s",
				run->kind, run->steps.from.name,
				run->steps.to.name);
	if (!ret)
		printf("%llu figures in %s\n",
		       (unsigned long long)run->nr_drawn, run->output);
	return ret;
}
