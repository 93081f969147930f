/* test_oom_report.c - what the kernel logs before it kills. */
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/swapfile.h"
#include "formats/oom_report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct told {
	char *text;
	size_t size;
	uint32_t victim;
};

static void on_oom(void *ctx, const struct machine *m,
		   const struct oom_kill *kill)
{
	struct told *told = ctx;
	FILE *f = open_memstream(&told->text, &told->size);

	write_oom_report(m, kill, f);
	fclose(f);
	told->victim = kill->victim->pid;
}

static struct task_struct *hog(struct machine *m, uint32_t pid,
			       const char *name, uint64_t pages)
{
	struct access_result res;
	struct task_struct *t;

	cr_assert_eq(task_spawn(m, pid, name, &t), 0);
	m->current = t;
	sys_mmap(t, 0x20000000, pages << 12,
		 PROT_READ_EMU | PROT_WRITE_EMU,
		 MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU, NULL, 0);
	access_range(t, 0x20000000, pages << 12, 0, ACCESS_WRITE, &res);
	return t;
}

static const char *line_of(const struct told *told, const char *start)
{
	const char *at = strstr(told->text, start);

	cr_assert(at && (at == told->text || at[-1] == '\n'),
		  "no line %s in\n%s", start, told->text);
	return at;
}

Test(oom_report, as_dmesg_shows_it)
{
	struct machine_config cfg;
	struct told told = {0};
	struct machine *m;
	unsigned long total, shared;

	machine_config_default(&cfg);
	cfg.memory = 16 << 20;
	cfg.overcommit = OVERCOMMIT_ALWAYS;
	m = make_machine(&cfg);
	m->oom_notify = on_oom;
	m->oom_ctx = &told;
	hog(m, 100, "sh", 500);
	hog(m, 101, "big", 2000);
	hog(m, 102, "last", 1500); /* one too many */
	cr_assert_eq(told.victim, 101);
	line_of(&told, "last invoked oom-killer: gfp_mask=0x280da, order=0, "
		       "oom_score_adj=0\n");
	line_of(&told, "CPU: 0 PID: 102 Comm: last Not tainted 3.12.0 #1\n"
		       "Mem-Info:\nDMA per-cpu:\nCPU    0: hi:    0, btch:   1 "
		       "usd:   0\n");
	line_of(&told, " free_cma:0\nDMA free:");
	line_of(&told, "lowmem_reserve[]: 0 0 0 0\n");
	line_of(&told, "0 pages in swap cache\n"
		       "Swap cache stats: add 0, delete 0, find 0/0\n"
		       "Free swap  = 0kB\nTotal swap = 0kB\n");
	cr_expect_eq(sscanf(line_of(&told, "0 pages HighMem\n"),
			    "0 pages HighMem\n%lu pages reserved\n%lu pages "
			    "shared",
			    &total, &shared),
		     2);
	line_of(&told, "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents "
		       "oom_score_adj name\n"
		       "[  100]     0   100      500      500       1        0 "
		       "            0 sh\n"
		       "[  101]     0   101     2000     2000       2        0 "
		       "            0 big\n");
	line_of(&told, "Out of memory: Kill process 101 (big) score ");
	line_of(&told, "Killed process 101 (big) total-vm:8000kB, "
		       "anon-rss:8000kB, file-rss:0kB\n");
	cr_expect_eq(m->stats.oom_kills, 1);
	free(told.text);
	machine_destroy(m);
}

Test(oom_report, free_blocks_name_their_types)
{
	struct machine_config cfg;
	struct told told = {0};
	struct machine *m;
	FILE *f;

	machine_config_default(&cfg);
	cfg.swap = 8 << 20;
	m = make_machine(&cfg);
	f = open_memstream(&told.text, &told.size);
	show_mem(m, f);
	fclose(f);
	cr_expect(strstr(told.text, "\nNormal: "), "%s", told.text);
	cr_expect(strstr(told.text, "*4096kB (MR) = "), "%s", told.text);
	cr_expect(strstr(told.text, "\nFree swap  = 8188kB\n"), "%s",
		  told.text);
	free(told.text);
	machine_destroy(m);
}

/* At a group's limit: whose limit, its counters, its processes. */
Test(oom_report, of_a_memory_cgroup)
{
	struct machine_config cfg;
	struct told told = {0};
	struct mem_cgroup *web;
	struct task_struct *t;
	struct machine *m;

	machine_config_default(&cfg);
	m = make_machine(&cfg);
	m->oom_notify = on_oom;
	m->oom_ctx = &told;
	hog(m, 100, "outside", 500);
	cr_assert_eq(mem_cgroup_create(m, "web"), 0);
	cr_assert_eq(mem_cgroup_create(m, "web/db"), 0);
	web = mem_cgroup_find(m, "web");
	cr_assert_eq(mem_cgroup_set_limit(m, web, 1 << 20), 0);
	t = hog(m, 101, "sh", 10);
	mem_cgroup_attach(t, web);
	m->current = t;
	sys_mmap(t, 0x30000000, 4 << 20, PROT_READ_EMU | PROT_WRITE_EMU,
		 MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU, NULL, 0);
	access_range(t, 0x30000000, 4 << 20, 0, ACCESS_WRITE,
		     &(struct access_result){0});
	cr_assert_eq(told.victim, 101);
	line_of(&told, "sh invoked oom-killer: gfp_mask=0xd0, order=0, "
		       "oom_score_adj=0\n");
	line_of(&told,
		"Task in /web killed as a result of limit of /web\n"
		"memory: usage 1024kB, limit 1024kB, failcnt ");
	line_of(&told, "memory+swap: usage 1024kB, limit "
		       "18014398509481983kB, failcnt 0\n"
		       "kmem: usage 0kB, limit 18014398509481983kB, failcnt "
		       "0\nMemory cgroup stats for /web: cache:0KB rss:1024KB "
		       "rss_huge:0KB mapped_file:0KB writeback:0KB swap:0KB ");
	line_of(&told, "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents "
		       "oom_score_adj name\n"
		       "[  101]     0   101     1034      266       2        0 "
		       "            0 sh\n"
		       "Memory cgroup out of memory: Kill process 101 (sh) "
		       "score ");
	cr_expect_null(strstr(told.text, "Mem-Info"));
	cr_expect_null(strstr(told.text, "/web/db"), "that counts for itself");
	free(told.text);
	machine_destroy(m);
}
