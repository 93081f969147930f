/*
 * bootmem.c - boot: from a memory size to zones and free lists.
 *
 *   0     1M          16M                              887M          top
 *   |resv.|            |kernel|init|         tables,mem_map|          |
 *   |<------ DMA ----->|<-------------- Normal ----------->|< HighMem>|
 *
 * memblock.c says what is RAM, boot_reserve.c what boot keeps of it. The rest
 * goes to the buddy system: highmem first, frame by frame upwards, then lowmem
 * in chunks of 32 frames. Whole free blocks of 4 MiB are not even touched: frame
 * by frame they would end on their list one after the other, each at the head, so
 * that the highest is handed out first (buddy.c keeps such runs as ranges).
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

/* ---- zones ---- */

void zones_reset(struct machine *m)
{
	static const char *const names[MAX_NR_ZONES] = {
		[ZONE_DMA] = "DMA",	    [ZONE_DMA32] = "DMA32",
		[ZONE_NORMAL] = "Normal",   [ZONE_HIGHMEM] = "HighMem",
		[ZONE_MOVABLE] = "Movable",
	};

	memset(m->zone, 0, sizeof(m->zone));
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *z = &m->zone[i];

		z->name = names[i];
		z->type = i;
		z->configured = (i != ZONE_DMA32 || m->cfg.dma32_limit) &&
				(i != ZONE_HIGHMEM || m->cfg.highmem);
		z->inactive_ratio = 1;
		z->pageset.batch = 1;
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

	for_each_zone (z, m)
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

	for_each_zone (z, m) {
		pfn_t first = (pfn_t)ALIGN_UP(z->zone_start_pfn,
					      pageblock_nr_pages(m));

		for (pfn_t pfn = first; pfn < zone_end_pfn(z);
		     pfn += pageblock_nr_pages(m))
			*pageblock_type_of(m, z, pfn) = MIGRATE_MOVABLE;
	}
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

	for_each_zone (z, m) {
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
	for_each_zone (z, m) {
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

	for_each_zone (z, m)
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
	for_each_zone (z, m)
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
