/* The engine: traces in, outcome logs and counters out. */
#include "tests/core/machine_fixture.h"
#include "trace/replay_internal.h"
#include "trace/text_read.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct machine *m;
	struct names names;
	struct replay r;
	char *log, *messages;
	size_t log_size, messages_size;
	FILE *log_f, *messages_f;
	unsigned reports, marks;
};

static void on_outcome(void *ctx, const struct event *ev,
		       const struct outcome *o)
{
	outcome_write(o, ev->line, ((struct run *)ctx)->log_f);
}

static void on_message(void *ctx, const struct event *ev, const char *text)
{
	fprintf(((struct run *)ctx)->messages_f, "%llu: %s\n",
		(unsigned long long)ev->line, text);
}

static void on_report(void *ctx, const struct event *ev,
		      const struct task_struct *task)
{
	struct run *run = ctx;

	cr_assert_eq(ev->pid2 != 0, task != NULL);
	run->reports++;
}

static void on_mark(void *ctx, const struct event *ev)
{
	(void)ev;
	((struct run *)ctx)->marks++;
}

static void run_start(struct run *run, bool strict, bool reap)
{
	struct replay_hooks hooks = {.ctx = run,
				     .outcome = on_outcome,
				     .message = on_message,
				     .report = on_report,
				     .mark = on_mark};
	struct machine_config cfg;

	memset(run, 0, sizeof(*run));
	machine_config_default(&cfg);
	cfg.memory = 32 << 20;
	cfg.reap = reap ? WAIT_AUTO : WAIT_EXPLICIT;
	run->m = make_machine(&cfg);
	names_init(&run->names, NULL);
	run->log_f = open_memstream(&run->log, &run->log_size);
	run->messages_f = open_memstream(&run->messages, &run->messages_size);
	replay_init(&run->r, run->m, &run->names, &hooks);
	run->r.strict = strict;
}

static void run_text(struct run *run, const char *text)
{
	struct text_reader reader;
	struct event ev;
	int ret;

	text_open_memory(&reader, NULL, &run->names, "t", text, strlen(text));
	while ((ret = text_read(&reader, &ev)) > 0) {
		bool on = replay_event(&run->r, &ev);

		cr_expect_eq(machine_check(run->m, tell_broken, NULL), 0,
			     "after line %llu", (unsigned long long)ev.line);
		if (!on)
			break;
	}
	cr_assert_geq(ret, 0, "%llu:%u: %s",
		      (unsigned long long)reader.error.line,
		      reader.error.column, reader.error.text);
	text_close(&reader);
	fflush(run->log_f);
	fflush(run->messages_f);
}

static void run_end(struct run *run)
{
	replay_destroy(&run->r);
	machine_destroy(run->m);
	names_destroy(&run->names);
	fclose(run->log_f);
	fclose(run->messages_f);
	free(run->log);
	free(run->messages);
}

static void expect_log(const char *trace, const char *log, const char *messages)
{
	struct run run;

	run_start(&run, false, true);
	run_text(&run, trace);
	cr_expect_str_eq(run.log, log, "is:\n%snot:\n%s", run.log, log);
	cr_expect_str_eq(run.messages, messages, "is:\n%snot:\n%s",
			 run.messages, messages);
	run_end(&run);
}

/* clang-format off */
Test(replay, accesses_and_values)
{
	expect_log("1 spawn\n"
		   "1 mmap 0x20000000 16K rw- private anon\n"
		   "1 write 0x20000000 = \"hello\"\n"
		   "1 read 0x20000000 5 = \"hello\"\n"
		   "1 read 0x20000000 5 = \"jello\"\n"
		   "1 read 0x20000ffe 4\n"
		   "1 write 0x20000ffe 4 = 0x04030201\n"
		   "1 read 0x20001000 2 = 0x0403\n"
		   "1 write 0x20000000 16K\n"
		   "1 read 0x20002000 = 1\n"
		   "1 write 0x20003ffe = \"abc\" !SIGSEGV\n"
		   "1 read 0x20003ffe 2 = \"ab\"\n"
		   "1 read 0x20000000 0\n"
		   "1 read 0x20002000 = 2\n",
		   "1: ok\n"
		   "2: ok 0x20000000\n"
		   "3: minflt=1 majflt=0\n"
		   "4: minflt=0 majflt=0\n"
		   "5: minflt=0 majflt=0 mismatch got=68656c6c6f\n"
		   "6: minflt=1 majflt=0\n"
		   "7: minflt=1 majflt=0\n"
		   "8: minflt=0 majflt=0\n"
		   "9: minflt=2 majflt=0\n"
		   "10: minflt=0 majflt=0\n"
		   "11: minflt=0 majflt=0 SIGSEGV MAPERR\n"
		   "12: minflt=0 majflt=0\n"
		   "13: minflt=0 majflt=0\n"
		   "14: minflt=0 majflt=0 mismatch got=01\n",
		   "5: mismatch: expected \"jello\", got \"hello\"\n"
		   "14: mismatch: expected 0x2, got 0x1\n");
}

/* Without a log the fast path decides: a LEN or a sum that passes 64 bits is
 * not the access of one page that it would be modulo 2^64. */
Test(replay, huge_lengths_and_sums)
{
	struct run run;

	run_start(&run, false, true);
	run.r.hooks.outcome = NULL;
	run_text(&run, "1 spawn\n"
		       "1 mmap 0x20000000 8K rw- private anon -> a\n"
		       "1 write a 8K\n"
		       "1 read a+1 18446744073709551615\n"
		       "2 spawn\n"
		       "2 mmap 0x20000000 8K rw- private anon -> a\n"
		       "2 write a 8K\n"
		       "2 read a+0xFFFFFFFFFFFFFFFF\n");
	cr_expect_eq(run.r.n.signals, 1);
	cr_expect(run.r.misfit);
	run_end(&run);
}

Test(replay, exec_stays_below_its_root)
{
	struct run run;

	run_start(&run, false, true);
	run.r.root = "/nonexistent/root";
	run_text(&run, "file ../../etc/passwd size 1\n"
		       "file /a..b/x size 1\n"
		       "1 spawn\n"
		       "1 exec ../../etc/passwd !EACCES\n"
		       "1 exec /a..b/x !ENOENT\n");
	cr_expect_str_eq(run.messages,
			 "4: exec: .. in a path leads out of --root\n"
			 "5: exec: No such file or directory\n");
	run_end(&run);
}

/* A label whose event failed makes orphans of those that use it, also of the
 * ones that would bind another. */
Test(replay, labels)
{
	expect_log("1 spawn\n"
		   "1 mmap - 0 rw- private anon -> a\n"
		   "1 munmap a 4K\n"
		   "1 read a+4\n"
		   "1 mremap a 4K 8K -> b\n"
		   "1 read b\n"
		   "1 mmap 0x20000000 8K rw- private anon -> a\n"
		   "1 read a+1p\n"
		   "1 munmap a+4K 4K\n"
		   "1 exit\n"
		   "1 mmap - 4K rw- private anon -> a\n"
		   "2 spawn\n"
		   "2 read a\n"
		   "3 read 0\n",
		   "1: ok\n"
		   "2: EINVAL\n"
		   "3: orphan\n"
		   "4: orphan\n"
		   "5: orphan\n"
		   "6: orphan\n"
		   "7: ok 0x20000000\n"
		   "8: minflt=1 majflt=0\n"
		   "9: ok\n"
		   "10: ok\n"
		   "11: orphan\n"
		   "12: ok\n"
		   "13: orphan\n"
		   "14: orphan\n",
		   "");
}

Test(replay, expectations)
{
	expect_log("1 spawn\n"
		   "1 mmap - 0 rw- private anon !EINVAL\n"
		   "1 mmap - 0 rw- private anon !ENOMEM\n"
		   "1 mmap 0x20000000 4K r-- private anon !ENOMEM\n"
		   "1 write 0x20000000 !SIGSEGV\n"
		   "1 write 0x20000000 !SIGSEGV\n"
		   "1 read 0x20000000 !SIGSEGV\n"
		   "1 write 0x20000000 !SIGBUS\n"
		   "1 read 0x20000000 !SIGSEGV\n",
		   "1: ok\n"
		   "2: EINVAL\n"
		   "3: EINVAL\n"
		   "4: ok 0x20000000\n"
		   "5: minflt=0 majflt=0 SIGSEGV ACCERR\n"
		   "6: minflt=0 majflt=0 SIGSEGV ACCERR\n"
		   "7: minflt=1 majflt=0\n"
		   "8: minflt=0 majflt=0 SIGSEGV ACCERR\n"
		   "9: orphan\n",
		   "3: mismatch: expected ENOMEM, got EINVAL\n"
		   "4: mismatch: expected ENOMEM, got ok 0x20000000\n"
		   "7: mismatch: expected SIGSEGV, got minflt=1 majflt=0\n"
		   "8: mismatch: expected SIGBUS, got minflt=0 majflt=0 SIGSEGV ACCERR\n");
}

Test(replay, files)
{
	expect_log("file /a size 5000 warm\n"
		   "file /a size 1\n"
		   "1 spawn\n"
		   "1 mmap 0x20000000 12K r-- private file /a 100\n"
		   "1 mmap 0x20000000 12K r-- private file /a 0\n"
		   "1 read 0x20000105 = 5\n"
		   "1 read 0x20001000 = 1\n"
		   "1 read 0x20002000 !SIGBUS\n",
		   "2: EEXIST\n"
		   "3: ok\n"
		   "4: EINVAL\n"
		   "5: ok 0x20000000\n"
		   "6: minflt=1 majflt=0\n"
		   "7: minflt=1 majflt=0\n"
		   "8: minflt=0 majflt=0 SIGBUS ADRERR\n",
		   "");
}

Test(replay, break)
{
	expect_log("1 spawn\n"
		   "1 exec /bin/x text 4K data 4K\n"
		   "1 brk 0 -> b\n"
		   "1 sbrk 8K\n"
		   "1 brk b+0x3001\n"
		   "1 sbrk 0\n"
		   "1 sbrk -1\n"
		   "1 brk 0x1000\n"
		   "1 sbrk 3G\n"
		   "1 brk 0 -> c\n",
		   "1: ok\n"
		   "2: ok\n"
		   "3: ok 0x804a000\n"
		   "4: ok 0x804a000\n"
		   "5: ok 0x804d001\n"
		   "6: ok 0x804d001\n"
		   "7: ok 0x804d001\n"
		   "8: ENOMEM\n"
		   "9: ENOMEM\n"
		   "10: ok 0x804d000\n",
		   "");
}

Test(replay, stack_pointer)
{
	expect_log("1 spawn\n"
		   "1 mmap 0x20100000 8K rw- private anon fixed growsdown\n"
		   "1 write 0x200f0000\n"
		   "1 sp 0x200f0000\n"
		   "1 write 0x200d0000 !SIGSEGV\n"
		   "1 sp -\n"
		   "1 write 0x200d0000\n",
		   "1: ok\n"
		   "2: ok 0x20100000\n"
		   "3: minflt=1 majflt=0\n"
		   "5: minflt=0 majflt=0 SIGSEGV MAPERR\n"
		   "7: minflt=1 majflt=0\n", "");
}

Test(replay, processes)
{
	expect_log("1 spawn a\n"
		   "1 spawn b\n"
		   "1 mmap 0x20000000 4K rw- private anon\n"
		   "1 vfork 2\n"
		   "2 write 0x20000000 = 7\n"
		   "1 read 0x20000000 = 7\n"
		   "2 exit 3\n"
		   "1 fork 2\n"
		   "1 fork 2 !EEXIST\n"
		   "2 write 0\n"
		   "2 read 0x20000000\n"
		   "1 read 0x20000000 = 7\n"
		   "1 wait 2 !ECHILD\n"
		   "1 clone 3\n"
		   "1 exit\n"
		   "3 read 0x20000000 = 7\n",
		   "1: ok\n2: EEXIST\n3: ok 0x20000000\n4: ok\n"
		   "5: minflt=1 majflt=0\n6: minflt=0 majflt=0\n7: ok\n8: ok\n"
		   "9: EEXIST\n10: minflt=0 majflt=0 SIGSEGV MAPERR\n11: orphan\n"
		   "12: minflt=0 majflt=0\n13: ECHILD\n14: ok\n15: ok\n"
		   "16: minflt=0 majflt=0\n", "");
}

/* Killed for lack of memory: in an access, in a call, and as a bystander. */
Test(replay, out_of_memory)
{
	struct run run;

	run_start(&run, false, true);
	run.m->cfg.overcommit = OVERCOMMIT_ALWAYS;
	run_text(&run, "100 spawn\n"
		       "100 mmap 0x20000000 64M rw- private anon -> a\n"
		       "100 write a 64M !SIGKILL\n"
		       "100 read a\n"
		       "101 spawn\n"
		       "101 mmap 0x20000000 64M rw- private anon\n"
		       "101 mlock 0x20000000 64M\n"
		       "101 munlock 0x20000000 64M\n");
	cr_expect(strstr(run.log, " majflt=0 SIGKILL OOM\n4: orphan\n5: ok\n"),
		  "%s", run.log);
	cr_expect(strstr(run.log, "\n7: SIGKILL OOM\n8: orphan\n"), "%s",
		  run.log);
	cr_expect_eq(run.r.n.oom_kills, 2);
	cr_expect_eq(run.r.n.expected_failures, 1);
	run_end(&run);
}

Test(replay, zombies)
{
	struct run run;

	run_start(&run, false, false);
	run_text(&run, "1 spawn\n1 fork 2\n1 wait 2\n2 exit\n2 read 0\n"
		       "1 fork 2\n1 wait 2\n1 fork 2\n3 spawn\n3 wait 2\n"
		       "report maps 2\nreport maps 4\n");
	cr_expect_str_eq(run.log, "1: ok\n2: ok\n3: EAGAIN\n4: ok\n5: orphan\n"
				  "6: EEXIST\n7: ok\n8: ok\n9: ok\n10: ECHILD\n");
	cr_expect_eq(run.reports, 1);
	cr_expect_eq(run.r.n.orphans, 2, "an event and a report");
	run_end(&run);
}

/* Misuse is seen before anything changes, also if the block has a new owner. */
Test(replay, kernel_misuse)
{
	static const char trace[] =
		"kernel alloc_pages 0 GFP_KERNEL -> p\n"
		"kernel free_pages p\n"
		"kernel alloc_pages 0 GFP_KERNEL -> q\n"
		"kernel free_pages p\n"
		"kernel free_pages q+4K\n"
		"kernel kfree q\n"
		"kernel kmalloc 100 GFP_KERNEL -> k\n"
		"kernel kfree k+8\n"
		"kernel free_pages k\n"
		"kernel vfree k\n"
		"kernel kfree k\n"
		"kernel kmalloc 100 GFP_KERNEL\n"
		"kernel kfree k\n"
		"kernel kmem_cache_create c 100\n"
		"kernel kmem_cache_alloc c GFP_KERNEL -> o\n"
		"kernel kmem_cache_alloc c GFP_DMA\n"
		"kernel kmem_cache_alloc c GFP_HIGHUSER\n"
		"kernel kmem_cache_free c k\n"
		"kernel kmem_cache_destroy c\n"
		"kernel kmem_cache_free c o\n"
		"kernel kmem_cache_free c o\n"
		"kernel kmem_cache_destroy c\n"
		"kernel kmem_cache_alloc c GFP_KERNEL -> o\n"
		"kernel kmem_cache_free c o\n"
		"kernel vmalloc 1 -> v\n"
		"kernel vfree v+4K\n"
		"kernel vfree v\n"
		"kernel vfree v\n"
		"kernel kfree 0\n"
		"kernel vfree 0\n"
		"kernel alloc_pages 11 GFP_KERNEL -> z\n"
		"kernel alloc_pages 99999999999 GFP_KERNEL -> z\n"
		"kernel free_pages z\n"
		"kernel vmalloc 0\n"
		"kernel kmalloc 1G GFP_KERNEL\n"
		"kernel kmalloc 0 GFP_KERNEL -> n\n"
		"kernel kfree n\n";
	static const char *const want[] = {
		"ok 0x", "ok", "ok 0x", "BUG", "BUG", "BUG", "ok 0x", "BUG",
		"BUG", "BUG", "ok", "ok 0x", "BUG", "ok", "ok 0x", "BUG", "BUG",
		"BUG", "BUG", "ok", "BUG", "ok", "orphan", "orphan", "ok 0x",
		"BUG", "ok", "BUG", "ok", "ok", "ENOMEM", "ENOMEM", "orphan",
		"ENOMEM", "ENOMEM", "ok 0x10", "ok"};
	struct run run;
	char *line;
	unsigned i = 0;

	run_start(&run, false, true);
	run_text(&run, trace);
	for (line = strtok(run.log, "\n"); line; line = strtok(NULL, "\n")) {
		char *text = strchr(line, ' ') + 1;

		cr_assert_lt(i, ARRAY_SIZE(want));
		cr_expect(!strncmp(text, want[i], strlen(want[i])) &&
			  (want[i][strlen(want[i]) - 1] == 'x' ||
			   !strcmp(text, want[i])), "%u: %s, not %s", i + 1,
			  text, want[i]);
		i++;
	}
	cr_expect_eq(i, ARRAY_SIZE(want));
	cr_expect_eq(run.r.n.bugs, 14);
	cr_expect(replay_found_wrong(&run.r));
	run_end(&run);
}
/* clang-format on */

/* An address may name an object, but only one that a label has too. */
Test(replay, the_kernels_own_objects_are_not_given_back)
{
	struct task_struct *task;
	char text[160];
	struct run run;

	run_start(&run, false, true);
	run_text(&run, "1 spawn\n"
		       "1 mmap 0x20000000 64K rw- private anon fixed\n"
		       "kernel kmem_cache_destroy kmalloc-8192\n"
		       "kernel kmalloc 8000 GFP_KERNEL -> a\n"
		       "kernel kfree a\n");
	cr_expect_eq(run.r.n.bugs, 1);
	task = find_task_by_pid(run.m, 1);
	cr_assert(task && task->mm->mmap);
	snprintf(text, sizeof(text),
		 "kernel kfree 0x%llx\n"
		 "kernel kmem_cache_free vm_area_struct 0x%llx\n"
		 "kernel kmalloc 100 GFP_KERNEL -> k\n",
		 (unsigned long long)task->mm->mmap->kobj,
		 (unsigned long long)task->mm->mmap->kobj);
	run_text(&run, text);
	cr_expect_eq(run.r.n.bugs, 3);
	snprintf(text, sizeof(text), "kernel kfree 0x%llx\n",
		 (unsigned long long)run.r.bindings[
			 names_intern(&run.names, "k", 1)].value);
	run_text(&run, text);
	cr_expect_eq(run.r.n.bugs, 3);
	run_text(&run, "kernel kfree k\n");
	cr_expect_eq(run.r.n.bugs, 4);
	run_text(&run, "1 exit\n"); /* frees the area: once */
	cr_expect_eq(run.r.n.bugs, 4);
	run_end(&run);
}

Test(replay, strict)
{
	static const struct {
		const char *trace;
		uint64_t events;
	} rows[] = {
		{"1 spawn\n1 munmap 1 4K\n1 exit\n", 2},
		{"1 spawn\n1 munmap 1 4K !EINVAL\n1 exit\n", 3},
		{"1 spawn\n1 read 0\n1 exit\n", 2},
		{"1 spawn\n1 read 0 !SIGSEGV\n1 exit\n", 3},
		{"1 spawn\n2 exit\n1 exit\n", 2},
		{"1 spawn\nreport maps 2\n1 exit\n", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run;

		run_start(&run, true, true);
		run_text(&run, rows[i].trace);
		cr_expect_eq(run.r.n.events, rows[i].events, "%s", rows[i].trace);
		cr_expect_eq(run.r.stopped, run.r.n.events < 3);
		cr_expect_eq(replay_found_wrong(&run.r), run.r.stopped);
		run_end(&run);
	}
}

/* Only lines with an actor are events; marks and reports are told. */
Test(replay, counters)
{
	struct run run;

	run_start(&run, false, true);
	run_text(&run, "mmemu-trace 1\nfile /a size 1\n1 spawn\nmark a\n"
		       "1 mmap 0x20000000 1M rw- private anon\n"
		       "1 write 0x20000000 1M stride 2K\nreport frames\n"
		       "report maps 1 as x\n1 read 0x20000000 1M\ndrop_caches 1\n");
	cr_expect_eq(run.r.n.events, 4);
	cr_expect_eq(run.r.n.statements, 9);
	cr_expect_eq(run.r.n.accesses, 2);
	cr_expect_eq(run.r.n.minflt, 256);
	cr_expect_eq(run.m->event, 4);
	cr_expect_eq(run.reports, 2);
	cr_expect_eq(run.marks, 1);
	cr_expect_eq(run.m->stats.accesses[ACCESS_WRITE], 512);
	cr_expect_eq(run.m->stats.accesses[ACCESS_READ], 256);
	run_end(&run);
}

/* The same outcomes, whether or not somebody looks at them. */
Test(replay, with_and_without_a_log)
{
	static const char trace[] =
		"1 spawn\n1 mmap 0x20000000 64K rw- private anon\n"
		"1 write 0x20000000 64K stride 100\n1 fork 2\n"
		"2 write 0x20000000 40K\n1 read 0x20000fff 2\n"
		"1 write 0x20000000 4K\n1 read 0x20000ffc 4\n";
	uint64_t faults[2];

	for (unsigned i = 0; i < 2; i++) {
		struct run run;

		run_start(&run, false, true);
		if (i)
			run.r.hooks.outcome = NULL;
		run_text(&run, trace);
		faults[i] = run.r.n.minflt;
		cr_expect_eq(run.m->stats.accesses[ACCESS_WRITE],
			     656 + 10 + 1);
		run_end(&run);
	}
	cr_expect_eq(faults[0], faults[1]);
}
