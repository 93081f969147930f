/*
 * figure_slab.c - slab and free-list: the objects of one cache on their frames.
 *
 *   full     --+- f803 |D|##|##|##|##|##|..|      a slab: a strip to scale,
 *   partial  --+- f804 |D|##|  |##|  |  |..|      D descriptor and colour,
 *              +- f811 |D|  |##|  |  |  |..|      .. what is left over
 *   free     --+- f80a |D|  |  |  |  |  |..|
 *
 * free-list draws the same strips, with each free object's place in the order
 * in which kmem_cache_alloc() would hand them out: the per-CPU array from its
 * top, then the partial slabs' chains, then the free slabs'. It marks slabs
 * without any user's object: a plain list of objects would not show them.
 *
 * In a series a slab keeps its row (slots, by frame number), and the list above
 * takes as much room as it ever needs.
 */
#include "core/slab_internal.h"
#include "formats/figure.h"

#include <string.h>

#define ROW 56
#define MIN_ROW 30
#define MAX_NUMBERED 4096u

enum slab_list { FULL, PARTIAL, FREE, NR_SLAB_LISTS };

struct slab_row {
	const struct slab *slab; /* NULL: not there at this point of a series */
	enum slab_list list;
};

struct slabs {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	const struct kmem_cache *c;
	struct slab_row *row; /* room for so many */
	size_t nr, room;
	kva_t *order; /* free objects as they are handed out; free-list only */
	size_t nr_order;
	int label, right; /* widths beside the strips */
};

static const char *const list_name[NR_SLAB_LISTS] = {"slabs_full",
						     "slabs_partial",
						     "slabs_free"};

/* ---- which cache ---- */

static bool of_boot(const struct machine *m, const struct kmem_cache *c)
{
	for (unsigned i = 0; i < m->cfg.nr_caches; i++)
		if (!strcmp(m->cfg.caches[i].name, c->name))
			return true;
	for (unsigned i = 0; i < KMALLOC_MAX_CACHES; i++)
		if (m->kmalloc.normal[i] == c || m->kmalloc.dma[i] == c)
			return true;
	return c == m->kmem_cache_cache;
}

/* Without a name: the newest that the trace made, else vm_area_struct. */
static const struct kmem_cache *choose_cache(const struct machine *m,
					     const struct figure_options *o,
					     struct svg *s)
{
	const struct kmem_cache *c, *found = NULL;

	if (o->cache) {
		found = kmem_cache_find(m, o->cache);
		if (!found)
			figure_cannot(s, "there is no slab cache %s", o->cache);
		return found;
	}
	list_for_each_entry(c, &m->slab_caches, list)
		if (!found && !of_boot(m, c))
			found = c;
	if (!found)
		found = m->caches.vm_area_struct;
	if (!found)
		figure_cannot(s, "this machine has no vm_area_struct cache, expected --cache NAME");
	return found;
}

/* ---- rows ---- */

static const struct list_head *list_of(const struct kmem_cache *c,
				       enum slab_list list)
{
	return list == FULL ? &c->slabs_full :
	       list == PARTIAL ? &c->slabs_partial : &c->slabs_free;
}

static void fill_row(struct slabs *sl, struct slab_row *row, pfn_t pfn)
{
	const struct slab *slab;

	*row = (struct slab_row){NULL, FULL};
	for (unsigned l = 0; l < NR_SLAB_LISTS; l++)
		list_for_each_entry(slab, list_of(sl->c, l), list)
			if (slab->pfn == pfn)
				*row = (struct slab_row){slab, l};
}

/* By list; in a series all that ever are, by frame. */
static void find_rows(struct slabs *sl)
{
	struct figure_slots *slots = sl->o->slots;
	const struct figure_slot *slot;
	const struct slab *slab;
	size_t n = sl->c->nr_slabs;

	if (slots) {
		for (unsigned l = 0; l < NR_SLAB_LISTS; l++)
			list_for_each_entry(slab, list_of(sl->c, l), list)
				figure_slot(slots, SLAB_SLOTS, slab->pfn);
		n = figure_slots_of(slots, SLAB_SLOTS, &slot);
	}
	sl->room = n + NR_SLAB_LISTS; /* an empty list has a row, too */
	sl->row = host_alloc(&sl->m->host, sl->room * sizeof(*sl->row));
	sl->nr = n;
	if (slots) {
		for (size_t i = 0; i < n; i++)
			fill_row(sl, &sl->row[i], (pfn_t)slot[i].key);
		return;
	}
	n = 0;
	for (unsigned l = 0; l < NR_SLAB_LISTS; l++) {
		if (list_empty(list_of(sl->c, l)))
			sl->row[n++] = (struct slab_row){NULL, l};
		list_for_each_entry(slab, list_of(sl->c, l), list)
			sl->row[n++] = (struct slab_row){slab, l};
	}
	sl->nr = n;
}

static void free_rows(struct slabs *sl)
{
	host_free(&sl->m->host, sl->row, sl->room * sizeof(*sl->row));
}

/* ---- one object ---- */

enum object_state { HELD, CACHED, FREE_OBJECT };

static bool in_array(const struct kmem_cache *c, kva_t obj)
{
	for (uint32_t i = 0; i < c->ac.avail; i++)
		if (c->ac.entry[i] == obj)
			return true;
	return false;
}

static enum object_state object_state(const struct slab *slab, uint32_t i)
{
	if (slab_held(slab, i))
		return HELD;
	return in_array(slab->cachep, index_to_obj(slab, i)) ? CACHED
							      : FREE_OBJECT;
}

static uint32_t held_objects(const struct slab *slab)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < slab->cachep->num; i++)
		n += slab_held(slab, i);
	return n;
}

/* ---- a strip ---- */

static const enum svg_fill state_fill[] = {
	[HELD] = SVG_SLAB, [CACHED] = SVG_PCP, [FREE_OBJECT] = SVG_FREE};

/* Bytes [from, to) of the slab as pixels of its strip. */
static struct svg_box part(const struct slab *slab, struct svg_box b,
			   uint64_t from, uint64_t to)
{
	uint64_t all = (uint64_t)slab->cachep->m->page_size
		       << slab->cachep->gfporder;
	int x = (int)(from * (unsigned)b.w / all);

	return (struct svg_box){b.x + x, b.y,
				(int)(to * (unsigned)b.w / all) - x, b.h};
}

/* The place of a free object in the order, from 1; 0: it has none. */
static size_t place_in_order(const struct slabs *sl, kva_t obj)
{
	for (size_t i = 0; i < sl->nr_order; i++)
		if (sl->order[i] == obj)
			return i + 1;
	return 0;
}

static void draw_objects(const struct slabs *sl, const struct slab *slab,
			 struct svg_box strip)
{
	const struct kmem_cache *c = slab->cachep;
	uint64_t first = slab->s_mem -
			 page_address(sl->m, pfn_to_page(sl->m, slab->pfn));

	for (uint32_t i = 0; i < c->num; i++) {
		uint64_t from = first + (uint64_t)i * c->size;
		struct svg_box b = part(slab, strip, from, from + c->size);
		size_t place = place_in_order(sl, index_to_obj(slab, i));
		char number[24];

		svg_rect(sl->s, b, state_fill[object_state(slab, i)],
			 SVG_SQUARE);
		if (!place)
			continue;
		/* up to the edges of the object */
		snprintf(number, sizeof(number), "%zu", place);
		b = (struct svg_box){b.x - 3, b.y, b.w + 6, b.h};
		if (svg_text_width(sl->s, number, SVG_SMALL) + 8 <= b.w)
			svg_text_on(sl->s, b, state_fill[object_state(slab, i)],
				    SVG_SMALL, "%s", number);
	}
}

/* Ticks where one frame ends and the next begins. */
static void draw_frame_borders(const struct slab *slab, struct svg *s,
			       struct svg_box strip)
{
	for (uint32_t i = 1; i < 1u << slab->cachep->gfporder; i++) {
		uint64_t at = (uint64_t)i * slab->cachep->m->page_size;
		int x = part(slab, strip, at, at).x;

		svg_line(s, x, strip.y - 4, x, strip.y + strip.h + 4,
			 SVG_THICK);
	}
}

static void draw_strip(const struct slabs *sl, const struct slab *slab,
		       struct svg_box strip)
{
	const struct kmem_cache *c = slab->cachep;
	uint64_t first = slab->s_mem -
			 page_address(sl->m, pfn_to_page(sl->m, slab->pfn));

	svg_group(sl->s, "slab at frame %05x: %u of %u objects in use",
		  slab->pfn, slab->inuse, c->num);
	svg_rect(sl->s, strip, SVG_OTHER, SVG_SQUARE);
	if (first)
		svg_rect(sl->s, part(slab, strip, 0, first), SVG_BOOT,
			 SVG_SQUARE);
	draw_objects(sl, slab, strip);
	draw_frame_borders(slab, sl->s, strip);
	svg_group_end(sl->s);
}

/* Left of a strip its list and frame, right of it what is in use. */
static void draw_row(const struct slabs *sl, const struct slab_row *row,
		     bool begins, struct svg_box b)
{
	int frame = svg_text_width(sl->s, "00fffff", SVG_SMALL | SVG_MONO) + 8;
	struct svg_box strip = {b.x + sl->label + frame + 6, b.y + 6,
				b.w - sl->label - frame - sl->right - 12,
				b.h - 12};
	int x = b.x + sl->label - 8, y = b.y + b.h / 2;

	if (begins)
		svg_text(sl->s,
			 (struct svg_box){b.x - 4, b.y, sl->label - 8, b.h},
			 SVG_BOLD | SVG_SMALL | SVG_LEFT, "%s",
			 list_name[row->list]);
	else
		svg_line(sl->s, x, y - b.h, x, y, 0);
	if (!row->slab) {
		svg_text(sl->s,
			 (struct svg_box){b.x + sl->label, b.y, b.w / 2, b.h},
			 SVG_SMALL | SVG_LEFT | SVG_MUTED, "%s",
			 figure_text(sl->o, FT_NO_SLABS));
		return;
	}
	svg_line(sl->s, begins ? x - 8 : x, y, x + 10, y, SVG_ARROW);
	svg_text(sl->s,
		 (struct svg_box){b.x + sl->label, b.y, frame, b.h},
		 SVG_SMALL | SVG_MONO | SVG_RIGHT, "%05x", row->slab->pfn);
	draw_strip(sl, row->slab, strip);
	b.x += b.w - sl->right;
	b.w = sl->right;
	if (sl->order && !held_objects(row->slab)) {
		svg_rect(sl->s,
			 (struct svg_box){strip.x - 3, strip.y - 3,
					  strip.w + 6, strip.h + 6},
			 SVG_NOTHING, SVG_ACCENT | SVG_THICK);
		svg_text(sl->s, b, SVG_SMALL | SVG_BOLD | SVG_LEFT, "%s",
			 figure_text(sl->o, FT_FREE_PAGE));
		return;
	}
	svg_text(sl->s, b, SVG_SMALL | SVG_LEFT | SVG_MUTED, "%u / %u",
		 held_objects(row->slab), sl->c->num);
}

static void draw_more_slabs(const struct slabs *sl, size_t from,
			    struct svg_box b)
{
	char n[SVG_NUMBER_LEN], used[SVG_NUMBER_LEN], all[SVG_NUMBER_LEN];
	uint64_t held = 0, slabs = 0;
	char text[160];

	for (size_t i = from; i < sl->nr; i++) {
		if (!sl->row[i].slab)
			continue;
		held += held_objects(sl->row[i].slab);
		slabs++;
	}
	snprintf(text, sizeof(text), figure_text(sl->o, FT_MORE_SLABS),
		 svg_number(slabs, n), svg_number(held, used),
		 svg_number(slabs * sl->c->num, all));
	b.x += sl->label;
	b.w -= sl->label;
	svg_text(sl->s, b, SVG_LEFT, "%s", text);
}

/* Rows of each list that are shown, when not all fit: each list shows at least
 * its share, and what one does not need the others get. */
static void thin_out(struct slabs *sl, size_t fit)
{
	size_t count[NR_SLAB_LISTS] = {0}, show[NR_SLAB_LISTS] = {0};
	size_t seen[NR_SLAB_LISTS] = {0}, to = 0;
	struct slab_row *rest;
	bool grown = true;

	for (size_t i = 0; i < sl->nr; i++)
		count[sl->row[i].list]++;
	for (size_t left = fit; left && grown;) {
		grown = false;
		for (unsigned l = 0; l < NR_SLAB_LISTS && left; l++) {
			if (show[l] == count[l])
				continue;
			show[l]++;
			left--;
			grown = true;
		}
	}
	/* shown ones to the front, the others keep their order behind them */
	rest = host_alloc(&sl->m->host, (sl->nr + 1) * sizeof(*rest));
	for (size_t i = 0, n = 0; i < sl->nr; i++) {
		struct slab_row row = sl->row[i];

		if (seen[row.list]++ < show[row.list])
			sl->row[to++] = row;
		else
			rest[n++] = row;
	}
	memcpy(sl->row + to, rest, (sl->nr - to) * sizeof(*rest));
	host_free(&sl->m->host, rest, (sl->nr + 1) * sizeof(*rest));
}

static void draw_rows(struct slabs *sl, struct svg_box room)
{
	size_t fit = (size_t)(room.h / MIN_ROW), shown = sl->nr;
	struct svg_box b = room;

	sl->label = svg_text_width(sl->s, "slabs_partial",
				   SVG_BOLD | SVG_SMALL) + 30;
	sl->right = svg_text_width(sl->s,
		sl->order ? figure_text(sl->o, FT_FREE_PAGE) : "999 / 999",
		SVG_SMALL | SVG_BOLD) + 12;
	if (shown > fit) {
		shown = fit - 1;
		if (!sl->o->slots)
			thin_out(sl, shown);
	}
	b.h = room.h / (int)(shown < sl->nr ? fit : shown + !shown);
	b.h = b.h > ROW ? ROW : b.h;
	for (size_t i = 0; i < shown; i++, b.y += b.h) {
		const struct slab_row *row = &sl->row[i];

		if (row->slab || !sl->o->slots)
			draw_row(sl, row,
				 sl->o->slots || !i ||
					 row[-1].list != row->list,
				 b);
	}
	if (shown < sl->nr)
		draw_more_slabs(sl, shown, b);
}

static void slab_legend(const struct slabs *sl, struct svg_box *room)
{
	const struct figure_key key[] = {
		{SVG_SLAB, figure_text(sl->o, FT_SLAB_HELD)},
		{SVG_PCP, figure_text(sl->o, FT_SLAB_CACHED)},
		{SVG_FREE, figure_text(sl->o, FT_SLAB_FREE)},
		{SVG_BOOT, figure_text(sl->o, FT_SLAB_DESC)},
		{SVG_OTHER, figure_text(sl->o, FT_SLAB_WASTE)},
	};

	figure_legend(sl->s, room, key, ARRAY_SIZE(key));
}

/* ---- a row of objects as a list ---- */

#define CHAIN_GAP 18 /* between boxes, for an arrow */
#define CHAIN_PITCH 44

struct chain {
	enum svg_fill fill; /* SVG_NOTHING: each as its object is */
	const kva_t *obj;
	size_t nr;
	bool last_first;
};

/* From one box to the next, which may begin a line of its own. */
static void draw_link(struct svg *s, struct svg_box from, struct svg_box to)
{
	int right = from.x + from.w, middle = from.y + from.h / 2;
	int between = (from.y + from.h + to.y) / 2;
	const struct svg_point down[] = {
		{right, middle},
		{right + CHAIN_GAP / 2, middle},
		{right + CHAIN_GAP / 2, between},
		{to.x + to.w / 2, between},
		{to.x + to.w / 2, to.y},
	};

	if (to.y == from.y)
		svg_line(s, right, middle, to.x, middle, SVG_ARROW);
	else
		svg_polyline(s, down, ARRAY_SIZE(down), SVG_ARROW);
}

static void draw_chain_box(const struct slabs *sl, const struct chain *ch,
			   size_t i, struct svg_box b)
{
	kva_t at = ch->obj[ch->last_first ? ch->nr - 1 - i : i];
	enum svg_fill fill = ch->fill;

	if (fill == SVG_NOTHING)
		fill = in_array(sl->c, at) ? SVG_PCP : SVG_FREE;
	svg_cell(sl->s, b, fill, SVG_SMALL | SVG_MONO, "%zu  %08llx", i + 1,
		 (unsigned long long)at);
}

/* In a series as long as it ever gets, so that the slabs stay where they are. */
static size_t longest_chain(const struct slabs *sl, const struct chain *ch)
{
	const struct figure_slot *slot;
	size_t n;

	if (!sl->o->slots)
		return ch->nr;
	figure_slot(sl->o->slots, CHAIN_SLOTS, ch->nr);
	n = figure_slots_of(sl->o->slots, CHAIN_SLOTS, &slot);
	return (size_t)slot[n - 1].key;
}

/* Lines of boxes from left to right, as many as leave room for the slabs below;
 * what does not fit is counted. The room shrinks. */
static void draw_chain(const struct slabs *sl, struct svg_box *room, int h,
		       const struct chain *ch)
{
	int w = 12 + svg_text_width(sl->s, sl->m->fmt->va_bits > 32 ?
				    "000  ffffffffffffffff" : "000  ffffffff",
				    SVG_SMALL | SVG_MONO);
	size_t a_line = (size_t)(room->w - 90) / (size_t)(w + CHAIN_GAP);
	int spare = room->h - (int)min_t(size_t, sl->nr, 100) * ROW;
	size_t wanted = (longest_chain(sl, ch) + a_line - 1) / a_line;
	size_t lines = min_t(size_t, wanted, (size_t)max_t(int, spare, 0) /
						     CHAIN_PITCH);
	size_t fit;
	struct svg_box b = {room->x, room->y, w, h}, next = b;
	char number[SVG_NUMBER_LEN], text[80];

	lines = max_t(size_t, lines, 1);
	fit = min_t(size_t, ch->nr, a_line * lines);
	for (size_t i = 0; i < fit; i++, b = next) {
		draw_chain_box(sl, ch, i, b);
		next.x += w + CHAIN_GAP;
		if ((i + 1) % a_line == 0 && i + 1 < fit) {
			next.x = room->x;
			next.y += CHAIN_PITCH;
		}
		if (i + 1 < fit)
			draw_link(sl->s, b, next);
	}
	if (fit < ch->nr) {
		snprintf(text, sizeof(text), figure_text(sl->o, FT_MORE),
			 svg_number(ch->nr - fit, number));
		b.w = room->x + room->w - b.x;
		svg_text(sl->s, b, SVG_SMALL | SVG_LEFT, "%s", text);
	}
	room->y += (int)lines * CHAIN_PITCH;
	room->h -= (int)lines * CHAIN_PITCH;
}

static void draw_heading(const struct slabs *sl, struct svg_box *room,
			 const char *text)
{
	int h = svg_line_height(sl->s, SVG_BOLD);

	svg_text(sl->s, (struct svg_box){room->x - 4, room->y, room->w, h},
		 SVG_BOLD | SVG_LEFT, "%s", text);
	room->y += h + 4;
	room->h -= h + 4;
}

static void draw_array(const struct slabs *sl, struct svg_box *room)
{
	const struct chain ch = {SVG_PCP, sl->c->ac.entry, sl->c->ac.avail,
				 .last_first = true};
	char text[120];

	snprintf(text, sizeof(text), figure_text(sl->o, FT_SLAB_ARRAY),
		 sl->c->ac.avail, sl->c->ac.limit);
	draw_heading(sl, room, text);
	draw_chain(sl, room, 30, &ch);
}

/* ---- slab ---- */

int figure_slab(const struct machine *m, const struct figure_options *o,
		struct svg *s)
{
	struct slabs sl = {.m = m, .o = o, .s = s, .c = choose_cache(m, o, s)};
	char title[160], text[400];
	struct slabinfo si;
	struct svg_box room;

	if (!sl.c)
		return -EINVAL;
	find_rows(&sl);
	get_slabinfo(sl.c, &si);
	snprintf(title, sizeof(title), figure_text(o, FT_SLAB), sl.c->name);
	room = figure_begin(s, m, o, title);
	slab_legend(&sl, &room);
	snprintf(text, sizeof(text), figure_text(o, FT_SLAB_NUMBERS),
		 sl.c->size, sl.c->object_size, sl.c->num,
		 1u << sl.c->gfporder, si.num_slabs, kmem_cache_live(sl.c),
		 si.num_objs, sl.c->ac.avail);
	figure_note(s, &room, "%s", text);
	draw_array(&sl, &room);
	draw_rows(&sl, room);
	figure_end(s);
	free_rows(&sl);
	return 0;
}

/* ---- free-list ---- */

static void add_to_order(struct slabs *sl, kva_t obj)
{
	if (sl->nr_order < MAX_NUMBERED)
		sl->order[sl->nr_order++] = obj;
}

/* Free objects as kmem_cache_alloc() comes to them. */
static void find_order(struct slabs *sl)
{
	const struct slab *slab;

	sl->order = host_alloc(&sl->m->host, MAX_NUMBERED * sizeof(kva_t));
	for (uint32_t i = sl->c->ac.avail; i-- > 0;)
		add_to_order(sl, sl->c->ac.entry[i]);
	for (unsigned l = PARTIAL; l < NR_SLAB_LISTS; l++)
		list_for_each_entry(slab, list_of(sl->c, l), list)
			for (uint32_t i = slab->free; i != BUFCTL_END;
			     i = slab->bufctl[i])
				add_to_order(sl, index_to_obj(slab, i));
}

static void note_free(const struct slabs *sl, struct svg_box *room)
{
	char n[4][SVG_NUMBER_LEN], text[500];
	uint64_t empty = 0, slabs = 0;

	for (size_t i = 0; i < sl->nr; i++) {
		if (!sl->row[i].slab)
			continue;
		slabs++;
		empty += !held_objects(sl->row[i].slab);
	}
	snprintf(text, sizeof(text), figure_text(sl->o, FT_FREE_NOTE),
		 svg_number(sl->c->free_objects + sl->c->ac.avail, n[0]),
		 svg_number(slabs, n[1]), svg_number(empty, n[2]),
		 svg_number(empty << sl->c->gfporder, n[3]));
	figure_note(sl->s, room, "%s", text);
}

int figure_free_list(const struct machine *m, const struct figure_options *o,
		     struct svg *s)
{
	struct slabs sl = {.m = m, .o = o, .s = s, .c = choose_cache(m, o, s)};
	struct svg_box room;
	char title[160];

	if (!sl.c)
		return -EINVAL;
	find_rows(&sl);
	find_order(&sl);
	snprintf(title, sizeof(title), figure_text(o, FT_FREE_LIST),
		 sl.c->name);
	room = figure_begin(s, m, o, title);
	slab_legend(&sl, &room);
	note_free(&sl, &room);
	draw_heading(&sl, &room, figure_text(o, FT_FREE_HEAD));
	draw_chain(&sl, &room, 34,
		   &(struct chain){SVG_NOTHING, sl.order, sl.nr_order, false});
	draw_heading(&sl, &room, figure_text(o, FT_FREE_OVER));
	draw_rows(&sl, room);
	figure_end(s);
	free_rows(&sl);
	host_free(&m->host, sl.order, MAX_NUMBERED * sizeof(kva_t));
	return 0;
}
