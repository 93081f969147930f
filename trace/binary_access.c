/*
 * binary_access.c - ops and operands to accesses: the reading side's hot loop.
 *
 * A program runs through the same code again and again, and its ops say so: from
 * one address on they are the same ops each time, but for the widths of what
 * loads and stores have as operands. So a *line*, up to eight ops from one fetch
 * on without a jump, is taken apart once and kept by the address of that fetch:
 *
 *   ops          F R F W F │ F               the last F has an operand: a jump
 *   line         fetch 8049570 2             words that are ready, copied
 *   of 8049570   read  slot 370  4           its address: the last one + operand
 *                fetch 8049572 3             (same page as the first: no turn)
 *                write slot 372  4           its address: the last one + operand
 *                fetch 8049575 2
 *
 * Next time the ops in front of the first jump are compared with the line's, all
 * at once. If they agree they are its first accesses, and only loads and stores
 * are computed; here a branch inside the line is taken:
 *
 *   ops          F R F │ F
 *   line         F R F   W F                 three words, one operand
 *
 * Invariants
 *  1. A line holds what decoding its ops singly gives, for any process: only
 *     words of fetches in one page, and slots, which depend on the address.
 *  2. It is used only where the ops agree, else built again. So what comes out
 *     does not depend on what is kept (tests/trace/test_binary.c compares).
 *
 * What is in no line (a fetch across pages, a load that no fetch precedes, a
 * length in the general part) is decoded one by one. An operand is read as eight
 * bytes and masked to its width: no branch; the buffer has room behind its end.
 */
#include "trace/binary_access.h"

#define JUMP_OP (EV_FETCH | 3u << 6) /* a fetch with an operand */
#define SINGLES 1024u /* accesses that stay in the first-level cache */

/* By the width bits of an op: bytes of its operand, and which of eight count. */
#define OP_WIDTHS {0, 1, 3, 6}
#define OP_MASKS {0, 0xff, 0xffffff, ACC_ADDR_MASK}

static inline unsigned op_kind(unsigned op)
{
	return op & 3u;
}

/* The difference that an operand stands for, added to what was expected. */
static inline uint64_t add_operand(const struct access_out *o,
				   uint64_t expected, const uint8_t *operand,
				   unsigned op)
{
	uint64_t z = load64(operand) & o->mask[OP_WIDTH(op)];

	return (expected + (z >> 1 ^ -(z & 1))) & ACC_ADDR_MASK;
}

/* ---- turns ---- */

/*
 * Note access `i` if it is a turn. reach: how far behind addr its last byte is.
 * *page: where the last access of its kind was. No branch: nobody guesses where a
 * program's next load goes.
 */
static inline uint16_t *note_turn(uint16_t *turn, uint32_t i, uint64_t addr,
				  uint64_t reach, unsigned shift,
				  uint64_t *page)
{
	uint64_t begin = addr ^ *page, end = (addr + reach) ^ *page;

	*page = addr;
	*turn = (uint16_t)i;
	return turn + ((begin | end) >> shift != 0);
}

static inline uint64_t reach_of(uint64_t len)
{
	return len - (len != 0);
}

/* ---- lines ---- */

static inline struct code_line *line_at(struct code_line *lines, uint64_t pc)
{
	return &lines[(pc ^ pc >> CODE_LINE_BITS) & (CODE_LINES - 1)];
}

/* The same byte eight times. */
#define EACH(byte) ((uint64_t)0x0101010101010101u * (byte))

/* A load or store of the instruction at pc, at place n. false: no room. */
static bool line_add_data(struct code_line *t, unsigned n, uint8_t op,
			  uint64_t pc, unsigned *nr_data)
{
	if (*nr_data == LINE_DATA)
		return false;
	t->data[(*nr_data)++] = (struct code_data){
		.slot = (uint16_t)(context_slot(pc) | op_kind(op)),
		.at = (uint8_t)n,
		.reach = (uint8_t)reach_of(OP_LEN(op)),
	};
	return true;
}

/*
 * The line of the fetch at pc, whose op is *op. Returns how many ops it has; if
 * none, no line can begin here. Places behind its end hold a jump, which agrees
 * with nothing: what is compared ends in front of one.
 */
static unsigned line_build(struct code_line *t, uint64_t pc, const uint8_t *op,
			   unsigned shift)
{
	uint64_t fetch = pc, next = pc, page_end = ((pc >> shift) + 1) << shift;
	unsigned nr_data = 0, n;

	memset(t, 0, sizeof(*t));
	t->mask = EACH(0xff);
	t->ops = EACH(JUMP_OP);
	for (n = 0; n < LINE_OPS; n++) {
		unsigned len = OP_LEN(op[n]), kind = op_kind(op[n]);

		if (kind == OP_OTHER || len == OP_LEN_VARINT)
			break;
		t->acc[n] = acc_pack(0, kind, len);
		if (kind == EV_FETCH) {
			if ((n && OP_WIDTH(op[n])) ||
			    next + reach_of(len) >= page_end)
				break;
			t->acc[n] |= fetch = next;
			next += len;
		} else if (!line_add_data(t, n, op[n], fetch, &nr_data)) {
			break;
		}
		t->mask ^= 0xc0ull << n * 8; /* widths may differ each time */
		t->ops ^= (JUMP_OP ^ (uint64_t)op[n]) << n * 8;
		t->bytes[n] = (uint8_t)(next - pc);
		t->nr_data[n] = (uint8_t)nr_data;
	}
	t->key = n ? pc + 1 : 0;
	return n;
}

/* ---- eight ops at once ---- */

/*
 * What the ops alone say, without knowing their line: a jump is a fetch, not the
 * first op, that has an operand; the line ends in front of it.
 */
struct eight_ops {
	uint64_t ops;
	uint64_t before; /* all bits of the ops in front of the jump */
	unsigned last;	 /* of these ops, counted from 0 */
	uint8_t ends[LINE_OPS]; /* where the operand of each ends */
};

static inline struct eight_ops look_at_ops(const uint8_t *op)
{
	uint64_t ops = load64(op), width = ops >> 6 & EACH(3);
	uint64_t high = width >> 1 & EACH(1), jump, ends;
	struct eight_ops e;

	jump = ops >> 1 & (width | high) & EACH(1) << 8;
	e.ops = ops;
	e.before = (jump - 1) & ~jump;
	e.last = (unsigned)__builtin_ctzll(jump >> 8 | 1ull << 56) / 8;
	/* widths 0 1 2 3 are 0 1 3 6 bytes; their sums up to each op */
	ends = htole64((width + high + 2 * (high & width)) * EACH(1));
	memcpy(e.ends, &ends, sizeof(ends));
	return e;
}

static inline bool line_fits(const struct code_line *t, uint64_t pc,
			     const struct eight_ops *e)
{
	return t->key == pc + 1 && !((e->ops ^ t->ops) & t->mask & e->before);
}

/*
 * Line by line, as long as lines follow that begin in front of `end`. shift is a
 * number of its own, so that the compiler can make a function for 4 KiB.
 *
 * Nothing here waits for what it does not need: where a line ends and where its
 * operands are is known from its ops alone, so that the next line can begin
 * before this one has been found.
 */
static inline __attribute__((always_inline)) void
decode_lines(struct decoder *d, struct binary_context *ctx, const uint8_t *end,
	     struct access_out *o, unsigned shift)
{
	const uint8_t *op = d->op, *operand = d->operand;
	uint16_t *turn = o->turn;
	uint64_t next = ctx->next;
	uint32_t i = o->n, first = i;

	while (op < end) {
		struct eight_ops e = look_at_ops(op);
		uint64_t pc = add_operand(o, next, operand, (uint8_t)e.ops);
		struct code_line *t = line_at(d->lines, pc);
		uint64_t *acc = o->acc + i;
		const struct code_data *x = t->data, *x_end;

		if (unlikely(op_kind((unsigned)e.ops) != EV_FETCH))
			break;
		if (unlikely(!line_fits(t, pc, &e))) {
			unsigned n = line_build(t, pc, op, shift);

			if (!n)
				break;
			e.last = min_t(unsigned, e.last, n - 1);
		}
		memcpy(acc, t->acc, sizeof(t->acc));
		turn = note_turn(turn, i, pc, 0, shift, &o->page_of[EV_FETCH]);
		for (x_end = x + t->nr_data[e.last]; x < x_end; x++) {
			const uint8_t *from = operand + e.ends[x->at - 1];
			uint64_t *last = &ctx->last[x->slot];
			uint64_t addr = add_operand(o, *last, from, op[x->at]);

			*last = addr;
			acc[x->at] |= addr;
			turn = note_turn(turn, i + x->at, addr, x->reach, shift,
					 &o->page_of[x->slot & 1]);
		}
		operand += e.ends[e.last];
		next = pc + t->bytes[e.last];
		op += e.last + 1;
		i += e.last + 1;
	}
	o->turn = turn;
	o->n = i;
	d->op = op;
	d->operand = operand;
	if (i == first)
		return;
	ctx->next = next & ACC_ADDR_MASK;
	while (acc_kind(o->acc[--i]) != EV_FETCH)
		;
	ctx->fetch = acc_addr(o->acc[i]);
}

/* ---- one by one ---- */

static uint64_t long_length(struct decoder *d)
{
	uint64_t len = get_varint(&d->general);

	if (len > ACC_LEN_MAX)
		d->general.bad = true;
	return len & ACC_LEN_MAX;
}

/* The access at d->op whatever it is, then those up to the next fetch. */
static void decode_singly(struct decoder *d, struct binary_context *ctx,
			  const uint8_t *end, struct access_out *o)
{
	const uint8_t *op = d->op, *operand = d->operand;
	uint64_t *slots = &ctx->last[context_slot(ctx->fetch)];
	uint64_t *acc = o->acc + o->n;

	for (; op < end; op++) {
		unsigned kind = op_kind(*op);
		uint64_t addr, len = OP_LEN(*op);

		if (kind == OP_OTHER || (kind == EV_FETCH && op != d->op))
			break;
		if (unlikely(len == OP_LEN_VARINT))
			len = long_length(d);
		if (kind == EV_FETCH) {
			addr = add_operand(o, ctx->next, operand, *op);
			ctx->fetch = addr;
			ctx->next = (addr + len) & ACC_ADDR_MASK;
			slots = &ctx->last[context_slot(addr)];
		} else {
			addr = add_operand(o, slots[kind], operand, *op);
			slots[kind] = addr;
		}
		operand += o->width[OP_WIDTH(*op)];
		*acc++ = acc_pack(addr, kind, len);
	}
	d->op = op;
	d->operand = operand;
	for (const uint64_t *a = o->acc + o->n; a < acc; a++, o->n++)
		o->turn = note_turn(o->turn, o->n, acc_addr(*a),
				    reach_of(acc_len(*a)), d->page_shift,
				    &o->page_of[acc_kind(*a)]);
}

/* As far as lines go, which may end a little in front of the end. */
static void decode_by_lines(struct decoder *d, struct binary_context *ctx,
			    const uint8_t *end, struct access_out *o)
{
	if (end - d->op < LINE_OPS)
		return;
	end -= LINE_OPS - 1;
	if (likely(d->page_shift == 12))
		decode_lines(d, ctx, end, o, 12);
	else
		decode_lines(d, ctx, end, o, d->page_shift);
}

void access_out_init(struct access_out *o, uint64_t *acc, uint16_t *turn)
{
	*o = (struct access_out){
		.acc = acc,
		.turn = turn,
		.page_of = {~0ull, ~0ull, ~0ull},
		.mask = OP_MASKS,
		.width = OP_WIDTHS,
	};
}

void decode_accesses(struct decoder *d, uint32_t most, struct access_out *o)
{
	struct binary_context *ctx = &d->context[d->pid % BINARY_CONTEXTS];
	const uint8_t *end = d->op + min_t(size_t, most,
					   (size_t)(d->op_end - d->op));

	while (d->op < end && op_kind(*d->op) != OP_OTHER) {
		decode_by_lines(d, ctx, end, o);
		decode_singly(d, ctx,
			      d->op + min_t(size_t, SINGLES,
					    (size_t)(end - d->op)), o);
	}
}
