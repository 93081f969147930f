/* figure_run.h - between the figure*.c files of cmd/. */
#ifndef MMEMU_CMD_FIGURE_RUN_H
#define MMEMU_CMD_FIGURE_RUN_H

#include "cmd/live.h"
#include "cmd/picture.h"
#include "formats/figure.h"

struct figure_run {
	const char *kind, *output; /* a file; --all, --animate: a folder */
	const char *address; /* as it was given; a label is known at a point */
	struct live_options live;
	struct trace_point at, before;
	struct trace_range steps; /* --animate */
	bool all, animate, form_set;
	bool pass_over; /* what cannot be drawn here is no error */
	uint64_t nr_drawn;
	uint64_t pid; /* 0: the figure's choice */
	const struct figure *figure;
	struct figure_options fig;
	struct svg style; /* theme, size, font */
	int enlarge;	  /* to so many percent where there is room */
	enum picture_form form;
};

/* figure_options.c: -1: go on, else the exit status. */
int figure_parse(struct figure_run *run, int argc, char **argv);

/* figure.c; EXIT_* after a message. The machine of l, which stands at its
 * point, into a file: */
int figure_to_file(struct figure_run *run, const struct live *l,
		   const char *path);
/* Replay to the point first, in whatever way the kind needs it. */
int figure_at_point(struct figure_run *run, struct live *l);
/* The caption's words for where l is. */
void figure_where(const struct figure_run *run, const struct live *l, char *buf,
		  size_t size);
/* The process with this PID, or (0) the one with the lowest. NULL: none. */
const struct task_struct *figure_task(const struct machine *m, uint64_t pid);
/* --address, as its label is bound where l is. */
int figure_find_address(struct figure_run *run, struct live *l);
/* Without --at: the end, or where the last process lived (of this PID). */
int figure_default_point(struct figure_run *run);

/* figure_series.c */
int figure_all(struct figure_run *run);
int figure_animate(struct figure_run *run);

#endif
