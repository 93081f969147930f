/*
 * text_diff.h - two texts, what differs, as a unified diff.
 */
#ifndef MMEMU_CMD_TEXT_DIFF_H
#define MMEMU_CMD_TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text {
	const char *bytes;
	size_t len;
};

struct diff_count {
	unsigned long added, removed; /* lines */
};

struct diff_style {
	bool colour;	     /* ANSI colours */
	unsigned long lines; /* at most so many of it; 0: all */
};

/*
 * The unified diff from a to b, with the names in its heading; out may be NULL
 * to count only. Nothing is written where they are equal.
 */
struct diff_count text_diff(struct text a, struct text b, const char *name_a,
			    const char *name_b, const struct diff_style *style,
			    FILE *out);

#endif
