/*
 * file_read.c - reading a file as read(2) and the kernel itself do.
 *
 * Pages come into the cache with the reader's window of read-ahead and are
 * marked accessed; nothing is mapped and no fault is counted. exec reads a
 * program's headers this way.
 *
 * Linux: mm/filemap.c do_generic_file_read(), mm/shmem.c
 * do_shmem_file_read().
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/swap.h"

/* The page at index of [index, last), with a reference; NULL: -ENOMEM. */
static struct page *read_cache_page(struct machine *m, struct file *file,
				    uint64_t index, uint64_t last)
{
	struct address_space *mapping = &file->f_inode->i_data;
	struct page *page = find_get_page(mapping, index);

	if (!page) {
		page_cache_sync_readahead(m, file, index, last - index);
		page = find_get_page(mapping, index);
	}
	while (!page) {
		if (page_cache_read(m, mapping, index))
			return NULL;
		page = find_get_page(mapping, index);
	}
	if (PageReadahead(page))
		page_cache_async_readahead(m, file, page, index, last - index);
	return page;
}

/* Reading on inside a page does not make it accessed again. */
static void generic_read_page(struct machine *m, struct file *file,
			      struct page *page, uint64_t pos, uint64_t end)
{
	uint64_t next = (page->index + 1) << m->page_shift;

	if ((uint64_t)(file->ra_prev_pos >> m->page_shift) != page->index ||
	    (uint64_t)file->ra_prev_pos != pos)
		mark_page_accessed(m, page);
	/* a page read to its end: its start, so the next page is "one on" */
	file->ra_prev_pos = (int64_t)(end < next ? end : next - PAGE_SIZE(m));
}

static int64_t do_generic_file_read(struct machine *m, struct file *file,
				    uint64_t pos, uint64_t end)
{
	uint64_t last = (end + PAGE_SIZE(m) - 1) >> m->page_shift;
	uint64_t start = pos;
	struct page *page;

	while (pos < end) {
		page = read_cache_page(m, file, pos >> m->page_shift, last);
		if (!page)
			return -ENOMEM;
		generic_read_page(m, file, page, pos, end);
		put_page(m, page);
		pos = (pos & PAGE_MASK(m)) + PAGE_SIZE(m);
	}
	return (int64_t)(end - start);
}

/* A page that is there or in swap, with a reference; NULL: a hole. */
static struct page *shmem_cached_page(struct machine *m, struct inode *inode,
				      uint64_t index)
{
	struct page *page = NULL;

	if (radix_tree_lookup(&inode->i_data.page_tree, index) &&
	    shmem_getpage(m, inode, index, &page))
		return NULL;
	return page;
}

/* A hole of a tmpfs file reads as zeros and gets no page. */
static int64_t do_shmem_file_read(struct machine *m, struct file *file,
				  uint64_t pos, uint64_t end)
{
	uint64_t start = pos;
	struct page *page;

	while (pos < end) {
		page = shmem_cached_page(m, file->f_inode,
					 pos >> m->page_shift);
		if (page && !(pos & ~PAGE_MASK(m)))
			mark_page_accessed(m, page);
		if (page)
			put_page(m, page);
		pos = (pos & PAGE_MASK(m)) + PAGE_SIZE(m);
	}
	return (int64_t)(end - start);
}

int64_t generic_file_read(struct machine *m, struct file *file, uint64_t pos,
			  uint64_t len)
{
	const struct inode *inode = file->f_inode;
	uint64_t end = pos + len < inode->i_size ? pos + len : inode->i_size;

	if (pos >= inode->i_size)
		return 0;
	return inode->fs == FS_TMPFS ? do_shmem_file_read(m, file, pos, end)
				     : do_generic_file_read(m, file, pos, end);
}
