/* options.h - what the options of several commands have in common. */
#ifndef MMEMU_CMD_OPTIONS_H
#define MMEMU_CMD_OPTIONS_H

#include "core/types.h"

/* A decimal number from least to most that is all of text. */
bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *n);
/* The same of an option: 0, or EXIT_BAD after "OPTION TEXT: expected EXPECTED"
 * (NULL: the bounds are what is expected). *n stays where there is none. */
int number_option(const char *option, const char *text, uint64_t least,
		  uint64_t most, const char *expected, uint64_t *n);
/* --level: how hard zstd tries. */
int level_option(const char *text, int *level);
/* Which of names text is, or -1. */
int find_word(const char *const names[], unsigned nr, const char *text);

#endif
