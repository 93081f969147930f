/*
 * player_story.c - what the kernel did in a step, for the player, in both
 * languages.
 *
 * Stories are long and repeat themselves with other numbers, so a line is told
 * as a pattern and the numbers in it:
 *
 *   find_vma(address=0x20000000) = 0x20000000-0x20004000 rw-p
 *   pattern  find_vma(address=#) = #-# rw-p
 *   numbers  "0x20000000", "0x20000000", "0x20004000"
 *
 * A line is [English pattern, Japanese pattern, numbers...], or, where the two
 * languages have them in another order, [..., ..., [English], [Japanese]]. Equal
 * lines are told once: a step has the numbers of its lines.
 */
#include "formats/explain.h"
#include "formats/json.h"
#include "formats/player_internal.h"
#include "formats/memory_stream.h"

#include <stdlib.h>
#include <string.h>

#define HOLE '\x01' /* stands for a number in a pattern */
#define MAX_STORY 1000u /* lines of a step; mmemu explain has the rest */
#define MAX_SAID 200u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Bytes of the number that s begins with; 0: none. What looks like a hole in
 * some name of the trace's counts as one, so that it cannot be taken for one. */
static size_t number_length(const char *s, const char *end)
{
	size_t n = 0;

	if (*s == HOLE)
		return 1;
	if (end - s > 2 && s[0] == '0' && s[1] == 'x' && is_hex(s[2]))
		for (n = 2; s + n < end && is_hex(s[n]);)
			n++;
	else
		while (s + n < end && is_digit(s[n]))
			n++;
	return n;
}

/* A decimal that JSON has and JavaScript keeps as it is; else it is a string. */
static bool is_plain(const char *s, size_t len)
{
	return is_digit(*s) && len <= 15 && (*s != '0' || len == 1);
}

static void put_number(const char *s, size_t len, FILE *out)
{
	if (is_plain(s, len))
		fwrite(s, 1, len, out);
	else
		json_string_html(s, len, out);
}

struct split_line {
	char *pattern, *numbers; /* numbers: ",1,\"0x20\"" */
	size_t pattern_size, numbers_size;
};

static void split_line(const struct host_ops *host, struct split_line *l,
		       const char *s, size_t len)
{
	FILE *pattern = memory_stream(host, &l->pattern, &l->pattern_size);
	FILE *numbers = memory_stream(host, &l->numbers, &l->numbers_size);
	const char *end = s + len;

	while (s < end) {
		size_t n = number_length(s, end);

		putc(n ? HOLE : *s, pattern);
		if (n) {
			putc(',', numbers);
			put_number(s, n, numbers);
		}
		s += n ? n : 1;
	}
	fclose(pattern);
	fclose(numbers);
}

static int64_t line_number(struct player *p, const struct split_line *l)
{
	const struct split_line *en = &l[LANG_EN], *ja = &l[LANG_JA];
	FILE *f = player_text_begin(p);

	fprintf(f, "[%lld,%lld", (long long)player_string(p, en->pattern),
		(long long)player_string(p, ja->pattern));
	if (strcmp(en->numbers, ja->numbers) != 0)
		fprintf(f, ",[%s],[%s]", en->numbers + (*en->numbers == ','),
			ja->numbers + (*ja->numbers == ','));
	else
		fputs(en->numbers, f);
	putc(']', f);
	return string_number(&p->m->host, &p->lines, player_text_end(p, f));
}

static size_t take_line(const char **text)
{
	size_t len = strcspn(*text, "\n");

	*text += len + ((*text)[len] == '\n');
	return len;
}

/* The next line of both texts, which have the same, each in its language. */
static int64_t take_both(struct player *p, const char **text)
{
	struct split_line line[NR_LANGS];
	int64_t number;

	for (unsigned i = 0; i < NR_LANGS; i++) {
		const char *at = text[i];
		size_t len = take_line(&text[i]);

		split_line(&p->m->host, &line[i], at, len);
	}
	number = line_number(p, line);
	for (unsigned i = 0; i < NR_LANGS; i++) {
		free(line[i].pattern);
		free(line[i].numbers);
	}
	return number;
}

static void put_lines(struct player *p, const char *name, unsigned max,
		      const char **text, FILE *out)
{
	unsigned nr = 0;

	fprintf(out, ",\"%s\":[", name);
	for (; nr < max && (*text[LANG_EN] || *text[LANG_JA]); nr++)
		fprintf(out, "%s%lld", nr ? "," : "",
			(long long)take_both(p, text));
	putc(']', out);
	for (nr = 0; *text[LANG_EN]; nr++)
		take_line(&text[LANG_EN]);
	if (nr)
		fprintf(out, ",\"%s_more\":%u", name, nr);
}

typedef void (*teller)(const struct explain *e, enum lang lang, FILE *out);

static void put_told(struct player *p, const char *name, unsigned max,
		     teller tell, const struct explain *e, FILE *out)
{
	const struct host_ops *host = &p->m->host;
	const char *at[NR_LANGS];
	char *text[NR_LANGS];
	size_t size;

	for (unsigned i = 0; i < NR_LANGS; i++) {
		FILE *f = memory_stream(host, &text[i], &size);

		tell(e, (enum lang)i, f);
		fclose(f);
		at[i] = text[i];
	}
	put_lines(p, name, max, at, out);
	for (unsigned i = 0; i < NR_LANGS; i++)
		free(text[i]);
}

static void tell_story(const struct explain *e, enum lang lang, FILE *out)
{
	explain_text(e, lang, 0, out);
}

void player_story(struct player *p, const struct explain *e, FILE *out)
{
	put_told(p, "story", MAX_STORY, tell_story, e, out);
	put_told(p, "said", MAX_SAID, explain_changes_text, e, out);
}

void player_lines(const struct player *p, FILE *out)
{
	putc('[', out);
	for (uint32_t i = 0; i < p->lines.nr; i++)
		fprintf(out, "%s%s", i ? ",\n" : "", p->lines.text[i]);
	putc(']', out);
}
