/* strings.h - lists of texts, and texts made by a format. */
#ifndef MMEMU_CMD_STRINGS_H
#define MMEMU_CMD_STRINGS_H

#include <stdbool.h>

struct strings {
	char **item;
	unsigned nr, max;
};
/* A copy of text goes in; also NULL. Returns the copy. */
char *strings_add(struct strings *s, const char *text);
void strings_free(struct strings *s);
bool strings_have(const struct strings *s, const char *text);
void strings_sort(struct strings *s);
/* As asprintf(), to be free()d; never NULL. */
__attribute__((format(printf, 1, 2))) char *text_of(const char *fmt, ...);

#endif
