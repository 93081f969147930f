/* test_state_slab.c - caches and areas out to a state file and in again. */
#include "trace/state_slab.h"
#include "core/page_alloc.h"
#include "core/slab.h"
#include "core/vmalloc.h"
#include "formats/report.h"
#include "formats/state_slab.h"
#include "tests/core/machine_fixture.h"
#include "trace/state_read.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64 << 20;
	return make_machine(&cfg);
}

static char *written(const struct machine *m)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	state_write_vmalloc_range(m, out);
	state_write_slab(m, out);
	fclose(out);
	return text;
}

/* As before the zones part of a file is read: nothing is free. */
static void forget_free_frames(struct machine *m)
{
	zones_clear_free_lists(m);
	for (pfn_t pfn = 0; pfn < m->max_pfn; pfn++) {
		struct page *p = pfn_to_page(m, pfn);

		if (PageBuddy(p) || PagePcp(p))
			memset(p, 0, sizeof(*p));
	}
}

/* Each line of text into m. The first that is refused, or NULL. */
static const char *load(struct machine *m, char *text, const char **why)
{
	struct state_slab_error e;
	char *save, *line;

	state_slab_begin(m);
	forget_free_frames(m);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (state_load_slab_line(m, line, why))
			return line;
	if (!state_slab_end(m, &e))
		return NULL;
	*why = e.why;
	return "(end)";
}

/* Caches in every state: full, partial and free slabs, off-slab, shrunk. */
static void make_history(struct machine *m)
{
	static const uint32_t size[] = {24, 200, 700, 3000, 512};
	kva_t obj[200];
	char name[24];

	for (int c = 0; c < 5; c++) {
		struct kmem_cache *s;

		snprintf(name, sizeof(name), "cache-%d", c);
		s = kmem_cache_create(m, name, size[c], 0, 0, false, NULL);
		for (int i = 0; i < 200; i++)
			obj[i] = kmem_cache_alloc(m, s, GFP_KERNEL);
		for (int i = 0; i < 200; i++)
			if (i % 7 > c)
				kmem_cache_free(m, s, obj[i]);
	}
	for (int i = 0; i < 8; i++)
		obj[i] = vmalloc(m, 5000 * (size_t)(i + 1));
	for (int i = 0; i < 8; i += 3)
		vfree(m, obj[i], NULL);
}

Test(state_slab, written_is_read_back)
{
	struct machine *a = boot(), *b = boot();
	char *first, *copy, *second;
	const char *why = "", *line;

	make_history(a);
	first = written(a);
	copy = strdup(first);
	line = load(b, copy, &why);
	cr_assert_null(line, "%s: %s", line, why);
	second = written(b);
	cr_expect_str_eq(first, second);
	cr_expect_neq(strstr(first, "\nvlazy "), NULL);
	cr_expect_eq(b->kmem_cache_cache, kmem_cache_find(b, "kmem_cache"));
	cr_expect_eq(b->caches.pid, kmem_cache_find(b, "pid"));
	cr_expect_eq(kmalloc_slab(b, 100, 0),
		     kmem_cache_find(b, "kmalloc-128"));
	free(first);
	free(second);
	free(copy);
	machine_destroy(a);
	machine_destroy(b);
}

/* Both go on alike: the same objects at the same addresses. */
Test(state_slab, the_copy_goes_on_alike)
{
	struct machine *a = boot(), *b = boot();
	char *text;
	const char *why = "";

	make_history(a);
	text = written(a);
	cr_assert_null(load(b, text, &why), "%s", why);
	free(text);
	for (int c = 0; c < 5; c++) {
		char name[24];
		struct kmem_cache *s, *t;

		snprintf(name, sizeof(name), "cache-%d", c);
		s = kmem_cache_find(a, name);
		t = kmem_cache_find(b, name);
		/* what needs no new slab: the zones are not the same here */
		for (uint32_t n = s->free_objects + s->ac.avail; n; n--)
			cr_expect_eq(kmem_cache_alloc(a, s, GFP_KERNEL),
				     kmem_cache_alloc(b, t, GFP_KERNEL));
	}
	machine_destroy(a);
	machine_destroy(b);
}

static const char good_cache[] =
	"cache c object_size 60 size 64 align 8 flags 0x0 num 59 gfporder 0 "
	"allocflags 0x0 colour 0 colour_off 64 slab_size 264 off_slab 0 "
	"slabp_cache - limit 4 batchcount 2 shared 0 free_objects 58 "
	"free_limit 63 colour_next 0 free_touched 0 ac_avail 0 ac_touched 1";

#define SLAB "slab c partial s_mem 0xc1200108 desc 0xc1200000 colouroff 264 "

Test(state_slab, wrong_lines_are_refused)
{
	/* clang-format off */
	static const char *const rows[] = {
		"cache", "cache c size", "cache c size 4",
		"cache c size 64 num 100 limit 1 batchcount 1",
		/* the next slab's objects would lie behind its frames */
		"cache c size 64 num 59 allocflags 0x2 limit 1 batchcount 1", /* HighMem */
		"cache c size 64 num 59 slab_size 384 limit 1 batchcount 1",
		"cache c size 64 num 59 colour 8 colour_off 64 limit 1 batchcount 1",
		"cache c size 64 num 59 colour_next 99999 colour_off 99999 limit 1 batchcount 1",
		"cache c size 64 num 59 colour_next 4294967295 colour_off 4294967295 limit 1 batchcount 1",
		"ac c", "ac nobody", "slab c full", "slab nobody full",
		"vmalloc 1 2", "vmalloc 0x2000 0x1000",
		"vmalloc 0x1000 0x2000", "vmalloc 0xffffe000 0x100001000", "vmap x", "vmap 0-1",
		"vmap 0xd07e0000-0xd07e2000 pages=9 vmalloc",
		"vmap 0xd07e0000-0xd07e2000 pages=x vmalloc",
		"vlazy 0x1000-0x3000", "vnext x", "kpmd", "cacheobj nobody",
	};
	static const char *const after_cache[] = {
		"ac c 0xc1200108 0xc1200148 0xc1200188 0xc12001c8 0xc1200208",
		"ac c x",
		SLAB "inuse 60 free", SLAB "inuse 58 free 1 1",
		SLAB "inuse 58 free 59", SLAB "inuse 58 free 1 2",
		SLAB "inuse x free",
		"slab c other s_mem 0xc1200108 desc 0xc1200000 colouroff 264 inuse 59 free",
		"slab c full s_mem 0x1108 desc 0x1000 colouroff 264 inuse 59 free",
		"slab c full s_mem 0xfff00108 desc 0 colouroff 264 inuse 59 free",
		"slab c full s_mem 0xc1200108 desc 0 colouroff 263 inuse 59 free",
		"slab c full s_mem 0xc1201000 desc 0 colouroff 4096 inuse 59 free",
		"slab c full s_mem 0xc1200180 desc 0 colouroff 384 inuse 59 free",
	};
	/* clang-format on */
	struct machine *m = boot();
	const char *why;

	state_slab_begin(m);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		why = NULL;
		cr_expect_eq(state_load_slab_line(m, rows[i], &why), -EINVAL,
			     "%s", rows[i]);
		cr_expect(why, "%s", rows[i]);
		state_slab_begin(m);
	}
	for (size_t i = 0; i < ARRAY_SIZE(after_cache); i++) {
		why = NULL;
		cr_assert_eq(state_load_slab_line(m, good_cache, &why), 0);
		cr_expect_eq(state_load_slab_line(m, after_cache[i], &why),
			     -EINVAL, "%s", after_cache[i]);
		cr_expect(why);
		state_slab_begin(m);
	}
	machine_destroy(m);
}

Test(state_slab, pieces_that_do_not_fit)
{
	struct machine *m = boot();
	struct state_slab_error e;
	const char *why = NULL;

	/* the array cache holds a free object */
	state_slab_begin(m);
	cr_assert_eq(state_load_slab_line(m, good_cache, &why), 0);
	cr_assert_eq(state_load_slab_line(m, "ac c 0xc1200148", &why), 0);
	cr_assert_eq(state_load_slab_line(m, SLAB "inuse 58 free 1", &why), 0);
	cr_expect_eq(state_slab_end(m, &e), -EINVAL);
	cr_expect_str_eq(e.cache, "c");
	cr_expect(strstr(e.why, "array cache"), "%s", e.why);
	/* free_objects is not what the slabs have */
	state_slab_begin(m);
	cr_assert_eq(state_load_slab_line(m, good_cache, &why), 0);
	cr_assert_eq(state_load_slab_line(m, SLAB "inuse 58 free 1", &why), 0);
	cr_expect_eq(state_slab_end(m, &e), -EINVAL);
	machine_destroy(m);
}

/* ---- objects of whole states: one word changed ---- */

/* The word behind `name`, on the line that begins with `line`. */
static const char *word_behind(const char *text, const char *line,
			       const char *name)
{
	const char *at = strstr(text, line);

	cr_assert(at, "%s", line);
	at = strstr(at, name);
	cr_assert(at, "%s", name);
	return at + strlen(name);
}

/* A machine's state, that word of it being `to`: what the loader says. "": it
 * is fine, and the machine sound. */
static void load_changed(const char *line, const char *from, const char *to,
			 char error[STATE_ERROR_LEN])
{
	struct machine *a = boot(), *b = boot();
	char *text = NULL;
	const char *at;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct state_text state = {.name = "changed"};

	make_history(a);
	report_find("state")->write(a, NULL, out);
	fclose(out);
	at = word_behind(text, line, from);
	out = open_memstream(&state.data, &state.size);
	fprintf(out, "%.*s%s%s", (int)(at - text), text, to,
		at + strcspn(at, " \n"));
	fclose(out);
	state.room = state.size + 1;
	for (size_t i = 0; i < state.size; i++)
		if (state.data[i] == '\n')
			state.data[i] = '\0';
	if (!state_load(b, &state, error))
		check_machine(b);
	free(text);
	free(state.data);
	machine_destroy(a);
	machine_destroy(b);
}

/* That word as it is. */
static const char *address_of(const char *line, const char *from, char to[24])
{
	struct machine *m = boot();
	const char *at;
	char *text;

	make_history(m);
	text = written(m);
	at = word_behind(text, line, from);
	snprintf(to, 24, "%.*s", (int)strcspn(at, " \n"), at);
	free(text);
	machine_destroy(m);
	return to;
}

Test(state_slab, caches_own_their_objects_alone)
{
	char error[STATE_ERROR_LEN], other[24];
	static const char *const parts[] = {" object ", " name ", " array ",
					    " node "};

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		load_changed("\ncacheobj pid ", parts[i], "0x10", error);
		cr_expect(strstr(error, "cache pid: expected cacheobj"), "%s",
			  error);
		/* a cache's object is none of kmalloc's, and the reverse */
		address_of("\ncacheobj pid ", parts[i ? 0 : 1], other);
		load_changed("\ncacheobj pid ", parts[i], other, error);
		cr_expect(strstr(error, "cache pid: expected cacheobj"), "%s",
			  error);
		address_of("\ncacheobj filp ", parts[i], other);
		load_changed("\ncacheobj pid ", parts[i], other, error);
		cr_expect(strstr(error, "named once"), "%s", error);
		load_changed("\ncacheobj pid ", parts[i], "0x0", error);
		cr_expect_str_empty(error);
	}
}

Test(state_slab, off_slab_descriptors_are_objects)
{
	char error[STATE_ERROR_LEN], other[24];

	load_changed("\nslab cache-4 ", " desc ", "0x10", error);
	cr_expect(strstr(error, "desc of an off-slab slab"), "%s", error);
	load_changed("\nslab cache-4 ", " desc ", "0", error);
	cr_expect(strstr(error, "desc of an off-slab slab"), "%s", error);
	address_of("\nslab cache-4 partial", " desc ", other);
	load_changed("\nslab cache-4 full", " desc ", other, error);
	cr_expect(strstr(error, "desc of an off-slab slab"), "%s", error);
	/* a general cache that keeps its own descriptors in itself */
	load_changed("\ncache kmalloc-64 ", " flags ", "0x80002000", error);
	cr_expect(strstr(error, "need themselves"), "%s", error);
}

/* Nor does a slab lie where a list has frames. */
Test(state_slab, frames_on_lists_are_no_slabs)
{
	static const struct {
		pfn_t pfn;
		int order; /* -1: the per-CPU list */
	} rows[] = {{0x1200, 0}, {0x1200, 4}, {0x1000, 10}, {0x1200, -1}};
	struct machine *m = boot();
	const char *why;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zone *z = &m->zone[ZONE_NORMAL];

		state_slab_begin(m);
		forget_free_frames(m);
		if (rows[i].order >= 0)
			zone_place_free_block(m, z, rows[i].pfn,
					      (unsigned)rows[i].order,
					      MIGRATE_MOVABLE);
		else
			zone_place_pcp_page(m, z, rows[i].pfn, MIGRATE_MOVABLE,
					    MIGRATE_MOVABLE);
		cr_assert_eq(state_load_slab_line(m, good_cache, &why), 0);
		cr_expect_eq(state_load_slab_line(m, SLAB "inuse 58 free 1",
						  &why), -EINVAL, "row %u", i);
	}
	forget_free_frames(m);
	cr_expect_eq(state_load_slab_line(m, SLAB "inuse 58 free 1", &why), 0);
	machine_destroy(m);
}
