/* The importer of strace's logs: syntax, halves, processes, places. */
#include "tests/trace/import_fixture.h"
#include "trace/strace_line.h"

#include <sys/stat.h>

#define EXEC "7 execve(\"/nowhere/prog\", [\"prog\"], 0x7ffe /* 3 vars */) = 0\n"
#define EXECED                                        \
	"100 spawn prog\n"                            \
	"100 exec /nowhere/prog text 4096\n"          \
	"100 munmap 0x8048000 4096\n"

/* ---- one line ---- */

Test(strace_line, prefixes)
{
	static const struct {
		const char *line, *rest;
		uint32_t pid;
		bool has_pid, has_time;
		uint64_t time;
	} rows[] = {
		{"brk(NULL) = 0", "brk(NULL) = 0", 0, false, false, 0},
		{"17 brk(", "brk(", 17, true, false, 0},
		{"17    brk(", "brk(", 17, true, false, 0},
		{"[pid    17] brk(", "brk(", 17, true, false, 0},
		{"[pid 17] brk(", "brk(", 17, true, false, 0},
		{"01:00:02 brk(", "brk(", 0, false, true, 3602000000u},
		{"17 01:00:02.5 brk(", "brk(", 17, true, true, 3602500000u},
		{"17 1700000000.25 brk(", "brk(", 17, true, true,
		 1700000000250000u},
		{"     0.000123 brk(", "brk(", 0, false, false, 123},
		{", child_tidptr=1) = 2", ", child_tidptr=1) = 2", 0, false,
		 false, 0},
		{" <unfinished ...>", " <unfinished ...>", 0, false, false, 0},
	};
	struct strace_prefix x;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strace_prefix(rows[i].line, &x);
		cr_expect_str_eq(x.rest, rows[i].rest, "%s", rows[i].line);
		cr_expect_eq(x.has_pid, rows[i].has_pid, "%s", rows[i].line);
		cr_expect_eq(x.has_time, rows[i].has_time, "%s", rows[i].line);
		if (x.has_pid)
			cr_expect_eq(x.pid, rows[i].pid);
		if (x.has_time)
			cr_expect_eq(x.time, rows[i].time, "%s", rows[i].line);
	}
}

Test(strace_line, calls)
{
	char text[] = "mmap2(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE, "
		      "3</a,b(c)>, 0x22000)   = 0xf7faa000";
	char text2[] = "execve(\"/a\\\"b,)\", [\"x\", \"y)\"], {a=1, b=2}) = "
		       "-1 ENOENT (No such file or directory)";
	char text3[] = "clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 8";
	struct strace_call c;
	uint64_t v;

	cr_assert(strace_split(text, &c));
	cr_expect_str_eq(c.name, "mmap2");
	cr_expect_eq(c.nr_args, 6);
	cr_expect(strace_value(c.arg[2], &v) && v == 3);
	cr_expect(strace_value(c.arg[4], &v) && v == 3);
	cr_expect_str_eq(strace_fd_path(c.arg[4]), "/a,b(c)");
	cr_expect(strace_value(c.arg[5], &v) && v == 0x22000);
	cr_expect_str_eq(c.result, "0xf7faa000");

	cr_assert(strace_split(text2, &c));
	cr_expect_eq(c.nr_args, 3);
	cr_expect_str_eq(strace_string(c.arg[0]), "/a\"b,)");
	cr_expect_not(strace_value(c.arg[1], &v));
	cr_expect_eq(c.result[0], '-');

	cr_assert(strace_split(text3, &c));
	cr_expect_str_eq(c.arg[0], "NULL");
	cr_expect(strace_value(c.arg[1], &v) && v == 0x100);
}

Test(strace_line, what_is_no_call)
{
	static const char *const lines[] = {
		"", "(", "brk", "brk(", "brk(1", "brk(1)", "brk(1) =",
		"brk(\"", "brk(\"\\", "brk([1, {2, (3) = 4", "= 3"};
	struct strace_call c;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char text[64];

		strcpy(text, lines[i]);
		cr_expect_not(strace_split(text, &c), "%s", lines[i]);
	}
}

Test(strace_line, strings_and_paths)
{
	char a[] = "\"\\x41\\102\\tc\\\\\"", b[] = "\"cut", c[] = "[1]";
	char d[] = "3</tmp/x (deleted)>", e[] = "4<pipe:[17]>", f[] = "5";

	cr_expect_str_eq(strace_string(a), "AB\tc\\");
	cr_expect_null(strace_string(b));
	cr_expect_null(strace_string(c));
	cr_expect_str_eq(strace_fd_path(d), "/tmp/x");
	cr_expect_null(strace_fd_path(e));
	cr_expect_null(strace_fd_path(f));
}

/* ---- mappings ---- */

/* Calls about ranges, and the descriptors that dup and fcntl make. */
Test(strace, calls_about_ranges)
{
	expect_trace("strace",
		EXEC
		"7 openat(AT_FDCWD, \"/nowhere/lib\", O_RDWR) = 3\n"
		"7 fcntl64(3, F_DUPFD, 10) = 10\n"
		"7 fcntl64(10, F_GETFD) = 0\n"
		"7 dup2(10, 11) = 11\n"
		"7 close(3) = 0\n"
		"7 mmap2(0x50000000, 16384, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, 11, 0) = 0x50000000\n"
		"7 mlock(0x50000000, 4096) = 0\n"
		"7 munlock(0x50000000, 4096) = 0\n"
		"7 msync(0x50000000, 8192, MS_SYNC) = 0\n"
		"7 msync(0x50000000, 8192, MS_ASYNC) = 0\n"
		"7 msync(0x50000000, 8192, MS_INVALIDATE) = 0\n"
		"7 mlockall(MCL_CURRENT|MCL_FUTURE) = 0\n"
		"7 munlockall() = 0\n"
		"7 remap_file_pages(0x50000000, 4096, PROT_NONE, 2, 0) = 0\n"
		"7 madvise(0x50000000, 4096, MADV_DONTDUMP) = 0\n",
		EXECED
		"file /nowhere/lib size 16384\n"
		"100 mmap 0x50000000 16384 rw- shared file /nowhere/lib 0 fixed\n"
		"100 mlock 0x50000000 4096\n"
		"100 munlock 0x50000000 4096\n"
		"100 msync 0x50000000 8192 sync\n"
		"100 msync 0x50000000 8192 async\n"
		"100 msync 0x50000000 8192 invalidate\n"
		"100 mlockall both\n"
		"100 munlockall\n"
		"100 remap_file_pages 0x50000000 4096 2\n"
		"100 madvise 0x50000000 4096 dontdump\n");
}

/* A 64-bit process: windows for heap and mappings, order and offsets kept. */
Test(strace, mappings_of_64_bits_come_down)
{
	expect_trace("strace",
		EXEC
		"7 brk(NULL) = 0x55f68ac0c000\n"
		"7 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f4f7e921000\n"
		"7 openat(AT_FDCWD, \"/nowhere/lib\", O_RDONLY|O_CLOEXEC) = 3\n"
		"7 mmap(NULL, 5000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_DENYWRITE, 3, 0x1000) = 0x7f4f7e915000\n"
		"7 close(3) = 0\n"
		"7 mprotect(0x7f4f7e915000, 4096, PROT_READ) = 0\n"
		"7 brk(0x55f68ac2d000) = 0x55f68ac2d000\n"
		"7 brk(0x55f68ac1d000) = 0x55f68ac1d000\n"
		"7 madvise(0x7f4f7e921000, 4096, MADV_DONTNEED) = 0\n"
		"7 mremap(0x7f4f7e921000, 8192, 16384, MREMAP_MAYMOVE) = 0x7f4f7e900000\n"
		"7 munmap(0x7f4f7e915000, 5000) = 0\n"
		"7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)\n"
		"7 +++ exited with 3 +++\n",
		EXECED
		"100 mmap 0xb5d21000 8192 rw- private anon fixed\n"
		"file /nowhere/lib size 9096\n"
		"100 mmap 0xb5d15000 5000 r-x private file /nowhere/lib 4096 fixed\n"
		"100 mprotect 0xb5d15000 4096 r--\n"
		"100 mmap 0x5880c000 135168 rw- private anon fixed\n"
		"100 munmap 0x5881d000 65536\n"
		"100 madvise 0xb5d21000 4096 dontneed\n"
		"100 mremap 0xb5d21000 8192 16384 maymove fixed 0xb5d00000\n"
		"100 munmap 0xb5d15000 8192\n"
		"mark last\n"
		"100 exit 3\n");
}

/* A 32-bit process on a 64-bit kernel: down by 1 GiB. */
Test(strace, mappings_of_32_bits)
{
	expect_trace("strace",
		EXEC
		"7 mmap2(NULL, 8192, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0xf7faa000\n"
		"7 mmap2(0x20000000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x20000000\n",
		EXECED
		"100 mmap 0xb7faa000 8192 r-- shared anon fixed\n"
		"100 mmap 0x20000000 8192 r-- private anon fixed noreserve\n");
}

Test(strace, what_has_no_place_is_left_out)
{
	struct import_options opt = fixture_options();
	struct imported out;
	static const char log[] = EXEC
		"7 mmap(NULL, 8589934592, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f4f7e921000\n"
		"7 munmap(0x7f4f7e921000, 4096) = 0\n";

	import_bytes(&out, "strace", opt, log, strlen(log));
	cr_expect_str_eq(out.text, "mmemu-trace 1\n" EXECED, "%s", out.text);
	cr_expect(strstr(out.notes, "1 mappings have no place below 3 GiB"));
	free(out.text);
	opt.wide = true;
	import_bytes(&out, "strace", opt, log, strlen(log));
	cr_expect(strstr(out.text, "100 mmap 0x7f4f7e921000 8589934592 --- private anon fixed\n"),
		  "%s", out.text);
	free(out.text);
}

/* ---- processes ---- */

Test(strace, halves_of_calls)
{
	expect_trace("strace",
		EXEC
		"7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>\n"
		"8 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>\n"
		"7 <... clone resumed>, child_tidptr=0xf7fab5a8) = 8\n"
		"7 wait4(8,  <unfinished ...>\n"
		"8 <... mmap resumed>) = 0x20000000\n"
		"8 exit_group(0) = ?\n"
		"8 +++ exited with 0 +++\n"
		"7 <... wait4 resumed>NULL, 0, NULL) = 8\n"
		"7 --- SIGCHLD {si_signo=SIGCHLD} ---\n"
		"7 +++ killed by SIGTERM +++\n",
		EXECED
		"100 fork 101\n"
		"101 mmap 0x20000000 4096 r-- private anon fixed\n"
		"101 exit\n"
		"mark last\n"
		"100 exit\n");
}

/* vfork shares the address space until the child's exec; so does a thread, for
 * good. */
Test(strace, vfork_and_threads)
{
	expect_trace("strace",
		EXEC
		"7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x20000000\n"
		"7 vfork( <unfinished ...>\n"
		"8 munmap(0x20000000, 4096) = 0\n"
		"8 execve(\"/nowhere/a\", [\"a\"], 0x7ffe /* 3 vars */) = 0\n"
		"7 <... vfork resumed>) = 8\n"
		"7 munmap(0x20000000, 4096) = 0\n"
		"7 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD) = 9\n"
		"9 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x20000000\n"
		"7 munmap(0x20000000, 4096) = 0\n",
		EXECED
		"100 mmap 0x20000000 4096 r-- private anon fixed\n"
		"100 vfork 101\n"
		"101 munmap 0x20000000 4096\n"
		"101 exec /nowhere/a text 4096\n"
		"101 munmap 0x8048000 4096\n"
		"100 clone 102\n"
		"102 mmap 0x20000000 4096 r-- private anon fixed\n"
		"100 munmap 0x20000000 4096\n");
}

/* As strace writes to a terminal: the first process has no number while it is
 * alone, and strace's words stand in the midst of a call. */
Test(strace, without_numbers)
{
	expect_trace("strace",
		"execve(\"/nowhere/prog\", [\"prog\"], 0x7ffe /* 3 vars */) = 0\n"
		"clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLDstrace: Process 8 attached\n"
		", child_tidptr=0x7fa62e83ca10) = 8\n"
		"[pid     7] brk(NULL) = 0x20000000\n"
		"[pid     8] brk(NULL) = 0x20000000\n"
		"[pid     8] brk(0x20001000) = 0x20001000\n"
		"[pid     8] +++ exited with 1 +++\n"
		"brk(0x20002000) = 0x20002000\n"
		"+++ exited with 0 +++\n",
		EXECED
		"100 fork 101\n"
		"101 mmap 0x20000000 4096 rw- private anon fixed\n"
		"101 exit 1\n"
		"100 mmap 0x20000000 8192 rw- private anon fixed\n"
		"mark last\n"
		"100 exit\n");
}

Test(strace, what_is_wrong_with_logs)
{
	expect_error("strace", "", 0,
		     "no call of any process, expected a log of strace");
	expect_error("strace", EXEC "\n??\n", 3,
		     "found \"??\", expected a line of strace");
	expect_error("strace", EXEC "7 brk(0x1000\n", 2,
		     "a call that cannot be read, expected NAME(ARGUMENTS) = RESULT");
}

/* strace -ff: one log a process, by turns or by time. */
Test(strace, a_log_for_each_process)
{
	static const char *const logs[2][2] = {
		{"execve(\"/nowhere/prog\", [], 0) = 0\n"
		 "fork() = 8\n"
		 "wait4(8, NULL, 0, NULL) = 8\n"
		 "brk(NULL) = 0x20000000\n"
		 "brk(0x20001000) = 0x20001000\n"
		 "+++ exited with 0 +++\n",
		 "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000000\n"
		 "+++ exited with 0 +++\n"},
		{"5.1 execve(\"/nowhere/prog\", [], 0) = 0\n"
		 "1700000005.2 fork() = 8\n"
		 "1700000005.6 brk(NULL) = 0x20000000\n"
		 "1700000005.7 brk(0x20001000) = 0x20001000\n"
		 "1700000005.9 +++ exited with 0 +++\n",
		 "1700000005.5 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000000\n"
		 "1700000005.8 +++ exited with 0 +++\n"}};
	static const char *const want[2] = {
		"mmemu-trace 1\n" EXECED
		"100 fork 101\n"
		"101 mmap 0x30000000 4096 r-- private anon fixed\n"
		"101 exit\n"
		"100 mmap 0x20000000 4096 rw- private anon fixed\n"
		"mark last\n"
		"100 exit\n",
		"mmemu-trace 1\n" EXECED
		"100 fork 101\n"
		"101 mmap 0x30000000 4096 r-- private anon fixed\n"
		"100 mmap 0x20000000 4096 rw- private anon fixed\n"
		"101 exit\n"
		"mark last\n"
		"100 exit\n"};
	struct imported out;

	for (unsigned i = 0; i < 2; i++) {
		char dir[] = "/tmp/mmemu-strace-XXXXXX", a[64], b[64];
		const char *files[] = {b, a};
		FILE *f;

		cr_assert_not_null(mkdtemp(dir));
		sprintf(a, "%s/log.7", dir);
		sprintf(b, "%s/log.8", dir);
		f = fopen(a, "w");
		/* the first line's time must be one of the day or an epoch */
		fputs(logs[i][0][0] == '5' ? "170000000" : "", f);
		fputs(logs[i][0], f);
		fclose(f);
		f = fopen(b, "w");
		fputs(logs[i][1], f);
		fclose(f);
		import_files(&out, "strace", fixture_options(), 2, files);
		cr_expect_str_eq(out.text, want[i], "%s\n%s", out.error.text,
				 out.text);
		free(out.text);
		unlink(a);
		unlink(b);
		rmdir(dir);
	}
}

/* Nobody writes into it: looked at as a script it would be waited for. */
Test(strace, exec_of_a_fifo, .timeout = 20)
{
	char dir[] = "/tmp/mmemu-strace-XXXXXX", path[64], log[160];
	struct import_options opt = fixture_options();
	struct imported out;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	snprintf(log, sizeof(log), "7 execve(\"%s\", [], 0) = 0\n", path);
	import_bytes(&out, "strace", opt, log, strlen(log));
	cr_expect(strstr(out.notes, "1 programs could not be read"), "%s",
		  out.notes);
	free(out.text);
	unlink(path);
	rmdir(dir);
}

/* A thread's exec goes on under the number of its process's first thread. */
Test(strace, exec_of_a_thread)
{
	expect_trace("strace",
		     EXEC
		     "7 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, child_tid=0x7f0} => {parent_tid=[8]}, 88) = 8\n"
		     "8 execve(\"/nowhere/next\", [\"next\"], 0x7ffc /* 37 vars */ <pid changed to 7 ...>\n"
		     "7 +++ superseded by execve in pid 8 +++\n"
		     "7 <... execve resumed>)             = 0\n"
		     "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x20000000\n"
		     "7 +++ exited with 4 +++\n",
		     "100 spawn prog\n"
		     "100 exec /nowhere/prog text 4096\n"
		     "100 munmap 0x8048000 4096\n"
		     "100 clone 101\n"
		     "mark last\n"
		     "100 exit\n"
		     "101 exec /nowhere/next text 4096\n"
		     "101 munmap 0x8048000 4096\n"
		     "101 mmap 0x20000000 4096 r-- private anon fixed\n"
		     "101 exit 4\n");
}
