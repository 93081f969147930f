/*
 * text_lex.c - one line of text into fields.
 *
 *   100 mmap buf+4K 16K rw- private file "my file" 0   # comment
 *   --- ---- ------ --- --- ------- ---- --------- -
 *
 * Fields end at a space, a tab, a `#` or the end of the line. A field that
 * begins with a quote ends with one and holds escapes; between two fields
 * there is always a space. Bytes that no text has (control characters, bytes
 * that are not UTF-8) are an error where they stand, so that a binary file
 * named by mistake gives one clear line.
 */
#include "trace/text_lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_text(struct lexer *lex, size_t column, const char *fmt,
		       va_list ap)
{
	lex->error->line = lex->line;
	lex->error->column = (unsigned)column;
	vsnprintf(lex->error->text, sizeof(lex->error->text), fmt, ap);
}

bool lex_error_at(struct lexer *lex, size_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_text(lex, lex->field.column + offset, fmt, ap);
	va_end(ap);
	return false;
}

bool lex_error(struct lexer *lex, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_text(lex, lex->field.column, fmt, ap);
	va_end(ap);
	return false;
}

/* Bytes as a message may show them: printable, not long. */
static const char *show(const char *text, size_t len, char out[64])
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (n > 40) {
			memcpy(out + n, "...", 4);
			return out;
		}
		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(out + n, 64 - n, "\\x%02X", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
	return out;
}

bool lex_expected(struct lexer *lex, const char *what)
{
	char buf[64];

	if (!lex->field.text)
		return lex_error(lex, "the line ends here, expected %s", what);
	return lex_error(lex, "found \"%s\", expected %s",
			 show(lex->field.text, lex->field.len, buf), what);
}

/* Length of the UTF-8 sequence at p, 0 if it is none. */
static size_t utf8_length(const uint8_t *p, const uint8_t *end)
{
	size_t n = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 :
		   p[0] < 0xF5 ? 4 : 0;

	if (!n || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
	    (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

/* Bytes of the character at p that a field may hold; 0: an error. */
static size_t text_length(struct lexer *lex, const char *p)
{
	uint8_t c = (uint8_t)*p;
	size_t n = 0;

	if (c >= 0x20 && c < 0x7f)
		return 1;
	if (c >= 0x80)
		n = utf8_length((const uint8_t *)p,
				(const uint8_t *)lex->end);
	if (!n) {
		lex->field.column = (unsigned)(p - lex->start) + 1;
		lex_error(lex, "byte 0x%02X is no text, expected UTF-8", c);
	}
	return n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that the escape behind a backslash stands for; *p behind it. */
static int unescape(const char **p, const char *end)
{
	int hi, lo;

	if (*p == end)
		return -1;
	switch (*(*p)++) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'x':
		if (end - *p < 2)
			return -1;
		hi = hex_digit((*p)[0]);
		lo = hex_digit((*p)[1]);
		*p += 2;
		return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
	default:
		return -1;
	}
}

static void scratch_room(struct lexer *lex, size_t size)
{
	if (size <= lex->scratch_size)
		return;
	host_free(lex->host, lex->scratch, lex->scratch_size);
	lex->scratch = host_alloc(lex->host, size);
	lex->scratch_size = size;
}

static bool quoted_field(struct lexer *lex)
{
	const char *p = lex->p + 1;
	size_t n = 0;

	scratch_room(lex, (size_t)(lex->end - lex->p) + 1);
	while (p < lex->end && *p != '"') {
		size_t len = *p == '\t' ? 1 : text_length(lex, p);
		const char *at = p;
		int c;

		if (!len)
			return false;
		if (*p != '\\') {
			memcpy(lex->scratch + n, p, len);
			n += len;
			p += len;
			continue;
		}
		p++;
		c = unescape(&p, lex->end);
		if (c < 0) {
			lex->field.column = (unsigned)(at - lex->start) + 1;
			return lex_error(lex, "unknown escape, expected \\\" \\\\ \\n \\t or \\xHH");
		}
		lex->scratch[n++] = (char)c;
	}
	if (p == lex->end)
		return lex_error(lex, "the quote is never closed, expected \" before the end of the line");
	lex->p = p + 1;
	lex->field.text = lex->scratch;
	lex->field.len = n;
	lex->field.quoted = true;
	if (lex->p < lex->end && !strchr(" \t#", *lex->p)) {
		lex->field.column = (unsigned)(lex->p - lex->start) + 1;
		return lex_error(lex, "text right behind a quoted field, expected a space");
	}
	return true;
}

static bool plain_field(struct lexer *lex)
{
	const char *p = lex->p;

	while (p < lex->end && *p != ' ' && *p != '\t' && *p != '#') {
		size_t len = text_length(lex, p);

		if (!len)
			return false;
		if (*p == '"') {
			lex->field.column = (unsigned)(p - lex->start) + 1;
			return lex_error(lex, "a quote inside a field, expected the whole field in quotes");
		}
		p += len;
	}
	lex->field.text = lex->p;
	lex->field.len = (size_t)(p - lex->p);
	lex->p = p;
	return true;
}

bool lex_next(struct lexer *lex)
{
	while (lex->p < lex->end && (*lex->p == ' ' || *lex->p == '\t'))
		lex->p++;
	lex->field.column = (unsigned)(lex->p - lex->start) + 1;
	lex->field.text = NULL;
	lex->field.len = 0;
	lex->field.quoted = false;
	if (lex->p == lex->end || *lex->p == '#')
		return true;
	return *lex->p == '"' ? quoted_field(lex) : plain_field(lex);
}

bool lex_line(struct lexer *lex, const char *start, const char *end,
	      uint64_t line)
{
	if (end > start && end[-1] == '\r')
		end--;
	lex->start = lex->p = start;
	lex->end = end;
	lex->line = line;
	return lex_next(lex);
}

bool lex_is(const struct lexer *lex, const char *word)
{
	return lex->field.text && !lex->field.quoted &&
	       strlen(word) == lex->field.len &&
	       !memcmp(word, lex->field.text, lex->field.len);
}

void lex_destroy(struct lexer *lex)
{
	host_free(lex->host, lex->scratch, lex->scratch_size);
	lex->scratch = NULL;
	lex->scratch_size = 0;
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits of one base at *p; false when the number passes 64 bits. */
static bool scan_digits(const char **p, const char *end, unsigned base,
			uint64_t *n)
{
	*n = 0;
	for (; *p < end; (*p)++) {
		int d = hex_digit(**p);

		if (d < 0 || (unsigned)d >= base)
			break;
		if (__builtin_mul_overflow(*n, base, n) ||
		    __builtin_add_overflow(*n, (uint64_t)d, n))
			return false;
	}
	return true;
}

#define NUMBER_FORMS \
	"digits, 0x and hexadecimal digits, or digits and K, M, G or p"

/* One number at text[at, end of the term), added to q. */
static bool add_number(struct lexer *lex, const char *p, const char *end,
		       const char *what, struct quantity *q)
{
	size_t at = (size_t)(p - lex->field.text);
	bool hex = end - p > 2 && p[0] == '0' && p[1] == 'x';
	const char *digits = hex ? p + 2 : p;
	unsigned shift = 0;
	char buf[64];
	uint64_t n;

	p = digits;
	if (!scan_digits(&p, end, hex ? 16 : 10, &n))
		goto too_large;
	if (p > digits && p == end - 1 && !hex) {
		if (*p == 'p') {
			if (n > UINT32_MAX - q->pages)
				goto too_large;
			q->pages += (uint32_t)n;
			return true;
		}
		shift = *p == 'K' ? 10 : *p == 'M' ? 20 : *p == 'G' ? 30 : 0;
		p += shift != 0;
	}
	if (p == digits || p != end)
		return lex_error_at(lex, at, "\"%s\" is no number, expected %s (" NUMBER_FORMS ")",
				    show(lex->field.text + at,
					 (size_t)(end - lex->field.text) - at,
					 buf), what);
	if (n << shift >> shift != n ||
	    __builtin_add_overflow(q->bytes, n << shift, &q->bytes))
		goto too_large;
	return true;
too_large:
	return lex_error_at(lex, at, "the number is too large, expected %s of at most 64 bits",
			    what);
}

static bool number_field(struct lexer *lex, const char *what)
{
	if (!lex->field.text || lex->field.quoted)
		return lex_expected(lex, what);
	return true;
}

bool lex_number(struct lexer *lex, const char *what, struct quantity *q)
{
	*q = (struct quantity){0, 0, 0};
	return number_field(lex, what) &&
	       add_number(lex, lex->field.text,
			  lex->field.text + lex->field.len, what, q) &&
	       lex_next(lex);
}

bool lex_plain_number(struct lexer *lex, const char *what, uint64_t *n)
{
	struct quantity q;

	if (number_field(lex, what) &&
	    lex->field.text[lex->field.len - 1] == 'p')
		return lex_error(lex, "a number of pages, expected %s as a plain number",
				 what);
	if (!lex_number(lex, what, &q))
		return false;
	*n = q.bytes;
	return true;
}

static bool label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || c == '_' || c == '.' || c == '-';
}

bool label_text_ok(const char *text, size_t len)
{
	if (!len || is_digit(text[0]) || text[0] == '.' || text[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!label_byte(text[i]))
			return false;
	return true;
}

static bool add_label(struct lexer *lex, const char *p, const char *end,
		      const char *what, struct quantity *q)
{
	size_t at = (size_t)(p - lex->field.text), len = (size_t)(end - p);
	uint32_t id;
	char buf[64];

	if (!label_text_ok(p, len))
		return lex_error_at(lex, at, "\"%s\" is neither a number nor a name, expected %s",
				    show(p, len, buf), what);
	if (q->label)
		return lex_error_at(lex, at, "a second name in a sum, expected a number");
	id = names_intern(lex->names, p, len);
	if (!(name_get(lex->names, id)->flags & NAME_BOUND))
		return lex_error_at(lex, at, "the name \"%s\" is not bound, expected an earlier line that ends in \"-> %s\"",
				    show(p, len, buf), buf);
	q->label = id;
	return true;
}

bool lex_address(struct lexer *lex, const char *what, struct quantity *q)
{
	const char *p, *end;

	*q = (struct quantity){0, 0, 0};
	if (!number_field(lex, what))
		return false;
	p = lex->field.text;
	end = p + lex->field.len;
	for (;;) {
		const char *plus = memchr(p, '+', (size_t)(end - p));
		const char *stop = plus ? plus : end;

		bool number = p < stop && is_digit(*p);

		if (number ? !add_number(lex, p, stop, what, q)
			   : !add_label(lex, p, stop, what, q))
			return false;
		if (!plus)
			return lex_next(lex);
		p = plus + 1;
	}
}

bool lex_pid(struct lexer *lex, const char *what, uint32_t *pid)
{
	const char *p = lex->field.text;
	uint64_t n;

	if (!number_field(lex, what))
		return false;
	if (!scan_digits(&p, lex->field.text + lex->field.len, 10, &n) ||
	    p != lex->field.text + lex->field.len || !n || n > TRACE_PID_MAX) {
		char buf[64];

		return lex_error(lex, "\"%s\" is no process number, expected %s (1 to %u)",
				 show(lex->field.text, lex->field.len, buf),
				 what, TRACE_PID_MAX);
	}
	*pid = (uint32_t)n;
	return lex_next(lex);
}

bool lex_name(struct lexer *lex, const char *what, uint32_t *id)
{
	if (!lex->field.text)
		return lex_expected(lex, what);
	if (!lex->field.len || memchr(lex->field.text, '\0', lex->field.len))
		return lex_error(lex, "%s, expected %s",
				 lex->field.len ? "a NUL byte in a name"
						: "an empty name",
				 what);
	*id = names_intern(lex->names, lex->field.text, lex->field.len);
	return lex_next(lex);
}
