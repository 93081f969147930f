/* host_limit.c - the bound on host memory. */
#include "cmd/host_limit.h"
#include "cmd/command.h"
#include "cmd/output.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define LOOK_EVERY 5000 /* microseconds of CPU time */

static const char option[] = "--max-host-memory";
static uint64_t limit;
static _Atomic uint64_t taken; /* machines side by side have threads */

uint64_t host_limit_bytes(void)
{
	return limit;
}

bool host_limit_take(size_t size)
{
	uint64_t now = atomic_fetch_add(&taken, size) + size;

	if (!limit || (size <= limit && now <= limit))
		return true;
	taken -= size;
	return false;
}

void host_limit_give(size_t size)
{
	taken -= size;
}

/* Bytes in RAM, from /proc/self/statm; only calls a signal handler may make. */
static uint64_t resident(void)
{
	static long page_size;
	char buf[64];
	uint64_t pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	const char *p = buf;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	while (*p && *p != ' ')
		p++;
	for (p++; *p >= '0' && *p <= '9'; p++)
		pages = 10 * pages + (uint64_t)(*p - '0');
	if (!page_size)
		page_size = sysconf(_SC_PAGESIZE);
	return pages * (uint64_t)page_size;
}

static void look(int signal __unused_arg)
{
	static const char text[] =
		"mmemu: more host memory is needed than --max-host-memory allows\n";
	int saved = errno;

	if (resident() > limit) {
		outputs_abandon();
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			_exit(host_failure_status);
		_exit(host_failure_status);
	}
	errno = saved;
}

void host_limit_watch(void)
{
	const struct itimerval often = {{0, LOOK_EVERY}, {0, LOOK_EVERY}};
	struct sigaction sa = {.sa_handler = look, .sa_flags = SA_RESTART};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGPROF, &sa, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
}

/* A number with K, M, G or T behind it. */
static bool parse_size(const char *text, uint64_t *size)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	errno = 0;
	*size = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno)
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (*size >> (64 - shift))
			return false;
		*size <<= shift;
		end++;
	}
	return !*end && *size;
}

static int set_limit(const char *text)
{
	if (text && parse_size(text, &limit))
		return 0;
	complain("%s %s: expected a number of bytes such as 2G", option,
		 text ? text : "");
	return -1;
}

int host_limit_start(int *argc, char **argv)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	size_t n = sizeof(option) - 1;
	int kept = 0;

	if (pages > 0 && size > 0)
		limit = (uint64_t)pages / 4 * 3 * (uint64_t)size;
	for (int i = 0; i < *argc; i++) {
		const char *value = NULL;

		if (strncmp(argv[i], option, n) ||
		    (argv[i][n] && argv[i][n] != '=')) {
			argv[kept++] = argv[i];
			continue;
		}
		if (argv[i][n])
			value = argv[i] + n + 1;
		else if (i + 1 < *argc)
			value = argv[++i];
		if (set_limit(value))
			return -1;
	}
	argv[kept] = NULL;
	*argc = kept;
	if (limit)
		host_limit_watch();
	return 0;
}
