/*
 * host.h - memory of the machine the emulator runs on.
 *
 * Two kinds: small blocks (the emulator's own structures) and reservations
 * (the sparse RAM, mem_map): address room that costs nothing until touched and
 * reads as zeros. All of core/ takes host memory here, so that a test can make
 * the n-th request fail, and so that a failed host allocation is never taken
 * for exhaustion of the emulated machine: host_alloc() does not return NULL.
 * On failure it calls ops->fail(), which must not return (the command line
 * prints one line and exits; a test jumps away).
 *
 * A hpool hands out equal objects from chunks, each with a small number (id)
 * from which its address is found again: struct page names its owner in 32
 * bits that way.
 */
#ifndef MMEMU_CORE_HOST_H
#define MMEMU_CORE_HOST_H

#include "core/types.h"

struct host_ops {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size); /* zeroed, or NULL */
	void (*free)(void *ctx, void *p, size_t size);
	void *(*reserve)(void *ctx, size_t size); /* reads as zeros, or NULL */
	void (*release)(void *ctx, void *p, size_t size);
	void (*fail)(void *ctx, size_t size); /* does not return */
};

/* calloc and mmap; fail() aborts. */
extern const struct host_ops host_default_ops;

void *host_alloc(const struct host_ops *ops, size_t size);
/* Grow or shrink a block; new room is zeroed. p may be NULL with old_size 0. */
void *host_realloc(const struct host_ops *ops, void *p, size_t old_size,
		   size_t size);
void host_free(const struct host_ops *ops, void *p, size_t size);
void *host_reserve(const struct host_ops *ops, size_t size);
void host_release(const struct host_ops *ops, void *p, size_t size);
char *host_strdup(const struct host_ops *ops, const char *s);
void host_strfree(const struct host_ops *ops, char *s);

#define HPOOL_CHUNK 128u /* objects a chunk */

struct hpool {
	const struct host_ops *ops;
	size_t object_size;
	char **chunks;
	uint32_t nr_chunks, max_chunks;
	uint32_t free_id; /* head of the free chain, 0 = none */
	uint32_t next_id; /* ids handed out so far + 1 */
	uint32_t nr_used;
};

void hpool_init(struct hpool *pool, const struct host_ops *ops,
		size_t object_size);
void hpool_destroy(struct hpool *pool);
/* A zeroed object; *id (if asked for) is 1 or more. */
void *hpool_alloc(struct hpool *pool, uint32_t *id);
void hpool_free(struct hpool *pool, uint32_t id);

/* => id was handed out by this pool and not freed */
static inline void *hpool_get(const struct hpool *pool, uint32_t id)
{
	return pool->chunks[(id - 1) / HPOOL_CHUNK] +
	       (size_t)((id - 1) % HPOOL_CHUNK) * pool->object_size;
}

#endif
