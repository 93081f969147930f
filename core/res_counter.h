/*
 * res_counter.h - bytes in use, and how many there may be.
 *
 *	charge 8K to c:   c.usage + 8K <= c.limit ?  then its parent, and so on
 *	                  no: failcnt + 1, what was charged below is given back
 *
 * A counter without a parent stands alone. Linux: kernel/res_counter.c.
 */
#ifndef MMEMU_CORE_RES_COUNTER_H
#define MMEMU_CORE_RES_COUNTER_H

#include "core/types.h"

#define RES_COUNTER_MAX UINT64_MAX /* no limit */

struct res_counter {
	uint64_t usage, max_usage, limit; /* bytes */
	uint64_t failcnt;		  /* charges that the limit refused */
	struct res_counter *parent;
};

void res_counter_init(struct res_counter *c, struct res_counter *parent);
/* NULL, or the counter whose limit is in the way; nothing is charged then. */
struct res_counter *res_counter_charge(struct res_counter *c, uint64_t bytes);
/* Up to, but not in, `top`; NULL: in all of them. */
void res_counter_uncharge_until(struct res_counter *c,
				const struct res_counter *top, uint64_t bytes);
static inline void res_counter_uncharge(struct res_counter *c, uint64_t bytes)
{
	res_counter_uncharge_until(c, NULL, bytes);
}
/* -EBUSY: more than that is in use. */
int res_counter_set_limit(struct res_counter *c, uint64_t limit);
static inline uint64_t res_counter_margin(const struct res_counter *c)
{
	return c->limit > c->usage ? c->limit - c->usage : 0;
}

#endif
