/*
 * anon_family.c - who hangs on which anon_vma, and in which order to show it.
 *
 * Every area keeps its chains newest first. Columns are built from the other
 * end: an anon_vma that is not there yet is put left of the one that follows it
 * in the list. So after
 *
 *	parent: A0        child: A1 A0        grandchild: A2 A1 A0
 *
 * the columns are A2 A1 A0, and a brother's own goes left of A0.
 */
#include "formats/anon_family.h"
#include "core/memory.h"
#include "core/pgtable.h"

#include <string.h>

/* ---- which family ---- */

static unsigned nr_chains(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	unsigned n = 0;

	list_for_each_entry (avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

static unsigned nr_links(const struct anon_vma *av)
{
	unsigned n = 0;

	for (struct rb_node *rb = rb_first(&av->rb_root); rb; rb = rb_next(rb))
		n++;
	return n;
}

/* A series stays with the family that has the most relatives at any step, as
 * soon as it is there. */
static const struct vm_area_struct *of_series(const struct figure_options *o,
					      const struct vm_area_struct *best,
					      unsigned score)
{
	const struct figure_slot *slot;
	const struct vm_area_struct *vma;
	size_t n;

	if (!o->slots)
		return best;
	figure_place(o, FAMILY_SLOTS,
		     (uint64_t)score << 52 | best->vm_start >> 12, 0);
	n = figure_slots_of(o->slots, FAMILY_SLOTS, &slot);
	for_each_vma (vma, best->vm_mm)
		if (vma->anon_vma && vma->vm_start >> 12 ==
			    (slot[n - 1].key & ((1ull << 52) - 1)))
			return vma;
	return best;
}

/* The area at the address; else the one with most relatives, and among equal
 * ones one that is anonymous from the start. */
static const struct vm_area_struct *choose_area(const struct figure_options *o)
{
	const struct vm_area_struct *vma, *best = NULL;
	unsigned most = 0;

	for_each_vma (vma, o->task->mm) {
		unsigned n;

		if (!vma->anon_vma)
			continue;
		if (o->has_address && (o->address < vma->vm_start ||
				       o->address >= vma->vm_end))
			continue;
		n = 2 * (nr_chains(vma) + nr_links(vma->anon_vma)) +
		    !vma->vm_file;
		if (n > most) {
			most = n;
			best = vma;
		}
	}
	return best ? of_series(o, best, most) : NULL;
}

/* An mm that several tasks share is that of the first of them. */
static bool first_user(const struct task_struct *task)
{
	const struct task_struct *t;

	if (!task->mm || task->mm->mm_users == 1)
		return task->mm;
	for_each_task (t, task->m)
		if (t->mm == task->mm)
			break;
	return t == task;
}

/* Areas of the family, by process; an mm that several share counts once. With
 * f->row NULL they are only counted. */
static void collect_rows(struct family *f)
{
	const struct vm_area_struct *vma;
	const struct task_struct *t;

	f->all_rows = 0;
	for_each_task (t, f->m) {
		if (!first_user(t))
			continue;
		for_each_vma (vma, t->mm) {
			if (!vma->anon_vma || vma->anon_vma->root != f->root)
				continue;
			if (f->row)
				f->row[f->all_rows] = (struct family_row){t, vma,
					(unsigned)f->all_rows};
			f->all_rows++;
		}
	}
}

bool family_open(struct family *f, const struct machine *m,
		 const struct figure_options *o)
{
	const struct vm_area_struct *vma = o->task->mm ? choose_area(o) : NULL;

	*f = (struct family){.m = m};
	if (!vma)
		return false;
	f->root = vma->anon_vma->root;
	f->page = vma->vm_start >> PAGE_SHIFT(m) & ((1u << FAMILY_BITS) - 1);
	f->page_seen = host_reserve(&m->host, m->max_pfn);
	collect_rows(f);
	f->row = host_alloc(&m->host, f->all_rows * sizeof(*f->row));
	collect_rows(f);
	return true;
}

void family_close(struct family *f)
{
	host_free(&f->m->host, f->row, f->all_rows * sizeof(*f->row));
	host_release(&f->m->host, f->page_seen, f->m->max_pfn);
}

/* ---- columns ---- */

int family_column_of(const struct family *f, const struct anon_vma *av)
{
	for (unsigned i = 0; i < f->nr_columns; i++)
		if (f->column[i].av == av)
			return (int)i;
	return -1;
}

static void insert_column(struct family *f, int at, const struct anon_vma *av)
{
	if (f->nr_columns == FAMILY_COLUMNS)
		return;
	memmove(&f->column[at + 1], &f->column[at],
		(f->nr_columns - (unsigned)at) * sizeof(f->column[0]));
	f->column[at] = (struct family_column){.av = av};
	f->nr_columns++;
}

/* From the root's end: what is new stands left of its successor. */
static void insert_chain(struct family *f, const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	int next = (int)f->nr_columns;

	for (struct list_head *l = vma->anon_vma_chain.prev;
	     l != &vma->anon_vma_chain; l = l->prev) {
		int at;

		avc = list_entry(l, struct anon_vma_chain, same_vma);
		at = family_column_of(f, avc->anon_vma);
		if (at < 0) {
			insert_column(f, next, avc->anon_vma);
			at = next;
		}
		next = at;
	}
}

void family_columns(struct family *f)
{
	insert_column(f, 0, f->root);
	for (unsigned i = 0; i < f->nr_rows; i++)
		insert_chain(f, f->row[i].vma);
	for (unsigned i = 0; i < f->nr_columns; i++)
		f->column[i].number = f->nr_columns - 1 - i;
}

void family_drop_columns(struct family *f, unsigned fit)
{
	unsigned drop;

	if (f->nr_columns <= fit)
		return;
	drop = f->nr_columns - fit;
	memmove(f->column, f->column + drop, fit * sizeof(f->column[0]));
	f->nr_columns = fit;
}

unsigned family_hidden(const struct family *f)
{
	size_t size = f->m->anon_vma_pool.next_id;
	uint8_t *seen = host_alloc(&f->m->host, size);
	const struct anon_vma_chain *avc;
	unsigned n = 0;

	for (unsigned i = 0; i < f->nr_columns; i++)
		seen[f->column[i].av->id] = 1;
	for (size_t i = 0; i < f->all_rows; i++) {
		list_for_each_entry (avc, &f->row[i].vma->anon_vma_chain,
				     same_vma) {
			n += !seen[avc->anon_vma->id];
			seen[avc->anon_vma->id] = 1;
		}
	}
	host_free(&f->m->host, seen, size);
	return n;
}

/* ---- pages ---- */

static void note_page(struct family *f, pfn_t pfn)
{
	const struct page *page = pfn_to_page(f->m, pfn);
	const struct anon_vma *av = page_anon_vma(f->m, page);
	int at = av ? family_column_of(f, av) : -1;
	struct family_column *c;

	if (at < 0 || f->page_seen[pfn])
		return;
	c = &f->column[at];
	f->page_seen[pfn] = 1;
	c->all_pages++;
	if (c->nr_pages < FAMILY_PAGES)
		c->page[c->nr_pages++] = (struct family_page){pfn, page->index};
}

static void collect_pages(struct family *f, const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;
	vaddr_t addr = vma->vm_start, next;

	while (addr < vma->vm_end) {
		ptep_t at = pte_table_range(mm, addr, vma->vm_end, &next);

		for (; at && addr < next; addr += PAGE_SIZE(f->m)) {
			pte_t pte = ptep_get(mm, at);

			if (pte_present(f->m->fmt, pte))
				note_page(f, pte_pfn(f->m->fmt, pte));
			at = ptep_next(mm, at);
		}
		addr = next;
	}
}

void family_pages(struct family *f)
{
	for (size_t i = 0; i < f->all_rows; i++)
		collect_pages(f, f->row[i].vma);
}
