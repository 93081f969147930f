/* text_args.h - one statement of text, by the table of kinds. */
#ifndef MMEMU_TRACE_TEXT_ARGS_H
#define MMEMU_TRACE_TEXT_ARGS_H

#include "trace/text_lex.h"

/* The statement that begins with lex->field; ev->line is not set. On false the
 * error is written. Binds and declares names. */
bool text_statement(struct lexer *lex, struct event *ev);

#endif
