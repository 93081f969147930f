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

/* The CPU's three waiting rooms, in the order in which they are emptied. */
struct lru_pagevecs {
	struct pagevec lru_add;	       /* new pages, on no list yet */
	struct pagevec lru_rotate;     /* to the tail: written back, wanted */
	struct pagevec lru_deactivate; /* to inactive: not wanted any more */
};

/* ---- on and off the lists (swap.c) ---- */
/* Queue a page; the 15th drains the vector. Linux: lru_cache_add(). */
void lru_cache_add(struct machine *m, struct page *page);
/* Straight to the unevictable list. Linux: add_page_to_unevictable_list */
void add_page_to_unevictable_list(struct machine *m, struct page *page);
/* Empty all pagevecs. Linux: lru_add_drain(). */
void lru_add_drain(struct machine *m);
void mark_page_accessed(struct machine *m, struct page *page);
/* A hint that nobody wants it; to inactive when the pagevec is emptied. */
void deactivate_page(struct machine *m, struct page *page);
/* Written back for reclaim: to the tail of its inactive list. */
void rotate_reclaimable_page(struct machine *m, struct page *page);
/* Off its list when the last reference goes. */
void del_page_from_lru(struct machine *m, struct page *page);
/*
 * Drop a reference of each of up to PAGEVEC_SIZE frames; those that had no
 * other leave their LRU list and are freed, the last one first.
 */
void release_pages(struct machine *m, struct page *const *pages, unsigned nr,
		   bool cold);
/* lru_add_drain() and release_pages(). Linux: pagevec_release(). */
void pagevec_release(struct machine *m, struct page *const *pages, unsigned nr);
/* Off its list, with a reference for the caller; -EBUSY: it was on none. */
int isolate_lru_page(struct machine *m, struct page *page);
/* Past the pagevec: on the list it belongs to, now. */
void lru_list_add(struct machine *m, struct page *page);
/* To the head of a list of v, off it; counted. Flags are the caller's. */
void add_page_to_lru_list(struct machine *m, struct page *page,
			  struct lruvec *v, enum lru_list lru);
void del_page_from_lru_list(struct machine *m, struct page *page,
			    struct lruvec *v, enum lru_list lru);
/* From its inactive list to the active one, if it is on one. */
void activate_page(struct machine *m, struct page *page);
/* The way back: to the pagevec, or to the unevictable list. */
void putback_lru_page(struct machine *m, struct page *page);
bool page_evictable(const struct page *page);
enum lru_list page_lru(const struct page *page);
/* File pages and anonymous ones age apart; shmem counts as anonymous. */
static inline bool page_is_file_cache(const struct page *page)
{
	return !PageSwapBacked(page);
}

/* ---- pages that may not go (mlock_page.c) ---- */
/* Linux: mlock_vma_page(), munlock_vma_page() (mm/mlock.c). */
void mlock_vma_page(struct machine *m, struct page *page);
void munlock_vma_page(struct machine *m, struct page *page);
/*
 * munlock(2) and exit: up to PAGEVEC_SIZE pages of one zone, each with a
 * reference that is taken over; back on the lists at once, past the pagevec.
 */
void __munlock_pagevec(struct machine *m, struct page *const *pages,
		       unsigned nr);
/* The last mapping of a locked page went. Linux: clear_page_mlock(). */
void clear_page_mlock(struct machine *m, struct page *page);

/* ---- swap entries in page tables (swapfile.c) ---- */
int swap_duplicate(struct machine *m, swp_entry_t entry);
int free_swap_and_cache(struct machine *m, swp_entry_t entry);
/* Linux: reuse_swap_page(): nobody else maps it or holds its slot. */
bool reuse_swap_page(struct machine *m, struct page *page);
uint64_t total_swap_pages(const struct machine *m);
uint64_t nr_swap_pages(const struct machine *m);

void lru_check(const struct machine *m, struct checker *c);

#endif
