/*
 * test_stories.c - what the kernel tells of every statement of small traces.
 *
 * `explain` and the player say what the observer was told; so what is told,
 * function by function with its values, is compared with texts that are kept:
 *
 *   tests/data/stories/NAME.trace, NAME.txt
 *   tests/data/stories/untold                 what none of them makes happen
 *
 * Made anew, when a change is meant (look at git diff then):
 *
 *   STORIES=update build/tests/run --filter stories
 *
 * Of a statement the first SHOWN things told stand there, and what no statement
 * before it told; the rest as its number and a sum of all its values.
 */
#include "cmd/explain.h"
#include "cmd/text_diff.h"
#include "core/machine.h"
#include "core/observer.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/stories/"
#define SHOWN 30u

/* Each with a setting of the machine of its own. */
static const struct story_trace {
	const char *name, *set;
} traces[] = {
	{"process", "memory=16M"}, {"areas", "memory=16M"},
	{"files", "memory=16M"},   {"kernel", "memory=16M"},
	{"ksm", "memory=16M"},	   {"swap", "memory=16M"},
	{"memcg", "memory=16M"},   {"compact", "memory=64M"},
	{"oom", "memory=16M"},	   {"bottom-up", "layout.mmap=bottom-up"},
};
#define NR_TRACES (sizeof(traces) / sizeof(traces[0]))

static const char *const kind_name[NR_OBSERVATIONS] = {
#define OBSERVATION(name, text) #name,
#include "core/observer.def"
#undef OBSERVATION
};

/* ---- names ---- */

struct name_set {
	const char *name[1024];
	size_t nr;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name(const struct name_set *set, const char *name)
{
	size_t nr = set->nr;

	return lfind(&name, set->name, &nr, sizeof(name), by_name) != NULL;
}

/* => true if it is new; the set keeps a copy for as long as the test runs */
static bool add_name(struct name_set *set, const char *name)
{
	if (has_name(set, name))
		return false;
	cr_assert_lt(set->nr, 1024);
	set->name[set->nr++] = strdup(name);
	return true;
}

static void free_names(struct name_set *set)
{
	while (set->nr)
		free((void *)set->name[--set->nr]);
}

/* ---- what is told ---- */

struct telling {
	struct observer observer;
	struct name_set *told; /* names of kinds and functions */
	FILE *out;
	const char *known[512]; /* by its address: this was looked up before */
	unsigned depth;
	uint64_t nr, hidden, sum;
};

/* Is it told for the first time? */
static bool is_new(struct telling *t, const char *name)
{
	const char **slot = &t->known[(uintptr_t)name / 8 % 512];

	if (*slot == name)
		return false;
	*slot = name;
	return add_name(t->told, name);
}

static void mix(uint64_t *sum, uint64_t v)
{
	*sum = (*sum ^ v) * 0x9e3779b97f4a7c15u;
	*sum ^= *sum >> 29;
}

static void hide(struct telling *t, const struct observation *o,
		 const char *name)
{
	const uint64_t v[] = {t->depth, o->a, o->b, o->c, o->d};

	t->hidden++;
	for (; *name; name++)
		mix(&t->sum, (uint8_t)*name);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		mix(&t->sum, v[i]);
}

/* Zeros at the end are left out. */
static void show(struct telling *t, const struct observation *o,
		 const char *name)
{
	const uint64_t v[] = {o->a, o->b, o->c, o->d};
	size_t nr = 4;

	while (nr && !v[nr - 1])
		nr--;
	fprintf(t->out, "%*s%s", (int)(2 + 2 * t->depth), "", name);
	for (size_t i = 0; i < nr; i++)
		fprintf(t->out, " %" PRIx64, v[i]);
	putc('\n', t->out);
}

static void told(void *ctx, const struct observation *o)
{
	struct telling *t = ctx;
	const char *name;

	if (o->kind == OBS_RETURN) {
		is_new(t, kind_name[OBS_RETURN]);
		t->depth--;
		return;
	}
	name = o->kind == OBS_CALL ? o->func : kind_name[o->kind];
	if (o->kind == OBS_CALL)
		is_new(t, kind_name[OBS_CALL]);
	if (is_new(t, name) || t->nr < SHOWN)
		show(t, o, name);
	else
		hide(t, o, name);
	t->nr++;
	if (o->kind == OBS_CALL)
		t->depth++;
}

/* One statement and what it made the kernel tell; false: the trace has ended. */
static bool tell_statement(struct live *l, struct telling *t)
{
	char *story = NULL;
	size_t size = 0;
	FILE *out = t->out;
	int more;

	t->nr = t->hidden = t->sum = 0;
	t->out = open_memstream(&story, &size);
	l->m->observer = &t->observer;
	more = live_step(l);
	l->m->observer = NULL;
	fclose(t->out);
	t->out = out;
	cr_assert_geq(more, 0);
	cr_expect_eq(t->depth, 0, "line %" PRIu64 ": a call is left open",
		     l->line);
	if (more) {
		print_statement(l, out);
		fputs(story, out);
	}
	if (t->hidden)
		fprintf(out, "  ... %" PRIu64 " more, sum %016" PRIx64 "\n",
			t->hidden, t->sum);
	free(story);
	return more;
}

/* The text of a trace; what it told goes to *names. */
static struct text tell_trace(const struct story_trace *trace,
			      struct name_set *names)
{
	const char *sets[] = {trace->set};
	char path[64], *text = NULL;
	size_t size = 0;
	struct live_options o = {.trace = path, .sets = sets, .nr_sets = 1};
	struct telling t = {.told = names};
	struct live *l = calloc(1, sizeof(*l));

	snprintf(path, sizeof(path), DATA "%s.trace", trace->name);
	t.observer = (struct observer){.ctx = &t, .tell = told};
	t.out = open_memstream(&text, &size);
	cr_assert_eq(live_open(l, &o), EXIT_FINE, "%s", path);
	l->quiet = true;
	while (tell_statement(l, &t))
		;
	live_close(l);
	free(l);
	fclose(t.out);
	return (struct text){text, size};
}

/* ---- what was kept ---- */

static struct text read_text(const char *path)
{
	FILE *f = fopen(path, "r"), *out;
	char *text = NULL;
	size_t size = 0;

	cr_assert_not_null(f, "%s cannot be read", path);
	out = open_memstream(&text, &size);
	for (int c; (c = getc(f)) != EOF;)
		putc(c, out);
	fclose(f);
	fclose(out);
	return (struct text){text, size};
}

static bool is_update(void)
{
	const char *how = getenv("STORIES");

	return how && !strcmp(how, "update");
}

static void write_text(const char *path, struct text text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s cannot be written", path);
	fwrite(text.bytes, 1, text.len, f);
	cr_assert_eq(fclose(f), 0);
}

static void compare(const char *name, struct text got)
{
	static const struct diff_style style = {.lines = 40};
	struct diff_count n;
	struct text kept;
	char path[64];

	snprintf(path, sizeof(path), DATA "%s.txt", name);
	if (is_update())
		write_text(path, got);
	kept = read_text(path);
	n = text_diff(kept, got, path, "told now", &style, stderr);
	cr_expect_eq(n.added + n.removed, 0, "%s tells another story", name);
	free((char *)kept.bytes);
}

Test(stories, as_kept)
{
	for (size_t i = 0; i < NR_TRACES; i++) {
		struct name_set names = {.nr = 0};
		struct text got = tell_trace(&traces[i], &names);

		compare(traces[i].name, got);
		free((char *)got.bytes);
		free_names(&names);
	}
}

/* ---- is everything told somewhere? ---- */

/* The name that a definition at the margin gives: what stands before "(". */
static void defined(const char *line, char *func, size_t size)
{
	const char *end = strchr(line, '('), *at = end;

	if (!end || !(isalpha((unsigned char)line[0]) || line[0] == '_'))
		return;
	while (at > line && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))
		at--;
	snprintf(func, size, "%.*s", (int)(end - at), at);
}

/* Names in quotes of a line: those that story_as() and its kin are given. */
static void add_quoted(struct name_set *set, const char *line)
{
	char name[64];

	while (sscanf(line += strcspn(line, "\""), "\"%63[a-z0-9_]\"", name) ==
	       1) {
		add_name(set, name);
		line += strlen(name) + 2;
	}
}

/* Functions of a file of core/ that tell that they are entered. */
static void add_storytellers(struct name_set *set, const char *path)
{
	char line[256], func[64] = "";
	FILE *f = fopen(path, "r");
	bool open = false; /* the call goes on in the next line */

	cr_assert_not_null(f, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		defined(line, func, sizeof(func));
		if (strstr(line, "\tstory("))
			add_name(set, func);
		open = open || strstr(line, "\tstory_");
		if (open)
			add_quoted(set, line);
		open = open && !strchr(line, ';');
	}
	fclose(f);
}

static void collect_tellable(struct name_set *set)
{
	glob_t g;

	cr_assert_eq(glob("core/*.c", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		add_storytellers(set, g.gl_pathv[i]);
	globfree(&g);
	cr_expect_gt(set->nr, 150);
	for (size_t i = 0; i < NR_OBSERVATIONS; i++)
		add_name(set, kind_name[i]);
}

static void collect_told(struct name_set *set)
{
	for (size_t i = 0; i < NR_TRACES; i++)
		free((char *)tell_trace(&traces[i], set).bytes);
}

/* Whatever can be told is, or stands in `untold` with a reason. */
Test(stories, of_everything)
{
	struct name_set can = {.nr = 0}, did = {.nr = 0};
	struct text untold = read_text(DATA "untold");
	char line[256], padded[130];

	collect_tellable(&can);
	collect_told(&did);
	for (size_t i = 0; i < can.nr; i++) {
		snprintf(padded, sizeof(padded), "\n%s\n", can.name[i]);
		snprintf(line, sizeof(line), "%s", can.name[i]);
		if (has_name(&did, can.name[i]))
			cr_expect_null(strstr(untold.bytes, padded),
				       "%s is told: not in untold", line);
		else
			cr_expect_not_null(strstr(untold.bytes, padded),
					   "%s is told by no trace of " DATA,
					   line);
	}
	free((char *)untold.bytes);
	free_names(&can);
	free_names(&did);
}
