/* test_fremap.c - remap_file_pages: what is faulted in at once, and what not. */
#include "mm_fixture.h"

/* Pages 0 to 7 of a file, shared, none of them present. */
static struct task_struct *mapped(struct file **file)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);

	*file = open_rw(m, "/t", 8 * PAGE, true, FS_TMPFS);
	map(t, BASE, 8 * PAGE, RW, MAP_SHARED_EMU, *file);
	return t;
}

static bool is_file_entry(struct task_struct *t, vaddr_t addr)
{
	return pte_file(t->m->fmt, __pte(pte_value(t, addr)));
}

Test(fremap, pages_are_there_at_once)
{
	struct file *f;
	struct task_struct *t = mapped(&f);

	cr_assert_eq(sys_remap_file_pages(t, BASE, 2 * PAGE, 5, 0), 0);
	cr_expect_eq(page_at(t, BASE), find_page(&f->f_inode->i_data, 5));
	cr_expect_eq(page_at(t, BASE + PAGE),
		     find_page(&f->f_inode->i_data, 6));
	cr_expect_eq(get_mm_counter(t->mm, MM_FILEPAGES), 2);
	fput(t->m, f);
	check_and_destroy(t->m);
}

Test(fremap, nonblock_only_writes_down_which)
{
	struct file *f;
	struct task_struct *t = mapped(&f);

	cr_assert_eq(sys_remap_file_pages(t, BASE, 2 * PAGE, 5,
					  MAP_NONBLOCK_EMU), 0);
	cr_expect(is_file_entry(t, BASE));
	cr_expect(is_file_entry(t, BASE + PAGE));
	cr_expect_eq(get_mm_counter(t->mm, MM_FILEPAGES), 0);
	cr_expect_eq(t->min_flt, 0);
	cr_expect_eq(rd(t, BASE + PAGE), 1);
	cr_expect_eq(page_at(t, BASE + PAGE),
		     find_page(&f->f_inode->i_data, 6));
	fput(t->m, f);
	check_and_destroy(t->m);
}

Test(fremap, a_locked_area_never_waits)
{
	struct file *f;
	struct task_struct *t = mapped(&f);

	cr_assert_eq(sys_mlock(t, BASE, 8 * PAGE), 0);
	cr_assert_eq(sys_remap_file_pages(t, BASE, 2 * PAGE, 5,
					  MAP_NONBLOCK_EMU), 0);
	cr_expect_eq(page_at(t, BASE), find_page(&f->f_inode->i_data, 5));
	fput(t->m, f);
	check_and_destroy(t->m);
}

Test(fremap, what_is_refused_faults_nothing_in)
{
	struct file *f;
	struct task_struct *t = mapped(&f);

	map_private(t, BASE + 16 * PAGE, 2);
	cr_expect_eq(sys_remap_file_pages(t, BASE + 16 * PAGE, PAGE, 5, 0),
		     -EINVAL);
	cr_expect_eq(sys_remap_file_pages(t, BASE + 7 * PAGE, 2 * PAGE, 0, 0),
		     -EINVAL);
	cr_expect_eq(t->min_flt, 0);
	fput(t->m, f);
	check_and_destroy(t->m);
}

/* The last offset an entry of two levels can hold is 2^29 - 1. */
Test(fremap, offsets_that_an_entry_holds)
{
	const uint64_t limit = (uint64_t)1 << 29;
	struct file *f;
	struct task_struct *t = mapped(&f);

	map(t, BASE + 64 * PAGE, 256 * PAGE, RW, MAP_SHARED_EMU, f);
	cr_expect_eq(sys_remap_file_pages(t, BASE + 64 * PAGE, 256 * PAGE, 3,
					  MAP_NONBLOCK_EMU), 0);
	cr_expect_eq(sys_remap_file_pages(t, BASE, 2 * PAGE, limit - 3,
					  MAP_NONBLOCK_EMU), 0);
	cr_expect_eq(sys_remap_file_pages(t, BASE, 2 * PAGE, limit - 2,
					  MAP_NONBLOCK_EMU), -EINVAL);
	fput(t->m, f);
	check_and_destroy(t->m);
}
