/* output.c - files by rename. */
#define _GNU_SOURCE /* mkstemps, nftw */
#include "cmd/output.h"
#include "cmd/command.h"
#include "cmd/strings.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct output *open_outputs;

static int cannot(const char *what, const char *path)
{
	if (errno == ENOMEM) /* libc's own */
		cmd_host.fail(cmd_host.ctx, 0);
	complain("cannot %s %s: %s", what, path, strerror(errno));
	return -1;
}

int make_folders(const char *path)
{
	char *copy = host_strdup(&cmd_host, path);
	int ret = 0;

	for (char *p = copy + 1; !ret; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			ret = cannot("make the folder", copy);
		*p = c;
		if (!c)
			break;
	}
	host_strfree(&cmd_host, copy);
	return ret;
}

static int make_parents(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	int ret;

	if (!slash || slash == path)
		return 0;
	parent = strndup(path, (size_t)(slash - path));
	if (!parent)
		return cannot("write", path);
	ret = make_folders(parent);
	free(parent);
	return ret;
}

static void unlink_output(struct output *o)
{
	for (struct output **p = &open_outputs; *p; p = &(*p)->next) {
		if (*p == o) {
			*p = o->next;
			break;
		}
	}
}

/* The temporary file goes before cannot() is called, which may not return. */
static void remove_temp(struct output *o)
{
	int why = errno;

	unlink(o->temp);
	errno = why;
}

static void forget(struct output *o)
{
	free(o->path);
	free(o->temp);
	memset(o, 0, sizeof(*o));
}

/*
 * A device, a pipe, an open file under /dev/fd: what must be written to as it
 * is, never replaced (nor cut: /dev/stdout may be a log with lines in it).
 */
static bool is_special(const char *path)
{
	bool files = !strncmp(path, "/dev/shm/", 9); /* plain ones, in memory */
	struct stat st;

	if ((!strncmp(path, "/dev/", 5) && !files) ||
	    !strncmp(path, "/proc/", 6))
		return true;
	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int open_special(struct output *o, const char *path)
{
	o->f = fopen(path, "a");
	if (!o->f)
		return cannot("write", path);
	o->path = strdup(path);
	if (o->path)
		return 0;
	fclose(o->f);
	o->f = NULL;
	return cannot("write", path);
}

void outputs_end(int number)
{
	outputs_abandon();
	signal(number, SIG_DFL);
	raise(number); /* taken when the handler returns */
}

/*
 * o->temp goes when the program ends: from before it is made, since a signal may
 * come as soon as it is. Signals that would end the program are caught; who
 * catches or ignores one keeps it.
 */
static void guard(struct output *o)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
	const struct sigaction sa = {.sa_handler = outputs_end};
	struct sigaction old;

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigaction(ends[i], NULL, &old) &&
		    old.sa_handler == SIG_DFL)
			sigaction(ends[i], &sa, NULL);
	o->next = open_outputs;
	open_outputs = o;
}

int output_open(struct output *o, const char *path)
{
	mode_t mask;
	int fd;

	memset(o, 0, sizeof(*o));
	if (!strcmp(path, "-")) {
		o->f = stdout;
		return 0;
	}
	if (is_special(path))
		return open_special(o, path);
	if (make_parents(path))
		return -1;
	/* through a link, so that the file is replaced and not the link */
	o->path = realpath(path, NULL);
	if (!o->path)
		o->path = strdup(path);
	path = o->path;
	if (!path)
		cmd_host.fail(cmd_host.ctx, 0);
	o->temp = text_of("%s.XXXXXX", path);
	guard(o);
	fd = mkstemp(o->temp);
	if (fd < 0) {
		unlink_output(o);
		cannot("write", path);
		forget(o);
		return -1;
	}
	mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	o->f = fdopen(fd, "w");
	if (!o->f) {
		remove_temp(o);
		unlink_output(o);
		cannot("write", path);
		close(fd);
		forget(o);
		return -1;
	}
	return 0;
}

int output_close(struct output *o, bool keep)
{
	int ret = 0;

	if (!o->f)
		return 0;
	if (!o->path) {
		if (fflush(o->f) && keep)
			ret = cannot("write to", "standard output");
		o->f = NULL;
		return ret;
	}
	if (ferror(o->f) | fclose(o->f))
		ret = keep ? cannot("write", o->path) : -1;
	if (o->temp) {
		bool renamed = keep && !ret && !rename(o->temp, o->path);

		if (!renamed)
			remove_temp(o);
		/* only now: a signal may come in between */
		unlink_output(o);
		if (keep && !ret && !renamed)
			ret = cannot("write", o->path);
	}
	forget(o);
	return ret;
}

const char *temp_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp ? tmp : "/tmp";
}

int scratch_make(struct output *o, const char *name)
{
	const char *ending = strstr(name, "XXXXXX") + 6;
	int fd;

	memset(o, 0, sizeof(*o));
	o->temp = text_of("%s/%s", temp_folder(), name);
	guard(o);
	fd = mkstemps(o->temp, (int)strlen(ending));
	if (fd < 0) {
		unlink_output(o);
		cannot("write", o->temp);
		forget(o);
		return -1;
	}
	close(fd);
	return 0;
}

void scratch_remove(struct output *o)
{
	if (!o->temp)
		return;
	unlink(o->temp);
	unlink_output(o);
	forget(o);
}

/* ---- a folder ---- */

static char *scratch_folder;
static pid_t scratch_owner;

const char *scratch_folder_make(const char *name)
{
	scratch_folder = text_of("%s/%s.XXXXXX", temp_folder(), name);
	scratch_owner = getpid();
	if (mkdtemp(scratch_folder))
		return scratch_folder;
	complain("cannot make a folder in %s: %s", temp_folder(),
		 strerror(errno));
	free(scratch_folder);
	scratch_folder = NULL;
	return NULL;
}

void scratch_folder_watch(const char *path)
{
	free(scratch_folder);
	scratch_folder = path ? text_of("%s", path) : NULL;
	scratch_owner = getpid();
}

static int remove_one(const char *path, const struct stat *st __unused_arg,
		      int type __unused_arg, struct FTW *ftw __unused_arg)
{
	remove(path);
	return 0;
}

void remove_folder(const char *path)
{
	/* it takes memory, which may be what the host had none of just now */
	for (int i = 0; i < 2; i++)
		if (!nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
			break;
}

void scratch_folder_remove(void)
{
	if (!scratch_folder || scratch_owner != getpid())
		return;
	remove_folder(scratch_folder);
	free(scratch_folder);
	scratch_folder = NULL;
}

/* Also from the end of the host's memory: nothing here takes any. */
void outputs_abandon(void)
{
	for (struct output *o = open_outputs; o; o = o->next)
		unlink(o->temp);
	open_outputs = NULL;
}
