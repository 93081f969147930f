/*
 * binary.c - the binary reader, as it is and salvaging. What it takes, the
 * writer writes so that the reader takes it again as the same text.
 *
 * An input that begins with the byte 'B' is the inside of a block: statements,
 * accesses (two bytes each), then what a frame unpacks to. Header, frame and
 * checksums are put around it, which no mutation would get right.
 */
#define _GNU_SOURCE /* memmem */
#include "tests/fuzz/fuzz.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/text_write.h"

#include <string.h>
#include <zstd.h>

#define MOST_EVENTS 20000u

void fuzz_start(const char *name)
{
	(void)name;
}

/* The trace as text and (out not NULL) as a binary trace again. To be free()d;
 * *good: to its end, which is near enough. */
static char *copy(const void *data, size_t size, bool salvage, FILE *out,
		  bool *good)
{
	struct trace_reader *r = malloc(sizeof(*r));
	struct binary_writer *b = malloc(sizeof(*b));
	const struct event *ev;
	struct text_writer w;
	struct names names;
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);
	unsigned n = 0;
	int ret;

	names_init(&names, NULL);
	text_write_start(&w, NULL, &names, f);
	ret = trace_open_memory(r, &host_default_ops, &names, "fuzz", data,
				size);
	if (out)
		binary_write_start(b, &host_default_ops, &names, out, NULL, 1);
	if (!ret && salvage)
		trace_salvage(r);
	while (!ret && n++ < MOST_EVENTS && (ret = trace_read(r, &ev)) > 0) {
		struct event one = *ev;

		one.line = 0;
		text_write(&w, &one);
		if (out)
			binary_write(b, &one);
		ret = 0;
	}
	fuzz_check(!ret || r->error.text[0], "an error without words");
	*good = !ret && n <= MOST_EVENTS;
	if (out)
		binary_write_end(b);
	text_write_end(&w);
	fclose(f);
	trace_close(r);
	names_destroy(&names);
	free(b);
	free(r);
	return text;
}

/* An empty trace, as the writer makes it. */
static size_t empty_trace(uint8_t *to, size_t room)
{
	struct binary_writer *b = malloc(sizeof(*b));
	struct names names;
	FILE *out = fmemopen(to, room, "w+");
	long len;

	names_init(&names, NULL);
	binary_write_start(b, &host_default_ops, &names, out, NULL, 1);
	fuzz_check(!binary_write_end(b), "an empty trace");
	fflush(out);
	len = ftell(out);
	fuzz_check(len > (long)BINARY_HEADER, "an empty trace of %ld bytes",
		   len);
	fclose(out);
	names_destroy(&names);
	free(b);
	return (size_t)len;
}

static size_t frame_of(uint8_t *to, size_t room, const uint8_t *from,
		       size_t size)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(z, to, room, from, size);
	fuzz_check(!ZSTD_isError(n), "zstd");
	ZSTD_freeCCtx(z);
	return n;
}

/* A whole trace with that block, to be free()d. */
static uint8_t *around_block(const uint8_t *data, size_t size, size_t *len)
{
	struct block_header h = {.statements = (uint32_t)get_le(data + 1, 2),
				 .accesses = (uint32_t)get_le(data + 3, 2),
				 .raw = (uint32_t)(size - 5)};
	uint8_t frame[2 * 70000], empty[512], *file, *index, magic[4];
	size_t n = empty_trace(empty, sizeof(empty)), head;

	put_le(magic, INDEX_MAGIC, 4);
	index = memmem(empty, n, magic, 4);
	fuzz_check(index, "no index");
	head = (size_t)(index - empty);
	h.packed = (uint32_t)frame_of(frame, sizeof(frame), data + 5, size - 5);
	*len = n + BLOCK_HEADER + h.packed;
	file = malloc(*len);
	memcpy(file, empty, head);
	block_header_put(file + head, &h);
	memcpy(file + head + BLOCK_HEADER, frame, h.packed);
	memcpy(file + head + BLOCK_HEADER + h.packed, index, n - head);
	return file;
}

static void read_both_ways(const uint8_t *data, size_t size)
{
	bool good, again;
	char *bytes, *text, *second;
	size_t len;
	FILE *out;

	free(copy(data, size, true, NULL, &good));
	out = open_memstream(&bytes, &len);
	text = copy(data, size, false, out, &good);
	fclose(out);
	if (good) {
		second = copy(bytes, len, false, NULL, &again);
		fuzz_check(again, "written, not read again");
		fuzz_check(!strcmp(text, second), "written differently");
		free(second);
	}
	free(text);
	free(bytes);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	uint8_t *file;
	size_t len;

	if (size > 65536 || size < 6)
		return;
	if (data[0] != 'B') {
		read_both_ways(data, size);
		return;
	}
	file = around_block(data, size, &len);
	read_both_ways(file, len);
	free(file);
}
