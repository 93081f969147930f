/*
 * test_vma_pictures.c - areas drawn with letters, before and after.
 *
 * A letter is a page, its kind what the area may: a capital begins an area.
 *
 *	r r--   w rw-   x r-x   n ---   e rwx   (private anonymous)
 *	q r-- and z --- that were writable once (VM_ACCOUNT)
 *	v rw- without a charge       l rw- locked
 *	s rw- shared anonymous       d rw- growsdown
 *	f r-- private, file opened once   g the same file opened again
 *
 * Operations, separated by ';', numbers in pages:
 *	m KIND AT N   mmap fixed          u AT N        munmap
 *	p KIND AT N   mprotect to KIND's  r AT OLD NEW TO  mremap (TO -: in
 *	t AT          write to a page                     place or nowhere)
 *	k AT N        mlock               K AT N        munlock
 *	F             fork, go on in the child           a ADVICE AT N madvise
 */
#include "vma_fixture.h"

#define WINDOW 24

struct kind {
	char letter;
	unsigned prot, map_flags;
	vm_flags_t flags; /* what tells it apart */
	int file;
};

#define P MAP_PRIVATE_EMU
#define A MAP_ANONYMOUS_EMU
/* clang-format off */
static const struct kind kinds[] = {
	{'r', 1, P | A, VM_READ, -1},
	{'w', 3, P | A, VM_READ | VM_WRITE | VM_ACCOUNT, -1},
	{'x', 5, P | A, VM_READ | VM_EXEC, -1},
	{'n', 0, P | A, 0, -1},
	{'e', 7, P | A, VM_READ | VM_WRITE | VM_EXEC | VM_ACCOUNT, -1},
	{'q', 1, P | A, VM_READ | VM_ACCOUNT, -1},
	{'z', 0, P | A, VM_ACCOUNT, -1},
	{'v', 3, P | A | MAP_NORESERVE_EMU, VM_READ | VM_WRITE, -1},
	{'l', 3, P | A | MAP_LOCKED_EMU,
	 VM_READ | VM_WRITE | VM_ACCOUNT | VM_LOCKED, -1},
	{'s', 3, MAP_SHARED_EMU | A, VM_READ | VM_WRITE | VM_SHARED, -1},
	{'d', 3, P | A | MAP_GROWSDOWN_EMU,
	 VM_READ | VM_WRITE | VM_ACCOUNT | VM_GROWSDOWN, -1},
	{'f', 1, P, VM_READ, 0},
	{'g', 1, P, VM_READ, 1},
};
/* clang-format on */
#define TOLD_APART                                                     \
	(VM_READ | VM_WRITE | VM_EXEC | VM_ACCOUNT | VM_LOCKED |       \
	 VM_SHARED | VM_GROWSDOWN)

struct board {
	struct machine *m;
	struct task_struct *t;
	struct file *file[2];
	struct observer watch;
	uint64_t merge_case; /* of the last merge */
};

static const struct kind *kind_of(char letter)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter == (letter | 32))
			return &kinds[i];
	cr_assert_fail("no kind %c", letter);
	return NULL;
}

static char letter_of(const struct board *b, const struct vm_area_struct *vma)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];
		const struct file *file = k->file < 0 ? NULL : b->file[k->file];

		if ((vma->vm_flags & TOLD_APART) == k->flags &&
		    (vma->vm_file == file || (k->flags & VM_SHARED)))
			return k->letter;
	}
	return '?';
}

static void note_merge(void *ctx, const struct observation *o)
{
	if (o->kind == OBS_VMA_MERGE)
		((struct board *)ctx)->merge_case = o->c;
}

static void board_open(struct board *b)
{
	struct inode *inode;

	memset(b, 0, sizeof(*b));
	b->m = boot_window(WINDOW, MMAP_TOPDOWN, NULL);
	b->t = spawn(b->m, 1);
	fill_below(b->t);
	inode = declare_file(b->m, "/f", 1 << 20, true, FS_EXT2);
	b->file[0] = file_open(b->m, inode);
	b->file[1] = file_open(b->m, inode);
	b->watch = (struct observer){b, note_merge};
	b->m->observer = &b->watch;
}

static void draw(const struct board *b, char *out)
{
	const struct vm_area_struct *vma;

	memset(out, ' ', WINDOW);
	for_each_vma(vma, b->t->mm) {
		char letter = letter_of(b, vma);

		if (vma->vm_start < BASE)
			continue;
		for (vaddr_t a = vma->vm_start; a < vma->vm_end; a += PAGE)
			out[(a - BASE) / PAGE] = letter;
		out[(vma->vm_start - BASE) / PAGE] = (char)(letter & ~32);
	}
	for (int n = WINDOW; n >= 0; n--) {
		out[n] = 0;
		if (n && out[n - 1] != ' ')
			break;
	}
}

static vaddr_t page(unsigned n)
{
	return BASE + n * PAGE;
}

static int64_t map_kind(struct board *b, char letter, unsigned at, unsigned n)
{
	const struct kind *k = kind_of(letter);
	struct file *file = k->file < 0 ? NULL : b->file[k->file];
	vaddr_t got = sys_mmap(b->t, page(at), n * PAGE, k->prot,
			       k->map_flags | MAP_FIXED_EMU, file,
			       file ? at * PAGE : 0);

	return got == page(at) ? 0 : (int64_t)got;
}

static int64_t remap(struct board *b, unsigned at, unsigned old, unsigned new,
		     int to)
{
	vaddr_t got;

	if (to < 0)
		got = sys_mremap(b->t, page(at), old * PAGE, new * PAGE, 0, 0);
	else
		got = sys_mremap(b->t, page(at), old * PAGE, new * PAGE,
				 MREMAP_MAYMOVE_EMU | MREMAP_FIXED_EMU,
				 page((unsigned)to));
	return IS_ERR_VALUE(got) ? (int64_t)got : 0;
}

/* One operation; its errno. */
static int64_t step(struct board *b, const char *op)
{
	unsigned at, n, new;
	char letter;
	int to;

	b->m->current = b->t;
	if (sscanf(op, " m %c %u %u", &letter, &at, &n) == 3)
		return map_kind(b, letter, at, n);
	if (sscanf(op, " u %u %u", &at, &n) == 2)
		return sys_munmap(b->t, page(at), n * PAGE);
	if (sscanf(op, " p %c %u %u", &letter, &at, &n) == 3)
		return sys_mprotect(b->t, page(at), n * PAGE,
				    kind_of(letter)->prot);
	if (sscanf(op, " r %u %u %u %d", &at, &n, &new, &to) == 4)
		return remap(b, at, n, new, to);
	if (sscanf(op, " r %u %u %u -", &at, &n, &new) == 3)
		return remap(b, at, n, new, -1);
	if (sscanf(op, " k %u %u", &at, &n) == 2)
		return sys_mlock(b->t, page(at), n * PAGE);
	if (sscanf(op, " K %u %u", &at, &n) == 2)
		return sys_munlock(b->t, page(at), n * PAGE);
	if (sscanf(op, " a %u %u %u", &new, &at, &n) == 3)
		return sys_madvise(b->t, page(at), n * PAGE, (int)new);
	if (sscanf(op, " t %u", &at) == 1)
		return wr(b->t, page(at)), 0;
	while (*op == ' ')
		op++;
	cr_assert(*op == 'F', "operation %s", op);
	b->t = fork_task(b->t, b->t->pid + 1);
	return 0;
}

struct row {
	const char *name, *before, *ops, *after;
	unsigned merge_case; /* of the last merge, 0: none */
	int err;	     /* of the last operation */
};

/* Every run of one letter, begun by a capital. */
static void set_up(struct board *b, const char *picture)
{
	for (unsigned at = 0, n; picture[at]; at += n) {
		n = 1;
		if (picture[at] == ' ')
			continue;
		while (picture[at + n] > 'Z')
			n++;
		cr_assert_eq(map_kind(b, picture[at], at, n), 0);
	}
	b->merge_case = 0;
}

static void run_row(const struct row *row)
{
	char ops[200], got[WINDOW + 1], *op, *save = NULL;
	struct board b;
	int64_t err = 0;

	board_open(&b);
	set_up(&b, row->before);
	snprintf(ops, sizeof(ops), "%s", row->ops);
	for (op = strtok_r(ops, ";", &save); op;
	     op = strtok_r(NULL, ";", &save)) {
		err = step(&b, op);
		check_areas(b.m);
	}
	draw(&b, got);
	cr_expect_str_eq(got, row->after, "%s: got '%s' want '%s'", row->name,
			 got, row->after);
	cr_expect_eq(err, row->err, "%s: errno %lld", row->name,
		     (long long)err);
	cr_expect_eq(b.merge_case, row->merge_case, "%s: case %u", row->name,
		     (unsigned)b.merge_case);
	check_and_destroy(b.m);
}

static void run_rows(const struct row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		run_row(&rows[i]);
}
#define RUN(rows) run_rows(rows, ARRAY_SIZE(rows))

/* clang-format off */
Test(vma_pictures, the_eight_merges)
{
	static const struct row rows[] = {
		{"1", "Ww  Ww", "m w 2 2", "Wwwwww", 1, 0},
		{"2", "Ww  Rr", "m w 2 2", "WwwwRr", 2, 0},
		{"3", "Rr  Ww", "m w 2 2", "RrWwww", 3, 0},
		{"4", "RrrrXx", "p x 2 2", "RrXxxx", 4, 0},
		{"5", "RrXxxx", "p r 2 2", "RrrrXx", 5, 0},
		{"6", "RrXxRr", "p r 2 2", "Rrrrrr", 6, 0},
		{"7", "RrXxWw", "p r 2 2", "RrrrWw", 7, 0},
		{"8", "WwXxRr", "p r 2 2", "WwRrrr", 8, 0},
		{"over what was there", "WwRrWw", "m w 2 2", "Wwwwww", 1, 0},
		{"over parts", "WwwRrrWww", "m x 2 5", "WwXxxxxWw", 0, 0},
		{"first area", "  Rr", "m r 0 2", "Rrrr", 3, 0},
		{"4, touched", "WwwwEe", "t 3; t 4; p e 2 2", "WwEeee", 4, 0},
		{"5, touched", "WwEeee", "t 0; t 3; p w 2 2", "WwwwEe", 5, 0},
		{"6, touched", "WwEeWw", "t 2; t 0; t 4; p w 2 2", "Wwwwww", 6, 0},
	};
	RUN(rows);
}

Test(vma_pictures, splits)
{
	static const struct row rows[] = {
		{"middle", "Rrrrrr", "p x 2 2", "RrXxRr", 0, 0},
		{"head", "Rrrrrr", "p x 0 2", "XxRrrr", 0, 0},
		{"tail", "Rrrrrr", "p x 4 2", "RrrrXx", 0, 0},
		{"all", "Rrrrrr", "p x 0 6", "Xxxxxx", 0, 0},
		{"hole", "Rrrrrr", "u 2 2", "Rr  Rr", 0, 0},
		{"and back", "Rrrrrr", "p x 2 2; p r 2 2", "Rrrrrr", 6, 0},
		{"over three", "WwRrrXxx", "p n 1 5", "WZNnnnXx", 5, 0},
		{"over a hole", "Rrr Rrr", "p x 1 5", "RXx Rrr", 0, -ENOMEM},
		{"munmap over holes", "Rr Ww Xx", "u 1 6", "R      X", 0, 0},
		{"munmap of nothing", "Rr", "u 8 4", "Rr", 0, 0},
		{"shared keeps its file", "Ssss", "p r 1 1; p w 1 1", "Ssss", 6, 0},
		{"madvise", "Wwww", "a 1 1 2", "WWwW", 0, 0},
		{"and normal again", "Wwww", "a 1 1 2; a 0 0 4", "Wwww", 6, 0},
	};
	RUN(rows);
}

Test(vma_pictures, what_keeps_areas_apart)
{
	static const struct row rows[] = {
		{"writable once", "Wwww", "p r 2 2; m r 4 2", "WwQqRr", 0, 0},
		{"both once", "WwwwWw", "p r 2 4", "WwQqqq", 0, 0},
		{"noaccount until then", "Nnnn", "p w 1 2; p n 1 2", "NZzN", 0, 0},
		{"one open file", "Ff", "m f 2 2", "Ffff", 2, 0},
		{"two open files", "Ff", "m g 2 2", "FfGg", 0, 0},
		{"offsets", "Ff", "r 0 2 2 3", "   Ff", 0, 0},
		{"two shared objects", "Ss", "m s 2 2", "SsSs", 0, 0},
		{"growsdown", "Dd", "m d 2 2; m w 4 1", "DdddW", 2, 0},
	};
	RUN(rows);
}

Test(vma_pictures, anon_vma)
{
	static const struct row rows[] = {
		{"faulted grows", "Ww", "t 0; m w 2 2", "Wwww", 2, 0},
		{"faulted grows down", "  Ww", "t 2; m w 0 2", "Wwww", 3, 0},
		{"fork's copy does not", "Ww", "t 0; F; m w 2 2", "WwWw", 0, 0},
		{"untouched copy does", "Ww", "F; m w 2 2", "Wwww", 2, 0},
		{"two anon_vmas", "Ww Ww", "t 0; t 3; m w 2 1", "WwwWw", 2, 0},
		{"shared anon_vma", "WwEe", "t 0; t 2; p w 2 2", "Wwww", 7, 0},
		{"made apart", "Ww Ww", "t 0; t 3; m e 2 1; p w 2 1",
		 "WwwWw", 7, 0},
	};
	RUN(rows);
}

Test(vma_pictures, mremap)
{
	static const struct row rows[] = {
		{"grow in place", "Ww", "r 0 2 4 -", "Wwww", 0, 0},
		{"up to the next, apart", "Ww Ww", "r 0 2 3 -", "WwwWw", 0, 0},
		{"no room", "WwRr", "r 0 2 3 -", "WwRr", 0, -ENOMEM},
		{"not at the end", "Wwww", "r 0 2 3 -", "Wwww", 0, -ENOMEM},
		{"shrink", "Wwww", "r 0 4 2 -", "Ww", 0, 0},
		{"shrink from a hole", " Ww", "r 0 3 2 -", " W", 0, 0},
		{"move", "Ww", "r 0 2 2 4", "    Ww", 0, 0},
		{"move and grow", "Ww", "r 0 2 3 4", "    Www", 0, 0},
		{"move the middle", "Wwww", "r 1 2 2 6", "W  W  Ww", 0, 0},
		{"onto others", "WwRrrr", "r 0 2 2 3", "  RWwR", 0, 0},
		{"beside, untouched", "Ww  Ww", "r 4 2 2 2", "Wwww",
		 1, 0},
		{"beside, touched", "Ww  Ww", "t 4; r 4 2 2 2", "WwWw", 0, 0},
		{"two areas", "WwRr", "r 0 4 4 8", "WwRr", 0, -EFAULT},
		{"target goes all the same", "WwRr  Xx", "r 0 4 4 6",
		 "WwRr", 0, -EFAULT},
		{"overlap", "Wwww", "r 0 3 3 2", "Wwww", 0, -EINVAL},
		{"empty copy", "Ww", "t 0; r 0 0 2 4", "Vv  Ww", 0, 0},
		{"shared copy", "Ss", "t 0; r 0 0 2 4", "Ss  Ss", 0, 0},
		{"to nothing", "Ww", "r 0 2 0 -", "Ww", 0, -EINVAL},
		{"no area, same size", "", "r 0 2 2 -", "", 0, 0},
	};
	RUN(rows);
}

Test(vma_pictures, mlock)
{
	static const struct row rows[] = {
		{"middle", "Wwww", "k 1 2", "WLlW", 0, 0},
		{"and back", "Wwww", "t 0; k 1 2; K 1 2", "Wwww", 6, 0},
		{"only the middle is faulted", "Wwww", "k 1 2; K 1 2",
		 "WWwW", 0, 0},
		{"all", "Wwww", "k 0 4", "Llll", 0, 0},
		{"hole", "Ww Ww", "k 0 5", "Ll Ww", 0, -ENOMEM},
		{"no rights", "Nn", "k 0 2; K 0 2", "Nn", 0, 0},
		{"locked beside", "Ll", "m l 2 2", "Llll", 2, 0},
		{"unlock a part of a locked move", "Llll", "r 0 2 2 6; K 6 1",
		 "  Ll  WL", 0, 0},
	};
	RUN(rows);
}
/* clang-format on */
