/* file.c - an input as a file, for readers that take a path. */
#define _GNU_SOURCE /* memfd_create */
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	fuzz_check(fd >= 0, "no memory file");
	fuzz_check(!ftruncate(fd, 0), "ftruncate");
	fuzz_check(pwrite(fd, data, size, 0) == (ssize_t)size, "pwrite");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}
