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
 * Linux: mm/shmem.c.
 */
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/swap.h"

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

	if ((inode->shmem_flags & VM_NORESERVE) &&
	    charged > inode->i_data.nrpages)
		shmem_unacct_blocks(m, inode, charged - inode->i_data.nrpages);
}

static int shmem_add_to_page_cache(struct machine *m, struct page *page,
				   struct inode *inode, uint64_t index)
{
	int err;

	err = radix_tree_preload(m, SHMEM_GFP & GFP_RECLAIM_MASK);
	if (!err)
		err = add_to_page_cache(m, page, &inode->i_data, index);
	if (!err)
		inc_zone_page_state(m, page, NR_SHMEM);
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

int shmem_getpage(struct machine *m, struct inode *inode, uint64_t index,
		  struct page **pagep)
{
	if (index >= inode_pages(m, inode))
		return -EINVAL;
	*pagep = find_get_page(&inode->i_data, index);
	if (*pagep)
		return 0;
	return shmem_new_page(m, inode, index, pagep);
}

unsigned shmem_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	int err = shmem_getpage(vma->vm_mm->m, vma->vm_file->f_inode,
				vmf->pgoff, &vmf->page);

	if (err == -ENOMEM)
		return VM_FAULT_OOM;
	return err ? VM_FAULT_SIGBUS : 0;
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
