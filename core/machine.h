/*
 * machine.h - the whole emulated machine, in one structure, passed explicitly.
 *
 * machine_create() boots it: memory and zones, slab caches, the kernel's page
 * tables, vmalloc. Two machines can live side by side; nothing is shared but
 * const tables. Reports read it through `const struct machine *`.
 */
#ifndef MMEMU_CORE_MACHINE_H
#define MMEMU_CORE_MACHINE_H

#include "core/check.h"
#include "core/config.h"
#include "core/host.h"
#include "core/list.h"
#include "core/mmzone.h"
#include "core/observer.h"
#include "core/pgformat.h"
#include "core/rbtree.h"
#include "core/slab.h"

struct mem_cgroup;
struct task_struct;
struct tlb;
struct mm_struct;
struct ksm;
struct memcontrol;
struct lru_pagevecs;
struct radix_preload;
struct swap_info;
struct zone_fallback;
struct vmap_area;
struct oom_kill;
struct inode;

#define INODE_HASH_SIZE 256

/* How often each handler did the work of a fault; `--stats` and `summary`. */
enum fault_handler {
	FAULT_ANON_READ,  /* do_anonymous_page: the zero page */
	FAULT_ANON_WRITE, /* do_anonymous_page: a new frame */
	FAULT_FILE_READ,  /* do_read_fault */
	FAULT_FILE_COW,	  /* do_cow_fault */
	FAULT_FILE_SHARED, /* do_shared_fault */
	FAULT_NONLINEAR,  /* do_nonlinear_fault */
	FAULT_SWAP,	  /* do_swap_page */
	FAULT_WP_COPY,	  /* do_wp_page: copied */
	FAULT_WP_REUSE,	  /* do_wp_page: reused */
	FAULT_WP_SHARED,  /* do_wp_page: shared writable */
	FAULT_SPURIOUS,	  /* entry was there: A or D set */
	NR_FAULT_HANDLERS
};
extern const char *const fault_handler_names[NR_FAULT_HANDLERS];

struct machine_stats {
	uint64_t faults[NR_FAULT_HANDLERS];
	uint64_t accesses[3];	 /* by enum access_kind */
	uint64_t tables_allocated, tables_freed; /* page-table pages, all levels */
	uint64_t tables_by_level[PG_MAX_LEVELS]; /* existing now, user side */
	uint64_t ptes_used;	 /* last-level user entries that are not empty */
	uint64_t large_pages;	 /* mapped now; made, split or unmapped so far */
	uint64_t large_made, large_split;
	uint64_t ptes_copied;	 /* by fork */
	uint64_t slab_grown, slab_destroyed;
	uint64_t oom_kills;
};

/* The daemon that frees memory before it runs out (kswapd.c). */
struct kswapd {
	bool running;
	bool woken;		     /* runs when the CPU leaves the kernel */
	bool napping;		     /* it has run before */
	unsigned order;		     /* largest that was short */
	enum zone_type classzone;
};

struct machine {
	/* the access path's fields first */
	uint8_t *ram;		     /* RAM: physical address p at ram + p */
	struct page *mem_map;	     /* by pfn */
	const struct pg_format *fmt;
	uint32_t page_shift;
	uint32_t page_size;
	int8_t level_depth[PG_MAX_LEVELS]; /* by enum pg_level_id; -1: none */
	bool contents;		     /* data frames hold bytes */
	bool nx;
	struct machine_stats stats;

	struct tlb *tlb;	     /* the modelled TLB; NULL: none attached */
	struct observer *observer;   /* NULL: nobody watches */
	struct task_struct *current; /* whose event this is; NULL: the kernel */
	uint64_t event;		     /* number of the current event */
	/* Asked now and then in the midst of a long event (a stride of billions
	 * of accesses): leave the rest out? NULL: no. */
	bool (*cut_short)(void *ctx);
	void *cut_ctx;
	uint64_t work;		     /* of an event, since it was asked */

	struct machine_config cfg;
	struct pg_format own_fmt;    /* cfg.custom's row; fmt points to it */
	struct host_ops host;

	/* physical memory (page_alloc.c, bootmem.c) */
	pfn_t max_pfn;		     /* first pfn behind RAM */
	pfn_t max_low_pfn;	     /* first pfn behind lowmem */
	struct zone zone[MAX_NR_ZONES];
	uint8_t *pageblock_type;     /* by pfn >> pageblock_order, plus zone */
	size_t nr_pageblock_types;
	uint8_t *pageblock_skip;     /* likewise: compaction found nothing */
	bool state_loaded;	     /* boot's frames: PG_reserved says too */
	struct phys_range ram_range[CONFIG_MAX_RANGES]; /* what is RAM */
	unsigned nr_ram_ranges;
	struct phys_range boot_range[CONFIG_MAX_RANGES * 2]; /* kept by boot */
	unsigned nr_boot_ranges;
	bool page_group_by_mobility_disabled;
	uint64_t min_free_kbytes;
	uint64_t totalreserve_pages;
	uint64_t totalram, totalhigh; /* frames given to the buddy system */
	uint64_t vm_total_pages;
	size_t ram_reserved, mem_map_reserved; /* host bytes */
	uint64_t vm_event[NR_VM_EVENT_ITEMS];
	uint64_t fail_alloc;	      /* should_fail_alloc(): which; 0: none */
	/* Reclaim at the point where the slow path enters it: frames freed.
	 * NULL: nothing can be reclaimed. */
	uint64_t (*reclaim)(struct machine *m, gfp_t gfp, unsigned order);
	/* The slow path begins: zone z is short. NULL: there is no kswapd. */
	void (*wakeup_kswapd)(struct machine *m, struct zone *z,
			      unsigned order, enum zone_type classzone);
	pfn_t zero_pfn;		     /* empty_zero_page, reserved by boot */
	pfn_t bss_pfn;		     /* bss_alloc() has handed out from here on */

	/* slab (slab.c) */
	struct list_head slab_caches; /* newest first, as slabinfo lists them */
	struct kmalloc_caches kmalloc;
	struct known_caches caches;
	struct kmem_cache *kmem_cache_cache; /* "kmem_cache" itself */
	struct hpool slab_pool, kmem_cache_pool;

	/* kernel page tables, vmalloc */
	paddr_t swapper_pg_dir;
	struct hpool tlb_pool;	     /* software TLBs of all mms */
	pfn_t *large_table;	     /* by block: the table behind a large page */
	kva_t vmalloc_start, vmalloc_end, high_memory;
	struct list_head vmap_area_list;
	struct hpool vmap_pool;
	uint64_t vmap_lazy_nr;	      /* pages waiting for the purge */
	struct vmap_area *free_vmap_cache; /* the next search starts behind it */
	uint64_t vmap_cached_hole_size;	   /* largest hole passed over so far */

	/* address spaces, reverse mapping */
	struct hpool mm_pool, vma_pool, anon_vma_pool, avc_pool;
	struct list_head mm_list;
	uint64_t mms;		      /* made since boot */
	int64_t vm_committed_as;      /* pages */
	uint64_t admin_reserve_kbytes, user_reserve_kbytes; /* overcommit.c */

	/* files */
	struct hpool inode_pool, file_pool, radix_pool;
	struct list_head inodes;
	uint64_t next_ino, next_shmem_ino;
	struct radix_preload *radix_preload;
	struct hpool buffer_pool;     /* buffer_heads of pages with PG_private */
	struct inode *inode_hash[INODE_HASH_SIZE]; /* declared files, by path */
	pfn_t vdso_pfn;		      /* made at its first fault; 0 = not yet */
	uint64_t slab_scan_deferred;  /* dentries and inodes not scanned yet */

	/* LRU, swap, reclaim */
	struct ksm *ksm;
	struct lru_pagevecs *pagevecs;
	struct swap_info *swap;
	struct memcontrol *memcg;     /* NULL: no memory cgroups */
	struct kswapd kswapd;
	bool memalloc;		      /* PF_MEMALLOC: inside reclaim */
	bool oom_origin;	      /* swapoff: it is to blame for OOM */
	/* Told of each kill for memory, before it happens; NULL: nobody. */
	void (*oom_notify)(void *ctx, const struct machine *m,
			   const struct oom_kill *kill);
	void *oom_ctx;
	uint64_t reclaimed_slab;      /* frames of slabs given back */

	/* processes */
	struct hpool task_pool, shared_pool;
	struct task_struct **pid_table; /* by pid, reserved lazily */
	uint64_t *pid_ended; /* likewise: event in which the last one ended */
	struct list_head tasks;
	uint64_t forks;		      /* since boot */
};

/*
 * Boot. cfg must have passed machine_config_check(). host NULL: the default.
 * 0, or -errno with *why one line (RAM too small for the kernel image ...).
 */
int machine_create(const struct machine_config *cfg, const struct host_ops *host,
		   struct machine **out, const char **why);
/* Give back all host memory, whatever state the machine is in. */
void machine_destroy(struct machine *m);
/* Number of broken invariants, each told to tell (may be NULL). */
unsigned long machine_check(const struct machine *m,
			    void (*tell)(void *ctx, const char *message),
			    void *ctx);

/* ---- arithmetic of pages ---- */
#define PAGE_SHIFT(m) ((m)->page_shift)
#define PAGE_SIZE(m) ((uint64_t)(m)->page_size)
#define PAGE_MASK(m) (~(PAGE_SIZE(m) - 1))
#define PAGE_ALIGN(m, x) (((uint64_t)(x) + PAGE_SIZE(m) - 1) & PAGE_MASK(m))

static inline struct page *pfn_to_page(const struct machine *m, pfn_t pfn)
{
	return &m->mem_map[pfn];
}
static inline pfn_t page_to_pfn(const struct machine *m, const struct page *p)
{
	return (pfn_t)(p - m->mem_map);
}
static inline paddr_t pfn_to_phys(const struct machine *m, pfn_t pfn)
{
	return (paddr_t)pfn << m->page_shift;
}
static inline paddr_t page_to_phys(const struct machine *m,
				   const struct page *p)
{
	return pfn_to_phys(m, page_to_pfn(m, p));
}
/* The frame's bytes in RAM. */
static inline uint8_t *page_contents(const struct machine *m,
				     const struct page *p)
{
	return m->ram + page_to_phys(m, p);
}
/* Kernel virtual address of a lowmem frame. Linux: page_address(). */
static inline kva_t page_address(const struct machine *m, const struct page *p)
{
	return m->cfg.page_offset + page_to_phys(m, p);
}
static inline kva_t __va(const struct machine *m, paddr_t pa)
{
	return m->cfg.page_offset + pa;
}
static inline paddr_t __pa(const struct machine *m, kva_t va)
{
	return va - m->cfg.page_offset;
}
static inline struct page *virt_to_page(const struct machine *m, kva_t va)
{
	return pfn_to_page(m, (pfn_t)(__pa(m, va) >> m->page_shift));
}

#include "core/page_list.h"

static inline void count_vm_events(struct machine *m, enum vm_event_item item,
				   uint64_t n)
{
	m->vm_event[item] += n;
}
static inline void count_vm_event(struct machine *m, enum vm_event_item item)
{
	m->vm_event[item]++;
}

#define CUT_WORK (1u << 20)
/* A loop whose length a trace decides did so many steps more. true: end it. */
static inline bool cut_short(struct machine *m, uint64_t steps)
{
	m->work += steps;
	if (likely(m->work < CUT_WORK))
		return false;
	if (m->cut_short && m->cut_short(m->cut_ctx))
		return true; /* and so for the loops around this one */
	m->work = 0;
	return false;
}

#define for_each_zone(z, m) \
	for (z = (m)->zone; z < (m)->zone + MAX_NR_ZONES; z++)

#endif
