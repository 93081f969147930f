/* The language's kinds of report are those that formats/ makes. */
#include "formats/report.h"
#include "trace/event.h"

#include <criterion/criterion.h>
#include <string.h>

Test(report_kinds, language_and_formats_agree)
{
	for (unsigned i = 0; i < nr_reports; i++) {
		const struct report_kind *k = report_kind_find(
			reports[i].name, strlen(reports[i].name));

		cr_assert_not_null(k, "%s", reports[i].name);
		cr_expect_eq(k->needs_pid, reports[i].needs_pid, "%s", k->name);
	}
	cr_expect_eq(nr_report_kinds, nr_reports);
}

/* The numbers of advice are the kernel's, as the machine takes them. */
Test(report_kinds, choices_are_the_machines)
{
	static const struct {
		const char *word;
		uint32_t value;
	} rows[] = {{"dontneed", 4}, {"remove", 9}, {"dontfork", 10},
		    {"dodump", 17}};
	const struct word *w = event_types[EV_MADVISE].args[2].words;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct word *x = w;

		while (x->text && strcmp(x->text, rows[i].word))
			x++;
		cr_assert_not_null(x->text);
		cr_expect_eq(x->value, rows[i].value);
	}
}
