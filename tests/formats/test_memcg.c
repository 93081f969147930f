/* test_memcg.c - the files of a memory cgroup's folder. */
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *report(const struct machine *m)
{
	static char *text;
	static size_t size;
	FILE *f = open_memstream(&text, &size);

	report_memcg(m, NULL, f);
	fclose(f);
	return text;
}

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.swap = 8 << 20;
	return make_machine(&cfg);
}

static void use(struct machine *m, uint32_t pid, const char *path,
		uint64_t pages)
{
	struct access_result res;
	struct task_struct *t;

	cr_assert_eq(mem_cgroup_create(m, path), 0);
	cr_assert_eq(task_spawn(m, pid, "sh", &t), 0);
	mem_cgroup_attach(t, mem_cgroup_find(m, path));
	m->current = t;
	sys_mmap(t, 0x20000000, pages << 12, PROT_READ_EMU | PROT_WRITE_EMU,
		 MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU, NULL, 0);
	access_range(t, 0x20000000, pages << 12, 0, ACCESS_WRITE, &res);
	m->current = NULL;
}

Test(memcg_report, nothing_without_groups)
{
	struct machine *m = boot();
	char *text = report(m);

	cr_expect_str_eq(text, "");
	free(text);
	machine_destroy(m);
}

/* The whole of one group: every line, in the kernel's order. */
Test(memcg_report, of_a_child)
{
	struct machine *m = boot();
	char *text, *at;

	cr_assert_eq(mem_cgroup_create(m, "a"), 0);
	mem_cgroup_set_limit(m, mem_cgroup_find(m, "a"), 1 << 20);
	mem_cgroup_set_hierarchy(mem_cgroup_find(m, "a"), 1);
	use(m, 100, "a/b c", 40);
	text = report(m);
	at = strstr(text, "\n\ncgroup /a/b c\n");
	cr_assert(at, "%s", text);
	cr_expect_str_eq(
		at + 2,
		"cgroup /a/b c\n"
		"tasks 100\n"
		"memory.usage_in_bytes 262144\n"
		"memory.max_usage_in_bytes 262144\n"
		"memory.limit_in_bytes 18446744073709551615\n"
		"memory.failcnt 0\n"
		"memory.memsw.usage_in_bytes 262144\n"
		"memory.memsw.max_usage_in_bytes 262144\n"
		"memory.memsw.limit_in_bytes 18446744073709551615\n"
		"memory.memsw.failcnt 0\n"
		"memory.swappiness 60\n"
		"memory.use_hierarchy 1\n"
		"memory.stat\n"
		"cache 0\nrss 163840\nrss_huge 0\nmapped_file 0\n"
		"writeback 0\nswap 0\n"
		"pgpgin 40\npgpgout 0\npgfault 40\npgmajfault 0\n"
		"inactive_anon 0\nactive_anon 114688\ninactive_file 0\n"
		"active_file 0\nunevictable 0\n"
		"hierarchical_memory_limit 1048576\n"
		"hierarchical_memsw_limit 18446744073709551615\n"
		"total_cache 0\ntotal_rss 163840\ntotal_rss_huge 0\n"
		"total_mapped_file 0\ntotal_writeback 0\ntotal_swap 0\n"
		"total_pgpgin 40\ntotal_pgpgout 0\ntotal_pgfault 40\n"
		"total_pgmajfault 0\n"
		"total_inactive_anon 0\ntotal_active_anon 114688\n"
		"total_inactive_file 0\ntotal_active_file 0\n"
		"total_unevictable 0\n");
	free(text);
	machine_destroy(m);
}

/* total_ is with all below; the root's usage is what all of them have. */
Test(memcg_report, parents_add_up)
{
	struct machine *m = boot();
	char *text, *a;

	cr_assert_eq(mem_cgroup_create(m, "a"), 0);
	mem_cgroup_set_hierarchy(mem_cgroup_find(m, "a"), 1);
	use(m, 100, "a/b", 10);
	use(m, 101, "a/c", 20);
	text = report(m);
	cr_expect(strstr(text, "cgroup /\ntasks\n"
			       "memory.usage_in_bytes 122880\n"
			       "memory.max_usage_in_bytes 0\n"), "%s", text);
	a = strstr(text, "cgroup /a\n");
	cr_assert(a);
	*strstr(a, "\n\n") = '\0';
	cr_expect(strstr(a, "memory.usage_in_bytes 172032\n"), "%s", a);
	cr_expect(strstr(a, "\nrss 0\n"), "%s", a);
	cr_expect(strstr(a, "\ntotal_rss 122880\n"), "%s", a);
	cr_expect(strstr(a, "\ntotal_pgfault 30\n"), "%s", a);
	free(text);
	machine_destroy(m);
}
