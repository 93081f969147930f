/*
 * figure_table_set.c - the tables of a process as figures need them: a list of
 * tables with their entries in use, and words for what an entry says.
 *
 * In a series the list holds what is in use at any of its points (slots, by
 * level and address); what is not there at the moment is empty.
 */
#include "formats/figure_tables.h"

/* ---- what there is ---- */

static size_t open_table(struct table_set *ts, unsigned depth, paddr_t at,
			 vaddr_t va)
{
	if (ts->nr == ts->max) {
		size_t max = ts->max ? 2 * ts->max : 16;

		ts->table = host_realloc(&ts->m->host, ts->table,
					 ts->max * sizeof(*ts->table),
					 max * sizeof(*ts->table));
		ts->max = max;
	}
	ts->table[ts->nr] = (struct table){.depth = depth, .at = at, .va = va};
	ts->open[depth] = ts->nr;
	return ts->nr++;
}

static void append_entry(const struct table_set *ts, struct table *t,
			 uint64_t index, pte_t value)
{
	if (t->nr == t->max) {
		size_t max = t->max ? 2 * t->max : 32;

		t->entry = host_realloc(&ts->m->host, t->entry,
					t->max * sizeof(*t->entry),
					max * sizeof(*t->entry));
		t->max = max;
	}
	t->entry[t->nr++] = (struct entry){index, value};
}

static void add_entry(void *ctx, unsigned depth, unsigned index, ptep_t at,
		      pte_t value, vaddr_t va)
{
	struct table_set *ts = ctx;
	const struct pg_format *f = ts->m->fmt;
	paddr_t table = at - (paddr_t)index * f->entry_size;
	size_t n = ts->open[depth];

	if (n >= ts->nr || ts->table[n].depth != depth ||
	    ts->table[n].at != table)
		n = open_table(ts, depth, table,
			       va - ((vaddr_t)index << f->level[depth].shift));
	append_entry(ts, &ts->table[n], index, value);
	if (ts->o->slots)
		figure_slot(ts->o->slots, TABLE_SLOTS + depth, va);
}

void free_tables(struct table_set *ts)
{
	for (size_t i = 0; i < ts->nr; i++)
		host_free(&ts->m->host, ts->table[i].entry,
			  ts->table[i].max * sizeof(*ts->table[i].entry));
	host_free(&ts->m->host, ts->table, ts->max * sizeof(*ts->table));
}

/* The state's table of that level and first address, or NULL. */
static const struct table *same_table(const struct table_set *ts, unsigned depth,
				      vaddr_t va)
{
	for (size_t i = 0; i < ts->nr; i++)
		if (ts->table[i].depth == depth && ts->table[i].va == va)
			return &ts->table[i];
	return NULL;
}

static pte_t value_of(const struct table *t, uint64_t index)
{
	for (size_t i = 0; t && i < t->nr; i++)
		if (t->entry[i].index == index)
			return t->entry[i].value;
	return __pte(0);
}

static struct table *new_table(struct table_set *ts, unsigned depth, paddr_t at,
			       vaddr_t va)
{
	size_t n = open_table(ts, depth, at, va);

	return &ts->table[n];
}

/* Instead of what is in use now: all that is in use at some step. */
static void take_slots(struct table_set *ts)
{
	const struct pg_format *f = ts->m->fmt;
	struct table_set now = *ts;

	ts->table = NULL;
	ts->nr = ts->max = 0;
	for (unsigned d = 0; d < f->nr_levels; d++) {
		const struct figure_slot *slot;
		size_t n = figure_slots_of(ts->o->slots, TABLE_SLOTS + d, &slot);
		struct table *t = NULL;

		if (!d && !n) /* the root is there in any case */
			new_table(ts, 0, ts->mm->pgd, 0);
		for (size_t i = 0; i < n; i++) {
			uint64_t index = pg_index(f, d, slot[i].key);
			vaddr_t va = slot[i].key - (index << f->level[d].shift);
			const struct table *is = same_table(&now, d, va);

			if (!t || t->va != va)
				t = new_table(ts, d, is ? is->at : 0, va);
			append_entry(ts, t, index, value_of(is, index));
		}
	}
	free_tables(&now);
}

void find_tables(struct table_set *ts)
{
	open_table(ts, 0, ts->mm->pgd, 0);
	walk_tables(ts->mm, add_entry, ts);
	if (ts->o->slots)
		take_slots(ts);
}

static void first_page(void *ctx, unsigned depth, unsigned index __unused_arg,
		       ptep_t at __unused_arg, pte_t entry, vaddr_t va)
{
	struct figure_options *mine = ctx;
	const struct pg_format *f = mine->task->m->fmt;

	if (mine->has_address || !pte_present(f, entry) ||
	    !(depth + 1 == f->nr_levels || pg_entry_is_leaf(f, depth, entry.v)))
		return;
	mine->address = va;
	mine->has_address = true;
}

vaddr_t figure_address(const struct machine *m __unused_arg,
		       const struct figure_options *o)
{
	struct figure_options mine = *o;

	if (o->has_address)
		return o->address;
	mine.address = 0;
	if (o->task && o->task->mm && o->task->mm->pgd)
		walk_tables(o->task->mm, first_page, &mine);
	return mine.address;
}

/* ---- words ---- */

void describe_absent(const struct machine *m, pte_t entry, char *buf,
		     size_t size)
{
	swp_entry_t swap = pte_to_swp_entry(m->fmt, entry);

	if (pte_file(m->fmt, entry))
		snprintf(buf, size, "file page %llu",
			 (unsigned long long)pte_to_pgoff(m->fmt, entry));
	else
		snprintf(buf, size, "swap %u:%llu", swp_type(swap),
			 (unsigned long long)swp_offset(swap));
}

void describe_entry(const struct machine *m, const struct figure_options *o,
		    const struct table_walk *w, unsigned d, char *buf,
		    size_t size)
{
	const struct pg_format *f = m->fmt;
	pte_t entry = w->step[d].entry;
	struct entry_flag flag[MAX_ENTRY_FLAGS];
	unsigned nr;
	int n;

	if (!entry.v) {
		snprintf(buf, size, "%s", figure_text(o, FT_EMPTY_ENTRY));
		return;
	}
	if (!pte_present(f, entry)) {
		describe_absent(m, entry, buf, size);
		return;
	}
	n = snprintf(buf, size, "%05x", pte_pfn(f, entry));
	nr = entry_flags(f, entry.v, flag);
	for (unsigned i = 0; i < nr && n < (int)size; i++)
		n += snprintf(buf + n, size - (size_t)n, " %s", flag[i].name);
}

void describe_end(const struct figure_options *o, const struct table_walk *w,
		  char *buf, size_t size)
{
	if (w->present)
		snprintf(buf, size, figure_text(o, FT_WALK_PHYS),
			 (unsigned long long)w->phys);
	else
		snprintf(buf, size, "%s", figure_text(o, FT_WALK_FAULT));
}
