/*
 * exec.h - what exec.c (any program) and binfmt_elf.c (ELF) share.
 * Linux: include/linux/binfmts.h.
 */
#ifndef MMEMU_CORE_EXEC_H
#define MMEMU_CORE_EXEC_H

#include "core/task.h"

struct linux_binprm {
	struct machine *m;
	struct task_struct *task;
	const struct elf_image *image;
	struct file *file, *interpreter; /* each a reference; may be NULL */
	struct shared_object *cred;	 /* for the task, when it succeeds */
	struct mm_struct *mm;		 /* NULL once it is the task's */
	struct vm_area_struct *vma;	 /* the stack */
	vaddr_t p;			 /* its lowest byte in use */
	vaddr_t exec;			 /* the filename's string */
	vaddr_t env_start;
	const char *const *argv, *const *envp;
	unsigned argc, envc;
	vaddr_t load_addr, load_bias, interp_load_addr;
	/* what the kernel keeps in slab memory meanwhile */
	kva_t kobj, path_kobj, loc_kobj, phdr_kobj, interp_kobj;
};

/* Bytes of a word in the program's stack: 4, or 8 on 64-bit machines. */
static inline unsigned elf_word(const struct machine *m)
{
	return m->cfg.task_size > UINT64_C(0x100000000) ? 8 : 4;
}

/* ---- binfmt_elf.c: 0 or -errno ---- */
/* The bytes [pos, pos+len) of a file through the page cache. */
int elf_read_file(struct machine *m, struct file *file, uint64_t pos,
		  uint64_t len);
/* Read the headers, open the interpreter: may still fail without harm. */
int elf_load_headers(struct linux_binprm *bprm);
void elf_free_headers(struct linux_binprm *bprm);
/* Program, bss, interpreter, vdso into the task's mm. */
int elf_map_program(struct linux_binprm *bprm);
/* argc, pointers and auxiliary vector on the stack; bounds in mm. */
int create_elf_tables(struct linux_binprm *bprm);

#endif
