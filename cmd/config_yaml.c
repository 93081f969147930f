/*
 * config_yaml.c - a YAML document (libyaml) into a configuration.
 *
 * The document is a mapping of keys; a nested mapping is a group. Four keys
 * are not rows of the table: `from` (applied first, wherever it stands),
 * `caches` (replaces the profile's caches), `more_caches` (appends) and
 * `objects` (raw sizes of single caches). Every error names file, line, column.
 *
 * Before a document is built its events are counted through once: libyaml's
 * time grows with the square of the depth, so deep ones are refused, and so is
 * a second document behind the first.
 */
#include "cmd/config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define MAX_KEY 64
#define MAX_FROM 8
#define MAX_DEPTH 16
#define MAX_PAIRS 1000 /* of one mapping */

struct loader {
	struct machine_config *cfg;
	yaml_document_t doc;
	const char *name;
	char *err;
	unsigned depth;
};

__attribute__((format(printf, 3, 4))) static int
complain(struct loader *l, const yaml_node_t *node, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(l->err, CONFIG_ERROR_LEN, "%.200s:%zu:%zu: ", l->name,
			 node->start_mark.line + 1,
			 node->start_mark.column + 1);

	va_start(ap, fmt);
	vsnprintf(l->err + n, CONFIG_ERROR_LEN - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static yaml_node_t *node_of(struct loader *l, int id)
{
	return yaml_document_get_node(&l->doc, id);
}

/* The text of a scalar; NULL if it is none, or holds a NUL byte. */
static const char *text_of(const yaml_node_t *node)
{
	const char *s;

	if (node->type != YAML_SCALAR_NODE)
		return NULL;
	s = (const char *)node->data.scalar.value;
	return strlen(s) == node->data.scalar.length ? s : NULL;
}

#define for_each_item(item, node)                            \
	for (yaml_node_item_t *item = (node)->data.sequence.items.start; \
	     item < (node)->data.sequence.items.top; item++)
#define for_each_pair(pair, node)                            \
	for (yaml_node_pair_t *pair = (node)->data.mapping.pairs.start; \
	     pair < (node)->data.mapping.pairs.top; pair++)

static int unknown_key(struct loader *l, const yaml_node_t *node,
		       const char *key)
{
	const char *near = config_key_nearest(key);

	if (near)
		return complain(l, node,
				"unknown key \"%s\"; the nearest known key is "
				"\"%s\"",
				key, near);
	return complain(l, node,
			"unknown key \"%s\"; `mmemu config` prints all keys",
			key);
}

static int set_list(struct loader *l, const struct config_key *key,
		    const yaml_node_t *list)
{
	char why[128];
	unsigned i = 0;

	if (key->type == CFG_RANGES) {
		if (strcmp(key->name, "ram.firmware"))
			l->cfg->nr_reserved = 0;
		else
			l->cfg->nr_firmware = 0;
	}
	for_each_item(item, list) {
		const yaml_node_t *node = node_of(l, *item);
		const char *text = text_of(node);

		if (!text)
			return complain(l, node, "%s: expected a plain value",
					key->name);
		if (config_set_item(l->cfg, key, i++, text, why, sizeof(why)))
			return complain(l, node, "%s: %s", key->name, why);
	}
	if (key->type == CFG_RATIOS && i != 3)
		return complain(l, list, "%s: expected three numbers",
				key->name);
	return 0;
}

static int set_value(struct loader *l, const struct config_key *key,
		     const yaml_node_t *value)
{
	const char *text = text_of(value);
	char why[128];

	if (value->type == YAML_SEQUENCE_NODE)
		return set_list(l, key, value);
	if (!text)
		return complain(l, value, "%s: expected a plain value",
				key->name);
	if (config_set_scalar(l->cfg, key, text, why, sizeof(why)))
		return complain(l, value, "%s: %s, found \"%.40s\"", key->name,
				why, text);
	return 0;
}

/* ---- caches ---- */

static int cache_flags(struct loader *l, struct config_cache *c,
		       const yaml_node_t *list)
{
	if (list->type != YAML_SEQUENCE_NODE)
		return complain(l, list, "flags: expected a list");
	for_each_item(item, list) {
		const yaml_node_t *node = node_of(l, *item);
		const char *text = text_of(node);
		unsigned i = 0;

		while (text && i < nr_slab_flag_names &&
		       strcmp(slab_flag_names[i].name, text))
			i++;
		if (!text || i == nr_slab_flag_names)
			return complain(l, node,
					"flags: expected hwcache_align, "
					"reclaim, panic, rcu, mem_spread or "
					"dma");
		c->flags |= slab_flag_names[i].flag;
	}
	return 0;
}

static int cache_number(struct loader *l, const yaml_node_t *node,
			const char *key, uint32_t *to)
{
	const char *text = text_of(node);
	char *end = NULL;
	unsigned long v = text ? strtoul(text, &end, 0) : 0;

	if (!text || !*text || *end || v > 1u << 22)
		return complain(l, node, "%s: expected a number up to 4194304",
				key);
	*to = (uint32_t)v;
	return 0;
}

static int cache_name(struct loader *l, const yaml_node_t *node, char *to)
{
	const char *text = text_of(node);

	if (!text || !*text || strlen(text) >= CONFIG_NAME_LEN)
		return complain(l, node, "name: expected 1 to 31 bytes");
	strcpy(to, text);
	return 0;
}

static int cache_ctor(struct loader *l, const yaml_node_t *node, bool *to)
{
	const char *text = text_of(node);

	*to = text && !strcmp(text, "true");
	if (!*to && (!text || strcmp(text, "false")))
		return complain(l, node, "ctor: expected true or false");
	return 0;
}

static int cache_field(struct loader *l, struct config_cache *c,
		       const yaml_node_t *k, const yaml_node_t *v)
{
	const char *key = text_of(k);

	if (!key)
		key = "";
	if (!strcmp(key, "name"))
		return cache_name(l, v, c->name);
	if (!strcmp(key, "size"))
		return cache_number(l, v, key, &c->size);
	if (!strcmp(key, "pae_size"))
		return cache_number(l, v, key, &c->pae_size);
	if (!strcmp(key, "align"))
		return cache_number(l, v, key, &c->align);
	if (!strcmp(key, "flags"))
		return cache_flags(l, c, v);
	if (!strcmp(key, "ctor"))
		return cache_ctor(l, v, &c->ctor);
	return complain(l, k, "unknown key of a cache; expected name, size, "
			      "pae_size, align, flags or ctor");
}

static int set_caches(struct loader *l, const yaml_node_t *list)
{
	if (list->type != YAML_SEQUENCE_NODE)
		return complain(l, list, "caches: expected a list");
	for_each_item(item, list) {
		const yaml_node_t *map = node_of(l, *item);
		struct config_cache c = {.size = 0};

		if (map->type != YAML_MAPPING_NODE)
			return complain(l, map, "caches: expected a mapping "
						"such as {name: pid, size: 44}");
		for_each_pair(p, map)
			if (cache_field(l, &c, node_of(l, p->key),
					node_of(l, p->value)))
				return -EINVAL;
		if (!c.name[0] || !c.size)
			return complain(l, map,
					"a cache needs a name and a size");
		if (l->cfg->nr_caches == CONFIG_MAX_CACHES)
			return complain(l, map, "more than %d caches",
					CONFIG_MAX_CACHES);
		l->cfg->caches[l->cfg->nr_caches++] = c;
	}
	return 0;
}

static int set_object(struct loader *l, const char *name, const yaml_node_t *k,
		      const yaml_node_t *v)
{
	const char *text = text_of(v);
	char why[128];

	if (config_set_object(l->cfg, name, text ? text : "", why, sizeof(why)))
		return complain(l, k, "objects.%s: %s", name, why);
	return 0;
}

/* ---- paging: {name, levels, entry_size, page_size, physical_bits} ---- */

static int paging_number(struct loader *l, const yaml_node_t *node,
			 const char *key, uint8_t *to)
{
	const char *text = text_of(node);
	char *end = NULL;
	unsigned long v = text ? strtoul(text, &end, 10) : 0;

	if (!text || !*text || *end || !v || v > 255)
		return complain(l, node, "paging: %s: expected a number of 1 "
					 "to 255",
				key);
	*to = (uint8_t)v;
	return 0;
}

static int paging_page_size(struct loader *l, const yaml_node_t *node,
			    struct pg_custom *c)
{
	const char *text = text_of(node);
	char why[128];

	if (!text || config_set_scalar(l->cfg, config_key_find("page_size"),
				       text, why, sizeof(why)) ||
	    !l->cfg->page_size ||
	    (l->cfg->page_size & (l->cfg->page_size - 1)))
		return complain(l, node, "paging: page_size: expected 4K, 8K, "
					 "16K, 32K or 64K");
	c->page_shift = (uint8_t)ilog2_u64(l->cfg->page_size);
	return 0;
}

/* A level: its bits, or {bits: N, large: true}. */
static int paging_level(struct loader *l, const yaml_node_t *node,
			struct pg_custom *c)
{
	unsigned d = c->nr_levels;

	if (d == PG_MAX_LEVELS)
		return complain(l, node, "paging: levels: a format has one to "
					 "five");
	c->nr_levels++;
	if (node->type != YAML_MAPPING_NODE)
		return paging_number(l, node, "levels", &c->index_bits[d]);
	for_each_pair(p, node) {
		const char *key = text_of(node_of(l, p->key));
		const yaml_node_t *v = node_of(l, p->value);
		const char *text = text_of(v);

		if (key && !strcmp(key, "bits")) {
			if (paging_number(l, v, "bits", &c->index_bits[d]))
				return -EINVAL;
		} else if (key && !strcmp(key, "large") && text &&
			   (!strcmp(text, "true") || !strcmp(text, "false"))) {
			c->large[d] = !strcmp(text, "true");
		} else {
			return complain(l, node_of(l, p->key),
					"paging: a level is a number of index "
					"bits, or {bits: N, large: true}");
		}
	}
	return 0;
}

static int paging_levels(struct loader *l, const yaml_node_t *list,
			 struct pg_custom *c)
{
	if (list->type != YAML_SEQUENCE_NODE)
		return complain(l, list, "paging: levels: expected a list such "
					 "as [10, 10], root first");
	c->nr_levels = 0;
	memset(c->large, 0, sizeof(c->large));
	for_each_item(item, list)
		if (paging_level(l, node_of(l, *item), c))
			return -EINVAL;
	return 0;
}

static int paging_field(struct loader *l, const yaml_node_t *k,
			const yaml_node_t *v, struct pg_custom *c)
{
	const char *key = text_of(k);
	char why[128];

	if (!key)
		key = "";
	if (!strcmp(key, "name")) {
		if (!text_of(v) ||
		    config_set_scalar(l->cfg, config_key_find("paging"),
				      text_of(v), why, sizeof(why)))
			return complain(l, v, "paging: name: expected 1 to 31 "
					      "bytes");
		return 0;
	}
	if (!strcmp(key, "levels"))
		return paging_levels(l, v, c);
	if (!strcmp(key, "page_size"))
		return paging_page_size(l, v, c);
	if (!strcmp(key, "entry_size"))
		return paging_number(l, v, key, &c->entry_size);
	if (!strcmp(key, "physical_bits"))
		return paging_number(l, v, key, &c->pa_bits);
	return complain(l, k, "unknown key of a paging format; expected name, "
			      "levels, page_size, entry_size or physical_bits");
}

static int set_paging(struct loader *l, const yaml_node_t *map)
{
	struct pg_custom c = {.entry_size = 4, .page_shift = 12};
	struct pg_format f;
	const char *why;

	strcpy(l->cfg->paging, "custom");
	l->cfg->page_size = 4096;
	for_each_pair(p, map)
		if (paging_field(l, node_of(l, p->key), node_of(l, p->value),
				 &c))
			return -EINVAL;
	if (!c.nr_levels)
		return complain(l, map, "paging: a format needs levels, such "
					"as [10, 10], root first");
	if (!c.pa_bits)
		c.pa_bits = c.entry_size == 4 ? 32 : 46;
	if (pg_format_find(l->cfg->paging))
		return complain(l, map, "paging: name: %s is a format of its "
					"own already",
				l->cfg->paging);
	l->cfg->custom = c;
	pg_format_build(&l->cfg->custom, l->cfg->paging, &f);
	if (pg_format_check(&f, &why))
		return complain(l, map, "paging: %s: %s", l->cfg->paging, why);
	return 0;
}

/* ---- mappings: at the root (group ""), or inside a group ---- */

static bool is_group(const char *key)
{
	size_t n = strlen(key);

	for (unsigned i = 0; i < nr_config_keys; i++)
		if (!strncmp(config_keys[i].name, key, n) &&
		    config_keys[i].name[n] == '.')
			return true;
	return !strcmp(key, "objects");
}

static int set_pair(struct loader *l, const char *group, const yaml_node_t *k,
		    const yaml_node_t *v)
{
	const char *name = text_of(k);
	char key[2 * MAX_KEY];

	if (!name || strlen(name) >= MAX_KEY)
		return complain(l, k, "expected a key");
	if (!*group && !strcmp(name, "from"))
		return 0; /* applied before */
	if (!*group && !strcmp(name, "caches"))
		l->cfg->nr_caches = 0;
	if (!*group && (!strcmp(name, "caches") || !strcmp(name, "more_caches")))
		return set_caches(l, v);
	if (!strcmp(group, "objects"))
		return set_object(l, name, k, v);
	if (!*group && !strcmp(name, "paging") && v->type == YAML_MAPPING_NODE)
		return set_paging(l, v);
	if (!strcmp(group, "tlb") && !strcmp(name, "model") && text_of(v)) {
		if (l->depth >= MAX_FROM)
			return complain(l, v, "tlb.model: more than %d levels "
					      "deep; does a file name itself?",
					MAX_FROM);
		return config_tlb_model(l->cfg, text_of(v), l->depth, l->err);
	}
	if (!*group && v->type == YAML_MAPPING_NODE && is_group(name)) {
		for_each_pair(p, v)
			if (set_pair(l, name, node_of(l, p->key),
				     node_of(l, p->value)))
				return -EINVAL;
		return 0;
	}
	snprintf(key, sizeof(key), "%s%s%s", group, *group ? "." : "", name);
	if (!config_key_find(key))
		return unknown_key(l, k, key);
	return set_value(l, config_key_find(key), v);
}

static int apply_from(struct loader *l, const yaml_node_t *root)
{
	for_each_pair(p, root) {
		const char *key = text_of(node_of(l, p->key));
		const yaml_node_t *v = node_of(l, p->value);

		if (!key || strcmp(key, "from"))
			continue;
		if (!text_of(v))
			return complain(l, v, "from: expected a profile's name "
					      "or a file");
		if (l->depth == MAX_FROM)
			return complain(l, v,
					"from: more than %d levels deep; does "
					"a file start from itself?",
					MAX_FROM);
		if (config_from(l->cfg, text_of(v), l->depth + 1, l->err))
			return -EINVAL;
	}
	return 0;
}

static int apply_document(struct loader *l)
{
	const yaml_node_t *root = yaml_document_get_root_node(&l->doc);

	if (!root) /* an empty file changes nothing */
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return complain(l, root, "expected a mapping of keys to values");
	if (apply_from(l, root))
		return -EINVAL;
	for_each_pair(p, root)
		if (set_pair(l, "", node_of(l, p->key), node_of(l, p->value)))
			return -EINVAL;
	return 0;
}

/* ---- the document ---- */

/* Two values for one key: the file means something else than it does. */
static int no_key_twice(struct loader *l, const yaml_node_t *map)
{
	if (map->data.mapping.pairs.top - map->data.mapping.pairs.start >
	    MAX_PAIRS)
		return complain(l, map, "more than %d keys", MAX_PAIRS);
	for_each_pair(p, map) {
		const yaml_node_t *k = node_of(l, p->key);
		const char *key = text_of(k);

		for (yaml_node_pair_t *q = map->data.mapping.pairs.start;
		     key && q < p; q++) {
			const char *other = text_of(node_of(l, q->key));

			if (other && !strcmp(key, other))
				return complain(l, k, "the key \"%.40s\" stands "
						      "here twice",
						key);
		}
	}
	return 0;
}

static int no_keys_twice(struct loader *l)
{
	for (const yaml_node_t *node = l->doc.nodes.start;
	     node < l->doc.nodes.top; node++)
		if (node->type == YAML_MAPPING_NODE && no_key_twice(l, node))
			return -EINVAL;
	return 0;
}

static int refuse(struct loader *l, const yaml_mark_t *at, const char *why)
{
	snprintf(l->err, CONFIG_ERROR_LEN, "%.200s:%zu:%zu: %s", l->name,
		 at->line + 1, at->column + 1, why);
	return -EINVAL;
}

/* One event more: how deep, and in which document. NULL: fine. */
static const char *look_at_event(const yaml_event_t *e, unsigned *depth,
				 unsigned *documents)
{
	switch (e->type) {
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return ++*depth > MAX_DEPTH ? "nested too deeply" : NULL;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		--*depth;
		return NULL;
	case YAML_DOCUMENT_START_EVENT:
		return ++*documents > 1 ? "a second document; a configuration "
					  "is one"
					: NULL;
	default:
		return NULL;
	}
}

static int look_through(struct loader *l, yaml_parser_t *parser)
{
	unsigned depth = 0, documents = 0;
	bool end = false;

	while (!end) {
		yaml_event_t e;
		const char *why;
		yaml_mark_t at;

		if (!yaml_parser_parse(parser, &e))
			return refuse(l, &parser->problem_mark,
				      parser->problem ? parser->problem
						      : "not YAML");
		why = look_at_event(&e, &depth, &documents);
		at = e.start_mark;
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
		if (why)
			return refuse(l, &at, why);
	}
	return 0;
}

typedef int (*parse_fn)(struct loader *l, yaml_parser_t *parser);

static int build_document(struct loader *l, yaml_parser_t *parser)
{
	if (yaml_parser_load(parser, &l->doc))
		return 0;
	return refuse(l, &parser->problem_mark,
		      parser->problem ? parser->problem : "not YAML");
}

static int parse(struct loader *l, const char *text, size_t len, parse_fn fn)
{
	yaml_parser_t parser;
	int ret;

	if (!yaml_parser_initialize(&parser)) {
		snprintf(l->err, CONFIG_ERROR_LEN, "%.200s: out of memory",
			 l->name);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	ret = fn(l, &parser);
	yaml_parser_delete(&parser);
	return ret;
}

int config_yaml(struct machine_config *cfg, const char *text, size_t len,
		const char *name, unsigned depth, char err[CONFIG_ERROR_LEN])
{
	struct loader l = {
		.cfg = cfg, .name = name, .err = err, .depth = depth};
	int ret = parse(&l, text, len, look_through);

	if (!ret)
		ret = parse(&l, text, len, build_document);
	if (ret)
		return ret;
	ret = no_keys_twice(&l);
	if (!ret)
		ret = apply_document(&l);
	yaml_document_delete(&l.doc);
	return ret;
}

/* ---- where a key is set ---- */

static const yaml_node_t *find_value(struct loader *l, const yaml_node_t *map,
				     const char *key, size_t len)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for_each_pair(p, map) {
		const char *name = text_of(node_of(l, p->key));

		if (name && strlen(name) == len && !strncmp(name, key, len))
			return node_of(l, p->value);
	}
	return NULL;
}

int config_yaml_where(const char *text, size_t len, const char *name,
		      const char *key, unsigned depth,
		      char where[CONFIG_ERROR_LEN])
{
	char ignored[CONFIG_ERROR_LEN];
	struct loader l = {.name = name, .err = ignored};
	const yaml_node_t *root, *node, *from;
	size_t dot = strcspn(key, ".");
	int ret = -ENOENT;

	if (parse(&l, text, len, build_document))
		return ret;
	root = yaml_document_get_root_node(&l.doc);
	node = find_value(&l, root, key, dot);
	if (node && key[dot])
		node = find_value(&l, node, key + dot + 1,
				  strlen(key + dot + 1));
	from = find_value(&l, root, "from", 4);
	if (node) {
		snprintf(where, CONFIG_ERROR_LEN, "%.200s:%zu:%zu", name,
			 node->start_mark.line + 1,
			 node->start_mark.column + 1);
		ret = 0;
	} else if (from && text_of(from) && depth < MAX_FROM) {
		ret = config_where(text_of(from), key, depth + 1, where);
	}
	yaml_document_delete(&l.doc);
	return ret;
}
