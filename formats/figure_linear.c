/*
 * figure_linear.c - buddy-linear: a zone as a line of frames, wrapped into rows.
 *
 *   00000 |##########|      3     |1 |0|#|   4        |	a row of frames
 *   00040 |- - - - - 53 free blocks of order 10 - - - -|	many rows in one
 *
 * A row has a power of two of frames, so free blocks lie in it as the buddy
 * system sees them. Rows in which nothing begins are folded into one; of the
 * widths from 64 to 1024 frames a row, the smallest is taken with which all
 * rows fit.
 *
 * Where something begins is kept as slots: in a series a row is folded only if
 * nothing begins in it in any of the states, so all have the same rows.
 */
#include "core/page_alloc.h"
#include "formats/figure_frames.h"

#define MIN_ROW 64u
#define MAX_ROW 1024u
#define ROW_HEIGHT 30
#define MIN_ROW_HEIGHT 22

struct run {
	pfn_t pfn, end;
	enum svg_fill fill;
	unsigned order; /* of free blocks; those of the largest are one run */
};

struct linear {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	const struct zone *z;
	struct run *run;
	size_t nr, max;
	const struct figure_slot *begin; /* where something begins, ascending */
	size_t nr_begin;
	bool present[NR_SVG_FILLS];
};

/* Frames [from, to) in one row; more than a row's: folded. */
struct row {
	pfn_t from, to;
};

/* ---- runs ---- */

static void add_run(void *ctx, pfn_t pfn, uint32_t nr, enum frame_owner owner)
{
	struct linear *l = ctx;
	enum svg_fill fill = frame_fill(l->m, pfn, owner);
	const struct page *p = pfn_to_page(l->m, pfn);
	unsigned order = fill != SVG_FREE ? 0 :
			 PageBuddy(p) ? p->private : MAX_ORDER - 1;
	struct run *last = l->nr ? &l->run[l->nr - 1] : NULL;

	l->present[fill] = true;
	if (last && last->fill == fill &&
	    (fill != SVG_FREE ||
	     (order == MAX_ORDER - 1 && last->order == order))) {
		last->end = pfn + nr;
		return;
	}
	if (l->nr == l->max) {
		size_t max = l->max ? 2 * l->max : 256;

		l->run = host_realloc(&l->m->host, l->run,
				      l->max * sizeof(*l->run),
				      max * sizeof(*l->run));
		l->max = max;
	}
	l->run[l->nr++] = (struct run){pfn, pfn + nr, fill, order};
}

/* The run that pfn lies in. */
static size_t find_run(const struct linear *l, pfn_t pfn)
{
	size_t low = 0, high = l->nr;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (l->run[mid].pfn <= pfn)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* ---- rows ---- */

/* Index of the first beginning at pfn or behind. */
static size_t first_begin(const struct linear *l, uint64_t pfn)
{
	size_t low = 0, high = l->nr_begin;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->begin[mid].key < pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The row at pfn, folded with those behind it. */
static struct row row_at(const struct linear *l, pfn_t pfn, uint32_t width)
{
	pfn_t end = zone_end_pfn(l->z), to;
	size_t next = first_begin(l, (uint64_t)pfn + 1);

	to = next < l->nr_begin ? (pfn_t)l->begin[next].key : end;
	to -= to % width; /* begins in this row, or at its end or behind */
	if (to <= pfn)
		to = pfn + width - pfn % width;
	return (struct row){pfn, to < end ? to : end};
}

static uint32_t count_rows(const struct linear *l, uint32_t width)
{
	pfn_t pfn = l->z->zone_start_pfn;
	uint32_t n = 0;

	for (; pfn < zone_end_pfn(l->z); n++)
		pfn = row_at(l, pfn, width).to;
	return n;
}

/* ---- drawing ---- */

static void draw_piece(const struct linear *l, const struct run *run,
		       struct svg_box b)
{
	svg_rect(l->s, b, run->fill,
		 SVG_SQUARE | (run->fill ? 0 : SVG_FAINT | SVG_DASHED));
	if (run->fill != SVG_FREE || b.w < 11)
		return;
	/* a digit needs no room beside it */
	svg_text_on(l->s, (struct svg_box){b.x - 3, b.y, b.w + 6, b.h},
		    SVG_FREE, b.w < 26 ? SVG_SMALL : 0, "%u", run->order);
}

static void draw_row(const struct linear *l, struct row row, uint32_t width,
		     struct svg_box b)
{
	pfn_t pfn = row.from, base = row.from - row.from % width;

	for (size_t i = find_run(l, pfn); pfn < row.to; i++) {
		const struct run *run = &l->run[i];
		pfn_t end = run->end < row.to ? run->end : row.to;
		int x = (int)((uint64_t)(pfn - base) * (unsigned)b.w / width);
		int to = (int)((uint64_t)(end - base) * (unsigned)b.w / width);

		draw_piece(l, run, (struct svg_box){b.x + x, b.y, to - x, b.h});
		pfn = end;
	}
}

static void draw_folded(const struct linear *l, struct row row,
			struct svg_box b)
{
	const struct run *run = &l->run[find_run(l, row.from)];
	char n[SVG_NUMBER_LEN], blocks[SVG_NUMBER_LEN], text[160];
	uint32_t frames = row.to - row.from;

	svg_number(frames, n);
	if (run->fill != SVG_FREE)
		snprintf(text, sizeof(text), figure_text(l->o, FT_LINE_FRAMES),
			 frame_fill_text(l->o, run->fill), n);
	else if (frames >> run->order > 1)
		snprintf(text, sizeof(text), figure_text(l->o, FT_LINE_BLOCKS),
			 svg_number(frames >> run->order, blocks), run->order,
			 n);
	else /* one block, or a part of it */
		snprintf(text, sizeof(text), "%u", run->order);
	svg_cell(l->s, b, run->fill, SVG_SQUARE | SVG_DASHED, "%s", text);
}

static void draw_rest(const struct linear *l, pfn_t pfn, uint32_t rows,
		      struct svg_box b)
{
	char n[SVG_NUMBER_LEN], frames[SVG_NUMBER_LEN], text[160];

	snprintf(text, sizeof(text), figure_text(l->o, FT_LINE_REST),
		 svg_number(rows, n),
		 svg_number(zone_end_pfn(l->z) - pfn, frames));
	svg_text(l->s, b, SVG_LEFT, "%s", text);
}

/* Frames a row. */
static uint32_t width_for(const struct linear *l, struct svg_box room)
{
	uint32_t width = MIN_ROW, fit = (uint32_t)(room.h / MIN_ROW_HEIGHT);

	while (count_rows(l, width) > fit && width < MAX_ROW)
		width *= 2;
	return width;
}

static void draw_rows(const struct linear *l, struct svg_box room)
{
	int gutter = svg_text_width(l->s, "fffffff", SVG_SMALL | SVG_MONO) + 12;
	uint32_t fit = (uint32_t)(room.h / MIN_ROW_HEIGHT);
	uint32_t width = width_for(l, room), rows = count_rows(l, width);
	pfn_t pfn = l->z->zone_start_pfn;
	struct svg_box b = room;

	b.h = room.h / (int)(rows < fit ? rows : fit);
	b.h = b.h > ROW_HEIGHT ? ROW_HEIGHT : b.h;
	b.x += gutter;
	b.w = room.w - gutter;
	if (b.w > (int)width) /* whole pixels a frame */
		b.w -= b.w % (int)width;
	for (uint32_t i = 0; i < rows; i++) {
		struct row row = row_at(l, pfn, width);
		struct svg_box cells = {b.x, b.y, b.w, b.h - 3};

		if (i + 1 == fit && rows > fit) {
			draw_rest(l, pfn, rows - i, b);
			return;
		}
		svg_text(l->s, (struct svg_box){room.x, b.y, gutter, b.h - 3},
			 SVG_SMALL | SVG_MONO | SVG_RIGHT | SVG_MUTED, "%05x",
			 pfn);
		if (row.to - row.from > width)
			draw_folded(l, row, cells);
		else
			draw_row(l, row, width, cells);
		b.y += b.h;
		pfn = row.to;
	}
}

static void draw_line_legend(const struct linear *l, struct svg_box *room)
{
	struct figure_key key[NR_SVG_FILLS];
	unsigned n = 0;

	for (unsigned i = SVG_FREE; i < NR_SVG_FILLS; i++)
		if (l->present[i])
			key[n++] = (struct figure_key){
				(enum svg_fill)i,
				i == SVG_FREE ? figure_text(l->o, FT_LINE_ORDER)
					      : frame_fill_text(l->o,
								(enum svg_fill)i)};
	figure_legend(l->s, room, key, n);
}

static void draw_linear(struct linear *l)
{
	char title[160], text[400], free[SVG_NUMBER_LEN], all[SVG_NUMBER_LEN];
	struct svg_box room;

	snprintf(title, sizeof(title), figure_text(l->o, FT_BUDDY_LINEAR),
		 l->z->name);
	room = figure_begin(l->s, l->m, l->o, title);
	draw_line_legend(l, &room);
	snprintf(text, sizeof(text), figure_text(l->o, FT_LINE_NOTE),
		 width_for(l, room), l->z->name,
		 svg_number((uint64_t)zone_page_state(l->z, NR_FREE_PAGES),
			    free),
		 svg_number(l->z->spanned_pages, all));
	figure_note(l->s, &room, "%s", text);
	draw_rows(l, room);
	figure_end(l->s);
}

/* Without a name: Normal, or else the first with memory. */
static const struct zone *choose_zone(const struct machine *m,
				      const struct figure_options *o,
				      struct svg *s)
{
	const struct zone *zones[MAX_NR_ZONES];
	unsigned n = figure_zones(m, o, s, zones);

	for (unsigned i = 0; i < n; i++)
		if (zones[i]->type == ZONE_NORMAL)
			return zones[i];
	return n ? zones[0] : NULL;
}

int figure_buddy_linear(const struct machine *m, const struct figure_options *o,
			struct svg *s)
{
	struct figure_slots own = {.host = &m->host};
	struct figure_slots *slots = o->slots ? o->slots : &own;
	struct linear l = {.m = m, .o = o, .s = s, .z = choose_zone(m, o, s)};

	if (!l.z)
		return -EINVAL;
	walk_owners(m, l.z, add_run, &l);
	for (size_t i = 0; i < l.nr; i++)
		figure_slot(slots, LINEAR_SLOTS, l.run[i].pfn);
	l.nr_begin = figure_slots_of(slots, LINEAR_SLOTS, &l.begin);
	draw_linear(&l);
	host_free(&m->host, l.run, l.max * sizeof(*l.run));
	host_free(&m->host, own.slot, own.max * sizeof(*own.slot));
	return 0;
}
