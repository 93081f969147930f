/*
 * radix_tree.h - offset -> frame, 64 slots a node; nodes are slab objects.
 *
 * Index 0 alone lives in the root without a node; the tree grows a level when
 * an index needs it and shrinks when only slot 0 is left. A per-CPU pool of
 * preloaded nodes is filled before an insertion (it may not sleep inside), so
 * live objects run ahead of what trees hold. Linux: lib/radix-tree.c.
 */
#ifndef MMEMU_CORE_RADIX_TREE_H
#define MMEMU_CORE_RADIX_TREE_H

#include "core/check.h"
#include "core/gfp.h"

struct machine;
struct radix_tree_node;

#define RADIX_TREE_MAP_SHIFT 6
#define RADIX_TREE_MAX_PRELOAD 11 /* 2 * max height - 1 on 32-bit */

struct radix_tree_root {
	unsigned height;
	uint64_t item;		      /* height 0: the item itself */
	struct radix_tree_node *node; /* height > 0 */
};

/* Fill the preload pool; 0 or -ENOMEM. Only with __GFP_WAIT. */
int radix_tree_preload(struct machine *m, gfp_t gfp);
/* item != 0. 0, -EEXIST or -ENOMEM. */
int radix_tree_insert(struct machine *m, struct radix_tree_root *root,
		      uint64_t index, uint64_t item);
uint64_t radix_tree_lookup(const struct radix_tree_root *root, uint64_t index);
/* Another item in the place of one that is there.
 * Linux: radix_tree_replace_slot() */
void radix_tree_replace(struct radix_tree_root *root, uint64_t index,
			uint64_t item);
/* The item that was there, or 0. Frees empty nodes, shrinks the tree. */
uint64_t radix_tree_delete(struct machine *m, struct radix_tree_root *root,
			   uint64_t index);
/* First item at or after *index; *index is set to its place. 0: none. */
uint64_t radix_tree_next(const struct radix_tree_root *root, uint64_t *index);
/* Nodes in one tree, and in the preload pool. */
unsigned radix_tree_nodes(const struct radix_tree_root *root);
unsigned radix_tree_preloaded(const struct machine *m);
/* Host memory of nodes and pool; filemap_subsys_init() and _destroy() call. */
void radix_tree_subsys_init(struct machine *m);
void radix_tree_subsys_destroy(struct machine *m);
void radix_tree_check(const struct radix_tree_root *root, struct checker *c);

#endif
