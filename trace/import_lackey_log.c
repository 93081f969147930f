/*
 * import_lackey_log.c - one log of valgrind's lackey: whose it is, its lines of
 * accesses, and where it stands among the logs of its process.
 */
#include "trace/import_lackey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lackey_preamble(const char *line)
{
	return line[0] == '=' && line[1] == '=';
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
	for (p++; *p >= '0' && *p <= '9' && n < 1u << 20; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	*addr = a;
	*size = n;
	return *p == '\0' && n;
}

/* ---- names ---- */

/* The length of a log's name without ".zst". */
static size_t stem(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && !strcmp(path + len - 4, ".zst") ? len - 4 : len;
}

/* "log.172": 172; 0: it ends in none. */
static uint64_t last_number(const char *path)
{
	size_t at = stem(path);

	while (at && path[at - 1] >= '0' && path[at - 1] <= '9')
		at--;
	return strtoull(path + at, NULL, 10);
}

/* ---- whose log it is ---- */

/* "==172== Command: ./prog", "==172== Parent PID: 5" */
static void read_preamble(struct lackey_part *log, const char *line)
{
	const char *p = strstr(line, "== Command: ");

	if (p)
		snprintf(log->command, sizeof(log->command), "%s", p + 12);
	p = strstr(line, "== Parent PID: ");
	if (p)
		log->parent = (uint32_t)strtoul(p + 15, NULL, 10);
	if (!log->real)
		log->real = (uint32_t)strtoul(line + 2, NULL, 10);
}

int lackey_scan(struct import *im, struct lackey_part *log, const char *path)
{
	char *line;
	size_t len;
	int ret;

	if (im_log_open(im, &log->log, path))
		return -1;
	while ((ret = im_log_line(im, &log->log, &line, &len)) > 0) {
		if (lackey_preamble(line)) {
			read_preamble(log, line);
			continue;
		}
		if (log->log.line == 1)
			return im_fail(im, &log->log, 1, "found no \"==PID== Lackey\", expected a log of valgrind --tool=lackey");
		im_log_unread(&log->log);
		break;
	}
	if (!ret && !log->real && !im_stopped(im)) {
		/* killed before valgrind began to write: its name tells */
		log->real = (uint32_t)last_number(path);
		if (!log->real)
			ret = im_fail(im, &log->log, 1, "an empty log");
	}
	if (strcmp(path, "-"))
		im_log_close(im, &log->log);
	return ret < 0 ? -1 : 0;
}

/* ---- the order of a process's logs ---- */

/* Is it "PATH.NUMBER"? */
static bool numbered(const char *path, const char *whole)
{
	size_t len = stem(whole), n;

	if (strncmp(path, whole, len) || path[len] != '.')
		return false;
	n = strspn(path + len + 1, "0123456789");
	return n && len + 1 + n == stem(path);
}

bool lackey_before(const char *a, const char *b)
{
	if (numbered(a, b))
		return true;
	return !numbered(b, a) && last_number(a) < last_number(b);
}
