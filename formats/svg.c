/*
 * svg.c - shapes as SVG elements, text by estimated width.
 *
 * Estimated widths. The widths below are, for each character of ASCII, the
 * larger of DejaVu Sans (as wide as Verdana) and Liberation Sans (as wide as
 * Arial and Helvetica), in thousandths of the letter size; every other
 * character counts as a whole square, which is right for kana and kanji and
 * too much for the rest. Bold adds 15 %. So the estimate is an upper bound for
 * the fonts that are asked for, and a box that holds the estimate holds the
 * text.
 *
 *	box.x                          box.x + box.w
 *	  |  some text that is too l…  |		<title>all of it</title>
 *	  |--- estimate <= box.w - 2·PAD ---|
 *
 * Hatching is a pattern laid over the surface: a second rectangle. Where text
 * stands on it, a plate in the surface's plain colour keeps it readable.
 *
 * Invariants (tests/figures.py tests them on every figure)
 *  1. No text leaves the canvas, nor crosses the edge of a box around it.
 *  2. No two texts overlap.
 *  3. No letter is smaller than 14 pixels at the default size.
 */
#include "formats/svg_theme.h"
#include "formats/xml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAD 4		/* between text and the edge of its box */
#define CORNER 3
#define BOLD_PERCENT 115
#define MONO_WIDTH 610
#define TEXT_LEN 512
#define FIT_LEN (TEXT_LEN + 4) /* an ellipsis instead of the end */

/* ---- hatching ---- */

/* clang-format off */
/* Tiles of 8 by 8 pixels. */
static const char *const hatch_tile[NR_HATCHES] = {
	[RISING]  = "<path d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\"",
	[FALLING] = "<path d=\"M-2 6L2 10M0 0L8 8M6 -2L10 2\"",
	[CROSSED] = "<path d=\"M0 0L8 8M0 8L8 0\"",
	[DOTTED]  = "<path d=\"M1 2h2M5 6h2\"",
	[LEVEL]   = "<path d=\"M0 2h8M0 6h8\"",
	[UPRIGHT] = "<path d=\"M2 0v8M6 0v8\"",
};
/* clang-format on */

/* ---- characters ---- */

static const uint16_t ascii_width[] = {
	318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361,
	318, 337, 637, 637, 637, 637, 637, 637, 637, 637, 637, 637, 337, 337,
	838, 838, 838, 557, 1016, 685, 687, 723, 771, 667, 611, 778, 752, 295,
	500, 667, 558, 863, 749, 788, 667, 788, 723, 667, 611, 732, 685, 989,
	686, 667, 686, 391, 337, 391, 838, 557, 500, 613, 635, 550, 635, 616,
	353, 635, 634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521,
	393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
};
_Static_assert(ARRAY_SIZE(ascii_width) == 0x7f - 0x20, "blank to tilde");

static unsigned char_width(const char *s, unsigned flags)
{
	unsigned char c = (unsigned char)*s;
	unsigned w = c >= 0x20 && c < 0x7f ? ascii_width[c - 0x20] : 1000;

	if (flags & SVG_MONO)
		w = c < 0x80 ? MONO_WIDTH : 1000;
	return flags & SVG_BOLD ? w * BOLD_PERCENT / 100 : w;
}

/* Bytes to the next character, whatever this one is. */
static unsigned char_step(const char *s)
{
	unsigned n = xml_char(s);

	return n ? n : 1;
}

static void put_text(struct svg *s, const char *text)
{
	xml_text(text, s->out);
}

int svg_text_size(const struct svg *s, unsigned flags)
{
	switch (flags & SVG_SIZE_MASK) {
	case SVG_SMALL: return s->font * 7 / 8;
	case SVG_BIG: return s->font * 5 / 4;
	case SVG_TITLE: return s->font * 7 / 4;
	default: return s->font;
	}
}

int svg_line_height(const struct svg *s, unsigned flags)
{
	return (svg_text_size(s, flags) * 135 + 99) / 100;
}

static unsigned long units(const char *text, unsigned flags)
{
	unsigned long sum = 0;

	for (; *text; text += char_step(text))
		sum += char_width(text, flags);
	return sum;
}

static int to_pixels(const struct svg *s, unsigned long sum, unsigned flags)
{
	return (int)((sum * (unsigned)svg_text_size(s, flags) + 999) / 1000);
}

int svg_text_width(const struct svg *s, const char *text, unsigned flags)
{
	return to_pixels(s, units(text, flags), flags);
}

/* ---- the document ---- */

#define SANS "Liberation Sans, Arial, Helvetica, DejaVu Sans, " \
	     "Noto Sans CJK JP, Hiragino Sans, Yu Gothic, sans-serif"
#define MONO "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, " \
	     "Noto Sans Mono CJK JP, monospace"

static const char *colour_of(const struct svg *s, enum svg_fill fill)
{
	return s->theme->paint[fill].colour;
}

static void put_patterns(struct svg *s)
{
	fputs("<defs>\n", s->out);
	for (unsigned i = 0; i < NR_HATCHES; i++)
		if (hatch_tile[i])
			fprintf(s->out,
				"<pattern id=\"h%u\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
				"%s fill=\"none\" stroke=\"%s\" stroke-opacity=\"0.3\"/></pattern>\n",
				i, hatch_tile[i], s->theme->hatch);
	fputs("</defs>\n", s->out);
}

void svg_begin(struct svg *s, const char *title)
{
	fprintf(s->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"%s\n"
		" font-family=\"",
		s->shown_width ? s->shown_width : s->width,
		s->shown_width ? s->shown_height : s->height, s->width,
		s->height,
		s->shown_width ? " preserveAspectRatio=\"none\"" : "");
	if (s->family) {
		put_text(s, s->family);
		fputs(", ", s->out);
	}
	fputs(SANS "\" font-size=\"", s->out);
	fprintf(s->out, "%d\">\n<title>", s->font);
	put_text(s, title);
	fputs("</title>\n", s->out);
	put_patterns(s);
	fprintf(s->out,
		"<rect width=\"%d\" height=\"%d\" fill=\"%s\"/>\n",
		s->width, s->height, colour_of(s, SVG_PAPER));
}

void svg_end(struct svg *s)
{
	fputs("</svg>\n", s->out);
}

static void put_title(struct svg *s, const char *text)
{
	fputs("<title>", s->out);
	put_text(s, text);
	fputs("</title>", s->out);
}

void svg_group(struct svg *s, const char *title, ...)
{
	char text[TEXT_LEN];
	va_list ap;

	fputs("<g>", s->out);
	if (title) {
		va_start(ap, title);
		vsnprintf(text, sizeof(text), title, ap);
		va_end(ap);
		put_title(s, text);
	}
	fputc('\n', s->out);
}

void svg_group_end(struct svg *s)
{
	fputs("</g>\n", s->out);
}

/* ---- shapes ---- */

static void put_stroke(struct svg *s, unsigned flags)
{
	const struct svg_theme *t = s->theme;

	fprintf(s->out, " stroke=\"%s\"",
		flags & SVG_ACCENT ? t->accent
		: flags & SVG_FAINT ? t->faint : t->edge);
	if (flags & SVG_THICK)
		fputs(" stroke-width=\"3\"", s->out);
	if (flags & SVG_DASHED)
		fputs(" stroke-dasharray=\"6 4\"", s->out);
}

static void put_rect(struct svg *s, struct svg_box b, bool square)
{
	fprintf(s->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"",
		b.x, b.y, b.w, b.h);
	if (!square && b.w > 4 * CORNER && b.h > 4 * CORNER)
		fprintf(s->out, " rx=\"%d\"", CORNER);
}

void svg_rect(struct svg *s, struct svg_box b, enum svg_fill fill,
	      unsigned flags)
{
	bool square = flags & SVG_SQUARE;
	enum hatch hatch = s->theme->paint[fill].hatch;

	put_rect(s, b, square);
	fprintf(s->out, " fill=\"%s\"",
		fill == SVG_NOTHING ? "none" : colour_of(s, fill));
	if (!(flags & SVG_NO_EDGE))
		put_stroke(s, flags);
	fputs("/>\n", s->out);
	if (hatch == PLAIN)
		return;
	put_rect(s, b, square);
	fprintf(s->out, " fill=\"url(#h%u)\"/>\n", (unsigned)hatch);
}

void svg_oval(struct svg *s, struct svg_box b, enum svg_fill fill,
	      unsigned flags)
{
	fprintf(s->out,
		"<ellipse cx=\"%.1f\" cy=\"%.1f\" rx=\"%.1f\" ry=\"%.1f\" fill=\"%s\"",
		b.x + b.w / 2.0, b.y + b.h / 2.0, b.w / 2.0, b.h / 2.0,
		fill == SVG_NOTHING ? "none" : colour_of(s, fill));
	put_stroke(s, flags);
	fputs("/>\n", s->out);
}

/* The head of an arrow from a to b, a triangle whose tip is b. */
static void put_head(struct svg *s, struct svg_point a, struct svg_point b,
		     unsigned flags)
{
	double size = flags & SVG_THICK ? 11 : 8;
	double dx = b.x - a.x, dy = b.y - a.y, len = sqrt(dx * dx + dy * dy);

	if (len <= 0)
		return;
	dx *= size / len;
	dy *= size / len;
	fprintf(s->out,
		"<path d=\"M%d %dL%.1f %.1fL%.1f %.1fZ\" fill=\"%s\"/>\n", b.x,
		b.y, b.x - dx - dy * 0.45, b.y - dy + dx * 0.45,
		b.x - dx + dy * 0.45, b.y - dy - dx * 0.45,
		flags & SVG_ACCENT ? s->theme->accent
		: flags & SVG_FAINT ? s->theme->faint : s->theme->edge);
}

void svg_polyline(struct svg *s, const struct svg_point *p, unsigned n,
		  unsigned flags)
{
	fputs("<polyline points=\"", s->out);
	for (unsigned i = 0; i < n; i++)
		fprintf(s->out, "%s%d,%d", i ? " " : "", p[i].x, p[i].y);
	fputs("\" fill=\"none\"", s->out);
	put_stroke(s, flags);
	fputs("/>\n", s->out);
	if (flags & SVG_ARROW && n > 1)
		put_head(s, p[n - 2], p[n - 1], flags);
}

void svg_line(struct svg *s, int x1, int y1, int x2, int y2, unsigned flags)
{
	const struct svg_point p[] = {{x1, y1}, {x2, y2}};

	svg_polyline(s, p, 2, flags);
}

/* ---- text ---- */

#define ELLIPSIS "\xe2\x80\xa6"

/* text as it fits into room pixels; false: it had to be shortened. */
static bool shorten(const struct svg *s, const char *text, unsigned flags,
		    int room, char *fit)
{
	unsigned long left, w;
	size_t n = 0;

	if (svg_text_width(s, text, flags) <= room) {
		snprintf(fit, FIT_LEN, "%s", text);
		return true;
	}
	*fit = '\0';
	left = (unsigned long)(room > 0 ? room : 0) * 1000 /
	       (unsigned)svg_text_size(s, flags);
	w = char_width(ELLIPSIS, flags);
	if (left < w)
		return false;
	left -= w;
	if (flags & SVG_KEEP_END) {
		while (units(text, flags) > left)
			text += char_step(text);
		snprintf(fit, FIT_LEN, ELLIPSIS "%s", text);
		return false;
	}
	while (text[n] && (w = char_width(text + n, flags)) <= left) {
		left -= w;
		n += char_step(text + n);
	}
	while (n && text[n - 1] == ' ')
		n--;
	snprintf(fit, FIT_LEN, "%.*s" ELLIPSIS, (int)n, text);
	return false;
}

static int text_left(const struct svg *s, struct svg_box b, unsigned flags,
		     const char *fit)
{
	int w = svg_text_width(s, fit, flags);

	if (flags & SVG_LEFT)
		return b.x + PAD;
	return flags & SVG_RIGHT ? b.x + b.w - PAD - w : b.x + (b.w - w) / 2;
}

static void put_anchored(struct svg *s, struct svg_box b, unsigned flags)
{
	int size = svg_text_size(s, flags), y = b.y + b.h / 2 + size * 36 / 100;

	if (flags & SVG_LEFT)
		fprintf(s->out, "<text x=\"%d\" y=\"%d\"", b.x + PAD, y);
	else if (flags & SVG_RIGHT)
		fprintf(s->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\"",
			b.x + b.w - PAD, y);
	else
		fprintf(s->out,
			"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\"",
			b.x + b.w / 2, y);
	if (size != s->font)
		fprintf(s->out, " font-size=\"%d\"", size);
	if (flags & SVG_MONO)
		fputs(" font-family=\"" MONO "\"", s->out);
	if (flags & SVG_BOLD)
		fputs(" font-weight=\"bold\"", s->out);
}

/* On a hatched surface: its plain colour below the words. */
static void put_plate(struct svg *s, struct svg_box b, unsigned flags,
		      enum svg_fill on, const char *fit)
{
	int h = svg_text_size(s, flags) + 4;

	if (s->theme->paint[on].hatch == PLAIN || h > b.h)
		return;
	fprintf(s->out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n",
		text_left(s, b, flags, fit) - 2, b.y + (b.h - h) / 2,
		svg_text_width(s, fit, flags) + 4, h, colour_of(s, on));
}

static void put_line_of_text(struct svg *s, struct svg_box b, enum svg_fill on,
			     unsigned flags, const char *text)
{
	char fit[FIT_LEN];
	bool whole = shorten(s, text, flags, b.w - 2 * PAD, fit);
	const struct svg_theme *t = s->theme;

	if (!*fit)
		return;
	put_plate(s, b, flags, on, fit);
	put_anchored(s, b, flags);
	fprintf(s->out, " fill=\"%s\">",
		t->paint[on].light_ink ? t->light_ink
		: flags & SVG_MUTED ? t->muted
		: flags & SVG_ACCENT ? t->accent : t->ink);
	if (!whole)
		put_title(s, text);
	put_text(s, fit);
	fputs("</text>\n", s->out);
}

static void vtext(struct svg *s, struct svg_box b, enum svg_fill on,
		  unsigned flags, const char *fmt, va_list ap)
{
	char text[TEXT_LEN];

	vsnprintf(text, sizeof(text), fmt, ap);
	put_line_of_text(s, b, on, flags, text);
}

void svg_text(struct svg *s, struct svg_box b, unsigned flags, const char *fmt,
	      ...)
{
	va_list ap;

	va_start(ap, fmt);
	vtext(s, b, SVG_NOTHING, flags, fmt, ap);
	va_end(ap);
}

void svg_text_on(struct svg *s, struct svg_box b, enum svg_fill on,
		 unsigned flags, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vtext(s, b, on, flags, fmt, ap);
	va_end(ap);
}

void svg_cell(struct svg *s, struct svg_box b, enum svg_fill fill,
	      unsigned flags, const char *fmt, ...)
{
	va_list ap;

	svg_rect(s, b, fill, flags & ~SVG_MUTED);
	va_start(ap, fmt);
	vtext(s, b, fill, flags & ~SVG_ACCENT, fmt, ap);
	va_end(ap);
}

/* Bytes of text that one line of room pixels holds. */
static size_t line_bytes(const struct svg *s, const char *text, unsigned flags,
			 int room)
{
	unsigned long sum = 0;
	size_t n = 0, blank = 0;

	while (text[n]) {
		bool ascii = (unsigned char)text[n] < 0x80;

		sum += char_width(text + n, flags);
		if (to_pixels(s, sum, flags) > room)
			return blank ? blank : n ? n : char_step(text);
		n += char_step(text + n);
		if (!ascii || text[n] == ' ')
			blank = n;
	}
	return n;
}

int svg_paragraph(struct svg *s, struct svg_box b, unsigned flags,
		  const char *text, bool draw)
{
	int y = 0, line = svg_line_height(s, flags);

	while (*text) {
		size_t n = line_bytes(s, text, flags, b.w - 2 * PAD);

		if (draw)
			svg_text(s, (struct svg_box){b.x, b.y + y, b.w, line},
				 flags, "%.*s", (int)n, text);
		y += line;
		text += n;
		text += strspn(text, " ");
	}
	return y;
}

/* ---- numbers ---- */

const char *svg_number(uint64_t n, char buf[SVG_NUMBER_LEN])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu",
			   (unsigned long long)n);
	char *to = buf;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return buf;
}

const char *svg_bytes(uint64_t n, char buf[SVG_NUMBER_LEN])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned i = 0;
	char number[SVG_NUMBER_LEN];

	for (; n && n % 1024 == 0 && i + 1 < ARRAY_SIZE(unit); i++)
		n /= 1024;
	snprintf(buf, SVG_NUMBER_LEN, "%s %s", svg_number(n, number), unit[i]);
	return buf;
}
