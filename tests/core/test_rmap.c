/* anon_vmas through forks, splits and merges; walks; and what the check sees. */
#include "mm_fixture.h"

#include "core/slab.h"
#include "core/swap.h"
#include "core/swapfile.h"

struct place {
	struct mm_struct *mm;
	vaddr_t address;
};

struct places {
	struct place at[64];
	unsigned nr;
};

static bool collect(void *ctx, struct vm_area_struct *vma, vaddr_t address,
		    paddr_t ptep __unused_arg)
{
	struct places *p = ctx;

	p->at[p->nr++] = (struct place){vma->vm_mm, address};
	return true;
}

static struct places walk(struct machine *m, struct page *page)
{
	struct places p = {.nr = 0};

	rmap_walk(m, page, collect, &p);
	return p;
}

static bool found(const struct places *p, struct task_struct *t, vaddr_t addr)
{
	for (unsigned i = 0; i < p->nr; i++)
		if (p->at[i].mm == t->mm && p->at[i].address == addr)
			return true;
	return false;
}

static unsigned chain_length(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc;
	unsigned n = 0;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

Test(rmap, chains_grow_with_generations)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct anon_vma *root;

	map_private(t, BASE, 4);
	wr(t, BASE);
	root = t->mm->mmap->anon_vma;
	cr_expect_eq(root->root, root);
	cr_expect_eq(root->refcount, 1);
	for (unsigned i = 1; i <= 5; i++) {
		struct vm_area_struct *vma;

		t = fork_task(t, 100 + i);
		vma = t->mm->mmap;
		cr_expect_eq(chain_length(vma), i + 1);
		cr_expect_eq(vma->anon_vma->root, root);
		cr_expect_eq(root->refcount, 1 + (int)i);
		cr_expect_eq(list_first_entry(&vma->anon_vma_chain,
					      struct anon_vma_chain, same_vma)
				     ->anon_vma,
			     vma->anon_vma, "newest first");
		check_machine(m);
	}
	machine_destroy(m);
}

/* A root stays, empty, as long as a descendant lives. */
Test(rmap, root_outlives_its_area)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct page *page;
	struct places p;

	map_private(t, BASE, 4);
	wr(t, BASE);
	page = page_at(t, BASE);
	child = fork_task(t, 101);
	do_exit(t, 0);
	check_machine(m);
	cr_expect_eq(m->anon_vma_pool.nr_used, 2);
	p = walk(m, page);
	cr_expect_eq(p.nr, 1);
	cr_expect(found(&p, child, BASE));

	wr(child, BASE); /* reused: the page is the child's own now */
	cr_expect_eq(page_at(child, BASE), page);
	cr_expect_eq(page_anon_vma(m, page), child->mm->mmap->anon_vma);
	check_machine(m);
	do_exit(child, 0);
	cr_expect_eq(m->anon_vma_pool.nr_used, 0);
	cr_expect_eq(m->avc_pool.nr_used, 0);
	check_and_destroy(m);
}

Test(rmap, objects_of_the_caches)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	uint32_t av, avc;

	map_private(t, BASE, 4);
	av = kmem_cache_live(m->caches.anon_vma);
	avc = kmem_cache_live(m->caches.anon_vma_chain);
	wr(t, BASE);
	cr_expect_eq(kmem_cache_live(m->caches.anon_vma), av + 1);
	cr_expect_eq(kmem_cache_live(m->caches.anon_vma_chain), avc + 1);
	/* a neighbour that differs in its rights only lends its anon_vma */
	map(t, BASE + 4 * PAGE, 4 * PAGE, RW | PROT_EXEC_EMU, MAP_PRIVATE_EMU,
	    NULL);
	wr(t, BASE + 4 * PAGE);
	cr_expect_eq(kmem_cache_live(m->caches.anon_vma), av + 1);
	cr_expect_eq(kmem_cache_live(m->caches.anon_vma_chain), avc + 2);
	fork_task(t, 101);
	cr_expect_eq(kmem_cache_live(m->caches.anon_vma), av + 3);
	cr_expect_eq(kmem_cache_live(m->caches.anon_vma_chain), avc + 6);
	check_and_destroy(m);
}

Test(rmap, walk_finds_every_sharer)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t[4];
	struct page *page;
	struct places p;

	t[0] = spawn(m, 100);
	map_private(t[0], BASE, 8);
	touch(t[0], BASE, 8, ACCESS_WRITE, 0);
	for (unsigned i = 1; i < 4; i++)
		t[i] = fork_task(t[i - 1], 100 + i);
	page = page_at(t[0], BASE + 3 * PAGE);
	p = walk(m, page);
	cr_expect_eq(p.nr, 4);
	for (unsigned i = 0; i < 4; i++)
		cr_expect(found(&p, t[i], BASE + 3 * PAGE));

	wr(t[2], BASE + 3 * PAGE); /* leaves: its area is still in the tree */
	p = walk(m, page);
	cr_expect_eq(p.nr, 3);
	cr_expect_not(found(&p, t[2], BASE + 3 * PAGE));
	p = walk(m, page_at(t[2], BASE + 3 * PAGE));
	cr_expect_eq(p.nr, 1);
	check_and_destroy(m);
}

/* Pages stay found while their areas split, merge and move. */
Test(rmap, splits_merges_and_moves)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	const vaddr_t away = BASE + 0x800000;
	struct page *page;
	struct places p;

	map_private(t, BASE, 9);
	touch(t, BASE, 9, ACCESS_WRITE, 0);
	page = page_at(t, BASE + 4 * PAGE);
	child = fork_task(t, 101);
	m->current = t;
	cr_assert_eq(sys_mprotect(t, BASE + 3 * PAGE, 3 * PAGE, PROT_READ_EMU),
		     0);
	cr_expect_eq(t->mm->map_count, 3);
	check_machine(m);
	p = walk(m, page);
	cr_expect_eq(p.nr, 2);
	cr_assert_eq(sys_mprotect(t, BASE + 3 * PAGE, 3 * PAGE, RW), 0);
	cr_expect_eq(t->mm->map_count, 1);
	check_machine(m);
	cr_assert_eq(sys_munmap(t, BASE + 6 * PAGE, PAGE), 0);
	check_machine(m);
	cr_assert_eq(sys_mremap(t, BASE, 6 * PAGE, 6 * PAGE,
				MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU, away),
		     away);
	check_machine(m);
	p = walk(m, page);
	cr_expect_eq(p.nr, 2);
	cr_expect(found(&p, t, away + 4 * PAGE));
	cr_expect(found(&p, child, BASE + 4 * PAGE));
	machine_destroy(m);
}

Test(rmap, shared_memory_through_files)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct places p;

	map(t, BASE, 8 * PAGE, RW, MAP_SHARED_EMU, NULL);
	touch(t, BASE, 8, ACCESS_WRITE, 0);
	child = fork_task(t, 101);
	rd(child, BASE + 2 * PAGE);
	p = walk(m, page_at(t, BASE + 2 * PAGE));
	cr_expect_eq(p.nr, 2);
	cr_expect(found(&p, child, BASE + 2 * PAGE));
	m->current = child;
	cr_assert_eq(sys_munmap(child, BASE + PAGE, PAGE), 0);
	p = walk(m, page_at(t, BASE + 2 * PAGE));
	cr_expect_eq(p.nr, 2);
	check_and_destroy(m);
}

/* ---- write-back's walk ---- */

/* An entry that is dirty is made clean, one that may be written read-only: also
 * where it is only one of both. */
Test(rmap, write_back_cleans_what_is_dirty_or_writable)
{
	struct machine *m = boot("x86-2level");
	const struct pg_format *f = m->fmt;
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/f", 4 * PAGE, true, FS_EXT2);

	map(t, BASE, 4 * PAGE, RW, MAP_SHARED_EMU, file);
	touch(t, BASE, 4, ACCESS_WRITE, 0);
	for (unsigned i = 0; i < 4; i++) {
		vaddr_t addr = BASE + i * PAGE;
		ptep_t at = pte_offset(t->mm, addr);
		pte_t pte = ptep_get(t->mm, at);

		if (i & 1)
			pte = pte_mkclean(f, pte);
		if (i & 2)
			pte = pte_wrprotect(f, pte);
		set_pte_at(t->mm, addr, at, pte);
		cr_expect_eq(page_mkclean(m, page_at(t, addr)), i != 3,
			     "%u entries of page %u", i == 3, i);
		pte = ptep_get(t->mm, at);
		cr_expect(!pte_dirty(f, pte) && !pte_write(f, pte), "%u", i);
	}
	fput(m, file);
	machine_destroy(m);
}

/* ---- reclaim's walks ---- */

/* A page that three processes map; in the order of the walk. */
static struct page *shared_page(struct machine *m, struct places *p)
{
	struct task_struct *t = spawn(m, 100);

	map_private(t, BASE, 1);
	wr(t, BASE);
	for (uint32_t pid = 101; pid <= 102; pid++)
		fork_task(t, pid);
	lru_add_drain(m);
	*p = walk(m, page_at(t, BASE));
	cr_assert_eq(p->nr, 3);
	return page_at(t, BASE);
}

static pte_t entry_of(const struct places *p, unsigned i)
{
	return ptep_get(p->at[i].mm, pte_offset(p->at[i].mm, BASE));
}

static void set_young(const struct places *p, unsigned i, bool young)
{
	const struct pg_format *f = p->at[i].mm->m->fmt;
	pte_t pte = entry_of(p, i);

	set_pte_at(p->at[i].mm, BASE, pte_offset(p->at[i].mm, BASE),
		   young ? pte_mkyoung(f, pte) : pte_mkold(f, pte));
}

/* Reclaim keeps a locked page whoever used it: nobody behind is asked. */
Test(rmap, a_locked_area_ends_the_search_for_users)
{
	struct machine *m = boot("x86-2level");
	struct places p;
	struct page *page = shared_page(m, &p);
	vm_flags_t flags;

	for (unsigned i = 0; i < 3; i++)
		set_young(&p, i, true);
	find_vma(p.at[1].mm, BASE)->vm_flags |= VM_LOCKED;
	cr_expect_eq(page_referenced(m, page, NULL, &flags), 1);
	cr_expect(flags & VM_LOCKED);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(pte_young(m->fmt, entry_of(&p, i)), i > 0,
			     "number %u", i);
	machine_destroy(m);
}

/* Nor is the page taken away behind one that locks it, or that has used it
 * just now. */
Test(rmap, unmapping_ends_where_the_page_is_wanted)
{
	for (int locked = 0; locked < 2; locked++) {
		struct machine *m = boot("x86-2level");
		struct places p;
		struct page *page = shared_page(m, &p);

		cr_assert_eq(sys_swapon(m, 1 << 20), 0);
		cr_assert(add_to_swap(m, page));
		for (unsigned i = 0; i < 3; i++)
			set_young(&p, i, !locked && i == 1);
		if (locked)
			find_vma(p.at[1].mm, BASE)->vm_flags |= VM_LOCKED;
		get_page(page);
		cr_expect_eq(try_to_unmap(m, page),
			     locked ? SWAP_MLOCK : SWAP_FAIL);
		put_page(m, page);
		cr_expect_not(pte_present(m->fmt, entry_of(&p, 0)));
		for (unsigned i = 1; i < 3; i++)
			cr_expect(pte_present(m->fmt, entry_of(&p, i)),
				  "number %u", i);
		cr_expect_eq(page_mapcount(page), 2);
		machine_destroy(m);
	}
}

/* An anonymous page without a slot has nothing to leave in its entries. */
Test(rmap, a_page_without_a_slot_stays_mapped)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100);
	struct page *page;
	pte_t old;

	map_private(t, BASE, 1);
	wr(t, BASE);
	page = page_at(t, BASE);
	old = pte_mkold(m->fmt, __pte(pte_value(t, BASE)));
	set_pte_at(t->mm, BASE, pte_offset(t->mm, BASE), old);
	cr_expect_eq(try_to_unmap(m, page), SWAP_FAIL);
	cr_expect_eq(pte_value(t, BASE), old.v);
	cr_expect_eq(page_mapcount(page), 1);
	check_and_destroy(m);
}

/* remap_file_pages: the entry, not the address, says which page is there. */
Test(rmap, nonlinear_areas)
{
	struct machine *m = boot("x86-2level");
	struct task_struct *t = spawn(m, 100), *child;
	struct inode *inode;
	struct file *file;
	struct page *page;
	struct places p;

	inode = declare_file(m, "/t", 8 * PAGE, true, FS_TMPFS);
	file = file_open(m, inode);
	file->f_write = true;
	map(t, BASE, 8 * PAGE, RW, MAP_SHARED_EMU, file);
	m->current = t;
	cr_assert_eq(sys_remap_file_pages(t, BASE, PAGE, 5, 0), 0);
	rd(t, BASE + 5 * PAGE);
	page = page_at(t, BASE);
	cr_expect_eq(page->index, 5);
	cr_expect_eq(page_at(t, BASE + 5 * PAGE), page);
	p = walk(m, page);
	cr_expect_eq(p.nr, 2);
	check_machine(m);

	m->current = t;
	cr_assert_eq(sys_madvise(t, BASE, PAGE, MADVISE_DONTNEED), 0);
	cr_expect(pte_file(m->fmt, __pte(pte_value(t, BASE))));
	check_machine(m);
	child = fork_task(t, 101); /* the order is copied, not made again */
	cr_expect_eq(rd(child, BASE), 1);
	cr_expect_eq(page_at(child, BASE), page);
	cr_expect_eq(m->stats.faults[FAULT_NONLINEAR], 2);
	check_machine(m);
	unmap_mapping_range(&inode->i_data, 5, 5, true);
	cr_expect_not(page_mapped(page));
	check_machine(m);
	fput(m, file);
	machine_destroy(m);
}

/* A random life of a family of processes, every invariant after each step. */
static void random_step(struct task_struct **t, unsigned n, uint32_t r)
{
	struct task_struct *who = t[r % n];
	vaddr_t addr = BASE + (r >> 4) % 24 * PAGE;
	uint64_t len = (1 + (r >> 9) % 4) * PAGE;
	struct access_result res;

	who->m->current = who;
	switch ((r >> 12) % 8) {
	case 0:
		sys_munmap(who, addr, len);
		break;
	case 1:
		sys_mprotect(who, addr, len, (r >> 16) & 1 ? RW : PROT_READ_EMU);
		break;
	case 2:
		sys_mmap(who, addr, len, RW,
			 MAP_PRIVATE_EMU | MAP_FIXED_EMU | MAP_ANONYMOUS_EMU,
			 NULL, 0);
		break;
	case 3:
		sys_madvise(who, addr, len, MADVISE_DONTNEED);
		break;
	case 4:
		sys_mremap(who, addr, len, len,
			   MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU,
			   BASE + (r >> 20) % 24 * PAGE);
		break;
	default:
		access_range(who, addr, len, 0,
			     (r >> 16) & 1 ? ACCESS_WRITE : ACCESS_READ, &res);
	}
}

Test(rmap, random_families)
{
	for (uint32_t seed = 1; seed <= 3; seed++) {
		struct machine *m = boot(seed & 1 ? "x86-2level" : "x86-pae");
		struct task_struct *t[6];
		uint32_t r = seed;
		unsigned n = 1;

		t[0] = spawn(m, 100);
		map_private(t[0], BASE, 24);
		for (unsigned step = 0; step < 300; step++) {
			r = r * 1664525u + 1013904223u;
			if (n < ARRAY_SIZE(t) && step % 40 == 39) {
				t[n] = fork_task(t[(r >> 8) % n], 100 + n);
				n++;
			} else {
				random_step(t, n, r >> 3);
			}
			check_machine(m);
		}
		while (n > 0)
			do_exit(t[--n], 0);
		check_machine(m);
		cr_expect_eq(m->anon_vma_pool.nr_used, 0);
		cr_expect_eq(m->avc_pool.nr_used, 0);
		cr_expect_eq(stat_of(m, NR_ANON_PAGES), 0);
		machine_destroy(m);
	}
}

/* ---- the check notices ---- */

static struct machine *family(struct task_struct **parent,
			      struct task_struct **child)
{
	struct machine *m = boot("x86-2level");

	*parent = spawn(m, 100);
	map_private(*parent, BASE, 8);
	touch(*parent, BASE, 8, ACCESS_WRITE, 0);
	*child = fork_task(*parent, 101);
	wr(*child, BASE);
	check_machine(m);
	return m;
}

Test(rmap_check, sees_a_wrong_mapcount)
{
	struct task_struct *t, *child;
	struct machine *m = family(&t, &child);
	struct page *page = page_at(t, BASE + PAGE);

	page->_mapcount1++;
	cr_expect(is_broken(m));
	page->_mapcount1 -= 2;
	cr_expect(is_broken(m));
	page->_mapcount1++;
	check_and_destroy(m);
}

Test(rmap_check, sees_a_wrong_entry)
{
	struct task_struct *t, *child;
	struct machine *m = family(&t, &child);
	ptep_t at = pte_offset(child->mm, BASE + PAGE);
	pte_t right = entry_read(m, at);

	entry_write(m, at, __pte(right.v + PAGE)); /* another frame */
	cr_expect(is_broken(m));
	entry_write(m, at, __pte(0)); /* a mapping that nobody has */
	cr_expect(is_broken(m));
	entry_write(m, at, entry_read(m, at + m->fmt->entry_size));
	cr_expect(is_broken(m), "two entries swapped: the index is wrong");
	entry_write(m, at, right);
	check_and_destroy(m);
}

Test(rmap_check, sees_a_page_of_another_family)
{
	struct task_struct *t, *child;
	struct machine *m = family(&t, &child);
	struct page *page = page_at(t, BASE + PAGE);
	struct anon_vma *own = child->mm->mmap->anon_vma;
	uint32_t right = page->mapping;

	page->mapping = own->id << 2 | PAGE_MAPPING_ANON;
	cr_expect(is_broken(m), "the parent cannot be found from there");
	page->mapping = right;
	page->index++;
	cr_expect(is_broken(m));
	page->index--;
	check_and_destroy(m);
}

Test(rmap_check, sees_a_missing_link)
{
	struct task_struct *t, *child;
	struct machine *m = family(&t, &child);
	struct anon_vma_chain *avc =
		list_last_entry(&child->mm->mmap->anon_vma_chain,
				struct anon_vma_chain, same_vma);

	list_del(&avc->same_vma);
	cr_expect(is_broken(m), "off the area's list");
	list_add_tail(&avc->same_vma, &child->mm->mmap->anon_vma_chain);
	check_machine(m);
	anon_vma_interval_tree_remove(avc, avc->anon_vma);
	cr_expect(is_broken(m), "out of the tree");
	anon_vma_interval_tree_insert(avc, avc->anon_vma);
	check_and_destroy(m);
}

Test(rmap_check, sees_a_wrong_refcount)
{
	struct task_struct *t, *child;
	struct machine *m = family(&t, &child);
	struct anon_vma *root = t->mm->mmap->anon_vma;
	struct anon_vma *own = child->mm->mmap->anon_vma;

	root->refcount++;
	cr_expect(is_broken(m));
	root->refcount--;
	own->root = own;
	cr_expect(is_broken(m), "two roots in one chain");
	own->root = root;
	check_and_destroy(m);
}

Test(rmap_check, sees_wrong_counters)
{
	struct task_struct *t, *child;
	struct machine *m = family(&t, &child);
	struct zone *z = page_zone(m, page_at(t, BASE));

	add_mm_counter(t->mm, MM_ANONPAGES, 1);
	cr_expect(is_broken(m));
	add_mm_counter(t->mm, MM_ANONPAGES, -1);
	z->vm_stat[NR_ANON_PAGES]++;
	cr_expect(is_broken(m));
	z->vm_stat[NR_ANON_PAGES]--;
	z->vm_stat[NR_FILE_MAPPED]++;
	cr_expect(is_broken(m));
	z->vm_stat[NR_FILE_MAPPED]--;
	check_and_destroy(m);
}
