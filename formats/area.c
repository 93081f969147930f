/* area.c - words for an area. */
#include "formats/area.h"
#include "core/filemap.h"

#include <inttypes.h>
#include <stdio.h>

static bool reaches(const struct vm_area_struct *vma, vaddr_t addr)
{
	return vma->vm_start <= addr && addr <= vma->vm_end;
}

/* The stack pointer rests at the stack's start between events: `sp` speaks of
 * accesses only. */
const char *area_name(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (mm->vdso && vma->vm_start == mm->vdso)
		return "[vdso]";
	if (mm->start_brk && vma->vm_start <= mm->brk &&
	    vma->vm_end >= mm->start_brk)
		return "[heap]";
	if (mm->start_stack && reaches(vma, mm->start_stack))
		return "[stack]";
	return "";
}

const char *area_path(const struct vm_area_struct *vma)
{
	return vma->vm_file ? vma->vm_file->f_inode->path : area_name(vma);
}

void area_rights(const struct vm_area_struct *vma, char buf[5])
{
	vm_flags_t flags = vma->vm_flags;

	snprintf(buf, 5, "%c%c%c%c", flags & VM_READ ? 'r' : '-',
		 flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-',
		 flags & VM_MAYSHARE ? 's' : 'p');
}

void area_range(const struct vm_area_struct *vma, char buf[AREA_TEXT])
{
	snprintf(buf, AREA_TEXT, "%08" PRIx64 "-%08" PRIx64, vma->vm_start,
		 vma->vm_end);
}

void area_flags(const struct vm_area_struct *vma, char buf[AREA_TEXT])
{
	static const struct {
		vm_flags_t flag;
		const char *name;
	} names[] = {
		{VM_READ, "READ"},	     {VM_WRITE, "WRITE"},
		{VM_EXEC, "EXEC"},	     {VM_SHARED, "SHARED"},
		{VM_GROWSDOWN, "GROWSDOWN"}, {VM_DENYWRITE, "DENYWRITE"},
		{VM_LOCKED, "LOCKED"},	     {VM_DONTCOPY, "DONTCOPY"},
		{VM_IO, "IO"},		     {VM_DONTEXPAND, "DONTEXPAND"},
		{VM_ACCOUNT, "ACCOUNT"},     {VM_NORESERVE, "NORESERVE"},
		{VM_NONLINEAR, "NONLINEAR"}, {VM_MERGEABLE, "MERGEABLE"},
	};
	int n = 0;

	*buf = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (vma->vm_flags & names[i].flag)
			n += snprintf(buf + n, (size_t)(AREA_TEXT - n), "%s%s",
				      n ? "|" : "", names[i].name);
	if (!n)
		snprintf(buf, AREA_TEXT, "0");
}
