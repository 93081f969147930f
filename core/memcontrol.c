/*
 * memcontrol.c - pages are charged to a group when they get an owner, and
 * uncharged when the last one lets go.
 *
 *   a fault of mm ──► mm->owner's group ──► try_charge ──► commit
 *                                             │
 *     in the stock (left from the last 32)? ──┤ take one
 *     32 fit under the limit?  ───────────────┤ 1 for the page, 31 to the stock
 *     1 fits?  ───────────────────────────────┤ just that
 *     reclaim in the group, again  ───────────┤ as long as something goes
 *     five times nothing went  ───────────────┴ -ENOMEM: the fault ends with a
 *                                               kill in the group
 *
 *   page                          charged                uncharged
 *   anonymous                     first touch, COW       its last mapping goes
 *   file, shared memory           into the file's tree   out of it
 *   anonymous, in the swap cache  when it is mapped      out of the swap cache
 *   slot of a page swapped out    (the page's charge     the slot is freed, or
 *                                  goes on, as swap)     its page is mapped
 *
 * Who touches a page first pays, for as long as it lives: a process that moves
 * to another group leaves its charges behind, and other users ride free. The
 * root group is never charged, its pages are only counted.
 *
 * Slots are charged too (swapaccount): memsw counts memory and swap together,
 * a page on its way between the two changes only memory's counter, and comes
 * back to the group that it left.
 *
 * One page goes free, in 3.12 and here: unmapped by reclaim, but still in the swap
 * cache, so still charged, it is not charged again by the fault that brings it
 * back; but if that is a write by its only owner, it leaves the swap cache before
 * it is mapped, and is uncharged there. Nobody pays for it until it is swapped
 * out and in.
 *
 * The invariants and memcg_check() that tests them are in memcg_check.c; groups
 * and walks over them in memcg_tree.c. Linux: mm/memcontrol.c.
 */
#include "core/memcontrol.h"
#include "core/filemap.h"
#include "core/gfp.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/task.h"

#define MEM_CGROUP_RECLAIM_RETRIES 5
#define MEM_CGROUP_MAX_RECLAIM_LOOPS 100

enum charge_type {
	CHARGE_ANON,
	CHARGE_CACHE,
	CHARGE_SWAPOUT, /* the slot lives on */
	CHARGE_DROP,	/* nobody wants slot and page */
};

/* ---- the stock ---- */

static bool consume_stock(struct machine *m, const struct mem_cgroup *memcg)
{
	struct memcg_stock *s = &m->memcg->stock;

	if (s->cached != memcg || !s->nr_pages)
		return false;
	s->nr_pages--;
	return true;
}

static void drain_stock(struct machine *m)
{
	struct memcg_stock *s = &m->memcg->stock;
	uint64_t bytes = s->nr_pages * PAGE_SIZE(m);

	if (s->cached) {
		res_counter_uncharge(&s->cached->res, bytes);
		res_counter_uncharge(&s->cached->memsw, bytes);
	}
	*s = (struct memcg_stock){0};
}

static void refill_stock(struct machine *m, struct mem_cgroup *memcg,
			 uint32_t nr_pages)
{
	struct memcg_stock *s = &m->memcg->stock;

	if (s->cached != memcg)
		drain_stock(m);
	s->cached = memcg;
	s->nr_pages += nr_pages;
}

void drain_all_stock(struct machine *m, const struct mem_cgroup *root)
{
	const struct memcg_stock *s = &m->memcg->stock;

	/* Also one without pages: it would go on naming a group that goes. */
	if (s->cached && mem_cgroup_same_or_subtree(root, s->cached))
		drain_stock(m);
}

/* ---- reclaim in a group ---- */

/* Pages that may still be charged. */
static uint64_t mem_cgroup_margin(const struct machine *m,
				  const struct mem_cgroup *memcg)
{
	return min_t(uint64_t, res_counter_margin(&memcg->res),
		     res_counter_margin(&memcg->memsw)) >>
	       m->page_shift;
}

/* shrink: for a limit that is lowered; any progress will do. */
uint64_t mem_cgroup_reclaim(struct machine *m, struct mem_cgroup *memcg,
			    gfp_t gfp, bool noswap, bool shrink)
{
	uint64_t total = 0;

	noswap |= !shrink && memcg->memsw_is_minimum;
	for (unsigned i = 0; i < MEM_CGROUP_MAX_RECLAIM_LOOPS; i++) {
		if (i)
			drain_all_stock(m, memcg);
		total += try_to_free_mem_cgroup_pages(m, memcg, gfp, noswap);
		if ((total && shrink) || mem_cgroup_margin(m, memcg) ||
		    (i && !total))
			break;
	}
	observe(m, MEMCG_RECLAIM, memcg->id, total,
		memcg->res.usage >> m->page_shift,
		memcg->res.limit >> m->page_shift);
	return total;
}

/* ---- charge ---- */

enum charge_result { CHARGE_OK, CHARGE_RETRY, CHARGE_WOULDBLOCK, CHARGE_NOMEM };

/* NULL: charged. Else the group whose limit is in the way; *noswap: its limit
 * of memory and swap. */
static struct mem_cgroup *charge_counters(struct mem_cgroup *memcg,
					  uint64_t bytes, bool *noswap)
{
	struct res_counter *fail = res_counter_charge(&memcg->res, bytes);

	if (fail)
		return container_of(fail, struct mem_cgroup, res);
	fail = res_counter_charge(&memcg->memsw, bytes);
	if (!fail)
		return NULL;
	res_counter_uncharge(&memcg->res, bytes);
	*noswap = true;
	return container_of(fail, struct mem_cgroup, memsw);
}

/* Linux: mem_cgroup_oom() */
static void note_oom(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp)
{
	if (!m->memcg->oom.may_oom)
		return;
	m->memcg->oom.memcg = memcg;
	m->memcg->oom.gfp = gfp;
}

static enum charge_result do_charge(struct machine *m,
				    struct mem_cgroup *memcg, gfp_t gfp,
				    uint32_t nr_pages, bool invoke_oom)
{
	struct mem_cgroup *over;
	bool noswap = false;
	uint64_t reclaimed;

	over = charge_counters(memcg, nr_pages * PAGE_SIZE(m), &noswap);
	if (!over)
		return CHARGE_OK;
	if (nr_pages > 1) /* not for pages that nobody wants yet */
		return CHARGE_RETRY;
	if (!(gfp & __GFP_WAIT))
		return CHARGE_WOULDBLOCK;
	if (gfp & __GFP_NORETRY)
		return CHARGE_NOMEM;
	reclaimed = mem_cgroup_reclaim(m, over, gfp, noswap, false);
	if (mem_cgroup_margin(m, over) >= nr_pages || reclaimed)
		return CHARGE_RETRY;
	if (invoke_oom)
		note_oom(m, over, gfp);
	return CHARGE_NOMEM;
}

/* One that is to die may take what it needs to get out of the kernel. */
static bool bypass_charge(const struct machine *m)
{
	return (m->current && m->current->memdie) || m->memcg->oom.memcg;
}

/*
 * One page's worth to *memcg, or, where that is NULL, to mm's group; *memcg is
 * who was charged. -ENOMEM; -EINTR: the root's, since the process is to die.
 */
static int try_charge(struct machine *m, const struct mm_struct *mm, gfp_t gfp,
		      struct mem_cgroup **memcg)
{
	unsigned retries = MEM_CGROUP_RECLAIM_RETRIES;
	enum charge_result result = CHARGE_RETRY;
	uint32_t batch = CHARGE_BATCH;

	if (bypass_charge(m)) {
		*memcg = root_mem_cgroup(m);
		return -EINTR;
	}
	if (!*memcg)
		*memcg = mem_cgroup_from_mm(m, mm);
	if (mem_cgroup_is_root(*memcg))
		return 0;
	while (result != CHARGE_OK) {
		if (result == CHARGE_RETRY && consume_stock(m, *memcg))
			return 0;
		result = do_charge(m, *memcg, gfp, batch, !retries);
		if (result == CHARGE_RETRY)
			batch = 1;
		if (result == CHARGE_WOULDBLOCK ||
		    (result == CHARGE_NOMEM && !retries--)) {
			*memcg = NULL;
			return -ENOMEM;
		}
	}
	if (batch > 1)
		refill_stock(m, *memcg, batch - 1);
	return 0;
}

static void charge_statistics(struct mem_cgroup *memcg, bool anon, int nr)
{
	memcg->stat[anon ? MEM_CGROUP_STAT_RSS : MEM_CGROUP_STAT_CACHE] += nr;
	memcg->events[nr > 0 ? MEM_CGROUP_EVENTS_PGPGIN
			     : MEM_CGROUP_EVENTS_PGPGOUT]++;
}

/* Off the list it is on, to the same one of another group, or none. */
static void move_lists(struct machine *m, struct page *page,
		       const struct mem_cgroup *to)
{
	struct page_cgroup *pc = lookup_page_cgroup(m, page);
	struct zone *z = page_zone(m, page);
	bool listed = PageLRU(page);

	if (listed)
		del_page_from_lru_list(m, page,
				       mem_cgroup_page_lruvec(m, page, z),
				       page_lru(page));
	pc->id = to->id;
	if (listed)
		add_page_to_lru_list(m, page,
				     mem_cgroup_page_lruvec(m, page, z),
				     page_lru(page));
}

/* lrucare: the page may be on the list of another group already. */
static void commit_charge(struct machine *m, struct mem_cgroup *memcg,
			  struct page *page, bool anon, bool lrucare)
{
	struct page_cgroup *pc = lookup_page_cgroup(m, page);

	mm_assert(!(pc->flags & PCG_USED));
	if (lrucare)
		move_lists(m, page, memcg);
	pc->id = memcg->id;
	pc->flags = PCG_USED;
	charge_statistics(memcg, anon, 1);
	observe(m, MEMCG_CHARGE, memcg->id, page_to_pfn(m, page), anon,
		memcg->res.usage >> m->page_shift);
}

static int charge_common(struct machine *m, struct page *page,
			 const struct mm_struct *mm, gfp_t gfp, bool anon)
{
	struct mem_cgroup *memcg = NULL;

	if (try_charge(m, mm, gfp, &memcg) == -ENOMEM)
		return -ENOMEM;
	commit_charge(m, memcg, page, anon, false);
	return 0;
}

int __mem_cgroup_newpage_charge(struct machine *m, struct page *page,
				const struct mm_struct *mm, gfp_t gfp)
{
	return charge_common(m, page, mm, gfp, true);
}

static const struct mm_struct *current_mm(const struct machine *m)
{
	return m->current ? m->current->mm : NULL;
}

/* ---- pages from swap ---- */

static uint16_t *swap_cgroup(const struct machine *m, swp_entry_t entry)
{
	return &m->memcg->swap[swp_type(entry)][swp_offset(entry)];
}

uint16_t lookup_swap_cgroup(const struct machine *m, swp_entry_t entry)
{
	return m->memcg->swap[swp_type(entry)] ? *swap_cgroup(m, entry) : 0;
}

void mem_cgroup_note_swap(struct machine *m, struct mem_cgroup *memcg,
			  swp_entry_t entry)
{
	unsigned type = swp_type(entry);
	struct memcontrol *c = m->memcg;

	if (!c->swap[type]) {
		c->swap_bytes[type] = m->swap->area[type].max *
				      sizeof(*c->swap[type]);
		c->swap[type] = host_reserve(&m->host, c->swap_bytes[type]);
	}
	*swap_cgroup(m, entry) = (uint16_t)(memcg->id + 1);
	memcg->stat[MEM_CGROUP_STAT_SWAP]++;
	memcg->swap_refs++;
}

void mem_cgroup_swapoff(struct machine *m, unsigned type)
{
	struct memcontrol *c = m->memcg;

	if (!c || !c->swap[type])
		return;
	host_release(&m->host, c->swap[type], c->swap_bytes[type]);
	c->swap[type] = NULL;
}

/* The slot is free, or its page is charged as memory again. */
void __mem_cgroup_uncharge_swap(struct machine *m, swp_entry_t entry)
{
	uint16_t id = lookup_swap_cgroup(m, entry);
	struct mem_cgroup *memcg;

	if (!id)
		return;
	memcg = m->memcg->group[id - 1];
	*swap_cgroup(m, entry) = 0;
	memcg->stat[MEM_CGROUP_STAT_SWAP]--;
	memcg->swap_refs--;
	if (!mem_cgroup_is_root(memcg))
		res_counter_uncharge(&memcg->memsw, PAGE_SIZE(m));
	mem_cgroup_put(m, memcg);
}

/* The living group that the slot of a page in the swap cache is charged to. */
static struct mem_cgroup *swap_owner(const struct machine *m,
				     const struct page *page)
{
	uint16_t id = PageSwapCache(page)
			      ? lookup_swap_cgroup(m, page_swp_entry(page))
			      : 0;
	struct mem_cgroup *memcg = id ? m->memcg->group[id - 1] : NULL;

	return memcg && !memcg->dead ? memcg : NULL;
}

/* A page that is mapped already, or still, is charged once. */
int __mem_cgroup_try_charge_swapin(struct machine *m,
				   const struct mm_struct *mm,
				   struct page *page, gfp_t gfp,
				   struct mem_cgroup **memcg)
{
	if (page_charged(m, page))
		return 0;
	*memcg = swap_owner(m, page);
	return try_charge(m, mm, gfp, memcg) == -ENOMEM ? -ENOMEM : 0;
}

static void commit_swapin(struct machine *m, struct page *page,
			  struct mem_cgroup *memcg, bool anon)
{
	commit_charge(m, memcg, page, anon, true);
	/* memory and swap: once */
	if (PageSwapCache(page))
		__mem_cgroup_uncharge_swap(m, page_swp_entry(page));
}

void __mem_cgroup_commit_charge_swapin(struct machine *m, struct page *page,
				       struct mem_cgroup *memcg)
{
	commit_swapin(m, page, memcg, true);
}

int __mem_cgroup_cache_charge(struct machine *m, struct page *page, gfp_t gfp)
{
	struct mem_cgroup *memcg = NULL;
	int err;

	gfp &= GFP_RECLAIM_MASK;
	if (!PageSwapCache(page))
		return charge_common(m, page, current_mm(m), gfp, false);
	err = __mem_cgroup_try_charge_swapin(m, current_mm(m), page, gfp,
					     &memcg);
	if (!err && memcg)
		commit_swapin(m, page, memcg, false);
	return err;
}

/* ---- uncharge ---- */

/* Does the page have to stay charged? */
static bool still_used(const struct machine *m, const struct page *page,
		       enum charge_type type, bool end_migration)
{
	if (type == CHARGE_CACHE)
		return false;
	if (type == CHARGE_SWAPOUT)
		return PageAnon(page) ? page_mapped(page)
				      : page->mapping &&
						!page_is_file_cache(page);
	return page_mapped(page) ||
	       (!end_migration &&
		(lookup_page_cgroup(m, page)->flags & PCG_MIGRATION));
}

/*
 * The group that was charged; NULL: none is, or it stays so. Its number is kept
 * beside the page as long as that is on the group's lists. At the end of a
 * migration one charge is left for two pages: the counters stay.
 */
static struct mem_cgroup *uncharge_common(struct machine *m, struct page *page,
					  enum charge_type type,
					  bool end_migration)
{
	struct page_cgroup *pc = lookup_page_cgroup(m, page);
	struct mem_cgroup *memcg;

	if (!(pc->flags & PCG_USED) ||
	    still_used(m, page, type, end_migration))
		return NULL;
	memcg = m->memcg->group[pc->id];
	pc->flags &= (uint16_t)~PCG_USED;
	charge_statistics(memcg, type == CHARGE_ANON || PageAnon(page), -1);
	if (!end_migration && !mem_cgroup_is_root(memcg)) {
		res_counter_uncharge(&memcg->res, PAGE_SIZE(m));
		if (type != CHARGE_SWAPOUT)
			res_counter_uncharge(&memcg->memsw, PAGE_SIZE(m));
	}
	observe(m, MEMCG_UNCHARGE, memcg->id, page_to_pfn(m, page),
		memcg->res.usage >> m->page_shift, 0);
	return memcg;
}

/* The last mapping went. In the swap cache the slot decides. */
void __mem_cgroup_uncharge_page(struct machine *m, struct page *page)
{
	if (!page_mapped(page) && !PageSwapCache(page))
		uncharge_common(m, page, CHARGE_ANON, false);
}

void __mem_cgroup_uncharge_cache_page(struct machine *m, struct page *page)
{
	uncharge_common(m, page, CHARGE_CACHE, false);
}

void __mem_cgroup_uncharge_swapcache(struct machine *m, struct page *page,
				     swp_entry_t entry, bool swapout)
{
	struct mem_cgroup *memcg = uncharge_common(
		m, page, swapout ? CHARGE_SWAPOUT : CHARGE_DROP, false);

	if (!swapout || !memcg)
		return;
	if (PageAnon(page))
		lookup_page_cgroup(m, page)->flags |= PCG_LEFT_SWAP;
	mem_cgroup_note_swap(m, memcg, entry);
}

void __mem_cgroup_mod_page_stat(struct machine *m, const struct page *page,
				enum mem_cgroup_stat_index item, int delta)
{
	const struct page_cgroup *pc = lookup_page_cgroup(m, page);

	if (pc->flags & PCG_USED)
		m->memcg->group[pc->id]->stat[item] += delta;
}

/* ---- a page moves ---- */

/* Both frames are the group's for a while, one of them without a charge. */
struct mem_cgroup *__mem_cgroup_prepare_migration(struct machine *m,
						  struct page *page,
						  struct page *newpage)
{
	struct page_cgroup *pc = lookup_page_cgroup(m, page);
	struct mem_cgroup *memcg;

	if (!(pc->flags & PCG_USED)) {
		lookup_page_cgroup(m, newpage)->flags = pc->flags;
		return NULL;
	}
	if (PageAnon(page))
		pc->flags |= PCG_MIGRATION;
	memcg = m->memcg->group[pc->id];
	commit_charge(m, memcg, newpage, PageAnon(page), false);
	return memcg;
}

void __mem_cgroup_end_migration(struct machine *m,
				struct mem_cgroup *memcg __unused_arg,
				struct page *oldpage, struct page *newpage,
				bool ok)
{
	struct page *used = ok ? newpage : oldpage;
	struct page *unused = ok ? oldpage : newpage;
	bool anon = PageAnon(used);

	uncharge_common(m, unused, anon ? CHARGE_ANON : CHARGE_CACHE, true);
	lookup_page_cgroup(m, oldpage)->flags &= (uint16_t)~PCG_MIGRATION;
	if (anon) /* the last mapping may have gone meanwhile */
		__mem_cgroup_uncharge_page(m, used);
}

void mem_cgroup_move_account(struct machine *m, struct page *page,
			     struct mem_cgroup *from, struct mem_cgroup *to)
{
	bool anon = PageAnon(page);

	charge_statistics(from, anon, -1);
	if (!anon && page_mapped(page)) {
		from->stat[MEM_CGROUP_STAT_FILE_MAPPED]--;
		to->stat[MEM_CGROUP_STAT_FILE_MAPPED]++;
	}
	lookup_page_cgroup(m, page)->id = to->id;
	charge_statistics(to, anon, 1);
}

/* ---- usage ---- */

int64_t mem_cgroup_recursive_stat(const struct machine *m,
				  struct mem_cgroup *memcg,
				  enum mem_cgroup_stat_index item)
{
	const struct mem_cgroup *iter;
	int64_t sum = 0;

	for_each_mem_cgroup_tree(iter, m, memcg)
		sum += iter->stat[item];
	return sum;
}

/* The root is not charged: what is counted is all there is. */
uint64_t mem_cgroup_usage(const struct machine *m, struct mem_cgroup *memcg,
			  bool swap)
{
	int64_t pages;

	if (!mem_cgroup_is_root(memcg))
		return swap ? memcg->memsw.usage : memcg->res.usage;
	pages = mem_cgroup_recursive_stat(m, memcg, MEM_CGROUP_STAT_CACHE) +
		mem_cgroup_recursive_stat(m, memcg, MEM_CGROUP_STAT_RSS);
	if (swap)
		pages += mem_cgroup_recursive_stat(m, memcg,
						   MEM_CGROUP_STAT_SWAP);
	return (uint64_t)pages << m->page_shift;
}

uint64_t mem_cgroup_limit_pages(const struct machine *m,
				const struct mem_cgroup *memcg)
{
	uint64_t limit = memcg->res.limit;
	uint64_t swap = total_swap_pages(m) << m->page_shift;

	if (mem_cgroup_swappiness(m, memcg)) {
		limit = limit + swap < limit ? RES_COUNTER_MAX : limit + swap;
		limit = min_t(uint64_t, limit, memcg->memsw.limit);
	}
	limit >>= m->page_shift;
	return limit ? limit : 1;
}

/* ---- out of memory ---- */

bool __mem_cgroup_oom_synchronize(struct machine *m, bool handle,
				  struct task_struct **victim)
{
	struct memcg_oom *oom = &m->memcg->oom;
	struct mem_cgroup *memcg = oom->memcg;

	oom->memcg = NULL;
	if (handle)
		*victim = mem_cgroup_out_of_memory(m, memcg, oom->gfp);
	return true;
}
