/* config_set.c - the keys, their values as text, the key nearest to a wrong one. */
#include "cmd/config.h"
#include "core/slab.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct config_key config_keys[] = {
#define KEY(name, type, field, words, doc) \
	{name, type, offsetof(struct machine_config, field), words, doc},
#include "cmd/config_keys.def"
#undef KEY
};
const unsigned nr_config_keys = ARRAY_SIZE(config_keys);

/* clang-format off */
const struct slab_flag_name slab_flag_names[] = {
	{"hwcache_align", SLAB_HWCACHE_ALIGN},
	{"reclaim",       SLAB_RECLAIM_ACCOUNT},
	{"panic",         SLAB_PANIC},
	{"rcu",           SLAB_DESTROY_BY_RCU},
	{"mem_spread",    SLAB_MEM_SPREAD},
	{"dma",           SLAB_CACHE_DMA},
};
/* clang-format on */
const unsigned nr_slab_flag_names = ARRAY_SIZE(slab_flag_names);

const struct config_key *config_key_find(const char *name)
{
	for (unsigned i = 0; i < nr_config_keys; i++)
		if (!strcmp(config_keys[i].name, name))
			return &config_keys[i];
	return NULL;
}

/* Edit distance (Levenshtein), for names of up to 63 bytes. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64];
	size_t la = strlen(a), lb = strlen(b);

	if (la > 63 || lb > 63)
		return 64;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned up = row[j];
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			best = min_t(unsigned, best, up + 1);
			best = min_t(unsigned, best, row[j - 1] + 1);
			row[j] = best;
			diagonal = up;
		}
	}
	return row[lb];
}

const char *config_key_nearest(const char *name)
{
	const char *best = NULL;
	size_t len = strlen(name);
	unsigned least = (unsigned)len / 2 + 2;

	for (unsigned i = 0; i < nr_config_keys; i++) {
		const char *key = config_keys[i].name;
		const char *last = strrchr(key, '.');
		unsigned d = distance(name, key);

		if (last) /* the key without its group is near too */
			d = min_t(unsigned, d, distance(name, last + 1) + 1);
		if (!strncmp(name, key, len) && key[len] == '.')
			d = 0; /* a group: the first key in it */
		if (d < least) {
			least = d;
			best = key;
		}
	}
	return best;
}

/* A number, decimal or 0x, with K, M or G behind it. */
static bool parse_size(const char *s, uint64_t *value)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*value = strtoull(s, &end, s[0] == '0' && (s[1] | 32) == 'x' ? 16 : 10);
	if (errno)
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (*value >> (64 - shift))
			return false;
		*value <<= shift;
		end++;
	}
	return !*end;
}

static int expected(char *why, size_t size, const char *what)
{
	snprintf(why, size, "expected %s", what);
	return -EINVAL;
}

static int set_bool(bool *to, const char *value, char *why, size_t size)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};

	for (unsigned i = 0; i < ARRAY_SIZE(yes); i++) {
		*to = !strcmp(value, yes[i]);
		if (*to || !strcmp(value, no[i]))
			return 0;
	}
	return expected(why, size, "true or false");
}

static int set_enum(int *to, const char *words, const char *value, char *why,
		    size_t size)
{
	size_t len = strlen(value);
	const char *w = words;

	for (int i = 0; w; i++) {
		size_t n = strcspn(w, "|");

		if (n == len && !memcmp(w, value, n)) {
			*to = i;
			return 0;
		}
		w = w[n] ? w + n + 1 : NULL;
	}
	snprintf(why, size, "expected one of %s", words);
	return -EINVAL;
}

static int set_device(uint32_t dev[2], const char *value, char *why,
		      size_t size)
{
	unsigned major, minor;
	int n = 0;

	if (sscanf(value, "%3x:%5x%n", &major, &minor, &n) != 2 || value[n])
		return expected(why, size, "MAJ:MIN, hexadecimal");
	dev[0] = major;
	dev[1] = minor;
	return 0;
}

static int set_string(char *to, const char *value, char *why, size_t size)
{
	size_t len = strlen(value);

	if (!len || len >= CONFIG_NAME_LEN)
		return expected(why, size, "a word of 1 to 31 bytes");
	memset(to, 0, CONFIG_NAME_LEN);
	memcpy(to, value, len);
	return 0;
}

static int set_u32(uint32_t *to, bool ok, uint64_t v, uint64_t max, char *why,
		   size_t size)
{
	if (!ok || v > max)
		return expected(why, size, "a number below 4G");
	*to = (uint32_t)v;
	return 0;
}

static int set_u64(uint64_t *to, bool ok, uint64_t v, char *why, size_t size)
{
	if (!ok)
		return expected(why, size,
				"a number such as 4096, 0x1000 or 256M");
	*to = v;
	return 0;
}

int config_set_scalar(struct machine_config *cfg, const struct config_key *key,
		      const char *value, char *why, size_t size)
{
	void *field = (char *)cfg + key->offset;
	uint64_t v = 0;
	bool ok = parse_size(value, &v);

	switch (key->type) {
	case CFG_LIMIT:
		if (!strcmp(value, "unlimited")) {
			*(uint64_t *)field = RLIM_INFINITY_U64;
			return 0;
		}
		return set_u64(field, ok, v, why, size);
	case CFG_SIZE:
	case CFG_ADDR:
	case CFG_U64:
		return set_u64(field, ok, v, why, size);
	case CFG_S32:
		if (!strcmp(value, "-1")) {
			*(int32_t *)field = -1;
			return 0;
		}
		return set_u32(field, ok, v, INT32_MAX, why, size);
	case CFG_U32:
	case CFG_BYTES32:
		return set_u32(field, ok, v, UINT32_MAX, why, size);
	case CFG_BOOL:
		return set_bool(field, value, why, size);
	case CFG_STRING:
		if (field == cfg->paging)
			cfg->custom.nr_levels = 0; /* a row again */
		return set_string(field, value, why, size);
	case CFG_ENUM:
		return set_enum(field, key->words, value, why, size);
	case CFG_DEVICE:
		return set_device(field, value, why, size);
	case CFG_RATIOS:
	case CFG_RANGES:
		break;
	}
	return expected(why, size, "a list, which only a YAML file can hold");
}

static int set_range(struct machine_config *cfg, const struct config_key *key,
		     unsigned index, const char *value, char *why, size_t size)
{
	struct phys_range *ranges = (void *)((char *)cfg + key->offset);
	bool firmware = ranges == cfg->firmware;
	char low[32];
	size_t n = strcspn(value, "-");
	uint64_t start, end;

	if (index >= CONFIG_MAX_RANGES)
		return expected(why, size, "at most 32 ranges");
	if (n >= sizeof(low) || !value[n])
		return expected(why, size, "a range START-END");
	memcpy(low, value, n);
	low[n] = '\0';
	if (!parse_size(low, &start) || !parse_size(value + n + 1, &end) ||
	    start >= end)
		return expected(why, size,
				"a range START-END, END behind START");
	ranges[index] = (struct phys_range){start, end};
	*(firmware ? &cfg->nr_firmware : &cfg->nr_reserved) = index + 1;
	return 0;
}

int config_set_item(struct machine_config *cfg, const struct config_key *key,
		    unsigned index, const char *value, char *why, size_t size)
{
	uint64_t v;

	if (key->type == CFG_RANGES)
		return set_range(cfg, key, index, value, why, size);
	if (key->type != CFG_RATIOS)
		return expected(why, size, "one value, not a list");
	if (index >= 3 || !parse_size(value, &v) || !v || v > UINT32_MAX)
		return expected(why, size, "three numbers above 0");
	cfg->lowmem_reserve_ratio[index] = (uint32_t)v;
	return 0;
}

int config_set_object(struct machine_config *cfg, const char *cache,
		      const char *value, char *why, size_t size)
{
	uint64_t v;

	for (unsigned i = 0; i < cfg->nr_caches; i++) {
		if (strcmp(cfg->caches[i].name, cache))
			continue;
		if (!parse_size(value, &v) || !v || v > 1u << 22)
			return expected(why, size, "an object size, 1 to 4M");
		cfg->caches[i].size = (uint32_t)v;
		cfg->caches[i].pae_size = 0;
		return 0;
	}
	snprintf(why, size, "this profile has no cache \"%.40s\"", cache);
	return -EINVAL;
}
