/*
 * swap.c - the LRU lists, and the pagevecs in front of them.
 *
 * Each zone keeps its user pages on five lists: anonymous and file pages, each
 * active and inactive, and those that may not go at all.
 *
 *	fault ──► pagevec ──drain──► active anon     (new anonymous pages)
 *	read  ──► (14 pages,         inactive file   (page cache)
 *	shmem ──► a reference  each) inactive anon   (shared memory, swap-in)
 *
 *	inactive, referenced ──mark_page_accessed()──► active head
 *
 * A list's lock is dear, so additions wait in a vector of 14 and are put on
 * their lists together: when a 15th page comes, or when someone needs exact
 * lists (lru_add_drain(): munmap, exit, mlock, truncation, reclaim). Until
 * then such a page is on no list and in none of the nr_active_ and
 * nr_inactive_ counters, which therefore lag by up to 14; and because the
 * vector holds a reference, a page that is unmapped meanwhile stays allocated
 * until the drain.
 *
 * Linux: mm/swap.c, include/linux/mm_inline.h; isolate_lru_page and
 * putback_lru_page stand in mm/vmscan.c.
 *
 * Invariants (lru_check)
 *  1. A page on lru[l] of a zone lies in that zone, has PG_lru, references,
 *     and page_lru() of it is l.
 *  2. The lengths of lru[l] in a zone, each memory cgroup's too, add up to the
 *     zone's counter of that list.
 *  3. A page in the lru_add vector has references and no PG_lru.
 *  4. NR_MLOCK is the number of pages with PG_mlocked on lists and in vectors.
 */
#include "core/swap.h"
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"

#define LRU_ACTIVE 1u /* active lists stand behind their inactive ones */
#define LRU_FILE 2u

static enum zone_stat_item lru_stat(enum lru_list lru)
{
	return (enum zone_stat_item)(NR_INACTIVE_ANON + (int)lru);
}

/* Which of the two kinds is worth keeping? vmscan.c weighs them by this. */
static void update_page_reclaim_stat(struct lruvec *v,
				     const struct page *page, bool rotated)
{
	struct zone_reclaim_stat *stat = &v->reclaim_stat;

	stat->recent_scanned[page_is_file_cache(page)]++;
	stat->recent_rotated[page_is_file_cache(page)] += rotated;
}

/* The lists that a page is on, or belongs on. */
static struct lruvec *page_lruvec(struct machine *m, const struct page *page)
{
	return mem_cgroup_page_lruvec(m, page, page_zone(m, page));
}

static unsigned page_lru_base_type(const struct page *page)
{
	return page_is_file_cache(page) ? LRU_FILE : 0;
}

enum lru_list page_lru(const struct page *page)
{
	if (PageUnevictable(page))
		return LRU_UNEVICTABLE;
	return (enum lru_list)(page_lru_base_type(page) +
			       (PageActive(page) ? LRU_ACTIVE : 0));
}

void add_page_to_lru_list(struct machine *m, struct page *page,
			  struct lruvec *v, enum lru_list lru)
{
	page_list_add(m, &v->lru[lru], page);
	mod_zone_page_state(page_zone(m, page), lru_stat(lru), 1);
}

void del_page_from_lru_list(struct machine *m, struct page *page,
			    struct lruvec *v, enum lru_list lru)
{
	page_list_del(m, &v->lru[lru], page);
	mod_zone_page_state(page_zone(m, page), lru_stat(lru), -1);
}

/* ---- the vectors ---- */

typedef void (*pagevec_move_fn)(struct machine *m, struct page *page);

/* Do move to each page of the vector, then drop the vector's references. */
static void pagevec_lru_move_fn(struct machine *m, struct pagevec *pvec,
				pagevec_move_fn move)
{
	struct page *pages[PAGEVEC_SIZE];
	unsigned nr = pvec->nr;

	for (unsigned i = 0; i < nr; i++) {
		pages[i] = pfn_to_page(m, pvec->pages[i]);
		move(m, pages[i]);
	}
	pvec->nr = 0;
	release_pages(m, pages, nr, false);
}

/* Which lists is asked before PG_lru says that it is on them. */
static struct lruvec *__lru_list_add(struct machine *m, struct page *page)
{
	struct lruvec *v = page_lruvec(m, page);

	mm_assert(!PageLRU(page));
	SetPageLRU(page);
	add_page_to_lru_list(m, page, v, page_lru(page));
	return v;
}

void lru_list_add(struct machine *m, struct page *page)
{
	__lru_list_add(m, page);
}

static void pagevec_lru_add_fn(struct machine *m, struct page *page)
{
	struct lruvec *v = __lru_list_add(m, page);

	update_page_reclaim_stat(v, page, PageActive(page));
}

void lru_cache_add(struct machine *m, struct page *page)
{
	struct pagevec *pvec = &m->pagevecs->lru_add;
	story_leaf(m, "lru_cache_add", page_to_pfn(m, page), PageActive(page));
	get_page(page);
	if (pvec->nr == PAGEVEC_SIZE)
		pagevec_lru_move_fn(m, pvec, pagevec_lru_add_fn);
	pvec->pages[pvec->nr++] = page_to_pfn(m, page);
}

/* The other vectors are emptied as soon as they are full. */
static void pagevec_add_move(struct machine *m, struct pagevec *pvec,
			     struct page *page, pagevec_move_fn move)
{
	get_page(page);
	pvec->pages[pvec->nr++] = page_to_pfn(m, page);
	if (pvec->nr == PAGEVEC_SIZE)
		pagevec_lru_move_fn(m, pvec, move);
}

static void pagevec_move_tail_fn(struct machine *m, struct page *page)
{
	struct page_list *list;

	if (!PageLRU(page) || PageActive(page) || PageUnevictable(page))
		return;
	list = &page_lruvec(m, page)->lru[page_lru(page)];
	page_list_del(m, list, page);
	page_list_add_tail(m, list, page);
	count_vm_event(m, PGROTATED);
}

void rotate_reclaimable_page(struct machine *m, struct page *page)
{
	if (PageDirty(page) || PageActive(page) || PageUnevictable(page) ||
	    !PageLRU(page))
		return;
	pagevec_add_move(m, &m->pagevecs->lru_rotate, page,
			 pagevec_move_tail_fn);
}

/* Clean: to the tail, reclaim takes it first. Dirty: to the head, and to the
 * tail when it has been written. */
static void lru_deactivate_fn(struct machine *m, struct page *page)
{
	bool active = PageActive(page);
	struct page_list *list;
	struct lruvec *v;
	enum lru_list lru;

	if (!PageLRU(page) || PageUnevictable(page) || page_mapped(page))
		return;
	v = page_lruvec(m, page);
	del_page_from_lru_list(m, page, v, page_lru(page));
	ClearPageActive(page);
	ClearPageReferenced(page);
	lru = page_lru(page);
	add_page_to_lru_list(m, page, v, lru);
	if (PageWriteback(page) || PageDirty(page)) {
		SetPageReclaim(page);
	} else {
		list = &v->lru[lru];
		page_list_del(m, list, page);
		page_list_add_tail(m, list, page);
		count_vm_event(m, PGROTATED);
	}
	if (active)
		count_vm_event(m, PGDEACTIVATE);
	update_page_reclaim_stat(v, page, false);
}

void deactivate_page(struct machine *m, struct page *page)
{
	if (PageUnevictable(page))
		return;
	pagevec_add_move(m, &m->pagevecs->lru_deactivate, page,
			 lru_deactivate_fn);
}

void lru_add_drain(struct machine *m)
{
	struct lru_pagevecs *pv = m->pagevecs;

	if (pv->lru_add.nr)
		pagevec_lru_move_fn(m, &pv->lru_add, pagevec_lru_add_fn);
	if (pv->lru_rotate.nr)
		pagevec_lru_move_fn(m, &pv->lru_rotate, pagevec_move_tail_fn);
	if (pv->lru_deactivate.nr)
		pagevec_lru_move_fn(m, &pv->lru_deactivate, lru_deactivate_fn);
}

/* ---- use ---- */

void activate_page(struct machine *m, struct page *page)
{
	struct lruvec *v;

	if (!PageLRU(page) || PageActive(page) || PageUnevictable(page))
		return;
	v = page_lruvec(m, page);
	del_page_from_lru_list(m, page, v, page_lru(page));
	SetPageActive(page);
	add_page_to_lru_list(m, page, v, page_lru(page));
	count_vm_event(m, PGACTIVATE);
	update_page_reclaim_stat(v, page, true);
}

/* Still in the vector: the flag is enough, the drain will look at it. */
static void lru_cache_activate_page(struct machine *m, struct page *page)
{
	const struct pagevec *pvec = &m->pagevecs->lru_add;

	for (unsigned i = 0; i < pvec->nr; i++)
		if (pvec->pages[i] == page_to_pfn(m, page))
			SetPageActive(page);
}

/*
 *	inactive, unreferenced ─► inactive, referenced
 *	inactive, referenced   ─► active, unreferenced
 *	active, unreferenced   ─► active, referenced
 */
void mark_page_accessed(struct machine *m, struct page *page)
{
	if (!PageActive(page) && !PageUnevictable(page) &&
	    PageReferenced(page)) {
		if (PageLRU(page))
			activate_page(m, page);
		else
			lru_cache_activate_page(m, page);
		ClearPageReferenced(page);
	} else {
		SetPageReferenced(page);
	}
}

/* ---- off the lists ---- */

void del_page_from_lru(struct machine *m, struct page *page)
{
	if (PageLRU(page)) {
		del_page_from_lru_list(m, page, page_lruvec(m, page),
				       page_lru(page));
		ClearPageLRU(page);
		ClearPageUnevictable(page);
	}
	ClearPageActive(page);
}

void release_pages(struct machine *m, struct page *const *pages, unsigned nr,
		   bool cold)
{
	struct page *to_free[PAGEVEC_SIZE];
	unsigned nr_free = 0;
	story(m, nr);

	mm_assert(nr <= PAGEVEC_SIZE);
	for (unsigned i = 0; i < nr; i++) {
		mm_assert(page_count(pages[i]) > 0);
		if (--pages[i]->_count)
			continue;
		del_page_from_lru(m, pages[i]);
		to_free[PAGEVEC_SIZE - ++nr_free] = pages[i];
	}
	if (nr_free)
		free_hot_cold_page_list(m, to_free + PAGEVEC_SIZE - nr_free,
					nr_free, cold);
}

void pagevec_release(struct machine *m, struct page *const *pages, unsigned nr)
{
	lru_add_drain(m);
	release_pages(m, pages, nr, false);
}

int isolate_lru_page(struct machine *m, struct page *page)
{
	if (!PageLRU(page))
		return -EBUSY;
	get_page(page);
	del_page_from_lru_list(m, page, page_lruvec(m, page), page_lru(page));
	ClearPageLRU(page);
	return 0;
}

/* Unevictable mappings (ramfs, SHM_LOCK) are not emulated. */
bool page_evictable(const struct page *page)
{
	return !PageMlocked(page);
}

void add_page_to_unevictable_list(struct machine *m, struct page *page)
{
	ClearPageActive(page);
	SetPageUnevictable(page);
	lru_list_add(m, page);
}

void putback_lru_page(struct machine *m, struct page *page)
{
	bool was_unevictable = TestClearPageUnevictable(page);

	if (page_evictable(page)) {
		lru_cache_add(m, page);
		if (was_unevictable)
			count_vm_event(m, UNEVICTABLE_PGRESCUED);
	} else {
		add_page_to_unevictable_list(m, page);
		if (!was_unevictable)
			count_vm_event(m, UNEVICTABLE_PGCULLED);
	}
	put_page(m, page);
}

/* ---- the subsystem ---- */

int lru_subsys_init(struct machine *m, const char **why __unused_arg)
{
	m->pagevecs = host_alloc(&m->host, sizeof(*m->pagevecs));
	return 0;
}

void lru_subsys_destroy(struct machine *m)
{
	if (m->pagevecs)
		host_free(&m->host, m->pagevecs, sizeof(*m->pagevecs));
	m->pagevecs = NULL;
}

/* Returns the pages with PG_mlocked on the list. */
static int64_t check_list(const struct machine *m, const struct zone *z,
			  const struct page_list *list, enum lru_list lru,
			  struct checker *c)
{
	uint32_t nr = 0;
	int64_t mlocked = 0;
	pfn_t prev = PFN_NONE;

	page_list_for_each(pfn, m, list) {
		const struct page *page = pfn_to_page(m, pfn);

		CHECK(c, page->lru_prev == prev,
		      "lru 2: pfn %u on list %d: links disagree", pfn,
		      (int)lru);
		prev = pfn;
		CHECK(c, pfn_zone(m, pfn) == z,
		      "lru 1: pfn %u on a list of zone %s", pfn, z->name);
		CHECK(c, PageLRU(page) && page_count(page) > 0,
		      "lru 1: pfn %u on list %d, count %d", pfn, (int)lru,
		      page_count(page));
		CHECK(c, page_lru(page) == lru,
		      "lru 1: pfn %u on list %d belongs on %d", pfn, (int)lru,
		      (int)page_lru(page));
		mlocked += PageMlocked(page);
		if (++nr > list->nr)
			break;
	}
	CHECK(c, nr == list->nr && list->last == prev,
	      "lru 2: zone %s list %d has %u pages, its counter %u", z->name,
	      (int)lru, nr, list->nr);
	return mlocked;
}

static int64_t check_lists(const struct machine *m, const struct zone *z,
			   enum lru_list lru, struct checker *c)
{
	const struct lruvec *v;
	int64_t mlocked = 0;
	uint64_t nr = 0;

	for_each_lruvec(v, m, z) {
		mlocked += check_list(m, z, &v->lru[lru], lru, c);
		nr += v->lru[lru].nr;
	}
	CHECK(c, (int64_t)nr == z->vm_stat[lru_stat(lru)],
	      "lru 2: zone %s has %llu pages on lists %d, counted %lld",
	      z->name, (unsigned long long)nr, (int)lru,
	      (long long)z->vm_stat[lru_stat(lru)]);
	return mlocked;
}

void lru_check(const struct machine *m, struct checker *c)
{
	const struct pagevec *pvec = &m->pagevecs->lru_add;
	const struct zone *z;
	int64_t mlocked = 0;

	for_each_zone(z, m)
		for (int lru = 0; lru < NR_LRU_LISTS; lru++)
			mlocked += check_lists(m, z, (enum lru_list)lru, c);
	for (unsigned i = 0; i < pvec->nr; i++) {
		const struct page *page = pfn_to_page(m, pvec->pages[i]);

		CHECK(c, !PageLRU(page) && page_count(page) > 0,
		      "lru 3: pfn %u waits, but is on a list or free",
		      pvec->pages[i]);
		mlocked += PageMlocked(page);
	}
	CHECK(c, mlocked == owned_page_state(m, NR_MLOCK),
	      "lru 4: %lld mlocked pages, NR_MLOCK %lld", (long long)mlocked,
	      (long long)owned_page_state(m, NR_MLOCK));
}
