/*
 * figure_tasks.c - task_struct -> mm_struct -> vm_area_structs: tasks.
 *
 *   task_struct      mm_struct           vm_area_struct 08048000-0804c000
 *   task_struct ──►  mmap       ───┬──►      │ vm_next
 *    (sharing it)    mm_rb      ───┼──►  vm_area_struct
 *                    mmap_cache ───┘         │
 *   task_struct      ...                 vm_area_struct
 *    (another mm)
 *
 * The process asked for comes first, with all fields of its mm; those that
 * share the mm point to it, others say what they have. Of many areas the first
 * and the last are shown.
 */
#include "core/filemap.h"
#include "formats/area.h"
#include "formats/figure.h"
#include "formats/record.h"

#include <inttypes.h>

#define VMA_LINES 3
#define AREA_SLOTS 18u /* places of areas in a series */
#define MAX_TASKS 16 /* never more than fit */

/* Lines of the mm_struct that arrows leave. */
enum { LINE_MMAP, LINE_MM_RB, LINE_MMAP_CACHE };

struct columns {
	struct svg_box task, mm, vma;
};

static struct columns place_columns(struct svg_box room)
{
	int w = room.w;

	return (struct columns){
		.task = {room.x, room.y, w * 19 / 100, room.h},
		.mm = {room.x + w * 24 / 100, room.y, w * 31 / 100, room.h},
		.vma = {room.x + w * 63 / 100, room.y, w * 37 / 100, room.h},
	};
}

/* ---- tasks ---- */

/* The process asked for, those with its mm, the others: which turn is t's? */
static unsigned turn_of(const struct task_struct *t,
			const struct task_struct *chosen)
{
	if (t == chosen)
		return 0;
	return t->mm && t->mm == chosen->mm ? 1 : 2;
}

static unsigned order_tasks(const struct machine *m,
			    const struct task_struct *chosen,
			    const struct task_struct *list[MAX_TASKS],
			    uint64_t *all)
{
	const struct task_struct *t;
	unsigned n = 0;

	*all = 0;
	for (unsigned turn = 0; turn < 3; turn++) {
		for_each_task (t, m) {
			if (turn_of(t, chosen) != turn)
				continue;
			++*all;
			if (n < MAX_TASKS)
				list[n++] = t;
		}
	}
	return n;
}

static void fill_task(struct record *r, const struct figure_options *o,
		      const struct task_struct *t)
{
	char mm[RECORD_TEXT] = "NULL";

	record_init(r, SVG_HEAD, "task_struct");
	r->marked = t == o->task;
	record_add(r, "pid", "%u", t->pid);
	record_add(r, "comm", "%s", t->comm);
	record_add(r, "state", "%s",
		   t->state == TASK_ZOMBIE ? "EXIT_ZOMBIE" : "TASK_RUNNING");
	if (t->mm && t->mm != o->task->mm)
		snprintf(mm, sizeof(mm), figure_text(o, FT_OTHER_MM),
			 t->mm->map_count);
	else if (t->mm)
		snprintf(mm, sizeof(mm), "%" PRIx64, t->mm->kobj);
	record_add(r, "mm", "%s", mm);
}

static void draw_tasks(const struct machine *m, const struct figure_options *o,
		       struct svg *s, const struct columns *at, int mm_y)
{
	const struct task_struct *list[MAX_TASKS];
	int y = at->task.y, more = svg_line_height(s, SVG_SMALL);
	struct svg_box b = at->task;
	char number[SVG_NUMBER_LEN];
	struct record r;
	uint64_t all;
	unsigned n = order_tasks(m, o->task, list, &all), i;

	for (i = 0; i < n; i++) {
		fill_task(&r, o, list[i]);
		if (y + record_height(s, &r) + more > b.y + b.h)
			break;
		record_draw(s, &r, b.x, y, b.w);
		if (list[i]->mm && list[i]->mm == o->task->mm)
			arrow_by_lane(s, b.x + b.w, record_line_y(s, y, 3),
				      b.x + b.w + (at->mm.x - b.x - b.w) / 2,
				      at->mm.x, mm_y, 0);
		y += record_height(s, &r) + 14;
	}
	if (i < all)
		svg_text(s, (struct svg_box){b.x, b.y + b.h - more, b.w, more},
			 SVG_SMALL, figure_text(o, FT_MORE),
			 svg_number(all - i, number));
}

/* ---- the mm_struct ---- */

static uint64_t kobj_of(const struct vm_area_struct *vma)
{
	return vma ? vma->kobj : 0;
}

static struct vm_area_struct *root_area(const struct mm_struct *mm)
{
	return mm->mm_rb.node ? rb_entry(mm->mm_rb.node, struct vm_area_struct,
					 vm_rb)
			      : NULL;
}

static void fill_mm(struct record *r, const struct mm_struct *mm)
{
	const struct machine *m = mm->m;

	record_init(r, SVG_HEAD, "mm_struct %" PRIx64, mm->kobj);
	record_add(r, "mmap", "%" PRIx64, kobj_of(mm->mmap));
	record_add(r, "mm_rb.rb_node", "%" PRIx64, kobj_of(root_area(mm)));
	record_add(r, "mmap_cache", "%" PRIx64, kobj_of(mm->mmap_cache));
	record_add(r, "pgd", "frame %" PRIx64, mm->pgd >> PAGE_SHIFT(m));
	record_add(r, "mm_users", "%d", mm->mm_users);
	record_add(r, "mm_count", "%d", mm->mm_count);
	record_add(r, "map_count", "%u", mm->map_count);
	record_add(r, "start/end_code", "%08" PRIx64 " %08" PRIx64,
		   mm->start_code, mm->end_code);
	record_add(r, "start/end_data", "%08" PRIx64 " %08" PRIx64,
		   mm->start_data, mm->end_data);
	record_add(r, "start_brk/brk", "%08" PRIx64 " %08" PRIx64,
		   mm->start_brk, mm->brk);
	record_add(r, "start_stack", "%08" PRIx64, mm->start_stack);
	record_add(r, "arg_start/end", "%08" PRIx64 " %08" PRIx64,
		   mm->arg_start, mm->arg_end);
	record_add(r, "env_start/end", "%08" PRIx64 " %08" PRIx64,
		   mm->env_start, mm->env_end);
	record_add(r, "total_vm, rss", "%" PRIu64 " %" PRId64, mm->total_vm,
		   get_mm_rss(mm));
}

/* ---- areas ---- */

/* Which areas are shown: `first` from the front, `last` from the back. */
struct shown {
	uint32_t first, last, all;
	int gap;     /* between boxes */
	bool places; /* a series: all that ever come have a place of their own */
	unsigned lines; /* of a box */
};

static bool places_fit(const struct svg *s, const struct figure_options *o,
		       unsigned lines, int height, int gap)
{
	return (int)figure_places(o, AREA_SLOTS, 0) *
		       (record_height_of(s, lines) + gap) <= height;
}

static struct shown choose_areas(struct svg *s,
				 const struct figure_options *o, int height)
{
	const struct mm_struct *mm = o->task->mm;
	const struct vm_area_struct *vma;
	int gap = svg_line_height(s, SVG_SMALL) + 4;
	int box = record_height_of(s, VMA_LINES) + gap;
	int left_out = record_height_of(s, 1) + gap;
	struct shown sh = {.all = mm->map_count, .gap = gap};
	uint32_t fit;

	for_each_vma (vma, mm)
		figure_place(o, AREA_SLOTS, vma->vm_start, 0);
	/* rather smaller boxes than some without a place */
	sh.lines = VMA_LINES;
	for (unsigned n = VMA_LINES; o->slots && n && !sh.places; n--) {
		sh.places = places_fit(s, o, n, height + gap, gap);
		if (sh.places)
			sh.lines = n;
	}
	s->no_places |= o->slots && !sh.places;
	if (sh.places || sh.all <= (uint32_t)((height + gap) / box)) {
		sh.first = sh.all;
		return sh;
	}
	fit = (uint32_t)max_t(int, 2, (height + gap - left_out) / box);
	sh.last = fit / 2;
	sh.first = fit - sh.last;
	return sh;
}

static void fill_vma(struct record *r, const struct vm_area_struct *vma)
{
	char range[AREA_TEXT], flags[AREA_TEXT];
	const char *name = area_name(vma);

	area_range(vma, range);
	area_flags(vma, flags);
	record_init(r,
		    vma->vm_file ? SVG_FILE : vma->vdso ? SVG_KERNEL : SVG_ANON,
		    "vm_area_struct %" PRIx64, vma->kobj);
	record_add(r, "vm_start, vm_end", "%s", range);
	record_add(r, "vm_flags", "%s", flags);
	if (vma->vm_file)
		record_add(r, "vm_file", "%s+0x%" PRIx64, area_path(vma),
			   vma->vm_pgoff << PAGE_SHIFT(vma->vm_mm->m));
	else
		record_add(r, "vm_file", "NULL%s%s", *name ? "  " : "", name);
}

struct area_column {
	struct shown shown;
	const struct figure_options *o;
	struct svg_box box;
	/* tops of the areas that the mm points to; -1: not shown */
	int target[3];
	const struct vm_area_struct *pointed[3];
};

/* From the bottom of a box to the top of the next. */
static void draw_next(struct svg *s, const struct area_column *c, int from,
		      int y)
{
	int x = c->box.x + c->box.w / 2;

	svg_line(s, x, from, x, y, SVG_ARROW);
	svg_text(s,
		 (struct svg_box){x + 4, y - c->shown.gap, 90, c->shown.gap},
		 SVG_SMALL | SVG_LEFT | SVG_MONO | SVG_MUTED, "vm_next");
}

/* The place of those that are left out. */
static void draw_left_out(struct svg *s, struct area_column *c, int y)
{
	uint32_t n = c->shown.all - c->shown.first - c->shown.last;
	struct svg_box b = {c->box.x, y, c->box.w, record_height_of(s, 1)};
	char number[SVG_NUMBER_LEN], text[120];

	snprintf(text, sizeof(text), figure_text(c->o, FT_MORE_AREAS),
		 svg_number(n, number));
	svg_cell(s, b, SVG_NOTHING, SVG_DASHED, "%s", text);
	for (unsigned i = 0; i < 3; i++)
		if (c->pointed[i] && c->target[i] < 0)
			c->target[i] = y;
}

static void draw_areas(struct svg *s, const struct mm_struct *mm,
		       struct area_column *c)
{
	const struct vm_area_struct *vma;
	struct record r;
	int y = c->box.y, bottom = 0;
	uint32_t n = 0;
	bool left_out = false;

	for_each_vma (vma, mm) {
		uint32_t i = n++;

		if (i >= c->shown.first && i < c->shown.all - c->shown.last) {
			left_out = true;
			continue;
		}
		if (c->shown.places)
			y = c->box.y +
			    (int)figure_place(c->o, AREA_SLOTS, vma->vm_start,
					      i) *
				    (record_height_of(s, c->shown.lines) +
				     c->shown.gap);
		if (left_out) {
			draw_next(s, c, bottom, y);
			draw_left_out(s, c, y);
			left_out = false;
			bottom = y + record_height_of(s, 1);
			y = bottom + c->shown.gap;
		}
		if (i)
			draw_next(s, c, bottom, y);
		fill_vma(&r, vma);
		r.nr = c->shown.lines;
		record_draw(s, &r, c->box.x, y, c->box.w);
		for (unsigned k = 0; k < 3; k++)
			if (c->pointed[k] == vma)
				c->target[k] = y;
		bottom = y + record_height(s, &r);
		y = bottom + c->shown.gap;
	}
}

static void draw_pointers(struct svg *s, const struct columns *at,
			  const struct area_column *c)
{
	int right = at->mm.x + at->mm.w, room = at->vma.x - right;

	for (int i = 0; i < 3; i++) {
		int to = c->target[i];

		if (to >= 0)
			arrow_by_lane(s, right,
				      record_line_y(s, at->mm.y, i),
				      at->vma.x - (i + 1) * room / 4, at->vma.x,
				      record_line_y(s, to, -1) + (i - 1) * 8,
				      0);
	}
}

int figure_tasks(const struct machine *m, const struct figure_options *o,
		 struct svg *s)
{
	const struct mm_struct *mm = o->task->mm;
	struct area_column c = {.o = o, .target = {-1, -1, -1}};
	struct columns at;
	struct record r;

	if (!mm)
		return figure_cannot(s, "process %u has no address space: it has exited",
				     o->task->pid);
	at = place_columns(figure_begin(s, m, o, figure_text(o, FT_TASKS)));
	fill_mm(&r, mm);
	draw_tasks(m, o, s, &at, record_line_y(s, at.mm.y, -1));
	record_draw(s, &r, at.mm.x, at.mm.y, at.mm.w);
	c.box = at.vma;
	c.shown = choose_areas(s, o, at.vma.h);
	c.pointed[LINE_MMAP] = mm->mmap;
	c.pointed[LINE_MM_RB] = root_area(mm);
	c.pointed[LINE_MMAP_CACHE] = mm->mmap_cache;
	draw_areas(s, mm, &c);
	draw_pointers(s, &at, &c);
	figure_end(s);
	return 0;
}
