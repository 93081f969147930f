/*
 * table_walk.c - down the tables as the MMU goes, without changing anything.
 *
 *   pgd ── index 0 ─► entry ─► table ── index 1 ─► entry ─► ... ─► frame + offset
 */
#include "formats/table_walk.h"

unsigned entry_flags(const struct pg_format *f, uint64_t v,
		     struct entry_flag flag[MAX_ENTRY_FLAGS])
{
	const struct {
		uint64_t bit;
		struct entry_flag flag;
	} bits[] = {
		{f->bits.present, {'P', "present"}},
		{f->bits.read, {'R', "read"}},
		{f->bits.write, {'W', "write"}},
		{f->bits.user, {'U', "user"}},
		{f->bits.exec, {'E', "exec"}},
		{f->bits.pwt, {'t', "pwt"}},
		{f->bits.pcd, {'c', "pcd"}},
		{f->bits.accessed, {'A', "accessed"}},
		{f->bits.dirty, {'D', "dirty"}},
		{f->bits.huge, {'p', "pat"}},
		{f->bits.special, {'S', "special"}},
		{f->bits.nx, {'X', "nx"}},
	};
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (v & bits[i].bit)
			flag[n++] = bits[i].flag;
	if (!(v & f->bits.present))
		flag[n++] = (struct entry_flag){'n', "protnone"};
	else if (v & f->bits.global)
		flag[n++] = (struct entry_flag){'G', "global"};
	return n;
}

/* The frame that the last step names. */
static void arrive(const struct pg_format *f, vaddr_t va, struct table_walk *w)
{
	const struct walk_step *last = &w->step[w->nr - 1];
	unsigned shift = f->level[w->nr - 1].shift;

	w->present = pte_hw_present(f, last->entry);
	if (w->present)
		w->phys = ((paddr_t)pte_pfn(f, last->entry) << f->page_shift) |
			  (va & (((vaddr_t)1 << shift) - 1));
}

void table_walk(const struct mm_struct *mm, vaddr_t va, struct table_walk *w)
{
	const struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	paddr_t table = mm->pgd;

	*w = (struct table_walk){0};
	for (unsigned d = 0; d < f->nr_levels; d++) {
		ptep_t at = table_entry(f, table, d, va);
		pte_t entry = entry_read(m, at);

		w->step[w->nr++] = (struct walk_step){
			table, pg_index(f, d, va), at, entry};
		w->large = d + 1 < f->nr_levels &&
			   pg_entry_is_leaf(f, d, entry.v);
		if (d + 1 == f->nr_levels || w->large) {
			arrive(f, va, w);
			return;
		}
		if (!entry.v)
			return;
		table = entry_table(f, entry.v);
	}
}
