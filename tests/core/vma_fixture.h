/*
 * vma_fixture.h - a small address space of `pages` pages and nothing else:
 * everything below BASE is taken, user space ends where the window ends.
 */
#ifndef MMEMU_TESTS_VMA_FIXTURE_H
#define MMEMU_TESTS_VMA_FIXTURE_H

#include "core/subsystems.h"
#include "mm_fixture.h"

static inline struct machine *
boot_window(unsigned pages, enum mmap_layout layout,
	    void (*adjust)(struct machine_config *))
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 32ull << 20;
	cfg.task_size = BASE + pages * PAGE;
	cfg.mmap_layout = layout;
	cfg.mmap_base = layout == MMAP_TOPDOWN ? cfg.task_size : BASE;
	cfg.rlimit_memlock = RLIM_INFINITY_U64;
	if (adjust)
		adjust(&cfg);
	return make_machine(&cfg);
}

/* The area that fills [0, BASE). */
static inline void fill_below(struct task_struct *t)
{
	t->m->current = t;
	cr_assert_eq(sys_mmap(t, 0, BASE, 0,
			      MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU |
				      MAP_FIXED_EMU | MAP_NORESERVE_EMU,
			      NULL, 0),
		     0);
}

static inline void check_areas(const struct machine *m)
{
	struct checker c = {.tell = tell_broken};

	mmap_check(m, &c);
	cr_assert_eq(c.broken, 0);
}

static inline unsigned next_random(unsigned *state, unsigned below)
{
	*state = *state * 1103515245u + 12345u;
	return (*state >> 8) % below;
}

#endif
