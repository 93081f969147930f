/*
 * test_text_diff.c - differences of random texts, against a patch applied by
 * the test and against the longest common subsequence by brute force.
 */
#include "cmd/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MOST 24

static const struct diff_style plain = {false, 0};

static char *diff_of(const char *a, const char *b, struct diff_count *n)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	*n = text_diff((struct text){a, strlen(a)},
		       (struct text){b, strlen(b)}, "a", "b", &plain, out);
	fclose(out);
	return text;
}

static void says(const char *a, const char *b, const char *want)
{
	struct diff_count n;
	char *got = diff_of(a, b, &n);

	cr_assert_str_eq(got, want);
	free(got);
}

Test(text_diff, pictures)
{
	says("a\nb\n", "a\nb\n", "");
	says("", "x\n", "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+x\n");
	says("x\n", "", "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-x\n");
	says("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nV\n6\n7\n8\n9\n",
	     "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+V\n 6\n 7\n 8\n");
	says("a\nb", "a\nb\n",
	     "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n"
	     "\\ No newline at end of file\n+b\n");
}

static void append(char *to, const char *line)
{
	size_t n = strlen(to);

	to[n] = line[0];
	to[n + 1] = line[1];
	to[n + 2] = '\0';
}

/* a, read along the diff, must give b. */
static void apply(const char *a, const char *diff, char *to)
{
	unsigned line = 1, from, ignored;

	to[0] = '\0';
	diff = strchr(strchr(diff, '\n') + 1, '\n') + 1;
	for (; *diff; diff = strchr(diff, '\n') + 1) {
		if (sscanf(diff, "@@ -%u,%u", &from, &ignored) == 2) {
			from += !ignored;
			for (; line < from; line++, a += 2)
				append(to, a);
			continue;
		}
		if (*diff != '+') {
			cr_assert_eq(*a, diff[1]);
			a += 2;
			line++;
		}
		if (*diff != '-')
			append(to, diff + 1);
	}
	strcat(to, a);
}

static unsigned common(const char *a, const char *b)
{
	unsigned t[MOST + 1][MOST + 1] = {{0}};
	size_t na = strlen(a) / 2, nb = strlen(b) / 2;

	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++) {
			unsigned best = t[i][j + 1] > t[i + 1][j]
						? t[i][j + 1]
						: t[i + 1][j];

			t[i + 1][j + 1] = a[2 * i] == b[2 * j] ? t[i][j] + 1
							       : best;
		}
	return t[na][nb];
}

static void random_text(char *to, unsigned *seed)
{
	unsigned n = (unsigned)rand_r(seed) % MOST;

	for (unsigned i = 0; i < n; i++) {
		*to++ = (char)('a' + rand_r(seed) % 4);
		*to++ = '\n';
	}
	*to = '\0';
}

Test(text_diff, random_texts)
{
	char a[2 * MOST + 1], b[2 * MOST + 1], back[4 * MOST + 1];
	unsigned seed = 7;

	for (unsigned i = 0; i < 3000; i++) {
		struct diff_count n;
		char *diff;

		random_text(a, &seed);
		random_text(b, &seed);
		diff = diff_of(a, b, &n);
		cr_assert_eq(n.removed, strlen(a) / 2 - common(a, b));
		cr_assert_eq(n.added, strlen(b) / 2 - common(a, b));
		if (strcmp(a, b)) {
			apply(a, diff, back);
			cr_assert_str_eq(back, b);
		}
		free(diff);
	}
}

Test(text_diff, too_many_differences)
{
	char *a = calloc(1, 20001), *b = calloc(1, 20001);
	struct diff_count n;

	for (unsigned i = 0; i < 10000; i++) {
		memcpy(a + 2 * i, "a\n", 2);
		memcpy(b + 2 * i, "b\n", 2);
	}
	n = text_diff((struct text){a, 20000}, (struct text){b, 20000}, "a",
		      "b", &plain, NULL);
	cr_assert_eq(n.removed, 10000);
	cr_assert_eq(n.added, 10000);
	free(a);
	free(b);
}

Test(text_diff, cut)
{
	struct diff_style three = {false, 3};
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	text_diff((struct text){"", 0}, (struct text){"1\n2\n3\n4\n5\n", 10},
		  "a", "b", &three, out);
	fclose(out);
	cr_assert_str_eq(text, "--- a\n+++ b\n@@ -0,0 +1,5 @@\n+1\n+2\n+3\n"
			       "... and 2 more lines of this difference\n");
	free(text);
}

/* ---- masks ---- */

static void masks(const char *ignore, const char *file, const char *from,
		  const char *want)
{
	struct strings list = {.nr = 0};
	struct text to;
	bool counts;

	strings_add(&list, ignore);
	counts = mask_text((struct text){from, strlen(from)}, file, &list, &to);
	cr_assert_eq(counts, want != NULL);
	if (want)
		cr_assert(to.len == strlen(want) &&
				  !memcmp(to.bytes, want, to.len),
			  "%.*s", (int)to.len, to.bytes);
	free((char *)to.bytes);
	strings_free(&list);
}

Test(check_mask, files)
{
	masks("slabinfo", "slabinfo", "x\n", NULL);
	masks("slabinfo", "12.slabinfo", "x\n", NULL);
	masks("slabinfo", "sub/12.slabinfo", "x\n", NULL);
	masks("12.slabinfo", "12.slabinfo", "x\n", NULL);
	masks("sub/mine.txt", "sub/mine.txt", "x\n", NULL);
	masks("slabinfo", "slabinfo2", "x\n", "x\n");
	masks("maps", "9.maps.100", "x\n", NULL);
}

Test(check_mask, fields)
{
	masks("slabinfo.num_objs", "3.slabinfo",
	      "# name   <active_objs> <num_objs>\ndentry    7     9  1\n",
	      "# name   <active_objs> <num_objs>\ndentry 7 ~ 1\n");
	masks("slabinfo.dentry", "slabinfo", "dentry  7  9\nfilp  1  2\n",
	      "dentry ~\nfilp  1  2\n");
	masks("meminfo.MemFree", "meminfo",
	      "MemTotal:  10 kB\nMemFree:   3 kB\n",
	      "MemTotal:  10 kB\nMemFree: ~\n");
	masks("buddyinfo.Normal", "buddyinfo",
	      "Node 0, zone  Normal   1  2\n", "Node 0, zone Normal ~\n");
	masks("outcomes.minflt", "outcomes", "3: minflt=1 majflt=0\n4: ok\n",
	      "3: minflt=~ majflt=0\n4: ok\n");
	masks("stats.minor faults", "stats", "minor faults   5\nmajor 1\n",
	      "minor faults ~\nmajor 1\n");
	masks("statm.2", "1.statm.100", "9 8 7\n", "9 ~ 7\n");
	masks("statm.shared", "1.statm.100", "9 8 7\n", "9 8 ~\n");
	masks("maps.inode", "maps.100", "1-2 r-xp 0 08:01 100  /lib/a\n",
	      "1-2 r-xp 0 08:01 ~ /lib/a\n");
	masks("vmstat.pgfault", "vmstat", "pgfault 5\npgfaults 6\n",
	      "pgfault ~\npgfaults 6\n");
}
