/*
 * state.c - the allocators' whole state, list by list, to start again from.
 *
 *   zone NAME start_pfn N ... lowmem_reserve N...    sizes, watermarks
 *   global totalram N ...
 *   blocks ZONE from_pfn PFN n N TYPE                pageblocks of one type
 *   area ZONE ORDER nr_free N
 *   free ZONE ORDER TYPE PFN...                      head first
 *   pcplist ZONE TYPE PFN...                         head first
 *   stat NAME N                                      as /proc/vmstat
 *
 * then the slab part (state_slab.c). Beyond what a kernel's state has, for an
 * exact continuation: `pcpreturn ZONE PFN...`, frames on the movable per-CPU
 * list that go back to Reserve where their pageblock says otherwise (or the
 * other way round), and `zstat ZONE NAME N`, a counter of one zone.
 * trace/state_read.c reads it.
 */
#include "core/page_alloc.h"
#include "formats/report.h"
#include "formats/state_slab.h"

#include <inttypes.h>

static const char *const type_word[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "unmovable",
	[MIGRATE_RECLAIMABLE] = "reclaimable",
	[MIGRATE_MOVABLE] = "movable",
	[MIGRATE_RESERVE] = "reserve",
};

static void write_zone(const struct machine *m, const struct zone *z, FILE *out)
{
	fprintf(out,
		"zone %s start_pfn %u spanned %u present %u managed %u min "
		"%" PRIu64 " low %" PRIu64 " high %" PRIu64 " free %" PRId64
		" alloc_batch %" PRId64 " inactive_ratio %u scanned %" PRIu64
		" pcp_count %u pcp_high %u pcp_batch %u lowmem_reserve",
		z->name, z->zone_start_pfn, z->spanned_pages, z->present_pages,
		z->managed_pages, z->watermark[WMARK_MIN],
		z->watermark[WMARK_LOW], z->watermark[WMARK_HIGH],
		z->vm_stat[NR_FREE_PAGES], z->vm_stat[NR_ALLOC_BATCH],
		z->inactive_ratio, z->pages_scanned, z->pageset.count,
		z->pageset.high, z->pageset.batch);
	for (unsigned j = 0; j < MAX_NR_ZONES; j++)
		if (m->zone[j].configured)
			fprintf(out, " %" PRIu64, z->lowmem_reserve[j]);
	putc('\n', out);
}

static void write_global(const struct machine *m, FILE *out)
{
	fprintf(out,
		"global totalram %" PRIu64 " totalreserve %" PRIu64
		" vm_total %" PRIu64 " min_free_kbytes %" PRIu64
		" highmem %" PRIu64 "\n",
		m->totalram, m->totalreserve_pages, m->vm_total_pages,
		m->min_free_kbytes, m->totalhigh);
}

/* Pageblocks from the one that the zone begins in, runs of one type a line. */
static void write_blocks(const struct machine *m, const struct zone *z,
			 FILE *out)
{
	pfn_t step = (pfn_t)1 << m->cfg.pageblock_order;
	pfn_t from = z->zone_start_pfn & ~(step - 1);

	while (from < zone_end_pfn(z)) {
		pfn_t at = from < z->zone_start_pfn ? z->zone_start_pfn : from;
		enum migratetype type = get_pageblock_migratetype(m, at);
		pfn_t to = from + step;

		while (to < zone_end_pfn(z) &&
		       get_pageblock_migratetype(m, to) == type)
			to += step;
		fprintf(out, "blocks %s from_pfn %u n %u %s\n", z->name, from,
			(to - from) / step, type_word[type]);
		from = to;
	}
}

static void write_area(const struct machine *m, const struct zone *z,
		       unsigned order, FILE *out)
{
	fprintf(out, "area %s %u nr_free %u\n", z->name, order,
		z->free_area[order].nr_free);
	for (unsigned t = 0; t < MIGRATE_TYPES; t++) {
		if (!free_list_count(z, order, t))
			continue;
		fprintf(out, "free %s %u %s", z->name, order, type_word[t]);
		for_each_free_block(pfn, m, z, order, t)
			fprintf(out, " %u", pfn);
		putc('\n', out);
	}
}

/* What a reader cannot tell from the pageblock: see zone_place_pcp_page(). */
static bool pcp_return_is_odd(const struct machine *m, pfn_t pfn)
{
	bool reserve = get_pageblock_migratetype(m, pfn) == MIGRATE_RESERVE;

	return reserve != (pfn_to_page(m, pfn)->index == MIGRATE_RESERVE);
}

static void write_pcp(const struct machine *m, const struct zone *z, FILE *out)
{
	const struct page_list *movable = &z->pageset.lists[MIGRATE_MOVABLE];
	bool any = false;

	for (unsigned t = 0; t < MIGRATE_PCPTYPES; t++) {
		if (!z->pageset.lists[t].nr)
			continue;
		fprintf(out, "pcplist %s %s", z->name, type_word[t]);
		page_list_for_each (pfn, m, &z->pageset.lists[t])
			fprintf(out, " %u", pfn);
		putc('\n', out);
	}
	page_list_for_each (pfn, m, movable) {
		if (!pcp_return_is_odd(m, pfn))
			continue;
		if (!any)
			fprintf(out, "pcpreturn %s", z->name);
		any = true;
		fprintf(out, " %u", pfn);
	}
	if (any)
		putc('\n', out);
}

static void write_stats(const struct machine *m, FILE *out)
{
	const struct zone *z;

	/* unsigned long, as /proc/vmstat has it */
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
		uint64_t sum = (uint64_t)global_page_state(m, i);

		fprintf(out, "stat %s %" PRIu64 "\n", zone_stat_text[i],
			m->fmt->va_bits > 32 ? sum : (uint32_t)sum);
	}
	for (unsigned i = 0; i < NR_VM_EVENT_ITEMS; i++)
		fprintf(out, "stat %s %" PRIu64 "\n", vm_event_text[i],
			m->vm_event[i]);
	for_each_zone (z, m)
		for (unsigned i = NR_ALLOC_BATCH + 1; i < NR_VM_ZONE_STAT_ITEMS;
		     i++)
			if (zone_page_state(z, i))
				fprintf(out, "zstat %s %s %" PRId64 "\n",
					z->name, zone_stat_text[i],
					zone_page_state(z, i));
}

void report_state(const struct machine *m,
		  const struct task_struct *task __unused_arg, FILE *out)
{
	const struct zone *z;

	fprintf(out, "mmemu-state 1\nmachine %s\n", m->cfg.name);
	state_write_vmalloc_range(m, out);
	for_each_zone (z, m)
		if (populated_zone(z))
			write_zone(m, z, out);
	write_global(m, out);
	for_each_zone (z, m)
		if (populated_zone(z))
			write_blocks(m, z, out);
	for_each_zone (z, m) {
		if (!populated_zone(z))
			continue;
		for (unsigned o = 0; o < MAX_ORDER; o++)
			write_area(m, z, o, out);
		write_pcp(m, z, out);
	}
	write_stats(m, out);
	state_write_slab(m, out);
}
