/* record.c - boxes of fields, and arrows with right angles between them. */
#include "formats/record.h"

void record_init(struct record *r, enum svg_fill fill, const char *head, ...)
{
	va_list ap;

	r->fill = fill;
	r->marked = false;
	r->nr = 0;
	va_start(ap, head);
	vsnprintf(r->head, sizeof(r->head), head, ap);
	va_end(ap);
}

unsigned record_add(struct record *r, const char *key, const char *value, ...)
{
	struct record_line *line = &r->line[r->nr];
	va_list ap;

	mm_assert(r->nr < RECORD_LINES);
	line->key = key;
	line->marked = false;
	va_start(ap, value);
	vsnprintf(line->value, sizeof(line->value), value, ap);
	va_end(ap);
	return r->nr++;
}

static int head_height(const struct svg *s)
{
	return svg_line_height(s, 0) + 4;
}

static int line_height(const struct svg *s)
{
	return svg_line_height(s, SVG_SMALL | SVG_MONO);
}

int record_height_of(const struct svg *s, unsigned nr)
{
	return head_height(s) + (int)nr * line_height(s) + (nr ? 4 : 0);
}

int record_height(const struct svg *s, const struct record *r)
{
	return record_height_of(s, r->nr);
}

int record_line_y(const struct svg *s, int y, int line)
{
	if (line < 0)
		return y + head_height(s) / 2;
	return y + head_height(s) + 2 + line * line_height(s) +
	       line_height(s) / 2;
}

static void draw_line(struct svg *s, const struct record_line *line,
		      struct svg_box b)
{
	const unsigned mono = SVG_SMALL | SVG_MONO;
	int key = line->key ? svg_text_width(s, line->key, mono) + 10 : 0;

	if (line->marked)
		svg_rect(s, (struct svg_box){b.x + 1, b.y, b.w - 2, b.h},
			 SVG_MARKED, SVG_NO_EDGE | SVG_SQUARE);
	if (line->key)
		svg_text(s, (struct svg_box){b.x, b.y, key, b.h},
			 mono | SVG_LEFT | SVG_MUTED, "%s", line->key);
	svg_text(s, (struct svg_box){b.x + key, b.y, b.w - key, b.h},
		 mono | (line->key ? SVG_RIGHT : SVG_LEFT), "%s", line->value);
}

struct svg_box record_draw(struct svg *s, const struct record *r, int x, int y,
			   int w)
{
	struct svg_box box = {x, y, w, record_height(s, r)};
	unsigned mark = r->marked ? SVG_THICK | SVG_ACCENT : 0;

	svg_rect(s, box, SVG_PANEL, mark);
	svg_cell(s, (struct svg_box){x, y, w, head_height(s)}, r->fill,
		 SVG_BOLD | SVG_LEFT | mark, "%s", r->head);
	for (unsigned i = 0; i < r->nr; i++) {
		int middle = record_line_y(s, y, (int)i);

		draw_line(s, &r->line[i],
			  (struct svg_box){x, middle - line_height(s) / 2, w,
					   line_height(s)});
	}
	return box;
}

void arrow_by_lane(struct svg *s, int x1, int y1, int lane, int x2, int y2,
		   unsigned flags)
{
	const struct svg_point p[] = {
		{x1, y1}, {lane, y1}, {lane, y2}, {x2, y2}};

	if (y1 == y2)
		svg_line(s, x1, y1, x2, y2, flags | SVG_ARROW);
	else
		svg_polyline(s, p, ARRAY_SIZE(p), flags | SVG_ARROW);
}
