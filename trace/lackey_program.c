/*
 * lackey_program.c - what a program has before its first instruction.
 *
 * Lackey's log begins there and says nothing of it, so the ELF file is read.
 * A program that stands where 32-bit programs stand and needs no interpreter
 * is exec'ed with lengths that give it the same break:
 *
 *   0x08048000 ┌ exec's text ───────────────────┐┌ data ─┬ bss ┐ break
 *              │ r--   │ r-x        │ r--       ││ rw-   │     │
 *              └ mprotect                       ┘└───────┴─────┘
 *
 * Any other (with an interpreter, or that can stand anywhere) gets its
 * segments by mmap, where valgrind put them: the interpreter where its entry
 * says, a program that can stand anywhere at 0x108000. Its break is a mapping
 * then. The stack's place is import_lackey.c's business.
 */
#include "core/mm.h"
#include "trace/elf_image.h"
#include "trace/lackey.h"

#include <stdio.h>
#include <string.h>

#define TEXT_START 0x08048000u
#define PIE_BASE 0x108000u
#define PAGE 4096u
#define STACK_SIZE (132u << 10)

static void put_event(struct lackey *l, struct lackey_log *log,
		      enum event_kind kind, uint64_t addr, uint64_t len,
		      unsigned prot)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	ev.prot = (uint8_t)prot;
	set_quantity(&ev, X_ADDR, addr);
	set_quantity(&ev, X_LEN, len);
	lackey_emit(l, log, &ev);
}

static void put_anon(struct lackey *l, struct lackey_log *log, uint64_t addr,
		     uint64_t len, unsigned prot, uint32_t flags)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MMAP;
	ev.prot = (uint8_t)prot;
	ev.flags = flags;
	set_quantity(&ev, X_ADDR, addr);
	set_quantity(&ev, X_LEN, len);
	lackey_emit(l, log, &ev);
}

static void declare(struct lackey *l, struct lackey_log *log, uint32_t path,
		    uint64_t size)
{
	struct event ev;

	if (name_get(l->names, path)->flags & NAME_FILE)
		return;
	name_get(l->names, path)->flags |= NAME_FILE;
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_FILE;
	ev.name = path;
	set_quantity(&ev, X_LEN, size);
	lackey_emit(l, log, &ev);
}

void lackey_map_file(struct lackey *l, struct lackey_log *log, uint32_t path,
		     uint64_t size, uint64_t addr, uint64_t len, unsigned prot,
		     uint32_t flags, uint64_t offset)
{
	struct event ev;

	declare(l, log, path, size);
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MMAP;
	ev.prot = (uint8_t)prot;
	ev.name = path;
	ev.flags = flags | EVF_FILE;
	set_quantity(&ev, X_ADDR, addr);
	set_quantity(&ev, X_LEN, len);
	set_quantity(&ev, X_ARG, offset);
	lackey_emit(l, log, &ev);
}

/* The segments of one ELF file at a bias; *end: behind the last byte. */
static void map_segments(struct lackey *l, struct lackey_log *log,
			 const struct elf_image *image, uint32_t path,
			 uint64_t size, uint64_t bias, uint64_t *end)
{
	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t start = bias + ALIGN_DOWN(s->vaddr, PAGE);
		uint64_t off = s->vaddr % PAGE;
		uint64_t file_end = start + ALIGN_UP(off + s->filesz, PAGE);
		uint64_t mem_end = start + ALIGN_UP(off + s->memsz, PAGE);

		if (s->filesz)
			lackey_map_file(l, log, path, size, start,
					off + s->filesz, s->prot, EVF_FIXED,
					s->offset - off);
		else
			file_end = start;
		if (mem_end > file_end)
			put_anon(l, log, file_end, mem_end - file_end, s->prot,
				 EVF_FIXED);
		if (mem_end > *end)
			*end = mem_end;
	}
}

/* Can exec's own layout stand for this one? */
static bool classic(const struct elf_image *image, const char *interp)
{
	unsigned n = image->nr_segments;

	return n >= 2 && !image->dyn && !interp[0] &&
	       image->segment[0].vaddr == TEXT_START &&
	       (image->segment[n - 1].prot & PROT_WRITE_EMU);
}

static void exec_classic(struct lackey *l, struct lackey_log *log,
			 const struct elf_image *image, uint32_t path)
{
	const struct elf_segment *data =
		&image->segment[image->nr_segments - 1];
	uint64_t text = data->vaddr - TEXT_START;
	struct event ev;

	if (data->vaddr % PAGE)
		text -= PAGE;
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_EXEC;
	ev.name = path;
	set_quantity(&ev, X_ADDR, text);
	set_quantity(&ev, X_LEN, data->filesz);
	set_quantity(&ev, X_ARG, data->memsz - data->filesz);
	lackey_emit(l, log, &ev);
	name_get(l->names, path)->flags |= NAME_FILE;
	for (unsigned i = 0; i + 1 < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segment[i];
		uint64_t start = ALIGN_DOWN(s->vaddr, PAGE);

		if (s->prot != (PROT_READ_EMU | PROT_EXEC_EMU))
			put_event(l, log, EV_MPROTECT, start,
				  ALIGN_UP(s->vaddr + s->memsz, PAGE) - start,
				  s->prot);
	}
	log->brk = ALIGN_UP(data->vaddr + data->memsz, PAGE);
	log->brk_mapped = false;
}

static int map_program(struct lackey *l, struct lackey_log *log,
		       const struct elf_image *image, uint32_t path,
		       uint64_t size, const char *interp, uint64_t entry)
{
	uint64_t end = 0, isize;
	char why[ELF_ERROR_LEN], none[ELF_PATH_MAX];
	struct elf_image in;

	map_segments(l, log, image, path, size, image->dyn ? PIE_BASE : 0,
		     &end);
	if (interp[0]) {
		if (elf_image_read(interp, &in, none, &isize, why))
			return lackey_fail(l, log, "the interpreter: %s", why);
		map_segments(l, log, &in,
			     names_intern(l->names, interp, strlen(interp)),
			     isize, entry - in.entry, &end);
	}
	put_anon(l, log, 0xC0000000u - STACK_SIZE, STACK_SIZE,
		 PROT_READ_EMU | PROT_WRITE_EMU, EVF_FIXED | EVF_GROWSDOWN);
	log->brk = 0;
	log->brk_mapped = true;
	return 0;
}

/* The last component of a path. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_spawn(struct lackey *l, struct lackey_log *log,
		      const char *path)
{
	const char *name = base_name(path);
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_SPAWN;
	ev.name = names_intern(l->names, name, strlen(name));
	lackey_emit(l, log, &ev);
}

int lackey_start(struct lackey *l, struct lackey_log *log, uint64_t entry,
		 bool spawn)
{
	char interp[ELF_PATH_MAX], why[ELF_ERROR_LEN], bin[300], command[256];
	const char *path = command, *shown;
	char *space;
	struct elf_image image;
	uint64_t size;
	uint32_t id;

	snprintf(command, sizeof(command), "%s", log->command);
	space = strchr(command, ' ');
	if (space)
		*space = '\0';
	if (spawn && l->opt->program)
		path = l->opt->program;
	if (elf_image_read(path, &image, interp, &size, why))
		return lackey_fail(l, log, "the program of this log: %s (--program names another file)",
				   why);
	/* --program says where it is now, the log what it was called */
	snprintf(bin, sizeof(bin), "/bin/%s", base_name(command));
	shown = command[0] == '/' ? command : bin;
	id = names_intern(l->names, shown, strlen(shown));
	if (spawn)
		put_spawn(l, log, shown);
	if (classic(&image, interp)) {
		exec_classic(l, log, &image, id);
		return 0;
	}
	if (!spawn)
		put_event(l, log, EV_MUNMAP, 0, 0xC0000000u, 0);
	return map_program(l, log, &image, id, size, interp, entry);
}
