/*
 * mmap.h - areas: find, insert, merge, split, and the system calls on them.
 *
 * The sys_* functions are the system calls with their errnos, in the order of
 * checks that Linux 3.12 has; `task` is the caller. Lengths are bytes as the
 * caller gave them. Linux: mm/mmap.c, mprotect.c, mremap.c, madvise.c,
 * mlock.c, msync.c, fremap.c.
 */
#ifndef MMEMU_CORE_MMAP_H
#define MMEMU_CORE_MMAP_H

#include "core/check.h"
#include "core/machine.h"
#include "core/mm.h"

static inline uint64_t vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> vma->vm_mm->m->page_shift;
}

/* ---- the area's structure: host memory and its slab object ---- */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm); /* NULL: -ENOMEM */
void vm_area_free(struct vm_area_struct *vma);

/* ---- find ---- */
/* First area with addr < vm_end, or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, vaddr_t addr);
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, vaddr_t addr,
				     struct vm_area_struct **prev);
/* First area that overlaps [start, end), or NULL. */
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
					     vaddr_t start, vaddr_t end);
/* Grows a stack area down to addr if that may be. */
struct vm_area_struct *find_extend_vma(struct mm_struct *mm, vaddr_t addr);

/* ---- insert, merge, split ---- */
/* Link in list, tree and (with a file) i_mmap; map_count grows. */
int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma);
/* Out of its file's i_mmap; nothing without a file. Linux: unlink_file_vma */
void unlink_file_vma(struct vm_area_struct *vma);
/* fork's: links at the right end without searching. Also sets vm_prev/next. */
void vma_link_last(struct mm_struct *mm, struct vm_area_struct *vma,
		   struct vm_area_struct *prev);
struct vm_area_struct *vma_merge(struct mm_struct *mm,
				 struct vm_area_struct *prev, vaddr_t addr,
				 vaddr_t end, vm_flags_t vm_flags,
				 struct anon_vma *anon_vma, struct file *file,
				 uint64_t pgoff);
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr,
	      bool new_below);
int vma_adjust(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
	       uint64_t pgoff, struct vm_area_struct *insert);
/* A neighbour whose anon_vma this area may use. Linux: find_mergeable_anon_vma */
struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma);
bool vma_wants_writenotify(const struct vm_area_struct *vma);
void vma_set_page_prot(struct vm_area_struct *vma);
void vm_stat_account(struct mm_struct *mm, vm_flags_t flags, struct file *file,
		     int64_t pages);

/* ---- room ---- */
vaddr_t get_unmapped_area(struct mm_struct *mm, struct file *file, vaddr_t addr,
			  uint64_t len, uint64_t pgoff, unsigned flags);
/* mmap_base and layout from the configuration. Linux: arch_pick_mmap_layout */
void arch_pick_mmap_layout(struct mm_struct *mm);
/* Charge pages against overcommit; 0 or -ENOMEM. The first form is about the
 * address space of the current task. Linux: __vm_enough_memory() */
int security_vm_enough_memory(struct machine *m, int64_t pages);
int security_vm_enough_memory_mm(struct mm_struct *mm, int64_t pages);
void vm_unacct_memory(struct machine *m, int64_t pages);
bool may_expand_vm(struct mm_struct *mm, uint64_t npages);

/* ---- stack ---- */
int expand_stack(struct vm_area_struct *vma, vaddr_t address);
/* The same without the look at the area below: the guard page's. */
int expand_downwards(struct vm_area_struct *vma, vaddr_t address);

/* ---- inside the kernel ---- */
#define MAP_SHARED_EMU 0x01u
#define MAP_PRIVATE_EMU 0x02u
#define MAP_FIXED_EMU 0x10u
#define MAP_ANONYMOUS_EMU 0x20u
#define MAP_GROWSDOWN_EMU 0x0100u
#define MAP_DENYWRITE_EMU 0x0800u
#define MAP_EXECUTABLE_EMU 0x1000u
#define MAP_LOCKED_EMU 0x2000u
#define MAP_NORESERVE_EMU 0x4000u
#define MAP_POPULATE_EMU 0x8000u
#define MAP_NONBLOCK_EMU 0x10000u
#define MAP_STACK_EMU 0x20000u

/* file NULL: anonymous. *populate: bytes to fault in afterwards. Takes its own
 * reference of file. */
vaddr_t do_mmap_pgoff(struct mm_struct *mm, struct file *file, vaddr_t addr,
		      uint64_t len, unsigned prot, unsigned flags,
		      uint64_t pgoff, uint64_t *populate);
vaddr_t mmap_region(struct mm_struct *mm, struct file *file, vaddr_t addr,
		    uint64_t len, vm_flags_t vm_flags, uint64_t pgoff);
int do_munmap(struct mm_struct *mm, vaddr_t start, uint64_t len);
/* Anonymous rw area at a given place (brk, bss). addr or -errno. */
vaddr_t do_brk(struct mm_struct *mm, vaddr_t addr, uint64_t len);
vaddr_t vm_brk(struct mm_struct *mm, vaddr_t addr, uint64_t len);
/* The vdso's area: one kernel page. */
int install_special_mapping(struct mm_struct *mm, vaddr_t addr, uint64_t len,
			    vm_flags_t vm_flags);
/* Everything of mm goes: the last mmput(). */
void exit_mmap(struct mm_struct *mm);
/* Fault in [start, start+len); errors as mlock returns them. */
int __mm_populate(struct mm_struct *mm, vaddr_t start, uint64_t len,
		  bool ignore_errors);
void mm_populate(struct mm_struct *mm, vaddr_t start, uint64_t len);
void munlock_vma_pages_range(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end);

/* ---- system calls: >= 0 / an address, or -errno ---- */
vaddr_t sys_mmap(struct task_struct *task, vaddr_t addr, uint64_t len,
		 unsigned prot, unsigned flags, struct file *file,
		 uint64_t offset); /* offset in bytes */
int sys_munmap(struct task_struct *task, vaddr_t addr, uint64_t len);
int sys_mprotect(struct task_struct *task, vaddr_t start, uint64_t len,
		 unsigned prot);
#define MREMAP_MAYMOVE_EMU 1u
#define MREMAP_FIXED_EMU 2u
vaddr_t sys_mremap(struct task_struct *task, vaddr_t addr, uint64_t old_len,
		   uint64_t new_len, unsigned flags, vaddr_t new_addr);
/* The break afterwards (the old one when refused). Linux: sys_brk */
vaddr_t sys_brk(struct task_struct *task, vaddr_t brk);
enum madvice {
	MADVISE_NORMAL = 0, MADVISE_RANDOM = 1, MADVISE_SEQUENTIAL = 2,
	MADVISE_WILLNEED = 3, MADVISE_DONTNEED = 4, MADVISE_REMOVE = 9,
	MADVISE_DONTFORK = 10, MADVISE_DOFORK = 11, MADVISE_MERGEABLE = 12,
	MADVISE_UNMERGEABLE = 13, MADVISE_HUGEPAGE = 14,
	MADVISE_NOHUGEPAGE = 15, MADVISE_DONTDUMP = 16, MADVISE_DODUMP = 17,
};
int sys_madvise(struct task_struct *task, vaddr_t start, uint64_t len,
		int advice);
int sys_mlock(struct task_struct *task, vaddr_t start, uint64_t len);
int sys_munlock(struct task_struct *task, vaddr_t start, uint64_t len);
#define MCL_CURRENT_EMU 1u
#define MCL_FUTURE_EMU 2u
int sys_mlockall(struct task_struct *task, unsigned flags);
int sys_munlockall(struct task_struct *task);
#define MS_ASYNC_EMU 1u
#define MS_INVALIDATE_EMU 2u
#define MS_SYNC_EMU 4u
int sys_msync(struct task_struct *task, vaddr_t start, uint64_t len,
	      unsigned flags);
int sys_remap_file_pages(struct task_struct *task, vaddr_t start, uint64_t size,
			 uint64_t pgoff, unsigned flags);

/* Change protection of present entries. Linux: change_protection(). */
uint64_t change_protection(struct vm_area_struct *vma, vaddr_t start,
			   vaddr_t end, pgprot_t newprot,
			   bool dirty_accountable);
/* Entries of vma to new_vma's place: bytes done, less than len without memory
 * for a table. Linux: move_page_tables() (mremap, exec's shift of the stack) */
uint64_t move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr,
			  struct vm_area_struct *new_vma, vaddr_t new_addr,
			  uint64_t len);
int mprotect_fixup(struct vm_area_struct *vma, struct vm_area_struct **pprev,
		   vaddr_t start, vaddr_t end, vm_flags_t newflags);

/* List = tree, no overlap, gaps, counters. Linux: validate_mm(). */
void mm_check(const struct mm_struct *mm, struct checker *c);

#endif
