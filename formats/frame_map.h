/*
 * frame_map.h - who maps which frame, over all processes.
 *
 * Reports do not name frames by number (two machines would differ in all of
 * them) but in the order in which they are met: by PID, then by address.
 */
#ifndef MMEMU_FORMATS_FRAME_MAP_H
#define MMEMU_FORMATS_FRAME_MAP_H

#include "core/machine.h"

struct mapping {
	vaddr_t va;
	uint32_t pid;
	pfn_t pfn;
};

struct frame_map {
	const struct machine *m;
	struct mapping *mapping; /* by PID, then address */
	size_t nr, max;
	uint32_t *number;	 /* by pfn: number of the frame + 1, 0 = none */
	uint32_t nr_frames;
};

void frame_map_init(struct frame_map *fm, const struct machine *m);
void frame_map_destroy(struct frame_map *fm);
/* => the frame is mapped */
static inline uint32_t frame_number(const struct frame_map *fm, pfn_t pfn)
{
	return fm->number[pfn] - 1;
}

#endif
