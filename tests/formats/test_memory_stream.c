/* test_memory_stream.c - text in memory; without any, see tests/inject. */
#include "formats/memory_stream.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(memory_stream, holds_what_is_written)
{
	char *text, line[] = "0123456789\n";
	size_t size;
	FILE *f = memory_stream(&host_default_ops, &text, &size);

	cr_expect_str_eq(text, "");
	cr_expect_eq(size, 0);
	fputs("one", f);
	fflush(f);
	cr_expect_str_eq(text, "one");
	cr_expect_eq(size, 3);
	fwrite("\0two", 1, 4, f);
	for (int i = 0; i < 10000; i++)
		fputs(line, f);
	cr_expect_eq(fclose(f), 0);
	cr_expect_eq(size, 7 + 10000 * strlen(line));
	cr_expect_eq(memcmp(text, "one\0two0123", 11), 0);
	cr_expect_str_eq(text + size - 2, "9\n");
	free(text);
}
