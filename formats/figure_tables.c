/*
 * figure_tables.c - page-table: the tables of a process, level by level, and
 * the walk of one address through them.
 *
 *   pgd                 pte                    frame
 *   +------------+  +-> +---------------+  +-> +-----------+
 *   |   ...      |  |   |  0  0f803 PWUA|==+   | 0f803     |
 *   | 128 0f812 =|==+   |  1  0f804 PUA |      +-----------+
 *   |   ...      |      |   ...         |       the entry's bits, one by one
 *   +------------+      +---------------+
 *
 * Only entries in use have a row; between them a row of dots says how many are
 * not. The table on the walk is open; other tables of its level are closed:
 * name, frame, entries. What does not fit is counted.
 *
 * In a series the tables and rows are all those that are in use at any of its
 * points (slots, by level and address): a table that is not there yet has its
 * place, dashed.
 */
#include "formats/figure_tables.h"

#define MIN_ROW 22
#define MAX_ROW 34
#define COLUMN_GAP 46
#define MAX_CLOSED 4

struct tables {
	struct table_set set;
	struct svg *s;
	struct table_walk walk;
	vaddr_t va;
	int width; /* of a column */
	int row;   /* height of a row */
	unsigned text; /* its size */
	struct svg_box leaf; /* where the walk leaves the last table */
};

static void flag_letters(const struct pg_format *f, uint64_t v,
			 char buf[MAX_ENTRY_FLAGS + 1])
{
	struct entry_flag flag[MAX_ENTRY_FLAGS];
	unsigned n = entry_flags(f, v, flag);

	for (unsigned i = 0; i < n; i++)
		buf[i] = flag[i].letter;
	buf[n] = '\0';
}

/* ---- rows of an open table ---- */

struct pen {
	struct tables *ts;
	struct svg_box row; /* the next one */
	int bottom;
};

static struct svg_box next_row(struct pen *pen)
{
	struct svg_box b = pen->row;

	pen->row.y += b.h;
	return b;
}

static bool on_walk(const struct tables *ts, const struct table *t)
{
	return t->depth < ts->walk.nr && ts->walk.step[t->depth].table == t->at;
}

static struct table *table_at(struct tables *ts, unsigned depth, paddr_t at)
{
	for (size_t i = 0; i < ts->set.nr; i++)
		if (ts->set.table[i].depth == depth && ts->set.table[i].at == at)
			return &ts->set.table[i];
	return NULL;
}

/* The next column's x is known, its tables are not drawn yet: arrows go to
 * where the table's head will be. */
static void draw_link(struct tables *ts, struct svg_box from,
		      const struct table *to, unsigned lane, bool walked)
{
	int mid = from.x + from.w + 8 + (int)(lane % 7) * 4;
	struct svg_point p[] = {
		{from.x + from.w, from.y + from.h / 2},
		{mid, from.y + from.h / 2},
		{mid, to->head.y + to->head.h / 2},
		{to->head.x, to->head.y + to->head.h / 2},
	};

	if (to->head.w)
		svg_polyline(ts->s, p, ARRAY_SIZE(p),
			     SVG_ARROW | (walked ? SVG_ACCENT | SVG_THICK
						 : SVG_FAINT));
}

/* A row: the index, and what the entry says. */
static void draw_two_cells(struct tables *ts, struct svg_box b, bool walked,
			   uint64_t index, const char *says)
{
	enum svg_fill fill = walked ? SVG_MARKED : SVG_PAPER;
	unsigned flags = SVG_SQUARE | SVG_MONO | ts->text |
			 (walked ? 0 : SVG_FAINT);
	int w = svg_text_width(ts->s, ts->set.m->fmt->level[0].index_bits > 12 ?
			       "1048575" : "1023", ts->text | SVG_MONO) + 12;

	svg_cell(ts->s, (struct svg_box){b.x, b.y, w, b.h}, fill,
		 flags | SVG_RIGHT, "%llu", (unsigned long long)index);
	svg_cell(ts->s, (struct svg_box){b.x + w, b.y, b.w - w, b.h}, fill,
		 flags | SVG_LEFT, "%s", says);
}

static void draw_entry_row(struct pen *pen, const struct table *t,
			   const struct entry *e, unsigned lane)
{
	struct tables *ts = pen->ts;
	const struct pg_format *f = ts->set.m->fmt;
	struct svg_box b = next_row(pen);
	bool walked = on_walk(ts, t) &&
		      ts->walk.step[t->depth].index == e->index;
	char letters[MAX_ENTRY_FLAGS + 1], says[60];
	struct table *below = NULL;

	if (!e->value.v) {
		snprintf(says, sizeof(says), "%s",
			 figure_text(ts->set.o, FT_EMPTY_ENTRY));
	} else if (pte_present(f, e->value)) {
		flag_letters(f, e->value.v, letters);
		snprintf(says, sizeof(says), "%05x %s", pte_pfn(f, e->value),
			 letters);
	} else {
		describe_absent(ts->set.m, e->value, says, sizeof(says));
	}
	draw_two_cells(ts, b, walked, e->index, says);
	if (walked && t->depth + 1 == ts->walk.nr)
		ts->leaf = b;
	if (e->value.v && t->depth + 1 < f->nr_levels &&
	    !pg_entry_is_leaf(f, t->depth, e->value.v))
		below = table_at(ts, t->depth + 1,
				 entry_table(f, e->value.v));
	if (below)
		draw_link(ts, b, below, lane, walked);
}

static void draw_gap_row(struct pen *pen, const char *text)
{
	struct svg_box b = next_row(pen);

	svg_cell(pen->ts->s, b, SVG_PANEL,
		 SVG_SQUARE | pen->ts->text | SVG_FAINT, "%s", text);
}

static void draw_unused(struct pen *pen, uint64_t n)
{
	char number[SVG_NUMBER_LEN], text[80];

	snprintf(text, sizeof(text),
		 figure_text(pen->ts->set.o, FT_UNUSED_ENTRIES),
		 svg_number(n, number));
	draw_gap_row(pen, text);
}

static void draw_hidden(struct pen *pen, uint64_t n)
{
	char number[SVG_NUMBER_LEN], text[80];

	snprintf(text, sizeof(text), figure_text(pen->ts->set.o, FT_HIDDEN_ENTRIES),
		 svg_number(n, number));
	draw_gap_row(pen, text);
}

/* Rows that entries [from, to) of a table take, with those between them. */
static size_t rows_of(const struct table *t, size_t from, size_t to)
{
	size_t rows = to - from;

	for (size_t i = from; i < to; i++)
		rows += i ? t->entry[i].index != t->entry[i - 1].index + 1
			  : t->entry[0].index != 0;
	return rows;
}

/* The entries that fit, around the one on the walk: [*from, *to). */
static void choose_entries(const struct tables *ts, const struct table *t,
			   size_t room, size_t *from, size_t *to)
{
	uint64_t index = on_walk(ts, t) ? ts->walk.step[t->depth].index : 0;
	size_t at = 0;

	*from = 0;
	*to = t->nr;
	if (rows_of(t, 0, t->nr) + 1 <= room || !t->nr)
		return;
	while (at + 1 < t->nr && t->entry[at].index < index)
		at++;
	*from = at;
	*to = at + 1;
	room = room > 3 ? room - 3 : 0; /* what is hidden, and the end */
	for (bool grown = true; grown;) {
		grown = false;
		if (*from && rows_of(t, *from - 1, *to) <= room) {
			--*from;
			grown = true;
		}
		if (*to < t->nr && rows_of(t, *from, *to + 1) <= room) {
			++*to;
			grown = true;
		}
	}
}

/* Where a walk ends in an empty entry, there is no row for it: a marked one. */
static void draw_empty_walked(struct pen *pen, const struct table *t,
			      uint64_t before, uint64_t behind)
{
	struct tables *ts = pen->ts;
	uint64_t index = ts->walk.step[t->depth].index;

	if (index > before)
		draw_unused(pen, index - before);
	ts->leaf = next_row(pen);
	draw_two_cells(ts, ts->leaf, true, index,
		       figure_text(ts->set.o, FT_EMPTY_ENTRY));
	if (behind > index + 1)
		draw_unused(pen, behind - index - 1);
}

/* Entries [before, behind) are not in use. */
static void draw_between(struct pen *pen, const struct table *t,
			 uint64_t before, uint64_t behind)
{
	const struct tables *ts = pen->ts;
	uint64_t index = t->depth < ts->walk.nr ? ts->walk.step[t->depth].index
						: 0;

	if (behind <= before)
		return;
	if (on_walk(ts, t) && index >= before && index < behind)
		draw_empty_walked(pen, t, before, behind);
	else
		draw_unused(pen, behind - before);
}

static void draw_entries(struct pen *pen, const struct table *t)
{
	const struct tables *ts = pen->ts;
	uint64_t end = pg_table_entries(ts->set.m->fmt, t->depth);
	uint64_t kernel = t->depth ? end : kernel_root_index(ts->set.m), last = 0;
	size_t from, to;

	choose_entries(ts, t, (size_t)((pen->bottom - pen->row.y) / ts->row), &from,
		       &to);
	if (from)
		draw_hidden(pen, from);
	for (size_t i = from; i < to; i++) {
		if (i > from || !from)
			draw_between(pen, t, last, t->entry[i].index);
		draw_entry_row(pen, t, &t->entry[i], (unsigned)(i - from));
		last = t->entry[i].index + 1;
	}
	if (to < t->nr)
		draw_hidden(pen, t->nr - to);
	else
		draw_between(pen, t, last, kernel);
	if (kernel < end) {
		char text[80];

		snprintf(text, sizeof(text),
			 figure_text(ts->set.o, kernel + 1 < end
						    ? FT_KERNEL_ENTRIES
						    : FT_KERNEL_ENTRY),
			 (unsigned long long)kernel,
			 (unsigned long long)end - 1);
		draw_gap_row(pen, text);
	}
}

/* ---- columns ---- */

static size_t entries_in_use(const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nr; i++)
		n += t->entry[i].value.v != 0;
	return n;
}

static void draw_table_head(struct tables *ts, struct table *t,
			    enum svg_fill fill)
{
	char number[SVG_NUMBER_LEN];

	if (!t->at) {
		svg_cell(ts->s, t->head, SVG_PAPER,
			 SVG_SQUARE | SVG_DASHED | SVG_FAINT | SVG_MUTED |
				 ts->text,
			 "%s: %s", ts->set.m->fmt->level[t->depth].name,
			 figure_text(ts->set.o, FT_NO_TABLE));
		return;
	}

	svg_group(ts->s, "%s table at 0x%llx, covers addresses from 0x%llx",
		  ts->set.m->fmt->level[t->depth].name, (unsigned long long)t->at,
		  (unsigned long long)t->va);
	svg_cell(ts->s, t->head, fill, SVG_SQUARE | ts->text | SVG_BOLD,
		 "%s %05llx (%s)", ts->set.m->fmt->level[t->depth].name,
		 (unsigned long long)(t->at >> ts->set.m->page_shift),
		 svg_number(entries_in_use(t), number));
	svg_group_end(ts->s);
}

/* Which tables of a level are shown, and where: the walk's (or the first) open,
 * closed ones above it. */
struct column {
	struct table *open;
	size_t closed, hidden; /* shown closed, not shown */
	uint64_t hidden_entries;
	struct svg_box box;
};

/* Is it the table in which a walk of the address would look? */
static bool covers(const struct tables *ts, const struct table *t)
{
	const struct pg_level *l = &ts->set.m->fmt->level[t->depth];
	unsigned bits = (unsigned)l->shift + l->index_bits;

	return !t->depth || ts->va >> bits == t->va >> bits;
}

static void place_column(struct tables *ts, unsigned depth, struct svg_box box,
			 struct column *c)
{
	*c = (struct column){.box = box};
	for (size_t i = 0; i < ts->set.nr; i++) {
		struct table *t = &ts->set.table[i];

		if (t->depth == depth && (!c->open || covers(ts, t)))
			c->open = t;
	}
	for (size_t i = 0; i < ts->set.nr; i++) {
		struct table *t = &ts->set.table[i];

		if (t->depth != depth || t == c->open)
			continue;
		if (c->closed == MAX_CLOSED) {
			c->hidden++;
			c->hidden_entries += entries_in_use(t);
			continue;
		}
		t->head = (struct svg_box){box.x,
					   box.y + (int)c->closed * (ts->row + 8),
					   box.w, ts->row};
		c->closed++;
	}
	if (c->open)
		c->open->head = (struct svg_box){
			box.x,
			box.y + (int)(c->closed + (c->hidden != 0)) * (ts->row + 8) +
				(c->closed ? 10 : 0),
			box.w, ts->row + 2};
}

static void draw_column(struct tables *ts, unsigned depth, struct column *c)
{
	char tables[SVG_NUMBER_LEN], entries[SVG_NUMBER_LEN], text[120];
	struct pen pen = {.ts = ts, .bottom = c->box.y + c->box.h};

	for (size_t i = 0; i < ts->set.nr; i++) {
		struct table *t = &ts->set.table[i];

		if (t->depth == depth && t->head.w)
			draw_table_head(ts, t, on_walk(ts, t) ? SVG_MARKED
							      : SVG_HEAD);
	}
	if (c->hidden) {
		snprintf(text, sizeof(text), figure_text(ts->set.o, FT_MORE_TABLES),
			 svg_number(c->hidden, tables),
			 svg_number(c->hidden_entries, entries));
		svg_text(ts->s,
			 (struct svg_box){c->box.x,
					  c->box.y + (int)c->closed * (ts->row + 8),
					  c->box.w, ts->row},
			 SVG_SMALL | SVG_MUTED, "%s", text);
	}
	if (!c->open)
		return;
	pen.row = c->open->head;
	pen.row.y += pen.row.h;
	pen.row.h = ts->row;
	draw_entries(&pen, c->open);
}

/* ---- the end of the walk ---- */

static void draw_leaf_arrow(const struct tables *ts, struct svg_box to)
{
	struct svg_box from = ts->leaf;
	int y = from.y + from.h / 2, mid = from.x + from.w + COLUMN_GAP / 2;
	struct svg_point p[] = {{from.x + from.w, y},
				{mid, y},
				{mid, to.y + to.h / 2},
				{to.x, to.y + to.h / 2}};

	if (from.w)
		svg_polyline(ts->s, p, ARRAY_SIZE(p),
			     SVG_ARROW | SVG_ACCENT | SVG_THICK);
}

/* What the walk leads to. */
static void draw_arrival(struct tables *ts, struct svg_box box)
{
	const struct walk_step *last = &ts->walk.step[ts->walk.nr - 1];
	int line = svg_line_height(ts->s, SVG_SMALL);
	struct entry_flag flag[MAX_ENTRY_FLAGS];
	struct svg_box b = {box.x, box.y, box.w, ts->row + 8};
	unsigned n;

	draw_leaf_arrow(ts, b);
	if (!ts->walk.present) {
		svg_rect(ts->s, (struct svg_box){b.x, b.y, b.w, 3 * line + 8},
			 SVG_MARKED, SVG_DASHED | SVG_ACCENT);
		svg_paragraph(ts->s, (struct svg_box){b.x, b.y + 4, b.w, b.h},
			      SVG_SMALL, figure_text(ts->set.o, FT_WALK_FAULT),
			      true);
		return;
	}
	svg_cell(ts->s, b, SVG_ANON, SVG_BOLD | SVG_SMALL,
		 figure_text(ts->set.o, FT_FRAME),
		 (unsigned)(ts->walk.phys >> ts->set.m->page_shift));
	b.y += b.h + 6;
	b.h = line;
	svg_text(ts->s, b, SVG_SMALL, "%s", figure_text(ts->set.o, FT_PHYS_ADDRESS));
	b.y += line;
	svg_text(ts->s, b, SVG_SMALL | SVG_MONO | SVG_BOLD, "0x%08llx",
		 (unsigned long long)ts->walk.phys);
	b.y += line + 14;
	svg_text(ts->s, b, SVG_SMALL | SVG_BOLD, "%s",
		 figure_text(ts->set.o, FT_ENTRY_BITS));
	n = entry_flags(ts->set.m->fmt, last->entry.v, flag);
	for (unsigned i = 0; i < n; i++) {
		b.y += line;
		svg_text(ts->s, b, SVG_SMALL | SVG_MONO | SVG_LEFT, " %c %s",
			 flag[i].letter, flag[i].name);
	}
}

/* Tall rows where there are few. */
static void choose_rows(struct tables *ts, int height)
{
	size_t most = 1;

	for (unsigned d = 0; d < ts->set.m->fmt->nr_levels; d++) {
		size_t closed = 0, rows = 0;

		for (size_t i = 0; i < ts->set.nr; i++) {
			const struct table *t = &ts->set.table[i];
			size_t n = rows_of(t, 0, t->nr) + 5;

			closed += t->depth == d;
			if (t->depth == d)
				rows = n > rows ? n : rows;
		}
		closed = closed < MAX_CLOSED + 1 ? closed : MAX_CLOSED + 1;
		most = rows + 2 * closed > most ? rows + 2 * closed : most;
	}
	ts->row = height / (int)(most < 1000 ? most : 1000);
	ts->row = ts->row > MAX_ROW ? MAX_ROW : ts->row;
	ts->row = ts->row < MIN_ROW ? MIN_ROW : ts->row;
	ts->text = ts->row < 26 || ts->width < 240 ? SVG_SMALL : 0;
}

static void draw_columns(struct tables *ts, struct svg_box room)
{
	unsigned levels = ts->set.m->fmt->nr_levels;
	struct column column[PG_MAX_LEVELS];
	struct svg_box b = room;

	ts->width = (room.w - (int)levels * COLUMN_GAP) / ((int)levels + 1);
	ts->width = ts->width > 320 ? 320 : ts->width;
	choose_rows(ts, room.h);
	b.w = ts->width;
	for (unsigned d = 0; d < levels; d++) {
		place_column(ts, d, b, &column[d]);
		b.x += ts->width + COLUMN_GAP;
	}
	for (unsigned d = 0; d < levels; d++)
		draw_column(ts, d, &column[d]);
	if (ts->walk.nr < levels) /* other tables are in between */
		ts->leaf.w = 0;
	b.y = ts->leaf.w ? ts->leaf.y - 4 : room.y;
	b.y = b.y < room.y + room.h - 240 ? b.y : room.y + room.h - 240;
	draw_arrival(ts, b);
}

int figure_page_table(const struct machine *m, const struct figure_options *o,
		      struct svg *s)
{
	struct tables ts = {.set = {.m = m, .o = o, .mm = o->task->mm}, .s = s};
	char title[200];
	struct svg_box room;

	if (!ts.set.mm || !ts.set.mm->pgd)
		return figure_cannot(s, "process %u has no page tables",
				     o->task->pid);
	ts.va = figure_address(m, o);
	if (!pg_address_fits(m->fmt, ts.va))
		return figure_cannot(s, "0x%llx is no address of %s (%u bits)",
				     (unsigned long long)ts.va, m->fmt->name,
				     m->fmt->va_bits);
	find_tables(&ts.set);
	table_walk(ts.set.mm, ts.va, &ts.walk);
	snprintf(title, sizeof(title), figure_text(o, FT_PAGE_TABLE),
		 o->task->pid, (unsigned long long)ts.va);
	room = figure_begin(s, m, o, title);
	figure_note(s, &room, "%s", figure_text(o, FT_TABLE_NOTE));
	draw_columns(&ts, room);
	figure_end(s);
	free_tables(&ts.set);
	return 0;
}
