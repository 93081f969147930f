/*
 * import_lackey.c - logs of valgrind's lackey become one trace.
 *
 *   prog.172   I I L I S ... clone ── I I I ... wait4 ........ I L  exit
 *   prog.173                   └───── I L S I I ...... exit ┘
 *
 *   trace      100 ......... fork 101, then slices of both in turns; 100 stops
 *              at its wait until 101 has ended
 *
 * Merging: a child runs from the fork, the parent goes on; each process has
 * its turn for `slice` accesses, in the order of creation. What two processes
 * did at the same time is not known to lackey either.
 *
 * Addresses are valgrind's, but for the stack: on a 64-bit host it lies above
 * 0xC0000000, where an i386 kernel is. Those addresses are moved down as a
 * whole, so that the highest one used lies in the last page below 0xC0000000.
 *
 * Runs: accesses of one kind at equal distances, in one direction, with nothing
 * between them, become one `stride` event of as many accesses. None of them may
 * cross a page, so nothing about the machine is lost.
 */
#include "trace/lackey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_END 0xC0000000u
#define PAGE 4096u
#define MIN_RUN 4

void set_quantity(struct event *ev, unsigned slot, uint64_t value)
{
	ev->x[slot] = (struct quantity){value, 0, 0};
	ev->has |= (uint8_t)(1u << slot);
}

uint64_t lackey_address(const struct lackey *l, uint64_t addr)
{
	return addr >= USER_END ? addr - l->stack_shift : addr;
}

struct lackey_log *lackey_find(struct lackey *l, uint32_t real_pid)
{
	for (unsigned i = 0; i < l->nr_logs; i++)
		if (l->logs[i].real_pid == real_pid)
			return &l->logs[i];
	return NULL;
}

/* ---- writing ---- */

static void write_statement(struct lackey *l, struct lackey_log *log,
			    struct event *ev)
{
	if (event_types[ev->kind].actor == ACTOR_PID)
		ev->pid = log->pid;
	ev->line = 0;
	text_write(l->w, ev);
	l->n->statements++;
}

void lackey_emit(struct lackey *l, struct lackey_log *log, struct event *ev)
{
	lackey_flush_run(l, log);
	l->n->calls++;
	write_statement(l, log, ev);
}

static void write_access(struct lackey *l, struct lackey_log *log,
			 const struct run_length *run, uint32_t count)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = run->kind;
	set_quantity(&ev, X_ADDR, run->addr);
	if (count > 1) {
		set_quantity(&ev, X_LEN, (count - 1) * run->stride + 1);
		set_quantity(&ev, X_ARG, run->stride);
	} else if (run->size != 1) {
		set_quantity(&ev, X_LEN, run->size);
	}
	write_statement(l, log, &ev);
}

void lackey_flush_run(struct lackey *l, struct lackey_log *log)
{
	struct run_length run = log->run;

	log->run.count = 0;
	if (run.count >= MIN_RUN) {
		write_access(l, log, &run, run.count);
		return;
	}
	for (; run.count; run.count--) {
		write_access(l, log, &run, 1);
		run.addr += run.stride;
	}
}

static bool in_one_page(uint64_t addr, uint64_t size)
{
	return addr % PAGE + size <= PAGE;
}

/* Does the access go on with the run that is waiting? */
static bool extends_run(const struct run_length *run, unsigned kind,
			uint64_t addr, uint32_t size)
{
	if (!run->count || run->kind != kind || addr <= run->last ||
	    run->size != size || !in_one_page(addr, size))
		return false;
	return run->count == 1 ? in_one_page(run->addr, size) &&
					 addr - run->last <= PAGE
			       : addr - run->last == run->stride;
}

void lackey_put_access(struct lackey *l, struct lackey_log *log, unsigned kind,
		       uint64_t addr, uint64_t size)
{
	struct run_length *run = &log->run;

	if (!size || (l->opt->max_accesses &&
		      l->n->accesses >= l->opt->max_accesses))
		return;
	l->n->accesses++;
	addr = lackey_address(l, addr);
	if (size <= PAGE && extends_run(run, kind, addr, (uint32_t)size)) {
		run->stride = addr - run->last;
		run->last = addr;
		run->count++;
		return;
	}
	lackey_flush_run(l, log);
	*run = (struct run_length){.kind = (uint8_t)kind,
				   .addr = addr,
				   .last = addr,
				   .count = 1,
				   .size = (uint32_t)size};
}

/* ---- processes ---- */

static void put_mark(struct lackey *l, struct lackey_log *log, const char *name)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MARK;
	ev.name = names_intern(l->names, name, strlen(name));
	lackey_emit(l, log, &ev);
}

static void wake_waiting(struct lackey *l, uint32_t real_pid)
{
	for (unsigned i = 0; i < l->nr_logs; i++) {
		struct lackey_log *log = &l->logs[i];

		if (log->state == LOG_WAITING && log->waits_for == real_pid)
			log->state = LOG_RUNNABLE;
	}
}

void lackey_exit(struct lackey *l, struct lackey_log *log, uint64_t status)
{
	struct event ev;

	if (log->state == LOG_DONE)
		return;
	if (log->pid == l->opt->first_pid)
		put_mark(l, log, "last");
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_EXIT;
	if (status & 0xff)
		set_quantity(&ev, X_LEN, status & 0xff);
	lackey_emit(l, log, &ev);
	log->state = LOG_DONE;
	wake_waiting(l, log->real_pid);
	log_close(l, log);
}

/* Files, break and place in the table of the parent are the child's too. */
static void inherit(struct lackey_log *child, const struct lackey_log *parent)
{
	memcpy(child->fd, parent->fd, sizeof(child->fd));
	child->brk = parent->brk;
	child->brk_mapped = parent->brk_mapped;
}

int lackey_child(struct lackey *l, struct lackey_log *log, uint32_t real_pid,
		 unsigned kind)
{
	struct lackey_log *child = lackey_find(l, real_pid);
	struct event ev;

	if (!child)
		return lackey_fail(l, log, "process %u was created here, expected its log too",
				   real_pid);
	if (child->state != LOG_NEW)
		return lackey_fail(l, log, "process %u is created a second time",
				   real_pid);
	child->pid = l->next_pid++;
	child->state = LOG_RUNNABLE;
	l->n->processes++;
	inherit(child, log);
	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	ev.pid2 = child->pid;
	lackey_emit(l, log, &ev);
	return 0;
}

/* ---- reading ---- */

static bool preamble(const char *line)
{
	return line[0] == '=' && line[1] == '=';
}

/* "==172== Command: ./prog", "==172== Parent PID: 5" */
static void read_preamble(struct lackey_log *log, const char *line)
{
	const char *p = strstr(line, "== Command: ");

	if (p)
		snprintf(log->command, sizeof(log->command), "%s", p + 12);
	p = strstr(line, "== Parent PID: ");
	if (p)
		log->parent_pid = (uint32_t)strtoul(p + 15, NULL, 10);
	if (!log->real_pid)
		log->real_pid = (uint32_t)strtoul(line + 2, NULL, 10);
}

/* First pass: who is who, and how far up the stack reaches. */
static int scan_log(struct lackey *l, struct lackey_log *log, uint64_t *highest)
{
	const char *line, *end;
	unsigned kind;
	uint64_t addr;
	uint32_t size;
	int ret;

	if (log_rewind(l, log))
		return -1;
	while ((ret = log_line(l, log, &line, &end)) > 0) {
		if (preamble(line)) {
			read_preamble(log, line);
			continue;
		}
		if (log->line == 1)
			return lackey_fail(l, log, "found no \"==PID== Lackey\", expected a log of valgrind --tool=lackey");
		if (lackey_access(line, &kind, &addr, &size) &&
		    addr + size > *highest)
			*highest = addr + size;
	}
	if (!ret && !log->real_pid)
		ret = lackey_fail(l, log, "an empty log");
	log_close(l, log);
	return ret;
}

/* The first line behind the preamble says how the process began: a fork's
 * child comes out of its call, a program begins with an instruction. */
static int begin_log(struct lackey *l, struct lackey_log *log, const char *line)
{
	bool spawn = log->pid == l->opt->first_pid;
	unsigned kind;
	uint64_t addr;
	uint32_t size;

	if (!lackey_access(line, &kind, &addr, &size) || kind != EV_FETCH)
		return spawn ? lackey_fail(l, log, "found no instruction, expected --trace-mem=yes and the log of the first process")
			     : 0;
	return lackey_start(l, log, addr, spawn);
}

/* Up to `slice` accesses of one process. */
static int run_slice(struct lackey *l, struct lackey_log *log)
{
	uint64_t until = l->n->accesses + l->opt->slice;
	const char *line, *end;
	int ret = 1;

	if (!log->open && log_rewind(l, log))
		return -1;
	while (log->state == LOG_RUNNABLE && l->n->accesses < until &&
	       (ret = log_line(l, log, &line, &end)) > 0) {
		unsigned kind;
		uint64_t addr;
		uint32_t size;

		l->n->lines++;
		if (preamble(line))
			continue;
		if (!log->began) {
			log->began = true;
			if (begin_log(l, log, line))
				return -1;
		}
		if (lackey_access(line, &kind, &addr, &size))
			lackey_put_access(l, log, kind, addr, size);
		else if (lackey_call(l, log, line, end))
			return -1;
	}
	lackey_flush_run(l, log);
	if (!ret) /* killed: the log just ends */
		lackey_exit(l, log, 0);
	return ret < 0 ? -1 : 0;
}

static int run_all(struct lackey *l)
{
	bool ran = true;

	while (ran) {
		ran = false;
		for (unsigned i = 0; i < l->nr_logs; i++) {
			struct lackey_log *log = &l->logs[i];

			if (log->state != LOG_RUNNABLE)
				continue;
			ran = true;
			if (run_slice(l, log))
				return -1;
			if (l->opt->stop && *l->opt->stop)
				return 0;
		}
	}
	for (unsigned i = 0; i < l->nr_logs; i++)
		if (l->logs[i].state == LOG_NEW)
			return lackey_fail(l, &l->logs[i], "no log creates this process, expected the logs of its parents too");
	return 0;
}

/* The process whose parent has no log. */
static struct lackey_log *first_process(struct lackey *l)
{
	for (unsigned i = 0; i < l->nr_logs; i++)
		if (!lackey_find(l, l->logs[i].parent_pid))
			return &l->logs[i];
	return &l->logs[0];
}

static int import_all(struct lackey *l)
{
	uint64_t highest = 0;
	struct lackey_log *first;

	for (unsigned i = 0; i < l->nr_logs; i++) {
		l->logs[i].path = l->opt->logs[i];
		if (scan_log(l, &l->logs[i], &highest))
			return -1;
	}
	if (highest > USER_END)
		l->stack_shift = ALIGN_UP(highest, PAGE) - USER_END;
	first = first_process(l);
	first->pid = l->next_pid++;
	first->state = LOG_RUNNABLE;
	l->n->processes = 1;
	return run_all(l);
}

int import_lackey(const struct lackey_options *opt, struct names *names,
		  struct text_writer *w, struct lackey_counts *counts,
		  const char **log, struct trace_error *error)
{
	struct lackey l = {.opt = opt,
			   .host = w->host,
			   .names = names,
			   .w = w,
			   .n = counts,
			   .nr_logs = opt->nr_logs,
			   .next_pid = opt->first_pid,
			   .error = error};
	int ret;

	memset(counts, 0, sizeof(*counts));
	l.logs = host_alloc(l.host, l.nr_logs * sizeof(*l.logs));
	ret = import_all(&l);
	for (unsigned i = 0; i < l.nr_logs; i++)
		log_close(&l, &l.logs[i]);
	host_free(l.host, l.logs, l.nr_logs * sizeof(*l.logs));
	*log = l.bad_log;
	return ret;
}
