/*
 * player.h - the machine for the HTML player: what a step changed, as JSON.
 *
 * A player remembers the state that it told last. player_step() compares and
 * tells what is new, so a page that applies the steps in order has the whole
 * state after each. The first step tells everything.
 */
#ifndef MMEMU_FORMATS_PLAYER_H
#define MMEMU_FORMATS_PLAYER_H

#include "core/machine.h"

#include <stdio.h>

/* The page needs a cell a frame; beyond this it would not answer at once. */
#define PLAYER_MAX_FRAMES (1u << 20)

struct explain;
struct player;

/* m must outlive it. => m->max_pfn <= PLAYER_MAX_FRAMES */
struct player *player_new(const struct machine *m);
void player_free(struct player *p);

/* What never changes: members of an object, with a comma between them. */
void player_head(const struct player *p, FILE *out);
/* What changed since the last step: the same way; may be nothing. */
void player_step(struct player *p, FILE *out);
/* What the kernel did between explain_start() and explain_stop(): the same way,
 * a comma first. */
void player_story(struct player *p, const struct explain *e, FILE *out);
/* The lines that stories refer to by number: an array. */
void player_lines(const struct player *p, FILE *out);
/* The strings that all steps and lines refer to by number: an array. */
void player_strings(const struct player *p, FILE *out);

/* The page itself (formats/player/): before and behind the JSON. */
extern const char player_page_before[], player_page_behind[];

#endif
