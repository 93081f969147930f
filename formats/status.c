/*
 * status.c - a process in words and numbers: status, statm, stat.
 *
 * The lines and fields of /proc/PID/{status,statm,stat} of Linux 3.12, in
 * their order. What the machine does not model (signals, credentials other
 * than uid 0 or not, context switches, CPU time) stands there as for an idle
 * process. Linux: fs/proc/array.c, fs/proc/task_mmu.c.
 */
#include "core/machine.h"
#include "core/mm.h"
#include "core/page_alloc.h"
#include "core/task.h"
#include "formats/report.h"

#include <inttypes.h>

#define INIT_PID 1u
#define CAP_FULL_SET UINT64_C(0x1fffffffff) /* 37 capabilities */

static uint32_t ppid_of(const struct task_struct *task)
{
	if (task->parent)
		return task->parent->pid;
	return task->pid == INIT_PID ? 0 : INIT_PID;
}

static bool is_64bit(const struct machine *m)
{
	return m->fmt->va_bits > 32;
}

/* A process is never asleep: its next event is what it does next. */
static const char *state_text(const struct task_struct *task)
{
	return task->state == TASK_ZOMBIE ? "Z (zombie)" : "R (running)";
}

/* ---- status ---- */

/* Unsigned words of the emulated kernel: VmLib may wrap below zero. */
static void put_kb(const struct machine *m, FILE *out, const char *name,
		   uint64_t kb)
{
	if (!is_64bit(m))
		kb = (uint32_t)kb;
	fprintf(out, "%s:\t%8" PRIu64 " kB\n", name, kb);
}

static void status_mem(const struct machine *m, const struct mm_struct *mm,
		       FILE *out)
{
	uint64_t page_kb = PAGE_SIZE(m) / 1024, rss = (uint64_t)get_mm_rss(mm);
	uint64_t exe = (PAGE_ALIGN(m, mm->end_code) -
			(mm->start_code & PAGE_MASK(m))) / 1024;
	const struct {
		const char *name;
		uint64_t kb;
	} line[] = {
		{"VmPeak", max_t(uint64_t, mm->hiwater_vm, mm->total_vm) *
				   page_kb},
		{"VmSize", mm->total_vm * page_kb},
		{"VmLck", mm->locked_vm * page_kb},
		{"VmPin", mm->pinned_vm * page_kb},
		{"VmHWM", max_t(uint64_t, mm->hiwater_rss, rss) * page_kb},
		{"VmRSS", rss * page_kb},
		{"VmData",
		 (mm->total_vm - mm->shared_vm - mm->stack_vm) * page_kb},
		{"VmStk", mm->stack_vm * page_kb},
		{"VmExe", exe},
		{"VmLib", mm->exec_vm * page_kb - exe},
		{"VmPTE", mm->nr_ptes * page_kb},
		{"VmSwap",
		 (uint64_t)get_mm_counter(mm, MM_SWAPENTS) * page_kb},
	};

	for (size_t i = 0; i < ARRAY_SIZE(line); i++)
		put_kb(m, out, line[i].name, line[i].kb);
}

/* Linux: fork_init(): threads in an eighth of memory, signals for half. */
static uint64_t sigpending_limit(const struct machine *m)
{
	uint64_t pages = totalram_pages(m) -
			 (m->cfg.init_size >> m->page_shift);
	uint64_t per_thread = 8 * DIV_ROUND_UP(m->cfg.thread_size,
					       PAGE_SIZE(m));

	return max_t(uint64_t, per_thread ? pages / per_thread : 0, 20) / 2;
}

static void status_signals(const struct machine *m,
			   const struct task_struct *task, FILE *out)
{
	static const char *const sets[] = {"SigPnd", "ShdPnd", "SigBlk",
					   "SigIgn", "SigCgt"};

	fprintf(out, "SigQ:\t%d/%" PRIu64 "\n", task->obj.sigqueue != 0,
		sigpending_limit(m));
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		fprintf(out, "%s:\t%016x\n", sets[i], 0);
}

static void status_caps(const struct machine *m, FILE *out)
{
	uint64_t caps = m->cfg.uid ? 0 : CAP_FULL_SET;

	fprintf(out, "CapInh:\t%016x\n", 0);
	fprintf(out, "CapPrm:\t%016" PRIx64 "\n", caps);
	fprintf(out, "CapEff:\t%016" PRIx64 "\n", caps);
	fprintf(out, "CapBnd:\t%016" PRIx64 "\n", CAP_FULL_SET);
}

/* Linux: task_name(). */
static void status_name(const struct task_struct *task, FILE *out)
{
	fputs("Name:\t", out);
	for (const char *s = task->comm; *s; s++) {
		if (*s == '\n')
			fputs("\\n", out);
		else if (*s == '\\')
			fputs("\\\\", out);
		else
			fputc(*s, out);
	}
	fputc('\n', out);
}

void report_status(const struct machine *m, const struct task_struct *task,
		   FILE *out)
{
	uint32_t uid = m->cfg.uid;

	status_name(task, out);
	fprintf(out, "State:\t%s\n", state_text(task));
	fprintf(out, "Tgid:\t%u\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n",
		task->tgid, task->pid, ppid_of(task));
	fprintf(out, "Uid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
	fprintf(out, "Gid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
	fprintf(out, "FDSize:\t%d\nGroups:\t\n",
		!task->obj.files ? 0 : is_64bit(m) ? 64 : 32);
	if (task->mm)
		status_mem(m, task->mm, out);
	fprintf(out, "Threads:\t1\n");
	status_signals(m, task, out);
	status_caps(m, out);
	fprintf(out, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
	fprintf(out, "voluntary_ctxt_switches:\t0\n");
	fprintf(out, "nonvoluntary_ctxt_switches:\t0\n");
}

/* ---- statm ---- */

void report_statm(const struct machine *m, const struct task_struct *task,
		  FILE *out)
{
	const struct mm_struct *mm = task->mm;
	uint64_t text;

	if (!mm) {
		fprintf(out, "0 0 0 0 0 0 0\n");
		return;
	}
	text = (PAGE_ALIGN(m, mm->end_code) - (mm->start_code & PAGE_MASK(m))) >>
	       m->page_shift;
	fprintf(out,
		"%" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 " 0 %" PRIu64
		" 0\n",
		mm->total_vm, get_mm_rss(mm), get_mm_counter(mm, MM_FILEPAGES),
		text, mm->total_vm - mm->shared_vm);
}

/* ---- stat ---- */

/* Fields 25 to 30: limit, bounds, stack and instruction pointer. */
static void stat_bounds(const struct machine *m, const struct mm_struct *mm,
			const struct task_struct *task, FILE *out)
{
	uint64_t unlimited = is_64bit(m) ? UINT64_MAX : UINT32_MAX;
	vaddr_t sp = task->sp_set ? task->sp : mm ? mm->start_stack : 0;

	fprintf(out, " %" PRIu64, unlimited);
	if (mm)
		fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64,
			mm->start_code, mm->end_code, mm->start_stack);
	else
		fprintf(out, " 0 0 0");
	fprintf(out, " %" PRIu64 " 0", sp);
}

static void stat_tail(const struct mm_struct *mm, FILE *out)
{
	if (mm)
		fprintf(out,
			" %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			" %" PRIu64 " %" PRIu64 " %" PRIu64,
			mm->start_data, mm->end_data, mm->start_brk,
			mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	else
		fprintf(out, " 0 0 0 0 0 0 0");
}

void report_stat(const struct machine *m, const struct task_struct *task,
		 FILE *out)
{
	const struct mm_struct *mm = task->mm;

	fprintf(out, "%u (%s) %c %u 0 0 0 -1 0", task->pid, task->comm,
		*state_text(task), ppid_of(task));
	fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		task->min_flt, task->cmin_flt, task->maj_flt, task->cmaj_flt);
	/* times, priority 20, nice 0, 1 thread, 0, start in events */
	fprintf(out, " 0 0 0 0 20 0 1 0 %" PRIu64, task->start_event);
	fprintf(out, " %" PRIu64 " %" PRId64,
		mm ? mm->total_vm << m->page_shift : 0,
		mm ? get_mm_rss(mm) : 0);
	stat_bounds(m, mm, task, out);
	/* signals, wchan, swap counts, SIGCHLD, CPU and scheduling, delays */
	fprintf(out, " 0 0 0 0 0 0 0 17 0 0 0 0 0 0");
	stat_tail(mm, out);
	fprintf(out, " %d\n", task->exit_code);
}
