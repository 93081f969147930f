/* test_owner.c - the check of owners tells lost and shared frames. */
#include "core/machine.h"
#include "core/owner.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64ull << 20;
	return make_machine(&cfg);
}

static unsigned long broken(const struct machine *m)
{
	struct checker c = {0};

	owner_check(m, &c);
	return c.broken;
}

Test(owner, boot_has_owners_for_all)
{
	struct machine *m = boot();

	cr_expect_eq(broken(m), 0);
	machine_destroy(m);
}

Test(owner, marked_blocks_are_owned)
{
	struct machine *m = boot();
	struct page *page = alloc_pages(m, GFP_KERNEL, 3);

	cr_expect_eq(broken(m), 8, "eight frames that nobody owns");
	for (unsigned i = 0; i < 8; i++)
		SetPageKernel(page + i);
	cr_expect_eq(broken(m), 0);
	SetPageTable(page);
	cr_expect_eq(broken(m), 1, "one frame that two own");
	ClearPageTable(page);
	__free_pages(m, page, 3);
	cr_expect_eq(broken(m), 0);
	machine_destroy(m);
}

Test(owner, lost_and_doubled_frames_are_found)
{
	struct machine *m = boot();
	struct page *page = alloc_page(m, GFP_KERNEL);

	page->_count = 0; /* forgotten */
	cr_expect_eq(broken(m), 1);
	page->_count = 1;
	SetPagePcp(page); /* on a list, they say, with a reference */
	cr_expect_geq(broken(m), 2);
	ClearPagePcp(page);
	__free_pages(m, page, 0);
	m->zone[ZONE_NORMAL].vm_stat[NR_FREE_PAGES]--;
	cr_expect_eq(broken(m), 1);
	machine_destroy(m);
}

/* A frame of a slab says which: one that there is, and that it lies in. */
Test(owner, a_slab_frame_names_its_slab)
{
	struct machine *m = boot();
	const uint32_t nonsense[] = {0, m->slab_pool.next_id, UINT32_MAX};
	struct page *page = NULL;
	uint32_t right;

	for (pfn_t pfn = 0; !page && pfn < m->max_pfn; pfn++)
		if (pfn_present(m, pfn) && PageSlab(pfn_to_page(m, pfn)))
			page = pfn_to_page(m, pfn);
	cr_assert(page);
	right = page->mapping;
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		page->mapping = nonsense[i];
		cr_expect_geq(broken(m), 1, "slab %u", nonsense[i]);
	}
	page->mapping = right;
	cr_expect_eq(broken(m), 0);
	machine_destroy(m);
}

/* The walk's cost is what is used: 64 GiB in no time. */
Test(owner, huge_machine, .timeout = 60)
{
	struct machine_config cfg;
	struct machine *m;

	machine_config_default(&cfg);
	cfg.memory = 64ull << 30;
	strcpy(cfg.paging, "x86-pae");
	m = make_machine(&cfg);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_eq(broken(m), 0);
	machine_destroy(m);
}

struct seen {
	pfn_t next;
	uint64_t frames[OWNER_SEVERAL + 1];
};

static void see(void *ctx, pfn_t pfn, uint32_t nr, enum frame_owner owner)
{
	struct seen *seen = ctx;

	cr_expect_eq(pfn, seen->next, "frame %u is left out or met twice",
		     seen->next);
	cr_expect_gt(nr, 0);
	seen->next = pfn + nr;
	seen->frames[owner] += nr;
}

Test(owner, the_walk_meets_every_frame_once)
{
	struct machine *m = boot();
	struct page *page = alloc_pages(m, GFP_KERNEL, 3);
	const struct zone *z;

	for (unsigned i = 0; i < 8; i++)
		SetPageKernel(page + i);
	for_each_zone (z, m) {
		struct seen seen = {.next = z->zone_start_pfn};
		bool has = page_zone(m, page) == z;

		walk_owners(m, z, see, &seen);
		cr_expect_eq(seen.next, zone_end_pfn(z));
		cr_expect_eq(seen.frames[OWNER_BUDDY],
			     (uint64_t)zone_page_state(z, NR_FREE_PAGES));
		cr_expect_eq(seen.frames[OWNER_PCP], z->pageset.count);
		cr_expect_eq(seen.frames[OWNER_KERNEL], has ? 8 : 0);
		cr_expect_eq(seen.frames[OWNER_HOLE],
			     z->spanned_pages - z->present_pages);
	}
	machine_destroy(m);
}
