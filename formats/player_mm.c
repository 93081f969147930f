/*
 * player_mm.c - processes, address spaces, areas and page-table entries of a
 * state, for the player.
 *
 *   task  PID          -> mm SERIAL (0: a zombie has none)
 *   area  (SERIAL, START)      its line of `maps`
 *   entry (SERIAL, first PAGE it covers << 3 | DEPTH)   if it is not empty
 *
 * Serials, since mms come and go and two tasks may share one. Where a record is
 * described here by a field, player/state.js gives that field its name.
 */
#include "core/pgtable.h"
#include "core/task.h"
#include "formats/pagetables.h"
#include "formats/player_internal.h"
#include "formats/report.h"

#include <string.h>

static void add_task(struct player *p, const struct task_struct *t)
{
	struct record *r = player_add(p, PLAYER_TASKS, t->pid, 0);

	r->word[0] = player_string(p, t->comm);
	r->word[1] = t->state == TASK_ZOMBIE;
	r->word[2] = t->parent ? t->parent->pid : 0;
	r->word[3] = t->mm ? (int64_t)t->mm->serial : 0;
	r->word[4] = (int64_t)t->min_flt;
	r->word[5] = (int64_t)t->maj_flt;
	r->word[6] = t->oom_score_adj;
}

static void add_mm(struct player *p, const struct mm_struct *mm)
{
	struct record *r = player_add(p, PLAYER_MMS, mm->serial, 0);

	r->word[0] = (int64_t)(mm->pgd >> p->m->page_shift);
	r->word[1] = (int64_t)mm->nr_ptes;
	r->word[2] = (int64_t)mm->total_vm;
	r->word[3] = get_mm_counter(mm, MM_FILEPAGES);
	r->word[4] = get_mm_counter(mm, MM_ANONPAGES);
	r->word[5] = get_mm_counter(mm, MM_SWAPENTS);
	r->word[6] = (int64_t)mm->locked_vm;
	r->word[7] = mm->mm_users;
}

static int64_t add_line(struct player *p, char *line, size_t len)
{
	char end = line[len];
	int64_t number;

	line[len] = '\0';
	number = player_string(p, line);
	line[len] = end;
	return number;
}

/* The report has a line an area, in the same order. */
static void add_areas(struct player *p, const struct task_struct *t)
{
	const struct vm_area_struct *vma;
	FILE *f = player_text_begin(p);
	char *text;

	report_maps(p->m, t, f);
	player_text_end(p, f);
	text = p->text;
	for_each_vma(vma, t->mm) {
		struct record *r = player_add(p, PLAYER_AREAS, t->mm->serial,
					      vma->vm_start);
		size_t len = strcspn(text, "\n");

		r->word[0] = (int64_t)vma->vm_end;
		r->word[1] = vma->vm_flags;
		r->word[2] = add_line(p, text, len);
		text += len + (text[len] == '\n');
	}
}

/* Is it the first of those that share its mm? */
static bool leads_mm(const struct task_struct *task)
{
	const struct task_struct *t;

	for_each_task(t, task->m)
		if (t->mm == task->mm)
			return t == task;
	return false;
}

void player_tasks(struct player *p)
{
	const struct task_struct *t;

	for_each_task(t, p->m) {
		add_task(p, t);
		if (!t->mm || !leads_mm(t))
			continue;
		add_mm(p, t->mm);
		add_areas(p, t);
	}
}

/* ---- page tables ---- */

struct entry_walk {
	struct player *p;
	uint64_t serial;
};

static void add_entry(void *ctx, unsigned depth, unsigned index __unused_arg,
		      ptep_t at, pte_t entry, vaddr_t va)
{
	const struct entry_walk *w = ctx;
	struct record *r = player_add(w->p, PLAYER_ENTRIES, w->serial,
				      va >> w->p->m->page_shift << 3 | depth);

	r->word[0] = (int64_t)(entry.v >> 32);
	r->word[1] = (int64_t)(entry.v & UINT32_MAX);
	r->word[2] = (int64_t)at;
}

void player_entries(struct player *p)
{
	const struct task_struct *t;

	for_each_task(t, p->m) {
		struct entry_walk w = {.p = p};

		if (!t->mm || !leads_mm(t))
			continue;
		w.serial = t->mm->serial;
		walk_tables(t->mm, add_entry, &w);
	}
}

enum entry_kind { ENTRY_TABLE, ENTRY_FRAME, ENTRY_LARGE, ENTRY_FILE, ENTRY_SWAP };

static enum entry_kind entry_kind(const struct pg_format *f, unsigned depth,
				  pte_t entry)
{
	if (depth + 1 < f->nr_levels)
		return pg_entry_is_leaf(f, depth, entry.v) ? ENTRY_LARGE
							   : ENTRY_TABLE;
	if (pte_present(f, entry))
		return ENTRY_FRAME;
	return pte_file(f, entry) ? ENTRY_FILE : ENTRY_SWAP;
}

/* Decoded: kind, the number of what it names, its bits in words. */
void player_name_entry(void *ctx, struct record *r)
{
	struct player *p = ctx;
	const struct pg_format *fmt = p->m->fmt;
	unsigned depth = (unsigned)(r->b & 7);
	pte_t entry = __pte((uint64_t)r->word[0] << 32 | (uint64_t)r->word[1]);
	enum entry_kind kind = entry_kind(fmt, depth, entry);
	swp_entry_t swap = pte_to_swp_entry(fmt, entry);
	uint64_t number = pte_pfn(fmt, entry);
	FILE *f = player_text_begin(p);

	if (kind == ENTRY_SWAP) {
		number = swp_offset(swap);
		fprintf(f, "%u", swp_type(swap));
	} else if (kind == ENTRY_FILE) {
		number = pte_to_pgoff(fmt, entry);
	} else {
		write_entry_flags(fmt, entry.v, f);
	}
	if (kind == ENTRY_TABLE)
		number = entry_table(fmt, entry.v) >> p->m->page_shift;
	r->word[3] = kind;
	r->word[4] = (int64_t)number;
	r->word[5] = player_string(p, player_text_end(p, f));
}
