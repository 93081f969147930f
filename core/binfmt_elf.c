/*
 * binfmt_elf.c - an ELF program into an address space.
 *
 *	file    | headers, text | data      |
 *	          ▼               ▼          ╲
 *	memory  | text r-x  |   | data rw-  |00| bss (anonymous) |
 *	                                     ▲                    ▲
 *	                               elf_bss (zeroed to      elf_brk, up to
 *	                               the page's end)         the page: the break
 *
 * Segments are mapped in the order of the file, each from its page's start,
 * private, and only as long as the file has bytes for them; a segment that has
 * none maps nothing. The rest of the last data page holds bytes of the file
 * that must read as zeros: the kernel writes there, so that page is anonymous
 * before the program runs. Whole pages behind it are mapped anonymously.
 *
 * Linux: fs/binfmt_elf.c.
 */
#include "core/exec.h"
#include "core/filemap.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/slab.h"

#include <string.h>

#define ELF_HEADERS_SIZE 104 /* the program's and the interpreter's */
#define BINPRM_BUF_SIZE 128
#define EXEC_FLAGS (MAP_PRIVATE_EMU | MAP_DENYWRITE_EMU)

/* ---- headers ---- */

int elf_read_file(struct machine *m, struct file *file, uint64_t pos,
		  uint64_t len)
{
	int64_t n = generic_file_read(m, file, pos, len);

	return n < 0 ? (int)n : 0;
}

static uint64_t phdrs_size(const struct elf_image *image)
{
	return (uint64_t)image->phnum * image->phentsize;
}

/* Program headers into a buffer of the kernel's. */
static int read_phdrs(struct linux_binprm *bprm, const struct elf_image *image,
		      struct file *file, kva_t *kobj)
{
	uint64_t size = phdrs_size(image);

	*kobj = kmalloc(bprm->m, size, GFP_KERNEL);
	if (!*kobj)
		return -ENOMEM;
	return elf_read_file(bprm->m, file, image->phoff, size);
}

static int open_interpreter(struct linux_binprm *bprm)
{
	const struct elf_image *interp = bprm->image->interp;
	struct machine *m = bprm->m;

	if (!interp)
		return 0;
	bprm->interp_kobj = kmalloc(m, strlen(interp->inode->path) + 1,
				    GFP_KERNEL);
	if (!bprm->interp_kobj)
		return -ENOMEM;
	bprm->interpreter = file_open(m, interp->inode);
	if (!bprm->interpreter)
		return -ENOMEM;
	bprm->interpreter->f_cred = get_cred(bprm->task->obj.cred);
	return elf_read_file(m, bprm->interpreter, 0, BINPRM_BUF_SIZE);
}

int elf_load_headers(struct linux_binprm *bprm)
{
	int err;

	bprm->loc_kobj = kmalloc(bprm->m, ELF_HEADERS_SIZE, GFP_KERNEL);
	if (!bprm->loc_kobj)
		return -ENOMEM;
	err = read_phdrs(bprm, bprm->image, bprm->file, &bprm->phdr_kobj);
	if (err)
		return err;
	return open_interpreter(bprm);
}

void elf_free_headers(struct linux_binprm *bprm)
{
	struct machine *m = bprm->m;

	if (bprm->interpreter)
		fput(m, bprm->interpreter);
	if (bprm->interp_kobj)
		kfree(m, bprm->interp_kobj);
	if (bprm->phdr_kobj)
		kfree(m, bprm->phdr_kobj);
	bprm->interpreter = NULL;
	bprm->interp_kobj = bprm->phdr_kobj = 0;
}

/* ---- segments ---- */

static vaddr_t page_offset(const struct machine *m, vaddr_t addr)
{
	return addr & ~PAGE_MASK(m);
}

/*
 * One segment, wanted at addr. total: the whole span of the image, reserved
 * by its first segment so that the rest finds room; 0 otherwise.
 */
static vaddr_t elf_map(struct mm_struct *mm, struct file *file, vaddr_t addr,
		       const struct elf_segment *seg, unsigned flags,
		       uint64_t total)
{
	struct machine *m = mm->m;
	uint64_t size = seg->filesz + page_offset(m, seg->vaddr);
	uint64_t off = seg->offset - page_offset(m, seg->vaddr);
	uint64_t populate = 0;
	vaddr_t at;
	story(mm->m, addr);

	addr &= PAGE_MASK(m);
	size = PAGE_ALIGN(m, size);
	total = PAGE_ALIGN(m, total);
	if (!size)
		return addr;
	if (page_offset(m, off))
		return ERR_VALUE(-EINVAL);
	at = do_mmap_pgoff(mm, file, addr, total ? total : size, seg->prot,
			   flags, off >> m->page_shift, &populate);
	if (!IS_ERR_VALUE(at) && total > size)
		do_munmap(mm, at + size, total - size);
	return at;
}

/* The ends that matter: of the file's bytes and of memory. */
struct elf_ends {
	vaddr_t bss, brk;
};

static void extend(vaddr_t *end, vaddr_t to)
{
	if (*end < to)
		*end = to;
}

static bool segment_fits(const struct machine *m, const struct elf_segment *s,
			 vaddr_t at)
{
	return at < m->cfg.task_size && s->filesz <= s->memsz &&
	       s->memsz <= m->cfg.task_size &&
	       m->cfg.task_size - s->memsz >= at;
}

/* Anonymous pages for [start, end) in whole pages; the break is behind. */
static int set_brk(struct mm_struct *mm, vaddr_t start, vaddr_t end)
{
	story(mm->m, start, end);

	start = PAGE_ALIGN(mm->m, start);
	end = PAGE_ALIGN(mm->m, end);
	if (end > start) {
		vaddr_t addr = vm_brk(mm, start, end - start);

		if (IS_ERR_VALUE(addr))
			return (int)(int64_t)addr;
	}
	mm->start_brk = mm->brk = end;
	return 0;
}

/* The kernel writes to the new program's memory as the program would, faults
 * counted alike. Linux: __copy_to_user(), clear_user(). */
static int put_user_bytes(struct linux_binprm *bprm, vaddr_t at,
			  const void *bytes, uint64_t len)
{
	uint64_t *writes = &bprm->m->stats.accesses[ACCESS_WRITE];
	uint64_t programs = *writes; /* the kernel's own do not count */
	struct access_result res;

	access_store(bprm->task, at, bytes, len, &res);
	*writes = programs;
	return res.signal ? -EFAULT : 0;
}

/* Zeros from addr to the end of its page, limit bytes at most. */
static int padzero(struct linux_binprm *bprm, vaddr_t addr, uint64_t limit)
{
	static const uint8_t zeros[4096];
	struct machine *m = bprm->m;
	uint64_t n = page_offset(m, addr);

	if (!n)
		return 0;
	n = min_t(uint64_t, PAGE_SIZE(m) - n, limit);
	while (n) {
		uint64_t piece = min_t(uint64_t, n, sizeof(zeros));

		if (put_user_bytes(bprm, addr, zeros, piece))
			return -EFAULT;
		addr += piece;
		n -= piece;
	}
	return 0;
}

/* ---- the program ---- */

/* Bounds of code and data, from addresses as the file has them. */
static void account_segment(struct mm_struct *mm, const struct elf_segment *s,
			    struct elf_ends *ends)
{
	vaddr_t file_end = s->vaddr + s->filesz;

	if (s->vaddr < mm->start_code)
		mm->start_code = s->vaddr;
	extend(&mm->start_data, s->vaddr);
	extend(&ends->bss, file_end);
	if (s->prot & PROT_EXEC_EMU)
		extend(&mm->end_code, file_end);
	extend(&mm->end_data, file_end);
	extend(&ends->brk, s->vaddr + s->memsz);
}

/* A bss between two segments, before the second is mapped over its tail. */
static int map_inner_bss(struct linux_binprm *bprm, const struct elf_ends *ends)
{
	vaddr_t bias = bprm->load_bias;
	int err;

	if (ends->brk <= ends->bss)
		return 0;
	err = set_brk(bprm->task->mm, ends->bss + bias, ends->brk + bias);
	if (err)
		return err;
	padzero(bprm, ends->bss + bias, ends->brk - ends->bss);
	return 0;
}

/* Where the first segment of an ET_DYN goes: Linux: ELF_ET_DYN_BASE. */
static vaddr_t et_dyn_bias(const struct machine *m, vaddr_t vaddr)
{
	return (m->cfg.task_size / 3 * 2 - vaddr) & PAGE_MASK(m);
}

static int map_segments(struct linux_binprm *bprm, struct elf_ends *ends)
{
	const struct elf_image *image = bprm->image;
	struct mm_struct *mm = bprm->task->mm;

	for (unsigned i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segment[i];
		unsigned flags = EXEC_FLAGS | MAP_EXECUTABLE_EMU;
		vaddr_t at;
		int err = map_inner_bss(bprm, ends);

		if (err)
			return err;
		if (!image->dyn || i)
			flags |= MAP_FIXED_EMU;
		else
			bprm->load_bias = et_dyn_bias(bprm->m, s->vaddr);
		at = elf_map(mm, bprm->file, bprm->load_bias + s->vaddr, s,
			     flags, 0);
		if (IS_ERR_VALUE(at))
			return (int)(int64_t)at;
		if (!i) {
			if (image->dyn)
				bprm->load_bias +=
					at - ((bprm->load_bias + s->vaddr) &
					      PAGE_MASK(bprm->m));
			bprm->load_addr =
				s->vaddr - s->offset + bprm->load_bias;
		}
		if (!segment_fits(bprm->m, s, s->vaddr))
			return -EINVAL;
		account_segment(mm, s, ends);
	}
	return 0;
}

/* ---- the interpreter ---- */

static uint64_t total_mapping_size(const struct machine *m,
				   const struct elf_image *image)
{
	const struct elf_segment *first = &image->segment[0];
	const struct elf_segment *last = &image->segment[image->nr_segments - 1];

	return last->vaddr + last->memsz - (first->vaddr & PAGE_MASK(m));
}

/* no_base: the program was moved, so a fixed address of ours is void too. */
static int map_interp_segments(struct linux_binprm *bprm,
			       struct elf_ends *ends, bool no_base)
{
	const struct elf_image *interp = bprm->image->interp;
	uint64_t total = total_mapping_size(bprm->m, interp);
	vaddr_t load_addr = 0;

	for (unsigned i = 0; i < interp->nr_segments; i++) {
		const struct elf_segment *s = &interp->segment[i];
		unsigned flags = EXEC_FLAGS;
		vaddr_t at;

		if (!interp->dyn || i)
			flags |= MAP_FIXED_EMU;
		else if (no_base)
			load_addr = -s->vaddr;
		at = elf_map(bprm->task->mm, bprm->interpreter,
			     load_addr + s->vaddr, s, flags, total);
		if (IS_ERR_VALUE(at))
			return (int)(int64_t)at;
		total = 0;
		if (!i && interp->dyn)
			load_addr = at - (s->vaddr & PAGE_MASK(bprm->m));
		if (!segment_fits(bprm->m, s, load_addr + s->vaddr))
			return -ENOMEM;
		extend(&ends->bss, load_addr + s->vaddr + s->filesz);
		extend(&ends->brk, load_addr + s->vaddr + s->memsz);
	}
	bprm->interp_load_addr = load_addr;
	return 0;
}

static int load_elf_interp(struct linux_binprm *bprm)
{
	const struct elf_image *interp = bprm->image->interp;
	struct elf_ends ends = {0};
	kva_t phdrs;
	vaddr_t addr;
	int err;
	story(bprm->m);

	err = read_phdrs(bprm, interp, bprm->interpreter, &phdrs);
	if (!err)
		err = map_interp_segments(bprm, &ends, bprm->load_bias != 0);
	if (!err && ends.brk > ends.bss) {
		err = padzero(bprm, ends.bss, UINT64_MAX);
		ends.bss = PAGE_ALIGN(bprm->m, ends.bss);
		if (!err && ends.brk > ends.bss) {
			addr = vm_brk(bprm->task->mm, ends.bss,
				      ends.brk - ends.bss);
			if (IS_ERR_VALUE(addr))
				err = (int)(int64_t)addr;
		}
	}
	if (phdrs)
		kfree(bprm->m, phdrs);
	return err;
}

/* ---- the whole ---- */

static int map_vdso(struct linux_binprm *bprm)
{
	struct machine *m = bprm->m;
	struct mm_struct *mm = bprm->task->mm;
	vaddr_t addr;

	if (!m->cfg.vdso)
		return 0;
	addr = get_unmapped_area(mm, NULL, 0, PAGE_SIZE(m), 0, 0);
	if (IS_ERR_VALUE(addr))
		return (int)(int64_t)addr;
	mm->vdso = addr;
	return install_special_mapping(mm, addr, PAGE_SIZE(m),
				       VM_READ | VM_EXEC | VM_MAYREAD |
					       VM_MAYWRITE | VM_MAYEXEC);
}

static void relocate_bounds(struct mm_struct *mm, vaddr_t bias)
{
	mm->start_code += bias;
	mm->end_code += bias;
	mm->start_data += bias;
	mm->end_data += bias;
}

int elf_map_program(struct linux_binprm *bprm)
{
	struct mm_struct *mm = bprm->task->mm;
	struct elf_ends ends = {0};
	int err;

	mm->start_code = UINT64_MAX;
	mm->end_code = mm->start_data = mm->end_data = 0;
	err = map_segments(bprm, &ends);
	if (err)
		return err;
	ends.bss += bprm->load_bias;
	ends.brk += bprm->load_bias;
	relocate_bounds(mm, bprm->load_bias);
	err = set_brk(mm, ends.bss, ends.brk);
	if (err)
		return err;
	if (ends.bss != ends.brk) {
		err = padzero(bprm, ends.bss, UINT64_MAX);
		if (err)
			return err;
	}
	if (bprm->image->interp) {
		err = load_elf_interp(bprm);
		if (err)
			return err;
	}
	elf_free_headers(bprm);
	return map_vdso(bprm);
}

/* ---- the initial stack ---- */

enum {
	AT_NULL, AT_IGNORE, AT_EXECFD, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ,
	AT_BASE, AT_FLAGS, AT_ENTRY, AT_NOTELF, AT_UID, AT_EUID, AT_GID,
	AT_EGID, AT_PLATFORM, AT_HWCAP, AT_CLKTCK,
	AT_SECURE = 23, AT_RANDOM = 25, AT_EXECFN = 31, AT_SYSINFO = 32,
	AT_SYSINFO_EHDR = 33,
};
#define AUXV_MAX 24 /* pairs */

/* Words as the program reads them, little-endian, 4 or 8 bytes each. */
struct word_buffer {
	uint8_t *bytes;
	unsigned word, nr;
};

static void put_word(struct word_buffer *b, uint64_t value)
{
	memcpy(b->bytes + (size_t)b->nr++ * b->word, &value, b->word);
}

static void put_aux(struct word_buffer *b, unsigned type, uint64_t value)
{
	put_word(b, type);
	put_word(b, value);
}

static void put_auxv(struct word_buffer *b, const struct linux_binprm *bprm,
		     vaddr_t platform, vaddr_t random)
{
	const struct elf_image *image = bprm->image;
	const struct machine *m = bprm->m;
	uint64_t uid = m->cfg.uid;

	if (m->cfg.vdso) {
		if (b->word == 4)
			put_aux(b, AT_SYSINFO, bprm->task->mm->vdso);
		put_aux(b, AT_SYSINFO_EHDR, bprm->task->mm->vdso);
	}
	put_aux(b, AT_HWCAP, 0);
	put_aux(b, AT_PAGESZ, PAGE_SIZE(m));
	put_aux(b, AT_CLKTCK, 100);
	put_aux(b, AT_PHDR, bprm->load_addr + image->phoff);
	put_aux(b, AT_PHENT, image->phentsize);
	put_aux(b, AT_PHNUM, image->phnum);
	put_aux(b, AT_BASE, bprm->interp_load_addr);
	put_aux(b, AT_FLAGS, 0);
	put_aux(b, AT_ENTRY, image->entry + bprm->load_bias);
	put_aux(b, AT_UID, uid);
	put_aux(b, AT_EUID, uid);
	put_aux(b, AT_GID, uid);
	put_aux(b, AT_EGID, uid);
	put_aux(b, AT_SECURE, 0);
	put_aux(b, AT_RANDOM, random);
	put_aux(b, AT_EXECFN, bprm->exec);
	put_aux(b, AT_PLATFORM, platform);
	put_aux(b, AT_NULL, 0);
}

/* n string addresses from start on, and a NULL. Returns the strings' end. */
static vaddr_t put_pointers(struct word_buffer *b, vaddr_t start, vaddr_t end,
			    unsigned n, const char *const *strings)
{
	for (unsigned i = 0; i < n; i++) {
		put_word(b, start);
		start += strlen(strings[i]) + 1;
	}
	put_word(b, 0);
	mm_assert(start == end);
	return start;
}

int create_elf_tables(struct linux_binprm *bprm)
{
	static const uint8_t random_bytes[16];
	struct machine *m = bprm->m;
	struct mm_struct *mm = bprm->task->mm;
	const char *name = elf_word(m) == 8 ? "x86_64" : "i686";
	unsigned words = 2 * AUXV_MAX + bprm->argc + bprm->envc + 3;
	struct word_buffer b = {.word = elf_word(m)};
	vaddr_t platform, random, sp;
	int err;
	story(bprm->m);

	platform = (bprm->p & ~(vaddr_t)15) - (strlen(name) + 1);
	random = platform - sizeof(random_bytes);
	err = put_user_bytes(bprm, platform, name, strlen(name) + 1);
	if (!err)
		err = put_user_bytes(bprm, random, random_bytes,
				     sizeof(random_bytes));
	if (err)
		return err;
	b.bytes = host_alloc(&m->host, (size_t)words * b.word);
	put_word(&b, bprm->argc);
	put_pointers(&b, bprm->p, bprm->env_start, bprm->argc, bprm->argv);
	put_pointers(&b, bprm->env_start, bprm->exec, bprm->envc, bprm->envp);
	put_auxv(&b, bprm, platform, random);
	sp = (random - (uint64_t)b.nr * b.word) & ~(vaddr_t)15;
	mm->arg_end = mm->env_start = bprm->env_start;
	mm->env_end = bprm->exec;
	mm->start_stack = sp;
	if (!find_extend_vma(mm, sp))
		err = -EFAULT;
	else
		err = put_user_bytes(bprm, sp, b.bytes,
				     (uint64_t)b.nr * b.word);
	host_free(&m->host, b.bytes, (size_t)words * b.word);
	return err;
}
