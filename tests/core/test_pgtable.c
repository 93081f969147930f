/* test_pgtable.c - page tables of every format against a host-side model. */
#include "core/check.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/subsystems.h"
#include "core/task.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define PAGES 400 /* mapped by the random tests */

static struct machine *boot(const char *paging, uint64_t memory)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = memory;
	return make_machine(&cfg);
}

static unsigned long broken(const struct machine *m, bool loud)
{
	struct checker c = {.tell = loud ? tell_broken : NULL};

	pgtable_check(m, &c);
	return c.broken;
}

/* Frames not free: neither in the buddy system nor on a per-CPU list. */
static int64_t frames_used(const struct machine *m)
{
	int64_t free = global_page_state(m, NR_FREE_PAGES);

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		free += m->zone[i].pageset.count;
	return (int64_t)totalram_pages(m) - free;
}

static uint64_t rnd(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* ---- the top ---- */

Test(pgtable, a_new_mm_takes_the_kernels_frames)
{
	static const struct {
		const char *paging;
		int64_t frames;
		unsigned pmds;
	} row[] = {{"x86-2level", 1, 0}, {"x86-pae", 4, 3}, {"flat", 1024, 0},
		   {"lecture-5555", 1, 0}, {"x86-64", 1, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct machine *m = boot(row[i].paging, 64u << 20);
		struct mm_struct mm = {.m = m, .host_id = 1};
		int64_t before = frames_used(m);

		cr_assert_eq(pgd_alloc(&mm), 0);
		cr_expect_eq(frames_used(m) - before, row[i].frames, "%s",
			     row[i].paging);
		cr_expect_eq(m->stats.tables_by_level[PG_PMD], row[i].pmds);
		cr_expect_eq(mm.nr_ptes, 0);
		cr_expect_eq(global_page_state(m, NR_PAGETABLE), 0);
		pgd_free(&mm);
		cr_expect_eq(frames_used(m), before);
		machine_destroy(m);
	}
}

Test(pgtable, the_kernels_entries_are_shared)
{
	struct machine *two = boot("x86-2level", 256u << 20);
	struct machine *pae = boot("x86-pae", 256u << 20);
	struct mm_struct mm = {.m = two, .host_id = 1};

	cr_assert_eq(pgd_alloc(&mm), 0);
	for (vaddr_t i = 0; i < 1024; i++) {
		uint64_t e = entry_read(two, mm.pgd + 4 * i).v;
		uint64_t k = entry_read(two, two->swapper_pg_dir + 4 * i).v;

		cr_expect_eq(e, i < 768 ? 0 : k);
	}
	/* 4 MiB pages from the second on: P RW A D PSE G */
	cr_expect_eq(entry_read(two, mm.pgd + 4 * 769).v, 0x4001e3);
	pgd_free(&mm);
	mm = (struct mm_struct){.m = pae, .host_id = 1};
	cr_assert_eq(pgd_alloc(&mm), 0);
	/* top entries of PAE are present and nothing else */
	for (vaddr_t i = 0; i < 4; i++)
		cr_expect_eq(entry_read(pae, mm.pgd + 8 * i).v & 0xfff, 1);
	cr_expect_eq(entry_read(pae, mm.pgd + 24).v,
		     entry_read(pae, pae->swapper_pg_dir + 24).v);
	pgd_free(&mm);
	machine_destroy(two);
	machine_destroy(pae);
}

Test(pgtable, no_memory_for_the_top_leaves_nothing_behind)
{
	struct machine *m = boot("x86-pae", 16u << 20);
	struct mm_struct mm = {.m = m, .host_id = 1};
	unsigned failed = 0, partly = 0;

	while (alloc_page(m, GFP_ATOMIC | __GFP_MEMALLOC))
		;
	/* one frame more each time, until all four fit */
	for (pfn_t pfn = 2000; failed < 1000; pfn++, failed++) {
		uint64_t made = m->stats.tables_allocated;
		int64_t used = frames_used(m);

		if (!pgd_alloc(&mm))
			break;
		partly += m->stats.tables_allocated != made;
		cr_assert_eq(mm.pgd, 0);
		cr_assert_eq(frames_used(m), used);
		cr_assert_eq(m->stats.tables_allocated, m->stats.tables_freed);
		__free_pages(m, pfn_to_page(m, pfn), 0);
	}
	cr_expect(failed > 0 && failed < 1000);
	cr_expect_gt(partly, 0);
	machine_destroy(m);
}

/* ---- random pages against a model ---- */

struct model {
	vaddr_t va[PAGES];
	uint64_t entry[PAGES];
	unsigned nr;
	unsigned seen;
	const struct pg_format *f;
};

static void count_leaf(void *ctx, unsigned depth, unsigned index, ptep_t at,
		       pte_t entry, vaddr_t va)
{
	struct model *md = ctx;

	(void)at;
	cr_assert_eq(pg_index(md->f, depth, va), index);
	if (depth + 1 < md->f->nr_levels)
		return;
	for (unsigned i = 0; i < md->nr; i++)
		if (md->va[i] == va) {
			cr_assert_eq(md->entry[i], entry.v);
			md->seen++;
			return;
		}
	cr_assert_fail("0x%lx was never mapped", va);
}

static void free_frame(void *ctx, struct page *page)
{
	__free_pages(ctx, page, 0);
}

static void map_random(struct mm_struct *mm, struct model *md, uint64_t *seed)
{
	struct machine *m = mm->m;

	while (md->nr < PAGES) {
		vaddr_t va = (rnd(seed) << 12) % m->cfg.task_size;
		pte_t pte = pfn_pte(m->fmt, (pfn_t)(rnd(seed) % m->max_pfn),
				    vm_get_page_prot(m->fmt, VM_READ));
		ptep_t at;
		bool again = false;

		va &= PAGE_MASK(m);
		for (unsigned i = 0; i < md->nr; i++)
			again |= md->va[i] == va;
		if (again)
			continue;
		at = pte_alloc_at(mm, va);
		cr_assert(at && pte_none(ptep_get(mm, at)));
		set_pte_at(mm, va, at, pte);
		md->va[md->nr] = va;
		md->entry[md->nr++] = pte.v;
	}
}

static void random_pages(const char *paging)
{
	struct machine *m = boot(paging, 256u << 20);
	struct mm_struct mm = {.m = m, .host_id = 7};
	struct model md = {.f = m->fmt};
	int64_t before = frames_used(m);
	uint64_t seed = 42;

	cr_assert_eq(pgd_alloc(&mm), 0);
	map_random(&mm, &md, &seed);
	for (unsigned i = 0; i < md.nr; i++) {
		ptep_t at = pte_offset(&mm, md.va[i]), step;
		vaddr_t next;

		cr_assert(at && ptep_get(&mm, at).v == md.entry[i]);
		/* the five calls of the kernel come to the same entry */
		step = pgd_offset(&mm, md.va[i]);
		step = p4d_alloc(&mm, step, md.va[i]);
		step = pud_alloc(&mm, step, md.va[i]);
		step = pmd_alloc(&mm, step, md.va[i]);
		cr_assert_eq(pte_alloc_map(&mm, step, md.va[i]), at);
		cr_assert_eq(pte_table_range(&mm, md.va[i], m->cfg.task_size,
					     &next),
			     at);
		cr_assert(next > md.va[i] &&
			  (next % pmd_size(m) == 0 ||
			   next == m->cfg.task_size));
	}
	walk_tables(&mm, count_leaf, &md);
	cr_assert_eq(md.seen, md.nr);
	cr_assert_eq((int64_t)mm.nr_ptes, global_page_state(m, NR_PAGETABLE));
	for (unsigned i = 0; i < md.nr; i++)
		cr_assert_eq(ptep_get_and_clear(&mm, md.va[i],
						pte_offset(&mm, md.va[i])).v,
			     md.entry[i]);
	free_pgd_range(&mm, 0, m->cfg.task_size, 0, 0, free_frame, m);
	cr_assert_eq(mm.nr_ptes, 0);
	cr_assert_eq(global_page_state(m, NR_PAGETABLE), 0);
	pgd_free(&mm);
	cr_expect_eq(frames_used(m), before);
	cr_expect_eq(m->stats.tables_allocated, m->stats.tables_freed);
	machine_destroy(m);
}

Test(pgtable, random_pages_in_every_format)
{
	for (unsigned i = 0; i < nr_pg_formats; i++)
		random_pages(pg_formats[i].name);
}

Test(pgtable, a_loop_over_a_range_meets_every_entry_once)
{
	struct machine *m = boot("x86-pae", 64u << 20);
	struct mm_struct mm = {.m = m, .host_id = 1};
	struct model md = {.f = m->fmt};
	uint64_t seed = 7;
	unsigned found = 0, holes = 0;
	vaddr_t end = m->cfg.task_size, next;

	cr_assert_eq(pgd_alloc(&mm), 0);
	map_random(&mm, &md, &seed);
	for (vaddr_t va = 0; va < end; va = next) {
		ptep_t at = pte_table_range(&mm, va, end, &next);

		cr_assert_gt(next, va);
		holes += !at;
		for (vaddr_t a = va; at && a < next; a += PAGE_SIZE(m)) {
			found += !pte_none(ptep_get(&mm, at));
			at = ptep_next(&mm, at);
		}
	}
	cr_expect_eq(found, md.nr);
	cr_expect_gt(holes, 0);
	machine_destroy(m);
}

/* ---- floor and ceiling ---- */

static unsigned freed;

static void count_freed(void *ctx, struct page *page)
{
	freed++;
	__free_pages(ctx, page, 0);
}

#define M4 0x400000ull
#define M2 0x200000ull

/* One page is mapped at 8 MiB; [addr, end) goes between two neighbours. */
static const struct {
	vaddr_t addr, end, floor, ceiling;
	bool goes; /* the table at 8 MiB, 4 MiB large */
} two_level[] = {
	{2 * M4, 2 * M4 + 0x1000, 0, 0, true},
	{2 * M4, 2 * M4 + 0x1000, 2 * M4, 3 * M4, true},
	{2 * M4, 2 * M4 + 0x1000, 2 * M4 - 0x1000, 3 * M4 + 0x1000, true},
	{2 * M4, 2 * M4 + 0x1000, 2 * M4, 3 * M4 - 0x1000, false},
	{2 * M4, 2 * M4 + 0x1000, 0, 2 * M4 + 0x1000, false},
	{2 * M4 + 0x1000, 3 * M4, 2 * M4 + 0x1000, 0, false},
	{2 * M4 + 0x1000, 3 * M4, 2 * M4, 0, true},
	{0, M4, 0, 0, false},
	{3 * M4, 4 * M4, 0, 0, false},
	{0, 0xC0000000, 0, 0, true},
	{0, 0xC0000000, 0, M4, false},
};

Test(pgtable, a_table_goes_when_no_area_is_left_in_its_region)
{
	struct machine *m = boot("x86-2level", 64u << 20);

	for (size_t i = 0; i < ARRAY_SIZE(two_level); i++) {
		struct mm_struct mm = {.m = m, .host_id = 1};

		cr_assert_eq(pgd_alloc(&mm), 0);
		cr_assert(pte_alloc_at(&mm, 2 * M4));
		freed = 0;
		free_pgd_range(&mm, two_level[i].addr, two_level[i].end,
			       two_level[i].floor, two_level[i].ceiling,
			       count_freed, m);
		cr_expect_eq(freed, two_level[i].goes, "row %zu", i);
		cr_expect_eq(mm.nr_ptes, !two_level[i].goes, "row %zu", i);
		cr_expect_eq(pte_offset(&mm, 2 * M4) == 0, two_level[i].goes);
		free_pgd_range(&mm, 0, 0xC0000000, 0, 0, count_freed, m);
		pgd_free(&mm);
	}
	machine_destroy(m);
}

Test(pgtable, pae_frees_a_pmd_with_its_gigabyte)
{
	struct machine *m = boot("x86-pae", 64u << 20);
	struct mm_struct mm = {.m = m, .host_id = 1};
	vaddr_t g1 = 0x40000000;

	cr_assert_eq(pgd_alloc(&mm), 0);
	cr_assert(pte_alloc_at(&mm, g1) && pte_alloc_at(&mm, g1 + M2));
	/* an area is left in the last page of the gigabyte */
	freed = 0;
	free_pgd_range(&mm, g1, g1 + 0x1000, 0, 2 * g1 - 0x1000, count_freed,
		       m);
	cr_expect_eq(freed, 1);
	cr_expect_eq(m->stats.tables_by_level[PG_PMD], 3);
	/* nothing is left there: the second table, then the PMD */
	free_pgd_range(&mm, g1 + M2, 2 * g1, 0, 2 * g1, count_freed, m);
	cr_expect_eq(freed, 3);
	cr_expect_eq(m->stats.tables_by_level[PG_PMD], 2);
	cr_expect_eq(entry_read(m, mm.pgd + 8).v, 0);
	/* a fault brings it again */
	cr_assert(pte_alloc_at(&mm, g1));
	cr_expect_eq(m->stats.tables_by_level[PG_PMD], 3);
	cr_expect_eq(entry_read(m, mm.pgd + 8).v & 0xfff, 1);
	free_pgd_range(&mm, 0, 0xC0000000, 0, 0, count_freed, m);
	cr_expect_eq(m->stats.tables_by_level[PG_PMD], 0);
	pgd_free(&mm);
	cr_expect_eq(m->stats.tables_allocated, m->stats.tables_freed);
	machine_destroy(m);
}

Test(pgtable, table_entries_as_linux_writes_them)
{
	struct machine *m = boot("x86-pae", 64u << 20);
	struct mm_struct mm = {.m = m, .host_id = 1};
	paddr_t pmd;

	cr_assert_eq(pgd_alloc(&mm), 0);
	cr_assert(pte_alloc_at(&mm, 0x20000000));
	pmd = entry_table(m->fmt, entry_read(m, mm.pgd).v);
	cr_expect_eq(entry_read(m, pmd + 8 * 256).v & 0xfff, 0x067);
	m->nx = false; /* a CPU without NX: the bit is never written */
	set_pte_at(&mm, 0x20000000, pte_offset(&mm, 0x20000000),
		   pfn_pte(m->fmt, 5, vm_get_page_prot(m->fmt, VM_READ)));
	cr_expect_eq(ptep_get(&mm, pte_offset(&mm, 0x20000000)).v, 0x5025);
	machine_destroy(m);
}

/* ---- the kernel's tables ---- */

Test(pgtable, lowmem_is_mapped_at_page_offset)
{
	for (unsigned i = 0; i < nr_pg_formats; i++) {
		struct machine *m = boot(pg_formats[i].name, 255u << 20);
		kva_t base = m->cfg.page_offset;

		for (pfn_t pfn = 0; pfn < m->max_low_pfn; pfn += 97)
			cr_assert_eq(kernel_lookup(m, base +
							      pfn_to_phys(m,
									  pfn)),
				     pfn, "%s", pg_formats[i].name);
		cr_expect_eq(kernel_lookup(m, base + pfn_to_phys(m,
								m->max_low_pfn)),
			     PFN_NONE);
		cr_expect_eq(broken(m, true), 0);
		machine_destroy(m);
	}
}

Test(pgtable, vmalloc_pages_come_and_go_their_tables_stay)
{
	struct machine *m = boot("x86-2level", 64u << 20);
	kva_t at = 0xe0000000;
	int64_t before = frames_used(m);

	cr_expect_not(kernel_table_exists(m, at));
	cr_assert_eq(kernel_map_page(m, at, 1234), 0);
	cr_expect_eq(kernel_map_page(m, at, 1235), -EBUSY);
	cr_assert_eq(kernel_map_page(m, at + 0x1000, 77), 0);
	cr_expect_eq(frames_used(m) - before, 1);
	cr_expect_eq(global_page_state(m, NR_PAGETABLE), 0);
	cr_expect_eq(kernel_lookup(m, at + 0x123), 1234);
	cr_expect_eq(kernel_lookup(m, at + 0x1000), 77);
	kernel_unmap_page(m, at);
	cr_expect_eq(kernel_lookup(m, at), PFN_NONE);
	cr_expect(kernel_table_exists(m, at));
	cr_expect_eq(frames_used(m) - before, 1);
	/* one that boot made costs nothing */
	cr_assert_eq(kernel_table_place(m, at + M4), 0);
	cr_expect(kernel_table_exists(m, at + M4));
	cr_assert_eq(kernel_map_page(m, at + M4, 99), 0);
	cr_expect_eq(frames_used(m) - before, 1);
	cr_expect_eq(broken(m, true), 0);
	machine_destroy(m);
}

/* Where a large page lies, or nothing was ever mapped. */
Test(pgtable, a_page_needs_a_table_of_its_own)
{
	struct machine *m = boot("x86-2level", 64u << 20);
	kva_t large = m->cfg.page_offset + 2 * M4, at = 0xe0000000;

	cr_assert_eq(kernel_lookup(m, large), 2 * M4 >> 12);
	cr_expect_eq(kernel_map_page(m, large, 1234), -ENOMEM);
	kernel_unmap_page(m, large);
	cr_expect_eq(kernel_lookup(m, large), 2 * M4 >> 12);
	kernel_unmap_page(m, at);
	cr_expect_not(kernel_table_exists(m, at));
	while (alloc_page(m, GFP_KERNEL | __GFP_NORETRY))
		;
	cr_expect_eq(kernel_map_page(m, at, 1234), -ENOMEM);
	cr_expect_not(kernel_table_exists(m, at));
	cr_expect_eq(kernel_lookup(m, at), PFN_NONE);
	machine_destroy(m);
}

/*
 * Boot needs three: the top, one for the large page that the kernel begins in,
 * one for the end of lowmem. They take spare frames of the image, to the last;
 * half of the image is init code, one frame more the zero page.
 */
Test(pgtable, boot_tables_come_from_the_image_first)
{
	static const struct {
		unsigned image, left; /* frames */
	} rows[] = {{16, 4}, {8, 0}, {6, 0}, {4, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_config cfg;
		struct machine *m;
		pfn_t start;

		machine_config_default(&cfg);
		cfg.memory = 255u << 20;
		cfg.kernel_size = rows[i].image * 4096;
		m = make_machine(&cfg);
		start = (pfn_t)(m->cfg.kernel_start >> m->page_shift);
		cr_expect_eq(m->bss_pfn - start, rows[i].left, "%u frames",
			     rows[i].image);
		cr_expect_eq(broken(m, true), 0);
		machine_destroy(m);
	}
}

/* One level: the entries are the pages', there is no table to go. */
Test(pgtable, a_flat_format_has_no_tables_to_free)
{
	struct machine *m = boot("flat", 64u << 20);
	struct mm_struct mm = {.m = m, .host_id = 1};
	vaddr_t at = 0x20000000;

	cr_assert_eq(pgd_alloc(&mm), 0);
	set_pte_at(&mm, at, pte_alloc_at(&mm, at), __pte(0x1234067));
	freed = 0;
	free_pgd_range(&mm, at, at + 4096, 0, 0, count_freed, m);
	cr_expect_eq(freed, 0);
	cr_expect_eq(ptep_get(&mm, pte_offset(&mm, at)).v, 0x1234067);
	machine_destroy(m);
}

/* ---- the check sees what is wrong ---- */

Test(pgtable, the_check_finds_what_is_broken)
{
	struct machine *m = boot("x86-pae", 64u << 20);
	struct mm_struct *mm = mm_alloc(m);
	struct page *page;
	ptep_t at;

	cr_assert_not_null(mm);
	cr_assert_eq(broken(m, true), 0);
	at = pte_alloc_at(mm, 0x20000000);
	cr_assert(at);
	cr_expect_eq(broken(m, true), 0);

	mm->nr_ptes++; /* 2, and 4 */
	cr_expect_eq(broken(m, false), 2);
	mm->nr_ptes--;
	page = pfn_to_page(m, (pfn_t)(at >> m->page_shift));
	ClearPageTable(page); /* 1 */
	cr_expect_eq(broken(m, false), 1);
	SetPageTable(page);
	page->index++; /* 1 */
	cr_expect_eq(broken(m, false), 1);
	page->index--;
	m->stats.tables_by_level[PG_PMD]++; /* 3 */
	cr_expect_eq(broken(m, false), 1);
	m->stats.tables_by_level[PG_PMD]--;
	entry_write(m, at, __pte(0x5025)); /* 5: no area is there; 8 */
	cr_expect_eq(broken(m, false), 2);
	entry_write(m, at, __pte(0));
	entry_write(m, mm->pgd + 24, __pte(0x5001)); /* 6 */
	cr_expect_eq(broken(m, false), 1);
	machine_destroy(m);
}
