/*
 * state_slab.c - caches, slabs and vmalloc areas from a state file.
 *
 * The file's caches replace the machine's wholly. What a line cannot know yet
 * is done at the end, in state_slab_end.c.
 */
#include "trace/state_slab.h"
#include "core/buddy.h"
#include "core/pgtable.h"
#include "core/slab.h"
#include "core/slab_internal.h"
#include "core/vmalloc.h"
#include "trace/state_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 96
#define ARRAY_MAX (1u << 16) /* entries of an array cache */

static int bad(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

/* ---- words ---- */

/* The next word, "" at the end of the line; a long one is cut. */
static const char *next_word(const char **at, char word[WORD_MAX])
{
	size_t n = 0;

	while (isspace((unsigned char)**at))
		(*at)++;
	for (; **at && !isspace((unsigned char)**at); (*at)++)
		if (n < WORD_MAX - 1)
			word[n++] = **at;
	word[n] = '\0';
	return word;
}

static bool word_number(const char *word, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)word[0]))
		return false;
	errno = 0;
	*value = strtoull(word, &end, 0);
	return !*end && !errno;
}

static bool next_number(const char **at, uint64_t *value)
{
	char word[WORD_MAX];

	return word_number(next_word(at, word), value);
}

/* `name N` */
static bool next_named(const char **at, const char *name, uint64_t *value)
{
	char word[WORD_MAX];

	return !strcmp(next_word(at, word), name) && next_number(at, value);
}

/* `0xSTART-0xEND` */
static bool next_range(const char **at, kva_t *start, kva_t *end)
{
	char word[WORD_MAX], *dash = strchr(next_word(at, word), '-');

	if (!dash)
		return false;
	*dash = '\0';
	return word_number(word, start) && word_number(dash + 1, end);
}

static struct kmem_cache *next_cache(const struct machine *m, const char **at)
{
	char word[WORD_MAX];

	return kmem_cache_find(m, next_word(at, word));
}

/* ---- cache ---- */

static const struct cache_field {
	const char *name;
	size_t offset;
} cache_fields[] = {
#define FIELD(name) {#name, offsetof(struct kmem_cache, name)}
#define AC_FIELD(name, field) {name, offsetof(struct kmem_cache, ac.field)}
	FIELD(object_size),  FIELD(size),	  FIELD(align),
	FIELD(flags),	     FIELD(num),	  FIELD(gfporder),
	FIELD(allocflags),   FIELD(colour),	  FIELD(colour_off),
	FIELD(slab_size),    FIELD(shared),	  FIELD(free_objects),
	FIELD(free_limit),   FIELD(colour_next),  FIELD(free_touched),
	AC_FIELD("limit", limit),	AC_FIELD("batchcount", batchcount),
	AC_FIELD("ac_avail", avail),	AC_FIELD("ac_touched", touched),
#undef FIELD
#undef AC_FIELD
};

/* A number of the cache; names of no field (off_slab, ctor) are passed over. */
static bool set_cache_field(struct kmem_cache *s, const char *name,
			    const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(cache_fields); i++) {
		uint64_t v;
		uint32_t v32;

		if (strcmp(cache_fields[i].name, name))
			continue;
		if (!word_number(value, &v) || v > UINT32_MAX)
			return false;
		v32 = (uint32_t)v;
		memcpy((char *)s + cache_fields[i].offset, &v32, sizeof(v32));
		return true;
	}
	return true;
}

/* Do the objects fit into a slab's frames, so far behind their beginning? */
static bool objects_fit(const struct machine *m, const struct kmem_cache *s,
			uint64_t offset)
{
	uint64_t bytes = PAGE_SIZE(m) << s->gfporder;

	return offset <= bytes && (uint64_t)s->num * s->size <= bytes - offset;
}

/* The slabs that are still to be made: of every colour, and the next one. */
static bool colours_fit(const struct machine *m, const struct kmem_cache *s)
{
	uint64_t last = s->colour ? s->colour - 1 : 0;
	uint64_t most = max_t(uint64_t, last, s->colour_next) * s->colour_off;

	if (s->flags & CFLGS_OFF_SLAB)
		return objects_fit(m, s, most);
	return most <= UINT32_MAX && objects_fit(m, s, most + s->slab_size);
}

/* The address of a slab outside of lowmem would be none: of the flags that a
 * cache adds when it grows, only zone DMA. */
static bool cache_plausible(const struct machine *m, const struct kmem_cache *s)
{
	return s->size && s->num && s->gfporder < MAX_ORDER &&
	       !(s->allocflags & ~GFP_DMA) &&
	       s->object_size <= s->size && colours_fit(m, s) &&
	       s->ac.limit && s->ac.limit <= ARRAY_MAX &&
	       s->ac.batchcount && s->ac.batchcount <= s->ac.limit &&
	       s->ac.avail <= s->ac.limit;
}

static int load_cache(struct machine *m, const char *at, const char **why)
{
	char name[WORD_MAX], value[WORD_MAX];
	struct kmem_cache *s;
	uint32_t touched;

	next_word(&at, name);
	if (!name[0] || strlen(name) >= sizeof(s->name))
		return bad(why, "expected the name of a cache");
	if (kmem_cache_find(m, name))
		return bad(why, "a cache of this name is there already");
	s = kmem_cache_new(m, name);
	list_add_tail(&s->list, &m->slab_caches);
	while (*next_word(&at, name))
		if (!set_cache_field(s, name, next_word(&at, value)))
			break;
	if (*name || !cache_plausible(m, s)) {
		s->ac.limit = 0; /* nothing was allocated for it */
		return bad(why, "the numbers of this cache do not fit");
	}
	touched = s->ac.touched;
	array_cache_init(m, &s->ac, s->ac.limit, s->ac.batchcount);
	s->ac.touched = touched; /* avail: what the ac line will hold */
	return 0;
}

static int load_array(struct machine *m, const char *at, const char **why)
{
	struct kmem_cache *s = next_cache(m, &at);
	char word[WORD_MAX];

	if (!s || s->ac.avail)
		return bad(why, "expected the name of a cache, once");
	while (*next_word(&at, word)) {
		if (s->ac.avail == s->ac.limit ||
		    !word_number(word, &s->ac.entry[s->ac.avail]))
			return bad(why, "expected at most `limit` objects");
		s->ac.avail++;
	}
	return 0;
}

/* ---- slab ---- */

/* Are these frames all RAM of one zone? */
static bool in_one_zone(const struct machine *m, pfn_t pfn, pfn_t n)
{
	const struct zone *z;

	for (pfn_t i = 0; i < n; i++)
		if (!pfn_present(m, pfn + i))
			return false;
	for_each_zone (z, m)
		if (zone_spans_pfn(z, pfn))
			return zone_spans_pfn(z, pfn + n - 1);
	return false;
}

/* The frames of a slab at this address: lowmem, of nobody else. */
static bool slab_frames_free(const struct machine *m,
			     const struct kmem_cache *s, kva_t addr)
{
	pfn_t pfn = (pfn_t)(__pa(m, addr) >> PAGE_SHIFT(m)), said;
	pfn_t n = (pfn_t)1 << s->gfporder;

	if (addr < m->cfg.page_offset || addr & ~PAGE_MASK(m) ||
	    __pa(m, addr) >= pfn_to_phys(m, m->max_low_pfn) || !pfn ||
	    pfn + n > m->max_low_pfn)
		return false;
	return in_one_zone(m, pfn, n) && state_frames_unsaid(m, pfn, n, &said);
}

/* The chain of free objects: each once. */
static bool load_chain(struct slab *slabp, const char **at)
{
	uint32_t *link = &slabp->free, num = slabp->cachep->num, nr = 0;
	char word[WORD_MAX];
	uint64_t i;

	while (*next_word(at, word)) {
		if (!word_number(word, &i) || i >= num ||
		    !slab_held(slabp, (uint32_t)i))
			return false;
		slab_clear_held(slabp, (uint32_t)i);
		*link = (uint32_t)i;
		link = &slabp->bufctl[i];
		nr++;
	}
	*link = BUFCTL_END;
	return nr == num - slabp->inuse;
}

static struct list_head *slab_list(struct kmem_cache *s, const char *kind)
{
	if (!strcmp(kind, "full"))
		return &s->slabs_full;
	if (!strcmp(kind, "partial"))
		return &s->slabs_partial;
	return !strcmp(kind, "free") ? &s->slabs_free : NULL;
}

static int load_slab(struct machine *m, const char *at, const char **why)
{
	struct kmem_cache *s = next_cache(m, &at);
	uint64_t s_mem, desc, colouroff, inuse;
	char word[WORD_MAX];
	struct list_head *list;
	struct slab *slabp;

	if (!s)
		return bad(why, "expected the name of a cache");
	list = slab_list(s, next_word(&at, word));
	if (!list || !next_named(&at, "s_mem", &s_mem) ||
	    !next_named(&at, "desc", &desc) ||
	    !next_named(&at, "colouroff", &colouroff) ||
	    !next_named(&at, "inuse", &inuse) || inuse > s->num ||
	    strcmp(next_word(&at, word), "free"))
		return bad(why, "expected full|partial|free s_mem ADDR desc "
				"ADDR colouroff N inuse N free ...");
	if (!objects_fit(m, s, colouroff) ||
	    !slab_frames_free(m, s, s_mem - colouroff))
		return bad(why, "the slab's frames are not lowmem of its own");
	slabp = slab_new(m, s,
			 (pfn_t)(__pa(m, s_mem - colouroff) >> PAGE_SHIFT(m)));
	pfn_to_page(m, slabp->pfn)->_count = 1;
	slabp->s_mem = s_mem;
	slabp->desc = desc;
	slabp->colouroff = (uint32_t)colouroff;
	slabp->inuse = (uint32_t)inuse;
	list_add_tail(&slabp->list, list);
	s->nr_slabs++;
	for (uint32_t i = 0; i < s->num; i++)
		slab_set_held(slabp, i);
	if (!load_chain(slabp, &at))
		return bad(why, "expected the free objects of the slab");
	return 0;
}

/* `cacheobj NAME object A name A array A node A` */
static int load_cache_objects(struct machine *m, const char *at,
			      const char **why)
{
	struct kmem_cache *s = next_cache(m, &at);

	if (!s || !next_named(&at, "object", &s->kobj) ||
	    !next_named(&at, "name", &s->name_kobj) ||
	    !next_named(&at, "array", &s->ac.kobj) ||
	    !next_named(&at, "node", &s->node_kobj))
		return bad(why, "expected NAME object ADDR name ADDR array "
				"ADDR node ADDR");
	return 0;
}

/* ---- vmalloc ---- */

static int load_range(struct machine *m, const char *at, const char **why)
{
	kva_t start, end;

	if (!next_number(&at, &start) || !next_number(&at, &end) ||
	    start < m->high_memory || start >= end ||
	    !pg_address_fits(m->fmt, end - 1) || (start | end) & ~PAGE_MASK(m))
		return bad(why, "expected START END of the vmalloc range, "
				"behind lowmem");
	m->vmalloc_start = start;
	m->vmalloc_end = end;
	return 0;
}

static int load_area(struct machine *m, const char *at, const char **why)
{
	struct vmap_area *va;
	char word[WORD_MAX], kind[sizeof(va->kind)] = "";
	uint64_t nr_pages = 0, phys = 0;
	kva_t start, end;

	if (!next_range(&at, &start, &end))
		return bad(why, "expected START-END");
	while (*next_word(&at, word)) {
		if (!strncmp(word, "pages=", 6)) {
			if (!word_number(word + 6, &nr_pages))
				return bad(why, "expected pages=N");
		} else if (!strncmp(word, "phys=", 5)) {
			if (!word_number(word + 5, &phys))
				return bad(why, "expected phys=ADDR");
		} else {
			memcpy(kind, word, strnlen(word, sizeof(kind) - 1));
		}
	}
	if (nr_pages > (end - start) >> PAGE_SHIFT(m))
		return bad(why, "more pages than the area has addresses");
	va = vmalloc_place_area(m, start, end, kind, (uint32_t)nr_pages);
	if (!va)
		return bad(why, "the area overlaps another or lies outside of "
				"the vmalloc range");
	va->phys = phys;
	return 0;
}

static int load_lazy(struct machine *m, const char *at, const char **why)
{
	struct vmap_area *va = NULL;
	kva_t start, end;

	if (next_range(&at, &start, &end))
		va = vmalloc_place_area(m, start, end, "", 0);
	if (!va)
		return bad(why, "expected START-END of no other area");
	va->lazy = true;
	m->vmap_lazy_nr += (end - start) >> PAGE_SHIFT(m);
	return 0;
}

/* `vnext ADDR hole N` */
static int load_next(struct machine *m, const char *at, const char **why)
{
	uint64_t start, hole;

	if (!next_number(&at, &start) || !next_named(&at, "hole", &hole))
		return bad(why, "expected ADDR hole N");
	m->free_vmap_cache = find_vmap_area(m, start);
	m->vmap_cached_hole_size = hole;
	return 0;
}

static int load_table(struct machine *m, const char *at, const char **why)
{
	kva_t addr;

	if (!next_number(&at, &addr))
		return bad(why, "expected an address that a table covers");
	if (kernel_table_place(m, addr))
		return bad(why, "the kernel image has no frame left for this "
				"page table");
	return 0;
}

/* ---- all of it ---- */

static const struct state_line {
	const char *word;
	int (*load)(struct machine *m, const char *at, const char **why);
} state_lines[] = {
	{"cache", load_cache},	   {"ac", load_array},
	{"slab", load_slab},	   {"cacheobj", load_cache_objects},
	{"vmalloc", load_range},   {"vmap", load_area},
	{"vlazy", load_lazy},	   {"vnext", load_next},
	{"kpmd", load_table},
};

static const struct state_line *line_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_lines); i++)
		if (!strcmp(state_lines[i].word, word))
			return &state_lines[i];
	return NULL;
}

bool state_slab_keyword(const char *word)
{
	return line_find(word) != NULL;
}

int state_load_slab_line(struct machine *m, const char *line, const char **why)
{
	char word[WORD_MAX];
	const struct state_line *l = line_find(next_word(&line, word));

	return l ? l->load(m, line, why) : bad(why, "no line of the slab part");
}

void state_slab_begin(struct machine *m)
{
	slab_destroy_all(m);
	vmalloc_forget_areas(m);
}
