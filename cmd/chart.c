/*
 * chart.c - one metric of all points as a bar chart, drawn by gnuplot.
 *
 * gnuplot is not linked: its script goes to its standard input (filter.h), the
 * picture comes from its standard output.
 */
#include "cmd/filter.h"
#include "cmd/output.h"
#include "cmd/points.h"
#include "formats/gnuplot.h"
#include "formats/svg.h"

#include <math.h>
#include <string.h>

static const char *ending(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot : "";
}

int chart_possible(const char *path)
{
	if (strcmp(ending(path), ".svg") && strcmp(ending(path), ".pdf"))
		return complain("--chart %s: expected a name that ends in .svg or .pdf",
				path);
	if (!in_path("gnuplot"))
		return complain("--chart: gnuplot draws charts, and it is not installed (Debian: apt-get install gnuplot-nox)");
	return 0;
}

/* A word of the data, between double quotes: it can hold none, and a line would
 * end the data and begin a command. */
static void put_data_text(const char *s, FILE *out)
{
	putc('"', out);
	for (; *s; s++) {
		if (*s == '\\')
			putc(*s, out);
		putc((unsigned char)*s < 0x20 ? '?' : *s == '"' ? '\'' : *s,
		     out);
	}
	putc('"', out);
}

/* Terminal, colours and letters as in the figures. */
static void write_style(unsigned nr, const char *end, FILE *out)
{
	const struct svg s = {.theme = svg_theme_find("color"), .font = 16};
	unsigned width = 480 + 24 * nr; /* wide for many points */

	if (!strcmp(end, ".svg"))
		fprintf(out, "set terminal svg size %u,640 noenhanced background rgb '%s' font ",
			width, svg_paper(&s));
	else
		fprintf(out, "set terminal pdfcairo size %u.%02u,6.4 noenhanced font ",
			width / 100, width % 100);
	gnuplot_text(svg_family(&s), out);
	fprintf(out,
		"\nset termoption font ',%d'\nset linetype 1 lc rgb '%s'\n"
		"set title font ',%d' tc rgb '%s'\n"
		"set border 3 lc rgb '%s'\nset tics nomirror tc rgb '%s'\n"
		"set grid ytics lc rgb '%s'\n",
		svg_text_size(&s, SVG_SMALL), svg_curve_colour(&s, 0),
		svg_text_size(&s, SVG_BIG), svg_ink(&s), svg_muted(&s),
		svg_ink(&s), svg_faint(&s));
}

/* What a bar of 1 stands for, and how that is called: bytes by the largest unit
 * that the longest bar has several of. */
static double bar_unit(const struct points *ps, unsigned metric,
		       const char **name)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
	double most = 0, unit = 1;
	unsigned i = 0;

	*name = "";
	if (metrics[metric].unit != UNIT_BYTES)
		return 1;
	for (unsigned k = 0; k < ps->nr; k++)
		most = fmax(most, ps->point[k].value[metric]);
	for (; most / unit >= 4096 && i + 1 < ARRAY_SIZE(units); i++)
		unit *= 1024;
	*name = units[i];
	return unit;
}

static void write_script(const struct points *ps, unsigned metric,
			 const char *end, FILE *out)
{
	char number[40], title[160];
	const char *name;
	double unit = bar_unit(ps, metric, &name);

	write_style(ps->nr, end, out);
	snprintf(title, sizeof(title), "%s%s%s", metrics[metric].title,
		 *name ? ", " : "", name);
	fputs("set title ", out);
	gnuplot_text(title, out);
	fputs("\nset style data histograms\nset style fill solid\n"
	      "set boxwidth 0.8\nset yrange [0:*]\nset format y '%.10g'\n"
	      "unset key\nset xtics rotate by 60 right\n$data << END\n",
	      out);
	for (unsigned i = 0; i < ps->nr; i++) {
		double v = ps->point[i].value[metric] / unit;

		metric_number(isnan(v) ? 0 : v, number, sizeof(number));
		put_data_text(ps->point[i].name, out);
		fprintf(out, " %s\n", number);
	}
	fputs("END\nplot $data using 2:xtic(1)\n", out);
}

int chart_write(const struct points *ps, unsigned metric, const char *path)
{
	static const char *const argv[] = {"gnuplot", NULL};
	FILE *script = tmpfile();
	struct output o;
	bool good;

	if (!script)
		return complain("--chart: no temporary file: %s",
				strerror(errno));
	write_script(ps, metric, ending(path), script);
	if (output_open(&o, path)) {
		fclose(script);
		return EXIT_BAD;
	}
	good = run_filter(argv, script, o.f);
	fclose(script);
	if (!good)
		complain("--chart: gnuplot could not draw %s", path);
	return output_close(&o, good) || !good ? EXIT_BAD : EXIT_FINE;
}
