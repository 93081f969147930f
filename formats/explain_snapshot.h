/* explain_snapshot.h - what of a machine is compared before and after. */
#ifndef MMEMU_FORMATS_EXPLAIN_SNAPSHOT_H
#define MMEMU_FORMATS_EXPLAIN_SNAPSHOT_H

#include "core/mm.h"
#include "formats/explain.h"

struct frame_state {
	int32_t count, mapcount;
};

struct area_state {
	uint32_t pid;
	vaddr_t start, end;
	vm_flags_t flags;
	uint64_t pgoff;
	uint32_t anon_vma;
};

/* What a process counts, by name. */
enum { MIN_FLT, MAJ_FLT, FILEPAGES, ANONPAGES, SWAPENTS, NR_PTES, TOTAL_VM,
       MAP_COUNT, MM_USERS, NR_TASK_COUNTS };
extern const char *const task_count_names[NR_TASK_COUNTS];

struct task_counts {
	uint32_t pid;
	uint64_t mm; /* serial; 0: none */
	bool zombie;
	int64_t count[NR_TASK_COUNTS];
};

struct cache_state {
	kva_t kobj;
	char name[64];
	uint32_t live, slabs;
};

struct snapshot {
	struct frame_state *frame;
	uint32_t nr_frames, nr_areas, nr_tasks, nr_caches;
	struct area_state *area;
	struct task_counts *task;
	struct cache_state *cache;
	int64_t zone[MAX_NR_ZONES][NR_VM_ZONE_STAT_ITEMS + 1]; /* + per-CPU */
	uint64_t event[NR_VM_EVENT_ITEMS];
};

/* By pid, then by address: the order of snapshot.area. */
int by_pid_and_start(const void *a, const void *b);

#endif
