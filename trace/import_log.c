/* import_log.c - logs of other tools, line by line, and what is wrong there. */
#include "trace/import_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int im_fail(struct import *im, const struct im_log *log, size_t column,
	    const char *fmt, ...)
{
	va_list ap;

	im->bad_input = log->path;
	im->error->line = log->line;
	im->error->column = (unsigned)column;
	va_start(ap, fmt);
	vsnprintf(im->error->text, sizeof(im->error->text), fmt, ap);
	va_end(ap);
	return -1;
}

/* What the stream says of itself is about the whole file. */
static int stream_failed(struct import *im, struct im_log *log)
{
	log->line = 0;
	return im_fail(im, log, 0, "%s", log->stream.error);
}

void im_log_close(struct import *im, struct im_log *log)
{
	if (!log->open)
		return;
	stream_close(&log->stream);
	host_free(im->host, log->buf, IM_LINE_MAX);
	log->buf = NULL;
	log->open = false;
}

int im_log_open(struct import *im, struct im_log *log, const char *path)
{
	memset(log, 0, sizeof(*log));
	log->path = path;
	log->open = true;
	log->buf = host_alloc(im->host, IM_LINE_MAX);
	if (stream_open(&log->stream, im->host, path))
		return stream_failed(im, log);
	log->stream.stop = im->opt->stop;
	return 0;
}

/* More bytes behind those that are there: how many, or -1. */
static ssize_t fill(struct import *im, struct im_log *log)
{
	ssize_t n;

	memmove(log->buf, log->buf + log->at, log->fill - log->at);
	log->fill -= log->at;
	log->at = 0;
	n = stream_read(&log->stream, log->buf + log->fill,
			IM_LINE_MAX - 1 - log->fill);
	if (n < 0)
		return stream_failed(im, log);
	log->fill += (size_t)n;
	return n;
}

static int take_line(struct im_log *log, char *end, char **line, size_t *len)
{
	char *from = log->buf + log->at;

	log->before = log->at;
	*line = from;
	*len = (size_t)(end - from);
	log->at += *len + 1;
	log->line++;
	if (*len && end[-1] == '\r')
		--*len;
	from[*len] = '\0';
	return 1;
}

void im_log_unread(struct im_log *log)
{
	log->buf[log->at - 1] = '\n';
	log->at = log->before;
	log->line--;
}

int im_log_line(struct import *im, struct im_log *log, char **line, size_t *len)
{
	while (log->open) {
		char *from = log->buf ? log->buf + log->at : NULL;
		char *nl = NULL;
		ssize_t n;

		if (from) /* there is a buffer */
			nl = memchr(from, '\n', log->fill - log->at);
		if (nl) {
			im->n->lines++;
			return take_line(log, nl, line, len);
		}
		if (log->fill - log->at == IM_LINE_MAX - 1) {
			log->line++;
			return im_fail(im, log, 1,
				       "a line of more than 256 KiB, expected the text of a log");
		}
		n = fill(im, log);
		if (n < 0)
			return -1;
		if (n)
			continue;
		if (log->at == log->fill || im_stopped(im))
			return 0;
		log->buf[log->fill++] = '\n'; /* the last has no newline */
	}
	return 0;
}

int im_log_bytes(struct import *im, struct im_log *log, void *to, size_t size)
{
	while (log->fill - log->at < size) {
		ssize_t n = fill(im, log);

		if (n < 0)
			return -1;
		if (n)
			continue;
		if (log->at == log->fill || im_stopped(im))
			return 0;
		log->line = 0;
		return im_fail(im, log, 0,
			       "ends within a record, expected %zu bytes each",
			       size);
	}
	memcpy(to, log->buf + log->at, size);
	log->at += size;
	return 1;
}
