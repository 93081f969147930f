/*
 * test_state_read.c - whole states in and out; allocator runs measured on a
 * real kernel, every address and every list.
 */
#include "core/page_alloc.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"
#include "trace/replay.h"
#include "trace/state_read.h"
#include "trace/text_read.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct machine *boot(const struct machine_config *cfg)
{

	return make_machine(cfg);
}

static struct machine *boot_64(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64 << 20;
	return boot(&cfg);
}

static char *state_of(const struct machine *m)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_find("state")->write(m, NULL, out);
	fclose(out);
	return text;
}

/* A state in memory, lines cut apart. */
static struct state_text in_memory(const char *s)
{
	struct state_text text = {.name = "test"};

	text.size = strlen(s);
	text.room = text.size + 1;
	text.data = host_alloc(&host_default_ops, text.room);
	memcpy(text.data, s, text.size);
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] == '\n')
			text.data[i] = '\0';
	return text;
}

static int load(struct machine *m, const char *s, char *error)
{
	struct state_text text = in_memory(s);
	int err = state_load(m, &text, error);

	state_text_free(&text, &host_default_ops);
	return err;
}

static void make_history(struct machine *m)
{
	struct page *page[300];
	unsigned n = 0;

	for (unsigned i = 0; i < 300; i++) {
		page[n] = alloc_pages(m,
				      i % 3   ? GFP_HIGHUSER_MOVABLE
				      : i % 2 ? GFP_KERNEL
					      : GFP_TEMPORARY,
				      i % 7 == 0 ? i % 5 : 0);
		cr_assert(page[n]);
		if (i % 2 && i % 7)
			__free_pages(m, page[n], 0);
		else
			n++;
	}
}

/* ---- round trips ---- */

Test(state_read, what_is_written_is_read)
{
	struct machine *a = boot_64(), *b = boot_64();
	char error[STATE_ERROR_LEN] = "";
	char *first, *second;

	make_history(a);
	first = state_of(a);
	cr_assert_eq(load(b, first, error), 0, "%s", error);
	second = state_of(b);
	cr_expect_str_eq(first, second);
	cr_expect_eq(machine_check(b, tell_broken, NULL), 0);
	/* and both go on alike */
	for (unsigned i = 0; i < 2000; i++) {
		gfp_t gfp = i % 2 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE;
		struct page *p = alloc_pages(a, gfp, i % 4);
		struct page *q = alloc_pages(b, gfp, i % 4);

		cr_assert_eq(page_to_pfn(a, p), page_to_pfn(b, q), "step %u",
			     i);
		if (i % 3) {
			__free_pages(a, p, i % 4);
			__free_pages(b, q, i % 4);
		}
	}
	free(first);
	free(second);
	machine_destroy(a);
	machine_destroy(b);
}

/* A Reserve frame in a movable list that goes back as movable. */
Test(state_read, odd_per_cpu_frames_survive)
{
	struct machine *a = boot_64(), *b = boot_64();
	char error[STATE_ERROR_LEN] = "";
	struct zone *z = &a->zone[ZONE_NORMAL];
	char *text;
	pfn_t pfn;

	drain_all_pages(a);
	z->pageset.batch = 3; /* two stay on the list */
	cr_assert(alloc_page(a, GFP_HIGHUSER_MOVABLE));
	pfn = z->pageset.lists[MIGRATE_MOVABLE].first;
	cr_assert(pfn);
	pfn_to_page(a, pfn)->index = MIGRATE_RESERVE;
	text = state_of(a);
	cr_assert(strstr(text, "\npcpreturn Normal "));
	cr_assert_eq(load(b, text, error), 0, "%s", error);
	cr_expect_eq(pfn_to_page(b, pfn)->index, MIGRATE_RESERVE);
	free(text);
	machine_destroy(a);
	machine_destroy(b);
}

/* The file's geometry wins, whatever machine it is loaded into. */
Test(state_read, geometry_is_the_files)
{
	struct machine_config cfg;
	struct machine *a, *b;
	char error[STATE_ERROR_LEN] = "";
	char *first, *second;

	machine_config_default(&cfg);
	cfg.memory = 1024ull << 20;
	a = boot(&cfg);
	b = boot_64();
	first = state_of(a);
	cr_assert_eq(load(b, first, error), 0, "%s", error);
	second = state_of(b);
	cr_expect_str_eq(first, second);
	cr_expect_eq(b->max_pfn, a->max_pfn);
	cr_expect_eq(b->max_low_pfn, 0x377FE);
	cr_expect(!pfn_present(b, 0xa0));
	cr_expect(pfn_present(b, 0x100));
	free(first);
	free(second);
	machine_destroy(a);
	machine_destroy(b);
}

Test(state_read, configuration_from_the_file)
{
	struct machine_config cfg, small;
	struct machine *a, *b;
	struct state_text text;
	char error[STATE_ERROR_LEN] = "";
	char *s;

	machine_config_default(&cfg);
	strcpy(cfg.paging, "x86-pae");
	small = cfg;
	cfg.memory = 6ull << 30;
	a = boot(&cfg);
	s = state_of(a);
	text = in_memory(s);
	cr_assert_eq(state_geometry(&text, &host_default_ops, &small,
				    error), 0, "%s", error);
	b = boot(&small);
	cr_expect_eq(b->max_pfn, a->max_pfn);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		cr_expect_eq(b->zone[i].spanned_pages,
			     a->zone[i].spanned_pages);
		cr_expect_eq(b->zone[i].present_pages,
			     a->zone[i].present_pages);
	}
	cr_assert_eq(state_load(b, &text, error), 0, "%s", error);
	state_text_free(&text, &host_default_ops);
	free(s);
	machine_destroy(a);
	machine_destroy(b);
}

/* ---- bad files ---- */

#define HEAD "mmemu-state 1\n"
#define ZONE                                                                 \
	"zone DMA start_pfn 1 spanned 4095 present 3998 managed 3979 min 1 " \
	"low 2 high 3 free 4 alloc_batch -1 inactive_ratio 1 scanned 0 "     \
	"pcp_count 1 pcp_high 6 pcp_batch 1 lowmem_reserve 0 0 0 0\n"
#define GLOBAL                                                                 \
	"global totalram 3979 totalreserve 3 vm_total 3998 min_free_kbytes 9 " \
	"highmem 0\n"
#define GOOD HEAD ZONE GLOBAL
/* more missing than lies below 1M */
#define HOLLOW                                                               \
	"zone DMA start_pfn 1 spanned 4095 present 100 managed 90 min 1 "    \
	"low 2 high 3 free 4 alloc_batch -1 inactive_ratio 1 scanned 0 "     \
	"pcp_count 1 pcp_high 6 pcp_batch 1 lowmem_reserve 0 0 0 0\n"

Test(state_read, malformed_files)
{
	static const struct {
		const char *text, *where;
	} rows[] = {
		{"", "begin with"},
		{"mmemu-trace 1\n", "begin with"},
		{"mmemu-state 2\n", "version '2'"},
		{HEAD, "no zones"},
		{HEAD "zone Foo start_pfn 1\n", "test:2: expected a zone"},
		{HEAD "zone DMA start 1\n", "test:2: expected 'start_pfn'"},
		{HEAD ZONE ZONE, "test:3: zone DMA was there"},
		{HEAD HOLLOW GLOBAL, "a hole of 3995 frames has no place"},
		{GOOD "fre DMA 0 movable 5\n", "test:4: unknown statement"},
		{GOOD "free DMA 11 movable 5\n", "test:4: expected an order"},
		{GOOD "free DMA 0 odd 5\n", "test:4: expected a migrate type"},
		{GOOD "free Normal 0 movable 5\n", "no `zone` line"},
		{GOOD "free DMA 2 movable 6\n", "test:4: pfn 6 is no block"},
		{GOOD "free DMA 0 movable 4096\n", "pfn 4096 is no block"},
		{GOOD "free DMA 0 movable 0\n", "pfn 0 is no block"},
		{GOOD "free DMA 0 movable 200\n", "pfn 200 is no block"},
		{GOOD "free DMA 0 movable x\n", "a frame number, found 'x'"},
		{GOOD "free DMA 0 movable 5 5\n", "on a list already"},
		{GOOD "pcplist DMA reserve 5\n", "expected a migrate type"},
		{GOOD "pcpreturn DMA 5\n", "no movable per-CPU list"},
		{GOOD "blocks DMA from_pfn 4 n 1 movable\n", "no pageblock"},
		{GOOD "blocks DMA from_pfn 0 n 5 movable\n", "no pageblock"},
		{GOOD "stat nr_free_pages\n", "a number, found the end"},
		{GOOD "area DMA 1 nr_free 0 0\n", "'0' is one too many"},
		{GOOD "free DMA 2 movable 256\nfree DMA 0 movable 257\n",
		 "test:5: pfn 257 is on a list already"},
		{GOOD "free DMA 0 movable 257\nfree DMA 2 movable 256\n",
		 "test:5: pfn 257 is on a list already"},
		{GOOD "free DMA 2 movable 256\npcplist DMA movable 258\n",
		 "test:5: pfn 258 is on a list already"},
		{GOOD "pcplist DMA movable 258\nfree DMA 2 movable 256\n",
		 "test:5: pfn 258 is on a list already"},
		{GOOD "free DMA 0 movable 5\n",
		 "4 free frames, on its lists 1"},
		{GOOD "free DMA 2 movable 256\n",
		 "pcp_count 1, on its lists 0"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_config cfg;
		struct machine *m;
		char error[STATE_ERROR_LEN] = "";

		machine_config_default(&cfg);
		cfg.memory = 8 << 20; /* its kernel is below 16M */
		m = boot(&cfg);
		cr_expect_eq(load(m, rows[i].text, error), -EINVAL, "row %u",
			     i);
		cr_expect(strstr(error, rows[i].where), "row %u: \"%s\"", i,
			  error);
		cr_expect(!strchr(error, '\n'));
		machine_destroy(m);
	}
}

/* ---- measured runs ---- */

static char *slurp(const char *path)
{
	size_t size = 0, room = 4 << 20;
	char *text = calloc(1, room);
	struct stream s;
	ssize_t n;

	cr_assert_eq(stream_open(&s, &host_default_ops, path), 0, "%s", path);
	while ((n = stream_read(&s, text + size, room - size - 1)) > 0)
		size += (size_t)n;
	cr_assert_eq(n, 0);
	stream_close(&s);
	return text;
}

static void on_outcome(void *ctx, const struct event *ev,
		       const struct outcome *o)
{
	outcome_write(o, ev->line, ctx);
}

/* The outcome log of a trace. */
static char *run_trace(struct machine *m, const char *path)
{
	struct names names;
	struct text_reader reader;
	struct replay replay;
	struct event ev;
	char *log = NULL;
	size_t size;
	FILE *out = open_memstream(&log, &size);
	struct replay_hooks hooks = {.ctx = out, .outcome = on_outcome};
	int r;

	names_init(&names, NULL);
	cr_assert_eq(text_open(&reader, NULL, &names, path), 0, "%s", path);
	replay_init(&replay, m, &names, &hooks);
	while ((r = text_read(&reader, &ev)) == 1)
		replay_event(&replay, &ev);
	cr_assert_eq(r, 0, "%s", reader.error.text);
	replay_destroy(&replay);
	text_close(&reader);
	names_destroy(&names);
	fclose(out);
	return log;
}

/* Each line of `expected` must be a line of `got`; labels aside. */
static void lines_are_in(char *expected, const char *got)
{
	char *save, *line;

	for (line = strtok_r(expected, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *at = got;
		size_t len = strlen(line);

		if (!strncmp(line, "machine ", 8) ||
		    !strncmp(line, "stat nr_tlb_", 12))
			continue;
		while (at && (strncmp(at, line, len) || at[len] != '\n')) {
			at = strchr(at, '\n');
			at += at != NULL;
		}
		cr_expect(at, "missing: %.100s", line);
	}
}

static void measured(const char *folder, const char *paging)
{
	char path[128], error[STATE_ERROR_LEN] = "";
	struct machine_config cfg;
	struct state_text text;
	struct machine *m;
	char *got, *expected;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	snprintf(path, sizeof(path), "%s/state.before.zst", folder);
	cr_assert_eq(state_text_read(&text, &host_default_ops, path, error), 0,
		     "%s", error);
	cr_assert_eq(state_geometry(&text, &host_default_ops, &cfg,
				    error), 0, "%s", error);
	m = boot(&cfg);
	cr_assert_eq(state_load(m, &text, error), 0, "%s", error);
	state_text_free(&text, &host_default_ops);
	snprintf(path, sizeof(path), "%s/ops.trace.zst", folder);
	got = run_trace(m, path);
	snprintf(path, sizeof(path), "%s/outcomes.zst", folder);
	expected = slurp(path);
	cr_expect(!strcmp(got, expected), "%s: outcomes differ", folder);
	free(got);
	free(expected);
	snprintf(path, sizeof(path), "%s/state.after.zst", folder);
	expected = slurp(path);
	got = state_of(m);
	lines_are_in(expected, got);
	cr_expect_eq(machine_check(m, tell_broken, NULL), 0);
	free(got);
	free(expected);
	machine_destroy(m);
}

Test(state_read, measured_to_exhaustion)
{
	measured("tests/data/zones/exhaust-64", "x86-2level");
}

Test(state_read, measured_stealing)
{
	measured("tests/data/zones/steal-2048-pae", "x86-pae");
}
