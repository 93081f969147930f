/* memory_stream.c - a stream into memory, by fopencookie(3). */
#define _GNU_SOURCE /* fopencookie */
#include "formats/memory_stream.h"

#include <stdlib.h>
#include <string.h>

struct memory {
	const struct host_ops *host;
	char **text;
	size_t *size;
	size_t max; /* bytes of *text, the NUL included */
};

static void grow(struct memory *m, size_t size)
{
	size_t max = 2 * m->max > size ? 2 * m->max : size;
	char *text = realloc(*m->text, max);

	if (!text) {
		m->host->fail(m->host->ctx, max);
		abort(); /* it does not return */
	}
	*m->text = text;
	m->max = max;
}

static ssize_t take(void *cookie, const char *bytes, size_t n)
{
	struct memory *m = cookie;

	if (*m->size + n >= m->max)
		grow(m, *m->size + n + 1);
	memcpy(*m->text + *m->size, bytes, n);
	*m->size += n;
	(*m->text)[*m->size] = '\0';
	return (ssize_t)n;
}

static int done(void *cookie)
{
	free(cookie);
	return 0;
}

FILE *memory_stream(const struct host_ops *host, char **text, size_t *size)
{
	const cookie_io_functions_t calls = {.write = take, .close = done};
	struct memory *m = calloc(1, sizeof(*m));
	FILE *f = m ? fopencookie(m, "w", calls) : NULL;

	if (!f) {
		free(m);
		host->fail(host->ctx, sizeof(*m));
		abort();
	}
	*m = (struct memory){host, text, size, 0};
	*text = NULL;
	*size = 0;
	grow(m, 64);
	**text = '\0';
	return f;
}
