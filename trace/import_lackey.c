/*
 * import_lackey.c - logs of valgrind's lackey, one a process, become one trace.
 *
 *   prog.172   I I L I S ... clone ── I I I ... wait4 ........ I L  exit
 *   prog.173                   └───── I L S I I ...... exit ┘
 *
 *   trace      100 ......... fork 101, then slices of both in turns; 100 stops
 *              at its wait until 101 has ended
 *
 * Merging: a child runs from the fork, the parent goes on; each process has
 * its turn for `slice` accesses, in the order of the logs. A parent waits for
 * the child that its wait4 gave, and after vfork until the child has exec'ed or
 * ended. What two processes did at the same time is not known to lackey either.
 *
 * A log begins with an instruction where a program begins. valgrind starts a
 * process's log anew at exec, so what a child did before it is lost, and so are
 * the children of a process that exec'ed after it made them: those are started
 * where their parent waits for them, or last.
 */
#include "trace/import_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { LOG_NEW, LOG_RUNNABLE, LOG_WAITING, LOG_DONE };

/* One process. */
struct lackey_log {
	struct im_log log;
	uint32_t real, parent;
	char command[256];
	enum state state;
	struct im_process *p; /* while it runs */
	bool began;	      /* its first line was seen */
	uint32_t waits_for;   /* real pid of a child */
	bool till_exec;	      /* only until that has exec'ed */
	uint64_t status;
	char name[32];	      /* a call whose result stands on a later line */
	char args[512];
};

struct lackey {
	struct import *im;
	struct lackey_log *logs;
	unsigned nr;
	bool spawned; /* a first process */
};

static struct lackey_log *log_find(struct lackey *l, uint32_t real)
{
	for (unsigned i = 0; i < l->nr; i++)
		if (l->logs[i].real == real)
			return &l->logs[i];
	return NULL;
}

/* ---- lines ---- */

static bool preamble(const char *line)
{
	return line[0] == '=' && line[1] == '=';
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 *	I  0401b5c0,2		an instruction
 *	 L fef0c868,4		load
 *	 S fef0c870,4		store
 *	 M 0483642c,4		both, in one instruction
 *
 * An M is one write: the CPU asks for writing before it reads.
 */
static bool access_line(const char *p, unsigned *kind, uint64_t *addr,
			uint32_t *size)
{
	uint64_t a = 0;
	uint32_t n = 0;
	unsigned digits = 0;

	if (p[0] == 'I' && p[1] == ' ' && p[2] == ' ')
		*kind = EV_FETCH;
	else if (p[0] == ' ' && p[1] == 'L' && p[2] == ' ')
		*kind = EV_READ;
	else if (p[0] == ' ' && (p[1] == 'S' || p[1] == 'M') && p[2] == ' ')
		*kind = EV_WRITE;
	else
		return false;
	for (p += 3; hex(*p) >= 0; p++, digits++)
		a = a << 4 | (uint64_t)hex(*p);
	if (!digits || *p != ',')
		return false;
	for (p++; *p >= '0' && *p <= '9' && n < 1u << 20; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	*addr = a;
	*size = n;
	return *p == '\0' && n;
}

/* ---- calls ---- */

/* "( 0x0, 8192, 3, -1(/a/path) )": numbers in either base. */
static void parse_args(const char *p, struct im_call *c)
{
	p = strchr(p, '(');
	for (unsigned i = 0; p && i < 6; i++) {
		char *end;

		c->arg[i] = strtoull(p + 1, &end, 0);
		if (end != p + 1)
			c->given |= 1u << i;
		if (*end == '(') {
			end = strchr(end, ')');
			if (!end)
				return;
		}
		p = strchr(end, ',');
	}
}

/* The path in "0x4835310(/lib32/libc.so.6)", cut out of the text; or NULL. */
static const char *path_arg(char *text)
{
	char *p = strstr(text, "0x"), *end;

	p = p ? strchr(p, '(') : NULL;
	end = p ? strchr(p, ')') : NULL;
	if (!end || end == p + 1)
		return NULL;
	*end = '\0';
	return p + 1;
}

static void wait_for(struct lackey_log *log, struct lackey_log *child,
		     bool till_exec)
{
	log->state = LOG_WAITING;
	log->waits_for = child->real;
	log->till_exec = till_exec;
}

static void wake(struct lackey *l, uint32_t real, bool execed)
{
	for (unsigned i = 0; i < l->nr; i++) {
		struct lackey_log *log = &l->logs[i];

		if (log->state == LOG_WAITING && log->waits_for == real &&
		    (!execed || log->till_exec))
			log->state = LOG_RUNNABLE;
	}
}

static bool is_wait(const char *name)
{
	return !strcmp(name, "wait4") || !strcmp(name, "waitpid");
}

static void call_wait(struct lackey *l, struct lackey_log *log,
		      uint64_t result)
{
	struct lackey_log *child = log_find(l, (uint32_t)result);

	if (!child || child->state == LOG_DONE || child == log)
		return;
	wait_for(log, child, false);
	if (child->state == LOG_NEW) /* its creation was lost */
		child->state = LOG_RUNNABLE;
}

static void do_call(struct lackey *l, struct lackey_log *log, uint64_t result)
{
	struct im_call c = {.name = log->name, .result = result};
	char args[sizeof(log->args)];

	if (is_wait(log->name)) {
		call_wait(l, log, result);
		return;
	}
	memcpy(args, log->args, sizeof(args));
	parse_args(args, &c);
	c.path = !strncmp(log->name, "open", 4) ? path_arg(args) : NULL;
	if (!strcmp(log->name, "mmap2")) /* in pages */
		c.arg[5] = c.arg[5] < IM_ADDR_MAX ? c.arg[5] * 4096 : 1;
	if (!im_call(l->im, log->p, &c))
		im_pass_over(l->im, log->name, strlen(log->name));
}

static int make_child(struct lackey *l, struct lackey_log *log, uint32_t real,
		      enum event_kind kind)
{
	struct lackey_log *child = log_find(l, real);

	if (!child)
		return im_fail(l->im, &log->log, 1, "process %u was created here, expected its log too",
			       real);
	if (child->state != LOG_NEW)
		return im_fail(l->im, &log->log, 1,
			       "process %u is created a second time", real);
	child->p = im_fork(l->im, log->p, real, kind, false);
	if (!child->p)
		return im_fail(l->im, &log->log, 1, "more than %u processes",
			       TRACE_PID_MAX);
	child->state = LOG_RUNNABLE;
	if (kind == EV_VFORK)
		wait_for(log, child, true);
	return 0;
}

/* "created child 19521" in a line of clone, fork or vfork. */
static int look_for_child(struct lackey *l, struct lackey_log *log,
			  const char *line)
{
	static const char created[] = "created child ";
	const char *p = strstr(line, created), *args;
	enum event_kind kind = EV_FORK;
	unsigned long flags;

	if (!p)
		return 0;
	log->name[0] = '\0'; /* its result says no more */
	args = strstr(line, "sys_clone (");
	flags = args ? strtoul(args + 11, NULL, 16) : 0;
	if (flags & 0x4000 || strstr(line, "sys_vfork"))
		kind = EV_VFORK;
	else if (flags & 0x100)
		kind = EV_CLONE;
	return make_child(l, log,
			  (uint32_t)strtoul(p + sizeof(created) - 1, NULL, 10),
			  kind);
}

/* The result, if the line has one. */
static void finish_call(struct lackey *l, struct lackey_log *log,
			const char *line)
{
	const char *p = strstr(line, "Success(0x");

	if (p && log->name[0])
		do_call(l, log, strtoull(p + 8, NULL, 16));
	if (p || strstr(line, "Failure("))
		log->name[0] = '\0';
}

/* "](45) sys_brk ( 0x0 ) ..." */
static void begin_call(struct lackey_log *log, const char *p)
{
	size_t len;

	if (!strncmp(p, "sys_", 4))
		p += 4;
	len = strcspn(p, " ([");
	snprintf(log->name, sizeof(log->name), "%.*s", (int)len, p);
	snprintf(log->args, sizeof(log->args), "%s", p + len);
}

static void finish_process(struct lackey *l, struct lackey_log *log)
{
	im_exit(l->im, log->p, log->status);
	log->p = NULL;
	log->state = LOG_DONE;
	wake(l, log->real, false);
	im_log_close(l->im, &log->log);
}

/* A SYSCALL line or the rest of one. */
static int call_line(struct lackey *l, struct lackey_log *log, const char *line)
{
	const char *p = strstr(line, "](");

	if (strncmp(line, "SYSCALL[", 8)) {
		if (look_for_child(l, log, line))
			return -1;
		finish_call(l, log, line);
		return 0;
	}
	p = p ? strchr(p, ')') : NULL;
	if (!p)
		return im_fail(l->im, &log->log, 1,
			       "a SYSCALL line that cannot be read");
	p += 1 + (p[1] == ' ');
	if (strncmp(p, "... ", 4))
		begin_call(log, p);
	if (!strcmp(log->name, "exit_group") || !strcmp(log->name, "exit")) {
		p = strchr(p, '(');
		log->status = p ? strtoull(p + 1, NULL, 0) : 0;
		if (!strcmp(log->name, "exit_group"))
			finish_process(l, log);
		log->name[0] = '\0';
		return 0;
	}
	if (look_for_child(l, log, line))
		return -1;
	finish_call(l, log, line);
	return 0;
}

/* ---- processes ---- */

/* "==172== Command: ./prog", "==172== Parent PID: 5" */
static void read_preamble(struct lackey_log *log, const char *line)
{
	const char *p = strstr(line, "== Command: ");

	if (p)
		snprintf(log->command, sizeof(log->command), "%s", p + 12);
	p = strstr(line, "== Parent PID: ");
	if (p)
		log->parent = (uint32_t)strtoul(p + 15, NULL, 10);
	if (!log->real)
		log->real = (uint32_t)strtoul(line + 2, NULL, 10);
}

/* Who is who. The log stays open if it cannot be opened a second time. */
static int scan(struct lackey *l, struct lackey_log *log, const char *path)
{
	char *line;
	size_t len;
	int ret;

	if (im_log_open(l->im, &log->log, path))
		return -1;
	while ((ret = im_log_line(l->im, &log->log, &line, &len)) > 0) {
		if (preamble(line)) {
			read_preamble(log, line);
			continue;
		}
		if (log->log.line == 1)
			return im_fail(l->im, &log->log, 1, "found no \"==PID== Lackey\", expected a log of valgrind --tool=lackey");
		im_log_unread(&log->log);
		break;
	}
	if (!ret && !log->real && !im_stopped(l->im))
		ret = im_fail(l->im, &log->log, 1, "an empty log");
	if (strcmp(path, "-"))
		im_log_close(l->im, &log->log);
	return ret < 0 ? -1 : 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first line behind the preamble says how the process began: a fork's
 * child comes out of its call, a program begins with an instruction. */
static int begin(struct lackey *l, struct lackey_log *log, const char *line)
{
	const char *file = l->spawned ? NULL : l->im->opt->program;
	unsigned kind;
	uint64_t addr;
	uint32_t size;

	log->began = true;
	if (!access_line(line, &kind, &addr, &size) || kind != EV_FETCH) {
		if (log->p)
			return 0;
		return im_fail(l->im, &log->log, 1,
			       l->spawned ? "no log creates this process, expected the logs of its parents too"
					  : "found no instruction, expected --trace-mem=yes and the log of the first process");
	}
	/* the program is what stands before the first space */
	log->command[strcspn(log->command, " ")] = '\0';
	if (!log->p)
		log->p = im_spawn(l->im, log->real, base_name(log->command));
	if (!log->p)
		return im_fail(l->im, &log->log, 1, "more than %u processes",
			       TRACE_PID_MAX);
	im_exec(l->im, log->p, log->command, file, addr);
	if (!l->spawned && l->im->note[NOTE_NO_IMAGE])
		return im_fail(l->im, &log->log, 1, "the program %s cannot be read (--program names another file)",
			       file ? file : log->command);
	l->spawned = true;
	wake(l, log->real, true);
	return 0;
}

/* Up to `slice` accesses of one process. */
static int run_slice(struct lackey *l, struct lackey_log *log)
{
	struct import *im = l->im;
	uint64_t until = im->n->accesses + im->opt->slice;
	const char *path = log->log.path;
	char *line;
	size_t len;
	int ret = 1;

	if (!log->log.open && im_log_open(im, &log->log, path))
		return -1;
	while (log->state == LOG_RUNNABLE && im->n->accesses < until &&
	       (ret = im_log_line(im, &log->log, &line, &len)) > 0) {
		unsigned kind;
		uint64_t addr;
		uint32_t size;

		if (preamble(line))
			continue;
		if (!log->began && begin(l, log, line))
			return -1;
		if (access_line(line, &kind, &addr, &size))
			im_access(im, log->p, kind, addr, size);
		else if (call_line(l, log, line))
			return -1;
	}
	im_flush(im);
	if (ret || im_stopped(im))
		return ret < 0 ? -1 : 0;
	if (!log->p)
		return im_fail(im, &log->log, 1, "found no instruction, expected --trace-mem=yes and the log of the first process");
	finish_process(l, log); /* killed: the log just ends */
	return 0;
}

static int run_all(struct lackey *l)
{
	bool ran = true;

	while (ran) {
		ran = false;
		for (unsigned i = 0; i < l->nr; i++) {
			struct lackey_log *log = &l->logs[i];

			if (log->state != LOG_RUNNABLE)
				continue;
			ran = true;
			if (run_slice(l, log))
				return -1;
			if (im_stopped(l->im))
				return 0;
		}
	}
	return 0;
}

/* Those that nobody creates or waits for. A wait that never ends does now. */
static int run_rest(struct lackey *l)
{
	for (unsigned i = 0; i < l->nr && !im_stopped(l->im); i++) {
		struct lackey_log *log = &l->logs[i];

		if (log->state == LOG_DONE)
			continue;
		log->state = LOG_RUNNABLE;
		if (run_all(l))
			return -1;
	}
	return 0;
}

/* The processes whose parent has no log. */
static void start_first(struct lackey *l)
{
	bool any = false;

	for (unsigned i = 0; i < l->nr; i++) {
		if (log_find(l, l->logs[i].parent))
			continue;
		l->logs[i].state = LOG_RUNNABLE;
		any = true;
	}
	if (!any)
		l->logs[0].state = LOG_RUNNABLE;
}

int import_lackey(struct import *im)
{
	struct lackey l = {.im = im, .nr = im->opt->nr_inputs};
	int ret = 0;

	l.logs = host_alloc(im->host, l.nr * sizeof(*l.logs));
	for (unsigned i = 0; i < l.nr && !ret; i++)
		ret = scan(&l, &l.logs[i], im->opt->inputs[i]);
	if (!ret) {
		start_first(&l);
		ret = run_all(&l);
	}
	if (!ret)
		ret = run_rest(&l);
	for (unsigned i = 0; i < l.nr; i++)
		im_log_close(im, &l.logs[i].log);
	host_free(im->host, l.logs, l.nr * sizeof(*l.logs));
	return ret;
}
