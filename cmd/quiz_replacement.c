/*
 * quiz_replacement.c - the exercise `replacement`: a reference string, some
 * frames, four rules (core/policy.c). The answer is the table as one draws it:
 *
 *            1 2 3 4 1 2 5 1 2 3 4 5
 *   frame 0  1 1 1 4 4 4 5 5 5 5 5 5
 *   frame 1    2 2 2 1 1 1 1 1 3 3 3
 *   frame 2      3 3 3 2 2 2 2 2 4 4
 *   fault    * * * * * * *     * *
 */
#include "cmd/quiz.h"
#include "core/policy.h"

#include <string.h>

#define MAX_REFERENCES 16u
#define MAX_FRAMES 4u
#define BASE 0x10000000u

struct string {
	unsigned page[MAX_REFERENCES], nr, pages, frames;
	struct reference_string refs;
};

/* What lies in the frames, filled in by the faults as they are told. */
struct picture {
	const struct string *s;
	uint32_t frame[MAX_FRAMES]; /* pages by the policy's number */
	size_t done;		    /* columns drawn */
	char cell[MAX_FRAMES][MAX_REFERENCES];
	bool fault[MAX_REFERENCES];
};

/* Pages 1 to 5 or 6, none twice in a row; sometimes one of those just used. */
static void draw_string(struct quiz *q, struct string *s)
{
	s->nr = quiz_between(q, 12, MAX_REFERENCES);
	s->pages = quiz_between(q, 5, 6);
	s->frames = quiz_between(q, 3, MAX_FRAMES);
	for (unsigned i = 0; i < s->nr; i++) {
		do {
			s->page[i] = i > 2 && quiz_chance(q, 3) ?
					     s->page[i - 2 - quiz_below(q, 2)] :
					     quiz_between(q, 1, s->pages);
		} while (i && s->page[i] == s->page[i - 1]);
	}
}

static char page_name(const struct picture *p, uint32_t number)
{
	const struct reference_string *refs = &p->s->refs;

	for (size_t i = 0; i < refs->nr; i++)
		if (refs->page[i] == number)
			return (char)('0' + p->s->page[i]);
	return ' ';
}

/* The columns from the last fault on, up to before reference `to`. */
static void draw_columns(struct picture *p, size_t to)
{
	for (; p->done < to; p->done++)
		for (unsigned f = 0; f < p->s->frames; f++)
			p->cell[f][p->done] = page_name(p, p->frame[f]);
}

static void on_fault(void *ctx, size_t at, uint32_t victim)
{
	struct picture *p = ctx;
	unsigned f = 0;

	draw_columns(p, at);
	while (p->frame[f] != victim)
		f++;
	p->frame[f] = p->s->refs.page[at];
	p->fault[at] = true;
}

static void row(struct quiz *q, const struct string *s, const char *name,
		const char *cell)
{
	char text[2 * MAX_REFERENCES + 1];
	unsigned len = 0;

	for (unsigned i = 0; i < s->nr; i++) {
		text[len++] = ' ';
		text[len++] = cell[i];
	}
	while (len && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	quiz_line(q, "%-8s%s", name, text);
}

static uint64_t draw_policy(struct quiz *q, const struct string *s,
			    enum policy policy)
{
	struct picture p = {.s = s};
	struct policy_watch watch = {&p, on_fault};
	uint64_t faults = policy_run(&s->refs, policy, s->frames, &watch);
	char cell[MAX_REFERENCES], name[24];

	draw_columns(&p, s->nr);
	for (unsigned i = 0; i < s->nr; i++)
		cell[i] = (char)('0' + s->page[i]);
	quiz_begin(q);
	row(q, s, policy_names[policy], cell);
	for (unsigned f = 0; f < s->frames; f++) {
		snprintf(name, sizeof(name), "frame %u", f);
		row(q, s, name, p.cell[f]);
	}
	for (unsigned i = 0; i < s->nr; i++)
		cell[i] = p.fault[i] ? '*' : ' ';
	row(q, s, "fault", cell);
	quiz_line(q, "%s: %llu faults", policy_names[policy],
		  (unsigned long long)faults);
	quiz_end(q);
	return faults;
}

/* The references happen: they are what `mmemu policy` counts in the trace. */
static void refer(struct quiz *q, struct string *s)
{
	quiz_do(q, "100 spawn");
	quiz_do(q, "100 mmap 0x%x %up rw- private anon fixed", BASE,
		s->pages + 1);
	for (unsigned i = 0; i < s->nr; i++) {
		quiz_do(q, "100 read 0x%x+%up", BASE, s->page[i]);
		references_add(&s->refs, s->page[i], 1);
	}
}

static void print_string(struct quiz *q, const struct string *s)
{
	char text[2 * MAX_REFERENCES];

	for (unsigned i = 0; i < s->nr; i++) {
		text[2 * i] = (char)('0' + s->page[i]);
		text[2 * i + 1] = ' ';
	}
	quiz_say(q, "A process refers to these pages, in this order:",
		 "あるプロセスが次のページをこの順に参照する。");
	quiz_begin(q);
	quiz_line(q, "%.*s", 2 * (int)s->nr - 1, text);
	quiz_end(q);
	quiz_say(q,
		 "It has %u frames, empty at first. Which references fault under FIFO, clock (second chance; a page comes in with its bit set), LRU and OPT? How many faults does each rule cause?",
		 "ページフレームは %u 個あり、最初は空である。FIFO、クロック（セカンドチャンス。読み込まれたページの参照ビットは 1）、LRU、OPT のそれぞれで、どの参照がページフォールトになるか。フォールトはそれぞれ何回か。",
		 s->frames);
}

enum quiz_result quiz_replacement(struct quiz *q)
{
	enum quiz_result result = quiz_machine(q, NULL, "memory=64M", NULL);
	uint64_t faults[NR_POLICIES];
	struct string s;

	if (result != QUIZ_FINE)
		return result;
	memset(&s, 0, sizeof(s));
	references_init(&s.refs, &cmd_host);
	draw_string(q, &s);
	refer(q, &s);
	print_string(q, &s);
	quiz_answer(q);
	for (unsigned p = 0; p < NR_POLICIES; p++)
		faults[p] = draw_policy(q, &s, p);
	quiz_say(q,
		 "(Where OPT may choose, because several pages are not used again, any choice gives the same number.)",
		 "（OPT で、二度と使われないページが複数あるときは、どれを選んでも回数は同じである。）");
	/* no point if the rules differ in nothing */
	if (faults[POLICY_FIFO] == faults[POLICY_LRU] ||
	    faults[POLICY_OPT] == faults[POLICY_LRU])
		result = QUIZ_AGAIN;
	references_destroy(&s.refs);
	return result;
}
