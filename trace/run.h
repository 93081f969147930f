/*
 * run.h - many plain accesses of one process, behind each other.
 *
 * Traces are mostly accesses with an address and a length and nothing else. The
 * binary reader hands them out by the thousand, a word each, so that the replay
 * can look at them without a call.
 */
#ifndef MMEMU_TRACE_RUN_H
#define MMEMU_TRACE_RUN_H

#include "trace/event.h"

/* A plain access: address, kind, length. */
#define ACC_ADDR_BITS 48
#define ACC_ADDR_MASK (((uint64_t)1 << ACC_ADDR_BITS) - 1)
#define ACC_LEN_SHIFT 50
#define ACC_LEN_MAX 8191u
static inline uint64_t acc_pack(uint64_t addr, unsigned kind, uint64_t len)
{
	return addr | (uint64_t)kind << ACC_ADDR_BITS | len << ACC_LEN_SHIFT;
}
static inline uint64_t acc_addr(uint64_t acc)
{
	return acc & ACC_ADDR_MASK;
}
/* EV_READ, EV_WRITE, EV_FETCH: the numbers of enum access_kind too. */
static inline unsigned acc_kind(uint64_t acc)
{
	return (unsigned)(acc >> ACC_ADDR_BITS) & 3u;
}
/* 0: none was given, which means 1. */
static inline uint64_t acc_len(uint64_t acc)
{
	return acc >> ACC_LEN_SHIFT;
}

/*
 * A turn is an access whose page (of its first byte) is not that of the access
 * of the same kind before it, or that reaches into another page. All others do
 * what the one before them did, as long as that page's entry stays as it is.
 */
#define RUN_MAX 16384u /* accesses */

struct access_run {
	uint32_t pid;
	uint32_t n, nr_turns;
	uint64_t line;	      /* of acc[0]; the others' follow */
	const uint64_t *acc;
	const uint16_t *turn; /* ascending; the first of a kind is one */
	uint32_t count[3];    /* by kind */
};

/* acc[i] as an event. */
static inline void run_event(const struct access_run *run, uint32_t i,
			     struct event *ev)
{
	uint64_t acc = run->acc[i], len = acc_len(acc);

	ev->kind = (uint8_t)acc_kind(acc);
	ev->has = 1 << X_ADDR;
	ev->pid = run->pid;
	ev->line = run->line + i;
	ev->x[X_ADDR] = (struct quantity){acc_addr(acc), 0, 0};
	if (len) {
		ev->has |= 1 << X_LEN;
		ev->x[X_LEN] = (struct quantity){len, 0, 0};
	}
	ev->flags = 0;
	ev->expect = 0;
	ev->bind = 0;
}

#endif
