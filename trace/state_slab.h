/*
 * state_slab.h - the slab and vmalloc lines of a state file, into a machine.
 *
 * begin, then each line of this part in the file's order, then end, which ties
 * the pieces together and checks them. After a failure the machine is good for
 * machine_destroy() only. The lines: formats/state_slab.c.
 */
#ifndef MMEMU_TRACE_STATE_SLAB_H
#define MMEMU_TRACE_STATE_SLAB_H

#include "core/machine.h"

/* Forget all caches and areas, without giving back their frames: the zones'
 * free lists come from the file. => before they are filled */
void state_slab_begin(struct machine *m);
/* Does a line that begins with this word belong here? */
bool state_slab_keyword(const char *word);
/*
 * One line, without its newline. 0, or -EINVAL with *why one line, static
 * text: what was expected. May be told lines in any number.
 */
int state_load_slab_line(struct machine *m, const char *line, const char **why);

struct state_slab_error {
	const char *cache; /* its name, the machine's, or NULL */
	const char *why;   /* one line, static text */
};
/* => the zones and their counters are filled. 0, or -EINVAL with *e. */
int state_slab_end(struct machine *m, struct state_slab_error *e);

#endif
