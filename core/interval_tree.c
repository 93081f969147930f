/*
 * interval_tree.c - which areas may map page offset n?
 *
 * A red-black tree of areas sorted by first page offset, in which each node
 * also knows the largest last offset of its subtree. A query [first, last]
 * walks down on the left as long as some node there reaches up to `first`;
 * what it finds is the leftmost match, and the walk to the right goes on from
 * there. Nodes whose subtree ends before `first` are never entered:
 *
 *   areas of one file, as first-last (subtree's largest last)
 *
 *                  8-11 (20)             query [9, 9]:
 *                 /         \            left child reaches 20 >= 9: go there
 *          2-20 (20)      16-17 (17)     2-20 matches, then 8-11 matches,
 *         /        \                     then 16-17 begins behind 9: done
 *     0-3 (3)    5-6 (6)                 (0-3 and 5-6 are passed over)
 *
 * Two trees are made of the same source: the areas that map a file linearly
 * (address_space->i_mmap) and the chains of an anon_vma, keyed by the area
 * they lead to. Both use vm_pgoff: of an anonymous area it is the page number
 * of its first address when it was made, and moves with its pages.
 *
 * Invariants (rmap_check tests them)
 *  1. In-order, the first offsets do not fall; equal ones stand in the order
 *     of insertion (but for insert_after: right behind the given one).
 *  2. rb_subtree_last = max(last of the node, rb_subtree_last of its children).
 *  3. A key does not change while the node is in the tree: who moves an area's
 *     ends takes it out first (anon_vma_interval_tree_pre_update_vma).
 *
 * Linux: mm/interval_tree.c, include/linux/interval_tree_generic.h.
 */
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/rmap.h"

static inline uint64_t vma_start_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static inline uint64_t vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static inline uint64_t avc_start_pgoff(const struct anon_vma_chain *avc)
{
	return vma_start_pgoff(avc->vma);
}

static inline uint64_t avc_last_pgoff(const struct anon_vma_chain *avc)
{
	return vma_last_pgoff(avc->vma);
}

/*
 * INTERVAL_TREE(name, type, rb, sub, START, LAST): the functions name_update,
 * name_insert, name_first, name_next for a type whose member rb is the node and
 * sub the subtree's largest last.
 */
#define INTERVAL_TREE(name, type, rb, sub, START, LAST)                       \
static inline type *name##_node(struct rb_node *node)                        \
{                                                                            \
	return node ? rb_entry(node, type, rb) : NULL;                       \
}                                                                            \
                                                                             \
static void name##_update(struct rb_node *node)                              \
{                                                                            \
	type *it = name##_node(node);                                        \
	type *left = name##_node(node->left);                                \
	type *right = name##_node(node->right);                              \
                                                                             \
	it->sub = LAST(it);                                                  \
	if (left && left->sub > it->sub)                                     \
		it->sub = left->sub;                                         \
	if (right && right->sub > it->sub)                                   \
		it->sub = right->sub;                                        \
}                                                                            \
                                                                             \
static void name##_insert_at(type *it, struct rb_root *root,                 \
			     struct rb_node *parent, struct rb_node **link)  \
{                                                                            \
	it->sub = LAST(it);                                                  \
	rb_insert_at(root, &it->rb, parent, link, name##_update);            \
	rb_propagate(&it->rb, name##_update);                                \
}                                                                            \
                                                                             \
static void name##_insert(type *it, struct rb_root *root)                    \
{                                                                            \
	struct rb_node **link = &root->node, *parent = NULL;                 \
                                                                             \
	while (*link) {                                                      \
		parent = *link;                                              \
		link = START(it) < START(name##_node(parent)) ?              \
			       &parent->left : &parent->right;               \
	}                                                                    \
	name##_insert_at(it, root, parent, link);                            \
}                                                                            \
                                                                             \
/* The leftmost match below it, whose subtree reaches up to `first`. */      \
static type *name##_search(type *it, uint64_t first, uint64_t last)          \
{                                                                            \
	for (;;) {                                                           \
		type *left = name##_node(it->rb.left);                       \
		type *right = name##_node(it->rb.right);                     \
                                                                             \
		if (left && left->sub >= first) {                            \
			it = left;                                           \
			continue;                                            \
		}                                                            \
		if (START(it) > last)                                        \
			return NULL;                                         \
		if (LAST(it) >= first)                                       \
			return it;                                           \
		if (!right || right->sub < first)                            \
			return NULL;                                         \
		it = right;                                                  \
	}                                                                    \
}                                                                            \
                                                                             \
static type *name##_first(const struct rb_root *root, uint64_t first,        \
			  uint64_t last)                                     \
{                                                                            \
	type *top = name##_node(root->node);                                 \
                                                                             \
	return top && top->sub >= first ? name##_search(top, first, last) :  \
					  NULL;                              \
}                                                                            \
                                                                             \
static type *name##_next(type *it, uint64_t first, uint64_t last)            \
{                                                                            \
	for (;;) {                                                           \
		type *right = name##_node(it->rb.right);                     \
		struct rb_node *from, *up;                                   \
                                                                             \
		if (right && right->sub >= first)                            \
			return name##_search(right, first, last);            \
		from = &it->rb; /* up, until we come from a left child */    \
		while ((up = from->parent) && up->right == from)             \
			from = up;                                           \
		it = name##_node(up);                                        \
		if (!it || START(it) > last)                                 \
			return NULL;                                         \
		if (LAST(it) >= first)                                       \
			return it;                                           \
	}                                                                    \
}

/* clang-format off */
INTERVAL_TREE(i_mmap, struct vm_area_struct, shared.rb, shared.rb_subtree_last,
	      vma_start_pgoff, vma_last_pgoff)
INTERVAL_TREE(chains, struct anon_vma_chain, rb, rb_subtree_last,
	      avc_start_pgoff, avc_last_pgoff)
/* clang-format on */

/* ---- areas of a file ---- */

void vma_interval_tree_insert(struct vm_area_struct *vma,
			      struct address_space *mapping)
{
	i_mmap_insert(vma, &mapping->i_mmap);
}

/*
 * fork's: the copy stands right behind its parent's area, so that walks meet
 * parents first (a page's owner is more often the parent).
 * => vma and prev have the same vm_pgoff; prev is in the tree.
 */
void vma_interval_tree_insert_after(struct vm_area_struct *vma,
				    struct vm_area_struct *prev,
				    struct address_space *mapping)
{
	struct rb_node *parent = &prev->shared.rb, **link = &parent->right;

	mm_assert(vma_start_pgoff(vma) == vma_start_pgoff(prev));
	while (*link) {
		parent = *link;
		link = &parent->left;
	}
	i_mmap_insert_at(vma, &mapping->i_mmap, parent, link);
}

void vma_interval_tree_remove(struct vm_area_struct *vma,
			      struct address_space *mapping)
{
	rb_erase(&mapping->i_mmap, &vma->shared.rb, i_mmap_update);
}

struct vm_area_struct *
vma_interval_tree_iter_first(const struct address_space *mapping,
			     uint64_t first, uint64_t last)
{
	return i_mmap_first(&mapping->i_mmap, first, last);
}

struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *vma,
						   uint64_t first,
						   uint64_t last)
{
	return i_mmap_next(vma, first, last);
}

/* ---- chains of an anon_vma ---- */

void anon_vma_interval_tree_insert(struct anon_vma_chain *avc,
				   struct anon_vma *av)
{
	chains_insert(avc, &av->rb_root);
}

void anon_vma_interval_tree_remove(struct anon_vma_chain *avc,
				   struct anon_vma *av)
{
	rb_erase(&av->rb_root, &avc->rb, chains_update);
}

struct anon_vma_chain *
anon_vma_interval_tree_iter_first(const struct anon_vma *av, uint64_t first,
				  uint64_t last)
{
	return chains_first(&av->rb_root, first, last);
}

struct anon_vma_chain *
anon_vma_interval_tree_iter_next(struct anon_vma_chain *avc, uint64_t first,
				 uint64_t last)
{
	return chains_next(avc, first, last);
}

void anon_vma_interval_tree_pre_update_vma(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		anon_vma_interval_tree_remove(avc, avc->anon_vma);
}

void anon_vma_interval_tree_post_update_vma(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		anon_vma_interval_tree_insert(avc, avc->anon_vma);
}

/* ---- invariants 1 and 2 ---- */

void vma_interval_tree_check(const struct address_space *mapping,
			     struct checker *c)
{
	uint64_t before = 0;

	CHECK(c, rb_check(&mapping->i_mmap) >= 0,
	      "interval_tree: i_mmap is no red-black tree");
	for (struct rb_node *rb = rb_first(&mapping->i_mmap); rb;
	     rb = rb_next(rb)) {
		struct vm_area_struct *vma = i_mmap_node(rb);
		uint64_t sub = vma->shared.rb_subtree_last;

		CHECK(c, vma_start_pgoff(vma) >= before,
		      "interval_tree 1: area 0x%llx out of order in i_mmap",
		      (unsigned long long)vma->vm_start);
		before = vma_start_pgoff(vma);
		i_mmap_update(rb);
		CHECK(c, vma->shared.rb_subtree_last == sub,
		      "interval_tree 2: area 0x%llx has a wrong subtree end",
		      (unsigned long long)vma->vm_start);
		vma->shared.rb_subtree_last = sub;
	}
}

void anon_vma_interval_tree_check(const struct anon_vma *av, struct checker *c)
{
	uint64_t before = 0;

	CHECK(c, rb_check(&av->rb_root) >= 0,
	      "interval_tree: chains of anon_vma %u are no red-black tree",
	      av->id);
	for (struct rb_node *rb = rb_first(&av->rb_root); rb;
	     rb = rb_next(rb)) {
		struct anon_vma_chain *avc = chains_node(rb);
		uint64_t sub = avc->rb_subtree_last;

		CHECK(c, avc_start_pgoff(avc) >= before,
		      "interval_tree 1: chain out of order in anon_vma %u",
		      av->id);
		before = avc_start_pgoff(avc);
		chains_update(rb);
		CHECK(c, avc->rb_subtree_last == sub,
		      "interval_tree 2: chain with a wrong subtree end in "
		      "anon_vma %u", av->id);
		avc->rb_subtree_last = sub;
	}
}
