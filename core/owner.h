/*
 * owner.h - whose every frame is: the walk that the check and figures share.
 */
#ifndef MMEMU_CORE_OWNER_H
#define MMEMU_CORE_OWNER_H

#include "core/machine.h"

enum frame_owner {
	OWNER_NONE, /* no mark: cut off from its file, but still held */
	OWNER_PCP,
	OWNER_BOOT,
	OWNER_SLAB,
	OWNER_TABLE,
	OWNER_KERNEL,
	OWNER_USER,
	OWNER_BUDDY,
	OWNER_HOLE, /* no RAM at all */
	OWNER_SEVERAL, /* a broken machine */
};

/*
 * The frames of a zone in ascending order, in runs of one owner: nr frames from
 * pfn on. A free block is a run of its own (PageBuddy in its head, whose
 * private is the order); blocks not touched since boot come as one run whose
 * frames have no mark; all that has a struct page in use comes singly.
 */
typedef void (*owner_visitor)(void *ctx, pfn_t pfn, uint32_t nr,
			      enum frame_owner owner);
void walk_owners(const struct machine *m, const struct zone *z,
		 owner_visitor visit, void *ctx);

#endif
