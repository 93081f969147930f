/*
 * import_csv.c - addresses in columns.
 *
 *	pid,type,address,size		a heading says what the columns are
 *	7,R,0x7fff1000,8
 *
 *	0x401000 0x7fff1000 W		without one, the first line is looked at:
 *					an address alone; a kind and an address
 *					in either order, and a size behind; two
 *					addresses and a kind (ip, address, kind)
 *
 * Fields are separated by comma, semicolon, tab or spaces. A column is one of
 * addr (decimal, or with 0x), xaddr (hexadecimal without), ip and xip (an
 * instruction that is fetched first), kind, size, pid, or _ (not looked at).
 */
#include "trace/import_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_COLUMNS 32

enum column { COL_NONE, COL_ADDR, COL_XADDR, COL_IP, COL_XIP, COL_KIND,
	      COL_SIZE, COL_PID };

struct csv {
	struct import *im;
	struct im_log log;
	uint8_t column[MAX_COLUMNS];
	unsigned nr; /* 0: not known yet */
};

struct csv_row {
	uint64_t addr, ip, size, pid;
	unsigned kind;
	bool has_ip;
};

static const struct {
	const char *name;
	enum column column;
} column_names[] = {
	{"addr", COL_ADDR},	{"xaddr", COL_XADDR},  {"address", COL_ADDR},
	{"vaddr", COL_ADDR},	{"ea", COL_ADDR},      {"ip", COL_IP},
	{"pc", COL_IP},		{"xip", COL_XIP},      {"kind", COL_KIND},
	{"type", COL_KIND},	{"op", COL_KIND},      {"rw", COL_KIND},
	{"access", COL_KIND},	{"size", COL_SIZE},    {"len", COL_SIZE},
	{"bytes", COL_SIZE},	{"pid", COL_PID},      {"tid", COL_PID},
	{"process", COL_PID},	{"thread", COL_PID},   {"_", COL_NONE},
};

static const struct {
	const char *name;
	uint8_t kind;
} kind_names[] = {
	{"r", EV_READ},	    {"read", EV_READ},	   {"load", EV_READ},
	{"l", EV_READ},	    {"0", EV_READ},	   {"w", EV_WRITE},
	{"write", EV_WRITE}, {"store", EV_WRITE},  {"s", EV_WRITE},
	{"m", EV_WRITE},    {"modify", EV_WRITE},  {"1", EV_WRITE},
	{"i", EV_FETCH},    {"f", EV_FETCH},	   {"x", EV_FETCH},
	{"fetch", EV_FETCH}, {"ifetch", EV_FETCH}, {"instr", EV_FETCH},
	{"2", EV_FETCH},
};

/* ---- fields ---- */

#define SEPARATORS ",; \t"

/* Cuts a line into its fields, in place; quotes around one go. */
static unsigned cut(char *line, char *field[MAX_COLUMNS])
{
	unsigned n = 0;
	char *p = line + strspn(line, " \t");

	while (*p && n < MAX_COLUMNS) {
		size_t len = strcspn(p, SEPARATORS), gap;
		char *end = p + len;

		gap = strspn(end, " \t");
		gap += end[gap] == ',' || end[gap] == ';';
		gap += strspn(end + gap, " \t");
		if (len >= 2 && *p == '"' && end[-1] == '"') {
			p++;
			end[-1] = '\0';
		}
		field[n++] = p;
		p = end + gap;
		*end = '\0';
	}
	return n;
}

static int find_kind(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (!strcasecmp(kind_names[i].name, text))
			return kind_names[i].kind;
	return -1;
}

static int find_column(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(column_names); i++)
		if (!strcasecmp(column_names[i].name, text))
			return column_names[i].column;
	return -1;
}

static bool whole_number(const char *text, int base, uint64_t *value)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return false;
	if (base == 10 && text[0] == '0' && (text[1] | 0x20) == 'x')
		base = 16;
	*value = strtoull(text, &end, base);
	return end != text && !*end;
}

/* ---- columns ---- */

static bool is_address(const char *text)
{
	uint64_t value;

	return whole_number(text, 10, &value);
}

static void set_columns(struct csv *c, unsigned nr, enum column a,
			enum column b, enum column d)
{
	c->column[0] = (uint8_t)a;
	c->column[1] = (uint8_t)b;
	c->column[2] = (uint8_t)d;
	c->nr = nr;
}

/* What the columns of a file without a heading are. */
static int guess(struct csv *c, char *field[], unsigned n)
{
	bool word = !is_address(field[0]);

	if (n == 1 && !word)
		set_columns(c, 1, COL_ADDR, 0, 0);
	else if (n >= 2 && find_kind(field[0]) >= 0 && is_address(field[1]))
		set_columns(c, n > 2 ? 3 : 2, COL_KIND, COL_ADDR, COL_SIZE);
	else if (n >= 2 && !word && find_kind(field[1]) >= 0 &&
		 (n == 2 || find_kind(field[2]) < 0 || !is_address(field[1])))
		set_columns(c, n > 2 ? 3 : 2, COL_ADDR, COL_KIND, COL_SIZE);
	else if (n >= 3 && !word && is_address(field[1]) &&
		 find_kind(field[2]) >= 0)
		set_columns(c, 3, COL_IP, COL_ADDR, COL_KIND);
	else
		return im_fail(c->im, &c->log, 1, "it cannot be seen what the columns are, expected --columns addr,kind,...");
	return 0;
}

static bool has_address(const struct csv *c)
{
	for (unsigned i = 0; i < c->nr; i++)
		if (c->column[i] == COL_ADDR || c->column[i] == COL_XADDR)
			return true;
	return false;
}

/* 1: a heading; 0: the first line is a row already. */
static int heading(struct csv *c, char *field[], unsigned n)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		int col = find_column(field[i]);

		c->column[i] = (uint8_t)(col < 0 ? COL_NONE : col);
		any |= col == COL_ADDR || col == COL_XADDR;
	}
	c->nr = any ? n : 0;
	return any;
}

/* --columns */
static int told_columns(struct csv *c)
{
	char text[512], *field[MAX_COLUMNS];
	unsigned n;

	if (!c->im->opt->columns)
		return 0;
	snprintf(text, sizeof(text), "%s", c->im->opt->columns);
	n = cut(text, field);
	for (unsigned i = 0; i < n; i++) {
		int col = find_column(field[i]);

		if (col < 0)
			return im_fail(c->im, &c->log, 0, "--columns: found \"%.40s\", expected addr, xaddr, ip, xip, kind, size, pid or _",
				       field[i]);
		c->column[i] = (uint8_t)col;
	}
	c->nr = n;
	if (!has_address(c))
		return im_fail(c->im, &c->log, 0,
			       "--columns: expected addr or xaddr among them");
	return 0;
}

/* ---- rows ---- */

static int bad_field(struct csv *c, unsigned i, const char *text,
		     const char *expected)
{
	return im_fail(c->im, &c->log, 1,
		       "column %u: found \"%.40s\", expected %s", i + 1, text,
		       expected);
}

static int one_field(struct csv *c, struct csv_row *row, unsigned i,
		     const char *text)
{
	int kind;

	switch (c->column[i]) {
	case COL_ADDR:
		if (!whole_number(text, 10, &row->addr))
			return bad_field(c, i, text, "an address (without 0x: --columns xaddr)");
		return 0;
	case COL_XADDR:
		if (!whole_number(text, 16, &row->addr))
			return bad_field(c, i, text, "a hexadecimal address");
		return 0;
	case COL_IP:
	case COL_XIP:
		row->has_ip = true;
		if (!whole_number(text, c->column[i] == COL_IP ? 10 : 16,
				  &row->ip))
			return bad_field(c, i, text, "an instruction's address");
		return 0;
	case COL_KIND:
		kind = find_kind(text);
		if (kind < 0)
			return bad_field(c, i, text, "r, w or i, read, write or fetch");
		row->kind = (unsigned)kind;
		return 0;
	case COL_SIZE:
		if (!whole_number(text, 10, &row->size) ||
		    row->size > 1u << 20)
			return bad_field(c, i, text, "a size up to 1048576");
		return 0;
	case COL_PID:
		if (!whole_number(text, 10, &row->pid) ||
		    row->pid > UINT32_MAX)
			return bad_field(c, i, text, "a process number");
		return 0;
	default:
		return 0;
	}
}

static int put_row(struct csv *c, const struct csv_row *row)
{
	struct im_process *p = im_find(c->im, (uint32_t)row->pid);

	if (!p)
		p = im_spawn(c->im, (uint32_t)row->pid, NULL);
	if (!p)
		return im_fail(c->im, &c->log, 1, "more than %u processes",
			       TRACE_PID_MAX);
	if (row->has_ip)
		im_access(c->im, p, EV_FETCH, row->ip, 1);
	im_access(c->im, p, row->kind, row->addr, row->size ? row->size : 1);
	return 0;
}

static int one_line(struct csv *c, char *line)
{
	struct csv_row row = {.kind = EV_READ, .pid = 1};
	char *field[MAX_COLUMNS];
	unsigned n;

	if (line[0] == '#')
		return 0;
	n = cut(line, field);
	if (!n)
		return 0;
	if (!c->nr) {
		if (heading(c, field, n))
			return 0;
		if (guess(c, field, n))
			return -1;
	}
	if (n < c->nr)
		return im_fail(c->im, &c->log, 1,
			       "found %u columns, expected %u", n, c->nr);
	for (unsigned i = 0; i < c->nr; i++)
		if (one_field(c, &row, i, field[i]))
			return -1;
	return put_row(c, &row);
}

int import_csv(struct import *im)
{
	struct csv c = {.im = im};
	char *line;
	size_t len;
	int ret = im_blocks_open(im, &c.log);

	if (!ret)
		ret = told_columns(&c);
	while (!ret && (ret = im_log_line(im, &c.log, &line, &len)) > 0)
		ret = one_line(&c, line);
	return im_blocks_close(im, &c.log, ret);
}
