/* state.c - state files: read, and a machine that starts from one. */
#include "core/machine.h"
#include "tests/fuzz/fuzz.h"
#include "trace/state_read.h"

#include <string.h>

void fuzz_start(const char *name)
{
	(void)name;
}

static void load(struct state_text *state)
{
	char err[STATE_ERROR_LEN] = "";
	struct machine_config cfg;
	struct machine *m = NULL;
	const char *why = "";

	machine_config_default(&cfg);
	cfg.memory = 16u << 20;
	if (state_geometry(state, &host_default_ops, &cfg, err)) {
		fuzz_check(err[0], "an error without words");
		return;
	}
	if (cfg.memory > 256u << 20 ||
	    machine_create(&cfg, NULL, &m, &why))
		return;
	if (state_load(m, state, err))
		fuzz_check(err[0], "an error without words");
	else
		fuzz_check(!machine_check(m, NULL, NULL), "broken when loaded");
	machine_destroy(m);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char err[STATE_ERROR_LEN] = "";
	struct state_text state;

	memset(&state, 0, sizeof(state));
	if (state_text_read(&state, &host_default_ops, fuzz_file(data, size),
			    err))
		fuzz_check(err[0], "an error without words");
	else
		load(&state);
	state_text_free(&state, &host_default_ops);
}
