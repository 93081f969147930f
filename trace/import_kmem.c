/*
 * import_kmem.c - the kernel's own allocations, as its kmem tracepoints tell.
 *
 *	ls-31381 [000] ... 4760.098: mm_page_alloc: page=... pfn=0x15e169 order=0 migratetype=1 gfp_flags=GFP_KERNEL
 *	ls 10772 [001] 5232.355: kmem:mm_page_free: page=... pfn=0x17a527 order=0
 *
 * from ftrace's trace file or perf script. Two views of the same memory, one at
 * a time: frames (all that left the page allocator, the slabs' own too), or
 * objects (the emulated slab asks for frames itself).
 *
 * A label says what was recorded: pfn_15e169 is the block whose first frame
 * that was, obj_ffff88810a449100 the object at that address. So the outcome log
 * of a replay stands beside what the recorded kernel gave, line by line.
 *
 * A freed frame is told of twice where it was freed in a batch
 * (mm_page_free_batched and mm_page_free): the first counts.
 */
#include "core/config.h"
#include "trace/import_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum known { UNKNOWN, LIVE, GONE };

/* Of a label (frame or object) or a cache, by name id. */
struct known_name {
	uint8_t state; /* enum known; of a cache: LIVE, it exists */
	uint32_t cache; /* of an object: name id; 0: kmalloc's */
};

struct kmem {
	struct import *im;
	struct im_log log;
	struct known_name *known;
	uint32_t nr_known;
	uint64_t events, unseen_alloc, unseen_free, failed, other_view, lost;
};

/* ---- fields ---- */

/* The text behind " KEY=", or NULL. */
static const char *field(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = strstr(text, key); p; p = strstr(p + 1, key))
		if (p > text && p[-1] == ' ' && p[n] == '=')
			return p + n + 1;
	return NULL;
}

static bool number(const char *text, const char *key, uint64_t *value)
{
	const char *p = field(text, key);
	char *end;

	if (!p)
		return false;
	*value = strtoull(p, &end, 0);
	return end != p;
}

/* ptr=0xffff88810a449100, or the hashed 00000000d53f5fa6, or (nil): 0 */
static bool pointer(const char *text, uint64_t *value)
{
	const char *p = field(text, "ptr");

	*value = p ? strtoull(p, NULL, 16) : 0;
	return p;
}

/* Names of gfp bits, of 3.12 and later kernels; what 3.12 has not is 0. */
static const struct gfp_name later_names[] = {
	{"GFP_KERNEL_ACCOUNT", GFP_KERNEL},
	{"GFP_TRANSHUGE_LIGHT", GFP_HIGHUSER_MOVABLE | __GFP_COMP |
					__GFP_NOMEMALLOC | __GFP_NOWARN |
					__GFP_NO_KSWAPD},
	{"GFP_TRANSHUGE", GFP_HIGHUSER_MOVABLE | __GFP_COMP |
				  __GFP_NOMEMALLOC | __GFP_NOWARN |
				  __GFP_NORETRY | __GFP_NO_KSWAPD},
	{"__GFP_RECLAIM", __GFP_WAIT},
	{"__GFP_DIRECT_RECLAIM", __GFP_WAIT},
	{"__GFP_KSWAPD_RECLAIM", 0},
	{"__GFP_ATOMIC", __GFP_HIGH},
	{"__GFP_RETRY_MAYFAIL", __GFP_REPEAT},
	{"__GFP_ACCOUNT", 0},
	{"__GFP_ZEROTAGS", 0},
	{"__GFP_NO_OBJ_EXT", 0},
	{"__GFP_SKIP_ZERO", 0},
	{"__GFP_SKIP_KASAN", 0},
	{"__GFP_NOLOCKDEP", 0},
	{"none", 0},
};

static gfp_t gfp_word(struct kmem *k, const char *p, size_t len)
{
	char bits[40];
	size_t bad;
	gfp_t gfp;

	if (*p == '0') /* bits without a name */
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(later_names); i++)
		if (strlen(later_names[i].name) == len &&
		    !memcmp(later_names[i].name, p, len))
			return later_names[i].value;
	if (!gfp_parse(p, len, &gfp, &bad))
		return gfp;
	/* 3.12 prints single bits as GFP_ZERO */
	snprintf(bits, sizeof(bits), "__%.*s", (int)min_t(size_t, len, 36), p);
	if (!gfp_parse(bits, strlen(bits), &gfp, &bad))
		return gfp;
	im_pass_over(k->im, p, len);
	return 0;
}

static gfp_t gfp_field(struct kmem *k, const char *text)
{
	const char *p = field(text, "gfp_flags");
	gfp_t gfp = 0;

	while (p && *p && *p != ' ') {
		size_t len = strcspn(p, "| ");

		gfp |= gfp_word(k, p, len);
		p += len + (p[len] == '|');
	}
	return gfp;
}

/* ---- what is known of a name ---- */

static struct known_name *known(struct kmem *k, uint32_t id)
{
	if (id >= k->nr_known) {
		uint32_t nr = 2 * id + 64;

		k->known = host_realloc(k->im->host, k->known,
					k->nr_known * sizeof(*k->known),
					nr * sizeof(*k->known));
		k->nr_known = nr;
	}
	return &k->known[id];
}

static uint32_t label(struct kmem *k, const char *what, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%s_%llx", what,
		 (unsigned long long)value);
	return im_name(k->im, text);
}

static void put_free(struct kmem *k, enum event_kind kind, uint32_t id,
		     uint32_t cache)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	ev.name = cache;
	im_set(&ev, X_ADDR, 0);
	ev.x[X_ADDR].label = id;
	im_event(k->im, NULL, &ev);
}

static void put_alloc(struct kmem *k, struct event *ev, uint32_t id)
{
	ev->bind = id;
	name_get(k->im->names, id)->flags |= NAME_BOUND;
	im_event(k->im, NULL, ev);
	known(k, id)->state = LIVE;
}

/* ---- frames ---- */

static int page_alloc(struct kmem *k, const char *text)
{
	uint64_t pfn, order;
	struct event ev;
	uint32_t id;

	if (!number(text, "pfn", &pfn) || !number(text, "order", &order) ||
	    !field(text, "gfp_flags"))
		return im_fail(k->im, &k->log, 1, "mm_page_alloc, expected pfn=, order= and gfp_flags=");
	if (!pfn || pfn + 1 >= UINT64_C(1) << 52) {
		k->failed++;
		return 0;
	}
	id = label(k, "pfn", pfn);
	if (known(k, id)->state == LIVE) {
		k->unseen_free++;
		put_free(k, EV_FREE_PAGES, id, 0);
	}
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_ALLOC_PAGES;
	ev.gfp = gfp_field(k, text);
	im_set(&ev, X_LEN, order);
	put_alloc(k, &ev, id);
	return 0;
}

static int page_free(struct kmem *k, const char *text)
{
	struct known_name *known_name;
	uint64_t pfn;
	uint32_t id;

	if (!number(text, "pfn", &pfn))
		return im_fail(k->im, &k->log, 1,
			       "a page that is freed, expected pfn=");
	id = label(k, "pfn", pfn);
	known_name = known(k, id);
	if (known_name->state == UNKNOWN)
		k->unseen_alloc++;
	if (known_name->state == LIVE)
		put_free(k, EV_FREE_PAGES, id, 0);
	known_name->state = GONE;
	return 0;
}

/* ---- objects ---- */

static bool machine_has(const char *name)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	for (unsigned i = 0; i < cfg.nr_caches; i++)
		if (!strcmp(cfg.caches[i].name, name))
			return true;
	return false;
}

/* The cache of a name=, made when it is first seen; 0: none is named. */
static uint32_t cache_field(struct kmem *k, const char *text, uint64_t size)
{
	const char *p = field(text, "name");
	struct event ev;
	uint32_t id;

	if (!p)
		return 0;
	id = names_intern(k->im->names, p, strcspn(p, " "));
	if (known(k, id)->state == LIVE)
		return id;
	known(k, id)->state = LIVE;
	if (machine_has(name_text(k->im->names, id)))
		return id;
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_CACHE_CREATE;
	ev.name = id;
	im_set(&ev, X_LEN, size);
	im_event(k->im, NULL, &ev);
	return id;
}

static void object_free_event(struct kmem *k, uint32_t id)
{
	uint32_t cache = known(k, id)->cache;

	put_free(k, cache ? EV_CACHE_FREE : EV_KFREE, id, cache);
}

static int object_alloc(struct kmem *k, const char *text, bool cached)
{
	uint64_t ptr, size;
	uint32_t id, cache;
	struct event ev;

	if (!pointer(text, &ptr) || !number(text, "bytes_req", &size) ||
	    !field(text, "gfp_flags"))
		return im_fail(k->im, &k->log, 1, "an allocation, expected ptr=, bytes_req= and gfp_flags=");
	if (!ptr || !size) {
		k->failed++;
		return 0;
	}
	id = label(k, "obj", ptr);
	if (known(k, id)->state == LIVE) {
		k->unseen_free++;
		object_free_event(k, id);
	}
	cache = cached ? cache_field(k, text, size) : 0;
	memset(&ev, 0, sizeof(ev));
	ev.kind = cache ? EV_CACHE_ALLOC : EV_KMALLOC;
	ev.name = cache;
	ev.gfp = gfp_field(k, text) &
		 ~(__GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE);
	if (!cache)
		im_set(&ev, X_LEN, size);
	put_alloc(k, &ev, id);
	known(k, id)->cache = cache;
	return 0;
}

static int cache_alloc(struct kmem *k, const char *text)
{
	return object_alloc(k, text, true);
}

static int kmalloc_alloc(struct kmem *k, const char *text)
{
	return object_alloc(k, text, false);
}

static int object_free(struct kmem *k, const char *text)
{
	uint64_t ptr;
	uint32_t id;

	if (!pointer(text, &ptr))
		return im_fail(k->im, &k->log, 1, "a free, expected ptr=");
	if (!ptr)
		return 0;
	id = label(k, "obj", ptr);
	if (known(k, id)->state == LIVE)
		object_free_event(k, id);
	else
		k->unseen_alloc++;
	known(k, id)->state = GONE;
	return 0;
}

/* ---- lines ---- */

static const struct tracepoint {
	const char *name;
	int (*fn)(struct kmem *k, const char *text);
	bool object;
} tracepoints[] = {
	{"mm_page_alloc", page_alloc, false},
	{"mm_page_free", page_free, false},
	{"mm_page_free_batched", page_free, false},
	{"mm_pagevec_free", page_free, false}, /* its name before 3.3 */
	{"mm_page_free_direct", page_free, false},
	{"kmalloc", kmalloc_alloc, true},
	{"kmalloc_node", kmalloc_alloc, true},
	{"kmem_cache_alloc", cache_alloc, true},
	{"kmem_cache_alloc_node", cache_alloc, true},
	{"kfree", object_free, true},
	{"kmem_cache_free", object_free, true},
};

/* The event's name: the first word that ends in ':' behind the time. */
static const char *event_name(const char *line, size_t *len)
{
	const char *p = line;

	while ((p = strstr(p, ": "))) {
		const char *name, *end;

		p += 2 + strspn(p + 2, " ");
		if (!strncmp(p, "kmem:", 5))
			p += 5;
		name = p;
		end = name + strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
		if (end > name && *end == ':' &&
		    !(*name >= '0' && *name <= '9')) {
			*len = (size_t)(end - name);
			return name;
		}
	}
	return NULL;
}

static int one_line(struct kmem *k, const char *line)
{
	const char *lost = strstr(line, "[LOST "), *name;
	size_t len;

	if (lost)
		k->lost += strtoull(lost + 6, NULL, 10);
	if (line[0] == '#' || lost || !line[0])
		return 0;
	name = event_name(line, &len);
	if (!name)
		return im_fail(k->im, &k->log, 1, "found no event, expected the text of ftrace or perf script");
	for (size_t i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		const struct tracepoint *t = &tracepoints[i];

		if (strlen(t->name) != len || memcmp(t->name, name, len))
			continue;
		k->events++;
		if (t->object == k->im->opt->objects)
			return t->fn(k, name + len + 1);
		k->other_view++;
		return 0;
	}
	im_pass_over(k->im, name, len);
	return 0;
}

static void tell(struct kmem *k)
{
	static const char *const other[] = {"objects", "frames"};
	unsigned long long n[] = {k->other_view, k->unseen_alloc,
				  k->unseen_free, k->failed, k->lost};
	struct import *im = k->im;

	if (n[0])
		im_note(im, "%llu events of %s are left out (%s): the slabs' frames would count twice",
			n[0], other[im->opt->objects],
			im->opt->objects ? "without --objects they are taken"
					 : "--objects takes them");
	if (n[1])
		im_note(im, "%llu frees of what was allocated before the recording are left out",
			n[1]);
	if (n[2])
		im_note(im, "%llu were allocated again without having been freed: freed right before",
			n[2]);
	if (n[3])
		im_note(im, "%llu allocations failed and are left out", n[3]);
	if (n[4])
		im_note(im, "%llu events were lost when it was recorded",
			n[4]);
}

int import_kmem(struct import *im)
{
	struct kmem k = {.im = im};
	char *line;
	size_t len;
	int ret = im_log_open(im, &k.log, im->opt->inputs[0]);

	while (!ret && (ret = im_log_line(im, &k.log, &line, &len)) > 0)
		ret = one_line(&k, line);
	if (!ret && !k.events && !im_stopped(im))
		ret = im_fail(im, &k.log, 1, "no event of kmem, expected mm_page_alloc, kmalloc and their like");
	if (!ret)
		tell(&k);
	im_log_close(im, &k.log);
	host_free(im->host, k.known, k.nr_known * sizeof(*k.known));
	return ret < 0 ? -1 : 0;
}
