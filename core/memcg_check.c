/*
 * memcg_check.c - is every page charged once, to a group that says so?
 *
 * Invariants (memcg_check tests them under the same numbers)
 *  1. A group's memory counter is what the pages charged to it, and to the
 *     groups that count for it, make, with what the stock holds of it; memsw
 *     the same with the slots. The root is not charged.
 *  2. A page on an LRU list is on one of its group's.
 *  3. A charged page is in use, and is anonymous, cached, or on its way into
 *     one of the two: a free frame is charged to nobody.
 *  4. Every mapped anonymous page and every page of a file is charged; but for
 *     anonymous ones that went free when they left the swap cache.
 *  5. cache, rss and mapped_file of a group are its pages counted; swap its
 *     slots, which are in use.
 *  6. A group that was removed has no pages, and slots.
 *  7. A process's group is alive; the owner of an mm is one of its users.
 *
 * They are tested from the frames' side, in one pass over page_cgroups.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/task.h"

typedef unsigned long long ull;

/* What the pages say of a group. */
struct tally {
	int64_t cache, rss, mapped, swap;
	uint64_t res, memsw; /* pages, of those below too */
};

struct memcg_checker {
	const struct machine *m;
	struct checker *c;
	struct tally *tally; /* by id */
};

/* ---- pages ---- */

static bool must_be_charged(const struct machine *m, const struct page *p)
{
	if (!PageAnon(p))
		return page_mapping(m, p) != NULL;
	return page_mapped(p) && !(lookup_page_cgroup(m, p)->flags &
				   PCG_LEFT_SWAP);
}

static void count_page(struct memcg_checker *k, const struct page *p,
		       pfn_t pfn)
{
	const struct page_cgroup *pc = &k->m->memcg->page[pfn];
	struct tally *t = &k->tally[pc->id];

	CHECK(k->c,
	      page_count(p) > 0 && !PageBuddy(p) && !PagePcp(p) &&
		      (p->mapping || PageSwapCache(p)),
	      "memcg 3: pfn %u is charged, but not in use", pfn);
	CHECK(k->c, !(pc->flags & PCG_MIGRATION),
	      "memcg 3: pfn %u is marked as on the move", pfn);
	if (PageAnon(p))
		t->rss++;
	else
		t->cache++;
	t->mapped += !PageAnon(p) && page_mapped(p);
}

static void count_pages(struct memcg_checker *k)
{
	const struct machine *m = k->m;

	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++)
		if (m->memcg->page[pfn].flags & PCG_USED)
			count_page(k, pfn_to_page(m, pfn), pfn);
}

static void check_listed(struct memcg_checker *k, const struct page_list *list,
			 uint32_t id)
{
	const struct machine *m = k->m;

	page_list_for_each(pfn, m, list) {
		const struct page_cgroup *pc = &m->memcg->page[pfn];

		CHECK(k->c, pc->id == id,
		      "memcg 2: pfn %u of group %u is on a list of %u", pfn,
		      pc->id, id);
		CHECK(k->c,
		      (pc->flags & PCG_USED) ||
			      !must_be_charged(m, pfn_to_page(m, pfn)),
		      "memcg 4: pfn %u is charged to nobody", pfn);
	}
}

static void check_lists(struct memcg_checker *k)
{
	const struct lruvec *v;
	const struct zone *z;

	for_each_zone(z, k->m)
		for_each_lruvec(v, k->m, z)
			for (unsigned l = 0; l < NR_LRU_LISTS; l++)
				check_listed(k, &v->lru[l], n_v - 1);
}

static void count_slots(struct memcg_checker *k)
{
	const struct memcontrol *c = k->m->memcg;

	for (unsigned t = 0; t < MAX_SWAPFILES; t++) {
		for (uint32_t s = 0;
		     c->swap[t] && s < c->swap_bytes[t] / sizeof(**c->swap);
		     s++) {
			if (!c->swap[t][s])
				continue;
			k->tally[c->swap[t][s] - 1].swap++;
			CHECK(k->c, swap_slot(k->m, swp_entry(t, s)),
			      "memcg 5: slot %u of area %u is charged, but free",
			      s, t);
		}
	}
}

/* ---- groups ---- */

/* To a group and those it counts for. */
static void add_up(struct memcg_checker *k, const struct mem_cgroup *memcg,
		   uint64_t res, uint64_t memsw)
{
	const struct res_counter *c = &memcg->res;

	for (; c; c = c->parent) {
		struct tally *t =
			&k->tally[container_of(c, struct mem_cgroup, res)->id];

		t->res += res;
		t->memsw += memsw;
	}
}

static void add_all(struct memcg_checker *k)
{
	const struct memcontrol *c = k->m->memcg;

	for (uint32_t i = 1; i < c->nr_groups; i++) {
		const struct tally *t = &k->tally[i];

		if (c->group[i])
			add_up(k, c->group[i], (uint64_t)(t->cache + t->rss),
			       (uint64_t)(t->cache + t->rss + t->swap));
	}
	if (c->stock.cached)
		add_up(k, c->stock.cached, c->stock.nr_pages,
		       c->stock.nr_pages);
}

static void check_group(struct memcg_checker *k, const struct mem_cgroup *memcg)
{
	const struct tally *t = &k->tally[memcg->id];
	const int64_t *stat = memcg->stat;
	unsigned shift = k->m->page_shift;

	CHECK(k->c,
	      memcg->res.usage == t->res << shift &&
		      memcg->memsw.usage == t->memsw << shift,
	      "memcg 1: %s is charged %llu and %llu bytes, has %llu and %llu "
	      "pages",
	      memcg->path, (ull)memcg->res.usage, (ull)memcg->memsw.usage,
	      (ull)t->res, (ull)t->memsw);
	CHECK(k->c,
	      stat[MEM_CGROUP_STAT_CACHE] == t->cache &&
		      stat[MEM_CGROUP_STAT_RSS] == t->rss &&
		      stat[MEM_CGROUP_STAT_FILE_MAPPED] == t->mapped &&
		      stat[MEM_CGROUP_STAT_SWAP] == t->swap &&
		      memcg->swap_refs == (uint64_t)t->swap,
	      "memcg 5: %s counts cache %lld rss %lld mapped %lld swap %lld, "
	      "has %lld %lld %lld %lld",
	      memcg->path, (long long)stat[MEM_CGROUP_STAT_CACHE],
	      (long long)stat[MEM_CGROUP_STAT_RSS],
	      (long long)stat[MEM_CGROUP_STAT_FILE_MAPPED],
	      (long long)stat[MEM_CGROUP_STAT_SWAP], (long long)t->cache,
	      (long long)t->rss, (long long)t->mapped, (long long)t->swap);
	CHECK(k->c, !memcg->dead || (!t->cache && !t->rss &&
				 (t->swap || memcg->nr_below)),
	      "memcg 6: %s is removed, and still there", memcg->path);
}

/* ---- processes ---- */

static void check_processes(struct memcg_checker *k)
{
	const struct machine *m = k->m;
	const struct task_struct *t;
	const struct mm_struct *mm;

	for_each_task(t, m)
		CHECK(k->c, !t->memcg || !t->memcg->dead,
		      "memcg 7: process %u is in a removed group", t->pid);
	list_for_each_entry(mm, &m->mm_list, mmlist)
		CHECK(k->c, mm->owner && mm->owner->mm == mm,
		      "memcg 7: an mm's owner does not use it");
}

void memcg_check(const struct machine *m, struct checker *c)
{
	struct memcg_checker k = {.m = m, .c = c};
	size_t bytes;

	if (!m->memcg)
		return;
	bytes = m->memcg->nr_groups * sizeof(*k.tally);
	k.tally = host_alloc(&m->host, bytes);
	count_pages(&k);
	count_slots(&k);
	add_all(&k);
	for (uint32_t i = 0; i < m->memcg->nr_groups; i++)
		if (m->memcg->group[i])
			check_group(&k, m->memcg->group[i]);
	check_lists(&k);
	check_processes(&k);
	host_free(&m->host, k.tally, bytes);
}
