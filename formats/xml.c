/* xml.c - characters that XML wants otherwise, or not at all. */
#include "formats/xml.h"
#include "formats/utf8.h"

#include <stdbool.h>
#include <string.h>

unsigned xml_char(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = utf8_length(text, strnlen(text, 4));

	if (*s < 0x20 || *s == 0x7f)
		return 0;
	if (n == 3 && *s == 0xef && s[1] == 0xbf && s[2] >= 0xbe)
		return 0; /* U+FFFE, U+FFFF */
	return (unsigned)n;
}

static void put_char(const char *text, unsigned n, FILE *out)
{
	switch (n ? *text : '\0') {
	case '\0': fputc('?', out); break;
	case '<': fputs("&lt;", out); break;
	case '&': fputs("&amp;", out); break;
	case '>': fputs("&gt;", out); break;
	case '"': fputs("&quot;", out); break;
	default: fwrite(text, 1, n, out); break;
	}
}

static void put_text(const char *text, const char *also, FILE *out)
{
	for (unsigned n; *text; text += n ? n : 1) {
		n = strchr(also, *text) ? 1 : xml_char(text);
		put_char(text, n, out);
	}
}

void xml_text(const char *text, FILE *out)
{
	put_text(text, "", out);
}

void xml_lines(const char *text, FILE *out)
{
	put_text(text, "\n\t", out);
}
