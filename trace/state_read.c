/*
 * state_read.c - a state file into a machine, in two passes.
 *
 *   pass 1   zone, global          geometry: fresh mem_map, empty lists
 *   pass 2   blocks, free, ...     everything else, in the file's order
 *   at last  frames on no list     PG_reserved: the captured kernel's own
 *
 * The file does not say where holes in RAM are. On a PC there are two, below
 * 1 MiB and below 4 GiB; a zone's hole ends there and is as long as spanned and
 * present differ.
 *
 * The kernel image's own data (bss_alloc) keep their bytes and marks: this
 * machine's page tables are there. Counters of the captured kernel's pages (anonymous, page
 * cache ...) are known only as sums; they count as boot's (zone->boot_stat).
 */
#include "trace/state_read.h"
#include "core/bootmem.h"
#include "core/page_alloc.h"
#include "trace/state_slab.h"
#include "trace/stream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_CHUNK ((size_t)1 << 20)
#define MAX_WORD 64

struct reader {
	struct machine *m; /* NULL: state_geometry() */
	struct machine_config *cfg;
	const char *name;
	unsigned line;
	const char *at; /* rest of the line */
	char word[MAX_WORD];
	bool have_zstat, have_slabs;
	int64_t zone_free[MAX_NR_ZONES]; /* as the zone lines say */
	uint32_t zone_pcp[MAX_NR_ZONES];
	char *error;
};

/* ---- errors and words ---- */

__attribute__((format(printf, 2, 3))) static int bad(struct reader *r,
						      const char *fmt, ...)
{
	int n = r->line ? snprintf(r->error, STATE_ERROR_LEN, "%s:%u: ",
				   r->name, r->line)
			: snprintf(r->error, STATE_ERROR_LEN, "%s: ", r->name);
	va_list ap;

	va_start(ap, fmt);
	if (n >= 0 && n < STATE_ERROR_LEN)
		vsnprintf(r->error + n, STATE_ERROR_LEN - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* The next word, "" at the end of the line; too long a word is cut. */
static const char *next_word(struct reader *r)
{
	size_t n;

	r->at += strspn(r->at, " \t\r");
	n = strcspn(r->at, " \t\r");
	snprintf(r->word, sizeof(r->word), "%.*s", (int)n, r->at);
	r->at += n;
	return r->word;
}

static bool at_end(struct reader *r)
{
	r->at += strspn(r->at, " \t\r");
	return !*r->at;
}

static int next_int(struct reader *r, const char *what, int64_t min,
		    uint64_t max, int64_t *value)
{
	char *end;

	next_word(r);
	errno = 0;
	*value = r->word[0] == '-' ? strtoll(r->word, &end, 0)
				   : (int64_t)strtoull(r->word, &end, 0);
	if (!r->word[0] || *end || errno ||
	    (r->word[0] == '-' ? *value < min : (uint64_t)*value > max))
		return bad(r, "expected %s, found %s%s%s", what,
			   r->word[0] ? "'" : "the end of the line", r->word,
			   r->word[0] ? "'" : "");
	return 0;
}

static int next_u32(struct reader *r, const char *what, uint32_t max,
		    uint32_t *value)
{
	int64_t v;
	int err = next_int(r, what, 0, max, &v);

	*value = err ? 0 : (uint32_t)v;
	return err;
}

static int expect_word(struct reader *r, const char *word)
{
	if (strcmp(next_word(r), word))
		return bad(r, "expected '%s', found '%s'", word, r->word);
	return 0;
}

static int next_type(struct reader *r, unsigned nr_types,
		     enum migratetype *type)
{
	static const char *const words[MIGRATE_TYPES] = {
		"unmovable", "reclaimable", "movable", "reserve"};

	*type = MIGRATE_UNMOVABLE;
	next_word(r);
	for (unsigned t = 0; t < nr_types; t++) {
		if (!strcmp(r->word, words[t])) {
			*type = t;
			return 0;
		}
	}
	return bad(r, "expected a migrate type, found '%s'", r->word);
}

static const char *const zone_words[MAX_NR_ZONES] = {
	"DMA", "DMA32", "Normal", "HighMem", "Movable"};

static int next_zone_type(struct reader *r, enum zone_type *type)
{
	next_word(r);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (!strcmp(r->word, zone_words[i])) {
			*type = i;
			return 0;
		}
	}
	return bad(r, "expected a zone, found '%s'", r->word);
}

static int next_zone(struct reader *r, struct zone **z)
{
	enum zone_type type;
	int err = next_zone_type(r, &type);

	if (err)
		return err;
	*z = &r->m->zone[type];
	if (!(*z)->spanned_pages)
		return bad(r, "zone %s has no `zone` line", zone_words[type]);
	return 0;
}

/* ---- pass 1: zones ---- */

/* The pairs of a zone line; `zone` gets those that have a field. */
struct zone_line {
	int64_t start_pfn, spanned, present, managed, min, low, high, free,
		alloc_batch, inactive_ratio, scanned, pcp_count, pcp_high,
		pcp_batch;
};

static int zone_pairs(struct reader *r, struct zone_line *zl)
{
	const struct {
		const char *name;
		int64_t *to;
	} pair[] = {
		{"start_pfn", &zl->start_pfn},
		{"spanned", &zl->spanned},
		{"present", &zl->present},
		{"managed", &zl->managed},
		{"min", &zl->min},
		{"low", &zl->low},
		{"high", &zl->high},
		{"free", &zl->free},
		{"alloc_batch", &zl->alloc_batch},
		{"inactive_ratio", &zl->inactive_ratio},
		{"scanned", &zl->scanned},
		{"pcp_count", &zl->pcp_count},
		{"pcp_high", &zl->pcp_high},
		{"pcp_batch", &zl->pcp_batch},
	};
	int err = 0;

	for (unsigned i = 0; !err && i < ARRAY_SIZE(pair); i++) {
		bool negative = pair[i].to == &zl->alloc_batch;

		err = expect_word(r, pair[i].name);
		if (!err)
			err = next_int(r, pair[i].name,
				       negative ? INT64_MIN : 0, UINT32_MAX,
				       pair[i].to);
	}
	return err ? err : expect_word(r, "lowmem_reserve");
}

static int check_zone_line(struct reader *r, const struct zone_line *zl)
{
	if (zl->start_pfn < 1 || zl->spanned < 1 ||
	    zl->start_pfn + zl->spanned > 1 << 26)
		return bad(r, "a zone of frames %" PRId64 " to %" PRId64
			   " is not possible",
			   zl->start_pfn, zl->start_pfn + zl->spanned);
	if (zl->present > zl->spanned || zl->managed > zl->present)
		return bad(r, "managed %" PRId64 ", present %" PRId64
			   ", spanned %" PRId64 " do not ascend",
			   zl->managed, zl->present, zl->spanned);
	if (zl->pcp_batch < 1)
		return bad(r, "pcp_batch must not be 0");
	return 0;
}

static void set_zone(struct reader *r, struct zone *z,
		     const struct zone_line *zl)
{
	z->zone_start_pfn = (pfn_t)zl->start_pfn;
	z->spanned_pages = (uint32_t)zl->spanned;
	z->present_pages = (uint32_t)zl->present;
	z->managed_pages = (uint32_t)zl->managed;
	z->watermark[WMARK_MIN] = (uint64_t)zl->min;
	z->watermark[WMARK_LOW] = (uint64_t)zl->low;
	z->watermark[WMARK_HIGH] = (uint64_t)zl->high;
	z->vm_stat[NR_ALLOC_BATCH] = zl->alloc_batch;
	z->inactive_ratio = (uint32_t)zl->inactive_ratio;
	z->pages_scanned = (uint64_t)zl->scanned;
	z->pageset.high = (uint32_t)zl->pcp_high;
	z->pageset.batch = (uint32_t)zl->pcp_batch;
	r->zone_free[z->type] = zl->free;
	r->zone_pcp[z->type] = (uint32_t)zl->pcp_count;
}

/* One number for each configured zone. */
static int zone_lowmem_reserve(struct reader *r, struct zone *z)
{
	for (unsigned j = 0; j < MAX_NR_ZONES; j++) {
		uint32_t v;
		int err;

		if (!r->m->zone[j].configured)
			continue;
		err = next_u32(r, "a lowmem_reserve", UINT32_MAX, &v);
		if (err)
			return err;
		z->lowmem_reserve[j] = v;
	}
	return 0;
}

static int read_zone(struct reader *r)
{
	struct zone_line zl;
	enum zone_type type;
	struct zone *z;
	int err = next_zone_type(r, &type);

	if (!err)
		err = zone_pairs(r, &zl);
	if (!err)
		err = check_zone_line(r, &zl);
	if (err)
		return err;
	z = &r->m->zone[type];
	if (!z->configured)
		return bad(r, "this machine has no zone %s", z->name);
	if (z->spanned_pages)
		return bad(r, "zone %s was there before", z->name);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *o = &r->m->zone[i];
		bool apart = i < type ? zone_end_pfn(o) <= zl.start_pfn
				      : zl.start_pfn + zl.spanned <=
						o->zone_start_pfn;

		if (o->spanned_pages && !apart)
			return bad(r, "zones %s and %s overlap", o->name,
				   z->name);
	}
	set_zone(r, z, &zl);
	return zone_lowmem_reserve(r, z);
}

static int read_global(struct reader *r)
{
	struct machine *m = r->m;
	const struct {
		const char *name;
		uint64_t *to;
	} pair[] = {
		{"totalram", &m->totalram},
		{"totalreserve", &m->totalreserve_pages},
		{"vm_total", &m->vm_total_pages},
		{"min_free_kbytes", &m->min_free_kbytes},
		{"highmem", &m->totalhigh},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(pair); i++) {
		int64_t v;
		int err = expect_word(r, pair[i].name);

		if (!err)
			err = next_int(r, pair[i].name, 0, UINT32_MAX, &v);
		if (err)
			return err;
		*pair[i].to = (uint64_t)v;
	}
	return 0;
}

/* ---- geometry ---- */

/* Where a zone's hole is: it ends at 1 MiB or at 4 GiB. */
static void zone_hole(const struct machine *m, const struct zone *z,
		      pfn_t *start, pfn_t *end)
{
	pfn_t low = (pfn_t)((uint64_t)1 << 20 >> m->page_shift);
	pfn_t high = (pfn_t)((uint64_t)1 << 32 >> m->page_shift);

	*end = zone_end_pfn(z) > high ? high : low;
	*start = *end - (z->spanned_pages - z->present_pages);
}

/* Frames that exist: [*start, *end) of each piece of the zone. */
static int add_zone_ram(struct reader *r, const struct zone *z)
{
	struct machine *m = r->m;
	pfn_t from = z->zone_start_pfn, to = zone_end_pfn(z), start, end;
	int err;

	zone_hole(m, z, &start, &end);
	if (start == end || z->present_pages == z->spanned_pages)
		start = end = to;
	if (start < from || end > to)
		return bad(r, "zone %s: a hole of %u frames has no place "
			   "below 1M or 4G", z->name,
			   z->spanned_pages - z->present_pages);
	err = range_add(m->ram_range, &m->nr_ram_ranges, CONFIG_MAX_RANGES,
			pfn_to_phys(m, from), pfn_to_phys(m, start));
	if (!err)
		err = range_add(m->ram_range, &m->nr_ram_ranges,
				CONFIG_MAX_RANGES, pfn_to_phys(m, end),
				pfn_to_phys(m, to));
	return err;
}

/* The kernel's own data go along: bytes and marks. See bss_alloc(). */
static void copy_bss(struct machine *m, const struct machine *old)
{
	paddr_t start = pfn_to_phys(m, m->bss_pfn);
	paddr_t end = PAGE_ALIGN(m, m->cfg.kernel_start + m->cfg.kernel_size -
					    m->cfg.init_size);

	memcpy(&m->mem_map[m->bss_pfn], &old->mem_map[m->bss_pfn],
	       ((end - start) >> m->page_shift) * sizeof(struct page));
	memcpy(m->ram + start, old->ram + start, end - start);
}

static int replace_memory(struct reader *r)
{
	struct machine *m = r->m, *old;
	pfn_t max_pfn = 0;
	int err = 0;

	m->nr_ram_ranges = 0;
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *z = &m->zone[i];

		if (!z->spanned_pages)
			continue;
		max_pfn = zone_end_pfn(z);
		if (i <= ZONE_NORMAL || !m->cfg.highmem)
			m->max_low_pfn = max_pfn;
		if (!err)
			err = add_zone_ram(r, z);
	}
	if (err)
		return err;
	if (!max_pfn)
		return bad(r, "there are no zones");
	if (PAGE_ALIGN(m, m->cfg.kernel_start + m->cfg.kernel_size) >
	    pfn_to_phys(m, m->max_low_pfn))
		return bad(r, "lowmem is too small for this machine's kernel");
	old = host_alloc(&m->host, sizeof(*old));
	*old = *m;
	m->max_pfn = max_pfn;
	reserve_host_memory(m);
	copy_bss(m, old);
	release_host_memory(old);
	host_free(&m->host, old, sizeof(*old));
	m->high_memory = m->cfg.page_offset + pfn_to_phys(m, m->max_low_pfn);
	m->nr_boot_ranges = 0;
	m->state_loaded = true;
	return 0;
}

/* ---- pass 2: lists ---- */

static int read_blocks(struct reader *r)
{
	pfn_t step = (pfn_t)1 << r->m->cfg.pageblock_order;
	enum migratetype type;
	uint32_t from, n;
	struct zone *z;
	int err = next_zone(r, &z);

	if (!err)
		err = expect_word(r, "from_pfn");
	if (!err)
		err = next_u32(r, "a frame number", zone_end_pfn(z), &from);
	if (!err)
		err = expect_word(r, "n");
	if (!err)
		err = next_u32(r, "a number of pageblocks", UINT32_MAX, &n);
	if (!err)
		err = next_type(r, MIGRATE_TYPES, &type);
	if (err)
		return err;
	for (; n--; from += step) {
		pfn_t at = from > z->zone_start_pfn ? from : z->zone_start_pfn;

		if (from % step || from + step <= z->zone_start_pfn ||
		    from >= zone_end_pfn(z))
			return bad(r, "pfn %u is no pageblock of zone %s",
				   from, z->name);
		set_pageblock_migratetype(r->m, at, type);
	}
	return 0;
}

static int read_area(struct reader *r)
{
	uint32_t order, n;
	struct zone *z;
	int err = next_zone(r, &z);

	if (!err)
		err = next_u32(r, "an order", MAX_ORDER - 1, &order);
	if (!err)
		err = expect_word(r, "nr_free");
	return err ? err : next_u32(r, "nr_free", UINT32_MAX, &n);
}

/* A frame of the zone that nothing else was said about. */
static int next_frame(struct reader *r, const struct zone *z, unsigned order,
		      pfn_t *pfn)
{
	pfn_t n = (pfn_t)1 << order;
	const struct page *p;
	int err = next_u32(r, "a frame number", UINT32_MAX, pfn);

	if (err)
		return err;
	if (*pfn < z->zone_start_pfn || *pfn % n ||
	    *pfn + n > zone_end_pfn(z) || !pfn_present(r->m, *pfn) ||
	    !pfn_present(r->m, *pfn + n - 1))
		return bad(r, "pfn %u is no block of order %u in zone %s",
			   *pfn, order, z->name);
	p = pfn_to_page(r->m, *pfn);
	if (PageBuddy(p) || PagePcp(p))
		return bad(r, "pfn %u is on a list already", *pfn);
	for (pfn_t i = *pfn; i < *pfn + n; i++)
		if (pfn_to_page(r->m, i)->flags)
			return bad(r, "pfn %u is in this machine's kernel "
				   "image or in a slab", i);
	return 0;
}

static int read_free(struct reader *r)
{
	enum migratetype type;
	uint32_t order;
	struct zone *z;
	pfn_t pfn;
	int err = next_zone(r, &z);

	if (!err)
		err = next_u32(r, "an order", MAX_ORDER - 1, &order);
	if (!err)
		err = next_type(r, MIGRATE_TYPES, &type);
	while (!err && !at_end(r)) {
		err = next_frame(r, z, order, &pfn);
		if (!err)
			zone_place_free_block(r->m, z, pfn, order, type);
	}
	return err;
}

static int read_pcplist(struct reader *r)
{
	enum migratetype type;
	struct zone *z;
	pfn_t pfn;
	int err = next_zone(r, &z);

	if (!err)
		err = next_type(r, MIGRATE_PCPTYPES, &type);
	while (!err && !at_end(r)) {
		enum migratetype back = type;

		err = next_frame(r, z, 0, &pfn);
		if (err)
			break;
		if (type == MIGRATE_MOVABLE &&
		    get_pageblock_migratetype(r->m, pfn) == MIGRATE_RESERVE)
			back = MIGRATE_RESERVE;
		zone_place_pcp_page(r->m, z, pfn, type, back);
	}
	return err;
}

/* Frames of the movable list that the rule above gets wrong. */
static int read_pcpreturn(struct reader *r)
{
	struct zone *z;
	uint32_t pfn;
	int err = next_zone(r, &z);

	while (!err && !at_end(r)) {
		struct page *p;

		err = next_u32(r, "a frame number", zone_end_pfn(z) - 1, &pfn);
		if (err)
			break;
		p = pfn_to_page(r->m, pfn);
		if (!PagePcp(p) || p->index < MIGRATE_MOVABLE)
			return bad(r, "pfn %u is on no movable per-CPU list",
				   pfn);
		p->index = p->index == MIGRATE_RESERVE ? MIGRATE_MOVABLE
						       : MIGRATE_RESERVE;
	}
	return err;
}

/* ---- counters ---- */

static int find_stat(const char *word)
{
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (!strcmp(word, zone_stat_text[i]))
			return i;
	return -1;
}

/* Kernel structures are in lowmem; of user pages the file does not say. */
static struct zone *zone_of_sum(struct machine *m, int item)
{
	bool kernel = item == NR_SLAB_RECLAIMABLE ||
		      item == NR_SLAB_UNRECLAIMABLE || item == NR_PAGETABLE ||
		      item == NR_KERNEL_STACK;
	struct zone *z = &m->zone[kernel ? ZONE_NORMAL : ZONE_MOVABLE];

	while (z > m->zone && !populated_zone(z))
		z--;
	return z;
}

static int read_stat(struct reader *r)
{
	struct machine *m = r->m;
	char name[MAX_WORD];
	int64_t value;
	int item, err;

	memcpy(name, next_word(r), sizeof(name));
	err = next_int(r, "a number", INT64_MIN, UINT64_MAX, &value);
	if (err)
		return err;
	item = find_stat(name);
	if (item > NR_ALLOC_BATCH && !r->have_zstat)
		zone_of_sum(m, item)->vm_stat[item] = value;
	if (item >= 0)
		return 0;
	for (unsigned i = 0; i < NR_VM_EVENT_ITEMS; i++)
		if (!strcmp(name, vm_event_text[i]))
			m->vm_event[i] = (uint64_t)value;
	/* a counter that this kernel version has and the table has not */
	return 0;
}

static int read_zstat(struct reader *r)
{
	struct zone *z;
	int64_t value;
	int item, err = next_zone(r, &z);

	if (err)
		return err;
	item = find_stat(next_word(r));
	if (item <= NR_ALLOC_BATCH)
		return bad(r, "'%s' is no counter of a zone", r->word);
	err = next_int(r, "a number", INT64_MIN, UINT64_MAX, &value);
	if (err)
		return err;
	if (!r->have_zstat)
		for (unsigned i = 0; i < MAX_NR_ZONES; i++)
			memset(&r->m->zone[i].vm_stat[NR_ALLOC_BATCH + 1], 0,
			       (NR_VM_ZONE_STAT_ITEMS - NR_ALLOC_BATCH - 1) *
				       sizeof(int64_t));
	r->have_zstat = true;
	z->vm_stat[item] = value;
	return 0;
}

/* ---- lines ---- */

struct statement {
	const char *word;
	int (*read)(struct reader *r);
	int pass; /* 0: nothing to do */
};

static const struct statement statements[] = {
	{"mmemu-state", NULL, 0},	{"machine", NULL, 0},
	{"zone", read_zone, 1},		{"global", read_global, 1},
	{"blocks", read_blocks, 2},	{"area", read_area, 2},
	{"free", read_free, 2},		{"pcplist", read_pcplist, 2},
	{"pcpreturn", read_pcpreturn, 2}, {"stat", read_stat, 2},
	{"zstat", read_zstat, 2},
};

static int slab_line(struct reader *r, const char *line)
{
	const char *why;

	if (!strncmp(line, "cache ", 6))
		r->have_slabs = true;
	if (state_load_slab_line(r->m, line, &why))
		return bad(r, "%s", why);
	return 0;
}

static int read_line(struct reader *r, const char *line, int pass)
{
	int err;

	r->at = line;
	next_word(r);
	if (!r->word[0] || r->word[0] == '#')
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(statements); i++) {
		if (strcmp(r->word, statements[i].word))
			continue;
		if (statements[i].pass != pass)
			return 0;
		err = statements[i].read(r);
		if (!err && !at_end(r))
			return bad(r, "'%s' is one too many", next_word(r));
		return err;
	}
	if (!state_slab_keyword(r->word))
		return bad(r, "unknown statement '%s'", r->word);
	return pass == 2 ? slab_line(r, line) : 0;
}

static int read_pass(struct reader *r, const struct state_text *text, int pass)
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

static int check_version(struct reader *r, const struct state_text *text)
{
	r->line = 1;
	r->at = text->data;
	if (expect_word(r, "mmemu-state"))
		return bad(r, "this is no state file: it does not begin with "
			   "mmemu-state 1");
	if (strcmp(next_word(r), "1"))
		return bad(r, "version '%s' is not known, only 1", r->word);
	r->line = 0;
	return 0;
}

/* ---- the end ---- */

/* Frames that the captured kernel used: on no list, in no slab. Counts those
 * on the free lists again: overlapping blocks do not add up. */
static int reserve_rest(struct reader *r, struct zone *z)
{
	struct machine *m = r->m;
	int64_t free = 0;

	for (pfn_t pfn = z->zone_start_pfn; pfn < zone_end_pfn(z); pfn++) {
		struct page *p = pfn_to_page(m, pfn);

		if (PageBuddy(p)) {
			free += (int64_t)1 << p->private;
			pfn += ((pfn_t)1 << p->private) - 1;
		} else if (!p->flags && !p->_count && pfn_present(m, pfn)) {
			SetPageReserved(p);
		}
	}
	if (free != z->vm_stat[NR_FREE_PAGES])
		return bad(r, "zone %s: free blocks overlap", z->name);
	if (free != r->zone_free[z->type])
		return bad(r, "zone %s: %" PRId64 " free frames, on its lists "
			   "%" PRId64, z->name, r->zone_free[z->type], free);
	if (z->pageset.count != r->zone_pcp[z->type])
		return bad(r, "zone %s: pcp_count %u, on its lists %u", z->name,
			   r->zone_pcp[z->type], z->pageset.count);
	return 0;
}

static void tell_first(void *ctx, const char *message)
{
	struct reader *r = ctx;

	if (!r->error[0])
		bad(r, "%s", message);
}

/* Ties the slabs together. Their frames are counted by zone; without slabs in
 * the file they are the captured kernel's, as the file counts them. */
static int finish_slabs(struct reader *r)
{
	struct zone saved[MAX_NR_ZONES];
	const char *why;

	memcpy(saved, r->m->zone, sizeof(saved));
	if (state_slab_end(r->m, &why))
		return bad(r, "%s", why);
	for (unsigned i = 0; !r->have_slabs && i < MAX_NR_ZONES; i++) {
		struct zone *z = &r->m->zone[i];

		for (int s = NR_SLAB_RECLAIMABLE; s <= NR_SLAB_UNRECLAIMABLE;
		     s++)
			z->boot_stat[s] = saved[i].vm_stat[s];
	}
	return 0;
}

static int finish(struct reader *r)
{
	struct checker c = {.tell = tell_first, .ctx = r};
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
	page_alloc_check(m, &c);
	return c.broken ? -EINVAL : 0;
}

int state_load(struct machine *m, struct state_text *text,
	       char error[STATE_ERROR_LEN])
{
	struct reader r = {.m = m, .name = text->name, .error = error};
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
		err = replace_memory(&r);
	if (!err)
		err = read_pass(&r, text, 2);
	return err ? err : finish(&r);
}

/* ---- before boot ---- */

int state_geometry(const struct state_text *text, struct machine_config *cfg,
		   char error[STATE_ERROR_LEN])
{
	struct machine *scratch = host_alloc(&host_default_ops,
					     sizeof(*scratch));
	struct reader r = {.m = scratch, .name = text->name, .error = error};
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
			zone_hole(scratch, z, &start, &end);
	}
	if (!err && !max_pfn)
		err = bad(&r, "there are no zones");
	if (!err) {
		cfg->memory = (uint64_t)(max_pfn - (end - start))
			      << scratch->page_shift;
		cfg->firmware_top = 0;
		cfg->hole_from = start < end ? 1 : 0;
		cfg->hole_start = (paddr_t)start << scratch->page_shift;
		cfg->hole_end = (paddr_t)end << scratch->page_shift;
	}
	host_free(&host_default_ops, scratch, sizeof(*scratch));
	return err;
}

/* ---- the file ---- */

static int read_all(struct state_text *text, struct stream *s,
		    const struct host_ops *host)
{
	ssize_t n;

	do {
		if (text->room - text->size < 2) {
			text->data = host_realloc(host, text->data, text->room,
						  text->room + READ_CHUNK);
			text->room += READ_CHUNK;
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
