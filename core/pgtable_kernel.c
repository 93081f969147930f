/*
 * pgtable_kernel.c - the kernel's own page tables (swapper_pg_dir).
 *
 * The top table lies in a frame of the kernel image. Boot maps lowmem at
 * PAGE_OFFSET: the first stretch page by page (fixed memory-type ranges lie
 * there), then by the largest pages the format has, the ragged end page by page
 * again. vmalloc's part begins empty.
 *
 *   0xC0000000   +4M                       end of lowmem      vmalloc_start
 *      |  4K pages |  4M large pages ...  | 4K |   hole   | 4K pages ...
 *       table in     entries of the top     table            tables taken when
 *       the image    table itself                            first needed
 *
 * A table taken for vmalloc stays for good and is counted nowhere. It is linked
 * into swapper_pg_dir; processes reach it through the kernel entries they
 * copied (PAE: the one kernel PMD table is shared by all) or, on two levels,
 * would copy the entry at their first kernel fault there, which has no effect
 * that could be seen: so it is left out.
 *
 * Invariants are those of pgtable.c, number 7.
 * Linux: arch/x86/mm/init.c init_mem_mapping(), init_32.c
 * kernel_physical_mapping_init(); mm/vmalloc.c vmap_page_range(); mm/memory.c
 * __pte_alloc_kernel().
 */
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/mmu.h"
#include "core/subsystems.h"

#include <string.h>

/* ---- where boot's tables lie ---- */

/* 2^order frames of the kernel image's bss; 0 = it has no more. */
static paddr_t image_take(struct machine *m, unsigned order)
{
	unsigned nr = 1u << order;
	pfn_t pfn;

	if (m->bss_pfn < (m->cfg.kernel_start >> m->page_shift) + nr)
		return 0;
	pfn = bss_alloc(m, nr);
	memset(m->ram + pfn_to_phys(m, pfn), 0, (size_t)nr << m->page_shift);
	return pfn_to_phys(m, pfn);
}

static paddr_t lowmem_take(struct machine *m, unsigned order)
{
	struct page *page = alloc_pages(
		m, GFP_KERNEL | __GFP_NOTRACK | __GFP_REPEAT | __GFP_ZERO,
		order);

	if (!page)
		return 0;
	for (unsigned i = 0; i < 1u << order; i++)
		SetPageTable(page + i);
	memset(page_contents(m, page), 0, (size_t)PAGE_SIZE(m) << order);
	observe(m, TABLE_ALLOC, 0, PG_PTE, page_to_pfn(m, page), 0);
	return page_to_phys(m, page);
}

/* Boot's tables come from the image; a format whose tables are too many or too
 * large for it (flat) takes them from the allocator. */
static paddr_t boot_take(struct machine *m, unsigned order)
{
	paddr_t table = image_take(m, order);

	return table ? table : lowmem_take(m, order);
}

/* ---- entries ---- */

static pgprot_t kernel_prot(const struct machine *m)
{
	const struct pg_bits *b = &m->fmt->bits;

	return b->present | b->read | b->write | b->accessed | b->dirty |
	       b->global;
}

/* Linux: PAGE_KERNEL: not executable where the CPU can say so. */
static pgprot_t page_kernel(const struct machine *m)
{
	return kernel_prot(m) | (m->nx ? m->fmt->bits.nx : 0);
}

/* boot's code may lie in the direct map, so it stays executable */
static pgprot_t page_kernel_exec(const struct machine *m)
{
	return kernel_prot(m) | m->fmt->bits.exec;
}

static paddr_t next_table(struct machine *m, ptep_t at, unsigned parent,
			  paddr_t (*take)(struct machine *m, unsigned order))
{
	const struct pg_format *f = m->fmt;
	uint64_t entry = entry_read(m, at).v;
	paddr_t table;

	if (entry)
		return entry_table(f, entry);
	table = take(m, 0);
	if (table)
		entry_write(m, at,
			    __pte((table >> f->addr_rshift) |
				  f->level[parent].table_bits));
	return table;
}

/* ---- the direct map ---- */

/* Does an entry of depth d map [va, va + its size) as one large page? */
static bool maps_large(const struct machine *m, unsigned d, kva_t va, kva_t end)
{
	uint64_t size = (uint64_t)1 << m->fmt->level[d].shift;

	return m->fmt->level[d].may_be_leaf && !(va & (size - 1)) &&
	       end - va >= size && va != m->cfg.page_offset;
}

static int map_lowmem(struct machine *m, paddr_t table, unsigned d, kva_t va,
		      kva_t end)
{
	const struct pg_format *f = m->fmt;
	uint64_t size = (uint64_t)1 << f->level[d].shift;
	kva_t next;

	for (; va < end; va = next) {
		ptep_t at = table_entry(f, table, d, va);
		pte_t pte = pfn_pte(f, (pfn_t)(__pa(m, va) >> m->page_shift),
				    page_kernel_exec(m));
		paddr_t below;
		int err;

		next = min_t(kva_t, end, ALIGN_DOWN(va, size) + size);
		if (d + 1 == f->nr_levels) {
			entry_write(m, at, pte);
			continue;
		}
		if (maps_large(m, d, va, end)) {
			entry_write(m, at, __pte(pte.v | f->bits.huge));
			continue;
		}
		below = next_table(m, at, d, boot_take);
		if (!below)
			return -ENOMEM;
		err = map_lowmem(m, below, d + 1, va, next);
		if (err)
			return err;
	}
	return 0;
}

int kernel_pgtable_init(struct machine *m)
{
	const struct pg_format *f = m->fmt;

	m->swapper_pg_dir = boot_take(m, pg_table_order(f, 0));
	if (!m->swapper_pg_dir)
		return -ENOMEM;
	/* PAE: the kernel's PMD table is there from the start, for every
	 * process copies the entry that names it */
	if (f->user_root_tables &&
	    !next_table(m,
			table_entry(f, m->swapper_pg_dir, 0,
				    m->cfg.page_offset),
			0, boot_take))
		return -ENOMEM;
	return map_lowmem(m, m->swapper_pg_dir, 0, m->cfg.page_offset,
			  m->cfg.page_offset +
				  pfn_to_phys(m, m->max_low_pfn));
}

int pgtable_subsys_init(struct machine *m, const char **why)
{
	int err;

	hpool_init(&m->tlb_pool, &m->host, sizeof(struct soft_tlb));
	if (pg_format_check(m->fmt, why))
		return -EINVAL;
	err = kernel_pgtable_init(m);
	if (err)
		*why = "no room for the kernel's page tables";
	return err;
}

void pgtable_subsys_destroy(struct machine *m)
{
	hpool_destroy(&m->tlb_pool);
}

/* ---- vmalloc's entries ---- */

/* The last-level entry for addr, 0 = a table is missing (or, with take, no
 * memory for it), or a large page lies there. */
static ptep_t kernel_pte(struct machine *m, kva_t addr,
			 paddr_t (*take)(struct machine *m, unsigned order))
{
	const struct pg_format *f = m->fmt;
	paddr_t table = m->swapper_pg_dir;

	for (unsigned d = 0; d + 1 < f->nr_levels; d++) {
		ptep_t at = table_entry(f, table, d, addr);
		uint64_t entry = entry_read(m, at).v;

		if (pg_entry_is_leaf(f, d, entry) || (!entry && !take))
			return 0;
		table = next_table(m, at, d, take);
		if (!table)
			return 0;
	}
	return table_entry(f, table, f->nr_levels - 1, addr);
}

int kernel_map_page(struct machine *m, kva_t addr, pfn_t pfn)
{
	ptep_t at = kernel_pte(m, addr, lowmem_take);

	if (!at)
		return -ENOMEM;
	if (!pte_none(entry_read(m, at)))
		return -EBUSY;
	entry_write(m, at, pfn_pte(m->fmt, pfn, page_kernel(m)));
	return 0;
}

void kernel_unmap_page(struct machine *m, kva_t addr)
{
	ptep_t at = kernel_pte(m, addr, NULL);

	if (at)
		entry_write(m, at, __pte(0));
}

pfn_t kernel_lookup(const struct machine *m, kva_t addr)
{
	const struct pg_format *f = m->fmt;
	paddr_t table = m->swapper_pg_dir;
	unsigned d;
	pte_t entry;

	for (d = 0;; d++) {
		entry = entry_read(m, table_entry(f, table, d, addr));
		if (!pte_hw_present(f, entry))
			return PFN_NONE;
		if (d + 1 == f->nr_levels || pg_entry_is_leaf(f, d, entry.v))
			break;
		table = entry_table(f, entry.v);
	}
	/* a large page: the frame inside it */
	return pte_pfn(f, entry) +
	       (pfn_t)((addr & (((uint64_t)1 << f->level[d].shift) - 1)) >>
		       f->page_shift);
}

bool kernel_table_exists(const struct machine *m, kva_t addr)
{
	const struct pg_format *f = m->fmt;
	paddr_t table = m->swapper_pg_dir;

	for (unsigned d = 0; d + 1 < f->nr_levels; d++) {
		uint64_t entry =
			entry_read(m, table_entry(f, table, d, addr)).v;

		if (!entry || pg_entry_is_leaf(f, d, entry))
			return false;
		table = entry_table(f, entry);
	}
	return true;
}

int kernel_table_place(struct machine *m, kva_t addr)
{
	return kernel_pte(m, addr, image_take) ? 0 : -ENOMEM;
}
