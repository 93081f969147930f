/*
 * ksm.c - equal pages of areas advised `mergeable` become one frame.
 *
 * ksmd goes round all advised address spaces, page by page:
 *
 *   page ─► equal to one in the stable tree? ──yes──► map that one instead
 *      │no
 *      ├──► contents changed since the last scan? ──yes──► not now
 *      │no
 *      └──► equal to one in the unstable tree? ──yes──► both become a merged
 *             │no                                       page in the stable tree
 *             └──► into the unstable tree, until the end of this scan
 *
 * So the first scan only takes checksums, the second merges. A merged page is
 * mapped read-only by all; who writes gets a copy from do_wp_page(), even the
 * last one, since the page may be looked up in the stable tree at any time.
 *
 *   pages_shared    merged pages                     (frames used)
 *   pages_sharing   mappings beyond the first        (frames saved)
 *   pages_unshared  pages in the unstable tree
 *   pages_volatile  the rest of those met
 *
 * Here ksmd runs when a trace says so. An address space that ends is cleaned up
 * at once (the kernel leaves that to ksmd's next round).
 *
 * Invariants (ksm_check tests them under the same numbers)
 *  1. The counters are what the items' states say; each item is on its mm's
 *     list, addresses ascending; objects in the pools are reached.
 *  2. A stable item's node has it on its list; a node's frame, unless it was
 *     freed, names the node.
 *  3. The stable tree is a tree; frames with PageKsm lead to a node and are
 *     read-only for all (rmap 5).
 *
 * Linux: mm/ksm.c.
 */
#include "core/ksm.h"
#include "core/filemap.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/subsystems.h"
#include "core/swapfile.h"

#include <string.h>

#define VM_NOT_MERGEABLE                                              \
	(VM_MERGEABLE | VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_IO | \
	 VM_DONTEXPAND | VM_HUGETLB | VM_NONLINEAR | VM_MIXEDMAP)

/* ---- breaking a merged page out ---- */

/* A write fault makes the copy. 0 or -ENOMEM. */
static int break_ksm(struct vm_area_struct *vma, vaddr_t addr)
{
	unsigned ret = 0;

	do {
		struct page *page = follow_page(vma, addr, 0);

		if (!page || !PageKsm(page))
			return 0;
		ret = handle_mm_fault(vma->vm_mm, vma, addr, FAULT_FLAG_WRITE);
	} while (!(ret & (VM_FAULT_WRITE | VM_FAULT_SIGBUS | VM_FAULT_OOM)));
	return ret & VM_FAULT_OOM ? -ENOMEM : 0;
}

/* A merge that was begun is undone. */
static void break_cow(struct machine *m, struct rmap_item *item)
{
	struct vm_area_struct *vma;

	put_anon_vma(m, item->anon_vma);
	item->anon_vma = NULL;
	vma = find_mergeable_vma(item->mm, item->address);
	if (vma)
		break_ksm(vma, item->address);
}

static int unmerge_ksm_pages(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end)
{
	int err = 0;

	for (; start < end && !err; start += PAGE_SIZE(vma->vm_mm->m))
		err = break_ksm(vma, start);
	return err;
}

/* ---- merging ---- */

static uint32_t calc_checksum(const struct machine *m, const struct page *page)
{
	const uint8_t *bytes = page_contents(m, page);
	uint64_t h = 17, word;

	for (size_t i = 0; i < PAGE_SIZE(m); i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ h >> 32);
}

/* The entry that maps page at the place that its index tells, or 0. */
static ptep_t page_entry(const struct vm_area_struct *vma,
			 const struct page *page, vaddr_t *addr)
{
	const struct machine *m = vma->vm_mm->m;
	const struct anon_vma *av = page_anon_vma(m, page);
	ptep_t ptep;
	pte_t pte;

	if (!av || !vma->anon_vma || av->root != vma->anon_vma->root)
		return 0;
	*addr = vma->vm_start + ((page->index - vma->vm_pgoff)
				 << m->page_shift);
	if (*addr < vma->vm_start || *addr >= vma->vm_end)
		return 0;
	ptep = pte_offset(vma->vm_mm, *addr);
	pte = ptep ? ptep_get(vma->vm_mm, ptep) : __pte(0);
	return pte_present(m->fmt, pte) &&
			       pte_pfn(m->fmt, pte) == page_to_pfn(m, page)
		       ? ptep
		       : 0;
}

/* false: somebody holds the frame and might write. => we have a reference */
static bool write_protect_page(struct vm_area_struct *vma, struct page *page,
			       pte_t *orig_pte)
{
	struct machine *m = vma->vm_mm->m;
	vaddr_t addr;
	ptep_t ptep = page_entry(vma, page, &addr);
	pte_t pte;

	if (!ptep)
		return false;
	pte = ptep_get(vma->vm_mm, ptep);
	if (pte_write(m->fmt, pte) || pte_dirty(m->fmt, pte)) {
		if (page_mapcount(page) + 1 + PageSwapCache(page) !=
		    page_count(page))
			return false;
		if (pte_dirty(m->fmt, pte))
			set_page_dirty(m, page);
		pte = pte_mkclean(m->fmt, pte_wrprotect(m->fmt, pte));
		set_pte_at(vma->vm_mm, addr, ptep, pte);
	}
	*orig_pte = pte;
	return true;
}

static void replace_page(struct vm_area_struct *vma, struct page *page,
			 struct page *kpage)
{
	struct machine *m = vma->vm_mm->m;
	vaddr_t addr;
	ptep_t ptep = page_entry(vma, page, &addr);

	observe(m, KSM_MERGE, addr, page_to_pfn(m, page),
		page_to_pfn(m, kpage), page_mapcount(kpage));
	get_page(kpage);
	page_add_anon_rmap(kpage, vma, addr, false);
	ptep_get_and_clear(vma->vm_mm, addr, ptep);
	set_pte_at(vma->vm_mm, addr, ptep,
		   pfn_pte(m->fmt, page_to_pfn(m, kpage), vma->vm_page_prot));
	page_remove_rmap(m, page);
	free_swap_cache(m, page);
	put_page(m, page);
}

/* A merged page in a locked area is locked in the other's stead. */
static void move_mlock(struct machine *m, struct page *page,
		       struct page *kpage)
{
	munlock_vma_page(m, page);
	if (!PageMlocked(kpage))
		mlock_vma_page(m, kpage);
}

/* kpage NULL: page itself becomes a merged page, without a node yet. */
static bool try_to_merge_one_page(struct vm_area_struct *vma,
				  struct page *page, struct page *kpage)
{
	struct machine *m = vma->vm_mm->m;
	pte_t orig_pte;
	story(vma->vm_mm->m, page_to_pfn(vma->vm_mm->m, page));

	if (page == kpage) /* a merged page, forked */
		return true;
	if (!(vma->vm_flags & VM_MERGEABLE) || !PageAnon(page) ||
	    !write_protect_page(vma, page, &orig_pte))
		return false;
	if (!kpage) {
		page->mapping = PAGE_MAPPING_ANON | PAGE_MAPPING_KSM;
		mark_page_accessed(m, page);
		return true;
	}
	if (memcmp(page_contents(m, page), page_contents(m, kpage),
		   PAGE_SIZE(m)))
		return false;
	replace_page(vma, page, kpage);
	if (vma->vm_flags & VM_LOCKED)
		move_mlock(m, page, kpage);
	return true;
}

static bool try_to_merge_with_ksm_page(struct rmap_item *item,
				       struct page *page, struct page *kpage)
{
	struct machine *m = item->mm->m;
	struct vm_area_struct *vma = find_vma(item->mm, item->address);

	if (!vma || vma->vm_start > item->address ||
	    !try_to_merge_one_page(vma, page, kpage))
		return false;
	remove_rmap_item_from_tree(m, item);
	item->anon_vma = vma->anon_vma;
	get_anon_vma(vma->anon_vma);
	return true;
}

/* Two pages that are equal: the first becomes the merged one. */
static void merge_two_pages(struct machine *m, struct rmap_item *item,
			    struct page *page, struct rmap_item *tree_item,
			    struct page *tree_page)
{
	struct stable_node *node;

	if (!try_to_merge_with_ksm_page(item, page, NULL))
		return;
	if (!try_to_merge_with_ksm_page(tree_item, tree_page, page)) {
		break_cow(m, item);
		return;
	}
	node = stable_tree_insert(m, page);
	if (node) {
		stable_tree_append(m, tree_item, node);
		stable_tree_append(m, item, node);
	} else {
		break_cow(m, tree_item);
		break_cow(m, item);
	}
}

static void cmp_and_merge_page(struct machine *m, struct page *page,
			       struct rmap_item *item)
{
	struct page *kpage, *tree_page;
	struct rmap_item *tree_item;
	uint32_t checksum;
	story(m, page_to_pfn(m, page));

	if (page_stable_node(m, page) && item->state == RMAP_STABLE &&
	    item->head == page_stable_node(m, page))
		return;
	kpage = stable_tree_search(m, page);
	remove_rmap_item_from_tree(m, item);
	if (kpage) {
		if (try_to_merge_with_ksm_page(item, page, kpage))
			stable_tree_append(m, item,
					   page_stable_node(m, kpage));
		put_page(m, kpage);
		return;
	}
	checksum = calc_checksum(m, page);
	if (item->oldchecksum != checksum) {
		item->oldchecksum = checksum;
		return;
	}
	tree_item = unstable_tree_search_insert(m, item, page, &tree_page);
	if (tree_item) {
		merge_two_pages(m, item, page, tree_item, tree_page);
		put_page(m, tree_page);
	}
}

/* ---- going round ---- */

static void remove_rmap_items(struct machine *m, struct rmap_item **list)
{
	while (*list) {
		struct rmap_item *item = *list;

		*list = item->next;
		remove_rmap_item_from_tree(m, item);
		free_rmap_item(m, item);
	}
}

/* The item for addr; those before it are of places no longer advised. */
static struct rmap_item *get_next_rmap_item(struct mm_slot *slot,
					    struct rmap_item **list,
					    vaddr_t addr)
{
	struct machine *m = slot->mm->m;
	struct rmap_item *item;
	kva_t kobj;
	uint32_t id;

	while ((item = *list) && item->address <= addr) {
		if (item->address == addr)
			return item;
		*list = item->next;
		remove_rmap_item_from_tree(m, item);
		free_rmap_item(m, item);
	}
	if (kobj_alloc(m, m->caches.ksm_rmap_item, GFP_KERNEL, &kobj))
		return NULL;
	item = hpool_alloc(&m->ksm->items, &id);
	item->host_id = id;
	item->kobj = kobj;
	item->mm = slot->mm;
	item->address = addr;
	item->next = *list;
	*list = item;
	m->ksm->rmap_items++;
	return item;
}

static void free_mm_slot(struct machine *m, struct mm_slot *slot)
{
	list_del(&slot->mm_list);
	slot->mm->ksm_slot = NULL;
	kobj_free(m, m->caches.ksm_mm_slot, slot->kobj);
	hpool_free(&m->ksm->slots, slot->host_id);
}

static struct mm_slot *next_slot(struct mm_slot *slot)
{
	return list_entry(slot->mm_list.next, struct mm_slot, mm_list);
}

/* The scan goes on with this mm, from its beginning. */
static void scan_from(struct ksm *k, struct mm_slot *slot)
{
	k->scan_slot = slot;
	k->scan_address = 0;
	k->scan_rmap_list = &slot->rmap_list;
}

/* The next anonymous page of the area; the cursor is behind it then. */
static struct rmap_item *scan_vma(struct ksm *k, struct vm_area_struct *vma,
				  struct page **page)
{
	uint64_t size = PAGE_SIZE(vma->vm_mm->m);

	if (k->scan_address < vma->vm_start)
		k->scan_address = vma->vm_start;
	if (!vma->anon_vma)
		k->scan_address = vma->vm_end;
	while (k->scan_address < vma->vm_end) {
		vaddr_t addr = k->scan_address;
		struct rmap_item *item;

		k->scan_address += size;
		*page = follow_page(vma, addr, 0);
		if (!*page || !PageAnon(*page))
			continue;
		item = get_next_rmap_item(k->scan_slot, k->scan_rmap_list,
					  addr);
		if (item)
			k->scan_rmap_list = &item->next;
		else
			k->scan_address = addr;
		return item;
	}
	*page = NULL;
	return NULL;
}

/* NULL with *page NULL: this mm is done. */
static struct rmap_item *scan_mm(struct ksm *k, struct page **page)
{
	struct vm_area_struct *vma = find_vma(k->scan_slot->mm,
					      k->scan_address);

	*page = NULL;
	for (; vma; vma = vma->vm_next) {
		struct rmap_item *item;

		if (!(vma->vm_flags & VM_MERGEABLE))
			continue;
		item = scan_vma(k, vma, page);
		if (item || *page)
			return item;
	}
	return NULL;
}

/* An mm without any mergeable area left is forgotten. */
static void leave_mm(struct machine *m)
{
	struct ksm *k = m->ksm;
	struct mm_slot *slot = k->scan_slot;
	bool nothing = k->scan_address == 0;

	remove_rmap_items(m, k->scan_rmap_list);
	scan_from(k, next_slot(slot));
	if (nothing)
		free_mm_slot(m, slot);
}

/* NULL: the full scan has ended, or there is no memory for an item. */
static struct rmap_item *scan_get_next_rmap_item(struct machine *m,
						 struct page **page)
{
	struct ksm *k = m->ksm;

	if (ksm_idle(m))
		return NULL;
	if (k->scan_slot == &k->mm_head) {
		lru_add_drain(m); /* vectors hold references */
		k->unstable = RB_ROOT;
		scan_from(k, next_slot(&k->mm_head));
	}
	while (k->scan_slot != &k->mm_head) {
		struct rmap_item *item = scan_mm(k, page);

		if (item || *page)
			return item;
		leave_mm(m);
	}
	k->full_scans++;
	return NULL;
}

#define KSM_STEPS 256u /* a page is compared while so many are accessed */

void ksm_do_scan(struct machine *m, uint64_t nr)
{
	struct rmap_item *item;
	struct page *page;
	story(m, nr);

	while (nr-- && !cut_short(m, KSM_STEPS)) {
		item = scan_get_next_rmap_item(m, &page);
		if (!item)
			return;
		get_page(page);
		cmp_and_merge_page(m, page, item);
		put_page(m, page);
	}
}

void ksm_full_scan(struct machine *m)
{
	ksm_do_scan(m, UINT64_MAX);
}

/* ---- hooks ---- */

/* Last in the order of the scan that is under way. */
static int __ksm_enter(struct mm_struct *mm)
{
	struct machine *m = mm->m;
	struct mm_slot *slot;
	kva_t kobj;
	uint32_t id;

	if (kobj_alloc(m, m->caches.ksm_mm_slot, GFP_KERNEL, &kobj))
		return -ENOMEM;
	slot = hpool_alloc(&m->ksm->slots, &id);
	slot->host_id = id;
	slot->kobj = kobj;
	slot->mm = mm;
	list_add_tail(&slot->mm_list, &m->ksm->scan_slot->mm_list);
	mm->ksm_slot = slot;
	return 0;
}

int ksm_madvise(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		int advice, vm_flags_t *vm_flags)
{
	int err;

	if (advice == MADVISE_MERGEABLE) {
		if (*vm_flags & VM_NOT_MERGEABLE)
			return 0;
		err = vma->vm_mm->ksm_slot ? 0 : __ksm_enter(vma->vm_mm);
		if (!err)
			*vm_flags |= VM_MERGEABLE;
		return err;
	}
	if (!(*vm_flags & VM_MERGEABLE))
		return 0;
	err = vma->anon_vma ? unmerge_ksm_pages(vma, start, end) : 0;
	if (!err)
		*vm_flags &= ~VM_MERGEABLE;
	return err;
}

int ksm_fork(struct mm_struct *mm, struct mm_struct *oldmm)
{
	return oldmm->ksm_slot ? __ksm_enter(mm) : 0;
}

void ksm_exit(struct mm_struct *mm)
{
	struct machine *m = mm->m;
	struct mm_slot *slot = mm->ksm_slot;

	if (!slot)
		return;
	if (m->ksm->scan_slot == slot)
		scan_from(m->ksm, next_slot(slot));
	remove_rmap_items(m, &slot->rmap_list);
	free_mm_slot(m, slot);
}

struct page *ksm_might_need_to_copy(struct page *page,
				    struct vm_area_struct *vma,
				    vaddr_t address)
{
	struct machine *m = vma->vm_mm->m;
	const struct anon_vma *av = page_anon_vma(m, page);
	struct page *copy;

	if (PageKsm(page) ? page_stable_node(m, page) != NULL
			  : !av || (av->root == vma->anon_vma->root &&
				    page->index ==
					    linear_page_index(vma, address)))
		return page;
	copy = alloc_page(m, GFP_HIGHUSER_MOVABLE);
	if (!copy)
		return NULL;
	if (m->contents)
		memcpy(page_contents(m, copy), page_contents(m, page),
		       PAGE_SIZE(m));
	SetPageDirty(copy);
	SetPageUptodate(copy);
	return copy;
}

void ksm_migrate_page(struct machine *m, struct page *newpage)
{
	struct stable_node *node = page_stable_node(m, newpage);

	if (node)
		node->kpfn = page_to_pfn(m, newpage);
}

/* ---- the part's life ---- */

int ksm_subsys_init(struct machine *m, const char **why __unused_arg)
{
	struct ksm *k = host_alloc(&m->host, sizeof(*k));

	INIT_LIST_HEAD(&k->mm_head.mm_list);
	k->scan_slot = &k->mm_head;
	hpool_init(&k->slots, &m->host, sizeof(struct mm_slot));
	hpool_init(&k->items, &m->host, sizeof(struct rmap_item));
	hpool_init(&k->nodes, &m->host, sizeof(struct stable_node));
	m->ksm = k;
	return 0;
}

void ksm_subsys_destroy(struct machine *m)
{
	if (!m->ksm)
		return;
	hpool_destroy(&m->ksm->slots);
	hpool_destroy(&m->ksm->items);
	hpool_destroy(&m->ksm->nodes);
	host_free(&m->host, m->ksm, sizeof(*m->ksm));
	m->ksm = NULL;
}

/* ---- check ---- */

struct ksm_counts {
	uint64_t items, slots, nodes, shared, sharing, unshared;
};

static void check_slot(const struct mm_slot *slot, struct ksm_counts *n,
		       struct checker *c)
{
	const struct rmap_item *item = slot->rmap_list, *next;

	n->slots++;
	CHECK(c, slot->mm->ksm_slot == slot, "ksm 1: a slot of another mm");
	for (; item; item = next) {
		next = item->next;
		n->items++;
		n->unshared += item->state == RMAP_UNSTABLE;
		CHECK(c,
		      item->mm == slot->mm &&
			      (!next || item->address < next->address),
		      "ksm 1: items of an mm are out of order at 0x%llx",
		      (unsigned long long)item->address);
	}
}

static void check_node(const struct machine *m, const struct stable_node *node,
		       struct ksm_counts *n, struct checker *c)
{
	const struct page *page = pfn_to_page(m, node->kpfn);
	const struct rmap_item *item;
	uint64_t items = 0;

	n->nodes++;
	list_for_each_entry(item, &node->items, list) {
		items++;
		CHECK(c, item->head == node && item->state == RMAP_STABLE,
		      "ksm 2: an item of node %u says otherwise", node->id);
	}
	n->shared += items > 0;
	n->sharing += items ? items - 1 : 0;
	CHECK(c,
	      page_stable_node(m, page) != node || page_mapcount(page) > 0 ||
		      page_count(page) > 0,
	      "ksm 2: frame %u of node %u has no references", node->kpfn,
	      node->id);
}

void ksm_check(const struct machine *m, struct checker *c)
{
	const struct ksm *k = m->ksm;
	struct ksm_counts n = {0};
	const struct mm_slot *slot;

	list_for_each_entry(slot, &k->mm_head.mm_list, mm_list)
		check_slot(slot, &n, c);
	for (struct rb_node *rb = rb_first(&k->stable); rb; rb = rb_next(rb))
		check_node(m, rb_entry(rb, struct stable_node, node), &n, c);
	CHECK(c, rb_check(&k->stable) >= 0, "ksm 3: the stable tree is broken");
	CHECK(c,
	      n.items == k->rmap_items && n.items == k->items.nr_used &&
		      n.slots == k->slots.nr_used &&
		      n.nodes == k->nodes.nr_used,
	      "ksm 1: %llu items, %llu counted, %u live",
	      (unsigned long long)n.items, (unsigned long long)k->rmap_items,
	      k->items.nr_used);
	CHECK(c,
	      n.shared == k->pages_shared && n.sharing == k->pages_sharing &&
		      n.unshared == k->pages_unshared,
	      "ksm 1: %llu shared %llu sharing %llu unshared, counted %llu "
	      "%llu %llu",
	      (unsigned long long)n.shared, (unsigned long long)n.sharing,
	      (unsigned long long)n.unshared,
	      (unsigned long long)k->pages_shared,
	      (unsigned long long)k->pages_sharing,
	      (unsigned long long)k->pages_unshared);
}
