/*
 * picture.h - an SVG in memory as a file: SVG as it is, PDF and PNG by
 * rsvg-convert (Debian's librsvg2-bin), found when it is needed.
 */
#ifndef MMEMU_CMD_PICTURE_H
#define MMEMU_CMD_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

enum picture_form { PICTURE_SVG, PICTURE_PDF, PICTURE_PNG };

/* ".svg", ".pdf" or ".png" at a name's end, or such a word alone. */
bool picture_form_find(const char *name, enum picture_form *form);
extern const char *const picture_endings[];
/* Can it be made here? EXIT_BAD after a message. */
int picture_possible(enum picture_form form);
/* The whole file or none of it. EXIT_FINE, or EXIT_BAD after a message. */
int picture_write(const char *path, enum picture_form form, const char *svg,
		  size_t size);

#endif
