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

/* What is done only for an observer: out of the way of all else. */
#define __watched __attribute__((cold, noinline))
/* What is copied into a function and its watched twin alike. */
#define __twin inline __attribute__((always_inline))

struct machine;
__watched void machine_observe(const struct machine *m, enum observation_kind kind,
		     const char *func, uint64_t a, uint64_t b, uint64_t c,
		     uint64_t d);

/* machine.h: observe(m, FAULT_ANON, address, pfn, 0, 0) */
#define observe(m, what, a_, b_, c_, d_)                                  \
	do {                                                             \
		if (unlikely((m)->observer != NULL))                     \
			machine_observe((m), OBS_##what, __func__,       \
					(uint64_t)(a_), (uint64_t)(b_),  \
					(uint64_t)(c_), (uint64_t)(d_)); \
	} while (0)

/*
 * Functions of the kernel that a lecture would name tell that they are entered,
 * with up to four of their values, and that they are left; what is told in
 * between was their doing.
 *
 *   story(m, a, ...)       among the declarations: entered here, left on
 *                          whatever way out
 *   story_as(m, f, a, ...)       the same, but f is the kernel's name for it
 *   story_pair(m, f, g, a, ...)  the same for f, which does nothing but call g
 *   story_leaf(m, f, a, ...)     entered and left: nothing is told in between
 */
static inline void story_end(const struct machine *const *told)
{
	if (unlikely(*told != NULL))
		machine_observe(*told, OBS_RETURN, NULL, 0, 0, 0, 0);
}
static inline void story_end_pair(const struct machine *const *told)
{
	if (unlikely(*told != NULL)) {
		machine_observe(*told, OBS_RETURN, NULL, 0, 0, 0, 0);
		machine_observe(*told, OBS_RETURN, NULL, 0, 0, 0, 0);
	}
}

#define STORY_TELL(kind, m, name, a, b, c, d, ...)                     \
	machine_observe((m), OBS_##kind, name, (uint64_t)(a),          \
			(uint64_t)(b), (uint64_t)(c), (uint64_t)(d))

#define STORY_OPEN(m, end)                                             \
	const struct machine *const story_told                         \
		__attribute__((cleanup(end))) =                        \
			unlikely((m)->observer != NULL) ? (m) : NULL

#define story(m, ...) story_as(m, __func__, ##__VA_ARGS__)

#define story_as(m, f, ...)                                            \
	STORY_OPEN(m, story_end);                                      \
	if (unlikely(story_told != NULL))                              \
	STORY_TELL(CALL, story_told, f, ##__VA_ARGS__, 0, 0, 0, 0)

#define story_pair(m, f, g, ...)                                       \
	STORY_OPEN(m, story_end_pair);                                 \
	if (unlikely(story_told != NULL))                              \
		STORY_TELL(CALL, story_told, f, __VA_ARGS__, 0, 0, 0, 0); \
	if (unlikely(story_told != NULL))                              \
	STORY_TELL(CALL, story_told, g, __VA_ARGS__, 0, 0, 0, 0)

#define story_leaf(m, f, ...)                                          \
	do {                                                           \
		if (likely((m)->observer == NULL))                     \
			break;                                         \
		STORY_TELL(CALL, m, f, __VA_ARGS__, 0, 0, 0, 0);       \
		STORY_TELL(RETURN, m, NULL, 0, 0, 0, 0);               \
	} while (0)

#endif
