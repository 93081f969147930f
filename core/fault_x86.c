/*
 * fault_x86.c - the kernel's page-fault handler, as far as the architecture.
 *
 * What the CPU could not translate comes here with an error code. The handler
 * looks for the area, grows a stack, compares access and rights, and lets
 * handle_mm_fault() find a frame:
 *
 *   address      kernel's ──────────────────────────────► SIGSEGV MAPERR
 *      │ no area ends above it ─────────────────────────► SIGSEGV MAPERR
 *      │ below the area: no stack, too far below sp,
 *      │                 or it cannot grow ─────────────► SIGSEGV MAPERR
 *      │ the area's rights or the present entry forbid ─► SIGSEGV ACCERR
 *      ▼
 *   handle_mm_fault ── OOM ──► somebody is killed, the access goes on
 *      │            ── SIGBUS ─────────────────────────► SIGBUS ADRERR
 *      ▼
 *   maj_flt or min_flt + 1          (only here: a refused fault counts nothing)
 *
 * Linux: arch/x86/mm/fault.c __do_page_fault(), access_error(),
 * mm_fault_error().
 */
#include "core/gfp.h"
#include "core/memcontrol.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/task.h"

/* How far below sp an access may lie: enter and pusha write first, then move
 * sp (Linux: 65536 + 32 * sizeof(unsigned long)). */
static uint64_t stack_cushion(const struct machine *m)
{
	return 65536 + 32 * (m->fmt->va_bits > 32 ? 8 : 4);
}

static int bad_area(struct task_struct *task, vaddr_t addr, int signal,
		    int si_code, struct access_result *res)
{
	story(task->m, addr, signal, si_code);

	res->signal = signal;
	res->si_code = si_code;
	observe(task->m, BAD_AREA, addr, signal, si_code, 0);
	return signal;
}

static __twin bool access_error(unsigned error_code, const struct vm_area_struct *vma)
{
	bool error = !(vma->vm_flags & (VM_READ | VM_EXEC | VM_WRITE));

	if (error_code & PF_WRITE)
		error = !(vma->vm_flags & VM_WRITE);
	else if (error_code & PF_PROT) /* present: the entry forbids it */
		error = true;
	story_leaf(vma->vm_mm->m, "access_error", error_code, vma->vm_flags,
		   error);
	return error;
}

/* The area that an address belongs to, a stack grown down to it; or NULL. */
static __twin struct vm_area_struct *
fault_area(struct task_struct *task, vaddr_t addr, unsigned error_code)
{
	struct vm_area_struct *vma = find_vma(task->mm, addr);
	vaddr_t sp = task->sp_set ? task->sp : addr;

	if (!vma || vma->vm_start <= addr)
		return vma;
	observe(task->m, BELOW_AREA, addr, vma->vm_start,
		vma->vm_flags & VM_GROWSDOWN, sp);
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return NULL;
	if ((error_code & PF_USER) && addr + stack_cushion(task->m) < sp)
		return NULL;
	return expand_stack(vma, addr) ? NULL : vma;
}

static int killed_for_memory(struct task_struct *task, vaddr_t addr,
			     struct access_result *res)
{
	res->oom = true;
	return bad_area(task, addr, EMU_SIGKILL, 0, res);
}

/*
 * 0: another process was killed. Where all of a memory cgroup that is at its
 * limit may not be killed, the kernel's process would try again for ever; here it
 * ends.
 */
static int pagefault_out_of_memory(struct task_struct *task, vaddr_t addr,
				   struct access_result *res)
{
	struct task_struct *victim = NULL;
	story(task->m);

	if (!mem_cgroup_oom_synchronize(task->m, !task->memdie, &victim) &&
	    !task->memdie)
		victim = out_of_memory(task->m, 0, 0);
	if (victim && victim != task)
		return 0;
	return killed_for_memory(task, addr, res);
}

static void count_fault(struct task_struct *task, unsigned fault,
			struct access_result *res)
{
	if (fault & VM_FAULT_MAJOR) {
		task->maj_flt++;
		res->majflt++;
	} else {
		task->min_flt++;
		res->minflt++;
	}
}

/* A charge that fails in here may kill, if the fault fails for it. */
static __twin unsigned user_fault(struct task_struct *task, struct vm_area_struct *vma,
			   vaddr_t addr, unsigned error_code)
{
	struct machine *m = task->m;
	struct task_struct *nobody;
	unsigned fault;

	if (error_code & PF_USER)
		mem_cgroup_oom_enable(m);
	fault = handle_mm_fault(task->mm, vma, addr,
				error_code & PF_WRITE ? FAULT_FLAG_WRITE : 0);
	mem_cgroup_oom_disable(m);
	if (!(fault & VM_FAULT_OOM))
		mem_cgroup_oom_synchronize(m, false, &nobody);
	return fault;
}

static __twin int
__do_page_fault(struct task_struct *task, vaddr_t addr, unsigned error_code,
		struct access_result *res)
{
	struct machine *m = task->m;
	struct vm_area_struct *vma;
	unsigned fault;

	vma = addr < m->cfg.task_size ? fault_area(task, addr, error_code) :
					NULL;
	observe(m, PAGE_FAULT, addr, error_code, vma ? vma->vm_start : 0,
		vma ? vma->vm_end : 0);
	if (!vma)
		return bad_area(task, addr, EMU_SIGSEGV, EMU_SEGV_MAPERR, res);
	if (access_error(error_code, vma))
		return bad_area(task, addr, EMU_SIGSEGV, EMU_SEGV_ACCERR, res);
	fault = user_fault(task, vma, addr, error_code);
	if (fault & VM_FAULT_OOM)
		return pagefault_out_of_memory(task, addr, res);
	if (fault & VM_FAULT_SIGBUS)
		return bad_area(task, addr, EMU_SIGBUS, EMU_BUS_ADRERR, res);
	count_fault(task, fault, res);
	observe(m, FAULT_DONE, fault, task->min_flt, task->maj_flt, 0);
	/* chosen while it was given a frame: it dies on the way back */
	return task->memdie ? killed_for_memory(task, addr, res) : 0;
}

/* A copy of its own for who is watched, so that the other pays nothing. */
__watched static int do_page_fault_told(struct task_struct *task, vaddr_t addr,
					unsigned error_code,
					struct access_result *res)
{
	story_pair(task->m, "do_page_fault", "__do_page_fault", addr,
		   error_code);

	return __do_page_fault(task, addr, error_code, res);
}

int do_page_fault(struct task_struct *task, vaddr_t addr, unsigned error_code,
		  struct access_result *res)
{
	if (unlikely(task->m->observer != NULL))
		return do_page_fault_told(task, addr, error_code, res);
	return __do_page_fault(task, addr, error_code, res);
}
