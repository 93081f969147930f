/*
 * fail.c - host memory that fails, for LD_PRELOAD: the FAIL_AT-th request of
 * the program or its libraries (malloc, calloc, realloc, or a reservation)
 * gets nothing, and the file FAIL_MARK appears. Programs that it runs have what
 * they ask for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static unsigned long fail_at, requests;

__attribute__((constructor)) static void start(void)
{
	const char *n = getenv("FAIL_AT");

	fail_at = n ? strtoul(n, NULL, 10) : 0;
	unsetenv("FAIL_AT");
	unsetenv("LD_PRELOAD");
}

static int fails(void)
{
	const char *mark;
	int fd;

	if (!fail_at || ++requests != fail_at)
		return 0;
	mark = getenv("FAIL_MARK");
	fd = mark ? open(mark, O_WRONLY | O_CREAT, 0666) : -1;
	if (fd >= 0)
		close(fd);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if ((flags & MAP_NORESERVE) && fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
}
