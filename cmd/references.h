/*
 * references.h - the accesses of a replay as a reference string, and what the
 * rule of the configuration (`reclaim:`) makes of it.
 *
 * The rule stands beside the machine, which goes on reclaiming as Linux does:
 * it has a number of frames and pages, and nothing else.
 */
#ifndef MMEMU_CMD_REFERENCES_H
#define MMEMU_CMD_REFERENCES_H

#include "core/policy.h"
#include "core/task.h"

/*
 * For the hook `access` of a replay: the pages that addr, addr + stride ... below
 * addr + len lie in (stride 0: all of [addr, addr + len)). A page is a page of
 * an address space: two processes have two, threads share theirs.
 */
void references_access(struct reference_string *s,
		       const struct task_struct *task, uint64_t addr,
		       uint64_t len, uint64_t stride);

/* Does the configuration name a rule other than Linux's? */
static inline bool has_policy(const struct machine *m)
{
	return m->cfg.reclaim;
}

/* => has_policy(m) */
static inline enum policy machine_policy(const struct machine *m)
{
	return (enum policy)(m->cfg.reclaim - 1);
}

/* The frames that rule has. */
uint32_t machine_policy_frames(const struct machine *m);

#endif
