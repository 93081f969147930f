/*
 * import_strace.c - strace's memory and process calls become a trace.
 *
 *	28732 clone(child_stack=NULL, flags=...|SIGCHLD <unfinished ...>
 *	28733 set_robust_list(0xf7fab5ac, 12)   = 0
 *	28732 <... clone resumed>, child_tidptr=0xf7fab5a8) = 28733
 *
 * A call takes effect when it returns: its two halves are put together at the
 * second. A child may run before its parent's call has returned; it is then the
 * child of the oldest fork that is under way.
 *
 * Several logs (strace -ff, one a process, named PREFIX.PID) are merged by time
 * where their lines have it (-t, -tt, -ttt). Without, a child runs from its
 * fork, the parent goes on; they take turns of `slice` calls, and a parent waits
 * where its wait4 did.
 *
 * Accesses are not known to strace.
 */
#include "trace/import_internal.h"
#include "trace/strace_line.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct strace_log {
	struct im_log log;
	uint32_t real; /* by the file's name; 0: lines say it */
	bool timed;    /* its first line has a time */
	bool done, began;
	uint32_t waits_for;
	uint64_t time; /* of the next line */
};

struct strace {
	struct import *im;
	struct strace_log *logs, *log; /* all, and the one that is read */
	unsigned nr;
	struct im_process *broken; /* its call goes on in the next line */
	uint64_t sequence;	   /* of calls that began */
};

/* ---- which process ---- */

static bool starts_with(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

static bool is_fork(const char *text)
{
	return starts_with(text, "clone(") || starts_with(text, "clone3(") ||
	       starts_with(text, "fork(") || starts_with(text, "vfork(");
}

static const char *flags_text(const char *text)
{
	const char *p = strstr(text, "flags=");

	return p ? p : "";
}

static bool has_flag(const char *text, const char *flag)
{
	const char *p = strstr(flags_text(text), flag);
	size_t n = strlen(flag);

	return p && !isalnum((unsigned char)p[n]) && p[n] != '_';
}

static enum event_kind fork_kind(const char *text)
{
	if (starts_with(text, "vfork(") || has_flag(text, "CLONE_VFORK"))
		return EV_VFORK;
	return has_flag(text, "CLONE_VM") ? EV_CLONE : EV_FORK;
}

static int too_many(struct strace *s)
{
	return im_fail(s->im, &s->log->log, 1, "more than %u processes",
		       TRACE_PID_MAX);
}

/* text: the call, as far as it is known */
static int make_child(struct strace *s, struct im_process *parent,
		      const char *text, uint32_t real)
{
	enum event_kind kind = fork_kind(text);

	if (im_find(s->im, real))
		return 0;
	/* Linux's vfork without a shared mm is a fork that waits */
	if (kind == EV_VFORK && !starts_with(text, "vfork(") &&
	    !has_flag(text, "CLONE_VM"))
		kind = EV_FORK;
	if (!im_fork(s->im, parent, real, kind, has_flag(text, "CLONE_FILES")))
		return too_many(s);
	return 0;
}

/* The oldest fork that is under way and has no child yet. */
static struct im_process *forking(struct strace *s)
{
	struct im_process *best = NULL;
	unsigned candidates = 0;

	for (struct im_process *p = s->im->processes; p; p = p->next) {
		if (!p->started || !is_fork(p->started) || p->early_child)
			continue;
		candidates++;
		if (!best || p->sequence < best->sequence)
			best = p;
	}
	s->im->note[NOTE_GUESSED] += candidates > 1;
	return best;
}

/* execve("/bin/ls", ...: "ls" */
static const char *exec_name(const char *text, char *name, size_t size)
{
	const char *from = text + 8, *to;

	if (strncmp(text, "execve(\"", 8))
		return NULL;
	to = from + strcspn(from, "\"");
	for (const char *p = from; p < to; p++)
		if (*p == '/')
			from = p + 1;
	snprintf(name, size, "%.*s", (int)(to - from), from);
	return name;
}

/* The process that a line is about; NULL after an error. text: its call. */
static struct im_process *process_of(struct strace *s, uint32_t real,
				     const char *text)
{
	struct im_process *p = im_find(s->im, real), *parent;
	char name[32];

	if (p)
		return p;
	/* the first one had no number as long as it was alone */
	p = s->nr == 1 ? im_find(s->im, 0) : NULL;
	parent = forking(s);
	if (p && p != parent && real) {
		p->real = real;
		return p;
	}
	if (parent) {
		parent->early_child = real;
		if (make_child(s, parent, parent->started, real))
			return NULL;
		return im_find(s->im, real);
	}
	s->im->note[NOTE_NO_PARENT] += !starts_with(text, "execve(");
	p = im_spawn(s->im, real, exec_name(text, name, sizeof(name)));
	if (!p)
		too_many(s);
	return p;
}

/* ---- calls ---- */

/* The path of open(2) and its like: from -y, or the argument. */
static const char *opened_path(struct strace_call *c, char *buf, size_t size)
{
	unsigned at = !strncmp(c->name, "openat", 6);
	const char *path = strace_fd_path(c->result), *arg;

	if (path || at >= c->nr_args)
		return path;
	arg = strace_string(c->arg[at]);
	if (!arg || arg[0] == '/')
		return arg;
	if (!strcmp(c->name, "memfd_create"))
		snprintf(buf, size, "/memfd:%s", arg);
	else /* relative to a folder that is not known */
		return arg;
	return buf;
}

static bool opens(const char *name)
{
	return !strncmp(name, "open", 4) || !strcmp(name, "creat") ||
	       !strcmp(name, "memfd_create");
}

/* Calls that are dealt with here, or need nothing. */
static bool silent(const char *name)
{
	static const char *const names[] = {"exit",   "exit_group", "wait4",
					    "waitid", "waitpid"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* -ff without times: the parent sleeps until that child's log has ended. */
static void call_wait(struct strace *s, uint64_t child)
{
	if (s->nr == 1 || s->log->timed)
		return;
	for (unsigned i = 0; i < s->nr; i++)
		if (s->logs[i].real == child && !s->logs[i].done)
			s->log->waits_for = (uint32_t)child;
}

static void other_call(struct strace *s, struct im_process *p,
		       struct strace_call *c, uint64_t result)
{
	struct im_call call = {.name = c->name, .result = result};
	char buf[4200];

	for (unsigned i = 0; i < c->nr_args && i < 6; i++)
		if (strace_value(c->arg[i], &call.arg[i]))
			call.given |= 1u << i;
	if (opens(c->name))
		call.path = opened_path(c, buf, sizeof(buf));
	else if (!strncmp(c->name, "mmap", 4) && c->nr_args > 4)
		call.path = strace_fd_path(c->arg[4]);
	if (!im_call(s->im, p, &call))
		im_pass_over(s->im, c->name, strlen(c->name));
}

static void call_exec(struct strace *s, struct im_process *p,
		      struct strace_call *c)
{
	bool at = !strcmp(c->name, "execveat");
	const char *path = c->nr_args > at ? strace_string(c->arg[at]) : NULL;

	bool first = p->pid == s->im->opt->first_pid && !p->execed;

	p->execed = true;
	im_exec(s->im, p, path && *path ? path : "unknown",
		first ? s->im->opt->program : NULL, IM_NO_ENTRY);
}

/* A call that returned; text is cut up. */
static int complete(struct strace *s, struct im_process *p, char *text)
{
	bool fork = is_fork(text);
	struct strace_call c;
	uint64_t result;

	if (fork) {
		const char *r = strrchr(text, '=');

		if (!r || !strace_value(r + 1 + strspn(r + 1, " "), &result))
			return 0;
		if (!result || result > UINT32_MAX)
			return 0;
		if (p->early_child == result) {
			p->early_child = 0;
			return 0;
		}
		p->early_child = 0;
		return make_child(s, p, text, (uint32_t)result);
	}
	if (!strace_split(text, &c))
		return im_fail(s->im, &s->log->log, 1,
			       "a call that cannot be read, expected NAME(ARGUMENTS) = RESULT");
	if (c.result[0] == '?') {
		s->im->note[NOTE_CUT_CALL] += !silent(c.name);
		return 0;
	}
	if (!strace_value(c.result, &result) || c.result[0] == '-')
		return 0;
	if (!strncmp(c.name, "execve", 6))
		call_exec(s, p, &c);
	else if (silent(c.name))
		call_wait(s, result);
	else
		other_call(s, p, &c, result);
	return 0;
}

/* ---- halves ---- */

static void keep_start(struct strace *s, struct im_process *p, const char *text,
		       size_t len)
{
	struct import *im = s->im;

	host_free(im->host, p->started, p->started_len);
	p->started_len = len + 1;
	p->started = host_alloc(im->host, p->started_len);
	memcpy(p->started, text, len);
	p->sequence = ++s->sequence;
}

/* The first half and `rest`, as one call. */
static int resume(struct strace *s, struct im_process *p, const char *rest)
{
	struct import *im = s->im;
	size_t a = p->started_len ? p->started_len - 1 : 0, b = strlen(rest);
	char *text;
	int ret;

	if (!p->started) /* it began before the recording did */
		return 0;
	text = host_alloc(im->host, a + b + 1);
	memcpy(text, p->started, a);
	memcpy(text + a, rest, b);
	host_free(im->host, p->started, p->started_len);
	p->started = NULL;
	p->started_len = 0;
	ret = complete(s, p, text);
	host_free(im->host, text, a + b + 1);
	return ret;
}

static const char unfinished[] = "<unfinished ...>";

/*
 * The end of a first half, or NULL: the call is whole. The exec of a thread
 * that is not its process's first ends in "<pid changed to 7 ...>": it goes on
 * as 7, once that was superseded.
 */
static const char *end_of_half(const char *text)
{
	const char *mark = strrchr(text, '<');

	if (!mark || (strcmp(mark, unfinished) &&
		      !starts_with(mark, "<pid changed to ")))
		return NULL;
	while (mark > text && mark[-1] == ' ')
		mark--;
	return mark;
}

static int begin_or_complete(struct strace *s, struct im_process *p, char *text)
{
	const char *attached = strstr(text, "strace: Process ");
	const char *half = end_of_half(text);

	if (half) {
		keep_start(s, p, text, (size_t)(half - text));
		return 0;
	}
	if (attached) { /* strace's own words, in the midst of a call */
		keep_start(s, p, text, (size_t)(attached - text));
		s->broken = p;
		if (is_fork(p->started)) {
			p->early_child =
				(uint32_t)strtoul(attached + 16, NULL, 10);
			return make_child(s, p, p->started, p->early_child);
		}
		return 0;
	}
	return complete(s, p, text);
}

/* ---- ends ---- */

static void finish(struct strace *s, struct im_process *p, uint64_t status)
{
	if (s->broken == p)
		s->broken = NULL;
	im_exit(s->im, p, status);
}

/* "+++ exited with 3 +++", "+++ killed by SIGSEGV +++", "+++ superseded by
 * execve in pid 7 +++": that thread goes on under this number. */
static void end_line(struct strace *s, struct im_process *p, const char *text)
{
	const char *q = strstr(text, "exited with ");
	uint32_t real = p->real;

	if (q) {
		finish(s, p, strtoull(q + 12, NULL, 10));
		return;
	}
	q = strstr(text, "superseded by execve in pid ");
	finish(s, p, 0);
	p = q ? im_find(s->im, (uint32_t)strtoul(q + 28, NULL, 10)) : NULL;
	if (p)
		p->real = real;
}

/* ---- lines ---- */

static bool words_of_strace(const char *text)
{
	return starts_with(text, "strace: ") || starts_with(text, "Process ") ||
	       starts_with(text, "[ Process ") || starts_with(text, "--- ") ||
	       !*text;
}

static int continued(struct strace *s, char *text)
{
	struct im_process *p = s->broken;
	size_t len = strlen(text), n = sizeof(unfinished) - 1;

	s->broken = NULL;
	if (len >= n && !strcmp(text + len - n, unfinished))
		return 0; /* its first half is kept */
	return resume(s, p, text);
}

static int line_of(struct strace *s, struct im_process *p, char *text)
{
	if (starts_with(text, "+++ ")) {
		end_line(s, p, text);
		return 0;
	}
	if (starts_with(text, "<... ")) {
		const char *rest = strstr(text, " resumed>");

		return rest ? resume(s, p, rest + 9) : 0;
	}
	return begin_or_complete(s, p, text);
}

static int one_line(struct strace *s, char *line)
{
	struct strace_prefix x;
	struct im_process *p;
	uint32_t real;
	char *text;

	strace_prefix(line, &x);
	text = line + (x.rest - line);
	if (s->broken && !x.has_pid && (*text == ',' || *text == ' ' ||
					*text == ')'))
		return continued(s, text);
	if (words_of_strace(text))
		return 0;
	if (!isalpha((unsigned char)*text) && *text != '<' && *text != '+' &&
	    *text != '_')
		return im_fail(s->im, &s->log->log, (size_t)(text - line) + 1,
			       "found \"%.40s\", expected a line of strace",
			       text);
	real = x.has_pid ? x.pid : s->log->real;
	if (!x.has_pid && s->nr == 1 && s->im->processes &&
	    !s->im->processes->next)
		p = s->im->processes; /* alone, so it needs no number */
	else
		p = process_of(s, real, text);
	return p ? line_of(s, p, text) : -1;
}

/* ---- logs ---- */

/* "log.28732": 28732 */
static uint32_t number_at_end(const char *path)
{
	const char *p = path + strlen(path);
	unsigned long n;

	while (p > path && isdigit((unsigned char)p[-1]))
		p--;
	n = strtoul(p, NULL, 10);
	return p > path && p[-1] == '.' && n <= INT32_MAX ? (uint32_t)n : 0;
}

static int next_line(struct strace *s, struct strace_log *log, char **line)
{
	size_t len;
	int ret = im_log_line(s->im, &log->log, line, &len);

	if (ret < 0 || ret)
		return ret;
	log->done = true;
	im_log_close(s->im, &log->log);
	return 0;
}

/* The log's next time, where lines have one. */
static int peek_time(struct strace *s, struct strace_log *log)
{
	struct strace_prefix x;
	char *line;
	int ret = next_line(s, log, &line);

	if (ret <= 0)
		return ret;
	strace_prefix(line, &x);
	if (x.has_time)
		log->time = x.time;
	if (!log->began)
		log->timed = x.has_time;
	log->began = true;
	im_log_unread(&log->log);
	s->im->n->lines--;
	return 1;
}

static int open_logs(struct strace *s)
{
	for (unsigned i = 0; i < s->nr; i++) {
		struct strace_log *log = &s->logs[i];
		const char *path = s->im->opt->inputs[i];

		log->real = s->nr > 1 ? number_at_end(path) : 0;
		if (im_log_open(s->im, &log->log, path))
			return -1;
		if (s->nr > 1 && !log->real)
			return im_fail(s->im, &log->log, 0, "expected a name that ends in a process number (strace -ff -o NAME)");
		if (peek_time(s, log) < 0)
			return -1;
	}
	return 0;
}

/* Lines of one log until its turn ends. */
static int run_log(struct strace *s, struct strace_log *log, uint64_t turns)
{
	char *line;
	int ret = 0;

	s->log = log;
	log->waits_for = 0;
	for (; turns && !log->waits_for; turns--) {
		ret = next_line(s, log, &line);
		if (ret <= 0)
			break;
		if (one_line(s, line))
			return -1;
	}
	return ret < 0 ? -1 : 0;
}

static bool log_done(const struct strace *s, uint32_t real)
{
	for (unsigned i = 0; i < s->nr; i++)
		if (s->logs[i].real == real && !s->logs[i].done)
			return false;
	return true;
}

/* The log whose next line is the oldest. */
static struct strace_log *oldest(struct strace *s)
{
	struct strace_log *best = NULL;

	for (unsigned i = 0; i < s->nr; i++)
		if (!s->logs[i].done &&
		    (!best || s->logs[i].time < best->time))
			best = &s->logs[i];
	return best;
}

static int run_by_time(struct strace *s)
{
	struct strace_log *log;

	while ((log = oldest(s)) && !im_stopped(s->im))
		if (run_log(s, log, 1) ||
		    (!log->done && peek_time(s, log) < 0))
			return -1;
	return 0;
}

/* The logs of the processes that live, in turns. false: none can go on. */
static int run_turns(struct strace *s, bool *ran)
{
	*ran = false;
	for (unsigned i = 0; i < s->nr; i++) {
		struct strace_log *log = &s->logs[i];

		if (log->done || !im_find(s->im, log->real) ||
		    (log->waits_for && !log_done(s, log->waits_for)))
			continue;
		*ran = true;
		if (run_log(s, log, s->im->opt->slice))
			return -1;
		if (im_stopped(s->im))
			return 0;
	}
	return 0;
}

/* The first process has the lowest number; so has the next that nobody made. */
static struct strace_log *lowest(struct strace *s)
{
	struct strace_log *best = NULL;

	for (unsigned i = 0; i < s->nr; i++)
		if (!s->logs[i].done &&
		    (!best || s->logs[i].real < best->real))
			best = &s->logs[i];
	return best;
}

static int run_by_turns(struct strace *s)
{
	struct strace_log *log;
	bool ran;

	while ((log = lowest(s)) && !im_stopped(s->im)) {
		if (run_log(s, log, 1))
			return -1;
		do
			if (run_turns(s, &ran))
				return -1;
		while (ran && !im_stopped(s->im));
	}
	return 0;
}

static int run(struct strace *s)
{
	bool timed = true;

	if (open_logs(s))
		return -1;
	if (s->nr == 1)
		return run_log(s, &s->logs[0], UINT64_MAX);
	for (unsigned i = 0; i < s->nr; i++)
		timed &= s->logs[i].timed || s->logs[i].done;
	for (unsigned i = 0; i < s->nr; i++)
		s->logs[i].timed = timed;
	return timed ? run_by_time(s) : run_by_turns(s);
}

int import_strace(struct import *im)
{
	struct strace s = {.im = im, .nr = im->opt->nr_inputs};
	int ret;

	s.logs = host_alloc(im->host, s.nr * sizeof(*s.logs));
	s.log = &s.logs[0];
	ret = run(&s);
	if (!ret && !im->n->processes && !im_stopped(im))
		ret = im_fail(im, &s.log->log, 1,
			      "no call of any process, expected a log of strace");
	for (struct im_process *p = im->processes; !ret && p; p = p->next)
		im->note[NOTE_CUT_CALL] += p->started != NULL;
	if (!ret && !im->n->accesses)
		im_note(im, "accesses are not known to strace: valgrind's lackey records them");
	for (unsigned i = 0; i < s.nr; i++)
		im_log_close(im, &s.logs[i].log);
	host_free(im->host, s.logs, s.nr * sizeof(*s.logs));
	return ret;
}
