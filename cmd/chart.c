/*
 * chart.c - one metric of all points as a bar chart, drawn by gnuplot.
 *
 * gnuplot is not linked and not needed by anything else: its script goes to its
 * standard input, and the picture appears under its name when it is whole.
 */
#include "cmd/points.h"
#include "formats/gnuplot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* A word of the data, which gnuplot wants between double quotes; there it
 * expands nothing. */
static void put_data_text(const char *s, FILE *out)
{
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void write_script(const struct points *ps, unsigned metric,
			 const char *temp, const char *end, FILE *out)
{
	char number[40];

	/* a wide chart for many points, and room for their names below */
	if (!strcmp(end, ".svg"))
		fprintf(out, "set terminal svg size %u,640 noenhanced\n",
			480 + 24 * ps->nr);
	else
		fprintf(out, "set terminal pdfcairo size %u.%02u,6.4 noenhanced\n",
			(480 + 24 * ps->nr) / 100, (480 + 24 * ps->nr) % 100);
	fputs("set output ", out);
	gnuplot_text(temp, out);
	fputs("\nset title ", out);
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
	char temp[4096];
	FILE *gnuplot;
	int status;

	snprintf(temp, sizeof(temp), "%.4000s.%ld%s", path, (long)getpid(),
		 ending(path));
	gnuplot = popen("gnuplot", "w");
	if (!gnuplot)
		return complain("--chart: gnuplot cannot be started: %s",
				strerror(errno));
	write_script(ps, metric, temp, ending(path), gnuplot);
	status = pclose(gnuplot);
	if (status || access(temp, R_OK) || rename(temp, path)) {
		unlink(temp);
		return complain("--chart: gnuplot could not write %s", path);
	}
	return EXIT_FINE;
}
