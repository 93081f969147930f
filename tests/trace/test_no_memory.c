/*
 * test_no_memory.c - a call for which the machine has no memory.
 *
 * Each row is a story and, behind '|', one more statement. The statement runs
 * with its first request for frames or objects failing, then its second, and so
 * on until it needs no more. Each time:
 *  - every invariant of the machine holds afterwards;
 *  - the statement once more, with memory, does what it does without failures,
 *    if its process lives;
 *  - when all processes have ended nothing of theirs is left: no object, no
 *    table, no frame, no charge.
 */
#include "core/ksm.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/swapfile.h"
#include "tests/core/machine_fixture.h"
#include "trace/replay.h"
#include "trace/text_read.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MOST_REQUESTS 120u
#define FILES_ "file /lib/a size 64K\nfile /bin/p size 200K\n"
#define START FILES_ "1 spawn sh\n"
#define HEAP START "1 mmap 0x20000000 64K rw- private anon -> heap\n"
#define TOUCHED HEAP "1 write heap 64K\n"
/* What was touched first is in swap behind it. */
#define BIG "1 mmap 0x30000000 20M rw- private anon -> big\n"
#define SQUEEZED TOUCHED BIG "1 write big 12M\n"

enum { TMPFS = 1, PAE = 2, SHORT = 4 /* of memory: some is in swap */ };

struct row {
	const char *name;
	unsigned machine;
	int again; /* what the statement may answer the second time */
	const char *story;
};

static const struct row rows[] = {
	{"spawn", 0, 0,
	 START "|2 spawn x"},
	{"spawn_pae", PAE, 0,
	 START "|2 spawn x"},
	{"fork", 0, 0,
	 TOUCHED "1 mmap 0x30000000 16K rw- shared file /lib/a 0\n"
	 "1 write 0x30000000 16K\n" "|1 fork 2"},
	{"fork_pae", PAE, 0,
	 TOUCHED "|1 fork 2"},
	{"fork_of_a_fork", 0, 0,
	 TOUCHED "1 fork 2\n" "2 write heap 8K\n" "|2 fork 3"},
	{"vfork", 0, 0,
	 TOUCHED "|1 vfork 2"},
	{"exec_after_vfork", 0, 0,
	 TOUCHED "1 vfork 2\n" "|2 exec /bin/p text 64K data 8K bss 8K"},
	{"exec", 0, 0,
	 TOUCHED "|1 exec /bin/p text 64K data 8K bss 100K"},
	{"exec_pae", PAE, 0,
	 TOUCHED "|1 exec /bin/p text 64K data 8K bss 8K stack 64K"},
	{"mmap", 0, 0,
	 START "|1 mmap 0x20000000 16K rw- private anon"},
	{"mmap_populate", 0, 0,
	 START "|1 mmap 0x20000000 64K rw- private anon populate"},
	{"mmap_locked", 0, 0,
	 START "|1 mmap 0x20000000 16K rw- private anon locked"},
	{"mmap_file", 0, 0,
	 START "|1 mmap 0x20000000 16K rw- private file /lib/a 0"},
	{"mmap_shared", 0, 0,
	 START "|1 mmap 0x20000000 16K rw- shared anon"},
	{"mmap_over", 0, 0,
	 TOUCHED "|1 mmap heap+16K 16K r-- private file /lib/a 0 fixed"},
	{"munmap_hole", 0, 0,
	 TOUCHED "|1 munmap heap+16K 16K"},
	{"mprotect", 0, 0,
	 TOUCHED "|1 mprotect heap+16K 16K r--"},
	{"mremap_moves", 0, 0,
	 TOUCHED "1 mmap heap+64K 4K r-- private anon fixed\n" "1 fork 2\n"
	 "|1 mremap heap 64K 128K maymove"},
	{"mremap_part", 0, 0,
	 TOUCHED "|1 mremap heap+16K 16K 16K maymove fixed 0x30000000"},
	{"brk", 0, 0,
	 START "|1 sbrk 16K"},
	{"brk_locked", 0, 0,
	 START "1 mlockall future\n" "|1 sbrk 16K"},
	{"madvise", 0, 0,
	 TOUCHED "|1 madvise heap+16K 16K sequential"},
	{"madvise_willneed", 0, 0,
	 START "1 mmap 0x20000000 64K r-- private file /lib/a 0\n"
	 "|1 madvise 0x20000000 64K willneed"},
	{"mergeable", 0, 0,
	 TOUCHED "|1 madvise heap+16K 16K mergeable"},
	{"mlock", 0, 0,
	 HEAP "|1 mlock heap+4K 32K"},
	{"munlock", 0, 0,
	 TOUCHED "1 mlock heap 64K\n" "|1 munlock heap+16K 4K"},
	{"mlockall", 0, 0,
	 HEAP "1 mmap 0x40000000 8K r-- private file /lib/a 0\n"
	 "|1 mlockall both"},
	{"write", 0, 0,
	 HEAP "|1 write heap 64K"},
	{"write_pae", PAE, 0,
	 HEAP "|1 write heap 64K"},
	{"write_after_fork", 0, 0,
	 TOUCHED "1 fork 2\n" "|2 write heap 64K"},
	{"write_behind_zero", 0, 0,
	 HEAP "1 read heap 64K\n" "1 fork 2\n" "|1 write heap 64K"},
	{"read_file", 0, 0,
	 START "1 mmap 0x20000000 64K r-- private file /lib/a 0\n"
	 "|1 read 0x20000000 64K"},
	{"cow_file", 0, 0,
	 START "1 mmap 0x20000000 64K rw- private file /lib/a 0\n"
	 "|1 write 0x20000000 64K"},
	{"shared_file", 0, 0,
	 START "1 mmap 0x20000000 64K rw- shared file /lib/a 0\n"
	 "|1 write 0x20000000 64K"},
	{"shared_tmpfs", TMPFS, 0,
	 START "1 mmap 0x20000000 64K rw- shared file /lib/a 0\n"
	 "|1 write 0x20000000 64K"},
	{"cow_tmpfs", TMPFS, 0,
	 START "1 mmap 0x20000000 64K rw- private file /lib/a 0\n"
	 "|1 write 0x20000000 64K"},
	{"shared_anon", 0, 0,
	 START "1 mmap 0x20000000 64K rw- shared anon\n"
	 "|1 write 0x20000000 64K"},
	{"nonlinear", 0, EINVAL,
	 START "1 mmap 0x20000000 64K rw- shared file /lib/a 0\n"
	 "1 read 0x20000000 64K\n" "|1 remap_file_pages 0x20000000 4K 8"},
	{"stack", 0, 0,
	 START "1 mmap 0x20000000 8K rw- private anon growsdown\n"
	 "1 write 0x20000000 8K\n" "|1 write 0x1ffff000"},
	{"declare", 0, EEXIST,
	 START "|file /new size 8M"},
	{"declare_warm", 0, EEXIST,
	 START "|file /new size 256K warm"},
	{"swapon", 0, 0,
	 START "|swapon 1M"},
	{"swapped_in", SHORT, 0,
	 SQUEEZED "|1 read heap 64K"},
	{"swapped_fork", SHORT, 0,
	 SQUEEZED "|1 fork 2"},
	{"swap_out", SHORT, 0,
	 START BIG "1 write big 9M\n" "|1 write big+9M 3M"},
	{"swap_out_shared", SHORT, 0,
	 START "1 mmap 0x30000000 20M rw- shared anon -> big\n"
	 "1 write big 9M\n" "|1 write big+9M 3M"},
	{"swapoff", SHORT, 0,
	 SQUEEZED "1 munmap big 10M\n" "|swapoff"},
	{"willneed_swapped", SHORT, 0,
	 SQUEEZED "|1 madvise heap 64K willneed"},
	{"mlock_swapped", SHORT, 0,
	 SQUEEZED "|1 mlock heap 64K"},
	{"exec_squeezed", SHORT, 0,
	 SQUEEZED "|1 exec /bin/p text 64K data 8K bss 8K"},
	{"ksm", 0, 0,
	 TOUCHED "1 madvise heap 64K mergeable\n" "1 fork 2\n"
	 "2 write heap 64K\n" "ksm scans 1\n" "|ksm scans 2"},
	{"unmerge", 0, 0,
	 TOUCHED "1 madvise heap 64K mergeable\n" "ksm scans 3\n"
	 "|1 madvise heap 64K unmergeable"},
	/* 1 has the frame back from swap, 2 needs a copy of its own */
	{"swapped_in_merged", SHORT, 0,
	 START "2 spawn sh\n"
	 "1 mmap 0x20000000 16K rw- private anon -> heap\n"
	 "2 mmap 0x20000000 16K rw- private anon -> heap2\n"
	 "1 write heap 16K\n" "2 write heap2 16K\n"
	 "1 madvise heap 16K mergeable\n" "2 madvise heap2 16K mergeable\n"
	 "ksm scans 3\n" BIG "1 write big 12M\n" "1 read heap 4K\n"
	 "|2 read heap2 4K"},
	{"write_merged", 0, 0,
	 TOUCHED "1 madvise heap 64K mergeable\n" "ksm scans 3\n"
	 "|1 write heap 64K"},
	{"alloc_pages", 0, 0,
	 START "|kernel alloc_pages 3 GFP_KERNEL -> b"},
	{"kmalloc_large", 0, 0,
	 START "|kernel kmalloc 100000 GFP_KERNEL -> b"},
	{"vmalloc", 0, 0,
	 START "|kernel vmalloc 64K -> b"},
	{"cache", 0, 0,
	 START "|kernel kmem_cache_create c 100"},
	{"cache_off_slab", 0, 0,
	 START "kernel kmem_cache_create c 3000\n"
	 "|kernel kmem_cache_alloc c GFP_KERNEL -> o"},
	{"exit", 0, 0,
	 TOUCHED "1 fork 2\n" "2 write heap 16K\n" "|2 exit"},
	{"segfault", 0, 0,
	 TOUCHED "|1 write 0x50000000"},
};

struct state {
	struct machine *m;
	struct names names;
	struct replay r;
	struct outcome last; /* of the last event */
	const struct row *row;
	unsigned request;
};

static void on_outcome(void *ctx, const struct event *ev __unused_arg,
		       const struct outcome *o)
{
	struct state *s = ctx;

	s->last = *o;
}

static void tell_of_row(void *ctx, const char *text)
{
	const struct state *s = ctx;

	cr_log_error("%s, request %u: %s", s->row->name, s->request, text);
}

static void start(struct state *s, const struct row *row, unsigned request)
{
	struct replay_hooks hooks = {.ctx = s, .outcome = on_outcome};
	struct machine_config cfg;

	memset(s, 0, sizeof(*s));
	s->row = row;
	s->request = request;
	machine_config_default(&cfg);
	cfg.memory = row->machine & SHORT ? 12 << 20 : 16 << 20;
	cfg.files_fs = row->machine & TMPFS ? FS_TMPFS : FS_EXT2;
	cfg.overcommit = OVERCOMMIT_ALWAYS;
	cfg.swap = row->machine & SHORT ? 24 << 20 : 0;
	if (row->machine & PAE) {
		strcpy(cfg.paging, "x86-pae");
		cfg.nx = true;
	}
	s->m = make_machine(&cfg);
	names_init(&s->names, NULL);
	replay_init(&s->r, s->m, &s->names, &hooks);
}

static void finish(struct state *s)
{
	replay_destroy(&s->r);
	names_destroy(&s->names);
	machine_destroy(s->m);
}

/* Each statement of the text; the invariants hold behind the last. */
static void run_text(struct state *s, const char *text, size_t len)
{
	struct text_reader reader;
	struct event ev;
	int ret;

	text_open_memory(&reader, NULL, &s->names, s->row->name, text, len);
	while ((ret = text_read(&reader, &ev)) > 0) {
		memset(&s->last, 0, sizeof(s->last));
		replay_event(&s->r, &ev);
	}
	cr_assert_eq(ret, 0, "%s: line %u: %s", s->row->name,
		     (unsigned)reader.error.line, reader.error.text);
	text_close(&reader);
	cr_assert_eq(machine_check(s->m, tell_of_row, s), 0, "%s, request %u",
		     s->row->name, s->request);
}

/* What belongs to processes; all of it is gone when they are. */
struct left {
	uint32_t objects[12];
	int64_t anon, mapped, tables, stacks, mlocked, committed, swap;
	uint64_t rmap_items;
};

static struct left count_left(struct machine *m)
{
	const struct known_caches *k = &m->caches;
	struct kmem_cache *const caches[] = {
		k->task_struct, k->mm_struct, k->vm_area_struct, k->anon_vma,
		k->anon_vma_chain, k->files_cache, k->fs_cache,
		k->signal_cache, k->sighand_cache, k->cred_jar, k->pid,
		k->names_cache};
	struct left l = {
		.anon = global_page_state(m, NR_ANON_PAGES),
		.mapped = global_page_state(m, NR_FILE_MAPPED),
		.tables = global_page_state(m, NR_PAGETABLE),
		.stacks = global_page_state(m, NR_KERNEL_STACK),
		.mlocked = global_page_state(m, NR_MLOCK),
		.committed = m->vm_committed_as - global_page_state(m, NR_SHMEM),
		.swap = m->swap->total_swap_pages - m->swap->nr_swap_pages,
		.rmap_items = m->ksm->rmap_items,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(caches); i++)
		l.objects[i] = kmem_cache_live(caches[i]);
	return l;
}

static void end_all(struct state *s, const struct left *before)
{
	struct left after;

	for (uint32_t pid = 1; pid <= 3; pid++) {
		char text[32];
		struct task_struct *t = find_task_by_pid(s->m, pid);

		snprintf(text, sizeof(text), "%u exit", pid);
		if (t && t->state == TASK_RUNNING)
			run_text(s, text, strlen(text));
	}
	after = count_left(s->m);
	cr_expect_arr_eq(after.objects, before->objects,
			 sizeof(after.objects), "%s, request %u: objects left",
			 s->row->name, s->request);
	cr_expect_arr_eq(&after, before, sizeof(after),
			 "%s, request %u: something is left", s->row->name,
			 s->request);
}

/* The second time: as without failures; or the process was past the point of
 * no return, or part of the work had been done. */
static bool in_order(const struct row *row, const struct outcome *o,
		     const struct outcome *without)
{
	return o->kind == OUTCOME_ORPHAN || (row->again && o->err == row->again) ||
	       (o->kind == without->kind && o->err == without->err &&
		o->access.signal == without->access.signal);
}

/* One failure; false: the statement makes fewer requests. */
static bool one(const struct row *row, unsigned request,
		struct outcome *without)
{
	const char *bar = strchr(row->story, '|');
	struct left before;
	struct state s;
	bool failed;

	start(&s, row, request);
	before = count_left(s.m);
	run_text(&s, row->story, (size_t)(bar - row->story));
	s.m->fail_alloc = request;
	run_text(&s, bar + 1, strlen(bar + 1));
	failed = request && !s.m->fail_alloc;
	s.m->fail_alloc = 0;
	if (!request)
		*without = s.last;
	if (failed && s.last.kind == OUTCOME_ERRNO &&
	    s.last.err != without->err) {
		run_text(&s, bar + 1, strlen(bar + 1));
		cr_expect(in_order(row, &s.last, without),
			  "%s, request %u: once more: kind %d, errno %d",
			  row->name, request, s.last.kind, s.last.err);
	}
	end_all(&s, &before);
	finish(&s);
	return failed;
}

Test(no_memory, every_request_fails_in_turn)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome without;
		unsigned n = 1;

		one(&rows[i], 0, &without);
		while (n < MOST_REQUESTS && one(&rows[i], n, &without))
			n += 1 + n / 16;
		cr_expect_gt(n, 1, "%s needs no memory", rows[i].name);
	}
}
