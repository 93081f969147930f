/* test_bootmem.c - from a memory size to zones, as kernels had them. */
#include "core/bootmem.h"
#include "core/buddy.h"
#include "core/machine.h"
#include "core/page_alloc.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine *boot(const struct machine_config *cfg)
{
	struct checker c = {.tell = tell_broken};
	struct machine *m;

	m = make_machine(cfg);
	page_alloc_check(m, &c);
	cr_assert_eq(c.broken, 0);
	return m;
}

/* ---- ranges ---- */

Test(bootmem, ranges_join_and_split)
{
	struct phys_range r[4];
	unsigned nr = 0;

	cr_assert_eq(range_add(r, &nr, 4, 100, 200), 0);
	cr_assert_eq(range_add(r, &nr, 4, 300, 400), 0);
	cr_assert_eq(range_add(r, &nr, 4, 200, 300), 0); /* fills the gap */
	cr_assert(nr == 1 && r[0].start == 100 && r[0].end == 400);
	cr_assert_eq(range_remove(r, &nr, 4, 150, 160), 0);
	cr_assert(nr == 2 && r[0].end == 150 && r[1].start == 160);
	cr_assert_eq(range_remove(r, &nr, 4, 0, 170), 0);
	cr_assert(nr == 1 && r[0].start == 170 && r[0].end == 400);
	cr_assert_eq(range_find(r, nr, 399), 0);
	cr_assert_eq(range_find(r, nr, 400), 1);
}

/* RAM that is less than a frame is none, and what lies behind counts once. */
Test(bootmem, crumbs_between_firmware_are_no_frames)
{
	struct machine_config cfg;
	struct machine *m;
	uint64_t present = 0;

	machine_config_default(&cfg);
	cfg.memory = 64 << 20;
	cfg.firmware[0].end = cfg.firmware[1].start - 2048;
	m = boot(&cfg);
	cr_assert_eq(m->nr_ram_ranges, 1);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		present += m->zone[i].present_pages;
	cr_expect_eq(present << PAGE_SHIFT(m),
		     cfg.memory - (1 << 20) - cfg.firmware_top);
	machine_destroy(m);
}

Test(bootmem, too_many_ranges_are_refused)
{
	struct phys_range r[2];
	unsigned nr = 0;

	cr_assert_eq(range_add(r, &nr, 2, 10, 20), 0);
	cr_assert_eq(range_add(r, &nr, 2, 30, 40), 0);
	cr_assert_eq(range_add(r, &nr, 2, 50, 60), -ENOSPC);
	cr_assert_eq(range_remove(r, &nr, 2, 12, 14), -ENOSPC);
}

/* ---- against kernels ---- */

struct row {
	char machine[32], zone[16];
	unsigned start, spanned, present, managed, min, low, high, reserve[4],
		pcp_high, pcp_batch, inactive_ratio;
};

static bool next_row(FILE *f, struct row *r)
{
	char line[256];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line,
			   "%31s %15s %u %u %u %u %u %u %u %u %u %u %u %u %u "
			   "%u",
			   r->machine, r->zone, &r->start, &r->spanned,
			   &r->present, &r->managed, &r->min, &r->low, &r->high,
			   &r->reserve[0], &r->reserve[1], &r->reserve[2],
			   &r->reserve[3], &r->pcp_high, &r->pcp_batch,
			   &r->inactive_ratio) == 16)
			return true;
	return false;
}

static const struct zone *find_zone(const struct machine *m, const char *name)
{
	const struct zone *z;

	for_each_zone (z, m)
		if (!strcmp(z->name, name))
			return z;
	cr_assert_fail("no zone %s", name);
	return NULL;
}

static void compare_zone(const struct zone *z, const struct row *r)
{
	static const enum zone_type column[4] = {ZONE_DMA, ZONE_NORMAL,
						 ZONE_HIGHMEM, ZONE_MOVABLE};

	cr_expect_eq(z->zone_start_pfn, r->start);
	cr_expect_eq(z->spanned_pages, r->spanned);
	cr_expect_eq(z->present_pages, r->present);
	cr_expect_eq(z->managed_pages, r->managed, "%s %s managed %u, not %u",
		     r->machine, r->zone, z->managed_pages, r->managed);
	cr_expect_eq(z->watermark[WMARK_MIN], r->min);
	cr_expect_eq(z->watermark[WMARK_LOW], r->low);
	cr_expect_eq(z->watermark[WMARK_HIGH], r->high);
	cr_expect_eq(z->pageset.high, r->pcp_high);
	cr_expect_eq(z->pageset.batch, r->pcp_batch);
	cr_expect_eq(z->inactive_ratio, r->inactive_ratio);
	for (unsigned j = 0; j < 4; j++)
		cr_expect_eq(z->lowmem_reserve[column[j]], r->reserve[j],
			     "%s %s reserve %u", r->machine, r->zone, j);
}

/* The two kernels' images and PCs: what the file cannot say. */
static struct machine *boot_row(const char *name)
{
	struct machine_config cfg;
	bool pae = !strncmp(name, "pae", 3), other = strchr(name, '+');

	machine_config_default(&cfg);
	cfg.memory = strtoull(strchr(name, '-') + 1, NULL, 10) << 20;
	cfg.firmware_top = (other ? 128 : 140) << 10;
	cfg.kernel_size = (pae ? 2840 : 2828) << 10;
	if (other)
		cfg.kernel_size += 24 << 10;
	if (pae)
		strcpy(cfg.paging, "x86-pae");
	return boot(&cfg);
}

/*
 * The kernel that wrote the file had allocated since; its Normal zone's managed
 * pages and all that follows from them are boot's.
 */
Test(bootmem, zones_as_kernels_had_them)
{
	FILE *f = fopen("tests/data/zones/zoneinfo-rows", "r");
	struct machine *m = NULL;
	char name[32] = "";
	struct row r;
	unsigned rows = 0;

	cr_assert(f, "run from the top folder");
	for (; next_row(f, &r); rows++) {
		if (strcmp(name, r.machine)) {
			machine_destroy(m);
			m = boot_row(r.machine);
			strcpy(name, r.machine);
		}
		compare_zone(find_zone(m, r.zone), &r);
	}
	cr_assert_eq(rows, 36);
	machine_destroy(m);
	fclose(f);
}

Test(bootmem, dma_zone_block_by_block)
{
	static const uint32_t nr_free[MAX_ORDER] = {1, 1, 0, 1, 2, 1,
						    1, 0, 1, 1, 3};
	struct machine_config cfg;
	struct machine *m;
	const struct zone *z;

	machine_config_default(&cfg);
	m = boot(&cfg);
	z = &m->zone[ZONE_DMA];
	/* slab's DMA caches take nothing at boot, page tables neither */
	for (unsigned o = 0; o < MAX_ORDER; o++)
		cr_expect_eq(z->free_area[o].nr_free, nr_free[o], "order %u",
			     o);
	cr_expect_eq(get_pageblock_migratetype(m, 1), MIGRATE_UNMOVABLE);
	cr_expect_eq(get_pageblock_migratetype(m, 1024), MIGRATE_RESERVE);
	cr_expect_eq(get_pageblock_migratetype(m, 2048), MIGRATE_MOVABLE);
	machine_destroy(m);
}

/* Two zones share a pageblock: each has its own type for it. */
Test(bootmem, shared_pageblock_has_two_types)
{
	struct machine_config cfg;
	struct machine *m;

	machine_config_default(&cfg);
	cfg.memory = 1024ull << 20;
	m = boot(&cfg);
	cr_assert_eq(m->max_low_pfn, 0x377FE);
	cr_expect_eq(get_pageblock_migratetype(m, 0x377FE), MIGRATE_UNMOVABLE);
	cr_expect_eq(get_pageblock_migratetype(m, 0x377FD), MIGRATE_MOVABLE);
	machine_destroy(m);
}

/* 19425 frames of lowmem: sqrt(16 * 77700 kB) is 1114.99; one frame more would
 * make it 1115. The other limits are those of the range. */
Test(bootmem, min_free_kbytes_is_a_square_root_cut_off)
{
	static const struct {
		unsigned mib, frames, kbytes;
	} rows[] = {{4, 734, 216}, {80, 19425, 1114}, {148, 36672, 1531},
		    {664, 167587, 3274}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_config cfg;
		struct machine *m;

		machine_config_default(&cfg);
		cfg.memory = (uint64_t)rows[i].mib << 20;
		m = boot(&cfg);
		cr_expect_eq(m->totalram - m->cfg.init_size / 4096,
			     rows[i].frames, "%u MiB: %u", rows[i].mib,
			     (unsigned)(m->totalram - m->cfg.init_size / 4096));
		cr_expect_eq(m->min_free_kbytes, rows[i].kbytes, "%u MiB: %u",
			     rows[i].mib, (unsigned)m->min_free_kbytes);
		machine_destroy(m);
	}
}

/* ---- sizes ---- */

Test(bootmem, every_size_boots)
{
	for (unsigned mb = 4; mb <= 65536; mb *= 2) {
		for (int pae = mb > 2048; pae < 2; pae++) {
			struct machine_config cfg;
			struct machine *m;

			machine_config_default(&cfg);
			cfg.memory = (uint64_t)mb << 20;
			if (pae)
				strcpy(cfg.paging, "x86-pae");
			m = boot(&cfg);
			cr_expect_leq(m->totalram, cfg.memory >> 12);
			machine_destroy(m);
		}
	}
}

Test(bootmem, hole_below_4g)
{
	struct machine_config cfg;
	struct machine *m;

	machine_config_default(&cfg);
	cfg.memory = 6ull << 30;
	strcpy(cfg.paging, "x86-pae");
	m = boot(&cfg);
	cr_expect_eq(m->max_pfn, 0x1c0000);
	cr_expect(pfn_present(m, 0xbffdf));
	cr_expect(!pfn_present(m, 0xbffe0));
	cr_expect(!pfn_present(m, 0xfffff));
	cr_expect(pfn_present(m, 0x100000));
	cr_expect(!pfn_present(m, 0) && !pfn_present(m, 0xa0));
	machine_destroy(m);
}

/* Without a zone for it, memory above lowmem is not used. */
Test(bootmem, no_highmem_zone)
{
	struct machine_config cfg;
	struct machine *m;

	machine_config_default(&cfg);
	cfg.memory = 2048ull << 20;
	cfg.highmem = false;
	m = boot(&cfg);
	cr_expect_eq(m->max_pfn, 0x377FE);
	cr_expect_eq(m->zone[ZONE_HIGHMEM].spanned_pages, 0);
	machine_destroy(m);
}

Test(bootmem, kernelcore_makes_zone_movable)
{
	struct machine_config cfg;
	struct machine *m;
	struct page *page;

	machine_config_default(&cfg);
	cfg.memory = 1024ull << 20;
	cfg.kernelcore = 512ull << 20;
	m = boot(&cfg);
	/* lowmem alone has more than that: all of HighMem becomes Movable */
	cr_expect_eq(m->zone[ZONE_HIGHMEM].spanned_pages, 2);
	cr_expect_eq(m->zone[ZONE_MOVABLE].zone_start_pfn, 0x37800);
	page = alloc_page(m, GFP_HIGHUSER_MOVABLE);
	cr_expect_eq(page_zone(m, page), &m->zone[ZONE_MOVABLE]);
	__free_pages(m, page, 0);
	page = alloc_page(m, GFP_HIGHUSER);
	cr_expect_neq(page_zone(m, page), &m->zone[ZONE_MOVABLE]);
	__free_pages(m, page, 0);
	machine_destroy(m);
}

/* RAM above lowmem in two ranges, below and above the hole: kernelcore frames
 * are counted in both. */
Test(bootmem, kernelcore_counts_over_a_hole)
{
	static const struct {
		uint64_t core;
		pfn_t begin;
	} rows[] = {
		/* 97 frames below 1 MiB are no RAM: so much more, rounded up */
		{2ull << 30, 0x80000 + 1024},
		/* 512 MiB of hole lie before it */
		{5ull << 30, 0x160000 + 1024},
	};
	struct machine_config cfg;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m;

		machine_config_default(&cfg);
		strcpy(cfg.paging, "x86-pae");
		cfg.memory = 6ull << 30;
		cfg.hole_start = 0xE0000000;
		cfg.hole_end = 0x100000000;
		cfg.hole_from = 0xF0000000;
		cfg.firmware_top = 0;
		cfg.kernelcore = rows[i].core;
		m = boot(&cfg);
		cr_expect_eq(m->zone[ZONE_MOVABLE].zone_start_pfn,
			     rows[i].begin, "0x%x",
			     m->zone[ZONE_MOVABLE].zone_start_pfn);
		machine_destroy(m);
	}
}

Test(bootmem, image_must_fit)
{
	struct machine_config cfg;
	struct machine *m = NULL;
	const char *why = NULL;

	machine_config_default(&cfg);
	cfg.memory = 16ull << 20;
	cfg.kernel_start = 16ull << 20;
	cr_assert_eq(machine_create(&cfg, NULL, &m, &why), -EINVAL);
	cr_assert(why && *why);
}

/* What the kernel image gives out stays reserved. */
Test(bootmem, bss_is_reserved)
{
	struct machine_config cfg;
	struct machine *m;
	pfn_t pfn;

	machine_config_default(&cfg);
	m = boot(&cfg);
	pfn = bss_alloc(m, 3);
	for (pfn_t i = 0; i < 3; i++)
		cr_expect(pfn_reserved(m, pfn + i));
	cr_expect(pfn_reserved(m, m->zero_pfn));
	cr_expect(!pfn_reserved(m, 0x2000));
	machine_destroy(m);
}
