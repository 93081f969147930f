/*
 * points.c - run one trace on many machines, on all cores.
 *
 *             ┌ thread 1: reader ─► batch of events ─► machine 1, 5, 9 ...
 *   points ───┤ thread 2: reader ─► batch of events ─► machine 2, 6, 10 ...
 *             └ ...                 (wave after wave, until all are done)
 *
 * Reading a trace costs as much as replaying it, so a thread reads it once for
 * all machines of a wave: a batch of a few thousand events stays in the CPU's
 * cache while one machine after the other takes it. Threads share nothing but
 * the list of points and the number of the next wave, so results do not depend
 * on their number.
 *
 * A wave has a bounded number of machines, so that the host's memory is bounded
 * too. Frames hold no bytes (contents: off) unless the configuration insists.
 */
#include "cmd/points.h"
#include "cmd/references.h"
#include "trace/replay.h"
#include "trace/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 2048u	/* events */
#define WAVE 16u	/* machines of one reading, at most */
#define MAX_STRINGS ((size_t)2 << 20) /* bytes of values in a batch */

/* ---- points ---- */

struct point *points_add(struct points *ps, const char *name,
			 const char *config)
{
	struct point *p;

	ps->point = host_realloc(&cmd_host, ps->point,
				 ps->nr * sizeof(*ps->point),
				 (ps->nr + 1) * sizeof(*ps->point));
	p = &ps->point[ps->nr++];
	p->name = host_strdup(&cmd_host, name);
	p->config = config ? host_strdup(&cmd_host, config) : NULL;
	p->index = ps->nr;
	p->value = host_alloc(&cmd_host, nr_metrics * sizeof(*p->value));
	ps->total = ps->nr;
	return p;
}

void point_set(struct point *p, const char *set)
{
	p->sets = host_realloc(&cmd_host, p->sets,
			       p->nr_sets * sizeof(*p->sets),
			       (p->nr_sets + 1) * sizeof(*p->sets));
	p->sets[p->nr_sets++] = host_strdup(&cmd_host, set);
}

void points_free(struct points *ps)
{
	for (unsigned i = 0; i < ps->nr; i++) {
		struct point *p = &ps->point[i];

		for (unsigned k = 0; k < p->nr_sets; k++)
			free(p->sets[k]);
		free(p->sets);
		free(p->name);
		free(p->config);
		free(p->cfg);
		free(p->value);
	}
	free(ps->point);
	free(ps->trace);
	memset(ps, 0, sizeof(*ps));
}

/* Does the message say already which machine it is about? */
static bool begins_with_name(const char *message, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(message, name, n) && message[n] == ':';
}

int points_load(struct points *ps, const struct run_options *opt)
{
	char err[CONFIG_ERROR_LEN];

	for (unsigned i = 0; i < ps->nr; i++) {
		struct point *p = &ps->point[i];

		p->cfg = host_alloc(&cmd_host, sizeof(*p->cfg));
		if (config_load(p->config, (const char *const *)p->sets,
				p->nr_sets, p->cfg, err))
			return begins_with_name(err, p->name) ?
				       complain("%s", err) :
				       complain("%s: %s", p->name, err);
		if (p->cfg->contents == CONTENTS_AUTO)
			p->cfg->contents = CONTENTS_OFF;
		p->cfg->tlb.on = !opt->no_tlb;
	}
	return EXIT_FINE;
}

/* ---- one machine of a wave ---- */

struct runner {
	struct point *p;
	struct machine *m;
	struct replay replay;
	struct measured x;
	struct reference_string references; /* for has_policy(m) */
	bool stopped;
};

struct wave {
	struct runner runner[WAVE];
	unsigned nr;
	struct names names;
	struct trace_reader reader;
	bool opened;
	struct event *batch;
	char *strings; /* of the batch's values */
	size_t strings_used;
	uint64_t raw_told; /* bytes of the file already counted as progress */
};

static void on_message(void *ctx, const struct event *ev, const char *text)
{
	struct runner *r = ctx;

	if (!r->p->message[0])
		snprintf(r->p->message, sizeof(r->p->message), "line %llu: %s",
			 (unsigned long long)ev->line, text);
}

static void on_access(void *ctx, const struct task_struct *task, uint64_t addr,
		      uint64_t len, uint64_t stride)
{
	struct runner *r = ctx;

	references_access(&r->references, task, addr, len, stride);
}

static int runner_start(struct runner *r, struct wave *w, struct point *p,
			const struct run_options *opt)
{
	struct replay_hooks hooks = {.ctx = r, .message = on_message};
	const char *why = "";

	r->p = p;
	if (machine_create(p->cfg, &cmd_host, &r->m, &why)) {
		snprintf(p->message, sizeof(p->message),
			 "the machine cannot be made: %s", why);
		return -1;
	}
	let_interrupt(r->m);
	references_init(&r->references, &cmd_host);
	if (has_policy(r->m))
		hooks.access = on_access;
	replay_init(&r->replay, r->m, &w->names, &hooks);
	r->replay.rebase = opt->rebase;
	r->replay.root = opt->root;
	return 0;
}

static void runner_take(struct runner *r, const struct event *batch,
			unsigned nr)
{
	struct machine *m = r->m;

	for (unsigned i = 0; i < nr && !r->stopped; i++) {
		const struct event *ev = &batch[i];
		uint64_t before = m->stats.tables_allocated;

		r->stopped = !replay_event(&r->replay, ev);
		if (unlikely(ev->kind == EV_FORK))
			r->x.fork_tables += m->stats.tables_allocated - before;
		measure_peak(&r->x, m);
	}
}

static void measure_policy(struct runner *r)
{
	const struct reference_string *s = &r->references;

	r->x.references = s->nr + s->nr_repeated;
	r->x.policy_faults = policy_faults(s, machine_policy(r->m),
					   machine_policy_frames(r->m));
}

static void runner_finish(struct runner *r, bool whole)
{
	struct point *p = r->p;

	if (!r->m)
		return;
	r->x.events = r->replay.n.events;
	r->x.failed = r->replay.n.failed;
	r->x.signals = r->replay.n.signals;
	if (has_policy(r->m))
		measure_policy(r);
	p->misfit = r->replay.misfit;
	p->nr_wrong = r->replay.n.mismatches + r->replay.n.bugs;
	p->nr_orphans = r->replay.n.orphans;
	p->done = whole && !p->misfit;
	for (unsigned i = 0; i < nr_metrics; i++)
		p->value[i] = metrics[i].value(r->m, &r->x);
	references_destroy(&r->references);
	replay_destroy(&r->replay);
	machine_destroy(r->m);
}

/* ---- a wave ---- */

struct run {
	struct points *ps;
	const struct run_options *opt;
	unsigned nr_waves, wave_size;
	atomic_uint next_wave;
	atomic_ullong bytes_read;
	uint64_t bytes_in_all;
	atomic_bool failed;
	pthread_mutex_t lock;	  /* of `error` */
	struct trace_error error; /* of the trace: the same for every wave */
	char error_name[256];
	bool has_error;
};

/* Strings of values live until the reader reads on: they move to the batch. */
static bool keep_value(struct wave *w, struct event *ev)
{
	if (!(ev->flags & EVF_VALUE) || !(ev->flags & EVF_STRING))
		return true;
	memcpy(w->strings + w->strings_used, ev->value, ev->value_len);
	ev->value = (const uint8_t *)w->strings + w->strings_used;
	w->strings_used += ev->value_len;
	return w->strings_used + TRACE_MAX_LINE <= MAX_STRINGS;
}

/* The next events. *end: 0 there is more, 1 that was all, -1 an error. */
static unsigned read_batch(struct wave *w, int *end)
{
	unsigned nr = 0;

	w->strings_used = 0;
	*end = 0;
	while (nr < BATCH) {
		const struct event *ev;
		int ret = trace_read(&w->reader, &ev);

		if (ret <= 0) {
			*end = ret ? -1 : 1;
			return nr;
		}
		w->batch[nr] = *ev;
		if (!keep_value(w, &w->batch[nr++]))
			return nr;
	}
	return nr;
}

static void tell_error(struct run *run, const struct wave *w)
{
	pthread_mutex_lock(&run->lock);
	run->error = w->reader.error;
	snprintf(run->error_name, sizeof(run->error_name), "%s",
		 run->ps->trace);
	run->has_error = true;
	pthread_mutex_unlock(&run->lock);
	atomic_store(&run->failed, true);
}

static void tell_progress(struct run *run, struct wave *w)
{
	uint64_t now = w->reader.text.stream.raw_read;

	atomic_fetch_add(&run->bytes_read, now - w->raw_told);
	w->raw_told = now;
}

/* Every machine of the wave through the whole trace. true: to its end. */
static bool wave_replay(struct run *run, struct wave *w)
{
	int end = 0;

	while (!end && !interrupted && !atomic_load(&run->failed)) {
		unsigned nr = read_batch(w, &end);

		for (unsigned i = 0; i < w->nr; i++)
			runner_take(&w->runner[i], w->batch, nr);
		tell_progress(run, w);
	}
	if (end < 0)
		tell_error(run, w);
	return end == 1;
}

/* Wave number n takes points n, n + nr_waves, ...: neighbours, which cost about
 * the same, go to different waves. */
static void run_wave(struct run *run, unsigned n)
{
	struct points *ps = run->ps;
	struct wave *w = host_alloc(&cmd_host, sizeof(*w));
	bool whole = false, made = true;

	names_init(&w->names, &cmd_host);
	w->batch = host_alloc(&cmd_host, BATCH * sizeof(*w->batch));
	w->strings = host_alloc(&cmd_host, MAX_STRINGS);
	for (unsigned i = n; i < ps->nr; i += run->nr_waves)
		made &= !runner_start(&w->runner[w->nr++], w, &ps->point[i],
				      run->opt);
	w->opened = made;
	if (!made)
		atomic_store(&run->failed, true);
	else if (trace_open(&w->reader, &cmd_host, &w->names, ps->trace))
		tell_error(run, w);
	else
		whole = wave_replay(run, w);
	for (unsigned i = 0; i < w->nr; i++)
		runner_finish(&w->runner[i], whole);
	if (w->opened)
		trace_close(&w->reader);
	names_destroy(&w->names);
	free(w->batch);
	free(w->strings);
	free(w);
}

static void *work(void *arg)
{
	struct run *run = arg;

	for (;;) {
		unsigned n = atomic_fetch_add(&run->next_wave, 1);

		if (n >= run->nr_waves || interrupted ||
		    atomic_load(&run->failed))
			return NULL;
		run_wave(run, n);
	}
}

/* ---- threads, progress ---- */

static uint64_t size_of(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : NULL;
	long size = 0;

	if (f && !fseek(f, 0, SEEK_END))
		size = ftell(f);
	if (f)
		fclose(f);
	return size > 0 ? (uint64_t)size : 0;
}

static void show_progress(const struct run *run)
{
	const unsigned width = 40;
	double part = (double)atomic_load(&run->bytes_read) /
		      (double)run->bytes_in_all;
	unsigned full;

	if (part > 1)
		part = 1;
	full = (unsigned)(part * width);
	fprintf(stderr, "\r\033[K[%.*s%*s] %3.0f%%  %u machines", (int)full,
		"########################################",
		(int)(width - full), "", part * 100, run->ps->nr);
}

/* Wait for the threads; on a terminal a bar moves meanwhile. */
static void wait_for(struct run *run, pthread_t *thread, unsigned nr)
{
	bool bar = !run->opt->quiet && isatty(STDERR_FILENO) &&
		   run->bytes_in_all;

	while (bar && !interrupted && !atomic_load(&run->failed) &&
	       atomic_load(&run->bytes_read) < run->bytes_in_all) {
		usleep(200000);
		show_progress(run);
	}
	for (unsigned i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	if (bar)
		fputs("\r\033[K", stderr);
}

/* SIGINT goes to the thread that waits, so that no reader is cut short twice. */
static unsigned start_threads(struct run *run, pthread_t *thread, unsigned nr)
{
	sigset_t interrupt, old;
	unsigned i;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &old);
	for (i = 0; i < nr; i++)
		if (pthread_create(&thread[i], NULL, work, run))
			break;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return i;
}

static unsigned online_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

/* A process that dies on one machine only makes columns that tell of different
 * runs: the reader must know. */
static void warn_of_orphans(const struct points *ps)
{
	for (unsigned i = 1; i < ps->nr; i++) {
		const struct point *p = &ps->point[i];

		if (p->done && p->nr_orphans != ps->point[0].nr_orphans)
			fprintf(stderr,
				"mmemu: warning: %s: %llu events came to nothing (a process was dead), %llu with %s: not the same run\n",
				p->name, (unsigned long long)p->nr_orphans,
				(unsigned long long)ps->point[0].nr_orphans,
				ps->point[0].name);
	}
}

static int run_result(struct run *run)
{
	struct points *ps = run->ps;
	int status = EXIT_FINE;

	if (interrupted)
		return EXIT_INTERRUPTED;
	for (unsigned i = 0; i < ps->nr; i++) {
		struct point *p = &ps->point[i];

		if (!p->done && p->message[0])
			return complain("%s: %s: %s", p->name, ps->trace,
					p->message);
	}
	if (run->has_error)
		return complain_trace(run->error_name, &run->error);
	warn_of_orphans(ps);
	for (unsigned i = 0; i < ps->nr; i++) {
		struct point *p = &ps->point[i];

		if (!p->nr_wrong)
			continue;
		fprintf(stderr, "%s: %s: %s\n", p->name, ps->trace, p->message);
		status = EXIT_WRONG;
	}
	return status;
}

int points_run(struct points *ps, const struct run_options *opt)
{
	unsigned jobs = opt->jobs ? opt->jobs : online_cpus(), nr;
	struct run run = {.ps = ps, .opt = opt};
	pthread_t *thread;

	if (!strcmp(ps->trace, "-")) {
		if (ps->nr > WAVE)
			return complain("-: standard input can be read once, so for at most %u machines",
					WAVE);
		jobs = 1;
	}
	if (jobs > ps->nr)
		jobs = ps->nr;
	run.wave_size = min_t(unsigned, WAVE, DIV_ROUND_UP(ps->nr, jobs));
	run.nr_waves = DIV_ROUND_UP(ps->nr, run.wave_size);
	run.bytes_in_all = size_of(ps->trace) * run.nr_waves;
	pthread_mutex_init(&run.lock, NULL);
	catch_interrupt();
	thread = host_alloc(&cmd_host, jobs * sizeof(*thread));
	nr = start_threads(&run, thread, jobs);
	if (!nr)
		work(&run); /* the host gives no thread: do it here */
	wait_for(&run, thread, nr);
	free(thread);
	pthread_mutex_destroy(&run.lock);
	return run_result(&run);
}
