/* Working set and reuse distances against counting by hand. */
#include "trace/page_stats.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N 3000u

static uint64_t state = 88172645463325252ull;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Pages that are near each other most of the time. */
static void make(uint64_t page[N])
{
	for (unsigned i = 0; i < N; i++)
		page[i] = rnd() % 4 ? (i > 3 ? page[i - 1 - rnd() % 3] : 0)
				    : rnd() % 200;
}

static bool is_in(const uint64_t *page, unsigned from, unsigned to, uint64_t x)
{
	for (unsigned i = from; i < to; i++)
		if (page[i] == x)
			return true;
	return false;
}

/* Distinct pages of page[from, to). */
static unsigned distinct(const uint64_t *page, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (unsigned i = from; i < to; i++)
		n += !is_in(page, from, i, page[i]);
	return n;
}

Test(page_stats, as_counted_by_hand)
{
	static uint64_t page[N];
	double reuse[LOG_BUCKETS] = {0}, cold = 0;
	struct page_stats s;

	make(page);
	page_stats_init(&s, NULL);
	for (unsigned i = 0; i < N; i++) {
		unsigned last = i;

		page_stats_access(&s, page[i] & 1, page[i], i % 3);
		while (last > 0 && page[last - 1] != page[i])
			last--;
		if (last)
			reuse[fls64(distinct(page, last, i))]++;
		else
			cold++;
	}
	page_stats_end(&s);
	cr_expect_eq(s.pages, distinct(page, 0, N));
	cr_expect_eq(s.cold, cold);
	for (unsigned k = 0; k < LOG_BUCKETS; k++)
		cr_expect_eq(s.reuse[k], reuse[k], "bucket %u", k);
	for (unsigned log = 0; log < 13; log += 3) {
		unsigned window = 1u << log;
		double sum = 0;

		for (unsigned i = 1; i <= N; i++)
			sum += distinct(page, i > window ? i - window : 0, i);
		cr_expect_float_eq(page_stats_working_set(&s, log), sum / N,
				   1e-9, "window %u", window);
	}
	page_stats_destroy(&s);
}

/* More pages than the sample holds: a loop over 100000 pages has one distance. */
Test(page_stats, a_sample_tells_the_distance)
{
	struct page_stats s;
	double all = 0, right;

	page_stats_init(&s, NULL);
	for (unsigned i = 0; i < 400000; i++)
		page_stats_access(&s, 1, i % 100000, 0);
	page_stats_end(&s);
	cr_expect_eq(s.pages, 100000);
	cr_expect_lt(s.sampled, SAMPLE_PAGES + 1);
	for (unsigned k = 0; k < LOG_BUCKETS; k++)
		all += s.reuse[k];
	right = s.reuse[fls64(99999)];
	cr_expect_gt(right / all, 0.999);
	cr_expect(fabs(all / 300000 - 1) < 0.1, "%f", all);
	cr_expect(fabs(s.cold / 100000 - 1) < 0.1, "%f", s.cold);
	page_stats_destroy(&s);
}

Test(page_stats, nothing)
{
	struct page_stats s;

	page_stats_init(&s, NULL);
	page_stats_end(&s);
	cr_expect_eq(page_stats_working_set(&s, 10), 0);
	page_stats_destroy(&s);
}
