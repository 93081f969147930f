/*
 * state_read.h - start from the allocators' state of another machine.
 *
 * A state file (formats/state.c, or captured from a real kernel) lists every
 * free block, per-CPU list, watermark, counter, slab and vmalloc area. After
 * state_load() the machine's zones are exactly the file's, geometry included;
 * frames on none of its lists belong to boot for good.
 */
#ifndef MMEMU_TRACE_STATE_READ_H
#define MMEMU_TRACE_STATE_READ_H

#include "core/machine.h"

#define STATE_ERROR_LEN 400

/* A whole state file in memory, lines cut apart as they are read. */
struct state_text {
	const char *name; /* as messages say it */
	char *data;	  /* size bytes and a NUL */
	size_t size, room;
};

/* Read a file, zstd-compressed or not. 0; -errno with one line in error. */
int state_text_read(struct state_text *text, const struct host_ops *host,
		    const char *path, char error[STATE_ERROR_LEN]);
void state_text_free(struct state_text *text, const struct host_ops *host);

/*
 * Set what decides a machine's RAM (memory, the hole) so that a machine booted
 * from cfg has the frames of the file: call it before machine_create(). 0, or
 * -EINVAL with one line (NAME:LINE: what is wrong) in error.
 */
int state_geometry(const struct state_text *text, const struct host_ops *host,
		   struct machine_config *cfg, char error[STATE_ERROR_LEN]);

/*
 * => m is freshly booted: no process, no file. Uses text up. 0, or -EINVAL
 * with one line in error; then m is good for machine_destroy() only.
 */
int state_load(struct machine *m, struct state_text *text,
	       char error[STATE_ERROR_LEN]);

#endif
