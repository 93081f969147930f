/*
 * stream.h - the bytes of a trace: a plain file, a zstd file, standard input.
 *
 * zstd is recognised by its magic number, whatever the name. A file that ends
 * in the middle of a frame is an error that is told after the bytes before it
 * were handed out.
 */
#ifndef MMEMU_TRACE_STREAM_H
#define MMEMU_TRACE_STREAM_H

#include "core/host.h"

#include <signal.h>
#include <sys/types.h>

struct stream {
	const struct host_ops *host;
	int fd;
	const char *name;	/* as messages say it */
	char *raw;		/* bytes as the file has them */
	size_t raw_at, raw_end; /* those not used yet */
	uint64_t raw_read;	/* bytes taken from the file */
	uint64_t raw_size;	/* of a regular file; 0 = not known */
	void *zstd;		/* ZSTD_DCtx, NULL: plain */
	size_t zstd_failed;	/* its error code, told after the good bytes */
	bool in_frame;
	bool at_eof;
	const volatile sig_atomic_t *stop; /* set: reads end as at the end */
	char error[256];	/* one line, after a -1 */
};

/* path "-": standard input. 0, or -1 with s->error (close it all the same). */
int stream_open(struct stream *s, const struct host_ops *host,
		const char *path);
/* Bytes of memory instead of a file; data must stay. */
void stream_open_memory(struct stream *s, const struct host_ops *host,
			const char *name, const void *data, size_t size);
void stream_close(struct stream *s);
/* Do the file's own bytes begin with these (at most 16)? Takes none. */
bool stream_begins(struct stream *s, const void *magic, size_t n);
/* Go on at that byte of a regular file. false: it is none, or there is none. */
bool stream_seek(struct stream *s, uint64_t offset);
/* Up to size bytes; 0 at the end, -1 with s->error. */
ssize_t stream_read(struct stream *s, char *buf, size_t size);

#endif
