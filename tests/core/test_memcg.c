/* test_memcg.c - who is charged, what a limit does, and what it leaves alone. */
#include "core/ksm.h"
#include "core/memcontrol.h"
#include "core/migrate.h"
#include "swap_fixture.h"

#define OTHER 0x30000000ull
#define SWAP_PAGES (4 * MEMORY_PAGES)

static struct mem_cgroup *group(struct machine *m, const char *path)
{
	cr_assert_eq(mem_cgroup_create(m, path), 0, "%s", path);
	return mem_cgroup_find(m, path);
}

/* A group with a limit; 0: none. */
static struct mem_cgroup *limited(struct machine *m, const char *path,
				  uint64_t pages)
{
	struct mem_cgroup *memcg = group(m, path);

	if (pages)
		cr_assert_eq(mem_cgroup_set_limit(m, memcg, pages * PAGE), 0);
	return memcg;
}

static struct task_struct *member(struct machine *m, uint32_t pid,
				  struct mem_cgroup *memcg)
{
	struct task_struct *t = spawn(m, pid);

	mem_cgroup_attach(t, memcg);
	map_private(t, BASE, 400);
	return t;
}

static int64_t rss(const struct mem_cgroup *memcg)
{
	return memcg->stat[MEM_CGROUP_STAT_RSS];
}

static int64_t cache(const struct mem_cgroup *memcg)
{
	return memcg->stat[MEM_CGROUP_STAT_CACHE];
}

static int64_t swapped(const struct mem_cgroup *memcg)
{
	return memcg->stat[MEM_CGROUP_STAT_SWAP];
}

static uint64_t usage(const struct mem_cgroup *memcg)
{
	return memcg->res.usage / PAGE;
}

static void leave(struct machine *m, struct task_struct *t)
{
	m->current = t;
	do_exit(t, 0);
	m->current = NULL;
}

/* ---- charges ---- */

Test(memcg, charges_come_by_the_batch)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a");
	struct task_struct *t = member(m, 100, a);

	put(t, BASE, 1);
	cr_expect_eq(usage(a), CHARGE_BATCH);
	cr_expect_eq(rss(a), 1);
	put_pages(t, BASE, 32, 1);
	cr_expect_eq(usage(a), 32);
	put(t, BASE + 32 * PAGE, 1);
	cr_expect_eq(usage(a), 64);
	check_machine(m);
	sys_munmap(t, BASE, 33 * PAGE);
	cr_expect_eq(usage(a), 31, "the stock is not given back");
	cr_expect_eq(a->res.max_usage, 64 * PAGE);
	cr_expect_eq(a->events[MEM_CGROUP_EVENTS_PGPGIN], 33);
	cr_expect_eq(a->events[MEM_CGROUP_EVENTS_PGPGOUT], 33);
	cr_expect_eq(a->events[MEM_CGROUP_EVENTS_PGFAULT], 33);
	check_and_destroy(m);
}

/* Another group's charge gives the stock back. */
Test(memcg, the_stock_is_of_one_group)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *ta = member(m, 100, a), *tb = member(m, 101, b);

	put(ta, BASE, 1);
	put(tb, BASE, 1);
	cr_expect_eq(usage(a), 1);
	cr_expect_eq(usage(b), 32);
	drain_all_stock(m, a);
	cr_expect_eq(usage(b), 32, "that is not a's");
	drain_all_stock(m, b);
	cr_expect_eq(usage(b), 1);
	check_and_destroy(m);
}

Test(memcg, who_writes_pays_for_the_copy)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *t = member(m, 100, a), *child;

	put_pages(t, BASE, 10, 1);
	child = fork_task(t, 101);
	cr_expect_eq(mem_cgroup_from_task(child), a, "fork inherits");
	mem_cgroup_attach(child, b);
	get_pages(child, BASE, 10, 1);
	cr_expect_eq(rss(b), 0, "to read what another has paid is free");
	put_pages(child, BASE, 4, 1);
	cr_expect_eq(rss(a), 10);
	cr_expect_eq(rss(b), 4);
	leave(m, t);
	cr_expect_eq(rss(a), 6, "the child maps them still");
	check_machine(m);
	leave(m, child);
	cr_expect_eq(rss(a) + rss(b), 0);
	check_and_destroy(m);
}

Test(memcg, charges_stay_behind_who_moves)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 10, 1);
	mem_cgroup_attach(t, b);
	put_pages(t, BASE, 15, 1);
	cr_expect_eq(rss(a), 10);
	cr_expect_eq(rss(b), 5);
	check_and_destroy(m);
}

/* The first of two that share an mm owns it; then the other. */
Test(memcg, the_owner_of_an_mm_pays)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *t = member(m, 100, a), *clone = NULL;

	cr_assert_eq(do_fork(t, CLONE_VM_EMU, 101, &clone), 0);
	mem_cgroup_attach(clone, b);
	put_pages(clone, BASE, 5, 1);
	cr_expect_eq(rss(a), 5);
	leave(m, t);
	check_machine(m);
	put_pages(clone, BASE, 8, 1);
	cr_expect_eq(rss(a), 5);
	cr_expect_eq(rss(b), 3);
	check_and_destroy(m);
}

Test(memcg, file_pages_belong_to_who_came_first)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *ta = member(m, 100, a), *tb = member(m, 101, b);
	struct file *f = open_rw(m, "/f", 8 * PAGE, false, FS_EXT2);

	map(ta, OTHER, 8 * PAGE, RW, MAP_PRIVATE_EMU, f);
	map(tb, OTHER, 8 * PAGE, RW, MAP_PRIVATE_EMU, f);
	touch(ta, OTHER, 8, ACCESS_READ, 0);
	touch(tb, OTHER, 8, ACCESS_READ, 0);
	cr_expect_eq(cache(a), 8);
	cr_expect_eq(a->stat[MEM_CGROUP_STAT_FILE_MAPPED], 8);
	cr_expect_eq(cache(b), 0);
	cr_expect_eq(a->events[MEM_CGROUP_EVENTS_PGMAJFAULT], 1);
	wr(tb, OTHER); /* copied: that is tb's own */
	cr_expect_eq(rss(b), 1);
	check_machine(m);
	sys_munmap(ta, OTHER, 8 * PAGE);
	sys_munmap(tb, OTHER, 8 * PAGE);
	cr_expect_eq(a->stat[MEM_CGROUP_STAT_FILE_MAPPED], 0);
	cr_expect_eq(cache(a), 8, "as long as they are cached");
	fput(m, f);
	drop_caches(m, 1);
	cr_expect_eq(cache(a), 0);
	check_and_destroy(m);
}

/* ---- limits ---- */

Test(memcg, a_limit_reclaims_within_the_group)
{
	static const char *const formats[] = {"x86-2level", "x86-pae"};

	for (unsigned i = 0; i < 2; i++) {
		struct machine *m = boot_swap(formats[i], SWAP_PAGES);
		struct mem_cgroup *a = limited(m, "/a", 100);
		struct task_struct *outside = spawn(m, 99);
		struct task_struct *t;

		map_filled(outside, BASE, 300, 7);
		t = member(m, 100, a);
		put_pages(t, BASE, 400, 1);
		cr_expect_leq(a->res.max_usage, 100 * PAGE);
		cr_expect_gt(a->res.failcnt, 0);
		cr_expect_geq(swapped(a), 300);
		cr_expect_leq(rss(a), 100);
		check_machine(m);
		for (unsigned k = 0; k < 300; k++)
			cr_assert_not(is_swapped(outside, BASE + k * PAGE));
		get_pages(t, BASE, 400, 1);
		get_pages(outside, BASE, 300, 7);
		cr_expect_eq(events(m, PGSCAN_DIRECT_NORMAL) +
				     events(m, ALLOCSTALL), 0);
		cr_expect_gt(events(m, PSWPOUT), 300);
		check_machine(m);
		leave(m, t);
		cr_expect_eq(swapped(a) + rss(a), 0);
		check_and_destroy(m);
	}
}

/* Dirty files at the tail of a group's list are no matter of kswapd's. */
Test(memcg, a_groups_dirty_files_do_not_mark_the_zone)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = limited(m, "/a", 100);
	struct task_struct *t = member(m, 100, a);
	struct zone *z;
	struct file *f = open_rw(m, "/f", 300 * PAGE, false, FS_EXT2);

	map(t, OTHER, 300 * PAGE, RW, MAP_SHARED_EMU, f);
	put_pages(t, OTHER, 300, 5);
	cr_expect_gt(owned_page_state(m, NR_WRITTEN), 0);
	for_each_zone(z, m)
		cr_expect_not(z->tail_lru_dirty, "%s", z->name);
	get_pages(t, OTHER, 300, 5);
	fput(m, f);
	check_and_destroy(m);
}

Test(memcg, a_group_with_swappiness_0_drops_files_only)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 100);
	struct task_struct *t = member(m, 100, a);
	struct file *f;

	f = open_rw(m, "/f", 300 * PAGE, false, FS_EXT2);
	cr_assert_eq(mem_cgroup_set_swappiness(a, 0), 0);
	put_pages(t, BASE, 60, 1);
	m->current = t;
	generic_file_read(m, f, 0, 300 * PAGE);
	cr_expect_eq(rss(a), 60);
	cr_expect_eq(events(m, PSWPOUT), 0);
	cr_expect_leq(cache(a), 40);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* The worst of the group, though there is a worse one outside. */
Test(memcg, a_limit_kills_the_worst_of_the_group)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = limited(m, "/a", 128);
	struct task_struct *huge = spawn(m, 99), *big = member(m, 100, a);
	struct task_struct *small = member(m, 101, a);
	struct access_result res;

	map_private(huge, BASE, 900);
	touch(huge, BASE, 900, ACCESS_WRITE, 0);
	put_pages(big, BASE, 90, 1);
	m->current = small;
	access_range(small, BASE, 60 * PAGE, 0, ACCESS_WRITE, &res);
	cr_expect_eq(res.signal, 0, "the access goes on");
	cr_expect_null(find_task_by_pid(m, 100), "big was in its way");
	cr_expect_eq(huge->state, TASK_RUNNING);
	cr_expect_eq(small->state, TASK_RUNNING);
	cr_expect_eq(rss(a), 60);
	cr_expect_eq(m->stats.oom_kills, 1);
	check_machine(m);
	access_range(small, BASE, 200 * PAGE, 0, ACCESS_WRITE, &res);
	cr_expect_eq(res.signal, EMU_SIGKILL);
	cr_expect(res.oom);
	cr_expect(small->memdie);
	do_group_exit_signal(small, EMU_SIGKILL);
	cr_expect_eq(rss(a), 0);
	check_and_destroy(m);
}

/* The kernel's own access fails: nobody is killed. */
Test(memcg, no_kill_outside_of_a_fault_from_user_mode)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = limited(m, "/a", 32);
	struct task_struct *t = member(m, 100, a);

	m->current = t;
	sys_mmap(t, OTHER, 64 * PAGE, RW,
		 MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU |
			 MAP_POPULATE_EMU, NULL, 0);
	cr_expect_eq(m->stats.oom_kills, 0);
	cr_expect_not(t->memdie);
	cr_expect_eq(rss(a), 32);
	check_and_destroy(m);
}

Test(memcg, a_limit_can_be_lowered_as_far_as_pages_go)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 200);
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 150, 1);
	cr_expect_eq(mem_cgroup_set_limit(m, a, 50 * PAGE), 0);
	cr_expect_leq(usage(a), 50);
	check_machine(m);
	get_pages(t, BASE, 150, 1);
	sys_mlock(t, BASE, 40 * PAGE);
	cr_expect_eq(mem_cgroup_set_limit(m, a, 30 * PAGE), -EBUSY);
	cr_expect_eq(a->res.limit, 50 * PAGE);
	cr_expect_eq(mem_cgroup_set_limit(m, mem_cgroup_find(m, "/"), PAGE),
		     -EINVAL);
	check_and_destroy(m);
}

/* Even where swapping does not help against the limit of both. */
Test(memcg, a_limit_is_lowered_by_swapping)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 100);
	struct task_struct *t = member(m, 100, a);

	cr_assert_eq(mem_cgroup_set_memsw_limit(m, a, 100 * PAGE), 0);
	put_pages(t, BASE, 90, 1);
	cr_expect_eq(mem_cgroup_set_limit(m, a, 50 * PAGE), 0);
	cr_expect_geq(swapped(a), 40);
	cr_expect_leq(usage(a), 50);
	check_machine(m);
	get_pages(t, BASE, 90, 1);
	check_and_destroy(m);
}

/* What is in use may be the limit: nothing is reclaimed for it. */
Test(memcg, a_limit_of_what_is_in_use)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a");
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 32, 1);
	cr_assert_eq(usage(a), 32);
	cr_expect_eq(mem_cgroup_set_limit(m, a, 32 * PAGE), 0);
	cr_expect_eq(rss(a), 32);
	cr_expect_eq(events(m, PSWPOUT), 0);
	cr_expect_eq(a->res.limit, 32 * PAGE);
	check_and_destroy(m);
}

/* Memory and swap together: at that limit swapping is no help. */
Test(memcg, memsw_bounds_what_is_swapped)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64);
	struct task_struct *t = member(m, 100, a);
	struct access_result res;

	cr_expect_eq(mem_cgroup_set_memsw_limit(m, a, 50 * PAGE), -EINVAL);
	cr_assert_eq(mem_cgroup_set_memsw_limit(m, a, 100 * PAGE), 0);
	cr_expect_eq(mem_cgroup_set_limit(m, a, 101 * PAGE), -EINVAL);
	m->current = t;
	access_range(t, BASE, 300 * PAGE, 0, ACCESS_WRITE, &res);
	cr_expect_eq(res.signal, EMU_SIGKILL);
	cr_expect_leq(a->memsw.max_usage, 100 * PAGE);
	cr_expect_geq(swapped(a), 30);
	cr_expect_eq(m->stats.oom_kills, 1);
	check_and_destroy(m);
}

/* ---- swap ---- */

/* A page that was swapped out comes back to the group that had it. */
Test(memcg, a_slot_remembers_its_group)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64), *b = group(m, "/b");
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 200, 1);
	mem_cgroup_attach(t, b);
	get_pages(t, BASE, 200, 1);
	cr_expect_eq(rss(b), 0);
	cr_expect_leq(usage(a), 64);
	cr_expect_geq(swapped(a), 100);
	cr_expect_eq(a->memsw.usage / PAGE,
		     usage(a) + (uint64_t)swapped(a));
	check_machine(m);
	m->current = NULL;
	cr_expect_eq(sys_swapoff(m), -ENOMEM, "a's limit is in the way");
	check_machine(m);
	cr_assert_eq(mem_cgroup_set_limit(m, a, RES_COUNTER_MAX), 0);
	cr_expect_eq(sys_swapoff(m), 0);
	cr_expect_eq(rss(a), 200);
	cr_expect_eq(swapped(a), 0);
	check_machine(m);
	get_pages(t, BASE, 200, 1);
	machine_destroy(m);
}

Test(memcg, shared_memory_is_cache_and_swaps)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64), *b = group(m, "/b");
	struct task_struct *t = member(m, 100, a), *child;

	map(t, OTHER, 150 * PAGE, RW, MAP_SHARED_EMU, NULL);
	put_pages(t, OTHER, 150, 1);
	cr_expect_eq(rss(a), 0);
	cr_expect_leq(cache(a), 64);
	cr_expect_geq(swapped(a), 86);
	child = fork_task(t, 101);
	mem_cgroup_attach(child, b);
	get_pages(child, OTHER, 150, 1);
	cr_expect_eq(cache(b), 0, "its slots are a's");
	cr_expect_gt(b->events[MEM_CGROUP_EVENTS_PGMAJFAULT], 0);
	check_machine(m);
	leave(m, t);
	leave(m, child);
	cr_expect_eq(cache(a) + swapped(a), 0);
	check_and_destroy(m);
}

/* ---- the machine is short ---- */

Test(memcg, a_short_machine_takes_from_all_groups)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/a/b");
	struct task_struct *ta = member(m, 100, a), *tb = member(m, 101, b);

	put_pages(ta, BASE, 300, 1);
	put_pages(tb, BASE, 300, 2);
	press(m);
	/* each by its size: the hog's pages are the most */
	cr_expect_gt(swapped(a), 60);
	cr_expect_lt(swapped(a) - swapped(b), 32);
	cr_expect_lt(swapped(b) - swapped(a), 32);
	check_machine(m);
	get_pages(ta, BASE, 300, 1);
	get_pages(tb, BASE, 300, 2);
	cr_expect_eq(rss(a) + swapped(a), 300);
	check_and_destroy(m);
}

Test(memcg, walks_go_on_where_they_stopped)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *root, *a = group(m, "a"), *b = group(m, "a/b");
	struct mem_cgroup *c = group(m, "c");
	struct mem_cgroup_reclaim_cookie k = {.zone = ZONE_NORMAL,
					      .priority = DEF_PRIORITY};
	struct mem_cgroup_reclaim_cookie again = k;

	root = mem_cgroup_find(m, "/");
	cr_expect_eq(mem_cgroup_iter(m, NULL, NULL, &k), root);
	cr_expect_eq(mem_cgroup_iter(m, NULL, root, &k), a);
	cr_expect_eq(mem_cgroup_iter(m, NULL, NULL, &again), b);
	cr_expect_eq(mem_cgroup_iter(m, NULL, b, &again), c);
	cr_expect_null(mem_cgroup_iter(m, NULL, c, &again), "all round");
	cr_expect_null(mem_cgroup_iter(m, NULL, a, &k), "and this one with it");
	cr_expect_eq(mem_cgroup_iter(m, NULL, NULL, &k), root);
	cr_expect_eq(mem_cgroup_iter(m, a, NULL, NULL), a);
	cr_expect_null(mem_cgroup_iter(m, a, a, NULL), "no hierarchy");
	cr_expect_eq(mem_cgroup_iter(m, NULL, root, &k), a);
	cr_assert_eq(mem_cgroup_remove(m, c), 0);
	cr_expect_eq(mem_cgroup_iter(m, NULL, NULL, &k), root, "forgotten");
	machine_destroy(m);
}

/* ---- the tree ---- */

Test(memcg, a_parent_counts_for_its_children)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 120), *b, *c;
	struct task_struct *tb, *tc;

	cr_assert_eq(mem_cgroup_set_hierarchy(a, 1), 0);
	b = group(m, "/a/b");
	c = group(m, "/a/c");
	cr_expect(b->use_hierarchy);
	cr_expect_eq(mem_cgroup_set_hierarchy(a, 0), -EBUSY);
	cr_expect_eq(mem_cgroup_set_hierarchy(b, 0), -EINVAL);
	cr_expect_eq(mem_cgroup_set_swappiness(b, 10), -EINVAL);
	tb = member(m, 100, b);
	tc = member(m, 101, c);
	put_pages(tb, BASE, 80, 1);
	put_pages(tc, BASE, 80, 2);
	cr_expect_leq(usage(a), 120);
	cr_expect_eq(usage(a), usage(b) + usage(c));
	cr_expect_gt(a->res.failcnt, 0);
	cr_expect_eq(b->res.failcnt + c->res.failcnt, 0);
	cr_expect_eq(rss(b) + rss(c) + swapped(b) + swapped(c), 160);
	check_machine(m);
	get_pages(tb, BASE, 80, 1);
	get_pages(tc, BASE, 80, 2);
	check_and_destroy(m);
}

Test(memcg, names_are_paths)
{
	static const char *const bad[] = {"", "//", "/a/", "a//b", "//a"};
	struct machine *m = boot_swap("x86-2level", 0);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(mem_cgroup_create(m, bad[i]), -EINVAL, "%s",
			     bad[i]);
	cr_expect_null(m->memcg, "still off");
	cr_expect_eq(mem_cgroup_create(m, "a/b"), -ENOENT);
	cr_expect_eq(mem_cgroup_create(m, "a"), 0);
	cr_expect_eq(mem_cgroup_create(m, "/a"), -EEXIST);
	cr_expect_eq(mem_cgroup_create(m, "/"), -EEXIST);
	cr_expect_eq(mem_cgroup_create(m, "/a/b"), 0);
	cr_expect_eq(mem_cgroup_find(m, "a/b"), mem_cgroup_find(m, "/a/b"));
	cr_expect_str_eq(mem_cgroup_find(m, "a/b")->path, "/a/b");
	machine_destroy(m);
}

Test(memcg, a_removed_group_gives_its_pages_to_its_parent)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a"), *b, *root;
	struct task_struct *t;
	struct zone *z = &m->zone[ZONE_NORMAL];
	uint64_t index = 0;

	cr_assert_eq(mem_cgroup_set_hierarchy(a, 1), 0);
	b = group(m, "/a/b");
	t = member(m, 100, b);
	put_pages(t, BASE, 50, 1);
	cr_expect_eq(mem_cgroup_remove(m, a), -EBUSY, "it has a child");
	cr_expect_eq(mem_cgroup_remove(m, b), -EBUSY, "it has a process");
	root = mem_cgroup_find(m, "/");
	cr_expect_eq(mem_cgroup_remove(m, root), -EBUSY);
	mem_cgroup_attach(t, root);
	cr_assert_eq(mem_cgroup_remove(m, b), 0);
	cr_expect_null(mem_cgroup_find(m, "/a/b"));
	cr_expect_eq(rss(a), 50);
	cr_expect_eq(usage(a), 50);
	page_list_for_each(pfn, m, &a->zone[z->type].lruvec.lru[LRU_ACTIVE_ANON]) {
		uint64_t i = pfn_to_page(m, pfn)->index;

		cr_expect(!index || i < index, "newest first, as before");
		index = i;
	}
	check_machine(m);
	cr_assert_eq(mem_cgroup_remove(m, a), 0);
	cr_expect_eq(rss(root), 50);
	check_machine(m);
	get_pages(t, BASE, 50, 1);
	machine_destroy(m);
}

/* All 32 charges of a batch have pages: the stock is of the group, and empty. */
Test(memcg, an_empty_stock_forgets_a_group_that_goes)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a");
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 32, 1);
	cr_assert_eq(m->memcg->stock.cached, a);
	cr_assert_eq(m->memcg->stock.nr_pages, 0);
	leave(m, t);
	cr_expect_eq(mem_cgroup_remove(m, a), 0);
	cr_expect_null(m->memcg->stock.cached);
	check_and_destroy(m);
}

/* Slots keep a dead group's number until they are freed. */
Test(memcg, slots_outlive_their_group)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64), *root;
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 200, 1);
	root = mem_cgroup_find(m, "/");
	mem_cgroup_attach(t, root);
	cr_assert_eq(mem_cgroup_remove(m, a), 0);
	cr_expect_neq(group(m, "/new")->id, 1, "a's number is in use");
	check_machine(m);
	get_pages(t, BASE, 200, 1);
	cr_expect_eq(rss(root), 200, "who reads them in pays");
	check_machine(m);
	cr_expect_eq(group(m, "/next")->id, 1);
	machine_destroy(m);
}

/* And a group those below it: their counters go on to its own. */
Test(memcg, a_group_outlives_the_dead_below_it)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a"), *in;
	struct task_struct *t;
	uint16_t id = a->id, below;

	cr_assert_eq(mem_cgroup_set_hierarchy(a, 1), 0);
	in = limited(m, "/a/in", 64);
	below = in->id;
	t = member(m, 100, in);
	put_pages(t, BASE, 200, 1);
	mem_cgroup_attach(t, mem_cgroup_find(m, "/"));
	cr_assert_eq(mem_cgroup_remove(m, in), 0);
	cr_assert_eq(mem_cgroup_remove(m, a), 0);
	cr_assert_eq(m->memcg->group[below], in, "slots name it");
	cr_assert_eq(m->memcg->group[id], a, "and it names its parent");
	cr_expect_null(mem_cgroup_find(m, "/a"), "there is no such group");
	check_machine(m);
	get_pages(t, BASE, 100, 1);
	check_machine(m);
	get_pages(t, BASE, 200, 1);
	cr_expect_null(m->memcg->group[below]);
	cr_expect_null(m->memcg->group[id]);
	check_and_destroy(m);
}

Test(memcg, force_empty_swaps_out_what_it_can)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a"), *root;
	struct task_struct *t = member(m, 100, a);

	put_pages(t, BASE, 100, 1);
	cr_expect_eq(mem_cgroup_force_empty(m, a), -EBUSY);
	root = mem_cgroup_find(m, "/");
	mem_cgroup_attach(t, root);
	sys_mlock(t, BASE, 20 * PAGE);
	m->current = NULL;
	cr_assert_eq(mem_cgroup_force_empty(m, a), 0);
	cr_expect_eq(usage(a), 0);
	cr_expect_geq(rss(root), 20, "the locked ones");
	cr_expect_gt(swapped(a), 60);
	check_machine(m);
	get_pages(t, BASE, 100, 1);
	machine_destroy(m);
}

/* ---- on, off ---- */

Test(memcg, what_was_there_before_is_the_roots)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct task_struct *t = spawn(m, 100);
	struct mem_cgroup *root;

	map_filled(t, BASE, 300, 1);
	map(t, OTHER, 20 * PAGE, RW, MAP_SHARED_EMU, NULL);
	press(m);
	put_pages(t, OTHER, 20, 1);
	get_pages(t, BASE, 100, 1);
	cr_expect_null(m->memcg);
	group(m, "/a");
	root = mem_cgroup_find(m, "/");
	cr_expect_eq(rss(root) + swapped(root), 300);
	cr_expect_eq(cache(root), 20);
	cr_expect_eq(mem_cgroup_usage(m, root, true), 320 * PAGE);
	cr_expect_eq(root->res.usage, 0);
	check_machine(m);
	get_pages(t, BASE, 300, 1);
	leave(m, t);
	cr_expect_eq(rss(root) + swapped(root) + cache(root), 0);
	check_and_destroy(m);
}

Test(memcg, on_from_boot)
{
	struct machine_config cfg;
	struct machine *m = NULL;
	struct task_struct *t;

	machine_config_default(&cfg);
	cfg.memcg = true;
	m = make_machine(&cfg);
	t = spawn(m, 100);
	map_filled(t, BASE, 20, 1);
	cr_expect_eq(rss(mem_cgroup_find(m, "/")), 20);
	check_and_destroy(m);
}

/* ---- pages that change their frames ---- */

static struct page *any_page(struct machine *m, struct page *page __unused_arg,
			     void *ctx __unused_arg)
{
	return alloc_page(m, GFP_HIGHUSER_MOVABLE);
}

static void move_page(struct machine *m, struct page *page)
{
	struct page_list from = {0};

	cr_assert_eq(isolate_lru_page(m, page), 0);
	page_list_add(m, &from, page);
	acct_isolated(m, page, 1);
	cr_assert_eq(migrate_pages(m, &from, any_page, NULL), 0);
	lru_add_drain(m);
}

/* Anonymous, in the swap cache, and of a file. */
Test(memcg, migration_keeps_the_charge)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64);
	struct task_struct *t = member(m, 100, a);
	struct page *page;

	map(t, OTHER, 8 * PAGE, RW, MAP_SHARED_EMU, NULL);
	put_pages(t, BASE, 80, 1);
	put_pages(t, OTHER, 8, 1);
	get(t, BASE, 1); /* from swap: its slot is kept */
	lru_add_drain(m);
	page = page_at(t, BASE);
	cr_assert(PageSwapCache(page));
	move_page(m, page);
	get(t, BASE, 1);
	cr_expect_neq(page_at(t, BASE), page);
	check_machine(m);
	page = page_at(t, BASE + 79 * PAGE);
	move_page(m, page);
	cr_expect_neq(page_at(t, BASE + 79 * PAGE), page);
	page = page_at(t, OTHER);
	move_page(m, page);
	cr_expect_neq(page_at(t, OTHER), page);
	cr_expect(page_charged(m, page_at(t, OTHER)));
	cr_expect_not(page_charged(m, page));
	check_machine(m);
	get_pages(t, BASE, 80, 1);
	get_pages(t, OTHER, 8, 1);
	leave(m, t);
	cr_expect_eq(rss(a) + cache(a) + swapped(a), 0);
	machine_destroy(m);
}

Test(memcg, merged_pages_are_charged_once)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *ta = member(m, 100, a), *tb = member(m, 101, b);

	for (unsigned i = 0; i < 10; i++) {
		put(ta, BASE + i * PAGE, 5);
		put(tb, BASE + i * PAGE, 5);
	}
	m->current = ta;
	cr_assert_eq(sys_madvise(ta, BASE, 10 * PAGE, MADVISE_MERGEABLE), 0);
	cr_assert_eq(sys_madvise(tb, BASE, 10 * PAGE, MADVISE_MERGEABLE), 0);
	m->current = NULL;
	ksm_full_scan(m);
	ksm_full_scan(m);
	ksm_full_scan(m);
	cr_expect_eq(rss(a) + rss(b), 1);
	check_machine(m);
	put(tb, BASE, 6);
	cr_expect_eq(rss(b), 1);
	check_and_destroy(m);
}

/* From swap each gets a page of its own: the first the one that was merged, the
 * other a copy, which its own group pays. */
Test(memcg, a_copy_of_a_merged_page_is_charged)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a"), *b = group(m, "/b");
	struct task_struct *ta = member(m, 100, a), *tb = member(m, 101, b);

	put(ta, BASE, 5);
	put(tb, BASE, 5);
	m->current = ta;
	cr_assert_eq(sys_madvise(ta, BASE, PAGE, MADVISE_MERGEABLE), 0);
	cr_assert_eq(sys_madvise(tb, BASE, PAGE, MADVISE_MERGEABLE), 0);
	m->current = NULL;
	ksm_full_scan(m);
	ksm_full_scan(m);
	cr_assert_eq(page_at(ta, BASE), page_at(tb, BASE));
	for (unsigned i = 0; i < 4; i++) {
		try_to_free_mem_cgroup_pages(m, a, GFP_KERNEL, false);
		try_to_free_mem_cgroup_pages(m, b, GFP_KERNEL, false);
	}
	cr_assert(is_swapped(ta, BASE) && is_swapped(tb, BASE));
	get(tb, BASE, 5);
	cr_expect_eq(rss(b), 1, "whose the slot was");
	get(ta, BASE, 5);
	cr_assert_neq(page_at(ta, BASE), page_at(tb, BASE));
	cr_expect_eq(rss(b), 1);
	cr_expect_eq(rss(a), 1);
	check_and_destroy(m);
}

/* ---- how hard it is tried ---- */

static uint64_t frames_in_use(const struct machine *m)
{
	uint64_t nr = 0;

	for (unsigned i = PGALLOC_DMA; i <= PGALLOC_MOVABLE; i++)
		nr += m->vm_event[i];
	return nr - m->vm_event[PGFREE];
}

/* A copy that the group has no room for is given back. */
Test(memcg, a_copy_that_cannot_be_charged)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "/a"), *b = limited(m, "/b", 32);
	struct task_struct *t = member(m, 100, a), *child;
	uint64_t before;

	put_pages(t, BASE, 64, 1);
	child = fork_task(t, 101);
	mem_cgroup_attach(child, b);
	m->current = child;
	cr_assert_neq(sys_mlock(child, BASE, 64 * PAGE), 0);
	cr_assert_eq(rss(b), 32);
	before = frames_in_use(m);
	for (unsigned i = 0; i < 5; i++)
		cr_expect_neq(sys_mlock(child, BASE, 64 * PAGE), 0);
	cr_expect_eq(frames_in_use(m), before);
	leave(m, child);
	check_and_destroy(m);
}

/*
 * Both limits are reached, by 64 pages and 100. The first attempts meet the
 * limit of memory; reclaim swaps out, which is progress. The limit of memory
 * and swap is in the way then, and swapping cannot help: six attempts.
 */
Test(memcg, progress_is_no_failed_attempt)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64);
	struct task_struct *t = member(m, 100, a);
	uint64_t res, memsw;
	struct access_result r;

	put_pages(t, BASE, 100, 1);
	drain_all_stock(m, a);
	for (unsigned i = 0; i < 100 && usage(a) < 64; i++) {
		get(t, BASE + i * PAGE, 1 + i);
		drain_all_stock(m, a);
	}
	cr_assert_eq(usage(a), 64);
	cr_assert_eq(a->memsw.usage, 100 * PAGE);
	cr_assert_eq(mem_cgroup_set_memsw_limit(m, a, 100 * PAGE), 0);
	res = a->res.failcnt;
	memsw = a->memsw.failcnt;
	m->current = t;
	access_range(t, BASE + 100 * PAGE, PAGE, 0, ACCESS_WRITE, &r);
	cr_expect_eq(r.signal, EMU_SIGKILL);
	cr_expect_eq(a->res.failcnt - res, 2, "a batch, a page");
	cr_expect_eq(a->memsw.failcnt - memsw, 6);
	check_and_destroy(m);
}

/* Refused values change nothing. */
Test(memcg, swappiness_of_a_group)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a");

	cr_expect_eq(mem_cgroup_swappiness(m, a), 60);
	cr_expect_eq(mem_cgroup_set_swappiness(a, 100), 0);
	cr_expect_eq(mem_cgroup_swappiness(m, a), 100);
	cr_expect_eq(mem_cgroup_set_swappiness(a, 101), -EINVAL);
	cr_expect_eq(mem_cgroup_swappiness(m, a), 100);
	check_and_destroy(m);
}

/*
 * 100 pages of each kind are to be scanned. The first 32 of both are enough, so
 * files, not more than the others, are done with: 68 of 100 (67 by the kernel's
 * division) were left, and of the others 100 - 67 = 33 are scanned, one more.
 */
Test(memcg, enough_is_freed_and_both_kinds_are_equal)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = group(m, "/a");
	struct task_struct *t = member(m, 100, a);
	struct file *f = open_rw(m, "/f", 100 * PAGE, false, FS_EXT2);
	struct scan_control sc = {.gfp = GFP_KERNEL,
				  .nr_to_reclaim = SWAP_CLUSTER_MAX,
				  .target_mem_cgroup = a};
	const struct lruvec *v;

	map(t, OTHER, 100 * PAGE, RW, MAP_SHARED_EMU | MAP_ANONYMOUS_EMU, NULL);
	put_pages(t, OTHER, 100, 1);
	generic_file_read(m, f, 0, 100 * PAGE);
	lru_add_drain(m);
	v = mem_cgroup_zone_lruvec(&m->zone[ZONE_DMA], a);
	cr_assert_eq(v->lru[LRU_INACTIVE_ANON].nr, 100);
	cr_assert_eq(v->lru[LRU_INACTIVE_FILE].nr, 100);
	shrink_zone(m, &m->zone[ZONE_DMA], &sc);
	cr_expect_eq(sc.nr_reclaimed, 32);
	cr_expect_eq(sc.nr_scanned, 32 + 2 * 33, "mapped ones count twice");
	fput(m, f);
	check_and_destroy(m);
}

/* ---- memcg_check() ---- */

struct told {
	const char *wanted;
	bool found;
};

static void listen(void *ctx, const char *message)
{
	struct told *told = ctx;

	told->found |= !strncmp(message, told->wanted, strlen(told->wanted));
}

static void expect_broken(const struct machine *m, const char *wanted)
{
	struct told told = {.wanted = wanted};

	machine_check(m, listen, &told);
	cr_expect(told.found, "%s is not found broken", wanted);
}

Test(memcg, what_is_wrong_is_found)
{
	struct machine *m = boot_swap("x86-2level", SWAP_PAGES);
	struct mem_cgroup *a = limited(m, "/a", 64), *b = group(m, "/b");
	struct task_struct *t = member(m, 100, a);
	struct page_cgroup *pc, was;

	put_pages(t, BASE, 100, 1);
	lru_add_drain(m);
	check_machine(m);
	a->res.usage += PAGE;
	expect_broken(m, "memcg 1");
	a->res.usage -= PAGE;
	a->memsw.usage -= PAGE;
	expect_broken(m, "memcg 1");
	a->memsw.usage += PAGE;
	pc = lookup_page_cgroup(m, page_at(t, BASE + 99 * PAGE));
	was = *pc;
	pc->id = b->id;
	expect_broken(m, "memcg 2");
	*pc = was;
	pc->flags |= PCG_MIGRATION;
	expect_broken(m, "memcg 3");
	pc->flags = 0;
	expect_broken(m, "memcg 4");
	*pc = was;
	m->memcg->page[m->max_pfn - 1].flags = PCG_USED;
	expect_broken(m, "memcg 3");
	m->memcg->page[m->max_pfn - 1].flags = 0;
	a->stat[MEM_CGROUP_STAT_FILE_MAPPED]++;
	expect_broken(m, "memcg 5");
	a->stat[MEM_CGROUP_STAT_FILE_MAPPED]--;
	a->dead = true;
	expect_broken(m, "memcg 6");
	expect_broken(m, "memcg 7");
	a->dead = false;
	t->mm->owner = NULL;
	expect_broken(m, "memcg 7");
	t->mm->owner = t;
	check_and_destroy(m);
}

/* A page that cannot go into the cache, as another is there, is charged to
 * nobody. */
Test(memcg, what_the_cache_does_not_take)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "a");
	struct task_struct *t = member(m, 100, a);
	struct inode *inode = declare_file(m, "/f", 8 * PAGE, false, FS_EXT2);
	struct page *page[2];

	m->current = t;
	for (unsigned i = 0; i < 2; i++) {
		page[i] = alloc_page(m, GFP_KERNEL);
		cr_expect_eq(add_to_page_cache_lru(m, page[i], &inode->i_data,
						   3, GFP_KERNEL),
			     i ? -EEXIST : 0);
		cr_expect_eq(cache(a), 1);
	}
	machine_destroy(m);
}

/* Mapped pages of files stay counted as such when their group goes. */
Test(memcg, a_parent_takes_mapped_pages)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct mem_cgroup *a = group(m, "a"), *root = mem_cgroup_find(m, "/");
	struct task_struct *t = member(m, 100, a);
	struct file *file = open_rw(m, "/f", 4 * PAGE, false, FS_EXT2);
	int64_t before = root->stat[MEM_CGROUP_STAT_FILE_MAPPED];

	map(t, OTHER, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	touch(t, OTHER, 4, ACCESS_READ, 0);
	lru_add_drain(m);
	cr_assert_eq(a->stat[MEM_CGROUP_STAT_FILE_MAPPED], 4);
	mem_cgroup_attach(t, root);
	cr_assert_eq(mem_cgroup_remove(m, a), 0);
	cr_expect_eq(root->stat[MEM_CGROUP_STAT_FILE_MAPPED] - before, 4);
	fput(m, file);
	check_and_destroy(m);
}
