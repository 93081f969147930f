/*
 * binary_access.h - ops and operands of a block to accesses (binary_access.c).
 */
#ifndef MMEMU_TRACE_BINARY_ACCESS_H
#define MMEMU_TRACE_BINARY_ACCESS_H

#include "trace/binary_read.h"

#include <endian.h>

#define OPERAND_MAX 6u /* bytes an access */

/* Where accesses go. => room for LINE_OPS more words than there are accesses */
struct access_out {
	uint64_t *acc;
	uint32_t n;
	uint16_t *turn;	     /* where the next one goes */
	uint64_t page_of[3]; /* by kind: where the last access was, or ~0 */
	uint64_t mask[4], width[4]; /* of operands, by an op's width bits */
};

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

void access_out_init(struct access_out *o, uint64_t *acc, uint16_t *turn);
/*
 * Accesses until another op, at most `most` of them. Operands are read without
 * asking whether they are there: at most OPERAND_MAX bytes an access.
 */
void decode_accesses(struct decoder *d, uint32_t most, struct access_out *o);

#endif
