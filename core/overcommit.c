/*
 * overcommit.c - may so much memory be promised?
 *
 * Private writable areas may one day need a frame for each page. Their pages
 * (VM_ACCOUNT) and those of shared memory objects are counted in
 * m->vm_committed_as, Committed_AS of meminfo:
 *
 *   mode 0  guess: a single request must be smaller than what could be free:
 *           free + page cache - shmem + free swap + reclaimable slab
 *                - totalreserve_pages [- admin reserve, if not root]
 *   mode 1  always
 *   mode 2  never: Committed_AS must stay below ratio % of RAM + swap, less
 *           the admin's reserve (if not root) and the user's
 *
 * The request is added first and taken off again when refused, as the kernel
 * does. The reserves are fixed at boot from the memory that is free then.
 *
 * Linux: mm/mmap.c __vm_enough_memory(), init_admin_reserve().
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/vma.h"

void vm_unacct_memory(struct machine *m, int64_t pages)
{
	m->vm_committed_as -= pages;
}

static uint64_t kbytes_to_pages(const struct machine *m, uint64_t kbytes)
{
	return kbytes >> (PAGE_SHIFT(m) - 10);
}

static bool guess_allows(const struct machine *m, int64_t pages)
{
	uint64_t available;

	available = (uint64_t)(global_page_state(m, NR_FREE_PAGES) +
			       global_page_state(m, NR_FILE_PAGES) -
			       global_page_state(m, NR_SHMEM) +
			       global_page_state(m, NR_SLAB_RECLAIMABLE)) +
		    nr_swap_pages(m);
	if (available <= m->totalreserve_pages)
		return false;
	available -= m->totalreserve_pages;
	/* the kernel's word may wrap here, to "plenty" */
	if (!capable(m))
		available -= kbytes_to_pages(m, m->admin_reserve_kbytes);
	return (available & ulong_max(m)) > (uint64_t)pages;
}

static bool never_allows(const struct machine *m, const struct mm_struct *mm)
{
	int64_t allowed, user;

	allowed = (int64_t)(totalram_pages(m) * m->cfg.overcommit_ratio / 100);
	if (!capable(m))
		allowed -= (int64_t)kbytes_to_pages(m, m->admin_reserve_kbytes);
	allowed += (int64_t)total_swap_pages(m);
	if (mm) {
		user = (int64_t)kbytes_to_pages(m, m->user_reserve_kbytes);
		allowed -= min_t(int64_t, mm->total_vm / 32, user);
	}
	return m->vm_committed_as < allowed;
}

static int __vm_enough_memory(struct machine *m, const struct mm_struct *mm,
			      int64_t pages)
{
	bool ok;

	m->vm_committed_as += pages;
	switch (m->cfg.overcommit) {
	case OVERCOMMIT_ALWAYS:
		ok = true;
		break;
	case OVERCOMMIT_GUESS:
		ok = guess_allows(m, pages);
		break;
	default:
		ok = never_allows(m, mm);
	}
	if (ok)
		return 0;
	vm_unacct_memory(m, pages);
	return -ENOMEM;
}

int security_vm_enough_memory_mm(struct mm_struct *mm, int64_t pages)
{
	return __vm_enough_memory(mm->m, mm, pages);
}

int security_vm_enough_memory(struct machine *m, int64_t pages)
{
	return __vm_enough_memory(m, m->current ? m->current->mm : NULL, pages);
}
