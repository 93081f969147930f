/*
 * proc_maps.c - a process's areas: maps and smaps.
 *
 *   08048000-080c5000 r-xp 00000000 08:01 23         /init
 *   start    end      prot offset   dev   inode      name, at column 49
 *
 * An area without a file has no offset, device and inode, and perhaps a name:
 * [vdso], [heap] (what reaches from or to the break), [stack] (where the stack
 * pointer is). The lowest page of a stack area guards it and is not shown,
 * though all sizes count it.
 *
 * smaps adds, for each area, what its entries map. A page counts as shared when
 * it has more than one mapping; Pss divides it by their number.
 *
 * Linux: fs/proc/task_mmu.c show_map_vma(), show_smap().
 */
#include "core/filemap.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "formats/area.h"
#include "formats/report.h"

#include <inttypes.h>

/* ---- the line of maps ---- */

/* The name column: two addresses of 8 digits, and the rest. */
static int name_column(const struct machine *m)
{
	int pointer_size = m->fmt->va_bits <= 32 ? 4 : 8;

	return 25 + 6 * pointer_size;
}

static void write_map_line(const struct vm_area_struct *vma, FILE *out)
{
	const struct machine *m = vma->vm_mm->m;
	const struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;
	vaddr_t start = vma->vm_start;
	uint64_t offset = 0;
	char rights[5];
	int len;

	area_rights(vma, rights);
	if (stack_guard_is_hidden(vma))
		start += PAGE_SIZE(m);
	if (inode || m->cfg.maps_anon_pgoff)
		offset = vma->vm_pgoff << PAGE_SHIFT(m);
	len = fprintf(out,
		      "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64
		      " %02x:%02x %" PRIu64 " ",
		      start, vma->vm_end, rights, offset,
		      inode ? inode->major : 0, inode ? inode->minor : 0,
		      inode ? inode->i_ino : 0);
	if (inode || *area_name(vma)) {
		fprintf(out, "%*s",
			len < name_column(m) ? name_column(m) - len : 1, "");
		write_path(out, area_path(vma));
		if (inode && inode->shmem_anon)
			fputs(" (deleted)", out);
	}
	fputc('\n', out);
}

void report_maps(const struct machine *m __unused_arg,
		 const struct task_struct *task, FILE *out)
{
	const struct vm_area_struct *vma;

	if (!task->mm)
		return;
	for_each_vma(vma, task->mm)
		write_map_line(vma, out);
}

/* ---- smaps ---- */

#define PSS_SHIFT 12 /* fractions of bytes, so that shares add up */

/* Bytes. */
struct mem_size_stats {
	uint64_t resident, shared_clean, shared_dirty, private_clean,
		private_dirty, referenced, anonymous, swap, nonlinear, pss;
};

static void count_page(struct mem_size_stats *mss, const struct machine *m,
		       const struct page *page, pte_t pte)
{
	uint64_t size = PAGE_SIZE(m);
	unsigned mapcount = (unsigned)page_mapcount(page);
	bool dirty = pte_dirty(m->fmt, pte) || PageDirty(page);

	if (page_to_pfn(m, page) == m->vdso_pfn)
		mapcount += m->cfg.vdso_users; /* they have no tables here */
	if (PageAnon(page))
		mss->anonymous += size;
	mss->resident += size;
	if (pte_young(m->fmt, pte) || PageReferenced(page))
		mss->referenced += size;
	if (mapcount >= 2) {
		*(dirty ? &mss->shared_dirty : &mss->shared_clean) += size;
		mss->pss += (size << PSS_SHIFT) / mapcount;
	} else {
		*(dirty ? &mss->private_dirty : &mss->private_clean) += size;
		mss->pss += size << PSS_SHIFT;
	}
}

static void count_entry(struct mem_size_stats *mss,
			const struct vm_area_struct *vma, vaddr_t addr,
			pte_t pte)
{
	const struct machine *m = vma->vm_mm->m;
	uint64_t pgoff = linear_page_index(vma, addr);
	const struct page *page;

	if (pte_none(pte))
		return;
	if (pte_present(m->fmt, pte)) {
		page = vm_normal_page(vma, addr, pte);
		if (!page)
			return;
		if (page->index != pgoff)
			mss->nonlinear += PAGE_SIZE(m);
		count_page(mss, m, page, pte);
	} else if (!pte_file(m->fmt, pte)) {
		mss->swap += PAGE_SIZE(m);
	} else if (pte_to_pgoff(m->fmt, pte) != pgoff) {
		mss->nonlinear += PAGE_SIZE(m);
	}
}

static void gather_stats(struct mem_size_stats *mss,
			 const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;
	vaddr_t addr, next;
	ptep_t ptep;

	*mss = (struct mem_size_stats){0};
	for (addr = vma->vm_start; addr < vma->vm_end; addr = next) {
		ptep = pte_table_range(mm, addr, vma->vm_end, &next);
		if (!ptep)
			continue;
		for (; addr < next; addr += PAGE_SIZE(mm->m)) {
			count_entry(mss, vma, addr, ptep_get(mm, ptep));
			ptep = ptep_next(mm, ptep);
		}
	}
}

/* By bit; a letter pair each, as the kernel names them. */
/* clang-format off */
static const char vm_flag_codes[32][3] = {
	[0]  = "rd", [1]  = "wr", [2]  = "ex", [3]  = "sh",
	[4]  = "mr", [5]  = "mw", [6]  = "me", [7]  = "ms",
	[8]  = "gd", [10] = "pf", [11] = "dw", [13] = "lo",
	[14] = "io", [15] = "sr", [16] = "rr", [17] = "dc",
	[18] = "de", [20] = "ac", [21] = "nr", [22] = "ht",
	[23] = "nl", [24] = "ar", [26] = "dd", [28] = "mm",
	[29] = "hg", [30] = "nh", [31] = "mg",
};
/* clang-format on */

static void write_vm_flags(vm_flags_t flags, FILE *out)
{
	fputs("VmFlags: ", out);
	for (unsigned bit = 0; bit < 32; bit++) {
		if (!(flags >> bit & 1))
			continue;
		fprintf(out, "%s ",
			*vm_flag_codes[bit] ? vm_flag_codes[bit] : "??");
	}
	fputc('\n', out);
}

static void write_kb(FILE *out, const char *label, uint64_t bytes)
{
	fprintf(out, "%-16s%8" PRIu64 " kB\n", label, bytes >> 10);
}

static void write_smap(const struct task_struct *task,
		       const struct vm_area_struct *vma, FILE *out)
{
	uint64_t page_size = PAGE_SIZE(task->m);
	struct mem_size_stats mss;

	gather_stats(&mss, vma);
	write_map_line(vma, out);
	write_kb(out, "Size:", vma->vm_end - vma->vm_start);
	write_kb(out, "Rss:", mss.resident);
	write_kb(out, "Pss:", mss.pss >> PSS_SHIFT);
	write_kb(out, "Shared_Clean:", mss.shared_clean);
	write_kb(out, "Shared_Dirty:", mss.shared_dirty);
	write_kb(out, "Private_Clean:", mss.private_clean);
	write_kb(out, "Private_Dirty:", mss.private_dirty);
	write_kb(out, "Referenced:", mss.referenced);
	write_kb(out, "Anonymous:", mss.anonymous);
	write_kb(out, "AnonHugePages:", 0);
	write_kb(out, "Swap:", mss.swap);
	write_kb(out, "KernelPageSize:", page_size);
	write_kb(out, "MMUPageSize:", page_size);
	write_kb(out, "Locked:",
		 vma->vm_flags & VM_LOCKED ? mss.pss >> PSS_SHIFT : 0);
	if (vma->vm_flags & VM_NONLINEAR)
		write_kb(out, "Nonlinear:", mss.nonlinear);
	write_vm_flags(vma->vm_flags, out);
}

void report_smaps(const struct machine *m __unused_arg,
		  const struct task_struct *task, FILE *out)
{
	const struct vm_area_struct *vma;

	if (!task->mm)
		return;
	for_each_vma(vma, task->mm)
		write_smap(task, vma, out);
}
