/*
 * exec.c - replace an address space by a program.
 *
 *	0xC0000000 ┌──────────────┐ filename, environment, argument strings,
 *	           │    stack     │ platform, random bytes, auxv, pointers, argc
 *	     sp ─► │      ┆       │ grows down; 128 KiB at first, and below them
 *	           │  guard page  │ the page that maps does not show
 *	           └──────────────┘
 *	mmap_base  ┌──────────────┐
 *	           │ interpreter  │ mapped first, then
 *	           │     vdso     │ one page in the next free place
 *	           └──────────────┘
 *	       brk ─► the page after the bss
 *	           │  bss, data   │ bss: anonymous; what it has of data's last
 *	           │     text     │ page is zeroed by a write of the kernel's
 *	0x08048000 └──────────────┘
 *
 * The strings are put into the new mm while the old one still runs: a stack
 * area of one page at the top of user space, faulted in by get_user_pages().
 * Up to flush_old_exec() a failure leaves the task as it was; behind it the
 * task has nothing to return to and dies.
 *
 * Linux: fs/exec.c, fs/binfmt_elf.c, arch/x86/vdso/vdso32-setup.c.
 */
#include "core/exec.h"
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/slab.h"

#include <string.h>

#define BINPRM_BUF_SIZE 128
#define BINPRM_SIZE 216		/* sizeof(struct linux_binprm) */
#define STACK_EXPAND 131072u
#define MAX_ARG_PAGES_EACH 32	/* of one string */
/* while the stack area may still be moved; no other area has both */
#define VM_STACK_INCOMPLETE_SETUP (VM_RAND_READ | VM_SEQ_READ)

/* ---- the first part: new mm, strings ---- */

/* Linux: open_exec(). The file remembers who opened it. */
static struct file *open_exec(struct task_struct *task, struct inode *inode)
{
	struct file *file = file_open(task->m, inode);

	if (file)
		file->f_cred = get_cred(task->obj.cred);
	return file;
}

/* A stack area of one page at the top. Linux: __bprm_mm_init(). */
static int bprm_mm_init(struct linux_binprm *bprm)
{
	struct machine *m = bprm->m;
	struct vm_area_struct *vma;
	int err;
	story(bprm->m);

	bprm->mm = mm_alloc(m);
	if (!bprm->mm)
		return -ENOMEM;
	bprm->mm->owner = bprm->task;
	vma = vm_area_alloc(bprm->mm);
	if (!vma)
		return -ENOMEM;
	vma->vm_end = m->cfg.task_size;
	vma->vm_start = vma->vm_end - PAGE_SIZE(m);
	vma->vm_flags = VM_STACK_FLAGS | VM_STACK_INCOMPLETE_SETUP;
	if (bprm->task->mm->read_implies_exec)
		vma->vm_flags |= VM_EXEC;
	vma_set_page_prot(vma);
	err = insert_vm_struct(bprm->mm, vma);
	if (err) {
		vm_area_free(vma);
		return err;
	}
	bprm->mm->stack_vm = bprm->mm->total_vm = 1;
	bprm->vma = vma;
	bprm->p = vma->vm_end - elf_word(m);
	return 0;
}

/* One piece of a string, within a page. Linux: get_arg_page(). */
static int copy_arg_piece(struct linux_binprm *bprm, vaddr_t pos,
			  const char *bytes, uint64_t len)
{
	uint64_t size;

	if (copy_to_user_mm(bprm->task, bprm->mm, pos, bytes, len))
		return -E2BIG;
	size = bprm->vma->vm_end - bprm->vma->vm_start;
	if (size > MAX_ARG_PAGES_EACH * PAGE_SIZE(bprm->m) &&
	    size > bprm->m->cfg.rlimit_stack / 4)
		return -E2BIG;
	return 0;
}

/* From its end down, page by page, so the stack grows a page at a time. */
static int copy_string(struct linux_binprm *bprm, const char *s)
{
	uint64_t len = strlen(s) + 1, page = PAGE_SIZE(bprm->m);

	if (len > MAX_ARG_PAGES_EACH * page)
		return -E2BIG;
	while (len) {
		uint64_t in_page = (bprm->p - 1) % page + 1;
		uint64_t piece = min_t(uint64_t, len, in_page);
		int err;

		bprm->p -= piece;
		len -= piece;
		err = copy_arg_piece(bprm, bprm->p, s + len, piece);
		if (err)
			return err;
	}
	return 0;
}

static unsigned count_strings(const char *const *strings)
{
	unsigned n = 0;

	while (strings && strings[n])
		n++;
	return n;
}

static int copy_strings(struct linux_binprm *bprm, unsigned n,
			const char *const *strings)
{
	while (n-- > 0) {
		int err = copy_string(bprm, strings[n]);

		if (err)
			return err;
	}
	return 0;
}

static int copy_all_strings(struct linux_binprm *bprm, const char *filename)
{
	int err = copy_string(bprm, filename);

	if (err)
		return err;
	bprm->exec = bprm->p;
	err = copy_strings(bprm, bprm->envc, bprm->envp);
	if (err)
		return err;
	bprm->env_start = bprm->p;
	return copy_strings(bprm, bprm->argc, bprm->argv);
}

/* ---- the point of no return ---- */

/* Signal handlers shared with others are copied. Linux: de_thread(). */
static int unshare_sighand(struct task_struct *task)
{
	struct machine *m = task->m;
	struct shared_object *copy;

	if (task->obj.sighand->count == 1)
		return 0;
	copy = shared_object_alloc(m, m->caches.sighand_cache);
	if (!copy)
		return -ENOMEM;
	shared_object_put(m, m->caches.sighand_cache, task->obj.sighand);
	task->obj.sighand = copy;
	return 0;
}

static int unshare_files(struct task_struct *task)
{
	struct machine *m = task->m;
	struct shared_object *copy;

	if (task->obj.files->count == 1)
		return 0;
	copy = shared_object_alloc(m, m->caches.files_cache);
	if (!copy)
		return -ENOMEM;
	shared_object_put(m, m->caches.files_cache, task->obj.files);
	task->obj.files = copy;
	return 0;
}

static int flush_old_exec(struct linux_binprm *bprm)
{
	story(bprm->m);
	struct task_struct *task = bprm->task;
	struct mm_struct *old = task->mm;
	int err = unshare_sighand(task);

	if (err)
		return err;
	set_mm_exe_file(bprm->mm, bprm->file);
	bprm->mm->read_implies_exec = old->read_implies_exec;
	task->mm = bprm->mm;
	task->vfork = false;
	task->sp_set = false;
	bprm->mm = NULL; /* the task's now */
	mm_update_next_owner(task, old);
	mmput(old);
	return 0;
}

static const char *basename_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * A program that does not ask for a stack without execution gets all readable
 * areas executable. On 32 bits the personality outlives the next exec.
 */
static void setup_new_exec(struct linux_binprm *bprm, const char *filename)
{
	struct mm_struct *mm = bprm->task->mm;

	if (elf_word(bprm->m) == 8)
		mm->read_implies_exec = bprm->image->exec_stack == 1;
	else if (bprm->image->exec_stack != 0)
		mm->read_implies_exec = true;
	arch_pick_mmap_layout(mm);
	set_task_comm(bprm->task, basename_of(filename));
}

/* Linux: setup_arg_pages(), for a stack at the very top (no randomisation). */
static int setup_arg_pages(struct linux_binprm *bprm)
{
	struct machine *m = bprm->m;
	struct mm_struct *mm = bprm->task->mm;
	struct vm_area_struct *vma = bprm->vma, *prev = NULL;
	uint64_t expand = bprm->image->stack_size, rlimit;
	vm_flags_t flags = VM_STACK_FLAGS;
	int err;
	story(bprm->m);

	mm->arg_start = bprm->p;
	if (mm->read_implies_exec && bprm->image->exec_stack != 0)
		flags |= VM_EXEC;
	if (bprm->image->exec_stack == 1)
		flags |= VM_EXEC;
	err = mprotect_fixup(vma, &prev, vma->vm_start, vma->vm_end,
			     flags | mm->def_flags | VM_STACK_INCOMPLETE_SETUP);
	if (err)
		return err;
	vma->vm_flags &= ~VM_STACK_INCOMPLETE_SETUP;
	expand = expand ? PAGE_ALIGN(m, expand) : STACK_EXPAND;
	rlimit = m->cfg.rlimit_stack & PAGE_MASK(m);
	if (vma->vm_end - vma->vm_start + expand > rlimit)
		expand = rlimit - (vma->vm_end - vma->vm_start);
	mm->start_stack = bprm->p;
	return expand_stack(vma, vma->vm_start - expand) ? -EFAULT : 0;
}

/* ---- the whole ---- */

static int prepare_bprm(struct linux_binprm *bprm)
{
	struct machine *m = bprm->m;
	struct task_struct *task = bprm->task;
	int err;

	/* the path's buffer, struct linux_binprm: back at the end */
	if (kobj_alloc(m, m->caches.names_cache, GFP_KERNEL,
		       &bprm->path_kobj))
		return -ENOMEM;
	err = unshare_files(task);
	if (err)
		return err;
	bprm->kobj = kmalloc(m, BINPRM_SIZE, GFP_KERNEL);
	if (!bprm->kobj)
		return -ENOMEM;
	bprm->cred = shared_object_alloc(m, m->caches.cred_jar);
	if (!bprm->cred)
		return -ENOMEM;
	bprm->file = open_exec(task, bprm->image->inode);
	if (!bprm->file)
		return -ENOMEM;
	return bprm_mm_init(bprm);
}

static void free_bprm(struct linux_binprm *bprm)
{
	struct machine *m = bprm->m;

	elf_free_headers(bprm);
	if (bprm->loc_kobj)
		kfree(m, bprm->loc_kobj);
	if (bprm->mm)
		mmput(bprm->mm);
	if (bprm->file)
		fput(m, bprm->file);
	if (bprm->cred)
		put_cred(m, bprm->cred);
	if (bprm->kobj)
		kfree(m, bprm->kobj);
	if (bprm->path_kobj)
		kobj_free(m, m->caches.names_cache, bprm->path_kobj);
}

/* The program's new credentials; the file keeps the old ones. */
static void install_exec_creds(struct linux_binprm *bprm)
{
	struct task_struct *task = bprm->task;

	put_cred(bprm->m, task->obj.cred);
	task->obj.cred = bprm->cred;
	bprm->cred = NULL;
}

/* Behind the point of no return. */
static int start_program(struct linux_binprm *bprm, const char *filename)
{
	int err;

	setup_new_exec(bprm, filename);
	err = setup_arg_pages(bprm);
	if (err)
		return err;
	err = elf_map_program(bprm);
	if (err)
		return err;
	install_exec_creds(bprm);
	return create_elf_tables(bprm);
}

/* *flushed: the point of no return was passed. */
static int load_elf_binary(struct linux_binprm *bprm, const char *filename,
			   bool *flushed)
{
	int err;
	story(bprm->m, bprm->image->entry);

	err = elf_load_headers(bprm);
	if (err)
		return err;
	err = flush_old_exec(bprm);
	if (err)
		return err;
	*flushed = true;
	return start_program(bprm, filename);
}

static int exec_binprm(struct linux_binprm *bprm, const char *filename,
		       bool *flushed)
{
	int err = prepare_bprm(bprm);

	if (err)
		return err;
	err = elf_read_file(bprm->m, bprm->file, 0, BINPRM_BUF_SIZE);
	if (err)
		return err;
	err = copy_all_strings(bprm, filename);
	if (err)
		return err;
	return load_elf_binary(bprm, filename, flushed);
}

int do_execve(struct task_struct *task, const struct elf_image *image,
	      const char *filename, const char *const *argv,
	      const char *const *envp)
{
	struct linux_binprm bprm = {
		.m = task->m,
		.task = task,
		.image = image,
		.argv = argv,
		.envp = envp,
		.argc = count_strings(argv),
		.envc = count_strings(envp),
	};
	bool flushed = false;
	int err;
	story(task->m);

	if (!image->nr_segments || image->elf64 != (elf_word(task->m) == 8))
		return -ENOEXEC;
	err = exec_binprm(&bprm, filename, &flushed);
	free_bprm(&bprm);
	if (err && flushed)
		do_group_exit_signal(task, EMU_SIGKILL);
	return err;
}
