/*
 * vma.h - what mm/mmap.c's relatives share among themselves and nobody else
 * needs: places in the tree, linking, arithmetic of the machine's long.
 *
 * Linux: the static functions of mm/mmap.c and mm/internal.h.
 */
#ifndef MMEMU_CORE_VMA_H
#define MMEMU_CORE_VMA_H

#include "core/mmap.h"
#include "core/pgformat.h"
#include "core/task.h"

/* ---- the machine's unsigned long ----
 * A 32-bit kernel computes lengths modulo 2^32; so must we where a system call
 * tests for overflow. A number too large for it stands for the largest. */
static inline uint64_t ulong_max(const struct machine *m)
{
	return m->fmt->va_bits <= 32 ? UINT32_MAX : UINT64_MAX;
}
static inline uint64_t to_ulong(const struct machine *m, uint64_t x)
{
	return x > ulong_max(m) ? ulong_max(m) : x;
}
/* PAGE_ALIGN as the kernel computes it: may wrap to 0. */
static inline uint64_t len_align(const struct machine *m, uint64_t len)
{
	return PAGE_ALIGN(m, to_ulong(m, len)) & ulong_max(m);
}
/* start + len, modulo the word */
static inline uint64_t ulong_add(const struct machine *m, uint64_t a,
				 uint64_t b)
{
	return (a + b) & ulong_max(m);
}

/* ---- capabilities and limits ---- */
/* CAP_IPC_LOCK, CAP_SYS_ADMIN, CAP_SYS_RAWIO: root has all of them. */
static inline bool capable(const struct machine *m)
{
	return m->cfg.uid == 0;
}
static inline bool can_do_mlock(const struct machine *m)
{
	return capable(m) || m->cfg.rlimit_memlock != 0;
}
/* May mm have `pages` locked pages in all? */
bool mlock_limit_ok(const struct mm_struct *mm, uint64_t pages);
int security_mmap_addr(const struct machine *m, vaddr_t addr);

/* ---- the structure ---- */
static inline struct vm_area_struct *rb_vma(const struct rb_node *node)
{
	return rb_entry(node, struct vm_area_struct, vm_rb);
}
/* A copy of orig with its own object, in no list, tree or chain. */
struct vm_area_struct *vm_area_dup(const struct vm_area_struct *orig);

/* ---- linking ---- */
struct vma_place {
	struct vm_area_struct *prev; /* NULL: first */
	struct rb_node *parent, **link;
};
/* Where an area [addr, end) would hang; -ENOMEM: one is in the way. */
int find_vma_links(struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		   struct vma_place *place);
/* List and tree; vma_link also the file and map_count. */
void __vma_link(struct mm_struct *mm, struct vm_area_struct *vma,
		const struct vma_place *place);
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma,
	      const struct vma_place *place);
/* Out of list and tree; the gap of the next area is left to the caller. */
void __vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma,
		  struct vm_area_struct *prev);
void vma_rb_erase(struct vm_area_struct *vma);
/* After vm_start, or the previous area's vm_end, has changed. */
void vma_gap_update(struct vm_area_struct *vma);
uint64_t vma_compute_subtree_gap(const struct vm_area_struct *vma);
void __vma_link_file(struct vm_area_struct *vma);

/* ---- split, copy ---- */
/* As split_vma(), without the test of max_map_count. */
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr,
		bool new_below);
/*
 * An area like *vmap at [addr, addr+len), merged with neighbours if possible;
 * *vmap follows when the source itself is part of the merge. NULL: -ENOMEM.
 */
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, vaddr_t addr,
				uint64_t len, uint64_t pgoff);
/*
 * The middle of mprotect, madvise and mlock: make [start, end) of vma one area
 * that may get new_flags, by merging or splitting. *vma is that area, *prev
 * too if it was merged, else the old *vma. The caller sets the flags.
 */
int vma_isolate(struct vm_area_struct **vma, struct vm_area_struct **prev,
		vaddr_t start, vaddr_t end, vm_flags_t new_flags);
/*
 * mprotect and mlock: fixup() for each part of [start, end), without a hole.
 * *prev is as vma_isolate() wants it, and leaves it. arg is fixup's own.
 * -ENOMEM at a hole, with what lies in front of it done; else what fixup says.
 * => vma covers start
 */
typedef int (*vma_fixup_fn)(struct vm_area_struct *vma,
			    struct vm_area_struct **prev, vaddr_t start,
			    vaddr_t end, vm_flags_t arg);
int vma_fixup_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		    vma_fixup_fn fixup, vm_flags_t arg);
/* Close, drop the file, free; the next area. */
struct vm_area_struct *remove_vma(struct vm_area_struct *vma);

/* ---- mlock ---- */
/* Fault in [start, end) of one area: pages done, or -errno. */
long __mlock_vma_pages_range(struct vm_area_struct *vma, vaddr_t start,
			     vaddr_t end);

static inline void update_hiwater_rss(struct mm_struct *mm)
{
	uint64_t rss = (uint64_t)get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}
static inline void update_hiwater_vm(struct mm_struct *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		mm->hiwater_vm = mm->total_vm;
}

#endif
