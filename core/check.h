/*
 * check.h - how a module says that one of its invariants is broken.
 *
 * Every x_check() walks what it keeps and calls CHECK() with the number the
 * invariant has in the head of its .c file:
 *
 *	CHECK(c, bit == 0, "buddy 3: pfn %u and its buddy are both free", pfn);
 *
 * All broken invariants are told before the count is returned; nothing stops
 * at the first.
 */
#ifndef MMEMU_CORE_CHECK_H
#define MMEMU_CORE_CHECK_H

#include "core/types.h"

struct checker {
	void (*tell)(void *ctx, const char *message); /* may be NULL */
	void *ctx;
	unsigned long broken;
};

__attribute__((format(printf, 2, 3))) void check_broken(struct checker *c,
							 const char *fmt, ...);

#define CHECK(c, cond, ...)                            \
	do {                                           \
		if (unlikely(!(cond)))                 \
			check_broken((c), __VA_ARGS__); \
	} while (0)

/* The other kind: a caller's mistake, with what the kernel would say of it.
 * why may be NULL. */
static inline int misused(const char **why, const char *text)
{
	if (why)
		*why = text;
	return -EINVAL;
}

#endif
