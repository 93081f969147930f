/*
 * figure_cow.c - parent and child before and after: cow.
 *
 *      before (o->before)               after (the machine)
 *   parent   frames    child         parent   frames    child
 *   [pte] ──► [##] ◄── [pte]         [pte] ──► [##]
 *                                              [##] ◄── [pte]   copied
 *
 * The same area of two processes at two points of one trace: what each entry
 * says, which frame it names, how often that is mapped, how its bytes begin.
 * What differs from the point before is framed. Pages that changed come first
 * when not all have room.
 */
#include "core/memory.h"
#include "core/pgtable.h"
#include "formats/area.h"
#include "formats/figure.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ROWS 16
#define SHOWN_BYTES 8

enum side { PARENT, CHILD, NR_SIDES };
enum moment { BEFORE, AFTER, NR_MOMENTS };

struct cow_view {
	const struct figure_options *o;
	struct svg *s;
	const struct machine *m[NR_MOMENTS];
	uint32_t pid[NR_SIDES];
	const struct task_struct *task[NR_MOMENTS][NR_SIDES]; /* or NULL */
	vaddr_t start, end; /* of the area */
	vaddr_t page[MAX_ROWS];
	unsigned nr_rows, fit;
	uint64_t all_pages; /* that have an entry at one of the points */
	struct svg_box panel[NR_MOMENTS];
	int head, pitch, pte_w, frame_w, gap;
};

/* ---- who and where ---- */

static const struct task_struct *living(const struct machine *m, uint32_t pid)
{
	const struct task_struct *t = pid ? find_task_by_pid(m, pid) : NULL;

	return t && t->mm ? t : NULL;
}

/* The first child of a process at a point, 0: it has none. */
static uint32_t child_of(const struct machine *m, uint32_t pid)
{
	const struct task_struct *t;

	for_each_task (t, m)
		if (t->mm && t->parent && t->parent->pid == pid)
			return t->pid;
	return 0;
}

/* The process asked for with its child; without one, as a child. */
static void choose_pair(struct cow_view *v)
{
	uint32_t pid = v->o->task->pid, child = child_of(v->m[AFTER], pid);

	if (!child)
		child = child_of(v->m[BEFORE], pid);
	if (!child && v->o->task->parent) {
		child = pid;
		pid = v->o->task->parent->pid;
	}
	v->pid[PARENT] = pid;
	v->pid[CHILD] = child;
	for (unsigned i = 0; i < NR_MOMENTS; i++)
		for (unsigned k = 0; k < NR_SIDES; k++)
			v->task[i][k] = living(v->m[i], v->pid[k]);
}

static pte_t entry_of(const struct cow_view *v, enum moment when,
		      enum side who, vaddr_t addr)
{
	const struct task_struct *t = v->task[when][who];
	ptep_t at = t && t->mm->pgd ? pte_offset(t->mm, addr) : 0;

	return at ? ptep_get(t->mm, at) : __pte(0);
}

/* The next page behind addr for which there is a table at all: in areas of
 * terabytes one cannot ask for every page. */
static vaddr_t next_page_of(const struct cow_view *v, vaddr_t addr,
			    vaddr_t end)
{
	vaddr_t nearest = end, next;

	addr += PAGE_SIZE(v->m[AFTER]);
	for (unsigned i = 0; i < NR_MOMENTS * NR_SIDES && addr < end; i++) {
		const struct task_struct *t = v->task[i / NR_SIDES][i % NR_SIDES];

		if (!t || !t->mm->pgd)
			continue;
		if (pte_table_range(t->mm, addr, end, &next))
			return addr;
		nearest = next < nearest ? next : nearest;
	}
	return nearest;
}

static bool has_entry(const struct cow_view *v, vaddr_t addr)
{
	for (unsigned i = 0; i < NR_MOMENTS; i++)
		for (unsigned k = 0; k < NR_SIDES; k++)
			if (!pte_none(entry_of(v, i, k, addr)))
				return true;
	return false;
}

static bool has_changed(const struct cow_view *v, enum side who, vaddr_t addr)
{
	return entry_of(v, BEFORE, who, addr).v !=
	       entry_of(v, AFTER, who, addr).v;
}

static bool page_changed(const struct cow_view *v, vaddr_t addr)
{
	return has_changed(v, PARENT, addr) || has_changed(v, CHILD, addr);
}

/* The area's pages that changed, and behind them those that did not, as many
 * as there is room for; in order of their addresses. */
static void collect_pages(struct cow_view *v)
{
	unsigned unchanged = 0, changed = 0;

	v->all_pages = 0;
	for (vaddr_t a = v->start; a < v->end; a = next_page_of(v, a, v->end)) {
		if (has_entry(v, a)) {
			v->all_pages++;
			changed += page_changed(v, a);
		}
	}
	unchanged = changed < v->fit ? v->fit - changed : 0;
	v->nr_rows = 0;
	for (vaddr_t a = v->start; a < v->end && v->nr_rows < v->fit;
	     a = next_page_of(v, a, v->end)) {
		if (!has_entry(v, a) || (!page_changed(v, a) && !unchanged))
			continue;
		unchanged -= !page_changed(v, a);
		v->page[v->nr_rows++] = a;
	}
}

static uint64_t area_score(struct cow_view *v, const struct vm_area_struct *vma)
{
	uint64_t score = 0;

	for (vaddr_t a = vma->vm_start; a < vma->vm_end;
	     a = next_page_of(v, a, vma->vm_end))
		score += (has_entry(v, a) ? 1 : 0) +
			 (page_changed(v, a) ? 1000 : 0);
	return score;
}

/* The private area at the address, or the one where most has changed. */
static bool choose_area(struct cow_view *v)
{
	uint64_t best = 0;

	for (unsigned i = 0; i < NR_MOMENTS * NR_SIDES; i++) {
		const struct task_struct *t = v->task[i / NR_SIDES][i % NR_SIDES];
		const struct vm_area_struct *vma;

		if (!t)
			continue;
		for_each_vma (vma, t->mm) {
			uint64_t score;

			if (!is_cow_mapping(vma->vm_flags) ||
			    (v->o->has_address &&
			     (v->o->address < vma->vm_start ||
			      v->o->address >= vma->vm_end)))
				continue;
			score = area_score(v, vma);
			if (score <= best)
				continue;
			best = score;
			v->start = vma->vm_start;
			v->end = vma->vm_end;
		}
	}
	return best;
}

/* ---- words ---- */

static void pte_words(const struct machine *m, pte_t pte, char buf[AREA_TEXT])
{
	swp_entry_t swap = pte_to_swp_entry(m->fmt, pte);

	if (pte_none(pte))
		snprintf(buf, AREA_TEXT, "none");
	else if (pte_present(m->fmt, pte))
		snprintf(buf, AREA_TEXT, "RW=%d A=%d D=%d",
			 pte_write(m->fmt, pte), pte_young(m->fmt, pte),
			 pte_dirty(m->fmt, pte));
	else
		snprintf(buf, AREA_TEXT, "swap %u:%" PRIu64, swp_type(swap),
			 swp_offset(swap));
}

/* How a frame's bytes begin: "hello", or the first one as a number. */
static void bytes_words(const struct machine *m, pfn_t pfn, char buf[24])
{
	const uint8_t *bytes = page_contents(m, pfn_to_page(m, pfn));
	unsigned n = 0;

	*buf = '\0';
	if (!m->contents)
		return;
	while (n < SHOWN_BYTES && bytes[n] >= 0x20 && bytes[n] < 0x7f)
		n++;
	if (n)
		snprintf(buf, 24, "\"%.*s\"", (int)n, (const char *)bytes);
	else
		snprintf(buf, 24, "%02x", bytes[0]);
}

static enum svg_fill frame_fill(const struct machine *m, pfn_t pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	if (pfn == m->zero_pfn)
		return SVG_PCP;
	return PageAnon(page) ? SVG_ANON : page->mapping ? SVG_FILE : SVG_KERNEL;
}

/* ---- a panel ---- */

static void draw_pte(const struct cow_view *v, enum moment when, enum side who,
		     vaddr_t addr, struct svg_box b)
{
	const struct machine *m = v->m[when];
	bool changed = when == AFTER && has_changed(v, who, addr);
	struct svg_box line = {b.x, b.y + 2, b.w, (b.h - 4) / 2};
	pte_t pte = entry_of(v, when, who, addr);
	char words[AREA_TEXT];

	if (!v->task[when][who])
		return;
	pte_words(m, pte, words);
	svg_rect(v->s, b, SVG_PANEL, changed ? SVG_THICK | SVG_ACCENT : 0);
	svg_text(v->s, line, SVG_SMALL | SVG_MONO, "%08" PRIx64, addr);
	line.y += line.h;
	svg_text(v->s, line, SVG_SMALL | SVG_MONO, "%s", words);
}

static bool was_mapped(const struct cow_view *v, pfn_t pfn, vaddr_t addr)
{
	const struct pg_format *f = v->m[BEFORE]->fmt;

	for (unsigned k = 0; k < NR_SIDES; k++) {
		pte_t pte = entry_of(v, BEFORE, k, addr);

		if (pte_present(f, pte) && pte_pfn(f, pte) == pfn)
			return true;
	}
	return false;
}

static void draw_frame(const struct cow_view *v, enum moment when, pfn_t pfn,
		       vaddr_t addr, struct svg_box b)
{
	const struct machine *m = v->m[when];
	bool fresh = when == AFTER && !was_mapped(v, pfn, addr);
	char bytes[24], count[24] = "";

	bytes_words(m, pfn, bytes);
	if (pfn != m->zero_pfn) /* nobody counts the zero page's mappings */
		snprintf(count, sizeof(count), "x%d ",
			 page_mapcount(pfn_to_page(m, pfn)));
	svg_cell(v->s, b, frame_fill(m, pfn),
		 SVG_SMALL | SVG_MONO | (fresh ? SVG_THICK | SVG_ACCENT : 0),
		 "frame %05x %s%s", pfn, count, bytes);
}

/* One page in one panel: entries at the sides, one or two frames between. */
static void draw_page(const struct cow_view *v, enum moment when, unsigned row)
{
	const struct svg_box *p = &v->panel[when];
	int h = 2 * svg_line_height(v->s, SVG_SMALL | SVG_MONO) + 6;
	int cell = svg_line_height(v->s, SVG_SMALL | SVG_MONO) + 6;
	int y = p->y + v->head + (int)row * v->pitch + v->pitch / 2;
	int left = p->x, right = p->x + p->w - v->pte_w;
	struct svg_box frame = {p->x + v->pte_w + v->gap, 0, v->frame_w, cell};
	const struct pg_format *f = v->m[when]->fmt;
	pfn_t pfn[NR_SIDES];

	for (unsigned k = 0; k < NR_SIDES; k++) {
		pte_t pte = entry_of(v, when, k, v->page[row]);

		draw_pte(v, when, k, v->page[row],
			 (struct svg_box){k ? right : left, y - h / 2, v->pte_w,
					  h});
		pfn[k] = pte_present(f, pte) ? pte_pfn(f, pte) : 0;
	}
	for (unsigned k = 0; k < NR_SIDES; k++) {
		bool apart = pfn[PARENT] && pfn[CHILD] &&
			     pfn[PARENT] != pfn[CHILD];
		int middle = !apart ? y : k ? y + cell / 2 + 3
					    : y - cell / 2 - 3;

		if (!pfn[k])
			continue;
		frame.y = middle - cell / 2;
		if (apart || !k || !pfn[PARENT])
			draw_frame(v, when, pfn[k], v->page[row], frame);
		if (k)
			svg_line(v->s, right, y, frame.x + frame.w, middle,
				 SVG_ARROW);
		else
			svg_line(v->s, left + v->pte_w, y, frame.x, middle,
				 SVG_ARROW);
	}
}

static void draw_process(const struct cow_view *v, enum moment when,
			 enum side who, struct svg_box b)
{
	const struct task_struct *t = v->task[when][who];
	char text[120];

	if (t) {
		svg_text(v->s, b, SVG_BOLD, "%u %s", t->pid, t->comm);
	} else if (v->pid[who]) {
		snprintf(text, sizeof(text), figure_text(v->o, FT_NO_PROCESS),
			 v->pid[who]);
		svg_text(v->s, b, SVG_MUTED, "%s", text);
	}
}

static void draw_panel(const struct cow_view *v, enum moment when,
		       const char *title)
{
	const struct svg_box *p = &v->panel[when];
	int line = svg_line_height(v->s, 0) + 4;
	struct svg_box b = {p->x, p->y, p->w, line};

	svg_cell(v->s, b, SVG_HEAD, SVG_BOLD, "%s", title);
	b.y += line;
	b.w = v->pte_w + v->gap + 60;
	draw_process(v, when, PARENT, b);
	b.x = p->x + p->w - b.w;
	draw_process(v, when, CHILD, b);
	for (unsigned i = 0; i < v->nr_rows; i++)
		draw_page(v, when, i);
}

/* ---- the figure ---- */

static void place(struct cow_view *v, struct svg_box room)
{
	const unsigned mono = SVG_SMALL | SVG_MONO;
	int h = 2 * svg_line_height(v->s, mono) + 20;
	int w = (room.w - 32) / 2, least;

	v->panel[BEFORE] = (struct svg_box){room.x, room.y, w, room.h};
	v->panel[AFTER] = (struct svg_box){room.x + room.w - w, room.y, w,
					   room.h};
	v->head = 2 * (svg_line_height(v->s, 0) + 4) + 4;
	v->pte_w = svg_text_width(v->s, "RW=0 A=0 D=0", mono) + 16;
	least = svg_text_width(v->s, "frame 00000 x2 \"12345678\"", mono) + 8;
	v->frame_w = min_t(int, w - 2 * v->pte_w - 60, least);
	v->gap = (w - 2 * v->pte_w - v->frame_w) / 2;
	v->fit = (unsigned)max_t(int, 1, (room.h - v->head) / h);
	v->fit = min_t(unsigned, v->fit, MAX_ROWS);
	collect_pages(v);
	v->pitch = min_t(int, (room.h - v->head) / (int)v->nr_rows, 2 * h);
}

/* What the fault handler did between the points. */
static void draw_note(const struct cow_view *v, struct svg_box *room)
{
	const uint64_t *a = v->m[BEFORE]->stats.faults;
	const uint64_t *b = v->m[AFTER]->stats.faults;
	char copied[SVG_NUMBER_LEN], reused[SVG_NUMBER_LEN];

	figure_note(v->s, room, figure_text(v->o, FT_COW_NOTE),
		    svg_number(b[FAULT_WP_COPY] - a[FAULT_WP_COPY], copied),
		    svg_number(b[FAULT_WP_REUSE] - a[FAULT_WP_REUSE], reused));
}

static void draw_legend(const struct cow_view *v, struct svg_box *room)
{
	const struct figure_key key[] = {
		{SVG_ANON, figure_text(v->o, FT_BACKED_ANON)},
		{SVG_FILE, figure_text(v->o, FT_BACKED_FILE)},
		{SVG_PCP, figure_text(v->o, FT_ZERO_PAGE)},
	};

	figure_legend(v->s, room, key, ARRAY_SIZE(key));
}

int figure_cow(const struct machine *m, const struct figure_options *o,
	       struct svg *s)
{
	struct cow_view v = {.o = o, .s = s, .m = {o->before, m}};
	char n[SVG_NUMBER_LEN], text[300];
	struct svg_box room, more;

	if (!o->before)
		return figure_cannot(s, "expected a point before, to compare with");
	choose_pair(&v);
	if (!choose_area(&v))
		return figure_cannot(s, "process %u has no pages of a private area that could be copied%s",
				     o->task->pid,
				     o->has_address ? " at this address" : "");
	room = figure_begin(s, m, o, figure_text(o, FT_COW));
	draw_legend(&v, &room);
	draw_note(&v, &room);
	more = room;
	more.h -= svg_line_height(s, SVG_SMALL) + 6;
	place(&v, more);
	if (v.all_pages > v.nr_rows)
		figure_note(s, &room, figure_text(o, FT_MORE_PAGES),
			    svg_number(v.all_pages - v.nr_rows, n));
	snprintf(text, sizeof(text), figure_text(o, FT_BEFORE),
		 o->before_where ? o->before_where : "");
	draw_panel(&v, BEFORE, text);
	snprintf(text, sizeof(text), figure_text(o, FT_AFTER),
		 o->where ? o->where : "");
	draw_panel(&v, AFTER, text);
	figure_end(s);
	return 0;
}
