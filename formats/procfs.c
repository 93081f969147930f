/*
 * procfs.c - a folder shaped like /proc.
 *
 *	DIR.tmp.PID ─ built ─► DIR      (renamed: whole or not at all)
 *	   meminfo vmstat slabinfo ...        procfs_machine_files
 *	   self ─► the oldest process
 *	   100/ stat maps smaps ...           procfs_task_files
 *	   100/task/100/ the same
 *	   100/{exe, root, cwd} links, 100/fd/ empty
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "formats/procfs.h"

#include "core/filemap.h"
#include "core/mm.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FTW_FDS 16

struct procfs_writer {
	const struct machine *m;
	int dir; /* the folder that is built */
	char *err;
	size_t errlen;
};

__attribute__((format(printf, 2, 3))) static int
complain(struct procfs_writer *w, const char *fmt, ...)
{
	int err = errno ? -errno : -EIO;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->err, w->errlen, fmt, ap);
	va_end(ap);
	n = strlen(w->err);
	snprintf(w->err + n, w->errlen - n, ": %s", strerror(-err));
	return err;
}

/* ---- below the folder ---- */

static int make_dir(struct procfs_writer *w, const char *path)
{
	if (mkdirat(w->dir, path, 0777) && errno != EEXIST)
		return complain(w, "%s", path);
	return 0;
}

/* The folders on the way to path. */
static int make_parents(struct procfs_writer *w, const char *path)
{
	char part[256];
	int err = 0;

	for (const char *s = strchr(path, '/'); s && !err;
	     s = strchr(s + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(s - path), path);
		err = make_dir(w, part);
	}
	return err;
}

static int put_file(struct procfs_writer *w, const char *path, report_fn write,
		    const struct task_struct *task)
{
	FILE *out = NULL;
	int fd, bad;

	fd = openat(w->dir, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (!out) {
		if (fd >= 0)
			close(fd);
		return complain(w, "%s", path);
	}
	errno = 0;
	write(w->m, task, out);
	bad = ferror(out);
	if (fclose(out) || bad)
		return complain(w, "%s", path);
	return 0;
}

static int put_link(struct procfs_writer *w, const char *path,
		    const char *target)
{
	return symlinkat(target, w->dir, path) ? complain(w, "%s", path) : 0;
}

static int put_files(struct procfs_writer *w, const char *prefix,
		     const struct procfs_file *file,
		     const struct task_struct *task)
{
	char path[256];
	int err = 0;

	for (; file->path && !err; file++) {
		snprintf(path, sizeof(path), "%s%s", prefix, file->path);
		err = make_parents(w, path);
		if (!err)
			err = put_file(w, path, file->write, task);
	}
	return err;
}

static int put_task(struct procfs_writer *w, const struct task_struct *task)
{
	const struct file *exe = task->mm ? task->mm->exe_file : NULL;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "%u/", task->pid);
	err = put_files(w, path, procfs_task_files, task);
	snprintf(path, sizeof(path), "%u/task/%u/", task->pid, task->pid);
	if (!err)
		err = put_files(w, path, procfs_task_files, task);
	snprintf(path, sizeof(path), "%u/fd", task->pid);
	if (!err)
		err = make_dir(w, path);
	snprintf(path, sizeof(path), "%u/root", task->pid);
	if (!err)
		err = put_link(w, path, "/");
	snprintf(path, sizeof(path), "%u/cwd", task->pid);
	if (!err)
		err = put_link(w, path, "/");
	snprintf(path, sizeof(path), "%u/exe", task->pid);
	if (!err && exe)
		err = put_link(w, path, exe->f_inode->path);
	return err;
}

static int put_all(struct procfs_writer *w)
{
	const struct task_struct *task;
	char pid[16];
	int err;

	err = put_files(w, "", procfs_machine_files, NULL);
	for_each_task(task, w->m) {
		if (err)
			return err;
		err = put_task(w, task);
	}
	if (!err && !list_empty(&w->m->tasks)) {
		task = list_first_entry(&w->m->tasks, struct task_struct,
					tasks);
		snprintf(pid, sizeof(pid), "%u", task->pid);
		err = put_link(w, "self", pid);
	}
	return err;
}

/* ---- the folder itself ---- */

static int remove_one(const char *path, const struct stat *st __unused_arg,
		      int type __unused_arg, struct FTW *ftw __unused_arg)
{
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, FTW_FDS, FTW_DEPTH | FTW_PHYS);
}

/* Written by us: its version says so. */
static bool is_ours(const char *dir)
{
	char path[PROCFS_PATH_MAX + 16], line[256];
	FILE *f;
	bool ours;

	snprintf(path, sizeof(path), "%s/version", dir);
	f = fopen(path, "r");
	if (!f)
		return false;
	ours = fgets(line, sizeof(line), f) && strstr(line, PROCFS_BUILDER);
	fclose(f);
	return ours;
}

/* Put tmp in dir's place; an older folder of ours goes. */
static int replace_dir(struct procfs_writer *w, const char *tmp,
		       const char *dir)
{
	char old[PROCFS_PATH_MAX + 8];
	int why;

	if (!rename(tmp, dir)) /* nothing there, or an empty folder */
		return 0;
	why = errno;
	if (!is_ours(dir)) {
		if (why != ENOTEMPTY && why != EEXIST) {
			errno = why;
			return complain(w, "%s", dir);
		}
		snprintf(w->err, w->errlen,
			 "%s is not empty and no replay wrote it, expected another folder",
			 dir);
		return -why;
	}
	snprintf(old, sizeof(old), "%s.old", tmp);
	if (rename(dir, old))
		return complain(w, "%s", dir);
	if (rename(tmp, dir)) {
		why = errno;
		rename(old, dir); /* as it was */
		errno = why;
		return complain(w, "%s", dir);
	}
	remove_tree(old);
	return 0;
}

int procfs_temp_name(const char *dir, char name[PROCFS_PATH_MAX])
{
	int n = (int)strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (n + 24 > PROCFS_PATH_MAX)
		return -1;
	snprintf(name, PROCFS_PATH_MAX, "%.*s.tmp.%ld", n, dir, (long)getpid());
	return 0;
}

int procfs_write(const struct machine *m, const char *dir, char *err,
		 size_t errlen)
{
	struct procfs_writer w = {.m = m, .err = err, .errlen = errlen};
	char tmp[PROCFS_PATH_MAX];
	int ret;

	errno = 0;
	if (procfs_temp_name(dir, tmp)) {
		errno = ENAMETOOLONG;
		return complain(&w, "%.100s...", dir);
	}
	if (mkdir(tmp, 0777))
		return complain(&w, "%s", tmp);
	w.dir = open(tmp, O_RDONLY | O_DIRECTORY);
	ret = w.dir < 0 ? complain(&w, "%s", tmp) : put_all(&w);
	if (w.dir >= 0)
		close(w.dir);
	if (!ret)
		ret = replace_dir(&w, tmp, dir);
	if (ret)
		remove_tree(tmp);
	return ret;
}
