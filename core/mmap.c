/*
 * mmap.c - mmap: checks, room, old mappings out of the way, a new area.
 *
 *   sys_mmap ─► do_mmap_pgoff ─► get_unmapped_area   where
 *                    │
 *                    └─► mmap_region: limits, do_munmap of what was there,
 *                        overcommit, vma_merge with a neighbour, or a new area
 *   then, for locked or `populate` mappings, mm_populate() faults the pages in
 *
 * No frame is taken here and no page-table page: the first access does that.
 * The order of the checks decides the errno, and is the kernel's.
 *
 * Linux: mm/mmap.c.
 */
#include "core/filemap.h"
#include "core/rmap.h"
#include "core/vma.h"

/* ---- accounting ---- */

bool may_expand_vm(struct mm_struct *mm, uint64_t npages)
{
	uint64_t limit = mm->m->cfg.rlimit_as >> PAGE_SHIFT(mm->m);

	return mm->total_vm + npages <= limit;
}

void vm_stat_account(struct mm_struct *mm, vm_flags_t flags, struct file *file,
		     int64_t pages)
{
	uint64_t n = (uint64_t)pages;

	mm->total_vm += n;
	if (file) {
		mm->shared_vm += n;
		if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
			mm->exec_vm += n;
	} else if (flags & VM_GROWSDOWN) {
		mm->stack_vm += n;
	}
}

bool mlock_limit_ok(const struct mm_struct *mm, uint64_t pages)
{
	const struct machine *m = mm->m;

	return capable(m) ||
	       pages <= m->cfg.rlimit_memlock >> PAGE_SHIFT(m);
}

/* Private and writable: each page may one day need its own frame. */
static bool accountable_mapping(vm_flags_t vm_flags)
{
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* Pages of [addr, end) that areas cover. */
static uint64_t count_vma_pages_range(struct mm_struct *mm, vaddr_t addr,
				      vaddr_t end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, addr, end);
	uint64_t bytes = 0;

	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		bytes += min_t(vaddr_t, end, vma->vm_end) -
			 max_t(vaddr_t, addr, vma->vm_start);
	return bytes >> PAGE_SHIFT(mm->m);
}

/* ---- mmap_region ---- */

/* A new, unlinked area; its file or shared memory object attached. */
static struct vm_area_struct *new_region(struct mm_struct *mm,
					 struct file *file, vaddr_t addr,
					 uint64_t len, vm_flags_t vm_flags,
					 uint64_t pgoff)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	int err;

	if (!vma)
		return NULL;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_pgoff = pgoff;
	if (file) {
		vma->vm_file = get_file(file);
		file_mmap(file, vma);
	} else if (vm_flags & VM_SHARED) {
		vma->vm_file =
			__shmem_file_setup(mm->m, len, vm_flags, &err);
		if (!vma->vm_file) {
			vm_area_free(vma);
			return NULL;
		}
		vma->vm_ops = &shmem_vm_ops;
	}
	vma_set_page_prot(vma);
	return vma;
}

/* Room under RLIMIT_AS, and no old mapping left in [addr, addr+len). */
static int clear_region(struct mm_struct *mm, vaddr_t addr, uint64_t len,
			struct vma_place *place)
{
	uint64_t pages = len >> PAGE_SHIFT(mm->m);

	if (!may_expand_vm(mm, pages) &&
	    !may_expand_vm(mm, pages -
				       count_vma_pages_range(mm, addr,
							     addr + len)))
		return -ENOMEM;
	while (find_vma_links(mm, addr, addr + len, place))
		if (do_munmap(mm, addr, len))
			return -ENOMEM;
	return 0;
}

vaddr_t mmap_region(struct mm_struct *mm, struct file *file, vaddr_t addr,
		    uint64_t len, vm_flags_t vm_flags, uint64_t pgoff)
{
	int64_t pages = (int64_t)(len >> PAGE_SHIFT(mm->m)), charged = 0;
	struct vm_area_struct *vma;
	struct vma_place place;
	story(mm->m, addr, len, vm_flags, pgoff);

	if (clear_region(mm, addr, len, &place))
		return ERR_VALUE(-ENOMEM);
	if (accountable_mapping(vm_flags)) {
		charged = pages;
		if (security_vm_enough_memory_mm(mm, charged))
			return ERR_VALUE(-ENOMEM);
		vm_flags |= VM_ACCOUNT;
	}
	vma = vma_merge(mm, place.prev, addr, addr + len, vm_flags, NULL, file,
			pgoff);
	if (!vma) {
		vma = new_region(mm, file, addr, len, vm_flags, pgoff);
		if (!vma) {
			vm_unacct_memory(mm->m, charged);
			return ERR_VALUE(-ENOMEM);
		}
		vma_link(mm, vma, &place);
		observe(mm->m, VMA_NEW, addr, addr + len, vm_flags, 0);
	}
	vm_stat_account(mm, vm_flags, vma->vm_file, pages);
	if (vm_flags & VM_LOCKED) {
		if (vm_flags & VM_SPECIAL)
			vma->vm_flags &= ~VM_LOCKED;
		else
			mm->locked_vm += (uint64_t)pages;
	}
	return addr;
}

/* ---- do_mmap_pgoff ---- */

/* The flags that MAP_SHARED or MAP_PRIVATE gives; pgoff of anonymous areas. */
static int mmap_type(struct file *file, vaddr_t addr, unsigned prot,
		     unsigned flags, vm_flags_t *vm_flags, uint64_t *pgoff,
		     unsigned page_shift)
{
	unsigned type = flags & (MAP_SHARED_EMU | MAP_PRIVATE_EMU);

	if (type != MAP_SHARED_EMU && type != MAP_PRIVATE_EMU)
		return -EINVAL;
	if (file && type == MAP_SHARED_EMU && (prot & PROT_WRITE_EMU) &&
	    !file->f_write)
		return -EACCES;
	if (*vm_flags & VM_GROWSDOWN && (file || type == MAP_SHARED_EMU))
		return -EINVAL;
	if (type == MAP_SHARED_EMU) {
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (file && !file->f_write)
			*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
	}
	if (!file)
		*pgoff = type == MAP_SHARED_EMU ? 0 : addr >> page_shift;
	return 0;
}

/* A hint below the lowest allowed address is raised to it. */
static vaddr_t round_hint_to_min(const struct machine *m, vaddr_t hint)
{
	hint &= PAGE_MASK(m);
	if (hint && hint < m->cfg.mmap_min_addr)
		return PAGE_ALIGN(m, m->cfg.mmap_min_addr);
	return hint;
}

static int mlock_future_check(const struct mm_struct *mm, vm_flags_t vm_flags,
			      unsigned flags, uint64_t len)
{
	if ((flags & MAP_LOCKED_EMU) && !can_do_mlock(mm->m))
		return -EPERM;
	if ((vm_flags & VM_LOCKED) &&
	    !mlock_limit_ok(mm, mm->locked_vm + (len >> PAGE_SHIFT(mm->m))))
		return -EAGAIN;
	return 0;
}

vaddr_t do_mmap_pgoff(struct mm_struct *mm, struct file *file, vaddr_t addr,
		      uint64_t len, unsigned prot, unsigned flags,
		      uint64_t pgoff, uint64_t *populate)
{
	const struct machine *m = mm->m;
	vm_flags_t vm_flags;
	int err;
	story(m, addr, len, prot, flags);

	*populate = 0;
	if ((prot & PROT_READ_EMU) && mm->read_implies_exec)
		prot |= PROT_EXEC_EMU;
	if (!len)
		return ERR_VALUE(-EINVAL);
	if (!(flags & MAP_FIXED_EMU))
		addr = round_hint_to_min(m, addr);
	len = len_align(m, len);
	if (!len)
		return ERR_VALUE(-ENOMEM);
	if (ulong_add(m, pgoff, len >> PAGE_SHIFT(m)) < pgoff)
		return ERR_VALUE(-EOVERFLOW);
	if (mm->map_count > m->cfg.max_map_count)
		return ERR_VALUE(-ENOMEM);
	addr = get_unmapped_area(mm, file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;

	/* prot's bits and VM_READ, VM_WRITE, VM_EXEC are the same */
	vm_flags = (prot & (VM_READ | VM_WRITE | VM_EXEC)) | mm->def_flags |
		   VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	vm_flags |= flags &
		    (MAP_GROWSDOWN_EMU | MAP_DENYWRITE_EMU | MAP_LOCKED_EMU);
	err = mlock_future_check(mm, vm_flags, flags, len);
	if (!err)
		err = mmap_type(file, addr, prot, flags, &vm_flags, &pgoff,
				PAGE_SHIFT(m));
	if (err)
		return ERR_VALUE(err);
	if ((flags & MAP_NORESERVE_EMU) &&
	    m->cfg.overcommit != OVERCOMMIT_NEVER)
		vm_flags |= VM_NORESERVE;
	addr = mmap_region(mm, file, addr, len, vm_flags, pgoff);
	if (!IS_ERR_VALUE(addr) &&
	    ((vm_flags & VM_LOCKED) ||
	     (flags & (MAP_POPULATE_EMU | MAP_NONBLOCK_EMU)) ==
		     MAP_POPULATE_EMU))
		*populate = len;
	return addr;
}

/*
 * A new mapping for task. Anonymous: file NULL and MAP_ANONYMOUS; else file,
 * which the area gets a reference of its own to.
 *
 * Who opens the file: one trace event `mmap ... file PATH` stands for open,
 * mmap, close, so the caller opens PATH anew for each event and drops its
 * reference afterwards, failed or not. Areas merge only within one open file;
 * hence two such events never make one area, however well their offsets fit,
 * while the pieces of one mapping (split, moved, in a forked child) do.
 */
vaddr_t sys_mmap(struct task_struct *task, vaddr_t addr, uint64_t len,
		 unsigned prot, unsigned flags, struct file *file,
		 uint64_t offset)
{
	struct machine *m = task->m;
	uint64_t populate;
	story(m, addr, len, prot, flags);

	if (offset & ~PAGE_MASK(m))
		return ERR_VALUE(-EINVAL);
	flags &= ~(MAP_EXECUTABLE_EMU | MAP_DENYWRITE_EMU);
	addr = do_mmap_pgoff(task->mm, file, addr, len, prot, flags,
			     offset >> PAGE_SHIFT(m), &populate);
	if (populate)
		mm_populate(task->mm, addr, populate);
	return addr;
}

/* ---- the vdso's area ---- */

int install_special_mapping(struct mm_struct *mm, vaddr_t addr, uint64_t len,
			    vm_flags_t vm_flags)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	int err;

	if (!vma)
		return -ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | mm->def_flags | VM_DONTEXPAND;
	vma->vm_ops = &special_mapping_vmops;
	vma->vdso = true;
	vma_set_page_prot(vma);
	err = insert_vm_struct(mm, vma);
	if (err) {
		vm_area_free(vma);
		return err;
	}
	mm->total_vm += len >> PAGE_SHIFT(mm->m);
	observe(mm->m, VMA_NEW, addr, addr + len, vma->vm_flags, 0);
	return 0;
}
