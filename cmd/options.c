/* options.c - numbers and words on command lines. */
#include "cmd/options.h"
#include "cmd/command.h"
#include "cmd/strings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *n)
{
	uint64_t value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value < least || value > most)
		return false;
	*n = value;
	return true;
}

bool parse_pair(const char *text, const char *sep, uint64_t least,
		uint64_t most, uint64_t *a, uint64_t *b)
{
	const char *at = strstr(text, sep);
	char *first;
	bool good;

	if (!at)
		return false;
	first = text_of("%.*s", (int)(at - text), text);
	good = parse_number(first, least, most, a) &&
	       parse_number(at + strlen(sep), least, most, b);
	free(first);
	return good;
}

int number_option(const char *option, const char *text, uint64_t least,
		  uint64_t most, const char *expected, uint64_t *n)
{
	if (parse_number(text, least, most, n))
		return 0;
	if (expected)
		return complain("%s %s: expected %s", option, text, expected);
	return complain("%s %s: expected a number from %llu to %llu", option,
			text, (unsigned long long)least,
			(unsigned long long)most);
}

int level_option(const char *text, int *level)
{
	uint64_t n = 0;
	int bad = number_option("--level", text, 1, 19, "1 to 19", &n);

	if (!bad)
		*level = (int)n;
	return bad;
}

int parse_options(int argc, char **argv, const char *letters,
		  const struct option *options, const char *help,
		  int (*one)(void *ctx, int o, char *arg), void *ctx)
{
	int o, ret;

	while ((o = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (o == 'h' && help) {
			fputs(help, stdout);
			return EXIT_FINE;
		}
		ret = one(ctx, o, optarg);
		if (ret)
			return ret == OPTIONS_DONE ? EXIT_FINE : EXIT_BAD;
	}
	return -1;
}

int find_word(const char *const names[], unsigned nr, const char *text)
{
	for (unsigned i = 0; i < nr; i++)
		if (!strcmp(names[i], text))
			return (int)i;
	return -1;
}
