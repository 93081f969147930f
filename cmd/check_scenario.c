/*
 * check_scenario.c - finding scenarios, and choosing among them.
 *
 * A folder DIR/expected/NAME is what makes a scenario; DIR/NAME.trace (or the
 * `trace:` of DIR/NAME.yaml) must be there. Traces without expectations are
 * not scenarios. Names that begin with a dot are not looked at.
 */
#include "cmd/check.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const trace_suffixes[NR_TRACE_SUFFIXES] = {".trace", ".trace.zst",
						       ".mmt"};

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* ---- finding them ---- */

static struct scenario *add_scenario(struct check *c)
{
	if (c->nr == c->max) {
		unsigned max = c->max ? 2 * c->max : 64;

		c->scenario = host_realloc(&cmd_host, c->scenario,
					   c->max * sizeof(*c->scenario),
					   max * sizeof(*c->scenario));
		c->max = max;
	}
	return &c->scenario[c->nr++];
}

/* NAME of a machine, as a scenario is called after it. */
static char *config_label(const char *config)
{
	const char *slash = strrchr(config, '/');
	char *label = host_strdup(&cmd_host, slash ? slash + 1 : config);
	size_t n = strlen(label);

	if (n > 5 && !strcmp(label + n - 5, ".yaml"))
		label[n - 5] = '\0';
	return label;
}

static void add_variant(struct check *c, const char *folder, const char *name,
			struct scenario_file *f, const char *trace,
			const char *config, const char *label)
{
	struct scenario *s = add_scenario(c);
	const char *dir = strcmp(folder, ".") ? folder : "";
	const char *slash = *dir ? "/" : "";

	s->name = text_of("%s%s%s%s%s", dir, slash, name, label ? "@" : "",
			  label ? label : "");
	s->folder = host_strdup(&cmd_host, folder);
	s->trace = host_strdup(&cmd_host, trace);
	s->config = config ? host_strdup(&cmd_host, config) : NULL;
	s->expected = text_of("%s/expected/%s%s%s", folder, name,
			      label ? "/" : "", label ? label : "");
	s->file = f;
}

/* The trace of DIR/NAME, relative to DIR; NULL: there is none. */
static char *find_trace(const char *folder, const char *name)
{
	for (unsigned i = 0; i < NR_TRACE_SUFFIXES; i++) {
		char *path = text_of("%s/%s%s", folder, name, trace_suffixes[i]);
		bool there = !access(path, F_OK);

		free(path);
		if (there)
			return text_of("%s%s", name, trace_suffixes[i]);
	}
	return NULL;
}

static struct scenario_file *new_file(struct check *c)
{
	struct scenario_file *f = host_alloc(&cmd_host, sizeof(*f));

	f->points = -1;
	c->file = host_realloc(&cmd_host, c->file, c->nr_files * sizeof(f),
			       (c->nr_files + 1) * sizeof(f));
	c->file[c->nr_files++] = f;
	return f;
}

static int add_named(struct check *c, const char *folder, const char *name)
{
	struct scenario_file *f = new_file(c);
	char *yaml = text_of("%s/%s.yaml", folder, name), *trace;
	int ret = access(yaml, F_OK) ? 0 : scenario_read_file(f, yaml);

	free(yaml);
	if (ret)
		return ret;
	trace = f->trace ? host_strdup(&cmd_host, f->trace)
			 : find_trace(folder, name);
	if (!trace) {
		complain("%s/expected/%s: there is no trace %s/%s.trace", folder,
			 name, folder, name);
		return -1;
	}
	if (!f->configs.nr)
		add_variant(c, folder, name, f, trace, f->config, NULL);
	for (unsigned i = 0; i < f->configs.nr; i++) {
		char *label = config_label(f->configs.item[i]);

		add_variant(c, folder, name, f, trace, f->configs.item[i],
			    label);
		free(label);
	}
	free(trace);
	return 0;
}

/* The names in a folder, sorted, without those that begin with a dot. */
static int list_folder(const char *path, struct strings *names)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return complain("%s: %s", path, strerror(errno)), -1;
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			strings_add(names, e->d_name);
	closedir(dir);
	strings_sort(names);
	return 0;
}

static int find_below(struct check *c, const char *path)
{
	struct strings names = {.nr = 0};
	int ret = list_folder(path, &names);

	for (unsigned i = 0; !ret && i < names.nr; i++) {
		char *sub = text_of("%s/%s", path, names.item[i]);
		struct strings expected = {.nr = 0};
		struct stat st;

		if (lstat(sub, &st) || !S_ISDIR(st.st_mode)) {
			/* nor through links: they may lead back up */
		} else if (strcmp(names.item[i], "expected")) {
			ret = find_below(c, sub);
		} else {
			ret = list_folder(sub, &expected);
			for (unsigned k = 0; !ret && k < expected.nr; k++)
				ret = add_named(c, path, expected.item[k]);
		}
		strings_free(&expected);
		free(sub);
	}
	strings_free(&names);
	return ret;
}

/* DIR/NAME of one scenario, with or without a suffix. */
static int find_one(struct check *c, const char *path)
{
	static const char *const ends[] = {".trace.zst", ".trace", ".mmt",
					   ".yaml"};
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path))
			     : strdup(".");
	char *name = strdup(slash ? slash + 1 : path), *expected, *trace;
	int ret = -1;

	if (!folder || !name)
		cmd_host.fail(cmd_host.ctx, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(name), k = strlen(ends[i]);

		if (n > k && !strcmp(name + n - k, ends[i]))
			name[n - k] = '\0';
	}
	expected = text_of("%s/expected/%s", *folder ? folder : "/", name);
	trace = text_of("%s.trace", path);
	if (access(path, F_OK) && access(trace, F_OK) && !is_folder(expected))
		complain("%s: %s", path, strerror(ENOENT));
	else if (!is_folder(expected) && !c->opt.update)
		complain("%s: no expectations in %s (--update makes them)",
			 path, expected);
	else
		ret = add_named(c, *folder ? folder : "/", name);
	free(expected);
	free(trace);
	free(folder);
	free(name);
	return ret;
}

int find_scenarios(struct check *c, const char *path)
{
	char *clean = host_strdup(&cmd_host, path);
	size_t n = strlen(clean);
	int ret;

	while (n > 1 && clean[n - 1] == '/')
		clean[--n] = '\0';
	ret = is_folder(clean) ? find_below(c, clean) : find_one(c, clean);
	free(clean);
	return ret;
}

/* ---- --filter ---- */

static bool matches(const struct scenario *s, const char *filter)
{
	if (!strncmp(filter, "tag:", 4))
		return strings_have(&s->file->tags, filter + 4);
	if (strpbrk(filter, "*?["))
		return !fnmatch(filter, s->name, 0);
	return strstr(s->name, filter) != NULL;
}

/* Any of the filters, and none of those that begin with '!'. */
bool scenario_wanted(const struct check *c, const struct scenario *s)
{
	const struct strings *f = &c->opt.filters;
	bool wanted = true, positive = false;

	for (unsigned i = 0; i < f->nr; i++) {
		if (f->item[i][0] == '!') {
			if (matches(s, f->item[i] + 1))
				return false;
			continue;
		}
		wanted = (positive && wanted) || matches(s, f->item[i]);
		positive = true;
	}
	return wanted;
}

void scenarios_free(struct check *c)
{
	for (unsigned i = 0; i < c->nr; i++) {
		struct scenario *s = &c->scenario[i];

		for (unsigned k = 0; k < s->nr_diffs; k++) {
			free(s->diff[k].file);
			free(s->diff[k].text);
		}
		free(s->diff);
		free(s->name);
		free(s->folder);
		free(s->trace);
		free(s->config);
		free(s->expected);
		free(s->out);
	}
	for (unsigned i = 0; i < c->nr_files; i++) {
		scenario_file_free(c->file[i]);
		free(c->file[i]);
	}
	free(c->file);
	free(c->scenario);
	strings_free(&c->opt.filters);
	strings_free(&c->opt.sets);
	strings_free(&c->opt.reports);
}
