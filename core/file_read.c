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

/* A hole of a tmpfs file reads as zeros and gets no page. */
static struct page *read_shmem_page(struct file *file, uint64_t index)
{
	return find_get_page(&file->f_inode->i_data, index);
}

int64_t generic_file_read(struct machine *m, struct file *file, uint64_t pos,
			  uint64_t len)
{
	struct inode *inode = file->f_inode;
	uint64_t end = pos + len < inode->i_size ? pos + len : inode->i_size;
	uint64_t last = (end + PAGE_SIZE(m) - 1) >> m->page_shift;

	if (pos >= inode->i_size)
		return 0;
	for (uint64_t i = pos >> m->page_shift; i < last; i++) {
		struct page *page = inode->fs == FS_TMPFS ?
					    read_shmem_page(file, i) :
					    read_cache_page(m, file, i, last);

		if (page) {
			mark_page_accessed(m, page);
			put_page(m, page);
		} else if (inode->fs != FS_TMPFS) {
			return -ENOMEM;
		}
	}
	return (int64_t)(end - pos);
}
