/*
 * binary_decode.c - blocks to chunks: the reading side's hot loop.
 *
 *   stream ─► block header ─► zstd frame ─► names │ ops │ operands │ general
 *                                                  └──────┬──────┘
 *                                          acc[], turn[] of a chunk
 *
 * Whether operands were used up exactly is asked once a run, since a run cannot
 * go further than SLACK behind them.
 */
#include "trace/binary_access.h"

#include <stdio.h>
#include <zstd.h>

#define SLACK (OPERAND_MAX * RUN_MAX + 8)

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
		memset(d->raw.p + n, 0, 2 * LINE_OPS); /* ops are compared */
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

/* => d->pid is set */
static void decode_run(struct decoder *d, struct chunk *c, struct piece *run)
{
	uint16_t *turns = c->turn + c->nr_turns;
	const uint8_t *op = d->op;
	struct access_out o;

	access_out_init(&o, c->acc + c->nr_acc, turns);
	decode_accesses(d, RUN_MAX - c->nr_acc, &o);
	run->n = o.n;
	run->nr_turns = (uint32_t)(o.turn - turns);
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
