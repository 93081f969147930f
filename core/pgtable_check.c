/*
 * pgtable_check.c - the invariants of pgtable.c, executed by their numbers.
 * Every table of every mm is walked once; the areas are passed in step, for
 * both come in ascending order.
 */
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/subsystems.h"

struct check_walk {
	struct checker *c;
	const struct mm_struct *mm;
	const struct vm_area_struct *vma; /* first that ends above the last va */
	uint64_t nr_ptes;
	uint64_t used; /* last-level entries that are not empty */
	uint64_t by_level[PG_MAX_LEVELS];
};

/* 1: the frame says what is found in it. */
static void check_table_frame(struct check_walk *w, paddr_t table, unsigned d,
			      vaddr_t va)
{
	const struct machine *m = w->mm->m;
	pfn_t pfn = (pfn_t)(table >> m->page_shift);
	const struct page *page;

	w->by_level[m->fmt->level[d].id]++;
	if (pfn == PFN_NONE || pfn >= m->max_pfn) {
		check_broken(w->c, "pgtable 1: table frame %u is no RAM", pfn);
		return;
	}
	page = pfn_to_page(m, pfn);
	CHECK(w->c, PageTable(page) && page_count(page) == 1,
	      "pgtable 1: frame %u of a table has count %d, PageTable %d", pfn,
	      page_count(page), PageTable(page));
	CHECK(w->c,
	      (page->private & ~TABLE_BEHIND_LARGE) ==
			      table_owner_note(w->mm, d) &&
		      (vaddr_t)page->index << m->page_shift == va,
	      "pgtable 1: frame %u is another table's (note %x, found %x)",
	      pfn, page->private, table_owner_note(w->mm, d));
}

/* 9: the large entry is what the small ones are, frame by frame. */
static void check_large(struct check_walk *w, unsigned d, pte_t entry)
{
	const struct machine *m = w->mm->m;
	const struct pg_format *f = m->fmt;
	bool large = pg_entry_is_leaf(f, d, entry.v);
	paddr_t table = table_below(m, d, entry.v);
	const struct page *page = pfn_to_page(m, (pfn_t)(table >>
							 m->page_shift));

	CHECK(w->c, !(page->private & TABLE_BEHIND_LARGE) == !large,
	      "pgtable 9: the table in frame %u is%s behind a large page",
	      page_to_pfn(m, page), large ? " not" : "");
	for (uint64_t i = 0; large && i < pg_table_entries(f, d + 1); i++) {
		pte_t small = entry_read(m, table + i * f->entry_size);
		pte_t want = pfn_pte(f, pte_pfn(f, entry) + (pfn_t)i,
				     entry.v & ~f->addr_mask & ~f->bits.huge);

		CHECK(w->c, small.v == want.v,
		      "pgtable 9: entry %llu behind a large page is 0x%llx, not 0x%llx",
		      (unsigned long long)i, (unsigned long long)small.v,
		      (unsigned long long)want.v);
	}
}

static void check_entry(void *ctx, unsigned d, unsigned index __unused_arg,
			ptep_t at __unused_arg, pte_t entry, vaddr_t va)
{
	struct check_walk *w = ctx;
	const struct pg_format *f = w->mm->m->fmt;

	if (d + 1 < f->nr_levels) {
		if (f->level[d + 1].id == PG_PTE)
			w->nr_ptes++;
		check_table_frame(w, table_below(w->mm->m, d, entry.v), d + 1,
				  va);
		check_large(w, d, entry);
		return;
	}
	w->used++;
	while (w->vma && w->vma->vm_end <= va)
		w->vma = w->vma->vm_next;
	CHECK(w->c, w->vma && w->vma->vm_start <= va,
	      "pgtable 5: entry 0x%llx for 0x%llx lies in no area",
	      (unsigned long long)entry.v, (unsigned long long)va);
}

/* 6: what the top table holds of the kernel. */
static void check_kernel_part(const struct mm_struct *mm, struct checker *c)
{
	const struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;

	if (f->nr_levels == 1)
		return; /* vmalloc's entries come and go in the top table */
	for (uint64_t i = kernel_root_index(m); i < pg_table_entries(f, 0);
	     i++) {
		uint64_t at = i * f->entry_size;
		uint64_t mine = entry_read(m, mm->pgd + at).v;

		CHECK(c,
		      !mine || mine == entry_read(m, m->swapper_pg_dir + at).v,
		      "pgtable 6: kernel entry %llu of a process is 0x%llx",
		      (unsigned long long)i, (unsigned long long)mine);
	}
}

static void check_mm(const struct mm_struct *mm, struct check_walk *w)
{
	w->mm = mm;
	w->vma = mm->mmap;
	w->nr_ptes = 0;
	check_table_frame(w, mm->pgd, 0, 0);
	walk_tables(mm, check_entry, w);
	CHECK(w->c, w->nr_ptes == mm->nr_ptes,
	      "pgtable 2: nr_ptes is %llu, the mm has %llu tables",
	      (unsigned long long)mm->nr_ptes, (unsigned long long)w->nr_ptes);
	check_kernel_part(mm, w->c);
	mmu_check_tlb(mm, w->c);
}

/* 7: the kernel's own tables, from the top down. */
static void check_kernel_tables(const struct machine *m, struct checker *c,
				paddr_t table, unsigned d, uint64_t first)
{
	const struct pg_format *f = m->fmt;
	pfn_t pfn = (pfn_t)(table >> m->page_shift);

	CHECK(c,
	      pfn < m->max_pfn &&
		      (pfn_reserved(m, pfn) || PageTable(pfn_to_page(m, pfn))),
	      "pgtable 7: kernel table in frame %u that is not its own", pfn);
	if (d + 1 == f->nr_levels)
		return;
	for (uint64_t i = first; i < pg_table_entries(f, d); i++) {
		uint64_t entry = entry_read(m, table + i * f->entry_size).v;

		if (entry && !pg_entry_is_leaf(f, d, entry))
			check_kernel_tables(m, c, entry_table(f, entry), d + 1,
					    0);
	}
}

void pgtable_check(const struct machine *m, struct checker *c)
{
	struct check_walk w = {.c = c};
	const struct mm_struct *mm;
	uint64_t nr_ptes = 0;

	if (m->mm_list.next)
		list_for_each_entry(mm, &m->mm_list, mmlist) {
			check_mm(mm, &w);
			nr_ptes += mm->nr_ptes;
		}
	for (unsigned id = 0; id < PG_MAX_LEVELS; id++)
		CHECK(c, w.by_level[id] == m->stats.tables_by_level[id],
		      "pgtable 3: %llu tables of level %u counted, %llu found",
		      (unsigned long long)m->stats.tables_by_level[id], id,
		      (unsigned long long)w.by_level[id]);
	CHECK(c, w.used == m->stats.ptes_used,
	      "pgtable 8: %llu entries counted, %llu found",
	      (unsigned long long)m->stats.ptes_used,
	      (unsigned long long)w.used);
	CHECK(c, owned_page_state(m, NR_PAGETABLE) == (int64_t)nr_ptes,
	      "pgtable 4: NR_PAGETABLE %lld, processes have %llu tables",
	      (long long)owned_page_state(m, NR_PAGETABLE),
	      (unsigned long long)nr_ptes);
	check_kernel_tables(m, c, m->swapper_pg_dir, 0, 0);
}
