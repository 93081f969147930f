/* test_page_alloc.c - per-CPU lists, fair zones, watermarks, slow path. */
#include "core/bootmem.h"
#include "core/buddy.h"
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/swapfile.h"
#include "core/task.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct machine *boot(uint64_t mb, bool pae)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = mb << 20;
	if (pae)
		strcpy(cfg.paging, "x86-pae");
	return make_machine(&cfg);
}

static void check(const struct machine *m)
{
	struct checker c = {.tell = tell_broken};

	page_alloc_check(m, &c);
	cr_assert_eq(c.broken, 0);
}

/* ---- per-CPU lists ---- */

Test(page_alloc, refill_takes_a_batch)
{
	struct machine *m = boot(256, false);
	struct zone *z = &m->zone[ZONE_NORMAL];
	struct page *a, *b, *cold;
	int64_t free;

	drain_all_pages(m);
	free = z->vm_stat[NR_FREE_PAGES];
	a = alloc_page(m, GFP_KERNEL);
	cr_expect_eq(z->pageset.count, z->pageset.batch - 1);
	cr_expect_eq(z->vm_stat[NR_FREE_PAGES], free - z->pageset.batch);
	b = alloc_page(m, GFP_KERNEL);
	cr_expect_eq(page_to_pfn(m, b), page_to_pfn(m, a) + 1);
	cold = alloc_page(m, GFP_KERNEL | __GFP_COLD);
	cr_expect_eq(page_to_pfn(m, cold),
		     page_to_pfn(m, a) + z->pageset.batch - 1);
	__free_pages(m, a, 0);
	__free_pages(m, b, 0);
	cr_expect_eq(alloc_page(m, GFP_KERNEL), b,
		     "a stack: last in, first out");
	check(m);
	machine_destroy(m);
}

Test(page_alloc, cold_refill_is_reversed)
{
	struct machine *m = boot(256, false);
	struct page *first, *hot;

	drain_all_pages(m);
	first = alloc_page(m, GFP_KERNEL | __GFP_COLD);
	hot = alloc_page(m, GFP_KERNEL);
	cr_expect_eq(page_to_pfn(m, hot), page_to_pfn(m, first) + 14,
		     "the head is the last one obtained");
	machine_destroy(m);
}

Test(page_alloc, frees_collect_until_high)
{
	struct machine *m = boot(256, false);
	struct zone *z = &m->zone[ZONE_NORMAL];
	struct page *page[200];
	int64_t free;

	for (unsigned i = 0; i < 200; i++)
		page[i] = alloc_page(m, GFP_KERNEL);
	drain_all_pages(m);
	free = z->vm_stat[NR_FREE_PAGES];
	for (unsigned i = 0; i < 89; i++)
		free_hot_cold_page(m, (page[i]->_count = 0, page[i]), false);
	cr_expect_eq(z->vm_stat[NR_FREE_PAGES], free);
	cr_expect_eq(z->pageset.count, 89);
	__free_pages(m, page[89], 0);
	cr_expect_eq(z->pageset.count, 90 - 15);
	cr_expect_eq(z->vm_stat[NR_FREE_PAGES], free + 15);
	check(m);
	machine_destroy(m);
}

/* Lists of 4 reclaimable, 4 movable, 4 unmovable; 6 are drained: 1 from the
 * first, 1 from the second, ... as each turn begins at Reclaimable. */
Test(page_alloc, drain_goes_round)
{
	struct machine *m = boot(256, false);
	struct zone *z = &m->zone[ZONE_NORMAL];
	static const gfp_t gfp[3] = {GFP_KERNEL, GFP_TEMPORARY,
				     GFP_HIGHUSER_MOVABLE};
	struct page *page[3][4];

	/* DMA would take turns with Normal */
	m->zone[ZONE_DMA].vm_stat[NR_ALLOC_BATCH] = 0;
	z->vm_stat[NR_ALLOC_BATCH] = 1000;
	for (unsigned t = 0; t < 3; t++)
		for (unsigned i = 0; i < 4; i++)
			page[t][i] = alloc_page(m, gfp[t]);
	drain_all_pages(m);
	z->pageset.high = 12;
	z->pageset.batch = 6;
	for (unsigned t = 0; t < 3; t++)
		for (unsigned i = 0; i < 4; i++)
			__free_pages(m, page[t][i], 0);
	cr_expect_eq(z->pageset.count, 6);
	for (unsigned t = 0; t < 3; t++)
		cr_expect_eq(z->pageset.lists[t].nr, 2, "list %u", t);
	check(m);
	machine_destroy(m);
}

/* ---- zones ---- */

Test(page_alloc, gfp_decides_the_zone)
{
	static const struct {
		gfp_t gfp;
		enum zone_type zone;
	} rows[] = {
		{GFP_KERNEL, ZONE_NORMAL},
		{GFP_DMA, ZONE_DMA},
		{GFP_KERNEL | __GFP_DMA, ZONE_DMA},
		{GFP_DMA32, ZONE_NORMAL},
		{GFP_HIGHUSER, ZONE_HIGHMEM},
		{GFP_HIGHUSER_MOVABLE, ZONE_MOVABLE},
		{__GFP_MOVABLE, ZONE_NORMAL},
		{__GFP_MOVABLE | __GFP_DMA, ZONE_DMA},
		{GFP_ATOMIC, ZONE_NORMAL},
	};
	struct machine *m = boot(256, false);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(gfp_zone(m, rows[i].gfp), rows[i].zone, "gfp 0x%x",
			     rows[i].gfp);
	machine_destroy(m);
}

static unsigned zone_of(struct machine *m, gfp_t gfp, unsigned order)
{
	struct page *page = alloc_pages(m, gfp, order);

	return page ? page_zone(m, page)->type : MAX_NR_ZONES;
}

Test(page_alloc, zones_take_turns)
{
	struct machine *m = boot(256, false);
	struct zone *dma = &m->zone[ZONE_DMA], *normal = &m->zone[ZONE_NORMAL];

	normal->vm_stat[NR_ALLOC_BATCH] = 2;
	dma->vm_stat[NR_ALLOC_BATCH] = 2;
	cr_expect_eq(zone_of(m, GFP_KERNEL, 0), ZONE_NORMAL);
	cr_expect_eq(zone_of(m, GFP_KERNEL, 0), ZONE_NORMAL);
	cr_expect_eq(zone_of(m, GFP_KERNEL, 0), ZONE_DMA);
	cr_expect_eq(zone_of(m, GFP_KERNEL, 0), ZONE_DMA);
	/* a new round, from the slow path: both batches are full again */
	cr_expect_eq(zone_of(m, GFP_KERNEL, 0), ZONE_NORMAL);
	cr_expect_eq(normal->vm_stat[NR_ALLOC_BATCH], 711 - 592 - 1);
	cr_expect_eq(dma->vm_stat[NR_ALLOC_BATCH], 46 - 38);
	machine_destroy(m);
}

/* On a uniprocessor the test is on an unsigned number. */
Test(page_alloc, batch_below_zero_does_not_skip)
{
	struct machine *m = boot(256, false);
	struct zone *normal = &m->zone[ZONE_NORMAL];

	normal->vm_stat[NR_ALLOC_BATCH] = 1;
	cr_expect_eq(zone_of(m, GFP_KERNEL, 1), ZONE_NORMAL);
	cr_expect_eq(normal->vm_stat[NR_ALLOC_BATCH], -1);
	for (unsigned i = 0; i < 500; i++)
		cr_assert_eq(zone_of(m, GFP_KERNEL, 0), ZONE_NORMAL);
	machine_destroy(m);
}

/* Measured: user pages on 256 MiB take 119 of Normal, 8 of DMA, in turn. */
Test(page_alloc, rounds_as_measured)
{
	struct machine *m = boot(256, false);
	uint64_t dma, normal;

	m->zone[ZONE_NORMAL].vm_stat[NR_ALLOC_BATCH] = 119;
	m->zone[ZONE_DMA].vm_stat[NR_ALLOC_BATCH] = 8;
	dma = m->vm_event[PGALLOC_DMA];
	normal = m->vm_event[PGALLOC_NORMAL];
	for (unsigned i = 0; i < 127 * 40; i++)
		cr_assert(alloc_page(m, GFP_HIGHUSER_MOVABLE));
	cr_expect_eq(m->vm_event[PGALLOC_DMA] - dma, 8 * 40);
	cr_expect_eq(m->vm_event[PGALLOC_NORMAL] - normal, 119 * 40);
	check(m);
	machine_destroy(m);
}

/* ---- watermarks ---- */

Test(page_alloc, watermark_rules)
{
	struct zone z = {.vm_stat[NR_FREE_PAGES] = 100};

	z.free_area[0].nr_free = 60;
	z.free_area[1].nr_free = 4;
	z.free_area[5].nr_free = 1;
	z.lowmem_reserve[ZONE_HIGHMEM] = 50;
	cr_expect(zone_watermark_ok(&z, 0, 99, ZONE_NORMAL, 0));
	cr_expect(!zone_watermark_ok(&z, 0, 100, ZONE_NORMAL, 0));
	cr_expect(zone_watermark_ok(&z, 0, 49, ZONE_HIGHMEM, 0));
	cr_expect(!zone_watermark_ok(&z, 0, 50, ZONE_HIGHMEM, 0));
	/* half for __GFP_HIGH, and three quarters of that for atomic */
	cr_expect(zone_watermark_ok(&z, 0, 198, ZONE_NORMAL, ALLOC_HIGH));
	cr_expect(!zone_watermark_ok(&z, 0, 200, ZONE_NORMAL, ALLOC_HIGH));
	cr_expect(zone_watermark_ok(&z, 0, 260, ZONE_NORMAL,
				    ALLOC_HIGH | ALLOC_HARDER));
	cr_expect(!zone_watermark_ok(&z, 0, 270, ZONE_NORMAL,
				     ALLOC_HIGH | ALLOC_HARDER));
	/* order 1: 99 - 60 must be above mark / 2 */
	cr_expect(zone_watermark_ok(&z, 1, 76, ZONE_NORMAL, 0));
	cr_expect(!zone_watermark_ok(&z, 1, 78, ZONE_NORMAL, 0));
	/* order 2: 97 - 60 above mark / 2, 97 - 60 - 2 * 14 above mark / 4 */
	z.free_area[1].nr_free = 14;
	cr_expect(zone_watermark_ok(&z, 2, 35, ZONE_NORMAL, 0));
	cr_expect(!zone_watermark_ok(&z, 2, 36, ZONE_NORMAL, 0));
}

Test(page_alloc, batch_sizes)
{
	static const struct {
		uint64_t managed;
		unsigned batch;
	} rows[] = {{8191, 0},	 {8192, 1},   {12287, 1},   {12288, 3},
		    {24575, 3},	 {24576, 7},  {45055, 7},   {45056, 15},
		    {90111, 15}, {90112, 31}, {4000000, 31}};
	struct machine *m = boot(64, false);

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(zone_batchsize(m, rows[i].managed), rows[i].batch,
			     "%u", (unsigned)rows[i].managed);
	machine_destroy(m);
}

static uint64_t exhaust(struct machine *m, gfp_t gfp)
{
	uint64_t n = 0;

	while (alloc_page(m, gfp))
		n++;
	return n;
}

Test(page_alloc, who_may_use_the_reserve)
{
	struct machine *m = boot(64, false);
	struct zone *z = &m->zone[ZONE_NORMAL];
	int64_t min = (int64_t)z->watermark[WMARK_MIN];

	exhaust(m, GFP_NOWAIT | __GFP_NOMEMALLOC);
	cr_expect_leq(z->vm_stat[NR_FREE_PAGES], min);
	cr_expect_gt(z->vm_stat[NR_FREE_PAGES], min - z->pageset.batch - 1);
	exhaust(m, GFP_ATOMIC);
	cr_expect_leq(z->vm_stat[NR_FREE_PAGES], (min - min / 2) * 3 / 4 + 1);
	cr_expect_gt(exhaust(m, GFP_ATOMIC | __GFP_MEMALLOC), 0);
	cr_expect_eq(z->vm_stat[NR_FREE_PAGES], 0);
	cr_expect_eq(m->zone[ZONE_DMA].vm_stat[NR_FREE_PAGES], 0);
	check(m);
	machine_destroy(m);
}

/* Who frees memory needs some for it, and who is killed to get out. */
Test(page_alloc, reclaim_and_victims_use_it_all)
{
	struct task_struct *t = NULL;

	for (unsigned i = 0; i < 2; i++) {
		struct machine *m = boot(64, false);

		cr_assert_eq(task_spawn(m, 100, "test", &t), 0);
		m->current = t;
		exhaust(m, GFP_ATOMIC);
		cr_assert_gt(m->zone[ZONE_NORMAL].vm_stat[NR_FREE_PAGES], 0);
		m->memalloc = i == 0;
		t->memdie = i == 1;
		cr_expect_eq(exhaust(m, GFP_ATOMIC | __GFP_NOMEMALLOC), 0);
		cr_expect_gt(exhaust(m, GFP_ATOMIC), 0, "%u", i);
		cr_expect_eq(m->zone[ZONE_NORMAL].vm_stat[NR_FREE_PAGES], 0);
		m->memalloc = false;
		machine_destroy(m);
	}
}

static uint64_t reclaimed_with;
static uint64_t reclaim_once(struct machine *m, gfp_t gfp, unsigned order)
{
	(void)order;
	reclaimed_with = gfp;
	m->reclaim = NULL;
	return 1;
}

Test(page_alloc, slow_path_reclaims)
{
	struct machine *m = boot(64, false);

	while (alloc_page(m, GFP_NOWAIT | __GFP_NOMEMALLOC))
		;
	m->reclaim = reclaim_once;
	/* reclaim itself gives nothing, but the per-CPU lists are drained */
	cr_expect(alloc_page(m, GFP_NOFS | __GFP_NORETRY));
	cr_expect_eq(reclaimed_with, GFP_NOFS | __GFP_NORETRY);
	while (alloc_page(m, GFP_NOWAIT | __GFP_NOMEMALLOC))
		;
	cr_expect_null(alloc_page(m, GFP_NOFS | __GFP_NORETRY));
	cr_expect_null(alloc_pages(m, GFP_KERNEL, MAX_ORDER));
	machine_destroy(m);
}

static struct page *kept;

static uint64_t give_back_kept(struct machine *m, gfp_t gfp __unused_arg,
			       unsigned order __unused_arg)
{
	m->reclaim = NULL;
	__free_pages(m, kept, 8);
	return 256;
}

/* Where reclaim has made room the per-CPU lists are left alone: the frame that
 * was freed last is still there. */
Test(page_alloc, what_reclaim_frees_is_enough)
{
	struct machine *m = boot(64, false);
	struct zone *z = &m->zone[ZONE_NORMAL];
	struct page *other = alloc_page(m, GFP_KERNEL);
	struct page *last = alloc_page(m, GFP_KERNEL);
	unsigned count;

	kept = alloc_pages(m, GFP_KERNEL, 8);
	cr_assert_eq(page_zone(m, last), z);
	cr_assert_eq(page_zone(m, kept), z);
	for (int i = 0; i < 2; i++) {
		drain_all_pages(m);
		while (alloc_page(m, GFP_NOWAIT | __GFP_NOMEMALLOC))
			;
	}
	__free_pages(m, other, 0);
	__free_pages(m, last, 0);
	count = z->pageset.count;
	cr_assert_gt(count, 1);
	m->reclaim = give_back_kept;
	cr_expect_eq(alloc_page(m, GFP_NOFS | __GFP_NORETRY), last);
	cr_expect_null(m->reclaim, "it was asked");
	cr_expect_eq(z->pageset.count, count - 1);
	machine_destroy(m);
}

static unsigned asked;

/* Some progress each time, and the block with the third call. */
static uint64_t give_back_late(struct machine *m, gfp_t gfp __unused_arg,
			       unsigned order __unused_arg)
{
	if (++asked == 3)
		__free_pages(m, kept, 8);
	return 1;
}

/* Blocks up to order 3 are waited for as long as reclaim makes progress; larger
 * ones are not. */
Test(page_alloc, small_orders_are_tried_again)
{
	struct machine *m = boot(64, false);

	kept = alloc_pages(m, GFP_KERNEL, 8);
	for (unsigned order = 0; order < 2; order++)
		while (alloc_pages(m, GFP_NOWAIT | __GFP_NOMEMALLOC, order))
			;
	while (alloc_page(m, GFP_ATOMIC))
		;
	m->reclaim = give_back_late;
	cr_expect_null(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN, 4));
	cr_expect_eq(asked, 1);
	asked = 0;
	cr_expect_not_null(alloc_pages(m, GFP_KERNEL, 3));
	cr_expect_eq(asked, 3);
	m->reclaim = NULL;
	machine_destroy(m);
}

static uint64_t twenty_frames(struct machine *m __unused_arg,
			      gfp_t gfp __unused_arg,
			      unsigned order __unused_arg)
{
	asked++;
	return 20;
}

/* Who asks with __GFP_REPEAT waits for a larger block too, until as many frames
 * were freed as it has: 20, then 40 of 32. */
Test(page_alloc, repeat_until_as_much_was_freed)
{
	struct machine *m = boot(64, false);

	for (unsigned order = 0; order < 2; order++)
		while (alloc_pages(m, GFP_NOWAIT | __GFP_NOMEMALLOC, order))
			;
	m->reclaim = twenty_frames;
	cr_expect_null(alloc_pages(m, GFP_KERNEL | __GFP_NOWARN | __GFP_REPEAT,
				   5));
	cr_expect_eq(asked, 2);
	m->reclaim = NULL;
	machine_destroy(m);
}

/* ---- dirty pages ---- */

/* A fifth of what could be dirty: free and file pages, less what is kept back;
 * anonymous pages only where they could make room. */
Test(page_alloc, a_fifth_of_a_zone_may_be_dirty)
{
	static const struct {
		int64_t free, active, inactive, anon, dirty;
		bool swap, ok;
	} rows[] = {
		{600, 300, 200, 0, 200, false, true},
		{600, 300, 200, 0, 201, false, false},
		{1100, 0, 0, 0, 201, false, false},
		{0, 1100, 0, 0, 200, false, true},
		{0, 0, 1100, 0, 200, false, true},
		{600, 300, 200, 500, 201, false, false},
		{600, 300, 200, 500, 300, true, true},
		{600, 300, 200, 500, 301, true, false},
		{50, 0, 0, 0, 0, false, true},
		{50, 0, 0, 0, 1, false, false},
	};
	struct machine *m = boot(64, false);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zone z = {.type = ZONE_NORMAL, .managed_pages = 10000};

		z.watermark[WMARK_HIGH] = 100;
		z.vm_stat[NR_FREE_PAGES] = rows[i].free;
		z.vm_stat[NR_ACTIVE_FILE] = rows[i].active;
		z.vm_stat[NR_INACTIVE_FILE] = rows[i].inactive;
		z.vm_stat[NR_ACTIVE_ANON] = rows[i].anon / 2;
		z.vm_stat[NR_INACTIVE_ANON] = rows[i].anon / 2;
		z.vm_stat[NR_FILE_DIRTY] = rows[i].dirty - rows[i].dirty / 2;
		z.vm_stat[NR_WRITEBACK] = rows[i].dirty / 2;
		if (rows[i].swap && !nr_swap_pages(m))
			cr_assert_eq(sys_swapon(m, 1 << 20), 0);
		else if (!rows[i].swap && nr_swap_pages(m))
			cr_assert_eq(sys_swapoff(m), 0);
		cr_expect_eq(zone_dirty_ok(m, &z), rows[i].ok, "row %zu", i);
	}
	machine_destroy(m);
}

/* ---- blocks that nobody has touched since boot ---- */

/* Every third block taken out: runs of two, as many as can be written down. */
static pfn_t cut_into_runs(struct machine *m, struct zone *z)
{
	pfn_t pfn = z->fresh[0].start + 2 * MAX_ORDER_NR_PAGES;

	while (z->nr_fresh < MAX_FRESH_RUNS) {
		cr_assert(find_fresh_run(z, pfn));
		link_fresh_block(m, z, pfn);
		pfn += 3 * MAX_ORDER_NR_PAGES;
	}
	return pfn - 3 * MAX_ORDER_NR_PAGES;
}

/* A block off the end of a run needs no room in the table; one out of the midst
 * of the last run does: those above it are taken too. */
Test(page_alloc, runs_of_fresh_blocks_when_the_table_is_full)
{
	struct machine *m = boot(512, false);
	struct zone *z = &m->zone[ZONE_NORMAL];
	pfn_t last = cut_into_runs(m, z), block = MAX_ORDER_NR_PAGES;
	uint64_t blocks = z->fresh_blocks;
	struct fresh_run run = z->fresh[3];

	cr_assert_eq(run.end - run.start, 2 * block);
	link_fresh_block(m, z, run.end - block);
	cr_expect_eq(z->fresh_blocks, blocks - 1);
	cr_expect_eq(z->nr_fresh, MAX_FRESH_RUNS);
	cr_expect_eq(z->fresh[3].start, run.start);
	cr_expect_eq(z->fresh[3].end, run.end - block);
	cr_expect(PageBuddy(pfn_to_page(m, run.end - block)));
	check_machine(m);
	run = *find_fresh_run(z, last + block);
	cr_assert_gt(run.end, last + 5 * block);
	link_fresh_block(m, z, last + 3 * block);
	cr_expect_eq(z->nr_fresh, MAX_FRESH_RUNS);
	cr_expect_eq(find_fresh_run(z, last + block)->end, last + 3 * block);
	cr_expect_eq(z->fresh_blocks,
		     blocks - 1 - (run.end - last - 3 * block) / block);
	check_and_destroy(m);
}

/* ---- contents, references ---- */

Test(page_alloc, zeroed_where_bytes_count)
{
	struct machine *m = boot(64, false);
	struct page *page = alloc_page(m, GFP_KERNEL);

	m->contents = true;
	memset(page_contents(m, page), 0xAA, 4096);
	__free_pages(m, page, 0);
	cr_assert_eq(alloc_page(m, GFP_KERNEL | __GFP_ZERO), page);
	for (unsigned i = 0; i < 4096; i++)
		cr_assert_eq(page_contents(m, page)[i], 0);
	machine_destroy(m);
}

Test(page_alloc, compound_marks_every_frame)
{
	struct machine *m = boot(64, false);
	struct page *page = alloc_pages(m, GFP_KERNEL | __GFP_COMP, 2);

	for (unsigned i = 0; i < 4; i++)
		cr_expect(PageCompound(page + i));
	__free_pages(m, page, 2);
	check(m);
	page = alloc_pages(m, GFP_KERNEL, 2);
	cr_expect(!PageCompound(page));
	get_page(page);
	__free_pages(m, page, 2);
	cr_expect_eq(page_count(page), 1);
	__free_pages(m, page, 2);
	cr_expect_eq(page_count(page), 0);
	machine_destroy(m);
}

/* ---- property: whatever is taken and given back, nothing is lost ---- */

struct held {
	struct page *page;
	unsigned order;
};

static uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

static unsigned some_steps(struct machine *m, uint64_t *seed, struct held *held,
			   unsigned n, unsigned max, unsigned steps)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL,
		GFP_HIGHUSER_MOVABLE,
		GFP_HIGHUSER_MOVABLE | __GFP_COLD,
		GFP_TEMPORARY,
		GFP_ATOMIC,
		GFP_ATOMIC | __GFP_DMA,
		GFP_NOWAIT | __GFP_MOVABLE,
		GFP_ATOMIC | __GFP_MEMALLOC,
		GFP_NOFS | __GFP_NORETRY | __GFP_COMP,
	};

	while (steps--) {
		uint32_t r = random_next(seed);

		if (n == max || (n && r % 5 < 2)) {
			unsigned i = (r >> 8) % n;

			__free_pages(m, held[i].page, held[i].order);
			held[i] = held[--n];
		} else {
			unsigned order = (r >> 8) % 3 ? (r >> 12) % 3
						      : (r >> 12) % MAX_ORDER;

			held[n].order = order;
			held[n].page = alloc_pages(
				m, gfps[(r >> 20) % ARRAY_SIZE(gfps)], order);
			n += held[n].page != NULL;
		}
		if (steps % 4 == 0)
			check(m);
	}
	return n;
}

static void random_machine(unsigned mb, bool pae)
{
	enum {
		MAX_HELD = 512
	};
	struct machine *m = boot(mb, pae);
	struct held *held = calloc(MAX_HELD, sizeof(*held));
	uint32_t before[MAX_NR_ZONES][MAX_ORDER];
	uint64_t seed = mb;
	unsigned n;

	drain_all_pages(m);
	for (unsigned z = 0; z < MAX_NR_ZONES; z++)
		for (unsigned o = 0; o < MAX_ORDER; o++)
			before[z][o] = m->zone[z].free_area[o].nr_free;
	n = some_steps(m, &seed, held, 0, MAX_HELD, 1500);
	while (n--)
		__free_pages(m, held[n].page, held[n].order);
	drain_all_pages(m);
	check(m);
	for (unsigned z = 0; z < MAX_NR_ZONES; z++)
		for (unsigned o = 0; o < MAX_ORDER; o++)
			cr_expect_eq(m->zone[z].free_area[o].nr_free,
				     before[z][o], "%u MiB zone %u order %u",
				     mb, z, o);
	free(held);
	machine_destroy(m);
}

Test(page_alloc, everything_merges_back)
{
	static const unsigned mb[] = {4, 8, 16, 24, 64, 256, 900, 2048};

	for (unsigned i = 0; i < ARRAY_SIZE(mb); i++)
		random_machine(mb[i], false);
	random_machine(1024, true);
	random_machine(4096, true);
}
