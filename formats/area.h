/*
 * area.h - words for an area: range, rights, name, flags. For maps and for
 * figures.
 */
#ifndef MMEMU_FORMATS_AREA_H
#define MMEMU_FORMATS_AREA_H

#include "core/mm.h"

#define AREA_TEXT 160 /* long enough for each of these but a path */

/* The name that maps gives an area without a file: "[vdso]", "[heap]" (what
 * reaches from or to the break), "[stack]" (where the stack pointer is), "". */
const char *area_name(const struct vm_area_struct *vma);
/* The same, or the path of its file. */
const char *area_path(const struct vm_area_struct *vma);
/* "r-xp" */
void area_rights(const struct vm_area_struct *vma, char buf[5]);
/* "08048000-0804c000" */
void area_range(const struct vm_area_struct *vma, char buf[AREA_TEXT]);
/* "READ|WRITE|GROWSDOWN": the flags that are not about what may become. */
void area_flags(const struct vm_area_struct *vma, char buf[AREA_TEXT]);

#endif
