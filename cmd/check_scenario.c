/*
 * check_scenario.c - finding scenarios, and what their YAML says.
 *
 * A folder DIR/expected/NAME is what makes a scenario; DIR/NAME.trace (or the
 * `trace:` of DIR/NAME.yaml) must be there. Traces without expectations are
 * not scenarios. Names that begin with a dot are not looked at.
 */
#define _GNU_SOURCE /* asprintf */
#include "cmd/check.h"
#include "cmd/config.h"
#include "cmd/output.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

static const char *const suffixes[] = {".trace", ".trace.zst", ".mmt"};

/* ---- strings ---- */

char *strings_add(struct strings *s, const char *text)
{
	if (s->nr == s->max) {
		unsigned max = s->max ? 2 * s->max : 8;

		s->item = host_realloc(&cmd_host, s->item,
				       s->max * sizeof(*s->item),
				       max * sizeof(*s->item));
		s->max = max;
	}
	s->item[s->nr] = text ? host_strdup(&cmd_host, text) : NULL;
	return s->item[s->nr++];
}

void strings_free(struct strings *s)
{
	for (unsigned i = 0; i < s->nr; i++)
		free(s->item[i]);
	free(s->item);
	memset(s, 0, sizeof(*s));
}

bool strings_have(const struct strings *s, const char *text)
{
	for (unsigned i = 0; i < s->nr; i++)
		if (s->item[i] && !strcmp(s->item[i], text))
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *s)
{
	if (s->nr)
		qsort(s->item, s->nr, sizeof(*s->item), by_text);
}

__attribute__((format(printf, 1, 2))) static char *text_of(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		cmd_host.fail(cmd_host.ctx, 0);
	return text;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* ---- NAME.yaml ---- */

struct reader {
	struct scenario_file *f;
	const char *path;
	yaml_document_t doc;
};

static int wrong(const struct reader *r, const yaml_node_t *node,
		 const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s:%zu:%zu: %s\n", r->path,
		node->start_mark.line + 1, node->start_mark.column + 1, what);
	return -1;
}

static const char *scalar(const yaml_node_t *node)
{
	const char *s;

	if (!node || node->type != YAML_SCALAR_NODE)
		return NULL;
	s = (const char *)node->data.scalar.value;
	return strlen(s) == node->data.scalar.length ? s : NULL;
}

static int read_string(struct reader *r, const yaml_node_t *v, char **to)
{
	const char *text = scalar(v);

	if (!text || !*text)
		return wrong(r, v, "expected a plain value");
	free(*to);
	*to = host_strdup(&cmd_host, text);
	return 0;
}

/* A list of plain values, or one of them. */
static int read_list(struct reader *r, const yaml_node_t *v, struct strings *to)
{
	if (scalar(v)) {
		strings_add(to, scalar(v));
		return 0;
	}
	if (v->type != YAML_SEQUENCE_NODE)
		return wrong(r, v, "expected a list such as [a, b]");
	for (yaml_node_item_t *i = v->data.sequence.items.start;
	     i < v->data.sequence.items.top; i++) {
		yaml_node_t *node = yaml_document_get_node(&r->doc, *i);

		if (!scalar(node) || !*scalar(node))
			return wrong(r, node, "expected a plain value");
		strings_add(to, scalar(node));
	}
	return 0;
}

static int read_points(struct reader *r, const yaml_node_t *v)
{
	const char *text = scalar(v);
	char *end = NULL;
	double n = text ? strtod(text, &end) : -1;

	if (!text || *end || end == text || !(n >= 0 && n <= 1e6))
		return wrong(r, v, "points: expected a number from 0 to 1000000");
	r->f->points = n;
	return 0;
}

static int read_check(struct reader *r, const yaml_node_t *v)
{
	const char *text = scalar(v);
	char *end = NULL;

	r->f->check = text && *text != '-' ? strtoull(text, &end, 10) : 0;
	if (!end || *end || end == text)
		return wrong(r, v, "check: expected a number of events");
	return 0;
}

static int read_strict(struct reader *r, const yaml_node_t *v)
{
	const char *text = scalar(v);

	r->f->strict = text && !strcmp(text, "true");
	if (!r->f->strict && (!text || strcmp(text, "false")))
		return wrong(r, v, "strict: expected true or false");
	return 0;
}

static int read_pair(struct reader *r, const yaml_node_t *k,
		     const yaml_node_t *v)
{
	struct scenario_file *f = r->f;
	const struct {
		const char *key;
		char **to;
	} one[] = {
		{"description", &f->description}, {"trace", &f->trace},
		{"config", &f->config},		  {"at", &f->at},
		{"boot_state", &f->boot_state},	  {"contents", &f->contents},
	};
	const struct {
		const char *key;
		struct strings *to;
	} many[] = {
		{"configs", &f->configs}, {"set", &f->set},
		{"reports", &f->reports}, {"tags", &f->tags},
		{"ignore", &f->ignore},
	};
	const char *key = scalar(k) ? scalar(k) : "";

	for (unsigned i = 0; i < ARRAY_SIZE(one); i++)
		if (!strcmp(key, one[i].key))
			return read_string(r, v, one[i].to);
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		if (!strcmp(key, many[i].key))
			return read_list(r, v, many[i].to);
	if (!strcmp(key, "points"))
		return read_points(r, v);
	if (!strcmp(key, "check"))
		return read_check(r, v);
	if (!strcmp(key, "strict"))
		return read_strict(r, v);
	return wrong(r, k, "unknown key of a scenario; expected description, trace, config, configs, set, boot_state, contents, reports, at, check, strict, tags, ignore or points");
}

static int read_document(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(&r->doc);

	if (!root)
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return wrong(r, root, "expected a mapping of keys to values");
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start;
	     p < root->data.mapping.pairs.top; p++)
		if (read_pair(r, yaml_document_get_node(&r->doc, p->key),
			      yaml_document_get_node(&r->doc, p->value)))
			return -1;
	if (r->f->config && r->f->configs.nr)
		return wrong(r, root, "config or configs, not both");
	return 0;
}

int scenario_read_file(struct scenario_file *f, const char *path)
{
	struct reader r = {.f = f, .path = path};
	FILE *in = fopen(path, "rb");
	yaml_parser_t parser;
	int ret;

	if (!in)
		return complain("%s: %s", path, strerror(errno)), -1;
	if (!yaml_parser_initialize(&parser))
		cmd_host.fail(cmd_host.ctx, 0);
	yaml_parser_set_input_file(&parser, in);
	if (yaml_parser_load(&parser, &r.doc)) {
		ret = read_document(&r);
		yaml_document_delete(&r.doc);
	} else {
		fprintf(stderr, "%s:%zu:%zu: %s\n", path,
			parser.problem_mark.line + 1,
			parser.problem_mark.column + 1,
			parser.problem ? parser.problem : "not YAML");
		ret = -1;
	}
	yaml_parser_delete(&parser);
	fclose(in);
	return ret;
}

void scenario_file_free(struct scenario_file *f)
{
	free(f->description);
	free(f->trace);
	free(f->config);
	free(f->at);
	free(f->boot_state);
	free(f->contents);
	strings_free(&f->configs);
	strings_free(&f->set);
	strings_free(&f->reports);
	strings_free(&f->tags);
	strings_free(&f->ignore);
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
	for (unsigned i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *path = text_of("%s/%s%s", folder, name, suffixes[i]);
		bool there = !access(path, F_OK);

		free(path);
		if (there)
			return text_of("%s%s", name, suffixes[i]);
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

/* ---- --new ---- */

static int copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb");
	struct output out;
	char buf[16384];
	size_t n;
	bool good;

	if (!in)
		return complain("%s: %s", from, strerror(errno)), -1;
	if (output_open(&out, to)) {
		fclose(in);
		return -1;
	}
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out.f);
	good = !ferror(in);
	if (!good)
		complain("%s: %s", from, strerror(errno));
	fclose(in);
	return output_close(&out, good) || !good ? -1 : 0;
}

/* A YAML string in double quotes. */
static void put_quoted(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		putc(*text, f);
	}
	putc('"', f);
}

static void put_list(FILE *f, const char *key, const struct strings *s)
{
	if (!s->nr)
		return;
	fprintf(f, "%s: [", key);
	for (unsigned i = 0; i < s->nr; i++) {
		fputs(i ? ", " : "", f);
		put_quoted(f, s->item[i]);
	}
	fputs("]\n", f);
}

/* A machine's file is copied, so that the scenario is whole in itself. */
static int write_yaml(const struct check *c, const char *path)
{
	const char *config = c->opt.config, *name = c->opt.new_name;
	const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	bool is_file = config && !access(config, F_OK);
	char *copy = text_of("%s.machine.yaml", name);
	char *copy_base = text_of("%s.machine.yaml", base);
	struct output out;
	int ret = is_file ? copy_file(config, copy) : 0;

	if (!ret)
		ret = output_open(&out, path);
	if (!ret) {
		if (config) {
			fputs("config: ", out.f);
			put_quoted(out.f, is_file ? copy_base : config);
			putc('\n', out.f);
		}
		put_list(out.f, "set", &c->opt.sets);
		put_list(out.f, "reports", &c->opt.reports);
		fputs("# tags: [lecture, fork]\n"
		      "# ignore: [slabinfo.active_objs]   # what may differ\n"
		      "# points: 5                        # for check --grade\n",
		      out.f);
		ret = output_close(&out, true);
	}
	free(copy);
	free(copy_base);
	return ret;
}

static const char *suffix_of(const char *trace)
{
	size_t n = strlen(trace);

	for (unsigned i = ARRAY_SIZE(suffixes); i-- > 0;) {
		size_t k = strlen(suffixes[i]);

		if (n > k && !strcmp(trace + n - k, suffixes[i]))
			return suffixes[i];
	}
	return ".trace";
}

int new_scenario(struct check *c, const char *trace)
{
	const char *name = c->opt.new_name;
	char *to = text_of("%s%s", name, suffix_of(trace));
	char *yaml = text_of("%s.yaml", name);
	int ret = -1;

	if (!access(yaml, F_OK))
		complain("--new %s: %s is there already", name, yaml);
	else if (!access(to, F_OK) && strcmp(to, trace))
		complain("--new %s: %s is there already", name, to);
	else if ((strcmp(to, trace) && copy_file(trace, to)) ||
		 write_yaml(c, yaml))
		ret = -1; /* it was said */
	else
		ret = find_scenarios(c, yaml);
	free(to);
	free(yaml);
	return ret;
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
	free(c->temp);
}
