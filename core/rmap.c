/*
 * rmap.c - from a frame back to its virtual addresses.
 *
 * A page-table entry leads from an address to a frame; rmap leads back. A file
 * page finds its areas through its file (address_space->i_mmap). An anonymous
 * page points to an anon_vma, and that to the areas that may map it. Areas fork,
 * split and merge, pages stay where they are; so there is a link for each pair
 * (anon_vma, area), the anon_vma_chain (avc):
 *
 *    parent's area A --- avc1 --- AV0 <- page p (faulted in before the fork)
 *                                  |
 *    child's area  B --- avc2 -----+       fork: B gets a chain to everything
 *         |                                A has a chain to (anon_vma_clone),
 *         +------------- avc3 --- AV1      and an anon_vma of its own, root AV0
 *                                  ^
 *                                  page q (the child's copy of p): only B
 *
 * Who maps p? All areas in AV0's tree that cover p's index: A and B. Who maps q?
 * Those of AV1: B. A page written by the child need not be looked for in the
 * parent. The newest chain of an area leads to its own anon_vma.
 *
 * page->mapping names the anon_vma (id << 2 | PAGE_MAPPING_ANON), page->index
 * the page's number in the area's numbering (linear_page_index), and
 * page_mapcount() counts the entries that map it.
 *
 * Lives of anon_vmas: refcount is 1 as long as its tree has chains, plus, for
 * a root, 1 for each descendant; it is freed at 0. So an anon_vma may outlive
 * its last area, empty, as a root.
 *
 * The invariants and rmap_check() that tests them are in rmap_check.c, walks in
 * rmap_walk.c, the trees in interval_tree.c.
 *
 * Linux: mm/rmap.c (3.12: no degree, no reuse of a parent's anon_vma).
 */
#include "core/rmap.h"
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/swap.h"

/* ---- objects ---- */

static struct anon_vma *anon_vma_alloc(struct machine *m)
{
	struct anon_vma *av;
	kva_t kobj;
	uint32_t id;
	story(m);

	if (kobj_alloc(m, m->caches.anon_vma, GFP_KERNEL, &kobj))
		return NULL;
	av = hpool_alloc(&m->anon_vma_pool, &id);
	av->id = id;
	av->kobj = kobj;
	av->refcount = 1;
	av->root = av;
	return av;
}

static void anon_vma_free(struct machine *m, struct anon_vma *av)
{
	mm_assert(av->refcount == 0 && !av->rb_root.node);
	observe(m, ANON_VMA_GONE, av->id, 0, 0, 0);
	kobj_free(m, m->caches.anon_vma, av->kobj);
	hpool_free(&m->anon_vma_pool, av->id);
}

/* A descendant goes after the root that it was the last to hold. */
void put_anon_vma(struct machine *m, struct anon_vma *av)
{
	struct anon_vma *root = av->root;

	if (--av->refcount)
		return;
	if (root != av && --root->refcount == 0)
		anon_vma_free(m, root);
	anon_vma_free(m, av);
}

static struct anon_vma_chain *anon_vma_chain_alloc(struct machine *m, gfp_t gfp)
{
	struct anon_vma_chain *avc;
	kva_t kobj;
	uint32_t id;
	story(m, gfp);

	if (kobj_alloc(m, m->caches.anon_vma_chain, gfp, &kobj))
		return NULL;
	avc = hpool_alloc(&m->avc_pool, &id);
	avc->host_id = id;
	avc->kobj = kobj;
	return avc;
}

static void anon_vma_chain_free(struct machine *m, struct anon_vma_chain *avc)
{
	kobj_free(m, m->caches.anon_vma_chain, avc->kobj);
	hpool_free(&m->avc_pool, avc->host_id);
}

static void anon_vma_chain_link(struct vm_area_struct *vma,
				struct anon_vma_chain *avc, struct anon_vma *av)
{
	story(vma->vm_mm->m, vma->vm_start, av->id);

	avc->vma = vma;
	avc->anon_vma = av;
	list_add(&avc->same_vma, &vma->anon_vma_chain);
	anon_vma_interval_tree_insert(avc, av);
	observe(vma->vm_mm->m, CHAIN_LINK, vma->vm_start, av->id, 0, 0);
}

/* ---- anon_vmas of an area ---- */

/*
 * Before the first anonymous page of an area: give it an anon_vma, a
 * neighbour's if the two could be one area but for their protection (so that
 * they can merge later). The chain is allocated first, as the kernel does.
 * 0 or -ENOMEM.
 */
static __attribute__((noinline)) int make_anon_vma(struct vm_area_struct *vma)
{
	struct machine *m = vma->vm_mm->m;
	struct anon_vma_chain *avc;
	struct anon_vma *av;
	story_as(m, "anon_vma_prepare", vma->vm_start, vma->vm_end);

	avc = anon_vma_chain_alloc(m, GFP_KERNEL);
	if (!avc)
		return -ENOMEM;
	av = find_mergeable_anon_vma(vma);
	if (!av) {
		av = anon_vma_alloc(m);
		if (!av) {
			anon_vma_chain_free(m, avc);
			return -ENOMEM;
		}
		observe(m, ANON_VMA_NEW, av->id, av->root->id, 0, 0);
	}
	vma->anon_vma = av;
	anon_vma_chain_link(vma, avc, av);
	return 0;
}

__watched static int tell_anon_vma(const struct vm_area_struct *vma)
{
	story_leaf(vma->vm_mm->m, "anon_vma_prepare", vma->vm_start,
		   vma->vm_end, vma->anon_vma->id);
	return 0;
}

int anon_vma_prepare(struct vm_area_struct *vma)
{
	if (unlikely(!vma->anon_vma))
		return make_anon_vma(vma);
	return unlikely(vma->vm_mm->m->observer != NULL) ? tell_anon_vma(vma) :
							   0;
}

/*
 * Chain dst to every anon_vma that src is chained to, in src's order: the list
 * is walked from its old end, because links are put at the head.
 * 0, or -ENOMEM with dst unlinked again. => dst's list is empty.
 */
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct machine *m = src->vm_mm->m;
	struct anon_vma_chain *pavc, *avc;
	story(m, dst->vm_start, src->vm_start);

	list_for_each_entry_reverse(pavc, &src->anon_vma_chain, same_vma) {
		avc = anon_vma_chain_alloc(m, GFP_NOWAIT | __GFP_NOWARN);
		if (!avc)
			avc = anon_vma_chain_alloc(m, GFP_KERNEL);
		if (!avc) {
			unlink_anon_vmas(dst);
			return -ENOMEM;
		}
		anon_vma_chain_link(dst, avc, pavc->anon_vma);
	}
	return 0;
}

/*
 * fork: the child's area can map all pages that the parent's can, so it is
 * chained alike; its new pages go to an anon_vma of its own.
 * => vma is a copy of pvma with an empty chain list. 0 or -ENOMEM.
 */
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	struct machine *m = vma->vm_mm->m;
	struct anon_vma_chain *avc;
	struct anon_vma *av;
	story(m, vma->vm_start, pvma->vm_start);

	if (!pvma->anon_vma)
		return 0;
	if (anon_vma_clone(vma, pvma))
		return -ENOMEM;
	av = anon_vma_alloc(m);
	if (!av)
		goto out_unlink;
	avc = anon_vma_chain_alloc(m, GFP_KERNEL);
	if (!avc)
		goto out_put;
	av->root = pvma->anon_vma->root;
	av->root->refcount++;
	observe(m, ANON_VMA_NEW, av->id, av->root->id, 0, 0);
	vma->anon_vma = av;
	anon_vma_chain_link(vma, avc, av);
	return 0;

out_put:
	put_anon_vma(m, av);
out_unlink:
	unlink_anon_vmas(vma);
	return -ENOMEM;
}

/*
 * Take an area out of all its anon_vmas. Those that lose their last chain are
 * freed in a second round, as in the kernel, where freeing needs the root's lock
 * dropped: the order of frees decides which object is handed out next.
 */
void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct machine *m = vma->vm_mm->m;
	struct anon_vma_chain *avc, *next;
	story(m, vma->vm_start);

	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		anon_vma_interval_tree_remove(avc, avc->anon_vma);
		if (!avc->anon_vma->rb_root.node)
			continue;
		list_del(&avc->same_vma);
		anon_vma_chain_free(m, avc);
	}
	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		put_anon_vma(m, avc->anon_vma);
		list_del(&avc->same_vma);
		anon_vma_chain_free(m, avc);
	}
}

/* ---- mappings of a frame ---- */

uint64_t linear_page_index(const struct vm_area_struct *vma, vaddr_t address)
{
	return ((address - vma->vm_start) >> vma->vm_mm->m->page_shift) +
	       vma->vm_pgoff;
}

__watched static void tell_page_owner(const struct page *page,
				      const struct vm_area_struct *vma,
				      vaddr_t address, bool exclusive)
{
	const struct machine *m = vma->vm_mm->m;
	story_as(m, "__page_set_anon_rmap", page_to_pfn(m, page), address,
		 exclusive);

	story_leaf(m, "linear_page_index", address, vma->vm_start,
		   vma->vm_pgoff, page->index);
	observe(m, PAGE_MAPPING, page_to_pfn(m, page), page->mapping >> 2,
		page->index, 0);
}

/*
 * Which anon_vma is a page's? Its area's own if no other process can have it;
 * else the root's, which every area of this family of forks is chained to.
 */
static void __page_set_anon_rmap(struct page *page, struct vm_area_struct *vma,
				 vaddr_t address, bool exclusive)
{
	struct anon_vma *av = vma->anon_vma;

	mm_assert(av);
	if (PageAnon(page))
		return;
	if (!exclusive)
		av = av->root;
	page->mapping = av->id << 2 | PAGE_MAPPING_ANON;
	page->index = linear_page_index(vma, address);
	if (unlikely(vma->vm_mm->m->observer != NULL))
		tell_page_owner(page, vma, address, exclusive);
}

/* A locked area's new page is born unevictable. Linux: mlocked_vma_newpage() */
static bool mlocked_vma_newpage(struct vm_area_struct *vma, struct page *page)
{
	struct machine *m = vma->vm_mm->m;

	if ((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) != VM_LOCKED)
		return false;
	if (!TestSetPageMlocked(page)) {
		inc_zone_page_state(m, page, NR_MLOCK);
		count_vm_event(m, UNEVICTABLE_PGMLOCKED);
	}
	return true;
}

/* The first mapping of a page that nobody else has seen. */
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
			    vaddr_t address)
{
	struct machine *m = vma->vm_mm->m;
	story(m, page_to_pfn(m, page), address);

	mm_assert(address >= vma->vm_start && address < vma->vm_end);
	SetPageSwapBacked(page);
	page->_mapcount1 = 1;
	inc_zone_page_state(m, page, NR_ANON_PAGES);
	__page_set_anon_rmap(page, vma, address, true);
	if (!mlocked_vma_newpage(vma, page)) {
		SetPageActive(page);
		lru_cache_add(m, page);
	} else {
		add_page_to_unevictable_list(m, page);
	}
	observe(m, RMAP_ADD, address, page_to_pfn(m, page), 1, 0);
}

/* One mapping more of an anonymous page (swap-in, migration). */
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma,
			vaddr_t address, bool exclusive)
{
	struct machine *m = vma->vm_mm->m;
	story(m, page_to_pfn(m, page), address, exclusive);

	page->_mapcount1++;
	observe(m, RMAP_ADD, address, page_to_pfn(m, page),
		page_mapcount(page), 0);
	if (page_mapcount(page) != 1)
		return;
	inc_zone_page_state(m, page, NR_ANON_PAGES);
	__page_set_anon_rmap(page, vma, address, exclusive);
}

void page_add_file_rmap(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page));

	page->_mapcount1++;
	observe(m, RMAP_ADD, 0, page_to_pfn(m, page), page_mapcount(page), 0);
	if (page_mapcount(page) != 1)
		return;
	inc_zone_page_state(m, page, NR_FILE_MAPPED);
	mem_cgroup_mod_page_stat(m, page, MEM_CGROUP_STAT_FILE_MAPPED, 1);
}

/*
 * One mapping less. The caller has cleared the entry and drops the reference
 * that came with it. page->mapping stays until the frame is freed: an anonymous
 * page remains one.
 */
void page_remove_rmap(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page));

	mm_assert(page_mapped(page));
	page->_mapcount1--;
	observe(m, RMAP_REMOVE, page_to_pfn(m, page), page_mapcount(page), 0,
		0);
	if (page_mapped(page))
		return;
	if (PageAnon(page)) {
		mem_cgroup_uncharge_page(m, page);
		dec_zone_page_state(m, page, NR_ANON_PAGES);
	} else {
		dec_zone_page_state(m, page, NR_FILE_MAPPED);
		mem_cgroup_mod_page_stat(m, page, MEM_CGROUP_STAT_FILE_MAPPED,
					 -1);
	}
	if (unlikely(PageMlocked(page)))
		clear_page_mlock(m, page);
}

/* After copy-on-write ended with this area as the only user. */
void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma,
			 vaddr_t address)
{
	const struct machine *m = vma->vm_mm->m;

	mm_assert(vma->anon_vma);
	mm_assert(page->index == linear_page_index(vma, address));
	story_leaf(m, "page_move_anon_rmap", page_to_pfn(m, page), address,
		   page->mapping >> 2, vma->anon_vma->id);
	page->mapping = vma->anon_vma->id << 2 | PAGE_MAPPING_ANON;
}

/* ---- the part's life ---- */

int rmap_subsys_init(struct machine *m, const char **why __unused_arg)
{
	hpool_init(&m->anon_vma_pool, &m->host, sizeof(struct anon_vma));
	hpool_init(&m->avc_pool, &m->host, sizeof(struct anon_vma_chain));
	return 0;
}

void rmap_subsys_destroy(struct machine *m)
{
	hpool_destroy(&m->anon_vma_pool);
	hpool_destroy(&m->avc_pool);
}
