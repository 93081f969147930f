/* replay_output.c - what mmemu replay writes: reports, states, counters. */
#include "cmd/replay.h"
#include "cmd/strings.h"
#include "formats/json.h"
#include "formats/memory_stream.h"
#include "formats/procfs.h"
#include "formats/report.h"

#include <stdlib.h>
#include <string.h>

char *in_folder(const char *folder, const char *name)
{
	return text_of("%s/%s", folder, name);
}

/* A report that is to be written. */
struct wanted {
	const struct report *r;
	const struct task_struct *task; /* NULL: of the whole machine */
	const char *cache;		/* slabinfo: of this cache alone */
	uint64_t line;			/* of its statement, 0: none */
};

/* LINE.KIND.PID (or KIND.CACHE) without what is not there. */
static char *report_name(const struct wanted *w)
{
	char number[32] = "", pid[16] = "";
	bool cache = w->cache && !strchr(w->cache, '/');

	if (w->line)
		snprintf(number, sizeof(number), "%llu.",
			 (unsigned long long)w->line);
	if (w->task)
		snprintf(pid, sizeof(pid), ".%u", w->task->pid);
	return text_of("%s%s%s%s%s", number, w->r->name, pid, cache ? "." : "",
		       cache ? w->cache : "");
}

static void write_cache_json(const struct machine *m, const struct wanted *w,
			     FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = memory_stream(&cmd_host, &text, &size);

	report_slabinfo_of(m, w->cache, f);
	fclose(f);
	report_text_json(w->r, text, NULL, w->line, out);
	free(text);
}

static void write_wanted(const struct machine *m, const struct wanted *w,
			 bool json, FILE *out)
{
	if (w->cache && json)
		write_cache_json(m, w, out);
	else if (w->cache)
		report_slabinfo_of(m, w->cache, out);
	else if (!json)
		w->r->write(m, w->task, out);
	else
		report_json(w->r, m, w->task, w->line, out);
}

static void print_wanted(const struct machine *m, const struct wanted *w,
			 bool json)
{
	if (!json) {
		printf("==> %s", w->r->name);
		if (w->task)
			printf(" %u", w->task->pid);
		if (w->cache)
			printf(" %s", w->cache);
		if (w->line)
			printf(" (line %llu)", (unsigned long long)w->line);
		printf(" <==\n");
	}
	write_wanted(m, w, json, stdout);
}

void print_report(const struct machine *m, const struct report *r,
		  const struct task_struct *task, uint64_t line, bool json)
{
	struct wanted w = {r, task, NULL, line};

	print_wanted(m, &w, json);
}

static int report_to_file(struct replay_run *run, const struct wanted *w,
			  const char *path)
{
	struct output out;

	if (output_open(&out, path))
		return -1;
	write_wanted(run->m, w, run->opt.json, out.f);
	return output_close(&out, true);
}

/* as NULL: by its name. */
static int place_report(struct replay_run *run, const struct wanted *w,
			const char *as)
{
	char *name, *path;
	int ret;

	if (!run->opt.folder) {
		print_wanted(run->m, w, run->opt.json);
		return 0;
	}
	name = as ? text_of("%s", as) : report_name(w);
	path = in_folder(run->opt.folder, name);
	ret = report_to_file(run, w, path);
	free(path);
	free(name);
	return ret;
}

int write_report(struct replay_run *run, const char *kind,
		 const struct task_struct *task, const char *as, uint64_t line)
{
	struct wanted w = {report_find(kind), task, NULL, line};

	if (!w.r)
		return complain("the report %s is not made", kind);
	return place_report(run, &w, as);
}

static void tell_no_process(const struct replay_run *run,
			    const struct final_report *fr)
{
	uint64_t ended = pid_ended_in(run->m, fr->pid);

	if (ended)
		complain("-r %s=%u: process %u ended in event %llu (--at %llu shows it before)",
			 fr->kind, fr->pid, fr->pid, (unsigned long long)ended,
			 (unsigned long long)ended - 1);
	else
		complain("-r %s=%u: there is no process %u at this point",
			 fr->kind, fr->pid, fr->pid);
}

int final_report(struct replay_run *run, const struct final_report *fr)
{
	struct wanted w = {report_find(fr->kind), NULL, fr->cache, 0};

	if (fr->pid) {
		w.task = find_task_by_pid(run->m, fr->pid);
		if (!w.task || w.task->state != TASK_RUNNING) {
			tell_no_process(run, fr);
			return 0;
		}
	}
	if (fr->cache && !kmem_cache_find(run->m, fr->cache)) {
		complain("-r slabinfo=%s: there is no cache %s at this point",
			 fr->cache, fr->cache);
		return 0;
	}
	if (fr->file && !run->opt.folder)
		return report_to_file(run, &w, fr->file);
	return place_report(run, &w, fr->file);
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
	char why[512], temp[PROCFS_PATH_MAX];
	int ret;

	if (!procfs_temp_name(run->opt.procfs, temp))
		scratch_folder_watch(temp);
	ret = procfs_write(run->m, run->opt.procfs, why, sizeof(why));
	scratch_folder_watch(NULL);
	return ret ? complain("--procfs: %s", why) : 0;
}

static void print_row(FILE *out, const char *what, uint64_t n)
{
	fprintf(out, "  %-34s %12llu\n", what, (unsigned long long)n);
}

/* The configuration's rule of a textbook, beside the machine. */
static void print_policy(const struct replay_run *run, FILE *out)
{
	const struct reference_string *s = &run->references;
	uint32_t frames = machine_policy_frames(run->m);

	fprintf(out, "page replacement by %s\n",
		policy_names[machine_policy(run->m)]);
	print_row(out, "frames", frames);
	print_row(out, "references", s->nr + s->nr_repeated);
	print_row(out, "pages", s->nr_pages);
	print_row(out, "faults",
		  policy_faults(s, machine_policy(run->m), frames));
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
	if (has_policy(run->m))
		print_policy(run, out);
}
