/*
 * procfs.h - the machine as a folder shaped like /proc, for tools that can
 * read another one (PROCFS_PATH, --path.procfs, a bind mount).
 */
#ifndef MMEMU_FORMATS_PROCFS_H
#define MMEMU_FORMATS_PROCFS_H

#include "formats/report.h"

/*
 * Write the folder dir. It appears whole: it is built beside its place and
 * renamed; a dir that is there is replaced if an earlier call made it (its
 * `version` says so) or if it is empty. 0, or -errno with one line in err.
 */
int procfs_write(const struct machine *m, const char *dir, char *err,
		 size_t errlen);

/* Its name while it is built, for who must remove it where procfs_write() does
 * not return. -1: the name is too long. */
#define PROCFS_PATH_MAX 4096
int procfs_temp_name(const char *dir, char name[PROCFS_PATH_MAX]);

/* One file of the folder. */
struct procfs_file {
	const char *path; /* below dir, or below PID/ and PID/task/PID/ */
	report_fn write;
};
/* procfs_files.c: what the reports do not cover; NULL path ends. */
extern const struct procfs_file procfs_machine_files[];
extern const struct procfs_file procfs_task_files[];

/* What `version` of such a folder begins with. */
#define PROCFS_VERSION_MARK "Linux version "
#define PROCFS_BUILDER "(mmemu@emulated)"

#endif
