/*
 * explain.c - mmemu explain: what the kernel did for a statement of a trace.
 *
 *   replay, unwatched ──► the statement, watched ──► story, changes ──► ...
 *
 * Up to the statement asked for nothing is observed, so a long trace costs what
 * its replay costs.
 */
#include "cmd/explain.h"
#include "cmd/options.h"
#include "formats/json.h"
#include "formats/memory_stream.h"
#include "trace/text_write.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu explain TRACE --event N|--line N|--mark NAME|--all [OPTION]...\n"
	"\n"
	"Tells what the kernel did for a statement of a trace: the functions it called,\n"
	"the values that decided, and what is otherwise than before.\n"
	"\n"
	"      --event N             event N of the trace\n"
	"      --line N              the statement on line N\n"
	"      --mark NAME           the first event behind that mark\n"
	"      --all                 every event\n"
	"      --lang en|ja          in English (the default) or Japanese\n"
	"      --depth N             only N levels of calls\n"
	"      --json                an object a statement: story, changes\n"
	"  -c, --config NAME|FILE    the machine: a built-in profile or a YAML file\n"
	"      --set KEY=VALUE       change one setting of it\n"
	"      --root DIR            exec reads real ELF files under DIR\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu explain traces/lecture/cow.trace --line 28\n"
	"  mmemu explain traces/lecture/cow.trace --mark before-fork --lang ja\n"
	"Exit status: as mmemu replay's, up to that statement.\n";

struct explain_run {
	struct live_options live;
	struct explain_options opt;
	struct trace_point what; /* POINT_NONE: all */
	bool given;
};

/* ---- one statement ---- */

int live_step_told(struct live *l, struct explain *e)
{
	int ret;

	explain_start(e);
	ret = live_step(l);
	explain_stop(e);
	return ret;
}

static void print_event_text(const struct live *l, FILE *out)
{
	struct event ev = *l->ev;
	struct text_writer w;

	ev.line = 0;
	text_write_start(&w, &cmd_host, &l->names, out);
	w.line = 1; /* a trace's head is not wanted */
	text_write(&w, &ev);
	text_write_end(&w);
}

void print_statement(const struct live *l, FILE *out)
{
	char text[192];

	if (live_at_event(l))
		fprintf(out, "event %llu, ", (unsigned long long)l->event);
	fprintf(out, "line %llu: ", (unsigned long long)l->line);
	print_event_text(l, out);
	if (!l->outcome || l->outcome->kind == OUTCOME_SILENT)
		return;
	outcome_print(l->outcome, text, sizeof(text));
	fprintf(out, "=> %s\n", text);
}

/* An access that the entry permits is the CPU's business alone. */
static void print_nothing(const struct live *l, enum lang lang, FILE *out)
{
	if (l->ev->kind <= EV_FETCH)
		fputs(lang == LANG_JA ?
			      "カーネルは呼ばれない: エントリがこのアクセスを許している。\n" :
			      "The kernel is not entered: the entry permits the access.\n",
		      out);
	else
		fputs(lang == LANG_JA ? "メモリ管理は何もしない。\n" :
					"Memory management has nothing to do.\n",
		      out);
}

static void print_text(const struct live *l, const struct explain *e,
		       const struct explain_options *opt, FILE *out)
{
	print_statement(l, out);
	putc('\n', out);
	if (explain_is_empty(e)) {
		print_nothing(l, opt->lang, out);
		return;
	}
	explain_text(e, opt->lang, opt->depth, out);
	fputs(opt->lang == LANG_JA ? "\n変化:\n" : "\nchanged:\n", out);
	explain_changes_text(e, opt->lang, out);
}

/* What fn prints, as a JSON string without its last newline. */
static void print_json_text(const struct live *l, FILE *out,
			    void (*fn)(const struct live *l, FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = memory_stream(&cmd_host, &text, &size);

	fn(l, f);
	fclose(f);
	json_string(text, size && text[size - 1] == '\n' ? size - 1 : size,
		    out);
	free(text);
}

static void print_outcome(const struct live *l, FILE *out)
{
	char text[192];

	outcome_print(l->outcome, text, sizeof(text));
	fputs(text, out);
}

static void print_json(const struct live *l, const struct explain *e,
		       const struct explain_options *opt, FILE *out)
{
	fputc('{', out);
	if (live_at_event(l))
		fprintf(out, "\"event\": %llu, ", (unsigned long long)l->event);
	fprintf(out, "\"line\": %llu, \"statement\": ",
		(unsigned long long)l->line);
	print_json_text(l, out, print_event_text);
	if (l->outcome) {
		fputs(", \"outcome\": ", out);
		print_json_text(l, out, print_outcome);
	}
	fputs(", \"story\": ", out);
	explain_json(e, opt->lang, out);
	fputs(", \"changes\": ", out);
	explain_changes_json(e, opt->lang, out);
	fputs("}\n", out);
}

void print_explanation(const struct live *l, const struct explain *e,
		       const struct explain_options *opt, FILE *out)
{
	if (opt->json)
		print_json(l, e, opt, out);
	else
		print_text(l, e, opt, out);
}

/* ---- which statement ---- */

static bool is_event(const struct event *ev)
{
	return event_types[ev->kind].actor != ACTOR_NONE;
}

/* Is the next statement the one that is asked for? */
static bool is_wanted(const struct live *l, const struct event *next,
		      const struct trace_point *p)
{
	switch (p->type) {
	case POINT_EVENT:
		return is_event(next) && l->event + 1 == p->n;
	case POINT_LINE:
		return next->line == p->n;
	case POINT_MARK:
		return is_event(next) && l->mark && !strcmp(l->mark, p->name);
	default:
		return is_event(next);
	}
}

static int not_there(const struct live *l, const struct trace_point *p)
{
	const char *name = trace_name(&l->reader);

	switch (p->type) {
	case POINT_EVENT:
		return complain("%s: there is no event %llu, the trace has %llu",
				name, (unsigned long long)p->n,
				(unsigned long long)l->event);
	case POINT_LINE:
		return complain("%s:%llu: no statement stands on this line",
				name, (unsigned long long)p->n);
	case POINT_MARK:
		return complain("%s: there is no event behind a mark %s", name,
				p->name);
	default:
		return EXIT_FINE;
	}
}

static int explain(struct explain_run *run, struct live *l, struct explain *e)
{
	const struct event *next;
	bool first = true, all = run->what.type == POINT_NONE;
	int ret;

	while ((next = live_peek(l)) && !interrupted) {
		if (!is_wanted(l, next, &run->what)) {
			if (live_step(l) < 0)
				return EXIT_BAD;
			continue;
		}
		ret = live_step_told(l, e);
		if (ret < 0)
			return EXIT_BAD;
		if (!first && !run->opt.json)
			putchar('\n');
		first = false;
		print_explanation(l, e, &run->opt, stdout);
		if (!all)
			return live_status(l);
	}
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (live_status(l) == EXIT_BAD)
		return EXIT_BAD;
	return all ? live_status(l) : not_there(l, &run->what);
}

/* ---- options ---- */

enum { OPT_SET = 256, OPT_EVENT, OPT_LINE, OPT_MARK, OPT_ALL, OPT_LANG,
       OPT_DEPTH, OPT_JSON, OPT_ROOT };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPT_SET},
	{"event", required_argument, NULL, OPT_EVENT},
	{"line", required_argument, NULL, OPT_LINE},
	{"mark", required_argument, NULL, OPT_MARK},
	{"all", no_argument, NULL, OPT_ALL},
	{"lang", required_argument, NULL, OPT_LANG},
	{"depth", required_argument, NULL, OPT_DEPTH},
	{"json", no_argument, NULL, OPT_JSON},
	{"root", required_argument, NULL, OPT_ROOT},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int parse_point(struct explain_run *run, enum point_type type,
		       const char *arg)
{
	static const char *const names[] = {[POINT_NONE] = "--all",
					    [POINT_EVENT] = "--event",
					    [POINT_LINE] = "--line",
					    [POINT_MARK] = "--mark"};

	if (run->given)
		return complain("%s: one of --event, --line, --mark and --all",
				names[type]);
	run->given = true;
	run->what.type = type;
	run->what.name = arg;
	if (type == POINT_EVENT || type == POINT_LINE)
		return number_option(names[type], arg, 1, UINT64_MAX,
				     "a number from 1 on", &run->what.n);
	return 0;
}

static int parse_option(void *ctx, int o, char *arg)
{
	struct explain_run *run = ctx;
	uint64_t n = 0;
	int ret;

	switch (o) {
	case 'c':
		run->live.config = arg;
		return 0;
	case OPT_SET:
		run->live.sets[run->live.nr_sets++] = arg;
		return 0;
	case OPT_EVENT:
		return parse_point(run, POINT_EVENT, arg);
	case OPT_LINE:
		return parse_point(run, POINT_LINE, arg);
	case OPT_MARK:
		return parse_point(run, POINT_MARK, arg);
	case OPT_ALL:
		return parse_point(run, POINT_NONE, arg);
	case OPT_LANG:
		return lang_find(arg, &run->opt.lang) ?
			       0 :
			       complain("--lang %s: expected en or ja", arg);
	case OPT_DEPTH:
		ret = number_option("--depth", arg, 1, UINT64_MAX,
				    "a number from 1 on", &n);
		run->opt.depth = (unsigned)min_t(uint64_t, n, STORY_MAX_DEPTH);
		return ret;
	case OPT_JSON:
		run->opt.json = true;
		return 0;
	case OPT_ROOT:
		run->live.root = arg;
		return 0;
	default:
		return usage_error("explain");
	}
}

/* -1: go on, else the exit status. */
static int parse(struct explain_run *run, int argc, char **argv)
{
	int status;

	run->live.sets = host_alloc(&cmd_host,
				    (size_t)argc * sizeof(*run->live.sets));
	status = parse_options(argc, argv, "c:h", options, help,
			       parse_option, run);
	if (status >= 0)
		return status;
	if (optind + 1 != argc || !run->given) {
		complain(optind + 1 != argc ?
				 "explain: expected one TRACE" :
				 "explain: expected --event, --line, --mark or --all");
		return usage_error("explain");
	}
	run->live.trace = argv[optind];
	return -1;
}

int cmd_explain(int argc, char **argv)
{
	struct explain_run *run = host_alloc(&cmd_host, sizeof(*run));
	struct live *l = host_alloc(&cmd_host, sizeof(*l));
	struct explain *e = host_alloc(&cmd_host, sizeof(*e));
	int status = parse(run, argc, argv);

	if (status < 0) {
		catch_interrupt();
		status = live_open(l, &run->live);
		if (!status) {
			explain_init(e, l->m);
			status = explain(run, l, e);
			explain_destroy(e);
		}
		live_close(l);
	}
	free(run->live.sets);
	free(run);
	free(l);
	free(e);
	return status;
}
