/* test_mlock.c - single pages on and off the unevictable list. */
#include "core/swap.h"
#include "mm_fixture.h"

static uint64_t events(const struct machine *m, enum vm_event_item item)
{
	return m->vm_event[item];
}

/* A page that is locked, on the unevictable list. */
static struct page *locked_page(struct task_struct *t)
{
	map_private(t, BASE, 1);
	wr(t, BASE);
	cr_assert_eq(sys_mlock(t, BASE, PAGE), 0);
	lru_add_drain(t->m);
	cr_assert(PageMlocked(page_at(t, BASE)));
	cr_assert(PageUnevictable(page_at(t, BASE)));
	return page_at(t, BASE);
}

Test(mlock_page, the_last_mapping_gone_it_is_evictable)
{
	struct machine *m = boot("x86-2level");
	struct page *page = locked_page(spawn(m, 100));

	clear_page_mlock(m, page);
	lru_add_drain(m);
	cr_expect_not(PageMlocked(page) || PageUnevictable(page));
	cr_expect(PageLRU(page));
	cr_expect_eq(stat_of(m, NR_MLOCK), 0);
	cr_expect_eq(stat_of(m, NR_UNEVICTABLE), 0);
	cr_expect_eq(events(m, UNEVICTABLE_PGCLEARED), 1);
	cr_expect_eq(events(m, UNEVICTABLE_PGRESCUED), 1);
	cr_expect_eq(events(m, UNEVICTABLE_PGSTRANDED), 0);
	clear_page_mlock(m, page);
	cr_expect_eq(events(m, UNEVICTABLE_PGCLEARED), 1, "once");
	machine_destroy(m);
}

/* Somebody else has it off its list: it stays unevictable for now. */
Test(mlock_page, one_that_is_isolated_is_stranded)
{
	struct machine *m = boot("x86-2level");
	struct page *page = locked_page(spawn(m, 100));

	cr_assert_eq(isolate_lru_page(m, page), 0);
	clear_page_mlock(m, page);
	cr_expect_not(PageMlocked(page));
	cr_expect(PageUnevictable(page));
	cr_expect_eq(events(m, UNEVICTABLE_PGCLEARED), 1);
	cr_expect_eq(events(m, UNEVICTABLE_PGSTRANDED), 1);
	cr_expect_eq(events(m, UNEVICTABLE_PGRESCUED), 0);
	/* who has it puts it back, and finds that it may be evicted */
	putback_lru_page(m, page);
	cr_expect_not(PageUnevictable(page));
	cr_expect_eq(events(m, UNEVICTABLE_PGRESCUED), 1);
	machine_destroy(m);
}

/* The same when munlock finds it so. */
Test(mlock_page, munlock_of_an_isolated_page)
{
	struct machine *m = boot("x86-2level");
	struct page *page = locked_page(spawn(m, 100));

	cr_assert_eq(isolate_lru_page(m, page), 0);
	munlock_vma_page(m, page);
	cr_expect_not(PageMlocked(page));
	cr_expect_eq(stat_of(m, NR_MLOCK), 0);
	cr_expect_eq(events(m, UNEVICTABLE_PGSTRANDED), 1);
	cr_expect_eq(events(m, UNEVICTABLE_PGMUNLOCKED), 0);
	putback_lru_page(m, page);
	/* and when it was evictable all the time */
	lru_add_drain(m);
	SetPageMlocked(page);
	inc_zone_page_state(m, page, NR_MLOCK);
	cr_assert_eq(isolate_lru_page(m, page), 0);
	munlock_vma_page(m, page);
	cr_expect_eq(events(m, UNEVICTABLE_PGSTRANDED), 1);
	cr_expect_eq(events(m, UNEVICTABLE_PGMUNLOCKED), 1);
	putback_lru_page(m, page);
	machine_destroy(m);
}

/* ---- areas ---- */

/* A locked area that grows where it stands is there at once. */
Test(mlock, what_grows_in_place_is_faulted_in)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 2);
	cr_assert_eq(sys_mlock(t, BASE, 2 * PAGE), 0);
	cr_assert_eq(get_mm_counter(t->mm, MM_ANONPAGES), 2);
	cr_assert_eq(sys_mremap(t, BASE, 2 * PAGE, 6 * PAGE, 0, 0), BASE);
	cr_expect_eq(get_mm_counter(t->mm, MM_ANONPAGES), 6);
	cr_expect_eq(t->mm->locked_vm, 6);
	cr_expect_eq(rd(t, BASE + 5 * PAGE), 0);
	check_and_destroy(m);
}
