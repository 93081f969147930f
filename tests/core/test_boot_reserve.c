/*
 * test_boot_reserve.c - what boot keeps: how many bytes, and where.
 *
 * Expected sizes are those of the kernel's rules, worked out by hand.
 */
#include "core/bootmem.h"
#include "core/buddy.h"
#include "machine_fixture.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

static struct machine *boot(uint64_t memory,
			    void (*adjust)(struct machine_config *))
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = memory;
	if (adjust)
		adjust(&cfg);
	return make_machine(&cfg);
}

/* Bytes that boot keeps of [from, to). */
static uint64_t kept(const struct machine *m, paddr_t from, paddr_t to)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < m->nr_boot_ranges; i++)
		if (m->boot_range[i].start >= from &&
		    m->boot_range[i].end <= to)
			sum += m->boot_range[i].end - m->boot_range[i].start;
	return sum;
}

/*
 * Below mem_map, one below the other: the pageblocks' types, the wait table,
 * the hashes of pids, dentries and inodes. Buckets are 4 bytes, wait queues 8.
 */
Test(boot_reserve, tables_of_small_machines)
{
	static const struct {
		unsigned mib;
		uint64_t usemap, wait_table, pids, dentries, inodes;
	} rows[] = {
		/* one bucket for 256, 8 and 16 KiB, but a page of them at
		 * least, except of pids */
		{4, 4, 4 * 8, 16 * 4, 1024 * 4, 1024 * 4},
		{8, 4, 8 * 8, 32 * 4, 1024 * 4, 1024 * 4},
		{16, 4, 16 * 8, 64 * 4, 2048 * 4, 1024 * 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot(rows[i].mib * MIB, NULL);
		paddr_t end = (paddr_t)m->max_low_pfn << m->page_shift;
		uint64_t map = rows[i].mib * MIB / 4096 * 32;

		cr_expect_eq(kept(m, end - 256 * KIB, end),
			     map + rows[i].usemap + rows[i].wait_table +
				     rows[i].pids + rows[i].dentries +
				     rows[i].inodes,
			     "%u MiB", rows[i].mib);
		machine_destroy(m);
	}
}

static void keep(struct machine_config *cfg, paddr_t start, uint64_t size)
{
	cfg->reserved[cfg->nr_reserved].start = start;
	cfg->reserved[cfg->nr_reserved++].end = start + size;
}

/* Beside the default ones as many as there is room for, from 32 MiB on. */
static void occupied(struct machine_config *cfg)
{
	cfg->occupied = 2 * MIB;
}

static void many_reserved(struct machine_config *cfg)
{
	occupied(cfg);
	while (cfg->nr_reserved < CONFIG_MAX_RANGES)
		keep(cfg, 32 * MIB + cfg->nr_reserved * 64 * KIB, 8 * KIB);
}

Test(boot_reserve, as_many_ranges_as_can_be_said)
{
	struct machine *bare = boot(64 * MIB, occupied);
	struct machine *m = boot(64 * MIB, many_reserved);
	unsigned first = bare->cfg.nr_reserved;

	for (unsigned i = first; i < CONFIG_MAX_RANGES; i++) {
		pfn_t pfn = (pfn_t)((32 * MIB + i * 64 * KIB) >> 12);

		cr_expect(pfn_reserved(m, pfn) && pfn_reserved(m, pfn + 1));
		cr_expect_not(pfn_reserved(m, pfn - 1) ||
			      pfn_reserved(m, pfn + 2));
	}
	cr_expect_eq(kept(m, 0, 64 * MIB),
		     kept(bare, 0, 64 * MIB) +
			     (CONFIG_MAX_RANGES - first) * 8 * KIB);
	cr_expect_eq(m->totalram,
		     bare->totalram - (CONFIG_MAX_RANGES - first) * 2);
	machine_destroy(m);
	machine_destroy(bare);
}

/* 64 KiB at the end of lowmem, and some of HighMem. */
static void top_reserved(struct machine_config *cfg)
{
	keep(cfg, 0x377fe000 - 64 * KIB, 64 * KIB);
	keep(cfg, 960 * MIB, MIB);
}

/* Tables are looked for in lowmem, below what is kept there already. */
Test(boot_reserve, tables_lie_below_what_is_reserved)
{
	struct machine *bare = boot(1024 * MIB, NULL);
	struct machine *m = boot(1024 * MIB, top_reserved);

	cr_assert_eq(m->max_low_pfn, 0x377fe);
	cr_expect_eq(kept(m, 0, 1024 * MIB),
		     kept(bare, 0, 1024 * MIB) + 64 * KIB + MIB);
	cr_expect_eq(m->totalram, bare->totalram - 16 - 256);
	machine_destroy(m);
	machine_destroy(bare);
}

static void nothing_to_free(struct machine_config *cfg)
{
	cfg->init_size = 0;
}

Test(boot_reserve, a_kernel_without_init_sections)
{
	struct machine *m = boot(64 * MIB, nothing_to_free);
	struct machine *usual = boot(64 * MIB, NULL);

	check_machine(m);
	cr_expect_eq(usual->totalram - m->totalram,
		     usual->cfg.init_size / 4096);
	machine_destroy(usual);
	check_and_destroy(m);
}
