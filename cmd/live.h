/*
 * live.h - a trace on a machine, statement by statement, with the machine to
 * look at in between.
 *
 * live_open() makes the machine of the options and opens the trace; live_step()
 * does one more statement; live_to() goes on to a point. Whatever draws,
 * explains or asks looks at l->m.
 *
 *	if (!live_open(&l, &options) && !live_to(&l, &point))
 *		look_at(l.m);
 *	live_close(&l);
 */
#ifndef MMEMU_CMD_LIVE_H
#define MMEMU_CMD_LIVE_H

#include "cmd/command.h"
#include "cmd/trace_range.h"
#include "core/config.h"
#include "trace/reader.h"
#include "trace/replay.h"

/* A trace and its machine. The trace must be given, all else may be 0. */
struct live_options {
	const char *trace;  /* - is standard input */
	const char *config; /* NULL: the default profile */
	const char **sets;  /* KEY=VALUE, in order */
	unsigned nr_sets;
	const char *root;	/* exec reads real files below it */
	const char *boot_state; /* the allocators begin as in this file */
	const char *tlb_model;	/* NULL: the configuration's */
	bool tlb, rebase, strict, contents_set;
	enum contents_mode contents; /* if contents_set */
};

/* What `-> LABEL` stands for. */
struct label_value {
	uint64_t value;
	bool bound; /* false: its event failed, or there was none */
};

struct live {
	struct machine *m;
	struct names names;
	struct trace_reader reader;
	struct replay replay;
	/* of the statement done last; NULL and 0 before the first */
	const struct event *ev;
	const struct outcome *outcome; /* NULL: it has none */
	const struct task_struct *report_task; /* a `report` of a process */
	uint64_t line;
	uint64_t event;	  /* events done */
	const char *mark; /* the last one passed, or NULL */
	bool ended;	  /* there is no further statement */
	bool quiet;	  /* the caller may set it: no messages about events */
	/* and these: called after each statement that live_to() does */
	void (*each)(void *ctx, const struct live *l);
	void *each_ctx;
	/* the rest is live.c's */
	struct trace_passed passed;
	struct label_value *label; /* by name id */
	uint32_t nr_labels;
	struct event done;
	struct outcome result;
	const struct event *next;
	uint8_t *bytes; /* of done's string and of result's mismatch */
	size_t nr_bytes;
	int status;
};

/*
 * EXIT_FINE, or EXIT_BAD after a message. *l must stay where it is (hooks point
 * to it); live_close() follows either way.
 */
int live_open(struct live *l, const struct live_options *o);
/* Do one more statement. 1: done; 0: the trace has ended (or stopped: --strict,
 * an address that does not fit); -1: it cannot be read, after a message. */
int live_step(struct live *l);
/* The statement that comes next, or NULL where live_step() does none. */
const struct event *live_peek(struct live *l);
/* On, up to and with event N, line N (the last statement up to it) or a mark;
 * POINT_NONE: to the end. EXIT_FINE; EXIT_BAD after a message if the trace
 * cannot be read or ends before the point; EXIT_INTERRUPTED. */
int live_to(struct live *l, const struct trace_point *p);
/* Does the statement done last count as an event? */
bool live_at_event(const struct live *l);
/* An address as a trace would write it: a number, a label as it is bound here,
 * or a sum. EXIT_FINE, or EXIT_BAD and, unless l->quiet, a message that calls
 * it `option`. */
int live_address(struct live *l, const char *option, const char *text,
		 uint64_t *addr);
/* What replaying as far as here is worth as an exit status. */
int live_status(const struct live *l);
void live_close(struct live *l);

/* ---- shared with mmemu replay ---- */

/* The machine of the options, for a trace just opened. EXIT_FINE, or EXIT_BAD
 * after a message. */
int boot_machine(const struct live_options *o, struct trace_reader *reader,
		 struct machine **m);
/* EXIT_FINE, EXIT_WRONG or EXIT_BAD, by what a replay has counted. */
int replay_status(const struct replay *r);
/* "NAME:LINE: TEXT" on standard error. */
void tell_event(const char *name, uint64_t line, const char *text);
void tell_oom_kill(const char *name, uint64_t line,
		   const struct oom_kill *kill);

#endif
