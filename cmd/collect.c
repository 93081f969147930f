/*
 * collect.c - results that other runs wrote as JSON, together again.
 *
 * What table.c writes as JSON is YAML too, so libyaml reads it. Every point of
 * the sweep must be there once: its index says which it is, `total` how many
 * there are.
 */
#include "cmd/options.h"
#include "cmd/points.h"
#include "cmd/strings.h"
#include "cmd/yaml_doc.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct source {
	struct points *ps;
	struct yaml_doc d;
};

static int wrong(const struct source *s, const yaml_node_t *node,
		 const char *what)
{
	yaml_doc_wrong(&s->d, node, what);
	return EXIT_BAD;
}

/* The value of a key of a mapping, or NULL. */
static const yaml_node_t *get(const struct source *s, const yaml_node_t *map,
			      const char *key)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top; p++) {
		const char *k = yaml_scalar(yaml_doc_node(&s->d, p->key));

		if (k && !strcmp(k, key))
			return yaml_doc_node(&s->d, p->value);
	}
	return NULL;
}

static bool number(const yaml_node_t *node, double *v)
{
	const char *s = yaml_scalar(node);
	char *end;

	if (!s || !*s)
		return false;
	if (!strcmp(s, "null")) {
		*v = NAN;
		return true;
	}
	*v = strtod(s, &end);
	return !*end;
}

/* A point's number, or how many there are. */
static bool place(const yaml_node_t *node, unsigned *n)
{
	const char *s = yaml_scalar(node);
	uint64_t v = 0;

	if (!s || !parse_number(s, 1, UINT32_MAX, &v))
		return false;
	*n = (unsigned)v;
	return true;
}

/* A metric that the file lacks (it was written with --metrics) is not known. */
static int read_metrics(struct source *s, struct point *p,
			const yaml_node_t *map)
{
	for (unsigned i = 0; i < nr_metrics; i++) {
		const yaml_node_t *v = get(s, map, metrics[i].key);

		p->value[i] = NAN;
		if (v && !number(v, &p->value[i]))
			return wrong(s, v, "expected a number or null");
	}
	return 0;
}

static int read_point(struct source *s, const yaml_node_t *node)
{
	const char *name = yaml_scalar(get(s, node, "name"));
	const char *config = yaml_scalar(get(s, node, "config"));
	const yaml_node_t *sets = get(s, node, "set");
	const yaml_node_t *map = get(s, node, "metrics");
	struct point *p;
	unsigned index;

	if (!name || !config || !place(get(s, node, "index"), &index) ||
	    !map || !sets || sets->type != YAML_SEQUENCE_NODE)
		return wrong(s, node, "expected a point with index, name, "
				      "config, set and metrics");
	p = points_add(s->ps, name, config);
	p->index = index;
	p->done = true;
	for (yaml_node_item_t *i = sets->data.sequence.items.start;
	     i < sets->data.sequence.items.top; i++) {
		const char *set = yaml_scalar(yaml_doc_node(&s->d, *i));

		if (!set)
			return wrong(s, sets, "expected KEY=VALUE");
		point_set(p, set);
	}
	return read_metrics(s, p, map);
}

/* All files are of one sweep. */
static int read_head(struct source *s, const yaml_node_t *root, unsigned *total)
{
	const char *magic = yaml_scalar(get(s, root, "mmemu"));
	const char *trace = yaml_scalar(get(s, root, "trace"));
	unsigned n;

	if (!magic || strcmp(magic, "compare 1") || !trace ||
	    !place(get(s, root, "total"), &n))
		return wrong(s, root, "not a result of mmemu compare --json");
	if (!s->ps->trace)
		s->ps->trace = host_strdup(&cmd_host, trace);
	if (!*total)
		*total = n;
	if (strcmp(s->ps->trace, trace) || *total != n)
		return wrong(s, root, "a result of another sweep (trace or number of points differ)");
	return 0;
}

static int read_document(struct source *s, unsigned *total)
{
	const yaml_node_t *root = yaml_document_get_root_node(&s->d.doc);
	const yaml_node_t *list = get(s, root, "points");

	if (read_head(s, root, total))
		return EXIT_BAD;
	if (!list || list->type != YAML_SEQUENCE_NODE)
		return wrong(s, root, "expected a list of points");
	for (yaml_node_item_t *i = list->data.sequence.items.start;
	     i < list->data.sequence.items.top; i++)
		if (read_point(s, yaml_doc_node(&s->d, *i)))
			return EXIT_BAD;
	return 0;
}

static int read_file(struct points *ps, const char *path, unsigned *total)
{
	struct source s = {.ps = ps};
	int status;

	if (yaml_doc_read(&s.d, path, "not JSON"))
		return EXIT_BAD;
	status = read_document(&s, total);
	yaml_doc_free(&s.d);
	return status;
}

static int is_json(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	       !strcmp(d->d_name + n - 5, ".json");
}

static int read_path(struct points *ps, const char *path, unsigned *total)
{
	struct dirent **list;
	int n = scandir(path, &list, is_json, alphasort), status = 0;

	if (n < 0)
		return read_file(ps, path, total);
	if (!n)
		status = complain("%s: no file here ends in .json", path);
	for (int i = 0; i < n; i++) {
		char *file = text_of("%s/%s", path, list[i]->d_name);

		if (!status)
			status = read_file(ps, file, total);
		free(file);
		free(list[i]);
	}
	free(list);
	return status;
}

static int by_index(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return p->index < q->index ? -1 : p->index > q->index;
}

/* Each of 1 ... total once. */
static int check_complete(const struct points *ps, unsigned total)
{
	unsigned missing = 0, first = 0;
	unsigned i = 0;

	for (unsigned n = 1; n <= total; n++) {
		unsigned seen = 0;

		for (; i < ps->nr && ps->point[i].index == n; i++)
			seen++;
		if (seen > 1)
			return complain("sweep --collect: point %u (%s) is there %u times",
					n, ps->point[i - 1].name, seen);
		if (!seen && !missing++)
			first = n;
	}
	if (i < ps->nr)
		return complain("sweep --collect: point %u of %u",
				ps->point[i].index, total);
	if (missing)
		return complain("sweep --collect: %u of %u points are missing, the first is %u",
				missing, total, first);
	return 0;
}

int points_collect(struct points *ps, char *const *paths, int nr)
{
	unsigned total = 0;

	for (int i = 0; i < nr; i++)
		if (read_path(ps, paths[i], &total))
			return EXIT_BAD;
	if (ps->nr)
		qsort(ps->point, ps->nr, sizeof(*ps->point), by_index);
	if (check_complete(ps, total))
		return EXIT_BAD;
	ps->total = total;
	return 0;
}
