/*
 * import_process.c - the recorded processes: who shares what with whom.
 *
 *	fork    a copy of the areas, places and files
 *	vfork   the same mm, until the child execs or ends
 *	clone   the same mm; the same files if it says so (a thread)
 *
 * Only processes that live are kept. The last one that was asked for stands
 * first in the list.
 */
#include "trace/import_internal.h"

#include <string.h>

struct im_process *im_find(struct import *im, uint32_t real)
{
	struct im_process **link = &im->processes, *p;

	for (; (p = *link); link = &p->next) {
		if (p->real != real)
			continue;
		*link = p->next;
		p->next = im->processes;
		im->processes = p;
		return p;
	}
	return NULL;
}

static struct im_mm *new_mm(struct import *im)
{
	struct im_mm *mm = host_alloc(im->host, sizeof(*mm));

	mm->users = 1;
	return mm;
}

static void put_mm(struct import *im, struct im_mm *mm)
{
	if (--mm->users)
		return;
	im_program_free(im, mm);
	im_areas_free(im, &mm->areas);
	host_free(im->host, mm, sizeof(*mm));
}

static void put_files(struct import *im, struct im_files *files)
{
	if (--files->users)
		return;
	host_free(im->host, files->path, files->max * sizeof(*files->path));
	host_free(im->host, files, sizeof(*files));
}

static struct im_mm *copy_mm(struct import *im, const struct im_mm *from)
{
	struct im_mm *mm = new_mm(im);

	*mm = *from;
	mm->users = 1;
	mm->pending = NULL; /* im_fork() settled it */
	im_areas_copy(im, &mm->areas, &from->areas);
	return mm;
}

static struct im_files *copy_files(struct import *im,
				   const struct im_files *from)
{
	struct im_files *files = host_alloc(im->host, sizeof(*files));

	files->users = 1;
	files->max = from->max;
	if (!from->max)
		return files;
	files->path = host_alloc(im->host, from->max * sizeof(*files->path));
	memcpy(files->path, from->path, from->max * sizeof(*files->path));
	return files;
}

static struct im_process *add(struct import *im, uint32_t real)
{
	struct im_process *p;

	if (im->next_pid > TRACE_PID_MAX)
		return NULL;
	p = host_alloc(im->host, sizeof(*p));
	p->real = real;
	p->pid = im->next_pid++;
	p->next = im->processes;
	im->processes = p;
	im->n->processes++;
	return p;
}

struct im_process *im_spawn(struct import *im, uint32_t real, const char *comm)
{
	struct im_process *p = add(im, real);
	struct event ev;

	if (!p)
		return NULL;
	p->mm = new_mm(im);
	p->files = host_alloc(im->host, sizeof(*p->files));
	p->files->users = 1;
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_SPAWN;
	ev.name = comm && *comm ? im_name(im, comm) : 0;
	im_event(im, p, &ev);
	return p;
}

struct im_process *im_fork(struct import *im, struct im_process *parent,
			   uint32_t real, enum event_kind kind,
			   bool share_files)
{
	struct im_process *p;
	struct event ev;

	im_program_settle(im, parent);
	p = add(im, real);
	if (!p)
		return NULL;
	p->mm = kind == EV_FORK ? copy_mm(im, parent->mm) : parent->mm;
	if (kind != EV_FORK)
		p->mm->users++;
	p->files = share_files ? parent->files : copy_files(im, parent->files);
	if (share_files)
		p->files->users++;
	p->vforked = kind == EV_VFORK;
	memset(&ev, 0, sizeof(ev));
	ev.kind = (uint8_t)kind;
	ev.pid2 = p->pid;
	im_event(im, parent, &ev);
	return p;
}

void im_new_mm(struct import *im, struct im_process *p)
{
	put_mm(im, p->mm);
	p->mm = new_mm(im);
	p->vforked = false;
}

static void free_process(struct import *im, struct im_process *p)
{
	host_free(im->host, p->started, p->started_len);
	put_mm(im, p->mm);
	put_files(im, p->files);
	host_free(im->host, p, sizeof(*p));
}

void im_exit(struct import *im, struct im_process *p, uint64_t status)
{
	struct im_process **link = &im->processes;
	struct event ev;

	if (p->mm->users == 1)
		im_program_settle(im, p);
	if (p->pid == im->opt->first_pid)
		im_mark(im, "last");
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_EXIT;
	if (status & 0xff)
		im_set(&ev, X_LEN, status & 0xff);
	im_event(im, p, &ev);
	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	free_process(im, p);
}

void im_processes_free(struct import *im)
{
	while (im->processes) {
		struct im_process *p = im->processes;

		im->processes = p->next;
		free_process(im, p);
	}
}

/* ---- files ---- */

#define MAX_FD (1u << 16)

void im_files_set(struct import *im, struct im_process *p, uint64_t fd,
		  uint32_t path)
{
	struct im_files *f = p->files;
	unsigned max = f->max ? f->max : 16;

	if (fd >= MAX_FD || (fd >= f->max && !path))
		return;
	while (fd >= max)
		max *= 2;
	if (max != f->max) {
		f->path = host_realloc(im->host, f->path,
				       f->max * sizeof(*f->path),
				       max * sizeof(*f->path));
		f->max = max;
	}
	f->path[fd] = path;
}

uint32_t im_files_get(const struct im_process *p, uint64_t fd)
{
	return fd < p->files->max ? p->files->path[fd] : 0;
}
