/*
 * rmap.h - from a frame to all its virtual addresses.
 *
 *   vma ──anon_vma_chain──► avc ──► anon_vma      one avc for each pair
 *                            └ same_vma list (on the vma, newest first)
 *                            └ node in anon_vma's interval tree
 *
 * A page points to an anon_vma, not to a vma, because areas split, merge and
 * multiply by fork while the page stays; the interval tree finds the areas
 * that may map page->index. Linux: mm/rmap.c, include/linux/rmap.h.
 */
#ifndef MMEMU_CORE_RMAP_H
#define MMEMU_CORE_RMAP_H

#include "core/check.h"
#include "core/machine.h"
#include "core/mm.h"

struct anon_vma {
	struct anon_vma *root;	/* of this tree of forks */
	int refcount;		/* 1 for its own tree + descendants of a root */
	struct rb_root rb_root; /* interval tree of chains */
	uint32_t id;		/* in m->anon_vma_pool: page->mapping holds it */
	kva_t kobj;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma; /* vma->anon_vma_chain */
	struct rb_node rb;
	uint64_t rb_subtree_last;
	uint32_t host_id;
	kva_t kobj;
};

static inline struct anon_vma *page_anon_vma(const struct machine *m,
					     const struct page *page)
{
	if ((page->mapping & PAGE_MAPPING_FLAGS) != PAGE_MAPPING_ANON)
		return NULL;
	return hpool_get(&m->anon_vma_pool, page->mapping >> 2);
}

/* ---- anon_vmas of an area ---- */
/* A reference beside those that areas and descendants hold. */
static inline void get_anon_vma(struct anon_vma *av)
{
	av->refcount++;
}
void put_anon_vma(struct machine *m, struct anon_vma *av);
int anon_vma_prepare(struct vm_area_struct *vma);
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
void unlink_anon_vmas(struct vm_area_struct *vma);
static inline void anon_vma_merge(struct vm_area_struct *vma __unused_arg,
				  struct vm_area_struct *next)
{
	unlink_anon_vmas(next);
}
/* Around a change of vm_start, vm_end or vm_pgoff: the trees are keyed by it. */
void anon_vma_interval_tree_pre_update_vma(struct vm_area_struct *vma);
void anon_vma_interval_tree_post_update_vma(struct vm_area_struct *vma);

/* ---- mappings of a frame ---- */
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
			    vaddr_t address);
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma,
			vaddr_t address, bool exclusive);
void page_add_file_rmap(struct machine *m, struct page *page);
static inline void page_dup_rmap(struct page *page)
{
	page->_mapcount1++;
}
void page_remove_rmap(struct machine *m, struct page *page);
void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma,
			 vaddr_t address);
/* page offset of address in vma's file or anonymous numbering */
uint64_t linear_page_index(const struct vm_area_struct *vma, vaddr_t address);

/* ---- walks ---- */
/* Every place that maps the page: fn returns true to go on. */
typedef bool (*rmap_fn)(void *ctx, struct vm_area_struct *vma, vaddr_t address,
			paddr_t ptep);
void rmap_walk(const struct machine *m, const struct page *page, rmap_fn fn,
	       void *ctx);
/* Every place where it could be mapped and a table is, whatever is there now:
 * how migration finds its entries again. */
void rmap_walk_places(const struct machine *m, const struct page *page,
		      rmap_fn fn, void *ctx);
/*
 * Clear A in all entries that map the page: in how many was it set? *vm_flags:
 * of the areas in which it was; VM_LOCKED: a locked area maps the page, and the
 * count says nothing. memcg: only what processes of that group do counts; NULL:
 * all do. (rmap_reclaim.c)
 */
unsigned page_referenced(struct machine *m, struct page *page,
			 const struct mem_cgroup *memcg,
			 vm_flags_t *vm_flags);
enum swap_result { SWAP_SUCCESS, SWAP_AGAIN, SWAP_FAIL, SWAP_MLOCK };
/*
 * Out of all address spaces. SWAP_FAIL: it is in use; SWAP_MLOCK: locked, and
 * marked so; SWAP_AGAIN: something maps it still.
 */
enum swap_result try_to_unmap(struct machine *m, struct page *page);
/* Linux: page_mkclean(): write-back makes entries clean and read-only. */
int page_mkclean(struct machine *m, struct page *page);

/* ---- i_mmap ---- */
struct address_space;
void vma_interval_tree_insert(struct vm_area_struct *vma,
			      struct address_space *mapping);
void vma_interval_tree_insert_after(struct vm_area_struct *vma,
				    struct vm_area_struct *prev,
				    struct address_space *mapping);
void vma_interval_tree_remove(struct vm_area_struct *vma,
			      struct address_space *mapping);
struct vm_area_struct *
vma_interval_tree_iter_first(const struct address_space *mapping,
			     uint64_t first, uint64_t last);
struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *vma,
						   uint64_t first,
						   uint64_t last);
void vma_interval_tree_check(const struct address_space *mapping,
			     struct checker *c);

/* ---- an anon_vma's tree of chains ---- */
void anon_vma_interval_tree_insert(struct anon_vma_chain *avc,
				   struct anon_vma *av);
void anon_vma_interval_tree_remove(struct anon_vma_chain *avc,
				   struct anon_vma *av);
void anon_vma_interval_tree_check(const struct anon_vma *av,
				  struct checker *c);
struct anon_vma_chain *
anon_vma_interval_tree_iter_first(const struct anon_vma *av, uint64_t first,
				  uint64_t last);
struct anon_vma_chain *
anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, uint64_t first,
				 uint64_t last);

/* Chains, trees, refcounts; frames ↔ entries both ways. */
void rmap_check(const struct machine *m, struct checker *c);

#endif
