/*
 * gather.c - frames on their way out of an address space.
 *
 * A frame may be given back only when no CPU can still reach it through its
 * TLB. So zapping clears entries and collects frames; the TLB is flushed once;
 * then the frames go, in the order in which they were collected.
 *
 *   local[8]         1021 more (batch)       1021 more (batch)
 *   ┌────────┐      ┌──────────────────┐    ┌──────────────────┐
 *   │ p p p .│ ───► │ p p p p p p  ... │ ─► │ p p p p      ... │
 *   └────────┘      └──────────────────┘    └──────────────────┘
 *   in the struct    a frame each, GFP_NOWAIT: zapping may not sleep
 *
 * When no frame can be had, or nine are full, what was collected is flushed and
 * collecting starts over in local[] (the batches are kept until the end). The
 * batches count as allocations like any others: unmapping 6000 pages takes 6.
 *
 * Frames are let go in chunks of 14. Of each chunk the last page is freed
 * first, to the head of its per-CPU list; so the next allocation gets the
 * first page of the last chunk. Page-table pages are collected behind the data
 * pages of their range.
 *
 * Linux: mm/memory.c tlb_*(), include/asm-generic/tlb.h, mm/swap_state.c
 * free_pages_and_swap_cache(), mm/swap.c release_pages().
 */
#include "core/memory.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/swapfile.h"

#define MAX_GATHERED 10000u /* pages between two flushes, at the least */

/* Emulated: next pointer, two counters, then the pointers to fill a frame. */
struct gather_batch {
	struct gather_batch *next;
	struct page *frame; /* what the kernel keeps it in */
	uint32_t nr, max;
	struct page *pages[];
};

static uint32_t max_gather_batch(const struct machine *m)
{
	unsigned word = m->fmt->va_bits > 32 ? 8 : 4;

	return (uint32_t)((PAGE_SIZE(m) - word - 8) / word);
}

static size_t batch_bytes(const struct gather_batch *b)
{
	return sizeof(*b) + b->max * sizeof(b->pages[0]);
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	*tlb = (struct mmu_gather){.mm = mm};
}

static struct gather_batch *batch_alloc(struct machine *m)
{
	struct page *frame = alloc_page(m, GFP_NOWAIT | __GFP_NOWARN);
	uint32_t max = max_gather_batch(m);
	struct gather_batch *b;

	if (!frame)
		return NULL;
	SetPageKernel(frame);
	b = host_alloc(&m->host, sizeof(*b) + max * sizeof(b->pages[0]));
	b->frame = frame;
	b->max = max;
	return b;
}

/* Room for the next page; false: flush first. */
static bool tlb_next_batch(struct mmu_gather *tlb)
{
	struct machine *m = tlb->mm->m;
	struct gather_batch **link =
		tlb->active ? &tlb->active->next : &tlb->first;

	if (!*link) {
		if (tlb->batch_count == MAX_GATHERED / max_gather_batch(m))
			return false;
		*link = batch_alloc(m);
		if (!*link)
			return false;
		tlb->batch_count++;
	}
	tlb->active = *link;
	return true;
}

/*
 * The pagevecs go to the lists first: a page that waited there would otherwise
 * keep a reference and its frame.
 */
static void free_pages_and_swap_cache(struct machine *m,
				      struct page *const *pages, unsigned nr)
{
	story(m, nr);

	lru_add_drain(m);
	while (nr) {
		unsigned todo = min_t(unsigned, nr, PAGEVEC_SIZE);

		for (unsigned i = 0; i < todo; i++)
			free_swap_cache(m, pages[i]);
		release_pages(m, pages, todo, false);
		pages += todo;
		nr -= todo;
	}
}

static void tlb_flush_mmu(struct mmu_gather *tlb)
{
	struct machine *m = tlb->mm->m;

	if (!tlb->local_nr)
		return;
	free_pages_and_swap_cache(m, tlb->local, tlb->local_nr);
	tlb->local_nr = 0;
	for (struct gather_batch *b = tlb->first; b; b = b->next) {
		free_pages_and_swap_cache(m, b->pages, b->nr);
		b->nr = 0;
	}
	tlb->active = NULL;
}

void tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	struct gather_batch *b = tlb->active;
	bool full;

	if (!b) {
		tlb->local[tlb->local_nr++] = page;
		full = tlb->local_nr == MMU_GATHER_BUNDLE;
	} else {
		b->pages[b->nr++] = page;
		full = b->nr == b->max;
	}
	if (full && !tlb_next_batch(tlb))
		tlb_flush_mmu(tlb);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	struct machine *m = tlb->mm->m;
	struct gather_batch *b, *next;
	story(tlb->mm->m);

	tlb_flush_mmu(tlb);
	for (b = tlb->first; b; b = next) {
		next = b->next;
		ClearPageKernel(b->frame);
		__free_pages(m, b->frame, 0);
		host_free(&m->host, b, batch_bytes(b));
	}
	tlb->first = NULL;
}
