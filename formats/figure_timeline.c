/*
 * figure_timeline.c - a machine over time, as a script for gnuplot: timeline.
 *
 *   free memory   | RSS by process          marks: dashed lines with numbers,
 *   --------------+----------------         their names below
 *   faults so far | unusable free memory
 *
 * Unlike the other figures this one does not draw: what goes to s->out is a
 * script that makes gnuplot write an SVG of the size, colours and letters that
 * the canvas has. Text stands in single quotes, in which gnuplot expands
 * nothing.
 */
#include "formats/figure.h"
#include "formats/gnuplot.h"
#include "formats/timeline.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_CURVES 5 /* processes with a curve of their own */
#define MAX_MARKS 20 /* with a line of their own */

struct charts {
	const struct figure_options *o;
	const struct timeline *tl;
	struct svg *s;
	FILE *out;
	unsigned process[MAX_CURVES]; /* those with the largest peaks */
	unsigned nr_processes, nr_marks;
	uint64_t rss_unit;
	bool swap, major;
};

/* ---- what is shown ---- */

/* Points are thinned out: a short life may have none left. */
static bool has_points(const struct timeline *tl, unsigned process)
{
	for (unsigned i = 0; i < tl->nr; i++)
		if (tl->point[i].rss[process] != TIMELINE_NO_PROCESS)
			return true;
	return false;
}

static void choose_processes(struct charts *c)
{
	const struct timeline *tl = c->tl;
	bool taken[TIMELINE_PROCESSES] = {false};
	uint64_t peak = 0;

	for (unsigned i = 0; i < tl->nr_processes && i < MAX_CURVES; i++) {
		unsigned best = 0;

		while (taken[best])
			best++;
		for (unsigned k = best; k < tl->nr_processes; k++)
			if (!taken[k] && tl->process[k].peak >
						 tl->process[best].peak)
				best = k;
		taken[best] = true;
		peak = max_t(uint64_t, peak, tl->process[best].peak);
	}
	for (unsigned k = 0; k < tl->nr_processes; k++)
		if (taken[k] && has_points(tl, k))
			c->process[c->nr_processes++] = k;
	c->rss_unit = peak < 10 << 20 ? 1 << 10 : 1 << 20;
}

static void write_number(const struct charts *c, double v)
{
	if (isnan(v))
		fputs(" ?", c->out);
	else
		fprintf(c->out, " %.10g", v);
}

static void write_data(struct charts *c)
{
	fputs("$data << END\n", c->out);
	for (unsigned i = 0; i < c->tl->nr; i++) {
		const struct timeline_point *p = &c->tl->point[i];

		c->swap |= p->swap != 0;
		c->major |= p->major != 0;
		fprintf(c->out, "%" PRIu64, p->event);
		write_number(c, (double)p->free / (1 << 20));
		write_number(c, (double)p->swap / (1 << 20));
		write_number(c, (double)p->minor);
		write_number(c, (double)p->major);
		write_number(c, p->unusable[0]);
		write_number(c, p->unusable[1]);
		for (unsigned k = 0; k < c->nr_processes; k++) {
			uint64_t rss = p->rss[c->process[k]];

			write_number(c, rss == TIMELINE_NO_PROCESS ? NAN :
				     (double)rss / (double)c->rss_unit);
		}
		fputc('\n', c->out);
	}
	fputs("END\n", c->out);
}
/* Columns of it. */
enum { COL_FREE = 2, COL_SWAP, COL_MINOR, COL_MAJOR, COL_UNUSABLE,
       COL_RSS = COL_UNUSABLE + 2 };

/* ---- the page ---- */

/* Words at a place of the whole picture, x and y in pixels from its top. */
__attribute__((format(printf, 5, 6))) static void
page_label(const struct charts *c, int x, int y, unsigned flags,
	   const char *fmt, ...)
{
	char text[512], font[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(font, sizeof(font), "%.150s,%d", svg_family(c->s),
		 svg_text_size(c->s, flags));
	fputs("set label ", c->out);
	gnuplot_text(text, c->out);
	fprintf(c->out, " at screen %.5f,%.5f front tc rgb '%s' font ",
		(double)x / c->s->width, 1 - (double)y / c->s->height,
		flags & SVG_MUTED ? svg_muted(c->s) : svg_ink(c->s));
	gnuplot_text(font, c->out);
	fputc('\n', c->out);
}

/* The names of the marks, in lines at the foot; where these begin. */
static int write_mark_names(const struct charts *c, int margin)
{
	int line = svg_line_height(c->s, SVG_SMALL), lines = 0, y;
	char text[3][512] = {"", "", ""}, one[80], n[SVG_NUMBER_LEN];
	uint64_t left_out = c->tl->nr_marks - c->nr_marks + c->tl->other_marks;

	for (unsigned i = 0; i < c->nr_marks; i++) {
		char *to = text[lines];
		size_t len = strlen(to);

		snprintf(one, sizeof(one), "%u %s%s", i + 1,
			 c->tl->mark[i].name, "    ");
		if (len && svg_text_width(c->s, to, SVG_SMALL) +
				   svg_text_width(c->s, one, SVG_SMALL) >
				   c->s->width - 2 * margin && lines < 2)
			to = text[++lines], len = 0;
		snprintf(to + len, sizeof(text[0]) - len, "%s", one);
	}
	if (left_out)
		snprintf(text[lines] + strlen(text[lines]), 60,
			 figure_text(c->o, FT_MORE), svg_number(left_out, n));
	y = c->s->height - margin / 2 - (lines + 1) * line;
	for (int i = 0; i <= lines; i++)
		if (*text[i])
			page_label(c, margin, y + i * line + line / 2,
				   SVG_SMALL, "%s", text[i]);
	return y;
}

static void write_style(const struct charts *c)
{
	struct svg *s = c->s;

	fprintf(c->out, "set terminal svg size %d,%d noenhanced font ",
		s->width, s->height);
	gnuplot_text(svg_family(s), c->out);
	fprintf(c->out, " fontscale 1 background rgb '%s'\n", svg_paper(s));
	fprintf(c->out, "set termoption font ',%d'\n", svg_text_size(s,
								    SVG_SMALL));
	fputs("set encoding utf8\nset datafile missing '?'\n", c->out);
	fprintf(c->out,
		"set border 3 lc rgb '%s'\nset tics nomirror tc rgb '%s'\n"
		"set grid lc rgb '%s'\nset key tc rgb '%s'\n"
		"set xlabel tc rgb '%s'\n",
		svg_ink(s), svg_ink(s), svg_faint(s), svg_ink(s), svg_ink(s));
}

static void write_mark_lines(const struct charts *c)
{
	uint64_t first = c->tl->point[0].event;
	uint64_t span = c->tl->point[c->tl->nr - 1].event - first;
	double last = -1;

	for (unsigned i = 0; i < c->nr_marks; i++) {
		uint64_t at = c->tl->mark[i].event;
		double place = span ? (double)(at - first) / (double)span : 0;

		fprintf(c->out,
			"set arrow from %" PRIu64 ", graph 0 to %" PRIu64
			", graph 1 nohead dt 2 lc rgb '%s'\n",
			at, at, svg_muted(c->s));
		if (last >= 0 && place - last < 0.03)
			continue; /* its number would lie on the last one's */
		last = place;
		fprintf(c->out,
			"set label '%u' at %" PRIu64
			", graph 0.96 offset 0.5,0 tc rgb '%s'\n",
			i + 1, at, svg_ink(c->s));
	}
}

/* ---- the charts ---- */

/* Chart number i of four, in the room between top and bottom (pixels). */
static void write_chart_place(const struct charts *c, unsigned i, int top,
			      int bottom, const char *title)
{
	double w = c->s->width, h = c->s->height;
	int half = (bottom - top) / 2, line = svg_line_height(c->s, 0);
	int y = top + (int)(i / 2) * half;
	int axis = svg_text_width(c->s, "1,000,000", SVG_SMALL);
	double left = (i % 2 ? w / 2 : 0) + axis;

	fprintf(c->out,
		"set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		"set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
		left / w, ((i % 2 ? w : w / 2) - 32) / w,
		1 - (y + 2 * line + 6) / h,
		1 - (y + half - 5 * line / 2) / h);
	fprintf(c->out,
		"set key at screen %.5f,%.5f right center horizontal\n"
		"set key samplen 2 maxrows 1\n",
		((i % 2 ? w : w / 2) - 28) / w, 1 - (y + 3 * line / 2) / h);
	page_label(c, i % 2 ? (int)w / 2 : 24, y + line / 2, 0, "%s",
		   title);
}

static void write_curve(const struct charts *c, unsigned i, unsigned column,
			const char *title)
{
	fprintf(c->out,
		"%s$data using 1:%u with steps lw 2 dt %u lc rgb '%s' title ",
		i ? ", " : "plot ", column, i + 1, svg_curve_colour(c->s, i));
	gnuplot_text(title, c->out);
}

static void write_free(const struct charts *c)
{
	write_curve(c, 0, COL_FREE, figure_text(c->o, FT_FREE_CURVE));
	if (c->swap)
		write_curve(c, 1, COL_SWAP, figure_text(c->o, FT_SWAP_CURVE));
}

static void write_rss(const struct charts *c)
{
	char title[80];

	for (unsigned i = 0; i < c->nr_processes; i++) {
		const struct timeline_process *p =
			&c->tl->process[c->process[i]];

		snprintf(title, sizeof(title), "%u %s", p->pid, p->comm);
		write_curve(c, i, COL_RSS + i, title);
	}
	if (!c->nr_processes)
		fputs("plot [][0:1] 1/0 notitle", c->out);
}

static void write_faults(const struct charts *c)
{
	write_curve(c, 0, COL_MINOR, "pgfault - pgmajfault");
	if (c->major)
		write_curve(c, 1, COL_MAJOR, "pgmajfault");
}

static void write_fragmentation(const struct charts *c)
{
	write_curve(c, 0, COL_UNUSABLE, figure_text(c->o, FT_ORDER_4));
	write_curve(c, 1, COL_UNUSABLE + 1, figure_text(c->o, FT_ORDER_10));
}

static void rss_title(const struct charts *c, char *buf, size_t size)
{
	uint64_t others = c->tl->nr_processes - c->nr_processes +
			  c->tl->other_processes;
	const char *unit = c->rss_unit > 1 << 10 ? "MiB" : "KiB";
	char n[SVG_NUMBER_LEN];
	int len = snprintf(buf, size, figure_text(c->o, FT_RSS_CHART), unit);

	if (others && len < (int)size - 2) {
		buf[len++] = ' ';
		snprintf(buf + len, size - (size_t)len,
			 figure_text(c->o, FT_MORE), svg_number(others, n));
	}
}

static void write_charts(const struct charts *c, int top, int bottom)
{
	static void (*const curves[])(const struct charts *c) = {
		write_free, write_rss, write_faults, write_fragmentation};
	char rss[160];
	const char *titles[] = {figure_text(c->o, FT_FREE_CHART), rss,
				figure_text(c->o, FT_FAULT_CHART),
				figure_text(c->o, FT_UNUSABLE_CHART)};

	rss_title(c, rss, sizeof(rss));
	/* with 2M for 2,000,000 */
	fprintf(c->out, "set format x '%s'\n",
		c->tl->point[c->tl->nr - 1].event < 100000 ? "%.0f" : "%.1s%c");
	/* room above for the numbers of the marks */
	fputs("set format y '%.10g'\nset offsets 0,0,graph 0.12,0\n", c->out);
	for (unsigned i = 0; i < ARRAY_SIZE(curves); i++) {
		write_chart_place(c, i, top, bottom, titles[i]);
		write_mark_lines(c);
		fputs("set xlabel ", c->out);
		gnuplot_text(figure_text(c->o, FT_EVENT_AXIS), c->out);
		fprintf(c->out, " offset 0,0.3\nset xrange [%" PRIu64 ":%" PRIu64
			"]\nset yrange [%s:%s]\n",
			c->tl->point[0].event,
			max_t(uint64_t, c->tl->point[c->tl->nr - 1].event,
			      c->tl->point[0].event + 1),
			i ? "0" : "*", i == 3 ? "112" : "*");
		curves[i](c);
		fputs("\nunset label\nunset arrow\n", c->out);
	}
}

int figure_timeline(const struct machine *m, const struct figure_options *o,
		    struct svg *s)
{
	struct charts c = {.o = o, .tl = o->timeline, .s = s, .out = s->out};
	int line = svg_line_height(s, SVG_TITLE), margin = 24, bottom;
	char memory[SVG_NUMBER_LEN];

	if (!c.tl || !c.tl->nr)
		return figure_cannot(s, "there is no event to show");
	choose_processes(&c);
	c.nr_marks = min_t(unsigned, c.tl->nr_marks, MAX_MARKS);
	write_data(&c);
	write_style(&c);
	fputs("set multiplot\n", c.out);
	page_label(&c, margin, margin / 2 + line / 2, SVG_TITLE,
		   "%s", figure_text(o, FT_TIMELINE));
	page_label(&c, margin,
		   margin / 2 + line + svg_line_height(s, SVG_SMALL) / 2,
		   SVG_SMALL | SVG_MUTED, "%s%s%s, %s",
		   o->where ? o->where : "", o->where ? " \xc2\xb7 " : "",
		   m->cfg.name, svg_bytes(m->cfg.memory, memory));
	bottom = write_mark_names(&c, margin);
	write_charts(&c, margin + line + svg_line_height(s, SVG_SMALL), bottom);
	fputs("unset multiplot\n", c.out);
	return 0;
}
