/*
 * memcontrol.h - memory cgroups: who is charged for which page.
 *
 *   task ── memcg ─► mem_cgroup ── res: bytes charged, limit
 *    ▲                   ▲  └──── zone[]: LRU lists of its pages
 *    └─ mm->owner        └── page_cgroup[pfn].id, beside mem_map
 *
 * The controller costs nothing until it is on: m->memcg is NULL, and each hook
 * is one test of it. It comes on with the first group, or with the machine
 * (cfg.memcg). Linux: include/linux/memcontrol.h, page_cgroup.h; 3.12.
 */
#ifndef MMEMU_CORE_MEMCONTROL_H
#define MMEMU_CORE_MEMCONTROL_H

#include "core/gfp.h"
#include "core/machine.h"
#include "core/mm.h"
#include "core/res_counter.h"
#include "core/swapfile.h"
#include "core/vmscan.h"

#define CHARGE_BATCH 32u /* pages a charge takes at once, for those to come */

/* memory.stat, in its order (formats/memcg.c has the names) */
enum mem_cgroup_stat_index {
	MEM_CGROUP_STAT_CACHE,	     /* pages of files and shared memory */
	MEM_CGROUP_STAT_RSS,	     /* anonymous pages */
	MEM_CGROUP_STAT_RSS_HUGE,
	MEM_CGROUP_STAT_FILE_MAPPED,
	MEM_CGROUP_STAT_WRITEBACK,
	MEM_CGROUP_STAT_SWAP,	     /* slots */
	MEM_CGROUP_STAT_NSTATS
};
enum mem_cgroup_events_index {
	MEM_CGROUP_EVENTS_PGPGIN,  /* pages charged */
	MEM_CGROUP_EVENTS_PGPGOUT, /* and uncharged */
	MEM_CGROUP_EVENTS_PGFAULT,
	MEM_CGROUP_EVENTS_PGMAJFAULT,
	MEM_CGROUP_EVENTS_NSTATS
};

/* Where a walk of reclaim over a group and its children stopped. */
struct mem_cgroup_reclaim_iter {
	struct mem_cgroup *last_visited;
	uint64_t last_dead_count;
	uint64_t generation; /* round trips */
};

struct mem_cgroup_per_zone {
	struct lruvec lruvec; /* not the root's: that is the zone's */
	struct mem_cgroup_reclaim_iter iter[DEF_PRIORITY + 1];
};

struct mem_cgroup {
	uint16_t id;	    /* its place in memcontrol.group; 0: the root */
	bool dead;	    /* removed; slots or groups below still name it */
	bool use_hierarchy; /* children's charges are its own too */
	bool memsw_is_minimum; /* both limits are one: swapping is no help */
	uint8_t swappiness;
	char *path;	    /* "/", "/a", "/a/b" */
	struct mem_cgroup *parent; /* in the tree of groups; NULL: the root */
	struct list_head children, sibling;
	struct res_counter res;	  /* memory */
	struct res_counter memsw; /* memory and swap */
	int64_t stat[MEM_CGROUP_STAT_NSTATS]; /* pages */
	uint64_t events[MEM_CGROUP_EVENTS_NSTATS];
	uint64_t dead_count; /* groups removed below */
	uint64_t swap_refs;  /* slots that name it */
	uint32_t nr_below;   /* groups whose parent it is, dead ones too */
	struct mem_cgroup_per_zone zone[MAX_NR_ZONES];
};

/* Beside each struct page. Linux has a pointer and flags, 8 bytes on i386. */
struct page_cgroup {
	uint16_t id; /* of the group, also behind a charge while on a list */
	uint16_t flags;
};
#define PCG_USED 1u	 /* charged */
#define PCG_MIGRATION 2u /* being moved: unmapping does not uncharge */
#define PCG_LEFT_SWAP 4u /* mapped again, and charged to nobody (memcontrol.c) */

/* Charges taken from a group's counter that no page has yet. */
struct memcg_stock {
	struct mem_cgroup *cached;
	uint32_t nr_pages;
};

/* A charge that failed in a fault: somebody is killed when the fault ends. */
struct memcg_oom {
	struct mem_cgroup *memcg; /* NULL: none did */
	gfp_t gfp;
	bool may_oom; /* in a fault from user mode */
};

struct memcontrol {
	struct page_cgroup *page; /* by pfn */
	struct mem_cgroup **group; /* by id; NULL: free */
	uint32_t nr_groups;	   /* length of the array */
	struct memcg_stock stock;
	struct memcg_oom oom;
	uint16_t *swap[MAX_SWAPFILES]; /* by slot: id + 1 of who is charged */
	size_t swap_bytes[MAX_SWAPFILES];
};

static inline bool mem_cgroup_disabled(const struct machine *m)
{
	return likely(!m->memcg);
}
static inline struct mem_cgroup *root_mem_cgroup(const struct machine *m)
{
	return m->memcg->group[0];
}
static inline bool mem_cgroup_is_root(const struct mem_cgroup *memcg)
{
	return !memcg->parent;
}
static inline struct page_cgroup *lookup_page_cgroup(const struct machine *m,
						     const struct page *page)
{
	return &m->memcg->page[page_to_pfn(m, page)];
}
static inline bool page_charged(const struct machine *m,
				const struct page *page)
{
	return lookup_page_cgroup(m, page)->flags & PCG_USED;
}

/* ---- groups (memcg_tree.c) ---- */
/* Turn the controller on: all there is belongs to the root group. */
void mem_cgroup_enable(struct machine *m);
/* path: "a/b" and "/a/b" are one. NULL: there is none. */
struct mem_cgroup *mem_cgroup_find(const struct machine *m, const char *path);
/* -EINVAL: no path; -EEXIST; -ENOENT: no parent; -ENOSPC. */
int mem_cgroup_create(struct machine *m, const char *path);
/* Its pages become its parent's. -EBUSY: it has processes or children. */
int mem_cgroup_remove(struct machine *m, struct mem_cgroup *memcg);
/* Reclaim all that goes, the rest becomes the parent's. -EBUSY: as above. */
int mem_cgroup_force_empty(struct machine *m, struct mem_cgroup *memcg);
/* Pages stay charged to the group that the process leaves. */
void mem_cgroup_attach(struct task_struct *task, struct mem_cgroup *memcg);
/* Bytes; RES_COUNTER_MAX: none. -EINVAL; -EBUSY: it cannot be shrunk so far. */
int mem_cgroup_set_limit(struct machine *m, struct mem_cgroup *memcg,
			 uint64_t bytes);
int mem_cgroup_set_memsw_limit(struct machine *m, struct mem_cgroup *memcg,
			       uint64_t bytes);
int mem_cgroup_set_swappiness(struct mem_cgroup *memcg, uint64_t value);
int mem_cgroup_set_hierarchy(struct mem_cgroup *memcg, uint64_t value);
/* A slot of a group that is gone was freed. */
void mem_cgroup_put(struct machine *m, struct mem_cgroup *memcg);

/* ---- walks (memcg_tree.c) ---- */
struct mem_cgroup_reclaim_cookie {
	enum zone_type zone;
	int priority;
	uint64_t generation;
};
/*
 * root (NULL: of all) and the groups below, parents first; prev NULL: begin.
 * NULL: that was all. With a cookie a walk goes on where the one before it
 * with the same root, zone and priority stopped.
 */
struct mem_cgroup *mem_cgroup_iter(const struct machine *m,
				   struct mem_cgroup *root,
				   const struct mem_cgroup *prev,
				   struct mem_cgroup_reclaim_cookie *cookie);
#define for_each_mem_cgroup_tree(iter, m, root)             \
	for (iter = mem_cgroup_iter(m, root, NULL, NULL); iter; \
	     iter = mem_cgroup_iter(m, root, iter, NULL))
bool mem_cgroup_same_or_subtree(const struct mem_cgroup *root,
				const struct mem_cgroup *memcg);
/* Of the process that owns mm; NULL: the root. */
struct mem_cgroup *mem_cgroup_from_mm(const struct machine *m,
				      const struct mm_struct *mm);
struct mem_cgroup *mem_cgroup_from_task(const struct task_struct *task);
static inline bool mm_match_cgroup(const struct mm_struct *mm,
				   const struct mem_cgroup *memcg)
{
	return mem_cgroup_same_or_subtree(memcg,
					  mem_cgroup_from_mm(mm->m, mm));
}
/* An owner of mm ends, or runs another program: the next user owns it.
 * Linux: mm_update_next_owner() */
void mm_update_next_owner(struct task_struct *task, struct mm_struct *mm);

/* ---- LRU lists ---- */
static inline struct lruvec *
mem_cgroup_zone_lruvec(struct zone *z, struct mem_cgroup *memcg)
{
	if (!memcg || mem_cgroup_is_root(memcg))
		return &z->lruvec;
	return &memcg->zone[z->type].lruvec;
}
struct lruvec *__mem_cgroup_page_lruvec(struct machine *m,
					const struct page *page,
					struct zone *z);
/* The lists that the page is on, or is to be put on. An uncharged page that is
 * on none goes to the root's. */
static inline struct lruvec *mem_cgroup_page_lruvec(struct machine *m,
						    const struct page *page,
						    struct zone *z)
{
	if (mem_cgroup_disabled(m))
		return &z->lruvec;
	return __mem_cgroup_page_lruvec(m, page, z);
}
/* The zone's lists, then each group's: n = 0, 1, ...; NULL: no more. */
const struct lruvec *zone_lruvec(const struct machine *m, const struct zone *z,
				 uint32_t *n);
#define for_each_lruvec(v, m, z)                                    \
	for (uint32_t n_##v = 0; (v = zone_lruvec(m, z, &n_##v));)
/* Pages of the group on one kind of list, in all zones. */
uint64_t mem_cgroup_nr_lru_pages(const struct machine *m,
				 const struct mem_cgroup *memcg,
				 enum lru_list lru);
bool mem_cgroup_inactive_anon_is_low(const struct machine *m,
				     const struct lruvec *v);
uint32_t mem_cgroup_swappiness(const struct machine *m,
			       const struct mem_cgroup *memcg);

/* ---- charge (memcontrol.c) ---- */
int __mem_cgroup_newpage_charge(struct machine *m, struct page *page,
				const struct mm_struct *mm, gfp_t gfp);
int __mem_cgroup_cache_charge(struct machine *m, struct page *page, gfp_t gfp);
int __mem_cgroup_try_charge_swapin(struct machine *m,
				   const struct mm_struct *mm,
				   struct page *page, gfp_t gfp,
				   struct mem_cgroup **memcg);
void __mem_cgroup_commit_charge_swapin(struct machine *m, struct page *page,
				       struct mem_cgroup *memcg);
void __mem_cgroup_uncharge_page(struct machine *m, struct page *page);
void __mem_cgroup_uncharge_cache_page(struct machine *m, struct page *page);
void __mem_cgroup_uncharge_swapcache(struct machine *m, struct page *page,
				     swp_entry_t entry, bool swapout);
void __mem_cgroup_uncharge_swap(struct machine *m, swp_entry_t entry);
struct mem_cgroup *__mem_cgroup_prepare_migration(struct machine *m,
						  struct page *page,
						  struct page *newpage);
void __mem_cgroup_end_migration(struct machine *m, struct mem_cgroup *memcg,
				struct page *oldpage, struct page *newpage,
				bool ok);
void __mem_cgroup_mod_page_stat(struct machine *m, const struct page *page,
				enum mem_cgroup_stat_index item, int delta);
/* All charges in the stock go back, if they are of root or below it. */
void drain_all_stock(struct machine *m, const struct mem_cgroup *root);
/* One reclaim of up to 100 rounds; frames freed. */
uint64_t mem_cgroup_reclaim(struct machine *m, struct mem_cgroup *memcg,
			    gfp_t gfp, bool noswap, bool shrink);
/* A page of `from` becomes one of `to`; it is on no list. */
void mem_cgroup_move_account(struct machine *m, struct page *page,
			     struct mem_cgroup *from, struct mem_cgroup *to);
/* Note who is charged for a slot that is named, but not cached; on enabling. */
void mem_cgroup_note_swap(struct machine *m, struct mem_cgroup *memcg,
			  swp_entry_t entry);
/* Who is charged for the slot: id + 1; 0: nobody. */
uint16_t lookup_swap_cgroup(const struct machine *m, swp_entry_t entry);
void mem_cgroup_swapoff(struct machine *m, unsigned type);

/* A new anonymous page of mm. 0 or -ENOMEM. */
static inline int mem_cgroup_newpage_charge(struct machine *m,
					    struct page *page,
					    const struct mm_struct *mm)
{
	return mem_cgroup_disabled(m)
		       ? 0
		       : __mem_cgroup_newpage_charge(m, page, mm,
						     GFP_KERNEL);
}
/* A page on its way into a file's tree; the current process pays. */
static inline int mem_cgroup_cache_charge(struct machine *m, struct page *page,
					  gfp_t gfp)
{
	return mem_cgroup_disabled(m) ? 0
				      : __mem_cgroup_cache_charge(m, page, gfp);
}
/* Before a page from swap is mapped; *memcg NULL: nothing was charged. */
static inline int mem_cgroup_try_charge_swapin(struct machine *m,
					       const struct mm_struct *mm,
					       struct page *page, gfp_t gfp,
					       struct mem_cgroup **memcg)
{
	*memcg = NULL;
	return mem_cgroup_disabled(m) ? 0
				      : __mem_cgroup_try_charge_swapin(
						m, mm, page, gfp, memcg);
}
/* And after. */
static inline void mem_cgroup_commit_charge_swapin(struct machine *m,
						   struct page *page,
						   struct mem_cgroup *memcg)
{
	if (memcg)
		__mem_cgroup_commit_charge_swapin(m, page, memcg);
}
static inline void mem_cgroup_uncharge_page(struct machine *m,
					    struct page *page)
{
	if (!mem_cgroup_disabled(m))
		__mem_cgroup_uncharge_page(m, page);
}
static inline void mem_cgroup_uncharge_cache_page(struct machine *m,
						  struct page *page)
{
	if (!mem_cgroup_disabled(m))
		__mem_cgroup_uncharge_cache_page(m, page);
}
/* swapout: entries go on naming the slot. */
static inline void mem_cgroup_uncharge_swapcache(struct machine *m,
						 struct page *page,
						 swp_entry_t entry,
						 bool swapout)
{
	if (!mem_cgroup_disabled(m))
		__mem_cgroup_uncharge_swapcache(m, page, entry, swapout);
}
static inline void mem_cgroup_uncharge_swap(struct machine *m,
					    swp_entry_t entry)
{
	if (!mem_cgroup_disabled(m))
		__mem_cgroup_uncharge_swap(m, entry);
}
static inline struct mem_cgroup *
mem_cgroup_prepare_migration(struct machine *m, struct page *page,
			     struct page *newpage)
{
	return mem_cgroup_disabled(m)
		       ? NULL
		       : __mem_cgroup_prepare_migration(m, page, newpage);
}
static inline void mem_cgroup_end_migration(struct machine *m,
					    struct mem_cgroup *memcg,
					    struct page *oldpage,
					    struct page *newpage, bool ok)
{
	if (memcg)
		__mem_cgroup_end_migration(m, memcg, oldpage, newpage, ok);
}
static inline void mem_cgroup_mod_page_stat(struct machine *m,
					    const struct page *page,
					    enum mem_cgroup_stat_index item,
					    int delta)
{
	if (!mem_cgroup_disabled(m))
		__mem_cgroup_mod_page_stat(m, page, item, delta);
}
static inline void
mem_cgroup_count_vm_event(const struct mm_struct *mm,
			  enum mem_cgroup_events_index event)
{
	if (!mem_cgroup_disabled(mm->m))
		mem_cgroup_from_mm(mm->m, mm)->events[event]++;
}

/* ---- out of memory ---- */
/* A fault from user mode begins, and ends: until then a charge that fails asks
 * for a kill. */
static inline void mem_cgroup_oom_enable(struct machine *m)
{
	if (!mem_cgroup_disabled(m))
		m->memcg->oom.may_oom = true;
}
static inline void mem_cgroup_oom_disable(struct machine *m)
{
	if (!mem_cgroup_disabled(m))
		m->memcg->oom.may_oom = false;
}
/*
 * Was a charge refused in this fault? Then, if `handle`, kill somebody of that
 * group, and forget it. *victim as out_of_memory() has it.
 */
bool __mem_cgroup_oom_synchronize(struct machine *m, bool handle,
				  struct task_struct **victim);
static inline bool mem_cgroup_oom_synchronize(struct machine *m, bool handle,
					      struct task_struct **victim)
{
	return !mem_cgroup_disabled(m) && m->memcg->oom.memcg &&
	       __mem_cgroup_oom_synchronize(m, handle, victim);
}
/* What the group could have at most: its limit, with swap. Pages. */
uint64_t mem_cgroup_limit_pages(const struct machine *m,
				const struct mem_cgroup *memcg);
/* memory.usage_in_bytes, memory.memsw.usage_in_bytes */
uint64_t mem_cgroup_usage(const struct machine *m, struct mem_cgroup *memcg,
			  bool swap);
/* Summed over the group and all below it. */
int64_t mem_cgroup_recursive_stat(const struct machine *m,
				  struct mem_cgroup *memcg,
				  enum mem_cgroup_stat_index item);

#endif
