/* figure_frames.h - how frames look in figures, by their owner. */
#ifndef MMEMU_FORMATS_FIGURE_FRAMES_H
#define MMEMU_FORMATS_FIGURE_FRAMES_H

#include "core/owner.h"
#include "formats/figure.h"

/* The owner as a surface: SVG_NOTHING for what is no RAM. */
enum svg_fill frame_fill(const struct machine *m, pfn_t pfn,
			 enum frame_owner owner);
/* What such a surface stands for, in the legend. */
const char *frame_fill_text(const struct figure_options *o, enum svg_fill fill);
/* Zones that a figure shows, by o->zone; 0 after figure_cannot(). */
unsigned figure_zones(const struct machine *m, const struct figure_options *o,
		      struct svg *s, const struct zone *zones[MAX_NR_ZONES]);

#endif
