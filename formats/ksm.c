/* ksm.c - same-page merging in numbers: the files of /sys/kernel/mm/ksm. */
#include "core/ksm.h"
#include "formats/report.h"

#include <inttypes.h>

void report_ksm(const struct machine *m,
		const struct task_struct *task __unused_arg, FILE *out)
{
	const struct ksm *k = m->ksm;

	fprintf(out,
		"full_scans %" PRIu64 "\n"
		"pages_shared %" PRIu64 "\n"
		"pages_sharing %" PRIu64 "\n"
		"pages_unshared %" PRIu64 "\n"
		"pages_volatile %" PRIu64 "\n",
		k->full_scans, k->pages_shared, k->pages_sharing,
		k->pages_unshared, ksm_pages_volatile(k));
}
