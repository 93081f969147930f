/*
 * test_zone_reports.c - buddyinfo, pagetypeinfo, zoneinfo as a kernel printed
 * them: the numbers of its files are put into a machine, the text must be the
 * same byte for byte.
 */
#include "core/machine.h"
#include "core/page_alloc.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/zones/"

static char *read_data(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 16384);

	cr_assert(f, "%s: run from the top folder", path);
	cr_assert_lt(fread(text, 1, 16383, f), 16383);
	fclose(f);
	return text;
}

static char *report_text(const struct machine *m, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	report_find(name)->write(m, NULL, out);
	fclose(out);
	return text;
}

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64ull << 20;
	cfg.firmware_top = 140 << 10;
	return make_machine(&cfg);
}

static struct zone *zone_named(struct machine *m, const char *name)
{
	return &m->zone[!strcmp(name, "DMA") ? ZONE_DMA : ZONE_NORMAL];
}

/* ---- numbers into the machine ---- */

static void set_free_line(struct machine *m, const char *line)
{
	char zone[16], type[16];
	unsigned n[MAX_ORDER], t = 0;
	struct zone *z;

	if (sscanf(line,
		   "Node 0, zone %15[^,], type %15s %u %u %u %u %u %u %u %u %u "
		   "%u %u",
		   zone, type, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6],
		   &n[7], &n[8], &n[9], &n[10]) != 13)
		return;
	while (strcmp(migratetype_names[t], type))
		t++;
	z = zone_named(m, zone);
	for (unsigned o = 0; o < MAX_ORDER; o++) {
		struct free_area *area = &z->free_area[o];

		area->free_list[t].nr = n[o];
		area->nr_free = (t ? area->nr_free : 0) + n[o];
	}
	z->fresh_blocks = 0;
}

static void set_block_line(struct machine *m, const char *line)
{
	unsigned n[MIGRATE_TYPES];
	char zone[16];
	pfn_t pfn;

	if (sscanf(line, "Node 0, zone %15s %u %u %u %u", zone, &n[0], &n[1],
		   &n[2], &n[3]) != 5)
		return;
	pfn = zone_named(m, zone)->zone_start_pfn;
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		for (; n[t]--; pfn += 1024)
			set_pageblock_migratetype(m, pfn, t);
}

static void set_zoneinfo_line(struct machine *m, const char *line,
			      struct zone **z)
{
	char word[48], zone[16];
	long long n;

	if (sscanf(line, "Node 0, zone %15s", zone) == 1)
		*z = zone_named(m, zone);
	if (sscanf(line, " count: %lld", &n) == 1)
		(*z)->pageset.count = (uint32_t)n;
	if (sscanf(line, " %47s %lld", word, &n) != 2)
		return;
	for (unsigned i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (!strcmp(zone_stat_text[i], word))
			(*z)->vm_stat[i] = n;
}

static void each_line(const char *text, struct machine *m,
		      void (*set)(struct machine *m, const char *line))
{
	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += !!p)
		set(m, p);
}

/* ---- */

Test(zone_reports, buddyinfo_and_pagetypeinfo)
{
	char *types = read_data(DATA "pagetypeinfo.nopae-64");
	char *buddy = read_data(DATA "buddyinfo.nopae-64");
	struct machine *m = boot();
	char *got;

	each_line(types, m, set_free_line);
	each_line(types, m, set_block_line);
	got = report_text(m, "pagetypeinfo");
	cr_expect_str_eq(got, types);
	free(got);
	got = report_text(m, "buddyinfo");
	cr_expect_str_eq(got, buddy);
	free(got);
	machine_destroy(m);
	free(types);
	free(buddy);
}

Test(zone_reports, zoneinfo)
{
	char *text = read_data(DATA "zoneinfo.nopae-64"), *got;
	struct machine *m = boot();
	struct zone *z = NULL;

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += !!p)
		set_zoneinfo_line(m, p, &z);
	got = report_text(m, "zoneinfo");
	cr_expect_str_eq(got, text);
	free(got);
	machine_destroy(m);
	free(text);
}

/* A batch below 0 is a large number to a 32-bit kernel. */
Test(zone_reports, negative_counters)
{
	struct machine *m = boot();
	char *got;

	m->zone[ZONE_DMA].vm_stat[NR_ALLOC_BATCH] = -10;
	got = report_text(m, "zoneinfo");
	cr_expect(strstr(got, "    nr_alloc_batch 4294967286\n"));
	free(got);
	machine_destroy(m);
}

Test(zone_reports, fragmentation)
{
	struct zone z = {0};

	z.free_area[0].nr_free = 8;
	cr_expect_eq(unusable_free_index(&z, 0), 0);
	cr_expect_eq(unusable_free_index(&z, 1), 1000);
	cr_expect_eq(fragmentation_index(&z, 0), -1000);
	cr_expect_eq(fragmentation_index(&z, 1), 375);
	z.free_area[3].nr_free = 1;
	cr_expect_eq(unusable_free_index(&z, 1), 500);
	cr_expect_eq(fragmentation_index(&z, 3), -1000);
	cr_expect_eq(fragmentation_index(&z, 4), 1000 - (1000 + 1000) / 9);
	z = (struct zone){0};
	cr_expect_eq(unusable_free_index(&z, 0), 1000);
	cr_expect_eq(fragmentation_index(&z, 0), 0);
}
