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
#include "core/memory.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "formats/area.h"
#include "formats/figure.h"
#include "formats/record.h"

#include <inttypes.h>
#include <string.h>

#define MAX_COLUMNS 24
#define MAX_PAGES 4
/* Places in a series: of families by score, and of a family's areas and
 * anon_vmas. The low bits of these two say which family: that of the area at
 * this page. */
#define FAMILY_SLOTS 19u
#define ROW_SLOTS 0x40000000u
#define COLUMN_SLOTS 0x80000000u
#define FAMILY_BITS 20
#define ROW_GAP 14

struct row {
	const struct task_struct *task;
	const struct vm_area_struct *vma;
	unsigned place;
};

struct column {
	const struct anon_vma *av;
	unsigned number; /* A0 is the root */
	unsigned place;
	struct anon_page {
		pfn_t pfn;
		uint64_t index;
	} page[MAX_PAGES];
	unsigned nr_pages;
	uint64_t all_pages;
};

struct family {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	const struct anon_vma *root;
	uint32_t page;	       /* where the area lies that it was chosen for */
	struct row *row;       /* all areas of the family ... */
	size_t all_rows;
	unsigned nr_rows;      /* ... of which these are drawn */
	uint8_t *page_seen;    /* by pfn */
	struct column column[MAX_COLUMNS];
	unsigned nr_columns;
	/* where things stand */
	struct svg_box room;
	int column_x, column_w, pages_y, anon_vma_y, rows_y, row_h, pitch;
};

/* ---- which family ---- */

static unsigned nr_chains(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	unsigned n = 0;

	list_for_each_entry (avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

static unsigned nr_links(const struct anon_vma *av)
{
	unsigned n = 0;

	for (struct rb_node *rb = rb_first(&av->rb_root); rb; rb = rb_next(rb))
		n++;
	return n;
}

/* A series stays with the family that has the most relatives at any step, as
 * soon as it is there. */
static const struct vm_area_struct *of_series(const struct figure_options *o,
					      const struct vm_area_struct *best,
					      unsigned score)
{
	const struct figure_slot *slot;
	const struct vm_area_struct *vma;
	size_t n;

	if (!o->slots)
		return best;
	figure_place(o, FAMILY_SLOTS,
		     (uint64_t)score << 52 | best->vm_start >> 12, 0);
	n = figure_slots_of(o->slots, FAMILY_SLOTS, &slot);
	for_each_vma (vma, best->vm_mm)
		if (vma->anon_vma && vma->vm_start >> 12 ==
			    (slot[n - 1].key & ((1ull << 52) - 1)))
			return vma;
	return best;
}

/* The area at the address; else the one with most relatives, and among equal
 * ones one that is anonymous from the start. */
static const struct vm_area_struct *choose_area(const struct figure_options *o)
{
	const struct vm_area_struct *vma, *best = NULL;
	unsigned most = 0;

	for_each_vma (vma, o->task->mm) {
		unsigned n;

		if (!vma->anon_vma)
			continue;
		if (o->has_address && (o->address < vma->vm_start ||
				       o->address >= vma->vm_end))
			continue;
		n = 2 * (nr_chains(vma) + nr_links(vma->anon_vma)) +
		    !vma->vm_file;
		if (n > most) {
			most = n;
			best = vma;
		}
	}
	return best ? of_series(o, best, most) : NULL;
}

/* Areas of the family, by process; an mm that several share counts once. With
 * f->row NULL they are only counted. */
static void collect_rows(struct family *f)
{
	const struct mm_struct *seen = NULL;
	const struct vm_area_struct *vma;
	const struct task_struct *t;

	f->all_rows = 0;
	for_each_task (t, f->m) {
		if (!t->mm || t->mm == seen)
			continue;
		seen = t->mm;
		for_each_vma (vma, t->mm) {
			if (!vma->anon_vma || vma->anon_vma->root != f->root)
				continue;
			if (f->row)
				f->row[f->all_rows] = (struct row){t, vma,
					(unsigned)f->all_rows};
			f->all_rows++;
		}
	}
}

/* ---- columns ---- */

static int column_of(const struct family *f, const struct anon_vma *av)
{
	for (unsigned i = 0; i < f->nr_columns; i++)
		if (f->column[i].av == av)
			return (int)i;
	return -1;
}

static void insert_column(struct family *f, int at, const struct anon_vma *av)
{
	if (f->nr_columns == MAX_COLUMNS)
		return;
	memmove(&f->column[at + 1], &f->column[at],
		(f->nr_columns - (unsigned)at) * sizeof(f->column[0]));
	f->column[at] = (struct column){.av = av};
	f->nr_columns++;
}

/* From the root's end: what is new stands left of its successor. */
static void insert_chain(struct family *f, const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	int next = (int)f->nr_columns;

	for (struct list_head *l = vma->anon_vma_chain.prev;
	     l != &vma->anon_vma_chain; l = l->prev) {
		int at;

		avc = list_entry(l, struct anon_vma_chain, same_vma);
		at = column_of(f, avc->anon_vma);
		if (at < 0) {
			insert_column(f, next, avc->anon_vma);
			at = next;
		}
		next = at;
	}
}

static void collect_columns(struct family *f)
{
	insert_column(f, 0, f->root);
	for (unsigned i = 0; i < f->nr_rows; i++)
		insert_chain(f, f->row[i].vma);
	for (unsigned i = 0; i < f->nr_columns; i++)
		f->column[i].number = f->nr_columns - 1 - i;
}

/* Too many: the newest go, the root stays. */
static void drop_columns(struct family *f, unsigned fit)
{
	unsigned drop;

	if (f->nr_columns <= fit)
		return;
	drop = f->nr_columns - fit;
	memmove(f->column, f->column + drop, fit * sizeof(f->column[0]));
	f->nr_columns = fit;
}

/* anon_vmas of the family that have no column. */
static unsigned hidden_anon_vmas(const struct family *f)
{
	size_t size = f->m->anon_vma_pool.next_id;
	uint8_t *seen = host_alloc(&f->m->host, size);
	const struct anon_vma_chain *avc;
	unsigned n = 0;

	for (unsigned i = 0; i < f->nr_columns; i++)
		seen[f->column[i].av->id] = 1;
	for (size_t i = 0; i < f->all_rows; i++) {
		list_for_each_entry (avc, &f->row[i].vma->anon_vma_chain,
				     same_vma) {
			n += !seen[avc->anon_vma->id];
			seen[avc->anon_vma->id] = 1;
		}
	}
	host_free(&f->m->host, seen, size);
	return n;
}

/* ---- pages ---- */

static void note_page(struct family *f, pfn_t pfn)
{
	const struct page *page = pfn_to_page(f->m, pfn);
	const struct anon_vma *av = page_anon_vma(f->m, page);
	int at = av ? column_of(f, av) : -1;
	struct column *c = &f->column[at];

	if (at < 0 || f->page_seen[pfn])
		return;
	f->page_seen[pfn] = 1;
	c->all_pages++;
	if (c->nr_pages < MAX_PAGES)
		c->page[c->nr_pages++] = (struct anon_page){pfn, page->index};
}

static void collect_pages(struct family *f, const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;
	vaddr_t addr = vma->vm_start, next;

	while (addr < vma->vm_end) {
		ptep_t at = pte_table_range(mm, addr, vma->vm_end, &next);

		for (; at && addr < next; addr += PAGE_SIZE(f->m)) {
			pte_t pte = ptep_get(mm, at);

			if (pte_present(f->m->fmt, pte))
				note_page(f, pte_pfn(f->m->fmt, pte));
			at = ptep_next(mm, at);
		}
		addr = next;
	}
}

/* ---- places ---- */

static uint64_t row_key(const struct row *row)
{
	return (uint64_t)row->task->pid << 40 ^ row->vma->vm_start;
}

static bool is_64bit(const struct family *f)
{
	return f->m->fmt->va_bits > 32;
}

static int column_middle(const struct family *f, unsigned i)
{
	return f->column_x + (int)f->column[i].place * f->column_w +
	       f->column_w / 2;
}

static int row_middle(const struct family *f, unsigned i)
{
	return f->rows_y + (int)f->row[i].place * f->pitch + f->row_h / 2;
}

/* In a series each area that ever comes has a row of its own, if they fit. How
 * many rows there are. */
static unsigned row_places(struct family *f, unsigned fit)
{
	size_t n;

	for (size_t i = 0; i < f->all_rows; i++)
		figure_place(f->o, ROW_SLOTS | f->page, row_key(&f->row[i]), 0);
	n = figure_places(f->o, ROW_SLOTS | f->page, f->all_rows);
	if (!f->o->slots || n > fit)
		return f->nr_rows;
	for (size_t i = 0; i < f->all_rows; i++)
		f->row[i].place = (unsigned)figure_place(
			f->o, ROW_SLOTS | f->page, row_key(&f->row[i]), 0);
	return (unsigned)n;
}

/* Rows that fit; `pages`: lines of the boxes above them. If there are more, the
 * last row counts those that are not drawn. */
static void place_rows(struct family *f, unsigned pages)
{
	int line = svg_line_height(f->s, SVG_SMALL | SVG_MONO), room;
	unsigned fit, rows;

	f->pages_y = f->room.y;
	f->anon_vma_y = f->pages_y + record_height_of(f->s, pages) + line + 10;
	f->rows_y = f->anon_vma_y + record_height_of(f->s, 2) + 2 * line;
	f->row_h = 2 * line + 6;
	room = f->room.y + f->room.h - f->rows_y + ROW_GAP;
	fit = (unsigned)max_t(int, 2, room / (f->row_h + ROW_GAP));
	f->nr_rows = (unsigned)min_t(size_t, f->all_rows, fit);
	rows = row_places(f, fit);
	if (f->all_rows > fit)
		f->nr_rows--;
	f->pitch = min_t(int, room / (int)rows, 2 * f->row_h);
	f->pitch = max_t(int, f->pitch, f->row_h + ROW_GAP / 2);
}

/* The same for columns: anon_vmas that came earlier stand further right, and
 * have the lower number. How many columns there are. */
static unsigned column_places(struct family *f, unsigned fit)
{
	size_t n;

	for (unsigned i = 0; i < f->nr_columns; i++) {
		f->column[i].place = i;
		figure_place(f->o, COLUMN_SLOTS | f->page, f->column[i].av->id, 0);
	}
	n = figure_places(f->o, COLUMN_SLOTS | f->page, f->nr_columns);
	if (!f->o->slots || n > fit)
		return f->nr_columns;
	for (unsigned i = 0; i < f->nr_columns; i++) {
		struct column *c = &f->column[i];

		c->number = (unsigned)figure_place(f->o, COLUMN_SLOTS | f->page,
						   c->av->id, 0);
		c->place = (unsigned)n - 1 - c->number;
	}
	return (unsigned)n;
}

static void place_columns(struct family *f)
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
	drop_columns(f, fit);
	f->column_w = min_t(int, room / (int)column_places(f, fit), 2 * least);
}

static void place(struct family *f)
{
	unsigned most = 0;

	place_rows(f, MAX_PAGES + 1);
	collect_columns(f);
	place_columns(f);
	for (size_t i = 0; i < f->all_rows; i++)
		collect_pages(f, f->row[i].vma);
	for (unsigned i = 0; i < f->nr_columns; i++)
		most = max_t(unsigned, most,
			     f->column[i].nr_pages +
				     (f->column[i].all_pages > MAX_PAGES));
	if (f->nr_rows == f->all_rows && !f->o->slots)
		place_rows(f, most);
}

/* ---- drawing ---- */

static void draw_pages(const struct family *f, unsigned i)
{
	const struct column *c = &f->column[i];
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
			   page_mapcount(pfn_to_page(f->m, c->page[k].pfn)));
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

static void draw_anon_vma(const struct family *f, unsigned i)
{
	const struct column *c = &f->column[i];
	int w = min_t(int, f->column_w - 16, 260);
	struct record r;

	record_init(&r, SVG_HEAD, "anon_vma A%u", c->number);
	record_add(&r, "root", "A0");
	record_add(&r, "refcount", "%d", c->av->refcount);
	record_draw(f->s, &r, column_middle(f, i) - w / 2, f->anon_vma_y, w);
}

/* From all others to the root, below the boxes. */
static void draw_root_bus(const struct family *f)
{
	int top = f->anon_vma_y + record_height_of(f->s, 2), y = top + 14;
	int half = min_t(int, f->column_w - 16, 260) / 2 - 14;
	unsigned last = f->nr_columns - 1;
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

static struct svg_box chain_box(const struct family *f, unsigned row,
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
static void draw_tree_line(const struct family *f, unsigned column)
{
	int x = column_middle(f, column), last = -1;
	const struct anon_vma_chain *avc;

	for (unsigned i = 0; i < f->nr_rows; i++)
		list_for_each_entry (avc, &f->row[i].vma->anon_vma_chain,
				     same_vma)
			if (avc->anon_vma == f->column[column].av)
				last = (int)i;
	if (last >= 0)
		svg_line(f->s, x, f->anon_vma_y + record_height_of(f->s, 2), x,
			 row_middle(f, (unsigned)last), SVG_THICK);
}

static void draw_vma(const struct family *f, unsigned i)
{
	const struct row *row = &f->row[i];
	struct svg_box b = {f->room.x, row_middle(f, i) - f->row_h / 2,
			    f->column_x - 16 - f->room.x, f->row_h}, text = b;
	int own = column_of(f, row->vma->anon_vma);
	char range[AREA_TEXT], name[16] = "-";

	if (own >= 0)
		snprintf(name, sizeof(name), "A%u",
			 f->column[own].number);
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
static void draw_chains(const struct family *f, unsigned row)
{
	const struct vm_area_struct *vma = f->row[row].vma;
	int x = f->column_x - 16, y = row_middle(f, row);
	const struct anon_vma_chain *avc;

	list_for_each_entry (avc, &vma->anon_vma_chain, same_vma) {
		int at = column_of(f, avc->anon_vma);
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

static void draw_hidden(const struct family *f)
{
	unsigned hidden = hidden_anon_vmas(f);
	char n[SVG_NUMBER_LEN];

	if (hidden)
		svg_text(f->s,
			 (struct svg_box){f->room.x, f->anon_vma_y,
					  f->column_x - f->room.x - 16,
					  svg_line_height(f->s, SVG_SMALL)},
			 SVG_SMALL, figure_text(f->o, FT_MORE_ANON_VMAS),
			 svg_number(hidden, n));
}

static void draw_left_out(const struct family *f)
{
	struct svg_box b = {f->room.x,
			    row_middle(f, f->nr_rows) - f->row_h / 2,
			    f->column_x - 16 - f->room.x, f->row_h};
	char n[SVG_NUMBER_LEN], text[120];

	snprintf(text, sizeof(text), figure_text(f->o, FT_MORE_AREAS),
		 svg_number(f->all_rows - f->nr_rows, n));
	svg_cell(f->s, b, SVG_NOTHING, SVG_SMALL | SVG_DASHED, "%s", text);
}

static void draw_family(struct family *f)
{
	for (unsigned i = 0; i < f->nr_columns; i++)
		draw_tree_line(f, i);
	if (column_of(f, f->root) == (int)f->nr_columns - 1)
		draw_root_bus(f);
	for (unsigned i = 0; i < f->nr_columns; i++) {
		draw_pages(f, i);
		draw_anon_vma(f, i);
	}
	for (unsigned i = 0; i < f->nr_rows; i++) {
		draw_vma(f, i);
		draw_chains(f, i);
	}
	draw_hidden(f);
	if (f->all_rows > f->nr_rows)
		draw_left_out(f);
}

int figure_anon_vma(const struct machine *m, const struct figure_options *o,
		    struct svg *s)
{
	const struct vm_area_struct *vma = o->task->mm ? choose_area(o) : NULL;
	struct family f = {.m = m, .o = o, .s = s};
	const struct figure_key key[] = {
		{SVG_MARKED, figure_text(o, FT_OWN_CHAIN)},
		{SVG_FREE, figure_text(o, FT_INHERITED_CHAIN)},
	};

	if (!vma)
		return figure_cannot(s, "process %u has no area with an anon_vma%s: nothing anonymous was written to",
				     o->task->pid,
				     o->has_address ? " at this address" : "");
	f.root = vma->anon_vma->root;
	f.page = vma->vm_start >> PAGE_SHIFT(m) & ((1u << FAMILY_BITS) - 1);
	f.room = figure_begin(s, m, o, figure_text(o, FT_ANON_VMA));
	figure_legend(s, &f.room, key, ARRAY_SIZE(key));
	figure_note(s, &f.room, "%s", figure_text(o, FT_ANON_VMA_NOTE));
	f.page_seen = host_reserve(&m->host, m->max_pfn);
	collect_rows(&f);
	f.row = host_alloc(&m->host, f.all_rows * sizeof(*f.row));
	collect_rows(&f);
	place(&f);
	draw_family(&f);
	host_free(&m->host, f.row, f.all_rows * sizeof(*f.row));
	host_release(&m->host, f.page_seen, m->max_pfn);
	figure_end(s);
	return 0;
}
