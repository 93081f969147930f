/*
 * filemap.c - the page cache: pages of files, kept by offset.
 *
 *	inode ── i_data: address_space ── page_tree: radix tree
 *	              ▲                      offset ──► struct page
 *	              └── page->mapping (inode's id << 2), page->index
 *
 * A page is read once and then shared by all who map the file, until it is
 * truncated or dropped. The cache holds one reference of each of its pages,
 * a buffer_head another, each mapping another, a waiting pagevec another.
 *
 * A fault on a page that is not cached is a major one, even though read-ahead
 * (readahead.c) may have brought the page by the time of the second look.
 * Reading is synchronous here: the disk answers at once, so a page is uptodate
 * when it enters the tree's lookup, and a fault is never tried again.
 *
 * Linux: mm/filemap.c, include/linux/pagemap.h.
 *
 * Invariants (filemap_check)
 *  1. The page at offset i of an inode's tree has page->mapping = the inode
 *     and page->index = i; so it is in one tree, at one place.
 *  2. It has PG_uptodate and at least as many references as the cache, its
 *     buffers and its mappings hold.
 *  3. nrpages is the number of pages in the tree.
 *  4. Nodes of the host pool = nodes in trees (swap caches' too) + nodes in
 *     the preload pool.
 *  5. NR_FILE_PAGES = pages in all trees and in the swap caches; NR_SHMEM =
 *     those in trees that are swap backed; NR_FILE_DIRTY = dirty ones where the file system accounts it.
 *  6. Buffers in the pool = pages with PG_private.
 *  7. An open file's inode is alive, and i_count = open files + 1 (declared).
 *  8. A page on an LRU list that names a file is in that file's tree.
 *  9. An open file's f_count >= areas that map it + processes that run it.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/swap.h"
#include "core/swapfile.h"

/* ---- look up ---- */

/* Pages of shared memory that are in swap have an entry of it in the tree. */
struct page *find_page(const struct address_space *mapping, uint64_t index)
{
	uint64_t item = radix_tree_lookup(&mapping->page_tree, index);

	return radix_is_swap(item) ? NULL : (struct page *)(uintptr_t)item;
}

struct page *next_page(const struct address_space *mapping, uint64_t *index)
{
	uint64_t item;

	while (radix_is_swap(item = radix_tree_next(&mapping->page_tree,
						    index)))
		++*index;
	return (struct page *)(uintptr_t)item;
}

struct page *find_get_page(struct address_space *mapping, uint64_t index)
{
	struct page *page = find_page(mapping, index);

	if (page)
		get_page(page);
	return page;
}

unsigned pagevec_lookup(struct address_space *mapping, uint64_t index,
			uint64_t last, struct page **pages)
{
	struct page *page;
	unsigned nr = 0;

	while (nr < PAGEVEC_SIZE && (page = next_page(mapping, &index))) {
		if (index > last)
			break;
		get_page(page);
		pages[nr++] = page;
		index++;
	}
	return nr;
}

struct address_space *page_mapping(const struct machine *m,
				   const struct page *page)
{
	struct inode *inode;

	if (!page->mapping || (page->mapping & PAGE_MAPPING_FLAGS) ||
	    PageSlab(page))
		return NULL;
	inode = hpool_get(&m->inode_pool, page->mapping >> 2);
	return &inode->i_data;
}

/* ---- in and out ---- */

/* => room was made in the preload pool if the caller may wait */
int add_to_page_cache(struct machine *m, struct page *page,
		      struct address_space *mapping, uint64_t index)
{
	int err;

	get_page(page);
	page->mapping = mapping->host->id << 2;
	page->index = index;
	err = radix_tree_insert(m, &mapping->page_tree, index,
				(uint64_t)(uintptr_t)page);
	if (err) {
		page->mapping = 0;
		put_page(m, page);
		return err;
	}
	mapping->nrpages++;
	inc_zone_page_state(m, page, NR_FILE_PAGES);
	observe(m, CACHE_ADD, mapping->host->i_ino, index, page_to_pfn(m, page),
		0);
	return 0;
}

int add_to_page_cache_lru(struct machine *m, struct page *page,
			  struct address_space *mapping, uint64_t index,
			  gfp_t gfp)
{
	int err = mem_cgroup_cache_charge(m, page, gfp);

	if (err)
		return err;
	err = radix_tree_preload(m, gfp & ~__GFP_HIGHMEM);
	if (!err)
		err = add_to_page_cache(m, page, mapping, index);
	if (!err)
		lru_cache_add(m, page);
	else
		mem_cgroup_uncharge_cache_page(m, page);
	return err;
}

/* PG_dirty stays: the page is on its way out, and who holds it may look. */
void delete_from_page_cache(struct machine *m, struct page *page)
{
	struct address_space *mapping = page_mapping(m, page);

	mm_assert(mapping && !page_mapped(page));
	radix_tree_delete(m, &mapping->page_tree, page->index);
	observe(m, CACHE_DROP, mapping->host->i_ino, page->index,
		page_to_pfn(m, page), 0);
	page->mapping = 0;
	mapping->nrpages--;
	dec_zone_page_state(m, page, NR_FILE_PAGES);
	if (PageSwapBacked(page))
		dec_zone_page_state(m, page, NR_SHMEM);
	if (PageDirty(page) && mapping->account_dirty)
		dec_zone_page_state(m, page, NR_FILE_DIRTY);
	mem_cgroup_uncharge_cache_page(m, page);
	put_page(m, page);
}

/* ---- buffers: one block a page, page->private its pool id ---- */

int create_empty_buffers(struct machine *m, struct page *page)
{
	uint32_t id;
	kva_t kobj, *buffer;

	if (kobj_alloc(m, m->caches.buffer_head, GFP_NOFS, &kobj))
		return -ENOMEM;
	buffer = hpool_alloc(&m->buffer_pool, &id);
	*buffer = kobj;
	get_page(page);
	SetPagePrivate(page);
	page->private = id;
	return 0;
}

void try_to_free_buffers(struct machine *m, struct page *page)
{
	kva_t *buffer;

	if (!TestClearPagePrivate(page))
		return;
	buffer = hpool_get(&m->buffer_pool, page->private);
	kobj_free(m, m->caches.buffer_head, *buffer);
	hpool_free(&m->buffer_pool, page->private);
	page->private = 0;
	put_page(m, page);
}

/* ---- faults ---- */

int page_cache_read(struct machine *m, struct address_space *mapping,
		    uint64_t index)
{
	struct page *page;
	int err;
	story(m, index);

	page = alloc_page(m, GFP_HIGHUSER_MOVABLE | __GFP_COLD);
	if (!page)
		return -ENOMEM;
	err = add_to_page_cache_lru(m, page, mapping, index, GFP_KERNEL);
	if (!err) {
		count_vm_events(m, PGPGIN, m->page_size >> 10);
		if (m->contents)
			disk_read_page(m, mapping->host, index,
				       page_contents(m, page));
		SetPageUptodate(page);
	}
	put_page(m, page);
	return err == -EEXIST ? 0 : err;
}

unsigned filemap_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct machine *m = vma->vm_mm->m;
	struct file *file = vma->vm_file;
	struct address_space *mapping = &file->f_inode->i_data;
	unsigned ret = 0;
	struct page *page;
	story(m, vmf->pgoff);

	if (vmf->pgoff >= inode_pages(m, file->f_inode))
		return VM_FAULT_SIGBUS;
	page = find_get_page(mapping, vmf->pgoff);
	observe(m, FILE_PAGE, vmf->pgoff, page != NULL,
		page ? page_to_pfn(m, page) : 0, mapping->host->i_ino);
	if (page) {
		do_async_mmap_readahead(vma, file, page, vmf->pgoff);
	} else {
		do_sync_mmap_readahead(vma, file, vmf->pgoff);
		count_vm_event(m, PGMAJFAULT);
		mem_cgroup_count_vm_event(vma->vm_mm,
					  MEM_CGROUP_EVENTS_PGMAJFAULT);
		ret = VM_FAULT_MAJOR;
		while (!(page = find_get_page(mapping, vmf->pgoff)))
			if (page_cache_read(m, mapping, vmf->pgoff))
				return VM_FAULT_OOM;
	}
	vmf->page = page;
	return ret;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.name = "generic_file_vm_ops",
	.fault = filemap_fault,
	.remap_pages = true,
};

/* ---- the vdso: one page of the kernel, the same for all ---- */

static unsigned special_mapping_fault(struct vm_area_struct *vma,
				      struct vm_fault *vmf)
{
	struct machine *m = vma->vm_mm->m;
	struct page *page;
	story(m, vmf->pgoff);

	if (vmf->pgoff != vma->vm_pgoff)
		return VM_FAULT_SIGBUS;
	if (!m->vdso_pfn) {
		page = alloc_page(m, GFP_ATOMIC | __GFP_ZERO);
		if (!page)
			return VM_FAULT_OOM;
		SetPageKernel(page);
		SetPageUptodate(page);
		m->vdso_pfn = page_to_pfn(m, page);
	}
	vmf->page = pfn_to_page(m, m->vdso_pfn);
	get_page(vmf->page);
	return 0;
}

/* Its presence keeps such areas from merging. */
static void special_mapping_close(struct vm_area_struct *vma __unused_arg)
{
}

const struct vm_operations_struct special_mapping_vmops = {
	.name = "special_mapping_vmops",
	.fault = special_mapping_fault,
	.close = special_mapping_close,
};

/* ---- checks ---- */

struct cache_count {
	int64_t pages, shmem, dirty, private, nodes;
};

static void check_page(const struct machine *m, const struct inode *inode,
		       const struct page *page, uint64_t index,
		       struct cache_count *n, struct checker *c)
{
	CHECK(c, page->mapping == inode->id << 2 && page->index == index,
	      "filemap 1: pfn %u in %s at %llu says mapping %u, index %llu",
	      page_to_pfn(m, page), inode->path, (unsigned long long)index,
	      page->mapping >> 2, (unsigned long long)page->index);
	CHECK(c,
	      PageUptodate(page) &&
		      page_count(page) >=
			      1 + PagePrivate(page) + page_mapcount(page),
	      "filemap 2: pfn %u has %d references and %d mappings",
	      page_to_pfn(m, page), page_count(page), page_mapcount(page));
	n->pages++;
	n->shmem += PageSwapBacked(page);
	n->dirty += PageDirty(page) && inode->i_data.account_dirty;
	n->private += PagePrivate(page);
}

static void check_inode(const struct machine *m, const struct inode *inode,
			struct cache_count *n, struct checker *c)
{
	const struct address_space *mapping = &inode->i_data;
	uint64_t index = 0, nr = 0;
	const struct page *page;

	while ((page = next_page(mapping, &index))) {
		check_page(m, inode, page, index, n, c);
		nr++;
		index++;
	}
	CHECK(c, nr == mapping->nrpages,
	      "filemap 3: %s has %llu pages, nrpages %llu", inode->path,
	      (unsigned long long)nr, (unsigned long long)mapping->nrpages);
	radix_tree_check(&mapping->page_tree, c);
	n->nodes += radix_tree_nodes(&mapping->page_tree);
}

static void check_counter(const struct machine *m, struct checker *c,
			  enum zone_stat_item item, int64_t nr)
{
	CHECK(c, owned_page_state(m, item) == nr,
	      "filemap 5: %s is %lld, there are %lld", zone_stat_text[item],
	      (long long)owned_page_state(m, item), (long long)nr);
}

/* The other way round: from frames to trees. */
static void check_list(const struct machine *m, const struct page_list *list,
		       struct checker *c)
{
	page_list_for_each(pfn, m, list) {
		const struct page *page = pfn_to_page(m, pfn);
		const struct address_space *mapping = page_mapping(m, page);

		CHECK(c, !mapping || find_page(mapping, page->index) == page,
		      "filemap 8: pfn %u is not in %s", pfn,
		      mapping->host->path);
	}
}

static void check_lists(const struct machine *m, struct checker *c)
{
	const struct lruvec *v;
	const struct zone *z;

	for_each_zone(z, m)
		for_each_lruvec(v, m, z)
			for (int lru = 0; lru < NR_LRU_LISTS; lru++)
				check_list(m, &v->lru[lru], c);
}

static void count_holder(const struct file *file, uint32_t *held)
{
	if (file)
		held[file->host_id]++;
}

/* 9: told at the first holder met. */
static void check_holders(const struct file *file, uint32_t *held,
			  struct checker *c)
{
	if (!file || !held[file->host_id])
		return;
	CHECK(c, (uint32_t)file->f_count >= held[file->host_id],
	      "filemap 9: an open %s has f_count %d, %u hold it",
	      file->f_inode->path, file->f_count, held[file->host_id]);
	held[file->host_id] = 0;
}

static void check_files(const struct machine *m, struct checker *c)
{
	size_t bytes = ((size_t)m->file_pool.next_id + 1) * sizeof(uint32_t);
	uint32_t *held = host_alloc(&m->host, bytes);
	const struct vm_area_struct *vma;
	const struct mm_struct *mm;

	list_for_each_entry(mm, &m->mm_list, mmlist) {
		count_holder(mm->exe_file, held);
		for_each_vma(vma, mm)
			count_holder(vma->vm_file, held);
	}
	list_for_each_entry(mm, &m->mm_list, mmlist) {
		check_holders(mm->exe_file, held, c);
		for_each_vma(vma, mm)
			check_holders(vma->vm_file, held, c);
	}
	host_free(&m->host, held, bytes);
}

void filemap_check(const struct machine *m, struct checker *c)
{
	struct cache_count n = {0};
	const struct inode *inode;
	int64_t users = 0, inodes = 0, declared = 0;

	list_for_each_entry(inode, &m->inodes, list) {
		check_inode(m, inode, &n, c);
		users += inode->i_count;
		declared += !inode->shmem_anon;
		inodes++;
	}
	n.pages += (int64_t)total_swapcache_pages(m);
	for (unsigned i = 0; i < m->swap->nr_swapfiles; i++)
		n.nodes += radix_tree_nodes(&m->swap->area[i].cache);
	CHECK(c, n.nodes + radix_tree_preloaded(m) == m->radix_pool.nr_used,
	      "filemap 4: %lld nodes in trees, %u preloaded, %u in all",
	      (long long)n.nodes, radix_tree_preloaded(m),
	      m->radix_pool.nr_used);
	check_counter(m, c, NR_FILE_PAGES, n.pages);
	check_counter(m, c, NR_SHMEM, n.shmem);
	check_counter(m, c, NR_FILE_DIRTY, n.dirty);
	CHECK(c, n.private == m->buffer_pool.nr_used,
	      "filemap 6: %lld pages with buffers, %u buffers",
	      (long long)n.private, m->buffer_pool.nr_used);
	CHECK(c, users == declared + m->file_pool.nr_used,
	      "filemap 7: inodes count %lld users, %u files are open",
	      (long long)users, m->file_pool.nr_used);
	CHECK(c, inodes == m->inode_pool.nr_used,
	      "filemap 7: %lld inodes listed, %u exist", (long long)inodes,
	      m->inode_pool.nr_used);
	check_lists(m, c);
	check_files(m, c);
}
