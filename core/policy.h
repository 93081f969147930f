/*
 * policy.h - page replacement as textbooks teach it: a reference string, a
 * number of frames, a rule; how many faults?
 */
#ifndef MMEMU_CORE_POLICY_H
#define MMEMU_CORE_POLICY_H

#include "core/host.h"

enum policy {
	POLICY_FIFO,
	POLICY_CLOCK,
	POLICY_LRU,
	POLICY_OPT,
	NR_POLICIES
};
extern const char *const policy_names[NR_POLICIES]; /* "fifo" ... */

/*
 * Pages as numbers 1, 2, 3 ... in the order of their first reference, so that
 * tables by page are small. A reference to the page of the one before it can be
 * no fault under any rule and is only counted.
 */
struct reference_string {
	const struct host_ops *host;
	uint32_t *page;	      /* the references, repetitions left out */
	size_t nr, max;
	uint64_t nr_repeated; /* left out */
	uint32_t nr_pages;
	uint64_t *key;	      /* hash table: key + 1, 0 = empty */
	uint32_t *number;     /* beside it: the page's number */
	uint32_t nr_buckets;
};

void references_init(struct reference_string *s, const struct host_ops *host);
void references_destroy(struct reference_string *s);
/* times references in a row. key: whatever tells pages apart, below 2^64 - 1.
 * Up to 2^32 - 2 pages. => times > 0 */
void references_add(struct reference_string *s, uint64_t key, uint64_t times);

/* Faults of the whole string with this many frames, empty at first.
 * => frames > 0 */
uint64_t policy_faults(const struct reference_string *s, enum policy policy,
		       uint32_t frames);

/* Who wants to know which reference faults: s->page[at] comes, victim goes
 * (0: a frame was empty). */
struct policy_watch {
	void *ctx;
	void (*fault)(void *ctx, size_t at, uint32_t victim);
};
/* The same, telling watch (may be NULL) of each fault. */
uint64_t policy_run(const struct reference_string *s, enum policy policy,
		    uint32_t frames, const struct policy_watch *watch);

#endif
