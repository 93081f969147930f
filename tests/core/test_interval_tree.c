/* Interval trees against a list that is searched from end to end. */
#include "core/filemap.h"
#include "core/machine.h"
#include "core/rmap.h"

#include <criterion/criterion.h>

#define NR_AREAS 200
#define SPACE 256 /* page offsets */

struct world {
	struct machine m;
	struct mm_struct mm;
	struct address_space mapping;
	struct anon_vma av;
	struct vm_area_struct area[NR_AREAS];
	struct anon_vma_chain avc[NR_AREAS];
	bool in[NR_AREAS];
	uint32_t seed;
};

static uint32_t draw(struct world *w, uint32_t below)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 8) % below;
}

static void place(struct world *w, unsigned i)
{
	struct vm_area_struct *vma = &w->area[i];
	uint64_t pages = 1 + draw(w, draw(w, 4) ? 6 : 80);

	vma->vm_mm = &w->mm;
	vma->vm_start = 0x20000000;
	vma->vm_end = vma->vm_start + (pages << w->m.page_shift);
	vma->vm_pgoff = draw(w, SPACE);
	w->avc[i].vma = vma;
	w->avc[i].anon_vma = &w->av;
}

static struct world *new_world(uint32_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	w->seed = seed;
	w->m.page_shift = 12;
	w->m.page_size = 4096;
	w->mm.m = &w->m;
	return w;
}

static void toggle(struct world *w, unsigned i)
{
	if (w->in[i]) {
		vma_interval_tree_remove(&w->area[i], &w->mapping);
		anon_vma_interval_tree_remove(&w->avc[i], &w->av);
	} else {
		place(w, i);
		vma_interval_tree_insert(&w->area[i], &w->mapping);
		anon_vma_interval_tree_insert(&w->avc[i], &w->av);
	}
	w->in[i] = !w->in[i];
}

static unsigned matches(const struct world *w, uint64_t first, uint64_t last)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NR_AREAS; i++) {
		const struct vm_area_struct *vma = &w->area[i];
		uint64_t pages = (vma->vm_end - vma->vm_start) >> 12;

		n += w->in[i] && vma->vm_pgoff <= last &&
		     vma->vm_pgoff + pages - 1 >= first;
	}
	return n;
}

static void query(struct world *w, uint64_t first, uint64_t last)
{
	struct vm_area_struct *vma;
	struct anon_vma_chain *avc;
	unsigned found = 0, chains = 0;
	uint64_t before = 0;

	for (vma = vma_interval_tree_iter_first(&w->mapping, first, last); vma;
	     vma = vma_interval_tree_iter_next(vma, first, last)) {
		cr_assert_geq(vma->vm_pgoff, before, "not in order");
		before = vma->vm_pgoff;
		found++;
	}
	for (avc = anon_vma_interval_tree_iter_first(&w->av, first, last); avc;
	     avc = anon_vma_interval_tree_iter_next(avc, first, last))
		chains++;
	cr_assert_eq(found, matches(w, first, last));
	cr_assert_eq(chains, found);
}

Test(interval_tree, same_as_a_list)
{
	for (uint32_t seed = 1; seed <= 5; seed++) {
		struct world *w = new_world(seed);

		for (unsigned step = 0; step < 2000; step++) {
			uint64_t first = draw(w, SPACE);
			struct checker c = {0};

			toggle(w, draw(w, NR_AREAS));
			query(w, first, first + draw(w, 20));
			query(w, first, first);
			if (step % 50)
				continue;
			vma_interval_tree_check(&w->mapping, &c);
			anon_vma_interval_tree_check(&w->av, &c);
			cr_assert_eq(c.broken, 0);
		}
		free(w);
	}
}

/* fork's copies stand behind their parents, however many there are. */
Test(interval_tree, insert_after)
{
	struct world *w = new_world(7);
	struct vm_area_struct *vma, *prev = &w->area[0];
	struct checker c = {0};

	for (unsigned i = 0; i < NR_AREAS; i++) {
		place(w, i);
		w->area[i].vm_pgoff = 10 + i % 3;
		if (i < 3)
			vma_interval_tree_insert(&w->area[i], &w->mapping);
		else
			vma_interval_tree_insert_after(&w->area[i],
						       &w->area[i - 3],
						       &w->mapping);
	}
	vma_interval_tree_check(&w->mapping, &c);
	cr_assert_eq(c.broken, 0);
	vma = vma_interval_tree_iter_first(&w->mapping, 0, SPACE);
	for (unsigned i = 0; i < NR_AREAS; i += 3) {
		cr_assert_eq(vma, &w->area[i], "copy %u is not behind", i);
		prev = vma;
		vma = vma_interval_tree_iter_next(vma, 0, SPACE);
	}
	cr_assert_eq(prev->vm_pgoff, 10);
	cr_assert_eq(vma->vm_pgoff, 11);
	free(w);
}

/* A wrong subtree end would hide areas from a walk: the check sees it. */
Test(interval_tree, check_sees_damage)
{
	struct world *w = new_world(3);
	struct checker c = {0};

	for (unsigned i = 0; i < 20; i++)
		toggle(w, i);
	w->area[7].shared.rb_subtree_last ^= 1;
	vma_interval_tree_check(&w->mapping, &c);
	cr_assert_gt(c.broken, 0);
	w->area[7].shared.rb_subtree_last ^= 1;
	c.broken = 0;
	vma_interval_tree_check(&w->mapping, &c);
	cr_assert_eq(c.broken, 0);
	free(w);
}
