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
 * process's log anew at exec and by that overwrites what there was. mmemu record
 * moves it away before; then a process has several logs, its parts, and each
 * but the first begins with an exec:
 *
 *   prog.173.1      fork's child ... up to its first exec
 *   prog.173.2      exec ........... up to its second
 *   prog.173        exec ........... up to its end
 *
 * Where the parts before an exec are missing, so are the children made in them:
 * those that exec'ed themselves are started where their parent waits for them,
 * or last; of any other nothing is known that it could begin with.
 *
 * Invariants:
 *  1. Logs of one PID are one process; the parts from `part` on are not done.
 *  2. Only the part that is read, and standard input, are open.
 */
#include "trace/import_internal.h"
#include "trace/import_lackey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { LOG_NEW, LOG_RUNNABLE, LOG_WAITING, LOG_DONE };

/* One process. */
struct lackey_log {
	struct lackey_part *part; /* that is read */
	uint32_t real, parent;
	enum state state;
	struct im_process *p; /* while it runs */
	bool began;	      /* the first line of this part was seen */
	bool execs;	      /* this part is not the first one */
	uint32_t waits_for;   /* real pid of a child */
	bool till_exec;	      /* only until that has exec'ed */
	uint64_t status;
	char name[32];	      /* a call whose result stands on a later line */
	char args[512];
};

struct lackey {
	struct import *im;
	struct lackey_part *parts; /* one an input */
	struct lackey_log *logs;
	unsigned nr;	    /* of logs */
	bool spawned; /* a first process */
};

static struct lackey_log *log_find(struct lackey *l, uint32_t real)
{
	for (unsigned i = 0; i < l->nr; i++)
		if (l->logs[i].real == real)
			return &l->logs[i];
	return NULL;
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
		return im_fail(l->im, &log->part->log, 1, "process %u was created here, expected its log too",
			       real);
	if (child->state != LOG_NEW)
		return im_fail(l->im, &log->part->log, 1,
			       "process %u is created a second time", real);
	child->p = im_fork(l->im, log->p, real, kind, false);
	if (!child->p)
		return im_fail(l->im, &log->part->log, 1, "more than %u processes",
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
	im_log_close(l->im, &log->part->log);
}

/* exit(2) ends a thread, exit_group(2) the process. */
static int call_exit(struct lackey *l, struct lackey_log *log)
{
	bool group = !strcmp(log->name, "exit_group");

	log->name[0] = '\0';
	if (!group)
		return 0;
	if (log->part->next)
		return im_fail(l->im, &log->part->log, 1,
			       "process %u ends here, expected no log of what it did after that (%s)",
			       log->real, log->part->next->log.path);
	finish_process(l, log);
	return 0;
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
		return im_fail(l->im, &log->part->log, 1,
			       "a SYSCALL line that cannot be read");
	p += 1 + (p[1] == ' ');
	if (strncmp(p, "... ", 4))
		begin_call(log, p);
	if (!strcmp(log->name, "exit_group") || !strcmp(log->name, "exit")) {
		p = strchr(p, '(');
		log->status = p ? strtoull(p + 1, NULL, 0) : 0;
		return call_exit(l, log);
	}
	if (look_for_child(l, log, line))
		return -1;
	finish_call(l, log, line);
	return 0;
}

/* ---- processes ---- */

/* A part to its process, a new one or one that is known. */
static void add_part(struct lackey *l, struct lackey_part *part)
{
	struct lackey_log *log = log_find(l, part->real);
	struct lackey_part **link;

	if (!log) {
		log = &l->logs[l->nr++];
		log->real = part->real;
	}
	for (link = &log->part; *link; link = &(*link)->next)
		if (lackey_before(part->log.path, (*link)->log.path))
			break;
	part->next = *link;
	*link = part;
	log->parent = log->part->parent;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first line behind the preamble says how the part began: a fork's child
 * comes out of its call, a program begins with an instruction. */
static int begin(struct lackey *l, struct lackey_log *log, const char *line)
{
	const char *file = l->spawned ? NULL : l->im->opt->program;
	unsigned kind;
	uint64_t addr;
	uint32_t size;

	log->began = true;
	if (!lackey_access(line, &kind, &addr, &size) || kind != EV_FETCH) {
		if (log->execs)
			return im_fail(l->im, &log->part->log, 1, "found no instruction, expected what process %u did after an exec",
				       log->real);
		if (log->p)
			return 0;
		return im_fail(l->im, &log->part->log, 1,
			       l->spawned ? "no log creates this process, expected the logs of its parents too, from before their execs (mmemu record keeps them)"
					  : "found no instruction, expected --trace-mem=yes and the log of the first process");
	}
	/* the program is what stands before the first space */
	log->part->command[strcspn(log->part->command, " ")] = '\0';
	if (!log->p)
		log->p = im_spawn(l->im, log->real, base_name(log->part->command));
	if (!log->p)
		return im_fail(l->im, &log->part->log, 1, "more than %u processes",
			       TRACE_PID_MAX);
	im_exec(l->im, log->p, log->part->command, file, addr);
	if (!l->spawned && l->im->note[NOTE_NO_IMAGE])
		return im_fail(l->im, &log->part->log, 1, "the program %s cannot be read (--program names another file)",
			       file ? file : log->part->command);
	l->spawned = true;
	wake(l, log->real, true);
	return 0;
}

/* Its log ended: the next one, if there is one, was begun by an exec. */
static bool next_part(struct lackey *l, struct lackey_log *log)
{
	if (!log->part->next)
		return false;
	im_log_close(l->im, &log->part->log);
	log->part = log->part->next;
	log->began = false;
	log->execs = true;
	log->name[0] = '\0';
	return true;
}

/* Up to `slice` accesses of one process, or to its next exec. */
static int run_slice(struct lackey *l, struct lackey_log *log)
{
	struct import *im = l->im;
	uint64_t until = im->n->accesses + im->opt->slice;
	struct im_log *in = &log->part->log;
	char *line;
	size_t len;
	int ret = 1;

	if (!in->open && im_log_open(im, in, in->path))
		return -1;
	while (log->state == LOG_RUNNABLE && im->n->accesses < until &&
	       (ret = im_log_line(im, in, &line, &len)) > 0) {
		unsigned kind;
		uint64_t addr;
		uint32_t size;

		if (lackey_preamble(line))
			continue;
		if (!log->began && begin(l, log, line))
			return -1;
		if (lackey_access(line, &kind, &addr, &size))
			im_access(im, log->p, kind, addr, size);
		else if (call_line(l, log, line))
			return -1;
	}
	im_flush(im);
	if (ret || im_stopped(im))
		return ret < 0 ? -1 : 0;
	if (!log->p)
		return im_fail(im, in, 1, "found no instruction, expected --trace-mem=yes and the log of the first process");
	if (!next_part(l, log))
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
		uint32_t by = l->logs[i].parent;

		if (!by || log_find(l, by)) /* 0: an empty log */
			continue;
		l->logs[i].state = LOG_RUNNABLE;
		any = true;
	}
	if (!any)
		l->logs[0].state = LOG_RUNNABLE;
}

int import_lackey(struct import *im)
{
	unsigned nr = im->opt->nr_inputs;
	struct lackey l = {.im = im};
	int ret = 0;

	l.parts = host_alloc(im->host, nr * sizeof(*l.parts));
	l.logs = host_alloc(im->host, nr * sizeof(*l.logs));
	for (unsigned i = 0; i < nr && !ret; i++) {
		ret = lackey_scan(im, &l.parts[i],
				  im->opt->inputs[i]);
		if (!ret)
			add_part(&l, &l.parts[i]);
	}
	if (!ret) {
		start_first(&l);
		ret = run_all(&l);
	}
	if (!ret)
		ret = run_rest(&l);
	for (unsigned i = 0; i < nr; i++)
		im_log_close(im, &l.parts[i].log);
	host_free(im->host, l.logs, nr * sizeof(*l.logs));
	host_free(im->host, l.parts, nr * sizeof(*l.parts));
	return ret;
}
