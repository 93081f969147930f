/*
 * follow.c - keep what valgrind wrote of a process before its exec.
 *
 * valgrind names a log by the process's number, and the valgrind that an exec
 * starts opens that name anew: what the process did before is gone, its
 * children's creation too. So each process is traced with ptrace(2):
 *
 *	process 173          mmemu record           folder
 *	writes ────────────────────────────────►    log.173
 *	execve ─── stops ──►  rename(2)             log.173.1
 *	               ◄──── goes on
 *	writes ────────────────────────────────►    log.173     (new)
 *
 * The kernel stops the process when its old program is gone and the new one has
 * not run one instruction; so nothing is lost, however fast it is. An exec that
 * fails does not stop it. valgrind itself execs a few times until it runs the
 * program: then there is no log yet, and nothing to do.
 */
#include "cmd/follow.h"
#include "cmd/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PATH 4096

#define EVENTS                                                          \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

bool follow(pid_t child)
{
	return !ptrace(PTRACE_SEIZE, child, 0L, (long)EVENTS);
}

/* log.PID becomes log.PID.1, or the first number that is free. */
static void put_aside(const char *dir, pid_t pid)
{
	char from[MAX_PATH], to[MAX_PATH];
	unsigned n = 1;

	snprintf(from, sizeof(from), "%s/log.%d", dir, (int)pid);
	if (access(from, F_OK))
		return;
	do {
		snprintf(to, sizeof(to), "%s/log.%d.%u", dir, (int)pid, n++);
	} while (!access(to, F_OK));
	if (rename(from, to))
		complain("record: cannot rename %s: %s", from, strerror(errno));
}

/* The signal of a process that was stopped by one (SIGSTOP, ctrl-Z) and is to
 * stay so; a new process, or one that continues, reports SIGTRAP. */
static bool stays_stopped(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
	       signal == SIGTTOU;
}

void follow_stopped(const char *dir, pid_t pid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (event == PTRACE_EVENT_EXEC)
		put_aside(dir, pid);
	if (event == PTRACE_EVENT_STOP && stays_stopped(signal))
		ptrace(PTRACE_LISTEN, pid, 0L, 0L);
	else /* what killed it meanwhile is told by waitpid */
		ptrace(PTRACE_CONT, pid, 0L, event ? 0L : (long)signal);
}
