/*
 * machine_fixture.h - a machine to test, and files for it; whether all that is
 * always true of one holds.
 */
#ifndef MMEMU_TESTS_MACHINE_FIXTURE_H
#define MMEMU_TESTS_MACHINE_FIXTURE_H

#include "core/config.h"
#include "core/filemap.h"
#include "core/machine.h"

#include <criterion/criterion.h>
#include <stdio.h>

static inline struct machine *make_machine(const struct machine_config *cfg)
{
	struct machine *m = NULL;
	const char *why = "";

	cr_assert_eq(machine_create(cfg, NULL, &m, &why), 0, "%s", why);
	return m;
}

static inline void tell_broken(void *ctx __unused_arg, const char *message)
{
	fprintf(stderr, "broken: %s\n", message);
}

static inline void check_machine(const struct machine *m)
{
	cr_assert_eq(machine_check(m, tell_broken, NULL), 0);
}

/* The tests' way to say that something must be found broken. */
static inline bool is_broken(const struct machine *m)
{
	return machine_check(m, NULL, NULL) > 0;
}

/* The end of most tests: whatever was done, the machine is sound. */
static inline void check_and_destroy(struct machine *m)
{
	check_machine(m);
	machine_destroy(m);
}

/* A file of a disk or of tmpfs; warm: its pages are cached already. */
static inline struct inode *declare_file(struct machine *m, const char *path,
					 uint64_t bytes, bool warm,
					 enum fs_kind fs)
{
	struct inode *inode = NULL;

	cr_assert_eq(file_declare(m, path, bytes, 8, 1, 0, warm, fs, &inode), 0,
		     "%s", path);
	return inode;
}

/* The same, opened to be read and written. */
static inline struct file *open_rw(struct machine *m, const char *path,
				   uint64_t bytes, bool warm, enum fs_kind fs)
{
	struct file *file =
		file_open(m, declare_file(m, path, bytes, warm, fs));

	cr_assert_not_null(file);
	file->f_write = true;
	return file;
}

#endif
