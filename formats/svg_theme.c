/* svg_theme.c - the themes: colour, hatching and ink of each meaning. */
#include "formats/svg_theme.h"

#include <string.h>

/* Okabe and Ito's colours (2008), some lighter, so that each has a lightness
 * of its own. */
/* clang-format off */
static const struct svg_theme themes[] = {
	{
		.name = "color",
		.ink = "#1a1a1a", .light_ink = "#ffffff", .muted = "#555a60",
		.edge = "#2b2f33", .faint = "#b9bec4", .accent = "#c8321e",
		.hatch = "#000000",
		.curve = {"#0072b2", "#d55e00", "#1fa67f", "#b3478a", "#56b4e9", "#8a6d00"},
		.paint = {
			[SVG_PAPER]  = {"#ffffff", PLAIN, false},
			[SVG_PANEL]  = {"#f4f5f7", PLAIN, false},
			[SVG_HEAD]   = {"#dfe3e8", PLAIN, false},
			[SVG_MARKED] = {"#fff2a8", PLAIN, false},
			[SVG_FREE]   = {"#ffffff", PLAIN, false},
			[SVG_PCP]    = {"#f0e442", UPRIGHT, false},
			[SVG_ANON]   = {"#86ccf2", PLAIN, false},
			[SVG_FILE]   = {"#e69f00", RISING, false},
			[SVG_SLAB]   = {"#d79abb", DOTTED, false},
			[SVG_TABLE]  = {"#d55e00", LEVEL, false},
			[SVG_KERNEL] = {"#1fa67f", CROSSED, false},
			[SVG_SWAP]   = {"#0072b2", FALLING, true},
			[SVG_BOOT]   = {"#5b6066", PLAIN, true},
			[SVG_OTHER]  = {"#cdd1d6", FALLING, false},
			[SVG_RED]    = {"#d9482b", PLAIN, true},
			[SVG_BLACK]  = {"#1a1a1a", PLAIN, true},
		},
	},
	{
		.name = "grey",
		.ink = "#000000", .light_ink = "#ffffff", .muted = "#444444",
		.edge = "#000000", .faint = "#aaaaaa", .accent = "#000000",
		.hatch = "#000000",
		.curve = {"#000000", "#5a5a5a", "#8c8c8c", "#303030", "#707070", "#a0a0a0"},
		.paint = {
			[SVG_PAPER]  = {"#ffffff", PLAIN, false},
			[SVG_PANEL]  = {"#f6f6f6", PLAIN, false},
			[SVG_HEAD]   = {"#e4e4e4", PLAIN, false},
			[SVG_MARKED] = {"#d0d0d0", PLAIN, false},
			[SVG_FREE]   = {"#ffffff", PLAIN, false},
			[SVG_PCP]    = {"#f2f2f2", UPRIGHT, false},
			[SVG_ANON]   = {"#dadada", PLAIN, false},
			[SVG_FILE]   = {"#c6c6c6", RISING, false},
			[SVG_SLAB]   = {"#b4b4b4", DOTTED, false},
			[SVG_TABLE]  = {"#989898", LEVEL, false},
			[SVG_KERNEL] = {"#a6a6a6", CROSSED, false},
			[SVG_SWAP]   = {"#707070", FALLING, true},
			[SVG_BOOT]   = {"#484848", PLAIN, true},
			[SVG_OTHER]  = {"#e8e8e8", FALLING, false},
			[SVG_RED]    = {"#ffffff", PLAIN, false},
			[SVG_BLACK]  = {"#303030", PLAIN, true},
		},
	},
	{
		.name = "dark",
		.ink = "#f2f2f2", .light_ink = "#14171a", .muted = "#b4bac2",
		.edge = "#d5d9de", .faint = "#5a626b", .accent = "#ff8a5c",
		.hatch = "#000000",
		.curve = {"#86ccf2", "#e69f00", "#1fa67f", "#d79abb", "#f0e442", "#e0701a"},
		.paint = {
			[SVG_PAPER]  = {"#14171a", PLAIN, false},
			[SVG_PANEL]  = {"#1f2429", PLAIN, false},
			[SVG_HEAD]   = {"#323a42", PLAIN, false},
			[SVG_MARKED] = {"#6b4a12", PLAIN, false},
			[SVG_FREE]   = {"#14171a", PLAIN, false},
			[SVG_PCP]    = {"#f0e442", UPRIGHT, true},
			[SVG_ANON]   = {"#86ccf2", PLAIN, true},
			[SVG_FILE]   = {"#e69f00", RISING, true},
			[SVG_SLAB]   = {"#d79abb", DOTTED, true},
			[SVG_TABLE]  = {"#e0701a", LEVEL, true},
			[SVG_KERNEL] = {"#1fa67f", CROSSED, true},
			[SVG_SWAP]   = {"#3f9bd6", FALLING, true},
			[SVG_BOOT]   = {"#7d858d", PLAIN, true},
			[SVG_OTHER]  = {"#a9b0b8", FALLING, true},
			[SVG_RED]    = {"#a8321c", PLAIN, false},
			[SVG_BLACK]  = {"#000000", PLAIN, false},
		},
	},
};
/* clang-format on */

const struct svg_theme *svg_theme_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(themes); i++)
		if (!strcmp(themes[i].name, name))
			return &themes[i];
	return NULL;
}

const char *svg_theme_name(unsigned i)
{
	return i < ARRAY_SIZE(themes) ? themes[i].name : NULL;
}

const char *svg_curve_colour(const struct svg *s, unsigned i)
{
	return s->theme->curve[i % SVG_CURVES];
}

const char *svg_ink(const struct svg *s)
{
	return s->theme->ink;
}

const char *svg_muted(const struct svg *s)
{
	return s->theme->muted;
}

const char *svg_faint(const struct svg *s)
{
	return s->theme->faint;
}

const char *svg_paper(const struct svg *s)
{
	return s->theme->paint[SVG_PAPER].colour;
}

const char *svg_family(const struct svg *s)
{
	return s->family ? s->family : "Liberation Sans";
}
