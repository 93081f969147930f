/* digits.h - decimal digits where there are as many as a trace has events. */
#ifndef MMEMU_TRACE_DIGITS_H
#define MMEMU_TRACE_DIGITS_H

#include <stdint.h>

#define MAX_DIGITS 20 /* of a uint64_t */

/* The digits of n at out, without a NUL; how many. */
static inline unsigned put_digits(char out[MAX_DIGITS], uint64_t n)
{
	char digits[MAX_DIGITS];
	unsigned i = 0, len = 0;

	do {
		digits[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (i)
		out[len++] = digits[--i];
	return len;
}

#endif
