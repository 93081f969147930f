/*
 * test_exec.c - programs as Linux 3.12 (i386) lays them out.
 *
 * The images are the program headers of real ELF files; what is expected of
 * them was read from a real kernel just after execve, before the first
 * instruction.
 */
#include "core/exec.h"
#include "core/slab.h"
#include "core/swap.h"
#include "formats/report.h"
#include "mm_fixture.h"

#include <stdlib.h>

#define R PROT_READ_EMU
#define W PROT_WRITE_EMU
#define X PROT_EXEC_EMU

/* In the order of the bounds in struct program. */
enum { CODE0, CODE1, DATA0, DATA1, BRK0, BRK1, STACK, ARG0, ARG1, ENV0, ENV1,
       NR_BOUNDS };

struct program {
	const char *name;
	const struct elf_image *image, *interp;
	const char *maps;
	vaddr_t bounds[NR_BOUNDS];
	const char *statm;
	unsigned vmpte_kb, nr_present; /* VmPTE with 2-level tables; entries */
};

/* Behind the header, as every linker puts them. */
#define PROGRAM_HEADERS(nr) .phoff = 52, .phnum = (nr), .phentsize = 32

/* clang-format off */
static const struct elf_image ld_tiny = {
	.dyn = true,
	.entry = 0x1000,
	.nr_segments = 4,
	PROGRAM_HEADERS(7),
	.segment = {
		{0x0, 0x0, 0x208, 0x208, R},
		{0x1000, 0x1000, 0x10a, 0x10a, R | X},
		{0x2000, 0x2000, 0x0, 0x0, R},
		{0x2fa0, 0x2fa0, 0xc18, 0x2770, R | W},
	},
};
static const struct elf_image plain = {
	.entry = 0x8049000,
	.nr_segments = 2,
	PROGRAM_HEADERS(3),
	.segment = {
		{0x8048000, 0x0, 0x94, 0x94, R},
		{0x8049000, 0x1000, 0x10a, 0x10a, R | X},
	},
};
static const struct elf_image classic = {
	.entry = 0x8048094,
	.nr_segments = 2,
	PROGRAM_HEADERS(3),
	.segment = {
		{0x8048000, 0x0, 0x19e, 0x19e, R | X},
		{0x804919e, 0x19e, 0x1770, 0x3a9a, R | W},
	},
};
static const struct elf_image bss10 = {
	.entry = 0x8049000,
	.nr_segments = 3,
	PROGRAM_HEADERS(4),
	.segment = {
		{0x8048000, 0x0, 0xb4, 0xb4, R},
		{0x8049000, 0x1000, 0x10a, 0x10a, R | X},
		{0x804a000, 0x2000, 0x14, 0x20, R | W},
	},
};
static const struct elf_image execstack = {
	.exec_stack = 1,
	.entry = 0x8049000,
	.nr_segments = 3,
	PROGRAM_HEADERS(4),
	.segment = {
		{0x8048000, 0x0, 0xb4, 0xb4, R},
		{0x8049000, 0x1000, 0x10a, 0x10a, R | X},
		{0x804a000, 0x2000, 0x14, 0x1014, R | W},
	},
};
static const struct elf_image pie = {
	.dyn = true,
	.entry = 0x1000,
	.nr_segments = 4,
	PROGRAM_HEADERS(7),
	.segment = {
		{0x0, 0x0, 0x13d, 0x13d, R},
		{0x1000, 0x1000, 0x10a, 0x10a, R | X},
		{0x2000, 0x2000, 0x0, 0x0, R},
		{0x2f98, 0x2f98, 0x13f0, 0x6210, R | W},
	},
};
static const struct elf_image with_interp = {
	.entry = 0x8049000,
	.nr_segments = 4,
	PROGRAM_HEADERS(9),
	.segment = {
		{0x8048000, 0x0, 0x198, 0x198, R},
		{0x8049000, 0x1000, 0xc, 0xc, R | X},
		{0x804a000, 0x2000, 0x0, 0x0, R},
		{0x804af98, 0x2f98, 0xcc, 0x200c, R | W},
	},
};

static const struct program programs[] = {
	{"plain", &plain, NULL,
	 "08048000-08049000 r--p 00000000 08:01 100        /bin/plain\n"
	 "08049000-0804a000 r-xp 00001000 08:01 100        /bin/plain\n"
	 "b7fff000-b8000000 r-xp 00000000 00:00 0          [vdso]\n"
	 "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n",
	 {0x8048000, 0x804910a, 0x8049000, 0x804910a, 0x804a000, 0x804a000, 0xbfffff10, 0xbfffffe6, 0xbffffff1, 0xbffffff1, 0xbffffff1},
	 "37 1 0 2 0 35 0", 4, 1},
	{"classic", &classic, NULL,
	 "08048000-08049000 r-xp 00000000 08:01 100        /bin/classic\n"
	 "08049000-0804b000 rw-p 00000000 08:01 100        /bin/classic\n"
	 "0804b000-0804d000 rw-p 00000000 00:00 0          [heap]\n"
	 "b7fff000-b8000000 r-xp 00000000 00:00 0          [vdso]\n"
	 "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n",
	 {0x8048000, 0x804819e, 0x804919e, 0x804a90e, 0x804d000, 0x804d000, 0xbfffff10, 0xbfffffe2, 0xbfffffef, 0xbfffffef, 0xbfffffef},
	 "40 2 0 1 0 37 0", 8, 2},
	{"bss10", &bss10, NULL,
	 "08048000-08049000 r--p 00000000 08:01 100        /bin/bss10\n"
	 "08049000-0804a000 r-xp 00001000 08:01 100        /bin/bss10\n"
	 "0804a000-0804b000 rw-p 00002000 08:01 100        /bin/bss10\n"
	 "b7fff000-b8000000 r-xp 00000000 00:00 0          [vdso]\n"
	 "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n",
	 {0x8048000, 0x804910a, 0x804a000, 0x804a014, 0x804b000, 0x804b000, 0xbfffff10, 0xbfffffe6, 0xbffffff1, 0xbffffff1, 0xbffffff1},
	 "38 2 0 2 0 35 0", 8, 2},
	{"execstack", &execstack, NULL,
	 "08048000-0804a000 r-xp 00000000 08:01 100        /bin/execstack\n"
	 "0804a000-0804b000 rwxp 00002000 08:01 100        /bin/execstack\n"
	 "0804b000-0804c000 rwxp 00000000 00:00 0          [heap]\n"
	 "b7fff000-b8000000 r-xp 00000000 00:00 0          [vdso]\n"
	 "bffdf000-c0000000 rwxp 00000000 00:00 0          [stack]\n",
	 {0x8048000, 0x804910a, 0x804a000, 0x804a014, 0x804c000, 0x804c000, 0xbfffff00, 0xbfffffde, 0xbfffffed, 0xbfffffed, 0xbfffffed},
	 "39 2 0 2 0 36 0", 8, 2},
	{"pie", &pie, NULL,
	 "80000000-80001000 r--p 00000000 08:01 100        /bin/pie\n"
	 "80001000-80002000 r-xp 00001000 08:01 100        /bin/pie\n"
	 "80002000-80005000 rw-p 00002000 08:01 100        /bin/pie\n"
	 "80005000-8000a000 rw-p 00000000 00:00 0          [heap]\n"
	 "b7fff000-b8000000 r-xp 00000000 00:00 0          [vdso]\n"
	 "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n",
	 {0x80000000, 0x8000110a, 0x80002f98, 0x80004388, 0x8000a000, 0x8000a000, 0xbfffff10, 0xbfffffea, 0xbffffff3, 0xbffffff3, 0xbffffff3},
	 "45 2 0 2 0 40 0", 8, 2},
	{"interp", &with_interp, &ld_tiny,
	 "08048000-08049000 r--p 00000000 08:01 100        /bin/interp\n"
	 "08049000-0804a000 r-xp 00001000 08:01 100        /bin/interp\n"
	 "0804a000-0804c000 rw-p 00002000 08:01 100        /bin/interp\n"
	 "0804c000-0804d000 rw-p 00000000 00:00 0          [heap]\n"
	 "b7ff9000-b7ffa000 r-xp 00000000 00:00 0          [vdso]\n"
	 "b7ffa000-b7ffb000 r--p 00000000 08:01 101        /bin/ld-tiny.so\n"
	 "b7ffb000-b7ffc000 r-xp 00001000 08:01 101        /bin/ld-tiny.so\n"
	 "b7ffc000-b7ffe000 rw-p 00002000 08:01 101        /bin/ld-tiny.so\n"
	 "b7ffe000-b8000000 rw-p 00000000 00:00 0 \n"
	 "bffdf000-c0000000 rw-p 00000000 00:00 0          [stack]\n",
	 {0x8048000, 0x804900c, 0x804af98, 0x804b064, 0x804d000, 0x804d000, 0xbfffff10, 0xbfffffe4, 0xbffffff0, 0xbffffff0, 0xbffffff0},
	 "46 3 0 2 0 38 0", 12, 3},
};
/* clang-format on */

static struct inode *declare(struct machine *m, const char *path)
{
	return declare_file(m, path, 64 << 10, true, FS_EXT2);
}

static int exec_with(struct task_struct *task, struct elf_image image,
		     const char *path, const char *const *argv,
		     const char *const *envp)
{
	if (!image.inode)
		image.inode = declare(task->m, path);
	task->m->current = task;
	return do_execve(task, &image, path, argv, envp);
}

static int exec_as(struct task_struct *task, struct elf_image image,
		   const char *path)
{
	const char *argv[] = {path, NULL}, *envp[] = {NULL};

	return exec_with(task, image, path, argv, envp);
}

static char *report_text(report_fn write, const struct task_struct *task)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	write(task->m, task, out);
	fclose(out);
	return text;
}

static void expect_report(report_fn write, const struct task_struct *task,
			  const char *expected)
{
	char *text = report_text(write, task);

	cr_expect_str_eq(text, expected, "%s", task->comm);
	free(text);
}

static void expect_bounds(const struct mm_struct *mm, const struct program *p)
{
	const vaddr_t got[NR_BOUNDS] = {
		mm->start_code, mm->end_code,	 mm->start_data,
		mm->end_data,	mm->start_brk,	 mm->brk,
		mm->start_stack, mm->arg_start,	 mm->arg_end,
		mm->env_start,	mm->env_end};

	for (unsigned i = 0; i < NR_BOUNDS; i++)
		cr_expect_eq(got[i], p->bounds[i], "%s bound %u: %#llx", p->name,
			     i, (unsigned long long)got[i]);
}

/* Each page that the kernel touched: anonymous, written. */
static void expect_entries(const struct task_struct *task,
			   const struct program *p)
{
	char *text = report_text(report_pagetables, task), *at = text;
	unsigned lines = 0;

	for (; *at; at = strchr(at, '\n') + 1, lines++)
		cr_expect(strstr(at, "flags=0x067"), "%s", p->name);
	cr_expect_eq(lines, p->nr_present, "%s: %u", p->name, lines);
	free(text);
}

static void run_program(const char *paging, const struct program *p)
{
	struct machine *m = boot(paging);
	struct task_struct *task = spawn(m, 100);
	struct elf_image image = *p->image, interp;
	char path[32], statm[64];

	snprintf(path, sizeof(path), "/bin/%s", p->name);
	snprintf(statm, sizeof(statm), "%s\n", p->statm);
	image.inode = declare(m, path);
	if (p->interp) {
		interp = *p->interp;
		interp.inode = declare(m, "/bin/ld-tiny.so");
		image.interp = &interp;
	}
	cr_assert_eq(exec_as(task, image, path), 0, "%s", p->name);
	cr_expect_str_eq(task->comm, p->name);
	expect_report(report_maps, task, p->maps);
	expect_report(report_statm, task, statm);
	expect_bounds(task->mm, p);
	expect_entries(task, p);
	if (!strcmp(paging, "x86-2level"))
		cr_expect_eq(task->mm->nr_ptes * 4, p->vmpte_kb);
	check_machine(m);
	do_exit(task, 0);
	cr_expect_eq(m->vm_committed_as, 0);
	check_and_destroy(m);
}

Test(exec, as_measured)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		run_program("x86-2level", &programs[i]);
		run_program("x86-pae", &programs[i]);
	}
}

/* ---- the initial stack ---- */

static uint32_t word_at(struct task_struct *task, vaddr_t addr)
{
	ptep_t ptep = pte_offset(task->mm, addr);
	pfn_t pfn = pte_pfn(task->m->fmt, ptep_get(task->mm, ptep));
	uint32_t v;

	memcpy(&v, task->m->ram + pfn_to_phys(task->m, pfn) + addr % PAGE, 4);
	return v;
}

Test(exec, stack_holds_strings_and_vector)
{
	const char *argv[] = {"a", "bcd", NULL}, *envp[] = {"E=1", NULL};
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	vaddr_t sp;
	char arg[5];

	cr_assert_eq(exec_with(task, plain, "/bin/plain", argv, envp), 0);
	sp = task->mm->start_stack;
	cr_expect_eq(sp % 16, 0);
	cr_expect_eq(word_at(task, sp), 2);
	cr_expect_eq(word_at(task, sp + 4), task->mm->arg_start);
	cr_expect_eq(word_at(task, sp + 8), task->mm->arg_start + 2);
	cr_expect_eq(word_at(task, sp + 12), 0);
	cr_expect_eq(word_at(task, sp + 16), task->mm->env_start);
	cr_expect_eq(word_at(task, sp + 20), 0);
	cr_expect_eq(word_at(task, sp + 24), 32, "AT_SYSINFO");
	cr_expect_eq(word_at(task, sp + 28), 0xb7fff000);
	memcpy(arg, m->ram + pfn_to_phys(m, pte_pfn(m->fmt,
			ptep_get(task->mm, pte_offset(task->mm,
						      0xbffff000)))) +
			    task->mm->arg_start % PAGE + 2, 4);
	arg[4] = '\0';
	cr_expect_str_eq(arg, "bcd");
	machine_destroy(m);
}

/* A string of many pages is put in from its end: the stack grows by pages. */
Test(exec, long_argument)
{
	static char big[100 << 10];
	const char *argv[] = {big, NULL};
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct vm_area_struct *stack;

	memset(big, 'x', sizeof(big) - 1);
	cr_assert_eq(exec_with(task, plain, "/bin/plain", argv, NULL), 0);
	stack = find_vma(task->mm, task->mm->start_stack);
	cr_expect_eq(task->mm->arg_end - task->mm->arg_start, sizeof(big));
	/* 26 pages touched, the guard page, 32 pages of room */
	cr_expect_eq(vma_pages(stack), 59);
	cr_expect_eq(get_mm_counter(task->mm, MM_ANONPAGES), 26);
	check_and_destroy(m);
}

/* The value behind the type in the auxiliary vector. */
static uint32_t aux_value(struct task_struct *task, uint32_t type)
{
	vaddr_t at = task->mm->start_stack + 4;

	for (unsigned nulls = 0; nulls < 2; at += 4)
		nulls += !word_at(task, at);
	for (; word_at(task, at); at += 8)
		if (word_at(task, at) == type)
			return word_at(task, at + 4);
	cr_assert_fail("no %u in the vector", type);
	return 0;
}

/* Numbers of <linux/auxvec.h>. The platform's name is the last thing below the
 * strings, at a multiple of 16, and 16 random bytes are below it. */
Test(exec, auxiliary_vector)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	vaddr_t platform;

	cr_assert_eq(exec_as(task, plain, "/bin/plain"), 0);
	platform = (task->mm->arg_start & ~(vaddr_t)15) - sizeof("i686");
	cr_expect_eq(aux_value(task, 3), 0x8048000 + 52, "AT_PHDR");
	cr_expect_eq(aux_value(task, 4), 32, "AT_PHENT");
	cr_expect_eq(aux_value(task, 5), 3, "AT_PHNUM");
	cr_expect_eq(aux_value(task, 6), 4096, "AT_PAGESZ");
	cr_expect_eq(aux_value(task, 7), 0, "AT_BASE");
	cr_expect_eq(aux_value(task, 9), 0x8049000, "AT_ENTRY");
	cr_expect_eq(aux_value(task, 15), platform, "AT_PLATFORM");
	cr_expect_eq(aux_value(task, 17), 100, "AT_CLKTCK");
	cr_expect_eq(aux_value(task, 25), platform - 16, "AT_RANDOM");
	cr_expect_eq(aux_value(task, 31), task->mm->env_end, "AT_EXECFN");
	cr_expect(holds(task, platform, "i686"));
	cr_expect(holds(task, task->mm->env_end, "/bin/plain"));
	machine_destroy(m);
}

/* ---- the interpreter ---- */

/* One that asks for an address gets it, unless the program itself was moved. */
Test(exec, a_prelinked_interpreter)
{
	static const struct elf_image *const image[] = {&with_interp, &pie};
	const vaddr_t wanted = 0x40000000;

	for (unsigned i = 0; i < 2; i++) {
		struct machine *m = boot("x86-2level");
		struct task_struct *task = spawn(m, 100);
		struct elf_image program = *image[i], interp = ld_tiny;
		vaddr_t base;

		interp.inode = declare(m, "/bin/ld-tiny.so");
		for (unsigned s = 0; s < interp.nr_segments; s++)
			interp.segment[s].vaddr += wanted;
		program.interp = &interp;
		cr_assert_eq(exec_as(task, program, "/bin/program"), 0);
		base = wanted + aux_value(task, 7);
		cr_expect_eq(base == wanted, i == 0);
		cr_expect_eq(base, i ? 0xb7ffa000 : wanted, "at 0x%llx",
			     (unsigned long long)base);
		cr_expect_eq(find_vma(task->mm, base)->vm_file->f_inode,
			     interp.inode);
		check_and_destroy(m);
	}
}

/* ---- failures ---- */

static struct task_struct *boot_adjusted(uint64_t rlimit_stack,
					 enum overcommit_mode overcommit)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64ull << 20;
	cfg.rlimit_stack = rlimit_stack;
	cfg.overcommit = overcommit;
	return spawn(make_machine(&cfg), 100);
}

/* One page of stack: the strings fit into it, the tables below do not. */
Test(exec, a_stack_too_small_for_its_tables_kills)
{
	char arg[3953];
	const char *argv[] = {arg, NULL};
	struct task_struct *task = boot_adjusted(PAGE, OVERCOMMIT_GUESS);
	struct machine *m = task->m;

	memset(arg, 'x', sizeof(arg));
	arg[sizeof(arg) - 400] = '\0';
	cr_assert_eq(exec_with(task, plain, "/bin/first", argv, NULL), 0);
	arg[sizeof(arg) - 400] = 'x';
	arg[sizeof(arg) - 1] = '\0';
	cr_expect_eq(exec_with(task, plain, "/bin/plain", argv, NULL), -EFAULT);
	cr_expect_null(find_task_by_pid(m, 100));
	check_and_destroy(m);
}

/* The new stack is charged before the old program goes. */
Test(exec, without_room_to_commit_nothing_changes)
{
	struct task_struct *task = boot_adjusted(8 << 20, OVERCOMMIT_NEVER);
	struct machine *m = task->m;
	struct mm_struct *mm = task->mm;
	int64_t charged = 0;

	while (!security_vm_enough_memory(m, 1))
		charged++;
	cr_expect_eq(exec_as(task, plain, "/bin/first"), -ENOMEM);
	cr_expect_eq(task->mm, mm);
	cr_expect_eq(find_task_by_pid(m, 100), task);
	cr_expect_eq(m->vm_committed_as, charged);
	vm_unacct_memory(m, charged);
	check_machine(m);
	cr_expect_eq(exec_as(task, plain, "/bin/plain"), 0);
	check_and_destroy(m);
}


Test(exec, too_long_a_string_changes_nothing)
{
	static char big[(128 << 10) + 1];
	const char *argv[] = {big, NULL};
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct mm_struct *mm = task->mm;

	memset(big, 'x', sizeof(big) - 1);
	cr_expect_eq(exec_with(task, plain, "/bin/plain", argv, NULL), -E2BIG);
	cr_expect_eq(task->mm, mm);
	cr_expect_str_eq(task->comm, "test");
	cr_expect_eq(m->vm_committed_as, 0);
	check_and_destroy(m);
}

Test(exec, other_machine)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct elf_image image = plain;

	image.elf64 = true;
	cr_expect_eq(exec_as(task, image, "/bin/plain"), -ENOEXEC);
	cr_expect(task->mm);
	machine_destroy(m);
}

/* A segment beyond user space is found behind the point of no return. */
Test(exec, failure_too_late_kills)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct elf_image image = plain;

	image.segment[1].memsz = 0xb8000000;
	cr_expect_lt(exec_as(task, image, "/bin/plain"), 0);
	cr_expect_null(find_task_by_pid(m, 100));
	cr_expect_eq(m->vm_committed_as, 0);
	check_and_destroy(m);
}

/* ---- who shares, who inherits ---- */

Test(exec, vfork_child_leaves_the_parents_mm)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *parent = spawn(m, 100), *child;
	struct mm_struct *mm = parent->mm;

	map(parent, BASE, 4 * PAGE, R | W, MAP_PRIVATE_EMU, NULL);
	m->current = parent;
	cr_assert_eq(do_fork(parent, CLONE_VM_EMU | CLONE_VFORK_EMU, 101,
			     &child), 0);
	cr_expect_eq(child->mm, mm);
	cr_expect_eq(mm->mm_users, 2);
	cr_assert_eq(exec_as(child, plain, "/bin/plain"), 0);
	cr_expect_neq(child->mm, mm);
	cr_expect_eq(parent->mm, mm);
	cr_expect_eq(mm->mm_users, 1);
	cr_expect_eq(mm->map_count, 1);
	check_and_destroy(m);
}

/* Handlers that others use are copied; one's own are kept. */
Test(exec, signal_handlers_are_ones_own)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *parent = spawn(m, 100), *child;
	struct shared_object *shared = parent->obj.sighand;

	m->current = parent;
	cr_assert_eq(do_fork(parent, CLONE_VM_EMU | CLONE_SIGHAND_EMU, 101,
			     &child), 0);
	cr_assert_eq(child->obj.sighand, shared);
	cr_assert_eq(shared->count, 2);
	cr_assert_eq(exec_as(child, plain, "/bin/plain"), 0);
	cr_expect_neq(child->obj.sighand, shared);
	cr_expect_eq(child->obj.sighand->count, 1);
	cr_expect_eq(parent->obj.sighand, shared);
	cr_expect_eq(shared->count, 1);
	cr_assert_eq(exec_as(parent, plain, "/bin/plain2"), 0);
	cr_expect_eq(parent->obj.sighand, shared);
	cr_expect_eq(kmem_cache_live(m->caches.sighand_cache), 2);
	check_and_destroy(m);
}

/* The personality that an executable stack brings stays with later programs. */
Test(exec, read_implies_exec_is_inherited)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct vm_area_struct *vma;

	cr_assert_eq(exec_as(task, execstack, "/bin/execstack"), 0);
	cr_assert_eq(exec_as(task, plain, "/bin/plain"), 0);
	vma = find_vma(task->mm, 0x08048000);
	cr_expect(vma->vm_flags & VM_EXEC);
	vma = find_vma(task->mm, task->mm->start_stack);
	cr_expect_not(vma->vm_flags & VM_EXEC);
	machine_destroy(m);
}

/* Pages of a cold program that exec has read: its headers' window. */
Test(exec, headers_of_a_cold_file_are_read)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct elf_image image = plain;

	image.inode = declare_file(m, "/bin/cold", 64 << 10, false, FS_EXT2);
	cr_assert_eq(exec_as(task, image, "/bin/cold"), 0);
	cr_expect_eq(image.inode->i_data.nrpages, 4);
	cr_expect_eq(task->maj_flt, 0);
	machine_destroy(m);
}

/* And of its interpreter: what then is written to is in memory already. */
Test(exec, headers_of_a_cold_interpreter_are_read)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = spawn(m, 100);
	struct elf_image program = with_interp, interp = ld_tiny;

	interp.inode = declare_file(m, "/bin/ld-cold.so", 64 << 10, false,
				    FS_EXT2);
	program.interp = &interp;
	program.inode = declare_file(m, "/bin/warm", 64 << 10, true, FS_EXT2);
	cr_assert_eq(exec_as(task, program, "/bin/warm"), 0);
	cr_expect_eq(interp.inode->i_data.nrpages, 4);
	cr_expect_eq(task->maj_flt, 0);
	lru_add_drain(m);
	cr_expect(PageActive(find_page(&interp.inode->i_data, 0)),
		  "read twice: the first bytes, the program headers");
	machine_destroy(m);
}
