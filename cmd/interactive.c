/*
 * interactive.c - mmemu replay --interactive: step through a trace by commands.
 *
 *   (mmemu) next           a statement, and what became of it
 *   (mmemu) continue fork  on to a mark
 *   (mmemu) maps 100       any report of the machine as it is now
 *   (mmemu) explain        the story of the last statement that did anything
 *
 * On a terminal lines are read by libedit, with history and completion; from a
 * pipe or file they are read as they come, without a prompt, so that a script
 * can drive it.
 *
 * Nothing is observed while stepping. `explain` replays the trace a second time,
 * up to the same statement, and watches that one: the same trace and machine do
 * the same again.
 */
#include "cmd/interactive.h"
#include "cmd/explain.h"
#include "cmd/options.h"
#include "cmd/replay.h"
#include "formats/report.h"

#include <editline/readline.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
	struct live live;
	const struct live_options *options;
	uint64_t last; /* statements up to the last that is no mark or report */
	bool terminal, json, quit;
	int status; /* EXIT_BAD: a script had a command that is none */
};

/* What completion may offer; libedit's functions have no context. */
static struct {
	char **word;
	size_t nr, max;
} known;

/* ---- arguments ---- */

/* A decimal number from 1 on. */
static bool number(const char *text, uint64_t *n)
{
	return text && parse_number(text, 1, UINT64_MAX, n);
}

__attribute__((format(printf, 2, 3))) static void
wrong(struct session *s, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (!s->terminal)
		s->status = EXIT_BAD;
}

/* ---- stepping ---- */

/* A report statement writes its report, as mmemu replay does. */
static void show_report(struct session *s)
{
	const struct live *l = &s->live;
	const struct report *r;

	if (l->ev->kind != EV_REPORT || (l->ev->pid2 && !l->report_task))
		return;
	r = report_find(name_text(&l->names, l->ev->name));
	if (r)
		print_report(l->m, r, l->report_task, l->line, s->json);
}

/* false: there is no statement any more */
static bool step(struct session *s)
{
	const struct live *l = &s->live;

	if (interrupted || live_step(&s->live) <= 0)
		return false;
	if (l->ev->kind != EV_MARK && l->ev->kind != EV_REPORT)
		s->last = l->replay.n.statements;
	return true;
}

static void tell_end(struct session *s)
{
	if (s->live.ended && !live_peek(&s->live))
		printf("the trace ends here\n");
}

static void cmd_next(struct session *s, char **arg)
{
	uint64_t n = 1;

	if (arg[0] && !number(arg[0], &n)) {
		wrong(s, "next %s: expected a number of statements", arg[0]);
		return;
	}
	while (n-- && step(s)) {
		print_statement(&s->live, stdout);
		show_report(s);
	}
	live_peek(&s->live);
	tell_end(s);
}

/* On to a point; reports on the way are written. */
static bool at_point(struct session *s, const struct trace_point *p)
{
	const struct live *l = &s->live;
	const struct event *next;

	switch (p->type) {
	case POINT_EVENT:
		return l->event >= p->n;
	case POINT_LINE:
		next = live_peek(&s->live);
		return l->line >= p->n || (next && next->line > p->n);
	case POINT_MARK:
		return l->ev && l->ev->kind == EV_MARK &&
		       (!p->name || !strcmp(l->mark, p->name));
	default:
		return false;
	}
}

static void go_to(struct session *s, const struct trace_point *p)
{
	struct live *l = &s->live;
	bool any = false;

	while ((!any && p->type == POINT_MARK) || !at_point(s, p)) {
		if (!step(s))
			break;
		any = true;
		show_report(s);
	}
	if (any)
		print_statement(l, stdout);
	live_peek(l);
	tell_end(s);
}

static void cmd_continue(struct session *s, char **arg)
{
	struct trace_point p = {.type = arg[0] ? POINT_MARK : POINT_NONE,
				.name = arg[0]};

	go_to(s, &p);
	if (arg[0] && s->live.ended &&
	    (!s->live.mark || strcmp(s->live.mark, arg[0])))
		wrong(s, "continue %s: no such mark from here on", arg[0]);
}

static void go_to_number(struct session *s, enum point_type type,
			 const char *word, const char *text)
{
	struct trace_point p = {.type = type, .name = text};

	if (number(text, &p.n))
		go_to(s, &p);
	else
		wrong(s, "%s: expected a number", word);
}

static void cmd_line(struct session *s, char **arg)
{
	go_to_number(s, POINT_LINE, "line", arg[0]);
}

static void cmd_event(struct session *s, char **arg)
{
	go_to_number(s, POINT_EVENT, "event", arg[0]);
}

static void cmd_where(struct session *s, char **arg __unused_arg)
{
	if (s->live.ev)
		print_statement(&s->live, stdout);
	else
		printf("nothing is done yet\n");
	tell_end(s);
}

/* ---- looking ---- */

static void cmd_report(struct session *s, char **arg)
{
	const struct report *r = arg[0] ? report_find(arg[0]) : NULL;
	const struct task_struct *task = NULL;
	uint64_t pid;

	if (!r) {
		wrong(s, "report: expected one of the reports that help lists");
		return;
	}
	if (r->needs_pid) {
		if (number(arg[1], &pid) && pid <= TRACE_PID_MAX)
			task = find_task_by_pid(s->live.m, (uint32_t)pid);
		if (!task || task->state != TASK_RUNNING) {
			wrong(s, "%s %s: expected the pid of a process that runs",
			      r->name, arg[1] ? arg[1] : "");
			return;
		}
	}
	print_report(s->live.m, r, task, 0, s->json);
}

/* The same trace again, up to the statement before; that one is watched. */
static int explain_again(struct session *s, struct live *l,
			 const struct explain_options *opt)
{
	struct explain e;

	if (live_open(l, s->options))
		return EXIT_BAD;
	l->quiet = true;
	while (l->replay.n.statements + 1 < s->last && !interrupted)
		if (live_step(l) <= 0)
			return EXIT_BAD;
	explain_init(&e, l->m);
	if (live_step_told(l, &e) > 0)
		print_explanation(l, &e, opt, stdout);
	explain_destroy(&e);
	return EXIT_FINE;
}

static void cmd_explain_last(struct session *s, char **arg)
{
	struct explain_options opt = {.json = s->json};
	struct live *l;

	if (arg[0] && !lang_find(arg[0], &opt.lang)) {
		wrong(s, "explain %s: expected en or ja", arg[0]);
		return;
	}
	if (!s->last) {
		wrong(s, "explain: nothing is done yet");
		return;
	}
	l = host_alloc(&cmd_host, sizeof(*l));
	if (explain_again(s, l, &opt))
		wrong(s, "explain: the trace is not the same any more");
	live_close(l);
	free(l);
}

/* ---- commands ---- */

static void cmd_quit(struct session *s, char **arg __unused_arg)
{
	s->quit = true;
}

static void cmd_help_here(struct session *s, char **arg);

static const struct interactive_command {
	const char *name, *usage, *title;
	void (*run)(struct session *s, char **arg);
} commands[] = {
	{"next", "next [N]", "the next statement, or N of them", cmd_next},
	{"continue", "continue [MARK]", "on to a mark, or to the end",
	 cmd_continue},
	{"line", "line N", "on to line N", cmd_line},
	{"event", "event N", "on to event N", cmd_event},
	{"where", "where", "the statement done last", cmd_where},
	{"explain", "explain [en|ja]", "what the kernel did last, and why",
	 cmd_explain_last},
	{"report", "report KIND [PID]", "a report; KIND [PID] will do",
	 cmd_report},
	{"help", "help", "this", cmd_help_here},
	{"quit", "quit", "the end", cmd_quit},
};

static void cmd_help_here(struct session *s __unused_arg,
			  char **arg __unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-18s %s\n", commands[i].usage, commands[i].title);
	printf("A command may be cut short (n, c). An empty line is next.\n"
	       "Reports:");
	for (unsigned i = 0; i < nr_reports; i++)
		printf(" %s%s", reports[i].name,
		       reports[i].needs_pid ? "=PID" : "");
	putchar('\n');
}

/* By its name, or by what it begins with. */
static const struct interactive_command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strncmp(commands[i].name, name, strlen(name)))
			return &commands[i];
	return NULL;
}

#define MAX_WORDS 4

static void do_command(struct session *s, char *line)
{
	char *word[MAX_WORDS + 1] = {NULL}, *rest = line;
	const struct interactive_command *c;
	unsigned n = 0;

	while (n < MAX_WORDS && (word[n] = strtok_r(rest, " \t\n", &rest)))
		n++;
	if (!n)
		cmd_next(s, word);
	else if (report_find(word[0]))
		cmd_report(s, word);
	else if ((c = find_command(word[0])))
		c->run(s, word + 1);
	else
		wrong(s, "%s: no such command (help lists them)", word[0]);
	fflush(stdout);
}

/* ---- completion ---- */

static void know(const char *word)
{
	for (size_t i = 0; i < known.nr; i++)
		if (!strcmp(known.word[i], word))
			return;
	if (known.nr == known.max) {
		size_t max = known.max ? 2 * known.max : 64;

		known.word = host_realloc(&cmd_host, known.word,
					  known.max * sizeof(*known.word),
					  max * sizeof(*known.word));
		known.max = max;
	}
	known.word[known.nr++] = host_strdup(&cmd_host, word);
}

/* Marks are known before they are passed: the trace is read once for them. */
static void know_marks(const char *path)
{
	struct trace_reader reader;
	const struct event *ev;
	struct names names;

	names_init(&names, &cmd_host);
	if (!trace_open(&reader, &cmd_host, &names, path))
		while (trace_read(&reader, &ev) > 0)
			if (ev->kind == EV_MARK)
				know(name_text(&names, ev->name));
	trace_close(&reader);
	names_destroy(&names);
}

static char *next_match(const char *text, int state)
{
	static size_t at;

	if (!state)
		at = 0;
	while (at < known.nr)
		if (!strncmp(known.word[at++], text, strlen(text)))
			return strdup(known.word[at - 1]);
	return NULL;
}

static char **complete(const char *text, int start __unused_arg,
		       int end __unused_arg)
{
	rl_attempted_completion_over = 1; /* no names of files */
	return rl_completion_matches(text, next_match);
}

static void prepare_terminal(struct session *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		know(commands[i].name);
	for (unsigned i = 0; i < nr_reports; i++)
		know(reports[i].name);
	know_marks(s->options->trace);
	rl_readline_name = "mmemu";
	rl_attempted_completion_function = complete;
	using_history();
	printf("%s: help lists the commands\n", s->options->trace);
}

static void forget_known(void)
{
	for (size_t i = 0; i < known.nr; i++)
		host_strfree(&cmd_host, known.word[i]);
	host_free(&cmd_host, known.word, known.max * sizeof(*known.word));
	memset(&known, 0, sizeof(known));
}

/* ---- lines ---- */

static void from_terminal(struct session *s)
{
	char *line;

	prepare_terminal(s);
	while (!s->quit && (line = readline("(mmemu) "))) {
		if (*line)
			add_history(line);
		do_command(s, line);
		free(line);
		interrupted = 0;
		catch_interrupt();
	}
	clear_history();
	forget_known();
}

static void from_script(struct session *s)
{
	char *line = NULL;
	size_t size = 0;

	errno = 0;
	while (!s->quit && !interrupted && getline(&line, &size, stdin) > 0)
		do_command(s, line);
	if (!s->quit && !interrupted && !feof(stdin)) { /* it failed */
		if (errno == ENOMEM)
			cmd_host.fail(cmd_host.ctx, size);
		s->status = complain("--interactive: cannot read commands: %s",
				     strerror(errno));
	}
	free(line);
}

int replay_interactive(const struct live_options *o, bool json)
{
	struct session *s = host_alloc(&cmd_host, sizeof(*s));
	int status;

	if (!strcmp(o->trace, "-")) {
		free(s);
		return complain("--interactive: standard input is for commands, expected a file");
	}
	s->options = o;
	s->json = json;
	s->terminal = isatty(STDIN_FILENO);
	catch_interrupt();
	status = live_open(&s->live, o);
	if (!status) {
		if (s->terminal)
			from_terminal(s);
		else
			from_script(s);
		status = s->status ? s->status : live_status(&s->live);
		if (interrupted)
			status = EXIT_INTERRUPTED;
	}
	live_close(&s->live);
	free(s);
	return status;
}
