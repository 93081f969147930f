/* trace_range.h - parts of a trace: from one point to another, both included. */
#ifndef MMEMU_CMD_TRACE_RANGE_H
#define MMEMU_CMD_TRACE_RANGE_H

#include "trace/event.h"

enum point_type { POINT_NONE, POINT_EVENT, POINT_LINE, POINT_MARK };

struct trace_point {
	enum point_type type;
	uint64_t n;	  /* number of an event, or of a line */
	const char *name; /* of a mark */
};

/* Where a trace has been, for the message about a point that never came. */
struct trace_passed {
	uint64_t event, line;
	char marks[200]; /* the first ones, as words of a sentence */
	bool more_marks;
};

struct trace_range {
	struct trace_point from, to; /* POINT_NONE: the start, the end */
	struct trace_passed passed;
	bool begun, ended;
};

/* N, line:N, or a mark's name. 0, or EXIT_BAD after a message that calls it
 * `option`. */
int trace_point_parse(struct trace_point *p, const char *option,
		      const char *text);
void trace_passed_mark(struct trace_passed *t, const char *mark);
/* The trace has ended and p has not come; EXIT_BAD after a message. */
int complain_point(const char *trace, const struct trace_point *p,
		   const struct trace_passed *t);

enum range_place { RANGE_BEFORE, RANGE_IN, RANGE_BEHIND };
/* Where a statement is; to be asked of each, in order. */
enum range_place trace_range_place(struct trace_range *r,
				   const struct names *names,
				   const struct event *ev);
/* A point that never came: EXIT_BAD after a message; else 0. For the end of a
 * trace. */
int trace_range_complete(const struct trace_range *r, const char *name);

#endif
