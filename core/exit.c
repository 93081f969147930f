/*
 * exit.c - the end of a process, in two parts.
 *
 *	do_exit()        mm (the last user: everything mapped), files, fs
 *	   zombie        task_struct, stack, signal, sighand, cred, pid; after
 *	                 a SIGKILL the sigqueue object too
 *	release_task()   the rest, when the parent waits
 *
 * Children of the dead go to init, which waits for zombies at once. With
 * cfg.reap == WAIT_AUTO every parent does.
 *
 * The mm_struct and its top table outlive exit_mmap(): the running task still
 * borrows them until the next context switch, which comes when files and fs
 * are gone.
 *
 * Linux: kernel/exit.c, kernel/signal.c.
 */
#include "core/memcontrol.h"
#include "core/mmu.h"
#include "core/slab.h"
#include "core/task.h"

/* A sigqueue object for a signal; 0 when there is no memory: sent all the same. */
static kva_t sigqueue_alloc(struct machine *m)
{
	kva_t q = 0;

	if (kobj_alloc(m, m->caches.sigqueue, GFP_ATOMIC, &q))
		return 0;
	return q;
}

void force_sig(struct task_struct *task, int signal __unused_arg)
{
	struct machine *m = task->m;
	kva_t q = sigqueue_alloc(m);

	if (q)
		kobj_free(m, m->caches.sigqueue, q);
}

void do_group_exit_signal(struct task_struct *task, int signal)
{
	/* kill(2) queues it for the process, the death takes the thread's own
	 * SIGKILL and leaves the entry; out_of_memory() queues nothing */
	if (signal != EMU_SIGKILL)
		force_sig(task, signal);
	else if (!task->memdie)
		task->obj.sigqueue = sigqueue_alloc(task->m);
	do_exit(task, signal);
}

static void exit_files_fs(struct task_struct *task)
{
	struct machine *m = task->m;

	shared_object_put(m, m->caches.files_cache, task->obj.files);
	task->obj.files = NULL;
	shared_object_put(m, m->caches.fs_cache, task->obj.fs);
	task->obj.fs = NULL;
}

/* Children become init's, which waits for those that are dead already. */
static void forget_original_parent(struct task_struct *father)
{
	struct task_struct *child, *n;

	list_for_each_entry_safe(child, n, &father->children, sibling) {
		list_del_init(&child->sibling);
		child->parent = NULL;
		if (child->state == TASK_ZOMBIE)
			release_task(child);
	}
}

/* The address space, but for the mm_struct: it is borrowed until the next
 * context switch, which drops it. */
static struct mm_struct *exit_mm(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	story(task->m);

	mm->mm_count++;
	task->mm = NULL;
	mm_update_next_owner(task, mm);
	mmput(mm);
	task->memcg = NULL;
	return mm;
}

void do_exit(struct task_struct *task, int code)
{
	struct machine *m = task->m;
	struct mm_struct *mm;
	story(m, code);

	mm_assert(task->state == TASK_RUNNING);
	observe(m, TASK_EXIT, task->pid, code, 0, 0);
	task->exit_code = code;
	m->pid_ended[task->pid] = m->event;
	mm = exit_mm(task);
	exit_files_fs(task);
	forget_original_parent(task);
	task->state = TASK_ZOMBIE;
	mmdrop(mm);
	if (m->cfg.reap == WAIT_AUTO)
		release_task(task);
}

static void add_child_faults(struct task_struct *task)
{
	struct task_struct *parent = task->parent;

	if (!parent)
		return;
	parent->cmin_flt += task->min_flt + task->cmin_flt;
	parent->cmaj_flt += task->maj_flt + task->cmaj_flt;
}

void release_task(struct task_struct *task)
{
	struct machine *m = task->m;
	struct shared_object *cred = task->obj.cred;
	story(m, task->pid);

	mm_assert(task->state == TASK_ZOMBIE);
	observe(m, TASK_GONE, task->pid, 0, 0, 0);
	add_child_faults(task);
	m->pid_table[task->pid] = NULL;
	list_del(&task->tasks);
	if (task->parent)
		list_del(&task->sibling);
	if (m->current == task)
		m->current = NULL;
	if (task->obj.sigqueue)
		kobj_free(m, m->caches.sigqueue, task->obj.sigqueue);
	shared_object_put(m, m->caches.sighand_cache, task->obj.sighand);
	/* what follows waits for RCU in the kernel, in this order */
	kobj_free(m, m->caches.pid, task->obj.pid);
	put_task_struct(task);
	put_cred(m, cred);
}
