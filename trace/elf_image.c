/*
 * elf_image.c - program headers of ELF files.
 *
 * Only what the loader looks at is kept: loadable segments, the interpreter's
 * path, whether the stack may be executed, entry point. Sections, symbols and
 * relocations are the program's own affair.
 */
#include "trace/elf_image.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_START 0x08048000u
#define PAGE 4096u /* of the linker, whatever the machine's */
#define EHDR32_SIZE 52u
#define PHDR32_SIZE 32u

__attribute__((format(printf, 3, 4))) static int
refuse(char *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, ELF_ERROR_LEN, fmt, ap);
	va_end(ap);
	return err;
}

static unsigned prot_of(uint32_t p_flags)
{
	return (p_flags & PF_R ? PROT_READ_EMU : 0) |
	       (p_flags & PF_W ? PROT_WRITE_EMU : 0) |
	       (p_flags & PF_X ? PROT_EXEC_EMU : 0);
}

static int add_load(struct elf_image *image, const GElf_Phdr *ph, char *why)
{
	struct elf_segment *s;

	if (image->nr_segments == ELF_MAX_SEGMENTS)
		return refuse(why, -ENOEXEC, "more than %d PT_LOAD segments",
			      ELF_MAX_SEGMENTS);
	if (ph->p_filesz > ph->p_memsz)
		return refuse(why, -ENOEXEC,
			      "segment %u is longer in the file than in memory",
			      image->nr_segments);
	s = &image->segment[image->nr_segments++];
	s->vaddr = ph->p_vaddr;
	s->offset = ph->p_offset;
	s->filesz = ph->p_filesz;
	s->memsz = ph->p_memsz;
	s->prot = prot_of(ph->p_flags);
	return 0;
}

static int read_interp(int fd, const GElf_Phdr *ph, char *interp, char *why)
{
	if (ph->p_filesz < 2 || ph->p_filesz > ELF_PATH_MAX)
		return refuse(why, -ENOEXEC, "interpreter path of %llu bytes",
			      (unsigned long long)ph->p_filesz);
	if (pread(fd, interp, ph->p_filesz, (off_t)ph->p_offset) !=
		    (ssize_t)ph->p_filesz ||
	    interp[ph->p_filesz - 1] != '\0')
		return refuse(why, -ENOEXEC, "broken interpreter path");
	return 0;
}

static int read_phdr(int fd, const GElf_Phdr *ph, struct elf_image *image,
		     char *interp, char *why)
{
	switch (ph->p_type) {
	case PT_LOAD:
		return add_load(image, ph, why);
	case PT_INTERP:
		return *interp ? 0 : read_interp(fd, ph, interp, why);
	case PT_GNU_STACK:
		image->exec_stack = (ph->p_flags & PF_X) != 0;
		return 0;
	default:
		return 0;
	}
}

static int read_header(Elf *elf, struct elf_image *image, size_t *nr, char *why)
{
	GElf_Ehdr eh;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
		return refuse(why, -ENOEXEC, "not an ELF file");
	if (eh.e_machine != EM_386 && eh.e_machine != EM_X86_64)
		return refuse(why, -ENOEXEC, "not a program for x86");
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return refuse(why, -ENOEXEC,
			      "neither an executable nor a shared object");
	if (elf_getphdrnum(elf, nr) || !*nr)
		return refuse(why, -ENOEXEC, "no program headers");
	if (eh.e_phentsize != gelf_fsize(elf, ELF_T_PHDR, 1, EV_CURRENT))
		return refuse(why, -ENOEXEC, "program headers of %u bytes",
			      eh.e_phentsize);
	image->elf64 = gelf_getclass(elf) == ELFCLASS64;
	image->dyn = eh.e_type == ET_DYN;
	image->exec_stack = -1;
	image->entry = eh.e_entry;
	image->phoff = eh.e_phoff;
	image->phnum = (unsigned)*nr;
	image->phentsize = eh.e_phentsize;
	return 0;
}

static int read_elf(int fd, Elf *elf, struct elf_image *image, char *interp,
		    char *why)
{
	size_t nr;
	int err = read_header(elf, image, &nr, why);

	for (size_t i = 0; !err && i < nr; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph))
			return refuse(why, -ENOEXEC,
				      "program header %zu is broken", i);
		err = read_phdr(fd, &ph, image, interp, why);
	}
	if (!err && !image->nr_segments)
		return refuse(why, -ENOEXEC, "no PT_LOAD segment");
	return err;
}

/* libelf says only that it failed. => errno was 0 before it was asked */
static void fail_without_memory(const struct host_ops *host)
{
	if (errno == ENOMEM)
		host->fail(host->ctx, sizeof(GElf_Ehdr));
}

#define NOT_REGULAR INT_MIN /* no errno */

/* fd of a regular file, never waiting for a FIFO's writer; else -errno. */
static int open_regular(const char *host_path, struct stat *st)
{
	int fd = open(host_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (!fstat(fd, st) && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	return NOT_REGULAR;
}

int elf_image_read(const struct host_ops *host, const char *host_path,
		   struct elf_image *image, char *interp, uint64_t *size,
		   char *why)
{
	struct stat st;
	Elf *elf;
	int fd, err;

	memset(image, 0, sizeof(*image));
	*interp = *why = '\0';
	if (elf_version(EV_CURRENT) == EV_NONE)
		return refuse(why, -ENOEXEC, "libelf is of another version");
	fd = open_regular(host_path, &st);
	if (fd == NOT_REGULAR)
		return refuse(why, -EACCES, "no regular file");
	if (fd < 0)
		return refuse(why, fd, "%s", strerror(-fd));
	if (size)
		*size = (uint64_t)st.st_size;
	errno = 0;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		err = read_elf(fd, elf, image, interp, why);
	else
		err = refuse(why, -ENOEXEC, "%s", elf_errmsg(-1));
	fail_without_memory(host);
	elf_end(elf);
	close(fd);
	return err;
}

bool elf_relro(const struct host_ops *host, const char *host_path,
	       uint64_t *start, uint64_t *end)
{
	bool found = false;
	struct stat st;
	size_t nr = 0;
	GElf_Phdr ph;
	Elf *elf;
	int fd;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return false;
	fd = open_regular(host_path, &st);
	if (fd < 0)
		return false;
	errno = 0;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_getphdrnum(elf, &nr))
		nr = 0;
	for (size_t i = 0; i < nr && !found; i++)
		found = gelf_getphdr(elf, (int)i, &ph) &&
			ph.p_type == PT_GNU_RELRO;
	fail_without_memory(host);
	if (found) { /* as ld.so rounds: both ends down */
		*start = ALIGN_DOWN(ph.p_vaddr, PAGE);
		*end = ALIGN_DOWN(ph.p_vaddr + ph.p_memsz, PAGE);
	}
	elf_end(elf);
	close(fd);
	return found && *end > *start;
}

int elf_image_synthesize(uint64_t text, uint64_t data, uint64_t bss,
			 uint64_t stack, vaddr_t task_size,
			 struct elf_image *image)
{
	struct elf_segment *s = image->segment;

	memset(image, 0, sizeof(*image));
	if (!text)
		text = 1;
	if (text > task_size || data > task_size || bss > task_size ||
	    stack > task_size ||
	    TEXT_START + text + data + bss + 2 * PAGE > task_size)
		return -EINVAL;
	image->elf64 = task_size > UINT64_C(0x100000000);
	image->entry = TEXT_START;
	image->phoff = EHDR32_SIZE;
	image->phentsize = PHDR32_SIZE;
	image->stack_size = stack;
	s[0] = (struct elf_segment){.vaddr = TEXT_START,
				    .filesz = text,
				    .memsz = text,
				    .prot = PROT_READ_EMU | PROT_EXEC_EMU};
	image->nr_segments = 1;
	if (data + bss) {
		s[1] = (struct elf_segment){
			.vaddr = ALIGN_UP(TEXT_START + text, PAGE) +
				 text % PAGE,
			.offset = text,
			.filesz = data,
			.memsz = data + bss,
			.prot = PROT_READ_EMU | PROT_WRITE_EMU};
		image->nr_segments = 2;
	}
	image->phnum = image->nr_segments + 1; /* and PT_GNU_STACK */
	return 0;
}
