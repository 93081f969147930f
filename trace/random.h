/*
 * random.h - numbers drawn by lot, the same on every machine for ever:
 * splitmix64 (Steele, Lea, Flood 2014). The seed is the first state.
 */
#ifndef MMEMU_TRACE_RANDOM_H
#define MMEMU_TRACE_RANDOM_H

#include <stdint.h>

static inline uint64_t random_draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 ... below - 1. => below > 0 */
static inline unsigned random_below(uint64_t *state, unsigned below)
{
	return (unsigned)(random_draw(state) % below);
}

#endif
