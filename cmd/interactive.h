/* interactive.h - mmemu replay --interactive. */
#ifndef MMEMU_CMD_INTERACTIVE_H
#define MMEMU_CMD_INTERACTIVE_H

#include "cmd/live.h"

/* Commands from standard input until `quit` or its end. An exit status. */
int replay_interactive(const struct live_options *o, bool json);

#endif
