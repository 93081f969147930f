/*
 * mmu.h - the CPU's side: translate an address, set A and D, or fault.
 *
 * The software TLB remembers, per mm, translations whose next use would change
 * nothing: a read hit needs A set already, a write hit A, D and RW. So A, D
 * and all counters are exact, and a hit costs a compare. Any change of an entry
 * forgets its copy (set_pte_at).
 *
 * Linux: arch/x86/mm/fault.c is behind do_page_fault().
 */
#ifndef MMEMU_CORE_MMU_H
#define MMEMU_CORE_MMU_H

#include "core/machine.h"
#include "core/mm.h"

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/* x86 page-fault error code */
#define PF_PROT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_INSTR 16u

/* What an access did. */
struct access_result {
	uint32_t minflt, majflt;
	int signal;	/* 0, or the emulated signal's number: SIGSEGV ... */
	int si_code;	/* SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR */
	bool oom;	/* killed for lack of memory (signal is SIGKILL) */
	bool mismatch;	/* access_load_check(): other bytes than expected */
};

#define EMU_SIGBUS 7
#define EMU_SIGKILL 9
#define EMU_SIGSEGV 11
#define EMU_SEGV_MAPERR 1
#define EMU_SEGV_ACCERR 2
#define EMU_BUS_ADRERR 2

#define SOFT_TLB_BITS 10
#define SOFT_TLB_SIZE (1u << SOFT_TLB_BITS)

/*
 * tag[kind][n]: number + 1 of the page, of those whose number ends in n, for
 * which an access of that kind would change nothing but counters; 0 = none.
 */
struct soft_tlb {
	uint32_t id;		/* in m->tlb_pool */
	uint64_t tag[3][SOFT_TLB_SIZE]; /* by enum access_kind */
	pfn_t pfn[SOFT_TLB_SIZE]; /* frame of the write tag: stores go there */
};

/* Forget what is known of one page: its entry changed. */
static inline void soft_tlb_flush_page(struct mm_struct *mm, vaddr_t addr)
{
	struct soft_tlb *t = mm->tlb;
	uint64_t n;

	if (!t)
		return;
	n = (addr >> mm->m->page_shift) & (SOFT_TLB_SIZE - 1);
	t->tag[ACCESS_READ][n] = 0;
	t->tag[ACCESS_WRITE][n] = 0;
	t->tag[ACCESS_FETCH][n] = 0;
}
/* Forget everything (entries changed without set_pte_at()). */
void soft_tlb_flush_all(struct mm_struct *mm);
struct checker;
/* The invariant of mmu.c's head. */
void mmu_check_tlb(const struct mm_struct *mm, struct checker *c);
/* Give the memory back; the mm has none until its next access. */
void soft_tlb_destroy(struct mm_struct *mm);

/*
 * One access of one page, if it hits: the whole of it is done then, and true.
 * => mm's machine is m
 */
static inline bool mmu_access_hit(struct machine *m, struct mm_struct *mm,
				  vaddr_t addr, enum access_kind kind)
{
	const struct soft_tlb *t = mm->tlb;
	uint64_t page = addr >> m->page_shift;
	uint64_t n = page & (SOFT_TLB_SIZE - 1);

	if (unlikely(!t) || t->tag[kind][n] != page + 1)
		return false;
	m->stats.accesses[kind]++;
	if (kind == ACCESS_WRITE && m->contents)
		m->ram[((paddr_t)t->pfn[n] << m->page_shift) |
		       (addr & (m->page_size - 1))] = 1;
	return true;
}

/* Would that access change nothing but counters? (No if that is not known.) */
static inline bool mmu_access_idle(const struct machine *m,
				   const struct mm_struct *mm, vaddr_t addr,
				   enum access_kind kind)
{
	const struct soft_tlb *t = mm->tlb;
	uint64_t page = addr >> m->page_shift;
	uint64_t n = page & (SOFT_TLB_SIZE - 1);

	return t && t->tag[kind][n] == page + 1 &&
	       (kind != ACCESS_WRITE || !m->contents ||
		m->ram[((paddr_t)t->pfn[n] << m->page_shift) |
		       (addr & (m->page_size - 1))] == 1);
}

/*
 * Make the next access of that kind a hit, if that takes no fault: walk, set A
 * (and D). false: it would fault, or a modelled TLB wants to see it; nothing is
 * changed.
 */
bool mmu_remember(struct task_struct *task, vaddr_t addr,
		  enum access_kind kind);

/*
 * One access of `len` bytes: every page of [addr, addr+len) once, ascending
 * (stride 0), or one byte at addr, addr+stride, ... below addr+len. Ends at the
 * first signal. *res is filled, never accumulated. The signal is only
 * reported: killing the process is the caller's decision.
 * A write stores byte 1 at the first byte touched of each page when the
 * machine keeps contents.
 */
void access_range(struct task_struct *task, vaddr_t addr, uint64_t len,
		  uint64_t stride, enum access_kind kind,
		  struct access_result *res);
/* Store len bytes; pages before a failing one keep what was stored. */
void access_store(struct task_struct *task, vaddr_t addr, const void *bytes,
		  uint64_t len, struct access_result *res);
/* Load len bytes to `bytes`; those of a failing page and behind it are left
 * alone. All zeros where the machine keeps no contents. */
void access_load(struct task_struct *task, vaddr_t addr, void *bytes,
		 uint64_t len, struct access_result *res);
/* Load len bytes and compare with what is expected. */
void access_load_check(struct task_struct *task, vaddr_t addr,
		       const void *expected, uint64_t len,
		       struct access_result *res);

/* A miss: walk, set A/D, fault as often as needed. 0 or the signal in *res. */
int mmu_access_slow(struct task_struct *task, vaddr_t addr,
		    enum access_kind kind, struct access_result *res);

/*
 * The kernel's handler. Linux: __do_page_fault(). error_code as the CPU pushes
 * it. 0, or the signal with res->signal and si_code set.
 */
int do_page_fault(struct task_struct *task, vaddr_t addr, unsigned error_code,
		  struct access_result *res);

#endif
