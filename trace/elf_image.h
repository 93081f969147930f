/*
 * elf_image.h - what exec needs of a program: read from a real ELF file with
 * libelf, or made up from lengths (`exec PATH text LEN data LEN bss LEN`).
 *
 * Both leave image->inode and image->interp to the caller, who knows which
 * declared file the path is.
 */
#ifndef MMEMU_TRACE_ELF_IMAGE_H
#define MMEMU_TRACE_ELF_IMAGE_H

#include "core/task.h"

#define ELF_ERROR_LEN 256
#define ELF_PATH_MAX 4096

/*
 * Read the ELF file at a host path. interp: room for ELF_PATH_MAX bytes, gets
 * the interpreter's path ("" if the program has none). size (may be NULL): the
 * file's length in bytes. 0, or -errno with one line in why[ELF_ERROR_LEN]:
 * -ENOENT and the like of open(2), -EACCES for a folder or a device, -ENOEXEC when it is
 * no program for x86. (Host memory that libelf does not get is host's failure.)
 */
int elf_image_read(const struct host_ops *host, const char *host_path,
		   struct elf_image *image, char *interp, uint64_t *size,
		   char *why);

/*
 * The pages that a program's loader makes read-only once it has relocated them
 * (PT_GNU_RELRO), as the file numbers them: [*start, *end). false: none, or not
 * an ELF file.
 */
bool elf_relro(const struct host_ops *host, const char *host_path,
	       uint64_t *start, uint64_t *end);

/*
 * A program as a simple 32-bit linker lays it out: text r-x at 0x08048000,
 * data rw- on the next page at the same offset within it, bss behind. Lengths
 * in bytes; text 0 counts as 1. stack: bytes kept below the stack pointer, 0 =
 * the kernel's 128 KiB. The file is text + data bytes long.
 * 0, or -EINVAL when that does not fit below task_size.
 */
int elf_image_synthesize(uint64_t text, uint64_t data, uint64_t bss,
			 uint64_t stack, vaddr_t task_size,
			 struct elf_image *image);

#endif
