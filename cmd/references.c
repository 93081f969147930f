/* references.c - accesses of a replay as references to pages. */
#include "cmd/references.h"
#include "core/machine.h"
#include "core/mm.h"
#include "core/page_alloc.h"

#define PAGE_BITS 40 /* of a page number; the address space above it */

/* Accesses of a page are added at once. */
void references_access(struct reference_string *s,
		       const struct task_struct *task, uint64_t addr,
		       uint64_t len, uint64_t stride)
{
	struct machine *m = task->m;
	uint64_t space = task->mm->serial << PAGE_BITS, last = addr + len - 1;
	uint64_t step = stride ? stride : PAGE_SIZE(m);

	if (!len)
		return;
	if (last < addr)
		last = UINT64_MAX;
	if (!stride)
		addr &= PAGE_MASK(m);
	for (;;) {
		uint64_t end = min_t(uint64_t, last, addr | ~PAGE_MASK(m));
		uint64_t n = (end - addr) / step;

		references_add(s, space | addr >> m->page_shift, n + 1);
		addr += n * step;
		if (last - addr < step || cut_short(m, 1))
			return;
		addr += step;
	}
}

uint32_t machine_policy_frames(const struct machine *m)
{
	return m->cfg.reclaim_frames ? m->cfg.reclaim_frames
				     : (uint32_t)totalram_pages(m);
}
