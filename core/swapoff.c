/*
 * swapoff.c - an area is emptied: every page back to where it belongs.
 *
 *   for each slot in use, ascending:
 *     its frame, read in if need be
 *     every entry that names the slot ──► maps the frame (old, read-only)
 *     a page of shared memory          ──► back into its file's tree
 *     out of the swap cache, dirty: it has no slot any more
 *
 * The kernel searches all address spaces for each slot. Here one pass notes who
 * names which slot, and the slots are worked off in the same order; entries
 * that reclaim has made since (it may unmap a page whose slot is still to come)
 * are found by the next pass.
 *
 * Nothing is written, so the pages must fit into memory. If they do not, the OOM
 * killer's first choice is the swapoff program: ENOMEM here, and the area stays
 * with what is left in it.
 *
 * Linux: mm/swapfile.c try_to_unuse(), unuse_pte(); mm/shmem.c shmem_unuse().
 */
#include "core/filemap.h"
#include "core/ksm.h"
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/swapfile.h"

#include <stdlib.h>

/* One entry, in a page table or in the tree of a file. */
struct slot_user {
	uint32_t offset;
	uint32_t order;		/* in which it was met */
	struct mm_struct *mm;	/* NULL: shared memory */
	struct inode *inode;
	uint64_t where;		/* address, or offset in the file */
};

struct user_list {
	struct machine *m;
	struct mm_struct *mm;
	unsigned type;
	struct slot_user *user;
	uint32_t nr, max;
};

/* ---- who names a slot of this area? ---- */

static void note_user(struct user_list *l, struct inode *inode,
		      swp_entry_t entry, uint64_t where)
{
	const struct host_ops *host = &l->m->host;
	uint32_t max = l->max ? 2 * l->max : 256;

	if (swp_type(entry) != l->type)
		return;
	if (l->nr == l->max) {
		l->user = host_realloc(host, l->user,
				       l->max * sizeof(*l->user),
				       max * sizeof(*l->user));
		l->max = max;
	}
	l->user[l->nr] = (struct slot_user){
		.offset = (uint32_t)swp_offset(entry),
		.order = l->nr,
		.mm = inode ? NULL : l->mm,
		.inode = inode,
		.where = where,
	};
	l->nr++;
}

static void note_entry(void *ctx, unsigned depth, unsigned index __unused_arg,
		       ptep_t at __unused_arg, pte_t entry, vaddr_t va)
{
	struct user_list *l = ctx;
	const struct pg_format *f = l->m->fmt;

	if (depth + 1 == f->nr_levels && !pte_present(f, entry) &&
	    !pte_file(f, entry))
		note_user(l, NULL, pte_to_swp_entry(f, entry), va);
}

static void note_inode(struct user_list *l, struct inode *inode)
{
	uint64_t index = 0, item;

	if (!inode->swapped)
		return;
	while ((item = radix_tree_next(&inode->i_data.page_tree, &index))) {
		if (radix_is_swap(item))
			note_user(l, inode, radix_to_swp_entry(item), index);
		index++;
	}
}

static int by_slot(const void *a, const void *b)
{
	const struct slot_user *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void find_users(struct user_list *l)
{
	struct inode *inode;

	l->nr = 0;
	list_for_each_entry(inode, &l->m->inodes, list)
		note_inode(l, inode);
	list_for_each_entry(l->mm, &l->m->mm_list, mmlist)
		if (l->mm->pgd && get_mm_counter(l->mm, MM_SWAPENTS))
			walk_tables(l->mm, note_entry, l);
	if (l->nr)
		qsort(l->user, l->nr, sizeof(*l->user), by_slot);
}

/* ---- one slot ---- */

/* The frame itself, or a copy of a page that was merged, with a reference for
 * the mapping. NULL: no memory. */
static struct page *unuse_page(struct vm_area_struct *vma, vaddr_t addr,
			       struct page *swapcache)
{
	struct page *page = ksm_might_need_to_copy(swapcache, vma, addr);

	if (page == swapcache)
		get_page(page);
	return page;
}

/* The entry may be gone by now. 0 or -ENOMEM. */
static int unuse_pte(struct mm_struct *mm, vaddr_t addr, swp_entry_t entry,
		     struct page *swapcache)
{
	struct machine *m = mm->m;
	struct vm_area_struct *vma = find_vma(mm, addr);
	ptep_t ptep = pte_offset(mm, addr);
	struct mem_cgroup *memcg;
	struct page *page;
	pte_t pte;

	if (!vma || !ptep ||
	    ptep_get(mm, ptep).v != swp_entry_to_pte(m->fmt, entry).v)
		return 0;
	page = unuse_page(vma, addr, swapcache);
	if (!page)
		return -ENOMEM;
	if (mem_cgroup_try_charge_swapin(m, mm, page, GFP_KERNEL, &memcg)) {
		put_page(m, page);
		return -ENOMEM;
	}
	add_mm_counter(mm, MM_SWAPENTS, -1);
	add_mm_counter(mm, MM_ANONPAGES, 1);
	pte = pfn_pte(m->fmt, page_to_pfn(m, page), vma->vm_page_prot);
	set_pte_at(mm, addr, ptep, pte_mkold(m->fmt, pte));
	if (page == swapcache)
		page_add_anon_rmap(page, vma, addr, false);
	else
		page_add_new_anon_rmap(page, vma, addr);
	mem_cgroup_commit_charge_swapin(m, page, memcg);
	swap_free(m, entry);
	activate_page(m, page);
	return 0;
}

/* All users of a slot get its frame. 0 or -ENOMEM. */
static int unuse_slot(struct machine *m, swp_entry_t entry,
		      const struct slot_user *user, uint32_t nr)
{
	struct page *page = read_swap_cache_async(m, entry);
	int err = 0;

	if (!page)
		return swap_slot(m, entry) ? -ENOMEM : 0;
	for (uint32_t i = 0; i < nr && !err; i++) {
		if (user[i].mm)
			err = unuse_pte(user[i].mm, user[i].where, entry, page);
		else
			err = shmem_unuse_page(m, user[i].inode, user[i].where,
					       entry, page);
	}
	if (!err && PageSwapCache(page) && !page_swapcount(m, page))
		delete_from_swap_cache(m, page);
	SetPageDirty(page);
	put_page(m, page);
	return err;
}

/* Slots that no entry names are only cached: unused is their frame's slot. */
static int unuse_pass(struct user_list *l)
{
	struct machine *m = l->m;
	struct swap_area *a = &m->swap->area[l->type];
	uint32_t i = 0, first;
	int err;

	for (uint32_t s = 1; s < a->max && a->inuse_pages; s++) {
		while (i < l->nr && l->user[i].offset < s)
			i++;
		if (!a->swap_map[s])
			continue;
		for (first = i; i < l->nr && l->user[i].offset == s;)
			i++;
		err = unuse_slot(m, swp_entry(l->type, s), l->user + first,
				 i - first);
		if (err)
			return err;
	}
	return 0;
}

int try_to_unuse(struct machine *m, unsigned type)
{
	struct user_list l = {.m = m, .type = type};
	int err = 0;

	m->oom_origin = true;
	while (!err && m->swap->area[type].inuse_pages) {
		find_users(&l);
		err = unuse_pass(&l);
	}
	m->oom_origin = false;
	host_free(&m->host, l.user, l.max * sizeof(*l.user));
	return err;
}
