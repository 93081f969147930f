/*
 * replay_exec.c - exec: an image for do_execve().
 *
 *	exec PATH text 64K data 8K      laid out from the lengths; the file is
 *	                                declared by the event if it is not yet
 *	exec PATH         with --root   the real ELF file at ROOT/PATH, and the
 *	                                interpreter it names
 *	exec PATH         without       a file that is all text
 */
#include "core/exec.h"
#include "core/filemap.h"
#include "trace/elf_image.h"
#include "trace/replay_internal.h"

#include <stdio.h>
#include <string.h>

struct program {
	struct elf_image image, interp;
};

/* The declared file, or one declared now with that size. */
static int get_inode(struct call *c, const char *path, uint64_t size,
		     struct inode **inode)
{
	const struct machine_config *cfg = &c->m->cfg;

	*inode = inode_lookup(c->m, path);
	if (*inode)
		return 0;
	return file_declare(c->m, path, size, 8, 1, 0, cfg->files_warm,
			    cfg->files_fs, inode);
}

/* Traces are data: what they name stays below the folder that --root names. */
static bool leaves_root(const char *path)
{
	size_t n;

	for (; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (n == 2 && path[0] == '.' && path[1] == '.')
			return true;
	}
	return false;
}

static int read_one(struct call *c, const char *path, struct elf_image *image,
		    char *interp)
{
	char host_path[ELF_PATH_MAX], why[ELF_ERROR_LEN],
		text[ELF_ERROR_LEN + 64];
	uint64_t size;
	int n, err;

	n = snprintf(host_path, sizeof(host_path), "%s/%s", c->r->root, path);
	if (n < 0 || (size_t)n >= sizeof(host_path))
		return -ENAMETOOLONG;
	if (leaves_root(path)) {
		strcpy(why, ".. in a path leads out of --root");
		err = -EACCES;
	} else {
		err = elf_image_read(&c->m->host, host_path, image, interp,
				     &size, why);
	}
	if (err) {
		snprintf(text, sizeof(text), "exec: %s", why);
		if (c->r->hooks.message)
			c->r->hooks.message(c->r->hooks.ctx, c->ev, text);
		return err;
	}
	return get_inode(c, path, size, &image->inode);
}

static int read_program(struct call *c, struct program *p)
{
	char interp[ELF_PATH_MAX], none[ELF_PATH_MAX];
	int err = read_one(c, call_name(c), &p->image, interp);

	/* do_execve() refuses it: nobody asks for its interpreter then */
	if (!err && p->image.elf64 != (elf_word(c->m) == 8))
		return 0;
	if (err || !interp[0])
		return err;
	err = read_one(c, interp, &p->interp, none);
	p->image.interp = &p->interp;
	return err;
}

static int make_program(struct call *c, struct program *p)
{
	uint64_t text = c->x[X_ADDR], data = c->x[X_LEN], sum;
	struct inode *inode;
	int err;

	if (__builtin_add_overflow(text, data, &sum))
		return -EINVAL;
	err = get_inode(c, call_name(c), sum, &inode);
	if (err)
		return err;
	if (!EV_HAS(c->ev, X_ADDR) && !EV_HAS(c->ev, X_LEN))
		text = inode->i_size;
	err = elf_image_synthesize(text, data, c->x[X_ARG], c->x[X_ADDR2],
				   c->m->cfg.task_size, &p->image);
	p->image.inode = inode;
	return err;
}

void call_exec(struct call *c)
{
	const char *path = call_name(c);
	const char *const argv[] = {path, NULL}, *const envp[] = {NULL};
	bool sizes = EV_HAS(c->ev, X_ADDR) || EV_HAS(c->ev, X_LEN);
	struct program p;
	int err;

	memset(&p, 0, sizeof(p));
	err = c->r->root && !sizes ? read_program(c, &p) : make_program(c, &p);
	if (!err)
		err = do_execve(c->task, &p.image, path, argv, envp);
	outcome_error(c->out, err);
}
