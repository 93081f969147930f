/* test_slab_layout.c - object size to layout, against what kernels had. */
#include "core/machine.h"
#include "core/slab.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

static struct machine *boot(const struct machine_config *cfg)
{
	return make_machine(cfg);
}

static struct machine *boot_default(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	return boot(&cfg);
}

/* The era of the lecture's sample. */
static struct machine *boot_lecture(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.cache_line_size = 128;
	cfg.slab_min_align = 4;
	cfg.bufctl_size = 2;
	cfg.slab_header_size = 24;
	cfg.kmalloc_96_192 = false;
	cfg.kmalloc_max = 128 << 10;
	return boot(&cfg);
}

Test(slab_layout, every_cache_of_the_measured_kernels)
{
	struct machine *m = boot_default();
	FILE *f = fopen("tests/data/slab/boot-rows", "r");
	char line[256], name[64];
	unsigned rows = 0;

	cr_assert(f);
	while (fgets(line, sizeof(line), f)) {
		uint32_t raw, align, flags, size, num, pages, limit, batch,
			colour, colour_off, slab_size, off, free_limit;
		struct slab_layout l;

		if (line[0] == '#')
			continue;
		cr_assert_eq(sscanf(line,
				    "%63s %u %u %x %u %u %u %u %u %u %u %u %u "
				    "%u", name, &raw, &align, &flags, &size,
				    &num, &pages, &limit, &batch, &colour,
				    &colour_off, &slab_size, &off, &free_limit),
			     14);
		slab_calculate_layout(m, raw, align, flags & ~CFLGS_OFF_SLAB,
				      false, &l);
		cr_expect_eq(l.size, size, "%s", name);
		cr_expect_eq(l.align, align, "%s", name);
		cr_expect_eq(l.num, num, "%s", name);
		cr_expect_eq(1u << l.gfporder, pages, "%s", name);
		cr_expect_eq(l.limit, limit, "%s", name);
		cr_expect_eq(l.batchcount, batch, "%s", name);
		cr_expect_eq(l.colour, colour, "%s", name);
		cr_expect_eq(l.colour_off, colour_off, "%s", name);
		cr_expect_eq(l.slab_size, slab_size, "%s", name);
		cr_expect_eq(l.off_slab, off, "%s", name);
		cr_expect_eq(2 * l.batchcount + l.num, free_limit, "%s", name);
		rows++;
	}
	cr_expect_eq(rows, 92);
	fclose(f);
	machine_destroy(m);
}

/* What the machine boots with is what was measured: all caches, in order. */
Test(slab_layout, booted_machine_has_the_measured_caches)
{
	struct machine *m = boot_default();
	FILE *f = fopen("tests/data/slab/boot-rows", "r");
	const struct kmem_cache *s =
		list_first_entry(&m->slab_caches, struct kmem_cache, list);
	char line[256], name[64];

	cr_assert(f);
	while (fgets(line, sizeof(line), f)) {
		uint32_t raw;

		if (line[0] == '#' || &s->list == &m->slab_caches)
			continue;
		sscanf(line, "%63s %u", name, &raw);
		cr_expect_str_eq(s->name, name);
		cr_expect_eq(s->object_size, raw, "%s", name);
		s = list_entry(s->list.next, struct kmem_cache, list);
	}
	cr_expect_eq(&s->list, &m->slab_caches, "a cache too many");
	fclose(f);
	machine_destroy(m);
}

/* clang-format off */
static const struct lecture_row {
	const char *name;
	uint32_t raw, align, flags, size, num, pages, limit;
} lecture_rows[] = {
	{"ip_conntrack_expect", 144, 0, SLAB_HWCACHE_ALIGN, 256, 15, 1, 120},
	{"ip_conntrack", 296, 0, SLAB_HWCACHE_ALIGN, 384, 10, 1, 54},
	{"nfs_direct_cache", 68, 0, SLAB_RECLAIM_ACCOUNT, 68, 58, 1, 120},
	{"nfs_write_data", 385, 0, SLAB_HWCACHE_ALIGN, 512, 7, 1, 54},
	{"nfs_write_data", 508, 0, SLAB_HWCACHE_ALIGN, 512, 7, 1, 54},
	{"task_struct", 1360, 128, SLAB_PANIC, 1408, 5, 2, 24},
	{"anon_vma", 16, 0, SLAB_PANIC, 16, 226, 1, 120},
	{"pgd", 32, 32, SLAB_PANIC, 32, 119, 1, 120},
	{"pmd", 4096, 4096, SLAB_PANIC, 4096, 1, 1, 24},
	{"size-131072(DMA)", 131072, 0, SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA, 131072, 1, 32, 8},
	{"size-131072", 131072, 0, SLAB_HWCACHE_ALIGN, 131072, 1, 32, 8},
	{"size-65536(DMA)", 65536, 0, SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA, 65536, 1, 16, 8},
	{"size-65536", 65536, 0, SLAB_HWCACHE_ALIGN, 65536, 1, 16, 8},
	{"size-32", 32, 0, SLAB_HWCACHE_ALIGN, 32, 119, 1, 120},
	{"kmem_cache", 244, 0, SLAB_HWCACHE_ALIGN, 256, 15, 1, 120},
};
/* clang-format on */

Test(slab_layout, lecture_rows)
{
	struct machine *m = boot_lecture();

	for (size_t i = 0; i < ARRAY_SIZE(lecture_rows); i++) {
		const struct lecture_row *r = &lecture_rows[i];
		struct slab_layout l;

		slab_calculate_layout(m, r->raw, r->align, r->flags, false, &l);
		cr_expect_eq(l.size, r->size, "%s", r->name);
		cr_expect_eq(l.num, r->num, "%s: %u", r->name, l.num);
		cr_expect_eq(1u << l.gfporder, r->pages, "%s", r->name);
		cr_expect_eq(l.limit, r->limit, "%s", r->name);
		cr_expect_eq(l.batchcount, (r->limit + 1) / 2, "%s", r->name);
	}
	machine_destroy(m);
}

/* The test for an off-slab descriptor looks at the size before alignment. */
Test(slab_layout, off_slab_by_raw_size)
{
	struct machine *m = boot_lecture();
	struct slab_layout l;

	slab_calculate_layout(m, 508, 0, SLAB_HWCACHE_ALIGN, false, &l);
	cr_expect(!l.off_slab);
	slab_calculate_layout(m, 512, 0, SLAB_HWCACHE_ALIGN, false, &l);
	cr_expect(l.off_slab);
	cr_expect_eq(l.num, 8);
	slab_calculate_layout(m, 512, 0, SLAB_HWCACHE_ALIGN, true, &l);
	cr_expect(!l.off_slab, "not before there are general caches");
	slab_calculate_layout(m, 512, 0, SLAB_NOLEAKTRACE, false, &l);
	cr_expect(!l.off_slab);
	machine_destroy(m);
}

Test(slab_layout, small_machines_keep_to_single_pages)
{
	struct machine_config cfg;
	struct machine *m;
	struct slab_layout l;

	machine_config_default(&cfg);
	cfg.memory = 24 << 20;
	m = boot(&cfg);
	slab_calculate_layout(m, 1400, 0, 0, false, &l);
	cr_expect_eq(l.gfporder, 0);
	cr_expect_eq(l.num, 2);
	machine_destroy(m);
}

Test(slab_layout, nothing_fits)
{
	struct machine *m = boot_default();
	struct slab_layout l;

	slab_calculate_layout(m, (4 << 20) + 4, 0, 0, false, &l);
	cr_expect_eq(l.num, 0);
	slab_calculate_layout(m, 4 << 20, 0, 0, false, &l);
	cr_expect_eq(l.num, 1);
	cr_expect_eq(l.gfporder, 10);
	machine_destroy(m);
}

/* ALIGN() is a mask: (100 + 23) & ~23 = 104, and so is the descriptor's. */
Test(slab_layout, align_that_is_no_power_of_two)
{
	struct machine *m = boot_default();
	struct slab_layout l;

	slab_calculate_layout(m, 100, 24, 0, false, &l);
	cr_expect_eq(l.align, 24);
	cr_expect_eq(l.size, 104);
	cr_expect_eq(l.num, 37);
	cr_expect_eq(l.slab_size, 192, "28 + 37 * 4 = 176, (176 + 23) & ~23");
	cr_expect_eq(l.left_over, 4096 - 192 - 37 * 104);
	slab_calculate_layout(m, 97, 12, 0, false, &l);
	cr_expect_eq(l.size, 100, "(100 + 11) & ~11");
	machine_destroy(m);
}

/* By division 39 objects fit, but not with their descriptor aligned: 200 +
 * 39 * 100 is 4 more than a page has. */
Test(slab_layout, one_less_where_the_descriptor_is_aligned)
{
	struct machine *m = boot_default();
	struct slab_layout l;

	slab_calculate_layout(m, 100, 20, 0, false, &l);
	cr_expect_eq(l.size, 100, "(100 + 19) & ~19");
	cr_expect_eq(l.gfporder, 0);
	cr_expect_eq(l.num, 38);
	cr_expect_eq(l.slab_size, 196, "(28 + 38 * 4 + 19) & ~19");
	cr_expect_eq(l.left_over, 4096 - 196 - 38 * 100);
	machine_destroy(m);
}

/* One byte names 252 objects and the end of the chain. */
Test(slab_layout, narrow_bufctl_bounds_the_objects)
{
	struct machine_config cfg;
	struct machine *m;
	struct slab_layout l;

	machine_config_default(&cfg);
	cfg.bufctl_size = 1;
	cfg.slab_min_align = 4;
	m = boot(&cfg);
	slab_calculate_layout(m, 8, 0, 0, false, &l);
	cr_expect_eq(l.num, 252);
	cr_expect_eq(l.left_over, (4096u << l.gfporder) - 252 * 8 - 280);
	machine_destroy(m);
}
