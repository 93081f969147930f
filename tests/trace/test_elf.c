/* test_elf.c - program headers from files, and made up from lengths. */
#include "trace/elf_image.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TASK_SIZE 0xC0000000u

/* A 32-bit program with text, data and bss, interpreter, executable stack. */
struct tiny {
	Elf32_Ehdr eh;
	Elf32_Phdr ph[4];
	char interp[16];
};

static struct tiny tiny_elf(void)
{
	struct tiny t = {0};

	memcpy(t.eh.e_ident, ELFMAG, SELFMAG);
	t.eh.e_ident[EI_CLASS] = ELFCLASS32;
	t.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	t.eh.e_ident[EI_VERSION] = EV_CURRENT;
	t.eh.e_type = ET_EXEC;
	t.eh.e_machine = EM_386;
	t.eh.e_version = EV_CURRENT;
	t.eh.e_entry = 0x08048100;
	t.eh.e_phoff = sizeof(t.eh);
	t.eh.e_ehsize = sizeof(t.eh);
	t.eh.e_phentsize = sizeof(t.ph[0]);
	t.eh.e_phnum = 4;
	strcpy(t.interp, "/lib/ld.so");
	t.ph[0] = (Elf32_Phdr){.p_type = PT_INTERP,
			       .p_offset = offsetof(struct tiny, interp),
			       .p_filesz = sizeof("/lib/ld.so")};
	t.ph[1] = (Elf32_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x08048000,
			       .p_filesz = 0x180, .p_memsz = 0x180,
			       .p_flags = PF_R | PF_X};
	t.ph[2] = (Elf32_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x08049180,
			       .p_offset = 0x180, .p_filesz = 0x20,
			       .p_memsz = 0x1000, .p_flags = PF_R | PF_W};
	t.ph[3] = (Elf32_Phdr){.p_type = PT_GNU_STACK,
			       .p_flags = PF_R | PF_W | PF_X};
	return t;
}

static int read_bytes(const void *bytes, size_t len, struct elf_image *image,
		      char *interp, uint64_t *size, char *why)
{
	char path[] = "/tmp/mmemu-elf-XXXXXX";
	int fd = mkstemp(path), err;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	err = elf_image_read(&host_default_ops, path, image, interp, size, why);
	unlink(path);
	return err;
}

Test(elf, headers)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN];
	struct tiny t = tiny_elf();
	struct elf_image image;
	uint64_t size;

	cr_assert_eq(read_bytes(&t, sizeof(t), &image, interp, &size, why), 0,
		     "%s", why);
	cr_expect_eq(size, sizeof(t));
	cr_expect_str_eq(interp, "/lib/ld.so");
	cr_expect_not(image.elf64);
	cr_expect_not(image.dyn);
	cr_expect_eq(image.exec_stack, 1);
	cr_expect_eq(image.entry, 0x08048100);
	cr_expect_eq(image.phoff, sizeof(Elf32_Ehdr));
	cr_expect_eq(image.phnum, 4);
	cr_assert_eq(image.nr_segments, 2);
	cr_expect_eq(image.segment[0].prot, PROT_READ_EMU | PROT_EXEC_EMU);
	cr_expect_eq(image.segment[1].vaddr, 0x08049180);
	cr_expect_eq(image.segment[1].offset, 0x180);
	cr_expect_eq(image.segment[1].filesz, 0x20);
	cr_expect_eq(image.segment[1].memsz, 0x1000);
}

Test(elf, no_stack_header)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN];
	struct tiny t = tiny_elf();
	struct elf_image image;

	t.eh.e_phnum = 3;
	t.eh.e_type = ET_DYN;
	cr_assert_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why), 0);
	cr_expect_eq(image.exec_stack, -1);
	cr_expect(image.dyn);
}

/* Every file that is no program for x86 is told so in one line. */
Test(elf, refused)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN];
	struct elf_image image;
	struct tiny t;

	cr_expect_eq(elf_image_read(&host_default_ops, "/nonexistent/file",
				    &image, interp, NULL, why), -ENOENT);
	cr_expect_str_eq(why, "No such file or directory");
	cr_expect_eq(elf_image_read(&host_default_ops, "/", &image, interp,
				    NULL, why), -EACCES);
	cr_expect_str_eq(why, "no regular file");
	cr_expect_eq(read_bytes("#!/bin/sh\n", 10, &image, interp, NULL, why),
		     -ENOEXEC);
	cr_expect_str_eq(why, "not an ELF file");
	t = tiny_elf();
	t.eh.e_machine = EM_ARM;
	cr_expect_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why),
		     -ENOEXEC);
	cr_expect_str_eq(why, "not a program for x86");
	t = tiny_elf();
	t.eh.e_type = ET_REL;
	cr_expect_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why),
		     -ENOEXEC);
	t = tiny_elf();
	t.eh.e_phentsize = sizeof(t.ph[0]) + 8;
	cr_expect_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why),
		     -ENOEXEC);
	cr_expect_str_eq(why, "program headers of 40 bytes");
	t = tiny_elf();
	t.ph[2].p_memsz = 1;
	cr_expect_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why),
		     -ENOEXEC);
	t = tiny_elf();
	t.ph[0].p_offset = 100000;
	cr_expect_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why),
		     -ENOEXEC);
	t = tiny_elf();
	t.eh.e_phnum = 1;
	cr_expect_eq(read_bytes(&t, sizeof(t), &image, interp, NULL, why),
		     -ENOEXEC);
	cr_expect_str_eq(why, "no PT_LOAD segment");
}

/* Cut anywhere, a file is refused or read, never more. */
Test(elf, truncated)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN];
	struct tiny t = tiny_elf();
	struct elf_image image;

	for (size_t len = 0; len < sizeof(t); len++)
		if (read_bytes(&t, len, &image, interp, NULL, why))
			cr_expect_neq(why[0], '\0');
}

/* Where ld.so makes relocated data read-only: whole pages, rounded down. */
Test(elf, relro)
{
	char path[] = "/tmp/mmemu-elf-XXXXXX";
	struct tiny t = tiny_elf();
	uint64_t start = 0, end = 0;
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	t.ph[3] = (Elf32_Phdr){.p_type = PT_GNU_RELRO, .p_vaddr = 0x08049180,
			       .p_memsz = 0x2f00};
	cr_assert_eq(write(fd, &t, sizeof(t)), (ssize_t)sizeof(t));
	close(fd);
	cr_expect(elf_relro(&host_default_ops, path, &start, &end));
	cr_expect_eq(start, 0x08049000);
	cr_expect_eq(end, 0x0804c000);
	unlink(path);
	cr_expect_not(elf_relro(&host_default_ops, path, &start, &end));
}

/* Nobody writes into it: opened as a program it would be waited for. */
Test(elf, a_fifo_is_no_program, .timeout = 20)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN];
	char dir[] = "/tmp/mmemu-elf-XXXXXX", path[64];
	struct elf_image image;
	uint64_t start, end;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(elf_image_read(&host_default_ops, path, &image, interp,
				    NULL, why), -EACCES);
	cr_expect_str_eq(why, "no regular file");
	cr_expect_not(elf_relro(&host_default_ops, path, &start, &end));
	unlink(path);
	rmdir(dir);
}

Test(elf, synthesized)
{
	struct elf_image image;

	cr_assert_eq(elf_image_synthesize(0x19e, 0x1770, 0x232a, 0, TASK_SIZE,
					  &image), 0);
	/* as the linker lays out a program of these sizes */
	cr_assert_eq(image.nr_segments, 2);
	cr_expect_eq(image.segment[0].vaddr, 0x08048000);
	cr_expect_eq(image.segment[1].vaddr, 0x0804919e);
	cr_expect_eq(image.segment[1].offset, 0x19e);
	cr_expect_eq(image.segment[1].filesz, 0x1770);
	cr_expect_eq(image.segment[1].memsz, 0x3a9a);
	cr_expect_eq(image.exec_stack, 0);
	cr_assert_eq(elf_image_synthesize(8192, 0, 0, 0, TASK_SIZE, &image), 0);
	cr_expect_eq(image.nr_segments, 1);
	cr_expect_eq(elf_image_synthesize(8192, 0, TASK_SIZE, 0, TASK_SIZE,
					  &image), -EINVAL);
	cr_expect_eq(elf_image_synthesize(UINT64_MAX, 1, 0, 0, TASK_SIZE,
					  &image), -EINVAL);
}
