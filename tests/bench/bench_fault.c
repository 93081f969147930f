/*
 * bench_fault.c - faults, fork and mmap, beside the real kernel doing the same.
 *
 * Both sides do the same calls for the same pages: on the emulated machine
 * through sys_mmap(), access_range() ..., on this host through mmap(2) and plain
 * stores. Pages have 4 KiB on both.
 */
#define _GNU_SOURCE
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/task.h"
#include "tests/bench/bench.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 16384u
#define PAGE 4096u
#define PAIRS 100000u
#define BASE 0x20000000u
#define GIB ((uint64_t)1 << 30)

static struct machine *machine(uint64_t memory, enum contents_mode contents)
{
	struct machine_config cfg;
	struct machine *m;
	const char *why = "";

	machine_config_default(&cfg);
	cfg.memory = memory;
	cfg.contents = contents;
	strcpy(cfg.paging, "x86-pae");
	cfg.nx = true;
	if (machine_create(&cfg, NULL, &m, &why)) {
		fprintf(stderr, "bench: %s\n", why);
		exit(2);
	}
	return m;
}

static struct task_struct *spawn(struct machine *m, uint32_t pid)
{
	struct task_struct *t;

	if (task_spawn(m, pid, "bench", &t))
		exit(2);
	m->current = t;
	return t;
}

static void emulated_mmap(struct task_struct *t, uint64_t len, struct file *f)
{
	if (sys_mmap(t, BASE, len, PROT_READ_EMU | PROT_WRITE_EMU,
		     MAP_PRIVATE_EMU | MAP_FIXED_EMU |
			     (f ? 0 : MAP_ANONYMOUS_EMU),
		     f, 0) != BASE)
		exit(2);
}

static void emulated_touch(struct task_struct *t, uint64_t pages,
			   enum access_kind kind)
{
	struct access_result res;

	t->m->current = t;
	for (uint64_t i = 0; i < pages; i++)
		access_range(t, BASE + i * PAGE, 1, 0, kind, &res);
}

static char *host_mmap(size_t len, int fd)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (p == MAP_FAILED)
		exit(2);
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static void host_touch(char *p, size_t pages, bool write)
{
	for (size_t i = 0; i < pages; i++) {
		if (write)
			*(volatile char *)(p + i * PAGE) = 1;
		else
			(void)*(volatile char *)(p + i * PAGE);
	}
}

/* ---- first touch ---- */

static double emulated_first(enum contents_mode contents, enum access_kind kind)
{
	struct machine *m = machine(256 << 20, contents);
	struct task_struct *t = spawn(m, 100);
	double start;

	emulated_mmap(t, (uint64_t)PAGES * PAGE, NULL);
	start = now();
	emulated_touch(t, PAGES, kind);
	start = now() - start;
	machine_destroy(m);
	return start;
}

static double host_first(bool write)
{
	char *p = host_mmap((size_t)PAGES * PAGE, -1);
	double start = now();

	host_touch(p, PAGES, write);
	start = now() - start;
	munmap(p, (size_t)PAGES * PAGE);
	return start;
}

/* ---- copy on write: the child writes what it shares ---- */

static double emulated_cow(enum contents_mode contents)
{
	struct machine *m = machine(256 << 20, contents);
	struct task_struct *t = spawn(m, 100), *child;
	double start;

	emulated_mmap(t, (uint64_t)PAGES * PAGE, NULL);
	emulated_touch(t, PAGES, ACCESS_WRITE);
	if (do_fork(t, 0, 101, &child))
		exit(2);
	start = now();
	emulated_touch(child, PAGES, ACCESS_WRITE);
	start = now() - start;
	machine_destroy(m);
	return start;
}

/* Seconds that a child of the host measures. */
static double in_child(double (*measure)(char *p), char *p)
{
	double seconds = 0;
	int fd[2];

	if (pipe(fd))
		exit(2);
	if (!fork()) {
		seconds = measure(p);
		_exit(write(fd[1], &seconds, sizeof(seconds)) < 0);
	}
	close(fd[1]);
	if (read(fd[0], &seconds, sizeof(seconds)) != sizeof(seconds))
		exit(2);
	close(fd[0]);
	wait(NULL);
	return seconds;
}

static double write_all(char *p)
{
	double start = now();

	host_touch(p, PAGES, true);
	return now() - start;
}

static double host_cow(void)
{
	char *p = host_mmap((size_t)PAGES * PAGE, -1);
	double seconds;

	host_touch(p, PAGES, true);
	seconds = in_child(write_all, p);
	munmap(p, (size_t)PAGES * PAGE);
	return seconds;
}

/* ---- a file in the page cache, mapped and read ---- */

static double emulated_file(enum contents_mode contents)
{
	struct machine *m = machine(256 << 20, contents);
	struct task_struct *t = spawn(m, 100);
	struct inode *inode;
	struct file *f;
	double start;

	if (file_declare(m, "/bench", (uint64_t)PAGES * PAGE, 8, 1, 0, true,
			 FS_TMPFS, &inode))
		exit(2);
	f = file_open(m, inode);
	emulated_mmap(t, (uint64_t)PAGES * PAGE, f);
	start = now();
	emulated_touch(t, PAGES, ACCESS_READ);
	start = now() - start;
	fput(m, f);
	machine_destroy(m);
	return start;
}

static double host_file(int fd)
{
	char *p = host_mmap((size_t)PAGES * PAGE, fd);
	double start;

	madvise(p, (size_t)PAGES * PAGE, MADV_RANDOM); /* no fault-around */
	start = now();
	host_touch(p, PAGES, false);
	start = now() - start;
	munmap(p, (size_t)PAGES * PAGE);
	return start;
}

static int host_tmpfile(void)
{
	int fd = memfd_create("bench", 0);
	char *block = need(calloc(1, 1 << 20));

	for (unsigned i = 0; i < PAGES / 256; i++)
		if (write(fd, block, 1 << 20) != 1 << 20)
			exit(2);
	free(block);
	return fd;
}

/* ---- fork of 1 GiB, mmap and munmap ---- */

static double emulated_fork(struct task_struct *t, uint32_t pid)
{
	struct task_struct *child;
	double start = now();

	if (do_fork(t, 0, pid, &child))
		exit(2);
	start = now() - start;
	do_exit(child, 0);
	return start;
}

static double host_fork(void)
{
	double start = now();
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	start = now() - start;
	waitpid(pid, NULL, 0);
	return start;
}

static void bench_fork(void)
{
	struct machine *m = machine(3 * GIB, CONTENTS_OFF);
	struct task_struct *t = spawn(m, 100);
	uint64_t pages = GIB / PAGE;
	struct times ours = {{0}, 0}, theirs = {{0}, 0};
	char *p = host_mmap(GIB, -1);

	emulated_mmap(t, GIB, NULL);
	emulated_touch(t, pages, ACCESS_WRITE);
	host_touch(p, pages, true);
	for (unsigned i = 0; i < TURNS; i++) {
		took(&ours, emulated_fork(t, 200 + i));
		took(&theirs, host_fork());
	}
	munmap(p, GIB);
	machine_destroy(m);
	row("fork, 1 GiB mapped", (double)pages, "pages/s", &ours,
	    "the kernel's fork", &theirs);
}

static double emulated_pairs(void)
{
	struct machine *m = machine(256 << 20, CONTENTS_OFF);
	struct task_struct *t = spawn(m, 100);
	double start = now();

	for (unsigned i = 0; i < PAIRS; i++) {
		emulated_mmap(t, 4 * PAGE, NULL);
		sys_munmap(t, BASE, 4 * PAGE);
	}
	start = now() - start;
	machine_destroy(m);
	return start;
}

static double host_pairs(void)
{
	double start = now();

	for (unsigned i = 0; i < PAIRS; i++)
		munmap(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4 * PAGE);
	return now() - start;
}

int main(void)
{
	struct times first[3] = {{{0}, 0}}, zero[2] = {{{0}, 0}};
	struct times cow[3] = {{{0}, 0}}, file[3] = {{{0}, 0}};
	struct times pairs[2] = {{{0}, 0}};
	int fd = host_tmpfile();

	for (unsigned i = 0; i < TURNS; i++) {
		took(&first[0], emulated_first(CONTENTS_OFF, ACCESS_WRITE));
		took(&first[1], host_first(true));
		took(&first[2], emulated_first(CONTENTS_ON, ACCESS_WRITE));
		took(&zero[0], emulated_first(CONTENTS_OFF, ACCESS_READ));
		took(&zero[1], host_first(false));
		took(&cow[0], emulated_cow(CONTENTS_OFF));
		took(&cow[1], host_cow());
		took(&cow[2], emulated_cow(CONTENTS_ON));
		took(&file[0], emulated_file(CONTENTS_OFF));
		took(&file[1], host_file(fd));
		took(&file[2], emulated_file(CONTENTS_ON));
		took(&pairs[0], emulated_pairs());
		took(&pairs[1], host_pairs());
	}
	row("first write of a page", PAGES, "faults/s", &first[0],
	    "the kernel's", &first[1]);
	row("  with contents", PAGES, "faults/s", &first[2], "the kernel's",
	    &first[1]);
	row("first read: the zero page", PAGES, "faults/s", &zero[0],
	    "the kernel's", &zero[1]);
	row("copy on write", PAGES, "faults/s", &cow[0], "the kernel's", &cow[1]);
	row("  with contents", PAGES, "faults/s", &cow[2], "the kernel's",
	    &cow[1]);
	row("read of a mapped file", PAGES, "faults/s", &file[0],
	    "the kernel's", &file[1]);
	row("  with contents", PAGES, "faults/s", &file[2], "the kernel's",
	    &file[1]);
	row("mmap and munmap of 4 pages", PAIRS, "pairs/s", &pairs[0],
	    "the kernel's", &pairs[1]);
	bench_fork();
	return 0;
}
