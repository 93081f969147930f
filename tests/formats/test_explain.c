/* test_explain.c - how a story is collected: nesting, folding, what is lost. */
#include "formats/explain.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct machine *m;
static struct explain e;

static void boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	m = make_machine(&cfg);
	explain_init(&e, m);
	explain_start(&e);
}

static void shut(void)
{
	explain_destroy(&e);
	machine_destroy(m);
}

static void tell(enum observation_kind kind, const char *func, uint64_t a)
{
	machine_observe(m, kind, func, a, 0, 0, 0);
}

/* What is told by a line of letters: ( and ) around calls, a letter a value. */
static char *story_of(const char *letters)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	for (uint64_t i = 0; *letters; letters++, i++) {
		if (*letters == '(')
			tell(OBS_CALL, "drain_all_pages", i);
		else if (*letters == ')')
			tell(OBS_RETURN, NULL, 0);
		else
			tell(*letters == 'a' ? OBS_SWAPOFF :
			     *letters == 'b' ? OBS_TASK_GONE :
					       OBS_ANON_VMA_GONE,
			     "test", i);
	}
	explain_stop(&e);
	explain_text(&e, LANG_EN, 0, f);
	fclose(f);
	return text;
}

static void expect(const char *letters, const char *text)
{
	char *got;

	boot();
	got = story_of(letters);
	cr_expect_str_eq(got, text, "%s:\n%s", letters, got);
	free(got);
	shut();
}

#define A(n) ". swap area " #n " is gone\n"
#define B(n) ". process " #n " is reaped\n"
#define C(n) ". anon_vma #" #n " is freed\n"

Test(explain, nests)
{
	expect("a(b(c))", A(0) "drain_all_pages()\n  " B(2)
	       "  drain_all_pages()\n    " C(4));
}

Test(explain, folds_what_repeats)
{
	expect("aa", A(0) A(1));
	expect("aaaaab", A(0) A(1) "... 3 more of the same\n" B(5));
	/* a group of three; the last one is not whole */
	expect("abcabcabcabcab", A(0) B(1) C(2) A(3) B(4) C(5)
	       "... 2 more of these 3\n" A(12) B(13));
	/* alike from outside only */
	expect("(a)(b)(a)", "drain_all_pages()\n  " A(1)
	       "drain_all_pages()\n  " B(4) "drain_all_pages()\n  " A(7));
}

Test(explain, folds_folded)
{
	/* how often something inside is folded does not make a difference */
	expect("(aaa)(aaaa)(aaaaa)",
	       "drain_all_pages()\n  " A(1) "  " A(2)
	       "  ... 1 more of the same\n"
	       "drain_all_pages()\n  " A(6) "  " A(7)
	       "  ... 2 more of the same\n"
	       "... 1 more of the same\n");
}

Test(explain, counts_thousands)
{
	char letters[1501];
	const char *more;
	char *got;

	memset(letters, 'a', 1500);
	letters[1500] = '\0';
	boot();
	got = story_of(letters);
	more = strstr(got, "... ");
	cr_assert_not_null(more);
	cr_expect_str_eq(more, "... 1,498 more of the same\n");
	cr_expect_eq(e.nr, 2);
	free(got);
	shut();
}

/* A million of different things: the rest is counted, nesting stays right. */
Test(explain, has_an_end)
{
	static char names[2][8] = {"one", "two"};
	unsigned state = 1;
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	boot();
	for (unsigned i = 0; i < 3000000; i++) {
		state = state * 1103515245 + 12345;
		tell(OBS_CALL, names[state >> 20 & 1], i);
		tell(state >> 24 & 1 ? OBS_SWAPOFF : OBS_TASK_GONE, "t", i);
		if (state >> 27 & 1)
			tell(OBS_ANON_VMA_GONE, "t", i);
		tell(OBS_RETURN, NULL, 0);
	}
	explain_stop(&e);
	cr_expect_gt(e.lost, 0);
	cr_expect_eq(e.depth, 0);
	f = open_memstream(&text, &size);
	explain_text(&e, LANG_EN, 0, f);
	fclose(f);
	cr_expect_not_null(strstr(text, "lines more: too many to keep"));
	free(text);
	shut();
}

/* An entry written twice has changed once; written back, not at all. */
Test(explain, joins_entries)
{
	boot();
	machine_observe(m, OBS_PTE_SET, "t", 0x2000, 5, 0, 1);
	machine_observe(m, OBS_PTE_SET, "t", 0x1000, 7, 3, 1);
	machine_observe(m, OBS_PTE_SET, "t", 0x2000, 9, 5, 1);
	explain_stop(&e);
	cr_assert_eq(e.nr_entries, 2);
	cr_expect_eq(e.entry[0].addr, 0x1000);
	cr_expect_eq(e.entry[1].old, 0);
	cr_expect_eq(e.entry[1].new, 9);
	shut();
}
