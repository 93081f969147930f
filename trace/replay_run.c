/*
 * replay_run.c - accesses by the thousand: the hot path of a replay.
 *
 * An access that the software TLB knows changes nothing but counters (and, where
 * contents are kept, the byte a write stores). If the access of the same kind
 * before it was to the same page, and nothing has happened to that page's entry
 * since, it is known too, without a look. So of a run only its turns are looked
 * at, and how many accesses of each kind there were is a number of the run:
 *
 *   fetch 8049570   turn      looked up
 *   fetch 8049572   ·         the page of the fetch before it
 *   read  bffffe10  turn      looked up: missed, walked, faulted
 *   fetch 8049573   !         are the pages of all three kinds still known?
 *   read  bffffe14  ·         if not: one by one until they are
 *
 * A walk that finds its entry only adds to what is known. A fault may change any
 * entry; set_pte_at() makes the TLB forget the page, which is what the question
 * asks. A fault is done as a single event would be.
 */
#include "trace/replay_internal.h"

#include <string.h>

struct run_work {
	struct replay *r;
	const struct access_run *run;
	struct task_struct *task;
	uint32_t done;	   /* accesses that r->n counts already */
	uint64_t hits[3];  /* by kind: accesses that are no events of their own;
			      by_turns() counts those that are, as -1 */
	uint64_t known[3]; /* by kind: page + 1 of the last access, 0: none */
};

static inline bool tag_hits(const struct soft_tlb *t, unsigned kind,
			    uint64_t page)
{
	return t && t->tag[kind][page & (SOFT_TLB_SIZE - 1)] == page + 1;
}

static bool all_known(const struct run_work *w)
{
	const struct soft_tlb *t = w->task->mm->tlb;

	for (unsigned k = 0; k < 3; k++)
		if (w->known[k] && !tag_hits(t, k, w->known[k] - 1))
			return false;
	return true;
}

static inline bool crosses(const struct machine *m, uint64_t acc)
{
	return (acc & (m->page_size - 1)) + acc_len(acc) > m->page_size;
}

static void count_up_to(struct run_work *w, uint32_t i)
{
	struct replay_counts *n = &w->r->n;

	n->statements += i - w->done;
	n->events += i - w->done;
	n->accesses += i - w->done;
	w->done = i;
}

/*
 * Access i as an event, which counts itself. false: its process is dead now, or
 * --strict stops here.
 */
static bool as_event(struct run_work *w, uint32_t i)
{
	struct event ev;
	bool go_on;

	count_up_to(w, i);
	memset(&ev, 0, sizeof(ev));
	run_event(w->run, i, &ev);
	go_on = replay_event(w->r, &ev);
	w->done = i + 1;
	return go_on && w->r->last == w->task;
}

/*
 * Access i is known, or a walk makes it so: nothing but what is known of its
 * kind changes. false: two pages, or a fault.
 */
static inline bool without_event(struct run_work *w, uint64_t acc,
				 const struct machine *m)
{
	uint64_t page = acc_addr(acc) >> m->page_shift;
	unsigned kind = acc_kind(acc);

	w->known[kind] = page + 1;
	return likely(!crosses(m, acc)) &&
	       (likely(tag_hits(w->task->mm->tlb, kind, page)) ||
		mmu_remember(w->task, acc_addr(acc), kind));
}

/* Two pages, or a fault. The same. */
static bool missed(struct run_work *w, uint32_t i)
{
	w->hits[acc_kind(w->run->acc[i])]--;
	return as_event(w, i);
}

/*
 * Behind a fault: accesses from `i` one by one, until those that are no turns
 * may be passed over again. *i: the next one. false as above, at *i - 1.
 */
static bool until_known(struct run_work *w, uint32_t *i)
{
	const struct access_run *run = w->run;
	const struct machine *m = w->r->m;

	for (; *i < run->n && !all_known(w); ++*i) {
		if (!without_event(w, run->acc[*i], m) && !missed(w, *i)) {
			++*i;
			return false;
		}
	}
	return true;
}

/* Turn by turn. Returns how many accesses are done. */
static uint32_t by_turns(struct run_work *w)
{
	const struct access_run *run = w->run;
	const struct machine *m = w->r->m;

	for (uint32_t k = 0; k < run->nr_turns;) {
		uint32_t i = run->turn[k];

		if (likely(without_event(w, run->acc[i], m))) {
			k++;
			continue;
		}
		if (!missed(w, i++) || !until_known(w, &i))
			return w->done;
		while (k < run->nr_turns && run->turn[k] < i)
			k++;
	}
	return run->n;
}

/* Each access for itself: writes store, or the run is cut. */
static uint32_t one_by_one(struct run_work *w, uint32_t from, uint32_t to)
{
	struct machine *m = w->r->m;

	for (uint32_t i = from; i < to; i++) {
		uint64_t acc = w->run->acc[i], addr = acc_addr(acc);
		unsigned kind = acc_kind(acc);

		if (likely(!crosses(m, acc) &&
			   mmu_access_hit(m, w->task->mm, addr, kind)))
			w->hits[kind]++;
		else if (!as_event(w, i))
			return i + 1;
	}
	return to;
}

/* Accesses of a dead process, or which somebody wants to see. */
static uint32_t as_events(struct run_work *w, uint32_t from, uint32_t to)
{
	while (from < to && !w->r->stopped && !w->r->misfit)
		as_event(w, from++);
	return from;
}

/* The run's accesses as far as they were hits. */
static void count_hits(struct run_work *w, uint32_t end)
{
	const struct access_run *run = w->run;

	for (unsigned k = 0; k < 3; k++)
		w->hits[k] += run->count[k];
	for (uint32_t i = end; i < run->n; i++)
		w->hits[acc_kind(run->acc[i])]--;
	for (unsigned k = 0; k < 3; k++)
		w->r->m->stats.accesses[k] += w->hits[k];
}

uint32_t replay_run(struct replay *r, const struct access_run *run,
		    uint32_t from, uint32_t to)
{
	struct run_work w = {.r = r, .run = run, .done = from};
	uint32_t end = from;

	w.task = replay_actor(r, run->pid);
	if (w.task && !r->hooks.outcome && !r->hooks.access && !r->m->tlb) {
		if (!from && to == run->n && !r->m->contents) {
			end = by_turns(&w);
			count_hits(&w, end);
		} else {
			end = one_by_one(&w, from, to);
		}
		if (w.done < end)
			count_up_to(&w, end);
		for (unsigned k = 0; k < 3; k++)
			r->n.by_kind[k] += w.hits[k];
		r->m->event = r->n.events;
	}
	return as_events(&w, end, to);
}
