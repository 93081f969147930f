/* test_escapes.c - text of any bytes in JSON and XML. */
#include "formats/json.h"
#include "formats/utf8.h"
#include "formats/xml.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void json(const char *s, FILE *out)
{
	json_string(s, strlen(s), out);
}

static void json_html(const char *s, FILE *out)
{
	json_string_html(s, strlen(s), out);
}

static void expect(void (*put)(const char *s, FILE *out), const char *text,
		   const char *expected)
{
	char *got;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	put(text, f);
	fclose(f);
	cr_expect_str_eq(got, expected);
	free(got);
}

Test(escapes, json)
{
	expect(json, "a\"b\\c\n\x01<&>", "\"a\\\"b\\\\c\\u000a\\u0001<&>\"");
	expect(json, "\xe3\x83\xa1\xc3\xa9", "\"\xe3\x83\xa1\xc3\xa9\"");
	expect(json, "\xff \xc3( \xe3\x83",
	       "\"\\\\xff \\\\xc3( \\\\xe3\\\\x83\"");
	expect(json_html, "</script>&\xff",
	       "\"\\u003c/script\\u003e\\u0026\\\\xff\"");
}

Test(escapes, xml)
{
	expect(xml_text, "a<b>&\"\n\t\x1b[m", "a&lt;b&gt;&amp;&quot;???[m");
	expect(xml_lines, "a<b>\n\t\x1b[m\r", "a&lt;b&gt;\n\t?[m?");
	expect(xml_lines, "\xff\xe3\x83\xa1\xef\xbf\xbf", "?\xe3\x83\xa1???");
	cr_expect_eq(xml_char("\xe3\x83\xa1"), 3);
	cr_expect_eq(xml_char("\xe3\x83"), 0);
	cr_expect_eq(xml_char("\n"), 0);
}

Test(escapes, utf8)
{
	cr_expect_eq(utf8_length("\xf4\x8f\xbf\xbf", 4), 4);
	cr_expect_eq(utf8_length("\xf4\x90\x80\x80", 4), 0);
	cr_expect_eq(utf8_length("\xf0\x8f\xbf\xbf", 4), 0);
	cr_expect_eq(utf8_length("\xed\xa0\x80", 3), 0);
	cr_expect_eq(utf8_length("\xe0\x9f\xbf", 3), 0);
	cr_expect_eq(utf8_length("\xe3\x83\xa1", 2), 0);
	cr_expect_eq(utf8_length("", 1), 1);
}
