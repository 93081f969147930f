/*
 * check_run.c - scenarios replayed side by side, each in a process of its own.
 *
 * A child changes into the scenario's folder, sends standard output to the
 * file `stats` and standard error to `messages` of a temporary folder, and is
 * then `mmemu replay` with `-o` that folder: so a scenario sees exactly what a
 * user would, and one that crashes takes nobody along. Their ends are taken in
 * any order, verdicts are given in the order of the scenarios.
 */
#define _GNU_SOURCE /* asprintf */
#include "cmd/check.h"
#include "cmd/host_limit.h"
#include "cmd/output.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the child ---- */

static void add_option(struct strings *a, const char *option, const char *value)
{
	if (!value)
		return;
	strings_add(a, option);
	strings_add(a, value);
}

static void replay_arguments(const struct check *c, const struct scenario *s,
			     struct strings *a)
{
	const struct scenario_file *f = s->file;
	uint64_t every = c->opt.check ? c->opt.check : f->check;
	char check[40];

	strings_add(a, "replay");
	strings_add(a, s->trace);
	strings_add(a, "--stats=counts");
	add_option(a, "-o", s->out);
	add_option(a, "-c", s->config);
	add_option(a, "--at", f->at);
	add_option(a, "--boot-state", f->boot_state);
	add_option(a, "--contents", f->contents);
	for (unsigned i = 0; i < f->set.nr; i++)
		add_option(a, "--set", f->set.item[i]);
	for (unsigned i = 0; i < f->reports.nr; i++)
		add_option(a, "-r", f->reports.item[i]);
	if (f->strict)
		strings_add(a, "--strict");
	if (every) {
		snprintf(check, sizeof(check), "--check=%llu",
			 (unsigned long long)every);
		strings_add(a, check);
	}
	strings_add(a, NULL);
}

/* Of a child: no word about its scenario, the host failed. */
#define EXIT_HOST 3

static void redirect(const char *folder, const char *name, int to)
{
	char *path;
	int fd;

	/* not a word: standard error is still the parent's */
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		_exit(EXIT_HOST);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || dup2(fd, to) < 0)
		_exit(EXIT_HOST);
	close(fd);
	free(path);
}

static _Noreturn void child(const struct check *c, const struct scenario *s)
{
	struct strings a = {.nr = 0};
	sigset_t none;
	int status;

	host_failure_status = EXIT_HOST;
	redirect(s->out, "stats", STDOUT_FILENO);
	redirect(s->out, "messages", STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	if (chdir(s->folder)) {
		complain("%s: %s", s->folder, strerror(errno));
		_exit(EXIT_BAD);
	}
	replay_arguments(c, s, &a);
	optind = 0; /* getopt begins anew */
	if (host_limit_bytes())
		host_limit_watch();
	status = cmd_replay((int)a.nr - 1, a.item);
	outputs_abandon();
	if (fflush(stdout))
		status = complain("cannot write to standard output");
	fflush(stderr);
	_exit(status);
}

/* ---- the parent ---- */

static int start(struct check *c, struct scenario *s, unsigned number)
{
	s->out = text_of("%s/%u", c->temp, number);
	if (make_folders(s->out))
		return -1;
	fflush(stdout);
	fflush(stderr);
	s->started = now();
	s->pid = fork();
	if (!s->pid)
		child(c, s);
	if (s->pid < 0)
		return complain("cannot start a process: %s", strerror(errno)),
		       -1;
	return 0;
}

static void reap(struct check *c, unsigned *running)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < c->nr; i++) {
			struct scenario *s = &c->scenario[i];

			if (s->pid != pid || s->done)
				continue;
			s->done = true;
			s->status = status;
			s->seconds = now() - s->started;
			--*running;
		}
	}
}

static void stop_late_ones(struct check *c)
{
	for (unsigned i = 0; i < c->nr; i++) {
		struct scenario *s = &c->scenario[i];

		if (!s->pid || s->done || s->timed_out ||
		    now() - s->started < c->opt.timeout)
			continue;
		s->timed_out = true;
		kill(s->pid, SIGKILL);
	}
}

static void stop_all(struct check *c)
{
	for (unsigned i = 0; i < c->nr; i++) {
		struct scenario *s = &c->scenario[i];

		if (s->pid <= 0 || s->done)
			continue;
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
		s->done = true;
	}
}

static bool host_let_down(const struct scenario *s)
{
	if (!WIFEXITED(s->status) || WEXITSTATUS(s->status) != EXIT_HOST)
		return false;
	complain("%s: this host has too little memory or room for its replay", s->name);
	return true;
}

/* Both signals are blocked, so none is lost between a look and the wait. */
static int run_all(struct check *c, const sigset_t *wait_for,
		   void (*then)(struct check *c, struct scenario *s))
{
	const struct timespec a_second = {.tv_sec = 1};
	unsigned started = 0, running = 0, told = 0;

	while (told < c->nr) {
		while (running < c->opt.jobs && started < c->nr) {
			if (start(c, &c->scenario[started], started))
				return -1;
			started++;
			running++;
		}
		reap(c, &running);
		stop_late_ones(c);
		for (; told < started && c->scenario[told].done; told++) {
			if (host_let_down(&c->scenario[told]))
				return -1;
			then(c, &c->scenario[told]);
			remove_folder(c->scenario[told].out);
		}
		if (told == c->nr || (running < c->opt.jobs && started < c->nr))
			continue;
		if (sigtimedwait(wait_for, NULL, &a_second) == SIGINT)
			return EXIT_INTERRUPTED;
	}
	return 0;
}

int run_scenarios(struct check *c,
		  void (*then)(struct check *c, struct scenario *s))
{
	double begin = now();
	sigset_t wait_for, before;
	int ret;

	sigemptyset(&wait_for);
	sigaddset(&wait_for, SIGCHLD);
	sigaddset(&wait_for, SIGINT);
	sigprocmask(SIG_BLOCK, &wait_for, &before);
	c->temp = scratch_folder_make("mmemu-check");
	ret = c->temp ? run_all(c, &wait_for, then) : -1;
	stop_all(c);
	scratch_folder_remove();
	sigprocmask(SIG_SETMASK, &before, NULL);
	c->seconds = now() - begin;
	return ret;
}
