/* state_words.c - words and numbers of a state file's lines, errors. */
#include "trace/state_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int state_bad(struct state_reader *r, const char *fmt, ...)
{
	int n = r->line ? snprintf(r->error, STATE_ERROR_LEN,
				   "%s:%u: ", r->name, r->line)
			: snprintf(r->error, STATE_ERROR_LEN, "%s: ", r->name);
	va_list ap;

	va_start(ap, fmt);
	if (n >= 0 && n < STATE_ERROR_LEN)
		vsnprintf(r->error + n, STATE_ERROR_LEN - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* The next word, "" at the end of the line; too long a word is cut. */
const char *state_word(struct state_reader *r)
{
	size_t n;

	r->at += strspn(r->at, " \t\r");
	n = strcspn(r->at, " \t\r");
	snprintf(r->word, sizeof(r->word), "%.*s", (int)n, r->at);
	r->at += n;
	return r->word;
}

bool state_at_end(struct state_reader *r)
{
	r->at += strspn(r->at, " \t\r");
	return !*r->at;
}

int state_int(struct state_reader *r, const char *what, int64_t min,
	      uint64_t max, int64_t *value)
{
	char *end;

	state_word(r);
	errno = 0;
	*value = r->word[0] == '-' ? strtoll(r->word, &end, 0)
				   : (int64_t)strtoull(r->word, &end, 0);
	if (!r->word[0] || *end || errno ||
	    (r->word[0] == '-' ? *value < min : (uint64_t)*value > max))
		return state_bad(r, "expected %s, found %s%s%s", what,
				 r->word[0] ? "'" : "the end of the line",
				 r->word, r->word[0] ? "'" : "");
	return 0;
}

int state_u32(struct state_reader *r, const char *what, uint32_t max,
	      uint32_t *value)
{
	int64_t v;
	int err = state_int(r, what, 0, max, &v);

	*value = err ? 0 : (uint32_t)v;
	return err;
}

int state_expect(struct state_reader *r, const char *word)
{
	if (strcmp(state_word(r), word))
		return state_bad(r, "expected '%s', found '%s'", word, r->word);
	return 0;
}

int state_type(struct state_reader *r, unsigned nr_types,
	       enum migratetype *type)
{
	static const char *const words[MIGRATE_TYPES] = {
		"unmovable", "reclaimable", "movable", "reserve"};

	*type = MIGRATE_UNMOVABLE;
	state_word(r);
	for (unsigned t = 0; t < nr_types; t++) {
		if (!strcmp(r->word, words[t])) {
			*type = t;
			return 0;
		}
	}
	return state_bad(r, "expected a migrate type, found '%s'", r->word);
}

static const char *const zone_words[MAX_NR_ZONES] = {"DMA", "DMA32", "Normal",
						     "HighMem", "Movable"};

int state_zone_type(struct state_reader *r, enum zone_type *type)
{
	state_word(r);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (!strcmp(r->word, zone_words[i])) {
			*type = i;
			return 0;
		}
	}
	return state_bad(r, "expected a zone, found '%s'", r->word);
}

int state_zone(struct state_reader *r, struct zone **z)
{
	enum zone_type type;
	int err = state_zone_type(r, &type);

	if (err)
		return err;
	*z = &r->m->zone[type];
	if (!(*z)->spanned_pages)
		return state_bad(r, "zone %s has no `zone` line",
				 zone_words[type]);
	return 0;
}
