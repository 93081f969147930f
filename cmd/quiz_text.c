/*
 * quiz_text.c - the texts of an exercise: paragraphs in two languages, and
 * blocks of lines that are the same in both.
 *
 * Plain text is filled to WIDTH columns: English breaks at spaces, Japanese
 * between any two characters, but no line begins with a mark that belongs to
 * what stands before it, or ends with an opening bracket. Markdown breaks lines
 * itself; there a paragraph is one line and a block is fenced.
 */
#include "cmd/quiz.h"
#include "core/task.h"
#include "formats/memory_stream.h"
#include "formats/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 76
#define PARAGRAPH 2000 /* bytes, at most */

/* ---- filling ---- */

/* The character at *p, of UTF-8 that is right; *p goes behind it. */
static uint32_t next_character(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;
	unsigned more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 0;
	uint32_t c = more ? *s & (0x3fu >> more) : *s;

	for (unsigned i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3f);
	*p += more + 1;
	return c;
}

static bool is_wide(uint32_t c)
{
	return c >= 0x2e80;
}

/* 、 。 ） 」 and their kind */
static bool never_first(uint32_t c)
{
	static const uint32_t marks[] = {0x3001, 0x3002, 0xff09, 0x300d,
					 0x300f, 0x30fc, 0x30fb, 0xff1a,
					 0xff1b, 0xff0c, 0xff0e};

	for (unsigned i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i] == c)
			return true;
	return c < 0x80 && strchr(".,;:)]", (int)c);
}

static bool never_last(uint32_t c)
{
	return c == 0xff08 || c == 0x300c || c == 0x300e || c == '(' ||
	       c == '[';
}

/* May a line end between these two? */
static bool may_break(uint32_t before, uint32_t after)
{
	if (after == ' ')
		return true;
	return (is_wide(before) || is_wide(after)) && before != ' ' &&
	       !never_last(before) && !never_first(after);
}

/* Up to the next point where a line may end; its width. */
static const char *next_piece(const char *p, unsigned *width)
{
	uint32_t c, next = 0;

	*width = 0;
	do {
		const char *ahead;

		c = next_character(&p);
		*width += is_wide(c) ? 2 : 1;
		ahead = p;
		next = *p ? next_character(&ahead) : 0;
	} while (next && !may_break(c, next));
	return p;
}

static void fill(const char *text, FILE *f)
{
	unsigned column = 0, width;

	while (*text) {
		const char *end = next_piece(text, &width);

		if (column && column + width > WIDTH) {
			fputc('\n', f);
			column = 0;
			text += *text == ' ';
		}
		fwrite(text, 1, (size_t)(end - text), f);
		column += width;
		text = end;
	}
	fputc('\n', f);
}

static void part_open(struct quiz_part *p)
{
	p->f = memory_stream(&cmd_host, &p->text, &p->size);
}

/* ---- paragraphs and blocks ---- */

void quiz_say(struct quiz *q, const char *en, const char *ja, ...)
{
	char text[PARAGRAPH];
	va_list ap;
	int len;

	va_start(ap, ja);
	len = vsnprintf(text, sizeof(text), q->opt->lang == LANG_JA ? ja : en,
			ap);
	va_end(ap);
	mm_assert(len > 0 && (size_t)len < sizeof(text));
	if (q->opt->format == QUIZ_MARKDOWN)
		fprintf(q->out, "%s\n", text);
	else
		fill(text, q->out);
	fputc('\n', q->out);
}

void quiz_begin(struct quiz *q)
{
	if (q->opt->format == QUIZ_MARKDOWN)
		fputs("```\n", q->out);
}

void quiz_line(struct quiz *q, const char *fmt, ...)
{
	va_list ap;

	if (q->opt->format == QUIZ_TEXT)
		fputs("    ", q->out);
	va_start(ap, fmt);
	vfprintf(q->out, fmt, ap);
	va_end(ap);
	fputc('\n', q->out);
}

void quiz_gap(struct quiz *q)
{
	fputc('\n', q->out);
}

void quiz_end(struct quiz *q)
{
	fputs(q->opt->format == QUIZ_MARKDOWN ? "```\n\n" : "\n", q->out);
}

void quiz_report(struct quiz *q, const char *kind, uint32_t pid)
{
	struct quiz_part part = {NULL, NULL, 0};
	char *line, *save = NULL;

	part_open(&part);
	report_find(kind)->write(q->m, pid ? quiz_task(q, pid) : NULL, part.f);
	fclose(part.f);
	line = strtok_r(part.text, "\n", &save);
	for (; line; line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(line);

		while (len && line[len - 1] == ' ')
			len--;
		quiz_line(q, "%.*s", (int)len, line);
	}
	free(part.text);
}

void quiz_answer(struct quiz *q)
{
	q->out = q->answer.f;
}

void quiz_exercise(struct quiz *q)
{
	q->out = q->exercise.f;
}

/* ---- the parts ---- */

static void part_close(struct quiz_part *p)
{
	if (p->f)
		fclose(p->f);
	free(p->text);
	*p = (struct quiz_part){NULL, NULL, 0};
}

void quiz_parts_open(struct quiz *q)
{
	part_open(&q->exercise);
	part_open(&q->answer);
	part_open(&q->trace);
	q->out = q->exercise.f;
}

void quiz_parts_close(struct quiz *q)
{
	part_close(&q->exercise);
	part_close(&q->answer);
	part_close(&q->trace);
}

static const char *part_text(struct quiz_part *p)
{
	fflush(p->f);
	return p->text;
}

static void print_heading(const struct quiz *q, FILE *f)
{
	const char *title = q->topic->title[q->opt->lang];

	if (q->opt->format == QUIZ_MARKDOWN)
		fprintf(f, "## %s\n\n`mmemu quiz %s --seed %llu`\n\n", title,
			q->topic->name, (unsigned long long)q->seed);
	else
		fprintf(f, "%s  (mmemu quiz %s --seed %llu)\n\n", title,
			q->topic->name, (unsigned long long)q->seed);
}

void quiz_print(struct quiz *q, FILE *f)
{
	static const char *const word[NR_LANGS] = {"Answer", "解答"};
	const char *answer = word[q->opt->lang];

	if (q->opt->trace) {
		fputs(part_text(&q->trace), f);
		return;
	}
	print_heading(q, f);
	fputs(part_text(&q->exercise), f);
	if (!q->opt->answer)
		return;
	if (q->opt->format == QUIZ_MARKDOWN)
		fprintf(f, "### %s\n\n", answer);
	else
		fprintf(f, "%s\n\n", answer);
	fputs(part_text(&q->answer), f);
}
