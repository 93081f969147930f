/*
 * inode.c - the files there are, and the descriptions that have them open.
 *
 *	path ──hash──► inode ◄── file ◄── areas that map it, exe_file, tasks
 *	               │  i_data: the page cache (filemap.c)
 *	               │  disk:   the bytes behind it (disk.c)
 *	               └  objects: dentry, ext2_inode_cache or shmem_inode_cache
 *
 * A declared file stays for good; its dentry and inode are charged when it is
 * declared, as they are when a file is made or first looked up. Shared
 * anonymous memory is an inode without a name, which goes with its last user.
 *
 * A `warm` file is one that write(2) has just written and sync has written
 * back: each page is uptodate, clean and PG_referenced, and on ext2 has a
 * buffer_head; on tmpfs memory is the storage, so its pages stay dirty.
 *
 * Linux: fs/inode.c, fs/dcache.c, fs/file_table.c, mm/filemap.c
 * generic_perform_write().
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/swap.h"
#include "core/task.h"

#include <string.h>

#define FIRST_INO 100
#define EXT2_RESERVATION_SIZE 52 /* struct ext2_block_alloc_info */

/* ---- the registry ---- */

static struct inode **inode_bucket(struct machine *m, const char *path)
{
	uint32_t hash = 5381;

	for (; *path; path++)
		hash = hash * 33 + (uint8_t)*path;
	return &m->inode_hash[hash % INODE_HASH_SIZE];
}

struct inode *inode_lookup(const struct machine *m, const char *path)
{
	struct inode *inode = *inode_bucket((struct machine *)m, path);

	while (inode && strcmp(inode->path, path))
		inode = inode->hash_next;
	return inode;
}

struct inode *inode_new(struct machine *m, const char *path, uint64_t size,
			enum fs_kind fs, bool named)
{
	struct inode **bucket, *inode;
	uint32_t id;

	inode = hpool_alloc(&m->inode_pool, &id);
	inode->id = id;
	inode->path = host_strdup(&m->host, path);
	inode->i_size = size;
	inode->fs = fs;
	inode->i_count = 1;
	inode->i_data.host = inode;
	inode->i_data.i_mmap = RB_ROOT;
	INIT_LIST_HEAD(&inode->i_data.i_mmap_nonlinear);
	inode->i_data.account_dirty = fs == FS_EXT2;
	inode->i_data.ra_pages = fs == FS_EXT2 ? m->cfg.ra_pages : 0;
	list_add_tail(&inode->list, &m->inodes);
	if (!named)
		return inode;
	bucket = inode_bucket(m, path);
	inode->hash_next = *bucket;
	*bucket = inode;
	return inode;
}

static void inode_unhash(struct machine *m, struct inode *inode)
{
	struct inode **at = inode_bucket(m, inode->path);

	while (*at && *at != inode)
		at = &(*at)->hash_next;
	if (*at)
		*at = inode->hash_next;
}

void inode_free(struct machine *m, struct inode *inode)
{
	inode_unhash(m, inode);
	list_del(&inode->list);
	disk_release(m, inode);
	host_strfree(&m->host, inode->path);
	hpool_free(&m->inode_pool, inode->id);
}

struct kmem_cache *inode_cachep(const struct machine *m,
				const struct inode *inode)
{
	return inode->fs == FS_TMPFS ? m->caches.shmem_inode
				     : m->caches.ext2_inode;
}

/* The objects of a lookup: dentry, then inode. 0 or -ENOMEM. */
static int inode_charge(struct machine *m, struct inode *inode)
{
	int err = 0;

	if (!inode->dentry_kobj)
		err = kobj_alloc(m, m->caches.dentry, GFP_KERNEL,
				 &inode->dentry_kobj);
	if (!err && !inode->inode_kobj)
		err = kobj_alloc(m, inode_cachep(m, inode), GFP_KERNEL,
				 &inode->inode_kobj);
	return err;
}

/* ---- open files ---- */

/* Linux: alloc_file(). The caller has one reference; NULL: -ENOMEM. */
struct file *file_alloc(struct machine *m, struct inode *inode)
{
	struct file *file;
	uint32_t id;
	kva_t kobj;

	if (kobj_alloc(m, m->caches.filp, GFP_KERNEL, &kobj))
		return NULL;
	file = hpool_alloc(&m->file_pool, &id);
	file->host_id = id;
	file->kobj = kobj;
	file->f_inode = inode;
	file->f_count = 1;
	file->ra_prev_pos = -1;
	file->f_write = true;
	inode->i_count++;
	return file;
}

/* open(2): a buffer for the path, filp, lookup; the buffer goes again. */
struct file *file_open(struct machine *m, struct inode *inode)
{
	struct file *file = NULL;
	kva_t name;

	if (kobj_alloc(m, m->caches.names_cache, GFP_KERNEL, &name))
		return NULL;
	file = file_alloc(m, inode);
	if (file && inode_charge(m, inode)) {
		fput(m, file);
		file = NULL;
	}
	kobj_free(m, m->caches.names_cache, name);
	return file;
}

void fput(struct machine *m, struct file *file)
{
	struct inode *inode = file->f_inode;
	kva_t kobj = file->kobj;

	mm_assert(file->f_count > 0);
	if (--file->f_count)
		return;
	if (file->f_cred)
		put_cred(m, file->f_cred);
	hpool_free(&m->file_pool, file->host_id);
	inode->i_count--;
	if (!inode->i_count) {
		shmem_evict_inode(m, inode);
		kobj_free(m, m->caches.dentry, inode->dentry_kobj);
		kobj_free(m, m->caches.filp, kobj);
		kobj_free(m, inode_cachep(m, inode), inode->inode_kobj);
		inode_free(m, inode);
	} else {
		kobj_free(m, m->caches.filp, kobj);
	}
}

void file_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = file->f_inode->fs == FS_TMPFS ? &shmem_vm_ops
						    : &generic_file_vm_ops;
}

/* ---- warm files ---- */

/* write(2) of one page of an ext2 file, then its write-back. */
static int ext2_write_page(struct machine *m, struct inode *inode,
			   uint64_t index)
{
	struct page *page;
	int err;

	page = alloc_page(m, GFP_HIGHUSER_MOVABLE | __GFP_WRITE);
	if (!page)
		return -ENOMEM;
	err = add_to_page_cache_lru(m, page, &inode->i_data, index, GFP_KERNEL);
	if (!err) {
		if (m->contents)
			disk_read_page(m, inode, index, page_contents(m, page));
		SetPageUptodate(page);
		err = create_empty_buffers(m, page);
	}
	if (!err && !inode->rsv_kobj)
		inode->rsv_kobj = kmalloc(m, EXT2_RESERVATION_SIZE, GFP_NOFS);
	if (!err) {
		mark_page_accessed(m, page);
		set_page_dirty(m, page);
		write_one_page(m, page);
	}
	put_page(m, page);
	return err;
}

static int tmpfs_write_page(struct machine *m, struct inode *inode,
			    uint64_t index)
{
	struct page *page;
	int err = shmem_getpage(m, inode, index, &page);

	if (err)
		return err;
	mark_page_accessed(m, page);
	set_page_dirty(m, page);
	put_page(m, page);
	return 0;
}

static int file_warm(struct machine *m, struct inode *inode)
{
	uint64_t nr = inode_pages(m, inode);
	struct file *file;
	int err = 0;

	file = file_open(m, inode);
	if (!file)
		return -ENOMEM;
	for (uint64_t i = 0; i < nr && !err; i++)
		err = inode->fs == FS_EXT2 ? ext2_write_page(m, inode, i)
					   : tmpfs_write_page(m, inode, i);
	fput(m, file);
	return err;
}

/* Linux: MAX_LFS_FILESIZE: offsets of pages are words of the kernel. */
static uint64_t max_file_size(const struct machine *m)
{
	return m->fmt->va_bits > 32 ? INT64_MAX
				    : ((uint64_t)m->page_size << 31) - 1;
}

/* -ENOMEM: it is declared, but its pages did not all fit in memory. */
int file_declare(struct machine *m, const char *path, uint64_t size,
		 uint32_t major, uint32_t minor, uint64_t ino, bool warm,
		 enum fs_kind fs, struct inode **out)
{
	struct inode *inode;
	int err;

	if (inode_lookup(m, path))
		return -EEXIST;
	if (size > max_file_size(m))
		return -EFBIG;
	inode = inode_new(m, path, size, fs, true);
	inode->major = major;
	inode->minor = minor;
	inode->i_ino = ino ? ino : m->next_ino++;
	inode->shmem_flags = VM_NORESERVE;
	if (out)
		*out = inode;
	err = inode_charge(m, inode);
	if (!err && warm)
		err = file_warm(m, inode);
	return err;
}

/* ---- the subsystem ---- */

int filemap_subsys_init(struct machine *m, const char **why __unused_arg)
{
	hpool_init(&m->inode_pool, &m->host, sizeof(struct inode));
	hpool_init(&m->file_pool, &m->host, sizeof(struct file));
	hpool_init(&m->buffer_pool, &m->host, sizeof(kva_t));
	radix_tree_subsys_init(m);
	INIT_LIST_HEAD(&m->inodes);
	m->next_ino = FIRST_INO;
	m->next_shmem_ino = 1;
	return 0;
}

void filemap_subsys_destroy(struct machine *m)
{
	struct inode *inode, *next;

	if (!m->inodes.next)
		return;
	list_for_each_entry_safe(inode, next, &m->inodes, list)
		inode_free(m, inode);
	radix_tree_subsys_destroy(m);
	hpool_destroy(&m->buffer_pool);
	hpool_destroy(&m->file_pool);
	hpool_destroy(&m->inode_pool);
}
