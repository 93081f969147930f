/* test_graph_figures.c - figures of structures: what is drawn is what is. */
#include "core/filemap.h"
#include "core/memory.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/rmap.h"
#include "core/task.h"
#include "formats/area.h"
#include "formats/figure.h"
#include "formats/gnuplot.h"
#include "formats/page_runs.h"
#include "formats/timeline.h"
#include "tests/core/machine_fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x20000000ull
#define R PROT_READ_EMU
#define W PROT_WRITE_EMU
#define FIXED MAP_FIXED_EMU
#define PRIVATE (MAP_PRIVATE_EMU | FIXED)
#define ANON (PRIVATE | MAP_ANONYMOUS_EMU)

static struct machine *boot(void)
{
	struct machine_config cfg;

	machine_config_default(&cfg);
	cfg.memory = 64u << 20;
	return make_machine(&cfg);
}

static struct task_struct *spawn(struct machine *m, uint32_t pid)
{
	struct task_struct *t;

	cr_assert_eq(task_spawn(m, pid, "prog", &t), 0);
	m->current = t;
	return t;
}

static void touch(struct task_struct *t, vaddr_t addr, uint64_t len,
		  enum access_kind kind)
{
	struct access_result res;

	t->m->current = t;
	access_range(t, addr, len, 0, kind, &res);
	cr_assert_eq(res.signal, 0);
}

static void map(struct task_struct *t, vaddr_t addr, uint64_t len,
		unsigned flags, struct file *file, uint64_t offset)
{
	t->m->current = t;
	cr_assert_eq(sys_mmap(t, addr, len, R | W, flags, file, offset), addr);
}

/* The figure as text; NULL: it cannot be drawn, and why says why. */
static char *draw(const char *kind, const struct machine *m,
		  struct figure_options o, char why[200])
{
	struct svg s = {.theme = svg_theme_find("color"),
			.width = 1280, .height = 720, .font = 16};
	char *text = NULL;
	size_t size = 0;
	int ret;

	s.out = open_memstream(&text, &size);
	ret = figure_find(kind)->draw(m, &o, &s);
	fclose(s.out);
	if (!ret)
		return text;
	strcpy(why, s.why);
	free(text);
	return NULL;
}

static unsigned occurrences(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* ---- page_runs ---- */

/* What the letters of an area's pages say: one a page. */
static void expect_runs(const struct vm_area_struct *vma, const char *letters)
{
	static const char name[NR_PAGE_BACKINGS + 1] = "-cfaz$k";
	uint64_t count[NR_PAGE_BACKINGS], pages = 0;
	char got[200];
	struct page_run run;
	size_t n = 0;

	for (vaddr_t at = vma->vm_start; at < vma->vm_end; at = run.end) {
		run = page_run(vma, at);
		cr_assert_eq(run.start, at);
		cr_assert_gt(run.end, at);
		if (n)
			cr_expect_neq(got[n - 1], name[run.kind],
				      "a run goes as far as it can");
		for (vaddr_t a = at; a < run.end; a += 4096)
			got[n++] = name[run.kind];
	}
	got[n] = '\0';
	cr_expect_str_eq(got, letters);
	page_run_counts(vma, count);
	for (unsigned i = 0; i < NR_PAGE_BACKINGS; i++) {
		unsigned want = 0;

		for (const char *l = letters; *l; l++)
			want += *l == name[i];
		cr_expect_eq(count[i], want);
		pages += count[i];
	}
	cr_expect_eq(pages, strlen(letters));
}

Test(graph_figures, pages_by_what_backs_them)
{
	struct machine *m = boot();
	struct task_struct *t = spawn(m, 100);
	struct file *file = open_rw(m, "/bin/f", 8 << 12, true, FS_EXT2);

	map(t, BASE, 8 << 12, PRIVATE, file, 0);
	map(t, BASE + (16 << 12), 6 << 12, ANON, NULL, 0);
	expect_runs(find_vma(t->mm, BASE), "cccccccc");
	expect_runs(find_vma(t->mm, BASE + (16 << 12)), "------");
	touch(t, BASE + 0x1000, 1, ACCESS_READ);
	touch(t, BASE + 0x5000, 0x2000, ACCESS_WRITE);
	touch(t, BASE + (17 << 12), 1, ACCESS_READ);
	touch(t, BASE + (18 << 12), 2 << 12, ACCESS_WRITE);
	expect_runs(find_vma(t->mm, BASE), "cfcccaac");
	expect_runs(find_vma(t->mm, BASE + (16 << 12)), "-zaa--");
	fput(m, file);
	machine_destroy(m);
}

Test(graph_figures, a_cold_file_is_not_in_the_cache)
{
	struct machine *m = boot();
	struct task_struct *t = spawn(m, 100);
	struct inode *inode;
	struct file *file;

	inode = declare_file(m, "/bin/f", 4 << 12, false, FS_EXT2);
	file = file_open(m, inode);
	cr_assert_eq(page_cache_read(m, &inode->i_data, 2), 0);
	map(t, BASE, 4 << 12, PRIVATE, file, 0);
	expect_runs(find_vma(t->mm, BASE), "--c-");
	fput(m, file);
	machine_destroy(m);
}

/* ---- areas ---- */

Test(graph_figures, flags_in_words)
{
	struct vm_area_struct vma = {.vm_flags = VM_READ | VM_GROWSDOWN |
						 VM_MAYWRITE};
	char buf[AREA_TEXT];

	area_flags(&vma, buf);
	cr_expect_str_eq(buf, "READ|GROWSDOWN");
	vma.vm_flags = VM_MAYREAD;
	area_flags(&vma, buf);
	cr_expect_str_eq(buf, "0");
	vma.vm_flags = UINT32_MAX; /* all of them fit */
	area_flags(&vma, buf);
	cr_expect(strstr(buf, "MERGEABLE"));
}

/* ---- the tree ---- */

static unsigned count_red(const struct mm_struct *mm)
{
	const struct vm_area_struct *vma;
	unsigned n = 0;

	for_each_vma (vma, mm)
		n += vma->vm_rb.red;
	return n;
}

/* Every other page an area of its own. */
static void map_areas(struct task_struct *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		map(t, BASE + i * 0x2000, 4096, ANON, NULL, 0);
}

Test(graph_figures, rbtree_has_the_colours_of_the_tree)
{
	char why[200], red[] = "fill=\"#d9482b\"", black[] = "fill=\"#1a1a1a\"";

	for (unsigned n = 1; n <= 14; n++) {
		struct machine *m = boot();
		struct task_struct *t = spawn(m, 100);
		char *text, want[40];
		unsigned legend = 1;

		map_areas(t, n);
		text = draw("rbtree", m, (struct figure_options){.task = t},
			    why);
		cr_assert(text);
		/* a node is a frame with two lines of its colour in it; ink is
		 * of the black node's colour, so nodes are counted by frames */
		cr_expect_eq(occurrences(text, red),
			     3 * count_red(t->mm) + legend, "%u areas", n);
		cr_expect_geq(occurrences(text, black), 3 * (n - count_red(t->mm)));
		for (unsigned i = 0; i < n; i++) {
			snprintf(want, sizeof(want), "%08" PRIx64,
				 (uint64_t)BASE + i * 0x2000);
			cr_expect(strstr(text, want), "%s of %u", want, n);
		}
		free(text);
		machine_destroy(m);
	}
}

Test(graph_figures, what_does_not_fit_is_counted)
{
	struct machine *m = boot();
	struct task_struct *t = spawn(m, 100);
	struct figure_options o = {.task = t};
	unsigned counted = 0, drawn;
	char why[200], *text, *at;

	map_areas(t, 300);
	text = draw("rbtree", m, o, why);
	cr_assert(text);
	for (at = text; (at = strstr(at, ">\xe2\x80\xa6 ")); at += 4) {
		unsigned n = 0;

		cr_assert_eq(sscanf(at + 5, "%u", &n), 1);
		counted += n;
	}
	drawn = occurrences(text, "<g><title>");
	cr_expect_eq(drawn + counted, 300, "%u + %u", drawn, counted);
	free(text);
	text = draw("tasks", m, o, why);
	cr_assert(text);
	drawn = occurrences(text, ">vm_area_struct ");
	at = strstr(text, ">\xe2\x80\xa6 ");
	cr_assert(at);
	cr_expect_eq(drawn + (unsigned)atoi(at + 5), 300);
	free(text);
	machine_destroy(m);
}

Test(graph_figures, without_areas_there_is_nothing_to_draw)
{
	struct machine *m = boot();
	struct figure_options o = {.task = spawn(m, 100)};
	char why[200];

	cr_expect_null(draw("rbtree", m, o, why));
	cr_expect_str_eq(why, "process 100 has no areas, so there is no tree");
	cr_expect_null(draw("vma-backing", m, o, why));
	cr_expect_str_eq(why, "process 100 has no areas");
	cr_expect_null(draw("anon-vma", m, o, why));
	cr_expect(strstr(why, "has no area with an anon_vma"));
	cr_expect_null(draw("cow", m, o, why));
	cr_expect_str_eq(why, "expected a point before, to compare with");
	cr_expect_null(draw("timeline", m, o, why));
	cr_expect_str_eq(why, "there is no event to show");
	machine_destroy(m);
}

/* ---- reverse mapping ---- */

static struct task_struct *fork_one(struct task_struct *t, uint32_t pid)
{
	struct task_struct *child;

	t->m->current = t;
	cr_assert_eq(do_fork(t, 0, pid, &child), 0);
	return child;
}

Test(graph_figures, anon_vma_shows_each_chain)
{
	struct machine *m = boot();
	struct task_struct *t = spawn(m, 100), *child;
	struct anon_vma_chain *avc;
	char why[200], want[40], *text;

	map(t, BASE, 4 << 12, ANON, NULL, 0);
	touch(t, BASE, 4 << 12, ACCESS_WRITE);
	child = fork_one(t, 101);
	touch(child, BASE, 1, ACCESS_WRITE);
	text = draw("anon-vma", m, (struct figure_options){.task = t}, why);
	cr_assert(text);
	cr_expect_eq(occurrences(text, ">avc "), 3);
	list_for_each_entry (avc, &child->mm->mmap->anon_vma_chain, same_vma) {
		snprintf(want, sizeof(want), ">avc %08" PRIx64 "<", avc->kobj);
		cr_expect(strstr(text, want), "%s", want);
	}
	cr_expect(strstr(text, ">pages: 1<"), "the child's copy");
	cr_expect(strstr(text, ">pages: 4<"), "the parent's");
	cr_expect(strstr(text, "index 20000 x1<"));
	cr_expect(strstr(text, "index 20001 x2<"));
	free(text);
	machine_destroy(m);
}

Test(graph_figures, a_shared_mm_is_shown_once)
{
	struct machine *m = boot();
	struct task_struct *t = spawn(m, 100), *thread;
	char why[200], *text;

	map(t, BASE, 1 << 12, ANON, NULL, 0);
	touch(t, BASE, 1, ACCESS_WRITE);
	fork_one(t, 101);
	m->current = t;
	cr_assert_eq(do_fork(t, CLONE_VM_EMU, 102, &thread), 0);
	text = draw("anon-vma", m, (struct figure_options){.task = t}, why);
	cr_assert(text);
	cr_expect_eq(occurrences(text, ">avc "), 3, "not once more for 102");
	free(text);
	text = draw("tasks", m, (struct figure_options){.task = t}, why);
	cr_assert(text);
	cr_expect_eq(occurrences(text, ">mm_users<"), 1);
	cr_expect_eq(occurrences(text, ">task_struct<"), 3);
	free(text);
	machine_destroy(m);
}

/* Two machines, of which one went further. */
Test(graph_figures, cow_marks_what_changed)
{
	struct machine *m[2];
	struct task_struct *t[2], *child;
	char why[200], *text;

	for (unsigned i = 0; i < 2; i++) {
		m[i] = boot();
		t[i] = spawn(m[i], 100);
		map(t[i], BASE, 3 << 12, ANON, NULL, 0);
		touch(t[i], BASE, 3 << 12, ACCESS_WRITE);
		child = fork_one(t[i], 101);
		if (i)
			touch(child, BASE + 0x1000, 1, ACCESS_WRITE);
	}
	text = draw("cow", m[1],
		    (struct figure_options){.task = t[1], .before = m[0]}, why);
	cr_assert(text);
	/* the child's entry and its new frame */
	cr_expect_eq(occurrences(text, "stroke=\"#c8321e\" stroke-width=\"3\""),
		     2);
	cr_expect_eq(occurrences(text, ">RW=1 "), 1);
	cr_expect_eq(occurrences(text, ">RW=0 "), 11);
	cr_expect_eq(occurrences(text, " x2 "), 5);
	cr_expect_eq(occurrences(text, " x1 "), 2);
	free(text);
	machine_destroy(m[0]);
	machine_destroy(m[1]);
}

/* ---- over time ---- */

Test(graph_figures, a_timeline_keeps_its_size)
{
	struct machine *m = boot();
	struct timeline tl;

	spawn(m, 100);
	timeline_init(&tl, &m->host);
	for (uint64_t e = 0; e <= 5001; e++)
		timeline_event(&tl, m, e, e == 5001);
	timeline_event(&tl, m, 5001, true);
	cr_expect_leq(tl.nr, TIMELINE_POINTS);
	cr_expect_geq(tl.nr, TIMELINE_POINTS / 2);
	cr_expect_eq(tl.point[tl.nr - 1].event, 5001);
	for (unsigned i = 1; i < tl.nr; i++)
		cr_expect_gt(tl.point[i].event, tl.point[i - 1].event);
	for (unsigned i = 0; i + 1 < tl.nr; i++)
		cr_expect_eq(tl.point[i].event % tl.every, 0);
	timeline_destroy(&tl);
	machine_destroy(m);
}

Test(graph_figures, more_processes_than_curves_are_counted)
{
	struct machine *m = boot();
	struct timeline tl;
	char why[200], *text;

	for (unsigned i = 0; i < TIMELINE_PROCESSES + 3; i++) {
		struct task_struct *t = spawn(m, 100 + i);

		map(t, BASE, 8 << 12, ANON, NULL, 0);
		touch(t, BASE, (1 + i % 7) << 12, ACCESS_WRITE);
	}
	timeline_init(&tl, &m->host);
	timeline_event(&tl, m, 1, true);
	cr_expect_eq(tl.nr_processes, TIMELINE_PROCESSES);
	cr_expect_eq(tl.other_processes, 3);
	text = draw("timeline", m, (struct figure_options){.timeline = &tl},
		    why);
	cr_assert(text);
	cr_expect(strstr(text, "\xe2\x80\xa6 30 more"), "35, five of them shown");
	/* the largest: 7 pages */
	cr_expect(strstr(text, "title '106 prog'"));
	cr_expect_null(strstr(text, "title '100 prog'"));
	free(text);
	timeline_destroy(&tl);
	machine_destroy(m);
}

Test(graph_figures, gnuplot_expands_nothing)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	gnuplot_text("it's `rm` \"x\"\n", out);
	fclose(out);
	cr_expect_str_eq(text, "'it''s `rm` \"x\"?'");
	free(text);
}
