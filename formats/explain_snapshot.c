/*
 * explain_snapshot.c - what is worth comparing of a machine, not all of it.
 *
 * For each frame how many references and mappings it has, each process's
 * counters and areas, each zone's and cache's numbers. Frames are by far the
 * most; those that nobody uses take no memory (the array is only reserved).
 * Processes are in the order of their pids, areas of pids and addresses.
 */
#include "formats/explain_snapshot.h"
#include "core/rmap.h"
#include "core/slab.h"
#include "core/task.h"

#include <stdlib.h>
#include <string.h>

const char *const task_count_names[NR_TASK_COUNTS] = {
	"min_flt",  "maj_flt",	"MM_FILEPAGES", "MM_ANONPAGES", "MM_SWAPENTS",
	"nr_ptes",  "total_vm", "map_count",	"mm_users",
};

static void take_frames(struct snapshot *s, const struct machine *m)
{
	s->nr_frames = m->max_pfn;
	s->frame = host_reserve(&m->host, m->max_pfn * sizeof(*s->frame));
	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++) {
		const struct page *page = pfn_to_page(m, pfn);
		int mapcount = PageBuddy(page) ? 0 : page_mapcount(page);

		if (page->_count | mapcount) /* what is 0 takes no memory */
			s->frame[pfn] =
				(struct frame_state){page->_count, mapcount};
	}
}

static void take_areas(struct snapshot *s, const struct task_struct *task,
		       uint32_t *n)
{
	const struct vm_area_struct *vma;

	for_each_vma(vma, task->mm)
		s->area[(*n)++] = (struct area_state){
			.pid = task->pid,
			.start = vma->vm_start,
			.end = vma->vm_end,
			.flags = vma->vm_flags,
			.pgoff = vma->vm_pgoff,
			.anon_vma = vma->anon_vma ? vma->anon_vma->id : 0,
		};
}

static void take_task(struct task_counts *t, const struct task_struct *task)
{
	const struct mm_struct *mm = task->mm;

	t->pid = task->pid;
	t->zombie = task->state != TASK_RUNNING;
	t->count[MIN_FLT] = (int64_t)task->min_flt;
	t->count[MAJ_FLT] = (int64_t)task->maj_flt;
	if (!mm)
		return;
	t->mm = mm->serial;
	t->count[FILEPAGES] = get_mm_counter(mm, MM_FILEPAGES);
	t->count[ANONPAGES] = get_mm_counter(mm, MM_ANONPAGES);
	t->count[SWAPENTS] = get_mm_counter(mm, MM_SWAPENTS);
	t->count[NR_PTES] = (int64_t)mm->nr_ptes;
	t->count[TOTAL_VM] = (int64_t)mm->total_vm;
	t->count[MAP_COUNT] = (int64_t)mm->map_count;
	t->count[MM_USERS] = (int64_t)mm->mm_users;
}

static int by_pid(const void *a, const void *b)
{
	const struct task_counts *x = a, *y = b;

	return x->pid < y->pid ? -1 : 1;
}

int by_pid_and_start(const void *a, const void *b)
{
	const struct area_state *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start < y->start ? -1 : 1;
}

static void take_tasks(struct snapshot *s, const struct machine *m)
{
	const struct task_struct *task;
	uint32_t areas = 0, n = 0;

	list_for_each_entry(task, &m->tasks, tasks) {
		s->nr_tasks++;
		s->nr_areas += task->mm ? (uint32_t)task->mm->map_count : 0;
	}
	s->task = host_alloc(&m->host, (s->nr_tasks + 1) * sizeof(*s->task));
	s->area = host_alloc(&m->host, (s->nr_areas + 1) * sizeof(*s->area));
	list_for_each_entry(task, &m->tasks, tasks) {
		take_task(&s->task[n++], task);
		if (task->mm)
			take_areas(s, task, &areas);
	}
	qsort(s->task, s->nr_tasks, sizeof(*s->task), by_pid);
	qsort(s->area, s->nr_areas, sizeof(*s->area), by_pid_and_start);
}

static void take_caches(struct snapshot *s, const struct machine *m)
{
	const struct kmem_cache *c;
	uint32_t n = 0;

	list_for_each_entry(c, &m->slab_caches, list)
		s->nr_caches++;
	s->cache = host_alloc(&m->host, (s->nr_caches + 1) * sizeof(*s->cache));
	list_for_each_entry(c, &m->slab_caches, list) {
		struct cache_state *t = &s->cache[n++];

		t->kobj = c->kobj;
		snprintf(t->name, sizeof(t->name), "%s", c->name);
		t->live = kmem_cache_live(c);
		t->slabs = c->nr_slabs;
	}
}

struct snapshot *snapshot_take(const struct machine *m)
{
	struct snapshot *s = host_alloc(&m->host, sizeof(*s));

	take_frames(s, m);
	take_tasks(s, m);
	take_caches(s, m);
	for (unsigned z = 0; z < MAX_NR_ZONES; z++) {
		memcpy(s->zone[z], m->zone[z].vm_stat,
		       sizeof(m->zone[z].vm_stat));
		s->zone[z][NR_VM_ZONE_STAT_ITEMS] = m->zone[z].pageset.count;
	}
	memcpy(s->event, m->vm_event, sizeof(s->event));
	return s;
}

void snapshot_drop(const struct machine *m, struct snapshot *s)
{
	if (!s)
		return;
	host_release(&m->host, s->frame, s->nr_frames * sizeof(*s->frame));
	host_free(&m->host, s->task, (s->nr_tasks + 1) * sizeof(*s->task));
	host_free(&m->host, s->area, (s->nr_areas + 1) * sizeof(*s->area));
	host_free(&m->host, s->cache, (s->nr_caches + 1) * sizeof(*s->cache));
	host_free(&m->host, s, sizeof(*s));
}
