/*
 * replay_cgroup.c - `cgroup` statements: what a shell does below
 * /sys/fs/cgroup/memory.
 *
 *	cgroup create web		mkdir web
 *	cgroup limit web 16M		echo 16M > web/memory.limit_in_bytes
 *	100 cgroup attach web		echo 100 > web/tasks
 *	cgroup remove web		rmdir web
 */
#include "core/memcontrol.h"
#include "trace/replay_internal.h"

/* The group that the statement names; NULL: told. */
static struct mem_cgroup *named_group(struct call *c)
{
	struct mem_cgroup *memcg = mem_cgroup_find(c->m, call_name(c));

	if (!memcg)
		outcome_error(c->out, -ENOENT);
	return memcg;
}

static int set(struct machine *m, struct mem_cgroup *memcg, unsigned what,
	       uint64_t value)
{
	switch (what) {
	case CGROUP_REMOVE:
		return mem_cgroup_remove(m, memcg);
	case CGROUP_EMPTY:
		return mem_cgroup_force_empty(m, memcg);
	case CGROUP_LIMIT:
		return mem_cgroup_set_limit(m, memcg, value);
	case CGROUP_MEMSW:
		return mem_cgroup_set_memsw_limit(m, memcg, value);
	case CGROUP_SWAPPINESS:
		return mem_cgroup_set_swappiness(memcg, value);
	default:
		return mem_cgroup_set_hierarchy(memcg, value);
	}
}

void call_cgroup(struct call *c)
{
	bool unlimited = c->ev->flags & EVF_NULL;
	struct mem_cgroup *memcg;

	if (c->ev->choice == CGROUP_CREATE) {
		outcome_error(c->out, mem_cgroup_create(c->m, call_name(c)));
		return;
	}
	memcg = named_group(c);
	if (memcg)
		outcome_error(c->out,
			      set(c->m, memcg, c->ev->choice,
				  unlimited ? RES_COUNTER_MAX : c->x[X_LEN]));
}

void call_cgroup_attach(struct call *c)
{
	struct mem_cgroup *memcg = named_group(c);

	if (memcg)
		mem_cgroup_attach(c->task, memcg);
}
