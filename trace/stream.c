/* stream.c - reading plain and zstd-compressed bytes. */
#include "trace/stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#define RAW_SIZE ((size_t)128 << 10)
#define ZSTD_MAGIC 0xFD2FB528u
#define SKIPPABLE_MAGIC 0x184D2A50u /* to ...5F */

static int stream_error(struct stream *s, const char *what)
{
	snprintf(s->error, sizeof(s->error), "%s", what);
	return -1;
}

static void stream_init(struct stream *s, const struct host_ops *host,
			const char *name)
{
	memset(s, 0, sizeof(*s));
	s->host = host ? host : &host_default_ops;
	s->name = name;
	s->fd = -1;
}

/* More raw bytes behind those that are left. 0 also at the end of the file. */
static int fill_raw(struct stream *s)
{
	ssize_t n;

	if (s->raw_at) {
		memmove(s->raw, s->raw + s->raw_at, s->raw_end - s->raw_at);
		s->raw_end -= s->raw_at;
		s->raw_at = 0;
	}
	if (s->at_eof)
		return 0;
	do {
		if (s->stop && *s->stop)
			n = 0;
		else
			n = read(s->fd, s->raw + s->raw_end,
				 RAW_SIZE - s->raw_end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return stream_error(s, strerror(errno));
	if (!n)
		s->at_eof = true;
	s->raw_end += (size_t)n;
	s->raw_read += (uint64_t)n;
	return 0;
}

/* Enough bytes to know the format; a zstd context if it is that. */
static int sniff(struct stream *s)
{
	const uint8_t *p;
	uint32_t magic;

	while (s->raw_end - s->raw_at < 4 && !s->at_eof)
		if (fill_raw(s))
			return -1;
	if (s->raw_end - s->raw_at < 4)
		return 0;
	p = (const uint8_t *)s->raw + s->raw_at;
	magic = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		(uint32_t)p[3] << 24;
	if (magic != ZSTD_MAGIC && (magic & ~0xfu) != SKIPPABLE_MAGIC)
		return 0;
	s->zstd = ZSTD_createDCtx();
	if (!s->zstd)
		s->host->fail(s->host->ctx, ZSTD_DStreamInSize());
	return 0;
}

int stream_open(struct stream *s, const struct host_ops *host,
		const char *path)
{
	struct stat st;

	stream_init(s, host, strcmp(path, "-") ? path : "<stdin>");
	s->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC)
				  : dup(STDIN_FILENO);
	if (s->fd < 0)
		return stream_error(s, strerror(errno));
	if (!fstat(s->fd, &st) && S_ISREG(st.st_mode))
		s->raw_size = (uint64_t)st.st_size;
	s->raw = host_alloc(s->host, RAW_SIZE);
	return sniff(s);
}

void stream_open_memory(struct stream *s, const struct host_ops *host,
			const char *name, const void *data, size_t size)
{
	stream_init(s, host, name);
	s->raw = (char *)data;
	s->raw_end = size;
	s->raw_size = size;
	s->raw_read = size;
	s->at_eof = true;
	sniff(s);
}

void stream_close(struct stream *s)
{
	ZSTD_freeDCtx(s->zstd);
	s->zstd = NULL;
	if (s->fd >= 0) {
		close(s->fd);
		host_free(s->host, s->raw, RAW_SIZE);
	}
	s->fd = -1;
	s->raw = NULL;
}

bool stream_begins(struct stream *s, const void *magic, size_t n)
{
	while (s->raw_end - s->raw_at < n && !s->at_eof)
		if (fill_raw(s))
			return false;
	return s->raw_end - s->raw_at >= n &&
	       !memcmp(s->raw + s->raw_at, magic, n);
}

bool stream_seek(struct stream *s, uint64_t offset)
{
	if (!s->raw_size || s->zstd || offset > s->raw_size)
		return false;
	if (s->fd < 0) { /* of memory */
		s->raw_at = offset;
		return true;
	}
	if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
		return false;
	s->raw_at = s->raw_end = 0;
	s->raw_read = offset;
	s->at_eof = false;
	return true;
}

static ssize_t read_plain(struct stream *s, char *buf, size_t size)
{
	size_t n;

	if (s->raw_at == s->raw_end && fill_raw(s))
		return -1;
	n = s->raw_end - s->raw_at;
	if (n > size)
		n = size;
	memcpy(buf, s->raw + s->raw_at, n);
	s->raw_at += n;
	return (ssize_t)n;
}

static int zstd_failed(struct stream *s, size_t ret)
{
	char text[200];

	snprintf(text, sizeof(text), "damaged zstd data (%s)",
		 ZSTD_getErrorName(ret));
	return stream_error(s, text);
}

/*
 * The decoder first: it may still hold output when all input is taken. Only
 * when it has none, more input; only when there is none either, the end.
 */
static ssize_t read_zstd(struct stream *s, char *buf, size_t size)
{
	ZSTD_outBuffer out = {buf, size, 0};

	for (;;) {
		ZSTD_inBuffer in = {s->raw, s->raw_end, s->raw_at};
		size_t ret;

		if (s->zstd_failed)
			return zstd_failed(s, s->zstd_failed);
		if (s->in_frame || in.pos < in.size) {
			ret = ZSTD_decompressStream(s->zstd, &out, &in);
			s->raw_at = in.pos;
			if (ZSTD_isError(ret))
				s->zstd_failed = ret;
			s->in_frame = ret != 0;
		}
		if (out.pos)
			return (ssize_t)out.pos;
		if (s->raw_at < s->raw_end)
			continue;
		if (fill_raw(s))
			return -1;
		if (s->raw_at < s->raw_end)
			continue;
		if (s->in_frame && !(s->stop && *s->stop))
			return stream_error(s, "truncated zstd data, expected the rest of the frame");
		return 0;
	}
}

ssize_t stream_read(struct stream *s, char *buf, size_t size)
{
	return s->zstd ? read_zstd(s, buf, size) : read_plain(s, buf, size);
}
