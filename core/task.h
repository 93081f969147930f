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
/* A spawned process has no program: its break begins here, if there is room. */
#define SPAWN_BRK 0x08048000u

enum task_state { TASK_RUNNING, TASK_ZOMBIE };

/*
 * A kernel structure that several holders count references of: cred (tasks,
 * and each file keeps its opener's), files_struct, fs_struct, sighand_struct.
 */
struct shared_object {
	kva_t kobj;
	int count;
	uint32_t host_id; /* in m->shared_pool */
};

/* Slab objects and frames that come and go with a task. */
struct task_objects {
	kva_t task_struct, task_xstate, signal, pid, sigqueue;
	struct shared_object *cred, *files, *fs, *sighand;
	struct page *stack; /* 2^thread_order() frames */
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
	struct mem_cgroup *memcg; /* NULL: the root group */
	bool vfork;	      /* shares the mm until exec or exit */
	bool memdie;	      /* TIF_MEMDIE: chosen by out_of_memory() in the
				 midst of its own event; to be ended after it */
	uint64_t min_flt, maj_flt;
	uint64_t cmin_flt, cmaj_flt; /* of reaped children */
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
#define CLONE_FS_EMU 0x00000200u
#define CLONE_FILES_EMU 0x00000400u
#define CLONE_SIGHAND_EMU 0x00000800u
#define CLONE_VFORK_EMU 0x00004000u

/* Living or zombie, or NULL. */
struct task_struct *find_task_by_pid(const struct machine *m, uint32_t pid);
/* Number of the event in which the last process of that number ended, 0: none
 * has. */
uint64_t pid_ended_in(const struct machine *m, uint32_t pid);
#define for_each_task(t, m) list_for_each_entry(t, &(m)->tasks, tasks)

/* A process without areas. -EINVAL (pid 0 or above PID_MAX_LIMIT), -EEXIST,
 * -ENOMEM. name NULL: "". */
int task_spawn(struct machine *m, uint32_t pid, const char *name,
	       struct task_struct **out);
/* fork, vfork, clone. -EEXIST if the pid is in use; -ENOMEM. */
int do_fork(struct task_struct *parent, unsigned clone_flags, uint32_t pid,
	    struct task_struct **out);
/* The process ends; a zombie unless cfg.reap is WAIT_AUTO. */
void do_exit(struct task_struct *task, int code);
/* Ended by a signal. The sigqueue object of a SIGKILL stays with the zombie;
 * that of a fault's signal is dequeued before the process dies. */
void do_group_exit_signal(struct task_struct *task, int signal);
/* A fault's signal that the process handles and survives: its sigqueue object
 * comes and goes. */
void force_sig(struct task_struct *task, int signal);
/* The end of release_task(): signal, stack, task_struct. */
void put_task_struct(struct task_struct *task);
/* The parent's wait: the rest of a zombie goes. */
void release_task(struct task_struct *task);

void set_task_comm(struct task_struct *task, const char *name);

/* ---- what tasks share ---- */
/* NULL: -ENOMEM. cachep may be NULL (nothing charged). */
struct shared_object *shared_object_alloc(struct machine *m,
					  struct kmem_cache *cachep);
void shared_object_put(struct machine *m, struct kmem_cache *cachep,
		       struct shared_object *obj);
static inline struct shared_object *get_cred(struct shared_object *cred)
{
	cred->count++;
	return cred;
}
void put_cred(struct machine *m, struct shared_object *cred);
/* Order of the block of frames that is a kernel stack. */
unsigned thread_order(const struct machine *m);

/* ---- mm ---- */
struct mm_struct *mm_alloc(struct machine *m); /* NULL: -ENOMEM */
void mmput(struct mm_struct *mm);  /* a user less; the last: exit_mmap */
void mmdrop(struct mm_struct *mm); /* a reference less; the last frees it */
/* fork's: a copy-on-write copy of an address space. NULL: -ENOMEM. */
struct mm_struct *dup_mm(struct mm_struct *oldmm);
/* The mapped file of the program; takes its own reference. NULL: none. */
void set_mm_exe_file(struct mm_struct *mm, struct file *file);

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
	bool elf64;		/* ELFCLASS64: for 64-bit machines only */
	bool dyn;		/* ET_DYN */
	int exec_stack;		/* PT_GNU_STACK: 1 executable, 0 not, -1 absent */
	vaddr_t entry;
	unsigned nr_segments;
	struct elf_segment segment[ELF_MAX_SEGMENTS];
	const struct elf_image *interp; /* PT_INTERP, or NULL */
	uint64_t stack_size;	/* bytes kept below sp; 0 = the kernel's 128K */
	uint64_t phoff;		/* of the program headers in the file */
	unsigned phnum, phentsize;
};
/* argv, envp: NULL-terminated. 0, or -errno before the point of no return;
 * afterwards a failure kills the task (-errno all the same), so ask
 * find_task_by_pid() before using it again. */
int do_execve(struct task_struct *task, const struct elf_image *image,
	      const char *filename, const char *const *argv,
	      const char *const *envp);

/* ---- out of memory ---- */
/* What m->oom_notify is told before anybody is killed. */
struct oom_kill {
	gfp_t gfp;	/* 0, order 0: from a page fault */
	unsigned order;
	const struct task_struct *chosen; /* the worst ... */
	const struct task_struct *victim; /* ... or the worst of its children */
	uint64_t score;	/* of the chosen: thousandths of all memory */
	struct mem_cgroup *memcg; /* the group at its limit; NULL: the machine */
};
/* Badness of 3.12, the victim is killed; NULL: nobody can be. Compare the
 * answer with m->current (marked memdie, not ended); any other is gone. */
struct task_struct *out_of_memory(struct machine *m, gfp_t gfp, unsigned order);
/* The same for a group that is at its limit: one of its processes dies. */
struct task_struct *mem_cgroup_out_of_memory(struct machine *m,
					     struct mem_cgroup *memcg,
					     gfp_t gfp);
/* As the machine sees it, out of all its pages. */
uint64_t oom_badness(const struct task_struct *task);

void task_check(const struct machine *m, struct checker *c);

#endif
