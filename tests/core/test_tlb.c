/*
 * test_tlb.c - the modelled TLB against arithmetic and a published measurement.
 *
 * A loop over n pages, again and again, misses a count that follows from size,
 * ways and replacement alone; the expected numbers here are worked out by hand
 * from those, never taken from the model.
 */
#include "core/tlb.h"
#include "tests/core/mm_fixture.h"

#include <criterion/criterion.h>

#define MIB ((uint64_t)1 << 20)

static struct machine *boot_tlb(const char *paging, const struct tlb_config *tlb)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = 64 * MIB;
	cfg.contents = CONTENTS_OFF;
	cfg.tlb = *tlb;
	cfg.tlb.on = true;
	return make_machine(&cfg);
}

static struct tlb_config model(uint32_t entries, uint32_t ways,
			       enum tlb_replacement replacement)
{
	return (struct tlb_config){.dtlb = {entries, ways},
				   .itlb = {32, 4},
				   .global = true,
				   .replacement = replacement};
}

/* Read one byte of each of nr pages, `apart` bytes from one to the next. */
static void loop_over(struct task_struct *t, unsigned nr, uint64_t apart)
{
	struct access_result res;

	t->m->current = t;
	access_range(t, BASE, (nr - 1) * apart + 1, apart, ACCESS_READ, &res);
	cr_assert_eq(res.signal, 0);
}

struct counts {
	uint64_t l1, l2, walks, refs, cycles;
};

static struct counts counts_of(const struct machine *m)
{
	const struct tlb_stats *n = tlb_statistics(m);
	struct counts c = {.l1 = n->misses[TLB_DATA],
			   .l2 = n->l2_misses,
			   .walks = n->walks,
			   .cycles = tlb_cycles(m)};

	for (unsigned i = 0; i < PG_MAX_LEVELS; i++)
		c.refs += n->refs[i];
	return c;
}

/* What `rounds` more rounds cost once everything is mapped and warm. */
static struct counts steady(const char *paging, const struct tlb_config *tlb,
			    unsigned nr, uint64_t apart, unsigned rounds)
{
	struct machine *m = boot_tlb(paging, tlb);
	struct task_struct *t = spawn(m, 1);
	struct counts before, after;

	map(t, BASE, nr * apart + PAGE, RW,
	    MAP_PRIVATE_EMU | MAP_NORESERVE_EMU, NULL);
	for (unsigned i = 0; i < 4; i++)
		loop_over(t, nr, apart);
	before = counts_of(m);
	for (unsigned i = 0; i < rounds; i++)
		loop_over(t, nr, apart);
	after = counts_of(m);
	check_and_destroy(m);
	return (struct counts){after.l1 - before.l1, after.l2 - before.l2,
			       after.walks - before.walks,
			       after.refs - before.refs,
			       after.cycles - before.cycles};
}

static uint64_t misses(uint32_t entries, uint32_t ways, enum tlb_replacement r,
		       unsigned nr, uint64_t apart)
{
	struct tlb_config tlb = model(entries, ways, r);

	return steady("x86-2level", &tlb, nr, apart, 10).l1;
}

/* 64 entries in 16 sets of 4: page n goes to set n mod 16. A loop that puts
 * more than 4 pages into a set misses all of that set's, under LRU and FIFO. */
Test(tlb, loops_over_consecutive_pages)
{
	cr_expect_eq(misses(64, 4, TLB_LRU, 1, PAGE), 0);
	cr_expect_eq(misses(64, 4, TLB_LRU, 64, PAGE), 0);
	cr_expect_eq(misses(64, 4, TLB_LRU, 65, PAGE), 10 * 5);
	cr_expect_eq(misses(64, 4, TLB_LRU, 70, PAGE), 10 * 6 * 5);
	cr_expect_eq(misses(64, 4, TLB_LRU, 80, PAGE), 10 * 80);
	cr_expect_eq(misses(64, 4, TLB_LRU, 200, PAGE), 10 * 200);
	cr_expect_eq(misses(64, 4, TLB_FIFO, 65, PAGE), 10 * 5);
	cr_expect_eq(misses(64, 4, TLB_FIFO, 70, PAGE), 10 * 6 * 5);
}

Test(tlb, strides_that_meet_in_one_set)
{
	cr_expect_eq(misses(64, 4, TLB_LRU, 4, 16 * PAGE), 0);
	cr_expect_eq(misses(64, 4, TLB_LRU, 5, 16 * PAGE), 10 * 5);
	/* two sets at a stride of 8 */
	cr_expect_eq(misses(64, 4, TLB_LRU, 8, 8 * PAGE), 0);
	cr_expect_eq(misses(64, 4, TLB_LRU, 10, 8 * PAGE), 10 * 10);
	/* 12 sets: the number of sets need not be a power of two */
	cr_expect_eq(misses(48, 4, TLB_LRU, 4, 12 * PAGE), 0);
	cr_expect_eq(misses(48, 4, TLB_LRU, 5, 12 * PAGE), 10 * 5);
	cr_expect_eq(misses(48, 4, TLB_LRU, 5, 16 * PAGE), 0);
}

Test(tlb, fully_associative)
{
	cr_expect_eq(misses(64, 0, TLB_LRU, 64, 16 * PAGE), 0);
	cr_expect_eq(misses(64, 0, TLB_LRU, 65, 16 * PAGE), 10 * 65);
	cr_expect_eq(misses(64, 0, TLB_FIFO, 65, PAGE), 10 * 65);
	cr_expect_eq(misses(64, 0, TLB_PLRU, 64, PAGE), 0);
}

/*
 * A tree of two ways is LRU. Of four ways in a loop of five pages the tree's
 * victims go 0 2 1 3 0 ..., so each page is evicted by the fourth one behind
 * it, before its turn comes: all miss.
 */
Test(tlb, tree_plru)
{
	cr_expect_eq(misses(2, 2, TLB_PLRU, 2, PAGE), 0);
	cr_expect_eq(misses(2, 2, TLB_PLRU, 3, PAGE), 10 * 3);
	cr_expect_eq(misses(4, 4, TLB_PLRU, 5, PAGE), 10 * 5);
}

/* LRU's worst case is not random's: some of the pages are still there. */
Test(tlb, random_replacement_keeps_some)
{
	uint64_t n = misses(64, 0, TLB_RANDOM, 80, PAGE);

	cr_expect_lt(n, 10 * 80);
	cr_expect_geq(n, 10 * 16);
	cr_expect_eq(n, misses(64, 0, TLB_RANDOM, 80, PAGE));
}

/* A published example (Arpaci-Dusseau, Operating Systems: Three Easy Pieces,
 * chapter 19.2): ten elements that lie on three pages, the first three of a
 * page to its end, four on the next, three on the last: hit rate 70 percent. */
Test(tlb, array_example_of_a_textbook)
{
	struct tlb_config tlb = model(64, 4, TLB_LRU);
	struct machine *m = boot_tlb("x86-2level", &tlb);
	struct task_struct *t = spawn(m, 1);
	const struct tlb_stats *n = tlb_statistics(m);
	struct access_result res;

	map_private(t, BASE, 3);
	access_range(t, BASE + 1024, 10 * 1024, 1024, ACCESS_READ, &res);
	cr_expect_eq(n->misses[TLB_DATA], 3);
	cr_expect_eq(n->hits[TLB_DATA], 7);
	machine_destroy(m);
}

/* Second level: what does not fit the first hits there, filled by walks. */
Test(tlb, second_level)
{
	struct tlb_config tlb = model(16, 0, TLB_LRU);
	struct counts c;

	tlb.l2 = (struct tlb_geometry){64, 4};
	tlb.cycles_l2 = 7;
	tlb.cycles_ref = 10;
	c = steady("x86-2level", &tlb, 32, PAGE, 10);
	cr_expect_eq(c.l1, 320);
	cr_expect_eq(c.l2, 0);
	cr_expect_eq(c.cycles, 320 * 7);
	c = steady("x86-2level", &tlb, 80, PAGE, 10);
	cr_expect_eq(c.l1, 800);
	cr_expect_eq(c.l2, 800);
	cr_expect_eq(c.walks, 800);
	cr_expect_eq(c.cycles, 800 * 7 + 1600 * 10);
}

Test(tlb, nothing_accessed_costs_nothing)
{
	struct tlb_config tlb = model(16, 0, TLB_LRU);
	struct machine *m;

	tlb.cycles_ref = tlb.cycles_walk = tlb.cycles_l2 = 10;
	m = boot_tlb("x86-2level", &tlb);
	cr_expect_eq(tlb_cycles(m), 0);
	machine_destroy(m);
}

/* A walk reads an entry of each level; PAE's top is in registers. */
Test(tlb, references_of_a_walk)
{
	struct tlb_config tlb = model(64, 4, TLB_LRU);
	const struct {
		const char *paging;
		unsigned refs;
	} rows[] = {{"flat", 1},	{"x86-2level", 2}, {"x86-pae", 2},
		    {"lecture-5555", 4}, {"riscv-sv32", 2}, {"riscv-sv39", 3},
		    {"x86-64", 4},	{"x86-64-5level", 5}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct counts c = steady(rows[i].paging, &tlb, 80, PAGE, 10);

		cr_expect_eq(c.walks, 800, "%s", rows[i].paging);
		cr_expect_eq(c.refs, 800 * rows[i].refs, "%s: %llu",
			     rows[i].paging, (unsigned long long)c.refs);
	}
}

/* With a cache of the entries that name last-level tables, one reference is
 * left, as long as the loop stays within as many tables as the cache holds. */
Test(tlb, page_walk_caches)
{
	struct tlb_config tlb = model(16, 4, TLB_LRU);

	tlb.pwc[0] = 2;
	cr_expect_eq(steady("x86-64", &tlb, 32, PAGE, 10).refs, 320);
	/* 20 pages, each of another table: the cache of two never helps */
	cr_expect_eq(steady("x86-64", &tlb, 20, 2 * MIB, 10).refs, 200 * 4);
	tlb.pwc[1] = 1; /* but their tables hang below one pmd */
	cr_expect_eq(steady("x86-64", &tlb, 20, 2 * MIB, 10).refs, 200 * 2);
	tlb.pwc[0] = 20;
	cr_expect_eq(steady("x86-64", &tlb, 20, 2 * MIB, 10).refs, 200);
}

/* Emptied, it fills again as a new one: two tables, two entries. */
Test(tlb, page_walk_caches_fill_again_after_a_flush)
{
	struct tlb_config tlb = model(1, 1, TLB_LRU);
	struct machine *m;
	struct task_struct *t;
	uint64_t before;

	tlb.pwc[0] = 2;
	m = boot_tlb("x86-64", &tlb);
	t = spawn(m, 1);
	map_private(t, BASE, 1);
	map_private(t, BASE + 2 * MIB, 1);
	for (unsigned i = 0; i < 4; i++)
		loop_over(t, 2, 2 * MIB);
	before = counts_of(m).refs;
	loop_over(t, 2, 2 * MIB);
	cr_expect_eq(counts_of(m).refs - before, 2);
	tlb_flush_walk_caches(m->tlb);
	before = counts_of(m).refs;
	loop_over(t, 2, 2 * MIB);
	cr_expect_eq(counts_of(m).refs - before, 2 * 4);
	loop_over(t, 2, 2 * MIB);
	cr_expect_eq(counts_of(m).refs - before, 2 * 4 + 2);
	check_and_destroy(m);
}

/*
 * AMD Geode LX as measured (7-cpu.com/cpu/GeodeLX.html): beside the caches'
 * latency, an access costs 0 cycles within 16 pages, +3 beyond them, +5 beyond
 * 64 pages, +4 beyond the 48 MiB that 12 page-directory entries cover.
 */
Test(tlb, geode_lx_as_measured)
{
	struct tlb_config tlb = model(16, 0, TLB_LRU);
	const unsigned rounds = 10;

	tlb.l2 = (struct tlb_geometry){64, 4};
	tlb.pwc[0] = 12;
	tlb.cycles_l2 = 3;
	tlb.cycles_walk = 1;
	tlb.cycles_ref = 4;
#define CYCLES(pages, apart) \
	(steady("x86-2level", &tlb, pages, apart, rounds).cycles / \
	 (double)(rounds * (pages)))
	cr_expect_eq(CYCLES(16, PAGE), 0.0);
	cr_expect_eq(CYCLES(32, PAGE), 3.0);
	cr_expect_eq(CYCLES(64, PAGE), 3.0);
	cr_expect_eq(CYCLES(256, PAGE), 3.0 + 5.0);
	cr_expect_eq(CYCLES(384, 128 * 1024), 3.0 + 5.0); /* 48 MiB */
	cr_expect_eq(CYCLES(80, 4 * MIB), 3.0 + 5.0 + 4.0);
#undef CYCLES
}

/* ---- what empties it ---- */

static uint64_t data_misses(const struct machine *m)
{
	return tlb_statistics(m)->misses[TLB_DATA];
}

static void alternate(struct task_struct *a, struct task_struct *b,
		      unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		loop_over(a, 8, PAGE);
		loop_over(b, 8, PAGE);
	}
}

static uint64_t misses_of_two(bool asid, bool share_mm)
{
	struct tlb_config tlb = model(64, 0, TLB_LRU);
	struct machine *m;
	struct task_struct *a, *b = NULL;
	uint64_t before, n;

	tlb.asid = asid;
	m = boot_tlb("x86-2level", &tlb);
	a = spawn(m, 1);
	map_private(a, BASE, 8);
	if (share_mm) {
		cr_assert_eq(do_fork(a, CLONE_VM_EMU, 2, &b), 0);
	} else {
		b = spawn(m, 2);
		map_private(b, BASE, 8);
	}
	alternate(a, b, 2);
	before = data_misses(m);
	alternate(a, b, 5);
	n = data_misses(m) - before;
	check_and_destroy(m);
	return n;
}

Test(tlb, context_switches)
{
	cr_expect_eq(misses_of_two(false, false), 5 * 16);
	cr_expect_eq(misses_of_two(true, false), 0);
	cr_expect_eq(misses_of_two(false, true), 0); /* threads: no CR3 load */
}

/* Without ASIDs and with them: what belongs to the mm is gone, and only that. */
Test(tlb, a_flush_empties_one_address_space)
{
	for (int asid = 0; asid < 2; asid++) {
		struct tlb_config tlb = model(64, 0, TLB_LRU);
		struct machine *m;
		struct task_struct *a, *b;
		const struct tlb_stats *n;
		uint64_t before;

		tlb.asid = asid;
		m = boot_tlb("x86-2level", &tlb);
		n = tlb_statistics(m);
		a = spawn(m, 1);
		b = spawn(m, 2);
		map_private(a, BASE, 8);
		map_private(b, BASE, 8);
		touch(a, BASE, 8, ACCESS_WRITE, 0);
		touch(b, BASE, 8, ACCESS_WRITE, 0);
		before = n->misses[TLB_DATA];
		touch(b, BASE, 8, ACCESS_WRITE, 0);
		cr_expect_eq(n->misses[TLB_DATA], before, "they were there");
		tlb_flush_mm(m->tlb, a->mm);
		touch(b, BASE, 8, ACCESS_WRITE, 0);
		cr_expect_eq(n->misses[TLB_DATA], before, "not b's");
		tlb_flush_mm(m->tlb, b->mm);
		touch(b, BASE, 8, ACCESS_WRITE, 0);
		cr_expect_eq(n->misses[TLB_DATA], before + 8);
		if (asid)
			touch(a, BASE, 8, ACCESS_WRITE, 0);
		cr_expect_eq(n->misses[TLB_DATA], before + (asid ? 16 : 8));
		machine_destroy(m);
	}
}

/* Before its number is given to another, nothing may be left of it. */
Test(tlb, an_address_space_that_goes_is_forgotten)
{
	for (int asid = 0; asid < 2; asid++) {
		struct tlb_config tlb = model(64, 0, TLB_LRU);
		struct machine *m;
		struct task_struct *t;
		uint64_t before, switches;

		tlb.asid = asid;
		m = boot_tlb("x86-2level", &tlb);
		t = spawn(m, 1);
		map_private(t, BASE, 8);
		touch(t, BASE, 8, ACCESS_WRITE, 0);
		touch(t, BASE, 8, ACCESS_WRITE, 0);
		before = data_misses(m);
		switches = tlb_statistics(m)->switches;
		tlb_forget_mm(m->tlb, t->mm);
		touch(t, BASE, 8, ACCESS_WRITE, 0);
		cr_expect_eq(tlb_statistics(m)->switches - switches, 1);
		cr_expect_eq(data_misses(m) - before, 8, "asid %d", asid);
		machine_destroy(m);
	}
}

Test(tlb, kernel_translations_survive_when_global)
{
	for (int global = 0; global < 2; global++) {
		struct tlb_config tlb = model(64, 0, TLB_LRU);
		struct machine *m;
		struct task_struct *a, *b;
		uint64_t before, refs;

		tlb.global = global;
		tlb.kernel_pages = 3;
		m = boot_tlb("x86-2level", &tlb);
		a = spawn(m, 1);
		b = spawn(m, 2);
		map_private(a, BASE, 8);
		map_private(b, BASE, 8);
		alternate(a, b, 2);
		before = tlb_statistics(m)->kernel_misses;
		refs = tlb_statistics(m)->kernel_refs;
		alternate(a, b, 5); /* 10 switches, no fault any more */
		/* the three lie in one large page, which misses once */
		cr_expect_eq(tlb_statistics(m)->kernel_misses - before,
			     global ? 0 : 10);
		cr_expect_eq(tlb_statistics(m)->kernel_refs - refs,
			     global ? 0 : 10);
		cr_expect_eq(tlb_statistics(m)->kernel_hits +
				     tlb_statistics(m)->kernel_misses,
			     3 * (tlb_statistics(m)->switches +
				  tlb_statistics(m)->fault_walks));
		check_and_destroy(m);
	}
}

Test(tlb, the_kernel_invalidates_what_it_changes)
{
	struct tlb_config tlb = model(64, 0, TLB_LRU);
	struct machine *m = boot_tlb("x86-2level", &tlb);
	struct task_struct *t = spawn(m, 1), *child;
	const struct tlb_stats *n = tlb_statistics(m);
	uint64_t before;

	map_private(t, BASE, 8);
	touch(t, BASE, 8, ACCESS_WRITE, 0);
	cr_expect_eq(n->misses[TLB_DATA], 8);

	before = n->invalidations; /* mprotect: each of four pages */
	cr_assert_eq(sys_mprotect(t, BASE, 4 * PAGE, PROT_READ_EMU), 0);
	cr_expect_eq(n->invalidations - before, 4);
	before = data_misses(m);
	touch(t, BASE, 8, ACCESS_READ, 0);
	cr_expect_eq(data_misses(m) - before, 4);

	before = n->invalidations; /* munmap */
	cr_assert_eq(sys_munmap(t, BASE, 2 * PAGE), 0);
	cr_expect_eq(n->invalidations - before, 2);
	check_machine(m);

	before = n->flushes; /* fork: everything goes */
	child = fork_task(t, 2);
	cr_expect_eq(n->flushes - before, 1);
	before = data_misses(m);
	touch(t, BASE + 4 * PAGE, 4, ACCESS_READ, 0);
	cr_expect_eq(data_misses(m) - before, 4);

	before = n->fault_walks; /* COW: a walk that faults, then one more */
	touch(t, BASE + 4 * PAGE, 1, ACCESS_WRITE, 0);
	cr_expect_eq(n->fault_walks - before, 1);
	check_machine(m);
	(void)child;
	machine_destroy(m);
}

/* The first write to a page that was only read walks again, to set D; it
 * counts as a hit. */
Test(tlb, setting_dirty_takes_a_walk)
{
	struct tlb_config tlb = model(64, 0, TLB_LRU);
	struct machine *m = boot_tlb("x86-2level", &tlb);
	struct task_struct *t = spawn(m, 1);
	const struct tlb_stats *n = tlb_statistics(m);

	map(t, BASE, PAGE, RW, MAP_SHARED_EMU, NULL);
	rd(t, BASE);
	wr(t, BASE);
	wr(t, BASE);
	cr_expect_eq(n->assists + n->fault_walks, 2);
	cr_expect_eq(n->hits[TLB_DATA] + n->misses[TLB_DATA], 3);
	cr_expect(pte_dirty(m->fmt, __pte(pte_value(t, BASE))));
	check_and_destroy(m);
}

/* With and without the model the machine is the same. */
Test(tlb, changes_nothing)
{
	struct tlb_config tlb = model(16, 4, TLB_PLRU);
	struct machine *m[2];
	uint64_t v[2][16];

	m[0] = boot("x86-2level");
	m[1] = boot_tlb("x86-2level", &tlb);
	for (int i = 0; i < 2; i++) {
		struct task_struct *t = spawn(m[i], 1), *c;

		map_private(t, BASE, 16);
		touch(t, BASE, 8, ACCESS_READ, 0);
		touch(t, BASE + 4 * PAGE, 8, ACCESS_WRITE, 0);
		c = fork_task(t, 2);
		touch(c, BASE, 6, ACCESS_WRITE, 0);
		for (unsigned p = 0; p < 16; p++)
			v[i][p] = pte_value(c, BASE + p * PAGE);
		cr_expect_eq(m[i]->stats.accesses[ACCESS_WRITE], 14);
		check_machine(m[i]);
	}
	cr_expect_arr_eq(v[0], v[1], sizeof(v[0]));
	for (int i = 0; i < 2; i++)
		machine_destroy(m[i]);
}

/* ---- rights and cost ---- */

/* What may be read but not executed is in the TLB all the same. */
Test(tlb, data_needs_no_right_to_execute)
{
	struct tlb_config tlb = model(16, 4, TLB_LRU);
	struct machine_config cfg;
	struct machine *m;
	struct task_struct *t;
	const struct tlb_stats *n;

	machine_config_default(&cfg);
	strcpy(cfg.paging, "x86-pae");
	cfg.nx = true;
	cfg.memory = 64 * MIB;
	cfg.tlb = tlb;
	cfg.tlb.on = true;
	m = make_machine(&cfg);
	t = spawn(m, 1);
	map_private(t, BASE, 4);
	touch(t, BASE, 4, ACCESS_WRITE, 0);
	n = tlb_statistics(m);
	cr_assert_eq(n->assists, 0);
	touch(t, BASE, 4, ACCESS_READ, 0);
	touch(t, BASE, 4, ACCESS_READ, 0);
	cr_expect_eq(n->assists, 0);
	check_and_destroy(m);
}

/* What a data access brought into the second level, which both sides share,
 * does not let a fetch pass. */
Test(tlb, what_data_brought_may_not_be_executed)
{
	struct tlb_config tlb = model(16, 4, TLB_LRU);
	struct machine_config cfg;
	struct machine *m;
	struct task_struct *t;

	tlb.l2 = (struct tlb_geometry){64, 4};
	machine_config_default(&cfg);
	strcpy(cfg.paging, "x86-pae");
	cfg.nx = true;
	cfg.memory = 64 * MIB;
	cfg.tlb = tlb;
	cfg.tlb.on = true;
	m = make_machine(&cfg);
	t = spawn(m, 1);
	map_private(t, BASE, 1);
	map(t, BASE + PAGE, PAGE, RW | PROT_EXEC_EMU, MAP_PRIVATE_EMU, NULL);
	touch(t, BASE, 2, ACCESS_WRITE, 0);
	touch(t, BASE, 2, ACCESS_READ, 0);
	touch(t, BASE, 1, ACCESS_FETCH, EMU_SIGSEGV);
	touch(t, BASE + PAGE, 1, ACCESS_FETCH, 0);
	check_and_destroy(m);
}

/* Every walk costs the same, however it ends: 3 fault, 3 find the page then,
 * 2 set D of one that was read. */
Test(tlb, walks_that_fault_or_assist_cost_as_others)
{
	struct tlb_config tlb = model(16, 4, TLB_LRU);
	struct machine *m;
	struct task_struct *t;
	struct file *file;
	const struct tlb_stats *n;

	tlb.cycles_walk = 7;
	m = boot_tlb("x86-2level", &tlb);
	t = spawn(m, 1);
	file = open_rw(m, "/t", 4 * PAGE, true, FS_TMPFS);
	n = tlb_statistics(m);
	map(t, BASE, 3 * PAGE, RW, MAP_SHARED_EMU, file);
	touch(t, BASE, 3, ACCESS_READ, 0);
	cr_expect_eq(n->fault_walks, 3);
	cr_expect_eq(tlb_cycles(m), 7 * (3 + 3));
	touch(t, BASE, 2, ACCESS_WRITE, 0);
	cr_expect_eq(n->assists, 2);
	cr_expect_eq(tlb_cycles(m), 7 * (3 + 3 + 2));
	fput(m, file);
	machine_destroy(m);
}
