/* yaml_doc.c - libyaml's document of a file. */
#include "cmd/yaml_doc.h"
#include "cmd/command.h"

#include <string.h>

static int load(struct yaml_doc *d, FILE *in, const char *not_this)
{
	yaml_parser_t parser;
	bool good;

	if (!yaml_parser_initialize(&parser))
		cmd_host.fail(cmd_host.ctx, 0);
	yaml_parser_set_input_file(&parser, in);
	good = yaml_parser_load(&parser, &d->doc);
	if (!good && parser.error == YAML_MEMORY_ERROR)
		cmd_host.fail(cmd_host.ctx, 0);
	if (!good) {
		fflush(stdout);
		fprintf(stderr, "%s:%zu:%zu: %s\n", d->path,
			parser.problem_mark.line + 1,
			parser.problem_mark.column + 1,
			parser.problem ? parser.problem : not_this);
	}
	yaml_parser_delete(&parser);
	return good ? 0 : -1;
}

int yaml_doc_read(struct yaml_doc *d, const char *path, const char *not_this)
{
	FILE *in = fopen(path, "rb");
	int ret;

	d->path = path;
	if (!in && errno == ENOMEM)
		cmd_host.fail(cmd_host.ctx, 0);
	if (!in)
		return complain("%s: %s", path, strerror(errno)), -1;
	ret = load(d, in, not_this);
	fclose(in);
	return ret;
}

void yaml_doc_free(struct yaml_doc *d)
{
	yaml_document_delete(&d->doc);
}

int yaml_doc_wrong(const struct yaml_doc *d, const yaml_node_t *node,
		   const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s:%zu:%zu: %s\n", d->path,
		node ? node->start_mark.line + 1 : 1,
		node ? node->start_mark.column + 1 : 1, what);
	return -1;
}

/* libyaml only reads it. */
const yaml_node_t *yaml_doc_node(const struct yaml_doc *d, int id)
{
	return yaml_document_get_node((yaml_document_t *)(uintptr_t)&d->doc,
				      id);
}

const char *yaml_scalar(const yaml_node_t *node)
{
	const char *s;

	if (!node || node->type != YAML_SCALAR_NODE)
		return NULL;
	s = (const char *)node->data.scalar.value;
	return strlen(s) == node->data.scalar.length ? s : NULL;
}
