/*
 * mm_fixture.h - a small machine with processes, for tests of the fault path
 * and of reverse mapping.
 */
#ifndef MMEMU_TESTS_MM_FIXTURE_H
#define MMEMU_TESTS_MM_FIXTURE_H

#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/task.h"
#include "machine_fixture.h"

#include <string.h>

#define BASE 0x20000000ull
#define PAGE 4096ull

static inline struct machine *boot(const char *paging)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64ull << 20;
	if (!strcmp(paging, "x86-pae")) {
		strcpy(cfg.paging, paging);
		cfg.nx = true;
	}
	return make_machine(&cfg);
}

static inline struct task_struct *spawn(struct machine *m, uint32_t pid)
{
	struct task_struct *t = NULL;

	cr_assert_eq(task_spawn(m, pid, "test", &t), 0);
	return t;
}

static inline struct task_struct *fork_task(struct task_struct *t, uint32_t pid)
{
	struct task_struct *child = NULL;

	t->m->current = t;
	cr_assert_eq(do_fork(t, 0, pid, &child), 0);
	return child;
}

static inline vaddr_t map(struct task_struct *t, vaddr_t addr, uint64_t len,
			  unsigned prot, unsigned flags, struct file *file)
{
	vaddr_t got;

	t->m->current = t;
	if (!file)
		flags |= MAP_ANONYMOUS_EMU;
	got = sys_mmap(t, addr, len, prot, flags | MAP_FIXED_EMU, file, 0);
	cr_assert_eq(got, addr, "mmap: %lld", (long long)got);
	return got;
}

#define RW (PROT_READ_EMU | PROT_WRITE_EMU)

static inline vaddr_t map_private(struct task_struct *t, vaddr_t addr,
				  uint64_t pages)
{
	return map(t, addr, pages * PAGE, RW, MAP_PRIVATE_EMU, NULL);
}

/* Faults that an access took; the signal must be `signal`. */
static inline unsigned touch(struct task_struct *t, vaddr_t addr,
			     uint64_t pages, enum access_kind kind, int signal)
{
	struct access_result res;

	t->m->current = t;
	access_range(t, addr, pages * PAGE, 0, kind, &res);
	cr_assert_eq(res.signal, signal, "signal %d at 0x%llx", res.signal,
		     (unsigned long long)addr);
	return res.minflt + res.majflt;
}

static inline unsigned rd(struct task_struct *t, vaddr_t addr)
{
	return touch(t, addr, 1, ACCESS_READ, 0);
}

static inline unsigned wr(struct task_struct *t, vaddr_t addr)
{
	return touch(t, addr, 1, ACCESS_WRITE, 0);
}

static inline void store(struct task_struct *t, vaddr_t addr, const char *s)
{
	struct access_result res;

	t->m->current = t;
	access_store(t, addr, s, strlen(s), &res);
	cr_assert_eq(res.signal, 0);
}

static inline bool holds(struct task_struct *t, vaddr_t addr, const char *s)
{
	struct access_result res;

	t->m->current = t;
	access_load_check(t, addr, s, strlen(s), &res);
	cr_assert_eq(res.signal, 0);
	return !res.mismatch;
}

static inline uint64_t pte_value(struct task_struct *t, vaddr_t addr)
{
	ptep_t at = pte_offset(t->mm, addr);

	return at ? ptep_get(t->mm, at).v : 0;
}

/* The low 12 bits, as the pagetables report prints them. */
static inline unsigned pte_flags(struct task_struct *t, vaddr_t addr)
{
	return (unsigned)(pte_value(t, addr) & 0xfff);
}

static inline struct page *page_at(struct task_struct *t, vaddr_t addr)
{
	const struct pg_format *f = t->m->fmt;

	return pfn_to_page(t->m, pte_pfn(f, __pte(pte_value(t, addr))));
}

static inline int64_t stat_of(const struct machine *m, enum zone_stat_item item)
{
	return global_page_state(m, item);
}

#endif
