/*
 * figure_frames.c - physical memory: physical-map, and how a frame looks.
 *
 *   zone DMA: 0x00000 to 0x00fff, 4,096 frames
 *     00000  ##########....
 *     00400  ..............
 *
 * The map scales by powers of two: a cell stands for as many frames as it takes
 * for the whole machine to fit. A cell of several owners is divided among them
 * in proportion, but nobody who is there gets less than one pixel: on a machine
 * of 64 GiB a process of a few frames is still to be seen.
 */
#include "formats/figure_frames.h"

#include <string.h>

#define CELL 9	 /* pixels a side */
#define MIN_COLUMNS 32
#define CELL_GAP 1

enum svg_fill frame_fill(const struct machine *m, pfn_t pfn,
			 enum frame_owner owner)
{
	const struct page *p = pfn_to_page(m, pfn);

	switch (owner) {
	case OWNER_BUDDY: return SVG_FREE;
	case OWNER_PCP: return SVG_PCP;
	case OWNER_BOOT: return SVG_BOOT;
	case OWNER_SLAB: return SVG_SLAB;
	case OWNER_TABLE: return SVG_TABLE;
	case OWNER_KERNEL: return SVG_KERNEL;
	case OWNER_HOLE: return SVG_NOTHING;
	case OWNER_USER:
		if (PageAnon(p))
			return SVG_ANON;
		return p->mapping ? SVG_FILE : SVG_SWAP;
	default: return SVG_OTHER;
	}
}

const char *frame_fill_text(const struct figure_options *o, enum svg_fill fill)
{
	static const enum figure_word word[NR_SVG_FILLS] = {
		[SVG_NOTHING] = FT_FRAME_HOLE,
		[SVG_FREE] = FT_FRAME_FREE,   [SVG_PCP] = FT_FRAME_PCP,
		[SVG_ANON] = FT_FRAME_ANON,   [SVG_FILE] = FT_FRAME_FILE,
		[SVG_SLAB] = FT_FRAME_SLAB,   [SVG_TABLE] = FT_FRAME_TABLE,
		[SVG_KERNEL] = FT_FRAME_KERNEL, [SVG_SWAP] = FT_FRAME_SWAP,
		[SVG_BOOT] = FT_FRAME_BOOT,   [SVG_OTHER] = FT_FRAME_OTHER,
	};

	return figure_text(o, word[fill]);
}

unsigned figure_zones(const struct machine *m, const struct figure_options *o,
		      struct svg *s, const struct zone *zones[MAX_NR_ZONES])
{
	const struct zone *z;
	unsigned n = 0;

	for_each_zone (z, m)
		if (z->managed_pages && (!o->zone || !strcmp(o->zone, z->name)))
			zones[n++] = z;
	if (!n)
		figure_cannot(s, "there is no zone %s with memory",
			      o->zone ? o->zone : "");
	return n;
}

/* ---- physical-map ---- */

struct map {
	const struct machine *m;
	struct svg *s;
	const struct figure_options *o;
	uint64_t frames[NR_SVG_FILLS]; /* counted, of all zones */
	unsigned shift;		       /* a cell is 1 << shift frames */
	int columns;		       /* cells a row */
	struct svg_box box;	       /* of the zone's cells */
	pfn_t start, end;	       /* of the zone, cells aligned */
	/* the cell being filled, and the run of equal ones before it */
	uint64_t cell;
	uint32_t share[NR_SVG_FILLS];
	uint64_t run_from;
	enum svg_fill run_fill;
};

static struct svg_box cell_box(const struct map *map, uint64_t cell, uint64_t n)
{
	return (struct svg_box){
		map->box.x + (int)(cell % (unsigned)map->columns) * CELL,
		map->box.y + (int)(cell / (unsigned)map->columns) * CELL,
		(int)n * CELL - CELL_GAP, CELL - CELL_GAP};
}

/* Cells [run_from, to) look alike; a rectangle for each row of them. */
static void flush_run(struct map *map, uint64_t to)
{
	uint64_t at = map->run_from, columns = (uint64_t)map->columns;

	while (at < to && map->run_fill != SVG_NOTHING) {
		uint64_t row_end = (at / columns + 1) * columns;
		uint64_t n = (row_end < to ? row_end : to) - at;

		svg_rect(map->s, cell_box(map, at, n), map->run_fill,
			 SVG_SQUARE | SVG_NO_EDGE);
		at += n;
	}
	map->run_from = to;
	map->run_fill = SVG_NOTHING;
}

/* Strips side by side; those that would vanish take from the largest. */
static void draw_mixed(struct map *map, uint64_t cell)
{
	struct svg_box b = cell_box(map, cell, 1);
	int w[NR_SVG_FILLS] = {0}, sum = 0, largest = 0;

	for (int i = 0; i < NR_SVG_FILLS; i++) {
		if (!map->share[i])
			continue;
		w[i] = (int)((uint64_t)map->share[i] * (unsigned)b.w >> map->shift);
		w[i] = w[i] ? w[i] : 1;
		sum += w[i];
		largest = map->share[i] > map->share[largest] ? i : largest;
	}
	w[largest] += b.w - sum;
	for (int i = 0; i < NR_SVG_FILLS; i++) {
		b.w = w[i];
		if (b.w > 0 && i != SVG_NOTHING)
			svg_rect(map->s, b, (enum svg_fill)i,
				 SVG_SQUARE | SVG_NO_EDGE);
		b.x += w[i] > 0 ? w[i] : 0;
	}
}

/* The cell is complete. */
static void end_cell(struct map *map)
{
	enum svg_fill only = SVG_NOTHING;
	unsigned owners = 0;

	for (unsigned i = 0; i < NR_SVG_FILLS; i++) {
		if (!map->share[i])
			continue;
		only = (enum svg_fill)i;
		owners++;
	}
	if (owners > 1 || only != map->run_fill)
		flush_run(map, map->cell);
	if (owners > 1) {
		draw_mixed(map, map->cell);
		map->run_from = map->cell + 1;
	} else {
		map->run_fill = only;
	}
	memset(map->share, 0, sizeof(map->share));
	map->cell++;
}

static void map_run(void *ctx, pfn_t pfn, uint32_t nr, enum frame_owner owner)
{
	struct map *map = ctx;
	enum svg_fill fill = frame_fill(map->m, pfn, owner);

	map->frames[fill] += nr;
	while (nr) {
		uint64_t end = map->start + ((map->cell + 1) << map->shift);
		uint32_t n = end - pfn < nr ? (uint32_t)(end - pfn) : nr;

		map->share[fill] += n;
		pfn += n;
		nr -= n;
		if (pfn == end)
			end_cell(map);
	}
}

static uint64_t zone_cells(const struct zone *z, unsigned shift)
{
	uint64_t last = (uint64_t)zone_end_pfn(z) - 1;

	return (last >> shift) - (z->zone_start_pfn >> shift) + 1;
}

static int zone_rows(const struct map *map, const struct zone *z)
{
	uint64_t columns = (uint64_t)map->columns;

	return (int)((zone_cells(z, map->shift) + columns - 1) / columns);
}

static int map_height(const struct map *map, const struct zone *const *zones,
		      unsigned n)
{
	int h = 0;

	for (unsigned i = 0; i < n; i++)
		h += svg_line_height(map->s, SVG_BOLD) + 6 +
		     zone_rows(map, zones[i]) * CELL;
	return h;
}

/* Numbers of the first frame of every fourth row or so. */
static void draw_row_labels(struct map *map, int rows, int gutter)
{
	int step = (svg_line_height(map->s, SVG_SMALL) + CELL - 1) / CELL + 1;

	for (int row = 0; row < rows; row += step)
		svg_text(map->s,
			 (struct svg_box){map->box.x - gutter,
					  map->box.y + row * CELL - 5, gutter,
					  CELL + 10},
			 SVG_SMALL | SVG_MONO | SVG_RIGHT | SVG_MUTED, "%05llx",
			 (unsigned long long)map->start +
				 ((uint64_t)(row * map->columns) << map->shift));
}

/* Below the cells, so that free ones are seen as cells. */
static void draw_grid(struct map *map, uint64_t cells)
{
	struct svg_box b = map->box;
	int rest = (int)(cells % (unsigned)map->columns);

	b.h = (int)(cells / (unsigned)map->columns) * CELL;
	if (b.h)
		svg_rect(map->s, b, SVG_HEAD, SVG_NO_EDGE | SVG_SQUARE);
	b.y += b.h;
	b.h = CELL;
	b.w = rest * CELL;
	if (rest)
		svg_rect(map->s, b, SVG_HEAD, SVG_NO_EDGE | SVG_SQUARE);
}

/* Equal neighbours were drawn as one: lines between all cells. */
static void draw_columns(struct map *map)
{
	for (int i = 1; i <= map->columns; i++)
		svg_rect(map->s,
			 (struct svg_box){map->box.x + i * CELL - CELL_GAP,
					  map->box.y, CELL_GAP, map->box.h},
			 SVG_HEAD, SVG_NO_EDGE | SVG_SQUARE);
}

static void draw_map_zone(struct map *map, const struct zone *z,
			  struct svg_box *room, int gutter)
{
	int head = svg_line_height(map->s, SVG_BOLD), rows;
	char number[SVG_NUMBER_LEN], text[160];

	snprintf(text, sizeof(text), figure_text(map->o, FT_ZONE_SPAN), z->name,
		 (unsigned long long)z->zone_start_pfn,
		 (unsigned long long)zone_end_pfn(z) - 1,
		 svg_number(z->spanned_pages, number));
	svg_text(map->s, (struct svg_box){room->x - 4, room->y, room->w, head},
		 SVG_BOLD | SVG_LEFT, "%s", text);
	rows = zone_rows(map, z);
	map->box = (struct svg_box){room->x + gutter, room->y + head,
				    map->columns * CELL, rows * CELL};
	map->start = (pfn_t)ALIGN_DOWN(z->zone_start_pfn, 1ull << map->shift);
	map->share[SVG_NOTHING] = z->zone_start_pfn - map->start;
	map->cell = map->run_from = 0;
	map->run_fill = SVG_NOTHING;
	draw_row_labels(map, rows, gutter);
	draw_grid(map, zone_cells(z, map->shift));
	svg_group(map->s, "%s", z->name);
	walk_owners(map->m, z, map_run, map);
	if (zone_end_pfn(z) & ((1ull << map->shift) - 1))
		end_cell(map);
	flush_run(map, map->cell);
	draw_columns(map);
	svg_group_end(map->s);
	room->y += head + map->box.h + 6;
}

static void count_run(void *ctx, pfn_t pfn, uint32_t nr, enum frame_owner owner)
{
	struct map *map = ctx;

	map->frames[frame_fill(map->m, pfn, owner)] += nr;
}

/* Everyone who owns frames, with their number. */
static void draw_map_legend(struct map *map, struct svg_box *room)
{
	struct figure_key key[NR_SVG_FILLS];
	char text[NR_SVG_FILLS][120], number[SVG_NUMBER_LEN];
	unsigned n = 0;

	for (unsigned i = SVG_FREE; i < NR_SVG_FILLS; i++) {
		if (!map->frames[i])
			continue;
		snprintf(text[n], sizeof(text[n]), "%s: %s",
			 frame_fill_text(map->o, (enum svg_fill)i),
			 svg_number(map->frames[i], number));
		key[n] = (struct figure_key){(enum svg_fill)i, text[n]};
		n++;
	}
	figure_legend(map->s, room, key, n);
	memset(map->frames, 0, sizeof(map->frames));
}

int figure_physical_map(const struct machine *m, const struct figure_options *o,
			struct svg *s)
{
	struct map map = {.m = m, .s = s, .o = o};
	const struct zone *zones[MAX_NR_ZONES];
	unsigned n = figure_zones(m, o, s, zones);
	char number[SVG_NUMBER_LEN], bytes[SVG_NUMBER_LEN], text[160];
	struct svg_box room;
	int gutter;

	if (!n)
		return -EINVAL;
	room = figure_begin(s, m, o, figure_text(o, FT_PHYSICAL_MAP));
	for (unsigned i = 0; i < n; i++)
		walk_owners(m, zones[i], count_run, &map);
	draw_map_legend(&map, &room);
	room.h -= svg_line_height(s, SVG_SMALL) + 6; /* the note below */
	gutter = svg_text_width(s, "fffffff", SVG_SMALL | SVG_MONO) + 12;
	map.columns = MIN_COLUMNS;
	while (2 * map.columns * CELL + gutter <= room.w)
		map.columns *= 2;
	while (map_height(&map, zones, n) > room.h)
		map.shift++;
	room.h += svg_line_height(s, SVG_SMALL) + 6;
	snprintf(text, sizeof(text),
		 figure_text(o, map.shift ? FT_CELL_IS : FT_CELL_IS_ONE),
		 svg_number(1ull << map.shift, number),
		 svg_bytes(PAGE_SIZE(m) << map.shift, bytes));
	figure_note(s, &room, "%s", text);
	for (unsigned i = 0; i < n; i++)
		draw_map_zone(&map, zones[i], &room, gutter);
	figure_end(s);
	return 0;
}
