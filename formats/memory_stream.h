/* memory_stream.h - a stream into memory that holds all that is written. */
#ifndef MMEMU_FORMATS_MEMORY_STREAM_H
#define MMEMU_FORMATS_MEMORY_STREAM_H

#include "core/host.h"

#include <stdio.h>

/*
 * What is written goes to *text, *size bytes and a NUL behind them, to be
 * free()d; both are right after fflush() and fclose(). Neither of these fails,
 * nor does this: where the host has no more memory, host->fail() is called.
 * (open_memstream() cuts the text there, and its fclose() returns 0.)
 */
FILE *memory_stream(const struct host_ops *host, char **text, size_t *size);

#endif
