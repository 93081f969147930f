/*
 * replay.c - whole replays on small machines, all invariants at every event.
 * The first byte chooses the machine, the rest is the trace.
 */
#include "core/machine.h"
#include "formats/report.h"
#include "tests/fuzz/fuzz.h"
#include "trace/replay.h"
#include "trace/reader.h"

#include <string.h>

#define MOST_EVENTS 400u
#define MOST_BYTES (64ull << 20) /* of one event: it must end soon */

struct run {
	struct machine *m;
	FILE *sink;
};

void fuzz_start(const char *name)
{
	(void)name;
}

static void on_broken(void *ctx, const char *text)
{
	fuzz_check(false, "line %llu: %s",
		   (unsigned long long)*(const uint64_t *)ctx, text);
}

static void on_report(void *ctx, const struct event *ev,
		      const struct task_struct *task)
{
	struct run *run = ctx;

	for (unsigned i = 0; i < nr_reports; i++)
		if (reports[i].needs_pid == !!task && ev->line % 3 == i % 3)
			reports[i].write(run->m, task, run->sink);
}

static void on_outcome(void *ctx, const struct event *ev,
		       const struct outcome *o)
{
	struct run *run = ctx;

	outcome_write(o, ev->line, run->sink);
}

static bool too_long(const struct event *ev)
{
	for (unsigned i = 0; i < NR_X; i++)
		if (i != X_ADDR && i != X_ADDR2 && EV_HAS(ev, i) &&
		    (ev->x[i].bytes > MOST_BYTES || ev->x[i].pages > 16384))
			return true;
	return false;
}

static void machine_of(uint8_t byte, struct machine_config *cfg)
{
	static const uint64_t sizes[] = {4, 8, 16, 24};

	machine_config_default(cfg);
	cfg->memory = sizes[byte >> 1 & 3] << 20;
	if (byte & 1) {
		strcpy(cfg->paging, "x86-pae");
		cfg->nx = true;
	}
	if (byte & 8)
		cfg->contents = CONTENTS_OFF;
	if (byte & 16)
		cfg->overcommit = OVERCOMMIT_ALWAYS;
	if (byte & 32)
		cfg->files_fs = FS_TMPFS;
}

static void replay_one(const uint8_t *data, size_t size)
{
	struct replay_hooks hooks = {.report = on_report,
				     .outcome = on_outcome};
	struct machine_config cfg;
	struct trace_reader *r = malloc(sizeof(*r));
	struct names names;
	struct replay replay;
	struct run run;
	bool opened;
	const struct event *ev;
	const char *why;
	machine_of(data[0], &cfg);
	fuzz_check(!machine_create(&cfg, NULL, &run.m, &why), "%s", why);
	run.sink = fopen("/dev/null", "w");
	hooks.ctx = &run;
	names_init(&names, NULL);
	opened = !trace_open_memory(r, &host_default_ops, &names, "fuzz",
				    data + 1, size - 1);
	replay_init(&replay, run.m, &names, &hooks);
	while (opened && replay.n.statements < MOST_EVENTS &&
	       trace_read(r, &ev) > 0) {
		if (too_long(ev))
			continue;
		replay_event(&replay, ev);
		machine_check(run.m, on_broken, (void *)&ev->line);
	}
	replay_destroy(&replay);
	trace_close(r);
	free(r);
	names_destroy(&names);
	fclose(run.sink);
	machine_destroy(run.m);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	if (size)
		replay_one(data, size);
}
