/*
 * mm.h - address spaces: mm_struct and its vm_area_structs.
 *
 *   task_struct ── mm ─► mm_struct ── mmap ─► vma ⇄ vma ⇄ vma   (by address)
 *                          │  mm_rb: the same areas as a tree
 *                          └─ pgd: frame of the top page table
 *
 * Linux: include/linux/mm_types.h, include/linux/mm.h.
 */
#ifndef MMEMU_CORE_MM_H
#define MMEMU_CORE_MM_H

#include "core/list.h"
#include "core/pgformat.h"
#include "core/rbtree.h"

struct machine;
struct page;
struct file;
struct anon_vma;
struct task_struct;
struct soft_tlb;
struct mm_slot;

#define VM_READ 0x00000001u
#define VM_WRITE 0x00000002u
#define VM_EXEC 0x00000004u
#define VM_SHARED 0x00000008u
#define VM_MAYREAD 0x00000010u
#define VM_MAYWRITE 0x00000020u
#define VM_MAYEXEC 0x00000040u
#define VM_MAYSHARE 0x00000080u
#define VM_GROWSDOWN 0x00000100u
#define VM_PFNMAP 0x00000400u
#define VM_DENYWRITE 0x00000800u
#define VM_LOCKED 0x00002000u
#define VM_IO 0x00004000u
#define VM_SEQ_READ 0x00008000u
#define VM_RAND_READ 0x00010000u
#define VM_DONTCOPY 0x00020000u
#define VM_DONTEXPAND 0x00040000u
#define VM_ACCOUNT 0x00100000u
#define VM_NORESERVE 0x00200000u
#define VM_HUGETLB 0x00400000u
#define VM_NONLINEAR 0x00800000u
#define VM_ARCH_1 0x01000000u
#define VM_DONTDUMP 0x04000000u
#define VM_MIXEDMAP 0x10000000u
#define VM_HUGEPAGE 0x20000000u
#define VM_NOHUGEPAGE 0x40000000u
#define VM_MERGEABLE 0x80000000u
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP)
#define VM_STACK_FLAGS \
	(VM_GROWSDOWN | VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | \
	 VM_MAYEXEC | VM_ACCOUNT)

#define PROT_READ_EMU 1u
#define PROT_WRITE_EMU 2u
#define PROT_EXEC_EMU 4u

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, NR_MM_COUNTERS };

struct vm_area_struct;

/* What a fault handler is told and answers. Linux: struct vm_fault. */
struct vm_fault {
	uint64_t pgoff;	    /* linear or nonlinear offset in the file */
	vaddr_t address;
	unsigned flags;	    /* FAULT_FLAG_* */
	struct page *page;  /* answer: with a reference */
	/* the fault path's own (fault.c) */
	struct vm_area_struct *vma;
	paddr_t pte;	    /* the entry for address */
	pte_t orig_pte;	    /* what it held when the fault began */
};
#define FAULT_FLAG_WRITE 0x01u
#define FAULT_FLAG_NONLINEAR 0x02u

#define VM_FAULT_OOM 0x0001u
#define VM_FAULT_SIGBUS 0x0002u
#define VM_FAULT_MAJOR 0x0004u
#define VM_FAULT_WRITE 0x0008u /* get_user_pages: COW was broken */
#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS)

struct vm_operations_struct {
	const char *name;
	unsigned (*fault)(struct vm_area_struct *vma, struct vm_fault *vmf);
	unsigned (*page_mkwrite)(struct vm_area_struct *vma,
				 struct vm_fault *vmf);
	void (*close)(struct vm_area_struct *vma); /* such areas never merge */
	bool remap_pages; /* remap_file_pages works here */
};

struct vm_area_struct {
	vaddr_t vm_start, vm_end; /* [start, end), page aligned */
	struct vm_area_struct *vm_next, *vm_prev;
	struct rb_node vm_rb;	  /* mm->mm_rb, by address */
	uint64_t rb_subtree_gap;  /* largest gap before an area of my subtree */
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	vm_flags_t vm_flags;
	struct {		  /* with a file: i_mmap of its address_space */
		struct rb_node rb;
		uint64_t rb_subtree_last;
		struct list_head nonlinear; /* VM_NONLINEAR: this list instead */
	} shared;
	struct list_head anon_vma_chain; /* same_vma list, newest first */
	struct anon_vma *anon_vma;	 /* where new anonymous pages go */
	const struct vm_operations_struct *vm_ops;
	uint64_t vm_pgoff; /* pages; of private anonymous: start >> shift */
	struct file *vm_file;
	bool vdso;	   /* the special mapping that exec makes */
	uint32_t host_id;  /* in m->vma_pool */
	kva_t kobj;	   /* the vm_area_struct object */
};

struct mm_struct {
	struct machine *m;
	struct vm_area_struct *mmap; /* first area */
	struct rb_root mm_rb;
	struct vm_area_struct *mmap_cache; /* last find_vma() */
	paddr_t pgd;		     /* the top table; 0 = none yet */
	int mm_users;		     /* tasks */
	int mm_count;		     /* 1 for all users, + lazy references */
	uint32_t map_count;

	vaddr_t mmap_base, task_size, highest_vm_end;
	vaddr_t start_code, end_code, start_data, end_data;
	vaddr_t start_brk, brk, start_stack;
	vaddr_t arg_start, arg_end, env_start, env_end;
	vaddr_t vdso;		     /* address, 0 = none */

	uint64_t hiwater_rss, hiwater_vm;
	/* pages */
	uint64_t total_vm, locked_vm, pinned_vm, shared_vm, exec_vm, stack_vm;
	vm_flags_t def_flags;
	bool read_implies_exec;	     /* personality, set by exec */
	uint64_t nr_ptes;	     /* last-level tables */
	int64_t rss_stat[NR_MM_COUNTERS];
	struct file *exe_file;
	struct task_struct *owner;   /* whose group is charged for its pages */
	struct list_head mmlist;     /* m->mm_list: every mm, oldest first */
	struct soft_tlb *tlb;	     /* host memory, made at the first access */
	uint32_t host_id;
	struct mm_slot *ksm_slot;    /* advised `mergeable` (ksm.c) */
	uint64_t serial;	     /* never used again for another */
	kva_t kobj;		     /* the mm_struct object */
};

static inline void add_mm_counter(struct mm_struct *mm, int member, int64_t v)
{
	mm->rss_stat[member] += v;
}
static inline int64_t get_mm_counter(const struct mm_struct *mm, int member)
{
	return mm->rss_stat[member];
}
static inline int64_t get_mm_rss(const struct mm_struct *mm)
{
	return mm->rss_stat[MM_FILEPAGES] + mm->rss_stat[MM_ANONPAGES];
}
static inline bool is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}
static inline bool stack_guard_is_hidden(const struct vm_area_struct *vma)
{
	/* maps hides the guard page unless a stack area abuts below */
	return (vma->vm_flags & VM_GROWSDOWN) &&
	       !(vma->vm_prev && (vma->vm_prev->vm_flags & VM_GROWSDOWN) &&
		 vma->vm_prev->vm_end == vma->vm_start);
}

#define for_each_vma(vma, mm) \
	for (vma = (mm)->mmap; vma; vma = vma->vm_next)

#endif
