/* host.c - host memory: blocks, reservations, numbered pools. */
#include "core/host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *default_alloc(void *ctx __unused_arg, size_t size)
{
	return calloc(1, size);
}

static void default_free(void *ctx __unused_arg, void *p,
			 size_t size __unused_arg)
{
	free(p);
}

static void *default_reserve(void *ctx __unused_arg, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void default_release(void *ctx __unused_arg, void *p, size_t size)
{
	munmap(p, size);
}

static void default_fail(void *ctx __unused_arg, size_t size __unused_arg)
{
	abort();
}

const struct host_ops host_default_ops = {
	.alloc = default_alloc,
	.free = default_free,
	.reserve = default_reserve,
	.release = default_release,
	.fail = default_fail,
};

void *host_alloc(const struct host_ops *ops, size_t size)
{
	void *p = ops->alloc(ops->ctx, size);

	if (unlikely(!p)) {
		ops->fail(ops->ctx, size);
		abort(); /* fail() must not return */
	}
	return p;
}

void *host_realloc(const struct host_ops *ops, void *p, size_t old_size,
		   size_t size)
{
	void *q = host_alloc(ops, size);

	if (p) {
		memcpy(q, p, old_size < size ? old_size : size);
		host_free(ops, p, old_size);
	}
	return q;
}

void host_free(const struct host_ops *ops, void *p, size_t size)
{
	if (p)
		ops->free(ops->ctx, p, size);
}

void *host_reserve(const struct host_ops *ops, size_t size)
{
	void *p = ops->reserve(ops->ctx, size);

	if (unlikely(!p)) {
		ops->fail(ops->ctx, size);
		abort();
	}
	return p;
}

void host_release(const struct host_ops *ops, void *p, size_t size)
{
	if (p)
		ops->release(ops->ctx, p, size);
}

char *host_strdup(const struct host_ops *ops, const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(host_alloc(ops, size), s, size);
}

void host_strfree(const struct host_ops *ops, char *s)
{
	if (s)
		host_free(ops, s, strlen(s) + 1);
}

/*
 * Free objects of a pool are chained through their first 4 bytes. Ids are
 * dense: object id lives in chunk (id-1)/HPOOL_CHUNK. Chunks never move, so
 * pointers stay good.
 */
void hpool_init(struct hpool *pool, const struct host_ops *ops,
		size_t object_size)
{
	memset(pool, 0, sizeof(*pool));
	pool->ops = ops;
	pool->object_size = (object_size + 15) & ~(size_t)15;
	pool->next_id = 1;
}

void hpool_destroy(struct hpool *pool)
{
	size_t chunk = HPOOL_CHUNK * pool->object_size;

	for (uint32_t i = 0; i < pool->nr_chunks; i++)
		host_free(pool->ops, pool->chunks[i], chunk);
	host_free(pool->ops, pool->chunks,
		  pool->max_chunks * sizeof(*pool->chunks));
	memset(pool, 0, sizeof(*pool));
}

static void hpool_grow(struct hpool *pool)
{
	if (pool->nr_chunks == pool->max_chunks) {
		uint32_t max = pool->max_chunks ? 2 * pool->max_chunks : 16;

		pool->chunks = host_realloc(
			pool->ops, pool->chunks,
			pool->max_chunks * sizeof(*pool->chunks),
			max * sizeof(*pool->chunks));
		pool->max_chunks = max;
	}
	pool->chunks[pool->nr_chunks] =
		host_alloc(pool->ops, HPOOL_CHUNK * pool->object_size);
	pool->nr_chunks++;
}

void *hpool_alloc(struct hpool *pool, uint32_t *id)
{
	uint32_t i = pool->free_id;
	void *p;

	if (i) {
		p = hpool_get(pool, i);
		memcpy(&pool->free_id, p, sizeof(pool->free_id));
		memset(p, 0, pool->object_size);
	} else {
		i = pool->next_id;
		if ((i - 1) / HPOOL_CHUNK == pool->nr_chunks)
			hpool_grow(pool);
		pool->next_id++;
		p = hpool_get(pool, i);
	}
	pool->nr_used++;
	if (id)
		*id = i;
	return p;
}

void hpool_free(struct hpool *pool, uint32_t id)
{
	void *p = hpool_get(pool, id);

	memcpy(p, &pool->free_id, sizeof(pool->free_id));
	pool->free_id = id;
	pool->nr_used--;
}
