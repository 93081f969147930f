/*
 * outcome.h - what an event did: the lines of the outcome log.
 */
#ifndef MMEMU_TRACE_OUTCOME_H
#define MMEMU_TRACE_OUTCOME_H

#include "core/mmu.h"

#include <stdio.h>

enum outcome_kind {
	OUTCOME_OK,
	OUTCOME_ADDRESS, /* ok 0xADDR */
	OUTCOME_ERRNO,	 /* err: positive */
	OUTCOME_ACCESS,
	OUTCOME_KILLED,	 /* a call during which its process was killed */
	OUTCOME_BUG,	 /* misuse of a kernel event; why says how */
	OUTCOME_ORPHAN,
	OUTCOME_SILENT,	 /* nothing worth a line: `sp` */
};

struct outcome {
	enum outcome_kind kind;
	int err;
	uint64_t address;
	const char *why;
	struct access_result access;
	const uint8_t *got; /* bytes of a mismatch, got_len of them */
	uint32_t got_len;
};

static inline void outcome_error(struct outcome *o, int err)
{
	o->kind = err ? OUTCOME_ERRNO : OUTCOME_OK;
	o->err = err < 0 ? -err : err;
}
/* An address, or a negative errno in the same word. */
static inline void outcome_address(struct outcome *o, uint64_t v)
{
	o->kind = IS_ERR_VALUE(v) ? OUTCOME_ERRNO : OUTCOME_ADDRESS;
	o->err = IS_ERR_VALUE(v) ? (int)-(int64_t)v : 0;
	o->address = v;
}

/* The errno, or EXPECT_SIGNAL + the signal, with which the event failed; 0 =
 * it did not; -1: in a way that no `!NAME` can name (BUG, orphan). */
int outcome_failure(const struct outcome *o);
/* The log's RESULT, without a newline. Returns bytes written. */
size_t outcome_print(const struct outcome *o, char *buf, size_t size);
/* "LINE: RESULT\n". */
void outcome_write(const struct outcome *o, uint64_t line, FILE *out);

#endif
