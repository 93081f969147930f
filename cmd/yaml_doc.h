/* yaml_doc.h - a YAML (or JSON) file as one document, and what is wrong with it. */
#ifndef MMEMU_CMD_YAML_DOC_H
#define MMEMU_CMD_YAML_DOC_H

#include <stdbool.h>
#include <yaml.h>

struct yaml_doc {
	const char *path;
	yaml_document_t doc;
};

/* 0, or -1 after a message that says what the file is not: "not YAML". */
int yaml_doc_read(struct yaml_doc *d, const char *path, const char *not_this);
void yaml_doc_free(struct yaml_doc *d);
/* "PATH:LINE:COLUMN: WHAT", where the node stands (NULL: the file's start).
 * Always -1. */
int yaml_doc_wrong(const struct yaml_doc *d, const yaml_node_t *node,
		   const char *what);
const yaml_node_t *yaml_doc_node(const struct yaml_doc *d, int id);
/* The text of a plain value, or NULL: there is no such node, it is a list or a
 * mapping, or has a NUL in it. */
const char *yaml_scalar(const yaml_node_t *node);

#endif
