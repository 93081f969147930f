/*
 * fault.c - what to do about a page fault.
 *
 *   do_page_fault (fault_x86.c): is the access allowed at all?
 *     handle_mm_fault: make the tables on the way
 *       handle_pte_fault: look at the entry
 *
 *        entry            access          handler
 *        none, file area  any             do_linear_fault ─┬ do_read_fault
 *        file offset      any             do_nonlinear_f. ─┼ do_cow_fault
 *                                                          └ do_shared_fault
 *        none, other      read            do_anonymous_page: the zero page
 *                         write           do_anonymous_page: a new frame
 *        swap entry       any             do_swap_page
 *        present          write, RW clear do_wp_page
 *        present          other           only A (and D) are set
 *
 * do_wp_page decides between copying and reusing:
 *
 *   page behind it           area           what happens
 *   none (zero page)         any            new zeroed frame
 *   anonymous, 1 mapping     any            reused: RW set, page moves to the
 *                                           area's own anon_vma
 *   anonymous, more          any            copied
 *   file page                shared         file told, RW set: never copied
 *   file page                private        copied
 *
 * The count is of mappings, not of references: of two processes after fork,
 * the first to write copies, the second finds itself alone and reuses.
 *
 * Lectures name do_read_fault, do_cow_fault and do_shared_fault; in 3.12 they
 * are three branches of __do_fault, which here only asks the file for the page.
 * Every handler counts itself in stats.faults. Result: VM_FAULT_* bits.
 *
 * Linux: mm/memory.c.
 */
#include "core/memory.h"
#include "core/filemap.h"
#include "core/large.h"
#include "core/ksm.h"
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/rmap.h"
#include "core/swap.h"
#include "core/swapfile.h"

#include <string.h>

static inline struct machine *vmf_machine(const struct vm_fault *vmf)
{
	return vmf->vma->vm_mm->m;
}

static inline bool vmf_write(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_WRITE;
}

static inline bool shared_writable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_WRITE | VM_SHARED)) ==
	       (VM_WRITE | VM_SHARED);
}

static pte_t mk_pte(const struct vm_area_struct *vma, const struct page *page)
{
	const struct machine *m = vma->vm_mm->m;

	return pfn_pte(m->fmt, page_to_pfn(m, page), vma->vm_page_prot);
}

/* A write through a forced look does not make a read-only area writable. */
static pte_t maybe_mkwrite(const struct vm_area_struct *vma, pte_t pte)
{
	if (vma->vm_flags & VM_WRITE)
		pte = pte_mkwrite(vma->vm_mm->m->fmt, pte);
	return pte;
}

static void set_pte(const struct vm_fault *vmf, pte_t pte)
{
	set_pte_at(vmf->vma->vm_mm, vmf->address, vmf->pte, pte);
}

static struct page *alloc_zeroed_user_highpage_movable(struct machine *m)
{
	story(m);

	return alloc_page(m, GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
}

static void copy_user_highpage(const struct machine *m, struct page *to,
			       const struct page *from)
{
	story_leaf(m, "copy_user_highpage", page_to_pfn(m, to),
		   page_to_pfn(m, from));
	if (m->contents)
		memcpy(page_contents(m, to), page_contents(m, from),
		       PAGE_SIZE(m));
}

/* Map a frame that nobody else knows: writable and dirty at once. */
static void map_new_anon_page(struct vm_fault *vmf, struct page *page)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = pte_mkdirty(vma->vm_mm->m->fmt, mk_pte(vma, page));

	page_add_new_anon_rmap(page, vma, vmf->address);
	set_pte(vmf, maybe_mkwrite(vma, entry));
}

/* ---- anonymous memory ---- */

/*
 * The lowest page of a stack area guards it: touching it makes the area grow
 * below, unless something else begins right there. 0 or -ENOMEM.
 */
static int check_stack_guard_page(struct vm_area_struct *vma, vaddr_t address)
{
	struct vm_area_struct *prev = vma->vm_prev;
	story(vma->vm_mm->m, address);

	if (!(vma->vm_flags & VM_GROWSDOWN) || address != vma->vm_start)
		return 0;
	if (prev && prev->vm_end == address)
		return prev->vm_flags & VM_GROWSDOWN ? 0 : -ENOMEM;
	expand_downwards(vma, address - PAGE_SIZE(vma->vm_mm->m));
	return 0; /* whether it could grow does not matter to this page */
}

static void map_zero_page(struct vm_fault *vmf)
{
	struct machine *m = vmf_machine(vmf);

	m->stats.faults[FAULT_ANON_READ]++;
	observe(m, ZERO_PAGE, vmf->address, 0, 0, 0);
	set_pte(vmf, pte_mkspecial(m->fmt, pfn_pte(m->fmt, m->zero_pfn,
						   vmf->vma->vm_page_prot)));
}

static unsigned do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct machine *m = vmf_machine(vmf);
	struct page *page;
	story(m, vmf->address);

	if (check_stack_guard_page(vma, vmf->address) < 0)
		return VM_FAULT_SIGBUS;
	if (!vmf_write(vmf)) {
		map_zero_page(vmf);
		return 0;
	}
	m->stats.faults[FAULT_ANON_WRITE]++;
	if (anon_vma_prepare(vma))
		return VM_FAULT_OOM;
	page = alloc_zeroed_user_highpage_movable(m);
	if (!page)
		return VM_FAULT_OOM;
	if (mem_cgroup_newpage_charge(m, page, vma->vm_mm)) {
		put_page(m, page);
		return VM_FAULT_OOM;
	}
	observe(m, ANON_PAGE, vmf->address, page_to_pfn(m, page), 0, 0);
	SetPageUptodate(page);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	map_new_anon_page(vmf, page);
	return 0;
}

/* ---- files ---- */

/* Ask the file: vmf->page with a reference, or VM_FAULT_ERROR bits. */
static unsigned __do_fault(struct vm_fault *vmf)
{
	story(vmf_machine(vmf), vmf->pgoff);

	vmf->page = NULL;
	return vmf->vma->vm_ops->fault(vmf->vma, vmf);
}

/* Map the file's page itself; its reference becomes the mapping's. */
static void map_file_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct machine *m = vmf_machine(vmf);
	pte_t entry = mk_pte(vma, vmf->page);

	if (vmf_write(vmf))
		entry = maybe_mkwrite(vma, pte_mkdirty(m->fmt, entry));
	add_mm_counter(vma->vm_mm, MM_FILEPAGES, 1);
	page_add_file_rmap(m, vmf->page);
	set_pte(vmf, entry);
	observe(m, FILE_MAP, vmf->address, page_to_pfn(m, vmf->page),
		vmf->pgoff, 0);
}

static unsigned do_read_fault(struct vm_fault *vmf)
{
	story(vmf_machine(vmf), vmf->address, vmf->pgoff);
	unsigned ret = __do_fault(vmf);

	if (!(ret & VM_FAULT_ERROR))
		map_file_page(vmf);
	return ret;
}

/* Write to a private mapping: the page is copied at once. */
static unsigned do_cow_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct machine *m = vmf_machine(vmf);
	struct page *new_page;
	unsigned ret;
	story(m, vmf->address, vmf->pgoff);

	if (anon_vma_prepare(vma))
		return VM_FAULT_OOM;
	new_page = alloc_page(m, GFP_HIGHUSER_MOVABLE);
	if (!new_page)
		return VM_FAULT_OOM;
	if (mem_cgroup_newpage_charge(m, new_page, vma->vm_mm)) {
		put_page(m, new_page);
		return VM_FAULT_OOM;
	}
	ret = __do_fault(vmf);
	if (ret & VM_FAULT_ERROR) {
		mem_cgroup_uncharge_page(m, new_page);
		put_page(m, new_page);
		return ret;
	}
	copy_user_highpage(m, new_page, vmf->page);
	observe(m, COW_COPY, vmf->address, page_to_pfn(m, vmf->page),
		page_to_pfn(m, new_page), page_mapcount(vmf->page));
	SetPageUptodate(new_page);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	map_new_anon_page(vmf, new_page);
	put_page(m, vmf->page);
	return ret;
}

/* The file hears of a write before it happens. VM_FAULT_ERROR bits: refused. */
static unsigned do_page_mkwrite(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	story(vmf_machine(vmf), vmf->pgoff);

	if (!vma->vm_ops || !vma->vm_ops->page_mkwrite)
		return 0;
	return vma->vm_ops->page_mkwrite(vma, vmf) & VM_FAULT_ERROR;
}

/* Write to a shared mapping: the file's page becomes writable and dirty. */
static unsigned do_shared_fault(struct vm_fault *vmf)
{
	story(vmf_machine(vmf), vmf->address, vmf->pgoff);
	struct machine *m = vmf_machine(vmf);
	unsigned ret = __do_fault(vmf), refused;

	if (ret & VM_FAULT_ERROR)
		return ret;
	refused = do_page_mkwrite(vmf);
	if (refused) {
		put_page(m, vmf->page);
		return ret | refused;
	}
	map_file_page(vmf);
	set_page_dirty(m, vmf->page);
	return ret;
}

static unsigned do_fault(struct vm_fault *vmf, enum fault_handler *handler)
{
	if (!vmf_write(vmf)) {
		*handler = FAULT_FILE_READ;
		return do_read_fault(vmf);
	}
	if (!(vmf->vma->vm_flags & VM_SHARED)) {
		*handler = FAULT_FILE_COW;
		return do_cow_fault(vmf);
	}
	*handler = FAULT_FILE_SHARED;
	return do_shared_fault(vmf);
}

static unsigned do_linear_fault(struct vm_fault *vmf)
{
	enum fault_handler handler;
	unsigned ret;
	story(vmf_machine(vmf), vmf->address);

	vmf->pgoff = linear_page_index(vmf->vma, vmf->address);
	story_leaf(vmf_machine(vmf), "linear_page_index", vmf->address,
		   vmf->vma->vm_start, vmf->vma->vm_pgoff, vmf->pgoff);
	ret = do_fault(vmf, &handler);
	vmf_machine(vmf)->stats.faults[handler]++;
	return ret;
}

/* The entry itself says which page of the file (remap_file_pages). */
static unsigned do_nonlinear_fault(struct vm_fault *vmf)
{
	struct machine *m = vmf_machine(vmf);
	enum fault_handler handler;
	story(m, vmf->address);

	m->stats.faults[FAULT_NONLINEAR]++;
	if (!(vmf->vma->vm_flags & VM_NONLINEAR))
		return VM_FAULT_SIGBUS;
	vmf->flags |= FAULT_FLAG_NONLINEAR;
	vmf->pgoff = pte_to_pgoff(m->fmt, vmf->orig_pte);
	return do_fault(vmf, &handler);
}

/* ---- swap ---- */

/* ---- write to a present, write-protected entry ---- */

static void wp_page_reuse(struct vm_fault *vmf)
{
	const struct pg_format *f = vmf_machine(vmf)->fmt;
	pte_t entry = pte_mkdirty(f, pte_mkyoung(f, vmf->orig_pte));

	set_pte(vmf, maybe_mkwrite(vmf->vma, entry));
}

/* The last user of an anonymous page keeps it. */
static unsigned wp_page_reuse_anon(struct vm_fault *vmf, struct page *page)
{
	struct machine *m = vmf_machine(vmf);

	m->stats.faults[FAULT_WP_REUSE]++;
	observe(m, COW_REUSE, vmf->address, page_to_pfn(m, page),
		page_mapcount(page), 0);
	page_move_anon_rmap(page, vmf->vma, vmf->address);
	wp_page_reuse(vmf);
	return VM_FAULT_WRITE;
}

/* First write since the file's page was mapped, or cleaned by write-back. */
static unsigned wp_page_shared(struct vm_fault *vmf, struct page *page)
{
	struct machine *m = vmf_machine(vmf);
	unsigned refused;

	m->stats.faults[FAULT_WP_SHARED]++;
	vmf->page = page;
	vmf->pgoff = page->index;
	refused = do_page_mkwrite(vmf);
	if (refused)
		return refused;
	wp_page_reuse(vmf);
	set_page_dirty(m, page);
	return VM_FAULT_WRITE;
}

static void cow_user_page(const struct machine *m, struct page *to,
			  const struct page *from)
{
	story(m, page_to_pfn(m, to), page_to_pfn(m, from));

	copy_user_highpage(m, to, from);
}

/* NULL: no memory, or not for this group of processes. */
static struct page *wp_new_page(struct vm_fault *vmf,
				const struct page *old_page)
{
	struct machine *m = vmf_machine(vmf);
	struct page *page;

	if (!old_page)
		page = alloc_zeroed_user_highpage_movable(m);
	else
		page = alloc_page(m, GFP_HIGHUSER_MOVABLE);
	if (!page)
		return NULL;
	if (old_page)
		cow_user_page(m, page, old_page);
	if (mem_cgroup_newpage_charge(m, page, vmf->vma->vm_mm)) {
		put_page(m, page);
		return NULL;
	}
	return page;
}

/* The counters that tell file from anonymous pages; none: the zero page. */
static void wp_account(struct mm_struct *mm, const struct page *old_page)
{
	if (old_page && PageAnon(old_page))
		return;
	if (old_page)
		add_mm_counter(mm, MM_FILEPAGES, -1);
	add_mm_counter(mm, MM_ANONPAGES, 1);
}

static void wp_release_old(struct vm_fault *vmf, struct page *old_page)
{
	struct machine *m = vmf_machine(vmf);

	page_remove_rmap(m, old_page);
	put_page(m, old_page); /* the mapping's reference */
	if (vmf->vma->vm_flags & VM_LOCKED)
		munlock_vma_page(m, old_page);
}

/* old_page NULL: the zero page. */
static unsigned wp_page_copy(struct vm_fault *vmf, struct page *old_page)
{
	struct vm_area_struct *vma = vmf->vma;
	struct mm_struct *mm = vma->vm_mm;
	struct machine *m = mm->m;
	struct page *new_page = NULL;
	unsigned ret = VM_FAULT_OOM;

	m->stats.faults[FAULT_WP_COPY]++;
	if (old_page)
		get_page(old_page); /* making room must not take it */
	if (anon_vma_prepare(vma))
		goto out;
	new_page = wp_new_page(vmf, old_page);
	if (!new_page)
		goto out;
	SetPageUptodate(new_page);
	ret = 0;
	if (ptep_get(mm, vmf->pte).v != vmf->orig_pte.v) {
		mem_cgroup_uncharge_page(m, new_page);
		put_page(m, new_page); /* reclaim was faster: fault again */
		goto out;
	}
	ret = VM_FAULT_WRITE;
	observe(m, COW_COPY, vmf->address, pte_pfn(m->fmt, vmf->orig_pte),
		page_to_pfn(m, new_page),
		old_page ? page_mapcount(old_page) : 0);
	wp_account(mm, old_page);
	ptep_get_and_clear(mm, vmf->address, vmf->pte);
	map_new_anon_page(vmf, new_page);
	if (old_page)
		wp_release_old(vmf, old_page);
out:
	if (old_page)
		put_page(m, old_page);
	return ret;
}

static unsigned do_wp_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct machine *m = vmf_machine(vmf);
	struct page *old_page =
		vm_normal_page(vma, vmf->address, vmf->orig_pte);
	story(m, vmf->address, vmf->orig_pte.v);

	observe(m, WP_PAGE, pte_pfn(m->fmt, vmf->orig_pte),
		!old_page ? 0 : PageKsm(old_page) ? 3 : PageAnon(old_page) ? 1 : 2,
		old_page ? page_mapcount(old_page) : 0, shared_writable(vma));
	if (!old_page) {
		if (!shared_writable(vma))
			return wp_page_copy(vmf, NULL);
		m->stats.faults[FAULT_WP_SHARED]++; /* a mapped pfn */
		wp_page_reuse(vmf);
		return VM_FAULT_WRITE;
	}
	if (PageAnon(old_page) && !PageKsm(old_page)) {
		if (reuse_swap_page(m, old_page))
			return wp_page_reuse_anon(vmf, old_page);
	} else if (shared_writable(vma)) {
		return wp_page_shared(vmf, old_page);
	}
	return wp_page_copy(vmf, old_page);
}

/* ---- swap ---- */

/* The slot's frame with a reference; NULL: no memory. Reading it is major. */
static struct page *swapin_page(struct vm_fault *vmf, swp_entry_t entry,
				unsigned *ret)
{
	struct machine *m = vmf_machine(vmf);
	struct page *page = lookup_swap_cache(m, entry);

	if (page)
		return page;
	page = swapin_readahead(m, entry);
	if (page) {
		*ret = VM_FAULT_MAJOR;
		count_vm_event(m, PGMAJFAULT);
		mem_cgroup_count_vm_event(vmf->vma->vm_mm,
					  MEM_CGROUP_EVENTS_PGMAJFAULT);
	}
	return page;
}

/*
 * Map the slot's frame. A write by the only owner takes it out of the swap cache
 * and maps it writable; else it is mapped read-only, and a write goes on as one
 * to any write-protected page. The reference becomes the mapping's. A copy made
 * for this area (of a page that was merged) is nobody else's.
 */
static unsigned map_swap_page(struct vm_fault *vmf, struct page *page,
			      swp_entry_t entry, bool copy,
			      struct mem_cgroup *memcg)
{
	struct vm_area_struct *vma = vmf->vma;
	struct machine *m = vmf_machine(vmf);
	pte_t pte = mk_pte(vma, page);
	bool exclusive = false;

	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	if (vmf_write(vmf) && reuse_swap_page(m, page)) {
		pte = maybe_mkwrite(vma, pte_mkdirty(m->fmt, pte));
		vmf->flags &= ~FAULT_FLAG_WRITE;
		exclusive = true;
	}
	set_pte(vmf, pte);
	vmf->orig_pte = pte;
	if (copy)
		page_add_new_anon_rmap(page, vma, vmf->address);
	else
		page_add_anon_rmap(page, vma, vmf->address, exclusive);
	mem_cgroup_commit_charge_swapin(m, page, memcg);
	swap_free(m, entry);
	if (vm_swap_full(m) || (vma->vm_flags & VM_LOCKED) ||
	    PageMlocked(page))
		try_to_free_swap(m, page);
	return exclusive ? VM_FAULT_WRITE : 0;
}

static unsigned do_swap_page(struct vm_fault *vmf)
{
	struct machine *m = vmf_machine(vmf);
	swp_entry_t entry = pte_to_swp_entry(m->fmt, vmf->orig_pte);
	struct page *page, *swapcache;
	struct mem_cgroup *memcg;
	unsigned ret = 0, wp;
	story(m, vmf->address, vmf->orig_pte.v);

	m->stats.faults[FAULT_SWAP]++;
	if (!swap_slot(m, entry))
		return VM_FAULT_SIGBUS; /* damage: no such slot */
	swapcache = swapin_page(vmf, entry, &ret);
	if (!swapcache)
		return VM_FAULT_OOM;
	page = ksm_might_need_to_copy(swapcache, vmf->vma, vmf->address);
	if (!page) {
		put_page(m, swapcache);
		return VM_FAULT_OOM;
	}
	if (mem_cgroup_try_charge_swapin(m, vmf->vma->vm_mm, page, GFP_KERNEL,
					 &memcg)) {
		put_page(m, page);
		if (page != swapcache)
			put_page(m, swapcache);
		return VM_FAULT_OOM;
	}
	observe(m, SWAP_FAULT, vmf->address, page_to_pfn(m, page),
		swp_offset(entry), ret);
	ret |= map_swap_page(vmf, page, entry, page != swapcache, memcg);
	if (page != swapcache)
		put_page(m, swapcache);
	if (!vmf_write(vmf))
		return ret;
	wp = do_wp_page(vmf);
	return wp & VM_FAULT_ERROR ? wp & VM_FAULT_ERROR : ret | wp;
}

/* ---- the decision ---- */

/* Present and permitted: another fault was faster, or A or D is to be set. */
static unsigned set_access_flags(struct vm_fault *vmf)
{
	struct machine *m = vmf_machine(vmf);
	pte_t entry = pte_mkyoung(m->fmt, vmf->orig_pte);

	m->stats.faults[FAULT_SPURIOUS]++;
	if (vmf_write(vmf))
		entry = pte_mkdirty(m->fmt, entry);
	if (entry.v != vmf->orig_pte.v)
		set_pte(vmf, entry);
	return 0;
}

/* What the entry says, for the story: the branches below, by number. */
__watched static void tell_pte_state(const struct vm_fault *vmf)
{
	const struct machine *m = vmf_machine(vmf);
	const struct vm_area_struct *vma = vmf->vma;
	unsigned state;

	if (pte_none(vmf->orig_pte))
		state = vma->vm_ops && vma->vm_ops->fault ? 0 : 1;
	else if (!pte_present(m->fmt, vmf->orig_pte))
		state = pte_file(m->fmt, vmf->orig_pte) ? 2 : 3;
	else
		state = vmf_write(vmf) && !pte_write(m->fmt, vmf->orig_pte) ?
				4 :
				5;
	observe(m, PTE_STATE, vmf->orig_pte.v, state, vmf_write(vmf), 0);
}

static __twin unsigned handle_pte_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	const struct pg_format *f = vmf_machine(vmf)->fmt;
	story(vmf_machine(vmf), vmf->address);

	vmf->orig_pte = ptep_get(vma->vm_mm, vmf->pte);
	if (unlikely(vma->vm_mm->m->observer != NULL))
		tell_pte_state(vmf);
	if (pte_none(vmf->orig_pte)) {
		if (vma->vm_ops && vma->vm_ops->fault)
			return do_linear_fault(vmf);
		return do_anonymous_page(vmf);
	}
	if (!pte_present(f, vmf->orig_pte)) {
		if (pte_file(f, vmf->orig_pte))
			return do_nonlinear_fault(vmf);
		return do_swap_page(vmf);
	}
	if (vmf_write(vmf) && !pte_write(f, vmf->orig_pte))
		return do_wp_page(vmf);
	return set_access_flags(vmf);
}

/* Tables first, so that even a fault that ends in SIGBUS has made them. */
static __twin unsigned __handle_mm_fault(struct mm_struct *mm,
					 struct vm_fault *vmf)
{
	ptep_t pgd = pgd_offset(mm, vmf->address), p4d, pud, pmd;

	p4d = p4d_alloc(mm, pgd, vmf->address);
	if (!p4d)
		return VM_FAULT_OOM;
	pud = pud_alloc(mm, p4d, vmf->address);
	if (!pud)
		return VM_FAULT_OOM;
	pmd = pmd_alloc(mm, pud, vmf->address);
	if (!pmd)
		return VM_FAULT_OOM;
	if (unlikely(mm->m->large_table) && vmf_write(vmf) &&
	    large_anonymous_fault(vmf->vma, vmf->address, pmd)) {
		mm->m->stats.faults[FAULT_ANON_WRITE]++;
		return 0;
	}
	vmf->pte = pte_alloc_map(mm, pmd, vmf->address);
	if (!vmf->pte)
		return VM_FAULT_OOM;
	return handle_pte_fault(vmf);
}

__watched static unsigned tell_mm_fault(struct mm_struct *mm,
					struct vm_fault *vmf)
{
	story_pair(mm->m, "handle_mm_fault", "__handle_mm_fault", vmf->address,
		   vmf->flags);

	return __handle_mm_fault(mm, vmf);
}

unsigned handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma,
			 vaddr_t address, unsigned flags)
{
	struct vm_fault vmf = {.vma = vma,
			       .address = address & PAGE_MASK(mm->m),
			       .flags = flags};

	count_vm_event(mm->m, PGFAULT);
	mem_cgroup_count_vm_event(mm, MEM_CGROUP_EVENTS_PGFAULT);
	return unlikely(mm->m->observer != NULL) ? tell_mm_fault(mm, &vmf) :
						   __handle_mm_fault(mm, &vmf);
}
