/*
 * json.c - any report as JSON, made from its text.
 *
 * A report is written once, as text; here the text is taken apart by the shape
 * that the kind has, so that the two cannot differ:
 *
 *   KEYED   "MemTotal:  253024 kB"      {"MemTotal": {"value": 253024, "unit": "kB"}}
 *   PAIRS   "pgfault 42"                {"pgfault": 42}
 *   TABLE   words in columns            [{"name": "pid", "active_objs": 3, ...}]
 *   AREAS   a table's row, then keyed   [{"range": ..., "Rss": {...}}]
 *   ZONES   "Node 0, zone DMA 1 2 ..."  [{"node": 0, "zone": "DMA", "free": [1, 2]}]
 *   LINES   anything else               [["word", 1], ...]: a line's words
 *
 * A word that is a decimal number is a number, everything else a string.
 */
#include "formats/json.h"
#include "formats/memory_stream.h"
#include "formats/utf8.h"

#include <stdlib.h>
#include <string.h>

enum shape { LINES, KEYED, PAIRS, TABLE, AREAS, ZONES };

#define MAX_COLUMNS 18
struct json_shape {
	const char *kind;
	enum shape shape;
	unsigned skip; /* heading lines */
	/* "": the word says nothing; "=name": a string, whatever it looks like */
	const char *columns[MAX_COLUMNS];
};

/* clang-format off */
static const struct json_shape shapes[] = {
	{"meminfo", KEYED, 0, {NULL}},
	{"status", KEYED, 0, {NULL}},
	{"vmstat", PAIRS, 0, {NULL}},
	{"buddyinfo", ZONES, 0, {NULL}},
	{"statm", TABLE, 0, {"size", "resident", "shared", "text", "lib",
		"data", "dirty"}},
	{"swaps", TABLE, 1, {"=file", "=type", "size", "used", "priority"}},
	{"maps", TABLE, 0, {"=range", "=perms", "=offset", "=device",
		"inode", "=path"}},
	{"smaps", AREAS, 0, {"=range", "=perms", "=offset", "=device",
		"inode", "=path"}},
	{"slabinfo", TABLE, 2, {"=name", "active_objs", "num_objs", "objsize",
		"objperslab", "pagesperslab", "", "", "limit", "batchcount",
		"sharedfactor", "", "", "active_slabs", "num_slabs",
		"sharedavail"}},
};
/* clang-format on */

static const struct json_shape *shape_of(const char *kind)
{
	static const struct json_shape lines = {.shape = LINES};

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (!strcmp(shapes[i].kind, kind))
			return &shapes[i];
	return &lines;
}

/* ---- words ---- */

struct span {
	const char *s;
	size_t len;
};

static void skip_blanks(struct span *line)
{
	while (line->len && (*line->s == ' ' || *line->s == '\t')) {
		line->s++;
		line->len--;
	}
}

/* The next word of a line; len 0 = there is none. */
static struct span next_word(struct span *line)
{
	struct span w;

	skip_blanks(line);
	w.s = line->s;
	for (w.len = 0; w.len < line->len; w.len++)
		if (w.s[w.len] == ' ' || w.s[w.len] == '\t')
			break;
	line->s += w.len;
	line->len -= w.len;
	return w;
}

static struct span next_line(const char **text)
{
	struct span line = {*text, strcspn(*text, "\n")};

	*text += line.len + ((*text)[line.len] == '\n');
	return line;
}

static void put_char(char c, FILE *out)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if ((unsigned char)c < 0x20)
		fprintf(out, "\\u%04x", (unsigned)(unsigned char)c);
	else
		putc(c, out);
}

/* html: nothing that would mean something to the page around it. */
static void put_string(const char *s, size_t len, bool html, FILE *out)
{
	putc('"', out);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(s + i, len - i);

		if (!n)
			fprintf(out, "\\\\x%02x", (unsigned char)s[i]);
		else if (n > 1)
			fwrite(s + i, 1, n, out);
		else if (html && (strchr("<>&", s[i]) || s[i] == 0x7f))
			fprintf(out, "\\u%04x", (unsigned)s[i]);
		else
			put_char(s[i], out);
		i += n ? n : 1;
	}
	putc('"', out);
}

void json_string(const char *s, size_t len, FILE *out)
{
	put_string(s, len, false, out);
}

void json_string_html(const char *s, size_t len, FILE *out)
{
	put_string(s, len, true, out);
}

/* Digits with at most one point, without leading zeros, of a size that every
 * reader of JSON keeps exactly. */
static bool is_number(struct span w)
{
	size_t sign = w.len && w.s[0] == '-', points = 0;

	if (w.len - sign == 0 || w.len - sign > 15)
		return false;
	for (size_t i = sign; i < w.len; i++) {
		if (w.s[i] == '.' && i > sign && i + 1 < w.len)
			points++;
		else if (w.s[i] < '0' || w.s[i] > '9')
			return false;
	}
	return points <= 1 && (w.s[sign] != '0' || w.len == sign + 1 ||
			       w.s[sign + 1] == '.');
}

static void put_word(struct span w, FILE *out)
{
	if (is_number(w))
		fwrite(w.s, 1, w.len, out);
	else
		json_string(w.s, w.len, out);
}

/* ---- shapes ---- */

static void put_words(struct span line, FILE *out)
{
	const char *comma = "";
	struct span w;

	putc('[', out);
	while ((w = next_word(&line)).len) {
		fputs(comma, out);
		put_word(w, out);
		comma = ", ";
	}
	putc(']', out);
}

/* "Key: value unit", "Key: words". false: not such a line. */
static bool put_keyed(struct span line, const char *comma, FILE *out)
{
	const char *colon = memchr(line.s, ':', line.len);
	struct span value, rest, unit;

	if (!colon)
		return false;
	fputs(comma, out);
	json_string(line.s, (size_t)(colon - line.s), out);
	fputs(": ", out);
	rest = (struct span){colon + 1,
			     line.len - (size_t)(colon + 1 - line.s)};
	skip_blanks(&rest);
	value = rest;
	while (value.len && value.s[value.len - 1] == ' ')
		value.len--;
	unit = rest;
	rest = next_word(&unit);
	skip_blanks(&unit);
	if (is_number(rest) && unit.len == 2 && !memcmp(unit.s, "kB", 2)) {
		fputs("{\"value\": ", out);
		put_word(rest, out);
		fputs(", \"unit\": \"kB\"}", out);
	} else if (colon - line.s == 4 && !memcmp(line.s, "Name", 4)) {
		json_string(value.s, value.len, out);
	} else {
		put_word(value, out);
	}
	return true;
}

/* A row by its columns; the last one takes the rest of the line. */
static void put_row(const struct json_shape *shape, struct span line, FILE *out)
{
	const char *comma = "";

	for (unsigned c = 0; c < MAX_COLUMNS && shape->columns[c]; c++) {
		bool last = c + 1 == MAX_COLUMNS || !shape->columns[c + 1];
		const char *name = shape->columns[c];
		bool string = *name == '=';
		struct span w;

		skip_blanks(&line);
		w = last ? line : next_word(&line);
		if (!w.len)
			return;
		if (!*name)
			continue;
		fprintf(out, "%s\"%s\": ", comma, name + string);
		if (string)
			json_string(w.s, w.len, out);
		else
			put_word(w, out);
		comma = ", ";
	}
}

/* "Node 0, zone   Normal  n n n ..." */
static void put_zone(struct span line, FILE *out)
{
	struct span node, zone;

	next_word(&line);
	node = next_word(&line);
	next_word(&line);
	zone = next_word(&line);
	if (node.len && node.s[node.len - 1] == ',')
		node.len--;
	fputs("{\"node\": ", out);
	put_word(node, out);
	fputs(", \"zone\": ", out);
	put_word(zone, out);
	fputs(", \"free\": ", out);
	put_words(line, out);
	putc('}', out);
}

static void put_object(const struct json_shape *shape, const char *text,
		       FILE *out)
{
	const char *comma = "";

	putc('{', out);
	while (*text) {
		struct span line = next_line(&text), name;

		if (shape->shape == KEYED) {
			if (put_keyed(line, comma, out))
				comma = ", ";
			continue;
		}
		name = next_word(&line);
		fputs(comma, out);
		json_string(name.s, name.len, out);
		fputs(": ", out);
		put_word(next_word(&line), out);
		comma = ", ";
	}
	putc('}', out);
}

static void put_list_item(const struct json_shape *shape, struct span line,
			  FILE *out)
{
	switch (shape->shape) {
	case TABLE:
		putc('{', out);
		put_row(shape, line, out);
		putc('}', out);
		break;
	case ZONES:
		put_zone(line, out);
		break;
	default:
		put_words(line, out);
		break;
	}
}

/* smaps: a line that begins a new area has its range first. */
static bool begins_area(struct span line)
{
	const char *dash = memchr(line.s, '-', line.len);
	struct span w = next_word(&line);

	return dash && dash < w.s + w.len && !memchr(w.s, ':', w.len);
}

static void put_areas(const struct json_shape *shape, const char *text,
		      FILE *out)
{
	const char *end = "";

	putc('[', out);
	while (*text) {
		struct span line = next_line(&text);

		if (!begins_area(line)) {
			put_keyed(line, ", ", out);
			continue;
		}
		fprintf(out, "%s{", end);
		put_row(shape, line, out);
		end = "}, ";
	}
	fputs(*end ? "}]" : "]", out);
}

static void put_list(const struct json_shape *shape, const char *text,
		     FILE *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < shape->skip && *text; i++)
		next_line(&text);
	putc('[', out);
	while (*text) {
		struct span line = next_line(&text);

		fputs(comma, out);
		put_list_item(shape, line, out);
		comma = ", ";
	}
	putc(']', out);
}

void report_text_json(const struct report *r, char *text,
		      const struct task_struct *task, uint64_t line, FILE *out)
{
	const struct json_shape *shape = shape_of(r->name);

	fprintf(out, "{\"report\": \"%s\"", r->name);
	if (task)
		fprintf(out, ", \"pid\": %u", task->pid);
	if (line)
		fprintf(out, ", \"line\": %llu", (unsigned long long)line);
	fputs(", \"data\": ", out);
	if (shape->shape == KEYED || shape->shape == PAIRS)
		put_object(shape, text, out);
	else if (shape->shape == AREAS)
		put_areas(shape, text, out);
	else
		put_list(shape, text, out);
	fputs("}\n", out);
}

void report_json(const struct report *r, const struct machine *m,
		 const struct task_struct *task, uint64_t line, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = memory_stream(&m->host, &text, &size);

	r->write(m, task, f);
	fclose(f);
	report_text_json(r, text, task, line, out);
	free(text);
}
