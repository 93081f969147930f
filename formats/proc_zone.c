/*
 * proc_zone.c - /proc/zoneinfo: each zone's watermarks, counters, per-CPU lists.
 *
 * Numbers are unsigned longs of the emulated machine: a fair-zone batch below 0
 * shows as the large number that it is to the kernel.
 *
 * Linux: mm/vmstat.c zoneinfo_show_print().
 */
#include "core/page_alloc.h"
#include "core/vmscan.h"
#include "formats/report.h"

#include <inttypes.h>

static uint64_t as_ulong(const struct machine *m, int64_t value)
{
	return m->fmt->va_bits > 32 ? (uint64_t)value : (uint32_t)value;
}

static void zone_protection(const struct machine *m, const struct zone *z,
			    FILE *out)
{
	const char *comma = "";

	fprintf(out, "        protection: (");
	for (unsigned j = 0; j < MAX_NR_ZONES; j++) {
		if (!m->zone[j].configured)
			continue;
		fprintf(out, "%s%" PRIu64, comma, z->lowmem_reserve[j]);
		comma = ", ";
	}
	fprintf(out, ")\n");
}

static void zoneinfo_show(const struct machine *m, const struct zone *z,
			  FILE *out)
{
	fprintf(out, "Node 0, zone %8s\n", z->name);
	fprintf(out, "  pages free     %" PRIu64 "\n",
		as_ulong(m, z->vm_stat[NR_FREE_PAGES]));
	fprintf(out, "        min      %" PRIu64 "\n", z->watermark[WMARK_MIN]);
	fprintf(out, "        low      %" PRIu64 "\n", z->watermark[WMARK_LOW]);
	fprintf(out, "        high     %" PRIu64 "\n",
		z->watermark[WMARK_HIGH]);
	fprintf(out, "        scanned  %" PRIu64 "\n", z->pages_scanned);
	fprintf(out, "        spanned  %u\n", z->spanned_pages);
	fprintf(out, "        present  %u\n", z->present_pages);
	fprintf(out, "        managed  %u\n", z->managed_pages);
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		fprintf(out, "    %-12s %" PRIu64 "\n", zone_stat_text[i],
			as_ulong(m, zone_page_state(z, i)));
	zone_protection(m, z, out);
	fprintf(out, "  pagesets\n    cpu: 0\n");
	fprintf(out, "              count: %u\n", z->pageset.count);
	fprintf(out, "              high:  %u\n", z->pageset.high);
	fprintf(out, "              batch: %u\n", z->pageset.batch);
	fprintf(out, "  all_unreclaimable: %d\n", !zone_reclaimable(m, z));
	fprintf(out, "  start_pfn:         %u\n", z->zone_start_pfn);
	fprintf(out, "  inactive_ratio:    %u\n", z->inactive_ratio);
}

void report_zoneinfo(const struct machine *m,
		     const struct task_struct *task __unused_arg, FILE *out)
{
	const struct zone *z;

	for_each_zone (z, m)
		if (populated_zone(z))
			zoneinfo_show(m, z, out);
}
