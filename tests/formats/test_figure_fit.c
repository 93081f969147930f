/* test_figure_fit.c - a figure is enlarged as far as it says the same words. */
#include "formats/figure.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The figures here are of nothing; host memory is what is asked of it. */
static const struct machine no_machine;

/* Figures that look at their canvas only: narrowest that has room for all. */
static int needed;

static int draw_boxes(const struct machine *m, const struct figure_options *o,
		      struct svg *s)
{
	(void)m;
	(void)o;
	svg_begin(s, "boxes");
	svg_text(s, (struct svg_box){0, 0, 300, 20}, 0, "%s",
		 s->width < needed ? "one two 2 more" : "one two three four");
	svg_end(s);
	return 0;
}

/* The same words, in lines that are as long as the canvas is wide. */
static int draw_lines(const struct machine *m, const struct figure_options *o,
		      struct svg *s)
{
	char text[1000] = "";

	(void)m;
	(void)o;
	for (unsigned i = 0; i < 90; i++)
		strcat(text, "a < b ");
	svg_begin(s, "lines");
	svg_paragraph(s, (struct svg_box){0, 0, s->width, 400}, 0, text, true);
	svg_end(s);
	return 0;
}

static int draw_from(const struct machine *m, const struct figure_options *o,
		     struct svg *s)
{
	return s->width < needed ? figure_cannot(s, "less than %d", needed)
				 : draw_lines(m, o, s);
}

static int zoom(figure_fn draw, int least, int width, int height)
{
	const struct figure f = {.name = "f", .draw = draw};
	const struct figure_options o = {0};
	struct svg style = {.theme = svg_theme_find("color"),
				  .width = width, .height = height, .font = 16};

	needed = least;
	return figure_zoom(&f, &no_machine, &o, &style, 160);
}

Test(figure_fit, is_as_large_as_all_words_allow)
{
	cr_expect_eq(zoom(draw_boxes, 0, 1280, 720), 160);
	cr_expect_eq(zoom(draw_boxes, 800, 1280, 720), 160);
	cr_expect_eq(zoom(draw_boxes, 801, 1280, 720), 150);
	cr_expect_eq(zoom(draw_boxes, 1000, 1280, 720), 120);
	cr_expect_eq(zoom(draw_boxes, 1280, 1280, 720), 100);
	/* says the same on all of them */
	cr_expect_eq(zoom(draw_boxes, 2000, 1280, 720), 160);
}

Test(figure_fit, lines_may_break_elsewhere)
{
	cr_expect_eq(zoom(draw_lines, 0, 1280, 720), 160);
}

Test(figure_fit, what_cannot_be_drawn_smaller_stays)
{
	cr_expect_eq(zoom(draw_from, 900, 1280, 720), 140);
	cr_expect_eq(zoom(draw_from, 2000, 1280, 720), 160, "none: no limit");
}

Test(figure_fit, no_canvas_is_too_small)
{
	cr_expect_eq(zoom(draw_lines, 0, 1024, 768), 140);
	cr_expect_eq(zoom(draw_lines, 0, 600, 600), 100);
	cr_expect_eq(zoom(draw_lines, 0, 4000, 440), 110);
}

Test(figure_fit, is_shown_in_the_size_asked_for)
{
	const struct figure f = {.name = "f", .draw = draw_lines};
	const struct figure_options o = {0};
	struct svg s = {.theme = svg_theme_find("color"), .width = 1280,
			.height = 720, .font = 16};
	char *text;

	cr_assert_eq(figure_draw(&f, &no_machine, &o, &s, 160, &text), 0);
	cr_expect(strstr(text, "width=\"1280\" height=\"720\" viewBox=\"0 0 800 450\""),
		  "%.200s", text);
	free(text);
	cr_assert_eq(figure_draw(&f, &no_machine, &o, &s, 100, &text), 0);
	cr_expect(strstr(text, "height=\"720\" viewBox=\"0 0 1280 720\"\n"),
		  "%.200s", text);
	free(text);
}

Test(figure_fit, says_why_not)
{
	const struct figure f = {.name = "f", .draw = draw_from};
	const struct figure_options o = {0};
	struct svg s = {.theme = svg_theme_find("color"), .width = 1280,
			.height = 720, .font = 16};
	char *text;

	needed = 1300;
	cr_expect_eq(figure_draw(&f, &no_machine, &o, &s, 100, &text), -EINVAL);
	cr_expect_null(text);
	cr_expect_str_eq(s.why, "less than 1300");
}
