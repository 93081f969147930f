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

static void write_script(const struct points *ps, unsigned metric,
			 const char *end, FILE *out)
{
	char number[40];

	/* a wide chart for many points, and room for their names below */
	if (!strcmp(end, ".svg"))
		fprintf(out, "set terminal svg size %u,640 noenhanced\n",
			480 + 24 * ps->nr);
	else
		fprintf(out, "set terminal pdfcairo size %u.%02u,6.4 noenhanced\n",
			(480 + 24 * ps->nr) / 100, (480 + 24 * ps->nr) % 100);
	fputs("set title ", out);
	gnuplot_text(metrics[metric].title, out);
	fputs("\nset style data histograms\nset style fill solid 0.6\n"
	      "set boxwidth 0.8\nset yrange [0:*]\nset grid ytics\nunset key\n"
	      "set xtics rotate by 60 right\n$data << END\n",
	      out);
	for (unsigned i = 0; i < ps->nr; i++) {
		double v = ps->point[i].value[metric];

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
