/* trace_range.c - points of a trace and what lies between them. */
#include "cmd/trace_range.h"
#include "cmd/command.h"

#include <stdlib.h>
#include <string.h>

int trace_point_parse(struct trace_point *p, const char *option,
		      const char *text)
{
	bool line = !strncmp(text, "line:", 5);
	const char *digits = line ? text + 5 : text;
	char *end;

	p->type = line ? POINT_LINE : POINT_EVENT;
	p->name = text;
	if (*digits >= '0' && *digits <= '9') {
		errno = 0;
		p->n = strtoull(digits, &end, 10);
		if (!errno && !*end && p->n)
			return 0;
	} else if (!line && ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z')) {
		p->type = POINT_MARK;
		return 0;
	}
	return complain("%s %s: expected the number of an event, line:N, or a mark's name",
			option, text);
}

static bool is_mark(const struct trace_point *p, const struct names *names,
		    const struct event *ev)
{
	return ev->kind == EV_MARK &&
	       !strcmp(name_text(names, ev->name), p->name);
}

static bool begins(const struct trace_range *r, const struct names *names,
		   const struct event *ev)
{
	switch (r->from.type) {
	case POINT_EVENT: return r->event >= r->from.n;
	case POINT_LINE: return ev->line >= r->from.n;
	case POINT_MARK: return is_mark(&r->from, names, ev);
	default: return true;
	}
}

/* Is the statement behind the end? Of a mark only those after it. */
static bool is_behind(const struct trace_range *r, const struct event *ev)
{
	bool event = event_types[ev->kind].actor != ACTOR_NONE;

	switch (r->to.type) {
	case POINT_EVENT:
		return r->event > r->to.n || (r->event == r->to.n && !event);
	case POINT_LINE: return ev->line > r->to.n;
	case POINT_MARK: return r->ended;
	default: return false;
	}
}

enum range_place trace_range_place(struct trace_range *r,
				   const struct names *names,
				   const struct event *ev)
{
	if (event_types[ev->kind].actor != ACTOR_NONE)
		r->event++;
	if (is_behind(r, ev)) {
		r->ended = true;
		return RANGE_BEHIND;
	}
	if (r->to.type == POINT_MARK && is_mark(&r->to, names, ev))
		r->ended = true;
	if (!r->begun)
		r->begun = begins(r, names, ev);
	return r->begun ? RANGE_IN : RANGE_BEFORE;
}

int trace_range_complete(const struct trace_range *r, const char *name)
{
	if (r->from.type != POINT_NONE && !r->begun)
		return complain("%s: the trace ends before %s", name,
				r->from.name);
	if (r->to.type == POINT_MARK && !r->ended)
		return complain("%s: the trace has no mark %s", name,
				r->to.name);
	return 0;
}
