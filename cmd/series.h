/*
 * series.h - counters over time: a row of CSV every N events.
 */
#ifndef MMEMU_CMD_SERIES_H
#define MMEMU_CMD_SERIES_H

#include "cmd/output.h"
#include "formats/metrics.h"
#include "trace/replay.h"

struct series {
	struct output out; /* out.f NULL: none is written */
	uint64_t every, next;
	uint64_t tables_made; /* before the current event */
	uint64_t last_row;    /* events, of the last row */
	struct measured x;
};

/* 0, or -1 after a message. */
int series_open(struct series *s, const char *path, uint64_t every);
/* After each event. */
void series_event(struct series *s, const struct replay *r,
		  const struct event *ev);
/* The row of the end, then keep or drop the file. 0, or -1 after a message. */
int series_close(struct series *s, const struct replay *r, bool keep);

#endif
