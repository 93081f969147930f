/* test_pgformat.c - rows of page-table formats against the kernel's constants. */
#include "core/config.h"
#include "core/mm.h"
#include "core/pgformat.h"

#include <criterion/criterion.h>
#include <string.h>

#define NX ((uint64_t)1 << 63)

Test(pgformat, every_row_is_right)
{
	for (unsigned i = 0; i < nr_pg_formats; i++) {
		const char *why = NULL;

		cr_expect_eq(pg_format_check(&pg_formats[i], &why), 0, "%s: %s",
			     pg_formats[i].name, why);
		cr_expect_eq(pg_format_find(pg_formats[i].name),
			     &pg_formats[i]);
	}
	cr_expect_null(pg_format_find("x86-3level"));
}

Test(pgformat, a_wrong_row_is_told)
{
	const struct pg_format *good = pg_format_find("x86-pae");
	struct pg_format f;
	const char *why;

#define WRONG(change)                                                   \
	do {                                                            \
		f = *good;                                              \
		change;                                                 \
		why = NULL;                                             \
		cr_expect_eq(pg_format_check(&f, &why), -EINVAL, #change); \
		cr_expect_not_null(why, #change);                       \
	} while (0)
	WRONG(f.level[0].index_bits = 3);
	WRONG(f.level[1].shift = 22);
	WRONG(f.va_bits = 33);
	WRONG(f.entry_size = 16);
	WRONG(f.nr_levels = 0);
	WRONG((f.level[1].index_bits = 10, f.level[0].index_bits = 1,
	       f.level[0].shift = 31));
	WRONG(f.bits.write = f.bits.present);
	WRONG(f.bits.special = 0x600);
	WRONG(f.bits.nx = 0x1000);
	WRONG(f.addr_mask = 0xfffff000);
	WRONG(f.swp_type.shift = 6);
	WRONG(f.swp_offset.shift = 36);
	WRONG(f.file_off[1] = f.file_off[0]);
	WRONG(f.file_off[0].shift = 8);
	WRONG(f.bits.file = 0);
	good = pg_format_find("x86-2level");
	WRONG(f.bits.nx = NX);
	WRONG(f.swp_offset.bits = 24);
}

static uint64_t index_of(const char *name, unsigned d, vaddr_t va)
{
	return pg_index(pg_format_find(name), d, va);
}

Test(pgformat, addresses_are_cut_as_the_manuals_say)
{
	vaddr_t va = 0xbfffe123;

	cr_expect_eq(index_of("x86-2level", 0, va), 767);
	cr_expect_eq(index_of("x86-2level", 1, va), 1022);
	cr_expect_eq(index_of("x86-pae", 0, va), 2);
	cr_expect_eq(index_of("x86-pae", 1, va), 511);
	cr_expect_eq(index_of("x86-pae", 2, va), 510);
	cr_expect_eq(index_of("flat", 0, va), 0xbfffe);
	cr_expect_eq(index_of("lecture-5555", 0, va), 23);
	cr_expect_eq(index_of("lecture-5555", 3, va), 30);
	cr_expect_eq(index_of("x86-64", 0, 0x7fffffffe000), 255);
	cr_expect_eq(index_of("x86-64", 0, 0xffff880000000000), 272);
	cr_expect_eq(index_of("x86-64-5level", 0, 0x00ffffffffffe000), 255);
	cr_expect_eq(index_of("riscv-sv39", 0, 0x3fffffe000), 255);
}

Test(pgformat, folded_levels_have_no_depth)
{
	const struct pg_format *two = pg_format_find("x86-2level");

	cr_expect_eq(pg_level_depth(two, PG_PGD), 0);
	cr_expect_eq(pg_level_depth(two, PG_PMD), -1);
	cr_expect_eq(pg_level_depth(two, PG_PTE), 1);
	cr_expect_eq(pg_table_order(pg_format_find("flat"), 0), 10);
	cr_expect_eq(pg_table_order(two, 0), 0);
	cr_expect_eq(pg_table_order(pg_format_find("x86-pae"), 0), 0);
}

Test(pgformat, protection_map_of_x86)
{
	static const struct {
		vm_flags_t vm;
		uint64_t private, shared;
		bool nx;
	} map[] = {
		{0, 0x120, 0x120, false},
		{VM_READ, 0x25, 0x25, true},
		{VM_WRITE, 0x25, 0x27, true},
		{VM_READ | VM_WRITE, 0x25, 0x27, true},
		{VM_EXEC, 0x25, 0x25, false},
		{VM_READ | VM_EXEC, 0x25, 0x25, false},
		{VM_WRITE | VM_EXEC, 0x25, 0x27, false},
		{VM_READ | VM_WRITE | VM_EXEC, 0x25, 0x27, false},
	};
	const struct pg_format *two = pg_format_find("x86-2level");
	const struct pg_format *pae = pg_format_find("x86-pae");

	for (size_t i = 0; i < ARRAY_SIZE(map); i++) {
		uint64_t nx = map[i].nx ? NX : 0;
		vm_flags_t vm = map[i].vm;

		cr_expect_eq(vm_get_page_prot(two, vm), map[i].private);
		cr_expect_eq(vm_get_page_prot(two, vm | VM_SHARED),
			     map[i].shared);
		cr_expect_eq(vm_get_page_prot(pae, vm), map[i].private | nx);
		cr_expect_eq(vm_get_page_prot(pae, vm | VM_SHARED),
			     map[i].shared | nx);
	}
}

Test(pgformat, entries_of_anonymous_pages)
{
	const struct pg_format *f = pg_format_find("x86-2level");
	pgprot_t prot = vm_get_page_prot(f, VM_READ | VM_WRITE);
	pte_t fresh = pte_mkwrite(f, pte_mkdirty(f, pfn_pte(f, 0x1234, prot)));
	pte_t zero = pte_mkspecial(f, pfn_pte(f, 0x777, prot));

	cr_expect_eq(fresh.v, 0x1234067);
	cr_expect_eq(zero.v, 0x777225);
	cr_expect_eq(pte_pfn(f, fresh), 0x1234);
	/* PROT_NONE keeps frame, A, D and special; P and RW go */
	fresh = pte_modify(f, fresh, vm_get_page_prot(f, 0));
	cr_expect_eq(fresh.v, 0x1234160);
	cr_expect(pte_present(f, fresh));
	cr_expect_not(pte_hw_present(f, fresh));
	cr_expect_not(pte_file(f, fresh));
	cr_expect_eq(pte_modify(f, zero, vm_get_page_prot(f, 0)).v, 0x777320);
	/* an entry made old stays old, whatever the protection says */
	cr_expect_eq(pte_modify(f, __pte(0x1234005), prot).v, 0x1234005);
}

Test(pgformat, frames_of_wide_and_shifted_addresses)
{
	const struct pg_format *pae = pg_format_find("x86-pae");
	const struct pg_format *sv32 = pg_format_find("riscv-sv32");
	const struct pg_format *sv39 = pg_format_find("riscv-sv39");

	cr_expect_eq(pfn_pte(pae, 0xabcdef, 0x67 | NX).v,
		     NX | 0xabcdef067);
	cr_expect_eq(pte_pfn(pae, __pte(NX | 0xabcdef067)), 0xabcdef);
	cr_expect_eq(pfn_pte(sv32, 0x3fffff, 0xdf).v, 0xfffffcdf);
	cr_expect_eq(pte_pfn(sv32, __pte(0xfffffcdf)), 0x3fffff);
	cr_expect_eq(pfn_pte(sv39, 0x80000, 0x0f).v, 0x2000000f);
	/* V R U A, as Linux has PAGE_READ there */
	cr_expect_eq(vm_get_page_prot(sv39, VM_READ), 0x53);
	cr_expect_eq(vm_get_page_prot(sv39, VM_EXEC), 0x59);
	cr_expect_eq(vm_get_page_prot(sv39, VM_READ | VM_WRITE | VM_SHARED),
		     0x57);
}

Test(pgformat, swap_and_file_entries_of_x86)
{
	const struct pg_format *two = pg_format_find("x86-2level");
	const struct pg_format *pae = pg_format_find("x86-pae");

	cr_expect_eq(swp_entry_to_pte(two, swp_entry(3, 0x1001)).v,
		     3 << 1 | 0x1001 << 9);
	cr_expect_eq(swp_entry_to_pte(pae, swp_entry(3, 0x1001)).v,
		     (uint64_t)(3 | 0x1001 << 5) << 32);
	/* 29 bits: 5 low, one, 23 high, around bits 0, 6 and 8 */
	cr_expect_eq(pgoff_to_pte(two, 0).v, 0x40);
	cr_expect_eq(pgoff_to_pte(two, 0x1f).v, 0x7e);
	cr_expect_eq(pgoff_to_pte(two, 0x20).v, 0xc0);
	cr_expect_eq(pgoff_to_pte(two, 0x40).v, 0x240);
	cr_expect_eq(pgoff_to_pte(two, 0x1fffffff).v, 0xfffffefe);
	cr_expect_eq(pte_file_max_bits(two), 29);
	cr_expect_eq(pgoff_to_pte(pae, 0x12345678).v, 0x1234567800000040);
	cr_expect_eq(pte_file_max_bits(pae), 32);
}

Test(pgformat, entries_that_are_not_present_come_back)
{
	for (unsigned i = 0; i < nr_pg_formats; i++) {
		const struct pg_format *f = &pg_formats[i];
		uint64_t max = ((uint64_t)1 << f->swp_offset.bits) - 1;

		for (uint64_t off = 1; off <= max && off; off = off << 1 | 1) {
			swp_entry_t e = swp_entry(off % 32, off);
			pte_t p = swp_entry_to_pte(f, e);

			cr_assert(!pte_present(f, p) && !pte_file(f, p) &&
					  !pte_none(p),
				  "%s: 0x%lx", f->name, p.v);
			cr_assert_eq(pte_to_swp_entry(f, p).val, e.val);
		}
		max = ((uint64_t)1 << pte_file_max_bits(f)) - 1;
		for (uint64_t off = 0; off <= max; off = off << 1 | 1) {
			pte_t p = pgoff_to_pte(f, off);

			cr_assert(!pte_present(f, p) && pte_file(f, p),
				  "%s: 0x%lx", f->name, p.v);
			cr_assert_eq(pte_to_pgoff(f, p), off);
		}
	}
}

/* What the configuration can say of x86's two levels is that row. */
Test(pgformat, a_custom_format_of_ten_and_ten_bits_is_x86s)
{
	const struct pg_custom ten_ten = {.nr_levels = 2,
					  .index_bits = {10, 10},
					  .entry_size = 4,
					  .pa_bits = 32,
					  .page_shift = 12};
	const struct pg_format *x86 = pg_format_find("x86-2level");
	struct pg_format f;
	const char *why = "";

	pg_format_build(&ten_ten, "mine", &f);
	cr_expect_eq(pg_format_check(&f, &why), 0, "%s", why);
	cr_expect_eq(f.va_bits, x86->va_bits);
	cr_expect_eq(f.pa_bits, x86->pa_bits);
	cr_expect_eq(f.addr_mask, x86->addr_mask);
	cr_expect_eq(f.addr_mask, 0xfffff000);
	for (unsigned d = 0; d < 2; d++) {
		cr_expect_eq(f.level[d].id, x86->level[d].id);
		cr_expect_eq(f.level[d].shift, x86->level[d].shift);
		cr_expect_eq(f.level[d].index_bits, x86->level[d].index_bits);
		cr_expect_eq(f.level[d].table_bits, x86->level[d].table_bits);
	}
	cr_expect_eq(pfn_pte(&f, 0x1234, 0x67).v, 0x1234067);
	cr_expect_eq(pte_pfn(&f, __pte(0x1234067)), 0x1234);
}

/* Entries of 8 bytes: frames up to the width asked for, NX above. */
Test(pgformat, a_custom_format_of_wide_entries)
{
	const struct pg_custom wide = {.nr_levels = 3,
				       .index_bits = {2, 9, 9},
				       .entry_size = 8,
				       .pa_bits = 40,
				       .page_shift = 12};
	struct pg_format f;
	const char *why = "";

	pg_format_build(&wide, "mine", &f);
	cr_expect_eq(pg_format_check(&f, &why), 0, "%s", why);
	cr_expect_eq(f.va_bits, 32);
	cr_expect_eq(f.addr_mask, 0xfffffff000);
	cr_expect_eq(f.bits.nx, NX);
	cr_expect_eq(pte_pfn(&f, __pte(NX | 0xabcdef067)), 0xabcdef);
}

/* Who asks for a format that is not there is told of all that are. */
Test(pgformat, unknown_name_lists_them)
{
	struct machine_config cfg;
	const char *key, *why;

	machine_config_default(&cfg);
	strcpy(cfg.paging, "x86-3level");
	cr_assert_neq(machine_config_check(&cfg, &key, &why), 0);
	cr_expect_str_eq(key, "paging");
	for (unsigned i = 0; i < nr_pg_formats; i++)
		cr_expect(strstr(why, pg_formats[i].name), "%s",
			  pg_formats[i].name);
}
