/*
 * figure.h - the machine as a picture: one row a kind, one function a row.
 *
 * A figure is a pure function of a const machine and options to a canvas; the
 * same machine gives the same bytes. It fits one slide: what there is too much
 * of is counted ("... 1,012 more"), never shrunk; what is little is enlarged
 * (figure_fit.c). Every figure begins with
 * figure_begin(), which draws title and caption and gives the room that is
 * left, and may put a legend at its foot by figure_legend().
 *
 * A series of figures (mmemu figure --animate) keeps things in place by slots:
 * the states are gone through several times, and first each figure only says by
 * figure_slot() what it would like to place; from then on it knows all that ever
 * appears, so each thing has one place over the whole series.
 */
#ifndef MMEMU_FORMATS_FIGURE_H
#define MMEMU_FORMATS_FIGURE_H

#include "core/machine.h"
#include "core/task.h"
#include "formats/lang.h"
#include "formats/svg.h"

enum figure_word {
#define FIGURE_TEXT(key, en, ja) FT_##key,
#include "formats/figure_text.def"
#undef FIGURE_TEXT
	NR_FIGURE_TEXTS
};

/* Things of a series by number, each table sorted. */
enum figure_slot_table {
	LINEAR_SLOTS,  /* buddy-linear: where something begins */
	SPACE_SLOTS,   /* address-space: areas; holes above them */
	HOLE_SLOTS,
	SLAB_SLOTS,    /* slab, free-list: first frames; lengths of the chain */
	CHAIN_SLOTS,
	MAPPED_SLOTS,  /* sharing: frames; those with several pages; PIDs */
	SHARED_SLOTS,
	PROCESS_SLOTS,
	TABLE_SLOTS,   /* page-table: addresses of entries, a table a level */
};

struct figure_slots {
	const struct host_ops *host;
	struct figure_slot {
		uint32_t table;
		uint64_t key;
	} *slot;
	size_t nr, max;
};

struct timeline;

struct figure_options {
	enum lang lang;
	const struct task_struct *task; /* of kinds that need one */
	vaddr_t address;
	bool has_address;   /* else the figure chooses one */
	const char *cache;  /* slab, free-list: NULL: the figure chooses */
	const char *zone;   /* buddy-*, physical-map: NULL: all that have memory */
	const char *where;  /* trace and point, for the caption */
	const struct machine *before; /* cow: the same trace, but earlier */
	const char *before_where;
	const struct timeline *timeline; /* timeline: up to the point */
	struct figure_slots *slots; /* of a series, complete; or NULL */
};

/* 0, or -EINVAL with s->why one line that says why not (figure_cannot). */
typedef int (*figure_fn)(const struct machine *m,
			 const struct figure_options *o, struct svg *s);

struct figure {
	const char *name;
	bool needs_pid, needs_address;
	figure_fn draw;
	const char *title; /* one line for --help */
};

extern const struct figure figures[];
extern const unsigned nr_figures;
const struct figure *figure_find(const char *name);

/* ---- figure_fit.c ---- */
/* The figure as SVG (timeline: as its script), for free(), shown at so many
 * percent of its size; 0, or -EINVAL, with s->why. */
int figure_draw(const struct figure *f, const struct machine *m,
		const struct figure_options *o, struct svg *s, int percent,
		char **text);
/* How many it has room for without saying less: from 100 to most. */
int figure_zoom(const struct figure *f, const struct machine *m,
		const struct figure_options *o, struct svg *s, int most);

#define FIGURE(fn, name, needs_pid, needs_address, title)              \
	int fn(const struct machine *m, const struct figure_options *o, \
	       struct svg *s);
#include "formats/figures.def"
#undef FIGURE

/* ---- for the figures ---- */

/* A text in the language of the options; some are formats of printf. */
const char *figure_text(const struct figure_options *o, enum figure_word word);
/* Title and caption; the room below them. */
struct svg_box figure_begin(struct svg *s, const struct machine *m,
			    const struct figure_options *o, const char *title);
void figure_end(struct svg *s);
__attribute__((format(printf, 2, 3))) int figure_cannot(struct svg *s,
							const char *fmt, ...);

struct figure_key {
	enum svg_fill fill;
	const char *text;
};
/* Samples with their words along the foot of the room, which shrinks. */
void figure_legend(struct svg *s, struct svg_box *room,
		   const struct figure_key *key, unsigned nr);
/* A line of words at the foot of the room, which shrinks. */
__attribute__((format(printf, 3, 4))) void
figure_note(struct svg *s, struct svg_box *room, const char *fmt, ...);

/* ---- slots ---- */
void figure_slot(struct figure_slots *slots, uint32_t table, uint64_t key);
/* All of a table, in order: how many; *first the first of them. */
size_t figure_slots_of(const struct figure_slots *slots, uint32_t table,
		       const struct figure_slot **first);

/* The place of a thing whose turn is `now` among `n`: in a series, its place in
 * the whole series. And how many places there are. Each thing is noted. */
size_t figure_place(const struct figure_options *o, uint32_t table,
		    uint64_t key, size_t now);
size_t figure_places(const struct figure_options *o, uint32_t table, size_t n);

#endif
