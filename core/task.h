/*
 * task.h - processes: spawn, fork, exec, exit.
 * Linux: kernel/fork.c, kernel/exit.c, fs/exec.c, fs/binfmt_elf.c.
 *
 *   spawn / fork / clone ─► running ── do_exit ─► zombie ── release_task ─► gone
 */
#ifndef MMEMU_CORE_TASK_H
#define MMEMU_CORE_TASK_H

#include "core/check.h"
#include "core/list.h"
#include "core/machine.h"
#include "core/mm.h"

#define TASK_COMM_LEN 16
#define PID_MAX_LIMIT (1u << 22)

enum task_state { TASK_RUNNING, TASK_ZOMBIE };

/* Slab objects and frames that come and go with a task. */
struct task_objects {
	kva_t task_struct, task_xstate, cred, files, fs, sighand, signal, pid,
		sigqueue;
	struct page *stack; /* 2^order frames */
};

struct task_struct {
	struct machine *m;
	uint32_t pid, tgid;
	char comm[TASK_COMM_LEN];
	struct task_struct *parent; /* NULL: init's child */
	struct list_head children, sibling;
	struct list_head tasks; /* m->tasks, in order of creation */
	enum task_state state;
	struct mm_struct *mm; /* NULL once exited */
	bool vfork;	      /* shares the mm until exec or exit */
	uint64_t min_flt, maj_flt;
	bool sp_set;	      /* `sp ADDR`: the stack pointer is fixed at sp */
	vaddr_t sp;
	int exit_code;
	int oom_score_adj;
	uint64_t start_event;
	struct task_objects obj;
	uint32_t host_id;
};

/* clone flags, with the kernel's values */
#define CLONE_VM_EMU 0x00000100u
#define CLONE_VFORK_EMU 0x00004000u

/* Living or zombie, or NULL. */
struct task_struct *find_task_by_pid(const struct machine *m, uint32_t pid);
#define for_each_task(t, m) list_for_each_entry(t, &(m)->tasks, tasks)

/* A process without areas. -EEXIST, -ENOMEM. name NULL: "". */
int task_spawn(struct machine *m, uint32_t pid, const char *name,
	       struct task_struct **out);
/* fork, vfork, clone. -EEXIST if the pid is in use; -ENOMEM. */
int do_fork(struct task_struct *parent, unsigned clone_flags, uint32_t pid,
	    struct task_struct **out);
/* The process ends; a zombie unless cfg.reap is WAIT_AUTO. */
void do_exit(struct task_struct *task, int code);
/* Ended by a signal (its sigqueue object stays with the zombie). */
void do_group_exit_signal(struct task_struct *task, int signal);
/* The parent's wait: the rest of a zombie goes. */
void release_task(struct task_struct *task);

/* ---- mm ---- */
struct mm_struct *mm_alloc(struct machine *m); /* NULL: -ENOMEM */
void mmput(struct mm_struct *mm);  /* a user less; the last: exit_mmap */
void mmdrop(struct mm_struct *mm); /* a reference less; the last frees it */

/* ---- exec ---- */
struct elf_segment {
	vaddr_t vaddr;
	uint64_t offset, filesz, memsz;
	unsigned prot; /* PROT_*_EMU */
};
#define ELF_MAX_SEGMENTS 16
/* What the loader needs of an ELF file; the upper floors read it with libelf,
 * or make it up from `exec PATH text LEN data LEN bss LEN`. */
struct elf_image {
	struct inode *inode;
	bool dyn;		/* ET_DYN */
	int exec_stack;		/* PT_GNU_STACK: 1 executable, 0 not, -1 absent */
	vaddr_t entry;
	unsigned nr_segments;
	struct elf_segment segment[ELF_MAX_SEGMENTS];
	const struct elf_image *interp; /* PT_INTERP, or NULL */
	uint64_t stack_size;	/* room to keep below sp; 0 = the kernel's 128K */
	vaddr_t phdr_vaddr;
	unsigned phnum, phentsize;
};
/* argv, envp: NULL-terminated. 0, or -errno before the point of no return;
 * afterwards a failure kills the task (-errno all the same). */
int do_execve(struct task_struct *task, const struct elf_image *image,
	      const char *filename, const char *const *argv,
	      const char *const *envp);

/* ---- out of memory ---- */
/* Badness of 3.12, the victim is killed; NULL: nobody can be. */
struct task_struct *out_of_memory(struct machine *m, gfp_t gfp, unsigned order);
uint64_t oom_badness(const struct task_struct *task);

void task_check(const struct machine *m, struct checker *c);

#endif
