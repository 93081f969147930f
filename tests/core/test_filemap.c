/*
 * test_filemap.c - the page cache: counts against the measured table of
 * objects, read-ahead windows, write-back, dropping and truncating.
 */
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/task.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.contents = CONTENTS_ON;
	return make_machine(&cfg);
}

static struct inode *declare(struct machine *m, const char *path,
			     uint64_t pages, bool warm, enum fs_kind fs)
{
	return declare_file(m, path, pages * 4096, warm, fs);
}

/* An area that has nothing but what the file paths look at. */
struct area {
	struct mm_struct mm;
	struct vm_area_struct vma;
};

static void area_of(struct area *a, struct machine *m, struct file *file,
		    vm_flags_t flags)
{
	memset(a, 0, sizeof(*a));
	a->mm.m = m;
	a->vma.vm_mm = &a->mm;
	a->vma.vm_file = file;
	a->vma.vm_flags = flags;
	file_mmap(file, &a->vma);
}

/* One fault; the page's reference is dropped again. VM_FAULT_* bits. */
static unsigned touch(struct area *a, uint64_t index)
{
	struct vm_fault vmf = {.pgoff = index};
	unsigned ret = a->vma.vm_ops->fault(&a->vma, &vmf);

	if (!(ret & VM_FAULT_ERROR))
		put_page(a->mm.m, vmf.page);
	return ret;
}

static int64_t used_pages(const struct machine *m)
{
	int64_t nr = global_page_state(m, NR_FREE_PAGES);
	const struct zone *z;

	for_each_zone(z, m)
		nr += z->pageset.count;
	return -nr;
}

/* Cached pages as a line: '.' not there, 'o' there, 'R' with the marker. */
static const char *draw(const struct machine *m, struct inode *inode)
{
	static char line[256];
	uint64_t n = inode_pages(m, inode);

	for (uint64_t i = 0; i < n; i++) {
		const struct page *p = find_page(&inode->i_data, i);

		line[i] = !p ? '.' : PageReadahead(p) ? 'R' : 'o';
	}
	line[n] = 0;
	return line;
}

/* ---- objects ---- */

struct cost {
	const char *event;
	int radix, buffer, filp, dentry, shmem, page_cache;
};

struct counts {
	int64_t radix, buffer, filp, dentry, shmem, page_cache, used, slab;
};

static int64_t live(const struct kmem_cache *c)
{
	return c ? kmem_cache_live(c) : 0;
}

static struct counts count(const struct machine *m)
{
	return (struct counts){
		.radix = live(m->caches.radix_tree_node),
		.buffer = live(m->caches.buffer_head),
		.filp = live(m->caches.filp),
		.dentry = live(m->caches.dentry),
		.shmem = live(m->caches.shmem_inode),
		.page_cache = global_page_state(m, NR_FILE_PAGES),
		.used = used_pages(m),
		.slab = global_page_state(m, NR_SLAB_RECLAIMABLE) +
			global_page_state(m, NR_SLAB_UNRECLAIMABLE),
	};
}

static void expect_cost(const struct machine *m, struct counts *was,
			const struct cost *row)
{
	struct counts now = count(m);

	cr_expect_eq(now.radix - was->radix, row->radix, "%s: radix %+d",
		     row->event, (int)(now.radix - was->radix));
	cr_expect_eq(now.buffer - was->buffer, row->buffer, "%s", row->event);
	cr_expect_eq(now.filp - was->filp, row->filp, "%s", row->event);
	cr_expect_eq(now.dentry - was->dentry, row->dentry, "%s", row->event);
	cr_expect_eq(now.shmem - was->shmem, row->shmem, "%s", row->event);
	cr_expect_eq(now.page_cache - was->page_cache, row->page_cache, "%s",
		     row->event);
	/* frames: the cache's and the slabs', nothing else */
	cr_expect_eq(now.used - was->used - (now.slab - was->slab),
		     row->page_cache, "%s", row->event);
	*was = now;
}

/* The rows of an ext2 file, of shared anonymous memory, of a new file. */
Test(filemap, measured_objects)
{
	struct machine *m = boot();
	struct inode *data = declare(m, "/mnt/data", 200, false, FS_EXT2);
	struct file *f, *shm;
	struct area a;
	struct counts was;
	int err;

	radix_tree_preload(m, GFP_KERNEL); /* someone was here before */
	was = count(m);
	f = file_open(m, data);
	area_of(&a, m, f, VM_RAND_READ);
	expect_cost(m, &was, &(struct cost){.event = "open", .filp = 1});
	touch(&a, 0);
	expect_cost(m, &was, &(struct cost){.event = "0", .page_cache = 1});
	touch(&a, 1);
	expect_cost(m, &was, &(struct cost){.event = "1", .page_cache = 1});
	touch(&a, 63);
	expect_cost(m, &was,
		    &(struct cost){.event = "63", .radix = 1, .page_cache = 1});
	touch(&a, 64);
	expect_cost(m, &was, &(struct cost){.event = "64", .page_cache = 1});
	touch(&a, 128);
	expect_cost(
		m, &was,
		&(struct cost){.event = "128", .radix = 2, .page_cache = 1});
	fput(m, f);
	expect_cost(m, &was, &(struct cost){.event = "close", .filp = -1});
	lru_add_drain(m);
	cr_expect_eq(invalidate_mapping_pages(m, &data->i_data, 0, 1000), 5);
	expect_cost(m, &was,
		    &(struct cost){
			    .event = "dropped", .radix = -4, .page_cache = -5});
	radix_tree_preload(m, GFP_KERNEL);
	was = count(m);
	shm = shmem_file_setup(m, 4 << 20, &err);
	area_of(&a, m, shm, VM_SHARED);
	expect_cost(
		m, &was,
		&(struct cost){
			.event = "shm", .filp = 1, .dentry = 1, .shmem = 1});
	touch(&a, 0);
	expect_cost(m, &was, &(struct cost){.event = "s0", .page_cache = 1});
	touch(&a, 1);
	expect_cost(m, &was, &(struct cost){.event = "s1", .page_cache = 1});
	touch(&a, 64);
	expect_cost(
		m, &was,
		&(struct cost){.event = "s64", .radix = 1, .page_cache = 1});
	fput(m, shm);
	expect_cost(m, &was,
		    &(struct cost){.event = "munmap",
				   .filp = -1,
				   .dentry = -1,
				   .shmem = -1,
				   .radix = -3,
				   .page_cache = -3});
	declare(m, "/mnt/new", 1, true, FS_EXT2);
	expect_cost(m, &was,
		    &(struct cost){.event = "write(2)",
				   .radix = 2,
				   .buffer = 1,
				   .dentry = 1,
				   .page_cache = 1});
	check_and_destroy(m);
}

/* ---- read-ahead ---- */

Test(filemap, read_around_and_the_next_window)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 128, false, FS_EXT2);
	struct file *f = file_open(m, inode);
	struct area a;

	area_of(&a, m, f, 0);
	cr_expect_eq(touch(&a, 40), VM_FAULT_MAJOR);
	cr_expect_str_eq(draw(m, inode),
			 "........................ooooooooooooooooooooooooRooo"
			 "oooo................................................"
			 "........................");
	cr_expect_eq(f->mmap_miss, 1);
	cr_expect_eq(touch(&a, 41), 0);
	cr_expect_eq(f->mmap_miss, 0);
	/* the marker: the window behind, as large as allowed */
	cr_expect_eq(touch(&a, 48), 0);
	cr_expect_eq(f->ra_start, 56);
	cr_expect_eq(f->ra_size, 32);
	cr_expect_eq(f->ra_async_size, 32);
	cr_expect_str_eq(draw(m, inode),
			 "........................ooooooooooooooooooooooooooooo"
			 "oooRooooooooooooooooooooooooooooooo.................."
			 "......................");
	/* at the start of the file the window is not moved */
	cr_expect_eq(touch(&a, 3), VM_FAULT_MAJOR);
	cr_expect_eq(f->ra_start, 0);
	cr_expect_eq(inode->i_data.nrpages, 24 + 64);
	cr_expect_eq(m->vm_event[PGMAJFAULT], 2);
	cr_expect_eq(m->vm_event[PGPGIN], 4 * (24 + 64));
	cr_expect_eq(touch(&a, 128), VM_FAULT_SIGBUS);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

Test(filemap, random_and_sequential)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 200, false, FS_EXT2);
	struct file *f = file_open(m, inode);
	struct area a;

	area_of(&a, m, f, VM_RAND_READ);
	cr_expect_eq(touch(&a, 100), VM_FAULT_MAJOR);
	cr_expect_eq(inode->i_data.nrpages, 1);
	a.vma.vm_flags = VM_SEQ_READ;
	/* from offset 0: the window is its own next one, and both are read */
	cr_expect_eq(touch(&a, 0), VM_FAULT_MAJOR);
	cr_expect_eq(f->ra_start, 0);
	cr_expect_eq(f->ra_size, 64);
	cr_expect_eq(f->ra_async_size, 32);
	cr_expect(PageReadahead(find_page(&inode->i_data, 32)));
	/* a miss elsewhere, no history: just what was asked for */
	cr_expect_eq(touch(&a, 150), VM_FAULT_MAJOR);
	cr_expect_not_null(find_page(&inode->i_data, 181));
	cr_expect_null(find_page(&inode->i_data, 182));
	cr_expect_eq(f->ra_start, 0);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* Small reads one after another: the window doubles as its marker is met. */
Test(filemap, read_ahead_of_read)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 128, false, FS_EXT2);
	struct file *f = file_open(m, inode);
	static const struct {
		uint64_t page, start, size, async;
	} row[] = {
		{0, 0, 4, 3},	 {1, 4, 8, 8},	   {2, 4, 8, 8},
		{4, 12, 16, 16}, {12, 28, 32, 32}, {28, 60, 32, 32},
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		cr_expect_eq(generic_file_read(m, f, row[i].page * 4096, 4096),
			     4096);
		cr_expect_eq(f->ra_start, row[i].start, "row %zu", i);
		cr_expect_eq(f->ra_size, row[i].size, "row %zu: %u", i,
			     f->ra_size);
		cr_expect_eq(f->ra_async_size, row[i].async, "row %zu", i);
	}
	cr_expect_eq(inode->i_data.nrpages, 92);
	/* the same bytes of a page again make it active, reading on does not */
	f->ra_prev_pos = -1;
	generic_file_read(m, f, 50 * 4096, 100);
	cr_expect(PageReferenced(find_page(&inode->i_data, 50)));
	generic_file_read(m, f, 50 * 4096 + 100, 100);
	cr_expect(!PageActive(find_page(&inode->i_data, 50)));
	generic_file_read(m, f, 50 * 4096, 100);
	cr_expect(PageActive(find_page(&inode->i_data, 50)));
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* One byte of a second page makes it a read of two: less is left to come. */
Test(filemap, a_read_counts_the_pages_it_touches)
{
	static const struct {
		uint64_t bytes, async;
	} row[] = {{1, 3}, {4096, 3}, {4097, 2}, {8192, 2}};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct machine *m = boot();
		struct inode *inode = declare(m, "/f", 128, false, FS_EXT2);
		struct file *f = file_open(m, inode);

		generic_file_read(m, f, 0, row[i].bytes);
		cr_expect_eq(f->ra_size, 4);
		cr_expect_eq(f->ra_async_size, row[i].async, "%u bytes",
			     (unsigned)row[i].bytes);
		fput(m, f);
		machine_destroy(m);
	}
}

/* A read in the midst of a file, far from any other: those pages alone. */
Test(filemap, a_lone_read_takes_its_pages)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 1000, false, FS_EXT2);
	struct file *f = file_open(m, inode);

	cr_expect_eq(generic_file_read(m, f, 700 * 4096, 4 * 4096), 4 * 4096);
	cr_expect_eq(inode->i_data.nrpages, 4);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_not_null(find_page(&inode->i_data, 700 + i));
	fput(m, f);
	machine_destroy(m);
}

/* After more than 100 misses that were not made up for: single pages. */
Test(filemap, many_misses_end_read_around)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 40000, false, FS_EXT2);
	struct file *f = file_open(m, inode);
	struct area a;
	uint64_t before;

	area_of(&a, m, f, 0);
	for (uint64_t i = 0; i < 100; i++)
		touch(&a, 100 + i * 200);
	before = inode->i_data.nrpages;
	cr_expect_eq(before, 3200);
	touch(&a, 30000);
	cr_expect_eq(inode->i_data.nrpages, before + 1);
	cr_expect_eq(f->mmap_miss, 101);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

Test(filemap, willneed_reads_it_all)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 700, false, FS_EXT2);
	struct file *f = file_open(m, inode);

	force_page_cache_readahead(m, f, 10, 600);
	cr_expect_eq(inode->i_data.nrpages, 600);
	force_page_cache_readahead(m, f, 0, 4000);
	cr_expect_eq(inode->i_data.nrpages, 700);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* ---- warm, cold, tmpfs ---- */

Test(filemap, warm_pages_are_referenced_clean_and_buffered)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 100, true, FS_EXT2);

	for (uint64_t i = 0; i < 100; i++) {
		const struct page *p = find_page(&inode->i_data, i);

		cr_assert_not_null(p);
		cr_expect(PageReferenced(p) && PageUptodate(p) &&
			  PagePrivate(p) && !PageDirty(p));
	}
	cr_expect_eq(global_page_state(m, NR_FILE_PAGES), 100);
	cr_expect_eq(global_page_state(m, NR_FILE_DIRTY), 0);
	cr_expect_eq(global_page_state(m, NR_DIRTIED), 100);
	cr_expect_eq(global_page_state(m, NR_WRITTEN), 100);
	cr_expect_eq(global_page_state(m, NR_INACTIVE_FILE), 98);
	check_machine(m);
	cr_expect_eq(file_declare(m, "/f", 1, 8, 1, 0, false, FS_EXT2, NULL),
		     -EEXIST);
	machine_destroy(m);
}

Test(filemap, no_file_is_larger_than_its_offsets)
{
	const uint64_t most = (4096ull << 31) - 1;
	struct machine *m = boot();
	struct inode *inode;

	cr_expect_eq(file_declare(m, "/large", most + 1, 8, 1, 0, false,
				  FS_EXT2, NULL), -EFBIG);
	cr_expect_null(inode_lookup(m, "/large"));
	cr_expect_eq(file_declare(m, "/most", most, 8, 1, 0, false, FS_EXT2,
				  &inode), 0);
	cr_expect_eq(inode_pages(m, inode), 1ull << 31);
	machine_destroy(m);
}

Test(filemap, tmpfs_pages_are_shmem_and_charged)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/t", 20, true, FS_TMPFS);
	struct page *p = find_page(&inode->i_data, 3);

	cr_expect(PageSwapBacked(p) && PageDirty(p) && !PagePrivate(p));
	cr_expect_eq(global_page_state(m, NR_SHMEM), 20);
	cr_expect_eq(global_page_state(m, NR_INACTIVE_ANON), 14);
	cr_expect_eq(global_page_state(m, NR_FILE_DIRTY), 0);
	cr_expect_eq(m->vm_committed_as, 20);
	cr_expect_eq(page_contents(m, p)[5], (5 + 3) % 256);
	truncate_inode_pages_range(m, inode, 0, 9);
	cr_expect_eq(m->vm_committed_as, 10);
	cr_expect_eq(global_page_state(m, NR_SHMEM), 10);
	/* a hole reads as zeros ever after */
	cr_assert_eq(shmem_getpage(m, inode, 3, &p), 0);
	cr_expect_eq(page_contents(m, p)[5], 0);
	put_page(m, p);
	check_and_destroy(m);
}

Test(filemap, shared_anonymous_memory_is_charged_whole)
{
	struct machine *m = boot();
	struct file *f;
	int err;

	f = shmem_file_setup(m, 10000, &err);
	cr_expect_eq(m->vm_committed_as, 3);
	fput(m, f);
	cr_expect_eq(m->vm_committed_as, 0);
	f = __shmem_file_setup(m, 10000, VM_NORESERVE, &err);
	cr_expect_eq(m->vm_committed_as, 0);
	fput(m, f);
	cr_expect_null(shmem_file_setup(m, (uint64_t)1 << 40, &err));
	cr_expect_eq(err, -ENOMEM);
	check_and_destroy(m);
}

/* There is nothing to open it with, or no frame for its first page. */
Test(filemap, a_warm_file_without_memory)
{
	for (int opened = 0; opened < 2; opened++) {
		struct machine *m = boot();
		struct inode *inode = declare(m, "/a", 1, false, FS_EXT2);

		if (opened) /* its object is there for the next */
			fput(m, file_open(m, inode));
		while (alloc_page(m, GFP_HIGHUSER | __GFP_NORETRY))
			;
		cr_expect_eq(
			file_declare(m, "/b", 1, 8, 1, 0, false, FS_EXT2, NULL),
			0, "objects of the same slabs");
		cr_expect_eq(
			file_declare(m, "/c", 1, 8, 1, 0, true, FS_EXT2, NULL),
			-ENOMEM);
		machine_destroy(m);
	}
}

/* ---- bytes ---- */

Test(filemap, bytes_go_to_disk_and_come_back)
{
	struct machine *m = boot();
	struct inode *inode;
	struct file *f;
	struct area a;
	struct page *p;

	file_declare(m, "/f", 3 * 4096 + 10, 8, 1, 0, false, FS_EXT2, &inode);
	f = file_open(m, inode);
	area_of(&a, m, f, 0);
	touch(&a, 3);
	p = find_page(&inode->i_data, 3);
	cr_expect_eq(page_contents(m, p)[9], 9 + 3);
	cr_expect_eq(page_contents(m, p)[10], 0);
	page_contents(m, p)[1] = 0xaa;
	page_contents(m, p)[10] = 0xbb; /* behind the end: never written */
	cr_expect_eq(set_page_dirty(m, p), 1);
	cr_expect_eq(set_page_dirty(m, p), 0);
	cr_expect_eq(global_page_state(m, NR_FILE_DIRTY), 1);
	cr_expect_eq(file_disk_byte(m, inode, 3 * 4096 + 1), 1 + 3);
	lru_add_drain(m);
	drop_caches(m, 1);
	cr_expect_eq(inode->i_data.nrpages, 1, "a dirty page stays");
	filemap_fdatawrite(m, &inode->i_data);
	cr_expect_eq(global_page_state(m, NR_FILE_DIRTY), 0);
	cr_expect_eq(page_contents(m, p)[10], 0);
	check_machine(m);
	lru_add_drain(m); /* it waits to be rotated: it was not wanted */
	cr_expect_eq(m->vm_event[PGROTATED], 1);
	drop_caches(m, 1);
	cr_expect_eq(inode->i_data.nrpages, 0);
	touch(&a, 3);
	p = find_page(&inode->i_data, 3);
	cr_expect_eq(page_contents(m, p)[1], 0xaa);
	cr_expect_eq(page_contents(m, p)[2], 2 + 3);
	cr_expect_eq(file_disk_byte(m, inode, 3 * 4096 + 1), 0xaa);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

/* The pagevecs' references save the last 14 pages from the first round. */
Test(filemap, drop_caches_meets_the_pagevec)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 10, true, FS_EXT2);

	drop_caches(m, 1);
	cr_expect_eq(inode->i_data.nrpages, 10);
	check_machine(m);
	drop_caches(m, 1);
	cr_expect_eq(inode->i_data.nrpages, 0);
	cr_expect_eq(m->buffer_pool.nr_used, 0);
	check_and_destroy(m);
}

/* Twice the unused dentries is the most that is scanned, 1024 at a time. */
Test(filemap, drop_caches_2_needs_many_dentries)
{
	struct machine *m = boot();
	char path[32];

	for (unsigned i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/d/%u", i);
		declare(m, path, 0, false, FS_EXT2);
	}
	drop_caches(m, 2);
	cr_expect_eq(live(m->caches.dentry), 500);
	for (unsigned i = 500; i < 600; i++) {
		snprintf(path, sizeof(path), "/d/%u", i);
		declare(m, path, 0, false, FS_EXT2);
	}
	drop_caches(m, 2);
	cr_expect_lt(live(m->caches.dentry), 300);
	check_and_destroy(m);
}

/* Who holds the frame of a page that has left the cache must not take it for
 * one of the file. */
Test(filemap, a_page_out_of_the_cache_has_no_file)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 4, true, FS_EXT2);
	struct page *p = find_get_page(&inode->i_data, 2);

	lru_add_drain(m);
	cr_expect_eq(page_mapping(m, p), &inode->i_data);
	truncate_inode_pages_range(m, inode, 0, 3);
	cr_expect_eq(inode->i_data.nrpages, 0);
	cr_expect_eq(page_count(p), 1);
	cr_expect_null(page_mapping(m, p));
	cr_expect_eq(p->mapping, 0);
	put_page(m, p);
	check_and_destroy(m);
}

Test(filemap, an_index_holds_one_page)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 4, true, FS_EXT2);
	struct page *old = find_page(&inode->i_data, 2);
	struct page *p = alloc_page(m, GFP_HIGHUSER_MOVABLE);

	cr_expect_eq(add_to_page_cache(m, p, &inode->i_data, 2), -EEXIST);
	cr_expect_eq(find_page(&inode->i_data, 2), old);
	cr_expect_eq(inode->i_data.nrpages, 4);
	cr_expect_eq(page_count(p), 1);
	cr_expect_null(page_mapping(m, p));
	__free_pages(m, p, 0);
	check_and_destroy(m);
}

/* ---- LRU ---- */

Test(filemap, counters_lag_by_up_to_14_pages)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 40, false, FS_EXT2);
	struct file *f = file_open(m, inode);
	struct area a;

	area_of(&a, m, f, VM_RAND_READ);
	for (uint64_t i = 0; i < 30; i++) {
		touch(&a, i);
		cr_expect_eq(global_page_state(m, NR_INACTIVE_FILE),
			     (int64_t)(i / 14 * 14), "%d", (int)i);
	}
	lru_add_drain(m);
	cr_expect_eq(global_page_state(m, NR_INACTIVE_FILE), 30);
	check_machine(m);
	fput(m, f);
	machine_destroy(m);
}

Test(filemap, used_twice_is_active)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 20, true, FS_EXT2);
	struct page *old = find_page(&inode->i_data, 0);
	struct page *young = find_page(&inode->i_data, 19);

	mark_page_accessed(m, old);
	cr_expect(PageActive(old) && !PageReferenced(old));
	cr_expect_eq(m->vm_event[PGACTIVATE], 1);
	mark_page_accessed(m, young); /* still in the pagevec */
	cr_expect(PageActive(young) && !PageLRU(young));
	cr_expect_eq(m->vm_event[PGACTIVATE], 1);
	lru_add_drain(m);
	cr_expect_eq(global_page_state(m, NR_ACTIVE_FILE), 2);
	deactivate_page(m, old);
	lru_add_drain(m);
	cr_expect_eq(global_page_state(m, NR_ACTIVE_FILE), 1);
	cr_expect_eq(m->vm_event[PGDEACTIVATE], 1);
	check_and_destroy(m);
}

Test(filemap, mlocked_pages_are_unevictable)
{
	struct machine *m = boot();
	struct inode *inode = declare(m, "/f", 4, true, FS_EXT2);
	struct page *pages[4];

	lru_add_drain(m);
	for (uint64_t i = 0; i < 4; i++)
		mlock_vma_page(m, find_page(&inode->i_data, i));
	cr_expect_eq(global_page_state(m, NR_UNEVICTABLE), 4);
	cr_expect_eq(global_page_state(m, NR_MLOCK), 4);
	cr_expect_eq(m->vm_event[UNEVICTABLE_PGCULLED], 4);
	check_machine(m);
	for (uint64_t i = 0; i < 4; i++)
		pages[i] = find_get_page(&inode->i_data, i);
	__munlock_pagevec(m, pages, 4);
	cr_expect_eq(global_page_state(m, NR_UNEVICTABLE), 0);
	cr_expect_eq(global_page_state(m, NR_INACTIVE_FILE), 4);
	cr_expect_eq(global_page_state(m, NR_MLOCK), 0);
	cr_expect_eq(m->vm_event[UNEVICTABLE_PGRESCUED], 4);
	cr_expect_eq(m->vm_event[UNEVICTABLE_PGMUNLOCKED], 4);
	check_and_destroy(m);
}
