/*
 * swapfile.h - swap areas, their slots, and the swap cache.
 *
 *   entry in a page table ──► type, offset ──► area[type].swap_map[offset]
 *                                          └─► area[type].cache: the frame that
 *                                              holds the slot's bytes, if any
 *
 * A slot is in use while an entry names it or a frame caches it. What was
 * written to it is kept on the host and survives until the area goes.
 * Linux: include/linux/swap.h, mm/swapfile.c, mm/swap_state.c, mm/page_io.c.
 */
#ifndef MMEMU_CORE_SWAPFILE_H
#define MMEMU_CORE_SWAPFILE_H

#include "core/machine.h"
#include "core/radix_tree.h"
#include "core/swap.h"

#define MAX_SWAPFILES 30 /* 32 types, less two of migration entries */
#define SWAPFILE_CLUSTER 256u

/* swap_map: how many entries name the slot, and is it in the cache? */
#define SWAP_HAS_CACHE 0x40000000u
#define SWAP_MAP_SHMEM 0x20000000u /* for a count: a page of shared memory */

struct swap_area {
	bool used;	   /* between swapon and swapoff */
	bool writeok;	   /* slots may be taken: not while swapoff empties it */
	int prio;
	int next;	   /* type of the next area in the list, -1: none */
	uint32_t max;	   /* slots, the header's slot 0 too */
	uint32_t pages;	   /* usable slots */
	uint32_t inuse_pages;
	uint32_t lowest_bit, highest_bit; /* no free slot outside of these */
	uint32_t cluster_next, cluster_nr; /* where to go on, and how far */
	uint32_t *swap_map;
	uint8_t *disk;	   /* bytes of the slots; NULL: frames hold none */
	struct radix_tree_root cache; /* swap_index() -> frame */
	uint64_t nrpages;  /* frames in it */
	kva_t info_kobj;   /* swap_info_struct: kept for the next swapon */
	kva_t map_kobj;	   /* swap_map, in vmalloc's range */
};

struct swap_info {
	struct swap_area area[MAX_SWAPFILES];
	unsigned nr_swapfiles;	    /* types ever used */
	int head, next;		    /* list by priority; where to go on */
	int least_priority;
	int highest_priority_index; /* an area that got a slot back; -1: none */
	int64_t nr_swap_pages;	    /* free slots */
	int64_t total_swap_pages;
	uint64_t add_total, del_total, find_success, find_total;
};

/* ---- areas ---- */
/* One more area of len bytes, its header page included. 0; -EINVAL: too small
 * to hold a page; -EPERM: there are 30 already; -ENOMEM. */
int sys_swapon(struct machine *m, uint64_t len);
/*
 * The newest area goes, after all its pages are brought back. -EINVAL: there is
 * none; -ENOMEM: they do not fit, and the area stays. Linux: swapoff(2).
 */
int sys_swapoff(struct machine *m);
/* Every page of the area back into memory and into its processes; 0 or
 * -ENOMEM. (swapoff.c) Linux: try_to_unuse() */
int try_to_unuse(struct machine *m, unsigned type);
/* More than half of the slots are taken: caching them is a luxury now. */
bool vm_swap_full(const struct machine *m);

/* ---- slots ---- */
/* A free slot, marked as cached; val 0: none. */
swp_entry_t get_swap_page(struct machine *m);
/* The slot gets a frame in the cache. 0, -EEXIST: it has one; -ENOENT: free. */
int swapcache_prepare(struct machine *m, swp_entry_t entry);
/* The cache lets go of the slot; page NULL: its frame never was in it. */
void swapcache_free(struct machine *m, swp_entry_t entry, struct page *page);
void swap_free(struct machine *m, swp_entry_t entry);
/* A page of shared memory names the slot from now on. */
void swap_shmem_alloc(struct machine *m, swp_entry_t entry);
/* Entries that name the slot of a page of the cache. */
uint32_t page_swapcount(const struct machine *m, const struct page *page);
/* Entries that name it and its cache bit; 0: free, or no such slot. */
uint32_t swap_slot(const struct machine *m, swp_entry_t entry);
/* Out of the cache if no entry names its slot: the frame is the only copy. */
bool try_to_free_swap(struct machine *m, struct page *page);

/* ---- the swap cache (swap_state.c) ---- */
/* page->private holds 5 bits of type and 27 of offset. */
static inline uint32_t swp_pack(swp_entry_t entry)
{
	return swp_type(entry) << 27 | (uint32_t)swp_offset(entry);
}
static inline swp_entry_t page_swp_entry(const struct page *page)
{
	return swp_entry(page->private >> 27, page->private & 0x7ffffffu);
}
/* Where the cache's tree keeps it: the entry's value in the kernel's word. */
static inline uint64_t swap_index(const struct machine *m, swp_entry_t entry)
{
	unsigned shift = m->fmt->va_bits > 32 ? 57 : 25;

	return (uint64_t)swp_type(entry) << shift | swp_offset(entry);
}
/* A slot taken and the page in the cache under it; false: none to be had. */
bool add_to_swap(struct machine *m, struct page *page);
int add_to_swap_cache(struct machine *m, struct page *page, swp_entry_t entry);
/* Out of the tree only: the slot's cache bit and the reference stay. */
void __delete_from_swap_cache(struct machine *m, struct page *page);
void delete_from_swap_cache(struct machine *m, struct page *page);
/* With a reference; NULL: not cached. */
struct page *find_get_swap_page(struct machine *m, swp_entry_t entry);
/* The same, counted in the statistics. */
struct page *lookup_swap_cache(struct machine *m, swp_entry_t entry);
/* The slot's frame, read in if it is not cached, with a reference. NULL: the
 * slot is free, or no memory. */
struct page *read_swap_cache_async(struct machine *m, swp_entry_t entry);
/* The same, with the aligned cluster of slots around it. */
struct page *swapin_readahead(struct machine *m, swp_entry_t entry);
/* Before a page is freed by its last process. Linux: free_swap_cache() */
void free_swap_cache(struct machine *m, struct page *page);
/* Bytes to the slot. The page is clean then, or has left the cache. */
void swap_writepage(struct machine *m, struct page *page);
/* Frames in all caches. */
uint64_t total_swapcache_pages(const struct machine *m);

/* ---- shared memory in swap (shmem.c) ---- */
/* Items of a page tree that are swap entries: struct page is 4-aligned. */
#define RADIX_TREE_EXCEPTIONAL 2u
static inline bool radix_is_swap(uint64_t item)
{
	return item & RADIX_TREE_EXCEPTIONAL;
}
static inline uint64_t swp_to_radix_entry(swp_entry_t entry)
{
	return (uint64_t)swp_pack(entry) << 2 | RADIX_TREE_EXCEPTIONAL;
}
static inline swp_entry_t radix_to_swp_entry(uint64_t item)
{
	uint32_t v = (uint32_t)(item >> 2);

	return swp_entry(v >> 27, v & 0x7ffffffu);
}

/* See the head of swapfile.c. */
void swap_check(const struct machine *m, struct checker *c);

#endif
