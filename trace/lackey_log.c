/* lackey_log.c - the logs of valgrind's lackey, line by line. */
#include "trace/lackey.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int lackey_fail(struct lackey *l, struct lackey_log *log, const char *fmt, ...)
{
	va_list ap;

	l->bad_log = log->path;
	l->error->line = log->line;
	l->error->column = 1;
	va_start(ap, fmt);
	vsnprintf(l->error->text, sizeof(l->error->text), fmt, ap);
	va_end(ap);
	return -1;
}

void log_close(struct lackey *l, struct lackey_log *log)
{
	if (!log->open)
		return;
	stream_close(&log->stream);
	host_free(l->host, log->buf, LOG_BUF);
	log->buf = NULL;
	log->open = false;
}

/* Open, or open again at the beginning. */
int log_rewind(struct lackey *l, struct lackey_log *log)
{
	log_close(l, log);
	log->line = 0;
	log->at = log->fill = 0;
	log->open = true;
	log->buf = host_alloc(l->host, LOG_BUF);
	if (stream_open(&log->stream, l->host, log->path))
		return lackey_fail(l, log, "%s", log->stream.error);
	log->stream.stop = l->opt->stop;
	return 0;
}

int log_line(struct lackey *l, struct lackey_log *log, const char **line,
	     const char **end)
{
	for (;;) {
		char *from = log->buf + log->at;
		char *nl = memchr(from, '\n', log->fill - log->at);
		ssize_t n;

		if (nl) {
			*line = from;
			*end = nl;
			*nl = '\0';
			log->at = (size_t)(nl - log->buf) + 1;
			log->line++;
			return 1;
		}
		memmove(log->buf, from, log->fill - log->at);
		log->fill -= log->at;
		log->at = 0;
		if (log->fill == LOG_BUF - 1)
			return lackey_fail(l, log, "a line of more than 256 KiB, expected a log of lackey");
		n = stream_read(&log->stream, log->buf + log->fill,
				LOG_BUF - 1 - log->fill);
		if (n < 0)
			return lackey_fail(l, log, "%s", log->stream.error);
		if (!n) {
			if (!log->fill)
				return 0;
			log->buf[log->fill++] = '\n'; /* the last has none */
			continue;
		}
		log->fill += (size_t)n;
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 *	I  0401b5c0,2		an instruction
 *	 L fef0c868,4		load
 *	 S fef0c870,4		store
 *	 M 0483642c,4		both, in one instruction
 *
 * An M is one write: the CPU asks for writing before it reads.
 */
bool lackey_access(const char *p, unsigned *kind, uint64_t *addr,
		   uint32_t *size)
{
	uint64_t a = 0;
	uint32_t n = 0;
	unsigned digits = 0;

	if (p[0] == 'I' && p[1] == ' ' && p[2] == ' ')
		*kind = EV_FETCH;
	else if (p[0] == ' ' && p[1] == 'L' && p[2] == ' ')
		*kind = EV_READ;
	else if (p[0] == ' ' && (p[1] == 'S' || p[1] == 'M') && p[2] == ' ')
		*kind = EV_WRITE;
	else
		return false;
	for (p += 3; hex(*p) >= 0; p++, digits++)
		a = a << 4 | (uint64_t)hex(*p);
	if (!digits || *p != ',')
		return false;
	for (p++; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	*addr = a;
	*size = n;
	return *p == '\0' && n;
}
