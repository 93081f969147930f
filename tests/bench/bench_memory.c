/*
 * bench_memory.c - does it stay flat? Host memory at its peak of machines of 1
 * to 64 GiB, and memory and speed for traces of 10^6 accesses and more: a loop of
 * code (as a recording has it), and loads all over 64 MiB.
 *
 * Each row is processes of their own, the median of three. A ratio is to 10^7
 * accesses (speed) and to the first row (memory). BENCH_LONG: the longest trace (1e8; 1e9
 * takes ten times as long, and 3 GB of /tmp).
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

#define BASE 0x20000000u
#define SPREAD (64u << 20)
#define CODE (BASE + SPREAD)

static uint64_t random_state = 88172645463325252ull;

static uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* A loop of eight instructions over 64 MiB. */
static void loop(struct event *ev, uint64_t i)
{
	unsigned step = i & 7;

	ev->kind = step == 2 ? EV_READ : step == 5 ? EV_WRITE : EV_FETCH;
	ev->x[X_LEN].bytes = ev->kind == EV_FETCH ? 3 : 4;
	ev->x[X_ADDR].bytes = CODE + 3 * step;
	if (ev->kind != EV_FETCH)
		ev->x[X_ADDR].bytes = BASE + (i / 8 * 24 & (SPREAD - 1)) +
				      (rnd() >> 61);
}

static void random_loads(struct event *ev, uint64_t i)
{
	(void)i;
	ev->kind = EV_READ;
	ev->x[X_LEN].bytes = 4;
	ev->x[X_ADDR].bytes = BASE + (rnd() & (SPREAD - 8));
}

/* n accesses of a pattern, behind touching all that they touch. */
static void write_trace(const char *path, double n,
			void (*pattern)(struct event *ev, uint64_t i))
{
	struct binary_writer w;
	struct names names;
	struct event ev;
	FILE *f = need(fopen(path, "w"));

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
	ev.x[X_ADDR].bytes = BASE;
	ev.x[X_LEN].bytes = SPREAD + (1 << 20);
	binary_write(&w, &ev);
	ev.flags = 0;
	ev.kind = EV_WRITE;
	binary_write(&w, &ev);
	for (uint64_t i = 0; i < (uint64_t)n; i++) {
		pattern(&ev, i);
		binary_write(&w, &ev);
	}
	if (binary_write_end(&w) || fclose(f))
		exit(2);
	names_destroy(&names);
}

static const char *trace_path;

static void replay(double n)
{
	struct machine *m = machine((uint64_t)1 << 30);
	struct trace_reader reader;
	struct access_run run;
	const struct event *ev;
	struct names names;
	struct replay r;

	(void)n;
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

/* The medians of processes that do it: seconds, and MiB at the peak. */
struct cost {
	struct times seconds, mib;
};

static void one_process(void (*work)(double), double n, struct cost *c)
{
	struct rusage use;
	double seconds;
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
	if (read(fd[0], &seconds, sizeof(seconds)) != sizeof(seconds) ||
	    wait4(pid, &status, 0, &use) != pid || status)
		exit(2);
	close(fd[0]);
	took(&c->seconds, seconds);
	took(&c->mib, (double)use.ru_maxrss / 1024);
}

static struct cost cost_of(void (*work)(double), double n)
{
	struct cost c = {{{0}, 0}, {{0}, 0}};

	for (unsigned i = 0; i < 3; i++)
		one_process(work, n, &c);
	return c;
}

static void bench_boot(void)
{
	double first = 0;

	for (double gib = 1; gib <= 64; gib *= 4) {
		struct cost c = cost_of(boot, gib);
		double mib = median(&c.mib);

		first = first ? first : mib;
		printf("boot a machine of %2.0f GiB      %9.1f ms %37.1f MiB peak  ratio %6.2f\n",
		       gib, median(&c.seconds) * 1e3, mib, mib / first);
		fflush(stdout);
	}
}

static void bench_length(const char *name,
			 void (*pattern)(struct event *ev, uint64_t i),
			 double longest)
{
	double memory = 0, speed = 0;

	for (double n = 1e6; n <= longest; n *= 10) {
		struct cost c;
		double per_second, mib;

		write_trace(trace_path, n, pattern);
		c = cost_of(replay, n);
		per_second = n / median(&c.seconds) / 1e6;
		mib = median(&c.mib);
		memory = memory ? memory : mib;
		speed = n < 2e7 ? per_second : speed;
		printf("%-20s %.0e    %9.2f M accesses/s  ratio %5.2f %14.1f MiB peak  ratio %6.2f\n",
		       name, n, per_second, per_second / speed, mib,
		       mib / memory);
		fflush(stdout);
	}
}

int main(void)
{
	char path[] = "/tmp/mmemu-bench-XXXXXX";
	double longest = setting("BENCH_LONG", 1e8);

	bench_boot();
	close(mkstemp(path));
	trace_path = path;
	bench_length("a loop of code", loop, longest);
	bench_length("random, 64 MiB", random_loads, longest);
	unlink(path);
	return 0;
}
