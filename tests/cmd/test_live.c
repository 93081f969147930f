/* test_live.c - stepping through a trace with its machine beside. */
#include "cmd/live.h"
#include "core/machine.h"
#include "core/task.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char story[] = "mmemu-trace 1\n"		/* line 1 */
			    "100 spawn sh\n"		/* 2 */
			    "\n"
			    "100 mmap 0x20000000 16K rw- private anon -> a\n"
			    "mark mapped\n"		/* 5 */
			    "100 write a = \"hello\"\n"
			    "report maps 100\n"		/* 7 */
			    "100 read a 5 = \"jello\"\n" /* 8: wrong */
			    "# the end\n";

static struct live l;

static void open_story(const char *text)
{
	static char path[32]; /* the trace's name as long as it is open */
	FILE *f;
	struct live_options o = {.trace = path};

	strcpy(path, "/tmp/mmemu-live-XXXXXX");
	f = fdopen(mkstemp(path), "w");
	fputs(text, f);
	fclose(f);
	cr_assert_eq(live_open(&l, &o), EXIT_FINE);
	unlink(path);
}

Test(live, steps)
{
	char got[64];

	cr_redirect_stderr();
	open_story(story);
	cr_assert_null(l.ev);
	cr_assert_eq(live_step(&l), 1);
	cr_assert_eq(l.line, 2);
	cr_assert_not_null(find_task_by_pid(l.m, 100));
	cr_assert_eq(live_step(&l), 1);
	cr_assert_eq(l.outcome->kind, OUTCOME_ADDRESS);
	cr_assert_eq(live_step(&l), 1);
	cr_assert_str_eq(l.mark, "mapped");
	cr_assert(!live_at_event(&l));
	cr_assert_null(l.outcome);
	cr_assert_eq(l.event, 2);
	cr_assert_eq(live_step(&l), 1);
	cr_assert_eq(l.outcome->access.minflt, 1);
	/* looking ahead changes nothing of the statement done */
	cr_assert_eq(live_peek(&l)->kind, EV_REPORT);
	cr_assert_eq(memcmp(l.ev->value, "hello", 5), 0);
	cr_assert_eq(live_step(&l), 1);
	cr_assert_eq(l.report_task->pid, 100);
	cr_assert_eq(live_status(&l), EXIT_FINE);
	cr_assert_eq(live_step(&l), 1);
	outcome_print(l.outcome, got, sizeof(got));
	cr_assert_str_eq(got, "minflt=0 majflt=0 mismatch got=68656c6c6f");
	cr_assert_eq(live_step(&l), 0);
	cr_assert_eq(live_step(&l), 0);
	cr_assert_eq(live_status(&l), EXIT_WRONG);
	live_close(&l);
}

static void to(enum point_type type, uint64_t n, const char *name,
	       uint64_t line)
{
	struct trace_point p = {.type = type, .n = n, .name = name};

	cr_assert_eq(live_to(&l, &p), EXIT_FINE);
	cr_assert_eq(l.line, line, "%s: line %llu", name,
		     (unsigned long long)l.line);
}

Test(live, points)
{
	struct trace_point behind = {POINT_MARK, 0, "mapped"};

	cr_redirect_stderr();
	open_story(story);
	to(POINT_LINE, 3, "line:3", 2); /* the last statement up to it */
	to(POINT_EVENT, 2, "2", 4);
	to(POINT_EVENT, 1, "1", 4); /* passed already */
	to(POINT_MARK, 0, "mapped", 5);
	to(POINT_LINE, 9, "line:9", 8); /* a comment is a line too */
	to(POINT_NONE, 0, NULL, 8);
	cr_assert_eq(live_to(&l, &behind), EXIT_BAD);
	live_close(&l);
}

Test(live, bad_traces)
{
	struct trace_point end = {.type = POINT_NONE};
	struct live_options o = {.trace = "/nowhere/at/all"};

	cr_redirect_stderr();
	cr_assert_eq(live_open(&l, &o), EXIT_BAD);
	live_close(&l);
	open_story("mmemu-trace 1\n100 spawn sh\nnonsense\n");
	cr_assert_eq(live_to(&l, &end), EXIT_BAD);
	cr_assert_eq(live_step(&l), -1);
	cr_assert_eq(l.line, 2);
	live_close(&l);
}
