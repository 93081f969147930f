/* svg_theme.h - how surfaces look: between svg.c and svg_theme.c. */
#ifndef MMEMU_FORMATS_SVG_THEME_H
#define MMEMU_FORMATS_SVG_THEME_H

#include "formats/svg.h"

enum hatch { PLAIN, RISING, FALLING, CROSSED, DOTTED, LEVEL, UPRIGHT, NR_HATCHES };

struct paint {
	const char *colour;
	enum hatch hatch;
	bool light_ink; /* text on it is light */
};

struct svg_theme {
	const char *name;
	const char *ink, *light_ink, *muted, *edge, *faint, *accent, *hatch;
	const char *curve[SVG_CURVES];
	struct paint paint[NR_SVG_FILLS];
};

#endif
