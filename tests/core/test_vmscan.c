/* test_vmscan.c - which pages reclaim takes, when, and what it leaves alone. */
#include "swap_fixture.h"

static struct inode *declare(struct machine *m, const char *path,
			     uint64_t pages, enum fs_kind fs)
{
	struct inode *inode = NULL;

	inode = declare_file(m, path, pages * PAGE, false, fs);
	return inode;
}

static struct page *mapped_page(struct task_struct *t, vaddr_t addr)
{
	pte_t pte = __pte(pte_value(t, addr));

	return pte_present(t->m->fmt, pte)
		       ? pfn_to_page(t->m, pte_pfn(t->m->fmt, pte))
		       : NULL;
}

static struct scan_control direct(int priority)
{
	return (struct scan_control){.gfp = GFP_KERNEL,
				     .priority = priority,
				     .nr_to_reclaim = SWAP_CLUSTER_MAX};
}

/* All zones, all pages of their lists once. */
static struct scan_control scan_all(struct machine *m)
{
	struct scan_control sc = direct(0);
	struct zone *z;

	sc.nr_to_reclaim = UINT64_MAX;
	for_each_zone(z, m)
		if (populated_zone(z))
			shrink_zone(m, z, &sc);
	return sc;
}

/* ---- second chance ---- */

Test(vmscan, used_pages_get_another_chance)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);

	map_filled(t, BASE, 20, 1);
	lru_add_drain(m);
	/* new pages are active; each is young */
	cr_expect(PageActive(mapped_page(t, BASE)));
	scan_all(m); /* active to inactive, A cleared */
	cr_expect_not(PageActive(mapped_page(t, BASE)));
	get(t, BASE + 3 * PAGE, 4); /* A is set again */
	scan_all(m);
	cr_assert(mapped_page(t, BASE + 3 * PAGE), "it was used");
	cr_expect_eq(events(m, PGACTIVATE), 1);
	cr_expect(is_swapped(t, BASE + 4 * PAGE));
	cr_expect_eq(events(m, PSWPOUT), 19);
	check_and_destroy(m);
}

Test(vmscan, clean_pages_of_the_cache_are_not_written_twice)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	uint64_t out;

	map_filled(t, BASE, 8, 1);
	press(m);
	out = events(m, PSWPOUT);
	get_pages(t, BASE, 8, 1);
	for (int i = 0; i < 4; i++)
		scan_all(m);
	cr_expect(is_swapped(t, BASE));
	cr_expect_eq(events(m, PSWPOUT), out);
	check_and_destroy(m);
}

/* ---- files ---- */

Test(vmscan, files_go_before_anonymous_pages)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct inode *inode = declare(m, "/f", 1200, FS_EXT2);
	struct file *f = file_open(m, inode);
	struct task_struct *t = spawn(m, 100), *hog = spawn(m, 101);

	map_filled(t, BASE, 300, 1);
	generic_file_read(m, f, 0, 1200 * PAGE);
	map_filled(hog, BASE, 600, 1);
	cr_expect_lt(inode->i_data.nrpages, 1000);
	cr_expect_eq(events(m, PSWPOUT), 0);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

Test(vmscan, program_text_stays_active)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct file *f = file_open(m, declare(m, "/bin/x", 8, FS_EXT2));
	struct task_struct *t = spawn(m, 100);

	map(t, BASE, 4 * PAGE, PROT_READ_EMU | PROT_EXEC_EMU, MAP_PRIVATE_EMU,
	    f);
	map(t, BASE + 0x100000, 4 * PAGE, PROT_READ_EMU, MAP_PRIVATE_EMU, f);
	touch(t, BASE, 1, ACCESS_FETCH, 0);
	m->current = t;
	access_range(t, BASE + 0x100000 + PAGE, 1, 0, ACCESS_READ,
		     &(struct access_result){0});
	lru_add_drain(m);
	scan_all(m); /* text: activated by its first use; data: kept */
	cr_expect(PageActive(mapped_page(t, BASE)));
	cr_expect_not(PageActive(mapped_page(t, BASE + 0x100000 + PAGE)));
	scan_all(m); /* data: not used again */
	cr_expect_null(mapped_page(t, BASE + 0x100000 + PAGE));
	cr_expect(mapped_page(t, BASE));
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

Test(vmscan, dirty_files_are_written_first)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct inode *inode = declare(m, "/f", MEMORY_PAGES * 2, FS_EXT2);
	struct file *f = file_open(m, inode);
	struct task_struct *t = spawn(m, 100);
	uint32_t nr = MEMORY_PAGES * 2;

	map(t, BASE, nr * PAGE, RW, MAP_SHARED_EMU, f);
	put_pages(t, BASE, nr, 77);
	cr_expect_gt(owned_page_state(m, NR_WRITTEN), nr / 2);
	cr_expect_lt(inode->i_data.nrpages, MEMORY_PAGES);
	check_machine(m);
	get_pages(t, BASE, nr, 77);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

Test(vmscan, nonlinear_areas_keep_their_offsets)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	struct file *f = file_open(m, declare(m, "/t", 16, FS_TMPFS));

	map(t, BASE, 16 * PAGE, RW, MAP_SHARED_EMU, f);
	put_pages(t, BASE, 16, 1);
	m->current = t;
	cr_assert_eq(sys_remap_file_pages(t, BASE, PAGE, 9, 0), 0);
	get(t, BASE, 10);
	press(m);
	cr_expect(pte_file(m->fmt, __pte(pte_value(t, BASE))));
	get(t, BASE, 10);
	get_pages(t, BASE + PAGE, 15, 2);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* ---- what may not go ---- */

Test(vmscan, locked_pages_stay)
{
	struct machine *m = boot_swap("x86-pae", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);

	map_filled(t, BASE, 100, 1);
	m->current = t;
	cr_assert_eq(sys_mlock(t, BASE, 50 * PAGE), 0);
	press(m);
	for (unsigned i = 0; i < 50; i++)
		cr_assert(mapped_page(t, BASE + i * PAGE));
	cr_expect(is_swapped(t, BASE + 99 * PAGE));
	/* locking brings swapped pages back */
	cr_assert_eq(sys_mlock(t, BASE + 90 * PAGE, 10 * PAGE), 0);
	cr_expect(mapped_page(t, BASE + 99 * PAGE));
	get_pages(t, BASE, 100, 1);
	check_and_destroy(m);
}

Test(vmscan, without_swap_anonymous_pages_stay)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *t = spawn(m, 100);
	struct scan_control sc;

	map_filled(t, BASE, 100, 1);
	lru_add_drain(m);
	sc = scan_all(m);
	cr_expect_eq(sc.nr_scanned, 0);
	for (int i = 0; i < 8; i++)
		cr_expect_eq(try_to_free_pages(m, GFP_KERNEL, 0), 0);
	check_and_destroy(m);
}

/* ---- kswapd ---- */

Test(vmscan, kswapd_balances_to_high)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	const struct zone *z;

	map_private(t, BASE, MEMORY_PAGES);
	for (unsigned i = 0; !m->kswapd.woken; i++)
		put(t, BASE + i * PAGE, i);
	cr_expect_eq(events(m, PAGEOUTRUN), 0);
	kswapd_run(m);
	cr_expect_not(m->kswapd.woken);
	cr_expect_eq(events(m, PAGEOUTRUN), 1);
	cr_expect_eq(events(m, ALLOCSTALL), 0);
	cr_expect_gt(events(m, PSWPOUT), 0);
	for_each_zone(z, m)
		if (populated_zone(z))
			cr_expect(z->vm_stat[NR_FREE_PAGES] >
				  (int64_t)z->watermark[WMARK_HIGH]);
	check_and_destroy(m);
}

Test(vmscan, long_calls_reclaim_for_themselves)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);

	map_filled(t, BASE, MEMORY_PAGES * 3 / 4, 1);
	m->current = NULL;
	/* kernel code does not give way to kswapd */
	for (unsigned i = 0; i < MEMORY_PAGES / 2; i++) {
		struct page *page = alloc_page(m, GFP_KERNEL);

		cr_assert(page);
		SetPageKernel(page);
	}
	cr_expect_gt(events(m, ALLOCSTALL), 0);
	cr_expect_eq(events(m, PAGEOUTRUN), 0);
	cr_expect_gt(events(m, PGSTEAL_DIRECT_DMA) +
			     events(m, PGSTEAL_DIRECT_NORMAL),
		     0);
	check_machine(m);
	get_pages(t, BASE, MEMORY_PAGES * 3 / 4, 1);
	check_and_destroy(m);
}

Test(vmscan, the_order_of_a_list_survives_ageing)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	struct zone *z = &m->zone[ZONE_DMA];
	struct scan_control sc = direct(DEF_PRIORITY);
	uint64_t last = 0;

	map_filled(t, BASE, 20, 1);
	lru_add_drain(m);
	age_active_anon(m, z, &sc);
	cr_assert_gt(z->lruvec.lru[LRU_INACTIVE_ANON].nr, 0);
	page_list_for_each(pfn, m, &z->lruvec.lru[LRU_INACTIVE_ANON]) {
		uint64_t index = pfn_to_page(m, pfn)->index;

		cr_expect(!last || index < last, "newest first");
		last = index;
	}
	check_and_destroy(m);
}

/* ---- slabs ---- */

Test(vmscan, slabs_shrink_in_batches)
{
	struct machine *m = boot("x86-2level");
	char path[16];

	for (unsigned i = 0; i < 1500; i++) {
		snprintf(path, sizeof(path), "/f%u", i);
		declare(m, path, 1, FS_EXT2);
	}
	/* a share below a batch is put off, the third call does it */
	cr_expect_eq(shrink_slab(m, GFP_KERNEL, 300, 1000), 0);
	cr_expect_eq(m->slab_scan_deferred, 2 * 300 * 1500 / 1001);
	cr_expect_eq(shrink_slab(m, GFP_KERNEL, 300, 1000), 1024);
	cr_expect_eq(events(m, SLABS_SCANNED), 1024);
	/* without __GFP_FS the superblock does nothing */
	cr_expect_eq(shrink_slab(m, GFP_NOFS, 1000, 1000), 0);
	check_and_destroy(m);
}

/* 1024 unused dentries beside `pages` cached pages of a file that is open. */
static struct file *slabs_and_pages(struct machine *m, uint64_t pages)
{
	struct file *f = file_open(m, declare(m, "/f", pages, FS_EXT2));
	uint64_t reclaimable = 0;
	struct zone *z;
	char path[16];

	for (unsigned i = 0; i < 1024; i++) {
		snprintf(path, sizeof(path), "/d/%u", i);
		declare(m, path, 1, FS_EXT2);
	}
	generic_file_read(m, f, 0, pages * PAGE);
	lru_add_drain(m);
	for_each_zone(z, m)
		reclaimable += zone_reclaimable_pages(m, z);
	cr_assert_eq(reclaimable, pages);
	return f;
}

/*
 * At the first priority nothing of 63 pages is scanned; slabs are, as if 32
 * had been: 2 * 32 * 1024 / (63 + 1), which is a batch to the object. What that
 * frees is enough: there is no second round.
 */
Test(vmscan, slabs_shrink_by_their_share_of_the_pages)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct file *f = slabs_and_pages(m, 63);

	cr_expect_geq(try_to_free_pages(m, GFP_KERNEL, 0), 32);
	cr_expect_eq(events(m, SLABS_SCANNED), 1024);
	cr_expect_eq(m->slab_scan_deferred, 0);
	cr_expect_eq(events(m, PGSCAN_DIRECT_DMA), 0);
	fput(m, f);
	check_and_destroy(m);
}

/* kswapd by the same rule; the zone is ten frames short. */
Test(vmscan, kswapd_shrinks_slabs_by_their_share_of_the_pages)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct file *f = slabs_and_pages(m, 63);
	struct zone *z = &m->zone[ZONE_DMA];

	while (z->vm_stat[NR_FREE_PAGES] + 10 >
	       (int64_t)z->watermark[WMARK_HIGH]) {
		struct page *page = alloc_page(m, GFP_ATOMIC);

		cr_assert(page);
		SetPageKernel(page);
	}
	kswapd_balance(m);
	cr_expect_eq(events(m, SLABS_SCANNED), 1024);
	cr_expect_eq(m->slab_scan_deferred, 0);
	fput(m, f);
	check_and_destroy(m);
}

/* A zone where much was scanned in vain is left alone, but for one round. */
Test(vmscan, kswapd_looks_at_an_unreclaimable_zone_once)
{
	struct machine *m = boot_swap("x86-2level", 4 * MEMORY_PAGES);
	struct task_struct *t = spawn(m, 100);
	struct zone *z = &m->zone[ZONE_DMA];

	map_private(t, BASE, MEMORY_PAGES);
	for (unsigned i = 0; !m->kswapd.woken; i++)
		put(t, BASE + i * PAGE, i);
	z->pages_scanned = 100 * MEMORY_PAGES;
	cr_assert_not(zone_reclaimable(m, z));
	kswapd_run(m);
	cr_expect_gt(events(m, PGSCAN_KSWAPD_DMA), 0);
	cr_expect_lt(events(m, PGSCAN_KSWAPD_DMA), 4 * SWAP_CLUSTER_MAX);
	check_and_destroy(m);
}

/* A zone that has enough is not congested by dirty pages, whatever it was. */
Test(vmscan, kswapd_forgets_dirty_pages_where_there_is_room)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct zone *z;

	for_each_zone(z, m)
		z->tail_lru_dirty = true;
	kswapd_balance(m);
	for_each_zone(z, m)
		cr_expect_eq(z->tail_lru_dirty, !populated_zone(z), "%s",
			     z->name);
	check_and_destroy(m);
}

/* Who reclaims itself does not write, but wakes who does: the oldest page of
 * the file first. */
Test(vmscan, direct_reclaim_wakes_the_flusher)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/f", 400 * PAGE, true, FS_EXT2);
	struct address_space *mapping = &file->f_inode->i_data;
	struct page *page;
	unsigned dirty = 0;

	map(t, BASE, 400 * PAGE, RW, MAP_SHARED_EMU, file);
	touch(t, BASE, 400, ACCESS_WRITE, 0);
	cr_assert_eq(sys_munmap(t, BASE, 400 * PAGE), 0);
	lru_add_drain(m);
	cr_assert(PageDirty(find_page(mapping, 0)));
	try_to_free_pages(m, GFP_KERNEL, 0);
	for (unsigned i = 0; i < 400; i++) {
		page = find_page(mapping, i);
		dirty += page && PageDirty(page);
	}
	cr_expect_lt(dirty, 400);
	page = find_page(mapping, 0);
	cr_expect_not(page && PageDirty(page));
	fput(m, file);
	check_and_destroy(m);
}

/* Zone Movable is one of those that it cares for. */
Test(vmscan, kswapd_balances_zone_movable)
{
	struct machine_config cfg;
	struct machine *m;
	struct task_struct *t;
	struct zone *z;

	machine_config_default(&cfg);
	cfg.memory = 48u << 20;
	cfg.lowmem_limit = 24u << 20;
	cfg.kernelcore = 24u << 20;
	cfg.swap = 64u << 20;
	m = make_machine(&cfg);
	z = &m->zone[ZONE_MOVABLE];
	cr_assert(populated_zone(z));
	t = spawn(m, 100);
	map_filled(t, BASE, 8000, 1);
	cr_assert_eq(events(m, PAGEOUTRUN), 0);
	/* it alone is short */
	z->watermark[WMARK_HIGH] = (uint64_t)z->vm_stat[NR_FREE_PAGES] + 100;
	kswapd_balance(m);
	cr_expect_gt(z->vm_stat[NR_FREE_PAGES],
		     (int64_t)z->watermark[WMARK_HIGH]);
	get_pages(t, BASE, 8000, 1);
	machine_destroy(m);
}

/* Of 1000 files, the oldest still dirty: its dentry goes, its inode stays, so a
 * batch of 1024 ends between a dentry and its inode. */
Test(vmscan, a_batch_of_slabs_is_exact)
{
	struct machine *m = boot("x86-2level");
	struct inode *inode[1000];
	unsigned gone = 0;
	char path[16];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/f%u", i);
		inode[i] = declare_file(m, path, PAGE, true, FS_EXT2);
	}
	SetPageDirty(find_page(&inode[0]->i_data, 0));
	cr_expect_eq(shrink_slab(m, GFP_KERNEL, 1u << 20, 0), 1024);
	for (unsigned i = 0; i < 1000; i++)
		gone += !inode[i]->dentry_kobj + !inode[i]->inode_kobj;
	cr_expect_eq(gone, 1024);
	cr_expect(inode[0]->inode_kobj && !inode[0]->dentry_kobj);
	ClearPageDirty(find_page(&inode[0]->i_data, 0));
	machine_destroy(m);
}

/* ---- who is short ---- */

/* Without what it keeps for higher zones: that is not the zone's own mark. */
Test(vmscan, a_zone_above_its_mark_wakes_nobody)
{
	struct machine_config cfg;
	struct machine *m;
	struct zone *z;
	int64_t high;

	machine_config_default(&cfg);
	strcpy(cfg.paging, "x86-64");
	cfg.memory = 64ull << 20;
	cfg.dma32_limit = 4ull << 30;
	m = make_machine(&cfg);
	z = &m->zone[ZONE_DMA];
	high = (int64_t)z->watermark[WMARK_HIGH];
	cr_assert_gt(z->lowmem_reserve[ZONE_DMA32], 20);
	while (z->vm_stat[NR_FREE_PAGES] > high + 20)
		SetPageKernel(alloc_page(m, GFP_ATOMIC | __GFP_DMA));
	cr_assert_gt(z->vm_stat[NR_FREE_PAGES], high);
	wakeup_kswapd(m, z, 0, ZONE_DMA);
	cr_expect_not(m->kswapd.woken);
	while (z->vm_stat[NR_FREE_PAGES] > high)
		SetPageKernel(alloc_page(m, GFP_ATOMIC | __GFP_DMA));
	wakeup_kswapd(m, z, 0, ZONE_DMA);
	cr_expect(m->kswapd.woken);
	check_and_destroy(m);
}

/* A fifth of what could be dirty may be: free frames and files. */
Test(vmscan, pages_of_files_are_room_for_dirty_ones)
{
	struct machine *m = boot("x86-2level");
	struct zone *z = &m->zone[ZONE_NORMAL];
	int64_t stat[NR_VM_ZONE_STAT_ITEMS];
	int64_t kept = (int64_t)z->watermark[WMARK_HIGH];

	memcpy(stat, z->vm_stat, sizeof(stat));
	memset(z->vm_stat, 0, sizeof(z->vm_stat));
	z->vm_stat[NR_FREE_PAGES] = kept + 1000;
	z->vm_stat[NR_ACTIVE_FILE] = 2000;
	z->vm_stat[NR_INACTIVE_FILE] = 3000;
	z->vm_stat[NR_FILE_DIRTY] = 6000 / 5;
	cr_expect(zone_dirty_ok(m, z));
	z->vm_stat[NR_FILE_DIRTY]++;
	cr_expect_not(zone_dirty_ok(m, z));
	memcpy(z->vm_stat, stat, sizeof(stat));
	check_and_destroy(m);
}

/* ---- everything, under pressure, against a model ---- */

#define NR_TASKS 6
#define AREA_PAGES 700u

struct model {
	struct task_struct *task[NR_TASKS];
	uint32_t private[NR_TASKS][AREA_PAGES];
	uint32_t shared[AREA_PAGES];
	uint64_t seed;
	uint32_t next_pid;
};

static uint32_t roll(struct model *w, uint32_t n)
{
	w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(w->seed >> 33) % n;
}

#define SHARED_BASE (BASE + 0x10000000)

static void model_fork(struct model *w, unsigned from, unsigned to)
{
	if (w->task[to] || !w->task[from])
		return;
	w->task[from]->m->current = w->task[from];
	if (do_fork(w->task[from], 0, w->next_pid, &w->task[to])) {
		w->task[to] = NULL;
		return;
	}
	w->next_pid++;
	memcpy(w->private[to], w->private[from], sizeof(w->private[to]));
}

static void model_range(struct model *w, unsigned i, uint32_t what)
{
	struct task_struct *t = w->task[i];
	uint32_t page = roll(w, AREA_PAGES), nr = 1 + roll(w, 60);
	vaddr_t addr = BASE + page * PAGE;

	if (nr > AREA_PAGES - page)
		nr = AREA_PAGES - page;
	t->m->current = t;
	if (what == 0) {
		cr_assert_eq(sys_madvise(t, addr, nr * PAGE, MADVISE_DONTNEED),
			     0);
		memset(&w->private[i][page], 0, nr * sizeof(uint32_t));
	} else if (what == 1) {
		cr_assert_eq(sys_madvise(t, addr, nr * PAGE, MADVISE_WILLNEED),
			     0);
	} else {
		cr_assert_eq(sys_mlock(t, addr, nr * PAGE), 0);
		cr_assert_eq(sys_munlock(t, addr, nr * PAGE), 0);
	}
}

static void model_access(struct model *w, unsigned i)
{
	struct task_struct *t = w->task[i];
	uint32_t page = roll(w, AREA_PAGES), value = 1 + roll(w, 1u << 30);

	switch (roll(w, 5)) {
	case 0:
	case 1:
		put(t, BASE + page * PAGE, value);
		w->private[i][page] = value;
		break;
	case 2:
	case 3:
		get(t, BASE + page * PAGE, w->private[i][page]);
		break;
	default:
		get(t, SHARED_BASE + page * PAGE, w->shared[page]);
		put(t, SHARED_BASE + page * PAGE, value);
		w->shared[page] = value;
	}
}

static void model_step(struct machine *m, struct model *w, uint32_t step)
{
	unsigned i = roll(w, NR_TASKS), other = roll(w, NR_TASKS);
	uint32_t what = roll(w, 300);

	if (!w->task[i]) {
		model_fork(w, other, i);
	} else if (what < 3) {
		model_range(w, i, what);
	} else if (what == 3 && i && step > 1000) {
		do_exit(w->task[i], 0);
		w->task[i] = NULL;
	} else if (what == 4) {
		kswapd_balance(m);
	} else if (what == 5 && !roll(w, 8)) {
		m->current = NULL;
		if (!sys_swapoff(m))
			cr_assert_eq(sys_swapon(m, 4 * MEMORY_PAGES * PAGE), 0);
	} else {
		model_access(w, i);
	}
}

static void run_model(const char *paging, uint64_t seed)
{
	struct machine *m = boot_swap(paging, 4 * MEMORY_PAGES);
	struct model *w = calloc(1, sizeof(*w));

	w->seed = seed;
	w->next_pid = 101;
	w->task[0] = spawn(m, 100);
	map_private(w->task[0], BASE, AREA_PAGES);
	map(w->task[0], SHARED_BASE, AREA_PAGES * PAGE, RW,
	    MAP_SHARED_EMU | MAP_ANONYMOUS_EMU, NULL);
	for (uint32_t step = 0; step < 12000; step++) {
		model_step(m, w, step);
		if (step % 1500 == 0)
			check_machine(m);
	}
	cr_expect_gt(events(m, PSWPIN), 100);
	for (unsigned i = 0; i < NR_TASKS; i++) {
		for (uint32_t p = 0; w->task[i] && p < AREA_PAGES; p++) {
			get(w->task[i], BASE + p * PAGE, w->private[i][p]);
			get(w->task[i], SHARED_BASE + p * PAGE, w->shared[p]);
		}
	}
	check_machine(m);
	for (unsigned i = 0; i < NR_TASKS; i++)
		if (w->task[i])
			do_exit(w->task[i], 0);
	lru_add_drain(m);
	cr_expect_eq(used_slots(m), 0);
	cr_expect_eq(m->stats.oom_kills, 0);
	check_machine(m);
	free(w);
	machine_destroy(m);
}

Test(vmscan, values_under_pressure)
{
	run_model("x86-2level", 1);
	run_model("x86-pae", 2);
}

/* ---- for a block of frames ---- */

/* Nearly all memory full of old file pages. */
static struct machine *full_of_files(struct file **f)
{
	struct machine *m = boot_swap("x86-2level", 0);

	*f = file_open(m, declare(m, "/f", 4 * MEMORY_PAGES, FS_EXT2));
	generic_file_read(m, *f, 0, 4 * MEMORY_PAGES * PAGE);
	return m;
}

static uint64_t freed_for(unsigned order)
{
	struct file *f;
	struct machine *m = full_of_files(&f);
	uint64_t stolen = events(m, PGSTEAL_DIRECT_DMA), freed;

	freed = try_to_free_pages(m, GFP_KERNEL, order);
	cr_expect_eq(events(m, PGSTEAL_DIRECT_DMA) - stolen, freed);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
	return freed;
}

/* Twice the block, so that compaction has frames to move pages to. */
Test(vmscan, a_large_block_needs_more_than_a_cluster)
{
	cr_expect_lt(freed_for(0), 64);
	cr_expect_lt(freed_for(3), 64, "orders up to 3 as one frame");
	cr_expect_geq(freed_for(7), 256);
	cr_expect_lt(freed_for(7), 512);
}

/* Free frames enough: compaction's turn, nothing is scanned. */
Test(vmscan, compaction_comes_before_reclaim)
{
	struct machine *m = boot_swap("x86-2level", 0);
	uint64_t scanned;

	scanned = events(m, PGSCAN_DIRECT_DMA);
	cr_expect_eq(try_to_free_pages(m, GFP_KERNEL, 5), 1, "go on");
	cr_expect_eq(events(m, PGSCAN_DIRECT_DMA), scanned);
	check_and_destroy(m);
}
