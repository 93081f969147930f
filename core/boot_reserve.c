/*
 * boot_reserve.c - what boot keeps for itself, before there is an allocator.
 *
 * The kernel image, the first page tables behind it, the configured ranges;
 * then from the top of lowmem downwards mem_map, and for each zone its pageblock
 * types and wait table, the per-CPU area, the pid, dentry and inode hashes,
 * each as large as the kernel makes it for this much memory. Sizes are bytes:
 * neighbours share pages.
 *
 * Linux: arch/x86/kernel/setup.c, mm/page_alloc.c (alloc_node_mem_map,
 * setup_usemap, zone_wait_table_init, alloc_large_system_hash), mm/percpu.c.
 */
#include "core/bootmem.h"
#include "core/buddy.h"

#include <string.h>

#define PAGES_PER_WAITQUEUE 256
#define PCPU_UNIT_SIZE (32 * 1024) /* bytes; one CPU */
#define KERNEL_START (16 << 20)
#define KERNEL_SIZE (2828 << 10)
#define SMALL_MEMORY (24 << 20) /* a smaller machine's kernel is at 1M */
#define SMALL_KERNEL_START (1 << 20)

static int memblock_reserve(struct machine *m, paddr_t start, paddr_t end)
{
	return range_add(m->boot_range, &m->nr_boot_ranges,
			 ARRAY_SIZE(m->boot_range), start, end);
}

/* Highest free place for size bytes in lowmem, or 0. */
static paddr_t memblock_find(const struct machine *m, uint64_t size,
			     uint64_t align)
{
	paddr_t limit = pfn_to_phys(m, m->max_low_pfn);

	for (unsigned i = m->nr_ram_ranges; i-- > 0;) {
		paddr_t lo = m->ram_range[i].start;
		paddr_t hi = min_t(paddr_t, m->ram_range[i].end, limit);
		unsigned k = m->nr_boot_ranges;

		while (hi > lo) {
			paddr_t from = lo;

			while (k > 0 && m->boot_range[k - 1].start >= hi)
				k--;
			if (k > 0 && m->boot_range[k - 1].end > lo)
				from = m->boot_range[k - 1].end;
			if (hi >= size && ALIGN_DOWN(hi - size, align) >= from)
				return ALIGN_DOWN(hi - size, align);
			if (from == lo)
				break;
			hi = m->boot_range[k - 1].start;
		}
	}
	return 0;
}

static int alloc_bootmem(struct machine *m, uint64_t size)
{
	paddr_t pa = memblock_find(m, size, m->cfg.cache_line_size);

	if (!pa)
		return -ENOMEM;
	return memblock_reserve(m, pa, pa + size);
}

/* Bytes of a kernel pointer. */
static unsigned pointer_size(const struct machine *m)
{
	return m->fmt->va_bits > 32 ? 8 : 4;
}

static uint64_t wait_table_bytes(const struct machine *m, const struct zone *z)
{
	uint64_t n = 1;

	while (n < z->spanned_pages / PAGES_PER_WAITQUEUE)
		n <<= 1;
	n = n > 4096 ? 4096 : n < 4 ? 4 : n;
	return n * 2 * pointer_size(m);
}

/* Four bits for each pageblock, in whole words. Linux: usemap_size(). */
static uint64_t usemap_bytes(const struct machine *m, const struct zone *z)
{
	pfn_t base = z->zone_start_pfn & (pageblock_nr_pages(m) - 1);
	uint64_t blocks = ALIGN_UP((uint64_t)z->spanned_pages + base,
				   pageblock_nr_pages(m)) >>
			  m->cfg.pageblock_order;

	return ALIGN_UP(blocks * 4, 8 * pointer_size(m)) / 8;
}

static uint64_t mem_map_pages(const struct machine *m, pfn_t frames)
{
	return PAGE_ALIGN(m, (uint64_t)frames * m->cfg.struct_page_size) >>
	       m->page_shift;
}

/* What zones have before anything is freed: present less their mem_map. */
uint64_t early_managed(const struct machine *m, const struct zone *z)
{
	uint64_t map = mem_map_pages(m, z->spanned_pages);

	if (is_highmem(m, z) || z->present_pages < map)
		return z->present_pages;
	return z->present_pages - map;
}

/* Bytes of a hash table with one bucket for 2^scale bytes of memory.
 * Linux: alloc_large_system_hash(). */
static uint64_t large_system_hash(const struct machine *m, uint64_t pages,
				  unsigned scale, uint64_t max)
{
	uint64_t per_mb = (uint64_t)1 << (20 - m->page_shift);
	uint64_t n = ALIGN_UP(pages, per_mb);

	if (scale > m->page_shift)
		n >>= scale - m->page_shift;
	else
		n <<= m->page_shift - scale;
	if (n < m->page_size / pointer_size(m) && !max)
		n = m->page_size / pointer_size(m);
	n = (uint64_t)1 << order_of(n ? n : 1);
	if (max && n > max)
		n = max;
	return n * pointer_size(m);
}

static uint64_t nr_kernel_pages(const struct machine *m)
{
	const struct zone *z;
	uint64_t sum = 0;

	for_each_zone (z, m) {
		uint64_t map = mem_map_pages(m, z->spanned_pages);

		if (!is_highmem(m, z))
			sum += early_managed(m, z);
		else if (sum > 2 * map)
			sum -= map;
	}
	return sum;
}

/* In the order in which boot takes them. */
static int alloc_boot_tables(struct machine *m)
{
	pfn_t frames = (pfn_t)ALIGN_UP(m->max_pfn, MAX_ORDER_NR_PAGES);
	uint64_t pages = nr_kernel_pages(m);
	const struct zone *z;
	int err;

	err = alloc_bootmem(m, (uint64_t)frames * m->cfg.struct_page_size);
	for_each_zone (z, m) {
		if (!z->spanned_pages)
			continue;
		if (!err)
			err = alloc_bootmem(m, usemap_bytes(m, z));
		if (!err)
			err = alloc_bootmem(m, wait_table_bytes(m, z));
	}
	if (!err && m->cfg.memory >= SMALL_MEMORY)
		err = alloc_bootmem(m, PCPU_UNIT_SIZE);
	if (!err)
		err = alloc_bootmem(m, large_system_hash(m, pages, 18, 4096));
	if (!err)
		err = alloc_bootmem(m, large_system_hash(m, pages, 13, 0));
	if (!err)
		err = alloc_bootmem(m, large_system_hash(m, pages, 14, 0));
	return err;
}

/* Where the image is and how large, unless the configuration says so. */
static void place_kernel(struct machine_config *cfg)
{
	if (!cfg->kernel_start)
		cfg->kernel_start = cfg->memory < SMALL_MEMORY
					    ? SMALL_KERNEL_START
					    : KERNEL_START;
	if (!cfg->kernel_size)
		cfg->kernel_size =
			min_t(uint64_t, KERNEL_SIZE, cfg->memory / 8);
	if (cfg->init_size > cfg->kernel_size / 2)
		cfg->init_size = cfg->kernel_size / 2;
}

static int reserve_kernel(struct machine *m, const char **why)
{
	struct machine_config *cfg = &m->cfg;
	paddr_t end;

	place_kernel(cfg);
	end = page_up(m, cfg->kernel_start + cfg->kernel_size);
	if (end > pfn_to_phys(m, m->max_low_pfn) ||
	    range_has_reserved(m, pfn_down(m, cfg->kernel_start),
			       pfn_down(m, end))) {
		*why = "the kernel image does not fit into RAM";
		return -EINVAL;
	}
	return memblock_reserve(m, cfg->kernel_start,
				cfg->kernel_start + cfg->kernel_size);
}

/*
 * Behind the image boot builds its first page tables: those that map the image
 * and 1 MiB more from address 0 on, and one for the end of lowmem where a large
 * page would reach beyond it.
 */
static int reserve_first_tables(struct machine *m)
{
	uint64_t span = strcmp(m->fmt->name, "x86-2level") ? 2 << 20 : 4 << 20;
	paddr_t image = m->cfg.kernel_start + m->cfg.kernel_size;
	paddr_t end = page_up(m, image);
	unsigned tables = (unsigned)DIV_ROUND_UP(end + (1 << 20), span);

	if (pfn_to_phys(m, m->max_low_pfn) % span)
		tables++;
	return memblock_reserve(m, end, end + tables * PAGE_SIZE(m));
}

int reserve_boot_memory(struct machine *m, const char **why)
{
	const struct machine_config *cfg = &m->cfg;
	int err = reserve_kernel(m, why);

	if (err)
		return err;
	err = reserve_first_tables(m);
	for (unsigned i = 0; !err && i < cfg->nr_reserved; i++)
		err = memblock_reserve(m, cfg->reserved[i].start,
				       cfg->reserved[i].end);
	if (!err)
		err = alloc_boot_tables(m);
	if (err)
		*why = err == -ENOSPC ? "too many reserved ranges"
				      : "RAM is too small for the kernel's "
					"tables (mem_map must fit into lowmem)";
	return err ? -EINVAL : 0;
}

pfn_t bss_alloc(struct machine *m, unsigned nr)
{
	mm_assert(m->bss_pfn >= pfn_down(m, m->cfg.kernel_start) + nr);
	m->bss_pfn -= nr;
	return m->bss_pfn;
}
