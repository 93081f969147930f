/* output.c - files by rename. */
#define _GNU_SOURCE /* asprintf */
#include "cmd/output.h"
#include "cmd/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct output *open_outputs;

static int cannot(const char *what, const char *path)
{
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

static void forget(struct output *o)
{
	free(o->path);
	free(o->temp);
	memset(o, 0, sizeof(*o));
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
	if (make_parents(path))
		return -1;
	o->path = strdup(path);
	if (!o->path || asprintf(&o->temp, "%s.XXXXXX", path) < 0) {
		o->temp = NULL;
		forget(o);
		return cannot("write", path);
	}
	fd = mkstemp(o->temp);
	if (fd < 0) {
		forget(o);
		return cannot("write", path);
	}
	mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	o->f = fdopen(fd, "w");
	if (!o->f) {
		unlink(o->temp);
		close(fd);
		forget(o);
		return cannot("write", path);
	}
	o->next = open_outputs;
	open_outputs = o;
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
	unlink_output(o);
	if (ferror(o->f) | fclose(o->f))
		ret = keep ? cannot("write", o->path) : -1;
	if (keep && !ret && rename(o->temp, o->path))
		ret = cannot("write", o->path);
	if (!keep || ret)
		unlink(o->temp);
	forget(o);
	return ret;
}

/* Also from the end of the host's memory: nothing here takes any. */
void outputs_abandon(void)
{
	for (struct output *o = open_outputs; o; o = o->next)
		unlink(o->temp);
	open_outputs = NULL;
}
