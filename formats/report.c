/* report.c - the table of reports. */
#include "formats/report.h"

#include <string.h>

const struct report reports[] = {
#define REPORT(fn, name, needs_pid, title) {name, needs_pid, fn, title},
#include "formats/reports.def"
#undef REPORT
};
const unsigned nr_reports = ARRAY_SIZE(reports);

void write_path(FILE *out, const char *path)
{
	for (; *path; path++) {
		if (*path == '\n')
			fputs("\\012", out);
		else
			fputc(*path, out);
	}
}

const struct report *report_find(const char *name)
{
	for (unsigned i = 0; i < nr_reports; i++)
		if (!strcmp(reports[i].name, name))
			return &reports[i];
	return NULL;
}
