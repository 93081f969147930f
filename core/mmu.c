/*
 * mmu.c - what the CPU does with an address: look it up, set A and D, or fault.
 *
 *   access ──► software TLB ── hit ──► count (a write: store)      a few ns
 *                  │ miss
 *                  ▼
 *              walk the tables ── present, permitted ──► set A (D), remember
 *                  │ not so: error code P W U I
 *                  ▼
 *              do_page_fault() ── signal ──► end
 *                  └───────────── 0 ──► once more
 *
 * The instruction is restarted after a fault as the CPU does it, so a fetch
 * from a page that is not there yet and must not be executed faults twice: first
 * for the page, then (P set now) for the NX bit, which is the signal.
 *
 * What the TLB holds is exactly what needs no work: a page is remembered for
 * reads (and fetches) once its entry has A, for writes once it has A, D and RW.
 * set_pte_at() forgets the page whose entry it writes, so that
 *   1. a tag implies a present, permitted entry with those bits, and pfn[] of a
 *      write tag is that entry's frame (mmu_check_tlb()).
 *
 * Linux: arch/x86/mm/fault.c is reached from here; Intel SDM volume 3, 4.6
 * (rights), 4.7 (error code), 4.8 (A and D).
 */
#include "core/mmu.h"
#include "core/pgtable.h"
#include "core/task.h"
#include "core/tlb.h"
#include "core/vmscan.h"

#include <string.h>

/* A page may fault a few times in a row (in, then for writing, then for NX),
 * never for ever: more is a fault handler that mends nothing. */
#define MAX_FAULTS_IN_A_ROW 16

/* ---- the software TLB ---- */

static struct soft_tlb *soft_tlb_create(struct mm_struct *mm)
{
	uint32_t id;

	mm->tlb = hpool_alloc(&mm->m->tlb_pool, &id);
	mm->tlb->id = id;
	return mm->tlb;
}

void soft_tlb_flush_all(struct mm_struct *mm)
{
	if (mm->tlb)
		memset(mm->tlb->tag, 0, sizeof(mm->tlb->tag));
	if (unlikely(mm->m->tlb != NULL))
		tlb_flush_mm(mm->m->tlb, mm);
}

void soft_tlb_destroy(struct mm_struct *mm)
{
	if (!mm->tlb)
		return;
	hpool_free(&mm->m->tlb_pool, mm->tlb->id);
	mm->tlb = NULL;
}

static void soft_tlb_fill(struct mm_struct *mm, vaddr_t addr,
			  enum access_kind kind, pfn_t pfn)
{
	struct soft_tlb *t = mm->tlb ? mm->tlb : soft_tlb_create(mm);
	uint64_t page = addr >> mm->m->page_shift;
	uint64_t n = page & (SOFT_TLB_SIZE - 1);

	t->tag[kind][n] = page + 1;
	if (kind == ACCESS_WRITE)
		t->pfn[n] = pfn;
}

void mmu_check_tlb(const struct mm_struct *mm, struct checker *c)
{
	const struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	const struct soft_tlb *t = mm->tlb;

	for (unsigned i = 0; t && i < 3 * SOFT_TLB_SIZE; i++) {
		enum access_kind kind = i / SOFT_TLB_SIZE;
		unsigned n = i % SOFT_TLB_SIZE;
		vaddr_t va = (t->tag[kind][n] - 1) << m->page_shift;
		ptep_t at;
		pte_t pte;

		if (!t->tag[kind][n])
			continue;
		at = pte_offset(mm, va);
		pte = at ? entry_read(m, at) : __pte(0);
		CHECK(c,
		      pte_hw_present(f, pte) && pte_young(f, pte) &&
			      (kind != ACCESS_WRITE ||
			       (pte_write(f, pte) && pte_dirty(f, pte) &&
				pte_pfn(f, pte) == t->pfn[n])),
		      "mmu 1: page 0x%llx remembered, its entry is 0x%llx",
		      (unsigned long long)va, (unsigned long long)pte.v);
	}
}

/* ---- the walk ---- */

/* Do the bits of a present entry permit the access? */
static bool entry_permits(const struct machine *m, uint64_t entry,
			  enum access_kind kind)
{
	const struct pg_bits *b = &m->fmt->bits;

	if (!(entry & b->user))
		return false;
	switch (kind) {
	case ACCESS_READ:
		return !b->read || (entry & b->read);
	case ACCESS_WRITE:
		return entry & b->write;
	case ACCESS_FETCH:
		if (m->nx)
			return b->exec ? (entry & b->exec) != 0 :
					 !(entry & b->nx);
		return !b->read || (entry & (b->read | b->exec));
	}
	return false;
}

static unsigned error_code(const struct machine *m, enum access_kind kind)
{
	unsigned code = PF_USER;

	if (kind == ACCESS_WRITE)
		code |= PF_WRITE;
	if (kind == ACCESS_FETCH && m->nx)
		code |= PF_INSTR;
	return code;
}

/*
 * Translate and do what the CPU does to the entry. 0 with *entry as it is now,
 * or the error code of the fault.
 */
static unsigned mmu_walk(struct mm_struct *mm, vaddr_t addr,
			 enum access_kind kind, pte_t *entry)
{
	struct machine *m = mm->m;
	const struct pg_format *f = m->fmt;
	ptep_t at = mm->pgd ? pte_offset(mm, addr) : 0;
	pte_t pte = at ? entry_read(m, at) : __pte(0);
	uint64_t want = f->bits.accessed;

	if (!pte_hw_present(f, pte))
		return error_code(m, kind);
	if (!entry_permits(m, pte.v, kind))
		return error_code(m, kind) | PF_PROT;
	if (kind == ACCESS_WRITE)
		want |= f->bits.dirty;
	if ((pte.v & want) != want)
		entry_write(m, at, __pte(pte.v | want));
	*entry = __pte(pte.v | want);
	return 0;
}

/* An address that no entry can translate, whatever the tables hold. */
static bool beyond_tables(const struct machine *m, vaddr_t addr)
{
	return addr >= m->cfg.task_size ||
	       (m->fmt->va_bits < 64 && addr >> m->fmt->va_bits);
}

bool mmu_remember(struct task_struct *task, vaddr_t addr,
		  enum access_kind kind)
{
	struct machine *m = task->m;
	pte_t entry;

	if (m->tlb || beyond_tables(m, addr) ||
	    mmu_walk(task->mm, addr, kind, &entry))
		return false;
	soft_tlb_fill(task->mm, addr, kind, pte_pfn(m->fmt, entry));
	return true;
}

int mmu_access_slow(struct task_struct *task, vaddr_t addr,
		    enum access_kind kind, struct access_result *res)
{
	struct machine *m = task->m;
	uint32_t before = res->minflt + res->majflt;

	kswapd_run(m); /* before it, nothing is held from an earlier access */
	for (;;) {
		pte_t entry;
		unsigned code = beyond_tables(m, addr) ?
					error_code(m, kind) :
					mmu_walk(task->mm, addr, kind, &entry);

		if (!code) {
			soft_tlb_fill(task->mm, addr, kind,
				      pte_pfn(m->fmt, entry));
			return 0;
		}
		if (do_page_fault(task, addr, code, res))
			return res->signal;
		/* (a fault that killed another for memory is not counted) */
		mm_assert(res->minflt + res->majflt - before <=
			  MAX_FAULTS_IN_A_ROW);
	}
}

/* ---- with a modelled TLB: every access asks it ---- */

/*
 * The software TLB stays empty then, so that each access comes here. The model
 * answers for what it knows; what it does not know is walked for, and a fault
 * drops what it knew of the page, as the CPU does.
 */
static int modelled_access(struct task_struct *task, vaddr_t addr,
			   enum access_kind kind, struct access_result *res,
			   bool store)
{
	struct machine *m = task->m;
	struct mm_struct *mm = task->mm;
	enum tlb_answer known = TLB_MISS;
	uint32_t before = res->minflt + res->majflt;
	pfn_t pfn = PFN_NONE;

	tlb_switch_mm(m->tlb, mm);
	if (!beyond_tables(m, addr))
		known = tlb_lookup(m->tlb, mm, addr, kind, &pfn);
	while (known != TLB_HIT) {
		pte_t entry;
		unsigned code = error_code(m, kind);

		if (!beyond_tables(m, addr)) {
			code = mmu_walk(mm, addr, kind, &entry);
			tlb_count_walk(m->tlb, mm, addr, known, code);
		}
		if (!code) {
			tlb_fill(m->tlb, mm, addr, kind, entry);
			pfn = pte_pfn(m->fmt, entry);
			break;
		}
		tlb_kernel_entry(m->tlb);
		if (do_page_fault(task, addr, code, res))
			return res->signal;
		mm_assert(res->minflt + res->majflt - before <=
			  MAX_FAULTS_IN_A_ROW);
		known = TLB_MISS;
	}
	m->stats.accesses[kind]++;
	if (store && kind == ACCESS_WRITE && m->contents)
		m->ram[pfn_to_phys(m, pfn) | (addr & ~PAGE_MASK(m))] = 1;
	return 0;
}

/* ---- accesses ---- */

static int access_page(struct task_struct *task, vaddr_t addr,
		       enum access_kind kind, struct access_result *res)
{
	if (unlikely(task->m->tlb != NULL))
		return modelled_access(task, addr, kind, res, true);
	if (likely(mmu_access_hit(task->m, task->mm, addr, kind)))
		return 0;
	if (mmu_access_slow(task, addr, kind, res))
		return res->signal;
	/* the walk remembered the page: count and store as a hit does */
	mmu_access_hit(task->m, task->mm, addr, kind);
	return 0;
}

/* Last byte of a range that may not wrap around. => len > 0 */
static vaddr_t last_byte(vaddr_t addr, uint64_t len)
{
	return addr + len - 1 < addr ? UINT64_MAX : addr + len - 1;
}

/* n more accesses of the page of addr: they hit, and only the first byte
 * touched of a page takes the store, so nothing is left but to count them. */
static void access_again(struct task_struct *task, vaddr_t addr, uint64_t n,
			 uint64_t stride, enum access_kind kind,
			 struct access_result *res)
{
	if (likely(!task->m->tlb)) {
		task->m->stats.accesses[kind] += n;
		return;
	}
	while (n-- && !cut_short(task->m, 1)) {
		addr += stride;
		modelled_access(task, addr, kind, res, false);
	}
}

static void access_stride(struct task_struct *task, vaddr_t addr, vaddr_t last,
			  uint64_t stride, enum access_kind kind,
			  struct access_result *res)
{
	struct machine *m = task->m;

	for (;;) {
		vaddr_t end = min_t(vaddr_t, last, addr | ~PAGE_MASK(m));
		uint64_t n = (end - addr) / stride;

		if (access_page(task, addr, kind, res))
			return;
		access_again(task, addr, n, stride, kind, res);
		addr += n * stride;
		if (last - addr < stride || cut_short(m, 1))
			return;
		addr += stride;
	}
}

void access_range(struct task_struct *task, vaddr_t addr, uint64_t len,
		  uint64_t stride, enum access_kind kind,
		  struct access_result *res)
{
	struct machine *m = task->m;
	vaddr_t last;

	*res = (struct access_result){0};
	if (!len)
		return;
	last = last_byte(addr, len);
	if (stride) {
		access_stride(task, addr, last, stride, kind, res);
		return;
	}
	for (;;) {
		if (access_page(task, addr, kind, res))
			return;
		if ((addr | ~PAGE_MASK(m)) >= last || cut_short(m, 1))
			return;
		addr = (addr & PAGE_MASK(m)) + PAGE_SIZE(m);
	}
}

/* Bytes of [addr, addr + len) that lie in addr's page. */
static uint64_t in_page(const struct machine *m, vaddr_t addr, uint64_t len)
{
	uint64_t room = PAGE_SIZE(m) - (addr & ~PAGE_MASK(m));

	return len < room ? len : room;
}

/* The bytes behind a user address. => it is mapped */
static uint8_t *user_bytes(const struct mm_struct *mm, vaddr_t addr)
{
	const struct machine *m = mm->m;
	pfn_t pfn = pte_pfn(m->fmt, ptep_get(mm, pte_offset(mm, addr)));

	return m->ram + pfn_to_phys(m, pfn) + (addr & ~PAGE_MASK(m));
}

void access_store(struct task_struct *task, vaddr_t addr, const void *bytes,
		  uint64_t len, struct access_result *res)
{
	struct machine *m = task->m;
	const uint8_t *from = bytes;

	*res = (struct access_result){0};
	while (len) {
		uint64_t n = in_page(m, addr, len);

		if (access_page(task, addr, ACCESS_WRITE, res))
			return;
		if (m->contents)
			memcpy(user_bytes(task->mm, addr), from, n);
		addr += n;
		from += n;
		len -= n;
	}
}

void access_load(struct task_struct *task, vaddr_t addr, void *bytes,
		 uint64_t len, struct access_result *res)
{
	struct machine *m = task->m;
	uint8_t *to = bytes;

	*res = (struct access_result){0};
	while (len) {
		uint64_t n = in_page(m, addr, len);

		if (access_page(task, addr, ACCESS_READ, res))
			return;
		if (m->contents)
			memcpy(to, user_bytes(task->mm, addr), n);
		else
			memset(to, 0, n);
		addr += n;
		to += n;
		len -= n;
	}
}

void access_load_check(struct task_struct *task, vaddr_t addr,
		       const void *expected, uint64_t len,
		       struct access_result *res)
{
	struct machine *m = task->m;
	const uint8_t *want = expected;

	*res = (struct access_result){0};
	while (len) {
		uint64_t n = in_page(m, addr, len);

		if (access_page(task, addr, ACCESS_READ, res))
			return;
		if (m->contents &&
		    memcmp(user_bytes(task->mm, addr), want, n) != 0)
			res->mismatch = true;
		addr += n;
		want += n;
		len -= n;
	}
}
