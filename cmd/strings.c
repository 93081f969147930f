/* strings.c - lists of texts, and texts made by a format. */
#define _GNU_SOURCE /* vasprintf */
#include "cmd/strings.h"
#include "cmd/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *strings_add(struct strings *s, const char *text)
{
	if (s->nr == s->max) {
		unsigned max = s->max ? 2 * s->max : 8;

		s->item = host_realloc(&cmd_host, s->item,
				       s->max * sizeof(*s->item),
				       max * sizeof(*s->item));
		s->max = max;
	}
	s->item[s->nr] = text ? host_strdup(&cmd_host, text) : NULL;
	return s->item[s->nr++];
}

void strings_free(struct strings *s)
{
	for (unsigned i = 0; i < s->nr; i++)
		free(s->item[i]);
	free(s->item);
	memset(s, 0, sizeof(*s));
}

bool strings_have(const struct strings *s, const char *text)
{
	for (unsigned i = 0; i < s->nr; i++)
		if (s->item[i] && !strcmp(s->item[i], text))
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *s)
{
	if (s->nr)
		qsort(s->item, s->nr, sizeof(*s->item), by_text);
}

char *text_of(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		cmd_host.fail(cmd_host.ctx, 0);
	return text;
}
