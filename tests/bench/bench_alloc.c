/*
 * bench_alloc.c - pairs of alloc and free a second, beside the host's malloc.
 *
 * Each mix runs on an emulated machine and, block for block of the same size in
 * the same order, on malloc with its mmap threshold out of the way. A pair is
 * one block taken and given back. The best of several short turns counts, the
 * two sides by turns, so that a busy host hits both.
 */
#include "core/machine.h"
#include "core/page_alloc.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURNS 7
#define STEPS 400000u
#define HELD 256u /* blocks held at a time */
#define OBJECT 128u

struct mix {
	const char *name;
	void (*emulated)(struct machine *m, const uint32_t *random);
	void (*host)(const uint32_t *random);
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Mostly single frames, seldom large blocks. */
static unsigned random_order(uint32_t r)
{
	unsigned order = (unsigned)__builtin_ctz(r | 1u << 5);

	return order;
}

/* ---- a window of HELD blocks: each step replaces one ---- */

#define EMULATED(name, slot_of, order_of_step)                          \
	static void name(struct machine *m, const uint32_t *random)     \
	{                                                               \
		static struct page *held[HELD];                         \
		static unsigned order[HELD];                            \
                                                                        \
		for (unsigned i = 0; i < STEPS; i++) {                  \
			uint32_t r = random[i];                         \
			unsigned s = (slot_of) % HELD;                  \
                                                                        \
			if (held[s])                                    \
				__free_pages(m, held[s], order[s]);     \
			order[s] = (order_of_step);                     \
			held[s] = alloc_pages(m, GFP_KERNEL, order[s]); \
			(void)r;                                        \
		}                                                       \
		for (unsigned s = 0; s < HELD; s++) {                   \
			if (held[s])                                    \
				__free_pages(m, held[s], order[s]);     \
			held[s] = NULL;                                 \
		}                                                       \
	}

#define HOST(name, slot_of, size_of_step)                                 \
	static void name(const uint32_t *random)                          \
	{                                                                 \
		static void *held[HELD];                                  \
                                                                          \
		for (unsigned i = 0; i < STEPS; i++) {                    \
			uint32_t r = random[i];                           \
			unsigned s = (slot_of) % HELD;                    \
                                                                          \
			free(held[s]);                                    \
			held[s] = malloc(size_of_step);                   \
			__asm__ volatile("" : : "r"(held[s]) : "memory"); \
			(void)r;                                          \
		}                                                         \
		for (unsigned s = 0; s < HELD; s++) {                     \
			free(held[s]);                                    \
			held[s] = NULL;                                   \
		}                                                         \
	}

EMULATED(pages_0, i, 0)
HOST(host_0, i, 4096)
EMULATED(pages_3, i, 3)
HOST(host_3, i, 4096 << 3)
EMULATED(pages_mix, r >> 16, random_order(r))
HOST(host_mix, r >> 16, (size_t)4096 << random_order(r))
HOST(host_object, r >> 16, OBJECT)

static struct kmem_cache *cache;

static void objects(struct machine *m, const uint32_t *random)
{
	static kva_t held[HELD];

	for (unsigned i = 0; i < STEPS; i++) {
		unsigned s = (random[i] >> 16) % HELD;

		if (held[s])
			kmem_cache_free(m, cache, held[s]);
		held[s] = kmem_cache_alloc(m, cache, GFP_KERNEL);
	}
	for (unsigned s = 0; s < HELD; s++) {
		if (held[s])
			kmem_cache_free(m, cache, held[s]);
		held[s] = 0;
	}
}

/* ---- */

static void run(struct machine *m, const struct mix *mix,
		const uint32_t *random)
{
	double emulated = 1e9, host = 1e9;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		double t0 = now(), t1, t2;

		mix->emulated(m, random);
		t1 = now();
		mix->host(random);
		t2 = now();
		emulated = t1 - t0 < emulated ? t1 - t0 : emulated;
		host = t2 - t1 < host ? t2 - t1 : host;
	}
	printf("%-26s %8.1f M pairs/s  malloc %8.1f M  ratio %.2f\n", mix->name,
	       STEPS / emulated / 1e6, STEPS / host / 1e6, host / emulated);
}

int main(void)
{
	static const struct mix mixes[] = {
		{"alloc_pages order 0", pages_0, host_0},
		{"alloc_pages order 3", pages_3, host_3},
		{"alloc_pages mixed orders", pages_mix, host_mix},
		{"kmem_cache_alloc 128 bytes", objects, host_object},
	};
	static uint32_t random[STEPS];
	struct machine_config cfg;
	struct machine *m;
	const char *why = "";
	uint64_t seed = 1;
	int err;

	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (unsigned i = 0; i < STEPS; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		random[i] = (uint32_t)(seed >> 32);
	}
	machine_config_default(&cfg);
	cfg.contents = CONTENTS_OFF;
	if (machine_create(&cfg, NULL, &m, &why)) {
		fprintf(stderr, "%s\n", why);
		return 2;
	}
	cache = kmem_cache_create(m, "bench", OBJECT, 0, 0, false, &err);
	if (!cache)
		return 2;
	for (unsigned i = 0; i < ARRAY_SIZE(mixes); i++)
		run(m, &mixes[i], random);
	machine_destroy(m);
	return 0;
}
