/*
 * vmstat.c - every counter of the machine, as /proc/vmstat prints it.
 *
 * Frames in some state, summed over the zones; the two thresholds of dirty
 * pages; events since boot. Linux: mm/vmstat.c, mm/page-writeback.c.
 */
#include "core/page_alloc.h"
#include "formats/report.h"

#define DIRTY_RATIO 20		  /* vm.dirty_ratio, percent */
#define DIRTY_BACKGROUND_RATIO 10 /* vm.dirty_background_ratio */

static void line(FILE *out, const char *name, int64_t value)
{
	fprintf(out, "%s %lld\n", name, (long long)value);
}

/* What a zone keeps back: its largest reserve and its high watermark. */
static int64_t zone_reserve(const struct zone *z)
{
	uint64_t max = 0;

	for (int i = z->type; i < MAX_NR_ZONES; i++)
		max = max_t(uint64_t, max, z->lowmem_reserve[i]);
	return (int64_t)min_t(uint64_t, max + z->watermark[WMARK_HIGH],
			      z->managed_pages);
}

/* HighMem holds no dirty pages: block devices buffer in lowmem. */
static int64_t highmem_dirtyable_memory(const struct machine *m, int64_t total)
{
	const struct zone *z = &m->zone[ZONE_HIGHMEM];
	int64_t x = zone_page_state(z, NR_FREE_PAGES) +
		    zone_page_state(z, NR_ACTIVE_FILE) +
		    zone_page_state(z, NR_INACTIVE_FILE) - zone_reserve(z);

	if (x < 0)
		x = 0;
	return min_t(int64_t, x, total);
}

static int64_t global_dirtyable_memory(const struct machine *m)
{
	int64_t x = global_page_state(m, NR_FREE_PAGES);

	x -= min_t(int64_t, x, (int64_t)m->totalreserve_pages);
	x += global_page_state(m, NR_INACTIVE_FILE) +
	     global_page_state(m, NR_ACTIVE_FILE);
	if (m->zone[ZONE_HIGHMEM].managed_pages)
		x -= highmem_dirtyable_memory(m, x);
	return x + 1;
}

void report_vmstat(const struct machine *m,
		   const struct task_struct *task __unused_arg, FILE *out)
{
	int64_t room = global_dirtyable_memory(m);

	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		line(out, zone_stat_text[i],
		     global_page_state(m, (enum zone_stat_item)i));
	line(out, "nr_dirty_threshold", room * DIRTY_RATIO / 100);
	line(out, "nr_dirty_background_threshold",
	     room * DIRTY_BACKGROUND_RATIO / 100);
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		line(out, vm_event_text[i], (int64_t)m->vm_event[i]);
	/* The emulated CPU's own TLB is not modelled: its flushes are 0. */
	line(out, "nr_tlb_local_flush_all", 0);
	line(out, "nr_tlb_local_flush_one", 0);
}
