/* Same-page merging: who shares, who gets a copy, what is counted. */
#include "mm_fixture.h"

#include "core/ksm.h"
#include "core/compaction.h"
#include "core/swapfile.h"

#define PAGES 100

/* A process with PAGES equal pages and one of its own. */
static struct task_struct *spawn_equal(struct machine *m, uint32_t pid)
{
	struct task_struct *t = spawn(m, pid);
	char own[16];

	map_private(t, BASE, PAGES + 1);
	for (unsigned i = 0; i < PAGES; i++)
		store(t, BASE + i * PAGE, "the same in all");
	snprintf(own, sizeof(own), "only %u", pid);
	store(t, BASE + PAGES * PAGE, own);
	cr_assert_eq(sys_madvise(t, BASE, (PAGES + 1) * PAGE,
				 MADVISE_MERGEABLE),
		     0);
	return t;
}

static void expect_ksm(const struct machine *m, uint64_t shared,
		       uint64_t sharing, uint64_t unshared, uint64_t volatil)
{
	cr_expect_eq(m->ksm->pages_shared, shared, "shared %d",
		     (int)m->ksm->pages_shared);
	cr_expect_eq(m->ksm->pages_sharing, sharing, "sharing %d",
		     (int)m->ksm->pages_sharing);
	cr_expect_eq(m->ksm->pages_unshared, unshared, "unshared %d",
		     (int)m->ksm->pages_unshared);
	cr_expect_eq(ksm_pages_volatile(m->ksm), volatil, "volatile %d",
		     (int)ksm_pages_volatile(m->ksm));
	check_machine(m);
}

static void merge(struct machine *m)
{
	m->current = NULL;
	ksm_full_scan(m);
	check_machine(m);
	ksm_full_scan(m);
	check_machine(m);
}

Test(ksm, a_thousand_pages_become_one)
{
	static const char *const formats[] = {"x86-2level", "x86-pae"};

	for (unsigned f = 0; f < 2; f++) {
		struct machine *m = boot(formats[f]);
		struct task_struct *t[10];
		struct page *kpage;

		for (unsigned i = 0; i < 10; i++)
			t[i] = spawn_equal(m, 100 + i);
		cr_expect_eq(stat_of(m, NR_ANON_PAGES), 10 * (PAGES + 1));
		ksm_full_scan(m);
		expect_ksm(m, 0, 0, 0, 1010);
		ksm_full_scan(m);
		expect_ksm(m, 1, 999, 10, 0);
		cr_expect_eq(stat_of(m, NR_ANON_PAGES), 11);
		kpage = page_at(t[0], BASE);
		cr_expect(PageKsm(kpage));
		cr_expect_eq(page_mapcount(kpage), 1000);
		for (unsigned i = 0; i < 10; i++)
			for (unsigned p = 0; p < PAGES; p++)
				cr_assert_eq(page_at(t[i], BASE + p * PAGE),
					     kpage);
		cr_expect_eq(get_mm_counter(t[3]->mm, MM_ANONPAGES), PAGES + 1);

		store(t[3], BASE + 7 * PAGE, "THE SAME");
		cr_expect_eq(page_mapcount(kpage), 999);
		cr_expect_eq(page_mapcount(page_at(t[3], BASE + 7 * PAGE)), 1);
		cr_expect(holds(t[3], BASE + 7 * PAGE, "THE SAME in all"));
		cr_expect(holds(t[4], BASE + 7 * PAGE, "the same in all"));
		ksm_full_scan(m); /* the counters hear of it when ksmd does */
		expect_ksm(m, 1, 998, 10, 1);
		machine_destroy(m);
	}
}

/* Even the last user of a merged page gets a copy. */
Test(ksm, write_always_copies)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct page *kpage;

	map_private(t, BASE, 2);
	store(t, BASE, "x");
	store(t, BASE + PAGE, "x");
	sys_madvise(t, BASE, 2 * PAGE, MADVISE_MERGEABLE);
	merge(m);
	kpage = page_at(t, BASE);
	cr_assert_eq(kpage, page_at(t, BASE + PAGE));
	cr_expect_eq(sys_munmap(t, BASE + PAGE, PAGE), 0);
	cr_expect_eq(page_mapcount(kpage), 1);
	store(t, BASE, "y");
	cr_expect_neq(page_at(t, BASE), kpage);
	check_machine(m);
	ksm_full_scan(m);
	expect_ksm(m, 0, 0, 0, 1);
	machine_destroy(m);
}

Test(ksm, changing_pages_are_left_alone)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	char text[2] = "a";

	map_private(t, BASE, 2);
	sys_madvise(t, BASE, 2 * PAGE, MADVISE_MERGEABLE);
	for (; text[0] < 'f'; text[0]++) {
		store(t, BASE, text);
		store(t, BASE + PAGE, text);
		ksm_full_scan(m);
		expect_ksm(m, 0, 0, 0, 2);
	}
	ksm_full_scan(m);
	expect_ksm(m, 1, 1, 0, 0);
	machine_destroy(m);
}

Test(ksm, unmergeable_breaks_out)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *a = spawn_equal(m, 100), *b = spawn_equal(m, 101);

	merge(m);
	expect_ksm(m, 1, 199, 2, 0);
	cr_expect_eq(sys_madvise(a, BASE, (PAGES + 1) * PAGE,
				 MADVISE_UNMERGEABLE),
		     0);
	check_machine(m);
	cr_expect_eq(stat_of(m, NR_ANON_PAGES), PAGES + 1 + 2);
	cr_expect(holds(a, BASE, "the same in all"));
	cr_expect(PageKsm(page_at(b, BASE)));
	ksm_full_scan(m);
	expect_ksm(m, 1, 99, 1, 0);
	cr_expect_null(a->mm->ksm_slot, "nothing is mergeable any more");
	machine_destroy(m);
}

/* A child shares its parent's merged pages, and is scanned itself. */
Test(ksm, fork_and_exit)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *a = spawn_equal(m, 100), *b;
	struct page *kpage;

	merge(m);
	expect_ksm(m, 1, 99, 1, 0);
	b = fork_task(a, 101);
	check_machine(m);
	kpage = page_at(a, BASE);
	cr_expect_eq(page_mapcount(kpage), 200);
	m->current = a;
	do_exit(a, 0);
	check_machine(m);
	cr_expect_eq(page_mapcount(kpage), 100);
	cr_expect(holds(b, BASE, "the same in all"));
	merge(m);
	expect_ksm(m, 1, 99, 1, 0);
	m->current = b;
	do_exit(b, 0);
	cr_expect_eq(m->ksm->rmap_items, 0);
	cr_expect_eq(m->ksm->items.nr_used, 0);
	cr_expect_eq(m->ksm->slots.nr_used, 0);
	cr_expect_eq(m->ksm->pages_shared + m->ksm->pages_sharing, 0);
	check_and_destroy(m);
}

/* Areas that are not advised are left alone, though they touch one that is. */
Test(ksm, the_scan_ends_with_the_area)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 8);
	store(t, BASE, "advised");
	store(t, BASE + 4 * PAGE, "its neighbour");
	cr_assert_eq(sys_madvise(t, BASE, 4 * PAGE, MADVISE_MERGEABLE), 0);
	merge(m);
	expect_ksm(m, 0, 0, 1, 0);
	cr_expect_eq(m->ksm->rmap_items, 1);
	machine_destroy(m);
}

/* ksmd holds the child's anon_vma, which holds its parent's, when both areas
 * are gone. */
Test(ksm, the_last_to_hold_an_anon_vma)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *a = spawn(m, 100), *b;
	uint32_t before = m->anon_vma_pool.nr_used;

	map_private(a, BASE, 2);
	wr(a, BASE);
	b = fork_task(a, 101);
	store(b, BASE, "x");
	store(b, BASE + PAGE, "x");
	sys_madvise(b, BASE, 2 * PAGE, MADVISE_MERGEABLE);
	merge(m);
	expect_ksm(m, 1, 1, 0, 0);
	m->current = a;
	do_exit(a, 0);
	m->current = b;
	cr_assert_eq(sys_munmap(b, BASE, 2 * PAGE), 0);
	cr_expect_eq(m->anon_vma_pool.nr_used, before + 2);
	merge(m);
	cr_expect_eq(m->ksm->rmap_items, 0);
	cr_expect_eq(m->anon_vma_pool.nr_used, before);
	check_and_destroy(m);
}

Test(ksm, merged_pages_migrate)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *a = spawn_equal(m, 100), *b;
	pfn_t pfn;

	b = spawn_equal(m, 101);
	merge(m);
	fork_task(b, 102);
	pfn = page_to_pfn(m, page_at(a, BASE));
	compact_node(m);
	check_machine(m);
	cr_expect_neq(page_to_pfn(m, page_at(a, BASE)), pfn);
	cr_expect_eq(page_at(a, BASE), page_at(b, BASE));
	cr_expect_eq(page_mapcount(page_at(a, BASE)), 300);
	cr_expect(holds(b, BASE, "the same in all"));
	store(a, BASE, "THE");
	cr_expect(holds(b, BASE, "the"));
	merge(m);
	machine_destroy(m);
}

/* ksmd looks at as many pages as it is told. */
Test(ksm, page_by_page)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn_equal(m, 100);

	ksm_do_scan(m, 10);
	cr_expect_eq(m->ksm->rmap_items, 10);
	sys_munmap(t, BASE, 5 * PAGE);
	ksm_do_scan(m, 1000);
	cr_expect_eq(m->ksm->full_scans, 1, "a scan ends early");
	cr_expect_eq(m->ksm->rmap_items, PAGES + 1);
	ksm_do_scan(m, 1000);
	cr_expect_eq(m->ksm->rmap_items, PAGES - 4);
	check_and_destroy(m);
}

Test(ksm, mremap_and_mlock)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *a = spawn_equal(m, 100), *b = spawn_equal(m, 101);

	merge(m);
	m->current = a;
	cr_assert(!IS_ERR_VALUE(sys_mremap(a, BASE, (PAGES + 1) * PAGE,
					   (PAGES + 1) * PAGE,
					   MREMAP_MAYMOVE_EMU |
						   MREMAP_FIXED_EMU,
					   BASE + 0x1000000)));
	check_machine(m);
	cr_expect(holds(a, BASE + 0x1000000, "the same in all"));
	m->current = b;
	cr_assert_eq(sys_mlock(b, BASE, PAGES * PAGE), 0);
	check_machine(m);
	merge(m);
	m->current = b;
	cr_assert_eq(sys_munlock(b, BASE, PAGES * PAGE), 0);
	check_and_destroy(m);
}

/* Merged pages go to swap as one slot and come back, as one page or several. */
Test(ksm, merged_pages_swap)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t[4], *hog;

	cr_assert_eq(sys_swapon(m, 128ull << 20), 0);
	for (unsigned i = 0; i < 4; i++)
		t[i] = spawn_equal(m, 100 + i);
	merge(m);
	fork_task(t[3], 110);
	hog = spawn(m, 200);
	map_private(hog, BASE, 16000);
	for (unsigned round = 0; round < 2; round++) {
		touch(hog, BASE, 16000, ACCESS_WRITE, 0);
		check_machine(m);
		for (unsigned i = 0; i < 4; i++)
			for (unsigned p = round; p < PAGES; p += 3)
				cr_assert(holds(t[i], BASE + p * PAGE,
						"the same in all"));
		check_machine(m);
		merge(m);
		compact_node(m);
		check_machine(m);
	}
	cr_expect_gt(m->vm_event[PSWPOUT], 1000);
	cr_expect_gt(get_mm_counter(t[0]->mm, MM_SWAPENTS), 0);
	m->current = hog;
	do_exit(hog, 0);
	m->current = NULL;
	cr_assert_eq(sys_swapoff(m), 0);
	check_machine(m);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned p = 0; p < PAGES; p++)
			cr_assert(holds(t[i], BASE + p * PAGE,
					"the same in all"));
	merge(m);
	expect_ksm(m, 1, 499, 4, 1); /* parent and child have one page */
	machine_destroy(m);
}

/* Without memory for an item the scan stands still, and goes on there. */
Test(ksm, waits_for_memory)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn_equal(m, 100);
	struct page *page, *last = NULL;

	map_private(t, BASE + 2 * PAGES * PAGE, 1);
	store(t, BASE + 2 * PAGES * PAGE, "the same in all");
	sys_madvise(t, BASE + 2 * PAGES * PAGE, PAGE, MADVISE_MERGEABLE);
	m->current = NULL;
	m->memalloc = true; /* nobody is killed, nothing reclaimed */
	while ((page = alloc_page(m, GFP_KERNEL | __GFP_NOWARN)))
		last = page;
	ksm_do_scan(m, PAGES);
	cr_expect_eq(m->ksm->full_scans, 0);
	cr_expect_eq(m->ksm->scan_slot->mm, t->mm);
	cr_expect_eq(ksm_pages_volatile(m->ksm), 0);
	__free_pages(m, last, 0);
	ksm_do_scan(m, 10);
	cr_expect_eq(ksm_pages_volatile(m->ksm), 10);
	cr_expect_eq(m->ksm->full_scans, 0);
	machine_destroy(m);
}
