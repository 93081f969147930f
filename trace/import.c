/*
 * import.c - what all importers share: events on their way out, runs of
 * accesses, notes, the table of formats.
 *
 * Runs: accesses of one kind at equal distances, in one direction, with nothing
 * between them, become one `stride` event of as many accesses. None of them may
 * cross a page, so nothing about the machine is lost.
 *
 * An access is taken where its process has an area. The first one outside all
 * areas tells where the stack is; below a stack it makes the stack grow, as the
 * kernel would; any other is left out and counted, for in the emulated machine
 * it would kill the process.
 */
#include "trace/import_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MIN_RUN 4
#define STACK_LIMIT (UINT64_C(8) << 20)
/* Strings and vectors that lie above a program's first stack pointer. */
#define STACK_HEAD (UINT64_C(128) << 10)

const struct import_format import_formats[] = {
	{"lackey", "valgrind --tool=lackey: accesses and calls", import_lackey,
	 true},
	{"strace", "strace -f: memory and process calls", import_strace, true},
	{"perf", "perf script: page faults, memory samples", import_perf,
	 false},
	{"kmem", "ftrace or perf script: the kernel's allocations", import_kmem,
	 false},
	{"din", "DineroIV: kind and address a line", import_din, false},
	{"csv", "columns of addresses, kinds, sizes, processes", import_csv,
	 false},
	{"champsim", "ChampSim: instructions of 64 bytes", import_champsim,
	 false},
	{"dynamorio", "DynamoRIO's drmemtrace: the view tool's text",
	 import_dynamorio, false},
};
const unsigned nr_import_formats = ARRAY_SIZE(import_formats);

const struct import_format *import_format_find(const char *name)
{
	for (unsigned i = 0; i < nr_import_formats; i++)
		if (!strcmp(import_formats[i].name, name))
			return &import_formats[i];
	return NULL;
}

/* ---- events ---- */

void im_set(struct event *ev, unsigned slot, uint64_t value)
{
	ev->x[slot] = (struct quantity){value, 0, 0};
	ev->has |= (uint8_t)(1u << slot);
}

static void hand_on(struct import *im, const struct im_process *p,
		    struct event *ev)
{
	if (event_types[ev->kind].actor == ACTOR_PID)
		ev->pid = p->pid;
	ev->line = ++im->n->statements + 1; /* behind "mmemu-trace 1" */
	im->sink->event(im->sink->ctx, ev);
}

void im_event(struct import *im, struct im_process *p, struct event *ev)
{
	im_flush(im);
	im->n->calls++;
	hand_on(im, p, ev);
}

static void hand_on_run(struct import *im, const struct im_run *run,
			uint32_t count)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = run->kind;
	im_set(&ev, X_ADDR, run->addr);
	if (count > 1) {
		im_set(&ev, X_LEN, (count - 1) * run->stride + 1);
		im_set(&ev, X_ARG, run->stride);
	} else if (run->size != 1) {
		im_set(&ev, X_LEN, run->size);
	}
	hand_on(im, run->p, &ev);
}

void im_flush(struct import *im)
{
	struct im_run run = im->run;

	im->run.count = 0;
	if (run.count >= MIN_RUN) {
		hand_on_run(im, &run, run.count);
		return;
	}
	for (; run.count; run.count--) {
		hand_on_run(im, &run, 1);
		run.addr += run.stride;
	}
}

static bool in_one_page(uint64_t addr, uint64_t size)
{
	return addr % IM_PAGE + size <= IM_PAGE;
}

/* Does the access go on with the run that is waiting? */
static bool extends(const struct im_run *run, const struct im_process *p,
		    unsigned kind, uint64_t addr, uint32_t size)
{
	if (!run->count || run->kind != kind || addr <= run->last ||
	    run->size != size || run->p != p || !in_one_page(addr, size) ||
	    run->count == UINT32_MAX)
		return false;
	return run->count == 1 ? in_one_page(run->addr, size) &&
					 addr - run->last <= IM_PAGE
			       : addr - run->last == run->stride;
}

void im_put_access(struct import *im, struct im_process *p, unsigned kind,
		   uint64_t addr, uint32_t size)
{
	struct im_run *run = &im->run;

	im->n->accesses++;
	if (extends(run, p, kind, addr, size)) {
		run->stride = addr - run->last;
		run->last = addr;
		run->count++;
		return;
	}
	im_flush(im);
	*run = (struct im_run){.p = p,
			       .kind = (uint8_t)kind,
			       .addr = addr,
			       .last = addr,
			       .count = 1,
			       .size = size};
}

/* ---- accesses and areas ---- */

static struct im_area *last_area(struct im_mm *mm, unsigned kind, uint64_t addr)
{
	unsigned i = mm->last[kind];

	if (i < mm->areas.nr && addr >= mm->areas.tab[i].start &&
	    addr < mm->areas.tab[i].end)
		return &mm->areas.tab[i];
	return NULL;
}

/* Below the stack: it grows. */
static struct im_area *grow_stack(struct import *im, struct im_mm *mm,
				  uint64_t addr)
{
	struct im_area area, *lowest;

	if (!mm->stack_hi || addr >= mm->stack_lo ||
	    addr < mm->stack_hi - STACK_LIMIT)
		return NULL;
	lowest = im_area_find(&mm->areas, mm->stack_lo, NULL);
	if (!lowest) /* the program unmapped it */
		return NULL;
	area = *lowest;
	area.start = IM_PAGE_DOWN(addr);
	area.end = mm->stack_lo;
	im_areas_map(im, &mm->areas, &area);
	mm->stack_lo = area.start;
	return im_area_find(&mm->areas, addr, NULL);
}

static struct im_area *area_of(struct import *im, struct im_process *p,
			       unsigned kind, uint64_t addr)
{
	struct im_mm *mm = p->mm;
	struct im_area *area = last_area(mm, kind, addr);

	if (area)
		return area;
	area = im_area_find(&mm->areas, addr, NULL);
	if (!area && im->make_area) {
		im->make_area(im, p, addr);
		area = im_area_find(&mm->areas, addr, NULL);
	} else if (!area && !mm->stack_hi && kind != EV_FETCH &&
		   addr < IM_ADDR_MAX) {
		im_stack(im, p, IM_PAGE_DOWN(addr) + STACK_HEAD);
		area = im_area_find(&mm->areas, addr, NULL);
	}
	if (!area)
		area = grow_stack(im, mm, addr);
	if (area)
		mm->last[kind] = (unsigned)(area - mm->areas.tab);
	return area;
}

void im_access(struct import *im, struct im_process *p, unsigned kind,
	       uint64_t addr, uint64_t size)
{
	if (im->opt->max_accesses && im->n->accesses >= im->opt->max_accesses)
		return;
	while (size) {
		struct im_area *area = area_of(im, p, kind, addr);
		uint64_t n;

		if (!area) {
			im->note[NOTE_OUTSIDE]++;
			return;
		}
		n = min_t(uint64_t, size, area->end - addr);
		n = min_t(uint64_t, n, UINT32_MAX);
		if (area->flags & IMA_LEFT_OUT)
			im->note[NOTE_NO_ACCESS]++;
		else if (area->flags & IMA_PAST_END)
			im->note[NOTE_PAST_END]++;
		else
			im_put_access(im, p, kind, addr + (uint64_t)area->delta,
				      (uint32_t)n);
		addr += n;
		size -= n;
	}
}

/* ---- words ---- */

uint32_t im_name(struct import *im, const char *text)
{
	return names_intern(im->names, text, strlen(text));
}

void im_mark(struct import *im, const char *name)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MARK;
	ev.name = im_name(im, name);
	im_event(im, NULL, &ev);
}

void im_note(struct import *im, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (im->sink->note)
		im->sink->note(im->sink->ctx, text);
}

void im_pass_over(struct import *im, const char *name, size_t len)
{
	unsigned i;

	len = min_t(size_t, len, sizeof(im->unknown[0].name) - 1);
	for (i = 0; i < im->nr_unknown; i++)
		if (!strncmp(im->unknown[i].name, name, len) &&
		    !im->unknown[i].name[len])
			break;
	if (i == IM_MAX_UNKNOWN)
		i--; /* the last row stands for all others */
	else if (i == im->nr_unknown) {
		im->nr_unknown++;
		if (i == IM_MAX_UNKNOWN - 1)
			strcpy(im->unknown[i].name, "others");
		else
			memcpy(im->unknown[i].name, name, len);
	}
	im->unknown[i].count++;
}

/* "passed over: 12 access, 8 fstat, 3 others" in one line */
static void tell_unknown(struct import *im)
{
	char text[400];
	size_t at = 0;
	uint64_t rest = 0;

	if (!im->nr_unknown)
		return;
	for (unsigned i = 0; i < im->nr_unknown; i++) {
		const struct im_unknown *u = &im->unknown[i];

		if (at > sizeof(text) - 80) {
			rest += u->count;
			continue;
		}
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s%llu %s", at ? ", " : "",
				       (unsigned long long)u->count, u->name);
	}
	if (rest)
		snprintf(text + at, sizeof(text) - at, ", %llu others",
			 (unsigned long long)rest);
	im_note(im, "passed over: %s", text);
}

static void tell_notes(struct import *im)
{
	static const char *const text[NR_IM_NOTES] = {
		[NOTE_OUTSIDE] = "accesses outside every known area are left out",
		[NOTE_NO_PLACE] = "mappings have no place below 3 GiB and are left out (--wide keeps 64-bit addresses)",
		[NOTE_NO_ACCESS] = "accesses to mappings that are left out are left out too",
		[NOTE_PAST_END] = "accesses behind the end of a file as it is now are left out",
		[NOTE_NO_IMAGE] = "programs could not be read: what they map themselves is not known",
		[NOTE_NO_PARENT] = "processes began before the recording: what they had mapped is not known",
		[NOTE_GUESSED] = "children ran before their parent was known: the oldest unfinished fork is taken for theirs",
		[NOTE_CUT_CALL] = "calls never returned and are left out",
		[NOTE_UNPLACED] = "images stand where they would without randomisation: no call tells where they were",
	};

	for (unsigned i = 0; i < NR_IM_NOTES; i++)
		if (im->note[i])
			im_note(im, "%llu %s",
				(unsigned long long)im->note[i], text[i]);
}

int import_run(const struct import_format *format,
	       const struct import_options *opt, const struct host_ops *host,
	       struct names *names, const struct import_sink *sink,
	       struct import_counts *counts, const char **input,
	       struct trace_error *error)
{
	struct import *im;
	int ret;

	host = host ? host : &host_default_ops;
	im = host_alloc(host, sizeof(*im));
	memset(counts, 0, sizeof(*counts));
	memset(error, 0, sizeof(*error));
	im->opt = opt;
	im->host = host;
	im->names = names;
	im->sink = sink;
	im->n = counts;
	im->error = error;
	im->next_pid = opt->first_pid;
	im->bad_input = opt->inputs[0];
	ret = format->run(im);
	if (!ret) {
		im_flush(im);
		tell_unknown(im);
		tell_notes(im);
	}
	*input = im->bad_input;
	im_processes_free(im);
	host_free(host, im->file_size,
		  im->nr_file_size * sizeof(*im->file_size));
	host_free(host, im, sizeof(*im));
	return ret;
}
