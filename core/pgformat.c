/*
 * pgformat.c - the page-table formats, one row each, and what follows from a
 * row: protections, swap and file entries, its own check.
 *
 * A virtual address is cut into one index for each level and an offset:
 *
 *   x86-2level   0xBFFFE123 = 10|1111111111|1111111110|000100100011
 *                pgd [767]   pte [1022]   offset 0x123
 *   x86-pae      0xBFFFE123 = pgd [2]  pmd [511]  pte [510]  offset 0x123
 *
 * An entry that is present holds a frame and bits; all else about it is
 * software's. Linux keeps three kinds of such entries apart by their bits:
 *
 *   x86-2level   31           9 8 7 6 5     1 0
 *   present      | frame |sw..| G S D A C W U W P |
 *   PROT_NONE    | frame |    | 1 . D A . . . . 0 |    G means PROT_NONE
 *   swap         | offset     | 0 . 0 type      0 |
 *   file         | offset high| 0 o 1 offset low 0|    D means nonlinear file
 *
 * A row is right when (pg_format_check):
 *   1. index bits and page bits add up to the bits of a virtual address, each
 *      level's shift is where the lower levels end, ids descend to PTE;
 *   2. a table fits a frame; only the root may take a block, of at most 1024;
 *   3. the bits of a present entry are single, apart, and not in addr_mask;
 *   4. addr_mask holds every frame of the physical width;
 *   5. present, protnone and file lie outside the fields of the swap encoding,
 *      present and protnone outside those of the file encoding.
 *
 * RISC-V stores a frame's address shifted by two, and an upper entry is a
 * large page when it may be read or executed, not by a bit of its own. It
 * never had nonlinear entries: D marks them here, as on x86, and the swap
 * offset begins behind it.
 *
 * Linux: arch/x86/include/asm/pgtable_types.h, pgtable-2level.h,
 * pgtable-3level.h, pgtable_64.h; arch/riscv/include/asm/pgtable-bits.h.
 * Intel SDM volume 3, 4.3 to 4.5; RISC-V privileged architecture, 4.3, 4.4.
 */
#include "core/pgformat.h"
#include "core/mm.h"

#include <string.h>

#define X86_TABLE 0x067u /* P RW US A D */
#define X86_BITS(nx_)                                                     \
	{                                                                 \
		.present = 0x001, .write = 0x002, .user = 0x004,          \
		.pwt = 0x008, .pcd = 0x010, .accessed = 0x020,            \
		.dirty = 0x040, .huge = 0x080, .global = 0x100,           \
		.special = 0x200, .protnone = 0x100, .file = 0x040,       \
		.nx = (nx_)                                               \
	}
#define X86_NX ((uint64_t)1 << 63)

#define RISCV_TABLE 0x001u /* V */
#define RISCV_BITS                                                        \
	{                                                                 \
		.present = 0x001, .read = 0x002, .write = 0x004,          \
		.exec = 0x008, .user = 0x010, .global = 0x020,            \
		.accessed = 0x040, .dirty = 0x080, .special = 0x100,      \
		.protnone = 0x002, .file = 0x080                          \
	}

/* clang-format off */
const struct pg_format pg_formats[] = {
	{
		.name = "x86-2level", .title = "x86, 10 + 10 + 12",
		.va_bits = 32, .pa_bits = 32, .page_shift = 12,
		.entry_size = 4, .nr_levels = 2,
		.level = {
			{"pgd", PG_PGD, 10, 22, true, X86_TABLE, false},
			{"pte", PG_PTE, 10, 12, false, 0, false},
		},
		.bits = X86_BITS(0),
		.addr_mask = 0xfffff000, .low_flags = 0xfff,
		.swp_type = {1, 5}, .swp_offset = {9, 23},
		.file_off = {{1, 5}, {7, 1}, {9, 23}},
	},
	{
		.name = "x86-pae", .title = "x86 with PAE, 2 + 9 + 9 + 12",
		.va_bits = 32, .pa_bits = 44, .page_shift = 12,
		.entry_size = 8, .nr_levels = 3,
		.level = {
			{"pgd", PG_PGD, 2, 30, false, 0x001, true},
			{"pmd", PG_PMD, 9, 21, true, X86_TABLE, false},
			{"pte", PG_PTE, 9, 12, false, 0, false},
		},
		.bits = X86_BITS(X86_NX),
		.addr_mask = 0x00000ffffffff000, .low_flags = 0xfff,
		.swp_type = {32, 5}, .swp_offset = {37, 27},
		.file_off = {{32, 32}},
		.reach_bits = 36, .user_root_tables = 3,
	},
	{
		.name = "flat", .title = "one table, 20 + 12",
		.va_bits = 32, .pa_bits = 32, .page_shift = 12,
		.entry_size = 4, .nr_levels = 1,
		.level = {
			{"pte", PG_PTE, 20, 12, false, 0, false},
		},
		.bits = X86_BITS(0),
		.addr_mask = 0xfffff000, .low_flags = 0xfff,
		.swp_type = {1, 5}, .swp_offset = {9, 23},
		.file_off = {{1, 5}, {7, 1}, {9, 23}},
	},
	{
		.name = "lecture-5555", .title = "four levels, 5 + 5 + 5 + 5 + 12",
		.va_bits = 32, .pa_bits = 32, .page_shift = 12,
		.entry_size = 4, .nr_levels = 4,
		.level = {
			{"pgd", PG_PGD, 5, 27, true, X86_TABLE, false},
			{"pud", PG_PUD, 5, 22, true, X86_TABLE, false},
			{"pmd", PG_PMD, 5, 17, true, X86_TABLE, false},
			{"pte", PG_PTE, 5, 12, false, 0, false},
		},
		.bits = X86_BITS(0),
		.addr_mask = 0xfffff000, .low_flags = 0xfff,
		.swp_type = {1, 5}, .swp_offset = {9, 23},
		.file_off = {{1, 5}, {7, 1}, {9, 23}},
	},
	{
		.name = "x86-64", .title = "x86-64, 9 + 9 + 9 + 9 + 12",
		.va_bits = 48, .pa_bits = 46, .page_shift = 12,
		.entry_size = 8, .nr_levels = 4,
		.level = {
			{"pgd", PG_PGD, 9, 39, false, X86_TABLE, false},
			{"pud", PG_PUD, 9, 30, true, X86_TABLE, false},
			{"pmd", PG_PMD, 9, 21, true, X86_TABLE, false},
			{"pte", PG_PTE, 9, 12, false, 0, false},
		},
		.bits = X86_BITS(X86_NX),
		.addr_mask = 0x00003ffffffff000, .low_flags = 0xfff,
		.swp_type = {1, 5}, .swp_offset = {9, 55},
		.file_off = {{12, 32}},
	},
	{
		.name = "x86-64-5level", .title = "x86-64 with LA57, 5 x 9 + 12",
		.va_bits = 57, .pa_bits = 52, .page_shift = 12,
		.entry_size = 8, .nr_levels = 5,
		.level = {
			{"pgd", PG_PGD, 9, 48, false, X86_TABLE, false},
			{"p4d", PG_P4D, 9, 39, false, X86_TABLE, false},
			{"pud", PG_PUD, 9, 30, true, X86_TABLE, false},
			{"pmd", PG_PMD, 9, 21, true, X86_TABLE, false},
			{"pte", PG_PTE, 9, 12, false, 0, false},
		},
		.bits = X86_BITS(X86_NX),
		.addr_mask = 0x000ffffffffff000, .low_flags = 0xfff,
		.swp_type = {1, 5}, .swp_offset = {9, 55},
		.file_off = {{12, 32}},
	},
	{
		.name = "riscv-sv32", .title = "RISC-V Sv32, 10 + 10 + 12",
		.va_bits = 32, .pa_bits = 34, .page_shift = 12,
		.entry_size = 4, .nr_levels = 2,
		.level = {
			{"pgd", PG_PGD, 10, 22, true, RISCV_TABLE, false},
			{"pte", PG_PTE, 10, 12, false, 0, false},
		},
		.bits = RISCV_BITS,
		.addr_mask = 0xfffffc00, .addr_rshift = 2, .low_flags = 0x3ff,
		.swp_type = {2, 5}, .swp_offset = {8, 24},
		.file_off = {{2, 5}, {8, 24}},
	},
	{
		.name = "riscv-sv39", .title = "RISC-V Sv39, 9 + 9 + 9 + 12",
		.va_bits = 39, .pa_bits = 56, .page_shift = 12,
		.entry_size = 8, .nr_levels = 3,
		.level = {
			{"pgd", PG_PGD, 9, 30, true, RISCV_TABLE, false},
			{"pmd", PG_PMD, 9, 21, true, RISCV_TABLE, false},
			{"pte", PG_PTE, 9, 12, false, 0, false},
		},
		.bits = RISCV_BITS,
		.addr_mask = 0x003ffffffffffc00, .addr_rshift = 2,
		.low_flags = 0x3ff,
		.swp_type = {2, 5}, .swp_offset = {8, 50},
		.file_off = {{8, 32}},
	},
};
/* clang-format on */
const unsigned nr_pg_formats = ARRAY_SIZE(pg_formats);

const struct pg_format *pg_format_find(const char *name)
{
	for (unsigned i = 0; i < nr_pg_formats; i++)
		if (!strcmp(pg_formats[i].name, name))
			return &pg_formats[i];
	return NULL;
}

int pg_level_depth(const struct pg_format *f, enum pg_level_id id)
{
	for (unsigned d = 0; d < f->nr_levels; d++)
		if (f->level[d].id == id)
			return (int)d;
	return -1;
}

/* ---- a row made from a configuration ---- */

static void build_levels(const struct pg_custom *c, struct pg_format *f)
{
	static const char *const names[] = {[PG_PTE] = "pte",
					    [PG_PMD] = "pmd",
					    [PG_PUD] = "pud",
					    [PG_P4D] = "p4d",
					    [PG_PGD] = "pgd"};
	unsigned shift = c->page_shift;

	/* the root is a pgd; below it pmd, pud and p4d as far as needed */
	for (unsigned d = c->nr_levels; d-- > 0; shift += c->index_bits[d]) {
		enum pg_level_id id = c->nr_levels - 1 - d;

		if (!d && c->nr_levels > 1)
			id = PG_PGD;
		f->level[d] = (struct pg_level){
			.name = names[id],
			.id = id,
			.index_bits = c->index_bits[d],
			.shift = (uint8_t)shift,
			.may_be_leaf = c->large[d],
			.table_bits = id == PG_PTE ? 0 : X86_TABLE};
	}
	f->va_bits = (uint8_t)shift;
}

void pg_format_build(const struct pg_custom *c, const char *name,
		     struct pg_format *f)
{
	bool wide = c->entry_size == 8;
	uint64_t frames = c->pa_bits >= 64 ? UINT64_MAX :
					     ((uint64_t)1 << c->pa_bits) - 1;

	*f = (struct pg_format){
		.name = name,
		.title = "a format of the configuration",
		.pa_bits = c->pa_bits,
		.page_shift = c->page_shift,
		.entry_size = c->entry_size,
		.nr_levels = c->nr_levels,
		.bits = X86_BITS(wide ? X86_NX : 0),
		.addr_mask = frames & ~(((uint64_t)1 << c->page_shift) - 1),
		.low_flags = 0xfff,
		.swp_type = {1, 5},
		.swp_offset = {9, wide ? 55 : 23},
		.file_off = {{1, 5}, {7, 1}, {9, 23}},
	};
	if (wide) {
		f->file_off[0] = (struct pg_field){12, 32};
		f->file_off[1] = f->file_off[2] = (struct pg_field){0, 0};
	}
	build_levels(c, f);
}

/* ---- is a row right ---- */

static uint64_t field_mask(struct pg_field fd)
{
	uint64_t width = fd.bits == 64 ? ~(uint64_t)0 :
					 ((uint64_t)1 << fd.bits) - 1;

	return width << fd.shift;
}

static const char *check_levels(const struct pg_format *f)
{
	unsigned shift = f->page_shift;

	if (!f->nr_levels || f->nr_levels > PG_MAX_LEVELS)
		return "a format has one to five levels";
	for (unsigned d = f->nr_levels; d-- > 0; shift += f->level[d].index_bits) {
		if (f->level[d].shift != shift)
			return "a level begins where the lower ones end";
		if (d + 1 < f->nr_levels &&
		    f->level[d].id <= f->level[d + 1].id)
			return "levels stand root first";
	}
	if (f->level[f->nr_levels - 1].id != PG_PTE)
		return "the last level is the pte level";
	if (f->level[f->nr_levels - 1].may_be_leaf)
		return "large pages are for levels above the last";
	if (shift != f->va_bits)
		return "levels and page offset do not add up to va_bits";
	return NULL;
}

static const char *check_sizes(const struct pg_format *f)
{
	if (f->page_shift < 12 || f->page_shift > 16)
		return "a page has 4K to 64K";
	for (unsigned d = 0; d < f->nr_levels; d++)
		if (!f->level[d].index_bits || f->level[d].index_bits > 24)
			return "a level has 1 to 24 index bits";
	if (f->va_bits < 32 || f->va_bits > 63)
		return "levels and page offset make an address of 32 to 63 bits";
	if (f->pa_bits <= f->page_shift || f->pa_bits > 58)
		return "a physical address has more bits than a page offset, and at most 58";
	return NULL;
}

static const char *check_tables(const struct pg_format *f)
{
	if (f->entry_size != 4 && f->entry_size != 8)
		return "an entry has 4 or 8 bytes";
	if (pg_table_bytes(f, 0) > (uint64_t)1 << (f->page_shift + 10))
		return "the root does not fit a block of 1024 frames";
	for (unsigned d = 1; d < f->nr_levels; d++)
		if (pg_table_bytes(f, d) > (uint64_t)1 << f->page_shift)
			return "a table does not fit a frame";
	return NULL;
}

static const char *check_bits(const struct pg_format *f)
{
	const struct pg_bits *b = &f->bits;
	const uint64_t hw[] = {b->present, b->read,	b->write, b->user,
			       b->exec,	   b->nx,	b->pwt,	  b->pcd,
			       b->dirty,   b->accessed, b->huge,  b->global,
			       b->special};
	uint64_t seen = f->addr_mask;

	if (!b->present || !b->write || !b->accessed || !b->dirty)
		return "present, write, accessed and dirty are needed";
	for (size_t i = 0; i < ARRAY_SIZE(hw); i++) {
		if (hw[i] & (hw[i] - 1))
			return "a flag is one bit";
		if (hw[i] & seen)
			return "two flags, or a flag and the address, overlap";
		if (f->entry_size == 4 && hw[i] >> 32)
			return "a flag lies outside the entry";
		seen |= hw[i];
	}
	return NULL;
}

static const char *check_address(const struct pg_format *f)
{
	uint64_t pa = ((uint64_t)1 << f->pa_bits) -
		      ((uint64_t)1 << f->page_shift);

	if (f->entry_size == 4 && f->addr_mask >> 32)
		return "the address lies outside the entry";
	if ((pa >> f->addr_rshift & ~f->addr_mask) != 0)
		return "addr_mask does not hold every frame";
	return NULL;
}

static const char *check_encodings(const struct pg_format *f)
{
	uint64_t kind = f->bits.present | f->bits.protnone;
	uint64_t swap = field_mask(f->swp_type) | field_mask(f->swp_offset);
	uint64_t file = 0;

	if (field_mask(f->swp_type) & field_mask(f->swp_offset))
		return "swap type and offset overlap";
	if (swap & (kind | f->bits.file))
		return "swap entries could be taken for others";
	for (size_t i = 0; i < ARRAY_SIZE(f->file_off); i++) {
		if (file & field_mask(f->file_off[i]))
			return "the parts of a file offset overlap";
		file |= field_mask(f->file_off[i]);
	}
	if (!f->bits.file || (file & (kind | f->bits.file)))
		return "file entries could be taken for others";
	if (f->entry_size == 4 && ((swap | file) >> 32))
		return "a swap or file field lies outside the entry";
	return NULL;
}

int pg_format_check(const struct pg_format *f, const char **why)
{
	static const char *(*const checks[])(const struct pg_format *) = {
		check_levels, check_sizes,   check_tables,
		check_bits,   check_address, check_encodings};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		*why = checks[i](f);
		if (*why)
			return -EINVAL;
	}
	return 0;
}

/* ---- protections ---- */

/*
 * Linux: protection_map[] with __P... and __S...: A is always set in advance,
 * D never. A private area's entries are never writable at first: the write
 * fault is what makes the copy.
 */
pgprot_t vm_get_page_prot(const struct pg_format *f, vm_flags_t vm_flags)
{
	const struct pg_bits *b = &f->bits;
	pgprot_t prot = b->present | b->user | b->accessed;

	if (!(vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return b->protnone | b->accessed;
	if (vm_flags & (VM_READ | VM_WRITE))
		prot |= b->read;
	if ((vm_flags & VM_WRITE) && (vm_flags & VM_SHARED))
		prot |= b->write;
	prot |= vm_flags & VM_EXEC ? b->exec : b->nx;
	return prot;
}

pte_t pte_modify(const struct pg_format *f, pte_t p, pgprot_t prot)
{
	const struct pg_bits *b = &f->bits;
	uint64_t keep = f->addr_mask | b->pcd | b->pwt | b->special |
			b->accessed | b->dirty;

	return __pte((p.v & keep) | (prot & ~keep));
}

/* ---- entries that are not present ---- */

static uint64_t field_get(struct pg_field fd, uint64_t v)
{
	return (v & field_mask(fd)) >> fd.shift;
}

static uint64_t field_put(struct pg_field fd, uint64_t v)
{
	return (v << fd.shift) & field_mask(fd);
}

swp_entry_t pte_to_swp_entry(const struct pg_format *f, pte_t p)
{
	return swp_entry((unsigned)field_get(f->swp_type, p.v),
			 field_get(f->swp_offset, p.v));
}

pte_t swp_entry_to_pte(const struct pg_format *f, swp_entry_t e)
{
	return __pte(field_put(f->swp_type, swp_type(e)) |
		     field_put(f->swp_offset, swp_offset(e)));
}

uint64_t pte_to_pgoff(const struct pg_format *f, pte_t p)
{
	uint64_t off = 0;
	unsigned at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(f->file_off); i++) {
		off |= field_get(f->file_off[i], p.v) << at;
		at += f->file_off[i].bits;
	}
	return off;
}

pte_t pgoff_to_pte(const struct pg_format *f, uint64_t pgoff)
{
	uint64_t v = f->bits.file;

	for (size_t i = 0; i < ARRAY_SIZE(f->file_off); i++) {
		v |= field_put(f->file_off[i], pgoff);
		pgoff >>= f->file_off[i].bits;
	}
	return __pte(v);
}

unsigned pte_file_max_bits(const struct pg_format *f)
{
	unsigned bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(f->file_off); i++)
		bits += f->file_off[i].bits;
	return bits;
}
