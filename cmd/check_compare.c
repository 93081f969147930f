/*
 * check_compare.c - what a replay wrote against what is expected.
 *
 * Every file of the two folders counts: one that is not expected or does not
 * come is a difference too. `messages` and `exit` are expected only where
 * there are messages, or another status than 0: so a trace that must fail is
 * a scenario like any other.
 */
#include "cmd/check.h"
#include "cmd/output.h"
#include "formats/memory_stream.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int cannot_read(const char *path)
{
	return complain("%s: %s", path, strerror(errno)), -1;
}

/* All files below folder/sub, as names relative to folder; a folder that is not
 * there has none. 0, or -1 after a message. */
static int list_files(const char *folder, const char *sub, struct strings *to)
{
	char *path = text_of("%s%s%s", folder, *sub ? "/" : "", sub);
	DIR *dir = opendir(path);
	int ret = dir || errno == ENOENT ? 0 : cannot_read(path);
	struct dirent *e;
	struct stat st;

	while (dir && !ret && (e = readdir(dir))) {
		char *name, *full;

		if (e->d_name[0] == '.')
			continue;
		name = text_of("%s%s%s", sub, *sub ? "/" : "", e->d_name);
		full = text_of("%s/%s", folder, name);
		if (!lstat(full, &st) && S_ISDIR(st.st_mode))
			ret = list_files(folder, name, to);
		else if (!strings_have(to, name))
			strings_add(to, name);
		free(full);
		free(name);
	}
	if (dir)
		closedir(dir);
	free(path);
	return ret;
}

/* *there: is there such a file? 0, or -1 after a message: it cannot be read, so
 * it must not be taken for gone. */
static int read_file(const char *folder, const char *name, struct text *t,
		     bool *there)
{
	char *path = text_of("%s/%s", folder, name), *bytes = NULL;
	FILE *in = fopen(path, "rb"), *out;
	char buf[16384];
	size_t n;
	int ret = 0;

	*t = (struct text){"", 0};
	*there = false;
	if (!in) {
		ret = errno == ENOENT ? 0 : cannot_read(path);
		free(path);
		return ret;
	}
	out = memory_stream(&cmd_host, &bytes, &t->len);
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out);
	fclose(out);
	if (ferror(in))
		ret = cannot_read(path);
	fclose(in);
	free(path);
	t->bytes = bytes;
	*there = true;
	return ret;
}

static void free_text(bool there, struct text *t)
{
	if (there)
		free((char *)t->bytes);
}

/* ---- what the run left beside its reports ---- */

static int write_exit(const struct scenario *s)
{
	char *path = text_of("%s/%s", s->out, "exit");
	FILE *f = fopen(path, "w");
	int ret = 0;

	if (f)
		fprintf(f, "%d\n", WEXITSTATUS(s->status));
	if (!f || fclose(f))
		ret = complain("cannot write %s: %s", path, strerror(errno));
	free(path);
	return ret ? -1 : 0;
}

static int settle_run(struct scenario *s)
{
	char *messages = text_of("%s/%s", s->out, "messages");
	struct stat st;

	if (!stat(messages, &st) && !st.st_size)
		unlink(messages);
	free(messages);
	if (WIFEXITED(s->status) && WEXITSTATUS(s->status))
		return write_exit(s);
	return 0;
}

/* ---- differences ---- */

static void add_difference(struct check *c, struct scenario *s,
			   const char *file, const char *what, struct text a,
			   struct text b)
{
	struct diff_style style = {c->opt.colour, c->opt.max_lines};
	struct difference *d;
	char *name_a = text_of("%s/%s", s->expected, file);
	char *name_b = text_of("%s/%s", s->name, file);
	size_t len;
	FILE *out;

	s->diff = host_realloc(&cmd_host, s->diff, s->nr_diffs * sizeof(*d),
			       (s->nr_diffs + 1) * sizeof(*d));
	d = &s->diff[s->nr_diffs++];
	d->file = host_strdup(&cmd_host, file);
	d->what = what;
	out = memory_stream(&cmd_host, &d->text, &len);
	d->lines = text_diff(a, b, *what == 'n' ? "/dev/null" : name_a,
			     *what == 'r' ? "/dev/null" : name_b, &style, out);
	fclose(out);
	free(name_a);
	free(name_b);
}

/* false: they are equal, or what differs is ignored. */
static bool compare_file(struct check *c, struct scenario *s, const char *file,
			 bool there[2], struct text t[2])
{
	const char *what = there[0] ? there[1] ? "changed" : "removed" : "new";
	const struct strings *ignore = &s->file->ignore;
	struct text a, b;
	bool counts;

	if (there[0] && there[1] && t[0].len == t[1].len &&
	    !memcmp(t[0].bytes, t[1].bytes, t[0].len))
		return false;
	counts = mask_text(t[0], file, ignore, &a);
	mask_text(t[1], file, ignore, &b);
	if (there[0] == there[1] && a.len == b.len &&
	    (!a.len || !memcmp(a.bytes, b.bytes, a.len)))
		counts = false;
	if (counts)
		add_difference(c, s, file, what, a, b);
	free((char *)a.bytes);
	free((char *)b.bytes);
	return counts;
}

/* What a replay said that did not come to its end. */
static void show_messages(struct check *c, struct scenario *s)
{
	struct text t, none = {"", 0};
	bool there;

	if (!read_file(s->out, "messages", &t, &there) && t.len)
		add_difference(c, s, "messages", "new", none, t);
	free_text(there, &t);
}

static int update_file(struct scenario *s, const char *file, bool there,
		       struct text t)
{
	char *path = text_of("%s/%s", s->expected, file);
	struct output out;
	int ret = 0;

	if (!there) {
		unlink(path);
	} else if (output_open(&out, path)) {
		ret = -1;
	} else {
		fwrite(t.bytes, 1, t.len, out.f);
		ret = output_close(&out, true);
	}
	free(path);
	return ret;
}

int compare_scenario(struct check *c, struct scenario *s)
{
	struct strings files = {.nr = 0};
	bool update = c->opt.update;
	int ret = 0;

	if (s->timed_out || !WIFEXITED(s->status)) {
		s->verdict = s->timed_out ? VERDICT_TIMEOUT : VERDICT_CRASHED;
		show_messages(c, s);
		return 0;
	}
	if (settle_run(s))
		return -1;
	ret = list_files(s->expected, "", &files) ||
	      list_files(s->out, "", &files);
	strings_sort(&files);
	for (unsigned i = 0; i < files.nr && !ret; i++) {
		const char *file = files.item[i];
		struct text t[2] = {{NULL, 0}, {NULL, 0}};
		bool there[2] = {false, false};

		ret = read_file(s->expected, file, &t[0], &there[0]) ||
		      read_file(s->out, file, &t[1], &there[1]);
		if (!ret && compare_file(c, s, file, there, t) && update)
			ret = update_file(s, file, there[1], t[1]);
		free_text(there[0], &t[0]);
		free_text(there[1], &t[1]);
	}
	strings_free(&files);
	s->verdict = !s->nr_diffs ? VERDICT_PASS
		     : update	  ? VERDICT_UPDATED
				  : VERDICT_DIFFERS;
	return ret ? -1 : 0;
}
