/*
 * test_task.c - processes: start, copy, share, end, and who dies for memory.
 * What each event costs is in test_objects.c.
 */
#include "core/slab.h"
#include "mm_fixture.h"

#include <stdlib.h>

#define RW (PROT_READ_EMU | PROT_WRITE_EMU)
#define ANON (MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU)

static void write_pages(struct task_struct *t, vaddr_t addr, uint64_t pages)
{
	struct access_result res;

	t->m->current = t;
	access_range(t, addr, pages * PAGE, 0, ACCESS_WRITE, &res);
	cr_assert_eq(res.signal, 0);
}

static struct machine *boot_with(enum wait_mode reap, uint64_t memory)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = memory;
	cfg.reap = reap;
	return make_machine(&cfg);
}

/* ---- start ---- */

Test(task, numbers)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *other;

	cr_expect_eq(task_spawn(m, 0, "x", &other), -EINVAL);
	cr_expect_eq(task_spawn(m, PID_MAX_LIMIT + 1, "x", &other), -EINVAL);
	cr_expect_eq(task_spawn(m, 100, "x", &other), -EEXIST);
	cr_expect_eq(do_fork(t, 0, 100, &other), -EEXIST);
	cr_expect_eq(task_spawn(m, PID_MAX_LIMIT, "0123456789abcdefgh",
				&other), 0);
	cr_expect_str_eq(other->comm, "0123456789abcde");
	cr_expect_eq(find_task_by_pid(m, PID_MAX_LIMIT), other);
	cr_expect_null(find_task_by_pid(m, 101));
	check_and_destroy(m);
}

Test(task, spawned_process_is_empty)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	cr_expect_null(t->mm->mmap);
	cr_expect_eq(t->mm->total_vm, 0);
	cr_expect_eq(t->mm->nr_ptes, 0);
	cr_expect_eq(t->mm->mmap_base, 0xb8000000);
	cr_expect_eq(sys_brk(t, 0), SPAWN_BRK);
	cr_expect_eq(sys_brk(t, SPAWN_BRK + 100), SPAWN_BRK + 100);
	cr_expect_eq(t->mm->map_count, 1);
	machine_destroy(m);
}

/* ---- fork ---- */

Test(task, fork_copies_sizes_not_locks)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	int64_t committed;

	map(t, BASE, 8 * PAGE, RW, ANON, NULL);
	map(t, BASE + (64 << 20), 4 * PAGE, RW, ANON, NULL);
	write_pages(t, BASE, 3);
	cr_assert_eq(sys_mlock(t, BASE, 2 * PAGE), 0);
	cr_assert_eq(sys_madvise(t, BASE + (64 << 20), 4 * PAGE,
				 MADVISE_DONTFORK), 0);
	committed = m->vm_committed_as;
	child = fork_task(t, 101);
	cr_expect_eq(child->parent, t);
	cr_expect_eq(child->mm->total_vm, 8);
	cr_expect_eq(child->mm->locked_vm, 0);
	cr_expect_eq(child->mm->map_count, 2);
	cr_expect_eq(get_mm_counter(child->mm, MM_ANONPAGES), 3);
	cr_expect_eq(child->mm->hiwater_rss, 3);
	cr_expect_eq(child->min_flt, 0);
	cr_expect_eq(m->vm_committed_as, committed + 8);
	check_machine(m);
	do_exit(child, 0);
	cr_expect_eq(m->vm_committed_as, committed);
	check_and_destroy(m);
}

Test(task, child_outlives_parent)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;

	map(t, BASE, 4 * PAGE, RW, ANON, NULL);
	write_pages(t, BASE, 4);
	child = fork_task(t, 101);
	do_exit(t, 0);
	cr_expect_null(find_task_by_pid(m, 100));
	cr_expect_null(child->parent);
	cr_expect_eq(global_page_state(m, NR_ANON_PAGES), 4);
	write_pages(child, BASE, 4);
	cr_expect_eq(global_page_state(m, NR_ANON_PAGES), 4, "not copied");
	check_machine(m);
	do_exit(child, 0);
	cr_expect_eq(global_page_state(m, NR_ANON_PAGES), 0);
	cr_expect_eq(global_page_state(m, NR_PAGETABLE), 0);
	cr_expect_eq(global_page_state(m, NR_KERNEL_STACK), 0);
	cr_expect(list_empty(&m->mm_list));
	check_and_destroy(m);
}

/* They are on nobody's list, so not on that of who gets the parent's place. */
Test(task, orphans_are_nobodys_children)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct task_struct *a = fork_task(t, 101), *b = fork_task(t, 102);

	do_exit(t, 0);
	cr_expect(list_empty(&a->sibling));
	cr_expect(list_empty(&b->sibling));
	t = spawn(m, 103);
	child = fork_task(t, 104);
	do_exit(a, 0);
	do_exit(b, 0);
	cr_expect_eq(list_first_entry(&t->children, struct task_struct,
				      sibling), child);
	check_and_destroy(m);
}

/* ---- zombies ---- */

Test(task, explicit_wait_keeps_zombies)
{
	struct machine *m = boot_with(WAIT_EXPLICIT, 64 << 20);
	struct task_struct *t = spawn(m, 100);
	struct task_struct *a = fork_task(t, 101), *b = fork_task(t, 102);

	a->min_flt = 7;
	do_exit(a, 3 << 8);
	cr_expect_eq(find_task_by_pid(m, 101), a);
	cr_expect_eq(a->state, TASK_ZOMBIE);
	cr_expect_eq(a->exit_code, 3 << 8);
	check_machine(m);
	release_task(a);
	cr_expect_null(find_task_by_pid(m, 101));
	cr_expect_eq(t->cmin_flt, 7);
	do_group_exit_signal(b, EMU_SIGKILL);
	cr_expect_eq(kmem_cache_live(m->caches.sigqueue), 1);
	do_group_exit_signal(t, EMU_SIGSEGV); /* init takes b, and waits */
	cr_expect_null(find_task_by_pid(m, 102));
	cr_expect_eq(kmem_cache_live(m->caches.sigqueue), 0);
	cr_expect_eq(t->state, TASK_ZOMBIE);
	check_and_destroy(m);
}

/* ---- no memory ---- */

/* All that GFP_KERNEL may take; the last taken first in the array. */
static unsigned take_everything(struct machine *m, struct page **pages)
{
	unsigned n = 0;
	struct page *p;

	while ((p = alloc_pages(m, GFP_KERNEL | __GFP_NORETRY, 0))) {
		SetPageKernel(p);
		pages[n++] = p;
	}
	return n;
}

static void live_objects(const struct machine *m, uint32_t *live)
{
	const struct kmem_cache *c;

	list_for_each_entry(c, &m->slab_caches, list)
		*live++ = kmem_cache_live(c);
}

/* One page more each time: fork fails at every step it has, and each failure
 * leaves what was there before. */
Test(task, fork_without_memory)
{
	static struct page *pages[8192];
	struct machine *m = boot_with(WAIT_AUTO, 32 << 20);
	struct task_struct *t = spawn(m, 100), *child = NULL;
	uint32_t before[256] = {0}, after[256] = {0};
	unsigned n, failures = 0;
	int err = -ENOMEM;

	t->oom_score_adj = -1000; /* it must not die for it */
	for (unsigned i = 0; i < 12; i++) {
		map(t, BASE + i * (8 << 20), 4 * PAGE, RW, ANON, NULL);
		write_pages(t, BASE + i * (8 << 20), 1);
	}
	m->cfg.overcommit = OVERCOMMIT_ALWAYS;
	n = take_everything(m, pages);
	while (err && n) {
		live_objects(m, before);
		err = do_fork(t, 0, 101, &child);
		if (!err)
			break;
		cr_assert_eq(err, -ENOMEM);
		failures++;
		live_objects(m, after);
		cr_assert_arr_eq(before, after, sizeof(before));
		check_machine(m);
		n--;
		ClearPageKernel(pages[n]);
		__free_pages(m, pages[n], 0);
	}
	cr_expect_eq(err, 0);
	cr_expect_geq(failures, 12, "%u", failures);
	check_and_destroy(m);
}

/* ---- out of memory ---- */

static struct task_struct *hog(struct machine *m, uint32_t pid, uint64_t pages)
{
	struct task_struct *t = spawn(m, pid);

	map(t, BASE, 1024 * PAGE, RW, ANON, NULL);
	write_pages(t, BASE, pages);
	return t;
}

Test(task, oom_takes_the_largest)
{
	struct machine *m = boot_with(WAIT_AUTO, 64 << 20);
	struct task_struct *big;

	/* 30 thousandths of memory are root's bonus: beyond it, size counts */
	hog(m, 100, 600);
	big = hog(m, 101, 900);
	hog(m, 102, 700);
	m->current = NULL;
	cr_expect_gt(oom_badness(big), 1);
	out_of_memory(m, GFP_KERNEL, 0);
	cr_expect_null(find_task_by_pid(m, 101));
	out_of_memory(m, GFP_KERNEL, 0);
	cr_expect_null(find_task_by_pid(m, 102));
	check_machine(m);
	find_task_by_pid(m, 100)->oom_score_adj = -1000;
	cr_expect_null(out_of_memory(m, GFP_KERNEL, 0));
	cr_expect(find_task_by_pid(m, 100));
	machine_destroy(m);
}

Test(task, oom_takes_a_child_first)
{
	struct machine *m = boot_with(WAIT_AUTO, 64 << 20);
	struct task_struct *t = hog(m, 100, 900), *child;

	child = fork_task(t, 101);
	cr_assert_eq(do_fork(t, CLONE_VM_EMU, 102, &child), 0);
	m->current = NULL;
	out_of_memory(m, GFP_KERNEL, 0);
	cr_expect_null(find_task_by_pid(m, 101));
	cr_expect(find_task_by_pid(m, 100));
	/* now only the child that shares the mm is left: all of them go */
	out_of_memory(m, GFP_KERNEL, 0);
	cr_expect(list_empty(&m->tasks));
	cr_expect_eq(global_page_state(m, NR_ANON_PAGES), 0);
	check_and_destroy(m);
}

Test(task, oom_marks_the_current_process)
{
	struct machine *m = boot_with(WAIT_AUTO, 64 << 20);
	struct task_struct *t = hog(m, 100, 900);

	m->current = t;
	cr_expect_eq(out_of_memory(m, GFP_KERNEL, 0), t);
	cr_expect(t->memdie);
	cr_expect_eq(find_task_by_pid(m, 100), t);
	do_group_exit_signal(t, EMU_SIGKILL);
	cr_expect_eq(kmem_cache_live(m->caches.sigqueue), 0);
	check_and_destroy(m);
}

/* ---- the checks find what is broken ---- */

Test(task, check_finds)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child = fork_task(t, 101);

	check_machine(m);
	t->mm->mm_users++;
	cr_expect(is_broken(m));
	t->mm->mm_users--;
	m->pid_table[101] = NULL;
	cr_expect(is_broken(m));
	m->pid_table[101] = child;
	child->obj.files->count++;
	cr_expect(is_broken(m));
	child->obj.files->count--;
	ClearPageKernel(child->obj.stack + 1);
	cr_expect(is_broken(m));
	SetPageKernel(child->obj.stack + 1);
	check_and_destroy(m);
}
