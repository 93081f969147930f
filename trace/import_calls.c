/*
 * import_calls.c - the system calls that matter here, by name, so that one
 * table serves 32 and 64 bits and every tool.
 *
 * Only calls that succeeded come here: one that failed changed nothing. read(2)
 * and its like touch the program's memory from inside the kernel; where the
 * buffer's address was recorded, they become an access to it.
 */
#include "core/mm.h"
#include "trace/import_internal.h"

#include <stdio.h>
#include <string.h>

#define L_MAP_SHARED 0x01u
#define L_MAP_ANONYMOUS 0x20u
#define L_PROT_MASK 7u
#define L_MREMAP_DONTUNMAP 4u

struct call_row {
	const char *name;
	void (*fn)(struct import *im, struct im_process *p,
		   const struct im_call *c);
};

/* ---- mappings ---- */

static uint32_t mmap_flags(uint64_t flags)
{
	static const struct {
		uint32_t linux_flag, event;
	} rows[] = {
		{0x0100, EVF_GROWSDOWN}, {0x2000, EVF_LOCKED},
		{0x4000, EVF_NORESERVE}, {0x8000, EVF_POPULATE},
		{0x10000, EVF_NONBLOCK}, {0x20000, EVF_STACK},
	};
	uint32_t f = flags & L_MAP_SHARED ? EVF_SHARED : 0;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (flags & rows[i].linux_flag)
			f |= rows[i].event;
	return f;
}

/* What a descriptor stands for: a file's name, or 0 where a mapping of it is
 * as good as anonymous (devices, and what is not known). */
static uint32_t backing(struct import *im, struct im_process *p,
			const struct im_call *c)
{
	uint32_t path = c->path ? im_name(im, c->path)
				: im_files_get(p, c->arg[4]);

	return path && strncmp(name_text(im->names, path), "/dev/", 5) ? path
								       : 0;
}

static void call_mmap(struct import *im, struct im_process *p,
		      const struct im_call *c)
{
	struct im_mapping map = {
		.addr = c->result,
		.len = c->arg[1],
		.prot = (unsigned)c->arg[2] & L_PROT_MASK,
		.flags = mmap_flags(c->arg[3]),
		.place = PLACE_MMAP,
	};

	if (!(c->arg[3] & L_MAP_ANONYMOUS)) {
		map.path = backing(im, p, c);
		map.offset = map.path ? c->arg[5] : 0;
	}
	im_map(im, p, &map);
}

static void call_munmap(struct import *im, struct im_process *p,
			const struct im_call *c)
{
	im_unmap(im, p, c->arg[0], c->arg[1]);
}

static void call_mprotect(struct import *im, struct im_process *p,
			  const struct im_call *c)
{
	im_program_hint(im, p, c->arg[0], IM_PAGE_UP(c->arg[1]));
	im_protect(im, p, c->arg[0], c->arg[1], (unsigned)c->arg[2]);
}

static void call_mremap(struct import *im, struct im_process *p,
			const struct im_call *c)
{
	if (!(c->arg[3] & L_MREMAP_DONTUNMAP))
		im_move(im, p, c->arg[0], c->arg[1], c->result, c->arg[2]);
}

static void call_brk(struct import *im, struct im_process *p,
		     const struct im_call *c)
{
	im_brk(im, p, c->result);
}

static void range_call(struct import *im, struct im_process *p,
		       const struct im_call *c, enum event_kind kind,
		       unsigned choice)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	ev.choice = (uint8_t)choice;
	im_range(im, p, &ev, c->arg[0], c->arg[1]);
}

/* Those that the trace has a word for (event.c). */
static void call_madvise(struct import *im, struct im_process *p,
			 const struct im_call *c)
{
	uint64_t advice = c->arg[2];

	if (advice <= 4 || (advice >= 9 && advice <= 17))
		range_call(im, p, c, EV_MADVISE, (unsigned)advice);
}

static void call_lock(struct import *im, struct im_process *p,
		      const struct im_call *c)
{
	range_call(im, p, c, EV_MLOCK, 0);
}

static void call_unlock(struct import *im, struct im_process *p,
			const struct im_call *c)
{
	range_call(im, p, c, EV_MUNLOCK, 0);
}

static void call_msync(struct import *im, struct im_process *p,
		       const struct im_call *c)
{
	unsigned how = (unsigned)c->arg[2] & 7;

	range_call(im, p, c, EV_MSYNC, how & 4 ? 4 : how & 1 ? 1 : 2);
}

static void call_lockall(struct import *im, struct im_process *p,
			 const struct im_call *c)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MLOCKALL;
	ev.choice = c->arg[0] & 3;
	if (ev.choice)
		im_event(im, p, &ev);
}

static void call_unlockall(struct import *im, struct im_process *p,
			   const struct im_call *c __unused_arg)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MUNLOCKALL;
	im_event(im, p, &ev);
}

static void call_remap(struct import *im, struct im_process *p,
		       const struct im_call *c)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_REMAP_FILE_PAGES;
	im_set(&ev, X_ARG, c->arg[3]);
	im_range(im, p, &ev, c->arg[0], c->arg[1]);
}

/* ---- files ---- */

static void call_open(struct import *im, struct im_process *p,
		      const struct im_call *c)
{
	im_files_set(im, p, c->result, c->path ? im_name(im, c->path) : 0);
}

static void call_close(struct import *im, struct im_process *p,
		       const struct im_call *c)
{
	im_files_set(im, p, c->arg[0], 0);
}

static void call_dup(struct import *im, struct im_process *p,
		     const struct im_call *c)
{
	im_files_set(im, p, c->result, im_files_get(p, c->arg[0]));
}

#define L_F_DUPFD 0u
#define L_F_DUPFD_CLOEXEC 1030u

static void call_fcntl(struct import *im, struct im_process *p,
		       const struct im_call *c)
{
	if ((c->given & 2) && (c->arg[1] == L_F_DUPFD ||
			       c->arg[1] == L_F_DUPFD_CLOEXEC))
		call_dup(im, p, c);
}

/* The kernel reads, or fills, the buffer. */
static void buffer(struct import *im, struct im_process *p,
		   const struct im_call *c, unsigned kind)
{
	if ((c->given & 2) && c->arg[1] && c->result <= UINT32_MAX)
		im_access(im, p, kind, c->arg[1], c->result);
}

static void call_read(struct import *im, struct im_process *p,
		      const struct im_call *c)
{
	buffer(im, p, c, EV_WRITE);
}

static void call_write(struct import *im, struct im_process *p,
		       const struct im_call *c)
{
	buffer(im, p, c, EV_READ);
}

/* ---- the table ---- */

static const struct call_row rows[] = {
	{"mmap", call_mmap},
	{"mmap2", call_mmap},
	{"old_mmap", call_mmap},
	{"munmap", call_munmap},
	{"mprotect", call_mprotect},
	{"pkey_mprotect", call_mprotect},
	{"mremap", call_mremap},
	{"brk", call_brk},
	{"madvise", call_madvise},
	{"mlock", call_lock},
	{"mlock2", call_lock},
	{"munlock", call_unlock},
	{"mlockall", call_lockall},
	{"munlockall", call_unlockall},
	{"msync", call_msync},
	{"remap_file_pages", call_remap},
	{"open", call_open},
	{"openat", call_open},
	{"openat2", call_open},
	{"creat", call_open},
	{"memfd_create", call_open},
	{"close", call_close},
	{"dup", call_dup},
	{"dup2", call_dup},
	{"dup3", call_dup},
	{"fcntl", call_fcntl},
	{"fcntl64", call_fcntl},
	{"read", call_read},
	{"pread64", call_read},
	{"recv", call_read},
	{"recvfrom", call_read},
	{"getdents", call_read},
	{"getdents64", call_read},
	{"write", call_write},
	{"pwrite64", call_write},
	{"send", call_write},
	{"sendto", call_write},
};

bool im_call(struct import *im, struct im_process *p, const struct im_call *c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, c->name))
			continue;
		rows[i].fn(im, p, c);
		return true;
	}
	return false;
}
