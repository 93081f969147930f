/* test_frames.c - frames, pagemap, pagetables, tables: whole reports. */
#include "core/filemap.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/pgtable.h"
#include "core/task.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x20000000ull
#define R PROT_READ_EMU
#define W PROT_WRITE_EMU
#define FIXED MAP_FIXED_EMU
#define ANON (MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | FIXED)

static struct machine *boot(const char *paging)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = 64u << 20;
	return make_machine(&cfg);
}

static void touch(struct task_struct *task, vaddr_t addr, uint64_t len,
		  enum access_kind kind)
{
	struct access_result res;

	task->m->current = task;
	access_range(task, addr, len, 0, kind, &res);
	cr_assert_eq(res.signal, 0);
}

static void expect_report(const struct machine *m, const char *name,
			  const struct task_struct *task, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	report_find(name)->write(m, task, out);
	fclose(out);
	cr_expect_str_eq(text, expected);
	free(text);
}

/*
 * Two processes by fork, the second with the smaller PID, and a clone: zero
 * page, shared and copied anonymous pages, file and shared memory.
 */
static struct task_struct *populate(struct machine *m, uint32_t pid,
				    uint32_t child_pid)
{
	struct task_struct *task, *child;
	struct inode *inode;

	cr_assert_eq(task_spawn(m, pid, "t", &task), 0);
	m->current = task;
	inode = declare_file(m, "/etc/motd", 10000, true, FS_EXT2);
	sys_mmap(task, BASE, 5 << 12, R | W, ANON, NULL, 0);
	sys_mmap(task, BASE + 0x10000, 0x3000, R, MAP_SHARED_EMU | FIXED,
		 file_open(m, inode), 0);
	sys_mmap(task, BASE + 0x20000, 0x2000, R | W,
		 MAP_SHARED_EMU | MAP_ANONYMOUS_EMU | FIXED, NULL, 0);
	touch(task, BASE + 0x1000, 0x2000, ACCESS_WRITE);
	touch(task, BASE + 0x3000, 1, ACCESS_READ);
	touch(task, BASE + 0x11000, 1, ACCESS_READ);
	touch(task, BASE + 0x21000, 1, ACCESS_WRITE);
	cr_assert_eq(do_fork(task, 0, child_pid, &child), 0);
	touch(child, BASE + 0x2000, 1, ACCESS_WRITE);
	return task;
}

Test(frames, frames_are_numbered_by_pid_and_address)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task = populate(m, 100, 50), *thread;

	expect_report(m, "frames", NULL,
		      "frame 0: 50:0x20001000 100:0x20001000 anon\n"
		      "frame 1: 50:0x20002000 anon\n"
		      "frame 2: 50:0x20003000 100:0x20003000 zero\n"
		      "frame 3: 100:0x20002000 anon\n"
		      "frame 4: 100:0x20011000 file /etc/motd+0x1000\n"
		      "frame 5: 100:0x20021000 file /dev/zero+0x1000\n");
	/* one that shares the mm is listed by its own PID */
	cr_assert_eq(do_fork(task, CLONE_VM_EMU, 70, &thread), 0);
	touch(thread, BASE, 1, ACCESS_WRITE);
	expect_report(m, "frames", NULL,
		      "frame 0: 50:0x20001000 70:0x20001000 100:0x20001000 "
		      "anon\n"
		      "frame 1: 50:0x20002000 anon\n"
		      "frame 2: 50:0x20003000 70:0x20003000 100:0x20003000 "
		      "zero\n"
		      "frame 3: 70:0x20000000 100:0x20000000 anon\n"
		      "frame 4: 70:0x20002000 100:0x20002000 anon\n"
		      "frame 5: 70:0x20011000 100:0x20011000 file "
		      "/etc/motd+0x1000\n"
		      "frame 6: 70:0x20021000 100:0x20021000 file "
		      "/dev/zero+0x1000\n");
	machine_destroy(m);
}

Test(frames, pagemap_has_runs_within_areas)
{
	struct machine *m = boot("x86-pae");
	struct task_struct *task = populate(m, 100, 101);
	struct mm_struct *mm = task->mm;

	expect_report(m, "pagemap", task,
		      "0x20000000-0x20001000 none\n"
		      "0x20001000 present 0\n"
		      "0x20002000 present 1\n"
		      "0x20003000 present 2\n"
		      "0x20004000-0x20005000 none\n"
		      "0x20010000-0x20011000 none\n"
		      "0x20011000 present 3\n"
		      "0x20012000-0x20013000 none\n"
		      "0x20020000-0x20021000 none\n"
		      "0x20021000 present 4\n");
	/* a large area that was never touched is one run */
	sys_mmap(task, BASE + 0x200000, 0x10000000, R, ANON, NULL, 0);
	set_pte_at(mm, BASE + 0x200000, pte_alloc_at(mm, BASE + 0x200000),
		   swp_entry_to_pte(m->fmt, swp_entry(0, 1)));
	set_pte_at(mm, BASE + 0x201000, pte_alloc_at(mm, BASE + 0x201000),
		   swp_entry_to_pte(m->fmt, swp_entry(0, 2)));
	set_pte_at(mm, BASE + 0x202000, pte_alloc_at(mm, BASE + 0x202000),
		   pgoff_to_pte(m->fmt, 2));
	sys_munmap(task, BASE, 0x100000);
	expect_report(m, "pagemap", task,
		      "0x20200000-0x20202000 swap\n"
		      "0x20202000-0x30200000 none\n");
	machine_destroy(m);
}

Test(frames, pagetables_has_flags_and_no_frames)
{
	struct machine *m = boot("x86-pae");
	struct task_struct *task = populate(m, 100, 101);
	struct mm_struct *mm = task->mm;

	set_pte_at(mm, BASE + 0x4000, pte_alloc_at(mm, BASE + 0x4000),
		   swp_entry_to_pte(m->fmt, swp_entry(1, 5)));
	set_pte_at(mm, BASE + 0x12000, pte_alloc_at(mm, BASE + 0x12000),
		   pgoff_to_pte(m->fmt, 7));
	expect_report(m, "pagetables", task,
		      "0x20001000 flags=0x065 nx\n"
		      "0x20002000 flags=0x065 nx\n"
		      "0x20003000 flags=0x225 nx\n"
		      "0x20004000 swap\n"
		      "0x20011000 flags=0x025 nx\n"
		      "0x20012000 file\n"
		      "0x20021000 flags=0x067 nx\n");
	machine_destroy(m);
}

Test(frames, tables_is_a_decoded_tree)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *task;
	char expected[1024];
	paddr_t pgd, pte;
	pfn_t pfn;

	cr_assert_eq(task_spawn(m, 1, "t", &task), 0);
	sys_mmap(task, BASE, 1 << 12, R | W, ANON, NULL, 0);
	touch(task, BASE, 1, ACCESS_WRITE);
	pgd = task->mm->pgd;
	pte = pte_offset(task->mm, BASE);
	pfn = pte_pfn(m->fmt, ptep_get(task->mm, pte));
	snprintf(expected, sizeof(expected),
		 "x86-2level: pgd table in frame 0x%05x, 1 last-level tables\n"
		 "  pgd[128] 0x20000000 at 0x%08x = 0x%08x pte table in frame "
		 "0x%05x present write user accessed dirty\n"
		 "    pte[0] 0x20000000 at 0x%08x = 0x%08x frame 0x%05x "
		 "present write user accessed dirty\n"
		 "  pgd[768-1023] the kernel's, shared by all\n",
		 (unsigned)(pgd >> 12), (unsigned)(pgd + 512),
		 (unsigned)(pte | 0x67), (unsigned)(pte >> 12), (unsigned)pte,
		 pfn << 12 | 0x67, pfn);
	expect_report(m, "tables", task, expected);
	machine_destroy(m);
}

Test(frames, every_format_reports)
{
	for (unsigned i = 0; i < nr_pg_formats; i++) {
		struct machine *m = boot(pg_formats[i].name);
		struct task_struct *task = populate(m, 100, 101);
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		report_tables(m, task, out);
		report_pagetables(m, task, out);
		report_pagemap(m, task, out);
		report_frames(m, NULL, out);
		fclose(out);
		cr_expect_not_null(strstr(text, "file /etc/motd+0x1000"), "%s",
				   pg_formats[i].name);
		free(text);
		machine_destroy(m);
	}
}
