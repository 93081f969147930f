/*
 * swap.h - LRU lists with their pagevecs; swap areas.
 * Linux: mm/swap.c, mm/swapfile.c, mm/swap_state.c.
 */
#ifndef MMEMU_CORE_SWAP_H
#define MMEMU_CORE_SWAP_H

#include "core/check.h"
#include "core/machine.h"
#include "core/pgformat.h"

#define PAGEVEC_SIZE 14

/* Frames waiting to be put on an LRU list, each with a reference. */
struct pagevec {
	unsigned nr;
	pfn_t pages[PAGEVEC_SIZE];
};

/* Queue a page; the 15th drains the vector. Linux: lru_cache_add(). */
void lru_cache_add(struct machine *m, struct page *page);
/* Straight to the unevictable list. Linux: add_page_to_unevictable_list */
void add_page_to_unevictable_list(struct machine *m, struct page *page);
/* Empty all pagevecs. Linux: lru_add_drain(). */
void lru_add_drain(struct machine *m);
void mark_page_accessed(struct machine *m, struct page *page);
/* Off its list when the last reference goes. */
void del_page_from_lru(struct machine *m, struct page *page);
/* Linux: mlock_vma_page(), munlock_vma_page() (mm/mlock.c). */
void mlock_vma_page(struct machine *m, struct page *page);
void munlock_vma_page(struct machine *m, struct page *page);
/* The last mapping of a locked page went. Linux: clear_page_mlock(). */
void clear_page_mlock(struct machine *m, struct page *page);
enum lru_list page_lru(const struct page *page);

/* ---- swap entries in page tables ---- */
int swap_duplicate(struct machine *m, swp_entry_t entry);
int free_swap_and_cache(struct machine *m, swp_entry_t entry);
/* Linux: reuse_swap_page(): nobody else maps it or holds its slot. */
bool reuse_swap_page(struct machine *m, struct page *page);
uint64_t total_swap_pages(const struct machine *m);
uint64_t nr_swap_pages(const struct machine *m);

void lru_check(const struct machine *m, struct checker *c);

#endif
