/*
 * page_runs.h - what backs the pages of an area, as runs of equal pages.
 *
 * What a page is now, by its entry and by its file's page cache:
 *
 *   entry      file's cache   kind
 *   present    -              zero page, anonymous, file, or the kernel's (vdso)
 *   swap       -              swap
 *   none       has it         cached: a fault would find it
 *   none       has it not     none: a fault would read it, or take a frame
 */
#ifndef MMEMU_FORMATS_PAGE_RUNS_H
#define MMEMU_FORMATS_PAGE_RUNS_H

#include "core/mm.h"

enum page_backing {
	BACKED_NONE,
	BACKED_CACHED,
	BACKED_FILE,
	BACKED_ANON,
	BACKED_ZERO,
	BACKED_SWAP,
	BACKED_KERNEL,
	NR_PAGE_BACKINGS
};

struct page_run {
	vaddr_t start, end;
	enum page_backing kind;
};

/* The run of equal pages that begins at addr, at most up to the area's end.
 * => vm_start <= addr < vm_end, page aligned */
struct page_run page_run(const struct vm_area_struct *vma, vaddr_t addr);
/* Pages of each kind. */
void page_run_counts(const struct vm_area_struct *vma,
		     uint64_t count[NR_PAGE_BACKINGS]);

#endif
