/*
 * binary_write.c - events to blocks.
 *
 * Nearly all events are plain accesses: an address, perhaps a length. Each is
 * one op and an operand of 0, 1, 3 or 6 bytes:
 *
 *   100 fetch 0x8049570 2      op: fetch, length 2, width 6    operand: where
 *   100 fetch 0x8049572 5      op: fetch, length 5, width 0    (as expected)
 *   100 read  0xbffffe10 4     op: read, length 4, width 6     operand: where
 *      ... the same instruction, one array element further:
 *   100 read  0xbffffe14 4     op: read, length 4, width 1     operand: +4
 *
 * Loops repeat their ops and operands exactly, which is what zstd looks for.
 * Ops, operands and all else are kept apart, so that each looks like itself.
 */
#include "trace/binary_write.h"

#include <fcntl.h>
#include <zstd.h>

static const uint8_t width_bytes[4] = {0, 1, 3, 6};

static void write_out(struct binary_writer *w, const void *p, size_t n)
{
	if (n && fwrite(p, 1, n, w->out) != n)
		w->failed = true;
	w->offset += n;
}

static void write_header(struct binary_writer *w, const char *metadata)
{
	size_t n = metadata ? strlen(metadata) : 0;
	uint8_t *p = w->header;
	int flags = fcntl(fileno(w->out), F_GETFL);

	w->starts_at = flags < 0 || flags & O_APPEND ? -1 : ftell(w->out);
	memcpy(p, BINARY_MAGIC, 8);
	put_le(p + 8, BINARY_VERSION, 2);
	put_le(p + 10, BINARY_HEADER, 2);
	put_le(p + 12, BINARY_FEATURES, 4);
	put_le(p + HINT_OFFSET, 0, 4);
	put_le(p + 20, n, 4);
	put_le(p + 24, crc32_of((const uint8_t *)metadata, n), 4);
	put_le(p + 28, crc32_of(p, 28), 4);
	write_out(w, p, BINARY_HEADER);
	write_out(w, metadata, n);
}

void binary_write_start(struct binary_writer *w, const struct host_ops *host,
			const struct names *names, FILE *out,
			const char *metadata, int level)
{
	memset(w, 0, sizeof(*w));
	w->host = host ? host : &host_default_ops;
	w->names = names;
	w->out = out;
	w->kinds.host = w->host;
	w->new_names.host = w->ops.host = w->operands.host = w->host;
	w->general.host = w->packed.host = w->frame.host = w->host;
	w->all_names.host = w->host;
	w->zstd = ZSTD_createCCtx();
	if (!w->zstd)
		w->host->fail(w->host->ctx, 0);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
	w->context = host_alloc(w->host,
				BINARY_CONTEXTS * sizeof(*w->context));
	write_header(w, metadata);
}

/* ---- blocks ---- */

/* w->packed as one frame into w->frame. */
static bool compress(struct binary_writer *w)
{
	size_t bound = ZSTD_compressBound(w->packed.n), n;

	w->frame.n = 0;
	if (w->frame.room < bound)
		bytes_grow(&w->frame, bound);
	n = ZSTD_compress2(w->zstd, w->frame.p, bound, w->packed.p,
			   w->packed.n);
	if (ZSTD_isError(n)) {
		w->failed = true;
		return false;
	}
	w->frame.n = n;
	return true;
}

static void remember_block(struct binary_writer *w)
{
	if (w->nr_blocks == w->max_blocks) {
		uint32_t max = w->max_blocks ? 2 * w->max_blocks : 64;

		w->blocks = host_realloc(w->host, w->blocks,
					 w->max_blocks * sizeof(*w->blocks),
					 max * sizeof(*w->blocks));
		w->max_blocks = max;
	}
	w->blocks[w->nr_blocks++] = (struct block_entry){
		w->offset, w->block.events_before, w->block.line_before};
}

/* The next block knows nothing of this one. */
static void start_block(struct binary_writer *w)
{
	w->block = (struct block_header){
		.events_before = w->total.events,
		.line_before = w->total.last_line,
	};
	w->kinds.n = w->new_names.n = 0;
	w->ops.n = w->operands.n = w->general.n = 0;
	memset(&w->codes, 0, sizeof(w->codes));
	for (unsigned i = 0; i < BINARY_CONTEXTS; i++)
		if (w->contexts_used >> i & 1)
			memset(&w->context[i], 0, sizeof(w->context[i]));
	w->contexts_used = 0;
	w->pid = 0;
}

static void end_block(struct binary_writer *w)
{
	const struct bytes *parts[NR_SECTIONS] = {
		&w->kinds, &w->new_names, &w->ops, &w->operands, &w->general};
	uint8_t head[BLOCK_HEADER], sections[BLOCK_SECTIONS];

	if (!w->ops.n)
		return;
	w->packed.n = 0;
	for (unsigned i = 0; i < NR_SECTIONS; i++)
		put_le(sections + 4 * i, parts[i]->n, 4);
	put_block(&w->packed, sections, sizeof(sections));
	for (unsigned i = 0; i < NR_SECTIONS; i++)
		put_block(&w->packed, parts[i]->p, parts[i]->n);
	if (compress(w)) {
		w->block.packed = (uint32_t)w->frame.n;
		w->block.raw = (uint32_t)w->packed.n;
		block_header_put(head, &w->block);
		remember_block(w);
		write_out(w, head, sizeof(head));
		write_out(w, w->frame.p, w->frame.n);
	}
	start_block(w);
}

/* ---- names ---- */

/* The number of a name in the file; a new one goes into the block first. */
static uint32_t file_id(struct binary_writer *w, uint32_t id)
{
	const struct name *n;

	if (!id)
		return 0;
	if (id >= w->nr_file_ids) {
		uint32_t nr = id + 1 > 2 * w->nr_file_ids ? id + 1
							  : 2 * w->nr_file_ids;

		w->file_id = host_realloc(w->host, w->file_id,
					  w->nr_file_ids * sizeof(uint32_t),
					  nr * sizeof(uint32_t));
		w->nr_file_ids = nr;
	}
	if (w->file_id[id])
		return w->file_id[id];
	n = name_get(w->names, id);
	put_varint(&w->new_names, n->len);
	put_block(&w->new_names, n->text, n->len);
	put_varint(&w->all_names, n->len);
	put_block(&w->all_names, n->text, n->len);
	w->file_id[id] = ++w->nr_names;
	return w->nr_names;
}

/* ---- events ---- */

static inline bool plain_access(const struct event *ev)
{
	return ev->kind <= EV_FETCH && !ev->flags && !ev->expect &&
	       !ev->bind && !(ev->has & ~(1u << X_ADDR | 1u << X_LEN)) &&
	       EV_HAS(ev, X_ADDR) && !ev->x[X_ADDR].label &&
	       !ev->x[X_ADDR].pages && ev->x[X_ADDR].bytes <= ACC_ADDR_MASK &&
	       (!EV_HAS(ev, X_LEN) ||
		(!ev->x[X_LEN].pages && !ev->x[X_LEN].label &&
		 ev->x[X_LEN].bytes - 1 < ACC_LEN_MAX));
}

static uint64_t zigzag48(uint64_t delta)
{
	int64_t d = (int64_t)(delta << 16) >> 16;

	return ((uint64_t)d << 1 ^ (uint64_t)(d >> 63)) & ACC_ADDR_MASK;
}

static void put_access(struct binary_writer *w, const struct event *ev)
{
	unsigned at = ev->pid % BINARY_CONTEXTS, width = 0;
	struct binary_context *c = &w->context[at];
	uint64_t addr = ev->x[X_ADDR].bytes, *expected, z;
	uint64_t len = EV_HAS(ev, X_LEN) ? ev->x[X_LEN].bytes : 0;
	unsigned code = len < OP_LEN_VARINT ? (unsigned)len : OP_LEN_VARINT;

	if (ev->pid != w->pid) {
		put_byte(&w->ops, OP_PROCESS << 2 | OP_OTHER);
		put_varint(&w->general, ev->pid);
		w->pid = ev->pid;
	}
	w->contexts_used |= 1u << at;
	expected = ev->kind == EV_FETCH ? &c->next
					: &c->last[context_slot(c->fetch) |
							   ev->kind];
	z = zigzag48(addr - *expected);
	while (z >> 8 * width_bytes[width])
		width++;
	put_byte(&w->ops, (uint8_t)(ev->kind | code << 2 | width << 6));
	if (code == OP_LEN_VARINT)
		put_varint(&w->general, len);
	for (unsigned i = 0; i < width_bytes[width]; i++)
		put_byte(&w->operands, (uint8_t)(z >> 8 * i));
	*expected = addr;
	if (ev->kind == EV_FETCH) {
		c->next = (addr + len) & ACC_ADDR_MASK;
		c->fetch = addr;
	}
}

static void put_general(struct binary_writer *w, const struct event *ev)
{
	struct event e = *ev;

	if (ev->kind <= EV_FETCH) { /* a reader leaves the rest as it was */
		e.prot = e.choice = 0;
		e.name = e.name2 = e.pid2 = e.gfp = 0;
	}
	e.bind = file_id(w, ev->bind);
	e.name = file_id(w, e.name);
	e.name2 = file_id(w, e.name2);
	for (unsigned i = 0; i < NR_X; i++)
		if (EV_HAS(ev, i))
			e.x[i].label = file_id(w, ev->x[i].label);
	put_byte(&w->ops, OP_EVENT << 2 | OP_OTHER);
	binary_put_event(&w->general, &e,
			 kind_code(&w->codes, &w->kinds, ev->kind));
	if (ev->kind == EV_READ && (ev->flags & EVF_VALUE))
		w->sees_contents = true;
}

static void count(struct binary_writer *w, const struct event *ev,
		  uint64_t line)
{
	w->block.statements++;
	w->total.statements++;
	w->total.kinds[ev->kind]++;
	w->total.last_line = line;
	if (event_types[ev->kind].actor != ACTOR_NONE)
		w->total.events++;
	if (ev->kind <= EV_FETCH) {
		w->block.accesses++;
		w->total.accesses++;
	}
}

void binary_write(struct binary_writer *w, const struct event *ev)
{
	uint64_t next = w->total.last_line + 1;
	uint64_t line = ev->line > next ? ev->line : next;

	if (line > next) {
		put_byte(&w->ops, OP_LINES << 2 | OP_OTHER);
		put_varint(&w->general, line - next);
	}
	if (likely(plain_access(ev)))
		put_access(w, ev);
	else
		put_general(w, ev);
	count(w, ev, line);
	if (unlikely(w->ops.n >= BLOCK_OPS ||
		     w->operands.n + w->general.n + w->new_names.n >=
			     BLOCK_BYTES))
		end_block(w);
}

/* ---- the end ---- */

static void pack_index(struct binary_writer *w)
{
	const struct binary_totals *t = &w->total;
	uint64_t offset = 0, events = 0, line = 0, nr_kinds = 0;
	struct bytes *b = &w->packed;

	b->n = 0;
	put_varint(b, t->statements);
	put_varint(b, t->events);
	put_varint(b, t->accesses);
	put_varint(b, t->last_line);
	for (unsigned i = 0; i < NR_EVENT_KINDS; i++)
		nr_kinds += t->kinds[i] != 0;
	put_varint(b, nr_kinds);
	for (unsigned i = 0; i < NR_EVENT_KINDS; i++) {
		if (!t->kinds[i])
			continue;
		binary_put_kind(b, i);
		put_varint(b, t->kinds[i]);
	}
	put_varint(b, w->nr_blocks);
	for (uint32_t i = 0; i < w->nr_blocks; i++) {
		const struct block_entry *e = &w->blocks[i];

		put_varint(b, e->offset - offset);
		put_varint(b, e->events_before - events);
		put_varint(b, e->line_before - line);
		offset = e->offset;
		events = e->events_before;
		line = e->line_before;
	}
	put_varint(b, w->nr_names);
	put_block(b, w->all_names.p, w->all_names.n);
}

static void write_index(struct binary_writer *w)
{
	uint8_t head[INDEX_HEADER], foot[BINARY_FOOTER];
	uint64_t at = w->offset;

	pack_index(w);
	if (!compress(w))
		return;
	put_le(head, INDEX_MAGIC, 4);
	put_le(head + 4, w->frame.n, 4);
	put_le(head + 8, w->packed.n, 4);
	put_le(head + 12, crc32_of(head, 12), 4);
	write_out(w, head, sizeof(head));
	write_out(w, w->frame.p, w->frame.n);
	put_le(foot, at, 8);
	put_le(foot + 8, FOOTER_MAGIC, 4);
	put_le(foot + 12, crc32_of(foot, 12), 4);
	write_out(w, foot, sizeof(foot));
}

/* What the header may say now; a stream that cannot go back says less. */
static void patch_hints(struct binary_writer *w)
{
	FILE *f = w->out;

	if (w->sees_contents || w->starts_at < 0 || fflush(f) ||
	    fseek(f, w->starts_at, SEEK_SET))
		return;
	put_le(w->header + HINT_OFFSET, HINT_NO_CONTENTS, 4);
	put_le(w->header + 28, crc32_of(w->header, 28), 4);
	if (fwrite(w->header, 1, BINARY_HEADER, f) != BINARY_HEADER ||
	    fseek(f, 0, SEEK_END))
		w->failed = true;
}

int binary_write_end(struct binary_writer *w)
{
	end_block(w);
	write_index(w);
	if (!w->failed)
		patch_hints(w);
	ZSTD_freeCCtx(w->zstd);
	bytes_free(&w->kinds);
	bytes_free(&w->new_names);
	bytes_free(&w->ops);
	bytes_free(&w->operands);
	bytes_free(&w->general);
	bytes_free(&w->packed);
	bytes_free(&w->frame);
	bytes_free(&w->all_names);
	host_free(w->host, w->context,
		  BINARY_CONTEXTS * sizeof(*w->context));
	host_free(w->host, w->file_id, w->nr_file_ids * sizeof(uint32_t));
	host_free(w->host, w->blocks, w->max_blocks * sizeof(*w->blocks));
	return w->failed ? -1 : 0;
}
