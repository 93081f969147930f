/*
 * command.h - the subcommands, and what they share.
 *
 * Exit status: 0 fine; 1 the replay (or check) found something wrong; 2 bad
 * input or usage, or the host failed; 130 after SIGINT.
 */
#ifndef MMEMU_CMD_COMMAND_H
#define MMEMU_CMD_COMMAND_H

#include "core/host.h"
#include "trace/text_lex.h"

#include <signal.h>

#define MMEMU_VERSION "0.1"

enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_BAD = 2, EXIT_INTERRUPTED = 130 };

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0]: getopt's messages begin so */
	const char *title;
};

#define COMMAND(fn, name, title) int fn(int argc, char **argv);
#include "cmd/commands.def"
#undef COMMAND

/* "mmemu COMMAND: ..." on standard error; always EXIT_BAD. */
__attribute__((format(printf, 1, 2))) int complain(const char *fmt, ...);
/* "NAME:LINE:COLUMN: ..."; always EXIT_BAD. */
int complain_trace(const char *name, const struct trace_error *e);
/* "try mmemu help NAME", for wrong usage; always EXIT_BAD. */
int usage_error(const char *command);

/* Is there such a program in PATH? */
bool in_path(const char *program);

/* Host memory that ends in one line and exit status 2, or, in a child whose
 * parent must know, another one. */
extern const struct host_ops cmd_host;
extern int host_failure_status;

/* Set by SIGINT once catch_interrupt() was called. */
extern volatile sig_atomic_t interrupted;
void catch_interrupt(void);
struct machine;
/* From now on SIGINT ends a long event of the machine in its midst, too. */
void let_interrupt(struct machine *m);

#endif
