/*
 * state_internal.h - the reader of state files, shared by its files:
 * state_words.c, state_zones.c (pass 1), state_lists.c (pass 2), state_read.c.
 */
#ifndef MMEMU_TRACE_STATE_INTERNAL_H
#define MMEMU_TRACE_STATE_INTERNAL_H

#include "trace/state_read.h"

#define MAX_WORD 64

struct state_reader {
	struct machine *m; /* of state_geometry(): zones and configuration */
	const char *name;
	unsigned line;
	const char *at; /* rest of the line */
	char word[MAX_WORD];
	bool have_zstat, have_slabs;
	int64_t zone_free[MAX_NR_ZONES]; /* as the zone lines say */
	uint32_t zone_pcp[MAX_NR_ZONES];
	char *error;
};

/* Writes NAME:LINE: and the message; always -EINVAL. */
__attribute__((format(printf, 2, 3))) int state_bad(struct state_reader *r,
						    const char *fmt, ...);

/* ---- words of the line: each takes the next one; 0 or state_bad() ---- */
/* "" at the end of the line; too long a word is cut. */
const char *state_word(struct state_reader *r);
bool state_at_end(struct state_reader *r);
int state_int(struct state_reader *r, const char *what, int64_t min,
	      uint64_t max, int64_t *value);
int state_u32(struct state_reader *r, const char *what, uint32_t max,
	      uint32_t *value);
int state_expect(struct state_reader *r, const char *word);
int state_type(struct state_reader *r, unsigned nr_types,
	       enum migratetype *type);
int state_zone_type(struct state_reader *r, enum zone_type *type);
/* A zone that has a `zone` line. */
int state_zone(struct state_reader *r, struct zone **z);

/* ---- statements ---- */
int state_read_zone(struct state_reader *r);
int state_read_global(struct state_reader *r);
int state_read_blocks(struct state_reader *r);
int state_read_area(struct state_reader *r);
int state_read_free(struct state_reader *r);
int state_read_pcplist(struct state_reader *r);
int state_read_pcpreturn(struct state_reader *r);
int state_read_stat(struct state_reader *r);
int state_read_zstat(struct state_reader *r);

/* Did the file say nothing yet of n frames of one zone: on no list, in no free
 * block, in no slab, not in the kernel image? Otherwise *said is one of which
 * it did. */
bool state_frames_unsaid(const struct machine *m, pfn_t pfn, pfn_t n,
			 pfn_t *said);
/* Frames [*start, *end) of the zone that are no RAM. */
void state_zone_hole(const struct machine *m, const struct zone *z,
		     pfn_t *start, pfn_t *end);
/* Between the passes: RAM and mem_map as the zones say. */
int state_replace_memory(struct state_reader *r);

#endif
