/*
 * bench_memory.c - host memory at its peak: machines of 1 to 64 GiB, traces of
 * 10^6 accesses and more; and the seconds both take.
 *
 * Each row is a process of its own. BENCH_LONG: the longest trace (1e8; 1e9
 * takes ten times as long and as much room on the disk).
 */
#include "core/machine.h"
#include "tests/bench/bench.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/replay.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct machine *machine(uint64_t memory)
{
	struct machine_config cfg;
	struct machine *m;
	const char *why = "";

	machine_config_default(&cfg);
	cfg.memory = memory;
	cfg.contents = CONTENTS_OFF;
	strcpy(cfg.paging, "x86-pae");
	cfg.nx = true;
	if (machine_create(&cfg, NULL, &m, &why)) {
		fprintf(stderr, "bench: %s\n", why);
		exit(2);
	}
	return m;
}

static void boot(double gib)
{
	machine((uint64_t)gib << 30);
}

/* A loop of eight instructions over 64 MiB, of n accesses in all. */
static void write_trace(const char *path, double n)
{
	struct binary_writer w;
	struct names names;
	struct event ev;
	FILE *f = need(fopen(path, "w"));
	uint64_t x = 1;

	names_init(&names, NULL);
	binary_write_start(&w, NULL, &names, f, "", 1);
	memset(&ev, 0, sizeof(ev));
	ev.pid = 100;
	ev.kind = EV_SPAWN;
	binary_write(&w, &ev);
	ev.kind = EV_MMAP;
	ev.has = 3;
	ev.prot = 7;
	ev.flags = EVF_FIXED;
	ev.x[X_ADDR].bytes = 0x20000000;
	ev.x[X_LEN].bytes = 65 << 20;
	binary_write(&w, &ev);
	ev.flags = 0;
	for (double i = 0; i < n; i++) {
		unsigned step = (unsigned)(uint64_t)i & 7;

		ev.kind = step == 2 ? EV_READ : step == 5 ? EV_WRITE : EV_FETCH;
		ev.x[X_LEN].bytes = ev.kind == EV_FETCH ? 3 : 4;
		ev.x[X_ADDR].bytes = 0x24000000 + 3 * step;
		if (ev.kind != EV_FETCH) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			ev.x[X_ADDR].bytes =
				0x20000000 + (((uint64_t)(i / 8) * 24) &
					      ((64 << 20) - 1)) + (x >> 61);
		}
		binary_write(&w, &ev);
	}
	if (binary_write_end(&w) || fclose(f))
		exit(2);
	names_destroy(&names);
}

static const char *trace_path;

static void replay(double n __unused_arg)
{
	struct machine *m = machine((uint64_t)1 << 30);
	struct trace_reader reader;
	struct access_run run;
	const struct event *ev;
	struct names names;
	struct replay r;

	names_init(&names, NULL);
	if (trace_open(&reader, NULL, &names, trace_path))
		exit(2);
	trace_ahead(&reader);
	replay_init(&r, m, &names, NULL);
	while (trace_next_run(&reader, &ev, &run) > 0) {
		if (ev)
			replay_event(&r, ev);
		else
			replay_run(&r, &run, 0, run.n);
	}
	trace_close(&reader);
}

/* Peak MiB of a process that does it; *seconds that it took. */
static double peak(void (*work)(double), double n, double *seconds)
{
	struct rusage use;
	int status, fd[2];
	pid_t pid;

	if (pipe(fd))
		exit(2);
	pid = fork();
	if (!pid) {
		double start = now();

		work(n);
		start = now() - start;
		_exit(write(fd[1], &start, sizeof(start)) != sizeof(start));
	}
	close(fd[1]);
	if (read(fd[0], seconds, sizeof(*seconds)) != sizeof(*seconds) ||
	    wait4(pid, &status, 0, &use) != pid || status)
		exit(2);
	close(fd[0]);
	return (double)use.ru_maxrss / 1024;
}

static void memory_row(const char *name, double mib, double seconds,
		       double first)
{
	printf("%-30s %9.1f MiB peak   %9.1f ms   ratio to the first %6.2f\n",
	       name, mib, seconds * 1e3, mib / first);
	fflush(stdout);
}

int main(void)
{
	char path[] = "/tmp/mmemu-bench-XXXXXX", name[64];
	double top = setting("BENCH_LONG", 1e8), first = 0, mib, seconds;

	for (double gib = 1; gib <= 64; gib *= 4) {
		mib = peak(boot, gib, &seconds);
		first = first ? first : mib;
		snprintf(name, sizeof(name), "boot a machine of %.0f GiB", gib);
		memory_row(name, mib, seconds, first);
	}
	close(mkstemp(path));
	trace_path = path;
	first = 0;
	for (double n = 1e6; n <= top; n *= 10) {
		write_trace(path, n);
		mib = peak(replay, n, &seconds);
		first = first ? first : mib;
		snprintf(name, sizeof(name), "replay %.0e, %.0f M/s", n,
			 n / seconds / 1e6);
		memory_row(name, mib, seconds, first);
	}
	unlink(path);
	return 0;
}
