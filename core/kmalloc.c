/*
 * kmalloc.c - general caches: which one serves a size.
 *
 *   index   1   2   5   6   7    8  ...  22
 *   size   96 192  32  64 128  256  ...  4 MiB      index n: 1 << n
 *
 * A request goes to the smallest cache that holds it; GFP_DMA chooses the
 * second row of caches, on frames of zone DMA. Their names come from the
 * configuration's pattern, with `%` for the size: "kmalloc-%", "size-%(DMA)".
 * Linux: mm/slab_common.c kmalloc_slab(), mm/slab.c kmalloc(), kfree().
 */
#include "core/machine.h"
#include "core/slab.h"
#include "core/slab_internal.h"

#include <stdio.h>
#include <string.h>

#define KMALLOC_SHIFT_LOW 5 /* 32 bytes */

uint32_t kmalloc_cache_size(unsigned i)
{
	return i == 1 ? 96 : i == 2 ? 192 : 1u << i;
}

bool kmalloc_cache_name(const struct machine *m, unsigned i, bool dma,
			char *name, size_t room)
{
	const char *pattern =
		dma ? m->cfg.kmalloc_dma_name : m->cfg.kmalloc_name;
	const char *percent = strchr(pattern, '%');

	if (i < KMALLOC_SHIFT_LOW ? !m->cfg.kmalloc_96_192 || i < 1 || i > 2
				  : kmalloc_cache_size(i) > m->cfg.kmalloc_max)
		return false;
	if (!percent)
		return false;
	snprintf(name, room, "%.*s%u%s", (int)(percent - pattern), pattern,
		 kmalloc_cache_size(i), percent + 1);
	return true;
}

unsigned kmalloc_index(const struct machine *m, size_t size)
{
	unsigned i;

	if (size > m->cfg.kmalloc_max)
		return 0;
	if (m->cfg.kmalloc_96_192) {
		if (size > 64 && size <= 96)
			return 1;
		if (size > 128 && size <= 192)
			return 2;
	}
	i = max_t(unsigned, order_of(size), KMALLOC_SHIFT_LOW);
	return i < KMALLOC_MAX_CACHES ? i : 0;
}

struct kmem_cache *kmalloc_slab(const struct machine *m, size_t size, gfp_t gfp)
{
	unsigned i = kmalloc_index(m, size);

	return gfp & GFP_DMA ? m->kmalloc.dma[i] : m->kmalloc.normal[i];
}

kva_t kmalloc(struct machine *m, size_t size, gfp_t gfp)
{
	struct kmem_cache *cachep;
	story(m, size, gfp);

	if (!size)
		return ZERO_SIZE_PTR;
	cachep = kmalloc_slab(m, size, gfp);
	return cachep ? kmem_cache_alloc(m, cachep, gfp) : 0;
}

void kfree(struct machine *m, kva_t obj)
{
	story(m, obj);

	if (obj && obj != ZERO_SIZE_PTR)
		kmem_cache_free(m, virt_to_slab(m, obj)->cachep, obj);
}
