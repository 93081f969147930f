/* trace_range.c - points of a trace and what lies between them. */
#include "cmd/trace_range.h"
#include "cmd/command.h"
#include "cmd/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trace_point_parse(struct trace_point *p, const char *option,
		      const char *text)
{
	bool line = !strncmp(text, "line:", 5);
	const char *digits = line ? text + 5 : text;

	p->type = line ? POINT_LINE : POINT_EVENT;
	p->name = text;
	if (parse_number(digits, 1, UINT64_MAX, &p->n))
		return 0;
	if (!line && ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z')) {
		p->type = POINT_MARK;
		return 0;
	}
	return complain("%s %s: expected the number of an event, line:N, or a mark's name",
			option, text);
}

/* Is it one of "A, B, C"? */
static bool is_listed(const char *list, const char *mark)
{
	size_t n = strlen(mark);

	for (const char *p = list; (p = strstr(p, mark)); p++)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

void trace_passed_mark(struct trace_passed *t, const char *mark)
{
	size_t len = strlen(t->marks);

	if (t->more_marks || is_listed(t->marks, mark))
		return;
	if (len + strlen(mark) + 3 > sizeof(t->marks)) {
		t->more_marks = true;
		return;
	}
	snprintf(t->marks + len, sizeof(t->marks) - len, "%s%s",
		 len ? ", " : "", mark);
}

int complain_point(const char *trace, const struct trace_point *p,
		   const struct trace_passed *t)
{
	if (p->type == POINT_EVENT)
		return complain("%s: the trace ends with event %llu, before event %llu",
				trace, (unsigned long long)t->event,
				(unsigned long long)p->n);
	if (p->type == POINT_LINE)
		return complain("%s: the trace ends with line %llu, before line %llu",
				trace, (unsigned long long)t->line,
				(unsigned long long)p->n);
	if (!t->marks[0])
		return complain("%s: there is no mark %s in it, nor any other",
				trace, p->name);
	return complain("%s: there is no mark %s in it, but %s%s", trace,
			p->name, t->marks, t->more_marks ? " ..." : "");
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
	case POINT_EVENT: return r->passed.event >= r->from.n;
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
		return r->passed.event > r->to.n || (r->passed.event == r->to.n && !event);
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
		r->passed.event++;
	if (ev->kind == EV_MARK)
		trace_passed_mark(&r->passed, name_text(names, ev->name));
	r->passed.line = ev->line;
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
		return complain_point(name, &r->from, &r->passed);
	if (r->to.type == POINT_MARK && !r->ended)
		return complain_point(name, &r->to, &r->passed);
	return 0;
}
