/*
 * binary_read.h - a binary trace as runs of accesses and single events.
 *
 * Memory is that of one block and a few chunks, whatever the trace's length
 * (and its names). With a thread, blocks are read, checked, unpacked and
 * decoded while the caller works on the chunk before.
 */
#ifndef MMEMU_TRACE_BINARY_READ_H
#define MMEMU_TRACE_BINARY_READ_H

#include "trace/binary_format.h"
#include "trace/stream.h"

#include <pthread.h>

#define BINARY_ERROR_LEN 320
#define CHUNK_EVENTS 256u
#define CHUNK_PIECES 1024u
#define NR_CHUNKS 4u /* a power of two */

/*
 * Straight-line code as binary_access.c remembers it: what the ops from one
 * fetch on say, up to a jump or the end of its page.
 */
#define LINE_OPS 8u  /* as many as a word has bytes */
#define LINE_DATA 5u /* loads and stores */
#define CODE_LINE_BITS 12
#define CODE_LINES (1u << CODE_LINE_BITS)

/* A load or store in it. */
struct code_data {
	uint16_t slot; /* in binary_context.last; bit 0 is its kind */
	uint8_t at;    /* which op of the line */
	uint8_t reach; /* bytes behind the first one */
};

struct code_line {
	uint64_t key; /* address of the first fetch + 1; 0: no line */
	uint64_t ops, mask; /* a byte each; the bits of it that count */
	uint64_t acc[LINE_OPS]; /* words; without address if it is data */
	uint8_t bytes[LINE_OPS]; /* of code, up to and with each op */
	uint8_t nr_data[LINE_OPS]; /* loads and stores, the same */
	struct code_data data[LINE_DATA];
};
_Static_assert(sizeof(struct code_line) == 128, "two lines of a cache");

/* A run, or (n 0) the event number `event` of the chunk. */
struct piece {
	uint32_t pid, n, first, first_turn, nr_turns, event;
	uint64_t line, value; /* value: where its bytes begin in chunk.values */
	uint32_t count[3];
};

struct chunk {
	uint64_t acc[RUN_MAX + LINE_OPS]; /* lines are copied whole */
	uint16_t turn[RUN_MAX];
	struct piece piece[CHUNK_PIECES];
	struct event event[CHUNK_EVENTS];
	uint32_t nr_acc, nr_turns, nr_pieces, nr_events;
	struct bytes values;
	struct bytes names; /* (length, bytes) of names first used here */
	bool last;	    /* nothing comes behind it */
	char error[BINARY_ERROR_LEN];
};

/* One block on its way from the file to chunks. */
struct decoder {
	struct stream *stream;
	const struct host_ops *host;
	void *zstd; /* ZSTD_DCtx */
	unsigned page_shift;
	uint64_t offset;     /* of what is read next */
	uint64_t blocks;     /* read so far */
	uint64_t block_at;   /* offset of this one */
	struct block_header head;
	struct bytes packed, raw;
	const uint8_t *op, *op_end, *operand, *operand_end;
	struct cursor general;
	struct kind_codes codes;
	const uint8_t *names;
	size_t names_len;    /* not handed out yet */
	uint32_t nr_names;
	bool names_known;    /* all of the file's, from its index */
	struct binary_context *context;
	uint32_t contexts_used;
	struct code_line *lines; /* CODE_LINES of them */
	uint32_t pid;
	uint64_t line;	     /* of the statement decoded last */
	uint32_t statements, accesses; /* of this block */
	bool ended;
	char error[BINARY_ERROR_LEN];
};

struct binary_reader {
	struct decoder d;
	struct names *names;
	uint32_t *name_id; /* by number in the file */
	uint32_t nr_names, max_names;
	char *metadata; /* lines KEY=VALUE, NUL-terminated */
	size_t metadata_len;
	uint32_t hints;
	uint64_t first_event; /* events before the first one read */
	struct chunk *chunk[NR_CHUNKS];
	struct chunk *now; /* being handed out; NULL: none yet */
	uint32_t next_piece;
	bool salvage;	   /* what is damaged ends the trace */
	bool threaded, running;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t filled, taken; /* chunks so far, under lock */
	bool quit;
	char error[BINARY_ERROR_LEN];
};

/* The stream stands in front of the magic number. 0, or -1 with r->error.
 * binary_close() either way; the stream stays the caller's. */
int binary_open(struct binary_reader *r, const struct host_ops *host,
		struct names *names, struct stream *stream);
void binary_close(struct binary_reader *r);
/*
 * 1: *ev is an event (until the next call), or it is NULL and *run one or more
 * accesses; 0: the end; -1: r->error.
 */
int binary_next(struct binary_reader *r, const struct event **ev,
		struct access_run *run);

/*
 * Before the first binary_next(): begin with the block that holds event number
 * n, or line n. 0; -1 with r->error (no regular file, no index).
 */
int binary_seek_event(struct binary_reader *r, uint64_t n);
int binary_seek_line(struct binary_reader *r, uint64_t n);
/* What the index says, and how many blocks there are. The same. */
int binary_read_totals(struct binary_reader *r, struct binary_totals *totals,
		       uint64_t *nr_blocks);

/* binary_decode.c: the next chunk, chunk->last at the end or an error. */
void decoder_fill(struct decoder *d, struct chunk *c);
/* A frame of `packed` bytes of the stream into d->raw. false: d->error. */
bool decoder_unpack(struct decoder *d, uint32_t packed, uint32_t raw);
/* The next n bytes of the stream. false: there are fewer. */
bool decoder_read(struct decoder *d, void *p, size_t n);
bool decoder_failed(struct decoder *d, const char *what);

#endif
