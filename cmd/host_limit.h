/*
 * host_limit.h - how much of the host's memory the program may use.
 *
 * What is asked for is counted exactly. The sparse reservations (RAM, mem_map)
 * cost what is touched, so the resident set is looked at every 5 ms of CPU time
 * as well: the bound is passed by no more than the host can hand out meanwhile,
 * some tens of megabytes. Then the program ends: one line, status 2, no half
 * file.
 */
#ifndef MMEMU_CMD_HOST_LIMIT_H
#define MMEMU_CMD_HOST_LIMIT_H

#include "core/types.h"

/* Takes --max-host-memory SIZE out of the arguments, wherever it stands, and
 * sets the bound (without it: three quarters of RAM). 0, or -1 after a
 * message. */
int host_limit_start(int *argc, char **argv);
/* Again in a child process, which inherits no timer. */
void host_limit_watch(void);
/* May this much more be taken? Counts it if so. */
bool host_limit_take(size_t size);
void host_limit_give(size_t size);
/* The bound, as the message of cmd_host says it. 0: not set. */
uint64_t host_limit_bytes(void);

#endif
