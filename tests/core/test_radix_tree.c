/* test_radix_tree.c - the tree against a plain map, and its nodes' objects. */
#include "core/machine.h"
#include "core/radix_tree.h"
#include "core/slab.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	return make_machine(&cfg);
}

static void fail_on(void *ctx __unused_arg, const char *message)
{
	cr_expect(false, "%s", message);
}

static void check(const struct radix_tree_root *root)
{
	struct checker c = {.tell = fail_on};

	radix_tree_check(root, &c);
	cr_assert_eq(c.broken, 0);
}

/* Nodes a tree of these indices needs, counted without building it. */
static unsigned nodes_needed(const uint8_t *present, unsigned n,
			     unsigned height)
{
	unsigned nr = 0;

	for (unsigned h = 1; h <= height; h++) {
		unsigned span = 1u << (6 * h);

		for (unsigned at = 0; at < n; at += span) {
			bool any = false;

			for (unsigned i = at; i < at + span && i < n; i++)
				any |= present[i];
			nr += any;
		}
	}
	return nr;
}

static unsigned height_needed(unsigned max)
{
	return max == 0 ? 0 : max < 64 ? 1 : max < 4096 ? 2 : 3;
}

#define N 9000u

Test(radix_tree, random_against_a_map)
{
	static uint8_t present[N];
	struct machine *m = boot();
	struct radix_tree_root root = {0};
	unsigned nr = 0, seed = 12345;

	for (unsigned step = 0; step < 20000; step++) {
		seed = seed * 1103515245 + 12345;
		unsigned i = (seed >> 8) % N;
		/* runs of few, of many, and of few again */
		bool insert = (seed >> 28) < (step / 5000 % 2 ? 5u : 12u);

		if (step % 3)
			i %= 200;
		radix_tree_preload(m, GFP_KERNEL);
		if (insert) {
			cr_assert_eq(radix_tree_insert(m, &root, i, i + 1),
				     present[i] ? -EEXIST : 0);
			nr += !present[i];
			present[i] = 1;
		} else {
			cr_assert_eq(radix_tree_delete(m, &root, i),
				     present[i] ? i + 1 : 0);
			nr -= present[i];
			present[i] = 0;
		}
		if (step % 50)
			continue;
		check(&root);
		uint64_t at = 0, seen = 0;
		unsigned last = 0;
		while (radix_tree_next(&root, &at)) {
			cr_assert(present[at]);
			last = (unsigned)at++;
			seen++;
		}
		cr_assert_eq(seen, nr);
		cr_assert_eq(radix_tree_lookup(&root, i),
			     present[i] ? i + 1 : 0);
		cr_assert_eq(root.height,
			     nr ? height_needed(last) : root.height);
		cr_assert_eq(radix_tree_nodes(&root),
			     nr ? nodes_needed(present, N, root.height) : 0);
	}
	for (unsigned i = 0; i < N; i++)
		radix_tree_delete(m, &root, i);
	cr_assert_eq(radix_tree_nodes(&root), 0);
	cr_assert_eq(m->radix_pool.nr_used, radix_tree_preloaded(m));
	machine_destroy(m);
}

Test(radix_tree, index_zero_needs_no_node_and_large_ones_do)
{
	struct machine *m = boot();
	struct radix_tree_root root = {0};

	radix_tree_insert(m, &root, 0, 7);
	cr_expect_eq(root.height, 0);
	cr_expect_eq(radix_tree_nodes(&root), 0);
	radix_tree_insert(m, &root, 0xffffffff, 8);
	cr_expect_eq(root.height, 6);
	cr_expect_eq(radix_tree_nodes(&root), 11); /* two paths, one root */
	cr_expect_eq(radix_tree_delete(m, &root, 0xffffffff), 8);
	cr_expect_eq(root.height, 0);
	cr_expect_eq(root.item, 7);
	machine_destroy(m);
}

/* The rows of the measured table: live objects run ahead by the pool. */
Test(radix_tree, objects_lag_behind)
{
	static const struct {
		uint64_t index;
		int delta;
	} row[] = {
		{0, 0}, {1, 0}, {63, 1}, {64, 0}, {128, 2},
	};
	struct machine *m = boot();
	struct radix_tree_root warm = {0}, root = {0};
	struct kmem_cache *cache = m->caches.radix_tree_node;
	uint32_t live;

	cr_assert_not_null(cache);
	radix_tree_preload(m, GFP_KERNEL);
	radix_tree_insert(m, &warm, 0, 1);
	live = kmem_cache_live(cache);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		radix_tree_preload(m, GFP_KERNEL);
		radix_tree_insert(m, &root, row[i].index, 1);
		cr_expect_eq((int)(kmem_cache_live(cache) - live), row[i].delta,
			     "page %d", (int)row[i].index);
		live = kmem_cache_live(cache);
	}
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		radix_tree_delete(m, &root, row[i].index);
	cr_expect_eq((int)(live - kmem_cache_live(cache)), 4);
	machine_destroy(m);
}
