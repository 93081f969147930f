/*
 * proc_buddy.c - free blocks: /proc/buddyinfo, /proc/pagetypeinfo, and
 * debugfs's fragmentation indices.
 *
 * All three have a line for each populated zone (pagetypeinfo: and type), with
 * a column for each order. Frames on the per-CPU lists are in none of them.
 *
 * Linux: mm/vmstat.c frag_show_print(), pagetypeinfo_show(), extfrag_show().
 */
#include "core/page_alloc.h"
#include "formats/report.h"

#define for_each_populated_zone(z, m) \
	for_each_zone (z, m)          \
		if (populated_zone(z))

void report_buddyinfo(const struct machine *m,
		      const struct task_struct *task __unused_arg, FILE *out)
{
	const struct zone *z;

	for_each_populated_zone(z, m)
	{
		fprintf(out, "Node 0, zone %8s ", z->name);
		for (unsigned o = 0; o < MAX_ORDER; o++)
			fprintf(out, "%6u ", z->free_area[o].nr_free);
		putc('\n', out);
	}
}

static void pagetypeinfo_free(const struct machine *m, FILE *out)
{
	const struct zone *z;

	fprintf(out, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned o = 0; o < MAX_ORDER; o++)
		fprintf(out, "%6u ", o);
	putc('\n', out);
	for_each_populated_zone(z, m)
	{
		for (unsigned t = 0; t < MIGRATE_TYPES; t++) {
			fprintf(out, "Node %4d, zone %8s, type %12s ", 0,
				z->name, migratetype_names[t]);
			for (unsigned o = 0; o < MAX_ORDER; o++)
				fprintf(out, "%6u ", free_list_count(z, o, t));
			putc('\n', out);
		}
	}
}

/* The kernel looks at one frame each pageblock's length from the zone's start
 * on, wherever that lies within its block. */
static void pagetypeinfo_blocks(const struct machine *m, FILE *out)
{
	pfn_t step = (pfn_t)1 << m->cfg.pageblock_order;
	const struct zone *z;

	fprintf(out, "\n%-23s", "Number of blocks type ");
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		fprintf(out, "%12s ", migratetype_names[t]);
	putc('\n', out);
	for_each_populated_zone(z, m)
	{
		unsigned long count[MIGRATE_TYPES] = {0};

		for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z);
		     pfn += step)
			count[get_pageblock_migratetype(m, pfn)]++;
		fprintf(out, "Node %d, zone %8s ", 0, z->name);
		for (unsigned t = 0; t < MIGRATE_TYPES; t++)
			fprintf(out, "%12lu ", count[t]);
		putc('\n', out);
	}
}

void report_pagetypeinfo(const struct machine *m,
			 const struct task_struct *task __unused_arg, FILE *out)
{
	unsigned order = m->cfg.pageblock_order;

	fprintf(out, "Page block order: %u\n", order);
	fprintf(out, "Pages per block:  %u\n\n", 1u << order);
	pagetypeinfo_free(m, out);
	pagetypeinfo_blocks(m, out);
}

/* ---- fragmentation ---- */

static void put_index(FILE *out, int index)
{
	fprintf(out, "%s%d.%03d ", index < 0 ? "-" : "",
		index < 0 ? -index / 1000 : index / 1000,
		index < 0 ? -index % 1000 : index % 1000);
}

/* A line a zone, a column an order. */
static void put_indices(const struct machine *m, FILE *out,
			int (*index)(const struct zone *z, unsigned order))
{
	const struct zone *z;

	for_each_populated_zone(z, m)
	{
		fprintf(out, "Node %d, zone %8s ", 0, z->name);
		for (unsigned o = 0; o < MAX_ORDER; o++)
			put_index(out, index(z, o));
		putc('\n', out);
	}
}

/* Two tables under headings: debugfs has them in two files. */
void report_extfrag(const struct machine *m,
		    const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("unusable free space index\n", out);
	put_indices(m, out, unusable_free_index);
	fputs("external fragmentation index\n", out);
	put_indices(m, out, fragmentation_index);
}
