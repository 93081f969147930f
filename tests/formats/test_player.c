/* test_player.c - differences of states; strings that cannot leave the page. */
#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/task.h"
#include "formats/json.h"
#include "formats/player.h"
#include "formats/player_store.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static FILE *out;
static char *text;
static size_t size;

static void begin(void)
{
	text = NULL;
	out = open_memstream(&text, &size);
}

static void expect(const char *expected)
{
	fclose(out);
	cr_expect_str_eq(text, expected);
	free(text);
}

/* ---- strings ---- */

static void expect_string(const char *s, const char *expected)
{
	begin();
	json_string_html(s, strlen(s), out);
	expect(expected);
}

Test(player, strings_stay_inside)
{
	expect_string("a \"b\" \\", "\"a \\\"b\\\" \\\\\"");
	expect_string("</script><!--&",
		      "\"\\u003c/script\\u003e\\u003c!--\\u0026\"");
	expect_string("\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\"");
	expect_string("é 日本 😀", "\"é 日本 😀\"");
}

Test(player, bytes_that_are_no_utf8)
{
	expect_string("\xff\xfe", "\"\\\\xff\\\\xfe\"");
	expect_string("a\xe6\x97", "\"a\\\\xe6\\\\x97\""); /* cut short */
	expect_string("\xc0\xaf", "\"\\\\xc0\\\\xaf\"");   /* overlong */
	expect_string("\xe0\x80\xaf", "\"\\\\xe0\\\\x80\\\\xaf\"");
	expect_string("\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\""); /* half */
	expect_string("\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"");
	expect_string("\x80" "a", "\"\\\\x80a\"");
}

/* ---- records ---- */

static void add(struct section *s, uint64_t a, uint64_t b, int64_t word)
{
	section_add(&host_default_ops, s, a, b)->word[0] = word;
}

static void expect_told(struct section *s, const char *expected)
{
	const char *comma = "";

	begin();
	section_tell(&host_default_ops, s, "x", &comma, out);
	expect(expected);
}

Test(player, records_are_compared_by_key)
{
	struct section s = {.keys = 2, .words = 1};

	add(&s, 1, 1, 7);
	add(&s, 1, 2, 7);
	add(&s, 2, 0, -5);
	expect_told(&s, "\"x\":[[1,0,1],[[1,2],-2],[7,0,-12]]");
	/* out of order, one other, one new, one gone */
	add(&s, 3, 9, 1);
	add(&s, 1, 1, 7);
	add(&s, 2, 0, -4);
	expect_told(&s, "\"x\":[[2,1],[0,9],[-4,5]],\"-x\":[[1],[2]]");
	add(&s, 1, 1, 7);
	add(&s, 2, 0, -4);
	add(&s, 3, 9, 1);
	expect_told(&s, "");
	expect_told(&s, "\"-x\":[[[1,3]],[1,-1,9]]");
	section_free(&host_default_ops, &s);
}

Test(player, a_row_of_records_is_two_numbers)
{
	struct section s = {.keys = 1, .words = 1};

	for (unsigned i = 0; i < 1000; i++)
		add(&s, 100 + i, 0, 5000 - 2 * (int)i);
	expect_told(&s, "\"x\":[[100,[1,999]],[5000,[-2,999]]]");
	section_free(&host_default_ops, &s);
}

/* ---- lists ---- */

static void expect_list(struct frame_list *l, const char *pfns,
			const char *expected)
{
	const char *comma = "";

	for (; *pfns; pfns++)
		frame_list_add(&host_default_ops, l, (pfn_t)(*pfns - '0'));
	begin();
	frame_list_tell(l, 3, &comma, out);
	expect(expected);
}

Test(player, lists_change_at_one_place)
{
	struct frame_list l = {0};

	expect_list(&l, "12", "[3,0,0,1,2]");
	expect_list(&l, "12", "");
	expect_list(&l, "912", "[3,0,0,9]");
	expect_list(&l, "9122", "[3,3,0,2]");
	expect_list(&l, "922", "[3,1,1]");
	expect_list(&l, "9322", "[3,1,0,3]");
	expect_list(&l, "22", "[3,0,2]");
	expect_list(&l, "2", "[3,1,1]");
	expect_list(&l, "", "[3,0,1]");
	frame_list_free(&host_default_ops, &l);
}

/* ---- a machine ---- */

static char *step(struct player *p)
{
	begin();
	player_step(p, out);
	fclose(out);
	return text;
}

Test(player, a_step_tells_what_changed)
{
	struct machine_config cfg;
	struct access_result res;
	struct task_struct *task;
	struct machine *m = NULL;
	uint64_t populate;
	struct player *p;
	char *told;

	machine_config_default(&cfg);
	cfg.memory = 64u << 20;
	m = make_machine(&cfg);
	p = player_new(m);
	free(step(p));
	told = step(p);
	cr_expect_str_eq(told, "");
	free(told);

	cr_assert_eq(task_spawn(m, 100, "sh", &task), 0);
	do_mmap_pgoff(task->mm, NULL, 0x20000000, 0x2000,
		      PROT_READ_EMU | PROT_WRITE_EMU,
		      MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU, 0,
		      &populate);
	told = step(p);
	cr_expect(strstr(told, "\"task\":[[100],"));
	cr_expect(strstr(told, "\"area\":[[1],[536870912],[536879104],"));
	cr_expect(!strstr(told, "\"entry\""));
	free(told);

	m->current = task;
	access_range(task, 0x20001000, 1, 0, ACCESS_WRITE, &res);
	told = step(p);
	/* a table's entry, and one in it: page 0x20000 at depth 0, the next at 1 */
	cr_expect(strstr(told, "\"entry\":[[1,0],[1048576,9],"), "%s", told);
	cr_expect(!strstr(told, "\"area\""));
	cr_expect(!strstr(told, "\"-frame\""));
	free(told);

	do_exit(task, 0);
	told = step(p);
	cr_expect(strstr(told, "\"-task\":[[100]]"));
	cr_expect(strstr(told, "\"-entry\":[[1,0],[1048576,9]]"));
	free(told);
	player_free(p);
	machine_destroy(m);
}
