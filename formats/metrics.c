/* metrics.c - the metrics of metrics.def and how they are written. */
#include "formats/metrics.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/tlb.h"

#include <math.h>
#include <string.h>

/* ---- page tables ---- */

/* Frames of the tables of one level; none where the format folds it. */
static double level_frames(const struct machine *m, const uint64_t *tables,
			   enum pg_level_id id)
{
	int d = pg_level_depth(m->fmt, id);

	if (d < 0)
		return NAN;
	return (double)(tables[id] << pg_table_order(m->fmt, (unsigned)d));
}

static double frames_bytes(const struct machine *m, const uint64_t *tables)
{
	const struct pg_format *f = m->fmt;
	uint64_t frames = 0;

	for (unsigned d = 0; d < f->nr_levels; d++)
		frames += tables[f->level[d].id] << pg_table_order(f, d);
	return (double)(frames << m->page_shift);
}

/* Tables that hold an entry, each by its own size, which may be less than a
 * frame (PAE's top has 32 bytes). Entries come in preorder: a table is not
 * empty if an entry of its depth follows the one that names it. */
struct needed {
	const struct pg_format *f;
	bool seen[PG_MAX_LEVELS]; /* an entry of the table at that depth */
	uint64_t bytes;
};

static void need_entry(void *ctx, unsigned d, unsigned index __unused_arg,
		       ptep_t at __unused_arg, pte_t entry,
		       vaddr_t va __unused_arg)
{
	struct needed *n = ctx;

	if (!n->seen[d])
		n->bytes += pg_table_bytes(n->f, d);
	n->seen[d] = true;
	/* the CPU does not look at the table behind a large page */
	if (d + 1 < n->f->nr_levels)
		n->seen[d + 1] = pg_entry_is_leaf(n->f, d, entry.v);
}

static double needed_bytes(const struct machine *m)
{
	const struct mm_struct *mm;
	uint64_t bytes = 0;

	if (!m->mm_list.next)
		return 0;
	list_for_each_entry(mm, &m->mm_list, mmlist) {
		struct needed n = {.f = m->fmt};

		walk_tables(mm, need_entry, &n);
		bytes += n.bytes;
	}
	return (double)bytes;
}

static double utilisation(const struct machine *m, const struct measured *x)
{
	uint64_t entries = x->peak_tables[PG_PTE]
			   << m->fmt->level[m->fmt->nr_levels - 1].index_bits;

	return entries ? 100.0 * (double)x->peak_ptes / (double)entries : NAN;
}

/* ---- the rest ---- */

static double all_refs(const struct tlb_stats *n)
{
	uint64_t refs = 0;

	for (unsigned i = 0; i < PG_MAX_LEVELS; i++)
		refs += n->refs[i];
	return (double)refs;
}

static double cycles_per_access(const struct machine *m,
				const struct tlb_stats *n)
{
	uint64_t accesses = n->hits[0] + n->hits[1] + n->misses[0] +
			    n->misses[1];

	return accesses ? (double)tlb_cycles(m) / (double)accesses : NAN;
}

static double mem_map_bytes(const struct machine *m)
{
	const struct zone *z;
	uint64_t frames = 0;

	for_each_zone(z, m)
		frames += z->spanned_pages;
	return (double)(frames * m->cfg.struct_page_size);
}

static double slab_bytes(const struct machine *m)
{
	int64_t pages = global_page_state(m, NR_SLAB_RECLAIMABLE) +
			global_page_state(m, NR_SLAB_UNRECLAIMABLE);

	return (double)pages * (double)PAGE_SIZE(m);
}

/* Percent of the free frames of all zones that lie in smaller blocks. */
static double unusable(const struct machine *m, unsigned order)
{
	const struct zone *z;
	uint64_t free = 0, large = 0;

	for_each_zone(z, m)
		for (unsigned o = 0; o < MAX_ORDER; o++) {
			uint64_t pages = (uint64_t)z->free_area[o].nr_free << o;

			free += pages;
			large += o >= order ? pages : 0;
		}
	return free ? 100.0 * (double)(free - large) / (double)free : NAN;
}

/* ---- the table ---- */

static const struct tlb_stats no_tlb;

#define METRIC(id, key, title, unit, expression)                        \
	static double value_##id(const struct machine *m,               \
				 const struct measured *x)              \
	{                                                               \
		const struct tlb_stats *n = tlb_statistics(m);          \
									\
		(void)x;                                                \
		if (!n && (!strncmp(key, "tlb.", 4) ||                  \
			   !strncmp(key, "walk.", 5)))                  \
			return NAN;                                     \
		n = n ? n : &no_tlb;                                    \
		(void)n;                                                \
		return (double)(expression);                            \
	}
#include "formats/metrics.def"
#undef METRIC

const struct metric metrics[] = {
#define METRIC(id, key, title, unit, expression) {key, title, unit, value_##id},
#include "formats/metrics.def"
#undef METRIC
};
const unsigned nr_metrics = ARRAY_SIZE(metrics);

int metric_find(const char *key)
{
	for (unsigned i = 0; i < nr_metrics; i++)
		if (!strcmp(metrics[i].key, key))
			return (int)i;
	return -1;
}

/* ---- numbers as text ---- */

static void print_bytes(double v, char *buf, size_t size)
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
					    "TiB", "PiB", "EiB"};
	unsigned i = 0;

	while (v >= 1024 && i + 1 < ARRAY_SIZE(units) && fmod(v, 1024) == 0) {
		v /= 1024;
		i++;
	}
	snprintf(buf, size, "%.0f %s", v, units[i]);
}

void metric_print(const struct metric *m, double v, char *buf, size_t size)
{
	if (isnan(v))
		snprintf(buf, size, "-");
	else if (m->unit == UNIT_BYTES)
		print_bytes(v, buf, size);
	else if (m->unit == UNIT_PERCENT)
		snprintf(buf, size, "%.2f %%", v);
	else if (m->unit == UNIT_RATIO)
		snprintf(buf, size, "%.3f", v);
	else
		snprintf(buf, size, "%.0f", v);
}

void metric_number(double v, char *buf, size_t size)
{
	if (v == floor(v) && fabs(v) < 1e15)
		snprintf(buf, size, "%.0f", v);
	else
		snprintf(buf, size, "%.17g", v);
}
