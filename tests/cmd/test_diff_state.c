/* test_diff_state.c - what `diff-state` counts as different. */
#include "cmd/command.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(char *path, const char *text)
{
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	fputs(text, f);
	fclose(f);
}

static int diff(const char *a, const char *b)
{
	char pa[] = "/tmp/diff-a-XXXXXX", pb[] = "/tmp/diff-b-XXXXXX";
	char *argv[] = {(char *)"diff-state", pa, pb, NULL};
	int ret;

	put(pa, a);
	put(pb, b);
	optind = 1;
	ret = cmd_diff_state(3, argv);
	unlink(pa);
	unlink(pb);
	return ret;
}

#define HEAD "mmemu-state 1\n"

Test(diff_state, same_facts_in_other_words, .init = cr_redirect_stdout)
{
	cr_expect_eq(diff(HEAD "machine a\n", HEAD "machine b\n"), 0);
	cr_expect_eq(diff(HEAD "stat a 1\nstat b 2\n",
			  HEAD "# order\nstat b 2\n\nstat a 1\n"),
		     0);
	cr_expect_eq(diff(HEAD "blocks DMA from_pfn 0 n 3 movable\n",
			  HEAD "blocks DMA from_pfn 0 n 1 movable\n"
			       "blocks DMA from_pfn 1024 n 2 movable\n"),
		     0);
}

Test(diff_state, differences_are_told, .init = cr_redirect_stdout)
{
	cr_expect_eq(diff(HEAD "zone DMA free 4 lowmem_reserve 0 1 2 3\n"
			       "free DMA 0 movable 7 8 9\n"
			       "ac a 0x1\nstat only 1\n",
			  HEAD "zone DMA free 5 lowmem_reserve 0 1 2 4\n"
			       "free DMA 0 movable 7 9\n"
			       "ac a 0x1\n"),
		     1);
	fflush(stdout);
	cr_expect_stdout_eq_str(
		"free DMA 0 movable: entry 2 is 8 | 9 (3 | 2 entries)\n"
		"stat only: only in A: 1\n"
		"zone DMA free: 4 | 5\n"
		"zone DMA lowmem_reserve: entry 4 is 3 | 4 (4 | 4 entries)\n"
		"4 of 6 facts differ\n");
}

Test(diff_state, a_file_that_is_none, .init = cr_redirect_stderr)
{
	cr_expect_eq(diff(HEAD, "what?\n"), 2);
}
