/*
 * figure.c - the table of figures, and what all of them share: title, caption,
 * legend, words, slots.
 *
 *   +------------------------------------------------+
 *   | Title                                          |
 *   | caption: trace, point, machine                 |
 *   |                                                |
 *   |   room: figure_begin() gives it to the figure  |
 *   |                                                |
 *   | notes, legend                                  |
 *   +------------------------------------------------+
 */
#include "formats/figure.h"

#include <string.h>

#define MARGIN 24

const struct figure figures[] = {
#define FIGURE(fn, name, needs_pid, needs_address, title) \
	{name, needs_pid, needs_address, fn, title},
#include "formats/figures.def"
#undef FIGURE
};
const unsigned nr_figures = ARRAY_SIZE(figures);

const struct figure *figure_find(const char *name)
{
	for (unsigned i = 0; i < nr_figures; i++)
		if (!strcmp(figures[i].name, name))
			return &figures[i];
	return NULL;
}

static const char *const words[NR_FIGURE_TEXTS][NR_LANGS] = {
#define FIGURE_TEXT(key, en, ja) [FT_##key] = {en, ja},
#include "formats/figure_text.def"
#undef FIGURE_TEXT
};

const char *figure_text(const struct figure_options *o, enum figure_word word)
{
	return words[word][o->lang];
}

int figure_cannot(struct svg *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- the frame ---- */

struct svg_box figure_begin(struct svg *s, const struct machine *m,
			    const struct figure_options *o, const char *title)
{
	struct svg_box b = {MARGIN - 4, MARGIN / 2, s->width - 2 * MARGIN, 0};
	char memory[SVG_NUMBER_LEN];

	svg_begin(s, title);
	b.h = svg_line_height(s, SVG_TITLE);
	svg_text(s, b,
		 (svg_text_width(s, title, SVG_TITLE | SVG_BOLD) + 8 <= b.w
			  ? SVG_TITLE
			  : SVG_BIG) |
			 SVG_BOLD | SVG_LEFT,
		 "%s", title);
	b.y += b.h;
	b.h = svg_line_height(s, SVG_SMALL);
	svg_text(s, b, SVG_SMALL | SVG_MUTED | SVG_LEFT, "%s%s%s, %s",
		 o->where ? o->where : "", o->where ? " \xc2\xb7 " : "",
		 m->cfg.name, svg_bytes(m->cfg.memory, memory));
	b.x += 4; /* text begins where boxes do */
	b.y += b.h + MARGIN / 2;
	b.h = s->height - b.y - MARGIN;
	return b;
}

void figure_end(struct svg *s)
{
	svg_end(s);
}

static int key_width(const struct svg *s, const struct figure_key *key)
{
	return 34 + svg_text_width(s, key->text, SVG_SMALL) + 24;
}

/* Lines that the samples take; draws them if y is not negative. */
static int legend_lines(struct svg *s, const struct svg_box *room,
			const struct figure_key *key, unsigned nr, int y)
{
	int x = 0, lines = 1, h = svg_line_height(s, SVG_SMALL) + 4;

	for (unsigned i = 0; i < nr; i++) {
		int w = key_width(s, &key[i]);

		if (x && x + w > room->w) {
			x = 0;
			lines++;
		}
		if (y >= 0) {
			int top = y + (lines - 1) * h;

			svg_rect(s,
				 (struct svg_box){room->x + x, top + 2, 28,
						  h - 6},
				 key[i].fill, SVG_SQUARE);
			svg_text(s,
				 (struct svg_box){room->x + x + 30, top, w - 32,
						  h - 2},
				 SVG_SMALL | SVG_LEFT, "%s", key[i].text);
		}
		x += w;
	}
	return lines;
}

void figure_legend(struct svg *s, struct svg_box *room,
		   const struct figure_key *key, unsigned nr)
{
	int h = svg_line_height(s, SVG_SMALL) + 4;
	int all = legend_lines(s, room, key, nr, -1) * h;

	room->h -= all;
	legend_lines(s, room, key, nr, room->y + room->h);
	room->h -= 8;
}

void figure_note(struct svg *s, struct svg_box *room, const char *fmt, ...)
{
	char text[400];
	struct svg_box b = *room;
	va_list ap;
	int h;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	h = svg_paragraph(s, b, SVG_SMALL | SVG_LEFT | SVG_MUTED, text, false);
	room->h -= h;
	b.y += room->h;
	b.x -= 4;
	svg_paragraph(s, b, SVG_SMALL | SVG_LEFT | SVG_MUTED, text, true);
	room->h -= 6;
}

/* ---- slots ---- */

static size_t slot_place(const struct figure_slots *slots, uint32_t table,
			 uint64_t key)
{
	size_t low = 0, high = slots->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct figure_slot *at = &slots->slot[mid];

		if (at->table < table || (at->table == table && at->key < key))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void figure_slot(struct figure_slots *slots, uint32_t table, uint64_t key)
{
	size_t at = slot_place(slots, table, key);

	if (at < slots->nr && slots->slot[at].table == table &&
	    slots->slot[at].key == key)
		return;
	if (slots->nr == slots->max) {
		size_t max = slots->max ? 2 * slots->max : 64;

		slots->slot = host_realloc(slots->host, slots->slot,
					   slots->max * sizeof(*slots->slot),
					   max * sizeof(*slots->slot));
		slots->max = max;
	}
	memmove(slots->slot + at + 1, slots->slot + at,
		(slots->nr - at) * sizeof(*slots->slot));
	slots->slot[at] = (struct figure_slot){table, key};
	slots->nr++;
}

size_t figure_slots_of(const struct figure_slots *slots, uint32_t table,
		       const struct figure_slot **first)
{
	size_t from = slot_place(slots, table, 0);
	size_t to = slot_place(slots, table + 1, 0);

	*first = slots->slot + from;
	return to - from;
}

size_t figure_place(const struct figure_options *o, uint32_t table,
		    uint64_t key, size_t now)
{
	if (!o->slots)
		return now;
	figure_slot(o->slots, table, key);
	return slot_place(o->slots, table, key) - slot_place(o->slots, table, 0);
}

size_t figure_places(const struct figure_options *o, uint32_t table, size_t n)
{
	const struct figure_slot *first;

	return o->slots ? figure_slots_of(o->slots, table, &first) : n;
}
