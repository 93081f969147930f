/*
 * oom_report.c - the OOM killer's report, line by line as the kernel logs it.
 *
 *	sh invoked oom-killer: gfp_mask=0x280da, order=0, oom_score_adj=0
 *	Mem-Info:
 *	  per-CPU lists, sums over all zones, each zone, its free blocks by order
 *	  (with the types that have some: U E M R), swap, pages
 *	[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name
 *	Out of memory: Kill process 101 (sh) score 412 or sacrifice child
 *	Killed process 101 (sh) total-vm:...
 *
 * At the limit of a memory cgroup the group's counters stand in place of Mem-Info,
 * and its processes in the list. There is no stack to dump, so no call trace. Linux: mm/oom_kill.c
 * dump_header(), mm/page_alloc.c show_free_areas(), lib/show_mem.c.
 */
#include "formats/oom_report.h"
#include "formats/memcg.h"
#include "core/page_alloc.h"
#include "core/swapfile.h"
#include "core/vmscan.h"

typedef unsigned long long ull;

static ull kb(const struct machine *m, int64_t pages)
{
	return (ull)pages << (m->page_shift - 10);
}

static ull all(const struct machine *m, enum zone_stat_item item)
{
	return (ull)global_page_state(m, item);
}

static void show_per_cpu(const struct machine *m, FILE *out)
{
	const struct zone *z;

	for_each_zone(z, m) {
		if (!populated_zone(z))
			continue;
		fprintf(out, "%s per-cpu:\n", z->name);
		fprintf(out, "CPU %4d: hi:%5u, btch:%4u usd:%4u\n", 0,
			z->pageset.high, z->pageset.batch, z->pageset.count);
	}
}

static void show_sums(const struct machine *m, FILE *out)
{
	fprintf(out, "active_anon:%llu inactive_anon:%llu isolated_anon:%llu\n",
		all(m, NR_ACTIVE_ANON), all(m, NR_INACTIVE_ANON),
		all(m, NR_ISOLATED_ANON));
	fprintf(out, " active_file:%llu inactive_file:%llu isolated_file:%llu\n",
		all(m, NR_ACTIVE_FILE), all(m, NR_INACTIVE_FILE),
		all(m, NR_ISOLATED_FILE));
	fprintf(out, " unevictable:%llu dirty:%llu writeback:%llu unstable:%llu\n",
		all(m, NR_UNEVICTABLE), all(m, NR_FILE_DIRTY),
		all(m, NR_WRITEBACK), all(m, NR_UNSTABLE_NFS));
	fprintf(out, " free:%llu slab_reclaimable:%llu slab_unreclaimable:%llu\n",
		all(m, NR_FREE_PAGES), all(m, NR_SLAB_RECLAIMABLE),
		all(m, NR_SLAB_UNRECLAIMABLE));
	fprintf(out, " mapped:%llu shmem:%llu pagetables:%llu bounce:%llu\n",
		all(m, NR_FILE_MAPPED), all(m, NR_SHMEM), all(m, NR_PAGETABLE),
		all(m, NR_BOUNCE));
	fprintf(out, " free_cma:%llu\n", all(m, NR_FREE_CMA_PAGES));
}

/* Label and counter of a zone's line, in kB. */
static const struct {
	const char *label;
	enum zone_stat_item item;
} lists[] = {
	{"active_anon", NR_ACTIVE_ANON},
	{"inactive_anon", NR_INACTIVE_ANON},
	{"active_file", NR_ACTIVE_FILE},
	{"inactive_file", NR_INACTIVE_FILE},
	{"unevictable", NR_UNEVICTABLE},
	{"isolated(anon)", NR_ISOLATED_ANON},
	{"isolated(file)", NR_ISOLATED_FILE},
}, others[] = {
	{"mlocked", NR_MLOCK},
	{"dirty", NR_FILE_DIRTY},
	{"writeback", NR_WRITEBACK},
	{"mapped", NR_FILE_MAPPED},
	{"shmem", NR_SHMEM},
	{"slab_reclaimable", NR_SLAB_RECLAIMABLE},
	{"slab_unreclaimable", NR_SLAB_UNRECLAIMABLE},
	{"kernel_stack", NR_KERNEL_STACK},
	{"pagetables", NR_PAGETABLE},
	{"unstable", NR_UNSTABLE_NFS},
	{"bounce", NR_BOUNCE},
	{"free_cma", NR_FREE_CMA_PAGES},
	{"writeback_tmp", NR_WRITEBACK_TEMP},
};

/* A stack counts once, whatever its size. */
static ull stat_kb(const struct machine *m, const struct zone *z,
		   enum zone_stat_item item)
{
	if (item == NR_KERNEL_STACK)
		return (ull)zone_page_state(z, item) *
		       (m->cfg.thread_size >> 10);
	return kb(m, zone_page_state(z, item));
}

static void show_zone(const struct machine *m, const struct zone *z, FILE *out)
{
	fprintf(out, "%s free:%llukB min:%llukB low:%llukB high:%llukB",
		z->name, kb(m, zone_page_state(z, NR_FREE_PAGES)),
		kb(m, (int64_t)z->watermark[WMARK_MIN]),
		kb(m, (int64_t)z->watermark[WMARK_LOW]),
		kb(m, (int64_t)z->watermark[WMARK_HIGH]));
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
		fprintf(out, " %s:%llukB", lists[i].label,
			stat_kb(m, z, lists[i].item));
	fprintf(out, " present:%llukB managed:%llukB", kb(m, z->present_pages),
		kb(m, z->managed_pages));
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
		fprintf(out, " %s:%llukB", others[i].label,
			stat_kb(m, z, others[i].item));
	fprintf(out, " pages_scanned:%llu all_unreclaimable? %s\n",
		(ull)z->pages_scanned, zone_reclaimable(m, z) ? "no" : "yes");
	fputs("lowmem_reserve[]:", out);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		if (m->zone[i].configured)
			fprintf(out, " %llu", (ull)z->lowmem_reserve[i]);
	fputc('\n', out);
}

/* "3*4kB (UM) 0*8kB ... = 12kB": free blocks by order. */
static void show_blocks(const struct machine *m, const struct zone *z,
			FILE *out)
{
	static const char letters[MIGRATE_TYPES] = {
		[MIGRATE_UNMOVABLE] = 'U',
		[MIGRATE_RECLAIMABLE] = 'E',
		[MIGRATE_MOVABLE] = 'M',
		[MIGRATE_RESERVE] = 'R',
	};
	int64_t total = 0;

	fprintf(out, "%s: ", z->name);
	for (unsigned o = 0; o < MAX_ORDER; o++) {
		uint32_t nr = z->free_area[o].nr_free;

		total += (int64_t)nr << o;
		fprintf(out, "%u*%llukB ", nr, kb(m, 1) << o);
		if (!nr)
			continue;
		fputc('(', out);
		for (unsigned t = 0; t < MIGRATE_TYPES; t++)
			if (free_list_count(z, o, (enum migratetype)t))
				fputc(letters[t], out);
		fputs(") ", out);
	}
	fprintf(out, "= %llukB\n", kb(m, total));
}

static void show_swap_cache_info(const struct machine *m, FILE *out)
{
	const struct swap_info *s = m->swap;

	fprintf(out, "%llu pages in swap cache\n",
		(ull)total_swapcache_pages(m));
	fprintf(out,
		"Swap cache stats: add %llu, delete %llu, find %llu/%llu\n",
		(ull)s->add_total, (ull)s->del_total, (ull)s->find_success,
		(ull)s->find_total);
	fprintf(out, "Free swap  = %llukB\n", kb(m, s->nr_swap_pages));
	fprintf(out, "Total swap = %llukB\n", kb(m, s->total_swap_pages));
}

/* References, as show_mem() counts them: a page that two map is shared. */
static void count_references(const struct machine *m, const struct zone *z,
			     ull *shared, ull *nonshared)
{
	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++) {
		const struct page *p = pfn_to_page(m, pfn);

		if (page_count(p) == 1)
			++*nonshared;
		else if (page_count(p) > 1)
			*shared += (ull)page_count(p) - 1;
	}
}

static void show_pages(const struct machine *m, FILE *out)
{
	ull total = 0, highmem = 0, managed = 0, shared = 0, nonshared = 0;
	const struct zone *z;

	for_each_zone(z, m) {
		if (!populated_zone(z))
			continue;
		total += z->spanned_pages;
		managed += z->managed_pages;
		if (z->type == ZONE_HIGHMEM)
			highmem += z->spanned_pages;
		count_references(m, z, &shared, &nonshared);
	}
	fprintf(out, "%llu pages RAM\n", total);
	if (m->zone[ZONE_HIGHMEM].configured)
		fprintf(out, "%llu pages HighMem\n", highmem);
	fprintf(out, "%llu pages reserved\n", total - managed);
	fprintf(out, "%llu pages shared\n", shared);
	fprintf(out, "%llu pages non-shared\n", nonshared);
}

void show_mem(const struct machine *m, FILE *out)
{
	const struct zone *z;

	fputs("Mem-Info:\n", out);
	show_per_cpu(m, out);
	show_sums(m, out);
	for_each_zone(z, m)
		if (populated_zone(z))
			show_zone(m, z, out);
	for_each_zone(z, m)
		if (populated_zone(z))
			show_blocks(m, z, out);
	fprintf(out, "%llu total pagecache pages\n", all(m, NR_FILE_PAGES));
	show_swap_cache_info(m, out);
	show_pages(m, out);
}

/* memcg: only the processes of that group; NULL: all. */
static void dump_tasks(const struct machine *m, const struct mem_cgroup *memcg,
		       FILE *out)
{
	const struct task_struct *t;

	fputs("[ pid ]   uid  tgid total_vm      rss nr_ptes swapents "
	      "oom_score_adj name\n",
	      out);
	for_each_task(t, m) {
		if (!t->mm || (memcg && !mm_match_cgroup(t->mm, memcg)))
			continue;
		fprintf(out, "[%5u] %5u %5u %8llu %8lld %7llu %8lld         %5d %s\n",
			t->pid, m->cfg.uid, t->tgid, (ull)t->mm->total_vm,
			(long long)get_mm_rss(t->mm), (ull)t->mm->nr_ptes,
			(long long)get_mm_counter(t->mm, MM_SWAPENTS),
			t->oom_score_adj, t->comm);
	}
}

void write_oom_report(const struct machine *m, const struct oom_kill *kill,
		      FILE *out)
{
	const struct task_struct *invoker = m->current, *v = kill->victim;
	const char *comm = invoker ? invoker->comm : "swapper";

	fprintf(out,
		"%s invoked oom-killer: gfp_mask=0x%x, order=%u, "
		"oom_score_adj=%d\n",
		comm, kill->gfp, kill->order,
		invoker ? invoker->oom_score_adj : 0);
	fprintf(out, "CPU: 0 PID: %u Comm: %s Not tainted %s #1\n",
		invoker ? invoker->pid : 0, comm, m->cfg.kernel_version);
	if (kill->memcg)
		mem_cgroup_print_oom_info(m, kill->memcg, kill->chosen, out);
	else
		show_mem(m, out);
	dump_tasks(m, kill->memcg, out);
	fprintf(out,
		"%s: Kill process %u (%s) score %llu or sacrifice child\n",
		kill->memcg ? "Memory cgroup out of memory" : "Out of memory",
		kill->chosen->pid, kill->chosen->comm, (ull)kill->score);
	fprintf(out,
		"Killed process %u (%s) total-vm:%llukB, anon-rss:%llukB, "
		"file-rss:%llukB\n",
		v->pid, v->comm, kb(m, (int64_t)v->mm->total_vm),
		kb(m, get_mm_counter(v->mm, MM_ANONPAGES)),
		kb(m, get_mm_counter(v->mm, MM_FILEPAGES)));
}
