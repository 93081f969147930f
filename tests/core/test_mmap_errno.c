/*
 * test_mmap_errno.c - what each call says no to, and in which order it asks.
 */
#include "vma_fixture.h"

#define PRIV (MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU)
#define SHAR (MAP_SHARED_EMU | MAP_ANONYMOUS_EMU)
#define FIXED MAP_FIXED_EMU
#define TOP 0xC0000000ull

static void unprivileged(struct machine_config *cfg)
{
	cfg->uid = 1000;
	cfg->rlimit_memlock = 64 << 10;
}

static void no_memlock(struct machine_config *cfg)
{
	cfg->uid = 1000;
	cfg->rlimit_memlock = 0;
}

static void little_room(struct machine_config *cfg)
{
	cfg->rlimit_as = 64 << 10;
}

static void few_areas(struct machine_config *cfg)
{
	cfg->max_map_count = 6;
}

static void never_overcommit(struct machine_config *cfg)
{
	cfg->overcommit = OVERCOMMIT_NEVER;
}

/* A whole user space; `adjust` changes its limits. */
static struct task_struct *world(void (*adjust)(struct machine_config *))
{
	struct machine_config cfg;
	struct machine *m = NULL;
	struct task_struct *t;

	machine_config_default(&cfg);
	cfg.memory = 32ull << 20;
	cfg.rlimit_memlock = RLIM_INFINITY_U64;
	if (adjust)
		adjust(&cfg);
	m = make_machine(&cfg);
	t = spawn(m, 1);
	m->current = t;
	return t;
}

static struct file *open_file(struct task_struct *t, bool writable,
			      enum fs_kind fs)
{
	struct file *file =
		open_rw(t->m, fs == FS_EXT2 ? "/e" : "/t", 8 * PAGE, true, fs);

	file->f_write = writable;
	return file;
}

static void never_as_a_user(struct machine_config *cfg)
{
	never_overcommit(cfg);
	cfg->uid = 1000;
}

/* Pages that can be had in one piece, found by trying. */
static uint64_t most_pages(struct task_struct *t)
{
	uint64_t fits = 0, fails = 1u << 20;

	while (fits + 1 < fails) {
		uint64_t mid = (fits + fails) / 2;
		vaddr_t at = sys_mmap(t, 0, mid * PAGE, RW,
				      MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU,
				      NULL, 0);

		if (at & ~PAGE_MASK(t->m)) {
			fails = mid;
			continue;
		}
		fits = mid;
		cr_assert_eq(sys_munmap(t, at, mid * PAGE), 0);
	}
	return fits;
}

/* A reserve is kept for root to log in with. */
Test(mmap_errno, the_last_of_the_memory_is_roots)
{
	struct task_struct *root = world(never_overcommit);
	struct task_struct *user = world(never_as_a_user);
	uint64_t reserve = root->m->admin_reserve_kbytes / 4;

	cr_assert_gt(reserve, 0);
	cr_expect_eq(most_pages(root) - most_pages(user), reserve);
	check_and_destroy(root->m);
	check_and_destroy(user->m);
}

struct mmap_row {
	vaddr_t addr;
	uint64_t len;
	unsigned prot, flags;
	uint64_t offset;
	int64_t want; /* errno or address */
};

static void mmap_rows(struct task_struct *t, const struct mmap_row *rows,
		      unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct mmap_row *r = &rows[i];
		int64_t got = (int64_t)sys_mmap(t, r->addr, r->len, r->prot,
						r->flags, NULL, r->offset);

		cr_expect_eq(got, r->want, "row %u: got %lld want %lld", i,
			     (long long)got, (long long)r->want);
		check_areas(t->m);
	}
}

/* clang-format off */
Test(mmap_errno, mmap)
{
	static const struct mmap_row rows[] = {
		{BASE, PAGE, RW, PRIV, 1, -EINVAL},
		{BASE, 0, RW, PRIV, 0, -EINVAL},
		{BASE, 0xfffff001, RW, PRIV, 0, -ENOMEM},
		{BASE, 1ull << 33, RW, PRIV, 0, -ENOMEM},
		{BASE, 2 * PAGE, RW, PRIV, 0xfffffffdull << 12, BASE},
		{BASE, 2 * PAGE, RW, PRIV | FIXED, 0xfffffffeull << 12, -EOVERFLOW},
		{BASE, 0xC0001000, RW, PRIV, 0, -ENOMEM},
		{TOP, PAGE, RW, PRIV | FIXED, 0, -ENOMEM},
		{TOP - PAGE, 2 * PAGE, RW, PRIV | FIXED, 0, -ENOMEM},
		{BASE + 1, PAGE, RW, PRIV | FIXED, 0, -EINVAL},
		{TOP + 1, PAGE, RW, PRIV | FIXED, 0, -ENOMEM},
		{BASE, PAGE, RW, MAP_ANONYMOUS_EMU | FIXED, 0, -EINVAL},
		{BASE, PAGE, RW, MAP_ANONYMOUS_EMU | FIXED | 3, 0, -EINVAL},
		{BASE, PAGE, RW, SHAR | FIXED | MAP_GROWSDOWN_EMU, 0, -EINVAL},
		{0, PAGE, RW, PRIV | FIXED, 0, 0},
		{0x123, PAGE, RW, PRIV, 0, 0xb7fff000},
		{0x70000123, PAGE, RW, PRIV, 0, 0x70000000},
		{0x70000fff, PAGE, RW, PRIV, 0, 0xb7ffe000},
		{BASE, 1, RW, PRIV | FIXED | 0x80000000u, 0, BASE},
	};
	struct task_struct *t = world(NULL);

	mmap_rows(t, rows, ARRAY_SIZE(rows));
	machine_destroy(t->m);
}

Test(mmap_errno, mmap_unprivileged)
{
	static const struct mmap_row rows[] = {
		{0, PAGE, RW, PRIV | FIXED, 0, -EPERM},
		{0x1000, PAGE, RW, PRIV | FIXED, 0, 0x1000},
		{0x123, PAGE, RW, PRIV, 0, 0xb7fff000},
		{BASE, 17 * PAGE, RW, PRIV | MAP_LOCKED_EMU, 0, -EAGAIN},
		{BASE, 16 * PAGE, RW, PRIV | MAP_LOCKED_EMU, 0, BASE},
		{0, PAGE, RW, PRIV | MAP_LOCKED_EMU, 0, -EAGAIN},
	};
	static const struct mmap_row eperm[] = {
		{BASE, PAGE, RW, PRIV | MAP_LOCKED_EMU, 0, -EPERM},
	};
	struct task_struct *t = world(unprivileged);

	mmap_rows(t, rows, ARRAY_SIZE(rows));
	cr_expect_eq(sys_mlock(t, BASE, PAGE), -ENOMEM);
	cr_expect_eq(sys_mlockall(t, MCL_CURRENT_EMU), -ENOMEM);
	cr_expect_eq(sys_mremap(t, BASE, 16 * PAGE, 17 * PAGE, 0, 0),
		     ERR_VALUE(-EAGAIN));
	machine_destroy(t->m);
	t = world(no_memlock);
	mmap_rows(t, eperm, ARRAY_SIZE(eperm));
	cr_expect_eq(sys_mlock(t, BASE, PAGE), -EPERM);
	cr_expect_eq(sys_mlockall(t, 0), -EINVAL);
	cr_expect_eq(sys_mlockall(t, MCL_CURRENT_EMU), -EPERM);
	machine_destroy(t->m);
}
/* clang-format on */

Test(mmap_errno, limits)
{
	static const struct mmap_row rows[] = {
		{BASE, 17 * PAGE, RW, PRIV, 0, -ENOMEM},
		{BASE, 16 * PAGE, RW, PRIV, 0, BASE},
		{BASE, PAGE, RW, PRIV, 0, -ENOMEM},
		/* what is replaced is credited */
		{BASE, 16 * PAGE, 1, PRIV | FIXED, 0, BASE},
		{BASE + PAGE, 16 * PAGE, 1, PRIV | FIXED, 0, -ENOMEM},
	};
	struct task_struct *t = world(little_room);

	mmap_rows(t, rows, ARRAY_SIZE(rows));
	cr_expect_eq(sys_mremap(t, BASE, 16 * PAGE, 17 * PAGE, 0, 0),
		     ERR_VALUE(-ENOMEM));
	cr_expect_eq(sys_brk(t, t->mm->brk + PAGE), t->mm->start_brk);
	machine_destroy(t->m);
}

Test(mmap_errno, number_of_areas)
{
	struct task_struct *t = world(few_areas);

	for (unsigned i = 0; i < 5; i++)
		map(t, BASE + i * 16 * PAGE, 4 * PAGE, RW, MAP_PRIVATE_EMU,
		    NULL);
	/* a hole makes one more; the limit is tested before */
	cr_expect_eq(sys_munmap(t, BASE + PAGE, PAGE), 0);
	cr_expect_eq(t->mm->map_count, 6);
	cr_expect_eq(sys_munmap(t, BASE + 17 * PAGE, PAGE), -ENOMEM);
	cr_expect_eq(sys_munmap(t, BASE + 16 * PAGE, PAGE), 0);
	cr_expect_eq(sys_mprotect(t, BASE + 17 * PAGE, PAGE, 1), -ENOMEM);
	cr_expect_eq(sys_madvise(t, BASE + 17 * PAGE, PAGE, MADVISE_RANDOM),
		     -EAGAIN);
	cr_expect_eq(sys_mlock(t, BASE + 17 * PAGE, PAGE), -ENOMEM);
	cr_expect_eq(sys_mremap(t, BASE, PAGE, PAGE, 3, 0x30000000),
		     ERR_VALUE(-ENOMEM));
	/* mmap tests for more than the limit */
	map(t, 0x40000000, PAGE, RW, MAP_PRIVATE_EMU, NULL);
	cr_expect_eq(sys_mmap(t, 0x50000000, PAGE, RW, PRIV, NULL, 0),
		     ERR_VALUE(-ENOMEM));
	check_areas(t->m);
	machine_destroy(t->m);
}

Test(mmap_errno, files)
{
	struct task_struct *t = world(NULL);
	struct file *ro = open_file(t, false, FS_EXT2);
	struct file *shm = open_file(t, true, FS_TMPFS);
	struct vm_area_struct *vma;

	cr_expect_eq(sys_mmap(t, BASE, PAGE, RW, MAP_SHARED_EMU, ro, 0),
		     ERR_VALUE(-EACCES));
	cr_expect_eq(sys_mmap(t, BASE, PAGE, RW,
			      MAP_PRIVATE_EMU | MAP_GROWSDOWN_EMU, ro, 0),
		     ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mmap(t, BASE, PAGE, RW, FIXED, ro, 0),
		     ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mmap(t, BASE, 2 * PAGE, 1, MAP_SHARED_EMU, ro, 0),
		     BASE);
	vma = find_vma(t->mm, BASE);
	cr_expect_eq(vma->vm_flags, VM_READ | VM_MAYREAD | VM_MAYEXEC |
					    VM_MAYSHARE);
	cr_expect_eq(sys_mprotect(t, BASE, PAGE, RW), -EACCES);
	cr_expect_eq(sys_madvise(t, BASE, PAGE, MADVISE_REMOVE), -EACCES);
	cr_expect_eq(sys_remap_file_pages(t, BASE, PAGE, 1, 0), -EINVAL);
	map(t, 0x30000000, 4 * PAGE, RW, MAP_SHARED_EMU, shm);
	cr_expect_eq(sys_madvise(t, 0x30000000, PAGE, MADVISE_REMOVE), 0);
	cr_expect_eq(sys_remap_file_pages(t, 0x30000000, 5 * PAGE, 1, 0),
		     -EINVAL);
	cr_expect_eq(sys_remap_file_pages(t, 0x30000000, PAGE, 1u << 29, 0),
		     -EINVAL);
	cr_expect_eq(sys_remap_file_pages(t, 0x30000000, 0, 0, 0), -EINVAL);
	cr_expect_eq(sys_remap_file_pages(t, 0x30000000, PAGE, 3, 0), 0);
	cr_expect(find_vma(t->mm, 0x30000000)->vm_flags & VM_NONLINEAR);
	cr_expect_eq(sys_madvise(t, 0x30000000, PAGE, MADVISE_REMOVE),
		     -EINVAL);
	check_machine(t->m);
	fput(t->m, ro);
	fput(t->m, shm);
	machine_destroy(t->m);
}

/* Only exec keeps others from writing to a file: a program that asks is not
 * heard. */
Test(mmap_errno, what_mmap_does_not_hear)
{
	struct task_struct *t = world(NULL);
	vaddr_t addr = sys_mmap(t, 0, 4096, PROT_READ_EMU,
				PRIV | MAP_DENYWRITE_EMU, NULL, 0);
	struct vm_area_struct *vma = find_vma(t->mm, addr);

	cr_assert_eq(vma->vm_start, addr);
	cr_expect_not(vma->vm_flags & VM_DENYWRITE);
	machine_destroy(t->m);
}

Test(mmap_errno, munmap)
{
	struct task_struct *t = world(NULL);

	map_private(t, BASE, 4);
	cr_expect_eq(sys_munmap(t, BASE + 1, PAGE), -EINVAL);
	cr_expect_eq(sys_munmap(t, TOP + PAGE, PAGE), -EINVAL);
	cr_expect_eq(sys_munmap(t, TOP - PAGE, 2 * PAGE), -EINVAL);
	cr_expect_eq(sys_munmap(t, BASE, 0), -EINVAL);
	cr_expect_eq(sys_munmap(t, 0x30000000, PAGE), 0);
	cr_expect_eq(sys_munmap(t, 0, TOP), 0);
	cr_expect_null(t->mm->mmap);
	machine_destroy(t->m);
}

Test(mmap_errno, mprotect)
{
	struct task_struct *t = world(NULL);

	map_private(t, BASE, 4);
	cr_expect_eq(sys_mprotect(t, BASE, PAGE, 0x03000000), -EINVAL);
	cr_expect_eq(sys_mprotect(t, BASE + 1, PAGE, 1), -EINVAL);
	cr_expect_eq(sys_mprotect(t, BASE, 0, 1), 0);
	cr_expect_eq(sys_mprotect(t, 0xfffff000, PAGE, 1), -ENOMEM);
	cr_expect_eq(sys_mprotect(t, BASE, PAGE, 0x10), -EINVAL);
	cr_expect_eq(sys_mprotect(t, BASE, PAGE, 8 | 1), 0);
	cr_expect_eq(sys_mprotect(t, BASE - PAGE, PAGE, 1), -ENOMEM);
	cr_expect_eq(sys_mprotect(t, 0x30000000, PAGE, 1), -ENOMEM);
	cr_expect_eq(sys_mprotect(t, BASE, PAGE, 0x01000000 | 1), -EINVAL);
	cr_expect_eq(sys_mprotect(t, BASE, PAGE, 0x02000000 | 1), -EINVAL);
	/* what comes before the hole has changed */
	cr_expect_eq(sys_mprotect(t, BASE, 8 * PAGE, 5), -ENOMEM);
	cr_expect_eq(find_vma(t->mm, BASE)->vm_flags & 7, 5);
	machine_destroy(t->m);
}

Test(mmap_errno, mremap)
{
	struct task_struct *t = world(NULL);

	map_private(t, BASE, 4);
	cr_expect_eq(sys_mremap(t, BASE, PAGE, PAGE, 4, 0),
		     ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mremap(t, BASE, PAGE, PAGE, 2, 0x30000000),
		     ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mremap(t, BASE + 1, PAGE, PAGE, 0, 0),
		     ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mremap(t, BASE, PAGE, 0, 0, 0), ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mremap(t, BASE, PAGE, PAGE, 3, TOP),
		     ERR_VALUE(-EINVAL));
	cr_expect_eq(sys_mremap(t, BASE, PAGE, PAGE, 3, 0x30000001),
		     ERR_VALUE(-EINVAL));
	/* unmapped: the same size is fine, more is EFAULT */
	cr_expect_eq(sys_mremap(t, 0x30000000, PAGE, PAGE, 0, 0), 0x30000000);
	/* a tail that wraps around takes what is at the bottom */
	cr_assert_eq(sys_mmap(t, PAGE, PAGE, 3, PRIV | FIXED, NULL, 0), PAGE);
	cr_expect_eq(sys_mremap(t, 0xfffff000, 3 * PAGE, 2 * PAGE, 0, 0),
		     0xfffff000);
	cr_expect_null(find_vma_intersection(t->mm, PAGE, 2 * PAGE));
	cr_expect_eq(sys_mremap(t, 0x30000000, PAGE, 2 * PAGE, 1, 0),
		     ERR_VALUE(-EFAULT));
	cr_expect_eq(sys_mremap(t, BASE, 8 * PAGE, 9 * PAGE, 1, 0),
		     ERR_VALUE(-EFAULT));
	/* no commit left is EFAULT too, and nothing stays charged */
	cr_expect_eq(sys_mremap(t, BASE, 4 * PAGE, 256 << 20, 1, 0),
		     ERR_VALUE(-EFAULT));
	cr_expect_eq(t->m->vm_committed_as, 4);
	cr_expect_eq(sys_mremap(t, BASE, 4 * PAGE, 8 * PAGE, 0, 0), BASE);
	cr_expect_eq(t->m->vm_committed_as, 8);
	machine_destroy(t->m);
}

Test(mmap_errno, madvise_and_msync)
{
	struct task_struct *t = world(NULL);
	static const int unknown[] = {5, 8, 14, 15, 18, 100, -1};

	map_private(t, BASE, 4);
	map_private(t, BASE + 8 * PAGE, 4);
	for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++)
		cr_expect_eq(sys_madvise(t, BASE, PAGE, unknown[i]), -EINVAL);
	cr_expect_eq(sys_madvise(t, BASE + 1, PAGE, 0), -EINVAL);
	cr_expect_eq(sys_madvise(t, BASE, 0xffffffff, 0), -EINVAL);
	cr_expect_eq(sys_madvise(t, 0xfffff000, 2 * PAGE, 0), -EINVAL);
	cr_expect_eq(sys_madvise(t, BASE, 0, 0), 0);
	/* the rest is done all the same */
	cr_expect_eq(sys_madvise(t, BASE, 12 * PAGE, MADVISE_RANDOM), -ENOMEM);
	cr_expect(find_vma(t->mm, BASE + 8 * PAGE)->vm_flags & VM_RAND_READ);
	cr_expect_eq(sys_madvise(t, BASE, PAGE, MADVISE_REMOVE), -EINVAL);
	cr_expect_eq(sys_madvise(t, BASE, PAGE, MADVISE_WILLNEED), 0);
	cr_expect_eq(sys_msync(t, BASE, PAGE, 8), -EINVAL);
	cr_expect_eq(sys_msync(t, BASE + 1, PAGE, MS_SYNC_EMU), -EINVAL);
	cr_expect_eq(sys_msync(t, BASE, PAGE, MS_SYNC_EMU | MS_ASYNC_EMU),
		     -EINVAL);
	cr_expect_eq(sys_msync(t, BASE, 0, MS_SYNC_EMU), 0);
	cr_expect_eq(sys_msync(t, BASE, PAGE, 0), 0);
	cr_expect_eq(sys_msync(t, BASE, 12 * PAGE, MS_SYNC_EMU), -ENOMEM);
	cr_expect_eq(sys_mlock(t, BASE, PAGE), 0);
	cr_expect_eq(sys_msync(t, BASE, PAGE, MS_INVALIDATE_EMU), -EBUSY);
	cr_expect_eq(sys_madvise(t, BASE, PAGE, MADVISE_DONTNEED), -EINVAL);
	machine_destroy(t->m);
}

Test(mmap_errno, locks)
{
	struct task_struct *t = world(NULL);

	map_private(t, BASE, 4);
	map(t, 0x30000000, 2 * PAGE, 0, MAP_PRIVATE_EMU, NULL);
	cr_expect_eq(sys_mlock(t, BASE, 0), 0);
	cr_expect_eq(sys_mlock(t, 0xfffff000, 2 * PAGE), -EINVAL);
	cr_expect_eq(sys_mlock(t, BASE + PAGE + 1, PAGE), 0);
	cr_expect_eq(t->mm->locked_vm, 2);
	cr_expect_eq(sys_mlock(t, 0x30000000, PAGE), -ENOMEM);
	cr_expect_eq(t->mm->locked_vm, 3);
	cr_expect_eq(sys_munlock(t, 0x40000000, PAGE), -ENOMEM);
	cr_expect_eq(sys_mlockall(t, 4), -EINVAL);
	cr_expect_eq(sys_mlockall(t, MCL_FUTURE_EMU), 0);
	cr_expect_eq(t->mm->locked_vm, 3);
	map_private(t, 0x50000000, 2);
	cr_expect_eq(t->mm->locked_vm, 5);
	cr_expect_eq(t->mm->rss_stat[MM_ANONPAGES], 4);
	/* CURRENT alone ends FUTURE */
	cr_expect_eq(sys_mlockall(t, MCL_CURRENT_EMU), 0);
	cr_expect_eq(t->mm->locked_vm, 8);
	cr_expect_eq(t->mm->def_flags, 0);
	cr_expect_eq(sys_munlockall(t), 0);
	cr_expect_eq(t->mm->locked_vm, 0);
	cr_expect_eq(stat_of(t->m, NR_MLOCK), 0);
	check_and_destroy(t->m);
}

Test(mmap_errno, overcommit)
{
	struct task_struct *t = world(NULL);
	uint64_t all = totalram_pages(t->m) * PAGE, half;
	struct machine *m;

	/* one request is compared with what could be free, not their sum */
	cr_expect_eq(sys_mmap(t, BASE, all, RW, PRIV, NULL, 0),
		     ERR_VALUE(-ENOMEM));
	cr_expect_eq(sys_mmap(t, BASE, all, 1, PRIV, NULL, 0), BASE);
	cr_expect_eq(sys_mprotect(t, BASE, all, RW), -ENOMEM);
	cr_expect_eq(sys_mmap(t, 0x40000000, all, RW, PRIV | MAP_NORESERVE_EMU,
			      NULL, 0),
		     0x40000000);
	cr_expect_eq(t->m->vm_committed_as, 0);
	for (unsigned i = 0; i < 3; i++)
		map(t, 0x60000000 + i * all, all / 2, RW, MAP_PRIVATE_EMU,
		    NULL);
	machine_destroy(t->m);

	t = world(never_overcommit);
	half = totalram_pages(t->m) / 2;
	/* committed pages stay below half of RAM, less total_vm / 32 */
	cr_expect_eq(sys_mmap(t, BASE, half * PAGE, RW, PRIV, NULL, 0),
		     ERR_VALUE(-ENOMEM));
	cr_expect_eq(sys_mmap(t, BASE, (half - 1) * PAGE, RW,
			      PRIV | MAP_NORESERVE_EMU, NULL, 0),
		     BASE);
	cr_expect_eq(t->m->vm_committed_as, (int64_t)half - 1);
	cr_expect_eq(sys_mmap(t, 0x40000000, PAGE, RW, PRIV, NULL, 0),
		     ERR_VALUE(-ENOMEM));
	m = t->m;
	do_exit(t, 0);
	cr_expect_eq(m->vm_committed_as, 0);
	machine_destroy(m);
}

Test(mmap_errno, brk)
{
	struct task_struct *t = world(NULL);
	vaddr_t start = t->mm->start_brk;

	cr_expect_eq(sys_brk(t, 0), start);
	cr_expect_eq(sys_brk(t, start + 100), start + 100);
	cr_expect_eq(sys_brk(t, start + 3 * PAGE), start + 3 * PAGE);
	cr_expect_eq(sys_brk(t, 0xffffffff), start + 3 * PAGE);
	cr_expect_eq(sys_brk(t, start - 1), start + 3 * PAGE);
	map_private(t, start + 8 * PAGE, 1);
	/* a page must stay free below the next area */
	cr_expect_eq(sys_brk(t, start + 8 * PAGE), start + 3 * PAGE);
	cr_expect_eq(sys_brk(t, start + 7 * PAGE), start + 7 * PAGE);
	cr_expect_eq(t->mm->map_count, 2);
	cr_expect_eq(sys_brk(t, start), start);
	cr_expect_eq(t->mm->map_count, 1);
	machine_destroy(t->m);
}

Test(mmap_errno, stack)
{
	struct task_struct *t = world(NULL);
	struct access_result res;
	vaddr_t top = 0x60000000, low = top - (8 << 20);

	map(t, top - 2 * PAGE, 2 * PAGE, RW,
	    MAP_PRIVATE_EMU | MAP_GROWSDOWN_EMU, NULL);
	wr(t, top - PAGE);
	/* the guard page is touched: one page more */
	wr(t, top - 2 * PAGE);
	cr_expect_eq(find_vma(t->mm, top - 1)->vm_start, top - 3 * PAGE);
	cr_expect_eq(t->mm->stack_vm, 3);
	/* RLIMIT_STACK: 8 MiB with the guard page */
	touch(t, low + PAGE, 1, ACCESS_WRITE, 0);
	cr_expect_eq(find_vma(t->mm, top - 1)->vm_start, low);
	touch(t, low - PAGE, 1, ACCESS_WRITE, EMU_SIGSEGV);
	/* an area right below: the guard page cannot go further */
	map(t, low - PAGE, PAGE, 1, MAP_PRIVATE_EMU, NULL);
	access_range(t, low, 1, 0, ACCESS_READ, &res);
	cr_expect_eq(res.signal, EMU_SIGBUS);
	check_and_destroy(t->m);
}

Test(mmap_errno, checks_find_what_is_broken)
{
	struct task_struct *t = world(NULL);
	struct vm_area_struct *vma;

	map_private(t, BASE, 4);
	map_private(t, BASE + 8 * PAGE, 4);
	vma = find_vma(t->mm, BASE);
	check_areas(t->m);
#define BREAKS(lvalue, value)                                  \
	do {                                                   \
		__typeof__(lvalue) was = (lvalue);             \
		(lvalue) = (value);                            \
		struct checker c = {0};                        \
		mmap_check(t->m, &c);                          \
		cr_expect_gt(c.broken, 0, "%s", #lvalue);      \
		(lvalue) = was;                                \
	} while (0)
	BREAKS(vma->vm_end, BASE + 9 * PAGE);
	BREAKS(vma->vm_start, BASE + 1);
	BREAKS(vma->vm_next->vm_prev, NULL);
	BREAKS(vma->rb_subtree_gap, 5);
	BREAKS(vma->vm_flags, vma->vm_flags | VM_SHARED);
	BREAKS(t->mm->map_count, 3);
	BREAKS(t->mm->highest_vm_end, BASE);
	BREAKS(t->mm->total_vm, 9);
	BREAKS(t->mm->locked_vm, 1);
	BREAKS(t->mm->stack_vm, 1);
	BREAKS(t->m->vm_committed_as, 7);
	check_areas(t->m);
	machine_destroy(t->m);
}
