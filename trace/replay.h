/*
 * replay.h - events applied to a machine.
 *
 * replay_event() does one statement and tells what happened through hooks:
 * trace/ writes no report and prints nothing. What a trace gets wrong is an
 * outcome (counted, told), never an error of ours.
 */
#ifndef MMEMU_TRACE_REPLAY_H
#define MMEMU_TRACE_REPLAY_H

#include "core/task.h"
#include "trace/event.h"
#include "trace/outcome.h"
#include "trace/run.h"

struct replay_hooks {
	void *ctx;
	/* A report statement; task NULL for one of the whole machine. The name
	 * of the kind is name_text(names, ev->name). NULL: none are made. */
	void (*report)(void *ctx, const struct event *ev,
		       const struct task_struct *task);
	void (*mark)(void *ctx, const struct event *ev);
	/* Each outcome that has a line in the log. NULL: none is made. */
	void (*outcome)(void *ctx, const struct event *ev,
			const struct outcome *o);
	/* An access of a living process, before it happens: bytes [addr, addr +
	 * len), or every stride-th of them. NULL: nobody wants to know. */
	void (*access)(void *ctx, const struct task_struct *task,
		       uint64_t addr, uint64_t len, uint64_t stride);
	/* One line about an event: a mismatch, a BUG, what is not emulated. */
	void (*message)(void *ctx, const struct event *ev, const char *text);
};

/* `--stats`; what the exit status is made from */
struct replay_counts {
	uint64_t statements, events, accesses, failed, expected_failures,
		mismatches, orphans, signals, handled_signals, oom_kills, bugs,
		not_emulated, minflt, majflt, folded;
	uint64_t by_kind[NR_EVENT_KINDS]; /* statements */
};

struct replay {
	struct machine *m;
	struct names *names;
	struct replay_hooks hooks;
	bool strict;	   /* stop at a failed call or an orphan */
	bool rebase;	   /* fold addresses beyond user space into it */
	const char *root;  /* folder of the real files that exec reads */
	struct replay_counts n;
	bool stopped;	   /* --strict did */
	bool misfit;	   /* an address that the paging format cannot hold */
	/* the rest is the engine's */
	struct task_struct *last; /* the actor of the last access, or NULL */
	uint32_t last_pid;
	struct binding *bindings; /* by name id */
	uint32_t nr_bindings;
};

/* hooks may be NULL. m and names must outlive r. */
void replay_init(struct replay *r, struct machine *m, struct names *names,
		 const struct replay_hooks *hooks);
void replay_destroy(struct replay *r);
/* false: stop here (--strict, or r->misfit). */
bool replay_event(struct replay *r, const struct event *ev);
/*
 * Accesses [from, to) of a run, as replay_event() one by one. Its turns must be
 * those of the machine's page size. Returns the first one that was not done:
 * below `to` if one stopped the replay (--strict).
 */
uint32_t replay_run(struct replay *r, const struct access_run *run,
		    uint32_t from, uint32_t to);
/* Failed checks of the trace itself: mismatches, BUGs, strict stops. */
bool replay_found_wrong(const struct replay *r);

#endif
