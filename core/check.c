/* check.c - count and tell broken invariants. */
#include "core/check.h"

#include <stdarg.h>
#include <stdio.h>

void check_broken(struct checker *c, const char *fmt, ...)
{
	char message[256];
	va_list ap;

	c->broken++;
	if (!c->tell)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	c->tell(c->ctx, message);
}
