/*
 * figure_fit.c - a figure as large as its slide allows.
 *
 * A figure is laid out in pixels, with letters of 16, and a small state leaves
 * much of a slide empty. So it is tried on smaller canvases that are then shown
 * as large as the slide, the smallest first:
 *
 *	canvas 800 x 450 ──── shown as 1280 x 720: 1.6 times as large
 *	canvas 914 x 514      1.4 times
 *	...
 *	canvas 1280 x 720     as laid out
 *
 * What has no room on a canvas is counted or shortened there, and counts and
 * what is shortened are words (figure.h, svg.h). So a canvas is large enough if
 * the figure says on it the same words as on the whole slide: letter by letter,
 * whatever lines they are broken into; and if what keeps its place throughout a
 * series has room to do so.
 */
#include "formats/figure.h"
#include "formats/memory_stream.h"

#include <stdlib.h>
#include <string.h>

#define STEP 10 /* percent */
/* No figure is laid out on less. */
#define MIN_WIDTH 720
#define MIN_HEIGHT 400

/* The next letter of the text between tags, blanks left out; 0 at the end. */
static char next_letter(const char **at)
{
	const char *p = *at;

	for (bool tag = false; *p; p++) {
		if (tag || *p == '<')
			tag = *p != '>';
		else if (*p != ' ' && *p != '\n')
			break;
	}
	*at = *p ? p + 1 : p;
	return *p;
}

static bool same_words(const char *a, const char *b)
{
	char letter;

	do {
		letter = next_letter(&a);
		if (letter != next_letter(&b))
			return false;
	} while (letter);
	return true;
}

/* The style for a figure that is enlarged. */
static struct svg zoomed(const struct svg *s, int percent)
{
	struct svg z = *s;

	if (percent == 100)
		return z;
	z.shown_width = s->width;
	z.shown_height = s->height;
	z.width = s->width * 100 / percent;
	z.height = s->height * 100 / percent;
	return z;
}

int figure_draw(const struct figure *f, const struct machine *m,
		const struct figure_options *o, struct svg *s, int percent,
		char **text)
{
	struct svg z = zoomed(s, percent);
	size_t size = 0;
	int ret;

	z.out = memory_stream(&m->host, text, &size);
	ret = f->draw(m, o, &z);
	fclose(z.out);
	s->no_places = z.no_places;
	if (!ret)
		return 0;
	memcpy(s->why, z.why, sizeof(s->why));
	free(*text);
	*text = NULL;
	return ret;
}

/* Does it say the same words? */
static bool fits(const struct figure *f, const struct machine *m,
		const struct figure_options *o, struct svg *s, int percent,
		const char *words)
{
	struct svg z = zoomed(s, percent);
	char *trial;
	bool same;

	if (z.width < MIN_WIDTH || z.height < MIN_HEIGHT)
		return false;
	if (figure_draw(f, m, o, s, percent, &trial))
		return false;
	same = !s->no_places && same_words(trial, words);
	free(trial);
	return same;
}

int figure_zoom(const struct figure *f, const struct machine *m,
		const struct figure_options *o, struct svg *s, int most)
{
	char *words;

	if (most <= 100 || f->draw == figure_timeline) /* which is a script */
		return 100;
	if (figure_draw(f, m, o, s, 100, &words))
		return most; /* what cannot be drawn needs no room */
	while (most > 100 && !fits(f, m, o, s, most, words))
		most -= STEP;
	free(words);
	return most;
}
