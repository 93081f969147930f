/*
 * slab_layout.c - how objects lie on a slab: pure arithmetic, no machine state.
 *
 * On-slab, the descriptor (struct slab and one bufctl an object) stands before
 * the objects; what is left over shifts ("colours") each new slab by another
 * multiple of colour_off, so that equal objects of different slabs do not
 * share cache lines:
 *
 *   | colour | struct slab | bufctl[num] | pad | obj 0 | obj 1 | ... | rest |
 *   0        desc                              s_mem           2^order pages
 *
 *   kmalloc-128, line 64: (4096 - 28) / (128 + 4) = 30 objects, descriptor
 *   28 + 30*4 = 148 -> 192, left over 4096 - 192 - 3840 = 64: one colour.
 *
 * Objects of 512 bytes and more (PAGE_SIZE / 8) keep the descriptor off-slab,
 * in a kmalloc object, unless the left-over has room for it:
 *
 *   | colour | obj 0 | obj 1 | ... | rest |      desc -> kmalloc-32 or -64
 *
 * Linux: mm/slab.c cache_estimate(), calculate_slab_order(),
 * __kmem_cache_create(), enable_cpucache(); mm/slab_common.c
 * calculate_alignment().
 */
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/slab.h"

#define WORD_BYTES 4u	   /* BYTES_PER_WORD */
#define MAX_OBJ_ORDER (MAX_ORDER - 1)

/* The kernel's ALIGN(): a mask. It takes any align that kmem_cache_create() is
 * given; of one that is no power of two it makes what it makes. */
static uint32_t align_up(uint32_t x, uint32_t a)
{
	return (uint32_t)ALIGN_UP(x, a);
}

/* Small objects get a part of a cache line: the smallest power of two that
 * holds them. */
static uint32_t calculate_alignment(const struct machine_config *cfg,
				    uint32_t flags, uint32_t align,
				    uint32_t size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		uint32_t line = cfg->cache_line_size;

		while (line > 1 && size <= line / 2)
			line /= 2;
		align = max_t(uint32_t, align, line);
	}
	align = max_t(uint32_t, align, cfg->slab_min_align);
	return align_up(align, WORD_BYTES);
}

/* Bytes of struct slab with its num bufctls. */
static uint64_t slab_mgmt_size(const struct machine_config *cfg, uint64_t num)
{
	return cfg->slab_header_size + num * cfg->bufctl_size;
}

static uint64_t slab_mgmt_aligned(const struct machine_config *cfg,
				  uint64_t num, uint32_t align)
{
	return ALIGN_UP(slab_mgmt_size(cfg, num), align);
}

/* A bufctl must be able to name each object; its four highest values mean
 * something else. Linux: SLAB_LIMIT. */
static uint64_t slab_limit(const struct machine_config *cfg)
{
	return ((uint64_t)1 << (8 * cfg->bufctl_size)) - 4;
}

/* Objects on a slab of 2^order pages, and the bytes left over. */
static uint32_t cache_estimate(const struct machine_config *cfg,
			       const struct slab_layout *l, unsigned order,
			       uint32_t *left_over)
{
	uint64_t bytes = (uint64_t)cfg->page_size << order;
	uint64_t limit = slab_limit(cfg), num, mgmt = 0;

	if (l->off_slab) {
		num = min_t(uint64_t, bytes / l->size, limit);
	} else {
		num = (bytes - cfg->slab_header_size) /
		      ((uint64_t)l->size + cfg->bufctl_size);
		mgmt = slab_mgmt_aligned(cfg, num, l->align);
		if (num && mgmt + num * l->size > bytes)
			num--;
		num = min_t(uint64_t, num, limit);
		mgmt = slab_mgmt_aligned(cfg, num, l->align);
	}
	*left_over = num ? (uint32_t)(bytes - mgmt - num * l->size) : 0;
	return (uint32_t)num;
}

unsigned slab_max_order(const struct machine *m)
{
	if (m->cfg.slab_max_order >= 0)
		return (unsigned)m->cfg.slab_max_order;
	return totalram_pages(m) > ((32u << 20) >> PAGE_SHIFT(m)) ? 1 : 0;
}

/*
 * The smallest order that wastes at most an eighth, but not above
 * slab_max_order as long as one object fits. An off-slab descriptor must not
 * itself need an off-slab descriptor: that bounds the objects of a slab.
 */
static void calculate_slab_order(const struct machine *m, uint32_t flags,
				 struct slab_layout *l)
{
	const struct machine_config *cfg = &m->cfg;
	unsigned max_order = slab_max_order(m);

	for (unsigned order = 0; order <= MAX_OBJ_ORDER; order++) {
		uint32_t left;
		uint32_t num = cache_estimate(cfg, l, order, &left);

		if (!num)
			continue;
		if (l->off_slab && num > (l->size - cfg->slab_header_size) /
						 cfg->bufctl_size)
			break;
		l->num = num;
		l->gfporder = order;
		l->left_over = left;
		if (flags & SLAB_RECLAIM_ACCOUNT || order >= max_order ||
		    (uint64_t)left * 8 <= (uint64_t)cfg->page_size << order)
			break;
	}
}

/* The per-CPU array's size falls with the object's. */
static uint32_t array_cache_limit(const struct machine *m, uint32_t size)
{
	if (size > 131072)
		return 1;
	if (size > PAGE_SIZE(m))
		return 8;
	if (size > 1024)
		return 24;
	if (size > 256)
		return 54;
	return 120;
}

/*
 * All of a cache's numbers from the raw object size. early: the cache is made
 * before off-slab descriptors can be had (slab_early_init). out->num is 0 when
 * not even the largest block holds one object.
 */
void slab_calculate_layout(const struct machine *m, uint32_t object_size,
			   uint32_t align, uint32_t flags, bool early,
			   struct slab_layout *out)
{
	const struct machine_config *cfg = &m->cfg;
	struct slab_layout l = {0};
	uint32_t words = align_up(object_size, WORD_BYTES);

	l.align = calculate_alignment(cfg, flags, align, object_size);
	l.off_slab = words >= PAGE_SIZE(m) / 8 && !early &&
		     !(flags & SLAB_NOLEAKTRACE);
	l.size = align_up(words, l.align);
	calculate_slab_order(m, flags, &l);
	if (l.num) {
		l.slab_size = (uint32_t)slab_mgmt_aligned(cfg, l.num, l.align);
		if (l.off_slab && l.left_over >= l.slab_size) {
			l.off_slab = false;
			l.left_over -= l.slab_size;
		}
		if (l.off_slab)
			l.slab_size = (uint32_t)slab_mgmt_size(cfg, l.num);
		l.colour_off = max_t(uint32_t, cfg->cache_line_size, l.align);
		l.colour = l.left_over / l.colour_off;
	}
	l.limit = array_cache_limit(m, l.size);
	l.batchcount = (l.limit + 1) / 2;
	*out = l;
}
