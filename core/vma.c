/*
 * vma.c - areas: the structure, finding them, linking them.
 *
 * An address space is a set of areas that do not overlap. It is kept twice: as
 * a list by address, for walks, and as a red-black tree, for searches:
 *
 *   mm->mmap ─► [text] ⇄ [data] ⇄ [heap] ⇄ [lib] ⇄ [stack]
 *                          mm_rb:   heap
 *                                  /    \
 *                               data    lib        rb_subtree_gap: the largest
 *                               /          \       hole in front of an area of
 *                            text         stack    my subtree
 *
 * The hole in front of an area reaches back to the end of its list neighbour,
 * so who moves vm_start, or the neighbour's vm_end, calls vma_gap_update().
 * The hole behind the last area is known from mm->highest_vm_end.
 *
 * Areas of a file also hang in the file's i_mmap tree (by page offset), so that
 * the file finds who maps it.
 *
 * Merging and splitting are in vma_merge.c, choosing an address in
 * unmapped_area.c, the invariants in vma_check.c.
 *
 * Linux: mm/mmap.c find_vma(), __vma_link(), vma_gap_update().
 */
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/pgformat.h"
#include "core/rmap.h"
#include "core/slab.h"
#include "core/vma.h"

/* ---- the structure ---- */

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct machine *m = mm->m;
	struct vm_area_struct *vma;
	uint32_t id;
	kva_t kobj;

	if (kobj_alloc(m, m->caches.vm_area_struct, GFP_KERNEL, &kobj))
		return NULL;
	vma = hpool_alloc(&m->vma_pool, &id);
	vma->vm_mm = mm;
	vma->host_id = id;
	vma->kobj = kobj;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	INIT_LIST_HEAD(&vma->shared.nonlinear);
	return vma;
}

struct vm_area_struct *vm_area_dup(const struct vm_area_struct *orig)
{
	struct vm_area_struct *vma = vm_area_alloc(orig->vm_mm);
	uint32_t id;
	kva_t kobj;

	if (!vma)
		return NULL;
	id = vma->host_id;
	kobj = vma->kobj;
	*vma = *orig;
	vma->host_id = id;
	vma->kobj = kobj;
	INIT_LIST_HEAD(&vma->anon_vma_chain);
	INIT_LIST_HEAD(&vma->shared.nonlinear);
	return vma;
}

void vm_area_free(struct vm_area_struct *vma)
{
	struct machine *m = vma->vm_mm->m;

	kobj_free(m, m->caches.vm_area_struct, vma->kobj);
	hpool_free(&m->vma_pool, vma->host_id);
}

/* ---- protection ---- */

bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	const struct pg_format *fmt = vma->vm_mm->m->fmt;
	vm_flags_t flags = vma->vm_flags;

	/* private or read-only: entries are not writable anyway */
	if ((flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		return true;
	if (vma->vm_page_prot != vm_get_page_prot(fmt, flags))
		return false;
	if (flags & VM_PFNMAP)
		return false;
	return vma->vm_file && vma->vm_file->f_inode->i_data.account_dirty;
}

void vma_set_page_prot(struct vm_area_struct *vma)
{
	const struct pg_format *fmt = vma->vm_mm->m->fmt;

	vma->vm_page_prot = vm_get_page_prot(fmt, vma->vm_flags);
	if (vma_wants_writenotify(vma))
		vma->vm_page_prot =
			vm_get_page_prot(fmt, vma->vm_flags & ~VM_SHARED);
}

/* ---- gaps ---- */

static uint64_t vma_gap(const struct vm_area_struct *vma)
{
	return vma->vm_start - (vma->vm_prev ? vma->vm_prev->vm_end : 0);
}

uint64_t vma_compute_subtree_gap(const struct vm_area_struct *vma)
{
	const struct rb_node *left = vma->vm_rb.left, *right = vma->vm_rb.right;
	uint64_t gap = vma_gap(vma);

	if (left && rb_vma(left)->rb_subtree_gap > gap)
		gap = rb_vma(left)->rb_subtree_gap;
	if (right && rb_vma(right)->rb_subtree_gap > gap)
		gap = rb_vma(right)->rb_subtree_gap;
	return gap;
}

static void vma_update_node(struct rb_node *node)
{
	struct vm_area_struct *vma = rb_vma(node);

	vma->rb_subtree_gap = vma_compute_subtree_gap(vma);
}

void vma_gap_update(struct vm_area_struct *vma)
{
	rb_propagate(&vma->vm_rb, vma_update_node);
}

void vma_rb_erase(struct vm_area_struct *vma)
{
	rb_erase(&vma->vm_mm->mm_rb, &vma->vm_rb, vma_update_node);
}

/* ---- find ---- */

static struct vm_area_struct *search_vma(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma, *found = NULL;
	struct rb_node *node;

	for (node = mm->mm_rb.node; node;) {
		vma = rb_vma(node);
		if (vma->vm_end <= addr) {
			node = node->right;
			continue;
		}
		found = vma;
		if (vma->vm_start <= addr)
			break;
		node = node->left;
	}
	if (found)
		mm->mmap_cache = found;
	return found;
}

__watched static struct vm_area_struct *
tell_found(struct mm_struct *mm, vaddr_t addr, struct vm_area_struct *vma)
{
	story_leaf(mm->m, "find_vma", addr, vma ? vma->vm_start : 0,
		   vma ? vma->vm_end : 0, vma ? vma->vm_flags : 0);
	return vma;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma = mm->mmap_cache;

	if (!vma || addr < vma->vm_start || addr >= vma->vm_end)
		vma = search_vma(mm, addr);
	return unlikely(mm->m->observer != NULL) ? tell_found(mm, addr, vma) :
						   vma;
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, vaddr_t addr,
				     struct vm_area_struct **prev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct rb_node *last;

	if (vma) {
		*prev = vma->vm_prev;
	} else {
		last = rb_last(&mm->mm_rb);
		*prev = last ? rb_vma(last) : NULL;
	}
	return vma;
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
					     vaddr_t start, vaddr_t end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && end > vma->vm_start ? vma : NULL;
}

int find_vma_links(struct mm_struct *mm, vaddr_t addr, vaddr_t end,
		   struct vma_place *place)
{
	struct rb_node **link = &mm->mm_rb.node, *parent = NULL;
	struct vm_area_struct *vma;

	place->prev = NULL;
	while (*link) {
		parent = *link;
		vma = rb_vma(parent);
		if (vma->vm_end > addr) {
			if (vma->vm_start < end)
				return -ENOMEM;
			link = &parent->left;
		} else {
			place->prev = vma;
			link = &parent->right;
		}
	}
	place->parent = parent;
	place->link = link;
	return 0;
}

/* ---- link and unlink ---- */

void __vma_link(struct mm_struct *mm, struct vm_area_struct *vma,
		const struct vma_place *place)
{
	struct vm_area_struct *prev = place->prev;
	struct vm_area_struct *next = prev ? prev->vm_next : mm->mmap;

	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (next)
		next->vm_prev = vma;
	else
		mm->highest_vm_end = vma->vm_end;
	rb_insert_at(&mm->mm_rb, &vma->vm_rb, place->parent, place->link,
		     vma_update_node);
	if (next)
		vma_gap_update(next);
}

void __vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma,
		  struct vm_area_struct *prev)
{
	struct vm_area_struct *next = vma->vm_next;

	vma_rb_erase(vma);
	prev->vm_next = next;
	if (next)
		next->vm_prev = prev;
	if (mm->mmap_cache == vma)
		mm->mmap_cache = prev;
}

void __vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = &vma->vm_file->f_inode->i_data;
	if (vma->vm_flags & VM_SHARED)
		mapping->i_mmap_writable++;
	if (vma->vm_flags & VM_NONLINEAR)
		list_add_tail(&vma->shared.nonlinear,
			      &mapping->i_mmap_nonlinear);
	else
		vma_interval_tree_insert(vma, mapping);
}

void unlink_file_vma(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = &vma->vm_file->f_inode->i_data;
	if (vma->vm_flags & VM_SHARED)
		mapping->i_mmap_writable--;
	if (vma->vm_flags & VM_NONLINEAR)
		list_del_init(&vma->shared.nonlinear);
	else
		vma_interval_tree_remove(vma, mapping);
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma,
	      const struct vma_place *place)
{
	story(mm->m, vma->vm_start, vma->vm_end);

	__vma_link(mm, vma, place);
	__vma_link_file(vma);
	mm->map_count++;
}

void vma_link_last(struct mm_struct *mm, struct vm_area_struct *vma,
		   struct vm_area_struct *prev)
{
	struct vma_place place = {.prev = prev, .link = &mm->mm_rb.node};

	if (prev) {
		mm_assert(!prev->vm_rb.right && !prev->vm_next);
		place.parent = &prev->vm_rb;
		place.link = &prev->vm_rb.right;
	}
	__vma_link(mm, vma, &place);
	mm->map_count++;
}

int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_place place;

	if (!vma->vm_file)
		vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT(mm->m);
	if (find_vma_links(mm, vma->vm_start, vma->vm_end, &place))
		return -ENOMEM;
	if ((vma->vm_flags & VM_ACCOUNT) &&
	    security_vm_enough_memory_mm(mm, (int64_t)vma_pages(vma)))
		return -ENOMEM;
	vma_link(mm, vma, &place);
	return 0;
}
