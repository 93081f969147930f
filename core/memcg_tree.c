/*
 * memcg_tree.c - the groups: made, limited, joined, left, removed; and walks.
 *
 *   /              0    the root: everybody begins here
 *   ├─ /web        1    a group is named by its path, as its folder below
 *   │  └─ /web/db  3    /sys/fs/cgroup/memory would be
 *   └─ /batch      2
 *
 * Reclaim goes through a group and those below it, parents first, children in
 * the order in which they were made. Each (root, zone, priority) remembers where
 * a walk that ended early stopped, so that the next goes on behind it and all
 * groups bleed alike. A group that is removed makes all that is remembered
 * above it worthless (dead_count).
 *
 * Without use_hierarchy a group's counter has no parent, and reclaim at its
 * limit stays within it: then the tree is one of names only. That is 3.12's
 * default.
 *
 * A removed group's pages are given to its parent. Slots in swap go on naming
 * the dead group until they are freed; only then its number can be used again.
 * Nor does a removed group go before those below it that wait for this: their
 * counters go on to its own.
 *
 * Linux: mm/memcontrol.c, kernel/cgroup.c.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/swap.h"
#include "core/task.h"

#include <string.h>

#define MEM_CGROUP_ID_MAX 65534 /* + 1 has to fit a slot's 16 bits */
#define RESIZE_RETRIES 5	/* for each group below */

/* ---- names ---- */

/* "a/b" and "/a/b": what stands behind the first '/'. NULL: no path. */
static const char *below_root(const char *path)
{
	const char *p = path + (*path == '/');

	for (const char *s = p; *s; s++)
		if (*s == '/' && (s == p || s[1] == '/' || !s[1]))
			return NULL;
	return *p ? p : NULL;
}

struct mem_cgroup *mem_cgroup_find(const struct machine *m, const char *path)
{
	const char *below = below_root(path);

	if (mem_cgroup_disabled(m))
		return NULL;
	if (!strcmp(path, "/"))
		return root_mem_cgroup(m);
	for (uint32_t i = 1; below && i < m->memcg->nr_groups; i++) {
		struct mem_cgroup *memcg = m->memcg->group[i];

		if (memcg && !memcg->dead && !strcmp(memcg->path + 1, below))
			return memcg;
	}
	return NULL;
}

/* Of the group that a path would lie in; NULL: there is none. */
static struct mem_cgroup *parent_of_path(struct machine *m, const char *below)
{
	const char *slash = strrchr(below, '/');
	struct mem_cgroup *parent;
	char *name;

	if (!slash)
		return root_mem_cgroup(m);
	name = host_strdup(&m->host, below);
	name[slash - below] = '\0';
	parent = mem_cgroup_find(m, name);
	host_strfree(&m->host, name);
	return parent;
}

/* ---- made and gone ---- */

static uint32_t free_id(const struct machine *m)
{
	uint32_t id = 0;

	while (id < m->memcg->nr_groups && m->memcg->group[id])
		id++;
	return id;
}

static void group_register(struct machine *m, struct mem_cgroup *memcg)
{
	struct memcontrol *c = m->memcg;
	uint32_t id = free_id(m);

	if (id == c->nr_groups) {
		c->group = host_realloc(&m->host, c->group,
					id * sizeof(*c->group),
					(id + 1) * sizeof(*c->group));
		c->nr_groups++;
	}
	c->group[id] = memcg;
	memcg->id = (uint16_t)id;
}

static void inherit(const struct machine *m, struct mem_cgroup *memcg)
{
	struct mem_cgroup *parent = memcg->parent;
	bool below = parent && parent->use_hierarchy;

	res_counter_init(&memcg->res, below ? &parent->res : NULL);
	res_counter_init(&memcg->memsw, below ? &parent->memsw : NULL);
	memcg->use_hierarchy = below;
	memcg->swappiness = (uint8_t)(parent ? mem_cgroup_swappiness(m, parent)
					     : m->cfg.swappiness);
}

static struct mem_cgroup *group_alloc(struct machine *m,
				      struct mem_cgroup *parent,
				      const char *below)
{
	struct mem_cgroup *memcg = host_alloc(&m->host, sizeof(*memcg));
	size_t len = strlen(below) + 1;

	group_register(m, memcg);
	memcg->path = host_alloc(&m->host, len + 1);
	memcg->path[0] = '/';
	memcpy(memcg->path + 1, below, len);
	memcg->parent = parent;
	INIT_LIST_HEAD(&memcg->children);
	INIT_LIST_HEAD(&memcg->sibling);
	if (parent) {
		list_add_tail(&memcg->sibling, &parent->children);
		parent->nr_below++;
	}
	inherit(m, memcg);
	return memcg;
}

static void group_free(struct machine *m, struct mem_cgroup *memcg)
{
	m->memcg->group[memcg->id] = NULL;
	host_strfree(&m->host, memcg->path);
	host_free(&m->host, memcg, sizeof(*memcg));
}

/* Up the tree: the last one below may be what its parent waited for. */
void mem_cgroup_put(struct machine *m, struct mem_cgroup *memcg)
{
	while (memcg->dead && !memcg->swap_refs && !memcg->nr_below) {
		struct mem_cgroup *parent = memcg->parent;

		drain_all_stock(m, memcg);
		group_free(m, memcg);
		parent->nr_below--;
		memcg = parent; /* at last the root, which never dies */
	}
}

int mem_cgroup_create(struct machine *m, const char *path)
{
	const char *below = below_root(path);
	struct mem_cgroup *parent, *memcg;

	if (!below && strcmp(path, "/"))
		return -EINVAL;
	mem_cgroup_enable(m);
	if (mem_cgroup_find(m, path))
		return -EEXIST;
	parent = parent_of_path(m, below);
	if (!parent)
		return -ENOENT;
	if (free_id(m) > MEM_CGROUP_ID_MAX)
		return -ENOSPC;
	memcg = group_alloc(m, parent, below);
	observe(m, MEMCG_NEW, memcg->id, parent->id, 0, 0);
	return 0;
}

/* Has it processes, or groups below it? */
static bool group_busy(const struct machine *m, const struct mem_cgroup *memcg)
{
	const struct task_struct *t;

	for_each_task(t, m)
		if (t->state == TASK_RUNNING && t->memcg == memcg)
			return true;
	return !list_empty(&memcg->children);
}

/* ---- its pages become the parent's ---- */

static struct mem_cgroup *heir_of(const struct machine *m,
				  const struct mem_cgroup *memcg)
{
	return memcg->res.parent ? container_of(memcg->res.parent,
						struct mem_cgroup, res)
				 : root_mem_cgroup(m);
}

/* The parent has had the charge all along, if it counts for its children. */
static void move_parent(struct machine *m, struct page *page,
			struct mem_cgroup *child)
{
	if (isolate_lru_page(m, page))
		return;
	if (page_charged(m, page)) {
		mem_cgroup_move_account(m, page, child, heir_of(m, child));
		res_counter_uncharge_until(&child->res, child->res.parent,
					   PAGE_SIZE(m));
		res_counter_uncharge_until(&child->memsw, child->memsw.parent,
					   PAGE_SIZE(m));
	}
	putback_lru_page(m, page);
}

/* From the tail, so that they keep their order. All charged pages are on lists:
 * the vectors are emptied first. */
static void mem_cgroup_reparent_charges(struct machine *m,
					struct mem_cgroup *memcg)
{
	struct zone *z;

	lru_add_drain(m);
	drain_all_stock(m, memcg);
	for_each_zone(z, m) {
		struct page_list *lru = memcg->zone[z->type].lruvec.lru;

		for (unsigned l = 0; l < NR_LRU_LISTS; l++)
			while (lru[l].nr)
				move_parent(m, page_list_last(m, &lru[l]),
					    memcg);
	}
	lru_add_drain(m);
}

int mem_cgroup_force_empty(struct machine *m, struct mem_cgroup *memcg)
{
	unsigned retries = RESIZE_RETRIES;

	if (mem_cgroup_is_root(memcg))
		return -EINVAL;
	if (group_busy(m, memcg))
		return -EBUSY;
	lru_add_drain(m);
	while (retries && memcg->res.usage)
		if (!try_to_free_mem_cgroup_pages(m, memcg, GFP_KERNEL, false))
			retries--;
	mem_cgroup_reparent_charges(m, memcg);
	return 0;
}

int mem_cgroup_remove(struct machine *m, struct mem_cgroup *memcg)
{
	if (mem_cgroup_is_root(memcg) || group_busy(m, memcg))
		return -EBUSY;
	for (struct mem_cgroup *p = memcg->parent; p; p = p->parent)
		p->dead_count++;
	mem_cgroup_reparent_charges(m, memcg);
	observe(m, MEMCG_GONE, memcg->id, 0, 0, 0);
	list_del(&memcg->sibling);
	memcg->dead = true;
	mem_cgroup_put(m, memcg);
	return 0;
}

/* ---- settings ---- */

static uint32_t count_tree(const struct machine *m, struct mem_cgroup *memcg)
{
	const struct mem_cgroup *iter;
	uint32_t nr = 0;

	for_each_mem_cgroup_tree(iter, m, memcg)
		nr++;
	return nr;
}

/* Lowered as long as reclaim gets anywhere. */
static int resize(struct machine *m, struct mem_cgroup *memcg,
		  struct res_counter *counter, uint64_t bytes)
{
	uint32_t retries = count_tree(m, memcg) * RESIZE_RETRIES;
	uint64_t used = counter->usage;

	while (res_counter_set_limit(counter, bytes)) {
		if (!retries)
			return -EBUSY;
		mem_cgroup_reclaim(m, memcg, GFP_KERNEL,
				   counter == &memcg->memsw, true);
		if (counter->usage >= used)
			retries--;
		else
			used = counter->usage;
	}
	memcg->memsw_is_minimum = memcg->res.limit == memcg->memsw.limit;
	return 0;
}

static uint64_t page_align_limit(const struct machine *m, uint64_t bytes)
{
	uint64_t aligned = PAGE_ALIGN(m, bytes);

	return aligned >= bytes ? aligned : RES_COUNTER_MAX;
}

int mem_cgroup_set_limit(struct machine *m, struct mem_cgroup *memcg,
			 uint64_t bytes)
{
	bytes = page_align_limit(m, bytes);
	if (mem_cgroup_is_root(memcg) || memcg->memsw.limit < bytes)
		return -EINVAL;
	return resize(m, memcg, &memcg->res, bytes);
}

int mem_cgroup_set_memsw_limit(struct machine *m, struct mem_cgroup *memcg,
			       uint64_t bytes)
{
	bytes = page_align_limit(m, bytes);
	if (mem_cgroup_is_root(memcg) || memcg->res.limit > bytes)
		return -EINVAL;
	return resize(m, memcg, &memcg->memsw, bytes);
}

int mem_cgroup_set_swappiness(struct mem_cgroup *memcg, uint64_t value)
{
	if (value > 100 || !memcg->parent || memcg->parent->use_hierarchy ||
	    (memcg->use_hierarchy && !list_empty(&memcg->children)))
		return -EINVAL;
	memcg->swappiness = (uint8_t)value;
	return 0;
}

int mem_cgroup_set_hierarchy(struct mem_cgroup *memcg, uint64_t value)
{
	if (memcg->use_hierarchy == value)
		return 0;
	if (value > 1 || (memcg->parent && memcg->parent->use_hierarchy))
		return -EINVAL;
	if (!list_empty(&memcg->children))
		return -EBUSY;
	memcg->use_hierarchy = value;
	return 0;
}

uint32_t mem_cgroup_swappiness(const struct machine *m,
			       const struct mem_cgroup *memcg)
{
	return mem_cgroup_is_root(memcg) ? m->cfg.swappiness
					 : memcg->swappiness;
}

/* ---- processes ---- */

void mem_cgroup_attach(struct task_struct *task, struct mem_cgroup *memcg)
{
	task->memcg = memcg;
	observe(task->m, MEMCG_ATTACH, memcg->id, task->pid, 0, 0);
}

struct mem_cgroup *mem_cgroup_from_task(const struct task_struct *task)
{
	return task->memcg ? task->memcg : root_mem_cgroup(task->m);
}

struct mem_cgroup *mem_cgroup_from_mm(const struct machine *m,
				      const struct mm_struct *mm)
{
	return mm && mm->owner ? mem_cgroup_from_task(mm->owner)
			       : root_mem_cgroup(m);
}

static bool may_own(const struct task_struct *t,
		    const struct task_struct *not_this,
		    const struct mm_struct *mm)
{
	return t != not_this && t->mm == mm;
}

/* A child, else a brother, else anybody. => mm has a user but task */
static struct task_struct *next_owner(struct task_struct *task,
				      const struct mm_struct *mm)
{
	struct task_struct *t;

	list_for_each_entry(t, &task->children, sibling)
		if (may_own(t, task, mm))
			return t;
	if (task->parent)
		list_for_each_entry(t, &task->parent->children, sibling)
			if (may_own(t, task, mm))
				return t;
	for_each_task(t, task->m)
		if (may_own(t, task, mm))
			return t;
	return NULL;
}

void mm_update_next_owner(struct task_struct *task, struct mm_struct *mm)
{
	if (mm->owner == task && mm->mm_users > 1)
		mm->owner = next_owner(task, mm);
}

/* ---- walks ---- */

bool mem_cgroup_same_or_subtree(const struct mem_cgroup *root,
				const struct mem_cgroup *memcg)
{
	if (root == memcg)
		return true;
	if (!root->use_hierarchy)
		return false;
	while (memcg && memcg != root)
		memcg = memcg->parent;
	return memcg != NULL;
}

/* Behind prev in the tree below root, parents first. */
static struct mem_cgroup *next_descendant(struct mem_cgroup *root,
					  const struct mem_cgroup *prev)
{
	if (!prev)
		return root;
	if (!list_empty(&prev->children))
		return list_entry(prev->children.next, struct mem_cgroup,
				  sibling);
	for (; prev != root; prev = prev->parent)
		if (prev->sibling.next != &prev->parent->children)
			return list_entry(prev->sibling.next,
					  struct mem_cgroup, sibling);
	return NULL;
}

/* One step of a walk that others share. */
static struct mem_cgroup *shared_step(struct mem_cgroup *root,
				      const struct mem_cgroup *prev,
				      struct mem_cgroup_reclaim_cookie *cookie)
{
	struct mem_cgroup_reclaim_iter *iter =
		&root->zone[cookie->zone].iter[cookie->priority];
	struct mem_cgroup *memcg;

	if (prev && cookie->generation != iter->generation) {
		iter->last_visited = NULL;
		return NULL;
	}
	if (iter->last_dead_count != root->dead_count)
		iter->last_visited = NULL;
	memcg = next_descendant(root, iter->last_visited);
	iter->last_visited = memcg;
	iter->last_dead_count = root->dead_count;
	if (!memcg)
		iter->generation++;
	else if (!prev)
		cookie->generation = iter->generation;
	return memcg;
}

struct mem_cgroup *mem_cgroup_iter(const struct machine *m,
				   struct mem_cgroup *root,
				   const struct mem_cgroup *prev,
				   struct mem_cgroup_reclaim_cookie *cookie)
{
	struct mem_cgroup *memcg;

	if (mem_cgroup_disabled(m))
		return NULL;
	if (!root)
		root = root_mem_cgroup(m);
	if (!root->use_hierarchy && !mem_cgroup_is_root(root))
		return prev ? NULL : root;
	if (!cookie)
		return next_descendant(root, prev);
	do {
		memcg = shared_step(root, prev, cookie);
	} while (!memcg && !prev);
	return memcg;
}

/* ---- LRU lists ---- */

struct lruvec *__mem_cgroup_page_lruvec(struct machine *m,
					const struct page *page,
					struct zone *z)
{
	struct page_cgroup *pc = lookup_page_cgroup(m, page);

	if (!PageLRU(page) && !(pc->flags & PCG_USED))
		pc->id = 0;
	return mem_cgroup_zone_lruvec(z, m->memcg->group[pc->id]);
}

const struct lruvec *zone_lruvec(const struct machine *m, const struct zone *z,
				 uint32_t *n)
{
	uint32_t nr = m->memcg ? m->memcg->nr_groups : 1;

	for (; *n < nr; ++*n) {
		uint32_t id = *n;

		if (id && !m->memcg->group[id])
			continue;
		++*n;
		return id ? &m->memcg->group[id]->zone[z->type].lruvec
			  : &z->lruvec;
	}
	return NULL;
}

uint64_t mem_cgroup_nr_lru_pages(const struct machine *m,
				 const struct mem_cgroup *memcg,
				 enum lru_list lru)
{
	const struct zone *z;
	uint64_t nr = 0;

	for_each_zone(z, m)
		nr += (mem_cgroup_is_root(memcg)
			       ? &z->lruvec
			       : &memcg->zone[z->type].lruvec)
			      ->lru[lru]
			      .nr;
	return nr;
}

bool mem_cgroup_inactive_anon_is_low(const struct machine *m,
				     const struct lruvec *v)
{
	uint64_t inactive = v->lru[LRU_INACTIVE_ANON].nr;
	uint64_t active = v->lru[LRU_ACTIVE_ANON].nr;
	uint64_t gb = (inactive + active) >> (30 - m->page_shift);

	return inactive * (gb ? int_sqrt(10 * gb) : 1) < active;
}

/* ---- on and off ---- */

/* As if the controller had been there: what is mapped or cached is the root's,
 * and the slots of what is swapped out. */
static void adopt_frame(struct machine *m, struct page *page)
{
	struct mem_cgroup *root = root_mem_cgroup(m);

	if (PageSlab(page) || PageBuddy(page) || page_count(page) <= 0 ||
	    (!PageAnon(page) && !page_mapping(m, page)) ||
	    (PageAnon(page) && !page_mapped(page) && !PageSwapCache(page)))
		return;
	lookup_page_cgroup(m, page)->flags = PCG_USED;
	root->stat[PageAnon(page) ? MEM_CGROUP_STAT_RSS
				  : MEM_CGROUP_STAT_CACHE]++;
	if (!PageAnon(page) && page_mapped(page))
		root->stat[MEM_CGROUP_STAT_FILE_MAPPED]++;
}

static void adopt_lists(struct machine *m)
{
	const struct pagevec *pvec = &m->pagevecs->lru_add;
	struct zone *z;

	for_each_zone(z, m)
		for (unsigned l = 0; l < NR_LRU_LISTS; l++)
			page_list_for_each(pfn, m, &z->lruvec.lru[l])
				adopt_frame(m, pfn_to_page(m, pfn));
	for (unsigned i = 0; i < pvec->nr; i++)
		adopt_frame(m, pfn_to_page(m, pvec->pages[i]));
}

static void adopt_slot(struct machine *m, swp_entry_t entry)
{
	struct page *page = find_get_swap_page(m, entry);
	bool charged = page && page_charged(m, page);

	if (page)
		page->_count--; /* the cache has another */
	if (!charged && swap_slot(m, entry))
		mem_cgroup_note_swap(m, root_mem_cgroup(m), entry);
}

static void adopt_slots(struct machine *m)
{
	for (unsigned t = 0; m->swap && t < m->swap->nr_swapfiles; t++) {
		const struct swap_area *a = &m->swap->area[t];

		for (uint32_t s = 1; a->used && a->inuse_pages && s < a->max;
		     s++)
			adopt_slot(m, swp_entry(t, s));
	}
}

void mem_cgroup_enable(struct machine *m)
{
	if (m->memcg)
		return;
	m->memcg = host_alloc(&m->host, sizeof(*m->memcg));
	m->memcg->page = host_reserve(&m->host, m->max_pfn *
						sizeof(*m->memcg->page));
	group_alloc(m, NULL, "");
	adopt_lists(m);
	adopt_slots(m);
}

int memcg_subsys_init(struct machine *m, const char **why __unused_arg)
{
	if (m->cfg.memcg)
		mem_cgroup_enable(m);
	return 0;
}

void memcg_subsys_destroy(struct machine *m)
{
	struct memcontrol *c = m->memcg;

	if (!c)
		return;
	for (uint32_t i = 0; i < c->nr_groups; i++)
		if (c->group[i])
			group_free(m, c->group[i]);
	for (unsigned t = 0; t < MAX_SWAPFILES; t++)
		mem_cgroup_swapoff(m, t);
	host_free(&m->host, c->group, c->nr_groups * sizeof(*c->group));
	if (c->page)
		host_release(&m->host, c->page, m->max_pfn * sizeof(*c->page));
	host_free(&m->host, c, sizeof(*c));
	m->memcg = NULL;
}
