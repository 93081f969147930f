/*
 * tlb.c - the modelled TLBs and the page walker's caches.
 *
 *            instruction side            data side
 *           ┌──────┬─────────┐       ┌──────┬─────────┐
 *   access ►│ itlb │  large  │       │ dtlb │  large  │   first level
 *           └──┬───┴─────────┘       └──┬───┴─────────┘
 *              └──────────┬─────────────┘ miss
 *                    ┌────▼────┐
 *                    │   l2    │                          second level, or none
 *                    └────┬────┘ miss
 *                         ▼
 *   walk:  pgd ─► pud ─► pmd ─► pte      one reference to memory each
 *           pwc4   pwc3   pwc2  pwc1     ... but for the levels above the
 *                                        lowest one a page-walk cache knows
 *
 * An array has sets of ways; a page's number picks the set. Both levels are
 * filled by a walk; a second-level hit fills the first. An entry holds what the
 * walk found: frame, whether it was dirty and writable, large or not, global or
 * whose. A write to an entry that is not known as dirty walks again (the CPU
 * sets D that way), and is a hit of its TLB all the same.
 *
 * Without address-space numbers (x86-32 has none), a switch to another address
 * space empties everything but global entries. PAE's four top entries are read
 * into the CPU at that point and cost a walk nothing. The kernel invalidates
 * single pages when it changes their entries (set_pte_at), and everything after
 * fork write-protected a whole address space. An invalidation of a page also
 * empties the page-walk caches (SDM 4.10.4.1).
 *
 * Replacement: lru, plru (a tree of bits a set), fifo, or random (a fixed
 * sequence, so that a replay stays what it was).
 *
 * Invariants (tlb_check(), by these numbers):
 *   1. a user entry is one of the page tables: present, accessed, of that
 *      frame; writable and dirty if it says so;
 *   2. a page-walk cache names the table that the upper entry names;
 *   3. an array holds a page once; hits + misses = accesses asked for.
 *
 * Linux: arch/x86/mm/tlb.c. Intel SDM volume 3, 4.10.
 */
#include "core/tlb.h"
#include "core/check.h"
#include "core/pgtable.h"

#include <string.h>

#define ENTRY_WRITE 0x1u  /* D and RW are set */
#define ENTRY_GLOBAL 0x2u
#define ENTRY_KERNEL 0x4u
#define ENTRY_EXEC 0x8u	  /* seen to be fetchable */
#define ENTRY_READ 0x10u  /* seen to be readable */

struct tlb_entry {
	uint64_t tag;	/* page number + 1; 0 = empty */
	uint64_t stamp; /* lru: last use; fifo: when it came */
	uint32_t asid;	/* mm's host_id; 0 for kernel entries */
	pfn_t pfn;
	uint8_t shift;	/* of the page: 12, or a large one's */
	uint8_t flags;	/* ENTRY_* */
};

struct tlb_array {
	struct tlb_entry *entry; /* set after set */
	uint64_t *tree;		 /* plru: a set's bits */
	uint32_t sets, ways;
};

/* Which tables the walker need not look up: by depth of the entry. */
struct pwc_entry {
	uint64_t tag; /* address >> shift, + 1; 0 = empty */
	uint64_t stamp;
	uint32_t asid;
	paddr_t table;
};

struct tlb {
	struct machine *m;
	struct tlb_config cfg;
	struct tlb_array l1[NR_TLB_SIDES], large[NR_TLB_SIDES], l2;
	struct pwc_entry *pwc[TLB_PWCS];
	uint32_t asid;	  /* address space that CR3 names; 0 = none yet */
	uint64_t clock;	  /* of stamps */
	uint64_t random;
	uint8_t large_shift; /* of large pages, 0 = the format has none */
	struct tlb_stats n;
};

/* ---- arrays ---- */

static void array_init(struct tlb *t, struct tlb_array *a,
		       const struct tlb_geometry *g)
{
	if (!g->entries)
		return;
	a->ways = g->ways ? g->ways : g->entries;
	a->sets = g->entries / a->ways;
	a->entry = host_alloc(&t->m->host,
			      (size_t)g->entries * sizeof(*a->entry));
	a->tree = host_alloc(&t->m->host, a->sets * sizeof(*a->tree));
}

static void array_destroy(struct tlb *t, struct tlb_array *a)
{
	host_free(&t->m->host, a->entry,
		  (size_t)a->sets * a->ways * sizeof(*a->entry));
	host_free(&t->m->host, a->tree, a->sets * sizeof(*a->tree));
}

static inline uint32_t set_of(const struct tlb_array *a, uint64_t page)
{
	return a->sets & (a->sets - 1) ? (uint32_t)(page % a->sets) :
					 (uint32_t)page & (a->sets - 1);
}

static inline bool entry_is(const struct tlb_entry *e, uint64_t page,
			    unsigned shift, uint32_t asid)
{
	return e->tag == page + 1 && e->shift == shift &&
	       (e->asid == asid || (e->flags & ENTRY_GLOBAL));
}

static struct tlb_entry *array_find(const struct tlb_array *a, vaddr_t addr,
				    unsigned shift, uint32_t asid)
{
	uint64_t page = addr >> shift;
	struct tlb_entry *e;

	if (!a->entry)
		return NULL;
	e = a->entry + (size_t)set_of(a, page) * a->ways;
	for (uint32_t w = 0; w < a->ways; w++, e++)
		if (entry_is(e, page, shift, asid))
			return e;
	return NULL;
}

/* The bits of the tree on the way to a used way point away from it. */
static void plru_touch(struct tlb_array *a, uint32_t set, uint32_t way)
{
	uint64_t tree = a->tree[set];
	uint32_t node = 1;

	for (uint32_t half = a->ways / 2; half; half /= 2) {
		bool right = way & half;

		tree = right ? tree & ~((uint64_t)1 << (node - 1)) :
			       tree | (uint64_t)1 << (node - 1);
		node = 2 * node + right;
	}
	a->tree[set] = tree;
}

static uint32_t plru_victim(const struct tlb_array *a, uint32_t set)
{
	uint32_t node = 1, way = 0;

	for (uint32_t half = a->ways / 2; half; half /= 2) {
		bool right = a->tree[set] >> (node - 1) & 1;

		way |= right ? half : 0;
		node = 2 * node + right;
	}
	return way;
}

static void array_use(struct tlb *t, struct tlb_array *a, struct tlb_entry *e)
{
	uint32_t n = (uint32_t)(e - a->entry);

	if (t->cfg.replacement == TLB_LRU)
		e->stamp = ++t->clock;
	else if (t->cfg.replacement == TLB_PLRU)
		plru_touch(a, n / a->ways, n % a->ways);
}

static uint32_t next_random(struct tlb *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (uint32_t)(t->random >> 32);
}

/* The way to be filled: an empty one, else the policy's. */
static uint32_t victim(struct tlb *t, const struct tlb_array *a, uint32_t set)
{
	const struct tlb_entry *e = a->entry + (size_t)set * a->ways;
	uint32_t oldest = 0;

	for (uint32_t w = 0; w < a->ways; w++) {
		if (!e[w].tag)
			return w;
		if (e[w].stamp < e[oldest].stamp)
			oldest = w;
	}
	if (t->cfg.replacement == TLB_PLRU)
		return plru_victim(a, set);
	if (t->cfg.replacement == TLB_RANDOM)
		return next_random(t) % a->ways;
	return oldest;
}

static void array_insert(struct tlb *t, struct tlb_array *a,
			 const struct tlb_entry *new)
{
	uint64_t page = new->tag - 1;
	struct tlb_entry *e;
	uint32_t set;

	if (!a->entry)
		return;
	set = set_of(a, page);
	e = array_find(a, page << new->shift, new->shift, new->asid);
	if (!e)
		e = a->entry + (size_t)set * a->ways + victim(t, a, set);
	*e = *new;
	e->stamp = ++t->clock;
	if (t->cfg.replacement == TLB_PLRU)
		plru_touch(a, set, (uint32_t)(e - a->entry) % a->ways);
}

/* Where pages of that size live on the first level. */
static struct tlb_array *first_level(struct tlb *t, unsigned side,
				     unsigned shift)
{
	if (shift != t->m->page_shift && t->large[side].entry)
		return &t->large[side];
	return &t->l1[side];
}

static bool l2_holds(const struct tlb *t, unsigned shift)
{
	return t->l2.entry && (shift == t->m->page_shift || t->cfg.l2_large);
}

typedef void (*array_fn)(struct tlb *t, struct tlb_array *a, vaddr_t addr,
			 uint32_t asid);

static void for_each_array(struct tlb *t, array_fn fn, vaddr_t addr,
			   uint32_t asid)
{
	for (unsigned side = 0; side < NR_TLB_SIDES; side++) {
		fn(t, &t->l1[side], addr, asid);
		fn(t, &t->large[side], addr, asid);
	}
	fn(t, &t->l2, addr, asid);
}

/* ---- page-walk caches ---- */

/* The cache of entries at depth d, and how many it has; NULL: there is none. */
static struct pwc_entry *pwc_of(const struct tlb *t, unsigned d, uint32_t *nr)
{
	const struct pg_format *f = t->m->fmt;
	unsigned i = f->nr_levels - 2 - d; /* 0: names last-level tables */

	if (d + 1 >= f->nr_levels || i >= TLB_PWCS || f->level[d].in_registers)
		return NULL;
	*nr = t->cfg.pwc[i];
	return t->pwc[i];
}

static struct pwc_entry *pwc_find(const struct tlb *t, unsigned d,
				  vaddr_t addr, uint32_t asid)
{
	uint64_t tag = (addr >> t->m->fmt->level[d].shift) + 1;
	uint32_t nr = 0;
	struct pwc_entry *e = pwc_of(t, d, &nr);

	for (uint32_t i = 0; e && i < nr; i++)
		if (e[i].tag == tag && e[i].asid == asid)
			return &e[i];
	return NULL;
}

static void pwc_insert(struct tlb *t, unsigned d, vaddr_t addr, uint32_t asid,
		       paddr_t table)
{
	uint32_t nr = 0, oldest = 0;
	struct pwc_entry *e = pwc_of(t, d, &nr);

	if (!e || !nr)
		return;
	for (uint32_t i = 0; i < nr; i++)
		if (e[i].stamp < e[oldest].stamp)
			oldest = i;
	e[oldest] = (struct pwc_entry){
		.tag = (addr >> t->m->fmt->level[d].shift) + 1,
		.stamp = ++t->clock,
		.asid = asid,
		.table = table};
}

/* ---- attach, detach ---- */

static uint8_t large_page_shift(const struct pg_format *f)
{
	for (unsigned d = f->nr_levels; d-- > 0;)
		if (f->level[d].may_be_leaf)
			return f->level[d].shift;
	return 0;
}

void tlb_attach(struct machine *m, const struct tlb_config *cfg)
{
	struct tlb *t = host_alloc(&m->host, sizeof(*t));

	t->m = m;
	t->cfg = *cfg;
	t->random = 88172645463325252u;
	t->large_shift = large_page_shift(m->fmt);
	array_init(t, &t->l1[TLB_INSTRUCTION], &cfg->itlb);
	array_init(t, &t->l1[TLB_DATA], &cfg->dtlb);
	array_init(t, &t->large[TLB_INSTRUCTION], &cfg->itlb_large);
	array_init(t, &t->large[TLB_DATA], &cfg->dtlb_large);
	array_init(t, &t->l2, &cfg->l2);
	for (unsigned i = 0; i < TLB_PWCS; i++)
		t->pwc[i] = cfg->pwc[i] ?
				    host_alloc(&m->host,
					       cfg->pwc[i] *
						       sizeof(*t->pwc[i])) :
				    NULL;
	m->tlb = t;
}

void tlb_detach(struct machine *m)
{
	struct tlb *t = m->tlb;

	if (!t)
		return;
	for (unsigned side = 0; side < NR_TLB_SIDES; side++) {
		array_destroy(t, &t->l1[side]);
		array_destroy(t, &t->large[side]);
	}
	array_destroy(t, &t->l2);
	for (unsigned i = 0; i < TLB_PWCS; i++)
		host_free(&m->host, t->pwc[i],
			  t->cfg.pwc[i] * sizeof(*t->pwc[i]));
	m->tlb = NULL;
	host_free(&m->host, t, sizeof(*t));
}

const struct tlb_stats *tlb_statistics(const struct machine *m)
{
	return m->tlb ? &m->tlb->n : NULL;
}

uint64_t tlb_cycles(const struct machine *m)
{
	const struct tlb *t = m->tlb;
	const struct tlb_stats *n;
	uint64_t refs = 0, walks, misses;

	if (!t)
		return 0;
	n = &t->n;
	for (unsigned i = 0; i < PG_MAX_LEVELS; i++)
		refs += n->refs[i];
	misses = n->misses[TLB_INSTRUCTION] + n->misses[TLB_DATA];
	walks = n->walks + n->fault_walks + n->assists;
	return (t->l2.entry ? misses * t->cfg.cycles_l2 : 0) +
	       walks * t->cfg.cycles_walk + refs * t->cfg.cycles_ref;
}

/* ---- what the CPU asks ---- */

static bool entry_is_enough(const struct tlb_entry *e, enum access_kind kind)
{
	if (kind == ACCESS_WRITE)
		return e->flags & ENTRY_WRITE;
	return e->flags & (kind == ACCESS_FETCH ? ENTRY_EXEC : ENTRY_READ);
}

/* In the first level, pages of either size. *at: where it was found. */
static struct tlb_entry *find_first(struct tlb *t, unsigned side, vaddr_t addr,
				    uint32_t asid, struct tlb_array **at)
{
	struct tlb_entry *e;

	*at = &t->l1[side];
	e = array_find(*at, addr, t->m->page_shift, asid);
	if (e || !t->large_shift)
		return e;
	*at = first_level(t, side, t->large_shift);
	return array_find(*at, addr, t->large_shift, asid);
}

static struct tlb_entry *find_second(struct tlb *t, vaddr_t addr, uint32_t asid)
{
	struct tlb_entry *e = array_find(&t->l2, addr, t->m->page_shift, asid);

	if (e || !t->large_shift || !t->cfg.l2_large)
		return e;
	return array_find(&t->l2, addr, t->large_shift, asid);
}

static pfn_t frame_of(const struct tlb *t, const struct tlb_entry *e,
		      vaddr_t addr)
{
	uint64_t within = addr & (((uint64_t)1 << e->shift) - 1);

	return e->pfn + (pfn_t)(within >> t->m->page_shift);
}

enum tlb_answer tlb_lookup(struct tlb *t, const struct mm_struct *mm,
			   vaddr_t addr, enum access_kind kind, pfn_t *pfn)
{
	unsigned side = kind == ACCESS_FETCH ? TLB_INSTRUCTION : TLB_DATA;
	struct tlb_array *a;
	struct tlb_entry *e = find_first(t, side, addr, mm->host_id, &a);

	if (e) {
		t->n.hits[side]++;
		array_use(t, a, e);
	} else {
		t->n.misses[side]++;
		e = find_second(t, addr, mm->host_id);
		if (!e) {
			t->n.l2_misses += t->l2.entry != NULL;
			return TLB_MISS;
		}
		t->n.l2_hits++;
		array_use(t, &t->l2, e);
		array_insert(t, first_level(t, side, e->shift), e);
	}
	if (!entry_is_enough(e, kind))
		return TLB_ASSIST;
	*pfn = frame_of(t, e, addr);
	return TLB_HIT;
}

/* One page of one array. */
static void drop_page(struct tlb *t, struct tlb_array *a, vaddr_t addr,
		      uint32_t asid)
{
	struct tlb_entry *e = array_find(a, addr, t->m->page_shift, asid);

	if (e)
		e->tag = 0;
	e = t->large_shift ? array_find(a, addr, t->large_shift, asid) : NULL;
	if (e)
		e->tag = 0;
}

/* References of a walk from `root`, and what the walker learns on the way. */
static void walk_refs(struct tlb *t, paddr_t root, vaddr_t addr, uint32_t asid,
		      uint64_t refs[PG_MAX_LEVELS])
{
	const struct machine *m = t->m;
	const struct pg_format *f = m->fmt;
	struct pwc_entry *known = NULL;
	paddr_t table = root;
	unsigned d = 0;

	for (unsigned k = f->nr_levels - 1; k-- > 0 && !known;) {
		known = pwc_find(t, k, addr, asid);
		if (known)
			d = k + 1;
	}
	if (known) {
		known->stamp = ++t->clock;
		table = known->table;
		t->n.pwc_hits[f->level[d].id]++;
	}
	for (;; d++) {
		pte_t entry = entry_read(m, table_entry(f, table, d, addr));

		if (!f->level[d].in_registers)
			refs[f->level[d].id]++;
		if (d + 1 == f->nr_levels || !pte_hw_present(f, entry) ||
		    pg_entry_is_leaf(f, d, entry.v))
			return;
		table = entry_table(f, entry.v);
		pwc_insert(t, d, addr, asid, table);
	}
}

void tlb_count_walk(struct tlb *t, const struct mm_struct *mm, vaddr_t addr,
		    enum tlb_answer why, unsigned code)
{
	walk_refs(t, mm->pgd, addr, mm->host_id, t->n.refs);
	if (code) {
		t->n.fault_walks++;
		for_each_array(t, drop_page, addr, mm->host_id);
	} else if (why == TLB_ASSIST) {
		t->n.assists++;
	} else {
		t->n.walks++;
	}
}

/* The size of the page that maps addr: how deep a walk goes. */
static unsigned page_shift_at(const struct machine *m, paddr_t root,
			      vaddr_t addr)
{
	const struct pg_format *f = m->fmt;
	paddr_t table = root;
	unsigned d;

	for (d = 0; d + 1 < f->nr_levels; d++) {
		uint64_t entry =
			entry_read(m, table_entry(f, table, d, addr)).v;

		if (pg_entry_is_leaf(f, d, entry))
			break;
		table = entry_table(f, entry);
	}
	return f->level[d].shift;
}

static void fill_both(struct tlb *t, unsigned side, const struct tlb_entry *new)
{
	array_insert(t, first_level(t, side, new->shift), new);
	if (l2_holds(t, new->shift))
		array_insert(t, &t->l2, new);
}

void tlb_fill(struct tlb *t, const struct mm_struct *mm, vaddr_t addr,
	      enum access_kind kind, pte_t entry)
{
	const struct machine *m = t->m;
	const struct pg_format *f = m->fmt;
	unsigned side = kind == ACCESS_FETCH ? TLB_INSTRUCTION : TLB_DATA;
	unsigned shift = t->large_shift ? page_shift_at(m, mm->pgd, addr) :
					  m->page_shift;
	pfn_t within = (pfn_t)((addr & (((uint64_t)1 << shift) - 1)) >>
			       m->page_shift);
	struct tlb_entry new = {.tag = (addr >> shift) + 1,
				.asid = mm->host_id,
				.pfn = pte_pfn(f, entry) - within,
				.shift = (uint8_t)shift};

	if (!f->bits.read || (entry.v & (f->bits.read)))
		new.flags |= ENTRY_READ;
	if (pte_write(f, entry) && pte_dirty(f, entry))
		new.flags |= ENTRY_WRITE;
	if (kind == ACCESS_FETCH || !m->nx || pte_exec(f, entry))
		new.flags |= ENTRY_EXEC;
	fill_both(t, side, &new);
}

/* ---- flushes ---- */

static void drop_user(struct tlb *t, struct tlb_array *a,
		      vaddr_t addr __unused_arg, uint32_t asid)
{
	size_t nr = (size_t)a->sets * a->ways;

	for (size_t i = 0; i < nr; i++) {
		struct tlb_entry *e = &a->entry[i];

		if ((e->flags & ENTRY_GLOBAL) && t->cfg.global)
			continue;
		if (!asid || e->asid == asid)
			e->tag = 0;
	}
}

void tlb_flush_walk_caches(struct tlb *t)
{
	for (unsigned i = 0; i < TLB_PWCS; i++)
		if (t->pwc[i])
			memset(t->pwc[i], 0,
			       t->cfg.pwc[i] * sizeof(*t->pwc[i]));
}

void tlb_switch_mm(struct tlb *t, const struct mm_struct *mm)
{
	if (likely(t->asid == mm->host_id))
		return;
	t->n.switches++;
	if (t->m->fmt->level[0].in_registers)
		t->n.root_loads += pg_table_entries(t->m->fmt, 0);
	if (!t->cfg.asid && t->asid) {
		t->n.flushes++;
		for_each_array(t, drop_user, 0, 0);
		tlb_flush_walk_caches(t);
	}
	t->asid = mm->host_id;
	tlb_kernel_entry(t);
}

void tlb_flush_mm(struct tlb *t, const struct mm_struct *mm)
{
	if (!t->cfg.asid && t->asid != mm->host_id)
		return; /* nothing of it is there */
	t->n.flushes++;
	for_each_array(t, drop_user, 0, mm->host_id);
	tlb_flush_walk_caches(t);
}

void tlb_forget_mm(struct tlb *t, const struct mm_struct *mm)
{
	for_each_array(t, drop_user, 0, mm->host_id);
	tlb_flush_walk_caches(t);
	if (t->asid == mm->host_id)
		t->asid = UINT32_MAX; /* the next one to run loads CR3 */
}

void tlb_invalidate_page(struct tlb *t, const struct mm_struct *mm,
			 vaddr_t addr, pte_t old)
{
	struct tlb_array *at;
	bool known;

	if (!pte_hw_present(t->m->fmt, old))
		return; /* what is not present is in no TLB */
	known = find_second(t, addr, mm->host_id) != NULL;
	for (unsigned side = 0; side < NR_TLB_SIDES; side++)
		known |= find_first(t, side, addr, mm->host_id, &at) != NULL;
	t->n.invalidations += known;
	for_each_array(t, drop_page, addr, mm->host_id);
	tlb_flush_walk_caches(t);
}

/* ---- the kernel's own translations ---- */

static void kernel_touch(struct tlb *t, kva_t addr)
{
	const struct machine *m = t->m;
	uint64_t refs[PG_MAX_LEVELS] = {0};
	struct tlb_array *at;
	struct tlb_entry *e = find_first(t, TLB_DATA, addr, 0, &at), new = {0};
	unsigned shift;

	if (e) {
		t->n.kernel_hits++;
		array_use(t, at, e);
		return;
	}
	t->n.kernel_misses++;
	e = find_second(t, addr, 0);
	if (e) {
		array_insert(t, first_level(t, TLB_DATA, e->shift), e);
		return;
	}
	walk_refs(t, m->swapper_pg_dir, addr, 0, refs);
	for (unsigned i = 0; i < PG_MAX_LEVELS; i++)
		t->n.kernel_refs += refs[i];
	shift = page_shift_at(m, m->swapper_pg_dir, addr);
	new.tag = (addr >> shift) + 1;
	new.shift = (uint8_t)shift;
	new.flags = ENTRY_KERNEL | ENTRY_READ | ENTRY_WRITE | ENTRY_GLOBAL;
	new.pfn = kernel_lookup(m, ALIGN_DOWN(addr, (uint64_t)1 << shift));
	fill_both(t, TLB_DATA, &new);
}

/* Pages of the kernel's data: those below its top page table. */
void tlb_kernel_entry(struct tlb *t)
{
	const struct machine *m = t->m;
	kva_t last;

	if (!t->cfg.kernel_pages)
		return;
	last = __va(m, m->swapper_pg_dir);
	for (uint32_t i = 0; i < t->cfg.kernel_pages; i++)
		kernel_touch(t, last - i * PAGE_SIZE(m));
}

/* ---- check ---- */

static const struct mm_struct *mm_of(const struct machine *m, uint32_t asid)
{
	const struct mm_struct *mm;

	if (m->mm_list.next)
		list_for_each_entry(mm, &m->mm_list, mmlist)
			if (mm->host_id == asid)
				return mm;
	return NULL;
}

static void check_entry(const struct tlb *t, const struct tlb_entry *e,
			struct checker *c)
{
	const struct machine *m = t->m;
	const struct pg_format *f = m->fmt;
	const struct mm_struct *mm = mm_of(m, e->asid);
	vaddr_t va = (e->tag - 1) << e->shift;
	ptep_t at = mm && mm->pgd ? pte_offset(mm, va) : 0;
	pte_t pte = at ? entry_read(m, at) : __pte(0);

	CHECK(c,
	      pte_hw_present(f, pte) && pte_young(f, pte) &&
		      pte_pfn(f, pte) == e->pfn &&
		      (!(e->flags & ENTRY_WRITE) ||
		       (pte_write(f, pte) && pte_dirty(f, pte))),
	      "tlb 1: page 0x%llx is in a TLB (frame %u), its entry is 0x%llx",
	      (unsigned long long)va, e->pfn, (unsigned long long)pte.v);
}

static void check_array(const struct tlb *t, const struct tlb_array *a,
			struct checker *c)
{
	size_t nr = (size_t)a->sets * a->ways;

	for (size_t i = 0; i < nr; i++) {
		const struct tlb_entry *e = &a->entry[i];

		if (!e->tag)
			continue;
		CHECK(c, array_find(a, (e->tag - 1) << e->shift, e->shift,
				    e->asid) == e,
		      "tlb 3: page 0x%llx twice, or in a wrong set",
		      (unsigned long long)(e->tag - 1) << e->shift);
		if (!(e->flags & ENTRY_KERNEL))
			check_entry(t, e, c);
	}
}

/* 2: every cached upper entry is what the tables hold. */
static void check_pwc(const struct tlb *t, unsigned d, const struct pwc_entry *e,
		      struct checker *c)
{
	const struct machine *m = t->m;
	const struct pg_format *f = m->fmt;
	const struct mm_struct *mm = mm_of(m, e->asid);
	paddr_t table = e->asid ? (mm ? mm->pgd : 0) : m->swapper_pg_dir;
	vaddr_t va = (e->tag - 1) << f->level[d].shift;

	for (unsigned k = 0; table && k <= d; k++)
		table = entry_table(
			f, entry_read(m, table_entry(f, table, k, va)).v);
	CHECK(c, table == e->table,
	      "tlb 2: the walker remembers table 0x%llx for 0x%llx, not 0x%llx",
	      (unsigned long long)e->table, (unsigned long long)va,
	      (unsigned long long)table);
}

void tlb_check(const struct machine *m, struct checker *c)
{
	const struct tlb *t = m->tlb;

	if (!t)
		return;
	for (unsigned side = 0; side < NR_TLB_SIDES; side++) {
		check_array(t, &t->l1[side], c);
		check_array(t, &t->large[side], c);
	}
	check_array(t, &t->l2, c);
	for (unsigned d = 0; d + 1 < m->fmt->nr_levels; d++) {
		uint32_t nr = 0;
		const struct pwc_entry *e = pwc_of(t, d, &nr);

		for (uint32_t i = 0; e && i < nr; i++)
			if (e[i].tag)
				check_pwc(t, d, &e[i], c);
	}
}
