/* gnuplot.h - words in scripts for gnuplot. */
#ifndef MMEMU_FORMATS_GNUPLOT_H
#define MMEMU_FORMATS_GNUPLOT_H

#include <stdio.h>

/* In single quotes, between which gnuplot expands nothing (between double ones
 * it would run what stands between backquotes). Control characters as ?. */
static inline void gnuplot_text(const char *s, FILE *out)
{
	fputc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			fputc('\'', out);
		fputc((unsigned char)*s < 0x20 ? '?' : *s, out);
	}
	fputc('\'', out);
}

#endif
