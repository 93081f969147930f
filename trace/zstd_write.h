/*
 * zstd_write.h - a FILE whose bytes are zstd-compressed into another one.
 */
#ifndef MMEMU_TRACE_ZSTD_WRITE_H
#define MMEMU_TRACE_ZSTD_WRITE_H

#include "core/host.h"

#include <stdio.h>

/* level 1 to 19. fclose() ends the frame and leaves `under` open, with its
 * error flag set if anything failed. NULL: no host memory. */
FILE *zstd_writer(FILE *under, int level);

#endif
