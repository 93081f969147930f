/*
 * text_read.c - lines to events.
 *
 * The buffer always holds whole lines up to `end`, so that the scanner needs
 * no test for the end of the buffer: every line ends in '\n'.
 *
 *   |..taken..|100 read 0x1000\n101 write buf+4 = 7\n100 mma|....room....|
 *             at                                     end    fill
 *
 * Nearly all lines of a long trace are accesses to a plain address; a scanner
 * by hand takes those in one pass (fast_access). Whatever it does not
 * recognise from the first to the last byte goes, from its first byte, through
 * the table of kinds (text_args.c), which alone knows how to complain.
 */
#define _GNU_SOURCE /* memrchr, rawmemchr */
#include "trace/text_read.h"
#include "trace/text_args.h"

#include <stdio.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)
#define BUF_SIZE (TRACE_MAX_LINE + CHUNK + 2)


/* Value of a hexadecimal digit + 1; 0: no digit. */
static const uint8_t hex_value[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static int file_error(struct text_reader *r, const char *text)
{
	r->error.line = r->line + 1;
	r->error.column = 1;
	snprintf(r->error.text, sizeof(r->error.text), "%s", text);
	r->ended = true;
	return -1;
}

static void reader_init(struct text_reader *r, const struct host_ops *host,
			struct names *names)
{
	memset(r, 0, sizeof(*r));
	r->host = host ? host : &host_default_ops;
	r->names = names;
	r->lex.host = r->host;
	r->lex.names = names;
	r->lex.error = &r->error;
	r->buf = host_alloc(r->host, BUF_SIZE);
}

int text_open(struct text_reader *r, const struct host_ops *host,
	      struct names *names, const char *path)
{
	reader_init(r, host, names);
	if (!stream_open(&r->stream, r->host, path))
		return 0;
	file_error(r, r->stream.error);
	r->error.line = 0;
	return -1;
}

void text_open_memory(struct text_reader *r, const struct host_ops *host,
		      struct names *names, const char *name, const void *data,
		      size_t size)
{
	reader_init(r, host, names);
	stream_open_memory(&r->stream, r->host, name, data, size);
}

void text_close(struct text_reader *r)
{
	stream_close(&r->stream);
	lex_destroy(&r->lex);
	host_free(r->host, r->buf, BUF_SIZE);
	r->buf = NULL;
}

/* At least one whole line at r->at. 1, 0 at the end, -1 on an error. */
static int refill(struct text_reader *r)
{
	r->fill -= r->at;
	memmove(r->buf, r->buf + r->at, r->fill);
	r->at = 0;
	r->end = 0;
	for (;;) {
		char *to = r->buf + r->fill, *last;
		ssize_t n;

		if (r->fill > TRACE_MAX_LINE)
			return file_error(r, "the line is longer than 1 MiB, expected a text trace");
		n = r->eof ? 0 : stream_read(&r->stream, to, CHUNK);
		if (n < 0)
			return file_error(r, r->stream.error);
		if (r->stream.stop && *r->stream.stop)
			return 0;
		if (!n) {
			r->eof = true;
			if (!r->fill)
				return 0;
			*to = '\n'; /* the last line has none */
			r->fill++;
			r->end = r->fill;
			return 1;
		}
		r->fill += (size_t)n;
		last = memrchr(to, '\n', (size_t)n);
		if (last) {
			r->end = (size_t)(last - r->buf) + 1;
			return 1;
		}
	}
}

/* Digits of a plain number at p; NULL: none, or more than fit for sure. */
static inline const char *fast_number(const char *p, uint64_t *out)
{
	uint64_t n = 0;
	const char *start;
	unsigned d;

	if (p[0] == '0' && p[1] == 'x') {
		start = p += 2;
		for (; (d = hex_value[(uint8_t)*p]); p++)
			n = n << 4 | (d - 1);
		*out = n;
		return p == start || p - start > 16 ? NULL : p;
	}
	start = p;
	for (; (d = (unsigned)(uint8_t)*p - '0') <= 9; p++)
		n = n * 10 + d;
	*out = n;
	return p == start || p - start > 19 ? NULL : p;
}

static inline uint32_t word4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/*
 * "PID read|write|fetch NUMBER [NUMBER]\n" and nothing else. Behind the
 * accepted line; NULL: look again, slowly.
 */
static inline const char *fast_access(const char *p, struct event *ev)
{
	uint32_t word, pid = 0;
	const char *start = p;
	uint64_t addr, len;
	unsigned d, kind;

	for (; (d = (unsigned)(uint8_t)*p - '0') <= 9; p++)
		pid = pid * 10 + d;
	if (p == start || p - start > 7 || *p++ != ' ' || !pid ||
	    pid > TRACE_PID_MAX)
		return NULL;
	word = word4(p);
	if (word == word4("read")) {
		kind = EV_READ;
		p += 4;
	} else if (word == word4("writ") && p[4] == 'e') {
		kind = EV_WRITE;
		p += 5;
	} else if (word == word4("fetc") && p[4] == 'h') {
		kind = EV_FETCH;
		p += 5;
	} else {
		return NULL;
	}
	if (*p++ != ' ' || !(p = fast_number(p, &addr)))
		return NULL;
	ev->has = 1 << X_ADDR;
	if (*p == ' ') {
		p = fast_number(p + 1, &len);
		if (!p)
			return NULL;
		ev->x[X_LEN] = (struct quantity){len, 0, 0};
		ev->has |= 1 << X_LEN;
	}
	if (*p != '\n')
		return NULL;
	ev->kind = (uint8_t)kind;
	ev->pid = pid;
	ev->x[X_ADDR] = (struct quantity){addr, 0, 0};
	ev->flags = 0;
	ev->expect = 0;
	ev->bind = 0;
	return p + 1;
}

/* `mmemu-trace 1`, allowed as the first statement. */
static bool header_line(struct text_reader *r)
{
	struct lexer *lex = &r->lex;
	uint64_t version;

	if (r->started)
		return lex_error(lex, "mmemu-trace in the middle of a trace, expected it as the first statement");
	if (!lex_next(lex))
		return false;
	if (!lex->field.text || lex->field.quoted)
		return lex_expected(lex, "the version 1");
	if (!lex_is(lex, "1")) {
		struct field at = lex->field;

		if (!lex_plain_number(lex, "the version 1", &version))
			return false;
		lex->field = at;
		return lex_error(lex, "trace version %llu, expected version 1",
				 (unsigned long long)version);
	}
	return lex_next(lex) &&
	       (!lex->field.text || lex_expected(lex, "the end of the line"));
}

/* 1: an event; 0: a line without one; -1. */
static int slow_line(struct text_reader *r, const char *p, const char *eol,
		     struct event *ev)
{
	struct lexer *lex = &r->lex;
	bool good;

	if ((size_t)(eol - p) > TRACE_MAX_LINE) {
		r->line--;
		return file_error(r, "the line is longer than 1 MiB, expected a text trace");
	}
	if (r->line == 1 && eol - p >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3))
		p += 3; /* a byte order mark */
	if (!lex_line(lex, p, eol, r->line))
		goto bad;
	if (!lex->field.text)
		return 0;
	if (lex_is(lex, "mmemu-trace")) {
		good = header_line(r);
		r->started = true;
		if (good)
			return 0;
		goto bad;
	}
	r->started = true;
	if (text_statement(lex, ev))
		return 1;
bad:
	r->ended = true;
	return -1;
}

int text_read(struct text_reader *r, struct event *ev)
{
	for (;;) {
		const char *p, *next;
		int ret;

		if (unlikely(r->at == r->end)) {
			if (r->ended)
				return r->error.text[0] ? -1 : 0;
			ret = refill(r);
			if (ret <= 0) {
				r->ended = true;
				return ret;
			}
		}
		p = r->buf + r->at;
		r->line++;
		next = fast_access(p, ev);
		if (likely(next != NULL)) {
			r->at = (size_t)(next - r->buf);
			r->started = true;
			ev->line = r->line;
			return 1;
		}
		next = rawmemchr(p, '\n');
		r->at = (size_t)(next + 1 - r->buf);
		ret = slow_line(r, p, next, ev);
		if (ret) {
			ev->line = r->line;
			return ret;
		}
	}
}
