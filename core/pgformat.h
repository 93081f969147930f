/*
 * pgformat.h - page-table formats written down as data.
 *
 * A format is a row: how many levels, how many index bits each, how wide an
 * entry is, which bit means what. One walker and one set of accessors serve
 * every row; the hot ones (x86-2level, x86-pae) are specialised at compile
 * time from the same source. Generic code asks for a level by its kernel name
 * (PGD, P4D, PUD, PMD, PTE); a format that lacks one folds it, as the kernel
 * does.
 *
 *   x86-2level   | pgd 10 | pte 10 | offset 12 |            4-byte entries
 *   x86-pae      | pgd 2 | pmd 9 | pte 9 | offset 12 |      8-byte entries
 */
#ifndef MMEMU_CORE_PGFORMAT_H
#define MMEMU_CORE_PGFORMAT_H

#include "core/types.h"

enum pg_level_id { PG_PTE, PG_PMD, PG_PUD, PG_P4D, PG_PGD, PG_MAX_LEVELS };

typedef struct {
	uint64_t v;
} pte_t;
typedef uint64_t pgprot_t; /* the bits of an entry but the frame number */
typedef struct {
	uint64_t val; /* type << 58 | offset; 0 = none */
} swp_entry_t;

struct pg_level {
	const char *name;    /* "pgd", "pmd" ... as the kernel calls it */
	enum pg_level_id id;
	uint8_t index_bits;
	uint8_t shift;	     /* first address bit it translates */
	bool may_be_leaf;    /* large pages are possible here */
	uint64_t table_bits; /* flags of an entry that points to a table */
	bool in_registers;   /* the CPU reads this table when it loads CR3, and
				not again in a walk: PAE's four entries */
};

/* Masks; 0 where the format has no such bit. */
struct pg_bits {
	uint64_t present, read, write, user, exec, nx, pwt, pcd, accessed,
		dirty, huge, global;
	uint64_t special;  /* software: no struct page behind it (zero page) */
	uint64_t protnone; /* in an entry without `present`: PROT_NONE */
	uint64_t file;	   /* in an entry without `present`: nonlinear offset */
};

struct pg_format {
	const char *name, *title;
	uint8_t va_bits, pa_bits, page_shift, entry_size, nr_levels;
	struct pg_level level[PG_MAX_LEVELS]; /* root first */
	struct pg_bits bits;
	uint64_t addr_mask;   /* where an entry keeps the frame's address */
	uint8_t addr_rshift;  /* the address is stored shifted right by this */
	uint64_t low_flags;   /* the bits `pagetables` prints */
	/* non-present encodings: fields as {from, width} in the entry */
	struct pg_field {
		uint8_t shift, bits;
	} swp_type, swp_offset, file_off[3]; /* low part first; bits 0 ends */
	uint8_t reach_bits; /* of physical memory that Linux uses with it
			       (MAX_PHYSMEM_BITS); 0: pa_bits */
	unsigned user_root_tables; /* next-level tables allocated with the pgd:
				      PAE preallocates 3 */
};

/*
 * A format of a configuration's own: entries as x86 has them, levels and sizes
 * as one likes. Levels root first; the last one is the pte level.
 */
struct pg_custom {
	uint8_t nr_levels; /* 0: no such format */
	uint8_t index_bits[PG_MAX_LEVELS];
	bool large[PG_MAX_LEVELS]; /* large pages are possible at that level */
	uint8_t entry_size, pa_bits, page_shift;
};
/* The row that it stands for. name must outlive f. => nr_levels is 1 to 5 */
void pg_format_build(const struct pg_custom *custom, const char *name,
		     struct pg_format *f);
/* May a program name this address at all? Where entries are wider than 32
 * bits, addresses are sign-extended: both halves count. */
static inline bool pg_address_fits(const struct pg_format *f, vaddr_t va)
{
	if (f->va_bits >= 64 || !(va >> f->va_bits))
		return true;
	return f->va_bits > 32 && (int64_t)va >> (f->va_bits - 1) == -1;
}

extern const struct pg_format pg_formats[];
extern const unsigned nr_pg_formats;
const struct pg_format *pg_format_find(const char *name);
/* 0, or -EINVAL with *why one line: levels add up, tables fit, bits apart. */
int pg_format_check(const struct pg_format *f, const char **why);

/* Depth of a level in f->level[], or -1 where it is folded. */
int pg_level_depth(const struct pg_format *f, enum pg_level_id id);
/* First address bit that level depth d translates. */
static inline unsigned pg_level_shift(const struct pg_format *f, unsigned depth)
{
	return f->level[depth].shift;
}
/* Number of entries of one table of level depth d. */
static inline uint64_t pg_table_entries(const struct pg_format *f, unsigned d)
{
	return (uint64_t)1 << f->level[d].index_bits;
}
/* Which entry of its table at depth d translates va. */
static inline uint64_t pg_index(const struct pg_format *f, unsigned d,
				vaddr_t va)
{
	return (va >> f->level[d].shift) & (pg_table_entries(f, d) - 1);
}
/* Bytes of one table of level depth d. */
static inline uint64_t pg_table_bytes(const struct pg_format *f, unsigned d)
{
	return (uint64_t)f->entry_size << f->level[d].index_bits;
}

/* Order of the block of frames that holds one table of level depth d. */
static inline unsigned pg_table_order(const struct pg_format *f, unsigned d)
{
	uint64_t bytes = pg_table_bytes(f, d);

	return bytes >> f->page_shift > 1 ? order_of(bytes >> f->page_shift) : 0;
}
/* An upper-level entry that maps a large page instead of naming a table. */
static inline bool pg_entry_is_leaf(const struct pg_format *f, unsigned d,
				    uint64_t entry)
{
	return f->level[d].may_be_leaf && (entry & f->bits.present) &&
	       (entry & (f->bits.huge ? f->bits.huge :
					f->bits.read | f->bits.exec));
}

/* ---- one entry of the last level ---- */
static inline pte_t __pte(uint64_t v)
{
	return (pte_t){v};
}
static inline bool pte_none(pte_t p)
{
	return p.v == 0;
}
static inline bool pte_present(const struct pg_format *f, pte_t p)
{
	return p.v & (f->bits.present | f->bits.protnone);
}
static inline bool pte_hw_present(const struct pg_format *f, pte_t p)
{
	return p.v & f->bits.present;
}
static inline bool pte_file(const struct pg_format *f, pte_t p)
{
	return !pte_present(f, p) && (p.v & f->bits.file);
}
static inline bool pte_write(const struct pg_format *f, pte_t p)
{
	return p.v & f->bits.write;
}
static inline bool pte_dirty(const struct pg_format *f, pte_t p)
{
	return p.v & f->bits.dirty;
}
static inline bool pte_young(const struct pg_format *f, pte_t p)
{
	return p.v & f->bits.accessed;
}
static inline bool pte_special(const struct pg_format *f, pte_t p)
{
	return p.v & f->bits.special;
}
static inline bool pte_exec(const struct pg_format *f, pte_t p)
{
	return f->bits.exec ? (p.v & f->bits.exec) != 0 : !(p.v & f->bits.nx);
}
static inline pte_t pte_mkwrite(const struct pg_format *f, pte_t p)
{
	return __pte(p.v | f->bits.write);
}
static inline pte_t pte_wrprotect(const struct pg_format *f, pte_t p)
{
	return __pte(p.v & ~f->bits.write);
}
static inline pte_t pte_mkdirty(const struct pg_format *f, pte_t p)
{
	return __pte(p.v | f->bits.dirty);
}
static inline pte_t pte_mkclean(const struct pg_format *f, pte_t p)
{
	return __pte(p.v & ~f->bits.dirty);
}
static inline pte_t pte_mkyoung(const struct pg_format *f, pte_t p)
{
	return __pte(p.v | f->bits.accessed);
}
static inline pte_t pte_mkold(const struct pg_format *f, pte_t p)
{
	return __pte(p.v & ~f->bits.accessed);
}
static inline pte_t pte_mkspecial(const struct pg_format *f, pte_t p)
{
	return __pte(p.v | f->bits.special);
}
static inline pfn_t pte_pfn(const struct pg_format *f, pte_t p)
{
	return (pfn_t)(((p.v & f->addr_mask) << f->addr_rshift) >>
		       f->page_shift);
}
static inline pte_t pfn_pte(const struct pg_format *f, pfn_t pfn, pgprot_t prot)
{
	return __pte((((uint64_t)pfn << f->page_shift) >> f->addr_rshift) |
		     prot);
}
/* New protection; frame, A, D, PWT, PCD and special stay. Linux: pte_modify. */
pte_t pte_modify(const struct pg_format *f, pte_t p, pgprot_t prot);
/* protection_map: the private or shared column by VM_READ|WRITE|EXEC|SHARED. */
pgprot_t vm_get_page_prot(const struct pg_format *f, vm_flags_t vm_flags);

/* ---- non-present entries ---- */
#define SWP_TYPE_SHIFT 58
static inline swp_entry_t swp_entry(unsigned type, uint64_t offset)
{
	return (swp_entry_t){(uint64_t)type << SWP_TYPE_SHIFT | offset};
}
static inline unsigned swp_type(swp_entry_t e)
{
	return (unsigned)(e.val >> SWP_TYPE_SHIFT);
}
static inline uint64_t swp_offset(swp_entry_t e)
{
	return e.val & (((uint64_t)1 << SWP_TYPE_SHIFT) - 1);
}
swp_entry_t pte_to_swp_entry(const struct pg_format *f, pte_t p);
pte_t swp_entry_to_pte(const struct pg_format *f, swp_entry_t e);
uint64_t pte_to_pgoff(const struct pg_format *f, pte_t p);
pte_t pgoff_to_pte(const struct pg_format *f, uint64_t pgoff);
/* Largest page offset a nonlinear entry holds (bits). */
unsigned pte_file_max_bits(const struct pg_format *f);

#endif
