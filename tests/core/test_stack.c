/*
 * test_stack.c - how far an area that grows down may grow: each limit up to its
 * last page, and nothing changed behind it.
 */
#include "core/mmap.h"
#include "vma_fixture.h"

#define TOP (BASE + 64 * PAGE)
#define GROWSDOWN (MAP_PRIVATE_EMU | MAP_GROWSDOWN_EMU)

static struct task_struct *
process(void (*adjust)(struct machine_config *))
{
	struct machine *m = boot_window(1024, MMAP_TOPDOWN, adjust);
	struct task_struct *t = spawn(m, 1);

	m->current = t;
	return t;
}

/* A stack of so many pages that ends at TOP. */
static struct vm_area_struct *stack(struct task_struct *t, uint64_t pages)
{
	map(t, TOP - pages * PAGE, pages * PAGE, RW, GROWSDOWN, NULL);
	return find_vma(t->mm, TOP - PAGE);
}

/* It may have `pages` pages, and not one more. */
static void grows_to(struct vm_area_struct *vma, uint64_t pages, int why_not)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t total;

	cr_expect_eq(expand_downwards(vma, TOP - pages * PAGE), 0);
	cr_expect_eq(vma_pages(vma), pages);
	total = mm->total_vm;
	cr_expect_eq(expand_downwards(vma, TOP - (pages + 1) * PAGE), why_not);
	cr_expect_eq(vma_pages(vma), pages);
	cr_expect_eq(mm->total_vm, total);
	cr_expect_eq(mm->stack_vm, pages);
	check_areas(mm->m);
}

static void small_stack(struct machine_config *cfg)
{
	cfg->rlimit_stack = 16 * PAGE;
}

Test(stack, rlimit_stack)
{
	struct task_struct *t = process(small_stack);

	grows_to(stack(t, 2), 16, -ENOMEM);
	check_and_destroy(t->m);
}

static void small_space(struct machine_config *cfg)
{
	cfg->rlimit_as = 10 * PAGE;
}

Test(stack, rlimit_as_counts_all_areas)
{
	struct task_struct *t = process(small_space);

	map_private(t, BASE, 3);
	grows_to(stack(t, 2), 7, -ENOMEM);
	check_and_destroy(t->m);
}

static void small_lock(struct machine_config *cfg)
{
	cfg->rlimit_memlock = 6 * PAGE;
	cfg->uid = 1000;
}

Test(stack, rlimit_memlock_counts_for_a_locked_stack)
{
	struct task_struct *t = process(small_lock);

	stack(t, 2);
	cr_assert_eq(sys_mlock(t, TOP - 2 * PAGE, 2 * PAGE), 0);
	grows_to(find_vma(t->mm, TOP - PAGE), 6, -ENOMEM);
	cr_expect_eq(t->mm->locked_vm, 6);
	check_and_destroy(t->m);
}

static void strict(struct machine_config *cfg)
{
	cfg->overcommit = OVERCOMMIT_NEVER;
}

/* The commit limit is taken up by another area but for three pages. */
Test(stack, overcommit)
{
	struct task_struct *t = process(strict);
	struct machine *m = t->m;
	struct vm_area_struct *vma = stack(t, 2);
	int64_t charged = m->vm_committed_as, room = 0;

	while (!security_vm_enough_memory_mm(t->mm, 1))
		room++;
	vm_unacct_memory(m, 3);
	grows_to(vma, 5, -ENOMEM);
	vm_unacct_memory(m, room - 3);
	cr_expect_eq(m->vm_committed_as, charged + 3);
	check_and_destroy(m);
}

static void no_root(struct machine_config *cfg)
{
	cfg->uid = 1000;
	cfg->mmap_min_addr = TOP - 20 * PAGE;
}

Test(stack, mmap_min_addr)
{
	struct task_struct *t = process(no_root);

	grows_to(stack(t, 2), 20, -EPERM);
	check_and_destroy(t->m);
}

/*
 * Page 0 of an anonymous area has a number that fits its place. One that was
 * touched and moved keeps its numbers: below 0 it cannot grow.
 */
Test(stack, page_numbers_end_at_zero)
{
	struct task_struct *t = process(NULL);
	struct vm_area_struct *vma;
	vaddr_t low = 5 * PAGE;

	map(t, low, 2 * PAGE, RW, GROWSDOWN, NULL);
	wr(t, low + PAGE);
	cr_assert_eq(sys_mremap(t, low, 2 * PAGE, 2 * PAGE,
				MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU,
				TOP - 2 * PAGE), TOP - 2 * PAGE);
	vma = find_vma(t->mm, TOP - PAGE);
	cr_assert_eq(vma->vm_pgoff, 5);
	grows_to(vma, 7, -ENOMEM);
	cr_expect_eq(vma->vm_pgoff, 0);
	check_and_destroy(t->m);
}

/* mlock passes over the guard page and goes on behind it. */
Test(stack, mlock_leaves_the_guard_page_alone)
{
	struct task_struct *t = process(NULL);
	struct vm_area_struct *vma = stack(t, 6);

	cr_assert_eq(sys_mlock(t, TOP - 6 * PAGE, 6 * PAGE), 0);
	cr_expect_eq(vma_pages(vma), 6, "not grown");
	cr_expect_eq(pte_value(t, TOP - 6 * PAGE), 0);
	for (unsigned i = 1; i <= 5; i++)
		cr_expect_neq(pte_value(t, TOP - i * PAGE), 0, "page %u", i);
	cr_expect_eq(stat_of(t->m, NR_MLOCK), 5);
	check_and_destroy(t->m);
}
