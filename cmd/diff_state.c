/*
 * diff_state.c - compare two allocator states, statement by statement.
 *
 * Each statement becomes facts, `key: value`: numbers of a zone or a cache one
 * by one, a list as a whole. Facts of both files are sorted by key and merged:
 *
 *   zone Normal free: 58862 | 58861
 *   free Normal 3 movable: entry 2 is 4952 | 4960 (7 | 6 entries)
 *   free Normal 4 reserve: only in A: 5120
 *
 * Runs of pageblocks are joined first, so how they are cut does not matter; nor
 * does the order of statements, but that of several slabs of one cache.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "trace/state_read.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu diff-state [OPTION]... A B\n"
	"\n"
	"Compares two files of `report state` (or captured ones, or .zst), "
	"and\n"
	"prints what differs: value in A | value in B.\n"
	"\n"
	"  -n, --lines N   print at most N differences (all)\n"
	"  -q, --quiet     print nothing\n"
	"  -h, --help      this\n"
	"\n"
	"Example:\n"
	"  mmemu replay t.trace --save-state middle=m.state --save-state "
	"e.state\n"
	"  mmemu diff-state m.state e.state\n"
	"Exit status: 0 equal, 1 different, 2 bad input or usage.\n";

enum shape {
	SHAPE_REST,   /* one value: the rest of the line */
	SHAPE_PAIRS,  /* NAME N NAME N ..., the last name may have a list */
	SHAPE_BLOCKS, /* blocks ZONE from_pfn PFN n N TYPE */
	SHAPE_IGNORE,
};

static const struct {
	const char *word;
	unsigned ident; /* words behind it that say what it is about */
	enum shape shape;
} statements[] = {
	{"mmemu-state", 0, SHAPE_REST}, {"machine", 0, SHAPE_IGNORE},
	{"vmalloc", 0, SHAPE_REST},	{"zone", 1, SHAPE_PAIRS},
	{"global", 0, SHAPE_PAIRS},	{"blocks", 1, SHAPE_BLOCKS},
	{"area", 2, SHAPE_PAIRS},	{"free", 3, SHAPE_REST},
	{"pcplist", 2, SHAPE_REST},	{"pcpreturn", 1, SHAPE_REST},
	{"stat", 1, SHAPE_REST},	{"zstat", 2, SHAPE_REST},
	{"cache", 1, SHAPE_PAIRS},	{"cacheobj", 1, SHAPE_PAIRS},
	{"ac", 1, SHAPE_REST},		{"slab", 2, SHAPE_REST},
	{"vmap", 1, SHAPE_REST},	{"kpmd", 1, SHAPE_REST},
	{"vlazy", 1, SHAPE_REST},	{"vnext", 0, SHAPE_REST},
};

struct fact {
	char *key, *value;
	unsigned order; /* of equal keys: that of the file */
};

struct facts {
	struct fact *at;
	size_t nr, max;
	/* the run of pageblocks that may still grow */
	char zone[32], type[32];
	unsigned long from, n;
};

/* ---- facts of one file ---- */

static char *text_of(const char *s, size_t len)
{
	char *copy = host_alloc(&cmd_host, len + 1);

	return memcpy(copy, s, len);
}

static void add_fact(struct facts *f, const char *key, size_t key_len,
		     const char *value, size_t value_len)
{
	if (f->nr == f->max) {
		size_t max = f->max ? 2 * f->max : 1024;

		f->at = host_realloc(&cmd_host, f->at, f->max * sizeof(*f->at),
				     max * sizeof(*f->at));
		f->max = max;
	}
	f->at[f->nr] = (struct fact){.key = text_of(key, key_len),
				     .value = text_of(value, value_len),
				     .order = (unsigned)f->nr};
	f->nr++;
}

static size_t word_len(const char *s)
{
	return strcspn(s, " \t\r");
}

static const char *skip_spaces(const char *s)
{
	return s + strspn(s, " \t\r");
}

static size_t trimmed_len(const char *s)
{
	size_t len = strlen(s);

	while (len && strchr(" \t\r", s[len - 1]))
		len--;
	return len;
}

/* `lowmem_reserve` has several numbers: the rest of the line is its value. */
static void add_pairs(struct facts *f, const char *line, size_t ident,
		      const char *p)
{
	while (*p) {
		size_t name = word_len(p);
		const char *value = skip_spaces(p + name);
		bool list = name == 14 && !memcmp(p, "lowmem_reserve", 14);
		size_t len = list ? trimmed_len(value) : word_len(value);
		char key[256];

		snprintf(key, sizeof(key), "%.*s %.*s", (int)ident, line,
			 (int)name, p);
		add_fact(f, key, strlen(key), value, len);
		p = skip_spaces(value + len);
	}
}

static void end_run(struct facts *f)
{
	char key[128], value[128];

	if (!f->n)
		return;
	snprintf(key, sizeof(key), "blocks %s from_pfn %lu", f->zone, f->from);
	snprintf(value, sizeof(value), "%lu %s", f->n, f->type);
	add_fact(f, key, strlen(key), value, strlen(value));
	f->n = 0;
}

static void add_blocks(struct facts *f, const char *line)
{
	char zone[32], type[32];
	unsigned long from, n;

	if (sscanf(line, "blocks %31s from_pfn %lu n %lu %31s", zone, &from, &n,
		   type) != 4) {
		add_fact(f, line, trimmed_len(line), "", 0);
		return;
	}
	if (f->n && !strcmp(zone, f->zone) && !strcmp(type, f->type)) {
		f->n += n;
		return;
	}
	end_run(f);
	strcpy(f->zone, zone);
	strcpy(f->type, type);
	f->from = from;
	f->n = n;
}

static void add_line(struct facts *f, const char *line)
{
	size_t len = word_len(line), ident = len;
	const char *p = skip_spaces(line + len);
	unsigned i = 0;

	while (i < ARRAY_SIZE(statements) &&
	       (strlen(statements[i].word) != len ||
		memcmp(statements[i].word, line, len)))
		i++;
	if (i == ARRAY_SIZE(statements)) { /* not known: the line is the fact */
		add_fact(f, line, trimmed_len(line), "", 0);
		return;
	}
	for (unsigned w = 0; w < statements[i].ident && *p; w++) {
		ident = (size_t)(p - line) + word_len(p);
		p = skip_spaces(line + ident);
	}
	if (statements[i].shape == SHAPE_PAIRS)
		add_pairs(f, line, ident, p);
	else if (statements[i].shape == SHAPE_BLOCKS)
		add_blocks(f, line);
	else if (statements[i].shape == SHAPE_REST)
		add_fact(f, line, ident, p, trimmed_len(p));
}

static int compare_facts(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void read_facts(struct facts *f, const struct state_text *text)
{
	const char *p = text->data, *end = text->data + text->size;

	for (; p < end; p += strlen(p) + 1) {
		const char *line = skip_spaces(p);

		if (*line && *line != '#')
			add_line(f, line);
	}
	end_run(f);
	qsort(f->at, f->nr, sizeof(*f->at), compare_facts);
}

static void free_facts(struct facts *f)
{
	for (size_t i = 0; i < f->nr; i++) {
		host_strfree(&cmd_host, f->at[i].key);
		host_strfree(&cmd_host, f->at[i].value);
	}
	host_free(&cmd_host, f->at, f->max * sizeof(*f->at));
}

/* ---- comparing ---- */

struct comparison {
	uint64_t differences, compared, max_lines;
};

static bool may_print(struct comparison *d)
{
	return d->differences++ < d->max_lines;
}

static unsigned count_words(const char *s)
{
	unsigned n = 0;

	for (s = skip_spaces(s); *s; s = skip_spaces(s + word_len(s)))
		n++;
	return n;
}

/* Two lists: where they part. */
static void print_parting(const char *a, const char *b)
{
	unsigned at = 1, na = count_words(a), nb = count_words(b);
	size_t la = word_len(a), lb = word_len(b);

	while (*a && *b && la == lb && !memcmp(a, b, la)) {
		a = skip_spaces(a + la);
		b = skip_spaces(b + lb);
		la = word_len(a);
		lb = word_len(b);
		at++;
	}
	printf("entry %u is %.*s | %.*s (%u | %u entries)\n", at,
	       *a ? (int)la : 4, *a ? a : "none", *b ? (int)lb : 4,
	       *b ? b : "none", na, nb);
}

static void compare_values(struct comparison *d, const struct fact *a,
			   const struct fact *b)
{
	d->compared++;
	if (!strcmp(a->value, b->value) || !may_print(d))
		return;
	printf("%s: ", a->key);
	if (strchr(a->value, ' ') || strchr(b->value, ' '))
		print_parting(a->value, b->value);
	else
		printf("%s | %s\n", *a->value ? a->value : "none",
		       *b->value ? b->value : "none");
}

static void only_in(struct comparison *d, const char *name,
		    const struct fact *f)
{
	d->compared++;
	if (may_print(d))
		printf("%s: only in %s: %.60s%s\n", f->key, name, f->value,
		       strlen(f->value) > 60 ? " ..." : "");
}

static void compare(struct comparison *d, const struct facts *a,
		    const struct facts *b)
{
	size_t i = 0, k = 0;

	while (i < a->nr || k < b->nr) {
		int c = i == a->nr   ? 1
			: k == b->nr ? -1
				     : strcmp(a->at[i].key, b->at[k].key);

		if (c < 0)
			only_in(d, "A", &a->at[i++]);
		else if (c > 0)
			only_in(d, "B", &b->at[k++]);
		else
			compare_values(d, &a->at[i++], &b->at[k++]);
	}
}

static int read_file(const char *path, struct facts *f)
{
	struct state_text text;
	char error[STATE_ERROR_LEN];

	if (state_text_read(&text, &cmd_host, path, error))
		return complain("%s", error);
	if (strncmp(text.data, "mmemu-state", 11)) {
		complain("%s: this is no state file: it does not begin with "
			 "mmemu-state",
			 path);
		state_text_free(&text, &cmd_host);
		return EXIT_BAD;
	}
	read_facts(f, &text);
	state_text_free(&text, &cmd_host);
	return EXIT_FINE;
}

struct diff_options {
	uint64_t lines;
	bool quiet;
};

static int diff(const char *path_a, const char *path_b,
		const struct diff_options *opt)
{
	struct comparison d = {.max_lines = opt->quiet ? 0 : opt->lines};
	struct facts a = {0}, b = {0};
	int ret = read_file(path_a, &a);

	if (!ret)
		ret = read_file(path_b, &b);
	if (!ret) {
		compare(&d, &a, &b);
		if (!opt->quiet)
			printf("%llu of %llu facts differ\n",
			       (unsigned long long)d.differences,
			       (unsigned long long)d.compared);
		ret = d.differences ? EXIT_WRONG : EXIT_FINE;
	}
	free_facts(&a);
	free_facts(&b);
	return ret;
}

static int diff_option(void *ctx, int o, char *arg)
{
	struct diff_options *opt = ctx;

	switch (o) {
	case 'n':
		return number_option("--lines", arg, 0, UINT64_MAX, "a number",
				     &opt->lines);
	case 'q':
		opt->quiet = true;
		return 0;
	default:
		return usage_error("diff-state");
	}
}

int cmd_diff_state(int argc, char **argv)
{
	static const struct option options[] = {
		{"lines", required_argument, NULL, 'n'},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct diff_options opt = {.lines = UINT64_MAX};
	int status;

	status = parse_options(argc, argv, "n:qh", options, help,
			       diff_option, &opt);
	if (status >= 0)
		return status;
	if (argc - optind != 2) {
		complain("diff-state: expected two files");
		return usage_error("diff-state");
	}
	return diff(argv[optind], argv[optind + 1], &opt);
}
