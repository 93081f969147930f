/*
 * binary_decode.c - blocks to chunks: the reading side's hot loop.
 *
 *   stream ─► block header ─► zstd frame ─► names │ ops │ operands │ general
 *                                                  └──────┬──────┘
 *                                          acc[], turn[] of a chunk
 *
 * An operand is read as eight bytes and masked to its width, so that the loop
 * has no branch for it; the buffer has room behind its end for that. Whether
 * operands were used up exactly is asked once a chunk, since a chunk cannot
 * run further than SLACK behind them.
 */
#include "trace/binary_read.h"

#include <endian.h>
#include <stdio.h>
#include <zstd.h>

#define SLACK (6 * RUN_MAX + 8)
#define SLICE 1024u /* accesses */

bool decoder_failed(struct decoder *d, const char *what)
{
	if (d->blocks || d->block_at)
		snprintf(d->error, sizeof(d->error),
			 "block %llu at offset %llu: %.240s",
			 (unsigned long long)d->blocks,
			 (unsigned long long)d->block_at, what);
	else
		snprintf(d->error, sizeof(d->error), "%s", what);
	d->ended = true;
	return false;
}

bool decoder_read(struct decoder *d, void *p, size_t n)
{
	char *to = p;

	while (n) {
		ssize_t got = stream_read(d->stream, to, n);

		if (got < 0)
			return decoder_failed(d, d->stream->error);
		if (!got)
			return decoder_failed(
				d, "the file is truncated, expected more bytes here");
		to += got;
		n -= (size_t)got;
		d->offset += (size_t)got;
	}
	return true;
}

static void make_room(struct bytes *b, size_t n)
{
	b->n = 0;
	if (b->room < n)
		bytes_grow(b, n);
}

bool decoder_unpack(struct decoder *d, uint32_t packed, uint32_t raw)
{
	char text[160];
	size_t n;

	make_room(&d->packed, packed);
	make_room(&d->raw, (size_t)raw + SLACK);
	if (!decoder_read(d, d->packed.p, packed))
		return false;
	n = ZSTD_decompressDCtx(d->zstd, d->raw.p, raw, d->packed.p, packed);
	if (!ZSTD_isError(n) && n == raw) {
		d->raw.n = n;
		return true;
	}
	snprintf(text, sizeof(text), "damaged data (%s)",
		 ZSTD_isError(n) ? ZSTD_getErrorName(n) : "too short");
	return decoder_failed(d, text);
}

/* ---- the start of a block ---- */

static bool read_kinds(struct decoder *d, const uint8_t *p, size_t n)
{
	struct cursor c = {p, p + n, false};
	char word[32], text[96];

	memset(&d->codes, 0, sizeof(d->codes));
	while (c.p < c.end) {
		int kind = binary_get_kind(&c, word);

		if (c.bad || d->codes.nr == MAX_KIND_CODES)
			return decoder_failed(d, "its kinds are damaged");
		if (kind < 0) {
			snprintf(text, sizeof(text),
				 "a statement that this version does not know (%s)",
				 word);
			return decoder_failed(d, text);
		}
		d->codes.kind[d->codes.nr++] = (uint8_t)kind;
	}
	return true;
}

static bool split_sections(struct decoder *d)
{
	const uint8_t *p = d->raw.p;
	uint64_t part[NR_SECTIONS], sum = BLOCK_SECTIONS;

	for (unsigned i = 0; i < NR_SECTIONS; i++) {
		part[i] = get_le(p + 4 * i, 4);
		sum += part[i];
	}
	if (sum != d->raw.n)
		return decoder_failed(d, "the lengths of its parts do not add up");
	p += BLOCK_SECTIONS;
	d->names = p + part[0];
	d->names_len = part[1];
	d->op = d->names + part[1];
	d->op_end = d->op + part[2];
	d->operand = d->op_end;
	d->operand_end = d->operand + part[3];
	d->general = (struct cursor){d->operand_end,
				     d->operand_end + part[4], false};
	return read_kinds(d, p, part[0]);
}

static bool count_names(struct decoder *d)
{
	struct cursor c = {d->names, d->names + d->names_len, false};

	while (c.p < c.end) {
		uint64_t len = get_varint(&c);

		if (c.bad || len > (size_t)(c.end - c.p) ||
		    d->nr_names == UINT32_MAX - 1)
			return decoder_failed(d, "a name is damaged");
		c.p += len;
		d->nr_names += !d->names_known;
	}
	if (d->names_known)
		d->names_len = 0;
	return true;
}

/* true: a block is there; false: the end, or d->error. */
static bool next_block(struct decoder *d)
{
	uint8_t head[BLOCK_HEADER];

	d->blocks++;
	d->block_at = d->offset;
	if (!decoder_read(d, head, 4))
		return false;
	if (get_le(head, 4) == INDEX_MAGIC) {
		d->ended = true;
		return false;
	}
	if (!decoder_read(d, head + 4, sizeof(head) - 4))
		return false;
	if (!block_header_get(head, &d->head))
		return decoder_failed(d, "the block's header is damaged");
	if (!decoder_unpack(d, d->head.packed, d->head.raw) ||
	    !split_sections(d) || !count_names(d))
		return false;
	for (unsigned i = 0; i < BINARY_CONTEXTS; i++)
		if (d->contexts_used >> i & 1)
			memset(&d->context[i], 0, sizeof(d->context[i]));
	d->contexts_used = 0;
	d->pid = 0;
	d->line = d->head.line_before;
	d->statements = d->accesses = 0;
	return true;
}

static bool end_of_block(struct decoder *d)
{
	if (d->operand != d->operand_end || d->general.p != d->general.end ||
	    d->statements != d->head.statements ||
	    d->accesses != d->head.accesses)
		return decoder_failed(d, "its parts do not fit each other");
	return true;
}

/* ---- ops ---- */

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* What an op says, ready to be used: no bit of it is taken apart twice. */
struct op_row {
	uint64_t mask;	/* of the operand */
	uint64_t acc;	/* kind and length where acc_pack() puts them */
	uint8_t kind, len, width;
	bool special;	/* no access, or its length is elsewhere */
};

#define OP_ROW(op)                                                             \
	[op] = {                                                               \
		.mask = (op) >> 6 == 0	 ? 0                                   \
			: (op) >> 6 == 1 ? 0xff                                \
			: (op) >> 6 == 2 ? 0xffffff                            \
					 : ACC_ADDR_MASK,                      \
		.acc = (uint64_t)((op)&3) << ACC_ADDR_BITS |                   \
		       (uint64_t)OP_LEN(op) << ACC_LEN_SHIFT,                  \
		.kind = (op)&3,                                                \
		.len = OP_LEN(op),                                             \
		.width = (op) >> 6 == 3 ? 6 : (op) >> 6 == 2 ? 3 : (op) >> 6,  \
		.special = ((op)&3) == OP_OTHER ||                             \
			   OP_LEN(op) == OP_LEN_VARINT,                        \
	},
#define OP_ROWS4(op) OP_ROW(op) OP_ROW(op + 1) OP_ROW(op + 2) OP_ROW(op + 3)
#define OP_ROWS16(op) \
	OP_ROWS4(op) OP_ROWS4(op + 4) OP_ROWS4(op + 8) OP_ROWS4(op + 12)
#define OP_ROWS64(op) \
	OP_ROWS16(op) OP_ROWS16(op + 16) OP_ROWS16(op + 32) OP_ROWS16(op + 48)
static const struct op_row op_rows[256] = {
	OP_ROWS64(0) OP_ROWS64(64) OP_ROWS64(128) OP_ROWS64(192)};

static uint64_t long_length(struct decoder *d)
{
	uint64_t len = get_varint(&d->general);

	if (len > ACC_LEN_MAX)
		d->general.bad = true;
	return len & ACC_LEN_MAX;
}

/*
 * Accesses until another op or `end`, as words. Fetch or not is a branch on
 * purpose: the CPU guesses it well, and without it the address of each access
 * would wait for that of the one before it, by way of `slot`.
 */
static uint64_t *decode_accesses(struct decoder *d, const uint8_t *end,
				 uint64_t *out)
{
	struct binary_context *ctx = &d->context[d->pid % BINARY_CONTEXTS];
	const uint8_t *op = d->op, *operand = d->operand;
	uint64_t next = ctx->next, slot = ctx->slot;

	for (; op < end; op++) {
		const struct op_row *row = &op_rows[*op];
		uint64_t z, addr, bits = row->acc, len = row->len;

		if (unlikely(row->special)) {
			if ((*op & 3) == OP_OTHER)
				break;
			len = long_length(d);
			bits = acc_pack(0, *op & 3, len);
		}
		z = load64(operand) & row->mask;
		operand += row->width;
		z = z >> 1 ^ -(z & 1);
		if (row->kind == EV_FETCH) {
			addr = (next + z) & ACC_ADDR_MASK;
			next = addr + len;
			slot = context_slot(addr);
		} else {
			uint64_t *last = &ctx->last[slot | row->kind];

			addr = (*last + z) & ACC_ADDR_MASK;
			*last = addr;
		}
		*out++ = addr | bits;
	}
	ctx->next = next & ACC_ADDR_MASK;
	ctx->slot = slot;
	d->op = op;
	d->operand = operand;
	return out;
}

/*
 * Which of acc[from, to) are turns (run.h), behind those that were found before.
 * page_of: of the last access by kind.
 */
static uint16_t *find_turns(const uint64_t *acc, uint32_t from, uint32_t to,
			    unsigned shift, uint64_t page_of[4], uint16_t *turn)
{
	uint64_t offset_mask = ((uint64_t)1 << shift) - 1;

	for (uint32_t i = from; i < to; i++) {
		uint64_t a = acc[i], page = acc_addr(a) >> shift;
		bool crosses = (a & offset_mask) + acc_len(a) > offset_mask + 1;
		uint64_t *last = &page_of[acc_kind(a)];

		*turn = (uint16_t)(i | (uint32_t)crosses << 15);
		turn += crosses | (page != *last);
		*last = page | -(uint64_t)crosses;
	}
	return turn;
}

/* How many ops of [op, end) are of each kind, eight at a time. */
static void count_kinds(const uint8_t *op, const uint8_t *end,
			uint32_t count[3])
{
	uint64_t low = 0x0101010101010101u;
	uint32_t n = (uint32_t)(end - op);
	uint64_t writes = 0, fetches = 0;

	for (; end - op >= 8; op += 8) {
		uint64_t v = load64(op);

		writes += (v & low) * low >> 56;
		fetches += (v >> 1 & low) * low >> 56;
	}
	for (; op < end; op++) {
		writes += *op & 1;
		fetches += *op >> 1 & 1;
	}
	count[EV_READ] = n - (uint32_t)(writes + fetches);
	count[EV_WRITE] = (uint32_t)writes;
	count[EV_FETCH] = (uint32_t)fetches;
}

/* In slices that stay in the first-level cache. => d->pid is set */
static void decode_run(struct decoder *d, struct chunk *c, struct piece *run)
{
	uint64_t page_of[4] = {~0ull, ~0ull, ~0ull, ~0ull};
	uint64_t *acc = c->acc + c->nr_acc, *end = acc;
	uint16_t *turns = c->turn + c->nr_turns, *turn = turns;
	const uint8_t *op = d->op;
	uint32_t n = 0, slice;

	do {
		size_t left = (size_t)(d->op_end - d->op);
		size_t room = RUN_MAX - c->nr_acc - n;

		slice = (uint32_t)min_t(size_t, min_t(size_t, left, room),
					SLICE);
		end = decode_accesses(d, d->op + slice, end);
		turn = find_turns(acc, n, (uint32_t)(end - acc), d->page_shift,
				  page_of, turn);
		slice -= (uint32_t)(end - acc) - n;
		n = (uint32_t)(end - acc);
	} while (!slice && d->op < d->op_end && n < RUN_MAX - c->nr_acc);
	run->n = n;
	run->nr_turns = (uint32_t)(turn - turns);
	count_kinds(op, d->op, run->count);
}

static bool take_run(struct decoder *d, struct chunk *c)
{
	struct piece *run = &c->piece[c->nr_pieces];

	if (!d->pid)
		return decoder_failed(d, "an access of no process");
	run->pid = d->pid;
	run->line = d->line + 1;
	run->first = c->nr_acc;
	run->first_turn = c->nr_turns;
	d->contexts_used |= 1u << d->pid % BINARY_CONTEXTS;
	decode_run(d, c, run);
	d->line += run->n;
	d->statements += run->n;
	d->accesses += run->n;
	c->nr_acc += run->n;
	c->nr_turns += run->nr_turns;
	c->nr_pieces++;
	if (d->operand > d->operand_end || d->general.bad)
		return decoder_failed(d, "an operand is missing");
	return true;
}

static bool take_event(struct decoder *d, struct chunk *c)
{
	struct event *ev = &c->event[c->nr_events];
	struct piece *piece = &c->piece[c->nr_pieces];

	if (!binary_get_event(&d->general, ev, &d->codes, d->nr_names))
		return decoder_failed(d, "an event is damaged");
	ev->line = ++d->line;
	d->statements++;
	if (ev->kind <= EV_FETCH)
		d->accesses++;
	*piece = (struct piece){.event = c->nr_events,
				.value = c->values.n};
	if (ev->flags & EVF_STRING)
		put_block(&c->values, ev->value, ev->value_len);
	c->nr_events++;
	c->nr_pieces++;
	return true;
}

/* One op that is no access. */
static bool take_other(struct decoder *d, struct chunk *c)
{
	uint64_t v;

	switch (*d->op++ >> 2) {
	case OP_PROCESS:
		v = get_varint(&d->general);
		if (d->general.bad || !v || v > TRACE_PID_MAX)
			return decoder_failed(d, "a process number is damaged");
		d->pid = (uint32_t)v;
		return true;
	case OP_LINES:
		v = get_varint(&d->general);
		d->line += v;
		if (d->general.bad || d->line < v)
			return decoder_failed(d, "a line number is damaged");
		return true;
	case OP_EVENT:
		return take_event(d, c);
	default:
		return decoder_failed(d, "an op that this version does not know");
	}
}

static bool room(const struct chunk *c)
{
	return c->nr_acc < RUN_MAX && c->nr_pieces < CHUNK_PIECES &&
	       c->nr_events < CHUNK_EVENTS;
}

/* What is left of the block, as far as the chunk takes it. */
static bool fill_from_block(struct decoder *d, struct chunk *c)
{
	put_block(&c->names, d->names, d->names_len);
	d->names_len = 0;
	while (d->op < d->op_end && room(c))
		if (!((*d->op & 3) == OP_OTHER ? take_other(d, c)
					       : take_run(d, c)))
			return false;
	return d->op < d->op_end || end_of_block(d);
}

void decoder_fill(struct decoder *d, struct chunk *c)
{
	c->nr_acc = c->nr_turns = c->nr_pieces = c->nr_events = 0;
	c->values.n = c->names.n = 0;
	while (!d->ended && room(c)) {
		if (d->op == d->op_end && !next_block(d))
			break;
		if (!fill_from_block(d, c))
			break;
	}
	c->last = d->ended;
	snprintf(c->error, sizeof(c->error), "%s", d->error);
}
