/* test_large.c - large pages: made, seen by the CPU, split, never in the way. */
#include "core/large.h"
#include "core/gfp.h"
#include "core/page_alloc.h"
#include "core/tlb.h"
#include "tests/core/mm_fixture.h"

#include <criterion/criterion.h>

static struct machine *boot_large(const char *paging, uint64_t memory)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = memory;
	cfg.large_pages = true;
	cfg.tlb.on = true;
	return make_machine(&cfg);
}

/* The entry above the last level for an address. */
static uint64_t upper_entry(struct task_struct *t, vaddr_t addr)
{
	const struct machine *m = t->m;
	const struct pg_format *f = m->fmt;
	paddr_t table = t->mm->pgd;
	uint64_t entry = 0;

	for (unsigned d = 0; d + 1 < f->nr_levels; d++) {
		entry = entry_read(m, table_entry(f, table, d, addr)).v;
		table = entry_table(f, entry);
	}
	return entry;
}

static bool is_large(struct task_struct *t, vaddr_t addr)
{
	return pg_entry_is_leaf(t->m->fmt, t->m->fmt->nr_levels - 2u,
				upper_entry(t, addr));
}

Test(large, one_fault_maps_an_aligned_region)
{
	static const struct {
		const char *paging;
		unsigned pages;
	} rows[] = {{"x86-2level", 1024}, {"x86-pae", 512}, {"x86-64", 512},
		    {"riscv-sv32", 1024}, {"riscv-sv39", 512}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = boot_large(rows[i].paging, 64u << 20);
		struct task_struct *t = spawn(m, 1);
		unsigned n = rows[i].pages;

		map_private(t, BASE, 2 * n);
		cr_expect_eq(wr(t, BASE + 5 * PAGE), 1);
		cr_expect(is_large(t, BASE), "%s", rows[i].paging);
		cr_expect_eq(get_mm_counter(t->mm, MM_ANONPAGES), n);
		cr_expect_eq(touch(t, BASE, n, ACCESS_WRITE, 0), 0);
		cr_expect_eq(touch(t, BASE + n * PAGE, n, ACCESS_WRITE, 0), 1);
		cr_expect_eq(m->stats.large_pages, 2);
		cr_expect_eq(m->stats.large_made, 2);
		/* 2n pages in two entries of a TLB */
		cr_expect_leq(tlb_statistics(m)->misses[TLB_DATA], 4);
		check_machine(m);
		do_exit(t, 0);
		cr_expect_eq(m->stats.large_pages, 0);
		cr_expect_eq(stat_of(m, NR_ANON_PAGES), 0);
		check_and_destroy(m);
	}
}

Test(large, small_where_it_does_not_fit)
{
	struct machine *m = boot_large("x86-2level", 64u << 20);
	struct task_struct *t = spawn(m, 1);

	map_private(t, BASE, 1023); /* too short */
	wr(t, BASE);
	map_private(t, BASE + 0x1001000, 1024); /* not aligned */
	touch(t, BASE + 0x1001000, 1024, ACCESS_WRITE, 0);
	map(t, BASE + 0x4000000, 1024 * PAGE, RW, MAP_SHARED_EMU, NULL);
	wr(t, BASE + 0x4000000); /* shared */
	map_private(t, BASE + 0x8000000, 1024);
	rd(t, BASE + 0x8000000); /* a small page is there already */
	wr(t, BASE + 0x8001000);
	cr_expect_eq(m->stats.large_made, 0);
	check_and_destroy(m);
}

Test(large, small_where_no_block_is_free)
{
	struct machine *m = boot_large("x86-2level", 64u << 20);
	struct task_struct *t = spawn(m, 1);

	while (alloc_pages(m, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY |
				      __GFP_NOWARN, 10))
		;
	map_private(t, BASE, 1024);
	cr_expect_eq(touch(t, BASE, 16, ACCESS_WRITE, 0), 16);
	cr_expect_eq(m->stats.large_made, 0);
	machine_destroy(m);
}

Test(large, fork_and_copy_on_write)
{
	struct machine *m = boot_large("x86-pae", 64u << 20);
	struct task_struct *t = spawn(m, 1), *c;

	map_private(t, BASE, 512);
	store(t, BASE + 7 * PAGE, "hello");
	cr_expect(is_large(t, BASE));
	c = fork_task(t, 2);
	cr_expect(!is_large(t, BASE)); /* write-protected, page by page */
	check_machine(m);
	store(c, BASE + 7 * PAGE, "HELLO");
	cr_expect(holds(t, BASE + 7 * PAGE, "hello"));
	cr_expect(holds(c, BASE + 7 * PAGE, "HELLO"));
	cr_expect_neq(page_at(t, BASE + 7 * PAGE), page_at(c, BASE + 7 * PAGE));
	cr_expect_eq(page_at(t, BASE), page_at(c, BASE));
	check_and_destroy(m);
}

Test(large, whatever_changes_a_part_splits)
{
	for (int how = 0; how < 5; how++) {
		struct machine *m = boot_large("x86-2level", 64u << 20);
		struct task_struct *t = spawn(m, 1);
		vaddr_t keep = BASE + 1000 * PAGE;

		map_private(t, BASE, 1024);
		store(t, keep, "keep");
		m->current = t;
		switch (how) {
		case 0:
			sys_munmap(t, BASE, 10 * PAGE);
			break;
		case 1:
			sys_mprotect(t, BASE, 10 * PAGE, PROT_READ_EMU);
			break;
		case 2:
			sys_madvise(t, BASE, 10 * PAGE, 4); /* DONTNEED */
			break;
		case 3:
			cr_assert_eq(sys_mremap(t, BASE, 10 * PAGE, 10 * PAGE,
						3, BASE + (64u << 20)),
				     BASE + (64u << 20));
			break;
		case 4: /* not a change of entries: stays large */
			sys_mlock(t, BASE, 10 * PAGE);
			break;
		}
		cr_expect_eq(is_large(t, BASE), how == 4, "%d", how);
		cr_expect(holds(t, keep, "keep"), "%d", how);
		check_and_destroy(m);
	}
}

Test(large, the_check_finds_what_is_broken)
{
	struct machine *m = boot_large("x86-2level", 64u << 20);
	struct task_struct *t = spawn(m, 1);
	ptep_t at;
	pte_t pte;

	map_private(t, BASE, 1024);
	wr(t, BASE);
	check_machine(m);
	at = pte_offset(t->mm, BASE + 3 * PAGE);
	pte = entry_read(m, at);
	entry_write(m, at, pte_wrprotect(m->fmt, pte));
	cr_expect(is_broken(m));
	entry_write(m, at, pte);
	check_and_destroy(m);
}
