/*
 * record.h - a kernel structure as a box: its name above, a line a field.
 *
 *   ┌─────────────────────┐
 *   │ mm_struct           │ head
 *   ├─────────────────────┤
 *   │ mmap        0x08048 │ line 0      arrows begin and end at the middle
 *   │ map_count        5  │ line 1      of a line: record_line_y()
 *   └─────────────────────┘
 *
 * A figure fills it, asks for its height, places it, draws it.
 */
#ifndef MMEMU_FORMATS_RECORD_H
#define MMEMU_FORMATS_RECORD_H

#include "formats/svg.h"

#define RECORD_LINES 16
#define RECORD_TEXT 160

struct record {
	char head[RECORD_TEXT];
	enum svg_fill fill; /* of the head */
	bool marked;	    /* what the figure wants one to look at */
	unsigned nr;
	struct record_line {
		const char *key; /* NULL: the value takes the whole line */
		char value[RECORD_TEXT];
		bool marked;
	} line[RECORD_LINES];
};

/* Empty, with this head. */
__attribute__((format(printf, 3, 4))) void record_init(struct record *r,
						       enum svg_fill fill,
						       const char *head, ...);
/* One more line; the number it has. */
__attribute__((format(printf, 3, 4))) unsigned record_add(struct record *r,
							  const char *key,
							  const char *value,
							  ...);
int record_height(const struct svg *s, const struct record *r);
/* What a box of nr lines would need. */
int record_height_of(const struct svg *s, unsigned nr);
/* The middle of a line, or (-1) of the head, of a box whose top is at y. */
int record_line_y(const struct svg *s, int y, int line);
/* Draws it; the box it took. */
struct svg_box record_draw(struct svg *s, const struct record *r, int x, int y,
			   int w);

/* ---- arrows between boxes ---- */
/* From (x1,y1) sideways to the lane, along it, sideways to (x2,y2). */
void arrow_by_lane(struct svg *s, int x1, int y1, int lane, int x2, int y2,
		   unsigned flags);

#endif
