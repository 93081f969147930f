/*
 * import_map.c - recorded mappings as events.
 *
 * Each call asks for the address that it got (`fixed`). A range of recorded
 * addresses can have several pieces in the trace (import_place.c), so an event
 * over a range becomes one a piece. A heap is a mapping that grows, unless exec
 * laid it out and brk agrees.
 */
#include "core/mm.h"
#include "trace/import_internal.h"

#include <string.h>
#include <sys/stat.h>

#define STACK_SIZE (UINT64_C(132) << 10) /* what exec maps */

static bool range_ok(uint64_t addr, uint64_t len)
{
	return len && addr < IM_ADDR_MAX && len < IM_ADDR_MAX;
}

/* ---- files ---- */

static uint64_t *declared(struct import *im, uint32_t path)
{
	if (path >= im->nr_file_size) {
		uint32_t nr = 2 * path + 16;

		im->file_size = host_realloc(
			im->host, im->file_size,
			im->nr_file_size * sizeof(*im->file_size),
			nr * sizeof(*im->file_size));
		im->nr_file_size = nr;
	}
	return &im->file_size[path];
}

static uint64_t host_size(const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	return (uint64_t)st.st_size;
}

void im_file_known(struct import *im, uint32_t path, uint64_t size)
{
	uint64_t *known = declared(im, path);

	if (!*known)
		*known = size + 1;
	name_get(im->names, path)->flags |= NAME_FILE;
}

uint64_t im_file(struct import *im, uint32_t path, uint64_t size, uint64_t end)
{
	uint64_t *known = declared(im, path);
	struct event ev;

	if (!*known) {
		if (!size)
			size = host_size(name_text(im->names, path));
		if (!size)
			size = end; /* it is gone, or empty by now */
		memset(&ev, 0, sizeof(ev));
		ev.kind = EV_FILE;
		ev.name = path;
		im_set(&ev, X_LEN, size);
		im_event(im, NULL, &ev);
		im_file_known(im, path, size);
	}
	return *declared(im, path) - 1;
}

/* ---- map ---- */

static void map_event(struct import *im, struct im_process *p,
		      const struct im_mapping *map, uint64_t addr)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MMAP;
	ev.prot = map->prot & 7;
	ev.flags = map->flags | EVF_FIXED;
	im_set(&ev, X_ADDR, addr);
	im_set(&ev, X_LEN, map->len);
	if (map->path) {
		ev.flags |= EVF_FILE;
		ev.name = map->path;
		im_set(&ev, X_ARG, map->offset);
	}
	im_event(im, p, &ev);
}

/* What lies behind the end of its file may be mapped and not accessed. */
static void mark_past_end(struct import *im, struct im_process *p,
			  const struct im_mapping *map,
			  const struct im_area *area, uint64_t size)
{
	uint64_t in_file = size > map->offset ? IM_PAGE_UP(size - map->offset)
					      : 0;
	struct im_area past = *area;

	past.start = area->start + in_file;
	past.flags |= IMA_PAST_END;
	if (in_file < area->end - area->start)
		im_areas_map(im, &p->mm->areas, &past);
}

void im_map(struct import *im, struct im_process *p,
	    const struct im_mapping *map)
{
	struct im_area area = {.start = map->addr, .prot = map->prot & 7};
	uint64_t size = 0;

	if (!range_ok(map->addr, map->len) || map->addr % IM_PAGE ||
	    map->offset % IM_PAGE || map->offset >= IM_ADDR_MAX)
		return;
	area.end = map->addr + IM_PAGE_UP(map->len);
	if (!im_place(im, &p->mm->places, area.start, area.end - area.start,
		      map->place, &area.delta)) {
		im->note[NOTE_NO_PLACE]++;
		im_unmap(im, p, map->addr, map->len);
		area.flags = IMA_LEFT_OUT;
		im_areas_map(im, &p->mm->areas, &area);
		return;
	}
	if (map->path)
		size = im_file(im, map->path, map->file_size,
			       map->offset + map->len);
	map_event(im, p, map, map->addr + (uint64_t)area.delta);
	im_areas_map(im, &p->mm->areas, &area);
	if (map->path)
		mark_past_end(im, p, map, &area, size);
}

/* ---- ranges ---- */

void im_range(struct import *im, struct im_process *p, struct event *ev,
	      uint64_t addr, uint64_t len)
{
	struct im_areas *a = &p->mm->areas;
	uint64_t end = addr + IM_PAGE_UP(len);
	unsigned i;

	if (!range_ok(addr, len))
		return;
	for (im_area_find(a, addr, &i); i < a->nr && a->tab[i].start < end;) {
		const struct im_area *area = &a->tab[i];
		uint64_t from = max_t(uint64_t, area->start, addr), to;
		int64_t delta = area->delta;
		bool left_out = area->flags & IMA_LEFT_OUT;

		do
			to = a->tab[i++].end;
		while (i < a->nr && a->tab[i].start == to && to < end &&
		       a->tab[i].delta == delta &&
		       !(a->tab[i].flags & IMA_LEFT_OUT) == !left_out);
		if (left_out)
			continue;
		im_set(ev, X_ADDR, from + (uint64_t)delta);
		im_set(ev, X_LEN, min_t(uint64_t, to, end) - from);
		im_event(im, p, ev);
	}
}

void im_unmap(struct import *im, struct im_process *p, uint64_t addr,
	      uint64_t len)
{
	struct event ev;

	if (!range_ok(addr, len))
		return;
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MUNMAP;
	im_range(im, p, &ev, addr, len);
	im_areas_unmap(im, &p->mm->areas, addr, addr + IM_PAGE_UP(len));
}

void im_protect(struct import *im, struct im_process *p, uint64_t addr,
		uint64_t len, unsigned prot)
{
	struct event ev;

	if (!range_ok(addr, len))
		return;
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MPROTECT;
	ev.prot = prot & 7;
	im_range(im, p, &ev, addr, len);
	im_areas_protect(im, &p->mm->areas, addr, addr + IM_PAGE_UP(len),
			 prot & 7);
}

/* mremap. A place that cannot be had: what was there is gone all the same. */
void im_move(struct import *im, struct im_process *p, uint64_t old,
	     uint64_t old_len, uint64_t to, uint64_t len)
{
	const struct im_area *from = im_area_find(&p->mm->areas, old, NULL);
	struct im_area area;
	struct event ev;

	if (!from || !range_ok(old, old_len) || !range_ok(to, len) ||
	    to % IM_PAGE)
		return;
	area = *from;
	area.start = to;
	area.end = to + IM_PAGE_UP(len);
	if (from->flags & IMA_LEFT_OUT ||
	    !im_place(im, &p->mm->places, to, area.end - to, PLACE_MMAP,
		      &area.delta)) {
		im->note[NOTE_NO_PLACE]++;
		im_unmap(im, p, old, old_len);
		area.flags |= IMA_LEFT_OUT;
		im_areas_map(im, &p->mm->areas, &area);
		return;
	}
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MREMAP;
	ev.flags = EVF_MAYMOVE;
	im_set(&ev, X_ADDR, old + (uint64_t)from->delta);
	im_set(&ev, X_LEN, old_len);
	im_set(&ev, X_ARG, len);
	if (to != old) {
		ev.flags |= EVF_FIXED;
		im_set(&ev, X_ADDR2, to + (uint64_t)area.delta);
	}
	im_event(im, p, &ev);
	im_areas_unmap(im, &p->mm->areas, old, old + IM_PAGE_UP(old_len));
	im_areas_map(im, &p->mm->areas, &area);
}

/* ---- heap and stack ---- */

static void heap_to(struct import *im, struct im_process *p, uint64_t from,
		    uint64_t to)
{
	struct im_mapping map = {.addr = from,
				 .len = to - from,
				 .prot = PROT_READ_EMU | PROT_WRITE_EMU,
				 .place = PLACE_HEAP};

	if (to > from)
		im_map(im, p, &map);
	else if (from > to)
		im_unmap(im, p, to, from - to);
}

static void brk_event(struct import *im, struct im_process *p, uint64_t brk)
{
	struct im_mm *mm = p->mm;
	uint64_t old = IM_PAGE_UP(mm->brk), to = IM_PAGE_UP(brk);
	struct im_area area = {.start = old,
			       .end = to,
			       .prot = PROT_READ_EMU | PROT_WRITE_EMU};
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_BRK;
	im_set(&ev, X_ADDR, brk);
	im_event(im, p, &ev);
	if (to > old)
		im_areas_map(im, &mm->areas, &area);
	else if (old > to)
		im_areas_unmap(im, &mm->areas, to, old);
}

void im_brk(struct import *im, struct im_process *p, uint64_t brk)
{
	struct im_mm *mm = p->mm;

	if (!brk || brk >= IM_ADDR_MAX)
		return;
	if (!mm->brk_seen) { /* elsewhere than exec puts it: it is a mapping */
		mm->brk_seen = true;
		mm->brk_event &= brk == mm->brk;
	} else if (!mm->brk_event) {
		heap_to(im, p, IM_PAGE_UP(mm->brk), IM_PAGE_UP(brk));
	} else if (brk != mm->brk) {
		brk_event(im, p, brk);
	}
	mm->brk = brk;
}

void im_stack(struct import *im, struct im_process *p, uint64_t top)
{
	struct im_mm *mm = p->mm;
	struct im_area area = {.start = top - STACK_SIZE,
			       .end = top,
			       .delta = (int64_t)(im_stack_top(im) - top),
			       .prot = PROT_READ_EMU | PROT_WRITE_EMU,
			       .flags = IMA_GROWSDOWN};

	unsigned next;

	if (top <= STACK_SIZE || top >= IM_ADDR_MAX || mm->stack_hi)
		return;
	/* something else is there: that is no stack */
	if (im_area_find(&mm->areas, area.start, &next) ||
	    (next < mm->areas.nr && mm->areas.tab[next].start < top))
		return;
	im_areas_map(im, &mm->areas, &area);
	mm->stack_lo = area.start;
	mm->stack_hi = top;
}
