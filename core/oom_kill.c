/*
 * oom_kill.c - which process ends when there is no memory left.
 *
 *	points = rss + page tables + swapped pages
 *	         - 30 thousandths of all memory for root
 *	         + oom_score_adj thousandths
 *
 * The largest wins, the oldest among equals. A child of the winner with an mm
 * of its own dies in its place, the one with the most points. With the victim
 * go all processes that share its mm.
 *
 * A process cannot end in the midst of its own event: it is marked (memdie),
 * may take the last reserves, and ends when the event returns. Others end here.
 *
 * A memory cgroup at its limit does the same among its own: "all memory" is then
 * its limit, with swap, and among equals the youngest goes, since the group's
 * processes are listed newest first.
 *
 * Linux: mm/oom_kill.c, mm/memcontrol.c mem_cgroup_out_of_memory().
 */
#include "core/memcontrol.h"
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/task.h"

#define OOM_SCORE_ADJ_MIN (-1000)

static uint64_t all_pages(const struct machine *m)
{
	return totalram_pages(m) + total_swap_pages(m);
}

/* Who is short of memory: all pages there are, and whose. */
struct shortage {
	struct machine *m;
	struct mem_cgroup *memcg; /* NULL: the machine */
	uint64_t totalpages;
};

static bool concerns(const struct shortage *s, const struct task_struct *task)
{
	return !s->memcg || mm_match_cgroup(task->mm, s->memcg);
}

static uint64_t badness(const struct shortage *s,
			const struct task_struct *task)
{
	const struct machine *m = s->m;
	int64_t points, adj = task->oom_score_adj;

	if (!task->mm || task->pid == 1 || adj == OOM_SCORE_ADJ_MIN ||
	    !concerns(s, task))
		return 0;
	points = get_mm_rss(task->mm) + (int64_t)task->mm->nr_ptes +
		 get_mm_counter(task->mm, MM_SWAPENTS);
	if (m->cfg.uid == 0)
		adj -= 30;
	points += adj * (int64_t)(s->totalpages / 1000);
	return points > 0 ? (uint64_t)points : 1;
}

static struct shortage of_machine(struct machine *m)
{
	return (struct shortage){.m = m, .totalpages = all_pages(m)};
}

uint64_t oom_badness(const struct task_struct *task)
{
	const struct shortage s = of_machine(task->m);

	return badness(&s, task);
}

static struct task_struct *select_bad_process(const struct shortage *s)
{
	struct task_struct *t, *chosen = NULL;
	uint64_t most = 0;

	for_each_task(t, s->m) {
		uint64_t points = badness(s, t);

		/* newest first, where it is about a group */
		if (points > most || (s->memcg && points && points == most)) {
			chosen = t;
			most = points;
		}
	}
	return chosen;
}

static struct task_struct *sacrifice_child(const struct shortage *s,
					   struct task_struct *task)
{
	struct task_struct *child, *victim = task;
	uint64_t most = 0;

	list_for_each_entry(child, &task->children, sibling) {
		uint64_t points;

		if (child->mm == task->mm)
			continue;
		points = badness(s, child);
		if (points > most) {
			victim = child;
			most = points;
		}
	}
	return victim;
}

static void oom_kill_one(struct task_struct *task)
{
	task->memdie = true;
	if (task != task->m->current)
		do_group_exit_signal(task, EMU_SIGKILL);
}

/* Another task with the victim's mm that is not yet ended. An end may take
 * zombies off m->tasks too, so each search starts anew. */
static struct task_struct *next_sharer(const struct task_struct *victim)
{
	struct task_struct *t;

	for_each_task(t, victim->m)
		if (t != victim && t->mm == victim->mm && !t->memdie &&
		    t->oom_score_adj != OOM_SCORE_ADJ_MIN)
			return t;
	return NULL;
}

/* Told while all is still as it was. */
static void notify(const struct shortage *s, gfp_t gfp, unsigned order,
		   const struct task_struct *chosen,
		   const struct task_struct *victim)
{
	struct machine *m = s->m;
	struct oom_kill kill = {
		.gfp = gfp,
		.order = order,
		.chosen = chosen,
		.victim = victim,
		.score = badness(s, chosen) * 1000 / s->totalpages,
		.memcg = s->memcg,
	};

	m->stats.oom_kills++;
	observe(m, OOM_KILL, victim->pid, badness(s, victim), 0, 0);
	if (m->oom_notify)
		m->oom_notify(m->oom_ctx, m, &kill);
}

/* The worst process and all that share its mm. NULL: there is none. */
static struct task_struct *kill_one(const struct shortage *s, gfp_t gfp,
				    unsigned order)
{
	struct task_struct *chosen = select_bad_process(s), *victim, *sharer;

	if (!chosen)
		return NULL;
	victim = sacrifice_child(s, chosen);
	notify(s, gfp, order, chosen, victim);
	while ((sharer = next_sharer(victim)))
		oom_kill_one(sharer);
	oom_kill_one(victim);
	return victim;
}

struct task_struct *out_of_memory(struct machine *m, gfp_t gfp, unsigned order)
{
	const struct shortage s = of_machine(m);
	story(m, gfp, order);

	if (m->current && m->current->memdie)
		return m->current;
	if (m->oom_origin)
		return NULL; /* swapoff is killed, which just ends it */
	return kill_one(&s, gfp, order);
}

struct task_struct *mem_cgroup_out_of_memory(struct machine *m,
					     struct mem_cgroup *memcg,
					     gfp_t gfp)
{
	const struct shortage s = {
		.m = m,
		.memcg = memcg,
		.totalpages = mem_cgroup_limit_pages(m, memcg),
	};

	return kill_one(&s, gfp, 0);
}
