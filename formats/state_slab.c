/*
 * state_slab.c - caches, slabs, vmalloc areas as lines of a `state` report.
 *
 *   cache NAME object_size N ... ac_avail N ac_touched N    one a cache
 *   ac NAME 0xOBJECT...               its array cache, oldest first
 *   slab NAME full|partial|free s_mem 0x desc 0x colouroff N inuse N free I...
 *   kpmd 0xADDR                       a page table of the vmalloc range exists
 *   vmap 0xSTART-0xEND pages=N KIND   an area, guard page included
 *
 * and, beyond what the kernel was asked for, what a machine needs to go on
 * exactly as this one would:
 *
 *   cacheobj NAME object 0x name 0x array 0x node 0x    what a cache is made of
 *   vlazy 0xSTART-0xEND               freed, waiting for the purge
 *   vnext 0xSTART hole N              where the next search starts
 */
#include "formats/state_slab.h"
#include "core/pgtable.h"
#include "core/slab.h"
#include "core/vmalloc.h"

#include <inttypes.h>

static void write_cache(const struct machine *m, const struct kmem_cache *s,
			FILE *out)
{
	bool off_slab = s->flags & CFLGS_OFF_SLAB;

	fprintf(out,
		"cache %s object_size %u size %u align %u flags 0x%08x num %u "
		"gfporder %u allocflags 0x%x colour %u colour_off %u slab_size "
		"%u off_slab %d slabp_cache %s",
		s->name, s->object_size, s->size, s->align, s->flags, s->num,
		s->gfporder, s->allocflags, s->colour, s->colour_off,
		s->slab_size, off_slab, off_slab ? s->slabp_cache->name : "-");
	if (s == m->kmem_cache_cache)
		fprintf(out, " ctor 0 refcount -1");
	fprintf(out,
		" limit %u batchcount %u shared %u free_objects %u free_limit "
		"%u colour_next %u free_touched %u ac_avail %u ac_touched %u\n",
		s->ac.limit, s->ac.batchcount, s->shared, s->free_objects,
		s->free_limit, s->colour_next, s->free_touched, s->ac.avail,
		s->ac.touched);
}

static void write_array(const struct kmem_cache *s, FILE *out)
{
	fprintf(out, "ac %s", s->name);
	for (uint32_t i = 0; i < s->ac.avail; i++)
		fprintf(out, " 0x%08" PRIx64, s->ac.entry[i]);
	fputc('\n', out);
}

static void write_slabs(const struct kmem_cache *s,
			const struct list_head *slabs, const char *kind,
			FILE *out)
{
	const struct slab *slabp;

	list_for_each_entry (slabp, slabs, list) {
		fprintf(out,
			"slab %s %s s_mem 0x%08" PRIx64 " desc 0x%08" PRIx64
			" colouroff %u inuse %u free",
			s->name, kind, slabp->s_mem, slabp->desc,
			slabp->colouroff, slabp->inuse);
		for (uint32_t i = slabp->free; i != BUFCTL_END;
		     i = slabp->bufctl[i])
			fprintf(out, " %u", i);
		fputc('\n', out);
	}
}

static void write_cache_objects(const struct kmem_cache *s, FILE *out)
{
	if (s->kobj | s->name_kobj | s->ac.kobj | s->node_kobj)
		fprintf(out,
			"cacheobj %s object 0x%" PRIx64 " name 0x%" PRIx64
			" array 0x%" PRIx64 " node 0x%" PRIx64 "\n",
			s->name, s->kobj, s->name_kobj, s->ac.kobj,
			s->node_kobj);
}

/* A 64-bit range is too wide to ask of each region; its tables are made anew
 * when they are needed. */
static void write_kernel_tables(const struct machine *m, FILE *out)
{
	uint64_t step = pmd_size(m);

	if (m->fmt->va_bits > 32)
		return;
	for (kva_t addr = ALIGN_DOWN(m->vmalloc_start, step);
	     addr < (kva_t)1 << 32; addr += step)
		if (kernel_table_exists(m, addr))
			fprintf(out, "kpmd 0x%08" PRIx64 "\n", addr);
}

static void write_area(const struct vmap_area *va, FILE *out)
{
	fprintf(out, "%s 0x%08" PRIx64 "-0x%08" PRIx64,
		va->lazy ? "vlazy" : "vmap", va->va_start, va->va_end);
	if (!va->lazy) {
		if (va->nr_pages)
			fprintf(out, " pages=%u", va->nr_pages);
		if (va->phys)
			fprintf(out, " phys=0x%" PRIx64, va->phys);
		fprintf(out, " %s", va->kind);
	}
	fputc('\n', out);
}

static void write_areas(const struct machine *m, FILE *out)
{
	const struct vmap_area *va;

	list_for_each_entry (va, &m->vmap_area_list, list)
		if (!va->lazy)
			write_area(va, out);
	list_for_each_entry (va, &m->vmap_area_list, list)
		if (va->lazy)
			write_area(va, out);
	if (m->free_vmap_cache)
		fprintf(out, "vnext 0x%08" PRIx64 " hole %" PRIu64 "\n",
			m->free_vmap_cache->va_start,
			m->vmap_cached_hole_size);
}

void state_write_vmalloc_range(const struct machine *m, FILE *out)
{
	fprintf(out, "vmalloc 0x%08" PRIx64 " 0x%08" PRIx64 "\n",
		m->vmalloc_start, m->vmalloc_end);
}

void state_write_slab(const struct machine *m, FILE *out)
{
	const struct kmem_cache *s;

	list_for_each_entry (s, &m->slab_caches, list) {
		write_cache(m, s, out);
		write_array(s, out);
		write_slabs(s, &s->slabs_partial, "partial", out);
		write_slabs(s, &s->slabs_full, "full", out);
		write_slabs(s, &s->slabs_free, "free", out);
	}
	list_for_each_entry (s, &m->slab_caches, list)
		write_cache_objects(s, out);
	write_kernel_tables(m, out);
	write_areas(m, out);
}
