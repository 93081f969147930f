/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is a file with fuzz_one(); `make fuzz` links it with libFuzzer
 * (engine.c), the tests with driver.c, which runs it on the files of a folder.
 * What is wrong is said by fuzz_check() and ends the process.
 */
#ifndef MMEMU_TESTS_FUZZ_H
#define MMEMU_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; it is size bytes and not NUL-terminated. */
void fuzz_one(const uint8_t *data, size_t size);
/* Called once, with the target's name: the end of the program's. */
void fuzz_start(const char *name);

#define fuzz_check(cond, ...)                                  \
	do {                                                   \
		if (!(cond)) {                                 \
			fprintf(stderr, "fuzz: " __VA_ARGS__); \
			fputc('\n', stderr);                   \
			abort();                               \
		}                                              \
	} while (0)

/* The bytes as a file in memory: its path, good until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);
/* The same as several files, which form feeds separate: how many. */
#define FUZZ_FILES 8
unsigned fuzz_files(const uint8_t *data, size_t size, const char **paths);

#endif
