/*
 * generate.c - one random event after another, and the model they change.
 *
 *   profile ─► weights ─► an action ─► event, with what the model says
 *                             └─────► the model, changed as it must be
 *
 * All user events happen in a window of pages, so that they meet each other.
 * Of each page two bytes are known (generate_probe): accesses begin at one of
 * them, so a store without VALUE, which writes the first byte it touches in
 * each page, is known too. Rules of the language and of the calls as in
 * docs/TRACE-FORMAT.md:
 *
 *   range calls (mprotect, mlock, msync)  stop at the first hole: ENOMEM
 *   madvise dontneed    holes: goes on, ENOMEM; a locked page ends it: EINVAL
 *   mremap fixed        the target is unmapped first; a hole: EFAULT
 *   accesses            page by page; the first that fails ends it
 *
 * Memory cgroups come and go, and processes with them. Their limits leave room for
 * all that cannot be swapped: nobody is killed.
 *
 * Files are either mapped private, and keep their bytes, or shared and written:
 * so it never matters when a private page was copied.
 */
#include "trace/generate.h"
#include "trace/random.h"

#include <stdio.h>
#include <string.h>

#define PAGE 4096u
#define MAX_OBJECTS 512u
#define PRIVATE_FILES 3u
#define FILES 5u

const char *const generate_profile_names[NR_GENERATE_PROFILES] = {
	[GENERATE_VMA] = "vma",	    [GENERATE_COW] = "cow",
	[GENERATE_FILE] = "file",   [GENERATE_SWAP] = "swap",
	[GENERATE_ALLOC] = "alloc", [GENERATE_MIXED] = "mixed",
};
const unsigned generate_probe[GENERATE_PROBES] = {0, 16};

static const struct {
	const char *path;
	unsigned pages;
	uint32_t flags;
} files[FILES] = {
	{"/lib/one", 10, EVF_COLD | EVF_EXT2},
	{"/lib/two", 24, EVF_WARM | EVF_EXT2},
	{"/lib/three", 3, EVF_COLD | EVF_TMPFS},
	{"/data/log", 12, EVF_COLD | EVF_EXT2},
	{"/dev/shm/box", 8, EVF_WARM | EVF_TMPFS},
};

/* Parents before their children. */
static const char *const groups[GENERATE_GROUPS] = {"/a", "/a/in", "/b",
						    "/a/in/most"};

/* 0 ... below - 1 */
static unsigned pick(struct generator *g, unsigned below)
{
	return random_below(&g->random, below);
}

static bool chance(struct generator *g, unsigned one_in)
{
	return !pick(g, one_in);
}

/* ---- events ---- */

static void set_quantity(struct event *ev, unsigned slot, uint64_t value)
{
	ev->x[slot].bytes = value;
	ev->has |= (uint8_t)(1u << slot);
}

static void set_label(struct event *ev, unsigned slot, uint32_t label)
{
	ev->x[slot].label = label;
	ev->has |= (uint8_t)(1u << slot);
}

static void set_byte(struct event *ev, uint8_t value)
{
	ev->flags |= EVF_VALUE;
	ev->value_len = 1;
	ev->small[0] = value;
}

static uint32_t intern(struct generator *g, const char *text)
{
	return names_intern(g->names, text, strlen(text));
}

static uint32_t new_label(struct generator *g, char letter)
{
	char text[24];

	snprintf(text, sizeof(text), "%c%u", letter, ++g->labels);
	return intern(g, text);
}

/* ---- the model ---- */

static struct model_space *new_space(struct generator *g)
{
	struct model_space *s = host_alloc(g->host, sizeof(*s));

	s->page = host_alloc(g->host, g->window * sizeof(*s->page));
	s->users = 1;
	return s;
}

static void put_space(struct generator *g, struct model_space *s)
{
	if (--s->users)
		return;
	host_free(g->host, s->page, g->window * sizeof(*s->page));
	host_free(g->host, s, sizeof(*s));
}

static struct model_process *any_process(struct generator *g)
{
	return &g->process[pick(g, g->nr_processes)];
}

static void add_process(struct generator *g, uint32_t pid,
			struct model_space *s)
{
	g->process[g->nr_processes++] = (struct model_process){pid, s};
}

/* A number, or MAX_OBJECTS: no more. */
static unsigned new_object(struct generator *g, unsigned pages)
{
	struct model_object *o = &g->object[g->nr_objects];

	if (g->nr_objects == MAX_OBJECTS)
		return MAX_OBJECTS;
	o->pages = pages;
	o->byte = host_alloc(g->host, pages * sizeof(*o->byte));
	return g->nr_objects++;
}

/* Is there such a page of the file or object? */
static bool has_bytes(const struct generator *g, const struct model_page *p)
{
	return p->kind == MODEL_ANON || p->index < g->object[p->object].pages;
}

static uint8_t *bytes_of(struct generator *g, struct model_page *p)
{
	return p->kind == MODEL_SHARED ? g->object[p->object].byte[p->index]
				       : p->byte;
}

/* What a file holds as declared. */
static void file_bytes(uint32_t index, uint8_t *to)
{
	for (unsigned i = 0; i < GENERATE_PROBES; i++)
		to[i] = (uint8_t)(generate_probe[i] + index);
}

/* Private pages begin again: zeros, or the file. */
static void fresh_bytes(const struct generator *g, struct model_page *p)
{
	memset(p->byte, 0, sizeof(p->byte));
	if (p->kind == MODEL_FILE && has_bytes(g, p))
		file_bytes(p->index, p->byte);
}

static int access_failure(const struct generator *g,
			  const struct model_page *p, unsigned right)
{
	if (p->kind == MODEL_NONE || !(p->prot & right))
		return EXPECT_SIGNAL + 11; /* SIGSEGV */
	return has_bytes(g, p) ? 0 : EXPECT_SIGNAL + 7; /* SIGBUS */
}

struct range {
	struct model_process *proc;
	unsigned from, nr; /* pages */
	struct model_page *page;
};

static struct range any_range(struct generator *g, unsigned most)
{
	struct range r = {.proc = any_process(g), .from = pick(g, g->window)};

	r.nr = 1 + pick(g, most);
	if (r.nr > g->window - r.from)
		r.nr = g->window - r.from;
	r.page = &r.proc->space->page[r.from];
	return r;
}

static void range_event(struct event *ev, enum event_kind kind,
			const struct range *r)
{
	ev->kind = (uint8_t)kind;
	ev->pid = r->proc->pid;
	set_quantity(ev, X_ADDR, GENERATE_BASE + (uint64_t)r->from * PAGE);
	set_quantity(ev, X_LEN, (uint64_t)r->nr * PAGE);
}

/* A range that is not all unmapped, if a few attempts find one. */
static struct range mapped_range(struct generator *g, unsigned most)
{
	struct range r = any_range(g, most);

	for (unsigned i = 0; i < 8 && r.page->kind == MODEL_NONE; i++)
		r = any_range(g, most);
	return r;
}

/* The same where that access works, but for one in twelve. */
static struct range good_range(struct generator *g, unsigned most,
			       unsigned right)
{
	bool any = chance(g, 12);
	struct range r = any_range(g, most);

	for (unsigned i = 0;
	     i < 40 && !any && access_failure(g, r.page, right); i++)
		r = any_range(g, most);
	for (unsigned i = 1; i < r.nr && !any; i++)
		if (access_failure(g, &r.page[i], right))
			r.nr = i;
	return r;
}

static const uint8_t rights[] = {0, 1, 1, 3, 3, 3, 3, 5, 7};

static uint8_t any_rights(struct generator *g)
{
	if (g->profile == GENERATE_SWAP && !chance(g, 8))
		return 3;
	return rights[pick(g, ARRAY_SIZE(rights))];
}

/* ---- processes ---- */

static bool do_spawn(struct generator *g, struct event *ev)
{
	if (g->nr_processes == g->most_processes)
		return false;
	ev->kind = EV_SPAWN;
	ev->pid = g->next_pid++;
	add_process(g, ev->pid, new_space(g));
	return true;
}

static bool do_fork(struct generator *g, struct event *ev)
{
	struct model_process *p = any_process(g);
	struct model_space *s;

	if (g->nr_processes == g->most_processes)
		return false;
	ev->kind = EV_FORK;
	ev->pid = p->pid;
	ev->pid2 = g->next_pid++;
	s = new_space(g);
	memcpy(s->page, p->space->page, g->window * sizeof(*s->page));
	for (unsigned i = 0; i < g->window; i++)
		s->page[i].locked = false;
	add_process(g, ev->pid2, s);
	return true;
}

static bool do_clone(struct generator *g, struct event *ev)
{
	struct model_process *p = any_process(g);

	if (g->nr_processes == g->most_processes)
		return false;
	ev->kind = EV_CLONE;
	ev->pid = p->pid;
	ev->pid2 = g->next_pid++;
	p->space->users++;
	add_process(g, ev->pid2, p->space);
	return true;
}

static bool do_exit(struct generator *g, struct event *ev)
{
	struct model_process *p = any_process(g);

	if (g->nr_processes < 2)
		return false;
	ev->kind = EV_EXIT;
	ev->pid = p->pid;
	put_space(g, p->space);
	*p = g->process[--g->nr_processes];
	return true;
}

static bool do_exec(struct generator *g, struct event *ev)
{
	struct model_process *p = any_process(g);

	ev->kind = EV_EXEC;
	ev->pid = p->pid;
	ev->name = g->program;
	if (!g->program_known) {
		set_quantity(ev, X_ADDR, 12 * 1024);
		set_quantity(ev, X_LEN, 4096);
		set_quantity(ev, X_ARG, 8192);
	}
	g->program_known = true;
	put_space(g, p->space);
	p->space = new_space(g);
	return true;
}

/* ---- areas ---- */

static uint32_t any_mmap_flags(struct generator *g)
{
	static const uint32_t some[] = {0, 0, 0, 0, EVF_POPULATE, EVF_LOCKED,
					EVF_NORESERVE};

	return EVF_FIXED | some[pick(g, ARRAY_SIZE(some))];
}

static void map_pages(struct generator *g, struct range *r,
		      const struct event *ev, enum page_kind kind,
		      unsigned object, unsigned index)
{
	for (unsigned i = 0; i < r->nr; i++) {
		r->page[i] = (struct model_page){
			.kind = (uint8_t)kind,
			.prot = ev->prot,
			.locked = ev->flags & EVF_LOCKED,
			.object = (uint16_t)object,
			.index = index + i,
		};
		fresh_bytes(g, &r->page[i]);
	}
}

static bool do_mmap_anon(struct generator *g, struct event *ev)
{
	struct range r = any_range(g, g->window / (g->window > 48 ? 2 : 6));
	bool shared = chance(g, 6);
	unsigned object = shared ? new_object(g, r.nr) : 0;

	if (object == MAX_OBJECTS)
		return false;
	range_event(ev, EV_MMAP, &r);
	ev->prot = any_rights(g);
	ev->flags = any_mmap_flags(g) | (shared ? EVF_SHARED : 0);
	map_pages(g, &r, ev, shared ? MODEL_SHARED : MODEL_ANON, object, 0);
	return true;
}

static bool do_mmap_file(struct generator *g, struct event *ev)
{
	struct range r = any_range(g, 8);
	unsigned file = pick(g, FILES);
	unsigned offset = pick(g, files[file].pages);
	bool shared = file >= PRIVATE_FILES;

	if (g->nr_files < FILES)
		return false;
	range_event(ev, EV_MMAP, &r);
	ev->prot = any_rights(g);
	ev->flags = any_mmap_flags(g) | EVF_FILE | (shared ? EVF_SHARED : 0);
	ev->name = g->object[file].name;
	set_quantity(ev, X_ARG, (uint64_t)offset * PAGE);
	map_pages(g, &r, ev, shared ? MODEL_SHARED : MODEL_FILE, file, offset);
	return true;
}

static bool do_munmap(struct generator *g, struct event *ev)
{
	struct range r = any_range(g, g->window / 8);

	range_event(ev, EV_MUNMAP, &r);
	memset(r.page, 0, r.nr * sizeof(*r.page));
	return true;
}

static bool do_mprotect(struct generator *g, struct event *ev)
{
	struct range r = mapped_range(g, 6);

	range_event(ev, EV_MPROTECT, &r);
	ev->prot = any_rights(g);
	for (unsigned i = 0; i < r.nr; i++) {
		if (r.page[i].kind == MODEL_NONE) {
			ev->expect = ENOMEM;
			break;
		}
		r.page[i].prot = ev->prot;
	}
	return true;
}

static bool do_mlock(struct generator *g, struct event *ev)
{
	struct range r = mapped_range(g, 5);
	bool on = chance(g, 2), hole = false;

	range_event(ev, on ? EV_MLOCK : EV_MUNLOCK, &r);
	for (unsigned i = 0; i < r.nr && !hole; i++) {
		struct model_page *p = &r.page[i];

		hole = p->kind == MODEL_NONE;
		if (hole)
			break;
		p->locked = on;
		if (on && (!p->prot || !has_bytes(g, p)))
			ev->expect = ENOMEM; /* cannot be faulted in */
	}
	if (hole)
		ev->expect = ENOMEM;
	return true;
}

static bool do_mremap(struct generator *g, struct event *ev)
{
	struct range r = mapped_range(g, 1);
	unsigned to = pick(g, g->window);
	struct model_page moved = *r.page;

	if (to == r.from)
		return false;
	range_event(ev, EV_MREMAP, &r);
	ev->flags = EVF_MAYMOVE | EVF_FIXED;
	set_quantity(ev, X_ARG, PAGE);
	set_quantity(ev, X_ADDR2, GENERATE_BASE + (uint64_t)to * PAGE);
	if (moved.kind == MODEL_NONE)
		ev->expect = EFAULT;
	memset(r.page, 0, sizeof(*r.page));
	r.proc->space->page[to] = moved;
	return true;
}

static bool do_dontneed(struct generator *g, struct event *ev)
{
	struct range r = mapped_range(g, 5);

	range_event(ev, EV_MADVISE, &r);
	ev->choice = 4; /* MADV_DONTNEED */
	for (unsigned i = 0; i < r.nr; i++) {
		struct model_page *p = &r.page[i];

		if (p->kind == MODEL_NONE) {
			ev->expect = ENOMEM;
		} else if (p->locked) {
			ev->expect = EINVAL;
			break;
		} else if (p->kind != MODEL_SHARED) {
			fresh_bytes(g, p);
		}
	}
	return true;
}

/* Advice that changes no byte. */
static bool do_advise(struct generator *g, struct event *ev)
{
	static const uint8_t advice[] = {0, 1, 2};
	struct range r = mapped_range(g, 6);

	range_event(ev, EV_MADVISE, &r);
	ev->choice = advice[pick(g, ARRAY_SIZE(advice))];
	for (unsigned i = 0; i < r.nr; i++)
		if (r.page[i].kind == MODEL_NONE)
			ev->expect = ENOMEM;
	return true;
}

static bool do_msync(struct generator *g, struct event *ev)
{
	static const uint8_t how[] = {1, 4, 4, 2}; /* async, sync, invalidate */
	struct range r = mapped_range(g, 4);

	range_event(ev, EV_MSYNC, &r);
	ev->choice = how[pick(g, ARRAY_SIZE(how))];
	for (unsigned i = 0; i < r.nr; i++) {
		if (r.page[i].kind == MODEL_NONE) {
			ev->expect = ENOMEM;
		} else if (ev->choice == 2 && r.page[i].locked) {
			ev->expect = EBUSY;
			break;
		}
	}
	return true;
}

static bool do_remap_file_pages(struct generator *g, struct event *ev)
{
	struct range r = mapped_range(g, 1);
	struct model_page *p = r.page;

	if (p->kind != MODEL_SHARED || !g->object[p->object].name)
		return false;
	range_event(ev, EV_REMAP_FILE_PAGES, &r);
	p->index = pick(g, g->object[p->object].pages);
	set_quantity(ev, X_ARG, p->index);
	return true;
}

/* ---- accesses ---- */

static void access_event(struct event *ev, enum event_kind kind,
			 const struct range *r, unsigned probe)
{
	ev->kind = (uint8_t)kind;
	ev->pid = r->proc->pid;
	set_quantity(ev, X_ADDR, GENERATE_BASE + (uint64_t)r->from * PAGE +
					 generate_probe[probe]);
	if (r->nr > 1)
		set_quantity(ev, X_LEN, (uint64_t)(r->nr - 1) * PAGE + 1);
}

static bool do_read(struct generator *g, struct event *ev)
{
	struct range r = good_range(g, 1, 7);
	unsigned probe = pick(g, GENERATE_PROBES);

	access_event(ev, EV_READ, &r, probe);
	ev->expect = access_failure(g, r.page, 7);
	if (!ev->expect)
		set_byte(ev, bytes_of(g, r.page)[probe]);
	return true;
}

static bool do_store(struct generator *g, struct event *ev)
{
	struct range r = good_range(g, 1, 2);
	unsigned probe = pick(g, GENERATE_PROBES);

	access_event(ev, EV_WRITE, &r, probe);
	set_byte(ev, ++g->value);
	ev->expect = access_failure(g, r.page, 2);
	if (!ev->expect)
		bytes_of(g, r.page)[probe] = g->value;
	return true;
}

/* Several pages; without VALUE. */
static bool do_sweep(struct generator *g, struct event *ev)
{
	bool write = !chance(g, 3);
	struct range r = good_range(g, g->window / (g->window > 48 ? 2 : 4),
				    write ? 2 : 7);
	unsigned probe = pick(g, GENERATE_PROBES);

	access_event(ev, write ? EV_WRITE : EV_READ, &r, probe);
	for (unsigned i = 0; i < r.nr && !ev->expect; i++) {
		ev->expect = access_failure(g, &r.page[i], write ? 2 : 7);
		if (write && !ev->expect)
			bytes_of(g, &r.page[i])[i ? 0 : probe] = 1;
	}
	return true;
}

static bool do_fetch(struct generator *g, struct event *ev)
{
	struct range r = good_range(g, 1, 4);

	if (!(r.page->prot & 4))
		return false;
	access_event(ev, EV_FETCH, &r, 0);
	ev->expect = access_failure(g, r.page, 7);
	return true;
}

/* ---- the kernel ---- */

static const uint32_t gfps[] = {
	GFP_KERNEL, GFP_KERNEL, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE,
	GFP_KERNEL | __GFP_ZERO, GFP_KERNEL | GFP_DMA, GFP_NOFS,
	GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, GFP_TEMPORARY,
};

static void kernel_event(struct event *ev, enum event_kind kind)
{
	ev->kind = (uint8_t)kind;
}

/* Frees what slot holds, if there is something. */
static bool give_back(struct event *ev, enum event_kind kind, uint32_t *slot)
{
	if (!*slot)
		return false;
	kernel_event(ev, kind);
	set_label(ev, X_ADDR, *slot);
	*slot = 0;
	return true;
}

static bool do_alloc_pages(struct generator *g, struct event *ev)
{
	uint32_t *slot = &g->block[pick(g, GENERATE_SLOTS)];

	if (give_back(ev, EV_FREE_PAGES, slot))
		return true;
	kernel_event(ev, EV_ALLOC_PAGES);
	set_quantity(ev, X_LEN, chance(g, 16) ? pick(g, 11) : pick(g, 4));
	ev->gfp = gfps[pick(g, ARRAY_SIZE(gfps))];
	ev->bind = *slot = new_label(g, 'b');
	return true;
}

static bool do_kmalloc(struct generator *g, struct event *ev)
{
	uint32_t *slot = &g->object_label[pick(g, GENERATE_SLOTS)];

	if (give_back(ev, EV_KFREE, slot))
		return true;
	kernel_event(ev, EV_KMALLOC);
	set_quantity(ev, X_LEN, 1 + pick(g, chance(g, 8) ? 60000 : 700));
	ev->gfp = chance(g, 9) ? GFP_KERNEL | GFP_DMA : GFP_KERNEL;
	ev->bind = *slot = new_label(g, 'k');
	return true;
}

static bool do_vmalloc(struct generator *g, struct event *ev)
{
	uint32_t *slot = &g->area[pick(g, GENERATE_SLOTS / 3)];

	if (give_back(ev, EV_VFREE, slot))
		return true;
	kernel_event(ev, EV_VMALLOC);
	set_quantity(ev, X_LEN, 1 + pick(g, 60000));
	ev->bind = *slot = new_label(g, 'v');
	return true;
}

static bool cache_in_use(const struct generator *g, unsigned cache)
{
	for (unsigned i = 0; i < GENERATE_SLOTS; i++)
		if (g->cache_label[i] && g->cache_of[i] == cache)
			return true;
	return false;
}

static bool do_cache(struct generator *g, struct event *ev)
{
	unsigned i = pick(g, GENERATE_CACHES);

	if (!g->cache[i]) {
		kernel_event(ev, EV_CACHE_CREATE);
		g->cache[i] = ev->name = new_label(g, 'c');
		set_quantity(ev, X_LEN, 4 + pick(g, chance(g, 4) ? 3000 : 300));
		ev->flags = chance(g, 2) ? EVF_HWCACHE_ALIGN : 0;
		return true;
	}
	ev->name = g->cache[i];
	kernel_event(ev, EV_CACHE_SHRINK);
	if (chance(g, 2) && !cache_in_use(g, i)) {
		kernel_event(ev, EV_CACHE_DESTROY);
		g->cache[i] = 0;
	}
	return true;
}

static bool do_cache_object(struct generator *g, struct event *ev)
{
	unsigned i = pick(g, GENERATE_SLOTS), cache = pick(g, GENERATE_CACHES);

	if (g->cache_label[i]) {
		ev->name = g->cache[g->cache_of[i]];
		return give_back(ev, EV_CACHE_FREE, &g->cache_label[i]);
	}
	if (!g->cache[cache])
		return do_cache(g, ev);
	kernel_event(ev, EV_CACHE_ALLOC);
	ev->name = g->cache[cache];
	ev->gfp = GFP_KERNEL;
	ev->bind = g->cache_label[i] = new_label(g, 'o');
	g->cache_of[i] = (uint8_t)cache;
	return true;
}

static bool do_drop_caches(struct generator *g, struct event *ev)
{
	ev->kind = EV_DROP_CACHES;
	ev->choice = (uint8_t)(1 + pick(g, 3));
	return true;
}

static bool do_kswapd(struct generator *g, struct event *ev)
{
	ev->kind = chance(g, 2) ? EV_KSWAPD : EV_COMPACT;
	return true;
}

/* Limits of 2 to 4 MiB where there is swap; those of 16 and more never bind. */
static bool do_limit(struct generator *g, struct event *ev)
{
	bool swap = g->profile == GENERATE_SWAP;
	unsigned mib = swap && !chance(g, 3) ? 2 + pick(g, 3)
					     : 16 + pick(g, 16);

	ev->choice = chance(g, 5) ? CGROUP_MEMSW : CGROUP_LIMIT;
	if (ev->choice == CGROUP_MEMSW)
		mib = 32 + pick(g, 32);
	if (chance(g, 6))
		ev->flags |= EVF_NULL;
	else
		set_quantity(ev, X_LEN, (uint64_t)mib << 20);
	return true;
}

/* Some are refused: a group has processes, or children; the parent is gone. */
static bool do_cgroup(struct generator *g, struct event *ev)
{
	unsigned i = pick(g, GENERATE_GROUPS);

	ev->kind = EV_CGROUP;
	ev->name = intern(g, groups[i]);
	if (!g->group[i]) {
		ev->choice = CGROUP_CREATE;
		g->group[i] = true;
		return true;
	}
	switch (pick(g, 8)) {
	case 0:
		ev->choice = CGROUP_REMOVE;
		g->group[i] = false;
		return true;
	case 1:
		ev->choice = CGROUP_EMPTY;
		return true;
	case 2:
		ev->choice = CGROUP_HIERARCHY;
		set_quantity(ev, X_LEN, pick(g, 2));
		return true;
	case 3:
		ev->choice = CGROUP_SWAPPINESS;
		set_quantity(ev, X_LEN, 20 * (1 + pick(g, 5)));
		return true;
	default:
		return do_limit(g, ev);
	}
}

static bool do_attach(struct generator *g, struct event *ev)
{
	ev->kind = EV_CGROUP_ATTACH;
	ev->pid = any_process(g)->pid;
	ev->name = intern(g, chance(g, 5) ? "/"
					  : groups[pick(g, GENERATE_GROUPS)]);
	return true;
}

/* ---- which ---- */

/* clang-format off */
static const struct action {
	bool (*make)(struct generator *g, struct event *ev);
	uint8_t weight[NR_GENERATE_PROFILES]; /* vma cow file swap alloc mixed */
} actions[] = {
	{do_spawn,	      { 1,  1,  1,  1,  0,  1}},
	{do_fork,	      { 2, 10,  3,  3,  0,  4}},
	{do_clone,	      { 1,  2,  1,  0,  0,  1}},
	{do_exit,	      { 2,  8,  2,  1,  0,  3}},
	{do_exec,	      { 0,  1,  0,  0,  0,  1}},
	{do_mmap_anon,	      {20,  8,  2,  8,  0,  8}},
	{do_mmap_file,	      { 4,  1, 16,  2,  0,  6}},
	{do_munmap,	      {10,  3,  5,  1,  0,  4}},
	{do_mprotect,	      {14,  4,  4,  1,  0,  4}},
	{do_mlock,	      { 8,  1,  3,  0,  0,  2}},
	{do_mremap,	      {12,  4,  3,  2,  0,  4}},
	{do_dontneed,	      { 4,  3,  3,  2,  0,  3}},
	{do_advise,	      { 4,  0,  2,  0,  0,  1}},
	{do_msync,	      { 1,  0,  6,  0,  0,  2}},
	{do_remap_file_pages, { 1,  0,  6,  0,  0,  2}},
	{do_read,	      {10, 24, 18, 24,  0, 16}},
	{do_store,	      {10, 28, 18, 24,  0, 16}},
	{do_sweep,	      { 4,  6,  6, 30,  0,  6}},
	{do_fetch,	      { 2,  1,  2,  0,  0,  1}},
	{do_alloc_pages,      { 0,  0,  0,  1, 30,  4}},
	{do_kmalloc,	      { 0,  0,  0,  0, 30,  4}},
	{do_vmalloc,	      { 0,  0,  0,  0,  8,  2}},
	{do_cache,	      { 0,  0,  0,  0,  4,  1}},
	{do_cache_object,     { 0,  0,  0,  0, 28,  3}},
	{do_drop_caches,      { 0,  0,  2,  1,  0,  1}},
	{do_kswapd,	      { 0,  0,  0,  1,  1,  1}},
	{do_cgroup,	      { 0,  0,  0,  2,  0,  1}},
	{do_attach,	      { 0,  0,  0,  2,  0,  1}},
};
/* clang-format on */

static const struct action *any_action(struct generator *g)
{
	unsigned sum = 0, n;

	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		sum += actions[i].weight[g->profile];
	n = pick(g, sum);
	for (unsigned i = 0;; i++) {
		unsigned weight = actions[i].weight[g->profile];

		if (n < weight)
			return &actions[i];
		n -= weight;
	}
}

/* Files and swap, at the beginning. false: that was all. */
static bool make_prelude(struct generator *g, struct event *ev)
{
	unsigned i = g->prelude++, object;

	if (g->profile == GENERATE_ALLOC || i > FILES)
		return false;
	if (i == FILES) {
		if (g->profile != GENERATE_SWAP)
			return false;
		ev->kind = EV_SWAPON;
		set_quantity(ev, X_LEN, 8u << 20);
		return true;
	}
	object = new_object(g, files[i].pages);
	g->object[object].name = intern(g, files[i].path);
	g->nr_files++;
	for (unsigned k = 0; k < files[i].pages; k++)
		file_bytes(k, g->object[object].byte[k]);
	ev->kind = EV_FILE;
	ev->name = g->object[object].name;
	set_quantity(ev, X_LEN, (uint64_t)files[i].pages * PAGE);
	ev->flags = files[i].flags;
	return true;
}

void generator_next(struct generator *g, struct event *ev)
{
	memset(ev, 0, sizeof(*ev));
	if (make_prelude(g, ev))
		return;
	if (!g->nr_processes && g->profile != GENERATE_ALLOC) {
		do_spawn(g, ev);
		return;
	}
	do
		memset(ev, 0, sizeof(*ev));
	while (!any_action(g)->make(g, ev));
}

void generator_init(struct generator *g, const struct host_ops *host,
		    struct names *names, enum generate_profile profile,
		    uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	g->host = host ? host : &host_default_ops;
	g->names = names;
	g->profile = profile;
	g->random = seed * NR_GENERATE_PROFILES + profile;
	/* more than 8 MiB of RAM, less than that and the swap area */
	g->window = profile == GENERATE_SWAP ? 600 : 48;
	g->most_processes = profile == GENERATE_SWAP ? 3 : GENERATE_PROCESSES;
	g->next_pid = 100;
	g->object = host_alloc(g->host, MAX_OBJECTS * sizeof(*g->object));
	g->program = intern(g, "/bin/prog");
}

void generator_destroy(struct generator *g)
{
	for (unsigned i = 0; i < g->nr_processes; i++)
		put_space(g, g->process[i].space);
	for (unsigned i = 0; i < g->nr_objects; i++)
		host_free(g->host, g->object[i].byte,
			  g->object[i].pages * sizeof(*g->object[i].byte));
	host_free(g->host, g->object, MAX_OBJECTS * sizeof(*g->object));
}
