/* test_vmalloc.c - addresses, the lazy purge, what an area is made of. */
#include "core/vmalloc.h"
#include "core/machine.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "core/slab.h"
#include "core/subsystems.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct machine *m;

static unsigned long broken(void)
{
	struct checker c = {.tell = tell_broken};

	slab_check(m, &c);
	vmalloc_check(m, &c);
	return c.broken;
}

static void boot_with(uint64_t memory, const char *paging, uint64_t range)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = memory;
	snprintf(cfg.paging, sizeof(cfg.paging), "%s", paging);
	if (range) {
		cfg.vmalloc_start = 0xe0000000;
		cfg.vmalloc_end = 0xe0000000 + range;
	}
	m = make_machine(&cfg);
}

static void setup(void)
{
	boot_with((uint64_t)256 << 20, "x86-2level", 0);
}

static void teardown(void)
{
	cr_expect_eq(broken(), 0);
	machine_destroy(m);
}

TestSuite(vmalloc, .init = setup, .fini = teardown);

Test(vmalloc, range)
{
	cr_expect_eq(m->vmalloc_start, 0xd07e0000);
	cr_expect_eq(m->vmalloc_end, 0xff7fe000);
}

Test(vmalloc_pae, range)
{
	boot_with((uint64_t)1 << 30, "x86-pae", 0);
	cr_expect_eq(m->vmalloc_start, 0xf83fe000);
	cr_expect_eq(m->vmalloc_end, 0xffbfe000);
	machine_destroy(m);
}

/* One after the other, a guard page behind each. */
Test(vmalloc, first_areas)
{
	kva_t start = m->vmalloc_start;

	cr_expect_eq(vmalloc(m, 1), start);
	cr_expect_eq(vmalloc(m, 4097), start + 0x2000);
	cr_expect_eq(vmalloc(m, 8192), start + 0x5000);
	cr_expect_eq(kernel_lookup(m, start + 0x1000), PFN_NONE);
	cr_expect_neq(kernel_lookup(m, start + 0x3000), PFN_NONE);
	cr_expect_eq(kernel_lookup(m, start + 0x4000), PFN_NONE);
}

Test(vmalloc, no_size_or_too_much)
{
	cr_expect_eq(vmalloc(m, 0), 0);
	cr_expect_eq(vmalloc(m, (uint64_t)1 << 30), 0);
}

Test(vmalloc, what_an_area_costs)
{
	struct kmem_cache *k32 = kmem_cache_find(m, "kmalloc-32");
	struct kmem_cache *k64 = kmem_cache_find(m, "kmalloc-64");
	uint32_t n32 = kmem_cache_live(k32), n64 = kmem_cache_live(k64);
	kva_t a = vmalloc(m, 8 * 4096);

	/* vm_struct and array of 8 pointers; vmap_area */
	cr_expect_eq(kmem_cache_live(k32), n32 + 2);
	cr_expect_eq(kmem_cache_live(k64), n64 + 1);
	cr_expect_eq(vfree(m, a, NULL), 0);
	cr_expect_eq(kmem_cache_live(k32), n32);
	cr_expect_eq(kmem_cache_live(k64), n64 + 1, "it waits for the purge");
	purge_vmap_area_lazy(m);
	cr_expect_eq(kmem_cache_live(k64), n64);
}

Test(vmalloc, freed_addresses_stay_taken)
{
	kva_t a = vmalloc(m, 4096), b;

	cr_expect_eq(vfree(m, a, NULL), 0);
	cr_expect_eq(m->vmap_lazy_nr, 2);
	b = vmalloc(m, 4096);
	cr_expect_eq(b, a + 0x2000);
	purge_vmap_area_lazy(m);
	cr_expect_eq(m->vmap_lazy_nr, 0);
	cr_expect_null(find_vmap_area(m, a));
}

/* 8192 pages may wait; one more purges them all. */
Test(vmalloc, purge_beyond_32_mib)
{
	kva_t area[8], last;

	for (int i = 0; i < 8; i++)
		area[i] = vmalloc(m, 1023 * 4096);
	last = vmalloc(m, 4096);
	for (int i = 0; i < 8; i++)
		vfree(m, area[i], NULL);
	cr_expect_eq(m->vmap_lazy_nr, 8192);
	cr_expect(find_vmap_area(m, area[0]));
	vfree(m, last, NULL);
	cr_expect_eq(m->vmap_lazy_nr, 0);
	cr_expect(list_empty(&m->vmap_area_list));
	cr_expect_eq(vmalloc(m, 1), m->vmalloc_start);
}

/* A hole that was passed over is used when it is large enough. */
Test(vmalloc, remembered_hole)
{
	kva_t a = vmalloc(m, 4 * 4096), b, c;

	b = vmalloc(m, 4096);
	vfree(m, a, NULL);
	purge_vmap_area_lazy(m);
	cr_expect_null(m->free_vmap_cache, "all before it was free");
	c = vmalloc(m, 8 * 4096); /* does not fit into the 5 pages of a */
	cr_expect_eq(c, b + 0x2000);
	cr_expect_eq(m->vmap_cached_hole_size, 5 * 4096);
	cr_expect_eq(vmalloc(m, 4 * 4096), c + 9 * 4096,
		     "as large as the hole: behind the newest");
	cr_expect_eq(vmalloc(m, 3 * 4096), a, "smaller: into the hole");
}

Test(vmalloc_small_range, full_range_purges)
{
	kva_t a, b;

	boot_with((uint64_t)64 << 20, "x86-2level", 16 * 4096);
	a = vmalloc(m, 9 * 4096);
	cr_assert_eq(a, m->vmalloc_start);
	cr_expect_eq(vmalloc(m, 8 * 4096), 0, "only 6 pages are left");
	b = vmalloc(m, 5 * 4096);
	cr_expect_eq(b, a + 10 * 4096);
	vfree(m, a, NULL);
	cr_expect_eq(vmalloc(m, 8 * 4096), a, "the purge makes room");
	cr_expect_eq(broken(), 0);
	machine_destroy(m);
}

/* Memory there is, but no addresses: what was allocated for the area goes. */
Test(vmalloc_small_range, no_room_leaves_no_object)
{
	const struct kmem_cache *cache;

	boot_with((uint64_t)64 << 20, "x86-2level", 16 * 4096);
	cache = kmalloc_slab(m, 32, GFP_KERNEL);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t live = kmem_cache_live(cache);

		cr_expect_eq(vmalloc(m, 16 * 4096), 0);
		cr_expect_eq(kmem_cache_live(cache), live);
	}
	machine_destroy(m);
}

/* More than 1024 pages: the array of pointers is vmalloc'ed too. */
Test(vmalloc, large_array)
{
	kva_t a = vmalloc(m, 1025 * 4096);
	struct vmap_area *va = find_vmap_area(m, a), *array;

	cr_assert(va && va->vpages);
	array = find_vmap_area(m, va->pages_kobj);
	cr_assert(array);
	cr_expect_eq(array->nr_pages, 2);
	cr_expect_eq(array->va_start, va->va_end);
	vfree(m, a, NULL);
	cr_expect(array->lazy);
}

Test(vmalloc, misuse)
{
	kva_t a = vmalloc(m, 8192);
	const char *why;

	cr_expect_eq(vfree(m, a + 4096, &why), -EINVAL);
	cr_expect_str_eq(why, "not the start of an area");
	cr_expect_eq(vfree(m, 0x1000, &why), -EINVAL);
	cr_expect_str_eq(why, "no vmalloc area");
	cr_expect_eq(vfree(m, 0, &why), 0);
	cr_expect_eq(vfree(m, a, &why), 0);
	cr_expect_eq(vfree(m, a, &why), -EINVAL);
	cr_expect_str_eq(why, "double free");
}

Test(vmalloc, numbers)
{
	struct vmalloc_info vi;
	uint64_t total = m->vmalloc_end - m->vmalloc_start;
	kva_t a = vmalloc(m, 3 * 4096);

	get_vmalloc_info(m, &vi);
	cr_expect_eq(vi.used, 4 * 4096);
	cr_expect_eq(vi.largest_chunk, total - 4 * 4096);
	vfree(m, a, NULL);
	get_vmalloc_info(m, &vi);
	cr_expect_eq(vi.used, 0);
	cr_expect_eq(vi.largest_chunk, total);
}

/* Frames run out in the middle of an area: everything goes back. */
Test(vmalloc_memory, exhaustion)
{
	kva_t a[2000], one;
	uint32_t n = 0;
	int64_t free_before, free_after;

	boot_with((uint64_t)16 << 20, "x86-2level", 0);
	vfree(m, vmalloc(m, 4096), NULL);
	purge_vmap_area_lazy(m);
	drain_all_pages(m);
	free_before = global_page_state(m, NR_FREE_PAGES);
	while (n < ARRAY_SIZE(a) && (one = vmalloc(m, 64 * 4096)))
		a[n++] = one;
	cr_assert(n > 10 && n < ARRAY_SIZE(a));
	cr_expect_eq(broken(), 0);
	while (n)
		vfree(m, a[--n], NULL);
	purge_vmap_area_lazy(m);
	drain_all_pages(m);
	free_after = global_page_state(m, NR_FREE_PAGES);
	/* slabs and page tables for the areas stay */
	cr_expect_geq(free_after + 32, free_before);
	cr_expect_eq(broken(), 0);
	machine_destroy(m);
}

Test(vmalloc, random_operations)
{
	kva_t held[64];
	uint32_t n = 0, seed = 7;

	for (int i = 0; i < 2000; i++) {
		seed = seed * 1664525 + 1013904223;
		if (n < 64 && seed >> 31) {
			held[n] = vmalloc(m, 1 + (seed >> 8) % 300000);
			cr_assert(held[n]);
			n++;
		} else if (n) {
			uint32_t k = (seed >> 8) % n;

			cr_assert_eq(vfree(m, held[k], NULL), 0);
			held[k] = held[--n];
		}
		if (i % 16 == 0)
			cr_assert_eq(broken(), 0, "step %d", i);
	}
	while (n)
		vfree(m, held[--n], NULL);
	purge_vmap_area_lazy(m);
	cr_expect(list_empty(&m->vmap_area_list));
	cr_expect_eq(m->vmap_pool.nr_used, 0);
}
