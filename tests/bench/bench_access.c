/*
 * bench_access.c - accesses a second from binary traces, end to end: read,
 * unpack, check, decode, translate, count.
 *
 * Beside each: a plain C loop that loads from the same addresses, which are
 * given to it as an array (the least that any machine can do). For the
 * recording two more rows: the same replay with everything on one core, and a
 * bare loop that decodes varints, looks up a TLB and walks two levels of tables,
 * without processes, files, faults, counters, or checks.
 *
 * BENCH_ACCESSES: how many accesses a pattern has (20 million).
 * RECORDING: the trace, MMEMU: the program that converts it.
 */
#include "tests/bench/bench.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/replay.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define BASE 0x20000000u

static uint64_t random_state = 88172645463325252ull;

static uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* ---- patterns ---- */

static void sequential(uint32_t *at, size_t n, uint64_t size)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint32_t)(i * 8 % size);
}

static void uniform(uint32_t *at, size_t n, uint64_t size)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint32_t)(rnd() % size & ~(uint64_t)7);
}

/* Pages by rank 1/r, the ranks scattered over the range. */
static void zipf(uint32_t *at, size_t n, uint64_t size)
{
	uint64_t pages = size >> 12;
	double top = log((double)pages + 1);

	for (size_t i = 0; i < n; i++) {
		double u = (double)(rnd() >> 11) / 9007199254740992.0;
		uint64_t page = (uint64_t)exp(u * top) - 1;

		page = (page < pages ? page : pages - 1) * 40503 % pages;
		at[i] = (uint32_t)(page << 12 | (rnd() & 0xff8));
	}
}

/* ---- traces ---- */

static void put(struct binary_writer *w, uint8_t kind, uint64_t addr,
		uint64_t len)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = kind;
	ev.pid = 100;
	ev.x[X_ADDR].bytes = addr;
	ev.has = kind == EV_SPAWN ? 0 : 1 << X_ADDR | 1 << X_LEN;
	ev.x[X_LEN].bytes = len;
	if (kind == EV_MMAP) {
		ev.prot = 3;
		ev.flags = EVF_FIXED;
	}
	binary_write(w, &ev);
}

/* Spawn, map and touch everything, then the accesses. */
static void write_trace(const char *path, const uint32_t *at, size_t n,
			uint64_t size)
{
	struct binary_writer w;
	struct names names;
	FILE *f = need(fopen(path, "w"));

	names_init(&names, NULL);
	binary_write_start(&w, NULL, &names, f, "", 3);
	put(&w, EV_SPAWN, 0, 0);
	put(&w, EV_MMAP, BASE, size);
	put(&w, EV_WRITE, BASE, size);
	put(&w, EV_READ, BASE, size);
	for (size_t i = 0; i < n; i++)
		put(&w, EV_READ, BASE + at[i], 4);
	if (binary_write_end(&w) || fclose(f))
		exit(2);
	names_destroy(&names);
}

/* ---- replay ---- */

/* Seconds from event `from` on; the machine is made before. */
static double replay(const char *path, bool ahead, enum contents_mode contents,
		     uint64_t from, uint64_t *accesses)
{
	struct machine_config cfg;
	struct trace_reader reader;
	struct access_run run;
	const struct event *ev;
	struct names names;
	struct machine *m;
	struct replay r;
	const char *why;
	double start = now();
	int ret;

	machine_config_default(&cfg);
	cfg.memory = (uint64_t)4 << 30;
	cfg.contents = contents;
	strcpy(cfg.paging, "x86-pae");
	cfg.nx = true;
	names_init(&names, NULL);
	if (machine_create(&cfg, NULL, &m, &why) ||
	    trace_open(&reader, NULL, &names, path))
		exit(2);
	if (ahead)
		trace_ahead(&reader);
	replay_init(&r, m, &names, NULL);
	while ((ret = trace_next_run(&reader, &ev, &run)) > 0) {
		if (ev)
			replay_event(&r, ev);
		else
			replay_run(&r, &run, 0, run.n);
		if (r.n.events == from)
			start = now();
	}
	start = now() - start;
	if (ret < 0)
		exit(2);
	*accesses = r.n.accesses;
	replay_destroy(&r);
	trace_close(&reader);
	machine_destroy(m);
	names_destroy(&names);
	return start;
}

/* ---- the plain loop ---- */

static uint64_t sink;

static double loads(const uint8_t *ram, const uint32_t *at, size_t n)
{
	double start = now();
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t v;

		memcpy(&v, ram + at[i], 4);
		sum += v;
	}
	sink += sum;
	return now() - start;
}

struct pattern {
	const char *name;
	void (*fill)(uint32_t *at, size_t n, uint64_t size);
	uint64_t size;
};

static void bench_pattern(const struct pattern *p, size_t n, const char *path)
{
	uint32_t *at = need(malloc(n * sizeof(*at)));
	uint8_t *ram = need(malloc(p->size));
	struct times ours = {{0}, 0}, theirs = {{0}, 0};
	uint64_t accesses;

	p->fill(at, n, p->size);
	memset(ram, 1, p->size);
	write_trace(path, at, n, p->size);
	for (unsigned i = 0; i < TURNS; i++) {
		took(&ours, replay(path, true, CONTENTS_OFF, 4, &accesses));
		took(&theirs, loads(ram, at, n));
	}
	row(p->name, (double)n, "accesses/s", &ours, "plain loads", &theirs);
	free(ram);
	free(at);
}

/* ---- the recording ---- */

struct addresses {
	uint32_t *at;
	size_t n;
};

/* What the recording accesses, as far as it is plain. */
static struct addresses recorded(const char *path)
{
	struct addresses a = {NULL, 0};
	struct trace_reader reader;
	struct access_run run;
	const struct event *ev;
	struct names names;
	size_t room = 0;

	names_init(&names, NULL);
	if (trace_open(&reader, NULL, &names, path))
		exit(2);
	while (trace_next_run(&reader, &ev, &run) > 0) {
		if (ev)
			continue;
		if (a.n + run.n > room) {
			room = 2 * room + run.n;
			a.at = need(realloc(a.at, room * sizeof(*a.at)));
		}
		for (uint32_t i = 0; i < run.n; i++)
			a.at[a.n++] = (uint32_t)acc_addr(run.acc[i]);
	}
	trace_close(&reader);
	names_destroy(&names);
	return a;
}

#define BARE_TLB 1024u

/* Decode, TLB, two-level walk, one after another; what it finds is added up. */
static double bare_loop(const uint8_t *p, size_t n, const uint32_t *tables)
{
	static uint64_t tag[BARE_TLB];
	static uint32_t frame[BARE_TLB];
	double start = now();
	uint32_t addr = 0;
	uint64_t sum = 0;

	memset(tag, 0, sizeof(tag));
	for (size_t i = 0; i < n; i++) {
		uint32_t z = *p++, page, k;

		if (z & 0x80) {
			z &= 0x7f;
			for (unsigned s = 7;; s += 7) {
				uint32_t b = *p++;

				z |= (b & 0x7f) << s;
				if (!(b & 0x80))
					break;
			}
		}
		addr += z >> 1 ^ -(z & 1);
		page = addr >> 12;
		k = page % BARE_TLB;
		if (tag[k] != page + 1u) {
			frame[k] = tables[1024 + ((size_t)tables[page >> 10] << 10) +
					  (page & 1023)];
			tag[k] = page + 1u;
		}
		sum += frame[k] + (addr & 4095);
	}
	sink += sum;
	return now() - start;
}

/* Addresses as zigzag varints of their differences. */
static uint8_t *delta_coded(const struct addresses *a)
{
	uint8_t *out = need(malloc(5 * a->n + 8)), *p = out;
	uint32_t last = 0;

	for (size_t i = 0; i < a->n; i++) {
		uint32_t d = a->at[i] - last;
		uint32_t z = d << 1 ^ (uint32_t)((int32_t)d >> 31);

		for (; z >= 0x80; z >>= 7)
			*p++ = (uint8_t)(z | 0x80);
		*p++ = (uint8_t)z;
		last = a->at[i];
	}
	return out;
}

/* A directory of 1024 tables, each with 1024 frames. */
static uint32_t *identity_tables(void)
{
	uint32_t *t = need(malloc((1024 + (1 << 20)) * sizeof(*t)));

	for (uint32_t i = 0; i < 1024; i++)
		t[i] = i;
	for (uint32_t i = 0; i < 1 << 20; i++)
		t[1024 + i] = i;
	return t;
}

static void bench_recording(const char *path)
{
	struct addresses a = recorded(path);
	struct times ours = {{0}, 0}, one = {{0}, 0}, kept = {{0}, 0};
	struct times bare = {{0}, 0}, plain = {{0}, 0};
	uint8_t *ram = need(calloc(1, (size_t)4 << 30)), *coded;
	uint32_t *tables = identity_tables();
	uint64_t n = 0;

	coded = delta_coded(&a);
	for (unsigned i = 0; i < TURNS; i++) {
		took(&ours, replay(path, true, CONTENTS_OFF, 0, &n));
		took(&one, replay(path, false, CONTENTS_OFF, 0, &n));
		took(&kept, replay(path, true, CONTENTS_ON, 0, &n));
		took(&bare, bare_loop(coded, a.n, tables));
		took(&plain, loads(ram, a.at, a.n));
	}
	row("recording", (double)n, "accesses/s", &ours, "plain loads", &plain);
	row("  beside a bare loop", (double)n, "accesses/s", &ours,
	    "decode, TLB, walk", &bare);
	row("  on one core", (double)n, "accesses/s", &one, "decode, TLB, walk",
	    &bare);
	row("  with contents", (double)n, "accesses/s", &kept,
	    "decode, TLB, walk", &bare);
	free(tables);
	free(coded);
	free(ram);
	free(a.at);
}

int main(void)
{
	static const struct pattern patterns[] = {
		{"sequential, 1 MiB", sequential, 1 << 20},
		{"sequential, 64 MiB", sequential, 64 << 20},
		{"sequential, 2 GiB", sequential, (uint64_t)2 << 30},
		{"zipf, 1 MiB", zipf, 1 << 20},
		{"zipf, 64 MiB", zipf, 64 << 20},
		{"zipf, 2 GiB", zipf, (uint64_t)2 << 30},
		{"random, 1 MiB", uniform, 1 << 20},
		{"random, 64 MiB", uniform, 64 << 20},
		{"random, 2 GiB", uniform, (uint64_t)2 << 30},
	};
	size_t n = (size_t)setting("BENCH_ACCESSES", 2e7);
	const char *recording = getenv("RECORDING");
	char path[] = "/tmp/mmemu-bench-XXXXXX";

	close(mkstemp(path));
	if (recording)
		bench_recording(recording);
	for (unsigned i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		bench_pattern(&patterns[i], n, path);
	unlink(path);
	return sink == 42;
}
