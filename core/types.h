/*
 * types.h - scalars, units and the words of this house.
 *
 * Glossary (these words mean one thing each, everywhere):
 *   frame            a physical page; struct page describes it
 *   pfn              its number: physical address >> page_shift
 *   page             a virtual page
 *   page-table page  a frame that holds page-table entries
 *   slot             a place in a swap area
 *   object           an object of a slab cache (an emulated kernel structure)
 *   kva              kernel virtual address (PAGE_OFFSET + physical in lowmem)
 *   host             the machine the emulator runs on; host memory is not
 *                    emulated memory
 *
 * Errors: commands return 0 or -errno; address-valued commands return an
 * address or a negative errno in the same word (IS_ERR_VALUE, as the kernel
 * does); predicates return bool. The errno values are the host's names with
 * Linux's numbers (they never leave the program but as names).
 */
#ifndef MMEMU_CORE_TYPES_H
#define MMEMU_CORE_TYPES_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t vaddr_t; /* user virtual address, whatever the width */
typedef uint64_t paddr_t; /* emulated physical address, bytes */
typedef uint64_t kva_t;	  /* emulated kernel virtual address; 0 = NULL */
typedef uint32_t pfn_t;	  /* frame number; 0 = none (frame 0 is the BIOS's) */
typedef uint32_t gfp_t;
typedef uint32_t vm_flags_t;

#define PFN_NONE 0u

#define MAX_ERRNO 4095
#define IS_ERR_VALUE(x) ((uint64_t)(x) >= (uint64_t)-MAX_ERRNO)
#define ERR_VALUE(err) ((uint64_t)(int64_t)(err)) /* err is negative */

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define __unused_arg __attribute__((unused))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))

/* a is a power of two */
#define ALIGN_DOWN(x, a) ((x) & ~((uint64_t)(a)-1))
#define ALIGN_UP(x, a) (((x) + (uint64_t)(a)-1) & ~((uint64_t)(a)-1))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* Highest set bit, counted from 1; fls(0) == 0. */
static inline unsigned fls64(uint64_t x)
{
	return x ? 64u - (unsigned)__builtin_clzll(x) : 0;
}

/* Floor of the base-2 logarithm; x > 0. */
static inline unsigned ilog2_u64(uint64_t x)
{
	return fls64(x) - 1;
}

/* Smallest order with (1 << order) >= n; n > 0. */
static inline unsigned order_of(uint64_t n)
{
	return fls64(n - 1);
}

/* Floor of the square root (Linux: lib/int_sqrt.c). */
static inline uint64_t int_sqrt(uint64_t x)
{
	uint64_t root = 0, bit = (uint64_t)1 << 62;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

/*
 * mm_assert() states what our own code guarantees; it is never about the
 * trace or the configuration. It stays on in every build (NDEBUG is never
 * set): the checks it holds are off the access path.
 */
#define mm_assert(cond) assert(cond)

#endif
