/*
 * memory.h - faults, zapping, copying page tables: the middle of the machine.
 * Linux: mm/memory.c.
 */
#ifndef MMEMU_CORE_MEMORY_H
#define MMEMU_CORE_MEMORY_H

#include "core/machine.h"
#include "core/mm.h"
#include "core/pgtable.h"

/*
 * Resolve a fault at address in vma; flags FAULT_FLAG_*. VM_FAULT_* bits.
 * Counts pgfault. handle_pte_fault and the handlers below it are in fault.c.
 */
unsigned handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma,
			 vaddr_t address, unsigned flags);

/* ---- giving pages back: mmu_gather (gather.c) ----
 * Frames are collected while entries are cleared, and freed in batches; a
 * batch's array of pointers is a frame itself, as the kernel's. */
#define MMU_GATHER_BUNDLE 8
struct mmu_gather {
	struct mm_struct *mm;
	uint32_t local_nr;	      /* used of local[] */
	struct page *local[MMU_GATHER_BUNDLE];
	uint32_t batch_count;	      /* frames taken for batches */
	struct gather_batch *first;   /* in order of allocation */
	struct gather_batch *active;  /* filled now; NULL: local[] */
};
void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
/* Takes over the caller's reference. */
void tlb_remove_page(struct mmu_gather *tlb, struct page *page);
void tlb_finish_mmu(struct mmu_gather *tlb);
/* All areas from vma on, within [start, end). */
void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma,
		vaddr_t start, vaddr_t end);
/* Entries only, tables stay: madvise dontneed. => within vma */
void zap_page_range(struct vm_area_struct *vma, vaddr_t start, uint64_t size);
/* Linux: free_pgtables(): rmap unlinked and tables freed, area by area. */
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma,
		   vaddr_t floor, vaddr_t ceiling);

/* fork: entries of vma from src's tables to dst's. 0 or -ENOMEM. */
int copy_page_range(struct mm_struct *dst, struct mm_struct *src,
		    struct vm_area_struct *vma);

/* The struct page behind an entry; NULL for the zero page and pfn maps. */
struct page *vm_normal_page(const struct vm_area_struct *vma, vaddr_t addr,
			    pte_t pte);

/* ---- the kernel touching user memory ---- */
#define FOLL_WRITE 0x01u
#define FOLL_TOUCH 0x02u
#define FOLL_FORCE 0x10u
#define FOLL_MLOCK 0x40u
struct page *follow_page(struct vm_area_struct *vma, vaddr_t address,
			 unsigned flags);
/*
 * Fault in nr pages from start; number done, or -errno when none was.
 * Counts faults on task. nonblocking is not modelled.
 */
long __get_user_pages(struct task_struct *task, struct mm_struct *mm,
		      vaddr_t start, uint64_t nr, unsigned gup_flags);
/* access_process_vm for exec and core: bytes into user memory through GUP. */
int copy_to_user_mm(struct task_struct *task, struct mm_struct *mm,
		    vaddr_t addr, const void *bytes, uint64_t len);

/* Invalidate mappings of a file's pages [first, last]. */
struct address_space;
void unmap_mapping_range(struct address_space *mapping, uint64_t first,
			 uint64_t last, bool even_cows);

#endif
