/*
 * truncate.c - pages leave the cache: dropped if they may, cut off if they must.
 *
 * Dropping is polite: a page that is dirty, mapped, or held by anyone but the
 * cache (a pagevec counts) stays, and gets a hint that nobody wants it.
 * Truncation is not: mappings are torn down, dirt is forgotten.
 *
 * Both take 14 pages at a time, and empty the pagevecs before they free them;
 * so the second 14 may find pages free to go that the first 14 did not.
 *
 * drop_caches 2 asks the shrinkers (shrinker.c) as if all pages of the LRU lists
 * had been scanned. Linux: mm/truncate.c, fs/drop_caches.c.
 */
#include "core/filemap.h"
#include "core/memory.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/vmscan.h"

/* ---- drop ---- */

/* => the caller's reference and the cache's are all there may be */
static bool invalidate_inode_page(struct machine *m, struct page *page)
{
	if (PageDirty(page) || PageWriteback(page) || page_mapped(page))
		return false;
	try_to_free_buffers(m, page);
	if (page_count(page) != 2)
		return false;
	delete_from_page_cache(m, page);
	return true;
}

uint64_t invalidate_mapping_pages(struct machine *m,
				  struct address_space *mapping, uint64_t first,
				  uint64_t last)
{
	struct page *pages[PAGEVEC_SIZE];
	uint64_t index = first, count = 0;
	unsigned nr;

	while (index <= last &&
	       (nr = pagevec_lookup(mapping, index, last, pages))) {
		index = pages[nr - 1]->index + 1;
		for (unsigned i = 0; i < nr; i++) {
			if (invalidate_inode_page(m, pages[i]))
				count++;
			else
				deactivate_page(m, pages[i]);
		}
		pagevec_release(m, pages, nr);
	}
	return count;
}

/* ---- cut off ---- */

static void cancel_dirty_page(struct machine *m, struct address_space *mapping,
			      struct page *page)
{
	if (TestClearPageDirty(page) && mapping->account_dirty)
		dec_zone_page_state(m, page, NR_FILE_DIRTY);
}

static void truncate_inode_page(struct machine *m,
				struct address_space *mapping,
				struct page *page)
{
	if (page_mapped(page))
		unmap_mapping_range(mapping, page->index, page->index, false);
	try_to_free_buffers(m, page);
	cancel_dirty_page(m, mapping, page);
	delete_from_page_cache(m, page);
}

/* The disk of a tmpfs file is its memory: what is cut off is gone. */
static void punch_disk(struct machine *m, struct inode *inode, uint64_t first,
		       uint64_t last)
{
	uint64_t end = inode_pages(m, inode);

	if (inode->fs != FS_TMPFS || inode->shmem_anon)
		return;
	for (uint64_t i = first; i < end && i <= last; i++)
		disk_punch_page(m, inode, i);
}

void truncate_inode_pages_range(struct machine *m, struct inode *inode,
				uint64_t first, uint64_t last)
{
	struct address_space *mapping = &inode->i_data;
	struct page *pages[PAGEVEC_SIZE];
	uint64_t index = first;
	unsigned nr;

	while (index <= last &&
	       (nr = pagevec_lookup(mapping, index, last, pages))) {
		index = pages[nr - 1]->index + 1;
		for (unsigned i = 0; i < nr; i++)
			truncate_inode_page(m, mapping, pages[i]);
		pagevec_release(m, pages, nr);
	}
	shmem_free_swap(m, inode, first, last);
	punch_disk(m, inode, first, last);
	if (inode->fs == FS_TMPFS)
		shmem_recalc_inode(m, inode);
}

/* ---- drop_caches ---- */

#define DROP_SLAB_SCAN 1000u /* pages "scanned", of as many on the LRU */

void drop_caches(struct machine *m, unsigned what)
{
	struct inode *inode;

	if (what & 1)
		list_for_each_entry_reverse(inode, &m->inodes, list)
			if (inode->i_data.nrpages)
				invalidate_mapping_pages(m, &inode->i_data, 0,
							 UINT64_MAX);
	if (what & 2)
		while (shrink_slab(m, GFP_KERNEL, DROP_SLAB_SCAN,
				   DROP_SLAB_SCAN) > 10)
			;
}
