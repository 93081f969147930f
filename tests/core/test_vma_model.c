/*
 * test_vma_model.c - random system calls against an array of pages.
 *
 * The model keeps for each page of a small window whether it is mapped, with
 * which rights, whether it is locked, and the byte stored in it, or which page
 * of which shared object it is. It knows nothing of areas, trees or tables.
 * After each call both must say the same, and every invariant must hold.
 */
#include "vma_fixture.h"

#define WINDOW 48u
#define HEAP 12u /* the first pages are the heap's: brk grows there */

struct model_page {
	bool mapped, locked;
	unsigned prot;
	uint8_t byte;	       /* private memory */
	unsigned object, index; /* shared memory; object 0: none */
};

#define MAX_OBJECTS 1500u
#define OBJECT_PAGES 8u
struct model_object {
	unsigned pages;
	uint8_t byte[OBJECT_PAGES];
};

struct model {
	struct machine *m;
	struct task_struct *t;
	struct model_page page[WINDOW];
	struct model_object object[MAX_OBJECTS];
	unsigned nr_objects;
	unsigned brk; /* pages of heap */
	unsigned random;
	bool topdown;
};

static vaddr_t at(unsigned n)
{
	return BASE + n * PAGE;
}

static unsigned pick(struct model *w, unsigned below)
{
	return next_random(&w->random, below);
}

static bool hole_in(const struct model *w, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		if (!w->page[i].mapped)
			return true;
	return false;
}

static bool all_free(const struct model *w, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		if (w->page[i].mapped)
			return false;
	return true;
}

/* First fit by walking; WINDOW: none. */
static unsigned find_room(const struct model *w, unsigned n)
{
	if (n > WINDOW)
		return WINDOW;
	for (unsigned i = 0; i <= WINDOW - n; i++) {
		unsigned from = w->topdown ? WINDOW - n - i : i;

		if (all_free(w, from, n))
			return from;
	}
	return WINDOW;
}

static void model_unmap(struct model *w, unsigned from, unsigned n)
{
	memset(&w->page[from], 0, n * sizeof(w->page[0]));
}

/* Fresh pages, all like one; those of an object follow each other. */
static void model_map(struct model *w, unsigned from, unsigned n,
		      struct model_page like)
{
	like.mapped = true;
	like.byte = 0;
	for (unsigned i = from; i < from + n; i++) {
		w->page[i] = like;
		like.index++;
	}
}

/* Where the page's byte is; NULL behind its object's end. */
static uint8_t *model_byte(struct model *w, unsigned n)
{
	struct model_page *p = &w->page[n];

	if (!p->object)
		return &p->byte;
	if (p->index >= w->object[p->object].pages)
		return NULL;
	return &w->object[p->object].byte[p->index];
}

/* ---- one call each ---- */

static const unsigned rights[] = {0, 1, 3, 3, 3, 5, 7};

static void do_mmap(struct model *w)
{
	unsigned n = 1 + pick(w, 8), from = pick(w, WINDOW);
	unsigned prot = rights[pick(w, ARRAY_SIZE(rights))];
	unsigned flags = MAP_ANONYMOUS_EMU, how = pick(w, 3);
	vaddr_t got;

	flags |= pick(w, 5) ? MAP_PRIVATE_EMU : MAP_SHARED_EMU;
	if (!pick(w, 8))
		flags |= MAP_LOCKED_EMU;
	if (how == 0 && from + n <= WINDOW)
		flags |= MAP_FIXED_EMU;
	got = sys_mmap(w->t, how == 2 ? 0 : at(from), n * PAGE, prot, flags,
		       NULL, 0);
	if (!(flags & MAP_FIXED_EMU) &&
	    (how == 2 || from + n > WINDOW || !all_free(w, from, n)))
		from = find_room(w, n);
	if (from == WINDOW) {
		cr_assert_eq(got, ERR_VALUE(-ENOMEM));
		return;
	}
	cr_assert_eq(got, at(from), "mmap: 0x%llx want 0x%llx",
		     (unsigned long long)got, (unsigned long long)at(from));
	if (flags & MAP_SHARED_EMU)
		w->object[++w->nr_objects] = (struct model_object){.pages = n};
	model_map(w, from, n,
		  (struct model_page){
			  .prot = prot,
			  .locked = flags & MAP_LOCKED_EMU,
			  .object = flags & MAP_SHARED_EMU ? w->nr_objects : 0,
		  });
}

static void do_unmap(struct model *w)
{
	unsigned from = pick(w, WINDOW), n = 1 + pick(w, WINDOW - from);

	cr_assert_eq(sys_munmap(w->t, at(from), n * PAGE), 0);
	model_unmap(w, from, n);
}

static void do_protect(struct model *w)
{
	unsigned from = pick(w, WINDOW), n = 1 + pick(w, WINDOW - from);
	unsigned prot = rights[pick(w, ARRAY_SIZE(rights))];
	int want = hole_in(w, from, n) ? -ENOMEM : 0;

	cr_assert_eq(sys_mprotect(w->t, at(from), n * PAGE, prot), want);
	for (unsigned i = from; i < from + n && w->page[i].mapped; i++)
		w->page[i].prot = prot;
}

static void do_lock(struct model *w)
{
	unsigned from = pick(w, WINDOW), n = 1 + pick(w, 8);
	bool on = pick(w, 2), fails = false;
	int want;

	if (from + n > WINDOW)
		n = WINDOW - from;
	want = hole_in(w, from, n) ? -ENOMEM : 0;
	for (unsigned i = from; i < from + n && w->page[i].mapped; i++) {
		w->page[i].locked = on;
		fails |= !w->page[i].prot || !model_byte(w, i);
	}
	if (on && fails) /* nothing can be faulted in there */
		want = -ENOMEM;
	cr_assert_eq((on ? sys_mlock : sys_munlock)(w->t, at(from), n * PAGE),
		     want);
}

/* The areas are the implementation's secret; only ask whether there is one. */
static bool one_area(const struct model *w, unsigned from, unsigned n)
{
	struct vm_area_struct *vma = find_vma(w->t->mm, at(from));

	return vma && vma->vm_start <= at(from) && at(from + n) <= vma->vm_end;
}

static void model_move(struct model *w, unsigned from, unsigned old,
		       unsigned to, unsigned new)
{
	struct model_page first = w->page[from], moved[WINDOW];

	memcpy(moved, &w->page[from], sizeof(moved[0]) * old);
	if (from != to)
		model_unmap(w, from, old);
	model_map(w, to, new, first);
	memcpy(&w->page[to], moved, sizeof(moved[0]) * (old < new ? old : new));
}

static void do_remap(struct model *w)
{
	unsigned from = pick(w, WINDOW), old = 1 + pick(w, 5);
	unsigned new = 1 + pick(w, 7), to = pick(w, WINDOW);
	bool fixed = !pick(w, 3), move = fixed || pick(w, 2), at_end;
	vaddr_t got;

	if (from + old > WINDOW || (fixed && to + new > WINDOW))
		return;
	if (fixed && to < from + old && from < to + new) {
		cr_assert_eq(sys_mremap(w->t, at(from), old * PAGE, new * PAGE,
					3, at(to)),
			     ERR_VALUE(-EINVAL));
		return;
	}
	if (!fixed && new <= old) {
		cr_assert_eq(sys_mremap(w->t, at(from), old * PAGE, new * PAGE,
					move, 0),
			     at(from));
		model_unmap(w, from + new, old - new);
		return;
	}
	if (fixed) { /* both are unmapped before the first test */
		sys_munmap(w->t, at(to), new * PAGE);
		model_unmap(w, to, new);
		if (new < old) {
			sys_munmap(w->t, at(from + new), (old - new) * PAGE);
			model_unmap(w, from + new, old - new);
			old = new;
		}
	}
	at_end = one_area(w, from, old) &&
		 find_vma(w->t->mm, at(from))->vm_end == at(from + old);
	if (!one_area(w, from, old)) {
		got = ERR_VALUE(-EFAULT);
	} else if (fixed) {
		got = at(to);
	} else if (at_end && from + new <= WINDOW &&
		   all_free(w, from + old, new - old)) {
		to = from;
		got = at(to);
	} else {
		to = move ? find_room(w, new) : WINDOW;
		got = to < WINDOW ? at(to) : ERR_VALUE(-ENOMEM);
	}
	cr_assert_eq(sys_mremap(w->t, at(from), old * PAGE, new * PAGE,
				(unsigned)move | (unsigned)fixed << 1, at(to)),
		     got);
	if (!IS_ERR_VALUE(got))
		model_move(w, from, old, to, new);
}

static void do_break(struct model *w)
{
	unsigned n = pick(w, HEAP), old = w->brk;
	bool grown = n > old;

	if (grown && !all_free(w, old, n - old + 1))
		n = old;
	cr_assert_eq(sys_brk(w->t, at(grown && n == old ? HEAP : n)) == at(n),
		     true);
	if (n > old)
		model_map(w, old, n - old, (struct model_page){.prot = 3});
	else if (n < old)
		model_unmap(w, n, old - n);
	w->brk = n;
}

/* Stores and loads tell whether the pages are still the same ones. */
static void do_access(struct model *w)
{
	unsigned n = pick(w, WINDOW);
	struct model_page *p = &w->page[n];
	uint8_t *kept = model_byte(w, n), none = 0;
	struct access_result res;
	uint8_t byte = (uint8_t)(1 + pick(w, 255));
	bool store = pick(w, 2);

	if (store)
		access_store(w->t, at(n) + 7, &byte, 1, &res);
	else
		access_load_check(w->t, at(n) + 7, kept ? kept : &none, 1,
				  &res);
	if (!p->mapped || (store ? !(p->prot & 2) : !p->prot)) {
		cr_assert_eq(res.signal, EMU_SIGSEGV);
		cr_assert_eq(res.si_code, p->mapped ? EMU_SEGV_ACCERR
						    : EMU_SEGV_MAPERR);
		return;
	}
	cr_assert_eq(res.signal, kept ? 0 : EMU_SIGBUS);
	if (!kept)
		return;
	cr_assert(!res.mismatch, "page %u does not hold %u", n, *kept);
	if (store)
		*kept = byte;
}

static void do_forget(struct model *w)
{
	unsigned n = pick(w, WINDOW);
	int want = 0;

	if (!w->page[n].mapped)
		want = -ENOMEM;
	else if (w->page[n].locked)
		want = -EINVAL;
	cr_assert_eq(sys_madvise(w->t, at(n), PAGE, MADVISE_DONTNEED), want);
	if (!want) /* an object keeps what it holds */
		w->page[n].byte = 0;
}

/* ---- both say the same ---- */

static void compare(struct model *w)
{
	const struct vm_area_struct *vma;
	unsigned n = 0;

	for_each_vma(vma, w->t->mm) {
		if (vma->vm_start < BASE)
			continue;
		for (; at(n) < vma->vm_start; n++)
			cr_assert(!w->page[n].mapped, "page %u is gone", n);
		for (; at(n) < vma->vm_end; n++) {
			cr_assert(w->page[n].mapped, "page %u is there", n);
			cr_assert_eq(vma->vm_flags & 7, w->page[n].prot);
			cr_assert_eq(!!(vma->vm_flags & VM_LOCKED),
				     w->page[n].locked);
		}
	}
	for (; n < WINDOW; n++)
		cr_assert(!w->page[n].mapped, "page %u is gone", n);
	check_areas(w->m);
}

static void (*const calls[])(struct model *w) = {
	do_mmap,    do_mmap,  do_mmap,	 do_unmap,  do_protect, do_protect,
	do_lock,    do_lock,  do_remap,	 do_remap,  do_remap,	do_break,
	do_access,  do_access, do_access, do_access, do_forget,
};

static void run_model(unsigned seed, enum mmap_layout layout, bool fork_it)
{
	static struct model w;
	int64_t committed;

	memset(&w, 0, sizeof(w));
	w.random = seed;
	w.topdown = layout == MMAP_TOPDOWN;
	w.m = boot_window(WINDOW, layout, NULL);
	w.t = spawn(w.m, 1);
	fill_below(w.t);
	w.t->mm->start_brk = w.t->mm->brk = BASE;
	committed = w.m->vm_committed_as;
	for (unsigned step = 0; step < 1500; step++) {
		w.m->current = w.t;
		calls[pick(&w, ARRAY_SIZE(calls))](&w);
		compare(&w);
		if (fork_it && step % 100 == 99) {
			struct task_struct *parent = w.t;

			w.t = fork_task(parent, 2 + step);
			for (unsigned n = 0; n < WINDOW; n++)
				w.page[n].locked = false;
			do_exit(parent, 0);
		}
		if (step % 100 == 0)
			check_machine(w.m);
	}
	sys_munmap(w.t, BASE, WINDOW * PAGE);
	cr_assert_eq(w.m->vm_committed_as, committed);
	do_exit(w.t, 0);
	check_machine(w.m);
	cr_assert_eq(w.m->vma_pool.nr_used, 0);
	cr_assert_eq(w.m->avc_pool.nr_used, 0);
	cr_assert_eq(w.m->anon_vma_pool.nr_used, 0);
	machine_destroy(w.m);
}

Test(vma_model, topdown)
{
	for (unsigned seed = 1; seed <= 4; seed++)
		run_model(seed, MMAP_TOPDOWN, false);
}

Test(vma_model, bottomup)
{
	for (unsigned seed = 11; seed <= 14; seed++)
		run_model(seed, MMAP_BOTTOMUP, false);
}

Test(vma_model, forked_again_and_again)
{
	for (unsigned seed = 21; seed <= 23; seed++)
		run_model(seed, MMAP_TOPDOWN, true);
}

/* ---- the tree's answer is the list's ---- */

static vaddr_t linear_gap(struct mm_struct *mm, uint64_t len, bool topdown)
{
	vaddr_t low = BASE, high = mm->m->cfg.task_size, start = low;
	vaddr_t found = ERR_VALUE(-ENOMEM);
	const struct vm_area_struct *vma;

	for_each_vma(vma, mm) {
		if (vma->vm_start >= start + len) {
			found = topdown ? vma->vm_start - len : start;
			if (!topdown)
				return found;
		}
		start = max_t(vaddr_t, low, vma->vm_end);
	}
	if (high >= start + len)
		found = topdown ? high - len : start;
	return found;
}

static void search_gaps(enum mmap_layout layout, unsigned seed)
{
	struct machine *m = boot_window(4096, layout, NULL);
	struct task_struct *t = spawn(m, 1);
	unsigned random = seed;

	fill_below(t);
	for (unsigned i = 0; i < 700; i++) {
		unsigned n = 1 + next_random(&random, i % 7 ? 6 : 200);
		uint64_t len = n * PAGE;
		vaddr_t want = linear_gap(t->mm, len, layout == MMAP_TOPDOWN);
		unsigned prot = next_random(&random, 8);

		cr_assert_eq(get_unmapped_area(t->mm, NULL, 0, len, 0, 0),
			     want);
		map(t, at(next_random(&random, 4096 - n)), len, prot,
		    MAP_PRIVATE_EMU, NULL);
		if (i % 3 == 0)
			sys_munmap(t, at(next_random(&random, 4096 - n)), len);
		if (i % 50 == 0)
			check_areas(m);
	}
	machine_destroy(m);
}

Test(vma_model, gaps_topdown)
{
	search_gaps(MMAP_TOPDOWN, 5);
}

Test(vma_model, gaps_bottomup)
{
	search_gaps(MMAP_BOTTOMUP, 6);
}
