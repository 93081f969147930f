/*
 * swap_state.c - the swap cache: frames that have a slot, by slot.
 *
 *   out   add_to_swap() ─► try_to_unmap() ─► swap_writepage() ─► frame freed
 *           slot taken       entries name      bytes to disk
 *           in the cache     the slot
 *   in    swapin_readahead() ─► do_swap_page() maps it ─► first write by its
 *           8 slots read          read-only, still           only owner frees
 *           into the cache        in the cache                the slot
 *
 * While a frame is in the cache, all who fault on its slot find the same frame,
 * so a page shared after fork stays shared; and as long as nobody writes to it,
 * it can be dropped again without writing.
 *
 * A slot is read together with its aligned neighbours, 8 in all (page_cluster
 * 3; 4 where RAM is below 16 MiB), as far as they are in use. The kernel takes a
 * frame before it asks whether a slot is in use; so does this, since it shows
 * in pgalloc and in the order of the per-CPU lists.
 *
 * The disk answers at once: a frame is never found under write-back.
 *
 * Linux: mm/swap_state.c, mm/page_io.c.
 */
#include "core/page_alloc.h"
#include "core/swapfile.h"

#include <string.h>

#define SWAP_GFP GFP_HIGHUSER_MOVABLE

static struct swap_area *area_of(const struct machine *m, swp_entry_t entry)
{
	return &m->swap->area[swp_type(entry)];
}

uint64_t total_swapcache_pages(const struct machine *m)
{
	uint64_t nr = 0;

	for (unsigned i = 0; m->swap && i < m->swap->nr_swapfiles; i++)
		nr += m->swap->area[i].nrpages;
	return nr;
}

/* ---- in and out of the tree ---- */

int add_to_swap_cache(struct machine *m, struct page *page, swp_entry_t entry)
{
	struct swap_area *a = area_of(m, entry);
	int err;

	get_page(page);
	SetPageSwapCache(page);
	page->private = swp_pack(entry);
	err = radix_tree_insert(m, &a->cache, swap_index(m, entry),
				(uint64_t)(uintptr_t)page);
	if (err) {
		page->private = 0;
		ClearPageSwapCache(page);
		put_page(m, page);
		return err;
	}
	a->nrpages++;
	m->swap->add_total++;
	inc_zone_page_state(m, page, NR_FILE_PAGES);
	return 0;
}

bool add_to_swap(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page));
	swp_entry_t entry = get_swap_page(m);

	if (!entry.val)
		return false;
	if (add_to_swap_cache(m, page, entry)) {
		swapcache_free(m, entry, NULL);
		return false;
	}
	SetPageDirty(page);
	return true;
}

void __delete_from_swap_cache(struct machine *m, struct page *page)
{
	swp_entry_t entry = page_swp_entry(page);
	struct swap_area *a = area_of(m, entry);

	mm_assert(PageSwapCache(page));
	radix_tree_delete(m, &a->cache, swap_index(m, entry));
	page->private = 0;
	ClearPageSwapCache(page);
	a->nrpages--;
	m->swap->del_total++;
	dec_zone_page_state(m, page, NR_FILE_PAGES);
}

void delete_from_swap_cache(struct machine *m, struct page *page)
{
	swp_entry_t entry = page_swp_entry(page);
	story(m, page_to_pfn(m, page));

	__delete_from_swap_cache(m, page);
	swapcache_free(m, entry, page);
	put_page(m, page);
}

void free_swap_cache(struct machine *m, struct page *page)
{
	if (PageSwapCache(page) && !page_mapped(page))
		try_to_free_swap(m, page);
}

struct page *find_get_swap_page(struct machine *m, swp_entry_t entry)
{
	uint64_t item = radix_tree_lookup(&area_of(m, entry)->cache,
					  swap_index(m, entry));
	struct page *page = (struct page *)(uintptr_t)item;

	if (page)
		get_page(page);
	return page;
}

struct page *lookup_swap_cache(struct machine *m, swp_entry_t entry)
{
	struct page *page = find_get_swap_page(m, entry);
	story(m, swp_type(entry), swp_offset(entry));

	m->swap->find_total++;
	observe(m, SWAP_LOOKUP, swp_offset(entry), page != NULL,
		page ? page_to_pfn(m, page) : 0, 0);
	if (page)
		m->swap->find_success++;
	return page;
}

/* ---- input and output ---- */

static uint8_t *slot_bytes(const struct machine *m, const struct page *page)
{
	swp_entry_t entry = page_swp_entry(page);

	return area_of(m, entry)->disk + (swp_offset(entry) << m->page_shift);
}

static void swap_readpage(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page));

	count_vm_event(m, PSWPIN);
	count_vm_events(m, PGPGIN, m->page_size >> 10);
	if (m->contents)
		memcpy(page_contents(m, page), slot_bytes(m, page),
		       m->page_size);
	SetPageUptodate(page);
	observe(m, SWAP_IN, page_to_pfn(m, page),
		swp_type(page_swp_entry(page)),
		swp_offset(page_swp_entry(page)), 0);
}

/* Write-back ends before this returns: no queue, no interrupt. */
void swap_writepage(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page));

	if (try_to_free_swap(m, page))
		return; /* nobody wants the bytes */
	count_vm_event(m, PSWPOUT);
	count_vm_events(m, PGPGOUT, m->page_size >> 10);
	inc_zone_page_state(m, page, NR_WRITTEN);
	if (m->contents)
		memcpy(slot_bytes(m, page), page_contents(m, page),
		       m->page_size);
	observe(m, SWAP_OUT, page_to_pfn(m, page),
		swp_type(page_swp_entry(page)),
		swp_offset(page_swp_entry(page)), 0);
}

/* ---- reading in ---- */

/* A new frame for a slot that is in use. -EEXIST: somebody was faster. */
static int swap_cache_new(struct machine *m, struct page *page,
			  swp_entry_t entry)
{
	int err = radix_tree_preload(m, SWAP_GFP & GFP_KERNEL);

	if (!err)
		err = swapcache_prepare(m, entry);
	if (err)
		return err;
	SetPageSwapBacked(page);
	err = add_to_swap_cache(m, page, entry);
	if (err) {
		ClearPageSwapBacked(page);
		swapcache_free(m, entry, NULL);
		return err;
	}
	lru_cache_add(m, page);
	swap_readpage(m, page);
	return 0;
}

struct page *read_swap_cache_async(struct machine *m, swp_entry_t entry)
{
	struct page *page, *new_page = NULL;
	int err = 0;
	story(m, swp_type(entry), swp_offset(entry));

	while (!(page = find_get_swap_page(m, entry)) && err != -ENOMEM) {
		if (!new_page)
			new_page = alloc_page(m, SWAP_GFP);
		if (!new_page)
			return NULL;
		err = swap_cache_new(m, new_page, entry);
		if (!err)
			return new_page;
		if (err == -ENOENT)
			break;
	}
	if (new_page)
		put_page(m, new_page);
	return page;
}

/* Linux: swap_setup() */
static unsigned page_cluster(const struct machine *m)
{
	return totalram_pages(m) >> (20 - m->page_shift) < 16 ? 2 : 3;
}

struct page *swapin_readahead(struct machine *m, swp_entry_t entry)
{
	uint64_t mask = ((uint64_t)1 << page_cluster(m)) - 1;
	uint64_t offset = swp_offset(entry) & ~mask;
	uint64_t last = swp_offset(entry) | mask;
	struct page *page;
	story(m, swp_type(entry), swp_offset(entry));

	if (!offset) /* the header */
		offset++;
	for (; offset <= last; offset++) {
		page = read_swap_cache_async(
			m, swp_entry(swp_type(entry), offset));
		if (page)
			put_page(m, page);
	}
	lru_add_drain(m);
	return read_swap_cache_async(m, entry);
}
