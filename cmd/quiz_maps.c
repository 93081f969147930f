/*
 * quiz_maps.c - the exercise `maps`: areas that merge and split.
 *
 * All calls fall into a window of 16 pages, so that they meet. What would show
 * two neighbours with the same line (areas that look alike and may not merge, for
 * memory accounting) is drawn again: here the lines decide.
 */
#include "cmd/quiz.h"
#include "core/filemap.h"
#include "core/mm.h"
#include "core/task.h"

#include <string.h>

#define PID 100u
#define BASE 0x20000000u
#define WINDOW 16u
#define FILE_PATH "/lib/libc.so"
#define CALL_TEXT 96

/* The story so far. */
struct area_story {
	char call[CALL_TEXT]; /* the last one, in C */
	unsigned nr, merges, splits;
};

static const char *const prot_c[] = {"PROT_NONE", "PROT_READ",
				     "PROT_READ|PROT_WRITE"};
static const char *const prot_word[] = {"---", "r--", "rw-"};

/* Some pages of the window. */
static void draw_range(struct quiz *q, unsigned most, unsigned *first,
		       unsigned *pages)
{
	*pages = quiz_between(q, 1, most);
	*first = quiz_below(q, WINDOW - *pages + 1);
}

static unsigned address(const struct quiz *q, unsigned page)
{
	return BASE + page * (unsigned)PAGE_SIZE(q->m);
}

static void do_mmap(struct quiz *q, struct area_story *s)
{
	unsigned first, pages, prot = quiz_between(q, 1, 2);
	bool file = quiz_chance(q, 4);
	unsigned off = file ? quiz_below(q, 4) : 0;

	draw_range(q, 8, &first, &pages);
	snprintf(s->call, sizeof(s->call),
		 "mmap(0x%x, %uK, %s, %s, %s)", address(q, first),
		 pages * q->m->page_size / 1024, prot_c[prot],
		 file ? "MAP_PRIVATE|MAP_FIXED" :
			"MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED",
		 file ? "fd, 0x0000" : "-1, 0");
	if (!file) {
		quiz_do(q, "%u mmap 0x%x %up %s private anon fixed", PID,
			address(q, first), pages, prot_word[prot]);
		return;
	}
	snprintf(strstr(s->call, "0x0000)"), 16, "0x%x)",
		 off * q->m->page_size);
	quiz_do(q, "%u mmap 0x%x %up %s private file " FILE_PATH " %up fixed",
		PID, address(q, first), pages, prot_word[prot], off);
}

static void do_munmap(struct quiz *q, struct area_story *s)
{
	unsigned first, pages;

	draw_range(q, 3, &first, &pages);
	snprintf(s->call, sizeof(s->call), "munmap(0x%x, %uK)",
		 address(q, first), pages * q->m->page_size / 1024);
	quiz_do(q, "%u munmap 0x%x %up", PID, address(q, first), pages);
}

static void do_mprotect(struct quiz *q, struct area_story *s)
{
	unsigned first, pages, prot = quiz_below(q, 3);

	draw_range(q, 5, &first, &pages);
	snprintf(s->call, sizeof(s->call), "mprotect(0x%x, %uK, %s)",
		 address(q, first), pages * q->m->page_size / 1024,
		 prot_c[prot]);
	quiz_do(q, "%u mprotect 0x%x %up %s", PID, address(q, first), pages,
		prot_word[prot]);
}

static void tell_areas(struct quiz *q, struct area_story *s)
{
	unsigned merges = 0, splits = 0;

	for (unsigned i = 0; i < q->nr_seen; i++) {
		merges += q->seen[i].kind == OBS_VMA_MERGE;
		splits += q->seen[i].kind == OBS_VMA_SPLIT;
	}
	s->merges += merges;
	s->splits += splits;
	quiz_exercise(q);
	quiz_line(q, "%s", s->call);
	quiz_answer(q);
	if (s->nr++)
		quiz_gap(q);
	quiz_line(q, "%s: %u split, %u merged", s->call, splits, merges);
	quiz_report(q, "maps", PID);
}

/* A number for all that maps shows of the areas. */
static uint64_t digest(const struct quiz *q)
{
	const struct vm_area_struct *vma;
	uint64_t sum = 0;

	for_each_vma(vma, quiz_task(q, PID)->mm) {
		sum = sum * 31 + vma->vm_start;
		sum = sum * 31 + vma->vm_end;
		sum = sum * 31 + (vma->vm_flags & (VM_READ | VM_WRITE));
		sum = sum * 31 + (vma->vm_file ? vma->vm_pgoff + 1 : 0);
	}
	return sum;
}

/* Fresh areas first, then calls that cut into them. false: it failed, or
 * nothing came of it. */
static bool do_step(struct quiz *q, struct area_story *s, unsigned i)
{
	unsigned what = i < 2 ? 0 : quiz_below(q, 4);
	uint64_t before = digest(q);

	if (what == 0)
		do_mmap(q, s);
	else if (what == 1)
		do_munmap(q, s);
	else
		do_mprotect(q, s);
	return q->outcome.kind != OUTCOME_ERRNO && digest(q) != before;
}

/* Two neighbours that maps would show as one kind of memory. */
static bool has_twins(const struct quiz *q)
{
	const struct vm_area_struct *vma, *next;
	const vm_flags_t shown = VM_READ | VM_WRITE | VM_EXEC | VM_SHARED;

	for_each_vma(vma, quiz_task(q, PID)->mm) {
		next = vma->vm_next;
		if (next && next->vm_start == vma->vm_end &&
		    !((vma->vm_flags ^ next->vm_flags) & shown) &&
		    !vma->vm_file == !next->vm_file &&
		    (!vma->vm_file ||
		     vma->vm_pgoff + ((vma->vm_end - vma->vm_start) >>
				      q->m->page_shift) == next->vm_pgoff))
			return true;
	}
	return false;
}

/* The calls go to the exercise, what each does to the answer. */
static bool play(struct quiz *q)
{
	unsigned steps = quiz_between(q, 5, 7);
	struct area_story s = {.nr = 0};
	bool good = true;

	quiz_do(q, "file " FILE_PATH " size 128K");
	quiz_do(q, "%u spawn", PID);
	for (unsigned i = 0; i < steps && good; i++) {
		good = do_step(q, &s, i) && !has_twins(q);
		tell_areas(q, &s);
	}
	return good && s.merges && s.splits &&
	       quiz_task(q, PID)->mm->map_count > 2;
}

enum quiz_result quiz_maps(struct quiz *q)
{
	bool good;

	if (quiz_machine(q, NULL, "memory=64M", NULL))
		return QUIZ_BAD;
	quiz_say(q,
		 "A process without any memory area makes these calls; fd is the open file " FILE_PATH ".",
		 "メモリ領域を 1 つも持たないプロセスが次の呼び出しを行う。fd は " FILE_PATH " を開いたものである。");
	quiz_begin(q);
	quiz_answer(q);
	quiz_begin(q);
	good = play(q);
	quiz_end(q);
	quiz_exercise(q);
	quiz_end(q);
	quiz_say(q,
		 "What does /proc/PID/maps say afterwards (addresses, rights, offsets, file)? Which calls split areas, which merge them?",
		 "その後、/proc/PID/maps には何が表示されるか（アドレス、許可、オフセット、ファイル）。領域を分割する呼び出し、併合する呼び出しはどれか。");
	return good ? QUIZ_FINE : QUIZ_AGAIN;
}
