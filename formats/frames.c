/*
 * frames.c - the reports `frames` (each mapped frame with all the addresses
 * that map it) and `pagemap` (each page of a process with its frame).
 */
#include "core/filemap.h"
#include "core/pgtable.h"
#include "formats/frame_map.h"
#include "formats/report.h"

/* ---- frames ---- */

/* mappings[first[n]] ... are those of frame n, in order: a counting sort. */
static size_t *group_by_frame(const struct frame_map *fm, size_t *order)
{
	size_t *first = host_alloc(&fm->m->host,
				   (fm->nr_frames + 2) * sizeof(*first));

	for (size_t i = 0; i < fm->nr; i++)
		first[frame_number(fm, fm->mapping[i].pfn) + 2]++;
	for (uint32_t n = 2; n < fm->nr_frames + 2; n++)
		first[n] += first[n - 1];
	/* first[n + 1] runs from the begin of frame n's group to its end, so
	 * that afterwards first[n] is where the group begins */
	for (size_t i = 0; i < fm->nr; i++)
		order[first[frame_number(fm, fm->mapping[i].pfn) + 1]++] = i;
	return first;
}

/* What the frame holds: " anon", " file PATH+0xOFFSET", " zero", or " kernel"
 * for a page of the kernel's own (the vdso). */
static void write_content(const struct machine *m, pfn_t pfn, FILE *out)
{
	const struct page *page = pfn_to_page(m, pfn);
	const struct inode *inode;

	if (pfn == m->zero_pfn) {
		fputs(" zero\n", out);
	} else if (PageAnon(page)) {
		fputs(" anon\n", out);
	} else if (page->mapping) {
		inode = hpool_get(&m->inode_pool, page->mapping >> 2);
		fputs(" file ", out);
		write_path(out, inode->path);
		fprintf(out, "+0x%llx\n",
			(unsigned long long)page->index << m->page_shift);
	} else {
		fputs(" kernel\n", out);
	}
}

static void write_frame(const struct frame_map *fm, uint32_t n,
			const size_t *order, size_t nr, FILE *out)
{
	fprintf(out, "frame %u:", n);
	for (size_t i = 0; i < nr; i++) {
		const struct mapping *map = &fm->mapping[order[i]];

		fprintf(out, " %u:0x%08llx", map->pid,
			(unsigned long long)map->va);
	}
	write_content(fm->m, fm->mapping[order[0]].pfn, out);
}

void report_frames(const struct machine *m,
		   const struct task_struct *task __unused_arg, FILE *out)
{
	struct frame_map fm;
	size_t *order, *first;

	frame_map_init(&fm, m);
	order = host_alloc(&m->host, (fm.nr + 1) * sizeof(*order));
	first = group_by_frame(&fm, order);
	for (uint32_t n = 0; n < fm.nr_frames; n++)
		write_frame(&fm, n, order + first[n], first[n + 1] - first[n],
			    out);
	host_free(&m->host, first, (fm.nr_frames + 2) * sizeof(*first));
	host_free(&m->host, order, (fm.nr + 1) * sizeof(*order));
	frame_map_destroy(&fm);
}

/* ---- pagemap ---- */

enum page_kind { PAGE_NONE, PAGE_SWAP, PAGE_PRESENT };

static enum page_kind page_kind(const struct machine *m, pte_t pte)
{
	if (pte_none(pte) || pte_file(m->fmt, pte))
		return PAGE_NONE;
	return pte_present(m->fmt, pte) ? PAGE_PRESENT : PAGE_SWAP;
}

/* Pages from addr on of one kind that is not present; behind them. */
static vaddr_t run_end(const struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		       enum page_kind kind)
{
	const struct machine *m = mm->m;
	vaddr_t next = addr;

	while (addr < end) {
		ptep_t at = pte_table_range(mm, addr, end, &next);

		if (!at && kind != PAGE_NONE)
			return addr;
		if (!at) {
			addr = next;
			continue;
		}
		for (; addr < next; addr += PAGE_SIZE(m), at = ptep_next(mm, at))
			if (page_kind(m, ptep_get(mm, at)) != kind)
				return addr;
	}
	return end;
}

static void write_area(const struct frame_map *fm,
		       const struct vm_area_struct *vma, FILE *out)
{
	const struct mm_struct *mm = vma->vm_mm;
	const struct machine *m = fm->m;
	vaddr_t addr = vma->vm_start;

	while (addr < vma->vm_end) {
		ptep_t at = pte_offset(mm, addr);
		pte_t pte = at ? ptep_get(mm, at) : __pte(0);
		enum page_kind kind = page_kind(m, pte);
		vaddr_t end;

		if (kind == PAGE_PRESENT) {
			fprintf(out, "0x%08llx present %u\n",
				(unsigned long long)addr,
				frame_number(fm, pte_pfn(m->fmt, pte)));
			addr += PAGE_SIZE(m);
			continue;
		}
		end = run_end(mm, addr, vma->vm_end, kind);
		fprintf(out, "0x%08llx-0x%08llx %s\n", (unsigned long long)addr,
			(unsigned long long)end,
			kind == PAGE_SWAP ? "swap" : "none");
		addr = end;
	}
}

void report_pagemap(const struct machine *m, const struct task_struct *task,
		    FILE *out)
{
	const struct vm_area_struct *vma;
	struct frame_map fm;

	if (!task->mm)
		return;
	frame_map_init(&fm, m);
	for_each_vma(vma, task->mm)
		write_area(&fm, vma, out);
	frame_map_destroy(&fm);
}
