/*
 * live.c - a trace on a machine, statement by statement.
 *
 *   live_peek:  reader ─► next          (read, not yet done)
 *   live_step:  next ─► done, ev ─► replay_event ─► outcome, mark, messages
 *
 * The reader's event is good until the next one is read, so what is kept of a
 * statement and of its outcome is copied: `ev` and `outcome` stay as they are
 * while live_peek() looks ahead.
 */
#include "cmd/live.h"
#include "cmd/config.h"
#include "core/machine.h"
#include "core/swapfile.h"
#include "core/vmscan.h"
#include "trace/state_read.h"

#include <stdlib.h>
#include <string.h>

/* ---- the machine ---- */

/* The state file decides how much RAM there is, so it is read first. */
static int boot(const char *state_path, struct machine_config *cfg,
		struct machine **m)
{
	const char *why = "";
	uint64_t swap = cfg->swap;
	char err[STATE_ERROR_LEN];
	struct state_text state;
	int ret = 0;

	memset(&state, 0, sizeof(state));
	if (state_path) /* it says what is taken; swap comes after it */
		cfg->swap = cfg->occupied = 0;
	if (state_path && (state_text_read(&state, &cmd_host, state_path, err) ||
			   state_geometry(&state, &cmd_host, cfg, err)))
		ret = complain("%s", err);
	else if (machine_create(cfg, &cmd_host, m, &why))
		ret = complain("the machine cannot be made: %s", why);
	else if (state_path && state_load(*m, &state, err))
		ret = complain("%s", err);
	else if (state_path && swap && sys_swapon(*m, swap))
		ret = complain("the swap area does not fit the machine");
	state_text_free(&state, &cmd_host);
	return ret;
}

int boot_machine(const struct live_options *o, struct trace_reader *reader,
		 struct machine **m)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];
	int ret;

	if (config_load(o->config, o->sets, o->nr_sets, &cfg, err))
		return complain("%s", err);
	if (o->contents_set)
		cfg.contents = o->contents;
	if (cfg.contents == CONTENTS_AUTO && trace_sees_no_contents(reader))
		cfg.contents = CONTENTS_OFF;
	if (o->tlb_model && config_tlb_model(&cfg, o->tlb_model, 0, err))
		return complain("--tlb: %s", err);
	cfg.tlb.on |= o->tlb;
	ret = boot(o->boot_state, &cfg, m);
	if (!ret)
		trace_page_shift(reader, (*m)->page_shift);
	return ret;
}

/* ---- what is told ---- */

void tell_event(const char *name, uint64_t line, const char *text)
{
	fflush(stdout);
	fprintf(stderr, "%s:%llu: %s\n", name, (unsigned long long)line, text);
}

void tell_oom_kill(const char *name, uint64_t line,
		   const struct oom_kill *kill)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "out of memory: process %u (%s) is killed", kill->victim->pid,
		 kill->victim->comm);
	tell_event(name, line, text);
}

int replay_status(const struct replay *r)
{
	if (r->misfit || r->n.not_emulated)
		return EXIT_BAD;
	return replay_found_wrong(r) ? EXIT_WRONG : EXIT_FINE;
}

static void on_message(void *ctx, const struct event *ev, const char *text)
{
	const struct live *l = ctx;

	if (!l->quiet)
		tell_event(trace_name(&l->reader), ev->line, text);
}

static void on_oom(void *ctx, const struct machine *m __unused_arg,
		   const struct oom_kill *kill)
{
	const struct live *l = ctx;

	if (!l->quiet)
		tell_oom_kill(trace_name(&l->reader), l->line, kill);
}

static void on_mark(void *ctx, const struct event *ev)
{
	struct live *l = ctx;

	l->mark = name_text(&l->names, ev->name);
	trace_passed_mark(&l->passed, l->mark);
}

static void on_report(void *ctx, const struct event *ev __unused_arg,
		      const struct task_struct *task)
{
	struct live *l = ctx;

	l->report_task = task;
}

/* ---- copies ---- */

/* Room for n bytes behind those of the event. */
static uint8_t *room_for(struct live *l, size_t n)
{
	if (n > l->nr_bytes) {
		l->bytes = host_realloc(&cmd_host, l->bytes, l->nr_bytes, n);
		l->nr_bytes = n;
	}
	return l->bytes;
}

static void copy_event(struct live *l, const struct event *ev)
{
	l->done = *ev;
	if (!(ev->flags & EVF_STRING) || !ev->value_len)
		return;
	/* as much again for the bytes of a mismatch */
	l->done.value = room_for(l, 2 * (size_t)ev->value_len);
	memcpy(l->bytes, ev->value, ev->value_len);
}

/* As the replay binds it. */
static void note_label(struct live *l, uint32_t id, const struct outcome *o)
{
	if (id >= l->nr_labels) {
		uint32_t nr = 2 * id + 1;

		l->label = host_realloc(&cmd_host, l->label,
					l->nr_labels * sizeof(*l->label),
					nr * sizeof(*l->label));
		l->nr_labels = nr;
	}
	l->label[id] = (struct label_value){
		.value = o->kind == OUTCOME_ADDRESS ? o->address : 0,
		.bound = o->kind == OUTCOME_ADDRESS,
	};
	/* a binary trace's reader has no need of it, the lexer has */
	name_get(&l->names, id)->flags |= NAME_BOUND;
}

static void on_outcome(void *ctx, const struct event *ev,
		       const struct outcome *o)
{
	struct live *l = ctx;
	size_t before = ev->flags & EVF_STRING ? ev->value_len : 0;

	l->result = *o;
	l->outcome = &l->result;
	if (ev->bind)
		note_label(l, ev->bind, o);
	if (!o->got)
		return;
	if (before + o->got_len > l->nr_bytes)
		room_for(l, before + o->got_len);
	if (before)
		l->done.value = l->bytes; /* which may have moved */
	l->result.got = l->bytes + before;
	memcpy(l->bytes + before, o->got, o->got_len);
}

/* ---- steps ---- */

int live_open(struct live *l, const struct live_options *o)
{
	struct replay_hooks hooks = {.ctx = l,
				     .report = on_report,
				     .mark = on_mark,
				     .outcome = on_outcome,
				     .message = on_message};

	memset(l, 0, sizeof(*l));
	l->status = EXIT_BAD;
	names_init(&l->names, &cmd_host);
	if (trace_open(&l->reader, &cmd_host, &l->names, o->trace))
		return complain_trace(o->trace, &l->reader.error);
	if (boot_machine(o, &l->reader, &l->m))
		return EXIT_BAD;
	l->reader.text.stream.stop = &interrupted;
	replay_init(&l->replay, l->m, &l->names, &hooks);
	l->replay.strict = o->strict;
	l->replay.rebase = o->rebase;
	l->replay.root = o->root;
	let_interrupt(l->m);
	l->m->oom_notify = on_oom;
	l->m->oom_ctx = l;
	l->status = EXIT_FINE;
	return EXIT_FINE;
}

const struct event *live_peek(struct live *l)
{
	int ret;

	if (l->next || l->ended)
		return l->next;
	ret = trace_read(&l->reader, &l->next);
	if (ret > 0)
		return l->next;
	l->next = NULL;
	l->ended = true;
	if (ret < 0 && !interrupted)
		l->status = complain_trace(trace_name(&l->reader),
					   &l->reader.error);
	return NULL;
}

int live_step(struct live *l)
{
	const struct event *ev = live_peek(l);

	if (!ev)
		return l->status == EXIT_BAD ? -1 : 0;
	copy_event(l, ev);
	l->ev = &l->done;
	l->next = NULL;
	l->outcome = NULL;
	l->report_task = NULL;
	l->line = ev->line;
	if (!replay_event(&l->replay, l->ev))
		l->ended = true;
	l->event = l->replay.n.events;
	return 1;
}

bool live_at_event(const struct live *l)
{
	return l->ev && event_types[l->ev->kind].actor != ACTOR_NONE;
}

static bool reached(struct live *l, const struct trace_point *p)
{
	const struct event *next;

	switch (p->type) {
	case POINT_EVENT:
		return l->event >= p->n;
	case POINT_MARK:
		return l->ev && l->ev->kind == EV_MARK &&
		       !strcmp(l->mark, p->name);
	case POINT_LINE:
		if (l->line >= p->n)
			return true;
		next = live_peek(l);
		return next && next->line > p->n;
	default:
		return false;
	}
}

/* The last lines of a trace may have no statement. */
static bool past_last_line(const struct live *l, const struct trace_point *p)
{
	return p->type == POINT_LINE && !l->reader.is_binary &&
	       l->reader.text.line >= p->n;
}

int live_to(struct live *l, const struct trace_point *p)
{
	int ret = 1;

	while (!reached(l, p)) {
		ret = interrupted ? -1 : live_step(l);
		if (ret <= 0)
			break;
		if (l->each)
			l->each(l->each_ctx, l);
	}
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (ret < 0 || l->status == EXIT_BAD)
		return EXIT_BAD;
	if (ret || p->type == POINT_NONE || past_last_line(l, p))
		return EXIT_FINE;
	l->passed.event = l->event;
	l->passed.line = l->line;
	return complain_point(trace_name(&l->reader), p, &l->passed);
}

/* The event that binds it may have failed, or is yet to come. */
static bool bound_here(const struct live *l, uint32_t id)
{
	return !id || (id < l->nr_labels && l->label[id].bound);
}

int live_address(struct live *l, const char *option, const char *text,
		 uint64_t *addr)
{
	struct trace_error error = {.text = "expected one address"};
	struct lexer lex = {.host = &cmd_host,
			    .names = &l->names,
			    .error = &error};
	struct quantity q;
	bool good = lex_line(&lex, text, text + strlen(text), 1) &&
		    lex_address(&lex, "an address, as 0x08048000 or a label's",
				&q) &&
		    !lex.field.text;

	if (good && !bound_here(l, q.label)) {
		snprintf(error.text, sizeof(error.text),
			 "no address has this name at this point");
		good = false;
	}
	lex_destroy(&lex);
	if (!good)
		return l->quiet ? EXIT_BAD : complain("%s %s: %s", option, text,
						      error.text);
	*addr = q.bytes + (q.pages << l->m->page_shift) +
		(q.label ? l->label[q.label].value : 0);
	return EXIT_FINE;
}

int live_status(const struct live *l)
{
	return l->status ? l->status : replay_status(&l->replay);
}

void live_close(struct live *l)
{
	if (l->replay.m)
		replay_destroy(&l->replay);
	machine_destroy(l->m);
	trace_close(&l->reader);
	names_destroy(&l->names);
	host_free(&cmd_host, l->bytes, l->nr_bytes);
	host_free(&cmd_host, l->label, l->nr_labels * sizeof(*l->label));
}
