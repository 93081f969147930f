/*
 * binary_format.h - the binary form of a trace: what stands where.
 *
 *   header │ metadata │ block │ block │ ... │ index │ footer
 *
 * A block is a header and one zstd frame with a checksum; it can be decoded
 * without the blocks before it, but for their names. docs/TRACE-FORMAT.md
 * describes every byte. All numbers are little-endian.
 */
#ifndef MMEMU_TRACE_BINARY_FORMAT_H
#define MMEMU_TRACE_BINARY_FORMAT_H

#include "trace/run.h"

#include <string.h>

#define BINARY_MAGIC "\x89MMT\r\n\x1a\n"
#define BINARY_VERSION 1u
#define BINARY_HEADER 32u
#define BINARY_FEATURES 0u /* bits of the header this program understands */
#define HINT_NO_CONTENTS 0x1u /* no event can see what bytes a page holds */
#define HINT_OFFSET 16u	      /* of the hints in the header */

#define BLOCK_MAGIC 0x4B424D4Du /* "MMBK" */
#define INDEX_MAGIC 0x58494D4Du /* "MMIX" */
#define FOOTER_MAGIC 0x4E454D4Du /* "MMEN" */
#define BLOCK_HEADER 40u
#define INDEX_HEADER 16u
#define BINARY_FOOTER 16u
#define NR_SECTIONS 5u
#define BLOCK_SECTIONS (4 * NR_SECTIONS) /* lengths at the start of a block */

#define BLOCK_OPS (1u << 20)	    /* a block ends at so many ops */
#define BLOCK_BYTES ((size_t)8 << 20) /* or at so many bytes */
#define BLOCK_MAX_RAW ((size_t)64 << 20)
#define INDEX_MAX_RAW ((size_t)1 << 30)
#define METADATA_MAX ((size_t)1 << 20)

/*
 * An op is a byte. Bits 0-1: read, write, fetch (enum event_kind), or OP_OTHER.
 *
 *   access  7 6   5 4 3 2   1 0     width: bytes of the operand: 0 1 3 6
 *          width   length   kind    length: 0 none, 1-14, 15: a varint
 *   other   sub << 2       | 3
 */
#define OP_OTHER 3u
#define OP_LEN(op) ((op) >> 2 & 15u)
#define OP_LEN_VARINT 15u
#define OP_WIDTH(op) ((op) >> 6)
enum { OP_PROCESS, OP_LINES, OP_EVENT, NR_OP_SUBS };

/*
 * Where the next access is expected. A fetch: behind the one before it. A read
 * or write: where the same instruction's went last time. The operand is the
 * difference, zigzag, modulo 2^48. One context serves all processes of equal
 * pid mod BINARY_CONTEXTS; both sides do the same, so sharing costs only size.
 */
#define BINARY_CONTEXTS 16u
#define CONTEXT_SLOTS 1024u
struct binary_context {
	uint64_t next;	/* behind the last fetch */
	uint64_t fetch; /* its address */
	uint64_t last[2 * CONTEXT_SLOTS]; /* by slot and read or write */
};

/* Where last[] begins for the instruction at pc. */
static inline uint64_t context_slot(uint64_t pc)
{
	return ((pc ^ pc >> 10) & (CONTEXT_SLOTS - 1)) << 1;
}

/* Bits of the general part's field mask, in the order of the fields. */
enum {
	FIELD_PID, FIELD_X0, FIELD_X1, FIELD_X2, FIELD_X3, FIELD_PROT,
	FIELD_CHOICE, FIELD_FLAGS, FIELD_EXPECT, FIELD_BIND, FIELD_NAME,
	FIELD_NAME2, FIELD_PID2, FIELD_GFP, FIELD_DEV, FIELD_VALUE, NR_FIELDS
};

struct block_header {
	uint32_t packed, raw; /* bytes of the frame, and unpacked */
	uint32_t statements, accesses;
	uint64_t events_before, line_before;
};

struct block_entry {
	uint64_t offset; /* in the file */
	uint64_t events_before, line_before;
};

/* What the index says of the whole trace. */
struct binary_totals {
	uint64_t statements, events, accesses, last_line;
	uint64_t kinds[NR_EVENT_KINDS];
};

/* The reflected CRC-32 of IEEE 802.3, as zlib computes it. */
uint32_t crc32_of(const uint8_t *p, size_t n);

static inline void put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}
static inline uint64_t get_le(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

void block_header_put(uint8_t p[BLOCK_HEADER], const struct block_header *h);
/* false: damaged. */
bool block_header_get(const uint8_t p[BLOCK_HEADER], struct block_header *h);

/* ---- varints: 7 bits a byte, low ones first ---- */
#define VARINT_MAX 10u

/* Bytes to be written behind each other; grows. */
struct bytes {
	const struct host_ops *host;
	uint8_t *p;
	size_t n, room;
};
void bytes_grow(struct bytes *b, size_t more);
void bytes_free(struct bytes *b);

static inline void put_byte(struct bytes *b, uint8_t v)
{
	if (unlikely(b->n == b->room))
		bytes_grow(b, 1);
	b->p[b->n++] = v;
}
static inline void put_varint(struct bytes *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put_byte(b, (uint8_t)(v | 0x80));
	put_byte(b, (uint8_t)v);
}
static inline void put_block(struct bytes *b, const void *p, size_t n)
{
	if (b->room - b->n < n)
		bytes_grow(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

/* Bytes to be read; `bad` once more were asked for than there are. */
struct cursor {
	const uint8_t *p, *end;
	bool bad;
};
static inline uint8_t get_byte(struct cursor *c)
{
	if (unlikely(c->p == c->end)) {
		c->bad = true;
		return 0;
	}
	return *c->p++;
}
uint64_t get_varint(struct cursor *c);

/* ---- general events (binary_event.c) ---- */

/* The kinds of a block, by the code that its events have: what a kind is called
 * stands in the file, so kinds may come and go. */
#define MAX_KIND_CODES 256u
struct kind_codes {
	unsigned nr;
	uint8_t kind[MAX_KIND_CODES]; /* by code */
	uint8_t code[NR_EVENT_KINDS]; /* by kind: code + 1; 0: none */
};
/* The word of a kind and who acts, and back; -1: there is none of it. */
void binary_put_kind(struct bytes *b, unsigned kind);
int binary_get_kind(struct cursor *c, char word[32]);
/* The code of a kind; a new one is written to b. */
unsigned kind_code(struct kind_codes *codes, struct bytes *b, unsigned kind);

void binary_put_event(struct bytes *b, const struct event *ev, unsigned code);
/*
 * One event but for its line. Value bytes stay in c's memory. false: it is not
 * one that a reader of text could have made.
 */
bool binary_get_event(struct cursor *c, struct event *ev,
		      const struct kind_codes *codes, uint32_t nr_names);

#endif
