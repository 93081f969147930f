/*
 * state_zones.c - pass 1 of a state file: zones and what they are made of.
 *
 * The file does not say where holes in RAM are. On a PC there are two, below
 * 1 MiB and below 4 GiB; a zone's hole ends there and is as long as spanned and
 * present differ.
 *
 * The kernel image's own data (bss_alloc) keep their bytes and marks: this
 * machine's page tables are there.
 */
#include "core/bootmem.h"
#include "trace/state_internal.h"

#include <inttypes.h>
#include <string.h>

/* The pairs of a zone line; `zone` gets those that have a field. */
struct zone_line {
	int64_t start_pfn, spanned, present, managed, min, low, high, free,
		alloc_batch, inactive_ratio, scanned, pcp_count, pcp_high,
		pcp_batch;
};

static int zone_pairs(struct state_reader *r, struct zone_line *zl)
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

		err = state_expect(r, pair[i].name);
		if (!err)
			err = state_int(r, pair[i].name,
					negative ? INT64_MIN : 0, UINT32_MAX,
					pair[i].to);
	}
	return err ? err : state_expect(r, "lowmem_reserve");
}

static int check_zone_line(struct state_reader *r, const struct zone_line *zl)
{
	if (zl->start_pfn < 1 || zl->spanned < 1 ||
	    zl->start_pfn + zl->spanned > 1 << 26)
		return state_bad(r,
				 "a zone of frames %" PRId64 " to %" PRId64
				 " is not possible",
				 zl->start_pfn, zl->start_pfn + zl->spanned);
	if (zl->present > zl->spanned || zl->managed > zl->present)
		return state_bad(r,
				 "managed %" PRId64 ", present %" PRId64
				 ", spanned %" PRId64 " do not ascend",
				 zl->managed, zl->present, zl->spanned);
	if (zl->pcp_batch < 1)
		return state_bad(r, "pcp_batch must not be 0");
	return 0;
}

static void set_zone(struct state_reader *r, struct zone *z,
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
static int zone_lowmem_reserve(struct state_reader *r, struct zone *z)
{
	for (unsigned j = 0; j < MAX_NR_ZONES; j++) {
		uint32_t v;
		int err;

		if (!r->m->zone[j].configured)
			continue;
		err = state_u32(r, "a lowmem_reserve", UINT32_MAX, &v);
		if (err)
			return err;
		z->lowmem_reserve[j] = v;
	}
	return 0;
}

int state_read_zone(struct state_reader *r)
{
	struct zone_line zl;
	enum zone_type type;
	struct zone *z;
	int err = state_zone_type(r, &type);

	if (!err)
		err = zone_pairs(r, &zl);
	if (!err)
		err = check_zone_line(r, &zl);
	if (err)
		return err;
	z = &r->m->zone[type];
	if (!z->configured)
		return state_bad(r, "this machine has no zone %s", z->name);
	if (z->spanned_pages)
		return state_bad(r, "zone %s was there before", z->name);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *o = &r->m->zone[i];
		bool apart = i < type ? zone_end_pfn(o) <= zl.start_pfn
				      : zl.start_pfn + zl.spanned <=
						o->zone_start_pfn;

		if (o->spanned_pages && !apart)
			return state_bad(r, "zones %s and %s overlap", o->name,
					 z->name);
	}
	set_zone(r, z, &zl);
	return zone_lowmem_reserve(r, z);
}

int state_read_global(struct state_reader *r)
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
		int err = state_expect(r, pair[i].name);

		if (!err)
			err = state_int(r, pair[i].name, 0, UINT32_MAX, &v);
		if (err)
			return err;
		*pair[i].to = (uint64_t)v;
	}
	return 0;
}

/* ---- geometry ---- */

/* Where a zone's hole is: it ends at 1 MiB or at 4 GiB. */
void state_zone_hole(const struct machine *m, const struct zone *z,
		     pfn_t *start, pfn_t *end)
{
	pfn_t low = (pfn_t)((uint64_t)1 << 20 >> m->page_shift);
	pfn_t high = (pfn_t)((uint64_t)1 << 32 >> m->page_shift);

	*end = zone_end_pfn(z) > high ? high : low;
	*start = *end - (z->spanned_pages - z->present_pages);
}

/* Frames that exist: [*start, *end) of each piece of the zone. */
static int add_zone_ram(struct state_reader *r, const struct zone *z)
{
	struct machine *m = r->m;
	pfn_t from = z->zone_start_pfn, to = zone_end_pfn(z), start, end;
	int err;

	state_zone_hole(m, z, &start, &end);
	if (start == end || z->present_pages == z->spanned_pages)
		start = end = to;
	if (start < from || start > end || end > to)
		return state_bad(r,
				 "zone %s: a hole of %u frames has no place "
				 "below 1M or 4G",
				 z->name, z->spanned_pages - z->present_pages);
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

int state_replace_memory(struct state_reader *r)
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
		return state_bad(r, "there are no zones");
	if (PAGE_ALIGN(m, m->cfg.kernel_start + m->cfg.kernel_size) >
	    pfn_to_phys(m, m->max_low_pfn))
		return state_bad(
			r, "lowmem is too small for this machine's kernel");
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
