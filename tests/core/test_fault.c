/* The fault path: which handler, which entry, which counters. */
#include "mm_fixture.h"

#include "core/slab.h"

/* mm_counters and zone counters, in the order of the table in the facts */
struct counts {
	int64_t anon, file, nr_anon, nr_mapped, nr_dirty;
	uint64_t pgfault;
};

static struct counts counts(struct task_struct *t)
{
	struct machine *m = t->m;

	return (struct counts){
		.anon = get_mm_counter(t->mm, MM_ANONPAGES),
		.file = get_mm_counter(t->mm, MM_FILEPAGES),
		.nr_anon = stat_of(m, NR_ANON_PAGES),
		.nr_mapped = stat_of(m, NR_FILE_MAPPED),
		.nr_dirty = stat_of(m, NR_FILE_DIRTY),
		.pgfault = m->vm_event[PGFAULT],
	};
}

static void expect_change(struct task_struct *t, const struct counts *before,
			  struct counts change)
{
	struct counts now = counts(t);

	cr_expect_eq(now.anon - before->anon, change.anon, "MM_ANONPAGES");
	cr_expect_eq(now.file - before->file, change.file, "MM_FILEPAGES");
	cr_expect_eq(now.nr_anon - before->nr_anon, change.nr_anon,
		     "nr_anon_pages");
	cr_expect_eq(now.nr_mapped - before->nr_mapped, change.nr_mapped,
		     "nr_mapped");
	cr_expect_eq(now.nr_dirty - before->nr_dirty, change.nr_dirty,
		     "nr_dirty");
	cr_expect_eq(now.pgfault - before->pgfault, change.pgfault, "pgfault");
	check_machine(t->m);
}

Test(fault, zero_page_then_write)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct counts before;

	map_private(t, BASE, 4);
	before = counts(t);
	cr_expect_eq(rd(t, BASE), 1);
	cr_expect_eq(pte_flags(t, BASE), 0x225);
	cr_expect_null(t->mm->mmap->anon_vma, "a read needs no anon_vma");
	expect_change(t, &before, (struct counts){.pgfault = 1});

	cr_expect_eq(wr(t, BASE), 1);
	cr_expect_eq(pte_flags(t, BASE), 0x67);
	cr_expect_not_null(t->mm->mmap->anon_vma);
	expect_change(t, &before,
		      (struct counts){.anon = 1, .nr_anon = 1, .pgfault = 2});

	cr_expect_eq(wr(t, BASE), 0, "a hit");
	cr_expect_eq(wr(t, BASE + PAGE), 1);
	cr_expect_eq(pte_flags(t, BASE + PAGE), 0x67);
	cr_expect_eq(m->stats.faults[FAULT_ANON_READ], 1);
	cr_expect_eq(m->stats.faults[FAULT_WP_COPY], 1);
	cr_expect_eq(m->stats.faults[FAULT_ANON_WRITE], 1);
	machine_destroy(m);
}

Test(fault, fork_copies_then_reuses)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct page *page;
	struct counts before;

	map_private(t, BASE, 4);
	store(t, BASE, "mine");
	page = page_at(t, BASE);
	child = fork_task(t, 101);
	cr_expect_eq(pte_flags(t, BASE), 0x65, "RW cleared");
	cr_expect_eq(pte_flags(child, BASE), 0x45, "RW and A cleared");
	cr_expect_eq(page_mapcount(page), 2);
	cr_expect_eq(get_mm_counter(child->mm, MM_ANONPAGES), 1);
	check_machine(m);

	before = counts(child);
	store(child, BASE, "hers");
	cr_expect_neq(page_at(child, BASE), page);
	expect_change(child, &before,
		      (struct counts){.nr_anon = 1, .pgfault = 1});
	cr_expect(holds(t, BASE, "mine"));
	cr_expect(holds(child, BASE, "hers"));

	before = counts(t);
	store(t, BASE, "ours");
	cr_expect_eq(page_at(t, BASE), page, "the last user keeps the frame");
	cr_expect_eq(pte_flags(t, BASE), 0x67);
	expect_change(t, &before, (struct counts){.pgfault = 1});
	cr_expect_eq(m->stats.faults[FAULT_WP_COPY], 1);
	cr_expect_eq(m->stats.faults[FAULT_WP_REUSE], 1);
	machine_destroy(m);
}

/* Eight pages: the parent rewrites 4 (copies), the child all 8 (4 reused, 4
 * copied), the parent all 8 (the other 4 reused). Measured on a real kernel. */
Test(fault, fork_eight_pages)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;

	map_private(t, BASE, 8);
	touch(t, BASE, 8, ACCESS_WRITE, 0);
	child = fork_task(t, 101);
	cr_expect_eq(touch(t, BASE, 4, ACCESS_WRITE, 0), 4);
	cr_expect_eq(m->stats.faults[FAULT_WP_COPY], 4);
	cr_expect_eq(touch(child, BASE, 8, ACCESS_WRITE, 0), 8);
	cr_expect_eq(m->stats.faults[FAULT_WP_COPY], 8);
	cr_expect_eq(m->stats.faults[FAULT_WP_REUSE], 4);
	cr_expect_eq(touch(t, BASE, 8, ACCESS_WRITE, 0), 4);
	cr_expect_eq(m->stats.faults[FAULT_WP_REUSE], 8);
	check_machine(m);
	do_exit(child, 0);
	do_exit(t, 0);
	check_machine(m);
	cr_expect_eq(stat_of(m, NR_ANON_PAGES), 0);
	machine_destroy(m);
}

Test(fault, mprotect_then_write_is_reuse)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct page *page;

	map_private(t, BASE, 2);
	wr(t, BASE);
	page = page_at(t, BASE);
	m->current = t;
	cr_assert_eq(sys_mprotect(t, BASE, PAGE, PROT_READ_EMU), 0);
	touch(t, BASE, 1, ACCESS_WRITE, EMU_SIGSEGV);
	cr_assert_eq(sys_mprotect(t, BASE, PAGE, RW), 0);
	cr_expect_eq(wr(t, BASE), 1);
	cr_expect_eq(page_at(t, BASE), page);
	cr_expect_eq(m->stats.faults[FAULT_WP_REUSE], 1);
	check_and_destroy(m);
}

Test(fault, private_file)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/f", 4 * PAGE, true, FS_EXT2);
	struct counts before;
	struct page *cached;

	map(t, BASE, 4 * PAGE, RW, MAP_PRIVATE_EMU, file);
	before = counts(t);
	cr_expect_eq(rd(t, BASE), 1);
	cr_expect_eq(pte_flags(t, BASE), 0x25, "RW clear: copy on write");
	cached = page_at(t, BASE);
	expect_change(t, &before,
		      (struct counts){
			      .file = 1, .nr_mapped = 1, .pgfault = 1});

	store(t, BASE + 1, "X");
	cr_expect_eq(pte_flags(t, BASE), 0x67);
	cr_expect_eq(page_mapcount(cached), 0);
	cr_expect(holds(t, BASE, "\0"
				 "X\2\3"));
	expect_change(t, &before,
		      (struct counts){.anon = 1, .nr_anon = 1, .pgfault = 2});

	cr_expect_eq(wr(t, BASE + PAGE), 1, "copied at once");
	expect_change(t, &before,
		      (struct counts){.anon = 2, .nr_anon = 2, .pgfault = 3});
	cr_expect_eq(m->stats.faults[FAULT_FILE_READ], 1);
	cr_expect_eq(m->stats.faults[FAULT_WP_COPY], 1);
	cr_expect_eq(m->stats.faults[FAULT_FILE_COW], 1);
	fput(m, file);
	machine_destroy(m);
}

/* ext2 wants to hear of the first write; tmpfs does not. */
Test(fault, shared_file_write_notify)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct file *ext2 = open_rw(m, "/f", 4 * PAGE, true, FS_EXT2);
	struct file *tmpfs = open_rw(m, "/t", 4 * PAGE, true, FS_TMPFS);
	struct counts before;

	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, ext2);
	before = counts(t);
	cr_expect_eq(rd(t, BASE), 1);
	cr_expect_eq(pte_flags(t, BASE), 0x25);
	cr_expect_eq(wr(t, BASE), 1);
	cr_expect_eq(pte_flags(t, BASE), 0x67);
	cr_expect(PageDirty(page_at(t, BASE)));
	expect_change(t, &before,
		      (struct counts){.file = 1,
				      .nr_mapped = 1,
				      .nr_dirty = 1,
				      .pgfault = 2});
	cr_expect_eq(wr(t, BASE + PAGE), 1);
	cr_expect_eq(m->stats.faults[FAULT_WP_SHARED], 1);
	cr_expect_eq(m->stats.faults[FAULT_FILE_SHARED], 1);

	map(t, BASE + 0x100000, 4 * PAGE, RW, MAP_SHARED_EMU, tmpfs);
	before = counts(t);
	cr_expect_eq(rd(t, BASE + 0x100000), 1);
	cr_expect_eq(pte_flags(t, BASE + 0x100000), 0x27, "writable at once");
	cr_expect_eq(wr(t, BASE + 0x100000), 0);
	cr_expect_eq(pte_flags(t, BASE + 0x100000), 0x67);
	expect_change(t, &before,
		      (struct counts){
			      .file = 1, .nr_mapped = 1, .pgfault = 1});
	fput(m, ext2);
	fput(m, tmpfs);
	machine_destroy(m);
}

/* Write-back cleans every shared entry; the next write is told again. */
Test(fault, page_mkclean_after_writeback)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct file *file = open_rw(m, "/f", 4 * PAGE, true, FS_EXT2);

	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	wr(t, BASE);
	child = fork_task(t, 101);
	cr_expect_eq(pte_value(child, BASE), 0, "no anon_vma: not copied");
	wr(child, BASE);
	write_one_page(m, page_at(t, BASE));
	cr_expect_eq(pte_flags(t, BASE), 0x25);
	cr_expect_eq(pte_flags(child, BASE), 0x25);
	cr_expect_not(PageDirty(page_at(t, BASE)));
	check_machine(m);
	cr_expect_eq(wr(child, BASE), 1);
	cr_expect(PageDirty(page_at(t, BASE)));
	cr_expect_eq(pte_flags(t, BASE), 0x25);
	check_machine(m);
	fput(m, file);
	machine_destroy(m);
}

Test(fault, behind_the_end_of_a_file)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/f", PAGE + 1, true, FS_EXT2);
	uint64_t ptes;

	map(t, BASE, 4 * PAGE, RW, MAP_PRIVATE_EMU, file);
	touch(t, BASE + 2 * PAGE, 1, ACCESS_READ, EMU_SIGBUS);
	ptes = t->mm->nr_ptes;
	cr_expect_eq(ptes, 1, "the table is made first");
	touch(t, BASE + 2 * PAGE, 1, ACCESS_WRITE, EMU_SIGBUS);
	cr_expect_eq(rd(t, BASE + PAGE), 1);
	cr_expect_eq(stat_of(m, NR_ANON_PAGES), 0);
	check_machine(m);
	fput(m, file);
	machine_destroy(m);
}

Test(fault, guard_page_grows_the_stack)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct vm_area_struct *vma;

	map(t, BASE, 4 * PAGE, RW, MAP_PRIVATE_EMU | MAP_GROWSDOWN_EMU, NULL);
	vma = find_vma(t->mm, BASE);
	cr_expect_eq(wr(t, BASE), 1);
	cr_expect_eq(vma->vm_start, BASE - PAGE);
	map_private(t, BASE - 3 * PAGE, 2);
	touch(t, BASE - PAGE, 1, ACCESS_WRITE, EMU_SIGBUS);
	check_and_destroy(m);
}

/* Areas without an anon_vma start empty in the child, tables and all; the
 * others take a table for each table of the parent's. */
Test(fault, fork_skips_what_can_be_refaulted)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct file *file = open_rw(m, "/f", 8 * PAGE, true, FS_EXT2);

	map(t, BASE, 8 * PAGE, RW, MAP_PRIVATE_EMU, file);
	touch(t, BASE, 8, ACCESS_READ, 0);
	map_private(t, BASE + 0x400000, 4);
	rd(t, BASE + 0x400000);
	child = fork_task(t, 101);
	cr_expect_eq(child->mm->nr_ptes, 0);
	cr_expect_eq(get_mm_rss(child->mm), 0);
	check_machine(m);

	wr(t, BASE);
	child = fork_task(t, 102);
	cr_expect_eq(child->mm->nr_ptes, 1);
	cr_expect_eq(get_mm_counter(child->mm, MM_FILEPAGES), 7);
	cr_expect_eq(get_mm_counter(child->mm, MM_ANONPAGES), 1);
	cr_expect_eq(stat_of(m, NR_FILE_MAPPED), 7, "frames, not mappings");
	check_machine(m);
	fput(m, file);
	machine_destroy(m);
}

Test(fault, zero_page_is_copied_by_fork)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;

	map_private(t, BASE, 4);
	wr(t, BASE);
	rd(t, BASE + PAGE);
	child = fork_task(t, 101);
	cr_expect_eq(pte_flags(child, BASE + PAGE), 0x205);
	cr_expect_eq(get_mm_rss(child->mm), 1);
	cr_expect_eq(page_mapcount(pfn_to_page(m, m->zero_pfn)), 0);
	check_and_destroy(m);
}

Test(fault, dontneed_and_munmap)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 16);
	map_private(t, BASE + 32 * PAGE, 1);
	touch(t, BASE, 16, ACCESS_WRITE, 0);
	m->current = t;
	cr_assert_eq(sys_madvise(t, BASE, 8 * PAGE, MADVISE_DONTNEED), 0);
	cr_expect_eq(get_mm_rss(t->mm), 8);
	cr_expect_eq(t->mm->nr_ptes, 1);
	store(t, BASE + 9 * PAGE, "x");
	cr_expect_eq(rd(t, BASE), 1);
	check_machine(m);
	cr_assert_eq(sys_munmap(t, BASE, 16 * PAGE), 0);
	cr_expect_eq(get_mm_rss(t->mm), 0);
	cr_expect_eq(t->mm->nr_ptes, 1, "a neighbour is in the same 4 MiB");
	check_machine(m);
	cr_assert_eq(sys_munmap(t, BASE + 32 * PAGE, PAGE), 0);
	cr_expect_eq(t->mm->nr_ptes, 0);
	check_and_destroy(m);
}

static uint64_t pgalloc(const struct machine *m)
{
	return m->vm_event[PGALLOC_DMA] + m->vm_event[PGALLOC_NORMAL] +
	       m->vm_event[PGALLOC_HIGH] + m->vm_event[PGALLOC_MOVABLE];
}

/* Unmapping 6000 touched pages takes 6 frames to note them in; measured. */
Test(fault, gather_takes_frames)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	uint64_t taken, freed;

	map_private(t, BASE, 6000);
	touch(t, BASE, 6000, ACCESS_WRITE, 0);
	cr_expect_eq(t->mm->nr_ptes, 6);
	taken = pgalloc(m);
	freed = m->vm_event[PGFREE];
	m->current = t;
	cr_assert_eq(sys_munmap(t, BASE, 6000 * PAGE), 0);
	cr_expect_eq(pgalloc(m) - taken, 6);
	cr_expect_eq(m->vm_event[PGFREE] - freed, 6000 + 6 + 6);
	check_and_destroy(m);
}

/* More than nine batches hold: the gather flushes in between. */
Test(fault, gather_flushes_when_full)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	uint64_t taken;

	map_private(t, BASE, 10000);
	touch(t, BASE, 10000, ACCESS_WRITE, 0);
	taken = pgalloc(m);
	m->current = t;
	cr_assert_eq(sys_munmap(t, BASE, 10000 * PAGE), 0);
	cr_expect_eq(pgalloc(m) - taken, 9);
	cr_expect_eq(stat_of(m, NR_ANON_PAGES), 0);
	check_and_destroy(m);
}

/* What an entry knew of a file page, the page knows after munmap. */
Test(fault, zap_moves_dirty_and_young_to_the_page)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/t", 4 * PAGE, true, FS_TMPFS);
	struct page *page;

	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	rd(t, BASE);
	wr(t, BASE);
	page = page_at(t, BASE);
	ClearPageDirty(page);
	ClearPageReferenced(page);
	ClearPageActive(page);
	m->current = t;
	cr_assert_eq(sys_munmap(t, BASE, 4 * PAGE), 0);
	cr_expect(PageDirty(page));
	cr_expect(PageReferenced(page));
	machine_destroy(m);
}

Test(fault, populate_and_mlock)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	map(t, BASE, 4 * PAGE, PROT_READ_EMU,
	    MAP_PRIVATE_EMU | MAP_POPULATE_EMU, NULL);
	cr_expect_eq(get_mm_rss(t->mm), 0, "zero pages only");
	cr_expect_eq(pte_flags(t, BASE + 3 * PAGE), 0x225);
	map(t, BASE + 0x10000, 4 * PAGE, RW, MAP_PRIVATE_EMU | MAP_POPULATE_EMU,
	    NULL);
	cr_expect_eq(get_mm_rss(t->mm), 4);
	cr_expect_eq(pte_flags(t, BASE + 0x10000), 0x67);
	cr_expect_eq(t->min_flt, 8);
	m->current = t;
	cr_assert_eq(sys_mlock(t, BASE + 0x10000, 4 * PAGE), 0);
	cr_expect_eq(stat_of(m, NR_MLOCK), 4);
	cr_expect_eq(t->min_flt, 8, "they were there");
	check_machine(m);
	cr_assert_eq(sys_munmap(t, BASE + 0x10000, 4 * PAGE), 0);
	cr_expect_eq(stat_of(m, NR_MLOCK), 0);
	check_and_destroy(m);
}

Test(fault, copy_to_user_mm)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 2);
	m->current = t;
	cr_assert_eq(copy_to_user_mm(t, t->mm, BASE + PAGE - 3, "bridge", 6),
		     0);
	cr_expect_eq(t->min_flt, 2);
	cr_expect(holds(t, BASE + PAGE - 3, "bridge"));
	cr_expect_eq(copy_to_user_mm(t, t->mm, BASE + 2 * PAGE - 1, "no", 2),
		     -EFAULT);
	check_and_destroy(m);
}

Test(fault, truncation_takes_copies_too)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/t", 8 * PAGE, true, FS_TMPFS);
	struct address_space *mapping = &file->f_inode->i_data;

	map(t, BASE, 8 * PAGE, RW, MAP_PRIVATE_EMU, file);
	touch(t, BASE, 8, ACCESS_READ, 0);
	touch(t, BASE, 4, ACCESS_WRITE, 0);
	unmap_mapping_range(mapping, 2, 5, false);
	cr_expect_eq(get_mm_counter(t->mm, MM_ANONPAGES), 4, "copies stay");
	cr_expect_eq(get_mm_counter(t->mm, MM_FILEPAGES), 2);
	unmap_mapping_range(mapping, 2, 5, true);
	cr_expect_eq(get_mm_counter(t->mm, MM_ANONPAGES), 2);
	check_machine(m);
	fput(m, file);
	machine_destroy(m);
}

/* Somebody else was faster, or a CPU wants A and D set for it: no page is
 * made, and no error is told. */
Test(fault, what_is_mapped_already_becomes_young_and_dirty)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct vm_area_struct *vma;
	ptep_t at;

	map_private(t, BASE, 1);
	wr(t, BASE);
	vma = find_vma(t->mm, BASE);
	at = pte_offset(t->mm, BASE);
	set_pte_at(t->mm, BASE, at,
		   __pte(pte_value(t, BASE) & ~(uint64_t)0x60));
	cr_expect_eq(handle_mm_fault(t->mm, vma, BASE, 0), 0);
	cr_expect_eq(pte_flags(t, BASE), 0x27);
	cr_expect_eq(handle_mm_fault(t->mm, vma, BASE, FAULT_FLAG_WRITE), 0);
	cr_expect_eq(pte_flags(t, BASE), 0x67);
	cr_expect_eq(m->stats.faults[FAULT_SPURIOUS], 2);
	cr_expect_eq(get_mm_rss(t->mm), 1);
	check_and_destroy(m);
}

/* mprotect looks at what is there, in whatever table. */
Test(fault, change_protection_counts_present_pages)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct vm_area_struct *vma;
	vaddr_t start = BASE + 0x400000 - 8 * PAGE, end = start + 16 * PAGE;

	map_private(t, start, 16);
	touch(t, start + 2 * PAGE, 3, ACCESS_WRITE, 0);
	touch(t, start + 10 * PAGE, 2, ACCESS_READ, 0);
	vma = find_vma(t->mm, start);
	cr_expect_eq(change_protection(vma, start, end, vma->vm_page_prot,
				       false), 5);
	cr_expect_eq(change_protection(vma, start + 3 * PAGE, end,
				       vma->vm_page_prot, false), 4);
	cr_expect_eq(change_protection(vma, start + 5 * PAGE,
				       start + 10 * PAGE, vma->vm_page_prot,
				       false), 0);
	check_and_destroy(m);
}

/* PAE: the same entries, wider; an area that is not executable has NX. */
Test(fault, pae_entries)
{
	struct machine *m = boot("x86-pae");
	struct task_struct *t = spawn(m, 100), *child;

	map_private(t, BASE, 4);
	rd(t, BASE);
	wr(t, BASE + PAGE);
	cr_expect_eq(pte_flags(t, BASE), 0x225);
	cr_expect_eq(pte_flags(t, BASE + PAGE), 0x67);
	cr_expect_eq(pte_value(t, BASE) >> 63, 1);
	child = fork_task(t, 101);
	cr_expect_eq(pte_flags(child, BASE + PAGE), 0x45);
	cr_expect_eq(wr(child, BASE + PAGE), 1);
	check_and_destroy(m);
}
