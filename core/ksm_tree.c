/*
 * ksm_tree.c - the two trees of same-page merging, both sorted by contents.
 *
 *   stable tree      merged pages; write-protected, so the order holds
 *     node ── items ─► (mm A, 0x20000000), (mm B, 0x30005000) ...   who shares
 *       └ kpfn ─► the frame, whose mapping leads back to the node
 *
 *   unstable tree    single pages that did not change between two scans; they
 *     item           may change now, which makes the tree wrong: a search may
 *                    miss, never merge wrongly (contents are compared again
 *                    when the page is write-protected). So it is thrown away
 *                    at the end of each full scan.
 *
 * A merged page is not held by its node: when the last process lets go, the
 * frame is freed, and the node is found stale later, by its frame's mapping.
 *
 * Linux: mm/ksm.c (merge_across_nodes = 1: one tree of each kind).
 */
#include "core/ksm.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"

#include <string.h>

static int memcmp_pages(const struct machine *m, const struct page *a,
			const struct page *b)
{
	return memcmp(page_contents(m, a), page_contents(m, b), PAGE_SIZE(m));
}

/* ---- items ---- */

void free_rmap_item(struct machine *m, struct rmap_item *item)
{
	mm_assert(item->state == RMAP_LOOSE);
	m->ksm->rmap_items--;
	kobj_free(m, m->caches.ksm_rmap_item, item->kobj);
	hpool_free(&m->ksm->items, item->host_id);
}

struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start > addr || !(vma->vm_flags & VM_MERGEABLE) ||
	    !vma->anon_vma)
		return NULL;
	return vma;
}

struct page *get_mergeable_page(const struct rmap_item *item)
{
	struct vm_area_struct *vma = find_mergeable_vma(item->mm,
							item->address);
	struct page *page = vma ? follow_page(vma, item->address, 0) : NULL;

	if (!page || !PageAnon(page))
		return NULL;
	get_page(page);
	return page;
}

/* ---- the stable tree ---- */

static void free_stable_node(struct machine *m, struct stable_node *node)
{
	kobj_free(m, m->caches.ksm_stable_node, node->kobj);
	hpool_free(&m->ksm->nodes, node->id);
}

/* One item less: the last one was counted as the page, the others as sharing. */
static void stable_tree_remove(struct machine *m, struct rmap_item *item)
{
	list_del(&item->list);
	if (list_empty(&item->head->items))
		m->ksm->pages_shared--;
	else
		m->ksm->pages_sharing--;
	put_anon_vma(m, item->anon_vma);
	item->anon_vma = NULL;
	item->head = NULL;
	item->state = RMAP_LOOSE;
}

static void remove_node_from_stable_tree(struct machine *m,
					 struct stable_node *node)
{
	while (!list_empty(&node->items))
		stable_tree_remove(m, list_first_entry(&node->items,
						       struct rmap_item, list));
	rb_erase(&m->ksm->stable, &node->node, NULL);
	free_stable_node(m, node);
}

struct page *get_ksm_page(struct machine *m, struct stable_node *node)
{
	struct page *page = pfn_to_page(m, node->kpfn);

	if (page->mapping ==
		    (node->id << 2 | PAGE_MAPPING_ANON | PAGE_MAPPING_KSM) &&
	    page_count(page)) {
		get_page(page);
		return page;
	}
	remove_node_from_stable_tree(m, node);
	return NULL;
}

/*
 * Down the tree towards the page's place: the node of an equal page, or NULL
 * with *parent and *link set; *stale: a dead node was met, and the tree is
 * another one now.
 */
static struct stable_node *stable_tree_descend(struct machine *m,
					       const struct page *page,
					       struct rb_node **parent,
					       struct rb_node ***link,
					       bool *stale)
{
	*link = &m->ksm->stable.node;
	*parent = NULL;
	*stale = false;
	while (**link) {
		struct stable_node *node =
			rb_entry(**link, struct stable_node, node);
		struct page *tree_page = get_ksm_page(m, node);
		int order;

		*stale = !tree_page;
		if (*stale)
			return NULL;
		order = memcmp_pages(m, page, tree_page);
		put_page(m, tree_page);
		if (!order)
			return node;
		*parent = **link;
		*link = order < 0 ? &(*parent)->left : &(*parent)->right;
	}
	return NULL;
}

/* An equal merged page with a reference. A merged page finds itself. */
struct page *stable_tree_search(struct machine *m, struct page *page)
{
	struct rb_node *parent, **link;
	struct stable_node *node;
	bool stale;

	if (page_stable_node(m, page)) {
		get_page(page);
		return page;
	}
	node = stable_tree_descend(m, page, &parent, &link, &stale);
	return node ? get_ksm_page(m, node) : NULL;
}

struct stable_node *stable_tree_insert(struct machine *m, struct page *kpage)
{
	struct rb_node *parent, **link;
	struct stable_node *node;
	bool stale;
	kva_t kobj;
	uint32_t id;

	if (kobj_alloc(m, m->caches.ksm_stable_node, GFP_KERNEL, &kobj))
		return NULL;
	if (stable_tree_descend(m, kpage, &parent, &link, &stale) || stale) {
		kobj_free(m, m->caches.ksm_stable_node, kobj);
		return NULL;
	}
	node = hpool_alloc(&m->ksm->nodes, &id);
	node->id = id;
	node->kobj = kobj;
	node->kpfn = page_to_pfn(m, kpage);
	INIT_LIST_HEAD(&node->items);
	kpage->mapping = id << 2 | PAGE_MAPPING_ANON | PAGE_MAPPING_KSM;
	rb_insert_at(&m->ksm->stable, &node->node, parent, link, NULL);
	return node;
}

void stable_tree_append(struct machine *m, struct rmap_item *item,
			struct stable_node *node)
{
	if (list_empty(&node->items))
		m->ksm->pages_shared++;
	else
		m->ksm->pages_sharing++;
	item->head = node;
	item->state = RMAP_STABLE;
	list_add(&item->list, &node->items);
}

/* ---- the unstable tree ---- */

/* false: no way on from here in this scan. */
static bool unstable_step(struct machine *m, struct page *page,
			  struct rb_node ***link, struct rb_node **parent,
			  struct page **tree_page)
{
	struct rmap_item *item = rb_entry(**link, struct rmap_item, node);
	int order;

	*tree_page = get_mergeable_page(item);
	if (!*tree_page)
		return false;
	if (*tree_page == page) { /* forked, not equal by chance */
		put_page(m, *tree_page);
		*tree_page = NULL;
		return false;
	}
	order = memcmp_pages(m, page, *tree_page);
	if (!order)
		return false;
	put_page(m, *tree_page);
	*tree_page = NULL;
	*parent = **link;
	*link = order < 0 ? &(*parent)->left : &(*parent)->right;
	return true;
}

struct rmap_item *unstable_tree_search_insert(struct machine *m,
					      struct rmap_item *item,
					      struct page *page,
					      struct page **tree_page)
{
	struct ksm *k = m->ksm;
	struct rb_node **link = &k->unstable.node, *parent = NULL;

	*tree_page = NULL;
	while (*link)
		if (!unstable_step(m, page, &link, &parent, tree_page))
			return *tree_page ? rb_entry(*link, struct rmap_item,
						     node)
					  : NULL;
	item->state = RMAP_UNSTABLE;
	item->seqnr = k->full_scans;
	rb_insert_at(&k->unstable, &item->node, parent, link, NULL);
	k->pages_unshared++;
	return NULL;
}

/* ---- out of either ---- */

static void unstable_tree_remove(struct machine *m, struct rmap_item *item)
{
	/* those of earlier scans are in a tree that is no more */
	if (item->seqnr == m->ksm->full_scans)
		rb_erase(&m->ksm->unstable, &item->node, NULL);
	m->ksm->pages_unshared--;
	item->state = RMAP_LOOSE;
}

void remove_rmap_item_from_tree(struct machine *m, struct rmap_item *item)
{
	struct page *page;

	if (item->state == RMAP_UNSTABLE) {
		unstable_tree_remove(m, item);
	} else if (item->state == RMAP_STABLE) {
		page = get_ksm_page(m, item->head);
		if (!page)
			return; /* the node took all its items with it */
		stable_tree_remove(m, item);
		put_page(m, page);
	}
}
