/*
 * text_lex.h - fields of one line of text, numbers, addresses, errors.
 *
 * The lexer is given one line and hands out its fields one ahead: lex->field
 * is the next one that nobody took yet. Every function returns false after it
 * has written an error (line, column, one line of text) into the lexer.
 */
#ifndef MMEMU_TRACE_TEXT_LEX_H
#define MMEMU_TRACE_TEXT_LEX_H

#include "trace/event.h"

/* One line about bad input: NAME:LINE:COLUMN: what is wrong, what was
 * expected. Lines and columns (bytes) count from 1; line 0: the whole file. */
struct trace_error {
	uint64_t line;
	unsigned column;
	char text[320];
};

struct field {
	const char *text; /* decoded; NULL at the end of the line */
	size_t len;
	unsigned column;
	bool quoted;
};

struct lexer {
	const struct host_ops *host;
	struct names *names;
	const char *start, *p, *end; /* the line; end: its '\n' or "\r\n" */
	struct field field;
	char *scratch; /* decoded quoted field */
	size_t scratch_size;
	uint64_t line;
	struct trace_error *error;
};

/* The first field of a line; the line stays where it is. */
bool lex_line(struct lexer *lex, const char *start, const char *end,
	      uint64_t line);
/* Take lex->field, look at the next one. */
bool lex_next(struct lexer *lex);
/* Is the next field this unquoted word? */
bool lex_is(const struct lexer *lex, const char *word);
/* Errors: at the next field, or at a place inside it. Always false. */
__attribute__((format(printf, 2, 3))) bool lex_error(struct lexer *lex,
						     const char *fmt, ...);
__attribute__((format(printf, 3, 4))) bool
lex_error_at(struct lexer *lex, size_t offset, const char *fmt, ...);
/* "expected WHAT, found FIELD", or "..., found the end of the line". */
bool lex_expected(struct lexer *lex, const char *what);

/* Each takes the next field. `what` is what messages call it. */
bool lex_number(struct lexer *lex, const char *what, struct quantity *q);
bool lex_address(struct lexer *lex, const char *what, struct quantity *q);
bool lex_pid(struct lexer *lex, const char *what, uint32_t *pid);
bool lex_plain_number(struct lexer *lex, const char *what, uint64_t *n);
/* Any field, quoted or not, interned. */
bool lex_name(struct lexer *lex, const char *what, uint32_t *id);
/* `[A-Za-z_][A-Za-z0-9_.-]*` */
bool label_text_ok(const char *text, size_t len);

void lex_destroy(struct lexer *lex);

#endif
