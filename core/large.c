/*
 * large.c - large pages for anonymous memory.
 *
 *   pmd entry ──── one entry, PS set ────►┌───────────────────────────┐
 *      :                                  │ 1024 frames in a row      │
 *      : kept behind it                   └▲──▲──▲─────────────────▲──┘
 *      └─ ─ ─► pte table: ─────────────────┴──┴──┴── ... ──────────┘
 *              the same as 1024 small entries
 *
 * A write fault in an anonymous area that covers a whole aligned large page, of
 * which nothing is mapped yet, takes one block of frames and maps it by one
 * entry. The table for the small entries is made and filled at the same time
 * and kept behind the large entry, as the kernel deposits one for the day it has
 * to split (and counts it in nr_ptes). So whoever walks tables in software finds
 * small entries as ever, each frame has its own struct page, and only the CPU
 * (and its modelled TLB) sees the large one.
 *
 * The first change of a small entry, for whatever reason (unmap, mprotect,
 * fork's write protection, reclaim), splits: the pmd entry names the table.
 * Nothing can fail there. Linux 3.12 keeps a huge page through fork and
 * mprotect of all of it; here it is small pages from then on, and nothing
 * collapses them again (there is no khugepaged). Reads of untouched memory map
 * the small zero page.
 *
 * Invariant (pgtable_check(), 9): a large entry says of the first frame what
 * every small entry behind it says of its own, and its table is marked.
 *
 * Linux: mm/huge_memory.c do_huge_pmd_anonymous_page(),
 * pgtable_trans_huge_deposit(), __split_huge_page_map().
 */
#include "core/large.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/subsystems.h"

#define GFP_LARGE \
	(GFP_HIGHUSER_MOVABLE | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY)

unsigned large_page_order(const struct machine *m)
{
	const struct pg_format *f = m->fmt;
	unsigned order;

	if (!m->cfg.large_pages || f->nr_levels < 2 ||
	    !f->level[f->nr_levels - 2].may_be_leaf)
		return 0;
	order = f->level[f->nr_levels - 1].index_bits;
	return order < MAX_ORDER ? order : 0;
}

/* One number for each block of RAM: the frame of the table behind it. */
int large_subsys_init(struct machine *m, const char **why __unused_arg)
{
	unsigned order = large_page_order(m);

	if (order)
		m->large_table = host_reserve(
			&m->host, ((m->max_pfn >> order) + 1) *
					  sizeof(*m->large_table));
	return 0;
}

void large_subsys_destroy(struct machine *m)
{
	if (m->large_table)
		host_release(&m->host, m->large_table,
			     ((m->max_pfn >> large_page_order(m)) + 1) *
				     sizeof(*m->large_table));
	m->large_table = NULL;
}

static pfn_t *table_slot(const struct machine *m, uint64_t leaf)
{
	return &m->large_table[pte_pfn(m->fmt, __pte(leaf)) >>
			       large_page_order(m)];
}

paddr_t large_page_table(const struct machine *m, uint64_t leaf)
{
	return pfn_to_phys(m, *table_slot(m, leaf));
}

/* ---- a new one ---- */

static bool area_may_have(const struct vm_area_struct *vma, vaddr_t start,
			  uint64_t size)
{
	return !vma->vm_file && !vma->vm_ops &&
	       !(vma->vm_flags & (VM_SHARED | VM_GROWSDOWN | VM_SPECIAL |
				  VM_NOHUGEPAGE)) &&
	       start >= vma->vm_start && vma->vm_end - start >= size;
}

/* Each frame on its own, as if it had been faulted in alone. */
static void map_frames(struct vm_area_struct *vma, vaddr_t start,
		       struct page *page, ptep_t ptep, unsigned nr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct machine *m = mm->m;

	for (unsigned i = 0; i < nr; i++) {
		vaddr_t addr = start + i * PAGE_SIZE(m);
		pte_t pte = pfn_pte(m->fmt, page_to_pfn(m, page + i),
				    vma->vm_page_prot);

		page[i]._count = 1;
		SetPageUptodate(page + i);
		mem_cgroup_newpage_charge(m, page + i, mm);
		page_add_new_anon_rmap(page + i, vma, addr);
		pte = pte_mkdirty(m->fmt, pte);
		if (vma->vm_flags & VM_WRITE)
			pte = pte_mkwrite(m->fmt, pte);
		set_pte_at(mm, addr, ptep, pte);
		ptep = ptep_next(mm, ptep);
	}
	add_mm_counter(mm, MM_ANONPAGES, nr);
}

/* The pmd entry becomes the large one; the table it named stays behind it. */
static void put_behind(struct machine *m, ptep_t pmd, ptep_t ptep)
{
	pfn_t table = (pfn_t)(ptep >> m->page_shift);
	uint64_t leaf = entry_read(m, ptep).v | m->fmt->bits.huge;

	pfn_to_page(m, table)->private |= TABLE_BEHIND_LARGE;
	*table_slot(m, leaf) = table;
	entry_write(m, pmd, __pte(leaf));
	m->stats.large_pages++;
	m->stats.large_made++;
}

bool large_anonymous_fault(struct vm_area_struct *vma, vaddr_t address,
			   ptep_t pmd)
{
	struct mm_struct *mm = vma->vm_mm;
	struct machine *m = mm->m;
	unsigned order = large_page_order(m);
	uint64_t size = PAGE_SIZE(m) << order;
	vaddr_t start = ALIGN_DOWN(address, size);
	struct page *page;
	ptep_t ptep;

	if (!order || entry_read(m, pmd).v || !area_may_have(vma, start, size))
		return false;
	/* a group is charged page by page, up to its limit */
	if (!mem_cgroup_disabled(m) &&
	    !mem_cgroup_is_root(mem_cgroup_from_mm(m, mm)))
		return false;
	if (anon_vma_prepare(vma))
		return false;
	page = alloc_pages(m, GFP_LARGE, order);
	if (!page)
		return false;
	ptep = pte_alloc_map(mm, pmd, start);
	if (!ptep) {
		__free_pages(m, page, order);
		return false;
	}
	observe(m, ANON_PAGE, start, page_to_pfn(m, page), order, 0);
	map_frames(vma, start, page, ptep, 1u << order);
	put_behind(m, pmd, ptep);
	return true;
}

/* ---- and its end ---- */

void large_page_break(struct mm_struct *mm, vaddr_t addr, struct page *table)
{
	struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	paddr_t at = mm->pgd;
	ptep_t pmd = 0;

	for (unsigned d = 0; d + 1 < f->nr_levels; d++) {
		pmd = table_entry(f, at, d, addr);
		at = entry_table(f, entry_read(m, pmd).v);
	}
	*table_slot(m, entry_read(m, pmd).v) = PFN_NONE;
	table->private &= ~TABLE_BEHIND_LARGE;
	entry_write(m, pmd,
		    __pte((page_to_phys(m, table) >> f->addr_rshift) |
			  f->level[f->nr_levels - 2].table_bits));
	m->stats.large_pages--;
	m->stats.large_split++;
}
