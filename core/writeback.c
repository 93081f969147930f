/*
 * writeback.c - dirty pages, and how they become clean.
 *
 *	write(2), shared write fault ──set_page_dirty()──► PG_dirty, NR_FILE_DIRTY
 *	      ▲                                              │ write_one_page()
 *	      └─ next write faults again ◄─ entries clean ◄──┘ bytes on disk
 *	                                    and read-only
 *
 * page_mkclean() takes D and RW from every shared entry, so that the next store
 * is noticed (do_wp_page) and the page gets dirty again: on file systems that
 * account dirty pages. Memory-backed ones do not: their pages are just marked.
 *
 * Writing is synchronous: a page is under write-back only inside
 * write_one_page(). The last page's bytes behind the end of the file are
 * written as zeros, in memory too.
 *
 * Linux: mm/page-writeback.c, fs/buffer.c, fs/mpage.c.
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swap.h"

#include <string.h>

int set_page_dirty(struct machine *m, struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);

	if (mapping)
		ClearPageReclaim(page); /* the readahead mark, too */
	if (TestSetPageDirty(page))
		return 0;
	if (mapping && mapping->account_dirty) {
		inc_zone_page_state(m, page, NR_FILE_DIRTY);
		inc_zone_page_state(m, page, NR_DIRTIED);
	}
	return 1;
}

/* Was it dirty? Then it no longer is, nor are the entries that map it. */
static bool clear_page_dirty_for_io(struct machine *m, struct page *page)
{
	if (page_mkclean(m, page))
		set_page_dirty(m, page);
	if (!TestClearPageDirty(page))
		return false;
	dec_zone_page_state(m, page, NR_FILE_DIRTY);
	return true;
}

static void end_page_writeback(struct machine *m, struct page *page)
{
	if (TestClearPageReclaim(page))
		rotate_reclaimable_page(m, page);
	ClearPageWriteback(page);
	dec_zone_page_state(m, page, NR_WRITEBACK);
	inc_zone_page_state(m, page, NR_WRITTEN);
}

/* Nothing behind the end of the file reaches the disk. */
static void zero_behind_eof(const struct machine *m, const struct inode *inode,
			    uint64_t index, uint8_t *bytes)
{
	uint64_t start = index << m->page_shift, used = m->page_size;

	if (start + used > inode->i_size)
		used = inode->i_size > start ? inode->i_size - start : 0;
	memset(bytes + used, 0, m->page_size - used);
}

void write_one_page(struct machine *m, struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);
	struct inode *inode = mapping->host;
	uint64_t index = page->index;

	if (!mapping->account_dirty || !clear_page_dirty_for_io(m, page))
		return;
	SetPageWriteback(page);
	inc_zone_page_state(m, page, NR_WRITEBACK);
	observe(m, WRITEBACK, inode->i_ino, index, page_to_pfn(m, page), 0);
	if (m->contents) {
		zero_behind_eof(m, inode, index, page_contents(m, page));
		disk_write_page(m, inode, index, page_contents(m, page));
	}
	count_vm_events(m, PGPGOUT, m->page_size >> 10);
	end_page_writeback(m, page);
}

void filemap_fdatawrite(struct machine *m, struct address_space *mapping)
{
	struct page *page;

	if (!mapping->account_dirty)
		return;
	for (uint64_t index = 0; (page = next_page(mapping, &index)); index++)
		if (PageDirty(page))
			write_one_page(m, page);
}
