/*
 * ksm.h - equal pages of areas advised `mergeable` become one frame.
 * Linux: mm/ksm.c, include/linux/ksm.h.
 */
#ifndef MMEMU_CORE_KSM_H
#define MMEMU_CORE_KSM_H

#include "core/list.h"
#include "core/machine.h"
#include "core/mm.h"
#include "core/rmap.h"

/* One page of a mergeable area that a scan has met. */
struct rmap_item {
	struct rmap_item *next; /* of the mm, ascending addresses */
	struct mm_struct *mm;
	vaddr_t address;
	enum { RMAP_LOOSE, RMAP_UNSTABLE, RMAP_STABLE } state;
	uint32_t oldchecksum;	   /* of its contents at the last scan */
	uint64_t seqnr;		   /* UNSTABLE: the scan that put it there */
	struct rb_node node;	   /* UNSTABLE: in the unstable tree */
	struct stable_node *head;  /* STABLE */
	struct list_head list;	   /* STABLE: in head->items */
	struct anon_vma *anon_vma; /* STABLE: of its area, with a reference */
	uint32_t host_id;
	kva_t kobj;
};

/* A merged page. Its frame's mapping is id << 2 | 3. */
struct stable_node {
	struct rb_node node;
	struct list_head items; /* newest first */
	pfn_t kpfn;
	uint32_t id;
	kva_t kobj;
};

/* An mm that has been advised. */
struct mm_slot {
	struct list_head mm_list;
	struct rmap_item *rmap_list;
	struct mm_struct *mm;
	uint32_t host_id;
	kva_t kobj;
};

struct ksm {
	struct mm_slot mm_head; /* in scanning order */
	/* ksm_scan: where the next page is looked for */
	struct mm_slot *scan_slot; /* &mm_head: between two full scans */
	vaddr_t scan_address;
	struct rmap_item **scan_rmap_list;
	uint64_t full_scans; /* its low bits: seqnr */
	struct rb_root stable, unstable;
	struct hpool slots, items, nodes;
	uint64_t pages_shared, pages_sharing, pages_unshared, rmap_items;
};

static inline struct stable_node *page_stable_node(const struct machine *m,
						   const struct page *page)
{
	return PageKsm(page) && page->mapping >> 2
		       ? hpool_get(&m->ksm->nodes, page->mapping >> 2)
		       : NULL;
}

/* ---- ksmd (ksm.c) ---- */
/* Look at up to nr pages; a full scan ends early. Linux: ksm_do_scan(). */
void ksm_do_scan(struct machine *m, uint64_t nr);
/* To the end of the current full scan. */
void ksm_full_scan(struct machine *m);
/* No mm has been advised: ksmd sleeps. */
static inline bool ksm_idle(const struct machine *m)
{
	return list_empty(&m->ksm->mm_head.mm_list);
}
/* Pages met that are in no tree: they change too often. */
static inline uint64_t ksm_pages_volatile(const struct ksm *k)
{
	return k->rmap_items - k->pages_shared - k->pages_sharing -
	       k->pages_unshared;
}

/* ---- its hooks in mm/ ---- */
/* madvise(2): *vm_flags gains or loses VM_MERGEABLE. 0 or -ENOMEM. */
int ksm_madvise(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		int advice, vm_flags_t *vm_flags);
int ksm_fork(struct mm_struct *mm, struct mm_struct *oldmm);
void ksm_exit(struct mm_struct *mm);
/* Before a page from the swap cache is mapped at address: the page itself, a
 * copy if it is mapped elsewhere in another way, or NULL: no memory. */
struct page *ksm_might_need_to_copy(struct page *page,
				    struct vm_area_struct *vma,
				    vaddr_t address);
/* The merged page has another frame now. Linux: ksm_migrate_page(). */
void ksm_migrate_page(struct machine *m, struct page *newpage);

/* ---- the trees (ksm_tree.c) ---- */
/* The merged page of a node, with a reference; NULL: it is gone, and so is the
 * node. */
struct page *get_ksm_page(struct machine *m, struct stable_node *node);
struct page *stable_tree_search(struct machine *m, struct page *page);
/* A node for a page that has just become a merged one. NULL: no memory. */
struct stable_node *stable_tree_insert(struct machine *m, struct page *kpage);
void stable_tree_append(struct machine *m, struct rmap_item *item,
			struct stable_node *node);
/* The item of an equal page, whose page is *tree_page with a reference; NULL:
 * there was none, and item is in the tree now. */
struct rmap_item *unstable_tree_search_insert(struct machine *m,
					      struct rmap_item *item,
					      struct page *page,
					      struct page **tree_page);
void remove_rmap_item_from_tree(struct machine *m, struct rmap_item *item);
/* The anonymous page at the item's place with a reference, or NULL. */
struct page *get_mergeable_page(const struct rmap_item *item);
struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, vaddr_t addr);
void free_rmap_item(struct machine *m, struct rmap_item *item);

#endif
