/*
 * readahead.c - reading more of a file than was asked for.
 *
 * A fault on a page that is not cached reads around it: 32 pages, half of them
 * before the fault, and marks one page so that a reader who gets there starts
 * the next window before he needs it.
 *
 *	fault at 40, window start 40-16, size 32, async 8
 *
 *	24 ...... 40 ...... 48 ...... 55
 *	[  16 before | 16 from it on   ]
 *	                    ^ PG_readahead on start + size - async
 *
 *	fault at 48: the marker is hit: next window 56, twice as large, all of
 *	it ahead (async = size), up to the limit ra_pages
 *
 * madvise random: single pages. madvise sequential: a window from the fault
 * on. A file whose faults keep missing (mmap_miss above 100) gets single pages
 * too, until hits bring the count down.
 *
 * Linux: mm/readahead.c; the mmap side stands in mm/filemap.c.
 */
#include "core/filemap.h"
#include "core/page_alloc.h"

#define MMAP_LOTSAMISS 100u
#define FORCE_CHUNK (2u * 1024 * 1024) /* bytes; willneed reads by these */

/* Not more than half of the memory that is free or can easily be. */
static uint64_t max_sane_readahead(const struct machine *m, uint64_t nr)
{
	int64_t room = global_page_state(m, NR_INACTIVE_FILE) +
		       global_page_state(m, NR_FREE_PAGES);

	return min_t(uint64_t, nr, (uint64_t)room / 2);
}

/* ---- reading ---- */

struct page_pool {
	struct page_list pages; /* by page->index, ascending */
};

static struct page *page_cache_alloc_readahead(struct machine *m)
{
	return alloc_page(m, GFP_HIGHUSER_MOVABLE | __GFP_COLD | __GFP_NORETRY |
				     __GFP_NOWARN);
}

/* First all frames, then all insertions: frames and radix tree nodes come
 * from the allocators in that order. */
static void read_pages(struct machine *m, struct address_space *mapping,
		       struct page_pool *pool)
{
	struct page *page;

	while ((page = page_list_first(m, &pool->pages))) {
		page_list_del(m, &pool->pages, page);
		if (!add_to_page_cache_lru(m, page, mapping, page->index,
					   GFP_KERNEL)) {
			count_vm_events(m, PGPGIN, m->page_size >> 10);
			if (m->contents)
				disk_read_page(m, mapping->host, page->index,
					       page_contents(m, page));
			SetPageUptodate(page);
		}
		put_page(m, page);
	}
}

uint64_t do_page_cache_readahead(struct machine *m,
				 struct address_space *mapping, uint64_t first,
				 uint64_t nr, uint64_t lookahead)
{
	uint64_t end = inode_pages(m, mapping->host), read = 0;
	struct page_pool pool = {{0, 0, 0}};
	struct page *page;
	story(m, first, nr);

	for (uint64_t i = 0; i < nr && first + i < end; i++) {
		if (find_page(mapping, first + i))
			continue;
		page = page_cache_alloc_readahead(m);
		if (!page)
			break;
		page->index = first + i;
		page_list_add_tail(m, &pool.pages, page);
		if (i == nr - lookahead)
			SetPageReadahead(page);
		read++;
	}
	read_pages(m, mapping, &pool);
	return read;
}

void force_page_cache_readahead(struct machine *m, struct file *file,
				uint64_t first, uint64_t nr)
{
	struct address_space *mapping = &file->f_inode->i_data;
	uint64_t chunk;

	if (file->f_inode->fs != FS_EXT2)
		return;
	nr = max_sane_readahead(m, nr);
	while (nr) {
		chunk = min_t(uint64_t, nr, FORCE_CHUNK >> m->page_shift);
		do_page_cache_readahead(m, mapping, first, chunk, 0);
		first += chunk;
		nr -= chunk;
	}
}

/* ---- windows ---- */

static void ra_submit(struct machine *m, struct file *file)
{
	do_page_cache_readahead(m, &file->f_inode->i_data, file->ra_start,
				file->ra_size, file->ra_async_size);
}

static uint64_t get_init_ra_size(uint64_t size, uint64_t max)
{
	uint64_t newsize = (uint64_t)1 << order_of(size);

	if (newsize <= max / 32)
		return newsize * 4;
	if (newsize <= max / 4)
		return newsize * 2;
	return max;
}

static uint64_t get_next_ra_size(const struct file *file, uint64_t max)
{
	uint64_t cur = file->ra_size;

	return min_t(uint64_t, cur < max / 16 ? 4 * cur : 2 * cur, max);
}

/* Cached pages right before offset, at most max: the trace of a reader. */
static uint64_t count_history_pages(const struct address_space *mapping,
				    uint64_t offset, uint64_t max)
{
	uint64_t nr = 0;

	while (nr < max && nr < offset && find_page(mapping, offset - 1 - nr))
		nr++;
	return nr;
}

static bool try_context_readahead(struct file *file, uint64_t offset,
				  uint64_t req_size, uint64_t max)
{
	uint64_t size =
		count_history_pages(&file->f_inode->i_data, offset, max);

	if (size <= req_size)
		return false;
	if (size >= offset) /* back to the start: a long run */
		size *= 2;
	file->ra_start = offset;
	file->ra_size = (uint32_t)min_t(uint64_t, size + req_size, max);
	file->ra_async_size = 1;
	return true;
}

/*
 * Does a miss at offset go on where read(2) ended? 32-bit kernels compare
 * signed numbers here, so reading backwards looks sequential to them.
 */
static bool sequential_miss(const struct machine *m, const struct file *file,
			    uint64_t offset)
{
	int64_t ahead = (int64_t)offset - (file->ra_prev_pos >> m->page_shift);

	return ahead <= 1 && (ahead >= 0 || m->fmt->va_bits <= 32);
}

/* First offset from `from` on that is not cached, at most max pages away. */
static uint64_t next_hole(const struct address_space *mapping, uint64_t from,
			  uint64_t max)
{
	uint64_t i;

	for (i = 0; i < max; i++)
		if (!find_page(mapping, from + i))
			break;
	return from + i;
}

/*
 * Choose the window; false: none is to be read. The cases, in order: start of
 * the file; where the last window said it would go on; a marker without that
 * window; a large request or one that goes on; cached history; a single
 * random read.
 */
static bool ra_choose_window(struct machine *m, struct file *file, bool marker,
			     uint64_t offset, uint64_t req_size, uint64_t max)
{
	uint64_t expect = file->ra_start + file->ra_size, start;

	if (offset &&
	    (offset == expect - file->ra_async_size || offset == expect)) {
		file->ra_start = expect;
		file->ra_size = (uint32_t)get_next_ra_size(file, max);
		file->ra_async_size = file->ra_size;
		return true;
	}
	if (offset && marker) {
		start = next_hole(&file->f_inode->i_data, offset + 1, max);
		if (start - offset > max)
			return false;
		file->ra_start = start;
		file->ra_size = (uint32_t)(start - offset + req_size);
		file->ra_size = (uint32_t)get_next_ra_size(file, max);
		file->ra_async_size = file->ra_size;
		return true;
	}
	if (offset && req_size <= max && !sequential_miss(m, file, offset)) {
		if (try_context_readahead(file, offset, req_size, max))
			return true;
		do_page_cache_readahead(m, &file->f_inode->i_data, offset,
					req_size, 0);
		return false;
	}
	file->ra_start = offset;
	file->ra_size = (uint32_t)get_init_ra_size(req_size, max);
	file->ra_async_size = file->ra_size > req_size
				      ? file->ra_size - (uint32_t)req_size
				      : file->ra_size;
	return true;
}

static void ondemand_readahead(struct machine *m, struct file *file,
			       bool marker, uint64_t offset, uint64_t req_size)
{
	uint64_t max = max_sane_readahead(m, file->f_inode->i_data.ra_pages);

	if (!ra_choose_window(m, file, marker, offset, req_size, max))
		return;
	/* A window that would hit its own marker: take the next one along. */
	if (offset == file->ra_start && file->ra_size == file->ra_async_size) {
		file->ra_async_size = (uint32_t)get_next_ra_size(file, max);
		file->ra_size += file->ra_async_size;
	}
	ra_submit(m, file);
}

/* ---- read(2) ---- */

void page_cache_sync_readahead(struct machine *m, struct file *file,
			       uint64_t offset, uint64_t req_size)
{
	if (file->f_inode->i_data.ra_pages)
		ondemand_readahead(m, file, false, offset, req_size);
}

void page_cache_async_readahead(struct machine *m, struct file *file,
				struct page *page, uint64_t offset,
				uint64_t req_size)
{
	if (!file->f_inode->i_data.ra_pages || PageWriteback(page))
		return;
	ClearPageReadahead(page);
	ondemand_readahead(m, file, true, offset, req_size);
}

/* ---- faults ---- */

void do_sync_mmap_readahead(struct vm_area_struct *vma, struct file *file,
			    uint64_t offset)
{
	struct machine *m = vma->vm_mm->m;
	uint64_t ra_pages = file->f_inode->i_data.ra_pages;
	story(vma->vm_mm->m, offset);

	if ((vma->vm_flags & VM_RAND_READ) || !ra_pages)
		return;
	if (vma->vm_flags & VM_SEQ_READ) {
		ondemand_readahead(m, file, false, offset, ra_pages);
		return;
	}
	if (file->mmap_miss < MMAP_LOTSAMISS * 10)
		file->mmap_miss++;
	if (file->mmap_miss > MMAP_LOTSAMISS)
		return;
	ra_pages = max_sane_readahead(m, ra_pages);
	file->ra_start = offset > ra_pages / 2 ? offset - ra_pages / 2 : 0;
	file->ra_size = (uint32_t)ra_pages;
	file->ra_async_size = (uint32_t)ra_pages / 4;
	ra_submit(m, file);
}

void do_async_mmap_readahead(struct vm_area_struct *vma, struct file *file,
			     struct page *page, uint64_t offset)
{
	uint64_t ra_pages = file->f_inode->i_data.ra_pages;

	if (vma->vm_flags & VM_RAND_READ)
		return;
	if (file->mmap_miss > 0)
		file->mmap_miss--;
	if (!PageReadahead(page) || !ra_pages || PageWriteback(page))
		return;
	ClearPageReadahead(page);
	ondemand_readahead(vma->vm_mm->m, file, true, offset, ra_pages);
}
