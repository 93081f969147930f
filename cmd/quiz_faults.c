/*
 * quiz_faults.c - the exercises `faults` and `cow`: accesses, a fork, and the
 * frames afterwards.
 *
 * The story is told in the words of the trace language; labels stand for the
 * areas, "heap+2p" is the third page of heap.
 */
#include "cmd/quiz.h"
#include "core/mm.h"
#include "core/task.h"

#include <stdarg.h>
#include <string.h>

#define PARENT 100u
#define CHILD 101u
#define GRANDCHILD 102u
#define LINE 80

/* A statement of the story: into the exercise, and done. */
__attribute__((format(printf, 2, 3))) static void
tell(struct quiz *q, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	quiz_exercise(q);
	quiz_line(q, "%s", line);
	quiz_do(q, "%s", line);
	quiz_answer(q);
	quiz_line(q, "%s", line);
}

/* ---- faults ---- */

static const struct fault_area {
	const char *label, *rest; /* of the mmap statement */
	unsigned base, pages, weight;
} fault_areas[] = {
	{"heap", "rw- private anon fixed", 0x20000000, 4, 3},
	{"data", "rw- private file /etc/data 0 fixed", 0x30000000, 3, 2},
	{"log", "rw- shared file /var/log 0 fixed", 0x40000000, 2, 1},
};

struct fault_story {
	uint64_t before[NR_FAULT_HANDLERS];
	unsigned kinds, quiet, steps; /* handlers seen; accesses without fault */
	bool used[NR_FAULT_HANDLERS];
};

static const struct fault_area *draw_area(struct quiz *q)
{
	unsigned lot = quiz_below(q, 6), i = 0;

	while (lot >= fault_areas[i].weight)
		lot -= fault_areas[i++].weight;
	return &fault_areas[i];
}

/* What the access did: the outcome, and which handlers had work. */
static void answer_access(struct quiz *q, struct fault_story *s)
{
	const uint64_t *now = q->m->stats.faults;
	char text[64];
	bool any = false;

	for (unsigned i = 0; i < NR_FAULT_HANDLERS; i++) {
		if (now[i] == s->before[i])
			continue;
		quiz_line(q, "    %s: %s", quiz_outcome(q, text, sizeof(text)),
			  fault_handler_names[i]);
		s->kinds += !s->used[i];
		s->used[i] = any = true;
	}
	if (!any)
		quiz_line(q, "    %s", quiz_outcome(q, text, sizeof(text)));
	s->quiet += !any;
	memcpy(s->before, now, sizeof(s->before));
}

static void one_access(struct quiz *q, struct fault_story *s, unsigned pids)
{
	const struct fault_area *a = draw_area(q);
	unsigned pid = PARENT + quiz_below(q, pids);
	unsigned page = quiz_below(q, min_t(unsigned, a->pages, 2 + a->weight / 2));

	tell(q, "%u %s %s+%up", pid, quiz_chance(q, 2) ? "read" : "write",
	     a->label, page);
	answer_access(q, s);
}

static void play_faults(struct quiz *q, struct fault_story *s)
{
	unsigned before = quiz_between(q, 4, 6), after = quiz_between(q, 5, 7);

	for (unsigned i = 0; i < before; i++)
		one_access(q, s, 1);
	tell(q, "%u fork %u", PARENT, CHILD);
	memcpy(s->before, q->m->stats.faults, sizeof(s->before));
	for (unsigned i = 0; i < after; i++)
		one_access(q, s, 2);
}

/* Frames of the report with more than one address. */
static unsigned shared_frames(const struct quiz *q)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(fault_areas); i++)
		for (unsigned p = 0; p < fault_areas[i].pages; p++) {
			vaddr_t addr = fault_areas[i].base +
				       p * PAGE_SIZE(q->m);
			pfn_t pfn = quiz_frame(q, PARENT, addr);

			n += pfn && pfn != q->m->zero_pfn &&
			     pfn == quiz_frame(q, CHILD, addr);
		}
	return n;
}

static void map_areas(struct quiz *q)
{
	quiz_do(q, "%u spawn", PARENT);
	for (unsigned i = 0; i < ARRAY_SIZE(fault_areas); i++) {
		const struct fault_area *a = &fault_areas[i];

		quiz_do(q, "%u mmap 0x%x %up %s -> %s", PARENT, a->base,
			a->pages, a->rest, a->label);
		quiz_line(q, "%-4s 0x%x, %u pages, %.*s", a->label, a->base,
			  a->pages, (int)strlen(a->rest) - 6, a->rest);
	}
}

enum quiz_result quiz_faults(struct quiz *q)
{
	struct fault_story s = {.kinds = 0};
	bool warm = quiz_chance(q, 2);

	if (quiz_machine(q, NULL, "memory=64M", NULL))
		return QUIZ_BAD;
	quiz_do(q, "file /etc/data size 3p %s", warm ? "warm" : "cold");
	quiz_do(q, "file /var/log size 2p warm");
	quiz_say(q, "Process %u has these areas, none of whose pages was touched:",
		 "プロセス %u は次の領域を持ち、どのページにもまだ触れていない。",
		 PARENT);
	quiz_begin(q);
	map_areas(q);
	quiz_end(q);
	if (warm)
		quiz_say(q, "Both files are in the page cache.",
			 "ファイルは 2 つともページキャッシュにある。");
	else
		quiz_say(q,
			 "/var/log is in the page cache, /etc/data is not; a read-ahead reads the whole of it.",
			 "/var/log はページキャッシュにあり、/etc/data はない。先読みはファイル全体を読み込む。");
	quiz_say(q, "Then this happens (heap+2p is the third page of heap):",
		 "その後、次のことが起こる（heap+2p は heap の 3 番目のページ）。");
	quiz_begin(q);
	quiz_answer(q);
	quiz_begin(q);
	play_faults(q, &s);
	quiz_end(q);
	quiz_exercise(q);
	quiz_end(q);
	quiz_say(q,
		 "Which accesses cause a page fault, is it a minor or a major one, and which handler does the work? Which pages share a frame at the end?",
		 "どのアクセスでページフォールトが起きるか。それはマイナーかメジャーか。どのハンドラが処理するか。最後に、どのページがページフレームを共有しているか。");
	quiz_answer(q);
	quiz_say(q, "Frames at the end:", "最後のページフレーム:");
	quiz_begin(q);
	quiz_report(q, "frames", 0);
	quiz_end(q);
	return s.kinds > 2 && s.quiet && s.used[FAULT_WP_COPY] &&
			       shared_frames(q) ?
		       QUIZ_FINE :
		       QUIZ_AGAIN;
}

/* ---- cow ---- */

#define HEAP 0x20000000u
#define MOST_PAGES 4u
#define PROCESSES 3u

struct cow_story {
	unsigned pages, copies, reuses;
	bool lives[PROCESSES];
};

static unsigned any_process(struct quiz *q, const struct cow_story *s)
{
	unsigned p;

	do {
		p = quiz_below(q, PROCESSES);
	} while (!s->lives[p]);
	return p;
}

static void one_write(struct quiz *q, struct cow_story *s)
{
	unsigned pid = PARENT + any_process(q, s);
	const struct observation *o;

	tell(q, "%u write heap+%up", pid, quiz_below(q, s->pages));
	if ((o = quiz_saw(q, OBS_COW_COPY))) {
		s->copies++;
		quiz_line(q, "    copied: %llu mappings before",
			  (unsigned long long)o->d);
	} else if (quiz_saw(q, OBS_COW_REUSE)) {
		s->reuses++;
		quiz_line(q, "    reused: the only mapping");
	} else {
		quiz_line(q, "    no fault");
	}
}

static void play_cow(struct quiz *q, struct cow_story *s)
{
	unsigned writes = quiz_between(q, 1, 3);

	s->lives[0] = s->lives[1] = true;
	tell(q, "%u fork %u", PARENT, CHILD);
	for (unsigned i = 0; i < writes; i++)
		one_write(q, s);
	tell(q, "%u fork %u", PARENT + quiz_below(q, 2), GRANDCHILD);
	s->lives[2] = true;
	writes = quiz_between(q, 2, 4);
	for (unsigned i = 0; i < writes; i++)
		one_write(q, s);
	if (!quiz_chance(q, 3)) {
		unsigned p = any_process(q, s);

		tell(q, "%u exit", PARENT + p);
		s->lives[p] = false;
		one_write(q, s);
	}
}

/* Each frame once: at the first process and page that maps it. */
static bool seen_before(const struct quiz *q, unsigned process, unsigned page)
{
	vaddr_t addr = HEAP + page * PAGE_SIZE(q->m);
	pfn_t pfn = quiz_frame(q, PARENT + process, addr);

	for (unsigned p = 0; p < process; p++)
		if (quiz_frame(q, PARENT + p, addr) == pfn)
			return true;
	return false;
}

static void answer_frame(struct quiz *q, unsigned process, unsigned page)
{
	vaddr_t addr = HEAP + page * PAGE_SIZE(q->m);
	pfn_t pfn = quiz_frame(q, PARENT + process, addr);
	const struct page *frame = pfn_to_page(q->m, pfn);
	char who[LINE] = "";
	size_t len = 0;

	for (unsigned p = process; p < PROCESSES; p++)
		if (quiz_frame(q, PARENT + p, addr) == pfn)
			len += (size_t)snprintf(who + len, sizeof(who) - len,
						" %u", PARENT + p);
	quiz_line(q, "heap+%up of%-12s mapcount %d, count %d", page, who,
		  page_mapcount(frame), page_count(frame));
}

/* Number of frames. */
static unsigned answer_frames(struct quiz *q, const struct cow_story *s)
{
	unsigned n = 0;

	quiz_begin(q);
	for (unsigned page = 0; page < s->pages; page++)
		for (unsigned p = 0; p < PROCESSES; p++)
			if (s->lives[p] && !seen_before(q, p, page)) {
				answer_frame(q, p, page);
				n++;
			}
	quiz_line(q, "%u frames, %u copies, %u reused", n, s->copies,
		  s->reuses);
	quiz_end(q);
	return n;
}

/* New pages wait in a per-CPU vector for the LRU list, which holds a reference.
 * An munmap empties it, so that counts are those of the mappings. */
static void drain_pagevecs(struct quiz *q, const struct cow_story *s)
{
	unsigned p = 0;

	while (!s->lives[p])
		p++;
	quiz_do(q, "%u munmap heap+16p 1p", PARENT + p);
}

enum quiz_result quiz_cow(struct quiz *q)
{
	struct cow_story s = {.pages = quiz_between(q, 2, MOST_PAGES)};

	if (quiz_machine(q, NULL, "memory=64M", NULL))
		return QUIZ_BAD;
	quiz_do(q, "%u spawn", PARENT);
	quiz_do(q, "%u mmap 0x%x %up rw- private anon fixed -> heap", PARENT,
		HEAP, s.pages);
	quiz_do(q, "%u mmap heap+16p 1p rw- private anon fixed", PARENT);
	quiz_do(q, "%u write heap %up", PARENT, s.pages);
	quiz_say(q,
		 "Process %u has written to all %u pages of the anonymous private area heap. Then this happens (heap+1p is the second page):",
		 "プロセス %u は、無名で private な領域 heap の %u ページすべてに書き込んだ。その後、次のことが起こる（heap+1p は 2 番目のページ）。",
		 PARENT, s.pages);
	quiz_begin(q);
	quiz_answer(q);
	quiz_begin(q);
	play_cow(q, &s);
	quiz_end(q);
	quiz_exercise(q);
	quiz_end(q);
	quiz_say(q,
		 "Which writes copy a page, which reuse it, which cause no fault? How many frames does heap take in all at the end? Who maps each of them, and what are its mapcount (mappings) and its count (references; none waits for an LRU list)?",
		 "ページをコピーする書き込み、再利用する書き込み、フォールトを起こさない書き込みはどれか。最後に heap は全部で何ページフレームを占めるか。それぞれをどのプロセスがマップし、その mapcount（マッピングの数）と count（参照の数。LRU リストに入るのを待っているものはない）はいくつか。");
	quiz_answer(q);
	drain_pagevecs(q, &s);
	answer_frames(q, &s);
	return s.copies && s.reuses ? QUIZ_FINE : QUIZ_AGAIN;
}
