/*
 * figure_sharing.c - sharing: which pages of which processes share a frame.
 *
 *   frame                process 100   process 101
 *   0f803 anonymous       20000000      20000000		shared, read-only
 *   0f804 anonymous       20001000 w			one owner
 *   0128f zero page       20003000
 *
 * Frames that several pages map come first, then the others, each group in the
 * order of the first page that maps it (by PID, then address). What does not
 * fit is counted.
 *
 * In a series the rows are all frames that are mapped at any of its points, by
 * number: those that are ever shared first; the columns all its processes.
 */
#include "core/filemap.h"
#include "core/pgtable.h"
#include "formats/figure_frames.h"
#include "formats/frame_map.h"

#include <stdlib.h>
#include <string.h>

#define ROW 26
#define MAX_PROCESSES 7

struct sharing {
	const struct machine *m;
	const struct figure_options *o;
	struct svg *s;
	struct frame_map fm;
	uint32_t *times;      /* mapped, by frame number of fm */
	pfn_t *row;	      /* the frames in the order of the figure */
	size_t nr, visible;   /* that many are mapped by a shown process */
	uint32_t shared;      /* frames mapped more than once */
	uint32_t pid[MAX_PROCESSES];
	unsigned nr_pids, max_pids, more_pids;
	int label, cell;      /* widths */
};

/* ---- what is shown ---- */

static void add_process(struct sharing *sh, uint32_t pid)
{
	if (sh->nr_pids < sh->max_pids)
		sh->pid[sh->nr_pids++] = pid;
	else
		sh->more_pids++;
}

/* Those that map frames, by PID; in a series all that ever do. */
static void find_processes(struct sharing *sh)
{
	struct figure_slots *slots = sh->o->slots;
	const struct figure_slot *slot;
	uint32_t last = 0;
	size_t n;

	for (size_t i = 0; i < sh->fm.nr; i++) {
		uint32_t pid = sh->fm.mapping[i].pid;

		if (pid == last)
			continue;
		last = pid;
		if (slots)
			figure_slot(slots, PROCESS_SLOTS, pid);
		else
			add_process(sh, pid);
	}
	n = slots ? figure_slots_of(slots, PROCESS_SLOTS, &slot) : 0;
	for (size_t i = 0; i < n; i++)
		add_process(sh, (uint32_t)slot[i].key);
}

static void count_mappings(struct sharing *sh)
{
	sh->times = host_alloc(&sh->m->host,
			       (sh->fm.nr_frames + 1) * sizeof(*sh->times));
	for (size_t i = 0; i < sh->fm.nr; i++)
		sh->times[frame_number(&sh->fm, sh->fm.mapping[i].pfn)]++;
	for (uint32_t i = 0; i < sh->fm.nr_frames; i++)
		sh->shared += sh->times[i] > 1;
}

static uint32_t times_mapped(const struct sharing *sh, pfn_t pfn)
{
	return sh->fm.number[pfn] ? sh->times[frame_number(&sh->fm, pfn)] : 0;
}

static bool is_shown(const struct sharing *sh, uint32_t pid)
{
	for (unsigned i = 0; i < sh->nr_pids; i++)
		if (sh->pid[i] == pid)
			return true;
	return false;
}

/* Frames in the order of their first mapping by a shown process, shared ones
 * first; then those of the other processes. */
static void rows_of_state(struct sharing *sh)
{
	size_t bytes = sh->fm.nr_frames + 1, next = 0;
	uint8_t *seen = host_alloc(&sh->m->host, bytes);

	sh->nr = sh->fm.nr_frames;
	sh->row = host_alloc(&sh->m->host, (sh->nr + 1) * sizeof(*sh->row));
	for (unsigned pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < sh->fm.nr; i++) {
			const struct mapping *map = &sh->fm.mapping[i];
			uint32_t n = frame_number(&sh->fm, map->pfn);

			if (seen[n] || (pass == 0 && sh->times[n] < 2) ||
			    (pass < 2 && !is_shown(sh, map->pid)))
				continue;
			seen[n] = 1;
			sh->row[next++] = map->pfn;
		}
		if (pass == 1)
			sh->visible = next;
	}
	host_free(&sh->m->host, seen, bytes);
}

static void rows_of_series(struct sharing *sh)
{
	struct figure_slots *slots = sh->o->slots;
	const struct figure_slot *shared, *mapped;
	size_t nr_shared, nr_mapped, at = 0;

	for (size_t i = 0; i < sh->fm.nr; i++) {
		pfn_t pfn = sh->fm.mapping[i].pfn;

		figure_slot(slots, MAPPED_SLOTS, pfn);
		if (times_mapped(sh, pfn) > 1)
			figure_slot(slots, SHARED_SLOTS, pfn);
	}
	nr_shared = figure_slots_of(slots, SHARED_SLOTS, &shared);
	nr_mapped = figure_slots_of(slots, MAPPED_SLOTS, &mapped);
	sh->nr = sh->visible = nr_mapped;
	sh->row = host_alloc(&sh->m->host, (sh->nr + 1) * sizeof(*sh->row));
	for (size_t i = 0; i < nr_shared; i++)
		sh->row[at++] = (pfn_t)shared[i].key;
	for (size_t i = 0, j = 0; i < nr_mapped; i++) {
		while (j < nr_shared && shared[j].key < mapped[i].key)
			j++;
		if (j == nr_shared || shared[j].key != mapped[i].key)
			sh->row[at++] = (pfn_t)mapped[i].key;
	}
}

/* ---- a row ---- */

static enum svg_fill content_fill(const struct machine *m, pfn_t pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	if (pfn == m->zero_pfn)
		return SVG_OTHER;
	if (PageAnon(page))
		return SVG_ANON;
	return page->mapping ? SVG_FILE : SVG_KERNEL;
}

static void content_text(const struct sharing *sh, pfn_t pfn, char *buf,
			 size_t size)
{
	const struct page *page = pfn_to_page(sh->m, pfn);
	const struct inode *inode;
	const char *slash;

	if (pfn == sh->m->zero_pfn) {
		snprintf(buf, size, "%s", figure_text(sh->o, FT_ZERO_FRAME));
	} else if (PageAnon(page)) {
		snprintf(buf, size, "%s", figure_text(sh->o, FT_FRAME_ANON));
	} else if (page->mapping) {
		inode = hpool_get(&sh->m->inode_pool, page->mapping >> 2);
		slash = strrchr(inode->path, '/');
		snprintf(buf, size, "%s +%llu",
			 slash ? slash + 1 : inode->path,
			 (unsigned long long)page->index);
	} else {
		snprintf(buf, size, "%s", figure_text(sh->o, FT_KERNEL_FRAME));
	}
}

/* The cell of one process: the first page of it that maps the frame, and how
 * many more do. */
static void draw_page(const struct sharing *sh, pfn_t pfn, uint32_t pid,
		      struct svg_box b)
{
	const struct task_struct *t = find_task_by_pid(sh->m, pid);
	const struct mapping *first = NULL;
	unsigned more = 0;
	char others[24] = "";
	pte_t pte;

	for (size_t i = 0; i < sh->fm.nr; i++) {
		if (sh->fm.mapping[i].pfn != pfn ||
		    sh->fm.mapping[i].pid != pid)
			continue;
		more += first != NULL;
		first = first ? first : &sh->fm.mapping[i];
	}
	if (!first)
		return;
	pte = ptep_get(t->mm, pte_offset(t->mm, first->va));
	if (more)
		snprintf(others, sizeof(others), " +%u", more);
	svg_cell(sh->s, b, content_fill(sh->m, pfn),
		 SVG_SQUARE | SVG_SMALL | SVG_MONO,
		 "%08llx%s%s", (unsigned long long)first->va,
		 pte_write(sh->m->fmt, pte) ? " w" : "", others);
}

static bool maps(const struct sharing *sh, uint32_t pid, pfn_t pfn)
{
	for (size_t i = 0; i < sh->fm.nr; i++)
		if (sh->fm.mapping[i].pid == pid &&
		    sh->fm.mapping[i].pfn == pfn)
			return true;
	return false;
}

/* Behind the cells of one frame, from the first to the last. */
static void draw_thread(const struct sharing *sh, pfn_t pfn, struct svg_box b)
{
	int first = -1, last = -1;

	for (unsigned i = 0; i < sh->nr_pids; i++) {
		if (!maps(sh, sh->pid[i], pfn))
			continue;
		first = first < 0 ? (int)i : first;
		last = (int)i;
	}
	if (first < last)
		svg_line(sh->s, b.x + first * sh->cell, b.y + b.h / 2,
			 b.x + last * sh->cell, b.y + b.h / 2, SVG_THICK);
}

static void draw_row(const struct sharing *sh, pfn_t pfn, struct svg_box b)
{
	int number = svg_text_width(sh->s, "ffffff", SVG_SMALL | SVG_MONO) + 8;
	struct svg_box cell = {b.x + sh->label, b.y + 2, sh->cell - 8, b.h - 5};
	char text[200];

	if (!times_mapped(sh, pfn))
		return;
	svg_text(sh->s, (struct svg_box){b.x, b.y, number, b.h},
		 SVG_SMALL | SVG_MONO | SVG_RIGHT, "%05x", pfn);
	content_text(sh, pfn, text, sizeof(text));
	svg_text(sh->s,
		 (struct svg_box){b.x + number, b.y, sh->label - number, b.h},
		 SVG_SMALL | SVG_LEFT | SVG_MUTED, "%s", text);
	draw_thread(sh, pfn, cell);
	for (unsigned i = 0; i < sh->nr_pids; i++, cell.x += sh->cell)
		draw_page(sh, pfn, sh->pid[i], cell);
}

/* ---- the whole ---- */

static void draw_heads(const struct sharing *sh, struct svg_box b)
{
	char text[60];

	b.h = svg_line_height(sh->s, SVG_BOLD);
	b.x -= 4;
	b.w = sh->label;
	svg_text(sh->s, b, SVG_BOLD | SVG_LEFT, "%s",
		 figure_text(sh->o, FT_FRAME_WORD));
	b.x += sh->label + 4;
	b.w = sh->cell - 8;
	for (unsigned i = 0; i < sh->nr_pids; i++, b.x += sh->cell) {
		snprintf(text, sizeof(text), figure_text(sh->o, FT_PROCESS),
			 sh->pid[i]);
		svg_text(sh->s, b, SVG_BOLD, "%s", text);
	}
}

static void draw_rest(const struct sharing *sh, size_t from, struct svg_box b)
{
	char n[SVG_NUMBER_LEN], more[SVG_NUMBER_LEN], text[160];
	uint64_t frames = 0, shared = 0;

	for (size_t i = from; i < sh->nr; i++) {
		frames += times_mapped(sh, sh->row[i]) > 0;
		shared += times_mapped(sh, sh->row[i]) > 1;
	}
	snprintf(text, sizeof(text), figure_text(sh->o, FT_SHARING_MORE),
		 svg_number(frames, n), svg_number(shared, more));
	svg_text(sh->s, b, SVG_LEFT, "%s", text);
}

/* Widths, and how many processes have room. */
static void choose_widths(struct sharing *sh)
{
	char text[60];
	int cell;

	snprintf(text, sizeof(text), figure_text(sh->o, FT_PROCESS), 9999u);
	sh->label = 160;
	sh->cell = svg_text_width(sh->s, sh->m->fmt->va_bits > 32 ?
				  "7fffffffffff w +9" : "ffffffff w +9",
				  SVG_SMALL | SVG_MONO) + 20;
	cell = svg_text_width(sh->s, text, SVG_BOLD) + 10;
	sh->cell = cell > sh->cell ? cell : sh->cell;
	sh->max_pids = (unsigned)((sh->s->width - 48 - sh->label) / sh->cell);
	if (sh->max_pids > MAX_PROCESSES)
		sh->max_pids = MAX_PROCESSES;
}

/* Rows in as many blocks side by side as there is room for. */
static void draw_rows(struct sharing *sh, struct svg_box room)
{
	int head = svg_line_height(sh->s, SVG_BOLD) + 6;
	int width = sh->label + (int)sh->nr_pids * sh->cell;
	size_t rows = (size_t)((room.h - head) / ROW);
	size_t blocks = (size_t)((room.w + 16) / (width + 16));
	size_t fit = rows * (blocks ? blocks : 1);

	if (fit < sh->nr)
		fit--; /* its last place says what is left out */
	fit = fit < sh->visible ? fit : sh->visible;
	for (size_t i = 0; i <= fit; i++) {
		struct svg_box b = {room.x + (int)(i / rows) * (width + 16),
				    room.y, width, ROW};

		if (i % rows == 0 && i < sh->nr)
			draw_heads(sh, b);
		b.y += head + (int)(i % rows) * ROW;
		if (i < fit)
			draw_row(sh, sh->row[i], b);
		else if (i < sh->nr)
			draw_rest(sh, fit, b);
	}
}

static void draw_sharing(struct sharing *sh)
{
	const struct figure_key key[] = {
		{SVG_ANON, figure_text(sh->o, FT_FRAME_ANON)},
		{SVG_FILE, figure_text(sh->o, FT_FRAME_FILE)},
		{SVG_OTHER, figure_text(sh->o, FT_ZERO_FRAME)},
		{SVG_KERNEL, figure_text(sh->o, FT_KERNEL_FRAME)},
	};
	char n[3][SVG_NUMBER_LEN], text[500];
	struct svg_box room;

	room = figure_begin(sh->s, sh->m, sh->o,
			    figure_text(sh->o, FT_SHARING));
	figure_legend(sh->s, &room, key, ARRAY_SIZE(key));
	snprintf(text, sizeof(text), figure_text(sh->o, FT_SHARING_NOTE),
		 svg_number(sh->fm.nr_frames, n[0]),
		 svg_number(sh->shared, n[1]), svg_number(sh->fm.nr, n[2]));
	figure_note(sh->s, &room, "%s", text);
	if (sh->more_pids) {
		snprintf(text, sizeof(text),
			 figure_text(sh->o, FT_MORE_PROCESSES),
			 svg_number(sh->more_pids, n[0]));
		figure_note(sh->s, &room, "%s", text);
	}
	draw_rows(sh, room);
	figure_end(sh->s);
}

int figure_sharing(const struct machine *m, const struct figure_options *o,
		   struct svg *s)
{
	struct sharing sh = {.m = m, .o = o, .s = s};

	frame_map_init(&sh.fm, m);
	choose_widths(&sh);
	find_processes(&sh);
	count_mappings(&sh);
	if (o->slots)
		rows_of_series(&sh);
	else
		rows_of_state(&sh);
	draw_sharing(&sh);
	host_free(&m->host, sh.row, (sh.nr + 1) * sizeof(*sh.row));
	host_free(&m->host, sh.times,
		  (sh.fm.nr_frames + 1) * sizeof(*sh.times));
	frame_map_destroy(&sh.fm);
	return 0;
}
