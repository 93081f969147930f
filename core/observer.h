/*
 * observer.h - what the machine tells of itself while it works.
 *
 * One function, one small record an occurrence. With no observer attached the
 * cost is a predictable branch, and none of it is on the access path. `explain`,
 * figures, time series and the player are observers; so are the tests that
 * count copies.
 */
#ifndef MMEMU_CORE_OBSERVER_H
#define MMEMU_CORE_OBSERVER_H

#include "core/types.h"

enum observation_kind {
#define OBSERVATION(name, text) OBS_##name,
#include "core/observer.def"
#undef OBSERVATION
	NR_OBSERVATIONS
};

/* Fields that an observation does not use are 0; observer.def says which. */
struct observation {
	enum observation_kind kind;
	uint32_t pid;
	const char *func; /* the kernel function that does it */
	uint64_t a, b, c, d;
};

struct observer {
	void *ctx;
	void (*tell)(void *ctx, const struct observation *o);
};

extern const char *const observation_text[NR_OBSERVATIONS];

/* machine.h: observe(m, FAULT_ANON, address, pfn, 0, 0) */
#define observe(m, what, a_, b_, c_, d_)                                  \
	do {                                                             \
		if (unlikely((m)->observer != NULL))                     \
			machine_observe((m), OBS_##what, __func__,       \
					(uint64_t)(a_), (uint64_t)(b_),  \
					(uint64_t)(c_), (uint64_t)(d_)); \
	} while (0)

#endif
