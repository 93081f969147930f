/*
 * svg.h - a canvas for figures: boxes, lines, arrows, text that stays text.
 *
 * What is drawn goes straight to a stream as SVG 1.1 with presentation
 * attributes only (no style sheet), so that every viewer, slide program and
 * converter understands it. Coordinates are whole pixels of the viewBox, y
 * downwards. Text is drawn into boxes: its width is estimated from above, and
 * what does not fit is shortened with an ellipsis and keeps its full words in a
 * <title>. So nothing that goes through svg_text() leaves its box, whatever
 * font the viewer has.
 *
 * Colours are asked for by meaning (SVG_ANON, SVG_SLAB): a theme says how they
 * look. Every meaning has a lightness and a hatching of its own, so that a
 * picture says the same in grey and to the colour-blind.
 */
#ifndef MMEMU_FORMATS_SVG_H
#define MMEMU_FORMATS_SVG_H

#include "core/types.h"

#include <stdarg.h>
#include <stdio.h>

/* What a surface means. The same in all figures. */
enum svg_fill {
	SVG_NOTHING,   /* no surface: what is below shows */
	SVG_PAPER,     /* the background */
	SVG_PANEL,     /* a quiet surface that holds other things */
	SVG_HEAD,      /* the head of a table */
	SVG_MARKED,    /* what the figure wants one to look at */
	SVG_FREE,      /* frames and objects: whose they are */
	SVG_PCP,
	SVG_ANON,
	SVG_FILE,
	SVG_SLAB,
	SVG_TABLE,
	SVG_KERNEL,
	SVG_SWAP,
	SVG_BOOT,
	SVG_OTHER,
	SVG_RED,       /* nodes of a red-black tree */
	SVG_BLACK,
	NR_SVG_FILLS
};

/* ---- text flags ---- */
#define SVG_SMALL 0x1u	 /* sizes; none: normal */
#define SVG_BIG 0x2u
#define SVG_TITLE 0x3u
#define SVG_SIZE_MASK 0x3u
#define SVG_LEFT 0x4u	 /* alignment; none: centred */
#define SVG_RIGHT 0x8u
#define SVG_BOLD 0x10u
#define SVG_MONO 0x20u	 /* digits and code */
#define SVG_MUTED 0x40u
#define SVG_KEEP_END 0x80u /* shorten at the front: paths */

/* ---- line flags ---- */
#define SVG_THICK 0x100u
#define SVG_DASHED 0x200u
#define SVG_ACCENT 0x400u /* the colour of what is marked */
#define SVG_FAINT 0x800u
#define SVG_ARROW 0x1000u  /* a head at the end */
#define SVG_SQUARE 0x2000u /* svg_rect: corners not rounded */
#define SVG_NO_EDGE 0x4000u

struct svg_box {
	int x, y, w, h;
};
struct svg_point {
	int x, y;
};

struct svg_theme;

struct svg {
	FILE *out;
	const struct svg_theme *theme;
	int width, height; /* of the viewBox */
	int shown_width, shown_height; /* pixels of the picture; 0: these */
	bool no_places; /* a figure of a series had no room to keep places */
	int font;	   /* pixels of normal text; small is 7/8 of it */
	const char *family; /* NULL: the usual ones */
	char why[200];	   /* what a figure cannot be drawn for */
};

/* ---- themes ---- */
const struct svg_theme *svg_theme_find(const char *name); /* NULL: none */
const char *svg_theme_name(unsigned i); /* NULL behind the last */

#define SVG_CURVES 6
/* How a chart draws its i-th curve; ink, what is muted, faint, the paper. */
const char *svg_curve_colour(const struct svg *s, unsigned i);
const char *svg_ink(const struct svg *s);
const char *svg_muted(const struct svg *s);
const char *svg_faint(const struct svg *s);
const char *svg_paper(const struct svg *s);
/* The font that text is set in where one name must do. */
const char *svg_family(const struct svg *s);

/* ---- the document: s->out, theme, width, height, font, family are set ---- */
void svg_begin(struct svg *s, const char *title);
void svg_end(struct svg *s);
/* What belongs together, with words that a viewer shows for it (NULL: none). */
__attribute__((format(printf, 2, 3))) void svg_group(struct svg *s,
						     const char *title, ...);
void svg_group_end(struct svg *s);

/* ---- shapes ---- */
void svg_rect(struct svg *s, struct svg_box box, enum svg_fill fill,
	      unsigned flags);
void svg_line(struct svg *s, int x1, int y1, int x2, int y2, unsigned flags);
/* Through all points; SVG_ARROW: the last piece ends in a head. */
void svg_polyline(struct svg *s, const struct svg_point *p, unsigned n,
		  unsigned flags);
/* A circle or ellipse that fills the box. */
void svg_oval(struct svg *s, struct svg_box box, enum svg_fill fill,
	      unsigned flags);

/* ---- text ---- */
/* Pixels of one line; never less than what is drawn. */
int svg_text_width(const struct svg *s, const char *text, unsigned flags);
/* The size of its letters, and the height of a line that holds it. */
int svg_text_size(const struct svg *s, unsigned flags);
int svg_line_height(const struct svg *s, unsigned flags);
/* One line in a box, in the middle of its height; shortened if need be. */
__attribute__((format(printf, 4, 5))) void svg_text(struct svg *s,
						    struct svg_box box,
						    unsigned flags,
						    const char *fmt, ...);
/* The same on a surface of this fill, in ink that can be read there. */
__attribute__((format(printf, 5, 6))) void
svg_text_on(struct svg *s, struct svg_box box, enum svg_fill on, unsigned flags,
	    const char *fmt, ...);
/* A box of this fill with a line of text in it, in ink that can be read. */
__attribute__((format(printf, 5, 6))) void
svg_cell(struct svg *s, struct svg_box box, enum svg_fill fill, unsigned flags,
	 const char *fmt, ...);
/* Text of several lines, broken at blanks (CJK: anywhere): its height. With
 * draw false nothing is drawn. */
int svg_paragraph(struct svg *s, struct svg_box box, unsigned flags,
		  const char *text, bool draw);

/* "1,012" */
#define SVG_NUMBER_LEN 32
const char *svg_number(uint64_t n, char buf[SVG_NUMBER_LEN]);
/* "16 MiB", "340 KiB", "12 B": exact, the largest unit that divides */
const char *svg_bytes(uint64_t n, char buf[SVG_NUMBER_LEN]);

#endif
