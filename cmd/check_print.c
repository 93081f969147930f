/* check_print.c - verdicts as text, TAP, JUnit XML, JSON. */
#include "cmd/check.h"
#include "formats/json.h"
#include "formats/xml.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *const verdict_names[NR_VERDICTS] = {
	[VERDICT_PASS] = "pass",       [VERDICT_DIFFERS] = "differs",
	[VERDICT_CRASHED] = "crashed", [VERDICT_TIMEOUT] = "timeout",
	[VERDICT_UPDATED] = "updated",
};

static bool is_good(const struct scenario *s)
{
	return s->verdict == VERDICT_PASS || s->verdict == VERDICT_UPDATED;
}

static unsigned count(const struct check *c, enum verdict v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->nr; i++)
		n += c->scenario[i].verdict == v;
	return n;
}

/* What can be earned, and what was. */
static double points(const struct check *c, bool earned)
{
	double sum = 0;

	for (unsigned i = 0; i < c->nr; i++) {
		const struct scenario *s = &c->scenario[i];

		if (s->file->points > 0 && (!earned || is_good(s)))
			sum += s->file->points;
	}
	return sum;
}

static bool has_points(const struct check *c)
{
	for (unsigned i = 0; i < c->nr; i++)
		if (c->scenario[i].file->points >= 0)
			return true;
	return false;
}

static void put_reason(const struct scenario *s)
{
	if (s->verdict == VERDICT_CRASHED)
		printf("the emulator ended by signal %d", WTERMSIG(s->status));
	else if (s->verdict == VERDICT_TIMEOUT)
		printf("not done after %.0f s", s->seconds);
	else
		printf("%u file%s", s->nr_diffs, s->nr_diffs == 1 ? "" : "s");
}

/* ---- text ---- */

static void put_verdict(const struct check *c, const struct scenario *s)
{
	bool colour = c->opt.colour;

	printf("%s%-8s%s %s", colour ? is_good(s) ? "\033[32m" : "\033[31m" : "",
	       verdict_names[s->verdict], colour ? "\033[m" : "", s->name);
	if (s->verdict != VERDICT_PASS && s->verdict != VERDICT_UPDATED) {
		fputs(" (", stdout);
		put_reason(s);
		putchar(')');
	}
	if (c->opt.grade && s->file->points >= 0)
		printf("  %g of %g", is_good(s) ? s->file->points : 0,
		       s->file->points);
	putchar('\n');
}

static void text_scenario(struct check *c, const struct scenario *s)
{
	if (s->verdict == VERDICT_PASS && !c->opt.grade)
		return;
	put_verdict(c, s);
	for (unsigned i = 0; i < s->nr_diffs && !c->opt.grade; i++) {
		const struct difference *d = &s->diff[i];

		if (c->opt.update)
			printf("  %s %s (+%lu -%lu lines)\n", d->what, d->file,
			       d->lines.added, d->lines.removed);
		else
			fputs(d->text, stdout);
	}
}

static void text_end(struct check *c)
{
	printf("%u scenario%s: %u passed", c->nr, c->nr == 1 ? "" : "s",
	       count(c, VERDICT_PASS));
	for (enum verdict v = VERDICT_DIFFERS; v < NR_VERDICTS; v++)
		if (count(c, v))
			printf(", %u %s", count(c, v),
			       v == VERDICT_DIFFERS && count(c, v) > 1
				       ? "differ"
				       : verdict_names[v]);
	printf(" (%.2f s)\n", c->seconds);
	if (has_points(c))
		printf("score: %g of %g points\n", points(c, true),
		       points(c, false));
}

/* ---- TAP 13 ---- */

static void tap_scenario(const struct scenario *s, unsigned number)
{
	printf("%s %u - %s\n", is_good(s) ? "ok" : "not ok", number, s->name);
	if (!is_good(s)) {
		printf("# %s: ", verdict_names[s->verdict]);
		put_reason(s);
		putchar('\n');
	}
	for (unsigned i = 0; i < s->nr_diffs; i++) {
		const char *line = s->diff[i].text;

		while (*line) {
			size_t n = strcspn(line, "\n");

			printf("# %.*s\n", (int)n, line);
			line += n + (line[n] == '\n');
		}
	}
}

/* ---- JUnit ---- */

static void junit_scenario(const struct scenario *s)
{
	fputs("    <testcase classname=\"mmemu\" name=\"", stdout);
	xml_text(s->name, stdout);
	printf("\" time=\"%.3f\"", s->seconds);
	if (is_good(s)) {
		puts("/>");
		return;
	}
	printf(">\n      <failure type=\"%s\" message=\"",
	       verdict_names[s->verdict]);
	put_reason(s);
	fputs("\">", stdout);
	for (unsigned i = 0; i < s->nr_diffs; i++)
		xml_lines(s->diff[i].text, stdout);
	puts("</failure>\n    </testcase>");
}

/* All of it at the end: the counts stand in the head. */
static void junit_end(const struct check *c)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < c->nr; i++)
		bad += !is_good(&c->scenario[i]);
	printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	       "  <testsuite name=\"mmemu check\" tests=\"%u\" failures=\"%u\" "
	       "errors=\"0\" time=\"%.3f\">\n",
	       c->nr, bad, c->seconds);
	for (unsigned i = 0; i < c->nr; i++)
		junit_scenario(&c->scenario[i]);
	puts("  </testsuite>\n</testsuites>");
}

/* ---- JSON ---- */

static void put_json(const char *text)
{
	json_string(text, strlen(text), stdout);
}

static void json_difference(const struct difference *d)
{
	fputs("{\"file\": ", stdout);
	put_json(d->file);
	printf(", \"what\": \"%s\", \"added\": %lu, \"removed\": %lu, "
	       "\"diff\": ",
	       d->what, d->lines.added, d->lines.removed);
	put_json(d->text);
	putchar('}');
}

static void json_scenario(const struct scenario *s)
{
	fputs("    {\"name\": ", stdout);
	put_json(s->name);
	printf(", \"verdict\": \"%s\", \"seconds\": %.3f",
	       verdict_names[s->verdict], s->seconds);
	if (s->file->points >= 0)
		printf(", \"points\": %g, \"score\": %g", s->file->points,
		       is_good(s) ? s->file->points : 0);
	fputs(", \"differences\": [", stdout);
	for (unsigned i = 0; i < s->nr_diffs; i++) {
		fputs(i ? ", " : "", stdout);
		json_difference(&s->diff[i]);
	}
	fputs("]}", stdout);
}

static void json_end(const struct check *c)
{
	printf("{\n  \"scenarios\": [\n");
	for (unsigned i = 0; i < c->nr; i++) {
		json_scenario(&c->scenario[i]);
		puts(i + 1 < c->nr ? "," : "");
	}
	printf("  ],\n  \"total\": %u", c->nr);
	for (enum verdict v = 0; v < NR_VERDICTS; v++)
		printf(", \"%s\": %u", verdict_names[v], count(c, v));
	if (has_points(c))
		printf(",\n  \"score\": %g, \"points\": %g", points(c, true),
		       points(c, false));
	printf(",\n  \"seconds\": %.3f\n}\n", c->seconds);
}

/* ---- which ---- */

void print_begin(struct check *c)
{
	if (c->opt.format == FORMAT_TAP)
		printf("TAP version 13\n1..%u\n", c->nr);
}

void print_scenario(struct check *c, const struct scenario *s, unsigned number)
{
	if (c->opt.format == FORMAT_TEXT)
		text_scenario(c, s);
	else if (c->opt.format == FORMAT_TAP)
		tap_scenario(s, number);
}

void print_end(struct check *c)
{
	if (c->opt.format == FORMAT_TEXT)
		text_end(c);
	else if (c->opt.format == FORMAT_JUNIT)
		junit_end(c);
	else if (c->opt.format == FORMAT_JSON)
		json_end(c);
}
