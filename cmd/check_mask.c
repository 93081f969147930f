/*
 * check_mask.c - fields that a scenario ignores, blanked in a text.
 *
 *	ignore:
 *	  - slabinfo                  every report of that kind
 *	  - slabinfo.active_objs      a column, by the heading's <active_objs>
 *	  - maps.inode                a column of a format without heading
 *	  - statm.2                   the second column
 *	  - outcomes.minflt           what stands behind minflt=
 *	  - meminfo.MemFree           what follows that word on its line
 *	  - stats.minor faults        ... or these words at its beginning
 *
 * What stands before the dot is a file's name or a part of it between dots
 * (12.slabinfo: slabinfo). A blanked field becomes ~ and the line loses its
 * alignment, so that a number with one digit more does not show either.
 */
#include "cmd/check.h"
#include "formats/memory_stream.h"

#include <stdlib.h>
#include <string.h>

/* Columns of the formats that have no heading. */
static const struct {
	const char *kind, *columns;
} formats[] = {
	{"maps", "address perms offset dev inode path"},
	{"statm", "size resident shared text lib data dt"},
};

static const char blanks[] = " \t";

static bool is_word(const char *at, const char *word, size_t n)
{
	return !strncmp(at, word, n) && !word[n];
}

/* The number (from 0) of word in a list of words, or -1. */
static int word_index(const char *list, const char *word)
{
	for (int i = 0; *list; i++) {
		size_t n = strcspn(list, blanks);

		if (is_word(list, word, n))
			return i;
		list += n + strspn(list + n, blanks);
	}
	return -1;
}

/* Does `ignore` name this file? *field: what of it, NULL: all of it. */
static bool names_file(const char *ignore, const char *file,
		       const char **field)
{
	const char *base = strrchr(file, '/');
	size_t n = strlen(ignore);

	base = base ? base + 1 : file;
	for (;;) {
		const char *part = base;

		*field = ignore[n] ? ignore + n + 1 : NULL;
		if (!strncmp(ignore, file, n) && !file[n])
			return true;
		while (part) {
			size_t k = strcspn(part, ".");

			if (k == n && !strncmp(part, ignore, n))
				return true;
			part = part[k] ? part + k + 1 : NULL;
		}
		while (n && ignore[--n] != '.')
			;
		if (!n)
			return false;
	}
}

/* ---- one line ---- */

/* "<field>" in a heading that begins with '#': its column, or -1. */
static int heading_column(const char *line, const char *field)
{
	size_t n = strlen(field);
	int column = -1;

	for (line++; *line; line += strcspn(line, blanks)) {
		line += strspn(line, blanks);
		if (!*line)
			break;
		column++;
		if (*line == '<' && !strncmp(line + 1, field, n) &&
		    line[n + 1] == '>')
			return column;
	}
	return -1;
}

static int fixed_column(const char *file, const char *field)
{
	char *end;
	long n = strtol(field, &end, 10);
	const char *ignored;

	if (!*end && n > 0 && n < 1000)
		return (int)n - 1;
	for (unsigned i = 0; i < ARRAY_SIZE(formats); i++)
		if (names_file(formats[i].kind, file, &ignored))
			return word_index(formats[i].columns, field);
	return -1;
}

/* The words of the line, one blank between, word number `column` as ~. */
static void put_without(FILE *out, const char *line, int column)
{
	for (int i = 0; *line; i++) {
		size_t n;

		line += strspn(line, blanks);
		n = strcspn(line, blanks);
		if (!n)
			break;
		if (i)
			putc(' ', out);
		if (i == column)
			putc('~', out);
		else
			fwrite(line, 1, n, out);
		line += n;
	}
}

/* "field=VALUE" anywhere: "field=~". */
static bool put_values(FILE *out, const char *line, const char *field)
{
	size_t n = strlen(field);
	bool found = false;

	for (const char *p = line; (p = strstr(p, field)); p += n)
		found |= p[n] == '=' && (p == line || p[-1] == ' ');
	if (!found)
		return false;
	while (*line) {
		size_t k = strcspn(line, " ");

		if (!strncmp(line, field, n) && line[n] == '=')
			fprintf(out, "%s=~", field);
		else
			fwrite(line, 1, k, out);
		line += k;
		if (*line)
			putc(*line++, out);
	}
	return true;
}

static bool ends_word(char c)
{
	return !c || c == ':' || c == ',' || strchr(blanks, c);
}

/* "... field VALUE...": where `field` begins as words of its own, or NULL. */
static char *find_words(char *line, const char *field)
{
	size_t n = strlen(field);

	for (char *p = line; (p = strstr(p, field)); p++)
		if ((p == line || strchr(blanks, p[-1])) && ends_word(p[n]))
			return p;
	return NULL;
}

static void mask_line(FILE *out, char *line, const char *field, int column)
{
	char *words = find_words(line, field);
	size_t n = strlen(field);

	if (column >= 0) {
		put_without(out, line, column);
	} else if (put_values(out, line, field)) {
		return;
	} else if (words && words[n]) {
		words[n + (words[n] == ':')] = '\0';
		put_without(out, line, -1);
		fputs(" ~", out);
	} else {
		fputs(line, out);
	}
}

static void mask_field(struct text from, const char *file, const char *field,
		       FILE *out)
{
	int column = fixed_column(file, field);
	size_t at = 0;

	while (at < from.len) {
		const char *line = from.bytes + at;
		const char *end = memchr(line, '\n', from.len - at);
		size_t n = end ? (size_t)(end - line) : from.len - at;
		char *copy = strndup(line, n);

		if (!copy)
			cmd_host.fail(cmd_host.ctx, n);
		if (*copy == '#' && heading_column(copy, field) >= 0) {
			column = heading_column(copy, field);
			fputs(copy, out);
		} else {
			mask_line(out, copy, field, column);
		}
		if (end)
			putc('\n', out);
		free(copy);
		at += n + 1;
	}
}

static struct text copy_of(struct text t)
{
	char *bytes = host_alloc(&cmd_host, t.len + 1);

	memcpy(bytes, t.bytes, t.len);
	return (struct text){bytes, t.len};
}

bool mask_text(struct text from, const char *file,
	       const struct strings *ignore, struct text *to)
{
	*to = copy_of(from);
	for (unsigned i = 0; i < ignore->nr; i++) {
		const char *field;
		char *bytes = NULL;
		size_t len;
		FILE *out;

		if (!names_file(ignore->item[i], file, &field))
			continue;
		if (!field) {
			free((char *)to->bytes);
			*to = (struct text){NULL, 0};
			return false;
		}
		out = memory_stream(&cmd_host, &bytes, &len);
		mask_field(*to, file, field, out);
		fclose(out);
		free((char *)to->bytes);
		*to = (struct text){bytes, len};
	}
	return true;
}
