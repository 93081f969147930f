/*
 * vmalloc.h - virtually contiguous kernel memory.
 * Areas with a guard page each, single frames, entries in the kernel's real
 * page tables (swapper_pg_dir). Linux: mm/vmalloc.c.
 */
#ifndef MMEMU_CORE_VMALLOC_H
#define MMEMU_CORE_VMALLOC_H

#include "core/check.h"
#include "core/list.h"
#include "core/machine.h"
#include "core/rbtree.h"

/* Linux: struct vmap_area with its struct vm_struct. */
struct vmap_area {
	struct list_head list; /* m->vmap_area_list, by address */
	kva_t va_start, va_end; /* guard page included */
	bool lazy;		/* freed, waiting for the purge */
	bool vpages;		/* its page array is vmalloc'ed too */
	uint32_t id;		/* in m->vmap_pool */
	char kind[16];		/* "vmalloc", "ioremap", "vmap" ... */
	char caller[48];	/* vmallocinfo's column; empty: unknown */
	paddr_t phys;		/* ioremap */
	uint32_t nr_pages;
	pfn_t *pages;		/* host array; NULL: frames not known (an area
				   that was there at boot) */
	kva_t area_kobj;	/* vm_struct; 0 after vfree */
	kva_t va_kobj;		/* vmap_area */
	kva_t pages_kobj;	/* the kernel's page array; vpages: its area */
};

int vmalloc_init(struct machine *m);
void vmalloc_destroy(struct machine *m);

kva_t vmalloc(struct machine *m, uint64_t size); /* 0: no memory */
/* -EINVAL with *why when addr is no vmalloc area: the kernel would complain. */
int vfree(struct machine *m, kva_t addr, const char **why);
struct vmap_area *find_vmap_area(const struct machine *m, kva_t addr);

struct vmalloc_info {
	uint64_t used, largest_chunk; /* bytes, as meminfo's */
};
void get_vmalloc_info(const struct machine *m, struct vmalloc_info *vi);

/* Make the addresses of freed areas usable again.
 * Linux: purge_vmap_area_lazy(). */
void purge_vmap_area_lazy(struct machine *m);

/* The state loader's: forget all areas, host memory only. */
void vmalloc_forget_areas(struct machine *m);
/* The state loader's: an area that exists at boot, without taking memory;
 * NULL if it overlaps another or lies outside. */
struct vmap_area *vmalloc_place_area(struct machine *m, kva_t start, kva_t end,
				     const char *kind, uint32_t nr_pages);

void vmalloc_check(const struct machine *m, struct checker *c);

#endif
