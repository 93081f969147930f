/*
 * vmalloc.c - pages that are neighbours only in the kernel's page tables.
 *
 * An area is its pages and one guard page that is never mapped. Addresses are
 * taken first fit, but the search starts behind the area made last
 * (free_vmap_cache) unless a hole large enough was passed over on the way:
 *
 *   start                     free_vmap_cache
 *   | a a G |.hole.| b b b G | c G |.......................| end
 *                                  ^ the next search starts here, unless
 *                                    size < cached_hole_size
 *
 * vfree() unmaps and gives back the frames at once, but the addresses stay
 * taken ("lazy"): stale TLB entries may still point there. When more than
 * 32 MiB wait, or nothing else fits, one TLB flush makes them all usable.
 *
 * What an area costs, in this order: vm_struct, vmap_area, the array of page
 * pointers (kmalloc, or vmalloc where it is larger than a page), the frames one
 * by one (HighMem preferred), missing page tables. vfree gives back frames,
 * array, vm_struct; the vmap_area lives until the purge.
 *
 * Invariants (vmalloc_check tests them under the same numbers)
 *  1. Areas are sorted, do not overlap, lie in [vmalloc_start, vmalloc_end)
 *     and are whole pages.
 *  2. Each frame of an area is PageKernel and mapped at its place; the guard
 *     page is not mapped.
 *  3. A lazy area has no frames and no vm_struct; vmap_lazy_nr is the sum of
 *     their pages.
 *  4. free_vmap_cache is NULL or one of the areas.
 *
 * Linux: mm/vmalloc.c.
 */
#include "core/vmalloc.h"
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/slab.h"
#include "core/subsystems.h"

#include <stdio.h>
#include <string.h>

#define SIZEOF_VMAP_AREA 52u
#define LAZY_MAX_BYTES (32u << 20) /* 32 MiB a CPU, roughly */
#define VMALLOC_OFFSET (8u << 20)  /* between lowmem and the first area */

static uint64_t area_pages(const struct machine *m, const struct vmap_area *va)
{
	return (va->va_end - va->va_start) >> PAGE_SHIFT(m);
}

/* A 64-bit physical address makes the structure larger (PAE). */
static uint32_t sizeof_vm_struct(const struct machine *m)
{
	return m->fmt->entry_size == 8 ? 36 : 32;
}

static uint32_t sizeof_pointer(const struct machine *m)
{
	return m->fmt->va_bits > 32 ? 8 : 4;
}

/* ---- addresses ---- */

static struct vmap_area *area_behind(const struct machine *m,
				     const struct vmap_area *va)
{
	return va->list.next == &m->vmap_area_list
		       ? NULL
		       : list_entry(va->list.next, struct vmap_area, list);
}

/* The area to start from (NULL: none in the way), and the address to try. */
static struct vmap_area *search_from(struct machine *m, uint64_t size,
				     kva_t *addr)
{
	struct vmap_area *first;

	if (m->free_vmap_cache && size >= m->vmap_cached_hole_size) {
		*addr = m->free_vmap_cache->va_end;
		return m->free_vmap_cache;
	}
	m->vmap_cached_hole_size = 0;
	m->free_vmap_cache = NULL;
	*addr = m->vmalloc_start;
	list_for_each_entry (first, &m->vmap_area_list, list)
		if (first->va_end >= *addr)
			return first;
	return NULL;
}

/* First fit. *next is the area the new one goes before, NULL for the end. */
static bool find_hole(struct machine *m, uint64_t size, kva_t *addr,
		      struct vmap_area **next)
{
	struct vmap_area *first = search_from(m, size, addr);

	while (first && *addr + size > first->va_start &&
	       *addr + size <= m->vmalloc_end) {
		if (*addr + m->vmap_cached_hole_size < first->va_start)
			m->vmap_cached_hole_size = first->va_start - *addr;
		*addr = first->va_end;
		first = area_behind(m, first);
	}
	*next = first;
	return *addr + size <= m->vmalloc_end;
}

static struct vmap_area *insert_area(struct machine *m, kva_t start, kva_t end,
				     struct vmap_area *next)
{
	uint32_t id;
	struct vmap_area *va = hpool_alloc(&m->vmap_pool, &id);

	va->id = id;
	va->va_start = start;
	va->va_end = end;
	list_add_tail(&va->list, next ? &next->list : &m->vmap_area_list);
	return va;
}

/* Addresses for size bytes (guard page included); NULL: no memory or room. */
static struct vmap_area *alloc_vmap_area(struct machine *m, uint64_t size,
					 gfp_t gfp)
{
	story(m, size);
	kva_t addr, kobj = kmalloc(m, SIZEOF_VMAP_AREA, gfp & GFP_RECLAIM_MASK);
	struct vmap_area *va, *next;

	if (!kobj)
		return NULL;
	if (!find_hole(m, size, &addr, &next)) {
		purge_vmap_area_lazy(m);
		if (!find_hole(m, size, &addr, &next)) {
			kfree(m, kobj);
			return NULL;
		}
	}
	va = insert_area(m, addr, addr + size, next);
	va->va_kobj = kobj;
	m->free_vmap_cache = va;
	return va;
}

static void __free_vmap_area(struct machine *m, struct vmap_area *va)
{
	if (m->free_vmap_cache &&
	    va->va_start <= m->free_vmap_cache->va_start)
		m->free_vmap_cache =
			va->list.prev == &m->vmap_area_list
				? NULL
				: list_entry(va->list.prev, struct vmap_area,
					     list);
	list_del(&va->list);
	kfree(m, va->va_kobj);
	hpool_free(&m->vmap_pool, va->id);
}

void purge_vmap_area_lazy(struct machine *m)
{
	struct vmap_area *va, *n;

	list_for_each_entry_safe (va, n, &m->vmap_area_list, list) {
		if (!va->lazy)
			continue;
		m->vmap_lazy_nr -= area_pages(m, va);
		__free_vmap_area(m, va);
	}
}

/* The addresses wait; the area's other parts are gone or on their way. */
static void free_vmap_area_noflush(struct machine *m, struct vmap_area *va)
{
	va->lazy = true;
	m->vmap_lazy_nr += area_pages(m, va);
	if (m->vmap_lazy_nr > LAZY_MAX_BYTES >> PAGE_SHIFT(m))
		purge_vmap_area_lazy(m);
}

struct vmap_area *find_vmap_area(const struct machine *m, kva_t addr)
{
	struct vmap_area *va;

	list_for_each_entry (va, &m->vmap_area_list, list)
		if (addr < va->va_end)
			return addr >= va->va_start ? va : NULL;
	return NULL;
}

/* ---- frames ---- */

static void unmap_area(struct machine *m, const struct vmap_area *va)
{
	kva_t addr = va->va_start;

	for (uint32_t i = 0; va->pages && i < va->nr_pages; i++) {
		if (kernel_lookup(m, addr))
			kernel_unmap_page(m, addr);
		addr += PAGE_SIZE(m);
	}
}

/* Take an area apart. */
static void __vunmap(struct machine *m, struct vmap_area *va)
{
	kva_t area_kobj = va->area_kobj, pages_kobj = va->pages_kobj;
	pfn_t *pages = va->pages;
	uint32_t nr = va->nr_pages;
	bool vpages = va->vpages;
	story(m, va->va_start, va->va_end);

	observe(m, VFREE, va->va_start, va->va_end, 0, 0);
	unmap_area(m, va);
	va->area_kobj = va->pages_kobj = 0;
	va->pages = NULL;
	va->nr_pages = 0;
	free_vmap_area_noflush(m, va); /* a purge frees va itself */
	for (uint32_t i = 0; pages && i < nr && pages[i]; i++) {
		struct page *page = pfn_to_page(m, pages[i]);

		ClearPageKernel(page);
		__free_pages(m, page, 0);
	}
	if (vpages)
		vfree(m, pages_kobj, NULL);
	else
		kfree(m, pages_kobj);
	kfree(m, area_kobj);
	host_free(&m->host, pages, nr * sizeof(*pages));
}

int vfree(struct machine *m, kva_t addr, const char **why)
{
	struct vmap_area *va;
	story(m, addr);

	if (!addr)
		return 0;
	va = find_vmap_area(m, addr);
	if (!va)
		return misused(why, "no vmalloc area");
	if (va->va_start != addr)
		return misused(why, "not the start of an area");
	if (va->lazy)
		return misused(why, "double free");
	__vunmap(m, va);
	return 0;
}

/* The array of page pointers; larger than a page, it is vmalloc'ed itself. */
static kva_t __vmalloc_node(struct machine *m, uint64_t size, gfp_t gfp);

static bool alloc_page_array(struct machine *m, struct vmap_area *va, gfp_t gfp)
{
	uint64_t bytes = (uint64_t)va->nr_pages * sizeof_pointer(m);
	gfp_t nested = (gfp & GFP_RECLAIM_MASK) | __GFP_ZERO;

	va->vpages = bytes > PAGE_SIZE(m);
	va->pages_kobj = va->vpages
				 ? __vmalloc_node(m, bytes,
						  nested | __GFP_HIGHMEM)
				 : kmalloc(m, bytes, nested);
	if (!va->pages_kobj)
		return false;
	va->pages = host_alloc(&m->host, va->nr_pages * sizeof(*va->pages));
	return true;
}

static bool alloc_area_frames(struct machine *m, struct vmap_area *va,
			      gfp_t gfp)
{
	for (uint32_t i = 0; i < va->nr_pages; i++) {
		struct page *page = alloc_page(m, gfp | __GFP_NOWARN);

		if (!page)
			return false;
		SetPageKernel(page);
		va->pages[i] = page_to_pfn(m, page);
	}
	return true;
}

static bool map_vm_area(struct machine *m, const struct vmap_area *va)
{
	story(m, va->va_start, va->va_end);

	for (uint32_t i = 0; i < va->nr_pages; i++)
		if (kernel_map_page(m, va->va_start + i * PAGE_SIZE(m),
				    va->pages[i]))
			return false;
	return true;
}

static kva_t __vmalloc_node(struct machine *m, uint64_t size, gfp_t gfp)
{
	struct vmap_area *va;
	kva_t area;
	story(m, size, gfp);

	if (!size || size > totalram_pages(m) << PAGE_SHIFT(m))
		return 0;
	size = PAGE_ALIGN(m, size);
	area = kmalloc(m, sizeof_vm_struct(m), gfp & GFP_RECLAIM_MASK);
	if (!area)
		return 0;
	va = alloc_vmap_area(m, size + PAGE_SIZE(m), gfp);
	if (!va) {
		kfree(m, area);
		return 0;
	}
	va->area_kobj = area;
	va->nr_pages = (uint32_t)(size >> PAGE_SHIFT(m));
	strcpy(va->kind, "vmalloc");
	if (!alloc_page_array(m, va, gfp) || !alloc_area_frames(m, va, gfp) ||
	    !map_vm_area(m, va)) {
		__vunmap(m, va);
		return 0;
	}
	observe(m, VMALLOC, va->va_start, va->va_end, 0, 0);
	return va->va_start;
}

kva_t vmalloc(struct machine *m, uint64_t size)
{
	story(m, size);

	return __vmalloc_node(m, size, GFP_KERNEL | __GFP_HIGHMEM);
}

/* ---- numbers ---- */

void get_vmalloc_info(const struct machine *m, struct vmalloc_info *vi)
{
	const struct vmap_area *va;
	kva_t prev_end = m->vmalloc_start;

	vi->used = vi->largest_chunk = 0;
	list_for_each_entry (va, &m->vmap_area_list, list) {
		if (va->lazy)
			continue;
		vi->used += va->va_end - va->va_start;
		vi->largest_chunk = max_t(uint64_t, vi->largest_chunk,
					  va->va_start - prev_end);
		prev_end = va->va_end;
	}
	vi->largest_chunk = max_t(uint64_t, vi->largest_chunk,
				  m->vmalloc_end - prev_end);
}

/* ---- the state loader's ---- */

void vmalloc_forget_areas(struct machine *m)
{
	struct vmap_area *va, *n;

	list_for_each_entry_safe (va, n, &m->vmap_area_list, list) {
		host_free(&m->host, va->pages,
			  va->nr_pages * sizeof(*va->pages));
		hpool_free(&m->vmap_pool, va->id);
	}
	INIT_LIST_HEAD(&m->vmap_area_list);
	m->free_vmap_cache = NULL;
	m->vmap_cached_hole_size = 0;
	m->vmap_lazy_nr = 0;
}

struct vmap_area *vmalloc_place_area(struct machine *m, kva_t start, kva_t end,
				     const char *kind, uint32_t nr_pages)
{
	struct vmap_area *va, *next = NULL;

	if (start < m->vmalloc_start || end > m->vmalloc_end || start >= end ||
	    (start | end) & ~PAGE_MASK(m))
		return NULL;
	list_for_each_entry (va, &m->vmap_area_list, list) {
		if (va->va_end > start) {
			next = va;
			break;
		}
	}
	if (next && next->va_start < end)
		return NULL;
	va = insert_area(m, start, end, next);
	va->nr_pages = nr_pages;
	snprintf(va->kind, sizeof(va->kind), "%s", kind);
	m->free_vmap_cache = va;
	return va;
}

/* ---- boot ---- */

/*
 * The 32-bit kernel's addresses from the top: fixmap, then the table of
 * kmap() (4 MiB of addresses, 2 MiB with 8-byte entries), two pages of room,
 * then the end of vmalloc. A 64-bit kernel has its own range.
 */
static kva_t default_vmalloc_end(const struct machine *m)
{
	bool wide = m->fmt->entry_size == 8;
	uint64_t region = wide ? 2u << 20 : 4u << 20;
	kva_t fixaddr_start = 0xfff60000, pkmap_base;

	if (m->fmt->va_bits > 32)
		return m->vmalloc_start + ((uint64_t)32 << 40);
	if (!m->cfg.highmem)
		return fixaddr_start - 2 * PAGE_SIZE(m);
	pkmap_base = ALIGN_DOWN(fixaddr_start - region - PAGE_SIZE(m), region);
	return pkmap_base - 2 * PAGE_SIZE(m);
}

static kva_t default_vmalloc_start(const struct machine *m)
{
	if (m->fmt->va_bits > 32)
		return m->cfg.page_offset + ((uint64_t)65 << 40);
	return m->high_memory + VMALLOC_OFFSET;
}

int vmalloc_init(struct machine *m)
{
	INIT_LIST_HEAD(&m->vmap_area_list);
	hpool_init(&m->vmap_pool, &m->host, sizeof(struct vmap_area));
	m->vmalloc_start = m->cfg.vmalloc_start ? m->cfg.vmalloc_start
						: default_vmalloc_start(m);
	m->vmalloc_end = m->cfg.vmalloc_end ? m->cfg.vmalloc_end
					    : default_vmalloc_end(m);
	return m->vmalloc_start < m->vmalloc_end ? 0 : -EINVAL;
}

void vmalloc_destroy(struct machine *m)
{
	if (!m->vmap_area_list.next)
		return;
	vmalloc_forget_areas(m);
	hpool_destroy(&m->vmap_pool);
}

int vmalloc_subsys_init(struct machine *m, const char **why)
{
	int err = vmalloc_init(m);

	if (err)
		*why = "no addresses are left for vmalloc";
	return err;
}

void vmalloc_subsys_destroy(struct machine *m)
{
	vmalloc_destroy(m);
}

/* ---- check ---- */

static void check_frames(const struct machine *m, const struct vmap_area *va,
			 struct checker *c)
{
	kva_t addr = va->va_start;

	for (uint32_t i = 0; i < va->nr_pages; i++, addr += PAGE_SIZE(m)) {
		CHECK(c, PageKernel(pfn_to_page(m, va->pages[i])),
		      "vmalloc 2: pfn %u at 0x%llx is not the kernel's",
		      va->pages[i], (unsigned long long)addr);
		CHECK(c, kernel_lookup(m, addr) == va->pages[i],
		      "vmalloc 2: 0x%llx maps pfn %u, not %u",
		      (unsigned long long)addr, kernel_lookup(m, addr),
		      va->pages[i]);
	}
	CHECK(c, !kernel_lookup(m, addr),
	      "vmalloc 2: the guard page at 0x%llx is mapped",
	      (unsigned long long)addr);
}

void vmalloc_check(const struct machine *m, struct checker *c)
{
	const struct vmap_area *va;
	kva_t prev_end = m->vmalloc_start;
	uint64_t lazy = 0;
	bool cache_found = !m->free_vmap_cache;

	list_for_each_entry (va, &m->vmap_area_list, list) {
		CHECK(c,
		      va->va_start >= prev_end && va->va_end > va->va_start &&
			      va->va_end <= m->vmalloc_end &&
			      !((va->va_start | va->va_end) & ~PAGE_MASK(m)),
		      "vmalloc 1: area 0x%llx-0x%llx behind 0x%llx",
		      (unsigned long long)va->va_start,
		      (unsigned long long)va->va_end,
		      (unsigned long long)prev_end);
		prev_end = va->va_end;
		cache_found |= va == m->free_vmap_cache;
		if (va->pages)
			check_frames(m, va, c);
		if (!va->lazy)
			continue;
		lazy += area_pages(m, va);
		CHECK(c, !va->pages && !va->area_kobj,
		      "vmalloc 3: freed area 0x%llx still has memory",
		      (unsigned long long)va->va_start);
	}
	CHECK(c, lazy == m->vmap_lazy_nr,
	      "vmalloc 3: %llu pages wait for the purge, %llu counted",
	      (unsigned long long)lazy, (unsigned long long)m->vmap_lazy_nr);
	CHECK(c, cache_found, "vmalloc 4: the search would start at no area");
}
