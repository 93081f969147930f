/*
 * figure_buddy.c - buddy-lists: the buddy system in the logical view.
 *
 *   order   zone Normal
 *    10  12 [0x3f400 M]-[0x3f000 M]-... 10 more
 *     9   0
 *     ...
 *
 * Each zone's list of each order holds the lists of its migrate types one
 * behind the other, each with its head first; a block shows the number of its
 * first frame.
 */
#include "core/page_alloc.h"
#include "formats/figure_frames.h"

#define GAP 18

static const enum svg_fill type_fill[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = SVG_KERNEL,
	[MIGRATE_RECLAIMABLE] = SVG_FILE,
	[MIGRATE_MOVABLE] = SVG_ANON,
	[MIGRATE_RESERVE] = SVG_OTHER,
};
static const char type_letter[MIGRATE_TYPES + 1] = "URMV";

static void type_legend(struct svg *s, const struct figure_options *o,
			struct svg_box *room)
{
	const struct figure_key key[] = {
		{SVG_KERNEL, figure_text(o, FT_UNMOVABLE)},
		{SVG_FILE, figure_text(o, FT_RECLAIMABLE)},
		{SVG_ANON, figure_text(o, FT_MOVABLE)},
		{SVG_OTHER, figure_text(o, FT_RESERVE)},
	};

	figure_legend(s, room, key, ARRAY_SIZE(key));
}

/* ---- buddy-lists ---- */

struct lists_row {
	struct svg_box box; /* of the blocks */
	int cell;	    /* width of one */
	uint32_t room;	    /* how many fit */
	uint32_t shown, nr;
};

static void draw_block(struct svg *s, struct lists_row *row, pfn_t pfn,
		       enum migratetype type)
{
	struct svg_box b = row->box;

	b.x += (int)row->shown * (row->cell + 8);
	b.w = row->cell;
	if (row->shown)
		svg_line(s, b.x - 8, b.y + b.h / 2, b.x, b.y + b.h / 2, 0);
	svg_cell(s, b, type_fill[type], SVG_SMALL | SVG_MONO, "%x %c", pfn,
		 type_letter[type]);
	row->shown++;
}

static void draw_more(struct svg *s, const struct figure_options *o,
		      const struct lists_row *row)
{
	char number[SVG_NUMBER_LEN], text[80];
	struct svg_box b = row->box;

	snprintf(text, sizeof(text), figure_text(o, FT_MORE),
		 svg_number(row->nr - row->shown, number));
	b.x += (int)row->shown * (row->cell + 8);
	b.w = row->box.x + row->box.w - b.x;
	svg_text(s, b, SVG_SMALL | SVG_LEFT, "%s", text);
}

/* One order of one zone. */
static void draw_list(const struct machine *m, const struct figure_options *o,
		      struct svg *s, const struct zone *z, unsigned order,
		      struct svg_box b)
{
	int count = svg_text_width(s, "99,999", SVG_SMALL) + 12;
	int more = svg_text_width(s, figure_text(o, FT_MORE), SVG_SMALL) + 40;
	struct lists_row row = {.nr = z->free_area[order].nr_free};
	char number[SVG_NUMBER_LEN];

	svg_text(s, (struct svg_box){b.x, b.y, count, b.h},
		 SVG_SMALL | SVG_RIGHT, "%s", svg_number(row.nr, number));
	row.box = (struct svg_box){b.x + count, b.y + 3, b.w - count, b.h - 6};
	row.cell = svg_text_width(s, "fffff M", SVG_SMALL | SVG_MONO) + 10;
	row.room = (uint32_t)((row.box.w + 8) / (row.cell + 8));
	if (row.nr > row.room)
		row.room = (uint32_t)((row.box.w - more) / (row.cell + 8));
	for (unsigned type = 0; type < MIGRATE_TYPES; type++) {
		for_each_free_block (pfn, m, z, order, type) {
			if (row.shown == row.room)
				break;
			draw_block(s, &row, pfn, type);
		}
	}
	if (row.nr > row.shown)
		draw_more(s, o, &row);
}

static void draw_zone(const struct machine *m, const struct figure_options *o,
		      struct svg *s, const struct zone *z, struct svg_box b)
{
	int head = svg_line_height(s, SVG_BOLD) + 8, row;
	char number[SVG_NUMBER_LEN], text[120];

	svg_rect(s, b, SVG_PANEL, SVG_FAINT);
	snprintf(text, sizeof(text), figure_text(o, FT_ZONE_FREE), z->name,
		 svg_number((uint64_t)zone_page_state(z, NR_FREE_PAGES),
			    number));
	svg_text(s, (struct svg_box){b.x + 4, b.y, b.w - 8, head},
		 SVG_BOLD | SVG_LEFT, "%s", text);
	row = (b.h - 2 * head) / MAX_ORDER;
	for (unsigned i = 0; i < MAX_ORDER; i++)
		draw_list(m, o, s, z, MAX_ORDER - 1 - i,
			  (struct svg_box){b.x + 4, b.y + head + (int)i * row,
					   b.w - 12, row});
	snprintf(text, sizeof(text), figure_text(o, FT_PCP_COUNT),
		 svg_number(z->pageset.count, number));
	svg_text(s, (struct svg_box){b.x + 4, b.y + b.h - head, b.w - 8, head},
		 SVG_SMALL | SVG_LEFT | SVG_MUTED, "%s", text);
}

static void draw_orders(const struct figure_options *o, struct svg *s,
			struct svg_box b)
{
	int head = svg_line_height(s, SVG_BOLD) + 8;
	int row = (b.h - 2 * head) / MAX_ORDER;

	svg_text(s, (struct svg_box){b.x - 4, b.y, b.w + 4, head}, SVG_BOLD, "%s",
		 figure_text(o, FT_ORDER));
	for (unsigned i = 0; i < MAX_ORDER; i++)
		svg_text(s,
			 (struct svg_box){b.x, b.y + head + (int)i * row, b.w,
					  row},
			 SVG_BOLD, "%u", MAX_ORDER - 1 - i);
}

int figure_buddy_lists(const struct machine *m, const struct figure_options *o,
		       struct svg *s)
{
	const struct zone *zones[MAX_NR_ZONES];
	unsigned n = figure_zones(m, o, s, zones);
	struct svg_box room;
	int label, w;

	if (!n)
		return -EINVAL;
	room = figure_begin(s, m, o, figure_text(o, FT_BUDDY_LISTS));
	type_legend(s, o, &room);
	label = svg_text_width(s, figure_text(o, FT_ORDER), SVG_BOLD) + 12;
	draw_orders(o, s, (struct svg_box){room.x, room.y, label, room.h});
	room.x += label;
	room.w -= label;
	w = (room.w - ((int)n - 1) * GAP) / (int)n;
	for (unsigned i = 0; i < n; i++)
		draw_zone(m, o, s, zones[i],
			  (struct svg_box){room.x + (int)i * (w + GAP), room.y,
					   w, room.h});
	figure_end(s);
	return 0;
}
