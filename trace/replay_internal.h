/* replay_internal.h - between the replay*.c files. */
#ifndef MMEMU_TRACE_REPLAY_INTERNAL_H
#define MMEMU_TRACE_REPLAY_INTERNAL_H

#include "trace/replay.h"

/* What `-> NAME` stands for. */
struct binding {
	uint64_t value;
	bool bound;   /* false: its event failed, or there was none */
	bool freed;   /* given back by a kernel event */
	uint8_t kind; /* kind of the event that bound it */
	uint8_t order; /* alloc_pages */
};

/* A call in the making: its arguments are evaluated. */
struct call {
	struct replay *r;
	struct machine *m;
	const struct event *ev;
	struct task_struct *task; /* actor; NULL for the kernel */
	uint64_t x[NR_X];
	struct outcome *out;
};

typedef void (*call_fn)(struct call *c);
extern const call_fn replay_calls[NR_EVENT_KINDS];

static inline const char *call_name(const struct call *c)
{
	return name_text(c->r->names, c->ev->name);
}

/* What a name stands for; never NULL. Good until the next new name. */
struct binding *replay_binding(struct replay *r, uint32_t id);

/* replay.c: the running task of that number, remembered; NULL: none. */
struct task_struct *replay_actor(struct replay *r, uint32_t pid);

/* replay_calls.c */
#define CALL(name) void call_##name(struct call *c);
CALL(spawn) CALL(fork) CALL(exit) CALL(wait) CALL(mmap) CALL(munmap)
CALL(mprotect) CALL(mremap) CALL(brk) CALL(sbrk) CALL(madvise) CALL(mlock)
CALL(munlock) CALL(mlockall) CALL(munlockall) CALL(msync)
CALL(remap_file_pages) CALL(sp)
/* replay_exec.c */
CALL(exec)
/* replay_kernel.c */
CALL(alloc_pages) CALL(free_pages) CALL(kmalloc) CALL(kfree)
CALL(cache_create) CALL(cache_alloc) CALL(cache_free) CALL(cache_shrink)
CALL(cache_destroy) CALL(vmalloc) CALL(vfree)
CALL(file) CALL(swapon) CALL(swapoff) CALL(drop_caches) CALL(compact)
CALL(kswapd) CALL(ksm)
/* replay_cgroup.c */
CALL(cgroup) CALL(cgroup_attach)
#undef CALL

#endif
