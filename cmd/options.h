/* options.h - what the options of several commands have in common. */
#ifndef MMEMU_CMD_OPTIONS_H
#define MMEMU_CMD_OPTIONS_H

#include "core/types.h"

/* A decimal number from least to most that is all of text. */
bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *n);
/* "A<sep>B", both such numbers; sep: "/", "x", "..". */
bool parse_pair(const char *text, const char *sep, uint64_t least,
		uint64_t most, uint64_t *a, uint64_t *b);
/* The same of an option: 0, or EXIT_BAD after "OPTION TEXT: expected EXPECTED"
 * (NULL: the bounds are what is expected). *n stays where there is none. */
int number_option(const char *option, const char *text, uint64_t least,
		  uint64_t most, const char *expected, uint64_t *n);
/* --level: how hard zstd tries. */
int level_option(const char *text, int *level);
struct option;
/*
 * The options of a command: one() for each, with its argument, but --help, which
 * prints help (NULL: one() has it too). -1: go on, the arguments are from optind
 * on; else the exit status. one(): 0, EXIT_BAD after a message, or OPTIONS_DONE:
 * no more is asked for, as after --list.
 */
#define OPTIONS_DONE (-1)
int parse_options(int argc, char **argv, const char *letters,
		  const struct option *options, const char *help,
		  int (*one)(void *ctx, int o, char *arg), void *ctx);
/* Which of names text is, or -1. */
int find_word(const char *const names[], unsigned nr, const char *text);

#endif
