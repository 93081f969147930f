/*
 * alloc_slowpath.c - what a request may do when no zone is above its low mark.
 *
 *   wake kswapd, fill the fair zones' batches
 *     └─ mark `min`, half of it for __GFP_HIGH, less for those who cannot wait
 *          └─ no mark at all for __GFP_MEMALLOC, for reclaim itself, and for
 *             a process that is being killed: these do not reclaim
 *               └─ (those who can wait) compaction; reclaim, drain the
 *                  per-CPU lists, compaction
 *                    └─ nothing reclaimed: out_of_memory, and once more
 *
 * A request of order 3 or less that may wait never fails in the kernel: it
 * reclaims or kills until there is room. Here it fails when there is nobody
 * left to reclaim from or to kill, where the kernel would loop or panic.
 *
 * Linux: mm/page_alloc.c __alloc_pages_slowpath().
 */
#include "core/alloc_internal.h"
#include "core/compaction.h"
#include "core/task.h"

/* All zones of the request get a new turn. Linux: prepare_slowpath(). */
static void prepare_slowpath(struct machine *m, const struct alloc_context *ac)
{
	struct zone *z;

	for_each_zone_zonelist(z, m, ac)
	{
		if (!(ac->gfp & __GFP_NO_KSWAPD) && m->wakeup_kswapd)
			m->wakeup_kswapd(m, z, ac->order, ac->preferred->type);
		z->vm_stat[NR_ALLOC_BATCH] = (int64_t)z->watermark[WMARK_HIGH] -
					     (int64_t)z->watermark[WMARK_LOW];
	}
}

/* Reclaim needs memory to free memory, a process that is killed to get out. */
static bool may_use_all(const struct machine *m)
{
	return m->memalloc || (m->current && m->current->memdie);
}

static unsigned gfp_to_alloc_flags(const struct machine *m, gfp_t gfp)
{
	unsigned flags = ALLOC_WMARK_MIN | ALLOC_CPUSET;

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_HIGH;
	if (!(gfp & __GFP_WAIT)) {
		if (!(gfp & __GFP_NOMEMALLOC))
			flags |= ALLOC_HARDER;
		flags &= ~(unsigned)ALLOC_CPUSET;
	}
	if (!(gfp & __GFP_NOMEMALLOC) &&
	    ((gfp & __GFP_MEMALLOC) || may_use_all(m)))
		flags |= ALLOC_NO_WATERMARKS;
	return flags;
}

/*
 * Free blocks out of scattered free frames, unless that was to no avail lately:
 * *deferred. Old frames wait on the per-CPU lists, where nothing merges.
 */
static struct page *
__alloc_pages_direct_compact(struct machine *m, const struct alloc_context *ac,
			     unsigned flags, bool sync, bool *deferred)
{
	struct page *page;
	story(m, ac->order, sync);

	*deferred = ac->order && compaction_deferred(ac->preferred, ac->order);
	if (!ac->order || *deferred)
		return NULL;
	if (try_to_compact_pages(m, ac->preferred, ac->order, ac->gfp, ac->mt,
				 flags, sync) == COMPACT_SKIPPED)
		return NULL;
	drain_all_pages(m);
	page = get_page_from_freelist(m, ac, flags);
	if (page) {
		compaction_succeeded(ac->preferred, ac->order);
		count_vm_event(m, COMPACT_SUCCESS);
		return page;
	}
	count_vm_event(m, COMPACT_FAIL);
	if (sync)
		defer_compaction(ac->preferred, ac->order);
	return NULL;
}

static struct page *
__alloc_pages_direct_reclaim(struct machine *m, const struct alloc_context *ac,
			     unsigned flags, uint64_t *progress)
{
	struct page *page;
	story(m, ac->order);

	*progress = m->reclaim ? m->reclaim(m, ac->gfp, ac->order) : 0;
	if (!*progress)
		return NULL;
	page = get_page_from_freelist(m, ac, flags);
	if (!page) {
		drain_all_pages(m);
		page = get_page_from_freelist(m, ac, flags);
	}
	return page;
}

/*
 * Nothing was reclaimed: kill somebody, unless the request is too large or for
 * DMA only. *again: memory may have come free, start over.
 */
static struct page *__alloc_pages_may_oom(struct machine *m,
					  const struct alloc_context *ac,
					  bool *again)
{
	struct task_struct *victim;
	struct page *page;
	story(m, ac->order);

	*again = false;
	page = get_page_from_freelist(m, ac, ALLOC_WMARK_HIGH | ALLOC_CPUSET);
	if (page)
		return page;
	if (!(ac->gfp & __GFP_NOFAIL) && (ac->order > PAGE_ALLOC_COSTLY_ORDER ||
					  ac->high_zoneidx < ZONE_NORMAL))
		return NULL;
	victim = out_of_memory(m, ac->gfp, ac->order);
	/* The victim itself may use all there is to get out of the kernel. */
	if (victim && victim == m->current)
		return get_page_from_freelist(m, ac, ALLOC_NO_WATERMARKS);
	*again = victim != NULL;
	return NULL;
}

static bool should_alloc_retry(const struct alloc_context *ac,
			       uint64_t progress, uint64_t reclaimed)
{
	if (ac->gfp & __GFP_NORETRY)
		return false;
	/* The kernel would loop; without progress nothing can change here. */
	if (!progress)
		return false;
	if (ac->gfp & __GFP_NOFAIL || ac->order <= PAGE_ALLOC_COSTLY_ORDER)
		return true;
	return (ac->gfp & __GFP_REPEAT) && reclaimed < (uint64_t)1 << ac->order;
}

/*
 * Linux: the loop of __alloc_pages_slowpath() from `rebalance` on. The first
 * compaction is asynchronous, those after some reclaim are not.
 */
static struct page *reclaim_and_retry(struct machine *m,
				      const struct alloc_context *ac,
				      unsigned flags, bool *again)
{
	bool sync = false, deferred;
	uint64_t progress, reclaimed = 0;
	struct page *page;

	*again = false;
	do {
		page = __alloc_pages_direct_compact(m, ac, flags, sync,
						    &deferred);
		if (page || (deferred && (ac->gfp & __GFP_NO_KSWAPD)))
			return page;
		sync = true;
		page = __alloc_pages_direct_reclaim(m, ac, flags, &progress);
		if (page)
			return page;
		if (!progress && (ac->gfp & __GFP_FS) &&
		    !(ac->gfp & __GFP_NORETRY))
			return __alloc_pages_may_oom(m, ac, again);
		reclaimed += progress;
	} while (should_alloc_retry(ac, progress, reclaimed));
	return __alloc_pages_direct_compact(m, ac, flags, sync, &deferred);
}

struct page *__alloc_pages_slowpath(struct machine *m,
				    const struct alloc_context *ac)
{
	struct page *page;
	unsigned flags;
	bool again;
	story(m, ac->gfp, ac->order);

	do {
		prepare_slowpath(m, ac);
		flags = gfp_to_alloc_flags(m, ac->gfp);
		page = get_page_from_freelist(
			m, ac, flags & ~(unsigned)ALLOC_NO_WATERMARKS);
		if (!page && (flags & ALLOC_NO_WATERMARKS))
			page = get_page_from_freelist(m, ac,
						      ALLOC_NO_WATERMARKS);
		if (page || !(ac->gfp & __GFP_WAIT) || m->memalloc ||
		    (may_use_all(m) && !(ac->gfp & __GFP_NOFAIL)))
			return page;
		page = reclaim_and_retry(
			m, ac, flags & ~(unsigned)ALLOC_NO_WATERMARKS, &again);
	} while (!page && again);
	return page;
}
