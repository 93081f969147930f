/*
 * bench.h - rows of the table that `make bench` prints.
 *
 * A row is a ratio of two speeds measured in the same run, by turns, so that a
 * busy host hits both: what the emulator does, and what somebody could have
 * instead. Of each the median of the turns counts.
 */
#ifndef MMEMU_BENCH_H
#define MMEMU_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURNS 5

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How long the turns took. */
struct times {
	double seconds[TURNS];
	unsigned n;
};

static inline void took(struct times *t, double seconds)
{
	unsigned i = t->n++;

	for (; i && t->seconds[i - 1] > seconds; i--)
		t->seconds[i] = t->seconds[i - 1];
	t->seconds[i] = seconds;
}
static inline double median(const struct times *t)
{
	return t->seconds[t->n / 2];
}

/* n things in each of the times; the ratio is of speeds, ours to theirs. */
static inline void row(const char *name, double n, const char *unit,
		       const struct times *ours, const char *other,
		       const struct times *theirs)
{
	printf("%-30s %9.2f M %-10s %-20s %9.2f M  ratio %6.2f\n", name,
	       n / median(ours) / 1e6, unit, other, n / median(theirs) / 1e6,
	       median(theirs) / median(ours));
	fflush(stdout);
}

/* A number from the environment, or what is said here. */
static inline double setting(const char *name, double otherwise)
{
	const char *text = getenv(name);

	return text && *text ? atof(text) : otherwise;
}

static inline void *need(void *p)
{
	if (!p) {
		fputs("bench: no memory\n", stderr);
		exit(2);
	}
	return p;
}

#endif
