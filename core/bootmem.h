/*
 * bootmem.h - memory before there is an allocator: ranges of bytes.
 *
 * Two sorted lists as memblock keeps them: what is RAM, and what of it is kept.
 * bootmem.c fills them from the configuration and frees the rest to the buddy
 * system; the state loader replaces them. Linux: mm/memblock.c, mm/bootmem.c.
 */
#ifndef MMEMU_CORE_BOOTMEM_H
#define MMEMU_CORE_BOOTMEM_H

#include "core/machine.h"

#define MAX_ORDER_NR_PAGES ((pfn_t)1 << (MAX_ORDER - 1))

static inline paddr_t page_up(const struct machine *m, paddr_t a)
{
	return PAGE_ALIGN(m, a);
}

static inline pfn_t pfn_down(const struct machine *m, paddr_t a)
{
	return (pfn_t)(a >> m->page_shift);
}

/*
 * Add [start, end) to a sorted list of at most max ranges, joined with its
 * neighbours. 0, or -ENOSPC.
 */
int range_add(struct phys_range *list, unsigned *nr, unsigned max,
	      paddr_t start, paddr_t end);
/* Cut [start, end) out of a list. 0, or -ENOSPC. */
int range_remove(struct phys_range *list, unsigned *nr, unsigned max,
		 paddr_t start, paddr_t end);
/* The first range that ends behind addr, or nr. */
unsigned range_find(const struct phys_range *list, unsigned nr, paddr_t addr);

/* Lowmem's end on this paging format, were there RAM enough (pfn). */
pfn_t lowmem_limit_pfn(const struct machine *m);
/* m->ram_range, max_pfn, max_low_pfn from the configuration. 0, or -EINVAL with
 * *why. */
int find_memory(struct machine *m, const char **why);
/* m->boot_range: all that boot keeps. Returns the same. => zones have spans */
int reserve_boot_memory(struct machine *m, const char **why);
/* What a zone has before anything is freed: present less its mem_map. */
uint64_t early_managed(const struct machine *m, const struct zone *z);
/* Host memory for RAM, mem_map and pageblock types up to m->max_pfn. */
void reserve_host_memory(struct machine *m);
void release_host_memory(struct machine *m);
/* Names and columns of the zones, all empty. */
void zones_reset(struct machine *m);
/* present_pages of every zone from m->ram_range. */
void count_present_pages(struct machine *m);

#endif
