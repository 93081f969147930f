/*
 * procfs_files.c - the small files of a /proc folder.
 *
 * What the machine has no notion of stands there as on an idle machine, and
 * what depends on a clock is counted in events: one event is one tick (1/100
 * second), boot was the day 3.12 came out. So the same replay writes the same
 * bytes. Linux: fs/proc/.
 */
#include "core/filemap.h"
#include "core/mm.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "formats/procfs.h"
#include "formats/memory_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TICKS_PER_SECOND 100u
#define BOOT_TIME 1383436800u /* 2013-11-03 00:00:00 UTC */
#define NR_OPEN_FILES 1024u
#define ARGS_MAX 4096u /* bytes of arguments that cmdline shows */

/* ---- the machine ---- */

static unsigned count_tasks(const struct machine *m, enum task_state state)
{
	const struct task_struct *t;
	unsigned nr = 0;

	for_each_task(t, m)
		nr += t->state == state;
	return nr;
}

static uint32_t last_pid(const struct machine *m)
{
	return list_empty(&m->tasks)
		       ? 1
		       : list_last_entry(&m->tasks, struct task_struct, tasks)
				 ->pid;
}

static void put_stat(const struct machine *m,
		     const struct task_struct *task __unused_arg, FILE *out)
{
	for (int cpu = -1; cpu < 1; cpu++) {
		fputs(cpu < 0 ? "cpu  " : "cpu0 ", out);
		fprintf(out, "0 0 0 %" PRIu64 " 0 0 0 0 0 0\n", m->event);
	}
	fprintf(out, "intr 0\nctxt 0\nbtime %u\nprocesses %" PRIu64 "\n",
		BOOT_TIME, m->forks);
	fputs("procs_running 1\nprocs_blocked 0\n", out);
	fputs("softirq 0 0 0 0 0 0 0 0 0 0 0\n", out);
}

static void put_loadavg(const struct machine *m,
			const struct task_struct *task __unused_arg, FILE *out)
{
	fprintf(out, "0.00 0.00 0.00 1/%u %u\n",
		count_tasks(m, TASK_RUNNING) + count_tasks(m, TASK_ZOMBIE),
		last_pid(m));
}

static void put_uptime(const struct machine *m,
		       const struct task_struct *task __unused_arg, FILE *out)
{
	for (int i = 0; i < 2; i++)
		fprintf(out, "%" PRIu64 ".%02u%c", m->event / TICKS_PER_SECOND,
			(unsigned)(m->event % TICKS_PER_SECOND),
			i ? '\n' : ' ');
}

static void put_version(const struct machine *m,
			const struct task_struct *task __unused_arg, FILE *out)
{
	fprintf(out, PROCFS_VERSION_MARK "%s " PROCFS_BUILDER " #1 %s\n",
		m->cfg.kernel_version, m->cfg.name);
}

static void put_cpuinfo(const struct machine *m,
			const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("processor\t: 0\nvendor_id\t: mmemu\ncpu family\t: 6\n"
	      "model\t\t: 0\n",
	      out);
	fprintf(out, "model name\t: emulated MMU, %s\n", m->fmt->title);
	fputs("stepping\t: 0\ncpu MHz\t\t: 0.000\nfpu\t\t: yes\n", out);
	fprintf(out, "flags\t\t: fpu pse%s%s\n",
		m->fmt->pa_bits > 32 ? " pae" : "", m->nx ? " nx" : "");
	fputs("bogomips\t: 0.00\n", out);
	fprintf(out, "clflush size\t: %u\ncache_alignment\t: %u\n",
		m->cfg.cache_line_size, m->cfg.cache_line_size);
	fprintf(out,
		"address sizes\t: %u bits physical, %u bits virtual\n"
		"power management:\n\n",
		m->fmt->pa_bits, m->fmt->va_bits);
}

static void put_filesystems(const struct machine *m __unused_arg,
			    const struct task_struct *task __unused_arg,
			    FILE *out)
{
	fputs("nodev\tproc\nnodev\ttmpfs\n\text2\n", out);
}

static void put_mounts(const struct machine *m __unused_arg,
		       const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("/dev/sda1 / ext2 rw,relatime 0 0\n"
	      "proc /proc proc rw,relatime 0 0\n"
	      "tmpfs /tmp tmpfs rw,relatime 0 0\n",
	      out);
}

static void put_partitions(const struct machine *m __unused_arg,
			   const struct task_struct *task __unused_arg,
			   FILE *out)
{
	fputs("major minor  #blocks  name\n\n", out);
}

static void put_nothing(const struct machine *m __unused_arg,
			const struct task_struct *task __unused_arg,
			FILE *out __unused_arg)
{
}

static void put_net_dev(const struct machine *m __unused_arg,
			const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("Inter-|   Receive                            "
	      "                    |  Transmit\n"
	      " face |bytes    packets errs drop fifo frame compressed "
	      "multicast|bytes    packets errs drop fifo colls carrier "
	      "compressed\n",
	      out);
}

static void put_cmdline_of_boot(const struct machine *m,
				const struct task_struct *task __unused_arg,
				FILE *out)
{
	fprintf(out, "mem=%" PRIu64 "M norandmaps\n", m->cfg.memory >> 20);
}

/* ---- sys ---- */

static void put_osrelease(const struct machine *m,
			  const struct task_struct *task __unused_arg,
			  FILE *out)
{
	fprintf(out, "%s\n", m->cfg.kernel_version);
}

static void put_ostype(const struct machine *m __unused_arg,
		       const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("Linux\n", out);
}

static void put_hostname(const struct machine *m __unused_arg,
			 const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("mmemu\n", out);
}

static void put_pid_max(const struct machine *m __unused_arg,
			const struct task_struct *task __unused_arg, FILE *out)
{
	fprintf(out, "%u\n", PID_MAX_LIMIT);
}

static void put_min_free_kbytes(const struct machine *m,
				const struct task_struct *task __unused_arg,
				FILE *out)
{
	fprintf(out, "%" PRIu64 "\n", m->min_free_kbytes);
}

#define CFG_FILE(fn, field)                                                    \
	static void fn(const struct machine *m,                                \
		       const struct task_struct *task __unused_arg, FILE *out) \
	{                                                                      \
		fprintf(out, "%u\n", (unsigned)m->cfg.field);                  \
	}
CFG_FILE(put_overcommit_memory, overcommit)
CFG_FILE(put_overcommit_ratio, overcommit_ratio)
CFG_FILE(put_swappiness, swappiness)
CFG_FILE(put_max_map_count, max_map_count)
CFG_FILE(put_pagelist_fraction, percpu_pagelist_fraction)
#undef CFG_FILE

static void put_reserve_ratio(const struct machine *m,
			      const struct task_struct *task __unused_arg,
			      FILE *out)
{
	fprintf(out, "%u\t%u\t%u\n", m->cfg.lowmem_reserve_ratio[0],
		m->cfg.lowmem_reserve_ratio[1], m->cfg.lowmem_reserve_ratio[2]);
}

static void put_file_nr(const struct machine *m,
			const struct task_struct *task __unused_arg, FILE *out)
{
	fprintf(out, "%u\t0\t%" PRIu64 "\n", m->file_pool.nr_used,
		totalram_pages(m) / 10);
}

/* clang-format off */
const struct procfs_file procfs_machine_files[] = {
	{"buddyinfo",		report_buddyinfo},
	{"pagetypeinfo",	report_pagetypeinfo},
	{"zoneinfo",		report_zoneinfo},
	{"slabinfo",		report_slabinfo},
	{"meminfo",		report_meminfo},
	{"vmstat",		report_vmstat},
	{"vmallocinfo",		report_vmallocinfo},
	{"swaps",		report_swaps},
	{"stat",		put_stat},
	{"loadavg",		put_loadavg},
	{"uptime",		put_uptime},
	{"version",		put_version},
	{"cpuinfo",		put_cpuinfo},
	{"cmdline",		put_cmdline_of_boot},
	{"filesystems",		put_filesystems},
	{"mounts",		put_mounts},
	{"partitions",		put_partitions},
	{"diskstats",		put_nothing},
	{"modules",		put_nothing},
	{"net/dev",		put_net_dev},
	{"sys/kernel/osrelease", put_osrelease},
	{"sys/kernel/ostype",	put_ostype},
	{"sys/kernel/hostname",	put_hostname},
	{"sys/kernel/pid_max",	put_pid_max},
	{"sys/fs/file-nr",	put_file_nr},
	{"sys/vm/min_free_kbytes", put_min_free_kbytes},
	{"sys/vm/overcommit_memory", put_overcommit_memory},
	{"sys/vm/overcommit_ratio", put_overcommit_ratio},
	{"sys/vm/swappiness",	put_swappiness},
	{"sys/vm/max_map_count", put_max_map_count},
	{"sys/vm/percpu_pagelist_fraction", put_pagelist_fraction},
	{"sys/vm/lowmem_reserve_ratio", put_reserve_ratio},
	{NULL, NULL},
};
/* clang-format on */

/* ---- a process ---- */

static void put_comm(const struct machine *m __unused_arg,
		     const struct task_struct *task, FILE *out)
{
	fprintf(out, "%s\n", task->comm);
}

/* The user's bytes of [start, end); false where a page is not present. */
static bool put_user_bytes(const struct machine *m, const struct mm_struct *mm,
			   vaddr_t start, vaddr_t end, FILE *out)
{
	if (end - start > ARGS_MAX)
		end = start + ARGS_MAX;
	for (vaddr_t at = start; at < end; at++) {
		ptep_t ptep = pte_offset(mm, at);
		pte_t pte = ptep ? ptep_get(mm, ptep) : __pte(0);

		if (!pte_hw_present(m->fmt, pte))
			return at > start;
		fputc(m->ram[pfn_to_phys(m, pte_pfn(m->fmt, pte)) +
			     (at & ~PAGE_MASK(m))],
		      out);
	}
	return end > start;
}

/* The arguments that exec left on the stack; without them, the name. */
static void put_cmdline(const struct machine *m, const struct task_struct *task,
			FILE *out)
{
	const struct mm_struct *mm = task->mm;

	if (!mm)
		return;
	if (m->contents &&
	    put_user_bytes(m, mm, mm->arg_start, mm->arg_end, out))
		return;
	fputs(mm->exe_file ? mm->exe_file->f_inode->path : task->comm, out);
	fputc(0, out);
}

static void put_environ(const struct machine *m, const struct task_struct *task,
			FILE *out)
{
	if (task->mm && m->contents)
		put_user_bytes(m, task->mm, task->mm->env_start,
			       task->mm->env_end, out);
}

static void put_limit(FILE *out, const char *name, uint64_t value,
		      const char *unit)
{
	char text[24] = "unlimited";

	if (value != RLIM_INFINITY_U64)
		snprintf(text, sizeof(text), "%" PRIu64, value);
	fprintf(out, "%-25s %-20s %-20s %-10s\n", name, text, text, unit);
}

static void put_limits(const struct machine *m,
		       const struct task_struct *task __unused_arg, FILE *out)
{
	fprintf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		"Hard Limit", "Units");
	put_limit(out, "Max data size", m->cfg.rlimit_data, "bytes");
	put_limit(out, "Max stack size", m->cfg.rlimit_stack, "bytes");
	put_limit(out, "Max open files", NR_OPEN_FILES, "files");
	put_limit(out, "Max locked memory", m->cfg.rlimit_memlock, "bytes");
	put_limit(out, "Max address space", m->cfg.rlimit_as, "bytes");
}

static void put_io(const struct machine *m __unused_arg,
		   const struct task_struct *task __unused_arg, FILE *out)
{
	fputs("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\n"
	      "write_bytes: 0\ncancelled_write_bytes: 0\n",
	      out);
}

static void put_wchan(const struct machine *m __unused_arg,
		      const struct task_struct *task __unused_arg, FILE *out)
{
	fputc('0', out);
}

static void put_oom_score_adj(const struct machine *m __unused_arg,
			      const struct task_struct *task, FILE *out)
{
	fprintf(out, "%d\n", task->oom_score_adj);
}

/* Badness in thousandths of all memory. */
static void put_oom_score(const struct machine *m,
			  const struct task_struct *task, FILE *out)
{
	uint64_t total = totalram_pages(m);

	fprintf(out, "%" PRIu64 "\n",
		task->mm && total ? oom_badness(task) * 1000 / total : 0);
}

/* Areas of a zombie: none. */
static void put_maps(const struct machine *m, const struct task_struct *task,
		     FILE *out)
{
	if (task->mm)
		report_maps(m, task, out);
}

static void put_smaps(const struct machine *m, const struct task_struct *task,
		      FILE *out)
{
	if (task->mm)
		report_smaps(m, task, out);
}

#define ROLLUP_LABELS 16

struct rollup {
	char label[ROLLUP_LABELS][24];
	uint64_t kb[ROLLUP_LABELS];
	unsigned nr;
};

static void rollup_add(struct rollup *r, const char *label, uint64_t kb)
{
	unsigned i = 0;

	while (i < r->nr && strcmp(r->label[i], label))
		i++;
	if (i == ROLLUP_LABELS)
		return;
	if (i == r->nr)
		snprintf(r->label[r->nr++], sizeof(r->label[0]), "%s", label);
	r->kb[i] += kb;
}

/* Sums over smaps. 3.12 has no such file, but tools of today look for it. */
static void put_smaps_rollup(const struct machine *m,
			     const struct task_struct *task, FILE *out)
{
	char *text = NULL, *line, *save, label[24];
	struct rollup r = {.nr = 0};
	unsigned long long kb;
	size_t len = 0;
	FILE *smaps = memory_stream(&m->host, &text, &len);

	put_smaps(m, task, smaps);
	fclose(smaps);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%23[A-Za-z_]: %llu kB", label, &kb) == 2 &&
		    !strstr(label, "Size") && strcmp(label, "Nonlinear"))
			rollup_add(&r, label, kb);
	free(text);
	fprintf(out, "00000000-%08" PRIx64 " ---p 00000000 00:00 0%25s\n",
		(uint64_t)m->cfg.task_size, "[rollup]");
	for (unsigned i = 0; i < r.nr; i++)
		fprintf(out, "%s:%*llu kB\n", r.label[i],
			23 - (int)strlen(r.label[i]),
			(unsigned long long)r.kb[i]);
}

/* clang-format off */
const struct procfs_file procfs_task_files[] = {
	{"stat",	  report_stat},
	{"statm",	  report_statm},
	{"status",	  report_status},
	{"maps",	  put_maps},
	{"smaps",	  put_smaps},
	{"smaps_rollup",  put_smaps_rollup},
	{"comm",	  put_comm},
	{"cmdline",	  put_cmdline},
	{"environ",	  put_environ},
	{"limits",	  put_limits},
	{"io",		  put_io},
	{"wchan",	  put_wchan},
	{"oom_score",	  put_oom_score},
	{"oom_score_adj", put_oom_score_adj},
	{"mounts",	  put_mounts},
	{"cgroup",	  put_nothing},
	{NULL, NULL},
};
/* clang-format on */
