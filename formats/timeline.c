/* timeline.c - points of a machine's history, thinned as they get many. */
#include "formats/timeline.h"
#include "core/page_alloc.h"
#include "core/swapfile.h"

#include <stdio.h>
#include <string.h>

void timeline_init(struct timeline *tl, const struct host_ops *host)
{
	*tl = (struct timeline){.host = host, .every = 1};
	tl->point = host_alloc(host,
			       (TIMELINE_POINTS + 1) * sizeof(*tl->point));
}

void timeline_destroy(struct timeline *tl)
{
	host_free(tl->host, tl->point,
		  (TIMELINE_POINTS + 1) * sizeof(*tl->point));
}

static void thin_out(struct timeline *tl)
{
	unsigned kept = 0;

	tl->every *= 2;
	for (unsigned i = 0; i < tl->nr; i++)
		if (tl->point[i].event % tl->every == 0)
			tl->point[kept++] = tl->point[i];
	tl->nr = kept;
}

/* Its place among the processes; TIMELINE_PROCESSES: there is no more. */
static unsigned place_of(struct timeline *tl, const struct task_struct *t)
{
	struct timeline_process *p = tl->process;

	for (; p < tl->process + tl->nr_processes; p++) {
		if (p->pid != t->pid)
			continue;
		memcpy(p->comm, t->comm, sizeof(p->comm));
		return (unsigned)(p - tl->process);
	}
	if (tl->nr_processes == TIMELINE_PROCESSES)
		return TIMELINE_PROCESSES;
	*p = (struct timeline_process){.pid = t->pid};
	memcpy(p->comm, t->comm, sizeof(p->comm));
	return tl->nr_processes++;
}

static void measure_processes(struct timeline *tl, struct timeline_point *p,
			      const struct machine *m)
{
	const struct task_struct *t;
	uint64_t others = 0;

	for (unsigned i = 0; i < TIMELINE_PROCESSES; i++)
		p->rss[i] = TIMELINE_NO_PROCESS;
	for_each_task (t, m) {
		unsigned at = t->mm ? place_of(tl, t) : TIMELINE_PROCESSES;

		if (at == TIMELINE_PROCESSES) {
			others += t->mm != NULL;
			continue;
		}
		p->rss[at] = (uint64_t)get_mm_rss(t->mm) << PAGE_SHIFT(m);
		if (p->rss[at] > tl->process[at].peak)
			tl->process[at].peak = p->rss[at];
	}
	tl->other_processes = max_t(uint64_t, tl->other_processes, others);
}

static double unusable(const struct machine *m, const char *metric)
{
	static const struct measured nothing;

	return metrics[metric_find(metric)].value(m, &nothing);
}

void timeline_event(struct timeline *tl, const struct machine *m,
		    uint64_t event, bool last)
{
	struct timeline_point *p = &tl->point[tl->nr];

	if (event % tl->every && !last)
		return;
	if (tl->nr && p[-1].event == event)
		return;
	p->event = event;
	p->free = (uint64_t)global_page_state(m, NR_FREE_PAGES)
		  << PAGE_SHIFT(m);
	p->swap = (uint64_t)(m->swap->total_swap_pages -
			     m->swap->nr_swap_pages) << PAGE_SHIFT(m);
	p->major = m->vm_event[PGMAJFAULT];
	p->minor = m->vm_event[PGFAULT] - p->major;
	p->unusable[0] = unusable(m, "fragmentation.order4");
	p->unusable[1] = unusable(m, "fragmentation.order10");
	measure_processes(tl, p, m);
	if (++tl->nr >= TIMELINE_POINTS && !last)
		thin_out(tl);
}

void timeline_mark(struct timeline *tl, uint64_t event, const char *name)
{
	struct timeline_mark *mark = &tl->mark[tl->nr_marks];

	if (tl->nr_marks == TIMELINE_MARKS) {
		tl->other_marks++;
		return;
	}
	mark->event = event;
	snprintf(mark->name, sizeof(mark->name), "%s", name);
	tl->nr_marks++;
}
