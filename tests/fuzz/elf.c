/* elf.c - programs that exec reads. */
#include "tests/fuzz/fuzz.h"
#include "trace/elf_image.h"

#include <string.h>

void fuzz_start(const char *name)
{
	(void)name;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN] = "";
	const char *path = fuzz_file(data, size);
	struct elf_image image;
	uint64_t length, start, end;

	memset(&image, 0, sizeof(image));
	if (elf_image_read(&host_default_ops, path, &image, interp, &length,
			   why))
		fuzz_check(why[0], "an error without words");
	elf_relro(&host_default_ops, path, &start, &end);
}
