/*
 * filemap.h - files: inodes, open files, the page cache, read-ahead.
 *
 * A declared file is an inode with an address_space: a radix tree from page
 * offset to frame, whose nodes are slab objects. Its bytes on "disk" are a
 * formula until a dirty page is written back: (o + o/4096) mod 256 at offset o.
 * Linux: mm/filemap.c, mm/readahead.c, mm/shmem.c, fs/inode.c, fs/dcache.c.
 */
#ifndef MMEMU_CORE_FILEMAP_H
#define MMEMU_CORE_FILEMAP_H

#include "core/check.h"
#include "core/machine.h"
#include "core/mm.h"
#include "core/radix_tree.h"

struct address_space {
	struct inode *host;
	struct radix_tree_root page_tree;
	uint64_t nrpages;
	struct rb_root i_mmap;		   /* areas that map it linearly */
	struct list_head i_mmap_nonlinear; /* and those that do not */
	int i_mmap_writable;		   /* VM_SHARED areas */
	bool account_dirty;		   /* backing_dev accounts dirty pages */
	uint32_t ra_pages;		   /* 0: no read-ahead */
};

struct inode {
	struct list_head list;	/* m->inodes, in order of declaration */
	char *path;
	uint32_t major, minor;
	uint64_t i_ino;
	uint64_t i_size;	/* bytes */
	enum fs_kind fs;
	bool shmem_anon;	/* shared anonymous memory: "/dev/zero (deleted)" */
	int i_count;		/* declared (1) + open files */
	struct address_space i_data;
	uint32_t id;		/* in m->inode_pool: page->mapping holds it */
	struct disk_page *disk; /* written-back pages that differ from the formula */
	uint32_t nr_disk, max_disk;
	struct inode *hash_next;
	vm_flags_t shmem_flags;	/* VM_NORESERVE: pages are charged one by one */
	uint64_t swapped;	/* pages of shared memory that are in swap */
	uint64_t shmem_pages_charged; /* against overcommit, pages */
	kva_t inode_kobj, dentry_kobj; /* 0: dropped by drop_caches, or none */
	kva_t rsv_kobj;		/* ext2's block reservation: a file written to */
};

struct file {
	struct inode *f_inode;
	int f_count;		/* areas + exe_file + open in a task */
	bool f_write;		/* opened for writing */
	/* struct file_ra_state */
	uint64_t ra_start;
	uint32_t ra_size, ra_async_size, mmap_miss;
	int64_t ra_prev_pos;	/* end of the last read(2), bytes; -1: none */
	struct shared_object *f_cred; /* of its opener; NULL: nobody's */
	uint32_t host_id;
	kva_t kobj;		/* filp */
};

/* ---- the registry ---- */
/* -EEXIST if the path is declared already, -EFBIG above the largest file (8T
 * with 32-bit addresses). dev and ino as maps shows them;
 * ino 0: the next from 100. warm: all pages are in the cache, referenced. */
int file_declare(struct machine *m, const char *path, uint64_t size,
		 uint32_t major, uint32_t minor, uint64_t ino, bool warm,
		 enum fs_kind fs, struct inode **out);
struct inode *inode_lookup(const struct machine *m, const char *path);
/* A new open file description. NULL: -ENOMEM. */
struct file *file_open(struct machine *m, struct inode *inode);
static inline struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}
void fput(struct machine *m, struct file *file);
/* Shared anonymous memory of size bytes. Linux: shmem_file_setup(). */
struct file *shmem_file_setup(struct machine *m, uint64_t size, int *err);
/* The same, with the area's flags: VM_NORESERVE leaves size uncharged. */
struct file *__shmem_file_setup(struct machine *m, uint64_t size,
				vm_flags_t flags, int *err);
/* An inode's host memory; named: inode_lookup() finds it. inode_free() undoes
 * it. Neither touches kernel objects. */
struct inode *inode_new(struct machine *m, const char *path, uint64_t size,
			enum fs_kind fs, bool named);
void inode_free(struct machine *m, struct inode *inode);
struct file *file_alloc(struct machine *m, struct inode *inode);
struct kmem_cache *inode_cachep(const struct machine *m,
				const struct inode *inode);
/* fput()'s end for shared anonymous memory. Linux: shmem_evict_inode */
void shmem_evict_inode(struct machine *m, struct inode *inode);
void shmem_recalc_inode(struct machine *m, struct inode *inode);
/* The mmap method: sets vma->vm_ops. Linux: generic_file_mmap, shmem_mmap. */
void file_mmap(struct file *file, struct vm_area_struct *vma);
extern const struct vm_operations_struct generic_file_vm_ops;
extern const struct vm_operations_struct shmem_vm_ops;
extern const struct vm_operations_struct special_mapping_vmops;

/* ---- the page cache ---- */
/* The page at index, with or without a reference; NULL: not in the cache. */
struct page *find_page(const struct address_space *mapping, uint64_t index);
struct page *find_get_page(struct address_space *mapping, uint64_t index);
/* First page at or after *index, which is set to its place; NULL: none. */
struct page *next_page(const struct address_space *mapping, uint64_t *index);
/* Up to PAGEVEC_SIZE pages of [index, last], each with a reference. */
unsigned pagevec_lookup(struct address_space *mapping, uint64_t index,
			uint64_t last, struct page **pages);
static inline uint64_t inode_pages(const struct machine *m,
				   const struct inode *inode)
{
	return (inode->i_size + m->page_size - 1) >> m->page_shift;
}
int add_to_page_cache(struct machine *m, struct page *page,
		      struct address_space *mapping, uint64_t index);
int add_to_page_cache_lru(struct machine *m, struct page *page,
			  struct address_space *mapping, uint64_t index,
			  gfp_t gfp);
void delete_from_page_cache(struct machine *m, struct page *page);
struct address_space *page_mapping(const struct machine *m,
				   const struct page *page);
/* One page, without read-ahead. 0 (also when it is there) or -ENOMEM. */
int page_cache_read(struct machine *m, struct address_space *mapping,
		    uint64_t index);
unsigned filemap_fault(struct vm_area_struct *vma, struct vm_fault *vmf);
unsigned shmem_fault(struct vm_area_struct *vma, struct vm_fault *vmf);
/* A buffer_head for the page, as write(2) makes; 0 or -ENOMEM. */
int create_empty_buffers(struct machine *m, struct page *page);
void try_to_free_buffers(struct machine *m, struct page *page);
/* Read pages [first, first+nr) that are not cached, up to the end of the file;
 * PG_readahead on the one `lookahead` before the end. Number read. */
uint64_t do_page_cache_readahead(struct machine *m,
				 struct address_space *mapping, uint64_t first,
				 uint64_t nr, uint64_t lookahead);
/* A reader of req_size pages from offset on misses; or meets PG_readahead. */
void page_cache_sync_readahead(struct machine *m, struct file *file,
			       uint64_t offset, uint64_t req_size);
void page_cache_async_readahead(struct machine *m, struct file *file,
				struct page *page, uint64_t offset,
				uint64_t req_size);
void do_sync_mmap_readahead(struct vm_area_struct *vma, struct file *file,
			    uint64_t offset);
void do_async_mmap_readahead(struct vm_area_struct *vma, struct file *file,
			     struct page *page, uint64_t offset);
/* A page of shared memory, made if it is not there, with a reference. 0,
 * -EINVAL behind the end, -ENOSPC not charged, -ENOMEM. */
int shmem_getpage(struct machine *m, struct inode *inode, uint64_t index,
		  struct page **pagep);
/* Reclaim writes a page of shared memory to swap. false: there is no room.
 * => isolated, dirty, mapped by nobody */
bool shmem_writepage(struct machine *m, struct page *page);
/* The frame of a slot back into the tree that names the slot at index. */
int shmem_unuse_page(struct machine *m, struct inode *inode, uint64_t index,
		     swp_entry_t entry, struct page *page);
/* The slots that [first, last] of a file names are free. */
void shmem_free_swap(struct machine *m, struct inode *inode, uint64_t first,
		     uint64_t last);
/* madvise willneed: swapped pages of [first, last) into the swap cache. */
void force_shm_swapin_readahead(struct machine *m, struct inode *inode,
				uint64_t first, uint64_t last);
/* 1 if the page was clean. Counts nr_dirty where the fs accounts it. */
int set_page_dirty(struct machine *m, struct page *page);
/* Write one dirty page to "disk": page_mkclean, counters, bytes kept. */
void write_one_page(struct machine *m, struct page *page);
/* All dirty pages of a file. Linux: filemap_write_and_wait, vfs_fsync. */
void filemap_fdatawrite(struct machine *m, struct address_space *mapping);
/* Drop clean unmapped pages. Linux: invalidate_mapping_pages(). Count. */
uint64_t invalidate_mapping_pages(struct machine *m,
				  struct address_space *mapping, uint64_t first,
				  uint64_t last);
/* madvise remove, and the end of an unlinked inode. */
void truncate_inode_pages_range(struct machine *m, struct inode *inode,
				uint64_t first, uint64_t last);
/* read(2), pread, kernel_read: pages of [pos, pos+len) into the cache, with
 * read-ahead. Bytes inside the file, or -ENOMEM. Linux: do_generic_file_read */
int64_t generic_file_read(struct machine *m, struct file *file, uint64_t pos,
			  uint64_t len);
void force_page_cache_readahead(struct machine *m, struct file *file,
				uint64_t first, uint64_t nr);
/* /proc/sys/vm/drop_caches: 1 page cache, 2 slabs, 3 both. */
void drop_caches(struct machine *m, unsigned what);

/* ---- the disk (disk.c) ---- */
/* A page of the file whose bytes are not the formula's. */
struct disk_page {
	uint64_t index;
	uint8_t *bytes; /* one page; NULL: a hole, zeros */
};
/* Bytes of page index, zeros behind the end of the file. to: one page. */
void disk_read_page(const struct machine *m, const struct inode *inode,
		    uint64_t index, uint8_t *to);
void disk_write_page(struct machine *m, struct inode *inode, uint64_t index,
		     const uint8_t *from);
/* From now on the page reads as zeros. */
void disk_punch_page(struct machine *m, struct inode *inode, uint64_t index);
void disk_release(struct machine *m, struct inode *inode);
/* The byte that a file holds on disk at an offset. */
uint8_t file_disk_byte(const struct machine *m, const struct inode *inode,
		       uint64_t offset);

void filemap_check(const struct machine *m, struct checker *c);

#endif
