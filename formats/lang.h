/* lang.h - the languages in which the tool explains. */
#ifndef MMEMU_FORMATS_LANG_H
#define MMEMU_FORMATS_LANG_H

#include <stdbool.h>
#include <string.h>

enum lang { LANG_EN, LANG_JA, NR_LANGS };

/* "en" or "ja"; false: another word. */
static inline bool lang_find(const char *name, enum lang *lang)
{
	static const char *const names[NR_LANGS] = {"en", "ja"};

	for (unsigned i = 0; i < NR_LANGS; i++) {
		if (!strcmp(names[i], name)) {
			*lang = (enum lang)i;
			return true;
		}
	}
	return false;
}

#endif
