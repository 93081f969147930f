/* test_lecture_slabinfo.c - the lecture's slabinfo rows from its profile. */
#include "cmd/config.h"
#include "core/machine.h"
#include "formats/report.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *slabinfo_of_profile(void)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN], *text = NULL;
	struct machine *m;
	size_t len;
	FILE *out;

	cr_assert_eq(config_load("lecture-2.6-pae", NULL, 0, &cfg, err), 0,
		     "%s", err);
	m = make_machine(&cfg);
	cr_expect_eq(machine_check(m, NULL, NULL), 0);
	out = open_memstream(&text, &len);
	report_slabinfo(m, NULL, out);
	fclose(out);
	machine_destroy(m);
	return text;
}

/* A row's name, and where its columns begin that do not depend on the
 * machine's past: objsize to sharedfactor. Headers count as a whole. */
static int split_row(char *line, char name[64])
{
	char *end = strstr(line, " : slabdata  ");
	int n = 0;

	if (sscanf(line, "%63s %*u %*u%n", name, &n) != 1 || !n)
		return 0;
	if (end)
		*end = '\0';
	return n;
}

static bool same_row(char *want, char *have)
{
	char want_name[64] = "", have_name[64] = "";
	int w = split_row(want, want_name), h = split_row(have, have_name);

	return !strcmp(want_name, have_name) && !strcmp(want + w, have + h);
}

/* Each row of the sample is there, byte for byte, in the sample's order. */
Test(lecture, slabinfo_rows)
{
	FILE *f = fopen("tests/data/slab/lecture-slabinfo", "r");
	char want[256], have[256], *text = slabinfo_of_profile();
	const char *at = text;
	unsigned rows = 0;

	cr_assert(f);
	while (fgets(want, sizeof(want), f)) {
		bool found = false;

		while (*at && !found) {
			size_t n = strcspn(at, "\n") + 1;

			memcpy(have, at, n);
			have[n] = '\0';
			at += n;
			found = same_row(want, have);
		}
		cr_expect(found, "not found, or out of order: %s", want);
		rows++;
	}
	cr_expect_eq(rows, 16);
	fclose(f);
	free(text);
}
