/*
 * subsystems.h - how the parts of a machine are made, checked and taken down.
 *
 * machine.c calls these in the order of the table there; each part keeps its
 * pools and lists in struct machine. x_init() returns 0, or -errno with *why one
 * line; x_destroy() gives back host memory only, whatever state the part is in,
 * and must work after a failed or missing x_init().
 */
#ifndef MMEMU_CORE_SUBSYSTEMS_H
#define MMEMU_CORE_SUBSYSTEMS_H

#include "core/machine.h"

int zones_subsys_init(struct machine *m, const char **why);
void zones_subsys_destroy(struct machine *m);
int slab_subsys_init(struct machine *m, const char **why);
void slab_subsys_destroy(struct machine *m);
int compaction_subsys_init(struct machine *m, const char **why);
void compaction_subsys_destroy(struct machine *m);
int pgtable_subsys_init(struct machine *m, const char **why);
void pgtable_subsys_destroy(struct machine *m);
int large_subsys_init(struct machine *m, const char **why);
void large_subsys_destroy(struct machine *m);
int vmalloc_subsys_init(struct machine *m, const char **why);
void vmalloc_subsys_destroy(struct machine *m);
int lru_subsys_init(struct machine *m, const char **why);
void lru_subsys_destroy(struct machine *m);
int filemap_subsys_init(struct machine *m, const char **why);
void filemap_subsys_destroy(struct machine *m);
int rmap_subsys_init(struct machine *m, const char **why);
void rmap_subsys_destroy(struct machine *m);
int ksm_subsys_init(struct machine *m, const char **why);
void ksm_subsys_destroy(struct machine *m);
int mmap_subsys_init(struct machine *m, const char **why);
void mmap_subsys_destroy(struct machine *m);
int task_subsys_init(struct machine *m, const char **why);
void task_subsys_destroy(struct machine *m);
int swap_subsys_init(struct machine *m, const char **why);
void swap_subsys_destroy(struct machine *m);
int memcg_subsys_init(struct machine *m, const char **why);
void memcg_subsys_destroy(struct machine *m);
int reclaim_subsys_init(struct machine *m, const char **why);

/* The checks, each with its invariants in the head of its .c file. */
void page_alloc_check(const struct machine *m, struct checker *c);
void compaction_check(const struct machine *m, struct checker *c);
void slab_check(const struct machine *m, struct checker *c);
void pgtable_check(const struct machine *m, struct checker *c);
void vmalloc_check(const struct machine *m, struct checker *c);
void lru_check(const struct machine *m, struct checker *c);
void filemap_check(const struct machine *m, struct checker *c);
void rmap_check(const struct machine *m, struct checker *c);
void ksm_check(const struct machine *m, struct checker *c);
void mmap_check(const struct machine *m, struct checker *c);
void task_check(const struct machine *m, struct checker *c);
void swap_check(const struct machine *m, struct checker *c);
void memcg_check(const struct machine *m, struct checker *c);
/* Every frame has exactly one owner (core/owner.c). */
void owner_check(const struct machine *m, struct checker *c);

#endif
