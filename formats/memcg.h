/* memcg.h - memory cgroups in the OOM killer's report. */
#ifndef MMEMU_FORMATS_MEMCG_H
#define MMEMU_FORMATS_MEMCG_H

#include "core/memcontrol.h"

#include <stdio.h>

/* Which limit kills, and what stands where. Linux: mem_cgroup_print_oom_info */
void mem_cgroup_print_oom_info(const struct machine *m,
			       struct mem_cgroup *memcg,
			       const struct task_struct *chosen, FILE *out);

#endif
