/*
 * vmallocinfo.c - /proc/vmallocinfo: areas in use, by address. Areas that wait
 * for the purge are not shown. Linux: mm/vmalloc.c s_show().
 */
#include "core/vmalloc.h"
#include "formats/report.h"

#include <inttypes.h>
#include <string.h>

static void print_area(const struct vmap_area *va, int digits, FILE *out)
{
	fprintf(out, "0x%0*" PRIx64 "-0x%0*" PRIx64 " %7" PRIu64, digits,
		va->va_start, digits, va->va_end, va->va_end - va->va_start);
	if (va->caller[0])
		fprintf(out, " %s", va->caller);
	if (va->nr_pages)
		fprintf(out, " pages=%u", va->nr_pages);
	if (va->phys)
		fprintf(out, " phys=%" PRIx64, va->phys);
	fprintf(out, " %s", va->kind);
	if (va->vpages)
		fprintf(out, " vpages");
	fputc('\n', out);
}

void report_vmallocinfo(const struct machine *m,
			const struct task_struct *task __unused_arg, FILE *out)
{
	const struct vmap_area *va;

	list_for_each_entry (va, &m->vmap_area_list, list)
		if (!va->lazy)
			print_area(va, m->fmt->va_bits > 32 ? 16 : 8, out);
}
