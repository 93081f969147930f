/* test_svg.c - text that fits, words in two languages, slots, page walks. */
#include "core/mmap.h"
#include "core/mmu.h"
#include "formats/figure.h"
#include "formats/table_walk.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A canvas of normal letters in memory; canvas_end() gives what was drawn. */
static char *drawn;
static size_t drawn_size;

static struct svg canvas(void)
{
	struct svg s = {.theme = svg_theme_find("color"), .width = 640,
			.height = 480, .font = 16};

	s.out = open_memstream(&drawn, &drawn_size);
	return s;
}

static const char *canvas_end(struct svg *s)
{
	fclose(s->out);
	return drawn;
}

static void expect_text(const char *text, int width, unsigned flags,
			const char *expected)
{
	struct svg s = canvas();
	const char *got;

	svg_text(&s, (struct svg_box){0, 0, width, 20}, flags, "%s", text);
	got = canvas_end(&s);
	cr_expect(strstr(got, expected), "%s in %d pixels: %s", text, width,
		  got);
	free(drawn);
}

Test(svg, width_is_an_upper_bound)
{
	struct svg s = {.font = 1000};

	/* thousandths of the letter size, Liberation Sans: n 556, i 222 */
	cr_expect_geq(svg_text_width(&s, "n", 0), 556);
	cr_expect_geq(svg_text_width(&s, "i", 0), 222);
	cr_expect_geq(svg_text_width(&s, "\xe9\xa0\x81", 0), 1000);
	cr_expect_geq(svg_text_width(&s, "n", SVG_BOLD), 611);
	cr_expect_geq(svg_text_width(&s, "n", SVG_MONO), 602);
	cr_expect_eq(svg_text_width(&s, "abc", 0),
		     svg_text_width(&s, "a", 0) + svg_text_width(&s, "b", 0) +
			     svg_text_width(&s, "c", 0));
}

Test(svg, text_is_shortened_to_its_box)
{
	expect_text("short", 200, 0, ">short</text>");
	expect_text("/usr/lib/libexample.so", 80, SVG_LEFT,
		    "<title>/usr/lib/libexample.so</title>/usr/lib\xe2\x80\xa6<");
	expect_text("/usr/lib/libexample.so", 80, SVG_LEFT | SVG_KEEP_END,
		    "</title>\xe2\x80\xa6ple.so<");
	/* not in the midst of a character */
	expect_text("\xe9\xa0\x81\xe9\xa0\x81\xe9\xa0\x81", 45, 0,
		    ">\xe9\xa0\x81\xe2\x80\xa6<");
}

Test(svg, no_room_for_an_ellipsis_draws_nothing)
{
	struct svg s = canvas();

	svg_text(&s, (struct svg_box){0, 0, 12, 20}, 0, "word");
	cr_expect_str_eq(canvas_end(&s), "");
	free(drawn);
}

/* One letter of many has to go: what remains ends in a whole ellipsis. */
Test(svg, long_text_has_its_ellipsis)
{
	struct svg s = canvas();
	char text[512];
	const char *got;
	int width;

	memset(text, 'n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	width = svg_text_width(&s, text, SVG_SMALL);
	svg_text(&s, (struct svg_box){0, 0, width + 7, 20}, SVG_SMALL, "%s",
		 text);
	got = canvas_end(&s);
	cr_expect(strstr(got, "nn\xe2\x80\xa6</text>"), "%s", got);
	free(drawn);
}

Test(svg, text_is_xml)
{
	expect_text("a<b>&\"c\"", 300, 0, ">a&lt;b&gt;&amp;&quot;c&quot;<");
	expect_text("bell\a\x7f tab\t.", 300, 0, ">bell?? tab?.<");
	expect_text("\xc3(\xff\xed\xa0\x80|\xf4\x90\x80\x80", 300, 0,
		    ">?(\?\?\?\?|\?\?\?\?<");
	expect_text("\xef\xbf\xbf|\xc0\xaf", 300, 0, ">\?\?\?|\?\?<");
}

Test(svg, hatched_surfaces_have_a_plate_below_words)
{
	struct svg s = canvas();
	const char *got;

	svg_cell(&s, (struct svg_box){0, 0, 100, 40}, SVG_FILE, 0, "text");
	got = canvas_end(&s);
	cr_expect(strstr(got, "fill=\"url(#h"), "%s", got);
	cr_expect(strstr(strstr(got, "url(#h"), "<rect"), "no plate: %s", got);
	free(drawn);
}

Test(svg, paragraphs_break_at_blanks)
{
	struct svg s = canvas();
	struct svg_box b = {0, 0, 80, 0};
	int line = svg_line_height(&s, 0);

	cr_expect_eq(svg_paragraph(&s, b, 0, "one two six", false), 2 * line);
	cr_expect_str_eq(canvas_end(&s), "");
	free(drawn);
	s = canvas();
	svg_paragraph(&s, b, 0, "one two six", true);
	cr_expect(strstr(canvas_end(&s), ">six<"));
	cr_expect(strstr(drawn, ">one two<"));
	free(drawn);
}

Test(svg, numbers)
{
	char buf[SVG_NUMBER_LEN];

	cr_expect_str_eq(svg_number(0, buf), "0");
	cr_expect_str_eq(svg_number(999, buf), "999");
	cr_expect_str_eq(svg_number(1012, buf), "1,012");
	cr_expect_str_eq(svg_number(18446744073709551615ull, buf),
			 "18,446,744,073,709,551,615");
	cr_expect_str_eq(svg_bytes(0, buf), "0 B");
	cr_expect_str_eq(svg_bytes(4096, buf), "4 KiB");
	cr_expect_str_eq(svg_bytes(4097, buf), "4,097 B");
	cr_expect_str_eq(svg_bytes(64ull << 30, buf), "64 GiB");
}

/* Relative luminance's numerator, out of 255. */
static int lightness(const char *colour)
{
	unsigned rgb = (unsigned)strtoul(colour + 1, NULL, 16);

	return (int)((rgb >> 16) * 30 + (rgb >> 8 & 255) * 59 +
		     (rgb & 255) * 11) / 100;
}

/* The colour and the hatching of a surface, as drawn. */
static void surface(const char *theme, enum svg_fill fill, char colour[8],
		    char hatch[8])
{
	struct svg s = canvas();
	const char *at;

	s.theme = svg_theme_find(theme);
	svg_rect(&s, (struct svg_box){0, 0, 40, 40}, fill, SVG_NO_EDGE);
	at = strstr(canvas_end(&s), "fill=\"#");
	snprintf(colour, 8, "%.7s", at + 6);
	at = strstr(drawn, "url(#");
	snprintf(hatch, 8, "%.2s", at ? at + 5 : "");
	free(drawn);
}

Test(svg, owners_differ_in_grey)
{
	for (unsigned t = 0; svg_theme_name(t); t++) {
		for (unsigned a = SVG_FREE; a <= SVG_OTHER; a++) {
			for (unsigned b = SVG_FREE; b < a; b++) {
				char ca[8], ha[8], cb[8], hb[8];
				int d;

				surface(svg_theme_name(t), a, ca, ha);
				surface(svg_theme_name(t), b, cb, hb);
				d = abs(lightness(ca) - lightness(cb));
				cr_expect(d >= 30 || strcmp(ha, hb),
					  "%s: %s and %s print alike",
					  svg_theme_name(t), ca, cb);
			}
		}
	}
}

/* ---- words ---- */

/* The conversions of a format, one behind the other; a percent sign alone is
 * none. */
static void conversions(const char *format, char *to)
{
	while ((format = strchr(format, '%'))) {
		size_t n = 1 + strspn(format + 1, "0123456789.l");

		if (format[n] && strchr("diouxXcsp", format[n])) {
			memcpy(to, format, n + 1);
			to += n + 1;
		}
		format += n;
	}
	*to = '\0';
}

Test(figure, both_languages_have_the_same_conversions)
{
	const struct figure_options en = {.lang = LANG_EN};
	const struct figure_options ja = {.lang = LANG_JA};

	for (unsigned i = 0; i < NR_FIGURE_TEXTS; i++) {
		char a[200], b[200];

		cr_assert(*figure_text(&en, i) && *figure_text(&ja, i));
		conversions(figure_text(&en, i), a);
		conversions(figure_text(&ja, i), b);
		cr_expect_str_eq(a, b, "\"%s\" and \"%s\"",
				 figure_text(&en, i), figure_text(&ja, i));
	}
}

Test(figure, slots_are_sorted_sets)
{
	struct figure_slots slots = {.host = &host_default_ops};
	const struct figure_slot *first;
	size_t n;

	for (unsigned i = 0; i < 300; i++)
		figure_slot(&slots, i % 3, i / 3 * 7919 % 50);
	n = figure_slots_of(&slots, 1, &first);
	cr_assert_eq(n, 50, "%zu", n); /* of 100 noted, each twice */
	for (size_t i = 1; i < n; i++)
		cr_expect_lt(first[i - 1].key, first[i].key);
	cr_expect_eq(figure_slots_of(&slots, 3, &first), 0);
	host_free(&host_default_ops, slots.slot,
		  slots.max * sizeof(*slots.slot));
}

/* ---- the walk ---- */

static struct machine *boot(const char *paging)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = 64u << 20;
	return make_machine(&cfg);
}

#define BASE 0x20000000ull

static void check_walk(const char *paging)
{
	struct machine *m = boot(paging);
	struct access_result res;
	struct task_struct *t;
	uint64_t populate;
	struct table_walk w;

	cr_assert_eq(task_spawn(m, 100, "prog", &t), 0);
	m->current = t;
	do_mmap_pgoff(t->mm, NULL, BASE, 4 * PAGE_SIZE(m),
		      PROT_READ_EMU | PROT_WRITE_EMU,
		      MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU,
		      0, &populate);
	table_walk(t->mm, BASE, &w);
	cr_expect_lt(w.nr, m->fmt->nr_levels, "%s: no table yet", paging);
	cr_expect(!w.present);
	access_range(t, BASE + 5, 1, 0, ACCESS_WRITE, &res);
	table_walk(t->mm, BASE + 5, &w);
	cr_expect_eq(w.nr, m->fmt->nr_levels);
	cr_expect(w.present && !w.large);
	cr_expect_eq(w.step[w.nr - 1].at, pte_offset(t->mm, BASE));
	cr_expect_eq(w.phys,
		     pfn_to_phys(m, pte_pfn(m->fmt, w.step[w.nr - 1].entry)) +
			     5);
	table_walk(t->mm, BASE + PAGE_SIZE(m), &w);
	cr_expect_eq(w.nr, m->fmt->nr_levels);
	cr_expect(!w.present, "%s: that page was never touched", paging);
	machine_destroy(m);
}

Test(table_walk, goes_as_the_mmu_does)
{
	check_walk("x86-2level");
	check_walk("x86-pae");
}
