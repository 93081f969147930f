/*
 * slabinfo.c - /proc/slabinfo: one row a cache, the newest first.
 *
 * Version 2.0 named the columns of the tunables the wrong way round (limit and
 * batchcount); a profile of that era asks for its header (slab_swap_tunables).
 * Linux: mm/slab_common.c s_show(), mm/slab.c (2.6) s_show().
 */
#include "core/slab.h"
#include "formats/report.h"

static void print_header(const struct machine *m, FILE *out)
{
	unsigned v = m->cfg.slabinfo_version;

	fprintf(out, "slabinfo - version: %u.%u\n", v / 10, v % 10);
	fprintf(out,
		"# name            <active_objs> <num_objs> <objsize> "
		"<objperslab> <pagesperslab> : tunables %s <sharedfactor> : "
		"slabdata <active_slabs> <num_slabs> <sharedavail>\n",
		m->cfg.slab_swap_tunables ? "<batchcount> <limit>"
					  : "<limit> <batchcount>");
}

static void print_cache(const struct kmem_cache *s, FILE *out)
{
	struct slabinfo si;

	get_slabinfo(s, &si);
	fprintf(out, "%-17s %6u %6u %6u %4u %4u", s->name, si.active_objs,
		si.num_objs, s->size, si.objects_per_slab,
		1u << si.cache_order);
	fprintf(out, " : tunables %4u %4u %4u", si.limit, si.batchcount,
		si.shared);
	fprintf(out, " : slabdata %6u %6u %6u\n", si.active_slabs,
		si.num_slabs, si.shared_avail);
}

void report_slabinfo(const struct machine *m,
		     const struct task_struct *task __unused_arg, FILE *out)
{
	const struct kmem_cache *s;

	print_header(m, out);
	list_for_each_entry (s, &m->slab_caches, list)
		print_cache(s, out);
}

bool report_slabinfo_of(const struct machine *m, const char *cache, FILE *out)
{
	const struct kmem_cache *s = kmem_cache_find(m, cache);

	if (!s)
		return false;
	print_header(m, out);
	print_cache(s, out);
	return true;
}
