/*
 * import_program.c - what a program has mapped before its first call.
 *
 * No tool tells it, so the ELF file is read. A program that stands where 32-bit
 * programs stand and needs no interpreter is exec'ed with lengths that give it
 * the same break:
 *
 *   0x08048000 ┌ exec's text ───────────────────┐┌ data ─┬ bss ┐ break
 *              │ r--   │ r-x        │ r--       ││ rw-   │     │
 *              └ mprotect                       ┘└───────┴─────┘
 *
 * Any other is exec'ed as a file of its length, which gives it an address space
 * of its own and a stack; that text is unmapped, and each segment mapped where
 * it stood. Where that was, if it can stand anywhere:
 *
 *   valgrind   a program at 0x108000, its interpreter where the first
 *              instruction is
 *   strace     a loader ends by making its relocated pages read-only, first the
 *              program's, then its own: an mprotect of that length, of
 *              addresses that nothing is known of. Until then the image waits.
 */
#include "core/mm.h"
#include "trace/elf_image.h"
#include "trace/import_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_START 0x08048000u
#define CLASSIC_END 0x40000000u /* behind the largest program of that kind */
#define VALGRIND_BASE 0x108000u
/* where a program stands that could stand anywhere, without randomisation */
#define USUAL_32 UINT64_C(0x56555000)
#define USUAL_64 UINT64_C(0x555555554000)
#define PATH_ROOM 4096

struct im_image {
	struct elf_image elf;
	uint32_t path;	  /* in the trace */
	uint64_t size;	  /* of the file */
	uint64_t relro, relro_end; /* as the file numbers them; both 0: none */
	bool waits;
};

struct im_program {
	struct im_image program, interp;
};

/* ---- finding the file ---- */

static bool find_in(const struct import *im, const char *name, char *path)
{
	const char *p = im->opt->search_path;

	while (p) {
		const char *colon = strchr(p, ':');
		int n = (int)(colon ? (size_t)(colon - p) : strlen(p));

		if ((size_t)snprintf(path, PATH_ROOM, "%.*s/%s", n, p, name) <
			    PATH_ROOM &&
		    !access(path, X_OK))
			return true;
		p = colon ? colon + 1 : NULL;
	}
	return false;
}

/* "#!/bin/sh -e": the interpreter replaces the path. A FIFO has no line. */
static bool script(char *path)
{
	char line[256], *p, *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 4 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	p = line + 2 + strspn(line + 2, " \t");
	end = p + strcspn(p, " \t\n");
	if (end == p || !*end)
		return false;
	*end = '\0';
	snprintf(path, PATH_ROOM, "%s", p);
	return true;
}

static bool read_image(const struct import *im, const char *path,
		       struct im_image *image, char *interp)
{
	char why[ELF_ERROR_LEN];

	memset(image, 0, sizeof(*image));
	if (elf_image_read(im->host, path, &image->elf, interp, &image->size,
			   why))
		return false;
	elf_relro(im->host, path, &image->relro, &image->relro_end);
	return true;
}

/* The program's file: as it is, by the search path, behind a script. */
static bool find_program(const struct import *im, const char *name, char *path,
			 struct im_image *image, char *interp)
{
	snprintf(path, PATH_ROOM, "%s", name);
	if (!strchr(name, '/') && !find_in(im, name, path))
		return false;
	for (unsigned depth = 0; depth < 5; depth++) {
		if (read_image(im, path, image, interp))
			return true;
		if (!script(path))
			return false;
	}
	return false;
}

/* ---- events ---- */

static void exec_event(struct import *im, struct im_process *p, uint32_t path,
		       uint64_t text, uint64_t data, uint64_t bss)
{
	struct event ev;

	im_new_mm(im, p);
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_EXEC;
	ev.name = path;
	im_set(&ev, X_ADDR, text);
	if (data) {
		im_set(&ev, X_LEN, data);
		im_set(&ev, X_ARG, bss);
	}
	im_event(im, p, &ev);
	im_file_known(im, path, text + data);
}

static void put_range(struct import *im, struct im_process *p,
		      enum event_kind kind, uint64_t addr, uint64_t len,
		      unsigned prot)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	ev.prot = (uint8_t)prot;
	im_set(&ev, X_ADDR, addr);
	im_set(&ev, X_LEN, len);
	im_event(im, p, &ev);
}

/* Can exec's own layout stand for this one? */
static bool classic(const struct import *im, const struct im_image *image,
		    const char *interp)
{
	const struct elf_image *e = &image->elf;
	unsigned n = e->nr_segments;
	const struct elf_segment *data = &e->segment[n ? n - 1 : 0];

	return n >= 2 && !e->dyn && !interp[0] && !im->opt->wide &&
	       e->segment[0].vaddr == TEXT_START && !e->segment[0].offset &&
	       (data->prot & PROT_WRITE_EMU) && data->filesz &&
	       data->vaddr >= TEXT_START + 2 * IM_PAGE &&
	       data->vaddr < CLASSIC_END && data->memsz >= data->filesz &&
	       data->memsz < CLASSIC_END - data->vaddr;
}

static void exec_classic(struct import *im, struct im_process *p,
			 const struct im_image *image)
{
	const struct elf_image *e = &image->elf;
	const struct elf_segment *data = &e->segment[e->nr_segments - 1];
	uint64_t text = data->vaddr - TEXT_START;
	struct im_area area = {.start = TEXT_START,
			       .end = IM_PAGE_DOWN(data->vaddr),
			       .prot = PROT_READ_EMU | PROT_EXEC_EMU};

	if (data->vaddr % IM_PAGE)
		text -= IM_PAGE;
	exec_event(im, p, image->path, text, data->filesz,
		   data->memsz - data->filesz);
	im_areas_map(im, &p->mm->areas, &area);
	for (unsigned i = 0; i + 1 < e->nr_segments; i++) {
		const struct elf_segment *s = &e->segment[i];
		uint64_t start = IM_PAGE_DOWN(s->vaddr);
		uint64_t end = IM_PAGE_UP(s->vaddr + s->memsz);

		if (s->prot == (PROT_READ_EMU | PROT_EXEC_EMU))
			continue;
		put_range(im, p, EV_MPROTECT, start, end - start, s->prot);
		im_areas_protect(im, &p->mm->areas, start, end, s->prot);
	}
	p->mm->brk = IM_PAGE_UP(data->vaddr + data->memsz);
	p->mm->brk_event = true;
	area.start = area.end;
	area.end = p->mm->brk;
	area.prot = PROT_READ_EMU | PROT_WRITE_EMU;
	im_areas_map(im, &p->mm->areas, &area);
}

/* The segments of one ELF file at a bias. */
static void map_image(struct import *im, struct im_process *p,
		      const struct im_image *image, uint64_t bias,
		      enum im_place place)
{
	for (unsigned i = 0; i < image->elf.nr_segments; i++) {
		const struct elf_segment *s = &image->elf.segment[i];
		uint64_t off = s->vaddr % IM_PAGE;
		struct im_mapping map = {
			.addr = bias + IM_PAGE_DOWN(s->vaddr),
			.len = off + s->filesz,
			.offset = s->offset - off,
			.prot = s->prot,
			.path = image->path,
			.file_size = image->size,
			.place = place,
		};
		uint64_t end = IM_PAGE_UP(off + s->memsz), file_end = 0;

		if (s->filesz && s->offset >= off) {
			im_map(im, p, &map);
			file_end = IM_PAGE_UP(map.len);
		}
		map.path = 0;
		map.offset = 0;
		map.addr += file_end;
		map.len = end - file_end;
		if (end > file_end)
			im_map(im, p, &map);
	}
}

/* ---- places ---- */

static void place_by_entry(struct import *im, struct im_process *p,
			   const struct im_program *prog, bool has_interp,
			   uint64_t entry)
{
	const struct elf_image *e = &prog->program.elf;

	if (has_interp) {
		map_image(im, p, &prog->program, e->dyn ? VALGRIND_BASE : 0,
			  PLACE_PROGRAM);
		map_image(im, p, &prog->interp, entry - prog->interp.elf.entry,
			  PLACE_MMAP);
	} else {
		map_image(im, p, &prog->program, e->dyn ? entry - e->entry : 0,
			  PLACE_PROGRAM);
	}
}

/* Map what stands fixed, let the rest wait. */
static void place_later(struct import *im, struct im_process *p,
			const struct im_program *prog)
{
	struct im_program *wait;

	if (!prog->program.waits)
		map_image(im, p, &prog->program, 0, PLACE_PROGRAM);
	if (!prog->program.waits && !prog->interp.waits)
		return;
	wait = host_alloc(im->host, sizeof(*wait));
	*wait = *prog;
	p->mm->pending = wait;
}

static bool relro_at(const struct im_image *image, uint64_t addr, uint64_t len)
{
	return image->waits && image->relro_end - image->relro == len &&
	       addr >= image->relro;
}

void im_program_hint(struct import *im, struct im_process *p, uint64_t addr,
		     uint64_t len)
{
	struct im_program *prog = p->mm->pending;
	struct im_image *image;

	if (!prog || addr % IM_PAGE ||
	    im_area_find(&p->mm->areas, addr, NULL))
		return;
	if (relro_at(&prog->program, addr, len))
		image = &prog->program;
	else if (relro_at(&prog->interp, addr, len))
		image = &prog->interp;
	else
		return;
	image->waits = false;
	map_image(im, p, image, addr - image->relro,
		  image == &prog->program ? PLACE_PROGRAM : PLACE_MMAP);
	if (!prog->program.waits && !prog->interp.waits)
		im_program_free(im, p->mm);
}

/* Nothing else is mapped there. */
static bool room_for(struct im_process *p, const struct im_image *image,
		     uint64_t bias)
{
	const struct elf_image *e = &image->elf;
	const struct elf_segment *last = &e->segment[e->nr_segments - 1];
	unsigned next;

	if (im_area_find(&p->mm->areas, bias, &next))
		return false;
	return next == p->mm->areas.nr ||
	       p->mm->areas.tab[next].start >= bias + last->vaddr + last->memsz;
}

void im_program_settle(struct import *im, struct im_process *p)
{
	struct im_program *prog = p->mm->pending;

	if (!prog)
		return;
	if (prog->program.waits) {
		uint64_t usual = prog->program.elf.elf64 ? USUAL_64 : USUAL_32;

		im->note[NOTE_UNPLACED]++;
		if (room_for(p, &prog->program, usual))
			map_image(im, p, &prog->program, usual, PLACE_PROGRAM);
	}
	im->note[NOTE_UNPLACED] += prog->interp.waits;
	im_program_free(im, p->mm);
}

void im_program_free(struct import *im, struct im_mm *mm)
{
	host_free(im->host, mm->pending, sizeof(*mm->pending));
	mm->pending = NULL;
}

/* ---- exec ---- */

/* The path that the trace shows: absolute, or below /bin. */
static uint32_t shown_path(struct import *im, const char *path)
{
	char text[PATH_ROOM + 8];
	const char *slash = strrchr(path, '/');

	if (path[0] == '/')
		return im_name(im, path);
	snprintf(text, sizeof(text), "/bin/%s", slash ? slash + 1 : path);
	return im_name(im, text);
}

/* A file of its length, all text, that is unmapped again. */
static void exec_empty(struct import *im, struct im_process *p, uint32_t path,
		       uint64_t size)
{
	size = size ? size : IM_PAGE;
	exec_event(im, p, path, size, 0, 0);
	put_range(im, p, EV_MUNMAP, TEXT_START, IM_PAGE_UP(size), 0);
}

void im_exec_bare(struct import *im, struct im_process *p, const char *name)
{
	exec_empty(im, p, shown_path(im, name), 0);
}

void im_exec(struct import *im, struct im_process *p, const char *name,
	     const char *file, uint64_t entry)
{
	char path[PATH_ROOM], interp[ELF_PATH_MAX], none[ELF_PATH_MAX];
	struct im_program prog;

	memset(&prog, 0, sizeof(prog));
	if (!find_program(im, file ? file : name, path, &prog.program,
			  interp)) {
		im->note[NOTE_NO_IMAGE]++;
		exec_empty(im, p, shown_path(im, name), 0);
		return;
	}
	prog.program.path = shown_path(im, file ? name : path);
	if (classic(im, &prog.program, interp)) {
		exec_classic(im, p, &prog.program);
		return;
	}
	exec_empty(im, p, prog.program.path, prog.program.size);
	prog.program.waits = prog.program.elf.dyn;
	if (interp[0] && read_image(im, interp, &prog.interp, none)) {
		prog.interp.path = im_name(im, interp);
		prog.interp.waits = true;
	}
	if (entry != IM_NO_ENTRY)
		place_by_entry(im, p, &prog, prog.interp.waits, entry);
	else
		place_later(im, p, &prog);
}
