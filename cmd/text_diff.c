/*
 * text_diff.c - the shortest way from one text to another (Myers 1986).
 *
 * Lines equal at both ends are taken off first. Then, for d = 0, 1, 2 ... the
 * furthest point that d insertions and deletions reach is kept for each
 * diagonal k = x - y:
 *
 *	      b →            on diagonal k after d steps:
 *	  +---+---+---+        from k-1 by a step right (delete a[x]) or
 *	a |\  |   |   |        from k+1 by a step down (insert b[y]),
 *	↓ +---+---+---+        whichever is further, then along the equal lines
 *	  |   |\  |   |
 *	  +---+---+---+
 *
 * All rounds are kept, so the way is found backwards from the end. Texts with
 * more than MAX_STEPS differences are shown as one removed and one new block.
 *
 * Not `diff`: a user's machine may not have one, and JSON wants the numbers.
 */
#include "cmd/text_diff.h"
#include "cmd/command.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 1200
#define CONTEXT 3

struct side {
	struct text *line;
	char *changed; /* by line: removed from a, new in b */
	size_t nr;
};

static void *room(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		cmd_host.fail(cmd_host.ctx, n * size);
	return p;
}

static void split(struct side *s, struct text t)
{
	size_t nr = 0;

	for (size_t i = 0; i < t.len; i++)
		nr += t.bytes[i] == '\n';
	nr += t.len && t.bytes[t.len - 1] != '\n';
	s->nr = nr;
	s->line = room(nr, sizeof(*s->line));
	s->changed = room(nr, 1);
	for (size_t i = 0, at = 0; i < nr; i++) {
		const char *end = memchr(t.bytes + at, '\n', t.len - at);
		size_t next = end ? (size_t)(end - t.bytes) + 1 : t.len;

		s->line[i] = (struct text){t.bytes + at, next - at};
		at = next;
	}
}

static void free_side(struct side *s)
{
	free(s->line);
	free(s->changed);
}

static bool same(const struct text *a, const struct text *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

/* ---- the way from a to b ---- */

struct middle { /* what is between the equal ends */
	struct side *a, *b;
	long from, na, nb;
};

/* Round d of furthest points begins at [d * d] and has diagonals -d ... d. */
static inline int *furthest(int *rounds, long d, long k)
{
	return &rounds[d * d + d + k];
}

static long walk_equal(const struct middle *m, long x, long k)
{
	while (x < m->na && x - k < m->nb &&
	       same(&m->a->line[m->from + x], &m->b->line[m->from + x - k]))
		x++;
	return x;
}

/* Does the best way to diagonal k in round d come from above, k + 1? */
static bool comes_down(int *rounds, long d, long k)
{
	if (k == -d)
		return true;
	if (k == d)
		return false;
	return *furthest(rounds, d - 1, k - 1) < *furthest(rounds, d - 1, k + 1);
}

/* The number of steps, or -1: too many. */
static long find_way(const struct middle *m, int *rounds)
{
	for (long d = 0; d <= MAX_STEPS; d++) {
		for (long k = -d; k <= d; k += 2) {
			long x = 0;

			if (d && comes_down(rounds, d, k))
				x = *furthest(rounds, d - 1, k + 1);
			else if (d)
				x = *furthest(rounds, d - 1, k - 1) + 1;
			x = walk_equal(m, x, k);
			*furthest(rounds, d, k) = (int)x;
			if (x == m->na && x - k == m->nb)
				return d;
		}
	}
	return -1;
}

static void mark_way(const struct middle *m, int *rounds, long d)
{
	long k = m->na - m->nb;

	for (; d > 0; d--) {
		bool down = comes_down(rounds, d, k);
		long x;

		k += down ? 1 : -1;
		x = *furthest(rounds, d - 1, k);
		if (down)
			m->b->changed[m->from + x - k] = 1;
		else
			m->a->changed[m->from + x] = 1;
	}
}

static void compare(struct side *a, struct side *b)
{
	size_t least = a->nr < b->nr ? a->nr : b->nr, head = 0, tail = 0;
	struct middle m = {.a = a, .b = b};
	int *rounds;
	long d;

	while (head < least && same(&a->line[head], &b->line[head]))
		head++;
	while (tail < least - head &&
	       same(&a->line[a->nr - 1 - tail], &b->line[b->nr - 1 - tail]))
		tail++;
	m.from = (long)head;
	m.na = (long)(a->nr - head - tail);
	m.nb = (long)(b->nr - head - tail);
	rounds = room((MAX_STEPS + 1l) * (MAX_STEPS + 1l), sizeof(*rounds));
	d = find_way(&m, rounds);
	if (d >= 0) {
		mark_way(&m, rounds, d);
	} else {
		memset(a->changed + head, 1, (size_t)m.na);
		memset(b->changed + head, 1, (size_t)m.nb);
	}
	free(rounds);
}

/* ---- the diff as text ---- */

struct printer {
	FILE *out;
	const struct diff_style *style;
	unsigned long lines, left_out;
};

static void print_line(struct printer *p, char mark, const struct text *t)
{
	static const char *const colours[] = {"\033[31m", "\033[32m"};
	bool colour = p->style->colour && mark != ' ';
	size_t n = t->len;

	if (p->style->lines && p->lines >= p->style->lines) {
		p->left_out++;
		return;
	}
	p->lines++;
	n -= n && t->bytes[n - 1] == '\n';
	fprintf(p->out, "%s%c", colour ? colours[mark == '+'] : "", mark);
	fwrite(t->bytes, 1, n, p->out);
	fputs(colour ? "\033[m\n" : "\n", p->out);
	if (n == t->len)
		fputs("\\ No newline at end of file\n", p->out);
}

static void print_at(struct printer *p, size_t a, size_t na, size_t b,
		     size_t nb)
{
	bool colour = p->style->colour;

	if (p->style->lines && p->lines >= p->style->lines)
		return;
	fprintf(p->out, "%s@@ -%zu,%zu +%zu,%zu @@%s\n", colour ? "\033[36m" : "",
		na ? a + 1 : a, na, nb ? b + 1 : b, nb, colour ? "\033[m" : "");
}

/* The equal lines from here on, at most `most`. */
static size_t run_of_equal(const struct side *a, const struct side *b, size_t i,
			   size_t j, size_t most)
{
	size_t n = 0;

	while (n < most && i + n < a->nr && j + n < b->nr &&
	       !a->changed[i + n] && !b->changed[j + n])
		n++;
	return n;
}

/* Where the hunk ends that begins with changed lines at i, j. */
static void hunk_end(const struct side *a, const struct side *b, size_t *i,
		     size_t *j)
{
	for (;;) {
		size_t n;

		while (*i < a->nr && a->changed[*i])
			++*i;
		while (*j < b->nr && b->changed[*j])
			++*j;
		n = run_of_equal(a, b, *i, *j, 2 * CONTEXT + 1);
		if (n > 2 * CONTEXT || (*i + n == a->nr && *j + n == b->nr)) {
			n = n < CONTEXT ? n : CONTEXT;
			*i += n;
			*j += n;
			return;
		}
		*i += n;
		*j += n;
	}
}

static void print_hunk(struct printer *p, const struct side *a,
		       const struct side *b, size_t i, size_t j, size_t end_a,
		       size_t end_b)
{
	print_at(p, i, end_a - i, j, end_b - j);
	while (i < end_a || j < end_b) {
		if (i < end_a && a->changed[i]) {
			print_line(p, '-', &a->line[i++]);
		} else if (j < end_b && b->changed[j]) {
			print_line(p, '+', &b->line[j++]);
		} else {
			print_line(p, ' ', &a->line[i++]);
			j++;
		}
	}
}

static void print_diff(struct printer *p, const struct side *a,
		       const struct side *b)
{
	size_t i = 0, j = 0;

	for (;;) {
		size_t n = run_of_equal(a, b, i, j, a->nr), before, ea, eb;

		i += n;
		j += n;
		if (i == a->nr && j == b->nr)
			break;
		before = n < CONTEXT ? n : CONTEXT;
		ea = i;
		eb = j;
		hunk_end(a, b, &ea, &eb);
		print_hunk(p, a, b, i - before, j - before, ea, eb);
		i = ea;
		j = eb;
	}
	if (p->left_out)
		fprintf(p->out, "... and %lu more lines of this difference\n",
			p->left_out);
}

static unsigned long count(const struct side *s)
{
	unsigned long n = 0;

	for (size_t i = 0; i < s->nr; i++)
		n += (unsigned long)s->changed[i];
	return n;
}

struct diff_count text_diff(struct text a, struct text b, const char *name_a,
			    const char *name_b, const struct diff_style *style,
			    FILE *out)
{
	struct printer p = {.out = out, .style = style};
	struct diff_count n = {0, 0};
	struct side sa, sb;

	if (same(&a, &b))
		return n;
	split(&sa, a);
	split(&sb, b);
	compare(&sa, &sb);
	n.removed = count(&sa);
	n.added = count(&sb);
	if (out) {
		fprintf(out, style->colour ? "\033[1m--- %s\n+++ %s\033[m\n"
					   : "--- %s\n+++ %s\n",
			name_a, name_b);
		print_diff(&p, &sa, &sb);
	}
	free_side(&sa);
	free_side(&sb);
	return n;
}
