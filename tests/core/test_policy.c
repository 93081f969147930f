/* Replacement policies on the reference strings of textbooks. */
#include "core/policy.h"

#include <criterion/criterion.h>
#include <string.h>

struct row {
	const char *string; /* one letter a page */
	uint32_t frames;
	uint64_t faults[NR_POLICIES]; /* fifo clock lru opt; 0: not printed */
};

/* clang-format off */
static const struct row textbook[] = {
	/* Silberschatz, Galvin, Gagne: Operating System Concepts, "Page
	 * Replacement", figures of FIFO, optimal and LRU */
	{"70120304230321201701", 3, {15, 0, 12, 9}},
	/* the same: Belady's anomaly */
	{"123412512345", 3, {9, 0, 10, 7}},
	{"123412512345", 4, {10, 0, 8, 6}},
	{"123412512345", 1, {12, 12, 12, 12}},
	{"123412512345", 5, {5, 5, 5, 5}},
	/* Tanenbaum, Bos: Modern Operating Systems, chapter 3, problem on
	 * FIFO and LRU with four frames and eight pages */
	{"0172327103", 4, {6, 0, 7, 0}},
	/* Stallings: Operating Systems, Internals and Design Principles,
	 * "Behavior of Four Page-Replacement Algorithms": 3 faults fill the
	 * frames, then 6, 5, 4 and 3 */
	{"232152453252", 3, {9, 8, 7, 6}},
};
/* clang-format on */

static void fill(struct reference_string *s, const char *string)
{
	references_init(s, &host_default_ops);
	for (; *string; string++)
		references_add(s, (uint64_t)*string << 32, 1);
}

Test(policy, textbooks)
{
	for (size_t i = 0; i < ARRAY_SIZE(textbook); i++) {
		const struct row *r = &textbook[i];
		struct reference_string s;

		fill(&s, r->string);
		for (unsigned p = 0; p < NR_POLICIES; p++)
			if (r->faults[p])
				cr_expect_eq(policy_faults(&s, p, r->frames),
					     r->faults[p], "%s, %u frames, %s",
					     r->string, r->frames,
					     policy_names[p]);
		references_destroy(&s);
	}
}

/* The slow way, straight from the definition: search all frames. */
static uint64_t naive(const struct reference_string *s, bool opt,
		      uint32_t frames)
{
	uint32_t frame[16] = {0};
	uint64_t faults = 0;

	for (size_t i = 0; i < s->nr; i++) {
		size_t worst = 0, worst_key = 0;
		bool hit = false;

		for (uint32_t f = 0; f < frames; f++) {
			size_t j, key;

			hit |= frame[f] == s->page[i];
			if (opt) {
				for (j = i; j < s->nr && s->page[j] != frame[f];)
					j++;
				key = frame[f] ? j + 1 : SIZE_MAX;
			} else {
				for (j = i; j > 0 && s->page[j - 1] != frame[f];)
					j--;
				key = frame[f] ? s->nr - j + 1 : SIZE_MAX;
			}
			if (key > worst_key) {
				worst_key = key;
				worst = f;
			}
		}
		if (!hit) {
			frame[worst] = s->page[i];
			faults++;
		}
	}
	return faults;
}

Test(policy, against_the_definition)
{
	uint32_t seed = 1;

	for (unsigned round = 0; round < 20; round++) {
		struct reference_string s;
		uint64_t last_lru = UINT64_MAX, last_opt = UINT64_MAX;

		references_init(&s, &host_default_ops);
		for (unsigned i = 0; i < 400; i++) {
			seed = seed * 1103515245 + 12345;
			references_add(&s, (seed >> 16) % (4 + round), 1);
		}
		for (uint32_t frames = 1; frames <= 12; frames++) {
			uint64_t lru = policy_faults(&s, POLICY_LRU, frames);
			uint64_t opt = policy_faults(&s, POLICY_OPT, frames);

			cr_assert_eq(lru, naive(&s, false, frames));
			cr_assert_eq(opt, naive(&s, true, frames));
			cr_assert(opt <= lru && lru <= last_lru &&
				  opt <= last_opt);
			cr_assert(opt <= policy_faults(&s, POLICY_FIFO, frames));
			cr_assert(opt <=
				  policy_faults(&s, POLICY_CLOCK, frames));
			last_lru = lru;
			last_opt = opt;
		}
		references_destroy(&s);
	}
}

Test(policy, many_pages_and_none)
{
	struct reference_string s;

	references_init(&s, &host_default_ops);
	cr_expect_eq(policy_faults(&s, POLICY_OPT, 3), 0);
	for (unsigned round = 0; round < 2; round++)
		for (uint64_t i = 0; i < 100000; i++)
			references_add(&s, i * 7, 2);
	cr_expect_eq(s.nr_pages, 100000);
	cr_expect_eq(s.nr_repeated, 200000);
	cr_expect_eq(policy_faults(&s, POLICY_LRU, 99999), 200000);
	cr_expect_eq(policy_faults(&s, POLICY_OPT, 99999), 100001);
	cr_expect_eq(policy_faults(&s, POLICY_FIFO, 1000000), 100000);
	references_destroy(&s);
}

struct witness {
	const struct reference_string *s;
	uint32_t frame[5];
	uint64_t faults;
	size_t last;
};

/* The victim lies in a frame, the page that comes in none. */
static void see_fault(void *ctx, size_t at, uint32_t victim)
{
	struct witness *w = ctx;
	unsigned place = 5;

	for (unsigned f = 0; f < 5; f++) {
		cr_expect_neq(w->frame[f], w->s->page[at]);
		if (w->frame[f] == victim && place == 5)
			place = f;
	}
	cr_assert(place < 5, "page %u goes and was not there", victim);
	cr_expect(!w->faults || at > w->last);
	w->frame[place] = w->s->page[at];
	w->last = at;
	w->faults++;
}

/* As many as are counted, and each makes sense. */
static void expect_told(const struct reference_string *s, enum policy policy)
{
	struct witness w = {.s = s};
	struct policy_watch watch = {&w, see_fault};
	uint64_t faults = policy_run(s, policy, 5, &watch);

	cr_expect_eq(w.faults, faults);
	cr_expect_eq(policy_faults(s, policy, 5), faults);
}

Test(policy, tells_each_fault)
{
	uint32_t seed = 3;

	for (unsigned round = 0; round < 20; round++) {
		struct reference_string s;

		references_init(&s, &host_default_ops);
		for (unsigned i = 0; i < 300; i++) {
			seed = seed * 1103515245 + 12345;
			references_add(&s, (seed >> 16) % 9, 1);
		}
		for (unsigned p = 0; p < NR_POLICIES; p++)
			expect_told(&s, p);
		references_destroy(&s);
	}
}
