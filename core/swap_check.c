/*
 * swap_check.c - do page tables, slots and the swap cache agree?
 *
 * The invariants stand in the head of swapfile.c. One pass over the page tables
 * and the trees of shared memory counts who names which slot; it is made only
 * while slots are in use, or entries are counted.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/swapfile.h"

typedef unsigned long long ull;

struct swap_checker {
	const struct machine *m;
	struct checker *c;
	uint32_t *seen[MAX_SWAPFILES]; /* by slot: who names it */
};

static void count_user(struct swap_checker *k, swp_entry_t entry, uint32_t n)
{
	const struct swap_info *s = k->m->swap;

	if (swp_type(entry) < s->nr_swapfiles &&
	    s->area[swp_type(entry)].used &&
	    swp_offset(entry) < s->area[swp_type(entry)].max)
		k->seen[swp_type(entry)][swp_offset(entry)] += n;
	else
		check_broken(k->c, "swap 1: an entry names slot %llu of area %u",
			     (ull)swp_offset(entry), swp_type(entry));
}

static void count_entry(void *ctx, unsigned depth,
			unsigned index __unused_arg, ptep_t at __unused_arg,
			pte_t entry, vaddr_t va __unused_arg)
{
	struct swap_checker *k = ctx;
	const struct pg_format *f = k->m->fmt;

	if (depth + 1 == f->nr_levels && !pte_present(f, entry) &&
	    !pte_file(f, entry))
		count_user(k, pte_to_swp_entry(f, entry), 1);
}

static void count_shmem(struct swap_checker *k, const struct inode *inode)
{
	uint64_t index = 0, item;

	if (!inode->swapped)
		return;
	while ((item = radix_tree_next(&inode->i_data.page_tree, &index))) {
		if (radix_is_swap(item))
			count_user(k, radix_to_swp_entry(item),
				   SWAP_MAP_SHMEM);
		index++;
	}
}

static void count_users(struct swap_checker *k)
{
	const struct inode *inode;
	struct mm_struct *mm;

	list_for_each_entry(mm, &k->m->mm_list, mmlist)
		if (mm->pgd && get_mm_counter(mm, MM_SWAPENTS))
			walk_tables(mm, count_entry, k);
	list_for_each_entry(inode, &k->m->inodes, list)
		count_shmem(k, inode);
}

static void check_slot(struct swap_checker *k, unsigned type, uint32_t s)
{
	const struct swap_area *a = &k->m->swap->area[type];
	uint32_t count = a->swap_map[s] & ~SWAP_HAS_CACHE;
	const struct page *page = (const struct page *)(uintptr_t)
		radix_tree_lookup(&a->cache, swap_index(k->m,
							swp_entry(type, s)));

	CHECK(k->c, count == k->seen[type][s],
	      "swap 1: slot %u of area %u has count 0x%x, 0x%x name it", s,
	      type, count, k->seen[type][s]);
	CHECK(k->c, !page == !(a->swap_map[s] & SWAP_HAS_CACHE),
	      "swap 2: slot %u of area %u: 0x%x, but it is%s cached", s, type,
	      a->swap_map[s], page ? "" : " not");
	CHECK(k->c,
	      !page || (PageSwapCache(page) && PageUptodate(page) &&
			page->private == swp_pack(swp_entry(type, s)) &&
			page_count(page) > page_mapcount(page)),
	      "swap 2: the frame of slot %u of area %u does not say so", s,
	      type);
}

static void check_area(struct swap_checker *k, unsigned type)
{
	const struct swap_area *a = &k->m->swap->area[type];
	uint32_t used = 0, cached = 0;

	for (uint32_t s = 1; s < a->max; s++) {
		if (a->swap_map[s] || k->seen[type][s])
			check_slot(k, type, s);
		used += a->swap_map[s] != 0;
		cached += (a->swap_map[s] & SWAP_HAS_CACHE) != 0;
		CHECK(k->c,
		      a->swap_map[s] ||
			      (s >= a->lowest_bit && s <= a->highest_bit),
		      "swap 3: slot %u of area %u is free, outside of %u-%u",
		      s, type, a->lowest_bit, a->highest_bit);
	}
	CHECK(k->c, used == a->inuse_pages,
	      "swap 3: area %u has %u slots in use, inuse_pages %u", type, used,
	      a->inuse_pages);
	CHECK(k->c, cached == a->nrpages,
	      "swap 5: area %u caches %u slots, nrpages %llu", type, cached,
	      (ull)a->nrpages);
	radix_tree_check(&a->cache, k->c);
}

/* From frames to slots. */
static void check_frame(struct swap_checker *k, pfn_t pfn)
{
	const struct page *p = pfn_to_page(k->m, pfn);

	CHECK(k->c,
	      !PageSwapCache(p) ||
		      (swap_slot(k->m, page_swp_entry(p)) & SWAP_HAS_CACHE),
	      "swap 5: pfn %u is in no swap cache", pfn);
}

static void check_frames(struct swap_checker *k)
{
	const struct lruvec *v;
	const struct zone *z;

	for_each_zone(z, k->m)
		for_each_lruvec(v, k->m, z)
			for (int lru = 0; lru < NR_LRU_LISTS; lru++)
				page_list_for_each(pfn, k->m, &v->lru[lru])
					check_frame(k, pfn);
}

void swap_check(const struct machine *m, struct checker *c)
{
	struct swap_checker k = {.m = m, .c = c};
	const struct swap_info *s = m->swap;
	int64_t nr_free = 0, total = 0;

	for (unsigned t = 0; t < s->nr_swapfiles; t++) {
		const struct swap_area *a = &s->area[t];

		if (!a->used)
			continue;
		k.seen[t] = host_reserve(&m->host, a->max * sizeof(uint32_t));
		if (a->writeok) {
			nr_free += a->pages - a->inuse_pages;
			total += a->pages;
		}
	}
	CHECK(c, nr_free == s->nr_swap_pages && total == s->total_swap_pages,
	      "swap 4: %lld slots free of %lld, counted %lld of %lld",
	      (long long)nr_free, (long long)total,
	      (long long)s->nr_swap_pages, (long long)s->total_swap_pages);
	count_users(&k);
	for (unsigned t = 0; t < s->nr_swapfiles; t++)
		if (s->area[t].used)
			check_area(&k, t);
	check_frames(&k);
	for (unsigned t = 0; t < s->nr_swapfiles; t++)
		if (k.seen[t])
			host_release(&m->host, k.seen[t],
				     s->area[t].max * sizeof(uint32_t));
}
