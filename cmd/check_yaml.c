/* check_yaml.c - what NAME.yaml says of a scenario. */
#include "cmd/check.h"
#include "cmd/options.h"
#include "cmd/yaml_doc.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct scenario_file *f;
	struct yaml_doc d;
};

static int wrong(const struct reader *r, const yaml_node_t *node,
		 const char *what)
{
	return yaml_doc_wrong(&r->d, node, what);
}

static int read_string(struct reader *r, const yaml_node_t *v, char **to)
{
	const char *text = yaml_scalar(v);

	if (!text || !*text)
		return wrong(r, v, "expected a plain value");
	free(*to);
	*to = host_strdup(&cmd_host, text);
	return 0;
}

/* A list of plain values, or one of them. */
static int read_list(struct reader *r, const yaml_node_t *v, struct strings *to)
{
	if (yaml_scalar(v)) {
		strings_add(to, yaml_scalar(v));
		return 0;
	}
	if (v->type != YAML_SEQUENCE_NODE)
		return wrong(r, v, "expected a list such as [a, b]");
	for (yaml_node_item_t *i = v->data.sequence.items.start;
	     i < v->data.sequence.items.top; i++) {
		const yaml_node_t *node = yaml_doc_node(&r->d, *i);

		if (!yaml_scalar(node) || !*yaml_scalar(node))
			return wrong(r, node, "expected a plain value");
		strings_add(to, yaml_scalar(node));
	}
	return 0;
}

static int read_points(struct reader *r, const yaml_node_t *v)
{
	const char *text = yaml_scalar(v);
	char *end = NULL;
	double n = text ? strtod(text, &end) : -1;

	if (!text || *end || end == text || !(n >= 0 && n <= 1e6))
		return wrong(r, v, "points: expected a number from 0 to 1000000");
	r->f->points = n;
	return 0;
}

static int read_check(struct reader *r, const yaml_node_t *v)
{
	const char *text = yaml_scalar(v);

	if (!text || !parse_number(text, 0, UINT64_MAX, &r->f->check))
		return wrong(r, v, "check: expected a number of events");
	return 0;
}

static int read_strict(struct reader *r, const yaml_node_t *v)
{
	const char *text = yaml_scalar(v);

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
	const char *key = yaml_scalar(k) ? yaml_scalar(k) : "";

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
	const yaml_node_t *root = yaml_document_get_root_node(&r->d.doc);

	if (!root)
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return wrong(r, root, "expected a mapping of keys to values");
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start;
	     p < root->data.mapping.pairs.top; p++)
		if (read_pair(r, yaml_doc_node(&r->d, p->key),
			      yaml_doc_node(&r->d, p->value)))
			return -1;
	if (r->f->config && r->f->configs.nr)
		return wrong(r, root, "config or configs, not both");
	return 0;
}

int scenario_read_file(struct scenario_file *f, const char *path)
{
	struct reader r = {.f = f};
	int ret;

	if (yaml_doc_read(&r.d, path, "not YAML"))
		return -1;
	ret = read_document(&r);
	yaml_doc_free(&r.d);
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
