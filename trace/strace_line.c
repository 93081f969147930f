/* strace_line.c - the syntax of strace's lines. */
#include "trace/strace_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- what stands before a call ---- */

static const char *skip_spaces(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

/* "12:00:01", "12:00:01.123456", "1700000000.123456" or (-r) "0.000123" */
static const char *time_field(const char *p, struct strace_prefix *x)
{
	uint64_t part = 0, total = 0, scale = 1000000;
	const char *q = p;
	unsigned colons = 0;
	bool dot = false;

	for (; isdigit((unsigned char)*q) || *q == ':' || *q == '.'; q++) {
		if (*q == ':') {
			total = (total + part) * 60;
			part = 0;
			colons++;
		} else if (*q == '.') {
			if (dot)
				return p;
			dot = true;
			total = (total + part) * 1000000;
			part = 0;
		} else if (dot) {
			scale /= 10;
			part += (uint64_t)(*q - '0') * scale;
		} else {
			part = part * 10 + (uint64_t)(*q - '0');
		}
	}
	if (*q != ' ' || (!dot && !colons))
		return p;
	x->time = dot ? total + part : (total + part) * 1000000;
	x->has_time = colons == 2 || x->time > UINT64_C(1000000000000);
	return skip_spaces(q);
}

void strace_prefix(const char *line, struct strace_prefix *x)
{
	const char *p = line;
	char *end;

	memset(x, 0, sizeof(*x));
	if (!strncmp(p, "[pid ", 5)) {
		x->pid = (uint32_t)strtoul(p + 5, &end, 10);
		x->has_pid = *end == ']';
		p = x->has_pid ? skip_spaces(end + 1) : p;
	} else if (isdigit((unsigned char)*skip_spaces(p))) {
		x->pid = (uint32_t)strtoul(p, &end, 10);
		x->has_pid = *end == ' ';
		p = x->has_pid ? skip_spaces(end) : p;
	}
	/* a continued line begins with ", " or " <unf": no field */
	x->rest = time_field(isdigit((unsigned char)*skip_spaces(p))
				     ? skip_spaces(p)
				     : p,
			     x);
}

/* ---- a call ---- */

/* The end of a quoted string; p is at its first quote. */
static char *skip_string(char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Is this '<' that of a descriptor's path, "3</a>"? */
static bool opens_path(const char *start, const char *p)
{
	return p > start && (isalnum((unsigned char)p[-1]) || p[-1] == '_');
}

/* The end of an argument: ',' or ')' outside of all brackets. */
static char *skip_arg(char *start)
{
	unsigned depth = 0, angle = 0;
	char *p = start;

	while (*p) {
		if (*p == '"') {
			p = skip_string(p);
			continue;
		}
		if (*p == '<' && (angle || opens_path(start, p)))
			angle++;
		else if (*p == '>' && angle)
			angle--;
		else if (!angle && strchr("([{", *p))
			depth++;
		else if (!angle && depth && strchr(")]}", *p))
			depth--;
		else if (!angle && !depth && (*p == ',' || *p == ')'))
			return p;
		p++;
	}
	return p;
}

/* "flags=CLONE_VM": the value. */
static char *without_name(char *p)
{
	char *q = p;

	while (isalnum((unsigned char)*q) || *q == '_')
		q++;
	return q > p && *q == '=' ? q + 1 : p;
}

bool strace_split(char *text, struct strace_call *c)
{
	char *p = text;

	memset(c, 0, sizeof(*c));
	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	if (p == text || *p != '(')
		return false;
	c->name = text;
	*p++ = '\0';
	while (*p && *p != ')') {
		char *start = p + strspn(p, " "), *end = skip_arg(start);

		p = *end == ',' ? end + 1 : end;
		if (!*end)
			return false;
		if (c->nr_args < STRACE_ARGS && end > start)
			c->arg[c->nr_args++] = without_name(start);
		if (*end == ')')
			break;
		*end = '\0';
	}
	if (*p != ')')
		return false;
	*p++ = '\0';
	p += strspn(p, " ");
	if (*p != '=')
		return false;
	c->result = p + 1 + strspn(p + 1, " ");
	return *c->result != '\0';
}

/* ---- values ---- */

struct flag {
	const char *name;
	uint32_t value;
};

static const struct flag flags[] = {
	{"PROT_NONE", 0}, {"PROT_READ", 1}, {"PROT_WRITE", 2},
	{"PROT_EXEC", 4}, {"MAP_SHARED", 1}, {"MAP_PRIVATE", 2},
	{"MAP_SHARED_VALIDATE", 3}, {"MAP_FIXED", 0x10},
	{"MAP_ANONYMOUS", 0x20}, {"MAP_32BIT", 0x40},
	{"MAP_GROWSDOWN", 0x100}, {"MAP_DENYWRITE", 0x800},
	{"MAP_EXECUTABLE", 0x1000}, {"MAP_LOCKED", 0x2000},
	{"MAP_NORESERVE", 0x4000}, {"MAP_POPULATE", 0x8000},
	{"MAP_NONBLOCK", 0x10000}, {"MAP_STACK", 0x20000},
	{"MAP_HUGETLB", 0x40000}, {"MAP_FIXED_NOREPLACE", 0x100000},
	{"MREMAP_MAYMOVE", 1}, {"MREMAP_FIXED", 2}, {"MREMAP_DONTUNMAP", 4},
	{"MADV_NORMAL", 0}, {"MADV_RANDOM", 1}, {"MADV_SEQUENTIAL", 2},
	{"MADV_WILLNEED", 3}, {"MADV_DONTNEED", 4}, {"MADV_FREE", 8},
	{"MADV_REMOVE", 9}, {"MADV_DONTFORK", 10}, {"MADV_DOFORK", 11},
	{"MADV_MERGEABLE", 12}, {"MADV_UNMERGEABLE", 13},
	{"MADV_HUGEPAGE", 14}, {"MADV_NOHUGEPAGE", 15},
	{"MADV_DONTDUMP", 16}, {"MADV_DODUMP", 17}, {"MADV_COLD", 20},
	{"MADV_PAGEOUT", 21}, {"MADV_POPULATE_READ", 22},
	{"MADV_POPULATE_WRITE", 23}, {"MCL_CURRENT", 1}, {"MCL_FUTURE", 2},
	{"MS_ASYNC", 1}, {"MS_INVALIDATE", 2}, {"MS_SYNC", 4},
	{"CLONE_VM", 0x100}, {"CLONE_FILES", 0x400}, {"CLONE_VFORK", 0x4000},
	{"CLONE_THREAD", 0x10000}, {"F_DUPFD", 0}, {"F_DUPFD_CLOEXEC", 1030},
	{"F_GETFD", 1}, {"F_SETFD", 2}, {"F_GETFL", 3}, {"F_SETFL", 4},
};

static uint64_t flag_value(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strncmp(flags[i].name, name, len) && !flags[i].name[len])
			return flags[i].value;
	return 0;
}

bool strace_value(const char *text, uint64_t *value)
{
	*value = 0;
	if (isdigit((unsigned char)*text) || *text == '-') {
		const char *p = text;
		char *end;

		*value = strtoull(text, &end, 0);
		for (p = end; *p == '|';) { /* "0x800|MAP_FIXED" */
			size_t len = strcspn(++p, "|");

			*value |= flag_value(p, len);
			p += len;
		}
		return end != text;
	}
	if (!strncmp(text, "NULL", 4))
		return true;
	if (!isupper((unsigned char)*text))
		return false;
	while (*text) {
		size_t len = strcspn(text, "|");

		*value |= isdigit((unsigned char)*text)
				  ? strtoull(text, NULL, 0)
				  : flag_value(text, len);
		text += len + (text[len] == '|');
	}
	return true;
}

/* ---- strings ---- */

static char unescape(char **p)
{
	static const char from[] = "ntrvf", to[] = "\n\t\r\v\f";
	const char *known = strchr(from, **p);
	unsigned n = 0, digits;

	if (**p && known) {
		++*p;
		return to[known - from];
	}
	if (**p == 'x' && isxdigit((unsigned char)(*p)[1])) {
		char hex[3] = {(*p)[1], (*p)[2], '\0'};
		char *end;
		long value = strtol(hex, &end, 16);

		*p += 1 + (end - hex);
		return (char)value;
	}
	for (digits = 0; digits < 3 && **p >= '0' && **p <= '7'; digits++)
		n = n * 8 + (unsigned)(*(*p)++ - '0');
	return digits ? (char)n : *(*p)++;
}

char *strace_string(char *text)
{
	char *p = text + 1, *to = text;

	if (*text != '"')
		return NULL;
	while (*p && *p != '"') {
		if (*p == '\\' && p[1]) {
			p++;
			*to = unescape(&p);
			to += *to != '\0';
		} else {
			*to++ = *p++;
		}
	}
	if (*p != '"')
		return NULL;
	*to = '\0';
	return text;
}

char *strace_fd_path(char *text)
{
	static const char deleted[] = " (deleted)";
	size_t gone = sizeof(deleted) - 1;
	char *p = strchr(text, '<'), *end;

	if (!isdigit((unsigned char)*text) || !p || p[1] != '/')
		return NULL;
	end = strrchr(p, '>');
	if (!end)
		return NULL;
	*end = '\0';
	if ((size_t)(end - p) > gone && !strcmp(end - gone, deleted))
		end[-(ptrdiff_t)gone] = '\0';
	return p + 1;
}
