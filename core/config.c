/*
 * config.c - the default machine, and what makes a configuration wrong.
 *
 * The default is a PC with 256 MiB as Linux 3.12.0 (i386, uniprocessor, SLAB,
 * 2-level page tables) finds it: firmware at the top and below 1 MiB, the
 * kernel image at 16 MiB, low 64 KiB and the real-mode trampolines kept.
 */
#include "core/config.h"
#include "core/pgformat.h"
#include "core/slab.h"

#include <stdio.h>
#include <string.h>

#define KiB ((uint64_t)1 << 10)
#define MiB ((uint64_t)1 << 20)
#define GiB ((uint64_t)1 << 30)

#define HW SLAB_HWCACHE_ALIGN
#define RECLAIM SLAB_RECLAIM_ACCOUNT
#define PANIC SLAB_PANIC
#define RCU SLAB_DESTROY_BY_RCU
#define SPREAD SLAB_MEM_SPREAD

/* Name, raw size, raw size with 8-byte entries, align, flags, has a ctor.
 * In the order of creation; kmem_cache and the kmalloc caches come before. */
/* clang-format off */
static const struct config_cache default_caches[] = {
	{"idr_layer_cache", 1076, 0, 0, PANIC, false},
	{"radix_tree_node", 296, 0, 0, RECLAIM | PANIC, true},
	{"pid", 44, 0, 0, HW | PANIC, false},
	{"anon_vma", 24, 0, 0, PANIC | RCU, true},
	{"anon_vma_chain", 32, 0, 0, PANIC, false},
	{"cred_jar", 92, 0, 0, HW | PANIC, false},
	{"task_struct", 808, 0, 16, PANIC, false},
	{"task_xstate", 512, 0, 64, PANIC, false},
	{"sighand_cache", 1292, 0, 0, HW | PANIC | RCU, true},
	{"signal_cache", 476, 0, 0, HW | PANIC, false},
	{"files_cache", 172, 0, 0, HW | PANIC, false},
	{"fs_cache", 32, 0, 0, HW | PANIC, false},
	{"mm_struct", 388, 0, 0, HW | PANIC, false},
	{"vm_area_struct", 88, 92, 0, PANIC, false},
	{"nsproxy", 24, 0, 0, PANIC, false},
	{"buffer_head", 52, 0, 0, RECLAIM | PANIC | SPREAD, false},
	{"names_cache", 4096, 0, 0, HW | PANIC, false},
	{"dentry", 128, 0, 0, RECLAIM | PANIC | SPREAD, false},
	{"inode_cache", 268, 0, 0, RECLAIM | PANIC | SPREAD, true},
	{"filp", 128, 0, 0, HW | PANIC, false},
	{"mnt_cache", 136, 0, 0, HW | PANIC, false},
	{"sysfs_dir_cache", 64, 0, 0, 0, false},
	{"shmem_inode_cache", 296, 0, 0, PANIC, true},
	{"bdev_cache", 384, 0, 0, HW | RECLAIM | PANIC | SPREAD, true},
	{"sigqueue", 144, 0, 0, PANIC, false},
	{"proc_inode_cache", 300, 0, 0, RECLAIM | PANIC | SPREAD, true},
	{"pool_workqueue", 256, 0, 256, PANIC, false},
	{"ftrace_event_field", 32, 0, 0, PANIC, false},
	{"ftrace_event_file", 32, 0, 0, PANIC, false},
	{"file_lock_cache", 108, 0, 0, PANIC, false},
	{"biovec-16", 192, 0, 0, HW | PANIC, false},
	{"biovec-64", 768, 0, 0, HW | PANIC, false},
	{"biovec-128", 1536, 0, 0, HW | PANIC, false},
	{"biovec-256", 3072, 0, 0, HW | PANIC, false},
	{"bio-0", 112, 0, 0, HW, false},
	{"blkdev_ioc", 60, 0, 0, PANIC, false},
	{"blkdev_requests", 208, 0, 0, PANIC, false},
	{"blkdev_queue", 932, 0, 0, PANIC, false},
	{"eventpoll_epi", 72, 0, 0, HW | PANIC, false},
	{"eventpoll_pwq", 36, 0, 0, PANIC, false},
	{"uid_cache", 40, 0, 0, HW | PANIC, false},
	{"posix_timers_cache", 136, 0, 0, PANIC, false},
	{"ksm_rmap_item", 32, 0, 0, 0, false},
	{"ksm_stable_node", 20, 0, 0, 0, false},
	{"ksm_mm_slot", 24, 0, 0, 0, false},
	{"fasync_cache", 24, 0, 0, PANIC, false},
	{"dio", 320, 0, 0, PANIC, false},
	{"kiocb", 52, 0, 0, HW | PANIC, false},
	{"kioctx", 164, 0, 0, HW | PANIC, false},
	{"ext2_inode_cache", 384, 0, 0, RECLAIM | SPREAD, true},
};
/* clang-format on */

static void set_string(char *to, const char *from)
{
	snprintf(to, CONFIG_NAME_LEN, "%s", from);
}

static void default_physical(struct machine_config *cfg)
{
	cfg->memory = 256 * MiB;
	cfg->page_size = 4096;
	cfg->hole_from = 3584 * MiB;
	cfg->hole_start = 3 * GiB;
	cfg->hole_end = 4 * GiB;
	cfg->firmware_top = 128 * KiB;
	cfg->dma_limit = 16 * MiB;
	cfg->highmem = true;
	cfg->init_size = 204 * KiB;
	cfg->firmware[0] = (struct phys_range){0, 4 * KiB};
	cfg->firmware[1] = (struct phys_range){0x9fc00, 1 * MiB};
	cfg->nr_firmware = 2;
	cfg->reserved[0] = (struct phys_range){0x1000, 64 * KiB};
	cfg->reserved[1] = (struct phys_range){0x9b000, 0x9f000};
	cfg->nr_reserved = 2;
	cfg->struct_page_size = 32;
	cfg->pageblock_order = 10;
	cfg->lowmem_reserve_ratio[0] = 256;
	cfg->lowmem_reserve_ratio[1] = 32;
	cfg->lowmem_reserve_ratio[2] = 32;
}

static void default_slab(struct machine_config *cfg)
{
	cfg->cache_line_size = 64;
	cfg->slab_min_align = 8;
	cfg->bufctl_size = 4;
	cfg->slab_header_size = 28;
	cfg->slab_max_order = -1;
	cfg->slabinfo_version = 21;
	set_string(cfg->kmalloc_name, "kmalloc-%");
	set_string(cfg->kmalloc_dma_name, "dma-kmalloc-%");
	cfg->kmalloc_max = 4 * MiB;
	cfg->kmalloc_96_192 = true;
	memcpy(cfg->caches, default_caches, sizeof(default_caches));
	cfg->nr_caches = ARRAY_SIZE(default_caches);
}

/* A Pentium III's, see traces/tlb/p6.yaml. */
static void default_tlb(struct tlb_config *t)
{
	set_string(t->model, "p6");
	t->itlb = (struct tlb_geometry){32, 4};
	t->dtlb = (struct tlb_geometry){64, 4};
	t->itlb_large = (struct tlb_geometry){2, 0};
	t->dtlb_large = (struct tlb_geometry){8, 4};
	t->global = true;
	t->cycles_ref = 3;
}

void machine_config_default(struct machine_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	set_string(cfg->name, "linux-3.12-i386");
	set_string(cfg->kernel_version, "3.12.0");
	default_physical(cfg);
	default_slab(cfg);
	set_string(cfg->paging, "x86-2level");
	cfg->nx = true; /* takes effect where the format has the bit */
	cfg->page_offset = 0xC0000000;
	cfg->task_size = 0xC0000000;
	cfg->mmap_layout = MMAP_TOPDOWN;
	cfg->mmap_min_addr = 4096;
	cfg->vmalloc_reserve = 128 * MiB;
	cfg->vdso = true;
	cfg->thread_size = 8 * KiB;
	cfg->rlimit_as = RLIM_INFINITY_U64;
	cfg->rlimit_stack = 8 * MiB;
	cfg->rlimit_memlock = 64 * KiB;
	cfg->rlimit_data = RLIM_INFINITY_U64;
	cfg->max_map_count = 65530;
	cfg->overcommit_ratio = 50;
	cfg->ra_pages = 32;
	cfg->shmem_minor = 4;
	cfg->swappiness = 60;
	default_tlb(&cfg->tlb);
}

const struct pg_format *config_format(const struct machine_config *cfg,
				      struct pg_format *row)
{
	if (!cfg->custom.nr_levels)
		return pg_format_find(cfg->paging);
	pg_format_build(&cfg->custom, cfg->paging, row);
	return row;
}

static int wrong(const char *k, const char *w, const char **key,
		 const char **why)
{
	*key = k;
	*why = w;
	return -EINVAL;
}

static bool is_power_of_two(uint64_t x)
{
	return x && !(x & (x - 1));
}

static int check_physical(const struct machine_config *cfg, const char **key,
			  const char **why)
{
	if (cfg->memory < 4 * MiB || cfg->memory > 64 * GiB)
		return wrong("memory", "must be from 4M to 64G", key, why);
	if (!is_power_of_two(cfg->page_size) || cfg->page_size < 4096 ||
	    cfg->page_size > 65536)
		return wrong("page_size", "must be 4K, 8K, 16K, 32K or 64K",
			     key, why);
	if (cfg->hole_start > cfg->hole_end)
		return wrong("ram.hole_start", "must not lie above ram.hole_end", key,
			     why);
	if (cfg->memory >= cfg->hole_from && cfg->memory <= cfg->hole_start)
		return wrong("ram.hole_from", "must be larger than ram.hole_start", key,
			     why);
	if (cfg->dma_limit & (cfg->page_size * 1024 - 1))
		return wrong("zones.dma_limit", "must be a multiple of 1024 pages",
			     key, why);
	if (cfg->pageblock_order < 5 || cfg->pageblock_order > 10)
		return wrong("zones.pageblock_order", "must be from 5 to 10", key,
			     why);
	if (cfg->struct_page_size < 16 || cfg->struct_page_size > 256)
		return wrong("struct_page_size", "must be from 16 to 256", key,
			     why);
	for (int i = 0; i < 3; i++)
		if (!cfg->lowmem_reserve_ratio[i])
			return wrong("zones.lowmem_reserve_ratio",
				     "must not hold a 0", key, why);
	return 0;
}

static int check_slab(const struct machine_config *cfg, const char **key,
		      const char **why)
{
	if (!is_power_of_two(cfg->cache_line_size) ||
	    cfg->cache_line_size < 16 || cfg->cache_line_size > 256)
		return wrong("slab.cache_line",
			     "must be a power of two from 16 to 256", key, why);
	if (!is_power_of_two(cfg->slab_min_align) || cfg->slab_min_align < 4 ||
	    cfg->slab_min_align > 64)
		return wrong("slab.min_align",
			     "must be a power of two from 4 to 64", key, why);
	if (cfg->bufctl_size != 1 && cfg->bufctl_size != 2 &&
	    cfg->bufctl_size != 4)
		return wrong("slab.bufctl", "must be 1, 2 or 4", key, why);
	if (cfg->slab_header_size < 16 || cfg->slab_header_size > 128)
		return wrong("slab.header", "must be from 16 to 128", key,
			     why);
	if (cfg->slabinfo_version != 20 && cfg->slabinfo_version != 21)
		return wrong("slab.info_version", "must be 20 or 21", key, why);
	if (!strchr(cfg->kmalloc_name, '%'))
		return wrong("slab.kmalloc_name", "must hold % for the size", key,
			     why);
	if (!strchr(cfg->kmalloc_dma_name, '%'))
		return wrong("slab.kmalloc_dma_name", "must hold % for the size",
			     key, why);
	if (!is_power_of_two(cfg->kmalloc_max) || cfg->kmalloc_max < 4096 ||
	    cfg->kmalloc_max > 1024 * (uint64_t)cfg->page_size)
		return wrong("slab.kmalloc_max",
			     "must be a power of two from 4K to 1024 pages",
			     key, why);
	return 0;
}

static const char *check_tlb_array(const struct tlb_config *t,
				   const struct tlb_geometry *g, bool needed)
{
	uint32_t ways = g->ways ? g->ways : g->entries;

	if (!g->entries)
		return needed ? "must not be 0" : NULL;
	if (g->entries > 65536)
		return "must be at most 65536";
	if (g->entries % ways)
		return "must be a multiple of its ways";
	if (t->replacement == TLB_PLRU &&
	    (!is_power_of_two(ways) || ways > 64))
		return "must have a power of two of ways, at most 64, for plru";
	return NULL;
}

static int check_tlb(const struct tlb_config *t, const char **key,
		     const char **why)
{
	const struct {
		const char *key;
		const struct tlb_geometry *g;
		bool needed;
	} rows[] = {
		{"tlb.itlb_entries", &t->itlb, true},
		{"tlb.entries", &t->dtlb, true},
		{"tlb.itlb_large_entries", &t->itlb_large, false},
		{"tlb.large_entries", &t->dtlb_large, false},
		{"tlb.l2_entries", &t->l2, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *w = check_tlb_array(t, rows[i].g, rows[i].needed);

		if (w)
			return wrong(rows[i].key, w, key, why);
	}
	for (size_t i = 0; i < TLB_PWCS; i++)
		if (t->pwc[i] > 4096)
			return wrong("tlb.pwc1 to tlb.pwc4",
				     "must be at most 4096", key, why);
	if (t->kernel_pages > 1024)
		return wrong("tlb.kernel_pages", "must be at most 1024", key,
			     why);
	return 0;
}

int machine_config_check(const struct machine_config *cfg, const char **key,
			 const char **why)
{
	struct pg_format row;
	const struct pg_format *f = config_format(cfg, &row);
	int err;

	if (!f)
		return wrong("paging",
			     "is no known page-table format (flat, x86-2level, "
			     "x86-pae, lecture-5555, x86-64, x86-64-5level, "
			     "riscv-sv32, riscv-sv39, or a mapping)",
			     key, why);
	if (pg_format_check(f, why)) {
		*key = "paging:";
		return -EINVAL;
	}
	if (1u << f->page_shift != cfg->page_size)
		return wrong("page_size", "does not fit the paging format", key,
			     why);
	if (f->pa_bits < 64 && cfg->memory > (uint64_t)1 << f->pa_bits)
		return wrong("memory",
			     "is more than the paging format can address", key,
			     why);
	if (!pg_address_fits(f, cfg->page_offset))
		return wrong("layout.page_offset",
			     "is more than the paging format can address", key,
			     why);
	err = check_physical(cfg, key, why);
	if (!err)
		err = check_slab(cfg, key, why);
	if (!err)
		err = check_tlb(&cfg->tlb, key, why);
	if (err)
		return err;
	if (cfg->task_size & (cfg->page_size - 1) || !cfg->task_size)
		return wrong("layout.task_size", "must be whole pages", key, why);
	if (f->va_bits < 64 && cfg->task_size > (uint64_t)1 << f->va_bits)
		return wrong("layout.task_size",
			     "is more than the paging format can address", key,
			     why);
	if (cfg->mmap_base & (cfg->page_size - 1) ||
	    cfg->mmap_base > cfg->task_size)
		return wrong("layout.mmap_base",
			     "must be whole pages, not above layout.task_size", key,
			     why);
	if (!is_power_of_two(cfg->thread_size) ||
	    cfg->thread_size < cfg->page_size)
		return wrong("process.kernel_stack",
			     "must be a power of two of at least a page", key,
			     why);
	if (cfg->overcommit_ratio > 1000)
		return wrong("vm.overcommit_ratio", "must be at most 1000", key,
			     why);
	return 0;
}
