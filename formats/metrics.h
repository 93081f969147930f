/*
 * metrics.h - a machine in numbers: one row a metric, for tables and series.
 */
#ifndef MMEMU_FORMATS_METRICS_H
#define MMEMU_FORMATS_METRICS_H

#include "core/machine.h"

#include <stdio.h>

enum metric_unit { UNIT_COUNT, UNIT_BYTES, UNIT_PERCENT, UNIT_RATIO };

/* What only the one who drives the machine can know. */
struct measured {
	/* at the event after which most tables existed (of several: the one
	 * with most entries used) */
	uint64_t peak_tables[PG_MAX_LEVELS], peak_ptes, peak_live;
	uint64_t peak_large;  /* large pages then */
	uint64_t fork_tables; /* made during fork events */
	uint64_t events, failed, signals;
	/* of the configuration's rule beside the machine; none: 0, 0 */
	uint64_t references, policy_faults;
};

/* After each event. */
static inline void measure_peak(struct measured *x, const struct machine *m)
{
	uint64_t live = m->stats.tables_allocated - m->stats.tables_freed;

	if (likely(live < x->peak_live ||
		   (live == x->peak_live && m->stats.ptes_used <= x->peak_ptes)))
		return;
	x->peak_live = live;
	x->peak_ptes = m->stats.ptes_used;
	x->peak_large = m->stats.large_pages;
	for (unsigned i = 0; i < PG_MAX_LEVELS; i++)
		x->peak_tables[i] = m->stats.tables_by_level[i];
}

struct metric {
	const char *key, *title;
	enum metric_unit unit;
	double (*value)(const struct machine *m, const struct measured *x);
};
extern const struct metric metrics[];
extern const unsigned nr_metrics;
/* Its place in metrics[], or -1. */
int metric_find(const char *key);

/* For people: "12 KiB", "98.44 %", "1048576", "-" where there is none. */
void metric_print(const struct metric *m, double v, char *buf, size_t size);
/* For programs: digits that read back as the same number; "" or null for NAN
 * is the caller's. */
void metric_number(double v, char *buf, size_t size);

#endif
