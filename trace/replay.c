/*
 * replay.c - the engine: one event in, one outcome out.
 *
 *   event ──► actor alive? ──► arguments (labels) ──► call ──► settle
 *                 │ no              │ unbound                    │
 *                 └─────► orphan ◄──┘          bind the result, compare with
 *                                              `!NAME`, kill, count, tell
 *
 * Accesses are nearly all of a trace, so they have their own way: when the
 * software TLB hits, nothing is asked but whether somebody wants the outcome.
 * The actor of the last access is remembered; everything else forgets it,
 * since only other events (and an access that raises a signal) end processes.
 *
 * A process that was chosen by out_of_memory() in the midst of its own event is
 * ended here, after it.
 */
#include "core/vmscan.h"
#include "trace/replay_internal.h"

#include <stdio.h>
#include <string.h>

void replay_init(struct replay *r, struct machine *m, struct names *names,
		 const struct replay_hooks *hooks)
{
	memset(r, 0, sizeof(*r));
	r->m = m;
	r->names = names;
	if (hooks)
		r->hooks = *hooks;
}

void replay_destroy(struct replay *r)
{
	host_free(&r->m->host, r->bindings,
		  r->nr_bindings * sizeof(*r->bindings));
	r->bindings = NULL;
}

bool replay_found_wrong(const struct replay *r)
{
	return r->n.mismatches || r->n.bugs || r->stopped;
}

/* ---- labels ---- */

struct binding *replay_binding(struct replay *r, uint32_t id)
{
	uint32_t nr = r->nr_bindings;

	if (id >= nr) {
		nr = id + 1 > 2 * nr ? id + 1 : 2 * nr;
		r->bindings = host_realloc(&r->m->host, r->bindings,
					   r->nr_bindings *
						   sizeof(*r->bindings),
					   nr * sizeof(*r->bindings));
		r->nr_bindings = nr;
	}
	return &r->bindings[id];
}

/* A sum that passes 64 bits is no address of any machine, and stays none. */
static inline uint64_t sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

/* false: a label whose event failed. */
static inline bool evaluate(struct replay *r, const struct quantity *q,
			    uint64_t *value)
{
	const struct binding *b;

	*value = sum(q->bytes, (uint64_t)q->pages << r->m->page_shift);
	if (likely(!q->label))
		return true;
	b = replay_binding(r, q->label);
	*value = sum(*value, b->value);
	return b->bound;
}

static bool evaluate_all(struct replay *r, const struct event *ev,
			 uint64_t x[NR_X])
{
	bool bound = true;

	for (unsigned i = 0; i < NR_X; i++) {
		x[i] = 0;
		if (EV_HAS(ev, i))
			bound &= evaluate(r, &ev->x[i], &x[i]);
	}
	return bound;
}

static void bind_result(struct replay *r, const struct event *ev,
			const struct outcome *o)
{
	struct binding *b = replay_binding(r, ev->bind);

	*b = (struct binding){
		.value = o->kind == OUTCOME_ADDRESS ? o->address : 0,
		.bound = o->kind == OUTCOME_ADDRESS,
		.kind = ev->kind,
	};
	if (ev->kind == EV_ALLOC_PAGES)
		b->order = (uint8_t)ev->x[X_LEN].bytes;
}

static void message(struct replay *r, const struct event *ev, const char *text)
{
	if (r->hooks.message)
		r->hooks.message(r->hooks.ctx, ev, text);
}

/* ---- addresses of another machine ---- */

/*
 * An address that the paging format cannot hold is no address of this machine:
 * the trace is of another one. With `rebase` it is folded into user space, by
 * the largest power of two that fits there. false: stop.
 */
static bool fit_address(struct replay *r, const struct event *ev,
			uint64_t *addr)
{
	const struct machine *m = r->m;
	uint64_t span = (uint64_t)1 << ilog2_u64(m->cfg.task_size);
	char text[160];

	if (r->rebase) {
		if (*addr < m->cfg.task_size)
			return true;
		*addr &= span - 1;
		r->n.folded++;
		return true;
	}
	if (likely(pg_address_fits(m->fmt, *addr)))
		return true;
	r->misfit = true;
	snprintf(text, sizeof(text),
		 "address 0x%llx does not fit %s, which has %u bits (--rebase folds it)",
		 (unsigned long long)*addr, m->fmt->name, m->fmt->va_bits);
	message(r, ev, text);
	return false;
}

/* The arguments of a call that are addresses of its process. */
static bool fit_arguments(struct replay *r, const struct event *ev,
			  uint64_t x[NR_X])
{
	const struct arg *a = event_types[ev->kind].args;

	for (; a->type != ARG_END; a++)
		if ((a->type == ARG_ADDR || a->type == ARG_ADDR_NULL ||
		     a->type == ARG_FIXED_ADDR) &&
		    EV_HAS(ev, a->slot) && !fit_address(r, ev, &x[a->slot]))
			return false;
	return true;
}

/* ---- what became of it ---- */

static void count_mismatch(struct replay *r, const struct event *ev,
			   const char *expected, const char *got)
{
	char text[256];

	r->n.mismatches++;
	snprintf(text, sizeof(text), "mismatch: expected %s, got %s", expected,
		 got);
	message(r, ev, text);
}

static void stop_strict(struct replay *r, const struct event *ev,
			const struct outcome *o)
{
	char got[160], text[256];

	if (!r->strict || r->stopped)
		return;
	r->stopped = true;
	outcome_print(o, got, sizeof(got));
	snprintf(text, sizeof(text), "%s gave %s (--strict stops here)",
		 event_types[ev->kind].word, got);
	message(r, ev, text);
}

static void settle_bug(struct replay *r, const struct event *ev,
		       const struct outcome *o)
{
	char text[256];

	r->n.bugs++;
	snprintf(text, sizeof(text), "BUG: %s: %s", event_types[ev->kind].word,
		 o->why);
	message(r, ev, text);
}

static void settle_not_emulated(struct replay *r, const struct event *ev)
{
	char text[128];

	r->n.not_emulated++;
	snprintf(text, sizeof(text), "%s is not emulated yet (ENOSYS)",
		 event_types[ev->kind].word);
	message(r, ev, text);
}

/* The counters, the expectation, --strict, the log. */
static void settle(struct replay *r, const struct event *ev,
		   const struct outcome *o)
{
	int failure = outcome_failure(o);
	char got[160];

	if (ev->bind)
		bind_result(r, ev, o);
	if (r->hooks.outcome && (event_types[ev->kind].actor != ACTOR_NONE ||
				 o->kind != OUTCOME_OK))
		r->hooks.outcome(r->hooks.ctx, ev, o);
	if (o->kind == OUTCOME_ORPHAN) {
		r->n.orphans++;
		stop_strict(r, ev, o);
		return;
	}
	if (o->kind == OUTCOME_BUG)
		settle_bug(r, ev, o);
	if (failure == ENOSYS)
		settle_not_emulated(r, ev);
	else if (failure && o->kind != OUTCOME_ACCESS)
		r->n.failed++;
	if (ev->expect) {
		outcome_print(o, got, sizeof(got));
		if (failure == ev->expect)
			r->n.expected_failures++;
		else
			count_mismatch(r, ev, failure_name(ev->expect), got);
	} else if (failure) {
		stop_strict(r, ev, o);
	}
}

static void settle_orphan(struct replay *r, const struct event *ev)
{
	struct outcome o = {.kind = OUTCOME_ORPHAN};

	settle(r, ev, &o);
}

/* Still that process, and still running? */
static struct task_struct *running_task(struct replay *r, uint32_t pid)
{
	struct task_struct *task = find_task_by_pid(r->m, pid);

	return task && task->state == TASK_RUNNING ? task : NULL;
}

/* ---- accesses ---- */

struct task_struct *replay_actor(struct replay *r, uint32_t pid)
{
	if (likely(r->last && r->last_pid == pid))
		return r->last;
	r->last = running_task(r, pid);
	r->last_pid = pid;
	r->m->current = r->last;
	return r->last;
}

static void settle_signal(struct replay *r, const struct event *ev,
			  const struct access_result *res)
{
	struct task_struct *task = running_task(r, ev->pid);

	r->last = NULL;
	r->n.signals++;
	if (res->oom)
		r->n.oom_kills++;
	if (!task)
		return;
	if (res->signal != EMU_SIGKILL &&
	    ev->expect == EXPECT_SIGNAL + res->signal) {
		r->n.handled_signals++;
		force_sig(task, res->signal);
		return;
	}
	do_group_exit_signal(task, res->signal);
}

/* What the bytes are, where they are not what the trace says. */
static void read_mismatch(struct replay *r, struct task_struct *task,
			  uint64_t addr, const struct event *ev,
			  struct outcome *o, uint8_t *bytes)
{
	struct machine_stats saved = r->m->stats;
	struct access_result again;

	access_load(task, addr, bytes, ev->value_len, &again);
	r->m->stats = saved; /* it is one access, looked at twice */
	o->got = bytes;
	o->got_len = ev->value_len;
}

/* Bytes as the trace would write them: a string, or a number. */
static void value_text(const struct event *ev, const uint8_t *v, char *buf,
		       size_t size)
{
	uint64_t number = 0;
	size_t n = 0;

	if (!(ev->flags & EVF_STRING)) {
		for (uint32_t i = ev->value_len; i-- > 0;)
			number = number << 8 | v[i];
		snprintf(buf, size, "0x%llx", (unsigned long long)number);
		return;
	}
	buf[n++] = '"';
	for (uint32_t i = 0; i < ev->value_len && n + 9 < size; i++) {
		bool plain = v[i] >= ' ' && v[i] < 0x7f && v[i] != '"' &&
			     v[i] != '\\';

		n += (size_t)snprintf(buf + n, size - n,
				      plain ? "%c" : "\\x%02x", v[i]);
		if (i + 1 < ev->value_len && n + 9 >= size)
			n += (size_t)snprintf(buf + n, size - n, "...");
	}
	snprintf(buf + n, size - n, "\"");
}

static void settle_access(struct replay *r, const struct event *ev,
			  uint64_t addr, const struct access_result *res)
{
	struct outcome o = {.kind = OUTCOME_ACCESS, .access = *res};
	uint8_t *bytes = NULL;
	char expected[80], got[80];

	if (res->signal)
		o.access.mismatch = false; /* nothing was returned */
	if (o.access.mismatch) {
		bytes = host_alloc(&r->m->host, ev->value_len);
		read_mismatch(r, r->last, addr, ev, &o, bytes);
	}
	settle(r, ev, &o);
	if (o.access.mismatch) {
		value_text(ev, event_value(ev), expected, sizeof(expected));
		value_text(ev, bytes, got, sizeof(got));
		count_mismatch(r, ev, expected, got);
		host_free(&r->m->host, bytes, ev->value_len);
	}
	if (res->signal)
		settle_signal(r, ev, res);
}

static inline bool in_one_page(const struct machine *m, uint64_t addr,
			       uint64_t len)
{
	return len - 1 < m->page_size - (addr & (m->page_size - 1));
}

static void do_access(struct replay *r, const struct event *ev,
		      struct task_struct *task, uint64_t addr)
{
	static const uint8_t kinds[] = {[EV_READ] = ACCESS_READ,
					[EV_WRITE] = ACCESS_WRITE,
					[EV_FETCH] = ACCESS_FETCH};
	enum access_kind kind = kinds[ev->kind];
	struct access_result res;
	uint64_t len = 1, stride = 0;

	if (EV_HAS(ev, X_LEN))
		evaluate(r, &ev->x[X_LEN], &len);
	if (likely(!(ev->flags & EVF_VALUE))) {
		if (EV_HAS(ev, X_ARG))
			evaluate(r, &ev->x[X_ARG], &stride);
		else if (likely(in_one_page(r->m, addr, len) &&
				!r->hooks.outcome && !ev->expect &&
				mmu_access_hit(r->m, task->mm, addr, kind)))
			return;
		if (unlikely(!fit_address(r, ev, &addr)))
			return;
		access_range(task, addr, len, stride, kind, &res);
	} else if (unlikely(!fit_address(r, ev, &addr))) {
		return;
	} else if (kind == ACCESS_WRITE) {
		access_store(task, addr, event_value(ev), ev->value_len, &res);
	} else {
		access_load_check(task, addr, event_value(ev), ev->value_len,
				  &res);
	}
	r->n.minflt += res.minflt;
	r->n.majflt += res.majflt;
	if (r->hooks.outcome || ev->expect || res.signal || res.mismatch)
		settle_access(r, ev, addr, &res);
	kswapd_run(r->m);
}

static void tell_access(struct replay *r, const struct event *ev,
			const struct task_struct *task, uint64_t addr)
{
	uint64_t len = 1, stride = 0;

	if (EV_HAS(ev, X_LEN))
		evaluate(r, &ev->x[X_LEN], &len);
	if (ev->flags & EVF_VALUE)
		len = ev->value_len;
	else if (EV_HAS(ev, X_ARG))
		evaluate(r, &ev->x[X_ARG], &stride);
	r->hooks.access(r->hooks.ctx, task, addr, len, stride);
}

static void replay_access(struct replay *r, const struct event *ev)
{
	struct task_struct *task = replay_actor(r, ev->pid);
	uint64_t addr;

	r->n.accesses++;
	if (unlikely(!task || !evaluate(r, &ev->x[X_ADDR], &addr))) {
		settle_orphan(r, ev);
		return;
	}
	if (unlikely(r->hooks.access))
		tell_access(r, ev, task, addr);
	do_access(r, ev, task, addr);
}

/* ---- everything else ---- */

static void replay_report(struct replay *r, const struct event *ev)
{
	const struct task_struct *task = NULL;

	if (ev->pid2) {
		task = running_task(r, ev->pid2);
		if (!task) {
			struct outcome o = {.kind = OUTCOME_ORPHAN};

			r->n.orphans++;
			stop_strict(r, ev, &o);
			return;
		}
	}
	if (r->hooks.report)
		r->hooks.report(r->hooks.ctx, ev, task);
}

/* out_of_memory() chose the actor while it worked: now it dies. */
static void end_chosen(struct replay *r, const struct event *ev,
		       struct outcome *o)
{
	struct task_struct *task = running_task(r, ev->pid);

	if (!task || !task->memdie)
		return;
	r->n.oom_kills++;
	r->n.signals++;
	o->kind = OUTCOME_KILLED;
	do_group_exit_signal(task, EMU_SIGKILL);
}

static void replay_call(struct replay *r, const struct event *ev)
{
	struct outcome o = {.kind = OUTCOME_OK};
	struct call c = {.r = r, .m = r->m, .ev = ev, .out = &o};
	enum event_actor who = event_types[ev->kind].actor;

	r->last = NULL;
	if (who == ACTOR_PID && ev->kind != EV_SPAWN)
		c.task = running_task(r, ev->pid);
	r->m->current = c.task;
	if (!evaluate_all(r, ev, c.x) ||
	    (who == ACTOR_PID && ev->kind != EV_SPAWN && !c.task)) {
		settle_orphan(r, ev);
		return;
	}
	if (who == ACTOR_PID && !fit_arguments(r, ev, c.x))
		return;
	replay_calls[ev->kind](&c);
	if (who == ACTOR_PID)
		end_chosen(r, ev, &o);
	r->m->current = NULL;
	if (who == ACTOR_PID)
		kswapd_run(r->m);
	settle(r, ev, &o);
}

bool replay_event(struct replay *r, const struct event *ev)
{
	r->n.statements++;
	r->n.by_kind[ev->kind]++;
	if (likely(ev->kind <= EV_FETCH)) {
		r->m->event = ++r->n.events;
		replay_access(r, ev);
		return !r->stopped && !r->misfit;
	}
	if (ev->kind == EV_REPORT) {
		replay_report(r, ev);
	} else if (ev->kind == EV_MARK) {
		if (r->hooks.mark)
			r->hooks.mark(r->hooks.ctx, ev);
	} else {
		if (event_types[ev->kind].actor != ACTOR_NONE)
			r->m->event = ++r->n.events;
		replay_call(r, ev);
	}
	return !r->stopped && !r->misfit;
}

const call_fn replay_calls[NR_EVENT_KINDS] = {
	[EV_SPAWN] = call_spawn,
	[EV_FORK] = call_fork,
	[EV_VFORK] = call_fork,
	[EV_CLONE] = call_fork,
	[EV_EXEC] = call_exec,
	[EV_EXIT] = call_exit,
	[EV_WAIT] = call_wait,
	[EV_MMAP] = call_mmap,
	[EV_MUNMAP] = call_munmap,
	[EV_MPROTECT] = call_mprotect,
	[EV_MREMAP] = call_mremap,
	[EV_BRK] = call_brk,
	[EV_SBRK] = call_sbrk,
	[EV_MADVISE] = call_madvise,
	[EV_MLOCK] = call_mlock,
	[EV_MUNLOCK] = call_munlock,
	[EV_MLOCKALL] = call_mlockall,
	[EV_MUNLOCKALL] = call_munlockall,
	[EV_MSYNC] = call_msync,
	[EV_REMAP_FILE_PAGES] = call_remap_file_pages,
	[EV_SP] = call_sp,
	[EV_CGROUP_ATTACH] = call_cgroup_attach,
	[EV_ALLOC_PAGES] = call_alloc_pages,
	[EV_FREE_PAGES] = call_free_pages,
	[EV_KMALLOC] = call_kmalloc,
	[EV_KFREE] = call_kfree,
	[EV_CACHE_CREATE] = call_cache_create,
	[EV_CACHE_ALLOC] = call_cache_alloc,
	[EV_CACHE_FREE] = call_cache_free,
	[EV_CACHE_SHRINK] = call_cache_shrink,
	[EV_CACHE_DESTROY] = call_cache_destroy,
	[EV_VMALLOC] = call_vmalloc,
	[EV_VFREE] = call_vfree,
	[EV_FILE] = call_file,
	[EV_SWAPON] = call_swapon,
	[EV_SWAPOFF] = call_swapoff,
	[EV_DROP_CACHES] = call_drop_caches,
	[EV_COMPACT] = call_compact,
	[EV_KSM] = call_ksm,
	[EV_KSWAPD] = call_kswapd,
	[EV_CGROUP] = call_cgroup,
};
