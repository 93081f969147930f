/*
 * config.h - everything about a machine that is fixed before it boots.
 *
 * Plain data: cmd/ fills it from YAML (one row a key, cmd/config_keys.def),
 * tests fill it by hand after machine_config_default(). Sizes are bytes unless
 * the name says otherwise; 0 means "computed as the kernel does" where a note
 * says so. machine_config_check() says what is wrong with the whole.
 */
#ifndef MMEMU_CORE_CONFIG_H
#define MMEMU_CORE_CONFIG_H

#include "core/pgformat.h"
#include "core/types.h"

#define CONFIG_NAME_LEN 32
#define CONFIG_MAX_RANGES 32
#define CONFIG_MAX_CACHES 192
#define RLIM_INFINITY_U64 UINT64_MAX

struct phys_range {
	paddr_t start, end; /* [start, end), bytes */
};

/* A slab cache that exists after boot. SLAB_* flags: core/slab.h. */
struct config_cache {
	char name[CONFIG_NAME_LEN];
	uint32_t size;	/* raw object size, bytes */
	uint32_t pae_size; /* where entries have 8 bytes; 0 = the same */
	uint32_t align; /* 0 = none asked for */
	uint32_t flags;
	bool ctor;
};

enum mmap_layout { MMAP_TOPDOWN, MMAP_BOTTOMUP };
enum contents_mode { CONTENTS_AUTO, CONTENTS_ON, CONTENTS_OFF };
enum overcommit_mode { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };
enum fs_kind { FS_EXT2, FS_TMPFS };
enum wait_mode { WAIT_AUTO, WAIT_EXPLICIT };

/* The modelled TLB (core/tlb.h). Ways 0: fully associative. */
struct tlb_geometry {
	uint32_t entries, ways;
};
enum tlb_replacement { TLB_LRU, TLB_PLRU, TLB_FIFO, TLB_RANDOM };
#define TLB_PWCS 4
struct tlb_config {
	bool on;		       /* attached to the machine */
	char model[CONFIG_NAME_LEN];   /* where the figures come from */
	struct tlb_geometry itlb, dtlb; /* first level */
	struct tlb_geometry itlb_large, dtlb_large; /* entries 0: large pages
					  use the ones above */
	struct tlb_geometry l2;	       /* both; entries 0: there is none */
	bool l2_large;		       /* the second level holds large pages */
	enum tlb_replacement replacement;
	uint32_t pwc[TLB_PWCS];	       /* entries of the page-walk caches: [0] of
					  entries that name last-level tables,
					  [1] of those one level up ... */
	bool asid;		       /* a context switch flushes nothing */
	bool global;		       /* global entries survive a flush */
	uint32_t kernel_pages;	       /* translations the kernel uses in each
					  fault and context switch */
	uint32_t cycles_l2;	       /* a first-level miss, if there is an L2 */
	uint32_t cycles_walk;	       /* a walk, beside its references */
	uint32_t cycles_ref;	       /* a reference to a table in a walk */
};

struct machine_config {
	char name[CONFIG_NAME_LEN];

	/* physical memory */
	uint64_t memory;	       /* bytes of RAM, 4M to 64G */
	uint32_t page_size;	       /* bytes; 4096 on x86 */
	uint64_t hole_from;	       /* memory of this size and more has a
					  PCI hole: RAM ends at hole_start
					  and goes on at hole_end */
	paddr_t hole_start, hole_end;
	uint64_t firmware_top;	       /* bytes of firmware tables at the end
					  of the RAM below the hole */
	paddr_t dma_limit;	       /* end of zone DMA (16M) */
	paddr_t dma32_limit;	       /* end of zone DMA32; 0 = no such zone */
	paddr_t lowmem_limit;	       /* end of lowmem; 0 = from the layout */
	bool highmem;		       /* zone HighMem is configured */
	uint64_t kernelcore;	       /* bytes; 0 = no zone Movable */
	paddr_t kernel_start;	       /* kernel image; 0 = 16M, or 1M where
					  there is less than 24M */
	uint64_t kernel_size;	       /* 0 = 2828K, or an eighth of a small
					  machine */
	uint64_t init_size;	       /* its tail, freed when boot ends */
	struct phys_range firmware[CONFIG_MAX_RANGES]; /* not RAM (e820) */
	unsigned nr_firmware;
	struct phys_range reserved[CONFIG_MAX_RANGES]; /* RAM kept by boot */
	unsigned nr_reserved;
	uint64_t occupied;	       /* bytes that programs outside of the
					  trace hold and that cannot go */
	uint32_t struct_page_size;     /* bytes of mem_map a frame */
	uint32_t pageblock_order;      /* 10, or 9 with 2M huge pages */
	uint64_t min_free_kbytes;      /* kB; 0 = computed */
	uint32_t lowmem_reserve_ratio[3]; /* DMA, Normal, HighMem */
	uint32_t percpu_pagelist_fraction; /* 0 = off */

	/* virtual memory layout */
	char paging[CONFIG_NAME_LEN];  /* a row of core/pgformat.c, or the name
					  of the format below */
	struct pg_custom custom;       /* nr_levels 0: paging is a row */
	bool large_pages;	       /* anonymous areas get large pages where
					  they cover one */
	bool nx;		       /* the CPU has NX and it is on */
	vaddr_t page_offset;	       /* kernel begins: 0xC0000000 */
	vaddr_t task_size;	       /* user space ends */
	vaddr_t mmap_base;	       /* 0 = computed from rlimit_stack */
	enum mmap_layout mmap_layout;
	uint64_t mmap_min_addr;
	uint64_t vmalloc_reserve;      /* bytes kept for vmalloc (128M) */
	kva_t vmalloc_start, vmalloc_end; /* 0 = computed */
	bool vdso;		       /* exec maps one */

	/* slab */
	uint32_t cache_line_size;      /* of the CPU: 32 or 64 (128: P4) */
	uint32_t slab_min_align;       /* ARCH_SLAB_MINALIGN */
	uint32_t bufctl_size;	       /* kmem_bufctl_t */
	uint32_t slab_header_size;     /* struct slab */
	int32_t slab_max_order;	       /* -1 = by memory size */
	uint32_t slab_shared;	       /* shared factor of small caches, 0 on UP */
	bool slab_swap_tunables;       /* slabinfo 2.0 as the lecture prints it */
	uint32_t slabinfo_version;     /* 20 or 21 */
	char kmalloc_name[CONFIG_NAME_LEN];	/* "kmalloc-%" or "size-%" */
	char kmalloc_dma_name[CONFIG_NAME_LEN]; /* "dma-kmalloc-%", "size-%(DMA)" */
	uint32_t kmalloc_max;	       /* largest general cache, bytes */
	bool kmalloc_96_192;	       /* the caches between powers of two */
	bool kmalloc_dma_paired;       /* each made right before its DMA
					  variant; else all of these last */
	struct config_cache caches[CONFIG_MAX_CACHES]; /* creation order */
	unsigned nr_caches;

	/* processes */
	uint32_t thread_size;	       /* kernel stack, bytes */
	uint32_t uid;		       /* 0 = root with all capabilities */
	enum wait_mode reap;	       /* WAIT_AUTO: an exit is reaped at once */
	uint64_t rlimit_as, rlimit_stack, rlimit_memlock, rlimit_data;
	uint32_t max_map_count;
	enum overcommit_mode overcommit;
	uint32_t overcommit_ratio;     /* percent */
	bool maps_anon_pgoff;	       /* maps shows vm_pgoff of anonymous areas */
	uint32_t vdso_users;	       /* processes beside the trace that map the
					  vdso's page */
	bool exec_fpu;		       /* a task_xstate object a process */

	/* files */
	bool files_warm;	       /* `file` lines that do not say: warm */
	enum fs_kind files_fs;
	uint32_t ra_pages;	       /* read-ahead window, pages */
	uint32_t shmem_major, shmem_minor; /* device of shared anonymous memory */

	/* swap and reclaim */
	uint64_t swap;		       /* bytes, swapped on at boot; 0 = none */
	uint32_t swappiness;
	bool memcg;		       /* memory cgroups from boot; else from the
					  first group on */
	uint32_t reclaim;	       /* 0: Linux alone; else beside it the rule
					  enum policy + 1 of policy.h ... */
	uint32_t reclaim_frames;       /* ... on so many frames; 0: all that the
					  allocator manages */

	enum contents_mode contents;   /* do data frames hold bytes */
	char kernel_version[CONFIG_NAME_LEN]; /* "3.12.0" */

	struct tlb_config tlb;
};

/* The format that paging names; row is where a custom one is built, and must
 * live as long as it is used. NULL: there is no such format. */
const struct pg_format *config_format(const struct machine_config *cfg,
				      struct pg_format *row);

/*
 * linux-3.12-i386 with 256 MiB: the ground every profile starts from. The file
 * traces/machines/linux-3.12-i386.yaml says the same (a test compares them).
 */
void machine_config_default(struct machine_config *cfg);

/*
 * 0 if a machine can be made from it; else -EINVAL, *key the name of the
 * setting at fault and *why one line without a full stop. Both static text.
 */
int machine_config_check(const struct machine_config *cfg, const char **key,
			 const char **why);

#endif
