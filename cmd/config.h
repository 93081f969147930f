/*
 * config.h - machine configurations: YAML files, built-in profiles, --set.
 *
 * A configuration starts from the ground (machine_config_default()), takes
 * what its `from:` says, then its own keys, then each --set in order. The keys
 * are rows of cmd/config_keys.def; groups are nested mappings in YAML and have
 * a dot in --set:
 *
 *	from: linux-3.12-i386      mmemu replay -c course.yaml
 *	memory: 2G                       --set memory=2G --set slab.header=24
 *	slab:
 *	  header: 24
 */
#ifndef MMEMU_CMD_CONFIG_H
#define MMEMU_CMD_CONFIG_H

#include "core/config.h"

#include <stdio.h>

#define CONFIG_ERROR_LEN 512

/*
 * name: a built-in profile's name or the path of a YAML file; NULL: the
 * default profile. sets: nr_sets strings KEY=VALUE. 0, or -EINVAL with one line
 * in err (file:line:column where there is one).
 */
int config_load(const char *name, const char *const *sets, unsigned nr_sets,
		struct machine_config *cfg, char err[CONFIG_ERROR_LEN]);

/* The whole configuration as YAML that config_load() reads back, each key with
 * its meaning. */
void config_print(const struct machine_config *cfg, FILE *out);

int cmd_config(int argc, char **argv);

/* ---- between the config*.c files ---- */

enum config_type {
	CFG_SIZE,    /* bytes, with K M G; uint64_t */
	CFG_ADDR,    /* the same, printed in hexadecimal */
	CFG_LIMIT,   /* bytes or "unlimited"; uint64_t */
	CFG_U32,
	CFG_S32,     /* -1 or more */
	CFG_BYTES32, /* bytes, with K M G; uint32_t */
	CFG_U64,
	CFG_BOOL,
	CFG_STRING,
	CFG_ENUM,    /* a word of `words`: "guess|always|never" */
	CFG_RATIOS,  /* list of three numbers */
	CFG_RANGES,  /* list of START-END */
	CFG_DEVICE,  /* MAJ:MIN in hexadecimal, two uint32_t */
};

struct config_key {
	const char *name; /* "slab.header" */
	enum config_type type;
	size_t offset; /* in struct machine_config */
	const char *words;
	const char *doc;
};

extern const struct config_key config_keys[];
extern const unsigned nr_config_keys;
const struct config_key *config_key_find(const char *name);
/* The known key nearest to a name that is none, or NULL if none is near. */
const char *config_key_nearest(const char *name);

/* One scalar into one key. 0, or -EINVAL with what was expected in why. */
int config_set_scalar(struct machine_config *cfg, const struct config_key *key,
		      const char *value, char *why, size_t size);
/* Item `index` of a list (CFG_RATIOS, CFG_RANGES). */
int config_set_item(struct machine_config *cfg, const struct config_key *key,
		    unsigned index, const char *value, char *why, size_t size);
/* objects.NAME: the raw size of a cache of the profile. */
int config_set_object(struct machine_config *cfg, const char *cache,
		      const char *value, char *why, size_t size);

struct slab_flag_name {
	const char *name;
	uint32_t flag;
};
extern const struct slab_flag_name slab_flag_names[];
extern const unsigned nr_slab_flag_names;

/* YAML text into cfg; name: for messages; depth: of nested `from`. */
int config_yaml(struct machine_config *cfg, const char *text, size_t len,
		const char *name, unsigned depth, char err[CONFIG_ERROR_LEN]);
/* The same from a profile or file. */
int config_from(struct machine_config *cfg, const char *name, unsigned depth,
		char err[CONFIG_ERROR_LEN]);

/* Where a file or profile, or what it starts from, sets a key: "file:line:col".
 * 0, or -ENOENT. */
int config_where(const char *name, const char *key, unsigned depth,
		 char where[CONFIG_ERROR_LEN]);
int config_yaml_where(const char *text, size_t len, const char *name,
		      const char *key, unsigned depth,
		      char where[CONFIG_ERROR_LEN]);

/* Built-in profiles: the Makefile makes the table from traces/machines. */
struct profile {
	const char *name;
	const char *yaml;
};
extern const struct profile profiles[];
extern const unsigned nr_profiles;
/* The same of traces/tlb: models of a CPU's TLBs, for the key tlb.model. */
extern const struct profile tlb_models[];
extern const unsigned nr_tlb_models;
/* name: a built-in model or a YAML file. 0, or -EINVAL with err. */
int config_tlb_model(struct machine_config *cfg, const char *name,
		     unsigned depth, char err[CONFIG_ERROR_LEN]);

#endif
