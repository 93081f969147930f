/*
 * test_host.c - host memory: what is taken is given back, in the sizes in which
 * it was taken, and what cannot be had ends at fail().
 */
#include "core/ksm.h"
#include "core/policy.h"
#include "core/swapfile.h"
#include "mm_fixture.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdlib.h>

#define MAX_BLOCKS 65536u

/* Every block that is out, by address. */
struct ledger {
	void *at[MAX_BLOCKS];
	size_t size[MAX_BLOCKS];
	unsigned nr;
	bool wrong; /* gave back what was not out, or in another size */
	bool empty; /* there is no memory */
	jmp_buf failed;
};

static void *note(struct ledger *l, void *p, size_t size)
{
	cr_assert_lt(l->nr, MAX_BLOCKS);
	l->at[l->nr] = p;
	l->size[l->nr++] = size;
	return p;
}

static void strike(struct ledger *l, void *p, size_t size)
{
	for (unsigned i = l->nr; i-- > 0;)
		if (l->at[i] == p && l->size[i] == size) {
			l->nr--;
			l->at[i] = l->at[l->nr];
			l->size[i] = l->size[l->nr];
			return;
		}
	l->wrong = true;
}

static void *take(void *ctx, size_t size)
{
	struct ledger *l = ctx;

	return l->empty ? NULL : note(l, calloc(1, size), size);
}

static void give(void *ctx, void *p, size_t size)
{
	strike(ctx, p, size);
	free(p);
}

static void *reserve(void *ctx, size_t size)
{
	struct ledger *l = ctx;

	return l->empty ? NULL
			: note(l, host_default_ops.reserve(NULL, size), size);
}

static void release(void *ctx, void *p, size_t size)
{
	strike(ctx, p, size);
	host_default_ops.release(NULL, p, size);
}

static void fail(void *ctx, size_t size)
{
	struct ledger *l = ctx;

	longjmp(l->failed, (int)size);
}

static struct ledger ledger;
static const struct host_ops ops = {.ctx = &ledger,
				    .alloc = take,
				    .free = give,
				    .reserve = reserve,
				    .release = release,
				    .fail = fail};

/* All the ways in which a machine comes to host memory. */
static void live(struct machine *m)
{
	struct task_struct *t = spawn(m, 1), *child;
	struct inode *inode;

	cr_assert_eq(file_declare(m, "/f", 100000, 8, 1, 7, true, FS_EXT2,
				  &inode), 0);
	cr_assert_eq(sys_swapon(m, 1 << 20), 0);
	cr_assert_eq(sys_swapon(m, 2 << 20), 0);
	map_private(t, BASE, 100);
	touch(t, BASE, 100 * PAGE, ACCESS_WRITE, 11);
	child = fork_task(t, 2);
	wr(child, BASE);
	cr_assert_eq(sys_madvise(t, BASE, 100 * PAGE, MADVISE_MERGEABLE), 0);
	for (unsigned i = 0; i < 2; i++)
		ksm_full_scan(m);
	cr_assert_eq(sys_swapoff(m), 0);
}

Test(host, a_machine_gives_all_back)
{
	struct machine_config cfg;
	struct machine *m = NULL;
	const char *why = "";

	for (int with = 0; with < 4; with++) {
		machine_config_default(&cfg);
		cfg.memory = 16ull << 20;
		cfg.tlb.on = with & 1;
		cfg.large_pages = with & 2;
		cr_assert_eq(machine_create(&cfg, &ops, &m, &why), 0, "%s",
			     why);
		cr_expect_gt(ledger.nr, 10);
		live(m);
		check_and_destroy(m);
		cr_expect_eq(ledger.nr, 0, "%u blocks are left", ledger.nr);
		cr_expect(!ledger.wrong, "given back twice or in part");
	}
}

/* A configuration that is refused half way through boot, too. */
Test(host, a_machine_that_cannot_be_made_gives_all_back)
{
	struct machine_config cfg;
	struct machine *m = NULL;
	const char *why = NULL;

	machine_config_default(&cfg);
	cfg.memory = 16ull << 20;
	cfg.kernel_start = 16ull << 20;
	cr_expect_neq(machine_create(&cfg, &ops, &m, &why), 0);
	cr_expect_eq(ledger.nr, 0);
	cr_expect(!ledger.wrong);
}

Test(host, policies_give_all_back)
{
	struct reference_string s;

	references_init(&s, &ops);
	for (unsigned i = 0; i < 5000; i++)
		references_add(&s, i * 7 % 900, 1);
	for (unsigned p = 0; p < NR_POLICIES; p++) {
		unsigned before = ledger.nr;

		cr_expect_gt(policy_faults(&s, p, 100), 900);
		cr_expect_eq(ledger.nr, before, "%s", policy_names[p]);
	}
	references_destroy(&s);
	cr_expect_eq(ledger.nr, 0);
	cr_expect(!ledger.wrong);
}

Test(host, no_memory_is_told)
{
	struct hpool pool;
	volatile unsigned told = 0;

	hpool_init(&pool, &ops, 24);
	ledger.empty = true;
	if (setjmp(ledger.failed))
		told++;
	else
		host_alloc(&ops, 100);
	if (setjmp(ledger.failed))
		told++;
	else
		host_reserve(&ops, 4096);
	if (setjmp(ledger.failed))
		told++;
	else
		hpool_alloc(&pool, NULL);
	cr_expect_eq(told, 3);
	hpool_destroy(&pool);
	cr_expect_eq(ledger.nr, 0);
}

/* What the tool uses when nobody gives it anything else. */
Test(host, the_usual_functions_give_back)
{
	const size_t size = 1 << 16;
	size_t before;

	host_default_ops.free(NULL, host_default_ops.alloc(NULL, size), size);
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < 100; i++)
		host_default_ops.free(NULL, host_default_ops.alloc(NULL, size),
				      size);
	cr_expect_lt(mallinfo2().uordblks - before + size, 2 * size);
}
