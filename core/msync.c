/*
 * msync.c - write back what was stored through shared file mappings.
 *
 * `sync` writes the whole file of each shared area in the range, not the range
 * only; `async` does nothing (dirty pages are known anyway); `invalidate` only
 * looks for locked areas: EBUSY. Holes are told at the end: ENOMEM.
 *
 * Linux: mm/msync.c.
 */
#include "core/filemap.h"
#include "core/vma.h"

/* Files on tmpfs have no disk to be written to. */
static void vfs_fsync(struct machine *m, struct file *file)
{
	if (file->f_inode->fs != FS_TMPFS)
		filemap_fdatawrite(m, &file->f_inode->i_data);
}

static int sync_range(struct mm_struct *mm, vaddr_t start, vaddr_t end,
		      unsigned flags)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int unmapped = 0;

	for (; vma; vma = vma->vm_next) {
		if (start < vma->vm_start) {
			start = vma->vm_start;
			if (start >= end)
				return -ENOMEM;
			unmapped = -ENOMEM;
		}
		if ((flags & MS_INVALIDATE_EMU) && (vma->vm_flags & VM_LOCKED))
			return -EBUSY;
		start = vma->vm_end;
		if ((flags & MS_SYNC_EMU) && vma->vm_file &&
		    (vma->vm_flags & VM_SHARED))
			vfs_fsync(mm->m, vma->vm_file);
		if (start >= end)
			return unmapped;
	}
	return -ENOMEM;
}

int sys_msync(struct task_struct *task, vaddr_t start, uint64_t len,
	      unsigned flags)
{
	const struct machine *m = task->m;
	vaddr_t end;
	story(task->m, start, len);

	if ((flags & ~(MS_ASYNC_EMU | MS_INVALIDATE_EMU | MS_SYNC_EMU)) ||
	    (start & ~PAGE_MASK(m)) ||
	    ((flags & MS_ASYNC_EMU) && (flags & MS_SYNC_EMU)))
		return -EINVAL;
	end = ulong_add(m, start, len_align(m, len));
	if (end < start)
		return -ENOMEM;
	if (end == start)
		return 0;
	return sync_range(task->mm, start, end, flags);
}
