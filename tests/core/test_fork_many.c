/*
 * test_fork_many.c - fork of a process with 10,000 touched pages, then writes.
 *
 * What must happen is arithmetic: fork copies tables, not pages; the first of
 * two that writes to a page copies it, the second finds itself alone and reuses
 * it. Rules: facts sheet, fork and do_wp_page; objects as measured.
 */
#include "core/swap.h"
#include "mm_fixture.h"

#define PAGES 10000u
#define CHILD_WRITES 3000u /* the first of the pages; the parent comes second */
#define BOTH 1000u	   /* of those, pages that the parent writes too */

struct counts {
	uint64_t copies, reuses, tables;
	int64_t anon, page_tables, free;
	uint32_t task, mm, vma, anon_vma, chain, files, fs, signal, sighand,
		cred, pid;
};

/* Frames that are free, wherever they wait. */
static int64_t frames_free(const struct machine *m)
{
	int64_t n = 0;
	const struct zone *z;

	for_each_zone(z, m)
		n += z->vm_stat[NR_FREE_PAGES] + z->pageset.count;
	return n;
}

static struct counts count(struct machine *m)
{
	const struct known_caches *k = &m->caches;

	lru_add_drain(m);
	return (struct counts){
		.copies = m->stats.faults[FAULT_WP_COPY],
		.reuses = m->stats.faults[FAULT_WP_REUSE],
		.tables = m->stats.tables_by_level[PG_PTE],
		.anon = stat_of(m, NR_ANON_PAGES),
		.page_tables = stat_of(m, NR_PAGETABLE),
		.free = frames_free(m),
		.task = kmem_cache_live(k->task_struct),
		.mm = kmem_cache_live(k->mm_struct),
		.vma = kmem_cache_live(k->vm_area_struct),
		.anon_vma = kmem_cache_live(k->anon_vma),
		.chain = kmem_cache_live(k->anon_vma_chain),
		.files = kmem_cache_live(k->files_cache),
		.fs = kmem_cache_live(k->fs_cache),
		.signal = kmem_cache_live(k->signal_cache),
		.sighand = kmem_cache_live(k->sighand_cache),
		.cred = kmem_cache_live(k->cred_jar),
		.pid = kmem_cache_live(k->pid),
	};
}

/* Frames of all slabs. */
static int64_t slab_frames(const struct machine *m)
{
	return stat_of(m, NR_SLAB_RECLAIMABLE) +
	       stat_of(m, NR_SLAB_UNRECLAIMABLE);
}

static void expect_child_objects(const struct counts *a, const struct counts *b)
{
	cr_expect_eq(b->task - a->task, 1);
	cr_expect_eq(b->mm - a->mm, 1);
	cr_expect_eq(b->vma - a->vma, 1, "one area");
	cr_expect_eq(b->anon_vma - a->anon_vma, 1, "the child's own");
	cr_expect_eq(b->chain - a->chain, 2, "to the parent's and to its own");
	cr_expect_eq(b->files - a->files, 1);
	cr_expect_eq(b->fs - a->fs, 1);
	cr_expect_eq(b->signal - a->signal, 1);
	cr_expect_eq(b->sighand - a->sighand, 1);
	cr_expect_eq(b->cred - a->cred, 1);
	cr_expect_eq(b->pid - a->pid, 1);
}

/* tables: last-level tables of an area of 10,000 pages at BASE; top: frames of
 * the top table, and of what the format allocates with it. */
static void run(const char *paging, uint64_t tables, int64_t top)
{
	struct machine_config cfg;
	struct machine *m = NULL;
	struct task_struct *parent, *child;
	struct counts before, a, b;
	int64_t slabs;

	machine_config_default(&cfg);
	cfg.memory = 256ull << 20;
	strcpy(cfg.paging, paging);
	cfg.nx = !strcmp(paging, "x86-pae");
	m = make_machine(&cfg);
	parent = spawn(m, 100);
	before = count(m);
	map_private(parent, BASE, PAGES);
	cr_expect_eq(touch(parent, BASE, PAGES, ACCESS_WRITE, 0), PAGES);
	a = count(m);
	cr_expect_eq(a.anon - before.anon, PAGES);
	cr_expect_eq(a.tables - before.tables, tables);

	/* fork: tables and objects, not a single page */
	slabs = slab_frames(m);
	child = fork_task(parent, 101);
	b = count(m);
	cr_expect_eq(b.anon, a.anon);
	cr_expect_eq(b.copies, a.copies);
	cr_expect_eq(b.tables - a.tables, tables);
	cr_expect_eq(b.page_tables - a.page_tables, (int64_t)tables);
	cr_expect_eq(child->mm->nr_ptes, tables);
	cr_expect_eq(get_mm_counter(child->mm, MM_ANONPAGES), PAGES);
	cr_expect_eq(m->stats.ptes_copied, PAGES);
	expect_child_objects(&a, &b);
	cr_expect_eq(a.free - b.free,
		     (int64_t)tables + top + (1 << thread_order(m)) +
			     slab_frames(m) - slabs,
		     "tables, the top, a kernel stack, slabs: nothing else");
	check_machine(m);

	/* the child writes: a copy each */
	a = b;
	cr_expect_eq(touch(child, BASE, CHILD_WRITES, ACCESS_WRITE, 0),
		     CHILD_WRITES);
	b = count(m);
	cr_expect_eq(b.copies - a.copies, CHILD_WRITES);
	cr_expect_eq(b.reuses, a.reuses);
	cr_expect_eq(b.anon - a.anon, CHILD_WRITES);
	cr_expect_eq(a.free - b.free, CHILD_WRITES, "frames of copies only");
	cr_expect_eq(touch(child, BASE, CHILD_WRITES, ACCESS_WRITE, 0), 0);

	/* the parent: alone on those, sharing the rest */
	a = b;
	cr_expect_eq(touch(parent, BASE, BOTH, ACCESS_WRITE, 0), BOTH);
	b = count(m);
	cr_expect_eq(b.reuses - a.reuses, BOTH);
	cr_expect_eq(b.copies, a.copies);
	cr_expect_eq(b.free, a.free);
	a = b;
	touch(parent, BASE + CHILD_WRITES * PAGE, PAGES - CHILD_WRITES,
	      ACCESS_WRITE, 0);
	b = count(m);
	cr_expect_eq(b.copies - a.copies, PAGES - CHILD_WRITES);
	a = b;
	touch(child, BASE, PAGES, ACCESS_WRITE, 0);
	b = count(m);
	cr_expect_eq(b.reuses - a.reuses, PAGES - CHILD_WRITES);
	cr_expect_eq(b.copies, a.copies);
	cr_expect_eq(b.anon, (int64_t)2 * PAGES);
	check_machine(m);

	/* and back */
	do_exit(child, 0);
	b = count(m);
	cr_expect_eq(b.anon, PAGES);
	cr_expect_eq(b.tables, tables);
	do_exit(parent, 0);
	b = count(m);
	cr_expect_eq(b.anon, 0);
	cr_expect_eq(b.page_tables, 0);
	cr_expect_eq(b.task + b.mm + b.vma + b.anon_vma + b.chain + b.files +
			     b.fs + b.signal + b.sighand + b.pid,
		     0, "no object of the two is left");
	check_and_destroy(m);
}

/* 0x20000000 begins a table; 1024 entries each. */
Test(fork_many, two_levels)
{
	run("x86-2level", (PAGES + 1023) / 1024, 1);
}

/* 512 entries each; the top, and middle tables for the three user gigabytes. */
Test(fork_many, pae)
{
	run("x86-pae", (PAGES + 511) / 512, 4);
}
