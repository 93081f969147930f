/*
 * oom_report.h - what the kernel logs when it is out of memory.
 */
#ifndef MMEMU_FORMATS_OOM_REPORT_H
#define MMEMU_FORMATS_OOM_REPORT_H

#include "core/machine.h"
#include "core/task.h"

#include <stdio.h>

/*
 * The whole report, as dmesg would show it without times and call trace: who
 * asked for what, Mem-Info, the tasks, and who is killed. Call it before the
 * kill (m->oom_notify). The process that asked is m->current.
 */
void write_oom_report(const struct machine *m, const struct oom_kill *kill,
		      FILE *out);
/* The Mem-Info block alone. Linux: show_mem() */
void show_mem(const struct machine *m, FILE *out);

#endif
