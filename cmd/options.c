/* options.c - numbers and words on command lines. */
#include "cmd/options.h"
#include "cmd/command.h"

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

int find_word(const char *const names[], unsigned nr, const char *text)
{
	for (unsigned i = 0; i < nr; i++)
		if (!strcmp(names[i], text))
			return (int)i;
	return -1;
}
