/*
 * mlock_page.c - locking single pages into memory.
 *
 * A page that some VM_LOCKED area maps is marked PG_mlocked and moved to the
 * unevictable list, where reclaim need not look at it again and again:
 *
 *	active/inactive ──mlock_vma_page()──► unevictable   culled, mlocked
 *	inactive ◄──munlock_vma_page()────── unevictable    rescued, munlocked
 *
 * Going there costs the page its PG_active, so it comes back to an inactive
 * list. Locks of several processes are not counted in the page: whoever
 * unlocks a page with other mappings asks the reverse map whether another
 * locked area holds it. Linux: mm/mlock.c, mm/rmap.c try_to_munlock().
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swap.h"
#include "core/task.h"

void mlock_vma_page(struct machine *m, struct page *page)
{
	if (TestSetPageMlocked(page))
		return;
	inc_zone_page_state(m, page, NR_MLOCK);
	count_vm_event(m, UNEVICTABLE_PGMLOCKED);
	if (!isolate_lru_page(m, page))
		putback_lru_page(m, page);
}

struct munlock_walk {
	const struct mm_struct *busy; /* its mmap_sem is held for writing */
	bool locked;
};

/* The kernel only tries for mmap_sem: the caller's own mm does not count. */
static bool try_to_munlock_one(void *ctx, struct vm_area_struct *vma,
			       vaddr_t address __unused_arg,
			       paddr_t ptep __unused_arg)
{
	struct munlock_walk *w = ctx;

	if ((vma->vm_flags & VM_LOCKED) && vma->vm_mm != w->busy)
		w->locked = true;
	return !w->locked;
}

/* Does another locked area map it? Then it is locked again. */
static bool try_to_munlock(struct machine *m, struct page *page)
{
	struct munlock_walk w = {
		.busy = m->current ? m->current->mm : NULL,
	};

	rmap_walk(m, page, try_to_munlock_one, &w);
	if (w.locked)
		mlock_vma_page(m, page);
	return w.locked;
}

/* => page is off its list, with a reference that goes */
static void munlock_isolated_page(struct machine *m, struct page *page)
{
	bool locked = page_mapcount(page) > 1 && try_to_munlock(m, page);

	if (!locked)
		count_vm_event(m, UNEVICTABLE_PGMUNLOCKED);
	putback_lru_page(m, page);
}

static void munlock_isolation_failed(struct machine *m, struct page *page)
{
	if (PageUnevictable(page))
		count_vm_event(m, UNEVICTABLE_PGSTRANDED);
	else
		count_vm_event(m, UNEVICTABLE_PGMUNLOCKED);
}

void munlock_vma_page(struct machine *m, struct page *page)
{
	if (!TestClearPageMlocked(page))
		return;
	dec_zone_page_state(m, page, NR_MLOCK);
	if (!isolate_lru_page(m, page))
		munlock_isolated_page(m, page);
	else
		munlock_isolation_failed(m, page);
}

/*
 * Two passes: first all that are on lists leave them (isolate_lru_page()
 * adds a reference, so the caller's is dropped for the others too), then
 * those with one mapping go straight back, the others by the slow way.
 */
void __munlock_pagevec(struct machine *m, struct page *const *pages,
		       unsigned nr)
{
	struct page *isolated[PAGEVEC_SIZE];
	unsigned nr_isolated = 0;

	for (unsigned i = 0; i < nr; i++) {
		if (TestClearPageMlocked(pages[i])) {
			dec_zone_page_state(m, pages[i], NR_MLOCK);
			if (!isolate_lru_page(m, pages[i]))
				isolated[nr_isolated++] = pages[i];
			else
				munlock_isolation_failed(m, pages[i]);
		}
		put_page(m, pages[i]);
	}
	for (unsigned i = 0; i < nr_isolated; i++) {
		if (page_mapcount(isolated[i]) > 1 ||
		    !page_evictable(isolated[i])) {
			munlock_isolated_page(m, isolated[i]);
			isolated[i] = NULL;
		}
	}
	for (unsigned i = 0; i < nr_isolated; i++) {
		if (!isolated[i])
			continue;
		if (TestClearPageUnevictable(isolated[i]))
			count_vm_event(m, UNEVICTABLE_PGRESCUED);
		count_vm_event(m, UNEVICTABLE_PGMUNLOCKED);
		lru_list_add(m, isolated[i]);
		put_page(m, isolated[i]);
	}
}

void clear_page_mlock(struct machine *m, struct page *page)
{
	if (!TestClearPageMlocked(page))
		return;
	dec_zone_page_state(m, page, NR_MLOCK);
	count_vm_event(m, UNEVICTABLE_PGCLEARED);
	if (!isolate_lru_page(m, page))
		putback_lru_page(m, page);
	else if (PageUnevictable(page))
		count_vm_event(m, UNEVICTABLE_PGSTRANDED);
}
