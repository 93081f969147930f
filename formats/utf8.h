/* utf8.h - where a character of UTF-8 ends, for text that may be anything. */
#ifndef MMEMU_FORMATS_UTF8_H
#define MMEMU_FORMATS_UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character that s begins with, 0 if it is none: neither
 * longer than it need be, nor half of a pair, nor beyond 10FFFF. len > 0 */
static inline size_t utf8_length(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = s[0] < 0x80 ? 1 :
		   s[0] < 0xc2 ? 0 :
		   s[0] < 0xe0 ? 2 :
		   s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 :
				 0;

	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

#endif
