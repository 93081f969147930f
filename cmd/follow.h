/* follow.h - a program and all processes that it makes, stopped at each exec. */
#ifndef MMEMU_CMD_FOLLOW_H
#define MMEMU_CMD_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>

/* From here on waitpid(-1, ..., __WALL) tells of the child, and of all that it
 * makes. false, and errno: this host does not allow it. */
bool follow(pid_t child);
/* Such a process stopped: what its exec would overwrite is put aside, and it
 * goes on. status: waitpid's; dir: of the logs. */
void follow_stopped(const char *dir, pid_t pid, int status);

#endif
