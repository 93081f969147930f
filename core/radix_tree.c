/*
 * radix_tree.c - from page offset to frame, six bits of the offset a level.
 *
 *   height 0   root.item                          index 0 only, no node
 *   height 1   root.node [0..63]                  index 0 to 63
 *   height 2   root.node [0..63] ─► [0..63]       index 0 to 4095
 *
 *	insert 0        insert 1            insert 64
 *	item=a          [a b . . ]          [ . . ]
 *	                                     │ └────► [c . . ]
 *	                                     └► [a b . ]
 *
 * The tree grows at the top: the old root becomes slot 0 of a new one. It
 * shrinks at the top as well, when slot 0 is all that is left.
 *
 * Preloading. The kernel inserts under a spinlock, where it may not sleep for
 * memory; so before taking the lock it fills a per-CPU pool of nodes to 11
 * (two paths of the largest height, less the root they share), and inside it
 * takes nodes from the pool. Nodes that one insertion took are allocated by
 * the *next* one, of whatever file: slabinfo runs ahead of the trees by the
 * pool, and a file's first node seems to cost nothing.
 *
 * Nodes are objects of the cache radix_tree_node; their slots are kept here on
 * the host. Linux: lib/radix-tree.c.
 *
 * Invariants (radix_tree_check; filemap_check 4 holds the pool to account)
 *  1. A node of height h has 1 to 64 slots in use, and count says how many.
 *  2. Height 0 has no node; a taller tree has one, and the height of a node
 *     is one less than its parent's.
 *  3. Without slot 0 alone: a root node with nothing but slot 0 was shrunk.
 */
#include "core/radix_tree.h"
#include "core/machine.h"

#define MAP_SIZE (1u << RADIX_TREE_MAP_SHIFT)
#define MAP_MASK (MAP_SIZE - 1)
#define MAX_HEIGHT 11 /* 64-bit offsets; 32-bit kernels stop at 6 */

union radix_slot {
	uint64_t item;		      /* at height 1 */
	struct radix_tree_node *node; /* above */
};

struct radix_tree_node {
	uint32_t count; /* slots in use */
	uint32_t id;	/* in m->radix_pool */
	kva_t kobj;
	union radix_slot slot[MAP_SIZE];
};

struct radix_preload {
	unsigned nr;
	struct radix_tree_node *nodes[RADIX_TREE_MAX_PRELOAD];
};

/* ---- nodes ---- */

static struct radix_tree_node *node_create(struct machine *m, gfp_t gfp)
{
	struct radix_tree_node *node;
	kva_t kobj;
	uint32_t id;

	if (kobj_alloc(m, m->caches.radix_tree_node, gfp & ~GFP_ZONEMASK,
		       &kobj))
		return NULL;
	node = hpool_alloc(&m->radix_pool, &id);
	node->id = id;
	node->kobj = kobj;
	return node;
}

/* Linux frees nodes by RCU; with no reader about, that is at once. */
static void node_free(struct machine *m, struct radix_tree_node *node)
{
	kobj_free(m, m->caches.radix_tree_node, node->kobj);
	hpool_free(&m->radix_pool, node->id);
}

/* Inside the lock: from the pool; only an empty pool asks the slab. */
static struct radix_tree_node *radix_tree_node_alloc(struct machine *m)
{
	struct radix_preload *pool = m->radix_preload;

	if (pool->nr)
		return pool->nodes[--pool->nr];
	return node_create(m, GFP_ATOMIC);
}

void radix_tree_subsys_init(struct machine *m)
{
	hpool_init(&m->radix_pool, &m->host, sizeof(struct radix_tree_node));
	m->radix_preload = host_alloc(&m->host, sizeof(*m->radix_preload));
}

void radix_tree_subsys_destroy(struct machine *m)
{
	if (!m->radix_preload)
		return;
	host_free(&m->host, m->radix_preload, sizeof(*m->radix_preload));
	m->radix_preload = NULL;
	hpool_destroy(&m->radix_pool);
}

unsigned radix_tree_preloaded(const struct machine *m)
{
	return m->radix_preload->nr;
}

int radix_tree_preload(struct machine *m, gfp_t gfp)
{
	struct radix_preload *pool = m->radix_preload;
	struct radix_tree_node *node;

	if (!(gfp & __GFP_WAIT))
		return 0;
	while (pool->nr < RADIX_TREE_MAX_PRELOAD) {
		node = node_create(m, gfp);
		if (!node)
			return -ENOMEM;
		pool->nodes[pool->nr++] = node;
	}
	return 0;
}

/* ---- the tree ---- */

/* Largest index that a tree of this height holds. */
static uint64_t maxindex(unsigned height)
{
	unsigned bits = height * RADIX_TREE_MAP_SHIFT;

	return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

static bool tree_empty(const struct radix_tree_root *root)
{
	return root->height ? root->node == NULL : root->item == 0;
}

/* The slot that index selects in a node of this height. */
static unsigned slot_of(uint64_t index, unsigned height)
{
	return (index >> ((height - 1) * RADIX_TREE_MAP_SHIFT)) & MAP_MASK;
}

/* Put levels on top until index fits. */
static int radix_tree_extend(struct machine *m, struct radix_tree_root *root,
			     uint64_t index)
{
	struct radix_tree_node *node;
	unsigned height = root->height + 1;

	while (index > maxindex(height))
		height++;
	if (tree_empty(root)) {
		root->height = height; /* nodes follow on the way down */
		return 0;
	}
	while (root->height < height) {
		node = radix_tree_node_alloc(m);
		if (!node)
			return -ENOMEM;
		node->count = 1;
		if (root->height)
			node->slot[0].node = root->node;
		else
			node->slot[0].item = root->item;
		root->item = 0;
		root->node = node;
		root->height++;
	}
	return 0;
}

/* Take levels off the top while slot 0 is all there is. */
static void radix_tree_shrink(struct machine *m, struct radix_tree_root *root)
{
	struct radix_tree_node *node;

	while (root->height) {
		node = root->node;
		if (node->count != 1 || !node->slot[0].item)
			return;
		if (root->height > 1) {
			root->node = node->slot[0].node;
		} else {
			root->item = node->slot[0].item;
			root->node = NULL;
		}
		root->height--;
		node_free(m, node);
	}
}

/* Give back the path below *at that slot_create() could not finish. */
static void path_undo(struct machine *m, struct radix_tree_node **at,
		      uint64_t index, unsigned height)
{
	struct radix_tree_node *node = *at, *next;

	*at = NULL;
	for (; node && height; node = next, height--) {
		next = node->slot[slot_of(index, height)].node;
		node_free(m, node);
	}
}

/* The slot for index, nodes on the way made; NULL: no memory, no change. */
static union radix_slot *slot_create(struct machine *m,
				     struct radix_tree_root *root,
				     uint64_t index,
				     struct radix_tree_node **leaf)
{
	struct radix_tree_node **at = &root->node, *parent = NULL;
	struct radix_tree_node **first = NULL, *first_parent = NULL;
	unsigned first_height = 0;

	for (unsigned height = root->height; height; height--) {
		if (!*at) {
			if (!first) {
				first = at;
				first_parent = parent;
				first_height = height;
			} else {
				parent->count++;
			}
			*at = radix_tree_node_alloc(m);
			if (!*at) {
				path_undo(m, first, index, first_height);
				return NULL;
			}
		}
		parent = *at;
		at = &parent->slot[slot_of(index, height)].node;
	}
	if (first_parent)
		first_parent->count++;
	*leaf = parent;
	return &parent->slot[index & MAP_MASK];
}

/* An insertion that failed may have grown the tree for nothing. */
static void insert_undo(struct machine *m, struct radix_tree_root *root)
{
	if (root->height && !root->node)
		root->height = 0;
	radix_tree_shrink(m, root);
}

int radix_tree_insert(struct machine *m, struct radix_tree_root *root,
		      uint64_t index, uint64_t item)
{
	struct radix_tree_node *leaf;
	union radix_slot *slot;
	int err;

	mm_assert(item);
	if (index > maxindex(root->height)) {
		err = radix_tree_extend(m, root, index);
		if (err) {
			insert_undo(m, root);
			return err;
		}
	}
	if (!root->height) {
		if (root->item)
			return -EEXIST;
		root->item = item;
		return 0;
	}
	slot = slot_create(m, root, index, &leaf);
	if (!slot) {
		insert_undo(m, root);
		return -ENOMEM;
	}
	if (slot->item)
		return -EEXIST;
	slot->item = item;
	leaf->count++;
	return 0;
}

/* Where an item stands, or would; NULL: no node reaches that far. */
static const uint64_t *lookup_slot(const struct radix_tree_root *root,
				   uint64_t index)
{
	const struct radix_tree_node *node = root->node;
	unsigned height = root->height;

	if (!height)
		return index ? NULL : &root->item;
	if (index > maxindex(height))
		return NULL;
	for (; node && height > 1; height--)
		node = node->slot[slot_of(index, height)].node;
	return node ? &node->slot[index & MAP_MASK].item : NULL;
}

uint64_t radix_tree_lookup(const struct radix_tree_root *root, uint64_t index)
{
	const uint64_t *slot = lookup_slot(root, index);

	return slot ? *slot : 0;
}

void radix_tree_replace(struct radix_tree_root *root, uint64_t index,
			uint64_t item)
{
	uint64_t *slot = (uint64_t *)lookup_slot(root, index);

	mm_assert(slot && *slot && item);
	*slot = item;
}

uint64_t radix_tree_delete(struct machine *m, struct radix_tree_root *root,
			   uint64_t index)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1], *node = root->node;
	uint64_t item = radix_tree_lookup(root, index);
	unsigned height = root->height;

	if (!item)
		return 0;
	if (!height) {
		root->item = 0;
		return item;
	}
	for (; height; height--) {
		path[height] = node;
		node = node->slot[slot_of(index, height)].node;
	}
	for (height = 1; height <= root->height; height++) {
		node = path[height];
		node->slot[slot_of(index, height)].item = 0;
		if (--node->count) {
			if (height == root->height)
				radix_tree_shrink(m, root);
			return item;
		}
		node_free(m, node);
	}
	root->height = 0;
	root->node = NULL;
	return item;
}

uint64_t radix_tree_next(const struct radix_tree_root *root, uint64_t *index)
{
	uint64_t at = *index, span;
	const struct radix_tree_node *node;
	unsigned height;

	if (!root->height)
		return at ? 0 : root->item;
	while (at <= maxindex(root->height)) {
		node = root->node;
		for (height = root->height; height > 1; height--) {
			if (!node->slot[slot_of(at, height)].node)
				break;
			node = node->slot[slot_of(at, height)].node;
		}
		if (height == 1 && node->slot[at & MAP_MASK].item) {
			*index = at;
			return node->slot[at & MAP_MASK].item;
		}
		span = (uint64_t)1 << ((height - 1) * RADIX_TREE_MAP_SHIFT);
		at = (at & ~(span - 1)) + span;
		if (!at)
			break; /* wrapped */
	}
	return 0;
}

/* ---- counting and checking ---- */

static unsigned count_nodes(const struct radix_tree_node *node, unsigned height)
{
	unsigned nr = 1;

	for (unsigned i = 0; height > 1 && i < MAP_SIZE; i++)
		if (node->slot[i].node)
			nr += count_nodes(node->slot[i].node, height - 1);
	return nr;
}

unsigned radix_tree_nodes(const struct radix_tree_root *root)
{
	return root->height ? count_nodes(root->node, root->height) : 0;
}

static void check_node(const struct radix_tree_node *node, unsigned height,
		       struct checker *c)
{
	unsigned used = 0;

	for (unsigned i = 0; i < MAP_SIZE; i++) {
		if (!node->slot[i].item)
			continue;
		used++;
		if (height > 1)
			check_node(node->slot[i].node, height - 1, c);
	}
	CHECK(c, used == node->count && used,
	      "radix 1: node %u of height %u counts %u slots, has %u", node->id,
	      height, node->count, used);
}

void radix_tree_check(const struct radix_tree_root *root, struct checker *c)
{
	if (!root->height) {
		CHECK(c, !root->node, "radix 2: height 0 with a node");
		return;
	}
	CHECK(c, root->node && !root->item,
	      "radix 2: height %u without a node, or with an item",
	      root->height);
	if (!root->node)
		return;
	CHECK(c, root->node->count != 1 || !root->node->slot[0].item,
	      "radix 3: height %u holds slot 0 alone", root->height);
	check_node(root->node, root->height, c);
}
