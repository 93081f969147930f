/* The importer: logs as valgrind writes them in, a trace out. */
#include "tests/trace/import_fixture.h"

#include <sys/stat.h>

/* clang-format off */
static const unsigned char elf[] = {
	0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 3, 0, 1, 0, 0, 0,			/* EXEC, 386 */
	0x00, 0x90, 0x04, 0x08,			/* entry 0x08049000 */
	52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	52, 0, 32, 0, 3, 0, 40, 0, 0, 0, 0, 0,
	/* r-- 0x08048000, r-x 0x08049000, rw- 0x0804b800 */
	1, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x80, 0x04, 0x08, 0x00, 0x80, 0x04, 0x08,
	148, 0, 0, 0, 148, 0, 0, 0, 4, 0, 0, 0, 0, 0x10, 0, 0,
	1, 0, 0, 0, 0, 0x10, 0, 0, 0x00, 0x90, 0x04, 0x08, 0x00, 0x90, 0x04, 0x08,
	0, 0x10, 0, 0, 0, 0x10, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
	1, 0, 0, 0, 0, 0x28, 0, 0, 0x00, 0xb8, 0x04, 0x08, 0x00, 0xb8, 0x04, 0x08,
	0, 1, 0, 0, 0, 0x20, 0, 0, 6, 0, 0, 0, 0, 0x10, 0, 0,
};

static const char parent[] =
	"==7== Lackey, an example Valgrind tool\n"
	"==7== Command: ./prog arg\n"
	"==7== Parent PID: 1\n"
	"==7== \n"
	"I  08049000,2\n"
	" S fef0c870,4\n"
	" L 0804b800,4\n"
	" L 0804b804,4\n"
	" L 0804b808,4\n"
	" L 0804b80c,4\n"
	" M 0804b810,1\n"
	"I  08049002,5\n"
	"SYSCALL[7,1](45) sys_brk ( 0x0 ) --> [pre-success] Success(0x804e000) \n"
	"SYSCALL[7,1](45) sys_brk ( 0x804f000 ) --> [pre-success] Success(0x804f000) \n"
	"SYSCALL[7,1](192) sys_mmap2 ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) \n"
	"SYSCALL[7,1](192) sys_mmap2 ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-fail] Failure(0xc) \n"
	"SYSCALL[7,1](125) sys_mprotect ( 0x4835000, 4096, 1 )[sync] --> Success(0x0) \n"
	"SYSCALL[7,1](3) sys_read ( 4, 0x4836000, 512 ) --> [async] ... \n"
	"SYSCALL[7,1](3) ... [async] --> Success(0x20) \n"
	"SYSCALL[7,1](120) sys_clone ( 1200011, 0x0, 0x0, 0x0, 0x80f33e8 )   clone(fork): process 7 created child 9\n"
	" --> [pre-success] Success(0x9) \n"
	"I  08049007,1\n"
	"SYSCALL[7,1](114) sys_wait4 ( -1, 0x0, 0, 0x0 ) --> [async] ... \n"
	"SYSCALL[7,1](114) ... [async] --> Success(0x9) \n"
	"I  08049008,1\n"
	"SYSCALL[7,1](91) sys_munmap ( 0x4835000, 8192 )[sync] --> Success(0x0) \n"
	"SYSCALL[7,1](252) exit_group( 0 ) --> [pre-success] Success(0x0) \n"
	"==7== \n";

static const char child[] =
	"==9== Lackey, an example Valgrind tool\n"
	"==9== Command: ./prog arg\n"
	"==9== Parent PID: 7\n"
	"==9== \n"
	" --> [pre-success] Success(0x0) \n"
	"I  08049007,1\n"
	" S fef0c86c,4\n"
	"SYSCALL[9,1](252) exit_group( 3 ) --> [pre-success] Success(0x0) \n"
	"==9== \n";

static const char want[] =
	"mmemu-trace 1\n"
	"200 spawn prog\n"
	"200 exec /bin/prog text 10240 data 256 bss 7936\n"
	"200 mprotect 0x8048000 4096 r--\n"
	"200 fetch 0x8049000 2\n"
	"200 write 0xbffe0870 4\n"
	"200 read 0x804b800 13 stride 4\n"
	"200 write 0x804b810\n"
	"200 fetch 0x8049002 5\n"
	"200 brk 0x804f000\n"
	"200 mmap 0x4835000 8192 rw- private anon fixed\n"
	"200 mprotect 0x4835000 4096 r--\n"
	"200 write 0x4836000 32\n"
	"200 fork 201\n"
	"200 fetch 0x8049007\n"
	"201 fetch 0x8049007\n"
	"201 write 0xbffe086c 4\n"
	"201 exit 3\n"
	"200 fetch 0x8049008\n"
	"200 munmap 0x4835000 8192\n"
	"mark last\n"
	"200 exit\n";
/* clang-format on */

struct files {
	char dir[64], path[3][96];
};

static void put_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void make_files(struct files *f, const char *a, const char *b)
{
	strcpy(f->dir, "/tmp/mmemu-lackey-XXXXXX");
	cr_assert_not_null(mkdtemp(f->dir));
	for (unsigned i = 0; i < 3; i++)
		sprintf(f->path[i], "%s/%s", f->dir,
			(const char *const[]){"a", "b", "prog"}[i]);
	put_file(f->path[0], a, strlen(a));
	put_file(f->path[1], b, strlen(b));
	put_file(f->path[2], elf, sizeof(elf));
}

static void remove_files(struct files *f)
{
	for (unsigned i = 0; i < 3; i++)
		unlink(f->path[i]);
	rmdir(f->dir);
}

static void run_lackey(struct imported *out, struct files *f, unsigned nr,
		       const char *const *logs)
{
	struct import_options opt = fixture_options();

	opt.program = f->path[2];
	opt.first_pid = 200;
	import_files(out, "lackey", opt, nr, logs);
}

Test(lackey, a_program_and_its_child)
{
	struct imported out;
	struct files f;

	make_files(&f, parent, child);
	/* the order of the logs does not matter */
	for (unsigned i = 0; i < 2; i++) {
		const char *logs[] = {f.path[i], f.path[1 - i]};

		run_lackey(&out, &f, 2, logs);
		cr_expect_str_eq(out.text, want, "%s\nis:\n%snot:\n%s",
				 out.error.text, out.text, want);
		cr_expect_str_eq(out.notes, "");
		free(out.text);
	}
	remove_files(&f);
}

Test(lackey, what_is_wrong_with_logs)
{
	static const struct {
		const char *a, *b, *error;
	} rows[] = {
		{"hello\n", child,
		 "found no \"==PID== Lackey\", expected a log of valgrind --tool=lackey"},
		{"", child, "an empty log"},
		{"==7== Parent PID: 1\nSYSCALL[7,1](45) sys_brk ( 0x0 ) --> [pre-success] Success(0x0)\n",
		 child,
		 "found no instruction, expected --trace-mem=yes and the log of the first process"},
		{"==7== Parent PID: 1\nI  08049000,2\n", child,
		 "no log creates this process, expected the logs of its parents too, from before their execs (mmemu record keeps them)"},
		{"==7== Parent PID: 1\nI  08049000,2\nSYSCALL[7,1\n", child,
		 "a SYSCALL line that cannot be read"},
		{"==7== Parent PID: 1\nI  08049000,2\n",
		 "==7== Parent PID: 1\nSYSCALL[7,1](45) sys_brk ( 0x0 ) --> [pre-success] Success(0x0)\n",
		 "found no instruction, expected what process 7 did after an exec"},
	};
	static const char ended[] =
		"==7== Parent PID: 1\nI  08049000,2\n"
		"SYSCALL[7,1](252) exit_group( 0 ) --> [pre-success] Success(0x0) \n";
	struct imported out;
	struct files f;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		make_files(&f, rows[i].a, rows[i].b);
		const char *logs[] = {f.path[0], f.path[1]};

		run_lackey(&out, &f, 2, logs);
		cr_expect_str_eq(out.error.text, rows[i].error, "%u: %s", i,
				 out.error.text);
		free(out.text);
		remove_files(&f);
	}
	make_files(&f, ended, ended);
	const char *twice[] = {f.path[0], f.path[1]};

	run_lackey(&out, &f, 2, twice);
	cr_expect(strstr(out.error.text, "process 7 ends here, expected no log of what it did after that (/tmp/"),
		  "%s", out.error.text);
	free(out.text);
	remove_files(&f);
	make_files(&f, parent, child);
	const char *logs[] = {f.path[0]};

	run_lackey(&out, &f, 1, logs);
	cr_expect_str_eq(out.error.text, "process 9 was created here, expected its log too");
	cr_expect_eq(out.error.line, 20);
	free(out.text);
	remove_files(&f);
}

/* Where the stack is, is learned from the first access outside all areas; below
 * it grows, far from everything an access is left out. */
Test(lackey, stack_and_what_lies_outside)
{
	static const char log[] =
		"==7== Parent PID: 1\n"
		"I  08049000,2\n"
		" S fef0c870,4\n"
		" S fee0c870,4\n"
		" L 20000000,4\n";
	struct imported out;
	struct files f;

	make_files(&f, log, child);
	const char *logs[] = {f.path[0]};

	run_lackey(&out, &f, 1, logs);
	cr_expect(strstr(out.text, "200 write 0xbffe0870 4\n"), "%s", out.text);
	cr_expect(strstr(out.text, "200 write 0xbfee0870 4\n"), "%s", out.text);
	cr_expect_null(strstr(out.text, "0x20000000"));
	cr_expect_str_eq(out.notes, "1 accesses outside every known area are left out\n");
	free(out.text);
	remove_files(&f);
}

/* ---- what a process did before an exec, in logs of their own ---- */

#define NR_PARTS 7
#define HEAD(pid, parent, command)                        \
	"==" pid "== Lackey, an example Valgrind tool\n"   \
	"==" pid "== Command: " command "\n"               \
	"==" pid "== Parent PID: " parent "\n"             \
	"==" pid "== \n"
#define FORKED " --> [pre-success] Success(0x0) \n"
/* the new valgrind cuts it off there */
#define EXEC(pid) "SYSCALL[" pid ",1](11) sys_execve ( 0x804b800(prog), 0x0 )"
#define FAILS(pid) EXEC(pid) " --> [pre-fail] Failure(0x2) \n"
#define END(pid, status)                       \
	"SYSCALL[" pid ",1](252) exit_group( " \
	status " ) --> [pre-success] Success(0x0) \n"

/* A process makes another with vfork, which execs three times and forks after
 * the first; then it execs itself. */
static const struct part {
	const char *name, *text;
} parts[NR_PARTS] = {
	{"log.7", HEAD("7", "1", "prog last") "I  08049000,1\n" END("7", "0")},
	{"log.7.1",
	 HEAD("7", "1", "./prog first") "I  08049000,7\n"
	 "SYSCALL[7,1](120) sys_clone ( 4111, 0x0, 0x0, 0x0, 0x0 )   clone(fork): process 7 created child 9\n"
	 " --> [pre-success] Success(0x9) \n"
	 "I  08049007,1\n" EXEC("7")},
	{"log.9", HEAD("9", "1", "prog") "I  08049000,5\n" END("9", "3")},
	{"log.9.1", HEAD("9", "7", "./prog first") FORKED
	 "I  08049007,2\n" FAILS("9") "I  08049009,2\n" EXEC("9")},
	{"log.9.2",
	 HEAD("9", "7", "prog") "I  08049000,3\n"
	 "SYSCALL[9,1](2) sys_fork ( )   fork: process 9 created child 10\n"
	 " --> [pre-success] Success(0xa) \n" EXEC("9")},
	{"log.9.10", HEAD("9", "7", "prog") "I  08049000,4\n" EXEC("9")},
	{"log.10", HEAD("10", "9", "prog") FORKED
	 "I  08049003,1\n" END("10", "0")},
};

#define LAID_OUT(pid, path)                                      \
	pid " exec " path " text 10240 data 256 bss 7936\n"      \
	pid " mprotect 0x8048000 4096 r--\n"

static const char parts_want[] =
	"mmemu-trace 1\n"
	"200 spawn prog\n"
	LAID_OUT("200", "/bin/prog")
	"200 fetch 0x8049000 7\n"
	"200 vfork 201\n"
	"201 fetch 0x8049007 2\n"
	"201 fetch 0x8049009 2\n" /* the exec between them failed */
	LAID_OUT("201", "/prog")
	"201 fetch 0x8049000 3\n"
	"201 fork 202\n"
	"202 fetch 0x8049003\n"
	"202 exit\n"
	"200 fetch 0x8049007\n"
	LAID_OUT("201", "/prog")
	"201 fetch 0x8049000 4\n"
	LAID_OUT("200", "/prog")
	"200 fetch 0x8049000\n"
	"mark last\n"
	"200 exit\n"
	LAID_OUT("201", "/prog")
	"201 fetch 0x8049000 5\n"
	"201 exit 3\n";

/* Of one process they may be given in any order. */
static const unsigned char parts_order[][NR_PARTS] = {
	{0, 1, 2, 3, 4, 5, 6},
	{1, 0, 5, 4, 3, 2, 6},
	{1, 3, 6, 5, 0, 4, 2},
};

/* The folder's name out of the text. */
static void cut_out(char *text, const char *dir)
{
	size_t len = strlen(dir);

	while ((text = strstr(text, dir)))
		memmove(text, text + len, strlen(text + len) + 1);
}

static void put_parts(const char *dir, char (*path)[96],
		      const struct part *part, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		sprintf(path[i], "%s/%s", dir, part[i].name);
		put_file(path[i], part[i].text, strlen(part[i].text));
	}
}

Test(lackey, parts_of_a_process)
{
	struct import_options opt = fixture_options();
	const char *logs[NR_PARTS];
	char path[NR_PARTS][96];
	struct imported out;
	struct files f;

	make_files(&f, parent, child);
	put_parts(f.dir, path, parts, NR_PARTS);
	chmod(f.path[2], 0700);
	opt.program = f.path[2];
	opt.search_path = f.dir;
	opt.first_pid = 200;
	for (unsigned i = 0; i < ARRAY_SIZE(parts_order); i++) {
		for (unsigned k = 0; k < NR_PARTS; k++)
			logs[k] = path[parts_order[i][k]];
		import_files(&out, "lackey", opt, NR_PARTS, logs);
		cut_out(out.text, f.dir);
		cr_expect_str_eq(out.text, parts_want, "%s\nis:\n%snot:\n%s",
				 out.error.text, out.text, parts_want);
		cr_expect_str_eq(out.notes, "");
		free(out.text);
	}
	for (unsigned i = 0; i < NR_PARTS; i++)
		unlink(path[i]);
	remove_files(&f);
}

/* Killed before valgrind began to write: a child that only ends, and a process
 * that ends in its exec. */
Test(lackey, empty_logs)
{
	static const struct part killed[] = {
		{"log.7.1",
		 HEAD("7", "1", "prog") "I  08049000,7\n"
		 "SYSCALL[7,1](2) sys_fork ( )   fork: process 7 created child 9\n"
		 " --> [pre-success] Success(0x9) \n" EXEC("7")},
		{"log.7", ""},
		{"log.9", ""},
	};
	const char *logs[ARRAY_SIZE(killed)];
	char path[ARRAY_SIZE(killed)][96];
	struct imported out;
	struct files f;

	make_files(&f, parent, child);
	put_parts(f.dir, path, killed, ARRAY_SIZE(killed));
	for (unsigned i = 0; i < ARRAY_SIZE(killed); i++)
		logs[i] = path[i];
	run_lackey(&out, &f, ARRAY_SIZE(killed), logs);
	cr_expect_str_eq(out.text,
			 "mmemu-trace 1\n"
			 "200 spawn prog\n"
			 LAID_OUT("200", "/bin/prog")
			 "200 fetch 0x8049000 7\n"
			 "200 fork 201\n"
			 "201 exit\n"
			 "mark last\n"
			 "200 exit\n",
			 "%s\n%s", out.error.text, out.text);
	free(out.text);
	for (unsigned i = 0; i < ARRAY_SIZE(killed); i++)
		unlink(path[i]);
	remove_files(&f);
}
