/*
 * bench_convert.c - text to binary and back, beside zstd's own speed.
 *
 * Megabytes of text a second: read and parse the recording and write it as
 * binary; read the binary and write text; and, beside both, what ZSTD_decompress
 * makes of the same text compressed at level 9.
 */
#include "tests/bench/bench.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/text_write.h"

#include <unistd.h>
#include <zstd.h>

static double to_binary(const char *text, size_t n, FILE *out)
{
	struct binary_writer w;
	struct trace_reader r;
	const struct event *ev;
	struct names names;
	double start = now();

	names_init(&names, NULL);
	if (trace_open_memory(&r, NULL, &names, "text", text, n))
		exit(2);
	binary_write_start(&w, NULL, &names, out, "", 9);
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

int main(void)
{
	const char *recording = getenv("RECORDING");
	char path[] = "/tmp/mmemu-bench-XXXXXX", *text = NULL, *packed, *again;
	double binary = 0, back = 0, zstd = 0, start;
	FILE *f, *null = need(fopen("/dev/null", "w"));
	size_t n = 0, size;

	if (!recording)
		return 0;
	f = need(open_memstream(&text, &n));
	to_text(recording, f);
	fclose(f);
	packed = need(malloc(ZSTD_compressBound(n)));
	again = need(malloc(n));
	size = ZSTD_compress(packed, ZSTD_compressBound(n), text, n, 9);
	close(mkstemp(path));
	for (unsigned i = 0; i < TURNS; i++) {
		f = need(fopen(path, "w"));
		faster(&binary, to_binary(text, n, f));
		fclose(f);
		faster(&back, to_text(path, null));
		start = now();
		if (ZSTD_decompress(again, n, packed, size) != n)
			return 2;
		faster(&zstd, now() - start);
	}
	row("convert text to binary", (double)n, "bytes/s", binary, "zstd -d",
	    zstd);
	row("convert binary to text", (double)n, "bytes/s", back, "zstd -d",
	    zstd);
	unlink(path);
	fclose(null);
	free(again);
	free(packed);
	free(text);
	return 0;
}
