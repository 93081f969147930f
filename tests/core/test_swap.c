/* test_swap.c - swap areas, slots, the swap cache, and the way back in. */
#include "swap_fixture.h"

static const char *const formats[] = {"x86-2level", "x86-pae"};

/* ---- slots ---- */

Test(swap, slots_in_a_row)
{
	struct machine *m = boot_swap("x86-2level", 1000);

	cr_expect_eq(total_swap_pages(m), 999); /* one is the header */
	for (uint32_t i = 1; i <= 256; i++)
		cr_assert_eq(swp_offset(get_swap_page(m)), i);
	/* the row is over: the lowest 256 free ones in a row */
	for (uint32_t i = 1; i <= 256; i++)
		swapcache_free(m, swp_entry(0, i), NULL);
	cr_expect_eq(swp_offset(get_swap_page(m)), 1);
	cr_expect_eq(swp_offset(get_swap_page(m)), 2);
	/* within the row it goes on, whatever came free behind */
	swapcache_free(m, swp_entry(0, 1), NULL);
	cr_expect_eq(swp_offset(get_swap_page(m)), 3);
	cr_expect_eq(nr_swap_pages(m), 997);
	cr_expect_eq(m->swap->area[0].lowest_bit, 1);
	machine_destroy(m);
}

/* Two holes: 49, too small, and 51 to 306, which holds a row to the slot. */
Test(swap, a_row_begins_behind_what_is_taken)
{
	struct machine *m = boot_swap("x86-2level", 1200);

	for (uint32_t i = 1; i <= 3 * 256; i++)
		cr_assert_eq(swp_offset(get_swap_page(m)), i);
	for (uint32_t i = 49; i <= 306; i++)
		if (i != 50)
			swapcache_free(m, swp_entry(0, i), NULL);
	for (uint32_t i = 51; i <= 306; i++)
		cr_assert_eq(swp_offset(get_swap_page(m)), i);
	/* the next row is the one behind all that was ever taken */
	cr_expect_eq(swp_offset(get_swap_page(m)), 3 * 256 + 1);
	machine_destroy(m);
}

/* A slot that a process uses and the cache does not. */
static swp_entry_t take_slot(struct machine *m)
{
	swp_entry_t entry = get_swap_page(m);

	if (!entry.val)
		return entry;
	cr_assert_eq(swap_duplicate(m, entry), 0);
	swapcache_free(m, entry, NULL);
	return entry;
}

/*
 * 3.12 searches behind the lowest slot, not at it: with 77 alone free and the
 * search beginning at 301 there is none to be had, though one is counted.
 */
Test(swap, the_lowest_slot_is_passed_over, .timeout = 20)
{
	static const uint32_t freed[] = {300, 400, 77};
	struct machine *m = boot_swap("x86-2level", 600);
	struct swap_area *a = &m->swap->area[0];

	for (uint32_t i = 1; i <= 599; i++)
		cr_assert_eq(swp_offset(take_slot(m)), i);
	for (size_t i = 0; i < ARRAY_SIZE(freed); i++)
		swap_free(m, swp_entry(0, freed[i]));
	a->cluster_next = 400;
	cr_assert_eq(swp_offset(take_slot(m)), 400);
	a->cluster_next = 300;
	cr_assert_eq(swp_offset(take_slot(m)), 300);
	cr_assert_eq(a->lowest_bit, 77);
	cr_assert_eq(a->highest_bit, 399);
	cr_expect_eq(get_swap_page(m).val, 0);
	cr_expect_eq(nr_swap_pages(m), 1);
	cr_expect_eq(a->inuse_pages, 598);
	machine_destroy(m);
}

Test(swap, no_cluster_left)
{
	struct machine *m = boot_swap("x86-2level", 600);

	for (uint32_t i = 1; i <= 599; i++)
		cr_assert_eq(swp_offset(get_swap_page(m)), i);
	cr_expect_eq(get_swap_page(m).val, 0);
	cr_expect_eq(nr_swap_pages(m), 0);
	swapcache_free(m, swp_entry(0, 77), NULL);
	swapcache_free(m, swp_entry(0, 300), NULL);
	cr_expect_eq(swp_offset(get_swap_page(m)), 77);
	cr_expect_eq(swp_offset(get_swap_page(m)), 300);
	cr_expect_eq(get_swap_page(m).val, 0);
	machine_destroy(m);
}

Test(swap, counts)
{
	struct machine *m = boot_swap("x86-pae", 100);
	swp_entry_t e = get_swap_page(m);

	cr_expect_eq(swap_slot(m, e), SWAP_HAS_CACHE);
	cr_expect_eq(swap_duplicate(m, e), 0);
	cr_expect_eq(swap_duplicate(m, e), 0);
	swapcache_free(m, e, NULL);
	cr_expect_eq(swap_slot(m, e), 2);
	cr_expect_eq(swapcache_prepare(m, e), 0);
	cr_expect_eq(swapcache_prepare(m, e), -EEXIST);
	swapcache_free(m, e, NULL);
	swap_free(m, e);
	swap_free(m, e);
	cr_expect_eq(swap_slot(m, e), 0);
	cr_expect_eq(swap_duplicate(m, e), -ENOENT);
	cr_expect_eq(swapcache_prepare(m, e), -ENOENT);
	cr_expect_eq(swap_duplicate(m, swp_entry(0, 100)), -ENOENT);
	cr_expect_eq(swap_duplicate(m, swp_entry(7, 1)), -ENOENT);
	cr_expect_eq(swap_duplicate(m, swp_entry(0, 0)), -ENOENT);
	check_and_destroy(m);
}

Test(swap, areas_by_priority)
{
	struct machine *m = boot_swap("x86-2level", 100);

	cr_expect_eq(sys_swapon(m, 50 * PAGE), 0);
	cr_expect_eq(sys_swapon(m, PAGE), -EINVAL);
	cr_expect_eq(m->swap->area[0].prio, -1);
	cr_expect_eq(m->swap->area[1].prio, -2);
	for (uint32_t i = 1; i <= 99; i++)
		cr_assert_eq(get_swap_page(m).val, swp_entry(0, i).val);
	cr_expect_eq(get_swap_page(m).val, swp_entry(1, 1).val);
	/* the first has a slot again: it is asked first */
	swapcache_free(m, swp_entry(0, 40), NULL);
	cr_expect_eq(get_swap_page(m).val, swp_entry(0, 40).val);
	cr_expect_eq(get_swap_page(m).val, swp_entry(1, 2).val);
	for (unsigned i = 2; i < MAX_SWAPFILES; i++)
		cr_assert_eq(sys_swapon(m, 2 * PAGE), 0);
	cr_expect_eq(sys_swapon(m, 2 * PAGE), -EPERM);
	machine_destroy(m);
}

/* ---- out and in ---- */

Test(swap, values_survive)
{
	for (unsigned f = 0; f < ARRAY_SIZE(formats); f++) {
		struct machine *m = boot_swap(formats[f], 4 * MEMORY_PAGES);
		struct task_struct *t = spawn(m, 100);
		uint32_t nr = 3 * MEMORY_PAGES;

		map_filled(t, BASE, nr, 1);
		cr_expect_gt(events(m, PSWPOUT), 2 * MEMORY_PAGES);
		cr_expect_eq(get_mm_counter(t->mm, MM_SWAPENTS) +
				     get_mm_counter(t->mm, MM_ANONPAGES),
			     nr);
		check_machine(m);
		get_pages(t, BASE, nr, 1);
		cr_expect_gt(t->maj_flt, 0);
		/* 4 slots are read at once where RAM is small */
		cr_expect_lt(t->maj_flt * 3, events(m, PSWPIN));
		check_machine(m);
		do_exit(t, 0);
		lru_add_drain(m);
		cr_expect_eq(used_slots(m), 0);
		cr_expect_eq(total_swapcache_pages(m), 0);
		check_and_destroy(m);
	}
}

/* A parent and three children, each with a memory's worth of its own. */
static void grow_tree(struct machine *m, struct task_struct *task[4])
{
	task[0] = spawn(m, 100);
	map_private(task[0], BASE, MEMORY_PAGES);
	put_pages(task[0], BASE, MEMORY_PAGES, 1);
	for (uint32_t i = 1; i < 4; i++) {
		task[i] = fork_task(task[0], 100 + i);
		put_pages(task[i], BASE, MEMORY_PAGES, i * 100000);
	}
}

static void check_tree(struct task_struct *task[4], unsigned from)
{
	for (uint32_t i = from; i < 4; i++)
		get_pages(task[i], BASE, MEMORY_PAGES, i ? i * 100000 : 1);
	check_machine(task[from]->m);
}

Test(swap, a_tree_of_four_times_the_memory)
{
	struct machine *m = boot_swap("x86-pae", 2 * MEMORY_PAGES);
	struct task_struct *task[4];

	cr_assert_eq(sys_swapon(m, 4 * MEMORY_PAGES * PAGE), 0);
	grow_tree(m, task);
	cr_expect_gt(used_slots(m), 3 * MEMORY_PAGES);
	check_tree(task, 0);
	/* two go; what is left fits into memory and the first area */
	do_exit(task[0], 0);
	do_exit(task[1], 0);
	m->current = NULL;
	cr_expect_eq(sys_swapoff(m), 0);
	cr_expect_eq(total_swap_pages(m), 2 * MEMORY_PAGES - 1);
	check_tree(task, 2);
	do_exit(task[2], 0);
	do_exit(task[3], 0);
	lru_add_drain(m);
	cr_expect_eq(used_slots(m), 0);
	cr_expect_eq(m->stats.oom_kills, 0);
	check_and_destroy(m);
}

/* The same without: the process with the most pages is killed. */
Test(swap, a_tree_without_swap)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *small = spawn(m, 100), *big = spawn(m, 101);
	struct task_struct *late = spawn(m, 102);

	map_filled(small, BASE, 300, 1);
	map_filled(big, BASE, 900, 1);
	map_filled(late, BASE, 800, 7);
	cr_expect_eq(m->stats.oom_kills, 1);
	cr_expect_null(find_task_by_pid(m, 101));
	get_pages(small, BASE, 300, 1);
	get_pages(late, BASE, 800, 7);
	check_and_destroy(m);
}

Test(swap, entries_have_the_formats_encoding)
{
	for (unsigned f = 0; f < ARRAY_SIZE(formats); f++) {
		struct machine *m = boot_swap(formats[f], 4 * MEMORY_PAGES);
		struct task_struct *t = spawn(m, 100);
		uint64_t entry, want;

		map_private(t, BASE, 1);
		put(t, BASE, 7);
		press(m);
		cr_assert(is_swapped(t, BASE));
		entry = pte_value(t, BASE);
		want = swp_offset(entry_at(t, BASE));
		/* type 0; offset in bits 9-31, PAE: from bit 5 of the high word */
		cr_expect_eq(entry, f ? want << 37 : want << 9);
		get(t, BASE, 7);
		machine_destroy(m);
	}
}

Test(swap, read_then_write)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	struct access_result res;
	swp_entry_t e;

	map_filled(t, BASE, 64, 1);
	press(m);
	cr_assert(is_swapped(t, BASE + 8 * PAGE));
	e = entry_at(t, BASE + 8 * PAGE);
	res = get(t, BASE + 8 * PAGE, 9);
	cr_expect_eq(res.majflt, 1);
	/* read-only, and still in the cache: the slot is not free yet */
	cr_expect_not(pte_write(m->fmt, __pte(pte_value(t, BASE + 8 * PAGE))));
	cr_expect_eq(swap_slot(m, e), SWAP_HAS_CACHE);
	put(t, BASE + 8 * PAGE, 900);
	cr_expect_eq(swap_slot(m, e), 0);
	/* a neighbour of it came along: minor; written to: its slot goes */
	for (unsigned i = 1; i < 63; i++) {
		vaddr_t a = BASE + i * PAGE;

		if (!is_swapped(t, a) ||
		    !(swap_slot(m, entry_at(t, a)) & SWAP_HAS_CACHE))
			continue;
		e = entry_at(t, a);
		m->current = t;
		access_store(t, a, "x", 1, &res);
		cr_expect_eq(res.majflt, 0);
		cr_expect_eq(res.minflt, 1);
		cr_expect_eq(swap_slot(m, e), 0);
		break;
	}
	check_and_destroy(m);
}

Test(swap, fork_shares_the_slot)
{
	struct machine *m = boot_swap("x86-pae", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100), *child;
	swp_entry_t e;

	map_filled(t, BASE, 8, 50);
	press(m);
	cr_assert(is_swapped(t, BASE));
	e = entry_at(t, BASE);
	child = fork_task(t, 101);
	cr_expect_eq(entry_at(child, BASE).val, e.val);
	cr_expect_eq(swap_slot(m, e), 2);
	cr_expect_eq(get_mm_counter(child->mm, MM_SWAPENTS),
		     get_mm_counter(t->mm, MM_SWAPENTS));
	cr_expect_eq(get(t, BASE, 50).majflt, 1);
	cr_expect_eq(get(child, BASE, 50).majflt, 0);
	cr_expect_eq(pte_pfn(m->fmt, __pte(pte_value(t, BASE))),
		     pte_pfn(m->fmt, __pte(pte_value(child, BASE))));
	/* the child writes: it gets a copy, the parent keeps the value */
	put(child, BASE, 1);
	get(t, BASE, 50);
	/* a write to a page that the parent still has in swap copies too */
	if (is_swapped(child, BASE + PAGE))
		put(child, BASE + PAGE, 2);
	get(t, BASE + PAGE, 51);
	check_machine(m);
	do_exit(child, 0);
	get_pages(t, BASE, 8, 50);
	do_exit(t, 0);
	lru_add_drain(m);
	cr_expect_eq(used_slots(m), 0);
	check_and_destroy(m);
}

Test(swap, dontneed_frees_slots)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	uint64_t used;

	map_filled(t, BASE, 100, 1);
	press(m);
	used = used_slots(m);
	cr_assert_gt(used, 90);
	m->current = t;
	cr_expect_eq(sys_madvise(t, BASE, 50 * PAGE, MADVISE_DONTNEED), 0);
	cr_expect_leq(used_slots(m), used - 40);
	get_pages(t, BASE + 50 * PAGE, 50, 51);
	get(t, BASE, 0);
	check_and_destroy(m);
}

Test(swap, willneed_reads_without_mapping)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);

	map_filled(t, BASE, 100, 1);
	press(m);
	cr_assert(is_swapped(t, BASE + 20 * PAGE));
	m->current = t;
	cr_expect_eq(sys_madvise(t, BASE, 100 * PAGE, MADVISE_WILLNEED), 0);
	cr_expect(is_swapped(t, BASE + 20 * PAGE));
	t->maj_flt = 0;
	get_pages(t, BASE, 100, 1);
	cr_expect_eq(t->maj_flt, 0);
	check_and_destroy(m);
}

Test(swap, mremap_moves_entries)
{
	struct machine *m = boot_swap("x86-pae", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	vaddr_t to = BASE + 0x10000000;

	map_filled(t, BASE, 32, 1);
	press(m);
	m->current = t;
	cr_assert_eq(sys_mremap(t, BASE, 32 * PAGE, 32 * PAGE,
				MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU, to),
		     to);
	cr_expect(is_swapped(t, to + 3 * PAGE));
	cr_expect_eq(sys_mprotect(t, to, 16 * PAGE, PROT_READ_EMU), 0);
	cr_expect(is_swapped(t, to + 3 * PAGE));
	check_machine(m);
	get_pages(t, to, 32, 1);
	check_and_destroy(m);
}

/* ---- shared memory ---- */

Test(swap, shared_memory_goes_to_swap)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100), *child;
	struct access_result res;

	map(t, BASE, 200 * PAGE, RW, MAP_SHARED_EMU | MAP_ANONYMOUS_EMU, NULL);
	put_pages(t, BASE, 200, 1);
	child = fork_task(t, 101);
	press(m);
	check_machine(m);
	cr_expect_gt(used_slots(m), 150);
	cr_expect_lt(owned_page_state(m, NR_SHMEM), 50);
	cr_expect_eq(pte_value(t, BASE + 20 * PAGE), 0); /* the file knows */
	res = get(child, BASE + 20 * PAGE, 21);
	cr_expect_eq(res.majflt, 1);
	put(child, BASE + 20 * PAGE, 4);
	get(t, BASE + 20 * PAGE, 4);
	get_pages(t, BASE, 20, 1);
	check_machine(m);
	m->current = t;
	cr_expect_eq(sys_madvise(t, BASE, 200 * PAGE, MADVISE_WILLNEED), 0);
	t->maj_flt = 0;
	get_pages(t, BASE + 21 * PAGE, 179, 22);
	cr_expect_eq(t->maj_flt, 0);
	press(m);
	do_exit(child, 0);
	do_exit(t, 0);
	lru_add_drain(m);
	cr_expect_eq(used_slots(m), 0);
	cr_expect_eq(owned_page_state(m, NR_SHMEM), 0);
	check_and_destroy(m);
}

/* A slot that the file does not name holds no page of it: nothing is taken. */
Test(swap, shared_memory_that_does_not_name_the_slot)
{
	struct machine *m = boot_swap("x86-2level", 64);
	struct inode *inode = declare_file(m, "/shm", 8 * PAGE, false,
					   FS_TMPFS);
	struct page *page = alloc_page(m, GFP_KERNEL);

	cr_expect_eq(shmem_unuse_page(m, inode, 2, swp_entry(0, 5), page), 0);
	cr_expect_eq(page_count(page), 1);
	cr_expect_eq(inode->i_data.nrpages, 0);
	machine_destroy(m);
}

Test(swap, holes_free_slots_of_shared_memory)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	uint64_t used;

	map(t, BASE, 64 * PAGE, RW, MAP_SHARED_EMU | MAP_ANONYMOUS_EMU, NULL);
	put_pages(t, BASE, 64, 1);
	press(m);
	used = used_slots(m);
	cr_assert_gt(used, 50);
	m->current = t;
	cr_expect_eq(sys_madvise(t, BASE, 64 * PAGE, MADVISE_REMOVE), 0);
	cr_expect_eq(used_slots(m), 0);
	get(t, BASE, 0);
	check_and_destroy(m);
}

/* ---- swapoff ---- */

Test(swap, swapoff_brings_everything_back)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100), *child;

	map_filled(t, BASE, 300, 1);
	map(t, BASE + 0x1000000, 50 * PAGE, RW,
	    MAP_SHARED_EMU | MAP_ANONYMOUS_EMU, NULL);
	put_pages(t, BASE + 0x1000000, 50, 5000);
	child = fork_task(t, 101);
	press(m);
	get_pages(child, BASE + 100 * PAGE, 20, 101); /* some are cached */
	m->current = NULL;
	cr_expect_eq(sys_swapoff(m), 0);
	cr_expect_eq(total_swap_pages(m), 0);
	cr_expect_eq(get_mm_counter(t->mm, MM_SWAPENTS), 0);
	check_machine(m);
	t->maj_flt = child->maj_flt = 0;
	get_pages(t, BASE, 300, 1);
	get_pages(child, BASE, 300, 1);
	get_pages(child, BASE + 0x1000000, 50, 5000);
	cr_expect_eq(t->maj_flt + child->maj_flt, 0);
	cr_expect_eq(sys_swapoff(m), -EINVAL);
	cr_expect_eq(sys_swapon(m, 100 * PAGE), 0);
	cr_expect_eq(m->swap->nr_swapfiles, 1);
	check_and_destroy(m);
}

Test(swap, swapoff_without_room)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);

	map_filled(t, BASE, 2 * MEMORY_PAGES, 1);
	m->current = NULL;
	cr_expect_eq(sys_swapoff(m), -ENOMEM);
	cr_expect_eq(m->stats.oom_kills, 0);
	cr_expect_eq(total_swap_pages(m), 4 * MEMORY_PAGES - 1);
	check_machine(m);
	get_pages(t, BASE, 2 * MEMORY_PAGES, 1);
	/* into the other area there is room */
	cr_expect_eq(sys_swapon(m, 4 * MEMORY_PAGES * PAGE), 0);
	cr_expect_eq(sys_swapoff(m), 0);
	check_and_destroy(m);
}

/* ---- the end of a write ---- */

/* What was to go as soon as it is written goes to the tail, unless it is dirty
 * again, or in use. */
Test(swap, a_written_page_is_the_next_to_go)
{
	struct machine *m = boot_swap("x86-2level", 100);
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/f", 4 * PAGE, true, FS_EXT2);
	struct page *page;

	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	touch(t, BASE, 4, ACCESS_READ, 0);
	lru_add_drain(m);
	page = page_at(t, BASE + PAGE);
	cr_assert(PageLRU(page) && !PageActive(page) && !PageDirty(page));
	SetPageDirty(page);
	rotate_reclaimable_page(m, page);
	lru_add_drain(m);
	cr_expect_eq(events(m, PGROTATED), 0, "it is dirty");
	ClearPageDirty(page);
	rotate_reclaimable_page(m, page);
	lru_add_drain(m);
	cr_expect_eq(events(m, PGROTATED), 1);
	fput(m, file);
	check_and_destroy(m);
}

/* ---- the checks find what is broken ---- */

Test(swap, check_finds)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	struct swap_area *a = &m->swap->area[0];
	uint32_t s;

	map_filled(t, BASE, 32, 1);
	press(m);
	check_machine(m);
	s = (uint32_t)swp_offset(entry_at(t, BASE));
	a->swap_map[s]++;
	cr_expect(is_broken(m));
	a->swap_map[s]--;
	a->swap_map[s] ^= SWAP_HAS_CACHE;
	cr_expect(is_broken(m));
	a->swap_map[s] ^= SWAP_HAS_CACHE;
	a->inuse_pages++;
	cr_expect(is_broken(m));
	a->inuse_pages--;
	m->swap->nr_swap_pages--;
	cr_expect(is_broken(m));
	m->swap->nr_swap_pages++;
	a->nrpages++;
	cr_expect(is_broken(m));
	a->nrpages--;
	check_and_destroy(m);
}
