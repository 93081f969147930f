/*
 * swap_fixture.h - a machine with little memory, and pages whose values tell
 * which they are.
 */
#ifndef MMEMU_TESTS_SWAP_FIXTURE_H
#define MMEMU_TESTS_SWAP_FIXTURE_H

#include "core/swapfile.h"
#include "core/vmscan.h"
#include "mm_fixture.h"

#define MEMORY_PAGES 2048u /* of the machine: 8 MiB */

static inline struct machine *boot_swap(const char *paging, uint64_t swap)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = MEMORY_PAGES * PAGE;
	cfg.swap = swap * PAGE;
	cfg.overcommit = OVERCOMMIT_ALWAYS;
	strcpy(cfg.paging, paging);
	return make_machine(&cfg);
}

static inline void put(struct task_struct *t, vaddr_t addr, uint32_t value)
{
	struct access_result res;

	t->m->current = t;
	access_store(t, addr, &value, sizeof(value), &res);
	cr_assert_eq(res.signal, 0);
}

/* Faults taken; the value must be there. */
static inline struct access_result get(struct task_struct *t, vaddr_t addr,
				       uint32_t value)
{
	struct access_result res;

	t->m->current = t;
	access_load_check(t, addr, &value, sizeof(value), &res);
	cr_assert_eq(res.signal, 0);
	cr_assert_not(res.mismatch, "0x%llx does not hold %u",
		      (unsigned long long)addr, value);
	return res;
}

static inline void put_pages(struct task_struct *t, vaddr_t from, uint32_t nr,
			     uint32_t value)
{
	for (uint32_t i = 0; i < nr; i++)
		put(t, from + i * PAGE, value + i);
}

/* A private area whose pages hold value, value + 1, ... */
static inline void map_filled(struct task_struct *t, vaddr_t from, uint32_t nr,
			      uint32_t value)
{
	map_private(t, from, nr);
	put_pages(t, from, nr, value);
}

static inline void get_pages(struct task_struct *t, vaddr_t from, uint32_t nr,
			     uint32_t value)
{
	for (uint32_t i = 0; i < nr; i++)
		get(t, from + i * PAGE, value + i);
}

/* Everything that can go, goes: a process that needs nearly all memory. */
static inline void press(struct machine *m)
{
	struct task_struct *hog = spawn(m, 999);

	map_private(hog, BASE, MEMORY_PAGES * 3 / 2);
	touch(hog, BASE, MEMORY_PAGES * 3 / 2, ACCESS_WRITE, 0);
	do_exit(hog, 0);
	m->current = NULL;
}

static inline uint64_t events(const struct machine *m, enum vm_event_item item)
{
	return m->vm_event[item];
}

static inline uint64_t used_slots(const struct machine *m)
{
	return total_swap_pages(m) - nr_swap_pages(m);
}

static inline bool is_swapped(struct task_struct *t, vaddr_t addr)
{
	const struct pg_format *f = t->m->fmt;
	pte_t pte = __pte(pte_value(t, addr));

	return !pte_none(pte) && !pte_present(f, pte) && !pte_file(f, pte);
}

static inline swp_entry_t entry_at(struct task_struct *t, vaddr_t addr)
{
	return pte_to_swp_entry(t->m->fmt, __pte(pte_value(t, addr)));
}

#endif
