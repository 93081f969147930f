/* replay_output.c - what mmemu replay writes: reports, states, counters. */
#define _GNU_SOURCE /* asprintf */
#include "cmd/replay.h"
#include "formats/json.h"
#include "formats/procfs.h"
#include "formats/report.h"

#include <stdlib.h>
#include <string.h>

static void no_memory(void)
{
	cmd_host.fail(cmd_host.ctx, 0);
}

char *in_folder(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		no_memory();
	return path;
}

/* LINE.KIND.PID without what is not there. */
static char *report_name(const char *kind, const struct task_struct *task,
			 uint64_t line)
{
	char number[32] = "", pid[16] = "", *name;

	if (line)
		snprintf(number, sizeof(number), "%llu.",
			 (unsigned long long)line);
	if (task)
		snprintf(pid, sizeof(pid), ".%u", task->pid);
	if (asprintf(&name, "%s%s%s", number, kind, pid) < 0)
		no_memory();
	return name;
}

void print_report(const struct machine *m, const struct report *r,
		  const struct task_struct *task, uint64_t line, bool json)
{
	if (json) {
		if (!report_json(r, m, task, line, stdout))
			no_memory();
		return;
	}
	printf("==> %s", r->name);
	if (task)
		printf(" %u", task->pid);
	if (line)
		printf(" (line %llu)", (unsigned long long)line);
	printf(" <==\n");
	r->write(m, task, stdout);
}

static int report_to_file(struct replay_run *run, const struct report *r,
			  const struct task_struct *task, const char *path,
			  uint64_t line)
{
	struct output out;

	if (output_open(&out, path))
		return -1;
	if (!run->opt.json)
		r->write(run->m, task, out.f);
	else if (!report_json(r, run->m, task, line, out.f))
		no_memory();
	return output_close(&out, true);
}

int write_report(struct replay_run *run, const char *kind,
		 const struct task_struct *task, const char *as, uint64_t line)
{
	const struct report *r = report_find(kind);
	char *name, *path;
	int ret;

	if (!r)
		return complain("the report %s is not made", kind);
	if (!run->opt.folder) {
		print_report(run->m, r, task, line, run->opt.json);
		return 0;
	}
	name = as ? strdup(as) : report_name(kind, task, line);
	if (!name)
		no_memory();
	path = in_folder(run->opt.folder, name);
	ret = report_to_file(run, r, task, path, line);
	free(path);
	free(name);
	return ret;
}

int final_report(struct replay_run *run, const struct final_report *fr)
{
	const struct task_struct *task = NULL;

	if (fr->pid) {
		task = find_task_by_pid(run->m, fr->pid);
		if (!task || task->state != TASK_RUNNING) {
			fprintf(stderr, "mmemu: -r %s=%u: no such process at this point\n",
				fr->kind, fr->pid);
			run->replay.n.orphans++;
			return 0;
		}
	}
	if (fr->file && !run->opt.folder)
		return report_to_file(run, report_find(fr->kind), task,
				      fr->file, 0);
	return write_report(run, fr->kind, task, fr->file, 0);
}

/* A state is to be loaded again: text, whatever --json says. */
static int state_to_file(struct replay_run *run, const struct report *r,
			 const char *path)
{
	struct output out;

	if (output_open(&out, path))
		return -1;
	r->write(run->m, NULL, out.f);
	return output_close(&out, true);
}

/* mark NULL: those of the end. */
void save_states(struct replay_run *run, const char *mark)
{
	const struct report *r = report_find("state");

	for (unsigned i = 0; i < run->opt.nr_states; i++) {
		struct saved_state *s = &run->opt.states[i];

		if (!s->mark != !mark || (mark && strcmp(mark, s->mark)))
			continue;
		s->done = true;
		if (state_to_file(run, r, s->file))
			run->failed = true;
	}
	for (unsigned i = 0; !mark && i < run->opt.nr_states; i++) {
		if (run->opt.states[i].done)
			continue;
		complain("--save-state: the trace has no mark %s",
			 run->opt.states[i].mark);
		run->failed = true;
	}
}

int write_procfs(struct replay_run *run)
{
	char why[512];

	if (!procfs_write(run->m, run->opt.procfs, why, sizeof(why)))
		return 0;
	return complain("--procfs: %s", why);
}

static void print_row(FILE *out, const char *what, uint64_t n)
{
	fprintf(out, "  %-34s %12llu\n", what, (unsigned long long)n);
}

void print_stats(struct replay_run *run, FILE *out)
{
	const struct replay_counts *n = &run->replay.n;
	const struct {
		const char *what;
		uint64_t n;
	} rows[] = {
		{"events", n->events},
		{"access events", n->accesses},
		{"accesses read", run->m->stats.accesses[ACCESS_READ]},
		{"accesses write", run->m->stats.accesses[ACCESS_WRITE]},
		{"accesses fetch", run->m->stats.accesses[ACCESS_FETCH]},
		{"minor faults", n->minflt},
		{"major faults", n->majflt},
		{"failed calls", n->failed},
		{"failures as expected", n->expected_failures},
		{"mismatches", n->mismatches},
		{"orphans", n->orphans},
		{"signals", n->signals},
		{"signals handled", n->handled_signals},
		{"killed for memory", run->m->stats.oom_kills},
		{"BUGs", n->bugs},
		{"not emulated", n->not_emulated},
		{"addresses folded", n->folded},
	};

	fprintf(out, "==> stats <==\n");
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		print_row(out, rows[i].what, rows[i].n);
	fprintf(out, "statements by kind\n");
	for (unsigned i = 0; i < NR_EVENT_KINDS; i++)
		if (n->by_kind[i])
			print_row(out, event_types[i].word, n->by_kind[i]);
	fprintf(out, "faults by handler\n");
	for (unsigned i = 0; i < NR_FAULT_HANDLERS; i++)
		if (run->m->stats.faults[i])
			print_row(out, fault_handler_names[i],
				  run->m->stats.faults[i]);
}
