/*
 * page.h - struct page: what the machine knows of one frame.
 *
 * One array (mem_map), indexed by pfn, 32 bytes a frame, committed lazily:
 * a struct page that nobody touched is all zeros, and all zeros mean "no
 * owner recorded here": reserved by boot, or inside a larger free block.
 * Links are pfns, owners are pool ids, so the array can be reserved for
 * 64 GiB and cost only what is used. Linux: include/linux/mm_types.h.
 *
 *   mapping   anonymous: id of the anon_vma << 2 | PAGE_MAPPING_ANON
 *             file:      id of the address_space << 2
 *   index     linear page index (page_index()); in a free block's head and on
 *             the per-CPU lists: the migrate type to return to
 *   private   order of a free block; swap entry of a swap-cache page
 *   _mapcount number of user mappings - 1; PAGE_BUDDY in a free block's head.
 *             Stored plus one, so that zero bytes mean -1 (page_mapcount()).
 */
#ifndef MMEMU_CORE_PAGE_H
#define MMEMU_CORE_PAGE_H

#include "core/types.h"

struct machine;

enum pageflags {
	PG_referenced = 1 << 1,
	PG_uptodate = 1 << 2,
	PG_dirty = 1 << 3,
	PG_lru = 1 << 4,
	PG_active = 1 << 5,
	PG_slab = 1 << 6,
	PG_reserved = 1 << 7,	/* reserved by boot and touched since */
	PG_private = 1 << 8,	/* has buffers (written by write(2)) */
	PG_writeback = 1 << 9,
	PG_compound = 1 << 10,	/* head or tail of a __GFP_COMP block */
	PG_swapcache = 1 << 11,
	PG_readahead = 1 << 12, /* reading here starts the next window */
	PG_reclaim = 1 << 12,	/* (same bit, as in the kernel) */
	PG_swapbacked = 1 << 13,
	PG_unevictable = 1 << 14,
	PG_mlocked = 1 << 15,
	PG_table = 1 << 16,	/* a page-table page (emulator's note) */
	PG_pcp = 1 << 17,	/* on a per-CPU list (emulator's note) */
	PG_kernel = 1 << 18,	/* a block of the kernel's own (trace event,
				   stack, vmalloc; emulator's note) */
	PG_ksm = 1 << 19,
};
#define PAGE_FLAG_BITS 20
#define PAGE_INDEX_BITS 44

struct page {
	uint64_t flags : PAGE_FLAG_BITS;
	uint64_t index : PAGE_INDEX_BITS;
	uint32_t mapping;
	int32_t _count;		/* references */
	int32_t _mapcount1;	/* _mapcount + 1 */
	uint32_t private;
	pfn_t lru_next, lru_prev; /* on at most one list: buddy, pcp, LRU, slab */
};
_Static_assert(sizeof(struct page) == 32, "as on i386");

#define PAGE_MAPPING_ANON 1u
#define PAGE_MAPPING_KSM 2u
#define PAGE_MAPPING_FLAGS 3u
#define PAGE_BUDDY (-128)

static inline int page_mapcount_raw(const struct page *p)
{
	return p->_mapcount1 - 1;
}

/* Number of user mappings. */
static inline int page_mapcount(const struct page *p)
{
	return p->_mapcount1;
}

static inline bool PageBuddy(const struct page *p)
{
	return p->_mapcount1 == PAGE_BUDDY + 1;
}

static inline bool page_mapped(const struct page *p)
{
	return p->_mapcount1 > 0;
}

static inline int page_count(const struct page *p)
{
	return p->_count;
}

static inline bool PageAnon(const struct page *p)
{
	return p->mapping & PAGE_MAPPING_ANON;
}

static inline bool PageKsm(const struct page *p)
{
	return (p->mapping & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_FLAGS;
}

#define PAGEFLAG(Name, bit)                                  \
	static inline bool Page##Name(const struct page *p)  \
	{                                                    \
		return p->flags & (bit);                     \
	}                                                    \
	static inline void SetPage##Name(struct page *p)     \
	{                                                    \
		p->flags |= (bit);                           \
	}                                                    \
	static inline void ClearPage##Name(struct page *p)   \
	{                                                    \
		p->flags &= ~(uint64_t)(bit);                \
	}                                                    \
	static inline bool TestClearPage##Name(struct page *p) \
	{                                                    \
		bool was = p->flags & (bit);                 \
		p->flags &= ~(uint64_t)(bit);                \
		return was;                                  \
	}                                                    \
	static inline bool TestSetPage##Name(struct page *p) \
	{                                                    \
		bool was = p->flags & (bit);                 \
		p->flags |= (bit);                           \
		return was;                                  \
	}
PAGEFLAG(Referenced, PG_referenced)
PAGEFLAG(Uptodate, PG_uptodate)
PAGEFLAG(Dirty, PG_dirty)
PAGEFLAG(LRU, PG_lru)
PAGEFLAG(Active, PG_active)
PAGEFLAG(Slab, PG_slab)
PAGEFLAG(Reserved, PG_reserved)
PAGEFLAG(Private, PG_private)
PAGEFLAG(Writeback, PG_writeback)
PAGEFLAG(Compound, PG_compound)
PAGEFLAG(SwapCache, PG_swapcache)
PAGEFLAG(Readahead, PG_readahead)
PAGEFLAG(Reclaim, PG_reclaim)
PAGEFLAG(SwapBacked, PG_swapbacked)
PAGEFLAG(Unevictable, PG_unevictable)
PAGEFLAG(Mlocked, PG_mlocked)
PAGEFLAG(Table, PG_table)
PAGEFLAG(Pcp, PG_pcp)
PAGEFLAG(Kernel, PG_kernel)
#undef PAGEFLAG

/*
 * A list of frames, linked by pfn through lru_next/lru_prev. A frame is on at
 * most one list, and who takes it off knows which (the buddy knows order and
 * type, the LRU the flags), so no back pointer is kept. Operations: page_list.h.
 */
struct page_list {
	pfn_t first, last; /* 0 = empty */
	uint32_t nr;
};

/* Walk a list that does not change meanwhile; pfn is the loop variable. */
#define page_list_for_each(pfn, m, l) \
	for (pfn_t pfn = (l)->first; pfn; pfn = (m)->mem_map[pfn].lru_next)

#endif
