/*
 * pagetables.c - the reports `pagetables` (the last-level entries of a process,
 * without frame numbers, to be compared) and `tables` (every table with its
 * entries decoded, to be read).
 */
#include "core/pgtable.h"
#include "formats/pagetables.h"
#include "formats/report.h"
#include "formats/table_walk.h"

struct table_report {
	const struct machine *m;
	FILE *out;
};

/* ---- pagetables ---- */

static void write_entry(void *ctx, unsigned depth, unsigned index __unused_arg,
			ptep_t at __unused_arg, pte_t entry, vaddr_t va)
{
	const struct table_report *r = ctx;
	const struct pg_format *f = r->m->fmt;

	if (depth + 1 < f->nr_levels)
		return;
	fprintf(r->out, "0x%08llx", (unsigned long long)va);
	if (pte_present(f, entry))
		fprintf(r->out, " flags=0x%03llx%s\n",
			(unsigned long long)(entry.v & f->low_flags),
			entry.v & f->bits.nx ? " nx" : "");
	else
		fputs(pte_file(f, entry) ? " file\n" : " swap\n", r->out);
}

void report_pagetables(const struct machine *m, const struct task_struct *task,
		       FILE *out)
{
	struct table_report r = {m, out};

	if (task->mm)
		walk_tables(task->mm, write_entry, &r);
}

/* ---- tables ---- */

void write_entry_flags(const struct pg_format *f, uint64_t v, FILE *out)
{
	struct entry_flag flag[MAX_ENTRY_FLAGS];
	unsigned n = entry_flags(f, v, flag);

	for (unsigned i = 0; i < n; i++)
		fprintf(out, " %s", flag[i].name);
}

void write_pte(const struct machine *m, pte_t entry, FILE *out)
{
	const struct pg_format *f = m->fmt;
	swp_entry_t swap = pte_to_swp_entry(f, entry);

	if (pte_present(f, entry)) {
		fprintf(out, "frame 0x%05x%s", pte_pfn(f, entry),
			pte_pfn(f, entry) == m->zero_pfn ? " (zero)" : "");
		write_entry_flags(f, entry.v, out);
	} else if (pte_file(f, entry)) {
		fprintf(out, "file page %llu",
			(unsigned long long)pte_to_pgoff(f, entry));
	} else {
		fprintf(out, "swap area %u slot %llu", swp_type(swap),
			(unsigned long long)swp_offset(swap));
	}
}

static void write_leaf(const struct machine *m, pte_t entry, FILE *out)
{
	write_pte(m, entry, out);
	fputc('\n', out);
}

static void write_node(void *ctx, unsigned depth, unsigned index, ptep_t at,
		       pte_t entry, vaddr_t va)
{
	const struct table_report *r = ctx;
	const struct pg_format *f = r->m->fmt;

	fprintf(r->out, "%*s%s[%u] 0x%08llx at 0x%08llx = 0x%0*llx ",
		2 * (int)(depth + 1), "", f->level[depth].name, index,
		(unsigned long long)va, (unsigned long long)at,
		2 * f->entry_size, (unsigned long long)entry.v);
	if (depth + 1 == f->nr_levels) {
		write_leaf(r->m, entry, r->out);
		return;
	}
	if (pg_entry_is_leaf(f, depth, entry.v)) {
		fprintf(r->out, "large page of %lluK, ",
			1ull << (f->level[depth].shift - 10));
		write_leaf(r->m, entry, r->out);
		return;
	}
	fprintf(r->out, "%s table in frame 0x%05llx", f->level[depth + 1].name,
		(unsigned long long)(entry_table(f, entry.v) >>
				     r->m->page_shift));
	write_entry_flags(f, entry.v, r->out);
	fputc('\n', r->out);
}

void report_tables(const struct machine *m, const struct task_struct *task,
		   FILE *out)
{
	const struct pg_format *f = m->fmt;
	struct table_report r = {m, out};
	uint64_t kernel = kernel_root_index(m), all = pg_table_entries(f, 0);

	if (!task->mm)
		return;
	fprintf(out, "%s: %s table in frame 0x%05llx, %llu last-level tables\n",
		f->name, f->level[0].name,
		(unsigned long long)(task->mm->pgd >> m->page_shift),
		(unsigned long long)task->mm->nr_ptes);
	walk_tables(task->mm, write_node, &r);
	if (kernel < all)
		fprintf(out, "  %s[%llu-%llu] the kernel's, shared by all\n",
			f->level[0].name, (unsigned long long)kernel,
			(unsigned long long)all - 1);
}
