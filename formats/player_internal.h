/* player_internal.h - between the player*.c files of formats/. */
#ifndef MMEMU_FORMATS_PLAYER_INTERNAL_H
#define MMEMU_FORMATS_PLAYER_INTERNAL_H

#include "core/mmzone.h"
#include "formats/player.h"
#include "formats/player_store.h"

enum player_section {
	PLAYER_TASKS,
	PLAYER_MMS,
	PLAYER_AREAS,
	PLAYER_ENTRIES,
	PLAYER_FRAMES,
	PLAYER_CACHES,
	PLAYER_SLABS,
	PLAYER_COUNTERS,
	NR_PLAYER_SECTIONS
};

/* Lists of a zone: its free lists by order and type, then its per-CPU lists. */
#define PLAYER_LISTS ((MAX_ORDER + 1) * MIGRATE_TYPES)

struct player {
	const struct machine *m;
	struct section section[NR_PLAYER_SECTIONS];
	struct frame_list list[MAX_NR_ZONES * PLAYER_LISTS];
	struct string_table strings, lines;
	int64_t *file_name; /* by inode id: string's number + 1, of this step */
	size_t nr_file_names;
	char *text; /* a report being taken apart */
	size_t text_size;
};

static inline struct record *player_add(struct player *p,
					enum player_section s, uint64_t a,
					uint64_t b)
{
	return section_add(&p->m->host, &p->section[s], a, b);
}
static inline int64_t player_string(struct player *p, const char *text)
{
	return string_number(&p->m->host, &p->strings, text);
}
/* "%s" of a whole report or another text that is written: until the next one. */
FILE *player_text_begin(struct player *p);
const char *player_text_end(struct player *p, FILE *f);

/* What a record holds is said in player.js, where it is read. */
void player_tasks(struct player *p);	 /* player_mm.c: tasks, mms, areas */
void player_entries(struct player *p);
void player_name_entry(void *ctx, struct record *r);
void player_frames(struct player *p);	 /* player_frames.c */
void player_lists(struct player *p);
void player_put_ram(const struct player *p, FILE *out);
void player_slabs(struct player *p);	 /* player_slab.c */
void player_counters(struct player *p);

#endif
