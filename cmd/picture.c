/*
 * picture.c - SVG to PDF and PNG by rsvg-convert.
 *
 *	the SVG ─► a file without a name ─► rsvg-convert's standard input
 *	                                    its standard output ─► FILE.XXXXXX
 *	                                                  └── good: rename to FILE
 */
#include "cmd/picture.h"
#include "cmd/command.h"
#include "cmd/filter.h"
#include "cmd/output.h"

#include <string.h>

#define CONVERTER "rsvg-convert"

const char *const picture_endings[] = {
	[PICTURE_SVG] = "svg", [PICTURE_PDF] = "pdf", [PICTURE_PNG] = "png"};

bool picture_form_find(const char *name, enum picture_form *form)
{
	const char *dot = strrchr(name, '.');

	for (unsigned i = 0; i < ARRAY_SIZE(picture_endings); i++) {
		if (strcmp(dot ? dot + 1 : name, picture_endings[i]))
			continue;
		*form = (enum picture_form)i;
		return true;
	}
	return false;
}

int picture_possible(enum picture_form form)
{
	if (form == PICTURE_SVG || in_path(CONVERTER))
		return EXIT_FINE;
	return complain("figure: " CONVERTER " makes PDF and PNG, and it is not installed (Debian: apt-get install librsvg2-bin)");
}

static bool write_converted(enum picture_form form, const char *svg,
			    size_t size, FILE *out)
{
	const char *const argv[] = {CONVERTER, "--format",
				    picture_endings[form], NULL};
	FILE *f = tmpfile();
	bool good = f && fwrite(svg, 1, size, f) == size &&
		    run_filter(argv, f, out);

	if (f)
		fclose(f);
	return good;
}

int picture_write(const char *path, enum picture_form form, const char *svg,
		  size_t size)
{
	struct output o;
	bool good;

	if (output_open(&o, path))
		return EXIT_BAD;
	if (form == PICTURE_SVG)
		good = fwrite(svg, 1, size, o.f) == size;
	else
		good = write_converted(form, svg, size, o.f);
	if (!good && form != PICTURE_SVG)
		complain("figure: " CONVERTER " could not make %s", path);
	return output_close(&o, good) || !good ? EXIT_BAD : EXIT_FINE;
}
