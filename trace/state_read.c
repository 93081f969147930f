/*
 * state_read.c - a state file into a machine, in two passes.
 *
 *   pass 1   zone, global          geometry: fresh mem_map, empty lists
 *   pass 2   blocks, free, ...     everything else, in the file's order
 *   at last  frames on no list     PG_reserved: the captured kernel's own
 *
 * Counters of the captured kernel's pages are no objects of this machine; they
 * stand beside its own (zone->boot_stat).
 */
#include "core/bootmem.h"
#include "core/page_alloc.h"
#include "trace/state_internal.h"
#include "trace/state_slab.h"
#include "trace/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define READ_CHUNK ((size_t)1 << 20)

/* ---- lines ---- */

struct statement {
	const char *word;
	int (*read)(struct state_reader *r);
	int pass; /* 0: nothing to do */
};

static const struct statement statements[] = {
	{"mmemu-state", NULL, 0},
	{"machine", NULL, 0},
	{"zone", state_read_zone, 1},
	{"global", state_read_global, 1},
	{"blocks", state_read_blocks, 2},
	{"area", state_read_area, 2},
	{"free", state_read_free, 2},
	{"pcplist", state_read_pcplist, 2},
	{"pcpreturn", state_read_pcpreturn, 2},
	{"stat", state_read_stat, 2},
	{"zstat", state_read_zstat, 2},
};

static int slab_line(struct state_reader *r, const char *line)
{
	const char *why;

	if (!strncmp(line, "cache ", 6))
		r->have_slabs = true;
	if (state_load_slab_line(r->m, line, &why))
		return state_bad(r, "%s", why);
	return 0;
}

static int read_line(struct state_reader *r, const char *line, int pass)
{
	int err;

	r->at = line;
	state_word(r);
	if (!r->word[0] || r->word[0] == '#')
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(statements); i++) {
		if (strcmp(r->word, statements[i].word))
			continue;
		if (statements[i].pass != pass)
			return 0;
		err = statements[i].read(r);
		if (!err && !state_at_end(r))
			return state_bad(r, "'%s' is one too many",
					 state_word(r));
		return err;
	}
	if (!state_slab_keyword(r->word))
		return state_bad(r, "unknown statement '%s'", r->word);
	return pass == 2 ? slab_line(r, line) : 0;
}

static int read_pass(struct state_reader *r, const struct state_text *text,
		     int pass)
{
	const char *p = text->data, *end = text->data + text->size;
	int err = 0;

	for (r->line = 1; !err && p < end; r->line++) {
		err = read_line(r, p, pass);
		p += strlen(p) + 1;
	}
	r->line = 0;
	return err;
}

static int check_version(struct state_reader *r, const struct state_text *text)
{
	r->line = 1;
	r->at = text->data;
	if (state_expect(r, "mmemu-state"))
		return state_bad(
			r, "this is no state file: it does not begin with "
			   "mmemu-state 1");
	if (strcmp(state_word(r), "1"))
		return state_bad(r, "version '%s' is not known, only 1",
				 r->word);
	r->line = 0;
	return 0;
}

/* ---- the end ---- */

/* Frames that the captured kernel used: on no list, in no slab. */
static int reserve_rest(struct state_reader *r, struct zone *z)
{
	struct machine *m = r->m;
	int64_t free = z->vm_stat[NR_FREE_PAGES];

	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++) {
		struct page *p = pfn_to_page(m, pfn);

		if (PageBuddy(p))
			pfn += ((pfn_t)1 << p->private) - 1;
		else if (!p->flags && !p->_count && pfn_present(m, pfn))
			SetPageReserved(p);
	}
	if (free != r->zone_free[z->type])
		return state_bad(r,
				 "zone %s: %" PRId64
				 " free frames, on its lists "
				 "%" PRId64,
				 z->name, r->zone_free[z->type], free);
	if (z->pageset.count != r->zone_pcp[z->type])
		return state_bad(r, "zone %s: pcp_count %u, on its lists %u",
				 z->name, r->zone_pcp[z->type],
				 z->pageset.count);
	return 0;
}

static void tell_first(void *ctx, const char *message)
{
	struct state_reader *r = ctx;

	if (!r->error[0])
		state_bad(r, "%s", message);
}

/* Ties the slabs together. Their frames are counted by zone; without slabs in
 * the file they are the captured kernel's, as the file counts them. */
static int finish_slabs(struct state_reader *r)
{
	struct zone saved[MAX_NR_ZONES];
	struct state_slab_error e;

	memcpy(saved, r->m->zone, sizeof(saved));
	if (state_slab_end(r->m, &e))
		return state_bad(r, "%s%s%s%s", e.cache ? "cache " : "",
				 e.cache ? e.cache : "", e.cache ? ": " : "",
				 e.why);
	for (unsigned i = 0; !r->have_slabs && i < MAX_NR_ZONES; i++) {
		struct zone *z = &r->m->zone[i];

		for (int s = NR_SLAB_RECLAIMABLE; s <= NR_SLAB_UNRECLAIMABLE;
		     s++)
			z->boot_stat[s] = saved[i].vm_stat[s];
	}
	return 0;
}

static int finish(struct state_reader *r)
{
	struct machine *m = r->m;
	struct zone *z;
	int err = finish_slabs(r);

	for_each_zone (z, m)
		if (!err && z->spanned_pages)
			err = reserve_rest(r, z);
	if (err)
		return err;
	for_each_zone (z, m) {
		for (unsigned i = NR_ALLOC_BATCH + 1; i < NR_VM_ZONE_STAT_ITEMS;
		     i++) {
			if (i == NR_SLAB_RECLAIMABLE ||
			    i == NR_SLAB_UNRECLAIMABLE)
				continue;
			z->boot_stat[i] = z->vm_stat[i];
			z->vm_stat[i] = 0;
		}
	}
	/* what a line does not show: a list may name the frames of this
	 * machine's own page tables */
	return machine_check(m, tell_first, r) ? -EINVAL : 0;
}

int state_load(struct machine *m, struct state_text *text,
	       char error[STATE_ERROR_LEN])
{
	struct state_reader r = {.m = m, .name = text->name, .error = error};
	int err;

	error[0] = '\0';
	err = check_version(&r, text);
	if (err)
		return err;
	state_slab_begin(m);
	zones_clear_free_lists(m);
	zones_reset(m);
	err = read_pass(&r, text, 1);
	if (!err)
		err = state_replace_memory(&r);
	if (!err)
		err = read_pass(&r, text, 2);
	return err ? err : finish(&r);
}

/* ---- before boot ---- */

int state_geometry(const struct state_text *text, const struct host_ops *host,
		   struct machine_config *cfg, char error[STATE_ERROR_LEN])
{
	struct machine *scratch = host_alloc(host, sizeof(*scratch));
	struct state_reader r = {
		.m = scratch, .name = text->name, .error = error};
	int err = check_version(&r, text);
	pfn_t start = 0, end = 0, max_pfn = 0, high;
	struct zone *z;

	scratch->cfg = *cfg;
	scratch->page_shift = ilog2_u64(cfg->page_size);
	high = (pfn_t)((uint64_t)1 << 32 >> scratch->page_shift);
	zones_reset(scratch);
	if (!err)
		err = read_pass(&r, text, 1);
	for_each_zone (z, scratch) {
		if (!z->spanned_pages)
			continue;
		max_pfn = zone_end_pfn(z);
		if (max_pfn > high)
			state_zone_hole(scratch, z, &start, &end);
	}
	if (!err && !max_pfn)
		err = state_bad(&r, "there are no zones");
	if (!err) {
		cfg->memory = (uint64_t)(max_pfn - (end - start))
			      << scratch->page_shift;
		cfg->firmware_top = 0;
		cfg->hole_from = start < end ? 1 : 0;
		cfg->hole_start = (paddr_t)start << scratch->page_shift;
		cfg->hole_end = (paddr_t)end << scratch->page_shift;
	}
	host_free(host, scratch, sizeof(*scratch));
	return err;
}

/* ---- the file ---- */

static int read_all(struct state_text *text, struct stream *s,
		    const struct host_ops *host)
{
	ssize_t n;

	do {
		if (text->room - text->size < 2) {
			size_t more = max_t(size_t, text->room, READ_CHUNK);

			text->data = host_realloc(host, text->data, text->room,
						  text->room + more);
			text->room += more;
		}
		n = stream_read(s, text->data + text->size,
				text->room - text->size - 1);
		if (n > 0)
			text->size += (size_t)n;
	} while (n > 0);
	return n < 0 ? -EIO : 0;
}

int state_text_read(struct state_text *text, const struct host_ops *host,
		    const char *path, char error[STATE_ERROR_LEN])
{
	struct stream s;
	int err = 0;

	*text = (struct state_text){.name = path};
	if (stream_open(&s, host, path) || read_all(text, &s, host)) {
		snprintf(error, STATE_ERROR_LEN, "%s", s.error);
		state_text_free(text, host);
		err = -EIO;
	}
	stream_close(&s);
	for (size_t i = 0; !err && i < text->size; i++)
		if (text->data[i] == '\n')
			text->data[i] = '\0';
	return err;
}

void state_text_free(struct state_text *text, const struct host_ops *host)
{
	host_free(host, text->data, text->room);
	text->data = NULL;
	text->room = 0;
}
