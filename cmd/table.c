/*
 * table.c - results as an aligned table, Markdown, CSV or JSON.
 *
 * compare gives each point a column and each metric a row; sweep, with many
 * points, the other way round. CSV and JSON hold plain numbers; JSON holds the
 * settings too, so that `sweep --collect` can read it back.
 */
#include "cmd/options.h"
#include "cmd/points.h"
#include "cmd/strings.h"
#include "formats/json.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int table_format_find(const char *name)
{
	static const char *const names[] = {[TABLE_TEXT] = "text",
					    [TABLE_MARKDOWN] = "md",
					    [TABLE_CSV] = "csv",
					    [TABLE_JSON] = "json"};

	return find_word(names, ARRAY_SIZE(names), name);
}

unsigned *metrics_parse(const char *list, unsigned *nr)
{
	unsigned *which = host_alloc(&cmd_host, nr_metrics * sizeof(*which));
	bool *taken = host_alloc(&cmd_host, nr_metrics * sizeof(*taken));
	char *copy = host_strdup(&cmd_host, list), *save = NULL;

	*nr = 0;
	for (char *word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		bool found = false;

		for (unsigned i = 0; i < nr_metrics; i++) {
			if (fnmatch(word, metrics[i].key, 0))
				continue;
			found = true;
			if (!taken[i])
				which[(*nr)++] = i;
			taken[i] = true;
		}
		if (!found) {
			complain("--metrics %s: there is no such metric (mmemu compare --list)",
				 word);
			*nr = 0;
			break;
		}
	}
	free(copy);
	free(taken);
	if (*nr)
		return which;
	free(which);
	return NULL;
}

/* ---- a grid of cells ---- */

struct grid {
	unsigned rows, columns; /* with headings */
	char **cell;
};

static char **cell_at(const struct grid *g, unsigned row, unsigned column)
{
	return &g->cell[row * g->columns + column];
}

static void cell_set(struct grid *g, unsigned row, unsigned column,
		     const char *text)
{
	*cell_at(g, row, column) = host_strdup(&cmd_host, text);
}

static double ratio_of(const struct points *ps, unsigned point, unsigned metric)
{
	double first = ps->point[0].value[metric];

	return first ? ps->point[point].value[metric] / first : NAN;
}

static void ratio_text(double v, char *buf, size_t size)
{
	if (isnan(v))
		snprintf(buf, size, "%s", "");
	else
		snprintf(buf, size, "%.*fx", v >= 100 ? 0 : v < 0.1 ? 4 : 2, v);
}

static void value_text(const struct points *ps, unsigned point, unsigned metric,
		       bool ratios, char *buf, size_t size)
{
	double v = ps->point[point].value[metric];
	char ratio[40];
	size_t n;

	metric_print(&metrics[metric], v, buf, size);
	n = strlen(buf);
	if (!ratios || !point)
		return;
	v = ratio_of(ps, point, metric);
	ratio_text(v, ratio, sizeof(ratio));
	snprintf(buf + n, size - n, " %8s", ratio);
}

/* Does the metric say anything about any of the points? */
static bool is_empty(const struct points *ps, unsigned metric)
{
	for (unsigned i = 0; i < ps->nr; i++)
		if (!isnan(ps->point[i].value[metric]) &&
		    ps->point[i].value[metric] != 0)
			return false;
	return true;
}

/* Metrics to show, those that are nowhere but zero left out unless they were
 * asked for. */
static unsigned *shown(const struct points *ps, const struct table_options *opt,
		       unsigned *nr)
{
	unsigned *which = host_alloc(&cmd_host, nr_metrics * sizeof(*which));

	*nr = 0;
	for (unsigned i = 0;
	     i < (opt->metric ? opt->nr_metrics : nr_metrics); i++) {
		unsigned metric = opt->metric ? opt->metric[i] : i;

		if (opt->metric || !is_empty(ps, metric))
			which[(*nr)++] = metric;
	}
	return which;
}

static struct grid make_grid(const struct points *ps,
			     const struct table_options *opt)
{
	unsigned nr;
	unsigned *which = shown(ps, opt, &nr);
	bool down = opt->points_are_rows;
	struct grid g = {.rows = 1 + (down ? ps->nr : nr),
			 .columns = 1 + (down ? nr : ps->nr)};
	char text[96];

	g.cell = host_alloc(&cmd_host, (size_t)g.rows * g.columns *
					       sizeof(*g.cell));
	cell_set(&g, 0, 0, down ? "point" : "metric");
	for (unsigned k = 0; k < nr; k++) {
		const struct metric *m = &metrics[which[k]];

		if (down)
			cell_set(&g, 0, k + 1, m->key);
		else
			cell_set(&g, k + 1, 0, m->title);
	}
	for (unsigned i = 0; i < ps->nr; i++) {
		cell_set(&g, down ? i + 1 : 0, down ? 0 : i + 1,
			 ps->point[i].name);
		for (unsigned k = 0; k < nr; k++) {
			value_text(ps, i, which[k], opt->ratios, text,
				   sizeof(text));
			cell_set(&g, down ? i + 1 : k + 1,
				 down ? k + 1 : i + 1, text);
		}
	}
	free(which);
	return g;
}

static void grid_free(struct grid *g)
{
	for (unsigned i = 0; i < g->rows * g->columns; i++)
		free(g->cell[i]);
	free(g->cell);
}

static size_t width_of(const struct grid *g, unsigned column)
{
	size_t width = 0;

	for (unsigned r = 0; r < g->rows; r++)
		width = max_t(size_t, width, strlen(*cell_at(g, r, column)));
	return width;
}

/* The first column to the left, numbers to the right, no blanks at the end. */
static void write_text(const struct grid *g, FILE *out)
{
	size_t *width = host_alloc(&cmd_host, g->columns * sizeof(*width));

	for (unsigned c = 0; c < g->columns; c++)
		width[c] = width_of(g, c);
	for (unsigned r = 0; r < g->rows; r++) {
		fprintf(out, "%-*s", (int)width[0], *cell_at(g, r, 0));
		for (unsigned c = 1; c < g->columns; c++) {
			char *cell = *cell_at(g, r, c);
			size_t n = strlen(cell), pad = width[c] - n;

			if (c + 1 == g->columns)
				while (n && cell[n - 1] == ' ')
					n--;
			fprintf(out, "  %*s%.*s", (int)pad, "", (int)n, cell);
		}
		putc('\n', out);
	}
	free(width);
}

/* A cell of Markdown: a bar would end it. */
static void put_markdown(const char *s, FILE *out)
{
	while (*s == ' ')
		s++;
	for (; *s; s++) {
		if (*s == '|')
			putc('\\', out);
		putc(*s, out);
	}
}

static void write_markdown(const struct grid *g, FILE *out)
{
	for (unsigned r = 0; r < g->rows; r++) {
		for (unsigned c = 0; c < g->columns; c++) {
			fputs("| ", out);
			put_markdown(*cell_at(g, r, c), out);
			putc(' ', out);
		}
		fputs("|\n", out);
		for (unsigned c = 0; !r && c < g->columns; c++)
			fputs(c ? "| ---: " : "| --- ", out);
		if (!r)
			fputs("|\n", out);
	}
}

/* ---- for programs ---- */

static void put_csv(const char *s, FILE *out)
{
	if (!strpbrk(s, ",\"\n")) {
		fputs(s, out);
		return;
	}
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void put_number(double v, const char *none, FILE *out)
{
	char text[40];

	if (isnan(v)) {
		fputs(none, out);
		return;
	}
	metric_number(v, text, sizeof(text));
	fputs(text, out);
}

static void csv_columns(const struct points *ps, const unsigned *which,
			unsigned nr, bool ratios, FILE *out)
{
	fputs("metric,unit", out);
	for (unsigned i = 0; i < ps->nr; i++) {
		putc(',', out);
		put_csv(ps->point[i].name, out);
	}
	for (unsigned i = 1; ratios && i < ps->nr; i++) {
		char *text = text_of("ratio %s", ps->point[i].name);

		putc(',', out);
		put_csv(text, out);
		free(text);
	}
	for (unsigned k = 0; k < nr; k++) {
		static const char *const units[] = {[UNIT_COUNT] = "count",
						    [UNIT_BYTES] = "bytes",
						    [UNIT_PERCENT] = "percent",
						    [UNIT_RATIO] = "ratio"};

		fprintf(out, "\n%s,%s", metrics[which[k]].key,
			units[metrics[which[k]].unit]);
		for (unsigned i = 0; i < ps->nr; i++) {
			putc(',', out);
			put_number(ps->point[i].value[which[k]], "", out);
		}
		for (unsigned i = 1; ratios && i < ps->nr; i++) {
			putc(',', out);
			put_number(ratio_of(ps, i, which[k]), "", out);
		}
	}
	putc('\n', out);
}

static void csv_rows(const struct points *ps, const unsigned *which,
		     unsigned nr, FILE *out)
{
	fputs("point", out);
	for (unsigned k = 0; k < nr; k++)
		fprintf(out, ",%s", metrics[which[k]].key);
	for (unsigned i = 0; i < ps->nr; i++) {
		putc('\n', out);
		put_csv(ps->point[i].name, out);
		for (unsigned k = 0; k < nr; k++) {
			putc(',', out);
			put_number(ps->point[i].value[which[k]], "", out);
		}
	}
	putc('\n', out);
}

static void put_json(const char *s, FILE *out)
{
	json_string(s, strlen(s), out);
}

static void json_values(const struct points *ps, unsigned point,
			const unsigned *which, unsigned nr, bool ratios,
			FILE *out)
{
	for (unsigned k = 0; k < nr; k++) {
		fprintf(out, "%s\n        \"%s\": ", k ? "," : "",
			metrics[which[k]].key);
		put_number(ratios ? ratio_of(ps, point, which[k]) :
				    ps->point[point].value[which[k]],
			   "null", out);
	}
}

static void json_point(const struct points *ps, unsigned i,
		       const unsigned *which, unsigned nr, bool ratios,
		       FILE *out)
{
	const struct point *p = &ps->point[i];

	fprintf(out, "    {\n      \"index\": %u,\n      \"name\": ", p->index);
	put_json(p->name, out);
	fputs(",\n      \"config\": ", out);
	put_json(p->config ? p->config : "linux-3.12-i386", out);
	fputs(",\n      \"set\": [", out);
	for (unsigned k = 0; k < p->nr_sets; k++) {
		fputs(k ? ", " : "", out);
		put_json(p->sets[k], out);
	}
	fputs("],\n      \"metrics\": {", out);
	json_values(ps, i, which, nr, false, out);
	fputs("\n      }", out);
	if (ratios) {
		fputs(",\n      \"ratios\": {", out);
		json_values(ps, i, which, nr, true, out);
		fputs("\n      }", out);
	}
	fputs("\n    }", out);
}

static void write_json(const struct points *ps, const unsigned *which,
		       unsigned nr, bool ratios, FILE *out)
{
	fputs("{\n  \"mmemu\": \"compare 1\",\n  \"trace\": ", out);
	put_json(ps->trace, out);
	fprintf(out, ",\n  \"total\": %u,\n  \"points\": [\n", ps->total);
	for (unsigned i = 0; i < ps->nr; i++) {
		json_point(ps, i, which, nr, ratios && ps->nr > 1, out);
		fputs(i + 1 < ps->nr ? ",\n" : "\n", out);
	}
	fputs("  ]\n}\n", out);
}

void table_write(const struct points *ps, const struct table_options *opt,
		 FILE *out)
{
	struct table_options all = *opt;
	unsigned nr = opt->nr_metrics, *every = NULL;
	const unsigned *which = opt->metric;
	struct grid g;

	if (opt->format == TABLE_TEXT || opt->format == TABLE_MARKDOWN) {
		g = make_grid(ps, &all);
		(opt->format == TABLE_TEXT ? write_text : write_markdown)(&g,
									  out);
		grid_free(&g);
		return;
	}
	if (!which)
		which = every = metrics_parse("*", &nr);
	if (opt->format == TABLE_JSON)
		write_json(ps, which, nr, opt->ratios, out);
	else if (opt->points_are_rows)
		csv_rows(ps, which, nr, out);
	else
		csv_columns(ps, which, nr, opt->ratios, out);
	free(every);
}
