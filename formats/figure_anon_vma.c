/*
 * figure_anon_vma.c - reverse mapping of one family of forks: anon-vma.
 *
 *                     pages        pages         mapping = anon_vma | 1
 *                       ▼            ▼
 *                   anon_vma A1  anon_vma A0     root, refcount
 *                       │            │           rb_root: down the column
 *   100  vma ───────────┼──────────[avc]
 *                       │            │           same_vma: along the row
 *   101  vma ─────────[avc]────────[avc]
 *
 * An anon_vma_chain stands where the row of its area crosses the column of its
 * anon_vma, so the list of an area reads along its row (newest first, as the
 * kernel keeps it) and the tree of an anon_vma down its column. The columns are
 * ordered so that every list goes to the right: the root comes last.
 */
#include "formats/anon_family.h"
#include "formats/area.h"
#include "formats/record.h"

#include <inttypes.h>

#define ROW_GAP 14

struct family_view {
	struct family fam;
	const struct figure_options *o;
	struct svg *s;
	struct svg_box room;
	/* where things stand */
	int column_x, column_w, pages_y, anon_vma_y, rows_y, row_h, pitch;
};

/* ---- places ---- */

static uint64_t row_key(const struct family_row *row)
{
	return (uint64_t)row->task->pid << 40 ^ row->vma->vm_start;
}

static bool is_64bit(const struct family_view *f)
{
	return f->fam.m->fmt->va_bits > 32;
}

static int column_middle(const struct family_view *f, unsigned i)
{
	return f->column_x + (int)f->fam.column[i].place * f->column_w +
	       f->column_w / 2;
}

static int row_middle(const struct family_view *f, unsigned i)
{
	return f->rows_y + (int)f->fam.row[i].place * f->pitch + f->row_h / 2;
}

/* The place in a series of an area, of an anon_vma; noted there. */
static unsigned row_place(const struct family_view *f, size_t i)
{
	return (unsigned)figure_place(f->o, ROW_SLOTS | f->fam.page,
				      row_key(&f->fam.row[i]), 0);
}

static unsigned column_place(const struct family_view *f, unsigned i)
{
	return (unsigned)figure_place(f->o, COLUMN_SLOTS | f->fam.page,
				      f->fam.column[i].av->id, 0);
}

/* In a series each area that ever comes has a row of its own, if they fit. How
 * many rows there are. */
static unsigned row_places(struct family_view *f, unsigned fit)
{
	size_t n;

	for (size_t i = 0; i < f->fam.all_rows; i++)
		row_place(f, i);
	n = figure_places(f->o, ROW_SLOTS | f->fam.page, f->fam.all_rows);
	if (f->o->slots && n > fit)
		f->s->no_places = true;
	if (!f->o->slots || n > fit)
		return f->fam.nr_rows;
	for (size_t i = 0; i < f->fam.all_rows; i++)
		f->fam.row[i].place = row_place(f, i);
	return (unsigned)n;
}

/* Rows that fit; `pages`: lines of the boxes above them. If there are more, the
 * last row counts those that are not drawn. */
static void place_rows(struct family_view *f, unsigned pages)
{
	int line = svg_line_height(f->s, SVG_SMALL | SVG_MONO), room;
	unsigned fit, rows;

	f->pages_y = f->room.y;
	f->anon_vma_y = f->pages_y + record_height_of(f->s, pages) + line + 10;
	f->rows_y = f->anon_vma_y + record_height_of(f->s, 2) + 2 * line;
	f->row_h = 2 * line + 6;
	room = f->room.y + f->room.h - f->rows_y + ROW_GAP;
	fit = (unsigned)max_t(int, 2, room / (f->row_h + ROW_GAP));
	f->fam.nr_rows = (unsigned)min_t(size_t, f->fam.all_rows, fit);
	rows = row_places(f, fit);
	if (f->fam.all_rows > fit)
		f->fam.nr_rows--;
	f->pitch = min_t(int, room / (int)rows, 2 * f->row_h);
	f->pitch = max_t(int, f->pitch, f->row_h + ROW_GAP / 2);
}

/* The same for columns: anon_vmas that came earlier stand further right, and
 * have the lower number. How many columns there are. */
static unsigned column_places(struct family_view *f, unsigned fit)
{
	size_t n;

	for (unsigned i = 0; i < f->fam.nr_columns; i++) {
		f->fam.column[i].place = i;
		column_place(f, i);
	}
	n = figure_places(f->o, COLUMN_SLOTS | f->fam.page, f->fam.nr_columns);
	if (f->o->slots && n > fit)
		f->s->no_places = true;
	if (!f->o->slots || n > fit)
		return f->fam.nr_columns;
	for (unsigned i = 0; i < f->fam.nr_columns; i++) {
		struct family_column *c = &f->fam.column[i];

		c->number = column_place(f, i);
		c->place = (unsigned)n - 1 - c->number;
	}
	return (unsigned)n;
}

static void place_columns(struct family_view *f)
{
	int least = svg_text_width(f->s, "frame fffff index bffff x22",
				   SVG_SMALL | SVG_MONO) + 8;
	int label = svg_text_width(f->s, is_64bit(f) ?
				   "000000000000-000000000000 10000" :
				   "00000000-00000000 10000",
				   SVG_SMALL | SVG_MONO) + 8;
	unsigned fit;
	int room;

	f->column_x = f->room.x + label + 16;
	room = f->room.x + f->room.w - f->column_x;
	fit = (unsigned)max_t(int, 1, room / (least + 16));
	family_drop_columns(&f->fam, fit);
	f->column_w = min_t(int, room / (int)column_places(f, fit), 2 * least);
}

static void place(struct family_view *f)
{
	unsigned most = 0;

	place_rows(f, FAMILY_PAGES + 1);
	family_columns(&f->fam);
	place_columns(f);
	family_pages(&f->fam);
	for (unsigned i = 0; i < f->fam.nr_columns; i++)
		most = max_t(unsigned, most,
			     f->fam.column[i].nr_pages +
				     (f->fam.column[i].all_pages > FAMILY_PAGES));
	if (f->fam.nr_rows == f->fam.all_rows && !f->o->slots)
		place_rows(f, most);
}

/* At least one row is drawn, or what says how many are not. */
static bool rows_fit(const struct family_view *f)
{
	unsigned last = f->fam.nr_rows - (f->fam.nr_rows == f->fam.all_rows);

	return row_middle(f, last) + f->row_h / 2 <= f->room.y + f->room.h;
}

/* ---- drawing ---- */

static void draw_pages(const struct family_view *f, unsigned i)
{
	const struct family_column *c = &f->fam.column[i];
	int w = f->column_w - 16, x = column_middle(f, i) - w / 2, bottom;
	char n[SVG_NUMBER_LEN];
	struct record r;

	if (!c->all_pages)
		return;
	record_init(&r, SVG_ANON, figure_text(f->o, FT_PAGES_OF),
		    svg_number(c->all_pages, n));
	for (unsigned k = 0; k < c->nr_pages; k++)
		record_add(&r, NULL, "frame %05x index %05" PRIx64 " x%d",
			   c->page[k].pfn, c->page[k].index,
			   page_mapcount(pfn_to_page(f->fam.m, c->page[k].pfn)));
	if (c->all_pages > c->nr_pages)
		record_add(&r, NULL, figure_text(f->o, FT_MORE),
			   svg_number(c->all_pages - c->nr_pages, n));
	bottom = f->pages_y + record_height(f->s, &r);
	record_draw(f->s, &r, x, f->pages_y, w);
	svg_line(f->s, column_middle(f, i), bottom, column_middle(f, i),
		 f->anon_vma_y, SVG_ARROW);
	svg_text(f->s,
		 (struct svg_box){column_middle(f, i) + 4, f->anon_vma_y -
				  svg_line_height(f->s, SVG_SMALL) - 6,
				  w / 2 - 4, svg_line_height(f->s, SVG_SMALL)},
		 SVG_SMALL | SVG_MONO | SVG_MUTED | SVG_LEFT, "mapping|1");
}

static void draw_anon_vma(const struct family_view *f, unsigned i)
{
	const struct family_column *c = &f->fam.column[i];
	int w = min_t(int, f->column_w - 16, 260);
	struct record r;

	record_init(&r, SVG_HEAD, "anon_vma A%u", c->number);
	record_add(&r, "root", "A0");
	record_add(&r, "refcount", "%d", c->av->refcount);
	record_draw(f->s, &r, column_middle(f, i) - w / 2, f->anon_vma_y, w);
}

/* From all others to the root, below the boxes. */
static void draw_root_bus(const struct family_view *f)
{
	int top = f->anon_vma_y + record_height_of(f->s, 2), y = top + 14;
	int half = min_t(int, f->column_w - 16, 260) / 2 - 14;
	unsigned last = f->fam.nr_columns - 1;
	int to = column_middle(f, last) - half;

	for (unsigned i = 0; i < last; i++) {
		const struct svg_point p[] = {
			{column_middle(f, i) + half, top},
			{column_middle(f, i) + half, y},
			{to, y},
			{to, top}};

		svg_polyline(f->s, p, ARRAY_SIZE(p),
			     SVG_ARROW | SVG_DASHED);
	}
	if (last)
		svg_text(f->s,
			 (struct svg_box){column_middle(f, 0) + half, y, 80,
					  svg_line_height(f->s, SVG_SMALL)},
			 SVG_SMALL | SVG_MONO | SVG_MUTED | SVG_LEFT, "root");
}

static struct svg_box chain_box(const struct family_view *f, unsigned row,
				unsigned column)
{
	int w = svg_text_width(f->s, is_64bit(f) ? "avc 0000000000000000" :
						   "avc 00000000",
			       SVG_SMALL | SVG_MONO) + 14;
	int h = svg_line_height(f->s, SVG_SMALL) + 8;

	return (struct svg_box){column_middle(f, column) - w / 2,
				row_middle(f, row) - h / 2, w, h};
}

/* Down a column: from the anon_vma through all chains of its tree. */
static void draw_tree_line(const struct family_view *f, unsigned column)
{
	int x = column_middle(f, column), last = -1;
	const struct anon_vma_chain *avc;

	for (unsigned i = 0; i < f->fam.nr_rows; i++)
		list_for_each_entry (avc, &f->fam.row[i].vma->anon_vma_chain,
				     same_vma)
			if (avc->anon_vma == f->fam.column[column].av)
				last = (int)i;
	if (last >= 0)
		svg_line(f->s, x, f->anon_vma_y + record_height_of(f->s, 2), x,
			 row_middle(f, (unsigned)last), SVG_THICK);
}

static void draw_vma(const struct family_view *f, unsigned i)
{
	const struct family_row *row = &f->fam.row[i];
	struct svg_box b = {f->room.x, row_middle(f, i) - f->row_h / 2,
			    f->column_x - 16 - f->room.x, f->row_h}, text = b;
	int own = family_column_of(&f->fam, row->vma->anon_vma);
	char range[AREA_TEXT], name[16] = "-";

	if (own >= 0)
		snprintf(name, sizeof(name), "A%u",
			 f->fam.column[own].number);
	area_range(row->vma, range);
	svg_group(f->s, "%u %s %s", row->task->pid, row->task->comm,
		  area_path(row->vma));
	svg_rect(f->s, b, SVG_PANEL,
		 row->task == f->o->task ? SVG_THICK | SVG_ACCENT : 0);
	text.y += 2;
	text.h = (b.h - 4) / 2;
	svg_text(f->s, text, SVG_SMALL | SVG_MONO | SVG_LEFT, "%s %u", range,
		 row->task->pid);
	text.y += text.h;
	svg_text(f->s, text, SVG_SMALL | SVG_MONO | SVG_LEFT,
		 "pgoff %05" PRIx64 " anon_vma %s", row->vma->vm_pgoff, name);
	svg_group_end(f->s);
}

/* Along a row: from the area through its chains, newest first. */
static void draw_chains(const struct family_view *f, unsigned row)
{
	const struct vm_area_struct *vma = f->fam.row[row].vma;
	int x = f->column_x - 16, y = row_middle(f, row);
	const struct anon_vma_chain *avc;

	list_for_each_entry (avc, &vma->anon_vma_chain, same_vma) {
		int at = family_column_of(&f->fam, avc->anon_vma);
		struct svg_box b;

		if (at < 0)
			continue;
		b = chain_box(f, row, (unsigned)at);
		svg_line(f->s, x, y, b.x, y, SVG_ARROW);
		svg_cell(f->s, b,
			 avc->anon_vma == vma->anon_vma ? SVG_MARKED : SVG_FREE,
			 SVG_SMALL | SVG_MONO, "avc %08" PRIx64, avc->kobj);
		x = b.x + b.w;
	}
}

static void draw_hidden(const struct family_view *f)
{
	unsigned hidden = family_hidden(&f->fam);
	char n[SVG_NUMBER_LEN];

	if (hidden)
		svg_text(f->s,
			 (struct svg_box){f->room.x, f->anon_vma_y,
					  f->column_x - f->room.x - 16,
					  svg_line_height(f->s, SVG_SMALL)},
			 SVG_SMALL, figure_text(f->o, FT_MORE_ANON_VMAS),
			 svg_number(hidden, n));
}

static void draw_left_out(const struct family_view *f)
{
	struct svg_box b = {f->room.x,
			    row_middle(f, f->fam.nr_rows) - f->row_h / 2,
			    f->column_x - 16 - f->room.x, f->row_h};
	char n[SVG_NUMBER_LEN], text[120];

	snprintf(text, sizeof(text), figure_text(f->o, FT_MORE_AREAS),
		 svg_number(f->fam.all_rows - f->fam.nr_rows, n));
	svg_cell(f->s, b, SVG_NOTHING, SVG_SMALL | SVG_DASHED, "%s", text);
}

static void draw_family(struct family_view *f)
{
	for (unsigned i = 0; i < f->fam.nr_columns; i++)
		draw_tree_line(f, i);
	if (family_column_of(&f->fam, f->fam.root) == (int)f->fam.nr_columns - 1)
		draw_root_bus(f);
	for (unsigned i = 0; i < f->fam.nr_columns; i++) {
		draw_pages(f, i);
		draw_anon_vma(f, i);
	}
	for (unsigned i = 0; i < f->fam.nr_rows; i++) {
		draw_vma(f, i);
		draw_chains(f, i);
	}
	draw_hidden(f);
	if (f->fam.all_rows > f->fam.nr_rows)
		draw_left_out(f);
}

int figure_anon_vma(const struct machine *m, const struct figure_options *o,
		    struct svg *s)
{
	struct family_view f = {.o = o, .s = s};
	const struct figure_key key[] = {
		{SVG_MARKED, figure_text(o, FT_OWN_CHAIN)},
		{SVG_FREE, figure_text(o, FT_INHERITED_CHAIN)},
	};
	bool fits;

	if (!family_open(&f.fam, m, o))
		return figure_cannot(s, "process %u has no area with an anon_vma%s: nothing anonymous was written to",
				     o->task->pid,
				     o->has_address ? " at this address" : "");
	f.room = figure_begin(s, m, o, figure_text(o, FT_ANON_VMA));
	figure_legend(s, &f.room, key, ARRAY_SIZE(key));
	figure_note(s, &f.room, "%s", figure_text(o, FT_ANON_VMA_NOTE));
	place(&f);
	fits = rows_fit(&f);
	if (fits)
		draw_family(&f);
	family_close(&f.fam);
	if (!fits)
		return figure_cannot(s, "it has no room here, expected a larger --size or a smaller --font-size");
	figure_end(s);
	return 0;
}
