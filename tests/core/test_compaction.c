/* Migration and compaction: frames move, nothing else changes. */
#include "mm_fixture.h"

#include "core/buddy.h"
#include "core/compaction.h"
#include "core/migrate.h"
#include "core/swapfile.h"
#include "core/vmscan.h"
#include "formats/report.h"

#include <stdlib.h>

/* Every other page of `pages` at BASE is unmapped: free memory in crumbs. */
static void fragment(struct task_struct *t, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i += 2)
		cr_assert_eq(sys_munmap(t, BASE + i * PAGE, PAGE), 0);
}

static struct page *alloc_atomic(struct machine *m, unsigned order)
{
	struct page *page;

	m->current = NULL;
	page = alloc_pages(m, GFP_ATOMIC | __GFP_NOWARN, order);
	if (page)
		for (pfn_t i = 0; i < (pfn_t)1 << order; i++)
			SetPageKernel(&page[i]);
	return page;
}

static struct machine *fragmented(const char *paging, struct task_struct **t)
{
	struct machine *m = boot(paging);
	char text[32];
	uint64_t pages;

	*t = spawn(m, 100);
	(*t)->m->cfg.max_map_count = 1 << 20;
	pages = 14000;
	map_private(*t, BASE, pages);
	for (uint64_t i = 0; i < pages; i++) {
		snprintf(text, sizeof(text), "page %u", (unsigned)i);
		store(*t, BASE + i * PAGE, text);
	}
	fragment(*t, pages);
	while (alloc_atomic(m, 9))
		; /* what was in one piece from the start */
	return m;
}

static void expect_values(struct task_struct *t, uint64_t pages)
{
	char text[32];

	for (uint64_t i = 1; i < pages; i += 2) {
		snprintf(text, sizeof(text), "page %u", (unsigned)i);
		cr_assert(holds(t, BASE + i * PAGE, text), "page %u",
			  (unsigned)i);
	}
}

Test(compaction, makes_large_blocks)
{
	static const char *const formats[] = {"x86-2level", "x86-pae"};

	for (unsigned i = 0; i < 2; i++) {
		struct task_struct *t;
		struct machine *m = fragmented(formats[i], &t);
		int64_t anon = stat_of(m, NR_ANON_PAGES);
		int64_t rss = get_mm_counter(t->mm, MM_ANONPAGES);

		compact_node(m);
		check_machine(m);
		cr_expect_not_null(alloc_atomic(m, 9));
		cr_expect_eq(stat_of(m, NR_ANON_PAGES), anon);
		cr_expect_eq(get_mm_counter(t->mm, MM_ANONPAGES), rss);
		cr_expect_gt(m->vm_event[PGMIGRATE_SUCCESS], 1000);
		cr_expect_eq(m->vm_event[PGMIGRATE_FAIL], 0);
		expect_values(t, 14000);
		check_and_destroy(m);
	}
}

static char *frames_text(const struct machine *m)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	report_frames(m, NULL, out);
	fclose(out);
	return text;
}

/* Frame numbers apart, nobody can tell that anything happened. */
Test(compaction, frames_report_is_the_same)
{
	struct task_struct *t;
	struct machine *m = fragmented("x86-2level", &t);
	char *before, *after;
	pfn_t pfn = page_to_pfn(m, page_at(t, BASE + PAGE));

	fork_task(t, 101);
	before = frames_text(m);
	compact_node(m);
	after = frames_text(m);
	cr_expect(!strcmp(before, after));
	cr_expect_neq(page_to_pfn(m, page_at(t, BASE + PAGE)), pfn);
	free(before);
	free(after);
	machine_destroy(m);
}

/* A request that may wait compacts by itself. */
Test(compaction, direct)
{
	struct task_struct *t;
	struct machine *m = fragmented("x86-2level", &t);
	struct page *page;

	m->current = NULL;
	page = alloc_pages(m, GFP_KERNEL | __GFP_NORETRY, 9);
	cr_assert_not_null(page);
	cr_expect_eq(m->vm_event[COMPACT_STALL], 1);
	cr_expect_eq(m->vm_event[COMPACT_SUCCESS], 1);
	__free_pages(m, page, 9);
	expect_values(t, 14000);
	check_and_destroy(m);
}

/* Lack of memory is not fragmentation. */
Test(compaction, suitable)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct zone *z = &m->zone[ZONE_NORMAL];

	cr_expect_eq(compaction_suitable(z, -1), COMPACT_CONTINUE);
	cr_expect_eq(compaction_suitable(z, 9), COMPACT_PARTIAL,
		     "a fresh machine has such blocks");
	map_private(t, BASE, 14000);
	touch(t, BASE, 14000, ACCESS_WRITE, 0);
	cr_expect_eq(compaction_suitable(z, 10), COMPACT_SKIPPED);
	t->m->cfg.max_map_count = 1 << 20;
	fragment(t, 14000);
	cr_expect_eq(compaction_suitable(z, 9), COMPACT_CONTINUE);
	machine_destroy(m);
}

Test(compaction, deferral)
{
	struct zone z = {0};
	unsigned passes = 0;

	cr_expect(!compaction_deferred(&z, 4));
	for (unsigned n = 1; n <= 8; n++) {
		defer_compaction(&z, 4);
		cr_expect_eq(z.compact_defer_shift, n > 6 ? 6 : n);
	}
	for (unsigned i = 0; i < 128; i++)
		passes += !compaction_deferred(&z, 4);
	cr_expect_eq(passes, 128 - 63, "63 in a row are put off");
	compaction_succeeded(&z, 4);
	cr_expect_eq(z.compact_order_failed, 5);
	cr_expect(!compaction_deferred(&z, 4));
}

/* ---- what a run leaves for the next ---- */

static uint8_t *skip_of(struct machine *m, struct zone *z, pfn_t pfn)
{
	return &m->pageblock_skip[(pfn >> m->cfg.pageblock_order) +
				  zone_idx(z)];
}

/* Nothing to move anywhere: each frame is looked at once, each block is one to
 * be passed over, and the next run would begin at the last. */
Test(compaction, a_machine_without_movable_pages)
{
	struct machine *m = boot("x86-2level");
	uint64_t frames = 0;
	struct zone *z;

	compact_node(m);
	for_each_zone(z, m) {
		pfn_t block = 1u << m->cfg.pageblock_order;
		pfn_t end = zone_end_pfn(z) & ~(block - 1);

		if (!populated_zone(z))
			continue;
		frames += end - z->zone_start_pfn;
		cr_expect_eq(z->compact_cached_migrate_pfn, end - block, "%s",
			     z->name);
		for (pfn_t pfn = z->zone_start_pfn; pfn < end; pfn += block)
			cr_expect(*skip_of(m, z, pfn), "0x%x", pfn);
	}
	cr_expect_eq(m->vm_event[COMPACT_MIGRATE_SCANNED], frames);
	cr_expect_eq(m->vm_event[COMPACT_ISOLATED], 0);
	cr_expect_eq(m->vm_event[PGMIGRATE_SUCCESS], 0);
	check_and_destroy(m);
}

static enum compact_result compact_for_9(struct machine *m)
{
	m->current = NULL;
	return try_to_compact_pages(m, &m->zone[ZONE_NORMAL], 9, GFP_KERNEL,
				    MIGRATE_UNMOVABLE,
				    ALLOC_WMARK_LOW | ALLOC_CPUSET, true);
}

/* Blocks where nothing was found last time are not looked into. */
Test(compaction, marked_blocks_are_passed_over)
{
	struct task_struct *t;
	struct machine *m = fragmented("x86-2level", &t);
	uint64_t scanned = m->vm_event[COMPACT_MIGRATE_SCANNED];
	uint64_t blocks = 0;
	struct zone *z;

	for_each_zone(z, m) {
		if (!populated_zone(z))
			continue;
		for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z);
		     pfn++)
			*skip_of(m, z, pfn) = true;
		blocks += (zone_end_pfn(z) >> m->cfg.pageblock_order) -
			  (z->zone_start_pfn >> m->cfg.pageblock_order);
	}
	cr_expect_eq(compact_for_9(m), COMPACT_COMPLETE);
	cr_expect_eq(m->vm_event[COMPACT_MIGRATE_SCANNED] - scanned, blocks);
	cr_expect_eq(m->vm_event[PGMIGRATE_SUCCESS], 0);
	expect_values(t, 14000);
	check_and_destroy(m);
}

/* The search for free frames remembers where there are none, and that alone:
 * pages are looked for from the bottom again. */
Test(compaction, full_blocks_at_the_top_are_remembered)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct zone *z = &m->zone[ZONE_NORMAL];
	pfn_t block = 1u << m->cfg.pageblock_order;
	pfn_t top = (zone_end_pfn(z) & ~(block - 1)) - 2 * block;

	m->cfg.max_map_count = 1 << 20;
	map_private(t, BASE, 14000);
	touch(t, BASE, 14000, ACCESS_WRITE, 0);
	while (alloc_atomic(m, 9))
		;
	for (uint64_t i = 0; i < 14000; i += 2)
		if (page_to_pfn(m, page_at(t, BASE + i * PAGE)) < top)
			cr_assert_eq(sys_munmap(t, BASE + i * PAGE, PAGE), 0);
	drain_all_pages(m);
	cr_expect_eq(compact_for_9(m), COMPACT_PARTIAL);
	cr_expect_gt(m->vm_event[PGMIGRATE_SUCCESS], 100);
	cr_expect_leq(z->compact_cached_free_pfn, top + block);
	cr_expect_lt(z->compact_cached_migrate_pfn, top);
	cr_expect(*skip_of(m, z, top + block));
	check_and_destroy(m);
}

/* ---- single pages ---- */

struct spare {
	struct page *page[16];
	unsigned nr;
};

static struct page *take_spare(struct machine *m __unused_arg,
			       struct page *page __unused_arg, void *ctx)
{
	struct spare *s = ctx;

	return s->nr ? s->page[--s->nr] : NULL;
}

static int migrate_one(struct machine *m, struct page *page)
{
	struct page_list from = {0};
	struct spare s = {.nr = 0};
	int ret;

	lru_add_drain(m);
	while (s.nr < 16)
		s.page[s.nr++] = alloc_page(m, GFP_HIGHUSER_MOVABLE);
	cr_assert_eq(isolate_lru_page(m, page), 0);
	page_list_add(m, &from, page);
	acct_isolated(m, page, 1);
	ret = migrate_pages(m, &from, take_spare, &s);
	putback_movable_pages(m, &from);
	while (s.nr)
		__free_pages(m, s.page[--s.nr], 0);
	return ret;
}

Test(migrate, shared_page_keeps_its_sharing)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *a = spawn(m, 100), *b;
	struct page *old;
	vaddr_t at = BASE + 2 * PAGE;

	map_private(a, BASE, 4);
	store(a, at, "hello");
	b = fork_task(a, 101);
	old = page_at(a, at);
	cr_assert_eq(migrate_one(m, old), 0);
	cr_expect_neq(page_at(a, at), old);
	cr_expect_eq(page_at(a, at), page_at(b, at));
	cr_expect_eq(page_mapcount(page_at(a, at)), 2);
	cr_expect_eq(pte_flags(a, at), 0x5, "A and D are forgotten");
	cr_expect(PageDirty(page_at(a, at)), "but the page knows");
	cr_expect(holds(b, at, "hello"));
	store(b, at, "HELLO");
	cr_expect(holds(a, at, "hello"));
	cr_expect_eq(m->vm_event[PGMIGRATE_SUCCESS], 1);
	check_and_destroy(m);
}

Test(migrate, writable_entry_stays_writable)
{
	struct machine *m = boot("x86-pae");
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 1);
	store(t, BASE, "x");
	cr_assert_eq(migrate_one(m, page_at(t, BASE)), 0);
	cr_expect_eq(pte_flags(t, BASE), 0x7);
	cr_expect_eq(wr(t, BASE), 0, "no fault");
	machine_destroy(m);
}

Test(migrate, file_page_with_buffers)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct inode *inode;
	struct file *file;
	struct page *old;

	inode = declare_file(m, "/f", 4 * PAGE, true, FS_EXT2);
	file = file_open(m, inode);
	file->f_write = true;
	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	store(t, BASE + PAGE, "dirty");
	old = page_at(t, BASE + PAGE);
	cr_assert_eq(migrate_one(m, old), 0);
	cr_expect_eq(find_page(&inode->i_data, 1), page_at(t, BASE + PAGE));
	cr_expect_neq(page_at(t, BASE + PAGE), old);
	cr_expect(PagePrivate(page_at(t, BASE + PAGE)));
	cr_expect_eq(stat_of(m, NR_FILE_DIRTY), 1);
	cr_expect(holds(t, BASE + PAGE, "dirty"));
	cr_expect_eq(migrate_one(m, find_page(&inode->i_data, 3)), 0,
		     "mapped by nobody");
	fput(m, file);
	check_and_destroy(m);
}

/* Somebody holds the frame: it stays, and so do its mappings. */
Test(migrate, busy_page_stays)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct page *page;

	map_private(t, BASE, 1);
	store(t, BASE, "busy");
	page = page_at(t, BASE);
	get_page(page);
	cr_expect_eq(migrate_one(m, page), 1);
	cr_expect_eq(page_at(t, BASE), page);
	cr_expect(holds(t, BASE, "busy"));
	cr_expect_eq(m->vm_event[PGMIGRATE_SUCCESS], 0);
	put_page(m, page);
	check_and_destroy(m);
}

/* Ten times, a frame for each. */
Test(migrate, a_busy_page_is_tried_ten_times)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct page_list from = {0};
	struct spare s = {.nr = 0};
	struct page *page;

	map_private(t, BASE, 1);
	store(t, BASE, "busy");
	page = page_at(t, BASE);
	lru_add_drain(m);
	get_page(page);
	while (s.nr < 16)
		s.page[s.nr++] = alloc_page(m, GFP_HIGHUSER_MOVABLE);
	cr_assert_eq(isolate_lru_page(m, page), 0);
	page_list_add(m, &from, page);
	acct_isolated(m, page, 1);
	cr_expect_eq(migrate_pages(m, &from, take_spare, &s), 1);
	cr_expect_eq(s.nr, 16 - 10);
	cr_expect_eq(m->vm_event[PGMIGRATE_FAIL], 0, "it may move yet");
	putback_movable_pages(m, &from);
	while (s.nr)
		__free_pages(m, s.page[--s.nr], 0);
	put_page(m, page);
	check_and_destroy(m);
}

Test(migrate, nonlinear_entry_becomes_file_entry)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/shm", 8 * PAGE, true, FS_TMPFS);

	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	cr_assert_eq(sys_remap_file_pages(t, BASE, PAGE, 6, 0), 0);
	store(t, BASE, "six");
	cr_assert_eq(migrate_one(m, page_at(t, BASE)), 0);
	cr_expect(pte_file(m->fmt, __pte(pte_value(t, BASE))));
	cr_expect(holds(t, BASE, "six"));
	cr_expect_eq(page_at(t, BASE)->index, 6);
	fput(m, file);
	machine_destroy(m);
}

/* The real encoding of a migration entry: types 30 and 31. */
Test(migrate, entry_encoding)
{
	const struct pg_format *f = pg_format_find("x86-2level");
	pte_t pte = swp_entry_to_pte(f, make_migration_entry(f, 0x1234, true));

	cr_expect_eq(pte.v, 31u << 1 | 0x1234u << 9);
	cr_expect(!pte_present(f, pte) && !pte_file(f, pte));
	cr_expect(is_write_migration_entry(f, pte_to_swp_entry(f, pte)));
	f = pg_format_find("x86-pae");
	pte = swp_entry_to_pte(f, make_migration_entry(f, 0x1234, false));
	cr_expect_eq(pte.v, (30ull | 0x1234ull << 5) << 32);
	cr_expect(is_migration_entry(f, pte_to_swp_entry(f, pte)));
	cr_expect(!is_write_migration_entry(f, pte_to_swp_entry(f, pte)));
}

/* Pages with a slot: swapped in, in the swap cache, shared after fork. */
Test(migrate, pages_of_the_swap_cache)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	char text[32];

	cr_assert_eq(sys_swapon(m, 128ull << 20), 0);
	map_private(t, BASE, 20000);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "page %u", i);
		store(t, BASE + i * PAGE, text);
	}
	rd(t, BASE);
	child = fork_task(t, 101);
	rd(child, BASE + 8 * PAGE);
	cr_assert(PageSwapCache(page_at(t, BASE)));
	cr_assert_eq(migrate_one(m, page_at(t, BASE)), 0);
	cr_expect_eq(rd(t, BASE), 1, "a minor fault brings it back");
	cr_expect(holds(t, BASE, "page 0"));
	compact_node(m);
	check_machine(m);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "page %u", i);
		cr_assert(holds(i & 1 ? t : child, BASE + i * PAGE, text));
	}
	compact_node(m);
	check_and_destroy(m);
}

/* ---- kswapd's ---- */

static void count_runs(void *ctx, const struct observation *o)
{
	*(unsigned *)ctx += o->kind == OBS_COMPACT && o->b == 9;
}

/*
 * Woken for a block of 512 frames where free ones are scattered, and a hundred
 * too few: it drops file pages, and then moves pages together itself.
 */
Test(compaction, kswapd_compacts_when_it_has_freed_enough)
{
	struct task_struct *t;
	struct machine *m = fragmented("x86-2level", &t);
	struct zone *z = &m->zone[ZONE_NORMAL];
	struct inode *inode;
	struct file *f;
	unsigned runs = 0;
	struct observer observer = {.tell = count_runs, .ctx = &runs};

	inode = declare_file(m, "/f", 900 * PAGE, false, FS_EXT2);
	f = file_open(m, inode);
	generic_file_read(m, f, 0, 900 * PAGE);
	lru_add_drain(m);
	while ((uint64_t)z->vm_stat[NR_FREE_PAGES] >
	       z->watermark[WMARK_LOW] + 1024 - 100)
		cr_assert(alloc_atomic(m, 0));
	cr_expect_eq(compaction_suitable(z, 9), COMPACT_SKIPPED);
	wakeup_kswapd(m, z, 9, ZONE_NORMAL);
	cr_assert(m->kswapd.woken);
	m->observer = &observer;
	kswapd_run(m);
	m->observer = NULL;
	cr_expect_gt(runs, 0);
	cr_expect_lt(inode->i_data.nrpages, 900);
	cr_expect_gt(m->vm_event[PGMIGRATE_SUCCESS], 100);
	expect_values(t, 14000);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* Moving pages may take locks and I/O: only who permits both may ask for it. */
Test(compaction, needs_io_and_the_file_system)
{
	static const gfp_t refused[] = {GFP_NOFS, GFP_NOIO, GFP_ATOMIC};
	struct task_struct *t;
	struct machine *m = fragmented("x86-2level", &t);
	struct zone *z = &m->zone[ZONE_NORMAL];

	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		cr_expect_eq(try_to_compact_pages(m, z, 3, refused[i],
						  MIGRATE_UNMOVABLE, 0, true),
			     COMPACT_SKIPPED);
	cr_expect_eq(try_to_compact_pages(m, z, 0, GFP_KERNEL,
					  MIGRATE_UNMOVABLE, 0, true),
		     COMPACT_SKIPPED);
	cr_expect_eq(m->vm_event[COMPACT_STALL], 0);
	try_to_compact_pages(m, z, 3, GFP_KERNEL, MIGRATE_UNMOVABLE, 0, true);
	cr_expect_eq(m->vm_event[COMPACT_STALL], 1);
	check_and_destroy(m);
}

/* When kswapd sleeps, what was learnt of a zone that asks for it is forgotten:
 * the scanners begin at its ends. */
Test(compaction, the_scanners_begin_anew)
{
	struct machine *m = boot("x86-2level");
	struct zone *z;

	for (int asked = 0; asked < 2; asked++) {
		for_each_zone(z, m) {
			z->compact_cached_migrate_pfn = z->zone_start_pfn + 5;
			z->compact_cached_free_pfn = z->zone_start_pfn + 6;
			z->compact_blockskip_flush = asked;
		}
		reset_isolation_suitable(m);
		for_each_zone(z, m) {
			bool anew = asked && populated_zone(z);

			cr_expect_eq(z->compact_cached_migrate_pfn,
				     z->zone_start_pfn + (anew ? 0 : 5));
			cr_expect_eq(z->compact_cached_free_pfn ==
					     z->zone_start_pfn + 6,
				     !anew);
			cr_expect_eq(z->compact_blockskip_flush,
				     asked && !anew);
		}
	}
	machine_destroy(m);
}
