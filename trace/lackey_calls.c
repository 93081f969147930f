/*
 * lackey_calls.c - the system calls of a log as events.
 *
 *	SYSCALL[172,1](45) sys_brk ( 0x80f3880 ) --> [pre-success] Success(0x80f3880)
 *	SYSCALL[172,1](3) sys_read ( 4, 0xfef0b0d0, 512 ) --> [async] ...
 *	SYSCALL[172,1](3) ... [async] --> Success(0x200)
 *
 * Calls that failed changed nothing and are left out. Where a call gave an
 * address, that address is asked for (`fixed`). read(2) and write(2) touch the
 * program's memory from inside the kernel, which lackey does not see: they
 * become an access to the buffer.
 */
#include "core/mm.h"
#include "trace/lackey.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_ARGS 6

struct syscall {
	unsigned nr;
	uint64_t arg[MAX_ARGS];
	const char *text; /* its arguments, as logged */
	uint64_t result;
};

/* numbers of i386 */
enum {
	NR_exit = 1, NR_read = 3, NR_write = 4, NR_open = 5, NR_close = 6,
	NR_waitpid = 7, NR_brk = 45, NR_munmap = 91, NR_wait4 = 114,
	NR_mprotect = 125, NR_mremap = 163, NR_mmap2 = 192, NR_madvise = 219,
	NR_exit_group = 252, NR_openat = 295,
};

#define L_MAP_SHARED 0x01u
#define L_MAP_ANONYMOUS 0x20u

/* "( 0x0, 8192, 3, -1(/a/path) )": numbers in either base. */
static void parse_args(const char *p, uint64_t arg[MAX_ARGS])
{
	memset(arg, 0, MAX_ARGS * sizeof(*arg));
	p = strchr(p, '(');
	for (unsigned i = 0; p && i < MAX_ARGS; i++) {
		char *end;

		arg[i] = strtoull(p + 1, &end, 0) & UINT32_MAX;
		if (*end == '(') {
			end = strchr(end, ')');
			if (!end)
				return;
		}
		p = strchr(end, ',');
	}
}

/* The path in "0x4835310(/lib32/libc.so.6)", as a name; 0: none. */
static uint32_t path_arg(struct lackey *l, const char *text)
{
	const char *p = strstr(text, "0x"), *end;

	p = p ? strchr(p, '(') : NULL;
	end = p ? strchr(p, ')') : NULL;
	if (!end || end == p + 1)
		return 0;
	return names_intern(l->names, p + 1, (size_t)(end - p) - 1);
}

static void put_range(struct lackey *l, struct lackey_log *log,
		      enum event_kind kind, const struct syscall *c)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	set_quantity(&ev, X_ADDR, lackey_address(l, c->arg[0]));
	set_quantity(&ev, X_LEN, c->arg[1]);
	if (kind == EV_MPROTECT)
		ev.prot = c->arg[2] & 7;
	if (kind == EV_MADVISE)
		ev.choice = (uint8_t)c->arg[2];
	lackey_emit(l, log, &ev);
}

static void put_mapping(struct lackey *l, struct lackey_log *log,
			uint64_t addr, uint64_t len, unsigned prot,
			uint32_t flags)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MMAP;
	ev.prot = prot & 7;
	ev.flags = flags | EVF_FIXED;
	set_quantity(&ev, X_ADDR, addr);
	set_quantity(&ev, X_LEN, len);
	lackey_emit(l, log, &ev);
}

/* Size of a host file, at least what is mapped of it. */
static uint64_t file_size(struct lackey *l, uint32_t path, uint64_t at_least)
{
	struct stat st;

	if (stat(name_text(l->names, path), &st) || !S_ISREG(st.st_mode))
		return at_least;
	return (uint64_t)st.st_size;
}

static int call_mmap2(struct lackey *l, struct lackey_log *log,
		      const struct syscall *c)
{
	uint32_t flags = c->arg[3] & L_MAP_SHARED ? EVF_SHARED : 0;
	uint64_t addr = lackey_address(l, c->result);
	uint64_t fd = c->arg[4], offset = c->arg[5] * 4096;
	uint32_t path = fd < LOG_MAX_FD ? log->fd[fd].path : 0;

	if (c->arg[3] & L_MAP_ANONYMOUS || !path)
		put_mapping(l, log, addr, c->arg[1], (unsigned)c->arg[2],
			    flags);
	else
		lackey_map_file(l, log, path,
				file_size(l, path, offset + c->arg[1]), addr,
				c->arg[1], c->arg[2] & 7, flags | EVF_FIXED,
				offset);
	return 0;
}

static int call_mremap(struct lackey *l, struct lackey_log *log,
		       const struct syscall *c)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MREMAP;
	ev.flags = EVF_MAYMOVE;
	set_quantity(&ev, X_ADDR, lackey_address(l, c->arg[0]));
	set_quantity(&ev, X_LEN, c->arg[1]);
	set_quantity(&ev, X_ARG, c->arg[2]);
	if (c->result != c->arg[0]) {
		ev.flags |= EVF_FIXED;
		set_quantity(&ev, X_ADDR2, lackey_address(l, c->result));
	}
	lackey_emit(l, log, &ev);
	return 0;
}

/* A break that is a mapping: what lies between the old end and the new. */
static void move_mapped_break(struct lackey *l, struct lackey_log *log,
			      uint64_t brk)
{
	uint64_t old = ALIGN_UP(log->brk, 4096), to = ALIGN_UP(brk, 4096);
	struct event ev;

	if (!log->brk || old == to)
		return;
	if (to > old) {
		put_mapping(l, log, old, to - old,
			    PROT_READ_EMU | PROT_WRITE_EMU, 0);
		return;
	}
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MUNMAP;
	set_quantity(&ev, X_ADDR, to);
	set_quantity(&ev, X_LEN, old - to);
	lackey_emit(l, log, &ev);
}

static int call_brk(struct lackey *l, struct lackey_log *log,
		    const struct syscall *c)
{
	struct event ev;

	if (log->brk_mapped) {
		move_mapped_break(l, log, c->result);
	} else if (c->result != log->brk) {
		memset(&ev, 0, sizeof(ev));
		ev.kind = EV_BRK;
		set_quantity(&ev, X_ADDR, c->result);
		lackey_emit(l, log, &ev);
	}
	log->brk = c->result;
	return 0;
}

static int call_wait(struct lackey *l, struct lackey_log *log,
		     const struct syscall *c)
{
	struct lackey_log *child = lackey_find(l, (uint32_t)c->result);

	if (child && child->state != LOG_DONE) {
		log->state = LOG_WAITING;
		log->waits_for = child->real_pid;
	}
	return 0;
}

static int do_call(struct lackey *l, struct lackey_log *log,
		   const struct syscall *c)
{
	switch (c->nr) {
	case NR_read:
		lackey_put_access(l, log, EV_WRITE, c->arg[1], c->result);
		return 0;
	case NR_write:
		lackey_put_access(l, log, EV_READ, c->arg[1], c->result);
		return 0;
	case NR_open:
	case NR_openat:
		if (c->result < LOG_MAX_FD)
			log->fd[c->result].path = path_arg(l, c->text);
		return 0;
	case NR_close:
		if (c->arg[0] < LOG_MAX_FD)
			log->fd[c->arg[0]].path = 0;
		return 0;
	case NR_waitpid:
	case NR_wait4:
		return call_wait(l, log, c);
	case NR_brk:
		return call_brk(l, log, c);
	case NR_munmap:
		put_range(l, log, EV_MUNMAP, c);
		return 0;
	case NR_mprotect:
		put_range(l, log, EV_MPROTECT, c);
		return 0;
	case NR_madvise:
		if (c->arg[2] <= 4)
			put_range(l, log, EV_MADVISE, c);
		return 0;
	case NR_mremap:
		return call_mremap(l, log, c);
	case NR_mmap2:
		return call_mmap2(l, log, c);
	default:
		return 0;
	}
}

/* "created child 19521" in a line of clone, fork or vfork. */
static int look_for_child(struct lackey *l, struct lackey_log *log,
			  const char *line)
{
	static const char created[] = "created child ";
	const char *p = strstr(line, created), *args;
	unsigned kind = EV_FORK;
	uint32_t pid;

	if (!p)
		return 0;
	args = strstr(line, "sys_clone (");
	if (args && strtoul(args + 11, NULL, 16) & 0x100)
		kind = EV_CLONE;
	if (strstr(line, "sys_vfork"))
		kind = EV_VFORK;
	pid = (uint32_t)strtoul(p + sizeof(created) - 1, NULL, 10);
	return lackey_child(l, log, pid, kind);
}

/* The result, if the line has one. */
static int finish_call(struct lackey *l, struct lackey_log *log,
		       const char *line)
{
	const char *p = strstr(line, "Success(0x");
	struct syscall c;

	if (!p) {
		if (strstr(line, "Failure("))
			log->pending_nr = 0;
		return 0;
	}
	if (!log->pending_nr)
		return 0;
	c.nr = log->pending_nr;
	c.text = log->pending_args;
	c.result = strtoull(p + 8, NULL, 16);
	log->pending_nr = 0;
	parse_args(c.text, c.arg);
	return do_call(l, log, &c);
}

int lackey_call(struct lackey *l, struct lackey_log *log, const char *line,
		const char *end)
{
	const char *p = strchr(line, ']'), *exits;
	unsigned nr;

	(void)end;
	if (strncmp(line, "SYSCALL[", 8))
		return look_for_child(l, log, line) ? -1
						    : finish_call(l, log, line);
	if (!p || sscanf(p, "](%u)", &nr) != 1)
		return lackey_fail(l, log, "a SYSCALL line that cannot be read");
	if (!strstr(line, ") ... [async]")) {
		log->pending_nr = nr;
		snprintf(log->pending_args, sizeof(log->pending_args), "%s",
			 strchr(p + 2, ')') + 1);
	}
	exits = strstr(line, "exit_group(");
	if (exits || nr == NR_exit) {
		exits = strchr(exits ? exits : p + 2, '(');
		lackey_exit(l, log, exits ? strtoull(exits + 1, NULL, 0) : 0);
		return 0;
	}
	return look_for_child(l, log, line) ? -1 : finish_call(l, log, line);
}
