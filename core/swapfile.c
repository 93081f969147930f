/*
 * swapfile.c - swap entries of page tables, while there is no swap area.
 *
 * Nothing is ever swapped out without an area, so no entry can exist: the
 * functions that would count one say so, and a page is shared exactly when it
 * has more than one mapping. Linux: mm/swapfile.c.
 */
#include "core/swap.h"

uint64_t total_swap_pages(const struct machine *m __unused_arg)
{
	return 0;
}

uint64_t nr_swap_pages(const struct machine *m __unused_arg)
{
	return 0;
}

int swap_duplicate(struct machine *m __unused_arg,
		   swp_entry_t entry __unused_arg)
{
	return -EINVAL;
}

int free_swap_and_cache(struct machine *m __unused_arg,
			swp_entry_t entry __unused_arg)
{
	return 0;
}

/* page_count() is not looked at: 3.12 asks for mappings only. */
bool reuse_swap_page(struct machine *m __unused_arg, struct page *page)
{
	return page_mapcount(page) <= 1;
}
