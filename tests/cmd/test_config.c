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

/* clang-format off */
/* Each bound: the last value that is right, and one that is not. */
static const struct {
	const char *right, *wrong;
} bounds[] = {
	{"memory=4G", "memory=65G"},
	{"memory=4G", "memory=5G"}, /* more than 32 bits address */
	{"memory=4M", "memory=3M"},
	{"paging=x86-pae", "paging=nosuch"},
	{"page_size=4K", "page_size=12K"},
	{"page_size=4K", "page_size=8K"}, /* the paging format has 4K */
	{"page_size=4K", "page_size=2K"},
	{"ram.hole_start=0xFFFFFFFF", "ram.hole_start=0x100000001"},
	{"ram.hole_from=0xFFFFFFFF", "ram.hole_from=256M"},
	{"zones.dma_limit=4M", "zones.dma_limit=6M"},
	{"zones.pageblock_order=5", "zones.pageblock_order=4"},
	{"zones.pageblock_order=10", "zones.pageblock_order=11"},
	{"struct_page_size=16", "struct_page_size=15"},
	{"struct_page_size=256", "struct_page_size=257"},
	{"layout.page_offset=0xC0000000", "layout.page_offset=0x100000000"},
	{"layout.task_size=0xC0000000", "layout.task_size=0"},
	{"layout.task_size=0xBFFFF000", "layout.task_size=0xBFFFF800"},
	{"layout.task_size=0x100000000", "layout.task_size=0x100001000"},
	{"layout.mmap_base=0xC0000000", "layout.mmap_base=0xC0001000"},
	{"layout.mmap_base=0xBF000000", "layout.mmap_base=0xBF000001"},
	{"slab.cache_line=16", "slab.cache_line=8"},
	{"slab.cache_line=32", "slab.cache_line=48"},
	{"slab.cache_line=256", "slab.cache_line=512"},
	{"slab.min_align=4", "slab.min_align=2"},
	{"slab.min_align=8", "slab.min_align=12"},
	{"slab.min_align=64", "slab.min_align=128"},
	{"slab.bufctl=1", "slab.bufctl=3"},
	{"slab.bufctl=2", "slab.bufctl=8"},
	{"slab.header=16", "slab.header=15"},
	{"slab.header=128", "slab.header=129"},
	{"slab.info_version=20", "slab.info_version=22"},
	{"slab.kmalloc_name=a%b", "slab.kmalloc_name=size"},
	{"slab.kmalloc_dma_name=a%b", "slab.kmalloc_dma_name=size"},
	{"slab.kmalloc_max=4K", "slab.kmalloc_max=2K"},
	{"slab.kmalloc_max=4M", "slab.kmalloc_max=8M"},
	{"slab.kmalloc_max=64K", "slab.kmalloc_max=96K"},
	{"process.kernel_stack=4K", "process.kernel_stack=2K"},
	{"process.kernel_stack=8K", "process.kernel_stack=12K"},
	{"vm.overcommit_ratio=1000", "vm.overcommit_ratio=1001"},
	{"tlb.entries=65536", "tlb.entries=65540"},
	{"tlb.entries=60", "tlb.entries=0"},
	{"tlb.entries=60", "tlb.entries=61"}, /* of 4 ways */
	{"tlb.l2_entries=0", "tlb.l2_entries=65540"},
	{"tlb.ways=2", "tlb.ways=3"},
	{"tlb.pwc2=4096", "tlb.pwc2=4097"},
	{"tlb.kernel_pages=1024", "tlb.kernel_pages=1025"},
};
/* clang-format on */

Test(config, the_whole_is_checked)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN], key[64];

	for (unsigned i = 0; i < ARRAY_SIZE(bounds); i++) {
		const char *bad = bounds[i].wrong;

		cr_expect_eq(config_load(NULL, &bounds[i].right, 1, &cfg, err),
			     0, "%s: %s", bounds[i].right, err);
		cr_expect_eq(config_load(NULL, &bad, 1, &cfg, err), -EINVAL,
			     "%s", bad);
		/* the word is about the key, or one of its group */
		snprintf(key, sizeof(key), "%.*s",
			 (int)strcspn(bad, strncmp(bad, "tlb", 3) ? "=" : "."),
			 bad);
		cr_expect(strstr(err, key) || strstr(err, "paging format"),
			  "%s: %s", bad, err);
	}
}

Test(config, plru_needs_powers_of_two)
{
	const char *sets[] = {"tlb.replacement=plru", "tlb.entries=48",
			      "tlb.ways=0"};
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];

	cr_expect_eq(config_load(NULL, sets, 3, &cfg, err), -EINVAL);
	cr_expect(strstr(err, "power of two of ways"), "%s", err);
	sets[1] = "tlb.entries=64";
	cr_expect_eq(config_load(NULL, sets, 3, &cfg, err), 0, "%s", err);
	sets[1] = "tlb.entries=128"; /* a tree of more than 64 leaves */
	cr_expect_eq(config_load(NULL, sets, 3, &cfg, err), -EINVAL);
}
