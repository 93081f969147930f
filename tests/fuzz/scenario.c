/* scenario.c - the YAML beside a trace. */
#include "cmd/check.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

void fuzz_start(const char *name)
{
	(void)name;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct scenario_file f;

	memset(&f, 0, sizeof(f));
	scenario_read_file(&f, fuzz_file(data, size));
	scenario_file_free(&f);
}
