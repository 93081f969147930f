/* res_counter.c - see res_counter.h. Linux: kernel/res_counter.c. */
#include "core/res_counter.h"

void res_counter_init(struct res_counter *c, struct res_counter *parent)
{
	*c = (struct res_counter){.limit = RES_COUNTER_MAX, .parent = parent};
}

static bool charge_one(struct res_counter *c, uint64_t bytes)
{
	if (bytes > res_counter_margin(c)) {
		c->failcnt++;
		return false;
	}
	c->usage += bytes;
	if (c->usage > c->max_usage)
		c->max_usage = c->usage;
	return true;
}

/* What the lower ones had of it for a moment stays in their max_usage. */
struct res_counter *res_counter_charge(struct res_counter *c, uint64_t bytes)
{
	for (struct res_counter *at = c; at; at = at->parent)
		if (!charge_one(at, bytes)) {
			res_counter_uncharge_until(c, at, bytes);
			return at;
		}
	return NULL;
}

void res_counter_uncharge_until(struct res_counter *c,
				const struct res_counter *top, uint64_t bytes)
{
	for (; c && c != top; c = c->parent) {
		mm_assert(c->usage >= bytes);
		c->usage -= bytes;
	}
}

int res_counter_set_limit(struct res_counter *c, uint64_t limit)
{
	if (c->usage > limit)
		return -EBUSY;
	c->limit = limit;
	return 0;
}
