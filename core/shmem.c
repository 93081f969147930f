/*
 * shmem.c - memory that behaves like a file: shared anonymous areas, tmpfs.
 *
 * A shared anonymous mapping is a file without a name, made by the kernel:
 *
 *	area ─► file (filp) ─► dentry, shmem inode ── i_data ── page tree
 *
 * so that children and the parent meet in one page cache. Its pages are made
 * at the first touch, read or write alike (no zero page), zeroed, counted as
 * file pages (NR_FILE_PAGES, NR_SHMEM, the process's file rss), but age on the
 * anonymous lists, because only swap could hold them.
 *
 * Overcommit: a shared anonymous object is charged whole when it is made
 * (unless VM_NORESERVE); a tmpfs file is charged page by page.
 *
 * Out of memory, a page goes to swap like an anonymous one; its place in the
 * tree then holds the swap entry, until somebody asks for the page again.
 *
 * Linux: mm/shmem.c.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/swap.h"
#include "core/swapfile.h"

#include <string.h>

#define SHMEM_GFP GFP_HIGHUSER_MOVABLE

static int shmem_acct_block(struct machine *m, struct inode *inode)
{
	int err;

	if (!(inode->shmem_flags & VM_NORESERVE))
		return 0;
	err = security_vm_enough_memory(m, 1);
	if (!err)
		inode->shmem_pages_charged++;
	return err ? -ENOSPC : 0;
}

static void shmem_unacct_blocks(struct machine *m, struct inode *inode,
				uint64_t pages)
{
	if (!(inode->shmem_flags & VM_NORESERVE))
		return;
	vm_unacct_memory(m, (int64_t)pages);
	inode->shmem_pages_charged -= pages;
}

/* Pages left the cache behind our back: give their charge back. */
void shmem_recalc_inode(struct machine *m, struct inode *inode)
{
	uint64_t charged = inode->shmem_pages_charged;
	uint64_t there = inode->i_data.nrpages + inode->swapped;

	if ((inode->shmem_flags & VM_NORESERVE) && charged > there)
		shmem_unacct_blocks(m, inode, charged - there);
}

static int shmem_add_to_page_cache(struct machine *m, struct page *page,
				   struct inode *inode, uint64_t index)
{
	int err = mem_cgroup_cache_charge(m, page, SHMEM_GFP);

	if (err)
		return err;
	err = radix_tree_preload(m, SHMEM_GFP & GFP_RECLAIM_MASK);
	if (!err)
		err = add_to_page_cache(m, page, &inode->i_data, index);
	if (!err)
		inc_zone_page_state(m, page, NR_SHMEM);
	else
		mem_cgroup_uncharge_cache_page(m, page);
	return err;
}

/* A new page of the file, zeroed (or as declared), on the anonymous list. */
static int shmem_new_page(struct machine *m, struct inode *inode,
			  uint64_t index, struct page **pagep)
{
	struct page *page;
	int err;

	err = shmem_acct_block(m, inode);
	if (err)
		return err;
	page = alloc_page(m, SHMEM_GFP);
	if (!page) {
		shmem_recalc_inode(m, inode);
		return -ENOMEM;
	}
	SetPageSwapBacked(page);
	err = shmem_add_to_page_cache(m, page, inode, index);
	if (err) {
		ClearPageSwapBacked(page);
		put_page(m, page);
		shmem_recalc_inode(m, inode);
		return err;
	}
	lru_cache_add(m, page);
	shmem_recalc_inode(m, inode);
	if (m->contents)
		disk_read_page(m, inode, index, page_contents(m, page));
	SetPageUptodate(page);
	*pagep = page;
	return 0;
}

/* ---- swap ---- */

/* The swap entry at index; val 0: a page, or nothing. */
static swp_entry_t shmem_swap_entry(const struct inode *inode, uint64_t index)
{
	uint64_t item = radix_tree_lookup(&inode->i_data.page_tree, index);

	return radix_is_swap(item) ? radix_to_swp_entry(item)
				   : swp_entry(0, 0);
}

int shmem_unuse_page(struct machine *m, struct inode *inode, uint64_t index,
		     swp_entry_t entry, struct page *page)
{
	struct address_space *mapping = &inode->i_data;

	if (radix_tree_lookup(&mapping->page_tree, index) !=
	    swp_to_radix_entry(entry))
		return 0;
	if (mem_cgroup_cache_charge(m, page, SHMEM_GFP))
		return -ENOMEM;
	get_page(page);
	page->mapping = inode->id << 2;
	page->index = index;
	radix_tree_replace(&mapping->page_tree, index,
			   (uint64_t)(uintptr_t)page);
	mapping->nrpages++;
	inc_zone_page_state(m, page, NR_FILE_PAGES);
	inc_zone_page_state(m, page, NR_SHMEM);
	inode->swapped--;
	delete_from_swap_cache(m, page);
	set_page_dirty(m, page);
	swap_free(m, entry);
	return 0;
}

static int shmem_swapin_page(struct machine *m, struct inode *inode,
			     uint64_t index, struct page **pagep,
			     unsigned *fault)
{
	swp_entry_t entry = shmem_swap_entry(inode, index);
	struct page *page = lookup_swap_cache(m, entry);
	int err;

	if (!page) {
		if (fault)
			*fault |= VM_FAULT_MAJOR;
		page = swapin_readahead(m, entry);
	}
	if (!page)
		return -ENOMEM;
	err = shmem_unuse_page(m, inode, index, entry, page);
	if (err)
		put_page(m, page);
	else
		*pagep = page;
	return err;
}

/* The tree's reference becomes the swap cache's. */
bool shmem_writepage(struct machine *m, struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);
	swp_entry_t entry = get_swap_page(m);

	mm_assert(!page_mapped(page));
	if (!entry.val)
		return false;
	if (add_to_swap_cache(m, page, entry)) {
		swapcache_free(m, entry, NULL);
		return false;
	}
	swap_shmem_alloc(m, entry);
	radix_tree_replace(&mapping->page_tree, page->index,
			   swp_to_radix_entry(entry));
	page->mapping = 0;
	mapping->nrpages--;
	dec_zone_page_state(m, page, NR_FILE_PAGES);
	dec_zone_page_state(m, page, NR_SHMEM);
	put_page(m, page);
	mapping->host->swapped++;
	shmem_recalc_inode(m, mapping->host);
	swap_writepage(m, page);
	return true;
}

void shmem_free_swap(struct machine *m, struct inode *inode, uint64_t first,
		     uint64_t last)
{
	struct radix_tree_root *tree = &inode->i_data.page_tree;
	uint64_t index = first, item;

	while (inode->swapped && (item = radix_tree_next(tree, &index)) &&
	       index <= last) {
		if (radix_is_swap(item)) {
			radix_tree_delete(m, tree, index);
			inode->swapped--;
			free_swap_and_cache(m, radix_to_swp_entry(item));
		}
		index++;
	}
}

void force_shm_swapin_readahead(struct machine *m, struct inode *inode,
				uint64_t first, uint64_t last)
{
	for (uint64_t index = first; inode->swapped && index < last; index++) {
		swp_entry_t entry = shmem_swap_entry(inode, index);
		struct page *page = NULL;

		if (entry.val)
			page = read_swap_cache_async(m, entry);
		if (page)
			put_page(m, page);
	}
	lru_add_drain(m);
}

/* ---- pages asked for ---- */

/* fault: VM_FAULT_MAJOR is added if the page comes from swap; may be NULL. */
static int shmem_getpage_fault(struct machine *m, struct inode *inode,
			       uint64_t index, struct page **pagep,
			       unsigned *fault)
{
	story(m, index);

	if (index >= inode_pages(m, inode))
		return -EINVAL;
	*pagep = find_get_page(&inode->i_data, index);
	if (*pagep)
		return 0;
	if (inode->swapped && shmem_swap_entry(inode, index).val)
		return shmem_swapin_page(m, inode, index, pagep, fault);
	return shmem_new_page(m, inode, index, pagep);
}

int shmem_getpage(struct machine *m, struct inode *inode, uint64_t index,
		  struct page **pagep)
{
	return shmem_getpage_fault(m, inode, index, pagep, NULL);
}

unsigned shmem_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	story(vma->vm_mm->m, vmf->pgoff);
	unsigned fault = 0;
	int err = shmem_getpage_fault(vma->vm_mm->m, vma->vm_file->f_inode,
				      vmf->pgoff, &vmf->page, &fault);

	if (err)
		return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	if (fault & VM_FAULT_MAJOR) {
		count_vm_event(vma->vm_mm->m, PGMAJFAULT);
		mem_cgroup_count_vm_event(vma->vm_mm,
					  MEM_CGROUP_EVENTS_PGMAJFAULT);
	}
	return fault;
}

const struct vm_operations_struct shmem_vm_ops = {
	.name = "shmem_vm_ops",
	.fault = shmem_fault,
	.remap_pages = true,
};

/* ---- shared anonymous memory ---- */

static struct inode *shmem_get_inode(struct machine *m, uint64_t size,
				     vm_flags_t flags)
{
	struct inode *inode = inode_new(m, "/dev/zero", size, FS_TMPFS, false);

	inode->shmem_anon = true;
	inode->shmem_flags = flags & VM_NORESERVE;
	inode->major = m->cfg.shmem_major;
	inode->minor = m->cfg.shmem_minor;
	return inode;
}

/* dentry, inode, filp: in this order. The new file has one reference. */
static struct file *shmem_file_objects(struct machine *m, uint64_t size,
				       vm_flags_t flags, int *err)
{
	struct file *file = NULL;
	struct inode *inode;
	kva_t dentry, kobj;

	*err = -ENOMEM;
	if (kobj_alloc(m, m->caches.dentry, GFP_KERNEL, &dentry))
		return NULL;
	if (kobj_alloc(m, m->caches.shmem_inode, GFP_KERNEL, &kobj)) {
		kobj_free(m, m->caches.dentry, dentry);
		*err = -ENOSPC;
		return NULL;
	}
	inode = shmem_get_inode(m, size, flags);
	file = file_alloc(m, inode);
	if (!file) {
		inode_free(m, inode);
		kobj_free(m, m->caches.dentry, dentry);
		kobj_free(m, m->caches.shmem_inode, kobj);
		*err = -ENFILE;
		return NULL;
	}
	inode->i_ino = m->next_shmem_ino++;
	inode->dentry_kobj = dentry;
	inode->inode_kobj = kobj;
	inode->i_count--; /* only its users keep it */
	*err = 0;
	return file;
}

struct file *__shmem_file_setup(struct machine *m, uint64_t size,
				vm_flags_t flags, int *err)
{
	int64_t pages = (int64_t)(PAGE_ALIGN(m, size) >> m->page_shift);
	struct file *file;

	if (!(flags & VM_NORESERVE)) {
		*err = security_vm_enough_memory(m, pages);
		if (*err)
			return NULL;
	}
	file = shmem_file_objects(m, size, flags, err);
	if (!file && !(flags & VM_NORESERVE))
		vm_unacct_memory(m, pages);
	return file;
}

struct file *shmem_file_setup(struct machine *m, uint64_t size, int *err)
{
	return __shmem_file_setup(m, size, 0, err);
}

void shmem_evict_inode(struct machine *m, struct inode *inode)
{
	if (!(inode->shmem_flags & VM_NORESERVE))
		vm_unacct_memory(m, (int64_t)(PAGE_ALIGN(m, inode->i_size) >>
					      m->page_shift));
	truncate_inode_pages_range(m, inode, 0, UINT64_MAX);
}
