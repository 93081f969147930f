/*
 * fork.c - new processes and copies of address spaces.
 *
 *	parent                              child
 *	task_struct, stack, cred,   ──►     each anew, in this order (the order
 *	files, fs, sighand, signal          decides the addresses)
 *	mm ─ vma ─ vma ─ vma        ──►     mm ─ vma ─ vma ─ vma
 *	      │     │                              │     │
 *	      └ frames ┘  both tables point to the same frames, read-only
 *	pid                         ──►     last
 *
 * CLONE_VM shares the mm instead: mm_users + 1, nothing is copied. The parent
 * of a vfork is not suspended: events of both come in the trace's order.
 *
 * What stays out of the copy: areas marked VM_DONTCOPY; page tables of areas
 * without an anon_vma (copy_page_range); locks of memory.
 *
 * Linux: kernel/fork.c.
 */
#include "core/ksm.h"
#include "core/filemap.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/slab.h"
#include "core/task.h"
#include "core/vma.h"

#include <string.h>

/* ---- mm_struct ---- */

static struct mm_struct *allocate_mm(struct machine *m)
{
	struct mm_struct *mm;
	uint32_t id;
	kva_t kobj;

	if (kobj_alloc(m, m->caches.mm_struct, GFP_KERNEL, &kobj))
		return NULL;
	mm = hpool_alloc(&m->mm_pool, &id);
	mm->m = m;
	mm->host_id = id;
	mm->kobj = kobj;
	return mm;
}

static void free_mm(struct mm_struct *mm)
{
	struct machine *m = mm->m;

	soft_tlb_destroy(mm);
	kobj_free(m, m->caches.mm_struct, mm->kobj);
	hpool_free(&m->mm_pool, mm->host_id);
}

/* Counters and links of a fresh copy; the top page table. NULL: mm is freed. */
static struct mm_struct *mm_init(struct mm_struct *mm)
{
	story(mm->m);

	mm->mm_users = 1;
	mm->mm_count = 1;
	mm->nr_ptes = 0;
	memset(mm->rss_stat, 0, sizeof(mm->rss_stat));
	mm->def_flags = 0;
	mm->serial = ++mm->m->mms;
	mm->ksm_slot = NULL;
	mm->tlb = NULL;
	mm->pgd = 0;
	if (pgd_alloc(mm)) {
		free_mm(mm);
		return NULL;
	}
	list_add_tail(&mm->mmlist, &mm->m->mm_list);
	return mm;
}

struct mm_struct *mm_alloc(struct machine *m)
{
	struct mm_struct *mm = allocate_mm(m);

	if (!mm)
		return NULL;
	mm->task_size = m->cfg.task_size;
	return mm_init(mm);
}

void mmdrop(struct mm_struct *mm)
{
	story(mm->m, mm->mm_count);

	mm_assert(mm->mm_count > 0);
	if (--mm->mm_count)
		return;
	list_del(&mm->mmlist);
	pgd_free(mm);
	free_mm(mm);
}

void mmput(struct mm_struct *mm)
{
	story(mm->m, mm->mm_users);

	mm_assert(mm->mm_users > 0);
	if (--mm->mm_users)
		return;
	ksm_exit(mm);
	exit_mmap(mm);
	set_mm_exe_file(mm, NULL);
	mmdrop(mm);
}

void set_mm_exe_file(struct mm_struct *mm, struct file *file)
{
	struct file *old = mm->exe_file;

	mm->exe_file = file ? get_file(file) : NULL;
	if (old)
		fput(mm->m, old);
}

/* ---- dup_mm ---- */

/* The file's side of a copied area: its reference and its place in i_mmap. */
static void dup_vma_file(struct vm_area_struct *vma,
			 struct vm_area_struct *mpnt)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	get_file(vma->vm_file);
	mapping = &vma->vm_file->f_inode->i_data;
	if (vma->vm_flags & VM_SHARED)
		mapping->i_mmap_writable++;
	if (vma->vm_flags & VM_NONLINEAR)
		list_add_tail(&vma->shared.nonlinear,
			      &mapping->i_mmap_nonlinear);
	else
		vma_interval_tree_insert_after(vma, mpnt, mapping);
}

/* A copy of mpnt for mm, with its anon_vma chain; not linked. NULL: -ENOMEM. */
static struct vm_area_struct *dup_vma(struct mm_struct *mm,
				      struct vm_area_struct *mpnt)
{
	struct vm_area_struct *vma = vm_area_dup(mpnt);

	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	if (anon_vma_fork(vma, mpnt)) {
		vm_area_free(vma);
		return NULL;
	}
	vma->vm_flags &= ~VM_LOCKED;
	vma->vm_next = vma->vm_prev = NULL;
	return vma;
}

static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *mpnt, *vma, *prev = NULL;
	struct machine *m = mm->m;
	int64_t charge;
	int err;
	story(m);

	if (ksm_fork(mm, oldmm))
		return -ENOMEM;
	for_each_vma(mpnt, oldmm) {
		int64_t pages = (int64_t)vma_pages(mpnt);

		if (mpnt->vm_flags & VM_DONTCOPY) {
			vm_stat_account(mm, mpnt->vm_flags, mpnt->vm_file,
					-pages);
			observe(m, VMA_DONTCOPY, mpnt->vm_start, mpnt->vm_end,
				mpnt->vm_flags, 0);
			continue;
		}
		charge = mpnt->vm_flags & VM_ACCOUNT ? pages : 0;
		if (charge && security_vm_enough_memory(m, charge))
			return -ENOMEM;
		vma = dup_vma(mm, mpnt);
		if (!vma) {
			vm_unacct_memory(m, charge);
			return -ENOMEM;
		}
		dup_vma_file(vma, mpnt);
		vma_link_last(mm, vma, prev);
		prev = vma;
		observe(m, VMA_COPY, vma->vm_start, vma->vm_end, vma->vm_flags,
			0);
		err = copy_page_range(mm, oldmm, mpnt);
		if (err)
			return err;
	}
	return 0;
}

struct mm_struct *dup_mm(struct mm_struct *oldmm)
{
	story(oldmm->m);
	struct mm_struct *mm = allocate_mm(oldmm->m);
	uint32_t host_id;
	kva_t kobj;

	if (!mm)
		return NULL;
	host_id = mm->host_id;
	kobj = mm->kobj;
	*mm = *oldmm;
	mm->host_id = host_id;
	mm->kobj = kobj;
	mm->exe_file = NULL;
	mm->mmap = mm->mmap_cache = NULL;
	memset(&mm->mm_rb, 0, sizeof(mm->mm_rb));
	mm->map_count = 0;
	mm->locked_vm = mm->pinned_vm = 0;
	mm->highest_vm_end = 0;
	if (!mm_init(mm))
		return NULL;
	set_mm_exe_file(mm, oldmm->exe_file);
	if (dup_mmap(mm, oldmm)) {
		soft_tlb_flush_all(oldmm);
		mmput(mm);
		return NULL;
	}
	soft_tlb_flush_all(oldmm);
	mm->hiwater_rss = (uint64_t)get_mm_rss(mm);
	mm->hiwater_vm = mm->total_vm;
	return mm;
}

/* ---- copy_process ---- */

static int alloc_thread_stack(struct task_struct *task)
{
	struct machine *m = task->m;
	unsigned order = thread_order(m);
	struct page *stack = alloc_pages(m, GFP_KERNEL | __GFP_NOTRACK |
						    __GFP_KMEMCG, order);

	if (!stack)
		return -ENOMEM;
	for (unsigned i = 0; i < 1u << order; i++)
		SetPageKernel(stack + i);
	mod_zone_page_state(page_zone(m, stack), NR_KERNEL_STACK, 1);
	task->obj.stack = stack;
	return 0;
}

static void free_thread_stack(struct task_struct *task)
{
	struct machine *m = task->m;
	unsigned order = thread_order(m);
	struct page *stack = task->obj.stack;

	if (!stack)
		return;
	mod_zone_page_state(page_zone(m, stack), NR_KERNEL_STACK, -1);
	for (unsigned i = 0; i < 1u << order; i++)
		ClearPageKernel(stack + i);
	task->obj.stack = NULL;
	__free_pages(m, stack, order);
}

/* Linux: free_task(): stack, FPU state, task_struct. */
static void free_task(struct task_struct *task)
{
	struct machine *m = task->m;

	free_thread_stack(task);
	if (task->obj.task_xstate)
		kobj_free(m, m->caches.task_xstate, task->obj.task_xstate);
	kobj_free(m, m->caches.task_struct, task->obj.task_struct);
	hpool_free(&m->task_pool, task->host_id);
}

static struct task_struct *dup_task_struct(struct machine *m,
					   const struct task_struct *orig)
{
	struct task_struct *task;
	uint32_t id;
	kva_t kobj;
	story(m);

	if (kobj_alloc(m, m->caches.task_struct, GFP_KERNEL, &kobj))
		return NULL;
	task = hpool_alloc(&m->task_pool, &id);
	if (orig)
		*task = *orig;
	memset(&task->obj, 0, sizeof(task->obj));
	task->m = m;
	task->host_id = id;
	task->mm = NULL;
	task->obj.task_struct = kobj;
	INIT_LIST_HEAD(&task->children);
	if (alloc_thread_stack(task))
		goto out_free;
	if (m->cfg.exec_fpu && kobj_alloc(m, m->caches.task_xstate, GFP_KERNEL,
					  &task->obj.task_xstate))
		goto out_free;
	return task;
out_free:
	free_task(task);
	return NULL;
}

/* A structure that a clone flag may share with the parent. */
static struct shared_object *copy_shared(struct machine *m,
					 struct kmem_cache *cachep,
					 struct shared_object *from, bool share)
{
	if (!share || !from)
		return shared_object_alloc(m, cachep);
	from->count++;
	return from;
}

static int copy_creds(struct task_struct *task)
{
	struct machine *m = task->m;
	story(task->m);

	task->obj.cred = shared_object_alloc(m, m->caches.cred_jar);
	return task->obj.cred ? 0 : -ENOMEM;
}

static int copy_files(struct task_struct *task, const struct task_objects *from,
		      unsigned flags)
{
	struct machine *m = task->m;
	story(task->m, flags);

	task->obj.files = copy_shared(m, m->caches.files_cache, from->files,
				      flags & CLONE_FILES_EMU);
	return task->obj.files ? 0 : -ENOMEM;
}

static int copy_fs(struct task_struct *task, const struct task_objects *from,
		   unsigned flags)
{
	struct machine *m = task->m;
	story(task->m, flags);

	task->obj.fs = copy_shared(m, m->caches.fs_cache, from->fs,
				   flags & CLONE_FS_EMU);
	return task->obj.fs ? 0 : -ENOMEM;
}

static int copy_sighand(struct task_struct *task,
			const struct task_objects *from, unsigned flags)
{
	struct machine *m = task->m;
	story(task->m, flags);

	task->obj.sighand = copy_shared(m, m->caches.sighand_cache,
					from->sighand,
					flags & CLONE_SIGHAND_EMU);
	return task->obj.sighand ? 0 : -ENOMEM;
}

static int copy_signal(struct task_struct *task)
{
	struct machine *m = task->m;
	story(task->m);

	return kobj_alloc(m, m->caches.signal_cache, GFP_KERNEL,
			  &task->obj.signal);
}

/* In the kernel's order, which decides the addresses. 0 or -ENOMEM. */
static int copy_structures(struct task_struct *task,
			   const struct task_struct *parent, unsigned flags)
{
	static const struct task_objects none;
	const struct task_objects *from = parent ? &parent->obj : &none;

	return copy_creds(task) || copy_files(task, from, flags) ||
			       copy_fs(task, from, flags) ||
			       copy_sighand(task, from, flags) ||
			       copy_signal(task) ?
		       -ENOMEM :
		       0;
}

static int alloc_pid(struct task_struct *task)
{
	struct machine *m = task->m;
	story(task->m);

	return kobj_alloc(m, m->caches.pid, GFP_KERNEL, &task->obj.pid);
}

/* An empty address space for spawn, as exec would lay it out. */
static struct mm_struct *spawn_mm(struct machine *m)
{
	struct mm_struct *mm = mm_alloc(m);

	if (!mm)
		return NULL;
	arch_pick_mmap_layout(mm);
	/* no program decides where the break is: where one's text would be */
	mm->start_brk = mm->brk = min_t(vaddr_t, SPAWN_BRK,
					ALIGN_DOWN(mm->task_size / 16,
						   PAGE_SIZE(m)));
	return mm;
}

static int copy_mm(struct task_struct *task, struct task_struct *parent,
		   unsigned flags)
{
	struct machine *m = task->m;
	story(m, flags);

	task->min_flt = task->maj_flt = 0;
	task->cmin_flt = task->cmaj_flt = 0;
	if (!parent) {
		task->mm = spawn_mm(m);
	} else if (flags & CLONE_VM_EMU) {
		parent->mm->mm_users++;
		task->mm = parent->mm;
		observe(m, MM_SHARED, parent->pid, parent->mm->mm_users, 0, 0);
	} else {
		task->mm = dup_mm(parent->mm);
	}
	if (!task->mm)
		return -ENOMEM;
	if (!parent || !(flags & CLONE_VM_EMU))
		task->mm->owner = task;
	return 0;
}

/* What copy_process() has got so far goes back, newest first. */
static void bad_fork(struct task_struct *task)
{
	struct machine *m = task->m;
	struct known_caches *k = &m->caches;
	struct task_objects *o = &task->obj;

	if (task->mm)
		mmput(task->mm);
	if (o->signal)
		kobj_free(m, k->signal_cache, o->signal);
	if (o->sighand)
		shared_object_put(m, k->sighand_cache, o->sighand);
	if (o->fs)
		shared_object_put(m, k->fs_cache, o->fs);
	if (o->files)
		shared_object_put(m, k->files_cache, o->files);
	if (o->cred)
		put_cred(m, o->cred);
	free_task(task);
}

static void link_task(struct task_struct *task, struct task_struct *parent,
		      uint32_t pid)
{
	struct machine *m = task->m;

	task->pid = task->tgid = pid;
	task->parent = parent;
	if (parent)
		list_add_tail(&task->sibling, &parent->children);
	else
		INIT_LIST_HEAD(&task->sibling);
	list_add_tail(&task->tasks, &m->tasks);
	m->pid_table[pid] = task;
	m->forks++;
}

/* parent NULL: spawn. */
static int copy_process(struct machine *m, struct task_struct *parent,
			unsigned flags, uint32_t pid, struct task_struct **out)
{
	struct task_struct *task;
	story(m, flags);

	if (!pid || pid > PID_MAX_LIMIT)
		return -EINVAL;
	if (find_task_by_pid(m, pid))
		return -EEXIST;
	task = dup_task_struct(m, parent);
	if (!task)
		return -ENOMEM;
	if (copy_structures(task, parent, flags) ||
	    copy_mm(task, parent, flags) || alloc_pid(task)) {
		bad_fork(task);
		return -ENOMEM;
	}
	task->state = TASK_RUNNING;
	task->vfork = flags & CLONE_VM_EMU;
	task->memdie = false;
	task->exit_code = 0;
	task->start_event = m->event;
	link_task(task, parent, pid);
	observe(m, TASK_NEW, pid, parent ? parent->pid : 0, flags, 0);
	*out = task;
	return 0;
}

int task_spawn(struct machine *m, uint32_t pid, const char *name,
	       struct task_struct **out)
{
	int err = copy_process(m, NULL, 0, pid, out);

	if (err)
		return err;
	set_task_comm(*out, name ? name : "");
	return 0;
}

int do_fork(struct task_struct *parent, unsigned clone_flags, uint32_t pid,
	    struct task_struct **out)
{
	story(parent->m, clone_flags);

	mm_assert(parent->state == TASK_RUNNING);
	return copy_process(parent->m, parent, clone_flags, pid, out);
}

void put_task_struct(struct task_struct *task)
{
	struct machine *m = task->m;

	kobj_free(m, m->caches.signal_cache, task->obj.signal);
	free_task(task);
}
