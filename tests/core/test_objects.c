/*
 * test_objects.c - what each event costs in kernel objects and pages.
 *
 * The table below was measured on Linux 3.12 (i386 and PAE), one long-lived
 * process of 5 areas running the events one after another. A row is an event,
 * the change of live objects by cache, and the change of pages by kind; what
 * is not named must not change. While it measures, the process writes its
 * stack page and two pages of bss: after a fork these are the 3 copies.
 * The list runs three times; the last round counts, because the first ones
 * fill the radix tree's pool of nodes.
 */
#include "core/filemap.h"
#include "core/machine.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/slab.h"
#include "core/swap.h"
#include "core/task.h"
#include "trace/elf_image.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P 4096u
#define K16 (4 * P)
#define R PROT_READ_EMU
#define RW (PROT_READ_EMU | PROT_WRITE_EMU)
#define RWX (RW | PROT_EXEC_EMU)
#define ANON (MAP_PRIVATE_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU)
#define A 0x20010000u	/* first area */
#define B (A + K16)	/* second, right above */
#define C 0x22000000u
#define D (C + 0x1000000u)
#define E 0x26000000u	/* where mremap goes */
#define F 0x30000000u	/* file mappings */
#define G (F + 0x1000000u)
#define T 0x34000000u	/* three more areas, 16 MiB apart */
#define STEP 0x1000000u
#define SHM 0x3a000000u	/* all in the first GiB, which always has areas: with
			   PAE its table of the middle level stays */

struct story {
	struct machine *m;
	struct task_struct *self, *child;
	struct inode *file, *other_file;
	struct file *f;
	struct elf_image text_only, with_bss;
	vaddr_t heap;
};

static void touch(struct task_struct *task, vaddr_t addr, enum access_kind kind)
{
	struct access_result res;

	task->m->current = task;
	access_range(task, addr, 1, 0, kind, &res);
	cr_assert_eq(res.signal, 0, "signal %d at %#llx", res.signal,
		     (unsigned long long)addr);
}

static void wr(struct story *s, vaddr_t addr)
{
	touch(s->self, addr, ACCESS_WRITE);
}

static void map(struct story *s, vaddr_t addr, uint64_t len, unsigned prot,
		unsigned flags, struct file *file)
{
	vaddr_t at = sys_mmap(s->self, addr, len, prot, flags, file, 0);

	cr_assert_eq(at, addr, "mmap at %#llx gave %#llx",
		     (unsigned long long)addr, (unsigned long long)at);
}

static void unmap(struct story *s, vaddr_t addr, uint64_t len)
{
	cr_assert_eq(sys_munmap(s->self, addr, len), 0);
}

static void protect(struct story *s, vaddr_t addr, uint64_t len, unsigned prot)
{
	cr_assert_eq(sys_mprotect(s->self, addr, len, prot), 0);
}

/* ---- anonymous memory ---- */
static void idle(struct story *s) { (void)s; }
static void map_a(struct story *s) { map(s, A, K16, RW, ANON, NULL); }
static void write_a0(struct story *s) { wr(s, A); }
static void write_a1(struct story *s) { wr(s, A + P); }
static void write_a23(struct story *s) { wr(s, A + 2 * P); wr(s, A + 3 * P); }
static void map_b(struct story *s) { map(s, B, K16, RWX, ANON, NULL); }
static void write_b0(struct story *s) { wr(s, B); }
static void prot_mid(struct story *s) { protect(s, A + P, P, R); }
static void prot_back(struct story *s) { protect(s, A + P, P, RW); }
static void prot_tail(struct story *s) { protect(s, A + 3 * P, P, R); }
static void prot_head(struct story *s) { protect(s, A, 3 * P, R); }
static void prot_all(struct story *s) { protect(s, A, K16, RW); }
static void extend_b(struct story *s) { map(s, B + K16, K16, RWX, ANON, NULL); }
static void unmap_btail(struct story *s) { unmap(s, B + K16, K16); }
static void unmap_bhole(struct story *s) { unmap(s, B + 2 * P, P); }
static void dontneed_a(struct story *s)
{
	cr_assert_eq(sys_madvise(s->self, A, K16, MADVISE_DONTNEED), 0);
}
static void unmap_ab(struct story *s) { unmap(s, A, 2 * K16); }
static void map_c(struct story *s) { map(s, C, K16, RW, ANON, NULL); }
static void read_c(struct story *s) { touch(s->self, C, ACCESS_READ); }
static void write_c(struct story *s) { wr(s, C); }
static void map_write_d(struct story *s)
{
	map(s, D, K16, RW, ANON, NULL);
	wr(s, D);
}
static void mremap_c(struct story *s)
{
	cr_assert_eq(sys_mremap(s->self, C, K16, 2 * K16,
				MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU, E),
		     E);
}
static void unmap_de(struct story *s)
{
	unmap(s, D, K16);
	unmap(s, E, 2 * K16);
}

/* ---- files ---- */
static void open_file(struct story *s)
{
	s->f = file_open(s->m, s->file);
	cr_assert(s->f);
}
static void drop_cache(struct story *s)
{
	invalidate_mapping_pages(s->m, &s->file->i_data, 0, UINT64_MAX);
	s->file->i_data.ra_pages = 0; /* fadvise random */
}
static void pread_page(struct story *s, uint64_t n)
{
	cr_assert_eq(generic_file_read(s->m, s->f, n * P, P), P);
}
static void pread0(struct story *s) { pread_page(s, 0); }
static void pread1(struct story *s) { pread_page(s, 1); }
static void pread63(struct story *s) { pread_page(s, 63); }
static void pread64(struct story *s) { pread_page(s, 64); }
static void pread128(struct story *s) { pread_page(s, 128); }
#define FIXED_FILE(kind) (MAP_##kind##_EMU | MAP_FIXED_EMU)
static void map_shared_r(struct story *s)
{
	map(s, F, K16, R, FIXED_FILE(SHARED), s->f);
}
static void read_f(struct story *s) { touch(s->self, F, ACCESS_READ); }
static void map_private(struct story *s)
{
	map(s, G, K16, RW, FIXED_FILE(PRIVATE), s->f);
}
static void read_g(struct story *s) { touch(s->self, G, ACCESS_READ); }
static void write_g0(struct story *s) { wr(s, G); }
static void write_g1(struct story *s) { wr(s, G + P); }
static void unmap_f(struct story *s) { unmap(s, F, K16); }
static void unmap_g(struct story *s) { unmap(s, G, K16); }
static void map_shared_rw(struct story *s)
{
	map(s, F, K16, RW, FIXED_FILE(SHARED), s->f);
}
static void close_file(struct story *s) { fput(s->m, s->f); }
static void open_drop(struct story *s) { open_file(s); drop_cache(s); }

/* ---- shared anonymous memory, break ---- */
static void map_shm(struct story *s)
{
	map(s, SHM, 4 << 20, RW,
	    MAP_SHARED_EMU | MAP_ANONYMOUS_EMU | MAP_FIXED_EMU, NULL);
}
static void write_shm0(struct story *s) { wr(s, SHM); }
static void write_shm1(struct story *s) { wr(s, SHM + P); }
static void write_shm64(struct story *s) { wr(s, SHM + 64 * P); }
static void unmap_shm(struct story *s) { unmap(s, SHM, 4 << 20); }
static void brk_to(struct story *s, vaddr_t brk)
{
	cr_assert_eq(sys_brk(s->self, brk), brk);
}
static void brk_8k(struct story *s)
{
	s->heap = s->self->mm->brk;
	brk_to(s, s->heap + 2 * P);
}
static void write_heap(struct story *s) { wr(s, s->heap); }
static void brk_16k(struct story *s) { brk_to(s, s->heap + 4 * P); }
static void brk_back(struct story *s) { brk_to(s, s->heap); }

/* ---- processes ---- */
static void start(struct story *s, unsigned flags)
{
	cr_assert_eq(do_fork(s->self, flags, 101, &s->child), 0);
}
static void do_plain_fork(struct story *s) { start(s, 0); }
static void clone_vm(struct story *s) { start(s, CLONE_VM_EMU); }
static void clone_all(struct story *s)
{
	start(s, CLONE_VM_EMU | CLONE_FS_EMU | CLONE_FILES_EMU |
			 CLONE_SIGHAND_EMU);
}
static void do_vfork(struct story *s)
{
	start(s, CLONE_VM_EMU | CLONE_VFORK_EMU);
}
static void child_runs(struct story *s)
{
	touch(s->child, s->child->mm->start_code, ACCESS_FETCH);
}
static void child_killed(struct story *s)
{
	do_group_exit_signal(s->child, EMU_SIGKILL);
}
static void child_exits(struct story *s) { do_exit(s->child, 0); }
static void child_reaped(struct story *s) { release_task(s->child); }
static void map_3(struct story *s)
{
	for (unsigned i = 0; i < 3; i++)
		map(s, T + i * STEP, K16, RW, ANON, NULL);
}
static void write_3(struct story *s)
{
	for (unsigned i = 0; i < 3; i++)
		wr(s, T + i * STEP);
}
static void write_t0(struct story *s) { wr(s, T); }
static void write_t1(struct story *s) { wr(s, T + STEP); }
static void unmap_3(struct story *s)
{
	for (unsigned i = 0; i < 3; i++)
		unmap(s, T + i * STEP, K16);
}
static void fork_exec(struct story *s, const struct elf_image *image)
{
	const char *argv[] = {"/bin/prog", NULL};

	start(s, 0);
	s->m->current = s->child;
	cr_assert_eq(do_execve(s->child, image, argv[0], argv, NULL), 0);
	touch(s->child, image->entry, ACCESS_FETCH);
}
static void exec_text(struct story *s) { fork_exec(s, &s->text_only); }
static void exec_bss(struct story *s)
{
	fork_exec(s, &s->with_bss);
	touch(s->child, s->with_bss.segment[1].vaddr, ACCESS_WRITE);
	touch(s->child, s->child->mm->brk - P, ACCESS_WRITE);
}

struct row {
	const char *event;
	void (*run)(struct story *s);
	const char *objects; /* "cache +n ..." or "-" */
	const char *pages;   /* "kind +n, ..." or "-" */
	const char *pae;     /* pages with PAE, where they differ */
};

#define ONE_CHILD                                                       \
	"cred_jar +1 files_cache +1 fs_cache +1 mm_struct +1 pid +1 "   \
	"sighand_cache +1 signal_cache +1 task_struct +1 "
#define CHILD_GONE                                                      \
	"cred_jar -1 pid -1 sighand_cache -1 signal_cache -1 task_struct -1 "
#define MM_GONE "sigqueue +1 files_cache -1 fs_cache -1 mm_struct -1 "

/* clang-format off */
static const struct row rows[] = {
{"(idle again)", idle, "-", "-", NULL},
{"mmap 16K private anon, no neighbour", map_a, "vm_area_struct +1", "-", NULL},
{"first write fault in it", write_a0, "anon_vma +1 anon_vma_chain +1", "anon +1, page tables +1", NULL},
{"second write fault in it", write_a1, "-", "anon +1", NULL},
{"two more write faults", write_a23, "-", "anon +2", NULL},
{"mmap 16K rwx anon directly above it", map_b, "vm_area_struct +1", "-", NULL},
{"first write fault in that second area", write_b0, "anon_vma_chain +1", "anon +1", NULL},
{"mprotect of a middle page: split in 3", prot_mid, "anon_vma_chain +2 vm_area_struct +2", "-", NULL},
{"mprotect back: merge 3 to 1", prot_back, "anon_vma_chain -2 vm_area_struct -2", "-", NULL},
{"mprotect of the tail: split in 2", prot_tail, "anon_vma_chain +1 vm_area_struct +1", "-", NULL},
{"mprotect of the head too: merge 2 to 1", prot_head, "anon_vma_chain -1 vm_area_struct -1", "-", NULL},
{"mprotect of the whole area: no split", prot_all, "-", "-", NULL},
{"mmap that extends the second area: merge", extend_b, "-", "-", NULL},
{"munmap of its tail", unmap_btail, "-", "-", NULL},
{"munmap of a middle page (hole)", unmap_bhole, "anon_vma_chain +1 vm_area_struct +1", "-", NULL},
{"madvise dontneed of the first", dontneed_a, "-", "anon -4", NULL},
{"write fault after dontneed", write_a0, "-", "anon +1", NULL},
{"munmap of all three areas", unmap_ab, "anon_vma -1 anon_vma_chain -3 vm_area_struct -3", "page tables -1, anon -2", NULL},
{"mmap 16K private anon, no neighbour (2)", map_c, "vm_area_struct +1", "-", NULL},
{"first read fault: zero page", read_c, "-", "page tables +1", NULL},
{"write to that page: zero page replaced", write_c, "anon_vma +1 anon_vma_chain +1", "anon +1", NULL},
{"mmap and first write 16 MiB further", map_write_d, "anon_vma +1 anon_vma_chain +1 vm_area_struct +1", "anon +1, page tables +1", NULL},
{"mremap of the first to another address", mremap_c, "-", "-", NULL},
{"munmap of both", unmap_de, "anon_vma -2 anon_vma_chain -2 vm_area_struct -2", "anon -2, page tables -2", NULL},

{"open of an ext2 file", open_file, "filp +1", "-", NULL},
{"fadvise dontneed, random (no page cached)", drop_cache, "-", "-", NULL},
{"pread of page 0", pread0, "-", "page cache +1", NULL},
{"pread of page 1", pread1, "-", "page cache +1", NULL},
{"pread of page 63", pread63, "radix_tree_node +1", "page cache +1", NULL},
{"pread of page 64", pread64, "-", "page cache +1", NULL},
{"pread of page 128", pread128, "radix_tree_node +2", "page cache +1", NULL},
{"mmap 16K shared r-- of the file", map_shared_r, "vm_area_struct +1", "-", NULL},
{"read fault on page 0 (cached)", read_f, "-", "page tables +1", NULL},
{"mmap 16K private rw- of the file", map_private, "vm_area_struct +1", "-", NULL},
{"read fault in it on page 0", read_g, "-", "page tables +1", NULL},
{"write: COW of the file page", write_g0, "anon_vma +1 anon_vma_chain +1", "anon +1", NULL},
{"write fault on page 1 (cached)", write_g1, "-", "anon +1", NULL},
{"munmap of the shared mapping", unmap_f, "vm_area_struct -1", "page tables -1", NULL},
{"munmap of the private mapping", unmap_g, "anon_vma -1 anon_vma_chain -1 vm_area_struct -1", "page tables -1, anon -2", NULL},
{"mmap 16K shared rw- of the file", map_shared_rw, "vm_area_struct +1", "-", NULL},
{"close of the file while mapped", close_file, "-", "-", NULL},
{"munmap: last reference to the file", unmap_f, "filp -1 vm_area_struct -1", "-", NULL},
{"open, fadvise dontneed: 5 pages dropped", open_drop, "filp +1 radix_tree_node -4", "page cache -5", NULL},
{"close", close_file, "filp -1", "-", NULL},
{"mmap 4M shared anon", map_shm, "dentry +1 filp +1 shmem_inode_cache +1 vm_area_struct +1", "-", NULL},
{"write fault on its page 0", write_shm0, "radix_tree_node +1", "page cache +1, page tables +1", NULL},
{"write fault on its page 1", write_shm1, "-", "page cache +1", NULL},
{"write fault on its page 64", write_shm64, "radix_tree_node +1", "page cache +1", NULL},
{"munmap of the shared anon area (3 pages)", unmap_shm, "dentry -1 filp -1 shmem_inode_cache -1 vm_area_struct -1 radix_tree_node -3", "page tables -1, page cache -3", NULL},
{"brk grown by 8K", brk_8k, "-", "-", NULL},
{"first write to the heap", write_heap, "-", "anon +1", NULL},
{"brk grown by 8K more", brk_16k, "-", "-", NULL},
{"brk back", brk_back, "-", "anon -1", NULL},

{"fork (base process; child has not run)", do_plain_fork, ONE_CHILD "anon_vma_chain +6 vm_area_struct +5 anon_vma +3", "anon +3, kernel stack +2, page tables +2, other +1", "other +4, anon +3, kernel stack +2, page tables +2"},
{"child of fork runs: one text page", child_runs, "-", "-", NULL},
{"child killed (zombie)", child_killed, MM_GONE "anon_vma -3 vm_area_struct -5 anon_vma_chain -6", "other -1, page tables -2, anon -3", "page tables -2, anon -3, other -4"},
{"child reaped", child_reaped, CHILD_GONE "sigqueue -1", "kernel stack -2", NULL},
{"3 more areas, untouched", map_3, "vm_area_struct +3", "-", NULL},
{"fork with 3 more untouched areas", do_plain_fork, ONE_CHILD "vm_area_struct +8 anon_vma_chain +6 anon_vma +3", "anon +3, kernel stack +2, page tables +2, other +1", "other +4, anon +3, kernel stack +2, page tables +2"},
{"that child killed (zombie)", child_killed, MM_GONE "anon_vma -3 anon_vma_chain -6 vm_area_struct -8", "other -1, page tables -2, anon -3", "page tables -2, anon -3, other -4"},
{"that child reaped", child_reaped, CHILD_GONE "sigqueue -1", "kernel stack -2", NULL},
{"one page of each of the 3 written", write_3, "anon_vma +3 anon_vma_chain +3", "anon +3, page tables +3", NULL},
{"fork with 3 more touched anon areas", do_plain_fork, ONE_CHILD "anon_vma_chain +12 vm_area_struct +8 anon_vma +6", "page tables +5, anon +3, kernel stack +2, other +1", "page tables +5, other +4, anon +3, kernel stack +2"},
{"parent writes one of these pages: COW", write_t0, "-", "anon +1", NULL},
{"that child killed (zombie) (2)", child_killed, MM_GONE "anon_vma -6 vm_area_struct -8 anon_vma_chain -12", "other -1, anon -4, page tables -5", "anon -4, other -4, page tables -5"},
{"that child reaped (2)", child_reaped, CHILD_GONE "sigqueue -1", "kernel stack -2", NULL},
{"parent writes another page after the reap", write_t1, "-", "-", NULL},
{"munmap of the 3 areas", unmap_3, "anon_vma -3 anon_vma_chain -3 vm_area_struct -3", "anon -3, page tables -3", NULL},

{"clone(CLONE_VM), child has not run", clone_vm, "cred_jar +1 files_cache +1 fs_cache +1 pid +1 sighand_cache +1 signal_cache +1 task_struct +1", "kernel stack +2", NULL},
{"child of clone runs, waits", child_runs, "-", "-", NULL},
{"clone child killed (zombie)", child_killed, "sigqueue +1 files_cache -1 fs_cache -1", "-", NULL},
{"clone child reaped", child_reaped, CHILD_GONE "sigqueue -1", "kernel stack -2", NULL},
{"clone(CLONE_VM, FS, FILES, SIGHAND)", clone_all, "cred_jar +1 pid +1 signal_cache +1 task_struct +1", "kernel stack +2", NULL},
{"that clone child killed (zombie)", child_killed, "sigqueue +1", "-", NULL},
{"that clone child reaped", child_reaped, "cred_jar -1 pid -1 signal_cache -1 sigqueue -1 task_struct -1", "kernel stack -2", NULL},
{"vfork (measured in the child)", do_vfork, "cred_jar +1 files_cache +1 fs_cache +1 pid +1 sighand_cache +1 signal_cache +1 task_struct +1", "kernel stack +2", NULL},
{"vfork child exited (zombie)", child_exits, "files_cache -1 fs_cache -1", "-", NULL},
{"vfork child reaped", child_reaped, CHILD_GONE, "kernel stack -2", NULL},

{"fork + execve of a program with text only", exec_text, "vm_area_struct +3 cred_jar +2 anon_vma +1 anon_vma_chain +1 files_cache +1 filp +1 fs_cache +1 mm_struct +1 pid +1 sighand_cache +1 signal_cache +1 task_struct +1", "kernel stack +2, page tables +2, anon +1, other +1", "other +4, kernel stack +2, page tables +2, anon +1"},
{"it is killed (zombie)", child_killed, MM_GONE "anon_vma -1 anon_vma_chain -1 cred_jar -1 filp -1 vm_area_struct -3", "anon -1, other -1, page tables -2", "anon -1, page tables -2, other -4"},
{"it is reaped", child_reaped, CHILD_GONE "sigqueue -1", "kernel stack -2", NULL},
{"fork + execve with data and 10000 bytes of bss", exec_bss, "vm_area_struct +5 anon_vma +3 anon_vma_chain +3 cred_jar +2 files_cache +1 filp +1 fs_cache +1 mm_struct +1 pid +1 sighand_cache +1 signal_cache +1 task_struct +1", "anon +3, kernel stack +2, page tables +2, other +1", "other +4, anon +3, kernel stack +2, page tables +2"},
{"it is killed (zombie) (2)", child_killed, MM_GONE "cred_jar -1 filp -1 anon_vma -3 anon_vma_chain -3 vm_area_struct -5", "other -1, page tables -2, anon -3", "page tables -2, anon -3, other -4"},
{"it is reaped (2)", child_reaped, CHILD_GONE "sigqueue -1", "kernel stack -2", NULL},
};
/* clang-format on */

/* ---- measuring ---- */

#define MAX_CACHES 256
enum page_kind { ANON_PAGES, CACHE, TABLES, STACKS, OTHER, NR_KINDS };
static const char *const kind_names[NR_KINDS] = {
	"anon", "page cache", "page tables", "kernel stack", "other"};

struct sample {
	const struct kmem_cache *cache[MAX_CACHES];
	int live[MAX_CACHES];
	unsigned nr;
	int64_t pages[NR_KINDS];
};

/* Frames in use that no slab has. */
static int64_t used_frames(const struct machine *m)
{
	const struct zone *z;
	int64_t used = -global_page_state(m, NR_FREE_PAGES) -
		       global_page_state(m, NR_SLAB_RECLAIMABLE) -
		       global_page_state(m, NR_SLAB_UNRECLAIMABLE);

	for_each_zone(z, m)
		used -= z->pageset.count;
	return used;
}

static void take_sample(struct story *s, struct sample *out)
{
	struct machine *m = s->m;
	struct kmem_cache *c;
	int64_t *p = out->pages;

	wr(s, s->self->mm->start_stack);
	wr(s, s->self->mm->start_brk - P);
	wr(s, s->self->mm->start_brk - 2 * P);
	lru_add_drain(m);
	out->nr = 0;
	list_for_each_entry(c, &m->slab_caches, list) {
		out->cache[out->nr] = c;
		out->live[out->nr++] = (int)kmem_cache_live(c);
	}
	p[ANON_PAGES] = global_page_state(m, NR_ANON_PAGES);
	p[CACHE] = global_page_state(m, NR_FILE_PAGES);
	p[TABLES] = global_page_state(m, NR_PAGETABLE);
	p[STACKS] = 2 * global_page_state(m, NR_KERNEL_STACK);
	p[OTHER] = used_frames(m) - p[ANON_PAGES] - p[CACHE] - p[TABLES] -
		   p[STACKS];
}

/* The number behind a name in "name +1 name2 -2"; 0 if it is not there. */
static int expected(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *at = list;

	while ((at = strstr(at, name))) {
		if ((at == list || at[-1] == ' ') && at[len] == ' ')
			return atoi(at + len + 1);
		at += len;
	}
	return 0;
}

static void compare(const struct row *row, bool pae,
		    const struct sample *before, const struct sample *after)
{
	const char *pages = pae && row->pae ? row->pae : row->pages;

	for (unsigned i = 0; i < after->nr; i++) {
		const char *name = after->cache[i]->name;
		int want = expected(row->objects, name);
		int got = after->live[i] - before->live[i];

		/* descriptors of slabs kept off-slab come with slabs */
		if (!strcmp(name, "kmalloc-32") || !strcmp(name, "kmalloc-64"))
			continue;
		cr_expect_eq(got, want, "%s: %s %+d, measured %+d", row->event,
			     name, got, want);
	}
	for (unsigned i = 0; i < NR_KINDS; i++) {
		int64_t want = expected(pages, kind_names[i]);
		int64_t got = after->pages[i] - before->pages[i];

		cr_expect_eq(got, want, "%s: %s %+lld, measured %+lld",
			     row->event, kind_names[i], (long long)got,
			     (long long)want);
	}
}

/* The measured list ends with a page written to a new file: it fills the pool
 * of nodes that page 64 of the shared memory has taken two of. */
static void fill_node_pool(struct story *s)
{
	struct file *f = file_open(s->m, s->other_file);

	cr_assert_eq(generic_file_read(s->m, f, 0, 1), 1);
	fput(s->m, f);
	lru_add_drain(s->m);
	invalidate_mapping_pages(s->m, &s->other_file->i_data, 0, UINT64_MAX);
}

static void round_of_events(struct story *s, bool pae, bool check)
{
	struct sample before, after;

	fill_node_pool(s);
	take_sample(s, &before);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		s->m->current = s->self;
		rows[i].run(s);
		take_sample(s, &after);
		cr_expect_eq(machine_check(s->m, tell_broken, NULL), 0, "%s",
			     rows[i].event);
		if (check)
			compare(&rows[i], pae, &before, &after);
		before = after;
	}
}

/* The measuring program: 5 areas, data, bss and stack written. */
static void boot(struct story *s, const char *paging)
{
	const char *argv[] = {"/init", NULL};
	struct machine_config cfg;
	struct elf_image image;
	struct inode *init;

	machine_config_default(&cfg);
	strcpy(cfg.paging, paging);
	cfg.memory = 1024ull << 20;
	cfg.reap = WAIT_EXPLICIT;
	s->m = make_machine(&cfg);
	cr_assert_eq(file_declare(s->m, "/init", 5 * P, 0, 2, 0, true,
				  FS_TMPFS, &init), 0);
	s->file = declare_file(s->m, "/mnt/file", 1 << 20, false, FS_EXT2);
	s->other_file = declare_file(s->m, "/mnt/other", P, false, FS_EXT2);
	elf_image_synthesize(3 * P, P + 100, 5 * P, 0, cfg.task_size, &image);
	image.inode = init;
	elf_image_synthesize(P, 0, 0, 0, cfg.task_size, &s->text_only);
	elf_image_synthesize(P, 500, 10000, 0, cfg.task_size, &s->with_bss);
	s->text_only.inode = s->with_bss.inode = init;
	cr_assert_eq(task_spawn(s->m, 100, "init", &s->self), 0);
	s->m->current = s->self;
	cr_assert_eq(do_execve(s->self, &image, "/init", argv, NULL), 0);
	touch(s->self, image.entry, ACCESS_FETCH);
	cr_assert_eq(s->self->mm->map_count, 5);
}

static void run(const char *paging, bool pae)
{
	struct story s = {0};

	boot(&s, paging);
	round_of_events(&s, pae, false);
	round_of_events(&s, pae, false);
	round_of_events(&s, pae, true);
	machine_destroy(s.m);
}

Test(objects, two_level)
{
	run("x86-2level", false);
}

Test(objects, pae)
{
	run("x86-pae", true);
}
