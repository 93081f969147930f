/*
 * figure_space.c - address-space: the areas of a process, high addresses on top.
 *
 *              +--------------------+
 *   c0000000   |  kernel            |
 *              +--------------------+
 *   bffdf000   |  rw-p [stack]      |  132 KiB, 3 pages present, grows down
 *              +--------------------+
 *                  2.8 GiB not mapped
 *              +--------------------+
 *   080f5000   |  rw-p [heap]       |  brk 08116000
 *   08048000   |  r-xp /bin/bash    |
 *              +--------------------+
 *   00000000
 *
 * Boxes are of equal height: the picture is about order, not about size. What
 * does not fit into one column goes on in the next; what does not fit into
 * three is left out in the middle, and counted.
 *
 * In a series each area that there ever is, and each hole above one, has its
 * place (slots); where it is not there at the moment, the place is empty. An
 * area is known again by its start, a stack by its end.
 */
#include "core/pgtable.h"
#include "formats/area.h"
#include "formats/figure.h"

#define ROW 36
#define MIN_ROW 24
#define MAX_COLUMNS 3

/* From the top down. */
enum item_kind { KERNEL_SPACE, AREA, HOLE, HIDDEN, BOTTOM };
struct item {
	enum item_kind kind;
	const struct vm_area_struct *vma; /* NULL: an empty slot of a series */
	vaddr_t start, end;
	uint64_t areas; /* HIDDEN: how many; end: their bytes */
};

struct space {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	const struct mm_struct *mm;
	struct item *item;
	size_t nr, max;
	struct svg_box box; /* of the next item */
	int address_width;
};

static void add_item(struct space *sp, struct item item)
{
	if (sp->nr == sp->max) {
		size_t max = sp->max ? 2 * sp->max : 64;

		sp->item = host_realloc(&sp->m->host, sp->item,
					sp->max * sizeof(*sp->item),
					max * sizeof(*sp->item));
		sp->max = max;
	}
	sp->item[sp->nr++] = item;
}

static void add_hole(struct space *sp, vaddr_t start, vaddr_t end)
{
	add_item(sp, (struct item){.kind = HOLE, .start = start, .end = end});
}

/* By what an area is known again in a series: the end that does not move. */
static vaddr_t area_key(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_GROWSDOWN ? vma->vm_end - 1 : vma->vm_start;
}

static const struct vm_area_struct *area_of(const struct space *sp,
					    vaddr_t key)
{
	const struct vm_area_struct *vma;

	for_each_vma (vma, sp->mm)
		if (area_key(vma) == key)
			return vma;
	return NULL;
}

static void note_areas(const struct space *sp, struct figure_slots *slots)
{
	const struct vm_area_struct *vma;

	for_each_vma (vma, sp->mm) {
		vaddr_t above = vma->vm_next ? vma->vm_next->vm_start
					     : sp->mm->task_size;

		figure_slot(slots, SPACE_SLOTS, area_key(vma));
		if (vma->vm_end < above)
			figure_slot(slots, HOLE_SLOTS, area_key(vma));
	}
}

static bool has_slot(const struct figure_slot *slot, size_t n, uint64_t key)
{
	for (size_t i = 0; i < n; i++)
		if (slot[i].key == key)
			return true;
	return false;
}

/* All areas from the highest, and the holes that are ever above them. */
static void find_items(struct space *sp, struct figure_slots *slots)
{
	const struct figure_slot *slot, *hole;
	vaddr_t above = sp->mm->task_size;
	size_t n, holes;

	note_areas(sp, slots);
	n = figure_slots_of(slots, SPACE_SLOTS, &slot);
	holes = figure_slots_of(slots, HOLE_SLOTS, &hole);
	add_item(sp, (struct item){.kind = KERNEL_SPACE,
				   .start = sp->m->cfg.page_offset});
	while (n-- > 0) {
		vaddr_t key = slot[n].key;
		const struct vm_area_struct *vma = area_of(sp, key);

		if (has_slot(hole, holes, key))
			add_hole(sp, vma ? vma->vm_end : above, above);
		add_item(sp, (struct item){.kind = AREA, .vma = vma});
		if (vma)
			above = vma->vm_start;
	}
	if (above)
		add_hole(sp, 0, above);
	add_item(sp, (struct item){.kind = BOTTOM});
}

/* Leave out the middle so that at most `room` items stay. */
static void hide_middle(struct space *sp, size_t room)
{
	size_t head = room / 2, tail = room - head - 1, i;
	struct item hidden = {.kind = HIDDEN};

	if (sp->nr <= room)
		return;
	for (i = head; i < sp->nr - tail; i++) {
		const struct item *it = &sp->item[i];

		hidden.areas += it->kind == AREA && it->vma;
		if (it->vma)
			hidden.end += it->vma->vm_end - it->vma->vm_start;
	}
	sp->item[head] = hidden;
	for (i = 0; i < tail; i++)
		sp->item[head + 1 + i] = sp->item[sp->nr - tail + i];
	sp->nr = room;
}

/* ---- numbers ---- */

static uint64_t pages_present(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;
	vaddr_t addr, next;
	uint64_t n = 0;

	for (addr = vma->vm_start; addr < vma->vm_end; addr = next) {
		ptep_t at = pte_table_range(mm, addr, vma->vm_end, &next);

		for (; at && addr < next; addr += PAGE_SIZE(mm->m)) {
			n += pte_present(mm->m->fmt, ptep_get(mm, at));
			at = ptep_next(mm, at);
		}
	}
	return n;
}

/* "2.8 GiB": rounded, for holes and sums. */
static const char *about_bytes(uint64_t n, char buf[SVG_NUMBER_LEN])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB",
					   "PiB"};
	unsigned i = 0;
	uint64_t tenths = n * 10;

	if (n > UINT64_MAX / 10)
		tenths = n / 1024 * 10, i = 1;
	for (; tenths >= 10240 && i + 1 < ARRAY_SIZE(unit); i++)
		tenths /= 1024;
	if (tenths % 10 && tenths < 1000)
		snprintf(buf, SVG_NUMBER_LEN, "%llu.%llu %s",
			 (unsigned long long)tenths / 10,
			 (unsigned long long)tenths % 10, unit[i]);
	else
		snprintf(buf, SVG_NUMBER_LEN, "%llu %s",
			 (unsigned long long)tenths / 10, unit[i]);
	return buf;
}

/* ---- drawing ---- */

static enum svg_fill area_fill(const struct vm_area_struct *vma)
{
	if (vma->vdso)
		return SVG_KERNEL;
	if (!vma->vm_file)
		return SVG_ANON;
	return vma->vm_flags & VM_EXEC ? SVG_FILE : SVG_SLAB;
}

static void draw_address(const struct space *sp, vaddr_t addr, int y)
{
	int h = svg_line_height(sp->s, SVG_SMALL);

	svg_text(sp->s,
		 (struct svg_box){sp->box.x, y - h, sp->address_width, h},
		 SVG_SMALL | SVG_MONO | SVG_RIGHT, "%08llx",
		 (unsigned long long)addr);
}

/* The part of a column beside the addresses: the box, and the words behind. */
static struct svg_box area_box(const struct space *sp)
{
	int rest = sp->box.w - sp->address_width;

	return (struct svg_box){sp->box.x + sp->address_width, sp->box.y,
				rest * 55 / 100, sp->box.h};
}

static struct svg_box words_box(const struct space *sp)
{
	struct svg_box b = area_box(sp);

	return (struct svg_box){b.x + b.w + 4, b.y,
				sp->box.x + sp->box.w - b.x - b.w - 8, b.h};
}

/* "132 KiB, 3 pages present, brk ..." beside the box: two lines if they fit. */
static void draw_words(const struct space *sp, const struct vm_area_struct *vma)
{
	char size[SVG_NUMBER_LEN], pages[SVG_NUMBER_LEN], text[120], more[60];
	int line = svg_line_height(sp->s, SVG_SMALL);
	struct svg_box b = words_box(sp);

	snprintf(text, sizeof(text), figure_text(sp->o, FT_RESIDENT),
		 svg_bytes(vma->vm_end - vma->vm_start, size),
		 svg_number(pages_present(vma), pages));
	*more = '\0';
	if (vma->vm_flags & VM_GROWSDOWN)
		snprintf(more, sizeof(more), "%s",
			 figure_text(sp->o, FT_GROWS_DOWN));
	else if (sp->mm->brk > sp->mm->start_brk &&
		 vma->vm_start < sp->mm->brk && vma->vm_end >= sp->mm->brk)
		snprintf(more, sizeof(more), figure_text(sp->o, FT_BREAK_AT),
			 (unsigned long long)sp->mm->brk);
	if (*more && b.h >= 2 * line) {
		b.h /= 2;
		svg_text(sp->s, (struct svg_box){b.x, b.y + b.h, b.w, b.h},
			 SVG_SMALL | SVG_LEFT | SVG_BOLD, "%s", more);
		*more = '\0';
	}
	svg_text(sp->s, b, SVG_SMALL | SVG_LEFT | SVG_MUTED, "%s%s%s", text,
		 *more ? ", " : "", more);
}

static void draw_area(const struct space *sp, const struct item *it)
{
	struct svg_box b = area_box(sp);
	char rights[5];

	if (!it->vma)
		return;
	area_rights(it->vma, rights);
	svg_group(sp->s, "%08llx-%08llx %s %s",
		  (unsigned long long)it->vma->vm_start,
		  (unsigned long long)it->vma->vm_end, rights,
		  area_path(it->vma));
	svg_rect(sp->s, b, area_fill(it->vma), SVG_SQUARE);
	svg_text_on(sp->s,
		    (struct svg_box){b.x, b.y,
				     svg_text_width(sp->s, "rwxp",
						    SVG_MONO | SVG_SMALL) + 8,
				     b.h},
		    area_fill(it->vma), SVG_MONO | SVG_SMALL | SVG_LEFT, "%s",
		    rights);
	b.w -= 44;
	b.x += 44;
	svg_text_on(sp->s, b, area_fill(it->vma),
		    SVG_SMALL | SVG_KEEP_END | SVG_BOLD, "%s",
		    *area_path(it->vma) ? area_path(it->vma)
					: figure_text(sp->o, FT_FRAME_ANON));
	svg_group_end(sp->s);
	draw_words(sp, it->vma);
	draw_address(sp, it->vma->vm_start, b.y + b.h);
}

static void draw_item(struct space *sp, const struct item *it)
{
	char a[SVG_NUMBER_LEN], b[SVG_NUMBER_LEN], text[120];

	switch (it->kind) {
	case KERNEL_SPACE:
		svg_cell(sp->s, area_box(sp), SVG_KERNEL, SVG_SQUARE | SVG_BOLD,
			 "%s", figure_text(sp->o, FT_KERNEL_SPACE));
		svg_text(sp->s, words_box(sp),
			 SVG_SMALL | SVG_LEFT | SVG_MUTED, "%s",
			 figure_text(sp->o, FT_KERNEL_SHARED));
		draw_address(sp, it->start, sp->box.y + sp->box.h);
		break;
	case AREA:
		draw_area(sp, it);
		break;
	case HOLE:
		if (it->start >= it->end)
			break;
		snprintf(text, sizeof(text), figure_text(sp->o, FT_HOLE),
			 about_bytes(it->end - it->start, a));
		svg_cell(sp->s, area_box(sp), SVG_PAPER,
			 SVG_SQUARE | SVG_SMALL | SVG_FAINT | SVG_DASHED |
				 SVG_MUTED, "%s", text);
		break;
	case HIDDEN:
		snprintf(text, sizeof(text),
			 figure_text(sp->o, FT_MORE_HIDDEN_AREAS),
			 svg_number(it->areas, a), about_bytes(it->end, b));
		svg_text(sp->s, area_box(sp), SVG_BOLD, "%s", text);
		break;
	case BOTTOM:
		break;
	}
}

static void draw_items(struct space *sp, struct svg_box room)
{
	size_t fit = (size_t)(room.h / MIN_ROW), columns, rows;
	int width;

	hide_middle(sp, fit * MAX_COLUMNS - 1);
	columns = (sp->nr * ROW > (size_t)room.h) +
		  (sp->nr * ROW > (size_t)room.h * 2) + 1;
	rows = (sp->nr + columns - 1) / columns;
	sp->box.h = room.h / (int)rows;
	sp->box.h = sp->box.h > ROW + 8 ? ROW + 8 : sp->box.h;
	width = room.w / (int)columns;
	sp->address_width = 16 + svg_text_width(sp->s,
		sp->mm->task_size >> 32 ? "7fffffffffff" : "ffffffff",
		SVG_SMALL | SVG_MONO);
	for (size_t i = 0; i < sp->nr; i++) {
		sp->box.x = room.x + (int)(i / rows) * width;
		sp->box.y = room.y + (int)(i % rows) * sp->box.h;
		sp->box.w = width - 12;
		draw_item(sp, &sp->item[i]);
	}
	if (sp->mm->mmap && sp->mm->mmap->vm_start == 0)
		return; /* said by the lowest area */
	draw_address(sp, 0, sp->box.y + svg_line_height(sp->s, SVG_SMALL) / 2);
}

static void draw_space(struct space *sp)
{
	const struct figure_key key[] = {
		{SVG_FILE, figure_text(sp->o, FT_AREA_TEXT_KEY)},
		{SVG_SLAB, figure_text(sp->o, FT_AREA_FILE_KEY)},
		{SVG_ANON, figure_text(sp->o, FT_AREA_ANON_KEY)},
		{SVG_KERNEL, figure_text(sp->o, FT_KERNEL_SPACE)},
	};
	char title[120], text[400], n[SVG_NUMBER_LEN], all[SVG_NUMBER_LEN],
		rss[SVG_NUMBER_LEN];
	struct svg_box room;

	snprintf(title, sizeof(title), figure_text(sp->o, FT_ADDRESS_SPACE),
		 sp->o->task->pid, sp->o->task->comm);
	room = figure_begin(sp->s, sp->m, sp->o, title);
	figure_legend(sp->s, &room, key, ARRAY_SIZE(key));
	snprintf(text, sizeof(text), figure_text(sp->o, FT_SPACE_NOTE),
		 svg_number(sp->mm->map_count, n),
		 about_bytes(sp->mm->total_vm << sp->m->page_shift, all),
		 about_bytes((uint64_t)get_mm_rss(sp->mm) << sp->m->page_shift,
			     rss));
	figure_note(sp->s, &room, "%s", text);
	draw_items(sp, room);
	figure_end(sp->s);
}

int figure_address_space(const struct machine *m,
			 const struct figure_options *o, struct svg *s)
{
	struct figure_slots own = {.host = &m->host};
	struct space sp = {.m = m, .o = o, .s = s, .mm = o->task->mm};

	find_items(&sp, o->slots ? o->slots : &own);
	draw_space(&sp);
	host_free(&m->host, sp.item, sp.max * sizeof(*sp.item));
	host_free(&m->host, own.slot, own.max * sizeof(*own.slot));
	return 0;
}
