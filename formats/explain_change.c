/*
 * explain_change.c - what is otherwise than before: two snapshots compared.
 *
 * A snapshot (explain_snapshot.c) holds what is worth comparing. Page-table
 * entries are not in it: those that were written told so themselves (PTE_SET).
 *
 *   before ─┐
 *           ├─► lines: process, area, entry, frame, cache, zone, counter
 *   after  ─┘
 *
 * Lists are in a fixed order on both sides (areas by address, processes by
 * pid), so they are compared like sorted files.
 */
#include "formats/explain_snapshot.h"
#include "formats/json.h"
#include "formats/report.h"
#include "formats/memory_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINES 32u /* of one kind; the rest is counted */

/* ---- lines ---- */

/* Where a difference belongs; what is 0 is not said. */
struct place {
	const char *kind;
	uint32_t pid;
	bool has_address, has_frame;
	uint64_t address;
	pfn_t frame;
	uint32_t frames;
};

struct changes {
	const struct explain *e;
	enum lang lang;
	bool json;
	FILE *out;
	uint64_t nr; /* lines written */
	char *text;  /* of the line that is being made */
	size_t size;
	FILE *line;
	uint64_t of_kind; /* lines of this kind so far */
};

static const char *arrow(void)
{
	return " → ";
}

static FILE *line_begin(struct changes *c)
{
	c->line = memory_stream(&c->e->m->host, &c->text, &c->size);
	return c->line;
}

static void write_json_line(struct changes *c, const struct place *p)
{
	fputs(c->nr ? ", {\"kind\": " : "{\"kind\": ", c->out);
	json_string(p->kind, strlen(p->kind), c->out);
	fputs(", \"text\": ", c->out);
	json_string(c->text, c->size, c->out);
	if (p->pid)
		fprintf(c->out, ", \"pid\": %u", p->pid);
	if (p->has_address)
		fprintf(c->out, ", \"address\": %" PRIu64, p->address);
	if (p->has_frame)
		fprintf(c->out, ", \"frame\": %u, \"frames\": %u", p->frame,
			p->frames);
	putc('}', c->out);
}

/* The line is complete. */
static void line_end(struct changes *c, const struct place *p)
{
	fclose(c->line);
	if (c->json)
		write_json_line(c, p);
	else if (c->of_kind < MAX_LINES)
		fprintf(c->out, "  %s\n", c->text);
	free(c->text);
	c->nr++;
	c->of_kind++;
}

/* Text says honestly how many lines of a kind it left out; JSON has all. */
static void kind_end(struct changes *c, uint64_t lost)
{
	uint64_t left = c->of_kind > MAX_LINES && !c->json ?
				c->of_kind - MAX_LINES :
				0;

	if (!c->json && left + lost)
		fprintf(c->out,
			c->lang == LANG_JA ? "  ... ほか %" PRIu64 " 行\n" :
					     "  ... %" PRIu64 " lines more\n",
			left + lost);
	c->of_kind = 0;
}

/* ---- processes ---- */

static const char *say(const struct changes *c, const char *en,
			     const char *ja)
{
	return c->lang == LANG_JA ? ja : en;
}

static void task_line(struct changes *c, const struct task_counts *old,
		      const struct task_counts *new)
{
	static const struct task_counts none;
	const struct task_counts *a = old ? old : &none, *b = new ? new : &none;
	struct place p = {.kind = "process", .pid = new ? new->pid : old->pid};
	FILE *f = line_begin(c);

	fprintf(f, "%s %u:", say(c, "process", "プロセス"), p.pid);
	if (!old)
		fputs(say(c, " new", " 新規"), f);
	else if (!new)
		fputs(say(c, " gone", " 消滅"), f);
	else if (new->zombie && !old->zombie)
		fputs(say(c, " ended", " 終了"), f);
	for (unsigned i = 0; i < NR_TASK_COUNTS; i++)
		if (a->count[i] != b->count[i])
			fprintf(f, " %s %" PRId64 "%s%" PRId64,
				task_count_names[i], a->count[i], arrow(),
				b->count[i]);
	line_end(c, &p);
}

static bool task_differs(const struct task_counts *a, const struct task_counts *b)
{
	return a->zombie != b->zombie ||
	       memcmp(a->count, b->count, sizeof(a->count)) != 0;
}

static void compare_tasks(struct changes *c)
{
	const struct snapshot *a = c->e->before, *b = c->e->after;
	uint32_t i = 0, k = 0;

	while (i < a->nr_tasks || k < b->nr_tasks) {
		const struct task_counts *x = i < a->nr_tasks ? &a->task[i] : NULL;
		const struct task_counts *y = k < b->nr_tasks ? &b->task[k] : NULL;

		if (x && y && x->pid == y->pid) {
			if (task_differs(x, y))
				task_line(c, x, y);
			i++;
			k++;
		} else if (x && (!y || x->pid < y->pid)) {
			task_line(c, x, NULL);
			i++;
		} else {
			task_line(c, NULL, y);
			k++;
		}
	}
	kind_end(c, 0);
}

/* ---- areas ---- */

static void write_area(const struct area_state *a, FILE *f)
{
	fprintf(f, "%08" PRIx64 "-%08" PRIx64 " ", a->start, a->end);
	write_vm_flags(a->flags, f);
	if (a->anon_vma)
		fprintf(f, " anon_vma #%u", a->anon_vma);
}

static void area_line(struct changes *c, const struct area_state *old,
		      const struct area_state *new)
{
	const struct area_state *a = new ? new : old;
	const struct place p = {.kind = "area", .pid = a->pid,
				.has_address = true, .address = a->start};
	FILE *f = line_begin(c);

	fprintf(f, "%s %u: ", say(c, "area of", "メモリ領域"), a->pid);
	if (old) {
		fputs(new ? "" : "- ", f);
		write_area(old, f);
	}
	if (old && new)
		fputs(arrow(), f);
	if (new) {
		fputs(old ? "" : "+ ", f);
		write_area(new, f);
	}
	line_end(c, &p);
}

static bool area_differs(const struct area_state *a, const struct area_state *b)
{
	return a->end != b->end || a->flags != b->flags ||
	       a->pgoff != b->pgoff || a->anon_vma != b->anon_vma;
}

static void compare_areas(struct changes *c)
{
	const struct snapshot *a = c->e->before, *b = c->e->after;
	uint32_t i = 0, k = 0;

	while (i < a->nr_areas || k < b->nr_areas) {
		const struct area_state *x = i < a->nr_areas ? &a->area[i] : NULL;
		const struct area_state *y = k < b->nr_areas ? &b->area[k] : NULL;
		int order = !x ? 1 : !y ? -1 : 0;

		if (x && y && (x->pid != y->pid || x->start != y->start))
			order = by_pid_and_start(x, y);
		if (order < 0)
			area_line(c, x, NULL);
		else if (order > 0)
			area_line(c, NULL, y);
		else if (area_differs(x, y))
			area_line(c, x, y);
		i += order <= 0;
		k += order >= 0;
	}
	kind_end(c, 0);
}

/* ---- page-table entries ---- */

static uint32_t pid_of_mm(const struct snapshot *s, uint64_t mm)
{
	for (uint32_t i = 0; i < s->nr_tasks; i++)
		if (s->task[i].mm == mm)
			return s->task[i].pid;
	return 0;
}

static void write_entry(const struct changes *c, uint64_t v, FILE *f)
{
	if (v)
		write_pte(c->e->m, __pte(v), f);
	else
		fputs(say(c, "empty", "空"), f);
}

static void compare_entries(struct changes *c)
{
	for (uint32_t i = 0; i < c->e->nr_entries; i++) {
		const struct entry_change *e = &c->e->entry[i];
		struct place p = {.kind = "entry", .has_address = true,
				  .address = e->addr};
		FILE *f;

		if (e->old == e->new)
			continue;
		p.pid = pid_of_mm(c->e->after, e->mm);
		if (!p.pid)
			p.pid = pid_of_mm(c->e->before, e->mm);
		f = line_begin(c);
		fprintf(f, "%s %u 0x%08" PRIx64 ": ",
			say(c, "entry of", "エントリ"), p.pid, e->addr);
		write_entry(c, e->old, f);
		fputs(arrow(), f);
		write_entry(c, e->new, f);
		line_end(c, &p);
	}
	kind_end(c, c->e->lost_entries);
}

/* ---- frames ---- */

static bool same_change(const struct snapshot *a, const struct snapshot *b,
			pfn_t x, pfn_t y)
{
	return !memcmp(&a->frame[x], &a->frame[y], sizeof(a->frame[x])) &&
	       !memcmp(&b->frame[x], &b->frame[y], sizeof(b->frame[x]));
}

/* What a frame is now, or was. */
static void write_use(const struct changes *c, const struct frame_state *old,
		      const struct frame_state *new, FILE *f)
{
	if (!old->count && new->count)
		fputs(say(c, " allocated, count", " 確保、参照カウンタ"), f);
	else if (old->count && !new->count)
		fputs(say(c, " freed, count", " 解放、参照カウンタ"), f);
	else
		fputs(say(c, " count", " 参照カウンタ"), f);
	fprintf(f, " %d%s%d", old->count, arrow(), new->count);
	if (old->mapcount | new->mapcount)
		fprintf(f, ", mapcount %d%s%d", old->mapcount, arrow(),
			new->mapcount);
}

static void frames_line(struct changes *c, pfn_t pfn, uint32_t n)
{
	const struct place p = {.kind = "frame", .has_frame = true,
				.frame = pfn, .frames = n};
	FILE *f = line_begin(c);

	fprintf(f, "%s 0x%05x", say(c, n > 1 ? "frames" : "frame",
					   "フレーム"), pfn);
	if (n > 1)
		fprintf(f, "-0x%05x", pfn + n - 1);
	putc(':', f);
	write_use(c, &c->e->before->frame[pfn], &c->e->after->frame[pfn], f);
	line_end(c, &p);
}

static void compare_frames(struct changes *c)
{
	const struct snapshot *a = c->e->before, *b = c->e->after;

	for (pfn_t pfn = 0; pfn < a->nr_frames; pfn++) {
		uint32_t n = 1;

		if (!memcmp(&a->frame[pfn], &b->frame[pfn], sizeof(*a->frame)))
			continue;
		while (pfn + n < a->nr_frames &&
		       same_change(a, b, pfn, pfn + n))
			n++;
		frames_line(c, pfn, n);
		pfn += n - 1;
	}
	kind_end(c, 0);
}

/* ---- caches, zones, counters ---- */

static const struct cache_state *find_cache(const struct snapshot *s,
					    const struct cache_state *like)
{
	for (uint32_t i = 0; i < s->nr_caches; i++)
		if (s->cache[i].kobj == like->kobj &&
		    !strcmp(s->cache[i].name, like->name))
			return &s->cache[i];
	return NULL;
}

static void cache_line(struct changes *c, const struct cache_state *old,
		       const struct cache_state *new)
{
	static const struct cache_state none;
	const struct place p = {.kind = "cache"};
	const struct cache_state *a = old ? old : &none, *b = new ? new : &none;
	FILE *f;

	if (old && new && a->live == b->live && a->slabs == b->slabs)
		return;
	f = line_begin(c);
	fprintf(f, "%s %s:", say(c, "cache", "キャッシュ"),
		new ? new->name : old->name);
	if (!old || !new)
		fputs(old ? say(c, " gone", " 消滅") :
			    say(c, " new", " 新規"), f);
	fprintf(f, " %s %u%s%u", say(c, "objects", "オブジェクト"),
		a->live, arrow(), b->live);
	if (a->slabs != b->slabs)
		fprintf(f, ", %s %u%s%u", say(c, "slabs", "スラブ"),
			a->slabs, arrow(), b->slabs);
	line_end(c, &p);
}

static void compare_caches(struct changes *c)
{
	const struct snapshot *a = c->e->before, *b = c->e->after;

	for (uint32_t i = 0; i < b->nr_caches; i++)
		cache_line(c, find_cache(a, &b->cache[i]), &b->cache[i]);
	for (uint32_t i = 0; i < a->nr_caches; i++)
		if (!find_cache(b, &a->cache[i]))
			cache_line(c, &a->cache[i], NULL);
	kind_end(c, 0);
}

static void compare_zones(struct changes *c)
{
	const struct snapshot *a = c->e->before, *b = c->e->after;
	const struct place p = {.kind = "zone"};

	for (unsigned z = 0; z < MAX_NR_ZONES; z++) {
		FILE *f;

		if (!memcmp(a->zone[z], b->zone[z], sizeof(a->zone[z])))
			continue;
		f = line_begin(c);
		fprintf(f, "%s %s:", say(c, "zone", "ゾーン"),
			c->e->m->zone[z].name);
		for (unsigned i = 0; i <= NR_VM_ZONE_STAT_ITEMS; i++)
			if (a->zone[z][i] != b->zone[z][i])
				fprintf(f, " %s %" PRId64 "%s%" PRId64,
					i < NR_VM_ZONE_STAT_ITEMS ?
						zone_stat_text[i] :
						"pcp",
					a->zone[z][i], arrow(), b->zone[z][i]);
		line_end(c, &p);
	}
	kind_end(c, 0);
}

static void compare_counters(struct changes *c)
{
	const struct snapshot *a = c->e->before, *b = c->e->after;
	const struct place p = {.kind = "counters"};
	FILE *f;

	if (!memcmp(a->event, b->event, sizeof(a->event)))
		return;
	f = line_begin(c);
	fprintf(f, "%s:", say(c, "counters", "カウンタ"));
	for (unsigned i = 0; i < NR_VM_EVENT_ITEMS; i++)
		if (a->event[i] != b->event[i])
			fprintf(f, " %s +%" PRIu64, vm_event_text[i],
				b->event[i] - a->event[i]);
	line_end(c, &p);
	kind_end(c, 0);
}

/* ---- all ---- */

static void compare(struct changes *c)
{
	compare_tasks(c);
	compare_areas(c);
	compare_entries(c);
	compare_frames(c);
	compare_caches(c);
	compare_zones(c);
	compare_counters(c);
}

void explain_changes_text(const struct explain *e, enum lang lang, FILE *out)
{
	struct changes c = {.e = e, .lang = lang, .out = out};

	compare(&c);
}

void explain_changes_json(const struct explain *e, enum lang lang, FILE *out)
{
	struct changes c = {.e = e, .lang = lang, .json = true, .out = out};

	putc('[', out);
	compare(&c);
	putc(']', out);
}
