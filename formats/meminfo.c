/*
 * meminfo.c - memory by use, as /proc/meminfo and /proc/swaps print it.
 *
 * Cached is all of the page cache, shared memory too, less the swap cache and
 * the block devices' pages (Buffers: none here, no metadata is modelled). There
 * is no MemAvailable before 3.14. Linux: fs/proc/meminfo.c, mm/swapfile.c.
 */
#include "core/page_alloc.h"
#include "core/swapfile.h"
#include "core/vmalloc.h"
#include "formats/report.h"

static void line_kb(FILE *out, const char *label, uint64_t kb)
{
	fprintf(out, "%-15s %8llu kB\n", label, (unsigned long long)kb);
}

static uint64_t kb(const struct machine *m, int64_t pages)
{
	return (uint64_t)(pages > 0 ? pages : 0) << (m->page_shift - 10);
}

static void line_stat(const struct machine *m, FILE *out, const char *label,
		      enum zone_stat_item item)
{
	line_kb(out, label, kb(m, global_page_state(m, item)));
}

static void write_lists(const struct machine *m, FILE *out)
{
	int64_t pages[NR_LRU_LISTS];

	for (int i = 0; i < NR_LRU_LISTS; i++)
		pages[i] = global_page_state(
			m, (enum zone_stat_item)(NR_INACTIVE_ANON + i));
	line_kb(out, "Active:",
		kb(m, pages[LRU_ACTIVE_ANON] + pages[LRU_ACTIVE_FILE]));
	line_kb(out, "Inactive:",
		kb(m, pages[LRU_INACTIVE_ANON] + pages[LRU_INACTIVE_FILE]));
	line_kb(out, "Active(anon):", kb(m, pages[LRU_ACTIVE_ANON]));
	line_kb(out, "Inactive(anon):", kb(m, pages[LRU_INACTIVE_ANON]));
	line_kb(out, "Active(file):", kb(m, pages[LRU_ACTIVE_FILE]));
	line_kb(out, "Inactive(file):", kb(m, pages[LRU_INACTIVE_FILE]));
	line_kb(out, "Unevictable:", kb(m, pages[LRU_UNEVICTABLE]));
	line_stat(m, out, "Mlocked:", NR_MLOCK);
}

static void write_highmem(const struct machine *m, FILE *out)
{
	int64_t free = global_page_state(m, NR_FREE_PAGES);
	int64_t high = zone_page_state(&m->zone[ZONE_HIGHMEM], NR_FREE_PAGES);
	uint64_t total = totalhigh_pages(m);

	if (!m->cfg.highmem)
		return;
	line_kb(out, "HighTotal:", kb(m, (int64_t)total));
	line_kb(out, "HighFree:", kb(m, high));
	line_kb(out, "LowTotal:", kb(m, (int64_t)(totalram_pages(m) - total)));
	line_kb(out, "LowFree:", kb(m, free - high));
}

static void write_slab(const struct machine *m, FILE *out)
{
	int64_t reclaimable = global_page_state(m, NR_SLAB_RECLAIMABLE);
	int64_t rest = global_page_state(m, NR_SLAB_UNRECLAIMABLE);

	line_kb(out, "Slab:", kb(m, reclaimable + rest));
	line_kb(out, "SReclaimable:", kb(m, reclaimable));
	line_kb(out, "SUnreclaim:", kb(m, rest));
	line_kb(out, "KernelStack:",
		(uint64_t)global_page_state(m, NR_KERNEL_STACK) *
			m->cfg.thread_size / 1024);
}

static void write_vmalloc(const struct machine *m, FILE *out)
{
	struct vmalloc_info vi;

	get_vmalloc_info(m, &vi);
	line_kb(out,
		"VmallocTotal:", (m->vmalloc_end - m->vmalloc_start) >> 10);
	line_kb(out, "VmallocUsed:", vi.used >> 10);
	line_kb(out, "VmallocChunk:", vi.largest_chunk >> 10);
}

/*
 * How the kernel maps lowmem: by large pages where the format has them, but
 * for the first region, the one whose part is read-only (kernel text), and the
 * rest at the end that fills none. Linux: arch/x86/mm/pageattr.c.
 */
static void write_direct_map(const struct machine *m, FILE *out)
{
	const struct pg_format *f = m->fmt;
	int depth = f->nr_levels - 2;
	uint64_t low = pfn_to_phys(m, m->max_low_pfn), big = 0, nr = 0;

	if (depth >= 0 && f->level[depth].may_be_leaf) {
		big = (uint64_t)1 << pg_level_shift(f, (unsigned)depth);
		nr = low / big;
		nr -= nr > 0;
		nr -= nr > 0 && m->cfg.kernel_start >= big;
	}
	line_kb(out, "DirectMap4k:", (low - nr * big) >> 10);
	if (big == 4u << 20)
		line_kb(out, "DirectMap4M:", nr * big >> 10);
	else if (big == 2u << 20)
		line_kb(out, "DirectMap2M:", nr * big >> 10);
}

static void write_commit(const struct machine *m, FILE *out)
{
	uint64_t limit = totalram_pages(m) * m->cfg.overcommit_ratio / 100 +
			 total_swap_pages(m);

	line_kb(out, "CommitLimit:", kb(m, (int64_t)limit));
	line_kb(out, "Committed_AS:", kb(m, m->vm_committed_as));
}

void report_meminfo(const struct machine *m,
		    const struct task_struct *task __unused_arg, FILE *out)
{
	line_kb(out, "MemTotal:", kb(m, (int64_t)totalram_pages(m)));
	line_stat(m, out, "MemFree:", NR_FREE_PAGES);
	line_kb(out, "Buffers:", 0);
	line_kb(out, "Cached:",
		kb(m, global_page_state(m, NR_FILE_PAGES) -
			      (int64_t)total_swapcache_pages(m)));
	line_kb(out, "SwapCached:", kb(m, (int64_t)total_swapcache_pages(m)));
	write_lists(m, out);
	write_highmem(m, out);
	line_kb(out, "SwapTotal:", kb(m, (int64_t)total_swap_pages(m)));
	line_kb(out, "SwapFree:", kb(m, (int64_t)nr_swap_pages(m)));
	line_stat(m, out, "Dirty:", NR_FILE_DIRTY);
	line_stat(m, out, "Writeback:", NR_WRITEBACK);
	line_stat(m, out, "AnonPages:", NR_ANON_PAGES);
	line_stat(m, out, "Mapped:", NR_FILE_MAPPED);
	line_stat(m, out, "Shmem:", NR_SHMEM);
	write_slab(m, out);
	line_stat(m, out, "PageTables:", NR_PAGETABLE);
	line_stat(m, out, "NFS_Unstable:", NR_UNSTABLE_NFS);
	line_stat(m, out, "Bounce:", NR_BOUNCE);
	line_stat(m, out, "WritebackTmp:", NR_WRITEBACK_TEMP);
	write_commit(m, out);
	write_vmalloc(m, out);
	write_direct_map(m, out);
}

/* In order of their types. They are partitions: /dev/sda2, sda3 ... */
void report_swaps(const struct machine *m,
		  const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n", out);
	for (unsigned i = 0; i < m->swap->nr_swapfiles; i++) {
		const struct swap_area *a = &m->swap->area[i];
		char name[32];

		if (!a->used)
			continue;
		snprintf(name, sizeof(name), "/dev/sda%u", i + 2);
		fprintf(out, "%-40spartition\t%llu\t%llu\t%d\n", name,
			(unsigned long long)kb(m, a->pages),
			(unsigned long long)kb(m, a->inuse_pages), a->prio);
	}
}
