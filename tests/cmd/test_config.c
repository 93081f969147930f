/* Configurations: profiles, files, --set, and what is said of wrong ones. */
#include "cmd/config.h"

#include <criterion/criterion.h>
#include <string.h>

static int load_text(const char *yaml, struct machine_config *cfg, char *err)
{
	machine_config_default(cfg);
	return config_yaml(cfg, yaml, strlen(yaml), "t.yaml", 0, err);
}

Test(config, profile_of_the_ground_is_the_default)
{
	struct machine_config a, b;
	char err[CONFIG_ERROR_LEN];

	machine_config_default(&a);
	cr_assert_eq(config_load("linux-3.12-i386", NULL, 0, &b, err), 0, "%s",
		     err);
	cr_assert_eq(memcmp(&a, &b, sizeof(a)), 0);
}

Test(config, every_profile_loads)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];

	cr_assert_geq(nr_profiles, 7);
	for (unsigned i = 0; i < nr_profiles; i++) {
		cr_expect_eq(config_load(profiles[i].name, NULL, 0, &cfg, err),
			     0, "%s", err);
		cr_expect_str_eq(cfg.name, profiles[i].name);
	}
}

Test(config, printed_is_read_back)
{
	struct machine_config a, b;
	char err[CONFIG_ERROR_LEN], *text = NULL;
	size_t len = 0;

	for (unsigned i = 0; i < nr_profiles; i++) {
		FILE *out = open_memstream(&text, &len);

		cr_assert_eq(config_load(profiles[i].name, NULL, 0, &a, err), 0);
		config_print(&a, out);
		fclose(out);
		memset(&b, 0, sizeof(b));
		machine_config_default(&b);
		cr_expect_eq(config_yaml(&b, text, len, "p", 0, err), 0, "%s",
			     err);
		cr_expect_eq(memcmp(&a, &b, sizeof(a)), 0, "%s", a.name);
		free(text);
	}
}

Test(config, settings_on_top)
{
	const char *sets[] = {"memory=2G", "paging=x86-pae",
			      "objects.task_struct=1400", "slab.header=24",
			      "rlimit.stack=unlimited", "vm.overcommit=never"};
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];
	bool found = false;

	cr_assert_eq(config_load("oracle-i386-cold", sets, ARRAY_SIZE(sets),
				 &cfg, err),
		     0, "%s", err);
	cr_expect_eq(cfg.memory, (uint64_t)2 << 30);
	cr_expect_str_eq(cfg.paging, "x86-pae");
	cr_expect_eq(cfg.slab_header_size, 24);
	cr_expect_eq(cfg.rlimit_stack, RLIM_INFINITY_U64);
	cr_expect_eq(cfg.overcommit, OVERCOMMIT_NEVER);
	cr_expect_eq(cfg.mmap_base, 0xA0000000); /* from its `from` */
	cr_expect_eq(cfg.files_warm, false);
	for (unsigned i = 0; i < cfg.nr_caches; i++)
		if (!strcmp(cfg.caches[i].name, "task_struct"))
			found = cfg.caches[i].size == 1400;
	cr_expect(found);
}

/* clang-format off */
static const struct {
	const char *yaml, *message;
} wrong[] = {
	{"memroy: 2G\n", "t.yaml:1:1: unknown key \"memroy\"; the nearest known key is \"memory\""},
	{"slab:\n  headr: 3\n", "t.yaml:2:3: unknown key \"slab.headr\"; the nearest known key is \"slab.header\""},
	{"memory: lots\n", "t.yaml:1:9: memory: expected a number such as 4096, 0x1000 or 256M, found \"lots\""},
	{"nx: maybe\n", "t.yaml:1:5: nx: expected true or false, found \"maybe\""},
	{"vm:\n  overcommit: 7\n", "t.yaml:2:15: vm.overcommit: expected one of guess|always|never, found \"7\""},
	{"zones:\n  lowmem_reserve_ratio: [1, 2]\n", "t.yaml:2:25: zones.lowmem_reserve_ratio: expected three numbers"},
	{"ram:\n  reserved: [5-4]\n", "t.yaml:2:14: ram.reserved: expected a range START-END, END behind START"},
	{"memory: [1]\n", "t.yaml:1:10: memory: expected one value, not a list"},
	{"objects: {nosuch: 4}\n", "t.yaml:1:11: objects.nosuch: this profile has no cache \"nosuch\""},
	{"caches: [{name: a}]\n", "t.yaml:1:10: a cache needs a name and a size"},
	{"caches: [{name: a, size: 4, flags: [hot]}]\n", "t.yaml:1:37: flags: expected hwcache_align, reclaim, panic, rcu, mem_spread or dma"},
	{"- 1\n", "t.yaml:1:1: expected a mapping of keys to values"},
	{"x: [1\n y", "t.yaml:3:1: did not find expected ',' or ']'"},
	{"ram:\n  reserved: &x\n   - *x\n", "t.yaml:2:13: ram.reserved: expected a plain value"},
	{"slab: &x\n  slab: *x\n", "t.yaml:2:3: unknown key \"slab.slab\"; the nearest known key is \"slab.shared\""},
	{"from: nosuch.yaml\n", NULL},
};
/* clang-format on */

Test(config, wrong_yaml_says_where_and_what)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		err[0] = '\0';
		cr_expect_eq(load_text(wrong[i].yaml, &cfg, err), -EINVAL,
			     "%s", wrong[i].yaml);
		if (wrong[i].message)
			cr_expect_str_eq(err, wrong[i].message);
		cr_expect_null(strchr(err, '\n'));
	}
}

Test(config, file_that_starts_from_itself)
{
	char path[] = "/tmp/mmemu-config-XXXXXX", err[CONFIG_ERROR_LEN];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct machine_config cfg;

	fprintf(f, "from: %s\n", path);
	fclose(f);
	cr_expect_eq(config_load(path, NULL, 0, &cfg, err), -EINVAL);
	cr_expect(strstr(err, "does a file start from itself?"), "%s", err);
	remove(path);
}

Test(config, the_whole_is_checked)
{
	const char *sets[] = {"memory=65G", "paging=nosuch", "slab.min_align=3",
			      "layout.mmap_base=0xC0000001",
			      "slab.kmalloc_name=size"};
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];

	for (unsigned i = 0; i < ARRAY_SIZE(sets); i++)
		cr_expect_eq(config_load(NULL, &sets[i], 1, &cfg, err), -EINVAL,
			     "%s", sets[i]);
}
