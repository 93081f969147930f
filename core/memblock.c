/*
 * memblock.c - the memory map: what is RAM, what boot keeps of it.
 *
 *   RAM     [  ]      [                    ]            [        ]
 *           4K 639K   1M              below 3G          4G
 *   kept    ##  #             ####        #######
 *
 * Both are sorted lists of ranges that neither touch nor overlap. RAM is the
 * memory size less the firmware's ranges; a machine with hole_from or more has
 * the part above hole_start moved up to hole_end.
 *
 * Linux: mm/memblock.c, arch/x86/kernel/e820.c, arch/x86/mm/init_32.c
 * find_low_pfn_range().
 */
#include "core/bootmem.h"
#include "core/buddy.h"

#include <string.h>

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
	return pfn_down(m,
			vmalloc_end - cfg->page_offset - cfg->vmalloc_reserve);
}

int find_memory(struct machine *m, const char **why)
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
