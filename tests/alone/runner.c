/*
 * runner.c - the module tests without libcriterion, for sanitizers and memcheck.
 *
 * Criterion runs each test in a process of its own but judges it by what the
 * test sent, not by the exit status of the process: a leak or an error that a
 * sanitizer finds at exit leaves the run green, and under AddressSanitizer the
 * library itself may hang or run nothing. This file stands in for it: the
 * tests are the same objects (Test() puts a pointer to each into the section
 * cr_tst), each runs in a forked child, and the child's exit status is the
 * verdict, the sanitizer's word included.
 *
 * usage: modules [-j N] [-x PATTERN]... [PATTERN]
 * PATTERN: suite/name with * and ?; -x: all but these
 * The last line: "Tested: N | Passed: N | Failed: N"; exit status 1 if one
 * failed or none ran.
 */
#define _GNU_SOURCE /* vasprintf */
#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <criterion/redirect.h>

#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_JOBS 16
#define MAX_EXCEPT 16

extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
/* Not every binary has suites with fixtures. */
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

struct criterion_options criterion_options;

static struct criterion_test *current;
static bool failed; /* an expectation of the current test */

struct job {
	pid_t pid;
	struct criterion_test *test;
	FILE *output;
};

/* ---- inside the child: what the macros call ---- */

static const struct criterion_test_extra_data *suite_data(void)
{
	for (struct criterion_suite **s = __start_cr_sts; s < __stop_cr_sts; s++)
		if (*s && !strcmp((*s)->name, current->category))
			return (*s)->data;
	return NULL;
}

void criterion_internal_test_setup(void)
{
	const struct criterion_test_extra_data *suite = suite_data();

	if (suite && suite->init)
		suite->init();
	if (current->data->init)
		current->data->init();
}

void criterion_internal_test_main(void (*fn)(void))
{
	fn();
}

void criterion_internal_test_teardown(void)
{
	const struct criterion_test_extra_data *suite = suite_data();

	if (current->data->fini)
		current->data->fini();
	if (suite && suite->fini)
		suite->fini();
}

/* At an assertion: the rest of the test cannot run, so what it holds is no
 * leak, and _exit() asks nobody. */
void criterion_abort_test(void)
{
	fflush(NULL);
	_exit(1);
}

void criterion_continue_test(void)
{
	failed = true;
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
	if (!stats->passed)
		fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line,
			stats->message);
}

void cri_asserts_passed_incr(void)
{
}

static char *format(const char *fmt, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, args) < 0)
		abort();
	return text;
}

/* The first argument behind the index is the source text of the condition. */
char *cr_translate_assert_msg(int msg_index __attribute__((unused)), ...)
{
	va_list args;
	char *text;

	va_start(args, msg_index);
	text = format("not so: %s", args);
	va_end(args);
	return text;
}

int cr_asprintf(char **strp, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	*strp = format(fmt, args);
	va_end(args);
	return (int)strlen(*strp);
}

void cr_asprintf_free(char *buf)
{
	free(buf);
}

void cr_log(enum criterion_severity severity __attribute__((unused)),
	    const char *msg, ...)
{
	va_list args;

	va_start(args, msg);
	vfprintf(stderr, msg, args);
	va_end(args);
	fputc('\n', stderr);
}

/* ---- redirected output: a file without a name ---- */

static void redirect(FILE *stream)
{
	FILE *to = tmpfile();

	fflush(stream);
	if (!to || dup2(fileno(to), fileno(stream)) < 0)
		abort();
	fclose(to);
}

void cr_redirect_stdout(void)
{
	redirect(stdout);
}

void cr_redirect_stderr(void)
{
	redirect(stderr);
}

int cr_stdout_match_str(const char *ref)
{
	size_t len = strlen(ref);
	char *got = calloc(1, len + 2);
	ssize_t n;
	bool same;

	fflush(stdout);
	n = got ? pread(STDOUT_FILENO, got, len + 1, 0) : -1;
	same = n == (ssize_t)len && !memcmp(got, ref, len);
	free(got);
	return same;
}

/* ---- the parent ---- */

static void start(struct job *job, struct criterion_test *test)
{
	job->test = test;
	job->output = tmpfile();
	fflush(NULL);
	job->pid = job->output ? fork() : -1;
	if (job->pid < 0) {
		perror("alone: cannot start a test");
		exit(2);
	}
	if (job->pid)
		return;
	dup2(fileno(job->output), STDOUT_FILENO);
	dup2(fileno(job->output), STDERR_FILENO);
	fclose(job->output);
	current = test;
	test->test();
	exit(failed);
}

static void show(FILE *from)
{
	char line[512];

	rewind(from);
	while (fgets(line, sizeof(line), from))
		fputs(line, stdout);
}

/* Wait for one of the jobs; true: its test passed. */
static bool finish(struct job *jobs, unsigned nr)
{
	int status;
	pid_t pid = wait(&status);
	struct job *job = jobs;
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	while (job < jobs + nr && job->pid != pid)
		job++;
	if (pid < 0 || job == jobs + nr) {
		perror("alone: wait");
		exit(2);
	}
	if (!good) {
		printf("FAILED: %s/%s (%s %d)\n", job->test->category,
		       job->test->name,
		       WIFSIGNALED(status) ? "signal" : "exit status",
		       WIFSIGNALED(status) ? WTERMSIG(status)
					   : WEXITSTATUS(status));
		show(job->output);
	}
	fclose(job->output);
	job->pid = 0;
	return good;
}

struct choice {
	const char *pattern;
	const char *except[MAX_EXCEPT];
	unsigned nr_except, jobs;
};

static bool wanted(const struct criterion_test *test, const struct choice *ch)
{
	char id[256];

	snprintf(id, sizeof(id), "%s/%s", test->category, test->name);
	for (unsigned i = 0; i < ch->nr_except; i++)
		if (!fnmatch(ch->except[i], id, 0))
			return false;
	return !fnmatch(ch->pattern, id, 0);
}

static void read_options(int argc, char **argv, struct choice *ch)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-j") && i + 1 < argc)
			ch->jobs = (unsigned)atoi(argv[++i]);
		else if (!strcmp(argv[i], "-x") && i + 1 < argc &&
			 ch->nr_except < MAX_EXCEPT)
			ch->except[ch->nr_except++] = argv[++i];
		else
			ch->pattern = argv[i];
	}
	if (ch->jobs < 1 || ch->jobs > MAX_JOBS)
		ch->jobs = 1;
}

int main(int argc, char **argv)
{
	struct choice choice = {.pattern = "*", .jobs = 2};
	struct job jobs[MAX_JOBS] = {{0}};
	unsigned running = 0, tested = 0, passed = 0;

	read_options(argc, argv, &choice);
	for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst;
	     t++) {
		unsigned free_job = 0;

		if (!*t || !wanted(*t, &choice))
			continue;
		if (running == choice.jobs) {
			passed += finish(jobs, MAX_JOBS);
			running--;
		}
		while (jobs[free_job].pid)
			free_job++;
		start(&jobs[free_job], *t);
		running++;
		tested++;
	}
	for (; running; running--)
		passed += finish(jobs, MAX_JOBS);
	printf("Tested: %u | Passed: %u | Failed: %u\n", tested, passed,
	       tested - passed);
	return !tested || passed != tested;
}
