/*
 * explain.h - what the kernel did, as a story of calls, and what it changed.
 *
 * An observer that collects what the machine tells (core/observer.h) while
 * something happens, as a tree; and a look at the machine before and after it.
 * The rules are the machine's alone: here is only how to say it.
 *
 *	explain_init(&e, m);
 *	explain_start(&e);      what happens now ...
 *	explain_stop(&e);       ... until here
 *	explain_text(&e, LANG_EN, 0, stdout);
 *	explain_changes_text(&e, LANG_EN, stdout);
 *	explain_destroy(&e);
 *
 * Groups of up to four told things that repeat, values aside, are kept twice
 * and counted from then on: "... 1,012 more of the same".
 */
#ifndef MMEMU_FORMATS_EXPLAIN_H
#define MMEMU_FORMATS_EXPLAIN_H

#include "core/machine.h"
#include "formats/lang.h"

#include <stdio.h>

#define STORY_MAX_DEPTH 64u
#define STORY_MAX_PERIOD 4u
#define STORY_RECENT (3 * STORY_MAX_PERIOD + 1)

/* One told thing, in the order told; depth says below which. */
struct story_node {
	const char *func;
	uint64_t v[4];
	uint32_t hash;	 /* of what it is, with all below it, values aside */
	uint32_t more;	 /* so often once more, with the period - 1 before it */
	uint16_t depth;
	uint8_t kind;	 /* enum observation_kind */
	uint8_t period;
};

/* An open call: the last of its children, for folding. */
struct story_level {
	uint32_t self;	 /* its node; none for the outermost */
	uint32_t hash;
	uint32_t nr;	 /* of recent[] */
	struct {
		uint32_t node, hash_before;
	} recent[STORY_RECENT];
};

/* An entry that was written, as it was at first and is now. */
struct entry_change {
	uint64_t mm, addr, old, new;
	uint32_t order;
};

struct snapshot;

struct explain {
	struct machine *m;
	struct observer observer;
	struct story_node *node;
	uint32_t nr, max;
	uint64_t lost; /* told after there were too many */
	uint32_t lost_depth;
	uint32_t depth; /* open calls */
	struct story_level level[STORY_MAX_DEPTH + 1];
	struct entry_change *entry;
	uint32_t nr_entries, max_entries;
	uint64_t lost_entries;
	struct snapshot *before, *after;
};

/* => no other observer is attached between start and stop */
void explain_init(struct explain *e, struct machine *m);
void explain_start(struct explain *e);
void explain_stop(struct explain *e);
void explain_destroy(struct explain *e);

/* Did the kernel do anything at all? */
static inline bool explain_is_empty(const struct explain *e)
{
	return !e->nr;
}

/* One line a call or told value, indented; depth 0: all of it, else so many
 * levels. */
void explain_text(const struct explain *e, enum lang lang, unsigned depth,
		  FILE *out);
/* [{"kind", "func", "text", "depth", "more", "period", "children": [...]}, ...]
 * without a newline. more and period only where something is folded behind it. */
void explain_json(const struct explain *e, enum lang lang, FILE *out);

/* What is otherwise than before, a line each. Frames, areas, page-table entries,
 * counters of processes, zones and caches. */
void explain_changes_text(const struct explain *e, enum lang lang, FILE *out);
/* [{"kind", "text", "pid"?, "address"?, "frame"?, "frames"?}, ...] */
void explain_changes_json(const struct explain *e, enum lang lang, FILE *out);

/* ---- between the explain*.c files ---- */

/* What a node says, without its function: values by the tables of words. */
void explain_words(const struct machine *m, const struct story_node *node,
		   enum lang lang, FILE *out);
void write_vm_flags(uint64_t flags, FILE *out); /* "rw-p growsdown" */

struct snapshot *snapshot_take(const struct machine *m);
void snapshot_drop(const struct machine *m, struct snapshot *s);

#endif
