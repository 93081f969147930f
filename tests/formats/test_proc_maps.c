/*
 * test_proc_maps.c - maps and smaps, byte for byte.
 */
#include "../core/mm_fixture.h"
#include "formats/report.h"

#include <stdlib.h>

static char *text_of(report_fn write, const struct task_struct *t)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	write(t->m, t, out);
	fclose(out);
	return text;
}

static void expect(report_fn write, const struct task_struct *t,
		   const char *want)
{
	char *got = text_of(write, t);

	cr_expect_str_eq(got, want, "got:\n%s\nwant:\n%s", got, want);
	free(got);
}

static struct file *open_path(struct machine *m, const char *path)
{
	struct inode *inode;

	cr_assert_eq(file_declare(m, path, 5 * PAGE, 0xfd, 1, 4711, true,
				  FS_EXT2, &inode),
		     0);
	return file_open(m, inode);
}

Test(proc_maps, every_column)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 1);
	struct file *file = open_path(m, "/usr/lib/two\nlines");

	m->current = t;
	map(t, BASE, PAGE, RW, MAP_PRIVATE_EMU, NULL);
	map(t, 0x30000000, 2 * PAGE, PROT_READ_EMU, MAP_SHARED_EMU, NULL);
	cr_assert_eq(sys_mmap(t, 0x40000000, 3 * PAGE,
			      PROT_READ_EMU | PROT_EXEC_EMU,
			      MAP_PRIVATE_EMU | MAP_FIXED_EMU, file, 2 * PAGE),
		     0x40000000);
	map(t, 0x50000000, 16 * PAGE, RW, MAP_PRIVATE_EMU | MAP_GROWSDOWN_EMU,
	    NULL);
	sys_brk(t, t->mm->start_brk + 100);
	expect(report_maps, t,
	       "08048000-08049000 rw-p 00000000 00:00 0          [heap]\n"
	       "20000000-20001000 rw-p 00000000 00:00 0 \n"
	       "30000000-30002000 r--s 00000000 00:04 1          "
	       "/dev/zero (deleted)\n"
	       "40000000-40003000 r-xp 00002000 fd:01 4711       "
	       "/usr/lib/two\\012lines\n"
	       "50001000-50010000 rw-p 00000000 00:00 0 \n");
	access_range(t, 0x40000000, 1, 0, ACCESS_READ, &(struct access_result){0});
	expect(report_frames, t,
	       "frame 0: 1:0x40000000 file /usr/lib/two\\012lines+0x2000\n");
	fput(m, file);
	machine_destroy(m);
}

/* A process may call itself anything; its status stays one line a field. */
Test(proc_maps, names_of_two_lines)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 1);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	set_task_comm(t, "a\nb\\c");
	report_status(m, t, out);
	fclose(out);
	cr_expect_eq(strncmp(text, "Name:\ta\\nb\\\\c\nState:", 20), 0, "%s",
		     text);
	free(text);
	machine_destroy(m);
}

Test(proc_maps, the_stack_and_its_guard)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 7);

	m->current = t;
	map(t, 0x50000000, 4 * PAGE, RW, MAP_PRIVATE_EMU | MAP_GROWSDOWN_EMU,
	    NULL);
	map(t, 0x60000000, PAGE, RW, MAP_PRIVATE_EMU, NULL);
	t->mm->start_stack = 0x50003f00;
	t->mm->start_brk = t->mm->brk = 0;
	expect(report_maps, t,
	       "50001000-50004000 rw-p 00000000 00:00 0          [stack]\n"
	       "60000000-60001000 rw-p 00000000 00:00 0 \n");
	/* `sp` speaks of accesses, not of where the process rests */
	t->sp_set = true;
	t->sp = 0x60000800;
	expect(report_maps, t,
	       "50001000-50004000 rw-p 00000000 00:00 0          [stack]\n"
	       "60000000-60001000 rw-p 00000000 00:00 0 \n");
	/* a stack that continues below hides only the lowest page */
	sys_mprotect(t, 0x50002000, PAGE, PROT_READ_EMU);
	expect(report_maps, t,
	       "50001000-50002000 rw-p 00000000 00:00 0 \n"
	       "50002000-50003000 r--p 00000000 00:00 0 \n"
	       "50003000-50004000 rw-p 00000000 00:00 0          [stack]\n"
	       "60000000-60001000 rw-p 00000000 00:00 0 \n");
	machine_destroy(m);
}

Test(proc_maps, offsets_of_anonymous_areas)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 1);

	m->cfg.maps_anon_pgoff = true;
	map_private(t, BASE, 1);
	expect(report_maps, t, "20000000-20001000 rw-p 20000000 00:00 0 \n");
	machine_destroy(m);
}

Test(proc_maps, smaps_of_anonymous_memory)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 1), *child;

	map_private(t, BASE, 5);
	rd(t, BASE);		/* the zero page does not count */
	wr(t, BASE + PAGE);
	wr(t, BASE + 2 * PAGE);
	wr(t, BASE + 3 * PAGE);
	child = fork_task(t, 2);
	wr(child, BASE + PAGE); /* its own now, and the parent's too */
	sys_mlock(t, BASE, 5 * PAGE);
	expect(report_smaps, child,
	       "20000000-20005000 rw-p 00000000 00:00 0 \n"
	       "Size:                 20 kB\n"
	       "Rss:                  12 kB\n"
	       "Pss:                  12 kB\n"
	       "Shared_Clean:          0 kB\n"
	       "Shared_Dirty:          0 kB\n"
	       "Private_Clean:         0 kB\n"
	       "Private_Dirty:        12 kB\n"
	       "Referenced:            4 kB\n"
	       "Anonymous:            12 kB\n"
	       "AnonHugePages:         0 kB\n"
	       "Swap:                  0 kB\n"
	       "KernelPageSize:        4 kB\n"
	       "MMUPageSize:           4 kB\n"
	       "Locked:                0 kB\n"
	       "VmFlags: rd wr mr mw me ac \n");
	expect(report_smaps, t,
	       "20000000-20005000 rw-p 00000000 00:00 0 \n"
	       "Size:                 20 kB\n"
	       "Rss:                  20 kB\n"
	       "Pss:                  20 kB\n"
	       "Shared_Clean:          0 kB\n"
	       "Shared_Dirty:          0 kB\n"
	       "Private_Clean:         0 kB\n"
	       "Private_Dirty:        20 kB\n"
	       "Referenced:           20 kB\n"
	       "Anonymous:            20 kB\n"
	       "AnonHugePages:         0 kB\n"
	       "Swap:                  0 kB\n"
	       "KernelPageSize:        4 kB\n"
	       "MMUPageSize:           4 kB\n"
	       "Locked:               20 kB\n"
	       "VmFlags: rd wr mr mw me lo ac \n");
	machine_destroy(m);
}

Test(proc_maps, shares_of_three)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 1);
	char *text;

	map_private(t, BASE, 2);
	wr(t, BASE);
	wr(t, BASE + PAGE);
	fork_task(t, 2);
	fork_task(t, 3);
	text = text_of(report_smaps, t);
	cr_expect(strstr(text, "Rss:                   8 kB\n"));
	/* 2 * 4096 / 3, whole KiB of it */
	cr_expect(strstr(text, "Pss:                   2 kB\n"));
	cr_expect(strstr(text, "Shared_Dirty:          8 kB\n"));
	free(text);
	machine_destroy(m);
}

Test(proc_maps, nonlinear_areas_have_one_line_more)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 1);
	struct file *file;
	char *text;

	file = open_rw(m, "/t", 8 * PAGE, true, FS_TMPFS);
	m->current = t;
	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	cr_assert_eq(sys_remap_file_pages(t, BASE, 2 * PAGE, 5,
					  MAP_NONBLOCK_EMU),
		     0);
	text = text_of(report_smaps, t);
	cr_expect(strstr(text, "Locked:                0 kB\n"
			       "Nonlinear:             8 kB\n"
			       "VmFlags: rd wr sh mr mw me ms nl \n"),
		  "%s", text);
	free(text);
	fput(m, file);
	check_and_destroy(m);
}
