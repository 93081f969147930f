/*
 * vma_merge.c - one area where two would say the same, more where they differ.
 *
 * A request for [addr, end) with some flags meets its neighbours P (prev) and
 * N (next). What can be joined is joined; A marks the request, X the result:
 *
 *      AAAA             AAAA                AAAA           AAAA
 *  PPPP    NNNN     PPPP    nnnn        pppp    NNNN   PPPPPPNNNN
 *  XXXXXXXXXXXX     XXXXXXXX            ....XXXXXXXX   PPPPXXXXXX
 *     case 1           case 2             case 3          case 4
 *
 *      AAAA               AAAA              AAAA            AAAA
 *  PPPPNNNNNN         PPPPNNNNXXXX      PPPPNNNNxxxx    ppppNNNNXXXX
 *  XXXXXXXXNN         XXXXXXXXXXXX      XXXXXXXX....    ....XXXXXXXX
 *     case 5             case 6            case 7          case 8
 *
 * Cases 1-3 fill a hole (mmap, brk, mremap); 4-8 give a part of existing areas
 * other flags (mprotect, madvise, mlock), which end up like a neighbour's.
 * Small letters: there, but not alike.
 *
 * Alike means: every flag equal, the same open file, offsets that go on, no
 * close method, and anonymous memory that can share an anon_vma: equal ones, or
 * one side without, if the existing area's chain has exactly one link. That
 * last rule keeps an area inherited by fork (two links) from growing.
 *
 * vma_adjust() moves the boundary between two areas, or removes areas, with
 * all trees kept right: i_mmap and the anon_vma trees are keyed by offset and
 * length, so areas leave them while they change.
 *
 * Linux: mm/mmap.c vma_merge(), vma_adjust(), __split_vma(), copy_vma().
 */
#include "core/filemap.h"
#include "core/rmap.h"
#include "core/vma.h"

/* ---- vma_adjust ---- */

/* What one round of vma_adjust() does to the area behind vma. */
struct adjustment {
	struct vm_area_struct *next;
	vaddr_t end;		 /* vma's new end */
	int64_t adjust_next;	 /* pages by which next's start moves up */
	int remove_next;	 /* areas behind vma to remove: 0, 1 or 2 */
};

/*
 * The area that grows over anonymous pages must be able to name them: it gets
 * the chain of the one that shrinks. 0 or -ENOMEM.
 */
static int import_anon_vma(struct vm_area_struct *importer,
			   struct vm_area_struct *exporter)
{
	if (!exporter->anon_vma || importer->anon_vma)
		return 0;
	if (anon_vma_clone(importer, exporter))
		return -ENOMEM;
	importer->anon_vma = exporter->anon_vma;
	return 0;
}

static int plan_adjustment(struct vm_area_struct *vma, vaddr_t end,
			   struct adjustment *a)
{
	struct vm_area_struct *next = vma->vm_next;
	unsigned shift = PAGE_SHIFT(vma->vm_mm->m);

	*a = (struct adjustment){.next = next, .end = end};
	if (!next)
		return 0;
	if (end >= next->vm_end) {
		a->remove_next = 1 + (end > next->vm_end);
		a->end = next->vm_end;
		return import_anon_vma(vma, next);
	}
	if (end > next->vm_start) {
		a->adjust_next = (int64_t)((end - next->vm_start) >> shift);
		return import_anon_vma(vma, next);
	}
	if (end < vma->vm_end) {
		a->adjust_next = -(int64_t)((vma->vm_end - end) >> shift);
		return import_anon_vma(next, vma);
	}
	return 0;
}

/* The new bounds, with both areas out of the file's tree meanwhile. */
static void move_bounds(struct vm_area_struct *vma, vaddr_t start,
			uint64_t pgoff, const struct adjustment *a)
{
	struct vm_area_struct *next = a->next;
	struct address_space *mapping = NULL;
	uint64_t page_size = PAGE_SIZE(vma->vm_mm->m);

	if (vma->vm_file && !(vma->vm_flags & VM_NONLINEAR))
		mapping = &vma->vm_file->f_inode->i_data;
	if (mapping) {
		vma_interval_tree_remove(vma, mapping);
		if (a->adjust_next)
			vma_interval_tree_remove(next, mapping);
	}
	vma->vm_start = start;
	vma->vm_end = a->end;
	vma->vm_pgoff = pgoff;
	if (a->adjust_next) {
		next->vm_start += (uint64_t)a->adjust_next * page_size;
		next->vm_pgoff += (uint64_t)a->adjust_next;
	}
	if (mapping) {
		if (a->adjust_next)
			vma_interval_tree_insert(next, mapping);
		vma_interval_tree_insert(vma, mapping);
	}
}

/* Gaps and the highest end after the bounds of vma have moved. */
static void update_gaps(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	vma_gap_update(vma);
	if (vma->vm_next)
		vma_gap_update(vma->vm_next);
	else
		mm->highest_vm_end = vma->vm_end;
}

/* Split: the new area takes its place beside vma. */
static void insert_split(struct mm_struct *mm, struct vm_area_struct *insert)
{
	struct vma_place place;
	int err = find_vma_links(mm, insert->vm_start, insert->vm_end, &place);

	mm_assert(!err);
	__vma_link(mm, insert, &place);
	mm->map_count++;
}

/* Merge: next has become part of vma. */
static void free_merged(struct vm_area_struct *vma, struct vm_area_struct *next)
{
	if (next->vm_file)
		fput(vma->vm_mm->m, next->vm_file);
	if (next->anon_vma)
		anon_vma_merge(vma, next);
	vma->vm_mm->map_count--;
	vm_area_free(next);
}

int vma_adjust(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
	       uint64_t pgoff, struct vm_area_struct *insert)
{
	struct mm_struct *mm = vma->vm_mm;
	struct adjustment a = {.next = vma->vm_next, .end = end};
	bool trees;
	story(mm->m, start, end);

again:
	if (!insert && plan_adjustment(vma, end, &a))
		return -ENOMEM;
	if (insert)
		__vma_link_file(insert);
	trees = vma->anon_vma || (a.adjust_next && a.next->anon_vma);
	if (trees) {
		anon_vma_interval_tree_pre_update_vma(vma);
		if (a.adjust_next)
			anon_vma_interval_tree_pre_update_vma(a.next);
	}
	move_bounds(vma, start, pgoff, &a);
	if (a.remove_next) {
		__vma_unlink(mm, a.next, vma);
		unlink_file_vma(a.next);
	} else if (insert) {
		insert_split(mm, insert);
	}
	update_gaps(vma);
	if (trees) {
		anon_vma_interval_tree_post_update_vma(vma);
		if (a.adjust_next)
			anon_vma_interval_tree_post_update_vma(a.next);
	}
	if (a.remove_next)
		free_merged(vma, a.next);
	if (a.remove_next == 2) /* case 6 swallows one more */
		goto again;
	return 0;
}

/* ---- what can be merged ---- */

static bool is_mergeable_vma(const struct vm_area_struct *vma,
			     const struct file *file, vm_flags_t vm_flags)
{
	return vma->vm_flags == vm_flags && vma->vm_file == file &&
	       !(vma->vm_ops && vma->vm_ops->close);
}

/* vma: the existing area whose chain must be its own; NULL: do not ask. */
static bool is_mergeable_anon_vma(const struct anon_vma *a,
				  const struct anon_vma *b,
				  const struct vm_area_struct *vma)
{
	if ((!a || !b) && (!vma || list_is_singular(&vma->anon_vma_chain)))
		return true;
	return a == b;
}

/* What the request is, for comparison with a neighbour. */
struct merge_request {
	vm_flags_t vm_flags;
	struct anon_vma *anon_vma;
	struct file *file;
	uint64_t pgoff, pages;
};

static bool can_vma_merge_before(const struct vm_area_struct *next,
				 const struct merge_request *r)
{
	return is_mergeable_vma(next, r->file, r->vm_flags) &&
	       is_mergeable_anon_vma(r->anon_vma, next->anon_vma, next) &&
	       next->vm_pgoff == r->pgoff + r->pages;
}

static bool can_vma_merge_after(const struct vm_area_struct *prev,
				const struct merge_request *r)
{
	return is_mergeable_vma(prev, r->file, r->vm_flags) &&
	       is_mergeable_anon_vma(r->anon_vma, prev->anon_vma, prev) &&
	       prev->vm_pgoff + vma_pages(prev) == r->pgoff;
}

static int case_after(const struct vm_area_struct *area, vaddr_t end)
{
	if (!area || area->vm_start >= end)
		return 2;
	return area->vm_end == end ? 7 : 5;
}

struct vm_area_struct *vma_merge(struct mm_struct *mm,
				 struct vm_area_struct *prev, vaddr_t addr,
				 vaddr_t end, vm_flags_t vm_flags,
				 struct anon_vma *anon_vma, struct file *file,
				 uint64_t pgoff)
{
	struct merge_request r = {vm_flags, anon_vma, file, pgoff,
				  (end - addr) >> PAGE_SHIFT(mm->m)};
	struct vm_area_struct *area, *next;
	bool after, before;
	vaddr_t lo = addr, hi = end; /* of the result, for observers */
	int which, err;
	story(mm->m, addr, end, vm_flags);

	if (vm_flags & VM_SPECIAL)
		return NULL;
	area = next = prev ? prev->vm_next : mm->mmap;
	if (next && next->vm_end == end) /* the request is all of one area */
		next = next->vm_next;
	after = prev && prev->vm_end == addr && can_vma_merge_after(prev, &r);
	before = next && next->vm_start == end &&
		 can_vma_merge_before(next, &r);
	if (!after && !before) {
		observe(mm->m, MERGE_NONE, addr, end, 0, 0);
		return NULL;
	}
	if (after) {
		lo = prev->vm_start;
		if (before && is_mergeable_anon_vma(prev->anon_vma,
						    next->anon_vma, NULL)) {
			which = area == next ? 1 : 6;
			hi = next->vm_end;
		} else {
			which = case_after(area, end);
		}
		err = vma_adjust(prev, prev->vm_start, hi, prev->vm_pgoff,
				 NULL);
		area = prev;
	} else if (prev && addr < prev->vm_end) {
		which = 4;
		hi = next->vm_end;
		err = vma_adjust(prev, prev->vm_start, addr, prev->vm_pgoff,
				 NULL);
		area = next;
	} else {
		which = area == next ? 3 : 8;
		hi = next->vm_end;
		err = vma_adjust(area, addr, hi, next->vm_pgoff - r.pages,
				 NULL);
	}
	if (err)
		return NULL;
	observe(mm->m, VMA_MERGE, lo, hi, which, 0);
	return area;
}

/* ---- split ---- */

int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr,
		bool new_below)
{
	story(mm->m, vma->vm_start, vma->vm_end, addr, new_below);
	uint64_t below = (addr - vma->vm_start) >> PAGE_SHIFT(mm->m);
	struct vm_area_struct *new = vm_area_dup(vma);

	if (!new)
		return -ENOMEM;
	observe(mm->m, VMA_SPLIT, vma->vm_start, vma->vm_end, addr, 0);
	if (new_below) {
		new->vm_end = addr;
	} else {
		new->vm_start = addr;
		new->vm_pgoff += below;
	}
	if (anon_vma_clone(new, vma)) {
		vm_area_free(new);
		return -ENOMEM;
	}
	if (new->vm_file)
		get_file(new->vm_file);
	/* with an area to insert it allocates nothing, so it cannot fail */
	if (new_below)
		return vma_adjust(vma, addr, vma->vm_end, vma->vm_pgoff + below,
				  new);
	return vma_adjust(vma, vma->vm_start, addr, vma->vm_pgoff, new);
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, vaddr_t addr,
	      bool new_below)
{
	story(mm->m, vma->vm_start, vma->vm_end, addr);

	if (mm->map_count >= mm->m->cfg.max_map_count)
		return -ENOMEM;
	return __split_vma(mm, vma, addr, new_below);
}

int vma_isolate(struct vm_area_struct **vmap, struct vm_area_struct **prev,
		vaddr_t start, vaddr_t end, vm_flags_t new_flags)
{
	struct vm_area_struct *vma = *vmap;
	struct mm_struct *mm = vma->vm_mm;
	uint64_t pgoff = linear_page_index(vma, start);
	int err;

	*prev = vma_merge(mm, *prev, start, end, new_flags, vma->anon_vma,
			  vma->vm_file, pgoff);
	if (*prev) {
		*vmap = *prev;
		return 0;
	}
	*prev = vma;
	if (start != vma->vm_start) {
		err = split_vma(mm, vma, start, true);
		if (err)
			return err;
	}
	if (end != vma->vm_end)
		return split_vma(mm, vma, end, false);
	return 0;
}

int vma_fixup_range(struct vm_area_struct *vma, vaddr_t start, vaddr_t end,
		    vma_fixup_fn fixup, vm_flags_t arg)
{
	struct vm_area_struct *prev = vma->vm_prev;
	vaddr_t stop;
	int err;

	if (start > vma->vm_start)
		prev = vma;
	for (;;) {
		stop = min_t(vaddr_t, vma->vm_end, end);
		err = fixup(vma, &prev, start, stop, arg);
		if (err)
			return err;
		start = max_t(vaddr_t, stop, prev->vm_end);
		if (start >= end)
			return 0;
		vma = prev->vm_next;
		if (!vma || vma->vm_start != start)
			return -ENOMEM;
	}
}

/* ---- copy, for mremap ---- */

static struct vm_area_struct *duplicate_at(struct vm_area_struct *vma,
					   vaddr_t addr, uint64_t len,
					   uint64_t pgoff,
					   const struct vma_place *place)
{
	struct vm_area_struct *new = vm_area_dup(vma);

	if (!new)
		return NULL;
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	if (anon_vma_clone(new, vma)) {
		vm_area_free(new);
		return NULL;
	}
	if (new->vm_file)
		get_file(new->vm_file);
	vma_link(vma->vm_mm, new, place);
	return new;
}

struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, vaddr_t addr,
				uint64_t len, uint64_t pgoff)
{
	struct vm_area_struct *vma = *vmap, *new;
	struct mm_struct *mm = vma->vm_mm;
	vaddr_t vma_start = vma->vm_start;
	struct vma_place place;
	story(mm->m, vma_start, addr, len);

	/* no page knows its offset yet: take the one that merges best */
	if (!vma->vm_file && !vma->anon_vma)
		pgoff = addr >> PAGE_SHIFT(mm->m);
	if (find_vma_links(mm, addr, addr + len, &place))
		return NULL;
	new = vma_merge(mm, place.prev, addr, addr + len, vma->vm_flags,
			vma->anon_vma, vma->vm_file, pgoff);
	if (!new)
		return duplicate_at(vma, addr, len, pgoff, &place);
	if (vma_start >= new->vm_start && vma_start < new->vm_end)
		*vmap = new;
	return new;
}

/* ---- an anon_vma to share ---- */

/* Only their R, W and X may differ, and b goes on where a ends. */
static bool anon_vma_compatible(const struct vm_area_struct *a,
				const struct vm_area_struct *b)
{
	vm_flags_t differ = a->vm_flags ^ b->vm_flags;

	return a->vm_end == b->vm_start && a->vm_file == b->vm_file &&
	       !(differ & ~(VM_READ | VM_WRITE | VM_EXEC)) &&
	       b->vm_pgoff == a->vm_pgoff + vma_pages(a);
}

static struct anon_vma *reusable_anon_vma(struct vm_area_struct *old,
					  const struct vm_area_struct *a,
					  const struct vm_area_struct *b)
{
	if (!anon_vma_compatible(a, b) || !old->anon_vma)
		return NULL;
	return list_is_singular(&old->anon_vma_chain) ? old->anon_vma : NULL;
}

struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct anon_vma *found = NULL;
	story(vma->vm_mm->m, vma->vm_start);

	if (vma->vm_next)
		found = reusable_anon_vma(vma->vm_next, vma, vma->vm_next);
	if (!found && vma->vm_prev)
		found = reusable_anon_vma(vma->vm_prev, vma->vm_prev, vma);
	if (found)
		observe(vma->vm_mm->m, ANON_VMA_SHARED, found->id, 0, 0, 0);
	return found;
}
