/*
 * pgtable.c - user page tables: make them, find an entry, change it, free them.
 *
 * A table is a frame full of entries, zeroed when it is made. The format says
 * how many levels there are; a level that the format lacks is folded: its
 * alloc function gives back the entry it was given, so that the five calls of
 * the kernel fit every format.
 *
 *   x86-pae   mm->pgd          0x20003000
 *              │
 *             pgd [0] ──► pmd [256] ──► pte [3] ──► frame of the page
 *             4 entries   512           512
 *             one frame   preallocated  on first need: nr_ptes++, NR_PAGETABLE
 *
 * The top table is made with the mm and holds the kernel's entries, copied from
 * swapper_pg_dir: the tables below those are shared by everybody. PAE makes the
 * three user PMD tables with it. All tables come from lowmem, unmovable.
 *
 * Each table's frame notes whose it is, which level, and the first address it
 * covers (struct page: private, index), so that a frame found in two places,
 * or in a wrong one, shows.
 *
 * Invariants (checked by pgtable_check() in pgtable_check.c, by these numbers):
 *   1. the frame of a table has PageTable, one reference, and notes exactly
 *      the place where it was found;
 *   2. mm->nr_ptes = its last-level tables (the top one never counts);
 *   3. stats.tables_by_level = tables of all mms, level by level;
 *   4. NR_PAGETABLE = sum of nr_ptes (beside what a loaded state brought);
 *   5. every entry that is not empty lies inside an area;
 *   6. the kernel's entries of a top table are swapper_pg_dir's or empty;
 *   7. every kernel table lies in a frame that boot reserved or has PageTable;
 *   8. stats.ptes_used = last-level entries of all mms that are not empty;
 *   9. a large entry agrees with the small ones behind it (large.c).
 *
 * Linux: arch/x86/mm/pgtable.c; mm/memory.c __pte_alloc(), free_pgd_range();
 * include/asm-generic/pgtable-nopmd.h, pgtable-nopud.h.
 */
#include "core/pgtable.h"
#include "core/large.h"
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/tlb.h"

#include <string.h>

#define PGALLOC_GFP (GFP_KERNEL | __GFP_NOTRACK | __GFP_REPEAT | __GFP_ZERO)

/* ---- frames of tables ---- */

static void table_note(struct page *page, const struct mm_struct *mm,
		       unsigned d, vaddr_t va)
{
	const struct pg_format *f = mm->m->fmt;
	uint64_t first = d ? ALIGN_DOWN(va, (uint64_t)1
						    << f->level[d - 1].shift) :
			     0;

	for (unsigned i = 0; i < 1u << pg_table_order(f, d); i++)
		SetPageTable(page + i);
	page->private = table_owner_note(mm, d);
	page->index = first >> f->page_shift;
}

/* Physical address of a zeroed table of depth d that covers va; 0 = none. */
static paddr_t table_alloc(struct mm_struct *mm, unsigned d, vaddr_t va)
{
	struct machine *m = mm->m;
	struct page *page = alloc_pages(m, PGALLOC_GFP,
					pg_table_order(m->fmt, d));

	if (!page)
		return 0;
	/* tables are real even on machines that keep no contents */
	memset(page_contents(m, page), 0,
	       PAGE_SIZE(m) << pg_table_order(m->fmt, d));
	table_note(page, mm, d, va);
	m->stats.tables_allocated++;
	m->stats.tables_by_level[m->fmt->level[d].id]++;
	observe(m, TABLE_ALLOC, va, m->fmt->level[d].id, page_to_pfn(m, page),
		0);
	return page_to_phys(m, page);
}

/* The table is nobody's any more; its frame is the caller's to free. */
static struct page *table_disown(struct machine *m, paddr_t table, unsigned d,
				 vaddr_t va)
{
	struct page *page = pfn_to_page(m, (pfn_t)(table >> m->page_shift));

	for (unsigned i = 0; i < 1u << pg_table_order(m->fmt, d); i++)
		ClearPageTable(page + i);
	page->private = 0;
	page->index = 0;
	m->stats.tables_freed++;
	m->stats.tables_by_level[m->fmt->level[d].id]--;
	observe(m, TABLE_FREE, va, m->fmt->level[d].id, page_to_pfn(m, page),
		0);
	return page;
}

/* ---- the top ---- */

uint64_t kernel_root_index(const struct machine *m)
{
	const struct pg_format *f = m->fmt;
	uint64_t covers = (uint64_t)1 << f->level[0].shift;

	if ((m->cfg.page_offset & (covers - 1)) ||
	    m->cfg.task_size > m->cfg.page_offset)
		return pg_table_entries(f, 0);
	return pg_index(f, 0, m->cfg.page_offset);
}

/*
 * Linux: pgd_ctor(). A flat format has no shared tables under its root: it
 * gets the direct map only, for a vmalloc entry copied here would go stale.
 */
static void pgd_ctor(struct mm_struct *mm)
{
	struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	uint64_t first = kernel_root_index(m), end = pg_table_entries(f, 0);
	uint64_t size = f->entry_size;

	if (f->nr_levels == 1 && first < end)
		end = min_t(uint64_t, end, first + m->max_low_pfn);
	memcpy(m->ram + mm->pgd + first * size,
	       m->ram + m->swapper_pg_dir + first * size, (end - first) * size);
}

/* Tables of the second level that stand as long as no unmap takes them. */
static void pgd_mop_up(struct mm_struct *mm, unsigned nr)
{
	struct machine *m = mm->m;

	for (unsigned i = 0; i < nr; i++) {
		vaddr_t va = (vaddr_t)i << m->fmt->level[0].shift;
		ptep_t at = table_entry(m->fmt, mm->pgd, 0, va);
		uint64_t entry = entry_read(m, at).v;

		if (!entry)
			continue;
		entry_write(m, at, __pte(0));
		__free_pages(m,
			     table_disown(m, entry_table(m->fmt, entry), 1, va),
			     0);
	}
}

static void pgd_give_back(struct mm_struct *mm)
{
	struct machine *m = mm->m;

	__free_pages(m, table_disown(m, mm->pgd, 0, 0),
		     pg_table_order(m->fmt, 0));
	mm->pgd = 0;
}

static pte_t table_link(const struct pg_format *f, unsigned parent,
			paddr_t table)
{
	return __pte((table >> f->addr_rshift) | f->level[parent].table_bits);
}

int pgd_alloc(struct mm_struct *mm)
{
	struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	story(mm->m);

	mm->pgd = table_alloc(mm, 0, 0);
	if (!mm->pgd)
		return -ENOMEM;
	for (unsigned i = 0; i < f->user_root_tables; i++) {
		vaddr_t va = (vaddr_t)i << f->level[0].shift;
		paddr_t table = table_alloc(mm, 1, va);

		if (!table) {
			pgd_mop_up(mm, i);
			pgd_give_back(mm);
			return -ENOMEM;
		}
		entry_write(m, table_entry(f, mm->pgd, 0, va),
			    table_link(f, 0, table));
	}
	pgd_ctor(mm);
	return 0;
}

void pgd_free(struct mm_struct *mm)
{
	story(mm->m);

	soft_tlb_destroy(mm);
	if (unlikely(mm->m->tlb != NULL))
		tlb_forget_mm(mm->m->tlb, mm);
	if (!mm->pgd)
		return;
	pgd_mop_up(mm, mm->m->fmt->user_root_tables);
	pgd_give_back(mm);
}

/* ---- down the levels ---- */

paddr_t table_below(const struct machine *m, unsigned d, uint64_t entry)
{
	if (unlikely(m->large_table && pg_entry_is_leaf(m->fmt, d, entry)))
		return large_page_table(m, entry);
	return entry_table(m->fmt, entry);
}

ptep_t pgd_offset(const struct mm_struct *mm, vaddr_t addr)
{
	return table_entry(mm->m->fmt, mm->pgd, 0, addr);
}

/* The entry for addr in the table that `above`, an entry of the level above
 * depth d, names; the table is made if there is none. 0 = no memory. */
static ptep_t level_alloc(struct mm_struct *mm, ptep_t above, unsigned d,
			  vaddr_t addr)
{
	struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	uint64_t entry = entry_read(m, above).v;
	paddr_t table;

	if (likely(entry))
		return table_entry(f, table_below(m, d - 1, entry), d, addr);
	table = table_alloc(mm, d, addr);
	if (!table)
		return 0;
	if (f->level[d].id == PG_PTE) {
		mm->nr_ptes++;
		inc_zone_page_state(
			m, pfn_to_page(m, (pfn_t)(table >> m->page_shift)),
			NR_PAGETABLE);
	}
	entry_write(m, above, table_link(f, d - 1, table));
	return table_entry(f, table, d, addr);
}

/* The same with its story: no such level (0), a table that is there (1), or is
 * to be made (2). */
__watched static ptep_t level_alloc_told(struct mm_struct *mm, ptep_t above,
					 int d, vaddr_t addr, const char *func)
{
	uint64_t entry = entry_read(mm->m, above).v;
	story_as(mm->m, func, addr, d <= 0 ? 0 : entry ? 1 : 2, entry);

	return d <= 0 ? above : level_alloc(mm, above, (unsigned)d, addr);
}

/* A level that the format does not have is folded into the one above. */
static inline ptep_t level_alloc_id(struct mm_struct *mm, ptep_t above,
				    enum pg_level_id id, vaddr_t addr,
				    const char *func)
{
	struct machine *m = mm->m;
	int d = m->level_depth[id];

	if (unlikely(m->observer != NULL))
		return level_alloc_told(mm, above, d, addr, func);
	return d <= 0 ? above : level_alloc(mm, above, (unsigned)d, addr);
}

ptep_t p4d_alloc(struct mm_struct *mm, ptep_t pgd, vaddr_t addr)
{
	if (mm->m->level_depth[PG_P4D] <= 0)
		return pgd; /* nor has the kernel such a function then */
	return level_alloc_id(mm, pgd, PG_P4D, addr, __func__);
}

ptep_t pud_alloc(struct mm_struct *mm, ptep_t p4d, vaddr_t addr)
{
	return level_alloc_id(mm, p4d, PG_PUD, addr, __func__);
}

ptep_t pmd_alloc(struct mm_struct *mm, ptep_t pud, vaddr_t addr)
{
	return level_alloc_id(mm, pud, PG_PMD, addr, __func__);
}

ptep_t pte_alloc_map(struct mm_struct *mm, ptep_t pmd, vaddr_t addr)
{
	return level_alloc_id(mm, pmd, PG_PTE, addr, __func__);
}

ptep_t pte_alloc_at(struct mm_struct *mm, vaddr_t addr)
{
	ptep_t at = pgd_offset(mm, addr);

	for (unsigned d = 1; at && d < mm->m->fmt->nr_levels; d++)
		at = level_alloc(mm, at, d, addr);
	return at;
}

/* ---- without allocating ---- */

/* Any format, with large pages too. */
static inline __attribute__((always_inline)) ptep_t
walk_down(const struct mm_struct *mm, vaddr_t addr, unsigned nr_levels,
	  unsigned entry_size, bool large)
{
	const struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	paddr_t table = mm->pgd;
	unsigned d;

	for (d = 0; d + 1 < nr_levels; d++) {
		uint64_t entry = entry_read_sized(
			m, table + pg_index(f, d, addr) * entry_size,
			entry_size);

		if (!entry)
			return 0;
		table = large ? table_below(m, d, entry) :
				entry_table(f, entry);
	}
	return table + pg_index(f, d, addr) * entry_size;
}

/*
 * Every miss of the software TLB comes here, so the two formats of 32-bit x86
 * have walks of their own: the compiler unrolls the levels and knows the width.
 */
ptep_t pte_offset(const struct mm_struct *mm, vaddr_t addr)
{
	const struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;

	if (likely(!m->large_table)) {
		if (f->nr_levels == 2 && f->entry_size == 4)
			return walk_down(mm, addr, 2, 4, false);
		if (f->nr_levels == 3 && f->entry_size == 8)
			return walk_down(mm, addr, 3, 8, false);
	}
	return walk_down(mm, addr, f->nr_levels, f->entry_size, true);
}

static vaddr_t next_boundary(vaddr_t addr, vaddr_t end, unsigned shift)
{
	vaddr_t next = ALIGN_DOWN(addr, (uint64_t)1 << shift) +
		       ((uint64_t)1 << shift);

	return next - 1 < end - 1 ? next : end;
}

ptep_t pte_table_range(const struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		       vaddr_t *next)
{
	const struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	paddr_t table = mm->pgd;
	unsigned d;

	for (d = 0; d + 1 < f->nr_levels; d++) {
		uint64_t entry =
			entry_read(m, table_entry(f, table, d, addr)).v;

		*next = next_boundary(addr, end, f->level[d].shift);
		if (!entry)
			return 0;
		table = table_below(m, d, entry);
	}
	if (f->nr_levels == 1)
		*next = end;
	return table_entry(f, table, d, addr);
}

uint64_t pmd_size(const struct machine *m)
{
	const struct pg_format *f = m->fmt;

	return (uint64_t)1 << (f->nr_levels == 1 ?
				       f->va_bits :
				       f->level[f->nr_levels - 2].shift);
}

/* ---- one entry ---- */

void set_pte_at(struct mm_struct *mm, vaddr_t addr, ptep_t ptep, pte_t pte)
{
	struct machine *m = mm->m;
	pte_t old = entry_read(m, ptep);

	/* Linux: __supported_pte_mask: a CPU without NX has no such bit */
	if (!m->nx)
		pte.v &= ~m->fmt->bits.nx;
	if (unlikely(m->large_table)) {
		struct page *table = pfn_to_page(m, (pfn_t)(ptep >>
							    m->page_shift));

		if (table->private & TABLE_BEHIND_LARGE)
			large_page_break(mm, addr, table);
	}
	observe(m, PTE_SET, addr, pte.v, old.v, mm->serial);
	m->stats.ptes_used += (uint64_t)!pte_none(pte) - !pte_none(old);
	entry_write(m, ptep, pte);
	soft_tlb_flush_page(mm, addr);
	if (unlikely(m->tlb != NULL))
		tlb_invalidate_page(m->tlb, mm, addr, old);
}

pte_t ptep_get_and_clear(struct mm_struct *mm, vaddr_t addr, ptep_t ptep)
{
	pte_t old = ptep_get(mm, ptep);

	set_pte_at(mm, addr, ptep, __pte(0));
	return old;
}

/* ---- free the tables of a range ---- */

struct range_free {
	struct mm_struct *mm;
	vaddr_t floor, ceiling;
	void (*free_table)(void *ctx, struct page *page);
	void *ctx;
};

/* May the table that covers `size` bytes from va on go? Nothing below floor
 * or from ceiling on may lie in it. */
static bool table_is_clear(const struct range_free *rf, vaddr_t va,
			   uint64_t size)
{
	return va >= rf->floor &&
	       (!rf->ceiling || va + size - 1 <= rf->ceiling - 1);
}

static void free_one_table(const struct range_free *rf, ptep_t at,
			   paddr_t table, unsigned d, vaddr_t va)
{
	struct mm_struct *mm = rf->mm;
	struct page *page;

	entry_write(mm->m, at, __pte(0));
	if (unlikely(mm->m->tlb != NULL))
		tlb_flush_walk_caches(mm->m->tlb);
	page = table_disown(mm->m, table, d, va);
	if (mm->m->fmt->level[d].id == PG_PTE) {
		mm->nr_ptes--;
		dec_zone_page_state(mm->m, page, NR_PAGETABLE);
	}
	rf->free_table(rf->ctx, page);
}

/* The tables below the entries for [addr, end) of a table of depth d: the
 * lowest first, then the one above them when it is clear as well. */
static void free_level_range(const struct range_free *rf, paddr_t parent,
			     unsigned d, vaddr_t addr, vaddr_t end)
{
	struct machine *m = rf->mm->m;
	const struct pg_format *f = m->fmt;
	uint64_t size = (uint64_t)1 << f->level[d].shift;
	vaddr_t next;

	for (; addr != end; addr = next) {
		ptep_t at = table_entry(f, parent, d, addr);
		uint64_t entry = entry_read(m, at).v;
		vaddr_t va = ALIGN_DOWN(addr, size);

		next = next_boundary(addr, end, f->level[d].shift);
		if (!entry)
			continue;
		if (d + 2 < f->nr_levels)
			free_level_range(rf, entry_table(f, entry), d + 1, addr,
					 next);
		if (table_is_clear(rf, va, size))
			free_one_table(rf, at, entry_table(f, entry), d + 1,
				       va);
	}
}

void free_pgd_range(struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		    vaddr_t floor, vaddr_t ceiling,
		    void (*free_table)(void *ctx, struct page *page), void *ctx)
{
	const struct range_free rf = {.mm = mm,
				      .floor = floor,
				      .ceiling = ceiling,
				      .free_table = free_table,
				      .ctx = ctx};
	story(mm->m, addr, end, floor, ceiling);

	if (mm->m->fmt->nr_levels > 1 && addr < end)
		free_level_range(&rf, mm->pgd, 0, addr, end);
}

/* ---- visit ---- */

struct table_walk {
	const struct mm_struct *mm;
	table_visitor visit;
	void *ctx;
};

static void walk_level(const struct table_walk *w, paddr_t table, unsigned d,
		       vaddr_t va, uint64_t nr)
{
	const struct machine *m = w->mm->m;
	const struct pg_format *f = m->fmt;

	for (uint64_t i = 0; i < nr; i++) {
		ptep_t at = table + i * f->entry_size;
		pte_t entry = entry_read(m, at);
		vaddr_t first = va + (i << f->level[d].shift);

		if (!entry.v)
			continue;
		w->visit(w->ctx, d, (unsigned)i, at, entry, first);
		if (d + 1 < f->nr_levels)
			walk_level(w, table_below(m, d, entry.v), d + 1, first,
				   pg_table_entries(f, d + 1));
	}
}

void walk_tables(const struct mm_struct *mm, table_visitor visit, void *ctx)
{
	const struct table_walk w = {.mm = mm, .visit = visit, .ctx = ctx};

	if (mm->pgd)
		walk_level(&w, mm->pgd, 0, 0, kernel_root_index(mm->m));
}
