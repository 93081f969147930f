/* config.c - machine configurations; what is taken boots, or says why not. */
#include "cmd/config.h"
#include "core/machine.h"
#include "tests/fuzz/fuzz.h"

void fuzz_start(const char *name)
{
	(void)name;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char err[CONFIG_ERROR_LEN] = "";
	const char *key = NULL, *why = NULL;
	struct machine_config cfg;
	struct machine *m = NULL;
	FILE *sink;

	machine_config_default(&cfg);
	if (config_yaml(&cfg, (const char *)data, size, "fuzz", 0, err)) {
		fuzz_check(err[0], "an error without words");
		return;
	}
	sink = fopen("/dev/null", "w");
	config_print(&cfg, sink);
	fclose(sink);
	if (machine_config_check(&cfg, &key, &why)) {
		fuzz_check(key && why, "a refusal without words");
		return;
	}
	if (cfg.memory > 256ull << 20)
		return;
	if (machine_create(&cfg, NULL, &m, &why))
		fuzz_check(why && *why, "a machine refused without words");
	else
		fuzz_check(!machine_check(m, NULL, NULL), "broken at boot");
	machine_destroy(m);
}
