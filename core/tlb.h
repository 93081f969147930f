/*
 * tlb.h - a model of a CPU's TLBs and page walker, to count what paging costs.
 *
 * Attached to a machine it is asked at every user access (mmu.c) and told of
 * every entry that changes; it changes nothing itself, so a replay gives the
 * same machine with and without it. Detached (m->tlb NULL) it costs the access
 * path nothing: the software TLB of mmu.c, which is filled only then, answers
 * before anybody looks.
 */
#ifndef MMEMU_CORE_TLB_H
#define MMEMU_CORE_TLB_H

#include "core/machine.h"
#include "core/mmu.h"

struct tlb;

enum tlb_answer {
	TLB_HIT,    /* translated; the access changes nothing */
	TLB_MISS,   /* not known: walk */
	TLB_ASSIST, /* known, but D is to be set or the access is refused: walk */
};

/* Which side of the first level. */
enum { TLB_INSTRUCTION, TLB_DATA, NR_TLB_SIDES };

struct tlb_stats {
	uint64_t hits[NR_TLB_SIDES], misses[NR_TLB_SIDES]; /* first level */
	uint64_t l2_hits, l2_misses;
	uint64_t walks;		/* that ended in a translation */
	uint64_t fault_walks;	/* that ended in a fault */
	uint64_t assists;	/* walks to set D of a known page */
	uint64_t refs[PG_MAX_LEVELS]; /* entries read in walks, by level */
	uint64_t pwc_hits[PG_MAX_LEVELS]; /* walks that began at this level */
	uint64_t switches;	/* of address spaces: CR3 loads */
	uint64_t root_loads;	/* entries read by those: PAE's four */
	uint64_t flushes;	/* of everything but global entries */
	uint64_t invalidations; /* of single pages, known ones */
	uint64_t kernel_hits, kernel_misses, kernel_refs;
};

/* Attach and detach. cfg must have passed machine_config_check(). */
void tlb_attach(struct machine *m, const struct tlb_config *cfg);
void tlb_detach(struct machine *m);
/* NULL if none is attached. */
const struct tlb_stats *tlb_statistics(const struct machine *m);
/* Cycles that translation took, by the model's three figures. */
uint64_t tlb_cycles(const struct machine *m);

/* ---- the CPU's side (mmu.c) ---- */
/* The access comes from this address space: another one than the last loads
 * CR3. */
void tlb_switch_mm(struct tlb *t, const struct mm_struct *mm);
/* Counts a hit or a miss of both levels; TLB_HIT fills *pfn. */
enum tlb_answer tlb_lookup(struct tlb *t, const struct mm_struct *mm,
			   vaddr_t addr, enum access_kind kind, pfn_t *pfn);
/* A walk for addr was made; code: of the fault that it ended in, or 0. */
void tlb_count_walk(struct tlb *t, const struct mm_struct *mm, vaddr_t addr,
		    enum tlb_answer why, unsigned code);
/* Remember a translation that permits the access. */
void tlb_fill(struct tlb *t, const struct mm_struct *mm, vaddr_t addr,
	      enum access_kind kind, pte_t entry);
/* The kernel runs for a moment and uses its own translations. */
void tlb_kernel_entry(struct tlb *t);

/* ---- the kernel's side ---- */
/* An entry is about to change (invlpg); old: what it was. */
void tlb_invalidate_page(struct tlb *t, const struct mm_struct *mm,
			 vaddr_t addr, pte_t old);
/* All of an address space's translations (fork write-protects at large). */
void tlb_flush_mm(struct tlb *t, const struct mm_struct *mm);
/* A table went away: nothing that the walker remembers of upper levels holds. */
void tlb_flush_walk_caches(struct tlb *t);
/* The address space ends; its number may name another one later. */
void tlb_forget_mm(struct tlb *t, const struct mm_struct *mm);

struct checker;
/* The invariants of tlb.c's head. */
void tlb_check(const struct machine *m, struct checker *c);

#endif
