/* replay_calls.c - events of processes as calls of the machine. */
#include "core/filemap.h"
#include "core/mmap.h"
#include "trace/replay_internal.h"

void call_spawn(struct call *c)
{
	struct task_struct *task;
	const char *name = c->ev->name ? call_name(c) : NULL;

	outcome_error(c->out, task_spawn(c->m, c->ev->pid, name, &task));
}

void call_fork(struct call *c)
{
	static const unsigned flags[NR_EVENT_KINDS] = {
		[EV_VFORK] = CLONE_VM_EMU | CLONE_VFORK_EMU,
		[EV_CLONE] = CLONE_VM_EMU,
	};
	struct task_struct *child;

	outcome_error(c->out, do_fork(c->task, flags[c->ev->kind], c->ev->pid2,
				      &child));
}

void call_exit(struct call *c)
{
	do_exit(c->task, (int)(c->x[X_LEN] & 0xff) << 8);
	outcome_error(c->out, 0);
}

/* Reap one child. A wait that would sleep is EAGAIN: nobody is there to wake
 * it. */
void call_wait(struct call *c)
{
	struct task_struct *child = find_task_by_pid(c->m, c->ev->pid2);

	if (!child || child->parent != c->task) {
		outcome_error(c->out, -ECHILD);
	} else if (child->state != TASK_ZOMBIE) {
		outcome_error(c->out, -EAGAIN);
	} else {
		release_task(child);
		outcome_error(c->out, 0);
	}
}

static unsigned mmap_flags(uint32_t f)
{
	static const struct {
		uint32_t event;
		unsigned flag;
	} rows[] = {
		{EVF_FIXED, MAP_FIXED_EMU},
		{EVF_GROWSDOWN, MAP_GROWSDOWN_EMU},
		{EVF_LOCKED, MAP_LOCKED_EMU},
		{EVF_POPULATE, MAP_POPULATE_EMU},
		{EVF_NORESERVE, MAP_NORESERVE_EMU},
		{EVF_STACK, MAP_STACK_EMU},
		{EVF_NONBLOCK, MAP_NONBLOCK_EMU},
	};
	unsigned flags = f & EVF_SHARED ? MAP_SHARED_EMU : MAP_PRIVATE_EMU;

	if (!(f & EVF_FILE))
		flags |= MAP_ANONYMOUS_EMU;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (f & rows[i].event)
			flags |= rows[i].flag;
	return flags;
}

/* Every mmap of a file opens it anew: areas of two events never merge. */
void call_mmap(struct call *c)
{
	const struct event *ev = c->ev;
	struct file *file = NULL;
	vaddr_t addr;

	if (ev->flags & EVF_FILE) {
		struct inode *inode = inode_lookup(c->m, call_name(c));

		if (!inode) { /* its declaration failed */
			c->out->kind = OUTCOME_ORPHAN;
			return;
		}
		if (c->x[X_ARG] & ~PAGE_MASK(c->m)) {
			outcome_error(c->out, -EINVAL);
			return;
		}
		file = file_open(c->m, inode);
		if (!file) {
			outcome_error(c->out, -ENOMEM);
			return;
		}
	}
	addr = sys_mmap(c->task, c->x[X_ADDR], c->x[X_LEN], ev->prot,
			mmap_flags(ev->flags), file, c->x[X_ARG]);
	if (file)
		fput(c->m, file);
	outcome_address(c->out, addr);
}

void call_munmap(struct call *c)
{
	outcome_error(c->out, sys_munmap(c->task, c->x[X_ADDR], c->x[X_LEN]));
}

void call_mprotect(struct call *c)
{
	outcome_error(c->out, sys_mprotect(c->task, c->x[X_ADDR], c->x[X_LEN],
					   c->ev->prot));
}

void call_mremap(struct call *c)
{
	unsigned flags = 0;

	if (c->ev->flags & EVF_MAYMOVE)
		flags |= MREMAP_MAYMOVE_EMU;
	if (c->ev->flags & EVF_FIXED)
		flags |= MREMAP_FIXED_EMU;
	outcome_address(c->out,
			sys_mremap(c->task, c->x[X_ADDR], c->x[X_LEN],
				   c->x[X_ARG], flags, c->x[X_ADDR2]));
}

/* The library's calls: another break than the one asked for is ENOMEM. brk 0
 * asks. */
void call_brk(struct call *c)
{
	vaddr_t brk = sys_brk(c->task, c->x[X_ADDR]);

	outcome_address(c->out, !c->x[X_ADDR] || brk == c->x[X_ADDR]
					? brk
					: ERR_VALUE(-ENOMEM));
}

void call_sbrk(struct call *c)
{
	vaddr_t old = sys_brk(c->task, 0);
	vaddr_t want = c->ev->flags & EVF_NEGATIVE ? old - c->x[X_LEN]
						   : old + c->x[X_LEN];

	if (want != old && sys_brk(c->task, want) != want)
		outcome_error(c->out, -ENOMEM);
	else
		outcome_address(c->out, old);
}

void call_madvise(struct call *c)
{
	outcome_error(c->out, sys_madvise(c->task, c->x[X_ADDR], c->x[X_LEN],
					  c->ev->choice));
}

void call_mlock(struct call *c)
{
	outcome_error(c->out, sys_mlock(c->task, c->x[X_ADDR], c->x[X_LEN]));
}

void call_munlock(struct call *c)
{
	outcome_error(c->out, sys_munlock(c->task, c->x[X_ADDR], c->x[X_LEN]));
}

void call_mlockall(struct call *c)
{
	outcome_error(c->out, sys_mlockall(c->task, c->ev->choice));
}

void call_munlockall(struct call *c)
{
	outcome_error(c->out, sys_munlockall(c->task));
}

void call_msync(struct call *c)
{
	outcome_error(c->out, sys_msync(c->task, c->x[X_ADDR], c->x[X_LEN],
					c->ev->choice));
}

void call_remap_file_pages(struct call *c)
{
	outcome_error(c->out,
		      sys_remap_file_pages(c->task, c->x[X_ADDR], c->x[X_LEN],
					   c->x[X_ARG], 0));
}

void call_sp(struct call *c)
{
	c->task->sp_set = !(c->ev->flags & EVF_NULL);
	c->task->sp = c->x[X_ADDR];
	c->out->kind = OUTCOME_SILENT;
}
