/*
 * rbtree.c - red-black tree by hand, with a value kept for each subtree.
 *
 *          7B                 insert: a red leaf; a red parent is mended by
 *        /    \               recolouring (red uncle, go up two levels) or by
 *      3R      9B             one or two rotations (black uncle, done).
 *     /  \       \            erase: the node, or its successor put in its
 *   1B    5B      11R         place, goes; a missing black is made up for from
 *                             the sibling's side, or asked for one level up.
 *
 * Augmentation: update(node) computes node's value from itself and its
 * children. Whatever changes shape calls it bottom-up: insert and erase for the
 * whole path to the root, a rotation for the two nodes it turns (the subtree
 * as a whole holds the same nodes, so nothing above changes).
 *
 * Invariants (rb_check)
 *  1. The root is black and has no parent.
 *  2. A red node has no red child.
 *  3. Every path down to a leaf has the same number of black nodes.
 *  4. A child's parent link leads back.
 *
 * Linux: lib/rbtree.c, include/linux/rbtree_augmented.h.
 */
#include "core/rbtree.h"

static bool is_red(const struct rb_node *node)
{
	return node && node->red;
}

/* Put new (may be NULL) where old hangs. */
static void replace_child(struct rb_root *root, struct rb_node *old,
			  struct rb_node *new)
{
	struct rb_node *parent = old->parent;

	if (!parent)
		root->node = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
	if (new)
		new->parent = parent;
}

/*
 *     x                y
 *    / \              / \
 *   a   y     ──►    x   c
 *      / \          / \
 *     b   c        a   b
 */
static void rotate_left(struct rb_root *root, struct rb_node *x,
			rb_update_fn update)
{
	struct rb_node *y = x->right;

	x->right = y->left;
	if (x->right)
		x->right->parent = x;
	replace_child(root, x, y);
	y->left = x;
	x->parent = y;
	if (update) {
		update(x);
		update(y);
	}
}

static void rotate_right(struct rb_root *root, struct rb_node *x,
			 rb_update_fn update)
{
	struct rb_node *y = x->left;

	x->left = y->right;
	if (x->left)
		x->left->parent = x;
	replace_child(root, x, y);
	y->right = x;
	x->parent = y;
	if (update) {
		update(x);
		update(y);
	}
}

void rb_propagate(struct rb_node *node, rb_update_fn update)
{
	if (!update)
		return;
	for (; node; node = node->parent)
		update(node);
}

void rb_insert_at(struct rb_root *root, struct rb_node *node,
		  struct rb_node *parent, struct rb_node **link,
		  rb_update_fn update)
{
	struct rb_node *grand, *uncle;

	*node = (struct rb_node){.parent = parent, .red = true};
	*link = node;
	rb_propagate(node, update);
	while ((parent = node->parent) && parent->red) {
		grand = parent->parent; /* a red parent is not the root */
		uncle = grand->left == parent ? grand->right : grand->left;
		if (is_red(uncle)) {
			parent->red = uncle->red = false;
			grand->red = true;
			node = grand;
			continue;
		}
		if (parent == grand->left) {
			if (node == parent->right) {
				rotate_left(root, parent, update);
				parent = node;
			}
			rotate_right(root, grand, update);
		} else {
			if (node == parent->left) {
				rotate_right(root, parent, update);
				parent = node;
			}
			rotate_left(root, grand, update);
		}
		parent->red = false;
		grand->red = true;
		break;
	}
	root->node->red = false;
}

/*
 * The paths through parent's left side (left) or right side lack one black
 * node; node is what hangs there, possibly nothing.
 */
static void erase_rebalance(struct rb_root *root, struct rb_node *parent,
			    bool left, rb_update_fn update)
{
	struct rb_node *node, *sibling, *near, *far;

	for (;;) {
		node = left ? parent->left : parent->right;
		if (is_red(node)) {
			node->red = false;
			return;
		}
		sibling = left ? parent->right : parent->left;
		if (sibling->red) { /* make it black: its children are */
			sibling->red = false;
			parent->red = true;
			(left ? rotate_left : rotate_right)(root, parent,
							    update);
			sibling = left ? parent->right : parent->left;
		}
		near = left ? sibling->left : sibling->right;
		far = left ? sibling->right : sibling->left;
		if (is_red(near) || is_red(far))
			break;
		sibling->red = true; /* the whole subtree lacks one now */
		if (parent->red) {
			parent->red = false;
			return;
		}
		if (!parent->parent)
			return;
		left = parent->parent->left == parent;
		parent = parent->parent;
	}
	if (!is_red(far)) {
		sibling->red = true; /* near gets its colour below */
		(left ? rotate_right : rotate_left)(root, sibling, update);
		far = sibling;
		sibling = near;
	}
	sibling->red = parent->red;
	parent->red = far->red = false;
	(left ? rotate_left : rotate_right)(root, parent, update);
}

void rb_erase(struct rb_root *root, struct rb_node *node, rb_update_fn update)
{
	struct rb_node *gone = node, *child, *parent;
	bool black, left;

	if (node->left && node->right) /* its successor takes its place */
		for (gone = node->right; gone->left;)
			gone = gone->left;
	child = gone->left ? gone->left : gone->right;
	parent = gone->parent;
	left = parent && parent->left == gone;
	black = !gone->red;
	replace_child(root, gone, child);
	if (gone != node) {
		if (parent == node)
			parent = gone;
		replace_child(root, node, gone);
		gone->red = node->red;
		gone->left = node->left;
		gone->right = node->right;
		if (gone->left)
			gone->left->parent = gone;
		if (gone->right)
			gone->right->parent = gone;
	}
	*node = (struct rb_node){0};
	rb_propagate(parent, update);
	if (!black)
		return;
	if (parent)
		erase_rebalance(root, parent, left, update);
	else if (child)
		child->red = false;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->node;

	while (node && node->left)
		node = node->left;
	return node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->node;

	while (node && node->right)
		node = node->right;
	return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->right) {
		for (up = node->right; up->left;)
			up = up->left;
		return up;
	}
	while ((up = node->parent) && up->right == node)
		node = up;
	return up;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->left) {
		for (up = node->left; up->right;)
			up = up->right;
		return up;
	}
	while ((up = node->parent) && up->left == node)
		node = up;
	return up;
}

/* Black nodes on each path below and with node, or -1. */
static int black_height(const struct rb_node *node,
			const struct rb_node *parent)
{
	int left, right;

	if (!node)
		return 0;
	if (node->parent != parent)
		return -1;
	if (node->red && (is_red(node->left) || is_red(node->right)))
		return -1;
	left = black_height(node->left, node);
	right = black_height(node->right, node);
	if (left < 0 || left != right)
		return -1;
	return left + !node->red;
}

int rb_check(const struct rb_root *root)
{
	if (is_red(root->node))
		return -1;
	return black_height(root->node, NULL);
}
