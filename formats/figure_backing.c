/*
 * figure_backing.c - what each area of a process is backed by: vma-backing.
 *
 *   area               its pages, as runs          objects
 *   08048000-08054000  [ 3 ][1][     8      ] ──►  inode /bin/sh, page cache
 *   08054000-08056000  [1][1]               ──►┘
 *   08056000-0805f000  [  3   ][    6      ] ──►  anonymous memory
 *
 * A run is as many pages as stand in it, all backed alike now: its colour says
 * by what. An area of a file points to its inode, others to anonymous memory;
 * a private file area that has been written to points to both.
 */
#include "core/filemap.h"
#include "core/swapfile.h"
#include "formats/area.h"
#include "formats/figure.h"
#include "formats/page_runs.h"
#include "formats/record.h"

#include <inttypes.h>

#define MAX_ROWS 32
#define ROW_GAP 12
#define AREA_SLOTS 16u /* places of areas and of objects in a series */
#define OBJECT_SLOTS 17u

static const enum svg_fill run_fill[NR_PAGE_BACKINGS] = {
	[BACKED_NONE] = SVG_FREE,     [BACKED_CACHED] = SVG_OTHER,
	[BACKED_FILE] = SVG_FILE,     [BACKED_ANON] = SVG_ANON,
	[BACKED_ZERO] = SVG_PCP,      [BACKED_SWAP] = SVG_SWAP,
	[BACKED_KERNEL] = SVG_KERNEL,
};

/* What areas point to; inode NULL: anonymous memory, or the vdso's page. */
struct object {
	const struct inode *inode;
	bool kernel;
	size_t place;
	int y; /* its top */
};

struct backing_view {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	struct svg_box area, strip, object; /* columns */
	int row_h, pitch;
	unsigned rows; /* how many fit */
	size_t areas;  /* places of areas: more in a series than there are now */
	struct object objects[MAX_ROWS + 2];
	unsigned nr_objects;
	unsigned lines; /* of an object */
};

/* ---- objects ---- */

static struct object *object_of(struct backing_view *v,
				const struct inode *inode, bool kernel)
{
	struct object *ob = v->objects;

	for (; ob < v->objects + v->nr_objects; ob++)
		if (ob->inode == inode && ob->kernel == kernel)
			return ob;
	*ob = (struct object){.inode = inode, .kernel = kernel};
	ob->place = figure_place(v->o, OBJECT_SLOTS,
				 inode ? inode->id + 2ull : kernel,
				 v->nr_objects++);
	return ob;
}

static struct object *first_object(struct backing_view *v,
				   const struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;

	return object_of(v, inode, vma->vdso);
}

/* The anonymous memory that stands in for pages of a file; NULL: none does. */
static struct object *second_object(struct backing_view *v,
				    const struct vm_area_struct *vma)
{
	uint64_t count[NR_PAGE_BACKINGS];

	if (!vma->vm_file)
		return NULL;
	page_run_counts(vma, count);
	return count[BACKED_ANON] + count[BACKED_SWAP] ?
		       object_of(v, NULL, false) : NULL;
}

static void fill_inode(const struct backing_view *v, struct record *r,
		       const struct inode *inode)
{
	char n[SVG_NUMBER_LEN], all[SVG_NUMBER_LEN], size[SVG_NUMBER_LEN];

	record_init(r, SVG_FILE, "%s", inode->path);
	record_add(r, figure_text(v->o, FT_PAGE_CACHE),
		   figure_text(v->o, FT_N_OF_M_PAGES),
		   svg_number(inode->i_data.nrpages, n),
		   svg_number(inode_pages(v->m, inode), all));
	record_add(r, "inode", "%" PRIu64 ", %s", inode->i_ino,
		   svg_bytes(inode->i_size, size));
}

static void fill_anonymous(const struct backing_view *v, struct record *r)
{
	const struct mm_struct *mm = v->o->task->mm;
	char n[SVG_NUMBER_LEN], swap[SVG_NUMBER_LEN];

	record_init(r, SVG_ANON, "%s", figure_text(v->o, FT_ANONYMOUS));
	record_add(r, figure_text(v->o, FT_FRAMES_AND_SLOTS), "%s + %s",
		   svg_number((uint64_t)get_mm_counter(mm, MM_ANONPAGES), n),
		   svg_number((uint64_t)get_mm_counter(mm, MM_SWAPENTS), swap));
	record_add(r, figure_text(v->o, FT_ZERO_PAGE), "frame %x",
		   v->m->zero_pfn);
}

static void fill_kernel(const struct backing_view *v, struct record *r)
{
	record_init(r, SVG_KERNEL, "%s", figure_text(v->o, FT_KERNEL_PAGE));
	record_add(r, "vdso", v->m->vdso_pfn ? "frame %x" : "-",
		   v->m->vdso_pfn);
	record_add(r, NULL, " ");
}

static void draw_object(const struct backing_view *v, const struct object *ob)
{
	struct record r;

	if (ob->inode)
		fill_inode(v, &r, ob->inode);
	else if (ob->kernel)
		fill_kernel(v, &r);
	else
		fill_anonymous(v, &r);
	r.nr = v->lines;
	record_draw(v->s, &r, v->object.x, ob->y, v->object.w);
}

/* Objects in the order of the areas, spread over the height of these. */
static void place_objects(struct backing_view *v, int height)
{
	int n = (int)figure_places(v->o, OBJECT_SLOTS, v->nr_objects);
	int h, step;

	for (v->lines = 2; v->lines > 1; v->lines--)
		if (n * (record_height_of(v->s, v->lines) + 6) <= height)
			break;
	h = record_height_of(v->s, v->lines);
	step = max_t(int, n ? height / n : 0, h + 4);
	for (unsigned i = 0; i < v->nr_objects; i++)
		v->objects[i].y = v->object.y +
				  (int)v->objects[i].place * step +
				  max_t(int, 0, (step - h) / 2);
}

/* ---- a row ---- */

static void draw_area(const struct backing_view *v,
		      const struct vm_area_struct *vma, int y)
{
	struct svg_box b = {v->area.x, y, v->area.w, v->row_h}, text;
	char range[AREA_TEXT], rights[5], path[RECORD_TEXT] = "";
	unsigned shift = PAGE_SHIFT(v->m);

	area_range(vma, range);
	area_rights(vma, rights);
	if (vma->vm_file)
		snprintf(path, sizeof(path), "%.100s +%" PRIx64,
			 area_path(vma), vma->vm_pgoff << shift);
	svg_rect(v->s, b, SVG_PANEL, 0);
	text = (struct svg_box){b.x, b.y + 2, b.w, (b.h - 4) / 2};
	svg_text(v->s, text, SVG_SMALL | SVG_MONO | SVG_LEFT, "%s %s", range,
		 rights);
	text.y += text.h;
	svg_text(v->s, text, SVG_SMALL | SVG_LEFT | SVG_KEEP_END, "%s",
		 vma->vm_file	     ? path
		 : *area_name(vma) ? area_name(vma)
				   : figure_text(v->o, FT_ANON_AREA));
}

struct strip_plan {
	unsigned runs;	    /* that are drawn */
	uint64_t pages;	    /* in them */
	int used;	    /* width of them without what is shared out */
	int more;	    /* width of what is said about the rest, or 0 */
};

static int run_width(const struct backing_view *v, uint64_t pages)
{
	char n[SVG_NUMBER_LEN];

	return svg_text_width(v->s, svg_number(pages, n), SVG_SMALL) + 12;
}

/* As many runs as have room for their numbers. */
static struct strip_plan plan_strip(const struct backing_view *v,
				    const struct vm_area_struct *vma)
{
	int more = svg_text_width(v->s, figure_text(v->o, FT_MORE), SVG_SMALL) +
		   svg_text_width(v->s, "9,999,999", SVG_SMALL);
	struct strip_plan p = {0}, fit = {0};
	struct page_run run;

	for (vaddr_t at = vma->vm_start; at < vma->vm_end; at = run.end) {
		uint64_t pages;

		run = page_run(vma, at);
		pages = (run.end - run.start) >> PAGE_SHIFT(v->m);
		p.runs++;
		p.pages += pages;
		p.used += run_width(v, pages);
		if (p.used > v->strip.w) {
			fit.more = more;
			return fit;
		}
		if (p.used + more <= v->strip.w)
			fit = p;
	}
	return p;
}

static void draw_strip(const struct backing_view *v,
		       const struct vm_area_struct *vma, int y)
{
	struct strip_plan p = plan_strip(v, vma);
	int spare = v->strip.w - p.used - p.more;
	struct svg_box b = {v->strip.x, y + 6, 0, v->row_h - 12};
	uint64_t done = 0, all = (vma->vm_end - vma->vm_start) >>
				 PAGE_SHIFT(v->m);
	vaddr_t at = vma->vm_start;
	char n[SVG_NUMBER_LEN];
	struct page_run run;

	for (unsigned i = 0; i < p.runs; i++, at = run.end) {
		uint64_t pages;
		int from = (int)(spare * (double)done / (double)p.pages);

		run = page_run(vma, at);
		pages = (run.end - run.start) >> PAGE_SHIFT(v->m);
		done += pages;
		b.w = run_width(v, pages) - from +
		      (int)(spare * (double)done / (double)p.pages);
		svg_cell(v->s, b, run_fill[run.kind], SVG_SMALL | SVG_SQUARE,
			 "%s", svg_number(pages, n));
		b.x += b.w;
	}
	if (done == all)
		return;
	b.w = v->strip.x + v->strip.w - b.x;
	svg_text(v->s, b, SVG_SMALL, figure_text(v->o, FT_MORE),
		 svg_number(all - done, n));
}

static void draw_pointer(const struct backing_view *v, const struct object *ob,
			 int y, unsigned flags)
{
	svg_line(v->s, v->strip.x + v->strip.w + 2, y, v->object.x,
		 record_line_y(v->s, ob->y, -1) + (flags ? 6 : -2),
		 flags | SVG_ARROW);
}

static void draw_row(struct backing_view *v, const struct vm_area_struct *vma,
		     int y)
{
	const struct object *second = second_object(v, vma);

	draw_area(v, vma, y);
	svg_line(v->s, v->area.x + v->area.w, y + v->row_h / 2, v->strip.x,
		 y + v->row_h / 2, 0);
	draw_strip(v, vma, y);
	draw_pointer(v, first_object(v, vma), y + v->row_h / 2 - 4, 0);
	if (second)
		draw_pointer(v, second, y + v->row_h / 2 + 6, SVG_DASHED);
}

/* ---- the figure ---- */

static void place_columns(struct backing_view *v, struct svg_box room)
{
	int w = room.w, line = svg_line_height(v->s, SVG_SMALL | SVG_MONO);
	int range = 12 + svg_text_width(v->s, "ffffffff-ffffffff rwxp",
					SVG_SMALL | SVG_MONO);
	int object = 12 + svg_text_width(v->s, figure_text(v->o, FT_ANONYMOUS),
					 SVG_BOLD);

	v->area = room;
	v->area.w = max_t(int, w * 25 / 100, range);
	v->object = room;
	v->object.w = max_t(int, w * 26 / 100, object);
	v->object.x += w - v->object.w;
	v->strip = room;
	v->strip.x += v->area.w + w / 64;
	v->strip.w = min_t(int, w * 35 / 100,
			   v->object.x - v->strip.x - w / 9);
	v->row_h = 2 * line + 6;
	v->rows = (unsigned)((room.h + ROW_GAP) / (v->row_h + ROW_GAP));
	v->rows = min_t(unsigned, v->rows, MAX_ROWS);
	v->pitch = v->row_h + ROW_GAP;
	if (v->areas <= v->rows)
		v->pitch = min_t(int, room.h / (int)v->areas, 2 * v->row_h);
}

/* Is the area at this place shown, and in which row? If there are too many, one
 * row counts those between the first and the last ones. */
static int row_of(const struct backing_view *v, size_t place)
{
	size_t last = (v->rows - 1) / 2, first = v->rows - 1 - last;

	if (v->areas <= v->rows || place < first)
		return (int)place;
	if (place >= v->areas - last)
		return (int)(v->rows - (v->areas - place));
	return -1;
}

static void draw_left_out(const struct backing_view *v, uint32_t left_out)
{
	unsigned last = (v->rows - 1) / 2, first = v->rows - 1 - last;
	struct svg_box b = {v->area.x, v->area.y + (int)first * v->pitch,
			    v->area.w, v->row_h};
	char n[SVG_NUMBER_LEN], text[120];

	snprintf(text, sizeof(text), figure_text(v->o, FT_MORE_AREAS),
		 svg_number(left_out, n));
	svg_cell(v->s, b, SVG_NOTHING, SVG_SMALL | SVG_DASHED, "%s", text);
}

/* Areas that are not shown. */
static uint32_t draw_rows(struct backing_view *v, const struct mm_struct *mm,
			  bool only_objects)
{
	const struct vm_area_struct *vma;
	uint32_t i = 0, left_out = 0;

	for_each_vma (vma, mm) {
		int row = row_of(v, figure_place(v->o, AREA_SLOTS,
						 vma->vm_start, i++));

		if (row < 0) {
			left_out++;
		} else if (only_objects) {
			first_object(v, vma);
			second_object(v, vma);
		} else {
			draw_row(v, vma, v->area.y + row * v->pitch);
		}
	}
	return left_out;
}

static size_t count_places(const struct figure_options *o,
			   const struct mm_struct *mm)
{
	const struct vm_area_struct *vma;

	for_each_vma (vma, mm)
		figure_place(o, AREA_SLOTS, vma->vm_start, 0);
	return figure_places(o, AREA_SLOTS, mm->map_count);
}

static void draw_legend(const struct figure_options *o, struct svg *s,
			struct svg_box *room)
{
	const struct figure_key key[] = {
		{SVG_FREE, figure_text(o, FT_BACKED_NONE)},
		{SVG_OTHER, figure_text(o, FT_BACKED_CACHED)},
		{SVG_FILE, figure_text(o, FT_BACKED_FILE)},
		{SVG_ANON, figure_text(o, FT_BACKED_ANON)},
		{SVG_PCP, figure_text(o, FT_ZERO_PAGE)},
		{SVG_SWAP, figure_text(o, FT_BACKED_SWAP)},
		{SVG_KERNEL, figure_text(o, FT_KERNEL_PAGE)},
	};

	figure_legend(s, room, key, ARRAY_SIZE(key));
}

int figure_vma_backing(const struct machine *m, const struct figure_options *o,
		       struct svg *s)
{
	const struct mm_struct *mm = o->task->mm;
	struct backing_view v = {.m = m, .o = o, .s = s};
	struct svg_box room;
	uint32_t left_out;

	if (!mm || !mm->map_count)
		return figure_cannot(s, "process %u has no areas", o->task->pid);
	room = figure_begin(s, m, o, figure_text(o, FT_VMA_BACKING));
	draw_legend(o, s, &room);
	figure_note(s, &room, "%s", figure_text(o, FT_VMA_BACKING_NOTE));
	v.areas = count_places(o, mm);
	place_columns(&v, room);
	draw_rows(&v, mm, true);
	place_objects(&v, v.pitch * (int)min_t(size_t, v.areas, v.rows));
	left_out = draw_rows(&v, mm, false);
	if (left_out)
		draw_left_out(&v, left_out);
	for (unsigned i = 0; i < v.nr_objects; i++)
		draw_object(&v, &v.objects[i]);
	figure_end(s);
	return 0;
}
