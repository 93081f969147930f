/* outcome.c - outcomes as text. */
#include "trace/outcome.h"
#include "trace/digits.h"
#include "trace/event.h"

#include <string.h>

int outcome_failure(const struct outcome *o)
{
	switch (o->kind) {
	case OUTCOME_OK:
	case OUTCOME_ADDRESS:
	case OUTCOME_SILENT:
		return 0;
	case OUTCOME_ERRNO:
		return o->err;
	case OUTCOME_ACCESS:
		return o->access.signal ? EXPECT_SIGNAL + o->access.signal : 0;
	case OUTCOME_KILLED:
		return EXPECT_SIGNAL + EMU_SIGKILL;
	default:
		return -1;
	}
}

static const char *signal_text(const struct access_result *res)
{
	if (res->signal == EMU_SIGKILL)
		return " SIGKILL OOM";
	if (res->signal == EMU_SIGBUS)
		return " SIGBUS ADRERR";
	return res->si_code == EMU_SEGV_ACCERR ? " SIGSEGV ACCERR"
					       : " SIGSEGV MAPERR";
}

/* Decimal digits of n at p; behind them. */
static char *put_number(char *p, uint64_t n)
{
	return p + put_digits(p, n);
}

static char *put_text(char *p, const char *text)
{
	size_t len = strlen(text);

	memcpy(p, text, len);
	return p + len;
}

/* A log has as many of these as the trace has accesses: no printf. */
static char *put_access(char *p, const struct access_result *res)
{
	p = put_text(p, "minflt=");
	p = put_number(p, res->minflt);
	p = put_text(p, " majflt=");
	p = put_number(p, res->majflt);
	return res->signal ? put_text(p, signal_text(res)) : p;
}

static size_t print_access(const struct outcome *o, char *buf, size_t size)
{
	char *p = put_access(buf, &o->access);

	if (o->access.mismatch) {
		p = put_text(p, " mismatch got=");
		for (uint32_t i = 0; i < o->got_len &&
				     (size_t)(p - buf) + 3 < size; i++) {
			*p++ = "0123456789abcdef"[o->got[i] >> 4];
			*p++ = "0123456789abcdef"[o->got[i] & 15];
		}
	}
	*p = '\0';
	return (size_t)(p - buf);
}

size_t outcome_print(const struct outcome *o, char *buf, size_t size)
{
	const char *name;

	switch (o->kind) {
	case OUTCOME_OK:
		return (size_t)snprintf(buf, size, "ok");
	case OUTCOME_ADDRESS:
		return (size_t)snprintf(buf, size, "ok 0x%llx",
					(unsigned long long)o->address);
	case OUTCOME_ERRNO:
		name = failure_name(o->err);
		return name ? (size_t)snprintf(buf, size, "%s", name)
			    : (size_t)snprintf(buf, size, "errno %d", o->err);
	case OUTCOME_ACCESS:
		return print_access(o, buf, size);
	case OUTCOME_KILLED:
		return (size_t)snprintf(buf, size, "SIGKILL OOM");
	case OUTCOME_BUG:
		return (size_t)snprintf(buf, size, "BUG");
	case OUTCOME_ORPHAN:
		return (size_t)snprintf(buf, size, "orphan");
	case OUTCOME_SILENT:
		break;
	}
	return 0;
}

void outcome_write(const struct outcome *o, uint64_t line, FILE *out)
{
	char buf[192], *p = put_number(buf, line);
	const struct access_result *res = &o->access;

	if (o->kind == OUTCOME_SILENT)
		return;
	p = put_text(p, ": ");
	if (o->kind == OUTCOME_ACCESS)
		p = put_access(p, res);
	else
		p += outcome_print(o, p, sizeof(buf) - 40);
	if (o->kind == OUTCOME_ACCESS && res->mismatch) {
		fwrite(buf, 1, (size_t)(p - buf), out);
		p = put_text(buf, " mismatch got=");
		for (uint32_t i = 0; i < o->got_len; i++) {
			if (p - buf > 100) {
				fwrite(buf, 1, (size_t)(p - buf), out);
				p = buf;
			}
			*p++ = "0123456789abcdef"[o->got[i] >> 4];
			*p++ = "0123456789abcdef"[o->got[i] & 15];
		}
	}
	*p++ = '\n';
	fwrite(buf, 1, (size_t)(p - buf), out);
}
