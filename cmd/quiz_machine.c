/*
 * quiz_machine.c - the machine behind an exercise: lots, statements, and what
 * it tells while it does them.
 *
 * A statement goes the way of any trace: the text reader makes an event of the
 * line, the replay engine applies it. So the trace that --trace prints does the
 * same on `mmemu replay`.
 */
#include "cmd/quiz.h"
#include "core/mm.h"
#include "core/pgtable.h"
#include "core/task.h"
#include "trace/random.h"
#include "trace/text_read.h"

#include <stdarg.h>
#include <string.h>

/* ---- lots ---- */

unsigned quiz_below(struct quiz *q, unsigned below)
{
	return random_below(&q->random, below);
}

unsigned quiz_between(struct quiz *q, unsigned lo, unsigned hi)
{
	return lo + quiz_below(q, hi - lo + 1);
}

bool quiz_chance(struct quiz *q, unsigned one_in)
{
	return !quiz_below(q, one_in);
}

void quiz_shuffle(struct quiz *q, unsigned *a, unsigned n)
{
	for (; n > 1; n--) {
		unsigned i = quiz_below(q, n), last = a[n - 1];

		a[n - 1] = a[i];
		a[i] = last;
	}
}

/* ---- the machine ---- */

#define MAX_SETS 8

/* What exercises speak of; the machine tells much more. */
static bool is_spoken_of(enum observation_kind kind)
{
	switch (kind) {
	case OBS_PAGE_FAULT:
	case OBS_COW_COPY:
	case OBS_COW_REUSE:
	case OBS_VMA_MERGE:
	case OBS_VMA_SPLIT:
	case OBS_BUDDY_SPLIT:
	case OBS_BUDDY_MERGE:
		return true;
	default:
		return false;
	}
}

static void on_observation(void *ctx, const struct observation *o)
{
	struct quiz *q = ctx;

	if (is_spoken_of(o->kind) && q->nr_seen < QUIZ_SEEN)
		q->seen[q->nr_seen++] = *o;
}

static void on_outcome(void *ctx, const struct event *ev __unused_arg,
		       const struct outcome *o)
{
	struct quiz *q = ctx;

	q->outcome = *o;
	q->outcome.got = NULL; /* the engine's, gone after the statement */
	q->outcome.got_len = 0;
}

static void note_option(struct quiz *q, const char *option, const char *value)
{
	size_t len = strlen(q->marks);

	snprintf(q->marks + len, sizeof(q->marks) - len, " %s %s", option,
		 value);
}

/* The topic's settings, then the user's. */
static enum quiz_result load(struct quiz *q, const char *config,
			     const char *const *sets, unsigned nr_sets,
			     struct machine_config *cfg)
{
	const struct quiz_options *opt = q->opt;
	unsigned nr = nr_sets + opt->nr_sets;
	const char **all = host_alloc(&cmd_host, (nr + 1) * sizeof(*all));
	char err[CONFIG_ERROR_LEN];
	int ret;

	memcpy(all, sets, nr_sets * sizeof(*all));
	for (unsigned i = 0; i < opt->nr_sets; i++)
		all[nr_sets + i] = opt->sets[i];
	q->marks[0] = '\0';
	if (config)
		note_option(q, "-c", config);
	for (unsigned i = 0; i < nr; i++)
		note_option(q, "--set", all[i]);
	ret = config_load(config, all, nr, cfg, err);
	host_free(&cmd_host, all, (nr + 1) * sizeof(*all));
	if (ret)
		complain("%s", err);
	return ret ? QUIZ_BAD : QUIZ_FINE;
}

bool quiz_user_sets(const struct quiz *q, const char *key)
{
	for (unsigned i = 0; i < q->opt->nr_sets; i++)
		if (!strncmp(q->opt->sets[i], key, strlen(key)))
			return true;
	return false;
}

static void start_trace(struct quiz *q)
{
	fprintf(q->trace.f,
		"mmemu-trace 1\n"
		"# mmemu quiz %s --seed %llu\n"
		"#   mmemu replay%s --outcomes - FILE\n",
		q->topic->name, (unsigned long long)q->seed, q->marks);
	q->line = 3;
}

enum quiz_result quiz_machine(struct quiz *q, const char *config, ...)
{
	struct replay_hooks hooks = {.ctx = q, .outcome = on_outcome};
	const char *sets[MAX_SETS], *why = "";
	struct machine_config cfg;
	unsigned nr = 0;
	va_list ap;

	va_start(ap, config);
	while (nr < MAX_SETS && (sets[nr] = va_arg(ap, const char *)))
		nr++;
	va_end(ap);
	if (q->opt->config) { /* it is as the user wants it */
		config = q->opt->config;
		nr = 0;
	}
	if (load(q, config, sets, nr, &cfg) != QUIZ_FINE)
		return QUIZ_BAD;
	if (machine_create(&cfg, &cmd_host, &q->m, &why)) {
		complain("the machine cannot be made: %s", why);
		return QUIZ_BAD;
	}
	names_init(&q->names, &cmd_host);
	replay_init(&q->replay, q->m, &q->names, &hooks);
	q->observer = (struct observer){q, on_observation};
	q->m->observer = &q->observer;
	start_trace(q);
	return QUIZ_FINE;
}

/* ---- statements ---- */

static void do_line(struct quiz *q, const char *line, size_t len)
{
	struct text_reader reader;
	struct event ev;

	q->nr_seen = 0;
	memset(&q->outcome, 0, sizeof(q->outcome));
	text_open_memory(&reader, &cmd_host, &q->names, "quiz", line, len);
	mm_assert(text_read(&reader, &ev) == 1);
	replay_event(&q->replay, &ev);
	text_close(&reader);
}

const struct outcome *quiz_do(struct quiz *q, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	mm_assert(len > 0 && (size_t)len < sizeof(line));
	fprintf(q->trace.f, "%s\n", line);
	q->line++;
	do_line(q, line, (size_t)len);
	return &q->outcome;
}

const char *quiz_outcome(const struct quiz *q, char *buf, size_t size)
{
	buf[outcome_print(&q->outcome, buf, size)] = '\0';
	return buf;
}

const struct observation *quiz_saw(const struct quiz *q,
				   enum observation_kind kind)
{
	for (unsigned i = q->nr_seen; i-- > 0;)
		if (q->seen[i].kind == kind)
			return &q->seen[i];
	return NULL;
}

/* ---- what it holds ---- */

struct task_struct *quiz_task(const struct quiz *q, uint32_t pid)
{
	return find_task_by_pid(q->m, pid);
}

pfn_t quiz_frame(const struct quiz *q, uint32_t pid, vaddr_t addr)
{
	const struct task_struct *task = quiz_task(q, pid);
	ptep_t at = task && task->mm ? pte_offset(task->mm, addr) : 0;
	pte_t pte = at ? ptep_get(task->mm, at) : __pte(0);

	return pte_present(q->m->fmt, pte) ? pte_pfn(q->m->fmt, pte) : 0;
}
