/*
 * binary_read.c - binary traces: header, names, a second thread, the index.
 *
 *   thread: block ─► decode ─►│chunk│chunk│chunk│ ─► caller: runs and events
 *                              └── NR_CHUNKS in a ring ──┘
 *
 * Names are interned where they are used, by the caller's side: the table is
 * not shared between the two. A reader without a thread decodes each chunk when
 * it is asked for; the bytes are the same.
 */
#include "trace/binary_read.h"

#include <stdio.h>
#include <unistd.h>
#include <zstd.h>

static int reader_error(struct binary_reader *r, const char *what)
{
	snprintf(r->error, sizeof(r->error), "%s", what);
	return -1;
}

/* ---- the start ---- */

static int read_header(struct binary_reader *r)
{
	struct decoder *d = &r->d;
	uint8_t p[BINARY_HEADER];
	size_t n;

	if (!decoder_read(d, p, sizeof(p)))
		return reader_error(r, d->error);
	if (get_le(p + 28, 4) != crc32_of(p, 28))
		return reader_error(r, "the header is damaged");
	if (get_le(p + 8, 2) != BINARY_VERSION) {
		snprintf(r->error, sizeof(r->error),
			 "binary version %u, expected version 1",
			 (unsigned)get_le(p + 8, 2));
		return -1;
	}
	if (get_le(p + 10, 2) != BINARY_HEADER)
		return reader_error(r, "its header has another size than version 1 has");
	if (get_le(p + 12, 4) & ~(uint64_t)BINARY_FEATURES)
		return reader_error(r, "it uses features that this version does not know");
	r->hints = (uint32_t)get_le(p + HINT_OFFSET, 4);
	n = get_le(p + 20, 4);
	if (n > METADATA_MAX)
		return reader_error(r, "the header is damaged");
	r->metadata_len = n;
	r->metadata = host_alloc(d->host, n + 1);
	if (!decoder_read(d, r->metadata, n))
		return reader_error(r, d->error);
	if (get_le(p + 24, 4) != crc32_of((uint8_t *)r->metadata, n))
		return reader_error(r, "the metadata is damaged");
	return 0;
}

int binary_open(struct binary_reader *r, const struct host_ops *host,
		struct names *names, struct stream *stream)
{
	struct decoder *d = &r->d;

	memset(r, 0, sizeof(*r));
	d->host = host ? host : &host_default_ops;
	d->stream = stream;
	d->page_shift = 12;
	d->packed.host = d->raw.host = d->host;
	d->context = host_alloc(d->host,
				BINARY_CONTEXTS * sizeof(*d->context));
	d->lines = host_alloc(d->host, CODE_LINES * sizeof(*d->lines));
	d->zstd = ZSTD_createDCtx();
	if (!d->zstd)
		d->host->fail(d->host->ctx, 0);
	r->names = names;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	for (unsigned i = 0; i < NR_CHUNKS; i++) {
		r->chunk[i] = host_alloc(d->host, sizeof(struct chunk));
		r->chunk[i]->values.host = r->chunk[i]->names.host = d->host;
	}
	return read_header(r);
}

static void stop_thread(struct binary_reader *r)
{
	if (!r->running)
		return;
	pthread_mutex_lock(&r->lock);
	r->quit = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	r->running = false;
}

void binary_close(struct binary_reader *r)
{
	struct decoder *d = &r->d;

	if (!d->host)
		return;
	stop_thread(r);
	for (unsigned i = 0; i < NR_CHUNKS; i++) {
		bytes_free(&r->chunk[i]->values);
		bytes_free(&r->chunk[i]->names);
		host_free(d->host, r->chunk[i], sizeof(struct chunk));
	}
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	host_free(d->host, d->context,
		  BINARY_CONTEXTS * sizeof(*d->context));
	host_free(d->host, d->lines, CODE_LINES * sizeof(*d->lines));
	host_free(d->host, r->metadata, r->metadata_len + 1);
	host_free(d->host, r->name_id, r->max_names * sizeof(uint32_t));
	bytes_free(&d->packed);
	bytes_free(&d->raw);
	ZSTD_freeDCtx(d->zstd);
	d->host = NULL;
}

/* ---- names ---- */

static void add_name(struct binary_reader *r, const uint8_t *text, size_t len)
{
	if (r->nr_names + 1 >= r->max_names) {
		uint32_t max = r->max_names ? 2 * r->max_names : 256;

		r->name_id = host_realloc(r->d.host, r->name_id,
					  r->max_names * sizeof(uint32_t),
					  max * sizeof(uint32_t));
		r->max_names = max;
	}
	r->name_id[++r->nr_names] =
		names_intern(r->names, (const char *)text, len);
}

/* `nr` names, or all there are. false: damaged. */
static bool add_names(struct binary_reader *r, struct cursor *c, uint64_t nr)
{
	while (nr-- && c->p < c->end) {
		uint64_t len = get_varint(c);

		if (c->bad || len > (size_t)(c->end - c->p))
			return false;
		add_name(r, c->p, len);
		c->p += len;
	}
	return true;
}

static uint32_t own_name(const struct binary_reader *r, uint32_t id)
{
	return id ? r->name_id[id] : 0;
}

/* Names where only certain ones may stand: text would have refused others. */
static bool names_fit(const struct binary_reader *r, const struct event *ev)
{
	const struct name *name = name_get(r->names, ev->name);
	const struct name *as = name_get(r->names, ev->name2);

	if (ev->kind == EV_REPORT) {
		const struct report_kind *k =
			report_kind_find(name->text, name->len);

		return k && k->needs_pid == (ev->pid2 != 0) &&
		       (!ev->name2 || output_name_ok(as->text, as->len));
	}
	if (ev->kind == EV_MARK)
		return name->len && ((uint8_t)name->text[0] | 0x20) >= 'a' &&
		       ((uint8_t)name->text[0] | 0x20) <= 'z';
	return true;
}

/* ---- chunks ---- */

static struct chunk *chunk_of(struct binary_reader *r, uint32_t n)
{
	return r->chunk[n % NR_CHUNKS];
}

static void *decode_ahead(void *arg)
{
	struct binary_reader *r = arg;
	bool last = false;

	while (!last) {
		struct chunk *c;

		pthread_mutex_lock(&r->lock);
		while (r->filled - r->taken == NR_CHUNKS && !r->quit)
			pthread_cond_wait(&r->changed, &r->lock);
		c = chunk_of(r, r->filled);
		last = r->quit;
		pthread_mutex_unlock(&r->lock);
		if (last)
			break;
		decoder_fill(&r->d, c);
		last = c->last;
		pthread_mutex_lock(&r->lock);
		r->filled++;
		pthread_cond_broadcast(&r->changed);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* Without a thread after all, if the host gives none. */
static void start(struct binary_reader *r)
{
	if (r->threaded && !r->running)
		r->running = !pthread_create(&r->thread, NULL, decode_ahead, r);
	r->threaded = r->running;
}

static void give_back(struct binary_reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->taken++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static void next_chunk(struct binary_reader *r)
{
	struct cursor names;

	if (!r->now)
		start(r);
	else if (r->threaded)
		give_back(r);
	if (r->threaded) {
		pthread_mutex_lock(&r->lock);
		while (r->filled == r->taken)
			pthread_cond_wait(&r->changed, &r->lock);
		r->now = chunk_of(r, r->taken);
		pthread_mutex_unlock(&r->lock);
	} else {
		r->now = r->chunk[0];
		decoder_fill(&r->d, r->now);
	}
	r->next_piece = 0;
	if (!r->now->names.n)
		return;
	names = (struct cursor){r->now->names.p,
				r->now->names.p + r->now->names.n, false};
	add_names(r, &names, UINT64_MAX); /* the decoder has looked at them */
}

static int the_end(struct binary_reader *r)
{
	if (!r->now->error[0])
		return 0;
	reader_error(r, r->now->error);
	return r->salvage ? 0 : -1;
}

static int take_event(struct binary_reader *r, const struct piece *p,
		      const struct event **out)
{
	struct event *ev = &r->now->event[p->event];

	/* A block whose strings are all empty has no values at all. */
	if (ev->flags & EVF_STRING)
		ev->value = r->now->values.p ? r->now->values.p + p->value
					     : (const uint8_t *)"";
	ev->bind = own_name(r, ev->bind);
	ev->name = own_name(r, ev->name);
	ev->name2 = own_name(r, ev->name2);
	for (unsigned i = 0; i < NR_X; i++)
		ev->x[i].label = own_name(r, ev->x[i].label);
	*out = ev;
	if (names_fit(r, ev))
		return 1;
	snprintf(r->now->error, sizeof(r->now->error),
		 "line %llu: an event is damaged",
		 (unsigned long long)ev->line);
	r->now->last = true;
	r->next_piece = r->now->nr_pieces;
	return the_end(r);
}

int binary_next(struct binary_reader *r, const struct event **ev,
		struct access_run *run)
{
	const struct piece *p;

	while (!r->now || r->next_piece == r->now->nr_pieces) {
		if (r->now && r->now->last)
			return the_end(r);
		next_chunk(r);
	}
	p = &r->now->piece[r->next_piece++];
	if (!p->n)
		return take_event(r, p, ev);
	*ev = NULL;
	run->pid = p->pid;
	run->n = p->n;
	run->nr_turns = p->nr_turns;
	run->line = p->line;
	run->acc = r->now->acc + p->first;
	run->turn = r->now->turn + p->first_turn;
	memcpy(run->count, p->count, sizeof(run->count));
	return 1;
}

/* ---- the index ---- */

static bool get_totals(struct cursor *c, struct binary_totals *t)
{
	char word[32];
	uint64_t nr;

	memset(t, 0, sizeof(*t));
	t->statements = get_varint(c);
	t->events = get_varint(c);
	t->accesses = get_varint(c);
	t->last_line = get_varint(c);
	nr = get_varint(c);
	for (uint64_t i = 0; i < nr && !c->bad; i++) {
		int kind = binary_get_kind(c, word);
		uint64_t n = get_varint(c);

		if (kind >= 0)
			t->kinds[kind] = n;
	}
	return !c->bad;
}

/* The index into d->raw, a cursor on it. */
static bool load_index(struct decoder *d, struct cursor *c)
{
	uint8_t foot[BINARY_FOOTER], head[INDEX_HEADER];
	uint64_t size = d->stream->raw_size;

	if (size < BINARY_HEADER + BINARY_FOOTER ||
	    !stream_seek(d->stream, size - BINARY_FOOTER) ||
	    !decoder_read(d, foot, sizeof(foot)) ||
	    get_le(foot + 8, 4) != FOOTER_MAGIC ||
	    get_le(foot + 12, 4) != crc32_of(foot, 12) ||
	    !stream_seek(d->stream, get_le(foot, 8)) ||
	    !decoder_read(d, head, sizeof(head)) ||
	    get_le(head, 4) != INDEX_MAGIC ||
	    get_le(head + 12, 4) != crc32_of(head, 12) ||
	    get_le(head + 4, 4) > size || get_le(head + 8, 4) > INDEX_MAX_RAW)
		return false;
	if (!decoder_unpack(d, (uint32_t)get_le(head + 4, 4),
			    (uint32_t)get_le(head + 8, 4)))
		return false;
	*c = (struct cursor){d->raw.p, d->raw.p + d->raw.n, false};
	return true;
}

/* No index, or its end was read: back to `at`, as if nothing had been asked. */
static bool go_back(struct decoder *d, uint64_t at)
{
	d->ended = false;
	d->error[0] = '\0';
	d->offset = at;
	d->op = d->op_end = NULL;
	return stream_seek(d->stream, at);
}

static int no_index(struct binary_reader *r)
{
	return reader_error(r, "no index is found at its end, expected a whole regular file");
}

int binary_read_totals(struct binary_reader *r, struct binary_totals *totals,
		       uint64_t *nr_blocks)
{
	struct decoder *d = &r->d;
	uint64_t at = d->offset;
	struct cursor c;
	bool good = load_index(d, &c) && get_totals(&c, totals);

	*nr_blocks = good ? get_varint(&c) : 0;
	if (!go_back(d, at) || !good || c.bad)
		return no_index(r);
	return 0;
}

/* The last block that begins before that event (or line). */
static bool find_block(struct cursor *c, uint64_t n, bool by_line,
		       struct block_entry *best, uint64_t *number)
{
	struct block_entry e = {0, 0, 0};
	uint64_t nr = get_varint(c);

	for (uint64_t i = 0; i < nr && !c->bad; i++) {
		e.offset += get_varint(c);
		e.events_before += get_varint(c);
		e.line_before += get_varint(c);
		if (!i || (by_line ? e.line_before : e.events_before) < n) {
			*best = e;
			*number = i;
		}
	}
	return !c->bad;
}

static int seek_block(struct binary_reader *r, uint64_t n, bool by_line)
{
	struct block_entry best = {r->d.offset, 0, 0};
	uint64_t nr, number = 0, at = r->d.offset;
	struct binary_totals totals;
	struct cursor c;

	if (!load_index(&r->d, &c) || !get_totals(&c, &totals) ||
	    !find_block(&c, n, by_line, &best, &number)) {
		go_back(&r->d, at);
		return no_index(r);
	}
	nr = get_varint(&c);
	if (c.bad || !add_names(r, &c, nr) || r->nr_names != nr ||
	    !go_back(&r->d, best.offset)) {
		r->nr_names = 0;
		go_back(&r->d, at);
		return no_index(r);
	}
	r->d.nr_names = r->nr_names;
	r->d.names_known = true;
	r->d.blocks = number;
	r->first_event = best.events_before;
	return 0;
}

int binary_seek_event(struct binary_reader *r, uint64_t n)
{
	return seek_block(r, n, false);
}

int binary_seek_line(struct binary_reader *r, uint64_t n)
{
	return seek_block(r, n, true);
}
