/*
 * quiz.c - mmemu quiz: exercises with random numbers, and their answers.
 *
 * The seed decides every number. An attempt that comes to nothing (no fault, no
 * merge, two answers) is thrown away and the lots are drawn on, so that one seed
 * still stands for one exercise.
 */
#include "cmd/quiz.h"
#include "cmd/options.h"
#include "cmd/output.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 1000
#define MAX_COUNT 1000

static const char help[] =
	"usage: mmemu quiz TOPIC [OPTION]...\n"
	"       mmemu quiz --list\n"
	"\n"
	"Writes an exercise with random numbers. The answer is read from a machine that\n"
	"did what the exercise says. The same seed gives the same exercise.\n"
	"\n"
	"  -s, --seed S        a number (1)\n"
	"  -a, --answer        the worked answer too\n"
	"  -n, --count N       N exercises: seeds S, S+1 ... (1)\n"
	"      --trace         instead, the trace of the exercise, to be replayed\n"
	"      --lang LANG     en or ja (en)\n"
	"  -f, --format F      text or md (text)\n"
	"  -c, --config NAME   the machine: a profile or a file; default: the topic's\n"
	"      --set KEY=VALUE one of its settings\n"
	"  -o, --output FILE   default standard output\n"
	"      --list          the topics\n"
	"  -h, --help          this\n"
	"\n"
	"Example:\n"
	"  mmemu quiz translate --seed 7 --answer\n"
	"  mmemu quiz buddy --seed 100 --count 4 --lang ja --format md -o sheet.md\n";

static const struct quiz_topic topics[] = {
	{"translate", quiz_translate,
	 {"Translating addresses", "アドレス変換"},
	 "addresses through page tables given as words of memory"},
	{"page-table-size", quiz_table_size,
	 {"The size of page tables", "ページテーブルの大きさ"},
	 "tables that a few mapped pages need, in some format"},
	{"struct-pages", quiz_struct_pages,
	 {"The memory of struct page", "struct page が占めるメモリ"},
	 "memory that describes memory"},
	{"buddy", quiz_buddy,
	 {"The buddy system", "バディシステム"},
	 "blocks that are free after some calls, and the next one"},
	{"slab", quiz_slab,
	 {"A slab cache", "スラブキャッシュ"},
	 "layout of a slab, rows of slabinfo"},
	{"maps", quiz_maps,
	 {"Memory areas", "メモリ領域"},
	 "/proc/PID/maps after mmap, munmap and mprotect"},
	{"faults", quiz_faults,
	 {"Page faults", "ページフォールト"},
	 "faults and handlers of a story, frames shared at its end"},
	{"cow", quiz_cow,
	 {"Copy on write", "コピーオンライト"},
	 "frames, mapcounts and counts after forks and writes"},
	{"replacement", quiz_replacement,
	 {"Page replacement", "ページ置換"},
	 "faults of a reference string under fifo, clock, lru and opt"},
};

/* ---- options ---- */

enum { OPT_SET = 256, OPT_TRACE, OPT_LANG, OPT_LIST };

static const struct option options[] = {
	{"seed", required_argument, NULL, 's'},
	{"answer", no_argument, NULL, 'a'},
	{"count", required_argument, NULL, 'n'},
	{"trace", no_argument, NULL, OPT_TRACE},
	{"lang", required_argument, NULL, OPT_LANG},
	{"format", required_argument, NULL, 'f'},
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPT_SET},
	{"output", required_argument, NULL, 'o'},
	{"list", no_argument, NULL, OPT_LIST},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct quiz_command {
	struct quiz_options opt;
	const char *output;
};

static int list_topics(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(topics); i++)
		printf("%-16s %s\n", topics[i].name, topics[i].about);
	return OPTIONS_DONE;
}

static int parse_seed(const char *text, uint64_t *seed)
{
	if (parse_number(text, 0, UINT64_MAX, seed))
		return 0;
	return complain("quiz: --seed %s: expected a number", text);
}

static int parse_count(const char *text, uint64_t *n)
{
	if (parse_number(text, 1, MAX_COUNT, n))
		return 0;
	return complain("quiz: --count %s: expected 1 to %u", text, MAX_COUNT);
}

static int parse_format(struct quiz_options *opt, const char *text)
{
	if (strcmp(text, "text") && strcmp(text, "md"))
		return complain("quiz: --format %s: expected text or md", text);
	opt->format = strcmp(text, "md") ? QUIZ_TEXT : QUIZ_MARKDOWN;
	return 0;
}

static int parse_option(void *ctx, int o, char *arg)
{
	struct quiz_command *c = ctx;
	struct quiz_options *opt = &c->opt;

	switch (o) {
	case 's':
		return parse_seed(arg, &opt->seed);
	case 'n':
		return parse_count(arg, &opt->count);
	case 'a':
		opt->answer = true;
		return 0;
	case OPT_TRACE:
		opt->trace = true;
		return 0;
	case OPT_LANG:
		if (lang_find(arg, &opt->lang))
			return 0;
		return complain("quiz: --lang %s: expected en or ja", arg);
	case 'f':
		return parse_format(opt, arg);
	case 'c':
		opt->config = arg;
		return 0;
	case OPT_SET:
		opt->sets[opt->nr_sets++] = arg;
		return 0;
	case 'o':
		c->output = arg;
		return 0;
	case OPT_LIST:
		return list_topics();
	default:
		return usage_error("quiz");
	}
}

/* -1: go on, else the exit status. */
static int parse(struct quiz_command *c, int argc, char **argv)
{
	int status;

	status = parse_options(argc, argv, "s:n:af:c:o:h", options, help,
			       parse_option, c);
	if (status >= 0)
		return status;
	if (optind + 1 != argc) {
		complain("quiz: expected one TOPIC (mmemu quiz --list)");
		return usage_error("quiz");
	}
	c->opt.topic = argv[optind];
	if (c->opt.trace && c->opt.count > 1)
		return complain("quiz: --trace is of one exercise, without --count");
	return -1;
}

static const struct quiz_topic *find_topic(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(topics); i++)
		if (!strcmp(topics[i].name, name))
			return &topics[i];
	complain("quiz: there is no topic \"%s\" (mmemu quiz --list)", name);
	return NULL;
}

/* ---- one exercise ---- */

static void forget_machine(struct quiz *q)
{
	if (!q->m)
		return;
	q->m->observer = NULL;
	replay_destroy(&q->replay);
	names_destroy(&q->names);
	machine_destroy(q->m);
	q->m = NULL;
}

/* One attempt; printed if it is good. */
static enum quiz_result attempt(struct quiz *q, FILE *f)
{
	enum quiz_result result;

	quiz_parts_open(q);
	result = q->topic->make(q);
	if (result == QUIZ_FINE)
		quiz_print(q, f);
	quiz_parts_close(q);
	forget_machine(q);
	return result;
}

static int make_exercise(const struct quiz_options *opt,
			 const struct quiz_topic *topic, uint64_t seed, FILE *f)
{
	struct quiz *q = host_alloc(&cmd_host, sizeof(*q));
	enum quiz_result result = QUIZ_AGAIN;

	q->opt = opt;
	q->topic = topic;
	q->seed = q->random = seed;
	for (unsigned i = 0; i < ATTEMPTS && result == QUIZ_AGAIN; i++)
		result = attempt(q, f);
	host_free(&cmd_host, q, sizeof(*q));
	if (result == QUIZ_AGAIN)
		return complain("quiz: this machine gives no exercise for %s",
				topic->name);
	return result == QUIZ_FINE ? EXIT_FINE : EXIT_BAD;
}

static int make_all(const struct quiz_command *c,
		    const struct quiz_topic *topic)
{
	int status = EXIT_FINE;
	struct output out;

	catch_interrupt();
	if (output_open(&out, c->output))
		return EXIT_BAD;
	for (uint64_t i = 0; i < c->opt.count && !status; i++) {
		status = make_exercise(&c->opt, topic, c->opt.seed + i, out.f);
		if (interrupted)
			status = EXIT_INTERRUPTED;
	}
	if (output_close(&out, status == EXIT_FINE) && !status)
		status = EXIT_BAD;
	return status;
}

int cmd_quiz(int argc, char **argv)
{
	struct quiz_command c = {.opt = {.seed = 1, .count = 1},
				 .output = "-"};
	const struct quiz_topic *topic;
	int status;

	c.opt.sets = host_alloc(&cmd_host, (size_t)argc * sizeof(*c.opt.sets));
	status = parse(&c, argc, argv);
	if (status < 0) {
		topic = find_topic(c.opt.topic);
		status = topic ? make_all(&c, topic) : EXIT_BAD;
	}
	host_free(&cmd_host, c.opt.sets, (size_t)argc * sizeof(*c.opt.sets));
	return status;
}
