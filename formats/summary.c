/*
 * summary.c - the machine at a glance.
 *
 * Where every frame is (the lines add up to what RAM there is), what faults
 * were resolved by, and what it costs to describe memory: mem_map.
 */
#include "core/machine.h"
#include "core/mm.h"
#include "core/page_alloc.h"
#include "core/task.h"
#include "formats/report.h"

#include <inttypes.h>

static void put_line(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "  %-34s %12" PRIu64 "\n", name, value);
}

static void put_pages(const struct machine *m, FILE *out, const char *name,
		      int64_t pages)
{
	fprintf(out, "  %-34s %12" PRId64 " pages %12" PRId64 " kB\n", name,
		pages, pages * (int64_t)(PAGE_SIZE(m) / 1024));
}

static void summary_events(const struct machine *m, FILE *out)
{
	const struct task_struct *t;
	uint64_t alive = 0, zombies = 0;

	for_each_task(t, m) {
		alive += t->state == TASK_RUNNING;
		zombies += t->state == TASK_ZOMBIE;
	}
	fprintf(out, "events\n");
	put_line(out, "events", m->event);
	put_line(out, "reads", m->stats.accesses[0]);
	put_line(out, "writes", m->stats.accesses[1]);
	put_line(out, "instruction fetches", m->stats.accesses[2]);
	put_line(out, "processes started", m->forks);
	put_line(out, "processes alive", alive);
	put_line(out, "zombies", zombies);
}

static void summary_faults(const struct machine *m, FILE *out)
{
	fprintf(out, "faults\n");
	put_line(out, "all", m->vm_event[PGFAULT]);
	put_line(out, "major", m->vm_event[PGMAJFAULT]);
	for (unsigned i = 0; i < NR_FAULT_HANDLERS; i++)
		put_line(out, fault_handler_names[i], m->stats.faults[i]);
	put_line(out, "entries copied by fork", m->stats.ptes_copied);
	put_line(out, "page-table pages made", m->stats.tables_allocated);
	put_line(out, "page-table pages freed", m->stats.tables_freed);
}

/* Frames on the per-CPU lists: in no free list, in no report. */
static int64_t pcp_pages(const struct machine *m)
{
	const struct zone *z;
	int64_t pages = 0;

	for_each_zone(z, m)
		pages += z->pageset.count;
	return pages;
}

static uint64_t user_tables(const struct machine *m)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < PG_MAX_LEVELS; i++)
		n += m->stats.tables_by_level[i];
	return n;
}

static void summary_memory(const struct machine *m, FILE *out)
{
	int64_t total = (int64_t)totalram_pages(m);
	int64_t stack = DIV_ROUND_UP(m->cfg.thread_size, PAGE_SIZE(m));
	const struct {
		const char *name;
		int64_t pages;
	} owner[] = {
		{"free (buddy system)", global_page_state(m, NR_FREE_PAGES)},
		{"free (per-CPU lists)", pcp_pages(m)},
		{"anonymous", global_page_state(m, NR_ANON_PAGES)},
		{"page cache", global_page_state(m, NR_FILE_PAGES)},
		{"page tables, all levels", (int64_t)user_tables(m)},
		{"kernel stacks",
		 global_page_state(m, NR_KERNEL_STACK) * stack},
		{"slab, reclaimable",
		 global_page_state(m, NR_SLAB_RECLAIMABLE)},
		{"slab, unreclaimable",
		 global_page_state(m, NR_SLAB_UNRECLAIMABLE)},
	};
	int64_t other = total;

	fprintf(out, "memory by owner\n");
	for (size_t i = 0; i < ARRAY_SIZE(owner); i++) {
		put_pages(m, out, owner[i].name, owner[i].pages);
		other -= owner[i].pages;
	}
	put_pages(m, out, "other kernel pages", other);
	put_pages(m, out, "all that the allocator manages", total);
}

static void summary_mem_map(const struct machine *m, FILE *out)
{
	uint64_t frames = 0, bytes;
	const struct zone *z;

	for_each_zone(z, m)
		frames += z->spanned_pages;
	bytes = frames * m->cfg.struct_page_size;
	fprintf(out, "mem_map\n");
	put_line(out, "frames described", frames);
	put_line(out, "bytes a frame", m->cfg.struct_page_size);
	put_line(out, "bytes", bytes);
	put_pages(m, out, "mem_map itself",
		  (int64_t)(PAGE_ALIGN(m, bytes) >> m->page_shift));
}

void report_summary(const struct machine *m,
		    const struct task_struct *task __unused_arg, FILE *out)
{
	summary_events(m, out);
	summary_faults(m, out);
	summary_memory(m, out);
	summary_mem_map(m, out);
}
