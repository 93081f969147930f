/* frame_map.c - collect the mapped frames of all processes and number them. */
#include "formats/frame_map.h"
#include "core/pgtable.h"
#include "core/task.h"

#include <stdlib.h>

struct collector {
	struct frame_map *fm;
	uint32_t pid;
};

static void add_mapping(struct frame_map *fm, uint32_t pid, vaddr_t va,
			pfn_t pfn)
{
	if (fm->nr == fm->max) {
		size_t max = fm->max ? 2 * fm->max : 256;

		fm->mapping = host_realloc(&fm->m->host, fm->mapping,
					   fm->max * sizeof(*fm->mapping),
					   max * sizeof(*fm->mapping));
		fm->max = max;
	}
	fm->mapping[fm->nr++] = (struct mapping){va, pid, pfn};
	if (!fm->number[pfn])
		fm->number[pfn] = ++fm->nr_frames;
}

static void collect(void *ctx, unsigned depth, unsigned index __unused_arg,
		    ptep_t at __unused_arg, pte_t entry, vaddr_t va)
{
	const struct collector *co = ctx;
	const struct pg_format *f = co->fm->m->fmt;

	if (depth + 1 == f->nr_levels && pte_present(f, entry))
		add_mapping(co->fm, co->pid, va, pte_pfn(f, entry));
}

static int by_pid(const void *a, const void *b)
{
	const struct task_struct *const *x = a, *const *y = b;

	return ((*x)->pid > (*y)->pid) - ((*x)->pid < (*y)->pid);
}

/* The living, by PID; *nr of them, *size bytes to give back. */
static const struct task_struct **tasks_by_pid(const struct machine *m,
					       size_t *nr, size_t *size)
{
	const struct task_struct **tasks;
	struct task_struct *t;
	size_t n = 0;

	for_each_task(t, m)
		n += t->mm != NULL;
	*nr = n;
	*size = (n + 1) * sizeof(*tasks);
	tasks = host_alloc(&m->host, *size);
	n = 0;
	for_each_task(t, m)
		if (t->mm)
			tasks[n++] = t;
	qsort(tasks, n, sizeof(*tasks), by_pid);
	return tasks;
}

void frame_map_init(struct frame_map *fm, const struct machine *m)
{
	const struct task_struct **tasks;
	size_t nr, size;

	*fm = (struct frame_map){.m = m};
	fm->number = host_reserve(&m->host,
				  (size_t)m->max_pfn * sizeof(*fm->number));
	tasks = tasks_by_pid(m, &nr, &size);
	for (size_t i = 0; i < nr; i++) {
		struct collector co = {.fm = fm, .pid = tasks[i]->pid};

		walk_tables(tasks[i]->mm, collect, &co);
	}
	host_free(&m->host, tasks, size);
}

void frame_map_destroy(struct frame_map *fm)
{
	host_free(&fm->m->host, fm->mapping, fm->max * sizeof(*fm->mapping));
	host_release(&fm->m->host, fm->number,
		     (size_t)fm->m->max_pfn * sizeof(*fm->number));
}
