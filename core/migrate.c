/*
 * migrate.c - moving a page to another frame, under its users' feet.
 *
 * A movable page is one that is only reached through page tables and the page
 * cache: all of these can be found (rmap, the file's tree) and rewritten.
 *
 *   before             unmapped                moved              after
 *   A: rw D A ─► p     A: [write, p]           A: [write, p]      A: rw ─► q
 *   B: r-   A ─► p     B: [read, p]            B: [read, p]       B: r- ─► q
 *   cache i ──► p      cache i ──► p           cache i ──► q      cache i ─► q
 *                                              bytes p = q        p is free
 *
 *  1. try_to_unmap(): each entry becomes a migration entry, a swap entry of one
 *     of the two highest types with the frame's number for an offset. Who
 *     touched such a page meanwhile would wait; here nobody runs meanwhile.
 *     D goes to the page's flag, A is forgotten.
 *  2. migrate_page_move_mapping(): the file's tree gets the new frame. This is
 *     where a page with a reference that no mapping explains is given up
 *     (-EAGAIN): somebody is using the frame.
 *  3. migrate_page_copy(): bytes and flags.
 *  4. remove_migration_ptes(): rmap of the new frame finds the migration
 *     entries. On failure the same walk leads back to the old frame.
 *
 * The counters of a process do not change: a migration entry counts as what it
 * stands for. The old frame, now without an owner, goes the usual way of a page
 * put back on a list: it waits in the pagevec and is freed at the drain.
 *
 * A page of the swap cache has a slot: its entries become swap entries, and the
 * next touch is a minor fault. Entries of remap_file_pages areas have no place
 * that the index tells; they become file entries and fault again.
 *
 * Nothing of this outlives migrate_pages(): no migration entry is left in any
 * table (rmap 5 and 7 would find it), all NR_ISOLATED_* are back at what they
 * were when the caller has put back its list.
 *
 * Linux: mm/migrate.c, mm/rmap.c try_to_unmap() with TTU_MIGRATION.
 */
#include "core/migrate.h"
#include "core/filemap.h"
#include "core/ksm.h"
#include "core/memcontrol.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/swapfile.h"

#include <string.h>

#define MIGRATE_PASSES 10

void acct_isolated(struct machine *m, const struct page *page, int delta)
{
	enum zone_stat_item item = page_is_file_cache(page) ?
						 NR_ISOLATED_FILE :
						 NR_ISOLATED_ANON;

	mod_zone_page_state(page_zone(m, page), item, delta);
}

void putback_movable_pages(struct machine *m, struct page_list *l)
{
	struct page *page;

	while ((page = page_list_first(m, l))) {
		page_list_del(m, l, page);
		acct_isolated(m, page, -1);
		putback_lru_page(m, page);
	}
}

/* ---- 1. out of the page tables ---- */

/* A page of the swap cache is found again by its slot. */
static pte_t swapped_out(struct machine *m, struct mm_struct *mm,
			 const struct page *page)
{
	swp_entry_t entry = page_swp_entry(page);
	int err = swap_duplicate(m, entry);

	mm_assert(!err); /* a slot whose page is cached is in use */
	add_mm_counter(mm, MM_ANONPAGES, -1);
	add_mm_counter(mm, MM_SWAPENTS, 1);
	return swp_entry_to_pte(m->fmt, entry);
}

/* What stands in the table instead; a nonlinear one faults again. */
static pte_t stand_in(struct machine *m, struct vm_area_struct *vma,
		      const struct page *page, pte_t pte)
{
	const struct pg_format *f = m->fmt;

	if (vma->vm_flags & VM_NONLINEAR) {
		add_mm_counter(vma->vm_mm, MM_FILEPAGES, -1);
		return pgoff_to_pte(f, page->index);
	}
	if (PageSwapCache(page))
		return swapped_out(m, vma->vm_mm, page);
	return swp_entry_to_pte(f, make_migration_entry(f, page_to_pfn(m, page),
							pte_write(f, pte)));
}

struct unmap {
	struct machine *m;
	struct page *page;
};

static bool try_to_unmap_one(void *ctx, struct vm_area_struct *vma,
			     vaddr_t address, paddr_t ptep)
{
	struct unmap *u = ctx;
	struct mm_struct *mm = vma->vm_mm;
	pte_t pte = ptep_get_and_clear(mm, address, ptep);

	if (pte_dirty(u->m->fmt, pte))
		set_page_dirty(u->m, u->page);
	set_pte_at(mm, address, ptep, stand_in(u->m, vma, u->page, pte));
	page_remove_rmap(u->m, u->page);
	put_page(u->m, u->page);
	return page_mapped(u->page);
}

static void try_to_unmap_for_migration(struct machine *m, struct page *page)
{
	struct unmap u = {.m = m, .page = page};

	if (page_mapped(page))
		rmap_walk(m, page, try_to_unmap_one, &u);
}

/* ---- 4. and back ---- */

struct remap {
	struct machine *m;
	struct page *new;
	pfn_t old;
};

static bool remove_migration_pte(void *ctx, struct vm_area_struct *vma,
				 vaddr_t address, paddr_t ptep)
{
	struct remap *r = ctx;
	const struct pg_format *f = r->m->fmt;
	struct mm_struct *mm = vma->vm_mm;
	pte_t pte = ptep_get(mm, ptep);
	swp_entry_t entry;

	if (pte_none(pte) || pte_present(f, pte) || pte_file(f, pte))
		return true;
	entry = pte_to_swp_entry(f, pte);
	if (!is_migration_entry(f, entry) || swp_offset(entry) != r->old)
		return true;
	get_page(r->new);
	pte = pte_mkold(f, pfn_pte(f, page_to_pfn(r->m, r->new),
				   vma->vm_page_prot));
	if (is_write_migration_entry(f, entry))
		pte = pte_mkwrite(f, pte);
	set_pte_at(mm, address, ptep, pte);
	if (PageAnon(r->new))
		page_add_anon_rmap(r->new, vma, address, false);
	else
		page_add_file_rmap(r->m, r->new);
	return true;
}

static void remove_migration_ptes(struct machine *m, struct page *old,
				  struct page *new)
{
	struct remap r = {.m = m, .new = new, .old = page_to_pfn(m, old)};

	rmap_walk_places(m, new, remove_migration_pte, &r);
}

/* ---- 2. the page cache and the swap cache ---- */

static void replace_in_swap_cache(struct machine *m, struct page *newpage,
				  struct page *page)
{
	swp_entry_t entry = page_swp_entry(page);

	SetPageSwapCache(newpage);
	newpage->private = page->private;
	radix_tree_replace(&m->swap->area[swp_type(entry)].cache,
			   swap_index(m, entry),
			   (uint64_t)(uintptr_t)newpage);
	ClearPageSwapCache(page);
	page->private = 0;
}

/* References: ours, the cache's, the buffers'; any other is somebody at work. */
static int migrate_page_move_mapping(struct machine *m,
				     struct address_space *mapping,
				     struct page *newpage, struct page *page)
{
	bool swapcache = PageSwapCache(page);

	if (!mapping && !swapcache)
		return page_count(page) == 1 ? 0 : -EAGAIN;
	if (page_count(page) != 2 + PagePrivate(page))
		return -EAGAIN;
	if (swapcache)
		replace_in_swap_cache(m, newpage, page);
	else
		radix_tree_replace(&mapping->page_tree, page->index,
				   (uint64_t)(uintptr_t)newpage);
	get_page(newpage);
	put_page(m, page); /* the cache's */
	dec_zone_page_state(m, page, NR_FILE_PAGES);
	inc_zone_page_state(m, newpage, NR_FILE_PAGES);
	if (PageSwapBacked(page) && !swapcache) {
		dec_zone_page_state(m, page, NR_SHMEM);
		inc_zone_page_state(m, newpage, NR_SHMEM);
	}
	return 0;
}

/* ---- 3. the frame itself ---- */

static void migrate_dirty(struct machine *m, struct page *newpage,
			  struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);

	if (!TestClearPageDirty(page))
		return;
	SetPageDirty(newpage);
	if (!mapping || !mapping->account_dirty)
		return;
	dec_zone_page_state(m, page, NR_FILE_DIRTY);
	inc_zone_page_state(m, newpage, NR_FILE_DIRTY);
	inc_zone_page_state(m, newpage, NR_DIRTIED);
}

static void migrate_buffers(struct machine *m, struct page *newpage,
			    struct page *page)
{
	if (!TestClearPagePrivate(page))
		return;
	SetPagePrivate(newpage);
	newpage->private = page->private;
	page->private = 0;
	get_page(newpage);
	put_page(m, page);
}

void migrate_page_copy(struct machine *m, struct page *newpage,
		       struct page *page)
{
	if (m->contents)
		memcpy(page_contents(m, newpage), page_contents(m, page),
		       PAGE_SIZE(m));
	if (PageReferenced(page))
		SetPageReferenced(newpage);
	if (PageUptodate(page))
		SetPageUptodate(newpage);
	if (TestClearPageActive(page))
		SetPageActive(newpage);
	else if (TestClearPageUnevictable(page))
		SetPageUnevictable(newpage);
	migrate_dirty(m, newpage, page);
	migrate_buffers(m, newpage, page);
}

/* => page is unmapped. 0, or -EAGAIN with newpage as it was. */
static int move_to_new_page(struct machine *m, struct page *newpage,
			    struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);
	int err = migrate_page_move_mapping(m, mapping, newpage, page);

	if (err)
		return err;
	newpage->index = page->index;
	newpage->mapping = page->mapping;
	if (PageSwapBacked(page))
		SetPageSwapBacked(newpage);
	migrate_page_copy(m, newpage, page);
	ksm_migrate_page(m, newpage);
	remove_migration_ptes(m, page, newpage);
	page->mapping = 0;
	return 0;
}

/* ---- one page, all pages ---- */

/* An anonymous page that nobody maps may have lost its anon_vma. */
static int __unmap_and_move(struct machine *m, struct page *newpage,
			    struct page *page)
{
	int mapped = page_mapcount(page), err = -EAGAIN;
	struct mem_cgroup *memcg;

	if (!PageSwapCache(page) && PageAnon(page) && !mapped)
		return -EAGAIN;
	if (!PageSwapCache(page) && !page->mapping)
		return -EAGAIN; /* left its file; unmapping will free it */
	memcg = mem_cgroup_prepare_migration(m, page, newpage);
	try_to_unmap_for_migration(m, page);
	if (!page_mapped(page))
		err = move_to_new_page(m, newpage, page);
	if (err)
		remove_migration_ptes(m, page, page);
	mem_cgroup_end_migration(m, memcg, page, newpage, !err);
	observe(m, MIGRATE, page_to_pfn(m, page), page_to_pfn(m, newpage),
		(uint64_t)mapped, err ? 0 : 1);
	return err;
}

/* Both frames end on an LRU list, or are freed there, if nobody has them. */
static int unmap_and_move(struct machine *m, struct page_list *from,
			  struct page *page, new_page_fn get_new_page,
			  void *ctx)
{
	story(m, page_to_pfn(m, page));
	struct page *newpage = get_new_page(m, page, ctx);
	int err = 0;

	if (!newpage)
		return -ENOMEM;
	if (page_count(page) > 1) /* else it was freed since it was isolated */
		err = __unmap_and_move(m, newpage, page);
	if (err != -EAGAIN) {
		page_list_del(m, from, page);
		acct_isolated(m, page, -1);
		putback_lru_page(m, page);
	}
	putback_lru_page(m, newpage);
	return err;
}

/* One look at each page that is still on the list. */
static int migrate_pass(struct machine *m, struct page_list *from,
			new_page_fn get_new_page, void *ctx, unsigned *moved,
			unsigned *failed)
{
	struct page *page = page_list_first(m, from), *next;
	int retry = 0, err;

	for (; page; page = next) {
		next = page->lru_next ? pfn_to_page(m, page->lru_next) : NULL;
		err = unmap_and_move(m, from, page, get_new_page, ctx);
		if (err == -ENOMEM)
			return err;
		retry += err == -EAGAIN;
		*moved += !err;
		*failed += err && err != -EAGAIN;
	}
	return retry;
}

/*
 * Everything is synchronous, so a page that is busy once stays so within this
 * call; it is tried again all the same, as each try takes and frees a frame.
 */
int migrate_pages(struct machine *m, struct page_list *from,
		  new_page_fn get_new_page, void *ctx)
{
	unsigned moved = 0, failed = 0;
	int retry = 1;
	story(m, from->nr);

	for (unsigned pass = 0; pass < MIGRATE_PASSES && retry > 0; pass++)
		retry = migrate_pass(m, from, get_new_page, ctx, &moved,
				     &failed);
	count_vm_events(m, PGMIGRATE_SUCCESS, moved);
	count_vm_events(m, PGMIGRATE_FAIL, failed);
	return retry < 0 ? retry : (int)failed + retry;
}
