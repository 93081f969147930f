/*
 * rmap.c - a process's areas with their anon_vmas, for comparing machines.
 *
 *   0xSTART-0xEND anon_vma=A chain=C,C root=R links=N,N
 *
 * anon_vmas have no name that two machines would share, so they are numbered
 * in order of appearance. An area that never had an anonymous page has none,
 * and no line. links: for each of the chain, how many areas (of all
 * processes) hang on that anon_vma.
 */
#include "core/rmap.h"
#include "formats/report.h"

#include <inttypes.h>

struct numbering {
	uint32_t *of; /* by anon_vma id; 0: not met yet */
	uint32_t nr;
};

static void write_number(struct numbering *n, const struct anon_vma *av,
			 FILE *out)
{
	if (!n->of[av->id])
		n->of[av->id] = ++n->nr;
	fprintf(out, "%" PRIu32, n->of[av->id] - 1);
}

static unsigned nr_links(const struct anon_vma *av)
{
	unsigned n = 0;

	for (struct rb_node *rb = rb_first(&av->rb_root); rb; rb = rb_next(rb))
		n++;
	return n;
}

static void write_chain(struct numbering *n, const struct vm_area_struct *vma,
			FILE *out)
{
	const struct anon_vma_chain *avc;
	const char *comma = "";

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		fputs(comma, out);
		write_number(n, avc->anon_vma, out);
		comma = ",";
	}
}

static void write_links(const struct vm_area_struct *vma, FILE *out)
{
	const struct anon_vma_chain *avc;
	const char *comma = "";

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		fprintf(out, "%s%u", comma, nr_links(avc->anon_vma));
		comma = ",";
	}
}

static void write_area(struct numbering *n, const struct vm_area_struct *vma,
		       FILE *out)
{
	fprintf(out, "0x%08" PRIx64 "-0x%08" PRIx64, vma->vm_start,
		vma->vm_end);
	fputs(" anon_vma=", out);
	write_number(n, vma->anon_vma, out);
	fputs(" chain=", out);
	write_chain(n, vma, out);
	fputs(" root=", out);
	write_number(n, vma->anon_vma->root, out);
	fputs(" links=", out);
	write_links(vma, out);
	fputc('\n', out);
}

void report_rmap(const struct machine *m, const struct task_struct *task,
		 FILE *out)
{
	size_t bytes = m->anon_vma_pool.next_id * sizeof(uint32_t);
	struct numbering n = {.of = host_alloc(&m->host, bytes)};
	const struct vm_area_struct *vma;

	if (task->mm)
		for_each_vma(vma, task->mm)
			if (vma->anon_vma)
				write_area(&n, vma, out);
	host_free(&m->host, n.of, bytes);
}
