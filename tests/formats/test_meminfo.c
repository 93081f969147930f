/*
 * test_meminfo.c - meminfo and vmstat against files of a real machine with
 * 2 GiB: its counters are put into a machine like it, and the reports must
 * give the files back, byte for byte.
 */
#include "core/swapfile.h"
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 14);

	cr_assert_not_null(f, "%s", path);
	cr_assert_gt(fread(text, 1, (1 << 14) - 1, f), 0);
	fclose(f);
	return text;
}

static char *write_report(const struct machine *m, const char *name)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	report_find(name)->write(m, NULL, out);
	fclose(out);
	return text;
}

/* The number behind a name at the start of a line. */
static long long number(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, len) && strchr(" :", at[len]))
			return atoll(at + len + 1);
	}
	cr_assert_fail("no %s", name);
	return 0;
}

static struct machine *machine_like(const char *vmstat, const char *meminfo)
{
	struct machine_config cfg;
	struct machine *m;
	struct zone *normal, *high;

	machine_config_default(&cfg);
	cfg.memory = (uint64_t)2 << 30;
	m = make_machine(&cfg);
	normal = &m->zone[ZONE_NORMAL];
	high = &m->zone[ZONE_HIGHMEM];
	for (int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
		for (int z = 0; z < MAX_NR_ZONES; z++)
			m->zone[z].vm_stat[i] = 0;
		normal->vm_stat[i] = number(vmstat, zone_stat_text[i]);
	}
	high->vm_stat[NR_FREE_PAGES] = number(meminfo, "HighFree") / 4;
	normal->vm_stat[NR_FREE_PAGES] -= high->vm_stat[NR_FREE_PAGES];
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		m->vm_event[i] = (uint64_t)number(vmstat, vm_event_text[i]);
	m->totalram = (uint64_t)number(meminfo, "MemTotal") / 4;
	m->totalhigh = (uint64_t)number(meminfo, "HighTotal") / 4;
	m->vm_committed_as = number(meminfo, "Committed_AS") / 4;
	return m;
}

/* Cut a line that is no property of the counters. */
static void cut(char *text, const char *name)
{
	char *at = strstr(text, name), *end;

	cr_assert_not_null(at, "%s", name);
	end = strchr(at, '\n');
	memmove(at, end + 1, strlen(end));
}

Test(meminfo, as_the_kernel_prints_them)
{
	char *vmstat = slurp("tests/data/proc/vmstat"), *got;
	char *meminfo = slurp("tests/data/proc/meminfo");
	struct machine *m = machine_like(vmstat, meminfo);

	got = write_report(m, "vmstat");
	cut(got, "nr_tlb_local_flush_all");
	cut(got, "nr_tlb_local_flush_one");
	cut(vmstat, "nr_tlb_local_flush_all");
	cut(vmstat, "nr_tlb_local_flush_one");
	cr_expect_str_eq(got, vmstat);
	free(got);
	got = write_report(m, "meminfo");
	for (int i = 0; i < 2; i++) {
		/* another page had come when vmstat was read */
		cut(i ? meminfo : got, "AnonPages:");
		/* the device mappings of that machine */
		cut(i ? meminfo : got, "VmallocUsed:");
		cut(i ? meminfo : got, "VmallocChunk:");
	}
	cr_expect_str_eq(got, meminfo);
	free(got);
	free(vmstat);
	free(meminfo);
	machine_destroy(m);
}

Test(meminfo, lru_names_what_the_lists_hold)
{
	struct machine_config cfg;
	struct machine *m;
	const char *why = NULL;
	char *got;

	machine_config_default(&cfg);
	machine_create(&cfg, NULL, &m, &why);
	file_declare(m, "/etc/motd", 15 * 4096, 8, 1, 0, true, FS_EXT2, NULL);
	got = write_report(m, "lru");
	cr_expect_not_null(strstr(got, "zone Normal inactive_file 14\n"));
	cr_expect_not_null(strstr(got, "file /etc/motd+0x2000 mapcount 0 "
				       "referenced buffers\n"));
	cr_expect_not_null(strstr(got, "pagevec lru_add 1\n"));
	free(got);
	got = write_report(m, "swaps");
	cr_expect_str_eq(got, "Filename\t\t\t\tType\t\tSize\tUsed\t"
			      "Priority\n");
	free(got);
	cr_assert_eq(sys_swapon(m, 60 << 20), 0);
	cr_assert_eq(sys_swapon(m, 1 << 20), 0);
	get_swap_page(m);
	get_swap_page(m);
	got = write_report(m, "swaps");
	cr_expect_str_eq(strchr(got, '\n') + 1,
			 "/dev/sda2                               "
			 "partition\t61436\t8\t-1\n"
			 "/dev/sda3                               "
			 "partition\t1020\t0\t-2\n");
	free(got);
	got = write_report(m, "meminfo");
	cr_expect_not_null(strstr(got, "\nSwapTotal:         62456 kB\n"
				       "SwapFree:          62448 kB\n"));
	free(got);
	machine_destroy(m);
}
