/*
 * page_alloc_check.c - what must hold of zones and per-CPU lists.
 *
 * Invariants (page_alloc_check tests them under the same numbers)
 *  1. Configured zones do not overlap and ascend; 0 <= managed <= present <=
 *     spanned.
 *  2. pageset.count is the sum of the lengths of the three lists, and below
 *     high + 3 * batch (a free drains at high, but a refill does not look).
 *  3. A frame on a per-CPU list has PG_pcp as its only flag, count 0, and
 *     is linked both ways, and remembers in index the type of the list, or
 *     Reserve on the movable one.
 *  4. 0 <= NR_FREE_PAGES + pageset.count <= managed.
 *  5. min <= low <= high.
 *  6. totalram is the sum of managed; totalhigh that of the HighMem zones.
 * and buddy 1..7 of each zone.
 */
#include "core/buddy.h"
#include "core/subsystems.h"

static void check_zone(const struct zone *z, pfn_t after, struct checker *c)
{
	int64_t held = z->vm_stat[NR_FREE_PAGES] + z->pageset.count;

	CHECK(c,
	      z->zone_start_pfn >= after &&
		      z->managed_pages <= z->present_pages &&
		      z->present_pages <= z->spanned_pages,
	      "page_alloc 1: zone %s from %u: spanned %u present %u managed %u",
	      z->name, z->zone_start_pfn, z->spanned_pages, z->present_pages,
	      z->managed_pages);
	CHECK(c, held >= 0 && held <= z->managed_pages,
	      "page_alloc 4: zone %s: %lld frames free and on per-CPU lists, "
	      "%u managed",
	      z->name, (long long)held, z->managed_pages);
	CHECK(c,
	      z->watermark[WMARK_MIN] <= z->watermark[WMARK_LOW] &&
		      z->watermark[WMARK_LOW] <= z->watermark[WMARK_HIGH],
	      "page_alloc 5: zone %s: watermarks do not ascend", z->name);
}

static void check_pageset(const struct machine *m, const struct zone *z,
			  struct checker *c)
{
	const struct per_cpu_pages *pcp = &z->pageset;
	uint32_t sum = 0;

	for (unsigned t = 0; t < MIGRATE_PCPTYPES; t++) {
		pfn_t prev = PFN_NONE;

		page_list_for_each (pfn, m, &pcp->lists[t]) {
			const struct page *p = pfn_to_page(m, pfn);

			sum++;
			CHECK(c,
			      p->flags == PG_pcp && !p->_count &&
				      p->lru_prev == prev &&
				      !p->_mapcount1 &&
				      zone_spans_pfn(z, pfn) &&
				      (p->index == t ||
				       (p->index == MIGRATE_RESERVE &&
					t == MIGRATE_MOVABLE)),
			      "page_alloc 3: pfn %u on list %s of %s", pfn,
			      migratetype_names[t], z->name);
			prev = pfn;
			if (sum > pcp->count)
				break;
		}
	}
	CHECK(c, sum == pcp->count && sum < pcp->high + 3 * pcp->batch,
	      "page_alloc 2: zone %s: count %u, on lists %u, high %u", z->name,
	      pcp->count, sum, pcp->high);
}

void page_alloc_check(const struct machine *m, struct checker *c)
{
	uint64_t ram = 0, high = 0;
	const struct zone *z;
	pfn_t after = 0;

	for_each_zone (z, m) {
		if (!z->spanned_pages)
			continue;
		check_zone(z, after, c);
		check_pageset(m, z, c);
		buddy_check(m, z, c);
		after = zone_end_pfn(z);
		ram += z->managed_pages;
		high += is_highmem(m, z) ? z->managed_pages : 0;
	}
	CHECK(c, ram == m->totalram && high == m->totalhigh,
	      "page_alloc 6: totalram %llu totalhigh %llu, zones %llu %llu",
	      (unsigned long long)m->totalram, (unsigned long long)m->totalhigh,
	      (unsigned long long)ram, (unsigned long long)high);
}
