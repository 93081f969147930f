/*
 * import_place.c - recorded addresses in an address space of 3 GiB.
 *
 * Programs are recorded on 64-bit kernels: a 64-bit program has 128 TiB, and
 * even a 32-bit one 4 GiB. Where the trace's machine ends at 0xC0000000, three
 * windows bring down what lies above, each by one distance, so that order,
 * neighbourhood and offsets within a window stay; the stack's end is put at the
 * end of the address space.
 *
 *	trace                      recorded, for example
 *	00000000 ┌ as it is ─────┐ 00400000  what lies below and is not in the way
 *	50000000 ├ program ──────┤ 55f6854d7000  a program that can stand anywhere
 *	58000000 ├ heap ─────────┤ 55f68ac0c000  its break
 *	78000000 ├ mmap ─────────┤ 7f4f7e921000  mappings, downwards from the first
 *	b8000000 ├ stack ────────┤ 7ffd6a83d579
 *	c0000000 └───────────────┘
 *
 * A window opens with the first address that needs it. The mappings of a 32-bit
 * program on a 64-bit kernel lie between 0xC0000000 and 0xF8000000: they come
 * down by 1 GiB, to where a 32-bit kernel has them. Distances are multiples of
 * 4 MiB, so what shares a page table goes on to.
 *
 * What does not fit is left out and counted (--wide keeps all addresses, for
 * machines with 64-bit page tables).
 */
#include "trace/import_internal.h"

#define USER_END UINT64_C(0xC0000000)
#define WIDE_END UINT64_C(0x7ffffffff000)
#define TABLE (UINT64_C(4) << 20) /* what one page table maps */
#define MiB(n) ((uint64_t)(n) << 20)

static const struct {
	uint64_t base, end;
} slots[NR_PLACES] = {
	[PLACE_PROGRAM] = {0x50000000, 0x58000000},
	[PLACE_HEAP] = {0x58000000, 0x78000000},
	[PLACE_MMAP] = {0x78000000, 0xb8000000},
};
#define STACK_SLOT UINT64_C(0xb8000000)

/* the mappings of a 32-bit program on a 64-bit kernel */
#define COMPAT_FROM UINT64_C(0xA0000000)
#define COMPAT_TO UINT64_C(0xF8000000)
#define COMPAT_SHIFT UINT64_C(0x40000000)

uint64_t im_stack_top(const struct import *im)
{
	return im->opt->wide ? WIDE_END : USER_END;
}

static bool within(const struct im_window *w, uint64_t addr, uint64_t len)
{
	return addr >= w->from && len <= w->to - w->from &&
	       addr - w->from <= w->to - w->from - len;
}

/* Is [addr, addr + len) of the trace some window's? */
static bool taken(const struct im_places *p, uint64_t addr, uint64_t len)
{
	for (unsigned i = 0; i < NR_PLACES; i++) {
		const struct im_window *w = &p->window[i];

		if (w->from != w->to && addr < w->base + (w->to - w->from) &&
		    w->base < addr + len)
			return true;
	}
	return false;
}

/* The recorded range for a slot: the first address at its lower end, with some
 * room below, or (mmap) at its upper end, with some above. */
static void open_range(struct im_window *w, enum im_place what, uint64_t addr,
		       uint64_t len)
{
	uint64_t size = slots[what].end - slots[what].base;

	w->base = slots[what].base;
	switch (what) {
	case PLACE_MMAP:
		if (addr >= USER_END && addr < COMPAT_TO) {
			w->from = COMPAT_FROM;
			w->to = COMPAT_TO;
			w->base = COMPAT_FROM - COMPAT_SHIFT;
			break;
		}
		w->to = ALIGN_UP(addr + len, TABLE) + MiB(32);
		w->from = w->to - size;
		break;
	default:
		w->from = ALIGN_DOWN(addr, TABLE) - MiB(8);
		w->to = w->from + size;
		break;
	}
}

static bool open_window(struct im_places *p, enum im_place what, uint64_t addr,
			uint64_t len)
{
	struct im_window w;

	open_range(&w, what, addr, len);
	if (w.from > w.to || p->window[what].from != p->window[what].to ||
	    p->kept > w.base || taken(p, w.base, w.to - w.from) ||
	    !within(&w, addr, len))
		return false;
	p->window[what] = w;
	return true;
}

bool im_place(const struct import *im, struct im_places *p, uint64_t addr,
	      uint64_t len, enum im_place what, int64_t *delta)
{
	*delta = 0;
	if (addr >= IM_ADDR_MAX || len > IM_ADDR_MAX)
		return false;
	if (im->opt->wide)
		return addr + len <= WIDE_END;
	for (unsigned i = 0; i < NR_PLACES; i++) {
		const struct im_window *w = &p->window[i];

		if (w->from != w->to && within(w, addr, len)) {
			*delta = (int64_t)(w->base - w->from);
			return true;
		}
	}
	if (addr + len <= STACK_SLOT && !taken(p, addr, len)) {
		p->kept = addr + len > p->kept ? addr + len : p->kept;
		return true;
	}
	if (!open_window(p, what, addr, len))
		return false;
	*delta = (int64_t)(p->window[what].base - p->window[what].from);
	return true;
}
