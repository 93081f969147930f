/*
 * binary_write.h - events as a binary trace.
 *
 * Written front to back with memory for one block. What is known only at the
 * end (the hints of the header) is put there if the file can be rewound; a pipe
 * does without.
 */
#ifndef MMEMU_TRACE_BINARY_WRITE_H
#define MMEMU_TRACE_BINARY_WRITE_H

#include "trace/binary_format.h"

#include <stdio.h>

struct binary_writer {
	const struct host_ops *host;
	const struct names *names;
	FILE *out;
	void *zstd; /* ZSTD_CCtx */
	bool failed;
	uint8_t header[BINARY_HEADER];
	long starts_at; /* in the file; -1: it cannot be rewound */
	uint64_t offset; /* bytes written */
	struct bytes kinds, new_names, ops, operands, general; /* of the block */
	struct kind_codes codes;
	struct bytes packed, frame;
	struct block_header block;
	struct binary_context *context; /* BINARY_CONTEXTS of them */
	uint32_t contexts_used;		/* bits: those not all zero */
	uint32_t pid;			/* of the last access op, 0: none yet */
	uint32_t *file_id; /* by id in names: its number in the file, 0: new */
	uint32_t nr_file_ids, nr_names;
	struct bytes all_names; /* for the index */
	struct block_entry *blocks;
	uint32_t nr_blocks, max_blocks;
	struct binary_totals total;
	bool sees_contents;
};

/*
 * metadata: lines "KEY=VALUE\n" (may be NULL). level: zstd's, 1 to 19. out stays
 * the caller's, who looks at ferror(out) after the end.
 */
void binary_write_start(struct binary_writer *w, const struct host_ops *host,
			const struct names *names, FILE *out,
			const char *metadata, int level);
/* One statement; ev->line 0: the line behind the one before. Lines ascend. */
void binary_write(struct binary_writer *w, const struct event *ev);
/* The last block, the index; the memory goes. 0, or -1: not all was written. */
int binary_write_end(struct binary_writer *w);

#endif
