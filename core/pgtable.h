/*
 * pgtable.h - page tables in emulated RAM.
 *
 * Tables are frames of the buddy system; entries are bytes of RAM in the
 * format's real layout. ptep_t is the physical address of an entry, 0 for
 * "none". Every change of a present entry goes through set_pte_at() or
 * ptep_get_and_clear(), which also forget the software TLB's copy: nobody else
 * has to flush. mm->nr_ptes and NR_PAGETABLE count last-level tables only.
 * Linux: arch/x86/include/asm/pgtable*.h, arch/x86/mm/pgtable.c, mm/memory.c.
 */
#ifndef MMEMU_CORE_PGTABLE_H
#define MMEMU_CORE_PGTABLE_H

#include "core/machine.h"
#include "core/mm.h"
#include "core/pgformat.h"

typedef paddr_t ptep_t; /* physical address of an entry; 0 = none */

/* size: bytes of an entry, 4 or 8 */
static inline uint64_t entry_read_sized(const struct machine *m, ptep_t at,
					unsigned size)
{
	uint32_t v32;
	uint64_t v64;

	if (size == 4) {
		__builtin_memcpy(&v32, m->ram + at, 4);
		return v32;
	}
	__builtin_memcpy(&v64, m->ram + at, 8);
	return v64;
}

static inline pte_t entry_read(const struct machine *m, ptep_t at)
{
	return __pte(entry_read_sized(m, at, m->fmt->entry_size));
}

static inline void entry_write(struct machine *m, ptep_t at, pte_t p)
{
	if (m->fmt->entry_size == 4) {
		uint32_t v = (uint32_t)p.v;

		__builtin_memcpy(m->ram + at, &v, 4);
	} else {
		__builtin_memcpy(m->ram + at, &p.v, 8);
	}
}

static inline pte_t ptep_get(const struct mm_struct *mm, ptep_t ptep)
{
	return entry_read(mm->m, ptep);
}
void set_pte_at(struct mm_struct *mm, vaddr_t addr, ptep_t ptep, pte_t pte);
pte_t ptep_get_and_clear(struct mm_struct *mm, vaddr_t addr, ptep_t ptep);
static inline ptep_t ptep_next(const struct mm_struct *mm, ptep_t ptep)
{
	return ptep + mm->m->fmt->entry_size;
}

/* What an upper-level entry names: the physical address of a table. */
static inline paddr_t entry_table(const struct pg_format *f, uint64_t entry)
{
	return (entry & f->addr_mask) << f->addr_rshift;
}
/* The table below an entry: the one it names, or that behind a large page. */
paddr_t table_below(const struct machine *m, unsigned d, uint64_t entry);
/* Physical address of the entry for va in a table of level depth d. */
static inline ptep_t table_entry(const struct pg_format *f, paddr_t table,
				 unsigned d, vaddr_t va)
{
	return table + pg_index(f, d, va) * f->entry_size;
}

/* ---- the top ---- */
/* The top table with the kernel's part, and what the format preallocates.
 * 0, or -ENOMEM with nothing taken. => mm->m, mm->host_id are set */
int pgd_alloc(struct mm_struct *mm);
/* Back it goes, with preallocated tables still there and the software TLB. */
void pgd_free(struct mm_struct *mm);
/* First entry of the top table that is the kernel's; the number of entries
 * where user and kernel share one (then the kernel's tables stand apart). */
uint64_t kernel_root_index(const struct machine *m);

/* ---- down the levels, allocating what is missing; 0 = no memory ----
 * Each takes the entry of the level above (or what stands for it where that
 * level is folded) and returns the entry that addr selects in its own level. */
ptep_t pgd_offset(const struct mm_struct *mm, vaddr_t addr);
ptep_t p4d_alloc(struct mm_struct *mm, ptep_t pgd, vaddr_t addr);
ptep_t pud_alloc(struct mm_struct *mm, ptep_t p4d, vaddr_t addr);
ptep_t pmd_alloc(struct mm_struct *mm, ptep_t pud, vaddr_t addr);
ptep_t pte_alloc_map(struct mm_struct *mm, ptep_t pmd, vaddr_t addr);
/* All of them in order: the entry for addr, or 0 (no memory). */
ptep_t pte_alloc_at(struct mm_struct *mm, vaddr_t addr);

/* ---- without allocating ---- */
/* The last-level entry for addr, 0 if a table on the way is missing. */
ptep_t pte_offset(const struct mm_struct *mm, vaddr_t addr);
/*
 * For loops over a range: the entry for addr (0 where its table is missing),
 * and *next = min(end, first address behind what that table, or the missing
 * upper table, covers).
 */
ptep_t pte_table_range(const struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		       vaddr_t *next);
/* Bytes that one last-level table covers: 4 MiB, PAE 2 MiB. Linux: PMD_SIZE */
uint64_t pmd_size(const struct machine *m);

/*
 * Free the tables below [addr, end) that no other area can need: a table goes
 * when the region it covers lies in [floor, ceiling) (ceiling 0: no limit).
 * Frames freed are handed to free_table(ctx, page) after the entry is cleared.
 * Linux: free_pgd_range() (mm/memory.c).
 */
void free_pgd_range(struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		    vaddr_t floor, vaddr_t ceiling,
		    void (*free_table)(void *ctx, struct page *page), void *ctx);

/* ---- the kernel's own tables (swapper_pg_dir) ---- */
int kernel_pgtable_init(struct machine *m);
/* Map one frame at a vmalloc address; allocates a missing table from lowmem. */
int kernel_map_page(struct machine *m, kva_t addr, pfn_t pfn);
void kernel_unmap_page(struct machine *m, kva_t addr);
/* Frame mapped at a kernel address, 0 if none. */
pfn_t kernel_lookup(const struct machine *m, kva_t addr);
/* Is there a last-level table for a kernel address? */
bool kernel_table_exists(const struct machine *m, kva_t addr);
/* The state loader's: such a table exists since boot (`kpmd`), in a frame that
 * boot reserved. 0, or -ENOMEM when the kernel image has no frame left. */
int kernel_table_place(struct machine *m, kva_t addr);

/* What a table's struct page->private says: whose it is, and its depth. Its
 * index is the first virtual page that it covers. */
#define TABLE_BEHIND_LARGE 0x80000000u /* a large page stands before it */
static inline uint32_t table_owner_note(const struct mm_struct *mm, unsigned d)
{
	return mm->host_id << 3 | d;
}

/* Visit every entry that is not empty of every table of mm's user part: depth
 * (root 0), its index, address of the entry, its value, first virtual address
 * it covers. Preorder, so addresses ascend. */
typedef void (*table_visitor)(void *ctx, unsigned depth, unsigned index,
			      ptep_t at, pte_t entry, vaddr_t va);
void walk_tables(const struct mm_struct *mm, table_visitor visit, void *ctx);

/* Tables ↔ frames ↔ counters; see the head of pgtable.c. */
struct checker;
void pgtable_check(const struct machine *m, struct checker *c);

#endif
