/* Bytes of traces: plain, compressed, cut short; names; zstd out and in. */
#include "trace/names.h"
#include "trace/stream.h"
#include "trace/text_read.h"
#include "trace/zstd_write.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE ((size_t)3 << 20)

/* Text that compresses to something longer than a buffer. */
static char *make_data(size_t size)
{
	char *data = malloc(size);
	uint32_t x = 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (char)(x >> 27 ? 'a' + (x >> 24) % 26 : '\n');
	}
	return data;
}

static char *compress(const char *data, size_t size, size_t *out_size)
{
	char *out = NULL;
	FILE *under = open_memstream(&out, out_size);
	FILE *f = zstd_writer(under, 3);

	cr_assert_eq(fwrite(data, 1, size, f), size);
	cr_assert_eq(fclose(f), 0);
	fclose(under);
	return out;
}

/* All bytes of a stream, read in pieces of `step`; error: what must come. */
static void expect_bytes(struct stream *s, const char *data, size_t size,
			 size_t step, const char *error)
{
	char *buf = malloc(step);
	size_t at = 0;
	ssize_t n;

	while ((n = stream_read(s, buf, step)) > 0) {
		cr_assert_leq(at + (size_t)n, size);
		cr_assert_arr_eq(buf, data + at, (size_t)n);
		at += (size_t)n;
	}
	if (error) {
		cr_expect_eq(n, -1);
		cr_expect_str_eq(s->error, error);
	} else {
		cr_expect_eq(n, 0, "%s", s->error);
		cr_expect_eq(at, size);
	}
	free(buf);
}

Test(stream, compressed_and_plain)
{
	static const size_t steps[] = {1000, 65536, SIZE};
	size_t zsize;
	char *data = make_data(SIZE), *z = compress(data, SIZE, &zsize);

	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		struct stream s;

		stream_open_memory(&s, NULL, "z", z, zsize);
		expect_bytes(&s, data, SIZE, steps[i], NULL);
		stream_close(&s);
		stream_open_memory(&s, NULL, "p", data, SIZE);
		expect_bytes(&s, data, SIZE, steps[i], NULL);
		stream_close(&s);
	}
	free(data);
	free(z);
}

/* Several frames, as cat makes them, are one stream. */
Test(stream, frames_in_a_row)
{
	size_t zsize, size = 100000;
	char *data = make_data(2 * size);
	char *z = compress(data, size, &zsize), *both;
	size_t z2size;
	char *z2 = compress(data + size, size, &z2size);
	struct stream s;

	both = malloc(zsize + z2size);
	memcpy(both, z, zsize);
	memcpy(both + zsize, z2, z2size);
	stream_open_memory(&s, NULL, "z", both, zsize + z2size);
	expect_bytes(&s, data, 2 * size, 7777, NULL);
	stream_close(&s);
	free(data);
	free(z);
	free(z2);
	free(both);
}

/* Cut anywhere: the bytes before come, then one error. */
Test(stream, truncated)
{
	size_t zsize, size = 300000;
	char *data = make_data(size), *z = compress(data, size, &zsize);

	for (size_t cut = 4; cut < zsize; cut += zsize / 23) {
		struct stream s;

		stream_open_memory(&s, NULL, "z", z, cut);
		expect_bytes(&s, data, size, 4096,
			     "truncated zstd data, expected the rest of the frame");
		stream_close(&s);
	}
	free(data);
	free(z);
}

Test(stream, damaged)
{
	size_t zsize, size = 300000;
	char *data = make_data(size), *z = compress(data, size, &zsize), buf[999];
	struct stream s;
	ssize_t n;

	z[zsize / 2] ^= 0x55;
	z[zsize / 2 + 1] ^= 0x55;
	stream_open_memory(&s, NULL, "z", z, zsize);
	while ((n = stream_read(&s, buf, sizeof(buf))) > 0)
		;
	cr_expect_eq(n, -1);
	cr_expect(strstr(s.error, "damaged zstd data"), "%s", s.error);
	stream_close(&s);
	free(data);
	free(z);
}

Test(stream, files)
{
	struct stream s;

	cr_expect_eq(stream_open(&s, NULL, "/nonexistent/trace"), -1);
	cr_expect_str_eq(s.error, "No such file or directory");
	stream_close(&s);
	cr_expect_eq(stream_open(&s, NULL, "/"), -1);
	cr_expect_str_eq(s.error, "Is a directory");
	stream_close(&s);
}

/* A trace cut in the middle of a frame: its whole lines count, the half line
 * does not. */
Test(stream, truncated_trace)
{
	size_t size = 0, zsize;
	char *data = malloc(1 << 20), *z;
	struct text_reader r;
	struct names names;
	struct event ev;
	uint64_t n = 0;
	int ret;

	for (unsigned i = 0; i < 30000; i++)
		size += (size_t)sprintf(data + size, "1 read 0x%x\n",
					i * 2654435761u);
	z = compress(data, size, &zsize);
	names_init(&names, NULL);
	text_open_memory(&r, NULL, &names, "t", z, zsize - 10);
	while ((ret = text_read(&r, &ev)) > 0) {
		cr_assert_eq(ev.x[X_ADDR].bytes, (uint32_t)n * 2654435761u);
		n++;
	}
	cr_expect_eq(ret, -1);
	cr_expect_eq(r.error.line, n + 1);
	cr_expect_str_eq(r.error.text, "truncated zstd data, expected the rest of the frame");
	text_close(&r);
	names_destroy(&names);
	free(data);
	free(z);
}

Test(names, the_same_text_is_the_same_id)
{
	struct names names;
	char text[32];

	names_init(&names, NULL);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5000; i++) {
			size_t len = (size_t)sprintf(text, "h%u", i);

			cr_assert_eq(names_intern(&names, text, len), i + 1);
			cr_assert_str_eq(name_text(&names, i + 1), text);
		}
	}
	cr_expect_eq(names_intern(&names, "h1x", 2), 2, "only len bytes");
	cr_expect_eq(names_intern(&names, "a\0b", 3), 5001);
	cr_expect_eq(names_intern(&names, "a", 1), 5002);
	names_destroy(&names);
}
