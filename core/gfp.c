/* gfp.c - the names of the gfp flags. */
#include "core/gfp.h"

#include <string.h>

#define G(name) {#name, name}
const struct gfp_name gfp_names[] = {
	G(GFP_KERNEL), G(GFP_ATOMIC), G(GFP_NOWAIT), G(GFP_NOIO), G(GFP_NOFS),
	G(GFP_TEMPORARY), G(GFP_USER), G(GFP_HIGHUSER), G(GFP_HIGHUSER_MOVABLE),
	G(GFP_DMA), G(GFP_DMA32), G(__GFP_DMA), G(__GFP_HIGHMEM),
	G(__GFP_DMA32), G(__GFP_MOVABLE), G(__GFP_WAIT), G(__GFP_HIGH),
	G(__GFP_IO), G(__GFP_FS), G(__GFP_COLD), G(__GFP_NOWARN),
	G(__GFP_REPEAT), G(__GFP_NOFAIL), G(__GFP_NORETRY), G(__GFP_MEMALLOC),
	G(__GFP_COMP), G(__GFP_ZERO), G(__GFP_NOMEMALLOC), G(__GFP_HARDWALL),
	G(__GFP_THISNODE), G(__GFP_RECLAIMABLE), G(__GFP_KMEMCG),
	G(__GFP_NOTRACK), G(__GFP_NO_KSWAPD), G(__GFP_OTHER_NODE),
	G(__GFP_WRITE),
};
const unsigned nr_gfp_names = ARRAY_SIZE(gfp_names);

static const struct gfp_name *gfp_find(const char *s, size_t len)
{
	for (unsigned i = 0; i < nr_gfp_names; i++)
		if (strlen(gfp_names[i].name) == len &&
		    !memcmp(gfp_names[i].name, s, len))
			return &gfp_names[i];
	return NULL;
}

int gfp_parse(const char *s, size_t len, gfp_t *gfp, size_t *bad)
{
	size_t at = 0;

	*gfp = 0;
	for (;;) {
		const char *bar = memchr(s + at, '|', len - at);
		size_t n = bar ? (size_t)(bar - s) - at : len - at;
		const struct gfp_name *g = gfp_find(s + at, n);

		if (!g) {
			*bad = at;
			return -EINVAL;
		}
		*gfp |= g->value;
		if (!bar)
			return 0;
		at += n + 1;
	}
}
