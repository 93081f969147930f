/*
 * test_model.c - what processes read, against a plain model of memory.
 *
 * The model knows no frames, tables or areas. A space is an array of pages; a
 * page has its own bytes, or shows a page of an object (a file, or shared
 * memory), which all who show it see. Only the first and the last byte of each
 * page are followed, so that an access of two bytes may straddle two pages.
 * Random events run on both sides; every read must give the model's bytes, every
 * signal must be the model's, and every invariant of the machine must hold after
 * every event.
 */
#include "core/subsystems.h"
#include "vma_fixture.h"

#include <stdlib.h>

#define EVENTS 10000
#define WINDOW 48u /* pages of a space that take part */
#define MAX_TASKS 6u
#define MAX_SPACES MAX_TASKS
#define NR_FILES 4u
#define MAX_OBJECTS 4000u
#define OBJECT_PAGES 12u
#define NONE (-1)

struct object {
	unsigned pages;
	bool punchable; /* lives in shared memory: madvise remove */
	uint8_t byte[OBJECT_PAGES][2];
};

struct model_page {
	bool mapped, locked, dontfork, shared;
	bool own; /* has bytes of its own, else those of the object */
	unsigned prot;
	int object;
	unsigned index;
	uint8_t byte[2];
};

struct space {
	unsigned users;
	struct model_page page[WINDOW];
};

struct world {
	struct machine *m;
	unsigned random, nr_tasks;
	uint32_t next_pid;
	struct {
		struct task_struct *t;
		struct space *space;
	} task[MAX_TASKS];
	struct space space[MAX_SPACES];
	struct inode *file[NR_FILES];
	struct object *object;
	int nr_objects;
	unsigned long reads, signals;
};

/* The task whose turn it is, and what it works on. */
struct turn {
	struct world *w;
	unsigned who;
	struct task_struct *t;
	struct space *s;
	unsigned from, n; /* pages */
};

static unsigned pick(struct world *w, unsigned below)
{
	return next_random(&w->random, below);
}

static vaddr_t at(unsigned n)
{
	return BASE + n * PAGE;
}

/* ---- the model ---- */

static uint8_t *bytes_of(struct world *w, struct model_page *p)
{
	return p->own ? p->byte : w->object[p->object].byte[p->index];
}

/* The signal that an access must end in. */
static int signal_of(const struct world *w, const struct model_page *p,
		     bool write)
{
	if (!p->mapped || !p->prot || (write && !(p->prot & PROT_WRITE_EMU)))
		return EMU_SIGSEGV;
	if (!p->own && p->index >= w->object[p->object].pages)
		return EMU_SIGBUS;
	return 0;
}

/* A private page gets bytes of its own at the first write. */
static void become_own(struct world *w, struct model_page *p)
{
	if (p->own || p->shared)
		return;
	memcpy(p->byte, w->object[p->object].byte[p->index], 2);
	p->own = true;
}

static void forget_own(struct model_page *p)
{
	if (p->object == NONE)
		memset(p->byte, 0, 2);
	else
		p->own = false;
}

/* mlock, populate: the kernel writes where the process could, so private pages
 * of files are copied; it stops at the first page that cannot be had. */
static void populate(struct world *w, struct space *s, unsigned from,
		     unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		struct model_page *p = &s->page[i];

		if (signal_of(w, p, false))
			return;
		if (p->prot & PROT_WRITE_EMU)
			become_own(w, p);
	}
}

static int new_object(struct world *w, unsigned pages, bool punchable)
{
	struct object *o = &w->object[w->nr_objects];

	cr_assert_lt(w->nr_objects, (int)MAX_OBJECTS);
	o->pages = pages;
	o->punchable = punchable;
	return w->nr_objects++;
}

/* ---- accesses ---- */

/* One byte of a page, or two bytes from its last one on. */
static void load(const struct turn *u, unsigned n, unsigned which, unsigned len)
{
	uint8_t want[2] = {0}, got[2] = {0xee, 0xee};
	vaddr_t addr = at(n) + (which ? PAGE - 1 : 0);
	int signal = 0;
	struct access_result res;

	for (unsigned i = 0; i < len && !signal; i++) {
		struct model_page *p = &u->s->page[n + i];

		signal = signal_of(u->w, p, false);
		if (!signal)
			want[i] = bytes_of(u->w, p)[len == 2 ? !i : which];
	}
	access_load(u->t, addr, got, len, &res);
	cr_assert_eq(res.signal, signal, "read of page %u: signal %d, not %d",
		     n, res.signal, signal);
	u->w->reads++;
	u->w->signals += signal != 0;
	if (!signal)
		cr_assert(!memcmp(got, want, len),
			  "page %u of %u holds %02x %02x, not %02x %02x", n,
			  u->t->pid, got[0], got[1], want[0], want[1]);
}

static void store_bytes(const struct turn *u, unsigned n, unsigned which,
			unsigned len)
{
	uint8_t bytes[2] = {(uint8_t)pick(u->w, 256), (uint8_t)pick(u->w, 256)};
	vaddr_t addr = at(n) + (which ? PAGE - 1 : 0);
	int signal = 0;
	struct access_result res;

	for (unsigned i = 0; i < len && !signal; i++) {
		struct model_page *p = &u->s->page[n + i];

		signal = signal_of(u->w, p, true);
		if (signal)
			break;
		become_own(u->w, p);
		bytes_of(u->w, p)[len == 2 ? !i : which] = bytes[i];
	}
	access_store(u->t, addr, bytes, len, &res);
	cr_assert_eq(res.signal, signal, "write to page %u: signal %d, not %d",
		     n, res.signal, signal);
	u->w->signals += signal != 0;
}

static void do_access(struct turn *u)
{
	unsigned n = pick(u->w, WINDOW - 1), which = pick(u->w, 2);
	unsigned len = which ? 1 + pick(u->w, 2) : 1;

	if (pick(u->w, 2))
		store_bytes(u, n, which, len);
	else
		load(u, n, which, len);
}

/* ---- system calls ---- */

static void do_mmap(struct turn *u)
{
	static const unsigned prots[] = {RW, RW, RW, PROT_READ_EMU, 0,
					 PROT_WRITE_EMU};
	struct world *w = u->w;
	unsigned f = pick(w, NR_FILES + 2), prot = prots[pick(w, 6)];
	bool shared = pick(w, 2), pop = !pick(w, 4);
	unsigned first = f < NR_FILES ? pick(w, 4) : 0;
	struct file *file = NULL;
	int object = NONE;

	if (f < NR_FILES) {
		file = file_open(w->m, w->file[f]);
		object = (int)f;
	} else if (shared) {
		object = new_object(w, u->n, true);
	}
	cr_assert_eq(sys_mmap(u->t, at(u->from), u->n * PAGE, prot,
			      MAP_FIXED_EMU |
				      (shared ? MAP_SHARED_EMU
					      : MAP_PRIVATE_EMU) |
				      (file ? 0 : MAP_ANONYMOUS_EMU) |
				      (pop ? MAP_POPULATE_EMU : 0),
			      file, first * PAGE),
		     at(u->from));
	if (file)
		fput(w->m, file);
	for (unsigned i = 0; i < u->n; i++)
		u->s->page[u->from + i] = (struct model_page){
			.mapped = true,
			.shared = shared,
			.own = object == NONE,
			.prot = prot,
			.object = object,
			.index = first + i,
		};
	if (pop)
		populate(w, u->s, u->from, u->n);
}

static void do_unmap(struct turn *u)
{
	cr_assert_eq(sys_munmap(u->t, at(u->from), u->n * PAGE), 0);
	memset(&u->s->page[u->from], 0, u->n * sizeof(struct model_page));
}

/* Pages from the start of the range up to the first hole. */
static unsigned before_hole(const struct turn *u)
{
	unsigned n = 0;

	while (n < u->n && u->s->page[u->from + n].mapped)
		n++;
	return n;
}

static void do_mprotect(struct turn *u)
{
	static const unsigned prots[] = {RW, PROT_READ_EMU, RW, 0};
	unsigned prot = prots[pick(u->w, 4)], n = before_hole(u);
	int want = n == u->n ? 0 : -ENOMEM;

	cr_assert_eq(sys_mprotect(u->t, at(u->from), u->n * PAGE, prot), want);
	for (unsigned i = 0; i < n; i++)
		u->s->page[u->from + i].prot = prot;
}

static void do_mlock(struct turn *u)
{
	bool lock = pick(u->w, 2);
	unsigned n = before_hole(u);

	/* what populating answers is another test's business */
	if (lock)
		sys_mlock(u->t, at(u->from), u->n * PAGE);
	else
		sys_munlock(u->t, at(u->from), u->n * PAGE);
	for (unsigned i = 0; i < n; i++)
		u->s->page[u->from + i].locked = lock;
	if (lock && n == u->n)
		populate(u->w, u->s, u->from, n);
}

static void do_dontneed(struct turn *u)
{
	int want = 0;

	for (unsigned i = u->from; i < u->from + u->n; i++) {
		struct model_page *p = &u->s->page[i];

		if (p->locked) {
			want = -EINVAL;
			break;
		}
		if (!p->mapped)
			want = -ENOMEM;
		else if (!p->shared)
			forget_own(p);
	}
	cr_assert_eq(sys_madvise(u->t, at(u->from), u->n * PAGE,
				 MADVISE_DONTNEED),
		     want);
}

static void do_advise(struct turn *u)
{
	static const enum madvice advice[] = {
		MADVISE_DONTFORK, MADVISE_DOFORK, MADVISE_WILLNEED,
		MADVISE_RANDOM, MADVISE_SEQUENTIAL, MADVISE_NORMAL};
	enum madvice a = advice[pick(u->w, 6)];

	sys_madvise(u->t, at(u->from), u->n * PAGE, a);
	for (unsigned i = u->from; i < u->from + u->n; i++)
		if (u->s->page[i].mapped && a == MADVISE_DONTFORK)
			u->s->page[i].dontfork = true;
		else if (a == MADVISE_DOFORK)
			u->s->page[i].dontfork = false;
}

/* A hole in shared memory: all who see the page see zeros; copies stay. */
static void do_remove(struct turn *u)
{
	struct model_page *p = &u->s->page[u->from];
	struct object *o;

	if (!p->mapped || !p->shared || p->locked ||
	    !(p->prot & PROT_WRITE_EMU))
		return;
	o = &u->w->object[p->object];
	if (!o->punchable)
		return;
	/* the hole is where the area's numbering says, not the table */
	if (find_vma(u->t->mm, at(u->from))->vm_flags & VM_NONLINEAR)
		return;
	cr_assert_eq(sys_madvise(u->t, at(u->from), PAGE, MADVISE_REMOVE), 0);
	if (p->index < o->pages)
		memset(o->byte[p->index], 0, 2);
}

static void do_msync(struct turn *u)
{
	static const unsigned flags[] = {
		MS_SYNC_EMU, MS_ASYNC_EMU, MS_SYNC_EMU | MS_INVALIDATE_EMU};
	unsigned f = flags[pick(u->w, 3)];
	int want = 0;

	for (unsigned i = u->from; i < u->from + u->n; i++) {
		if (u->s->page[i].mapped && u->s->page[i].locked &&
		    (f & MS_INVALIDATE_EMU)) {
			want = -EBUSY;
			break;
		}
		if (!u->s->page[i].mapped)
			want = -ENOMEM;
	}
	cr_assert_eq(sys_msync(u->t, at(u->from), u->n * PAGE, f), want);
}

static void do_drop_caches(struct turn *u)
{
	drop_caches(u->w->m, 1 + pick(u->w, 3));
}

/* Moves the part of an area that the range covers. What an area is, the
 * machine is asked; what is in it, not. */
static void do_mremap(struct turn *u)
{
	struct vm_area_struct *vma = find_vma(u->t->mm, at(u->from));
	struct model_page moved[WINDOW];
	unsigned to = pick(u->w, WINDOW), n = u->n;
	unsigned nr_new = 1 + pick(u->w, 6);
	struct model_page *page = u->s->page, grown;

	if (!page[u->from].mapped || at(u->from + n) > vma->vm_end ||
	    to + nr_new > WINDOW || (to < u->from + n && u->from < to + nr_new))
		return;
	/* how a nonlinear area goes on is its own story */
	if ((vma->vm_flags & VM_NONLINEAR) && nr_new > n)
		return;
	cr_assert_eq(sys_mremap(u->t, at(u->from), n * PAGE, nr_new * PAGE,
				MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU, at(to)),
		     at(to));
	memcpy(moved, &page[u->from], n * sizeof(*page));
	memset(&page[u->from], 0, n * sizeof(*page));
	memset(&page[to], 0, nr_new * sizeof(*page));
	memcpy(&page[to], moved, (n < nr_new ? n : nr_new) * sizeof(*page));
	for (unsigned i = n; i < nr_new; i++) {
		grown = moved[n - 1];
		grown.own = grown.object == NONE;
		grown.index += i - n + 1;
		memset(grown.byte, 0, 2);
		page[to + i] = grown;
	}
	if (nr_new > n && moved[0].locked)
		populate(u->w, u->s, to + n, nr_new - n);
}

/* One page of a shared file elsewhere in it. */
static void do_remap_file_pages(struct turn *u)
{
	struct model_page *p = &u->s->page[u->from];
	unsigned index;

	if (!p->mapped || !p->shared)
		return;
	index = pick(u->w, u->w->object[p->object].pages);
	cr_assert_eq(sys_remap_file_pages(u->t, at(u->from), PAGE, index, 0),
		     0);
	p->index = index;
}

/* ---- processes ---- */

static struct space *free_space(struct world *w)
{
	struct space *s = w->space;

	while (s->users)
		s++;
	cr_assert_lt(s - w->space, (long)MAX_SPACES);
	return s;
}

static void do_fork_event(struct turn *u)
{
	struct world *w = u->w;
	bool thread = !pick(w, 4);
	struct task_struct *child = NULL;
	struct space *s;

	if (w->nr_tasks == MAX_TASKS)
		return;
	cr_assert_eq(do_fork(u->t, thread ? CLONE_VM_EMU : 0, w->next_pid++,
			     &child),
		     0);
	s = thread ? u->s : free_space(w);
	if (!thread)
		*s = *u->s;
	s->users = thread ? s->users + 1 : 1;
	for (unsigned i = 0; i < WINDOW && !thread; i++) {
		s->page[i].locked = false;
		if (s->page[i].dontfork)
			memset(&s->page[i], 0, sizeof(s->page[i]));
	}
	w->task[w->nr_tasks].t = child;
	w->task[w->nr_tasks++].space = s;
}

static void do_exit_event(struct turn *u)
{
	struct world *w = u->w;

	if (w->nr_tasks == 1)
		return;
	do_exit(u->t, 0);
	u->s->users--;
	w->task[u->who] = w->task[--w->nr_tasks];
}

/* ---- the whole ---- */

static void read_everything(struct world *w)
{
	for (unsigned i = 0; i < w->nr_tasks; i++) {
		struct turn u = {.w = w, .t = w->task[i].t,
				 .s = w->task[i].space};

		w->m->current = u.t;
		for (unsigned n = 0; n < WINDOW; n++)
			for (unsigned which = 0; which < 2; which++)
				load(&u, n, which, 1);
	}
}

static void one_event(struct world *w)
{
	static const struct {
		void (*fn)(struct turn *u);
		unsigned weight;
	} event[] = {
		{do_access, 60},	    {do_mmap, 8},
		{do_unmap, 3},		    {do_mprotect, 5},
		{do_mlock, 3},		    {do_dontneed, 3},
		{do_advise, 3},		    {do_remove, 2},
		{do_msync, 3},		    {do_drop_caches, 1},
		{do_mremap, 5},		    {do_remap_file_pages, 2},
		{do_fork_event, 3},	    {do_exit_event, 2},
	};
	unsigned who = pick(w, w->nr_tasks), total = 0, n, i = 0;
	struct turn u = {.w = w, .who = who, .t = w->task[who].t,
			 .s = w->task[who].space};

	u.n = 1 + pick(w, 6);
	u.from = pick(w, WINDOW - u.n + 1);
	for (size_t k = 0; k < ARRAY_SIZE(event); k++)
		total += event[k].weight;
	n = pick(w, total);
	while (n >= event[i].weight)
		n -= event[i++].weight;
	w->m->current = u.t;
	event[i].fn(&u);
}

static void declare_files(struct world *w)
{
	static const struct {
		const char *path;
		bool warm;
		enum fs_kind fs;
	} file[NR_FILES] = {{"/cold", false, FS_EXT2},
			    {"/warm", true, FS_EXT2},
			    {"/tmp/cold", false, FS_TMPFS},
			    {"/tmp/warm", true, FS_TMPFS}};

	for (unsigned i = 0; i < NR_FILES; i++) {
		unsigned pages = 5 + 2 * i;
		struct object *o = &w->object[new_object(
			w, pages, file[i].fs == FS_TMPFS)];

		w->file[i] = declare_file(w->m, file[i].path, pages * PAGE,
					  file[i].warm, file[i].fs);
		for (unsigned p = 0; p < pages; p++) {
			o->byte[p][0] = (uint8_t)(p * PAGE + p);
			o->byte[p][1] = (uint8_t)(p * PAGE + PAGE - 1 + p);
		}
	}
}

static void run(unsigned seed, const char *paging, uint64_t memory)
{
	struct machine_config cfg;
	struct world *w = calloc(1, sizeof(*w));

	machine_config_default(&cfg);
	cfg.memory = memory;
	cfg.rlimit_memlock = RLIM_INFINITY_U64;
	strcpy(cfg.paging, paging);
	cfg.nx = !strcmp(paging, "x86-pae");
	w->m = make_machine(&cfg);
	w->object = calloc(MAX_OBJECTS, sizeof(*w->object));
	w->random = seed;
	w->next_pid = 100;
	declare_files(w);
	w->task[0].t = spawn(w->m, w->next_pid++);
	w->task[0].space = &w->space[0];
	w->space[0].users = 1;
	w->nr_tasks = 1;
	for (unsigned i = 1; i <= EVENTS; i++) {
		one_event(w);
		cr_assert_eq(machine_check(w->m, tell_broken, NULL), 0,
			     "seed %u, event %u", seed, i);
		if (i % 250 == 0)
			read_everything(w);
	}
	cr_expect_gt(w->reads, EVENTS);
	cr_expect_gt(w->signals, EVENTS / 20);
	while (w->nr_tasks)
		do_exit(w->task[--w->nr_tasks].t, 0);
	check_machine(w->m);
	cr_expect_eq(stat_of(w->m, NR_ANON_PAGES), 0);
	cr_expect_eq(stat_of(w->m, NR_FILE_MAPPED), 0);
	cr_expect_eq(stat_of(w->m, NR_PAGETABLE), 0);
	machine_destroy(w->m);
	free(w->object);
	free(w);
}

Test(model, two_levels_16M)
{
	run(1, "x86-2level", 16 << 20);
}

Test(model, two_levels_64M)
{
	run(2, "x86-2level", 64 << 20);
}

Test(model, pae_16M)
{
	run(3, "x86-pae", 16 << 20);
}

Test(model, pae_1G)
{
	run(4, "x86-pae", 1 << 30);
}
