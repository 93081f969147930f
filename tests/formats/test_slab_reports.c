/* test_slab_reports.c - slabinfo and vmallocinfo, byte for byte. */
#include "core/slab.h"
#include "core/vmalloc.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine *m;

static void setup(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	m = make_machine(&cfg);
}

static void teardown(void)
{
	machine_destroy(m);
}

TestSuite(slab_reports, .init = setup, .fini = teardown);

static char *report_text(report_fn fn)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fn(m, NULL, out);
	fclose(out);
	return text;
}

/* The counts of a cache, as a kernel had them, set by hand; then the whole row
 * must come out as that kernel printed it. */
static void play_row(const char *name, unsigned num_objs, unsigned active,
		     struct kmem_cache *s)
{
	cr_assert_str_eq(s->name, name);
	s->nr_slabs = num_objs / s->num;
	s->free_objects = num_objs - active;
}

/* Every line of a measured slabinfo whose slabs are all in use. */
Test(slab_reports, measured_slabinfo)
{
	FILE *f = fopen("tests/data/slab/slabinfo.nopae-256", "r");
	char line[256], name[64], *text, *at;
	struct list_head *p = m->slab_caches.next;
	unsigned active, num, saved_slabs[256], saved_free[256], n = 0;
	struct kmem_cache *s;

	cr_assert(f);
	list_for_each_entry (s, &m->slab_caches, list) {
		saved_slabs[n] = s->nr_slabs;
		saved_free[n++] = s->free_objects;
	}
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || strstr(line, "version"))
			continue;
		cr_assert_eq(sscanf(line, "%63s %u %u", name, &active, &num),
			     3);
		cr_assert(p != &m->slab_caches);
		play_row(name, num, active,
			 list_entry(p, struct kmem_cache, list));
		p = p->next;
	}
	text = at = report_text(report_slabinfo);
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		cr_expect(!strncmp(at, line, strlen(line)), "%s%.120s", line,
			  at);
		at += strcspn(at, "\n") + 1;
	}
	cr_expect_eq(*at, '\0');
	n = 0;
	list_for_each_entry (s, &m->slab_caches, list) {
		s->nr_slabs = saved_slabs[n];
		s->free_objects = saved_free[n++];
	}
	fclose(f);
	free(text);
}

Test(slab_reports, counts_of_a_live_cache)
{
	struct kmem_cache *s =
		kmem_cache_create(m, "test", 1000, 0, 0, false, NULL);
	kva_t obj = kmem_cache_alloc(m, s, GFP_KERNEL);
	char *text = report_text(report_slabinfo);

	cr_expect(strstr(text, "\ntest                   4      4   1000    4 "
			       "   1 : tunables   54   27    0 : slabdata "
			       "     1      1      0\n"));
	free(text);
	kmem_cache_free(m, s, obj);
}

/* The measured line, with its caller. */
Test(slab_reports, vmallocinfo)
{
	kva_t a, b;
	char *text;

	m->vmalloc_start = 0xd07df000;
	a = vmalloc(m, 10000);
	snprintf(find_vmap_area(m, a)->caller,
		 sizeof(find_vmap_area(m, a)->caller), "n_tty_open+0xf/0x120");
	b = vmalloc(m, 1025 * 4096);
	vfree(m, vmalloc(m, 4096), NULL);
	text = report_text(report_vmallocinfo);
	cr_expect_str_eq(text,
			 "0xd07df000-0xd07e3000   16384 n_tty_open+0xf/0x120 "
			 "pages=3 vmalloc\n"
			 "0xd07e3000-0xd0be5000 4202496 pages=1025 vmalloc "
			 "vpages\n"
			 "0xd0be5000-0xd0be8000   12288 pages=2 vmalloc\n");
	free(text);
	vfree(m, a, NULL);
	vfree(m, b, NULL);
}
