/* zstd_write.c - compressing on the way out, with a checksum. */
#define _GNU_SOURCE /* fopencookie */
#include "trace/zstd_write.h"

#include <stdlib.h>
#include <zstd.h>

#define OUT_SIZE ((size_t)128 << 10)

struct zstd_file {
	FILE *under;
	ZSTD_CCtx *ctx;
	char out[OUT_SIZE];
};

static int compress(struct zstd_file *z, ZSTD_inBuffer *in,
		    ZSTD_EndDirective end)
{
	size_t left;

	do {
		ZSTD_outBuffer out = {z->out, OUT_SIZE, 0};

		left = ZSTD_compressStream2(z->ctx, &out, in, end);
		if (ZSTD_isError(left))
			return -1;
		if (fwrite(z->out, 1, out.pos, z->under) != out.pos)
			return -1;
	} while (end == ZSTD_e_end ? left : in->pos < in->size);
	return 0;
}

static ssize_t zstd_file_write(void *cookie, const char *buf, size_t size)
{
	ZSTD_inBuffer in = {buf, size, 0};

	return compress(cookie, &in, ZSTD_e_continue) ? 0 : (ssize_t)size;
}

static int zstd_file_close(void *cookie)
{
	struct zstd_file *z = cookie;
	ZSTD_inBuffer in = {NULL, 0, 0};
	int ret = compress(z, &in, ZSTD_e_end) ? EOF : 0;

	ZSTD_freeCCtx(z->ctx);
	free(z);
	return ret;
}

FILE *zstd_writer(FILE *under, int level)
{
	static const cookie_io_functions_t io = {.write = zstd_file_write,
						 .close = zstd_file_close};
	struct zstd_file *z = malloc(sizeof(*z));
	FILE *f;

	if (!z)
		return NULL;
	z->under = under;
	z->ctx = ZSTD_createCCtx();
	if (!z->ctx) {
		free(z);
		return NULL;
	}
	ZSTD_CCtx_setParameter(z->ctx, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(z->ctx, ZSTD_c_checksumFlag, 1);
	f = fopencookie(z, "w", io);
	if (!f) {
		ZSTD_freeCCtx(z->ctx);
		free(z);
		return NULL;
	}
	setvbuf(f, NULL, _IOFBF, OUT_SIZE);
	return f;
}
