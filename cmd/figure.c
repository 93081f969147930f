/*
 * figure.c - mmemu figure: pictures of the machine at a point of a trace.
 *
 *   options ─► trace and machine (live.h) ─► the point
 *                                              │
 *                  figures[] ─► SVG in memory ─┴─► FILE.svg, .pdf, .png
 *
 * A figure is drawn into memory first: what cannot be drawn leaves no file.
 */
#include "cmd/figure_run.h"
#include "cmd/filter.h"
#include "core/machine.h"
#include "formats/timeline.h"

#include <stdlib.h>
#include <string.h>

/* ---- the point ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "cow.trace, event 8, line 27" */
void figure_where(const struct figure_run *run, const struct live *l, char *buf,
		  size_t size)
{
	const char *mark = l->ev && l->ev->kind == EV_MARK ? l->mark : NULL;

	snprintf(buf, size, "%s, event %llu, line %llu%s%s",
		 base_name(run->live.trace),
		 (unsigned long long)l->event, (unsigned long long)l->line,
		 mark ? ", mark " : "", mark ? mark : "");
}

const struct task_struct *figure_task(const struct machine *m, uint64_t pid)
{
	const struct task_struct *t, *found = NULL;

	for_each_task (t, m)
		if (t->mm && (pid ? t->pid == pid
				  : !found || t->pid < found->pid))
			found = t;
	return found;
}

int figure_find_address(struct figure_run *run, struct live *l)
{
	int ret = EXIT_FINE;

	if (run->address && !run->fig.has_address)
		ret = live_address(l, "--address", run->address,
				   &run->fig.address);
	run->fig.has_address |= run->address && !ret;
	return ret;
}

/* ---- drawing ---- */

/* timeline is a script so far. */
static int draw_by_gnuplot(char **text, size_t *size)
{
	static const char *const argv[] = {"gnuplot", "-", NULL};

	return filter_text(argv, text, size) ? 0 :
		complain("figure timeline: gnuplot could not draw it");
}

int figure_to_file(struct figure_run *run, const struct live *l,
		   const char *path)
{
	struct svg s = run->style;
	int percent = run->enlarge, ret;
	char *text = NULL;
	size_t size;

	if (!run->animate) /* a series has one for all */
		percent = figure_zoom(run->figure, l->m, &run->fig, &s,
				      percent);
	ret = figure_draw(run->figure, l->m, &run->fig, &s, percent, &text);
	if (ret && run->pass_over)
		return EXIT_FINE; /* nothing is drawn */
	if (ret)
		return complain("figure %s: %s", run->figure->name, s.why);
	size = strlen(text);
	if (run->figure->draw == figure_timeline)
		ret = draw_by_gnuplot(&text, &size);
	if (!ret)
		ret = picture_write(path, run->form, text, size);
	run->nr_drawn += !ret;
	free(text);
	return ret;
}

static int draw_at_point(struct figure_run *run, struct live *l)
{
	char where[300];
	int ret = live_to(l, &run->at);

	if (!ret)
		ret = figure_find_address(run, l);
	if (ret)
		return ret;
	figure_where(run, l, where, sizeof(where));
	run->fig.where = where;
	run->fig.task = figure_task(l->m, run->pid);
	if (run->figure->needs_pid && !run->fig.task && run->pass_over)
		return EXIT_FINE;
	if (run->figure->needs_pid && !run->fig.task)
		return run->pid ? complain("figure %s: there is no process %llu at this point",
					   run->figure->name,
					   (unsigned long long)run->pid)
				: complain("figure %s: there is no process at this point",
					   run->figure->name);
	return figure_to_file(run, l, run->output);
}

/* ---- two points ---- */

/* A second machine, which stops earlier. */
static int draw_with_before(struct figure_run *run, struct live *l)
{
	struct trace_point p = run->before;
	struct live earlier;
	char where[300];
	int ret = live_to(l, &run->at);

	if (!ret && p.type == POINT_NONE) {
		if (!l->event)
			return complain("figure %s: there is no event before this point",
					run->figure->name);
		p = (struct trace_point){.type = POINT_EVENT,
					 .n = l->event - 1};
	}
	if (ret)
		return ret;
	ret = live_open(&earlier, &run->live);
	earlier.quiet = true;
	if (!ret)
		ret = live_to(&earlier, &p);
	if (!ret && earlier.event > l->event)
		ret = complain("--before: this point is not before that of --at");
	if (!ret) {
		figure_where(run, &earlier, where, sizeof(where));
		run->fig.before = earlier.m;
		run->fig.before_where = where;
		ret = draw_at_point(run, l);
	}
	live_close(&earlier);
	return ret;
}

/* ---- over time ---- */

static void note_moment(void *ctx, const struct live *l)
{
	struct timeline *tl = ctx;

	if (live_at_event(l))
		timeline_event(tl, l->m, l->event, false);
	else if (l->ev->kind == EV_MARK)
		timeline_mark(tl, l->event, l->mark);
}

static int draw_timeline(struct figure_run *run, struct live *l)
{
	struct timeline tl;
	int ret;

	timeline_init(&tl, &cmd_host);
	timeline_event(&tl, l->m, 0, false);
	l->each = note_moment;
	l->each_ctx = &tl;
	ret = live_to(l, &run->at);
	timeline_event(&tl, l->m, l->event, true);
	run->fig.timeline = &tl;
	if (!ret)
		ret = draw_at_point(run, l);
	timeline_destroy(&tl);
	return ret;
}

int figure_at_point(struct figure_run *run, struct live *l)
{
	if (run->figure->draw == figure_cow)
		return draw_with_before(run, l);
	if (run->figure->draw == figure_timeline)
		return draw_timeline(run, l);
	return draw_at_point(run, l);
}

/* ---- the default point ---- */

struct last_life {
	uint64_t pid, line; /* of the last statement it lived behind */
};

static void note_life(void *ctx, const struct live *l)
{
	struct last_life *life = ctx;

	if (figure_task(l->m, life->pid))
		life->line = l->line;
}

int figure_default_point(struct figure_run *run)
{
	const struct trace_point end = {.type = POINT_NONE};
	struct last_life life = {.pid = run->pid};
	struct live l;
	int ret;

	if (run->at.type != POINT_NONE || !strcmp(run->live.trace, "-"))
		return EXIT_FINE;
	ret = live_open(&l, &run->live);
	if (!ret) {
		l.quiet = true;
		l.each = note_life;
		l.each_ctx = &life;
		ret = live_to(&l, &end);
	}
	if (!ret && life.line && life.line != l.line)
		run->at = (struct trace_point){.type = POINT_LINE,
					       .n = life.line,
					       .name = "the last process"};
	live_close(&l);
	return ret;
}

/* ---- the command ---- */

static int draw_one(struct figure_run *run)
{
	int status = EXIT_FINE;
	struct live l;

	if (run->figure->needs_pid || run->figure->needs_address ||
	    run->figure->draw == figure_sharing)
		status = figure_default_point(run);
	if (status)
		return status;
	status = live_open(&l, &run->live);
	if (!status)
		status = figure_at_point(run, &l);
	if (!status)
		status = live_status(&l);
	live_close(&l);
	return status;
}

int cmd_figure(int argc, char **argv)
{
	size_t sets = (size_t)argc * sizeof(const char *);
	struct figure_run run = {
		.style = {.theme = svg_theme_find("color"),
			  .width = 1280, .height = 720, .font = 16},
		.enlarge = 160,
	};
	int status;

	run.live.sets = host_alloc(&cmd_host, sets);
	status = figure_parse(&run, argc, argv);
	if (status < 0) {
		catch_interrupt();
		status = run.all       ? figure_all(&run)
			 : run.animate ? figure_animate(&run)
				       : draw_one(&run);
	}
	host_free(&cmd_host, run.live.sets, sets);
	return status;
}
