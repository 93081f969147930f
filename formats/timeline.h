/*
 * timeline.h - a machine over time: free memory, RSS by process, faults,
 * fragmentation, marks.
 *
 * Who drives the machine says when an event is done; what is kept does not grow
 * with the trace: when the room for points is full, every second one goes, and
 * from then on they are taken half as often.
 */
#ifndef MMEMU_FORMATS_TIMELINE_H
#define MMEMU_FORMATS_TIMELINE_H

#include "core/machine.h"
#include "core/task.h"
#include "formats/metrics.h"

#define TIMELINE_POINTS 1024u
#define TIMELINE_PROCESSES 32u /* the first ones; others are counted */
#define TIMELINE_MARKS 64u
#define TIMELINE_NO_PROCESS UINT64_MAX

struct timeline_point {
	uint64_t event;
	uint64_t free, swap;   /* bytes */
	uint64_t minor, major; /* faults so far */
	double unusable[2];    /* percent, for orders 4 and 10; may be NAN */
	uint64_t rss[TIMELINE_PROCESSES]; /* bytes, or TIMELINE_NO_PROCESS */
};

struct timeline {
	const struct host_ops *host;
	struct timeline_point *point; /* TIMELINE_POINTS and one */
	unsigned nr, every;
	struct timeline_process {
		uint32_t pid;
		char comm[TASK_COMM_LEN];
		uint64_t peak;
	} process[TIMELINE_PROCESSES];
	unsigned nr_processes;
	uint64_t other_processes;
	struct timeline_mark {
		uint64_t event;
		char name[32];
	} mark[TIMELINE_MARKS];
	unsigned nr_marks;
	uint64_t other_marks;
};

void timeline_init(struct timeline *tl, const struct host_ops *host);
/* After each event, in order; last: there will be no other. */
void timeline_event(struct timeline *tl, const struct machine *m,
		    uint64_t event, bool last);
void timeline_mark(struct timeline *tl, uint64_t event, const char *name);
void timeline_destroy(struct timeline *tl);

#endif
