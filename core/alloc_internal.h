/*
 * alloc_internal.h - one request on its way through the page allocator:
 * page_alloc.c (fast path) and alloc_slowpath.c.
 */
#ifndef MMEMU_CORE_ALLOC_INTERNAL_H
#define MMEMU_CORE_ALLOC_INTERNAL_H

#include "core/page_alloc.h"

/* What one request asks, worked out once. */
struct alloc_context {
	gfp_t gfp;
	unsigned order;
	enum migratetype mt;
	enum zone_type high_zoneidx;
	struct zone *preferred; /* first populated zone; NULL: none */
};

/* The next populated zone below z, or NULL. */
static inline struct zone *next_zone(struct machine *m, struct zone *z)
{
	while (z-- > m->zone)
		if (populated_zone(z))
			return z;
	return NULL;
}

#define for_each_zone_zonelist(z, m, ac) \
	for (z = (ac)->preferred; z; z = next_zone(m, z))

/* The first zone of the request that has room above its mark. */
struct page *get_page_from_freelist(struct machine *m,
				    const struct alloc_context *ac,
				    unsigned alloc_flags);
/* When the fast path found nothing. */
struct page *__alloc_pages_slowpath(struct machine *m,
				  const struct alloc_context *ac);

#endif
