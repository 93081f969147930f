/*
 * picture.c - SVG to PDF and PNG by rsvg-convert.
 *
 *	the SVG ─► a file without a name ─► rsvg-convert's standard input
 *	                                    its standard output ─► FILE.XXXXXX
 *	                                                  └── good: rename to FILE
 *
 * No shell comes between, so names are only names. SOURCE_DATE_EPOCH keeps the
 * date of the day out of PDFs: the same figure is the same bytes.
 */
#include "cmd/picture.h"
#include "cmd/command.h"
#include "cmd/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* In the child: never returns. */
static void become_converter(enum picture_form form, int from, int to)
{
	if (dup2(from, STDIN_FILENO) < 0 || dup2(to, STDOUT_FILENO) < 0)
		_exit(127);
	setenv("SOURCE_DATE_EPOCH", "0", 1);
	execlp(CONVERTER, CONVERTER, "--format", picture_endings[form],
	       (char *)NULL);
	_exit(127);
}

static bool convert(enum picture_form form, FILE *svg, FILE *out)
{
	int status = 0;
	pid_t pid;

	if (fflush(svg) || fseek(svg, 0, SEEK_SET) || fflush(out))
		return false;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become_converter(form, fileno(svg), fileno(out));
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool write_converted(enum picture_form form, const char *svg,
			    size_t size, FILE *out)
{
	FILE *f = tmpfile();
	bool good = f && fwrite(svg, 1, size, f) == size &&
		    convert(form, f, out);

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
