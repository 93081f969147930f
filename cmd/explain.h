/* explain.h - one statement explained; shared with the terminal stepper. */
#ifndef MMEMU_CMD_EXPLAIN_H
#define MMEMU_CMD_EXPLAIN_H

#include "cmd/live.h"
#include "formats/explain.h"

struct explain_options {
	enum lang lang;
	unsigned depth; /* levels of calls; 0: all */
	bool json;
};

/* live_step() with its story in *e. */
int live_step_told(struct live *l, struct explain *e);
/* "event 9, line 25: 101 write heap = "child"" and what became of it. */
void print_statement(const struct live *l, FILE *out);
/* The statement done last, its story and what it changed. */
void print_explanation(const struct live *l, const struct explain *e,
		       const struct explain_options *opt, FILE *out);

#endif
