/*
 * figure_split.c - address-split: how the paging format takes an address apart.
 *
 *    31          22 21          12 11           0
 *   |0 0 1 0 0 0 ..|0 0 0 0 0 0 ..|0 0 0 0 0 0 ..|   the bits
 *   |  pgd index   |  pte index   |    offset    |
 *         128             0             0x010
 *        [entry that the walk reads there, if there is a process]
 */
#include "formats/figure.h"
#include "formats/figure_tables.h"

#define MAX_FIELDS (PG_MAX_LEVELS + 2)

struct field {
	const char *name;
	unsigned shift, bits;
	int depth; /* level of the walk; -1: not an index */
	enum svg_fill fill;
	struct svg_box box; /* of its bits */
};

struct split {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	vaddr_t va;
	struct field field[MAX_FIELDS];
	unsigned nr;
	int cell; /* width of a bit */
	struct table_walk walk; /* nr 0: there is no process */
	int column[3]; /* widths in the rows of the walk */
};

static const enum svg_fill level_fill[PG_MAX_LEVELS] = {
	SVG_ANON, SVG_FILE, SVG_SLAB, SVG_KERNEL, SVG_TABLE};

static void add_field(struct split *sp, const char *name, unsigned shift,
		      unsigned bits, int depth, enum svg_fill fill)
{
	sp->field[sp->nr++] = (struct field){name, shift, bits, depth, fill,
					     {0, 0, 0, 0}};
}

static void find_fields(struct split *sp)
{
	const struct pg_format *f = sp->m->fmt;

	if (f->va_bits > 32 && f->va_bits < 64)
		add_field(sp, figure_text(sp->o, FT_SIGN_BITS), f->va_bits,
			  64u - f->va_bits, -1, SVG_PANEL);
	for (unsigned d = 0; d < f->nr_levels; d++)
		add_field(sp, f->level[d].name, f->level[d].shift,
			  f->level[d].index_bits, (int)d, level_fill[d]);
	add_field(sp, figure_text(sp->o, FT_OFFSET), 0, f->page_shift, -1,
		  SVG_HEAD);
}

/* The bits side by side; a gap between fields. */
static void place_fields(struct split *sp, struct svg_box room)
{
	unsigned bits = 0;
	int x = room.x, gap = 10;

	for (unsigned i = 0; i < sp->nr; i++)
		bits += sp->field[i].depth < 0 && i == 0 ? 3 : sp->field[i].bits;
	sp->cell = (room.w - (int)(sp->nr - 1) * gap) / (int)bits;
	for (unsigned i = 0; i < sp->nr; i++) {
		struct field *fd = &sp->field[i];
		/* the sign's bits are all alike: drawn as one */
		int n = fd->depth < 0 && i == 0 ? 3 : (int)fd->bits;

		fd->box = (struct svg_box){x, room.y, n * sp->cell, room.h};
		x += fd->box.w + gap;
	}
}

static void draw_bits(const struct split *sp, const struct field *fd)
{
	struct svg_box b = fd->box;

	if (fd->depth < 0 && fd->shift) {
		svg_cell(sp->s, b, fd->fill, SVG_SMALL | SVG_MONO, "%1$u \xe2\x80\xa6 %1$u",
			 (unsigned)(sp->va >> 63));
		return;
	}
	b.w = sp->cell;
	for (unsigned i = fd->bits; i-- > 0; b.x += sp->cell)
		svg_cell(sp->s, b, fd->fill, SVG_SQUARE | SVG_MONO, "%u",
			 (unsigned)(sp->va >> (fd->shift + i) & 1));
}

/* Numbers of its first and last bit above the field. */
static void draw_bit_numbers(const struct split *sp, const struct field *fd)
{
	int h = svg_line_height(sp->s, SVG_SMALL);
	struct svg_box b = {fd->box.x - 4, fd->box.y - h, fd->box.w / 2 + 4, h};

	svg_text(sp->s, b, SVG_SMALL | SVG_MUTED | SVG_LEFT, "%u",
		 fd->shift + fd->bits - 1);
	b.x = fd->box.x + fd->box.w - fd->box.w / 2;
	svg_text(sp->s, b, SVG_SMALL | SVG_MUTED | SVG_RIGHT, "%u", fd->shift);
}

static uint64_t field_value(const struct split *sp, const struct field *fd)
{
	return fd->bits >= 64 ? sp->va :
		sp->va >> fd->shift & (((uint64_t)1 << fd->bits) - 1);
}

/* The room of words below a field: those of a narrow first one, as PAE's, may
 * stand out on both sides, since margin and next field are wide enough. */
static struct svg_box room_below(const struct split *sp, const struct field *fd,
				 struct svg_box b, const char *text)
{
	int more = svg_text_width(sp->s, text, SVG_SMALL) + 8 - b.w;

	if (fd == sp->field && more > 0 && 4 * more < fd[1].box.w) {
		more = min_t(int, more / 2 + 1, b.x);
		b.x -= more;
		b.w += 2 * more;
	}
	return b;
}

/* Name and value below the bits: what it selects. */
static void draw_value(const struct split *sp, const struct field *fd, int y)
{
	int line = svg_line_height(sp->s, 0);
	struct svg_box b = {fd->box.x, y, fd->box.w, line};
	char all[SVG_NUMBER_LEN], text[80];

	if (fd->depth < 0 && fd->shift) {
		svg_paragraph(sp->s, b, SVG_SMALL, fd->name, true);
		return;
	}
	svg_text(sp->s, b, SVG_BOLD, "%s", fd->name);
	b.y += line;
	svg_text(sp->s, b, SVG_BOLD | SVG_MONO,
		 fd->depth < 0 ? "0x%llx" : "%llu",
		 (unsigned long long)field_value(sp, fd));
	b.y += line;
	if (fd->depth >= 0)
		snprintf(text, sizeof(text), figure_text(sp->o, FT_OF_ENTRIES),
			 svg_number((uint64_t)1 << fd->bits, all));
	else
		snprintf(text, sizeof(text), figure_text(sp->o, FT_OF_BYTES),
			 svg_bytes((uint64_t)1 << fd->bits, all));
	svg_text(sp->s, room_below(sp, fd, b, text), SVG_SMALL | SVG_MUTED,
		 "%s", text);
}

/* ---- the walk, a row a level ---- */

/* The columns: the table, the entry in it, its bytes, what they say. */
static void draw_step(const struct split *sp, unsigned d, struct svg_box b)
{
	const struct walk_step *step = &sp->walk.step[d];
	const struct pg_format *f = sp->m->fmt;
	const unsigned flags = SVG_LEFT | SVG_MONO;
	char text[3][160];

	snprintf(text[0], sizeof(text[0]), "%08llx + %llu \xc3\x97 %u",
		 (unsigned long long)step->table,
		 (unsigned long long)step->index, f->entry_size);
	snprintf(text[1], sizeof(text[1]), "= %08llx",
		 (unsigned long long)step->at);
	snprintf(text[2], sizeof(text[2]), "%0*llx", 2 * f->entry_size,
		 (unsigned long long)step->entry.v);
	b.w = 90;
	svg_cell(sp->s, b, level_fill[d], SVG_BOLD, "%s", f->level[d].name);
	for (unsigned i = 0; i < ARRAY_SIZE(text); i++) {
		b.x += b.w + 6;
		b.w = sp->column[i];
		svg_text(sp->s, b, flags, "%s", text[i]);
	}
	b.x += b.w + 6;
	b.w = sp->s->width - b.x;
	describe_entry(sp->m, sp->o, &sp->walk, d, text[0], sizeof(text[0]));
	svg_text(sp->s, b, SVG_LEFT, "%s", text[0]);
}

static void draw_steps(struct split *sp, struct svg_box room)
{
	const struct pg_format *f = sp->m->fmt;
	char largest[40]; /* table and index */
	const char *const widest[] = {
		largest, "= 000000000",
		f->entry_size == 8 ? "0000000000000000" : "00000000"};
	unsigned bits = 0;
	int line = svg_line_height(sp->s, SVG_BOLD), h;
	struct svg_box b = {room.x, room.y + line + 10, room.w, 0};
	char text[200];

	for (unsigned d = 0; d < f->nr_levels; d++)
		bits = max_t(unsigned, bits, f->level[d].index_bits);
	snprintf(largest, sizeof(largest), "000000000 + %llu \xc3\x97 8",
		 (1ull << bits) - 1);
	for (unsigned i = 0; i < ARRAY_SIZE(widest); i++)
		sp->column[i] = 10 + svg_text_width(sp->s, widest[i], SVG_MONO);
	svg_text(sp->s, (struct svg_box){room.x - 4, room.y, room.w, line},
		 SVG_BOLD | SVG_LEFT, "%s", figure_text(sp->o, FT_SPLIT_WALK));
	h = (room.h - line - 10) / (int)(sp->walk.nr + 1);
	h = h > 56 ? 56 : h;
	b.h = h - 10;
	for (unsigned d = 0; d < sp->walk.nr; d++) {
		draw_step(sp, d, b);
		b.y += h;
	}
	describe_end(sp->o, &sp->walk, text, sizeof(text));
	svg_text(sp->s, (struct svg_box){b.x + 96, b.y, b.w - 96, b.h},
		 SVG_BIG | SVG_BOLD | SVG_LEFT, "%s", text);
}

int figure_address_split(const struct machine *m, const struct figure_options *o,
			 struct svg *s)
{
	struct split sp = {.m = m, .o = o, .s = s};
	const struct task_struct *t = o->task;
	char title[160];
	struct svg_box room;

	sp.va = figure_address(m, o);
	if (!pg_address_fits(m->fmt, sp.va))
		return figure_cannot(s, "0x%llx is no address of %s (%u bits)",
				     (unsigned long long)sp.va, m->fmt->name,
				     m->fmt->va_bits);
	snprintf(title, sizeof(title), figure_text(o, FT_ADDRESS_SPLIT),
		 (unsigned long long)sp.va, m->fmt->title);
	room = figure_begin(s, m, o, title);
	find_fields(&sp);
	place_fields(&sp, (struct svg_box){room.x, room.y + 40, room.w, 40});
	for (unsigned i = 0; i < sp.nr; i++) {
		draw_bit_numbers(&sp, &sp.field[i]);
		draw_bits(&sp, &sp.field[i]);
		draw_value(&sp, &sp.field[i], room.y + 92);
	}
	if (t && t->mm && t->mm->pgd) {
		table_walk(t->mm, sp.va, &sp.walk);
		draw_steps(&sp, (struct svg_box){room.x, room.y + 210, room.w,
						 room.h - 210});
	}
	figure_end(s);
	return 0;
}
