/* test_mmu.c - accesses: A and D, faults and their signals, the software TLB. */
#include "core/check.h"
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/pgtable.h"
#include "core/task.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define BASE 0x20000000ull
#define R PROT_READ_EMU
#define W PROT_WRITE_EMU
#define X PROT_EXEC_EMU
#define ANON (MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU)

struct world {
	struct machine *m;
	struct task_struct *task;
	struct access_result res;
};

static struct world boot(const char *paging, bool nx)
{
	struct world w = {0};
	struct machine_config cfg;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = 64u << 20;
	cfg.nx = nx;
	w.m = make_machine(&cfg);
	cr_assert_eq(task_spawn(w.m, 100, "t", &w.task), 0);
	w.m->current = w.task;
	return w;
}

static void map(struct world *w, vaddr_t addr, uint64_t pages, unsigned prot,
		unsigned flags)
{
	cr_assert_eq(sys_mmap(w->task, addr, pages << 12, prot, flags, NULL, 0),
		     addr);
}

static int touch(struct world *w, vaddr_t addr, enum access_kind kind)
{
	access_range(w->task, addr, 1, 0, kind, &w->res);
	return w->res.signal;
}

static uint64_t entry(const struct world *w, vaddr_t addr)
{
	ptep_t at = pte_offset(w->task->mm, addr);

	return at ? ptep_get(w->task->mm, at).v : 0;
}

static void check(const struct world *w)
{
	struct checker c = {.tell = tell_broken};

	pgtable_check(w->m, &c);
	cr_assert_eq(c.broken, 0);
}

/* ---- entries and counts of plain accesses ---- */

Test(mmu, read_then_write_takes_two_minor_faults)
{
	struct world w = boot("x86-2level", true);

	map(&w, BASE, 4, R | W, ANON);
	cr_expect_eq(touch(&w, BASE, ACCESS_READ), 0);
	cr_expect_eq(w.res.minflt, 1);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x225);
	cr_expect_eq(touch(&w, BASE, ACCESS_READ), 0);
	cr_expect_eq(w.res.minflt, 0);
	cr_expect_eq(touch(&w, BASE, ACCESS_WRITE), 0);
	cr_expect_eq(w.res.minflt, 1);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x067);
	access_range(w.task, BASE, 4 << 12, 0, ACCESS_WRITE, &w.res);
	cr_expect_eq(w.res.minflt, 3);
	cr_expect_eq(w.task->min_flt, 5);
	cr_expect_eq(w.task->mm->nr_ptes, 1);
	cr_expect_eq(w.m->stats.accesses[ACCESS_READ], 2);
	cr_expect_eq(w.m->stats.accesses[ACCESS_WRITE], 5);
	check(&w);
	machine_destroy(w.m);
}

Test(mmu, the_cpu_sets_accessed_and_dirty)
{
	struct world w = boot("x86-pae", true);
	struct mm_struct *mm = w.task->mm;
	ptep_t at;
	pte_t pte;

	map(&w, BASE, 1, R | W, ANON);
	touch(&w, BASE, ACCESS_WRITE);
	at = pte_offset(mm, BASE);
	pte = ptep_get(mm, at);
	cr_expect_eq(pte.v & 0xfff, 0x067);
	/* cleared by the kernel: a read brings A, only a write brings D */
	set_pte_at(mm, BASE, at, __pte(pte.v & ~(uint64_t)0x60));
	touch(&w, BASE, ACCESS_READ);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x027);
	touch(&w, BASE, ACCESS_READ);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x027);
	touch(&w, BASE, ACCESS_WRITE);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x067);
	cr_expect_eq(w.res.minflt, 0);
	set_pte_at(mm, BASE, at, __pte(pte.v & ~(uint64_t)0x20));
	touch(&w, BASE, ACCESS_WRITE);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x067);
	machine_destroy(w.m);
}

Test(mmu, a_range_touches_each_page_once_a_stride_each_address)
{
	struct world w = boot("x86-2level", true);

	map(&w, BASE, 8, R | W, ANON);
	access_range(w.task, BASE + 0xfff, 2, 0, ACCESS_WRITE, &w.res);
	cr_expect_eq(w.res.minflt, 2);
	cr_expect_eq(w.m->stats.accesses[ACCESS_WRITE], 2);
	access_range(w.task, BASE, 0x8000, 0x400, ACCESS_WRITE, &w.res);
	cr_expect_eq(w.res.minflt, 6);
	cr_expect_eq(w.m->stats.accesses[ACCESS_WRITE], 34);
	access_range(w.task, BASE, 0x8000, 0x3000, ACCESS_READ, &w.res);
	cr_expect_eq(w.m->stats.accesses[ACCESS_READ], 3);
	access_range(w.task, BASE, 0, 0, ACCESS_READ, &w.res);
	cr_expect_eq(w.m->stats.accesses[ACCESS_READ], 3);
	/* every byte of two pages, the last two of one and one behind */
	access_range(w.task, BASE, 0x2000, 1, ACCESS_READ, &w.res);
	cr_expect_eq(w.m->stats.accesses[ACCESS_READ], 3 + 0x2000);
	access_range(w.task, BASE + 0xffe, 3, 1, ACCESS_FETCH, &w.res);
	cr_expect_eq(w.m->stats.accesses[ACCESS_FETCH], 3);
	/* up to the end of the area, then beyond it */
	access_range(w.task, BASE + 0x7ff0, UINT64_MAX, 8, ACCESS_READ, &w.res);
	cr_expect_eq(w.res.signal, EMU_SIGSEGV);
	cr_expect_eq(w.m->stats.accesses[ACCESS_READ], 5 + 0x2000);
	machine_destroy(w.m);
}

/* ---- contents ---- */

static uint8_t byte_at(struct world *w, vaddr_t addr)
{
	uint8_t b = 0xee;

	access_load(w->task, addr, &b, 1, &w->res);
	return b;
}

Test(mmu, stored_bytes_are_read_back)
{
	struct world w = boot("x86-2level", true);
	char got[16];

	map(&w, BASE, 4, R | W, ANON);
	cr_expect_eq(byte_at(&w, BASE + 5), 0);
	access_store(w.task, BASE + 0xffc, "hello wo", 8, &w.res);
	cr_expect_eq(w.res.minflt, 2);
	access_load(w.task, BASE + 0xffc, got, 8, &w.res);
	cr_expect_arr_eq(got, "hello wo", 8);
	access_load_check(w.task, BASE + 0xffc, "hello wo", 8, &w.res);
	cr_expect_not(w.res.mismatch);
	access_load_check(w.task, BASE + 0xffc, "hello wx", 8, &w.res);
	cr_expect(w.res.mismatch);
	/* a write without a value: 1 at the first byte touched of each page,
	 * when it hits as well */
	access_range(w.task, BASE + 0x2010, 0x1000, 0, ACCESS_WRITE, &w.res);
	cr_expect_eq(byte_at(&w, BASE + 0x2010), 1);
	cr_expect_eq(byte_at(&w, BASE + 0x2000), 0);
	cr_expect_eq(byte_at(&w, BASE + 0x3000), 1);
	access_range(w.task, BASE + 0x2020, 1, 0, ACCESS_WRITE, &w.res);
	cr_expect_eq(byte_at(&w, BASE + 0x2020), 1);
	access_range(w.task, BASE + 0x2100, 0x1000, 0x100, ACCESS_WRITE,
		     &w.res);
	cr_expect_eq(byte_at(&w, BASE + 0x2100), 1);
	cr_expect_eq(byte_at(&w, BASE + 0x2200), 0);
	machine_destroy(w.m);
}

Test(mmu, pages_before_the_failing_one_keep_what_was_stored)
{
	struct world w = boot("x86-2level", true);

	map(&w, BASE, 1, R | W, ANON);
	map(&w, BASE + 0x1000, 1, R, ANON);
	access_store(w.task, BASE + 0xffe, "abcd", 4, &w.res);
	cr_expect_eq(w.res.signal, EMU_SIGSEGV);
	cr_expect_eq(w.res.si_code, EMU_SEGV_ACCERR);
	cr_expect_eq(w.res.minflt, 1);
	cr_expect_eq(byte_at(&w, BASE + 0xfff), 'b');
	cr_expect_eq(byte_at(&w, BASE + 0x1000), 0);
	machine_destroy(w.m);
}

/* ---- signals ---- */

static void expect_signal(struct world *w, vaddr_t addr, enum access_kind kind,
			  int signal, int si_code, unsigned minflt)
{
	cr_expect_eq(touch(w, addr, kind), signal, "0x%lx: %d", addr,
		     w->res.signal);
	cr_expect_eq(w->res.si_code, si_code, "0x%lx: %d", addr,
		     w->res.si_code);
	cr_expect_eq(w->res.minflt, minflt, "0x%lx: %u", addr, w->res.minflt);
}

Test(mmu, rights_of_areas)
{
	struct world w = boot("x86-2level", true);

	map(&w, BASE, 1, R, ANON);
	map(&w, BASE + 0x10000, 1, W, ANON);
	map(&w, BASE + 0x20000, 1, X, ANON);
	map(&w, BASE + 0x30000, 1, 0, ANON);
	expect_signal(&w, BASE, ACCESS_WRITE, EMU_SIGSEGV, EMU_SEGV_ACCERR, 0);
	expect_signal(&w, BASE, ACCESS_READ, 0, 0, 1);
	expect_signal(&w, BASE, ACCESS_WRITE, EMU_SIGSEGV, EMU_SEGV_ACCERR, 0);
	/* no NX in two levels: what can be read can be executed */
	expect_signal(&w, BASE, ACCESS_FETCH, 0, 0, 0);
	/* write-only and exec-only are readable */
	expect_signal(&w, BASE + 0x10000, ACCESS_READ, 0, 0, 1);
	expect_signal(&w, BASE + 0x20000, ACCESS_READ, 0, 0, 1);
	expect_signal(&w, BASE + 0x30000, ACCESS_READ, EMU_SIGSEGV,
		      EMU_SEGV_ACCERR, 0);
	expect_signal(&w, BASE + 0x1000, ACCESS_READ, EMU_SIGSEGV,
		      EMU_SEGV_MAPERR, 0);
	expect_signal(&w, 0, ACCESS_WRITE, EMU_SIGSEGV, EMU_SEGV_MAPERR, 0);
	expect_signal(&w, 0xC0000000, ACCESS_READ, EMU_SIGSEGV,
		      EMU_SEGV_MAPERR, 0);
	expect_signal(&w, 0x100000000 + BASE, ACCESS_READ, EMU_SIGSEGV,
		      EMU_SEGV_MAPERR, 0);
	access_range(w.task, UINT64_MAX - 5, 100, 0, ACCESS_READ, &w.res);
	cr_expect_eq(w.res.signal, EMU_SIGSEGV);
	check(&w);
	machine_destroy(w.m);
}

Test(mmu, nx_faults_the_page_in_and_then_refuses)
{
	struct world w = boot("x86-pae", true);

	map(&w, BASE, 2, R | W, ANON);
	expect_signal(&w, BASE, ACCESS_FETCH, EMU_SIGSEGV, EMU_SEGV_ACCERR, 1);
	cr_expect_eq(entry(&w, BASE) & 0xfff, 0x225);
	expect_signal(&w, BASE, ACCESS_FETCH, EMU_SIGSEGV, EMU_SEGV_ACCERR, 0);
	cr_assert_eq(sys_mprotect(w.task, BASE, 4096, R | X), 0);
	expect_signal(&w, BASE, ACCESS_FETCH, 0, 0, 0);
	machine_destroy(w.m);
	w = boot("x86-pae", false);
	map(&w, BASE, 1, R | W, ANON);
	expect_signal(&w, BASE, ACCESS_FETCH, 0, 0, 1);
	cr_expect_eq(entry(&w, BASE) >> 63, 0);
	machine_destroy(w.m);
}

Test(mmu, a_stack_grows_as_far_as_sp_allows)
{
	struct world w = boot("x86-2level", true);
	const struct vm_area_struct *vma;

	map(&w, BASE, 4, R | W, ANON | MAP_GROWSDOWN_EMU);
	/* no sp given: it is where the access is */
	expect_signal(&w, BASE - 0x20000, ACCESS_WRITE, 0, 0, 1);
	vma = find_vma(w.task->mm, BASE);
	/* and the guard page below it */
	cr_expect_eq(vma->vm_start, BASE - 0x21000);
	w.task->sp_set = true;
	w.task->sp = BASE - 0x20000;
	expect_signal(&w, w.task->sp - 65536 - 128, ACCESS_WRITE, 0, 0, 1);
	w.task->sp = vma->vm_start;
	expect_signal(&w, w.task->sp - 65536 - 129, ACCESS_WRITE, EMU_SIGSEGV,
		      EMU_SEGV_MAPERR, 0);
	check(&w);
	machine_destroy(w.m);
}

Test(mmu, behind_the_end_of_a_file_is_sigbus)
{
	struct world w = boot("x86-2level", true);
	struct file *file = open_rw(w.m, "/f", 5000, true, FS_EXT2);

	cr_assert_eq(sys_mmap(w.task, BASE, 0x4000, R,
			      MAP_SHARED_EMU | MAP_FIXED_EMU, file, 0),
		     BASE);
	expect_signal(&w, BASE + 4999, ACCESS_READ, 0, 0, 1);
	expect_signal(&w, BASE + 0x2000, ACCESS_READ, EMU_SIGBUS,
		      EMU_BUS_ADRERR, 0);
	cr_expect_eq(byte_at(&w, BASE + 4097), (4097 + 1) % 256);
	machine_destroy(w.m);
}

/* ---- the TLB is never stale ---- */

#define SLOTS 6

/* What a walk without a TLB would answer: 0 fault, else the entry after it. */
static uint64_t model_access(uint64_t e, enum access_kind kind)
{
	if (!(e & 1) || (kind == ACCESS_WRITE && !(e & 2)))
		return 0;
	if (kind == ACCESS_FETCH && e >> 63)
		return 0;
	return e | 0x20 | (kind == ACCESS_WRITE ? 0x40 : 0);
}

/* Random changes of entries and accesses; half of the pages share TLB slots. */
Test(mmu, the_tlb_is_never_stale)
{
	struct world w = boot("x86-pae", true);
	struct mm_struct *mm = w.task->mm;
	uint64_t model[SLOTS] = {0}, seed = 1;
	vaddr_t va[SLOTS];

	for (unsigned i = 0; i < SLOTS; i++) {
		va[i] = BASE + (i / 2 << 12) +
			(i % 2) * ((vaddr_t)SOFT_TLB_SIZE << 12);
		cr_assert(pte_alloc_at(mm, va[i]));
	}
	for (unsigned n = 0; n < 200000; n++) {
		uint64_t r = (seed = seed * 6364136223846793005u + 1) >> 33;
		unsigned i = r % SLOTS;
		enum access_kind kind = r >> 8 & 1 ? ACCESS_READ :
					r >> 9 & 1 ? ACCESS_WRITE :
						     ACCESS_FETCH;
		ptep_t at = pte_offset(mm, va[i]);
		uint64_t after;

		if ((r >> 16) % 3 == 0) { /* random bits, one of 64 frames */
			model[i] = (r & 0x63) | 4 | (2000 + (r >> 20) % 64) << 12 |
				   (r >> 11 & 1) << 63;
			set_pte_at(mm, va[i], at, __pte(model[i]));
		} else if ((r >> 16) % 31 == 1) {
			ptep_get_and_clear(mm, va[i], at);
			model[i] = 0;
		}
		after = model_access(model[i], kind);
		/* no areas here: what would fault is a signal */
		cr_assert_eq(touch(&w, va[i], kind) == 0, after != 0,
			     "step %u", n);
		if (after)
			model[i] = after;
		cr_assert_eq(ptep_get(mm, at).v, model[i], "step %u", n);
		if (after && kind == ACCESS_WRITE) {
			uint8_t *ram = w.m->ram +
				       ((model[i] & 0xffffff000) | 7);

			*ram = 0;
			access_range(w.task, va[i] + 7, 1, 0, ACCESS_WRITE,
				     &w.res);
			cr_assert_eq(*ram, 1, "step %u", n);
		}
	}
	machine_destroy(w.m);
}

Test(mmu, system_calls_take_translations_away)
{
	struct world w = boot("x86-2level", true);

	map(&w, BASE, 4, R | W, ANON);
	access_range(w.task, BASE, 4 << 12, 0, ACCESS_WRITE, &w.res);
	cr_assert_eq(sys_mprotect(w.task, BASE, 4096, R), 0);
	check(&w);
	expect_signal(&w, BASE, ACCESS_WRITE, EMU_SIGSEGV, EMU_SEGV_ACCERR, 0);
	cr_assert_eq(sys_munmap(w.task, BASE + 0x1000, 4096), 0);
	check(&w);
	expect_signal(&w, BASE + 0x1000, ACCESS_READ, EMU_SIGSEGV,
		      EMU_SEGV_MAPERR, 0);
	cr_assert_eq(sys_madvise(w.task, BASE + 0x2000, 4096, MADVISE_DONTNEED),
		     0);
	check(&w);
	expect_signal(&w, BASE + 0x2000, ACCESS_READ, 0, 0, 1);
	machine_destroy(w.m);
}

Test(mmu, fork_takes_write_permission_from_both)
{
	struct world w = boot("x86-2level", true), child = w;

	map(&w, BASE, 1, R | W, ANON);
	access_store(w.task, BASE, "P", 1, &w.res);
	cr_assert_eq(do_fork(w.task, 0, 101, &child.task), 0);
	check(&w);
	expect_signal(&child, BASE, ACCESS_READ, 0, 0, 0);
	access_store(child.task, BASE, "C", 1, &child.res);
	cr_expect_eq(child.res.minflt, 1);
	cr_expect_eq(byte_at(&w, BASE), 'P');
	access_store(w.task, BASE, "Q", 1, &w.res);
	cr_expect_eq(w.res.minflt, 1);
	cr_expect_eq(byte_at(&child, BASE), 'C');
	check(&w);
	machine_destroy(w.m);
}
