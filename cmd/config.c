/* config.c - where a configuration comes from, and in which order. */
#include "cmd/config.h"

#include <stdlib.h>
#include <string.h>

#define MAX_YAML (1u << 20) /* bytes of a configuration file */

static const struct profile *profile_find(const struct profile *table,
					  unsigned nr, const char *name)
{
	for (unsigned i = 0; i < nr; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static int no_such_file(const char *path, char err[CONFIG_ERROR_LEN])
{
	int n = snprintf(err, CONFIG_ERROR_LEN,
			 "%.100s: %s; expected a YAML file or one of", path,
			 strerror(errno));

	for (unsigned i = 0; i < nr_profiles && n < CONFIG_ERROR_LEN; i++)
		n += snprintf(err + n, CONFIG_ERROR_LEN - (size_t)n, "%s %s",
			      i ? "," : "", profiles[i].name);
	return -EINVAL;
}

/* The whole file; NULL after a message in err. The caller frees it. */
static char *read_file(const char *path, size_t *len,
		       char err[CONFIG_ERROR_LEN])
{
	FILE *in = fopen(path, "rb");
	char *text;
	bool fine = false;

	if (!in) {
		no_such_file(path, err);
		return NULL;
	}
	text = malloc(MAX_YAML + 1);
	*len = text ? fread(text, 1, MAX_YAML + 1, in) : 0;
	if (!text)
		snprintf(err, CONFIG_ERROR_LEN, "%.200s: out of memory", path);
	else if (ferror(in))
		snprintf(err, CONFIG_ERROR_LEN, "%.200s: %s", path,
			 strerror(errno));
	else if (*len > MAX_YAML)
		snprintf(err, CONFIG_ERROR_LEN,
			 "%.200s: larger than 1 MiB; no configuration is",
			 path);
	else
		fine = true;
	fclose(in);
	if (fine)
		return text;
	free(text);
	return NULL;
}

static int config_file(struct machine_config *cfg, const char *path,
		       unsigned depth, char err[CONFIG_ERROR_LEN])
{
	size_t len;
	char *text = read_file(path, &len, err);
	int ret = text ? config_yaml(cfg, text, len, path, depth, err) : -EINVAL;

	free(text);
	return ret;
}

int config_from(struct machine_config *cfg, const char *name, unsigned depth,
		char err[CONFIG_ERROR_LEN])
{
	const struct profile *p = profile_find(profiles, nr_profiles, name);

	if (!p)
		return config_file(cfg, name, depth, err);
	return config_yaml(cfg, p->yaml, strlen(p->yaml), name, depth, err);
}

int config_where(const char *name, const char *key, unsigned depth,
		 char where[CONFIG_ERROR_LEN])
{
	const struct profile *p = profile_find(profiles, nr_profiles, name);
	size_t len;
	char *text;
	int ret;

	if (p)
		return config_yaml_where(p->yaml, strlen(p->yaml), name, key,
					 depth, where);
	text = read_file(name, &len, where);
	ret = text ? config_yaml_where(text, len, name, key, depth, where)
		   : -ENOENT;
	free(text);
	return ret;
}

static int no_such_model(const char *name, char err[CONFIG_ERROR_LEN])
{
	int n = snprintf(err, CONFIG_ERROR_LEN,
			 "there is no TLB model \"%.60s\"; expected a YAML "
			 "file or one of",
			 name);

	for (unsigned i = 0; i < nr_tlb_models && n < CONFIG_ERROR_LEN; i++)
		n += snprintf(err + n, CONFIG_ERROR_LEN - (size_t)n, "%s %s",
			      i ? "," : "", tlb_models[i].name);
	return -EINVAL;
}

int config_tlb_model(struct machine_config *cfg, const char *name,
		     unsigned depth, char err[CONFIG_ERROR_LEN])
{
	const struct profile *p = profile_find(tlb_models, nr_tlb_models, name);
	size_t len = strlen(name);
	int ret;

	if (p)
		ret = config_yaml(cfg, p->yaml, strlen(p->yaml), name,
				  depth + 1, err);
	else if (len > 5 && !strcmp(name + len - 5, ".yaml"))
		ret = config_file(cfg, name, depth + 1, err);
	else
		return no_such_model(name, err);
	if (ret)
		return ret;
	snprintf(cfg->tlb.model, sizeof(cfg->tlb.model), "%.31s", name);
	return 0;
}

static int apply_set(struct machine_config *cfg, const char *set,
		     char err[CONFIG_ERROR_LEN])
{
	char key[64], why[128];
	size_t n = strcspn(set, "=");
	const struct config_key *k;
	const char *near;
	int ret;

	if (!set[n] || !n || n >= sizeof(key)) {
		snprintf(err, CONFIG_ERROR_LEN,
			 "--set %.100s: expected KEY=VALUE", set);
		return -EINVAL;
	}
	memcpy(key, set, n);
	key[n] = '\0';
	k = config_key_find(key);
	if (k && !strcmp(key, "tlb.model")) {
		return config_tlb_model(cfg, set + n + 1, 0, err);
	} else if (k) {
		ret = config_set_scalar(cfg, k, set + n + 1, why, sizeof(why));
	} else if (!strncmp(key, "objects.", 8)) {
		ret = config_set_object(cfg, key + 8, set + n + 1, why,
					sizeof(why));
	} else {
		near = config_key_nearest(key);
		snprintf(why, sizeof(why), "unknown key; %s%s",
			 near ? "the nearest known key is " :
				"`mmemu config` prints all keys",
			 near ? near : "");
		ret = -EINVAL;
	}
	if (ret)
		snprintf(err, CONFIG_ERROR_LEN, "--set %.100s: %s", set, why);
	return ret;
}

/* A wrong value that only the whole configuration shows: who set it? */
static void blame(const char *name, const char *const *sets, unsigned nr_sets,
		  const char *key, const char *why, char err[CONFIG_ERROR_LEN])
{
	char where[CONFIG_ERROR_LEN];
	size_t len = strlen(key);

	for (unsigned i = nr_sets; i-- > 0;)
		if (!strncmp(sets[i], key, len) && sets[i][len] == '=') {
			snprintf(err, CONFIG_ERROR_LEN, "--set %.100s: %s %s",
				 sets[i], key, why);
			return;
		}
	if (!name)
		name = "configuration";
	else if (!config_where(name, key, 0, where))
		name = where;
	snprintf(err, CONFIG_ERROR_LEN, "%.200s: %s %s", name, key, why);
}

int config_load(const char *name, const char *const *sets, unsigned nr_sets,
		struct machine_config *cfg, char err[CONFIG_ERROR_LEN])
{
	const char *key, *why;

	machine_config_default(cfg);
	if (name && config_from(cfg, name, 0, err))
		return -EINVAL;
	for (unsigned i = 0; i < nr_sets; i++)
		if (apply_set(cfg, sets[i], err))
			return -EINVAL;
	if (machine_config_check(cfg, &key, &why)) {
		blame(name, sets, nr_sets, key, why, err);
		return -EINVAL;
	}
	return 0;
}
