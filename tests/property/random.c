/*
 * random.c - random traces against models that share nothing with core/.
 *
 * Every trace goes the whole way: generator, text or binary, reader, replay. After each
 * event the whole machine is checked, and
 *
 *   pages   what reads find and which calls fail: said by the trace itself
 *           (trace/generate.c), a mismatch fails
 *   areas   the areas of every process against the generator's pages, one by
 *           one: there or not, rights, locked
 *   frames  a bit a frame: blocks that the trace holds are aligned, disjoint,
 *           and none of their frames is mapped by a process
 *   bytes   the objects of kmalloc and of caches do not overlap
 *
 * usage: random [--from SEED] [--count N] [--events N] [--profile NAME]
 *               [--shrink no]
 *        random --replay TRACE SEED     a trace on that seed's machine
 *
 * In the second form a trace fails only with the message that the variable
 * RANDOM_MESSAGE holds, so that shrinking does not end at another failure: a
 * trace whose stores are gone has reads that find no value.
 *
 * A trace that fails is written to $B/random-PROFILE-SEED.trace and shrunk
 * beside it. Each trace runs in a child, so that an assertion fails only it.
 */
#include "core/machine.h"
#include "core/mm.h"
#include "core/page.h"
#include "core/pgtable.h"
#include "core/task.h"
#include "trace/generate.h"
#include "trace/replay.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/text_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MAX_HELD 256u
#define MESSAGE "RANDOM_MESSAGE"
#define BATCH 200u /* traces of one child */

struct held {
	uint32_t label;
	uint64_t start, end;
};

struct run {
	struct machine *m;
	struct replay replay;
	struct names names;
	struct generator gen;
	bool modelled; /* gen goes along */
	bool failed, malformed;
	char message[512];
	uint8_t *frame; /* by pfn: held by the trace */
	struct held block[MAX_HELD], object[MAX_HELD];
	unsigned nr_blocks, nr_objects;
	uint64_t line;
};

__attribute__((format(printf, 2, 3))) static void fail(struct run *r,
							const char *fmt, ...)
{
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, ap);
	va_end(ap);
	printf("line %llu: %s\n", (unsigned long long)r->line, r->message);
}

/* ---- frames and bytes ---- */

static void hold(struct run *r, struct held *list, unsigned *nr, uint32_t label,
		 uint64_t start, uint64_t len)
{
	for (unsigned i = 0; i < *nr; i++)
		if (start < list[i].end && list[i].start < start + len)
			fail(r, "0x%llx is held already",
			     (unsigned long long)start);
	if (*nr < MAX_HELD)
		list[(*nr)++] = (struct held){label, start, start + len};
}

static void let_go(struct held *list, unsigned *nr, uint32_t label)
{
	for (unsigned i = 0; i < *nr; i++)
		if (list[i].label == label)
			list[i--] = list[--*nr];
}

static void set_frames(struct run *r, const struct held *h, uint8_t value)
{
	for (uint64_t a = h->start; a < h->end; a += PAGE)
		r->frame[a / PAGE] = value;
}

static void frames_alloc(struct run *r, const struct event *ev, uint64_t addr)
{
	uint64_t len = (uint64_t)PAGE << ev->x[X_LEN].bytes;

	if (addr % len || addr + len > r->m->cfg.memory)
		fail(r, "block 0x%llx of order %llu",
		     (unsigned long long)addr,
		     (unsigned long long)ev->x[X_LEN].bytes);
	hold(r, r->block, &r->nr_blocks, ev->bind, addr, len);
	if (r->nr_blocks && !r->failed)
		set_frames(r, &r->block[r->nr_blocks - 1], 1);
}

static void frames_free(struct run *r, uint32_t label)
{
	for (unsigned i = 0; i < r->nr_blocks; i++)
		if (r->block[i].label == label)
			set_frames(r, &r->block[i], 0);
	let_go(r->block, &r->nr_blocks, label);
}

static void on_outcome(void *ctx, const struct event *ev,
		       const struct outcome *o)
{
	struct run *r = ctx;
	bool good = o->kind == OUTCOME_ADDRESS;

	if (ev->kind == EV_ALLOC_PAGES && good)
		frames_alloc(r, ev, o->address);
	else if (ev->kind == EV_FREE_PAGES)
		frames_free(r, ev->x[X_ADDR].label);
	else if (ev->kind == EV_KMALLOC && good)
		hold(r, r->object, &r->nr_objects, ev->bind, o->address,
		     ev->x[X_LEN].bytes);
	else if (ev->kind == EV_CACHE_ALLOC && good)
		hold(r, r->object, &r->nr_objects, ev->bind, o->address, 4);
	else if (ev->kind == EV_KFREE || ev->kind == EV_CACHE_FREE)
		let_go(r->object, &r->nr_objects, ev->x[X_ADDR].label);
}

static void on_message(void *ctx, const struct event *ev __unused_arg,
		       const char *text)
{
	struct run *r = ctx;

	if (!strstr(text, "is not emulated"))
		fail(r, "%s", text);
}

static void on_broken(void *ctx, const char *text)
{
	fail(ctx, "check: %s", text);
}

/* ---- areas ---- */

static void compare_page(struct run *r, const struct model_process *p,
			 unsigned i, const struct vm_area_struct *vma)
{
	const struct model_page *page = &p->space->page[i];
	unsigned flags = vma ? (unsigned)vma->vm_flags : 0;

	if (!vma != (page->kind == MODEL_NONE))
		fail(r, "process %u page %u: %s", p->pid, i,
		     vma ? "is still there" : "is gone");
	else if (vma && ((flags & 7) != page->prot ||
			 !!(flags & VM_LOCKED) != page->locked ||
			 !!(flags & VM_SHARED) !=
				 (page->kind == MODEL_SHARED)))
		fail(r, "process %u page %u: flags 0x%x, rights %u locked %d expected",
		     p->pid, i, flags, page->prot, page->locked);
}

static void compare_areas(struct run *r, const struct model_process *p)
{
	struct task_struct *t = find_task_by_pid(r->m, p->pid);
	const struct vm_area_struct *vma;
	unsigned i = 0, end = r->gen.window;

	if (!t || t->state != TASK_RUNNING || !t->mm) {
		fail(r, "process %u is gone", p->pid);
		return;
	}
	for_each_vma(vma, t->mm) {
		if (vma->vm_end <= GENERATE_BASE)
			continue;
		for (; i < end && GENERATE_BASE + i * PAGE < vma->vm_start; i++)
			compare_page(r, p, i, NULL);
		for (; i < end && GENERATE_BASE + i * PAGE < vma->vm_end; i++)
			compare_page(r, p, i, vma);
	}
	for (; i < end; i++)
		compare_page(r, p, i, NULL);
	for (i = 0; i < end; i++) {
		ptep_t at = pte_offset(t->mm, GENERATE_BASE + i * PAGE);
		pte_t pte = {at ? ptep_get(t->mm, at).v : 0};

		if (at && pte_present(r->m->fmt, pte) &&
		    r->frame[pte_pfn(r->m->fmt, pte)])
			fail(r, "process %u page %u maps a held frame", p->pid,
			     i);
	}
}

/* Did everything happen that the model takes for granted? A process killed for
 * another's need counts in the machine before it is missed in the replay. */
static bool as_modelled(const struct run *r)
{
	const struct replay_counts *n = &r->replay.n;

	return r->modelled && !r->m->stats.oom_kills && !n->orphans &&
	       !n->not_emulated &&
	       n->failed + n->handled_signals == n->expected_failures;
}

static void check_all(struct run *r)
{
	machine_check(r->m, on_broken, r);
	if (!as_modelled(r))
		return;
	for (unsigned i = 0; i < r->gen.nr_processes; i++)
		compare_areas(r, &r->gen.process[i]);
}

/* ---- one trace ---- */

/* Seeds go through the sizes and formats of machines. */
static void machine_of(uint64_t seed, struct machine_config *cfg)
{
	static const uint64_t sizes[] = {4, 6, 8, 12, 16};

	machine_config_default(cfg);
	cfg->memory = sizes[seed / 2 % ARRAY_SIZE(sizes)] << 20;
	if (seed & 1) {
		strcpy(cfg->paging, "x86-pae");
		cfg->nx = true;
	}
	cfg->mmap_layout = seed / 10 % 2 ? MMAP_BOTTOMUP : MMAP_TOPDOWN;
}

static void run_events(struct run *r, struct trace_reader *reader)
{
	const struct event *ev;
	struct event model;
	int ret = 0;

	while (!r->failed && (ret = trace_read(reader, &ev)) > 0) {
		if (r->modelled)
			generator_next(&r->gen, &model);
		r->line = ev->line;
		replay_event(&r->replay, ev);
		check_all(r);
	}
	r->malformed = !r->failed && ret < 0;
	if (r->malformed)
		fail(r, "column %u: %s", reader->error.column,
		     reader->error.text);
}

/* 0: as it should be, 1 not, 2 no trace at all, 3 another message. profile -1: the generator does not go along. */
static int run_trace(const char *text, size_t len, uint64_t seed,
		      int profile)
{
	struct run *r = host_alloc(&host_default_ops, sizeof(*r));
	struct replay_hooks hooks = {
		.ctx = r, .outcome = on_outcome, .message = on_message};
	struct trace_reader *reader = host_alloc(&host_default_ops,
						 sizeof(*reader));
	struct machine_config cfg;
	struct names names;
	const char *why = "";
	int status;

	machine_of(seed / NR_GENERATE_PROFILES, &cfg);
	names_init(&names, NULL);
	names_init(&r->names, NULL);
	r->modelled = profile >= 0;
	if (r->modelled)
		generator_init(&r->gen, NULL, &names,
			       (enum generate_profile)profile, seed);
	if (machine_create(&cfg, NULL, &r->m, &why)) {
		fail(r, "no machine: %s", why);
		return 2;
	}
	r->frame = host_alloc(&host_default_ops, cfg.memory / PAGE + 1);
	replay_init(&r->replay, r->m, &r->names, &hooks);
	if (trace_open_memory(reader, &host_default_ops, &r->names, "random",
			      text, len))
		fail(r, "%s", reader->error.text);
	run_events(r, reader);
	trace_close(reader);
	free(reader);
	replay_destroy(&r->replay);
	machine_destroy(r->m);
	names_destroy(&r->names);
	if (r->modelled)
		generator_destroy(&r->gen);
	names_destroy(&names);
	status = r->malformed ? 2 : r->failed;
	if (status == 1 && profile < 0 && getenv(MESSAGE) &&
	    strcmp(getenv(MESSAGE), r->message))
		status = 3;
	free(r->frame);
	free(r);
	return status;
}

static void write_text(struct generator *g, unsigned events, FILE *out)
{
	struct text_writer w;
	struct event ev;

	text_write_start(&w, NULL, g->names, out);
	for (unsigned i = 0; i < events; i++) {
		generator_next(g, &ev);
		text_write(&w, &ev);
	}
	text_write_end(&w);
}

static void write_binary(struct generator *g, unsigned events, FILE *out)
{
	struct binary_writer *w = host_alloc(&host_default_ops, sizeof(*w));
	struct event ev;

	binary_write_start(w, &host_default_ops, g->names, out, NULL, 1);
	for (unsigned i = 0; i < events; i++) {
		generator_next(g, &ev);
		binary_write(w, &ev);
	}
	binary_write_end(w);
	free(w);
}

/* To be free()d. */
static char *make_trace(enum generate_profile profile, uint64_t seed,
			unsigned events, bool binary, size_t *len)
{
	struct generator g;
	struct names names;
	char *text;
	FILE *out = open_memstream(&text, len);

	names_init(&names, NULL);
	generator_init(&g, NULL, &names, profile, seed);
	(binary ? write_binary : write_text)(&g, events, out);
	fclose(out);
	generator_destroy(&g);
	names_destroy(&names);
	return text;
}

/* ---- many ---- */

struct plan {
	uint64_t from, count;
	unsigned events;
	int profile; /* -1: all in turn */
	bool shrink;
	const char *self;
};

static enum generate_profile profile_of(const struct plan *p, uint64_t seed)
{
	return p->profile >= 0 ? (enum generate_profile)p->profile
			       : (enum generate_profile)(seed %
							 NR_GENERATE_PROFILES);
}

static bool run_seed(const struct plan *p, uint64_t seed)
{
	enum generate_profile profile = profile_of(p, seed);
	size_t len;
	bool binary = seed / NR_GENERATE_PROFILES % 3 == 2;
	char *text = make_trace(profile, seed, p->events, binary, &len);
	int status = run_trace(text, len, seed, (int)profile);

	free(text);
	return !status;
}

/* Runs seeds in a child. The number done; *status of the end. */
static uint64_t run_batch(const struct plan *p, uint64_t from, uint64_t count,
			  int *status)
{
	int done[2];
	uint64_t n = 0, one;
	pid_t pid;

	fflush(stdout);
	if (pipe(done) || (pid = fork()) < 0) {
		perror("random");
		exit(2);
	}
	if (!pid) {
		for (uint64_t i = 0; i < count; i++) {
			if (!run_seed(p, from + i))
				exit(1);
			if (write(done[1], &i, sizeof(i)) != sizeof(i))
				exit(2);
		}
		exit(0); /* not _exit(): `make coverage` counts at exit */
	}
	close(done[1]);
	while (read(done[0], &one, sizeof(one)) == sizeof(one))
		n++;
	close(done[0]);
	waitpid(pid, status, 0);
	return n;
}

/* A trace that crashes says nothing; its signal is enough. */
static void remember_message(const struct plan *p, const char *path,
			     uint64_t seed)
{
	char command[800], line[600] = "", *text;
	FILE *f;

	unsetenv(MESSAGE);
	snprintf(command, sizeof(command), "%s --replay %s %llu 2>/dev/null",
		 p->self, path, (unsigned long long)seed);
	f = popen(command, "r");
	if (!f)
		return;
	text = fgets(line, sizeof(line), f) ? strstr(line, ": ") : NULL;
	pclose(f);
	line[strcspn(line, "\n")] = '\0';
	if (text)
		setenv(MESSAGE, text + 2, 1);
}

static void keep_failure(const struct plan *p, uint64_t seed)
{
	enum generate_profile profile = profile_of(p, seed);
	const char *b = getenv("B") ? getenv("B") : "build";
	const char *name = generate_profile_names[profile];
	char path[300], command[1600];
	size_t len;
	char *text = make_trace(profile, seed, p->events, false, &len);
	FILE *f;

	snprintf(path, sizeof(path), "%s/random-%s-%llu.trace", b, name,
		 (unsigned long long)seed);
	f = fopen(path, "w");
	if (f) {
		fwrite(text, 1, len, f);
		fclose(f);
	}
	free(text);
	printf("FAILED: profile %s seed %llu: %s\n", name,
	       (unsigned long long)seed, path);
	fflush(stdout);
	if (!p->shrink)
		return;
	remember_message(p, path, seed);
	snprintf(command, sizeof(command),
		 "%s/mmemu shrink %s -o %s.small --fails '%s --replay {} %llu'",
		 b, path, path, p->self, (unsigned long long)seed);
	if (!system(command))
		printf("shrunk: %s.small\n", path);
}

static int run_plan(const struct plan *p)
{
	uint64_t done = 0, failures = 0;

	while (done < p->count && failures < 5) {
		uint64_t n = p->count - done < BATCH ? p->count - done : BATCH;
		int status;

		done += run_batch(p, p->from + done, n, &status);
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			keep_failure(p, p->from + done);
			failures++;
			done++;
		}
	}
	printf("%llu random traces of %u statements, %llu failed\n",
	       (unsigned long long)done, p->events,
	       (unsigned long long)failures);
	return failures ? 1 : 0;
}

static int replay_file(const char *path, uint64_t seed)
{
	FILE *f = fopen(path, "r"), *out;
	char *text, buf[4096];
	size_t len, n;
	int status;

	if (!f) {
		perror(path);
		return 2;
	}
	out = open_memstream(&text, &len);
	while ((n = fread(buf, 1, sizeof(buf), f)))
		fwrite(buf, 1, n, out);
	fclose(f);
	fclose(out);
	status = run_trace(text, len, seed, -1);
	free(text);
	return status;
}

static int profile_named(const char *name)
{
	for (int i = 0; i < (int)NR_GENERATE_PROFILES; i++)
		if (!strcmp(generate_profile_names[i], name))
			return i;
	fprintf(stderr, "random: there is no profile %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	struct plan p = {.count = 300, .events = 200, .profile = -1, .shrink = true,
			 .self = argv[0]};

	if (argc == 4 && !strcmp(argv[1], "--replay"))
		return replay_file(argv[2], strtoull(argv[3], NULL, 10));
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--from"))
			p.from = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--count"))
			p.count = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--events"))
			p.events = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--profile"))
			p.profile = profile_named(argv[i + 1]);
		else if (!strcmp(argv[i], "--shrink"))
			p.shrink = strcmp(argv[i + 1], "no");
		else
			return 2;
	}
	return run_plan(&p);
}
