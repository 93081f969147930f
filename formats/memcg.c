/*
 * memcg.c - memory cgroups: what the files of their folders below
 * /sys/fs/cgroup/memory say, group by group.
 *
 *	cgroup /web
 *	tasks 100 101
 *	memory.usage_in_bytes 8126464
 *	...
 *	memory.stat
 *	cache 0
 *	rss 8126464
 *	...
 *	total_unevictable 0
 *
 * Parents come before their children. In memory.stat the first half is the
 * group's own, total_ is with all below it. The root is not charged: its usage
 * is cache and rss of all groups, its limit none. A machine that never had a
 * group has no such files, and the report is empty.
 *
 * Linux: mm/memcontrol.c memcg_stat_show(), mem_cgroup_print_oom_info().
 */
#include "formats/memcg.h"
#include "formats/report.h"

typedef unsigned long long ull;

static const char *const stat_names[MEM_CGROUP_STAT_NSTATS] = {
	"cache", "rss", "rss_huge", "mapped_file", "writeback", "swap",
};
static const char *const event_names[MEM_CGROUP_EVENTS_NSTATS] = {
	"pgpgin", "pgpgout", "pgfault", "pgmajfault",
};

static ull bytes(const struct machine *m, int64_t pages)
{
	return (ull)pages << m->page_shift;
}

/* ---- memory.stat ---- */

/* total: of all groups below, too. */
static void put_counters(const struct machine *m, struct mem_cgroup *memcg,
			 bool total, FILE *out)
{
	const char *prefix = total ? "total_" : "";
	int64_t stat[MEM_CGROUP_STAT_NSTATS] = {0};
	uint64_t events[MEM_CGROUP_EVENTS_NSTATS] = {0};
	const struct mem_cgroup *iter;

	for_each_mem_cgroup_tree(iter, m, memcg) {
		if (!total && iter != memcg)
			continue;
		for (unsigned i = 0; i < MEM_CGROUP_STAT_NSTATS; i++)
			stat[i] += iter->stat[i];
		for (unsigned i = 0; i < MEM_CGROUP_EVENTS_NSTATS; i++)
			events[i] += iter->events[i];
	}
	for (unsigned i = 0; i < MEM_CGROUP_STAT_NSTATS; i++)
		fprintf(out, "%s%s %llu\n", prefix, stat_names[i],
			bytes(m, stat[i]));
	for (unsigned i = 0; i < MEM_CGROUP_EVENTS_NSTATS; i++)
		fprintf(out, "%s%s %llu\n", prefix, event_names[i],
			(ull)events[i]);
}

static void put_lists(const struct machine *m, struct mem_cgroup *memcg,
		      bool total, FILE *out)
{
	for (unsigned l = 0; l < NR_LRU_LISTS; l++) {
		const struct mem_cgroup *iter;
		uint64_t nr = 0;

		if (!total)
			nr = mem_cgroup_nr_lru_pages(m, memcg, l);
		else
			for_each_mem_cgroup_tree(iter, m, memcg)
				nr += mem_cgroup_nr_lru_pages(m, iter, l);
		fprintf(out, "%s%s %llu\n", total ? "total_" : "",
			lru_names[l], bytes(m, (int64_t)nr));
	}
}

/* The tightest limit above it that counts its pages. */
static void put_hierarchical_limits(const struct mem_cgroup *memcg, FILE *out)
{
	uint64_t res = memcg->res.limit, memsw = memcg->memsw.limit;

	while (memcg->use_hierarchy && memcg->parent) {
		memcg = memcg->parent;
		if (!memcg->use_hierarchy)
			break;
		res = min_t(uint64_t, res, memcg->res.limit);
		memsw = min_t(uint64_t, memsw, memcg->memsw.limit);
	}
	fprintf(out,
		"hierarchical_memory_limit %llu\n"
		"hierarchical_memsw_limit %llu\n",
		(ull)res, (ull)memsw);
}

static void memcg_stat_show(const struct machine *m, struct mem_cgroup *memcg,
			    FILE *out)
{
	fputs("memory.stat\n", out);
	put_counters(m, memcg, false, out);
	put_lists(m, memcg, false, out);
	put_hierarchical_limits(memcg, out);
	put_counters(m, memcg, true, out);
	put_lists(m, memcg, true, out);
}

/* ---- the other files ---- */

static void put_tasks(const struct machine *m, const struct mem_cgroup *memcg,
		      FILE *out)
{
	const struct task_struct *t;

	fputs("tasks", out);
	for_each_task(t, m)
		if (t->state == TASK_RUNNING &&
		    mem_cgroup_from_task(t) == memcg)
			fprintf(out, " %u", t->pid);
	fputc('\n', out);
}

static void put_counter(const char *of, const struct res_counter *c,
			uint64_t usage, FILE *out)
{
	fprintf(out,
		"memory.%susage_in_bytes %llu\n"
		"memory.%smax_usage_in_bytes %llu\n"
		"memory.%slimit_in_bytes %llu\n"
		"memory.%sfailcnt %llu\n",
		of, (ull)usage, of, (ull)c->max_usage, of, (ull)c->limit, of,
		(ull)c->failcnt);
}

static void put_group(const struct machine *m, struct mem_cgroup *memcg,
		      FILE *out)
{
	fputs("cgroup ", out);
	write_path(out, memcg->path);
	fputc('\n', out);
	put_tasks(m, memcg, out);
	put_counter("", &memcg->res, mem_cgroup_usage(m, memcg, false), out);
	put_counter("memsw.", &memcg->memsw, mem_cgroup_usage(m, memcg, true),
		    out);
	fprintf(out, "memory.swappiness %u\nmemory.use_hierarchy %d\n",
		mem_cgroup_swappiness(m, memcg), memcg->use_hierarchy);
	memcg_stat_show(m, memcg, out);
}

void report_memcg(const struct machine *m,
		  const struct task_struct *task __unused_arg, FILE *out)
{
	struct mem_cgroup *iter;

	for_each_mem_cgroup_tree(iter, m, NULL) {
		if (!mem_cgroup_is_root(iter))
			fputc('\n', out);
		put_group(m, iter, out);
	}
}

/* ---- the log of a kill ---- */

static void print_counter(const char *what, const struct res_counter *c,
			  FILE *out)
{
	fprintf(out, "%s: usage %llukB, limit %llukB, failcnt %llu\n", what,
		(ull)c->usage >> 10, (ull)c->limit >> 10, (ull)c->failcnt);
}

static void print_group(const struct machine *m, const struct mem_cgroup *iter,
			FILE *out)
{
	fputs("Memory cgroup stats for ", out);
	write_path(out, iter->path);
	fputc(':', out);
	for (unsigned i = 0; i < MEM_CGROUP_STAT_NSTATS; i++)
		fprintf(out, " %s:%lluKB", stat_names[i],
			bytes(m, iter->stat[i]) >> 10);
	for (unsigned l = 0; l < NR_LRU_LISTS; l++)
		fprintf(out, " %s:%lluKB", lru_names[l],
			bytes(m, (int64_t)mem_cgroup_nr_lru_pages(m, iter, l)) >>
				10);
	fputc('\n', out);
}

/* Kernel memory is charged to nobody here: as where its limit was never set. */
void mem_cgroup_print_oom_info(const struct machine *m,
			       struct mem_cgroup *memcg,
			       const struct task_struct *chosen, FILE *out)
{
	const struct res_counter kmem = {.limit = RES_COUNTER_MAX};
	const struct mem_cgroup *iter;

	fputs("Task in ", out);
	write_path(out, mem_cgroup_from_task(chosen)->path);
	fputs(" killed as a result of limit of ", out);
	write_path(out, memcg->path);
	fputc('\n', out);
	print_counter("memory", &memcg->res, out);
	print_counter("memory+swap", &memcg->memsw, out);
	print_counter("kmem", &kmem, out);
	for_each_mem_cgroup_tree(iter, m, memcg)
		print_group(m, iter, out);
}
