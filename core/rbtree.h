/*
 * rbtree.h - red-black tree, the node inside the element, with augmentation.
 *
 * The caller finds the place (link), the tree keeps the balance:
 *   1. the root is black; 2. a red node has black children; 3. every path from
 *   a node to a leaf has the same number of black nodes.
 * With an augment callback, each node can keep a value of its whole subtree
 * (the largest gap, the largest end): update(node) recomputes one node from
 * itself and its children, and is called bottom-up wherever the shape changes.
 * Linux: include/linux/rbtree.h, lib/rbtree.c (this is our own).
 */
#ifndef MMEMU_CORE_RBTREE_H
#define MMEMU_CORE_RBTREE_H

#include "core/types.h"

struct rb_node {
	struct rb_node *parent, *left, *right;
	bool red;
};

struct rb_root {
	struct rb_node *node;
};
#define RB_ROOT ((struct rb_root){NULL})

typedef void (*rb_update_fn)(struct rb_node *node);

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

/* Hang a new node below parent at *link, then rebalance. update may be NULL. */
void rb_insert_at(struct rb_root *root, struct rb_node *node,
		  struct rb_node *parent, struct rb_node **link,
		  rb_update_fn update);
void rb_erase(struct rb_root *root, struct rb_node *node, rb_update_fn update);
/* After a node's own key or length changed: recompute it and its ancestors. */
void rb_propagate(struct rb_node *node, rb_update_fn update);

struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* Rules 1-3 and parent links; number of black nodes on a path, -1 if broken. */
int rb_check(const struct rb_root *root);

#endif
