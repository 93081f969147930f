/* file.c - an input as a file, for readers that take a path. */
#define _GNU_SOURCE /* memfd_create */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fds[FUZZ_FILES];

static const char *put(unsigned nr, const uint8_t *data, size_t size)
{
	static char path[FUZZ_FILES][64];

	if (!fds[nr])
		fds[nr] = memfd_create("fuzz", 0);
	fuzz_check(fds[nr] > 0, "no memory file");
	fuzz_check(!ftruncate(fds[nr], 0), "ftruncate");
	fuzz_check(pwrite(fds[nr], data, size, 0) == (ssize_t)size, "pwrite");
	snprintf(path[nr], sizeof(path[nr]), "/proc/self/fd/%d", fds[nr]);
	return path[nr];
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	return put(0, data, size);
}

unsigned fuzz_files(const uint8_t *data, size_t size, const char **paths)
{
	unsigned nr = 0;

	for (;;) {
		const uint8_t *end = NULL;
		size_t n = size;

		if (size && nr < FUZZ_FILES - 1)
			end = memchr(data, '\f', size);
		if (end)
			n = (size_t)(end - data);
		paths[nr] = put(nr, data, n);
		nr++;
		if (!end)
			return nr;
		data += n + 1;
		size -= n + 1;
	}
}
