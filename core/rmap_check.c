/*
 * rmap_check.c - do frames and areas agree about who maps whom?
 *
 * Invariants (rmap_check tests them under the same numbers)
 *  1. A chain on an area's list names that area and stands in the tree of its
 *     anon_vma; the trees hold no other chains.
 *  2. An area has chains exactly if it has an anon_vma, which is one of theirs;
 *     all of them have one root, and a root is its own root.
 *  3. refcount = (1 if its tree has chains) + (for a root: descendants) + pages
 *     that same-page merging has found in its areas.
 *  4. An area with a file stands in the file's i_mmap, or, if nonlinear, in its
 *     list; the trees hold no other areas.
 *  5. An entry lies in an area, and rmap leads back to it. Anonymous page: the
 *     area has a chain to the page's anon_vma; file page: the area maps that
 *     file; in both, the area's numbering gives the address the page's index.
 *     A merged page is read-only and has a node.
 *  6. page_mapcount = number of entries that map the frame <= page_count.
 *  7. A process's MM_ANONPAGES, MM_FILEPAGES, MM_SWAPENTS = its entries.
 *  8. A zone's NR_ANON_PAGES, NR_FILE_MAPPED = its frames that are mapped.
 *  9. An entry that may be written lies in an area that may be; in a private one
 *     its frame is anonymous and mapped nowhere else (copy on write).
 *
 * That rmap leads back is not tested by walking (a walk from each frame costs
 * frames times forks): 1 and 4 say the trees are complete, and 5 asks the
 * area for the way from its end. So the check is linear in mapped entries:
 * one pass counts them by frame, a second compares and clears.
 */
#include "core/filemap.h"
#include "core/ksm.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"

#include <string.h>

typedef unsigned long long ull;

struct rmap_checker {
	const struct machine *m;
	struct checker *c;
	uint32_t *seen;	  /* by pfn: entries that map it */
	uint32_t *expect; /* by anon_vma id: references it should have */
	uint64_t areas_linear, areas_in_trees;
	uint64_t chains, chains_in_trees;
	uint64_t anon_vmas;
	int64_t anon_mapped[MAX_NR_ZONES], file_mapped[MAX_NR_ZONES];
};

static const struct rb_node *rb_top(const struct rb_node *node)
{
	while (node->parent)
		node = node->parent;
	return node;
}

static uint64_t rb_count(const struct rb_root *root)
{
	uint64_t n = 0;

	for (struct rb_node *rb = rb_first(root); rb; rb = rb_next(rb))
		n++;
	return n;
}

/* ---- 1 to 3: areas, chains, anon_vmas ---- */

static void expect_reference(struct rmap_checker *k, const struct anon_vma *av)
{
	if (!k->expect[av->id]++)
		k->anon_vmas++;
}

/* Those of ksm's items; an anon_vma may have no other any more. */
static void expect_ksm_references(struct rmap_checker *k)
{
	const struct rb_root *stable = &k->m->ksm->stable;

	for (struct rb_node *rb = rb_first(stable); rb; rb = rb_next(rb)) {
		const struct stable_node *node =
			rb_entry(rb, struct stable_node, node);
		const struct rmap_item *item;

		list_for_each_entry(item, &node->items, list) {
			const struct anon_vma *av = item->anon_vma;

			if (!k->expect[av->id] && !av->rb_root.node &&
			    av->root != av)
				expect_reference(k, av->root);
			expect_reference(k, av);
		}
	}
}

/* Once for each tree, at the chain that is its top. */
static void check_tree(struct rmap_checker *k, const struct anon_vma *av)
{
	anon_vma_interval_tree_check(av, k->c);
	k->chains_in_trees += rb_count(&av->rb_root);
	expect_reference(k, av);
	if (av->root != av)
		expect_reference(k, av->root);
	CHECK(k->c, av->root->root == av->root,
	      "rmap 2: the root of anon_vma %u is no root", av->id);
}

static void check_chains(struct rmap_checker *k,
			 const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	bool own = false;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		const struct anon_vma *av = avc->anon_vma;

		k->chains++;
		CHECK(k->c, avc->vma == vma,
		      "rmap 1: a chain of area 0x%llx names another area",
		      (ull)vma->vm_start);
		CHECK(k->c, rb_top(&avc->rb) == av->rb_root.node,
		      "rmap 1: a chain of area 0x%llx is not in anon_vma %u",
		      (ull)vma->vm_start, av->id);
		CHECK(k->c, vma->anon_vma && av->root == vma->anon_vma->root,
		      "rmap 2: chains of area 0x%llx have two roots",
		      (ull)vma->vm_start);
		own |= av == vma->anon_vma;
		if (&avc->rb == av->rb_root.node)
			check_tree(k, av);
	}
	CHECK(k->c, own == (vma->anon_vma != NULL),
	      "rmap 2: area 0x%llx has no chain to its anon_vma",
	      (ull)vma->vm_start);
}

static void check_refcounts(struct rmap_checker *k,
			    const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		const struct anon_vma *pair[] = {avc->anon_vma,
						 avc->anon_vma->root};

		for (unsigned i = 0; i < ARRAY_SIZE(pair); i++) {
			uint32_t *expect = &k->expect[pair[i]->id];

			CHECK(k->c,
			      !*expect || (uint32_t)pair[i]->refcount == *expect,
			      "rmap 3: anon_vma %u has %d references, not %u",
			      pair[i]->id, pair[i]->refcount, *expect);
			*expect = 0; /* told once */
		}
	}
}

/* ---- 4: files ---- */

static bool on_list(const struct list_head *head, const struct list_head *item)
{
	for (const struct list_head *p = head->next; p != head; p = p->next)
		if (p == item)
			return true;
	return false;
}

static void check_i_mmap(struct rmap_checker *k,
			 const struct vm_area_struct *vma)
{
	const struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = &vma->vm_file->f_inode->i_data;
	if (vma->vm_flags & VM_NONLINEAR) {
		CHECK(k->c, on_list(&mapping->i_mmap_nonlinear,
				    &vma->shared.nonlinear),
		      "rmap 4: nonlinear area 0x%llx is not its file's",
		      (ull)vma->vm_start);
		return;
	}
	k->areas_linear++;
	CHECK(k->c, rb_top(&vma->shared.rb) == mapping->i_mmap.node,
	      "rmap 4: area 0x%llx is not in its file's i_mmap",
	      (ull)vma->vm_start);
	if (&vma->shared.rb != mapping->i_mmap.node)
		return;
	vma_interval_tree_check(mapping, k->c);
	k->areas_in_trees += rb_count(&mapping->i_mmap);
}

/* ---- 5 to 9: entries ---- */

struct entries {
	struct rmap_checker *k;
	const struct mm_struct *mm;
	const struct vm_area_struct *vma;    /* the first that ends behind */
	const struct anon_vma_chain *latest; /* of vma, found last */
	int64_t rss[NR_MM_COUNTERS];
};

/* Has the area a chain to this anon_vma? Neighbours mostly have the same. */
static bool has_chain_to(struct entries *e, uint32_t id)
{
	const struct anon_vma_chain *avc;

	if (e->latest && e->latest->vma == e->vma &&
	    e->latest->anon_vma->id == id)
		return true;
	list_for_each_entry(avc, &e->vma->anon_vma_chain, same_vma) {
		if (avc->anon_vma->id != id)
			continue;
		e->latest = avc;
		return true;
	}
	return false;
}

static void check_way_back(struct entries *e, vaddr_t addr,
			   const struct page *page, pte_t pte)
{
	const struct vm_area_struct *vma = e->vma;
	struct checker *c = e->k->c;
	pfn_t pfn = page_to_pfn(e->k->m, page);

	if (PageKsm(page)) {
		CHECK(c,
		      page_stable_node(e->k->m, page) &&
			      !pte_write(e->k->m->fmt, pte),
		      "rmap 5: merged frame %u at 0x%llx is writable or has no "
		      "node",
		      pfn, (ull)addr);
		return;
	}
	if (PageAnon(page)) {
		CHECK(c, has_chain_to(e, page->mapping >> 2),
		      "rmap 5: no way from frame %u back to area 0x%llx", pfn,
		      (ull)vma->vm_start);
	} else if (vma->vm_file) {
		CHECK(c, page->mapping == vma->vm_file->f_inode->id << 2,
		      "rmap 5: frame %u at 0x%llx is of another file", pfn,
		      (ull)addr);
		if (vma->vm_flags & VM_NONLINEAR)
			return;
	} else {
		CHECK(c, vma->vm_ops && !page->mapping,
		      "rmap 5: frame %u at 0x%llx belongs to nothing", pfn,
		      (ull)addr);
		return;
	}
	CHECK(c, page->index == linear_page_index(vma, addr),
	      "rmap 5: frame %u at 0x%llx has index 0x%llx, not 0x%llx", pfn,
	      (ull)addr, (ull)page->index,
	      (ull)linear_page_index(vma, addr));
}

/* 9. */
static void check_writable(struct entries *e, vaddr_t addr,
			   const struct page *page)
{
	vm_flags_t flags = e->vma->vm_flags;

	CHECK(e->k->c,
	      (flags & VM_WRITE) &&
		      (!is_cow_mapping(flags) ||
		       (PageAnon(page) && page_mapcount(page) == 1)),
	      "rmap 9: frame %u may be written at 0x%llx, its mapcount is %d",
	      page_to_pfn(e->k->m, page), (ull)addr, page_mapcount(page));
}

static void count_entry(struct entries *e, vaddr_t addr, pte_t pte)
{
	const struct machine *m = e->k->m;
	const struct page *page;

	if (!pte_present(m->fmt, pte)) {
		if (!pte_file(m->fmt, pte))
			e->rss[MM_SWAPENTS]++;
		return;
	}
	page = vm_normal_page(e->vma, addr, pte);
	if (!page)
		return;
	e->k->seen[page_to_pfn(m, page)]++;
	e->rss[PageAnon(page) ? MM_ANONPAGES : MM_FILEPAGES]++;
	check_way_back(e, addr, page, pte);
	if (pte_write(m->fmt, pte))
		check_writable(e, addr, page);
}

/* 6, and 8's sums: at the first entry of each frame. */
static void compare_entry(struct entries *e, vaddr_t addr, pte_t pte)
{
	struct rmap_checker *k = e->k;
	const struct page *page = NULL;
	uint32_t *seen;
	unsigned zone;

	if (pte_present(k->m->fmt, pte))
		page = vm_normal_page(e->vma, addr, pte);
	if (!page)
		return;
	seen = &k->seen[page_to_pfn(k->m, page)];
	if (!*seen)
		return;
	CHECK(k->c, (uint32_t)page_mapcount(page) == *seen,
	      "rmap 6: frame %u is mapped %u times, mapcount is %d",
	      page_to_pfn(k->m, page), *seen, page_mapcount(page));
	CHECK(k->c, page_count(page) >= page_mapcount(page),
	      "rmap 6: frame %u has %d references for %d mappings",
	      page_to_pfn(k->m, page), page_count(page), page_mapcount(page));
	*seen = 0;
	zone = (unsigned)(page_zone(k->m, page) - k->m->zone);
	if (PageAnon(page))
		k->anon_mapped[zone]++;
	else
		k->file_mapped[zone]++;
}

typedef void (*entry_fn)(struct entries *e, vaddr_t addr, pte_t pte);

static void for_each_entry_of_table(struct entries *e, ptep_t ptep,
				    vaddr_t addr, vaddr_t end, entry_fn fn)
{
	const struct mm_struct *mm = e->mm;

	for (; addr < end; addr += PAGE_SIZE(mm->m), ptep = ptep_next(mm, ptep)) {
		pte_t pte = ptep_get(mm, ptep);

		if (pte_none(pte))
			continue;
		while (e->vma && e->vma->vm_end <= addr)
			e->vma = e->vma->vm_next;
		if (e->vma && e->vma->vm_start <= addr)
			fn(e, addr, pte);
		else if (fn == count_entry)
			check_broken(e->k->c,
				     "rmap 5: entry 0x%llx at 0x%llx, where "
				     "no area is",
				     (ull)pte.v, (ull)addr);
	}
}

static void for_each_entry(struct entries *e, entry_fn fn)
{
	const struct mm_struct *mm = e->mm;
	vaddr_t next, end = mm->m->cfg.task_size;

	e->vma = mm->mmap;
	for (vaddr_t addr = 0; addr < end; addr = next) {
		ptep_t ptep = pte_table_range(mm, addr, end, &next);

		if (ptep)
			for_each_entry_of_table(e, ptep, addr, next, fn);
	}
}

static void check_rss(struct rmap_checker *k, const struct mm_struct *mm)
{
	struct entries e = {.k = k, .mm = mm};
	static const char *const name[NR_MM_COUNTERS] = {
		[MM_FILEPAGES] = "MM_FILEPAGES",
		[MM_ANONPAGES] = "MM_ANONPAGES",
		[MM_SWAPENTS] = "MM_SWAPENTS"};

	for_each_entry(&e, count_entry);
	for (unsigned i = 0; i < NR_MM_COUNTERS; i++)
		CHECK(k->c, get_mm_counter(mm, (int)i) == e.rss[i],
		      "rmap 7: %s is %lld for %lld entries", name[i],
		      (long long)get_mm_counter(mm, (int)i),
		      (long long)e.rss[i]);
}

static void check_zones(struct rmap_checker *k)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *z = &k->m->zone[i];

		CHECK(k->c, z->vm_stat[NR_ANON_PAGES] == k->anon_mapped[i],
		      "rmap 8: NR_ANON_PAGES of zone %u is %lld for %lld frames",
		      i, (long long)z->vm_stat[NR_ANON_PAGES],
		      (long long)k->anon_mapped[i]);
		CHECK(k->c, z->vm_stat[NR_FILE_MAPPED] == k->file_mapped[i],
		      "rmap 8: NR_FILE_MAPPED of zone %u is %lld for %lld frames",
		      i, (long long)z->vm_stat[NR_FILE_MAPPED],
		      (long long)k->file_mapped[i]);
	}
}

/* ---- all of it ---- */

static void check_areas(struct rmap_checker *k)
{
	const struct mm_struct *mm;
	const struct vm_area_struct *vma;

	list_for_each_entry(mm, &k->m->mm_list, mmlist)
		for_each_vma(vma, mm) {
			check_chains(k, vma);
			check_i_mmap(k, vma);
		}
	CHECK(k->c, k->chains == k->chains_in_trees &&
			    k->chains == k->m->avc_pool.nr_used,
	      "rmap 1: %llu chains on areas, %llu in trees, %u live",
	      (ull)k->chains, (ull)k->chains_in_trees, k->m->avc_pool.nr_used);
	expect_ksm_references(k);
	CHECK(k->c, k->anon_vmas == k->m->anon_vma_pool.nr_used,
	      "rmap 3: %llu anon_vmas reached of %u", (ull)k->anon_vmas,
	      k->m->anon_vma_pool.nr_used);
	CHECK(k->c, k->areas_linear == k->areas_in_trees,
	      "rmap 4: %llu areas of files, %llu in their trees",
	      (ull)k->areas_linear, (ull)k->areas_in_trees);
	list_for_each_entry(mm, &k->m->mm_list, mmlist)
		for_each_vma(vma, mm)
			check_refcounts(k, vma);
}

static void check_entries(struct rmap_checker *k)
{
	const struct mm_struct *mm;

	list_for_each_entry(mm, &k->m->mm_list, mmlist)
		if (mm->pgd)
			check_rss(k, mm);
	list_for_each_entry(mm, &k->m->mm_list, mmlist) {
		struct entries e = {.k = k, .mm = mm};

		if (mm->pgd)
			for_each_entry(&e, compare_entry);
	}
	check_zones(k);
}

void rmap_check(const struct machine *m, struct checker *c)
{
	size_t seen_bytes = (size_t)m->max_pfn * sizeof(uint32_t);
	size_t expect_bytes = m->anon_vma_pool.next_id * sizeof(uint32_t);
	struct rmap_checker k = {.m = m, .c = c};

	k.seen = host_reserve(&m->host, seen_bytes);
	k.expect = host_alloc(&m->host, expect_bytes);
	check_areas(&k);
	check_entries(&k);
	host_free(&m->host, k.expect, expect_bytes);
	host_release(&m->host, k.seen, seen_bytes);
}
