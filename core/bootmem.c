/*
 * bootmem.c - boot: from a memory size to zones and free lists.
 *
 *   0     1M          16M                              887M          top
 *   |resv.|            |kernel|init|         tables,mem_map|          |
 *   |<------ DMA ----->|<-------------- Normal ----------->|< HighMem>|
 *
 * RAM is the memory size less the firmware's ranges, with a hole below 4 GiB
 * where the address space of devices is. Boot keeps the kernel image, the first
 * page tables behind it and the configured ranges, and takes what it needs itself from the top of lowmem
 * downwards: mem_map, the pageblock types, wait tables, the per-CPU area, the
 * pid, dentry and inode hash tables, sized as the kernel sizes them. The rest
 * goes to the buddy system: highmem first, frame by frame upwards, then lowmem
 * in chunks of 32 frames. Whole free pageblocks are put on their list at once:
 * frame by frame they would end there too, one after the other at the head, so
 * that the highest block is handed out first.
 *
 * Then, as in start_kernel() and the initcalls: batches of the per-CPU lists,
 * watermarks, reserve blocks, lowmem_reserve; and at last the init sections
 * are freed like any other page.
 *
 * The first pageblock of a zone that begins inside it (DMA from pfn 1, HighMem
 * from 887 MiB) stays Unmovable: the kernel marks a block Movable when it
 * meets its first frame, and this zone never meets it.
 *
 * Linux: arch/x86/kernel/setup.c, arch/x86/mm/init_32.c, mm/page_alloc.c
 * (free_area_init_core), mm/nobootmem.c, init/main.c.
 */
#include "core/bootmem.h"
#include "core/buddy.h"
#include "core/subsystems.h"

#include <string.h>

#define MAX_ORDER_NR_PAGES ((pfn_t)1 << (MAX_ORDER - 1))
#define PAGES_PER_WAITQUEUE 256
#define PCPU_UNIT_SIZE (32 * 1024) /* bytes; one CPU */
#define KERNEL_START (16 << 20)
#define KERNEL_SIZE (2828 << 10)
#define SMALL_MEMORY (24 << 20) /* a smaller machine's kernel is at 1M */
#define SMALL_KERNEL_START (1 << 20)

/* ---- lists of ranges ---- */

unsigned range_find(const struct phys_range *list, unsigned nr, paddr_t addr)
{
	unsigned i = 0;

	while (i < nr && list[i].end <= addr)
		i++;
	return i;
}

int range_add(struct phys_range *list, unsigned *nr, unsigned max,
	      paddr_t start, paddr_t end)
{
	unsigned i = 0, j;

	if (start >= end)
		return 0;
	while (i < *nr && list[i].end < start)
		i++;
	for (j = i; j < *nr && list[j].start <= end; j++) {
		start = min_t(paddr_t, start, list[j].start);
		end = max_t(paddr_t, end, list[j].end);
	}
	if (j == i && *nr == max)
		return -ENOSPC;
	memmove(&list[i + 1], &list[j], (*nr - j) * sizeof(*list));
	*nr = *nr - (j - i) + 1;
	list[i] = (struct phys_range){start, end};
	return 0;
}

int range_remove(struct phys_range *list, unsigned *nr, unsigned max,
		 paddr_t start, paddr_t end)
{
	for (unsigned i = 0; i < *nr;) {
		struct phys_range r = list[i];

		if (r.end <= start || r.start >= end) {
			i++;
			continue;
		}
		memmove(&list[i], &list[i + 1], (--*nr - i) * sizeof(*list));
		if (range_add(list, nr, max, r.start,
			      min_t(paddr_t, r.end, start)) ||
		    range_add(list, nr, max, max_t(paddr_t, r.start, end),
			      r.end))
			return -ENOSPC;
		i = range_find(list, *nr, end);
	}
	return 0;
}

static paddr_t page_up(const struct machine *m, paddr_t a)
{
	return PAGE_ALIGN(m, a);
}

static pfn_t pfn_down(const struct machine *m, paddr_t a)
{
	return (pfn_t)(a >> m->page_shift);
}

/* ---- questions ---- */

bool pfn_present(const struct machine *m, pfn_t pfn)
{
	paddr_t pa = pfn_to_phys(m, pfn);
	unsigned i = range_find(m->ram_range, m->nr_ram_ranges, pa);

	return i < m->nr_ram_ranges && m->ram_range[i].start <= pa;
}

bool pfn_reserved(const struct machine *m, pfn_t pfn)
{
	paddr_t pa = pfn_to_phys(m, pfn);
	unsigned i = range_find(m->boot_range, m->nr_boot_ranges, pa);

	return (i < m->nr_boot_ranges &&
		m->boot_range[i].start < pa + m->page_size) ||
	       PageReserved(pfn_to_page(m, pfn));
}

bool range_has_reserved(const struct machine *m, pfn_t start, pfn_t end)
{
	paddr_t from = pfn_to_phys(m, start), to = pfn_to_phys(m, end);
	unsigned i = range_find(m->ram_range, m->nr_ram_ranges, from);

	if (i == m->nr_ram_ranges || m->ram_range[i].start > from ||
	    m->ram_range[i].end < to)
		return true;
	i = range_find(m->boot_range, m->nr_boot_ranges, from);
	if (i < m->nr_boot_ranges && m->boot_range[i].start < to)
		return true;
	if (!m->state_loaded)
		return false;
	for (pfn_t pfn = start; pfn < end; pfn++)
		if (PageReserved(pfn_to_page(m, pfn)))
			return true;
	return false;
}

/* ---- the memory map ---- */

/* RAM as the firmware tells it, before partial frames are trimmed. */
static int ram_ranges(struct machine *m)
{
	const struct machine_config *cfg = &m->cfg;
	paddr_t below = cfg->memory;
	int err;

	m->nr_ram_ranges = 0;
	if (cfg->hole_from && below >= cfg->hole_from) {
		below = cfg->hole_start;
		err = range_add(m->ram_range, &m->nr_ram_ranges,
				CONFIG_MAX_RANGES, cfg->hole_end,
				cfg->hole_end + cfg->memory - below);
		if (err)
			return err;
	}
	below -= min_t(paddr_t, below, cfg->firmware_top);
	err = range_add(m->ram_range, &m->nr_ram_ranges, CONFIG_MAX_RANGES, 0,
			below);
	/* the first frame is the BIOS's, whoever forgets to say so */
	if (!err)
		err = range_remove(m->ram_range, &m->nr_ram_ranges,
				   CONFIG_MAX_RANGES, 0, m->page_size);
	for (unsigned i = 0; !err && i < cfg->nr_firmware; i++)
		err = range_remove(m->ram_range, &m->nr_ram_ranges,
				   CONFIG_MAX_RANGES, cfg->firmware[i].start,
				   cfg->firmware[i].end);
	return err;
}

/* Only whole frames below the limit are RAM. */
static void trim_ram_ranges(struct machine *m, paddr_t limit)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->nr_ram_ranges; i++) {
		struct phys_range r = m->ram_range[i];

		r.start = page_up(m, r.start);
		r.end = min_t(paddr_t, r.end, limit) & PAGE_MASK(m);
		if (r.start < r.end)
			m->ram_range[n++] = r;
	}
	m->nr_ram_ranges = n;
}

/*
 * Lowmem is what the kernel can map at PAGE_OFFSET and still have room for
 * vmalloc and below the fixed mappings at the top. Linux: MAXMEM.
 */
pfn_t lowmem_limit_pfn(const struct machine *m)
{
	const struct machine_config *cfg = &m->cfg;
	kva_t vmalloc_end = cfg->vmalloc_end;

	if (cfg->lowmem_limit)
		return pfn_down(m, cfg->lowmem_limit);
	if (!vmalloc_end && !strcmp(m->fmt->name, "x86-2level"))
		vmalloc_end = 0xff7fe000;
	if (!vmalloc_end && !strcmp(m->fmt->name, "x86-pae"))
		vmalloc_end = 0xffbfe000;
	if (!vmalloc_end || m->fmt->va_bits > 32)
		return UINT32_MAX;
	return pfn_down(m, vmalloc_end - cfg->page_offset -
				   cfg->vmalloc_reserve);
}

static int find_memory(struct machine *m, const char **why)
{
	pfn_t low = lowmem_limit_pfn(m);
	paddr_t limit = (paddr_t)1 << m->fmt->pa_bits;

	if (ram_ranges(m)) {
		*why = "too many ranges in the memory map";
		return -EINVAL;
	}
	if (!m->cfg.highmem && low != UINT32_MAX)
		limit = min_t(paddr_t, limit, pfn_to_phys(m, low));
	trim_ram_ranges(m, limit);
	if (!m->nr_ram_ranges) {
		*why = "no RAM is left beside the firmware's ranges";
		return -EINVAL;
	}
	m->max_pfn = pfn_down(m, m->ram_range[m->nr_ram_ranges - 1].end);
	m->max_low_pfn = m->max_pfn < low ? m->max_pfn : low;
	return 0;
}

/* ---- host memory ---- */

void reserve_host_memory(struct machine *m)
{
	size_t frames = (size_t)ALIGN_UP(m->max_pfn, MAX_ORDER_NR_PAGES);
	size_t blocks = (frames >> m->cfg.pageblock_order) + MAX_NR_ZONES;

	m->mem_map_reserved = frames * sizeof(struct page);
	m->mem_map = host_reserve(&m->host, m->mem_map_reserved);
	m->ram_reserved = frames << m->page_shift;
	m->ram = host_reserve(&m->host, m->ram_reserved);
	m->nr_pageblock_types = blocks;
	m->pageblock_type = host_alloc(&m->host, blocks);
}

void release_host_memory(struct machine *m)
{
	host_release(&m->host, m->mem_map, m->mem_map_reserved);
	host_release(&m->host, m->ram, m->ram_reserved);
	host_free(&m->host, m->pageblock_type, m->nr_pageblock_types);
	m->mem_map = NULL;
	m->ram = NULL;
	m->pageblock_type = NULL;
}

/* ---- zones ---- */

void zones_reset(struct machine *m)
{
	static const char *const names[MAX_NR_ZONES] = {
		[ZONE_DMA] = "DMA",	    [ZONE_DMA32] = "DMA32",
		[ZONE_NORMAL] = "Normal",   [ZONE_HIGHMEM] = "HighMem",
		[ZONE_MOVABLE] = "Movable",
	};

	memset(m->zone, 0, sizeof(m->zone));
	m->nr_zones = 0;
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *z = &m->zone[i];

		z->name = names[i];
		z->type = i;
		z->configured = (i != ZONE_DMA32 || m->cfg.dma32_limit) &&
				(i != ZONE_HIGHMEM || m->cfg.highmem);
		z->inactive_ratio = 1;
		z->pageset.batch = 1;
		m->nr_zones += z->configured;
	}
}

static pfn_t present_in(const struct machine *m, pfn_t start, pfn_t end)
{
	pfn_t sum = 0;

	for (unsigned i = 0; i < m->nr_ram_ranges; i++) {
		pfn_t from = pfn_down(m, m->ram_range[i].start);
		pfn_t to = pfn_down(m, m->ram_range[i].end);

		from = from > start ? from : start;
		to = to < end ? to : end;
		sum += from < to ? to - from : 0;
	}
	return sum;
}

void count_present_pages(struct machine *m)
{
	struct zone *z;

	for_each_zone(z, m)
		z->present_pages =
			present_in(m, z->zone_start_pfn, zone_end_pfn(z));
}

/*
 * Where zone Movable begins: kernelcore frames of RAM from `usable` (the start
 * of the highest zone) on stay outside; lower zones count towards it.
 * Linux: find_zone_movable_pfns_for_nodes().
 */
static pfn_t find_zone_movable_pfn(const struct machine *m, pfn_t usable)
{
	uint64_t core = m->cfg.kernelcore >> m->page_shift;
	uint64_t low = present_in(m, 0, usable);
	pfn_t pfn = usable;

	core = core > low ? core - low : 0;
	for (unsigned i = 0; core && i < m->nr_ram_ranges; i++) {
		pfn_t from = pfn_down(m, m->ram_range[i].start);
		pfn_t to = pfn_down(m, m->ram_range[i].end);

		from = from > usable ? from : usable;
		if (from >= to)
			continue;
		pfn = to - from < core ? to : from + (pfn_t)core;
		core -= pfn - from;
	}
	return (pfn_t)ALIGN_UP(pfn, MAX_ORDER_NR_PAGES);
}

static void zone_set_span(struct zone *z, pfn_t start, pfn_t end)
{
	z->zone_start_pfn = start < end ? start : 0;
	z->spanned_pages = start < end ? end - start : 0;
}

/* Linux: zone_sizes_init(), free_area_init_nodes(). */
static void zone_sizes_init(struct machine *m)
{
	pfn_t start = pfn_down(m, m->ram_range[0].start);
	pfn_t top[MAX_NR_ZONES] = {
		[ZONE_DMA] = pfn_down(m, m->cfg.dma_limit),
		[ZONE_DMA32] = pfn_down(m, m->cfg.dma32_limit),
		[ZONE_NORMAL] = m->max_low_pfn,
		[ZONE_HIGHMEM] = m->max_pfn,
	};
	struct zone *highest = NULL;
	pfn_t movable;

	for (unsigned i = 0; i < ZONE_MOVABLE; i++) {
		pfn_t end = top[i] < m->max_pfn ? top[i] : m->max_pfn;

		if (!m->zone[i].configured || end <= start)
			continue;
		zone_set_span(&m->zone[i], start, end);
		start = end;
		highest = &m->zone[i];
	}
	if (m->cfg.kernelcore && highest) {
		movable = find_zone_movable_pfn(m, highest->zone_start_pfn);
		if (movable < m->max_pfn) {
			zone_set_span(&m->zone[ZONE_MOVABLE], movable,
				      m->max_pfn);
			zone_set_span(highest, highest->zone_start_pfn,
				      movable);
		}
	}
	count_present_pages(m);
}

/* Blocks whose first frame the zone contains are Movable. */
static void init_pageblock_types(struct machine *m)
{
	const struct zone *z;

	for_each_zone(z, m) {
		pfn_t first = (pfn_t)ALIGN_UP(z->zone_start_pfn,
					      pageblock_nr_pages(m));

		for (pfn_t pfn = first; pfn < zone_end_pfn(z);
		     pfn += pageblock_nr_pages(m))
			*pageblock_type_of(m, z, pfn) = MIGRATE_MOVABLE;
	}
}

/* ---- what boot keeps ---- */

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
static uint64_t early_managed(const struct machine *m, const struct zone *z)
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
	uint64_t n = ALIGN_UP(pages, per_mb) >> (scale - m->page_shift);

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

	for_each_zone(z, m) {
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
	for_each_zone(z, m) {
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
		cfg->kernel_size = min_t(uint64_t, KERNEL_SIZE,
					 cfg->memory / 8);
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

static int reserve_boot_memory(struct machine *m, const char **why)
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

/* ---- from boot memory to the buddy system ---- */

static void free_run(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end,
		     unsigned order)
{
	for (; pfn < end; pfn += (pfn_t)1 << order)
		__free_one_page(m, z, pfn_to_page(m, pfn), order,
				*pageblock_type_of(m, z, pfn));
}

/* [pfn, end) without whole blocks of 4 MiB. Linux: __free_pages_memory(). */
static void free_ragged(struct machine *m, struct zone *z, pfn_t pfn, pfn_t end)
{
	unsigned order = m->fmt->va_bits > 32 ? 6 : 5;
	pfn_t from = (pfn_t)ALIGN_UP(pfn, 1u << order);
	pfn_t to = (pfn_t)ALIGN_DOWN(end, 1u << order);

	if (is_highmem(m, z) || to <= from) {
		free_run(m, z, pfn, end, 0);
		return;
	}
	free_run(m, z, pfn, from, 0);
	free_run(m, z, from, to, order);
	free_run(m, z, to, end, 0);
}

static void free_to_zone(struct machine *m, struct zone *z, pfn_t start,
			 pfn_t end)
{
	pfn_t from = (pfn_t)ALIGN_UP(start, MAX_ORDER_NR_PAGES);
	pfn_t to = (pfn_t)ALIGN_DOWN(end, MAX_ORDER_NR_PAGES);

	z->managed_pages += end - start;
	mod_zone_page_state(z, NR_FREE_PAGES, end - start);
	count_vm_events(m, PGFREE, end - start);
	if (to <= from) {
		free_ragged(m, z, start, end);
		return;
	}
	free_ragged(m, z, start, from);
	for (pfn_t pfn = from; pfn < to; pfn += MAX_ORDER_NR_PAGES)
		add_fresh_block(m, z, pfn);
	free_ragged(m, z, to, end);
}

static void free_range(struct machine *m, paddr_t start, paddr_t end)
{
	pfn_t from = pfn_down(m, page_up(m, start)), to = pfn_down(m, end);
	struct zone *z;

	for_each_zone(z, m) {
		pfn_t s = from > z->zone_start_pfn ? from : z->zone_start_pfn;
		pfn_t e = to < zone_end_pfn(z) ? to : zone_end_pfn(z);

		if (s < e)
			free_to_zone(m, z, s, e);
	}
}

/* Linux: free_all_bootmem(); zones do not feel each other's order. */
static void free_all_bootmem(struct machine *m)
{
	for (unsigned i = 0; i < m->nr_ram_ranges; i++) {
		paddr_t at = m->ram_range[i].start;
		paddr_t end = m->ram_range[i].end;
		unsigned k = range_find(m->boot_range, m->nr_boot_ranges, at);

		for (; k < m->nr_boot_ranges && m->boot_range[k].start < end;
		     k++) {
			if (m->boot_range[k].start > at)
				free_range(m, at, m->boot_range[k].start);
			at = m->boot_range[k].end;
		}
		if (at < end)
			free_range(m, at, end);
	}
}

static void sum_totalram(struct machine *m)
{
	const struct zone *z;

	m->totalram = m->totalhigh = 0;
	for_each_zone(z, m) {
		m->totalram += z->managed_pages;
		if (is_highmem(m, z))
			m->totalhigh += z->managed_pages;
	}
}

/* The kernel's initialisation code and data, when boot is over. */
static void free_initmem(struct machine *m)
{
	paddr_t image_end = m->cfg.kernel_start + m->cfg.kernel_size;
	paddr_t start = page_up(m, image_end - m->cfg.init_size);
	paddr_t end = image_end & PAGE_MASK(m);

	if (start >= end)
		return;
	range_remove(m->boot_range, &m->nr_boot_ranges,
		     ARRAY_SIZE(m->boot_range), start, end);
	for (paddr_t pa = start; pa < end; pa += m->page_size) {
		struct page *page = pfn_to_page(m, pfn_down(m, pa));

		page_zone(m, page)->managed_pages++;
		page->_count = 1;
		__free_pages(m, page, 0);
	}
	sum_totalram(m);
}

static uint64_t sum_early_managed(const struct machine *m)
{
	const struct zone *z;
	uint64_t sum = 0;

	for_each_zone(z, m)
		sum += early_managed(m, z);
	return sum;
}

int page_alloc_init(struct machine *m)
{
	struct zone *z;

	m->vm_total_pages = sum_early_managed(m);
	m->page_group_by_mobility_disabled =
		m->vm_total_pages < pageblock_nr_pages(m) * MIGRATE_TYPES;
	free_all_bootmem(m);
	sum_totalram(m);
	for_each_zone(z, m)
		if (populated_zone(z))
			zone_pcp_init(m, z);
	setup_per_zone_wmarks(m);
	setup_per_zone_lowmem_reserve(m);
	free_initmem(m);
	return 0;
}

void page_alloc_destroy(struct machine *m)
{
	release_host_memory(m);
}

int zones_subsys_init(struct machine *m, const char **why)
{
	int err = find_memory(m, why);

	if (err)
		return err;
	zones_reset(m);
	zone_sizes_init(m);
	err = reserve_boot_memory(m, why);
	if (err)
		return err;
	reserve_host_memory(m);
	init_pageblock_types(m);
	m->high_memory = m->cfg.page_offset + pfn_to_phys(m, m->max_low_pfn);
	m->bss_pfn = pfn_down(m, m->cfg.kernel_start + m->cfg.kernel_size -
					 m->cfg.init_size);
	m->zero_pfn = bss_alloc(m, 1);
	return page_alloc_init(m);
}

void zones_subsys_destroy(struct machine *m)
{
	page_alloc_destroy(m);
}
