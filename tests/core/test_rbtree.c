/* test_rbtree.c - random insertions and removals against a sorted array. */
#include "core/rbtree.h"

#include <criterion/criterion.h>
#include <string.h>

#define N 300

struct item {
	struct rb_node rb;
	unsigned key;
	unsigned long sum; /* of all keys in my subtree */
};

static struct item *item_of(struct rb_node *node)
{
	return rb_entry(node, struct item, rb);
}

static void update_sum(struct rb_node *node)
{
	struct item *it = item_of(node);

	it->sum = it->key;
	if (node->left)
		it->sum += item_of(node->left)->sum;
	if (node->right)
		it->sum += item_of(node->right)->sum;
}

static void insert(struct rb_root *root, struct item *it, rb_update_fn update)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < item_of(parent)->key ? &parent->left
						      : &parent->right;
	}
	rb_insert_at(root, &it->rb, parent, link, update);
}

static unsigned long subtree_sum(struct rb_node *node)
{
	unsigned long sum;

	if (!node)
		return 0;
	sum = item_of(node)->key + subtree_sum(node->left) +
	      subtree_sum(node->right);
	cr_assert_eq(item_of(node)->sum, sum);
	return sum;
}

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

/* Every item that is `in` is met once, in order, both ways. */
static void check_order(struct rb_root *root, const bool *in)
{
	struct rb_node *node = rb_first(root);
	unsigned i;

	for (i = 0; i < N; i++) {
		if (!in[i])
			continue;
		cr_assert(node && item_of(node)->key == i);
		node = rb_next(node);
	}
	cr_assert_null(node);
	node = rb_last(root);
	for (i = N; i-- > 0;) {
		if (!in[i])
			continue;
		cr_assert(node && item_of(node)->key == i);
		node = rb_prev(node);
	}
	cr_assert_null(node);
}

static void churn(unsigned seed, unsigned steps, rb_update_fn update)
{
	static struct item items[N];
	bool in[N] = {false};
	struct rb_root root = RB_ROOT;
	unsigned state = seed;

	memset(items, 0, sizeof(items));
	for (unsigned s = 0; s < steps; s++) {
		unsigned i = next_random(&state) % N;

		items[i].key = i;
		if (in[i])
			rb_erase(&root, &items[i].rb, update);
		else
			insert(&root, &items[i], update);
		in[i] = !in[i];
		cr_assert_geq(rb_check(&root), 0, "seed %u step %u", seed, s);
		if (update)
			subtree_sum(root.node);
		if (s % 16 == 0)
			check_order(&root, in);
	}
	for (unsigned i = 0; i < N; i++) {
		if (!in[i])
			continue;
		rb_erase(&root, &items[i].rb, update);
		in[i] = false;
		cr_assert_geq(rb_check(&root), 0);
		check_order(&root, in);
	}
	cr_assert_null(root.node);
}

Test(rbtree, random_plain)
{
	for (unsigned seed = 1; seed <= 5; seed++)
		churn(seed, 2000, NULL);
}

Test(rbtree, random_augmented)
{
	for (unsigned seed = 1; seed <= 5; seed++)
		churn(seed, 2000, update_sum);
}

Test(rbtree, ascending_stays_flat)
{
	static struct item items[1024];
	struct rb_root root = RB_ROOT;

	for (unsigned i = 0; i < 1024; i++) {
		items[i].key = i;
		insert(&root, &items[i], NULL);
	}
	cr_assert_leq(rb_check(&root), 10);
	cr_assert_geq(rb_check(&root), 5);
}

Test(rbtree, propagate_after_a_change)
{
	static struct item items[64];
	struct rb_root root = RB_ROOT;

	for (unsigned i = 0; i < 64; i++) {
		items[i].key = i * 10;
		insert(&root, &items[i], update_sum);
	}
	items[17].key += 3;
	rb_propagate(&items[17].rb, update_sum);
	cr_assert_eq(subtree_sum(root.node), 10 * (63 * 64 / 2) + 3);
}

Test(rbtree, check_finds_what_is_broken)
{
	static struct item items[3];
	struct rb_root root = RB_ROOT;

	for (unsigned i = 0; i < 3; i++) {
		items[i].key = i;
		insert(&root, &items[i], NULL);
	}
	cr_assert_geq(rb_check(&root), 0);
	root.node->red = true;
	cr_assert_eq(rb_check(&root), -1);
	root.node->red = false;
	root.node->left->red = false;
	cr_assert_eq(rb_check(&root), -1);
	root.node->left->red = true;
	root.node->left->parent = NULL;
	cr_assert_eq(rb_check(&root), -1);
}
