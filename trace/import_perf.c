/*
 * import_perf.c - perf script: page faults and memory samples as accesses.
 *
 *	dash 28700/28700 4711.25: PERF_RECORD_COMM exec: dash:28700/28700
 *	dash 28700/28700 4711.25: PERF_RECORD_MMAP2 28700/28700: [0x55d6515be000(0x22000) @ 0 fe:00 247230 0]: r--p /usr/bin/dash
 *	dash 28700/28700 4711.25: page-faults: 55d6515dd240 ffffffff817554ea
 *	dash 28700 [001] 5230.81: exceptions:page_fault_user: address=0x7f59c3bf2b70 ip=0x7f59c3bf2b70 error_code=0x14
 *
 * Processes are known by their thread number. A page-faults sample does not say
 * what the access was: at the instruction's own address it is a fetch, else a
 * write where the area may be written, else a read. exceptions:page_fault_*
 * and mem-loads, mem-stores say it.
 *
 * perf tells of a mapping that was made, not of one that went. One that covers
 * a writable area and may not be written itself is the mprotect of a loader.
 */
#include "core/mm.h"
#include "trace/import_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_HALF (UINT64_C(1) << 63)
#define MMAP_64 UINT64_C(0x700000000000)

struct perf {
	struct import *im;
	struct im_log log;
	uint64_t samples, records;
};

/* ---- what stands before an event ---- */

/* " 4711.259559: ": where it begins and where the event does. */
static const char *find_time(const char *line, const char **event)
{
	for (const char *p = strchr(line, '.'); p; p = strchr(p + 1, '.')) {
		const char *from = p, *to = p + 1;

		while (from > line && isdigit((unsigned char)from[-1]))
			from--;
		while (isdigit((unsigned char)*to))
			to++;
		if (from == p || to == p + 1 || *to != ':' || from == line ||
		    from[-1] != ' ')
			continue;
		*event = to + 1 + strspn(to + 1, " ");
		return from;
	}
	return NULL;
}

/* The thread: "28700/28702 [001] " or "28702 " before the time. */
static bool find_thread(const char *line, const char *time, uint32_t *thread)
{
	const char *p = time;

	while (p > line && p[-1] == ' ')
		p--;
	if (p > line && p[-1] == ']') {
		while (p > line && *p != '[')
			p--;
		while (p > line && p[-1] == ' ')
			p--;
	}
	if (p == line || !isdigit((unsigned char)p[-1]))
		return false;
	while (p > line && isdigit((unsigned char)p[-1]))
		p--;
	*thread = (uint32_t)strtoul(p, NULL, 10);
	return true;
}

static int too_many(struct perf *f)
{
	return im_fail(f->im, &f->log, 1, "more than %u processes",
		       TRACE_PID_MAX);
}

static struct im_process *process_of(struct perf *f, uint32_t thread)
{
	struct im_process *p = im_find(f->im, thread);

	if (p)
		return p;
	f->im->note[NOTE_NO_PARENT]++;
	p = im_spawn(f->im, thread, NULL);
	if (!p)
		too_many(f);
	return p;
}

/* ---- records ---- */

/* "(28702:28702):(28700:28700)" */
static bool two_pairs(const char *text, uint32_t n[4])
{
	return sscanf(text, "(%u:%u):(%u:%u)", &n[0], &n[1], &n[2], &n[3]) == 4;
}

static int fork_record(struct perf *f, const char *text)
{
	struct im_process *parent;
	uint32_t n[4];
	bool thread;

	if (!two_pairs(text, n))
		return im_fail(f->im, &f->log, 1, "a PERF_RECORD_FORK that cannot be read");
	if (im_find(f->im, n[1]))
		return 0;
	parent = process_of(f, n[3]);
	if (!parent)
		return -1;
	thread = n[0] == n[2];
	if (!im_fork(f->im, parent, n[1], thread ? EV_CLONE : EV_FORK, thread))
		return too_many(f);
	return 0;
}

static int exit_record(struct perf *f, const char *text)
{
	struct im_process *p;
	uint32_t n[4];

	if (!two_pairs(text, n))
		return im_fail(f->im, &f->log, 1, "a PERF_RECORD_EXIT that cannot be read");
	p = im_find(f->im, n[1]);
	if (p)
		im_exit(f->im, p, 0);
	return 0;
}

/* " exec: dash:28700/28700"; one without exec is only a name. */
static int comm_record(struct perf *f, const char *text)
{
	char name[32];
	const char *colon = strrchr(text, ':'), *slash;
	struct im_process *p;
	uint32_t thread;

	if (strncmp(text, " exec: ", 7) || !colon || colon < text + 7)
		return 0;
	slash = strchr(colon, '/');
	thread = (uint32_t)strtoul(slash ? slash + 1 : colon + 1, NULL, 10);
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text - 7),
		 text + 7);
	p = im_find(f->im, thread);
	if (!p)
		p = im_spawn(f->im, thread, name);
	if (!p)
		return too_many(f);
	im_exec_bare(f->im, p, name);
	return 0;
}

/* What is anonymous and near the program is its bss, in its window, or the
 * heap. */
static enum im_place place_of(uint64_t addr, const char *path)
{
	if (addr >= MMAP_64 || (addr >= 0xC0000000u && addr <= UINT32_MAX))
		return PLACE_MMAP;
	return path[0] == '/' && path[1] != '/' ? PLACE_PROGRAM : PLACE_HEAP;
}

/* A mapping that a loader made read-only; it was reported before. */
static bool made_read_only(struct im_process *p, const struct im_mapping *map)
{
	const struct im_area *area =
		im_area_find(&p->mm->areas, map->addr, NULL);

	return area && area->prot & PROT_WRITE_EMU &&
	       !(map->prot & PROT_WRITE_EMU) &&
	       area->end >= map->addr + map->len;
}

static void put_mapping(struct perf *f, struct im_process *p,
			struct im_mapping *map, const char *path)
{
	map->place = place_of(map->addr, path);
	if (!strcmp(path, "[stack]")) {
		im_stack(f->im, p, map->addr + map->len);
		return;
	}
	if (path[0] == '[' && strcmp(path, "[heap]")) /* [vdso], [vvar] */
		return;
	if (made_read_only(p, map)) {
		im_protect(f->im, p, map->addr, map->len, map->prot);
		return;
	}
	if (path[0] == '/' && path[1] != '/' && strncmp(path, "/dev/", 5))
		map->path = im_name(f->im, path);
	else
		map->offset = 0;
	im_map(f->im, p, map);
}

/* " 28700/28700: [0xADDR(0xLEN) @ OFFSET ...]: rw-p PATH" */
static int mmap_record(struct perf *f, const char *text)
{
	struct im_mapping map = {0};
	unsigned long long addr, len, offset;
	const char *prot, *path;
	struct im_process *p;
	unsigned pid, thread;

	if (sscanf(text, " -%u", &pid) == 1)
		return 0; /* the kernel's own */
	prot = strstr(text, "]: ");
	if (!prot || sscanf(text, " %u/%u: [0x%llx(0x%llx) @ %lli", &pid,
			    &thread, &addr, &len, (long long *)&offset) != 5)
		return im_fail(f->im, &f->log, 1,
			       "a PERF_RECORD_MMAP that cannot be read");
	prot += 3;
	path = strchr(prot, ' ');
	p = process_of(f, thread);
	if (!p)
		return -1;
	if (!path || addr >= KERNEL_HALF)
		return 0;
	map.addr = addr;
	map.len = len;
	map.offset = offset;
	for (; prot < path; prot++)
		map.prot |= *prot == 'r'   ? PROT_READ_EMU
			    : *prot == 'w' ? PROT_WRITE_EMU
			    : *prot == 'x' ? PROT_EXEC_EMU
					   : 0;
	if (path[-1] == 's')
		map.flags = EVF_SHARED;
	put_mapping(f, p, &map, path + 1);
	return 0;
}

static int record(struct perf *f, const char *text)
{
	static const struct {
		const char *word;
		int (*fn)(struct perf *f, const char *text);
	} rows[] = {
		{"MMAP2", mmap_record}, {"MMAP", mmap_record},
		{"COMM", comm_record},	{"FORK", fork_record},
		{"EXIT", exit_record},
	};

	f->records++;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = strlen(rows[i].word);

		if (strncmp(text, rows[i].word, n) || isalnum((unsigned char)text[n]))
			continue;
		text += n;
		return rows[i].fn(f, *text == ':' ? text + 1 : text);
	}
	im_pass_over(f->im, text, strcspn(text, " (:"));
	return 0;
}

/* ---- samples ---- */

/* The bare hexadecimal fields: addr, then ip. How many, at most 2. */
static unsigned hex_fields(const char *text, uint64_t value[2])
{
	unsigned n = 0;

	while (*text && n < 2) {
		size_t len, digits;

		text += strspn(text, " \t");
		len = strcspn(text, " \t");
		digits = strspn(text, "0123456789abcdef");
		if (len && digits == len && len >= 4)
			value[n++] = strtoull(text, NULL, 16);
		text += len;
	}
	return n;
}

static unsigned guessed_kind(struct im_process *p, uint64_t addr, uint64_t ip)
{
	const struct im_area *area;

	if (addr == ip)
		return EV_FETCH;
	area = im_area_find(&p->mm->areas, addr, NULL);
	return !area || area->prot & PROT_WRITE_EMU ? EV_WRITE : EV_READ;
}

/* "address=0x... ip=... error_code=0x14" */
static int fault_sample(struct perf *f, struct im_process *p, const char *text)
{
	const char *addr = strstr(text, "address="),
		   *code = strstr(text, "error_code=");
	uint64_t a, c;

	if (!addr || !code)
		return im_fail(f->im, &f->log, 1,
			       "a page fault that cannot be read, expected address= and error_code=");
	a = strtoull(addr + 8, NULL, 0);
	c = strtoull(code + 11, NULL, 0);
	if (a < KERNEL_HALF)
		im_access(f->im, p,
			  c & 0x10 ? EV_FETCH : c & 2 ? EV_WRITE : EV_READ, a,
			  1);
	return 0;
}

static int address_sample(struct perf *f, struct im_process *p,
			  const char *name, const char *text)
{
	uint64_t v[2] = {0, 1};
	unsigned n = hex_fields(text, v), kind;

	if (!n || (n == 1 && strpbrk(text + strspn(text, " "), " (")))
		return im_fail(f->im, &f->log, 1,
			       "a sample without an address, expected perf script -F comm,tid,time,event,addr,ip");
	if (v[0] >= KERNEL_HALF || !v[0])
		return 0;
	if (strstr(name, "store"))
		kind = EV_WRITE;
	else if (strstr(name, "load"))
		kind = EV_READ;
	else
		kind = guessed_kind(p, v[0], v[1]);
	im_access(f->im, p, kind, v[0], 1);
	return 0;
}

/* "1 page-faults: ..." with or without the period */
static int sample(struct perf *f, struct im_process *p, char *text)
{
	char *end;

	if (isdigit((unsigned char)*text)) {
		text += strspn(text, "0123456789");
		text += strspn(text, " ");
	}
	end = strchr(text, ' ');
	if (!end)
		return 0;
	*end = '\0';
	if (strstr(text, "page_fault_"))
		return f->samples++, fault_sample(f, p, end + 1);
	if (strstr(text, "fault") || strstr(text, "mem-") ||
	    strstr(text, "load") || strstr(text, "store"))
		return f->samples++, address_sample(f, p, text, end + 1);
	im_pass_over(f->im, text, strcspn(text, " "));
	return 0;
}

static int one_line(struct perf *f, char *line)
{
	char *rec = strstr(line, "PERF_RECORD_");
	const char *time, *event;
	struct im_process *p;
	uint32_t thread;

	if (rec)
		return record(f, rec + 12);
	time = find_time(line, &event);
	if (!time || !find_thread(line, time, &thread))
		return 0; /* of a call chain, a heading */
	p = process_of(f, thread);
	return p ? sample(f, p, line + (event - line)) : -1;
}

int import_perf(struct import *im)
{
	struct perf f = {.im = im};
	char *line;
	size_t len;
	int ret = im_log_open(im, &f.log, im->opt->inputs[0]);

	while (!ret && (ret = im_log_line(im, &f.log, &line, &len)) > 0)
		ret = one_line(&f, line);
	if (!ret && !f.samples && !f.records && !im_stopped(im))
		ret = im_fail(im, &f.log, 1, "no sample and no PERF_RECORD line, expected the text of perf script");
	if (!ret) {
		im_note(im, "perf tells no munmap, no vfork, and of accesses only what was sampled");
		if (!f.records)
			im_note(im, "no PERF_RECORD lines: perf script --show-task-events --show-mmap-events tells processes and mappings");
	}
	im_log_close(im, &f.log);
	return ret < 0 ? -1 : 0;
}
