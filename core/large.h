/*
 * large.h - large pages for anonymous memory (4 MiB, or 2 MiB with 8-byte
 * entries), where the configuration asks for them (large_pages).
 */
#ifndef MMEMU_CORE_LARGE_H
#define MMEMU_CORE_LARGE_H

#include "core/machine.h"
#include "core/mm.h"
#include "core/pgtable.h"

/* Order of the block of frames of a large page; 0 = the machine has none. */
unsigned large_page_order(const struct machine *m);

/*
 * A write to an anonymous area where there is no last-level table yet: map a
 * whole large page, if it fits into the area. false: a small one it is.
 * pmd: the entry that would name the table.
 */
bool large_anonymous_fault(struct vm_area_struct *vma, vaddr_t address,
			   ptep_t pmd);
/* The table that keeps the small entries behind a large one. */
paddr_t large_page_table(const struct machine *m, uint64_t leaf);
/* An entry behind a large one is about to change: the small ones count from
 * here on. table: the frame that holds it. */
void large_page_break(struct mm_struct *mm, vaddr_t addr, struct page *table);

int large_subsys_init(struct machine *m, const char **why);
void large_subsys_destroy(struct machine *m);

#endif
