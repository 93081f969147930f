/*
 * mremap.c - an area grows, shrinks or moves, its pages with it.
 *
 *   shrink             unmap the tail
 *   grow in place      room behind, and the range ends where its area ends:
 *                      the area's end moves (it is not merged with the next)
 *   grow by moving     MAYMOVE: a new place, see below
 *   move to a place    FIXED: whatever is there is unmapped first
 *
 *        old area                          new area
 *   ┌──┬──┬──┬──┐   copy_vma()        ┌──┬──┬──┬──┬──┬──┐
 *   │a │b │  │c │   ──────────────►   │a │b │  │c │  │  │
 *   └┼─┴┼─┴──┴┼─┘   move_ptes(): the  └┼─┴┼─┴──┴┼─┴──┴──┘
 *    └──┴─────┴── entries change their place, no frame is copied, no fault
 *                 taken; page-table pages are made for the new place
 *
 * The frames keep their page->index, so the new area keeps vm_pgoff: an
 * anonymous area that has moved has an offset that is no longer its address.
 *
 * Linux: mm/mremap.c.
 */
#include "core/ksm.h"
#include "core/pgtable.h"
#include "core/rmap.h"
#include "core/vma.h"

/* ---- entries ---- */

/* n entries, both ends within one table. */
static void move_ptes(struct mm_struct *mm, ptep_t from, vaddr_t old_addr,
		      ptep_t to, vaddr_t new_addr, vaddr_t old_end)
{
	uint64_t page_size = PAGE_SIZE(mm->m);

	for (; old_addr < old_end; old_addr += page_size, new_addr += page_size,
				   from = ptep_next(mm, from),
				   to = ptep_next(mm, to)) {
		if (pte_none(ptep_get(mm, from)))
			continue;
		set_pte_at(mm, new_addr, to,
			   ptep_get_and_clear(mm, old_addr, from));
	}
}

/* Bytes from addr to the end of what its table covers, at most len. */
static uint64_t table_extent(const struct machine *m, vaddr_t addr,
			     uint64_t len)
{
	uint64_t size = pmd_size(m);

	return min_t(uint64_t, len, size - (addr & (size - 1)));
}

uint64_t move_page_tables(struct vm_area_struct *vma, vaddr_t old_addr,
			  struct vm_area_struct *new_vma, vaddr_t new_addr,
			  uint64_t len)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t done, extent;
	ptep_t from, to;
	story(mm->m, old_addr, new_addr, len);

	for (done = 0; done < len; done += extent) {
		extent = table_extent(mm->m, old_addr + done, len - done);
		from = pte_offset(mm, old_addr + done);
		if (!from)
			continue;
		to = pte_alloc_at(new_vma->vm_mm, new_addr + done);
		if (!to)
			break;
		extent = table_extent(mm->m, new_addr + done, extent);
		move_ptes(mm, from, old_addr + done, to, new_addr + done,
			  old_addr + done + extent);
	}
	return done;
}

/* ---- move ---- */

/*
 * The old place goes. The charge for its pages has moved along, so the munmap
 * must not give it back: VM_ACCOUNT is hidden meanwhile, and shown again on
 * what is left of the area on either side.
 */
static void unmap_moved(struct vm_area_struct *vma, vaddr_t addr, uint64_t len,
			uint64_t new_pages)
{
	struct mm_struct *mm = vma->vm_mm;
	bool accounted = vma->vm_flags & VM_ACCOUNT, split = false;
	uint64_t excess = 0, hiwater_vm = mm->hiwater_vm;

	if (accounted) {
		vma->vm_flags &= ~VM_ACCOUNT;
		excess = vma->vm_end - vma->vm_start - len;
		split = addr > vma->vm_start && addr + len < vma->vm_end;
	}
	/* total_vm is too high for a moment: no high-water mark of that */
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, (int64_t)new_pages);
	if (do_munmap(mm, addr, len) < 0) {
		vm_unacct_memory(mm->m,
				 (int64_t)(excess >> PAGE_SHIFT(mm->m)));
		excess = 0;
	}
	mm->hiwater_vm = hiwater_vm;
	if (excess) {
		vma->vm_flags |= VM_ACCOUNT;
		if (split)
			vma->vm_next->vm_flags |= VM_ACCOUNT;
	}
}

static vaddr_t move_vma(struct vm_area_struct *vma, vaddr_t old_addr,
			uint64_t old_len, uint64_t new_len, vaddr_t new_addr,
			bool *locked)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t pages = new_len >> PAGE_SHIFT(mm->m), moved;
	vm_flags_t vm_flags = vma->vm_flags;
	struct vm_area_struct *new_vma;
	story(mm->m, old_addr, old_len, new_len, new_addr);

	/* the munmap may split one area into three */
	if (mm->map_count + 3 >= mm->m->cfg.max_map_count)
		return ERR_VALUE(-ENOMEM);
	/* merged pages are found by address */
	if (ksm_madvise(vma, old_addr, old_addr + old_len, MADVISE_UNMERGEABLE,
			&vm_flags))
		return ERR_VALUE(-ENOMEM);
	new_vma = copy_vma(&vma, new_addr, new_len,
			   linear_page_index(vma, old_addr));
	if (!new_vma)
		return ERR_VALUE(-ENOMEM);
	moved = move_page_tables(vma, old_addr, new_vma, new_addr, old_len);
	if (moved < old_len) {
		/* back: the old tables are still there; the new area goes */
		move_page_tables(new_vma, new_addr, vma, old_addr, moved);
		vma = new_vma;
		old_len = new_len;
		old_addr = new_addr;
		new_addr = ERR_VALUE(-ENOMEM);
	}
	unmap_moved(vma, old_addr, old_len, pages);
	if (vm_flags & VM_LOCKED) {
		mm->locked_vm += pages;
		*locked = true;
	}
	return new_addr;
}

/* ---- checks ---- */

/* The area, charged for its growth (*charged pages); NULL and *err. */
static struct vm_area_struct *vma_to_resize(struct mm_struct *mm, vaddr_t addr,
					    uint64_t old_len, uint64_t new_len,
					    int64_t *charged, int *err)
{
	const struct machine *m = mm->m;
	struct vm_area_struct *vma = find_vma(mm, addr);
	/* negative when the area is to be smaller */
	int64_t pages = (int64_t)(new_len - old_len) >> PAGE_SHIFT(m);

	*err = -EFAULT;
	if (!vma || vma->vm_start > addr || old_len > vma->vm_end - addr)
		return NULL;
	if (new_len > old_len) {
		uint64_t pgoff = linear_page_index(vma, addr);

		if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
			return NULL;
		if (ulong_add(m, pgoff, new_len >> PAGE_SHIFT(m)) < pgoff) {
			*err = -EINVAL;
			return NULL;
		}
	}
	if ((vma->vm_flags & VM_LOCKED) &&
	    !mlock_limit_ok(mm, mm->locked_vm + (uint64_t)pages)) {
		*err = -EAGAIN;
		return NULL;
	}
	if (!may_expand_vm(mm, (uint64_t)pages)) {
		*err = -ENOMEM;
		return NULL;
	}
	if (vma->vm_flags & VM_ACCOUNT) {
		if (security_vm_enough_memory_mm(mm, pages))
			return NULL; /* EFAULT it is */
		*charged = pages;
	}
	*err = 0;
	return vma;
}

static bool vma_expandable(struct vm_area_struct *vma, uint64_t delta)
{
	struct mm_struct *mm = vma->vm_mm;
	vaddr_t end = ulong_add(mm->m, vma->vm_end, delta);

	if (end < vma->vm_end)
		return false;
	if (vma->vm_next && vma->vm_next->vm_start < end)
		return false;
	return !IS_ERR_VALUE(get_unmapped_area(mm, NULL, vma->vm_start,
					       end - vma->vm_start, 0,
					       MAP_FIXED_EMU));
}

/* ---- the ways ---- */

/* The request on its way through. */
struct mremap {
	struct mm_struct *mm;
	vaddr_t addr, new_addr;
	uint64_t old_len, new_len;
	int64_t charged; /* given back if nothing comes of it */
	bool locked;	 /* the new part is to be faulted in */
};

static vaddr_t unmap_tail(struct mm_struct *mm, const struct mremap *r)
{
	/* addr may be any: a tail beyond the word begins at 0 again */
	int err = do_munmap(mm, ulong_add(mm->m, r->addr, r->new_len),
			    r->old_len - r->new_len);

	/* nothing to unmap is EINVAL to do_munmap, and fine here */
	return err && r->old_len != r->new_len ? ERR_VALUE(err) : r->addr;
}

static vaddr_t move_to(struct mremap *r, struct vm_area_struct *vma,
		       vaddr_t hint, unsigned flags)
{
	if (vma->vm_flags & VM_MAYSHARE)
		flags |= MAP_SHARED_EMU;
	r->new_addr = get_unmapped_area(r->mm, vma->vm_file, hint, r->new_len,
					linear_page_index(vma, r->addr), flags);
	if (IS_ERR_VALUE(r->new_addr))
		return r->new_addr;
	return move_vma(vma, r->addr, r->old_len, r->new_len, r->new_addr,
			&r->locked);
}

/* Old and new place must not overlap at all. */
static bool mremap_to_ok(const struct mremap *r)
{
	const struct machine *m = r->mm->m;
	vaddr_t task_size = m->cfg.task_size;

	if ((r->new_addr & ~PAGE_MASK(m)) || r->new_len > task_size ||
	    r->new_addr > task_size - r->new_len)
		return false;
	if (r->new_addr <= r->addr && r->new_addr + r->new_len > r->addr)
		return false;
	return !(r->addr <= r->new_addr &&
		 ulong_add(m, r->addr, r->old_len) > r->new_addr);
}

static vaddr_t mremap_to(struct mremap *r)
{
	struct vm_area_struct *vma;
	vaddr_t ret;
	int err;

	if (!mremap_to_ok(r))
		return ERR_VALUE(-EINVAL);
	err = do_munmap(r->mm, r->new_addr, r->new_len);
	if (err)
		return ERR_VALUE(err);
	if (r->old_len >= r->new_len) {
		ret = unmap_tail(r->mm, r);
		if (IS_ERR_VALUE(ret))
			return ret;
		r->old_len = r->new_len;
	}
	vma = vma_to_resize(r->mm, r->addr, r->old_len, r->new_len,
			    &r->charged, &err);
	if (!vma)
		return ERR_VALUE(err);
	return move_to(r, vma, r->new_addr, MAP_FIXED_EMU);
}

static vaddr_t expand_in_place(struct mremap *r, struct vm_area_struct *vma)
{
	uint64_t pages = (r->new_len - r->old_len) >> PAGE_SHIFT(r->mm->m);

	if (vma_adjust(vma, vma->vm_start, r->addr + r->new_len, vma->vm_pgoff,
		       NULL))
		return ERR_VALUE(-ENOMEM);
	vm_stat_account(r->mm, vma->vm_flags, vma->vm_file, (int64_t)pages);
	if (vma->vm_flags & VM_LOCKED) {
		r->mm->locked_vm += pages;
		r->locked = true;
		r->new_addr = r->addr;
	}
	return r->addr;
}

static vaddr_t mremap_grow(struct mremap *r, bool may_move)
{
	struct vm_area_struct *vma;
	int err;

	vma = vma_to_resize(r->mm, r->addr, r->old_len, r->new_len,
			    &r->charged, &err);
	if (!vma)
		return ERR_VALUE(err);
	if (r->old_len == vma->vm_end - r->addr &&
	    vma_expandable(vma, r->new_len - r->old_len))
		return expand_in_place(r, vma);
	if (!may_move)
		return ERR_VALUE(-ENOMEM);
	return move_to(r, vma, 0, 0);
}

vaddr_t sys_mremap(struct task_struct *task, vaddr_t addr, uint64_t old_len,
		   uint64_t new_len, unsigned flags, vaddr_t new_addr)
{
	struct machine *m = task->m;
	struct mremap r = {.mm = task->mm,
			   .addr = addr,
			   .new_addr = new_addr,
			   .old_len = len_align(m, old_len),
			   .new_len = len_align(m, new_len)};
	bool may_move = flags & MREMAP_MAYMOVE_EMU;
	bool fixed = flags & MREMAP_FIXED_EMU;
	vaddr_t ret;
	story(m, addr, old_len, new_len, new_addr);

	if ((flags & ~(MREMAP_FIXED_EMU | MREMAP_MAYMOVE_EMU)) ||
	    (addr & ~PAGE_MASK(m)) || !r.new_len || (fixed && !may_move))
		return ERR_VALUE(-EINVAL);
	if (fixed)
		ret = mremap_to(&r);
	else if (r.old_len >= r.new_len)
		ret = unmap_tail(r.mm, &r);
	else
		ret = mremap_grow(&r, may_move);
	if (IS_ERR_VALUE(ret))
		vm_unacct_memory(m, r.charged);
	if (r.locked && r.new_len > r.old_len)
		mm_populate(r.mm, r.new_addr + r.old_len,
			    r.new_len - r.old_len);
	return ret;
}
