/*
 * gfp.h - what a caller of the page allocator asks for and promises.
 * Linux: include/linux/gfp.h, with 3.12's bit values.
 */
#ifndef MMEMU_CORE_GFP_H
#define MMEMU_CORE_GFP_H

#include "core/types.h"

#define __GFP_DMA 0x1u		/* from zone DMA */
#define __GFP_HIGHMEM 0x2u	/* may be from HighMem */
#define __GFP_DMA32 0x4u	/* from zone DMA32, where there is one */
#define __GFP_MOVABLE 0x8u	/* the frame can be moved or reclaimed */
#define __GFP_WAIT 0x10u	/* may sleep, so may reclaim */
#define __GFP_HIGH 0x20u	/* may use half of the emergency reserve */
#define __GFP_IO 0x40u		/* may start disk I/O */
#define __GFP_FS 0x80u		/* may call into file systems */
#define __GFP_COLD 0x100u	/* a frame that is not in the CPU's cache */
#define __GFP_NOWARN 0x200u	/* no message if it fails */
#define __GFP_REPEAT 0x400u	/* try harder, may fail */
#define __GFP_NOFAIL 0x800u	/* must not fail */
#define __GFP_NORETRY 0x1000u	/* give up at once */
#define __GFP_MEMALLOC 0x2000u	/* may use all of the reserve */
#define __GFP_COMP 0x4000u	/* a compound page */
#define __GFP_ZERO 0x8000u	/* filled with zeros */
#define __GFP_NOMEMALLOC 0x10000u
#define __GFP_HARDWALL 0x20000u
#define __GFP_THISNODE 0x40000u
#define __GFP_RECLAIMABLE 0x80000u /* the slab can be shrunk */
#define __GFP_KMEMCG 0x100000u
#define __GFP_NOTRACK 0x200000u
#define __GFP_NO_KSWAPD 0x400000u
#define __GFP_OTHER_NODE 0x800000u
#define __GFP_WRITE 0x1000000u

#define GFP_NOWAIT 0u
#define GFP_ATOMIC __GFP_HIGH
#define GFP_NOIO __GFP_WAIT
#define GFP_NOFS (__GFP_WAIT | __GFP_IO)
#define GFP_KERNEL (__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_TEMPORARY (GFP_KERNEL | __GFP_RECLAIMABLE)
#define GFP_USER (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_DMA __GFP_DMA
#define GFP_DMA32 __GFP_DMA32

#define GFP_ZONEMASK (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE)
#define GFP_RECLAIM_MASK                                                 \
	(__GFP_WAIT | __GFP_HIGH | __GFP_IO | __GFP_FS | __GFP_NOWARN |  \
	 __GFP_REPEAT | __GFP_NOFAIL | __GFP_NORETRY | __GFP_MEMALLOC |  \
	 __GFP_NOMEMALLOC)

/* One name a row, for readers of traces and for `--help`. */
struct gfp_name {
	const char *name;
	gfp_t value;
};
extern const struct gfp_name gfp_names[];
extern const unsigned nr_gfp_names;

/*
 * "GFP_KERNEL|__GFP_ZERO" -> bits. len bytes at s. Returns 0, or -EINVAL with
 * *bad the offset of the first unknown name.
 */
int gfp_parse(const char *s, size_t len, gfp_t *gfp, size_t *bad);

#endif
