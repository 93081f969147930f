/* common.c - messages, host memory and SIGINT of all commands. */
#include "cmd/command.h"
#include "cmd/host_limit.h"
#include "cmd/output.h"
#include "core/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAME_INTERRUPT_MS 200

int complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("mmemu: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_BAD;
}

int complain_trace(const char *name, const struct trace_error *e)
{
	fflush(stdout);
	if (e->line)
		fprintf(stderr, "%s:%llu:%u: %s\n", name,
			(unsigned long long)e->line, e->column, e->text);
	else
		fprintf(stderr, "mmemu: %s: %s\n", name, e->text);
	return EXIT_BAD;
}

int usage_error(const char *command)
{
	fprintf(stderr, "mmemu: \"mmemu help %s\" says how to use it\n",
		command);
	return EXIT_BAD;
}

bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];

	while (path) {
		const char *colon = strchr(path, ':');
		int n = (int)(colon ? (size_t)(colon - path) : strlen(path));

		if ((size_t)snprintf(file, sizeof(file), "%.*s/%s", n, path,
				     program) < sizeof(file) &&
		    !access(file, X_OK))
			return true;
		path = colon ? colon + 1 : NULL;
	}
	return false;
}

static _Thread_local bool beyond_limit; /* why host_take() gave nothing */

static void *host_take(void *ctx __unused_arg, size_t size)
{
	beyond_limit = !host_limit_take(size);
	return beyond_limit ? NULL : calloc(1, size);
}

static void host_give(void *ctx __unused_arg, void *p, size_t size)
{
	host_limit_give(size);
	free(p);
}

static void *host_room(void *ctx __unused_arg, size_t size)
{
	return host_default_ops.reserve(NULL, size);
}

static void host_unroom(void *ctx __unused_arg, void *p, size_t size)
{
	host_default_ops.release(NULL, p, size);
}

int host_failure_status = EXIT_BAD;

static void host_failed(void *ctx __unused_arg, size_t size)
{
	outputs_abandon();
	if (beyond_limit)
		complain("more host memory is needed than --max-host-memory allows");
	else
		complain("this host has no more memory (%zu bytes asked for)",
			 size);
	scratch_folder_remove();
	_exit(host_failure_status);
}

const struct host_ops cmd_host = {
	.alloc = host_take,
	.free = host_give,
	.reserve = host_room,
	.release = host_unroom,
	.fail = host_failed,
};

volatile sig_atomic_t interrupted;

/*
 * A second SIGINT ends the program at once, but not one that comes with the
 * first: timeout(1) sends its signal to the child and to the child's group.
 */
static void on_interrupt(int signal_number)
{
	static struct timespec first;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!interrupted) {
		first = now;
		interrupted = 1;
	} else if ((now.tv_sec - first.tv_sec) * 1000 +
			   (now.tv_nsec - first.tv_nsec) / 1000000 >=
		   SAME_INTERRUPT_MS) {
		outputs_end(signal_number);
	}
}

void catch_interrupt(void)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
}

static bool is_interrupted(void *ctx __unused_arg)
{
	return interrupted;
}

void let_interrupt(struct machine *m)
{
	m->cut_short = is_interrupted;
}
