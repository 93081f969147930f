/*
 * bench_convert.c - logs and traces read and written, beside zstd's own speed.
 *
 * Megabytes of text a second: read and parse the recording's text and write it
 * as binary; read the binary and write text; import what valgrind's lackey would
 * have logged of the recording, into a binary trace. Beside each: how fast
 * ZSTD_decompress() gives that text, compressed at level 9 before.
 */
#define _GNU_SOURCE
#include "tests/bench/bench.h"
#include "trace/binary_write.h"
#include "trace/import.h"
#include "trace/reader.h"
#include "trace/text_write.h"

#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define LOGGED 4000000u /* accesses of the log */

static FILE *null;

static double to_binary(const char *text, size_t n)
{
	struct binary_writer w;
	struct trace_reader r;
	const struct event *ev;
	struct names names;
	double start = now();

	names_init(&names, NULL);
	if (trace_open_memory(&r, NULL, &names, "text", text, n))
		exit(2);
	binary_write_start(&w, NULL, &names, null, "", 9);
	while (trace_read(&r, &ev) > 0)
		binary_write(&w, ev);
	if (binary_write_end(&w))
		exit(2);
	trace_close(&r);
	names_destroy(&names);
	return now() - start;
}

static double to_text(const char *path, FILE *out)
{
	struct text_writer w;
	struct trace_reader r;
	const struct event *ev;
	struct names names;
	double start = now();

	names_init(&names, NULL);
	if (trace_open(&r, NULL, &names, path))
		exit(2);
	text_write_start(&w, NULL, &names, out);
	while (trace_read(&r, &ev) > 0)
		text_write(&w, ev);
	text_write_end(&w);
	trace_close(&r);
	names_destroy(&names);
	return now() - start;
}

/* ---- a text, and how fast zstd gives it ---- */

struct packed {
	char *p, *again;
	size_t n, size;
};

static struct packed pack(const char *text, size_t n)
{
	struct packed z = {.n = n};
	size_t bound = ZSTD_compressBound(n);

	z.p = need(malloc(bound));
	z.again = need(malloc(n));
	z.size = ZSTD_compress(z.p, bound, text, n, 9);
	if (ZSTD_isError(z.size))
		exit(2);
	return z;
}

static double unpack(const struct packed *z)
{
	double start = now();

	if (ZSTD_decompress(z->again, z->n, z->p, z->size) != z->n)
		exit(2);
	return now() - start;
}

static void packed_free(struct packed *z)
{
	free(z->p);
	free(z->again);
}

/* ---- a log ---- */

#define CODE 0x08048000u
#define CODE_SIZE 0x1000000u
#define STACK 0xbff00000u

static bool in_program(uint64_t addr)
{
	return addr - CODE < CODE_SIZE - 4096 || addr - STACK < 0xff000;
}

/* An ELF file that begins at `entry`, with one segment around it. */
static void write_program(const char *path, uint64_t entry)
{
	uint8_t p[84] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
	FILE *f = need(fopen(path, "w"));

	put_le(p + 16, 2, 2);	   /* an executable */
	put_le(p + 18, 3, 2);	   /* of the 386 */
	put_le(p + 20, 1, 4);
	put_le(p + 24, entry, 4);
	put_le(p + 28, 52, 4);	   /* program headers */
	put_le(p + 40, 52, 2);
	put_le(p + 42, 32, 2);
	put_le(p + 44, 1, 2);
	put_le(p + 52, 1, 4);	   /* PT_LOAD */
	put_le(p + 60, CODE, 4);
	put_le(p + 64, CODE, 4);
	put_le(p + 68, sizeof(p), 4);
	put_le(p + 72, CODE_SIZE, 4);
	put_le(p + 76, 7, 4);
	put_le(p + 80, 4096, 4);
	if (fwrite(p, 1, sizeof(p), f) != sizeof(p) || fclose(f))
		exit(2);
}

static void log_run(FILE *f, const struct access_run *run, uint32_t *logged,
		    uint64_t *entry)
{
	static const char *const mark[] = {" L", " S", "I "};

	for (uint32_t i = 0; i < run->n && *logged < LOGGED; i++) {
		uint64_t addr = acc_addr(run->acc[i]);
		unsigned kind = acc_kind(run->acc[i]);

		if (!in_program(addr) || (!*entry && kind != EV_FETCH))
			continue;
		if (!*entry)
			*entry = addr;
		fprintf(f, "%s %08llx,%u\n", mark[kind],
			(unsigned long long)addr,
			(unsigned)acc_len(run->acc[i]));
		++*logged;
	}
}

/* What lackey would have logged, had one process done all that the recording's
 * did in their programs and stacks. */
static uint32_t write_log(const char *recording, FILE *f, uint64_t *entry)
{
	struct trace_reader r;
	struct access_run run;
	const struct event *ev;
	struct names names;
	uint32_t logged = 0;

	fputs("==7== Lackey, an example Valgrind tool\n==7== Command: bench\n"
	      "==7== Parent PID: 1\n==7== \n", f);
	names_init(&names, NULL);
	if (trace_open(&r, NULL, &names, recording))
		exit(2);
	while (trace_next_run(&r, &ev, &run) > 0 && logged < LOGGED)
		if (!ev)
			log_run(f, &run, &logged, entry);
	trace_close(&r);
	names_destroy(&names);
	return logged;
}

static void put_event(void *ctx, const struct event *ev)
{
	binary_write(ctx, ev);
}

static void put_note(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static double import(const char *log, const char *program, uint32_t expected)
{
	struct import_options opt = {.inputs = &log, .nr_inputs = 1,
				     .program = program, .first_pid = 100,
				     .slice = 10000};
	struct binary_writer w;
	struct import_sink sink = {&w, put_event, put_note};
	struct import_counts counts;
	struct trace_error error;
	struct names names;
	const char *input;
	double start = now();

	names_init(&names, NULL);
	binary_write_start(&w, NULL, &names, null, "", 9);
	if (import_run(import_format_find("lackey"), &opt, NULL, &names, &sink,
		       &counts, &input, &error)) {
		fprintf(stderr, "bench: import: %s\n", error.text);
		exit(2);
	}
	if (binary_write_end(&w) || counts.accesses < expected / 10 * 9) {
		fprintf(stderr, "bench: import: %llu accesses of %u\n",
			(unsigned long long)counts.accesses, expected);
		exit(2);
	}
	names_destroy(&names);
	return now() - start;
}

static void bench_import(const char *recording)
{
	char log[] = "/tmp/mmemu-bench-XXXXXX", elf[] = "/tmp/mmemu-bench-XXXXXX";
	struct times ours = {{0}, 0}, zstd = {{0}, 0};
	char *text = NULL;
	uint64_t entry = 0;
	struct packed z;
	size_t n = 0;
	uint32_t logged;
	FILE *f = need(open_memstream(&text, &n));

	logged = write_log(recording, f, &entry);
	fclose(f);
	close(mkstemp(log));
	close(mkstemp(elf));
	f = need(fopen(log, "w"));
	if (fwrite(text, 1, n, f) != n || fclose(f))
		exit(2);
	write_program(elf, entry);
	z = pack(text, n);
	for (unsigned i = 0; i < TURNS; i++) {
		took(&ours, import(log, elf, logged));
		took(&zstd, unpack(&z));
	}
	row("import a log of lackey", (double)n, "bytes/s", &ours, "zstd -d",
	    &zstd);
	packed_free(&z);
	unlink(log);
	unlink(elf);
	free(text);
}

/* ---- forms ---- */

static void bench_forms(const char *recording)
{
	struct times binary = {{0}, 0}, back = {{0}, 0}, zstd = {{0}, 0};
	char *text = NULL;
	struct packed z;
	size_t n = 0;
	FILE *f = need(open_memstream(&text, &n));

	to_text(recording, f);
	fclose(f);
	z = pack(text, n);
	for (unsigned i = 0; i < TURNS; i++) {
		took(&binary, to_binary(text, n));
		took(&back, to_text(recording, null));
		took(&zstd, unpack(&z));
	}
	row("convert text to binary", (double)n, "bytes/s", &binary, "zstd -d",
	    &zstd);
	row("convert binary to text", (double)n, "bytes/s", &back, "zstd -d",
	    &zstd);
	packed_free(&z);
	free(text);
}

int main(void)
{
	const char *recording = getenv("RECORDING");

	if (!recording) {
		puts("bench: RECORDING names no trace, nothing to convert");
		return 0;
	}
	null = need(fopen("/dev/null", "w"));
	bench_forms(recording);
	bench_import(recording);
	fclose(null);
	return 0;
}
