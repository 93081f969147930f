/* config_print.c - a configuration as YAML, each key with its meaning. */
#include "cmd/config.h"

#include <getopt.h>
#include <string.h>

typedef unsigned long long ull;

static void print_size(FILE *out, uint64_t v)
{
	static const char unit[] = "GMK";

	for (unsigned i = 0; v && i < 3; i++) {
		unsigned shift = 30 - 10 * i;

		if (!(v & (((uint64_t)1 << shift) - 1))) {
			fprintf(out, "%llu%c", (ull)(v >> shift), unit[i]);
			return;
		}
	}
	fprintf(out, "%llu", (ull)v);
}

static void print_word(FILE *out, const char *words, int index)
{
	while (index-- > 0)
		words = strchr(words, '|') + 1;
	fprintf(out, "%.*s", (int)strcspn(words, "|"), words);
}

static void print_ranges(FILE *out, const struct machine_config *cfg,
			 const struct phys_range *r)
{
	unsigned nr = r == cfg->firmware ? cfg->nr_firmware : cfg->nr_reserved;

	putc('[', out);
	for (unsigned i = 0; i < nr; i++)
		fprintf(out, "%s0x%llx-0x%llx", i ? ", " : "", (ull)r[i].start,
			(ull)r[i].end);
	putc(']', out);
}

static void print_value(FILE *out, const struct machine_config *cfg,
			const struct config_key *k)
{
	const void *p = (const char *)cfg + k->offset;
	const uint32_t *w = p;

	switch (k->type) {
	case CFG_LIMIT:
		if (*(const uint64_t *)p == RLIM_INFINITY_U64) {
			fputs("unlimited", out);
			break;
		}
		print_size(out, *(const uint64_t *)p);
		break;
	case CFG_SIZE:
		print_size(out, *(const uint64_t *)p);
		break;
	case CFG_BYTES32:
		print_size(out, *w);
		break;
	case CFG_ADDR:
		fprintf(out, "0x%llx", (ull) * (const uint64_t *)p);
		break;
	case CFG_U64:
		fprintf(out, "%llu", (ull) * (const uint64_t *)p);
		break;
	case CFG_U32:
		fprintf(out, "%u", *w);
		break;
	case CFG_S32:
		fprintf(out, "%d", *(const int32_t *)p);
		break;
	case CFG_BOOL:
		fputs(*(const bool *)p ? "true" : "false", out);
		break;
	case CFG_STRING:
		fprintf(out, "\"%s\"", (const char *)p);
		break;
	case CFG_ENUM:
		print_word(out, k->words, *(const int *)p);
		break;
	case CFG_DEVICE:
		fprintf(out, "\"%02x:%02x\"", w[0], w[1]);
		break;
	case CFG_RATIOS:
		fprintf(out, "[%u, %u, %u]", w[0], w[1], w[2]);
		break;
	case CFG_RANGES:
		print_ranges(out, cfg, p);
		break;
	}
}

static void print_custom(FILE *out, const struct machine_config *cfg)
{
	const struct pg_custom *c = &cfg->custom;

	fprintf(out, "paging:\n  name: \"%s\"\n  page_size: %uK\n"
		     "  entry_size: %u\n  physical_bits: %u\n  levels: [",
		cfg->paging, 1u << (c->page_shift - 10), c->entry_size,
		c->pa_bits);
	for (unsigned d = 0; d < c->nr_levels; d++)
		fprintf(out, "%s{bits: %u%s}", d ? ", " : "", c->index_bits[d],
			c->large[d] ? ", large: true" : "");
	fputs("]\n", out);
}

static void print_cache(FILE *out, const struct config_cache *c)
{
	const char *comma = "";

	fprintf(out, "  - {name: %s, size: %u", c->name, c->size);
	if (c->pae_size)
		fprintf(out, ", pae_size: %u", c->pae_size);
	if (c->align)
		fprintf(out, ", align: %u", c->align);
	if (c->flags) {
		fputs(", flags: [", out);
		for (unsigned i = 0; i < nr_slab_flag_names; i++) {
			if (!(c->flags & slab_flag_names[i].flag))
				continue;
			fprintf(out, "%s%s", comma, slab_flag_names[i].name);
			comma = ", ";
		}
		putc(']', out);
	}
	fputs(c->ctor ? ", ctor: true}\n" : "}\n", out);
}

void config_print(const struct machine_config *cfg, FILE *out)
{
	char group[32] = "";

	for (unsigned i = 0; i < nr_config_keys; i++) {
		const struct config_key *k = &config_keys[i];
		const char *dot = strchr(k->name, '.');
		size_t n = dot ? (size_t)(dot - k->name) : 0;

		if (dot && (strlen(group) != n || strncmp(group, k->name, n))) {
			snprintf(group, sizeof(group), "%.*s", (int)n, k->name);
			fprintf(out, "\n%s:\n", group);
		}
		if (cfg->custom.nr_levels && !strcmp(k->name, "paging")) {
			print_custom(out, cfg);
			continue;
		}
		fprintf(out, "%s# %s\n%s%s: ", dot ? "  " : "", k->doc,
			dot ? "  " : "", dot ? dot + 1 : k->name);
		print_value(out, cfg, k);
		putc('\n', out);
	}
	fputs("\n# Slab caches of kernel structures in the order of their "
	      "creation: raw object\n# size, the same with 8-byte page-table "
	      "entries, alignment asked for, flags.\ncaches:\n",
	      out);
	for (unsigned i = 0; i < cfg->nr_caches; i++)
		print_cache(out, &cfg->caches[i]);
}

static int usage(FILE *out, int status)
{
	fputs("usage: mmemu config [NAME|FILE] [--set KEY=VALUE]... [--list]\n"
	      "\n"
	      "Prints a machine configuration as YAML, every key with its "
	      "meaning.\n"
	      "  --list           names of the built-in profiles\n"
	      "  --set KEY=VALUE  change one setting (at most 64)\n"
	      "\n"
	      "Example: mmemu config linux-3.12-i386 --set memory=2G > "
	      "big.yaml\n",
	      out);
	return status;
}

static int list_profiles(void)
{
	for (unsigned i = 0; i < nr_profiles; i++)
		puts(profiles[i].name);
	return 0;
}

int cmd_config(int argc, char **argv)
{
	static const struct option options[] = {
		{"list", no_argument, NULL, 'l'},
		{"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct machine_config cfg;
	const char *sets[64];
	unsigned nr_sets = 0;
	char err[CONFIG_ERROR_LEN];
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 's' && nr_sets < ARRAY_SIZE(sets))
			sets[nr_sets++] = optarg;
		else if (opt == 'l')
			return list_profiles();
		else
			return opt == 'h' ? usage(stdout, 0) : usage(stderr, 2);
	}
	if (argc - optind > 1)
		return usage(stderr, 2);
	if (config_load(argv[optind], sets, nr_sets, &cfg, err)) {
		fprintf(stderr, "mmemu: %s\n", err);
		return 2;
	}
	config_print(&cfg, stdout);
	return 0;
}
