/*
 * tlb.c - the report `tlb`: what the modelled TLBs and the page walker did.
 *
 * Empty but for one line where the machine has no model attached.
 */
#include "core/tlb.h"
#include "formats/report.h"

#include <inttypes.h>

static void put(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "%-34s %14" PRIu64 "\n", name, value);
}

static void put_levels(const struct machine *m, FILE *out, const char *what,
		       const uint64_t n[PG_MAX_LEVELS])
{
	char name[64];

	for (unsigned d = 0; d < m->fmt->nr_levels; d++) {
		snprintf(name, sizeof(name), "%s %s", what,
			 m->fmt->level[d].name);
		put(out, name, n[m->fmt->level[d].id]);
	}
}

static void put_ratio(FILE *out, const char *name, uint64_t cycles,
		      uint64_t accesses)
{
	if (accesses)
		fprintf(out, "%-34s %14.3f\n", name,
			(double)cycles / (double)accesses);
}

void report_tlb(const struct machine *m,
		const struct task_struct *task __unused_arg, FILE *out)
{
	const struct tlb_stats *n = tlb_statistics(m);
	uint64_t accesses;

	if (!n) {
		fputs("no TLB is modelled (replay with --tlb, or with tlb.on: true in the configuration)\n", out);
		return;
	}
	fprintf(out, "model %s, paging %s\n", m->cfg.tlb.model, m->fmt->name);
	put(out, "instruction hits", n->hits[TLB_INSTRUCTION]);
	put(out, "instruction misses", n->misses[TLB_INSTRUCTION]);
	put(out, "data hits", n->hits[TLB_DATA]);
	put(out, "data misses", n->misses[TLB_DATA]);
	put(out, "second-level hits", n->l2_hits);
	put(out, "second-level misses", n->l2_misses);
	put(out, "walks", n->walks);
	put(out, "walks that ended in a fault", n->fault_walks);
	put(out, "walks to set D", n->assists);
	put_levels(m, out, "references to", n->refs);
	put_levels(m, out, "walks begun at", n->pwc_hits);
	put(out, "address-space switches", n->switches);
	put(out, "top entries read by switches", n->root_loads);
	put(out, "flushes", n->flushes);
	put(out, "pages invalidated", n->invalidations);
	put(out, "kernel hits", n->kernel_hits);
	put(out, "kernel misses", n->kernel_misses);
	put(out, "kernel references", n->kernel_refs);
	put(out, "cycles of translation", tlb_cycles(m));
	accesses = n->hits[0] + n->hits[1] + n->misses[0] + n->misses[1];
	put_ratio(out, "cycles an access", tlb_cycles(m), accesses);
}
