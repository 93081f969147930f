/*
 * test_story.c - what functions say of themselves when they are entered.
 *
 * A case does something to one page at BASE and looks at the calls that were
 * told, with as many values as it names: "put_page(pfn, 1)".
 */
#include "core/migrate.h"
#include "core/swap.h"
#include "core/vmscan.h"
#include "swap_fixture.h"

#define MOST_CALLS 512

struct listener {
	struct observation call[MOST_CALLS];
	unsigned nr;
	struct observer observer;
};

static void note_call(void *ctx, const struct observation *o)
{
	struct listener *l = ctx;

	if (o->kind == OBS_CALL && l->nr < MOST_CALLS)
		l->call[l->nr++] = *o;
}

static void listen_to(struct machine *m, struct listener *l)
{
	l->nr = 0;
	l->observer = (struct observer){l, note_call};
	m->observer = &l->observer;
}

/* How often it was told with these values. */
static unsigned told(const struct listener *l, const char *func, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->nr; i++) {
		const struct observation *o = &l->call[i];

		n += !strcmp(o->func, func) && o->a == a && o->b == b &&
		     o->c == c && o->d == d;
	}
	return n;
}

#define ONCE(func, a, b, c, d)                                             \
	cr_expect_eq(told(&l, func, (uint64_t)(a), (uint64_t)(b),          \
			  (uint64_t)(c), (uint64_t)(d)),                   \
		     1, "%s", func)

/* Four pages at BASE, the second one written. */
static struct task_struct *one_page(struct machine *m)
{
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 4);
	put(t, BASE + PAGE, 7);
	lru_add_drain(m);
	return t;
}

Test(story, a_fault)
{
	static struct listener l;
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 4);
	listen_to(m, &l);
	wr(t, BASE + PAGE);
	m->observer = NULL;
	ONCE("do_page_fault", BASE + PAGE, 2 | 4, 0, 0);
	ONCE("__do_page_fault", BASE + PAGE, 2 | 4, 0, 0);
	ONCE("handle_pte_fault", BASE + PAGE, 0, 0, 0);
	ONCE("do_anonymous_page", BASE + PAGE, 0, 0, 0);
	ONCE("page_add_new_anon_rmap", page_to_pfn(m, page_at(t, BASE + PAGE)),
	     BASE + PAGE, 0, 0);
	machine_destroy(m);
}

static uint64_t pte_state;

static void note_pte_state(void *ctx __unused_arg, const struct observation *o)
{
	if (o->kind == OBS_PTE_STATE)
		pte_state = o->b;
}

/* Which branch handle_pte_fault() takes is told by number: 1 nothing there yet,
 * 4 a write that is not permitted, 5 nothing wrong (any more). */
Test(story, what_the_entry_says)
{
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *t = one_page(m);
	struct observer observer = {NULL, note_pte_state};
	const struct {
		unsigned page, flags;
		uint64_t state;
	} cases[] = {{0, 0, 1},
		     {0, 0, 5},
		     {0, FAULT_FLAG_WRITE, 4},
		     {1, FAULT_FLAG_WRITE, 5},
		     {1, 0, 5}};

	m->observer = &observer;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		vaddr_t addr = BASE + cases[i].page * PAGE;

		handle_mm_fault(t->mm, find_vma(t->mm, addr), addr,
				cases[i].flags);
		cr_expect_eq(pte_state, cases[i].state, "%u: %u", i,
			     (unsigned)pte_state);
	}
	m->observer = NULL;
	check_and_destroy(m);
}

Test(story, fork_goes_down_to_the_entry)
{
	static struct listener l;
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *t = one_page(m);
	uint64_t pte = pte_value(t, BASE + PAGE);

	listen_to(m, &l);
	fork_task(t, 101);
	m->observer = NULL;
	ONCE("copy_page_range", BASE, BASE + 4 * PAGE, 0, 0);
	ONCE("copy_pte_range", BASE, BASE + 4 * PAGE, 0, 0);
	ONCE("copy_one_pte", BASE + PAGE, pte, 0, 0);
	machine_destroy(m);
}

Test(story, copy_on_write)
{
	static struct listener l;
	struct machine *m = boot_swap("x86-2level", 0);
	struct task_struct *t = one_page(m), *child = fork_task(t, 101);
	struct page *old = page_at(t, BASE + PAGE);
	uint64_t pte = pte_value(child, BASE + PAGE);

	listen_to(m, &l);
	wr(child, BASE + PAGE);
	m->observer = NULL;
	ONCE("do_wp_page", BASE + PAGE, pte, 0, 0);
	ONCE("page_remove_rmap", page_to_pfn(m, old), 0, 0, 0);
	machine_destroy(m);
}

/* The second value of put_page() is what is left. */
Test(story, references)
{
	static struct listener l;
	struct machine *m = boot_swap("x86-2level", 0);
	struct page *page = page_at(one_page(m), BASE + PAGE);
	struct page *block = alloc_pages(m, GFP_KERNEL, 3);
	pfn_t pfn = page_to_pfn(m, page), first = page_to_pfn(m, block);

	get_page(page);
	get_page(page);
	listen_to(m, &l);
	put_page(m, page);
	put_page(m, page);
	__free_pages(m, block, 3);
	m->observer = NULL;
	ONCE("put_page", pfn, 2, 0, 0);
	ONCE("put_page", pfn, 1, 0, 0);
	ONCE("__free_pages", first, 3, 0, 0);
	check_and_destroy(m);
}

static struct page *any_page(struct machine *m, struct page *page __unused_arg,
			     void *ctx __unused_arg)
{
	return alloc_page(m, GFP_HIGHUSER_MOVABLE);
}

Test(story, migration)
{
	static struct listener l;
	struct machine *m = boot_swap("x86-2level", 0);
	struct page *page = page_at(one_page(m), BASE + PAGE);
	struct page_list from = {0};

	cr_assert_eq(isolate_lru_page(m, page), 0);
	page_list_add(m, &from, page);
	acct_isolated(m, page, 1);
	listen_to(m, &l);
	cr_assert_eq(migrate_pages(m, &from, any_page, NULL), 0);
	m->observer = NULL;
	ONCE("migrate_pages", 1, 0, 0, 0);
	ONCE("unmap_and_move", page_to_pfn(m, page), 0, 0, 0);
	check_and_destroy(m);
}

Test(story, into_swap)
{
	static struct listener l;
	struct machine *m = boot_swap("x86-2level", MEMORY_PAGES);
	struct page *page = page_at(one_page(m), BASE + PAGE);
	pfn_t pfn = page_to_pfn(m, page);

	listen_to(m, &l);
	cr_assert(add_to_swap(m, page));
	m->observer = NULL;
	ONCE("add_to_swap", pfn, 0, 0, 0);
	ONCE("get_swap_page", 0, 0, 0, 0);
	machine_destroy(m);
}
